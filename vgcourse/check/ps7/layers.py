"""Problem set 7: nets that read in both directions, and nets on top of each other, for any cell."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.lstm_forward import apart

# --- bidirectional_forward -------------------------------------------------------------------------


def bidirectional_forward(x, ahead, back):
    """One UGRNN reads x_1 … x_T, another x_T … x_1: their states side by side, (T, N, 2H), and a summary.

    ahead and back are dicts of W_x, W_h, b (rows r, g) and h0. At t, the first H units have read x_1 … x_t,
    the last H x_t … x_T. The summary (N, 2H) holds each direction's state after it has read everything.
    """
    return bidirectional_family(x, ahead, back)


def _read(x, net):
    """h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r, all states in the order of reading."""
    h, states = net["h0"], []
    for x_t in x:
        r, g = np.split(x_t @ net["W_x"].T + h @ net["W_h"].T + net["b"], 2, axis=1)
        g = sigmoid(g)
        h = g * h + (1 - g) * np.tanh(r)
        states.append(h)
    return np.stack(states)


def bidirectional_family(
    x,
    ahead,
    back,
    *,
    reads=lambda x: x[::-1],
    put_back=lambda states: states[::-1],
    summary="after everything",
    same_weights=False,
    start="its own",
    halves=lambda first, second: np.concatenate([first, second], axis=-1),
):
    """Both directions with their parts exchangeable."""
    first = _read(x, ahead)
    h0 = {"its own": back["h0"], "the other's": ahead["h0"], "where the first ended": first[-1]}[start]
    read = _read(reads(x), (ahead if same_weights else back) | {"h0": h0})
    second = put_back(read)
    ends = {
        "after everything": (first[-1], read[-1]),
        "at T": (first[-1], second[-1]),
        "at 1": (first[0], second[0]),
        "mean": (first.mean(axis=0), second.mean(axis=0)),
    }[summary]
    return halves(first, second), halves(*ends)


def _gate_writes(net):
    """The net with 1 − g for g: σ(−a) = 1 − σ(a)."""
    signs = np.repeat([1, -1], len(net["b"]) // 2)
    more = {"W_x": signs[:, None] * net["W_x"], "W_h": signs[:, None] * net["W_h"], "b": signs * net["b"]}
    return net | more


def _forward_cases(rng):
    cases = []
    for T, N, D, H in ((5, 3, 4, 2), (6, 3, 3, 3)):
        nets = [
            {
                "W_x": rng.normal(size=(2 * H, D)) / np.sqrt(D),
                "W_h": rng.normal(size=(2 * H, H)) / np.sqrt(H),
                "b": rng.normal(size=2 * H) / 2,
                "h0": rng.uniform(-0.9, 0.9, (N, H)),
            }
            for _ in range(2)
        ]
        cases.append(Case((rng.normal(size=(T, N, D)), *nets), ("states", "summary"), batch=N, steps=T))
    return cases


def _summary_residual(args, out):
    states, summary = out["states"], out["summary"]
    H = states.shape[-1] // 2
    return apart(summary, np.concatenate([states[-1, :, :H], states[0, :, H:]], axis=-1))


BIDIRECTIONAL_FORWARD = Problem(
    name="ps7.bidirectional_forward",
    reference=bidirectional_forward,
    family=bidirectional_family,
    cases=_forward_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"states": ("step", "example", "unit"), "summary": ("example", "unit")},
    mistakes=(
        Mistake("both read forwards", dict(reads=lambda x: x, put_back=lambda states: states), "Both of your nets read x_1 … x_T. The second one reads from the end: give it x[::-1]."),
        Mistake("g writes", lambda x, *nets: bidirectional_family(x, *map(_gate_writes, nets)), "In your cell the gate lets the new value in: (1 − g) ⊙ h_{t−1} + g ⊙ r. In the UGRNN it keeps: h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r."),
        Mistake("states left in reading order", dict(put_back=lambda states: states), "The second half of your states is in the order of reading: x_T's state stands at t = 1. Reverse it along time, so that both halves at t have just read x_t."),
        Mistake("input not reversed", dict(reads=lambda x: x), "Your second net reads forwards, and its states are reversed afterwards. It has to read x[::-1]; then its states are reversed."),
        Mistake("batch reversed", dict(reads=lambda x: x[:, ::-1], put_back=lambda states: states[:, ::-1]), "You reverse the batch, axis 1. x is (T, N, D): time is axis 0."),
        Mistake("summary at T", dict(summary="at T"), "Your summary is the last entry of states. There the second half has read only x_T: the net that reads from the end has seen everything at t = 1."),
        Mistake("summary at 1", dict(summary="at 1"), "Your summary is the first entry of states. There the first half has read only x_1: the net that reads forwards has seen everything at t = T."),
        Mistake("summary averaged", dict(summary="mean"), "Your summary is the mean over time. Asked for is what each net knows after it has read everything: one state of each."),
        Mistake("halves exchanged", dict(halves=lambda first, second: np.concatenate([second, first], axis=-1)), "Your halves are exchanged: the first H units belong to the net that reads forwards."),
        Mistake("directions added", dict(halves=lambda first, second: first + second), "You add the two directions. They stand side by side, so that the next layer can tell them apart: (T, N, 2H)."),
        Mistake("same weights twice", dict(same_weights=True), "Both of your directions use the weights of ahead. They are two nets with weights of their own."),
        Mistake("same start twice", dict(start="the other's"), "Your second net starts from ahead's h0. Each direction has its own."),
        Mistake("second net continues the first", dict(start="where the first ended"), "Your second net starts from the last state of the first. The two directions know nothing of each other: it starts from back's h0."),
    ),
    invariants=(
        Invariant("summary from the states", _summary_residual, "Your summary does not agree with your states. The first half has read everything at t = T and the second at t = 1: those two states, side by side, are the summary."),
    ),
    hints=(
        "Write one function that reads a sequence with one net and returns all states. You need it twice; the second time the sequence is turned round.",
        "What comes back from the second net is in its order of reading. After another [::-1] along time both halves at t have read x_t last; np.concatenate along the last axis gives (T, N, 2H).",
        "forwards = read(x, ahead); backwards = read(x[::-1], back). The summary takes the last state that each of the two has read.",
    ),
)  # fmt: skip


# --- what both backward passes share ---------------------------------------------------------------


def chain(dhs, J_h, J_x, carry=True, transposed=False, late=False, own=False, early=False):
    """dh_t = dhs_t + dh_{t+1} J_h[t+1], dx_t = dh_t J_x[t]: one layer of any cell, back through time."""
    dh_next, dx = np.zeros_like(dhs[0]), []
    for t in reversed(range(len(dhs))):
        dh = dhs[t] + dh_next
        dx.append(_times(dhs[t] if own else dh, J_x[t]))
        J = J_h[max(t - 1, 0)] if late else J_h[t]
        dh_next = _times(dh, np.swapaxes(J, 1, 2) if transposed else J)
        dh0, dh_next = (dh if early else dh_next), dh_next * carry
    return np.stack(dx[::-1]), dh0


def _times(dh, J):
    return (dh[:, None, :] @ J)[:, 0]


def jacobians(rng, T, N, D, H):
    """Those of a cell that keeps about half: a diagonal and some mixing."""
    J_h = 0.5 * np.eye(H) + rng.normal(size=(T, N, H, H)) / (2 * np.sqrt(H))
    return {"J_h": J_h, "J_x": rng.normal(size=(T, N, H, D)) / np.sqrt(D)}


CHAIN = (
    ("Jacobians transposed", dict(transposed=True), "You go back through the transposed J_h. Its first index is the new state's, J[n, i, j] = ∂h_t[i]/∂h_{t−1}[j], so a row of gradients stands on its left: dh J sums over i."),
    ("nothing carried from step to step", dict(carry=False), "Your dh_t is the loss of step t alone. h_t also acts on the next step that the net makes: add dh of that step times its J_h."),
    ("dx without the later losses", dict(own=True), "Your dx_t is made of the loss of step t alone. It has to use the whole dh_t: what comes from the later steps reaches x_t as well."),
    ("J_h of the step before", dict(late=True), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t, ∂h_t/∂h_{t−1}: J_h[t] where t counts from 0."),
    ("initial states one step early", dict(early=True), "Your gradients of the initial states are those after the first step. One more J_h, that of the first step, leads to the initial state."),
)  # fmt: skip


# --- bidirectional_backward ------------------------------------------------------------------------


def bidirectional_backward(dstates, ahead, back):
    """Each half of dstates goes back through its own net; dx is the sum of both, in the order of time.

    ahead and back are dicts of J_h (T, N, H, H) and J_x (T, N, H, D), the Jacobians of every step by the state
    before and by the input, in the order in which that net reads. Returns dx, dh0, dh0_back.
    """
    return back_family(dstates, ahead, back)


def back_family(
    dstates,
    ahead,
    back,
    *,
    turn_in=True,
    turn_out=True,
    exchanged=False,
    join=lambda first, second: first + second,
    **one_net,
):
    """Both directions back with their parts exchangeable."""
    first, second = np.split(dstates, 2, axis=-1)
    if exchanged:
        first, second = second, first
    dx, dh0 = chain(first, **ahead, **one_net)
    dx_back, dh0_back = chain(second[::-1] if turn_in else second, **back, **one_net)
    return join(dx, dx_back[::-1] if turn_out else dx_back), dh0, dh0_back


def _back_cases(rng):
    cases = []
    for T, N, D, H in ((5, 3, 4, 2), (6, 3, 3, 3)):
        nets = [jacobians(rng, T, N, D, H) for _ in range(2)]
        args = (rng.normal(size=(T, N, 2 * H)), *nets)
        cases.append(Case(args, ("dx", "dh0", "dh0_back"), batch=N, steps=T))
    return cases


BIDIRECTIONAL_BACKWARD = Problem(
    name="ps7.bidirectional_backward",
    reference=bidirectional_backward,
    family=back_family,
    cases=_back_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step", "example", "input"), "dh0": ("example", "unit"), "dh0_back": ("example", "unit")},
    mistakes=(
        Mistake("dstates not turned round", dict(turn_in=False), "You give the second net its half of dstates in the order of time. Its Jacobians are in its order of reading, from x_T to x_1: turn its half round first."),
        Mistake("all of dstates turned round", lambda dstates, *nets: back_family(dstates[::-1], *nets), "You turn all of dstates round. The first net read in the order of time: only the second half is turned."),
        Mistake("nets exchanged", lambda dstates, ahead, back: back_family(dstates, back, ahead), "You send the first half of dstates through back and the second through ahead. The first H units are those of ahead."),
        Mistake("dx of the second net not turned round", dict(turn_out=False), "The second net's dx comes out in its order of reading, first x_T. Turn it round before you add it to the first net's."),
        Mistake("second net never turned round", dict(turn_in=False, turn_out=False), "You treat the second net as if it had read forwards. Its half of dstates is turned round on the way in, and its dx on the way out."),
        Mistake("halves exchanged", dict(exchanged=True), "You send each half of dstates through the other net. The first H units belong to the net that reads forwards."),
        Mistake("dx of the first net only", dict(join=lambda first, second: first), "Your dx is that of the net that reads forwards. Both nets read x, so both gradients are added."),
        Mistake("dx of the second net only", dict(join=lambda first, second: second), "Your dx is that of the net that reads from the end: the first one was overwritten. Both nets read x, so both gradients are added."),
        Mistake("directions averaged", dict(join=lambda first, second: (first + second) / 2), "You average the two directions. Both nets read x, and gradients of two uses are added."),
        *(Mistake(*entry) for entry in CHAIN),
    ),
    hints=(
        "Forwards, the second net was an ordinary net between two reversals. Backwards it is an ordinary net between two reversals as well.",
        "Split dstates along the last axis into two (T, N, H) halves. One function that goes back through one net (dhs, J_h, J_x → dx, dh0) does both; only the second half is turned round along time.",
        "For one net: dh = dhs[t] + dh, dx[t] = dh J_x[t], then dh = dh J_h[t] for the step before; after the last turn dh is dh0. For the row dh[n] times J[n], use np.einsum('ni,nij->nj', dh, J).",
    ),
)  # fmt: skip
