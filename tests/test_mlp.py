"""Deep nets: every signal kept, and a loop that learns. The gradients are in test_contract as well."""

import numpy as np
import pytest

from vgcourse import mlp
from vgcourse.activations import ACTIVATIONS
from vgcourse.gradcheck import complex_step, relative_error
from vgcourse.initializers import he, zeros
from vgcourse.layers import LinearParams
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.mlp import accuracy, loss_and_gradient, mlp_backward, mlp_forward, mlp_init, train
from vgcourse.tasks import digits, split, two_moons, xor


def rng(seed=0):
    return np.random.default_rng(seed)


def test_init_has_the_shapes_the_rule_and_zero_biases():
    params = mlp_init((5, 4, 3), rng=rng())
    assert [layer.W.shape for layer in params] == [(4, 5), (3, 4)]
    assert all(isinstance(layer, LinearParams) and (layer.b == 0).all() for layer in params)
    assert [layer.b.shape for layer in params] == [(4,), (3,)]
    assert (mlp_init((5, 4), rng=rng())[0].W == mlp_init([5, 4], rng=rng())[0].W).all()
    assert (mlp_init((5, 4), rng=rng(), initializer=zeros)[0].W == 0).all()
    layer = mlp_init((5, 4), rng=rng(), dtype="float32", initializer=he)[0]
    assert layer.W.dtype == layer.b.dtype == "float32"


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (0, 3), (3, -1, 2), 5])
def test_init_refuses_sizes(sizes):
    with pytest.raises(ValueError, match="mlp_init: sizes are .*; expected at least two, each at least 1"):
        mlp_init(sizes, rng=rng())


def test_the_generator_is_explicit():
    x, labels = xor()
    for bad in (0, None, np.random):
        with pytest.raises(TypeError, match="mlp_init: rng is .*; expected numpy.random.Generator"):
            mlp_init((2, 3), rng=bad)
        with pytest.raises(TypeError, match="train: rng is .*; expected numpy.random.Generator"):
            train(mlp_init((2, 3), rng=rng()), x, labels, rng=bad)


def test_forward_by_hand_keeps_every_signal():
    """XOR with two ReLU units: h = relu(x₁ + x₂), relu(x₁ + x₂ − 1), out = h₁ − 2 h₂."""
    params = (
        LinearParams(np.ones((2, 2)), np.array([0.0, -1.0])),
        LinearParams(np.array([[1.0, -2.0]]), np.zeros(1)),
    )
    x, labels = xor()
    out, caches = mlp_forward(params, x, activation="relu")
    assert out[:, 0].tolist() == labels.tolist()
    assert len(caches) == 2
    assert caches[0].linear.x is x
    assert caches[0].activation.z.tolist() == [[0, -1], [1, 0], [1, 0], [2, 1]]
    assert caches[1].linear.x.tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert caches[1].activation is None, "the last layer is linear"


def test_one_delta_for_every_layer_first_layer_first():
    """δ_l = ∂L/∂z_l: shifting z_l is shifting b_l of a batch of one."""
    params = mlp_init((3, 5, 4, 2), rng=rng())
    x, dout = rng(1).standard_normal((1, 3)), rng(2).standard_normal((1, 2))
    dx, deltas, grads = mlp_backward(dout, mlp_forward(params, x)[1])
    assert [delta.shape for delta in deltas] == [(1, 5), (1, 4), (1, 2)]
    assert len(grads) == 3 and dx.shape == x.shape
    for layer, delta in enumerate(deltas):
        v = rng(layer).standard_normal(delta[0].shape)

        def loss(b, layer=layer):
            shifted = [*params[:layer], params[layer]._replace(b=b), *params[layer + 1 :]]
            return (mlp_forward(shifted, x)[0] * dout).sum()

        assert relative_error(complex_step(loss, params[layer].b, v), (delta[0] * v).sum()) < 1e-12


def test_sigmoid_deltas_vanish_by_more_than_a_quarter_a_layer():
    """A layer multiplies the delta by at most ‖W‖/4."""
    params = mlp_init((20,) * 9, rng=rng())
    x, dout = rng(1).standard_normal((6, 20)), rng(2).standard_normal((6, 20))
    _, deltas, _ = mlp_backward(dout, mlp_forward(params, x, activation="sigmoid")[1])
    norms = np.array([np.linalg.norm(delta) for delta in deltas])
    bounds = np.array([np.linalg.norm(layer.W, 2) / 4 for layer in params[1:]])
    assert (norms[:-1] <= bounds * norms[1:]).all()
    assert norms[0] < 0.3**8 * norms[-1] * 10


