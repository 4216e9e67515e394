"""Problem set 5 is not lecture 7 again: nothing that it or the library has passes as it stands."""

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, dynamics, gradcheck, initializers, losses
from vgcourse.activations import get_activation
from vgcourse.check import evaluate
from vgcourse.problems import problems

PS5 = [problem.name for problem in problems("ps5")]
LIBRARY = public_functions(activations, dynamics, gradcheck, initializers, losses)


@pytest.mark.parametrize("name", PS5)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 50
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lecture's equations, and the library behind a signature that fits -------------------------------


def at_once(W, C, V, x, h0, delay):
    """(7.5)."""
    return dynamics.simulate(W, h0, len(x), C=C, x=x)[1:] @ V.T


def left_alone(W, u, ts):
    """(7.3)."""
    found = dynamics.modes(W)
    a = np.linalg.solve(found.vectors, u)
    return ((found.values ** ts[:, None] * a) @ found.vectors.T).real


def step_of_one_per_cent(W, h0):
    """The cell that checks (7.4)."""
    values, vectors, _ = dynamics.modes(W)
    a = np.linalg.solve(vectors, h0)
    when = np.ceil(np.log(0.01 * abs(a[0] / a[1])) / np.log(abs(values[1] / values[0])))
    return np.abs(values[:2]), np.abs(np.angle(values[:2])), when


def library_growth(A, steps):
    found = dynamics.transient_growth(A, steps)
    return found.norms[1:], found.peak_at, dynamics.modes(A).vectors[:, 0].real


def lyapunov_sum(W, c, lags):
    """(7.11), and a square of it for every lag."""
    P = dynamics.lyapunov_function(W)
    g = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return P, np.array([v @ P @ v for v in g])


def lyapunov_sum_inverse(W, c, lags):
    P = dynamics.lyapunov_function(W)
    g = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return P, np.array([v @ np.linalg.solve(P, v) for v in g])


def one_unit(taps):
    """(7.14)."""
    first = {k: float(B[0, 0]) for k, B in taps.items()}
    return dynamics.companion(first), np.abs(dynamics.poles(first))


def impulse(feedback, inputs, steps):
    """Figure 7.7."""
    return dynamics.impulse_response(feedback, steps), 1 / (1 - sum(feedback.values()))


def added_up(feedback, inputs, steps):
    return np.cumsum(dynamics.impulse_response(feedback, steps)), 1 / (1 - sum(feedback.values()))


def over_the_radius(W):
    return 1 / np.abs(np.linalg.eigvals(W)).max()


def one_step(name, w, drive, h):
    """(7.16): the slope of one step."""
    f = get_activation(name)
    slopes = w * f.derivative(w * h + drive)
    return f.function(w * h + drive), slopes, np.abs(slopes) < 1


def product(name, w, c, leak, x, h0):
    """(7.16), and the sums that belong to it."""
    f = get_activation(name)
    h = dynamics.scalar_orbit(w, h0, len(x), activation=name, c=c, x=x)
    slopes = f.derivative(w * h[:-1] + c * x)
    dh = np.append(np.cumprod((w * slopes)[::-1])[::-1], 1.0)
    dz = dh[1:] * slopes
    return dh, dz @ h[:-1], dz @ x, 0.0


def forward_exponents(Js, k, every):
    """(7.20)."""
    Q, total = np.eye(len(Js[0]))[:, :k], 0.0
    for J in Js:
        Q, R = np.linalg.qr(J @ Q)
        total = total + np.log(np.abs(np.diag(R)))
    return total / len(Js)


def library_backwards(Js, k, every):
    return dynamics.lyapunov_exponents(Js[::-1].swapaxes(1, 2).copy(), k, every=every)


def lyapunov_diagonal(W):
    """(7.11): what each unit alone will have been."""
    return np.sqrt(np.diag(dynamics.lyapunov_function(W)))


def lyapunov_diagonal_backwards(W):
    return 1 / np.sqrt(np.diag(dynamics.lyapunov_function(W.T.copy())))


