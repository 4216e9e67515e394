"""Problem set 6: slips that several of its functions share, as edits of the lines that these have in common.

A reference that goes back in time holds, with f[t] or f[k],

    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    dz = dh * f[t]
    (1 - alpha) * dh + dz @ W_h

SUMS, LEAKS and FLOW edit `leaky_backward`, or with `inside` what calls it.
"""

from dataclasses import replace

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Mistake


def inside(helper, *mistakes):
    """The same slips, made in the text of a helper."""
    return tuple(
        replace(mistake, formula=tuple(change._replace(within=helper) for change in mistake.formula))
        for mistake in mistakes
    )


SLOPE_MISTAKES = (
    Mistake("tanh' missing", edit("1 - c**2", "np.ones_like(c)"), "The slope of tanh is missing: what goes through W_h also passes the tanh of its step."),
    Mistake("slope from h", edit("1 - c**2", "1 - hs[1:] ** 2"), "You took the slope from h_t, as in the lecture. In this net h_t is no tanh: it is a mixture. The tanh is c_t, and you get it back from two states that follow each other."),
    Mistake("slope from the state before", edit("1 - c**2", "1 - hs[:-1] ** 2"), "You took the slope from h_{t−1}. The slope of step t is that of its own tanh, c_t, and you get it from the two states on both sides of the step."),
    Mistake("1 − c", edit("1 - c**2", "1 - c"), "You multiply by 1 − c_t. The slope of tanh has a square."),
    Mistake("1 + c²", edit("1 - c**2", "1 + c**2"), "Your slope is 1 + c_t², and no slope of tanh is above 1: look at its sign."),
    Mistake("sigmoid's slope", edit("1 - c**2", "c * (1 - c)"), "c(1 − c) is the slope of the sigmoid. This net has tanh."),
    Mistake("tanh' of the tanh", edit("1 - c**2", "1 - np.tanh(c) ** 2"), "You took tanh' at c_t. c_t already is the tanh of the pre-activation, so that squashes twice."),
    Mistake("old value not subtracted", edit("1 - c**2", "1 - (hs[1:] / alpha) ** 2"), "Your c_t is h_t/α. What was kept of the old state has to be subtracted from h_t first."),
    Mistake("not divided by the leak", edit("1 - c**2", "1 - (alpha * c) ** 2"), "Your c_t is what the step added, α c_t. Divide by α to have the tanh itself."),
    Mistake("old value subtracted with α", edit("1 - c**2", "1 - ((hs[1:] - alpha * hs[:-1]) / alpha) ** 2"), "To find c_t you subtract α h_{t−1} from h_t. What was kept of the old state is (1 − α) h_{t−1}."),
    Mistake("whole old value subtracted", edit("1 - c**2", "1 - ((hs[1:] - hs[:-1]) / alpha) ** 2"), "Your c_t is (h_t − h_{t−1})/α. Only the share 1 − α of the old state is in h_t, so only that is subtracted."),
    Mistake("change of the state for the tanh", edit("1 - c**2", "1 - (hs[1:] - hs[:-1]) ** 2"), "Your c_t is the change of the state, h_t − h_{t−1}. The net's equation, solved for c_t, has the weights 1 − α and α."),
    Mistake("slope one step early, index −1", edit("1 - c**2", "1 - np.concatenate([(hs[:1] - (1 - alpha) * hs[-1:]) / alpha, c[:-1]]) ** 2"), "Your slope is that of the step before, and step 1 has one from the last state, index −1. The slope of a step comes from the states before and after it."),
    Mistake("slope one step early, none at step 1", edit("1 - c**2", "1 - np.concatenate([0 * c[:1], c[:-1]]) ** 2"), "Your slope is that of the step before, and step 1 has the slope 1. The slope of a step comes from the states before and after it."),
    Mistake("leak missing on the tanh", edit("f = alpha * (", "f = ("), "The factor α is missing on the way through the tanh: c_t enters h_t with the weight α."),
    Mistake("1 − α on the tanh", edit("f = alpha * (", "f = (1 - alpha) * ("), "On the way through the tanh you have 1 − α. c_t enters h_t with the weight α; 1 − α belongs to the old state."),
    Mistake("leak squared on the tanh", edit("f = alpha * (", "f = alpha**2 * ("), "α stands twice on your way through the tanh. c_t enters h_t with the weight α, once."),
    Mistake("old value not subtracted, cut at 1", edit("1 - c**2", "1 - np.clip(hs[1:] / alpha, -1, 1) ** 2"), "Your c_t is h_t/α, cut at ±1. What was kept of the old state has to be subtracted from h_t first: then it is a tanh by itself."),
    Mistake("old value subtracted after the division", edit("1 - c**2", "1 - (hs[1:] / alpha - (1 - alpha) * hs[:-1]) ** 2"), "To find c_t you divide h_t alone by α (brackets?). First subtract (1 − α) h_{t−1}, then divide the difference."),
    Mistake("divided by 1 − α", edit("1 - c**2", "1 - (alpha * c / np.where(alpha < 1, 1 - alpha, alpha)) ** 2"), "To find c_t you divide by 1 − α. c_t enters h_t with the weight α."),
    Mistake("states exchanged in c", edit("1 - c**2", "1 - ((hs[:-1] - (1 - alpha) * hs[1:]) / alpha) ** 2"), "To find c_t you exchange the states before and after the step. h_t is the mixture, entry t of hs, and h_{t−1} was kept."),
    Mistake("leak inside the bracket", edit("f = alpha * (1 - c**2)", "f = 1 - alpha * c**2"), "Your factor is 1 − α c_t², as if the brackets were missing or 1 − α were in it. What passes the tanh has α (1 − c_t²)."),
    Mistake("(1 − c)²", edit("1 - c**2", "(1 - c) ** 2"), "Your slope is (1 − c_t)². The slope of tanh is 1 − c_t²."),
    Mistake("slope of the mean state", edit("1 - c**2", "1 - ((hs[1:] + hs[:-1]) / 2) ** 2"), "Your slope comes from the mean of two states. It is that of c_t, the tanh of the step."),
    Mistake("W_h transposed", edit("@ W_h", "@ W_h.T"), "You go back through the transpose of W_h. Forward a row of h meets the transpose, so on the way back a row of δ meets W_h itself. As W_h is square, nothing fails."),
)  # fmt: skip

