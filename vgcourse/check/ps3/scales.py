"""Problem set 3 on rules: the standard deviation and the uniform limit that each asks for; a cut normal."""

import math

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import variance

RULES = ("uniform_fan_in", "lecun", "glorot", "he")
UNIT_UNIFORM_STD = 1 / math.sqrt(3)  # of U[−1, 1]

# --- init_scale ------------------------------------------------------------------------------------


def init_scale(rule, n_in, n_out):
    """Standard deviation of a weight, and the limit a of U[−a, a] with that standard deviation, a²/3 = Var.

    Variances: uniform_fan_in 1/(3 n_in), lecun 1/n_in, glorot 2/(n_in + n_out), he 2/n_in.
    """
    std = math.sqrt(variance(rule, (n_out, n_in)))
    return std, math.sqrt(3) * std


def _scale(
    rule,
    n_in,
    n_out,
    *,
    swapped=False,
    uniform_std=UNIT_UNIFORM_STD,
    lecun=1,
    glorot=2,
    glorot_sum=lambda n_in, n_out: n_in + n_out,
    he=2,
    he_fan=lambda n_in, n_out: n_in,
    he_root=True,
    finish=math.sqrt,
    one_fan_spread=None,
    glorot_spread=None,
    spread=3,
    limit_power=1,
):
    """Standard deviation and limit with exchangeable parts."""
    if swapped:
        n_in, n_out = n_out, n_in
    if rule == "uniform_fan_in":
        limit = 1 / math.sqrt(n_in)
        return (uniform_std * limit if finish is math.sqrt else finish(limit**2 / 3)), limit**limit_power
    n = {"lecun": n_in, "glorot": glorot_sum(n_in, n_out), "he": he_fan(n_in, n_out)}[rule]
    std = finish({"lecun": lecun, "glorot": glorot, "he": he}[rule] / n)
    if rule == "he" and not he_root:
        std = math.sqrt(he) / n
    own = glorot_spread if rule == "glorot" else one_fan_spread
    return std, (math.sqrt(spread if own is None else own) * std) ** limit_power


def _scale_cases(rng):
    cases = []
    for rule in RULES:
        small, large = (int(n) for n in (rng.integers(20, 60), rng.integers(90, 200)))
        names = (f"std ({rule})", f"limit ({rule})")
        cases += [Case((rule, small, large), names), Case((rule, large, small), names)]
    return cases


def _fits(args, out):
    rule = args[0]
    return relative_error(out[f"limit ({rule})"], math.sqrt(3) * out[f"std ({rule})"])


