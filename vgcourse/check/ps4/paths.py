"""Problem set 4 on the skip: a residual layer, and the gradient of a residual net path by path."""

import itertools
import math

import numpy as np

from vgcourse.activations import tanh_derivative
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.layers import (
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
)

# --- residual_backward -----------------------------------------------------------------------------


def residual_backward(dout, h, W):
    """out = h + tanh(z) with z = h Wᵀ: δ = tanh'(z) ⊙ dout, dh = dout + δ W, dW = δᵀ h."""
    z, linear = linear_forward(LinearParams(W, np.zeros(len(W), W.dtype)), h)
    _, curve = activation_forward("tanh", z)
    dh, grads = linear_backward(activation_backward(dout, curve), linear)
    return dout + dh, grads.W


def _slope(z, h):
    return tanh_derivative(z)


def _residual(
    dout, h, W, *, slope=_slope, identity=lambda dout, slope: dout, branch=1.0, back=lambda dz, dout, W: dz @ W,
    dW=lambda dz, dout, h: dz.T @ h, through=lambda dz, dout: dz,
):  # fmt: skip
    z = h @ W.T
    s = slope(z, h)
    dz = dout * s
    return identity(dout, s) + branch * back(dz, dout, W), dW(through(dz, dout), dout, h)


def _input_added(dout, h, W):
    dh, dW = _residual(dout, h, W)
    return dh - dout + h, dW


def _columns_out(dout, h, W):
    dh, dW = _residual(dout, h, W.T)
    return dh, dW.T


def _residual_cases(rng):
    return [
        Case((rng.normal(size=(N, H)), rng.normal(size=(N, H)), rng.normal(size=(H, H)) * 1.2 / np.sqrt(H)), ("dh", "dW"), batch=N)
        for N, H in ((5, 4), (4, 4), (3, 2))
    ]  # fmt: skip


RESIDUAL_BACKWARD = Problem(
    name="ps4.residual_backward",
    reference=residual_backward,
    family=_residual,
    cases=_residual_cases,
    points=3,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"dh": ("example", "unit"), "dW": ("unit", "unit")},
    mistakes=(
        Mistake("identity path forgotten", dict(identity=lambda dout, slope: 0.0), "Your dh holds the path through W only. h also reaches the output on the skip, with factor 1: dout itself is a part of dh."),
        Mistake("branch forgotten", dict(branch=0.0), "Your dh is dout, the skip alone. h also reaches the output through W and tanh, and that gradient adds."),
        Mistake("identity path through f'", dict(identity=lambda dout, slope: dout * slope), "Your skip passes through tanh'. The skip goes around the tanh, so dout joins dh unchanged."),
        Mistake("identity path through W", dict(back=lambda dz, dout, W: (dz + dout) @ W, identity=lambda dout, slope: 0.0), "You add dout before the product with W, so the skip goes back through W. It goes around W: add dout after the product."),
        Mistake("identity added twice", dict(identity=lambda dout, slope: 2 * dout), "dout is in your dh twice. The skip is one path, and gives dout once."),
        Mistake("1 for dout", dict(identity=lambda dout, slope: 1.0), "You add 1 where dout belongs. The 1 is the Jacobian of the skip; the gradient that comes in multiplies it."),
        Mistake("h for dout", _input_added, "You add h where dout belongs. Forward the skip carries h; back it carries the gradient, dout."),
        Mistake("paths averaged", dict(identity=lambda dout, slope: dout / 2, branch=0.5), "You average the two paths. A small change of h acts on both at once, so their gradients add."),
        Mistake("paths subtracted", dict(branch=-1.0), "You subtract the branch. Both paths add to the output, so both gradients add."),
        Mistake("f' missing", dict(slope=lambda z, h: np.ones_like(z)), "The factor tanh'(z) is missing: what goes back through the branch passes the tanh, δ = tanh'(z) ⊙ dout."),
        Mistake("f' from the output", dict(slope=lambda z, h: 1 - (h + np.tanh(z)) ** 2), "You take 1 − out². The output is h + tanh(z); tanh' is 1 − tanh²(z), the branch alone."),
        Mistake("f' of h", dict(slope=lambda z, h: 1 - h**2), "You take 1 − h². h is what goes into the layer; tanh' is 1 − tanh²(z) with z = h Wᵀ."),
        Mistake("f' of the activation", dict(slope=lambda z, h: tanh_derivative(np.tanh(z))), "You take tanh' at tanh(z). It belongs at z: 1 − tanh²(z)."),
        Mistake("1 − z²", dict(slope=lambda z, h: 1 - z**2), "You multiply by 1 − z². tanh' is 1 − tanh²(z)."),
        Mistake("Wᵀ for W", dict(back=lambda dz, dout, W: dz @ W.T), "You go back through Wᵀ. Forward is z = h Wᵀ, so back is δ W. W is square, so numpy cannot notice."),
        Mistake("z = h W", _columns_out, "Your layer is z = h W, with W's columns as outputs. Here its rows are outputs: z = h Wᵀ, δ W and δᵀ h. W is square, so numpy cannot notice."),
        Mistake("f' missing in dh", dict(back=lambda dz, dout, W: dout @ W), "In dh the branch goes back without tanh'. It is δ W with δ = tanh'(z) ⊙ dout, the same δ as in dW."),
        Mistake("f' missing in dW", dict(through=lambda dz, dout: dout), "Your dW uses dout. W acts before the tanh, so its gradient needs δ = tanh'(z) ⊙ dout."),
        Mistake("skip in dW", dict(through=lambda dz, dout: dz + dout), "The skip's dout is in your dW. The skip has no weights: dW = δᵀ h, with δ of the branch alone."),
        Mistake("dW transposed", dict(dW=lambda dz, dout, h: h.T @ dz), "Your dW is the transpose of the right one: the rows of W are outputs, so dW = δᵀ h. W is square, so numpy cannot notice."),
        Mistake("dW averaged over the batch", dict(dW=lambda dz, dout, h: dz.T @ h / len(h)), "Your dW is divided by N. The 1/N of the mean is already in dout."),
    ),
    hints=(
        "h leaves on two arrows that meet again at the +. Go back along each as if the other were not there, then add.",
        "Jacobian of one example: 1 + diag(tanh'(z)) W. The 1 is the skip; what does a row vector dout become, times this?",
        "δ = (1 − tanh²(z)) ⊙ dout is the gradient at z. From it come dW, and the branch's share of dh. The skip's share needs no product at all.",
    ),
)  # fmt: skip


