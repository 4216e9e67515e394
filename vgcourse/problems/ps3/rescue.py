"""Problem set 3, a repair: thirty layers whose weights were drawn by wrong rules; one factor for each makes it well.

The answer is a list of factors. Whether the net is well is measured here: about 10 ms for each net.
"""

import functools

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps3.measured import leaky, leaky_slope, mean_square

BAND = 4.0  # mean squares may be that much smaller or larger than 1
DEPTH = 30

# --- rescue ----------------------------------------------------------------------------------------


def rescue(x, Ws, masks, leak, keep):
    """Factors c_l such that c_l W_l has n_in Var(w) = 2p/(1 + a²) in every layer.

    Then mean squares stay what they are, forwards (z_l, from E[x²] = 1 on) and backwards.
    """
    nu = 2 * keep / (1 + leak**2)
    factors = []
    for W in Ws:
        n_in = W.shape[1]
        factors.append(np.sqrt(nu / (n_in * W.var())))
    return factors


def signals(x, Ws, masks, leak, keep):
    """Mean squares of every z_l, and of every dz_l for a gradient of ones and minus ones at the top."""
    h, zs = x, []
    for W, m in zip(Ws, masks, strict=True):
        zs.append(h @ W.T)
        h = m * leaky(zs[-1], leak) / keep
    dh, back = np.random.default_rng(0).choice([-1.0, 1.0], size=h.shape), []
    for W, z, m in zip(Ws[::-1], zs[::-1], masks[::-1], strict=True):
        dz = dh * m / keep * leaky_slope(z, leak)
        back.append(mean_square(dz))
        dh = dz @ W
    return np.array([mean_square(z) for z in zs]), np.array(back[::-1])


def _measured_in_turn(x, Ws, masks, leak, keep, *, masked=lambda m, p: m / p, leaks=True):
    """1/rms of every z_l, with all below it repaired: as good as a factor from the variance."""
    h, factors = x, []
    for W, m in zip(Ws, masks, strict=True):
        z = h @ W.T
        factors.append(1 / np.sqrt(mean_square(z)))
        h = masked(m, keep) * leaky(factors[-1] * z, leak if leaks else 0.0)
    return factors


def _in_turn(**parts):
    return functools.partial(_measured_in_turn, **parts)


def _measured_apart(x, Ws, masks, leak, keep):
    """1/rms of every z_l of the net as it is: none knows what was changed below it."""
    forward, _ = signals(x, Ws, masks, leak, keep)
    return (1 / np.sqrt(forward)).tolist()


def _one_for_all(x, Ws, masks, leak, keep):
    return [float(np.exp(np.mean(np.log(rescue(x, Ws, masks, leak, keep)))))] * len(Ws)


def _one_from_the_mean(x, Ws, masks, leak, keep):
    nu = 2 * keep / (1 + leak**2)
    return [float(np.sqrt(nu / np.mean([W.shape[1] * W.var() for W in Ws])))] * len(Ws)


def _one_from_the_end(x, Ws, masks, leak, keep):
    forward, _ = signals(x, Ws, masks, leak, keep)
    return [float(forward[-1] ** (-0.5 / len(Ws)))] * len(Ws)


def _beyond(mean_squares):
    """1 inside the band; else how far the worst layer is outside, below 1 if it is too small."""
    high, low = mean_squares.max() / BAND, mean_squares.min() * BAND
    return high if high > max(1, 1 / low) else min(low, 1.0)


def _as_sizes(output, args):
    x, Ws, masks, leak, keep = args
    factors = as_numbers(output, "one number for each layer")
    if factors.shape != (len(Ws),):
        raise TypeError(f"has shape {factors.shape}; expected ({len(Ws)},), one number for each layer")
    if not (np.abs(factors) < 1e6).all() or not factors.all():  # also NaN
        raise TypeError("holds 0, NaN or a number beyond a million; expected factors that repair")
    repaired = [c * W for c, W in zip(factors, Ws, strict=True)]
    with np.errstate(all="ignore"):
        return np.array([*map(_beyond, signals(x, repaired, masks, leak, keep))])


