"""Problem set 7: two recurrent layers with a skip: the top one reads the lower one's states and the input too."""

import numpy as np

from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps7.both_back import CHAIN, chain, jacobians, times

# --- stack_backward --------------------------------------------------------------------------------


def stack_backward(dhs_low, dhs_top, low, top):
    """The top layer first: what it sends to the states below is added to dhs_low, what it sends to x to the lower dx.

    low and top are dicts of J_h (T, N, H, H) and J_x (T, N, H, inputs), the Jacobians of every step of that
    layer; top["J_x"] belongs to the lower states, top["J_skip"] (T, N, H_top, D) to x. Returns dx, dh0_low, dh0_top.
    """
    return stack_family(dhs_low, dhs_top, low, top)


def stack_family(
    dhs_low,
    dhs_top,
    low,
    top,
    *,
    hand_down=lambda dx: dx,
    skip=lambda dx: dx,
    own_loss=True,
    low_carries=True,
    top_carries=True,
    join=lambda through, skipped: through + skipped,
    skip_own=False,
    **one_layer,
):
    """Both layers back with their parts exchangeable."""
    if {"carry"} & set(one_layer):
        low_carries = top_carries = one_layer.pop("carry")
    from_top, dh0_top = chain(dhs_top, top["J_h"], top["J_x"], carry=top_carries, **one_layer)
    skipped, _ = chain(dhs_top, top["J_h"], top["J_skip"], carry=top_carries, **one_layer)
    if skip_own:
        skipped = np.stack([times(dh, J) for dh, J in zip(dhs_top, top["J_skip"], strict=True)])
    dhs = (dhs_low if own_loss else 0) + hand_down(from_top)
    through, dh0_low = chain(dhs, **low, carry=low_carries, **one_layer)
    return join(through, skip(skipped)), dh0_low, dh0_top


def _cases(rng):
    cases = []
    for T, N, D, H_low, H_top in ((5, 3, 4, 2, 3), (6, 3, 3, 3, 3)):
        low, top = jacobians(rng, T, N, D, H_low), jacobians(rng, T, N, H_low, H_top)
        top["J_skip"] = rng.normal(size=(T, N, H_top, D)) / np.sqrt(D)
        dhs = rng.normal(size=(T, N, H_low)), rng.normal(size=(T, N, H_top))
        cases.append(Case((*dhs, low, top), ("dx", "dh0_low", "dh0_top"), batch=N, steps=T))
    return cases


def _at_the_last_step(dx):
    return np.concatenate([0 * dx[:-1], dx[-1:]])


def _early(dx):
    return np.concatenate([dx[1:], 0 * dx[:1]])


STACK_BACKWARD = Problem(
    name="ps7.stack_backward",
    reference=stack_backward,
    family=stack_family,
    cases=_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step", "example", "input"), "dh0_low": ("example", "unit"), "dh0_top": ("example", "unit")},
    mistakes=(
        Mistake("skip forgotten", dict(join=lambda through, skipped: through), "Your dx comes through the lower layer alone. The top layer read x as well, through its J_skip."),
        Mistake("dx of the skip only", dict(join=lambda through, skipped: skipped), "Your dx comes through the skip alone: what the lower layer sends to x is lost. Two uses are added."),
        Mistake("skip averaged", dict(join=lambda through, skipped: (through + skipped) / 2), "You average the two ways to x. Gradients of two uses are added."),
        Mistake("skip without the later losses", dict(skip_own=True), "On the skip you use dhs_top alone. It has to be the whole dh of the top layer at t, with what comes from its later steps."),
        Mistake("skip at the last step only", dict(skip=_at_the_last_step), "Your skip sends something to x at the last step only. The top layer read x at every step."),
        Mistake("skip one step early", dict(skip=_early), "Your skip is one step off: x_t gets what belongs to x_{t+1}. Both layers make step t at the same time."),
        Mistake("skip in reversed order", dict(skip=lambda dx: dx[::-1]), "What your skip sends to x is in the order of the loop, the last step first."),
        Mistake("lower layer's own loss overwritten", dict(own_loss=False), "The lower layer gets only what the top layer hands down; its own dhs_low is lost. Its h is used by both."),
        Mistake("nothing handed down", dict(hand_down=lambda dx: 0 * dx), "Nothing of the top layer's loss reaches the lower states. The top layer read them."),
        Mistake("handed down at the last step only", dict(hand_down=_at_the_last_step), "The lower layer gets something from the top at the last step only. The top layer read it at every step."),
        Mistake("handed down one step early", dict(hand_down=_early), "What you hand down is one step off: step t gets that of t + 1. Both layers make step t at the same time."),
        Mistake("handed down in reversed order", dict(hand_down=lambda dx: dx[::-1]), "What you hand down is in the order of the loop, the last step first."),
        Mistake("lower layer carries nothing", dict(low_carries=False), "In the lower layer nothing passes from step t + 1 to step t. It is a recurrent layer as the other one."),
        Mistake("top layer carries nothing", dict(top_carries=False), "In the top layer nothing passes from step t + 1 to step t. Its dh_t holds more than dhs_top."),
        *(Mistake(*entry) for entry in CHAIN),
    ),
    hints=(
        "Count uses. The lower states: by their own loss, by the lower layer's next step, by the top layer at the same step. x: by both layers.",
        "Go back through the whole top layer first, and keep its dh of every step: it leads to the lower states by J_x and to x by J_skip.",
        "One function for one layer: dh = dhs[t] + dh, something[t] = dh J[t], then dh = dh J_h[t]. What the top sends to the states below takes part in the call for the lower layer; what it sends to x is added at the end.",
    ),
)  # fmt: skip
