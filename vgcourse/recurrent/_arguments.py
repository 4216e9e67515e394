"""What every step, unroll and initialiser asks of its arguments, so that the equations stand alone."""

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import (
    as_floats,
    expect_count,
    expect_finite,
    expect_float_dtype,
    expect_generator,
    expect_shape,
    expect_type,
)


def check_step(where, params_type, params, x_t, state, gates=1, arrays=1):
    """The parameters, input and state of one step as arrays that fit each other; errors as `check_cell`."""
    return check_cell(where, params_type, params, {"x_t": x_t, "state": state}, ("N",), gates, arrays)


def check_cell(where, params_type, params, signals, axes, gates, arrays):
    """A cell's parameters, input and state as arrays that fit each other.

    `signals` is the input and the state, each under its name for the errors, and `axes` what the input's
    axes before D are called: ("N",) for one step, ("T", "N") for a sequence.

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If an array is empty or shapes do not fit.
    """
    expect_type(where, "params", params, params_type)
    names = [
        name for name, w in zip(params._fields, params) if w is not None or name not in params._field_defaults
    ]
    *weights, x, state = as_floats(where, **{name: getattr(params, name) for name in names}, **signals)
    params = params._replace(**dict(zip(names, weights)))
    W_x, W_h = params.W_x, params.W_h
    if W_h.ndim != 2 or W_h.shape[0] != gates * W_h.shape[1]:
        rows = "H" if gates == 1 else f"{gates}H"
        raise ValueError(f"{where}: W_h has shape {W_h.shape}; expected ({rows}, H).")
    rows, H = W_h.shape
    because = f"W_h has shape {W_h.shape}"
    expect_shape(where, "W_x", W_x, (rows, "D"), because)
    for name, w in zip(names[2:], weights[2:]):
        expect_shape(where, name, w, {"b": (rows,), "p": (3, H)}.get(name, (H,)), because)
    x_name, state_name = signals
    expect_shape(where, x_name, x, (*axes, W_x.shape[1]), f"W_x has shape {W_x.shape}")
    N = x.shape[-2]
    shape = (N, H) if arrays == 1 else (arrays, N, H)
    expect_shape(where, state_name, state, shape, f"{x_name} has shape {x.shape} and {because}")
    return params, x, state


def check_dstate(where, cache_type, dstate, cache, arrays=1):
    """The gradient with respect to a state, which has to have the state's shape and x_t's precision."""
    expect_type(where, "cache", cache, cache_type)
    dstate, _ = as_floats(where, dstate=dstate, x_t=cache.x)
    shape = cache.h_prev.shape if arrays == 1 else (arrays, *cache.h_prev.shape)
    expect_shape(where, "dstate", dstate, shape, "that is the state's shape")
    return dstate


def check_sequence(where, params, x, state0):
    """params, x as (T, N, D) and state0, all as arrays; everything finite.

    x and state0 are copies, because the caches keep them: in a stack x is the states of the layer below,
    which the caller was given too and may change.
    """
    x, state0 = as_floats(where, x=x, state0=state0)
    expect_shape(where, "x", x, ("T", "N", "D"))
    if state0.ndim not in (2, 3) or (state0.ndim == 3 and len(state0) != 2) or state0.shape[-2] != x.shape[1]:
        N = x.shape[1]
        raise ValueError(
            f"{where}: state0 has shape {state0.shape}; "
            f"expected ({N}, H) or (2, {N}, H) because x has shape {x.shape}."
        )
    check_finite(where, params=params, x=x, state0=state0)
    if hasattr(params, "_fields"):  # a list's numbers become an array here, once for all steps
        params = type(params)(*(np.asarray(w) if isinstance(w, list) else w for w in params))
    return params, x.copy(), state0.copy()


def check_dstates(where, dstates, caches):
    """The gradients with respect to all states: as many as there are caches, and finite."""
    if not isinstance(caches, (list, tuple)) or len(caches) == 0:
        raise ValueError(f"{where}: caches is empty or no list; expected what the forward pass returned.")
    if len(set(map(type, caches))) > 1:
        names = ", ".join(sorted({type(cache).__name__ for cache in caches}))
        raise TypeError(f"{where}: caches are of several types ({names}); expected those of one cell.")
    dstates = as_floats(where, dstates=dstates)
    if dstates.ndim not in (3, 4) or len(dstates) != len(caches):
        raise ValueError(
            f"{where}: dstates has shape {dstates.shape}; expected ({len(caches)}, N, H) or "
            f"({len(caches)}, 2, N, H) because there are {len(caches)} caches."
        )
    check_finite(where, dstates=dstates)
    return dstates


def check_layers(where, count, **things):
    """Each of the things is a tuple or list with one entry per layer (or direction)."""
    for name, thing in things.items():
        if not isinstance(thing, (tuple, list)) or hasattr(thing, "_fields") or len(thing) != count:
            size = f" of {len(thing)}" if isinstance(thing, (tuple, list)) else ""
            raise ValueError(
                f"{where}: {name} is {type(thing).__name__}{size}; expected a tuple of {count}, one for each."
            )


def check_finite(where, **trees):
    """Raise ValueError if an array of the named trees holds NaN or infinity."""
    for name, tree in trees.items():
        expect_finite(where, **dict(named_leaves(tree, name)))


def check_real(where, **lists):
    """Raise TypeError if an array of the named lists is complex."""
    for name, arrays in lists.items():
        if any(map(np.iscomplexobj, arrays)):
            raise TypeError(f"{where}: {name} is complex; expected real numbers.")


def check_init(where, rng, dtype, **sizes):
    """Sizes of a cell as positive integers, a generator, a floating-point dtype."""
    expect_generator(where, rng)
    for name, size in sizes.items():
        expect_count(where, name, size)
    expect_float_dtype(where, dtype)


def check_bias(where, name, bias, H):
    """A bias as a finite number, or one number per unit."""
    array = np.asarray(bias)
    if array.dtype.kind not in "fi" or isinstance(bias, bool):
        raise TypeError(f"{where}: {name} is {bias!r}; expected a number or an array of shape ({H},).")
    if array.shape not in ((), (H,)):
        raise ValueError(f"{where}: {name} has shape {array.shape}; expected a number or shape ({H},).")
    check_finite(where, **{name: array})
    return array
