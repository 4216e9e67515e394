"""The ONNX standard's own operator tests, run through the library: somebody else's cases and numbers.

An adapter is an ONNX operator in terms of our functions. Its positional arguments are the operator's inputs,
its keywords the attributes, so an attribute that we do not have raises TypeError. `OPERATORS` is the table of
adapters, `OUT_OF_SCOPE` says which cases we do not run and why; every other case runs.

The cases of the recurrent operators have equal weights in all gates, which any order of the gates satisfies.
So those operators are also run with random weights against the standard's reference implementation.
"""

import importlib
import pkgutil
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from conftest import require

from vgcourse.activations import elu, leaky_relu, maxout, maxout_derivative, relu, sigmoid, softplus, tanh
from vgcourse.gradcheck import relative_error
from vgcourse.layers import (
    ConvParams,
    LinearParams,
    NormParams,
    RunningStatistics,
    WeightNormParams,
    conv2d_backward,
    conv2d_forward,
    layer_norm_forward,
    linear_forward,
    spatial_batch_norm_forward,
    update_running,
    weight_norm_forward,
)
from vgcourse.losses import softmax, softmax_cross_entropy_forward
from vgcourse.optim import (
    AdamState,
    MomentumState,
    adam_step,
    add_l2_gradient,
    clip_by_value,
    global_norm,
    momentum_step,
)
from vgcourse.recurrent import (
    CELLS,
    GRUParams,
    LSTMParams,
    RNNParams,
    bidirectional_forward,
    fast,
    hidden,
    unroll_forward,
)

require(find_spec("onnx") is not None, "needs onnx")

import onnx  # noqa: E402
from onnx.backend.test.case import node as node_cases  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402


def one(name, values):
    """The value that all entries have: where ONNX allows one for each side or axis, we have one for all."""
    values = np.ravel(values).tolist()
    if len(set(values)) != 1:
        raise ValueError(f"{name} is {values}; expected equal entries.")
    return values[0]


def expect(name, value, only):
    """ValueError unless the attribute has the one value that our function stands for."""
    if value != only:
        raise ValueError(f"{name} is {value}; expected {only}.")


def along(function, x, axis):
    """A function of the last axis, taken along another."""
    return np.moveaxis(function(np.moveaxis(x, axis, -1)), -1, axis)


# Activations, maxima, norms


def elu_operator(x, *, alpha=1.0):
    """α scales the negative half; our elu has α = 1."""
    return elu(np.maximum(x, 0)) + alpha * elu(np.minimum(x, 0))


def softmax_operator(x, *, axis=-1):
    return along(softmax, x, axis)


def log_softmax_operator(x, *, axis=-1):
    """Minus the loss of every class, one row at a time."""

    def of_rows(z):
        rows, C = z.reshape(-1, z.shape[-1]), z.shape[-1]
        return -np.array([[_loss_of_row(row, c) for c in range(C)] for row in rows]).reshape(z.shape)

    return along(of_rows, x, axis)


def hardmax_operator(x, *, axis=-1):
    """1 at the largest entry, the first of equal ones: the derivative of maxout."""
    return along(maxout_derivative, x, axis)


def reduction(function):
    """…of all entries along some axes."""

    def operator(x, axes=(), *, keepdims=1):
        axes = [int(axis) % x.ndim for axis in axes] or list(range(x.ndim))
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        rows = x.transpose(kept + axes).reshape(*(x.shape[axis] for axis in kept), -1)
        shape = [1 if axis in axes else size for axis, size in enumerate(x.shape) if keepdims or axis in kept]
        return np.reshape(function(rows), shape)

    return operator


def norm_of_rows(rows):
    return np.apply_along_axis(global_norm, -1, rows).astype(rows.dtype)


