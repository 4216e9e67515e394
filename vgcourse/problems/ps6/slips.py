"""Problem set 6: slips that several of its functions share, as keywords of their families."""

import numpy as np

from vgcourse.problems.problem import Mistake

SLOPE_MISTAKES = (
    Mistake("tanh' missing", {"slope": "none"}, "The slope of tanh is missing: what goes through W_h also passes the tanh of its step."),
    Mistake("slope from h", {"slope": "1 − h²"}, "You took the slope from h_t, as in the lecture. In this net h_t is no tanh: it is a mixture. The tanh is c_t, and you get it back from two states that follow each other."),
    Mistake("slope from the state before", {"slope": "before"}, "You took the slope from h_{t−1}. The slope of step t is that of its own tanh, c_t, and you get it from the two states on both sides of the step."),
    Mistake("1 − c", {"slope": "1 − c"}, "You multiply by 1 − c_t. The slope of tanh has a square."),
    Mistake("1 + c²", {"slope": "1 + c²"}, "Your slope is 1 + c_t², and no slope of tanh is above 1: look at its sign."),
    Mistake("sigmoid's slope", {"slope": "c(1 − c)"}, "c(1 − c) is the slope of the sigmoid. This net has tanh."),
    Mistake("tanh' of the tanh", {"slope": "at c"}, "You took tanh' at c_t. c_t already is the tanh of the pre-activation, so that squashes twice."),
    Mistake("old value not subtracted", {"slope": "h/α"}, "Your c_t is h_t/α. What was kept of the old state has to be subtracted from h_t first."),
    Mistake("not divided by the leak", {"slope": "not divided"}, "Your c_t is what the step added, α c_t. Divide by α to have the tanh itself."),
    Mistake("leak missing on the tanh", {"weight": lambda a: np.ones_like(a)}, "The factor α is missing on the way through the tanh: c_t enters h_t with the weight α."),
    Mistake("1 − α on the tanh", {"weight": lambda a: 1 - a}, "On the way through the tanh you have 1 − α. c_t enters h_t with the weight α; 1 − α belongs to the old state."),
    Mistake("leak squared on the tanh", {"weight": lambda a: a**2}, "α stands twice on your way through the tanh. c_t enters h_t with the weight α, once."),
    Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward it was h @ W_h.T, so back is δ @ W_h. As W_h is square, nothing fails."),
)  # fmt: skip

WAYS = (
    Mistake("the lecture's step back", {"slope": "1 − h²", "weight": lambda a: np.ones_like(a), "step": "through only"}, "You go back as in the lecture, through a net without leaks: slope 1 − h_t², W_h, and no other way. Derive the step again from h_t = (1 − α) ⊙ h_{t−1} + α ⊙ c_t."),
    Mistake("no way around the tanh", {"step": "through only"}, "Only the way through the tanh and W_h is in your step back, as in the lecture. h_{t−1} also stands in h_t directly, with the weight 1 − α."),
    Mistake("no way through the tanh", {"step": "around only"}, "Only the way around the tanh is in your step back. h_{t−1} also enters the tanh, through W_h."),
    Mistake("α on the way around", {"step": "α for 1 − α"}, "On the way around the tanh you multiply by α. The old state was kept with the weight 1 − α."),
    Mistake("whole gradient around", {"step": "all"}, "The way around the tanh costs nothing in yours, as in a residual net. The old state was kept with the weight 1 − α."),
    Mistake("δ around the tanh", {"step": "around δ"}, "What you send around the tanh has passed its slope already. Around means: the gradient that arrived at h_t, times 1 − α."),
    Mistake("no tanh on the way through W_h", {"step": "dh W_h"}, "On the way through the tanh you send the gradient of the state through W_h. It passes α and the slope first: what goes through W_h is the signal at the pre-activation."),
    Mistake("1 − α on both ways", {"step": "sum leaks"}, "You multiply both ways by 1 − α. It belongs to the way around the tanh alone."),
)  # fmt: skip

