"""Argument checks with one kind of sentence: who was called, what came, what was expected."""

import inspect

import numpy as np

PRECISIONS = {"f": "float32", "d": "float64", "F": "float32", "D": "float64"}  # by a dtype's char
if np.dtype("g").itemsize == 8:  # where a long double is a double
    PRECISIONS |= {"g": "float64", "G": "float64"}
IMAGES = ("N", "C", "Y", "X")  # for `expect_shape`: image, channel, row, column


def as_floats(where, **arrays):
    """The named arrays as floating-point ndarrays of one precision, in the order given.

    Python numbers become float64. Complex arrays pass, because a complex-step derivative sends them
    through a forward pass.

    Raises
    ------
    TypeError
        If an array is not of a floating-point type, or float32 and float64 are mixed.
    ValueError
        If an array is empty.
    """
    out, precisions = [], {}
    for name, value in arrays.items():
        array = _as_array(where, name, value)
        if array.dtype.char not in PRECISIONS:
            raise TypeError(
                f"{where}: {name} holds {array.dtype.name} values; expected float64 or float32. "
                f"Convert it first, for instance with np.asarray({name}, dtype=float)."
            )
        if array.size == 0:
            raise ValueError(f"{where}: {name} is empty, its shape is {array.shape}.")
        precisions[name] = PRECISIONS[array.dtype.char]
        out.append(array)
    if len(out) > 1 and len(set(precisions.values())) > 1:
        given = ", ".join(f"{name} is {precision}" for name, precision in precisions.items())
        raise TypeError(f"{where}: precisions are mixed ({given}). Give all arrays the same dtype.")
    return out[0] if len(out) == 1 else out


def _as_array(where, name, value):
    try:
        return np.asarray(value, dtype=float) if isinstance(value, (int, float)) else np.asarray(value)
    except ValueError:  # lists of different lengths, or parameters where an array belongs
        came = type(value).__name__
        raise TypeError(f"{where}: {name} is {came} that is no array; expected an array of floats.") from None


def _shape(where, name, value):
    return np.shape(value if hasattr(value, "shape") else _as_array(where, name, value))


def numeric(where, **named):
    """The one named value as an array of numbers of any kind, unconverted; TypeError if it is none."""
    ((name, value),) = named.items()
    array = _as_array(where, name, value)
    if array.dtype.kind not in "fciub":
        raise TypeError(f"{where}: {name} holds {array.dtype.name} values; expected numbers.")
    return array


def expect_shape(where, name, array, expected, because=""):
    """Raise ValueError unless `array` has the shape `expected`; letters in it stand for any size."""
    shape = _shape(where, name, array)
    fits = len(shape) == len(expected) and all(
        isinstance(want, str) or size == want for size, want in zip(shape, expected, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join(str(want) for want in expected) + ("," if len(expected) == 1 else "") + ")"
        because = f" because {because}" if because else ""
        raise ValueError(f"{where}: {name} has shape {shape}; expected {wanted}{because}.")


def expect_choice(where, name, value, choices):
    """Raise ValueError, with the list of known names, unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{where}: {name} is {value!r}; expected one of {', '.join(sorted(choices))}.")


def class_numbers(where, labels, shape, because):
    """The labels as an array of integers of that shape; else TypeError or ValueError."""
    labels = np.asarray(labels)
    expect_shape(where, "labels", labels, shape, because)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{where}: labels hold {labels.dtype.name} values; expected integers (class numbers)."
        )
    return labels


def expect_classes(where, labels, C, who="the net"):
    """Raise ValueError unless all labels are 0 … C − 1."""
    if labels.min() < 0 or labels.max() >= C:
        raise ValueError(
            f"{where}: labels lie between {labels.min()} and {labels.max()}; "
            f"expected 0 … {C - 1} because {who} has {C} classes."
        )


def expect_generator(where, rng):
    """Raise TypeError unless `rng` is a numpy Generator: randomness never comes from a global state."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{where}: rng is {type(rng).__name__}; expected numpy.random.Generator, "
            "for instance np.random.default_rng(0)."
        )


def expect_finite(where, **arrays):
    """Raise ValueError if one of the named arrays holds NaN or infinity, with how many and where first."""
    for name, array in arrays.items():
        array = numeric(where, **{name: array})
        bad = ~np.isfinite(array)
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"{where}: {name} holds {int(bad.sum())} values that are NaN or infinite, "
                f"the first at index {first}; expected finite numbers."
            )


