"""The whole-sequence kernels give what the unrolled steps give; workspaces, flushing, bad arguments."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vgcourse._trees import map_leaves, named_leaves
from vgcourse.gradcheck import relative_error
from vgcourse.recurrent import (
    CELLS,
    STEP_ACTIVATIONS,
    RNNParams,
    cell_init,
    unroll_backward,
    unroll_forward,
)
from vgcourse.recurrent.fast import (
    KERNELS,
    Workspace,
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from vgcourse.recurrent.fast._blocks import FLUSH_EVERY
from vgcourse.recurrent.fast._products import product_into, product_with

every_cell = pytest.mark.parametrize("name", KERNELS)
VARIANTS = [
    *(("rnn", {"activation": name}) for name in STEP_ACTIVATIONS),
    ("ugrnn", {}),
    ("gru", {"reset": "after"}),
    ("gru", {"reset": "before"}),
    ("lstm", {}),
    ("lstm", {"peepholes": True}),
]
every_variant = pytest.mark.parametrize(
    ("name", "options"), VARIANTS, ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values()))
)
FEW = settings(max_examples=15, deadline=None, derandomize=True, database=None)


def problem(name, T=6, N=3, D=4, H=5, dtype=float, seed=0, **options):
    """Parameters without a zero in them, x, state0, dstates."""
    rng = np.random.default_rng(seed)
    shape = (N, H) if CELLS[name].state_arrays == 1 else (2, N, H)
    params = cell_init(name, D, H, rng=rng, **options)
    params = map_leaves(lambda w: (w + 0.1 * rng.standard_normal(w.shape)).astype(dtype), params)
    return params, *(rng.standard_normal(s).astype(dtype) for s in ((T, N, D), shape, (T, *shape)))


def by_steps(name, params, x, state0, dstates):
    cell = CELLS[name]
    states, caches = unroll_forward(cell.step_forward, params, x, state0)
    dx, dstates_total, grads = unroll_backward(cell.step_backward, dstates, caches)
    return states, dx, dstates_total[0], *(g for _, g in named_leaves(grads))


def by_kernel(name, params, x, state0, dstates, workspace=None):
    forward, backward = KERNELS[name]
    states, cache = forward(params, x, state0, workspace)
    dx, dstate0, grads = backward(dstates, cache)
    assert type(grads) is type(params)
    return states, dx, dstate0, *(g for _, g in named_leaves(grads))


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
def test_rnn_with_every_activation(activation):
    params, x, state0, dstates = problem("rnn", T=9)
    params = params._replace(W_h=0.5 * params.W_h)
    states, cache = rnn_forward(params, x, state0, activation=activation)
    dx, dstate0, grads = rnn_backward(dstates, cache)
    step = partial(CELLS["rnn"].step_forward, activation=activation)
    truth, caches = unroll_forward(step, params, x, state0)
    dx_true, totals, grads_true = unroll_backward(CELLS["rnn"].step_backward, dstates, caches)
    ours, theirs = (states, dx, dstate0, *grads), (truth, dx_true, totals[0], *grads_true)
    assert worst_error(ours, theirs) < 1e-13


@pytest.mark.parametrize("sizes", [(9, 3, 4, 5), (3, 64, 30, 256), (5, 1, 2, 1), (300, 2, 3, 40)], ids=str)
@pytest.mark.parametrize("workspace", [None, Workspace()], ids=["alone", "workspace"])
def test_gru_with_the_reset_gate_before(sizes, workspace, monkeypatch):
    monkeypatch.setattr("vgcourse.recurrent.fast._blocks.BLOCK_BYTES", 40_000)
    monkeypatch.setattr("vgcourse.recurrent.fast._blocks.GRADIENT_ROWS", 200)
    params, x, state0, dstates = problem("gru", *sizes)
    params = params._replace(W_h=0.3 * params.W_h)
    states, cache = gru_forward(params, x, state0, workspace, reset="before")
    dx, dstate0, grads = gru_backward(dstates, cache)
    step = partial(CELLS["gru"].step_forward, reset="before")
    truth, caches = unroll_forward(step, params, x, state0)
    dx_true, totals, grads_true = unroll_backward(CELLS["gru"].step_backward, dstates, caches)
    ours, theirs = (states, dx, dstate0, *grads), (truth, dx_true, totals[0], *grads_true)
    assert worst_error(ours, theirs) < 1e-13
    with pytest.raises(ValueError, match="dstates has shape"):
        gru_backward(dstates[1:], cache)


def test_an_unknown_reset_is_refused():
    with pytest.raises(ValueError, match="gru_forward: reset is 'never'"):
        gru_forward(*problem("gru")[:3], reset="never")


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="rnn_forward: activation is 'swish'"):
        rnn_forward(*problem("rnn")[:3], activation="swish")


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize(
    "sizes", [(1, 5, 8), (3, 7, 5), (64, 100, 256), (64, 300, 192), (61, 256, 320)], ids=str
)
@pytest.mark.parametrize("gates", [0, 1, 4])
def test_products_in_pieces_are_the_products(sizes, gates, dtype):
    """61 rows cannot be cut evenly; complex numbers and small products need no cut."""
    (N, K, H), rng = sizes, np.random.default_rng(0)
    signal = rng.standard_normal((N, K + 1)).astype(dtype)[:, :K]  # rows of a wider array
    weights = rng.standard_normal((K, max(gates, 1) * H)).astype(dtype)
    out = np.empty((gates, N, H) if gates else (N, H), dtype)
    product_into(out, weights)(signal)
    truth = signal @ weights
    by_row = out.swapaxes(0, 1).reshape(N, -1) if gates else out
    assert relative_error(by_row, truth) < (1e-5 if dtype == "float32" else 1e-13)

    many, into = np.concatenate([signal] * 3)[1:], np.empty((3 * N - 1, max(gates, 1) * H), dtype)
    product_with(weights)(many, into)
    assert relative_error(into, many @ weights) < (1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_cell
def test_shapes_whose_products_are_cut(name, dtype):
    params, *signals = problem(name, 3, 64, 100, 256, dtype)
    params = params._replace(W_h=(params.W_h * 0.3).astype(dtype))
    ours = by_kernel(name, params, *signals)
    assert worst_error(ours, by_steps(name, params, *signals)) < (2e-5 if dtype == "float32" else 1e-13)


@every_cell
def test_a_complex_step_in_the_weights_gives_the_gradient(name):
    params, x, state0, dstates = problem(name)
    _, cache = KERNELS[name][0](params, x, state0)
    _, _, grads = KERNELS[name][1](dstates, cache)
    direction = np.random.default_rng(1).standard_normal(params.W_h.shape)
    states, _ = KERNELS[name][0](params._replace(W_h=params.W_h + 1e-30j * direction), x, state0)
    slope = (dstates * states.imag).sum() / 1e-30
    assert relative_error(slope, (grads.W_h * direction).sum()) < 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gate_is_accurate_where_it_is_nearly_closed(dtype):
    """With r = 0, h_t is σ(a) h_{t−1}; half a tanh would be 6 % off at a = −16 in float32."""
    a = np.linspace(-80, 0, 81).astype(dtype)
    H = len(a)
    params = CELLS["ugrnn"].params_type(
        np.zeros((2 * H, 1), dtype), np.zeros((2 * H, H), dtype), np.concatenate([0 * a, a])
    )
    states, _ = KERNELS["ugrnn"][0](params, np.zeros((1, 1, 1), dtype), np.ones((1, H), dtype))
    truth = 1 / (1 + np.exp(-a.astype(float)))
    assert np.abs(states[0, 0] / truth - 1).max() < 8 * np.finfo(dtype).eps


def worst_error(ours, truth):
    return max(relative_error(a, b) for a, b in zip(ours, truth, strict=True))


@every_cell
@given(sizes=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 99))
@FEW
def test_kernels_equal_the_unrolled_steps(name, sizes, seed):
    given_ = problem(name, *sizes, seed=seed)
    # of one unit a gradient can be a sum that cancels; then rounding is relative to its terms
    for a, b in zip(by_kernel(name, *given_), by_steps(name, *given_), strict=True):
        assert relative_error(a, b) < 1e-12 or np.abs(a - b).max() < 1e-14


@every_cell
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-13)])
@pytest.mark.parametrize("sizes", [(600, 1, 2, 8), (40, 3, 4, 150), (7, 70, 1, 40)], ids=str)
def test_several_blocks_of_steps_and_long_sequences(name, dtype, tolerance, sizes, monkeypatch):
    monkeypatch.setattr("vgcourse.recurrent.fast._blocks.BLOCK_BYTES", 40_000)
    monkeypatch.setattr("vgcourse.recurrent.fast._blocks.GRADIENT_ROWS", 200)
    T, N, D, H = sizes
    params, *signals = problem(name, T, N, D, H, dtype)
    params = params._replace(
        W_h=(params.W_h * 0.3).astype(dtype)
    )  # not chaotic, so that rounding stays small
    ours = by_kernel(name, params, *signals)
    assert {a.dtype.name for a in ours} == {dtype}
    assert worst_error(ours, by_steps(name, params, *signals)) < tolerance


@pytest.mark.parametrize("given_peepholes", ["ifo", "i", "f", "o", "io"])
def test_lstm_with_some_peepholes(given_peepholes):
    params, *signals = problem("lstm", peepholes=True)
    params = params._replace(p=params.p * [[gate in given_peepholes] for gate in "ifo"])
    ours, steps = by_kernel("lstm", params, *signals), by_steps("lstm", params, *signals)
    assert worst_error(ours, steps) < 1e-13


@every_cell
def test_a_workspace_is_used_again_and_changes_nothing(name):
    workspace = Workspace()
    sizes = [(9, 4, 3, 5), (4, 2, 3, 5), (9, 4, 3, 5), (9, 4, 3, 6)]
    bytes_after = []
    for seed, size in enumerate(sizes):
        given_ = problem(name, *size, seed=seed)
        fresh = by_kernel(name, *given_)
        for a, b in zip(by_kernel(name, *given_, workspace), fresh, strict=True):
            assert np.array_equal(a, b)
        bytes_after.append(workspace.nbytes)
    assert bytes_after[0] == bytes_after[1] == bytes_after[2] < bytes_after[3]
    assert workspace.nbytes == sum(a.nbytes for a in workspace.arrays())


def variant(name, options, *sizes, **given_):
    """`problem` and the kernel's forward and the step forward of one of VARIANTS."""
    options = dict(options)
    init = {"peepholes": True} if options.pop("peepholes", False) else {}
    forward, step = (partial(f, **options) for f in (KERNELS[name][0], CELLS[name].step_forward))
    return problem(name, *sizes, **given_, **init), forward, step


