"""Problem set 8 on gates: the bias that keeps what is wanted, and the half-life that gates really have."""

import math

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- gate_bias -------------------------------------------------------------------------------------


def gate_bias(share, shortest, longest, H):
    """H forget biases for lags from `shortest` to `longest`, evenly spread in log T: σ(b_j)^(T_j) = share, j = 1 … H.

    T_1 = shortest, T_H = longest, each lag is the one before times the same factor. Returns lags and bias, (H,).
    """
    return _bias(share, shortest, longest, H)


def _logit(f):
    return np.log(f) - np.log1p(-f)


def _bias(
    share,
    shortest,
    longest,
    H,
    *,
    spread=np.geomspace,
    order=1,
    whole=False,
    gate=lambda share, T: share ** (1 / T),
    inverse=_logit,
    sign=1,
):
    """gate_bias with exchangeable parts."""
    lags = spread(shortest, longest, H)[::order]
    lags = np.round(lags) if whole else lags
    return lags, sign * inverse(gate(share, lags))


def _instead(bias):
    """The right lags, and biases by another rule of share and lags."""
    return lambda share, shortest, longest, H: ((T := np.geomspace(shortest, longest, H)), bias(share, T))


def _bias_cases(rng):
    cases = []
    for H, shortest, longest, low, high in (
        (7, 2, 150, 0.2, 0.34),
        (5, 4, 60, 0.55, 0.9),
        (2, 3, 40, 0.4, 0.45),
    ):
        numbers = rng.uniform(low, high), rng.uniform(1.0, 1.2) * shortest, rng.uniform(0.9, 1.1) * longest
        cases.append(Case((*map(float, numbers), H), ("lags", "bias")))
    return cases


def _ends(args, out):
    _, shortest, longest, _ = args
    return float(max(abs(np.min(out["lags"]) / shortest - 1), abs(np.max(out["lags"]) / longest - 1)))


def _share_kept(args, out):
    gate = 1 / (1 + np.exp(-np.clip(out["bias"], -500, 500)))
    return relative_error(gate ** out["lags"], np.full(len(out["lags"]), args[0]))


GATE_BIAS = Problem(
    name="ps8.gate_bias",
    reference=gate_bias,
    family=_bias,
    cases=_bias_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"lags": ("unit",), "bias": ("unit",)},
    invariants=(
        Invariant("from shortest to longest", _ends, "Your lags do not begin at the shortest and end at the longest. Both ends belong to them."),
        Invariant("share kept", _share_kept, "Put your bias of each unit into a sigmoid and raise it to its lag: that is not the share."),
    ),
    mistakes=(
        Mistake("lags evenly spaced", dict(spread=np.linspace), "Your lags are evenly spaced, so few units look after the short ones. From one unit to the next it is the factor that is the same."),
        Mistake("last lag left out", dict(spread=lambda a, b, H: np.geomspace(a, b, H, endpoint=False)), "Your last unit stops short of the longest lag: H lags have H − 1 factors between them."),
        Mistake("one step too far", dict(spread=lambda a, b, H: np.geomspace(a, b, H + 1)[1:]), "Your first unit's lag is already one factor above the shortest."),
        Mistake("longest first", dict(order=-1), "Your lags run from the longest to the shortest. Unit 1 has the shortest."),
        Mistake("whole lags", dict(whole=True), "You round the lags to whole steps. Then the factors between them differ."),
        Mistake("biases evenly spaced", lambda share, a, b, H: (np.geomspace(a, b, H), np.linspace(*_logit(share ** (1 / np.array([a, b]))), H)), "Your biases are evenly spaced between the two ends. That is close where lags are long, but each unit has a lag of its own to keep the share over."),
        Mistake("gates evenly spaced", lambda share, a, b, H: (np.geomspace(a, b, H), _logit(np.linspace(*share ** (1 / np.array([a, b])), H))), "Your gates are evenly spaced between the two ends, so most lags are short. Each unit has a lag of its own to keep the share over."),
        Mistake("no root", dict(gate=lambda share, T: share + 0 * T), "Your gate is the share itself. That would be right for a lag of one step."),
        Mistake("power for root", dict(gate=lambda share, T: share**T), "You raise the share to the power T. It is the gate that is raised to it."),
        Mistake("loss spread evenly", dict(gate=lambda share, T: 1 - (1 - share) / T), "You spread the loss evenly over the steps. Each step loses a part of what is left, not of the start."),
        Mistake("T − 1 steps", dict(gate=lambda share, T: share ** (1 / (T - 1))), "Your gates keep the share over T − 1 steps. From c_0 to c_T there are T gates."),
        Mistake("T + 1 steps", dict(gate=lambda share, T: share ** (1 / (T + 1))), "Your gates keep the share over T + 1 steps. From c_0 to c_T there are T gates."),
        Mistake("half in place of the share", dict(gate=lambda share, T: 0.5 ** (1 / T)), "Your gates keep one half whatever the share is: each lag is then a half-life."),
        Mistake("1/e in place of the share", dict(gate=lambda share, T: np.exp(-1 / T)), "Your gates keep 1/e whatever the share is: each lag is then a time constant."),
        Mistake("share lost", dict(gate=lambda share, T: (1 - share) ** (1 / T)), "You let the share be lost. It is what is to be kept."),
        Mistake("chrono bias", _instead(lambda share, T: np.log(T - 1)), "Your bias is the chrono rule, ln(T − 1), which keeps about 1/e, whatever share is asked for."),
        Mistake("bias is ln T", _instead(lambda share, T: np.log(T)), "Your bias is ln T and does not depend on the share."),
        Mistake("bias for long lags only", _instead(lambda share, T: np.log(T / -np.log(share))), "Your bias takes ln σ(b) for −e^(−b), which holds for long lags only."),
        Mistake("sign of the bias", dict(sign=-1), "Your bias has the wrong sign: its gate is 1 − f, which forgets."),
        Mistake("log in place of logit", dict(inverse=np.log), "Your bias is ln f, which is negative for every gate. That does not undo a sigmoid."),
        Mistake("odds without the logarithm", dict(inverse=lambda f: f / (1 - f)), "Your bias is the odds f/(1 − f), one step before the end."),
        Mistake("inverse of tanh", dict(inverse=np.arctanh), "Your bias undoes a tanh. A gate is a sigmoid."),
        Mistake("logit to base 10", dict(inverse=lambda f: _logit(f) / np.log(10)), "Your logarithm has base 10. The sigmoid is made of powers of e."),
        Mistake("gate for the bias", dict(inverse=lambda f: f), "Your bias is the gate itself. A sigmoid still has to make the gate of it."),
        Mistake("exponents of ten", dict(spread=np.logspace), "Your lags run from 10 to the power of the shortest to 10 to the power of the longest: np.logspace takes exponents."),
        Mistake("sigmoid for its inverse", dict(inverse=lambda f: 1 / (1 + np.exp(-f))), "You put the gate into the sigmoid once more. The bias is what the sigmoid turns into the gate."),
    ),
    hints=(
        "Two questions, one after the other: which lag does each unit look after, and which gate keeps the share over that lag?",
        "The lags are a geometric sequence with both ends in it. T equal factors f give f^T, and σ(b) = f has one solution for every f between 0 and 1.",
        "T_j = T_1 (T_H/T_1)^((j−1)/(H−1)) and f = share^(1/T). From f = 1/(1 + e^(−b)) get e^(−b) = 1/f − 1.",
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
    points=2,
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
        Mistake("sign", dict(top=-np.log(2)), "Your half-lives are negative. ln f is negative, and so is ln ½."),
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
