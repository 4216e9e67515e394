"""Optimiser steps and the length of a gradient."""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse._trees import map_leaves, named_leaves
from vgcourse.gradcheck import relative_error
from vgcourse.layers import LinearParams
from vgcourse.optim import (
    AdamState,
    MomentumState,
    adam_init,
    adam_step,
    add_l2_gradient,
    clip_by_global_norm,
    clip_by_value,
    decay_weights,
    global_norm,
    momentum_init,
    momentum_step,
    sgd_step,
)

PARAMS = (LinearParams(np.array([[1.0, 2.0]]), np.array([3.0])), LinearParams(np.array([[4.0]]), None))
GRADS = (LinearParams(np.array([[10.0, -20.0]]), np.array([30.0])), LinearParams(np.array([[0.0]]), None))


def test_sgd_by_hand():
    new = sgd_step(PARAMS, GRADS, 0.1)
    assert type(new) is tuple and type(new[0]) is LinearParams
    assert new[0].W.tolist() == [[0.0, 4.0]] and new[0].b.tolist() == [0.0]
    assert new[1].W.tolist() == [[4.0]] and new[1].b is None


def test_sgd_changes_nothing_in_place():
    w, dw = np.ones(3), np.ones(3)
    w.flags.writeable = dw.flags.writeable = False
    new = sgd_step((w,), (dw,), 0.5)
    assert (w == 1).all() and not np.shares_memory(new[0], w)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), 1])
def test_sgd_keeps_the_dtype(dtype, rate):
    assert sgd_step(np.ones(2, dtype), np.ones(2, dtype), rate).dtype == dtype


def test_sgd_descends_a_quadratic_at_the_known_rate():
    """On ½ λ w², w shrinks by 1 − αλ a step; beyond α = 2/λ it grows."""
    curvature = np.array([1.0, 4.0])
    w = start = np.array([1.0, 1.0])
    losses = []
    for _ in range(20):
        losses.append((0.5 * curvature * w**2).sum())
        w = sgd_step(w, curvature * w, 0.2)
    assert (np.diff(losses) < 0).all()
    assert w == pytest.approx((1 - 0.2 * curvature) ** 20, rel=1e-13, abs=0)
    assert abs(sgd_step(start, curvature * start, 0.51)[1]) > 1


@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf])
def test_learning_rates_are_positive_numbers(rate):
    with pytest.raises(ValueError, match="sgd_step: learning_rate is .*; expected a positive number"):
        sgd_step(PARAMS, GRADS, rate)


def test_sgd_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="structures differ: tuple of 2 against tuple of 1"):
        sgd_step(PARAMS, GRADS[:1], 0.1)
    with pytest.raises(ValueError, match=r"sgd_step: a gradient has shape \(2,\); its parameter has \(3,\)"):
        sgd_step((np.ones(3),), (np.ones(2),), 0.1)
    with pytest.raises(ValueError, match=r"shape \(1,\); its parameter has \(3,\)"):
        sgd_step((np.ones(3),), (np.ones(1),), 0.1)  # would broadcast
    with pytest.raises(TypeError, match="sgd_step: parameter holds int64 values; expected float64"):
        sgd_step((np.ones(3, int),), (np.ones(3),), 0.1)  # α = 0.1 as an integer is 0
    with pytest.raises(
        TypeError, match="sgd_step: precisions are mixed .parameter is float32, gradient is float64"
    ):
        sgd_step((np.ones(3, "float32"),), (np.ones(3),), 0.1)
    with pytest.raises(TypeError, match="sgd_step: gradient holds object"):
        sgd_step((np.ones(3),), (None,), 0.1)


def test_global_norm_is_that_of_one_long_vector():
    assert global_norm(GRADS) == pytest.approx(np.sqrt(100 + 400 + 900), rel=1e-15, abs=0)
    assert global_norm((np.array([3.0]), [np.array([[-4.0]])])) == 5
    assert global_norm(np.array([3 + 4j])) == 5
    assert isinstance(global_norm(GRADS), float)


@pytest.mark.parametrize("scale", [1e-200, 1e-310, 1e200, 1e307])
def test_global_norm_neither_under_nor_overflows(scale):
    assert global_norm((np.array([3.0]) * scale, np.array([-4.0]) * scale)) == pytest.approx(
        5 * scale, rel=1e-12
    )