@every_variant
@pytest.mark.parametrize("with_workspace", [False, True], ids=["alone", "workspace"])
def test_changing_an_output_in_place_changes_no_gradient(name, options, with_workspace):
    """Nor does changing x and state0: backward reads what is its own, and the parameters."""
    (params, x, state0, dstates), forward, _ = variant(name, options, T=9)
    backward = KERNELS[name][1]
    truth = [w.copy() for _, w in named_leaves(backward(dstates, forward(params, x, state0)[1]))]
    workspace = Workspace() if with_workspace else None
    states, cache = forward(params, x, state0, workspace)
    read = [leaf for _, leaf in named_leaves(cache[1:]) if isinstance(leaf, np.ndarray)]
    assert read and not any(np.shares_memory(states, array) for array in read)
    for array in (states, x, state0):
        array[...] = np.nan
    found = backward(dstates, cache)
    assert all(np.array_equal(a, b) for (_, a), b in zip(named_leaves(found), truth, strict=True))


@every_variant
def test_changing_gradients_in_place_changes_no_second_backward_pass(name, options):
    (params, *signals, dstates), forward, _ = variant(name, options, T=9)
    backward = KERNELS[name][1]
    _, cache = forward(params, *signals)
    first = [g for _, g in named_leaves(backward(dstates, cache))]
    truth = [g.copy() for g in first]
    for number, g in enumerate(first):
        g[...] = np.nan
        assert all(np.array_equal(a, b) for a, b in zip(first[number + 1 :], truth[number + 1 :]))
    again = named_leaves(backward(dstates, cache))
    assert all(np.array_equal(a, b) for (_, a), b in zip(again, truth, strict=True))


