"""Backpropagation through long sequences: memory traded against time, or against the gradient itself.

Going back through step t needs its cache, and the steps are needed in reverse order. So `unroll_backward`
keeps all T caches. Here the sequence is cut into segments, and only one segment's caches live at a time:

====================  ================  ===============  ==================  ========
T = 10 000            caches alive      states alive     steps computed      gradient
====================  ================  ===============  ==================  ========
all caches            T       = 10 000  –                T       = 10 000    exact
truncated, k = 100    k       = 100     1                T       = 10 000    biased
checkpoints, k = √T   √T      = 100     √T      = 100    2T − √T = 19 900    exact
binomial, S slots     1                 S       = 10     T + A   = 67 624    exact
====================  ================  ===============  ==================  ========

(k steps per segment, 1 in the last line; A is `binomial_advances`.)

Read in this order:

1. `segments`: `truncated_bptt` (Williams & Peng 1990) forgets what comes from later segments;
   `checkpointed_bptt` keeps a state at each border and computes the caches between them again. T/k states
   and k caches are fewest at k = √T (Chen et al. 2016).
2. `binomial`: which states to keep if there is room for fewer than one per segment: the schedule with the
   fewest steps (Griewank & Walther 2000; for recurrent nets Gruslys et al. 2016).
3. `measure`: what a way costs, in bytes and in error of the gradient.

The loss comes segment by segment, so nothing has length T:

>>> def loss(states, start, stop):  # states after the steps start … stop − 1, from 0
...     return (states**2).sum() / 2, states  # of these steps: loss, gradient
>>> result = checkpointed_bptt("lstm", params, x, state0, loss)

A cell is a name of `recurrent.fast.KERNELS`, or a pair (forward, backward) such as `from_steps("lstm")`.
"""

from vgcourse.recurrent.memory.binomial import binomial_advances, binomial_split
from vgcourse.recurrent.memory.measure import Bias, bytes_of, gradient_bias
from vgcourse.recurrent.memory.segments import (
    SegmentedGradient,
    checkpointed_bptt,
    from_steps,
    truncated_bptt,
)

__all__ = [
    "Bias",
    "SegmentedGradient",
    "binomial_advances",
    "binomial_split",
    "bytes_of",
    "checkpointed_bptt",
    "from_steps",
    "gradient_bias",
    "truncated_bptt",
]
