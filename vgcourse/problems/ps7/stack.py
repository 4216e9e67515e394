"""Problem set 7: two recurrent layers with a skip: the top one reads the lower one's states and the input too."""

import functools

import numpy as np

from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps7.both_back import chain, chain_mistakes, jacobians, times

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
    own_loss=1.0,
    top_loss=lambda dhs: dhs,
    hand_own="",
    x_from_low="all",
    low_carries=True,
    top_carries=True,
    join=lambda through, skipped: through + skipped,
    skip_own=False,
    low_layer=None,
    top_layer=None,
    **one_layer,
):
    """Both layers back with their parts exchangeable."""
    dhs_top = top_loss(dhs_top)
    if {"carry"} & set(one_layer):
        low_carries = top_carries = one_layer.pop("carry")
    upper = one_layer | (top_layer or {})
    from_top, dh0_top = chain(dhs_top, top["J_h"], top["J_x"], carry=top_carries, **upper)
    skipped, _ = chain(dhs_top, top["J_h"], top["J_skip"], carry=top_carries, **upper)
    if skip_own:
        skipped = np.stack([times(dh, J) for dh, J in zip(dhs_top, top["J_skip"], strict=True)])
    if hand_own == "loss":
        from_top = np.stack([times(dh, J) for dh, J in zip(dhs_top, top["J_x"], strict=True)])
    if hand_own == "after":
        from_top, _ = chain(dhs_top, top["J_h"], top["J_x"], carry=top_carries, **one_layer | {"after": True})
    dhs = own_loss * dhs_low + hand_down(from_top)
    through, dh0_low = chain(dhs, low["J_h"], low["J_x"], carry=low_carries, **one_layer | (low_layer or {}))
    if x_from_low == "without the top":
        through = through - np.stack([times(d, J) for d, J in zip(from_top, low["J_x"], strict=True)])
    if x_from_low == "after":
        through, _ = chain(dhs, low["J_h"], low["J_x"], carry=low_carries, **one_layer | {"after": True})
    if x_from_low == "twice":
        skipped = skipped + np.stack([times(d, J) for d, J in zip(from_top, low["J_x"], strict=True)])
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


def _to_the_step_before(dhs_low, dhs_top, low, top):
    """Added behind the step: so it goes through the step before, and the first step's goes nowhere but to dh0."""
    from_top, _ = chain(dhs_top, top["J_h"], top["J_x"])
    dx, dh0_low, dh0_top = stack_family(dhs_low, dhs_top, low, top, hand_down=_early)
    return dx, dh0_low + from_top[0], dh0_top


def _not_carried(dhs_low, dhs_top, low, top):
    """The lower layer as if nothing came from above; what comes goes to x at its own step."""
    from_top, dh0_top = chain(dhs_top, top["J_h"], top["J_x"])
    skipped, _ = chain(dhs_top, top["J_h"], top["J_skip"])
    through, dh0_low = chain(dhs_low, low["J_h"], low["J_x"])
    at_once = np.stack([times(d, J) for d, J in zip(from_top, low["J_x"], strict=True)])
    return through + at_once + skipped, dh0_low, dh0_top


def _from_own_loss(dhs_low, dhs_top, low, top):
    skipped, dh0_low, dh0_top = stack_family(
        dhs_low, dhs_top, low, top, join=lambda through, skipped: skipped
    )
    own = np.stack([times(d, J) for d, J in zip(dhs_low, low["J_x"], strict=True)])
    return own + skipped, dh0_low, dh0_top


def _from_above(dhs_low, dhs_top, low, top):
    from_top, _ = chain(dhs_top, top["J_h"], top["J_x"])
    skipped, dh0_low, dh0_top = stack_family(
        dhs_low, dhs_top, low, top, join=lambda through, skipped: skipped
    )
    above = np.stack([times(d, J) for d, J in zip(from_top, low["J_x"], strict=True)])
    return above + skipped, dh0_low, dh0_top


def _skip_off(dhs_low, dhs_top, low, top):
    J = top["J_skip"]
    return stack_family(dhs_low, dhs_top, low, top | {"J_skip": np.concatenate([J[1:], J[-1:]])})


