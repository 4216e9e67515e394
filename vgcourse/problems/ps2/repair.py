"""Problem set 2, a repair: ten-layer sigmoid nets, dead in three ways, that have to pass signals both ways again.

The learner returns weights and biases; what they do is measured here, with the library: one pass forward and one
back through ten layers with 80 digits for each of three nets, a few milliseconds each.
"""

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.collect.plain import describe
from vgcourse.layers import LinearParams
from vgcourse.mlp import loss_and_gradient, mlp_forward
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps2.numbers import as_pair
from vgcourse.tasks import digits

SIZES = (64, *[32] * 9, 10)
LIMITS = np.array(
    [1.0, 0.05, 0.03]
)  # powers of ten between error signals, share saturated, spread at the top


def repair_net(x, Ws, bs):
    """Weights and biases with which a sigmoid net passes signals both ways: layer by layer on the digits x,

    W scaled so that its pre-activations have the standard deviation 1, b so that their means are 0.
    """
    h, new_Ws, new_bs = x, [], []
    for old_W in Ws:
        spread = np.maximum((h @ old_W.T).std(axis=0), 1e-9)
        W = old_W / spread[:, None]
        b = -(h @ W.T).mean(axis=0)
        new_Ws.append(W)
        new_bs.append(b)
        h = sigmoid(h @ W.T + b)
    return new_Ws, new_bs


def _by_fan_in(scale):
    """The same random directions with the standard deviation scale/√n, and no biases."""

    def formula(x, Ws, bs):
        return [W * scale / (W.std() * np.sqrt(W.shape[1])) for W in Ws], [np.zeros(len(b)) for b in bs]

    return formula


def _measure(output, args):
    """Spread of the error signals over the layers, share of saturated units, spread of the last hidden layer.

    Where one of the three is missed, three more say what most pre-activations are: wide, narrow, off-centre.
    """
    x, Ws, bs = args
    pair = as_pair(output)
    if pair is None:
        raise TypeError(f"is {describe(output)}; expected two lists, weights and biases")
    params = []
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        try:
            new = [np.asarray(part[l], dtype=float) for part in pair]
        except (TypeError, ValueError, IndexError):
            raise TypeError(f"has no usable weights or biases for layer {l + 1} of {len(Ws)}") from None
        if (new[0].shape, new[1].shape) != (W.shape, b.shape):
            shapes = f"{new[0].shape} and {new[1].shape}; expected {W.shape} and {b.shape}"
            raise TypeError(f"has shapes {shapes} in layer {l + 1}")
        if not all(np.isfinite(part).all() for part in new):
            why = "was something divided by a standard deviation that is 0?"
            raise TypeError(f"has NaN or infinite weights or biases from layer {l + 1} on: {why}")
        params.append(LinearParams(*new))
    _, caches = mlp_forward(tuple(params), x, activation="sigmoid")
    _, deltas, _ = loss_and_gradient(tuple(params), x, np.arange(len(x)) % 10, activation="sigmoid")
    norms = np.array([np.linalg.norm(delta) for delta in deltas])
    zs = [cache.activation.z for cache in caches[:-1]]
    slopes = [sigmoid_derivative(z) for z in zs]
    spread = caches[-1].linear.x.std(axis=0).mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        decades = np.log10(norms.max() / norms.min())
    saturated = np.mean(np.array(slopes) < 0.1 * 0.25)
    measured = np.minimum(decades, 300.0), saturated, spread
    missed = _missed(measured)
    width, shift = np.median(np.std(zs, axis=1)), np.median(np.abs(np.mean(zs, axis=1)))
    known = np.array([width > 2, width < 0.1, shift > 2]) if missed.any() else np.zeros(3)
    return np.append(np.where(missed, measured, LIMITS), known)


def _missed(measured):
    """Which of the three limits a net misses; NaN misses."""
    decades, saturated, spread = measured
    return ~np.array([decades <= LIMITS[0], saturated <= LIMITS[1], spread >= LIMITS[2]])


def _cases(rng):
    """Units far off their steep parts, below an enormous last layer; weights far too large; weights too small."""
    images, _ = digits()
    cases = []
    for kind, scale, last, bias in (("biases", 3.0, 80.0, 8.0), ("large weights", 40.0, 120.0, 0.0), ("small weights", 0.5, 1.0, 0.0)):  # fmt: skip
        scales = [*(scale * rng.uniform(0.7, 1.3, size=len(SIZES) - 2)), last]
        Ws = [
            s * rng.normal(size=(o, i)) / np.sqrt(i)
            for s, i, o in zip(scales, SIZES[:-1], SIZES[1:], strict=True)
        ]
        bs = [bias * (1 + rng.normal(size=len(W)) / 8) * rng.choice([-1, 1], size=len(W)) for W in Ws]
        x = images[rng.choice(len(images), size=80, replace=False)]
        cases.append(Case((x, Ws, bs), (f"dead by its {kind}",)))
    return cases


