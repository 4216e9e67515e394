"""The gradient checker is itself checked: it finds what is wrong and accuses nothing that is right."""

import numpy as np
import pytest

from vgcourse._trees import map_leaves
from vgcourse.activations import ACTIVATIONS
from vgcourse.gradcheck import (
    BlockError,
    GradientReport,
    check_gradients,
    complex_step,
    numerical_gradient,
    relative_error,
    step_sweep,
    verify,
)
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.mlp import mlp_backward, mlp_forward, mlp_init


def rng(seed=0):
    return np.random.default_rng(seed)


# relative_error


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e-310, 1e200, 1e307])
def test_relative_error_has_no_scale(scale):
    a, b = np.array([3.0, 0.0]), np.array([3.0, 4.0])
    assert relative_error(a * scale, b * scale) == pytest.approx(4 / 5, rel=1e-12, abs=0)
    assert relative_error(b * scale, a * scale) == pytest.approx(4 / 5, rel=1e-12, abs=0)
    assert relative_error(b * scale, b * scale) == 0
    assert relative_error(b * scale, -b * scale) == 2
    assert relative_error(b * scale, 0 * b) == 1
    assert relative_error(0 * b, b * scale) == 1


def test_relative_error_sees_what_allclose_does_not():
    assert np.allclose(0, 1e-18)
    assert relative_error(0, 1e-18) == 1


def test_relative_error_is_a_float_and_symmetric():
    a, b = rng().standard_normal((2, 4, 3))
    assert isinstance(relative_error(a, b), float)
    assert relative_error(a, b) == relative_error(b, a)
    assert relative_error(np.array([1 + 1j]), np.array([1 - 1j])) == pytest.approx(2 / np.sqrt(2))
    assert relative_error(np.zeros((2, 2)), np.zeros((2, 2))) == 0
    assert relative_error(2, 1) == 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_relative_error_of_nonsense_is_infinite(bad):
    for pair in (([bad, 1.0], [1.0, 1.0]), ([1.0, 1.0], [bad, 1.0]), ([bad, 1.0], [bad, 1.0])):
        assert relative_error(*pair) == np.inf


def test_relative_error_never_broadcasts():
    with pytest.raises(
        ValueError, match=r"relative_error: b has shape \(2, 1\); expected \(2,\) because a has shape \(2,\)"
    ):
        relative_error(np.ones(2), np.ones((2, 1)))  # fmt: skip


# numerical_gradient


def test_numerical_gradient_of_a_quadratic_is_exact_up_to_rounding():
    a = rng().standard_normal((2, 3))
    x = rng(1).standard_normal((2, 3))
    x.flags.writeable = False
    gradient = numerical_gradient(lambda x: (a * x**2).sum(), x)
    assert gradient.shape == x.shape
    assert relative_error(gradient, 2 * a * x) < 1e-9
    # the step is h, not h/2 or 2h: for x³ the error is exactly h²
    assert numerical_gradient(lambda x: x**3, 0.0, step=0.1) == pytest.approx(0.01, rel=1e-12, abs=0)


def test_numerical_gradient_refuses():
    for step in (0, -1e-5, np.nan):
        with pytest.raises(ValueError, match="numerical_gradient: step is .*; expected a positive number"):
            numerical_gradient(np.sum, np.ones(2), step=step)
    with pytest.raises(TypeError, match="numerical_gradient: x holds int64 values; expected float64"):
        numerical_gradient(np.sum, np.ones(2, int))
    with pytest.raises(ValueError, match="numerical_gradient: x is empty"):
        numerical_gradient(np.sum, np.ones(0))


# complex_step


def test_complex_step_is_a_jacobian_vector_product():
    a, x, v = rng().standard_normal((3, 4)), rng(1).standard_normal(4), rng(2).standard_normal(4)
    jacobian = (1 / np.cosh(a @ x) ** 2)[:, None] * a
    assert relative_error(complex_step(lambda x: np.tanh(a @ x), x, v), jacobian @ v) < 4e-16
    assert complex_step(np.exp, 1.0, 1.0) == pytest.approx(np.e, rel=1e-15, abs=0)


