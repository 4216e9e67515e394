"""Values, derivatives and tails of the activation functions.

pytest.approx has an absolute tolerance of 1e-12 unless told otherwise: in the tails it would accept a zero.
"""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse import activations
from vgcourse.activations import ACTIVATIONS, get_activation, log1p, maxout, maxout_derivative
from vgcourse.gradcheck import complex_step, numerical_gradient, relative_error

Z = np.linspace(-8, 8, 400)  # 0 is not among them: there the kinks are
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)
FUNCTIONS = [getattr(activations, name + suffix) for name in ACTIVATIONS for suffix in ("", "_derivative")]
every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)


def test_the_table_holds_each_activation_under_its_own_name():
    assert set(ACTIVATIONS) == {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"}
    for name, activation in ACTIVATIONS.items():
        assert activation.name == name
        assert activation.function is getattr(activations, name)
        assert activation.derivative is getattr(activations, f"{name}_derivative")
        assert get_activation(name) is activation


@every_activation
def test_the_derivative_is_the_derivative(activation):
    exact = complex_step(activation.function, Z, np.ones_like(Z))
    assert np.abs(activation.derivative(Z) - exact).max() < 4e-16
    central = numerical_gradient(lambda z: activation.function(z).sum(), Z[::10])
    assert relative_error(activation.derivative(Z[::10]), central) < 1e-8


def test_values_by_hand():
    a = {name: activation.function for name, activation in ACTIVATIONS.items()}
    z = np.array([-np.log(3), 0.0, np.log(3)])
    assert a["sigmoid"](z) == pytest.approx([0.25, 0.5, 0.75], rel=1e-15, abs=0)
    assert a["tanh"](z) == pytest.approx([-0.8, 0, 0.8], rel=1e-15, abs=0)
    assert a["relu"](z).tolist() == [0, 0, np.log(3)]
    assert a["leaky_relu"](z) == pytest.approx([-0.01 * np.log(3), 0, np.log(3)], rel=1e-15, abs=0)
    assert activations.leaky_relu(z, 0.2)[0] == pytest.approx(-0.2 * np.log(3), rel=1e-15, abs=0)
    assert activations.leaky_relu_derivative(z, 0.2).tolist() == [0.2, 0.2, 1]
    assert a["elu"](z) == pytest.approx([-2 / 3, 0, np.log(3)], rel=1e-15, abs=0)
    assert a["softplus"](z) == pytest.approx(np.log([4 / 3, 2, 4]), rel=1e-15, abs=0)


def test_the_kink_has_the_left_derivative():
    for name, at_zero in {"relu": 0.0, "leaky_relu": 0.01, "elu": 1.0}.items():
        assert ACTIVATIONS[name].derivative(0.0) == at_zero


def test_largest_slopes():
    """σ' is at most 1/4 and tanh' at most 1, both at 0 and nowhere else: why sigmoid nets vanish."""
    z = np.concatenate([[0.0], Z])
    for name, bound in {"sigmoid": 0.25, "tanh": 1.0}.items():
        slopes = ACTIVATIONS[name].derivative(z)
        assert slopes[0] == bound
        assert (slopes[1:] < bound).all()
        assert (slopes > 0).all()


def test_mean_squared_slopes_under_a_standard_normal():
    points, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()

    def mean(values):
        return (weights * values**2).sum()

    assert mean(activations.sigmoid_derivative(points)) == pytest.approx(0.0448, abs=5e-5)
    assert mean(activations.tanh_derivative(points)) == pytest.approx(0.464, abs=5e-4)
    assert mean(activations.tanh(points)) == pytest.approx(0.394, abs=5e-4)
    assert mean(activations.relu(points)) == pytest.approx(0.5, rel=1e-12, abs=0)


@pytest.mark.parametrize("z", [20.0, 40.0, 100.0, 300.0])
def test_tails_keep_their_relative_accuracy(z):
    both = np.array([-z, z])
    assert activations.sigmoid_derivative(both) == pytest.approx(np.exp(-z), rel=1e-8, abs=0)
    assert activations.tanh_derivative(both) == pytest.approx(4 * np.exp(-2 * z), rel=1e-14, abs=0)
    assert activations.sigmoid(-z) == pytest.approx(np.exp(-z), rel=1e-8, abs=0)
    assert activations.softplus(-z) == pytest.approx(np.exp(-z), rel=1e-8, abs=0)
    assert activations.elu_derivative(-z) == pytest.approx(np.exp(-z), rel=1e-14, abs=0)
    assert activations.softplus_derivative(-z) == pytest.approx(np.exp(-z), rel=1e-8, abs=0)


def test_the_usual_forms_are_zero_in_the_tails_and_ours_are_not():
    assert 1 - np.tanh(20.0) ** 2 == 0
    assert activations.tanh_derivative(20.0) == pytest.approx(1.7e-17, rel=0.01, abs=0)
    s = activations.sigmoid(40.0)
    assert s * (1 - s) == 0
    assert activations.sigmoid_derivative(40.0) == pytest.approx(4.2e-18, rel=0.02, abs=0)


def test_elu_and_softplus_near_zero_do_not_cancel():
    assert activations.elu(-1e-12) == pytest.approx(-1e-12, rel=1e-11, abs=0)
    assert activations.softplus(-36.0) == pytest.approx(2.3195228302435696e-16, rel=1e-12, abs=0)


def test_powers_of_the_largest_sigmoid_slope_reach_zero():
    """0.25^k is the best a chain of k sigmoids can do. It is exactly 0 from k = 75 and k = 538."""
    for dtype, first_zero in {"float32": 75, "float64": 538}.items():
        product, slope = np.ones((), dtype), activations.sigmoid_derivative(np.zeros((), dtype))
        steps = 0
        while product > 0:
            product, steps = product * slope, steps + 1
        assert product.dtype == dtype
        assert steps == first_zero


@every_function
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_input_stays_finite_and_silent(function, dtype):
    z = np.array([-1e30, -1000, -100, 100, 1000, 1e30], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out = function(z)
    assert np.isfinite(out).all()
    assert out.dtype == dtype


@every_function
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_nan_comes_out(function, dtype):
    """A kink's comparison is false for NaN: as a value below the kink it would come out as a plain 0."""
    z = np.array([-1, np.nan, 1], dtype)
    with np.errstate(all="raise"):
        out = function(z)
    assert np.isnan(out).tolist() == [False, True, False]
    assert np.isnan(function(z[1])) and out.dtype == dtype
    if np.iscomplexobj(z):  # a derivative that is NaN is one, too
        for real in (-1, 1, np.nan):
            assert np.isnan(function(np.array([complex(real, np.nan)], dtype)).imag).all()


LIMITS = {  # value and slope at −∞, then at +∞
    "sigmoid": ((0, 0), (1, 0)),
    "tanh": ((-1, 0), (1, 0)),
    "relu": ((0, 0), (np.inf, 1)),
    "leaky_relu": ((-np.inf, 0.01), (np.inf, 1)),
    "elu": ((-1, 0), (np.inf, 1)),
    "softplus": ((0, 0), (np.inf, 1)),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_infinity_gives_the_limit(name, dtype):
    _, function, derivative = ACTIVATIONS[name]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for z, (value, slope) in zip((-np.inf, np.inf), LIMITS[name], strict=True):
            z = np.array([z], dtype)
            assert function(z).tolist() == [value]
            assert derivative(z).tolist() == [np.asarray(slope, dtype)]
            step = complex_step(function, z.real, np.ones(1))
            assert step == pytest.approx([slope], rel=1e-15, abs=0)


def test_a_leaky_slope_of_zero_is_a_relu():
    z = np.array([-np.inf, -1, 0, 1, np.inf])
    for dtype in ("float64", "complex128"):
        with np.errstate(all="raise"):
            assert activations.leaky_relu(z.astype(dtype), 0.0).tolist() == [0, 0, 0, 1, np.inf]
    assert activations.leaky_relu(z, -1.0).tolist() == [np.inf, 1, 0, 1, np.inf]


@pytest.mark.parametrize("size", [20, 300, 800, 1e4, 1e300])
def test_derivatives_of_saturated_complex_input_are_those_of_real_input(size):
    """1/cosh(800 + 0i) divides by ∞ + NaN i."""
    z = np.array([-size, size], float)
    for _, _, derivative in ACTIVATIONS.values():
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            slope = derivative(z + 1e-20j)
        assert slope.real == pytest.approx(derivative(z), rel=1e-15, abs=0)
        assert np.isfinite(slope.imag).all()


def test_complex_softplus_keeps_its_real_part_in_the_tail():
    """np.log1p(1e−22 + 0i) is 0."""
    assert activations.softplus(-50.0 + 0j).real == pytest.approx(np.exp(-50), rel=1e-14, abs=0)
    z = np.array([1e-22, 1e-9, 0.5, -0.5, 3.0])
    assert log1p(z + 0j).real == pytest.approx(np.log1p(z), rel=1e-15, abs=0)
    assert log1p(z + 0j).imag.tolist() == [0] * 5
    assert log1p(z + 1e-20j).imag == pytest.approx(1e-20 / (1 + z), rel=1e-15, abs=0)
    assert log1p(0.3 + 0.4j) == pytest.approx(np.log(1.3 + 0.4j), rel=1e-15, abs=0)


@every_activation
def test_nan_and_infinity_agree_with_torch(activation):
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    z = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 30.0, -30.0])
    theirs = getattr(torch, activation.name, None) or getattr(torch.nn.functional, activation.name)
    theirs = theirs(torch.tensor(z)).numpy()
    assert activation.function(z) == pytest.approx(theirs, rel=1e-12, abs=0, nan_ok=True)


@every_activation
def test_saturated_complex_input_keeps_the_derivative(activation):
    """A complex step through a saturated unit: 1/(1 + e^1000) must not turn into NaN."""
    z = np.array([-1000.0, 1000.0])
    with np.errstate(over="raise", invalid="raise"):
        slope = complex_step(activation.function, z, np.ones(2))
    assert slope == pytest.approx(activation.derivative(z), abs=1e-300)


@every_function
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_shape_and_dtype_are_kept(function, shape, dtype):
    z = np.full(shape, -0.5, dtype)
    z.flags.writeable = False
    out = function(z)
    assert np.shape(out) == shape
    assert out.dtype == dtype


@every_function
def test_numbers_and_lists_of_floats_are_welcome(function):
    assert isinstance(function(0.5), float)
    assert function([0.5, -1.0]).shape == (2,)


@every_function
@pytest.mark.parametrize("z, came", [(np.arange(3), "int64"), (np.zeros(2, bool), "bool"), ("0.5", "str")])
def test_other_types_are_refused(function, z, came):
    # the derivatives of sigmoid and softplus are made of sigmoids, which do the talking
    with pytest.raises(
        TypeError, match=rf"^({function.__name__}|sigmoid): z holds {came}.*; expected float64 or"
    ):
        function(z)


@every_function
def test_empty_input_is_refused(function):
    with pytest.raises(ValueError, match=r"z is empty, its shape is \(0, 2\)"):
        function(np.zeros((0, 2)))


def test_maxout_by_hand():
    z = np.array([[1.0, 3.0, 2.0], [-1.0, -1.0, -5.0]])
    assert maxout(z).tolist() == [3.0, -1.0]
    assert maxout_derivative(z).tolist() == [[0, 1, 0], [1, 0, 0]]  # a tie: the first
    assert maxout(z[0]) == 3.0


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_maxout_keeps_shape_and_dtype(dtype):
    z = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(dtype)
    z.flags.writeable = False
    assert maxout(z).shape == (4, 2) and maxout(z).dtype == dtype
    assert maxout_derivative(z).shape == z.shape and maxout_derivative(z).dtype == dtype
    assert (maxout_derivative(z).sum(axis=-1) == 1).all()


def test_the_derivative_of_maxout_is_the_derivative():
    rng = np.random.default_rng(1)
    z, v = rng.standard_normal((2, 5, 4))
    assert relative_error((maxout_derivative(z) * v).sum(axis=-1), complex_step(maxout, z, v)) < 1e-15


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_nan_in_a_piece_is_nan_in_its_unit(dtype):
    """Which piece won is not known, so every slope of that unit is NaN; other units keep theirs."""
    z = np.array([[1, np.nan, 3], [np.nan, 2, 1], [1, 2, np.nan], [1, 3, 2]], dtype)
    assert np.isnan(maxout(z)).tolist() == [True, True, True, False] and maxout(z)[3] == 3
    slopes = maxout_derivative(z)
    assert np.isnan(slopes[:3]).all() and slopes[3].tolist() == [0, 1, 0]
    assert maxout(z).dtype == slopes.dtype == dtype
    if dtype == "complex128":
        hidden = np.array([complex(1, np.nan), 3])  # the loser's derivative is NaN
        assert np.isnan(maxout(hidden).imag) and np.isnan(maxout_derivative(hidden)).all()


def test_infinite_pieces_win_and_lose():
    z = np.array([[-np.inf, 1, 2], [np.inf, 1, np.inf], [-np.inf, -np.inf, -np.inf]])
    with np.errstate(all="raise"):
        assert maxout(z).tolist() == [2, np.inf, -np.inf]
        assert maxout_derivative(z).tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("function", [maxout, maxout_derivative], ids=lambda f: f.__name__)
def test_maxout_refuses(function):
    with pytest.raises(ValueError, match=f"{function.__name__}: z is a single number; expected shape"):
        function(1.0)
    with pytest.raises(TypeError, match=f"{function.__name__}: z holds int64"):
        function(np.ones((2, 2), int))
    with pytest.raises(ValueError, match=f"{function.__name__}: z is empty"):
        function(np.ones((2, 0)))


@pytest.mark.parametrize("name", ["Tanh", "swish", None, 3])
def test_unknown_names_are_refused_with_the_list(name):
    words = "get_activation: name is .*; expected one of elu, leaky_relu, relu, sigmoid, softplus, tanh"
    with pytest.raises(ValueError, match=words):
        get_activation(name)
