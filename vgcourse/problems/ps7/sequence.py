"""Problem set 7: the coupled LSTM back through sequences of different lengths."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import coupled_inputs, coupled_step_forward, matched
from vgcourse.problems.ps7.step import AXES, again, coupled_step_backward
from vgcourse.problems.ps7.step_mistakes import MORE, more_of_a_step, shared_mistakes, slope_of_tanh

# --- coupled_backward ------------------------------------------------------------------------------

NAMES = ("dx", "dh0", "dc0", "dW_x", "dW_h", "db", "dp_f", "dp_o")


def coupled_backward(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o):
    """The step from T − 1 to 0 where a sequence is running; where it has ended, dh and dc pass as they are.

    x, dhs (T, N, D or H) and gates (T, 3, N, H) start with step 0, hs and cs (T + 1, N, H) with h0, c0.
    """
    dh, dc, dx = np.zeros_like(dc_T), dc_T, np.zeros_like(x)
    sums = [np.zeros_like(w) for w in (W_x, W_h, W_h[:, 0], p_f, p_o)]  # b is as long as a column of W_h
    for t in reversed(range(len(x))):
        runs = (t < lengths)[:, None]
        dh_t = dh + dhs[t]
        step = x[t], hs[t], cs[t], gates[t], cs[t + 1], W_x, W_h, p_f, p_o
        dx[t], dh_prev, dc_prev, *dWs = coupled_step_backward(dh_t * runs, dc * runs, *step)
        sums = [total + dW for total, dW in zip(sums, dWs, strict=True)]
        dh = dh_prev + dh_t * (1 - runs)
        dc = dc_prev + dc * (1 - runs)
    return dx, dh, dc, *sums


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


SHAPES = (  # T, N, D, H, lengths; in the last one every sequence ends before the batch does
    (6, 4, 5, 2, (6, 1, 4, 3)),
    (5, 3, 3, 3, (2, 5, 4)),
    (1, 2, 3, 4, (1, 1)),
    (4, 1, 2, 3, (2,)),
)


def _cases(rng):
    cases = []
    for T, N, D, H, lengths in SHAPES:
        lengths = np.array(lengths)
        x, hs, cs, gates, (W_x, W_h, _, *p) = sequence(rng, T, N, D, H, lengths)
        args = rng.normal(size=(T, N, H)), rng.normal(size=(N, H)), x, lengths, hs, cs, gates, W_x, W_h, *p
        cases.append(Case(args, NAMES, batch=N, steps=T if T > 1 else None))
    return cases


HELPERS = (slope_of_tanh, coupled_step_backward)

# (10.11), (10.13), (10.16) and the input gate of its own.
THE_LECTURES = edit("p_o * slope", "p_o", " * slope_of_tanh(c_prev)", "", "da_f * np.tanh(c_prev)", "da_f * c_prev", "da_o * np.tanh(c)", "da_o * c", "(c_prev - g)", "c_prev", within=coupled_step_backward)  # fmt: skip

# Recognised alone, not two at once.
OF_A_LOOP = {
    "own loss of the next step": (edit("dhs[t]", "(dhs[t + 1] if t < len(x) - 1 else 0)"), "At step t you add the loss of step t + 1. dhs[t] belongs to the state that step t made.", True),
    "old memory for the new one": (edit("cs[t + 1]", "cs[t]"), "Your step gets cs[t] for the memory that it made. Step t leads from cs[t] to cs[t + 1].", True),
    "new state for the old one": (edit("hs[t], cs[t],", "hs[t + 1], cs[t + 1],"), "Your step gets hs[t + 1] and cs[t + 1] for the state before it. Step t leads from hs[t], cs[t] to hs[t + 1], cs[t + 1].", True),
    "new memory for the old one": (edit("hs[t], cs[t],", "hs[t], cs[t + 1],"), "Your step gets cs[t + 1] for the memory before it as well. Step t leads from cs[t] to cs[t + 1].", True),
    "gates of the next step": (edit("gates[t]", "gates[min(t + 1, len(x) - 1)]"), "Your step t has the gates of step t + 1. gates[t] holds those with which step t was made.", True),
    "running and held exchanged": (edit("t < lengths", "t >= lengths"), "Your mask is the wrong way round: the step is made where a sequence has ended, and dh and dc are held where it runs.", True),
    "memory held twice": (edit("dc * (1 - runs)", "dc"), "Your dc goes on as it is at every step, beside what the step hands back. That is so only where a sequence has ended.", True),
    "both held twice": (edit("dh_t * (1 - runs)", "dh_t", "dc * (1 - runs)", "dc"), "Your dh and dc go on as they are at every step, beside what the step hands back. That is so only where a sequence has ended.", True),
    "losses at each end only": (edit("dhs[t]", "dhs[t] * (t == lengths - 1)[:, None]"), "You use dhs at each sequence's last step only. Every step has a loss of its own here, the held ones too.", True),
    "x of the next step": (edit("= x[t]", "= x[min(t + 1, len(x) - 1)]"), "Your dW_x uses the input of the next step. Step t reads x[t]."),
    "memory not masked": (edit("dc * runs", "dc"), "Behind the end of a sequence you mask dh alone: dc still goes through a step there.", True),
    "memory not masked and not held": (edit("dc * runs", "dc", " + dc * (1 - runs)", ""), "Behind the end of a sequence your dc still goes through a step, as if the cell were at work there.", True),
    "h not masked": (edit("dh_t * runs", "dh_t"), "Behind the end of a sequence you mask dc alone: dh still goes through a step there.", True),
    "weights of steps behind the end": (edit("zip(sums, dWs", "zip(sums, coupled_step_backward(dh_t, dc, *step)[3:]"), "Your weight gradients hold steps behind the ends, where no cell was at work. What you hand on is right.", True),
    "dx alone masked": (edit("t < lengths", "lengths > 0", "return dx", "return dx * (np.arange(len(x))[:, None] < lengths)[..., None]"), "Your dx is zero behind the ends, and everything else has gone through the steps there. No cell was at work in them: the state was held.", True),
    "held twice": (edit("dh_t * (1 - runs)", "dh_t"), "Your dh goes on as it is at every step, beside what the step hands back. That is so only where a sequence has ended.", True),
    "the shortest length for all": (edit("t < lengths", "t < np.full_like(lengths, min(lengths))"), "You end all sequences where the shortest ends.", True),
    "sequences aligned at the end": (edit("t < lengths", "t >= len(x) - lengths"), "In your answer a sequence runs in the last steps of the batch. It runs in the first ones, t < length.", True),
    "aligned at the end, one step short": (edit("t < lengths", "t > len(x) - lengths"), "In your answer a sequence runs in the last steps of the batch. It runs in the first ones, t < length.", True),
    "step 0 left out": (edit("range(len(x))", "range(1, len(x))"), "Your loop does not visit step 0. The initial state lies before it.", True),
    "dc_T at each end, no carry": (edit("dh_t * runs, dc * runs, *step", "dh_t * runs, dc_T * (t == lengths - 1)[:, None], *step"), "Your dc is dc_T at each sequence's last step and 0 before it. What a step hands back along the memory, dc_{t−1}, is the next one's dc.", True),
    "dc_T at the batch's last step, no carry": (edit("dh_t * runs, dc * runs, *step", "dh_t * runs, dc_T * runs * (t == len(x) - 1), *step"), "Your dc is dc_T at the last step of the batch and 0 before it. What a step hands back along the memory, dc_{t−1}, is the next one's dc, and a held memory hands its own on.", True),
    "dc_T for every step": (edit("dh_t * runs, dc * runs, *step", "dh_t * runs, dc_T * runs, *step"), "Every step gets dc_T for its dc in your answer. It belongs to the last memory; before it a step gets what the one after hands back.", True),
    "losses held, what arrives lost": (edit("dh_t * (1 - runs)", "dhs[t] * (1 - runs)"), "Behind the end of a sequence only dhs[t] goes on; what came from later steps is lost. A held state hands on all that arrives.", True),
    "dh0 and dc0 where a sequence ends": (edit("dh = dh_prev", "dh_0, dc_0 = (dh_prev, dc_prev) if t == len(x) - 1 else (np.where(t == lengths - 1, 1, 0)[:, None] * a + np.where(t == lengths - 1, 0, 1)[:, None] * b for a, b in ((dh_prev, dh_0), (dc_prev, dc_0)))\n        dh = dh_prev", "return dx, dh, dc", "return dx, dh_0, dc_0"), "Your dh0 and dc0 are taken where each sequence's last step has gone back. They are what is left when step 0 has.", True),
    "dh not sent through W_h": (edit("dx[t], dh_prev,", "dx[t], _,", "sums = [total", "dh_prev = dh_t * runs @ np.eye(len(p_f))\n        sums = [total"), "What your steps hand back to h_{t−1} is their dh itself, not da W_h.", True),
    "peepholes' gradients of step 0 only": (edit("sums = [total", "dWs[3:] = [dW * (t == 0) for dW in dWs[3:]]\n        sums = [total"), "Your dp_f and dp_o are those of step 0, the last one that the loop visits. The peepholes are used in every step, so their gradients add up.", True),
    "weights averaged over the lengths": (edit("zip(sums, dWs", "zip(sums, [dW / lengths.sum() for dW in dWs]"), "Your weight gradients are divided by the number of all steps. Losses of steps and examples are added, so their shares are added as well.", True),
    "dc_T twice": (edit("step = x", "dc = dc + dc_T * (t == lengths - 1)[:, None]\n        step = x"), "dc_T comes in twice, at the last step of the batch and where each sequence ends. Held memories hand it on already.", True),
}  # fmt: skip


COUPLED_BACKWARD = Problem(
    name="ps7.coupled_backward",
    reference=coupled_backward,
    helpers=HELPERS,
    cases=_cases,
    points=5,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("step from 0", "example", "input"), "dh0": ("example", "unit"), "dc0": ("example", "unit")},
    mistakes=(
        Mistake("lengths not looked at", edit("t < lengths", "lengths > 0"), "You go back through every step, also where a sequence has ended. There no cell was at work: the state was held, and the gates hold nothing.", whole=True, beside_the_point=True),
        Mistake("the lecture's step and loop", edit("t < lengths", "lengths > 0") + THE_LECTURES, "You go back as in lecture 10: every sequence to the last step, with its step, (10.10) to (10.16). Here sequences have ends, f stands in both shares of the memory, and the peepholes see c through a tanh.", whole=True, beside_the_point=True),
        Mistake("nothing from behind the end", edit(" + dh_t * (1 - runs)", "", " + dc * (1 - runs)", ""), "What arrives behind the end of a sequence is lost. A held state is the same state, so its dh and dc go on to the last step that ran.", whole=True),
        Mistake("one step too many", edit("t < lengths", "t < lengths + 1"), "Your sequences run one step too long: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("one step too few", edit("t < lengths", "t < lengths - 1"), "Your sequences end one step too early: a sequence of length 3 has the steps 0, 1 and 2.", whole=True),
        Mistake("losses behind the end left out", edit("dh + dhs[t]", "dh + dhs[t] * runs"), "You drop the dhs of steps behind the end. Each is a loss on the held state, and counts.", whole=True),
        Mistake("memory dropped behind the end", edit(" + dc * (1 - runs)", ""), "Only where a sequence runs to the last step does dc_T arrive: behind the end of the others it is lost. The memory was held there, as h was, so its gradient goes on to the last step that ran.", whole=True),
        Mistake("dx behind the end", edit("dh = dh_prev", "dx[t] = coupled_step_backward(dh_t, dc, *step)[0]\n        dh = dh_prev"), "Your dx is not zero behind the end of a sequence. Nothing was read there."),
        Mistake("dc_T ignored", edit("(dc_T), dc_T", "(dc_T), 0 * dc_T"), "Your loop starts with dc = 0. dc_T is the gradient that reaches the last memory from outside: the loop starts with it."),
        Mistake("dc_T at every step", edit("step = x", "dc = dc + dc_T * (t < len(x) - 1)\n        step = x"), "You add dc_T at every step. It belongs to the last memory alone; earlier ones get their share through the carry."),
        Mistake("dc overwritten", edit("dc + dh", "dh", within=coupled_step_backward), "Each step's dc starts anew, so what step t + 1 sends back along the memory is lost, and dc_T with it."),
        Mistake("dh not passed on", edit("dh + dhs[t]", "dhs[t]"), "Your dh_t is the loss of step t alone. h_t is also read by step t + 1 (or held)."),
        Mistake("dh added up", edit("dh = dh_prev", "dh = dh_prev + dh * runs"), "The dh that steps hand back piles up: what step t + 1 handed back comes again at every earlier step. Replace it, do not add."),
        Mistake("dhs of the last step only", edit("dhs[t]", "dhs[t] * (t == len(x) - 1)"), "You use the last entry of dhs only. Every step has a loss of its own here."),
        Mistake("own loss a step late", edit("dh + dhs[t]", "dh", "dh = dh_prev", "dh = dhs[t] + dh_prev"), "You add dhs[t] after step t has gone back. It is the gradient of what that step made, so it goes through step t as well.", whole=True),
        Mistake("weights overwritten", edit("[total + dW for total, dW in zip(sums, dWs, strict=True)]", "dWs"), "Your weight gradients are those of step 0, the last one that the loop visits. The weights are used in every step, so their gradients add up."),
        Mistake("loop runs forwards", edit("reversed(range(len(x)))", "range(len(x))"), "Your loop runs from step 0 on. What step t needs comes from step t + 1."),
        Mistake("dx in the order of the loop", edit("return dx", "return dx[::-1]"), "Your dx starts with the last step: it is in the order in which the loop found it."),
        Mistake("dh0 and dc0 one step early", edit("step = x", "early = dh_t, dc\n        step = x", "return dx, dh, dc", "return dx, *early"), "Your dh0 and dc0 are the gradients of hs[1] and cs[1]. They have one more step to go."),
        Mistake("weights averaged over the steps", edit("*sums", "*(dW / len(x) for dW in sums)"), "Your weight gradients are divided by T. The losses of the steps are added, so their shares are added as well.", whole=True),
        Mistake("dW_h without the first step", edit("sums = [total", "dWs[1] *= t > 0\n        sums = [total"), "Your dW_h leaves step 0 out. The initial state is not zero here, so that step belongs to the sum."),
        Mistake("dc not passed on", edit("dc = dc_prev + dc * (1 - runs)", "dc = 0 * dc"), "Each step's dc starts anew and your dc0 is 0: what a step hands to the memory before it is lost."),
        Mistake("dh does not reach the memory", edit(" + dh * o * slope", "", within=coupled_step_backward), "Nothing goes from dh through h_t to the memory. h_t shows c_t, so dh sends something to c_t beside what reaches o."),
        Mistake("carry of the incoming dc only", edit("dc_t * f", "dc * f", within=coupled_step_backward), "Your carry hands on the dc that came in. c_t had other uses in this step, and what they sent belongs to dc before it goes on to c_{t−1}."),
        *shared_mistakes(within=coupled_step_backward),
        *more_of_a_step(MORE, within=coupled_step_backward),
        *more_of_a_step(OF_A_LOOP),
        Mistake("gates taken for pre-activations", lambda *args: coupled_backward(*args[:6], again(args[6]), *args[7:]), "You send f, g and o through σ and tanh again. gates holds what came out of them.", whole=True),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: matched(args[2], out["dx"], args[7], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx over steps and batch equals Σ W_x ⊙ dW_x for every input. Does dW_x hold every step, and is dx in the order of x?"),
    ),
    hints=(
        "The loop carries two arrays, dh and dc, from step t + 1 to step t. For each sequence there are two kinds of steps: those in which the cell was at work, and those in which both were held.",
        "`runs = t < lengths` has shape (N,). Work the step out for all sequences and choose with np.where: where a sequence is running, what the step hands back; elsewhere dh and dc as they arrived. The da of the others are 0.",
        "In each turn the step's own loss joins dh first. What arrives is then split by the mask: one part goes through the step of part 3, the other waits; both meet again before the next turn. Which entries of hs and cs did step t start from, and which did it make?",
    ),
)  # fmt: skip
