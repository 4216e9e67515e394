"""Problem set 4 on images: the way back through a convolution."""

import numpy as np

from vgcourse import layers
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- conv2d_backward -------------------------------------------------------------------------------


def conv2d_backward(dout, x, W, stride, padding):
    """dW[o,c,i,j] = Σ dout[n,o,y,x] x̃[n,c,sy+i,sx+j]; the same products with W add up in dx; db_o = Σ dout."""
    params = layers.ConvParams(W, np.zeros(len(W), W.dtype))
    _, cache = layers.conv2d_forward(params, x, stride=stride, padding=padding)
    dx, grads = layers.conv2d_backward(dout, cache)
    return dx, grads.W, grads.b


def _pad(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def _middle(dpadded, p, Y, X):
    return dpadded[:, :, p : p + Y, p : p + X]


def _conv(
    dout, x, W, stride, padding, *, use_stride_dx=True, use_stride_dW=True, filter_dx=lambda W: W, finish_dW=lambda dW: dW,
    crop=_middle, overwrite=None, seen=lambda dout: dout, db=lambda dout: dout.sum(axis=(0, 2, 3)),
):  # fmt: skip
    """Offset by offset in the filter; every part can be exchanged."""
    (Y, X), (H, V), K = x.shape[2:], dout.shape[2:], W.shape[2]
    padded, dW, filters = _pad(x, padding), np.zeros_like(W), filter_dx(W)
    dpadded, counted = np.zeros_like(padded), seen(dout)
    for i, j in np.ndindex(K, K):
        s = stride if use_stride_dW else 1
        patch = padded[:, :, i : i + s * H : s, j : j + s * V : s]
        dW[:, :, i, j] = np.tensordot(counted, patch, axes=((0, 2, 3), (0, 2, 3)))
        s = stride if use_stride_dx else 1
        back = np.tensordot(dout, filters[:, :, i, j], axes=(1, 0)).transpose(0, 3, 1, 2)
        dpadded[:, :, i : i + s * H : s, j : j + s * V : s] += back
    if overwrite:
        dpadded = _last_window_wins(
            dout if overwrite == "windows" else _last_filter(dout), W, stride, padded.shape
        )
    return crop(dpadded, padding, Y, X), finish_dW(dW), db(dout)


def _last_filter(dout):
    out = np.zeros_like(dout)
    out[:, -1] = dout[:, -1]
    return out


def _last_window_wins(dout, W, s, shape):
    dpadded, K = np.zeros(shape), W.shape[2]
    for y, x in np.ndindex(dout.shape[2:]):
        dpadded[:, :, s * y : s * y + K, s * x : s * x + K] = np.tensordot(dout[:, :, y, x], W, axes=(1, 0))
    return dpadded


def _only(where):
    """dout with everything but one part set to zero: what is left if a sum is overwritten."""

    def seen(dout):
        out = np.zeros_like(dout)
        out[where] = dout[where]
        return out

    return seen


def _without_last(dout):
    out = dout.copy()
    out[:, :, -1], out[:, :, :, -1] = 0, 0
    return out


def _last_windows_left_out(dout, *rest):
    return conv2d_backward(_without_last(dout), *rest)


def _conv_cases(rng):
    cases = []
    for (N, C, Y, X), O, s in (
        ((3, 2, 5, 4), 4, 1),
        ((2, 2, 5, 7), 2, 2),
    ):  # K = 3, padding 1; equal channels in the second
        out_shape = (N, O, (Y - 1) // s + 1, (X - 1) // s + 1)
        args = rng.normal(size=out_shape), rng.normal(size=(N, C, Y, X)), rng.normal(size=(O, C, 3, 3)), s, 1
        suffix = "" if s == 1 else f" (stride {s})"
        cases.append(Case(args, tuple(name + suffix for name in ("dx", "dW", "db")), batch=N))
    return cases


def _linear_in(name, position):
    """Σ d(name) ⊙ name = Σ dout ⊙ (out − b): the output is linear in the image, and in the filter."""

    def residual(args, outputs):
        dout, x, W, stride, padding = args
        value = next((v for key, v in outputs.items() if key.split(" ")[0] == name), None)
        if value is None or np.shape(value) != args[position].shape:
            return 0.0
        out, _ = layers.conv2d_forward(layers.ConvParams(W, None), x, stride=stride, padding=padding)
        size = np.linalg.norm(value) * np.linalg.norm(args[position])
        return float(abs((value * args[position]).sum() - (dout * out).sum()) / max(size, 1e-300))

    text = f"Your {name} breaks Σ {name} ⊙ {name[1:]} = Σ dout ⊙ (out − b), which holds because the output is linear in {name[1:]}. You can test that on your own numbers."
    return Invariant(f"{name} is the adjoint", residual, text)


CONV2D_BACKWARD = Problem(
    name="ps4.conv2d_backward",
    reference=conv2d_backward,
    family=_conv,
    cases=_conv_cases,
    points=5,
    lecture='lecture 6, "Residual and highway nets"',
    axes={
        name + suffix: axes
        for suffix in ("", " (stride 2)")
        for name, axes in (("dx", ("example", "channel", "row", "column")), ("dW", ("filter", "channel", "row", "column")), ("db", ("filter",)))
    },
    invariants=(_linear_in("dx", 1), _linear_in("dW", 2)),
    mistakes=(
        Mistake("filter flipped in dx", dict(filter_dx=lambda W: W[:, :, ::-1, ::-1]), "Your dx has the filter upside down. Pixel (i, j) of a window met W[…, i, j] on the way forward and meets it again on the way back; as one big correlation of dout with W, that takes the filter rotated by 180°."),
        Mistake("dW flipped", dict(finish_dW=lambda dW: dW[:, :, ::-1, ::-1].copy()), "Your dW is rotated by 180°. Nets do not flip the filter: W[…, i, j] met the pixel (sy + i, sx + j), so its gradient stands at (i, j)."),
        Mistake("overlapping windows overwritten", dict(overwrite="windows"), "Where windows overlap, your dx keeps the last one. A pixel serves every window that it lies in, and those gradients add: +=."),
        Mistake("windows and filters overwritten", dict(overwrite="all"), "Your dx keeps the last window and the last filter. Every filter and every window of a pixel adds its share: +=."),
        Mistake("stride ignored in dx", dict(use_stride_dx=False), "Your dx puts neighbouring windows one pixel apart, whatever the stride. Window (y, x) starts at row sy, column sx."),
        Mistake("stride ignored in dW", dict(use_stride_dW=False), "Your dW takes windows one pixel apart, whatever the stride. Window (y, x) starts at row sy, column sx."),
        Mistake("stride ignored", dict(use_stride_dx=False, use_stride_dW=False), "You take windows one pixel apart, whatever the stride. Window (y, x) starts at row sy, column sx, in dx and in dW."),
        Mistake("padding not cut off", dict(crop=lambda dpadded, p, Y, X: dpadded), "Your dx still has the border of padding. Those zeros are no part of x: cut p rows and columns off every side."),
        Mistake("padding cut off on one side", dict(crop=lambda dpadded, p, Y, X: dpadded[:, :, :Y, :X]), "You cut the padding off at the end only. It lies on every side: rows p to p + Y, columns p to p + X."),
        Mistake("channels of W exchanged", dict(filter_dx=lambda W: W.transpose(1, 0, 2, 3)), "Your dx uses the input's channels of W where the output's belong. dout has O channels, and the first axis of W is O: sum over that one. Only C = O lets yours run."),
        Mistake("dW with channels exchanged", dict(finish_dW=lambda dW: dW.transpose(1, 0, 2, 3).copy()), "Your dW has its first two axes exchanged: W is (O, C, K, K), output channels first."),
        Mistake("dW of the last example", dict(seen=_only(-1)), "Your dW is that of the last example. Every example uses the same filter, so their gradients add: +=."),
        Mistake("dW of the last window", dict(seen=_only((-1, slice(None), -1, -1))), "Your dW is that of the last window of the last example. Every window uses the same filter, so their gradients add: +=."),
        Mistake("dW averaged over the batch", lambda dout, x, *rest: (lambda dx, dW, db: (dx, dW / len(x), db))(*_conv(dout, x, *rest)), "Your dW is divided by N. Every example uses the same filter, so their gradients add; a 1/N of the loss is already in dout."),
        Mistake("db over the batch only", dict(db=lambda dout: dout.sum(axis=0)), "Your db is summed over the batch only. One bias is added at every pixel too: sum over axes (0, 2, 3), and one number per filter remains."),
        Mistake("db averaged", dict(db=lambda dout: dout.mean(axis=(0, 2, 3))), "Your db is a mean over batch and pixels. The bias is added at each of them, so its gradient is the sum."),
        Mistake("last windows left out", _last_windows_left_out, "The last row and column of windows are missing from all your sums. dout has Y' rows and X' columns, and range(Y') already stops one before."),
    ),
    hints=(
        "Take one window: out[n, o, y, x] is the sum of the filter times the patch. Its gradient goes to the patch, weighed by the filter, and to the filter, weighed by the patch.",
        "Work on the padded image, (Y + 2p, X + 2p); window (y, x) starts at (s·y, s·x). Windows overlap, so dx collects with +=. Cut the padding off at the end.",
        "For each window: dW[o] += Σ_n dout[n, o, y, x] · patch[n], and dpatch[n] += Σ_o dout[n, o, y, x] · W[o]. db sums dout over what axes?",
    ),
)  # fmt: skip
