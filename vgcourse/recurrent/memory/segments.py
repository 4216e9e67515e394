"""A long sequence in segments: the gradient cut at every border, or exact from checkpoints.

In the double sum of `recurrent.lags`, over losses and the steps they reach back to, truncation drops every
term that crosses a border: all long lags, and some short ones. That is a bias; more data do not average it
out. Checkpoints drop nothing: the gradient with respect to a segment's last state gets what the next segment
passes back, the + of `recurrent.bptt`. So the segments go back last one first, each computed again for it.
"""

from functools import partial
from math import isqrt
from typing import NamedTuple

import numpy as np

from vgcourse._trees import map_leaves
from vgcourse._validate import as_floats, expect_callable, expect_choice, expect_count, expect_shape
from vgcourse.recurrent.bptt import unroll_backward, unroll_forward
from vgcourse.recurrent.cells import CELLS
from vgcourse.recurrent.fast import KERNELS, Workspace
from vgcourse.recurrent.memory.binomial import binomial_split
from vgcourse.recurrent.memory.measure import bytes_of


class SegmentedGradient(NamedTuple):
    """What the functions of this module return.

    Attributes
    ----------
    loss : sum of the segments' losses
    dstate0 : gradient with respect to the first state
    grads : structure of the parameters
    peak_bytes : most bytes of arrays alive at once, among checkpoints, caches, gradients, parameters, input
    forward_steps : steps computed, repeated ones included; T is the least
    """

    loss: float
    dstate0: np.ndarray
    grads: tuple
    peak_bytes: int
    forward_steps: int


def from_steps(name, **options):
    """A cell's unrolled steps as a (forward, backward) pair with the signatures of the kernels.

    Parameters
    ----------
    name : one of `recurrent.CELLS`
    options : of its forward step, such as `activation="relu"` or `reset="before"`

    Returns
    -------
    forward : (params, x, state0) to (states, cache)
    backward : (dstates, cache) to (dx, dstate0, grads)

    Raises
    ------
    ValueError
        If there is no such cell.
    """
    expect_choice("from_steps", "name", name, CELLS)
    step_forward = partial(CELLS[name].step_forward, **options)

    def backward(dstates, caches):
        dx, dstates_total, grads = unroll_backward(CELLS[name].step_backward, dstates, caches)
        return dx, dstates_total[0], grads

    return partial(unroll_forward, step_forward), backward


def truncated_bptt(cell, params, x, state0, loss, *, k, T=None, on_dx=None):
    """Cut the gradient every k steps: each loss reaches back to its segment's start (Williams & Peng 1990).

    The state itself is carried over every border. With k ≥ T there is no border and the gradient is exact.

    Parameters
    ----------
    cell : name of one of `recurrent.fast.KERNELS`, or a pair (forward, backward) like theirs, such as
        `from_steps("gru", reset="before")`
    params, state0 : of the cell
    x : (T, N, D) array, or a function x(start, stop) returning (stop − start, N, D)
    loss : function loss(states, start, stop) returning (value, dstates) for the steps start … stop − 1,
        counted from 0; states are its own to change, copy them if you keep them
    k : steps per segment
    T : number of steps, needed when x is a function
    on_dx : function on_dx(dx, start, stop), called with each segment's gradient with respect to its input,
        or None; copy dx if you keep it

    Returns
    -------
    SegmentedGradient; dstate0 is that of the first segment alone

    Raises
    ------
    TypeError
        If k or T is no integer, loss or on_dx is no function, or loss returns no pair, or a gradient of
        another precision than the states'.
    ValueError
        If k or T is below 1, the cell unknown, the loss returns a gradient of another shape than the
        states, or x(start, stop) another number of steps.
    """
    run = _Run("truncated_bptt", cell, params, x, loss, T, k, on_dx)
    state = state0
    for segment in range(run.count):
        states, cache = run.forward(segment, state)
        following = states[-1].copy()  # a view would keep all states alive, and the loss may change them
        nothing = np.zeros_like(state)  # the cut: what later segments would pass back is left out
        dstate = run.backward(segment, states, cache, nothing, [state, following])
        if segment == 0:
            dstate0 = dstate
        state = following
        del states, cache  # or they would live on while the next segment makes its own
    return run.result(dstate0)