def test_global_norm_in_float32_is_summed_in_float64():
    g = np.random.default_rng(0).standard_normal(10**5).astype("float32")
    assert global_norm(g) == pytest.approx(np.linalg.norm(g.astype(float)), rel=3e-9, abs=0)
    assert global_norm((np.full(2, 1e-30, "float32"),)) == pytest.approx(np.sqrt(2) * 1e-30, rel=1e-6, abs=0)


def test_global_norm_of_nothing_zero_and_nonsense():
    assert global_norm(()) == 0 and global_norm((None,)) == 0
    assert global_norm((np.zeros(3), np.zeros((2, 2)))) == 0
    assert global_norm((np.array([1.0, -np.inf]), np.zeros(2))) == np.inf
    for order in (1, -1):
        assert np.isnan(global_norm((np.array([1.0]), np.array([np.nan, 2.0]))[::order]))


def bits(tree):
    return [leaf.tobytes() for _, leaf in named_leaves(tree) if isinstance(leaf, np.ndarray)]


def test_momentum_by_hand():
    state = momentum_init(PARAMS)
    assert state.velocity[0].W.tolist() == [[0, 0]] and state.velocity[1].b is None
    new, state = momentum_step(PARAMS, GRADS, state, 0.1, decay=0.5)
    assert relative_error(new[0].W, sgd_step(PARAMS, GRADS, 0.1)[0].W) == 0, "the first step is plain"
    new, state = momentum_step(new, GRADS, state, 0.1, decay=0.5)
    assert isinstance(state, MomentumState) and type(new[0]) is LinearParams
    assert state.velocity[0].W.tolist() == [[15, -30]]
    assert new[0].W == pytest.approx(np.array([[0 - 1.5, 4 + 3.0]]))
    looking_ahead, state = momentum_step(PARAMS, GRADS, momentum_init(PARAMS), 0.1, decay=0.5, nesterov=True)
    assert looking_ahead[0].W == pytest.approx(np.array([[1 - 0.1 * 15, 2 + 0.1 * 30]]))
    assert state.velocity[0].W.tolist() == [[10, -20]]


def test_momentum_goes_ten_times_as_far_along_a_constant_slope():
    w, state = (np.zeros(1),), momentum_init((np.zeros(1),))
    for _ in range(300):
        before = w[0]
        w, state = momentum_step(w, (np.ones(1),), state, 0.01, decay=0.9)
    assert before - w[0] == pytest.approx(0.01 / (1 - 0.9), rel=1e-9)


def test_the_first_adam_step_has_the_size_of_the_learning_rate_whatever_the_gradient():
    for scale in (1e-4, 1.0, 1e6):
        grads = map_leaves(lambda g, scale=scale: scale * g, GRADS)
        new, state = adam_step(PARAMS, grads, adam_init(PARAMS), 0.1, eps=1e-12)
        assert new[0].W == pytest.approx(np.array([[0.9, 2.1]]), rel=1e-8)
        assert new[1].W.tolist() == [[4.0]] and new[1].b is None, "no gradient, no step"
        assert isinstance(state, AdamState) and state.step == 1
        assert state.mean[0].W == pytest.approx(0.1 * grads[0].W)
        assert state.square[0].W == pytest.approx(0.001 * grads[0].W ** 2)


STEPS = {
    "sgd": (lambda params: None, lambda p, g, s, rate=0.1: (sgd_step(p, g, rate), s)),
    "momentum": (momentum_init, lambda p, g, s, rate=0.1: momentum_step(p, g, s, rate)),
    "adam": (adam_init, lambda p, g, s, rate=0.1: adam_step(p, g, s, rate)),
}
every_step = pytest.mark.parametrize("init, step", STEPS.values(), ids=STEPS)


@every_step
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1)])
def test_steps_are_pure_and_keep_the_dtype(init, step, dtype, rate):
    params, grads = (map_leaves(lambda a: a.astype(dtype), tree) for tree in (PARAMS, GRADS))
    state = step(params, grads, init(params), rate)[1]
    before = bits((params, grads, state))
    for _, leaf in named_leaves((params, grads, state)):
        if isinstance(leaf, np.ndarray):
            leaf.flags.writeable = False
    new, new_state = step(params, grads, state, rate)
    assert bits((params, grads, state)) == before
    assert bits(step(params, grads, state, rate)) == bits((new, new_state))
    arrays = [leaf for _, leaf in named_leaves((new, new_state)) if isinstance(leaf, np.ndarray)]
    assert {leaf.dtype.name for leaf in arrays} == {dtype}
    assert type(new) is tuple and type(new[0]) is LinearParams and new[1].b is None


