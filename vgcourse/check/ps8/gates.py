"""Problem set 8 on gates: the bias that keeps what is wanted, and the half-life that gates really have."""

import math

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

# --- gate_bias -------------------------------------------------------------------------------------


def gate_bias(share, steps):
    """The forget gate f with f^T = share, and the bias with σ(b) = f: b = ln(f/(1 − f)).

    share and steps are arrays of one shape. Returns gate and bias, of the same shape.
    """
    return _bias(share, steps)


def _logit(f):
    return np.log(f) - np.log1p(-f)


def _bias(
    share, steps, *, gate=lambda share, steps: share ** (1 / steps), lost=False, inverse=_logit, sign=1
):
    """gate_bias with exchangeable parts."""
    f = gate(1 - share if lost else share, steps)
    return f, sign * inverse(f)


def _instead(bias):
    """The right gate, and a bias by another rule."""
    return lambda share, steps: (share ** (1 / steps), bias(share, steps))


def _bias_cases(rng):
    steps = rng.permutation(np.array([3, 6, 15, 40, 100])) + rng.integers(0, 3, size=5)
    return [
        Case((rng.uniform(0.2, 0.4, size=5), steps), ("gate", "bias")),
        Case((rng.uniform(0.55, 0.9, size=(2, 3)), rng.integers(20, 120, size=(2, 3))), ("gate", "bias")),
    ]


def _share_kept(args, out):
    share, steps = args
    return relative_error(out["gate"] ** steps, share)


def _bias_makes_gate(args, out):
    return relative_error(1 / (1 + np.exp(-out["bias"])), out["gate"])


GATE_BIAS = Problem(
    name="ps8.gate_bias",
    reference=gate_bias,
    family=_bias,
    cases=_bias_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("share kept", _share_kept, "Your gate to the power of steps is not the share. Each step multiplies the carried gradient by f once: f^T = share."),
        Invariant("bias makes gate", _bias_makes_gate, "The sigmoid of your bias is not your gate. Put your bias into 1/(1 + e^(−b)) and compare."),
    ),
    mistakes=(
        Mistake("no root", dict(gate=lambda share, steps: share + 0 * steps), "Your gate is the share itself: that is what one step may keep if there is only one. The T gates multiply, so f is the T-th root of the share."),
        Mistake("power for root", dict(gate=lambda share, steps: share**steps), "You raise the share to the power T. It is the other way round: f^T = share, so f = share^(1/T)."),
        Mistake("share divided by steps", dict(gate=lambda share, steps: share / steps), "You divide the share by the number of steps. Losses multiply, they do not add: f^T = share."),
        Mistake("loss spread evenly", dict(gate=lambda share, steps: 1 - (1 - share) / steps), "You spread the loss evenly, f = 1 − (1 − share)/T. Each step loses a part of what is left, not of the start: f^T = share."),
        Mistake("T − 1 steps", dict(gate=lambda share, steps: share ** (1 / (steps - 1))), "Your gate keeps the share over T − 1 steps. From c_0 to c_T there are T gates."),
        Mistake("T + 1 steps", dict(gate=lambda share, steps: share ** (1 / (steps + 1))), "Your gate keeps the share over T + 1 steps. From c_0 to c_T there are T gates."),
        Mistake("half in place of the share", dict(gate=lambda share, steps: 0.5 ** (1 / steps) + 0 * share), "Your gate keeps one half whatever the share is: steps is then the half-life. Put the share in place of ½."),
        Mistake("1/e in place of the share", dict(gate=lambda share, steps: np.exp(-1 / steps) + 0 * share), "Your gate keeps 1/e whatever the share is: steps is then the time constant. Put the share in place of 1/e."),
        Mistake("share lost", dict(lost=True), "You let the share be lost. It is what is to be kept: f^T = share."),
        Mistake("chrono", lambda share, steps: (1 - 1 / steps + 0 * share, np.log(steps - 1) + 0 * share), "Yours is the chrono rule, b = ln(T − 1) and f = 1 − 1/T. It keeps about 1/e, whatever share is asked for."),
        Mistake("chrono bias", _instead(lambda share, steps: np.log(steps - 1) + 0 * share), "Your gate is right and your bias is the chrono rule, ln(T − 1), which keeps about 1/e. Invert the sigmoid at your own gate."),
        Mistake("bias is ln T", _instead(lambda share, steps: np.log(steps) + 0 * share), "Your bias is ln T and does not depend on the share. Invert the sigmoid at your own gate: b = ln(f/(1 − f))."),
        Mistake("bias for long times only", _instead(lambda share, steps: np.log(steps / -np.log(share))), "Your bias ln(T/(−ln share)) takes ln σ(b) for −e^(−b), which holds for large b only. Exact is ln(f/(1 − f))."),
        Mistake("bias of the share", _instead(lambda share, steps: _logit(share)), "Your gate is right and your bias undoes the sigmoid at the share. Put the gate of a single step in: b = ln(f/(1 − f))."),
        Mistake("sign of the bias", dict(sign=-1), "Your bias has the wrong sign: its gate is 1 − f, which forgets. A gate near 1 needs a large positive bias."),
        Mistake("log in place of logit", dict(inverse=np.log), "Your bias is ln f, which is negative for every gate. The sigmoid is undone by ln(f/(1 − f))."),
        Mistake("odds without the logarithm", dict(inverse=lambda f: f / (1 - f)), "Your bias is f/(1 − f), the odds. Its logarithm is the bias."),
        Mistake("inverse of tanh", dict(inverse=np.arctanh), "Your bias undoes a tanh. A gate is a sigmoid, undone by ln(f/(1 − f)), which is twice arctanh(2f − 1)."),
        Mistake("logit to base 10", dict(inverse=lambda f: _logit(f) / np.log(10)), "Your logarithm has base 10. The sigmoid has e^(−b) in it, so the logarithm is natural: np.log."),
        Mistake("sigmoid for its inverse", dict(inverse=lambda f: 1 / (1 + np.exp(-f))), "You put the gate into the sigmoid once more. The bias is what the sigmoid turns into the gate: its inverse, ln(f/(1 − f))."),
    ),
    hints=(
        "Along the memory alone every step multiplies by the gate. Ask for the gate first, then for the bias that makes it.",
        "T equal factors f give f^T. σ(b) = f has one solution b for every f between 0 and 1, positive where f > ½.",
        "f = share^(1/T). From f = 1/(1 + e^(−b)) get e^(−b) = 1/f − 1, and then b.",
    ),
)  # fmt: skip