def lp_normalization(x, *, axis=-1, p=2):
    """Weight norm's W with g = 1: what it makes of the identity is Wᵀ."""
    expect("p", p, 2)

    def unit_rows(V):
        rows = V.reshape(-1, V.shape[-1])
        H, D = rows.shape
        params = WeightNormParams(rows, np.ones(H, x.dtype), np.zeros(H, x.dtype))
        return weight_norm_forward(params, np.eye(D, dtype=x.dtype))[0].T.reshape(V.shape)

    return along(unit_rows, x, axis)


def clip(x, min=None, max=None):
    if min is None or max is None:
        raise ValueError("clip has one bound; expected two.")
    expect("min", float(min), -float(max))
    return clip_by_value(x, float(max))


# Linear layers and convolution


def gemm(a, b, c=None, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=1):
    """y = α a b + β c; our weights are the transposed b."""
    W = alpha * (b if transB else b.T)
    bias = np.zeros(1, b.dtype) if c is None else beta * c
    one("the rows of c", [row.tobytes() for row in np.atleast_2d(bias)])
    bias = np.broadcast_to(np.atleast_2d(bias)[0], len(W))
    return linear_forward(LinearParams(W, bias), a.T if transA else a)[0]


def matmul(a, b):
    """One unit per column of b; a vector b is a single unit, and its axis goes away again."""
    W = np.atleast_2d(b.T)
    z, _ = linear_forward(LinearParams(W, np.zeros(len(W), b.dtype)), a)
    return z[..., 0] if b.ndim == 1 else z


def conv(x, W, b=None, *, strides=(1, 1), pads=(0,), dilations=(1,), group=1, kernel_shape=None):
    expect("dilations", one("dilations", dilations), 1)
    expect("group", group, 1)
    options = {"stride": one("strides", strides), "padding": one("pads", pads)}
    return conv2d_forward(ConvParams(W, b), x, **options)[0]


def conv_transpose(
    x, W, *, strides=(1,), pads=(0,), dilations=(1,), group=1, output_padding=(0, 0), kernel_shape=None
):
    """The backward pass of a convolution: its dx for dout = x."""
    expect("dilations", one("dilations", dilations), 1)
    expect("group", group, 1)
    s, p = one("strides", strides), one("pads", pads)
    sizes = zip(x.shape[2:], W.shape[2:], output_padding, strict=True)
    image = [s * (n - 1) + K - 2 * p + extra for n, K, extra in sizes]
    zeros = np.zeros((len(x), W.shape[1], *image), x.dtype)
    _, cache = conv2d_forward(ConvParams(W, None), zeros, stride=s, padding=p)
    return conv2d_backward(x, cache)[0]


def col2im(columns, image_shape, block_shape, *, strides=(1,), pads=(0,), dilations=(1,)):
    """…of a convolution in which each filter picks one pixel of the window."""
    expect("dilations", one("dilations", dilations), 1)
    K = columns.shape[1]
    W = np.eye(K, dtype=columns.dtype).reshape(K, -1, *block_shape)
    zeros = np.zeros((len(columns), W.shape[1], *image_shape), columns.dtype)
    options = {"stride": one("strides", strides), "padding": one("pads", pads)}
    out, cache = conv2d_forward(ConvParams(W, None), zeros, **options)
    return conv2d_backward(columns.reshape(out.shape), cache)[0]


# Normalisation


def batch_norm(x, scale, shift, mean, variance, *, epsilon=1e-5, momentum=0.9, training_mode=0, is_test=1):
    """ONNX's momentum is the share of the OLD statistics, ours of the new.

    Into its new variance goes (1/M) Σ (x − μ)², M the pixels of a channel; into ours, as into torch's,
    1/(M − 1) times that sum. The factor (M − 1)/M takes us from the one to the other.
    """
    images = x.reshape(*x.shape[:2], -1, 1)
    params, running = NormParams(scale, shift), RunningStatistics(mean, variance)
    if not training_mode:
        out, _ = spatial_batch_norm_forward(params, images, running=running, eps=epsilon)
        return out.reshape(x.shape)
    out, cache = spatial_batch_norm_forward(params, images, eps=epsilon)
    new = update_running(running, cache.rows, momentum=1 - momentum)
    M, old = x.size // x.shape[1], momentum * variance
    return out.reshape(x.shape), new.mean, old + (M - 1) / M * (new.variance - old)


