"""How far back a gradient reaches: BPTT written out as a double sum, then sorted by the lag t − k.

`unroll_backward` sends all losses back together. Here each loss L_t goes back alone and meets the weights
at every step k ≤ t. For the plain net, with δ_{t,k} = ∂L_t/∂z_k,

    dW_h = Σ_t Σ_{k≤t} δ_{t,k}ᵀ h_{k−1}
    δ_{t,t} = ∂L_t/∂h_t ⊙ f'(z_t)      δ_{t,k} = (δ_{t,k+1} W_h) ⊙ f'(z_k) for k < t

Why one pass gives the same: swap the sums, dW_h = Σ_k (Σ_{t≥k} δ_{t,k})ᵀ h_{k−1}. The step back is linear
in δ, so the inner sum obeys the recursion of `bptt` and is its dz_k:

    Σ_{t≥k} δ_{t,k} = (∂L_k/∂h_k + (Σ_{t>k} δ_{t,k+1}) W_h) ⊙ f'(z_k)
                    = (∂L_k/∂h_k + dz_{k+1} W_h) ⊙ f'(z_k)

T(T + 1)/2 steps back have become T. What the one pass hides is the lag: δ_{t,k} went t − k times through W_h
and f', so it shrinks or grows about geometrically with the lag. `gradients_by_lag` shows it for any cell.
"""

import numpy as np

from vgcourse._trees import map_leaves
from vgcourse.recurrent._arguments import check_dstate, check_dstates, check_real
from vgcourse.recurrent.bptt import STEP_ACTIVATIONS, RNNCache, RNNParams

__all__ = ["gradients_by_lag", "rnn_double_sum"]


def rnn_double_sum(dstates, caches):
    """dW_h = Σ_t Σ_{k≤t} δ_{t,k}ᵀ h_{k−1} with δ_{t,k} = ∂L_t/∂z_k, O(T²) (Pascanu et al. 2013).

    Parameters and results are those of `unroll_backward` with `rnn_step_backward`: dstates (T, N, H) and T
    RNNCaches; dx (T, N, D), dstates_total (T + 1, N, H) and RNNParams.

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`, and if something is complex.
    """
    dstates = check_dstates("rnn_double_sum", dstates, caches)
    dh_own = [check_dstate("rnn_double_sum", RNNCache, *pair) for pair in zip(dstates, caches)]
    check_real("rnn_double_sum", dstates=[dstates], caches=[cache.z for cache in caches])

    params, activation = caches[0].params, caches[0].activation
    slopes = [STEP_ACTIVATIONS[activation].derivative(cache.z) for cache in caches]
    dW_x, dW_h, db = map_leaves(np.zeros_like, params)
    dx = np.zeros((len(caches), *caches[0].x.shape), dstates.dtype)
    dstates_total = np.concatenate([np.zeros_like(dstates[:1]), dstates])  # index k: the state BEFORE step k
    for t, dh in enumerate(dh_own):  # from 0, as Python counts
        for k in range(t, -1, -1):
            delta = dh * slopes[k]  # δ_{t,k}
            dW_x += delta.T @ caches[k].x
            dW_h += delta.T @ caches[k].h_prev  # h_{k−1}
            db += delta.sum(axis=0)
            dx[k] += delta @ params.W_x
            dh = delta @ params.W_h  # ∂L_t/∂h_{k−1}
            dstates_total[k] += dh
    return dx, dstates_total, RNNParams(dW_x, dW_h, db)


def gradients_by_lag(step_backward, dstates, caches):
    """grads[τ] = Σ_t of what step t − τ adds to the gradient of L_t: the double sum of any cell, by lag τ.

    Σ_τ is the gradient of `unroll_backward`. It need not vanish while its long lags do: a net whose
    gradient vanishes still learns, but only from what is near (Pascanu et al. 2013). O(T²), or O(T) if
    only one step has a loss.

    Parameters
    ----------
    step_backward, dstates, caches : as in `unroll_backward`

    Returns
    -------
    grads : structure of the parameters, each array with a leading axis of T lags: 0, 1, …, T − 1

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`.
    """
    dstates = check_dstates("gradients_by_lag", dstates, caches)
    _, _, like = step_backward(dstates[0], caches[0])
    by_lag = [map_leaves(np.zeros_like, like)] * len(caches)
    for t, dstate in enumerate(dstates):
        if not dstate.any():  # no loss here
            continue
        for lag in range(t + 1):
            _, dstate, step_grads = step_backward(dstate, caches[t - lag])  # nothing joins on the way
            by_lag[lag] = map_leaves(np.add, by_lag[lag], step_grads)
    return map_leaves(lambda *lags: np.stack(lags), *by_lag)