@every_cell
def test_states_may_be_the_next_input_in_the_same_workspace(name):
    params, x, state0, dstates = problem(name, T=700, D=5)
    workspace = Workspace()
    states, _ = KERNELS[name][0](params, x, state0, workspace)
    hidden = states if states.ndim == 3 else states[:, 0]
    truth = by_kernel(name, params, hidden.copy(), states[-1].copy(), dstates)
    found = by_kernel(name, params, hidden, states[-1], dstates, workspace)
    assert all(np.array_equal(a, b) for a, b in zip(found, truth, strict=True))


@every_cell
def test_without_a_workspace_nothing_is_overwritten(name):
    params, x, state0, dstates = problem(name)
    first = by_kernel(name, params, x, state0, dstates)
    kept = [a.copy() for a in first]
    by_kernel(name, params, -x, -state0, 2 * dstates)
    assert all(np.array_equal(a, b) for a, b in zip(first, kept))


@every_cell
def test_weight_gradients_do_not_live_in_the_workspace(name):
    given_, workspace = problem(name), Workspace()
    grads = by_kernel(name, *given_, workspace)[2:]  # dstate0 too
    kept = [g.copy() for g in grads]
    by_kernel(name, *problem(name, seed=1), workspace)
    assert all(np.array_equal(a, b) for a, b in zip(grads, kept))


