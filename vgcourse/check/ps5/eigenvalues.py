"""Problem set 5 on what eigenvalues tell: how the slowest mode behaves, and whether every start dies out."""

import numpy as np

from vgcourse.check.compare import describe
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps5.linear import matrix_with
from vgcourse.dynamics import modes

# --- dominant_mode ---------------------------------------------------------------------------------


def dominant_mode(W):
    """Of the largest |λ|: the modulus ρ, the period 2π/|arg λ| and the half-life −ln 2/ln ρ, in steps."""
    first = modes(W).values[0]
    rho = np.abs(first)
    return rho, 2 * np.pi / np.abs(np.angle(first)), -np.log(2) / np.log(rho)


def _by_modulus(values):
    return values[np.argmax(np.abs(values))]


def _dominant(
    W,
    *,
    spectrum=np.linalg.eigvals,
    pick=_by_modulus,
    radius=np.abs,
    angle=lambda first: np.abs(np.angle(first)),
    turn=2 * np.pi,
    life=lambda first: -np.log(2) / np.log(np.abs(first)),
):
    first = complex(pick(spectrum(W)))
    return np.float64(radius(first)), np.float64(turn / angle(first)), np.float64(life(first))


def _dominant_cases(rng):
    names = ("radius", "period", "half_life")
    spectra = (
        [rng.uniform(0.55, 0.7), (rng.uniform(0.8, 0.95), rng.uniform(1.0, 1.2)), -0.3],
        [(rng.uniform(0.8, 0.95), rng.uniform(1.9, 2.8)), rng.uniform(0.3, 0.5)],
        [rng.uniform(0.5, 0.7), -rng.uniform(0.8, 0.95)],
        [(rng.uniform(0.8, 0.95), rng.uniform(0.4, 0.6)), rng.uniform(0.3, 0.5)],
    )
    matrices = [matrix_with(blocks, rng) for blocks in spectra]
    for _ in range(100):  # somewhere np.linalg.eigvals must not list the largest first
        listed = np.abs(np.linalg.eigvals(matrices[2]))
        if listed[0] < listed.max():
            break
        matrices[2] = matrix_with(spectra[2], rng)
    return [Case((W,), names) for W in matrices]


def _not_half(args, outputs):
    with np.errstate(all="ignore"):
        return abs(2 * outputs["radius"] ** outputs["half_life"] - 1)


def _period_too_short(args, outputs):
    return max(0.0, 2 - outputs["period"])