@every_step
def test_steps_refuse_what_does_not_fit(init, step):
    state = init(PARAMS)
    for rate in (0, -0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="_step: learning_rate is .*; expected a positive number"):
            step(PARAMS, GRADS, state, rate)
    with pytest.raises(ValueError, match="structures differ"):
        step(PARAMS, GRADS[:1], state)
    with pytest.raises(TypeError, match="_step: precisions are mixed"):
        step(PARAMS, map_leaves(lambda g: g.astype("float32"), GRADS), state)
    state = init((np.ones(3),))
    with pytest.raises(ValueError, match=r"_step: a gradient has shape \(1,\); its parameter has \(3,\)"):
        step((np.ones(3),), (np.ones(1),), state)
    with pytest.raises(TypeError, match="_step: parameter holds int64"):
        step((np.ones(3, int),), (np.ones(3),), state)


def test_a_state_belongs_to_its_parameters():
    params = (np.ones(3),)
    with pytest.raises(
        ValueError, match=r"momentum_step: a velocity has shape \(2,\); its parameter has \(3,\)"
    ):
        momentum_step(params, params, momentum_init((np.ones(2),)), 0.1)
    with pytest.raises(ValueError, match=r"adam_step: a mean has shape \(1,\)"):
        adam_step(params, params, adam_init((np.ones(1),)))
    with pytest.raises(TypeError, match="adam_step: precisions are mixed .*mean is float32"):
        adam_step(params, params, adam_init((np.ones(3, "float32"),)))
    with pytest.raises(TypeError, match="momentum_init: parameter holds int64"):
        momentum_init((np.ones(3, int),))


@pytest.mark.parametrize("share", [-0.1, 1.0, np.nan])
def test_shares_and_eps_have_ranges(share):
    params = (np.ones(3),)
    with pytest.raises(ValueError, match=r"momentum_step: decay is .*; expected a number in \[0, 1\)"):
        momentum_step(params, params, momentum_init(params), 0.1, decay=share)
    for name in ("beta1", "beta2"):
        with pytest.raises(ValueError, match=rf"adam_step: {name} is .*; expected a number in \[0, 1\)"):
            adam_step(params, params, adam_init(params), **{name: share})
    with pytest.raises(ValueError, match="adam_step: eps is 0; expected a positive number"):
        adam_step(params, params, adam_init(params), eps=0)


def test_two_weight_decays_agree_for_gradient_descent_and_differ_for_adam():
    """L2 adds λ w to the gradient, which Adam then rescales; decoupled decay takes α λ of every weight."""
    coupled = sgd_step(PARAMS, add_l2_gradient(PARAMS, GRADS, 0.3), 0.1)
    decoupled = sgd_step(decay_weights(PARAMS, 0.1, 0.3), GRADS, 0.1)
    for (_, a), (_, b) in zip(named_leaves(coupled), named_leaves(decoupled), strict=True):
        assert relative_error(a, b) < 1e-14
    assert coupled[0].b == pytest.approx([3 - 0.1 * (30 + 0.3 * 3)])
    assert decay_weights(PARAMS, 0.1, 0.3)[0].b == pytest.approx([3 * 0.97])

    w = np.array([1.0, 1.0])
    params, rates = {"L2": (w,), "decoupled": (w,)}, np.array([100.0, 0.01])
    states = {name: adam_init((w,)) for name in params}
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(200, 2))
    for sign in signs:  # gradients that average to zero, of very different size: only the decay is left
        g = (rates * sign,)
        L2 = add_l2_gradient(params["L2"], g, 0.1)
        params["L2"], states["L2"] = adam_step(params["L2"], L2, states["L2"], 1e-2)
        shrunk = decay_weights(params["decoupled"], 1e-2, 0.1)
        params["decoupled"], states["decoupled"] = adam_step(shrunk, g, states["decoupled"], 1e-2)
    lost = {name: 1 - np.abs(w[0]) for name, w in params.items()}
    assert np.abs(np.diff(lost["decoupled"])) < 0.05, "both weights decay alike"
    assert lost["L2"][1] - lost["L2"][0] > 0.5, "with L2 the weight of large gradients hardly decays"


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf])
def test_decays_are_positive_numbers(bad):
    with pytest.raises(ValueError, match="add_l2_gradient: decay is .*; expected a positive number"):
        add_l2_gradient(PARAMS, GRADS, bad)
    with pytest.raises(ValueError, match="decay_weights: decay is .*; expected a positive number"):
        decay_weights(PARAMS, 0.1, bad)
    with pytest.raises(ValueError, match="clip_by_global_norm: max_norm is .*; expected a positive number"):
        clip_by_global_norm(GRADS, bad)
    with pytest.raises(ValueError, match="clip_by_value: limit is .*; expected a positive number"):
        clip_by_value(GRADS, bad)


