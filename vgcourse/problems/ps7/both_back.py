"""Problem set 7: the way back through two nets that read in opposite directions."""

import numpy as np

from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps7.both import SHAPES, order_of, turned

# --- what both backward passes share ---------------------------------------------------------------


def chain(dhs, J_h, J_x):
    """dh_t = dhs_t + dh_{t+1} J_h[t+1], dx_t = dh_t J_x[t]: one layer of any cell, back through time."""
    dh_next, dx = np.zeros_like(dhs[0]), [None] * len(dhs)
    for t in reversed(range(len(dhs))):
        dh = dhs[t] + dh_next
        dh_next = times(dh, J_h[t])
        dx[t] = times(dh, J_x[t])
    return np.stack(dx), dh_next


def times(dh, J):
    """Every row of dh times its own matrix."""
    return (dh[..., None, :] @ J)[..., 0, :]


def jacobians(rng, T, N, D, H):
    """Those of a cell that keeps about half: a diagonal and some mixing."""
    J_h = 0.5 * np.eye(H) + rng.normal(size=(T, N, H, H)) / (2 * np.sqrt(H))
    return {"J_h": J_h, "J_x": rng.normal(size=(T, N, H, D)) / np.sqrt(D)}


CHAIN = {
    "Jacobians transposed": (edit("J_h[t]", "np.swapaxes(J_h[t], 1, 2)", within=chain), "You go back through the transposed J_h. Its first index is the new state's, J[n, i, j] = ∂h_t[i]/∂h_{t−1}[j], so a row of gradients stands on its left and i is summed over.", True),
    "nothing carried from step to step": (edit(" + dh_next", "", within=chain), "Your dh_t is what arrives at step t from outside alone. h_t also acts on the next step that the net makes."),
    "dx without the later losses": (edit("times(dh, J_x", "times(dhs[t], J_x", within=chain), "Your dx_t is made of what arrives at step t from outside alone. It has to use the whole dh_t: what comes from later steps reaches x_t as well."),
    "J_h of the step before": (edit("J_h[t]", "J_h[max(t - 1, 0)]", within=chain), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t: J_h[t] where t counts from 0.", True),
    "initial states one step early": (edit("(dx), dh_next", "(dx), dh", within=chain), "Your gradients of the initial states are those after the first step. One more J_h, that of the first step, leads to the initial state.", True),
    "J_h of the step after": (edit("J_h[t]", "J_h[min(t + 1, len(dhs) - 1)]", within=chain), "Your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t: J_h[t] where t counts from 0."),
    "dx after the step back": (edit("times(dh, J_x", "times(dh_next, J_x", within=chain), "Your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t."),
    "own loss a step late": (edit("dhs[t] + dh", "dh", "dh_next = times(", "dh_next = dhs[t] + times(", within=chain), "You add what arrives at state t from outside after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", True),
    "J_x of the step before": (edit("times(dh, J_x[t])", "times(dh, J_x[max(t - 1, 0)])", within=chain), "Your J_x is one step off. x_t goes with the Jacobian of the step that read it: J_x[t] where t counts from 0."),
    "J_x of the step after": (edit("times(dh, J_x[t])", "times(dh, J_x[min(t + 1, len(dhs) - 1)])", within=chain), "Your J_x is one step off. x_t goes with the Jacobian of the step that read it: J_x[t] where t counts from 0."),
    "dx from the later losses alone": (edit("times(dh, J_x", "times(dh - dhs[t], J_x", within=chain), "Your dx_t is made of what comes from later steps alone. What arrives at step t from outside belongs to the whole dh_t as well."),
    "dh added up": (edit("dh_next = times(dh, J_h[t])", "dh_next = dh_next + times(dh, J_h[t])", within=chain), "What step t + 1 handed back comes again at every earlier step in your answer. Replace it, do not add.", True),
    "own loss twice": (edit("dhs[t] + dh_next", "2 * dhs[t] + dh_next", within=chain), "What arrives at step t from outside is counted twice.", True),
    "own loss not carried on": (edit("times(dh, J_h", "times(dh - dhs[t] * (t < len(dhs) - 1), J_h", within=chain), "What arrives at step t from outside stays at that step: only the last step's goes on to earlier ones. The whole dh_t goes through J_h.", True),
    "a straight path beside J_h": (edit("times(dh, J_h[t])", "times(dh, J_h[t]) + dh", within=chain), "Beside what goes through J_h you hand dh on as it is. J_h holds all ways from h_{t−1} to h_t.", True),
    "dx in the order of the loop": (edit("np.stack(dx)", "np.stack(dx[::-1])", within=chain), "Your dx starts with the last step: it is in the order in which the loop found it."),
    "loop runs forwards": (edit("reversed(range(len(dhs)))", "range(len(dhs))", within=chain), "Your loop runs from the first step on. What step t needs comes from step t + 1.", True),
}  # fmt: skip


def chain_mistakes(slips=CHAIN):
    """The mistakes of one layer; a True at the end asks for all of it."""
    return tuple(
        Mistake(name, edits, text, whole=bool(whole)) for name, (edits, text, *whole) in slips.items()
    )


def chain_with(slip):
    """The way back through one layer with one of its mistakes."""
    edits, *_ = CHAIN[slip]
    return edited(chain, (times,), edits)


def early(steps):
    """What belongs to step t + 1 for step t."""
    return np.concatenate([steps[1:], 0 * steps[:1]])


# --- bidirectional_backward ------------------------------------------------------------------------


def bidirectional_backward(dstates, dsummary, lengths, ahead, back):
    """Each half of dstates goes back through its own net, with its half of dsummary at the last step that it read.

    ahead and back are dicts of J_h (T, N, H, H) and J_x (T, N, H, D), in the order in which that net reads.
    Returns dx in the order of time, zeros behind the ends, and the gradients of both initial states.
    """
    T, N = dstates.shape[:2]
    order = order_of(T, lengths)
    runs = np.arange(T)[:, None, None] < lengths[:, None]
    ends = lengths - 1, np.arange(N)
    shown, shown_back = np.split(dstates, 2, axis=-1)
    last, last_back = np.split(dsummary, 2, axis=-1)
    dhs, dhs_back = shown * runs, turned(shown_back, order) * runs
    dhs[ends] += last
    dhs_back[ends] += last_back
    dx, dh0 = chain(dhs, *held(ahead, runs))
    dx_back, dh0_back = chain(dhs_back, *held(back, runs))
    return dx + turned(dx_back, order), dh0, dh0_back


def held(net, runs):
    """J_h and J_x; where no step was made, the identity, which holds the state, and zeros."""
    J_h, J_x, works = net["J_h"], net["J_x"], runs[..., None]
    return np.where(works, J_h, np.eye(J_h.shape[-1])), J_x * works


HELPERS = (chain, times, order_of, turned, held)


def _first(slip):
    """A mistake of one layer, in the first net."""
    return edit("dh0 = chain", f"dh0 = chain_with({slip!r})")


def _second(slip):
    return edit("dh0_back = chain", f"dh0_back = chain_with({slip!r})")


# dhs[t] added when step t has gone back has only the steps before it to go, as if it came from step t − 1.
_FIRST_LATE = edit("= shown * runs", "= early(shown * runs)", " dh0,", " dh0 + shown[0],")
_SECOND_LATE = edit("turned(shown_back, order) * runs", "early(turned(shown_back, order) * runs)", " dh0_back\n", " dh0_back + turned(shown_back, order)[0]\n")  # fmt: skip

# The batch turned round as a whole, and behind the ends nothing in dstates; with the padding taken for steps, or held.
_AT_T = edit("turned(shown_back, order) * runs", "turned(shown_back * runs, order_of(T, T))", "dhs_back[ends]", "dhs_back[-1]", "turned(dx_back, order)", "turned(dx_back, order_of(T, T)) * runs")  # fmt: skip
_THROUGH, _HELD = (
    edit("held(back, runs)", "held(back, runs | True)"),
    edit("held(back, runs)", "held(back, runs[::-1])"),
)


# In both nets at once. dsummary is not late, and where loops run forwards they begin with it.
_OF_BOTH = {
    name: slip
    for name, slip in CHAIN.items()
    if name not in ("loop runs forwards", "dx in the order of the loop", "own loss not carried on")
}
_OF_BOTH["own loss a step late"] = _FIRST_LATE + _SECOND_LATE, *CHAIN["own loss a step late"][1:]


def _with_lengths(lengths):
    return edit("N = dstates.shape[:2]", f"N = dstates.shape[:2]\n    lengths = {lengths}")


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
    helpers=HELPERS,
    cases=_back_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step from 0", "example", "input"), "dh0": ("example", "unit"), "dh0_back": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", edit("lengths[:, None]", "T"), "You take what stands behind the ends for gradients. No state is shown there and no step was made: it means nothing.", whole=True),
        Mistake("turned round at T", edit("order_of(T, lengths)", "order_of(T, T)"), "You turn the second net's half round as a whole, at T. Each sequence is turned round at its own end.", whole=True),
        Mistake("second net turned round at T, through the padding", _AT_T + _THROUGH, "Your second net goes back as if every sequence had T steps, with back's Jacobians in the order of T − 1 − t; behind the ends you cut. Each sequence is turned round at its own end: t belongs to that net's step length − 1 − t.", whole=True, alone=True),
        Mistake("second net turned round at T, held in the padding", _AT_T + _HELD, "You take back's Jacobians in the order of T − 1 − t. Each sequence is turned round at its own end: t belongs to that net's step length − 1 − t.", whole=True, alone=True),
        Mistake("back's Jacobians for both", edit("held(ahead", "held(back"), "Both halves go back through back's Jacobians. They are two nets.", whole=True, alone=True),
        Mistake("padding taken for steps", edit("held(ahead, runs)", "held(ahead, runs | True)", "held(back, runs)", "held(back, runs | True)", "dhs[ends]", "dhs[-1]", "dhs_back[ends]", "dhs_back[-1]", "return dx + turned(dx_back, order)", "return dx * runs + turned(dx_back * runs, order)"), "dsummary starts at the last step of the batch in both nets and goes through the Jacobians of the padding. No step was made there: each sequence ends at its own last step.", whole=True, alone=True),
        Mistake("dsummary of the first net at T", edit("dhs[ends]", "dhs[-1]", "held(ahead, runs)", "held(ahead, runs | True)", "return dx +", "return dx * runs +"), "In the first net dsummary starts at the last step of the batch and goes through the Jacobians of the padding. No step was made there: the last state was held from each sequence's own end.", whole=True, alone=True),
        Mistake("dsummary's halves at each other's end", edit("dhs[ends]", "dhs[0]", "dhs_back[ends]", "dhs_back[0]"), "You add each half of dsummary where that net has just begun. It belongs to the last state of each: at length − 1 in its own order of reading.", alone=True),
        Mistake("dsummary twice", edit("np.split(dsummary", "np.split(2 * dsummary"), "dsummary comes in twice. It is added once, to the state of which the summary was made.", alone=True),
        Mistake("dsummary to the initial states too", edit(" dh0, dh0_back", " dh0 + last, dh0_back + last_back"), "Your dh0 and dh0_back hold dsummary itself as well. It belongs to each net's last state; from there it goes back step by step.", alone=True),
        Mistake("dstates behind the end", edit("shown * runs", "1 * shown", "turned(shown_back, order) * runs", "turned(shown_back, order)"), "You take dstates behind the ends for gradients. States there are zero whatever the nets do: nothing of them goes back.", whole=True, alone=True),
        Mistake("the shortest length for all", _with_lengths("np.full_like(lengths, lengths.min())"), "You end all sequences where the shortest ends.", whole=True, alone=True),
        Mistake("own loss of both added", edit("shown, shown_back = np.split(dstates, 2, axis=-1)", "shown, shown_back = 2 * [sum(np.split(dstates, 2, axis=-1))]"), "Each of your nets gets the sum of both halves of dstates. The first H units are those of ahead, the others those of back.", whole=True, alone=True),
        Mistake("lengths not looked at, turned round at T", _with_lengths("np.full(N, T)"), "You go back as if all sequences had T steps: the second half turned round at T, and the padding taken for steps.", whole=True, beside_the_point=True),
        Mistake("one step too many", _with_lengths("np.minimum(lengths + 1, T)"), "Your sequences are one step too long. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", _with_lengths("lengths - 1"), "Your sequences are one step too short. A sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("dstates ignored", lambda dstates, *rest: bidirectional_backward(0 * dstates, *rest), "Nothing of dstates goes back: only dsummary does. Every state shown has a gradient of its own.", whole=True),
        Mistake("second net carries nothing", _second("nothing carried from step to step"), "In the second net nothing passes from step to step. Its dh holds more than what arrives from outside.", alone=True),
        Mistake("first net carries nothing", _first("nothing carried from step to step"), "In the first net nothing passes from step to step. Its dh holds more than what arrives from outside.", alone=True),
        Mistake("dsummary ignored", edit("np.split(dsummary", "np.split(0 * dsummary"), "Nothing of dsummary goes back. The summary was made of two states, and each gets its half."),
        Mistake("dsummary at T", edit("dhs[ends]", "dhs[-1]", "dhs_back[ends]", "dhs_back[-1]", "ahead, runs", "ahead, runs | True", "back, runs", "back, runs | True"), "You add dsummary at the last step of the batch and go back through the padding. Each sequence ends at its own step, and the second net has read everything at t = 0.", whole=True),
        Mistake("dsummary of both at the last step", edit("dhs_back[ends]", "dhs_back[0]"), "You add the second half of dsummary at the last step in time. There the net that reads from the end has just begun."),
        Mistake("dsummary of both at the first step", edit("dhs[ends]", "dhs[0]"), "You add the first half of dsummary at t = 0. There the net that reads forwards has just begun."),
        Mistake("dstates not turned round", edit("turned(shown_back, order)", "shown_back"), "You give the second net its half of dstates in the order of time. Its Jacobians are in its order of reading.", whole=True),
        Mistake("nets exchanged", lambda dstates, dsummary, lengths, ahead, back: bidirectional_backward(dstates, dsummary, lengths, back, ahead), "You send the first half through back and the second through ahead. The first H units are those of ahead.", whole=True),
        Mistake("dx of the second net not turned round", edit("turned(dx_back, order)", "dx_back"), "The second net's dx comes out in its order of reading. Turn it round before you add it to the first net's."),
        Mistake("second net never turned round", edit("turned(shown_back, order)", "shown_back", "turned(dx_back, order)", "dx_back"), "You treat the second net as if it had read forwards. Its half of dstates has to be turned round on the way in, and its dx on the way out.", whole=True),
        Mistake("halves exchanged", edit("shown, shown_back =", "shown_back, shown =", "last, last_back =", "last_back, last ="), "You send each half through the other net. The first H units belong to the net that reads forwards."),
        Mistake("halves of dstates exchanged", edit("shown, shown_back =", "shown_back, shown ="), "You send each half of dstates through the other net. The first H units belong to the net that reads forwards."),
        Mistake("halves of dsummary exchanged", edit("last, last_back =", "last_back, last ="), "You send each half of dsummary through the other net. The first H units belong to the net that reads forwards."),
        Mistake("first half of dsummary ignored", edit("    dhs[ends] += last\n", ""), "Nothing of dsummary's first half goes back. It belongs to the last state of the net that reads forwards."),
        Mistake("second half of dsummary ignored", edit("    dhs_back[ends] += last_back\n", ""), "Nothing of dsummary's second half goes back. It belongs to the last state of the net that reads from the end."),
        Mistake("dsummary at every step", edit("dhs[ends] += last", "dhs += last * runs", "dhs_back[ends] += last_back", "dhs_back += last_back * runs"), "You add dsummary at every step. It belongs to each net's last state alone."),
        Mistake("dsummary of the second net at every step", edit("dhs_back[ends] += last_back", "dhs_back += last_back * runs"), "You add the second half of dsummary at every step. It belongs to that net's last state alone."),
        Mistake("back's Jacobians by time", edit("held(back", "held({key: turned(J, order) for key, J in back.items()}"), "You take back's Jacobians in the order of time. They are in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("back's J_x by time", edit("held(back", 'held(back | {"J_x": turned(back["J_x"], order)}'), "You take back's J_x in the order of time. It is in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("back's J_h by time", edit("held(back", 'held(back | {"J_h": turned(back["J_h"], order)}'), "You take back's J_h in the order of time. It is in that net's order of reading: its step s stands at t = length − 1 − s.", whole=True),
        Mistake("ahead's Jacobians for both", edit("held(back", "held(ahead"), "Both halves go back through ahead's Jacobians. They are two nets.", whole=True),
        Mistake("dx alone masked", edit("N = dstates.shape[:2]", "N = dstates.shape[:2]\n    true, lengths = lengths, np.full(N, T)", "return dx + turned(dx_back, order)", "return (dx + turned(dx_back, order)) * (np.arange(T)[:, None, None] < true[:, None])"), "Your dx is zero behind the ends, but you have gone back through all T steps. No step was made there, and each net begins and ends at its sequence's own end.", whole=True),
        Mistake("back's J_h transposed", _second("Jacobians transposed"), "In the second net you go back through the transposed J_h. Its first index is the new state's, as in the first net.", whole=True, alone=True),
        Mistake("second net's loop runs forwards", (*_second("loop runs forwards"), *edit("dhs_back[ends]", "dhs_back[0]")), "Your second net goes back from its first step on. It starts where that net read last.", whole=True, alone=True),
        Mistake("initial states added", edit(" dh0, dh0_back", " dh0 + dh0_back, dh0_back"), "Your dh0 holds the second net's gradient, too. Each net has an initial state of its own."),
        Mistake("dx of the first net only", edit("dx + turned(dx_back, order)", "dx"), "Your dx is that of the net that reads forwards. Both nets read x."),
        Mistake("dx of the second net only", edit("return dx + ", "return "), "Your dx is that of the net that reads from the end: the first one's is lost. Both nets read x."),
        Mistake("directions averaged", edit("dx + turned", "dx / 2 + 0.5 * turned"), "You average the two directions. Both nets read x, and gradients of two uses are added."),
        *chain_mistakes(_OF_BOTH),
        Mistake("loops run forwards", edit("reversed(range(len(dhs)))", "range(len(dhs))", within=chain) + edit("dhs[ends]", "dhs[0]", "dhs_back[ends]", "dhs_back[0]"), "Your loops run from the first step on. What step t needs comes from step t + 1.", whole=True),
        Mistake("first net's dx after the step back", _first("dx after the step back"), "In the first net your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t.", alone=True),
        Mistake("second net's dx after the step back", _second("dx after the step back"), "In the second net your dx is made after dh has gone through J_h. Both Jacobians of a step start from the same dh.", alone=True),
        Mistake("first net's own loss a step late", _FIRST_LATE, "In the first net you add dstates of step t after that step has gone back. It is a gradient of what that step made, so it goes through the step as well.", whole=True, alone=True),
        Mistake("second net's own loss a step late", _SECOND_LATE, "In the second net you add dstates of a step after that step has gone back. It is a gradient of what the step made, so it goes through the step as well.", whole=True, alone=True),
        Mistake("first net's J_h transposed", _first("Jacobians transposed"), "In the first net you go back through the transposed J_h. Its first index is the new state's, as in the second net.", whole=True, alone=True),
    ),
    hints=(
        "Forwards, the second net was an ordinary net between two reversals. Backwards it is an ordinary net between two reversals as well, each at the sequence's own end.",
        "One function that goes back through one net (dhs, J_h, J_x → dx, dh0) does both. Before it: its half, zero behind the ends, and its half of dsummary added where that net read last, which in its own order is step lengths[n] − 1.",
        "Where a sequence has no step, dh passes as it is (it is zero there) and dx is 0. For the row dh[n] times J[n], `np.einsum('ni,nij->nj', dh, J)`.",
    ),
)  # fmt: skip
