"""Linear and activation layers by hand, and what they refuse; the contract is in test_contract."""

import numpy as np
import pytest

from vgcourse import layers
from vgcourse.gradcheck import relative_error
from vgcourse.layers import (
    LinearCache,
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
)

W = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
B = np.array([10.0, 20.0])
X = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])


def test_linear_by_hand():
    z, cache = linear_forward(LinearParams(W, B), X)
    assert z.tolist() == [[17.0, 22.0], [12.0, 19.0]]
    dx, grads = linear_backward(np.array([[1.0, 2.0], [3.0, 4.0]]), cache)
    assert dx.tolist() == [[1.0, 0.0, 5.0], [3.0, 2.0, 13.0]]
    assert grads.W.tolist() == [[1.0, 3.0, 2.0], [2.0, 4.0, 4.0]]
    assert grads.b.tolist() == [4.0, 6.0]
    assert isinstance(grads, LinearParams) and isinstance(cache, LinearCache)


def test_a_batch_gradient_is_the_sum_over_its_rows():
    rng = np.random.default_rng(0)
    params, x, dz = LinearParams(W, B), rng.standard_normal((5, 4, 3)), rng.standard_normal((5, 4, 2))
    _, grads = linear_backward(dz, linear_forward(params, x)[1])
    rows = [
        linear_backward(dz[t, n], linear_forward(params, x[t, n])[1])[1] for t in range(5) for n in range(4)
    ]
    assert relative_error(grads.W, sum(row.W for row in rows)) < 1e-14
    assert relative_error(grads.b, sum(row.b for row in rows)) < 1e-14


@pytest.mark.parametrize(
    "w, b, x, error, words",
    [
        (W, B, X[:, :2], ValueError, r"x has shape \(2, 2\); expected \(…, 3\) because W has shape \(2, 3\)"),
        (W, B, 1.0, ValueError, r"x has shape \(\); expected \(…, 3\)"),
        (W, B, X.T, ValueError, r"x has shape \(3, 2\); expected \(…, 3\)"),
        (W[0], B, X, ValueError, r"W has shape \(3,\); expected \(H, D\)"),
        (W, np.ones(3), X, ValueError, r"b has shape \(3,\); expected \(2,\) because W has shape \(2, 3\)"),
        (W, np.ones(1), X, ValueError, r"b has shape \(1,\); expected \(2,\)"),
        (W, B[:, None], X, ValueError, r"b has shape \(2, 1\); expected \(2,\)"),
        (W, B, X[:0], ValueError, r"x is empty, its shape is \(0, 3\)"),
        (W.astype(int), B, X, TypeError, "W holds int64 values; expected float64 or float32"),
        (W, B, X.astype(int), TypeError, "x holds int64 values"),
        (W, None, X, TypeError, "b holds object values"),
        (W, B, X.astype("float32"), TypeError, "precisions are mixed .*x is float32"),
    ],
)
def test_linear_forward_refuses(w, b, x, error, words):
    with pytest.raises(error, match=f"linear_forward: {words}"):
        linear_forward(LinearParams(w, b), x)


@pytest.mark.parametrize(
    "dz, error, words",
    [
        (
            np.ones((2, 3)),
            ValueError,
            r"dz has shape \(2, 3\); expected \(2, 2\) because that is the shape of z",
        ),
        (np.ones((4, 2)), ValueError, r"dz has shape \(4, 2\); expected \(2, 2\)"),
        (np.ones(4), ValueError, r"dz has shape \(4,\); expected \(2, 2\)"),
        (1.0, ValueError, r"dz has shape \(\); expected \(2, 2\)"),
        (np.ones((2, 2), int), TypeError, "dz holds int64 values"),
        (np.ones((2, 2), "float32"), TypeError, "precisions are mixed .*dz is float32"),
    ],
)
def test_linear_backward_refuses(dz, error, words):
    with pytest.raises(error, match=f"linear_backward: {words}"):
        linear_backward(dz, linear_forward(LinearParams(W, B), X)[1])


def test_activation_by_hand():
    h, cache = activation_forward("relu", np.array([[-1.0, 2.0]]))
    assert h.tolist() == [[0.0, 2.0]]
    assert activation_backward(np.array([[5.0, -7.0]]), cache).tolist() == [[0.0, -7.0]]


def test_activation_layers_refuse():
    z = np.ones((2, 3))
    _, cache = activation_forward("tanh", z)
    with pytest.raises(ValueError, match="name is 'tan'; expected one of elu"):
        activation_forward("tan", z)
    with pytest.raises(TypeError, match="activation_forward: z holds int64 values"):
        activation_forward("tanh", z.astype(int))
    with pytest.raises(ValueError, match="activation_forward: z is empty"):
        activation_forward("tanh", z[:0])
    for shape in [(3,), (2, 1), (3, 2), ()]:
        with pytest.raises(
            ValueError, match=r"activation_backward: dh has shape .*; expected \(2, 3\) because that is"
        ):
            activation_backward(np.ones(shape), cache)
    with pytest.raises(TypeError, match="activation_backward: dh holds int64"):
        activation_backward(z.astype(int), cache)
    with pytest.raises(
        TypeError, match="activation_backward: precisions are mixed .z is float64, dh is float32"
    ):
        activation_backward(z.astype("float32"), cache)


def test_parameters_and_caches_of_another_type_are_named():
    with pytest.raises(TypeError, match="linear_forward: params is NoneType; expected LinearParams"):
        layers.linear_forward(None, np.ones((1, 1)))
    with pytest.raises(TypeError, match="linear_backward: cache is tuple; expected LinearCache"):
        layers.linear_backward(np.ones((1, 1)), ())
    with pytest.raises(TypeError, match="activation_backward: cache is tuple; expected ActivationCache"):
        layers.activation_backward(np.ones((1, 1)), ())
