"""What is wrong with my net? Findings in words, with numbers, and the lecture that cures each.

>>> print(diagnose(params, x, labels, activation="sigmoid"))
vanishing gradients: layer 1 gets 3e-12 of the largest layer's gradient …
"""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import as_reals, expect_callable, expect_real, expect_shape, expect_type, numeric
from vgcourse.clinic.measurements import _scaled, effective_depth, gradient_norms, layer_statistics
from vgcourse.dynamics import jacobian_products, step_jacobians
from vgcourse.mlp import mlp_forward

__all__ = [
    "CURES",
    "Diagnosis",
    "Finding",
    "diagnose",
    "diagnose_recurrent",
]

FAR = 1e3  # a ratio of gradients that counts as vanished or exploded
BOUNDED = ("sigmoid", "tanh")

CURES = {
    "not a number": (
        (5,),
        "find the step that blew up: lower the learning rate or clip the gradient's norm.",
    ),
    "zero weights": (
        (4,),
        "draw the weights of hidden layers at random; only the last layer may start at 0.",
    ),
    "identical units": ((4,), "draw the weights at random: equal units get equal gradients and stay equal."),
    "unscaled inputs": ((4, 5), "shift and scale each input to mean 0 and variance 1."),
    "saturated units": ((2, 4), "use smaller weights or inputs, or an activation that does not saturate."),
    "dead units": ((2, 4), "use He's rule, a smaller learning rate or a leaky ReLU."),
    "shrinking signals": ((4, 5), "choose the weights' variance for this activation, or normalise."),
    "vanishing gradients": ((3, 4, 6), "start with a variance that keeps gradients, or add residual paths."),
    "exploding gradients": ((3, 4, 5), "use smaller weights, and clip the gradient by its global norm."),
    "memory fades": ((7, 8, 10, 11), "use a gated cell with a large forget bias (LSTM, GRU)."),
    "memory explodes": ((5, 7, 8), "lower the spectral radius, and clip the gradient by its global norm."),
}


class Finding(NamedTuple):
    """A symptom by name, what was seen, the numbers behind it, the lectures that explain it, and the cure."""

    name: str
    seen: str
    numbers: dict
    lectures: tuple
    cure: str

    def __str__(self):
        s = "s" if len(self.lectures) > 1 else ""
        return f"{self.name}: {self.seen} Lecture{s} {', '.join(map(str, self.lectures))}: {self.cure}"


class Diagnosis(NamedTuple):
    """All findings, root causes first, and one sentence on what was measured. Prints as text."""

    findings: tuple
    measured: str

    @property
    def names(self):
        return tuple(finding.name for finding in self.findings)

    def __str__(self):
        return "\n".join([*map(str, self.findings or ("Nothing stands out.",)), self.measured])


def diagnose(params, x, labels, *, activation="tanh"):
    """Look for what stops a deep net from learning, on one batch.

    Named are: NaN or infinity, zero weights, identical units, inputs far from unit size, saturated or
    dead units, signals that shrink, gradients that vanish or explode (by more than 10³ between layers).

    Parameters
    ----------
    params : tuple of LinearParams; NaN is a finding here, not an error
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        As `mlp_forward` and `softmax_cross_entropy_forward`; if x or a parameter is complex.
    """
    x = as_reals("diagnose", x=x)
    expect_shape("diagnose", "x", x, ("N", "D"))
    findings = [*_not_finite("diagnose", params, x)]
    with np.errstate(all="ignore"):
        logits, caches = mlp_forward(params, x, activation=activation)
    for name, array in named_leaves(params, "params"):
        expect_type("diagnose", name, array, np.ndarray)
    signals = [*(cache.activation.z for cache in caches[:-1]), logits]
    broken = [number for number, z in enumerate(signals, start=1) if not np.isfinite(z).all()]
    if broken and not findings:
        seen = f"the weights are finite, but from layer {broken[0]} on the signals are NaN or infinite."
        findings = [_finding("not a number", seen, layer=broken[0])]
    if findings:
        return Diagnosis(tuple(findings), "Nothing else can be measured.")

    findings += [*_weights(params), *_inputs(x)]
    if len(params) > 1:
        findings += _units(layer_statistics(caches), activation)
    with np.errstate(all="ignore"):
        norms = gradient_norms(params, x, labels, activation=activation).layers
    if not np.isfinite(norms).all():
        findings.append(_finding("not a number", "the gradient is NaN or infinite.", layers=norms))
        return Diagnosis(tuple(findings), f"Measured on {len(x)} instances.")
    measured = (
        f"Gradient norms from {norms.min():.1e} to {norms.max():.1e}; {effective_depth(norms)} of "
        f"{len(norms)} layers get at least 1 % of the largest ({len(x)} instances)."
    )
    if len(params) == 1 or params[-1].W.any():
        findings += _gradients(norms)
    else:  # a good start, not a symptom
        measured += " The last layer's weights are 0, so in the first step only that layer learns."
    return Diagnosis(tuple(findings), measured)


