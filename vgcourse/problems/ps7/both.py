"""Problem set 7: two nets that read sequences of different lengths in opposite directions."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart

# --- bidirectional_forward -------------------------------------------------------------------------


def bidirectional_forward(x, lengths, ahead, back):
    """States of both nets side by side, zeros behind each end, and what each net knows when it has read everything.

    `back` starts at the last step of each sequence, lengths[n] − 1. Both are UGRNNs (11.1), dicts of W_x (2H, D),
    W_h (2H, H), b (2H,), rows n, g, and h0 (N, H).
    """
    return both_family(x, lengths, ahead, back)


def order_of(T, lengths, whole=False):
    """(T, N): which step a net that reads from the end reads in its step s; behind the end s itself."""
    steps = np.arange(T)[:, None] + 0 * lengths
    return np.where(steps < (T if whole else lengths), (T if whole else lengths) - 1 - steps, steps)


def turned(array, order):
    """The array, each sequence in the order of reading; the same call brings it back."""
    return array[order, np.arange(array.shape[1])]


def _read(x, net, runs, writes=False, swapped=False):
    """All states of one UGRNN in its order of reading; where a sequence has ended its state is held."""
    h, states = net["h0"], []
    for x_t, run in zip(x, runs, strict=True):
        n, g = np.split(x_t @ net["W_x"].T + h @ net["W_h"].T + net["b"], 2, axis=1)
        n, g = (g, n) if swapped else (n, g)
        g = sigmoid(-g if writes else g)
        h = np.where(run, g * h + (1 - g) * np.tanh(n), h)
        states.append(h)
    return np.stack(states)


def both_family(
    x,
    lengths,
    ahead,
    back,
    *,
    whole=False,
    turn_in=True,
    turn_out=True,
    ended=True,
    ahead_ended=True,
    behind="zeros",
    late=0,
    summary="each",
    halves=lambda first, second: np.concatenate([first, second], axis=-1),
    same_weights=False,
    start="own",
    writes=False,
    swapped=False,
):
    """Both directions with their parts exchangeable."""
    T, lengths = len(x), np.clip(np.asarray(lengths) + late, 0, len(x))
    order = order_of(T, lengths, whole)
    runs = np.arange(T)[:, None, None] < lengths[:, None]
    every = np.ones_like(runs)
    works = runs if ended else every
    first = _read(x, ahead, runs if ahead_ended else every, writes, swapped)
    starts = {"own": back["h0"], "other's": ahead["h0"], "end of the other": first[-1]}
    net = (ahead if same_weights else back) | {"h0": starts[start]}
    second = _read(turned(x, order) if turn_in else x, net, works, writes, swapped)
    ends = first[-1], second[-1]
    second = turned(second, order) if turn_out else second
    last = np.clip(lengths - 1, 0, None), np.arange(x.shape[1])
    known = {
        "each": ends,
        "at T": (first[-1], second[-1]),
        "at the end": (first[last], second[last]),
        "at 1": (first[0], second[0]),
        "mean": (first.mean(axis=0), second.mean(axis=0)),
    }[summary]
    shown = runs if behind == "zeros" else np.ones_like(runs)
    return halves(first * shown, second * shown), halves(*known)


def _nets(rng, N, D, H):
    return [
        {
            "W_x": rng.normal(size=(2 * H, D)) / np.sqrt(D),
            "W_h": rng.normal(size=(2 * H, H)) / np.sqrt(H),
            "b": rng.normal(size=2 * H) / 2,
            "h0": rng.uniform(-0.9, 0.9, (N, H)),
        }
        for _ in range(2)
    ]


SHAPES = (  # T, N, D, H, lengths
    (6, 4, 5, 2, (4, 6, 1, 3)),
    (5, 3, 3, 3, (2, 4, 5)),
)


def _forward_cases(rng):
    cases = []
    for T, N, D, H, lengths in SHAPES:
        args = rng.normal(size=(T, N, D)), np.array(lengths), *_nets(rng, N, D, H)
        cases.append(Case(args, ("states", "summary"), batch=N, steps=T))
    return cases


def _summary_residual(args, out):
    states, summary = out["states"], out["summary"]
    H = states.shape[-1] // 2
    last = args[1] - 1, np.arange(states.shape[1])
    return apart(summary, np.concatenate([states[last][:, :H], states[0][:, H:]], axis=-1))


BIDIRECTIONAL_FORWARD = Problem(
    name="ps7.bidirectional_forward",
    reference=bidirectional_forward,
    family=both_family,
    cases=_forward_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"states": ("step", "example", "unit"), "summary": ("example", "unit")},
    mistakes=(
        Mistake("back starts in the padding", dict(whole=True, ended=False), "Your second net reads from step T on, through the padding. Each sequence has an end of its own; that is where it starts.", whole=True),
        Mistake("lengths not looked at", dict(whole=True, ended=False, ahead_ended=False, behind="shown"), "You read all T steps of every sequence. Behind its end a sequence is padding: nobody reads it, and the states there are zero.", whole=True),
        Mistake("states behind the end", dict(behind="shown"), "Your states are not zero behind the end of a sequence. There is none at such a step."),
        Mistake("one step too many", dict(late=1), "You read one step too many. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", dict(late=-1), "You read one step too few. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("ahead runs on", dict(ahead_ended=False), "The first half of your summary comes from step T, where your net has run on through the padding. What it knows is known at the sequence's own end."),
        Mistake("both read forwards", dict(turn_in=False, turn_out=False), "Both of your nets read forwards. The second one reads from the end."),
        Mistake("states left in reading order", dict(turn_out=False), "The second half of your states is in the order of reading: the state after the *last* input stands at t = 0. Both halves at t have just read x_t."),
        Mistake("input not turned round", dict(turn_in=False), "Your second net reads forwards, and its states are turned round afterwards. It has to read the sequence from its end."),
        Mistake("g writes", dict(writes=True), "In your cell the gate lets the new value in. In the UGRNN of (11.1) it keeps.", whole=True),
        Mistake("rows read as g, n", dict(swapped=True), "You read the gate from the first rows. The rows are in the order n, g.", whole=True),
        Mistake("summary at T", dict(summary="at T"), "Your summary is the last entry of the states in time. There the net that reads from the end has just begun."),
        Mistake("summary at the end", dict(summary="at the end"), "Your summary is taken at each sequence's last step. There the net that reads from the end has read one input; it has seen everything elsewhere."),
        Mistake("summary at 1", dict(summary="at 1"), "Your summary is the first entry of the states. There the net that reads forwards has read one input."),
        Mistake("summary averaged", dict(summary="mean"), "Your summary is a mean over time. Asked for is what each net knows when it has read everything."),
        Mistake("halves exchanged", dict(halves=lambda first, second: np.concatenate([second, first], axis=-1)), "Your halves are exchanged: the first H units belong to the net that reads forwards."),
        Mistake("directions added", dict(halves=lambda first, second: first + second), "You add the two directions. They stand side by side, so that the next layer can tell them apart."),
        Mistake("same weights twice", dict(same_weights=True), "Both of your directions use the weights of ahead. They are two nets."),
        Mistake("same start twice", dict(start="other's"), "Your second net starts from ahead's h0. Each has its own."),
        Mistake("second net continues the first", dict(start="end of the other"), "Your second net starts from the last state of the first. They know nothing of each other."),
    ),
    invariants=(
        Invariant("summary from the states", _summary_residual, "Your summary does not agree with your states. Each half of it is the state of one net at the step where that net has read everything."),
    ),
    hints=(
        "Write one function that reads with one net and returns all states. You need it twice; for the second net each sequence is turned round, up to its own end.",
        "For N sequences: order[s, n] = lengths[n] − 1 − s as long as that is ≥ 0. x[order, np.arange(N)] turns each one round, and the same index turns the states back.",
        "If ended sequences hold their state, the last state of a reading is what that net knows. Set the states behind the ends to zero afterwards.",
    ),
)  # fmt: skip
