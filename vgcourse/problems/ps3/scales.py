"""Problem set 3 on rules: how large the weights of a convolution are; a normal that is cut."""

import math

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

RULES = ("uniform_fan_in", "lecun", "glorot", "he", "he_back")

# --- kernel_scale ----------------------------------------------------------------------------------


def kernel_scale(rule, shape, stride):
    """Standard deviation of a kernel's weights, and the limit a of U[−a, a] with that standard deviation.

    A k×k kernel with C_in channels sums n_in = k² C_in products; with stride s an input pixel feeds
    n_out = k² C_out/s² of them on average. Variances: uniform_fan_in 1/(3 n_in), lecun 1/n_in,
    glorot 2/(n_in + n_out), he 2/n_in, he_back 2/n_out; and a²/3 = Var.

    Parameters
    ----------
    rule : one of `RULES`
    shape : (C_out, C_in, k, k)
    stride : s
    """
    C_out, C_in, k, _ = shape
    n_in = C_in * k**2
    n_out = C_out * k**2 / stride**2
    variances = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in, "he_back": 2 / n_out}
    if rule == "uniform_fan_in":
        limit = 1 / math.sqrt(n_in)
        std = limit / math.sqrt(3)
    else:
        std = math.sqrt(variances[rule])
        limit = math.sqrt(3) * std
    return std, limit


def _scale_cases(rng):
    cases = []
    for rule in RULES:
        small, large = (int(n) for n in (rng.integers(5, 9), rng.integers(17, 40)))
        names = (f"std ({rule})", f"limit ({rule})")
        for C_in, C_out, k, stride in ((small, large, 5, 2), (large, small, 4, 3), (1, small, 3, 1)):
            cases.append(Case((rule, (C_out, C_in, k, k), stride), names))
    return cases


def _fits(args, out):
    rule = args[0]
    return relative_error(out[f"limit ({rule})"], math.sqrt(3) * out[f"std ({rule})"])


