"""Problem set 2 on a chain of single units: one factor a layer, and their product."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error


def scalar_chain(name, h0, w):
    """h_l = f(w_l h_{l−1}): the factors a_l = f'(z_l) w_l, l = 1 … L, and ∂h_L/∂h_l = a_L … a_{l+1}, l = 0 … L − 1."""
    return _chain(name, h0, w)


SLOPES = {
    "f'(z)": lambda name, z, h, before: ACTIVATIONS[name].derivative(z),
    "1": lambda name, z, h, before: 1.0,
    "f'(h)": lambda name, z, h, before: ACTIVATIONS[name].derivative(h),
    "f'(h before)": lambda name, z, h, before: ACTIVATIONS[name].derivative(np.float64(before)),
    "formula for h at z": lambda name, z, h, before: 1 - z**2 if name == "tanh" else z * (1 - z),
    "formula of tanh": lambda name, z, h, before: 1 - h**2,
    "formula of sigmoid": lambda name, z, h, before: h * (1 - h),
    "f": lambda name, z, h, before: h,
}


def _chain(name, h0, w, *, slope="f'(z)", weight=lambda w, l: w[l], forward="f(wh)", products=None):
    """scalar_chain with exchangeable parts."""
    h, factors = np.float64(h0), []
    for l in range(len(w)):
        z = w[l] * (h0 if forward == "h0" else h)
        after = ACTIVATIONS[name].function(np.float64(z))
        factors.append(SLOPES[slope](name, z, after, h) * weight(w, l))
        h = z if forward == "linear" else after
    factors = np.array(factors)
    return factors, _onwards(factors) if products is None else products(factors)


def _onwards(factors):
    return np.cumprod(factors[::-1])[::-1].copy()


def _after(factors):
    """One factor too few: the layer's own step is left out."""
    return np.append(_onwards(factors)[1:], 1.0)


def _cases(rng):
    cases = []
    for name, L, low, high in (("sigmoid", 5, 2.0, 3.5), ("tanh", 6, 0.7, 1.4), ("tanh", 1, 0.7, 1.4)):
        w = rng.uniform(low, high, size=L) * rng.choice([-1, 1], size=L)
        w[: L // 2] = np.abs(w[: L // 2])
        cases.append(Case((name, float(rng.uniform(0.4, 1.2)), w), ("factors", "gradients")))
    return cases


SCALAR_CHAIN = Problem(
    name="ps2.scalar_chain",
    reference=scalar_chain,
    family=_chain,
    cases=_cases,
    points=3,
    lecture='lecture 3, "Depth"',
    axes={"factors": ("layer",), "gradients": ("layer from 0",)},
    invariants=(
        Invariant("gradients are products of the factors", lambda args, out: relative_error(out["gradients"], _onwards(np.asarray(out["factors"], dtype=float))), "Your gradients are not products of your factors. gradients[l] is the product of all factors above layer l, so the last entry is the last factor alone."),
    ),
    mistakes=(
        Mistake("f' missing", dict(slope="1"), "Your factors are the weights. A step is f(w_l h_{l−1}), so its factor is f'(z_l) w_l: it is f' that holds a sigmoid chain below ¼ a layer."),
        Mistake("weight missing", dict(weight=lambda w, l: 1.0), "Your factors are f'(z_l) alone. The step passes the weight too: f'(z_l) w_l."),
        Mistake("f' of the activation", dict(slope="f'(h)"), "You take f' at h_l = f(z_l). It belongs at z_l = w_l h_{l−1}."),
        Mistake("f' of the layer's input", dict(slope="f'(h before)"), "You take f' at h_{l−1}. The argument of f is w_l h_{l−1}, weight included."),
        Mistake("formula for h used at z", dict(slope="formula for h at z"), "You put z_l into a formula that wants h_l: σ' = h(1 − h) and tanh' = 1 − h²."),
        Mistake("sigmoid with the slope of tanh", dict(slope="formula of tanh"), "Your slope is 1 − h² for the sigmoid as well. That one belongs to tanh; σ' = h(1 − h)."),
        Mistake("tanh with the slope of a sigmoid", dict(slope="formula of sigmoid"), "Your slope is h(1 − h) for tanh as well. That one belongs to the sigmoid; tanh' = 1 − h²."),
        Mistake("f for f'", dict(slope="f"), "Your factors hold h_l = f(z_l) in place of its derivative f'(z_l)."),
        Mistake("weight of the next layer", dict(weight=lambda w, l: w[(l + 1) % len(w)]), "You pair f'(z_l) with w_{l+1}. The step from h_{l−1} to h_l holds w_l and f'(z_l); f'(z_l) w_{l+1} belongs to the recursion of ∂L/∂z."),
        Mistake("forward without f", dict(forward="linear"), "On the way forward your signal does not pass f: you go on with z_l. The next layer sees h_l = f(z_l)."),
        Mistake("every layer sees h_0", dict(forward="h0"), "Every layer of yours sees h_0. Layer l sees h_{l−1}: update h in the loop."),
        Mistake("products from the bottom", dict(products=np.cumprod), "Your gradients are ∂h_l/∂h_0, products from the bottom. Asked for is ∂h_L/∂h_l: they start at the top, at layer L."),
        Mistake("sums for products", dict(products=lambda a: np.cumsum(a[::-1])[::-1]), "You add the factors. Along one path they multiply: that is why depth acts like a power."),
        Mistake("one layer short", dict(products=_after), "Your gradients are one layer short: the last is 1. gradients[l] reaches down to h_l, so it holds the factors of layers l + 1 … L: L of them for h_0."),
        Mistake("power of one factor", dict(products=lambda a: a[0] ** np.arange(len(a), 0, -1)), "You take powers of the first factor. a^L is the picture for equal layers; here every layer has its own factor."),
        Mistake("power of the mean", dict(products=lambda a: a.mean() ** np.arange(len(a), 0, -1)), "You take powers of the mean factor. A product is not the power of a mean: multiply the factors one by one."),
    ),
    hints=(
        "Go forward once and write down one number a layer: how much does h_l move if h_{l−1} moves a little?",
        "factors[l − 1] = f'(z_l) w_l with z_l = w_l h_{l−1}. gradients[L − 1] is the last factor, gradients[L − 2] the product of the last two.",
        "np.cumprod multiplies from the left. You need products that end on the right: turn the factors around, and the result back.",
    ),
)  # fmt: skip