@every_cell
def test_settings_of_numpy_are_restored(name):
    before = np.getbufsize(), np.geterr()
    by_kernel(name, *problem(name))
    assert (np.getbufsize(), np.geterr()) == before
    with pytest.raises(ValueError):
        KERNELS[name][0](*problem(name, D=2)[:1], np.zeros((3, 2, 5)), np.zeros(1))
    assert (np.getbufsize(), np.geterr()) == before


@every_cell
def test_a_workspace_refuses_a_cache_that_is_used_up_or_overwritten(name):
    params, x, state0, dstates = problem(name)
    (forward, backward), workspace = KERNELS[name], Workspace()
    _, cache = forward(params, x, state0, workspace)
    backward(dstates, cache)
    with pytest.raises(ValueError, match="workspace was used again since"):
        backward(dstates, cache)
    _, old = forward(params, x, state0, workspace)
    _, new = forward(params, -x, state0, workspace)
    with pytest.raises(ValueError, match="workspace was used again since"):
        backward(dstates, old)
    backward(dstates, new)


@pytest.mark.parametrize(("dtype", "T"), [("float32", 700), ("float64", 2600)])
@every_cell
def test_a_vanished_gradient_becomes_zero_where_the_steps_stay_subnormal(name, dtype, T):
    """Rounding to nearest, 0.7 times the smallest subnormal is that again: unflushed, it stays for ever."""
    params, x, state0, dstates = problem(name, T=T, N=2, dtype=dtype)
    weights = {"W_x": 0.01 * params.W_x, "W_h": 0 * params.W_h, "b": 0 * params.b}
    if name == "rnn":
        weights["W_h"] = 0.7 * np.eye(5)
    else:
        weights["b"][5:10] = np.log(0.7 / 0.3)  # the gate that keeps: σ(b) = 0.7
    params = params._replace(**{key: w.astype(dtype) for key, w in weights.items()})
    dstates[:-1] = 0
    _, dx, dstate0, *_ = by_kernel(name, params, 0 * x, 0 * state0, dstates)
    _, dx_steps, dstate0_steps, *_ = by_steps(name, params, 0 * x, 0 * state0, dstates)
    tiny = np.finfo(dtype).tiny
    assert not dstate0.any()
    assert dstate0_steps.any() and np.abs(dstate0_steps).max() < tiny
    subnormal = (dx != 0) & (np.abs(dx) < tiny)
    assert subnormal.any(axis=(1, 2)).sum() <= 3 * FLUSH_EVERY
    size = np.abs(dx_steps).max(axis=(1, 2))
    there = size > 1e3 * tiny  # so dh, which is larger, was not flushed
    assert T / 8 < there.sum() < T
    error = np.abs(dx - dx_steps).max(axis=(1, 2))[there] / size[there]
    assert error.max() < (1e-4 if dtype == "float32" else 1e-11)