KERNEL_SCALE = Problem(
    name="ps3.kernel_scale",
    reference=kernel_scale,
    cases=_scale_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("limit = √3 std", _fits, "Your limit and your std do not describe the same spread. U[−a, a] has the variance a²/3, so for every rule a = √3 std."),
    ),
    mistakes=(
        Mistake("channels only", edit("C_in * k**2", "C_in", "C_out * k**2 / stride**2", "C_out"), "Your fans are the numbers of channels, as for the lecture's layer. A number of the output sums over the k×k window, too: k² C_in products."),
        Mistake("k for k²", edit("C_in * k**2", "C_in * k", "C_out * k**2 / stride**2", "C_out * k / stride"), "Your fans have one factor k. The window has k rows and k columns."),
        Mistake("stride forgotten", edit(" / stride**2", ""), "Your fan-out is that of stride 1. With stride s the window lands at every s-th row and column only, so an input pixel is in fewer windows."),
        Mistake("stride not squared", edit(" / stride**2", " / stride"), "Your fan-out is divided by s. The window skips rows and columns: s²."),
        Mistake("stride in the fan-in, too", edit("C_in * k**2", "C_in * k**2 / stride**2"), "Your fan-in is divided by s². Whatever the stride, a number of the output sums k² C_in products; only how often an input pixel is used changes."),
        Mistake("multiplied by the stride", edit(" / stride**2", " * stride**2"), "You multiply the fan-out by s². A larger stride means fewer windows, so an input pixel feeds fewer outputs."),
        Mistake("axes of the shape exchanged", lambda rule, shape, stride: kernel_scale(rule, (shape[1], shape[0], *shape[2:]), stride), "You read the shape as (C_in, C_out, k, k). It is (C_out, C_in, k, k), as the weights of a layer are (out, in)."),
        Mistake("he_back with the fan-in", edit(" / n_out", " / n_in"), "Your he_back is he. It levels the way back, where an input pixel collects from n_out places: 2/n_out.", whole=True),
        Mistake("Glorot with n_in alone", edit("/ (n_in + n_out)", "/ (2 * n_in)"), "Your Glorot rule knows n_in only, which makes it LeCun's. It averages both directions: Var = 2/(n_in + n_out).", whole=True),
        Mistake("2 missing in Glorot", edit('"glorot": 2', '"glorot": 1'), "Your Glorot rule is built on the variance 1/(n_in + n_out). With n_in = n_out = n it has to become 1/n, so the numerator is 2.", whole=True),
        Mistake("6 for 2 in Glorot", edit('"glorot": 2', '"glorot": 6'), "Your Glorot std is √(6/(n_in + n_out)). That is the limit of the uniform draw; the standard deviation is √3 times smaller."),
        Mistake("root taken twice", edit("limit / math.sqrt(3)", "(limit**2 / 3) ** 0.25", "math.sqrt(variances[rule])", "variances[rule] ** 0.25"), "You take √(2/n) for the variance and its root for the standard deviation. The variance is 2/n (1/n for LeCun): one root."),
        Mistake("variance as standard deviation", edit("limit / math.sqrt(3)", "limit**2 / 3", "math.sqrt(variances[rule])", "variances[rule]"), "Your std is the variance, 2/n in place of √(2/n). Take the root; numpy's normal asks for the standard deviation too."),
        Mistake("limit without √3", edit("math.sqrt(3) * std", "math.sqrt(3 if rule == 'glorot' else 1) * std"), "Your limit for LeCun or He is √(1/n) or √(2/n), which is what the standard deviation has to be. U[−a, a] has the standard deviation a/√3, so the limit is √3 times as large."),
        Mistake("√(2/Σ) for √(6/Σ) in Glorot", edit("math.sqrt(3) * std", "math.sqrt(1 if rule == 'glorot' else 3) * std"), "Your Glorot limit lacks the √3 of a uniform draw. √(2/(n_in + n_out)) is the standard deviation; in the limit its 2 becomes a 6."),
        Mistake("full width for the limit", edit("math.sqrt(3) * std", "math.sqrt(12) * std"), "Your limit is √12 std, the full width from −a to a. Asked for is a, half of it."),
        Mistake("results exchanged", lambda *args: kernel_scale(*args)[::-1], "Your two results are exchanged: the standard deviation comes first, then the limit, which is √3 times as large.", whole=True),
        Mistake("limit for every standard deviation", lambda *args: (kernel_scale(*args)[1],) * 2, "Your standard deviation is the limit. U[−a, a] has the standard deviation a/√3.", whole=True),
        Mistake("√3 missing in every limit", edit("return std, limit", "return std, std"), "Your limit equals your standard deviation: the √3 of an even draw is missing. U[−a, a] has the standard deviation a/√3.", whole=True),
        Mistake("√3 missing in the limits of variances", edit("math.sqrt(3) * std", "std"), "Your limit equals your standard deviation, but for uniform_fan_in. U[−a, a] has the standard deviation a/√3 whatever the rule.", whole=True),
        Mistake("√3 twice", edit("1 / math.sqrt(n_in)", "math.sqrt(3 / n_in)", "math.sqrt(variances[rule])", "math.sqrt(3 * variances[rule])"), "Both of your results are √3 too large: your std is what the limit should be, and your limit has the √3 twice.", whole=True),
        Mistake("uniform_fan_in like the others", edit("1 / math.sqrt(n_in)", "math.sqrt(3 / n_in)"), "For uniform_fan_in you take 1/√n for the standard deviation, as for LeCun. In this rule it is the limit; the standard deviation is √3 smaller.", whole=True),
        Mistake("root of the variance as the limit", edit("math.sqrt(variances[rule])", "math.sqrt(variances[rule] / 3)"), "Your limit is the root of the variance, and your std is √3 smaller than that. The root of the variance is the standard deviation itself; the limit is √3 larger.", whole=True),
        Mistake("limit divided by √3", edit("math.sqrt(3) * std", "std / math.sqrt(3)"), "You divide the standard deviation by √3. The limit lies further out than that: a = √3 std."),
        Mistake("He's limit for all", edit("return std, limit", "return std, math.sqrt(6 / n_in)"), "Your limit is √(6/n_in) whatever the rule. That is He's; each rule has its own variance, and its limit is √3 times the root of that.", whole=True),
        Mistake("Glorot's limit for all", edit("return std, limit", "return std, math.sqrt(6 / (n_in + n_out))"), "Your limit is √(6/(n_in + n_out)) whatever the rule. That is Glorot's; each rule has its own variance, and its limit is √3 times the root of that.", whole=True),
        Mistake("he and he_back exchanged", edit("2 / n_in", "2 / n_out", "2 / n_out", "2 / n_in"), "Your he is he_back and the other way round: he has the fan-in, he_back the fan-out.", whole=True),
        Mistake("√6 for √3", edit("math.sqrt(3) * std", "math.sqrt(6) * std"), "Your limit is √6 std. The √6 of Glorot's and He's limits is √3 times the √2 that is in the standard deviation already.", whole=True),
        Mistake("limit without its root", edit("return std, limit", "return std, limit**2"), "Your limit is a square: 6/(n_in + n_out) for Glorot, for instance. Take its root."),
        Mistake("3 for √3", edit("math.sqrt(3) * std", "3 * std"), "Your limit is 3 std. The 3 is in the variance, Var = a²/3, so the limit has its root."),
        Mistake("limit taken as standard deviation", edit("limit / math.sqrt(3)", "limit"), "For uniform_fan_in your std is 1/√n, which is the limit. Draws spread over [−a, a] have the standard deviation a/√3: the reason why this rule shrinks signals."),
        Mistake("a²/12 for a²/3", edit("limit / math.sqrt(3)", "limit / math.sqrt(12)"), "For uniform_fan_in your variance is a²/12. The 12 goes with the full width: (2a)²/12 = a²/3."),
        Mistake("He without the 2", edit('"he": 2', '"he": 1', '"he_back": 2', '"he_back": 1'), "Your He rules are built on the variance 1/n, which is LeCun's for linear units. A ReLU removes half of the second moment, and He's 2 makes up for it.", whole=True),
        Mistake("LeCun with a 2", edit('"lecun": 1', '"lecun": 2'), "Your LeCun rule is built on the variance 2/n_in, which is He's. Without a ReLU nothing is lost, and 1/n_in keeps the signal.", whole=True),
    ),
    hints=(
        "Count. How many products does one number of the output sum? And into how many sums does one pixel of the input go?",
        "A window holds k² pixels of each of C_in channels. Back: with stride 1 a pixel lies in k² windows, in each of C_out output channels; a stride of s keeps one window in s².",
        "n_in and n_out take the places of the lecture's D and H. Each rule is one variance; its root is the standard deviation, and U[−a, a] has the variance a²/3.",
    ),
)  # fmt: skip


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


