"""Problem set 7: two recurrent layers with a skip: the top one reads the lower one's states and the input too."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps7.both_back import chain, chain_mistakes, jacobians, times

# --- stack_backward --------------------------------------------------------------------------------


def stack_backward(dhs_low, dhs_top, low, top):
    """The top layer first: what it sends to the states below is added to dhs_low, what it sends to x to the lower dx.

    low and top are dicts of J_h (T, N, H, H) and J_x (T, N, H, inputs), the Jacobians of every step of that
    layer; top["J_x"] belongs to the lower states, top["J_skip"] (T, N, H_top, D) to x. Returns dx, dh0 of low and of top.
    """
    to_low, dh0_top = chain(dhs_top, top["J_h"], top["J_x"])
    skipped, _ = chain(dhs_top, top["J_h"], top["J_skip"])
    dhs = dhs_low + to_low
    through, dh0_low = chain(dhs, low["J_h"], low["J_x"])
    dx = through + skipped
    return dx, dh0_low, dh0_top


HELPERS = (chain, times)  # edited texts find `early`, too, beside `chain`


def _cases(rng):
    cases = []
    for T, N, D, H_low, H_top in ((5, 3, 4, 2, 3), (6, 2, 3, 3, 3), (1, 1, 2, 3, 2)):
        low, top = jacobians(rng, T, N, D, H_low), jacobians(rng, T, N, H_low, H_top)
        top["J_skip"] = rng.normal(size=(T, N, H_top, D)) / np.sqrt(D)
        dhs = rng.normal(size=(T, N, H_low)), rng.normal(size=(T, N, H_top))
        cases.append(
            Case((*dhs, low, top), ("dx", "dh0_low", "dh0_top"), batch=N, steps=T if T > 1 else None)
        )
    return cases


def _at_the_last_step(dx):
    return np.concatenate([0 * dx[:-1], dx[-1:]])


def _first_only(J_h):
    """Nothing goes from step to step, and from the first one to the initial state."""
    return np.concatenate([J_h[:1], 0 * J_h[1:]])


def _of_the_step_after(J):
    return np.concatenate([J[1:], J[-1:]])


def _top_J_h(J_h):
    return edit(
        'top["J_h"], top["J_x"]', f'{J_h}, top["J_x"]', 'top["J_h"], top["J_skip"]', f'{J_h}, top["J_skip"]'
    )


STACK_BACKWARD = Problem(
    name="ps7.stack_backward",
    reference=stack_backward,
    helpers=HELPERS,
    cases=_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"dx": ("step from 0", "example", "input"), "dh0_low": ("example", "unit"), "dh0_top": ("example", "unit")},
    mistakes=(
        Mistake("skip forgotten", edit(" + skipped", ""), "Your dx comes through the lower layer alone. The top layer read x as well, through its J_skip.", whole=True, beside_the_point=True),
        Mistake("dx of the skip only", edit("through + ", ""), "Your dx comes through the skip alone: what the lower layer sends to x is lost. Two uses are added."),
        Mistake("skip averaged", edit("through +", "through / 2 + 0.5 *"), "You average the two ways to x. Gradients of two uses are added."),
        Mistake("skip without the later losses", edit('skipped, _ = chain(dhs_top, top["J_h"], top["J_skip"])', 'skipped = times(dhs_top, top["J_skip"])'), "On the skip you use dhs_top alone. It has to be the whole dh of the top layer at t, with what comes from its later steps."),
        Mistake("skip at the last step only", edit("skipped\n", "_at_the_last_step(skipped)\n"), "Your skip sends something to x at the last step only. The top layer read x at every step."),
        Mistake("skip one step early", edit("skipped\n", "early(skipped)\n"), "Your skip is one step off: x_t gets what belongs to x_{t+1}. Both layers make step t at the same time."),
        Mistake("skip in reversed order", edit("skipped\n", "skipped[::-1]\n"), "What your skip sends to x is in the order of the loop, the last step first."),
        Mistake("lower layer's own loss overwritten", edit("dhs_low + ", ""), "The lower layer gets only what the top layer hands down; its own dhs_low is lost. Its h is used by both."),
        Mistake("top layer's loss ignored", edit("to_low, dh0_top =", "dhs_top = 0 * dhs_top\n    to_low, dh0_top ="), "Nothing of dhs_top goes back: the losses on the top layer reach neither the layer below nor x.", whole=True),
        Mistake("top layer's loss at the last step only", edit("to_low, dh0_top =", "dhs_top = _at_the_last_step(dhs_top)\n    to_low, dh0_top ="), "You use the last entry of dhs_top only. Every step has a loss of its own.", whole=True),
        Mistake("lower layer's own loss twice", edit("dhs_low + ", "2 * dhs_low + "), "dhs_low is counted twice in your lower layer. Add it once, to what comes from the next step and from above."),
        Mistake("handed down twice", edit("+ to_low", "+ 2 * to_low"), "What the top layer hands down is counted twice in your lower layer: add it once, with J_x."),
        Mistake("handed down without the later losses", edit("+ to_low", '+ times(dhs_top, top["J_x"])'), "You hand down what dhs_top alone sends through J_x. It has to be the whole dh of the top layer at t, with what comes from its later steps."),
        Mistake("handed down without its own loss", edit("+ to_low", '+ to_low - times(dhs_top, top["J_x"])'), "You hand down what comes from later steps alone. dhs_top[t] belongs to the whole dh of the top layer at t.", alone=True),
        Mistake("skip without its own loss", edit("skipped\n", 'skipped - times(dhs_top, top["J_skip"])\n'), "On the skip you use what comes from later steps alone. dhs_top[t] belongs to the whole dh of the top layer at t.", alone=True),
        Mistake("dx of the lower layer without its own loss", edit("through +", 'through - times(dhs_low, low["J_x"]) +'), "Through the lower layer dhs_low itself does not reach your dx. It belongs to the whole dh of the lower layer at t.", alone=True),
        Mistake("top's J_x of the step before", edit('top["J_x"])', 'np.concatenate([top["J_x"][:1], top["J_x"][:-1]]))'), "What you hand down goes through the J_x of the step before. The lower state of step t was read by the top layer's step t.", alone=True),
        Mistake("top's J_x of the step after", edit('top["J_x"])', '_of_the_step_after(top["J_x"]))'), "What you hand down goes through the J_x of the step after. The lower state of step t was read by the top layer's step t.", alone=True),
        Mistake("skip's Jacobian of the step before", edit('top["J_skip"])', 'np.concatenate([top["J_skip"][:1], top["J_skip"][:-1]]))'), "Your J_skip is one step off: x_t goes with J_skip[t].", alone=True),
        Mistake("handed down averaged", edit("dhs_low + to_low", "(dhs_low + to_low) / 2"), "You average the lower layer's own loss and what the top hands down. Gradients of two uses are added.", alone=True),
        Mistake("handed down with a minus", edit("+ to_low", "- to_low"), "What the top hands down is subtracted. Gradients of two uses are added.", alone=True),
        Mistake("skip with a minus", edit("+ skipped", "- skipped"), "What the skip sends to x is subtracted. Gradients of two uses are added.", alone=True),
        Mistake("skip of the first step only", edit("skipped\n", "np.concatenate([skipped[:1], 0 * skipped[1:]])\n"), "Your skip sends something to x at the first step only. The top layer read x at every step.", alone=True),
        Mistake("handed down at the first step only", edit("+ to_low", "+ np.concatenate([to_low[:1], 0 * to_low[1:]])"), "The lower layer gets something from the top at the first step only. The top layer read it at every step.", alone=True),
        Mistake("skip one step late", edit("skipped\n", "np.concatenate([0 * skipped[:1], skipped[:-1]])\n"), "Your skip is one step off: x_t gets what belongs to x_{t−1}. Both layers make step t at the same time.", alone=True),
        Mistake("handed down one step late", edit("+ to_low", "+ np.concatenate([0 * to_low[:1], to_low[:-1]])"), "What you hand down is one step off: step t gets that of t − 1. Both layers make step t at the same time.", alone=True),
        Mistake("handed down after the step back", edit('top["J_x"])', 'top["J_h"] @ top["J_x"])'), "What you hand down is made after the top's dh has gone through its J_h. Both Jacobians of step t start from the same dh_t."),
        Mistake("handed down to the step before", edit("+ to_low", "+ early(to_low)", " dh0_low,", " dh0_low + to_low[0],"), "What the top layer hands down reaches the lower state of step t − 1 in your answer: it is added after the lower layer has gone back. The top layer read the state of the same step.", whole=True, alone=True),
        Mistake("dx without what is handed down", edit("through +", 'through - times(to_low, low["J_x"]) +'), "Through the lower layer your dx gets what the lower layer had before the top's share came. What is handed down to a state goes on to x as well.", alone=True),
        Mistake("dx of the lower layer after the step back", edit('low["J_x"]', 'low["J_h"] @ low["J_x"]'), "Through the lower layer your dx_t is made after dh has gone through J_h. Both Jacobians of step t start from the same dh_t."),
        Mistake("handed down and to x at once", edit("through +", 'through + times(to_low, low["J_x"]) +'), "What the top hands down to the lower states goes to x twice: it is in the lower layer's dh already.", alone=True),
        Mistake("lower layer's loss at the last step only", edit("dhs_low + ", "_at_the_last_step(dhs_low) + "), "You use the last entry of dhs_low only. Every step has a loss of its own.", alone=True),
        Mistake("dx of what is handed down", edit("through +", 'times(to_low, low["J_x"]) +'), "Through the lower layer your dx gets what the top hands down alone. It has to be the whole dh of the lower layer at t, with its own loss and its next step.", whole=True, alone=True),
        Mistake("handed down, not carried on", edit(" + to_low", "", "through +", 'through + times(to_low, low["J_x"]) +'), "What the top hands down to a lower state stays at that step in your answer. It belongs to the lower layer's dh, which goes on to the step before.", whole=True, alone=True),
        Mistake("dx of the lower layer from its own loss", edit("through +", 'times(dhs_low, low["J_x"]) +'), "Through the lower layer your dx gets what dhs_low alone sends. It has to be the whole dh of the lower layer at t: with what comes from above and from its next step.", whole=True, alone=True),
        Mistake("skip twice", edit("skipped\n", "2 * skipped\n"), "What the skip sends to x is counted twice."),
        Mistake("lower layer's J_h of the step after", edit('low["J_h"]', '_of_the_step_after(low["J_h"])'), "In the lower layer your J_h is one step off. From state t to state t − 1 leads the Jacobian of step t."),
        Mistake("top layer's own loss a step late", edit("dh0_top = chain(dhs_top", "dh0_top = chain(early(dhs_top)", "_ = chain(dhs_top", "_ = chain(early(dhs_top)", "dh0_top\n", "dh0_top + dhs_top[0]\n"), "In the top layer you add dhs_top[t] after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", whole=True),
        Mistake("lower layer's own loss a step late", edit("chain(dhs,", "chain(early(dhs),", " dh0_low,", " dh0_low + dhs[0],"), "In the lower layer what arrives at step t is added after step t has gone back. It is a gradient of what that step made, so it goes through step t as well.", whole=True),
        Mistake("top layer's J_h transposed", _top_J_h('np.swapaxes(top["J_h"], 2, 3)'), "In the top layer you go back through the transposed J_h. Its first index is the new state's, as in the lower layer.", whole=True),
        Mistake("skip's Jacobian of the step after", edit('top["J_skip"])', '_of_the_step_after(top["J_skip"]))'), "Your J_skip is one step off: x_t goes with J_skip[t].", alone=True),
        Mistake("nothing handed down", edit(" + to_low", ""), "Nothing of the top layer's loss reaches the lower states. The top layer read them.", whole=True),
        Mistake("handed down at the last step only", edit("+ to_low", "+ _at_the_last_step(to_low)"), "The lower layer gets something from the top at the last step only. The top layer read it at every step."),
        Mistake("handed down one step early", edit("+ to_low", "+ early(to_low)"), "What you hand down is one step off: step t gets that of t + 1. Both layers make step t at the same time."),
        Mistake("handed down in reversed order", edit("+ to_low", "+ to_low[::-1]"), "What you hand down is in the order of the loop, the last step first."),
        Mistake("lower layer carries nothing", edit('low["J_h"]', '_first_only(low["J_h"])'), "In the lower layer nothing passes from step t + 1 to step t. It is a recurrent layer as the other one."),
        Mistake("top layer carries nothing", _top_J_h('_first_only(top["J_h"])'), "In the top layer nothing passes from step t + 1 to step t. Its dh_t holds more than dhs_top."),
        *chain_mistakes(),
    ),
    hints=(
        "Count uses. The lower states: by their own loss, by the lower layer's next step, by the top layer at the same step. x: by both layers.",
        "Go back through the whole top layer first, and keep its dh of every step: it leads to the lower states by J_x and to x by J_skip.",
        "One function for one layer serves both. In each turn dh_t has to be complete before it is used: its own loss and what came from step t + 1, in the lower layer also what the top sends. Only then is it sent to what the step read. The two shares of x are added at the end.",
    ),
)  # fmt: skip
