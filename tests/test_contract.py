"""What every forward/backward pair of the library promises, over tests/registry.py."""

import copy
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require
from hypothesis import given, settings
from hypothesis import strategies as st
from registry import MODULES, PAIRS, Inputs, Sizes

from vgcourse import layers
from vgcourse._trees import map_leaves, named_leaves, replace_leaf
from vgcourse.gradcheck import check_gradients, relative_error
from vgcourse.initializers import zeros

SIZES = Sizes(T=4, N=5, D=3, H=2)
FEW = settings(max_examples=12, deadline=None, derandomize=True, database=None)
any_sizes = st.builds(Sizes, *[st.integers(1, 5)] * 4)
every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def cast(inputs, dtype):
    """Parameters, x and real-valued data in another precision; targets stay real when x is complex."""
    real = np.empty(0, dtype).real.dtype
    data = tuple(d.astype(real) if d.dtype.kind == "f" else d for d in inputs.data)
    return Inputs(map_leaves(lambda w: w.astype(dtype), inputs.params), inputs.x.astype(dtype), data)


def draw(pair, sizes=SIZES, dtype=float, seed=0):
    rng = np.random.default_rng(seed)
    inputs = pair.make(rng, sizes)
    dout = np.asarray(rng.standard_normal(pair.shape(sizes))).astype(dtype)[()]
    return cast(inputs, dtype), dout


def leaves(*trees):
    return [np.asarray(leaf) for tree in trees for _, leaf in named_leaves(tree)]


def bits(*trees):
    return [leaf.tobytes() for leaf in leaves(*trees)]


def lock(*trees):
    """Make every array read-only, so that a change in place raises where it happens."""
    for _, leaf in (leaf for tree in trees for leaf in named_leaves(tree)):
        if isinstance(leaf, np.ndarray):
            leaf.flags.writeable = False


def both(pair, inputs, dout):
    out, cache = pair.run(inputs)
    return out, *pair.gradients(inputs, dout, cache)


def assert_same_types(grads, params):
    assert type(grads) is type(params)
    if isinstance(params, (tuple, list)):
        for g, p in zip(grads, params, strict=True):
            assert_same_types(g, p)


def test_every_pair_of_the_library_is_registered():
    known = {getattr(pair.forward, "func", pair.forward) for pair in PAIRS}
    for module in MODULES:
        for name, function in vars(module).items():
            if name.endswith("_forward") and function.__module__ == module.__name__:
                assert function in known, f"{module.__name__}.{name} is not in tests/registry.py"
    assert len({pair.name for pair in PAIRS}) == len(PAIRS)


@every_pair
@given(sizes=any_sizes, dtype=st.sampled_from(["float32", "float64"]))
@FEW
def test_shapes_and_dtypes_survive(pair, sizes, dtype):
    inputs, dout = draw(pair, sizes, dtype)
    out, dx, grads = both(pair, inputs, dout)
    assert np.shape(out) == pair.shape(sizes)
    assert dx.shape == inputs.x.shape
    assert_same_types(grads, inputs.params)
    for g, w in zip(leaves(grads), leaves(inputs.params), strict=True):
        assert g.shape == w.shape
    assert {leaf.dtype.name for leaf in leaves(out, dx, grads)} == {dtype}


@every_pair
@given(sizes=any_sizes)
@FEW
def test_float32_agrees_with_float64(pair, sizes):
    inputs, dout = draw(pair, sizes, "float32")
    small = both(pair, inputs, dout)
    large = both(pair, cast(inputs, "float64"), np.asarray(dout, dtype=float)[()])
    for a, b in zip(leaves(*small), leaves(*large), strict=True):
        scale = max(np.abs(b).max(), 1e-3)
        assert np.abs(a - b).max() < 2e-4 * scale


@every_pair
def test_complex_input_passes_through_forward(pair):
    inputs, _ = draw(pair)
    out, _ = pair.run(inputs)
    out_complex, _ = pair.run(cast(inputs, "complex128"))
    assert np.asarray(out_complex).dtype == "complex128"
    assert relative_error(out_complex.real, out) < 1e-14
    assert np.abs(out_complex.imag).max() == 0