def layer_norm(x, scale, shift, *, axis=-1, epsilon=1e-5):
    """All axes from `axis` on are one row."""
    rows, alone = x.reshape(*x.shape[:axis], -1), (*x.shape[:axis], *(1 for _ in x.shape[axis:]))
    out, cache = layer_norm_forward(NormParams(scale.ravel(), shift.ravel()), rows, eps=epsilon)
    return out.reshape(x.shape), cache.mean.reshape(alone), (1 / cache.std).reshape(alone)


def instance_norm(x, scale, shift, *, epsilon=1e-5):
    """Batch norm of every image by itself."""
    images, params = x.reshape(*x.shape[:2], -1, 1), NormParams(scale, shift)
    alone = [spatial_batch_norm_forward(params, image[None], eps=epsilon)[0] for image in images]
    return np.concatenate(alone).reshape(x.shape)


def group_norm(x, scale, shift, *, num_groups, epsilon=1e-5):
    """Layer norm of every group of channels by itself, its pixels sharing the scale of their channel."""

    def normed(group, gamma, beta):
        rows, pixels = group.reshape(len(x), -1), group[0, 0].size
        params = NormParams(np.repeat(gamma, pixels), np.repeat(beta, pixels))
        return layer_norm_forward(params, rows, eps=epsilon)[0].reshape(group.shape)

    groups = zip(np.split(x, num_groups, axis=1), np.split(scale, num_groups), np.split(shift, num_groups))
    return np.concatenate([normed(*each) for each in groups], axis=1)


def mean_variance_normalization(x):
    """Batch norm without ε, scale and shift. (ONNX adds 1e−9 to the standard deviation.)"""
    C = x.shape[1]
    params = NormParams(np.ones(C, x.dtype), np.zeros(C, x.dtype))
    return spatial_batch_norm_forward(params, x, eps=0)[0]


# Losses: classes stand on the axis 1, weights of classes and the ignored class make our mask of rows


def _loss_of_row(row, label):
    return softmax_cross_entropy_forward(row[None], np.array([label]))[0]


def _mask(labels, weights, ignore_index):
    given = np.ones(labels.shape) if weights is None else np.take(weights, labels, mode="clip").astype(float)
    return given * (labels != ignore_index)


def _reduce(losses_of_rows, loss, mask, reduction):
    """ONNX's "mean" is ours; "sum" is the mean times the weights' sum; "none" takes every row by itself."""
    if reduction == "none":
        return (mask * losses_of_rows()).astype(loss.dtype)
    return np.asarray(loss if reduction == "mean" else loss * mask.sum(), loss.dtype)


def cross_entropy(scores, labels, weights=None, *, reduction="mean", ignore_index=None):
    """The loss, and log softmax."""
    z, mask = np.moveaxis(scores, 1, -1), _mask(labels, weights, ignore_index)
    loss, _ = softmax_cross_entropy_forward(z, labels, mask)

    def one_by_one():
        losses = [_loss_of_row(z[n], labels[n]) if mask[n] else 0 for n in np.ndindex(labels.shape)]
        return np.reshape(losses, labels.shape)

    return _reduce(one_by_one, loss, mask, reduction), along(lambda z: np.log(softmax(z)), scores, 1)


def negative_log_likelihood(scores, labels, weights=None, *, reduction="mean", ignore_index=None):
    """−z_label. Our loss contains the softmax, log Σ e^z − z_label, so the logarithm is taken out again."""
    mask, log_sum = _mask(labels, weights, ignore_index), np.log(np.exp(scores).sum(axis=1))
    loss, _ = cross_entropy(scores, labels, weights, reduction=reduction, ignore_index=ignore_index)
    loss_of_sum = np.average(log_sum, weights=mask)
    return (loss - _reduce(lambda: log_sum, loss_of_sum, mask, reduction)).astype(scores.dtype)


