"""Every forward/backward pair of the library: a new one joins with one line and gets all of test_contract."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vgcourse import layers, losses, mlp, recurrent
from vgcourse._trees import map_leaves
from vgcourse.activations import ACTIVATIONS
from vgcourse.recurrent import fast

LAYERS = Path(layers.__file__).parent
MODULES = [
    losses,
    mlp,
    *(import_module(f"vgcourse.layers.{path.stem}") for path in sorted(LAYERS.glob("[a-z]*.py"))),
    *(getattr(recurrent, name) for name in ("bptt", "gated", "lstm", "compose")),
    *(import_module(f"vgcourse.recurrent.fast.{name}_kernel") for name in fast.KERNELS),
]  # every name_forward defined in them has to be in PAIRS


class Sizes(NamedTuple):
    """T time, N batch, D input, H hidden (or output), as in the library."""

    T: int
    N: int
    D: int
    H: int


class Inputs(NamedTuple):
    """What a forward pass takes: parameters (None if there are none), the input, data such as targets."""

    params: tuple | None
    x: np.ndarray
    data: tuple = ()


class Pair(NamedTuple):
    """One forward/backward pair and what its tests need to know.

    make(rng, sizes) draws float64 `Inputs`; shape(sizes) is the shape of the output;
    torch(torch, inputs) computes the output with torch from tensors; unpack turns what backward
    returns into (dx, grads), for pairs that return more or less.
    """

    name: str
    forward: Callable
    backward: Callable
    make: Callable
    shape: Callable
    torch: Callable
    unpack: Callable | None = None

    def run(self, inputs):
        """(out, cache) of the forward pass."""
        leading = () if inputs.params is None else (inputs.params,)
        return self.forward(*leading, inputs.x, *inputs.data)

    def gradients(self, inputs, dout, cache):
        """(dx, grads) of the backward pass; grads is None for a pair without parameters."""
        result = self.backward(dout, cache)
        if self.unpack:
            return self.unpack(result)
        return (result, None) if inputs.params is None else result


def _linear_params(rng, n_out, n_in):
    return layers.LinearParams(rng.standard_normal((n_out, n_in)), rng.standard_normal(n_out))


def _linear(rng, s):
    return Inputs(_linear_params(rng, s.H, s.D), rng.standard_normal((s.N, s.D)))


def _linear_over_time(rng, s):
    return Inputs(_linear_params(rng, s.H, s.D), rng.standard_normal((s.T, s.N, s.D)))


def _linear_single(rng, s):
    return Inputs(_linear_params(rng, s.H, s.D), rng.standard_normal(s.D))


def _signal(rng, s):
    return Inputs(None, 2 * rng.standard_normal((s.T, s.N, s.H)))


def _regression(rng, s):
    return Inputs(None, rng.standard_normal((s.N, s.D)), (rng.standard_normal((s.N, s.D)),))


def _binary(rng, s):
    return Inputs(None, 3 * rng.standard_normal((s.N, s.D)), (rng.random((s.N, s.D)),))


def _classes(rng, s):
    return Inputs(None, 2 * rng.standard_normal((s.N, s.D)), (rng.integers(0, s.D, s.N),))


def _masked_classes(rng, s):
    mask = rng.random((s.T, s.N)) < 0.6
    mask[-1, -1] = True  # something to average
    return Inputs(
        None, 2 * rng.standard_normal((s.T, s.N, s.D)), (rng.integers(0, s.D, (s.T, s.N)), mask * 1.0)
    )


def _deep(rng, s):
    sizes = (s.D, s.H, s.T, s.H, s.D)
    layers = tuple(_linear_params(rng, n_out, n_in) for n_in, n_out in zip(sizes, sizes[1:], strict=False))
    return Inputs(layers, rng.standard_normal((s.N, s.D)))


def _torch_linear(torch, i):
    return torch.nn.functional.linear(i.x, *i.params)


def _torch_activation(name):
    return lambda torch, i: (getattr(torch, name, None) or getattr(torch.nn.functional, name))(i.x)


def _torch_cross_entropy(torch, i):
    z, labels = i.x.reshape(-1, i.x.shape[-1]), i.data[0].reshape(-1)
    losses = torch.nn.functional.cross_entropy(z, labels, reduction="none")
    return losses.mean() if len(i.data) == 1 else (losses * i.data[1].reshape(-1)).sum() / i.data[1].sum()


def _torch_mlp(activation):
    def run(torch, i):
        h = i.x
        for layer in i.params[:-1]:
            h = getattr(torch, activation)(torch.nn.functional.linear(h, *layer))
        return torch.nn.functional.linear(h, *i.params[-1])

    return run


def _batch(s):
    return (s.N, s.D)


def _signal_shape(s):
    return (s.T, s.N, s.H)


def _number(s):
    return ()


def pair(module, name, make, shape, torch, case=""):
    """The functions name_forward and name_backward of a module; `case` tells two entries apart."""
    forward, backward = (getattr(module, f"{name}_{way}") for way in ("forward", "backward"))
    return Pair(name + case, forward, backward, make, shape, torch)


def _activation(name):
    entry = pair(layers, "activation", _signal, _signal_shape, _torch_activation(name), f" {name}")
    return entry._replace(forward=partial(entry.forward, name))


def _mlp(name):
    entry = pair(mlp, "mlp", _deep, _batch, _torch_mlp(name), f" {name}")
    forward = partial(entry.forward, activation=name)
    return entry._replace(forward=forward, unpack=lambda result: (result[0], result[2]))  # without the deltas


def _masked_rows(rng, s):
    """Predictions, targets in [0, 1] and weights of the rows of sequences."""
    mask = rng.random((s.T, s.N)) * (rng.random((s.T, s.N)) < 0.6)
    mask[-1, -1] = 1
    shape = (s.T, s.N, s.D)
    return Inputs(None, rng.standard_normal(shape), (rng.random(shape), mask))


def _weighted_mean(rows, i):
    return rows.mean() if len(i.data) == 1 else (rows * i.data[1]).sum() / i.data[1].sum()


def _torch_squared_error(torch, i):
    return _weighted_mean(((i.x - i.data[0]) ** 2).sum(-1), i)


def _torch_binary(torch, i):
    entries = torch.nn.functional.binary_cross_entropy_with_logits(i.x, i.data[0], reduction="none")
    return _weighted_mean(entries.mean(-1), i)


def _norm_params(rng, D):
    return layers.NormParams(rng.standard_normal(D), rng.standard_normal(D))


def _rows(rng, s):
    return Inputs(_norm_params(rng, s.D), rng.standard_normal((s.N + 1, s.D)))


def _rows_with_statistics(rng, s):
    return _rows(rng, s)._replace(data=(rng.standard_normal(s.D), 0.5 + rng.random(s.D)))


def _rows_over_time(rng, s):
    return Inputs(_norm_params(rng, s.D), rng.standard_normal((s.T, s.N, s.D)))


def _images(rng, s):
    return rng.standard_normal((s.N, s.D, s.T + 1, s.H + 1))


def _normed_images(rng, s):
    return Inputs(_norm_params(rng, s.D), _images(rng, s))


def _filtered_images(rng, s):
    params = layers.ConvParams(rng.standard_normal((s.H, s.D, 2, 3)), rng.standard_normal(s.H))
    return Inputs(params, _images(rng, s))


def _stages(init):
    """Parameters of a block from C = D to C' = D + 1 channels, with random norms."""

    def make(rng, s):
        stages = [stage._replace(norm=_norm_params(rng, len(stage.norm.beta))) for stage in init(s.D, rng)]
        return Inputs(tuple(stages), _images(rng, s))

    return make