def expect_real(where, **arrays):
    """Raise TypeError if one of the named arrays is complex, where only a derivative's own step may be."""
    for name, array in arrays.items():
        if np.iscomplexobj(array):
            raise TypeError(f"{where}: {name} is complex; expected real numbers.")


def as_reals(where, **arrays):
    """`as_floats` that refuses complex arrays as well, with `expect_real`'s TypeError."""
    expect_real(where, **arrays)
    return as_floats(where, **arrays)


def expect_count(where, name, value, least=1):
    """Raise TypeError unless `value` is an integer, ValueError if it is below `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{where}: {name} is {value!r}; expected an integer.")
    if value < least:
        raise ValueError(f"{where}: {name} is {value}; expected at least {least}.")


def expect_square(where, name, W):
    """Raise ValueError unless W has the shape (H, H), as a layer around which the input is carried needs."""
    expect_shape(where, name, W, (_shape(where, name, W)[:1] or ("H",)) * 2, "input and output have one size")


def expect_callable(where, name, value, such_as="a function"):
    """Raise TypeError, saying what was expected, unless `value` can be called."""
    if not callable(value):
        raise TypeError(f"{where}: {name} is {value!r}; expected {such_as}.")


def initial_weights(where, initializer, shape, *, rng, dtype):
    """What `initializer` draws, if it is an array of that shape; else TypeError or ValueError."""
    expect_callable(where, "initializer", initializer, "a function such as vgcourse.initializers.he")
    name = "what the initializer returned"
    W = as_floats(where, **{name: initializer(shape, rng=rng, dtype=dtype)})
    expect_shape(where, name, W, shape)
    return W


def expect_layer(where, name, function, params, x):
    """Raise TypeError unless `function` can be called: with x alone if the layer has no params (None)."""
    expect_callable(where, name, function)
    if params is not None:
        return
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions have none
        return
    try:
        signature.bind(x)
    except TypeError as error:
        name = getattr(function, "__name__", name)
        raise TypeError(
            f"{where}: params is None; expected the parameters of {name}, "
            f"which cannot be called with x alone ({error})."
        ) from None


def as_square_matrix(where, **matrix):
    """The one named array as a finite float (H, H) matrix; errors as `as_floats`, `expect_finite`."""
    ((name, value),) = matrix.items()
    value = as_floats(where, **{name: value})
    expect_shape(where, name, value, ("H", "H"))
    expect_shape(where, name, value, (len(value), len(value)), "it has to be square")
    expect_finite(where, **{name: value})
    return value


def expect_number(where, name, value, wanted="a finite number", fits=np.isfinite):
    """The one real number `value` as a float; TypeError if it is none.

    ValueError, saying what is `wanted`, if it is NaN or infinite, or does not satisfy `fits`.
    """
    if (
        isinstance(value, (bool, str, list, tuple))
        or np.ndim(value)
        or np.asarray(value).dtype.kind not in "fiu"
    ):
        raise TypeError(f"{where}: {name} is {value!r}; expected one real number.")
    if not (np.isfinite(value) and fits(value)):
        raise ValueError(f"{where}: {name} is {value}; expected {wanted}.")
    return float(value)  # a Python number leaves float32 arrays float32; a numpy float64 would not


def expect_type(where, name, value, wanted):
    """Raise TypeError unless `value` is a `wanted` type, or one of several: each layer has its own."""
    if not isinstance(value, wanted):
        names = " or ".join(one.__name__ for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
        raise TypeError(f"{where}: {name} is {type(value).__name__}; expected {names}.")


def expect_float_dtype(where, dtype):
    """The numpy dtype, float32 or float64, that `dtype` stands for; TypeError for any other."""
    try:
        found = None if dtype is None else np.dtype(dtype).name  # numpy reads None as float64
    except TypeError:
        found = None
    if found not in ("float32", "float64"):
        raise TypeError(f"{where}: dtype is {dtype!r}; expected float32 or float64.")
    return np.dtype(dtype)