def diagnose_recurrent(step_forward, params, x, state0):
    """Does the memory of a recurrent net fade or explode along one sequence?

    Compares ‖∂h_T/∂h_0‖₂ with 1: a factor below 10⁻³ fades, one above 10³ explodes.

    Parameters
    ----------
    step_forward, params, x (T, D), state0 : as in `vgcourse.dynamics.step_jacobians`

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        As `step_jacobians`, for shapes and dtypes.
    """
    where = "diagnose_recurrent"
    expect_callable(where, "step_forward", step_forward)
    x, state0 = as_reals(where, x=x, state0=state0)
    expect_shape(where, "x", x, ("T", "D"))
    if broken := [*_not_finite(where, params, x)]:
        return Diagnosis(tuple(broken), "Nothing else can be measured.")
    with np.errstate(all="ignore"):
        jacobians = step_jacobians(step_forward, params, x, state0)
    finite = np.isfinite(jacobians).all(axis=(1, 2))
    if not finite.all():
        step = int(finite.argmin()) + 1
        seen = f"the state or its Jacobian is no longer finite at step {step}."
        return Diagnosis((_finding("memory explodes", seen, step=step),), "Nothing else can be measured.")
    logs = jacobian_products(jacobians).log_norm()
    factor = _exp(logs[-1])
    with np.errstate(over="ignore"):
        rate = float(np.exp(logs[-1] / len(x)))
    seen = f"a change of h_0 arrives {factor} times as large {len(x)} steps later (×{rate:.3g} a step)."
    numbers = {"log_norm": float(logs[-1]), "per_step": rate}
    findings = []
    if abs(logs[-1]) > np.log(FAR):
        findings.append(_finding("memory fades" if logs[-1] < 0 else "memory explodes", seen, **numbers))
    return Diagnosis(tuple(findings), f"‖∂h_T/∂h_0‖ = {factor} after T = {len(x)} steps.")


def _finding(name, seen, **numbers):
    return Finding(name, seen, numbers, *CURES[name])


def _exp(log):
    """e^log in text, also where the number itself would be 0 or infinite."""
    return f"1e{log / np.log(10):+.0f}" if np.isfinite(log) and abs(log) > 600 else f"{np.exp(log):.1e}"


def _not_finite(where, params, x):
    for name, array in [("x", x), *named_leaves(params, "params")]:
        expect_real(where, **{name: array})
        if bad := int((~np.isfinite(numeric(where, **{name: array}))).sum()):
            yield _finding("not a number", f"{bad} of {np.size(array)} values of {name} are NaN or infinite.")


def _weights(params):
    zero = [number for number, layer in enumerate(params[:-1], start=1) if not layer.W.any()]
    if zero:
        yield _finding("zero weights", f"all weights are 0 in layer {_list(zero)}.", layers=zero)
    same = {}
    for number, (layer, after) in enumerate(zip(params[:-1], params[1:]), start=1):
        units = np.concatenate([layer.W, layer.b[:, None], after.W.T], axis=1)  # all that a unit has
        copies = len(units) - len(np.unique(units, axis=0))
        if copies and number not in zero:
            same[number] = f"{copies} of {len(units)} units in layer {number}"
    if same:
        seen = f"{', '.join(same.values())} have the same weights, in and out, as another one."
        yield _finding("identical units", seen, layers=list(same))


def _inputs(x):
    size, scale = _scaled(x)
    rms, spread = float(np.sqrt((size**2).mean())) * scale, size.std(axis=0)
    spread = spread[spread > np.sqrt(np.finfo(x.dtype).eps) * spread.max()]  # without constant inputs
    ratio = float(spread.max() / spread.min()) if spread.size else 1.0
    if rms > 5 or rms < 0.01:
        yield _finding("unscaled inputs", f"inputs have root mean square {rms:.3g}; 1 is usual.", rms=rms)
    elif ratio > FAR:
        seen = f"one input varies {ratio:.1e} times as much as another."
        yield _finding("unscaled inputs", seen, ratio=ratio)


def _units(stats, activation):
    saturated, dead = float(stats.saturated.max()), float(stats.dead.max())
    worst = int(stats.saturated.argmax()) + 1
    if activation in BOUNDED and saturated > 0.5:
        seen = f"{saturated:.0%} of layer {worst}'s activations have less than 5 % of the largest slope."
        yield _finding("saturated units", seen, layers=stats.saturated)
    if activation not in BOUNDED and dead > 0.2:
        seen = f"{dead:.0%} of layer {int(stats.dead.argmax()) + 1}'s units are off for every instance."
        yield _finding("dead units", seen, layers=stats.dead)
    first, last = float(stats.std[0]), float(stats.std[-1])
    if last * FAR < first:
        seen = (
            f"activations' standard deviation falls from {first:.1e} in the first to {last:.1e} in the last."
        )
        yield _finding("shrinking signals", seen, std=stats.std)


def _gradients(norms):
    if not norms.any():
        yield _finding("vanishing gradients", "every gradient is exactly 0.", layers=norms)
        return
    far, largest, lowest = np.log(FAR), norms.max(), int(norms.argmin())
    with np.errstate(all="ignore"):  # a norm may be 0; a ratio may exceed the floats, its logarithm does not
        logs = np.log(norms.astype(float))
        rise = logs[0] - logs[-1]
        rate = np.exp(rise / max(len(norms) - 1, 1))
    share = logs[lowest] - logs.max()
    if share < -far:
        seen = f"layer {lowest + 1} gets {_exp(share)} of the largest layer's gradient"
        if rise < -far:
            yield _finding("vanishing gradients", f"{seen} (×{rate:.2g} a layer, backwards).", layers=norms)
        elif rise > far:
            seen = f"layer 1 gets {_exp(rise)} times the last layer's gradient (×{rate:.2g} a layer)."
            yield _finding("exploding gradients", seen, layers=norms)
        else:
            yield _finding("vanishing gradients", f"{seen}.", layers=norms)
    elif largest > FAR:
        yield _finding("exploding gradients", f"the largest layer's norm is {largest:.1e}.", layers=norms)


def _list(numbers):
    return ", ".join(map(str, numbers))
