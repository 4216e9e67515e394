"""Problem set 6: the loss of sequences where only some steps have a target, and every sequence weighs the same."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SMALL = 1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6  # what is added to keep a logarithm finite


def sequence_mean_loss(o, labels, mask):
    """L = mean over the sequences with a target of the mean over a sequence's targets of −log softmax(o)[label]; and ∂L/∂o."""
    C = o.shape[-1]
    targets = mask.sum(axis=0)  # how many a sequence has
    sequences = max((targets > 0).sum(), 1)
    share = 1 / np.maximum(targets, 1) / sequences  # what one of them weighs
    y = np.eye(C)[labels]
    top = o.max(axis=-1, keepdims=True)
    total = np.exp(o - top).sum(axis=-1, keepdims=True)
    log_p = o - top - np.log(total)
    p = np.exp(log_p)
    losses = -np.where(y > 0, log_p, 0).sum(axis=-1)
    loss = (mask * share * losses).sum()
    do = (mask * share)[..., None] * (p - y)
    return loss, do


def _last_kept(m):
    last = len(m) - 1 - np.argmax(m[::-1] > 0, axis=0)
    return m * (np.arange(len(m))[:, None] == last)


def _cases(rng):
    cases = []
    for (T, N, C), few, suffix in (
        ((7, 4, 3), (0, 1), ""),
        ((6, 6, 6), (0, 0, 1), ""),
        ((5, 1, 2), (5,), ""),
        ((6, 5, 3), (0,), ", large scores"),
    ):
        o, labels = 1.5 * rng.normal(size=(T, N, C)), rng.integers(C, size=(T, N))
        lengths = rng.permutation(N) % (T - 3) + 2  # of different length
        lengths[rng.permutation(N)[: len(few)]] = (
            few  # without any target, with one, with one at the last step
        )
        mask = (np.arange(T)[:, None] < lengths).astype(float)
        mask[0, np.argmax(lengths)] = 0.0  # a hole that is no padding
        labels[mask == 0] = -1
        if suffix:
            o = np.round(8 * o) / 8 + 1024.0 * rng.choice(
                [-1, 1], size=(T, N, 1)
            )  # exact in single precision
            t, n = np.argwhere(mask)[0]  # a label of probability e⁻⁴⁴: no small number beside it goes unseen
            o[t, n, labels[t, n]] = np.delete(o[t, n], labels[t, n]).max() - 44.0
            o[-1] = 1000.0 * np.arange(C)[::-1]  # padding at every sequence's end: the last class has p = 0
        cases.append(Case((o, labels, mask), ("loss" + suffix, "do" + suffix), batch=N, steps=T))
    return cases


def _do(out):
    return next((value for name, value in out.items() if name.startswith("do")), None)


def _silent(args, out):
    do, mask = _do(out), args[2]
    return np.abs(do[mask == 0]).max() / np.abs(do).max()


def _rows_sum_to_zero(args, out):
    do = _do(out)
    return np.abs(do.sum(axis=-1)).max() / np.abs(do).max()


_OWN_LOG = "np.where(y > 0, log_p, 0).sum(axis=-1)"
_LOG_OF_P = edit(_OWN_LOG, "np.log((p * y).sum(axis=-1))")
_BY_DIVISION = edit("np.exp(log_p)", "np.exp(o - top) / total")

