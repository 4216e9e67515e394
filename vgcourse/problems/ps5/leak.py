"""Problem set 5: for which leaks is a recursion of leaky units stable? Where the rule of continuous time comes from."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

# --- largest_leak ----------------------------------------------------------------------------------


def largest_leak(W):
    """The a* below which h_t = (1 − a) h_{t−1} + a W h_{t−1} is stable: min 2 Re(1 − λ)/|1 − λ|², 0 if some Re λ ≥ 1."""
    return _largest(W)


def _bound(values):
    return 2 * (1 - values.real) / np.abs(1 - values) ** 2


def _gated(values):
    """The bounds, all 0 where one mode grows for every a."""
    return _bound(values) * (values.real < 1).all()


def _largest(
    W,
    *,
    spectrum=np.linalg.eigvals,
    bound=_bound,
    combine=np.min,
    least=lambda a: max(a, 0.0),
):
    return np.float64(least(combine(bound(spectrum(W).astype(complex)))))


def _leak_cases(rng):
    u = rng.uniform
    reals, pairs = ("leak (real λ)",), ("leak (with pairs)",)
    both = [
        ([-u(0.5, 0.9), u(0.3, 0.8), -u(2.2, 3.0)], reals),  # |λ| above 1, and still stable for small a
        ([u(0.2, 0.6), -u(0.3, 0.6)], reals),  # a* above 1
        ([-u(0.3, 0.6), -u(1.3, 1.7)], reals),  # stable in continuous time
        ([u(1.2, 1.6), -u(1.5, 2), 0.3], reals),  # grows for every a
        ([(u(1.2, 1.6), u(1.3, 1.7)), -u(0.2, 0.6)], pairs),  # near the imaginary axis
        ([(u(0.92, 0.97), u(0.3, 0.5)), -u(0.7, 0.9), 0.5], pairs),  # |λ| below 1, and the fast turn decides
        ([(u(1.5, 2.0), u(0.3, 0.6)), -u(2, 3)], pairs),  # grows for every a
        ([(u(2.0, 2.5), u(2.0, 2.4)), u(0.4, 0.8), -u(0.5, 0.9)], pairs),
    ]
    return [Case((matrix_with(blocks, rng),), names) for blocks, names in both]


def _not_on_the_edge(args, outputs):
    """How far the largest |1 + a (λ − 1)| at the answer is from 1, where it is above 0."""
    (a,) = outputs.values()
    size = np.abs(1 + float(a) * (np.linalg.eigvals(args[0]) - 1)).max()
    return abs(size - 1) if a > 0 else 0.0


LARGEST_LEAK = Problem(
    name="ps5.largest_leak",
    reference=largest_leak,
    cases=_leak_cases,
    family=_largest,
    points=3,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("on the edge", _not_on_the_edge, "At your a* the largest |eigenvalue| of (1 − a) I + a W is not 1, so the edge lies elsewhere. Compute it for your own number."),
    ),
    mistakes=(
        Mistake("1 over the spectral radius", dict(bound=lambda values: 1 / np.abs(values)), "Your a* is 1/ρ, the largest factor with which a W is stable. Here (1 − a) h_{t−1} is added: look at the eigenvalues of (1 − a) I + a W."),
        Mistake("2 left out", dict(bound=lambda values: (1 - values.real) / np.abs(1 - values) ** 2), "Your a* is half of the edge: there the mode that decides shrinks as much as it can. It is stable up to twice that."),
        Mistake("real λ only", dict(bound=lambda values: 2 / np.abs(1 - values)), "Your bound is that of a real λ below 1. A complex pair leaves the circle earlier; and λ above 1 is never inside."),
        Mistake("real part for λ", dict(bound=lambda values: 2 / (1 - values.real)), "Your bound drops the imaginary part. The turn makes 1 + a(λ − 1) longer."),
        Mistake("1 − |λ|²", dict(bound=lambda values: 2 * (1 - np.abs(values) ** 2) / np.abs(1 - values) ** 2), "You have 1 − |λ|² above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1)."),
        Mistake("1 − |λ|", dict(bound=lambda values: 2 * (1 - np.abs(values)) / np.abs(1 - values) ** 2), "You have 1 − |λ| above. Write out |1 + a(λ − 1)|²: the part that is linear in a holds Re(λ − 1)."),
        Mistake("not squared below", dict(bound=lambda values: 2 * (1 - values.real) / np.abs(1 - values)), "You divide by |1 − λ|. Write out |1 + a(λ − 1)|² < 1 and divide by a: |1 − λ|² is left."),
        Mistake("squared modulus of λ below", dict(bound=lambda values: 2 * (1 - values.real) / np.abs(values) ** 2), "You divide by |λ|². What a multiplies is λ − 1."),
        Mistake("as in continuous time", dict(bound=lambda values: -2 * values.real / np.abs(values) ** 2), "Your bound is that of h_t = h_{t−1} + a W h_{t−1}. The leaky unit also forgets: h_{t−1} + a (W − I) h_{t−1}."),
        Mistake("upside down", dict(bound=lambda values: np.abs(1 - values) ** 2 / (2 * (1 - values.real))), "Your bound is upside down."),
        Mistake("largest bound", dict(combine=np.max), "You take the largest of the bounds. All modes have to be stable at once."),
        Mistake("largest of the bounds above 0", dict(bound=_gated, combine=np.max), "Your a* is the largest of the bounds, or 0 where some Re λ is above 1. All modes have to be stable at once: the smallest decides."),
        Mistake("mean bound", dict(combine=np.mean), "You average the bounds. All modes have to be stable at once."),
        Mistake("mode with the largest |λ| alone", dict(bound=lambda values: (2 * (1 - values.real) / np.abs(1 - values) ** 2)[[np.argmax(np.abs(values))]]), "You look at the mode with the largest |λ| alone. Which mode leaves the circle first depends on where it lies, too."),
        Mistake("0 where ρ is above 1", dict(bound=lambda values: np.where(np.abs(values) >= 1, 0, _bound(values))), "Your a* is 0 where ρ of W is 1 or more. A small a may tame a W that would grow alone: what never enters the circle is a λ with Re λ ≥ 1."),
        Mistake("0 where some λ is to the right of 0", dict(bound=lambda values: np.where(values.real >= 0, 0, _bound(values))), "Your a* is 0 where some Re λ is above 0, the rule of continuous time without a leak. Here the line from 1 through λ misses the circle only for Re λ ≥ 1."),
        Mistake("λ to the right of 1 left out", dict(bound=lambda values: _bound(values[values.real < 1])), "You leave out the λ with Re λ ≥ 1. Such a mode grows for every a > 0: with one of them the answer is 0."),
        Mistake("negative", dict(least=lambda a: a), "Your a* is negative where some Re λ is above 1. There no a > 0 is stable: the answer is 0."),
        Mistake("infinite", dict(least=lambda a: a if a > 0 else np.inf), "You return infinity where some Re λ is above 1. There no a > 0 is stable: the answer is 0."),
        Mistake("at most 1", dict(least=lambda a: min(max(a, 0.0), 1.0)), "You cut a* at 1. The recursion may be stable beyond; asked for is the edge."),
        Mistake("singular values", dict(spectrum=lambda W: np.linalg.svd(W, compute_uv=False)), "You use singular values. Whether powers die out is decided by eigenvalues."),
        Mistake("2/(1 + ‖W‖)", lambda W: np.float64(2 / (1 + np.linalg.norm(W, 2))), "Your a* is 2/(1 + ‖W‖), for an eigenvalue at −‖W‖. Where the edge lies is decided by the eigenvalues themselves."),
        Mistake("2/(1 + ρ)", lambda W: np.float64(2 / (1 + np.abs(np.linalg.eigvals(W)).max())), "Your a* is 2/(1 + ρ), right if −ρ is an eigenvalue. Others meet the circle elsewhere, or never: their angle counts."),
        Mistake("symmetric eigenvalues", dict(spectrum=np.linalg.eigvalsh), "np.linalg.eigvalsh takes W for symmetric and finds no complex pair."),
    ),
    hints=(
        "One step multiplies by (1 − a) I + a W. What are its eigenvalues, if those of W are λ?",
        "1 + a(λ − 1) moves on a straight line from 1, at a = 0, through λ, at a = 1. When does that line leave the unit circle again, and when does it never enter?",
        "|1 + a(λ − 1)|² = 1 + 2a Re(λ − 1) + a²|λ − 1|². Ask for less than 1, divide by a, and take the mode with the smallest answer.",
    ),
)  # fmt: skip