WAYS = (
    Mistake("the lecture's step back", edit("alpha * (1 - c**2)", "1 - hs[1:] ** 2", "(1 - alpha) * dh + ", ""), "You go back as in the lecture, through a net without leaks: slope 1 − h_t², W_h, and no other way. Derive the step again from h_t = (1 − α) ⊙ h_{t−1} + α ⊙ c_t.", beside_the_point=True),
    Mistake("no way around the tanh", edit("(1 - alpha) * dh + ", ""), "Only the way through the tanh and W_h is in your step back, as in the lecture. h_{t−1} also stands in h_t directly, with the weight 1 − α."),
    Mistake("no way through the tanh", edit(" + dz @ W_h", ""), "Only the way around the tanh is in your step back. h_{t−1} also enters the tanh, through W_h."),
    Mistake("α on the way around", edit("(1 - alpha) * dh", "alpha * dh"), "On the way around the tanh you multiply by α. The old state was kept with the weight 1 − α."),
    Mistake("whole gradient around", edit("(1 - alpha) * dh", "dh"), "The way around the tanh costs nothing in yours, as in a residual net. The old state was kept with the weight 1 − α."),
    Mistake("δ around the tanh", edit("* dh +", "* dz +"), "What you send around the tanh has passed its slope already. Around means: the gradient that arrived at h_t, times 1 − α."),
    Mistake("no tanh on the way through W_h", edit("+ dz @", "+ dh @"), "On the way through the tanh you send the gradient of the state through W_h. It passes α and the slope first: what goes through W_h is the signal at the pre-activation."),
    Mistake("slope around the tanh", edit("* dh +", "* dz / alpha +"), "On the way around the tanh you multiply by its slope. Around means past it: 1 − α is all."),
    Mistake("leak twice through W_h", edit("+ dz @", "+ alpha * dz @"), "On the way through W_h you multiply the signal by α once more. It is in the signal at the pre-activation already."),
    Mistake("leak after W_h", edit("f = alpha * (", "f = (", "dz @ W_h", "alpha * (dz @ W_h)"), "You multiply by α behind W_h, so that each leak meets another unit than its own. It belongs to the signal before it goes through W_h."),
    Mistake("gradient not passed on", edit("(1 - alpha) * dh + dz @ W_h", "dh"), "The gradient that you carry is the same before and after a step: nothing of the step is in it. What h_{t−1} gets has passed the step, on two ways."),
    Mistake("α on both ways", edit("(1 - alpha) * dh + dz @ W_h", "alpha * (dh + dz @ W_h)"), "You multiply both ways by α. The way around the tanh has 1 − α; the other has α already, in the signal."),
    Mistake("α and 1 − α exchanged", edit("f = alpha * (1 - c**2)", "f = (1 - alpha) * (1 - c**2)", "(1 - alpha) * dh +", "alpha * dh +"), "On the way back α and 1 − α are exchanged. α is the share that is new: it goes with the tanh."),
    Mistake("mean leak on the way around", edit("(1 - alpha) * dh", "(1 - alpha.mean()) * dh"), "On the way around the tanh all units have the same share. Each keeps its own, 1 − α_i."),
    Mistake("W_h around the tanh", edit("(1 - alpha) * dh + dz @ W_h", "((1 - alpha) * dh + dz) @ W_h"), "You send both ways through W_h (brackets?). What is kept of a unit's state passes beside it."),
    Mistake("second way subtracted", edit("(1 - alpha) * dh + dz @ W_h", "(1 - alpha) * dh - dz @ W_h"), "You subtract the way through the tanh. h_{t−1} acts on h_t on two ways: they add up."),
    Mistake("1 − α on both ways", edit("(1 - alpha) * dh + dz @ W_h", "(1 - alpha) * (dh + dz @ W_h)"), "You multiply both ways by 1 − α. It belongs to the way around the tanh alone."),
)  # fmt: skip

