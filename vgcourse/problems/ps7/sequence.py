"""Problem set 7: the coupled LSTM back through sequences of different lengths."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import coupled_inputs, forward_family, matched
from vgcourse.problems.ps7.step import AXES, THE_LECTURES, local_factors, shared_mistakes, signals, weights

# --- coupled_backward ------------------------------------------------------------------------------

NAMES = ("dx", "dh0", "dc0", "dW_x", "dW_h", "db", "dp_f", "dp_o")


def coupled_backward(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o):
    """The step from T to 1 where a sequence is running; where it has ended, dh and dc pass as they are.

    x, dhs (T, N, D or H) and gates (T, 3, N, H) start with step 1, hs and cs (T + 1, N, H) with h_0, c_0.
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
    dc_T_again=False,
    own="every step",
    pass_dh=True,
    one_late=0,
    held="passed on",
    dc_held=True,
    dx_held=False,
    add_weights=True,
    forwards=False,
    reverse_dx=False,
    stop_early=False,
    per_step=False,
    from_h0=True,
    add_up=False,
    **step,
):
    """The loop with its parts exchangeable; what is left over exchanges parts of each step."""
    T, N, H = dhs.shape
    runs = np.arange(T)[:, None, None] < np.reshape(lengths, (1, N, 1)) + one_late
    if held == "ignored":
        runs = np.ones_like(runs)
    local = local_factors(gates, cs[:-1], cs[1:], **step)
    dh_next, dc_next = np.zeros((N, H)), dc_T * use_dc_T
    da, das = np.zeros((T, N, 3 * H)), [None] * T
    for t in range(T) if forwards else reversed(range(T)):
        counts = own == "every step" or (own == "last step" and t == T - 1)
        mine = dhs[t] * runs[t] if own == "running" else dhs[t] if counts else 0
        dh = dh_next * pass_dh + mine
        dc = dc_next + (dc_T if dc_T_again and t < T - 1 else 0)
        das[t], da[t], dc_back = signals(dh, dc, [v[t] for v in local], p_f, p_o, **step)
        da_t = da[t] * runs[t]
        if not dx_held:
            da[t] = da_t
        das[t] = {gate: d * runs[t] for gate, d in das[t].items()}
        handed = dh if held == "passed on" else 0
        dh_next = np.where(runs[t], da_t @ W_h + add_up * dh_next, handed)
        dc_next = np.where(runs[t], dc_back, dc if dc_held and held != "stopped" else 0)
    dx = da @ W_x
    dh0, dc0 = (dh, dc) if stop_early else (dh_next, dc_next)

    def summed(steps):
        rows = {gate: np.concatenate([at[gate] for at in das[steps]]) for gate in "fgo"}
        arrays = (da * runs, x, hs[:-1], gates[:, 2] * np.tanh(cs[1:]), cs[:-1], cs[1:])
        da_rows, *others = (v[steps].reshape(-1, v.shape[-1]) for v in arrays)
        return list(weights(rows, da_rows, N, *others, **step))

    sums = summed(slice(None) if add_weights else slice(0, 1))
    if not from_h0:
        sums[1] = summed(slice(1, None))[1]
    return dx[::-1] if reverse_dx else dx, dh0, dc0, *(dW / (T if per_step else 1) for dW in sums)


def sequence(rng, T, N, D, H, lengths):
    """x, hs, cs, gates and weights of a forward pass in which ended sequences hold their state."""
    _, h, c, *params = coupled_inputs(rng, N, D, H)
    x, hs, cs, gates = rng.normal(size=(T, N, D)), [h], [c], []
    for t, x_t in enumerate(x):
        h, c, *three = forward_family(x_t, hs[-1], cs[-1], *params)
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


COUPLED_BACKWARD = Problem(
    name="ps7.coupled_backward",
    reference=coupled_backward,
    family=sequence_family,
    cases=_cases,
    points=5,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("step", "example", "input"), "dh0": ("example", "unit"), "dc0": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", dict(held="ignored"), "You go back through every step, also where a sequence has ended. There no cell was at work: the state was held, and the gates hold nothing.", whole=True),
        Mistake("the lecture's step and loop", dict(held="ignored", **THE_LECTURES), "You go back as in lecture 10: every sequence to the last step, with its step, (10.10) to (10.16). Here sequences have ends, f stands in both shares of the memory, and the peepholes see c through a tanh.", whole=True),
        Mistake("nothing from behind the end", dict(held="stopped"), "What arrives behind the end of a sequence is lost. A held state is the same state, so its dh and dc go on to the last step that ran.", whole=True),
        Mistake("one step too many", dict(one_late=1), "Your sequences run one step too long: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", dict(one_late=-1), "Your sequences end one step too early: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("losses behind the end left out", dict(own="running"), "You drop the dhs of steps behind the end. Each is a loss on the held state, and counts.", whole=True),
        Mistake("memory dropped behind the end", dict(dc_held=False), "Behind the end of a sequence your dc is set to zero. The memory was held there, as h was.", whole=True),
        Mistake("dx behind the end", dict(dx_held=True), "Your dx is not zero behind the end of a sequence. Nothing was read there."),
        Mistake("dc_T ignored", dict(use_dc_T=False), "Your loop starts with dc = 0. dc_T is the gradient that reaches the last memory from outside: the loop starts with it."),
        Mistake("dc_T at every step", dict(dc_T_again=True), "You add dc_T at every step. It belongs to the last memory alone; earlier ones get their share through the carry."),
        Mistake("dc overwritten", dict(incoming=False), "Each step's dc starts anew, so what step t + 1 sends back along the memory is lost, and dc_T with it."),
        Mistake("dh not passed on", dict(pass_dh=False), "Your dh_t is the loss of step t alone. h_t is also read by step t + 1 (or held)."),
        Mistake("dh added up", dict(add_up=True), "The dh that steps hand back piles up: what step t + 1 handed back comes again at every earlier step. Replace it, do not add."),
        Mistake("dhs of the last step only", dict(own="last step"), "You use the last entry of dhs only. Every step has a loss of its own here."),
        Mistake("weights overwritten", dict(add_weights=False), "Your weight gradients are those of step 1, the last one that the loop visits. The weights are used in every step, so their gradients add up."),
        Mistake("loop runs forwards", dict(forwards=True), "Your loop runs from step 1 to T. What step t needs comes from step t + 1."),
        Mistake("dx in the order of the loop", dict(reverse_dx=True), "Your dx starts with the last step: it is in the order in which the loop found it."),
        Mistake("dh0 and dc0 one step early", dict(stop_early=True), "Your dh0 and dc0 are the gradients of h_1 and c_1. They have one more step to go."),
        Mistake("weights averaged over the steps", dict(per_step=True), "Your weight gradients are divided by T. The losses of the steps are added, so their shares are added as well.", whole=True),
        Mistake("dW_h without the first step", dict(from_h0=False), "Your dW_h leaves step 1 out. The initial state is not zero here, so that step belongs to the sum."),
        *shared_mistakes(),
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
