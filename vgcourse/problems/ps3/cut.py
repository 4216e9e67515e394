"""Problem set 3 on rules: a normal that is cut."""

import math

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- truncated_normal ------------------------------------------------------------------------------


def truncated_normal(std, cut):
    """A normal without draws beyond ±cut of its own standard deviations σ: how large σ has to be.

    P = erf(c/√2) of the draws are kept, the standard deviation shrinks by √(1 − 2 c φ(c)/P), with
    φ(c) = e^(−c²/2)/√(2π), and σ = std / shrink gives what is left the standard deviation `std`.

    Returns kept, shrink, sigma.
    """
    kept = math.erf(cut / math.sqrt(2))
    phi = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * cut * phi / kept
    shrink = math.sqrt(variance)
    sigma = std / shrink
    return kept, shrink, sigma


def _root_or_nan(variance):
    """As numpy's root; only edits call it."""
    return math.sqrt(variance) if variance >= 0 else math.nan


def _nearly(args, out):
    """1 where the shrink of a near cut is close to the right one and not exact, else 0."""
    std, cut = args
    error = relative_error(out["shrink"], truncated_normal(std, cut)[1])
    return float(cut < 0.5 and 1e-5 < error < 0.02)


def _truncated_cases(rng):
    """Cuts at 2, around it, far and near."""
    ranges = (2.0, 2.0), (1.1, 1.6), (2.2, 2.6), (0.9, 1.0), (4.1, 4.4), (0.2, 0.3)
    stds = [*rng.uniform(0.5, 0.8, size=5), rng.uniform(1.3, 1.9)]
    return [
        Case((float(std), float(rng.uniform(*cuts))), ("kept", "shrink", "sigma"))
        for std, cuts in zip(stds, ranges, strict=True)
    ]