SUMS = (
    Mistake("gradients overwritten", edit("dW_x = ", "dz_all[1:] = 0\n    dW_x = "), "Your weight gradients and db hold the first step alone, as if the loop overwrote them. The weights serve every step, so each step's share is added.", whole=True),
    Mistake("weight gradients of the last step", edit("dW_x = ", "dz_all[:-1] = 0\n    dW_x = "), "Your weight gradients and db hold the last step alone. The weights serve every step, so their gradients are sums over all.", whole=True),
    *(
        Mistake(f"{name} of the {word} step", edit(old, new), f"Your {name} holds the {word} step alone, as if the loop overwrote it. Each step's share is added.")
        for name, old, first, last in (
            ("dW_x", "(dz_all, x)", "(dz_all[:1], x[:1])", "(dz_all[-1:], x[-1:])"),
            ("dW_h", "(dz_all, hs[:-1])", "(dz_all[:1], hs[:1])", "(dz_all[-1:], hs[-2:-1])"),
            ("db", "dz_all.sum", "dz_all[:1].sum", "dz_all[-1:].sum"),
        )
        for word, new in (("first", first), ("last", last))
    ),
    Mistake("divided by T", edit("dW_x, dW_h, db,", "dW_x / len(x), dW_h / len(x), db / len(x),"), "Your weight gradients and db are divided by T. Uses of the same weight add up; a mean over steps, if there is one, is already in dhs."),
    Mistake("divided by N", edit("dW_x, dW_h, db,", "dW_x / x.shape[1], dW_h / x.shape[1], db / x.shape[1],"), "Your weight gradients and db are divided by N. A mean over the batch, if there is one, is already in dhs: here they are sums."),
    Mistake("db divided by N", edit("db = ", "db = 1 / x.shape[1] * "), "Your db is averaged over the batch. It is a sum over steps and sequences, as the others are."),
    Mistake("db divided by T", edit("db = ", "db = 1 / len(x) * "), "Your db is averaged over the steps. b is added at every step, so db is the sum."),
    Mistake("h_t for h_{t−1}", edit("_all, hs[:-1])", "_all, hs[1:])"), "Your dW_h pairs the signal of step t with h_t. W_h was multiplied with the state before the step."),
    Mistake("states in the opposite order", edit("_all, hs[:-1])", "_all, hs[:-1][::-1])"), "Your dW_h meets the states in the opposite order. Step t reads h_{t−1}."),
    Mistake("inputs in the opposite order", edit("_all, x)", "_all, x[::-1])"), "Your dW_x meets the inputs in the opposite order. Step t reads x_t."),
    Mistake("dW_x from dh", edit("over_time(dz_all, x)", "over_time(dh_all, x)"), "Your dW_x is made of gradients with respect to the states. W_x acts inside the tanh: it meets those with respect to the pre-activations."),
    Mistake("dW_h from dh", edit("over_time(dz_all, hs[:-1])", "over_time(dh_all, hs[:-1])"), "Your dW_h is made of gradients with respect to the states. W_h acts inside the tanh: it meets those with respect to the pre-activations."),
    Mistake("weight gradients from dh", edit("over_time(dz_all, x)", "over_time(dh_all, x)", "over_time(dz_all, hs[:-1])", "over_time(dh_all, hs[:-1])", "dz_all.sum", "dh_all.sum"), "Your weight gradients and db are made of gradients with respect to the states. The weights act inside the tanh: they meet those with respect to the pre-activations.", whole=True),
    Mistake("weight gradients of the own losses", edit("dW_x = ", "dz_all = dhs * f\n    dW_x = "), "Your weight gradients and db hold each step's own loss alone. A step's signal holds what comes back from later losses, too.", whole=True),
    Mistake("dW_h from step 2 on", edit("_all, hs[:-1])", "_all[1:], hs[1:-1])"), "Your dW_h leaves out step 1, as if h_0 were 0. h_0 is given."),
    Mistake("first sequence only", edit("dW_x = ", "dz_all[:, 1:] = 0\n    dW_x = "), "Your weight gradients and db hold the first sequence alone. All sequences use the same weights: add.", whole=True),
    Mistake("h_{t−2} for h_{t−1}", edit("_all, hs[:-1])", "_all, np.concatenate([hs[-1:], hs[:-2]]))"), "Your dW_h pairs the signal of step t with the state two steps before (and the first with the last state, index −1). In this set hs begins with h_0, so at Python's t, counted from 0, the state before the step is hs[t]."),
    Mistake("c_t for h_{t−1}", edit("_all, hs[:-1])", "_all, c)"), "Your dW_h pairs the signal of step t with c_t. W_h was multiplied with the state before the step."),
    Mistake("inputs one step late, index −1", edit("_all, x)", "_all, np.roll(x, 1, axis=0))"), "Your dW_x pairs the signal of step t with the input of the step before, and that of step 1 with the last (index −1). In this set x[t] and dhs[t] belong to the same step."),
    Mistake("db from dh", edit("dz_all.sum", "dh_all.sum"), "Your db adds up gradients with respect to the states. b stands inside the tanh: its gradient is that with respect to the pre-activations."),
    Mistake("leak missing in db", edit("dz_all.sum", "(dz_all / alpha).sum"), "The factor α is missing in your db. b stands inside the tanh, and what comes out of the tanh enters h_t with the weight α."),
    Mistake("inputs one step late", edit("_all, x)", "_all, np.concatenate([0 * x[:1], x[:-1]]))"), "Your dW_x pairs the signal of step t with the input of the step before. Only the state is taken from there."),
)  # fmt: skip

