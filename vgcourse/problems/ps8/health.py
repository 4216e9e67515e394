"""Problem set 8 on layers: a tilt from all of them, and whether that is too much for the depth."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

FAR = 3.0  # decades between the first and the last layer

# --- gradient_health -------------------------------------------------------------------------------


def gradient_health(norms):
    """The tilt by least squares, τ = −slope of lg ‖δ_l‖ against l = 1 … L, and a verdict.

    The sign is that of (12.1): positive if the signal grows on its way back. On the fitted line it gains
    τ·(L − 1) decades from the last layer to the first. The verdict is −1, vanishes, where that is below −3,
    +1, explodes, where it is above 3, and 0 in between. norms is (L,), first layer first.
    """
    return _health(norms)


def _straight(x, y):
    x = x - x.mean()
    return (x @ (y - y.mean())) / (x @ x)


def _ends(x, y):
    return (y[-1] - y[0]) / (x[-1] - x[0])


def _origin(x, y):
    return (x @ y) / (x @ x)


def _health(
    norms,
    *,
    log=np.log10,
    depth=lambda L: np.arange(1.0, L + 1),
    fit=_straight,
    shown=lambda tilt: tilt,
    gain=lambda tilt, norms: tilt * (len(norms) - 1),
    verdict=lambda gain: -1.0 if gain < -FAR else 1.0 if gain > FAR else 0.0,
):
    """gradient_health with exchangeable parts; `gain` is what the verdict looks at."""
    tilt = -np.float64(fit(depth(len(norms)), log(norms)))
    return shown(tilt), verdict(gain(tilt, norms))


def _alone(**switches):
    """A mistake that hides others: as a function of its own it is not combined with them."""
    return lambda norms: _health(norms, **switches)


def _first_to_last(tilt, norms):
    return np.log10(norms[0] / norms[-1])


def _health_cases(rng):
    cases = []
    for L, low, high, first in (
        (10, 0.5, 0.6, 0),  # vanishes
        (12, -0.6, -0.5, 0),  # explodes
        (4, 0.92, 0.94, 0),  # steep, but shallow: healthy, for there are L − 1 steps from layer to layer
        (4, 1.08, 1.1, 0),  # a little steeper: vanishes, and L − 2 steps would not say so
        (33, 0.12, 0.14, 0),  # gentle, but deep: vanishes
        (31, -0.14, -0.12, 0),  # gentle, but deep: explodes
        (20, -0.07, -0.05, 0),  # healthy
        (9, 0.02, 0.05, -3.6),  # healthy but for one layer
        (9, -0.05, -0.02, 3.6),
    ):
        y = rng.uniform(-3, -2) + rng.uniform(low, high) * np.arange(L)
        y += min(0.1, L / 80) * rng.normal(size=L)
        y[0] += first
        if first:  # the outlier tilts the line: keep it healthy
            y[1] -= 0.5 * first
        cases.append(Case((10**y,), ("tilt", "verdict")))
    return cases


GRADIENT_HEALTH = Problem(
    name="ps8.gradient_health",
    reference=gradient_health,
    family=_health,
    cases=_health_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("one of three verdicts", lambda args, out: float(np.abs(out["verdict"] - np.clip(np.round(out["verdict"]), -1, 1))), "Your verdict is none of −1, 0 and +1."),
    ),
    mistakes=(
        Mistake("natural logarithm", dict(log=np.log), "Your logarithm is the natural one. The tilt counts powers of ten."),
        Mistake("logarithm to base 2", dict(log=np.log2), "Your logarithm has base 2. The tilt counts powers of ten."),
        Mistake("no logarithm", dict(log=lambda norms: norms), "You fit the norms themselves, so that only the largest few count. A signal that changes by a factor a layer is no straight line until its logarithm is taken."),
        Mistake("logarithm of the squares", dict(log=lambda norms: 2 * np.log10(norms)), "Your tilt is that of the squared norms, twice as steep."),
        Mistake("first and last layer only", dict(fit=_ends), "Your tilt joins the first and the last layer, as (12.1) does (so does the mean of the differences). One odd layer at an end then decides; here every layer has a say."),
        Mistake("line through the origin", dict(fit=_origin), "Your line goes through the origin. The norms have a level of their own, so the line needs one too."),
        Mistake("only the layers centred", dict(fit=lambda x, y: ((x - x.mean()) @ y) / (x @ x)), "What you divide by is Σ l², with l as it is. Above the fraction the mean was taken off, below it was not."),
        Mistake("axes exchanged", dict(fit=lambda x, y: _straight(y, x)), "You fit the depth against the logarithm: layers a decade, in place of decades a layer."),
        Mistake("correlation", dict(fit=lambda x, y: np.corrcoef(x, y)[0, 1]), "You return the correlation coefficient, which says how straight the line is, not how steep."),
        Mistake("intercept", dict(fit=lambda x, y: y.mean() - _straight(x, y) * x.mean()), "What you return is the intercept of the line, with the other sign. polyfit gives the highest power first."),
        Mistake("last layer first", dict(shown=lambda tilt: -tilt, gain=lambda tilt, norms: -tilt * (len(norms) - 1)), "Your tilt has the other sign, and with it your verdicts: it is positive where the signal grows from the last layer to the first, and norms[0] is the first."),
        Mistake("slope for the tilt", dict(shown=lambda tilt: -tilt), "Your tilt is the slope along l, so it is negative where the signal grows on its way back. The sign asked for is that of (12.1)."),
        Mistake("sign lost", dict(fit=lambda x, y: abs(_straight(x, y))), "Your tilt is never positive. Its sign tells vanishing from exploding."),
        Mistake("depth from 0 to 1", dict(depth=lambda L: np.linspace(0, 1, L)), "Your depth runs from 0 to 1, so the tilt is that of the whole net. It is counted per layer."),
        Mistake("logarithm of the depth", dict(depth=lambda L: np.log10(np.arange(1.0, L + 1))), "You take the logarithm of the depth as well, which fits a power law."),
        Mistake("factor, not tilt", dict(shown=lambda tilt: 10**tilt), "You return the factor from layer to layer. The tilt is its logarithm."),
        Mistake("verdicts exchanged", dict(verdict=lambda gain: 1.0 if gain < -FAR else -1.0 if gain > FAR else 0.0), "Your verdicts are exchanged: a negative tilt is a signal that shrinks on its way back, which is −1, vanishes."),
        Mistake("always healthy", _alone(verdict=lambda gain: 0.0), "You find every net healthy. What is compared with 3 is counted in decades over the whole depth, not per layer and not as a factor."),
        Mistake("one limit for every depth", dict(gain=lambda tilt, norms: 6.5 * tilt), "Your verdict has a limit for one layer, whatever the depth. Here a gentle tilt over many layers is as bad as a steep one over a few."),
        Mistake("the lecture's limit", dict(gain=lambda tilt, norms: 30.0 * tilt), "Your verdict is the lecture's, ±0.1 for any depth. Here the whole depth counts: a steep tilt over four layers is harmless, a gentle one over thirty-three is not."),
        Mistake("L layers", dict(gain=lambda tilt, norms: tilt * len(norms)), "Your verdict takes L steps from layer to layer. From the last layer to the first there is one less."),
        Mistake("verdict by first and last layer", dict(gain=_first_to_last), "Your verdict compares the first and the last norm. One odd layer at an end then decides; asked is about the fitted line."),
        Mistake("explosion not seen", dict(verdict=lambda gain: -1.0 if gain < -FAR else 0.0), "You never report an explosion."),
        Mistake("vanishing not seen", dict(verdict=lambda gain: 1.0 if gain > FAR else 0.0), "You never report vanishing."),
        Mistake("never healthy", _alone(verdict=lambda gain: -1.0 if gain < 0 else 1.0), "Each of your nets is ill. Up to 3 decades from end to end count as healthy, 0."),
    ),
    hints=(
        "A factor a layer is a straight line on a logarithmic axis. Its slope is the tilt, but for a sign; the depth of the net decides how bad it is.",
        "y = lg(norms) against l = 1 … L, with slope and intercept free. On the way back the layers are met in the order L … 1.",
        "slope = Σ (l − mean l)(y − mean y)/Σ (l − mean l)², and the tilt is its negative. Over the whole net that makes tilt·(L − 1) decades.",
    ),
)  # fmt: skip
