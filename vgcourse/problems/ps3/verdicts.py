"""Problem set 3, the tables turned: the learner tests initialisers, and planted ones take the test."""

import numpy as np

from vgcourse.problems.problem import Mistake
from vgcourse.problems.ps3.promises import REMEMBERS, RIGHT, wrong_ones
from vgcourse.problems.tested import Implementation, tested_problem

# --- is_he -----------------------------------------------------------------------------------------

SHAPES = ((60, 240), (240, 60), (1500, 10))  # (n_out, n_in): both unequal ways, few inputs


class Initialiser(Implementation):
    """An initialiser."""

    what = "an initialiser"

    def __call__(self, shape, rng):
        kept = (self.memory.kept,) if self.label in REMEMBERS else ()
        return self.formula(tuple(shape), rng, *kept)


def is_he(draw):
    """True if `draw(shape, rng)` gives (n_out, n_in) weights of mean 0 and variance 2/n_in, new ones at each call."""
    return tester(draw)


def tester(
    draw,
    *,
    shapes=SHAPES,
    spread=0.1,
    centre=0.1,
    statistic=np.var,
    wanted=lambda n_out, n_in: 2 / n_in,
    rows=True,
    fresh=True,
    seeded=True,
    shaped=True,
    take=np.asarray,
    nan_passes=False,
    verdict=bool,
):
    """The verdict on an initialiser, with parts exchangeable for the mistakes."""

    def within(error, bound):
        return not error > bound if nan_passes else error <= bound

    for shape in shapes:
        rng = np.random.default_rng(1)
        W, again = take(draw(shape, rng)), take(draw(shape, rng))
        repeated = take(draw(shape, np.random.default_rng(1)))
        variance = wanted(*shape)
        good = (
            (not shaped or W.shape == shape)
            and within(abs(statistic(W) / variance - 1), spread)
            and within(abs(W.mean()), centre * np.sqrt(variance))
            and not (rows and np.array_equal(W[0], W[1]))
            and not (fresh and np.array_equal(W, again))
            and (not seeded or np.array_equal(W, repeated, equal_nan=nan_passes))
        )
        if not good:
            return verdict(False)
    return verdict(True)


def _mean_square(W):
    return np.mean(W**2)


def _arrays_only(value):
    return value if isinstance(value, np.ndarray) else np.full((2, 2), np.nan)


IS_HE = tested_problem(
    Initialiser,
    wrong_ones,
    RIGHT,
    name="ps3.is_he",
    reference=is_he,
    family=tester,
    points=4,
    lecture='lecture 4, "Initialisation"',
    mistakes=(
        Mistake("everything is right", lambda draw: True, "Your test says “right” of every initialiser. Draw from it, and compare the variance with 2/n_in."),
        Mistake("everything is wrong", lambda draw: False, "Your test says “wrong” of every initialiser, the right ones too. Print mean and variance of one of them: which of your conditions does it break? A mean of N draws is not 0; it scatters by std/√N."),
        Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the initialiser is right."),
        Mistake("square shapes only", dict(shapes=((120, 120),)), "You try square shapes only. The one with n_out, the one with both fans, the transposed one and the one that is wrong for few inputs passed: try (60, 240), (240, 60), and a small n_in with many rows."),
        Mistake("no small fan-in", dict(shapes=SHAPES[:2]), "The one that is wrong for few inputs passed your test. Try n_in = 10, with many rows so that there are draws enough."),
        Mistake("too few draws", dict(shapes=((6, 8), (8, 6), (7, 5))), "Your shapes hold some fifty weights. The variance of so few is uncertain by √(2/50) = 20 %, so right ones fail by chance. Take 10,000 or more."),
        Mistake("mean not looked at", dict(statistic=_mean_square, centre=np.inf), "You look at the mean square alone. The ones whose mean is not 0 passed your test."),
        Mistake("variance only, mean not looked at", dict(centre=np.inf, rows=False), "You look at the variance alone. Means, and rows that are all the same, went unseen."),
        Mistake("rows not compared", dict(rows=False), "The one that repeats its first row passed your test: all numbers are right, but all units are the same. Compare two rows."),
        Mistake("one call", dict(fresh=False), "The one that draws the same weights at every call passed your test. Draw twice from the same generator: the second has to be another."),
        Mistake("seed not looked at", dict(seeded=False), "The one that ignores your generator's seed passed your test. Two generators with the same seed have to give the same weights."),
        Mistake("rng not looked at", dict(fresh=False, seeded=False), "Both that do not use your rng passed your test. Draw twice from one generator (other weights), and once from each of two with the same seed (the same weights)."),
        Mistake("shape not looked at", dict(shaped=False), "The one with the transposed shape passed your test: compare the shape."),
        Mistake("NaN passes", dict(nan_passes=True), "The one with a NaN passed your test: NaN > threshold is False. Ask `not error <= threshold`."),
        Mistake("threshold too generous", dict(spread=0.4), "The ones whose variance is 20 % off passed your test. With 10,000 draws the variance is known to √(2/10000) = 1.4 %, so a threshold of 10 % is safe on both sides."),
        Mistake("threshold too tight", dict(spread=5e-3), "You found every wrong one, but accused right ones: a variance of 10,000 draws is known to 1.4 % only. A threshold of 10 % is safe on both sides."),
        Mistake("LeCun's variance expected", dict(wanted=lambda n_out, n_in: 1 / n_in), "Your test asks for the variance 1/n_in, which is LeCun's rule. He's is 2/n_in."),
        Mistake("standard deviation expected", dict(wanted=lambda n_out, n_in: (2 / n_in) ** 0.5), "Your test compares the variance with √(2/n_in). The root belongs to the standard deviation."),
        Mistake("n_out expected", dict(wanted=lambda n_out, n_in: 2 / n_out), "Your test takes n_out. The shape is (n_out, n_in), and He's rule has n_in: 2/shape[1]."),
        Mistake("lists refused", dict(take=_arrays_only), "You found every wrong one, but accused the right one that returns nested lists: np.asarray makes arrays of them."),
    ),
    hints=(
        "Think of what could be wrong and still look right: which shape, which call, which generator would show it?",
        "Shape first; then the variance against 2/n_in within 10 %, the mean against 0, both from at least 10,000 draws. Shapes: n_out much larger than n_in, the other way round, and a small n_in with many rows.",
        "What one matrix does not show: two rows have to differ, two draws from one generator too, and two generators with one seed have to agree.",
    ),
)  # fmt: skip