SEQUENCE_MEAN_LOSS = Problem(
    name="ps6.sequence_mean_loss",
    reference=sequence_mean_loss,
    cases=_cases,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    flow=("loss", "do"),
    axes={"do": ("step", "example", "class"), "do, large scores": ("step", "example", "class")},
    invariants=(
        Invariant("no gradient where masked", _silent, "Your do is not zero where the mask is 0. What is not in the loss cannot change it."),
        Invariant("rows sum to 0", _rows_sum_to_zero, "The rows of your do do not sum to zero over the classes. Adding a constant to all scores of a step changes no probability, so they must."),
    ),
    mistakes=(
        Mistake("one mean over all targets", edit("np.maximum(targets, 1) / sequences", "mask.sum()"), "You divide one sum by the number of all targets. Then a long sequence weighs more than a short one; here all sequences weigh the same.", beside_the_point=True),
        Mistake("divided by T·N", edit("np.maximum(targets, 1) / sequences", "mask.size"), "You divide by T·N, the masked steps included.", beside_the_point=True),
        Mistake("divided by N alone", edit("np.maximum(targets, 1) / sequences", "mask.shape[1]"), "You divide by N alone: each sequence brings the sum of its losses. It should bring their mean."),
        Mistake("divided by the sequences alone", edit("np.maximum(targets, 1) / ", ""), "You divide by the number of sequences alone: each brings the sum of its losses. It should bring their mean."),
        Mistake("divided by T", edit("np.maximum(targets, 1) / sequences", "len(mask)"), "You divide by T. Each sequence has its own number of targets."),
        Mistake("divided by T and the sequences", edit("np.maximum(targets, 1)", "len(mask)"), "Your mean over a sequence divides by T. It has its own number of targets, fewer than T."),
        Mistake("not divided", edit("1 / np.maximum(targets, 1) / sequences", "1.0"), "You take a sum. Asked for is a mean for each sequence, and the mean of these."),
        Mistake("sum over the sequences", edit(" / sequences", ""), "You add up the sequences' means. Asked for is the mean of them."),
        Mistake("empty sequences counted", edit("/ sequences", "/ mask.shape[1]"), "You count sequences without a target as sequences with the loss 0. They are left out: divide by the number of those that have one."),
        Mistake("0/0 in empty sequences", edit("np.maximum(targets, 1)", "targets"), "A sequence without any target divides 0 by 0 in yours. It has to be left out."),
        Mistake("0/0, and empty sequences counted", edit("np.maximum(targets, 1) / sequences", "targets / mask.shape[1]"), "A sequence without any target divides 0 by 0 in yours, and it is counted among the sequences. It has to be left out of both."),
        Mistake("a mean for each step", edit("np.maximum(targets, 1) / sequences", "np.maximum(mask.sum(axis=1, keepdims=True), 1) / (mask.sum(axis=1) > 0).sum()"), "You average over the sequences at each step and then over the steps. It is the other way round: over the targets of a sequence first."),
        Mistake("one target too many", edit("np.maximum(targets, 1)", "(targets + 1)"), "Your mean over a sequence divides by its number of targets plus 1. Only where there is none something else than 0 is needed."),
        Mistake("divided twice by the targets", edit("np.maximum(targets, 1)", "np.maximum(targets, 1) ** 2"), "You divide by a sequence's number of targets twice."),
        Mistake("averaged over classes", edit("return loss", "return loss / C"), "Your loss is divided by the number of classes, as a mean over the last axis. Each target has one loss, that of its label."),
        Mistake("one mean over everything", edit("mask * share * losses).sum()", "mask * losses).sum() / o.size"), "Your loss is one mean over steps, sequences and classes. Asked for is a mean for each sequence, over its targets, and the mean of these.", beside_the_point=True),
        Mistake("do not divided", edit(" * share)[", ")["), "Your do is the gradient of a sum. It is divided as the loss is."),
        Mistake("do by the sequences alone", edit(" * share)[", " / sequences)["), "Your do is divided by the number of sequences alone. The loss also divides by each sequence's number of targets, and so does its gradient."),
        Mistake("do by all targets", edit(" * share)[", " / mask.sum())["), "Your do is divided by the number of all targets, your loss sequence by sequence. The gradient is divided as the loss is."),
        Mistake("do by N", edit(" * share)[", " / np.maximum(targets, 1) / mask.shape[1])["), "Your do counts the sequences without a target, your loss does not."),
        Mistake("do by the targets alone", edit(" * share)[", " / np.maximum(targets, 1))["), "Your do is divided by each sequence's number of targets alone. The loss is also a mean over sequences."),
        Mistake("mask missing in do", edit("do = (mask", "do = (np.ones_like(mask)"), "The mask is missing in your do: steps without a target get a gradient."),
        Mistake("mask missing in the loss", edit("mask * share * losses", "share * losses"), "The mask is missing in your loss: steps without a target add their share, for a label that is none."),
        Mistake("no mask", edit("targets = mask", "mask = np.ones_like(mask)\n    targets = mask"), "Steps without a target count like the others in yours. A label of −1 says that there is none; numpy takes it as the last class."),
        Mistake("first class where there is no target", edit("do = (mask", "do = (np.ones_like(mask)", "np.eye(C)[labels]", "np.eye(C)[np.maximum(labels, 0)]"), "The mask is missing in your do: steps without a target get a gradient, as if their label were class 0."),
        Mistake("mask taken as lengths", edit("targets = mask", "mask = (np.arange(len(mask))[:, None] < mask.sum(axis=0)).astype(float)\n    targets = mask"), "You take the first steps of each sequence, as many as it has targets. A step without a target can lie between others: the mask says which."),
        Mistake("mask taken as lengths, first class", edit("targets = mask", "mask = (np.arange(len(mask))[:, None] < mask.sum(axis=0)).astype(float)\n    targets = mask", "np.eye(C)[labels]", "np.eye(C)[np.maximum(labels, 0)]"), "You take the first steps of each sequence, as many as it has targets. A step without a target can lie between others: the mask says which."),
        Mistake("mask inverted", edit("targets = mask", "mask = 1 - mask\n    targets = mask"), "You keep the steps where the mask is 0. A mask of 1 marks a target."),
        Mistake("last target of each sequence only", edit("targets = mask", "mask = _last_kept(mask)\n    targets = mask"), "Only the last target of each sequence counts in yours. Every step with mask 1 does."),
        Mistake("sign", edit("(p - y)", "(y - p)"), "The sign of your do is flipped."),
        Mistake("one-hot missing", edit("(p - y)", "p"), "Your do is the softmax alone; the one-hot target is not subtracted."),
        Mistake("label entry only", edit("(p - y)", "y * (p - 1)"), "Only the label's entry of your do is filled. Every score is in the softmax's denominator, so every class gets a gradient."),
        Mistake("softmax over time", edit("o.max(axis=-1", "o.max(axis=0", "top).sum(axis=-1", "top).sum(axis=0"), "Your softmax sums over axis 0, which is time. The classes lie on the last axis."),
        Mistake("softmax over the batch", edit("o.max(axis=-1", "o.max(axis=1", "top).sum(axis=-1", "top).sum(axis=1"), "Your softmax sums over axis 1, the batch. The classes lie on the last axis."),
        Mistake("sums over the batch", edit("top).sum(axis=-1", "top).sum(axis=1"), "Your sums of exponentials run over axis 1, the batch. The classes lie on the last axis."),
        Mistake("sums over time", edit("top).sum(axis=-1", "top).sum(axis=0"), "Your sums of exponentials run over axis 0, which is time. The classes lie on the last axis."),
        Mistake("overflow", edit("o.max(axis=-1, keepdims=True)", "0.0") + _BY_DIVISION + _LOG_OF_P, "Your exponential overflows for large scores, and inf/inf is NaN. Subtract each row's maximum first; the softmax does not change."),
        Mistake("overflow before the logarithm", edit("o.max(axis=-1, keepdims=True)", "0.0"), "Your exponential overflows for large scores, or is 0 for very negative ones, before you take its logarithm. Subtract each row's maximum first; the softmax does not change."),
        Mistake("one maximum for all", edit("o.max(axis=-1, keepdims=True)", "o.max()"), "You subtract the largest score of all rows from every row. Rows far below it have exponentials of 0 only, and their logarithm is −∞: each step and sequence needs its own maximum."),
        Mistake("one maximum for all, divided", edit("o.max(axis=-1, keepdims=True)", "o.max()") + _BY_DIVISION + _LOG_OF_P, "You subtract the largest score of all rows from every row. Rows far below it have exponentials of 0 only, and 0/0 is NaN: each step and sequence needs its own maximum."),
        Mistake("logarithm missing", edit("np.where(y > 0, log_p, 0)", "(p * y)"), "The logarithm is missing in your loss: you add up the labels' probabilities."),
        *(Mistake(f"{small:g} in the logarithm", edit(_OWN_LOG, f"np.log((p * y).sum(axis=-1) + {small})"), f"You add {small:g} to the probability before its logarithm, so that no loss can be above {-np.log(small):.1f}. A label can have less probability than that: take the logarithm of the softmax as a difference, score minus the logarithm of the sum.") for small in SMALL),
        Mistake("log of a probability that is 0", _LOG_OF_P, "You take the logarithm of a probability before the mask, and in a step that does not count it can be 0: 0 · (−∞) is NaN."),
        Mistake("sequences counted by steps", edit("mask * share * losses).sum()", "mask * share * losses).mean()"), "Your loss is a mean of weighed losses. The weights hold both means already: add."),
        Mistake("longest sequence's number", edit("np.maximum(targets, 1) /", "targets.max() /"), "You divide every sequence by the number of targets of the longest. Each has its own number."),
        Mistake("classes with a target", edit("np.maximum(targets, 1) / sequences", "np.maximum(targets, 1) / C"), "You divide by the number of classes. It is the number of sequences with a target."),
        Mistake("steps with a target", edit("sequences = max((targets > 0).sum(), 1)", "sequences = max((mask.sum(axis=1) > 0).sum(), 1)"), "You divide by the number of steps with a target. It is the number of sequences with one."),
        Mistake("one sequence too many", edit("(targets > 0).sum()", "(targets > 0).sum() + 1"), "You count one sequence too many. Only those with a target count."),
        Mistake("sequences with two targets", edit("(targets > 0)", "(targets > 1)"), "A sequence with a single target is not counted among the sequences. One is enough."),
        Mistake("labels as a mask", edit("targets = mask", "mask = (labels > 0).astype(float)\n    targets = mask"), "You take labels above 0 for the mask. Label 0 is a class as the others; without a target the label is −1."),
        Mistake("first step without a label", edit("targets = mask", "mask = np.cumprod(mask, axis=0)\n    targets = mask"), "A sequence of yours ends at its first step without a target. Such a step can lie between others."),
        Mistake("up to the last target", edit("targets = mask", "mask = (np.cumsum(mask[::-1], axis=0)[::-1] > 0).astype(float)\n    targets = mask"), "You count all steps up to a sequence's last target, those without one too. The mask says which count."),
        Mistake("share by classes in do", edit("* (p - y)", "* (p - y) / C"), "Your do is divided by the number of classes, your loss is not."),
        Mistake("do by T", edit(" * share)[", " / len(mask) / sequences)["), "Your do divides by T where your loss divides by a sequence's number of targets."),
        Mistake("do twice", edit("(p - y)", "2 * (p - y)"), "Your do is twice too large. The gradient of −log softmax is p − y."),
        Mistake("slope of the softmax", edit("(p - y)", "(p - y) * p * (1 - p)"), "Your do has p(1 − p) as an extra factor. With the logarithm it cancels."),
        Mistake("do by the probability", edit("(p - y)", "(p - y) / p"), "Your do is divided by the probabilities. p − y is the gradient with respect to the scores."),
        Mistake("argmax for the softmax", edit("(p - y)", "((p == p.max(axis=-1, keepdims=True)) - y)"), "Your do compares the chosen class with the target. The loss is smooth: it compares probabilities, p − y."),
        Mistake("sigmoid for the softmax", edit("(p - y)", "(1 / (1 + np.exp(-o)) - y)"), "Your do has a sigmoid for each class. One class is right: softmax."),
        Mistake("base 2", edit("log_p = o - top - np.log(total)", "log_p = (o - top - np.log(total)) / np.log(2)", "np.exp(log_p)", "np.exp(o - top) / total"), "Your loss uses the logarithm to base 2. Asked for is the natural one."),
        Mistake("losses of the other classes", edit("np.where(y > 0, log_p, 0)", "np.where(y > 0, 0, log_p)"), "Your loss adds up the other classes. It is −log of the label's own probability."),
        Mistake("all classes", edit("np.where(y > 0, log_p, 0)", "log_p"), "Your loss adds −log p of all classes. It is that of the label alone."),
        Mistake("mean before the logarithm", edit("-np.where(y > 0, log_p, 0).sum(axis=-1)", "1 - (p * y).sum(axis=-1)"), "Your loss is 1 − p of the label. It is −log p."),
        Mistake("squared error", edit("-np.where(y > 0, log_p, 0).sum(axis=-1)", "((p - y) ** 2).sum(axis=-1)"), "Your loss is a squared error. It is −log of the label's probability."),
        Mistake("sign of the loss", edit("return loss", "return -loss"), "Your loss has the wrong sign: −log p is above 0."),
        Mistake("exponential of the loss", edit("return loss", "return np.exp(loss)"), "Your loss is a perplexity, e to the power of the loss. Asked for is the loss."),
        Mistake("score of the label alone", edit("-np.where(y > 0, log_p, 0)", "-np.where(y > 0, o - top, 0)"), "The logarithm of the sum of exponentials is missing in your loss: −log softmax is log Σ e^o − o of the label."),
        Mistake("next label", edit("y = np.eye(C)[labels]", "y = np.eye(C)[np.roll(labels, -1, axis=0)]"), "Step t of yours gets the label of step t + 1. labels[t] belongs to o[t]."),
        Mistake("label before", edit("y = np.eye(C)[labels]", "y = np.eye(C)[np.roll(labels, 1, axis=0)]"), "Step t of yours gets the label of step t − 1. labels[t] belongs to o[t]."),
        Mistake("classes counted from 1", edit("y = np.eye(C)[labels]", "y = np.eye(C)[labels - 1]"), "Your classes are counted from 1. Label 0 is the first class."),
    ),
    hints=(
        "Two means, one inside the other. By what is the loss of one target divided in the end?",
        "The mask summed over time is the number of targets of each sequence, (N,); do has the shape of o, is zero where the mask is 0, and sums to 0 over the classes elsewhere.",
        "A weight for each step and sequence, (T, N), does it: mask divided by two numbers, one of the sequence and one of the batch. It multiplies losses and softmax − one-hot alike. Beware of 0/0.",
    ),
)  # fmt: skip