CLIFF = (
    np.array([[-5.5, 0, 7, 1.5], [5, 0, -4.5, -8], [1, 15, -8, 7], [-11, 9, 13.5, 10]]),
    np.array([1.0, -26, -12, -9, -4, 5.5]),
)


def flat(tree):
    return np.concatenate([leaf.ravel() for _, leaf in named_leaves(tree)])


def cosine(a, b):
    return flat(a) @ flat(b) / np.linalg.norm(flat(a)) / np.linalg.norm(flat(b))


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not():
    """Two tensors, ‖g‖ = 44.3, threshold 5."""
    assert global_norm(CLIFF) == pytest.approx(44.3, abs=0.05)
    by_value, by_norm = clip_by_value(CLIFF, 5.0), clip_by_global_norm(CLIFF, 5.0)
    assert global_norm(by_value) == pytest.approx(20.4, abs=0.05)
    assert cosine(by_value, CLIFF) == pytest.approx(0.884, abs=5e-4)
    assert global_norm(by_norm) == pytest.approx(5, rel=1e-14)
    assert cosine(by_norm, CLIFF) == pytest.approx(1, rel=1e-15)
    squared = map_leaves(lambda g: 5 / global_norm(CLIFF) ** 2 * g, CLIFF)  # "threshold / sum of squares"
    assert global_norm(squared) == pytest.approx(0.113, abs=5e-4)
    apart = tuple(clip_by_global_norm(g, 5.0) for g in CLIFF)  # a norm for each tensor
    assert global_norm(apart) == pytest.approx(np.sqrt(50)) and cosine(apart, CLIFF) < 0.9999


def test_a_short_gradient_is_left_alone():
    for clip in (clip_by_global_norm, clip_by_value):
        for scale in (1.0, 1e-200):
            small = map_leaves(lambda g, scale=scale: scale * g, GRADS)
            kept = clip(small, 1000.0)
            assert bits(kept) == bits(small) and type(kept[0]) is LinearParams and kept[1].b is None
    exact = (np.array([3.0]), np.array([-4.0]))
    assert bits(clip_by_global_norm(exact, 5.0)) == bits(exact)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clipping_keeps_the_dtype_and_changes_nothing_in_place(dtype):
    grads = map_leaves(lambda g: g.astype(dtype), CLIFF)
    for g in grads:
        g.flags.writeable = False
    for clip in (clip_by_global_norm, clip_by_value):
        assert {g.dtype.name for g in clip(grads, np.float64(5))} == {dtype}


def test_clipping_at_the_ends_of_the_number_range():
    huge = (np.array([3e200]), np.array([-4e200]))
    assert flat(clip_by_global_norm(huge, 5.0)) == pytest.approx([3, -4], rel=1e-14)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="clip_by_global_norm: the norm of the gradient is"):
            clip_by_global_norm((np.array([1.0, bad]),), 5.0)
    assert clip_by_value((np.array([-np.inf, 2.0]),), 5.0)[0].tolist() == [-5, 2]
    with pytest.raises(TypeError, match="clip_by_global_norm: gradient holds int64"):
        clip_by_global_norm((np.array([10, 20]),), 5.0)


def test_clipping_stops_a_jump_off_the_cliff():
    """On a wall of slope 10⁴ one plain step throws w far away; the clipped one moves by α c."""
    w, slope = (np.array([1.0]),), (np.array([1e4]),)
    assert abs(sgd_step(w, slope, 0.1)[0] - 1) == 1000
    assert abs(sgd_step(w, clip_by_global_norm(slope, 1.0), 0.1)[0] - 1) == pytest.approx(0.1)


