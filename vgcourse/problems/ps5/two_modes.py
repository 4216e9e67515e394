"""Problem set 5: the slowest mode of a linear recursion, the next one, and when the first rules alone."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

SHARE = 0.01  # of the first mode's size, to which the second has to fall

# --- two_modes -------------------------------------------------------------------------------------


def two_modes(W, h0):
    """ρ and |arg λ| of the two slowest modes, a pair being one, and the first t with size 2 ≤ 1 % of size 1."""
    return _two(W, h0)


def _together(values):
    """One of each pair, and whether it is one."""
    return values.imag >= 0


def _two(
    W,
    h0,
    *,
    decompose=np.linalg.eig,
    order=lambda values: np.argsort(-np.abs(values), kind="stable"),
    merge=_together,
    coefficients=np.linalg.solve,
    count=lambda values: 1.0 + (values.imag > 0),
    weigh=lambda sizes: sizes,
    radius=np.abs,
    angle=lambda values: np.abs(np.angle(values)),
    decay=lambda radii: radii[1] / radii[0],
    start=lambda sizes: sizes[0] / sizes[1],
    wanted=SHARE,
    whole=np.ceil,
    least=lambda step: max(step, 0.0),
):
    values, V = decompose(W)
    a = coefficients(V, h0)
    values, sizes = values.astype(complex), weigh(np.abs(a) * np.linalg.norm(V, axis=0))
    sizes = sizes * count(values)
    chosen = [i for i in order(values) if merge(values)[i]][:2]
    values, sizes = values[chosen], sizes[chosen]
    radii = radius(values)
    with np.errstate(all="ignore"):
        step = np.log(wanted * start(sizes)) / np.log(decay(np.abs(values)))
    return radii, angle(values), np.float64(least(whole(step)))


def _by_singular_values(W):
    U, s, _ = np.linalg.svd(W)
    return s, U


def _modes_cases(rng):
    """A pair that is slowest, a pair that is second, a sign that flips, and a second mode that hardly takes part."""
    spectra = (
        ([(rng.uniform(0.9, 0.96), rng.uniform(1.0, 1.3)), rng.uniform(0.55, 0.65), -0.3], 1.0),
        ([-rng.uniform(0.9, 0.96), (rng.uniform(0.65, 0.75), rng.uniform(1.9, 2.6)), 0.2], 1.0),
        ([rng.uniform(1.01, 1.06), -rng.uniform(0.8, 0.86), rng.uniform(0.7, 0.75)], 3.0),
        ([rng.uniform(0.5, 0.6), -rng.uniform(0.9, 0.96), (0.3, 1.0)], 2e-4),
    )
    cases = []
    for blocks, second in spectra:
        while True:  # no step that is decided by rounding; somewhere eig must not list the largest first
            W = matrix_with(blocks, rng)
            h0 = _start(W, second, rng)
            step = _two(W, h0, whole=lambda step: step, least=lambda step: step)[2]
            sizes = np.abs(np.linalg.eigvals(W))
            listed = sizes[0] < sizes.max() or len(cases) != 2
            low, high = ((0.15, 0.45), (0.55, 0.85), (0.15, 0.85), (0.15, 0.85))[len(cases)]
            if listed and low < step % 1 < high:  # down in one, up in the next: no rounding gets both
                break
        cases.append(Case((W, h0), ("radii", "angles", "step")))
    return cases


def _start(W, second, rng):
    """Parts of about 1 along every eigenvector, of about `second` along those of the second mode."""
    values, V = np.linalg.eig(W)
    sizes = np.abs(values)
    parts = np.where(np.isclose(sizes, np.unique(sizes.round(9))[-2]), second, 1.0)
    own = rng.uniform(0.6, 1.2, len(W)) * rng.choice([-1, 1], len(W))
    phase = np.exp(1j * np.sign(values.imag) * rng.uniform(0.6, 1.2) * rng.choice([-1, 1]))
    return (V @ np.where(values.imag == 0, own * parts, phase * parts)).real


def _angle_too_large(args, outputs):
    angles = outputs["angles"]
    return max(0.0, float(np.max(angles)) - np.pi, -float(np.min(angles)))


def _not_the_first_step(args, outputs):
    """At the step the second is at most 1 % of the first, and not yet one step before."""
    radii, step = np.abs(outputs["radii"]), float(outputs["step"])
    first = _two(*args, whole=lambda step: step, least=lambda step: step)[2]
    with np.errstate(all="ignore"):
        late = step > 0 and step - 1 > first + 0.01
    return float(step < first - 0.01 or late or radii.shape != (2,))


def _in_the_wrong_order(args, outputs):
    return max(0.0, float(outputs["radii"][1] - outputs["radii"][0]))


TWO_MODES = Problem(
    name="ps5.two_modes",
    reference=two_modes,
    cases=_modes_cases,
    family=_two,
    axes={"radii": ("mode",), "angles": ("mode",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("largest first", _in_the_wrong_order, "Your second radius is larger than the first. The slowest mode comes first, the one with the largest |λ|."),
        Invariant("the first such step", _not_the_first_step, "Your step is not the first at which the second mode is at most 1 % of the first. Put it into both sizes, and the step before it as well."),
        Invariant("angles between 0 and π", _angle_too_large, "Some angle of yours is negative or above π. |arg λ| lies between 0, no turn, and π, half a turn a step."),
    ),
    mistakes=(
        Mistake("a pair counted as two modes", dict(merge=lambda values: values == values), "Your second mode is the conjugate of the first. A complex pair is one mode: the next one has a smaller |λ|."),
        Mistake("largest real part first", dict(order=lambda values: np.argsort(-values.real, kind="stable")), "You sort by the real part of λ. That decides in continuous time; here a mode grows by |λ| a step."),
        Mistake("smallest first", dict(order=lambda values: np.argsort(np.abs(values), kind="stable")), "You take the two smallest |λ|. The modes that last are the largest ones."),
        Mistake("as they are listed", dict(order=lambda values: range(len(values))), "You take the first λ that np.linalg.eig lists. It lists them in no order."),
        Mistake("singular values", dict(decompose=_by_singular_values), "You use singular values and vectors, what one step can do. Over many steps the eigenvalues decide."),
        Mistake("symmetric eigenvalues", dict(decompose=np.linalg.eigh), "np.linalg.eigh takes W for symmetric and finds no complex pair."),
        Mistake("radii: real parts", dict(radius=np.real), "Your radii are real parts of λ. The distance from 0 is √(Re² + Im²)."),
        Mistake("radii squared", dict(radius=lambda values: np.abs(values) ** 2), "Your radii are Re² + Im². The modulus is the square root of it."),
        Mistake("angle by arctan", dict(angle=lambda values: np.abs(np.arctan(values.imag / values.real))), "Your angles are never more than a quarter turn: arctan(Im/Re) cannot tell λ from −λ."),
        Mistake("no turn for any real λ", dict(angle=lambda values: np.where(values.imag == 0, 0.0, np.abs(np.angle(values)))), "Your angles are 0 for every real λ. A negative one flips the sign at each step: half a turn."),
        Mistake("degrees", dict(angle=lambda values: np.abs(np.angle(values, deg=True))), "Your angles are in degrees. Asked for are radians."),
        Mistake("turns", dict(angle=lambda values: np.abs(np.angle(values)) / (2 * np.pi)), "Your angles are in turns. Asked for are radians a step."),
        Mistake("periods", dict(angle=lambda values: 2 * np.pi / np.abs(np.angle(values))), "You return periods, 2π/θ. Asked for is the angle θ; it also exists where nothing turns."),
        Mistake("share of the second in h0 ignored", dict(start=lambda sizes: 1.0), "Your step takes both modes as equally large at the beginning. h_0 holds more of one than of the other."),
        Mistake("sizes upside down", dict(start=lambda sizes: sizes[1] / sizes[0]), "In your step the two sizes at the beginning are exchanged: the more the first is ahead, the sooner it rules."),
        Mistake("half of each pair", dict(count=lambda values: np.ones(len(values))), "Your step counts one member of a pair only. Its size is the sum of the two."),
        Mistake("real part of the coefficients", dict(coefficients=lambda V, h0: np.linalg.solve(V, h0).real), "Your step takes |Re a| for |a|. The coefficient of a pair is complex, and its size is the modulus."),
        Mistake("squared coefficients", dict(weigh=lambda sizes: sizes**2), "Your step compares squares of the sizes. 1 % is meant for the sizes themselves."),
        Mistake("transposed for inverse", dict(coefficients=lambda V, h0: V.T @ h0), "You take a = Vᵀh_0, which holds for orthogonal eigenvectors only; in general a solves V a = h_0."),
        Mistake("second mode alone", dict(decay=lambda radii: radii[1]), "Your step asks when the second mode is small, not when it is small beside the first, which shrinks or grows meanwhile."),
        Mistake("first mode alone", dict(decay=lambda radii: radii[0]), "Your step lets the share of the second fall by |λ_1| a step. It falls by the ratio of the two."),
        Mistake("10 %", dict(wanted=0.1), "Your step is that of 10 %. Asked for is 1 %."),
        Mistake("rounded down", dict(whole=np.floor), "Your step is the last before the share is reached: rounded down."),
        Mistake("one step late", dict(whole=lambda step: np.ceil(step) + 1, least=lambda step: max(step, 1.0)), "Your step is one too late: the share is reached one step before. Counting starts at 0, with h_0."),
        Mistake("rounded to the nearest", dict(whole=np.round), "Your step is rounded to the nearest whole number. The first step at which the share is reached is the next one up."),
        Mistake("not rounded", dict(whole=lambda step: step), "Your step is no whole number. Asked for is the first step at which the share is reached."),
        Mistake("negative step", dict(least=lambda step: step), "Your step is negative where the second mode is small from the beginning. The earliest step is 0."),
    ),
    hints=(
        "Sort by |λ|, with one member of every pair. What does each mode's size do from step to step?",
        "|λ_1| and |λ_2| are the radii. The size of mode i at step t is |a_i| ‖v_i‖ |λ_i|^t, twice that for a pair.",
        "size₂/size₁ at the beginning, times (ρ₂/ρ₁)^t, equals 0.01: solve for t as in (7.4), then the next whole number, 0 at least.",
    ),
)  # fmt: skip
