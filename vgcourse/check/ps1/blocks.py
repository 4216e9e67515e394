"""Problem set 1 on finding bugs: which blocks of a gradient are wrong?"""

import numpy as np

from vgcourse.check.call import cut
from vgcourse.check.compare import describe
from vgcourse.check.problem import Case, Mistake, Problem
from vgcourse.gradcheck import numerical_gradient as central_differences
from vgcourse.gradcheck import relative_error

# --- wrong_blocks ----------------------------------------------------------------------------------

BUGS = (
    "none",
    "f' missing in W1",
    "b1 averaged",
    "sign of W2",
    "one entry of W1",
    "W2 too small",
    "NaN in b2",
    "rows of W2 exchanged",
    "W1 and b2",
    "b1 off by 0.1 %",
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
    x, residual = rng.normal(size=(5, 4)), 0.3 * rng.normal(size=(5, 3))  # small: one-sided differences show
    shapes = {"W1": (6, 4), "b1": (6,), "W2": (3, 6), "b2": (3,)}
    params = {name: rng.normal(size=shape) * 0.7 for name, shape in shapes.items()}

    def run(p):
        h = np.tanh(x @ p["W1"].T + p["b1"])
        return h, h @ p["W2"].T + p["b2"]

    def loss(p):
        return float(scale * ((run(p)[1] - t) ** 2).sum() / len(x))

    h, y = run(params)
    t = y - residual
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
    elif bug == "rows of W2 exchanged":
        grads["W2"] = grads["W2"][::-1].copy()
    elif bug == "b1 off by 0.1 %":
        grads["b1"] *= 1.001
    elif bug == "W1 and b2":
        grads["W1"], grads["b2"] = -grads["W1"], 2 * grads["b2"]
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


def _finder(wrong=lambda claimed, measured: not relative_error(claimed, measured) <= 1e-5):
    def formula(loss, params, grads):
        found = []
        for name in params:

            def f(value, name=name):
                return loss({**params, name: value})

            measured = central_differences(f, params[name])
            if wrong(grads[name], measured):
                found.append(name)
        return found

    return formula


def _as_flags(output, args):
    """A list of names as one 0/1 entry per block, so that it compares like any other answer."""
    params = args[1]
    if output is None or isinstance(output, (str, dict)) or not np.iterable(output):
        raise TypeError(f"is {describe(output)}; expected a list of block names such as ['W1', 'b2']")
    output = list(output)
    unknown = [name for name in output if not isinstance(name, str) or name not in params]
    if unknown and isinstance(unknown[0], (bool, np.bool_)):
        raise TypeError("holds True and False; expected the names of the wrong blocks, such as ['W1', 'b2']")
    if unknown:
        raise ValueError(
            f"names {cut(repr(unknown[0]), 40)}, which is no block; the blocks are {', '.join(params)}"
        )
    return np.array([1.0 + (name in output) for name in params])


def _worst_only(loss, params, grads):
    """The block of the largest error, even where every error is tiny."""
    errors = {}
    _finder(wrong=lambda a, b: errors.update({len(errors): relative_error(a, b)}))(loss, params, grads)
    error = np.nan_to_num(list(errors.values()), nan=np.inf)
    return [list(params)[int(error.argmax())]]


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
        Mistake("mean of the difference", _finder(wrong=lambda a, b: not abs((a - b).mean()) <= 1e-5 * np.abs(b).max()), "You average the difference with its sign, so errors up and down cancel. Take its norm, equation (1.21)."),
        Mistake("stops at the first", lambda *args: wrong_blocks(*args)[:1], "You report one block at most. Look at all of them: collect the names in a list and return it after the loop."),
        Mistake("the worst block only", _worst_only, "You report the block with the largest error, and always one. Compare every error with 1e−5: none, one or several blocks may be wrong."),
        Mistake("right ones returned", _finder(wrong=lambda a, b: relative_error(a, b) <= 1e-5), "You return the blocks that are right. Asked for are the wrong ones."),
        Mistake("everything is wrong", lambda loss, params, grads: list(params), "Every block is reported. Either the threshold is below what central differences can reach (about 1e−9), or the difference quotient is off: is it one-sided?"),
        Mistake("threshold too generous", _finder(wrong=lambda a, b: not relative_error(a, b) <= 1e-2), "A bug of one part in a thousand passes: your threshold is too generous. Central differences are good to about 1e−9, so 1e−5 is safe on both sides."),
        Mistake("NaN only", _finder(wrong=lambda a, b: not np.isfinite(a).all()), "You report NaN and nothing else. Print your relative error for each block of the first net: one of them is large."),
        Mistake("nothing is wrong", lambda loss, params, grads: [], "Nothing is ever reported. Print your relative error for each block of the first net: one of them is large."),
    ),
    hints=(
        "For every block, get its gradient by central differences with the other blocks held fixed, and compare.",
        "numerical_gradient(lambda value: loss({**params, name: value}), params[name]) is the gradient of one block.",
        "error = norm(claimed − measured) / max(norm(claimed), norm(measured)); report the name when not error <= 1e−5.",
    ),
)  # fmt: skip
