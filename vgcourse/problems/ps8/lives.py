"""Problem set 8 on gates: the half-life that gates really have."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- half_life -------------------------------------------------------------------------------------


def half_life(f):
    """What survives all steps, Π_t f_t, and after how many steps half is left on the typical path.

    f holds the measured forget gates, (T, N, H). Returns kept (N, H) and half_life (H,) = −ln 2/mean(ln f),
    with the mean over steps and sequences.
    """
    kept = f.prod(axis=0)
    rate = -np.log(f).mean(axis=(0, 1))
    return kept, np.log(2) / rate


def _half_cases(rng):
    cases = []
    for T, N, H in ((9, 3, 5), (5, 4, 4), (7, 2, 1)):
        z = rng.uniform(1.0, 3.0, size=H) + 1.2 * rng.normal(size=(T, N, H))
        z[..., 0] += 3.0  # a half-life longer than T
        cases.append(Case((1 / (1 + np.exp(-z)),), ("kept", "half_life"), batch=N, steps=T))
    f = rng.uniform(0.9, 1.0, size=(900, 2, 3))
    f[..., 1] *= rng.uniform(0.35, 0.45)  # whose product is below the smallest number
    cases.append(Case((f,), ("kept", "half_life"), batch=2, steps=900))
    return cases


def _apart(args, out):
    """ln kept, averaged over the sequences, is −T ln 2/half_life."""
    with np.errstate(all="ignore"):
        logs = np.log(out["kept"]).mean(axis=0)
        seen = args[0].prod(axis=0).min(axis=0) > 0  # the product of many steps may be too small for a number
        error = relative_error(logs[seen], (-np.log(2) * len(args[0]) / out["half_life"])[seen])
    return error if np.isfinite(error) else 1.0


HALF_LIFE = Problem(
    name="ps8.half_life",
    reference=half_life,
    cases=_half_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"kept": ("sequence", "unit"), "half_life": ("unit",)},
    invariants=(
        Invariant("kept and half-life fit", _apart, "Your two results do not fit together. ln kept falls by ln 2 in each half-life, so the mean of ln kept over the sequences is −T ln 2/half_life."),
    ),
    mistakes=(
        Mistake("mean gate", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(f.mean(axis=(0, 1)))"), "You take the logarithm of the mean gate. Gates multiply, so logarithms add: average ln f. One nearly closed gate costs more than the mean shows.", beside_the_point=True),
        Mistake("median gate", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(np.median(f, axis=(0, 1)))"), "You take the median gate. The few closed gates, which it ignores, are what cuts the path: average ln f."),
        Mistake("mean of 1 − f", edit("-np.log(f)", "(1 - f)"), "You take 1 − f for the loss a step. That is −ln f for gates near 1 only: average −ln f."),
        Mistake("mean of the half-lives", edit("-np.log(f).mean(axis=(0, 1))", "1 / (-1 / np.log(f)).mean(axis=(0, 1))"), "You average the half-lives of the single gates, so one open gate counts for all. Average ln f first, then divide."),
        Mistake("mean over the steps first", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(f.mean(axis=0)).mean(axis=0)"), "You average the gates over the steps before the logarithm. Gates multiply, so logarithms add: average ln f."),
        Mistake("mean over the sequences first", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(f.mean(axis=1)).mean(axis=0)"), "You average the gates over the sequences before the logarithm. Average ln f over steps and sequences."),
        Mistake("median of the logarithms", edit("-np.log(f).mean(axis=(0, 1))", "-np.median(np.log(f), axis=(0, 1))"), "You take the median of ln f. The few closed gates, which it ignores, are what cuts the path: average ln f."),
        Mistake("median of kept", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(np.median(np.prod(f, axis=0), axis=0)) / len(f)"), "You take the median of kept over the sequences. Average ln f over steps and sequences."),
        Mistake("sum over the sequences", edit("mean(axis=(0, 1))", "mean(axis=0).sum(axis=0)"), "You sum ln f over the sequences. The loss of one step is the mean over steps and sequences."),
        Mistake("shortest half-life", edit("-np.log(f).mean(axis=(0, 1))", "(-np.log(f).mean(axis=0)).max(axis=0)"), "Your half-life is that of the sequence that forgets fastest. Average ln f over steps and sequences."),
        Mistake("longest half-life", edit("-np.log(f).mean(axis=(0, 1))", "(-np.log(f).mean(axis=0)).min(axis=0)"), "Your half-life is that of the sequence that remembers longest. Average ln f over steps and sequences."),
        Mistake("sum over all", edit("mean(axis=(0, 1))", "sum(axis=(0, 1))"), "You sum ln f over steps and sequences. The loss of one step is the mean."),
        Mistake("one half-life for all units", edit("mean(axis=(0, 1))", "mean() * np.ones(f.shape[2])"), "All of your units have the same half-life: you average over the units as well. Each unit has gates of its own."),
        Mistake("T − 1 steps", edit("mean(axis=(0, 1))", "sum(axis=0).mean(axis=0) / (len(f) - 1)"), "You divide by T − 1 steps. There are T gates."),
        Mistake("sum of the logarithms", edit("mean(axis=(0, 1))", "sum(axis=0).mean(axis=0)"), "Your half-life is counted in sequences: you sum ln f over the T steps. The loss of one step is the mean over the steps."),
        Mistake("last step only", edit("np.log(f).mean(axis=(0, 1))", "np.log(f[-1]).mean(axis=0)"), "Your half-life is that of the last step's gates. Average ln f over all steps."),
        Mistake("first sequence only", edit("np.log(f).mean(axis=(0, 1))", "np.log(f[:, 0]).mean(axis=0)"), "Your half-life is that of the first sequence. Average ln f over steps and sequences."),
        Mistake("per sequence, then averaged", edit("-np.log(f).mean(axis=(0, 1))", "1 / (-1 / np.log(f).mean(axis=0)).mean(axis=0)"), "You average the half-lives of the sequences, and the one that remembers longest dominates. Average ln f over steps and sequences, then divide once."),
        Mistake("mean of kept", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(np.prod(f, axis=0).mean(axis=0)) / len(f)"), "You average kept over the sequences before the logarithm, and the one that keeps most dominates. Average ln f over steps and sequences."),
        Mistake("logarithm of the product", edit("-np.log(f).mean(axis=(0, 1))", "-np.log(kept).mean(axis=0) / len(f)"), "Your half-life comes from the product, by its logarithm or a root of it. Over a thousand steps the product is too small for a computer's numbers and becomes 0; add the logarithms of the gates.", alone=True),
        Mistake("median of the sequences' half-lives", edit("-np.log(f).mean(axis=(0, 1))", "1 / np.median(-1 / np.log(f).mean(axis=0), axis=0)"), "You take the median of the sequences' half-lives. Average ln f over steps and sequences, then divide once."),
        Mistake("harmonic mean gate", edit("-np.log(f).mean(axis=(0, 1))", "np.log((1 / f).mean(axis=(0, 1)))"), "You take the logarithm of the mean of 1/f. Gates multiply, so logarithms add: average ln f."),
        Mistake("odds for the logarithm", edit("-np.log(f)", "((1 - f) / f)"), "You take (1 − f)/f for the loss a step. That is −ln f for gates near 1 only: average −ln f."),
        Mistake("first step only", edit("np.log(f).mean(axis=(0, 1))", "np.log(f[0]).mean(axis=0)"), "Your half-life is that of the first step's gates. Average ln f over all steps."),
        Mistake("time constant", edit("np.log(2) /", "1 /"), "Yours is the time to 1/e. For one half the numerator is ln 2."),
        Mistake("a tenth left", edit("np.log(2) /", "np.log(10) /"), "Yours is the time to one tenth. For one half the numerator is ln 2."),
        Mistake("twice ln 2", edit("np.log(2) /", "2 * np.log(2) /"), "Yours is the time to one quarter. For one half the numerator is ln 2."),
        Mistake("loss of a step for the rate", edit("np.log(2) / rate", "np.log(2) / (1 - np.exp(-rate))"), "You divide by 1 less the typical gate. Where e^(−rate t) = ½, t is ln 2 over the rate itself."),
        Mistake("half of the typical gate", edit("np.log(2) / rate", "0.5 / (1 - np.exp(-rate))"), "You let the typical gate take away the same amount in each step. It takes a part of what is left: ½ = e^(−rate t)."),
        Mistake("one half above", edit("np.log(2) /", "0.5 /"), "Above the fraction you have ½ itself. The time to one half has a logarithm there."),
        Mistake("log₁₀ below, ln above", edit("np.log(f)", "np.log10(f)"), "Your logarithms have two bases, e above and 10 below. Any base will do, but the same one twice."),
        Mistake("logarithms of two bases", edit("np.log(2)", "np.log10(2)"), "Your logarithms have two bases, 10 above and e below. Any base will do, but the same one twice."),
        Mistake("upside down", edit("np.log(2) / rate", "rate / np.log(2)"), "Your half-life is upside down: it is half-lives a step. ln 2 is divided by the loss of ln f a step."),
        Mistake("typical gate", edit("np.log(2) / rate", "np.exp(-rate)"), "Your half_life is the typical gate of one step. Asked for is after how many such steps one half is left."),
        Mistake("log₂ below, ln above", edit("np.log(f)", "np.log2(f)"), "Your logarithms have two bases, e above and 2 below. With log₂ below, the numerator is 1."),
        Mistake("sign", edit("np.log(2) /", "-np.log(2) /"), "Your half-lives are negative. ln f is negative, and so is ln ½."),
        Mistake("whole steps", edit("np.log(2) / rate", "np.ceil(np.log(2) / rate)"), "You round up to whole steps. The half-life is the real solution of f^t = ½."),
        Mistake("rounded", edit("np.log(2) / rate", "np.round(np.log(2) / rate)"), "You round to whole steps. The half-life is the real solution of f^t = ½."),
        Mistake("no longer than T", edit("np.log(2) / rate", "np.minimum(np.log(2) / rate, len(f))"), "Your half-lives end at T. The gates' rate of loss says more: a half-life may well be longer than the sequence."),
        Mistake("gate closed", edit("kept = ", "f = 1 - f\n    kept = "), "You take 1 − f for the gate. What the memory meets at each step is f: c_t starts with f_t ⊙ c_{t−1}."),
        Mistake("kept: first step left out", edit("f.prod(axis=0)", "f[1:].prod(axis=0)"), "Your kept leaves out the first gate. On the way from c_0 to c_T all T gates are met."),
        Mistake("kept: last step left out", edit("f.prod(axis=0)", "f[:-1].prod(axis=0)"), "Your kept leaves out the last gate. On the way from c_0 to c_T all T gates are met."),
        Mistake("kept: logarithm", edit("f.prod(axis=0)", "np.log(f).sum(axis=0)"), "Your kept is a logarithm. Asked for is the share itself."),
        Mistake("kept: geometric mean", edit("f.prod(axis=0)", "f.prod(axis=0) ** (1 / len(f))"), "Your kept is the typical gate of one step, the T-th root of the product. Asked for is what survives all T."),
        Mistake("kept: last gate only", edit("f.prod(axis=0)", "f[-1].copy()"), "Your kept is the last gate. What arrives has passed all of them: multiply."),
        Mistake("kept: mean gate", edit("f.prod(axis=0)", "f.mean(axis=0)"), "Your kept is the mean gate over the steps. Gates one after the other multiply."),
        Mistake("kept: mean over the sequences", edit("f.prod(axis=0)", "np.broadcast_to(np.prod(f, axis=0).mean(axis=0), f.shape[1:]).copy()"), "Your kept is a mean over the sequences. Each sequence has one of its own.", alone=True),
        Mistake("kept: typical path", edit("f.prod(axis=0)", "np.broadcast_to(np.exp(np.log(f).sum(axis=0).mean(axis=0)), f.shape[1:]).copy()"), "Your kept is that of the typical path, the same for all sequences. Each sequence has a product of its own.", alone=True),
        Mistake("kept: step by step", edit("f.prod(axis=0)", "f[0] * f[-1]"), "Your kept is the first gate times the last. What arrives has passed all of them: multiply all.", alone=True),
        Mistake("kept: mean gate to the power T", edit("f.prod(axis=0)", "f.mean(axis=0) ** len(f)"), "Your kept is the mean gate to the power T. It is always too large: the product of the gates themselves is asked for."),
        Mistake("kept: smallest gate", edit("f.prod(axis=0)", "f.min(axis=0)"), "Your kept is the smallest gate. The others take their share too: multiply all of them."),
        Mistake("kept: sum", edit("f.prod(axis=0)", "f.sum(axis=0)"), "Your kept adds the gates up. Each of them multiplies what the one before has let through."),
        Mistake("kept: what is lost", edit("f.prod(axis=0)", "1 - np.prod(f, axis=0)"), "Your kept is what is lost. Asked for is what is left after all T gates."),
    ),
    hints=(
        "Gates multiply along time. Which average of them, put in place of each, gives the same product?",
        "kept is a product over the axis of the steps, (N, H). For the half-life, ln kept falls in a straight line on average: how much a step?",
        "rate = −mean of ln f over steps and sequences, one for each unit; after t steps e^(−rate t) is left. Set that to ½.",
    ),
)  # fmt: skip
