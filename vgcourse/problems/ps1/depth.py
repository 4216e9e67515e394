"""Problem set 1 in depth: the error signal of every layer, and the product of Jacobians with a bypass."""

import numpy as np

from vgcourse.activations import tanh_derivative  # noqa: F401 (mistakes use it)
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps1.slopes import sigmoid_slope  # noqa: F401 (mistakes use it)

# --- deep_backward ---------------------------------------------------------------------------------


def deep_backward(dh, hs, Ws):
    """δ_l = (1 − h_l²) ⊙ (δ_{l+1} W_{l+1}), and from it all gradients: (1.20) and (1.22), from activations."""
    deltas, dWs, dbs = [], [], []
    for l in reversed(range(len(Ws))):
        delta = dh * (1 - hs[l + 1] ** 2)
        deltas.append(delta)
        dWs.append(delta.T @ hs[l])
        dbs.append(delta.sum(axis=0))
        dh = delta @ Ws[l]
    return deltas[::-1], dWs[::-1], dbs[::-1]


def _deep_cases(rng):
    cases = []
    for N, widths, kind in (
        (5, (4, 6, 3, 7), ""),
        (4, (5, 5, 5), " (equal widths)"),
        (1, (3, 1, 1, 2), ""),
        (3, (4, 2), ""),
    ):
        hs, Ws = [rng.normal(size=(N, widths[0]))], []
        for i, o in zip(widths[:-1], widths[1:], strict=True):
            Ws.append(rng.normal(size=(o, i)) / np.sqrt(i))
            hs.append(np.tanh(hs[-1] @ Ws[-1].T + 0.5 * rng.normal(size=o)))
        names = (f"deltas{kind}", f"dWs{kind}", f"dbs{kind}")
        cases.append(Case((rng.normal(size=hs[-1].shape), hs, Ws), names, batch=N))
    return cases


def _upwards(dh, hs, Ws):
    """A loop from the first layer to the last, which only equal widths let run."""
    deltas = []
    for h, W in zip(hs[1:], Ws, strict=True):
        deltas.append(dh * (1 - h**2))
        dh = deltas[-1] @ W
    return deltas, [d.T @ h for d, h in zip(deltas, hs, strict=False)], [d.sum(axis=0) for d in deltas]


