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
        Mistake("Wᵀ for W", edit("@ Ws[l]", "@ Ws[l].T"), "Where a layer's W is square you go back through Wᵀ. Forward is z = h Wᵀ, so the way back has no transpose: δ W. Where widths differ, Wᵀ would not fit."),
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
        Mistake("f' missing at the first layer", edit("deltas.append(delta)", "delta = delta if l else dh\n        deltas.append(delta)"), "Your first layer has no slope: its δ is ∂L/∂h_1. hs[0] is the input and has no tanh, but layer 1 puts out hs[1], which has."),
        Mistake("(1 − h)²", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[l + 1]) ** 2"), "Your slope is (1 − h)². The square belongs to h alone: 1 − h².", alone=True, whole=True),
        Mistake("h² − 1", edit("(1 - hs[l + 1] ** 2)", "(hs[l + 1] ** 2 - 1)"), "Your slope is h² − 1, which is negative. The slope of a tanh is 1 − h².", alone=True, whole=True),
        Mistake("root of the slope", edit("(1 - hs[l + 1] ** 2)", "np.sqrt(1 - hs[l + 1] ** 2)"), "Your slope is √(1 − h²), one over cosh z. The slope of a tanh is 1 − h².", alone=True, whole=True),
        Mistake("slope of the mean activation", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[l + 1].mean(axis=0) ** 2)"), "Your slope is that of the batch's mean activation. Each example has a slope of its own.", alone=True, whole=True),
        Mistake("mean slope of the layer", edit("(1 - hs[l + 1] ** 2)", "(1 - (hs[l + 1] ** 2).mean(axis=0))"), "Your slope is averaged over the batch. Each example has a slope of its own.", alone=True, whole=True),
        Mistake("slope of the last layer everywhere", edit("(1 - hs[l + 1] ** 2)", "(1 - hs[-1] ** 2)"), "All your slopes are those of the net's output. Each layer has its own; only equal widths let yours run.", alone=True),
        Mistake("slope passed down twice", edit("dh = delta @ Ws[l]", "dh = (delta * (1 - hs[l + 1] ** 2)) @ Ws[l]"), "What you pass down holds the layer's slope twice: in δ, and once more.", alone=True),
        Mistake("signal divided by N in every layer", edit("dh = delta @ Ws[l]", "dh = delta @ Ws[l] / len(dh)"), "What you pass down is divided by N, once more in every layer. The 1/N of the mean is in dh already.", alone=True),
        Mistake("signal averaged over the batch", edit("dh = delta @ Ws[l]", "dh = np.repeat((delta @ Ws[l]).mean(axis=0, keepdims=True), len(dh), axis=0)"), "What you pass down is averaged over the batch. Each example has an error signal of its own.", alone=True),
        Mistake("all divided by N", edit("delta = dh *", "delta = dh / (len(dh) if l == len(Ws) - 1 else 1) *"), "All your results are divided by N. The 1/N of the mean is already in dh.", alone=True, whole=True),
        Mistake("dW and db averaged over the batch", edit("delta.T @ hs[l]", "delta.T @ hs[l] / len(delta)", "delta.sum(axis=0)", "delta.mean(axis=0)"), "Your dWs and dbs are divided by N. The 1/N of the mean is already in dh.", alone=True, whole=True),
        Mistake("deltas divided by N", edit("deltas.append(delta)", "deltas.append(delta / len(delta))"), "Your δ are divided by N in the list; your weight gradients are right. The 1/N of the mean is already in dh.", alone=True),
        Mistake("deltas passed on in the list", edit("deltas.append(delta)", "deltas.append(delta @ Ws[l])"), "The list you return as deltas holds what a layer passes down, ∂L/∂h_{l−1}. δ_l is ∂L/∂z_l, before the weights.", alone=True),
        Mistake("deltas summed over the batch", edit("deltas.append(delta)", "deltas.append(delta.sum(axis=0))"), "Your δ are summed over the batch. Each example has a row of its own.", alone=True),
        Mistake("deltas transposed", edit("deltas.append(delta)", "deltas.append(delta.T)"), "Your δ are transposed: a row for each example, (N, H).", alone=True),
        Mistake("deltas reversed", edit("deltas[::-1],", "deltas,"), "Your list of δ starts with the last layer. Entry 0 belongs to the first one: reverse it at the end.", alone=True),
        Mistake("dWs reversed", edit("dWs[::-1],", "dWs,"), "Your list of dWs starts with the last layer. Entry 0 belongs to the first one: reverse it at the end.", alone=True),
        Mistake("dbs reversed", edit("dbs[::-1]", "dbs"), "Your list of dbs starts with the last layer. Entry 0 belongs to the first one: reverse it at the end.", alone=True),
        Mistake("dW and db reversed", edit("dWs[::-1], dbs[::-1]", "dWs, dbs"), "Your lists of dWs and dbs start with the last layer. Entry 0 belongs to the first one: reverse them at the end.", alone=True, whole=True),
        Mistake("dW without the batch sum", edit("delta.T @ hs[l]", "np.outer(delta.sum(axis=0), hs[l].sum(axis=0))"), "Your dWs multiply the sums of δ and h over the batch. Multiply example by example, and add the products.", alone=True),
        Mistake("dW of means", edit("delta.T @ hs[l]", "np.outer(delta.mean(axis=0), hs[l].mean(axis=0))"), "Your dWs multiply the means of δ and h over the batch. Multiply example by example, and add the products.", alone=True),
        Mistake("dW of the last example", edit("delta.T @ hs[l]", "np.outer(delta[-1], hs[l][-1])"), "Your dWs are those of the last example: each one has overwritten the one before. Their gradients add.", alone=True),
        Mistake("dW of the first example", edit("delta.T @ hs[l]", "np.outer(delta[0], hs[l][0])"), "Your dWs are those of the first example. The same W serves all of them: their gradients add.", alone=True),
        Mistake("db of the last example", edit("delta.sum(axis=0)", "delta[-1]"), "Your dbs are those of the last example: each one has overwritten the one before. Their gradients add.", alone=True),
        Mistake("slope of the input in dW", edit("delta.T @ hs[l]", "delta.T @ (1 - hs[l] ** 2)"), "Your dWs hold the slope of the tanh at what comes in. W meets h as it is, behind the tanh of the layer below.", alone=True),
        Mistake("tanh of the input in dW", edit("delta.T @ hs[l]", "delta.T @ np.tanh(hs[l])"), "Your dWs take tanh of what comes in. It is an activation already.", alone=True),
        Mistake("db with the input", edit("delta.sum(axis=0)", "(delta * hs[l].mean(axis=1, keepdims=True)).sum(axis=0)"), "Your dbs hold the layer's input. The bias is added, not multiplied by an input.", alone=True),
        Mistake("sign of δ", edit("delta = dh *", "delta = (-dh if l == len(Ws) - 1 else dh) *"), "All your results have the wrong sign. Nothing on the way back is negative but dh and the weights.", alone=True, whole=True),
        Mistake("weight decay in dW", edit("delta.T @ hs[l]", "delta.T @ hs[l] + Ws[l]"), "Your dWs have the weights added. Asked for is the gradient of the loss alone.", alone=True),
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
        Mistake("v left out at the first layer", edit(VJP, "vJ = v\n    for z, W in zip(zs[:0:-1], Ws[:0:-1]):\n        vJ = vJ + (vJ * (1 - np.tanh(z) ** 2)) @ W"), "Your v J stops above the first layer: J_1 is missing on its right.", alone=True),
        Mistake("(1 − tanh)²", edit(SLOPE, "(1 - np.tanh(z)) ** 2"), "Your diagonal is (1 − tanh)². The square belongs to tanh alone: 1 − tanh².", alone=True),
        Mistake("tanh²", edit(SLOPE, "np.tanh(z) ** 2"), "Your diagonal is tanh²: that is what the slope lacks from 1.", alone=True),
        Mistake("1/cosh", edit(SLOPE, "1 / np.cosh(z)"), "Your diagonal is 1/cosh z: the square is missing.", alone=True),
        Mistake("slope squared", edit(SLOPE, "(1 - np.tanh(z) ** 2) ** 2"), "Your diagonal is squared. The path passes each tanh once.", alone=True),
        Mistake("slope of a ReLU", edit(SLOPE, "(z > 0) * 1.0"), "Your diagonal is 1 where z > 0, as for a ReLU. The layers here are tanh.", alone=True),
        Mistake("slope of arctan", edit(SLOPE, "1 / (1 + z**2)"), "Your diagonal is 1/(1 + z²), the slope of arctan. The layers here are tanh.", alone=True),
        Mistake("slopes of the first layer", edit(SLOPE, "1 - np.tanh(zs[0]) ** 2"), "All your layers have the slopes of the first. Each layer has its own z.", alone=True),
        Mistake("slopes of the last layer", edit(SLOPE, "1 - np.tanh(zs[-1]) ** 2"), "All your layers have the slopes of the last. Each layer has its own z.", alone=True),
        Mistake("weights of the first layer", edit(BRANCH, "slope[:, None] * Ws[0]"), "All your layers have the weights of the first. Each layer has its own W.", alone=True),
        Mistake("bypass through the weights", edit(LAYER, "W + branch"), "Your bypass passes the weights: W_l stands in place of the identity. h_{l−1} is added as it is.", alone=True),
        Mistake("mean of bypass and branch", edit(LAYER, "(np.eye(len(v)) + branch) / 2"), "Your layers are (I + branch)/2. The two paths add; nothing is averaged.", alone=True),
        Mistake("bypass around the first layer alone", edit(LAYER, "(np.eye(len(v)) if z is zs[0] else 0) + branch"), "Only your first layer has its bypass. Every layer has one.", alone=True),
        Mistake("bypass around the last layer alone", edit(LAYER, "(np.eye(len(v)) if z is zs[-1] else 0) + branch"), "Only your last layer has its bypass. Every layer has one.", alone=True),
        Mistake("bypass missing in the first layer", edit(LAYER, "(0 if z is zs[0] else np.eye(len(v))) + branch"), "Your first layer has no bypass. Every layer has one.", alone=True),
        Mistake("bypass missing in the last layer", edit(LAYER, "(0 if z is zs[-1] else np.eye(len(v))) + branch"), "Your last layer has no bypass. Every layer has one.", alone=True),
        Mistake("branch subtracted", edit(LAYER, "np.eye(len(v)) - branch"), "You subtract the branch from the identity, or your slope is tanh² − 1. h_l is h_{l−1} plus the branch, and 1 − tanh² is never negative.", alone=True),
        Mistake("identity subtracted at the end", edit(VJP, "J = J - np.eye(len(v))\n    vJ = v @ J"), "Your J has the identity taken away at its end. ∂h_L/∂h_0 holds the bypass from end to end.", alone=True),
        Mistake("identity added at the end", edit(VJP, "J = J + np.eye(len(v))\n    vJ = v @ J"), "Your J has the identity added once more at its end. Every layer's bypass is in its own factor.", alone=True),
        Mistake("identity added around J", edit("layer @ J", "np.eye(len(v)) + branch @ J"), "You add the identity to J in every round, J = I + branch J: then only the branches carry on. J_l = I + branch multiplies all of J.", alone=True),
        Mistake("v J with signs lost", edit(VJP, "vJ = np.abs(v) @ J"), "Your v J is made with |v|.", alone=True),
        Mistake("v J divided by the length of v", edit(VJP, "vJ = v @ J / np.linalg.norm(v)"), "Your v is divided by its length. Asked for is v J with v as it is given.", alone=True),
        Mistake("v added", edit(VJP, "vJ = v + v @ J"), "Your v J has v added. The bypass is in J already: v J alone.", alone=True),
        Mistake("v J with branches alone", edit(VJP, "vJ = v\n    for z, W in zip(zs[::-1], Ws[::-1]):\n        vJ = (vJ * (1 - np.tanh(z) ** 2)) @ W\n    vJ = v + vJ"), "Your v J is that of the net without its bypasses plus v itself: a bypass around the whole net. Every layer has one of its own.", alone=True),
        Mistake("v J with the slope behind W", edit(VJP, "vJ = v\n    for z, W in zip(zs[::-1], Ws[::-1]):\n        vJ = vJ + (vJ @ W) * (1 - np.tanh(z) ** 2)"), "On the way back your v meets W first and the slopes then. Backwards the tanh comes first: (v ⊙ f'(z)) W.", alone=True),
        Mistake("v J with Wᵀ", edit(VJP, "vJ = v\n    for z, W in zip(zs[::-1], Ws[::-1]):\n        vJ = vJ + (vJ * (1 - np.tanh(z) ** 2)) @ W.T"), "On the way back your v goes through Wᵀ. v stands on the left: (v ⊙ f'(z)) W.", alone=True),
        Mistake("v J without slopes", edit(VJP, "vJ = v\n    for z, W in zip(zs[::-1], Ws[::-1]):\n        vJ = vJ + vJ @ W"), "On the way back your v passes the weights without the slopes of the tanh.", alone=True),
        Mistake("a number for v J", edit(VJP, "vJ = (v @ J).sum()"), "Your v J is one number. Asked for is a vector with an entry for each input.", alone=True),
        Mistake("a row for v J", edit(VJP, "vJ = v[None] @ J"), "Your v J has two axes, (1, H). Asked for is a vector, (H,).", alone=True),
    ),
    hints=(
        "One layer at a time: how does h_l move if h_{l−1} moves a little? On two paths, directly and through the tanh.",
        "J_l has shape (H, H). Where paths join, their Jacobians add: that of the direct path is the identity. diag(a) W has the rows of W, each times its a_i.",
        "Start with J = identity and go through the layers in forward order: J becomes J_l J. What is J_l if W_l is zero?",
    ),
)  # fmt: skip