def _misses(number):
    """By how much does the net miss that limit, relative to it?"""

    def residual(args, out):
        (measured,) = out.values()
        return abs(float(measured[number]) / LIMITS[number] - 1)

    return residual


def _mostly(place):
    """What is known of most pre-activations?"""
    return lambda args, out: float(next(iter(out.values()))[place])


REPAIR_NET = Problem(
    name="ps2.repair_net",
    reference=repair_net,
    cases=_cases,
    adapt=_measure,
    exact=True,
    repeatable=True,
    points=4,
    lecture='lecture 2, "Saturation"',
    invariants=(
        Invariant("error signals within 10", _misses(0), "Your error signals differ by more than a factor of 10. Print their norms by layer: a steady fall says that slope times weight is too small in every layer, a jump says in which layer it is too large."),
        Invariant("few saturated", _misses(1), "More than 5 % of your slopes are below a tenth of ¼. Print the mean and the standard deviation of z in each layer: off-centre, or too wide?"),
        Invariant("digits told apart", _misses(2), "At the top your net says nearly the same for every digit. Print the standard deviation of each layer's outputs over the digits: in which layers does it fall?"),
        Invariant("too wide", _mostly(3), "In some net of yours the pre-activations are too wide: in more than half of the hidden units z has a standard deviation above 2 over the digits. One near 1 leaves nearly all of them in the steep part."),
        Invariant("too narrow", _mostly(4), "In some net of yours the pre-activations are too narrow: in more than half of the hidden units z has a standard deviation below 0.1 over the digits, so these units hardly tell them apart. One near 1 uses the steep part."),
        Invariant("off-centre", _mostly(5), "In some net of yours the pre-activations are off-centre: in more than half of the hidden units the mean of z over the digits is more than 2 away from 0. A bias can take it away: with which sign?"),
    ),
    mistakes=(
        Mistake("nothing changed", lambda x, Ws, bs: (Ws, bs), "You return the nets as they came. Look at the sizes of their weights and biases, and at z."),
        Mistake("weights kept", edit("old_W / spread[:, None]", "old_W.copy()"), "You centre the pre-activations and keep the weights. The units are as wide apart as before, and saturated on both sides: the weights are too large."),
        Mistake("biases kept", edit("-(h @ W.T).mean(axis=0)", "bs[len(new_Ws)].copy()"), "You scale the weights and keep the biases. They hold units off the steep part, for every digit alike."),
        Mistake("biases zero", edit("-(h @ W.T).mean(axis=0)", "np.zeros(len(W))"), "You scale the weights and drop the biases. The outputs of a sigmoid lie around ½, so without a bias each pre-activation is off-centre by half the sum of its weights."),
        Mistake("sign of the bias", edit("-(h @ W.T).mean", "(h @ W.T).mean"), "Your biases push pre-activations further out. They have to take the mean away."),
        Mistake("Glorot's weights, no bias", _by_fan_in(1.0), "You gave the net weights of size 1/√n and no biases, the dead start of the lecture's bet. Nothing is saturated, and every layer still costs a factor of four: the slope is ¼ at most."),
        Mistake("weights 4/√n, no bias", _by_fan_in(4.0), "Your weights make up for the slope of ¼, but nothing takes away what is off-centre: a sigmoid's outputs lie around ½."),
        Mistake("first layer left out", edit("new_Ws.append(W)", "W, b = (W, b) if new_Ws else (old_W, bs[0])\n        new_Ws.append(W)"), "You mend all layers but the first. It is saturated as well, and what it has lost no later layer finds again."),
        Mistake("last layer left out", edit("new_Ws.append(W)", "W, b = (W, b) if len(new_Ws) < len(Ws) - 1 else (old_W, bs[-1])\n        new_Ws.append(W)"), "You mend the hidden layers and leave the last one as it was. Its weights hand the error signal down, and they are far too large: it differs from the others' by more than a factor of ten."),
        Mistake("pre-activations too narrow", edit("W = old_W /", "W = 0.03 * old_W /"), "You made the pre-activations so narrow that the digits can hardly be told apart at the top, or scaled for one side only: the spread of z should be about that of the steep part."),
        Mistake("pre-activations too wide", edit("W = old_W /", "W = 5 * old_W /"), "Your pre-activations are too wide: many units lie beyond ±3.64, where a sigmoid is saturated, equation (2.9)."),
        Mistake("all weights alike", lambda x, Ws, bs: ([np.full_like(W, 4 / W.shape[1]) for W in Ws], [np.full(len(b), -2.0) for b in bs]), "All units of a layer have the same weights, so they say the same and learn the same. Keep the random directions that were there, and change their size."),
    ),
    hints=(
        "Three things can be wrong with a unit of this net: its weights are too large, its bias holds it off-centre, what comes in is off-centre. Print the mean and the standard deviation of z in each layer.",
        "Equation (2.14): a plain sigmoid net can do whatever a centred one with slope 1 does. What are its weights and its biases there?",
        "Mend one layer after the other, the digits passing what is mended below. Which of W and b sets the standard deviation of z, which its mean, and which of the two has to come first?",
    ),
)  # fmt: skip
