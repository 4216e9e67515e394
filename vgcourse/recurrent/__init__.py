"""Recurrent nets and their gradients: rnn, ugrnn, gru, lstm; unrolled, stacked, in both directions.

One idea carries all files: what is used in several places gets the sum of the gradients that come back
from them. A state is used by its own loss and by the next step, a weight by every step. Read in this order:

1. `bptt`: the plain net, one step and back; then any cell's steps over a sequence, and back through time.
2. `lags`: the same gradient as a double sum, and how far back it reaches before it vanishes or explodes.
3. `gated`: UGRNN and GRU, whose gate lets the state, and so the gradient, pass unchanged.
4. `lstm`: a memory beside the state, and peepholes.
5. `cells`: all four in a table, and their starting weights.
6. `carry`: the one formula behind them, and behind residual and highway nets.
7. `compose`: layers on top of each other, and two that read in opposite directions.

Every cell is a pair of step functions, so `unroll_*`, `stack_*` and `bidirectional_*` take any of them:

>>> state, cache = gru_step_forward(params, x_t, state)  # (N, H); the LSTM's h and c are one (2, N, H)
>>> dx_t, dstate_prev, grads = gru_step_backward(dstate, cache)  # dname: gradient of the loss by name
"""

from vgcourse.recurrent.bptt import (
    RNNCache,
    RNNParams,
    rnn_step_backward,
    rnn_step_forward,
    unroll_backward,
    unroll_forward,
)
from vgcourse.recurrent.carry import CarryAndWrite, as_carry_and_write
from vgcourse.recurrent.cells import (
    CELLS,
    Cell,
    cell_init,
    chrono_bias,
    gru_init,
    lstm_init,
    rnn_init,
    ugrnn_init,
    zero_state,
)
from vgcourse.recurrent.compose import (
    bidirectional_backward,
    bidirectional_forward,
    hidden,
    stack_backward,
    stack_forward,
)
from vgcourse.recurrent.gated import (
    GRUCache,
    GRUParams,
    UGRNNCache,
    UGRNNParams,
    gru_step_backward,
    gru_step_forward,
    ugrnn_step_backward,
    ugrnn_step_forward,
)
from vgcourse.recurrent.lags import gradients_by_lag, rnn_double_sum
from vgcourse.recurrent.lstm import LSTMCache, LSTMParams, lstm_step_backward, lstm_step_forward

__all__ = [
    "CELLS",
    "CarryAndWrite",
    "Cell",
    "GRUCache",
    "GRUParams",
    "LSTMCache",
    "LSTMParams",
    "RNNCache",
    "RNNParams",
    "UGRNNCache",
    "UGRNNParams",
    "as_carry_and_write",
    "bidirectional_backward",
    "bidirectional_forward",
    "cell_init",
    "chrono_bias",
    "gradients_by_lag",
    "gru_init",
    "gru_step_backward",
    "gru_step_forward",
    "hidden",
    "lstm_init",
    "lstm_step_backward",
    "lstm_step_forward",
    "rnn_double_sum",
    "rnn_init",
    "rnn_step_backward",
    "rnn_step_forward",
    "stack_backward",
    "stack_forward",
    "ugrnn_init",
    "ugrnn_step_backward",
    "ugrnn_step_forward",
    "unroll_backward",
    "unroll_forward",
    "zero_state",
]
