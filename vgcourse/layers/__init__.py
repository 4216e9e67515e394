"""Layers of feed-forward nets as forward/backward pairs, written to be read together.

1. `linear`: the linear layer, and an activation as a layer. Start here: the other files refer to it.
2. `normalization`: batch norm (of rows, of images), layer norm.
3. `weight_norm`: the length of weights apart from their direction.
4. `convolution`: images, filters, windows as rows of a matrix.
5. `skip`: residual, gated and highway connections around any inner pair; the strided skip of images.
6. `blocks`: the residual block of two convolutions, and the bottleneck.

Every pair keeps one contract: `out, cache = forward(params, x)` and `dx, grads = backward(dout, cache)`,
where `grads` has the type of `params`. A pair without parameters returns `dx` alone. `dname` is the gradient
of the loss with respect to `name`; a comment in a backward pass is the forward line that is undone below it.

A cache refers to the arrays that the forward pass was given, parameters and input, and copies none of them:
do not write into those between the passes. What a pass returns shares no memory with its cache.

Shapes and dtypes are checked, numbers are not: NaN and infinity travel through every pair as numpy computes
them, and `vgcourse.clinic.diagnose` looks for them. Only what cannot be divided by is refused: a norm's
standard deviation of 0 or beyond the largest number, a direction of length 0.
"""

from vgcourse.layers import blocks, convolution, linear, normalization, skip, weight_norm
from vgcourse.layers.blocks import *
from vgcourse.layers.convolution import *
from vgcourse.layers.linear import *
from vgcourse.layers.normalization import *
from vgcourse.layers.skip import *
from vgcourse.layers.weight_norm import *

__all__ = [
    *linear.__all__,
    *normalization.__all__,
    *weight_norm.__all__,
    *convolution.__all__,
    *skip.__all__,
    *blocks.__all__,
]
