"""What the kernels ask of their arguments."""

import numpy as np

from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import as_floats, expect_finite, expect_shape, expect_type
from vgcourse.recurrent._arguments import check_cell
from vgcourse.recurrent.fast._workspace import Workspace


def check_forward(where, params_type, params, x, state0, gates, arrays=1):
    """Parameters, x and state0 as arrays of one dtype that fit each other, everything finite.

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state0 = check_cell(
        where, params_type, params, {"x": x, "state0": state0}, ("T", "N"), gates, arrays
    )
    _expect_finite(where, **dict(named_leaves(params)), x=x, state0=state0)
    weights = [w for _, w in named_leaves(params)]
    dtype = np.result_type(*weights, x, state0)  # complex if one is: a complex step in the weights, say
    params = map_leaves(lambda w: w.astype(dtype, copy=False), params)
    return params, np.ascontiguousarray(x, dtype), state0.astype(dtype, copy=False)


def check_backward(where, cache_type, dstates, cache, shape):
    """dstates as a finite array of the states' shape, `shape(cache)`, and the workspace to use.

    Raises
    ------
    TypeError
        If cache is of another cell, or dstates of another precision.
    ValueError
        If dstates has another shape or is not finite, or the cache's workspace was used again.
    """
    expect_type(where, "cache", cache, cache_type)
    dstates, _ = as_floats(where, dstates=dstates, weights=cache.params.W_h)
    expect_shape(where, "dstates", dstates, shape(cache), "that is the shape of the states")
    _expect_finite(where, dstates=dstates)
    if cache.loan is None:
        return dstates, Workspace()
    if not cache.loan.workspace.claim(cache.loan.ticket):
        raise ValueError(
            f"{where}: the cache's workspace was used again since; expected one backward pass right after "
            "its forward pass. Without a workspace a cache can be kept."
        )
    return dstates, cache.loan.workspace


def _expect_finite(where, **arrays):
    """`expect_finite` with a fast way out: a finite sum of squares has no NaN and no infinity in it.

    The sum may also overflow, of finite numbers beyond the root of the largest: then each is looked at.
    """
    for name, array in arrays.items():
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.vdot(array, array)
        if not np.isfinite(total):
            expect_finite(where, **{name: array})
