"""Problem set 4 on residual blocks for images: a skip that averages, and what an inverted bottleneck costs."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem

# --- pooled_skip -----------------------------------------------------------------------------------


def pooled_skip(x, dout, stride):
    """out[n, j, y, v] = mean of in[n, j] over the s × s block (y, v) for the old channels, 0 for the new ones; and its way back."""
    (N, C, Y, X), s = x.shape, stride
    blocks = x.reshape(N, C, Y // s, s, X // s, s)
    out = np.zeros(dout.shape)
    out[:, :C] = blocks.mean(axis=(3, 5))
    share = dout[:, :C] / s**2
    dx = share.repeat(s, axis=2).repeat(s, axis=3)
    return out, dx


_BACK = "share.repeat(s, axis=2).repeat(s, axis=3)"
_FIRST_PIXEL = "np.zeros(x.shape)\n    dx[:, :, ::s, ::s] = s**2 * share"
_LARGEST = "np.where(x == blocks.max(axis=(3, 5)).repeat(s, axis=2).repeat(s, axis=3), s**2 * share.repeat(s, axis=2).repeat(s, axis=3), 0.0)"  # fmt: skip


def _skip_cases(rng):
    """Strides 2, 3 and 1, with and without new channels, and one image of one channel."""
    cases = []
    for (N, C, Y, X), channels, s, suffix in (
        ((3, 2, 6, 4), 5, 2, ""),
        ((4, 3, 6, 9), 3, 3, " (same channels)"),
        ((2, 2, 3, 3), 3, 1, " (stride 1)"),
        ((1, 1, 4, 6), 2, 2, ""),
    ):
        x, dout = rng.normal(size=(N, C, Y, X)), rng.normal(size=(N, channels, Y // s, X // s))
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


POOLED_SKIP = Problem(
    name="ps4.pooled_skip",
    reference=pooled_skip,
    cases=_skip_cases,
    points=3,
    lecture='lecture 6, "Residual and highway nets"',
    axes={name + suffix: ("example", "channel", "row", "column") for name in ("out", "dx") for suffix in ("", " (same channels)", " (stride 1)")},
    invariants=(
        Invariant("dx is the adjoint of out", _adjoint, "Your out and dx do not fit together: Σ out ⊙ dout and Σ x ⊙ dx have to be equal, because out is linear in x. What out takes from a pixel, dx has to give back to that pixel."),
    ),
    mistakes=(
        Mistake("the lecture's skip", edit("blocks.mean(axis=(3, 5))", "x[:, :, ::s, ::s]", _BACK, _FIRST_PIXEL), "You keep every s-th pixel, equation (6.15). Here the skip takes the mean of each s × s block, and every pixel has its share.", beside_the_point=True),
        Mistake("one pixel kept", edit("blocks.mean(axis=(3, 5))", "x[:, :, ::s, ::s]"), "Your out keeps the first pixel of each block. It is the mean of all s² of them."),
        Mistake("last pixel kept", edit("blocks.mean(axis=(3, 5))", "x[:, :, s - 1 :: s, s - 1 :: s]"), "Your out keeps the last pixel of each block. It is the mean of all s² of them."),
        Mistake("largest of each block", edit("blocks.mean(", "blocks.max("), "Your out takes the largest pixel of each block. It is the mean."),
        Mistake("sum of each block", edit("blocks.mean(", "blocks.sum("), "Your out is the sum of each block. The mean divides by s²."),
        Mistake("divided by s", edit("blocks.mean(axis=(3, 5))", "blocks.sum(axis=(3, 5)) / s"), "Your out divides by s. A block holds s² pixels."),
        Mistake("divided by 4", edit("blocks.mean(axis=(3, 5))", "blocks.sum(axis=(3, 5)) / 4"), "Your out divides by 4, whatever the stride. A block holds s² pixels."),
        Mistake("rows of a block averaged, columns kept", edit("blocks.mean(axis=(3, 5))", "blocks.mean(axis=3)[..., 0]"), "Your out averages along one side of the block and keeps one pixel along the other. It is the mean of all s² pixels."),
        Mistake("mean over the channels too", edit("blocks.mean(axis=(3, 5))", "blocks.mean(axis=(1, 3, 5))[:, None]"), "Your out averages over the channels, too. Every channel keeps to itself; a mean runs over a block of pixels."),
        Mistake("one mean for a whole image", edit("blocks.mean(axis=(3, 5))", "x.mean(axis=(2, 3), keepdims=True)"), "Your out has one mean for the whole image. It has one for each s × s block."),
        Mistake("pixels far apart averaged", edit("N, C, Y // s, s, X // s, s)", "N, C, s, Y // s, s, X // s)", "(3, 5)", "(2, 4)"), "Your blocks are made of pixels that lie Y/s rows apart, as if the axis of length s came before that of the blocks. The inner one of the two axes is that of neighbours."),
        Mistake("new channels repeat the old", edit("return out,", "return out[:, np.arange(out.shape[1]) % C],"), "Your new channels repeat the old ones. The skip has nothing for them: they are 0, and only the branch writes there."),
        Mistake("new channels first", edit("out[:, :C] =", "out[:, out.shape[1] - C :] ="), "Your zeros come before the old channels. Channel j stays channel j; the new ones follow."),
        Mistake("new channels missing", edit("return out,", "return out[:, :C],"), "Your out has no new channels. It needs as many as dout: append channels of zeros."),
        Mistake("gradient not shared", edit(" / s**2", ""), "Your dx gives the whole gradient to each of the s² pixels. Each had the weight 1/s² in the mean, and gets that share back."),
        Mistake("gradient divided by s", edit("/ s**2", "/ s"), "Your dx divides by s. Each pixel has the weight 1/s² in its mean."),
        Mistake("gradient divided by 4", edit("/ s**2", "/ 4"), "Your dx divides by 4, whatever the stride. A block holds s² pixels."),
        Mistake("gradient divided by s², twice", edit("/ s**2", "/ s**4"), "Your dx is divided by s² twice. Each pixel has the weight 1/s² in its mean, once.", alone=True),
        Mistake("gradient to one pixel", edit(_BACK, _FIRST_PIXEL), "Your dx gives all of the gradient to the first pixel of a block. All s² of them had a part in the mean."),
        Mistake("share to one pixel", edit(_BACK, _FIRST_PIXEL.replace("s**2 * ", "")), "Your dx gives a share of the gradient to the first pixel of a block, and nothing to the others. Each pixel had the weight 1/s² in the mean."),
        Mistake("gradient to the largest", edit(_BACK, _LARGEST), "Your dx gives the gradient to the largest pixel, the way back of a maximum. In a mean each has its share."),
        Mistake("gradient tiled", edit(_BACK, "np.tile(share, (1, 1, s, s))"), "Your dx is dout laid side by side, whole copies of it. A pixel of dout belongs to one block of neighbours: repeat it where it is, along rows and along columns."),
        Mistake("dx at the output's size", edit(_BACK, "share"), "Your dx has the size of the output. A gradient has the shape of what it belongs to."),
        Mistake("last channels go back", edit("dout[:, :C]", "dout[:, -C:]"), "Your dx takes the last channels of dout. The old channels are the first C of them; the gradient of the new ones ends here."),
        Mistake("new channels go back too", edit("dout[:, :C]", "np.stack([dout[:, c::C].sum(axis=1) for c in range(C)], axis=1)"), "Your dx adds the gradient of the new channels to the old ones. They were filled with zeros, not with x: their gradient ends here."),
        Mistake("all channels go back to each", edit("dout[:, :C]", "dout.sum(axis=1, keepdims=True).repeat(C, axis=1)"), "Your dx adds up the channels of dout. Channel j of x went into channel j of the output alone, and gets its gradient from there."),
        Mistake("new channels on both sides", edit("    out[:, :C] =", "    out[:, (out.shape[1] - C) // 2 : (out.shape[1] - C) // 2 + C] =", "dout[:, :C]", "dout[:, (dout.shape[1] - C) // 2 : (dout.shape[1] - C) // 2 + C]"), "You put channels of zeros on both sides of the old ones. Channel j stays channel j; the new ones follow."),
        Mistake("new channels hold the mean", edit("    share = ", "    out[:, C:] = out[:, :C].mean(axis=1, keepdims=True)\n    share = "), "Your new channels hold the mean of the old ones. The skip has nothing for them: they are 0."),
        Mistake("new channels repeat the last", edit("    share = ", "    out[:, C:] = out[:, C - 1 : C]\n    share = "), "Your new channels repeat the last of the old ones. The skip has nothing for them: they are 0."),
        Mistake("new channels of ones", edit("    share = ", "    out[:, C:] = 1\n    share = "), "Your new channels are 1. The skip has nothing for them: they are 0."),
        Mistake("divided by the channels", edit("blocks.mean(axis=(3, 5))", "blocks.mean(axis=(3, 5)) / C"), "Your out is divided by the number of channels. Every channel keeps to itself; a mean runs over a block of pixels."),
        Mistake("gradient divided by the new channels, too", edit("/ s**2", "/ s**2 * C / dout.shape[1]"), "Your dx is divided by how many times more channels come out. The new ones hold nothing of x: each pixel gets 1/s² of its own channel's gradient."),
        Mistake("gradient to the last pixel", edit("share.repeat(s, axis=2).repeat(s, axis=3)", "np.zeros(x.shape)\n    dx[:, :, s - 1 :: s, s - 1 :: s] = s**2 * share"), "Your dx gives all of the gradient to the last pixel of a block. All s² of them had a part in the mean."),
        Mistake("gradient repeated along the rows, tiled along the columns", edit("share.repeat(s, axis=2).repeat(s, axis=3)", "np.tile(share.repeat(s, axis=2), (1, 1, 1, s))"), "Along the columns your dx lays copies of dout side by side. The s pixels of a block are neighbours: repeat along both axes."),
        Mistake("gradient tiled along the rows", edit("share.repeat(s, axis=2).repeat(s, axis=3)", "np.tile(share, (1, 1, s, 1)).repeat(s, axis=3)"), "Along the rows your dx lays copies of dout side by side. The s pixels of a block are neighbours: repeat along both axes."),
        Mistake("gradient in one row of each block", edit("share.repeat(s, axis=2).repeat(s, axis=3)", "np.zeros(x.shape)\n    dx[:, :, ::s] = s * share.repeat(s, axis=3)"), "Your dx gives the gradient to one row of each block. All s² pixels had a part in the mean, each 1/s²."),
        Mistake("mean of the gradient", edit("dout[:, :C] / s**2", "dout[:, :C] * 0 + dout[:, :C].mean(axis=(2, 3), keepdims=True) / s**2"), "Your dx has one number for a whole image. Each block gets back the gradient of its own pixel."),
        Mistake("median of each block", edit("blocks.mean(axis=(3, 5))", "np.median(blocks, axis=(3, 5))"), "Your out is the median of each block. It is the mean."),
        Mistake("columns of a block averaged, rows kept", edit("blocks.mean(axis=(3, 5))", "blocks.mean(axis=5)[:, :, :, 0]"), "Your out averages along the columns of the block and keeps one row. It is the mean of all s² pixels."),
        Mistake("moving windows", edit("blocks.mean(axis=(3, 5))", "np.mean([np.roll(x, (-i, -j), axis=(2, 3)) for i in range(s) for j in range(s)], axis=0)[:, :, : Y // s, : X // s]"), "Your windows move by one pixel. Blocks do not overlap: window (y, v) starts at row s y, column s v."),
        Mistake("root mean square", edit("blocks.mean(axis=(3, 5))", "np.sqrt((blocks**2).mean(axis=(3, 5)))"), "Your out is the root mean square of each block. It is the plain mean."),
        Mistake("middle pixel kept", edit("blocks.mean(axis=(3, 5))", "blocks[:, :, :, s // 2, :, s // 2]"), "Your out keeps the middle pixel of each block. It is the mean of all s² of them."),
        Mistake("dout in the new channels", edit("    share = ", "    out[:, C:] = dout[:, C:]\n    share = "), "Your new channels hold dout. They are 0 on the way forward."),
        Mistake("gradient of the whole averaged", edit("dout[:, :C] / s**2", "0 * dout[:, :C] + dout[:, :C].mean() / s**2"), "Your dx is one number everywhere. Each block gets back the gradient of its own pixel."),
        Mistake("gradient times x", edit("share.repeat(s, axis=2).repeat(s, axis=3)", "x * share.repeat(s, axis=2).repeat(s, axis=3)"), "Your dx multiplies by x. The mean is linear in x: each pixel gets 1/s² of the gradient."),
        Mistake("gradient of all examples", edit("dout[:, :C] /", "dout[:, :C].sum(axis=0, keepdims=True).repeat(N, axis=0) /"), "Your dx adds up the examples. Each image gets back its own gradient."),
        Mistake("gradient divided by N", edit("dout[:, :C] / s**2", "dout[:, :C] / s**2 / N"), "Your dx is divided by N. A 1/N of the loss is in dout already."),
    ),
    hints=(
        "Forward: which pixels of x enter out[n, j, y, v], with which weight? Backward: the same arrows with the same weights, turned round.",
        "A reshape turns rows and columns into two axes each, one of them of length s. dout says how many channels there are; what x does not fill stays 0.",
        "out is a mean over two of six axes: which? In dx each pixel of a block has the same number: a share of one entry of dout, and only of those channels that x has.",
    ),
)  # fmt: skip


# --- inverted_cost ---------------------------------------------------------------------------------


def inverted_cost(C, wide, C_out, K, Y, X, stride):
    """1×1 from C to E channels, K×K depthwise on E with the stride, 1×1 to C': weights, and weights × output pixels."""
    weights = [C * wide, K**2 * wide, wide * C_out]
    small = -(-Y // stride) * -(-X // stride)
    outputs = [Y * X, small, small]
    parameters = sum(weights)
    pairs = sum(w * n for w, n in zip(weights, outputs, strict=True))
    return parameters, pairs


def _cost_cases(rng):
    """Strides 1 and 2, and an image that is smaller than the stride; more, fewer and as many channels out as in."""
    cases = []
    for s, K in ((1, 5), (2, 7), (3, 2)):
        C, half = int(rng.integers(5, 10)), 2 * int(rng.integers(3, 5))
        wide = C + int(rng.integers(11, 24))
        C_out = C + (0, int(rng.integers(2, 5)), -3)[s - 1]
        Y, X = (2, 3 * half + 1) if s == 3 else (2 * half + 1, 2 * half + 1 + s)
        suffix = f" (stride {s})" * (s > 1)
        names = "parameters" + suffix, "multiply_adds" + suffix
        cases.append(Case((C, wide, C_out, K, Y, X, s), names))
    return cases


INVERTED_COST = Problem(
    name="ps4.inverted_cost",
    reference=inverted_cost,
    cases=_cost_cases,
    points=2,
    lecture='lecture 6, "Residual and highway nets"',
    tolerance=1e-9,
    float32_tolerance=1e-9,
    conventions=(
        Convention("two operations a pair", edit("pairs = ", "pairs = 2 * "), "You count a multiplication and an addition as two operations. Many do; here the pair counts once."),
    ),
    mistakes=(
        Mistake("the middle like the lecture's", edit("* wide, wide", "* wide**2, wide"), "You count the K×K convolution from every channel to every channel, E², as in (6.17). Depthwise has one filter for each channel."),
        Mistake("the lecture's bottleneck", edit("K**2 * wide, wide", "9 * wide**2, wide"), "You count the middle of (6.17): a full 3 × 3 convolution, 9 E² weights. Here it is depthwise, one K×K filter for each channel.", beside_the_point=True),
        Mistake("the middle from C channels", edit("K**2 * wide", "K**2 * C"), "You count the K×K filters of C channels. The depthwise convolution works in the middle, on E channels."),
        Mistake("E as a factor", lambda C, wide, *rest: inverted_cost(C, C * wide, *rest), "You take E for a factor, E · C channels in the middle. `wide` is the number of channels there."),
        Mistake("K² in the 1×1 convolutions", edit("C * wide,", "C * wide * K**2,", "wide * C_out", "wide * C_out * K**2"), "You give the 1×1 convolutions K² weights for each pair of channels. They have one; only the depthwise one has K × K filters."),
        Mistake("the middle mixes", edit("K**2 * wide", "K**2 * C * wide"), "You count the K×K convolution from C to E channels. C to E is the first 1×1 convolution; the K×K one has a single filter for each of the E."),
        Mistake("K for K × K", edit("K**2", "K"), "A K×K filter has K² weights; you count K."),
        Mistake("3 × 3", edit("K**2", "9"), "You count 9 weights a filter. It is K² here, and K is not 3."),
        Mistake("one filter for all channels", edit("* wide, wide", ", wide"), "You count a single K×K filter. Depthwise has one for each of the E channels."),
        Mistake("back to C channels", edit("C_out]", "C]"), "Your last convolution leads back to C channels. It leads to C_out, which may be more."),
        Mistake("depthwise alone", edit("[C * wide, K**2 * wide, wide * C_out]", "[0, K**2 * wide, 0]"), "You count the depthwise convolution alone. There is a 1×1 convolution before it and one behind it."),
        Mistake("first convolution left out", edit("[C * wide,", "[0,"), "You leave out the first 1×1 convolution, from C to E channels."),
        Mistake("last convolution left out", edit("wide * C_out]", "0]"), "You leave out the last 1×1 convolution, from E to C_out channels."),
        Mistake("stride ignored", edit("small, small]", "Y * X, Y * X]"), "You count all outputs at the full size. From the depthwise convolution on there are only ⌈Y/s⌉ × ⌈X/s⌉ pixels."),
        Mistake("only the middle is smaller", edit("small, small]", "small, Y * X]"), "You count the last 1×1 convolution at the full size. It works on what the depthwise one has left, ⌈Y/s⌉ × ⌈X/s⌉ pixels."),
        Mistake("all three are smaller", edit("[Y * X, small", "[small, small"), "You let the first 1×1 convolution take the stride. It is the depthwise one that does, so the first still sees all pixels."),
        Mistake("rounded down", edit("-(-Y // stride) * -(-X // stride)", "(Y // stride) * (X // stride)"), "You round Y/s down. With enough padding a convolution of stride s leaves ⌈Y/s⌉ rows: the last window still fits."),
        Mistake("not rounded", edit("-(-Y // stride) * -(-X // stride)", "(Y / stride) * (X / stride)"), "You multiply by Y/s and X/s as they are. A number of pixels is whole: ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("one more than Y/s", edit("-(-Y // stride) * -(-X // stride)", "(Y // stride + 1) * (X // stride + 1)"), "You take one more than Y/s rounded down. That is ⌈Y/s⌉ only where s does not divide Y."),
        Mistake("only the last is smaller", edit("small, small]", "Y * X, small]"), "You count the depthwise convolution at the full size. It has the stride itself: each of its weights is used once for each of the ⌈Y/s⌉ × ⌈X/s⌉ pixels that come out."),
        Mistake("no padding", edit("-(-Y // stride) * -(-X // stride)", "((Y - K) // stride + 1) * ((X - K) // stride + 1)"), "Your image loses K − 1 rows and columns: (Y − K)//s + 1 is the size without padding. Here ⌈Y/s⌉ × ⌈X/s⌉ pixels are left."),
        Mistake("pixels over s, not s²", edit("-(-Y // stride) * -(-X // stride)", "-(-Y * X // stride)"), "You divide the number of pixels by s once. Rows and columns both become fewer: ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("all over s²", edit("[Y * X, small, small]", "[Y * X / stride**2] * 3"), "You count all three convolutions at Y X/s² pixels. The first still sees all Y X; behind the depthwise one there are ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("only rows become fewer", edit("-(-Y // stride) * -(-X // stride)", "-(-Y // stride) * X"), "You let the stride take rows alone. Rows and columns both become fewer: ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("product rounded", edit("-(-Y // stride) * -(-X // stride)", "-(-Y * X // stride**2)"), "You round Y X/s² up. Rows and columns are counted each by itself: ⌈Y/s⌉ × ⌈X/s⌉."),
        Mistake("pixels missing", edit("[Y * X, small, small]", "[1, 1, 1]"), "Your multiply_adds are no more than the weights, the work for one pixel. Each weight is used once for every output pixel."),
        Mistake("results exchanged", edit("return parameters, pairs", "return pairs, parameters"), "Your two results are exchanged: parameters come first, then multiply_adds.", whole=True),
        Mistake("biases counted", edit("sum(weights)", "sum(weights) + 2 * wide + C_out"), "You count biases. These convolutions have none: the norm behind each of them would take it out again."),
        Mistake("channels added", edit("C * wide", "C + wide", "* C_out", "+ C_out"), "You add the numbers of channels. A 1×1 convolution has one weight for each pair of an input and an output channel: multiply."),
        Mistake("skip counted", edit("return parameters, pairs", "return parameters + C * C_out, pairs + C * C_out * small"), "You count a 1×1 convolution on the skip as well. Asked for are the three of the branch."),
        Mistake("rounded to the nearest", edit("-(-Y // stride) * -(-X // stride)", "round(Y / stride) * round(X / stride)"), "You round Y/s to the nearest whole number. With enough padding a convolution of stride s leaves ⌈Y/s⌉ rows: up."),
        Mistake("rows for columns", edit("-(-Y // stride) * -(-X // stride)", "(-(-Y // stride)) ** 2", "Y * X", "Y * Y"), "You take the image for a square one. It has Y rows and X columns."),
        Mistake("the middle with C_out channels", edit("K**2 * wide", "K**2 * C_out"), "You count the K×K filters of C_out channels. The depthwise convolution works in the middle, on E channels."),
        Mistake("the middle to C_out channels", edit("K**2 * wide", "K**2 * wide * C_out"), "You count the K×K convolution from E to C_out channels. That is the last 1×1 convolution; the depthwise one has a single filter for each of the E."),
        Mistake("a single convolution", edit("[C * wide, K**2 * wide, wide * C_out]", "[0, K**2 * C * C_out, 0]"), "You count one full K×K convolution from C to C_out channels. The block has three: 1×1 to E, depthwise K×K, 1×1 to C_out."),
        Mistake("all weights times all pixels", edit("sum(w * n for w, n in zip(weights, outputs, strict=True))", "parameters * (Y * X + 2 * small)"), "You multiply all weights by all pixels. Each convolution has its own: weights × its output pixels, then add."),
        Mistake("window counted twice", edit("[Y * X, small, small]", "[Y * X, K**2 * small, small]"), "You multiply the depthwise convolution by K² once more. Its K² E weights hold the window already; each is used once for each output pixel."),
        Mistake("channels counted in the outputs", edit("[Y * X, small, small]", "[wide * Y * X, wide * small, C_out * small]"), "You multiply by the channels that come out as well. They are in the weights already: weights × output pixels."),
        Mistake("norms counted", edit("return parameters", "return parameters + 4 * wide + 2 * C_out"), "Your parameters hold the scales and shifts of the norms. Asked for are the weights of the three convolutions."),
    ),
    hints=(
        "A 1×1 convolution has one weight for each pair of an input and an output channel. How many filters has a depthwise one?",
        "Three convolutions: C to E, E by itself with K² weights a channel, E to C_out. The stride is in the second, so the first still sees all pixels.",
        "parameters = C·E + K²·E + …; multiply_adds is the same sum with each term times its output pixels, and only one of the three still sees Y·X of them.",
    ),
)  # fmt: skip
