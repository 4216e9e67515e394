"""Problem set 6: the gradient cut every k steps."""

import numpy as np

from vgcourse.check.problem import Mistake, Problem
from vgcourse.check.ps6.forward import EQUAL
from vgcourse.check.ps6.through_time import (
    AXES,
    back_through_time,
    backward_case,
    sliding_window,
    stretched,
)


def truncated_backward(dhs, x, hs, h0, W_x, W_h, k):
    """BPTT in segments of k steps, counted from the first: nothing comes back over a border.

    Steps 1 … k are one segment, k + 1 … 2k the next, the last one may be shorter. The state was carried over
    the borders, so step k + 1 still met h_k. With k ≥ T there is no border and the gradient is exact.
    """
    return truncated(dhs, x, hs, h0, W_x, W_h, k)


def truncated(
    dhs,
    x,
    hs,
    h0,
    W_x,
    W_h,
    k,
    *,
    segments="from the first",
    losses="all",
    weights="all",
    reset=False,
    mean=False,
    **parts,
):
    """truncated_backward with exchangeable parts; steps count from 0, and nothing comes back where cut(t)."""
    T, steps = len(x), np.arange(len(x))
    last = (T - 1) // k * k  # where the last segment starts
    cut = {
        "from the first": lambda t: (t + 1) % k == 0,
        "from the last": lambda t: (T - 1 - t) % k == 0,
        "one step longer": lambda t: (t + 1) % (k + 1) == 0,
        "one step shorter": lambda t: (t + 1) % max(k - 1, 1) == 0,
        "first border early": lambda t: t % k == 0,
        "none": lambda t: False,
        "every step": lambda t: True,
    }[segments]
    if losses != "all":
        first = last if losses == "last segment" else T - k
        dhs = np.where((steps >= first)[:, None, None], dhs, 0)
    if weights != "all":
        parts["accumulate"] = {"first segment": slice(0, k), "last segment": slice(last, T)}[weights]
    if reset:
        parts["blank"] = (steps % k == 0) & (steps > 0)
    dx, dh0, *sums = back_through_time(dhs, x, hs, h0, W_x, W_h, cut=cut, **parts)
    return dx, dh0, *(dW / (-(-T // k) if mean else 1) for dW in sums)


def _divided_by_k(*args):
    dx, dh0, *sums = truncated(*args)
    return dx, dh0, *(dW / args[-1] for dW in sums)


def _truncated_cases(rng):
    return [
        backward_case(rng, (8, 3, 4, 5), 3),
        backward_case(rng, EQUAL, 2),
        backward_case(rng, (5, 2, 3, 4), 7),
    ]


TRUNCATED_BACKWARD = Problem(
    name="ps6.truncated_backward",
    reference=truncated_backward,
    family=truncated,
    cases=_truncated_cases,
    points=4,
    lecture='lecture 9, "Memory"',
    axes=AXES,
    invariants=(stretched(4),),
    mistakes=(
        Mistake("not truncated", {"segments": "none"}, "This is the full gradient: nothing is cut. Where a segment of k steps ends, nothing comes back from the next one."),
        Mistake("every step cut", {"segments": "every step"}, "Nothing travels back at all: you cut at every step. Within a segment of k steps the gradient goes on as in full BPTT."),
        Mistake("a window for each loss", sliding_window, "Each of your losses goes back k steps from where it stands. Here the sequence is cut into fixed segments of k steps, and a loss reaches back to the start of its own segment."),
        Mistake("a window of k steps back", lambda *args: sliding_window(*args[:-1], args[-1] + 1), "Each of your losses goes back k steps further from where it stands (k + 1 with its own). Here the sequence is cut into fixed segments of k steps, and a loss reaches back to the start of its own segment."),
        Mistake("segments from the end", {"segments": "from the last"}, "Your segments are counted from the last step. They are counted from the first: steps 1 … k, k + 1 … 2k, and the last one may be shorter."),
        Mistake("one step too long", {"segments": "one step longer"}, "Your segments have k + 1 steps. The first one holds the steps 1 … k."),
        Mistake("one step too short", {"segments": "one step shorter"}, "Your segments have k − 1 steps. The first one holds the steps 1 … k."),
        Mistake("borders one step early", {"segments": "first border early"}, "All of your borders lie one step early, so the first segment has one step: counting from 0, t % k == 0 is the first step of a segment, and the cut comes after its last."),
        Mistake("last segment only", {"losses": "last segment"}, "Only the last segment's losses count in yours. All segments go back, each from its own end to its own start."),
        Mistake("last k losses only", {"losses": "last k"}, "Only the losses of the last k steps count in yours. All losses do; each reaches back to the start of its segment."),
        Mistake("state reset at the borders", {"reset": True}, "Your dW_h takes a state of zeros before each segment. Only the gradient is cut: the state was carried over, and step k + 1 met h_k."),
        Mistake("weights of the first segment", {"weights": "first segment"}, "Your dW_x, dW_h and db hold the first segment alone, as if the loop over segments overwrote them. Add each segment's share (+=)."),
        Mistake("weights of the last segment", {"weights": "last segment"}, "Your dW_x, dW_h and db hold the last segment alone. All segments use the same weights: add each one's share."),
        Mistake("averaged over segments", {"mean": True}, "Your dW_x, dW_h and db are averaged over the segments. E is a sum over all steps: add the segments' shares."),
        Mistake("divided by T", {"divide": len}, "Your dW_x, dW_h and db are divided by T. E is a sum over the steps; so is its gradient."),
        Mistake("divided by k", _divided_by_k, "Your dW_x, dW_h and db are divided by k. E is a sum over the steps, and its gradient a sum over the segments and their steps."),
        Mistake("dh0 zero", {"dh0": "zero"}, "Your dh0 is zero. The first segment starts at h_0, and there the gradient arrives as in full BPTT."),
        Mistake("dh0 is dh_1", {"dh0": "dh_1"}, "Your dh0 is dh_1, the gradient by the state after step 1. One step is left to h_0: through the tanh and W_h."),
        Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs da_t with h_t. W_h was multiplied with the state before the step: dW_h = Σ_t da_tᵀ h_{t−1}."),
        Mistake("hs[−1] for h0", {"state0": "hs[−1]"}, "Your dW_h takes the last state for the state before step 1: at t = 0 the index t − 1 is −1, and Python counts that from the end. Before step 1 stands h0."),
        Mistake("tanh' missing", {"slope": "none"}, "The factor tanh' is missing at every step: da_t = dh_t ⊙ (1 − h_t²)."),
        Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward is h @ W_h.T, so back is da @ W_h."),
        Mistake("last loss of each segment only", {"own": "last"}, "Only the last loss of each segment counts in yours: after it you replace the gradient by what step t + 1 hands back, and dhs_t is lost. The two add up: dh_t = dhs_t + da_{t+1} W_h."),
    ),
    hints=(
        "Full BPTT with one change: after the last step of a segment the loop starts again with nothing from the step after it.",
        "The borders lie after the steps k, 2k, 3k, … from the first. The forward pass knew no borders: hs and h_{t−1} are those of the whole run.",
        "In the loop over t = T − 1 … 0: if (t + 1) % k == 0, then from_next = 0; the rest is rnn_backward.",
    ),
)  # fmt: skip