def _truncated_cases(rng):
    ranges = (2.0, 2.0), (1.1, 1.6), (2.2, 2.6), (0.5, 0.7), (4.1, 4.4)
    stds = [*rng.uniform(0.5, 0.8, size=4), rng.uniform(1.3, 1.9)]
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
    invariants=(
        Invariant("sigma · shrink = std", lambda args, out: relative_error(out["sigma"] * out["shrink"], args[0]), "Your sigma times your shrink is not std. The cut multiplies the standard deviation by shrink, and what comes out has to be std."),
    ),
    mistakes=(
        Mistake("not rescaled", edit("sigma = std / shrink", "sigma = std"), "Your sigma is std, as if nothing were cut. The cut takes the largest draws away, so the weights would come out too small."),
        Mistake("multiplied, not divided", edit("sigma = std / shrink", "sigma = std * shrink"), "You multiply std by the shrink factor. The cut already makes the weights smaller; to make up for it, divide."),
        Mistake("divided by the variance", edit("sigma = std / shrink", "sigma = std / shrink**2"), "Your sigma is std divided by the variance of what is left. Standard deviations scale with their own factor: divide by shrink, once."),
        Mistake("cut at two, always", edit("phi = ", "cut = 2.0\n    phi = ", "phi / kept", "phi / math.erf(math.sqrt(2))"), "Your shrink is the one of a cut at 2, whatever `cut` is. Work it out from the cut."),
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
        Mistake("edge term not divided by the share", edit(" / kept", ""), "Your edge term is not divided by the share that is kept. What is left has to be a density again: all of ∫z²φ(z)dz is divided by P."),
        Mistake("not divided by the share", edit("1 - 2 * cut * phi / kept", "kept - 2 * cut * phi"), "Your variance is the integral ∫z²φ(z)dz from −c to c alone. The draws that are kept have probability P in all: divide by P."),
    ),
    hints=(
        "Work with a standard normal first: which share of the draws stays, and what is their mean square?",
        "The share is P(|z| < c) = erf(c/√2). The mean square is ∫z²φ(z)dz from −c to c, divided by the share. φ'(z) = −z φ(z), so integrate by parts.",
        "∫z²φ(z)dz from −c to c is P − 2 c φ(c). The root of what you get is the shrink factor, and sigma makes up for it.",
    ),
)  # fmt: skip