INIT_SCALE = Problem(
    name="ps3.init_scale",
    reference=init_scale,
    family=_scale,
    cases=_scale_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("limit = √3 std", _fits, "Your limit and your std do not describe the same spread. U[−a, a] has the variance a²/3, so for every rule a = √3 std."),
    ),
    mistakes=(
        Mistake("n_out for n_in", dict(swapped=True), "You use n_out. A unit sums n_in terms, so it is n_in that keeps the forward signal; n_out belongs to the way back."),
        Mistake("Glorot with n_in alone", dict(glorot_sum=lambda n_in, n_out: 2 * n_in), "Your Glorot rule knows n_in only, which makes it LeCun's. It averages both directions: Var = 2/(n_in + n_out)."),
        Mistake("2 missing in Glorot", dict(glorot=1), "Your Glorot rule is built on the variance 1/(n_in + n_out). With n_in = n_out = n it has to become 1/n, so the numerator is 2."),
        Mistake("6 for 2 in Glorot", dict(glorot=6), "Your Glorot std is √(6/(n_in + n_out)). That is the limit of the uniform draw; the standard deviation is √3 times smaller."),
        Mistake("root taken twice", dict(finish=lambda v: v**0.25), "You take √(2/n) for the variance and its root for the standard deviation. The variance is 2/n (1/n for LeCun): one root."),
        Mistake("variance as standard deviation", dict(finish=lambda v: v), "Your std is the variance, 2/n in place of √(2/n). Take the root; numpy's normal asks for the standard deviation too."),
        Mistake("limit without √3", dict(one_fan_spread=1), "Your limit for LeCun or He is √(1/n) or √(2/n), which is what the standard deviation has to be. U[−a, a] has the standard deviation a/√3, so the limit is √3 times as large."),
        Mistake("√(2/Σ) for √(6/Σ) in Glorot", dict(glorot_spread=1), "Your Glorot limit lacks the √3 of a uniform draw. √(2/(n_in + n_out)) is the standard deviation; in the limit its 2 becomes a 6."),
        Mistake("full width for the limit", dict(spread=12), "Your limit is √12 std, the full width from −a to a. Asked for is a, half of it."),
        Mistake("results exchanged", lambda *args: _scale(*args)[::-1], "Your two results are exchanged: the standard deviation comes first, then the limit, which is √3 times as large."),
        Mistake("√6 for √3", lambda *args: _scale(*args, spread=6), "Your limit is √6 std. The √6 of Glorot's and He's limits is √3 times the √2 that is in the standard deviation already."),
        Mistake("limit without its root", dict(limit_power=2), "Your limit is a square: 6/(n_in + n_out) for Glorot, for instance. Take its root."),
        Mistake("3 for √3", dict(spread=9), "Your limit is 3 std. The 3 is in the variance, Var = a²/3, so the limit has its root."),
        Mistake("limit taken as standard deviation", dict(uniform_std=1.0), "For uniform_fan_in your std is 1/√n, which is the limit. Draws spread over [−a, a] have the standard deviation a/√3: the reason why this rule shrinks signals."),
        Mistake("a²/12 for a²/3", dict(uniform_std=1 / math.sqrt(12)), "For uniform_fan_in your variance is a²/12. The 12 goes with the full width: (2a)²/12 = a²/3."),
        Mistake("He without the 2", dict(he=1), "Your He rule is built on the variance 1/n_in, which is LeCun's for linear units. A ReLU removes half of the second moment, and He's 2 makes up for it."),
        Mistake("LeCun with a 2", dict(lecun=2), "Your LeCun rule is built on the variance 2/n_in, which is He's. Without a ReLU nothing is lost, and 1/n_in keeps the signal."),
        Mistake("He over n", dict(he_root=False), "Your He std is √2/n. The n stands under the root as well: √(2/n)."),
        Mistake("He with the average of both sizes", dict(he_fan=lambda n_in, n_out: (n_in + n_out) / 2), "Your He rule divides by the average of n_in and n_out. That is Glorot's compromise; He's variance is 2/n_in."),
    ),
    hints=(
        "Each rule is one variance. Its root is the standard deviation; the limit is what a uniform draw needs to have the same one.",
        "U[−a, a] has variance a²/3. For uniform_fan_in the limit 1/√n_in is given, so go from it to the variance; for the others go the other way.",
        "n_in · Var(w) is 1/3 for uniform_fan_in, 1 for lecun, 2 for he. For glorot, the mean of n_in and n_out takes the place of n_in, and the product is 1.",
    ),
)  # fmt: skip


# --- truncated_normal ------------------------------------------------------------------------------


def truncated_normal(std, cut):
    """A normal without draws beyond ±cut of its own standard deviations σ: how large σ has to be.

    P = erf(c/√2) of the draws are kept, the standard deviation shrinks by √(1 − 2 c φ(c)/P), with
    φ(c) = e^(−c²/2)/√(2π), and σ = std / shrink gives what is left the standard deviation `std`.

    Returns kept, shrink, sigma.
    """
    return _truncated(std, cut)


def _density(cut):
    return math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)


def _shrunk(cut, kept):
    """Variance of a standard normal whose draws beyond ±cut are drawn again."""
    return 1 - 2 * cut * _density(cut) / kept


def _truncated(
    std,
    cut,
    *,
    kept=lambda c: math.erf(c / math.sqrt(2)),
    report=lambda kept: kept,
    variance=_shrunk,
    root=True,
    sigma=lambda std, shrink: std / shrink,
):
    """The three numbers with exchangeable parts."""
    std, cut = float(std), float(cut)
    share = kept(cut)
    shrink = variance(cut, share)
    shrink = math.sqrt(shrink) if root else shrink
    return report(share), shrink, sigma(std, shrink)