def test_activation_names_and_shapes_are_checked():
    params = mlp_init((3, 4, 2), rng=rng())
    with pytest.raises(ValueError, match="name is 'tan'; expected one of elu"):
        mlp_forward(params, np.ones((2, 3)), activation="tan")
    with pytest.raises(ValueError, match=r"linear_forward: x has shape \(2, 4\); expected \(…, 3\)"):
        mlp_forward(params, np.ones((2, 4)))
    with pytest.raises(TypeError, match="linear_forward: x holds int64"):
        mlp_forward(params, np.ones((2, 3), int))
    with pytest.raises(TypeError, match="linear_forward: precisions are mixed"):
        mlp_forward(params, np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="linear_forward: x is empty"):
        mlp_forward(params, np.ones((0, 3)))
    with pytest.raises(ValueError, match=r"linear_backward: dz has shape \(2, 3\); expected \(2, 2\)"):
        mlp_backward(np.ones((2, 3)), mlp_forward(params, np.ones((2, 3)))[1])


def test_accuracy_counts_rows():
    params = (LinearParams(np.eye(2), np.zeros(2)),)
    x = np.array([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0], [0.0, 5.0]])
    assert accuracy(params, x, np.array([0, 1, 1, 1])) == 0.75
    assert accuracy(params, x, [1, 0, 1, 0]) == 0.0
    deep = (LinearParams(-np.eye(2), np.zeros(2)), LinearParams(np.eye(2), np.array([0.0, 0.5])))
    assert accuracy(deep, x, [1, 1, 1, 1], activation="relu") == 1.0
    for labels in (np.zeros((4, 1), int), [0, 1], 0):
        with pytest.raises(
            ValueError, match=r"accuracy: labels has shape .*; expected \(4,\) because x has 4 rows"
        ):
            accuracy(params, x, labels)


def test_one_step_of_training_by_hand():
    """One batch of everything is one plain gradient step, whatever the order of its rows."""
    x, labels = two_moons(10, rng=rng())
    params = mlp_init((2, 4, 2), rng=rng())
    result = train(params, x, labels, epochs=1, batch_size=100, learning_rate=0.3, rng=rng())
    logits, caches = mlp_forward(params, x)
    loss, cache = softmax_cross_entropy_forward(logits, labels)
    grads = mlp_backward(cache.dprediction, caches)[2]
    assert result.losses == pytest.approx([loss], rel=1e-14, abs=0)
    squares = sum((g**2).sum() for layer in grads for g in layer)
    assert result.gradient_norms == pytest.approx([np.sqrt(squares)], rel=1e-13, abs=0)
    for new, old, g in zip(result.params, params, grads, strict=True):
        assert relative_error(new.W, old.W - 0.3 * g.W) < 1e-14
        assert relative_error(new.b, -0.3 * g.b) < 1e-13


def test_training_counts_steps_repeats_with_the_seed_and_leaves_its_input_alone():
    x, labels = two_moons(70, rng=rng())
    params = mlp_init((2, 4, 2), rng=rng())
    before = [a.tobytes() for layer in params for a in layer]
    a, b, c = (train(params, x, labels, epochs=3, batch_size=32, rng=rng(s)) for s in (1, 1, 2))
    assert len(a.losses) == len(a.gradient_norms) == 3 * 3  # 32 + 32 + 6 rows
    assert (a.losses == b.losses).all() and (a.losses != c.losses).any()
    assert [a.tobytes() for layer in params for a in layer] == before


def test_every_row_is_seen_once_an_epoch():
    """Rows of one epoch's batches: with a learning rate of almost 0 the losses average to the whole loss."""
    x, labels = two_moons(64, rng=rng())
    params = mlp_init((2, 4, 2), rng=rng())
    result = train(params, x, labels, epochs=1, batch_size=16, learning_rate=1e-12, rng=rng())
    whole = softmax_cross_entropy_forward(mlp_forward(params, x)[0], labels)[0]
    assert result.losses.mean() == pytest.approx(whole, rel=1e-9, abs=0)
    assert len(set(result.losses)) == 4