def torch_run(make, steps):
    """Parameters after some steps with torch, from the gradients of a fixed sequence."""
    import torch

    params = [torch.tensor(w) for w in flat_params()]
    optimiser = make(torch.optim, params)
    for grads in gradient_sequence(steps):
        for w, g in zip(params, grads, strict=True):
            w.grad = torch.tensor(g)
        optimiser.step()
    return [w.numpy() for w in params]


def flat_params():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 2)), rng.standard_normal(4)


def gradient_sequence(steps):
    rng = np.random.default_rng(1)
    return [(rng.standard_normal((3, 2)), 10 * rng.standard_normal(4)) for _ in range(steps)]


def our_run(init, step, steps):
    params, state = flat_params(), init(flat_params())
    for grads in gradient_sequence(steps):
        params, state = step(params, grads, state)
    return params


def adam_with_l2(p, g, s):
    return adam_step(p, add_l2_gradient(p, g, 0.1), s, 0.01)


def adam_with_decay(p, g, s):
    return adam_step(decay_weights(p, 0.01, 0.1), g, s, 0.01)


TORCH = {
    "sgd": (STEPS["sgd"], lambda o, p: o.SGD(p, lr=0.1)),
    "sgd L2": (
        (STEPS["sgd"][0], lambda p, g, s: (sgd_step(p, add_l2_gradient(p, g, 0.1), 0.1), s)),
        lambda o, p: o.SGD(p, lr=0.1, weight_decay=0.1),
    ),
    "momentum": (STEPS["momentum"], lambda o, p: o.SGD(p, lr=0.1, momentum=0.9)),
    "nesterov": (
        (momentum_init, lambda p, g, s: momentum_step(p, g, s, 0.1, decay=0.8, nesterov=True)),
        lambda o, p: o.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    ),
    "adam": (STEPS["adam"], lambda o, p: o.Adam(p, lr=0.1)),
    "adam betas": (
        (adam_init, lambda p, g, s: adam_step(p, g, s, 0.1, beta1=0.5, beta2=0.9, eps=0.1)),
        lambda o, p: o.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=0.1),
    ),
    "adam L2": ((adam_init, adam_with_l2), lambda o, p: o.Adam(p, lr=0.01, weight_decay=0.1)),
    "adamw": ((adam_init, adam_with_decay), lambda o, p: o.AdamW(p, lr=0.01, weight_decay=0.1)),
}


@pytest.mark.parametrize("ours, theirs", TORCH.values(), ids=TORCH)
def test_steps_agree_with_torch(ours, theirs):
    require(find_spec("torch") is not None, "torch is not installed")
    for a, b in zip(our_run(*ours, steps=12), torch_run(theirs, steps=12), strict=True):
        assert relative_error(a, b) < 1e-13


@pytest.mark.parametrize("clip, name", [(clip_by_global_norm, "norm_"), (clip_by_value, "value_")])
def test_clipping_agrees_with_torch(clip, name):
    """torch divides by ‖g‖ + 1e−6, so its clipped gradient is shorter by that much."""
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    params = [torch.tensor(w) for w in flat_params()]
    for w, g in zip(params, gradient_sequence(1)[0], strict=True):
        w.grad = torch.tensor(g)
    getattr(torch.nn.utils, f"clip_grad_{name}")(params, 2.5)
    for a, b in zip(clip(gradient_sequence(1)[0], 2.5), params, strict=True):
        assert relative_error(a, b.grad.numpy()) < 1e-6


@pytest.mark.parametrize("step", [sgd_step, add_l2_gradient])
def test_real_weights_stay_real(step):
    with pytest.raises(TypeError, match=f"{step.__name__}: a gradient is complex; its parameter is real"):
        step((np.ones(2),), (np.ones(2, complex),), 0.1)
    with pytest.raises(TypeError, match="clip_by_value: gradient is complex"):
        clip_by_value((np.ones(2, complex),), 1.0)


def test_other_structures_are_refused_by_name():
    with pytest.raises(ValueError, match="^sgd_step: structures differ: tuple of 1 against ndarray"):
        sgd_step((np.ones(2),), np.ones(2), 0.1)
    with pytest.raises(ValueError, match="^adam_step: structures differ"):
        adam_step((np.ones(2),), (np.ones(2), np.ones(2)), adam_init((np.ones(2),)))