@every_pair
@given(sizes=any_sizes, seed=st.integers(0, 99))
@FEW
def test_gradients_agree_with_the_complex_step(pair, sizes, seed):
    inputs, dout = draw(pair, sizes, seed=seed)
    _, dx, grads = both(pair, inputs, dout)

    def loss(tree):
        params, x = tree
        return (pair.run(Inputs(params, x, inputs.data))[0] * dout).sum()

    report = check_gradients(
        loss, (inputs.params, inputs.x), (grads, dx), rng=np.random.default_rng(seed), tolerance=1e-9
    )
    assert len(report.blocks) == 1 + len(leaves(inputs.params))
    assert report.ok, str(report)


@every_pair
def test_nothing_is_changed_and_nothing_is_remembered(pair):
    inputs, dout = draw(pair)
    other, other_dout = draw(pair, seed=1)
    before = bits(inputs, dout)
    lock(inputs, other, dout, other_dout)

    out, cache = pair.run(inputs)
    kept = copy.deepcopy((out, cache))
    lock(cache)
    first = pair.gradients(inputs, dout, cache)
    kept_gradients = bits(*first)
    _, other_cache = pair.run(other)
    pair.gradients(other, other_dout, other_cache)
    second = pair.gradients(inputs, dout, cache)

    assert bits(inputs, dout) == before
    assert bits(*second) == kept_gradients, "a second backward pass gives something else"
    assert bits(*first) == kept_gradients, "a later call overwrote an earlier result"
    assert bits(out) == bits(kept[0])
    assert [leaf.tobytes() for leaf in leaves(cache) if leaf.dtype.kind == "f"] == [
        leaf.tobytes() for leaf in leaves(kept[1]) if leaf.dtype.kind == "f"
    ]


def overwrite(*trees):
    """Fill every array with NaN, as somebody does who reuses it."""
    for _, leaf in (leaf for tree in trees for leaf in named_leaves(tree)):
        if isinstance(leaf, np.ndarray):
            leaf[...] = np.nan


@every_pair
def test_what_a_pass_returns_is_nobody_elses(pair):
    """No output shares memory with an input, nor with what a backward pass reads in the cache."""
    inputs, dout = draw(pair)
    before = bits(inputs, dout)
    out, cache = pair.run(inputs)
    gradients = pair.gradients(inputs, dout, cache)
    expected = bits(*gradients)

    overwrite(out)
    assert bits(inputs, dout) == before, "the output is a part of an input"
    assert bits(*pair.gradients(inputs, dout, cache)) == expected, "the backward pass reads the output"
    overwrite(*gradients)
    assert bits(inputs, dout) == before, "a gradient is a part of an input"
    assert bits(*pair.gradients(inputs, dout, cache)) == expected, "the backward pass reads its own gradients"


IMAGES = np.abs(np.random.default_rng(0).standard_normal((2, 3, 4, 5)))
ROWS = IMAGES[0, 0]
SCALES = layers.NormParams(np.ones(5), np.zeros(5))
FILTERS = layers.ConvParams(np.eye(3)[:, :, None, None], None)
RUNNING = layers.RunningStatistics(np.zeros(5), np.ones(5))
RELU = partial(layers.activation_forward, "relu")


@pytest.mark.parametrize(
    "forward, backward, args",
    [
        (
            layers.linear_forward,
            layers.linear_backward,
            (layers.LinearParams(np.eye(5), np.zeros(5)), ROWS[0]),
        ),
        (RELU, layers.activation_backward, (ROWS,)),
        (layers.batch_norm_forward, layers.batch_norm_backward, (SCALES, ROWS[:1])),
        (partial(layers.batch_norm_forward, running=RUNNING), layers.batch_norm_backward, (SCALES, ROWS)),
        (layers.layer_norm_forward, layers.layer_norm_backward, (SCALES, ROWS[0])),
        (layers.conv2d_forward, layers.conv2d_backward, (FILTERS, IMAGES)),
        (layers.strided_skip_forward, layers.strided_skip_backward, (IMAGES,)),
        (
            partial(layers.residual_forward, RELU, scale=0.0),
            partial(layers.residual_backward, layers.activation_backward),
            (None, ROWS),
        ),
        (
            layers.residual_block_forward,
            layers.residual_block_backward,
            (layers.residual_block_init(3, K=1, rng=np.random.default_rng(0), initializer=zeros), IMAGES),
        ),
    ],
    ids=lambda value: getattr(getattr(value, "func", value), "__name__", ""),
)
def test_an_output_that_equals_an_input_is_still_a_copy(forward, backward, args):
    """The layers where a view would have done: nothing to move, nothing to add, one row, 1×1."""
    out, cache = forward(*args)
    dout = np.ones_like(out)
    gradients = backward(dout, cache)
    for made, read in ((out, (args, cache)), (gradients, (args, dout, cache))):
        for _, new in named_leaves(made):
            assert not any(np.shares_memory(new, old) for _, old in named_leaves(read) if np.size(old))


