"""Problem set 8 on saturating units: how much slope they have left, from their activations alone."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.clinic import SATURATED
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps8.units import not_shares

# --- slope_left ------------------------------------------------------------------------------------


def slope_left(activation, hs):
    """Of each layer the mean of f'/max f', and the share of entries where it is below 5 %, from h = f(z).

    tanh' = 1 − h² with maximum 1, σ' = h(1 − h) with maximum ¼. hs is a list of (N, H_l); activation is
    "tanh" or "sigmoid". Returns slope (L,) and saturated (L,).
    """
    ratios = [1 - h**2 if activation == "tanh" else 4 * h * (1 - h) for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r < SATURATED).mean() for r in ratios])


SLOPES = {
    "right": lambda name, h: 1 - h**2 if name == "tanh" else h * (1 - h),
    "exchanged": lambda name, h: h * (1 - h) if name == "tanh" else 1 - h**2,
    "1 − h² for both": lambda name, h: 1 - h**2,
    "f' at h": lambda name, h: ACTIVATIONS[name].derivative(h),
    "tanh of h": lambda name, h: 1 - np.tanh(h) ** 2 if name == "tanh" else h * (1 - h),
    "1 − h": lambda name, h: 1 - h if name == "tanh" else h * (1 - h),
    "1 − |h|": lambda name, h: 1 - np.abs(h) if name == "tanh" else h * (1 - h),
}


def _left(
    activation,
    hs,
    *,
    slope="right",
    largest=0.25,
    typical=np.mean,
    of_mean=False,
    by_own=False,
    below=lambda r, h, name: r < SATURATED,
    share=np.mean,
    through=False,
):
    """slope_left with exchangeable parts; `largest` is max σ'."""
    top = 1.0 if activation == "tanh" else largest
    ratios = [SLOPES[slope](activation, h) / top for h in hs]
    ratios = [r / r.max() for r in ratios] if by_own else ratios
    middle = [SLOPES[slope](activation, h.mean()) / top for h in hs] if of_mean else map(typical, ratios)
    middle = np.array(list(middle), dtype=float)
    far = np.array([float(share(below(r, h, activation))) for r, h in zip(ratios, hs, strict=True)])
    return np.cumprod(middle) if through else middle, far


def _at_the_limits(r, h, name):
    """Within 5 % of the way to a limit."""
    return np.abs(h) > 1 - SATURATED if name == "tanh" else (h < SATURATED) | (h > 1 - SATURATED)


def _upper(r, h, name):
    return (r < SATURATED) & (h > (0 if name == "tanh" else 0.5))


def _left_cases(rng):
    """Layers more and more saturated, on both sides; no entry so near to 5 % that rounding decides."""
    cases = []
    for name, N, widths in (("tanh", 12, (6, 8, 5)), ("sigmoid", 10, (7, 6, 8)), ("sigmoid", 5, (5, 5))):
        hs = []
        for number, H in enumerate(widths, start=1):
            wide = (0.6 + 0.7 * number) * (1 if name == "tanh" else 2.2)
            edge = 2.178 if name == "tanh" else 4.357  # where f' is 5 % of its maximum
            z = wide * rng.normal(size=(N, H)) + 0.4
            z[0, :4] = edge * np.array([0.9, -0.9, 1.3, -1.3])  # limits and 5 % of the slope are told apart
            z = np.where(np.abs(np.abs(z) / edge - 1) < 0.02, 0.9 * z, z)
            if number == 3:  # a layer in which no unit has its full slope
                z = np.sign(z) * np.maximum(np.abs(z), 0.45 * edge)
                z[0, 0] = 1.08 * edge
            z[:, 4] = 1.5 * edge * rng.choice([-1, 1], size=N)  # a unit that is saturated for every instance
            z[2, 4] *= 0.83 / 1.5 if number > 1 else 1.0  # or for all but one
            z[1, 3] = 40.0  # h is exactly 1
            hs.append(np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z)))
        cases.append(Case((name, hs), ("slope", "saturated"), batch=N))
    return cases


