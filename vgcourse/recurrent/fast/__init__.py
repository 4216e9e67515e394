"""The recurrent cells as whole-sequence kernels: the numbers of the unrolled steps, many times faster.

>>> states, cache = lstm_forward(params, x, state0)
>>> dx, dstate0, grads = lstm_backward(dstates, cache)

What makes them fast, and how the equations stay visible:

- One matrix product per step makes the pre-activations of all gates from rows [x_t, h_{t−1}, 1]; the
  gradients of W_x, W_h and b are one product of such rows over many steps. (The GRU has to keep inputs and
  state apart.) Products are cut so that BLAS need not copy its factors: see `_products`.
- Every local derivative (σ', tanh', the other factor of a product) is known once the forward pass is
  done. So it is computed for a block of steps at once; inside the recursion the backward pass only
  multiplies.
- Going back, the weight gradients are summed piece by piece, about 1024 rows each, while the gradients with
  respect to the pre-activations are still in the processor's cache.
- Every gate is contiguous, and the views of it are made once for all blocks, which counts at N = 1.
- The sigmoid's minus sign moves into its weights, and inside a step it stays 1/σ(a) = 1 + e^(−a): what
  it multiplies is divided by that.
- Arrays are changed in place, and a `Workspace` keeps them from call to call. What you get shares no memory
  with what the backward pass reads.

Two things differ from the steps of `recurrent`, both where numbers are next to nothing:

- The derivatives come from the outputs, 1 − tanh² and σ(1 − σ). That is the same to rounding, but where a
  unit is saturated beyond |a| ≈ 18 it is 0 where the steps still know 1e−17.
- A gradient that has vanished is flushed: every 16 steps, if the whole gradient with respect to the state
  is smaller than 1e3 · tiny (2e−305 in float64, 1e−35 in float32), it becomes 0. Subnormal numbers, those
  below tiny, would make every later step about 8 times slower. The steps go on to the smallest of them.

NaN and infinity are never swallowed: a net that explodes ends in them, in the steps as here.

Read `rnn_kernel` first. What the kernels share: `_layout` (what lies beside what), `_blocks` (the walk over
the steps), `_products`, `_workspace`, `_checks`.
"""

from vgcourse.recurrent.fast._workspace import Workspace
from vgcourse.recurrent.fast.gru_kernel import GRUBeforeCache, GRUSequenceCache, gru_backward, gru_forward
from vgcourse.recurrent.fast.lstm_kernel import LSTMSequenceCache, lstm_backward, lstm_forward
from vgcourse.recurrent.fast.rnn_kernel import RNNSequenceCache, rnn_backward, rnn_forward
from vgcourse.recurrent.fast.ugrnn_kernel import UGRNNSequenceCache, ugrnn_backward, ugrnn_forward

KERNELS = {
    "rnn": (rnn_forward, rnn_backward),
    "ugrnn": (ugrnn_forward, ugrnn_backward),
    "gru": (gru_forward, gru_backward),
    "lstm": (lstm_forward, lstm_backward),
}

__all__ = [
    "KERNELS",
    "GRUBeforeCache",
    "GRUSequenceCache",
    "LSTMSequenceCache",
    "RNNSequenceCache",
    "UGRNNSequenceCache",
    "Workspace",
    "gru_backward",
    "gru_forward",
    "lstm_backward",
    "lstm_forward",
    "rnn_backward",
    "rnn_forward",
    "ugrnn_backward",
    "ugrnn_forward",
]