def _weight_norm(rng, s):
    D = s.D + 1  # with one input a direction is a sign, and its gradient only rounding
    params = layers.WeightNormParams(*(rng.standard_normal(shape) for shape in ((s.H, D), s.H, s.H)))
    return Inputs(params, rng.standard_normal((s.T, s.N, D)))


def _square_linear(rng, s):
    return Inputs(_linear_params(rng, s.D, s.D), rng.standard_normal((s.N, s.D)))


def _highway(rng, s):
    params = layers.HighwayParams(
        *(rng.standard_normal(shape) for shape in ((s.D, s.D), s.D, (s.D, s.D), s.D))
    )
    return Inputs(params, rng.standard_normal((s.N, s.D)))


def _gated(make_inner):
    def make(rng, s):
        inner = make_inner(rng, s)
        gate = _linear_params(rng, inner.x.shape[-1], inner.x.shape[-1])
        return Inputs(layers.GatedParams(inner.params, *gate), inner.x)

    return make


def _torch_norm(axes, correction=0, eps=0.1):
    def run(torch, i):
        shape = (-1, 1, 1) if i.x.ndim == 4 else (-1,)
        mean = i.x.mean(axes, keepdim=True)
        variance = ((i.x - mean) ** 2).mean(axes, keepdim=True)
        if correction:
            variance = i.x.var(axes, keepdim=True, correction=correction)
        gamma, beta = (w.reshape(shape) for w in i.params)
        return gamma * (i.x - mean) / torch.sqrt(variance + eps) + beta

    return run


