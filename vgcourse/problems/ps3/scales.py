"""Problem set 3 on rules: how large the weights of a convolution are. A normal that is cut: `cut`."""

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
        small, large = (int(n) for n in (rng.integers(5, 9), rng.integers(33, 50)))
        names = (f"std ({rule})", f"limit ({rule})")
        kernels = [(small, large, 5, 2), (large, small, 4, 3)]
        kernels += [(1, small, 3, 1)] * (rule in ("uniform_fan_in", "he_back"))
        for C_in, C_out, k, stride in kernels:
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
        Mistake("channels only", edit("C_in * k**2", "C_in", "C_out * k**2 / stride**2", "C_out"), "Your fans are the numbers of channels, as for the lecture's layer. A number of the output sums over the k×k window, too: k² C_in products.", beside_the_point=True),
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
        Mistake("limit without its root", edit("return std, limit", "return std, limit**2"), "Your limit is a square: 6/(n_in + n_out) for Glorot, for instance. Take its root.", whole=True),
        Mistake("3 for √3", edit("math.sqrt(3) * std", "3 * std"), "Your limit is 3 std. The 3 is in the variance, Var = a²/3, so the limit has its root."),
        Mistake("limit taken as standard deviation", edit("limit / math.sqrt(3)", "limit"), "For uniform_fan_in your std is 1/√n, which is the limit. Draws spread over [−a, a] have the standard deviation a/√3: the reason why this rule shrinks signals."),
        Mistake("a²/12 for a²/3", edit("limit / math.sqrt(3)", "limit / math.sqrt(12)"), "For uniform_fan_in your variance is a²/12. The 12 goes with the full width: (2a)²/12 = a²/3."),
        Mistake("He without the 2", edit('"he": 2', '"he": 1', '"he_back": 2', '"he_back": 1'), "Your He rules are built on the variance 1/n, which is LeCun's for linear units. A ReLU removes half of the second moment, and He's 2 makes up for it.", whole=True),
        Mistake("LeCun with a 2", edit('"lecun": 1', '"lecun": 2'), "Your LeCun rule is built on the variance 2/n_in, which is He's. Without a ReLU nothing is lost, and 1/n_in keeps the signal.", whole=True),
        Mistake("whole windows", edit("C_out * k**2 / stride**2", "C_out * (k // stride) ** 2"), "You round k/s down to a whole number. A pixel lies in so many windows on average: some pixels in more, some in fewer, so k/s stays a fraction."),
        Mistake("windows rounded up", edit("C_out * k**2 / stride**2", "C_out * (-(-k // stride)) ** 2"), "You round k/s up to a whole number. A pixel lies in so many windows on average: some pixels in more, some in fewer, so k/s stays a fraction.", alone=True),
        Mistake("fan-out rounded down", edit("C_out * k**2 / stride**2", "C_out * k**2 // stride**2"), "Your fan-out is rounded down. It is an average over pixels and need not be whole.", alone=True),
        Mistake("stride in the fan-in alone", edit("C_in * k**2", "C_in * k**2 / stride**2", "C_out * k**2 / stride**2", "C_out * k**2"), "You divide the fan-in by s², and the fan-out not. Whatever the stride, an output number sums k² C_in products; what a larger stride makes rarer is how often an input pixel is used.", alone=True),
        Mistake("multiplied by the stride once", edit(" / stride**2", " * stride"), "You multiply the fan-out by s. A larger stride means fewer windows, so an input pixel feeds fewer outputs, by s².", alone=True),
        Mistake("bias counted", edit("C_in * k**2", "C_in * k**2 + 1"), "Your fan-in counts the bias as one more input. The fan counts the products of a weight and an input alone.", alone=True),
        Mistake("all weights counted", edit("C_in * k**2", "C_in * C_out * k**2", "C_out * k**2 / stride**2", "C_in * C_out * k**2 / stride**2"), "Your fans count the weights of the whole kernel. One output number sees those of its own output channel; one input pixel those of its own input channel.", alone=True),
        Mistake("pixels without channels", edit("C_in * k**2", "k**2", "C_out * k**2 / stride**2", "k**2 / stride**2"), "Your fans are the pixels of a window, without the channels. An output number sums over C_in channels, and an input pixel feeds C_out.", alone=True),
        Mistake("k² missing in the fan-out", edit("C_out * k**2 / stride**2", "C_out"), "Your fan-out is the number of output channels. In each of them an input pixel lies in several windows: k² of them for stride 1."),
        Mistake("shape read from the other end", lambda rule, shape, stride: kernel_scale(rule, (shape[3], shape[2], shape[0], shape[1]), stride), "You read the shape as (k, k, C_in, C_out), as some libraries store it. Here it is (C_out, C_in, k, k)."),
        Mistake("geometric mean in Glorot", edit("2 / (n_in + n_out)", "1 / math.sqrt(n_in * n_out)"), "Your Glorot rule has √(fan-in · fan-out), the geometric mean. Its compromise is the ordinary mean, half of the sum of both fans."),
        Mistake("variances averaged in Glorot", edit("2 / (n_in + n_out)", "(1 / n_in + 1 / n_out) / 2"), "For Glorot you average the two variances 1/fan-in and 1/fan-out. The rule averages the fans and divides once.", alone=True),
        Mistake("larger fan in Glorot", edit("2 / (n_in + n_out)", "1 / max(n_in, n_out)"), "Your Glorot rule takes the larger fan alone. It takes the mean of both.", alone=True),
        Mistake("root missing in the fan-in limit", edit("1 / math.sqrt(n_in)", "1 / n_in"), "For uniform_fan_in your limit is 1/fan-in. Its root is missing."),
        Mistake("variance for uniform_fan_in", edit("limit / math.sqrt(3)", "limit**2 / 3"), "For uniform_fan_in your std is the variance, a²/3. Take its root, a/√3."),
        Mistake("he with the fan-out", edit("2 / n_in", "2 / n_out"), "Your he has the fan-out. That is he_back; he keeps the forward signal, so it has the fan-in.", whole=True),
        Mistake("4 for 2 in Glorot", edit('"glorot": 2', '"glorot": 4'), "Your Glorot rule has 4/(n_in + n_out), with He's factor 2 in it. The rule as it is asked for is 2/(n_in + n_out).", whole=True),
        Mistake("twice the standard deviation", edit("math.sqrt(3) * std", "2 * std"), "Your limit is twice the standard deviation. The variance of U[−a, a] is a²/3, so a = √3 std."),
        Mistake("k = 3 whatever the shape", edit("C_out, C_in, k, _ = shape", "(C_out, C_in, *_), k = shape, 3"), "Your window is 3 × 3 whatever the shape. Its side k is the third number of shape.", alone=True),
        Mistake("root of 3 std", edit("math.sqrt(3) * std", "math.sqrt(3 * std)"), "Your limit is √(3 std). The root is of the 3 alone: a²/3 = Var gives a = √3 std."),
        Mistake("lecun with both fans", edit("1 / n_in", "2 / (n_in + n_out)"), "Your lecun has both fans, which is Glorot's rule. LeCun's is 1/fan-in.", whole=True),
        Mistake("he with both fans", edit("2 / n_in", "4 / (n_in + n_out)"), "Your he has both fans. He's rule is 2/fan-in.", whole=True),
        Mistake("stride multiplies the fan-in", edit("C_in * k**2", "C_in * k**2 * stride**2"), "You multiply the fan-in by s². Whatever the stride, an output number sums k² C_in products.", alone=True),
        Mistake("half of the fans' sum forgotten in Glorot", edit("2 / (n_in + n_out)", "1 / (2 * (n_in + n_out))"), "Your Glorot rule has 1/(2(n_in + n_out)). The mean of both fans is half of their sum, so its inverse is 2/(n_in + n_out).", whole=True),
        Mistake("uniform_fan_in with He's 2", edit("1 / math.sqrt(n_in)", "math.sqrt(2 / n_in)"), "For uniform_fan_in your limit is √(2/fan-in). It is 1/√fan-in: this rule knows no ReLU.", whole=True),
        Mistake("uniform_fan_in with √6", edit("1 / math.sqrt(n_in)", "math.sqrt(6 / n_in)"), "For uniform_fan_in your limit is √(6/fan-in), He's. It is 1/√fan-in, by which signals shrink.", whole=True),
        Mistake("stride to the fourth", edit("stride**2", "stride**4"), "Your fan-out is divided by s⁴. The window skips rows and columns, each by s: s².", alone=True),
        Mistake("root of the stride", edit("stride**2", "math.sqrt(stride)"), "Your fan-out is divided by √s. The window skips rows and columns, each by s: s².", alone=True),
        Mistake("fan-out without the window and the stride", edit("C_out * k**2 / stride**2", "C_out * k**2 / (C_in * stride**2)"), "Your fan-out is divided by C_in. One input pixel belongs to one input channel already: k² C_out/s².", alone=True),
    ),
    hints=(
        "Count. How many products does one number of the output sum? And into how many sums does one pixel of the input go?",
        "A window holds k² pixels of each of C_in channels. Back: with stride 1 a pixel lies in k² windows, in each of C_out output channels; a stride of s keeps one window in s².",
        "n_in and n_out take the places of the lecture's D and H. Each rule is one variance; its root is the standard deviation, and U[−a, a] has the variance a²/3.",
    ),
)  # fmt: skip
