"""Problem set 7: the way back through two nets that read in opposite directions."""

import functools

import numpy as np

from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps7.both import SHAPES, order_of, turned

# --- what both backward passes share ---------------------------------------------------------------


def chain(
    dhs, J_h, J_x, carry=True, transposed=False, late=False, own=False, early=False, after=False, own_late=False,
    forwards=False, sooner=False, start=0,
):  # fmt: skip
    """dh_t = dhs_t + dh_{t+1} J_h[t+1], dx_t = dh_t J_x[t]: one layer of any cell, back through time."""
    T, dh_next, dx = len(dhs), 0 * dhs[0] + start, [None] * len(dhs)
    for t in range(T) if forwards else reversed(range(T)):
        dh = dh_next if own_late else dhs[t] + dh_next
        J = J_h[max(t - 1, 0) if late else min(t + 1, T - 1) if sooner else t]
        back = times(dh, np.swapaxes(J, 1, 2) if transposed else J)
        dx[t] = times(dhs[t] if own else back if after else dh, J_x[t])
        dh_next = back + dhs[t] if own_late else back
        dh0, dh_next = (dh if early else dh_next), dh_next * carry
    return np.stack(dx), dh0


def times(dh, J):
    """Every row of dh times its own matrix."""
    return (dh[:, None, :] @ J)[:, 0]


def jacobians(rng, T, N, D, H):
    """Those of a cell that keeps about half: a diagonal and some mixing."""
    J_h = 0.5 * np.eye(H) + rng.normal(size=(T, N, H, H)) / (2 * np.sqrt(H))
    return {"J_h": J_h, "J_x": rng.normal(size=(T, N, H, D)) / np.sqrt(D)}