# Optimisers: inputs are rate, step number, all parameters, all gradients, all states of each kind


def _parts(tensors, kinds):
    count = len(tensors) // kinds
    return (tensors[k * count : (k + 1) * count] for k in range(kinds))


def momentum_operator(rate, step, *tensors, alpha, beta, mode, norm_coefficient):
    """α is our μ; β, which scales the gradient, counts from step 1 on."""
    expect("step", int(step), 0)
    params, grads, velocity = _parts(tensors, 3)
    params, state = momentum_step(
        params,
        add_l2_gradient(params, grads, norm_coefficient),
        MomentumState(velocity),
        float(rate),
        decay=alpha,
        nesterov=mode == "nesterov",
    )
    return *params, *state.velocity


def adam_operator(rate, step, *tensors, alpha, beta, epsilon, norm_coefficient):
    """Step 0 of the standard corrects no bias. Nor does ours once so many steps are made that βᵗ is 0."""
    expect("step", int(step), 0)
    params, grads, mean, square = _parts(tensors, 4)
    params, state = adam_step(
        params,
        add_l2_gradient(params, grads, norm_coefficient),
        AdamState(10**6, mean, square),
        float(rate),
        beta1=alpha,
        beta2=beta,
        eps=epsilon,
    )
    return *params, *state.mean, *state.square


# Recurrent nets: X (T, N, D), or (N, T, D) with layout 1; the weights' first axis is the direction


def gate_blocks(array, order):
    """The blocks of rows in another order: order[k] says which block becomes the k-th."""
    blocks = np.split(array, len(order))
    return np.concatenate([blocks[k] for k in order])


def rnn_params(W, R, B):
    """Two biases that are only ever added."""
    return RNNParams(W, R, sum(np.split(B, 2)))


def gru_params(W, R, B):
    """ONNX's z, r, h are our r, z, n. The second bias of h stands with R: it is our b_h."""
    W, R, W_b, R_b = (gate_blocks(a, [1, 0, 2]) for a in (W, R, *np.split(B, 2)))
    H = R.shape[1]
    beside_input = np.concatenate([R_b[: 2 * H], np.zeros(H, R_b.dtype)])
    return GRUParams(W, R, W_b + beside_input, R_b[2 * H :])


def lstm_params(W, R, B, P):
    """ONNX's i, o, f, c are our i, f, g, o; its peepholes i, o, f our i, f, o."""
    W, R, b = (gate_blocks(a, [0, 2, 3, 1]) for a in (W, R, sum(np.split(B, 2))))
    return LSTMParams(W, R, b, None if P is None else P.reshape(3, -1)[[0, 2, 1]])


class Net(NamedTuple):
    """How a cell reads a sequence, (params, x, state0) → (states, …); its step where it is made of steps."""

    read: Callable
    step: Callable | None


def steps(name, **options):
    step = partial(CELLS[name].step_forward, **options)
    return Net(partial(unroll_forward, step), step)


def kernel(name, **options):
    return Net(partial(fast.KERNELS[name][0], **options), None)


READING = {"forward": (1,), "reverse": (-1,), "bidirectional": (1, -1)}


def states_by_direction(net, params, x, state0, direction):
    if direction == "bidirectional" and net.step is not None:
        states, _ = bidirectional_forward(net.step, tuple(params), x, tuple(state0))
        return np.split(states, 2, axis=-1)
    each = zip(params, state0, READING[direction], strict=True)
    return [net.read(weights, x[::way], start)[0][::way] for weights, start, way in each]


