"""Problem set 6: the leaky net forward, and the gradient that its outputs hand to every state."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

EQUAL = (5, 5, 5, 5)  # T = N = D = H: wrong products and exchanged axes run


def draw_net(rng, T, N, D, H):
    """Input, first state, weights and leaks, one of them 1, far enough from saturation for float32."""
    x, h0 = 0.8 * rng.normal(size=(T, N, D)), 0.7 * rng.normal(size=(N, H))
    W_x, W_h = 0.7 * rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(H, H)) / np.sqrt(H)
    alpha = rng.permutation(np.linspace(0.3, 0.8, H)) + rng.uniform(-0.03, 0.03, size=H)
    alpha[rng.integers(H)] = 1.0 if H > 1 else 0.6
    return x, h0, W_x, W_h, 0.4 * rng.normal(size=H), alpha


# --- leaky_forward ---------------------------------------------------------------------------------


def leaky_forward(x, h0, W_x, W_h, b, alpha):
    """h_t = (1 − α) ⊙ h_{t−1} + α ⊙ tanh(W_h h_{t−1} + W_x x_t + b); entry 0 is h_0, so there are T + 1."""
    return run(x, h0, W_x, W_h, b, alpha)


def run(
    x,
    h0,
    W_x,
    W_h,
    b,
    alpha,
    *,
    f=np.tanh,
    mix=lambda old, c, a: (1 - a) * old + a * c,
    leak=lambda alpha: alpha,
    start=lambda h0: h0,
    carried="h",
    reads="h",
    bias="inside",
    input_of=lambda t, T: t,
    recurrent=np.transpose,
    inside=None,
):
    """leaky_forward with exchangeable parts."""
    a, h = leak(alpha), start(h0)
    hs, first, seen = [h], h, h
    for t in range(len(x)):
        z = (
            seen @ recurrent(W_h)
            + x[input_of(t, len(x))] @ W_x.T
            + {"inside": 1, "twice": 2}.get(bias, 0) * b
        )
        c = f(z) + (b if bias == "outside" else 0)
        h = mix(first if carried == "h0" else h, c, a) if inside is None else f(inside(h, z, a))
        seen = {"h": h, "c": c, "h0": first}[reads if carried == "h" else "h0"]
        hs.append(h)
    return np.stack(hs)


def _forward_cases(rng):
    sizes = ((6, 3, 4, 5), EQUAL, (7, 1, 2, 1))
    return [Case(draw_net(rng, *size), ("hs",), batch=size[1], steps=size[0]) for size in sizes]


def _over_the_batch(x, h0, W_x, W_h, b, alpha):
    """The loop runs over axis 1: sequences for steps; h_0 stays in front."""
    if x.shape[:2] != (len(h0), len(h0)):
        raise ValueError("only where T = N")
    return np.swapaxes(run(np.swapaxes(x, 0, 1), h0, W_x, W_h, b, alpha), 0, 1)


def _leaked_first(x, h0, W_x, W_h, b, alpha):
    hs = [h0]
    for x_t in x:
        kept = (1 - alpha) * hs[-1]
        hs.append(kept + alpha * np.tanh(kept @ W_h.T + x_t @ W_x.T + b))
    return np.stack(hs)


LEAKY_FORWARD = Problem(
    name="ps6.leaky_forward",
    reference=leaky_forward,
    family=run,
    cases=_forward_cases,
    points=2,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"hs": ("step from 0", "example", "unit")},
    mistakes=(
        Mistake("no leak", {"mix": lambda old, c, a: c}, "Your net has no leak: each state is the tanh alone, as in the lecture. Here a unit keeps the share 1 − α of its old value."),
        Mistake("leak the wrong way round", {"mix": lambda old, c, a: a * old + (1 - a) * c}, "You keep the share α and let in 1 − α. It is the other way round: α is what is new."),
        Mistake("all kept", {"mix": lambda old, c, a: old + a * c}, "You keep the whole old value and add α times the new one. What is let in has to leak out elsewhere: the old value has the weight 1 − α."),
        Mistake("new value not weighted", {"mix": lambda old, c, a: (1 - a) * old + c}, "Your old value has its weight 1 − α, your new one has none: it enters with α."),
        Mistake("old value not kept", {"mix": lambda old, c, a: a * c}, "The old value is missing in your sum: only α times the tanh is there."),
        Mistake("leak inside the tanh", {"inside": lambda h, z, a: (1 - a) * h + a * z}, "You mix old state and pre-activation and squash the mixture. Only the new value goes through the tanh; the old one passes beside it."),
        Mistake("one leak for all units", {"leak": lambda alpha: alpha.mean()}, "You use one leak for all units. alpha has an entry for each unit."),
        Mistake("leak squared", {"leak": lambda alpha: alpha**2}, "α enters twice in your mixture: your weights are 1 − α² and α²."),
        Mistake("h0 ignored", {"start": lambda h0: 0 * h0}, "Your recursion starts from zeros. It starts from the h_0 that you are handed, and hs[0] is that."),
        Mistake("h0 not returned", lambda *args: run(*args)[1:], "Your hs starts with h_1. Here entry 0 is h_0, so that there are T + 1 states and hs[t] is h_t."),
        Mistake("last state missing", lambda *args: run(*args)[:-1], "Your hs lacks h_T: the state after the last input belongs to it. There are T + 1."),
        Mistake("state not carried", {"carried": "h0"}, "Every step of yours starts again from h_0. Step t gets the state that step t − 1 made."),
        Mistake("candidate fed back", {"reads": "c"}, "W_h reads the tanh of the step before. It reads the state, old value and leak included."),
        Mistake("leaked before it is read", _leaked_first, "You let the state leak first, and W_h reads what is left. It reads the whole old state."),
        Mistake("tanh missing", {"f": np.positive}, "The tanh is missing: yours is a linear recursion."),
        Mistake("sigmoid for tanh", {"f": sigmoid}, "You squash with the sigmoid. This net has tanh, which is centred at 0."),
        Mistake("ReLU for tanh", {"f": lambda z: np.maximum(z, 0)}, "You use the ReLU. This net has tanh."),
        Mistake("bias missing", {"bias": "none"}, "The bias is missing: it is added to the two products, inside the tanh."),
        Mistake("bias outside", {"bias": "outside"}, "You add b after the tanh. It belongs inside, with the two products."),
        Mistake("bias twice", {"bias": "twice"}, "Your bias enters twice, perhaps once with each of the two products. There is one b."),
        Mistake("W_h transposed", {"recurrent": lambda W_h: W_h}, "You use the transpose of W_h. With one sequence per row the product with W_h h has the matrix transposed on the right. As W_h is square, nothing fails."),
        Mistake("first input at every step", {"input_of": lambda t, T: 0}, "Every step of yours reads x_1. Step t reads x_t, which is entry t − 1 of x."),
        Mistake("inputs one step late", {"input_of": lambda t, T: max(t - 1, 0)}, "Your inputs are one step late: from step 2 on you read x_{t−1}. hs has one entry more than x, so x_t is entry t − 1 of x, and h_t is entry t of hs."),
        Mistake("time runs backwards", {"input_of": lambda t, T: T - 1 - t}, "You read the inputs from the last to the first. Step 1 reads the first."),
        Mistake("one array for all steps", lambda *args: np.repeat(run(*args)[-1:], len(args[0]) + 1, axis=0), "All of your hs are h_T. Your list holds one and the same array again and again, and the loop changes it in place: a new one is needed in every step."),
    ),
    hints=(
        "One loop over time carries one array, the state. What does a unit do with its old value, and where does the tanh stand?",
        "x[t] is (N, D), the state (N, H), W_x (H, D), W_h (H, H), alpha (H,): it meets the last axis by itself. hs has T + 1 entries.",
        "hs = [h0]; in the loop z holds two products with transposed matrices and b; then (1 − alpha) times the old state plus … of z; np.stack at the end.",
    ),
)  # fmt: skip


# --- label_gradients -------------------------------------------------------------------------------


def label_gradients(hs, V, b_o, targets):
    """L = Σ over steps, sequences, labels of −y log σ(o) − (1 − y) log(1 − σ(o)), o_t = V h_t + b_o: ∂L/∂o = σ(o) − y."""
    return outputs(hs, V, b_o, targets)


def softmax(z, axis=-1):
    """Softmax over one axis, shifted so that nothing overflows."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def outputs(
    hs,
    V,
    b_o,
    targets,
    *,
    squash=sigmoid,
    rule=lambda p, y: p - y,
    late=0,
    divide=lambda y: 1,
    bias=True,
    V_divide=lambda y: 1,
    b_divide=lambda y: 1,
    V_steps=slice(None),
    b_steps=slice(None),
    V_states=lambda hs: hs,
    V_from=lambda do, y: do,
    back=lambda V: V,
    slope=False,
    only_last=False,
):
    """label_gradients with exchangeable parts."""
    y = np.roll(targets, late, axis=0)
    do = rule(squash(hs @ V.T + (b_o if bias else 0)), y) / divide(targets)
    if only_last:
        do[:-1] = 0
    dV = np.einsum("tnc,tnh->ch", V_from(do, y)[V_steps], V_states(hs)[V_steps]) / V_divide(targets)
    db = do[b_steps].sum(axis=(0, 1)) / b_divide(targets)
    dhs = do @ back(V)
    return do, dV, db, dhs * (1 - hs**2) if slope else dhs


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
    family=outputs,
    cases=_output_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"do": ("step", "example", "label"), "dV": ("label", "unit"), "db_o": ("label",), "dhs": ("step", "example", "unit")},
    invariants=(
        Invariant("dV from do", lambda args, out: relative_error(out["dV"], np.einsum("tnc,tnh->ch", out["do"], args[0])), "Your dV does not go with your own do. V is used at every step of every sequence: add the products of do_t and h_t over all of them."),
        Invariant("db_o from do", lambda args, out: relative_error(out["db_o"], out["do"].sum(axis=(0, 1))), "Your db_o does not go with your own do. b_o is added at every step of every sequence, so its gradient is a sum over both."),
        Invariant("dhs from do", lambda args, out: relative_error(out["dhs"], out["do"] @ args[1]), "Your dhs does not go with your own do: h_t acts on the loss of its own step through V alone."),
    ),
    mistakes=(
        Mistake("softmax", {"squash": softmax}, "You took the softmax, as in the lecture. There one class is right; here each label is a yes-or-no question of its own, with a sigmoid."),
        Mistake("sign", {"rule": lambda p, y: y - p}, "The sign of your do is flipped. Where a label is absent, a larger score makes the loss larger: the gradient is positive there."),
        Mistake("targets missing", {"rule": lambda p, y: p}, "Your do is σ(o) alone: the targets do not enter."),
        Mistake("present labels only", {"rule": lambda p, y: y * (p - 1)}, "Only labels that are present have a gradient in yours. An absent one that gets a high score costs as well."),
        Mistake("absent labels only", {"rule": lambda p, y: (1 - y) * p}, "Only labels that are absent have a gradient in yours. A present one that gets a low score costs as well."),
        Mistake("gradient by the probability", {"rule": lambda p, y: (p - y) / (p * (1 - p))}, "Your do is the gradient with respect to σ(o). It still has to go back through the sigmoid to o."),
        Mistake("extra slope", {"rule": lambda p, y: (p - y) * p * (1 - p)}, "Your do has the slope of the sigmoid as an extra factor, as for a squared error. With the logarithm it cancels."),
        Mistake("twice", {"rule": lambda p, y: 2 * (p - y)}, "Your do is twice too large, as if the loss were a square."),
        Mistake("bias missing", {"bias": False}, "You left b_o out of the scores."),
        Mistake("labels one step late", {"late": 1}, "Step t gets the targets of step t − 1 in yours. targets[t] belongs to hs[t]."),
        Mistake("averaged over the batch", {"divide": lambda y: y.shape[1]}, "You divide by N. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over steps", {"divide": len}, "You divide by T. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over labels", {"divide": lambda y: y.shape[2]}, "You divide by the number of labels. The loss is a sum here, over steps, sequences and labels."),
        Mistake("averaged over all", {"divide": lambda y: y.size}, "You divide by T·N·C, as for a mean. The loss is a sum here."),
        Mistake("dV averaged over the batch", {"V_divide": lambda y: y.shape[1]}, "Your dV alone is divided by N. Contributions from many uses of V add up."),
        Mistake("dV averaged over steps", {"V_divide": len}, "Your dV alone is divided by T. Contributions from many uses of V add up."),
        Mistake("db_o averaged over the batch", {"b_divide": lambda y: y.shape[1]}, "Your db_o is divided by N. It is a sum over steps and sequences."),
        Mistake("db_o averaged over steps", {"b_divide": len}, "Your db_o is divided by T. It is a sum over steps and sequences."),
        Mistake("dV of the last step", {"V_steps": slice(-1, None)}, "Your dV holds the last step alone: the loop overwrites it. It has to add."),
        Mistake("dV of the first step", {"V_steps": slice(0, 1)}, "Your dV holds the first step alone. V is used at every step."),
        Mistake("db_o of the last step", {"b_steps": slice(-1, None)}, "Your db_o holds the last step alone: the loop overwrites it. It has to add."),
        Mistake("dV with the state before", {"V_states": lambda hs: np.concatenate([0 * hs[:1], hs[:-1]])}, "Your dV pairs do_t with the state before. The output reads the state of its own step."),
        Mistake("dV from the probabilities", {"V_from": lambda do, y: do + y}, "Your dV is built from σ(o). It needs the gradient with respect to the scores."),
        Mistake("V transposed in dhs", {"back": np.transpose}, "You go back through the transpose of V. Only where there are as many labels as units does yours run."),
        Mistake("slope in dhs", {"slope": True}, "Your dhs already holds a slope 1 − h². Asked for is the gradient with respect to the state, before any tanh, and in this net 1 − h² is not even the slope."),
        Mistake("last step only", {"only_last": True}, "Only your last step has a gradient. Every step has targets and a loss here."),
    ),
    hints=(
        "Every step asks C yes-or-no questions of h_t, each with a sigmoid of its own, and V is the same at all steps.",
        "do has the shape (T, N, C) of the targets; dV (C, H) and db_o (C,) sum over steps and sequences; dhs has the shape of hs.",
        "Take one label: the derivative of −y log σ(o) − (1 − y) log(1 − σ(o)) with respect to o is short, since log σ has the slope 1 − σ and log(1 − σ) the slope −σ.",
    ),
)  # fmt: skip