def scaled_to_the_radius(W):
    """`scale` of section 8."""
    return 0.9 * W / np.abs(np.linalg.eigvals(W)).max()


def orthogonal_eigenvectors(W):
    """`drawn` of section 8 with orthogonal U, and real parts where it has none."""
    values, U, _ = dynamics.modes(W)
    U = np.linalg.qr(U.real)[0]
    return U * values.real @ U.T


def the_lectures_matrices(stable):
    """Those that lecture 7 shows."""
    good = np.array([[0.9, 5.0], [0.0, 0.9]]), np.array([[1.2, 1.1], [-1.0, -1.0]])
    bad = np.array([[0.0, -1.03], [1.03, 0.0]]), np.ones((3, 3)), np.array([[0.6, 0.4], [0.5, 0.5]])
    return all(map(stable, good)) and not any(map(stable, bad))


COPIED = {
    "ps5.delayed_response": (at_once,),
    "ps5.constant_response": (left_alone,),
    "ps5.two_modes": (step_of_one_per_cent,),
    "ps5.growth_start": (library_growth,),
    "ps5.recall": (lyapunov_sum, lyapunov_sum_inverse),
    "ps5.block_companion": (one_unit,),
    "ps5.step_response": (impulse, added_up),
    "ps5.largest_leak": (over_the_radius,),
    "ps5.two_step_orbits": (one_step,),
    "ps5.leaky_gradient": (product,),
    "ps5.backward_exponents": (forward_exponents, library_backwards),
    "ps5.shrinking_scales": (lyapunov_diagonal, lyapunov_diagonal_backwards),
    "ps5.calm": (scaled_to_the_radius, orthogonal_eigenvectors),
    "ps5.tells_stability": (the_lectures_matrices,),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # The norms are those of (7.10); which start grows by them is new.
    library_growth: 1 / 3,
    # One step of an orbit of two steps is one step.
    one_step: 1 / 3,
    # The lecture's examples are a good beginning of a test.
    the_lectures_matrices: 0.75,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS5


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7, 12):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) + 1e-12 < 1, share


@pytest.mark.parametrize("name", PS5)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, what is known of it, or a wrong shape."""
    for answer in COPIED[name]:
        verdict = evaluate(name, answer)
        assert verdict.findings or any("shape" in row.problem for row in verdict.rows), answer.__name__


# --- the library used with the idea of the part: these pass, and may -------------------------------------


def inputs_moved(W, C, V, x, h0, delay):
    """Whoever moves the inputs has solved part 1."""
    late = np.vstack([np.zeros((delay, x.shape[1])), x])[: len(x)]
    return dynamics.simulate(W, h0, len(x), C=C, x=late)[1:] @ V.T


def the_other_lyapunov_sum(W, c, lags):
    """Whoever sees that S is (7.11) for Wᵀ with c cᵀ in the middle has solved the first half of part 5."""
    middle = np.outer(c, c)
    S = dynamics.lyapunov_function(W.T.copy(), middle + 1e-10 * np.trace(middle) * np.eye(len(c)))
    g = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return S, np.array([v @ np.linalg.solve(S, v) for v in g])


def impulses_at_every_input(feedback, inputs, steps):
    """Whoever sees a step as impulses, each heard through the taps on the input, has solved part 7."""
    c = np.zeros(max(inputs) + 1)
    c[list(inputs)] = list(inputs.values())
    h = np.cumsum(np.convolve(dynamics.impulse_response(feedback or {1: 0.0}, steps), c)[: steps + 1])
    return h, sum(inputs.values()) / (1 - sum(feedback.values()))


@pytest.mark.parametrize(
    "name, answer",
    [
        ("ps5.delayed_response", inputs_moved),
        ("ps5.recall", the_other_lyapunov_sum),
        ("ps5.step_response", impulses_at_every_input),
    ],
)
def test_the_library_used_with_the_idea_of_the_part_passes(name, answer):
    assert evaluate(name, answer, seed=3).share == 1
