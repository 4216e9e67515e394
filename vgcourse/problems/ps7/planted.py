"""LSTM backward passes for the learner's test: wrong ones with a planted bug, right ones written otherwise.

Each is a function of dhs (T, N, H), dc_T (N, H), x (T, N, D), h0, c0 (N, H), W_x (4H, D), W_h (4H, H), b (4H,), rows
i, f, g, o, and `kept`, a dict of what it remembers between calls; it returns dx, dh0, dc0, dW_x, dW_h, db.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.collect import Planted


def forward(x, h, c, W_x, W_h, b):
    """Every step's (x, h_{t−1}, c_{t−1}, i, f, g, o, c)."""
    steps = []
    for x_t in x:
        i, f, g, o = np.split(x_t @ W_x.T + h @ W_h.T + b, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        new = f * c + i * g
        steps.append((x_t, h, c, i, f, g, o, new))
        h, c = o * np.tanh(new), new
    return steps


def backward(
    dhs, dc_T, x, h0, c0, W_x, W_h, b, *, use_dc_T=True, last_only=False, carried=True, through_tanh=True, pass_dh=True,
    f_old="c_prev", i_with="g", g_with="i", first_step=True, add=True, early="", order=1, batch=np.sum,
    state="h_prev", gate_slope=True, first_h=True, first_c=True,
):  # fmt: skip
    """All gradients of the plain LSTM (10.10) to (10.15), with exchangeable parts."""
    steps = forward(x, h0, c0, W_x, W_h, b)
    dh, dc = np.zeros_like(h0), dc_T * use_dc_T
    dx, das = [], []
    for t in reversed(range(len(x))):
        _, _, c_prev, i, f, g, o, c = steps[t]
        at = {"c_prev": c_prev if t or first_c else 0, "c": c, "i": i, "o": o, "g": g}
        dh = dh * pass_dh + (dhs[t] if not last_only or t == len(x) - 1 else 0)
        da_o = dh * np.tanh(c) * (o * (1 - o) if gate_slope else 1)
        dc = dc * carried + dh * o * (1 - np.tanh(c) ** 2 if through_tanh else 1)
        da_i, da_f = dc * at[i_with] * i * (1 - i), dc * at[f_old] * f * (1 - f)
        da = np.concatenate([da_i, da_f, dc * at[g_with] * (1 - g**2), da_o], axis=1)
        das.append(da)
        dx.append(da @ W_x)
        before = dh, dc
        dh, dc = da @ W_h, dc * f
    if early:
        dh, dc = before if early == "both" else (dh, before[1])
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(b)
    for t, (da, (x_t, h_prev, *_, o, c)) in enumerate(zip(das[::-1], steps, strict=True)):
        if (t or first_step) and (add or t == 0):
            seen = h_prev if state == "h_prev" else o * np.tanh(c)
            seen = seen if t or first_h else 0 * seen
            dW_x, dW_h, db = dW_x + da.T @ x_t, dW_h + da.T @ seen, db + batch(da, axis=0)
    return np.stack(dx[::-order]), dh, dc, dW_x, dW_h, db


def _with(**switches):
    return lambda *args: backward(*args[:-1], **switches)


def _where(condition, **switches):
    """Wrong only where something holds of the sizes T, N, D, H."""

    def formula(dhs, dc_T, x, h0, c0, W_x, W_h, b, kept):
        (T, N, D), H = x.shape, h0.shape[1]
        wrong = switches if condition(T, N, D, H) else {}
        return backward(dhs, dc_T, x, h0, c0, W_x, W_h, b, **wrong)

    return formula


def _scaled(place, factor):
    def formula(*args):
        out = list(backward(*args[:-1]))
        out[place] = out[place] * factor
        return tuple(out)

    return formula


def _transposed_if_square(dhs, dc_T, x, h0, c0, W_x, W_h, b, kept):
    """dx through W_xᵀ of each block, which only square blocks allow."""
    out = list(backward(dhs, dc_T, x, h0, c0, W_x, W_h, b))
    if x.shape[2] == h0.shape[1]:
        turned = np.concatenate([block.T for block in np.split(W_x, 4)])
        out[0] = backward(dhs, dc_T, x, h0, c0, turned, W_h, b + 0 * b)[0]
    return tuple(out)


def _dh_in_place(dhs, *rest):
    out = backward(dhs, *rest[:-1])
    dhs[:-1] += 0.5 * dhs[1:]
    return out


def _adds_up(*args):
    *args, kept = args
    out = list(backward(*args))
    key = tuple(part.shape for part in args)
    out[3] = kept[key] = kept.get(key, 0) + out[3]
    return tuple(out)


def _fails_for_one_step(dhs, *rest):
    if len(dhs) == 1:
        raise ValueError("this backward pass was not made for a single step")
    return backward(dhs, *rest[:-1])


def _one_nan(*args):
    out = list(backward(*args[:-1]))
    out[0][0, 0, 0] = np.nan
    return tuple(out)


def _column_db(*args):
    out = list(backward(*args[:-1]))
    out[5] = out[5][:, None]
    return tuple(out)


def _blocks_exchanged(*args):
    out = list(backward(*args[:-1]))
    i, f, g, o = np.split(out[4], 4)
    out[4] = np.concatenate([i, f, o, g])
    return tuple(out)


WRONG = (
    Planted("dc_T ignored", _with(use_dc_T=False), "Give it a dc_T that is not zero, and compare dc0."),
    Planted("last loss only", _with(last_only=True), "Give every step a loss of its own: dhs that is not zero before the last step."),
    Planted("dc not carried", _with(carried=False), "Try several steps, or a dc_T: what comes along the memory is lost in it."),
    Planted("dh not carried", _with(pass_dh=False), "Try several steps: what step t + 1 sends to h_t is lost in it."),
    Planted("no tanh' on the way to c", _with(through_tanh=False), "Compare entries with central differences or a complex step."),
    Planted("no σ' on the output gate", _with(gate_slope=False), "Compare entries with central differences or a complex step."),
    Planted("f with c_t", _with(f_old="c"), "Compare the forget gate's rows of dW_x, from a memory that is not zero."),
    Planted("i with c_{t−1}", _with(i_with="c_prev"), "Compare the input gate's rows of dW_x."),
    Planted("candidate with o", _with(g_with="o"), "Its gates are near one half in a fresh net, so that i ≈ o: compare entries, closely."),
    Planted("weights of the first step only", _with(add=False), "Compare dW_x with more than one step."),
    Planted("weights without the first step", _with(first_step=False), "Its dW_h is right where h0 is zero; its dW_x and db are not. Compare all of them."),
    Planted("h0 left out of dW_h", _with(first_h=False), "It is right where h0 is zero: start from another state."),
    Planted("c0 taken for zero", _with(first_c=False), "It is right where c0 is zero: start from another memory."),
    Planted("dW_h with h_t", _with(state="h"), "Compare dW_h."),
    Planted("dh0 and dc0 one step early", _with(early="both"), "Compare dh0 and dc0."),
    Planted("dx from the end", _with(order=-1), "Compare dx step by step, with more than one step."),
    Planted("db averaged over the batch", _with(batch=np.mean), "Compare db, with more than one example."),
    Planted("db of shape (4H, 1)", _column_db, "Compare shapes, too."),
    Planted("rows i, f, o, g", _blocks_exchanged, "Compare dW_h entry by entry: its norm is right."),
    Planted("W_x turned round if D = H", _transposed_if_square, "It goes wrong only where D = H: try that, too."),
    Planted("right for one example only", _where(lambda T, N, D, H: N > 1, batch=np.mean, carried=False), "Try more than one example."),
    Planted("wrong for one step", _where(lambda T, N, D, H: T == 1, early="both"), "It goes wrong only for T = 1."),
    Planted("an error for one step", _fails_for_one_step, "It raises an error only for T = 1. What fails is wrong: catch the error and say so."),
    Planted("NaN in one entry", _one_nan, "No comparison with NaN is true: accept what is small, and do not refuse what is large."),
    Planted("dc0 one step early", _with(early="dc0"), "Its dh0 is right. Compare dc0, too."),
    Planted("dc0 0.1 % too large", _scaled(2, 1.001), "A complex step is exact to 1e−15, so you can afford a small threshold."),
    Planted("dhs changed in place", _dh_in_place, "What it returns is right; afterwards your dhs are others. Compare with copies made before."),
    Planted("adds to the call before", _adds_up, "The first call is right. Call twice with the same sizes, and compare both."),
)  # fmt: skip


def _complex(dhs, dc_T, x, h0, c0, W_x, W_h, b, kept):
    """∂L/∂h0 and ∂L/∂c0 by complex steps, the others by the rules."""
    out = list(backward(dhs, dc_T, x, h0, c0, W_x, W_h, b))
    for place, start in ((1, h0), (2, c0)):
        grad = np.zeros(start.shape)
        for index in np.ndindex(start.shape):
            moved = start.astype(complex)
            moved[index] += 1e-20j
            h, c = (moved, c0) if place == 1 else (h0, moved)
            loss = 0
            for x_t, dh in zip(x, dhs, strict=True):
                i, f, g, o = np.split(x_t @ W_x.T + h @ W_h.T + b, 4, axis=1)
                c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
                h = np.tanh(c) / (1 + np.exp(-o))
                loss = loss + (h * dh).sum()
            grad[index] = (loss + (c * dc_T).sum()).imag / 1e-20
        out[place] = grad
    return tuple(out)


def _one_by_one(*args):
    """One example after the other."""
    dhs, dc_T, x, h0, c0, *net, _ = args
    parts = [
        backward(dhs[:, n : n + 1], dc_T[n : n + 1], x[:, n : n + 1], h0[n : n + 1], c0[n : n + 1], *net)
        for n in range(x.shape[1])
    ]
    dx, dh0, dc0, *sums = zip(*parts, strict=True)
    return np.concatenate(dx, axis=1), np.concatenate(dh0), np.concatenate(dc0), *(sum(s) for s in sums)


def _own_copy(dhs, *rest):
    """Works in place, on copies of its own."""
    dhs = dhs.copy()
    out = backward(dhs, *rest[:-1])
    dhs[...] = 0
    return out


RIGHT = (
    Planted("by the rules", _with(), "Compare with your own gradient, or with complex steps."),
    Planted("one example after the other", _one_by_one, "Its sums run in another order, which rounds differently: equality is too much to ask."),
    Planted("complex steps for the states", _complex, "It rounds differently: equality is too much to ask."),
    Planted("nested lists", lambda *args: [part.tolist() for part in backward(*args[:-1])], "Its results are lists of numbers: np.asarray makes arrays of them."),
    Planted("float32", lambda *args: tuple(part.astype(np.float32) for part in backward(*args[:-1])), "Single precision is exact to 6e−8: a threshold below that is too tight."),
    Planted("another memory order", lambda *args: tuple(map(np.asfortranarray, backward(*args[:-1]))), "Only its memory is laid out otherwise."),
    Planted("own copies", _own_copy, "It works in place on a copy of its own, which is its good right."),
    Planted("a list", lambda *args: list(backward(*args[:-1])), "A list of arrays is as good as a tuple."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def backward(dhs, dc_T, x, h0, c0, W_x, W_h, b):
        """An LSTM's backward pass."""
        return formula(dhs, dc_T, x, h0, c0, W_x, W_h, b, kept)

    return backward
