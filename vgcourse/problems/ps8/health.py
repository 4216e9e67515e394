"""Problem set 8 on layers: a tilt from all of them, and whether that is too much for the depth."""

import numpy as np

from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

FAR = 3.0  # decades between the first and the last layer

# --- gradient_health -------------------------------------------------------------------------------


def slope(x, y):
    """Of the line of least squares."""
    x = x - x.mean()
    return (x @ (y - y.mean())) / (x @ x)


def gradient_health(norms):
    """The tilt by least squares, τ = −slope of lg ‖δ_l‖ against l = 1 … L, and a verdict.

    The sign is that of (12.1): positive if the signal grows on its way back. On the fitted line it gains
    τ·(L − 1) decades from the last layer to the first. The verdict is −1, vanishes, where that is below −3,
    +1, explodes, where it is above 3, and 0 in between. norms is (L,), first layer first.
    """
    L = len(norms)
    x, y = np.arange(1.0, L + 1), np.log10(norms)
    tilt = -slope(x, y)
    gain = tilt * (L - 1)  # in decades
    verdict = -1 if gain < -FAR else 1 if gain > FAR else 0
    return tilt, verdict


def _health_cases(rng):
    cases = []
    for L, low, high, first in (
        (10, 0.5, 0.6, 0),  # vanishes
        (12, -0.6, -0.5, 0),  # explodes
        (4, 0.92, 0.94, 0),  # steep, but shallow: healthy, for there are L − 1 steps from layer to layer
        (4, 1.08, 1.1, 0),  # a little steeper: vanishes, and L − 2 steps would not say so
        (33, 0.12, 0.14, 0),  # gentle, but deep: vanishes
        (31, -0.14, -0.12, 0),  # gentle, but deep: explodes
        (18, -0.092, -0.087, 0),  # healthy, by 1.5 decades
        (14, 0.086, 0.091, 0),  # healthy, by 1.15
        (32, 0.0905, 0.0915, 0),  # healthy, by 2.8: one layer more is little here
        (34, 0.1, 0.101, 0),  # vanishes, by 3.3
        (16, 0.05, 0.055, 0),  # healthy, by 0.8
        (40, -0.03, -0.028, 0),  # healthy, by 1.1, in many layers
        (25, 0.01, 0.02, 0),  # next to no tilt
        (9, 0.02, 0.05, -3.6),  # healthy but for one layer
        (9, -0.05, -0.02, 3.6),
    ):
        y = rng.uniform(-3, -2) + rng.uniform(low, high) * np.arange(L)
        y += (0.02 if L in (14, 16, 18, 32, 34, 40) else min(0.1, L / 80)) * rng.normal(size=L)
        y[0] += first
        if first:  # the outlier tilts the line: keep it healthy
            y[1] -= 0.5 * first
        cases.append(Case((10**y,), ("tilt", "verdict")))
    y = -2 + 0.03 * np.arange(9) + 0.02 * rng.normal(size=9)  # healthy but for one layer in the middle
    cases.append(Case((10 ** (y - 3.6 * (np.arange(9) == 4)),), ("tilt", "verdict")))
    return cases


def _not_the_least(args, out):
    """A least-squares slope is the one that leaves residuals without a slope."""
    y = np.log10(args[0])
    return float(abs(slope(np.arange(1.0, len(y) + 1), y) + out["tilt"]))


def _own_tilt(args, out):
    """Is a wrong verdict another one than the learner's own tilt would give?"""
    own, right = (tilt * (len(args[0]) - 1) for tilt in (float(out["tilt"]), gradient_health(args[0])[0]))
    own, right = (-1 if gain < -FAR else 1 if gain > FAR else 0 for gain in (own, right))
    return float(out["verdict"] not in (own, right))


