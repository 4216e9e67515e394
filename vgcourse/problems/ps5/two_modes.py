"""Problem set 5: the slowest mode of a linear recursion, the next one, and when the first rules alone."""

import numpy as np

from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

SHARE = 0.01  # of the first mode's size, to which the second has to fall

# --- two_modes -------------------------------------------------------------------------------------


def two_modes(W, h0):
    """ρ and |arg λ| of the two slowest modes, a pair being one, and the first t with size 2 ≤ 1 % of size 1."""
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V, h0)
    members = np.where(values.imag > 0, 2, 1)  # a pair is one mode
    sizes = np.abs(a) * np.linalg.norm(V, axis=0) * members
    order = np.argsort(-np.abs(values), kind="stable")
    chosen = [i for i in order if values[i].imag >= 0][:2]
    slowest, (first, second) = values[chosen], sizes[chosen]
    radii = np.abs(slowest)
    angles = np.abs(np.angle(slowest))
    step = np.log(SHARE * first / second) / np.log(radii[1] / radii[0])
    return radii, angles, max(np.ceil(step), 0.0)


_unrounded = edited(two_modes, (), edit("max(np.ceil(step), 0.0)", "step"))


def _some_cases(rng):
    """A pair that is slowest, a pair that is second, a sign that flips, and a second mode that hardly takes part."""
    slow = rng.uniform(
        0.93, 0.97
    )  # and a second that keeps up for long: 1 % of both is reached half a step sooner
    spectra = (
        ([(rng.uniform(0.9, 0.96), rng.uniform(1.0, 1.3)), rng.uniform(0.55, 0.65), -0.3], 1.0),
        ([-rng.uniform(0.9, 0.96), (rng.uniform(0.65, 0.75), rng.uniform(1.9, 2.6)), 0.2], 1.0),
        ([rng.uniform(1.01, 1.06), -rng.uniform(0.8, 0.86), rng.uniform(0.7, 0.75)], 3.0),
        ([rng.uniform(0.5, 0.6), -rng.uniform(0.9, 0.96), (0.3, 1.0)], 2e-4),
        ([0.98 * slow, -slow, 0.4], 1.0),
    )
    cases = []
    for blocks, second in spectra:
        while True:  # no step that is decided by rounding; somewhere eig must not list the largest first
            W = matrix_with(blocks, rng)
            h0 = _start(W, second, rng)
            step = _unrounded(W, h0)[2]
            sizes = np.abs(np.linalg.eigvals(W))
            listed = sizes[0] < sizes.max() or len(cases) != 2
            low, high = ((0.15, 0.45), (0.55, 0.85), (0.15, 0.85), (0.15, 0.85), (0.1, 0.4))[len(cases)]
            if listed and low < step % 1 < high:  # down in one, up in the next: no rounding gets both
                break
        cases.append(Case((W, h0), ("radii", "angles", "step")))
    return cases


# ways to get the sizes wrong that lead to nearly the same steps
ALIKE = {
    "half": edit("> 0, 2", "> 0, 1"),
    "root": edit("> 0, 2", "> 0, np.sqrt(2)"),
    "real": edit("solve(V, h0)", "solve(V, h0).real"),
    "of the real vector": edit(
        "np.abs(a) * np.linalg.norm(V, axis=0)", "np.linalg.norm((a * V).real, axis=0)"
    ),
    "transposed": edit("np.linalg.solve(V, h0)", "V.T @ h0"),
    "of the transpose": edit("eig(W)", "eig(W.T)"),
}


def _modes_cases(rng):
    """Cases whose steps tell all of these apart."""
    while True:
        cases = _some_cases(rng)
        steps = {
            tuple(edited(two_modes, (), slip)(*case.args)[2] for case in cases) for slip in ALIKE.values()
        }
        if len(steps) == len(ALIKE):
            break
    tie = np.diag([0.5, -rng.choice([0.875, 0.75]), 0.25]), np.array([1.0, 100.0, 7.0])  # 1 % to the last bit
    return [*cases, Case(tie, cases[0].quantities)]