def recurrent_outputs(net, params, X, initial, lens, direction, layout):
    """Y, all h (T, directions, N, H); Y_h, the last of them (directions, N, H); for the LSTM also Y_c."""
    x = X.swapaxes(0, 1) if layout else X
    if lens is not None:
        expect("sequence_lens", one("sequence_lens", lens), len(x))
    zeros = np.zeros((len(params), x.shape[1], params[0].W_h.shape[1]), x.dtype)
    initial = [zeros if a is None else a.swapaxes(0, 1) if layout else a for a in initial]
    arrays = np.stack(initial, axis=1)  # (directions, arrays of a state, N, H)
    state0 = arrays if len(initial) > 1 else arrays[:, 0]

    states = states_by_direction(net, params, x, state0, direction)
    ends = [by[-1] if way == 1 else by[0] for by, way in zip(states, READING[direction], strict=True)]
    Y, last = np.stack([hidden(by) for by in states], axis=1), np.stack(ends)
    last = [last] if len(initial) == 1 else [last[:, 0], last[:, 1]]
    if layout:
        return Y.transpose(2, 0, 1, 3), *(a.swapaxes(0, 1) for a in last)
    return Y, *last


def rnn(X, W, R, B=None, lens=None, h0=None, *, how=steps, hidden_size=None, direction="forward", layout=0):
    params = [rnn_params(*each) for each in zip(W, R, _biases(B, W), strict=True)]
    return recurrent_outputs(how("rnn"), params, X, [h0], lens, direction, layout)


def gru(
    X,
    W,
    R,
    B=None,
    lens=None,
    h0=None,
    *,
    how=steps,
    hidden_size=None,
    direction="forward",
    layout=0,
    linear_before_reset=0,
):
    """With linear_before_reset the product with R comes first: r acts after it."""
    params = [gru_params(*each) for each in zip(W, R, _biases(B, W), strict=True)]
    net = how("gru", reset="after" if linear_before_reset else "before")
    return recurrent_outputs(net, params, X, [h0], lens, direction, layout)


def lstm(
    X,
    W,
    R,
    B=None,
    lens=None,
    h0=None,
    c0=None,
    P=None,
    *,
    how=steps,
    hidden_size=None,
    direction="forward",
    layout=0,
):
    P = [None] * len(W) if P is None else P
    params = [lstm_params(*each) for each in zip(W, R, _biases(B, W), P, strict=True)]
    return recurrent_outputs(how("lstm"), params, X, [h0, c0], lens, direction, layout)


def _biases(B, W):
    return np.zeros((len(W), 2 * W.shape[1]), W.dtype) if B is None else B


OPERATORS = {
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Relu": relu,
    "LeakyRelu": lambda x, *, alpha=0.01: leaky_relu(x, alpha),
    "Elu": elu_operator,
    "Softplus": softplus,
    "Softmax": softmax_operator,
    "LogSoftmax": log_softmax_operator,
    "Hardmax": hardmax_operator,
    "ReduceMax": reduction(maxout),
    "ReduceL2": reduction(norm_of_rows),
    "LpNormalization": lp_normalization,
    "Clip": clip,
    "Gemm": gemm,
    "MatMul": matmul,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Col2Im": col2im,
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "MeanVarianceNormalization": mean_variance_normalization,
    "SoftmaxCrossEntropyLoss": cross_entropy,
    "NegativeLogLikelihoodLoss": negative_log_likelihood,
    "Momentum": momentum_operator,
    "Adam": adam_operator,
    "RNN": rnn,
    "GRU": gru,
    "LSTM": lstm,
}
KERNELS = {name: partial(OPERATORS[name], how=kernel) for name in ("RNN", "GRU", "LSTM")}

