"""Problem set 4 on batch norm at test time: the statistics of all rows ever seen, from those of their batches."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps4 import norms

# --- pooled_statistics -----------------------------------------------------------------------------


def pooled_statistics(means, variances, sizes, x, gamma, beta, eps):
    """μ = Σ N_t μ_t / N, v = Σ N_t (v_t + (μ_t − μ)²) / N with N = Σ N_t; y = γ (x − μ)/√(v + ε) + β."""
    share = np.asarray(sizes) / np.sum(sizes)
    mean = share @ means
    inside, between = share @ variances, share @ (means - mean) ** 2
    variance = inside + between
    x_hat = (x - mean) / np.sqrt(variance + eps)
    return mean, variance, gamma * x_hat + beta


def _moving(first=False, unbiased=True, share=0.1):
    """(5.19) with the share 0.1, from 0 and 1 or from the first batch on."""

    def formula(means, variances, sizes, x, gamma, beta, eps):
        mean, v = np.zeros(means.shape[1]), np.ones(means.shape[1])
        if first:
            mean, v = means[0], variances[0]
        for mu, var, N in list(zip(means, variances, sizes, strict=True))[first:]:
            var = var * N / (N - 1) if unbiased else var
            mean, v = (1 - share) * mean + share * mu, (1 - share) * v + share * var
        return mean, v, gamma * (x - mean) / np.sqrt(v + eps) + beta

    return formula


def _halves(means, variances, x, gamma, beta, eps):
    """Each batch averaged with what was there before, half and half."""
    mean, v = means[0], variances[0]
    for mu, var in zip(means[1:], variances[1:], strict=True):
        mean, v = (mean + mu) / 2, (v + var) / 2
    return mean, v, gamma * (x - mean) / np.sqrt(v + eps) + beta


def _without_last(means, variances, sizes, *rest):
    return pooled_statistics(means[:-1], variances[:-1], sizes[:-1], *rest)


def _cases(rng):
    """Many batches, batches of which one is a single row, and two batches with one row to normalise."""
    cases = []
    for sizes, N, D, eps in (((3, 9, 5, 14), 5, 3, 0.02), ((12, 1, 7), 4, 4, 0.05), ((6, 2), 1, 2, 0.03)):
        batches = [norms.spread(rng, (max(n, 2), D), (0,))[:n] for n in sizes]
        means, variances = (np.array([stat(b, axis=0) for b in batches]) for stat in (np.mean, np.var))
        x = norms.spread(rng, (max(N, 2), D), (0,))[:N]
        args = means, variances, np.array(sizes), x, norms.scales(rng, D), norms.scales(rng, D), eps
        cases.append(Case(args, ("mean", "variance", "y"), batch=N, steps=len(sizes)))
    return cases


def _uses_its_own(args, outputs):
    *_, x, gamma, beta, eps = args
    if (outputs["variance"] + eps <= 0).any():
        return np.inf
    wanted = gamma * (x - outputs["mean"]) / np.sqrt(outputs["variance"] + eps) + beta
    size = max(np.abs(outputs["y"]).max(), np.abs(wanted).max(), 1e-300)
    return float(np.abs(outputs["y"] - wanted).max() / size)


POOLED_STATISTICS = Problem(
    name="ps4.pooled_statistics",
    reference=pooled_statistics,
    cases=_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    flow=("mean", "variance", "y"),
    axes={"mean": ("input",), "variance": ("input",), "y": ("example", "input")},
    invariants=(
        Invariant("y follows from mean and variance", _uses_its_own, "Your y is not γ (x − mean)/√(variance + ε) + β with the mean and variance that you return. At test time nothing else enters."),
    ),
    mistakes=(
        Mistake("spread between the batches forgotten", edit("inside + between", "inside"), "Your variance is the average of the batches' variances. The batches' means differ too, and rows of two batches differ by that as well: add the variance of the means. Distances that are not squared add up to 0."),
        Mistake("spread between the batches only", edit("inside + between", "between"), "Your variance is that of the batches' means. The rows of a batch differ from its mean: the variances inside the batches belong to it."),
        Mistake("means of the columns", edit("np.asarray(sizes) / np.sum(sizes)", "np.full(len(sizes), 1 / len(sizes))", "inside + between", "inside"), "You average means and variances as they stand. A batch of 14 rows counts 14 times as much as one row; and the batches' means differ, which belongs to the variance too."),
        Mistake("pooled as for a t-test", edit("share @ variances", "(np.asarray(sizes) - 1) / np.sum(np.asarray(sizes) - 1) @ variances", "inside + between", "inside"), "Your variance is Σ (N_t − 1) v_t / Σ (N_t − 1). That estimates the spread inside the batches. In the variance of all rows each batch weighs N_t, and the spread between the batches' means belongs to it."),
        Mistake("batches count alike", edit("np.asarray(sizes) / np.sum(sizes)", "np.full(len(sizes), 1 / len(sizes))"), "You give every batch the same weight. A batch of 14 rows counts 14 times as much as one row: weigh by sizes/Σ sizes."),
        Mistake("batches count alike in the mean", edit("share @ means", "means.mean(axis=0)"), "Your mean gives every batch the same weight. Weigh by sizes/Σ sizes, as in the variance."),
        Mistake("batches count alike in the spread of the means", edit("share @ (means - mean) ** 2", "((means - mean) ** 2).mean(axis=0)"), "In the spread of the means you give every batch the same weight. Weigh (μ_t − μ)² by sizes/Σ sizes, like v_t."),
        Mistake("means.var", edit("share @ (means - mean) ** 2", "means.var(axis=0)"), "For the spread of the means you add their plain variance, in which every batch counts alike. Weigh (μ_t − μ)² by sizes/Σ sizes, around the μ that you return."),
        Mistake("around the mean of the means", edit("(means - mean)", "(means - means.mean(axis=0))"), "You measure the spread of the means around their plain mean. It is around the μ that you return, in which large batches weigh more."),
        Mistake("batches count alike in the variance", edit("share @ variances", "variances.mean(axis=0)", "share @ (means - mean) ** 2", "((means - mean) ** 2).mean(axis=0)"), "Your variance gives every batch the same weight. Weigh by sizes/Σ sizes, as in the mean."),
        Mistake("mean not subtracted", edit("(means - mean) ** 2", "means**2"), "Your variance holds the mean of μ_t². What counts is how far each μ_t is from the mean of all rows: (μ_t − μ)²."),
        Mistake("distance not squared", edit("(means - mean) ** 2", "np.abs(means - mean)"), "You add |μ_t − μ|. A variance is a mean of squares: (μ_t − μ)²."),
        Mistake("batches made unbiased first", edit("share @ variances", "share @ (variances * (1 + 1 / (np.asarray(sizes)[:, None] - 1)))"), "You turn each v_t into an estimate with 1/(N_t − 1). What is asked for is no estimate: the variance of all these rows, with 1/N."),
        Mistake("1/(N − 1)", edit("inside + between", "(inside + between) * np.sum(sizes) / (np.sum(sizes) - 1)"), "Your variance divides by N − 1. Asked for is that of all these rows themselves, with 1/N."),
        Mistake("sizes − 1 as weights", edit("np.asarray(sizes) / np.sum(sizes)", "(np.asarray(sizes) - 1) / np.sum(np.asarray(sizes) - 1)"), "You weigh each batch by N_t − 1. What is asked for is no estimate: all rows count, so N_t."),
        Mistake("between the batches with 1/(T − 1)", edit("share @ (means - mean) ** 2", "((means - mean) ** 2).sum(axis=0) / (len(sizes) - 1)"), "For the spread of the means you divide by T − 1, every batch alike. Weigh (μ_t − μ)² by sizes/Σ sizes: what is asked for is no estimate."),
        Mistake("number of batches", edit("inside + between", "(inside + between) * len(sizes)"), "Your variance is T times as large as it should be: a division is missing."),
        Mistake("not divided by N", edit(" / np.sum(sizes)", ""), "You weigh by the sizes and do not divide by their sum. Mean and variance are sums over all rows, divided by N = Σ N_t."),
        Mistake("divided by T", edit("np.sum(sizes)", "len(sizes)"), "You divide by the number of batches. The sums hold N = Σ N_t rows."),
        Mistake("standard deviations averaged", edit("share @ variances", "share @ np.sqrt(variances)"), "You average standard deviations. Variances are what adds up."),
        Mistake("square of the mean standard deviation", edit("share @ variances", "(share @ np.sqrt(variances)) ** 2"), "You average standard deviations and square them. Variances are what adds up."),
        Mistake("standard deviation returned", edit("return mean, variance", "return mean, np.sqrt(variance)"), "Your second result is a standard deviation. Return the variance; the root comes in with y."),
        Mistake("the moving average of the lecture", _moving(), "You compute the moving average of (5.19). It forgets, and takes no account of the batches' sizes; here all rows count alike.", beside_the_point=True),
        Mistake("moving average from the first batch", _moving(True), "You compute the moving average of (5.19), from the first batch on. It forgets, and takes no account of the batches' sizes; here all rows count alike.", beside_the_point=True),
        Mistake("moving average of v_t as it is", _moving(False, False), "You compute the moving average of (5.19), with the v_t as they are. It forgets, and takes no account of the batches' sizes; here all rows count alike.", beside_the_point=True),
        Mistake("moving average of v_t from the first batch", _moving(True, False), "You compute the moving average of (5.19), from the first batch on, with the v_t as they are. It forgets, and takes no account of the batches' sizes; here all rows count alike.", beside_the_point=True),
        Mistake("last batch left out", _without_last, "The last batch is missing from your statistics: there are T of them, and range(T) already stops one before T."),
        Mistake("batches of one row left out", edit("np.asarray(sizes) / np.sum(sizes)", "np.where(sizes > 1, sizes, 0) / np.sum(np.where(sizes > 1, sizes, 0))"), "You leave out the batches of a single row. Their variance is 0, but their row counts like every other."),
        Mistake("first batch left out", lambda means, variances, sizes, *rest: pooled_statistics(means[1:], variances[1:], sizes[1:], *rest), "The first batch is missing from your statistics."),
        Mistake("last batch only", lambda means, variances, sizes, *rest: pooled_statistics(means[-1:], variances[-1:], sizes[-1:], *rest), "Your statistics are those of the last batch: the others were overwritten."),
        Mistake("the test batch's own statistics", edit("(x - mean) / np.sqrt(variance", "(x - x.mean(axis=0)) / np.sqrt(x.var(axis=0)"), "Your y is normalised with x's own mean and variance, as in training. At test time an answer must not depend on what else is in the batch."),
        Mistake("divided by the variance", edit("np.sqrt(variance + eps)", "(variance + eps)"), "Your y is divided by the variance: the root is missing, √(variance + ε)."),
        Mistake("eps outside the root", edit("np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"), "You divide by √variance + ε. Here ε stands inside the root."),
        Mistake("eps missing", edit("variance + eps", "variance"), "You divide by √variance or nearly so: ε is missing, or is not the eps that comes in."),
        Mistake("gamma missing", edit("gamma * x_hat + beta", "x_hat + beta"), "Your y lacks the learned scale: y = γ x̂ + β."),
        Mistake("gamma multiplies beta too", edit("gamma * x_hat + beta", "gamma * (x_hat + beta)"), "Your y is γ (x̂ + β). The shift comes after the scale: γ x̂ + β."),
        Mistake("gamma and beta exchanged", edit("gamma * x_hat + beta", "beta * x_hat + gamma"), "γ and β are exchanged in your y: γ multiplies and β is added."),
        Mistake("last batch's statistics in y", edit("(x - mean) / np.sqrt(variance", "(x - means[-1]) / np.sqrt(variances[-1]"), "Your y is normalised with the last batch's mean and variance, not with those that you return."),
        Mistake("beta missing", edit("gamma * x_hat + beta", "gamma * x_hat"), "Your y lacks the learned shift: y = γ x̂ + β."),
        Mistake("affine missing", edit("gamma * x_hat + beta", "x_hat"), "Your y is x̂. The learned scale and shift are used at test time too: γ x̂ + β."),
        Mistake("weights N_t − 1 over N − 1", edit("share @ variances", "((np.asarray(sizes) - 1) @ variances) / (np.sum(sizes) - 1)", "share @ (means - mean) ** 2", "np.asarray(sizes) @ (means - mean) ** 2 / (np.sum(sizes) - 1)"), "You take the v_t for estimates with 1/(N_t − 1), and return one with 1/(N − 1). They are the variances of the rows themselves, with 1/N_t, and so is what is asked for: weigh by N_t and divide by N."),
        Mistake("weights N_t − 1 over N", edit("share @ variances", "((np.asarray(sizes) - 1) @ variances) / np.sum(sizes)"), "You take the v_t for estimates with 1/(N_t − 1). They are the variances of the rows themselves, with 1/N_t: weigh by N_t."),
        Mistake("divided by N − T", edit("share @ variances", "(np.asarray(sizes) @ variances) / (np.sum(sizes) - len(sizes))", "inside + between", "inside"), "Your variance is Σ N_t v_t/(N − T), an estimate of the spread inside the batches. Asked for is the variance of all rows: divide by N, and add the spread of the means."),
        Mistake("mean squares of mean and spread", edit("inside + between", "share @ (variances + means**2) - mean"), "You take μ off the mean square. It is μ² that goes: E[x²] − E[x]²."),
        Mistake("spread twice", edit("inside + between", "inside + 2 * between"), "The spread of the means is in your variance twice. (x − μ)² = (x − μ_t)² + (μ_t − μ)² + a term that sums to 0: once."),
        Mistake("between the batches not divided", edit("share @ (means - mean) ** 2", "((means - mean) ** 2).sum(axis=0)"), "Your spread of the means is a plain sum. Weigh (μ_t − μ)² by sizes/Σ sizes, like v_t."),
        Mistake("weights squared", edit("share @ (means - mean) ** 2", "share**2 @ (means - mean) ** 2"), "You weigh (μ_t − μ)² by the square of each share. That is for the variance of a mean; here all rows count: N_t/N."),
        Mistake("variance of a mean", edit("share @ variances", "share**2 @ variances"), "You weigh v_t by the square of each share. That is the rule for the variance of a mean; asked for is the variance of all rows: N_t/N."),
        Mistake("new and old averaged", lambda means, variances, sizes, x, gamma, beta, eps: _halves(means, variances, x, gamma, beta, eps), "You average each new batch with what you have, half and half. The last batch then counts as much as all before it: weigh by the rows seen so far."),
        Mistake("largest batch only", lambda means, variances, sizes, *rest: pooled_statistics(means[[np.argmax(sizes)]], variances[[np.argmax(sizes)]], np.asarray(sizes)[[np.argmax(sizes)]], *rest), "Your statistics are those of the largest batch. All rows count."),
        Mistake("weights 1/N_t", edit("np.asarray(sizes) / np.sum(sizes)", "(1 / np.asarray(sizes)) / np.sum(1 / np.asarray(sizes))"), "You weigh each batch by 1/N_t. A large batch holds more rows: N_t/N."),
        Mistake("roots of the sizes", edit("np.asarray(sizes) / np.sum(sizes)", "np.sqrt(sizes) / np.sum(np.sqrt(sizes))"), "You weigh each batch by √N_t. Each row counts once: N_t/N."),
        Mistake("one variance for all features", edit("np.sqrt(variance + eps)", "np.sqrt(variance.mean() + eps)"), "Your y is divided by one variance for all features. Each feature has its own."),
        Mistake("the mean of x taken off", edit("(x - mean)", "(x - x.mean(axis=0))"), "Your y takes off the mean of x itself. At test time the mean is that of the rows ever seen, the one you return."),
        Mistake("the variance of x divided by", edit("np.sqrt(variance + eps)", "np.sqrt(x.var(axis=0) + eps)"), "Your y is divided by the spread of x itself. At test time the variance is that of the rows ever seen, the one you return."),
        Mistake("plain means in y", edit("(x - mean)", "(x - means.mean(axis=0))"), "Your y takes off the plain mean of the batches' means, not the mean that you return."),
        Mistake("eps twice", edit("variance = inside + between", "variance = inside + between + eps"), "Your variance holds ε. ε comes in with the root, √(v + ε), once."),
    ),
    hints=(
        "Imagine all rows of all batches in one long array. Which sums would you need for its mean and variance, and can you get them back from μ_t, v_t and N_t?",
        "Σ of a batch's rows is N_t μ_t. Σ of their squared distances from the common mean is N_t v_t and something more.",
        "For one row: (x − μ)² = (x − μ_t)² + 2(x − μ_t)(μ_t − μ) + (μ_t − μ)². Sum over the batch: which of the three is zero?",
    ),
)  # fmt: skip
