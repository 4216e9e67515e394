"""Problem set 1 on checking gradients: central differences, and a checker that finds planted bugs."""

import numpy as np

from vgcourse.check.problem import Case, Mistake, Problem
from vgcourse.gradcheck import numerical_gradient as central_differences
from vgcourse.gradcheck import relative_error

# --- numerical_gradient ----------------------------------------------------------------------------


def numerical_gradient(f, x, step=1e-5):
    """∂f/∂x_i ≈ [f(x + h e_i) − f(x − h e_i)] / 2h, equation (1.19)."""
    return central_differences(f, x, step)


class _Ripple:
    """f(x) = Σ a_i sin(x_i + c) + Π-like coupling: smooth, every entry of its gradient of another size."""

    def __init__(self, rng, shape):
        self.a, self.c = rng.normal(size=shape), rng.uniform(0.5, 1.5)

    def __call__(self, x):
        x = np.asarray(x)
        return float(np.sum(self.a * np.exp(np.sin(x + self.c))) + 0.5 * np.sum(x) ** 2)


def _numerical_cases(rng):
    return [
        Case((_Ripple(rng, shape), rng.normal(size=shape)), ("gradient" + suffix,))
        for shape, suffix in (((5,), ""), ((3, 4), ", matrix"), ((1,), ", one entry"))
    ]


def _each_entry(quotient):
    def formula(f, x, step=1e-5):
        out = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            e = np.zeros_like(x)
            e[i] = 1.0
            out[i] = quotient(f, x, e, step)
        return out

    return formula


def _not_restored(f, x, step=1e-5):
    x, out = x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        above = f(x)
        x[i] -= 2 * step
        out[i] = (above - f(x)) / (2 * step)
    return out


def _single_precision(f, x, step=1e-5):
    quotient = _each_entry(
        lambda f, x, e, h: (np.float32(f(x + h * e)) - np.float32(f(x - h * e))) / np.float32(2 * h)
    )
    return quotient(f, x, step).astype(np.float64)


NUMERICAL_GRADIENT = Problem(
    name="ps1.numerical_gradient",
    reference=numerical_gradient,
    cases=_numerical_cases,
    points=3,
    lecture='lecture 1, "Is this gradient right?", equation (1.19)',
    tolerance=3e-8,
    float32_tolerance=3e-8,
    mistakes=(
        Mistake("one-sided", _each_entry(lambda f, x, e, h: (f(x + h * e) - f(x)) / h), "Your difference is one-sided. Its error shrinks like h; that of [f(x+h) − f(x−h)]/2h like h²: a million times less at this step."),
        Mistake("one-sided backward", _each_entry(lambda f, x, e, h: (f(x) - f(x - h * e)) / h), "Your difference is one-sided. Its error shrinks like h; that of [f(x+h) − f(x−h)]/2h like h²."),
        Mistake("divided by h", _each_entry(lambda f, x, e, h: (f(x + h * e) - f(x - h * e)) / h), "You divide by h. The two points are 2h apart."),
        Mistake("half steps, whole divisor", _each_entry(lambda f, x, e, h: (f(x + h / 2 * e) - f(x - h / 2 * e)) / (2 * h)), "Your two points are h apart and you divide by 2h."),
        Mistake("not divided", _each_entry(lambda f, x, e, h: f(x + h * e) - f(x - h * e)), "You return the difference of the two values and do not divide it by 2h."),
        Mistake("step too small", _each_entry(lambda f, x, e, h: (f(x + 1e-12 * e) - f(x - 1e-12 * e)) / 2e-12), "Your step is 1e−12, whatever the argument says. Rounding drowns the difference: the error is near 1e−16/h. Use the step given."),
        Mistake("single precision", _single_precision, "You work in float32. Its rounding, 6e−8, divided by a step of 1e−5 leaves two digits. Work in float64."),
        Mistake("entry not put back", _not_restored, "After an entry is moved it is not put back, so later entries are measured at another point. Restore it, or shift a fresh copy."),
        Mistake("all entries moved together", _each_entry(lambda f, x, e, h: (f(x + h) - f(x - h)) / (2 * h)), "You move all entries at once, so every entry gets the same number, the sum of the gradient. Move one at a time."),
        Mistake("sign", _each_entry(lambda f, x, e, h: (f(x - h * e) - f(x + h * e)) / (2 * h)), "The sign is flipped: the value at x + h comes first."),
    ),
    hints=(
        "For one entry: how much does f change from a little below to a little above, divided by the distance?",
        "np.ndindex(x.shape) walks over the entries of an array of any shape. Make a copy of x before you move an entry.",
        "up = x.copy(); up[i] += step; down = x.copy(); down[i] -= step; the entry is (f(up) − f(down)) / (2 * step).",
    ),
)  # fmt: skip


