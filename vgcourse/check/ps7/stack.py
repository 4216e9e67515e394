"""Problem set 7: two recurrent layers, one on top of the other, backwards."""

import numpy as np

from vgcourse.check.problem import Case, Mistake, Problem
from vgcourse.check.ps7.layers import CHAIN, chain, jacobians


def stack_backward(dhs_low, dhs_top, low, top):
    """The top layer first: its dx is added to the dhs of the layer below, step by step.

    low and top are dicts of J_h (T, N, H, H) and J_x (T, N, H, inputs), the Jacobians of every step of that
    layer by the state before and by what comes in. Returns dx, dh0_low, dh0_top.
    """
    return stack_family(dhs_low, dhs_top, low, top)


def stack_family(
    dhs_low,
    dhs_top,
    low,
    top,
    *,
    hand_down=lambda dx: dx,
    own_loss=True,
    low_carries=True,
    top_carries=True,
    **one_layer,
):
    """Both layers back with their parts exchangeable."""
    if {"carry"} & set(one_layer):
        low_carries = top_carries = one_layer.pop("carry")
    from_top, dh0_top = chain(dhs_top, **top, carry=top_carries, **one_layer)
    dhs = (dhs_low if own_loss else 0) + hand_down(from_top)
    dx, dh0_low = chain(dhs, **low, carry=low_carries, **one_layer)
    return dx, dh0_low, dh0_top


def _cases(rng):
    cases = []
    for T, N, D, H_low, H_top in ((5, 3, 4, 2, 3), (6, 3, 3, 3, 3)):
        layers = jacobians(rng, T, N, D, H_low), jacobians(rng, T, N, H_low, H_top)
        dhs = rng.normal(size=(T, N, H_low)), rng.normal(size=(T, N, H_top))
        cases.append(Case((*dhs, *layers), ("dx", "dh0_low", "dh0_top"), batch=N, steps=T))
    return cases


def _at_the_last_step(dx):
    return np.concatenate([0 * dx[:-1], dx[-1:]])


STACK_BACKWARD = Problem(
    name="ps7.stack_backward",
    reference=stack_backward,
    family=stack_family,
    cases=_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step", "example", "input"), "dh0_low": ("example", "unit"), "dh0_top": ("example", "unit")},
    mistakes=(
        Mistake("lower layer's own loss overwritten", dict(own_loss=False), "The lower layer gets only what the top layer hands down; its own dhs_low was overwritten. h of the lower layer is used by both: add them."),
        Mistake("nothing handed down", dict(hand_down=lambda dx: 0 * dx), "Nothing of the top layer's loss reaches the lower one. The top layer read the lower one's states, so its dx is part of their gradient: add it to dhs_low."),
        Mistake("handed down at the last step only", dict(hand_down=_at_the_last_step), "The lower layer gets the top layer's dx at the last step only. The top layer read the lower one at every step: add its dx at all of them."),
        Mistake("handed down one step early", dict(hand_down=lambda dx: np.concatenate([dx[1:], 0 * dx[:1]])), "You hand down the top layer's dx one step off: step t gets that of t + 1. Both layers make step t at the same time, so dx_t of the top is added to dhs_low at t."),
        Mistake("handed down in reversed order", dict(hand_down=lambda dx: dx[::-1]), "The lower layer gets the top layer's dx in the order of the loop, the last step first. dx[t] belongs to dhs_low[t]."),
        Mistake("lower layer carries nothing", dict(low_carries=False), "In the lower layer nothing passes from step t + 1 to step t. It is a recurrent layer as the other one: after the top layer has handed down, it has its own way back through time."),
        Mistake("top layer carries nothing", dict(top_carries=False), "In the top layer nothing passes from step t + 1 to step t. Its dh_t is dhs_top plus the dh of t + 1 times J_h, before anything is handed down."),
        *(Mistake(*entry) for entry in CHAIN),
    ),
    hints=(
        "The states of the lower layer are used three times: by their own loss, by the lower layer's next step, and by the top layer at the same step.",
        "Go back through the whole top layer first. Its dx has the shape of the lower layer's states, (T, N, H_low), and so has dhs_low.",
        "One function for one layer: dh = dhs[t] + dh, dx[t] = dh J_x[t], then dh = dh J_h[t]. Call it with dhs_top; what it gives as dx takes part in the call for the lower layer.",
    ),
)  # fmt: skip