def checkpointed_bptt(cell, params, x, state0, loss, *, every=None, slots=None, T=None, on_dx=None):
    """The exact gradient from states kept at segment borders; all other states and caches are computed again.

    Segments of k steps with a slot each need T/k states and k caches, fewest at k = √T: 2√T. Every step but
    the last k is computed twice (Chen et al. 2016). With fewer slots the binomial schedule says which states
    to keep, and some steps are computed more often (Griewank & Walther 2000).

    Parameters
    ----------
    cell, params, x, state0, loss, T, on_dx : as for `truncated_bptt`; segments come last one first
    every : steps per segment, by default √T
    slots : how many states may be kept, state0 included; by default one per segment, so that each is
        computed twice

    Returns
    -------
    SegmentedGradient

    Raises
    ------
    TypeError, ValueError
        As `truncated_bptt`, and if slots is below 1.
    """
    where = "checkpointed_bptt"
    if every is None:
        every = isqrt(_length(where, x, T) - 1) + 1
    run = _Run(where, cell, params, x, loss, T, every, on_dx)
    slots = run.count if slots is None else slots
    expect_count(where, "slots", slots)

    kept = [(0, state0)]  # a stack of (segment, the state it starts from), the latest on top
    dstate = np.zeros_like(state0)  # nothing comes after T
    for last in range(run.count - 1, -1, -1):  # the segment to go back through now
        at, state = kept[-1]
        while at < last:  # run ahead to it, and keep states on the way while there are slots
            free = slots - len(kept) + 1  # the slot of the state on top serves these segments too
            target = at + binomial_split(last + 1 - at, free)
            for segment in range(at, target):
                states, cache = run.forward(segment, state)
                state = states[-1].copy()
                run.note(kept, states, cache)
                del states, cache
            at = target
            if len(kept) < slots:
                kept.append((at, state))
        states, cache = run.forward(last, state)
        dstate = run.backward(last, states, cache, dstate, kept)
        del states, cache
        if kept[-1][0] == last:
            kept.pop()
    return run.result(dstate)


class _Run:
    """One pass over a sequence in segments: runs them, adds up what they return, notes the peak."""

    def __init__(self, where, cell, params, x, loss, T, every, on_dx):
        if isinstance(cell, str):
            expect_choice(where, "cell", cell, KERNELS)
            cell = partial(KERNELS[cell][0], workspace=Workspace()), KERNELS[cell][1]
        if not isinstance(cell, (tuple, list)) or len(cell) != 2 or not all(map(callable, cell)):
            raise TypeError(f"{where}: cell is {cell!r}; expected a pair (forward, backward) of functions.")
        expect_callable(where, "loss", loss)
        if on_dx is not None:
            expect_callable(where, "on_dx", on_dx, "a function or None")
        T = _length(where, x, T)
        expect_count(where, "the number of steps per segment", every)
        self.where, self.cell, self.params = where, cell, params
        self.x, self.loss, self.on_dx = x, loss, on_dx
        self.borders = [*range(0, T, every), T]
        self.count = len(self.borders) - 1
        self.total, self.grads, self.peak, self.steps = 0.0, None, 0, 0

    def forward(self, segment, state):
        """One segment from the state it starts from: its states and cache."""
        start, stop = self.borders[segment], self.borders[segment + 1]
        x = self.x(start, stop) if callable(self.x) else self.x[start:stop]
        expect_shape(self.where, f"x({start}, {stop})", x, (stop - start, "N", "D"))
        self.steps += stop - start
        return self.cell[0](self.params, x, state)

    def backward(self, segment, states, cache, from_later, kept):
        """One segment's loss, then back through it: the gradient with respect to the state it starts from."""
        start, stop = self.borders[segment], self.borders[segment + 1]
        result = self.loss(states, start, stop)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"{self.where}: loss returned {result!r}; expected a pair (value, dstates).")
        value, dstates = result
        dstates = as_floats(self.where, dstates=dstates).copy()  # the loss may hand out the same every time
        expect_shape(self.where, "the loss's gradient", dstates, states.shape, "that is the states' shape")
        dstates[-1] += from_later  # the last state is used by the next segment too
        dx, dstate, grads = self.cell[1](dstates, cache)
        self.total += value
        self.grads = grads if self.grads is None else map_leaves(np.add, self.grads, grads)
        self.note(kept, states, cache, dstates, dx, dstate, grads)
        if self.on_dx is not None:
            self.on_dx(dx, start, stop)
        return dstate

    def note(self, *alive):
        """The peak so far, if these are the arrays alive now, beside x, params and grads."""
        x = None if callable(self.x) else self.x
        self.peak = max(self.peak, bytes_of(x, self.params, self.grads, *alive))

    def result(self, dstate0):
        return SegmentedGradient(self.total, dstate0, self.grads, self.peak, self.steps)


def _length(where, x, T):
    """The number of steps: of x, or T if x is a function."""
    if callable(x):
        expect_count(where, "T", T)
        return int(T)
    expect_shape(where, "x", x, ("T", "N", "D"))
    if T is not None and T != len(x):
        raise ValueError(f"{where}: T is {T} and x has {len(x)} steps; leave T out when x is an array.")
    expect_count(where, "the length of x", len(x))
    return len(x)