DOMINANT_MODE = Problem(
    name="ps5.dominant_mode",
    reference=dominant_mode,
    cases=_dominant_cases,
    family=_dominant,
    invariants=(
        Invariant("half after one half-life", _not_half, "Your radius and half_life do not fit together: ρ^half_life has to be ½. Try it with your own two numbers."),
        Invariant("period at least 2", _period_too_short, "Your period is below 2 steps, or negative. An angle |arg λ| lies between 0 and π, half a turn a step, so no period is shorter than 2."),
    ),
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("largest real part", dict(pick=lambda values: values[np.argmax(values.real)]), "You pick the λ with the largest real part. That decides in continuous time; here a mode grows by |λ| a step: np.argmax(np.abs(values))."),
        Mistake("smallest eigenvalue", dict(pick=lambda values: values[np.argmin(np.abs(values))]), "You pick the smallest |λ|. The mode that dominates is the one that dies last: the largest |λ|."),
        Mistake("first eigenvalue", dict(pick=lambda values: values[0]), "You take the first λ that np.linalg.eigvals lists. It lists them in no order: pick the one with the largest np.abs."),
        Mistake("singular values", lambda W: _dominant(W, spectrum=lambda W: np.linalg.svd(W, compute_uv=False)), "You use the largest singular value, what one step can do at most. Over many steps the eigenvalues decide: np.linalg.eigvals."),
        Mistake("symmetric eigenvalues", lambda W: _dominant(W, spectrum=np.linalg.eigvalsh), "np.linalg.eigvalsh takes W for symmetric and finds no complex pair. Use np.linalg.eigvals."),
        Mistake("radius: real part", dict(radius=np.real), "Your radius is the real part of λ. Its modulus is √(Re² + Im²), np.abs(λ)."),
        Mistake("radius: absolute real part", dict(radius=lambda first: abs(first.real)), "Your radius is |Re λ|. The imaginary part counts as much: np.abs of the complex λ is √(Re² + Im²)."),
        Mistake("radius squared", dict(radius=lambda first: abs(first) ** 2), "Your radius is Re² + Im². The modulus is its square root."),
        Mistake("angle by arctan", dict(angle=lambda first: np.abs(np.arctan(first.imag / first.real))), "Your angle is never more than a quarter of a turn, as arctan(Im/Re) and arcsin(Im/ρ) give it: where the real part of λ is negative it is wrong. Use np.angle(λ)."),
        Mistake("half a turn", dict(turn=np.pi), "Your period is π/θ, half an oscillation. A full turn is 2π."),
        Mistake("2π left out", dict(turn=1.0), "Your period is 1/θ. A turn is 2π radians, and each step turns by θ: 2π/θ steps."),
        Mistake("degrees", dict(angle=lambda first: np.abs(np.angle(first, deg=True))), "You divide 2π by an angle in degrees. Take both in radians, or 360 by degrees."),
        Mistake("angle, not period", dict(angle=lambda first: 1 / np.abs(np.angle(first)), turn=1.0), "You return the angle per step. The period is the number of steps for a full turn: 2π divided by it."),
        Mistake("time constant", dict(life=lambda first: -1 / np.log(np.abs(first))), "−1/ln ρ is the time to 1/e. The half-life solves ρ^t = ½."),
        Mistake("half-life upside down", dict(life=lambda first: -np.log(np.abs(first)) / np.log(2)), "Your half-life is ln ρ / ln ½, upside down. ρ^t = ½ gives t ln ρ = ln ½: divide by ln ρ."),
        Mistake("half-life: sign", dict(life=lambda first: np.log(2) / np.log(np.abs(first))), "Your half-life is negative. ln ρ is negative for ρ < 1, and ln ½ too: t = ln ½ / ln ρ."),
        Mistake("half-life of Re λ", dict(life=lambda first: -np.log(2) / np.log(np.abs(first.real))), "Your half-life uses the real part of λ. A complex mode shrinks by |λ| a step."),
        Mistake("half-life in continuous time", dict(life=lambda first: -np.log(2) / first.real), "ln 2 / (−Re λ) belongs to e^{λt}. Here t steps give ρ^t, so divide ln ½ by ln ρ."),
        Mistake("half-life by 1 − ρ", dict(life=lambda first: np.log(2) / (1 - np.abs(first))), "ln 2/(1 − ρ) is the approximation for ρ near 1. Exact is ln ½ / ln ρ."),
        Mistake("half-life: ln over log₁₀", dict(life=lambda first: -np.log(2) / np.log10(np.abs(first))), "Your two logarithms have different bases. In ρ^t = ½ any base will do, but the same one above and below."),
        Mistake("half-life: log₁₀ over ln", dict(life=lambda first: -np.log10(2) / np.log(np.abs(first))), "Your two logarithms have different bases: log₁₀ 2 above, ln ρ below. Take the same one twice."),
    ),
    hints=(
        "Which eigenvalue shrinks most slowly? Ask how large each one is as a complex number.",
        "λ = ρ e^{iθ}: after t steps the mode has size ρ^t and has turned by θt.",
        "The period solves θt = 2π; the half-life solves ρ^t = ½. θ is np.angle(λ), without its sign.",
    ),
)  # fmt: skip


# --- is_stable -------------------------------------------------------------------------------------


def is_stable(W):
    """True if W^t h → 0 for every h: all |λ| < 1."""
    return _verdict(W)


def _verdict(W, *, spectrum=np.linalg.eigvals, size=np.abs, combine=np.max, below=lambda value: value < 1.0):
    return bool(below(combine(size(spectrum(W)))))


def _by_norm(norm):
    return dict(spectrum=lambda W: np.array([norm(W)]))


def _numerically_larger(values):
    """np.max of complex numbers: the largest real part decides."""
    return np.abs(np.sort_complex(values)[-1])


def _turned(A, rng):
    Q = np.linalg.qr(rng.normal(size=A.shape))[0]
    return Q @ A @ Q.T


def _stability_cases(rng):
    def sign():
        return rng.choice([-1.0, 1.0])

    angle, rho = rng.uniform(1.2, 1.5) * sign(), rng.uniform(1.1, 1.3)
    turn = rho * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pair = matrix_with([(rng.uniform(1.1, 1.3), rng.uniform(1.4, 1.6)), rng.uniform(0.6, 0.9)], rng)
    flipping = _turned(np.diag([-rng.uniform(1.2, 1.4), 0.5, 0.2]), rng)
    kind = _turned(np.diag(rng.uniform(0.7, 0.95, 3)), rng)
    upper = np.array([[0.6, rng.uniform(3, 4) * sign()], [0.0, 0.5]])
    lower = np.array([[0.7, 0.0], [rng.uniform(3, 4) * sign(), 0.4]])
    two_large = _turned(np.diag([rng.uniform(1.4, 1.6), rng.uniform(1.4, 1.6), 0.6]), rng)
    one_large = _turned(np.diag([rng.uniform(2.8, 3.2), rng.uniform(0.1, 0.2), 0.4]), rng)
    turning = rng.uniform(0.8, 0.95) * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    diagonal = np.diag(rng.uniform(0.6, 0.8, 4)) * [1, -1, 1, -1]
    lopsided = np.array([[0.55, 0.6 * sign()], [0.0, 0.1]])
    crowd = np.full((4, 4), 0.5) + 0.05 * rng.uniform(-1, 1, size=(4, 4))
    negative = _turned(-np.diag(rng.uniform(0.3, 0.9, 3)), rng)
    matrices = {
        "one complex pair": turn,
        "a complex pair and a real eigenvalue": pair,
        "a negative eigenvalue": flipping,
        "symmetric": kind,
        "upper triangular": upper,
        "lower triangular": lower,
        "eigenvalues on both sides of 1": two_large,
        "one eigenvalue far larger": one_large,
        "a scaled rotation": turning,
        "diagonal": diagonal,
        "one large row": lopsided,
        "many entries near ½": crowd,
        "all eigenvalues negative": negative,
        "W = [[1]]": np.array([[1.0]]),
        "W = [[−1]]": np.array([[-1.0]]),
    }
    return [Case((W,), (name,)) for name, W in matrices.items()]


