"""Weight norm: by hand, theory, huge and tiny numbers; gradients are in test_contract as well."""

import numpy as np
import pytest

from vgcourse.gradcheck import relative_error
from vgcourse.layers import (
    LinearParams,
    WeightNormParams,
    linear_forward,
    weight_norm_backward,
    weight_norm_forward,
    weight_norm_from_linear,
)

LINEAR = LinearParams(np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]]), np.array([10.0, 20.0]))
W, B = LINEAR
X = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])


def test_weight_norm_by_hand():
    """V = (3, 4) has length 5: W = 10 · (0.6, 0.8)."""
    params = WeightNormParams(np.array([[3.0, 4.0]]), np.array([10.0]), np.array([1.0]))
    z, cache = weight_norm_forward(params, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert z == pytest.approx(np.array([[7.0], [9.0]]), rel=1e-15)
    dx, grads = weight_norm_backward(np.array([[1.0], [0.0]]), cache)
    assert dx == pytest.approx(np.array([[6.0, 8.0], [0.0, 0.0]]), rel=1e-15)
    assert grads.g == pytest.approx([0.6], rel=1e-15)
    assert grads.V == pytest.approx(np.array([[2 * 0.64, -2 * 0.48]]), rel=1e-14)
    assert grads.b.tolist() == [1.0]


def test_weight_norm_starts_as_the_linear_layer():
    params = weight_norm_from_linear(LINEAR)
    assert relative_error(weight_norm_forward(params, X)[0], linear_forward(LINEAR, X)[0]) < 1e-15
    longer = params._replace(V=7 * params.V)
    assert relative_error(weight_norm_forward(longer, X)[0], linear_forward(LINEAR, X)[0]) < 1e-15
    assert not np.shares_memory(params.V, W) and not np.shares_memory(params.b, B)


def test_the_gradient_of_a_direction_is_at_right_angles_to_it():
    rng = np.random.default_rng(0)
    params = WeightNormParams(*(rng.standard_normal(shape) for shape in ((4, 3), 4, 4)))
    x, dz = rng.standard_normal((6, 3)), rng.standard_normal((6, 4))
    _, grads = weight_norm_backward(dz, weight_norm_forward(params, x)[1])
    along = (grads.V * params.V).sum(axis=1)
    assert np.abs(along).max() < 1e-14 * np.linalg.norm(grads.V)
    step = params.V - 0.1 * grads.V
    assert (np.linalg.norm(step, axis=1) > np.linalg.norm(params.V, axis=1)).all()


@pytest.mark.parametrize(
    "v, g, b, x, error, words",
    [
        (W[0], B, B, X, ValueError, r"V has shape \(3,\); expected \(H, D\)"),
        (
            W,
            np.ones(3),
            B,
            X,
            ValueError,
            r"g has shape \(3,\); expected \(2,\) because V has shape \(2, 3\)",
        ),
        (W * [[1], [0]], B, B, X, ValueError, "row 1 of V is zero"),
        (W.astype(int), B, B, X, TypeError, "V holds int64"),
        (W, B.astype("float32"), B, X, TypeError, "precisions are mixed"),
    ],
)
def test_weight_norm_refuses(v, g, b, x, error, words):
    with pytest.raises(error, match=f"weight_norm_forward: {words}"):
        weight_norm_forward(WeightNormParams(v, g, b), x)


def test_weight_norm_from_linear_refuses():
    with pytest.raises(ValueError, match=r"weight_norm_from_linear: b has shape \(3,\); expected \(2,\)"):
        weight_norm_from_linear(LINEAR._replace(b=np.ones(3)))
    with pytest.raises(ValueError, match="weight_norm_from_linear: row 1 of W is zero; it has no direction"):
        weight_norm_from_linear(LINEAR._replace(W=W * [[1], [0]]))


@pytest.mark.parametrize(
    "dtype, exponents",
    [("float64", (-1070, -700, -500, 500, 700, 1021)), ("float32", (-140, -100, 100, 125))],
)
def test_only_the_direction_of_v_counts_however_long_it_is(dtype, exponents):
    """A power of two rounds nothing: z, dx and dg are the same to the last bit, dV is divided by it."""
    V, g, b, x = (a.astype(dtype) for a in (W, B, B, X))
    dz = np.ones((2, 2), dtype)
    z, cache = weight_norm_forward(WeightNormParams(V, g, b), x)
    dx, grads = weight_norm_backward(dz, cache)
    assert {a.dtype.name for a in (z, dx, *grads)} == {dtype}
    for exponent in exponents:
        scale = np.ldexp(np.ones((), dtype), exponent)
        far_z, far_cache = weight_norm_forward(WeightNormParams(V * scale, g, b), x)
        assert (far_z == z).all(), exponent
        if exponent < -1000 or exponent == -140:
            continue  # 1/V is above the largest number, and so is the gradient
        far_dx, far = weight_norm_backward(dz, far_cache)
        assert (far_dx == dx).all() and (far.g == grads.g).all(), exponent
        assert far.V == pytest.approx(grads.V / scale, rel=1e-15, abs=0), exponent
        far_params = weight_norm_from_linear(LinearParams(V * scale, b))
        assert (far_params.g == weight_norm_from_linear(LinearParams(V, b)).g * scale).all(), exponent


def test_one_row_of_v_may_be_huge_and_the_next_tiny():
    sizes = np.array([[1e200], [1e-200]])
    z, _ = weight_norm_forward(WeightNormParams(W * sizes, B, B), X)
    assert relative_error(z, weight_norm_forward(WeightNormParams(W, B, B), X)[0]) < 1e-15
    g = weight_norm_from_linear(LinearParams(W * sizes, B)).g
    assert g == pytest.approx(np.array([14**0.5 * 1e200, 2**0.5 * 1e-200]), rel=1e-15, abs=0)


def test_nan_in_one_unit_stays_there_and_hides_no_zero_row():
    V = W.copy()
    V[0, 1] = np.nan
    z, cache = weight_norm_forward(WeightNormParams(V, B, B), X)
    assert np.isnan(z[:, 0]).all() and np.isfinite(z[:, 1]).all()
    _, grads = weight_norm_backward(np.ones((2, 2)), cache)
    assert np.isnan(grads.V[0]).all() and np.isfinite(grads.V[1]).all()
    with pytest.raises(ValueError, match="row 1 of V is zero"):
        weight_norm_forward(WeightNormParams(V * [[1], [0]], B, B), X)
    assert np.isnan(weight_norm_from_linear(LinearParams(V, B)).g[0])


def test_errors_name_weight_norm():
    with pytest.raises(
        ValueError, match=r"^weight_norm_forward: x has shape \(2, 2\); expected \(…, 3\) because V"
    ):
        weight_norm_forward(WeightNormParams(W, B, B), X[:, :2])