def test_complex_step_keeps_its_accuracy_where_gradients_vanish():
    assert complex_step(lambda x: 1e-200 * np.sin(x), 1.0, 1.0) == pytest.approx(
        1e-200 * np.cos(1.0), rel=1e-15
    )


def test_complex_step_refuses():
    with pytest.raises(
        ValueError, match=r"complex_step: v has shape \(3,\); expected \(2,\) because x has shape \(2,\)"
    ):
        complex_step(np.sum, np.ones(2), np.ones(3))  # fmt: skip
    with pytest.raises(ValueError, match="complex_step: f returned real numbers.*drops the derivative"):
        complex_step(lambda x: np.abs(x).sum(), np.ones(2), np.ones(2))
    with pytest.raises(TypeError, match="complex_step: x holds int64"):
        complex_step(np.sum, np.ones(2, int), np.ones(2))
    with pytest.raises(ValueError, match="complex_step: x is empty"):
        complex_step(np.sum, np.ones(0), np.ones(0))


# step_sweep


def f(z):
    return np.tanh(z) * np.exp(z / 3)


AT = 0.7
TRUTH = np.exp(AT / 3) * (1 / np.cosh(AT) ** 2 + np.tanh(AT) / 3)


def test_the_v_curve_has_its_known_numbers():
    sweep = step_sweep(f, AT, 1.0, TRUTH, steps=[1e-2, 1e-5, 1e-8, 1e-10])
    assert sweep.steps.tolist() == [1e-2, 1e-5, 1e-8, 1e-10]
    assert sweep.central[0] == pytest.approx(8e-6, rel=0.1, abs=0)  # h² f'''/6f': no rounding in it
    for error, known in zip(sweep.central[1:], [9e-12, 9e-9, 9e-7], strict=True):
        assert known / 30 < error < known * 3  # rounding: right order, lucky draws allowed
    assert sweep.complex_step[0] == pytest.approx(8e-6, rel=0.1, abs=0)  # its h² has the other sign
    assert sweep.complex_step[2:].max() < 5e-16


def test_each_difference_has_its_own_slope_and_floor():
    sweep = step_sweep(f, AT, 1.0, TRUTH)
    assert len(sweep.steps) == 57
    assert sweep.steps[0] == pytest.approx(0.1) and sweep.steps[-1] == pytest.approx(1e-15)
    assert all(errors.shape == (57,) for errors in sweep[1:])
    large = (sweep.steps > 1e-4) & (sweep.steps < 5e-2)

    def slope(errors):
        return np.polyfit(np.log(sweep.steps[large]), np.log(errors[large]), 1)[0]

    assert slope(sweep.forward) == pytest.approx(1, abs=0.05)
    assert slope(sweep.central) == pytest.approx(2, abs=0.05)
    assert 1e-10 < sweep.forward.min() < 1e-7
    assert 1e-13 < sweep.central.min() < 1e-10
    assert sweep.complex_step[sweep.steps < 1e-9].max() < 5e-16
    assert sweep.forward[-1] > 1e-3 and sweep.central[-1] > 1e-3


def test_a_sweep_goes_along_v():
    x, v = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    sweep = step_sweep(lambda x: (x**2).sum(), x, v, truth=2 * (x * v).sum(), steps=[1e-3])
    assert sweep.central[0] < 1e-11
    assert sweep.forward[0] == pytest.approx(0.01 / 2.01, rel=1e-6, abs=0)  # 2 + h|v|² against 2


def test_a_sweep_refuses():
    with pytest.raises(ValueError, match=r"step_sweep: v has shape \(3,\); expected \(2,\)"):
        step_sweep(np.sum, np.ones(2), np.ones(3), 1.0)
    with pytest.raises(TypeError, match="step_sweep: x holds int64"):
        step_sweep(np.sum, np.ones(2, int), np.ones(2), 1.0)


# check_gradients