SUMS = (
    Mistake("gradients overwritten", {"accumulate": slice(0, 1)}, "Your weight gradients and db hold the first step alone: the loop overwrites them. The weights serve every step, so each step's share is added.", whole=True),
    Mistake("weight gradients of the last step", {"accumulate": slice(-1, None)}, "Your weight gradients and db hold the last step alone. The weights serve every step, so their gradients are sums over all.", whole=True),
    *(
        Mistake(f"{name} of the {word} step", {switch: piece}, f"Your {name} holds the {word} step alone: the loop overwrites it. Each step's share is added.")
        for name, switch in (("dW_x", "of_x"), ("dW_h", "of_h"), ("db", "of_b"))
        for word, piece in (("first", slice(0, 1)), ("last", slice(-1, None)))
    ),
    Mistake("divided by T", {"divide": len}, "Your weight gradients and db are divided by T. Uses of the same weight add up; a mean over steps, if there is one, is already in dhs."),
    Mistake("divided by N", {"divide": lambda x: x.shape[1]}, "Your weight gradients and db are divided by N. A mean over the batch, if there is one, is already in dhs: here they are sums."),
    Mistake("db divided by N", {"divide_b": lambda x: x.shape[1]}, "Your db is averaged over the batch. It is a sum over steps and sequences, as the others are."),
    Mistake("db divided by T", {"divide_b": len}, "Your db is averaged over the steps. b is added at every step, so db is the sum."),
    Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs the signal of step t with h_t. W_h was multiplied with the state before the step."),
    Mistake("h_{t−2} for h_{t−1}", {"state": "early"}, "Your dW_h pairs the signal of step t with the state two steps before (and the first with the last state, index −1). In this set hs begins with h_0, so at Python's t, counted from 0, the state before the step is hs[t]."),
    Mistake("c_t for h_{t−1}", {"state": "c"}, "Your dW_h pairs the signal of step t with c_t. W_h was multiplied with the state before the step."),
    Mistake("inputs one step late", {"inputs": lambda x: np.concatenate([0 * x[:1], x[:-1]])}, "Your dW_x pairs the signal of step t with the input of the step before. Only the state is taken from there."),
)  # fmt: skip

LEAKS = (
    Mistake("dalpha without the old state", {"alpha_from": "c"}, "Your dalpha sees only what α lets in. A larger α also keeps less of the old state."),
    Mistake("dalpha with the wrong sign", {"alpha_from": "h − c"}, "The sign of your dalpha is flipped: α multiplies the new value, 1 − α the old."),
    Mistake("dalpha adds the old state", {"alpha_from": "c + h"}, "Your dalpha adds the old state. In 1 − α, α stands with a minus."),
    Mistake("dalpha with h_t", {"alpha_from": "c − h_t"}, "Your dalpha compares c_t with h_t. What α takes weight from is the state before the step."),
    Mistake("dalpha with the change of the state", {"alpha_from": "h_t − h"}, "Your dalpha has the step's whole change, h_t − h_{t−1}. That is α times what you need."),
    Mistake("dalpha through the tanh", {"alpha_from": "sloped"}, "Your dalpha has the slope of tanh. α stands outside the tanh."),
    Mistake("dalpha of the own losses", {"alpha_signal": "own"}, "Your dalpha takes the gradient of each step's own loss. A larger α at step t changes h_t, and so all later losses."),
    Mistake("dalpha from dz", {"alpha_signal": "dz"}, "Your dalpha begins at the pre-activation, behind α and the slope. α stands outside the tanh: the gradient with respect to the state is its factor."),
    Mistake("dalpha divided by α", {"alpha_signal": "dh/α"}, "Your dalpha is divided by α. Either (c_t − h_{t−1}), or (h_t − h_{t−1})/α, not both."),
    Mistake("dalpha averaged over the batch", {"alpha_divide": lambda x: x.shape[1]}, "Your dalpha is divided by N. All sequences use the same leaks: add."),
    Mistake("dalpha averaged over steps", {"alpha_divide": len}, "Your dalpha is divided by T. All steps use the same leaks: add."),
    Mistake("dalpha of the last step", {"alpha_steps": slice(-1, None)}, "Your dalpha holds the last step alone. All steps use the same leaks: add."),
    Mistake("dalpha of the first step", {"alpha_steps": slice(0, 1)}, "Your dalpha holds the first step alone: the loop overwrites it. All steps use the same leaks: add."),
)  # fmt: skip

FLOW = (
    Mistake("nothing from the next step", {"step": "none"}, "Your gradient does not travel through time: every state has its own loss alone. h_t is also used by step t + 1.", whole=True),
    Mistake("only the carried part", {"own": "last"}, "After the last step you replace the gradient by what step t + 1 hands back, and each dhs_t is lost. The two add up.", whole=True),
    Mistake("one step back only", {"own_only": True}, "Your gradient travels one step and stops: you hand back the step's own loss alone. What goes back from step t holds what came from t + 1.", whole=True),
    Mistake("what comes back piles up", {"add_up": True}, "What the steps hand back piles up: from step t + 1 on, the same gradient comes again at every step. It is replaced at each step, not added to.", whole=True),
)  # fmt: skip
