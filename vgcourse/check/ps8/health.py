"""Problem set 8 on layers: does the gradient vanish or explode with depth, and how far does a step go?"""

import numpy as np

from vgcourse import optim
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

FAR = 3.0  # decades between the first and the last layer

# --- gradient_health -------------------------------------------------------------------------------


def gradient_health(norms):
    """Least-squares slope of log10 ‖∂L/∂W_l‖ against l = 1 … L, in decades a layer, and a verdict.

    Over all L layers the fitted line rises by slope·(L − 1). The verdict is −1, vanishes, if that is above 3
    (the first layers get less than the last), +1, explodes, if it is below −3, and 0 in between.
    norms is (L,), first layer first. Returns slope and verdict.
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
    shown=lambda slope: slope,
    rise=lambda slope, norms: slope * (len(norms) - 1),
    verdict=lambda rise: -1.0 if rise > FAR else 1.0 if rise < -FAR else 0.0,
):
    """gradient_health with exchangeable parts; `rise` is what the verdict looks at."""
    slope = np.float64(fit(depth(len(norms)), log(norms)))
    return shown(slope), verdict(rise(slope, norms))


def _alone(**switches):
    """A mistake that hides others: as a function of its own it is not combined with them."""
    return lambda norms: _health(norms, **switches)


def _first_to_last(slope, norms):
    return np.log10(norms[-1] / norms[0])


def _health_cases(rng):
    cases = []
    for L, low, high, first in (
        (10, 0.5, 0.6, 0),  # vanishes
        (12, -0.6, -0.5, 0),  # explodes
        (4, 0.85, 0.87, 0),  # steep, but shallow: healthy, for there are L − 1 steps from layer to layer
        (33, 0.12, 0.14, 0),  # gentle, but deep: vanishes
        (31, -0.14, -0.12, 0),  # gentle, but deep: explodes
        (9, 0.02, 0.05, -3.6),  # healthy but for one layer
        (9, -0.05, -0.02, 3.6),
    ):
        y = rng.uniform(-3, -2) + rng.uniform(low, high) * np.arange(L)
        y += min(0.1, L / 80) * rng.normal(size=L)
        y[0] += first
        if first:  # the outlier tilts the line: keep it healthy
            y[1] -= 0.5 * first
        cases.append(Case((10**y,), ("slope", "verdict")))
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
        Mistake("natural logarithm", dict(log=np.log), "Your logarithm is the natural one. Decades are powers of ten: log10."),
        Mistake("logarithm to base 2", dict(log=np.log2), "Your logarithm has base 2. Decades are powers of ten: log10."),
        Mistake("no logarithm", dict(log=lambda norms: norms), "You fit the norms themselves, so that only the largest few count. Gradients change by a factor a layer: fit their logarithms."),
        Mistake("logarithm of the squares", dict(log=lambda norms: 2 * np.log10(norms)), "Your slope is that of the squared norms, twice as steep. Take log10 of the norms."),
        Mistake("first and last layer only", dict(fit=_ends), "Your slope joins the first and the last layer (so does the mean of the differences). One odd layer at an end then decides: least squares uses all layers."),
        Mistake("line through the origin", dict(fit=_origin), "Your line goes through the origin, Σ l y/Σ l². The norms have a level of their own: subtract the means of l and y first, or fit an intercept too."),
        Mistake("only the layers centred", dict(fit=lambda x, y: ((x - x.mean()) @ y) / (x @ x)), "You divide by Σ l². The sum of squares below is that of the centred layer numbers, Σ (l − mean)²."),
        Mistake("axes exchanged", dict(fit=lambda x, y: _straight(y, x)), "You fit the depth against the log norm: layers a decade. Asked for are decades a layer; polyfit takes x first, then y."),
        Mistake("correlation", dict(fit=lambda x, y: np.corrcoef(x, y)[0, 1]), "You return the correlation coefficient, which says how straight the line is. The slope is Σ (l − mean)(y − mean)/Σ (l − mean)²."),
        Mistake("intercept", dict(fit=lambda x, y: y.mean() - _straight(x, y) * x.mean()), "You return the intercept. polyfit(l, y, 1) gives the slope first."),
        Mistake("intercept at the first layer", dict(fit=lambda x, y: y.mean() - _straight(x, y) * (x - x[0]).mean()), "You return the intercept of a line that begins at the first layer. polyfit(l, y, 1) gives the slope first."),
        Mistake("last layer first", dict(fit=lambda x, y: _straight(x, y[::-1])), "You count the layers from the last one, so the slope has the wrong sign and the verdicts are exchanged. norms[0] is layer 1."),
        Mistake("sign lost", dict(fit=lambda x, y: abs(_straight(x, y))), "You take the absolute value of the slope. Its sign tells vanishing from exploding."),
        Mistake("depth from 0 to 1", dict(depth=lambda L: np.linspace(0, 1, L)), "Your depth runs from 0 to 1, so the slope is that of the whole net. Asked for are decades a layer: l = 1 … L."),
        Mistake("logarithm of the depth", dict(depth=lambda L: np.log10(np.arange(1.0, L + 1))), "You take the logarithm of the depth as well, which fits a power law. A factor a layer is a straight line against l itself."),
        Mistake("factor, not slope", dict(shown=lambda slope: 10**slope), "You return the factor from layer to layer, 10^slope. Asked for is the slope itself, in decades."),
        Mistake("verdicts exchanged", dict(verdict=lambda rise: 1.0 if rise > FAR else -1.0 if rise < -FAR else 0.0), "Your verdicts are exchanged. Backpropagation runs from the last layer to the first: norms that rise with l are gradients that vanish on the way back, −1."),
        Mistake("always healthy", _alone(verdict=lambda rise: 0.0), "You find every net healthy. Do you compare the slope of a single layer with 3 decades, or a logarithm with 1000? It is slope·(L − 1), with ±3 as the limits."),
        Mistake("one limit for every depth", dict(rise=lambda slope, norms: 6.5 * slope), "Your verdict has a limit for the slope of one layer, whatever the depth. A gentle slope over many layers is as bad, a steep one over few is harmless: slope·(L − 1)."),
        Mistake("rise over L layers", dict(rise=lambda slope, norms: slope * len(norms)), "Your verdict takes L steps from layer to layer. From layer 1 to layer L there are L − 1: the line rises by slope·(L − 1)."),
        Mistake("verdict by first and last layer", dict(rise=_first_to_last), "Your verdict compares the first and the last norm. One odd layer at an end then decides: use the fitted line, slope·(L − 1)."),
        Mistake("explosion not seen", dict(verdict=lambda rise: -1.0 if rise > FAR else 0.0), "You never report an explosion. Norms that fall with l have grown on the way back: +1 where the line falls by more than 3 decades."),
        Mistake("vanishing not seen", dict(verdict=lambda rise: 1.0 if rise < -FAR else 0.0), "You never report vanishing. Norms that rise with l have shrunk on the way back: −1 where the line rises by more than 3 decades."),
        Mistake("never healthy", _alone(verdict=lambda rise: -1.0 if rise > 0 else 1.0), "Each of your nets is ill. Up to 3 decades between the first and the last layer count as healthy, 0."),
    ),
    hints=(
        "A factor a layer is a straight line on a logarithmic axis. Its slope is the diagnosis; the depth of the net decides how bad it is.",
        "y = log10(norms) against l = 1 … L, with slope and intercept free. On the way back the layers are met in the order L … 1.",
        "slope = Σ (l − mean l)(y − mean y)/Σ (l − mean l)², and the line rises by slope·(L − 1) in all. A rise means smaller gradients in the first layers.",
    ),
)  # fmt: skip


# --- update_ratios ---------------------------------------------------------------------------------


def update_ratios(Ws, dWs, learning_rate, max_norm):
    """‖α s ∂L/∂W_l‖/‖W_l‖ of each layer, s = min(1, c/‖g‖) being the factor of global-norm clipping.

    Ws and dWs are lists of matrices, max_norm is c. All norms are Frobenius norms. Returns ratios (L,).
    """
    clipped = optim.clip_by_global_norm(tuple(dWs), max_norm)
    pairs = zip(clipped, Ws, strict=True)
    return np.array([learning_rate * np.linalg.norm(g) / np.linalg.norm(W) for g, W in pairs])


def _long(arrays):
    return np.sqrt(sum((a**2).sum() for a in arrays))


def _shorten(dWs, rate, c):
    return [g * min(1.0, c / _long(dWs)) for g in dWs]


def _ratios(
    Ws,
    dWs,
    learning_rate,
    max_norm,
    *,
    clip=_shorten,
    rate=lambda a: a,
    size=np.linalg.norm,
    below=lambda W, step: W,
    ratio=lambda step, W: step / W,
    finish=None,
):
    """update_ratios with exchangeable parts."""
    steps = [rate(learning_rate) * g for g in clip(dWs, learning_rate, max_norm)]
    pairs = zip(steps, Ws, strict=True)
    out = np.array([float(ratio(size(step), size(below(W, step)))) for step, W in pairs])
    return out if finish is None else finish(out, steps, Ws)


def _net_wide(out, steps, Ws):
    return np.full(len(out), _long(steps) / _long(Ws))


def _by_entry(out, steps, Ws):
    return np.array([np.abs(step / W).mean() for step, W in zip(steps, Ws, strict=True)])


def _more_than_one_factor(args, out):
    Ws, dWs = args[:2]
    alone = np.array([np.linalg.norm(g) / np.linalg.norm(W) for W, g in zip(Ws, dWs, strict=True)])
    factors = out["ratio"] / alone
    return float(np.ptp(factors) / np.abs(factors).max()) if factors.any() else 0.0


def _ratio_cases(rng):
    cases = []
    for shapes, norms, c in (
        (((5, 3), (4, 5), (2, 4)), (9, 1.2, 5), rng.uniform(2.0, 2.5)),
        (((4, 4), (4, 4)), (1.5, 1.4), rng.uniform(1.7, 1.8)),  # long together, short each
        (((3, 4), (2, 3)), (0.9, 0.9), rng.uniform(1.4, 1.5)),  # short; its square is not
    ):
        scales = np.array(norms) * rng.uniform(0.97, 1.03, size=len(norms))
        dWs = [rng.normal(size=shape) + 0.4 for shape in shapes]
        dWs = [g * s / np.linalg.norm(g) for g, s in zip(dWs, scales, strict=True)]
        Ws = [rng.choice([-1, 1], size=s) * rng.uniform(0.1, 1, size=s) + 0.1 for s in shapes]
        Ws = [np.where(np.abs(W) < 0.05, 0.2, W) for W in Ws]
        cases.append(Case((Ws, dWs, float(rng.uniform(0.4, 0.6)), float(c)), ("ratio",)))
    return cases


UPDATE_RATIOS = Problem(
    name="ps8.update_ratios",
    reference=update_ratios,
    family=_ratios,
    cases=_ratio_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"ratio": ("layer",)},
    invariants=(
        Invariant("one factor for all layers", _more_than_one_factor, "Your ratios are not ‖dW_l‖/‖W_l‖ times one number for all layers. Learning rate and clipping factor are the same for each of them."),
    ),
    mistakes=(
        Mistake("not clipped", dict(clip=lambda dWs, a, c: dWs), "You use the gradient as it came. The step is made with the clipped one: all arrays times c/‖g‖ where ‖g‖ > c."),
        Mistake("clipped per layer", dict(clip=lambda dWs, a, c: [g * min(1.0, c / np.linalg.norm(g)) for g in dWs]), "You clip each layer by its own norm. Global-norm clipping has one norm, over all layers, and one factor."),
        Mistake("clipped by value", dict(clip=lambda dWs, a, c: [np.clip(g, -c, c) for g in dWs]), "You cut each entry to [−c, c]. Global-norm clipping multiplies all arrays by one factor, c/‖g‖."),
        Mistake("always rescaled", dict(clip=lambda dWs, a, c: [g * c / _long(dWs) for g in dWs]), "You rescale short gradients too. Where ‖g‖ ≤ c the factor is 1."),
        Mistake("root of the norm missing", dict(clip=lambda dWs, a, c: [g * min(1.0, c / _long(dWs) ** 2) for g in dWs]), "Your clipping divides c by the sum of squares. ‖g‖ is its root."),
        Mistake("sum of the norms", dict(clip=lambda dWs, a, c: [g * min(1.0, c / sum(map(np.linalg.norm, dWs))) for g in dWs]), "Your clipping adds the layers' norms. It is their squares that add: ‖g‖ = √(‖g₁‖² + ‖g₂‖² + …)."),
        Mistake("step clipped", dict(clip=lambda dWs, a, c: [g * min(1.0, c / (a * _long(dWs))) for g in dWs]), "You clip the step α g. It is the gradient that is clipped, before the learning rate."),
        Mistake("learning rate missing", dict(rate=lambda a: 1.0), "You compare the gradient with the weights. What moves them is the step, the learning rate times the gradient."),
        Mistake("learning rate squared", dict(rate=lambda a: a**2), "The learning rate is in your ratio twice. The step is α g, and its norm is α‖g‖."),
        Mistake("upside down", dict(ratio=lambda step, W: W / step), "Your ratio is upside down: the step is divided by the weights, so that one part in a thousand is 1/1000."),
        Mistake("squares", dict(ratio=lambda step, W: (step / W) ** 2), "Your ratio is one of squares, of sums of squares. Take the roots: norms."),
        Mistake("log10", dict(finish=lambda out, steps, Ws: np.log10(out)), "You return the logarithm, as it is often plotted. Asked for is the ratio itself."),
        Mistake("divided by the new weights", dict(below=lambda W, step: W - step), "You divide by the weights after the step. Divide by those before it."),
        Mistake("standard deviations", dict(size=np.std), "You divide standard deviations, as some training logs do. A common shift of all entries is then lost; asked for are norms, √Σ W²."),
        Mistake("mean absolute values", dict(size=lambda a: np.abs(a).mean()), "You divide mean absolute values. Asked for are Frobenius norms, √Σ W²."),
        Mistake("largest entries", dict(size=lambda a: np.abs(a).max()), "You divide the largest entries. Asked for are Frobenius norms, √Σ W²."),
        Mistake("largest singular values", dict(size=lambda a: np.linalg.norm(a, 2)), "You divide largest singular values: np.linalg.norm(W, 2) is the spectral norm. Without the 2 it is the Frobenius norm, √Σ W²."),
        Mistake("entry by entry", dict(finish=_by_entry), "You divide entry by entry and average. A weight near 0 then decides: take the norm of each array first."),
        Mistake("one ratio for the net", dict(finish=_net_wide), "You give every layer the ratio of the whole net. The layers are to be told apart: one norm above and one below for each."),
    ),
    hints=(
        "How far does one step move each layer, compared with how large it is? One part in a thousand is usual.",
        "First one factor from all gradients together, then for each layer two Frobenius norms: that of its step and that of its weights.",
        "s = min(1, c/√(Σ over layers of (dW**2).sum())); the ratio of layer l is α s ‖dW_l‖/‖W_l‖.",
    ),
)  # fmt: skip