# --- wrong_blocks ----------------------------------------------------------------------------------

BUGS = (
    "none",
    "f' missing in W1",
    "b1 averaged",
    "sign of W2",
    "one entry of W1",
    "W2 too small",
    "NaN in b2",
)


def planted_net(bug, *, rng, scale=1.0):
    """A two-layer tanh net's loss, parameters and gradient, with one bug planted in the gradient.

    Parameters
    ----------
    bug : one of BUGS
    rng : numpy Generator
    scale : the loss, and with it the whole gradient, is multiplied by this

    Returns
    -------
    loss : function of a dict of parameters, returning a number
    params : dict "W1" (6, 4), "b1" (6,), "W2" (3, 6), "b2" (3,)
    grads : dict of the same shapes: the gradient, right but for the bug
    """
    if bug not in BUGS:
        raise ValueError(f"planted_net: bug is {bug!r}; expected one of {', '.join(BUGS)}.")
    x, t = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    shapes = {"W1": (6, 4), "b1": (6,), "W2": (3, 6), "b2": (3,)}
    params = {name: rng.normal(size=shape) * 0.7 for name, shape in shapes.items()}

    def run(p):
        h = np.tanh(x @ p["W1"].T + p["b1"])
        return h, h @ p["W2"].T + p["b2"] - t

    def loss(p):
        return float(scale * (run(p)[1] ** 2).sum() / len(x))

    h, residual = run(params)
    dy = scale * 2 * residual / len(x)
    dh = dy @ params["W2"]
    dz = dh * (1 - h**2)
    grads = {"W1": dz.T @ x, "b1": dz.sum(axis=0), "W2": dy.T @ h, "b2": dy.sum(axis=0)}
    if bug == "f' missing in W1":
        grads["W1"] = dh.T @ x
    elif bug == "b1 averaged":
        grads["b1"] = dz.mean(axis=0)
    elif bug == "sign of W2":
        grads["W2"] = -grads["W2"]
    elif bug == "one entry of W1":
        grads["W1"][3, 2] += 0.5 * np.abs(grads["W1"]).max()
    elif bug == "W2 too small":
        grads["W2"] -= 0.3 * np.abs(grads["W2"])
    elif bug == "NaN in b2":
        grads["b2"][0] = np.nan
    return loss, params, grads


def _wrong_cases(rng):
    cases = [Case(planted_net(bug, rng=rng), (f"found: {bug}",)) for bug in BUGS[1:]]
    cases.append(
        Case(planted_net("b1 averaged", rng=rng, scale=1e-9), ("found: b1 averaged, gradients of size 1e−9",))
    )
    cases.append(Case(planted_net("none", rng=rng), ("a right gradient passes",)))
    return [*cases, Case(planted_net("none", rng=rng, scale=1e9), ("a right gradient of size 1e9 passes",))]


def wrong_blocks(loss, params, grads):
    """Names of the blocks whose gradient disagrees with central differences, relative error above 1e−5."""
    return _finder()(loss, params, grads)


