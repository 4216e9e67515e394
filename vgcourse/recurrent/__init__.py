"""Recurrent nets and their gradients: rnn, ugrnn, gru, lstm; unrolled, stacked, in both directions.

One idea carries all files: what is used in several places gets the sum of the gradients that come back
from them. A state is used by its own loss and by the next step, a weight by every step. Read in this order:

1. `bptt`: the plain net, one step and back; then any cell's steps over a sequence, and back through time.
2. `lags`: the same gradient as a double sum, and how far back it reaches before it vanishes or explodes.
3. `gated`: UGRNN and GRU, whose gate lets the state, and so the gradient, pass unchanged.
4. `lstm`: a memory beside the state, and peepholes.
5. `cells`: all four in a table, by name.
6. `carry`: the one formula behind them, and behind residual and highway nets.
7. `compose`: layers on top of each other, and two that read in opposite directions.

`fast` has whole-sequence kernels of the same cells, `memory` ways to go back with less memory.

Every cell is a pair of step functions, so `unroll_*`, `stack_*` and `bidirectional_*` take any of them:

>>> state, cache = gru_step_forward(params, x_t, state)
>>> dx_t, dstate_prev, grads = gru_step_backward(dstate, cache)

A state is (N, H), the LSTM's h and c together one (2, N, H); `dname` is the gradient with respect to `name`.
"""

from vgcourse.recurrent import bptt, carry, cells, compose, fast, gated, lags, lstm, memory
from vgcourse.recurrent.bptt import *
from vgcourse.recurrent.carry import *
from vgcourse.recurrent.cells import *
from vgcourse.recurrent.compose import *
from vgcourse.recurrent.gated import *
from vgcourse.recurrent.lags import *
from vgcourse.recurrent.lstm import *

__all__ = [
    "fast",
    "memory",
    *bptt.__all__,
    *lags.__all__,
    *gated.__all__,
    *lstm.__all__,
    *cells.__all__,
    *carry.__all__,
    *compose.__all__,
]
