"""Problem set 5: for which leaks is a recursion of leaky units stable? Where the rule of continuous time comes from."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

# --- largest_leak ----------------------------------------------------------------------------------


def largest_leak(W):
    """The a* below which h_t = (1 − a) h_{t−1} + a W h_{t−1} is stable: min 2 Re(1 − λ)/|1 − λ|², 0 if some Re λ ≥ 1."""
    values = np.linalg.eigvals(W)
    gap = 1 - values
    above = 2 * gap.real
    below = np.abs(gap) ** 2
    bounds = above / below
    a = np.min(bounds)
    return max(a, 0.0)


def _with_and_without(name, text, *old_and_new, **marks):
    """A mistake in two forms: as it is, and by someone who returns 0 where some Re λ is 1 or more."""
    yield Mistake(name, edit(*old_and_new), text, **marks)
    yield Mistake(f"{name}, or 0", edit(*old_and_new, *OR_0), text, **marks)


OR_0 = "return max(a, 0.0)", "return max(a, 0.0) * (np.linalg.eigvals(W).real < 1).all()"
EIGENVALUES, BOUNDS = "np.linalg.eigvals(W)", "above / below"


def _real_ones(W):
    values = np.linalg.eigvals(W)
    return values[np.abs(values.imag) < 1e-9]


def _leak_cases(rng):
    u = rng.uniform
    reals, pairs = ("leak (real λ)",), ("leak (with pairs)",)
    both = [
        ([-u(0.5, 0.9), u(0.3, 0.8), -u(2.2, 3.0)], reals),  # |λ| above 1, and still stable for small a
        ([u(0.2, 0.6), -u(0.3, 0.6)], reals),  # a* above 1
        ([-u(0.3, 0.6), -u(1.3, 1.7)], reals),  # stable in continuous time
        ([u(0.86, 0.92)], reals),  # a* far above 2
        ([-u(150, 250), u(0.3, 0.8)], reals),  # a* near 0
        ([u(1.2, 1.6), -u(1.5, 2), 0.85], reals),  # grows for every a, and a mean bound above 0
        ([(u(1.2, 1.6), u(1.65, 1.95)), -u(0.2, 0.6)], pairs),  # near the imaginary axis, to its left
        ([(u(0.92, 0.97), u(0.3, 0.5)), -u(0.7, 0.9), 0.5], pairs),  # |λ| below 1, and the fast turn decides
        ([(u(1.5, 2.0), u(0.3, 0.6)), -u(2, 3)], pairs),  # grows for every a
        ([(u(0.7, 0.9), u(0.5, 0.9)), u(0.1, 0.4)], pairs),  # all to the right of 0, a* above 1
        ([(u(2.0, 2.5), u(2.0, 2.4)), u(0.4, 0.8), -u(0.5, 0.9)], pairs),
    ]
    turn = rng.uniform(1, 2)
    touches = np.diag([1, 1, rng.uniform(0.2, 0.6)])  # Re λ = 1 to the last bit
    touches[0, 1], touches[1, 0], touches[2, :2] = -turn, turn, rng.uniform(0.5, 1, 2)
    return [*(Case((matrix_with(blocks, rng),), names) for blocks, names in both), Case((touches,), pairs)]


def _not_on_the_edge(args, outputs):
    """How far the largest |1 + a (λ − 1)| at the answer is from 1, where it is above 0."""
    (a,) = outputs.values()
    size = np.abs(1 + float(a) * (np.linalg.eigvals(args[0]) - 1)).max()
    return abs(size - 1) if a > 0 else 0.0


def _on_a_grid(args, outputs):
    """1 for a multiple of 0.001 above 0 that is at most 0.02 below the edge."""
    (a,) = outputs.values()
    places = 1000 * float(a)
    return float(a > 0 and abs(places - round(places)) < 1e-6 and 1e-9 < largest_leak(*args) - a < 0.02)


LARGEST_LEAK = Problem(
    name="ps5.largest_leak",
    reference=largest_leak,
    cases=_leak_cases,
    points=3,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("on a grid", _on_a_grid, "Your a* is a round number a little below the edge: a search that tries one a after the other stops there. The edge has a formula."),
        Invariant("on the edge", _not_on_the_edge, "At your a* the largest |eigenvalue| of (1 − a) I + a W is not 1, so the edge lies elsewhere. Compute it for your own number."),
    ),
    mistakes=(
        *_with_and_without("1 over the spectral radius", "Your a* is 1/ρ, the largest factor with which a W is stable. Here (1 − a) h_{t−1} is added: look at the eigenvalues of (1 − a) I + a W.", BOUNDS, "1 / np.abs(values)", alone=True, beside_the_point=True),
        Mistake("2 left out", edit("2 * gap.real", "gap.real"), "Your a* is half of the edge: there the mode that decides shrinks as much as it can. It is stable up to twice that."),
        *_with_and_without("real λ only", "Your bound is 2/|1 − λ|, that of a real λ below 1. A complex pair leaves the circle earlier; and λ above 1 is never inside.", "2 * gap.real", "2.0", "np.abs(gap) ** 2", "np.abs(gap)", alone=True),
        Mistake("pairs left out", edit(EIGENVALUES, "_real_ones(W)"), "You look at the real λ alone. Complex pairs leave the circle, too, and one may be the first."),
        Mistake("real part for λ", edit("gap = 1 - values", "gap = 1 - values.real"), "Your bound drops the imaginary part. The turn makes 1 + a(λ − 1) longer."),
        Mistake("1 + |λ|² below", edit("np.abs(gap) ** 2", "1 + np.abs(values) ** 2"), "You divide by 1 + |λ|². |1 − λ|² also holds the mixed term, −2 Re λ."),
        Mistake("Re λ above", edit("gap.real", "values.real"), "You have 2 Re λ above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1)."),
        *_with_and_without("|Re λ| above", "You have 2 |Re λ| above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1).", "gap.real", "np.abs(values.real)"),
        Mistake("sign of the bound", edit("1 - values", "values - 1", "max(a, 0.0)", "a"), "Your bounds have the wrong sign: they are above 0 just for those modes that grow for every a."),
        Mistake("sign of the bound, or 0", edit("1 - values", "values - 1", "max(a, 0.0)", "a * (np.linalg.eigvals(W).real < 1).all()"), "Your bounds have the wrong sign: they are above 0 just for those modes that grow for every a."),
        Mistake("1 − |λ|²", edit("gap.real", "(1 - np.abs(values) ** 2)"), "You have 1 − |λ|² above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1)."),
        Mistake("1 − |λ|", edit("gap.real", "(1 - np.abs(values))"), "You have 1 − |λ| above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1)."),
        Mistake("2/(1 − ρ)", edit(EIGENVALUES, "np.abs(np.linalg.eigvals(W)).max(keepdims=True)"), "Your a* is 2/(1 − ρ), as if ρ itself were an eigenvalue. Each λ meets the circle at its own place: its angle counts.", alone=True),
        Mistake("|λ| for λ", edit("1 - values", "1 - np.abs(values)"), "You take |λ| for λ, as if all λ were real and above 0. Where the line from 1 through λ leaves the circle depends on the angle, too."),
        Mistake("1 + λ for 1 − λ", edit("1 - values", "1 + values"), "You have 1 + λ where 1 − λ belongs. One step multiplies by 1 + a(λ − 1): the line starts at 1."),
        Mistake("not squared below", edit(" ** 2", ""), "You divide by |1 − λ|. Write out |1 + a(λ − 1)|² < 1 and divide by a: |1 − λ|² is left.", alone=True),
        Mistake("what is kept", edit("return max(a, 0.0)", "return (1 - a) * (a > 0)"), "Your answer is 1 − a*, the share that is kept. Asked for is a, the share that is new."),
        Mistake("squared modulus of λ below", edit("np.abs(gap)", "np.abs(values)"), "You divide by |λ|². What a multiplies is λ − 1."),
        Mistake("as in continuous time", edit("gap = 1 - values", "gap = -values"), "Your bound is that of h_t = h_{t−1} + a W h_{t−1}. The leaky unit also forgets: h_{t−1} + a (W − I) h_{t−1}."),
        Mistake("upside down", edit(BOUNDS, "below / above"), "Your bound is upside down."),
        Mistake("largest bound", edit("np.min", "np.max"), "You take the largest of the bounds. All modes have to be stable at once."),
        Mistake("largest of the bounds above 0", edit("np.min", "np.max", *OR_0), "Your a* is the largest of the bounds, or 0 where some Re λ is above 1. All modes have to be stable at once: the smallest decides."),
        *_with_and_without("mean bound", "You average the bounds. All modes have to be stable at once.", "np.min", "np.mean"),
        Mistake("mode with the largest Re λ alone", edit("np.min(bounds)", "bounds[np.argmax(values.real)]"), "You look at the mode with the largest Re λ alone. It decides whether there is a stable a; which mode leaves the circle first is another question."),
        *_with_and_without("mode with the largest |λ| alone", "You look at the mode with the largest |λ| alone. Which mode leaves the circle first depends on where it lies, too.", "np.min(bounds)", "bounds[np.argmax(np.abs(values))]"),
        Mistake("0 where ρ is above 1", edit(BOUNDS, "np.where(np.abs(values) >= 1, 0, above / below)"), "Your a* is 0 where ρ of W is 1 or more. A small a may tame a W that would grow alone: what never enters the circle is a λ with Re λ ≥ 1."),
        Mistake("0 where some λ is to the right of 0", edit(BOUNDS, "np.where(values.real >= 0, 0, above / below)"), "Your a* is 0 where some Re λ is above 0, the rule of continuous time without a leak. Here the line from 1 through λ misses the circle only for Re λ ≥ 1."),
        Mistake("λ to the right of 1 left out", edit("np.min(bounds)", "np.min(bounds[values.real < 1])"), "You leave out the λ with Re λ ≥ 1. Such a mode grows for every a > 0: with one of them the answer is 0."),
        Mistake("negative", edit("max(a, 0.0)", "a"), "Your a* is negative where some Re λ is above 1. There no a > 0 is stable: the answer is 0."),
        Mistake("sign of the answer", edit("max(a, 0.0)", "-max(a, 0.0)"), "Your a* has the opposite sign. Asked for is the largest a above 0."),
        Mistake("infinite", edit("max(a, 0.0)", "a if a > 0 else np.inf"), "You return infinity where some Re λ is above 1. There no a > 0 is stable: the answer is 0."),
        Mistake("at most 1", edit("max(a, 0.0)", "min(max(a, 0.0), 1.0)"), "You cut a* at 1. The recursion may be stable beyond; asked for is the edge."),
        Mistake("at most 2", edit("max(a, 0.0)", "min(max(a, 0.0), 2.0)"), "Your a* is never above 2. The recursion may be stable beyond: all λ may lie near 1."),
        Mistake("singular values", edit(EIGENVALUES, "np.linalg.svd(W, compute_uv=False)"), "You use singular values. Whether powers die out is decided by eigenvalues."),
        *_with_and_without("2/(1 + ‖W‖)", "Your a* is 2/(1 + ‖W‖), for an eigenvalue at −‖W‖. Where the edge lies is decided by the eigenvalues themselves.", EIGENVALUES, "-np.linalg.norm(W, 2, keepdims=True)[0]", alone=True),
        *_with_and_without("2/(1 + ρ)", "Your a* is 2/(1 + ρ), right if −ρ is an eigenvalue. Others meet the circle elsewhere, or never: their angle counts.", EIGENVALUES, "-np.abs(np.linalg.eigvals(W)).max(keepdims=True)", alone=True),
        Mistake("symmetric part", edit("eigvals(W)", "eigvalsh((W + W.T) / 2)"), "Your λ are those of (W + Wᵀ)/2. That tells whether a single step can grow; in the end the eigenvalues of W decide."),
        Mistake("symmetric eigenvalues", edit("eigvals(W)", "eigvalsh(W)"), "np.linalg.eigvalsh takes W for symmetric and finds no complex pair."),
        Mistake("1 − |λ|² below", edit("np.abs(gap) ** 2", "(1 - np.abs(values) ** 2)"), "You divide by 1 − |λ|². What a multiplies is λ − 1: its squared modulus is left."),
        Mistake("|1 − λ²| below", edit("np.abs(gap) ** 2", "np.abs(1 - values**2)"), "You divide by |1 − λ²|. The modulus of 1 − λ is squared, not λ."),
        Mistake("(1 − |λ|)² below", edit("np.abs(gap) ** 2", "(1 - np.abs(values)) ** 2"), "You divide by (1 − |λ|)². |1 − λ| is the distance of λ from 1: its angle counts."),
        Mistake("square without modulus", edit("np.abs(gap) ** 2", "np.real(gap**2)"), "You divide by the real part of (1 − λ)², which is Re² − Im². |1 − λ|² is Re² + Im²."),
        Mistake("imaginary part not squared", edit("np.abs(gap) ** 2", "(gap.real**2 + np.abs(gap.imag))"), "The imaginary part below is not squared. |1 − λ|² is (1 − Re λ)² + (Im λ)²."),
        Mistake("imaginary part alone below", edit("np.abs(gap) ** 2", "np.where(values.imag == 0, gap.real**2, gap.imag**2)"), "For a pair you divide by (Im λ)². |1 − λ|² is (1 − Re λ)² + (Im λ)²."),
        Mistake("1 + |λ|² and the mixed term", edit("np.abs(gap) ** 2", "(1 + np.abs(values) ** 2 + 2 * values.real)"), "You divide by |1 + λ|²: the mixed term of |1 − λ|² has a minus, −2 Re λ."),
        Mistake("2 (1 − |λ|) above", edit("2 * gap.real", "(1 - np.abs(values) ** 2)"), "You have 1 − |λ|² above. Write out |1 + a(λ − 1)|²: the part that is linear in a is 2 Re(λ − 1)."),
        Mistake("4 above", edit("2 * gap.real", "4 * gap.real"), "Your a* is twice the edge: the part that is linear in a is 2 Re(λ − 1)."),
        Mistake("root of the bound", edit(BOUNDS, "np.sqrt(np.maximum(above / below, 0))"), "Your a* is the root of the bound. |1 + a(λ − 1)|² < 1 is divided by a, and a is left."),
        Mistake("largest |λ| of W alone, at most", edit("np.abs(gap) ** 2", "np.max(np.abs(gap)) ** 2"), "You divide all bounds by the same largest |1 − λ|². Each mode has a bound of its own."),
        Mistake("at most 10", edit("max(a, 0.0)", "min(max(a, 0.0), 10.0)"), "Your a* is never above 10. The recursion may be stable beyond: all λ may lie near 1."),
        Mistake("half of a mean", edit("np.min(bounds)", "np.median(bounds)"), "You take the median of the bounds. All modes have to be stable at once: the smallest decides."),
        Mistake("first λ alone", edit("np.min(bounds)", "bounds[0]"), "You look at the first λ alone. All modes have to be stable at once: the smallest bound decides."),
        Mistake("mode with the largest |Im λ| alone", edit("np.min(bounds)", "bounds[np.argmax(np.abs(values.imag))]"), "You look at the mode that turns fastest alone. Which mode leaves the circle first depends on where it lies, too."),
        Mistake("bounds added up", edit("np.min(bounds)", "np.sum(bounds)"), "You add up the bounds. All modes have to be stable at once: the smallest decides."),
        Mistake("0 where a λ is below −1", edit("np.min(bounds)", "np.min(np.where(values.real < -1, 0, bounds))"), "Your a* is 0 where some Re λ is below −1. A small a tames such a mode: what never enters the circle is a λ with Re λ ≥ 1."),
        Mistake("0 where a bound is above 1", edit("max(a, 0.0)", "max(a, 0.0) * (a <= 1)"), "Your a* is 0 where the edge lies above 1. It may be far above 1."),
        Mistake("1 where nothing is stable", edit("max(a, 0.0)", "a if a > 0 else 1.0"), "You return 1 where some Re λ is 1 or more. There no a > 0 is stable: the answer is 0."),
        Mistake("nan where nothing is stable", edit("max(a, 0.0)", "a if a > 0 else np.nan"), "You return NaN where some Re λ is 1 or more. There no a > 0 is stable: the answer is 0."),
        Mistake("λ on the line Re λ = 1 left out", edit("np.min(bounds)", "np.min(bounds[values.real != 1]) * (values.real <= 1).all()"), "You leave out a pair with Re λ = 1 exactly. Its line only touches the circle at 1: no a > 0 is stable."),
        Mistake("size of a negative bound", edit("np.min(bounds)", "np.min(np.abs(bounds))"), "You take the size of a negative bound. Where a bound is negative, no a > 0 is stable: the answer is 0."),
    ),
    hints=(
        "One step multiplies by (1 − a) I + a W. What are its eigenvalues, if those of W are λ?",
        "1 + a(λ − 1) moves on a straight line from 1, at a = 0, through λ, at a = 1. When does that line leave the unit circle again, and when does it never enter?",
        "|1 + a(λ − 1)|² = 1 + 2a Re(λ − 1) + a²|λ − 1|². Ask for less than 1, divide by a, and take the mode with the smallest answer.",
    ),
)  # fmt: skip