def _torch_fixed_norm(torch, i):
    return torch.nn.functional.batch_norm(i.x, *i.data, *i.params, eps=0.1)


def _torch_weight_norm(torch, i):
    W = torch._weight_norm(i.params.V, i.params.g[:, None], 0)
    return torch.nn.functional.linear(i.x, W, i.params.b)


def _torch_conv(torch, i):
    return torch.nn.functional.conv2d(i.x, *i.params, stride=2, padding=1)


def _torch_skip(torch, i):
    kept = i.x[:, :, ::2, ::2]
    return torch.nn.functional.pad(kept, (0, 0, 0, 0, 0, 9 - kept.shape[1]))


def _torch_block(torch, i, norm=None):
    h, stride = i.x, 2
    for stage in i.params:
        inputs = Inputs(stage.norm, h)
        h = _torch_norm((0, 2, 3))(torch, inputs) if norm is None else norm(torch, inputs, stage)
        K = stage.conv.W.shape[2]
        takes_stride = K > 1 and stride > 1
        h = torch.nn.functional.conv2d(
            torch.relu(h), *stage.conv, stride=stride if takes_stride else 1, padding=K // 2
        )
        stride = 1 if takes_stride else stride
    return h + torch.nn.functional.pad(i.x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 1))


def _block_with_statistics(entry):
    """…whose norms use fixed estimates: other ones for each stage, the same in both libraries."""

    def statistics(stage):
        C = len(stage.norm.gamma)
        return np.linspace(-0.5, 0.5, C), np.linspace(0.5, 2.0, C)

    def forward(params, x):
        dtype = params[0].norm.gamma.real.dtype
        running = [(m.astype(dtype), v.astype(dtype)) for m, v in map(statistics, params)]
        running = tuple(layers.RunningStatistics(*pair) for pair in running)
        return layers.residual_block_forward(params, x, running=running, stride=2, eps=0.1)

    def run(torch, i):
        def norm(torch, inputs, stage):
            mean, variance = (torch.tensor(a) for a in statistics(stage))
            return torch.nn.functional.batch_norm(inputs.x, mean, variance, *inputs.params, eps=0.1)

        return _torch_block(torch, i, norm)

    forward.func = layers.residual_block_forward
    return entry._replace(name=entry.name + " at test time", forward=forward, torch=run)


def _torch_highway(activation):
    def run(torch, i):
        linear = torch.nn.functional.linear
        g = torch.sigmoid(linear(i.x, i.params.W_g, i.params.b_g))
        return g * getattr(torch, activation)(linear(i.x, i.params.W, i.params.b)) + (1 - g) * i.x

    return run


def _torch_gated(inner):
    def run(torch, i):
        g = torch.sigmoid(torch.nn.functional.linear(i.x, i.params.W_g, i.params.b_g))
        return g * inner(torch, Inputs(i.params.inner, i.x)) + (1 - g) * i.x

    return run


def _around(name, inner, inner_module, make, shape, torch, case, **options):
    """skip's pair `name` around another pair; both passes get the inner one as their first argument."""
    entry = pair(layers, name, make, shape, torch, case)
    forward, backward = (getattr(inner_module, f"{inner}_{way}") for way in ("forward", "backward"))
    return entry._replace(
        forward=partial(entry.forward, forward, **options), backward=partial(entry.backward, backward)
    )