# the ends of the number range


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_one_nan_among_zeros_is_a_norm_of_nan(dtype):
    """Python's max(0, nan) is 0: the NaN was lost, and the gradient clipped as if it were short."""
    zeros, nan = np.zeros(2, dtype), np.array([0, np.nan], dtype)
    for tree in ((zeros, [nan]), (nan, zeros), (zeros, zeros, nan, zeros + 1), (nan, zeros + np.inf)):
        assert np.isnan(global_norm(tree))
        with pytest.raises(ValueError, match="clip_by_global_norm: the norm of the gradient is nan"):
            clip_by_global_norm(tree, 5.0)
    assert np.isnan(clip_by_value((np.array([np.nan, 9.0]),), 5.0)[0]).tolist() == [True, False]


def test_every_step_hands_a_nan_on():
    params, grads = (np.ones(2),), (np.array([np.nan, 1.0]),)
    for init, step in STEPS.values():
        with np.errstate(all="raise"):
            (new,), state = step(params, grads, init(params))
            (later,), _ = step((new,), (np.ones(2),), state)
        assert np.isnan(new).tolist() == np.isnan(later).tolist() == [True, False]
    assert np.isnan(add_l2_gradient(params, grads, 0.1)[0]).tolist() == [True, False]
    assert np.isnan(decay_weights(grads, 0.1, 0.1)[0]).tolist() == [True, False]


@pytest.mark.parametrize("dtype, scale", [("float32", 1e38), ("float64", 1e308), ("complex128", 1e307)])
@pytest.mark.parametrize("limit", [1e-8, 1e-30, 5.0])
def test_clipping_far_below_the_norm_keeps_the_length(dtype, scale, limit):
    """c/‖g‖ = 1e−46 rounds to 0 in float32; c/‖g‖ g = 1e−8 does not."""
    g = (scale * np.array([1, -1, 0.5])).astype(dtype), scale * np.ones((1, 1), dtype)
    with np.errstate(all="raise"):
        clipped = clip_by_global_norm(g, limit)
    assert [c.dtype for c in clipped] == [dtype, dtype]
    expected = limit * np.array([1, -1, 0.5, 1]) / np.sqrt(3.25)
    assert flat(clipped) == pytest.approx(expected, rel=1e-7 if dtype == "float32" else 1e-15, abs=0)


def test_a_norm_beyond_all_numbers_is_infinite_and_can_be_clipped():
    g = (np.full(4, 1.7e308), np.full(2, -1.7e308))
    with np.errstate(over="raise", invalid="raise"):
        assert global_norm(g) == np.inf
        assert flat(clip_by_global_norm(g, 6.0)) == pytest.approx(
            np.sqrt(6) * np.array([1, 1, 1, 1, -1, -1]), rel=1e-15, abs=0
        )
        mixed = (np.full(2, 3e38, "float32"), np.full(2, 1e200))
        clipped = clip_by_global_norm(mixed, 1.0)
        assert global_norm(mixed) == pytest.approx(np.sqrt(2) * 1e200, rel=1e-15, abs=0)
        assert [c.dtype.name for c in clipped] == ["float32", "float64"] and clipped[0].tolist() == [0, 0]
    assert global_norm(np.array([3 + 4j]) * 1e-310) == pytest.approx(5e-310, rel=1e-12, abs=0)


def test_clipping_by_value_in_float32_takes_limits_of_any_size():
    g = np.array([-np.inf, -3e38, 1, np.nan], "float32")
    with np.errstate(over="raise", invalid="raise"):
        cut = clip_by_value(g, 1e300)
    largest = np.finfo("float32").max
    assert cut.dtype == "float32" and cut[:3].tolist() == [-largest, g[1], 1] and np.isnan(cut[3])
    assert clip_by_value(g, 1e-8)[:3] == pytest.approx([-1e-8, -1e-8, 1e-8], rel=1e-7, abs=0)


