"""Problem set 8 on gates: the bias that keeps what is wanted."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- gate_bias -------------------------------------------------------------------------------------


def gate_bias(share, shortest, longest, H):
    """H forget biases for lags from `shortest` to `longest`, evenly spread in log T: σ(b_j)^(T_j) = share, j = 1 … H.

    T_1 = shortest, T_H = longest, each lag is the one before times the same factor. Returns lags and bias, (H,).
    """
    factor = (longest / shortest) ** (1 / (H - 1))
    lags = shortest * factor ** np.arange(H)
    gate = share ** (1 / lags)
    bias = np.log(gate / (1 - gate))
    return lags, bias


def _bias_cases(rng):
    cases = []
    for H, shortest, longest, low, high in (
        (7, 2, 150, 0.2, 0.34),
        (5, 4, 60, 0.55, 0.9),
        (2, 1.5, 40, 0.24, 0.26),
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
    cases=_bias_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"lags": ("unit",), "bias": ("unit",)},
    invariants=(
        Invariant("from shortest to longest", _ends, "Your lags do not begin at the shortest and end at the longest. Both ends belong to them."),
        Invariant("share kept", _share_kept, "Put your bias of each unit into a sigmoid and raise it to its lag: that is not the share."),
    ),
    mistakes=(
        Mistake("lags evenly spaced", edit("shortest * factor ** np.arange(H)", "np.linspace(shortest, longest, H)"), "Your lags are evenly spaced, so few units look after the short ones. From one unit to the next it is the factor that is the same."),
        Mistake("last lag left out", edit("1 / (H - 1)", "1 / H"), "Your last unit stops short of the longest lag: H lags have H − 1 factors between them."),
        Mistake("one step too far", edit("1 / (H - 1)", "1 / H", "np.arange(H)", "np.arange(1, H + 1)"), "Your first unit's lag is already one factor above the shortest."),
        Mistake("longest first", edit("np.arange(H)", "np.arange(H)[::-1]"), "Your lags run from the longest to the shortest. Unit 1 has the shortest."),
        Mistake("both ends left out", edit("1 / (H - 1)", "1 / (H + 1)", "np.arange(H)", "np.arange(1, H + 1)"), "Your lags lie between the shortest and the longest. Both of these belong to them."),
        Mistake("one factor too much", edit("np.arange(H)", "np.arange(1, H + 1)"), "All of your lags are one factor too long: the first unit has the shortest lag itself."),
        Mistake("doubled", edit("factor ** np", "2.0 ** np"), "Your lags double from unit to unit. The factor follows from both ends, and is another one."),
        Mistake("powers of ten", edit("factor ** np", "10.0 ** np"), "Your lags grow tenfold from unit to unit. The factor follows from both ends, and is another one."),
        Mistake("factor by H − 2", edit("1 / (H - 1)", "1 / max(H - 2, 0.5)"), "Your last lag is longer than the longest: H lags have H − 1 factors between them."),
        Mistake("differences of the ends", edit("shortest * factor ** np.arange(H)", "shortest + (longest - shortest) * np.arange(H) / H"), "Your lags are evenly spaced, and the longest is left out. From one unit to the next it is the factor that is the same, and both ends belong to them."),
        Mistake("squares", edit("shortest * factor ** np.arange(H)", "np.linspace(shortest**0.5, longest**0.5, H) ** 2"), "The roots of your lags are evenly spaced. From one unit to the next it is the factor that is the same."),
        Mistake("factor without its root", edit(" ** (1 / (H - 1))", ""), "Each of your lags is the one before times longest/shortest. H − 1 equal factors have to make that number together."),
        Mistake("1/T evenly spaced", edit("shortest * factor ** np.arange(H)", "1 / np.linspace(1 / shortest, 1 / longest, H)"), "Your 1/T are evenly spaced. From one unit to the next it is the factor that is the same."),
        Mistake("whole lags", edit("gate = ", "lags = np.round(lags)\n    gate = "), "You round the lags to whole steps. Then the factors between them differ."),
        Mistake("lags cut", edit("gate = ", "lags = np.floor(lags)\n    gate = "), "You cut the lags to whole steps. Then the factors between them differ."),
        Mistake("logarithms of the lags", edit("return lags", "return np.log(lags)"), "Your lags are logarithms. Asked for are the lags themselves."),
        Mistake("biases evenly spaced", edit("lags, bias", "lags, np.linspace(bias[0], bias[-1], H)"), "Your biases are evenly spaced between the two ends. That is close where lags are long, but each unit has a lag of its own to keep the share over."),
        Mistake("gates evenly spaced", edit("share ** (1 / lags)", "np.linspace(share ** (1 / shortest), share ** (1 / longest), H)"), "Your gates are evenly spaced between the two ends, so most lags are short. Each unit has a lag of its own to keep the share over."),
        Mistake("no root", edit("share ** (1 / lags)", "share + 0 * lags"), "Your gate is the share itself. That would be right for a lag of one step."),
        Mistake("unit's number for its lag", edit("share ** (1 / lags)", "share ** (1 / np.arange(1, H + 1))"), "Your gates keep the share over j steps, the number of the unit. Unit j keeps it over its lag."),
        Mistake("square root", edit("share ** (1 / lags)", "np.sqrt(share) + 0 * lags"), "Your gate is the square root of the share. It is the T-th root."),
        Mistake("share lost, with its sign", edit("share ** (1 / lags)", "1 - (1 - share) ** lags"), "Your gates lose 1 − p to the power T. T gates one after the other keep the share: f^T = p."),
        Mistake("share of one in T", edit("share ** (1 / lags)", "1 - share / lags"), "Your gates lose p/T in a step. T gates one after the other keep the share: f^T = p."),
        Mistake("share over the lag", edit("share ** (1 / lags)", "share / lags"), "Your gate is the share divided by the lag. Gates multiply: T equal ones have to give the share."),
        Mistake("share as an exponent", edit("share ** (1 / lags)", "np.exp(-share / lags)"), "You take the share for an exponent. Your gates keep e to the power −p over their lag."),
        Mistake("bias over the lag", edit("np.log(gate / (1 - gate))", "np.log(share / (1 - share)) / lags"), "You divide the share's bias by the lag. Over the steps it is the logarithm of the gate that is shared out."),
        Mistake("bias times the lag", edit("np.log(gate / (1 - gate))", "np.log(share / (1 - share)) * lags"), "You multiply the share's bias by the lag. Over the steps it is the logarithm of the gate that adds up."),
        Mistake("root of the units", edit("share ** (1 / lags)", "share ** (1 / H) + 0 * lags"), "Your gate is the H-th root of the share, the same for all units. A unit keeps the share over its own lag."),
        Mistake("gate of the longest lag", edit("share ** (1 / lags)", "share ** (1 / longest) + 0 * lags"), "All of your units have the gate of the longest lag. Each keeps the share over a lag of its own."),
        Mistake("gate of the shortest lag", edit("share ** (1 / lags)", "share ** (1 / shortest) + 0 * lags"), "All of your units have the gate of the shortest lag. Each keeps the share over a lag of its own."),
        Mistake("gate to first order", edit("share ** (1 / lags)", "1 + np.log(share) / lags"), "Your gate is an expansion for long lags. For short ones it is not near enough."),
        Mistake("power for root", edit("share ** (1 / lags)", "share**lags"), "You raise the share to the power T. It is the gate that is raised to it."),
        Mistake("loss spread evenly", edit("share ** (1 / lags)", "1 - (1 - share) / lags"), "You spread the loss evenly over the steps. Each step loses a part of what is left, not of the start."),
        Mistake("T − 1 steps", edit("1 / lags", "1 / (lags - 1)"), "Your gates keep the share over T − 1 steps. From c_0 to c_T there are T gates."),
        Mistake("T + 1 steps", edit("1 / lags", "1 / (lags + 1)"), "Your gates keep the share over T + 1 steps. From c_0 to c_T there are T gates."),
        Mistake("half in place of the share", edit("share ** (1", "0.5 ** (1"), "Your gates keep one half whatever the share is: each lag is then a half-life."),
        Mistake("1/e in place of the share", edit("share ** (1 / lags)", "np.exp(-1 / lags)"), "Your gates keep 1/e whatever the share is: each lag is then a time constant."),
        Mistake("share lost", edit("share ** (1", "(1 - share) ** (1"), "You let the share be lost. It is what is to be kept."),
        Mistake("chrono bias", edit("np.log(gate / (1 - gate))", "np.log(lags - 1)"), "Your bias is the chrono rule, ln(T − 1), which keeps about 1/e, whatever share is asked for.", beside_the_point=True),
        Mistake("bias is ln T", edit("np.log(gate / (1 - gate))", "np.log(lags)"), "Your bias is ln T and does not depend on the share."),
        Mistake("bias for long lags only", edit("np.log(gate / (1 - gate))", "np.log(lags / -np.log(share))"), "Your bias takes ln σ(b) for −e^(−b), which holds for long lags only."),
        Mistake("bias to second order", edit("np.log(gate / (1 - gate))", "np.log(lags / -np.log(share) - 0.5)"), "Your bias is an expansion for long lags, like (10.6). For short ones it is not near enough."),
        Mistake("sign in the odds", edit("1 - gate", "1 + gate"), "Your odds have 1 + f below the fraction. What is lost there is 1 less f."),
        Mistake("half of the logit", edit("np.log(gate", "0.5 * np.log(gate"), "Your bias is half of the logit. A sigmoid needs no half; that belongs to tanh."),
        Mistake("sign of the bias", edit("lags, bias", "lags, -bias"), "Your bias has the wrong sign: its gate is 1 − f, what is lost in a step. A gate that is near 1 keeps."),
        Mistake("log in place of logit", edit("gate / (1 - gate)", "gate"), "Your bias is ln f, which is negative for every gate. That does not undo a sigmoid."),
        Mistake("bias of what is lost", edit("np.log(gate / (1 - gate))", "-np.log(1 - gate)"), "Your bias is −ln(1 − f): the f above is missing. For a long lag that hardly matters, for a short one it does."),
        Mistake("square root of the odds", edit("np.log(gate / (1 - gate))", "np.sqrt(gate / (1 - gate))"), "Your bias is a root of the odds f/(1 − f). A sigmoid is undone by their logarithm."),
        Mistake("slope of the sigmoid", edit("np.log(gate / (1 - gate))", "gate * (1 - gate)"), "Your bias is f(1 − f), the slope of a sigmoid. A sigmoid is undone by the logit, ln(f/(1 − f))."),
        Mistake("all biases as the mean", edit("lags, bias", "lags, np.full(H, bias.mean())"), "All of your units have the same bias. Each keeps the share over a lag of its own."),
        Mistake("odds without the logarithm", edit("np.log(", "("), "Your bias is the odds f/(1 − f), one step before the end."),
        Mistake("inverse of tanh", edit("np.log(gate / (1 - gate))", "np.arctanh(gate)"), "Your bias undoes a tanh. A gate is a sigmoid."),
        Mistake("logit to base 10", edit("np.log(", "np.log10("), "Your logarithm has base 10. The sigmoid is made of powers of e."),
        Mistake("logit to base 2", edit("np.log(", "np.log2("), "Your logarithm has base 2. The sigmoid is made of powers of e."),
        Mistake("gate for the bias", edit("np.log(gate / (1 - gate))", "gate.copy()"), "Your bias is the gate itself. A sigmoid still has to make the gate of it."),
        Mistake("exponents of ten", edit("shortest * factor ** np.arange(H)", "np.logspace(shortest, longest, H)"), "Your lags run from 10 to the power of the shortest to 10 to the power of the longest: np.logspace takes exponents."),
        Mistake("exponents of e", edit("shortest * factor ** np.arange(H)", "np.exp(np.linspace(shortest, longest, H))"), "Your lags run from e to the power of the shortest to e to the power of the longest. Evenly spaced are the logarithms of the lags."),
        Mistake("sigmoid for its inverse", edit("np.log(gate / (1 - gate))", "1 / (1 + np.exp(-gate))"), "You put the gate into the sigmoid once more. The bias is what the sigmoid turns into the gate."),
    ),
    hints=(
        "Two questions, one after the other: which lag does each unit look after, and which gate keeps the share over that lag?",
        "The lags are a geometric sequence with both ends in it. T equal factors f give f^T, and σ(b) = f has one solution for every f between 0 and 1.",
        "T_j = T_1 (T_H/T_1)^((j−1)/(H−1)) and f = share^(1/T). From f = 1/(1 + e^(−b)) get e^(−b) = 1/f − 1.",
    ),
)  # fmt: skip
