"""Problem set 7, a repair: a GRU whose units forget at the wrong times; one bias for each unit mends it.

The answer is a list of biases. What the units then keep is measured here, with the net and inputs of the
question: one pass forward, 3 ms.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

WITHIN = 0.1

# --- mend_times ------------------------------------------------------------------------------------


def mend_times(x, W_x, W_h, b, b_h, times):
    """b_z with mean ln z = −1/τ for every unit: b_z ← b_z + ln(τ · mean(−ln z)), again and again in the mended net."""
    wanted = 1 / times
    start = still(wanted)

    def left(b_z):
        z = gates(x, W_x, W_h, with_z(b, b_z), b_h)
        return -np.log(z).mean(axis=(0, 1))

    b_z = settled(left, wanted, start)
    return b_z


def still(wanted):
    """The bias of a gate that stands still at e^{−wanted}."""
    return -np.log(np.expm1(wanted))


def gates(x, W_x, W_h, b, b_h):
    """z of every step, (T, N, H), of the GRU (11.6) from h_0 = 0."""
    H = len(b_h)
    h, found = np.zeros((x.shape[1], H)), []
    for x_t in x:
        a, s = np.split(x_t @ W_x.T + b, 3, axis=1), np.split(h @ W_h.T, 3, axis=1)
        r, z = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
        h = z * h + (1 - z) * np.tanh(a[2] + r * (s[2] + b_h))
        found.append(z)
    return np.array(found)


def with_z(b, b_z):
    """The biases with those of z in their place."""
    b = np.array(b)
    b[len(b_z) : 2 * len(b_z)] = b_z
    return b


def settled(left, wanted, b_z, rounds=None, slope=-1.0):
    """b_z with left(b_z) = wanted: `rounds` corrections by the ratio, or until every unit is still.

    The logarithm of `left` moves with `slope` where the bias moves by 1; each unit's own is found on the way.
    """
    slope, before = np.full(len(wanted), slope), None
    for _ in range(40 if rounds is None else rounds):
        y = np.log(left(b_z) / wanted)
        if np.abs(y).max() < 1e-8:
            break
        if rounds is None and before is not None:  # each unit's own slope, found from its last two points
            with np.errstate(all="ignore"):
                found = (y - before[1]) / (b_z - before[0])
            slope = np.sign(slope) * np.clip(np.nan_to_num(np.abs(found), nan=1.0), 0.3, 1.5)
        before = b_z, y
        b_z = b_z - y / slope
    return b_z


def _measured(output, args):
    """For each unit how far its time is from the one wanted, 0 within 10 %; then what is known of a wrong answer."""
    b_z = as_numbers(output, "one bias for each unit")
    *_, b, _, times = args
    if b_z.ndim == 2 and b_z.size == len(times):  # a row or a column of them
        b_z = b_z.ravel()
    if b_z.shape == b.shape and len(b) > 1:
        raise TypeError("holds the biases of all three blocks; expected those of z alone")
    if b_z.shape != times.shape:
        raise TypeError(f"has shape {b_z.shape}; expected {times.shape}, one bias for each unit")
    if not (np.abs(b_z) < 300).all():  # also NaN
        raise TypeError("holds NaN or a number beyond 300; expected biases")
    off = _off(b_z, args)
    return np.array([*off, 1.0 if not off.any() else _instead(b_z, args)])


def _off(b_z, args):
    """ln(time · mean(−ln z)) of every unit, 0 within 10 %."""
    *net, times = args
    x, W_x, W_h, b, b_h = net
    rate = -np.log(np.maximum(gates(x, W_x, W_h, with_z(b, b_z), b_h), 1e-300)).mean(axis=(0, 1))
    ratio = np.log(np.maximum(times * rate, 1e-300))
    return np.where(np.abs(ratio) <= np.log1p(WITHIN), 0.0, ratio)


def _instead(b_z, args):
    """What is known of a wrong answer: it would do with the other sign (2), as gates (3), in reverse order (4); else 1."""
    with np.errstate(all="ignore"):
        if not _off(-b_z, args).any():
            return 2.0
        if ((b_z > 0) & (b_z < 1)).all() and not _off(np.log(b_z / (1 - b_z)), args).any():
            return 3.0
    return 4.0 if not _off(b_z[::-1], args).any() else 1.0


def _cases(rng):
    cases = []
    for T, N, D, loud in (
        (30, 6, 4, (0.5, 1.5, 3.0, 3.0, 1.5, 0.5, 3.0)),
        (25, 8, 3, (3.0, 0.5, 1.5, 3.0, 3.0)),
    ):
        H = len(loud)
        W_x, W_h = rng.normal(size=(3 * H, D)) / np.sqrt(D), rng.normal(size=(3 * H, H)) / np.sqrt(H)
        W_x[H : 2 * H] *= np.reshape(loud, (H, 1))
        W_h[H : 2 * H] *= np.reshape(loud, (H, 1))
        b, b_h = 0.3 * rng.normal(size=3 * H), 0.3 * rng.normal(size=H)
        times = np.round(rng.permutation(np.geomspace(3, 25, H)) * rng.uniform(0.9, 1.1, H), 1)
        cases.append(Case((rng.normal(size=(T, N, D)), W_x, W_h, b, b_h, times), (f"{H} units",)))
    return cases


def _side(sign):
    """The largest distance of a unit on one side."""
    return lambda args, outputs: max(0.0, float((sign * next(iter(outputs.values()))[:-1]).max()))


MEND_TIMES = Problem(
    name="ps7.mend_times",
    reference=mend_times,
    helpers=(still, gates, with_z, settled),
    cases=_cases,
    adapt=_measured,
    exact=True,
    likeness=1e-3,
    points=5,
    lecture='lecture 11, "GRU and UGRNN"',
    invariants=(
        Invariant("with the other sign they would do", known(-1, 2.0), "With the other sign your biases would do. In (11.6) z keeps, so a larger bias keeps longer."),
        Invariant("as gates they would do", known(-1, 3.0), "As gates your numbers would do. The net takes biases: turn them with ln(p/(1 − p))."),
        Invariant("in reverse order they would do", known(-1, 4.0), "In reverse order your biases would do: entry 0 belongs to the first unit."),
        Invariant("a unit forgets too soon", _side(1), "Some unit forgets too soon: its mean of −ln z is more than 1.1 times 1/τ."),
        Invariant("a unit keeps too long", _side(-1), "Some unit keeps too long: its mean of −ln z is less than 1/1.1 of 1/τ."),
    ),
    mistakes=(
        Mistake("the lecture's bias", edit("start = still(wanted)", "start = np.log(times - 1)", "start)", "start, rounds=0)"), "You return ln(τ − 1), (10.7). That is right for a gate that stands still. These gates move, and the logarithm punishes each time one is nearly shut."),
        Mistake("ln τ", edit("start = still(wanted)", "start = np.log(times)", "start)", "start, rounds=0)"), "You return ln τ. Near that lies the bias of a gate that stands still, (10.7). These gates move, and the logarithm punishes each time one is nearly shut."),
        Mistake("a still gate", edit("start)", "start, rounds=0)"), "You return the bias of a gate that stands still at e^{−1/τ}. These gates move, and the logarithm punishes each time one is nearly shut: measure in the net."),
        Mistake("1/τ kept", edit("start = still(wanted)", "start = -np.log(times - 1)", "start)", "start, rounds=0)"), "You return −ln(τ − 1): a gate that stands still would keep 1/τ at every step. It has to lose about 1/τ."),
        Mistake("mended once", edit("start = still(wanted)", "start = np.log(times - 1)", "start)", "start, rounds=1)"), "You measured and corrected once. New biases make other states, and these other gates: go on until it is still."),
        Mistake("mended once, from a still gate", edit("start)", "start, rounds=1)"), "You measured and corrected once. New biases make other states, and these other gates: go on until it is still."),
        Mistake("mended twice", edit("start = still(wanted)", "start = np.log(times - 1)", "start)", "start, rounds=2)"), "You measured and corrected twice. It is not still yet: go on until no bias moves."),
        Mistake("mended once, from the old biases", edit("start = still(wanted)", "start = b[len(b_h) : 2 * len(b_h)]", "start)", "start, rounds=1)"), "You measured the net as it came and corrected once. New biases make other states, and these other gates: go on until it is still."),
        Mistake("mended twice, from the old biases", edit("start = still(wanted)", "start = b[len(b_h) : 2 * len(b_h)]", "start)", "start, rounds=2)"), "You measured and corrected twice. It is not still yet: go on until no bias moves."),
        Mistake("the mean gate", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z.mean(axis=(0, 1)))"), "You set the *mean gate* to e^{−1/τ}. What is left after many steps is a product, so average logarithms, not gates."),
        Mistake("the mean loss", edit("-np.log(z).mean(axis=(0, 1))", "(1 - z).mean(axis=(0, 1))"), "You set the mean of 1 − z to 1/τ. What is left after many steps is a product, so average logarithms, not what each step loses."),
        Mistake("the mean time", edit("-np.log(z).mean(axis=(0, 1))", "1 / (-1 / np.log(z)).mean(axis=(0, 1))"), "You average the times −1/ln z of the single steps. What is left after many steps is a product, so average ln z itself."),
        Mistake("mean over the batch first", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z.mean(axis=1)).mean(axis=0)"), "You average the gates over the batch before the logarithm. It comes first: every sequence has a product of its own."),
        Mistake("mean over the steps first", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z.mean(axis=0)).mean(axis=0)"), "You average the gates over the steps before the logarithm. It comes first: what is left is a product over the steps."),
        Mistake("half-lives", edit("1 / times", "np.log(2) / times"), "In your net one half is left after τ steps, as with half-lives or with log2. It has to be 1/e: natural logarithms."),
        Mistake("all steps for one", edit("1 / times", "1 / (times * len(x))"), "In your net 1/e is left after τ times T steps. The mean over all steps has to be 1/τ, not their sum."),
        Mistake("nothing mended", lambda x, W_x, W_h, b, b_h, times: b[len(b_h) : 2 * len(b_h)].copy(), "You return the biases as they came."),
        Mistake("one time for all", edit("1 / times", "np.full_like(times, 1 / times.mean())"), "You gave every unit the mean of the times. Each has its own."),
        Mistake("one correction for all", edit("-np.log(z).mean(axis=(0, 1))", "np.full(z.shape[2], -np.log(z).mean())", "1 / times", "np.full_like(times, 1 / times.mean())", "start = still(wanted)", "start = np.log(times - 1)"), "You corrected all units by the same number. Each has a mean of its own: average over steps and batch, not over the units."),
        Mistake("first sequence only", edit("gates(x,", "gates(x[:, :1],"), "You measured with the first sequence alone. The mean runs over the batch, too."),
        Mistake("last step only", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z[-1]).mean(axis=0)"), "You measured at the last step alone. The mean runs over all steps."),
        Mistake("first step only", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z[0]).mean(axis=0)"), "You measured at the first step alone, where the state is 0. The mean runs over all steps."),
        Mistake("gates without the state", edit("W_x, W_h, with_z", "W_x, 0 * W_h, with_z"), "You measured gates that do not see the state, as if W_h were zero. The state moves them, too."),
        Mistake("gates without the inputs", edit("gates(x,", "gates(0 * x,"), "You measured without the inputs. They move the gates most."),
        Mistake("other biases at zero", edit("with_z(b,", "with_z(0 * b,"), "You measured in a net whose biases of r and n are zero. Leave them as they came."),
        Mistake("own net with z the other way round", edit("h = z * h + (1 - z) *", "h = (1 - z) * h + z *", within=gates), "In the net in which you measured z writes: its states are others, and so are its gates. In (11.6) z keeps.", whole=True),
        Mistake("own net without the last biases", edit("s[2] + b_h", "s[2]", within=gates), "The net in which you measured has no b_h. Leave all other biases as they came.", whole=True),
        Mistake("own net that starts from the candidate", edit("(1 - z) * np.tanh(", "np.tanh(", within=gates), "The net in which you measured writes the candidate whole. In (11.6) it is weighed with 1 − z.", whole=True),
        Mistake("median of the logarithms", edit("-np.log(z).mean(axis=(0, 1))", "-np.median(np.log(z), axis=(0, 1))"), "You set the median of −ln z to 1/τ. The few gates that are nearly shut, which it ignores, cost most: average.", whole=True),
        Mistake("logarithm to base 10", edit("-np.log(z)", "-np.log10(z)"), "Your logarithm has base 10. It has to be 1/e that is left after τ steps: natural logarithms."),
        Mistake("the fastest step", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z).max(axis=(0, 1))"), "You look at the one gate that is most shut. What is left is a product of all of them: average ln z."),
        Mistake("the sequence that forgets most", edit("-np.log(z).mean(axis=(0, 1))", "-np.log(z).mean(axis=0).max(axis=0)"), "You look at the sequence that forgets most. The mean runs over the batch, too."),
        Mistake("times in reversed order", edit("1 / times", "1 / times[::-1]"), "The first unit got the time of the last. Entry by entry, unit j has times[j]."),
        Mistake("times sorted", edit("1 / times", "1 / np.sort(times)"), "You sorted the times. Entry by entry, unit j has times[j]."),
        Mistake("τ is the mean", edit("1 / times", "times * 1.0"), "You set the mean of −ln z to τ. It has to be 1/τ.", whole=True),
        Mistake("1 − 1/τ for the mean", edit("1 / times", "1 - 1 / times"), "You set the mean of −ln z to 1 − 1/τ. That is about the gate; the mean has to be 1/τ.", whole=True),
        Mistake("mended ten times too slowly", edit("b_z - y / slope", "b_z - 0.01 * y / slope", within=settled), "You go too short a way in each round: after 40 rounds your biases are still under way."),
        Mistake("z taken for what is written", edit("-np.log(z)", "-np.log(1 - z)", "start)", "start, slope=1.0)"), "You set the mean of −ln(1 − z): in your net z writes. In (11.6) z keeps."),
        Mistake("added to the old biases", edit("return b_z", "return b_z + b[len(b_h) : 2 * len(b_h)]"), "You added the old biases of z to those that would do. Yours stand in their place."),
        Mistake("whole numbers", edit("return b_z", "return np.round(b_z)"), "Your biases are whole numbers. A time moves by more than 10 per cent when a bias moves by one half."),
        Mistake("other sign", edit("return b_z", "return -b_z"), "Your biases have the wrong sign: you built the net in which z writes. In (11.6) z keeps."),
        Mistake("gates for biases", edit("return b_z", "return sigmoid(b_z)"), "You return gates. The net takes biases: z = σ(b_z + …)."),
        Mistake("last unit first", edit("return b_z", "return b_z[::-1]"), "Your list starts with the last unit."),
    ),
    hints=(
        "Over T steps Π z is left, so ln of it is T times the mean of ln z. That mean has to be −1/τ, for every unit.",
        "Where z is near 1, −ln z ≈ e^(−a): one more in the bias divides the mean by e. So a unit whose mean is k times too large wants about ln k more.",
        "Begin with ln(τ − 1), and measure each unit's mean of −ln z. How many times too large is it, against 1/τ? Correct, and measure again: new biases make other states and other gates. Some twenty rounds, until no bias moves.",
    ),
)  # fmt: skip