def net(seed, activation="tanh"):
    """A random net's loss as a function of its parameters, the parameters and their gradient."""
    r = rng(seed)
    depth, sizes = r.integers(1, 5), r.integers(1, 7, 8)
    params = mlp_init(tuple(sizes[: depth + 1]), rng=r)
    params = map_leaves(lambda w: w + 0.3 * r.standard_normal(w.shape), params)
    x = r.standard_normal((r.integers(1, 6), sizes[0]))
    labels = r.integers(0, sizes[depth], len(x))

    def loss(params):
        return softmax_cross_entropy_forward(mlp_forward(params, x, activation=activation)[0], labels)[0]

    logits, caches = mlp_forward(params, x, activation=activation)
    dlogits = softmax_cross_entropy_backward(1.0, softmax_cross_entropy_forward(logits, labels)[1])
    return loss, params, mlp_backward(dlogits, caches)[2]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_no_false_alarm_over_60_nets(activation):
    for seed in range(20):
        loss, params, grads = net(seed, activation)
        report = check_gradients(loss, params, grads, rng=rng(seed))
        assert report.ok, f"seed {seed}\n{report}"
        assert report.wrong == [] and len(report.blocks) == 2 * len(params)


def wide_net():
    r = rng(3)
    params = mlp_init((4, 6, 5, 3), rng=r)
    x = r.standard_normal((7, 4))
    weights = r.standard_normal((7, 3))

    def loss(params):
        return (mlp_forward(params, x)[0] * weights).sum()

    return loss, params, mlp_backward(weights, mlp_forward(params, x)[1])[2]


@pytest.mark.parametrize("layer", range(3))
@pytest.mark.parametrize("field", ["W", "b"])
def test_one_entry_off_by_a_thousandth_is_found_and_named(layer, field):
    loss, params, grads = wide_net()
    array = getattr(grads[layer], field)
    for entry in [(0,) * array.ndim, tuple(n - 1 for n in array.shape)]:
        wrong = array.copy()
        wrong[entry] *= 1.001
        claimed = [*grads[:layer], grads[layer]._replace(**{field: wrong}), *grads[layer + 1 :]]
        report = check_gradients(loss, params, tuple(claimed), rng=rng(1))
        assert not report.ok
        assert report.wrong == [f"[{layer}].{field}"]
        assert str(report).count("✗") == 1 and f"wrong: [{layer}].{field} (tolerance 1e-09)" in str(report)
        assert str(report).count("✓") == 5


@pytest.mark.parametrize(
    "mistake", [lambda g: -g, lambda g: 2 * g, lambda g: 0 * g, lambda g: g[::-1].copy()]
)
@pytest.mark.parametrize("scale", [1.0, 1e-200])
def test_wrong_gradients_are_found_at_any_scale(mistake, scale):
    w = rng().standard_normal((3, 2))
    gradient = 2 * scale * w

    def loss(w):
        return scale * (w**2).sum()

    assert check_gradients(loss, w, gradient, rng=rng()).ok
    report = check_gradients(loss, w, mistake(gradient), rng=rng())
    assert report.wrong == ["x"] and report.blocks[0].error > 0.1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonsense_is_never_right(bad):
    w = np.ones(2)
    for claimed in (np.array([bad, 1.0]), np.array([bad, bad]), np.array([bad, -bad])):
        for slope in (1.0, 0.0):  # at slope 0 a NaN could hide behind a maximum
            report = check_gradients(lambda w, slope=slope: slope * w.sum(), w, claimed, rng=rng())
            assert report.wrong == ["x"] and report.blocks[0].error == np.inf
    assert not check_gradients(lambda w: w.sum() * np.nan, w, np.ones(2), rng=rng()).ok


def test_a_gradient_of_zero_may_be_zero():
    assert check_gradients(lambda w: 0 * w.sum(), np.ones(2), np.zeros(2), rng=rng()).ok
    assert not check_gradients(lambda w: 0 * w.sum(), np.ones(2), np.array([0, 1e-30]), rng=rng()).ok


