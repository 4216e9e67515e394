"""Truncated and checkpointed backpropagation through time: exact where it says so, small where it says so."""

import tracemalloc
from functools import cache, partial
from math import comb

import numpy as np
import pytest

from vgcourse._trees import named_leaves
from vgcourse.gradcheck import relative_error
from vgcourse.recurrent import CELLS, cell_init, unroll_backward, unroll_forward, zero_state
from vgcourse.recurrent.fast import KERNELS, Workspace
from vgcourse.recurrent.memory import (
    binomial_advances,
    binomial_split,
    bytes_of,
    checkpointed_bptt,
    from_steps,
    gradient_bias,
    truncated_bptt,
)

every_cell = pytest.mark.parametrize("name", KERNELS)
both_ways = pytest.mark.parametrize("way", ["kernel", "steps"])


def problem(name, T=23, N=2, D=3, H=4, dtype=float):
    rng = np.random.default_rng(3)
    params = cell_init(name, D, H, rng=rng, dtype=dtype)
    state0 = zero_state(name, N, H, dtype) + rng.standard_normal((N, H)).astype(dtype)
    weight = rng.standard_normal((T, *state0.shape)).astype(dtype)
    return params, rng.standard_normal((T, N, D)).astype(dtype), state0, weight


def weighted(weight):
    """Σ w ⊙ state², with a loss on every step."""

    def loss(states, start, stop):
        w = weight[start:stop]
        return float((w * states**2).sum()), 2 * w * states

    return loss


def by_unrolling(name, params, x, state0, weight):
    cell = CELLS[name]
    states, caches = unroll_forward(cell.step_forward, params, x, state0)
    value, dstates = weighted(weight)(states, 0, len(x))
    dx, dstates_total, grads = unroll_backward(cell.step_backward, dstates, caches)
    return value, dx, dstates_total[0], grads


def assert_same_gradient(result, dstate0, grads, tolerance=1e-12):
    assert relative_error(result.dstate0, dstate0) < tolerance
    assert type(result.grads) is type(grads)
    assert all(bias.relative_error < tolerance for bias in gradient_bias(result.grads, grads))


@every_cell
@both_ways
@pytest.mark.parametrize(
    "options",
    [{}, {"every": 1}, {"every": 7}, {"every": 23}, {"every": 99}, {"every": 1, "slots": 3}]
    + [{"every": 1, "slots": 1}, {"every": 4, "slots": 2}, {"every": 2, "slots": 50}],
    ids=str,
)
def test_checkpointed_equals_full(name, way, options):
    params, x, state0, weight = problem(name)
    value, dx, dstate0, grads = by_unrolling(name, params, x, state0, weight)
    found = np.full_like(x, np.nan)

    def on_dx(part, start, stop):
        found[start:stop] = part

    cell = name if way == "kernel" else from_steps(name)
    result = checkpointed_bptt(cell, params, x, state0, weighted(weight), on_dx=on_dx, **options)
    assert_same_gradient(result, dstate0, grads)
    assert relative_error(found, dx) < 1e-12
    assert result.loss == pytest.approx(value, rel=1e-12)


@every_cell
@both_ways
@pytest.mark.parametrize("k", [23, 24, 1000])
def test_truncation_at_or_beyond_the_end_is_exact(name, way, k):
    params, x, state0, weight = problem(name)
    value, _, dstate0, grads = by_unrolling(name, params, x, state0, weight)
    cell = name if way == "kernel" else from_steps(name)
    result = truncated_bptt(cell, params, x, state0, weighted(weight), k=k)
    assert_same_gradient(result, dstate0, grads)
    assert result.forward_steps == len(x)
    assert result.loss == pytest.approx(value, rel=1e-12)


@both_ways
def test_truncated_is_the_sum_of_separate_segments(way):
    """The definition: each segment on its own, started from the true state."""
    params, x, state0, weight = problem("gru")
    states, _ = unroll_forward(CELLS["gru"].step_forward, params, x, state0)
    parts = []
    for start in range(0, 23, 5):
        first = state0 if start == 0 else states[start - 1]
        segment = slice(start, start + 5)
        parts.append(by_unrolling("gru", params, x[segment], first, weight[segment]))
    cell = "gru" if way == "kernel" else from_steps("gru")
    result = truncated_bptt(cell, params, x, state0, weighted(weight), k=5)
    for number, (_, g) in enumerate(named_leaves(result.grads)):
        assert relative_error(g, sum(part[3][number] for part in parts)) < 1e-13
    assert relative_error(result.dstate0, parts[0][2]) < 1e-13