# --- half_life -------------------------------------------------------------------------------------


def half_life(f):
    """What survives all steps, kept = Π_t f_t, and after how many steps half is left on the typical path.

    f holds the measured forget gates, (T, N, H). Returns kept (N, H) and half_life (H,) = −ln 2/mean(ln f),
    with the mean over steps and examples.
    """
    return _half(f)


LN2 = math.log(2)


def _half(
    f, *, kept=lambda f: f.prod(axis=0), rate=lambda f: -np.log(f).mean(axis=(0, 1)), top=LN2, finish=None, closed=False
):  # fmt: skip
    """half_life with exchangeable parts; `rate` is the mean loss of ln f a step, or what is taken for it."""
    f = 1 - f if closed else f
    life = top / rate(f)
    return kept(f), life if finish is None else finish(life, f)


def _half_cases(rng):
    cases = []
    for T, N, H in ((9, 3, 5), (5, 4, 4), (7, 2, 1)):
        z = rng.uniform(1.0, 3.0, size=H) + 1.2 * rng.normal(size=(T, N, H))
        z[..., 0] += 3.0  # a half-life longer than T
        cases.append(Case((1 / (1 + np.exp(-z)),), ("kept", "half_life"), batch=N, steps=T))
    return cases


def _apart(args, out):
    """ln kept, averaged over the examples, is −T ln 2/half_life."""
    with np.errstate(all="ignore"):
        logs = np.log(out["kept"]).mean(axis=0)
        error = relative_error(logs, -np.log(2) * len(args[0]) / out["half_life"])
    return error if np.isfinite(error) else 1.0