LEAKS = (
    Mistake("dalpha without the old state", edit("c - hs[:-1]", "c"), "Your dalpha sees only what α lets in. A larger α also keeps less of the old state."),
    Mistake("dalpha with the wrong sign", edit("c - hs[:-1]", "hs[:-1] - c"), "The sign of your dalpha is flipped: α multiplies the new value, 1 − α the old."),
    Mistake("dalpha adds the old state", edit("c - hs[:-1]", "c + hs[:-1]"), "Your dalpha adds the old state. In 1 − α, α stands with a minus."),
    Mistake("dalpha with h_t", edit("c - hs[:-1]", "c - hs[1:]"), "Your dalpha compares c_t with h_t. What α takes weight from is the state before the step."),
    Mistake("dalpha with the change of the state", edit("c - hs[:-1]", "hs[1:] - hs[:-1]"), "Your dalpha has the step's whole change, h_t − h_{t−1}. That is α times what you need."),
    Mistake("dalpha through the tanh", edit("c - hs[:-1]", "(c - hs[:-1]) * (1 - c**2)"), "Your dalpha has the slope of tanh. α stands outside the tanh."),
    Mistake("dalpha with the slope of tanh", edit("c - hs[:-1]", "1 - c**2"), "Your dalpha has the slope of tanh as its factor. α stands outside the tanh: its factor is what weighs more in h_t if α grows, and what weighs less."),
    Mistake("dalpha after the step", edit("(dh_all *", "(((1 - alpha) * dh_all + dz_all @ W_h) *"), "Your dalpha takes the gradient that has left the step already, that at h_{t−1}. α acts in h_t: take the gradient that arrived there."),
    Mistake("dalpha of the own losses", edit("(dh_all *", "(dhs *"), "Your dalpha takes the gradient of each step's own loss. A larger α at step t changes h_t, and so all later losses."),
    Mistake("dalpha of one sequence", edit("(c - hs[:-1])).sum(axis=(0, 1))", "(c - hs[:-1]))[:, 0].sum(axis=0)"), "Your dalpha holds the first sequence alone. All sequences use the same leaks: add."),
    Mistake("dalpha over the units", edit("(c - hs[:-1])).sum(axis=(0, 1))", "(c - hs[:-1])).sum() + 0 * alpha"), "Your dalpha adds up the units as well. Each unit has a leak of its own."),
    Mistake("dalpha with the state alone", edit("c - hs[:-1]", "-hs[:-1]"), "Your dalpha sees only what is lost of the old state. A larger α also lets in more of c_t."),
    Mistake("dalpha with h_t for c_t", edit("c - hs[:-1]", "hs[1:]"), "Your dalpha has h_t as its factor. It is what weighs more in h_t if α grows, c_t, minus what weighs less, h_{t−1}."),
    Mistake("dalpha from dz", edit("(dh_all *", "(dz_all *"), "Your dalpha begins at the pre-activation, behind α and the slope. α stands outside the tanh: the gradient with respect to the state is its factor."),
    Mistake("dalpha divided by α", edit("(dh_all *", "(dh_all / alpha *"), "Your dalpha is divided by α. Either (c_t − h_{t−1}), or (h_t − h_{t−1})/α, not both."),
    Mistake("dalpha averaged over the batch", edit("dalpha = ", "dalpha = 1 / x.shape[1] * "), "Your dalpha is divided by N. All sequences use the same leaks: add."),
    Mistake("dalpha averaged over steps", edit("dalpha = ", "dalpha = 1 / len(x) * "), "Your dalpha is divided by T. All steps use the same leaks: add."),
    Mistake("dalpha of the last step", edit(")).sum(", "))[-1:].sum("), "Your dalpha holds the last step alone. All steps use the same leaks: add."),
    Mistake("dalpha of the first step", edit(")).sum(", "))[:1].sum("), "Your dalpha holds the first step alone, as if the loop overwrote it. All steps use the same leaks: add."),
)  # fmt: skip