def _broken_net(rng, depth):
    """Arguments: many inputs, widths near 100, each layer's weights drawn by another wrong rule."""
    leak, keep = float(rng.uniform(0.35, 0.45)), float(rng.uniform(0.7, 0.85))  # ν is none of 1, 2
    widths = rng.permutation(np.arange(85, 86 + depth))
    widths[0] = 700  # so that neither fan stands for the other
    Ws = []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        rule = rng.choice([1 / 3, 1.0, 1.4, 2.4])
        rule = {0: 0.02, 11: 30.0, len(widths) - 2: 0.05}.get(
            len(Ws), rule
        )  # both ends need their own factor
        Ws.append(rng.standard_normal((n_out, n_in)) * np.sqrt(rule / n_in))
    x = rng.standard_normal((40, widths[0]))
    masks = [(rng.random((40, n)) < keep).astype(float) for n in widths[1:]]
    return x / np.sqrt(mean_square(x)), Ws, masks, leak, keep


def _rescue_cases(rng):
    cases = []
    while len(cases) < 2:
        args = _broken_net(rng, DEPTH - 3 * len(cases))
        if all(map(_is_well, [args, args], (rescue(*args), _measured_in_turn(*args)))):
            cases.append(Case(args, ("both ways in the band",)))
    return cases


def _is_well(args, factors, band=3.0):
    """Do the factors repair this net with room to spare?"""
    x, Ws, *rest = args
    repaired = signals(x, [c * W for c, W in zip(factors, Ws, strict=True)], *rest)
    return all(1 / band < sizes.min() and sizes.max() < band for sizes in repaired)


def _sized(way, sign):
    """How far a way, 0 up and 1 down, is beyond the band on one side."""

    def residual(args, out):
        (sizes,) = out.values()
        return max(0.0, sign * float(np.log(max(sizes[way], 1e-300))))

    return residual


