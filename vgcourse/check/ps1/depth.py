"""Problem set 1 in depth: the error signal of every layer, and the product of Jacobians."""

import functools

import numpy as np

from vgcourse.activations import tanh_derivative
from vgcourse.check.problem import Case, Mistake, Problem

# --- deep_backward ---------------------------------------------------------------------------------


def deep_backward(dh, zs, hs, Ws):
    """δ_l = tanh'(z_l) ⊙ (δ_{l+1} W_{l+1}) and ∂L/∂W_l = δ_lᵀ h_{l−1}: equations (1.14) and (1.15)."""
    return _deep(dh, zs, hs, Ws)


def _deep(
    dh,
    zs,
    hs,
    Ws,
    slope=lambda l, zs, hs: tanh_derivative(zs[l]),
    back=lambda delta, l, Ws: delta @ Ws[l],
    dW=lambda d, dh, hs, l: d.T @ hs[l],
    delta=lambda d, dh: d,
):
    """The backward pass with its parts exchangeable for the mistakes."""
    deltas, dWs = [], []
    for l in reversed(range(len(Ws))):
        d = dh * slope(l, zs, hs)
        deltas.append(delta(d, dh))
        dWs.append(dW(d, dh, hs, l))
        dh = back(d, l, Ws)
    return deltas[::-1], dWs[::-1]