STACK_BACKWARD = Problem(
    name="ps7.stack_backward",
    reference=stack_backward,
    family=stack_family,
    cases=_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step from 0", "example", "input"), "dh0_low": ("example", "unit"), "dh0_top": ("example", "unit")},
    mistakes=(
        Mistake("skip forgotten", dict(join=lambda through, skipped: through), "Your dx comes through the lower layer alone. The top layer read x as well, through its J_skip.", whole=True),
        Mistake("dx of the skip only", dict(join=lambda through, skipped: skipped), "Your dx comes through the skip alone: what the lower layer sends to x is lost. Two uses are added."),
        Mistake("skip averaged", dict(join=lambda through, skipped: (through + skipped) / 2), "You average the two ways to x. Gradients of two uses are added."),
        Mistake("skip without the later losses", dict(skip_own=True), "On the skip you use dhs_top alone. It has to be the whole dh of the top layer at t, with what comes from its later steps."),
        Mistake("skip at the last step only", dict(skip=_at_the_last_step), "Your skip sends something to x at the last step only. The top layer read x at every step."),
        Mistake("skip one step early", dict(skip=_early), "Your skip is one step off: x_t gets what belongs to x_{t+1}. Both layers make step t at the same time."),
        Mistake("skip in reversed order", dict(skip=lambda dx: dx[::-1]), "What your skip sends to x is in the order of the loop, the last step first."),
        Mistake("lower layer's own loss overwritten", dict(own_loss=0.0), "The lower layer gets only what the top layer hands down; its own dhs_low is lost. Its h is used by both."),
        Mistake("top layer's loss ignored", dict(top_loss=lambda dhs: 0 * dhs), "Nothing of dhs_top goes back: the losses on the top layer reach neither the layer below nor x.", whole=True),
        Mistake("top layer's loss at the last step only", dict(top_loss=_at_the_last_step), "You use the last entry of dhs_top only. Every step has a loss of its own.", whole=True),
        Mistake("lower layer's own loss twice", dict(own_loss=2.0), "dhs_low is counted twice in your lower layer. Add it once, to what comes from the next step and from above."),
        Mistake("handed down twice", dict(hand_down=lambda dx: 2 * dx), "What the top layer hands down is counted twice in your lower layer: add it once, with J_x."),
        Mistake("handed down without the later losses", dict(hand_own="loss"), "You hand down what dhs_top alone sends through J_x. It has to be the whole dh of the top layer at t, with what comes from its later steps."),
        Mistake("handed down after the step back", dict(hand_own="after"), "What you hand down is made after the top's dh has gone through its J_h. Both Jacobians of step t start from the same dh_t."),
        Mistake("handed down to the step before", _to_the_step_before, "What the top layer hands down reaches the lower state of step t − 1 in your answer: it is added after the lower layer has gone back. The top layer read the state of the same step.", whole=True),
        Mistake("dx without what is handed down", functools.partial(stack_family, x_from_low="without the top"), "Through the lower layer your dx gets what the lower layer had before the top's share came. What is handed down to a state goes on to x as well."),
        Mistake("dx of the lower layer after the step back", dict(x_from_low="after"), "Through the lower layer your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t."),
        Mistake("handed down and to x at once", functools.partial(stack_family, x_from_low="twice"), "What the top hands down to the lower states goes to x twice: it is in the lower layer's dh already."),
        Mistake("lower layer's loss at the last step only", lambda dhs_low, *rest: stack_family(_at_the_last_step(dhs_low), *rest), "You use the last entry of dhs_low only. Every step has a loss of its own."),
        Mistake("dx of what is handed down", _from_above, "Through the lower layer your dx gets what the top hands down alone. It has to be the whole dh of the lower layer at t, with its own loss and its next step.", whole=True),
        Mistake("handed down, not carried on", _not_carried, "What the top hands down to a lower state stays at that step in your answer. It belongs to the lower layer's dh, which goes on to the step before.", whole=True),
        Mistake("dx of the lower layer from its own loss", _from_own_loss, "Through the lower layer your dx gets what dhs_low alone sends. It has to be the whole dh of the lower layer at t: with what comes from above and from its next step.", whole=True),
        Mistake("skip twice", dict(skip=lambda dx: 2 * dx), "What the skip sends to x is counted twice."),
        Mistake("lower layer's J_h of the step after", dict(low_layer=dict(sooner=True)), "In the lower layer your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t."),
        Mistake("top layer's own loss a step late", dict(top_layer=dict(own_late=True)), "In the top layer you add dhs_top[t] after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", whole=True),
        Mistake("lower layer's own loss a step late", dict(low_layer=dict(own_late=True)), "In the lower layer what arrives at step t is added after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", whole=True),
        Mistake("top layer's J_h transposed", dict(top_layer=dict(transposed=True)), "In the top layer you go back through the transposed J_h. Its first index is the new state's, as in the lower layer.", whole=True),
        Mistake("skip's Jacobian of the step after", _skip_off, "Your J_skip is one step off: x_t goes with J_skip[t]."),
        Mistake("nothing handed down", dict(hand_down=lambda dx: 0 * dx), "Nothing of the top layer's loss reaches the lower states. The top layer read them.", whole=True),
        Mistake("handed down at the last step only", dict(hand_down=_at_the_last_step), "The lower layer gets something from the top at the last step only. The top layer read it at every step."),
        Mistake("handed down one step early", dict(hand_down=_early), "What you hand down is one step off: step t gets that of t + 1. Both layers make step t at the same time."),
        Mistake("handed down in reversed order", dict(hand_down=lambda dx: dx[::-1]), "What you hand down is in the order of the loop, the last step first."),
        Mistake("lower layer carries nothing", dict(low_carries=False), "In the lower layer nothing passes from step t + 1 to step t. It is a recurrent layer as the other one."),
        Mistake("top layer carries nothing", dict(top_carries=False), "In the top layer nothing passes from step t + 1 to step t. Its dh_t holds more than dhs_top."),
        *chain_mistakes(),
    ),
    hints=(
        "Count uses. The lower states: by their own loss, by the lower layer's next step, by the top layer at the same step. x: by both layers.",
        "Go back through the whole top layer first, and keep its dh of every step: it leads to the lower states by J_x and to x by J_skip.",
        "One function for one layer: dh = dhs[t] + dh, something[t] = dh J[t], then dh = dh J_h[t]. What the top sends to the states below takes part in the call for the lower layer; what it sends to x is added at the end.",
    ),
)  # fmt: skip