def _around_tanh(name, make, torch):
    """…around tanh, which has no parameters; a residual pair then has none either, a gated one its gate."""
    entry = pair(layers, name, make, _signal_shape, torch, " around tanh")
    tanh = partial(layers.activation_forward, "tanh")
    forward = partial(entry.forward, tanh) if name == "gated" else partial(entry.forward, tanh, None)
    return entry._replace(forward=forward, backward=partial(entry.backward, layers.activation_backward))


def _with(entry, case="", **options):
    """The entry with keyword arguments for its forward pass."""
    return entry._replace(name=entry.name + case, forward=partial(entry.forward, **options))


def _with_statistics(entry):
    def forward(params, x, mean, variance):
        running = layers.RunningStatistics(mean, variance)
        return layers.batch_norm_forward(params, x, running=running, eps=0.1)

    return entry._replace(name=entry.name + " at test time", forward=forward)


def _normed_rows(s):
    return (s.N + 1, s.D)


def _image_shape(s):
    return (s.N, s.D, s.T + 1, s.H + 1)


def _halved(channels):
    return lambda s: (s.N, channels(s), (s.T + 2) // 2, (s.H + 2) // 2)


_BATCH_NORM = pair(layers, "batch_norm", _rows, _normed_rows, _torch_norm((0,)))
_BATCH_NORM_N1 = _BATCH_NORM._replace(torch=_torch_norm((0,), correction=1))
_SPATIAL = pair(layers, "spatial_batch_norm", _normed_images, _image_shape, _torch_norm((0, 2, 3)))
_SPATIAL_N1 = _SPATIAL._replace(torch=_torch_norm((0, 2, 3), correction=1))
_BLOCK = pair(layers, "residual_block", None, _halved(lambda s: s.D + 1), _torch_block)
_HIGHWAY = pair(layers, "highway", _highway, _batch, _torch_highway("tanh"))


def _with_state(function):
    """A pass that takes a state as well, fed with (params, state) as if both were parameters."""

    def run(tree, x):
        params, state = tree
        return function(params, x, state)

    run.func = function  # which pass of the library this tests
    return run


def _state_is_a_parameter(result):
    dx, dstate, grads = result
    return dx, (grads, dstate)


def _state0_is_a_parameter(result):
    dx, dstates, grads = result
    return dx, (grads, dstates[0])


def _cell_tree(rng, cell, s, D=None, **options):
    """Random parameters, all of them non-zero, and a random state of a recurrent cell."""
    params = cell.init(D or s.D, s.H, rng=rng, **options)
    params = map_leaves(lambda w: 0.7 * rng.standard_normal(w.shape), params)
    return params, rng.standard_normal(cell.state_shape(s.N, s.H))


def _torch_unroll(cell, torch, params, x, state, **options):
    states = []
    for x_t in x:
        state = cell.torch_step(torch, params, x_t, state, **options)
        states.append(state)
    return torch.stack(states)


def settings_of(options):
    """Every combination of the values in {keyword: values}, the defaults first: [{}, {keyword: value}, …]."""
    combinations = [dict(zip(options, values)) for values in product(*options.values())]
    return [{k: v for k, v in c.items() if v != options[k][0]} for c in combinations]


def _cell_pairs(cell):
    """A cell's step and its unrolled sequence, as pairs, for all values of its options."""
    for init in settings_of(cell.init_options):
        for options in settings_of(cell.step_options):
            yield from _cell_pairs_with(cell, init, options)


def _cell_pairs_with(cell, init, options):
    case = "".join(f" {name}={value}" for name, value in {**init, **options}.items())
    step = partial(cell.step_forward, **options) if options else cell.step_forward

    def unroll(params, x, state0):
        return recurrent.unroll_forward(step, params, x, state0)

    one = Pair(
        f"{cell.name}_step{case}",
        _with_state(step),
        lambda dstate, cache: cell.step_backward(dstate, cache),
        lambda rng, s: Inputs(_cell_tree(rng, cell, s, **init), rng.standard_normal((s.N, s.D))),
        lambda s: cell.state_shape(s.N, s.H),
        lambda torch, i: cell.torch_step(torch, i.params[0], i.x, i.params[1], **options),
        _state_is_a_parameter,
    )
    one.forward.func = cell.step_forward
    many = Pair(
        f"{cell.name} unrolled{case}",
        _with_state(unroll),
        lambda dstates, caches: recurrent.unroll_backward(cell.step_backward, dstates, caches),
        lambda rng, s: Inputs(_cell_tree(rng, cell, s, **init), rng.standard_normal((s.T, s.N, s.D))),
        lambda s: (s.T, *cell.state_shape(s.N, s.H)),
        lambda torch, i: _torch_unroll(cell, torch, i.params[0], i.x, i.params[1], **options),
        _state0_is_a_parameter,
    )
    many.forward.func = recurrent.unroll_forward
    return one, many


def _kernel_pair(name, case="", **init):
    """A cell's whole-sequence kernel."""
    (forward, backward), cell = fast.KERNELS[name], recurrent.CELLS[name]
    return Pair(
        f"{name} sequence{case}",
        _with_state(forward),
        backward,
        lambda rng, s: Inputs(_cell_tree(rng, cell, s, **init), rng.standard_normal((s.T, s.N, s.D))),
        lambda s: (s.T, *cell.state_shape(s.N, s.H)),
        lambda torch, i: _torch_unroll(cell, torch, i.params[0], i.x, i.params[1]),
        _state_is_a_parameter,
    )


def _two(rng, cell, s, **options):
    """Parameters and states of two layers (or directions)."""
    return tuple(zip(_cell_tree(rng, cell, s), _cell_tree(rng, cell, s, **options)))


def _stack_pair(cell):
    def forward(tree, x):
        states, caches = recurrent.stack_forward(cell.step_forward, tree[0], x, tree[1])
        return np.stack(states), caches

    def backward(dstates, caches):
        dx, totals, grads = recurrent.stack_backward(cell.step_backward, tuple(dstates), caches)
        return dx, (grads, tuple(total[0] for total in totals))

    def torch_stack(torch, i):
        (low, high), (low0, high0) = i.params
        below = _torch_unroll(cell, torch, low, i.x, low0)
        h = below if cell.state_arrays == 1 else below[:, 0]
        return torch.stack([below, _torch_unroll(cell, torch, high, h, high0)])

    forward.func = recurrent.stack_forward
    return Pair(
        f"{cell.name} stacked",
        forward,
        backward,
        lambda rng, s: Inputs(_two(rng, cell, s, D=s.H), rng.standard_normal((s.T, s.N, s.D))),
        lambda s: (2, s.T, *cell.state_shape(s.N, s.H)),
        torch_stack,
        lambda result: result,
    )


def _bidirectional_pair(cell):
    def forward(tree, x):
        return recurrent.bidirectional_forward(cell.step_forward, tree[0], x, tree[1])

    def backward(dstates, caches):
        dx, totals, grads = recurrent.bidirectional_backward(cell.step_backward, dstates, caches)
        return dx, (grads, tuple(total[0] for total in totals))

    def torch_both(torch, i):
        (ahead, back), (ahead0, back0) = i.params
        backwards = _torch_unroll(cell, torch, back, i.x.flip(0), back0).flip(0)
        return torch.cat([_torch_unroll(cell, torch, ahead, i.x, ahead0), backwards], dim=-1)

    forward.func = recurrent.bidirectional_forward
    return Pair(
        f"{cell.name} bidirectional",
        forward,
        backward,
        lambda rng, s: Inputs(_two(rng, cell, s), rng.standard_normal((s.T, s.N, s.D))),
        lambda s: (s.T, *cell.state_shape(s.N, s.H)[:-1], 2 * s.H),
        torch_both,
        lambda result: result,
    )


PAIRS = [
    pair(layers, "linear", _linear, lambda s: (s.N, s.H), _torch_linear),
    pair(layers, "linear", _linear_over_time, lambda s: (s.T, s.N, s.H), _torch_linear, " over time"),
    pair(layers, "linear", _linear_single, lambda s: (s.H,), _torch_linear, " of one row"),
    *(_activation(name) for name in ACTIVATIONS),
    pair(losses, "squared_error", _regression, _number, _torch_squared_error),
    pair(losses, "binary_cross_entropy", _binary, _number, _torch_binary),
    pair(losses, "softmax_cross_entropy", _classes, _number, _torch_cross_entropy),
    pair(losses, "softmax_cross_entropy", _masked_classes, _number, _torch_cross_entropy, " with a mask"),
    pair(losses, "squared_error", _masked_rows, _number, _torch_squared_error, " with a mask"),
    pair(losses, "binary_cross_entropy", _masked_rows, _number, _torch_binary, " with a mask"),
    pair(layers, "weight_norm", _weight_norm, lambda s: (s.T, s.N, s.H), _torch_weight_norm),
    _with(_BATCH_NORM, eps=0.1),  # a larger ε: two rows alone would leave a gradient of the size of rounding
    _with(_BATCH_NORM_N1, " with N − 1", eps=0.1, unbiased=True),
    _with_statistics(pair(layers, "batch_norm", _rows_with_statistics, _normed_rows, _torch_fixed_norm)),
    _with(
        pair(layers, "layer_norm", _rows_over_time, lambda s: (s.T, s.N, s.D), _torch_norm((-1,))),
        eps=0.1,
    ),
    _with(_SPATIAL, eps=0.1),
    _with(_SPATIAL_N1, " with NYX − 1", eps=0.1, unbiased=True),
    _with(
        pair(
            layers,
            "conv2d",
            _filtered_images,
            lambda s: (s.N, s.H, (s.T + 3) // 2, (s.H + 2) // 2),
            _torch_conv,
        ),
        stride=2,
        padding=1,
    ),
    _with(
        pair(
            layers,
            "strided_skip",
            lambda rng, s: Inputs(None, _images(rng, s)),
            _halved(lambda s: 9),
            _torch_skip,
        ),
        stride=2,
        channels=9,
    ),
    _with(
        _BLOCK._replace(make=_stages(lambda D, rng: layers.residual_block_init(D, D + 1, rng=rng))),
        stride=2,
        eps=0.1,
    ),
    _with(
        _BLOCK._replace(make=_stages(lambda D, rng: layers.bottleneck_init(D, 2, D + 1, rng=rng))),
        " as a bottleneck",
        stride=2,
        eps=0.1,
    ),
    _block_with_statistics(
        _BLOCK._replace(make=_stages(lambda D, rng: layers.residual_block_init(D, D + 1, rng=rng)))
    ),
    _HIGHWAY,
    _with(_HIGHWAY._replace(torch=_torch_highway("relu")), " with ReLU", activation="relu"),
    _around(
        "residual",
        "linear",
        layers,
        _square_linear,
        _batch,
        lambda torch, i: i.x + 0.5 * _torch_linear(torch, i),
        " around linear",
        scale=0.5,
    ),
    _around(
        "residual",
        "mlp",
        mlp,
        _deep,
        _batch,
        lambda torch, i: i.x + _torch_mlp("tanh")(torch, i),
        " around a deep net",
    ),
    _around_tanh("residual", _signal, lambda torch, i: i.x + torch.tanh(i.x)),
    _around(
        "gated",
        "linear",
        layers,
        _gated(_square_linear),
        _batch,
        _torch_gated(_torch_linear),
        " around linear",
    ),
    _around(
        "gated", "mlp", mlp, _gated(_deep), _batch, _torch_gated(_torch_mlp("tanh")), " around a deep net"
    ),
    _around_tanh("gated", _gated(_signal), _torch_gated(lambda torch, i: torch.tanh(i.x))),
    *(_mlp(name) for name in ("tanh", "relu", "sigmoid")),
    *(one for cell in recurrent.CELLS.values() for one in _cell_pairs(cell)),
    *(_kernel_pair(name) for name in fast.KERNELS),
    _kernel_pair("lstm", " with peepholes", peepholes=True),
    *(_stack_pair(cell) for cell in recurrent.CELLS.values()),
    *(_bidirectional_pair(cell) for cell in recurrent.CELLS.values()),
]