# --- path_gradients --------------------------------------------------------------------------------


def path_gradients(dh, Js):
    """Π_l (1 + J_l) sorted by length: entry k sums dh J_{l_k} … J_{l_1} over all l_k > … > l_1."""
    terms = np.zeros((len(Js) + 1, len(dh)), np.result_type(dh, *Js))
    terms[0] = dh
    for J in reversed(Js):  # every path so far goes on around this layer, or through it and is one longer
        terms[1:] += terms[:-1] @ J
    return terms


def _paths(
    dh,
    Js,
    *,
    order=reversed,
    through=lambda g, J: g @ J,
    identity=1.0,
    reuse=False,
    finish=lambda terms: terms,
):
    terms = np.zeros((len(Js) + 1, len(dh)))
    terms[0] = dh
    for J in order(Js):
        if reuse:  # entry k − 1 already holds this layer
            for k in range(1, len(terms)):
                terms[k] = terms[k] + through(terms[k - 1], J)
        else:
            terms[1:] = terms[1:] + np.array([through(g, J) for g in terms[:-1]])
    terms[0] *= identity
    return finish(terms)


def _by_selection(select, average=False):
    """The sum over the tuples of layers that `select(L, k)` gives, last layer first."""

    def formula(dh, Js):
        terms = np.zeros((len(Js) + 1, len(dh)))
        for k in range(len(Js) + 1):
            chosen = list(select(len(Js), k))
            for layers in chosen:
                g = dh
                for l in layers:
                    g = g @ Js[l]
                terms[k] += g / (len(chosen) if average else 1)
        return terms

    return formula


def _neighbours(L, k):
    return [tuple(range(top, top - k, -1)) for top in range(L - 1, k - 2, -1)] if k else [()]


def _binomial(one_layer):
    def formula(dh, Js):
        J, L = one_layer(Js), len(Js)
        return np.array([math.comb(L, k) * dh @ np.linalg.matrix_power(J, k) for k in range(L + 1)])

    return formula


def _paths_cases(rng):
    return [Case((rng.normal(size=H), [rng.normal(size=(H, H)) / np.sqrt(H) for _ in range(L)]), ("terms" + suffix,)) for L, H, suffix in ((5, 3, ""), (3, 4, " (three layers)"))]  # fmt: skip