def _start(W, second, rng):
    """Parts of about 1 along every eigenvector, of about `second` along those of the second mode."""
    values, V = np.linalg.eig(W)
    sizes = np.abs(values)
    parts = np.where(np.isclose(sizes, np.unique(sizes.round(9))[-2]), second, 1.0)
    own = rng.uniform(0.6, 1.2, len(W)) * rng.choice([-1, 1], len(W))
    phase = np.exp(1j * np.sign(values.imag) * rng.uniform(0.6, 1.2) * rng.choice([-1, 1]))
    return (V @ np.where(values.imag == 0, own * parts, phase * parts)).real


def _two_members(values):
    """Radii and angles of the two largest λ, be they a pair or not."""
    both = values[np.argsort(-np.abs(values), kind="stable")[:2]]
    return np.abs(both), np.abs(np.angle(both))


def _angle_too_large(args, outputs):
    angles = outputs["angles"]
    return max(0.0, float(np.max(angles)) - np.pi, -float(np.min(angles)))


def _not_the_first_step(args, outputs):
    """At the step the second is at most 1 % of the first, and not yet one step before."""
    radii, step = np.abs(outputs["radii"]), float(outputs["step"])
    first = _unrounded(*args)[2]
    with np.errstate(all="ignore"):
        late = step > 0 and step - 1 > first + 0.01
    return float(step < first - 0.01 or late or radii.shape != (2,))


def _in_the_wrong_order(args, outputs):
    return max(0.0, float(outputs["radii"][1] - outputs["radii"][0]))