SLOPE_LEFT = Problem(
    name="ps8.slope_left",
    reference=slope_left,
    family=_left,
    cases=_left_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"slope": ("layer",), "saturated": ("layer",)},
    invariants=(
        Invariant("shares", not_shares, "Your answer leaves the interval from 0 to 1. A slope is compared with the largest slope of its activation, and saturated is a share of the entries."),
    ),
    mistakes=(
        Mistake("maximum 1 for the sigmoid", dict(largest=1.0), "You divide the sigmoid's slope by 1. Its largest value is ¼, at h = ½."),
        Mistake("largest slope of the layer", dict(by_own=True), "You divide by the largest slope that you find in the layer, so a layer without any slope left looks healthy. What counts is the largest slope that the function can have."),
        Mistake("formulas exchanged", dict(slope="exchanged"), "You have the slopes of tanh and of the sigmoid exchanged."),
        Mistake("1 − h² for both", dict(slope="1 − h² for both"), "You use 1 − h² for the sigmoid too. That is 1 at h = 0, where a sigmoid is flat."),
        Mistake("f' of the activation", dict(slope="f' at h"), "You put h into f'. h already is f(z), so the activation is applied twice."),
        Mistake("tanh of h", dict(slope="tanh of h"), "You take tanh of h, which is a tanh already."),
        Mistake("1 − h for tanh", dict(slope="1 − h"), "Your slope of tanh is 1 − h: with it h = −1 looks like the steepest place."),
        Mistake("1 − |h| for tanh", dict(slope="1 − |h|"), "Your slope of tanh is 1 − |h|, the distance to the limit. Near ±1 the true one is about twice that."),
        Mistake("slope at the mean activation", dict(of_mean=True), "You take the slope at the layer's mean activation. Half of the tanh units at −1 and half at +1 have the mean 0, which looks healthy: slopes first, then the mean."),
        Mistake("median", dict(typical=np.median), "You take the median of the slopes. Asked for is their mean."),
        Mistake("root mean square", dict(typical=lambda r: np.sqrt((r**2).mean())), "You take the root mean square of the slopes. Asked for is their mean."),
        Mistake("product over the layers", dict(through=True), "You multiply the slopes of the layers up. Each layer is asked about on its own."),
        Mistake("nearness of h", dict(below=_at_the_limits), "Your saturated entries are those with h within 5 % of a limit. Asked for is 5 % of the slope, which is elsewhere: for tanh 1 − h² < 1/20 begins nearer to ±1."),
        Mistake("slope not divided", dict(below=lambda r, h, name: SLOPES["right"](name, h) < SATURATED), "Your saturated entries have a slope below 1/20 itself. Divide by the largest slope first: for the sigmoid the limit is 5 % of ¼."),
        Mistake("5 % of the layer's own", dict(below=lambda r, h, name: r < SATURATED * r.max()), "Your saturated compares with the largest slope found in the layer. What counts is the largest that the function can have."),
        Mistake("units, not entries", dict(below=lambda r, h, name: (r < SATURATED).all(axis=0)), "Your saturated is the share of units that are saturated for every instance. Asked for is the share of all entries."),
        Mistake("mean slope of the units", dict(below=lambda r, h, name: r.mean(axis=0) < SATURATED), "Your saturated is the share of units whose mean slope is below 5 %. Ask each entry, then take the share."),
        Mistake("upper side only", dict(below=_upper), "You count saturated entries at the upper limit only. Both activations are flat at the lower one as well."),
        Mistake("still sloped", dict(below=lambda r, h, name: r >= SATURATED), "Your saturated is the share of entries that are not. Those below 5 % of the largest slope count."),
        Mistake("counts", dict(share=np.sum), "Your saturated holds counts. Divide by the number of entries of the layer, N·H."),
        Mistake("exactly flat", dict(below=lambda r, h, name: r == 0), "You count slopes that are exactly 0, which only rounding can produce. Less than 5 % of the largest slope counts."),
    ),
    hints=(
        "A training log keeps activations, not pre-activations. Both slopes can be had from h alone.",
        "tanh' = 1 − h² has the maximum 1 and σ' = h(1 − h) the maximum ¼: divide by it, so that 1 means healthy for both.",
        "ratio = f'/max f', an (N, H) array for each layer: its mean is one result, the mean of ratio < 0.05 the other.",
    ),
)  # fmt: skip