@pytest.mark.parametrize(("dtype", "stays"), [("float32", 1e-34), ("float64", 1e-304)])
@every_cell
def test_the_flush_looks_at_the_whole_gradient_and_has_a_threshold(name, dtype, stays):
    """Just above 1e3 · tiny nothing is touched; far below, one large entry in a batch keeps all others."""
    params, x, state0, dstates = problem(name, T=1, dtype=dtype)
    dstates[...] = stays
    _, _, kept, *_ = by_kernel(name, params, x, state0, dstates)
    assert kept.any()
    dstates[...] = stays * 1e-3
    _, _, flushed, *_ = by_kernel(name, params, x, state0, dstates)
    _, _, by_step, *_ = by_steps(name, params, x, state0, dstates)
    assert not flushed.any() and by_step.any()
    dstates[..., 0, :] = 1
    _, _, beside, *_ = by_kernel(name, params, x, state0, dstates)
    assert beside[..., 1:, :].any()


def test_a_gradient_arrives_again_after_a_flush():
    params, x, state0, dstates = problem("rnn", T=600)
    params = params._replace(W_h=0.01 * params.W_h)
    dstates[:-1] = 0
    dstates[5] = 1
    _, _, dstate0, *grads = by_kernel("rnn", params, x, state0, dstates)
    assert dstate0.any()
    assert worst_error(grads, by_steps("rnn", params, x, state0, dstates)[3:]) < 1e-12


def sum_of(trees):
    return [sum(leaves) for leaves in zip(*([w for _, w in named_leaves(tree)] for tree in trees))]


def every_step_by_hand(name, step, params, x, state, dstates):
    """The unrolled steps where something is not finite, which `unroll_*` refuse."""
    states, caches, dxs, grads = [], [], [], []
    for x_t in x:
        state, cache = step(params, x_t, state)
        states.append(state)
        caches.append(cache)
    dstate = np.zeros_like(state)
    for own, cache in zip(dstates[::-1], caches[::-1]):
        dx, dstate, step_grads = CELLS[name].step_backward(own + dstate, cache)
        dxs.append(dx)
        grads.append(step_grads)
    return np.stack(states), np.stack(dxs[::-1]), dstate, *sum_of(grads)


def assert_same_with_nan(ours, truth, tolerance=1e-12):
    for a, b in zip(ours, truth, strict=True):
        assert np.array_equal(np.isnan(a), np.isnan(b))
        infinite = np.isinf(b)
        assert np.array_equal(a[infinite], b[infinite])
        a, b = a[np.isfinite(b)], b[np.isfinite(b)]
        assert a.size == 0 or relative_error(a, b) < tolerance


