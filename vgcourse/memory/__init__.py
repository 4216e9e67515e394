"""Backpropagation through long sequences in little memory: truncated, or checkpointed and exact.

Full storage keeps every step's cache. Here the sequence is cut into segments and only one segment's
caches live at a time:

- `truncated_bptt` cuts the gradient at every border: cheap, and biased (Williams & Peng 1990).
- `checkpointed_bptt` keeps some states at borders and computes the rest again, so its gradient is that
  of full storage. One checkpoint per segment of √T steps costs one extra forward pass and 2√T states
  (Chen et al. 2016); with fewer slots the binomial schedule needs the fewest extra steps (Griewank &
  Walther 2000).

The loss comes segment by segment, so nothing has length T:

>>> def loss(states, start, stop):  # states after the steps start … stop − 1
...     return (states[..., 0] ** 2).sum(), dstates  # its value and its gradient by these states
>>> result = checkpointed_bptt("lstm", params, x, state0, loss)

A cell is the name of a fast kernel, or a pair (forward, backward) such as `from_steps("lstm")`.
"""

from vgcourse.memory.binomial import binomial_advances, binomial_split
from vgcourse.memory.measure import Bias, bytes_of, gradient_bias
from vgcourse.memory.segments import SegmentedGradient, checkpointed_bptt, from_steps, truncated_bptt

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
