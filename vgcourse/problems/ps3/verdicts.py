"""Problem set 3, the tables turned: the learner tests initialisers, and planted ones take the test."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Mistake
from vgcourse.problems.ps3 import promises
from vgcourse.problems.tested import tested_problem

# --- is_he -----------------------------------------------------------------------------------------

SHAPES = ((60, 240), (240, 60), (1500, 10))  # (n_out, n_in): both unequal ways, few inputs


def is_he(draw):
    """True if `draw(shape, rng)` gives (n_out, n_in) weights of mean 0 and variance 2/n_in, new ones at each call."""
    for shape in SHAPES:
        rng, same_seed = np.random.default_rng(1), np.random.default_rng(1)
        W, again, repeated = (np.asarray(draw(shape, generator)) for generator in (rng, rng, same_seed))
        variance = 2 / shape[1]
        good = (
            W.shape == shape
            and abs(W.var() / variance - 1) <= 0.1
            and abs(W.mean()) <= 0.1 * np.sqrt(variance)
            and not np.array_equal(W[0], W[1])
            and not np.array_equal(W, again)
            and np.array_equal(W, repeated)
        )
        if not good:
            return False
    return True


def _arrays_only(value):
    return value if isinstance(value, np.ndarray) else np.full((2, 2), np.nan)


IS_HE = tested_problem(
    promises,
    name="ps3.is_he",
    reference=is_he,
    points=4,
    lecture='lecture 4, "Initialisation"',
    mistakes=(
        Mistake("everything is right", lambda draw: True, "Your test says “right” of every initialiser. Does it compare the variance of what is drawn with 2/n_in, and can each condition fail? Joined by `or`, one that holds is enough."),
        Mistake("everything is wrong", lambda draw: False, "Your test says “wrong” of every initialiser, the right ones too. Print mean and variance of one of them: which of your conditions does it break? A mean of N draws is not 0; it scatters by std/√N."),
        Mistake("True and False exchanged", edit("return False", "return True", "return True", "return False"), "Your test says False of the right ones and True of the wrong ones. Asked is whether the initialiser is right."),
        Mistake("square shapes only", edit("SHAPES", "((120, 120),)"), "You try square shapes only. The one with n_out, the one with both fans, the transposed one and the one that is wrong for few inputs passed: try (60, 240), (240, 60), and a small n_in with many rows."),
        Mistake("no small fan-in", edit("SHAPES", "SHAPES[:2]"), "The one that is wrong for few inputs passed your test. Try n_in = 10, with many rows so that there are draws enough."),
        Mistake("too few draws", edit("SHAPES", "((6, 8), (8, 6), (7, 5))"), "Your shapes hold some fifty weights. The variance of so few is uncertain by √(2/50) = 20 %, so right ones fail by chance. Take 10,000 or more."),
        Mistake("mean not looked at", edit("W.var()", "np.mean(W**2)", "and abs(W.mean()) <= 0.1 * np.sqrt(variance)", ""), "You look at the mean square alone. The ones whose mean is not 0 passed your test."),
        Mistake("variance only, mean not looked at", edit("and abs(W.mean()) <= 0.1 * np.sqrt(variance)", "", "and not np.array_equal(W[0], W[1])", ""), "You look at the variance alone. Means, and rows that are all the same, went unseen."),
        Mistake("rows not compared", edit("and not np.array_equal(W[0], W[1])", ""), "The one that repeats its first row passed your test: all numbers are right, but all units are the same. Compare two rows."),
        Mistake("one call", edit("and not np.array_equal(W, again)", ""), "The one that draws the same weights at every call passed your test. Draw twice from the same generator: the second has to be another."),
        Mistake("seed not looked at", edit("and np.array_equal(W, repeated)", ""), "The one that ignores your generator's seed passed your test. Two generators with the same seed have to give the same weights."),
        Mistake("rng not looked at", edit("and not np.array_equal(W, again)", "", "and np.array_equal(W, repeated)", ""), "Both that do not use your rng passed your test. Draw twice from one generator (other weights), and once from each of two with the same seed (the same weights)."),
        Mistake("shape not looked at", edit("W.shape == shape", "True"), "The one with the transposed shape passed your test: compare the shape."),
        Mistake("NaN passes", edit("abs(W.var() / variance - 1) <=", "not abs(W.var() / variance - 1) >", "abs(W.mean()) <=", "not abs(W.mean()) >", "(W, repeated)", "(W, repeated, equal_nan=True)"), "The one with a NaN passed your test: NaN > threshold is False. Ask whether the error is small, not whether it is large."),
        Mistake("threshold too generous", edit("- 1) <= 0.1", "- 1) <= 0.4"), "The ones whose variance is 20 % off passed your test. With 10,000 draws the variance is known to √(2/10000) = 1.4 %, so a threshold of 10 % is safe on both sides."),
        Mistake("threshold too tight", edit("- 1) <= 0.1", "- 1) <= 5e-3"), "You found every wrong one, but accused right ones: a variance of 10,000 draws is known to 1.4 % only. A threshold of 10 % is safe on both sides."),
        Mistake("LeCun's variance expected", edit("2 / shape[1]", "1 / shape[1]"), "Your test asks for the variance 1/n_in, which is LeCun's rule. He's is 2/n_in."),
        Mistake("standard deviation expected", edit("2 / shape[1]", "np.sqrt(2 / shape[1])"), "Your test compares the variance with √(2/n_in). The root belongs to the standard deviation."),
        Mistake("n_out expected", edit("shape[1]", "shape[0]"), "Your test takes n_out. The shape is (n_out, n_in), and He's rule has n_in: 2/shape[1]."),
        Mistake("lists refused", edit("np.asarray(", "_arrays_only("), "You found every wrong one, but accused the right one that returns nested lists: np.asarray makes arrays of them."),
        Mistake("standard deviation compared with the variance", edit("W.var()", "W.std()"), "You compare the standard deviation with 2/n_in. That is the variance; the standard deviation is its root."),
        Mistake("twins asked to differ", edit("(rng, rng, same_seed)", "(rng, same_seed, rng)", "and np.array_equal(W, repeated)", ""), "You draw twice from generators with the same seed and ask the two draws to differ. From the same seed right ones draw the same; draw the second time from the first generator."),
        Mistake("one generator asked to repeat", edit("(rng, rng, same_seed)", "(rng, same_seed, rng)", "and not np.array_equal(W, again)", ""), "You ask two draws from the same generator to be equal. It has moved on in between; for equal draws make a second generator with the same seed."),
        Mistake("single precision refused", edit("W.shape == shape", "W.shape == shape and W.dtype == np.float64"), "You accuse the right one that draws in single precision. He’s rule says nothing of the type of the numbers."),
        Mistake("either variance or mean", edit("and abs(W.var()", "and (abs(W.var()", "and abs(W.mean()) <= 0.1 * np.sqrt(variance)", "or abs(W.mean()) <= 0.1 * np.sqrt(variance))"), "One good number is enough for your test: variance and mean are joined by `or`. Both have to be right; an initialiser is wrong if one of them is not."),
        Mistake("variance that is too small passes", edit("abs(W.var() / variance - 1)", "(W.var() / variance - 1)"), "The ones whose variance is too small passed your test. Take the size of the error: abs(…) ≤ threshold."),
        Mistake("variance that is too large passes", edit("abs(W.var() / variance - 1)", "(1 - W.var() / variance)"), "The ones whose variance is too large passed your test. Take the size of the error: abs(…) ≤ threshold."),
        Mistake("normal draws asked for", edit("W.shape == shape", "W.shape == shape and abs((W**4).mean() / (W**2).mean() ** 2 - 3) <= 0.3"), "You ask for a normal distribution: the right ones that draw otherwise are accused. He’s rule names mean and variance only.", whole=True),
        Mistake("zeros refused", edit("W.shape == shape", "W.shape == shape and W.all()"), "You accuse the right one half of whose weights are 0. The others are larger, so its variance is 2/n_in: the rule asks no more."),
        Mistake("a little too generous", edit("- 1) <= 0.1", "- 1) <= 0.22"), "The one whose weights are 10 % too large passed your test: its variance is 21 % too large. With 10,000 draws a threshold of 10 % on the variance is safe, which is 5 % on the standard deviation."),
    ),
    hints=(
        "Think of what could be wrong and still look right: which shape, which call, which generator would show it?",
        "Shape first; then the variance against 2/n_in within 10 %, the mean against 0, both from at least 10,000 draws. Shapes: n_out much larger than n_in, the other way round, and a small n_in with many rows.",
        "What one matrix does not show: two rows have to differ, two draws from one generator too, and two generators with one seed have to agree.",
    ),
)  # fmt: skip
