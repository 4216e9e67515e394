"""Problem set 6: the gradient that outputs with several labels hand to every state."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL

# --- label_gradients -------------------------------------------------------------------------------


def label_gradients(hs, V, b_o, targets):
    """L = Σ over steps, sequences, labels of −y log σ(o) − (1 − y) log(1 − σ(o)), o_t = V h_t + b_o: ∂L/∂o = σ(o) − y."""
    o = hs @ V.T + b_o
    p = sigmoid(o)
    do = p - targets
    dV = np.einsum("tnc,tnh->ch", do, hs)
    db_o = do.sum(axis=(0, 1))
    dhs = do @ V
    return do, dV, db_o, dhs


def _output_cases(rng):
    cases = []
    for T, N, H, C in ((6, 3, 5, 4), EQUAL, (1, 2, 3, 1)):
        hs, V = 0.8 * np.tanh(rng.normal(size=(T, N, H))), rng.normal(size=(C, H))
        targets = rng.integers(2, size=(T, N, C)).astype(float)
        targets[0, 0], targets[-1, -1] = 0.0, 1.0  # no label, and every label
        args = hs, V, 0.6 * rng.choice([-1, 1], size=C) + 0.2 * rng.normal(size=C), targets
        cases.append(Case(args, ("do", "dV", "db_o", "dhs"), batch=N, steps=T))
    return cases


LABEL_GRADIENTS = Problem(
    name="ps6.label_gradients",
    reference=label_gradients,
    cases=_output_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    flow=("do", "dhs"),
    axes={"do": ("step", "example", "label"), "dV": ("label", "unit"), "db_o": ("label",), "dhs": ("step", "example", "unit")},
    invariants=(
        Invariant("dV from do", lambda args, out: relative_error(out["dV"], np.einsum("tnc,tnh->ch", out["do"], args[0])), "Your dV does not go with your own do. V is used at every step of every sequence: add the products of do_t and h_t over all of them."),
        Invariant("db_o from do", lambda args, out: relative_error(out["db_o"], out["do"].sum(axis=(0, 1))), "Your db_o does not go with your own do. b_o is added at every step of every sequence, so its gradient is a sum over both."),
        Invariant("dhs from do", lambda args, out: relative_error(out["dhs"], out["do"] @ args[1]), "Your dhs does not go with your own do: h_t acts on the loss of its own step through V alone."),
    ),
    mistakes=(
        Mistake("softmax", edit("sigmoid(o)", "np.exp(o) / np.exp(o).sum(axis=-1, keepdims=True)"), "You took the softmax, as in the lecture. There one class is right; here each label is a yes-or-no question of its own, with a sigmoid.", beside_the_point=True),
        Mistake("tanh for the sigmoid", edit("sigmoid(o)", "np.tanh(o)"), "You squash the scores with tanh. A probability comes from the sigmoid."),
        Mistake("sigmoid of −o", edit("sigmoid(o)", "sigmoid(-o)"), "Your probabilities are σ(−o), those of the answer no: look at the sign in the exponent."),
        Mistake("yes or no for the probability", edit("p - targets", "(p > 0.5) - targets"), "You compare targets with decisions, score above 0 or not. The loss is smooth: its gradient has σ(o) itself."),
        Mistake("sign", edit("p - targets", "targets - p"), "The sign of your do is flipped. Where a label is absent, a larger score makes the loss larger: the gradient is positive there.", whole=True),
        Mistake("targets missing", edit("p - targets", "p"), "Your do is σ(o) alone: the targets do not enter.", whole=True),
        Mistake("present labels only", edit("p - targets", "targets * (p - 1)"), "Only labels that are present have a gradient in yours. An absent one that gets a high score costs as well."),
        Mistake("absent labels only", edit("p - targets", "(1 - targets) * p"), "Only labels that are absent have a gradient in yours. A present one that gets a low score costs as well."),
        Mistake("gradient by the probability", edit("p - targets", "(p - targets) / (p * (1 - p))"), "Your do is the gradient with respect to σ(o). It still has to go back through the sigmoid to o.", whole=True),
        Mistake("extra slope", edit("p - targets", "(p - targets) * p * (1 - p)"), "Your do has the slope of the sigmoid as an extra factor, as for a squared error. With the logarithm it cancels.", whole=True),
        Mistake("twice", edit("p - targets", "2 * (p - targets)"), "Your do is twice too large, as if the loss were a square.", whole=True),
        Mistake("bias missing", edit("V.T + b_o", "V.T"), "You left b_o out of the scores."),
        Mistake("labels one step late", edit("    p =", "    targets = np.roll(targets, 1, axis=0)\n    p ="), "Step t gets the targets of step t − 1 in yours. targets[t] belongs to hs[t]."),
        Mistake("averaged over the batch", edit("dV =", "do = do / hs.shape[1]\n    dV ="), "You divide by N. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over steps", edit("dV =", "do = do / len(hs)\n    dV ="), "You divide by T. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over labels", edit("dV =", "do = do / len(V)\n    dV ="), "You divide by the number of labels. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over all", edit("dV =", "do = do / do.size\n    dV ="), "You divide by T·N·C, as for a mean. The loss is a sum here."),
        Mistake("dV averaged over the batch", edit("np.einsum", "1 / hs.shape[1] * np.einsum"), "Your dV alone is divided by N. Contributions from many uses of V add up."),
        Mistake("dV averaged over steps", edit("np.einsum", "1 / len(hs) * np.einsum"), "Your dV alone is divided by T. Contributions from many uses of V add up."),
        Mistake("db_o averaged over the batch", edit("sum(axis=(0, 1))", "mean(axis=1).sum(axis=0)"), "Your db_o is divided by N. It is a sum over steps and sequences."),
        Mistake("db_o averaged over steps", edit("sum(axis=(0, 1))", "mean(axis=0).sum(axis=0)"), "Your db_o is divided by T. It is a sum over steps and sequences."),
        Mistake("dV averaged over both", edit("np.einsum", "1 / (len(hs) * hs.shape[1]) * np.einsum"), "Your dV alone is divided by T·N. Contributions from many uses of V add up."),
        Mistake("db_o averaged over both", edit("sum(axis=(0, 1))", "mean(axis=(0, 1))"), "Your db_o is divided by T·N, as a mean over both axes. It is a sum over steps and sequences."),
        Mistake("averaged over batch and labels", edit("dV =", "do = do / (hs.shape[1] * len(V))\n    dV ="), "You divide by N and by the number of labels. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over steps and batch", edit("dV =", "do = do / (len(hs) * hs.shape[1])\n    dV ="), "You divide by T·N. The loss is a sum here, over steps, sequences and labels."),
        Mistake("dV of the last step", edit("do, hs)", "do[-1:], hs[-1:])"), "Your dV holds the last step alone, as if the loop overwrote it. It has to add."),
        Mistake("dV of the first step", edit("do, hs)", "do[:1], hs[:1])"), "Your dV holds the first step alone. V is used at every step."),
        Mistake("db_o of the last step", edit("db_o = do", "db_o = do[-1:]"), "Your db_o holds the last step alone, as if the loop overwrote it. It has to add."),
        Mistake("dV with the state before", edit("do, hs)", "do[1:], hs[:-1])"), "Your dV pairs do_t with the state before. The output reads the state of its own step."),
        Mistake("dV from the probabilities", edit('->ch", do', '->ch", p'), "Your dV is built from σ(o). It needs the gradient with respect to the scores."),
        Mistake("db_o from the probabilities", edit("db_o = do", "db_o = p"), "Your db_o is built from σ(o). It needs the gradient with respect to the scores."),
        Mistake("dhs from the probabilities", edit("dhs = do", "dhs = p"), "Your dhs is built from σ(o). It needs the gradient with respect to the scores, targets included."),
        Mistake("slope of the sigmoid in dhs", edit("dhs = do", "dhs = do * p * (1 - p)"), "Your dhs has the slope of the sigmoid as an extra factor. do is the gradient with respect to the scores already: only V lies between them and the state."),
        Mistake("slope of the sigmoid in dV", edit('->ch", do', '->ch", do * p * (1 - p)'), "Your dV has the slope of the sigmoid as an extra factor. do is the gradient with respect to the scores already."),
        Mistake("dV with the state after", edit("do, hs)", "do[:-1], hs[1:])"), "Your dV pairs do_t with the state after. The output reads the state of its own step."),
        Mistake("dhs of later losses too", edit("db_o, dhs", "db_o, np.cumsum(dhs[::-1], axis=0)[::-1]"), "Your dhs adds up from the last step back. Asked for is what a state gets from the loss of its own step alone: what comes back through time is the work of the other parts."),
        Mistake("scores of the state before", edit("o = hs", "hs = np.concatenate([0 * hs[:1], hs[:-1]])\n    o = hs"), "Your outputs read the state of the step before, and the first one zeros. Here hs begins with h_1: hs[t] goes with targets[t].", whole=True),
        Mistake("V transposed in dhs", edit("@ V\n", "@ V.T\n"), "You go back through the transpose of V. Only where there are as many labels as units does yours run."),
        Mistake("slope in dhs", edit("db_o, dhs", "db_o, dhs * (1 - hs**2)"), "Your dhs already holds a slope 1 − h². Asked for is the gradient with respect to the state, before any tanh, and in this net 1 − h² is not even the slope."),
        Mistake("last step only", edit("dV =", "do = np.concatenate([0 * do[:-1], do[-1:]])\n    dV ="), "Only your last step has a gradient. Every step has targets and a loss here."),
        Mistake("sigmoid of 2 o", edit("sigmoid(o)", "(1 + np.tanh(o)) / 2"), "Your probabilities are (1 + tanh o)/2, which is σ(2 o). Half of o goes into the tanh."),
        Mistake("targets of ±1", edit("p - targets", "p - (2 * targets - 1)"), "You subtract 2y − 1, targets of ±1. They are 0 and 1: subtract y."),
        Mistake("first step's loss alone", edit("dV =", "do = do * (np.arange(len(hs)) == 0)[:, None, None]\n    dV ="), "Only your first step has a loss. Every step has targets here, and the loss is their sum."),
        Mistake("gradient of the squared probability", edit("p - targets", "2 * (p - targets) * p * (1 - p)"), "Your do is that of a squared error, (σ − y)². The loss is made of logarithms, and with these the slope of the sigmoid cancels.", whole=True),
        Mistake("loss itself", edit("p - targets", "-targets * np.log(p) - (1 - targets) * np.log(1 - p)"), "Your do is the loss of each label. Asked for is its gradient, σ(o) − y."),
        Mistake("size of the error", edit("p - targets", "np.abs(p - targets)"), "Your do has lost its sign. A label that is there wants a larger score: its gradient is negative."),
        Mistake("sign of the error", edit("p - targets", "np.sign(p - targets)"), "Your do is ±1. It is the difference itself, σ(o) − y."),
        Mistake("labels one step early", edit("    p =", "    targets = np.roll(targets, -1, axis=0)\n    p ="), "Step t gets the targets of step t + 1 in yours. targets[t] belongs to hs[t]."),
        Mistake("most likely label alone", edit("p - targets", "(p == p.max(axis=-1, keepdims=True)) - targets"), "You turn scores into one chosen label. Each label has its own probability, σ(o)."),
        Mistake("probabilities made to add up to 1", edit("p - targets", "p / p.sum(axis=-1, keepdims=True) - targets"), "You divide the probabilities by their sum. Each label is a question of its own: they need not add up to 1."),
        Mistake("targets made to add up to 1", edit("p - targets", "p - targets / np.maximum(targets.sum(axis=-1, keepdims=True), 1)"), "You divide the targets by their number. Each label is a question of its own: y is 0 or 1."),
        Mistake("weighed by the number of labels", edit("p - targets", "p * targets.sum(axis=-1, keepdims=True) - targets"), "You multiply σ(o) by the number of labels, as the softmax of several would ask. Each label has its own sigmoid: σ(o) − y."),
        Mistake("dV from the targets", edit('"tnc,tnh->ch", do', '"tnc,tnh->ch", targets'), "Your dV is made of the targets. It is made of do: how much the loss changes with each score."),
        Mistake("dV of mean states", edit("do, hs)", "do, np.broadcast_to(hs.mean(axis=1, keepdims=True), hs.shape))"), "Your dV takes the mean state of the batch. Each sequence has its own."),
        Mistake("db_o of one sequence", edit("do.sum(axis=(0, 1))", "do[:, 0].sum(axis=0)"), "Your db_o holds the first sequence alone. b_o serves all of them."),
        Mistake("dV of one sequence", edit("do, hs)", "do[:, :1], hs[:, :1])"), "Your dV holds the first sequence alone. V serves all of them."),
    ),
    hints=(
        "Every step asks C yes-or-no questions of h_t, each with a sigmoid of its own, and V is the same at all steps.",
        "do has the shape (T, N, C) of the targets; dV (C, H) and db_o (C,) sum over steps and sequences; dhs has the shape of hs.",
        "Take one label: the derivative of −y log σ(o) − (1 − y) log(1 − σ(o)) with respect to o is short, since log σ has the slope 1 − σ and log(1 − σ) the slope −σ.",
    ),
)  # fmt: skip
