"""Problem set 7: two nets that read sequences of different lengths in opposite directions."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart, loud

# --- bidirectional_forward -------------------------------------------------------------------------


def bidirectional_forward(x, lengths, ahead, back):
    """States of both nets side by side, zeros behind each end, and what each net knows when it has read everything.

    `back` starts at the last step of each sequence, lengths[n] − 1. Both are UGRNNs (11.1), dicts of W_x (2H, D),
    W_h (2H, H), b (2H,), rows n, g, and h0 (N, H).
    """
    T = len(x)
    order = order_of(T, lengths)
    runs = np.arange(T)[:, None, None] < lengths[:, None]
    first = read(ahead, x, runs)
    second = read(back, turned(x, order), runs)
    summary = side_by_side(first[-1], second[-1])
    second = turned(second, order)
    states = side_by_side(first, second) * runs
    return states, summary


def order_of(T, lengths):
    """(T, N): which step a net that reads from the end reads in its step s; behind the end s itself."""
    steps = np.arange(T)[:, None]
    return np.where(steps < lengths, lengths - 1 - steps, steps)


def turned(array, order):
    """The array, each sequence in the order of reading; the same call brings it back."""
    return array[order, np.arange(array.shape[1])]


def read(net, x, runs):
    """All states of one UGRNN, h_t = g ⊙ h_{t−1} + (1 − g) ⊙ n; where a sequence has ended its state is held."""
    h, states = net["h0"], []
    for x_t, run in zip(x, runs, strict=True):
        n, g = np.split(x_t @ net["W_x"].T + h @ net["W_h"].T + net["b"], 2, axis=1)
        g = sigmoid(g)
        n = np.tanh(n)
        new = g * h + (1 - g) * n
        h = np.where(run, new, h)
        states.append(h)
    return np.stack(states)


def side_by_side(first, second):
    """The first H units are those of the net that reads forwards."""
    return np.concatenate([first, second], axis=-1)


def _with_lengths(lengths):
    return edit("T = len(x)", f"T, lengths = len(x), {lengths}")


def _from(h0):
    """The second net starts there."""
    return edit("second = read", f'back = back | {{"h0": {h0}}}\n    second = read')


def _before(net, states):
    return np.concatenate([net["h0"][None], states[:-1]])


_AHEAD_BEFORE = edit("(first,", "(_before(ahead, first),")
_BACK_BEFORE = edit("turned(second", "turned(_before(back, second)")
_NOT_TURNED_IN = edit("turned(x, order)", "x")
_NOT_TURNED_OUT = edit("turned(second, order)", "second")


def _zeros_read(x, lengths, ahead, back):
    """The padding set to zero, and all T steps read; states behind the ends are zero."""
    runs = np.arange(len(x))[:, None, None] < lengths[:, None]
    states, summary = bidirectional_forward(x * runs, np.full_like(lengths, len(x)), ahead, back)
    return states * runs, summary


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
    (4, 1, 2, 3, (2,)),  # every sequence ends before the batch does
)


def _forward_cases(rng):
    cases = []
    for T, N, D, H, lengths in SHAPES:
        x, nets = rng.normal(size=(T, N, D)), _nets(rng, N, D, H)
        x[1, 0] = 0  # an input like any other
        if N == 1:
            for net in nets:
                net["b"][H:] = loud(rng, net["b"][H:])
        cases.append(Case((x, np.array(lengths), *nets), ("states", "summary"), batch=N, steps=T))
    return cases


def _summary_residual(args, out):
    states, summary = out["states"], out["summary"]
    H = states.shape[-1] // 2
    last = args[1] - 1, np.arange(states.shape[1])
    return apart(summary, np.concatenate([states[last][:, :H], states[0][:, H:]], axis=-1))


BIDIRECTIONAL_FORWARD = Problem(
    name="ps7.bidirectional_forward",
    reference=bidirectional_forward,
    helpers=(order_of, turned, read, side_by_side),
    cases=_forward_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    flow=("states", "summary"),
    axes={"states": ("step from 0", "example", "unit"), "summary": ("example", "unit")},
    mistakes=(
        Mistake("back starts in the padding", edit("order_of(T, lengths)", "order_of(T, T)", "order), runs", "order), runs | True"), "Your second net reads from the last step of the batch on, through the padding. Each sequence has an end of its own; that is where it starts.", whole=True),
        Mistake("back's mask not turned round", edit("order_of(T, lengths)", "order_of(T, T)"), "Your second net reads the batch turned round as a whole, and its first lengths[n] steps, which lie at the batch's end. What it reads are the sequence's own steps: turn each round at its own end.", whole=True, alone=True),
        Mistake("lengths not looked at", _with_lengths("np.full_like(lengths, len(x))"), "You read all T steps of every sequence. Behind its end a sequence is padding: nobody reads it, and the states there are zero.", whole=True, beside_the_point=True),
        Mistake("states behind the end", edit(" * runs", ""), "Your states are not zero behind the end of a sequence. There is none at such a step."),
        Mistake("states held behind the end", edit("second) * runs", 'np.where(runs, second, back["h0"]))'), "Your states are not zero behind the end of a sequence: they hold what each net has there. There is no state at such a step."),
        Mistake("first net's states held behind the end", edit("side_by_side(first, second) * runs", "side_by_side(first, second * runs)"), "The first half of your states is not zero behind the end of a sequence: it holds the last state. There is no state at such a step."),
        Mistake("second net's states held behind the end", edit("side_by_side(first, second) * runs", 'side_by_side(first * runs, np.where(runs, second, back["h0"]))'), "The second half of your states is not zero behind the end of a sequence: it holds that net's initial state. There is no state at such a step."),
        Mistake("zeros read in the padding", _zeros_read, "Behind the end of a sequence you read zeros, and the state goes on changing. Nothing is read there: the first net's state is held, and the second has not begun.", whole=True),
        Mistake("the shortest length for all", _with_lengths("np.full_like(lengths, lengths.min())"), "You end all sequences where the shortest ends.", whole=True),
        Mistake("the first length for all", _with_lengths("np.full_like(lengths, lengths[0])"), "You end all sequences where the first ends. Each has a length of its own.", whole=True, alone=True),
        Mistake("state zero behind the end", edit("new, h)", "new, 0 * h)", within=read), "Your state is set to zero where a sequence has ended, and the summary takes it from there. What a net knows is its last state; only what you show behind the end is zero."),
        Mistake("second net's start lost", _from('np.where((lengths < T)[:, None], 0, back["h0"])'), "Your second net reaches the end of a sequence with a state of zero: behind the end you set it to zero, and its h0 is lost. It begins at the end with its h0.", whole=True),
        Mistake("one step too many", _with_lengths("np.minimum(lengths + 1, len(x))"), "You read one step too many. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", _with_lengths("lengths - 1"), "You read one step too few. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("ahead runs on", edit("x, runs)", "x, runs | True)"), "The first half of your summary comes from step T, where your net has run on through the padding. What it knows is known at the sequence's own end."),
        Mistake("both read forwards", _NOT_TURNED_IN + _NOT_TURNED_OUT, "Both of your nets read forwards. The second one reads from the end.", beside_the_point=True),
        Mistake("states left in reading order", _NOT_TURNED_OUT, "The second half of your states is in the order of reading: the state after the *last* input stands at t = 0. Both halves at t have just read x_t."),
        Mistake("input not turned round", _NOT_TURNED_IN, "Your second net reads forwards, and its states are turned round afterwards. It has to read the sequence from its end."),
        Mistake("states turned round at T", edit("side_by_side(first, second) * runs", "side_by_side(first * runs, (second * runs)[::-1])"), "The second half of your states is turned round at T, the batch's last step. Each sequence is turned round at its own end."),
        Mistake("second net one input off", edit("turned(x", "turned(np.roll(x, 1, axis=0)"), "Your second net reads x[t − 1] in place of x[t]. Both halves at t have just read x_t.", whole=True),
        Mistake("states before the step", _AHEAD_BEFORE + _BACK_BEFORE, "Your states are those before each step. Both halves at t have just read x_t."),
        Mistake("ahead's states before the step", _AHEAD_BEFORE, "The first half of your states is the state before each step. Both halves at t have just read x_t."),
        Mistake("back's states before the step", _BACK_BEFORE, "The second half of your states is the state before each step. Both halves at t have just read x_t."),
        Mistake("bias forgotten", edit(' + net["b"]', "", within=read), "The biases are missing from both nets' pre-activations.", whole=True),
        Mistake("starts exchanged", lambda x, lengths, ahead, back: bidirectional_forward(x, lengths, ahead | {"h0": back["h0"]}, back | {"h0": ahead["h0"]}), "Your nets start from each other's h0. Each has its own.", whole=True),
        Mistake("both start at zero", _from('0 * back["h0"]') + edit("first = read", 'ahead = ahead | {"h0": 0 * ahead["h0"]}\n    first = read'), "Both of your nets start from zero. Each has an h0 of its own.", whole=True),
        Mistake("second net starts at zero", _from('0 * back["h0"]'), "Your second net starts from zero. It has an h0 of its own.", whole=True),
        Mistake("σ on the candidate", edit("np.tanh(n)", "sigmoid(n)", within=read), "Your candidate goes through σ. It is a value of either sign: tanh.", whole=True),
        Mistake("no tanh on the candidate", edit("np.tanh(n)", "n", within=read), "Your candidate is its bare pre-activation: a tanh is missing.", whole=True),
        Mistake("gate as a reset", edit("np.tanh(n)", "np.tanh(g * n)", within=read), "Your gate also multiplies the candidate's pre-activation, as a reset gate would. In the UGRNN it mixes only.", whole=True),
        Mistake("gate resets the state", edit("sigmoid(g)\n        n = np.tanh(n)", "sigmoid(g)\n        n = np.tanh(n + (g * h - h) @ net[\"W_h\"][: h.shape[1]].T)", within=read), "Your candidate sees g ⊙ h_{t−1}, as with a reset gate. In the UGRNN the gate mixes only.", whole=True, alone=True),
        Mistake("share of the candidate missing", edit("(1 - g) * n", "n", within=read), "Your cell writes the candidate whole. In (11.1) it is weighed with 1 − g.", whole=True, alone=True),
        Mistake("g keeps and writes", edit("(1 - g) * n", "g * n", within=read), "Your cell keeps with g and writes with g. In (11.1) the two shares add up to 1.", whole=True, alone=True),
        Mistake("candidate alone", edit("g * h + (1 - g) * n", "n", within=read), "Your cells are plain tanh nets: the state is the candidate. In the UGRNN of (11.1) a gate mixes it with the old state.", whole=True, alone=True, beside_the_point=True),
        Mistake("σ on the gate missing", edit("g = sigmoid(g)", "g = 1.0 * g", within=read), "Your gate is a bare pre-activation: a σ is missing.", whole=True, alone=True),
        Mistake("state not read", edit(' + h @ net["W_h"].T', "", within=read), "What W_h makes of h_{t−1} is missing from your pre-activations.", whole=True, alone=True),
        Mistake("input not read", edit('x_t @ net["W_x"].T + ', "", within=read), "What W_x makes of x_t is missing from your pre-activations.", whole=True, alone=True),
        Mistake("g writes", edit("sigmoid(g)", "sigmoid(-g)", within=read), "In your cell the gate lets the new value in. In the UGRNN of (11.1) it keeps.", whole=True),
        Mistake("rows read as g, n", edit("n, g = np.split", "g, n = np.split", within=read), "You read the gate from the first rows. The rows are in the order n, g.", whole=True),
        Mistake("summary at T", edit("second[-1]", "turned(second, order)[-1]"), "Your summary is the last entry of the states in time. There the net that reads from the end has just begun."),
        Mistake("summary at the end", edit("second[-1]", "second[0]"), "Your summary is taken at each sequence's last step. There the net that reads from the end has read one input; it has seen everything elsewhere."),
        Mistake("second half from the last states shown", edit("second[-1]", "turned(second, order)[-1] * runs[-1]"), "The second half of your summary is the last entry of your states, which is zero wherever a sequence is shorter; and there the net that reads from the end has just begun.", alone=True),
        Mistake("summary one step early", edit("first[-1], second[-1]", "_before(ahead, first)[lengths - 1, np.arange(len(lengths))], _before(back, second)[lengths - 1, np.arange(len(lengths))]"), "Your summary is the state of each net before its last step. It has read everything after that step.", alone=True),
        Mistake("first half one step early", edit("first[-1]", "_before(ahead, first)[lengths - 1, np.arange(len(lengths))]"), "The first half of your summary is the state before the last step. The net has read everything after it.", alone=True),
        Mistake("second half one step early", edit("second[-1]", "_before(back, second)[lengths - 1, np.arange(len(lengths))]"), "The second half of your summary is the state before that net's last step, at t = 1. It has read everything at t = 0.", alone=True),
        Mistake("summary of the first sequence", edit("first[-1], second[-1]", "*(np.repeat(part[-1][:1], len(lengths), axis=0) for part in (first, second))"), "Your summary is that of the first sequence, for all. Each sequence has one of its own.", alone=True),
        Mistake("summary a largest value", edit("first[-1], second[-1]", "*(np.where(runs, part, -np.inf).max(axis=0) for part in (first, second))"), "Your summary is the largest value over time. Asked for is what each net knows when it has read everything: one state of each.", alone=True),
        Mistake("summary at 1", edit("first[-1]", "first[0]"), "Your summary is the first entry of the states. There the net that reads forwards has read one input."),
        Mistake("summary from the last states shown", edit("return states, summary", "return states, states[-1]"), "Your summary is the last entry of your states, which are zero there wherever a sequence is shorter. What each net knows when it has read everything stands elsewhere."),
        Mistake("first half from the last states shown", edit("first[-1]", "first[-1] * runs[-1]"), "The first half of your summary is the last entry of your states, which is zero wherever a sequence is shorter. Take it at each sequence's own end."),
        Mistake("halves of the summary mixed", edit("first[-1], second[-1]", "*2 * [(first[-1] + second[-1]) / 2]"), "Your summary is a mean of both nets' last states. They stand side by side."),
        Mistake("halves of the summary exchanged", edit("first[-1], second[-1]", "second[-1], first[-1]"), "The halves of your summary are exchanged: the first H units belong to the net that reads forwards."),
        Mistake("summary averaged", edit("first[-1], second[-1]", "first.mean(axis=0), second.mean(axis=0)"), "Your summary is a mean over time. Asked for is what each net knows when it has read everything."),
        Mistake("summary a mean over the sequence", edit("first[-1], second[-1]", "*((part * runs).sum(axis=0) / lengths[:, None] for part in (first, second))"), "Your summary is a mean of the states over the steps of each sequence. Asked for is what each net knows when it has read everything: one state of each."),
        Mistake("summary a mean of the states shown", edit("first[-1], second[-1]", "*((part * runs).mean(axis=0) for part in (first, second))"), "Your summary is a mean of the states over all T steps, zeros included. Asked for is what each net knows when it has read everything: one state of each."),
        Mistake("summary a sum over the sequence", edit("first[-1], second[-1]", "*((part * runs).sum(axis=0) for part in (first, second))"), "Your summary adds up the states of all steps. Asked for is what each net knows when it has read everything: one state of each."),
        Mistake("halves exchanged", edit("[first, second]", "[second, first]", within=side_by_side), "Your halves are exchanged: the first H units belong to the net that reads forwards."),
        Mistake("directions added", edit("np.concatenate([first, second], axis=-1)", "first + second", within=side_by_side), "You add the two directions. They stand side by side, so that the next layer can tell them apart."),
        Mistake("same weights twice", edit("(back", '(ahead | {"h0": back["h0"]}'), "Both of your directions use the weights of ahead. They are two nets."),
        Mistake("nets exchanged", edit("read(ahead, x", "read(back, x", "read(back, turned", "read(ahead, turned"), "Your nets are exchanged: ahead reads forwards, back from the end.", whole=True, alone=True),
        Mistake("both halves of the first net", edit("second = turned(second, order)", "second = first"), "Both halves of your states are those of the net that reads forwards.", alone=True),
        Mistake("both halves of the second net", edit("second = turned(second, order)", "first = second = turned(second, order)"), "Both halves of your states are those of the net that reads from the end.", alone=True),
        Mistake("same start twice", _from('ahead["h0"]'), "Your second net starts from ahead's h0. Each has its own."),
        Mistake("second net continues the first", _from("first[-1]"), "Your second net starts from the last state of the first. They know nothing of each other."),
        Mistake("input reversed within a step", edit("turned(x, order)", "x[:, :, ::-1]", "turned(second, order)", "second"), "You turn the entries of each input round, not the steps. The second net reads whole inputs, the last step first.", alone=True),
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