GRADIENT_HEALTH = Problem(
    name="ps8.gradient_health",
    reference=gradient_health,
    helpers=(slope,),
    cases=_health_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    flow=("tilt", "verdict"),
    invariants=(
        Invariant("least squares", _not_the_least, "Your tilt is not that of the line of least squares: with another slope the squares of what is left would be smaller."),
        Invariant("verdict of its own tilt", _own_tilt, "Your verdict is not what your own tilt says over L − 1 steps, compared with ±3."),
        Invariant("one of three verdicts", lambda args, out: float(np.abs(out["verdict"] - np.clip(np.round(out["verdict"]), -1, 1))), "Your verdict is none of −1, 0 and +1."),
    ),
    mistakes=(
        Mistake("natural logarithm", edit("np.log10(norms)", "np.log(norms)"), "Your logarithm is the natural one. The tilt counts powers of ten.", whole=True),
        Mistake("logarithm to base 2", edit("np.log10(norms)", "np.log2(norms)"), "Your logarithm has base 2. The tilt counts powers of ten.", whole=True),
        Mistake("no logarithm", edit("np.log10(norms)", "norms"), "You fit the norms themselves, so that only the largest few count. A signal that changes by a factor a layer is no straight line until its logarithm is taken.", whole=True),
        Mistake("logarithm of the squares", edit("np.log10(norms)", "np.log10(norms**2)"), "Your tilt is that of the squared norms, twice as steep.", whole=True),
        Mistake("first and last layer only", edit("slope(x, y)", "(y[-1] - y[0]) / (x[-1] - x[0])"), "Your tilt joins the first and the last layer, as (12.1) does (so does the mean of the differences). One odd layer at an end then decides; here every layer has a say.", whole=True, beside_the_point=True),
        Mistake("line through the origin", edit("slope(x, y)", "(x @ y) / (x @ x)"), "Your line goes through the origin. The norms have a level of their own, so the line needs one too.", whole=True),
        Mistake("line through the origin, l from 0", edit("slope(x, y)", "((x - 1) @ y) / ((x - 1) @ (x - 1))"), "Your line goes through the origin. The norms have a level of their own, so the line needs one too.", whole=True),
        Mistake("covariance", edit("slope(x, y)", "np.cov(x, y, bias=True)[0, 1]"), "Your tilt is a covariance: it is not divided by the spread of the layers.", whole=True),
        Mistake("two divisors", edit("slope(x, y)", "np.cov(x, y)[0, 1] / np.var(x)"), "You divide by L − 1 above the fraction and by L below, as np.cov and np.var do.", whole=True),
        Mistake("median of the differences", edit("slope(x, y)", "np.median(np.diff(y))"), "You take the median of the differences from layer to layer. Asked for is the line of least squares.", whole=True),
        Mistake("sizes of the differences", edit("slope(x, y)", "np.abs(np.diff(y)).mean()"), "You average the sizes of the differences from layer to layer, so that ups and downs add. Asked for is the line of least squares.", whole=True),
        Mistake("parabola", edit("slope(x, y)", "np.polyfit(x, y, 2)[0]"), "You fit a parabola. Asked for is a straight line.", whole=True),
        Mistake("parabola, middle coefficient", edit("slope(x, y)", "np.polyfit(x, y, 2)[1]"), "You fit a parabola. Asked for is a straight line.", whole=True),
        Mistake("first layer left out", edit("slope(x, y)", "slope(x[1:], y[1:])"), "Your line leaves the first layer out. All L layers belong to it.", whole=True),
        Mistake("last layer left out", edit("slope(x, y)", "slope(x[:-1], y[:-1])"), "Your line leaves the last layer out. All L layers belong to it.", whole=True),
        Mistake("rounded", edit("return tilt", "return np.round(tilt, 2)"), "You round the tilt to two digits."),
        Mistake("only the layers centred", edit("slope(x, y)", "((x - x.mean()) @ y) / (x @ x)"), "What you divide by is Σ l², with l as it is. Above the fraction the mean was taken off, below it was not.", whole=True),
        Mistake("weighted by the norms", edit("slope(x, y)", "np.polyfit(x, y, 1, w=norms)[0]"), "Your line weighs the layers by their norms, so that only the largest few count. In least squares every layer counts the same.", whole=True),
        Mistake("middle layers only", edit("slope(x, y)", "slope(x[1:-1], y[1:-1])"), "Your line leaves the first and the last layer out. All L layers belong to it.", whole=True),
        Mistake("median slope of all pairs", edit("slope(x, y)", "np.median([(y[j] - y[i]) / (j - i) for i in range(L) for j in range(i + 1, L)])"), "You take the median of the slopes of all pairs. Asked for is the line of least squares.", whole=True),
        Mistake("halves compared", edit("slope(x, y)", "(y[L // 2 :].mean() - y[: L // 2].mean()) / (L / 2)"), "You compare the means of both halves. Asked for is the line of least squares.", whole=True),
        Mistake("mean level", edit("tilt = -slope(x, y)", "tilt = y.mean()"), "Your tilt is the mean of the logarithms, the level of the line. Asked for is its slope.", whole=True),
        Mistake("tilt of the differences from the mean", edit("slope(x, y)", "slope(x, y / y.mean())"), "You divide the logarithms by their mean. A tilt is in decades a layer, whatever the level.", whole=True),
        Mistake("axes exchanged", edit("slope(x, y)", "slope(y, x)"), "You fit the depth against the logarithm: layers a decade, in place of decades a layer.", whole=True),
        Mistake("correlation", edit("slope(x, y)", "np.corrcoef(x, y)[0, 1]"), "You return the correlation coefficient, which says how straight the line is, not how steep.", whole=True),
        Mistake("intercept", edit("slope(x, y)", "(y.mean() - slope(x, y) * x.mean())"), "What you return is the intercept of the line, with the other sign. polyfit gives the highest power first.", whole=True),
        Mistake("last layer first", edit("return tilt", "return -tilt", "tilt * (L - 1)", "-tilt * (L - 1)"), "Your tilt has the other sign, and with it your verdicts: it is positive where the signal grows from the last layer to the first, and norms[0] is the first.", whole=True),
        Mistake("slope for the tilt", edit("return tilt", "return -tilt"), "Your tilt is the slope along l, so it is negative where the signal grows on its way back. The sign asked for is that of (12.1)."),
        Mistake("sign lost", edit("slope(x, y)", "abs(slope(x, y))"), "Your tilt has the same sign for every net. The sign tells vanishing from exploding.", whole=True),
        Mistake("sign lost, the other way", edit("tilt = -slope(x, y)", "tilt = abs(slope(x, y))"), "Your tilt has the same sign for every net. The sign tells vanishing from exploding.", whole=True),
        Mistake("depth from 1/L to 1", edit("np.arange(1.0, L + 1)", "np.arange(1.0, L + 1) / L"), "Your depth runs from 1/L to 1, so the tilt is that of the whole net. It is counted per layer.", whole=True),
        Mistake("depth from 0 to 1", edit("np.arange(1.0, L + 1)", "np.linspace(0, 1, L)"), "Your depth runs from 0 to 1, so the tilt is that of the whole net. It is counted per layer.", whole=True),
        Mistake("logarithm of the depth", edit("np.arange(1.0, L + 1)", "np.log10(np.arange(1.0, L + 1))"), "You take the logarithm of the depth as well, which fits a power law.", whole=True),
        Mistake("factor, not tilt", edit("return tilt", "return 10**tilt"), "You return the factor from layer to layer. The tilt is its logarithm."),
        Mistake("tilt in powers of e", edit("return tilt", "return tilt * np.log(10)"), "Your tilt counts powers of e. Asked for are powers of ten, as in the verdict's 3 decades.", alone=True),
        Mistake("tilt of the whole depth", edit("return tilt", "return gain"), "Your tilt is that of the whole net, from the last layer to the first. It is counted per layer.", alone=True),
        Mistake("verdicts exchanged", edit("-1 if", "1 if", "else 1", "else -1"), "Your verdicts are exchanged: a negative tilt is a signal that shrinks on its way back, which is −1, vanishes."),
        Mistake("always healthy", edited(gradient_health, (), edit("-1 if gain < -FAR else 1 if gain > FAR else 0", "0")), "You find every net healthy. Some are not: the limit is 3 decades, counted over the whole depth."),
        Mistake("one limit for every depth", edit("tilt * (L - 1)", "6.5 * tilt"), "Your verdict has a limit for one layer, whatever the depth. Here a gentle tilt over many layers is as bad as a steep one over a few.", alone=True),
        Mistake("the lecture's limit", edit("tilt * (L - 1)", "30.0 * tilt"), "Your verdict is the lecture's, ±0.1 for any depth. Here the whole depth counts: a steep tilt over four layers is harmless, a gentle one over thirty-three is not.", alone=True, beside_the_point=True),
        Mistake("L layers", edit("tilt * (L - 1)", "tilt * L"), "Your verdict takes L steps from layer to layer. From the last layer to the first there is one less."),
        Mistake("L − 2 steps", edit("tilt * (L - 1)", "tilt * (L - 2)"), "Your verdict takes L − 2 steps from layer to layer. From the last layer to the first there is one more."),
        Mistake("one verdict for both illnesses", edit("-1 if", "1 if"), "Your verdict is 1 for every ill net. A signal that vanishes gets −1."),
        Mistake("limit in powers of e", edit("tilt * (L - 1)", "tilt * (L - 1) * np.log(10)"), "Your verdicts are those of a limit of 1.3 decades, which is 3 powers of e. Asked for are 3 powers of ten.", alone=True),
        Mistake("vanishes or explodes", edit("1 if gain > FAR else 0", "1"), "You find no net healthy: what does not vanish explodes."),
        Mistake("explodes or vanishes", edit("-1 if gain < -FAR else 1", "1", "else 0", "else -1"), "You find no net healthy: what does not explode vanishes."),
        Mistake("limit of one decade", edit("< -FAR", "< -1", "> FAR", "> 1"), "Your verdicts are those of a limit of 1 decade over the whole depth, or nearly 1. Asked for is 3.", alone=True),
        Mistake("verdict of the squares", edit("tilt * (L - 1)", "2 * tilt * (L - 1)"), "Your verdicts are those of a limit of 1.5 decades, as with squared norms. Asked for is 3.", alone=True),
        Mistake("verdict by the standard deviation", edit("tilt * (L - 1)", "np.sign(tilt) * np.std(y) * FAR"), "Your verdict looks at the spread of the logarithms. Asked is how far the fitted line goes from end to end.", alone=True),
        Mistake("limit at a factor of 3", edit("< -FAR", "< -np.log10(FAR)", "> FAR", "> np.log10(FAR)"), "Your verdicts are those of a limit at a factor of 3. Asked for are 3 decades, a factor of 1000.", alone=True),
        Mistake("verdict by first and last layer", edit("tilt * (L - 1)", "np.log10(norms[0] / norms[-1])"), "Your verdict compares the first and the last norm. One odd layer at an end then decides; asked is about the fitted line."),
        Mistake("verdict by largest and smallest", edit("tilt * (L - 1)", "np.sign(tilt) * np.log10(norms.max() / norms.min())"), "Your verdict compares the largest and the smallest norm. One odd layer then decides; asked is about the fitted line."),
        Mistake("explosion not seen", edit("1 if gain > FAR else 0", "0"), "You never report an explosion."),
        Mistake("vanishing not seen", edit("-1 if gain < -FAR else 1", "1"), "You never report vanishing."),
        Mistake("never healthy", edited(gradient_health, (), edit("-1 if gain < -FAR else 1 if gain > FAR else 0", "-1 if gain < 0 else 1")), "Each of your nets is ill. Up to 3 decades from end to end count as healthy, 0."),
    ),
    hints=(
        "A factor a layer is a straight line on a logarithmic axis. Its slope is the tilt, but for a sign; the depth of the net decides how bad it is.",
        "y = lg(norms) against l = 1 … L, with slope and intercept free. On the way back the layers are met in the order L … 1.",
        "slope = Σ (l − mean l)(y − mean y)/Σ (l − mean l)², and the tilt is its negative. Over the whole net that makes tilt·(L − 1) decades.",
    ),
)  # fmt: skip