def nans_or_refusal(call):
    """Every array that comes holds NaN; or none comes, because an error says that it does not want NaN."""
    try:
        found = leaves(call())
    except ValueError as error:
        assert "nan" in str(error).lower()
        return
    assert found and all(np.isnan(leaf).any() for leaf in found)


@every_pair
def test_nan_comes_out_or_is_refused(pair):
    """In x or in any parameter: out is NaN; in dout: so are dx and every gradient."""
    inputs, dout = draw(pair)
    tree = (inputs.params, inputs.x)
    for number, array in enumerate(leaves(tree)):
        params, x = replace_leaf(tree, number, np.full_like(array, np.nan))
        spoiled = Inputs(params, x, inputs.data)
        nans_or_refusal(lambda spoiled=spoiled: pair.run(spoiled)[0])
    _, cache = pair.run(inputs)
    nans_or_refusal(lambda: pair.gradients(inputs, np.full_like(dout, np.nan)[()], cache))


@every_pair
def test_the_two_inputs_of_the_purity_test_differ(pair):
    """Otherwise a pair that remembers its last call would pass above."""
    (a, da), (b, db) = draw(pair), draw(pair, seed=1)
    assert bits(both(pair, a, da)[1]) != bits(both(pair, b, db)[1])


def fortran(array):
    return np.asfortranarray(array)


def strided(array):
    wide = np.full([2 * n + 1 for n in array.shape], np.nan, dtype=array.dtype)
    view = wide[tuple(slice(None, -1, 2) for _ in array.shape)]
    view[...] = array
    return view


def reversed_strides(array):
    return np.ascontiguousarray(array[::-1])[::-1]


@every_pair
@pytest.mark.parametrize("layout", [fortran, strided, reversed_strides])
def test_memory_layout_does_not_matter(pair, layout):
    inputs, dout = draw(pair)
    data = tuple(layout(d) if d.dtype.kind == "f" else d for d in inputs.data)
    moved = Inputs(map_leaves(layout, inputs.params), layout(inputs.x), data)
    moved_dout = layout(dout) if np.ndim(dout) else dout
    for a, b in zip(leaves(*both(pair, inputs, dout)), leaves(*both(pair, moved, moved_dout)), strict=True):
        assert relative_error(a, b) < 1e-14


@every_pair
@pytest.mark.parametrize("sizes", [SIZES, Sizes(1, 1, 1, 1), Sizes(2, 7, 4, 6)], ids=str)
def test_agrees_with_torch(pair, sizes):
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    inputs, dout = draw(pair, sizes)
    out, dx, grads = both(pair, inputs, dout)
    params = map_leaves(lambda w: torch.tensor(w, requires_grad=True), inputs.params)
    x = torch.tensor(inputs.x, requires_grad=True)
    out_torch = pair.torch(torch, Inputs(params, x, tuple(torch.tensor(d) for d in inputs.data)))
    (out_torch * torch.tensor(dout)).sum().backward()
    theirs = [out_torch.detach().numpy(), *(w.grad.numpy() for _, w in named_leaves(params)), x.grad.numpy()]
    for a, b in zip([np.asarray(out), *leaves(grads), dx], theirs, strict=True):
        # absolute beside relative: with one class, say, the exact gradient is 0 and rounding is all there is
        assert relative_error(a, b) < 1e-12 or np.abs(a - b).max() < 1e-15