@every_variant
@pytest.mark.parametrize("sizes", [(6, 3, 4, 5), (6, 1, 4, 5), (5, 64, 100, 256)], ids=str)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["x", "dstates"])
def test_nan_and_infinity_come_out_as_from_the_steps(name, options, sizes, bad, where, monkeypatch):
    """Past the checks, which refuse them: as if a product had overflowed at that place."""
    monkeypatch.setattr("vgcourse.recurrent.fast._checks._expect_finite", lambda where, **arrays: None)
    (params, x, state0, dstates), forward, step = variant(name, options, *sizes)
    params = params._replace(W_h=0.3 * params.W_h)
    {"x": x[2], "dstates": dstates[3]}[where][..., -1, 0] = bad
    states, cache = forward(params, x, state0)
    ours = states, *(g for _, g in named_leaves(KERNELS[name][1](dstates, cache)))
    with np.errstate(all="ignore"):
        truth = every_step_by_hand(name, step, params, x, state0, dstates)
    assert_same_with_nan(ours, truth)
    if np.isnan(bad):
        assert np.isnan(ours[3]).any(), "the gradient with respect to W_x"
        assert where == "dstates" or np.isnan(states[2:]).reshape(len(x) - 2, -1).any(axis=1).all()


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "softplus", "identity"])
@pytest.mark.parametrize(("dtype", "growth"), [("float32", 1e12), ("float64", 1e100)])
def test_a_net_that_explodes_ends_in_nan_and_never_in_zero(activation, dtype, growth):
    """Unit 0 overflows alone, at once; the others get ±∞ from it, and then ∞ − ∞."""
    params, x, state0, dstates = problem("rnn", T=12, dtype=dtype)
    params.W_h[0] = [growth, 0, 0, 0, 0]
    state0[:, 0] = 1
    states, cache = rnn_forward(params, x, state0, activation=activation)
    step = partial(CELLS["rnn"].step_forward, activation=activation)
    with np.errstate(all="ignore"):
        truth = every_step_by_hand("rnn", step, params, x, state0, dstates)
    assert_same_with_nan([states], [truth[0]], 1e-5 if dtype == "float32" else 1e-12)
    assert np.isinf(states).any() and np.isnan(states[-1]).all()
    dx, dstate0, grads = rnn_backward(dstates, cache)
    assert np.isnan(dx).any() and np.isnan(dstate0).any() and all(np.isnan(g).any() for g in grads)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_variant
def test_a_complex_step_through_saturated_gates_is_finite(name, options, dtype):
    """e^(−a) overflows there; as a complex number its reciprocal would be NaN where σ(a) is 0."""
    (params, x, state0, _), forward, step = variant(name, options, dtype=dtype)
    x = x * np.asarray(1e4, dtype)
    direction = np.random.default_rng(1).standard_normal(params.W_x.shape)
    moved = params._replace(W_x=(params.W_x + 1e-20j * direction).astype(np.result_type(dtype, np.complex64)))
    states, _ = forward(moved, x, state0)
    with np.errstate(all="ignore"):
        truth = unroll_forward(step, *(map_leaves(lambda w: w + 0j, tree) for tree in (moved, x, state0)))[0]
    assert np.isfinite(states).all()
    eps = np.finfo(dtype).eps
    assert relative_error(states.real, forward(params, x, state0)[0]) < 50 * eps
    assert relative_error(states.imag, truth.imag) < 1e3 * eps


@every_cell
def test_saturated_units_do_not_overflow(name):
    params, x, state0, dstates = problem(name, dtype="float32")
    with np.errstate(all="raise", under="ignore"):
        results = by_kernel(name, params, x * np.float32(1e4), state0, dstates)
    assert all(np.isfinite(a).all() for a in results)


def replaced(arguments, index, value):
    return (*arguments[:index], value, *arguments[index + 1 :])


@every_cell
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda a: replaced(a, 0, (1, 2)), TypeError, "params is tuple; expected"),
        (lambda a: replaced(a, 1, a[1].astype(int)), TypeError, "x holds int64 values"),
        (lambda a: replaced(a, 1, a[1].astype("float32")), TypeError, "precisions are mixed"),
        (lambda a: replaced(a, 1, a[1][:0]), ValueError, "x is empty"),
        (lambda a: replaced(a, 1, a[1][:, :0]), ValueError, "x is empty"),
        (lambda a: replaced(a, 1, a[1][0]), ValueError, r"x has shape \(3, 4\); expected \(T, N, 4\)"),
        (lambda a: replaced(a, 1, a[1][:, :, 1:]), ValueError, r"x has shape \(6, 3, 3\)"),
        (
            lambda a: replaced(a, 1, np.where(a[1] > 1, np.nan, a[1])),
            ValueError,
            "x holds .* NaN or infinite",
        ),
        (lambda a: replaced(a, 2, a[2][..., 1:]), ValueError, "state0 has shape"),
        (lambda a: replaced(a, 2, a[2][..., :2, :]), ValueError, "state0 has shape"),
        (lambda a: replaced(a, 0, a[0]._replace(b=a[0].b[1:])), ValueError, "b has shape"),
        (lambda a: replaced(a, 0, a[0]._replace(W_h=a[0].W_h[1:])), ValueError, "W_h has shape"),
        (lambda a: replaced(a, 0, a[0]._replace(W_x=a[0].W_x[1:])), ValueError, "W_x has shape"),
        (lambda a: replaced(a, 0, a[0]._replace(W_h=a[0].W_h + np.inf)), ValueError, "W_h holds"),
        (lambda a: (*a, {}), TypeError, "workspace is dict; expected Workspace or None"),
    ],
)
def test_forward_refuses(name, change, error, message):
    with pytest.raises(error, match=f"{name}_forward: {message}"):
        KERNELS[name][0](*change(problem(name)[:3]))


