"""Every forward/backward pair of the library: a new one joins with one line and gets all of test_contract."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from vgcourse import layers, losses, mlp
from vgcourse.activations import ACTIVATIONS

MODULES = [layers, losses, mlp]  # every name_forward defined in them has to be in PAIRS


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


def _torch_squared_error(torch, i):
    return ((i.x - i.data[0]) ** 2).sum() / len(i.x)


def _torch_binary(torch, i):
    return torch.nn.functional.binary_cross_entropy_with_logits(i.x, i.data[0])


PAIRS = [
    pair(layers, "linear", _linear, lambda s: (s.N, s.H), _torch_linear),
    pair(layers, "linear", _linear_over_time, lambda s: (s.T, s.N, s.H), _torch_linear, " over time"),
    pair(layers, "linear", _linear_single, lambda s: (s.H,), _torch_linear, " of one row"),
    *(_activation(name) for name in ACTIVATIONS),
    pair(losses, "squared_error", _regression, _number, _torch_squared_error),
    pair(losses, "binary_cross_entropy", _binary, _number, _torch_binary),
    pair(losses, "softmax_cross_entropy", _classes, _number, _torch_cross_entropy),
    pair(losses, "softmax_cross_entropy", _masked_classes, _number, _torch_cross_entropy, " with a mask"),
    *(_mlp(name) for name in ("tanh", "relu", "sigmoid")),
]
