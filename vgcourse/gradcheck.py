"""Is this gradient right? Central differences to read, the complex step to trust.

>>> report = check_gradients(loss, params, grads, rng=np.random.default_rng(0))
>>> print(report)          # one line for every array, and the name of the wrong one
"""

from typing import NamedTuple

import numpy as np

from vgcourse import _validate
from vgcourse._trees import map_leaves, named_leaves, replace_leaf
from vgcourse._validate import as_reals, expect_callable, expect_number, expect_real, expect_shape, numeric

COMPLEX_STEP = 1e-20


def relative_error(a, b):
    """‖a − b‖ / max(‖a‖, ‖b‖), equation (1.21): 0 for equal, 1 where one is zero, 2 for a flipped sign.

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
    largest = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    if largest == 0:
        return 0.0
    a, b = a / largest, b / largest  # so that no square under- or overflows
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b)))


def verify(name, ours, truth, tolerance=1e-12, quiet=False):
    """Print that two results agree, or raise with their relative error.

    What is printed is the bound, not the error: rounding differs between processors. `quiet` prints nothing.

    Raises AssertionError if the relative error (1.21) is above the tolerance, or something is not finite;
    TypeError and ValueError as `relative_error`.
    """
    error = relative_error(ours, truth)
    if not error <= expect_number("verify", "tolerance", tolerance):
        raise AssertionError(f"{name}: relative error {error:.1e}, above {tolerance:.0e}")
    if not quiet:
        print(f"{name:36s} relative error below {tolerance:.0e}  ✓")


def numerical_gradient(f, x, step=1e-5):
    """∂f/∂x_i ≈ [f(x + h e_i) − f(x − h e_i)] / 2h, equation (1.19), one entry after the other.

    Two calls of f per entry: for whole networks use `check_gradients`.

    Parameters
    ----------
    f : function of an array of x's shape, returning a number
    x : float64 array (not changed)
    step : h; the error is O(h²) from the formula and O(1e−16/h) from rounding

    Returns
    -------
    array of x's shape

    Raises
    ------
    TypeError, ValueError
        If f is no function, x not real floating point, or the step not a positive number.
    """
    expect_callable("numerical_gradient", "f", f)
    x = as_reals("numerical_gradient", x=x)
    step = expect_number("numerical_gradient", "step", step, "a positive number", lambda h: h > 0)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[i] = step
        gradient[i] = (f(x + shift) - f(x - shift)) / (2 * step)
    return gradient


def complex_step(f, x, v):
    """The derivative of f at x in direction v: Im f(x + i h v) / h with h = 1e−20, equation (1.20).

    There is no subtraction, so there is no cancellation: the result is exact to rounding. f has to be
    analytic in code too: no abs, no conjugate, comparisons by the real part.

    Parameters
    ----------
    f : function of a (complex) array of x's shape, returning an array or a number
    x : real array
    v : array of x's shape, the direction

    Returns
    -------
    real array of the shape of f(x): the Jacobian–vector product J v

    Raises
    ------
    TypeError, ValueError
        If x is not real floating point, v no real numbers of its shape, or f drops the imaginary part.
    """
    expect_callable("complex_step", "f", f)
    expect_real("complex_step", v=v)  # an imaginary part of its own would count as a derivative
    x, v = as_reals("complex_step", x=x), numeric("complex_step", v=v)
    expect_shape("complex_step", "v", v, x.shape, f"x has shape {x.shape}")
    out = np.asarray(f(x + 1j * COMPLEX_STEP * v))
    if not np.iscomplexobj(out):
        raise ValueError("complex_step: f returned real numbers for complex input; it drops the derivative.")
    return out.imag / COMPLEX_STEP


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
    f : function of an array of x's shape, returning a number
    x, v : arrays of one shape
    truth : the exact directional derivative
    steps : step sizes h; default 1e−1 … 1e−15

    Returns
    -------
    StepSweep: the V-shaped curves of lecture 1

    Raises
    ------
    TypeError, ValueError
        If x, v, steps are no real float arrays that fit, a step is not positive, or truth no finite number.
    """
    x, v = as_reals("step_sweep", x=x, v=v)
    expect_shape("step_sweep", "v", v, x.shape, f"x has shape {x.shape}")
    truth = expect_number("step_sweep", "truth", truth)
    steps = np.logspace(-1, -15, 57) if steps is None else as_reals("step_sweep", steps=steps)
    expect_shape("step_sweep", "steps", steps, ("S",))
    expect_number("step_sweep", "the smallest step", steps.min(), "a positive number", lambda h: h > 0)
    at_x = f(x)

    def quotients(h):
        ahead = f(x + h * v)
        return (ahead - at_x) / h, (ahead - f(x - h * v)) / (2 * h), f(x + 1j * h * v).imag / h

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
        errors = [f"{b.error:.1e}" if b.error > 1e-12 else "< 1e-12" for b in self.blocks]
        lines = [f"{b.name:{width}s}  {e:>7s}  {'✓' if b.ok else '✗'}" for b, e in zip(self.blocks, errors)]
        verdict = "gradient agrees" if self.ok else "wrong: " + ", ".join(self.wrong)
        return "\n".join([*lines, f"{verdict} (tolerance {self.tolerance:.0e})"])