def _clipped(cut, kept):
    return kept - 2 * cut * _density(cut) + cut**2 * (1 - kept)


def _truncated_cases(rng):
    cuts = (2.0, float(rng.uniform(1.1, 1.6)), float(rng.uniform(2.2, 2.6)))
    return [Case((float(rng.uniform(0.05, 0.5)), cut), ("kept", "shrink", "sigma")) for cut in cuts]


TRUNCATED_NORMAL = Problem(
    name="ps3.truncated_normal",
    reference=truncated_normal,
    family=_truncated,
    cases=_truncated_cases,
    points=3,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("sigma · shrink = std", lambda args, out: relative_error(out["sigma"] * out["shrink"], args[0]), "Your sigma times your shrink is not std. The cut multiplies the standard deviation by shrink, and what comes out has to be std."),
    ),
    mistakes=(
        Mistake("not rescaled", dict(sigma=lambda std, shrink: std), "Your sigma is std, as if nothing were cut. The cut takes the largest draws away, so the weights would come out too small."),
        Mistake("multiplied, not divided", dict(sigma=lambda std, shrink: std * shrink), "You multiply std by the shrink factor. The cut already makes the weights smaller; to make up for it, divide."),
        Mistake("divided by the variance", dict(sigma=lambda std, shrink: std / shrink**2), "Your sigma is std divided by the variance of what is left. Standard deviations scale with their own factor: divide by shrink, once."),
        Mistake("cut at two, always", dict(variance=lambda cut, kept: _shrunk(2.0, math.erf(math.sqrt(2)))), "Your shrink is the one of a cut at 2, whatever `cut` is. Work it out from the cut."),
        Mistake("variance for standard deviation", dict(root=False), "Your shrink is the variance of what is left. A standard deviation is asked for: take its root."),
        Mistake("clipped, not drawn again", dict(variance=_clipped), "Your variance is that of clipped draws, which pile up at ±cut. Here draws beyond the cut are thrown away and drawn again."),
        Mistake("one tail only", dict(kept=lambda c: 0.5 * (1 + math.erf(c / math.sqrt(2)))), "Your share cuts the upper tail only: it is Φ(c). Both tails go, and what is kept is Φ(c) − Φ(−c)."),
        Mistake("erf without √2", dict(kept=math.erf), "Your share is erf(c). The error function is the integral of e^(−t²), without the ½ of the normal density: its argument is c/√2."),
        Mistake("share that is cut off", dict(report=lambda kept: 1 - kept), "Your kept is the share beyond the cut. Asked for is the share that stays."),
        Mistake("one edge only", dict(variance=lambda cut, kept: 1 - cut * _density(cut) / kept), "Your variance takes away c φ(c) once. Integrating by parts leaves this term at both edges, −c and c."),
        Mistake("c missing at the edge", dict(variance=lambda cut, kept: 1 - 2 * _density(cut) / kept), "Your edge term is φ(c). Integrating z · zφ(z) by parts leaves z φ(z) at the edges: c φ(c)."),
        Mistake("edge term not divided by the share", dict(variance=lambda cut, kept: 1 - 2 * cut * _density(cut)), "Your edge term is not divided by the share that is kept. What is left has to be a density again: all of ∫z²φ(z)dz is divided by P."),
        Mistake("not divided by the share", dict(variance=lambda cut, kept: kept - 2 * cut * _density(cut)), "Your variance is the integral ∫z²φ(z)dz from −c to c alone. The draws that are kept have probability P in all: divide by P."),
    ),
    hints=(
        "Work with a standard normal first: which share of the draws stays, and what is their mean square?",
        "The share is P(|z| < c) = erf(c/√2). The mean square is ∫z²φ(z)dz from −c to c, divided by the share. φ'(z) = −z φ(z), so integrate by parts.",
        "∫z²φ(z)dz from −c to c is P − 2 c φ(c). The root of what you get is the shrink factor, and sigma makes up for it.",
    ),
)  # fmt: skip
