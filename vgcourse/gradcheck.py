"""Is this gradient right? Central differences to read, the complex step to trust.

>>> report = check_gradients(loss, params, grads, rng=np.random.default_rng(0))
>>> print(report)          # one line for every array, and the name of the wrong one

Everything is computed in float64. In float32 a difference quotient would be off by percents, so float32
points are converted, and a function that returns float32 all the same is refused.
"""

import math
from typing import NamedTuple

import numpy as np

from vgcourse import _validate
from vgcourse._trees import map_leaves, named_leaves, replace_leaf
from vgcourse._validate import (
    as_reals,
    expect_callable,
    expect_finite,
    expect_number,
    expect_real,
    expect_shape,
    numeric,
)

COMPLEX_STEP = 1e-20


def relative_error(a, b):
    """‖a − b‖ / max(‖a‖, ‖b‖), equation (1.8): 0 for equal, 1 where one is zero, 2 for a flipped sign.

    It has no scale, so it means the same for gradients of size 1 and of size 1e−200. Two zeros agree.

    Parameters
    ----------
    a, b : arrays or numbers of one shape

    Returns
    -------
    float; inf if anything is NaN or infinite

    Raises
    ------
    TypeError, ValueError
        If a or b does not hold numbers, or the shapes differ.
    """
    a, b = numeric("relative_error", a=a), numeric("relative_error", b=b)
    expect_shape("relative_error", "b", b, a.shape, f"a has shape {a.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    a, b = (array.astype(np.result_type(array, float)) for array in (a, b))  # |−128| is −128 in int8
    largest = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    if largest == 0:
        return 0.0
    a, b = a / largest, b / largest  # so that no square under- or overflows
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b)))


def verify(name, formula, measured, tolerance=1e-12, quiet=False):
    """Print that a formula and a measurement agree, both with four digits, or raise with the relative error.

    Of arrays the norms are printed. After them stands the bound, not the error: rounding differs between
    processors. `quiet` prints nothing.

    Raises AssertionError if the relative error (1.8) is above the tolerance, or something is not finite;
    ValueError if the tolerance is negative or not finite; TypeError and ValueError as `relative_error`.
    """
    tolerance = expect_number("verify", "tolerance", tolerance, "a number ≥ 0", lambda t: t >= 0)
    error = relative_error(formula, measured)
    if not error <= tolerance:
        raise AssertionError(f"{name}: relative error {error:.3g}, above {tolerance:.3g}")
    if not quiet:
        both = (f"{word} {_size(value)}" for word, value in (("formula", formula), ("measured", measured)))
        bound = f"< {_bound(tolerance)}" if tolerance else "0"
        print(f"{name:23s} {' '.join(both)} error {bound} ✓")


def _bound(tolerance):
    """One digit, as in 1e-12; where that is not all, two, rounded up: no less than what is allowed."""
    short = f"{tolerance:.0e}"
    if math.isclose(float(short), tolerance):
        return short
    unit = 10.0 ** (math.floor(math.log10(tolerance)) - 1)
    return f"{math.ceil(round(tolerance / unit, 6)) * unit:.1e}"


def _size(value):
    """A number with four digits, or the norm of an array between bars."""
    value = np.asarray(value)
    digits = f"{value.item() if value.size == 1 else np.linalg.norm(value):.4g}"
    return f"{digits if value.size == 1 else f'‖{digits}‖':10s}"