@every_cell
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d[1:], ValueError, "dstates has shape"),
        (lambda d: d[..., 1:], ValueError, "dstates has shape"),
        (lambda d: d.astype(int), TypeError, "dstates holds int64"),
        (lambda d: d.astype("float32"), TypeError, "precisions are mixed"),
        (lambda d: d * np.nan, ValueError, "dstates holds"),
    ],
)
def test_backward_refuses(name, change, error, message):
    params, x, state0, dstates = problem(name)
    forward, backward = KERNELS[name]
    _, cache = forward(params, x, state0)
    with pytest.raises(error, match=f"{name}_backward: {message}"):
        backward(change(dstates), cache)


def test_backward_refuses_the_cache_of_another_cell():
    _, cache = rnn_forward(*problem("rnn")[:3])
    with pytest.raises(
        TypeError, match="lstm_backward: cache is RNNSequenceCache; expected LSTMSequenceCache"
    ):
        lstm_backward(problem("lstm")[3], cache)


def test_huge_finite_numbers_are_not_taken_for_infinite_ones():
    """The fast check squares; 1e200 squared is infinite."""
    params = RNNParams(np.full((2, 1), 1e-200), np.eye(2), np.zeros(2))
    states, cache = rnn_forward(params, np.full((3, 1, 1), 1e200), np.zeros((1, 2)))
    assert np.isfinite(states).all()
    dx, _, _ = rnn_backward(np.full(states.shape, 1e200), cache)
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_huge_numbers_hide_no_nan_and_no_infinity(dtype):
    """Where the sum of squares overflows, each number is looked at: the count and the place are right."""
    params, x, state0, dstates = map_leaves(lambda w: w.astype(dtype), problem("rnn", dtype=dtype))
    huge = float(np.finfo(dtype).max) / 8
    params = params._replace(W_x=params.W_x / huge)
    x[...] = huge
    states, cache = rnn_forward(params, x[:, ::2, :], state0[::2])  # not contiguous
    assert np.isfinite(states).all()
    for bad in (np.nan, np.inf, -np.inf, *((complex(huge, np.nan), complex(np.inf, -huge)) * ("c" in dtype))):
        x[3, 1, 2] = bad
        with pytest.raises(ValueError, match=r"x holds 1 values that are NaN or infinite.* \(3, 1, 2\)"):
            rnn_forward(params, x, state0)
        with pytest.raises(ValueError, match="dstates holds 1 values that are NaN or infinite"):
            dstates[2, 1, 0] = bad
            rnn_backward(dstates[:, :2], cache)


@every_cell
def test_a_missing_parameter_is_refused_by_name(name):
    params, *signals = problem(name)[:3]
    for missing in ("W_x", "W_h", "b"):
        with pytest.raises(TypeError, match=f"{name}_forward: {missing} holds object values"):
            KERNELS[name][0](params._replace(**{missing: None}), *signals)


def test_states_of_the_lstm_unpack_by_step():
    params, x, state0, _ = problem("lstm")
    states, _ = lstm_forward(params, x, state0)
    h, c = states[-1]
    assert h.shape == c.shape == (3, 5)
