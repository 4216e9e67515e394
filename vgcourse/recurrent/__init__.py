"""Recurrent nets as step pairs: rnn, ugrnn, gru, lstm; unrolled, stacked, in both directions.

Start with `bptt`: it is written to be read. `gated` and `lstm` hold the other cells, `compose` puts
layers together, `cells` has the table of all cells and their starting weights.
"""

from vgcourse.recurrent.bptt import (
    RNNCache,
    RNNParams,
    gradients_by_lag,
    rnn_double_sum,
    rnn_step_backward,
    rnn_step_forward,
    unroll_backward,
    unroll_forward,
)
from vgcourse.recurrent.cells import (
    CELLS,
    CarryAndWrite,
    Cell,
    as_carry_and_write,
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
