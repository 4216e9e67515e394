"""Problem set 7: two nets that read sequences of different lengths in opposite directions, forwards and backwards."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.cell import apart

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


# --- what both backward passes share ---------------------------------------------------------------


def chain(dhs, J_h, J_x, carry=True, transposed=False, late=False, own=False, early=False):
    """dh_t = dhs_t + dh_{t+1} J_h[t+1], dx_t = dh_t J_x[t]: one layer of any cell, back through time."""
    dh_next, dx = np.zeros_like(dhs[0]), []
    for t in reversed(range(len(dhs))):
        dh = dhs[t] + dh_next
        dx.append(times(dhs[t] if own else dh, J_x[t]))
        J = J_h[max(t - 1, 0)] if late else J_h[t]
        dh_next = times(dh, np.swapaxes(J, 1, 2) if transposed else J)
        dh0, dh_next = (dh if early else dh_next), dh_next * carry
    return np.stack(dx[::-1]), dh0


def times(dh, J):
    """Every row of dh times its own matrix."""
    return (dh[:, None, :] @ J)[:, 0]


def jacobians(rng, T, N, D, H):
    """Those of a cell that keeps about half: a diagonal and some mixing."""
    J_h = 0.5 * np.eye(H) + rng.normal(size=(T, N, H, H)) / (2 * np.sqrt(H))
    return {"J_h": J_h, "J_x": rng.normal(size=(T, N, H, D)) / np.sqrt(D)}


CHAIN = (
    ("Jacobians transposed", dict(transposed=True), "You go back through the transposed J_h. Its first index is the new state's, J[n, i, j] = ∂h_t[i]/∂h_{t−1}[j], so a row of gradients stands on its left and i is summed over."),
    ("nothing carried from step to step", dict(carry=False), "Your dh_t is what arrives at step t from outside alone. h_t also acts on the next step that the net makes."),
    ("dx without the later losses", dict(own=True), "Your dx_t is made of what arrives at step t from outside alone. It has to use the whole dh_t: what comes from later steps reaches x_t as well."),
    ("J_h of the step before", dict(late=True), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t: J_h[t] where t counts from 0."),
    ("initial states one step early", dict(early=True), "Your gradients of the initial states are those after the first step. One more J_h, that of the first step, leads to the initial state."),
)  # fmt: skip


# --- bidirectional_backward ------------------------------------------------------------------------


def bidirectional_backward(dstates, dsummary, lengths, ahead, back):
    """Each half of dstates goes back through its own net, with its half of dsummary at the last step that it read.

    ahead and back are dicts of J_h (T, N, H, H) and J_x (T, N, H, D), in the order in which that net reads.
    Returns dx in the order of time, zeros behind the ends, dh0, dh0_back.
    """
    return back_family(dstates, dsummary, lengths, ahead, back)


def back_family(
    dstates,
    dsummary,
    lengths,
    ahead,
    back,
    *,
    turn_in=True,
    turn_out=True,
    whole=False,
    masked=True,
    masked_J=True,
    extra=0,
    use_summary=1.0,
    summary_first="end",
    summary_second="end",
    exchanged=False,
    join=lambda first, second: first + second,
    **one_net,
):
    """Both directions back with their parts exchangeable."""
    T, N = dstates.shape[:2]
    lengths = np.clip(np.asarray(lengths) + extra, 0, T)
    order = order_of(T, lengths, whole)
    runs = np.arange(T)[:, None, None] < lengths[:, None]
    first, second = np.split(dstates, 2, axis=-1)
    mine, others = np.split(use_summary * dsummary, 2, axis=-1)
    if exchanged:
        first, second, mine, others = second, first, others, mine
    second = turned(second, order) if turn_in else second
    places = {"end": lengths - 1, "T": np.full(N, T - 1), "start": np.zeros(N, int)}
    parts = (first, mine, ahead, summary_first), (second, others, back, summary_second)
    out = []
    for half, share, net, where in parts:
        dhs = half * (runs | (not masked))
        dhs[places[where], np.arange(N)] += share
        works = (runs | (not masked_J))[..., None]
        J_h = np.where(works, net["J_h"], np.eye(half.shape[-1]))
        out.append(chain(dhs, J_h, net["J_x"] * works, **one_net))
    (dx, dh0), (dx_back, dh0_back) = out
    return join(dx, turned(dx_back, order) if turn_out else dx_back), dh0, dh0_back


def _back_cases(rng):
    cases = []
    for T, N, D, H, lengths in SHAPES:
        nets = [jacobians(rng, T, N, D, H) for _ in range(2)]
        args = rng.normal(size=(T, N, 2 * H)), rng.normal(size=(N, 2 * H)), np.array(lengths), *nets
        cases.append(Case(args, ("dx", "dh0", "dh0_back"), batch=N, steps=T))
    return cases


BIDIRECTIONAL_BACKWARD = Problem(
    name="ps7.bidirectional_backward",
    reference=bidirectional_backward,
    family=back_family,
    cases=_back_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step", "example", "input"), "dh0": ("example", "unit"), "dh0_back": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", dict(masked=False, masked_J=False), "You take what stands behind the ends for gradients. No state is shown there and no step was made: it means nothing.", whole=True),
        Mistake("turned round at T", dict(whole=True), "You turn the second net's half round as a whole, at T. Each sequence is turned round at its own end.", whole=True),
        Mistake("lengths not looked at, turned round at T", dict(whole=True, masked=False, masked_J=False), "You go back as if all sequences had T steps: the second half turned round at T, and the padding taken for steps.", whole=True),
        Mistake("one step too many", dict(extra=1), "Your sequences are one step too long. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", dict(extra=-1), "Your sequences are one step too short. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("dsummary ignored", dict(use_summary=0.0), "Nothing of dsummary goes back. The summary was made of two states, and each gets its half."),
        Mistake("dsummary at T", dict(summary_first="T", summary_second="T", masked_J=False), "You add dsummary at step T and go back through the padding. Each sequence ends at its own step, and the second net has read everything at t = 0.", whole=True),
        Mistake("dsummary of both at the last step", dict(summary_second="start"), "You add the second half of dsummary at the last step in time. There the net that reads from the end has just begun."),
        Mistake("dsummary of both at the first step", dict(summary_first="start"), "You add the first half of dsummary at t = 0. There the net that reads forwards has just begun."),
        Mistake("dstates not turned round", dict(turn_in=False), "You give the second net its half of dstates in the order of time. Its Jacobians are in its order of reading."),
        Mistake("nets exchanged", lambda dstates, dsummary, lengths, ahead, back: back_family(dstates, dsummary, lengths, back, ahead), "You send the first half through back and the second through ahead. The first H units are those of ahead.", whole=True),
        Mistake("dx of the second net not turned round", dict(turn_out=False), "The second net's dx comes out in its order of reading. Turn it round before you add it to the first net's."),
        Mistake("second net never turned round", dict(turn_in=False, turn_out=False), "You treat the second net as if it had read forwards. Its half of dstates has to be turned round on the way in, and its dx on the way out.", whole=True),
        Mistake("halves exchanged", dict(exchanged=True), "You send each half through the other net. The first H units belong to the net that reads forwards."),
        Mistake("dx of the first net only", dict(join=lambda first, second: first), "Your dx is that of the net that reads forwards. Both nets read x."),
        Mistake("dx of the second net only", dict(join=lambda first, second: second), "Your dx is that of the net that reads from the end: the first one's is lost. Both nets read x."),
        Mistake("directions averaged", dict(join=lambda first, second: (first + second) / 2), "You average the two directions. Both nets read x, and gradients of two uses are added."),
        *(Mistake(*entry) for entry in CHAIN),
    ),
    hints=(
        "Forwards, the second net was an ordinary net between two reversals. Backwards it is an ordinary net between two reversals as well, each at the sequence's own end.",
        "One function that goes back through one net (dhs, J_h, J_x → dx, dh0) does both. Before it: its half, zero behind the ends, and its half of dsummary added where that net read last, which in its own order is step lengths[n] − 1.",
        "Where a sequence has no step, dh passes as it is (it is zero there) and dx is 0. For the row dh[n] times J[n], np.einsum('ni,nij->nj', dh, J).",
    ),
)  # fmt: skip
