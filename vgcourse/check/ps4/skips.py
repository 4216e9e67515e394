"""Problem set 4 on residual blocks for images: the skip around a smaller block, and what a bottleneck saves."""

import numpy as np

from vgcourse import layers
from vgcourse.check.problem import Case, Convention, Invariant, Mistake, Problem

# --- strided_skip ----------------------------------------------------------------------------------


def strided_skip(x, dout, stride):
    """out[n, j, y, x] = in[n, j, sy, sx] for the old channels and 0 for the new ones, and its way back."""
    out, cache = layers.strided_skip_forward(x, stride=stride, channels=dout.shape[1])
    return out, layers.strided_skip_backward(dout, cache)


def _kept(x, s):
    return x[:, :, ::s, ::s]


def _old_first(kept, channels):
    new = np.zeros((len(kept), channels - kept.shape[1], *kept.shape[2:]), kept.dtype)
    return np.concatenate([kept, new], axis=1)


def _scattered(dx, dout, s):
    dx[:, :, ::s, ::s] = dout
    return dx


def _skip(
    x, dout, stride, *, keep=_kept, widen=_old_first, narrow=lambda dout, C: dout[:, :C], scatter=_scattered
):
    """keep some pixels, widen the channels; narrow the gradient's channels, scatter it to the pixels."""
    out = widen(keep(x, stride), dout.shape[1])
    return out, scatter(np.zeros(x.shape, dout.dtype), narrow(dout, x.shape[1]), stride)