def test_the_bias_of_truncation_falls_with_k_and_is_not_small():
    """A loss at the last step only, and a cell that remembers: short segments see little of the gradient."""
    T, N, D, H = 60, 4, 3, 8
    rng = np.random.default_rng(0)
    params = cell_init("gru", D, H, rng=rng, forget_bias=4.0)
    x, state0 = rng.standard_normal((T, N, D)), zero_state("gru", N, H)

    def last_step(states, start, stop):
        dstates = np.zeros_like(states)
        if stop == T:
            dstates[-1] = 1
        return float(states[-1].sum()) if stop == T else 0.0, dstates

    full = truncated_bptt("gru", params, x, state0, last_step, k=T)
    bias = [gradient_bias(truncated_bptt("gru", params, x, state0, last_step, k=k).grads, full.grads)
            for k in (5, 15, 30)]  # fmt: skip
    errors = np.array([[block.relative_error for block in blocks] for blocks in bias])
    assert (np.diff(errors, axis=0) < 0).all()  # longer segments, smaller error, for every array
    assert errors[0].min() > 0.7 and errors[-1].min() > 0.1
    assert [block.name for block in bias[0]] == ["W_x", "W_h", "b", "b_h"]
    assert all(0 < block.cosine <= 1 for block in bias[-1])


def test_bias_of_the_gradient_itself_is_zero():
    (same,) = gradient_bias((np.array([3e-200, 4e-200]),), (np.array([3e-200, 4e-200]),))
    assert same.relative_error == 0 and same.cosine == pytest.approx(1)
    (flipped,) = gradient_bias((np.array([1.0, 2.0]),), (np.array([-1.0, -2.0]),))
    assert flipped.relative_error == 2 and flipped.cosine == pytest.approx(-1)
    (nothing,) = gradient_bias((np.zeros(2),), (np.ones(2),))
    assert nothing.relative_error == 1 and np.isnan(nothing.cosine)
    with pytest.raises(ValueError, match="a gradient has shape"):
        gradient_bias((np.zeros(2),), (np.ones(3),))


@pytest.mark.parametrize(
    ("length", "slots", "advances"),
    [(10, 3, 15), (56, 3, 210), (100, 5, 316), (100, 10, 222), (10_000, 10, 57_624)],
)
def test_binomial_counts(length, slots, advances):
    assert binomial_advances(length, slots) == advances


@cache
def fewest(length, slots):
    """By trying every border."""
    if length == 1:
        return 0
    if slots == 1:
        return length * (length - 1) // 2
    return min(m + fewest(length - m, slots - 1) + fewest(m, slots) for m in range(1, length))


@pytest.mark.parametrize("slots", range(1, 7))
def test_no_schedule_needs_fewer_steps(slots):
    assert [binomial_advances(n, slots) for n in range(1, 61)] == [fewest(n, slots) for n in range(1, 61)]


def test_splits_keep_the_count_for_long_sequences():
    for slots in (1, 2, 5, 12):
        for length in (2, 3, 100, 1001, comb(slots + 3, 3), comb(slots + 3, 3) + 1):
            m = binomial_split(length, slots)
            right = binomial_advances(length - m, slots - 1) if slots > 1 else 0
            assert 1 <= m < length
            assert m + right + binomial_advances(m, slots) == binomial_advances(length, slots)


@pytest.mark.parametrize(("length", "slots"), [(10, 3), (56, 3), (100, 5), (100, 10), (30, 1)])
def test_the_run_takes_as_many_steps_as_the_count_says(length, slots):
    params, x, state0, weight = problem("rnn", T=length)
    for cell in ("rnn", from_steps("rnn")):
        result = checkpointed_bptt(cell, params, x, state0, weighted(weight), every=1, slots=slots)
        assert result.forward_steps == binomial_advances(length, slots) + length


def test_one_slot_per_segment_computes_every_step_twice():
    params, x, state0, weight = problem("lstm", T=100)
    result = checkpointed_bptt("lstm", params, x, state0, weighted(weight))
    assert result.forward_steps == 2 * 100 - 10  # the last segment's first run is its only one


def generator(N, D):
    """An input of any length that nobody stores."""

    def x(start, stop):
        return np.sin(np.arange(start, stop)[:, None, None] * (1 + np.arange(D)) + np.arange(N)[:, None])

    return x


def half_square(states, start, stop):
    return float((states**2).sum()) / 2, states.copy()


@every_cell
def test_the_input_may_be_a_function(name):
    params, _, state0, _ = problem(name)
    x = generator(2, 3)
    a = checkpointed_bptt(name, params, x, state0, half_square, T=50)
    b = checkpointed_bptt(name, params, x(0, 50), state0, half_square)
    assert_same_gradient(a, b.dstate0, b.grads, 1e-15)
    assert a.peak_bytes < b.peak_bytes