FLOW = (
    Mistake("nothing from the next step", edit("(1 - alpha) * dh + dz @ W_h", "0 * dh"), "Your gradient does not travel through time: every state has its own loss alone. h_t is also used by step t + 1.", whole=True),
    Mistake("only the carried part", edit("dh = dhs[t]", "dh = dhs[t] * (t == len(x) - 1)"), "After the last step you replace the gradient by what step t + 1 hands back, and each dhs_t is lost. The two add up.", whole=True),
    Mistake("own loss replaces what comes back", edit(" + from_next", ""), "At each step you replace what comes back from step t + 1 by the step's own loss. The gradient at h_t is the sum of the two.", whole=True),
    Mistake("one step back only", edit("= dh, dz", "= dh, dz\n        dh, dz = dhs[t], dhs[t] * f[t]"), "Your gradient travels one step and stops: you hand back the step's own loss alone. What goes back from step t holds what came from t + 1.", whole=True),
    Mistake("last loss twice", edit("dh = dhs[t]", "dh = dhs[t] * (1 + (t == len(x) - 1))"), "The loss of the last step counts twice in yours, perhaps as the start and in the loop. It joins once."),
    Mistake("losses in the opposite order", edit("dhs[t]", "dhs[-1 - t]"), "Your losses join in the opposite order. dhs[t] belongs to h_{t+1}, the state behind step t counted from 0."),
    Mistake("losses one step early", edit("dhs[t]", "dhs[min(t + 1, len(x) - 1)]"), "At each step you add the loss of the step after. dhs[0] belongs to h_1: it has the index of x."),
    Mistake("loss joins behind the slope", edit("dz = dh * f[t]", "dz = from_next * f[t] + dhs[t]"), "Your step's own loss joins at the pre-activation. It joins at the state, and passes α and the slope as the rest.", whole=True),
    Mistake("losses one step late", edit("dhs[t]", "dhs[t - 1]"), "At each step you add the loss of the step before, and at step 1 the last one (index −1). dhs[0] belongs to h_1: it has the index of x, not that of hs."),
    Mistake("own loss weighted", edit("dhs[t]", "alpha * dhs[t]"), "You weigh each step's own loss with α as it joins. dhs_t is the gradient with respect to h_t: it is added as it is."),
    Mistake("loss joins after the step", edit("dhs[t] + ", "", "from_next = (1", "from_next = dhs[t] + (1"), "Your loss joins after its step: dz and the other gradients of step t lack the step's own loss. It is added first."),
    Mistake("own loss not around the tanh", edit("* dh +", "* from_next +"), "Only what came from step t + 1 goes around the tanh in yours. The step's own loss does, too: the two are one gradient, that at h_t."),
    Mistake("what comes back piles up", edit("from_next = (1", "from_next += (1"), "What the steps hand back piles up: from step t + 1 on, the same gradient comes again at every step. It is replaced at each step, not added to.", whole=True),
)  # fmt: skip