def _pooled(reduce):
    def keep(x, s):
        N, C, Y, X = x.shape
        blocks = np.full((N, C, -(-Y // s) * s, -(-X // s) * s), np.nan)
        blocks[:, :, :Y, :X] = x
        return reduce(blocks.reshape(N, C, -(-Y // s), s, -(-X // s), s), axis=(3, 5))

    return keep


def _spread_over_block(weight):
    def scatter(dx, dout, s):
        full = dout.repeat(s, axis=2).repeat(s, axis=3)
        return weight(s) * full[:, :, : dx.shape[2], : dx.shape[3]]

    return scatter


def _corner(dx, dout, s):
    dx[:, :, : dout.shape[2], : dout.shape[3]] = dout
    return dx


def _last_of_block(x, s):
    """Starts at s − 1; the last row and column stand in where the image ends before."""
    rows, columns = (np.minimum(np.arange(0, size, s) + s - 1, size - 1) for size in x.shape[2:])
    return x[:, :, rows[:, None], columns]


def _repeated(kept, channels):
    return kept[:, np.arange(channels) % kept.shape[1]]


def _new_first(kept, channels):
    return _old_first(kept, channels)[:, np.roll(np.arange(channels), channels - kept.shape[1])]


def _folded(dout, C):
    return np.stack([dout[:, c::C].sum(axis=1) for c in range(C)], axis=1)


def _skip_cases(rng):
    cases = []
    for (N, C, Y, X), channels, s, suffix in (
        ((3, 2, 5, 4), 5, 2, ""),
        ((2, 3, 6, 6), 3, 3, " (same channels)"),
        ((2, 2, 3, 3), 3, 1, " (stride 1)"),
    ):
        x, dout = rng.normal(size=(N, C, Y, X)), rng.normal(size=(N, channels, -(-Y // s), -(-X // s)))
        cases.append(Case((x, dout, s), ("out" + suffix, "dx" + suffix), batch=N))
    return cases  # fmt: skip


def _adjoint(args, outputs):
    x, dout, _ = args
    values = {key.split(" ")[0]: value for key, value in outputs.items()}
    out, dx = values.get("out"), values.get("dx")
    if out is None or dx is None or np.shape(out) != dout.shape or np.shape(dx) != x.shape:
        return 0.0
    size = np.linalg.norm(out) * np.linalg.norm(dout) + np.linalg.norm(dx) * np.linalg.norm(x)
    return float(abs((out * dout).sum() - (dx * x).sum()) / max(size, 1e-300))


STRIDED_SKIP = Problem(
    name="ps4.strided_skip",
    reference=strided_skip,
    family=_skip,
    cases=_skip_cases,
    points=3,
    lecture='lecture 6, "Residual and highway nets"',
    axes={name + suffix: ("example", "channel", "row", "column") for name in ("out", "dx") for suffix in ("", " (same channels)", " (stride 1)")},
    invariants=(
        Invariant("dx is the adjoint of out", _adjoint, "Your out and dx do not fit together: Σ out ⊙ dout and Σ x ⊙ dx have to be equal, because out is linear in x. What out takes from a pixel, dx has to give back to that pixel."),
    ),
    mistakes=(
        Mistake("average over each block", dict(keep=_pooled(np.nanmean)), "Your out averages each s × s block. The skip keeps one pixel of it, in[n, j, sy, sx]."),
        Mistake("largest of each block", dict(keep=_pooled(np.nanmax)), "Your out takes the largest pixel of each block. The skip keeps the first one, in[n, j, sy, sx], whatever it holds."),
        Mistake("last pixel of each block", dict(keep=_last_of_block), "You keep the last pixel of each block. Counting starts at 0: in[n, j, sy, sx], that is, x[…, ::s, ::s]."),
        Mistake("corner cut out", dict(keep=lambda x, s: x[:, :, : -(-x.shape[2] // s), : -(-x.shape[3] // s)]), "Your out is the top left corner of the image. The skip keeps every s-th pixel of all of it: the step belongs into the slice, ::s."),
        Mistake("only the rows are strided", dict(keep=lambda x, s: x[:, :, ::s]), "Only your rows are thinned out. Rows and columns both go in steps of s: x[:, :, ::s, ::s]."),
        Mistake("new channels repeat the old", dict(widen=_repeated), "Your new channels repeat the old ones. The identity has nothing for them: they are 0, and only the block writes there."),
        Mistake("new channels first", dict(widen=_new_first), "Your zeros come before the old channels. Channel j stays channel j; the new ones follow."),
        Mistake("new channels missing", dict(widen=lambda kept, channels: kept), "Your out has no new channels. It needs as many as dout: append channels of zeros."),
        Mistake("gradient spread over the block", dict(scatter=_spread_over_block(lambda s: 1.0)), "Your dx gives the gradient to all s² pixels of a block. Only the pixel that was kept had an influence; the others get 0."),
        Mistake("gradient shared by the block", dict(scatter=_spread_over_block(lambda s: 1.0 / s**2)), "Your dx divides the gradient among the s² pixels of a block, which is the way back of an average. One pixel was kept, and it gets all of it."),
        Mistake("gradient in the corner", dict(scatter=_corner), "Your dx has the gradient in the top left corner and no steps between. It goes back to the pixels it came from: every s-th row and column."),
        Mistake("dx at the output's size", dict(scatter=lambda dx, dout, s: dout.copy()), "Your dx has the size of the output. A gradient has the shape of what it belongs to: start from zeros of x's shape and fill every s-th pixel."),
        Mistake("last channels go back", dict(narrow=lambda dout, C: dout[:, -C:]), "Your dx takes the last channels of dout. The old channels are the first C of them; the gradient of the new ones ends here."),
        Mistake("new channels go back too", dict(narrow=_folded), "Your dx adds the gradient of the new channels to the old ones. They were filled with zeros, not with x: their gradient ends here."),
        Mistake("gradient divided", dict(scatter=lambda dx, dout, s: _scattered(dx, dout, s) / s**2), "Your dx is divided by s². The pixel that was kept was copied with factor 1, so it gets all of the gradient."),
    ),
    hints=(
        "Forward: which pixel of x does out[n, j, y, x] copy, and which entries of out copy nothing? Backward: the same arrows, turned round.",
        "The channels are dout.shape[1]; what x does not fill stays 0. dx has the shape of x, and most of it is 0.",
        "A slice with a step reads every s-th row and column. The same slice on the left of an equals sign writes them, into an array of zeros.",
    ),
)  # fmt: skip


# --- bottleneck_cost -------------------------------------------------------------------------------


def bottleneck_cost(C, narrow, C_out, Y, X, stride):
    """1×1 from C to K channels, 3×3 on K with the stride, 1×1 to C': weights, and weights × output pixels."""
    return _cost(C, narrow, C_out, Y, X, stride)


def _cost(
    C, narrow, C_out, Y, X, stride, *, area=9, inner=None, strided=(1, 2), small=lambda size, s: -(-size // s), pixels=None,
    bias=False, last=None, add=False,
):  # fmt: skip
    """The three convolutions one after the other; `strided` lists those whose output is small already."""
    width = inner(C, narrow) if inner else narrow
    sizes = [(C, narrow, 1), (width, width, area), (narrow, last(C, C_out) if last else C_out, 1)]
    weights = [i * o * k for i, o, k in sizes]
    if add:
        weights = [(i + o) * k for i, o, k in sizes]
    outputs = [small(Y, stride) * small(X, stride) if number in strided else Y * X for number in range(3)]
    if pixels:
        outputs = [pixels(y_x) for y_x in outputs]
    biases = sum(o for _, o, _ in sizes) if bias else 0
    return sum(weights) + biases, sum(w * p for w, p in zip(weights, outputs, strict=True))


def _factor_two(*args):
    parameters, pairs = bottleneck_cost(*args)
    return parameters, 2 * pairs


def _plain(C, narrow, C_out, Y, X, stride):
    small = -(-Y // stride) * -(-X // stride)
    return 9 * C_out * (C + C_out), 9 * C_out * (C + C_out) * small


def _with_projection(C, narrow, C_out, Y, X, stride):
    parameters, pairs = bottleneck_cost(C, narrow, C_out, Y, X, stride)
    return parameters + C * C_out, pairs + C * C_out * -(-Y // stride) * -(-X // stride)


def _cost_cases(rng):
    cases = []
    for s in (1, 2):
        C, narrow, half = int(rng.integers(13, 24)), int(rng.integers(3, 8)), 2 * int(rng.integers(2, 4))
        C_out = C if s == 1 else C + int(rng.integers(5, 12))
        cases.append(
            Case(
                (C, narrow, C_out, 2 * half + 1, 2 * half + 2 + s, s),
                ("parameters" + " (stride 2)" * (s - 1), "multiply_adds" + " (stride 2)" * (s - 1)),
            )
        )
    return cases  # fmt: skip


BOTTLENECK_COST = Problem(
    name="ps4.bottleneck_cost",
    reference=bottleneck_cost,
    family=_cost,
    cases=_cost_cases,
    points=2,
    lecture='lecture 6, "Residual and highway nets"',
    tolerance=1e-9,
    float32_tolerance=1e-9,
    conventions=(
        Convention("two operations a pair", _factor_two, "You count a multiplication and an addition as two operations. Many do; here the pair counts once."),
        Convention("stride in the first convolution", dict(strided=(0, 1, 2)), "You let the first 1×1 convolution take the stride, as the first residual nets did. Here, as in later ones, the 3×3 takes it."),
    ),
    mistakes=(
        Mistake("3 for 3 × 3", dict(area=3), "A 3×3 filter has nine weights for each pair of channels; you count three."),
        Mistake("1 for 3 × 3", dict(area=1), "You count the 3×3 convolution like a 1×1. It has nine weights for each pair of channels."),
        Mistake("3 × 3 on all channels", dict(inner=lambda C, narrow: C), "You count the 3×3 convolution on C channels. That it works on the few in the middle, K to K, is the point of the bottleneck."),
        Mistake("back to C channels", dict(last=lambda C, C_out: C), "Your last convolution leads back to C channels. It leads to C_out, which may be more."),
        Mistake("stride ignored", dict(strided=()), "You count all outputs at the full size. From the 3×3 convolution on there are only ⌈Y/s⌉ × ⌈X/s⌉ pixels."),
        Mistake("only the 3 × 3 is smaller", dict(strided=(1,)), "You count the last 1×1 convolution at the full size. It works on what the 3×3 has left, ⌈Y/s⌉ × ⌈X/s⌉ pixels."),
        Mistake("rounded down", dict(small=lambda size, s: size // s), "You round Y/s down. With padding 1 a 3×3 convolution of stride s leaves ⌈Y/s⌉ rows: the last window still fits."),
        Mistake("not rounded", dict(small=lambda size, s: size / s), "You multiply by Y/s and X/s as they are. A number of pixels is whole: ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("pixels missing", dict(pixels=lambda number: 1), "You count the work for one pixel. Each weight is used once for every output pixel."),
        Mistake("results exchanged", lambda *args: _cost(*args)[::-1], "Your two results are exchanged: parameters come first, then multiply_adds."),
        Mistake("biases counted", dict(bias=True), "You count biases. These convolutions have none: the batch norm behind each of them would take it out again."),
        Mistake("channels added", dict(add=True), "You add the numbers of channels. A convolution has one filter for each pair of an input and an output channel: multiply."),
        Mistake("two plain 3 × 3", _plain, "You count two 3×3 convolutions on all channels, the plain block. The bottleneck has three: 1×1, 3×3, 1×1."),
        Mistake("skip counted", _with_projection, "You count a 1×1 convolution on the skip as well. Asked for are the three of the bottleneck."),
    ),
    hints=(
        "A convolution has one K × K filter for each pair of input and output channel, and uses each weight once for every output pixel.",
        "Three convolutions: C to K with 1 weight a pair, K to K with 9, K to C_out with 1. The stride is in the second, so the first still sees all pixels.",
        "parameters = C·K + 9·K² + …; multiply_adds is the same sum with each term times its output pixels, Y·X for the first and ⌈Y/s⌉·⌈X/s⌉ after it.",
    ),
)  # fmt: skip