OUT_OF_SCOPE = {
    "filters of one or three axes: ours are for images": """
        test_convtranspose_1d test_convtranspose_3d test_col2im_5d
        test_Conv1d test_Conv1d_pad1 test_Conv1d_pad1size1 test_Conv1d_pad2 test_Conv1d_pad2size1
        test_Conv1d_stride test_Conv1d_dilated test_Conv1d_groups test_Conv3d test_Conv3d_no_bias
        test_Conv3d_stride test_Conv3d_stride_padding test_Conv3d_dilated test_Conv3d_dilated_strided
        test_Conv3d_groups""",
    "the stride differs between rows and columns": """
        test_convtranspose_output_shape test_convtranspose_pad test_convtranspose_kernel_shape
        test_convtranspose_pads test_ConvTranspose2d test_ConvTranspose2d_no_bias""",
    "the padding differs between rows and columns": """
        test_conv_with_strides_and_asymmetric_padding test_col2im_pads""",
    "the padding is left to the operator": """
        test_conv_with_autopad_same test_convtranspose_autopad_same""",
    "the filter is dilated": """
        test_convtranspose_dilations test_col2im_dilations test_Conv2d_dilated""",
    "the filters are in groups": """
        test_convtranspose_group_2 test_convtranspose_group_2_image_3 test_Conv2d_groups
        test_Conv2d_groups_thnn test_Conv2d_depthwise test_Conv2d_depthwise_padded
        test_Conv2d_depthwise_strided test_Conv2d_depthwise_with_multiplier""",
    "a matrix for every row of the batch: a layer has one": """
        test_matmul_3d test_matmul_4d test_matmul_bcast test_matmul_1d_3d""",
    "a bias for every row of the batch: a layer has one": """
        test_gemm_default_matrix_bias""",
    "the bounds are not −c and c, or one is missing": """
        test_clip_min_greater_than_max test_clip_default_min test_clip_default_max
        test_clip_default_inbounds test_clip_default_int8_min test_clip_default_int8_max
        test_clip_default_int8_inbounds""",
    "rows of length 1 in the L1 norm": """
        test_l1normalization_axis_0 test_l1normalization_axis_1 test_l1normalization_axis_last""",
    "a row of zeros has no direction": "test_l2normalization_axis_0",
    "no numbers, or truth values: the library refuses both": """
        test_reduce_max_bool_inputs test_reduce_max_empty_set test_reduce_max_empty_set_bool
        test_reduce_l2_empty_set""",
}
REASONS = {name: reason for reason, names in OUT_OF_SCOPE.items() for name in names.split()}


class Case(NamedTuple):
    """One case of an operator: inputs in its order, None for those left out; expected outputs by place."""

    name: str
    operator: str
    inputs: list
    attributes: dict
    outputs: dict


def node_models():
    """(name, model, inputs, outputs) of the cases that the standard generates.

    Importing a module of cases makes them. Some take seconds (the pools), so only those that name one of our
    operators are imported.
    """
    for module in pkgutil.iter_modules(node_cases.__path__, node_cases.__name__ + "."):
        source = find_spec(module.name).loader.get_source(module.name)
        if any(f'"{operator}"' in source for operator in OPERATORS):
            importlib.import_module(module.name)
    for case in node_cases._NodeTestCases:
        ((inputs, outputs),) = case.data_sets
        yield case.name, case.model, inputs, outputs


