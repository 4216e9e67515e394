"""Problem set 4 on images: the way back through a depthwise convolution, one filter for each channel."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

# --- depthwise_backward ----------------------------------------------------------------------------


def depthwise_backward(dout, x, W, stride, padding):
    """out[n,c,y,v] = Σ_ij W[c,i,j] x̃[n,c,sy+i,sv+j]: dW[c,i,j] = Σ dout x̃, and the same products with W add up in dx."""
    (Y, X), (H, V), K, p = x.shape[2:], dout.shape[2:], W.shape[1], padding
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dW, dpadded = np.zeros_like(W), np.zeros_like(padded)
    for i, j in np.ndindex(K, K):
        seen = np.s_[:, :, i : i + stride * H : stride, j : j + stride * V : stride]
        dW[:, i, j] = (dout * padded[seen]).sum(axis=(0, 2, 3))
        dpadded[seen] += dout * W[:, i, j, None, None]
    return dpadded[:, :, p : p + Y, p : p + X], dW


def _windows_overwritten(dout, x, W, stride, padding):
    (Y, X), (H, V), K, p = x.shape[2:], dout.shape[2:], W.shape[1], padding
    dpadded = np.pad(0 * x, ((0, 0), (0, 0), (p, p), (p, p)))
    for y, v in np.ndindex(H, V):
        window = np.s_[:, :, stride * y : stride * y + K, stride * v : stride * v + K]
        dpadded[window] = dout[:, :, y, v, None, None] * W
    return dpadded[:, :, p : p + Y, p : p + X], depthwise_backward(dout, x, W, stride, padding)[1]


def _as_far_as_windows_reach(dout, x, W, stride, padding):
    dx, dW = depthwise_backward(dout, x, W, stride, padding)
    rows, columns = (stride * (size - 1) + W.shape[1] - padding for size in dout.shape[2:])
    return dx[:, :, :rows, :columns], dW


def _without_last(dout):
    out = dout.copy()
    out[:, :, -1], out[:, :, :, -1] = 0, 0
    return out


def _conv_cases(rng):
    """Strides 1, 2 and 3; with and without padding, also more of it than the filter reaches; one image, one channel; pixels that no window reaches."""
    cases = []
    for (N, C, Y, X), K, s, p in (
        ((3, 2, 5, 4), 3, 1, 1),
        ((3, 4, 6, 7), 4, 2, 1),
        ((5, 2, 4, 5), 3, 1, 0),
        ((1, 1, 2, 3), 1, 1, 2),
        ((2, 3, 6, 8), 2, 3, 2),
        ((2, 2, 8, 5), 2, 3, 1),
    ):
        rows, columns = ((size + 2 * p - K) // s + 1 for size in (Y, X))
        suffix = "" if s == 1 else f" (stride {s})"
        args = (
            rng.normal(size=(N, C, rows, columns)),
            rng.normal(size=(N, C, Y, X)),
            rng.normal(size=(C, K, K)),
            s,
            p,
        )
        cases.append(Case(args, ("dx" + suffix, "dW" + suffix), batch=N))
    return cases  # fmt: skip


DEPTHWISE_BACKWARD = Problem(
    name="ps4.depthwise_backward",
    reference=depthwise_backward,
    cases=_conv_cases,
    points=5,
    lecture='lecture 6, "Residual and highway nets"',
    axes={
        name + suffix: axes
        for suffix in ("", " (stride 2)", " (stride 3)")
        for name, axes in (("dx", ("example", "channel", "row", "column")), ("dW", ("channel", "row", "column")))
    },
    mistakes=(
        Mistake("filter flipped in dx", edit("W[:, i, j, None", "W[:, K - 1 - i, K - 1 - j, None"), "Your dx has the filter upside down. Pixel (i, j) of a window met W[c, i, j] on the way forward and meets it again on the way back."),
        Mistake("filter transposed in dx", edit("W[:, i, j, None", "W[:, j, i, None"), "Your dx has rows and columns of the filter exchanged. Pixel (i, j) of a window meets W[c, i, j]."),
        Mistake("dW flipped", edit("X], dW", "X], dW[:, ::-1, ::-1].copy()"), "Your dW is rotated by 180°. Nets do not flip the filter: W[c, i, j] met the pixel (sy + i, sv + j), so its gradient stands at (i, j)."),
        Mistake("dW transposed", edit("X], dW", "X], dW.transpose(0, 2, 1).copy()"), "Your dW has its rows and columns exchanged."),
        Mistake("overlapping windows overwritten", _windows_overwritten, "Where windows overlap, your dx keeps the last one. A pixel serves every window that it lies in, and those gradients add: +=."),
        Mistake("overwritten at every offset", edit("dpadded[seen] +=", "dpadded[seen] ="), "At every offset (i, j) you write over what your dx held: = where += belongs. A pixel serves every window that it lies in, and those gradients add."),
        Mistake("filter missing in dx", edit("dout * W[:, i, j, None, None]", "dout"), "Your dx adds up dout without the filter. Pixel (i, j) of a window had the weight W[c, i, j], and gets its gradient times that."),
        Mistake("stride ignored in dx", edit("dpadded[seen] +=", "dpadded[:, :, i : i + H, j : j + V] +="), "Your dx puts neighbouring windows one pixel apart, whatever the stride. Window (y, v) starts at row sy, column sv."),
        Mistake("stride ignored in dW", edit(" padded[seen])", " padded[:, :, i : i + H, j : j + V])"), "Your dW takes windows one pixel apart, whatever the stride. Window (y, v) starts at row sy, column sv."),
        Mistake("stride ignored", edit("i : i + stride * H : stride, j : j + stride * V : stride", "i : i + H, j : j + V"), "You take windows one pixel apart, whatever the stride. Window (y, v) starts at row sy, column sv, in dx and in dW."),
        Mistake("padding not cut off", edit("dpadded[:, :, p : p + Y, p : p + X]", "dpadded"), "Your dx still has the border of padding. Those zeros are no part of x: cut p rows and columns off every side."),
        Mistake("padding of 0 cuts all", edit("p : p + Y, p : p + X", "p:-p, p:-p"), "Without padding nothing is left of your dx: p:-p is 0:0, an empty slice. Count the end from the front."),
        Mistake("padding cut off on one side", edit("p : p + Y, p : p + X", ":Y, :X"), "You cut the padding off at the end only. It lies on every side: p rows and columns come off at the front as well."),
        Mistake("padding cut off at the front", edit("p : p + Y, p : p + X", "2 * p :, 2 * p :"), "You cut the padding off at the front only. It lies on every side: p rows and columns at each end."),
        Mistake("padding ignored", lambda dout, x, W, stride, padding: depthwise_backward(dout[:, :, : (x.shape[2] - W.shape[1]) // stride + 1, : (x.shape[3] - W.shape[1]) // stride + 1], x, W, stride, 0), "Your windows start on the image itself. They start on the padded one: window (y, v) at row sy − p and column sv − p of x."),
        Mistake("channels mixed in dx", edit("dout * W[:, i, j, None, None]", "(dout * W[:, i, j, None, None]).sum(axis=1, keepdims=True)"), "Your dx sums over the channels, as a full convolution does. Here channel c of the output comes from channel c of the input alone."),
        Mistake("channels mixed in dW", edit("(dout * padded", "(dout.sum(axis=1, keepdims=True) * padded"), "Your dW lets every channel of dout meet every channel of x. Here channel c of the output comes from channel c of the input alone."),
        Mistake("one filter for all channels", edit("W[:, i, j, None", "W[:1, i, j, None"), "Your dx uses the first channel's filter for all channels. Each has its own."),
        Mistake("dW summed over the channels", edit("X], dW", "X], np.broadcast_to(dW.sum(axis=0), dW.shape).copy()"), "Your dW is the same for every channel: a sum over them. Each channel has a filter of its own."),
        Mistake("dW of the first example", edit(".sum(axis=(0, 2, 3))", "[0].sum(axis=(1, 2))"), "Your dW is that of the first example. Every example uses the same filter, so their gradients add."),
        Mistake("dW of the last example", edit(".sum(axis=(0, 2, 3))", "[-1].sum(axis=(1, 2))"), "Your dW is that of the last example. Every example uses the same filter, so their gradients add: +=."),
        Mistake("dW of the last window", edit(".sum(axis=(0, 2, 3))", "[:, :, -1, -1].sum(axis=0)"), "Your dW is that of the last window. Every window uses the same filter, so their gradients add: +=."),
        Mistake("dW averaged over the batch", edit("X], dW", "X], dW / len(x)"), "Your dW is divided by N. Every example uses the same filter, so their gradients add; a 1/N of the loss is already in dout."),
        Mistake("dW averaged over batch and windows", edit("X], dW", "X], dW / dout[:, 0].size"), "Your dW is a mean over examples and windows. All of them use the same filter, so their gradients add."),
        Mistake("last windows left out", lambda dout, *rest: depthwise_backward(_without_last(dout), *rest), "The last row and column of windows are missing from your sums. dout has Y' rows and X' columns, and range(Y') already stops one before."),
        Mistake("left-over pixels missing", _as_far_as_windows_reach, "Pixels that no window reaches are missing in your dx. dx has the shape of x: their gradient is 0."),
        Mistake("padding ignored in dW", edit("(dout * padded[seen])", "(dout * np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))[seen])"), "Your dW meets x itself. On the way forward the windows lay on the padded image: (i, j) of window (y, v) is row sy + i − p."),
        Mistake("filter flipped in rows", edit("W[:, i, j, None", "W[:, K - 1 - i, j, None"), "Your dx has the filter's rows in reversed order. Pixel (i, j) of a window meets W[c, i, j]."),
        Mistake("filter flipped in columns", edit("W[:, i, j, None", "W[:, i, K - 1 - j, None"), "Your dx has the filter's columns in reversed order. Pixel (i, j) of a window meets W[c, i, j]."),
        Mistake("dW flipped in rows", edit("X], dW", "X], dW[:, ::-1].copy()"), "Your dW has its rows in reversed order. Nets do not flip the filter."),
        Mistake("dW divided by the windows", edit("X], dW", "X], dW / dout[0, 0].size"), "Your dW is divided by the number of windows. All of them use the same filter, so their gradients add."),
        Mistake("dW mean over the channels", edit("X], dW", "X], np.broadcast_to(dW.mean(axis=0), dW.shape).copy()"), "Your dW is the same for every channel: their mean. Each channel has a filter of its own."),
        Mistake("dW of the first window", edit(".sum(axis=(0, 2, 3))", "[:, :, 0, 0].sum(axis=0)"), "Your dW is that of the first window. Every window uses the same filter, so their gradients add."),
        Mistake("dW with dout squared", edit("(dout * padded[seen])", "(dout * dout)"), "Your dW leaves x out: each weight's gradient is dout times the pixel that it met."),
        Mistake("dx divided by the windows of a pixel", edit("return dpadded[:, :, p", "dpadded = dpadded / K**2\n    return dpadded[:, :, p"), "Your dx is divided by K². A pixel's gradients from its windows add."),
        Mistake("first example's dx for all", edit("dpadded[seen] += dout * W", "dpadded[seen] += dout[:1] * W"), "Your dx is that of the first example for all. Each image has its own dout."),
        Mistake("stride in rows alone", edit("j : j + stride * V : stride", "j : j + V"), "Your windows move by s along the rows of the image only. They move by s in both directions: column sv, too."),
        Mistake("dW also averaged over N, dx too", edit("dpadded[seen] += dout", "dpadded[seen] += dout / len(x)", "(dout * padded[seen])", "(dout / len(x) * padded[seen])"), "Your dx and dW are divided by N. A 1/N of the loss is in dout already.", whole=True),
        Mistake("dx averaged over the batch", edit("dpadded[seen] += dout", "dpadded[seen] += dout / len(x)"), "Your dx is divided by N. A 1/N of the loss is in dout already."),
        Mistake("mean of the filter", edit("W[:, i, j, None, None]", "W.mean(axis=(1, 2))[:, None, None]"), "Your dx uses the mean of a filter at every offset. Pixel (i, j) of a window met W[c, i, j]."),
    ),
    hints=(
        "Take one window of one channel: out[n, c, y, v] is the sum of the filter times the patch. Its gradient goes to the patch, weighed by the filter, and to the filter, weighed by the patch.",
        "Work on the padded image, (Y + 2p, X + 2p); window (y, v) starts at (s·y, s·v). Windows overlap, so dx has to collect. Cut the padding off at the end.",
        "Loop over the K² offsets (i, j): the pixels that all windows have at one offset are a slice of the padded image with the step s, of the shape of dout. What do you sum there for dW, and what do you add there for dx? No sum over channels anywhere.",
    ),
)  # fmt: skip