TWO_MODES = Problem(
    name="ps5.two_modes",
    reference=two_modes,
    cases=_modes_cases,
    axes={"radii": ("mode",), "angles": ("mode",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    flow=("radii", "step"),
    invariants=(
        Invariant("largest first", _in_the_wrong_order, "Your second radius is larger than the first. The slowest mode comes first, the one with the largest |λ|."),
        Invariant("the first such step", _not_the_first_step, "Your step is not the first at which the second mode is at most 1 % of the first. Put it into both sizes, and the step before it as well."),
        Invariant("angles between 0 and π", _angle_too_large, "Some angle of yours is negative or above π. |arg λ| lies between 0, no turn, and π, half a turn a step."),
    ),
    mistakes=(
        Mistake("a pair counted as two modes, at once", edit(" if values[i].imag >= 0", ""), "Your second mode is the conjugate of the first. A complex pair is one mode: the next one has a smaller |λ|.", whole=True),
        Mistake("a pair counted as two modes", edit(" if values[i].imag >= 0", "", "max(np.ceil(step), 0.0)", "step if np.isinf(step) else max(np.ceil(step), 0.0)"), "Your second mode is the conjugate of the first. A complex pair is one mode: the next one has a smaller |λ|.", whole=True),
        Mistake("a pair counted as two modes in radii and angles", edit("return radii, angles", "radii, angles = _two_members(values)\n    return radii, angles"), "Where a complex pair is among the slowest, your second radius and angle are those of its conjugate. A pair is one mode: the next one has a smaller |λ|."),
        Mistake("largest real part first", edit("-np.abs(values)", "-values.real"), "You sort by the real part of λ. That decides in continuous time; here a mode grows by |λ| a step.", whole=True),
        Mistake("largest |Re λ| first", edit("-np.abs(values)", "-np.abs(values.real)"), "You sort by |Re λ|. A mode grows by |λ| a step, whatever its angle.", whole=True),
        Mistake("smallest first", edit("-np.abs(values)", "np.abs(values)"), "You take the two smallest |λ|. The modes that last are the largest ones.", whole=True),
        Mistake("as they are listed", edit('np.argsort(-np.abs(values), kind="stable")', "range(len(values))"), "You take the first λ that np.linalg.eig lists. It lists them in no order.", whole=True),
        Mistake("largest part of the start first", edit("-np.abs(values)", "-sizes"), "You sort by how much h_0 holds of each mode. The slowest mode is the one with the largest |λ|, however small its part is.", whole=True),
        Mistake("growing modes left out", edit(" if values[i].imag >= 0", " if values[i].imag >= 0 and abs(values[i]) < 1"), "A mode with |λ| above 1 is not among yours. It grows, so it lasts the longest: the largest |λ| comes first, whatever it is."),
        Mistake("singular values", edit("np.linalg.eig(W)", "np.linalg.svd(W)[1::-1]"), "You use singular values and vectors, what one step can do. Over many steps the eigenvalues decide.", whole=True, beside_the_point=True),
        Mistake("symmetric eigenvalues", edit("eig(W)", "eigh(W)"), "np.linalg.eigh takes W for symmetric and finds no complex pair.", whole=True),
        Mistake("radii: real parts", edit("return radii", "return slowest.real"), "Your radii are real parts of λ. The distance from 0 is √(Re² + Im²)."),
        Mistake("radii: |Re λ|", edit("return radii", "return np.abs(slowest.real)"), "Your radii are |Re λ|. The distance from 0 is √(Re² + Im²)."),
        Mistake("|Re λ| for |λ|", edit("np.abs(slowest)", "np.abs(slowest.real)"), "Your radii, and the step with them, are made of |Re λ|. The distance from 0 is √(Re² + Im²).", whole=True),
        Mistake("radii squared, and used", edit("np.abs(slowest)", "np.abs(slowest) ** 2"), "Your radii, and the step with them, are made of Re² + Im². The modulus is the square root of it.", whole=True),
        Mistake("radii squared", edit("return radii", "return radii**2"), "Your radii are Re² + Im². The modulus is the square root of it."),
        Mistake("angle by arctan", edit("np.angle(slowest)", "np.arctan(slowest.imag / slowest.real)"), "Your angles are never more than a quarter turn: arctan(Im/Re) cannot tell λ from −λ."),
        Mistake("no turn for any real λ", edit("angles = np", "angles = (slowest.imag != 0) * np"), "Your angles are 0 for every real λ. A negative one flips the sign at each step: half a turn."),
        Mistake("angle of the lower member", edit("angles = np", "angles = np.where(slowest.imag > 0, -1, 1) * np"), "Your angle of a pair is negative, that of the member with Im λ < 0. Asked for is |arg λ|."),
        Mistake("angle of the lower member, above π", edit("np.abs(np.angle(slowest))", "np.angle(slowest.conj()) % (2 * np.pi)"), "Your angle of a pair is that of the member with Im λ < 0, counted the long way round. Asked for is |arg λ|, between 0 and π."),
        Mistake("degrees", edit("(slowest))", "(slowest, deg=True))"), "Your angles are in degrees. Asked for are radians."),
        Mistake("turns", edit("(slowest))", "(slowest)) / (2 * np.pi)"), "Your angles are in turns. Asked for are radians a step."),
        Mistake("periods", edit("angles = ", "angles = 2 * np.pi / "), "You return periods, 2π/θ. Asked for is the angle θ; it also exists where nothing turns."),
        Mistake("share of the second in h0 ignored", edit(" * first / second", ""), "Your step takes both modes as equally large at the beginning. h_0 holds more of one than of the other."),
        Mistake("coefficients left out", edit("np.linalg.solve(V, h0)", "np.ones(len(V))"), "Your step takes every a as 1. How much of each mode h_0 holds is in a, from V a = h_0."),
        Mistake("h_0 for its coefficients", edit("np.linalg.solve(V, h0)", "h0"), "Your step takes the entries of h_0 as the parts of the modes. How much of each mode h_0 holds is in a, from V a = h_0."),
        Mistake("sizes upside down", edit("first / second", "second / first"), "In your step the two sizes at the beginning are exchanged: the more the first is ahead, the sooner it rules."),
        Mistake("half of each pair", ALIKE["half"], "Your step lets a pair count like one of its members beside a real mode. Its size is the sum of the two."),
        Mistake("√2 for a pair", ALIKE["root"], "Your step takes √2 times one member for the size of a pair. Its size is the sum of the two."),
        Mistake("real part of the coefficients", ALIKE["real"], "Your step takes |Re a| for |a|. The coefficient of a pair is complex, and its size is the modulus."),
        Mistake("squared coefficients", edit("np.abs(a)", "np.abs(a) ** 2"), "Your step compares squares of the sizes. 1 % is meant for the sizes themselves."),
        Mistake("squared sizes", edit("first / second", "(first / second) ** 2"), "Your step compares squares of the two sizes in the beginning. 1 % is meant for the sizes themselves."),
        Mistake("transposed for inverse", ALIKE["transposed"], "You take a = Vᵀh_0, which holds for orthogonal eigenvectors only; in general a solves V a = h_0."),
        Mistake("eigenvectors of Wᵀ", ALIKE["of the transpose"], "Your step splits h_0 by the eigenvectors of Wᵀ. They have the same λ, and other directions: h_t is a sum of eigenvectors of W."),
        Mistake("second mode alone", edit("radii[1] / radii[0]", "radii[1]"), "Your step asks when the second mode is small, not when it is small beside the first, which shrinks or grows meanwhile."),
        Mistake("ratio of the radii upside down", edit("radii[1] / radii[0]", "radii[0] / radii[1]"), "In your step the ratio of the radii is upside down, as if the second mode gained on the first. It falls behind, by ρ₂/ρ₁ a step."),
        Mistake("ratio of the logarithms", edit("np.log(radii[1] / radii[0])", "(np.log(radii[1]) / np.log(radii[0]))"), "In your step you divide by ln ρ₂ / ln ρ₁. What falls is (ρ₂/ρ₁)^t: the logarithm of that ratio is a difference."),
        Mistake("first mode alone", edit("radii[1] / radii[0]", "radii[0]"), "Your step lets the share of the second fall by |λ_1| a step. It falls by the ratio of the two."),
        Mistake("10 %", edit("SHARE", "0.1"), "Your step is that of 10 %. Asked for is 1 %."),
        Mistake("until both are equal", edit("SHARE", "1.0"), "Your step is that at which both are equally large. Asked for is 1 %."),
        Mistake("0.1 %", edit("SHARE", "0.001"), "Your step is that of 0.1 %. Asked for is 1 %."),
        Mistake("1 % of both together", edit("SHARE", "SHARE / (1 - SHARE)"), "Your step is that of 1 % of both sizes together. Asked for is 1 % of the first's."),
        Mistake("rounded down", edit("ceil", "floor"), "Your step is the last before the share is reached: rounded down."),
        Mistake("one step late", edit("np.ceil(step), 0.0", "np.ceil(step) + 1, 1.0"), "Your step is one too late: the share is reached one step before. Counting starts at 0, with h_0."),
        Mistake("one step late, but for 0", edit("np.ceil(step)", "np.ceil(step) + 1"), "Your step is one too late: the share is reached one step before. Counting starts at 0, with h_0."),
        Mistake("strictly below", edit("np.ceil(step)", "np.floor(step) + 1"), "Your step is one too late where the second mode is exactly 1 % of the first. At most 1 % includes that."),
        Mistake("step 1 at least", edit("0.0)", "1.0)"), "Your step is 1 at least. Where the second mode is small from the beginning, the first such step is 0."),
        Mistake("rounded to the nearest", edit("ceil", "round"), "Your step is rounded to the nearest whole number. The first step at which the share is reached is the next one up."),
        Mistake("not rounded", edit("np.ceil(step)", "step"), "Your step is no whole number. Asked for is the first step at which the share is reached."),
        Mistake("negative step", edit("max(np.ceil(step), 0.0)", "np.ceil(step)"), "Your step is negative where the second mode is small from the beginning. The earliest step is 0."),
        Mistake("neither rounded nor cut", edit("max(np.ceil(step), 0.0)", "step"), "Your step is no whole number, and below 0 where the second mode is small from the beginning. Asked for is the first whole step at which the share is reached, 0 at least."),
        Mistake("size of the real part", ALIKE["of the real vector"], "Your size of a pair is the length of the real vector that its two make at t = 0. That turns; asked for is the sum of the two sizes."),
        Mistake("second and third mode", edit("[:2]", "[1:3]"), "Your two modes are the second and the third. The slowest is the one with the largest |λ|.", whole=True),
        Mistake("third mode for the second", edit("[:2]", "[:3:2]"), "Your second mode is a later one. The next after the slowest has the next smaller |λ|.", whole=True),
        Mistake("second mode first", edit("radii = np.abs(slowest)", "slowest, first, second = slowest[::-1], second, first\n    radii = np.abs(slowest)"), "Your second mode stands first, in all three. The slowest comes first.", whole=True),
        Mistake("radii the smaller first", edit("return radii", "return radii[::-1]"), "Your radii stand with the smaller first. The slowest mode comes first."),
        Mistake("angles in the other order", edit("return radii, angles", "return radii, angles[::-1]"), "Your angles stand in the other order than your radii. The slowest mode comes first."),
        Mistake("angle from the negative axis", edit("np.abs(np.angle(slowest))", "np.pi - np.abs(np.angle(slowest))"), "You count angles from the negative axis. arg λ is 0 for a λ above 0, and π below."),
        Mistake("angle by arccos of Re λ", edit("np.abs(np.angle(slowest))", "np.arccos(np.clip(slowest.real, -1, 1))"), "You take arccos of Re λ. The cosine of the angle is Re λ/|λ|."),
        Mistake("imaginary part for the angle", edit("np.abs(np.angle(slowest))", "np.abs(slowest.imag)"), "You return the imaginary part of λ. The angle is that of the complex number, between 0 and π."),
        Mistake("angles between the two", edit("return radii, angles", "return radii, np.append(angles[0], abs(angles[1] - angles[0]))"), "Your second angle is a difference. Each mode has its own, |arg λ|."),
        Mistake("|Re| + |Im|", edit("return radii", "return np.abs(slowest.real) + np.abs(slowest.imag)"), "Your radii are |Re λ| + |Im λ|. The distance from 0 is √(Re² + Im²)."),
        Mistake("logarithms of the radii", edit("return radii", "return np.log(radii)"), "Your radii are ln |λ|, growth rates. Asked for is |λ|."),
        Mistake("memory times", edit("return radii", "return -1 / np.log(radii)"), "You return memory times, −1/ln |λ|. Asked for is |λ|."),
        Mistake("difference for the ratio", edit("np.log(radii[1] / radii[0])", "(radii[1] - radii[0])"), "You divide by ρ₂ − ρ₁. What falls is (ρ₂/ρ₁)^t: divide by the logarithm of the ratio."),
        Mistake("log of the share alone", edit("np.log(SHARE * first / second)", "np.log(SHARE) * first / second"), "You multiply ln 0.01 by the ratio of the sizes. It stands inside the logarithm."),
        Mistake("first and second share added", edit("np.log(SHARE * first / second)", "np.log(SHARE * first / (first + second))"), "Your step takes 1 % of the share of the first in both. It is the size of the second beside that of the first."),
        Mistake("step of the whole state", edit("SHARE * first / second", "SHARE * np.linalg.norm(h0) / second"), "Your step compares with the length of h_0. The second mode is compared with the first."),
        Mistake("step turned positive", edit("max(np.ceil(step), 0.0)", "abs(np.ceil(step))"), "You turn a negative step into a positive one. Where the second mode is small from the beginning, the first such step is 0."),
        Mistake("double for real modes", edit("values.imag > 0, 2, 1", "values.imag == 0, 2, 1"), "Your real modes count twice and your pairs once. A pair is two λ, so its size is the sum of two."),
        Mistake("four for a pair", edit("> 0, 2, 1", "> 0, 4, 1"), "A pair counts four times in yours. Its two members have the same size: twice that of one."),
        Mistake("modes by their angle", edit("-np.abs(values)", "-np.angle(values)"), "You sort by the angle. The slowest mode is the one with the largest |λ|.", whole=True),
        Mistake("angles with their sign", edit("np.abs(np.angle(slowest))", "np.angle(slowest) * np.where(slowest.imag == 0, -1, 1)"), "Your angle of a negative λ is −π. Asked for is |arg λ|."),
    ),
    hints=(
        "Sort by |λ|, with one member of every pair. What does each mode's size do from step to step?",
        "|λ_1| and |λ_2| are the radii. The size of mode i at step t is |a_i| ‖v_i‖ |λ_i|^t, twice that for a pair.",
        "size₂/size₁ at the beginning, times (ρ₂/ρ₁)^t, equals 0.01: solve for t as in (7.4), then the next whole number, 0 at least.",
    ),
)  # fmt: skip
