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
    ),
    hints=(
        "Let s = z/τ. The loss of one row is Σ_k t_k (log Σ_m e^{s_m} − s_k): easy to differentiate with respect to s, and easy to keep finite. Then one step more, from s to z.",
        "dz has the shape of z, and each of its rows sums to 0, because p and t both sum to 1. Check how dz changes if you double τ and z together.",
        "log p_k = s_k − log Σ_m e^{s_m}, and this stays what it is if one number is subtracted from a whole row of s. With respect to s the gradient is that of (1.24) with t in place of the one-hot row.",
    ),
)  # fmt: skip
