"""Problem set 8 on saturating units: how much slope they have left, from their activations alone."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.clinic import SATURATED
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps8.units import not_shares

# --- slope_left ------------------------------------------------------------------------------------


def slope_ratio(activation, h):
    """f'/max f' from h = f(z), between 0 and 1."""
    return 1 - h**2 if activation == "tanh" else h * (1 - h) / 0.25


def slope_left(activation, hs):
    """Of each layer the mean of f'/max f', and the share of entries where it is below 5 %, from h = f(z).

    tanh' = 1 − h² with maximum 1, σ' = h(1 − h) with maximum ¼. hs is a list of (N, H_l); activation is
    "tanh" or "sigmoid". Returns slope (L,) and saturated (L,).
    """
    ratios = [slope_ratio(activation, h) for h in hs]
    slope = [r.mean() for r in ratios]
    saturated = [(r < SATURATED).mean() for r in ratios]
    return np.array(slope), np.array(saturated)


def _sigmoid_slope(z):
    return ACTIVATIONS["sigmoid"].derivative(z)


def _apart(args, out):
    """Saturated entries have at most 5 % of the slope, the others at least that."""
    slope, far = out["slope"], out["saturated"]
    return float(np.max(np.maximum(SATURATED * (1 - far) - slope, slope - 1 + (1 - SATURATED) * far)))


def _other_limit(args, out):
    """Would one other limit give these shares in all layers? Where the slopes are right, and some entries are on each side."""
    ratios = [np.sort(np.ravel(slope_ratio(args[0], h))) for h in args[1]]
    slopes_differ = not np.allclose(out["slope"], [r.mean() for r in ratios], rtol=1e-4)
    if slopes_differ or out["saturated"].min() == 1 or not out["saturated"].any():
        return 0.0
    low, high = 0.0, 1.0
    for r, share in zip(ratios, out["saturated"], strict=True):
        k = round(float(share) * r.size)
        if abs(share * r.size - k) > 1e-6 or not 0 <= k <= r.size:
            return 0.0
        low, high = max(low, r[k - 1] if k else 0.0), min(high, r[k] if k < r.size else 1.0)
    return float(low < high and not low < SATURATED <= high)


def _at_the_limits(activation, h):
    """Within 5 % of the way to a limit."""
    return np.abs(h) > 1 - SATURATED if activation == "tanh" else (h < SATURATED) | (h > 1 - SATURATED)


def _upper(activation, h):
    return (slope_ratio(activation, h) < SATURATED) & (h > (0 if activation == "tanh" else 0.5))


def _pooled(activation, hs):
    """One answer for the whole net, in every place."""
    r = np.concatenate([np.ravel(slope_ratio(activation, h)) for h in hs])
    return np.full(len(hs), r.mean()), np.full(len(hs), (r < SATURATED).mean())


def _limit(limit):
    return Mistake(f"limit {limit:g}", edit("< SATURATED", f"< {limit}"), f"Your limit for saturated entries is {limit:g} of the largest slope. Asked for is another.")  # fmt: skip


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
            z[:, 4] = 1.5 * edge * rng.choice([-1, 1], size=N)  # a unit that is saturated for every example
            z[2, 4] *= 0.83 / 1.5 if number > 1 else 1.0  # or for all but one
            z[1, 3] = 40.0  # h is exactly 1
            hs.append(np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z)))
        cases.append(Case((name, hs), ("slope", "saturated"), batch=N))
    single = np.tanh(
        rng.uniform(0.3, 1.2, size=(5, 1)) * [[1], [-1], [1], [1], [2.5]]
    )  # one layer of one unit
    cases.append(Case(("tanh", [single]), ("slope", "saturated"), batch=5))
    return cases


SLOPE_LEFT = Problem(
    name="ps8.slope_left",
    reference=slope_left,
    helpers=(slope_ratio,),
    cases=_left_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    flow=("slope", "saturated"),
    axes={"slope": ("layer",), "saturated": ("layer",)},
    invariants=(
        Invariant("shares", not_shares, "Your answer leaves the interval from 0 to 1. A slope is compared with the largest slope of its activation, and saturated is a share of the entries."),
        Invariant("another limit", _other_limit, "Your saturated is what another limit than 5 % of the largest slope would give, the same one for all layers."),
        Invariant("they fit", _apart, "Your two results do not fit together: saturated entries have less than 5 % of the slope, all others more."),
    ),
    mistakes=(
        Mistake("maximum 1 for the sigmoid", edit(" / 0.25", "", within=slope_ratio), "You divide the sigmoid's slope by 1. Its largest value is ¼, at h = ½."),
        Mistake("multiplied by ¼", edit("/ 0.25", "* 0.25", within=slope_ratio), "You multiply the sigmoid's slope by ¼. Dividing by its largest value makes it larger."),
        Mistake("maximum ½ for the sigmoid", edit("/ 0.25", "/ 0.5", within=slope_ratio), "You divide the sigmoid's slope by ½. ½ is the h at which it is largest; its value there is smaller."),
        Mistake("largest slope of the layer, sigmoid only", edit("slope = ", "ratios = [r / r.max() if activation == 'sigmoid' else r for r in ratios]\n    slope = "), "You divide the sigmoid's slope by the largest that you find in the layer, so a layer without any slope left looks healthy. What counts is the largest slope that the function can have."),
        Mistake("largest slope of the layer", edit("slope = ", "ratios = [r / r.max() for r in ratios]\n    slope = "), "You divide by the largest slope that you find in the layer, so a layer without any slope left looks healthy. What counts is the largest slope that the function can have."),
        Mistake("formulas exchanged", edit("1 - h**2", "h * (1 - h)", "else h * (1 - h)", "else (1 - h**2)", within=slope_ratio), "You have the slopes of tanh and of the sigmoid exchanged."),
        Mistake("1 − h² for both", edit("else h * (1 - h)", "else (1 - h**2)", within=slope_ratio), "You use 1 − h² for the sigmoid too. That is 1 at h = 0, where a sigmoid is flat."),
        Mistake("1 − h² for both, undivided", edit("else h * (1 - h) / 0.25", "else 1 - h**2", within=slope_ratio), "You use 1 − h² for the sigmoid too. That is 1 at h = 0, where a sigmoid is flat."),
        Mistake("f' of the activation", edit("h**2", "np.tanh(h) ** 2", "h * (1 - h)", "_sigmoid_slope(h)", within=slope_ratio), "You put h into f'. h already is f(z), so the activation is applied twice.", beside_the_point=True),
        Mistake("σ of h", edit("h * (1 - h)", "_sigmoid_slope(h)", within=slope_ratio), "You put h through the sigmoid once more. It already is one."),
        Mistake("4h(1 − h) for both", edit("1 - h**2", "4 * h * (1 - h)", within=slope_ratio), "You use the sigmoid's formula for tanh too. At h = 0, where tanh is steepest, it gives 0."),
        Mistake("(1 − h)² for tanh", edit("1 - h**2", "(1 - h) ** 2", within=slope_ratio), "Your slope of tanh is (1 − h)²: with it h = −1 looks like the steepest place."),
        Mistake("root of tanh'", edit("1 - h**2", "np.sqrt(1 - h**2)", within=slope_ratio), "You take the root of tanh', so the units look less saturated than they are."),
        Mistake("1 − h for the sigmoid", edit("h * (1 - h) / 0.25", "1 - h", within=slope_ratio), "Your slope of the sigmoid is 1 − h: with it h = 0 looks like the steepest place, where it is flat."),
        Mistake("h(1 + h) for the sigmoid", edit("(1 - h)", "(1 + h)", within=slope_ratio), "Your slope of the sigmoid grows all the way to h = 1, where it is flat. A sign is wrong."),
        Mistake("second factor squared, sigmoid", edit("h * (1 - h)", "h * (1 - h) ** 2", within=slope_ratio), "In the sigmoid's slope you square the distance to 1. The slope is the same on both sides of h = ½; yours leans to one side."),
        Mistake("first factor squared, sigmoid", edit("h * (1 - h)", "h**2 * (1 - h)", within=slope_ratio), "In the sigmoid's slope you square h. The slope is the same on both sides of h = ½; yours leans to one side."),
        Mistake("tanh' squared", edit("1 - h**2", "(1 - h**2) ** 2", within=slope_ratio), "You square tanh', so the units look more saturated than they are."),
        Mistake("saturation for the slope", edit("1 - h**2", "h**2", within=slope_ratio), "You take h² for tanh': it is 0 where tanh is steepest, and 1 where it is flat."),
        Mistake("tanh of h", edit("h**2", "np.tanh(h) ** 2", within=slope_ratio), "You take tanh of h, which is a tanh already."),
        Mistake("1 − h for tanh", edit("h**2", "h", within=slope_ratio), "Your slope of tanh is 1 − h: with it h = −1 looks like the steepest place."),
        Mistake("1 − |h| for tanh", edit("h**2", "np.abs(h)", within=slope_ratio), "Your slope of tanh is 1 − |h|, the distance to the limit. Near ±1 the true one is about twice that."),
        Mistake("slope at the mean activation", edit("r.mean() for r in ratios", "slope_ratio(activation, h.mean()) for h in hs"), "You take the slope at the layer's mean activation. Half of the tanh units at −1 and half at +1 have the mean 0, which looks healthy: slopes first, then the mean."),
        Mistake("slope at the units' means", edit("r.mean() for r in ratios", "slope_ratio(activation, h.mean(axis=0)).mean() for h in hs"), "You take the slope at the mean activation of each unit. A unit that is at −1 for half of the batch and at +1 for the rest then looks healthy: slopes first, then the mean."),
        Mistake("without the saturated", edit("r.mean()", "r[r >= SATURATED].mean()"), "Your slope leaves the saturated entries out. It is the mean over all entries."),
        Mistake("slope that is lost", edit("r.mean()", "1 - r.mean()"), "Your slope is the part that is lost. Asked for is what is left."),
        Mistake("median", edit("r.mean()", "np.median(r)"), "You take the median of the slopes. Asked for is their mean."),
        Mistake("smallest slope", edit("r.mean()", "r.min()"), "Your slope is the smallest one of the layer. Asked for is the mean."),
        Mistake("root mean square", edit("r.mean()", "np.sqrt((r**2).mean())"), "You take the root mean square of the slopes. Asked for is their mean."),
        Mistake("sum of the slopes", edit("r.mean()", "r.sum()"), "Your slope is a sum over the entries. Asked for is their mean.", alone=True),
        Mistake("largest slope found", edit("r.mean()", "r.max()"), "Your slope is the largest one of the layer. Asked for is the mean.", alone=True),
        Mistake("geometric mean of the slopes", edit("r.mean()", "np.exp(np.log(np.maximum(r, 1e-300)).mean())"), "You take the geometric mean of the slopes, which a single flat entry drives to 0. Asked for is their mean.", alone=True),
        Mistake("slope of the first example", edit("r.mean()", "r[0].mean()"), "Your slope is that of the first example. All entries of the layer count.", alone=True),
        Mistake("mean size of h", edit("r.mean() for r in ratios", "1 - np.abs(h).mean() for h in hs"), "Your slope is 1 less the mean of |h|. The slope of each entry is tanh' or σ' at its h; then the mean.", alone=True),
        Mistake("product over the layers", edit("np.array(slope)", "np.cumprod(slope)"), "You multiply the slopes of the layers up. Each layer is asked about on its own."),
        Mistake("one answer for the net", _pooled, "You give every layer the same numbers, those of all entries of the net. Each layer is asked about on its own."),
        Mistake("share for the slope", edit("r.mean()", "(r >= SATURATED).mean()"), "Your slope is the share of entries that are not saturated. It is the mean of the slopes themselves."),
        *map(_limit, (0.5, 0.1, 0.01, 0.005, 0.95)),
        Mistake("h above 0.95", edit("(r < SATURATED).mean() for r in ratios", "(h > 1 - SATURATED).mean() for h in hs"), "Your saturated entries are those with h above 0.95. Asked for is 5 % of the slope, which begins elsewhere, and both activations are flat at their other end, too."),
        Mistake("|h| above 0.95", edit("(r < SATURATED).mean() for r in ratios", "(np.abs(h) > 1 - SATURATED).mean() for h in hs"), "Your saturated entries are those with |h| above 0.95. Asked for is 5 % of the slope, which begins elsewhere, and a sigmoid is flat near h = 0, too."),
        Mistake("nearness of h", edit("(r < SATURATED).mean() for r in ratios", "_at_the_limits(activation, h).mean() for h in hs"), "Your saturated entries are those with h within 5 % of a limit. Asked for is 5 % of the slope, which is elsewhere: for tanh 1 − h² < 1/20 begins nearer to ±1."),
        Mistake("slope not divided", edit("(r <", "(r * (1 if activation == 'tanh' else 0.25) <"), "Your saturated entries have a slope below 1/20 itself. Divide by the largest slope first: for the sigmoid the limit is 5 % of ¼."),
        Mistake("limit of the sigmoid for both", edit("(r <", "(r * (4 if activation == 'tanh' else 1) <"), "For tanh your limit is 5 % of ¼, which is the sigmoid's. The largest slope of tanh is 1."),
        Mistake("5 % of the layer's own", edit("< SATURATED", "< SATURATED * r.max()"), "Your saturated compares with the largest slope found in the layer. What counts is the largest that the function can have."),
        Mistake("units, not entries", edit(").mean()", ").all(axis=0).mean()"), "Your saturated is the share of units that are saturated for every example. Asked for is the share of all entries."),
        Mistake("units saturated once", edit(").mean()", ").any(axis=0).mean()"), "Your saturated is the share of units that are saturated for some example. Asked for is the share of all entries."),
        Mistake("saturated examples", edit("(r < SATURATED).mean()", "(r.mean(axis=1) < SATURATED).mean()"), "Your saturated is the share of examples whose mean slope is below 5 %. Ask each entry, then take the share.", alone=True),
        Mistake("saturated: slope lost", edit("(r < SATURATED).mean()", "1 - r.mean()"), "Your saturated is the slope that is lost on average. It is the share of entries with less than 5 % of the slope.", alone=True),
        Mistake("saturated: no share of 1", edit("(r < SATURATED).mean()", "(r < SATURATED).mean() * 100"), "Your saturated is in per cent. Asked for is the share, between 0 and 1.", alone=True),
        Mistake("mean slope of the units", edit("(r <", "(r.mean(axis=0) <"), "Your saturated is the share of units whose mean slope is below 5 %. Ask each entry, then take the share."),
        Mistake("upper side only", edit("(r < SATURATED).mean() for r in ratios", "_upper(activation, h).mean() for h in hs"), "You count saturated entries at the upper limit only. Both activations are flat at the lower one as well."),
        Mistake("still sloped", edit("< SATURATED", ">= SATURATED"), "Your saturated is the share of entries that are not. Those below 5 % of the largest slope count."),
        Mistake("full slope", edit("< SATURATED", "> 1 - SATURATED"), "You count entries with more than 95 % of the largest slope, the healthy ones. Saturated are those with less than 5 %."),
        Mistake("counts", edit(").mean()", ").sum()"), "Your saturated holds counts. Divide by the number of entries of the layer, N·H."),
        Mistake("exactly flat", edit("< SATURATED", "== 0"), "You count slopes that are exactly 0, which only rounding can produce. Less than 5 % of the largest slope counts."),
    ),
    hints=(
        "A training log keeps activations, not pre-activations. Both slopes can be had from h alone.",
        "tanh' = 1 − h² has the maximum 1 and σ' = h(1 − h) the maximum ¼: divide by it, so that 1 means healthy for both.",
        "ratio = f'/max f', an (N, H) array for each layer: its mean is one result, the mean of ratio < 0.05 the other.",
    ),
)  # fmt: skip