def _finder(wrong=lambda claimed, measured: not relative_error(claimed, measured) <= 1e-5, quotient=None):
    def formula(loss, params, grads):
        found = []
        for name in params:

            def f(value, name=name):
                return loss({**params, name: value})

            measured = (
                central_differences(f, params[name])
                if quotient is None
                else _each_entry(quotient)(f, params[name])
            )
            if wrong(grads[name], measured):
                found.append(name)
        return found

    return formula


def _as_flags(output, args):
    """A list of names as one 0/1 entry per block, so that it compares like any other answer."""
    params = args[1]
    if isinstance(output, np.ndarray) and output.shape == (len(params),) and output.dtype.kind == "f":
        return output
    if output is None or isinstance(output, (str, dict)) or not np.iterable(output):
        came = "None" if output is None else f"a {type(output).__name__}"
        raise TypeError(f"is {came}; expected a list of block names such as ['W1', 'b2']")
    unknown = [name for name in output if name not in params]
    if unknown:
        raise ValueError(f"names {unknown[0]!r}, which is no block; the blocks are {', '.join(params)}")
    return np.array([1.0 + (name in output) for name in params])


def _norms_differ(claimed, measured):
    a, b = np.linalg.norm(claimed), np.linalg.norm(measured)
    return not abs(a - b) <= 1e-5 * max(a, b)


WRONG_BLOCKS = Problem(
    name="ps1.wrong_blocks",
    reference=wrong_blocks,
    cases=_wrong_cases,
    adapt=_as_flags,
    exact=True,
    points=4,
    lecture='lecture 1, "Is this gradient right?", equation (1.21)',
    mistakes=(
        Mistake("absolute instead of relative", _finder(wrong=lambda a, b: not np.abs(a - b).max() <= 1e-5), "You compare absolute differences. Gradients of size 1e−9 pass with any bug, and right ones of size 1e9 fail. Divide by the size of the gradient, equation (1.21)."),
        Mistake("np.allclose", _finder(wrong=lambda a, b: not np.allclose(a, b)), "np.allclose has an absolute tolerance of 1e−8 beside the relative one, so a vanished gradient always passes. Use a relative error, equation (1.21)."),
        Mistake("NaN passes", _finder(wrong=lambda a, b: relative_error(a, b) > 1e-5 and bool(np.isfinite(a).all())), "A NaN in the gradient passes: NaN > tolerance is False. Ask `not error <= tolerance` instead."),
        Mistake("norms only", _finder(wrong=_norms_differ), "You compare the norms. A gradient with the wrong sign has the right norm: take the norm of the difference."),
        Mistake("first entry only", _finder(wrong=lambda a, b: not abs(a.flat[0] - b.flat[0]) <= 1e-5 * max(abs(a.flat[0]), abs(b.flat[0]))), "You look at the first entry of each block only. A bug elsewhere in the block goes unseen."),
        Mistake("signed error", _finder(wrong=lambda a, b: not ((a - b) / np.abs(b).max()).max() <= 1e-5), "You do not take the absolute value of the difference, so errors below zero pass."),
        Mistake("right ones returned", _finder(wrong=lambda a, b: relative_error(a, b) <= 1e-5), "You return the blocks that are right. Asked for are the wrong ones."),
        Mistake("everything is wrong", lambda loss, params, grads: list(params), "Every block is reported. Either the threshold is below what central differences can reach (about 1e−9), or the difference quotient is off."),
        Mistake("nothing is wrong", lambda loss, params, grads: [], "Nothing is ever reported. Print your relative error for each block of the first net: one of them is large."),
    ),
    hints=(
        "For every block, get its gradient by central differences with the other blocks held fixed, and compare.",
        "numerical_gradient(lambda value: loss({**params, name: value}), params[name]) is the gradient of one block.",
        "error = norm(claimed − measured) / max(norm(claimed), norm(measured)); report the name when not error <= 1e−5.",
    ),
)  # fmt: skip