HALF_LIFE = Problem(
    name="ps8.half_life",
    reference=half_life,
    family=_half,
    cases=_half_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"kept": ("example", "unit"), "half_life": ("unit",)},
    invariants=(
        Invariant("kept and half-life fit", _apart, "Your two results do not fit together. ln kept falls by ln 2 in each half-life, so the mean of ln kept over the examples is −T ln 2/half_life."),
    ),
    mistakes=(
        Mistake("mean gate", dict(rate=lambda f: -np.log(f.mean(axis=(0, 1)))), "You take the logarithm of the mean gate. Gates multiply, so logarithms add: average ln f. One nearly closed gate costs more than the mean shows."),
        Mistake("median gate", dict(rate=lambda f: -np.log(np.median(f, axis=(0, 1)))), "You take the median gate. The few closed gates, which it ignores, are what cuts the path: average ln f."),
        Mistake("mean of 1 − f", dict(rate=lambda f: (1 - f).mean(axis=(0, 1))), "You take 1 − f for the loss a step. That is −ln f for gates near 1 only: average −ln f."),
        Mistake("mean of the half-lives", dict(rate=lambda f: 1 / (-1 / np.log(f)).mean(axis=(0, 1))), "You average the half-lives of the single gates, so one open gate counts for all. Average ln f first, then divide."),
        Mistake("sum of the logarithms", dict(rate=lambda f: -np.log(f).sum(axis=0).mean(axis=0)), "Your half-life is counted in sequences: you sum ln f over the T steps. The loss of one step is the mean over the steps."),
        Mistake("last step only", dict(rate=lambda f: -np.log(f[-1]).mean(axis=0)), "Your half-life is that of the last step's gates. Average ln f over all steps."),
        Mistake("first example only", dict(rate=lambda f: -np.log(f[:, 0]).mean(axis=0)), "Your half-life is that of the first example. Average ln f over steps and examples."),
        Mistake("per example, then averaged", dict(rate=lambda f: 1 / (-1 / np.log(f).mean(axis=0)).mean(axis=0)), "You average the half-lives of the examples, and the one that remembers longest dominates. Average ln f over steps and examples, then divide once."),
        Mistake("mean of kept", dict(rate=lambda f: -np.log(f.prod(axis=0).mean(axis=0)) / len(f)), "You average kept over the examples before the logarithm, and the one that keeps most dominates. Average ln f over steps and examples."),
        Mistake("time constant", dict(top=1.0), "Yours is the time to 1/e. For one half the numerator is ln 2."),
        Mistake("logarithms of two bases", dict(top=np.log10(2)), "Your logarithms have two bases, 10 above and e below. Any base will do, but the same one twice."),
        Mistake("upside down", dict(finish=lambda life, f: 1 / life), "Your half-life is upside down: it is half-lives a step. ln 2 is divided by the loss of ln f a step."),
        Mistake("log₂ below, ln above", lambda f: _half(f, rate=lambda f: -np.log2(f).mean(axis=(0, 1))), "Your logarithms have two bases, e above and 2 below. With log₂ below, the numerator is 1."),
        Mistake("sign", dict(top=-np.log(2)), "Your half-lives are negative. ln f is negative and ln ½ as well: half_life = ln ½/mean(ln f)."),
        Mistake("whole steps", dict(finish=lambda life, f: np.ceil(life)), "You round up to whole steps. The half-life is the real solution of f^t = ½."),
        Mistake("no longer than T", dict(finish=lambda life, f: np.minimum(life, len(f))), "Your half-lives end at T. The gates' rate of loss says more: a half-life may well be longer than the sequence."),
        Mistake("gate closed", dict(closed=True), "You multiply 1 − f. What the memory meets at each step is f: c_t starts with f_t ⊙ c_{t−1}."),
        Mistake("kept: first step left out", dict(kept=lambda f: f[1:].prod(axis=0)), "Your kept leaves out the first gate. On the way from c_0 to c_T all T gates are met."),
        Mistake("kept: last gate only", dict(kept=lambda f: f[-1]), "Your kept is the last gate. What arrives has passed all of them: multiply."),
        Mistake("kept: mean gate", dict(kept=lambda f: f.mean(axis=0)), "Your kept is the mean gate over the steps. Gates one after the other multiply."),
        Mistake("kept: mean gate to the power T", dict(kept=lambda f: f.mean(axis=0) ** len(f)), "Your kept is the mean gate to the power T. It is always too large: the product of the gates themselves is asked for."),
        Mistake("kept: smallest gate", dict(kept=lambda f: f.min(axis=0)), "Your kept is the smallest gate. The others take their share too: multiply all of them."),
    ),
    hints=(
        "Gates multiply along time. Which average of them, put in place of each, gives the same product?",
        "kept is a product over the axis of the steps, (N, H). For the half-life, ln kept falls in a straight line on average: how much a step?",
        "rate = −mean of ln f over steps and examples, one for each unit; after t steps e^(−rate t) is left. Set that to ½.",
    ),
)  # fmt: skip
