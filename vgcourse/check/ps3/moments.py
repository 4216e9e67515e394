"""Problem set 3 on single units: the variance of a sum of products, and what a ReLU leaves of a Gaussian."""

import math

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)  # of a standard normal

# --- product_moments -------------------------------------------------------------------------------


def product_moments(mean_w, var_w, mean_x, var_x):
    """Mean and variance of each y_i = w_i x_i and of their sum, all w_i and x_i independent.

    E[y] = E[w] E[x] and Var(y) = E[x]² Var(w) + E[w]² Var(x) + Var(w) Var(x). The arguments are arrays (n,).
    """
    mean_y = mean_w * mean_x
    var_y = mean_x**2 * var_w + mean_w**2 * var_x + var_w * var_x
    return mean_y, var_y, mean_y.sum(), var_y.sum()


def _products(
    mean_w,
    var_w,
    mean_x,
    var_x,
    *,
    mean=np.multiply,
    from_x=1.0,
    from_w=1.0,
    both=1.0,
    power=2,
    var_power=1,
    own=False,
    centred=True,
    added=False,
    root=False,
    mean_total=np.sum,
    var_total=np.sum,
    early=False,
):
    """The four moments with exchangeable parts."""

    def variance(mw, vw, mx, vx):
        if added:
            return vw + vx
        if own:
            mw, mx = mx, mw
        out = from_x * mx**power * vw + from_w * mw**power * vx + both * vw * vx
        return out if centred else out + (mw * mx) ** 2

    var_w, var_x = var_w**var_power, var_x**var_power
    mean_y, var_y = mean(mean_w, mean_x), variance(mean_w, var_w, mean_x, var_x)
    mean_sum, var_sum = mean_total(mean_y), var_total(var_y)
    if early:
        totals = [values.sum() for values in (mean_w, var_w, mean_x, var_x)]
        mean_sum, var_sum = mean(totals[0], totals[2]), variance(*totals)
    return mean_y, np.sqrt(var_y) if root else var_y, mean_sum, np.sqrt(var_sum) if root else var_sum


def _product_cases(rng):
    cases = []
    for n in (5, 8):
        mean_x, (var_w, var_x) = rng.uniform(0.5, 1.5, size=n), rng.uniform(0.3, 1.5, size=(2, n))
        mean_w = rng.uniform(0.5, 1.5, size=n) * rng.choice([-1, 1], size=n)
        if mean_w @ mean_x < 0.5:  # a sum near zero would cost single precision its digits
            mean_w = np.abs(mean_w)
        cases.append(Case((mean_w, var_w, mean_x, var_x), ("mean_y", "var_y", "mean_sum", "var_sum")))
    return cases


