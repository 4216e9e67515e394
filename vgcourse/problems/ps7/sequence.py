"""Problem set 7: the coupled LSTM back through sequences of different lengths."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import coupled_inputs, coupled_step_forward, matched
from vgcourse.problems.ps7.step import AXES, THE_LECTURES, again, local_factors, signals, weights
from vgcourse.problems.ps7.step_mistakes import MORE, more_of_a_step, shared_mistakes

# --- coupled_backward ------------------------------------------------------------------------------

NAMES = ("dx", "dh0", "dc0", "dW_x", "dW_h", "db", "dp_f", "dp_o")


def coupled_backward(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o):
    """The step from T − 1 to 0 where a sequence is running; where it has ended, dh and dc pass as they are.

    x, dhs (T, N, D or H) and gates (T, 3, N, H) start with step 0, hs and cs (T + 1, N, H) with h0, c0.
    """
    return sequence_family(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o)


def sequence_family(
    dhs,
    dc_T,
    x,
    lengths,
    hs,
    cs,
    gates,
    W_x,
    W_h,
    p_f,
    p_o,
    *,
    use_dc_T=True,
    dc_T_again="",
    own="every step",
    pass_dh=True,
    pass_dc=True,
    ends=lambda lengths, T: np.arange(T)[:, None] < lengths,
    masked="both",
    hold_dh=True,
    hold_dc=True,
    held_twice=False,
    dx_held=False,
    weights_held=False,
    shown=None,
    add_weights=True,
    first=0,
    forwards=False,
    reverse_dx=False,
    stop_early=False,
    per_step=False,
    from_h0=True,
    add_up=False,
    x_late=False,
    old_for_new=False,
    new_for_old=False,
    **step,
):
    """The loop with its parts exchangeable; what is left over exchanges parts of each step."""
    T, N, H = dhs.shape
    lengths = np.asarray(lengths)
    runs, last = ends(lengths, T)[..., None] * 1.0, np.arange(T)[:, None, None] == lengths[:, None] - 1
    old, new = cs[1:] if new_for_old else cs[:-1], cs[:-1] if old_for_new else cs[1:]
    h_old = hs[1:] if new_for_old else hs[:-1]
    local = local_factors(gates, old, new, **step)
    dh_next, dc_next = np.zeros((N, H)), dc_T * use_dc_T
    dh, dc = dh_next, dc_next
    seen, kept = np.zeros((2, T, N, 3 * H))
    das = [dict.fromkeys("fgo", np.zeros((N, H)))] * T
    for t in range(T) if forwards else reversed(range(first, T)):
        m, at_t = runs[t], [v[t] for v in local]
        counts = {"running": m, "last step": float(t == T - 1), "late": 0.0, "one on": float(t < T - 1)}.get(
            own, 1.0
        )
        dh = dh_next * pass_dh + dhs[min(t + (own == "one on"), T - 1)] * counts
        dc = dc_next + dc_T * {"": 0, "every step": t < T - 1, "the end": last[t]}[dc_T_again]
        through = (dh * m if masked in ("both", "dh") else dh), (dc * m if masked in ("both", "dc") else dc)
        das[t], da, dc_back = signals(*through, at_t, p_f, p_o, **step)
        seen[t] = kept[t] = da
        if dx_held or weights_held:
            free, whole, _ = signals(dh, dc, at_t, p_f, p_o, **step)
            seen[t] = whole if dx_held else da
            kept[t], das[t] = (whole, free) if weights_held else (da, das[t])
        rest = 1.0 if held_twice else 1 - m
        dh_next = da @ W_h + m * add_up * dh_next + rest * dh * hold_dh + dhs[t] * (own == "late")
        dc_next = (dc_back + (1 - m) * dc * hold_dc) * pass_dc
    dx = seen @ W_x if shown is None else seen @ W_x * shown(lengths, T)[..., None]
    dh0, dc0 = (dh, dc) if stop_early else (dh_next, dc_next)

    def summed(steps):
        rows = {gate: np.concatenate([at[gate] for at in das[steps]]) for gate in "fgo"}
        read = x[[*range(1, T), T - 1]] if x_late else x
        arrays = (kept, read, h_old, gates[:, 2] * np.tanh(cs[1:]), old, new)
        da_rows, *others = (v[steps].reshape(-1, v.shape[-1]) for v in arrays)
        return list(weights(rows, da_rows, N, *others, **step))

    sums = summed(slice(None) if add_weights else slice(0, 1))
    if not from_h0:
        sums[1] = summed(slice(1, None))[1]
    return dx[::-1] if reverse_dx else dx, dh0, dc0, *(dW / (T if per_step else 1) for dW in sums)


def _all(lengths, T):
    return np.ones((T, len(lengths)), bool)


def _true_ends(lengths, T):
    return np.arange(T)[:, None] < lengths


def _later(by):
    return lambda lengths, T: np.arange(T)[:, None] < lengths + by


def _shortest(lengths, T):
    return np.arange(T)[:, None] < np.full_like(lengths, lengths.min())


def _from_the_end(extra):
    return lambda lengths, T: np.arange(T)[:, None] >= T - lengths + extra


def sequence(rng, T, N, D, H, lengths):
    """x, hs, cs, gates and weights of a forward pass in which ended sequences hold their state."""
    _, h, c, *params = coupled_inputs(rng, N, D, H)
    x, hs, cs, gates = rng.normal(size=(T, N, D)), [h], [c], []
    for t, x_t in enumerate(x):
        h, c, *three = coupled_step_forward(x_t, hs[-1], cs[-1], *params)
        runs = (t < lengths)[:, None]
        hs.append(np.where(runs, h, hs[-1]))
        cs.append(np.where(runs, c, cs[-1]))
        gates.append(np.where(runs, np.stack(three), rng.uniform(0.2, 0.8, (3, N, H))))
    return x, np.stack(hs), np.stack(cs), np.stack(gates), params


def _cases(rng):
    cases = []
    for T, N, D, H, lengths in ((6, 4, 5, 2, (6, 1, 4, 3)), (5, 3, 3, 3, (2, 5, 4)), (1, 2, 3, 4, (1, 1))):
        lengths = np.array(lengths)
        x, hs, cs, gates, (W_x, W_h, _, *p) = sequence(rng, T, N, D, H, lengths)
        args = rng.normal(size=(T, N, H)), rng.normal(size=(N, H)), x, lengths, hs, cs, gates, W_x, W_h, *p
        cases.append(Case(args, NAMES, batch=N, steps=T if T > 1 else None))
    return cases


# Recognised alone, not two at once.
OF_A_LOOP = {
    "own loss a step late": (dict(own="late"), "You add dhs[t] after step t has gone back. It is the gradient of what that step made, so it goes through step t as well.", True),
    "own loss of the next step": (dict(own="one on"), "At step t you add the loss of step t + 1. dhs[t] belongs to the state that step t made.", True),
    "old memory for the new one": (dict(old_for_new=True), "Your step gets cs[t] for the memory that it made. Step t leads from cs[t] to cs[t + 1].", True),
    "new state for the old one": (dict(new_for_old=True), "Your step gets hs[t + 1] and cs[t + 1] for the state before it. Step t leads from hs[t], cs[t] to hs[t + 1], cs[t + 1].", True),
    "x of the next step": (dict(x_late=True), "Your dW_x uses the input of the next step. Step t reads x[t]."),
    "memory not masked": (dict(masked="dh"), "Behind the end of a sequence you mask dh alone: dc still goes through a step there.", True),
    "memory not masked and not held": (dict(masked="dh", hold_dc=False), "Behind the end of a sequence your dc still goes through a step, as if the cell were at work there.", True),
    "h not masked": (dict(masked="dc"), "Behind the end of a sequence you mask dc alone: dh still goes through a step there.", True),
    "weights of steps behind the end": (dict(weights_held=True), "Your weight gradients hold steps behind the ends, where no cell was at work. What you hand on is right.", True),
    "dx alone masked": (dict(ends=_all, shown=_true_ends), "Your dx is zero behind the ends, and everything else has gone through the steps there. No cell was at work in them: the state was held.", True),
    "held twice": (dict(held_twice=True), "Your dh goes on as it is at every step, beside what the step hands back. That is so only where a sequence has ended.", True),
    "the shortest length for all": (dict(ends=_shortest), "You end all sequences where the shortest ends.", True),
    "sequences aligned at the end": (dict(ends=_from_the_end(0)), "In your answer a sequence runs in the last steps of the batch. It runs in the first ones, t < length.", True),
    "aligned at the end, one step short": (dict(ends=_from_the_end(1)), "In your answer a sequence runs in the last steps of the batch. It runs in the first ones, t < length.", True),
    "step 0 left out": (dict(first=1), "Your loop does not visit step 0. The initial state lies before it.", True),
    "dc_T twice": (dict(dc_T_again="the end"), "dc_T comes in twice, at the last step of the batch and where each sequence ends. Held memories hand it on already.", True),
}  # fmt: skip


COUPLED_BACKWARD = Problem(
    name="ps7.coupled_backward",
    reference=coupled_backward,
    family=sequence_family,
    cases=_cases,
    points=5,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("step from 0", "example", "input"), "dh0": ("example", "unit"), "dc0": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", dict(ends=_all), "You go back through every step, also where a sequence has ended. There no cell was at work: the state was held, and the gates hold nothing.", whole=True),
        Mistake("the lecture's step and loop", dict(ends=_all, **THE_LECTURES), "You go back as in lecture 10: every sequence to the last step, with its step, (10.10) to (10.16). Here sequences have ends, f stands in both shares of the memory, and the peepholes see c through a tanh.", whole=True),
        Mistake("nothing from behind the end", dict(hold_dh=False, hold_dc=False), "What arrives behind the end of a sequence is lost. A held state is the same state, so its dh and dc go on to the last step that ran.", whole=True),
        Mistake("one step too many", dict(ends=_later(1)), "Your sequences run one step too long: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", dict(ends=_later(-1)), "Your sequences end one step too early: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("losses behind the end left out", dict(own="running"), "You drop the dhs of steps behind the end. Each is a loss on the held state, and counts.", whole=True),
        Mistake("memory dropped behind the end", dict(hold_dc=False), "Behind the end of a sequence your dc is set to zero. The memory was held there, as h was.", whole=True),
        Mistake("dx behind the end", dict(dx_held=True), "Your dx is not zero behind the end of a sequence. Nothing was read there."),
        Mistake("dc_T ignored", dict(use_dc_T=False), "Your loop starts with dc = 0. dc_T is the gradient that reaches the last memory from outside: the loop starts with it."),
        Mistake("dc_T at every step", dict(dc_T_again="every step"), "You add dc_T at every step. It belongs to the last memory alone; earlier ones get their share through the carry."),
        Mistake("dc overwritten", dict(incoming=False), "Each step's dc starts anew, so what step t + 1 sends back along the memory is lost, and dc_T with it."),
        Mistake("dh not passed on", dict(pass_dh=False), "Your dh_t is the loss of step t alone. h_t is also read by step t + 1 (or held)."),
        Mistake("dh added up", dict(add_up=True), "The dh that steps hand back piles up: what step t + 1 handed back comes again at every earlier step. Replace it, do not add."),
        Mistake("dhs of the last step only", dict(own="last step"), "You use the last entry of dhs only. Every step has a loss of its own here."),
        Mistake("weights overwritten", dict(add_weights=False), "Your weight gradients are those of step 0, the last one that the loop visits. The weights are used in every step, so their gradients add up."),
        Mistake("loop runs forwards", dict(forwards=True), "Your loop runs from step 0 on. What step t needs comes from step t + 1."),
        Mistake("dx in the order of the loop", dict(reverse_dx=True), "Your dx starts with the last step: it is in the order in which the loop found it."),
        Mistake("dh0 and dc0 one step early", dict(stop_early=True), "Your dh0 and dc0 are the gradients of hs[1] and cs[1]. They have one more step to go."),
        Mistake("weights averaged over the steps", dict(per_step=True), "Your weight gradients are divided by T. The losses of the steps are added, so their shares are added as well.", whole=True),
        Mistake("dW_h without the first step", dict(from_h0=False), "Your dW_h leaves step 0 out. The initial state is not zero here, so that step belongs to the sum."),
        Mistake("dc not passed on", dict(pass_dc=False), "Each step's dc starts anew and your dc0 is 0: what a step hands to the memory before it is lost."),
        Mistake("dh does not reach the memory", dict(through_h=False), "Nothing goes from dh through h_t to the memory. h_t shows c_t, so dh sends something to c_t beside what reaches o."),
        Mistake("carry of the incoming dc only", dict(carry_whole=False), "Your carry hands on the dc that came in. c_t had other uses in this step, and what they sent belongs to dc before it goes on to c_{t−1}."),
        *shared_mistakes(),
        *more_of_a_step(sequence_family, MORE, OF_A_LOOP),
        Mistake("gates taken for pre-activations", lambda *args: sequence_family(*args[:6], again(args[6]), *args[7:]), "You send f, g and o through σ and tanh again. gates holds what came out of them.", whole=True),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: matched(args[2], out["dx"], args[7], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx over steps and batch equals Σ W_x ⊙ dW_x for every input. Does dW_x hold every step, and is dx in the order of x?"),
    ),
    hints=(
        "The loop carries two arrays, dh and dc, from step t + 1 to step t. For each sequence there are two kinds of steps: those in which the cell was at work, and those in which both were held.",
        "`runs = t < lengths` has shape (N,). Work the step out for all sequences and choose with np.where: where a sequence is running, what the step hands back; elsewhere dh and dc as they arrived. The da of the others are 0.",
        "for t in reversed(range(T)): dh += dhs[t]; the step of part 3 on hs[t], cs[t], cs[t+1] gives da; multiply da by runs[:, None] before it makes dx and weights. dh and dc after the last turn are dh0 and dc0.",
    ),
)  # fmt: skip