def check_gradients(loss, params, grads, *, rng, directions=2, tolerance=1e-9):
    """Compare a gradient with the complex step, block by block, along random directions.

    For a random direction v in one array, Im loss(w + i h v)/h has to equal Σ ∂L/∂w ⊙ v. Two forward
    passes per array check all its entries at once; the error is relative to the typical size of such a
    sum, ‖∂L/∂w‖, so that a sum that happens to be near zero raises no alarm.

    Parameters
    ----------
    loss : function of a tree of parameters, returning a number; has to accept complex arrays
    params : nested tuples of float64 arrays
    grads : the same structure: the gradient to be checked
    rng, directions : numpy Generator, and how many random directions to draw per array
    tolerance : largest relative error that passes

    Returns
    -------
    GradientReport

    Raises
    ------
    TypeError, ValueError
        If loss is no function, rng no Generator, a parameter no real float array, a gradient no numbers,
        structures or shapes differ, or tolerance is not positive.
    """
    where, blocks, pairs = "check_gradients", [], []
    expect_callable(where, "loss", loss)
    _validate.expect_generator(where, rng)
    _validate.expect_count(where, "directions", directions)
    tolerance = expect_number(where, "tolerance", tolerance, "a positive number", lambda t: t > 0)
    map_leaves(lambda w, dw: pairs.append((w, dw)), params, grads, where=where)
    for number, ((name, _), (w, dw)) in enumerate(zip(named_leaves(params), pairs, strict=True)):
        label = f"the gradient of {name or 'the parameter'}"
        w, dw = as_reals(where, **{name or "params": w}), numeric(where, **{label: dw})
        expect_shape(where, label, dw, w.shape)
        # NaN and inf are settled first: max() may lose a NaN, and inf − inf would warn
        worst = 0.0 if np.isfinite(dw).all() else np.inf
        for _ in range(directions if worst == 0 else 0):
            v = rng.standard_normal(w.shape)

            def along_v(value, number=number):
                return loss(replace_leaf(params, number, value))

            expected, claimed = complex_step(along_v, w, v), (dw * v).sum()
            scale = max(abs(expected), abs(claimed), np.linalg.norm(dw) * np.linalg.norm(v) / np.sqrt(v.size))
            if not np.isfinite(expected):
                worst = np.inf
            elif scale > 0:
                worst = max(worst, abs(expected - claimed) / scale)
        blocks.append(BlockError(name or "x", float(worst), worst <= tolerance))
    return GradientReport(tuple(blocks), tolerance)