def test_batches_are_shuffled():
    x, labels = np.arange(64.0)[:, None] / 64, np.zeros(64, int)
    params = mlp_init((1, 2), rng=rng())
    losses = train(params, x, labels, epochs=2, batch_size=16, learning_rate=1e-12, rng=rng()).losses
    assert not np.allclose(losses[:4], losses[4:], rtol=1e-6), "the second epoch has the same batches"


def test_a_small_net_reads_digits():
    (x, labels), (x_test, labels_test) = split(*digits(), rng=rng())
    params = mlp_init((64, 32, 10), rng=rng(1))
    result = train(params, x, labels, epochs=25, learning_rate=0.3, rng=rng(2))
    assert accuracy(params, x_test, labels_test) < 0.3
    assert accuracy(result.params, x_test, labels_test) > 0.95
    assert result.losses[-45:].mean() < 0.1 * result.losses[0]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_moons_need_the_hidden_layer(activation):
    x, labels = two_moons(300, rng=rng())
    options = dict(activation=activation, learning_rate=0.5, epochs=60, rng=rng(1))
    linear = train(mlp_init((2, 2), rng=rng(2)), x, labels, **options).params
    deep = train(mlp_init((2, 32, 2), rng=rng(2)), x, labels, **options).params
    assert accuracy(linear, x, labels, activation=activation) < 0.93
    assert accuracy(deep, x, labels, activation=activation) > 0.98


def test_training_refuses():
    x, labels = xor()
    params = mlp_init((2, 3, 2), rng=rng())
    for options in ({"epochs": 0}, {"batch_size": 0}, {"batch_size": -1}):
        with pytest.raises(ValueError, match="train: (epochs|batch_size) is .*; expected at least 1"):
            train(params, x, labels, rng=rng(), **options)
    for bad in (labels[:3], np.zeros(5, int), labels[:, None]):
        with pytest.raises(
            ValueError, match=r"train: labels has shape .*; expected \(4,\) because x has shape \(4, 2\)"
        ):
            train(params, x, bad, rng=rng())
    with pytest.raises(ValueError, match="learning_rate is -1; expected a positive number"):
        train(params, x, labels, learning_rate=-1, rng=rng())
    with pytest.raises(TypeError, match="labels hold float64 values; expected integers"):
        train(params, x, labels * 1.0, rng=rng())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_training_refuses_nan_and_infinity(activation, bad):
    """A unit whose comparison takes NaN for "not above 0" would train on, dead, at the loss ln 2."""
    x, labels = xor()
    params = mlp_init((2, 3, 2), rng=rng())
    holed = x.copy()
    holed[2, 1] = bad
    words = r"train: x holds 1 values that are NaN or infinite, the first at index \(2, 1\); expected finite"
    with pytest.raises(ValueError, match=words):
        train(params, holed, labels, activation=activation, rng=rng())
    broken = (params[0]._replace(b=np.array([bad, 0, 0])), params[1])
    with pytest.raises(ValueError, match=r"train: params\[0\].b holds 1 values that are NaN or infinite"):
        train(broken, x, labels, activation=activation, rng=rng())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nan_goes_through_the_net_both_ways(activation):
    x, labels = xor()
    x[2, 1] = np.nan
    params = mlp_init((2, 3, 4, 2), rng=rng())
    loss, deltas, grads = loss_and_gradient(params, x, labels, activation=activation)
    assert np.isnan(loss) and all(np.isnan(delta[2]).all() for delta in deltas)
    assert all(np.isnan(array).any() for layer in grads for array in layer)
    out, _ = mlp_forward(params, x, activation=activation)
    assert np.isnan(out[2]).all() and np.isfinite(out[[0, 1, 3]]).all()


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value")
def test_training_stops_when_the_loss_is_lost():
    x, labels = xor()
    params = mlp_init((2, 3, 2), rng=rng())
    huge = (params[0], params[1]._replace(W=1e300 * params[1].W))
    with pytest.raises(ValueError, match="train: after [0-9]+ steps the loss is .*; expected finite numbers"):
        train(huge, x, labels, activation="relu", learning_rate=1e10, rng=rng())
    long_step = train(params, x, labels, epochs=1, rng=rng()).params  # the same with a step of a sane length
    assert np.isfinite(long_step[0].W).all()
    with pytest.raises(ValueError, match=r"train: the trained params\[.\]\.. holds .* NaN or infinite"):
        train(huge, x, labels, activation="relu", learning_rate=1e200, epochs=1, rng=rng())