def numerical_gradient(f, x, step=1e-5):
    """∂f/∂x_i ≈ [f(x + h e_i) − f(x − h e_i)] / 2h, equation (1.7), one entry after the other.

    Two calls of f per entry: for whole networks use `check_gradients`.

    Parameters
    ----------
    f : function of a float64 array of x's shape, returning a number
    x : float64 array (not changed); float32 is converted
    step : h; the error is O(h²) from the formula and O(1e−16/h) from rounding

    Returns
    -------
    float64 array of x's shape. The divisor is what rounding leaves of 2h beside x_i

    Raises
    ------
    TypeError, ValueError
        If f is no function or does not return one number in float64, x is not real floating point or not
        finite, or the step is no positive number or so small that x_i + h is x_i.
    """
    where = "numerical_gradient"
    expect_callable(where, "f", f)
    x = as_reals(where, x=x)
    expect_finite(where, x=x)
    step = expect_number(where, "step", step, "a positive number", lambda h: h > 0)
    f, x = _in_float64(where, "f", f, x.dtype, shape=()), x.astype(float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[i] = step
        ahead, behind = x + shift, x - shift
        width = (ahead - behind)[i]
        if width == 0:
            raise ValueError(f"{where}: step is {step}; expected one that is not lost beside x = {x[i]}.")
        gradient[i] = _quotient(f(ahead), f(behind), width)
    return gradient


def _quotient(high, low, width):
    with np.errstate(over="ignore", invalid="ignore"):  # ∞ − ∞ comes out as NaN
        return (high - low) / width


def _in_float64(where, name, f, given, shape=None):
    """f, refused where it does not compute in float64; `given` is the dtype of the caller's point."""

    def call(x):
        try:
            value = f(x)
        except TypeError as error:
            if given == np.float64:  # then it is no question of precision
                raise
            raise TypeError(
                f"{where}: {name} is called with float64 and refuses it ({error}); "
                f"expected a point in float64 and a function whose arrays are float64, too."
            ) from error
        value = numeric(where, **{f"what {name} returned": value})
        if value.dtype.kind in "fc" and np.finfo(value.dtype).eps > np.finfo(float).eps:
            raise TypeError(
                f"{where}: {name} returned {value.dtype.name}; expected float64, because the rounding of "
                f"{value.dtype.name} hides a derivative. Convert the arrays that it holds."
            )
        if shape is not None:
            expect_shape(where, f"what {name} returned", value, shape)
        return value

    return call


def complex_step(f, x, v):
    """The derivative of f at x in direction v: Im f(x + i h v) / h with h = 1e−20, equation (1.9).

    There is no subtraction, so there is no cancellation: the result is exact to rounding. f has to be
    analytic in code too: no abs, no conjugate, comparisons by the real part; and smooth on the scale of h.
    The length of v does not matter: it is brought to 1 first. Derivatives along that v below 2e−288 lose
    digits, because h times them is below the smallest normal number.

    Parameters
    ----------
    f : function of a complex128 array of x's shape, returning an array or a number
    x : real array; float32 is converted
    v : array of x's shape, the direction

    Returns
    -------
    real array of the shape of f(x): the Jacobian–vector product J v

    Raises
    ------
    TypeError, ValueError
        If x is not real floating point, v no finite real numbers of its shape, or f drops the imaginary part
        or computes in float32.
    """
    where = "complex_step"
    expect_callable(where, "f", f)
    expect_real(where, v=v)  # an imaginary part of its own would count as a derivative
    x, v = as_reals(where, x=x), numeric(where, v=v)
    expect_shape(where, "v", v, x.shape, f"x has shape {x.shape}")
    expect_finite(where, v=v)
    f = _in_float64(where, "f", f, x.dtype)
    return _imaginary_step(where, "f", f, x.astype(float), v.astype(float))


def _imaginary_step(where, name, f, x, v):
    exponent = np.frexp(np.abs(v).max())[1]  # a power of two scales without rounding
    return np.ldexp(
        _imaginary(where, name, f(x + 1j * COMPLEX_STEP * np.ldexp(v, -exponent))) / COMPLEX_STEP, exponent
    )


def _imaginary(where, name, value):
    if not np.iscomplexobj(value):
        raise ValueError(f"{where}: {name} returned real numbers for complex input; it drops the derivative.")
    return value.imag


class StepSweep(NamedTuple):
    """Relative errors of three difference quotients, one value for each step size."""

    steps: np.ndarray
    forward: np.ndarray
    central: np.ndarray
    complex_step: np.ndarray


def step_sweep(f, x, v, truth, steps=None):
    """How wrong are forward, central and complex differences of f at x along v, step by step?

    Parameters
    ----------
    f : function of an array of x's shape, float64 or complex, that returns a number
    x, v : arrays of one shape; float32 is converted
    truth : the exact directional derivative
    steps : step sizes h; default 1e−1 … 1e−15

    Returns
    -------
    StepSweep: the V-shaped curves of lecture 1

    Raises
    ------
    TypeError, ValueError
        If f is no function, does not return one number in float64 or drops the imaginary part; x, v, steps
        are no real float arrays that fit; a step is not positive or not finite; or truth no finite number.
    """
    where = "step_sweep"
    expect_callable(where, "f", f)
    x, v = as_reals(where, x=x, v=v)
    expect_shape(where, "v", v, x.shape, f"x has shape {x.shape}")
    truth = expect_number(where, "truth", truth)
    steps = np.logspace(-1, -15, 57) if steps is None else as_reals(where, steps=steps).astype(float)
    expect_shape(where, "steps", steps, ("S",))
    expect_finite(where, steps=steps)
    expect_number(where, "the smallest step", steps.min(), "a positive number", lambda h: h > 0)
    f, x, v = _in_float64(where, "f", f, x.dtype, shape=()), x.astype(float), v.astype(float)
    at_x = f(x)

    def quotients(h):
        ahead, behind = f(x + h * v), f(x - h * v)
        imaginary = _imaginary(where, "f", f(x + 1j * h * v))
        return _quotient(ahead, at_x, h), _quotient(ahead, behind, 2 * h), imaginary / h

    errors = [[relative_error(q, truth) for q in column] for column in zip(*map(quotients, steps))]
    return StepSweep(steps, *map(np.array, errors))


class BlockError(NamedTuple):
    """The verdict on one array of the parameters."""

    name: str
    error: float
    ok: bool


class GradientReport(NamedTuple):
    """The verdict on a whole gradient: a line for every array, worst error, names of the wrong ones."""

    blocks: tuple
    tolerance: float

    @property
    def ok(self):
        """True if every block agrees."""
        return all(block.ok for block in self.blocks)

    @property
    def wrong(self):
        """Names of the blocks that disagree."""
        return [block.name for block in self.blocks if not block.ok]

    def __str__(self):
        width = max(len(block.name) for block in self.blocks)
        errors = ["< 1e-12" if b.error <= 1e-12 else f"{b.error:.1e}" for b in self.blocks]
        lines = [f"{b.name:{width}s}  {e:>7s}  {'✓' if b.ok else '✗'}" for b, e in zip(self.blocks, errors)]
        verdict = "gradient agrees" if self.ok else "wrong: " + ", ".join(self.wrong)
        return "\n".join([*lines, f"{verdict} (tolerance {_bound(self.tolerance)})"])


def check_gradients(loss, params, grads, *, rng, directions=2, tolerance=1e-9):
    """Compare a gradient with the complex step, block by block, along random directions.

    For a random direction v in one array, Im loss(w + i h v)/h has to equal Σ ∂L/∂w ⊙ v. Two forward
    passes per array check all its entries at once; the error is relative to the typical size of such a
    sum, ‖∂L/∂w‖, so that a sum that happens to be near zero raises no alarm.

    Parameters
    ----------
    loss : function of a tree of float64 parameters, returning a number; has to accept complex arrays
    params : nested tuples of float64 arrays; float32 is converted
    grads : the same structure: the gradient to be checked
    rng, directions : numpy Generator, and how many random directions to draw per array
    tolerance : largest relative error that passes

    Returns
    -------
    GradientReport

    Raises
    ------
    TypeError, ValueError
        If loss is no function or does not return one number in float64, rng no Generator, a parameter no real
        float array, a gradient no numbers, structures or shapes differ, there is no array to check, or
        tolerance is not positive or below the precision of a gradient (1.2e−7 for float32).
    """
    where, blocks, pairs = "check_gradients", [], []
    expect_callable(where, "loss", loss)
    _validate.expect_generator(where, rng)
    _validate.expect_count(where, "directions", directions)
    tolerance = expect_number(where, "tolerance", tolerance, "a positive number", lambda t: t > 0)
    map_leaves(lambda w, dw: pairs.append((w, dw)), params, grads, where=where)
    names = [name for name, _ in named_leaves(params)]
    if not names:
        raise ValueError(f"{where}: params holds no array; expected at least one.")
    pairs = [_checked_pair(where, *named, tolerance) for named in zip(names, pairs, strict=True)]
    params = map_leaves(lambda w: np.asarray(w, dtype=float), params)
    for number, (name, (w, dw)) in enumerate(zip(names, pairs, strict=True)):

        def along_v(value, number=number):
            return loss(replace_leaf(params, number, value))

        along_v = _in_float64(where, "loss", along_v, w.dtype, shape=())
        worst = 0.0 if np.isfinite(dw).all() else np.inf
        for _ in range(directions if worst == 0 else 0):
            v = rng.standard_normal(w.shape)
            expected = _imaginary_step(where, "loss", along_v, w.astype(float), v)
            worst = max(worst, _disagreement(dw, v, float(expected)))
        blocks.append(BlockError(name or "x", float(worst), worst <= tolerance))
    return GradientReport(tuple(blocks), tolerance)


def _checked_pair(where, name, pair, tolerance):
    label = f"the gradient of {name or 'the parameter'}"
    w, dw = as_reals(where, **{name or "params": pair[0]}), numeric(where, **{label: pair[1]})
    expect_shape(where, label, dw, w.shape)
    if dw.dtype.kind in "fc" and (precision := np.finfo(dw.dtype).eps) > tolerance:
        raise ValueError(
            f"{where}: {label} is {dw.dtype.name}, exact to {precision:.1e}; expected a gradient computed in "
            f"float64, or a tolerance above that, not {tolerance:.0e}."
        )
    return w, dw.astype(np.result_type(dw, float))


def _disagreement(dw, v, expected):
    """|v·dw − expected| relative to the size of such a sum; infinite if `expected` is no number."""
    if not np.isfinite(expected):  # first, because max() may lose a NaN
        return np.inf
    largest = max(np.abs(dw).max(), abs(expected))
    if largest == 0:
        return 0.0
    dw, expected = dw / largest, expected / largest  # so that no sum and no square under- or overflows
    claimed = (dw * v).sum()
    scale = max(abs(expected), abs(claimed), np.linalg.norm(dw) * np.linalg.norm(v) / np.sqrt(v.size))
    return abs(expected - claimed) / scale