def _as_flag(output, args):
    """A verdict as 1 or 2, so that it compares like any other answer."""
    if isinstance(output, np.ndarray) and output.shape == ():
        output = output[()]
    if isinstance(output, np.ndarray):
        raise TypeError("is an array; expected a single True or False")
    if not isinstance(output, (bool, np.bool_)) and not (
        isinstance(output, (int, float, np.number)) and output in (0, 1)
    ):
        raise TypeError(f"is {describe(output)}; expected True or False")
    return np.array(1.0 + bool(output))


IS_STABLE = Problem(
    name="ps5.is_stable",
    reference=is_stable,
    cases=_stability_cases,
    family=_verdict,
    adapt=_as_flag,
    exact=True,
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("real part below 1", dict(size=np.real), "You ask for Re λ < 1. In discrete time a mode grows by |λ| a step: a pair at ±1.2i has real part 0 and blows up, and so does −1.3."),
        Mistake("real part below 0", dict(size=np.real, below=lambda value: value < 0), "Re λ < 0 is the rule for dh/dt = W h. Here each step multiplies by W: all |λ| < 1."),
        Mistake("absolute real part", dict(size=lambda values: np.abs(values.real)), "You drop the imaginary part before the absolute value. |λ| = √(Re² + Im²)."),
        Mistake("max before abs", dict(size=lambda values: values, combine=_numerically_larger), "You take the maximum of complex numbers and then its modulus. np.max of them looks at the real part first: take np.abs before the maximum."),
        Mistake("at most 1", dict(below=lambda value: value <= 1.0), "You allow |λ| = 1. Such a mode neither grows nor dies, and asked is whether every start dies out: strictly below 1."),
        Mistake("one is enough", dict(combine=np.min), "You ask whether some |λ| is below 1. One mode outside the unit circle is enough to blow up: all of them have to lie inside."),
        Mistake("mean of |λ|", dict(combine=np.mean), "You average |λ|. The largest one decides alone."),
        Mistake("spectral norm", _by_norm(lambda W: np.linalg.norm(W, 2)), "You ask for ‖W‖₂ < 1. That is enough but not needed: it bounds one step. A W that is not normal may grow first and still die out."),
        Mistake("Frobenius norm", _by_norm(np.linalg.norm), "You ask for np.linalg.norm(W) < 1, the Frobenius norm. It is larger than every |λ|, so it refuses many stable W."),
        Mistake("row sums", _by_norm(lambda W: np.abs(W).sum(axis=1).max()), "You ask for row sums of |W| below 1. That is enough but not needed: ask for the eigenvalues."),
        Mistake("entries below 1", _by_norm(lambda W: np.abs(W).max()), "You ask for entries below 1. Many small entries add up to a large eigenvalue, and a large entry may do no harm."),
        Mistake("determinant", _by_norm(lambda W: abs(np.linalg.det(W))), "You ask for |det W| < 1. The determinant is the product of all λ: a small one hides a large one."),
        Mistake("trace", _by_norm(lambda W: abs(np.trace(W))), "You ask for |trace| < 1. The trace is the sum of all λ, where opposite signs cancel."),
        Mistake("symmetric eigenvalues", dict(spectrum=np.linalg.eigvalsh), "np.linalg.eigvalsh reads one triangle and takes W for symmetric. Use np.linalg.eigvals."),
        Mistake("symmetric part", dict(spectrum=lambda W: np.linalg.eigvalsh((W + W.T) / 2)), "You take the eigenvalues of (W + Wᵀ)/2. They tell whether a single step can grow; the long run is told by those of W."),
        Mistake("always True", lambda W: True, "Your function says True to every matrix here. Some of them have a |λ| above 1: compare the largest with 1, and return the result of the comparison."),
        Mistake("always False", lambda W: False, "Your function says False to every matrix here. Some of them have all |λ| below 1: compare the largest with 1, and return the result of the comparison."),
        Mistake("reversed", dict(below=lambda value: value >= 1.0), "Your verdict is the wrong way round: all |λ| < 1 means stable."),
    ),
    hints=(
        "W^t multiplies each eigenvector by λ^t. Which λ make that small?",
        "One False if a single mode survives. Complex λ have a size too, and |λ| = 1 does not die out.",
        "np.linalg.eigvals(W) gives the λ; compare the largest of their absolute values.",
    ),
)  # fmt: skip