DEEP_BACKWARD = Problem(
    name="ps1.deep_backward",
    reference=deep_backward,
    axes={"deltas": ("example", "unit"), "dWs": ("output", "input")},
    cases=_deep_cases,
    points=5,
    lecture='lecture 1, "Backwards through a deep net", equations (1.20) and (1.22)',
    flow=("deltas[::-1]",),
    mistakes=(
        Mistake("f' missing", edit(" * (1 - hs[l + 1] ** 2)", ""), "The slope of the tanh is missing in every layer: you multiply by the weights only."),
        Mistake("f' at the last layer only", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[l + 1] ** 2 if l == len(Ws) - 1 else 1)"), "Only the last layer has its slope. Each layer on the way back has one of its own."),
        Mistake("f' missing at the last layer", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[l + 1] ** 2 if l < len(Ws) - 1 else 1)"), "Your last δ is ∂L/∂h_L. Here the last layer has a tanh too, and δ_L is ∂L/∂z_L."),
        Mistake("f' of the activation", edit("(1 - hs[l + 1] ** 2)", "tanh_derivative(hs[l + 1])"), "You take tanh' at h: 1 − tanh²(h). But h is the tanh already; the tanh was taken twice.", beside_the_point=True),
        Mistake("f' of the layer below", edit("hs[l + 1]", "hs[l]"), "Your slope is one layer off: it is that of what comes into the layer. hs[0] is the input, so the layer with Ws[l] puts out hs[l + 1]."),
        Mistake("square missing in tanh'", edit(" ** 2", ""), "Your slope is 1 − h: the square is missing."),
        Mistake("h(1 − h)", edit("(1 - hs[l + 1] ** 2)", "hs[l + 1] * (1 - hs[l + 1])"), "h(1 − h) is the slope of a sigmoid written with its output. The units here are tanh."),
        Mistake("σ' of h", edit("(1 - hs[l + 1] ** 2)", "sigmoid_slope(hs[l + 1])"), "Your slope is that of a sigmoid, at h. The units here are tanh, and you are given their output."),
        Mistake("Wᵀ for W", edit("@ Ws[l]", "@ Ws[l].T"), "You go back through Wᵀ. Forward is z = h Wᵀ, so the way back has no transpose. Only equal widths let yours run."),
        Mistake("weights of the layer below", edit("@ Ws[l]", "@ Ws[max(l - 1, 0)]"), "The signal goes back from a layer through that layer's own weights, those it met on the way forward. You use the weights of the layer below.", whole=True),
        Mistake("signal not passed on", edit(" @ Ws[l]", ""), "Your δ goes on to the layer below as it is: the weights between the two layers are missing. Only equal widths let yours run."),
        Mistake("output instead of input in dW", edit("delta.T @ hs[l]", "delta.T @ hs[l + 1]"), "Your dWs use what comes out of the layer. A weight's gradient needs what goes in."),
        Mistake("dW transposed", edit("delta.T @ hs[l]", "hs[l].T @ delta"), "Your dWs are the transposes of the right ones: dW has the shape of W."),
        Mistake("dW without f'", edit("delta.T", "dh.T"), "Your dWs use ∂L/∂h. The weights act before the tanh, so dW needs the gradient there."),
        Mistake("dW averaged over the batch", edit("delta.T @ hs[l]", "delta.T @ hs[l] / len(delta)"), "Your dWs are divided by N. The 1/N of the mean is already in dh."),
        Mistake("db without f'", edit("delta.sum", "dh.sum"), "Your dbs sum ∂L/∂h. The bias acts before the tanh, so db needs the gradient there."),
        Mistake("db averaged over the batch", edit("delta.sum", "delta.mean"), "Your dbs are means over the batch. The bias is added to every row, so its gradient is the sum; the 1/N of the mean is already in dh."),
        Mistake("db not summed", edit("delta.sum(axis=0)", "delta"), "Your dbs still have one row per example. The same bias is added to every row, so its gradient sums over the batch."),
        Mistake("keepdims", edit("sum(axis=0)", "sum(axis=0, keepdims=True)"), "Your dbs have shape (1, H). A bias has shape (H,), and a gradient has the shape of its parameter: no keepdims."),
        Mistake("db summed over the units", edit("sum(axis=0)", "sum(axis=1)"), "Your dbs sum over the units of the layer. They have to sum over the batch and keep one entry per unit."),
        Mistake("∂L/∂h returned for δ", edit("deltas.append(delta)", "deltas.append(dh)"), "The list you return as deltas holds ∂L/∂h_l. δ_l is ∂L/∂z_l: one slope further."),
        Mistake("lists reversed", edit("deltas[::-1], dWs[::-1], dbs[::-1]", "deltas, dWs, dbs"), "Your lists start with the last layer. Entry 0 belongs to the first one: reverse them at the end."),
        Mistake("1 + h²", edit("(1 - hs[l + 1] ** 2)", "(1 + hs[l + 1] ** 2)"), "Your slope is 1 + h², above 1. The slope of a tanh is never above 1."),
        Mistake("h² for the slope", edit("(1 - hs[l + 1] ** 2)", "hs[l + 1] ** 2"), "You multiply by h², where the slope of the tanh belongs: h² is what it lacks from 1.", alone=True, whole=True),
        Mistake("h for the slope", edit("(1 - hs[l + 1] ** 2)", "hs[l + 1]"), "You multiply by h, the value of the tanh, where its slope belongs.", alone=True, whole=True),
        Mistake("mask of a ReLU", edit("(1 - hs[l + 1] ** 2)", "(hs[l + 1] > 0)"), "You let the gradient through where h > 0, as for a ReLU. The units here are tanh.", alone=True, whole=True),
        Mistake("slope left out on the way down", edit("delta @ Ws[l]", "dh @ Ws[l]"), "What you pass down has left out the slope: every layer has its own slope once, and none from the layers above.", alone=True),
        Mistake("a bypass that is not there", edit("dh = delta @ Ws[l]", "dh = dh + delta @ Ws[l] if dh.shape == hs[l].shape else delta @ Ws[l]"), "You add what a layer passes down to the gradient that came to it, as with a bypass. This net has none; only equal widths let yours run.", alone=True),
        Mistake("dh never replaced", edit("dh = delta @ Ws[l]", "below = delta @ Ws[l]"), "Every layer of yours starts from the gradient at the top. What a layer passes down takes its place; only equal widths let yours run.", alone=True),
        Mistake("dW from the gradient at the top", edit("deltas, dWs, dbs = [], [], []", "deltas, dWs, dbs, top = [], [], [], dh", "delta.T @ hs[l]", "top.T @ hs[l]"), "Your dWs all use the gradient at the net's output. Each layer's weights need the δ of that layer.", alone=True),
        Mistake("dW with the net's input", edit("delta.T @ hs[l]", "delta.T @ hs[0]"), "Your dWs all use hs[0]. A layer's weights met what came into that layer; hs[0] is that of the first one only.", whole=True),
        Mistake("dW with the layer below", edit("delta.T @ hs[l]", "delta.T @ hs[l - 1]"), "Your dWs use what comes into the layer below, hs[l − 1]; below the first one Python counts from the end. The layer with Ws[l] met hs[l].", alone=True, whole=True),
        Mistake("db summed over everything", edit("delta.sum(axis=0)", "delta.sum() * np.ones(delta.shape[1])"), "Every entry of your dbs is the sum of all of δ. Each unit has a bias of its own: sum over the batch only.", alone=True),
        Mistake("db of the first example", edit("delta.sum(axis=0)", "delta[0]"), "Your dbs are those of the first example. The same bias is added to every row, so its gradient sums over the batch.", alone=True),
        Mistake("slope twice", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[l + 1] ** 2) ** 2"), "The slope stands in your δ twice. The signal passes each tanh once.", alone=True, whole=True),
        Mistake("loop from the first layer", _upwards, "Your loop starts at the first layer. dh is the gradient at the top, so the last layer comes first."),
    ),
    hints=(
        "One loop from the last layer to the first. It carries one array, the gradient with respect to the current layer's output.",
        "Without z the slope has to come from h: tanh'(z) = 1 − tanh²(z), and tanh(z) is what you were given. δ has the shape of hs[l + 1], dW that of Ws[l], what you pass down that of hs[l].",
        "In each round, from the last layer down: δ is what arrives at the layer's output times the slope 1 − h² of that output; dW and db come from δ as in (1.22), with hs[l] as the input. What arrives at the layer below?",
    ),
)  # fmt: skip