def stored_models():
    """(name, model, inputs, outputs) of the cases that the standard has from torch, kept as files."""
    for kind in ("pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            folder = Path(case.model_dir)
            data = {
                way: [
                    onnx.numpy_helper.to_array(onnx.load_tensor(path))
                    for path in sorted((folder / "test_data_set_0").glob(f"{way}_*.pb"))
                ]
                for way in ("input", "output")
            }
            yield case.name, onnx.load(folder / "model.onnx"), data["input"], data["output"]


def as_case(name, model, inputs, outputs):
    """The model as a case, or None if it is more than one of our operators.

    What is called "expanded" is the case of the same name, spelled with simpler operators.
    """
    graph = model.graph
    if len(graph.node) != 1 or graph.node[0].op_type not in OPERATORS or "_expanded" in name:
        return None
    (node,) = graph.node
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = [entry.name for entry in graph.input if entry.name not in stored]
    given = stored | dict(zip(names, inputs, strict=True))
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    attributes = {key: a.decode() if isinstance(a, bytes) else a for key, a in attributes.items()}
    wanted = dict(zip((out.name for out in graph.output), outputs, strict=True))
    places = {place: wanted[label] for place, label in enumerate(node.output) if label}
    return Case(name, node.op_type, [given.get(label) for label in node.input], attributes, places)


def collect():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the standard's own arithmetic
        models = [*node_models(), *stored_models()]
    return [case for case in (as_case(*model) for model in models) if case is not None]


CASES = collect()
RUN = [case for case in CASES if case.name not in REASONS]


def run(adapters, case):
    result = adapters[case.operator](*case.inputs, **case.attributes)
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_the_standards_case(case):
    expect_outputs(run(OPERATORS, case), case)


@pytest.mark.parametrize("case", [c for c in RUN if c.operator in KERNELS], ids=lambda case: case.name)
def test_the_standards_case_by_kernel(case):
    expect_outputs(run(KERNELS, case), case)


def expect_outputs(results, case):
    assert case.outputs, "a case without outputs says nothing"
    for place, wanted in case.outputs.items():
        assert results[place].shape == wanted.shape
        assert results[place].dtype == wanted.dtype
        assert relative_error(results[place], wanted) < 1e-6  # in float32


def test_every_case_runs_or_has_a_reason():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(REASONS) == sum(len(names.split()) for names in OUT_OF_SCOPE.values()), "named twice"
    assert set(REASONS) <= set(names), "a reason for a case that there is not"
    assert {case.operator for case in RUN} == set(OPERATORS)
    assert len(RUN) >= 207


@pytest.mark.parametrize("case", [c for c in CASES if c.name in REASONS], ids=lambda case: case.name)
def test_what_is_out_of_scope_is_refused(case):
    with pytest.raises((TypeError, ValueError)):
        run(OPERATORS, case)


# The same adapters with random weights, which tell the gates apart

T, N, D, H = 4, 3, 2, 5
SETTINGS = {
    "RNN": (rnn, 1, ["h0"], {}),
    "GRU with the reset before": (gru, 3, ["h0"], {"linear_before_reset": 0}),
    "GRU with the reset after": (gru, 3, ["h0"], {"linear_before_reset": 1}),
    "LSTM": (lstm, 4, ["h0", "c0"], {}),
    "LSTM with peepholes": (lstm, 4, ["h0", "c0", "P"], {}),
}


@pytest.mark.parametrize("how", [steps, kernel])
@pytest.mark.parametrize("starts", ["all inputs", "only weights"])
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("direction", READING)
@pytest.mark.parametrize("setting", SETTINGS)
def test_random_weights_against_the_reference_implementation(setting, direction, layout, starts, how):
    adapter, gates, further, attributes = SETTINGS[setting]
    ways, operator = len(READING[direction]), setting.split()[0]
    start = (N, ways, H) if layout else (ways, N, H)
    shapes = {
        "X": (N, T, D) if layout else (T, N, D),
        "W": (ways, gates * H, D),
        "R": (ways, gates * H, H),
        "B": (ways, 2 * gates * H),
        "h0": start,
        "c0": start,
        "P": (ways, 3 * H),
    }
    names = ["X", "W", "R", "B", "", *further] if starts == "all inputs" else ["X", "W", "R"]
    rng = np.random.default_rng(3)
    feeds = {name: rng.standard_normal(shapes[name]) for name in names if name}
    if starts == "only weights" and "P" in further:
        names, feeds["P"] = [*names, "", "", "", "", "P"], rng.standard_normal(shapes["P"])
    outputs = ["Y", "Y_h", "Y_c"][: 3 if operator == "LSTM" else 2]
    attributes = {"hidden_size": H, "direction": direction, "layout": layout, **attributes}
    node = onnx.helper.make_node(operator, names, outputs, **attributes)

    expected = ReferenceEvaluator(node).run(None, feeds)
    results = adapter(*(feeds.get(name) for name in names), how=how, **attributes)
    assert len(results) == len(expected)
    for ours, theirs in zip(results, expected):
        assert ours.shape == theirs.shape
        assert relative_error(ours, theirs) < 1e-14