PRODUCT_MOMENTS = Problem(
    name="ps3.product_moments",
    reference=product_moments,
    family=_products,
    cases=_product_cases,
    points=3,
    lecture='lecture 4, "Initialisation"',
    axes={"mean_y": ("input",), "var_y": ("input",)},
    invariants=(
        Invariant("the mean of the sum is the sum of the means", lambda args, out: relative_error(out["mean_sum"], out["mean_y"].sum()), "Your mean_sum is not the sum of your mean_y. Means always add, whatever the terms are."),
        Invariant("variances of independent terms add", lambda args, out: relative_error(out["var_sum"], out["var_y"].sum()), "Your var_sum is not the sum of your var_y. The n products are independent, so their variances add."),
    ),
    mistakes=(
        Mistake("zero-mean formula", dict(from_x=0.0, from_w=0.0, both=1.0), "You use Var(w) Var(x) alone. That is the case of two zero means; here the terms E[x]² Var(w) and E[w]² Var(x) join it."),
        Mistake("E[x]² Var(w) missing", dict(from_x=0.0), "The term E[x]² Var(w) is missing. A weight's spread counts in full when its input has a mean, as after a ReLU."),
        Mistake("E[w]² Var(x) missing", dict(from_w=0.0), "The term E[w]² Var(x) is missing. Start from E[w² x²] = E[w²] E[x²] and write each as variance plus squared mean."),
        Mistake("Var(w) Var(x) missing", dict(both=0.0), "The term Var(w) Var(x) is missing. A formula for small errors leaves it out; with zero means, as at initialisation, it is all there is."),
        Mistake("means not squared", dict(power=1), "Your means are not squared. Variances have the unit of the square, so the terms are E[x]² Var(w) and E[w]² Var(x)."),
        Mistake("means paired with their own variances", dict(own=True), "You pair each mean with its own variance. What spreads w is scaled by x: the terms are E[x]² Var(w) and E[w]² Var(x)."),
        Mistake("arguments in another order", lambda mean_w, var_w, mean_x, var_x: _products(mean_w, mean_x, var_w, var_x), "You take the arguments as mean_w, mean_x, var_w, var_x. They come as mean_w, var_w, mean_x, var_x."),
        Mistake("squared mean not subtracted", dict(centred=False), "You return E[y²] = E[w²] E[x²]. A variance is E[y²] − E[y]²: subtract E[w]² E[x]²."),
        Mistake("variances added", dict(added=True), "You add Var(w) and Var(x). That is the variance of w + x; here w and x are multiplied."),
        Mistake("variances squared", dict(var_power=2), "You square var_w and var_x. They are variances already, not standard deviations."),
        Mistake("standard deviations returned", dict(root=True), "You return standard deviations. Asked for are variances, so leave out the root."),
        Mistake("means added", dict(mean=np.add), "Your mean of a product is E[w] + E[x]. For independent w and x it is the product of the means."),
        Mistake("averaged over the terms", dict(mean_total=np.mean, var_total=np.mean), "You average over the n terms. A unit adds its inputs: Var(Σ y_i) = Σ Var(y_i), not divided by n."),
        Mistake("n times too often", dict(var_total=lambda v: len(v) * v.sum()), "You multiply the summed variance by n once more. That is right for one product taken n times; n independent products just add their variances."),
        Mistake("standard deviations added", dict(var_total=lambda v: np.sqrt(v).sum() ** 2), "You add standard deviations and square the sum. Independent terms partly cancel, so it is the variances that add."),
        Mistake("moments summed before the product", dict(early=True), "You sum the moments of w and of x first and then combine them. Take the product term by term, and sum the n results: Σ w_i x_i is not (Σ w_i)(Σ x_i)."),
    ),
    hints=(
        "A variance is E[y²] − E[y]². For independent w and x both expectations of the product split into factors.",
        "E[w² x²] = E[w²] E[x²], and E[w²] = Var(w) + E[w]². Multiply out: four terms, and one of them is subtracted again. mean_y and var_y have shape (n,), the sums are numbers.",
        "Var(w x) = (Var(w) + E[w]²)(Var(x) + E[x]²) − (E[w] E[x])². For the sum of independent terms, means add and variances add.",
    ),
)  # fmt: skip


# --- relu_moments ----------------------------------------------------------------------------------


def relu_moments(s, leak):
    """Moments of f(z) for z ~ N(0, s²), f(z) = z above 0 and leak·z below; leak = 0 is the ReLU.

    E[f] = s (1 − a)/√(2π), E[f²] = s² (1 + a²)/2, Var = E[f²] − E[f]², gain g = √(2/(1 + a²)):
    weights of standard deviation g/√n_in keep the second moment of z from layer to layer.
    """
    return _relu(s, leak)


def _keeping_second(s, second, variance):
    return s / math.sqrt(second)


def _relu(
    s,
    leak,
    *,
    leaks=True,
    share=0.5,
    sign=-1,
    height=DENSITY_AT_0,
    leak_power=2,
    s_power=1.0,
    subtracted=2,
    second_is_mean=False,
    gain=_keeping_second,
):
    """The four moments with exchangeable parts."""
    s, a = float(s) ** s_power, float(leak) if leaks else 0.0
    mean = 2 * share * s * height * (1 + sign * a)
    second = share * s**2 * (1 + a**leak_power)
    variance = second - mean**subtracted if subtracted else second
    second = mean**2 if second_is_mean else second
    return mean, second, variance, gain(s, second, variance)


def _relu_cases(rng):
    leaks = (0.0, float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.35, 0.6)))
    names = ("mean", "second_moment", "variance", "gain")
    return [Case((float(s), leak), names) for s, leak in zip(_spread(rng), leaks, strict=True)]


def _spread(rng):
    """Three standard deviations away from 1, where s² and s would look the same."""
    return rng.uniform(0.4, 0.8), rng.uniform(1.4, 1.9), rng.uniform(2.1, 2.8)