RESCUE = Problem(
    name="ps3.rescue",
    reference=rescue,
    cases=_rescue_cases,
    adapt=_as_sizes,
    exact=True,
    likeness=0.03,
    points=5,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("forwards too small", _sized(0, -1), "In some layer E[z²] is below ¼: the signal fades on the way up."),
        Invariant("forwards too large", _sized(0, 1), "In some layer E[z²] is above 4: the signal grows on the way up."),
        Invariant("backwards too small", _sized(1, -1), "In some layer E[dz²] is below ¼: the gradient fades on the way down."),
        Invariant("backwards too large", _sized(1, 1), "In some layer E[dz²] is above 4: the gradient grows on the way down."),
    ),
    mistakes=(
        Mistake("nothing repaired", lambda x, Ws, masks, leak, keep: [1.0] * len(Ws), "All factors are 1: the net is as ill as it was."),
        Mistake("He's rule as it stands", edit(" * keep / (1 + leak**2)", ""), "You brought every layer to ν = 2, He's rule. This net leaks, and it drops units: both make signals larger than in a plain ReLU net."),
        Mistake("LeCun's or Glorot's rule as it stands", edit("2 * keep / (1 + leak**2)", "1"), "You brought every layer to ν = 1, which is LeCun's rule, and nearly Glorot's. That keeps linear units level; here the activation takes away and the dropout adds."),
        Mistake("dropout forgotten", edit(" * keep", ""), "Your factors know the leak, but not the dropout: dividing by p makes the second moment 1/p times larger, in every layer."),
        Mistake("leak forgotten", edit(" / (1 + leak**2)", ""), "Your factors know the dropout, but not the leak: the leaky side keeps a² of its half."),
        Mistake("leak not squared", edit("leak**2", "leak"), "Your target is 2p/(1 + a). Mean squares have a²."),
        Mistake("p upside down", edit(" * keep", " / keep"), "Your target is divided by p. Dropout makes second moments 1/p times larger, so the weights have to be smaller."),
        Mistake("LeCun's target", edit("2 * ", ""), "Your target lacks the 2: the activation keeps ½(1 + a²) of a mean square, so n Var(w) is 2p/(1 + a²)."),
        Mistake("variance for standard deviation", edit("np.sqrt(nu", "(nu"), "Your factors are the ratio of the variances. A factor c of the weights multiplies their variance by c²: take the root."),
        Mistake("factor upside down", edit("np.sqrt(nu", "1 / np.sqrt(nu"), "Your factors are upside down: weights that are too small need a factor above 1."),
        Mistake("n forgotten", edit("n_in * W", "W"), "You made Var(w) itself 2p/(1 + a²). It is n_in Var(w) that has to be that."),
        Mistake("fan-out for fan-in", edit("W.shape[1]", "W.shape[0]"), "You count W.shape[0], a layer's own units. z_l adds up over the inputs, W.shape[1]; the first layer has many more of those."),
        Mistake("first layer left as it was", edit("return factors", "return [1.0, *factors[1:]]"), "Your first factor is 1. The first layer was drawn by a wrong rule as well, and all above it inherit its size."),
        Mistake("last layer left as it was", edit("return factors", "return [*factors[:-1], 1.0]"), "Your last factor is 1. The last layer was drawn by a wrong rule as well; the gradient of all layers below comes through it."),
        Mistake("dropout and leak exchanged", edit("2 * keep / (1 + leak**2)", "2 / keep * (1 + leak**2)"), "Your target is 2(1 + a²)/p. Leak and dropout make signals larger, so the weights have to be smaller: 2p/(1 + a²)."),
        Mistake("leak upside down", edit(" / (1 + leak**2)", " * (1 + leak**2)"), "Your target is multiplied by 1 + a². The leak makes signals larger, so the weights have to be smaller: divide."),
        Mistake("p twice", edit("* keep", "* keep**2"), "Your target has p². Of (m/p)², whose mean is p/p², one p is left to make up for."),
        Mistake("root of p", edit("* keep", "* keep**0.5"), "Your target has √p. n Var(w) is a mean square: it takes the whole p, 2p/(1 + a²); the root comes at the end."),
        Mistake("one factor for all", _one_for_all, "You use one factor for all layers. The end may be right with it, but every layer was drawn by another rule, and in between the signals wander off."),
        Mistake("measured apart", _measured_apart, "Your factors are 1/rms of each z_l in the broken net. Once a layer is repaired, all above it see another input: go layer by layer, with the repaired signal."),
        Mistake("measured without dropout", _in_turn(masked=lambda m, p: 1.0), "You measure each z_l in a net without dropout. The net has it, and m/p makes second moments 1/p times larger in every layer: send the signal through masks[l]/keep."),
        Mistake("measured without 1/p", _in_turn(masked=lambda m, p: m), "You mask the signal that you measure without dividing it by p. The net divides: h = m ⊙ f(z)/p."),
        Mistake("measured with a ReLU", _in_turn(leaks=False), "You measure each z_l in a net of plain ReLUs. Below 0 this one puts out a·z."),
        Mistake("standard deviation for the variance", edit("W.var()", "W.std()"), "You divide by n_in times the standard deviation of w. What has to be 2p/(1 + a²) is n_in times the variance."),
        Mistake("weights as if of variance 1", edit(" * W.var()", ""), "Your factors are √(ν/n_in), the standard deviation that the weights should have. They have one already: divide by it."),
        Mistake("largest singular value", edit("np.sqrt(nu / (n_in * W.var()))", "1 / np.linalg.norm(W, 2)"), "You made the largest singular value 1. The average direction is then shrunk by a half in every layer, and that is what counts here."),
        Mistake("last layer first", edit("return factors", "return factors[::-1]"), "Your list starts with the last layer. Entry 0 belongs to Ws[0]."),
        Mistake("one factor from the mean variance", _one_from_the_mean, "You use one factor for all layers, from the average of their variances. Every layer was drawn by another rule, so each needs its own."),
        Mistake("one factor from the end", _one_from_the_end, "You use one factor for all layers, which makes the last signal right. In between the signals wander off: every layer was drawn by another rule."),
        Mistake("measured with a ReLU without 1/p", _in_turn(masked=lambda m, p: m, leaks=False), "You measure each z_l in a net of plain ReLUs whose masks lack their 1/p. This net leaks, and it divides by p: h = m ⊙ f(z)/p."),
        Mistake("measured with a ReLU without dropout", _in_turn(masked=lambda m, p: 1.0, leaks=False), "You measure each z_l in a net of plain ReLUs without dropout. This net leaks below 0, and it has masks with 1/p."),
        Mistake("first layer alone", edit("return factors", "return [factors[0]] + [1.0] * (len(Ws) - 1)"), "You repaired the first layer alone. Every layer was drawn by another rule, so each needs its own factor."),
        Mistake("last layer alone", edit("return factors", "return [1.0] * (len(Ws) - 1) + [factors[-1]]"), "You repaired the last layer alone. Every layer was drawn by another rule, so each needs its own factor."),
        Mistake("ends left as they were", edit("return factors", "return [1.0, *factors[1:-1], 1.0]"), "Your first and your last factor are 1. Those layers were drawn by wrong rules as well."),
        Mistake("weights of variance 1", edit("np.sqrt(nu / (n_in * W.var()))", "1 / W.std()"), "You brought every weight to variance 1. A unit sums n_in of them: it is n_in Var(w) that has to be right."),
        Mistake("weights of length 1", edit("np.sqrt(nu / (n_in * W.var()))", "1 / np.linalg.norm(W)"), "You divide each matrix by the root of the sum of all its squares. A unit feels its own n_in weights alone: n_in Var(w)."),
        Mistake("square of the mean slope", edit("2 * keep / (1 + leak**2)", "4 * keep / (1 + leak) ** 2"), "Your target is 4p/(1 + a)², from the square of the average slope. Squares come before averages: ½(1 + a²) of a mean square is kept."),
        Mistake("keep read as the drop probability", edit("* keep", "* (1 - keep)"), "Your target has 1 − keep. keep is the probability that a unit is kept."),
        Mistake("difference of the sides", edit("(1 + leak**2)", "(1 - leak**2)"), "Your target has 1 − a². Both sides of the activation put something out, and their squares add."),
        Mistake("inverse of the target", edit("nu / (n_in * W.var())", "1 / (nu * n_in * W.var())"), "Your factors divide by ν. n_in Var(w) has to become ν, so c² is ν over what it is now."),
        Mistake("first layer alone, measured", lambda x, Ws, *rest: [*_measured_in_turn(x, Ws, *rest)[:1], *[1.0] * (len(Ws) - 1)], "You repaired the first layer alone. Every layer was drawn by another rule, so each needs its own factor."),
        Mistake("factors multiplied up", edit("return factors", "return np.cumprod(factors).tolist()"), "Your factors are products of all below. Each W_l gets its own alone: what is repaired below is in the signal already."),
        Mistake("one layer late", edit("return factors", "return [1.0, *factors[:-1]]"), "Your factors are one layer late: entry l holds that of the layer below."),
        Mistake("one layer early", edit("return factors", "return [*factors[1:], 1.0]"), "Your factors are one layer early: entry l holds that of the layer above."),
        Mistake("variance in the place of the standard deviation", edit("np.sqrt(nu / (n_in * W.var()))", "np.sqrt(nu / n_in) / W.var()"), "You divide √(ν/n_in) by the variance of w. It is the standard deviation that it has to be divided by."),
        Mistake("n without its root", edit("np.sqrt(nu / (n_in * W.var()))", "np.sqrt(nu) / (n_in * W.std())"), "You divide by n_in. It stands under the root: √(ν/(n_in Var(w)))."),
        Mistake("n as a factor", edit("(n_in * W.var())", "(W.var() / n_in)"), "Your n_in is upside down: many inputs make a sum larger, so the weights have to be smaller."),
        Mistake("He for the fan-out", edit("nu / (n_in * W.var())", "2 / (len(W) * W.var())"), "Your factors are He's for the way back, 2/n_out, without leak and dropout. The target is n_in Var(w) = 2p/(1 + a²)."),
        Mistake("variance of the first layer for all", edit("    for W in Ws:", "    for W in [Ws[0]] * len(Ws):"), "You use the variance of the first layer for all. Each layer was drawn by another rule: measure each."),
        Mistake("square of 1 + a", edit("(1 + leak**2)", "(1 + leak) ** 2"), "Your target has (1 + a)². The two sides add up by their squares: 1 + a²."),
    ),
    hints=(
        "Which ν = n_in Var(w) keeps both mean squares in a net with this leak and this dropout? Parts 6 and 7 hold the two factors.",
        "You are given weights, not their rule: np.var(W) measures Var(w). c·W has the variance c² Var(w). Or measure the signal itself, layer by layer: z_l has to have the mean square 1.",
        "A layer multiplies mean squares by n_in Var(w) · ½(1 + a²)/p, and that has to be 1. What is it now, and what does a factor c of the weights make of it?",
    ),
)  # fmt: skip