def _whole(args, outputs):
    dh, Js = args
    (terms,) = outputs.values()
    whole = dh
    for J in reversed(Js):
        whole = whole + whole @ J
    size = np.abs(terms).sum()
    return float(np.linalg.norm(np.sum(terms, axis=0) - whole) / max(size, np.linalg.norm(whole), 1e-300))


PATH_GRADIENTS = Problem(
    name="ps4.path_gradients",
    reference=path_gradients,
    family=_paths,
    cases=_paths_cases,
    points=4,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"terms": ("length from 0", "unit"), "terms (three layers)": ("length from 0", "unit")},
    invariants=(
        Invariant("the terms add up to the product", _whole, "Your terms do not add up to the whole gradient, dh (1 + J_L) … (1 + J_1). Every path from the output to the input belongs to one of the terms, once."),
    ),
    mistakes=(
        Mistake("identity path missing", dict(identity=0.0), "The path of length 0 is missing: around every layer, where the gradient arrives as it started. Entry 0 is dh itself."),
        Mistake("order reversed", dict(order=list), "Your products meet the first layer first. The gradient comes from the output: dh, then the last layer's J, down to the first."),
        Mistake("Jacobians transposed", dict(through=lambda g, J: J @ g), "You multiply J g. The first index of J is the output's, so a gradient goes back as the row g J."),
        Mistake("layers used twice", dict(reuse=True), "Some of your paths pass a layer more than once. While a layer is worked in, entry k needs the old entry k − 1: go from the longest to the shortest, or keep a copy."),
        Mistake("neighbouring layers only", _by_selection(_neighbours), "You count only paths through neighbouring layers, such as J₃J₂. A path may skip layers in between: J₃J₁ is one of length 2."),
        Mistake("every order", _by_selection(lambda L, k: itertools.permutations(range(L), k)), "You count each set of layers in every order. A path goes from the output down: later layers stand left, and each set is one path."),
        Mistake("one path of each length", _by_selection(lambda L, k: [tuple(range(L - 1, L - 1 - k, -1))]), "You have one path of each length, through the last k layers. There are as many as ways to choose k of the L layers."),
        Mistake("averaged over the paths", _by_selection(lambda L, k: itertools.combinations(range(L - 1, -1, -1), k), average=True), "You average over the paths of a length. The product expands into a sum: their gradients add."),
        Mistake("powers of the mean Jacobian", _binomial(lambda Js: np.mean(Js, axis=0)), "You use the binomial formula with the mean Jacobian. It holds only if all layers are equal: here every set of layers has its own product."),
        Mistake("powers of the first Jacobian", _binomial(lambda Js: Js[0]), "You use the binomial formula with the first layer's Jacobian. It holds only if all layers are equal: here every set of layers has its own product."),
        Mistake("powers of the last Jacobian", _binomial(lambda Js: Js[-1]), "You use the binomial formula with the last layer's Jacobian. It holds only if all layers are equal: here every set of layers has its own product."),
        Mistake("identity in J too", lambda dh, Js: _paths(dh, [J + np.eye(len(J)) for J in Js]), "You expand with 1 + J_l in place of J_l. J_l is the branch alone; the skip is the 1 that is not multiplied."),
        Mistake("longest first", dict(finish=lambda terms: terms[::-1].copy()), "Your entries start with the longest path. Entry k is for paths through k layers, so dh itself comes first."),
        Mistake("up to length k", dict(finish=lambda terms: np.cumsum(terms, axis=0)), "Your entry k holds all paths of length up to k. It is for those of length k alone; the sum comes afterwards."),
        Mistake("first layer missing", lambda dh, Js: np.concatenate([_paths(dh, Js[1:]), np.zeros((1, len(dh)))]), "Your loop ends before the first layer. The gradient passes Js[0] last, and the longest path needs it: reversed(range(L)) ends with 0."),
    ),
    hints=(
        "At every layer the gradient has two ways: around it (times 1) or through it (times J_l). How many ways are there in all, and how many pass through exactly k layers?",
        "Start with dh as the only path, of length 0. Each layer, from the last to the first, turns one list of sums by length into the next.",
        "At layer l, the paths of length k are those of length k that go around it, and those of length k − 1 that go through it. Write that as new[k] in terms of old[k] and old[k − 1].",
    ),
)  # fmt: skip