RELU_MOMENTS = Problem(
    name="ps3.relu_moments",
    reference=relu_moments,
    family=_relu,
    cases=_relu_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("variance = second moment − mean²", lambda args, out: relative_error(out["variance"], out["second_moment"] - out["mean"] ** 2), "Your variance, second moment and mean do not fit together. For any random number Var = E[f²] − E[f]²."),
    ),
    mistakes=(
        Mistake("mean taken as zero", dict(height=0.0), "Your mean is 0. z has mean zero, but f lifts the negative side, so E[f] > 0; this is why the ReLU needs a rule of its own."),
        Mistake("mean not subtracted", dict(subtracted=0), "Your variance is the second moment. The mean of f is not zero here: Var = E[f²] − E[f]²."),
        Mistake("mean not squared", dict(subtracted=1), "You subtract the mean from the second moment. It is its square that goes: Var = E[f²] − E[f]²."),
        Mistake("second moment and variance exchanged", lambda s, leak: tuple(_relu(s, leak)[k] for k in (0, 2, 1, 3)), "Your second moment and your variance are exchanged. The order asked for is mean, second_moment, variance, gain."),
        Mistake("positive half only", dict(share=1.0, leaks=True), "You average over positive z alone, and that doubles the mean and the second moment. Half of the draws lie below 0 and count too."),
        Mistake("leak ignored", dict(leaks=False), "Your formulas are the plain ReLU's. Below 0 the slope is `leak`, and that side gives to every moment."),
        Mistake("sign of the leak", dict(sign=1), "In your mean the leak has the wrong sign. Below 0, leak·z is negative, so it makes the mean smaller: the factor is 1 − leak."),
        Mistake("leak not squared", dict(leak_power=1), "In your second moment the leak is not squared. Below 0, f² is leak² z²."),
        Mistake("variance given as s", dict(s_power=0.5), "You treat s as the variance of z. It is the standard deviation: the second moment of z is s²."),
        Mistake("mean is half of s", dict(height=0.5, gain=_keeping_second), "In your mean |z| counts as s. On average |z| is smaller than its root mean square: E|z| = s √(2/π)."),
        Mistake("square of the mean", dict(second_is_mean=True), "Your second moment is the square of the mean. E[f²] averages the squares, and it is always larger than E[f]² by the variance."),
        Mistake("a quarter in the second moment", dict(share=0.25, height=2 * DENSITY_AT_0, gain=lambda s, second, variance: s / math.sqrt(2 * second)), "Your second moment has a factor ¼ where ½ belongs. The ReLU removes half of the draws; it does not halve each of them."),
        Mistake("gain of the variance", dict(gain=lambda s, second, variance: s**2 / second), "Your gain is the factor of the weights' variance. Asked for is that of their standard deviation, its root."),
        Mistake("gain that keeps the variance", dict(gain=lambda s, second, variance: s / math.sqrt(variance) if variance > 0 else math.inf), "Your gain is built on Var(f). The next layer sums w_i x_i with zero-mean weights, so what counts is E[x²], the second moment."),
        Mistake("gain inverted", dict(gain=lambda s, second, variance: math.sqrt(second) / s), "Your gain is upside down. f makes the signal smaller, so the weights have to make up for it, with a gain of more than 1."),
        Mistake("leak missing in the gain", dict(gain=lambda s, second, variance: s / math.sqrt(s**2 / 2)), "Your gain is √2, that of the plain ReLU. The leak lets more through, so the gain that makes up for it is smaller."),
        Mistake("leak not squared in the gain", lambda s, leak: (*_relu(s, leak)[:3], math.sqrt(2 / (1 + leak))), "In your gain the leak is not squared. The gain comes from E[f²], and in f² the leak is squared."),
        Mistake("gain depends on s", dict(gain=lambda s, second, variance: 1 / math.sqrt(second)), "Your gain makes the second moment 1. Asked for is the one that leaves it at s², whatever s is; then s cancels."),
    ),
    hints=(
        "Split each expectation at 0. By symmetry each side of z has half of every even moment.",
        "E[z; z > 0] = s/√(2π), and the negative side has the same size with a minus sign. E[z²; z > 0] = s²/2. Below 0, f brings one factor `leak` into f, two into f².",
        "Next layer: n_in · (g²/n_in) · E[f²] has to equal s². Solve it for g.",
    ),
)  # fmt: skip