# --- chain_jacobian --------------------------------------------------------------------------------


def chain_jacobian(zs, Ws, v):
    """J = J_L … J_1 with J_l = I + diag(tanh'(z_l)) W_l, and v J: (1.17) and (1.18) with a bypass."""
    J = np.eye(len(v))
    for z, W in zip(zs, Ws, strict=True):
        slope = 1 - np.tanh(z) ** 2
        branch = slope[:, None] * W
        layer = np.eye(len(v)) + branch
        J = layer @ J
    vJ = v @ J
    return J, vJ


def _chain_cases(rng):
    cases = []
    for width, depth in ((4, 3), (3, 2), (2, 1), (1, 2)):
        Ws = [rng.normal(size=(width, width)) / np.sqrt(width) for _ in range(depth)]
        h, zs = rng.normal(size=width), []
        for W in Ws:
            zs.append(W @ h)
            h = h + np.tanh(zs[-1])
        cases.append(Case((zs, Ws, rng.normal(size=width)), ("J", "vJ")))
    return cases


START, LAYER, BRANCH = "J = np.eye(len(v))\n", "np.eye(len(v)) + branch", "slope[:, None] * W"
ZEROS, ONES = (f"J = np.{kind}((len(v), len(v)))\n" for kind in ("zeros", "ones"))
SLOPE, VJP, LAYERS = "1 - np.tanh(z) ** 2", "vJ = v @ J", "in zip(zs, Ws, strict=True)"

