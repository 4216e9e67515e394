"""Problem set 3 on single units: a product of three random factors. A ReLU with a bias: `relu`."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- product_moments -------------------------------------------------------------------------------


def product_moments(mean_w, var_w, mean_x, var_x, keep):
    """Variance of each y_i = m_i w_i x_i / p, and mean and variance of their sum; all factors independent.

    m_i is 1 with probability p = keep, else 0, so E[m] = E[m²] = p: E[y] = E[w] E[x] and
    Var(y) = (Var(w) + E[w]²)(Var(x) + E[x]²)/p − E[y]². The other arguments are arrays (n,).
    """
    mean_y = mean_w * mean_x
    square = (var_w + mean_w**2) * (var_x + mean_x**2)
    var_y = square / keep - mean_y**2
    mean_sum, var_sum = mean_y.sum(), var_y.sum()
    return var_y, mean_sum, var_sum


def _summed_first(mean_w, var_w, mean_x, var_x, keep):
    """The products one by one, and for their sum the product of the summed moments."""
    var_y, _, _ = product_moments(mean_w, var_w, mean_x, var_x, keep)
    sums = (values.sum() for values in (mean_w, var_w, mean_x, var_x))
    _, mean_sum, var_sum = product_moments(*sums, keep)
    return var_y, mean_sum, var_sum


def _product_cases(rng):
    cases = []
    for n in (5, 8, 1):
        var_w, var_x = rng.uniform(0.3, 1.5, size=(2, n))
        mean_w, mean_x = rng.uniform(0.5, 1.5, size=(2, n)) * rng.choice([-1, 1], size=(2, n))
        if abs(mean_w @ mean_x) < 0.5:  # a sum near zero would cost single precision its digits
            mean_w = np.abs(mean_w) * np.sign(mean_x)
        if n > 5:
            mean_x, var_x[0] = -mean_x, 0.0  # some signs of each; one factor that is not random
        keep = float(rng.uniform(0.6, 0.85))
        cases.append(Case((mean_w, var_w, mean_x, var_x, keep), ("var_y", "mean_sum", "var_sum")))
    return cases


PRODUCT_MOMENTS = Problem(
    name="ps3.product_moments",
    reference=product_moments,
    cases=_product_cases,
    points=3,
    lecture='lecture 4, "Initialisation"',
    flow=("var_y", "var_sum"),
    axes={"var_y": ("input",)},
    invariants=(
        Invariant("variances of independent terms add", lambda args, out: relative_error(out["var_sum"], out["var_y"].sum()), "Your var_sum is not the sum of your var_y. The n products are independent, so their variances add."),
    ),
    mistakes=(
        Mistake("mask forgotten", edit(" / keep", ""), "Your variances are those of w·x, the lecture's (4.2). The mask is a third factor, and it is random too: E[m²]/p² is not 1.", beside_the_point=True),
        Mistake("mask forgotten, zero means", edit("square / keep - mean_y**2", "var_w * var_x"), "You use Var(w) Var(x) alone. That is two zero means and no mask; here the means count, and so does the mask.", beside_the_point=True),
        Mistake("variances divided by p", edit("square / keep - mean_y**2", "var_w * var_x / keep"), "You use Var(w) Var(x)/p. That is right for two zero means; here the means count: E[w²] is Var(w) + E[w]², and E[x²] alike."),
        Mistake("E[w]² left out", edit("(var_w + mean_w**2)", "var_w"), "You use Var(w) for E[w²], as for zero-mean weights. Here E[w²] = Var(w) + E[w]², and E[y]² is subtracted."),
        Mistake("E[x]² left out", edit("(var_x + mean_x**2)", "var_x"), "You use Var(x) for E[x²]. The second moment is Var(x) + E[x]², and E[y]² is subtracted."),
        Mistake("mean of y taken as zero, E[w]² too", edit("(var_w + mean_w**2)", "var_w", " - mean_y**2", ""), "You use Var(w) E[x²]/p, the variance for zero-mean weights. Here E[w²] = Var(w) + E[w]², and E[y]² is subtracted."),
        Mistake("variance of the mask alone", edit(" / keep - mean_y**2", " * (1 - keep) / keep"), "You multiply by the variance of m/p, (1 − p)/p. A variance of a product is no product of variances: E[(m/p)²] = 1/p, and E[y]² is subtracted."),
        Mistake("product of the variances", edit("square / keep - mean_y**2", "(square - mean_y**2) * (1 - keep) / keep"), "You multiply the variance of m/p, (1 − p)/p, by that of w·x. That is right for zero means only, and the mask has the mean 1."),
        Mistake("keep read as the drop probability", edit(" / keep", " / (1 - keep)"), "You take keep for the probability that an input is dropped. It is the probability that it is kept: E[m] = keep."),
        Mistake("1/p on the variance", edit("square / keep - mean_y**2", "(square - mean_y**2) / keep"), "Your variance is (4.2) divided by p. The 1/p belongs to E[y²]; the square of the mean, which is subtracted, has none."),
        Mistake("1/p missing", edit("mean_w * mean_x", "mean_w * mean_x * keep", "square / keep", "square * keep"), "You computed m·w·x without the division by p. Dropout divides, so that the mean stays what it was.", whole=True),
        Mistake("divided by p² only", edit(" / keep", " / keep**2"), "Your E[y²] has 1/p². That is the square of the factor 1/p; E[m²] = p brings one p back."),
        Mistake("multiplied by p", edit(" / keep", " * keep"), "Your E[y²] has the factor p. E[m²]/p² = p/p²: dropout with its division makes the spread larger, not smaller."),
        Mistake("E[x]² Var(w) missing", edit("square = ", "square = -(mean_x**2) * var_w + "), "The term E[x]² Var(w) is missing. Write E[x²] as variance plus squared mean, and keep both."),
        Mistake("E[w]² Var(x) missing", edit("square = ", "square = -(mean_w**2) * var_x + "), "The term E[w]² Var(x) is missing. Write E[w²] as variance plus squared mean, and keep both."),
        Mistake("Var(w) Var(x) missing", edit("square = ", "square = -var_w * var_x + "), "The term Var(w) Var(x) is missing. A formula for small errors leaves it out; with zero means, as at initialisation, it is all there is."),
        Mistake("means not squared", edit("(var_w + mean_w**2) * (var_x + mean_x**2)", "var_w * var_x + mean_x * var_w + mean_w * var_x + mean_w**2 * mean_x**2"), "Your means are not squared inside E[w²] and E[x²]: a second moment is variance plus the square of the mean."),
        Mistake("arguments in another order", edit("var_w, mean_x, var_x, keep", "mean_x, var_w, var_x, keep"), "You take the arguments as mean_w, mean_x, var_w, var_x. They come as mean_w, var_w, mean_x, var_x."),
        Mistake("squared mean not subtracted", edit(" - mean_y**2", ""), "You return E[y²]. A variance is E[y²] − E[y]²: subtract E[w]² E[x]²."),
        Mistake("mean not squared", edit(" - mean_y**2", " - mean_y"), "You subtract the mean of y. A variance is E[y²] − E[y]²: it is the square of the mean that goes."),
        Mistake("mean divided by p", edit("mean_w * mean_x", "mean_w * mean_x / keep"), "Your mean of y is E[w] E[x]/p. The mask has the mean p, so the division by p leaves the mean as it was."),
        Mistake("variances squared", edit("mean_y = ", "var_w, var_x = var_w**2, var_x**2\n    mean_y = "), "You square var_w and var_x. They are variances already, not standard deviations."),
        Mistake("standard deviations returned", edit("return var_y, mean_sum, var_sum", "return np.sqrt(var_y), mean_sum, np.sqrt(var_sum)"), "You return standard deviations. Asked for are variances, so leave out the root."),
        Mistake("means added", edit("mean_w * mean_x", "mean_w + mean_x"), "Your mean of a product is E[w] + E[x]. For independent factors it is the product of the means."),
        Mistake("averaged over the terms", edit("mean_y.sum(), var_y.sum()", "mean_y.mean(), var_y.mean()"), "You average over the n terms. A unit adds its inputs: Var(Σ y_i) = Σ Var(y_i), not divided by n."),
        Mistake("n times too often", edit("var_y.sum()", "len(var_y) * var_y.sum()"), "You multiply the summed variance by n once more. That is right for one product taken n times; n independent products just add their variances."),
        Mistake("standard deviations added", edit("var_y.sum()", "np.sqrt(var_y).sum() ** 2"), "You add standard deviations and square the sum. Independent terms partly cancel, so it is the variances that add."),
        Mistake("moments summed before the product", _summed_first, "You sum the moments of w and of x first and then combine them. Take the product term by term, and sum the n results: Σ w_i x_i is not (Σ w_i)(Σ x_i)."),
        Mistake("p in the mean of the sum", edit("mean_y.sum()", "keep * mean_y.sum()"), "Your mean_sum is p times what it should be, as if what is kept were not divided by p. With the division each term keeps its mean, E[w] E[x]."),
        Mistake("mean of y times p", edit("mean_w * mean_x", "keep * mean_w * mean_x"), "Your mean of y is p E[w] E[x]. The mask lets through a share p and the division makes up for it: the mean stays E[w] E[x]."),
        Mistake("square of the mean of the sum", edit("var_y.sum()", "(square / keep).sum() - mean_y.sum() ** 2"), "Your var_sum is the sum of the mean squares less the square of the summed mean. E[(Σy)²] has the mixed terms E[y_i y_j] as well; independent terms just add their variances."),
        Mistake("moments of the average", edit("mean_y.sum(), var_y.sum()", "mean_y.mean(), var_y.sum() / len(var_y) ** 2"), "Your last two numbers belong to the average of the y_i. Asked for are those of their sum."),
        Mistake("variance of the mask without 1/p²", edit("square / keep", "square * (1 + keep * (1 - keep))"), "You take p(1 − p), the variance of m, for that of m/p. Dividing a number by p divides its variance by p²."),
        Mistake("variances multiplied, first moments added", edit("square / keep - mean_y**2", "var_w * var_x / keep + mean_y**2"), "You have Var(w) Var(x)/p + E[y]². Two terms that mix a variance with the square of a mean are missing, and the square of the mean goes, E[y²] − E[y]²."),
        Mistake("first moments only", edit("square / keep", "mean_y**2 / keep"), "Your var_y knows the means of w and x only, as if they were numbers that chance does not touch. Their variances are part of E[w²] and E[x²]."),
        Mistake("relative variances added", edit("square / keep - mean_y**2", "mean_y**2 * (var_w / mean_w**2 + var_x / mean_x**2 + (1 - keep) / keep)"), "You add relative variances, the rule for small errors. It leaves out every product of two variances; E[y²] − E[y]² keeps them."),
        Mistake("three variances added", edit("square / keep - mean_y**2", "var_w + var_x + (1 - keep) / keep"), "You add the variances of w, x and the mask. That is the rule for a sum; y is a product: E[y²] is the product of three mean squares."),
        Mistake("1/p missing in the variance", edit("square / keep - mean_y**2", "square * keep - (keep * mean_y) ** 2"), "Your variances are those of m·w·x, without the division by p. With it each is 1/p² times as large."),
        Mistake("variance of the mask added", edit("square / keep - mean_y**2", "square - mean_y**2 + (1 - keep) / keep"), "You add the variance of the mask, (1 − p)/p, to that of w·x. The mask multiplies: E[y²] = E[w²] E[x²]/p."),
        Mistake("mean of the sum averaged", edit("mean_y.sum()", "mean_y.mean()"), "Your mean_sum is a mean over the n terms. Asked for is the mean of their sum: the n means add up."),
        Mistake("subtracted square times p", edit(" - mean_y**2", " - keep * mean_y**2"), "You subtract p E[w]² E[x]². E[y]² holds no p: the division by p makes up for the mask."),
        Mistake("squared sums of mean and spread", edit("(var_w + mean_w**2) * (var_x + mean_x**2)", "(np.sqrt(var_w) + mean_w) ** 2 * (np.sqrt(var_x) + mean_x) ** 2"), "You take (std + mean)² for a mean square. It is Var(w) + E[w]²: the mixed term has the mean 0."),
        Mistake("squared means taken off", edit("var_w + mean_w**2", "var_w - mean_w**2", "var_x + mean_x**2", "var_x - mean_x**2"), "You take Var(w) − E[w]² for E[w²]. Var(w) = E[w²] − E[w]², so E[w²] = Var(w) + E[w]²."),
        Mistake("results in another order", edit("return var_y, mean_sum, var_sum", "return var_y, var_sum, mean_sum"), "Your mean_sum and var_sum are exchanged: the mean comes before the variance.", whole=True),
        Mistake("mask drawn once for all", edit("var_y.sum()", "(var_y.sum() + (mean_y.sum() ** 2 - (mean_y**2).sum()) * (1 - keep) / keep)"), "Your var_sum is that of one mask shared by all inputs. Each input has its own: the n products are independent, and their variances add."),
        Mistake("variance within the draws", edit("var_y.sum()", "var_y.sum() + len(mean_y) * np.var(mean_y)"), "You add the spread of the n means to var_sum. A mean is no random number: the variance of a sum is the sum of the variances."),
        Mistake("Var(x) times E[w] not squared", edit("(var_w + mean_w**2) * (var_x + mean_x**2)", "var_w * var_x + mean_w**2 * var_x + mean_x * var_w + mean_w**2 * mean_x**2"), "Where Var(w) meets the mean of x, you have E[x]. It is E[x]²: E[x²] is variance plus squared mean."),
        Mistake("standard deviations multiplied", edit("mean_y = ", "var_w, var_x = np.sqrt(var_w), np.sqrt(var_x)\n    mean_y = "), "You take the roots of var_w and var_x. E[w²] = Var(w) + E[w]² needs the variances as they come."),
        Mistake("1/p inside the root of E[w²] alone", edit("square / keep", "(var_w / keep + mean_w**2) * (var_x + mean_x**2)"), "You divide Var(w) alone by p. The 1/p is E[(m/p)²], and multiplies all of E[w²] E[x²]."),
        Mistake("1/p on the mean part alone", edit("square / keep", "(square - mean_y**2 + mean_y**2 / keep)"), "You divide E[w]² E[x]² alone by p. E[(m/p)²] = 1/p multiplies all of E[w²] E[x²]."),
    ),
    hints=(
        "A variance is E[y²] − E[y]². For independent factors both expectations split into one mean per factor: three of them here.",
        "m is 0 or 1, so m² = m and E[m] = E[m²] = p. With the division, m/p has the mean 1; what is its mean square? var_y has shape (n,), the other two are numbers.",
        "E[y²] = E[(m/p)²] E[w²] E[x²], and E[w²] = Var(w) + E[w]². For the sum of independent terms, means add and variances add.",
    ),
)  # fmt: skip