def _deep_cases(rng):
    cases = []
    for N, widths in ((5, (4, 6, 3, 5)), (4, (5, 5, 5))):  # equal widths let wrong products run
        Ws = [rng.normal(size=(o, i)) / np.sqrt(i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        hs, zs = [rng.normal(size=(N, widths[0]))], []
        for W in Ws:
            zs.append(hs[-1] @ W.T)
            hs.append(np.tanh(zs[-1]))
        names = ("deltas", "dWs") if len(cases) == 0 else ("deltas (equal widths)", "dWs (equal widths)")
        cases.append(Case((rng.normal(size=hs[-1].shape), zs, hs, Ws), names, batch=N))
    return cases


def _last_slope_only(l, zs, hs):
    return tanh_derivative(zs[l]) if l == len(zs) - 1 else 1.0


def _all_slopes_but_the_last(l, zs, hs):
    return 1.0 if l == len(zs) - 1 else tanh_derivative(zs[l])


def _reversed_lists(dh, zs, hs, Ws):
    deltas, dWs = deep_backward(dh, zs, hs, Ws)
    return deltas[::-1], dWs[::-1]


def _upwards(dh, zs, hs, Ws):
    """A loop from the first layer to the last, which only equal widths let run."""
    deltas = []
    for z, W in zip(zs, Ws, strict=True):
        deltas.append(dh * tanh_derivative(z))
        dh = deltas[-1] @ W
    return deltas, [d.T @ h for d, h in zip(deltas, hs, strict=False)]


def _stopped(dh, zs, hs, Ws):
    """Every layer is given ∂L/∂h_L as if it were the last."""
    deltas = [dh * tanh_derivative(z) for z in zs]
    return deltas, [d.T @ h for d, h in zip(deltas, hs, strict=False)]


DEEP_BACKWARD = Problem(
    name="ps1.deep_backward",
    reference=deep_backward,
    family=_deep,
    axes={"deltas": ("example", "unit"), "dWs": ("output", "input")},
    cases=_deep_cases,
    points=5,
    lecture='lecture 1, "Backwards through a deep net", equation (1.14)',
    mistakes=(
        Mistake("f' missing", dict(slope=lambda l, zs, hs: 1.0), "The factor tanh'(z_l) is missing in every layer: you multiply by the weights only."),
        Mistake("f' at the last layer only", dict(slope=_last_slope_only), "Only the last layer has its factor tanh'(z_l). Each layer on the way back has one of its own."),
        Mistake("f' missing at the last layer", dict(slope=_all_slopes_but_the_last), "Your last δ is ∂L/∂h_L. Here the last layer has a tanh too: δ_L = tanh'(z_L) ⊙ ∂L/∂h_L."),
        Mistake("f' of the activation", dict(slope=lambda l, zs, hs: tanh_derivative(hs[l + 1])), "You take tanh' at h_l = tanh(z_l). It belongs at z_l: 1 − h_l², or 1/cosh²(z_l)."),
        Mistake("1 − z²", dict(slope=lambda l, zs, hs: 1 - zs[l] ** 2), "You multiply by 1 − z_l². tanh' is 1 − h_l²: the activation, not the pre-activation."),
        Mistake("f' of the layer below", dict(slope=lambda l, zs, hs: 1 - hs[l] ** 2), "Your factor 1 − h² is one layer off: for δ_l it is 1 − h_l², and hs[0] is the input x, so that h_l is hs[l]."),
        Mistake("Wᵀ for W", dict(back=lambda d, l, Ws: d @ Ws[l].T), "You go back through Wᵀ. Forward is z = h Wᵀ, so back is δ W. Only equal widths let yours run."),
        Mistake("weights of the layer below", dict(back=lambda d, l, Ws: d @ Ws[max(l - 1, 0)]), "δ_l goes back through W_{l+1}, the weights it met on the way forward. You use W_l."),
        Mistake("output instead of input in dW", dict(dW=lambda d, dh, hs, l: d.T @ hs[l + 1]), "dW_l uses h_l, what comes out of the layer. It has to be h_{l−1}, what goes in."),
        Mistake("dW transposed", dict(dW=lambda d, dh, hs, l: hs[l].T @ d), "Your dWs are the transposes of the right ones: dW_l = δ_lᵀ h_{l−1} has the shape of W_l."),
        Mistake("dW without f'", dict(dW=lambda d, dh, hs, l: dh.T @ hs[l]), "Your dWs use ∂L/∂h_l. The weights act before the tanh, so dW_l needs δ_l = ∂L/∂z_l."),
        Mistake("∂L/∂h returned for δ", dict(delta=lambda d, dh: dh), "The list you return as deltas holds ∂L/∂h_l. δ_l is ∂L/∂z_l: one factor tanh'(z_l) further."),
        Mistake("dW averaged over the batch", dict(dW=lambda d, dh, hs, l: d.T @ hs[l] / len(d)), "Your dWs are divided by N. The 1/N of the mean is already in dh."),
        Mistake("lists reversed", _reversed_lists, "Your lists start with the last layer. deltas[0] and dWs[0] belong to the first one: reverse them at the end."),
        Mistake("signal not passed on", _stopped, "Every layer gets the same dh. After layer l, dh becomes δ_l @ W_l, and that is what the layer below gets."),
        Mistake("loop from the first layer", _upwards, "Your loop starts at the first layer. dh is the gradient at the top, so the last layer comes first: reversed(range(L))."),
        Mistake("square missing in tanh'", dict(slope=lambda l, zs, hs: 1 - hs[l + 1]), "Your factor is 1 − h_l. tanh' is 1 − h_l², with a square."),
    ),
    hints=(
        "One loop from the last layer to the first. It carries one array, the gradient by the current layer's output.",
        "In the loop: δ has the shape of zs[l]; dW has the shape of Ws[l]; what you pass down has the shape of hs[l].",
        "for l in reversed(range(L)): delta = dh * (1 − hs[l+1]**2), then dW = delta.T @ hs[l], then dh = delta @ Ws[l].",
    ),
)  # fmt: skip


# --- chain_jacobian --------------------------------------------------------------------------------


def chain_jacobian(zs, Ws, v):
    """J = J_L … J_1 with J_l = diag(tanh'(z_l)) W_l, and v J: equations (1.12) to (1.14)."""
    J = _product(zs, Ws)
    return J, v @ J


def _product(zs, Ws, layer=lambda z, W: tanh_derivative(z)[:, None] * W, order=reversed):
    return functools.reduce(np.matmul, [layer(z, W) for z, W in order(list(zip(zs, Ws, strict=True)))])


def _chain(
    zs,
    Ws,
    v,
    layer=lambda z, W: tanh_derivative(z)[:, None] * W,
    order=reversed,
    vjp=lambda v, J, zs, Ws: v @ J,
    finish=lambda J: J,
):
    """The Jacobian and v J with their parts exchangeable for the mistakes."""
    J = finish(_product(zs, Ws, layer, order))
    return J, vjp(v, J, zs, Ws)


def _chain_cases(rng):
    cases = []
    for widths in ((4, 6, 3, 5), (4, 4, 4)):
        Ws = [rng.normal(size=(o, i)) / np.sqrt(i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        h, zs = rng.normal(size=widths[0]), []
        for W in Ws:
            zs.append(W @ h)
            h = np.tanh(zs[-1])
        names = ("J", "vJ") if len(cases) == 0 else ("J (equal widths)", "vJ (equal widths)")
        cases.append(Case((zs, Ws, rng.normal(size=widths[-1])), names))
    return cases


CHAIN_JACOBIAN = Problem(
    name="ps1.chain_jacobian",
    reference=chain_jacobian,
    family=_chain,
    axes={"J": ("output", "input")},
    cases=_chain_cases,
    points=4,
    lecture='lecture 1, "Jacobians", equations (1.12) and (1.13)',
    mistakes=(
        Mistake("f' missing", dict(layer=lambda z, W: W), "Your J is the product of the weights alone. Each layer's Jacobian is diag(tanh'(z_l)) W_l, equation (1.12)."),
        Mistake("f' of the activation", dict(layer=lambda z, W: tanh_derivative(np.tanh(z))[:, None] * W), "You take tanh' at h_l. The diagonal of (1.12) is tanh'(z_l) = 1 − tanh²(z_l)."),
        Mistake("1 − z²", dict(layer=lambda z, W: (1 - z**2)[:, None] * W), "Your diagonal is 1 − z². tanh'(z) is 1 − tanh²(z)."),
        Mistake("columns scaled, not rows", dict(layer=lambda z, W: W * tanh_derivative(z)), "You multiply tanh'(z_l) into the columns of W_l. diag(a) W scales the rows: a[:, None] * W."),
        Mistake("order reversed", dict(order=lambda pairs: pairs), "Your product starts with the first layer on the left. The last layer's Jacobian stands leftmost: J = J_L … J_1."),
        Mistake("J transposed", dict(finish=np.transpose, vjp=lambda v, J, zs, Ws: v @ J.T), "Your J is transposed: its first index has to be the output's, so its shape is (H_L, H_0)."),
        Mistake("last layer's f' missing", lambda zs, Ws, v: (lambda J: (J, v @ J))(_product(zs, Ws) / tanh_derivative(zs[-1])[:, None]), "The last layer's diagonal tanh'(z_L) is missing."),
        Mistake("first layer missing", lambda zs, Ws, v: (lambda J: (J, v @ J))(_product(zs[1:], Ws[1:])), "Your product stops one layer early: J_1 = diag(tanh'(z_1)) W_1 is missing on the right."),
        Mistake("Jv in place of vJ", dict(vjp=lambda v, J, zs, Ws: J @ v), "Your second result is J v. Asked for is v J: v lives at the output and travels back."),
        Mistake("element-wise product", dict(vjp=lambda v, J, zs, Ws: (v[:, None] * J)), "Your second result multiplies element by element. v J is a vector–matrix product: it sums over the outputs."),
    ),
    hints=(
        "One layer at a time: how does h_l move if h_{l−1} moves a little? That is W_l first, then the slope of each tanh.",
        "diag(a) @ W is the same as a[:, None] * W. J has shape (H_L, H_0), and vJ has shape (H_0,).",
        "Start with J = identity and go through the layers in forward order: J = (tanh'(z_l)[:, None] * W_l) @ J.",
    ),
)  # fmt: skip