CHAIN_JACOBIAN = Problem(
    name="ps1.chain_jacobian",
    reference=chain_jacobian,
    axes={"J": ("output", "input")},
    cases=_chain_cases,
    points=4,
    lecture='lecture 1, "Many units: Jacobians", equations (1.17) and (1.18)',
    flow=("J", "vJ"),
    mistakes=(
        Mistake("the bypass missing", edit(LAYER, "branch"), "Your J is that of a plain net, the lecture's. Here h_{l−1} also reaches h_l directly: the path through the tanh is not the only one.", beside_the_point=True),
        Mistake("1 for the identity", edit(LAYER, "1 + branch"), "1 + matrix adds 1 to every entry in numpy. The bypass has the Jacobian I, which is 1 on the diagonal only."),
        Mistake("bypass around the whole net", edit(LAYER, "branch", VJP, f"J = np.eye(len(v)) + J\n    {VJP}"), "You add the identity once, around the whole net. Every layer has a bypass of its own, so it stands in every factor."),
        Mistake("branches added up", edit("layer @ J", "J + branch"), "You add the layers' branches up. The second layer sees what the first has changed: multiply the layers' Jacobians."),
        Mistake("slope on the bypass", edit(LAYER, "slope[:, None] * (np.eye(len(v)) + W)"), "The slope of the tanh multiplies the identity, too. Only the path through the weights passes a tanh; the bypass does not."),
        Mistake("f' missing", edit(BRANCH, "W"), "The slopes of the tanh are missing: your layers are I + W_l."),
        Mistake("f' of the activation", edit(SLOPE, "1 - np.tanh(np.tanh(z)) ** 2"), "You take tanh' at tanh(z). The diagonal of (1.17) is taken at z: tanh'(z) = 1 − tanh²(z)."),
        Mistake("1 − z²", edit(SLOPE, "1 - z**2"), "Your diagonal is 1 − z². The square belongs to tanh(z), not to z."),
        Mistake("σ' for tanh'", edit(SLOPE, "sigmoid_slope(z)"), "Your diagonal holds the slope of a sigmoid. The layers here are tanh."),
        Mistake("diagonal times W, element by element", edit(BRANCH, "np.diag(slope) * W"), "Your J has nothing beside its diagonal: either diag(…) and W_l, or the layers' Jacobians, are multiplied element by element. Both are matrix products."),
        Mistake("columns scaled, not rows", edit(BRANCH, "W * slope"), "You multiply tanh'(z_l) into the columns of W_l. A diagonal matrix on the left scales the rows."),
        Mistake("W transposed", edit(BRANCH, "slope[:, None] * W.T"), "Your layers hold W_lᵀ. A Jacobian's first index is the output's, as W_l's is."),
        Mistake("order reversed", edit("layer @ J", "J @ layer"), "Your product starts with the first layer on the left. A column vector at the input meets J_1 first, so J_1 stands rightmost."),
        Mistake("element-wise product of layers", edit(START, ONES, "layer @ J", "layer * J"), "You multiply the layers' Jacobians element by element. The chain rule sums over the units between: a matrix product."),
        Mistake("J transposed", edit("return J, vJ", "return J.T, vJ"), "Your J is transposed: its first index has to be the output's."),
        Mistake("first layer missing", edit(LAYERS, "in zip(zs[1:], Ws[1:], strict=True)"), "Your product stops one layer early: J_1 is missing on the right."),
        Mistake("last layer missing", edit(LAYERS, "in zip(zs[:-1], Ws[:-1], strict=True)"), "Your product stops one layer early: J_L is missing on the left."),
        Mistake("Jv in place of vJ", edit(VJP, "vJ = J @ v"), "Your second result is J v. Asked for is v J: v lives at the output and travels back."),
        Mistake("element-wise product", edit(VJP, "vJ = v[:, None] * J"), "Your second result multiplies element by element. v J is a vector–matrix product: it sums over the outputs."),
        Mistake("layers transposed", edit("J = layer @ J", "J = layer.T @ J"), "Your layers' Jacobians are transposed: the first index of each has to be the output's."),
        Mistake("tanh for its slope", edit(SLOPE, "np.tanh(z)"), "Your diagonal holds tanh(z) itself. The slope of the tanh belongs there."),
        Mistake("square missing in tanh'", edit(SLOPE, "1 - np.tanh(z)"), "Your diagonal is 1 − tanh(z): the square is missing."),
        Mistake("1 + tanh²", edit(SLOPE, "1 + np.tanh(z) ** 2"), "Your diagonal is 1 + tanh², above 1. The slope of a tanh is never above 1."),
        Mistake("weights alone", edit(LAYER, "W"), "Your layers are W_l alone: neither the slope of the tanh nor the bypass is in them.", alone=True),
        Mistake("identity subtracted", edit(LAYER, "branch - np.eye(len(v))"), "You subtract the identity. h_l is h_{l−1} plus the branch, so the two Jacobians add.", alone=True),
        Mistake("bypass counted twice", edit(LAYER, "2 * np.eye(len(v)) + branch"), "Your layers have 2 on the bypass. h_{l−1} is added once.", alone=True),
        Mistake("layers added up", edit(START, ZEROS, "layer @ J", "J + layer"), "You add the layers' Jacobians up. One layer acts on what the other has made: their Jacobians are multiplied."),
        Mistake("only the last layer", edit("layer @ J", "layer"), "Your J is that of the last layer: each round has overwritten the one before. The layers' Jacobians are multiplied.", alone=True),
        Mistake("v left out", edit(VJP, "vJ = J.sum(axis=0)"), "Your second result sums the rows of J: v is not in it. v weighs the outputs.", alone=True),
        Mistake("vJ from the first layer up", edit(VJP, "vJ = v\n    for z, W in zip(zs, Ws):\n        vJ = vJ + (vJ * (1 - np.tanh(z) ** 2)) @ W"), "Your v J meets the first layer first. v lives at the output and travels back: the last layer comes first."),
        Mistake("vJ without the bypass", edit(VJP, "vJ = v\n    for z, W in zip(zs[::-1], Ws[::-1]):\n        vJ = (vJ * (1 - np.tanh(z) ** 2)) @ W"), "On the way back your v passes the tanh alone. It comes down the bypass of every layer as well, and the two add.", alone=True),
        Mistake("vJ of the last layer", edit(VJP, "vJ = v @ layer"), "Your v J has passed the last layer only. It goes back to h₀, through all of them.", alone=True),
    ),
    hints=(
        "One layer at a time: how does h_l move if h_{l−1} moves a little? On two paths, directly and through the tanh.",
        "J_l has shape (H, H). Where paths join, their Jacobians add: that of the direct path is the identity. diag(a) W has the rows of W, each times its a_i.",
        "Start with J = identity and go through the layers in forward order: J becomes J_l J. What is J_l if W_l is zero?",
    ),
)  # fmt: skip