def test_the_tolerance_is_the_caller_s():
    w = np.array([1.0])
    assert not check_gradients(lambda w: w.sum(), w, np.array([1 + 1e-6]), rng=rng()).ok
    report = check_gradients(lambda w: w.sum(), w, np.array([1 + 1e-6]), rng=rng(), tolerance=1e-5)
    assert report.ok and "gradient agrees (tolerance 1e-05)" in str(report)
    assert report.blocks[0].error == pytest.approx(1e-6, rel=1e-3, abs=0)


def test_the_number_of_directions_is_the_number_of_passes():
    calls = []

    def loss(w):
        calls.append(w)
        return w.sum()

    check_gradients(loss, np.ones(3), np.ones(3), rng=rng(), directions=5)
    assert len(calls) == 5
    assert len({c.imag.tobytes() for c in calls}) == 5, "each direction is another one"


def test_the_worst_direction_counts():
    for wrong_call in range(3):
        calls = iter(range(3))
        report = check_gradients(
            lambda w, calls=calls, wrong=wrong_call: (2.0 if next(calls) == wrong else 1.0) * w.sum(),
            np.ones(3), np.ones(3), rng=rng(), directions=3,
        )  # fmt: skip
        assert not report.ok


def test_report_reads_well():
    report = GradientReport((BlockError("W", 1e-15, True), BlockError("bias", 0.5, False)), 1e-9)
    assert str(report).splitlines() == [
        "W     < 1e-12  ✓",
        "bias  5.0e-01  ✗",
        "wrong: bias (tolerance 1e-09)",
    ]