@pytest.mark.parametrize("dtype, large, small", [("float64", 1e153, 1e-140), ("float32", 5e18, 1e-15)])
def test_adam_steps_alike_over_the_whole_range_it_accepts(dtype, large, small):
    for scale in (large, small):
        w, state = (np.ones(2, dtype),), adam_init((np.ones(2, dtype),))
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            for _ in range(5):
                w, state = adam_step(
                    w,
                    (np.array([scale, -scale], dtype),),
                    state,
                    0.1,
                    eps=scale * 1e-3 if scale < 1 else 1e-8,
                )
        expected = 1 + 0.5 * np.array([-1, 1]) / (1.001 if scale < 1 else 1)
        assert w[0] == pytest.approx(expected, rel=1e-5 if dtype == "float32" else 1e-13, abs=0)


@pytest.mark.parametrize(
    "dtype, large, limit", [("float64", 1e200, "6.7e.153"), ("float32", 1e20, "9.2e.18")]
)
def test_adam_refuses_a_gradient_whose_square_is_infinite(dtype, large, limit):
    """√∞ as the divisor would leave the weight where it is, without a word."""
    params = (LinearParams(np.ones((1, 2), dtype), np.ones(1, dtype)),)
    for bad in (large, -np.inf):
        grads = (LinearParams(np.array([[0, bad]], dtype), np.full(1, np.nan, dtype)),)
        with pytest.raises(
            ValueError, match=rf"adam_step: \[0\].W reaches .*; expected at most {limit}, whose"
        ):
            adam_step(params, grads, adam_init(params))
        clipped = clip_by_value(grads, 1e10)
        assert np.isfinite(adam_step(params, clipped, adam_init(params))[0][0].W).all()


def test_adam_with_gradients_far_below_eps_hardly_moves():
    w, state = (np.zeros(1),), adam_init((np.zeros(1),))
    for g in (1e-200, 1e-150, 1e-20):
        new, _ = adam_step(w, (np.array([g]),), state, 0.1)
        assert new[0] == pytest.approx([-0.1 * g / 1e-8], rel=1e-9, abs=0)


@pytest.mark.parametrize("dtype, eps", [("float64", 1e-160), ("float32", 1e-25)])
def test_adam_refuses_an_eps_below_what_it_can_square(dtype, eps):
    """With g² = 0 the step would be α g/ε, 1e15 times too long for g = 1e−170 and ε = 1e−185."""
    params = (np.ones(1, dtype),)
    with pytest.raises(ValueError, match=f"adam_step: eps is {eps}; expected at least 1.* in {dtype}"):
        adam_step(params, params, adam_init(params), eps=eps)


def test_weights_that_decay_keep_their_sign():
    assert decay_weights((np.array([2.0]),), 0.5, 2.0)[0].tolist() == [0]
    for rate, decay in ((1.0, 2.0), (1e200, 1e200)):
        with pytest.raises(
            ValueError, match="decay_weights: learning_rate · decay is .*; expected at most 1"
        ):
            decay_weights((np.array([2.0]),), rate, decay)
    w = decay_weights((np.array([1e38, 1e-38], "float32"),), 0.1, 1.0)[0]
    assert w.dtype == "float32" and w == pytest.approx([9e37, 9e-39], rel=1e-6, abs=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_and_clipping_of_extremes_agree_with_torch(dtype):
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    for scale in (1e-15, 1.0, 1e15):
        g = (scale * np.array([3.0, -1.0, 2.0])).astype(dtype)
        w = torch.tensor(np.zeros_like(g))
        w.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_([w], 1e-3 * scale)
        assert global_norm(g) == pytest.approx(norm.item(), rel=1e-6 if dtype == "float32" else 1e-15, abs=0)
        if scale > 1e-6:  # below, torch's 1e−6 beside the norm is what counts
            assert clip_by_global_norm(g, 1e-3 * scale) == pytest.approx(w.grad.numpy(), rel=1e-6, abs=0)
    state, ours = adam_init((np.ones(2, dtype),)), (np.ones(2, dtype),)
    theirs = torch.tensor(np.ones(2, dtype))
    optimiser = torch.optim.Adam([theirs], lr=0.1)
    for g in (np.array([1e15, 1e-15]), np.array([-1e12, 1e-9]), np.array([np.nan, 1e-3])):
        ours, state = adam_step(ours, (g.astype(dtype),), state, 0.1)
        theirs.grad = torch.tensor(g.astype(dtype))
        optimiser.step()
        rel = 1e-6 if dtype == "float32" else 1e-14
        assert ours[0] == pytest.approx(theirs.numpy(), rel=rel, abs=0, nan_ok=True)
    assert np.isnan(ours[0]).tolist() == [True, False]
