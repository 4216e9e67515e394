"""Initialisers for the learner's test: wrong ones that do not draw by He's rule, right ones that draw otherwise.

Each is a function (shape, rng) with shape (n_out, n_in); He's rule is mean 0 and variance 2/n_in.
"""

import numpy as np

from vgcourse.collect import Planted
from vgcourse.initializers import he

TWICE_CUT = 0.8796  # standard deviation of a normal that is cut at ±2


def _std(shape):
    return np.sqrt(2 / shape[1])


def _scaled(size):
    """Normal draws of another standard deviation, a function (n_out, n_in)."""
    return lambda shape, rng: size(*shape) * rng.standard_normal(shape)


def _cut(shape, rng):
    z = rng.standard_normal(shape)
    while (far := np.abs(z) > 2).any():
        z[far] = rng.standard_normal(far.sum())
    return _std(shape) * z


def _half_zero(shape, rng):
    return _std(shape) * rng.standard_normal(shape) * (rng.random(shape) < 0.5)


def _one_row(shape, rng):
    row = rng.permutation(np.resize([1.0, -1.0], shape[1]))  # mean and variance are those of the rule
    return np.tile(_std(shape) * row, (shape[0], 1))


def _own_seed(shape, rng):
    return _std(shape) * np.random.default_rng(0).standard_normal(shape)


def _unseeded(shape, rng, kept=None):
    """Other weights at every call, whatever rng says; `kept` counts the calls, so that a check can be repeated."""
    kept = {} if kept is None else kept
    kept["calls"] = kept.get("calls", 0) + 1
    return _std(shape) * np.random.default_rng([7, kept["calls"]]).standard_normal(shape)


def _uniform(shape, rng):
    return rng.uniform(-1, 1, shape) * np.sqrt(6 / shape[1])


def wrong_ones(rng):
    """All wrong initialisers; where a single entry is wrong, `rng` chooses it.

    Returns
    -------
    list of Planted
    """
    place = rng.uniform()

    def spoilt(shape, generator):
        W = he(shape, rng=generator)
        W.flat[int(place * W.size)] = np.nan
        return W

    return [
        Planted("2/n as standard deviation", _scaled(lambda o, i: 2 / i), "Compare the variance of what it draws with 2/n_in."),
        Planted("√(2/n) as variance", _scaled(lambda o, i: (2 / i) ** 0.25), "Compare the variance of what it draws with 2/n_in."),
        Planted("LeCun's 1/n", _scaled(lambda o, i: i**-0.5), "Compare the variance of what it draws with 2/n_in: this one has half of it."),
        Planted("n_out for n_in", _scaled(lambda o, i: (2 / o) ** 0.5), "Try a shape that is not square."),
        Planted("both fans averaged", _scaled(lambda o, i: (4 / (i + o)) ** 0.5), "It is right where n_in = n_out: try a shape that is not square."),
        Planted("uniform, √3 forgotten", lambda shape, rng: _std(shape) * rng.uniform(-1, 1, shape), "Compare the variance of what it draws with 2/n_in: this one has a third of it."),
        Planted("10 % too large", _scaled(lambda o, i: 1.1 * (2 / i) ** 0.5), "Its variance is 21 % too large. With 10,000 draws you can afford a threshold of 10 %."),
        Planted("cut at two, not made up for", _cut, "Its variance is 23 % too small. With 10,000 draws you can afford a threshold of 10 %."),
        Planted("half of them zero", _half_zero, "Its variance is half of 2/n_in."),
        Planted("wrong for few inputs", _scaled(lambda o, i: (2 / max(i, 30)) ** 0.5), "It is wrong only for n_in below 30: try a small fan-in, too, with many rows so that there are draws enough."),
        Planted("none below zero", lambda shape, rng: np.abs(he(shape, rng=rng)), "Its mean square is right and its mean is not 0: look at the mean, too."),
        Planted("a shifted mean", lambda shape, rng: _std(shape) * (0.3 + np.sqrt(1 - 0.09) * rng.standard_normal(shape)), "Its mean square is right and its mean is 0.3 standard deviations: look at the mean, too."),
        Planted("one row, repeated", _one_row, "Every number is right, and all units are the same: compare two rows."),
        Planted("the same at every call", _own_seed, "It does not use your rng: draw twice from one generator and compare."),
        Planted("another at every start", _unseeded, "It does not use your rng: two generators with the same seed have to give the same weights."),
        Planted("shape (n_in, n_out)", lambda shape, rng: he(shape, rng=rng).T.copy(), "Compare the shape, and try one that is not square."),
        Planted("NaN in one entry", spoilt, "NaN > threshold is False. Ask whether the error is small, not whether it is large."),
    ]  # fmt: skip


RIGHT = (
    Planted("normal", lambda shape, rng: he(shape, rng=rng), "Mean 0, variance 2/n_in, as many draws as you ask for."),
    Planted("uniform", _uniform, "Uniform on ±√(6/n_in) has the variance 2/n_in. He's rule names no distribution."),
    Planted("cut at two, made up for", lambda shape, rng: _cut(shape, rng) / TWICE_CUT, "A cut normal, divided by what the cut leaves, has the variance 2/n_in."),
    Planted("two values", lambda shape, rng: _std(shape) * rng.choice([-1.0, 1.0], size=shape), "±√(2/n_in), each with probability ½, has the variance 2/n_in."),
    Planted("half of them zero, the others larger", lambda shape, rng: np.sqrt(2) * _half_zero(shape, rng), "Its variance is 2/n_in. Its draws scatter more, so the variance of few of them is less exact: take enough."),
    Planted("float32", lambda shape, rng: he(shape, rng=rng, dtype="float32"), "Single precision is exact to 6e−8: none of your thresholds should feel it."),
    Planted("nested lists", lambda shape, rng: he(shape, rng=rng).tolist(), "Its result is a nested list: np.asarray makes an array of it."),
    Planted("row by row", lambda shape, rng: np.stack([_std(shape) * rng.standard_normal(shape[1]) for _ in range(shape[0])]), "Only the order of the draws is another."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def draw(shape, rng):
        """An initialiser."""
        return formula(tuple(shape), rng, kept) if formula is _unseeded else formula(tuple(shape), rng)

    return draw