def test_verify_prints_both_and_a_bound_or_raises_with_the_error(capsys):
    verify("(1.7)", 0.0128 + 1e-16, 0.0128)
    assert capsys.readouterr().out.split() == "(1.7) formula 0.0128 measured 0.0128 error < 1e-12 ✓".split()
    verify("(1.18)", np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    assert capsys.readouterr().out.split() == "(1.18) formula ‖5‖ measured ‖5‖ error < 1e-12 ✓".split()
    verify("(4.14)", 1.0, 1.14, 0.15)  # one digit would say 0.1, and more was allowed
    assert capsys.readouterr().out.split()[-3:] == ["<", "1.5e-01", "✓"]
    verify("(4.1)", 1.0, 1.001, 0.0153602)
    assert capsys.readouterr().out.split()[-3:] == ["<", "1.6e-02", "✓"]
    verify("(9.8)", 3, 3, 0)
    assert capsys.readouterr().out.split() == "(9.8) formula 3 measured 3 error 0 ✓".split()
    verify("(1.7)", np.ones(3), np.ones(3), quiet=True)
    assert capsys.readouterr().out == ""
    for wrong in (1.0 + 1e-11, np.nan, 0.0):
        with pytest.raises(AssertionError, match=r"\(1\.7\): relative error .* above 1e-12"):
            verify("(1.7)", wrong, 1.0)


def test_check_gradients_refuses():
    with pytest.raises(TypeError, match="check_gradients: rng is int; expected numpy.random.Generator"):
        check_gradients(np.sum, np.ones(2), np.ones(2), rng=0)
    with pytest.raises(
        ValueError, match=r"check_gradients: the gradient of W has shape \(3,\); expected \(2,\)"
    ):
        params = mlp_init((1, 2), rng=rng())[0]._replace(W=np.ones(2))
        check_gradients(np.sum, params, params._replace(W=np.ones(3)), rng=rng())
    with pytest.raises(ValueError, match=r"the gradient of the parameter has shape \(1,\); expected \(2,\)"):
        check_gradients(np.sum, np.ones(2), np.ones(1), rng=rng())
    with pytest.raises(TypeError, match="check_gradients: params holds int64 values"):
        check_gradients(np.sum, np.ones(2, int), np.ones(2), rng=rng())
    for grads in [(np.ones(2),), (np.ones(2),) * 3, np.ones(2)]:
        with pytest.raises(ValueError, match="structures differ: tuple of 2 against"):
            check_gradients(lambda p: p[0].sum(), (np.ones(2), np.ones(2)), grads, rng=rng())


@pytest.mark.parametrize("change", [{"directions": 0}, {"tolerance": np.nan}, {"tolerance": np.inf}])
def test_a_check_that_cannot_fail_is_refused(change):
    with pytest.raises(ValueError, match="check_gradients: (directions|tolerance) is .*; expected"):
        check_gradients(
            lambda x: (x**2).sum(), np.ones(2), np.zeros(2), rng=np.random.default_rng(0), **change
        )


def test_complex_points_are_refused():
    """Their imaginary part would be taken for a derivative."""
    x, z = np.ones(2), np.ones(2, complex)
    for call, words in (
        (lambda: complex_step(np.sum, z, x), "complex_step: x is complex"),
        (lambda: complex_step(np.sum, x, z), "complex_step: v is complex"),
        (lambda: numerical_gradient(np.sum, z), "numerical_gradient: x is complex"),
        (lambda: step_sweep(np.sum, z, x, 1.0), "step_sweep: x is complex"),
        (lambda: step_sweep(np.sum, x, x, 2.0, steps=z), "step_sweep: steps is complex"),
        (lambda: check_gradients(np.sum, (z,), (x,), rng=rng()), r"check_gradients: \[0\] is complex"),
        (lambda: complex_step("f", x, x), "complex_step: f is 'f'; expected a function"),
        (lambda: numerical_gradient(None, x), "numerical_gradient: f is None; expected a function"),
        (lambda: check_gradients(3, x, x, rng=rng()), "check_gradients: loss is 3; expected a function"),
    ):
        with pytest.raises(TypeError, match=f"^{words}"):
            call()
    for call, words in (
        (lambda: step_sweep(np.sum, x, x, 2.0, steps=np.array([1.0, 0.0])), "the smallest step is 0"),
        (
            lambda: check_gradients(np.sum, x, x, rng=rng(), tolerance=-1.0),
            "tolerance is -1.0; expected a pos",
        ),
        (lambda: check_gradients(np.sum, (x,), x, rng=rng()), "check_gradients: structures differ"),
        (lambda: verify("a", 1.0, 1.0, tolerance=np.nan), "verify: tolerance is nan"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


# precision and the ends of the number range


def smooth(w):
    return (np.tanh(w) * np.exp(w / 3)).sum()


def slopes(w):
    return np.exp(w / 3) * (1 / np.cosh(w) ** 2 + np.tanh(w) / 3)


SINGLE = np.array([0.3, -1.2, 0.7], "float32")


def test_float32_points_are_checked_in_float64():
    """In float32 the quotient of step 1e−5 is off by 1.7 %."""
    truth = slopes(SINGLE.astype(float))
    gradient = numerical_gradient(smooth, SINGLE)
    assert gradient.dtype == float and relative_error(gradient, truth) < 1e-9
    step = complex_step(smooth, SINGLE, np.ones(3, "float32"))
    assert step.dtype == float and step == pytest.approx(truth.sum(), rel=1e-14, abs=0)
    tiny = complex_step(lambda w: 1e-30 * smooth(w), SINGLE, np.ones(3))  # 1e−50 is 0 in float32
    assert tiny == pytest.approx(1e-30 * truth.sum(), rel=1e-14, abs=0)
    sweep = step_sweep(
        smooth, SINGLE, np.ones(3, "float32"), truth.sum(), steps=np.array([1e-5, 1e-8], "float32")
    )
    assert sweep.steps.dtype == float
    assert sweep.central[0] < 1e-9 and sweep.forward[1] < 1e-6 and sweep.complex_step[1] < 1e-14
    assert check_gradients(smooth, SINGLE, truth, rng=rng()).ok
    assert check_gradients(smooth, SINGLE, truth.astype("float32"), rng=rng(), tolerance=1e-6).ok
    off = (truth * [1, 1.001, 1]).astype("float32")
    assert not check_gradients(smooth, SINGLE, off, rng=rng(), tolerance=1e-6).ok


CALLS = {  # every function that calls one, at a float32 point
    "numerical_gradient": lambda f: numerical_gradient(f, SINGLE),
    "complex_step": lambda f: complex_step(f, SINGLE, SINGLE),
    "step_sweep": lambda f: step_sweep(f, SINGLE, SINGLE, 1.0),
    "check_gradients": lambda f: check_gradients(f, SINGLE, np.ones(3), rng=rng()),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_computes_in_float32_all_the_same_is_refused(name):
    def rounded(w):
        return smooth(w.astype("complex64" if np.iscomplexobj(w) else "float32"))

    with pytest.raises(TypeError, match=f"{name}: (f|loss) returned (float32|complex64); expected float64"):
        CALLS[name](rounded)
    layer = mlp_init((3, 2), rng=rng(), dtype="float32")

    def net(w):
        return mlp_forward(layer, w[None])[0].sum()

    words = f"{name}: (f|loss) is called with float64 and refuses it .linear_forward: precisions are mixed"
    with pytest.raises(TypeError, match=words):
        CALLS[name](net)

    def broken(w):
        raise TypeError("its own mistake")

    with pytest.raises(TypeError, match="^its own mistake$"):
        numerical_gradient(broken, np.ones(2))


@pytest.mark.parametrize("name", ["numerical_gradient", "step_sweep", "check_gradients"])
def test_a_function_to_be_checked_returns_one_number(name):
    words = rf"{name}: what (f|loss) returned has shape \(3,\); expected \(\)"
    with pytest.raises(ValueError, match=words):
        CALLS[name](np.tanh)
    with pytest.raises(TypeError, match=f"{name}: what (f|loss) returned holds object values"):
        CALLS[name](lambda w: None)


def test_what_drops_the_imaginary_part_is_refused():
    for name in ("complex_step", "step_sweep", "check_gradients"):
        with pytest.raises(ValueError, match=f"{name}: (f|loss) returned real numbers for complex input"):
            CALLS[name](lambda w: np.abs(w).sum())


def test_a_float32_gradient_does_not_agree_to_more_than_its_precision():
    with pytest.raises(
        ValueError, match="the gradient of W is float32, exact to 1.2e-07; expected a gradient"
    ):
        params = mlp_init((1, 2), rng=rng())[0]
        check_gradients(lambda p: p.W.sum(), params, params._replace(W=np.ones((2, 1), "float32")), rng=rng())


@pytest.mark.parametrize("tolerance", [-1, -1e-300, np.nan, np.inf])
def test_tolerances_are_not_negative(tolerance):
    for truth in (1.0, 2.0):
        with pytest.raises(ValueError, match="verify: tolerance is .*; expected a number ≥ 0"):
            verify("(1.7)", 1.0, truth, tolerance=tolerance)
    verify("(1.7)", 1.0, 1.0, tolerance=0, quiet=True)
    with pytest.raises(AssertionError, match="above 0$"):
        verify("(1.7)", 1.0, np.nextafter(1, 2), tolerance=0)


def test_a_step_beside_a_large_number():
    """1e10 ± 1e−5 are 2.1e−5 apart, not 2e−5: the quotient of a linear function would be 5 % off."""
    for x in (1e10, -3e9, 123456789.0):
        assert numerical_gradient(lambda y, x=x: 3 * (y - x), x) == pytest.approx(3, rel=1e-14, abs=0)
    with pytest.raises(ValueError, match="numerical_gradient: step is 1e-05; .* not lost beside x = 1e.17"):
        numerical_gradient(np.sum, np.array([1.0, 1e17]))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="numerical_gradient: x holds 1 values that are NaN or infinite"):
            numerical_gradient(np.sum, np.array([1.0, bad]))


def test_quotients_of_nan_and_infinity_are_not_finite():
    with np.errstate(all="raise"):
        assert np.isnan(numerical_gradient(lambda x: x[0] * 0 + np.inf, np.ones(1)))
        assert np.isnan(numerical_gradient(lambda x: np.nan, np.ones(1)))
        sweep = step_sweep(lambda x: x + np.inf, 1.0, 1.0, 1.0, steps=[1e-3])
    assert sweep.forward[0] == sweep.central[0] == np.inf
    for steps in ([1e-3, np.inf], [1e-3, np.nan]):
        with pytest.raises(ValueError, match="step_sweep: steps holds 1 values that are NaN or infinite"):
            step_sweep(np.sum, np.ones(2), np.ones(2), 1.0, steps=steps)
    with pytest.raises(TypeError, match="step_sweep: f is None; expected a function"):
        step_sweep(None, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("length", [1e-300, 1e-10, 1e10, 1e25, 1e300])
def test_the_length_of_the_direction_does_not_matter(length):
    """With h v = 1e5 the step of a direction of length 1e25 would be no small one."""
    w, v = rng().standard_normal((2, 3))
    truth = (slopes(w) * v).sum()
    assert complex_step(smooth, w, length * v) / length == pytest.approx(truth, rel=1e-12, abs=0)
    assert complex_step(smooth, w, np.zeros(3)) == 0
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="complex_step: v holds 1 values that are NaN or infinite"):
            complex_step(smooth, w, np.array([bad, 1, 1]))


def test_a_derivative_at_nan_is_nan():
    for activation in ACTIVATIONS.values():
        assert np.isnan(complex_step(activation.function, np.array([np.nan, 1.0]), np.ones(2)))[0]


@pytest.mark.parametrize("scale", [1e-200, 1e-280, 1e200, 1e300, 1e307])
@pytest.mark.parametrize(
    "mistake", [lambda g: 2 * g, lambda g: -g, lambda g: 0 * g, lambda g: g * [1, 1, 1.01], lambda g: g[::-1]]
)
def test_wrong_gradients_are_found_at_the_ends_of_the_number_range(scale, mistake):
    """The norm of 1e200 overflows to ∞, and every error is small beside that."""
    w = np.array([0.4, 0.5, 0.6])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        report = check_gradients(lambda w: (scale * w**2).sum(), w, 2 * scale * w, rng=rng())
        assert report.ok and report.blocks[0].error < 1e-14
        report = check_gradients(lambda w: (scale * w**2).sum(), w, mistake(2 * scale * w), rng=rng())
    assert report.wrong == ["x"] and 1e-4 < report.blocks[0].error <= 2.01


def test_a_sum_that_overflows_is_not_right():
    """∞ of a finite gradient: |1 − ∞|/∞ is NaN, and max(0, NaN) is 0."""
    w = np.ones(4)
    claimed = np.full(4, 1.7e308)
    with np.errstate(over="raise", invalid="raise"):
        report = check_gradients(lambda w: w.sum(), w, claimed, rng=rng())
    assert report.wrong == ["x"] and report.blocks[0].error > 0.9


def test_nothing_to_check_is_refused():
    for params in ((), (None,), ((), None)):
        with pytest.raises(ValueError, match="check_gradients: params holds no array; expected at least one"):
            check_gradients(lambda p: 0.0, params, params, rng=rng())


def test_a_report_of_nan_does_not_read_as_small():
    report = GradientReport((BlockError("W", np.nan, False),), 1e-9)
    assert str(report).splitlines()[0] == "W      nan  ✗"


def test_relative_error_of_small_integers_and_floats():
    """|−128| is −128 in int8, and 200² is infinite in float16."""
    assert relative_error(np.array([-128], "int8"), np.array([0], "int8")) == 1
    assert relative_error(np.array([-128, 3], "int8"), np.array([-128, 3], "int8")) == 0
    assert relative_error(np.array([True, False]), np.array([True, True])) == pytest.approx(1 / np.sqrt(2))
    a = np.array([3e4, 4e4], "float16")
    assert relative_error(a, 0 * a) == 1
    assert relative_error(np.array([1e-30], "float32"), np.array([1e30])) == 1
