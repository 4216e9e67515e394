"""Problem set 1 on classes: the softmax cross-entropy with soft targets and a temperature."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps1.accepted import first_number

# --- softmax_cross_entropy -------------------------------------------------------------------------


def softmax_cross_entropy(z, targets, temperature):
    """L = −(1/N) Σ t log p with p = softmax(z/τ), and ∂L/∂z = (p − t)/(τN) (Hinton et al. 2015)."""
    s = z / temperature
    shifted = s - s.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    log_p = shifted - np.log(total)
    p = np.exp(log_p)
    loss = -(targets * log_p).sum(axis=1).mean()
    ds = (p - targets) / len(z)
    dz = ds / temperature
    return loss, dz


def _softmax_cases(rng):
    cases = []
    for n, classes, tau in ((5, 4, 2.7), (4, 4, 0.6), (1, 3, 1.7)):  # the square one lets lost keepdims run
        t = rng.dirichlet(np.ones(classes), size=n)
        cases.append(Case((rng.normal(size=(n, classes)) * 2, t, tau), ("loss", "dz"), batch=n))
    large = rng.normal(size=(4, 3)) * 2 + np.array([[1000.0], [-1000.0], [800.0], [0.0]])
    large[3] = (
        1000.0,
        0.0,
        -1000.0,
    )  # probabilities that round to 0, of a class that is a target and of one that is not
    t = rng.dirichlet(np.ones(3), size=4)
    t[3] = 0.3, 0.7, 0.0
    return [*cases, Case((large, t, 0.8), ("loss (large logits)", "dz (large logits)"), batch=4)]  # fmt: skip


def _log_softmax(z):
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _hard(t):
    return np.eye(t.shape[1])[t.argmax(axis=1)]


def _softened(t, temperature):
    powers = t ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


_KEEPDIMS = (
    "Without keepdims=True it has shape (N,), and numpy lines it up with the classes, not with the rows."
)

SOFTMAX_CROSS_ENTROPY = Problem(
    name="ps1.softmax_cross_entropy",
    reference=softmax_cross_entropy,
    adapt=first_number,
    axes={"dz": ("example", "class"), "dz (large logits)": ("example", "class")},
    cases=_softmax_cases,
    points=4,
    lecture='lecture 1, "Ten classes", equations (1.23) and (1.24)',
    flow=("loss", "dz"),
    mistakes=(
        Mistake("overflow", edit(" - s.max(axis=1, keepdims=True)", "", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "e^z overflows for large logits: e^1000 is inf, and inf/inf is NaN. Subtract each row's maximum first; the softmax does not change."),
        Mistake("temperature ignored", edit("z / temperature", "z", "ds / temperature", "ds"), "Your answer does not depend on the temperature. The softmax is that of z/τ.", whole=True),
        Mistake("temperature in the loss only", edit("ds / temperature", "ds"), "Your dz lacks a factor: z goes into the softmax through z/τ, and that step has a derivative, too."),
        Mistake("multiplied by the temperature", edit("z / temperature", "z * temperature", "ds / temperature", "ds * temperature"), "You multiply the logits by τ. A high temperature makes them smaller and the softmax softer: z/τ.", whole=True),
        Mistake("τ for 1/τ in dz", edit("ds / temperature", "ds * temperature"), "On the way back from z/τ to z you multiply by τ. The derivative of z/τ is the other one."),
        Mistake("1/τ twice in dz", edit("ds / temperature", "ds / temperature**2"), "Your dz is divided by τ twice. z passes through z/τ once, so 1/τ comes in once."),
        Mistake("loss times τ²", edit("return loss, dz", "return loss * temperature**2, dz * temperature**2"), "Loss and gradient are τ² times too large. That factor is used when soft and hard targets are mixed; the loss here has none."),
        Mistake("missing 1/N in dz", edit(" / len(z)", ""), "Your dz lacks the 1/N: the loss is a mean over the batch, so every row's gradient is divided by N."),
        Mistake("sum instead of mean", edit(".mean()", ".sum()", " / len(z)", ""), "You take the sum over the batch, the loss here is the mean: loss and gradient are both N times too large."),
        Mistake("loss summed", edit(".mean()", ".sum()"), "Your loss is the sum over the batch; asked for is the mean."),
        Mistake("loss averaged over all entries", edit(".sum(axis=1).mean()", ".mean()"), "Your loss is divided by N·C: np.mean of the whole array. Sum over the classes first, then take the mean over the examples."),
        Mistake("divided by the number of classes", edit("len(z)", "z.size"), "Your dz is divided by N·C. The mean is over the N examples, not over all entries."),
        Mistake("sign of p − t", edit("p - targets", "targets - p"), "The sign of dz is flipped. Raising the logit of a class with target 0 raises the loss."),
        Mistake("targets made hard", edit("loss =", "targets = _hard(targets)\n    loss ="), "Only the class with the largest target counts in your answer, as if there were labels. Here every entry of t has its weight."),
        Mistake("hard targets in dz", edit("p - targets", "p - _hard(targets)"), "Your dz subtracts 1 at the largest target, which is (1.24) for a label. With soft targets every class has its share."),
        Mistake("diagonal only", edit("p - targets", "-targets * (1 - p)"), "Your dz has only the diagonal of the softmax's Jacobian. Every logit changes every probability through the sum in the denominator."),
        Mistake("target missing in dz", edit("p - targets", "p"), "Your dz is the softmax alone; the target is not in it."),
        Mistake("gradient with respect to p", edit("p - targets", "-targets / p"), "This is ∂L/∂p, the gradient with respect to the probabilities. It still has to go back through the softmax to z."),
        Mistake("an extra p(1 − p)", edit("(p - targets)", "(p - targets) * p * (1 - p)"), "Your dz has an extra factor p(1 − p). It has cancelled against the cross-entropy already."),
        Mistake("softmax applied twice", edit("log_p = shifted - np.log(total)", "s = np.exp(shifted) / total\n    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))"), "Your answer is that for a softmax of a softmax. z are the logits, and one softmax makes them probabilities.", alone=True),
        Mistake("keepdims lost in the sum", edit("sum(axis=1, keepdims=True)", "sum(axis=1)"), f"The sum of your softmax lost an axis. {_KEEPDIMS}", alone=True),
        Mistake("keepdims lost in the maximum", edit("max(axis=1, keepdims=True)", "max(axis=1)"), f"The maximum in your softmax lost an axis. {_KEEPDIMS}", alone=True),
        Mistake("one maximum for all rows", edit("max(axis=1, keepdims=True)", "max()", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "You subtract the largest logit of the whole batch. A row far below it becomes 0/0: every row needs its own maximum.", alone=True),
        Mistake("maximum over the batch", edit("max(axis=1, keepdims=True)", "max(axis=0)", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "Your maximum runs over the batch (axis 0). That shifts the logits of a row by different amounts, and the softmax changes.", alone=True),
        Mistake("one sum for all rows", edit("max(axis=1, keepdims=True)", "max()", "sum(axis=1, keepdims=True)", "sum()", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "Your softmax divides by the sum over the whole batch. Each row has to sum to 1 by itself.", alone=True),
        Mistake("softmax over the batch", edit("max(axis=1, keepdims=True)", "max(axis=0)", "sum(axis=1, keepdims=True)", "sum(axis=0)"), "Your softmax sums over the batch (axis 0). Each row is one example and has to sum to 1."),
        Mistake("log of a probability that is 0", edit("* log_p", "* np.log(p)"), "You take the logarithm of p, and p has rounded to 0 for some class. Take the logarithm before you divide: that of a quotient is a difference, and both of its parts are finite.", alone=True),
        Mistake("0 · log 0 left out", edit("* log_p", "* np.where(p > 0, log_p, 0.0)"), "You leave out the classes whose probability has rounded to 0. If such a class has a target above 0, it costs most of all: work with log p, which is finite.", alone=True),
        Mistake("the row's mean subtracted", edit("max(axis=1, keepdims=True)", "mean(axis=1, keepdims=True)", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "You subtract the mean of each row. A logit far above it still overflows: only with the largest one subtracted is no exponent above 0.", alone=True),
        Mistake("the row's minimum subtracted", edit("max(axis=1, keepdims=True)", "min(axis=1, keepdims=True)", "shifted - np.log(total)", "np.log(np.exp(shifted) / total)"), "You subtract the smallest logit of each row. That makes all exponents ≥ 0, and large ones overflow: subtract the largest.", alone=True),
        Mistake("temperature ignored in the loss", edit("-(targets * log_p)", "-(targets * _log_softmax(z))"), "Your loss takes the softmax of z, without the temperature.", alone=True),
        Mistake("multiplied by the temperature in the loss", edit("-(targets * log_p)", "-(targets * _log_softmax(z * temperature))"), "Your loss takes the softmax of zτ. A high temperature makes the logits smaller and the softmax softer: z/τ.", alone=True),
        Mistake("base 2", edit("* log_p", "* log_p / np.log(2)"), "Your loss is 1/log 2 = 1.44 times the right one, as with the logarithm to base 2. log is the natural one.", alone=True),
        Mistake("base 10", edit("* log_p", "* log_p / np.log(10)"), "Your loss is 1/log 10 = 0.43 times the right one, as with the logarithm to base 10. log is the natural one.", alone=True),
        Mistake("log forgotten", edit("* log_p", "* p"), "Your loss weighs the probabilities themselves: the logarithm is missing.", alone=True),
        Mistake("squared error", edit("-(targets * log_p)", "((p - targets) ** 2)"), "Your loss is the squared error of p. Asked for is the cross-entropy, with its logarithm.", alone=True),
        Mistake("entropy of p", edit("-(targets * log_p)", "-(p * log_p)"), "Your loss is the entropy of p: the targets are not in it. They weigh the log p.", alone=True),
        Mistake("entropy of the targets subtracted", edit("-(targets * log_p)", "(targets * (np.log(np.where(targets > 0, targets, 1.0)) - log_p))"), "Your loss has the entropy of the targets subtracted: it is the Kullback–Leibler divergence. Asked for is the cross-entropy alone; the gradient is the same.", alone=True),
        Mistake("loss divided by the classes", edit(".sum(axis=1).mean()", ".sum(axis=0).mean()"), "Your loss sums over the batch and averages over the classes. It is the other way round.", alone=True),
        Mistake("τ in the gradient only", edit("z / temperature", "z"), "Your softmax is that of z, without the temperature; only dz is divided by τ.", whole=True),
        Mistake("hard targets in the loss", edit("targets * log_p", "_hard(targets) * log_p"), "Your loss counts the class with the largest target alone, as for a label. With soft targets every class has its share.", alone=True),
        Mistake("multiplied by the temperature in the softmax", edit("z / temperature", "z * temperature"), "Your softmax is that of zτ. A high temperature makes the logits smaller and the softmax softer: z/τ.", whole=True, alone=True),
        Mistake("mean for the sum in the softmax", edit("total = np.exp(shifted).sum", "total = np.exp(shifted).mean"), "Your softmax divides by the mean of the exponentials, so its rows sum to C and not to 1.", whole=True, alone=True),
        Mistake("targets not in the loss", edit("-(targets * log_p)", "-log_p"), "Your loss sums log p over all classes: the targets, which weigh them, are not in it.", alone=True),
        Mistake("τ² in the softmax", edit("z / temperature", "z / temperature**2"), "Your softmax is that of z/τ²: the temperature comes in twice.", whole=True, alone=True),
        *(Mistake(f"log(p + {floor:g})", edit("* log_p", f"* np.log(p + {floor})"), f"A floor of 1e−{-np.log10(floor):.0f} inside the logarithm, added or clipped to, keeps the loss finite and makes it wrong: no class can cost more than {-np.log(floor):.0f}. Work with log p itself.", alone=True) for floor in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)),
        Mistake("targets softened", edit("s = z / temperature", "s, targets = z / temperature, _softened(targets, temperature)"), "You soften the targets, too, t^(1/τ) with rows that sum to 1 again. They are the large net's softened probabilities already: take t as it is.", alone=True, whole=True),
        Mistake("softmax of the targets", edit("s = z / temperature", "s, targets = z / temperature, np.exp(_log_softmax(targets / temperature))"), "You put the targets through a softmax. They are probabilities already: take t as it is.", alone=True, whole=True),
        Mistake("softmax of the targets without τ", edit("s = z / temperature", "s, targets = z / temperature, np.exp(_log_softmax(targets))"), "You put the targets through a softmax. They are probabilities already: take t as it is.", alone=True, whole=True),
        Mistake("targets divided by τ", edit("s = z / temperature", "s, targets = z / temperature, targets / temperature"), "You divide the targets by τ. They are the large net's softened probabilities already: take t as it is.", alone=True, whole=True),
        Mistake("loss times τ² alone", edit("return loss, dz", "return loss * temperature**2, dz"), "Your loss is τ² times too large. That factor is used when soft and hard targets are mixed; the loss here has none.", alone=True),
        Mistake("τ² and a sum", edit("return loss, dz", "return loss * temperature**2 * len(z), dz * temperature**2"), "Your loss is τ² times too large, and a sum over the batch; your dz is τ² times too large. The τ² belongs to a mixture of soft and hard targets, and the loss here is a mean.", alone=True, whole=True),
        Mistake("τ² and a sum in both", edit("return loss, dz", "return loss * temperature**2 * len(z), dz * temperature**2 * len(z)"), "Your loss and dz are τ² times too large, and sums over the batch. The τ² belongs to a mixture of soft and hard targets, and the loss here is a mean.", alone=True, whole=True),
        Mistake("loss times τ", edit("return loss, dz", "return loss * temperature, dz"), "Your loss is τ times too large. The temperature divides the logits and is nowhere else in the loss.", alone=True),
        Mistake("loss divided by τ", edit("return loss, dz", "return loss / temperature, dz"), "Your loss is divided by τ. The temperature divides the logits and is nowhere else in the loss.", alone=True),
        Mistake("√τ in the softmax", edit("z / temperature", "z / np.sqrt(temperature)"), "Your softmax is that of z/√τ. The logits are divided by τ itself.", alone=True, whole=True),
        Mistake("temperature behind the softmax", edit("s = z / temperature", "s = z", "log_p = shifted - np.log(total)", "log_p = shifted - np.log(total) - np.log(temperature)"), "You divide the probabilities by τ, not the logits: the temperature goes in before the softmax.", alone=True, whole=True),
        Mistake("sum of exponentials left out", edit("shifted - np.log(total)", "shifted"), "Your log p lacks the sum of the exponentials: log p_k = s_k − log Σ e^s.", alone=True, whole=True),
        Mistake("sum of exponentials added", edit("shifted - np.log(total)", "shifted + np.log(total)"), "Your log p adds the logarithm of the sum. It is subtracted: a division.", alone=True, whole=True),
        Mistake("maximum subtracted once", edit("shifted - np.log(total)", "s - np.log(total)"), "Your log p is s − log Σ e^(s − max): the maximum was subtracted in the sum and not in s itself. Subtract it in both.", alone=True, whole=True),
        Mistake("1 added to the sum", edit("np.log(total)", "np.log1p(total)"), "Your softmax has 1 + Σ e^s in its denominator, as with one more class.", alone=True, whole=True),
        Mistake("sign of the loss", edit("loss = -", "loss = "), "Your loss has the wrong sign. log p is negative, so the loss has a minus in front.", alone=True),
        Mistake("two-class terms in the loss", edit("-(targets * log_p)", "-(targets * log_p + (1 - targets) * np.log(1 - p))"), "Your loss holds (1 − t) log(1 − p), too, as for two-class outputs. The softmax cross-entropy has the terms t log p alone.", alone=True),
        Mistake("loss of the likeliest class", edit("-(targets * log_p).sum(axis=1)", "-log_p.max(axis=1)"), "Your loss takes the largest log p of each row. The targets weigh the classes.", alone=True),
        Mistake("targets and p exchanged", edit("-(targets * log_p)", "-(p * np.log(np.maximum(targets, 1e-300)))"), "Your loss is −Σ p log t. It is the other way round: the targets weigh log p.", alone=True),
        Mistake("worst example alone", edit(".mean()", ".max()"), "Your loss is that of the worst example. It is the mean over the batch.", alone=True),
        Mistake("first example alone", edit(".mean()", "[0]"), "Your loss is that of the first example. It is the mean over the batch.", alone=True),
        Mistake("divided by N − 1", edit(".mean()", ".sum() / max(len(z) - 1, 1)"), "Your loss is divided by N − 1. The mean of N examples divides by N.", alone=True),
        Mistake("1/N twice in dz", edit("len(z)", "len(z) ** 2"), "Your dz is divided by N twice. The mean over the batch divides once.", alone=True),
        Mistake("1/N twice in the loss", edit(".mean()", ".mean() / len(z)"), "Your loss is divided by N twice. The mean over the batch divides once.", alone=True),
        Mistake("times N in dz", edit("/ len(z)", "* len(z)"), "Your dz is multiplied by N. The mean over the batch divides by it.", alone=True),
        Mistake("classes for examples in dz", edit("len(z)", "z.shape[1]"), "Your dz is divided by the number of classes, C. The mean is over the N examples.", alone=True),
        Mistake("softmax of z in dz", edit("p - targets", "np.exp(_log_softmax(z)) - targets"), "Your dz takes the softmax of z, without the temperature; your loss has it.", alone=True),
        Mistake("dz weighted by the targets", edit("p - targets", "targets * (p - targets)"), "Your dz is t(p − t): the targets weigh the loss, and in the gradient they have been summed over already.", alone=True),
        Mistake("p(1 − t)", edit("p - targets", "p * (1 - targets)"), "Your dz is p(1 − t). The two are subtracted: p − t.", alone=True),
        Mistake("slope of a sigmoid in dz", edit("p - targets", "p * (1 - p)"), "Your dz is p(1 − p), the slope of a sigmoid: the targets are not in it.", alone=True),
        Mistake("log p in dz", edit("p - targets", "log_p - targets"), "Your dz is made of log p − t. The gradient of the cross-entropy has p itself: p − t.", alone=True),
        Mistake("p − 1 for every class", edit("p - targets", "p - 1"), "Your dz is made of p − 1 for every class, as if each were the label. The target t is what is subtracted.", alone=True),
        Mistake("p made hard in dz", edit("p - targets", "_hard(p) - targets"), "Your dz takes 1 for the likeliest class and 0 for the others. p itself belongs there.", alone=True),
        Mistake("logits for probabilities in dz", edit("p - targets", "s - targets"), "Your dz is made of z/τ − t. The softmax belongs in between: p − t.", alone=True),
        Mistake("NaN and infinity replaced", edit("* log_p", "* np.nan_to_num(np.log(p))"), "You put numbers in the place of infinite logarithms. A class whose probability rounds to 0 still costs −log p, which is finite: work with log p.", alone=True),
        Mistake("logits clipped at 50", edit("s = z / temperature", "s = np.clip(z / temperature, -50, 50)"), "You clip the logits at ±50. Only differences count: subtract each row's maximum, and nothing is lost.", alone=True, whole=True),
        Mistake("logits clipped at 100", edit("s = z / temperature", "s = np.clip(z / temperature, -100, 100)"), "You clip the logits at ±100. Only differences count: subtract each row's maximum, and nothing is lost.", alone=True, whole=True),
        Mistake("logits clipped at 500", edit("s = z / temperature", "s = np.clip(z / temperature, -500, 500)"), "You clip the logits at ±500. Only differences count: subtract each row's maximum, and nothing is lost.", alone=True, whole=True),
        Mistake("logits clipped at 700", edit("s = z / temperature", "s = np.clip(z / temperature, -700, 700)"), "You clip the logits at ±700. Only differences count: subtract each row's maximum, and nothing is lost.", alone=True, whole=True),
        Mistake("p at least 1e-3", edit("* log_p", "* np.log(p + 1e-3)"), "A floor of 1e-3 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least 1e-5", edit("* log_p", "* np.log(p + 1e-5)"), "A floor of 1e-5 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least 1e-20", edit("* log_p", "* np.log(p + 1e-20)"), "A floor of 1e-20 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least 1e-30", edit("* log_p", "* np.log(p + 1e-30)"), "A floor of 1e-30 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least 1e-100", edit("* log_p", "* np.log(p + 1e-100)"), "A floor of 1e-100 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least 1e-300", edit("* log_p", "* np.log(p + 1e-300)"), "A floor of 1e-300 inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least np.finfo(float).tiny", edit("* log_p", "* np.log(p + np.finfo(float).tiny)"), "A floor of np.finfo(float).tiny inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p at least np.finfo(float).eps", edit("* log_p", "* np.log(p + np.finfo(float).eps)"), "A floor of np.finfo(float).eps inside the logarithm keeps the loss finite and makes it wrong: no class can cost more than its logarithm. Work with log p itself.", alone=True),
        Mistake("p for dz", edit("return loss, dz", "return loss, p"), "Your dz is the softmax p. The gradient is (p − t)/(τN).", alone=True),
        Mistake("log p for dz", edit("return loss, dz", "return loss, log_p"), "Your dz is log p. The gradient is (p − t)/(τN).", alone=True),
        Mistake("gradient with respect to z/τ, summed", edit("ds / temperature", "p - targets"), "Your dz is p − t, equation (1.24) for one row: the 1/N of the mean and the 1/τ of z/τ are missing.", alone=True),
        Mistake("τ² for 1/τ in dz", edit("ds / temperature", "ds * temperature**2"), "Your dz is multiplied by τ². The derivative of z/τ is 1/τ.", alone=True),
        Mistake("two-class terms, with a floor", edit("-(targets * log_p)", "-(targets * log_p + (1 - targets) * np.log(1 - p + 1e-12))"), "Your loss holds (1 − t) log(1 − p), too, as for two-class outputs. The softmax cross-entropy has the terms t log p alone.", alone=True),
    ),
    hints=(
        "Let s = z/τ. The loss of one row is Σ_k t_k (log Σ_m exp(s_m) − s_k): easy to differentiate with respect to s, and easy to keep finite. Then one step more, from s to z.",
        "dz has the shape of z, and each of its rows sums to 0, because p and t both sum to 1. Check how dz changes if you double τ and z together.",
        "log p_k = s_k − log Σ_m exp(s_m), and this stays what it is if one number is subtracted from a whole row of s. With respect to s the gradient is that of (1.24) with t in place of the one-hot row.",
    ),
)  # fmt: skip