def test_the_norm_of_the_gradient_counts_as_much_as_the_loss():
    """The loss is 1e306; the gradient of the first layer, 1e4 times as large, is no number."""
    x, labels = 1e10 * np.ones((1, 1)), np.array([0])
    params = (
        LinearParams(np.array([[1e-4]]), np.zeros(1)),
        LinearParams(np.array([[-1e300], [0.0]]), np.zeros(2)),
    )
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match=r"the loss is 1e\+306, the norm .* inf;"),
    ):
        train(params, x, labels, activation="relu", rng=rng())


def test_the_accuracy_of_a_net_that_gives_nan_is_nan():
    """argmax takes NaN for the largest: a broken net would be right wherever the class is 0."""
    x = np.array([[1.0, 2.0], [np.nan, 1.0], [0.0, 1.0]])
    params = (LinearParams(np.eye(2), np.zeros(2)),)
    assert np.isnan(accuracy(params, x, [1, 0, 1]))
    assert accuracy(params, x[[0, 2]], [1, 1]) == 1.0


def test_loss_and_gradient_is_forward_and_backward_in_one_call():
    params = mlp_init((4, 3, 5), rng=np.random.default_rng(3))
    x, labels = np.random.default_rng(4).normal(size=(6, 4)), np.array([0, 1, 2, 3, 4, 0])
    loss, deltas, grads = loss_and_gradient(params, x, labels, activation="sigmoid")
    out, caches = mlp_forward(params, x, activation="sigmoid")
    expected, cache = softmax_cross_entropy_forward(out, labels)
    _, delta_list, grad_list = mlp_backward(softmax_cross_entropy_backward(1.0, cache), caches)
    assert loss == expected
    for ours, theirs in zip([*deltas, grads[0].W], [*delta_list, grad_list[0].W], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_net_has_layers_and_a_known_activation():
    with pytest.raises(ValueError, match="mlp_forward: params is empty"):
        mlp.mlp_forward((), np.ones((1, 1)))
    with pytest.raises(TypeError, match="mlp_forward: params is NoneType; expected tuple or list"):
        mlp.mlp_forward(None, np.ones((1, 1)))
    with pytest.raises(ValueError, match="name is 'foo'"):
        mlp.mlp_forward(mlp.mlp_init((1, 1), rng=np.random.default_rng(0)), np.ones((1, 1)), activation="foo")


def test_accuracy_and_training_want_class_numbers_and_real_numbers():
    params, x, labels = mlp_init((2, 3), rng=rng()), np.ones((4, 2)), np.array([0, 1, 2, 0])
    for wrong, error, words in (
        (labels * 1.0, TypeError, "labels hold float64"),
        (labels.astype(str), TypeError, "labels hold str"),
        (labels > 0, TypeError, "labels hold bool"),
    ):
        with pytest.raises(error, match=f"accuracy: {words}"):
            accuracy(params, x, wrong)
        with pytest.raises(error, match=f"train: {words}"):
            train(params, x, wrong, rng=rng())
    for wrong in (labels + 1, labels - 1):
        with pytest.raises(ValueError, match="accuracy: labels lie between .*; expected 0 … 2"):
            accuracy(params, x, wrong)
    with pytest.raises(TypeError, match="train: x is complex"):
        train(params, x + 0j, labels, rng=rng())
    with pytest.raises(TypeError, match=r"train: params\[0\].W is complex"):
        train((params[0]._replace(W=params[0].W + 0j),), x, labels, rng=rng())
    with pytest.raises(TypeError, match="accuracy: the net's output is complex"):
        accuracy(params, x + 0j, labels)
    with pytest.raises(ValueError, match=r"train: x is empty, its shape is \(0, 2\)"):
        train(params, x[:0], labels[:0], rng=rng())


def test_init_refuses_what_is_no_rule_and_no_size():
    with pytest.raises(TypeError, match="mlp_init: initializer is 'he'; expected a function such as"):
        mlp_init((2, 3), rng=rng(), initializer="he")
    with pytest.raises(ValueError, match=r"mlp_init: sizes are \(True, 3\)"):
        mlp_init((True, 3), rng=rng())