@pytest.mark.parametrize("as_function", [True, False])
def test_hundred_thousand_steps_fit_in_64_megabytes(as_function):
    T, N, D, H = 100_000, 1, 32, 64
    params = cell_init("rnn", D, H, rng=np.random.default_rng(0))
    x = generator(N, D)
    x = x if as_function else x(0, T)
    result = checkpointed_bptt("rnn", params, x, zero_state("rnn", N, H), half_square, T=T)
    assert result.peak_bytes < 64e6
    assert np.isfinite(result.grads.W_h).all() and result.grads.W_h.any()


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_reported_peak_is_what_is_really_allocated(name):
    params, _, state0, _ = problem(name, N=8, H=32)
    checkpointed_bptt(name, params, generator(8, 3), state0, half_square, T=100)  # imports and the like
    tracemalloc.start()
    result = checkpointed_bptt(name, params, generator(8, 3), state0, half_square, T=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.peak_bytes < 1.1 * peak  # parameters and state0 were there before
    assert peak < 1.3 * result.peak_bytes + 200_000  # Python's own objects, views above all


def test_checkpoints_need_a_twentieth_of_full_storage():
    T = 10_000
    params, _, state0, _ = problem("rnn", N=2, H=16)
    full = truncated_bptt("rnn", params, generator(2, 3), state0, half_square, k=T, T=T)
    few = checkpointed_bptt("rnn", params, generator(2, 3), state0, half_square, T=T)
    binomial = checkpointed_bptt("rnn", params, generator(2, 3), state0, half_square, T=T, every=50, slots=10)
    assert few.peak_bytes < full.peak_bytes / 20
    assert binomial.peak_bytes < few.peak_bytes
    assert_same_gradient(few, full.dstate0, full.grads)
    assert_same_gradient(binomial, full.dstate0, full.grads)


def test_bytes_of_counts_every_buffer_once():
    a = np.zeros((10, 10))
    assert bytes_of(a) == bytes_of(a, a[2:], (a.T, [a[:, 1]])) == 800
    assert bytes_of(a[:1]) == 800  # a view keeps the whole array alive
    assert bytes_of(None, (None, a), "text") == 800
    workspace = Workspace()
    view = workspace.take("a", (3, 4), float)
    assert bytes_of(workspace, view) == workspace.nbytes == 96


def test_arguments_are_not_changed():
    params, x, state0, weight = problem("lstm")
    before = [w.copy() for _, w in named_leaves((params, x, state0, weight))]
    dstates = np.ones((23, *state0.shape))

    def same_array_every_time(states, start, stop):
        return 0.0, dstates[start:stop]

    checkpointed_bptt("lstm", params, x, state0, same_array_every_time, every=5)
    truncated_bptt("lstm", params, x, state0, same_array_every_time, k=5)
    assert (dstates == 1).all()
    assert all(np.array_equal(a, w) for a, (_, w) in zip(before, named_leaves((params, x, state0, weight))))


@every_cell
@both_ways
@pytest.mark.parametrize(
    "bptt",
    [
        partial(truncated_bptt, k=5),
        partial(checkpointed_bptt, every=5),
        partial(checkpointed_bptt, every=2, slots=2),
    ],
    ids=["truncated", "checkpointed", "binomial"],
)
def test_what_the_callbacks_change_in_place_changes_no_gradient(name, way, bptt):
    """The loss spoils the states, on_dx its dx, and the input's function refills one array."""
    params, x, state0, weight = problem(name)
    cell = name if way == "kernel" else from_steps(name)
    truth = bptt(cell, params, x, state0, weighted(weight))
    buffer = np.empty_like(x)

    def refilled(start, stop):
        part = buffer[: stop - start]
        part[...] = x[start:stop]
        return part

    def spoiling(states, start, stop):
        value, dstates = weighted(weight)(states, start, stop)
        states[...] = np.nan
        buffer[...] = np.nan
        return value, dstates

    def spoiled(dx, start, stop):
        dx[...] = np.nan

    found = bptt(cell, params, refilled, state0, spoiling, T=len(x), on_dx=spoiled)
    assert found.loss == truth.loss
    assert np.array_equal(found.dstate0, truth.dstate0)
    assert all(
        np.array_equal(a, b) for (_, a), (_, b) in zip(named_leaves(found.grads), named_leaves(truth.grads))
    )


def test_the_result_of_one_run_is_not_changed_by_the_next():
    params, x, state0, weight = problem("gru")
    first = truncated_bptt("gru", params, x, state0, weighted(weight), k=5)
    kept = [w.copy() for _, w in named_leaves((first.dstate0, first.grads))]
    truncated_bptt("gru", params, -x, state0, weighted(weight), k=5)
    checkpointed_bptt("gru", params, -x, state0, weighted(weight))
    now = named_leaves((first.dstate0, first.grads))
    assert all(np.array_equal(a, b) for (_, a), b in zip(now, kept, strict=True))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cell": "grru"}, ValueError, "cell is 'grru'; expected one of gru, lstm, rnn, ugrnn"),
        ({"cell": CELLS["gru"].step_forward}, TypeError, "expected a pair"),
        ({"loss": None}, TypeError, "loss is None; expected a function"),
        (
            {"loss": lambda states, start, stop: (0.0, states[1:])},
            ValueError,
            "the loss's gradient has shape",
        ),
        (
            {"loss": lambda states, start, stop: (0.0, np.ones(states.shape, int))},
            TypeError,
            "dstates holds int64 values; expected float64 or float32",
        ),
        ({"x": np.zeros((5, 3))}, ValueError, r"x has shape \(5, 3\); expected \(T, N, D\)"),
        ({"x": np.zeros((0, 2, 3))}, ValueError, "the length of x is 0"),
        ({"T": 22}, ValueError, "T is 22 and x has 23 steps"),
        ({"x": generator(2, 3)}, TypeError, "T is None; expected an integer"),
        ({"x": generator(2, 3), "T": 0}, ValueError, "T is 0; expected at least 1"),
        ({"x": lambda a, b: np.zeros((1, 2, 3)), "T": 23}, ValueError, r"x\(0, 5\) has shape"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else getattr(value, "__name__", None),
)
def test_both_refuse(options, error, message):
    params, x, state0, weight = problem("gru")
    given = {"cell": "gru", "params": params, "x": x, "state0": state0, "loss": weighted(weight)} | options
    with pytest.raises(error, match=f"checkpointed_bptt: .*{message}"):
        checkpointed_bptt(**given, every=5)
    with pytest.raises(error, match=f"truncated_bptt: .*{message}"):
        truncated_bptt(**given, k=5)


@pytest.mark.parametrize("bad", [0, -1, 2.0, None, True])
def test_counts_are_positive_integers(bad):
    params, x, state0, weight = problem("gru")
    expected = ValueError if type(bad) is int else TypeError
    with pytest.raises(expected, match="steps per segment"):
        truncated_bptt("gru", params, x, state0, weighted(weight), k=bad)
    with pytest.raises(expected, match="length"):
        binomial_advances(bad, 1)
    with pytest.raises(expected, match="slots"):
        binomial_split(2, bad)
    if bad is not None:  # None asks for the default
        with pytest.raises(expected, match="slots"):
            checkpointed_bptt("gru", params, x, state0, weighted(weight), slots=bad)


def test_from_steps_takes_options_and_refuses_unknown_cells():
    params, x, state0, weight = problem("rnn")
    tanh = checkpointed_bptt(from_steps("rnn"), params, x, state0, weighted(weight))
    relu = checkpointed_bptt(from_steps("rnn", activation="relu"), params, x, state0, weighted(weight))
    assert tanh.loss != relu.loss
    with pytest.raises(ValueError, match="from_steps: name is 'elman'"):
        from_steps("elman")


def test_gradient_bias_refuses_by_name():
    good = (np.ones(2),)
    assert gradient_bias((np.array([1, 1]),), good)[0].relative_error == 0, "whole numbers are numbers"
    for grads, error, words in (
        ((np.ones(2) + 0j,), TypeError, "a gradient is complex"),
        (("a",), TypeError, "a gradient holds str"),
        ((np.ones(3),), ValueError, r"a gradient has shape \(3,\); expected \(2,\)"),
        (np.ones(2), ValueError, "structures differ"),
    ):
        with pytest.raises(error, match=f"^gradient_bias: {words}"):
            gradient_bias(grads, good)
    with pytest.raises(TypeError, match="^gradient_bias: an exact gradient is complex"):
        gradient_bias(good, (np.ones(2) + 0j,))


@pytest.mark.parametrize("function", [checkpointed_bptt, partial(truncated_bptt, k=3)])
def test_what_is_called_back_is_a_function_and_returns_a_pair(function):
    params, x, state0, weight = problem("gru")
    given = ("gru", params, x, state0)
    with pytest.raises(TypeError, match="_bptt: on_dx is 3; expected a function or None"):
        function(*given, weighted(weight), on_dx=3)
    with pytest.raises(TypeError, match=r"_bptt: loss returned None; expected a pair \(value, dstates\)"):
        function(*given, lambda states, start, stop: None)