TRUNCATED_NORMAL = Problem(
    name="ps3.truncated_normal",
    reference=truncated_normal,
    cases=_truncated_cases,
    points=3,
    lecture='lecture 4, "Initialisation"',
    flow=("kept", "shrink", "sigma"),
    invariants=(
        Invariant("sigma · shrink = std", lambda args, out: relative_error(out["sigma"] * out["shrink"], args[0]), "Your sigma times your shrink is not std. The cut multiplies the standard deviation by shrink, and what comes out has to be std."),
        Invariant("a sum on a grid", _nearly, "For a near cut your shrink is close and not exact. A sum on a grid ends beside the cut; by parts the integral is P − 2 c φ(c), exact for every cut."),
    ),
    mistakes=(
        Mistake("not rescaled", edit("sigma = std / shrink", "sigma = std"), "Your sigma is std, as if nothing were cut. The cut takes the largest draws away, so the weights would come out too small."),
        Mistake("multiplied, not divided", edit("sigma = std / shrink", "sigma = std * shrink"), "You multiply std by the shrink factor. The cut already makes the weights smaller; to make up for it, divide."),
        Mistake("divided by the variance", edit("sigma = std / shrink", "sigma = std / shrink**2"), "Your sigma is std divided by the variance of what is left. Standard deviations scale with their own factor: divide by shrink, once."),
        Mistake("cut at two, always", edit("phi = ", "cut = 2.0\n    phi = ", "phi / kept", "phi / math.erf(math.sqrt(2))"), "Your shrink is the one of a cut at 2, whatever `cut` is. Work it out from the cut.", whole=True, beside_the_point=True),
        Mistake("variance for standard deviation", edit("math.sqrt(variance)", "variance"), "Your shrink is the variance of what is left. A standard deviation is asked for: take its root."),
        Mistake("clipped, not drawn again", edit("1 - 2 * cut * phi / kept", "kept - 2 * cut * phi + cut**2 * (1 - kept)"), "Your variance is that of clipped draws, which pile up at ±cut. Here draws beyond the cut are thrown away and drawn again."),
        Mistake("one tail only", edit("kept = math.erf", "kept = 0.5 + 0.5 * math.erf"), "Your share cuts the upper tail only: it is Φ(c). Both tails go, and what is kept is Φ(c) − Φ(−c)."),
        Mistake("erf without √2", edit("cut / math.sqrt(2)", "cut"), "Your share is erf(c). The error function is the integral of e^(−t²), without the ½ of the normal density: its argument is c/√2."),
        Mistake("share that is cut off", edit("return kept", "return 1 - kept"), "Your kept is the share beyond the cut. Asked for is the share that stays."),
        Mistake("density without √(2π)", edit(" / math.sqrt(2 * math.pi)", "", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your φ is e^(−c²/2) without its 1/√(2π): so much taken away can leave a negative variance."),
        Mistake("density without √(2π), a root that fails", edit(" / math.sqrt(2 * math.pi)", ""), "Your φ is e^(−c²/2) without its 1/√(2π). For some cuts that takes away more than there is: the root of a negative number."),
        Mistake("density over 2π", edit("math.sqrt(2 * math.pi)", "(2 * math.pi)"), "Your φ is divided by 2π. It is √(2π)."),
        Mistake("density without the ½", edit("-(cut**2) / 2", "-(cut**2)"), "Your φ is e^(−c²)/√(2π). The exponent has a half: −c²/2."),
        Mistake("density over √π", edit("math.sqrt(2 * math.pi)", "math.sqrt(math.pi)", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your φ is divided by √π. It is √(2π)."),
        Mistake("edge term added", edit("1 - ", "1 + "), "You add the edge term. Integrating by parts leaves −2 c φ(c): the cut takes spread away, so the variance is below 1."),
        Mistake("edge term times the share", edit("/ kept", "* kept"), "You multiply the edge term by the share that is kept. What is left has to be a density again: divide by P."),
        Mistake("share for the variance", edit("1 - 2 * cut * phi / kept", "kept"), "Your variance is the share that is kept. The share is ∫φ(z)dz; the variance is ∫z²φ(z)dz, divided by that."),
        Mistake("share for the shrink", edit("1 - 2 * cut * phi / kept", "kept**2"), "Your shrink is the share that is kept. How many draws stay is one question, how far they spread is another: √(∫z²φ(z)dz/P)."),
        Mistake("sigma divided by the share", edit("sigma = std / shrink", "sigma = std / kept"), "Your sigma is std divided by the share that is kept. What the cut multiplies is the standard deviation, by shrink: divide by that."),
        Mistake("cut in the units of the weights", lambda std, cut: truncated_normal(std, cut / std), "You divide cut by std. It counts standard deviations already: work with a standard normal, cut at ±cut."),
        Mistake("c squared at the edge", edit("2 * cut", "2 * cut**2", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your edge term is c² φ(c). Integrating z · zφ(z) by parts leaves z φ(z) at the edges: c φ(c)."),
        Mistake("one edge only", edit("2 * cut", "cut"), "Your variance takes away c φ(c) once. Integrating by parts leaves this term at both edges, −c and c."),
        Mistake("c missing at the edge", edit("2 * cut", "2"), "Your edge term is φ(c). Integrating z · zφ(z) by parts leaves z φ(z) at the edges: c φ(c)."),
        Mistake("c missing at the edge, no number", edit("2 * cut", "2", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your edge term is φ(c). Integrating z · zφ(z) by parts leaves z φ(z) at the edges, c φ(c); for a near cut φ(c) alone takes away more than there is."),
        Mistake("edge term not divided by the share", edit(" / kept", ""), "Your edge term is not divided by the share that is kept. What is left has to be a density again: all of ∫z²φ(z)dz is divided by P."),
        Mistake("not divided by the share", edit("1 - 2 * cut * phi / kept", "kept - 2 * cut * phi"), "Your variance is the integral ∫z²φ(z)dz from −c to c alone. The draws that are kept have probability P in all: divide by P."),
        Mistake("φ at c/√2", edit("-(cut**2) / 2", "-(cut**2) / 4"), "Your φ is taken at c/√2. That is the argument of erf; the density belongs at c itself, e^(−c²/2)/√(2π)."),
        Mistake("cut at two, everywhere", edit("kept = ", "cut = 2.0\n    kept = "), "All three of your results are those of a cut at 2, whatever `cut` is.", whole=True, beside_the_point=True),
        Mistake("variance of an even draw", edit("1 - 2 * cut * phi / kept", "cut**2 / 3"), "Your variance is c²/3, that of an even draw on [−c, c]. What is left of the normal is still higher in the middle: solve the integral with φ."),
        Mistake("root of the shrink factor", edit("sigma = std / shrink", "sigma = std / math.sqrt(shrink)"), "Your sigma is std divided by the root of shrink. shrink is a factor of standard deviations already: no root is left to take."),
        Mistake("share in the sigma as well", edit("sigma = std / shrink", "sigma = std / (shrink * kept)"), "Your sigma is divided by the share that is kept, too. The share is in shrink already; what is left has to be divided by that alone."),
        Mistake("the variance lost", edit("1 - 2 * cut * phi / kept", "2 * cut * phi / kept"), "Your variance is what the cut takes away. What is left is 1 minus that."),
        Mistake("mean size for the root mean square", edit("math.sqrt(variance)", "2 * (1 / math.sqrt(2 * math.pi) - phi) / kept"), "Your shrink is the mean of |ζ|. A standard deviation is the root of the mean of ζ²."),
        Mistake("far cuts taken for none", lambda std, cut: (1.0, 1.0, std) if cut >= 4 else truncated_normal(std, cut), "For a far cut you say that nothing is cut. Little is, and the same formulas tell how little: they hold for every cut."),
        Mistake("share squared", edit("/ kept", "/ kept**2", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your edge term is divided by P². What is left is divided by P once."),
        Mistake("tail for the density", edit("2 * cut * phi / kept", "2 * cut * (1 - kept) / kept", "math.sqrt(variance)", "_root_or_nan(variance)"), "Where φ(c) belongs you have 1 − P, the probability of the tails. φ is the density at the cut."),
        Mistake("share cut off, in the variance too", edit("phi / kept", "phi / (1 - kept)", "math.sqrt(variance)", "_root_or_nan(variance)"), "You divide the edge term by 1 − P, the share that is thrown away. What is left has the probability P."),
        Mistake("inverse of the shrink", edit("return kept, shrink", "return kept, 1 / shrink"), "Your shrink is upside down: the cut makes a standard deviation smaller, so shrink is below 1. sigma is where you divide by it."),
        Mistake("shrink upside down", edit("math.sqrt(variance)", "1 / math.sqrt(variance)"), "Your shrink is upside down: the cut makes a standard deviation smaller, so shrink is below 1, and sigma = std/shrink."),
        Mistake("std forgotten", edit("sigma = std / shrink", "sigma = 1 / shrink"), "Your sigma does not know std: it is 1/shrink. It has to be std/shrink."),
        Mistake("variance of the std", edit("sigma = std / shrink", "sigma = std**2 / shrink"), "Your sigma is std²/shrink. std is a standard deviation, no root and no square is due: std/shrink."),
        Mistake("variance of sigma", edit("sigma = std / shrink", "sigma = (std / shrink) ** 2"), "Your sigma is a variance. Asked for is the standard deviation, std/shrink."),
        Mistake("one sigma taken off", edit("sigma = std / shrink", "sigma = std + (1 - shrink) * std"), "You add what is lost, (1 − s) std. The cut multiplies whatever σ is, so it takes std/s."),
        Mistake("clipped mean square", edit("1 - 2 * cut * phi / kept", "kept - 2 * cut * phi + cut**2 * (1 - kept) / 2"), "Your variance holds draws that pile up at the cut. Here draws beyond it are thrown away and drawn again."),
        Mistake("edge term of one side of the normal", edit("1 - 2 * cut * phi / kept", "1 - cut * phi / kept - (phi / kept) ** 2"), "Your formula is that of a normal cut on one side: its mean moves. Here both sides are cut and the mean stays 0."),
        Mistake("density squared", edit("2 * cut * phi / kept", "(2 * phi / kept) ** 2"), "You take off the square of a mean, as for a cut on one side. Both sides are cut, the mean is 0, and what goes is 2 c φ(c)/P."),
        Mistake("share of the upper half", edit("kept = math.erf(cut / math.sqrt(2))", "kept = math.erf(cut / math.sqrt(2)) / 2", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your share is ½ erf(c/√2), the part between 0 and c. Both sides are kept: erf(c/√2)."),
        Mistake("share of the upper half returned", edit("return kept", "return kept / 2"), "Your kept is ½ erf(c/√2), the part between 0 and c. Both sides are kept: erf(c/√2)."),
        Mistake("both tails taken off one tail's share", edit("kept = math.erf", "kept = 1 - 2 * math.erfc", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your share takes 2 erfc(c/√2) off. erfc holds both tails already: P = 1 − erfc(c/√2)."),
        Mistake("root of the share", edit("1 - 2 * cut * phi / kept", "1 - 2 * cut * phi / math.sqrt(kept)", "math.sqrt(variance)", "_root_or_nan(variance)"), "You divide by √P. What is left has the probability P: divide by P, before any root."),
        Mistake("near cuts taken for even draws", lambda std, cut: (2 * cut / math.sqrt(2 * math.pi), cut / math.sqrt(3), std * math.sqrt(3) / cut) if cut < 0.5 else truncated_normal(std, cut), "For a near cut you take the density as flat. It nearly is, and the same formulas tell how nearly: they hold for every cut.", whole=True),
        Mistake("shrink of near cuts taken for an even draw's", lambda std, cut: (truncated_normal(std, cut)[0], cut / math.sqrt(3), std * math.sqrt(3) / cut) if cut < 0.5 else truncated_normal(std, cut), "For a near cut you take c/√3, an even draw's. The same formula holds for every cut.", whole=True),
        Mistake("mean size for the variance", edit("1 - 2 * cut * phi / kept", "2 * (1 / math.sqrt(2 * math.pi) - phi) / kept"), "Your variance is the mean of |ζ|. It is the mean of ζ²."),
        Mistake("std inside the density", edit("math.sqrt(2 * math.pi)", "(std * math.sqrt(2 * math.pi))", "math.sqrt(variance)", "_root_or_nan(variance)"), "Your φ has a 1/std. Work with a standard normal: the cut counts in its own standard deviations."),
    ),
    hints=(
        "Work with a standard normal first: which share of the draws stays, and what is their mean square?",
        "The share is P(|z| < c) = erf(c/√2). The mean square is ∫z²φ(z)dz from −c to c, divided by the share. φ'(z) = −z φ(z), so integrate by parts.",
        "∫z²φ(z)dz from −c to c is P − 2 c φ(c). The root of what you get is the shrink factor, and sigma makes up for it.",
    ),
)  # fmt: skip