CHAIN = (
    ("Jacobians transposed", dict(transposed=True), "You go back through the transposed J_h. Its first index is the new state's, J[n, i, j] = ∂h_t[i]/∂h_{t−1}[j], so a row of gradients stands on its left and i is summed over.", True),
    ("nothing carried from step to step", dict(carry=False), "Your dh_t is what arrives at step t from outside alone. h_t also acts on the next step that the net makes."),
    ("dx without the later losses", dict(own=True), "Your dx_t is made of what arrives at step t from outside alone. It has to use the whole dh_t: what comes from later steps reaches x_t as well."),
    ("J_h of the step before", dict(late=True), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t: J_h[t] where t counts from 0.", True),
    ("initial states one step early", dict(early=True), "Your gradients of the initial states are those after the first step. One more J_h, that of the first step, leads to the initial state.", True),
    ("J_h of the step after", dict(sooner=True), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t: J_h[t] where t counts from 0."),
    ("dx after the step back", dict(after=True), "Your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t."),
    ("own loss a step late", dict(own_late=True), "You add what arrives at state t from outside after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", True),
    ("loop runs forwards", dict(forwards=True), "Your loop runs from the first step on. What step t needs comes from step t + 1.", True),
)  # fmt: skip


def chain_mistakes():
    """The mistakes of one layer; a True at the end asks for all of it."""
    return tuple(Mistake(name, switches, text, whole=bool(whole)) for name, switches, text, *whole in CHAIN)


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
    use_summary=(1.0, 1.0),
    summary_first="end",
    summary_second="end",
    exchanged="",
    join=lambda first, second: first + second,
    by_time="",
    second_net="back",
    show=False,
    starts="each",
    only_first=None,
    only_second=None,
    **one_net,
):
    """Both directions back with their parts exchangeable."""
    T, N = dstates.shape[:2]
    true = np.arange(T)[:, None, None] < np.asarray(lengths)[:, None]
    lengths = np.clip(np.asarray(lengths) + extra, 0, T)
    order = order_of(T, lengths, whole)
    runs = np.arange(T)[:, None, None] < lengths[:, None]
    first, second = np.split(dstates, 2, axis=-1)
    mine, others = (use * part for use, part in zip(use_summary, np.split(dsummary, 2, axis=-1), strict=True))
    if exchanged in ("all", "states"):
        first, second = second, first
    if exchanged in ("all", "summary"):
        mine, others = others, mine
    back = {"back": back, "ahead": ahead}[second_net]
    back = back | {key: turned(J, order) for key, J in back.items() if key in by_time.split()}
    second = turned(second, order) if turn_in else second
    places = {"end": lengths - 1, "T": np.full(N, T - 1), "start": np.zeros(N, int)}
    parts = (first, mine, ahead, summary_first), (second, others, back, summary_second)
    out = []
    for half, share, net, where in parts:
        dhs = half * (runs | (not masked))
        switches = one_net | ((only_first if net is ahead else only_second) or {})
        if where == "every step":
            dhs = dhs + share * runs
        elif switches.get("own_late"):
            switches = switches | {"start": share}
        else:
            dhs[places[where], np.arange(N)] += share
        works = (runs | (not masked_J))[..., None]
        J_h = np.where(works, net["J_h"], np.eye(half.shape[-1]))
        out.append(chain(dhs, J_h, net["J_x"] * works, **switches))
    (dx, dh0), (dx_back, dh0_back) = out
    dx = join(dx, turned(dx_back, order) if turn_out else dx_back)
    return dx * (true if show else 1), dh0 + dh0_back * (starts == "added"), dh0_back


def _with(**switches):
    """A function, so that it is not looked for in pairs."""
    return functools.partial(back_family, **switches)


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
    axes={"dx": ("step from 0", "example", "input"), "dh0": ("example", "unit"), "dh0_back": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", dict(masked=False, masked_J=False), "You take what stands behind the ends for gradients. No state is shown there and no step was made: it means nothing.", whole=True),
        Mistake("turned round at T", dict(whole=True), "You turn the second net's half round as a whole, at T. Each sequence is turned round at its own end.", whole=True),
        Mistake("lengths not looked at, turned round at T", dict(whole=True, masked=False, masked_J=False, summary_first="T", summary_second="T"), "You go back as if all sequences had T steps: the second half turned round at T, and the padding taken for steps.", whole=True),
        Mistake("one step too many", dict(extra=1), "Your sequences are one step too long. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", dict(extra=-1), "Your sequences are one step too short. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("dstates ignored", lambda dstates, *rest: back_family(0 * dstates, *rest), "Nothing of dstates goes back: only dsummary does. Every state shown has a gradient of its own.", whole=True),
        Mistake("second net carries nothing", _with(only_second=dict(carry=False)), "In the second net nothing passes from step to step. Its dh holds more than what arrives from outside."),
        Mistake("first net carries nothing", _with(only_first=dict(carry=False)), "In the first net nothing passes from step to step. Its dh holds more than what arrives from outside."),
        Mistake("dsummary ignored", dict(use_summary=(0.0, 0.0)), "Nothing of dsummary goes back. The summary was made of two states, and each gets its half."),
        Mistake("dsummary at T", dict(summary_first="T", summary_second="T", masked_J=False), "You add dsummary at the last step of the batch and go back through the padding. Each sequence ends at its own step, and the second net has read everything at t = 0.", whole=True),
        Mistake("dsummary of both at the last step", dict(summary_second="start"), "You add the second half of dsummary at the last step in time. There the net that reads from the end has just begun."),
        Mistake("dsummary of both at the first step", dict(summary_first="start"), "You add the first half of dsummary at t = 0. There the net that reads forwards has just begun."),
        Mistake("dstates not turned round", dict(turn_in=False), "You give the second net its half of dstates in the order of time. Its Jacobians are in its order of reading.", whole=True),
        Mistake("nets exchanged", lambda dstates, dsummary, lengths, ahead, back: back_family(dstates, dsummary, lengths, back, ahead), "You send the first half through back and the second through ahead. The first H units are those of ahead.", whole=True),
        Mistake("dx of the second net not turned round", dict(turn_out=False), "The second net's dx comes out in its order of reading. Turn it round before you add it to the first net's."),
        Mistake("second net never turned round", dict(turn_in=False, turn_out=False), "You treat the second net as if it had read forwards. Its half of dstates has to be turned round on the way in, and its dx on the way out.", whole=True),
        Mistake("halves exchanged", dict(exchanged="all"), "You send each half through the other net. The first H units belong to the net that reads forwards."),
        Mistake("halves of dstates exchanged", dict(exchanged="states"), "You send each half of dstates through the other net. The first H units belong to the net that reads forwards."),
        Mistake("halves of dsummary exchanged", dict(exchanged="summary"), "You send each half of dsummary through the other net. The first H units belong to the net that reads forwards."),
        Mistake("first half of dsummary ignored", dict(use_summary=(0.0, 1.0)), "Nothing of dsummary's first half goes back. It belongs to the last state of the net that reads forwards."),
        Mistake("second half of dsummary ignored", dict(use_summary=(1.0, 0.0)), "Nothing of dsummary's second half goes back. It belongs to the last state of the net that reads from the end."),
        Mistake("dsummary at every step", dict(summary_first="every step", summary_second="every step"), "You add dsummary at every step. It belongs to each net's last state alone."),
        Mistake("dsummary of the second net at every step", dict(summary_second="every step"), "You add the second half of dsummary at every step. It belongs to that net's last state alone."),
        Mistake("back's Jacobians by time", dict(by_time="J_h J_x"), "You take back's Jacobians in the order of time. They are in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("back's J_x by time", dict(by_time="J_x"), "You take back's J_x in the order of time. It is in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("back's J_h by time", dict(by_time="J_h"), "You take back's J_h in the order of time. It is in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("ahead's Jacobians for both", dict(second_net="ahead"), "Both halves go back through ahead's Jacobians. They are two nets.", whole=True),
        Mistake("dx alone masked", dict(whole=True, masked=False, masked_J=False, summary_first="T", summary_second="T", show=True), "Your dx is zero behind the ends, but you have gone back through all T steps. No step was made there, and each net begins and ends at its sequence's own end.", whole=True),
        Mistake("back's J_h transposed", _with(only_second=dict(transposed=True)), "In the second net you go back through the transposed J_h. Its first index is the new state's, as in the first net.", whole=True),
        Mistake("second net's loop runs forwards", _with(only_second=dict(forwards=True), summary_second="start"), "Your second net goes back from its first step on. It starts where that net read last.", whole=True),
        Mistake("initial states added", dict(starts="added"), "Your dh0 holds the second net's gradient, too. Each net has an initial state of its own."),
        Mistake("dx of the first net only", dict(join=lambda first, second: first), "Your dx is that of the net that reads forwards. Both nets read x."),
        Mistake("dx of the second net only", dict(join=lambda first, second: second), "Your dx is that of the net that reads from the end: the first one's is lost. Both nets read x."),
        Mistake("directions averaged", dict(join=lambda first, second: (first + second) / 2), "You average the two directions. Both nets read x, and gradients of two uses are added."),
        *(mistake for mistake in chain_mistakes() if mistake.name != "loop runs forwards"),
        Mistake("loops run forwards", dict(forwards=True, summary_first="start", summary_second="start"), "Your loops run from the first step on. What step t needs comes from step t + 1.", whole=True),
        Mistake("first net's dx after the step back", _with(only_first=dict(after=True)), "In the first net your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t."),
        Mistake("second net's dx after the step back", _with(only_second=dict(after=True)), "In the second net your dx is made after dh has gone through J_h. Both Jacobians of a step start from the same dh."),
        Mistake("first net's own loss a step late", _with(only_first=dict(own_late=True)), "In the first net you add dstates of step t after that step has gone back. It is a gradient of what that step made, so it goes through the step as well.", whole=True),
        Mistake("second net's own loss a step late", _with(only_second=dict(own_late=True)), "In the second net you add dstates of a step after that step has gone back. It is a gradient of what the step made, so it goes through the step as well.", whole=True),
        Mistake("first net's J_h transposed", _with(only_first=dict(transposed=True)), "In the first net you go back through the transposed J_h. Its first index is the new state's, as in the second net.", whole=True),
    ),
    hints=(
        "Forwards, the second net was an ordinary net between two reversals. Backwards it is an ordinary net between two reversals as well, each at the sequence's own end.",
        "One function that goes back through one net (dhs, J_h, J_x → dx, dh0) does both. Before it: its half, zero behind the ends, and its half of dsummary added where that net read last, which in its own order is step lengths[n] − 1.",
        "Where a sequence has no step, dh passes as it is (it is zero there) and dx is 0. For the row dh[n] times J[n], np.einsum('ni,nij->nj', dh, J).",
    ),
)  # fmt: skip
