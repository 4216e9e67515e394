"""Problem set 6, forward through time, and the gradient that the softmax outputs hand to every state."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error
from vgcourse.recurrent import RNNParams, fast

EQUAL = (5, 5, 5, 5)  # T = N = D = H: wrong products and exchanged axes run


def draw_net(rng, T, N, D, H):
    """Input, first state, weights and all states of a tanh net, far enough from saturation for float32."""
    x, h0 = 0.8 * rng.normal(size=(T, N, D)), 0.7 * rng.normal(size=(N, H))
    W_x, W_h = 0.7 * rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(H, H)) / np.sqrt(H)
    b = 0.4 * rng.normal(size=H)
    return x, h0, W_x, W_h, b, run(x, h0, W_x, W_h, b)


# --- rnn_forward -----------------------------------------------------------------------------------


def rnn_forward(x, h0, W_x, W_h, b):
    """h_t = tanh(W_h h_{t−1} + W_x x_t + b) for t = 1 … T; hs[t − 1] is h_t."""
    return fast.rnn_forward(RNNParams(W_x, W_h, b), x, h0)[0]


def run(
    x,
    h0,
    W_x,
    W_h,
    b,
    *,
    f=np.tanh,
    start="h0",
    carried="h_t",
    kept="h_t",
    bias="inside",
    around="all",
    input_of=None,
    recurrent=None,
):
    """rnn_forward with exchangeable parts."""
    recurrent = W_h.T if recurrent is None else recurrent(W_h)
    first = h0 if start == "h0" else np.zeros_like(h0)
    h, hs = first, []
    for t in range(len(x)):
        from_x = x[t if input_of is None else input_of(t, len(x))] @ W_x.T
        from_h = (first if carried == "h0" else h) @ recurrent
        if around == "recurrent part":
            a = from_x + b
            new = a + f(from_h)
        else:
            a = from_h + from_x + {"inside": b, "twice": 2 * b}.get(bias, 0)
            new = f(a) + (b if bias == "outside" else 0)
        hs.append({"h_t": new, "a_t": a, "h_{t-1}": h}[kept])
        h = a if carried == "a_t" else new
    return np.stack(hs)


def _forward_cases(rng):
    sizes = ((6, 3, 4, 5), EQUAL, (5, 1, 2, 1))
    return [Case(draw_net(rng, *size)[:5], ("hs",), batch=size[1], steps=size[0]) for size in sizes]


def _over_the_batch(x, h0, W_x, W_h, b):
    h, hs = h0, []
    for n in range(x.shape[1]):
        h = np.tanh(x[:, n] @ W_x.T + h @ W_h.T + b)
        hs.append(h)
    return np.stack(hs, axis=1)


RNN_FORWARD = Problem(
    name="ps6.rnn_forward",
    reference=rnn_forward,
    family=run,
    cases=_forward_cases,
    points=2,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"hs": ("step", "example", "unit")},
    mistakes=(
        Mistake("h0 ignored", {"start": "zeros"}, "Your recursion starts from zeros. The first step gets the state you are handed: h_1 = tanh(W_h h_0 + W_x x_1 + b)."),
        Mistake("state not carried", {"carried": "h0"}, "Every step starts again from h_0. Step t gets the state that step t − 1 made: overwrite h at the end of the loop's body."),
        Mistake("pre-activation carried", {"carried": "a_t"}, "What you hand to the next step is a_t, before the tanh. The state is h_t = tanh(a_t)."),
        Mistake("pre-activations returned", {"kept": "a_t"}, "You return a_t, the pre-activations. The states are h_t = tanh(a_t)."),
        Mistake("one step late", {"kept": "h_{t-1}"}, "Your hs starts with h_0 and lacks h_T: you store the state before the step. hs[0] is h_1, the state after the first input."),
        Mistake("h0 returned as well", lambda *args: np.concatenate([args[1][None], run(*args)]), "Your hs starts with h_0, so it has T + 1 entries. hs[0] is h_1, the state after the first input."),
        Mistake("one array for all steps", lambda *args: np.repeat(run(*args)[-1:], len(args[0]), axis=0), "All of your hs are h_T. Your list holds one and the same array again and again, and the loop changes it in place: make a new one in every step, or append h.copy()."),
        Mistake("tanh missing", {"f": np.positive}, "The tanh is missing: yours is a linear recursion."),
        Mistake("sigmoid for tanh", {"f": sigmoid}, "You squash with the sigmoid. This net has tanh, which is centred at 0."),
        Mistake("ReLU for tanh", {"f": lambda a: np.maximum(a, 0)}, "You use the ReLU. This net has tanh."),
        Mistake("bias missing", {"bias": "none"}, "The bias is missing: a_t = W_h h_{t−1} + W_x x_t + b."),
        Mistake("bias outside", {"bias": "outside"}, "You add b after the tanh. It belongs inside: h_t = tanh(W_h h_{t−1} + W_x x_t + b)."),
        Mistake("bias twice", {"bias": "twice"}, "Your bias enters twice, perhaps once with each of the two products. There is one b: a_t = W_h h_{t−1} + W_x x_t + b."),
        Mistake("tanh of the recurrent part", {"around": "recurrent part"}, "Your tanh goes around W_h h_{t−1} only. It goes around the whole sum: check where its parenthesis closes."),
        Mistake("W_h transposed", {"recurrent": lambda W_h: W_h}, "You use the transpose of W_h. With one sequence per row, W_h h becomes h @ W_h.T. As W_h is square, nothing fails."),
        Mistake("first input at every step", {"input_of": lambda t, T: 0}, "Every step reads x_1. Step t reads x_t, which is x[t − 1]."),
        Mistake("time runs backwards", {"input_of": lambda t, T: T - 1 - t}, "You read the inputs from the last to the first. Forward in time, step 1 reads x[0]."),
        Mistake("recurrence over the batch", _over_the_batch, "Your loop runs over axis 1, the sequences of the batch. Time is axis 0: x has shape (T, N, D), and x[t] is one step of all sequences."),
    ),
    hints=(
        "One loop over time that carries one array, the state. The same three weights serve every step.",
        "x[t] is (N, D), the state (N, H), W_x (H, D), W_h (H, H). A product with one sequence per row needs each matrix transposed.",
        "h = h0; for every t: h = tanh(x[t] @ W_x.T + …), append h to a list; at the end np.stack(list).",
    ),
)  # fmt: skip


# --- output_gradients ------------------------------------------------------------------------------


def output_gradients(hs, V, labels):
    """∂E/∂z_t = ŷ_t − y_t, ∂E/∂V = Σ_t (ŷ_t − y_t) h_tᵀ, ∂E_t/∂h_t = Vᵀ(ŷ_t − y_t) for E = Σ_t Σ_n E_t."""
    return outputs(hs, V, labels)


def softmax(z, axis=-1):
    """Softmax over one axis, shifted so that nothing overflows."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _rows(p, y):
    return p - y


def outputs(
    hs,
    V,
    labels,
    *,
    rule=_rows,
    axis=-1,
    targets=None,
    divide=None,
    V_states=None,
    V_steps=None,
    V_divide=None,
    V_from=None,
    back=None,
    slope=False,
    only_last=False,
):
    """output_gradients with exchangeable parts."""
    y = np.eye(len(V))[labels]
    dz = rule(softmax(hs @ V.T, axis), y if targets is None else targets(y))
    if divide is not None:
        dz = dz / divide(dz)
    if only_last:
        dz[:-1] = 0
    for_V, for_h = (dz, hs) if V_from is None else (V_from(dz, hs, V, y), hs)
    for_h = hs if V_states is None else V_states(hs)
    steps = slice(None) if V_steps is None else V_steps
    dV = np.einsum("tnc,tnh->ch", for_V[steps], for_h[steps]) / (1 if V_divide is None else V_divide(dz))
    dhs = dz @ (V if back is None else back(V))
    return dz, dV, dhs * (1 - hs**2) if slope else dhs


def _output_cases(rng):
    cases = []
    for T, N, H, C in ((6, 3, 5, 4), EQUAL):
        hs, V = np.tanh(rng.normal(size=(T, N, H))), rng.normal(size=(C, H))
        labels = rng.permutation(np.arange(T * N) % C).reshape(T, N)
        cases.append(Case((hs, V, labels), ("dz", "dV", "dhs"), batch=N, steps=T))
    return cases


OUTPUT_GRADIENTS = Problem(
    name="ps6.output_gradients",
    reference=output_gradients,
    family=outputs,
    cases=_output_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"dz": ("step", "example", "class"), "dV": ("class", "unit"), "dhs": ("step", "example", "unit")},
    invariants=(
        Invariant("rows of dz sum to 0", lambda args, out: np.abs(out["dz"].sum(axis=-1)).max() / np.abs(out["dz"]).max(), "The rows of your dz do not sum to zero over the classes. Adding a constant to all logits of a row changes no probability, so they must."),
        Invariant("dV from dz", lambda args, out: relative_error(out["dV"], np.einsum("tnc,tnh->ch", out["dz"], args[0])), "Your dV does not go with your own dz. V is used at every step of every sequence, so dV is the sum of dz_tᵀ h_t over all of them."),
    ),
    mistakes=(
        Mistake("sign", {"rule": lambda p, y: y - p}, "The sign is flipped: dz_t = ŷ_t − y_t, softmax minus one-hot. Raising a wrong class's logit raises the loss."),
        Mistake("one-hot missing", {"rule": lambda p, y: p}, "Your dz is the softmax alone. The one-hot target is subtracted: dz_t = ŷ_t − y_t."),
        Mistake("label entry only", {"rule": lambda p, y: y * (p - 1)}, "Only the label's entry of your dz is filled. Every logit is in the softmax's denominator, so every class gets a gradient: ŷ_t − y_t."),
        Mistake("gradient by ŷ", {"rule": lambda p, y: -y / p}, "This is ∂E_t/∂ŷ_t = −y_t/ŷ_t. It still has to go back through the softmax to z_t."),
        Mistake("σ' at the end", {"rule": lambda p, y: (p - y) * p * (1 - p)}, "Your dz has an extra factor ŷ(1 − ŷ). It cancels against the cross-entropy: ŷ_t − y_t already is the gradient by z_t."),
        Mistake("softmax over the batch", {"axis": 1}, "Your softmax sums over the batch. The classes lie on the last axis: for every step and sequence they sum to 1."),
        Mistake("softmax over time", {"axis": 0}, "Your softmax sums over axis 0, which is time here. The classes lie on the last axis."),
        Mistake("softmax over everything", {"axis": (0, 1, 2)}, "Your softmax divides by the sum over all steps, sequences and classes. Each step of each sequence has a softmax of its own: axis=-1, keepdims=True."),
        Mistake("one-hot at every label", {"targets": lambda y: np.broadcast_to(y.max(axis=(0, 1)), y.shape)}, "You subtract 1 from every class that is a label somewhere, as dz[:, :, labels] does. Each step of each sequence loses 1 at its own label only: np.eye(C)[labels]."),
        Mistake("labels one step late", {"targets": lambda y: np.roll(y, 1, axis=0)}, "Step t gets the label of step t − 1. labels[t] belongs to hs[t]."),
        Mistake("averaged over the batch", {"divide": lambda dz: dz.shape[1]}, "You divide by N. Here E is the sum over steps and sequences, so nothing is averaged."),
        Mistake("averaged over steps", {"divide": len}, "You divide by T. E = E_1 + … + E_T is a sum over the steps, not a mean."),
        Mistake("averaged over steps and batch", {"divide": lambda dz: dz.shape[0] * dz.shape[1]}, "You divide by T·N, as for a mean. Here E is the sum over steps and sequences."),
        Mistake("dV averaged over the batch", {"V_divide": lambda dz: dz.shape[1]}, "Your dV alone is divided by N. E is a sum, so dV = Σ_t Σ_n dz hᵀ without a division."),
        Mistake("dV averaged over steps", {"V_divide": len}, "Your dV alone is divided by T. V is used at every step, and contributions from many uses add up."),
        Mistake("dV of the last step", {"V_steps": slice(-1, None)}, "Your dV holds the last step alone. The loop has to add to it (+=), not overwrite it."),
        Mistake("dV of the first step", {"V_steps": slice(0, 1)}, "Your dV holds the first step alone. V is used at every step: sum over all of them."),
        Mistake("dV with the state before", {"V_states": lambda hs: np.concatenate([0 * hs[:1], hs[:-1]])}, "Your dV pairs dz_t with h_{t−1}. The output reads the state of its own step, z_t = V h_t."),
        Mistake("dV from ŷ", {"V_from": lambda dz, hs, V, y: dz + y}, "Your dV is built from ŷ_t. It needs the gradient by the logits: dV = Σ (ŷ_t − y_t) h_tᵀ."),
        Mistake("V transposed in dhs", {"back": np.transpose}, "You go back through Vᵀ. With one sequence per row z = h Vᵀ, so back is dz V. Only as many classes as units let yours run."),
        Mistake("f' in dhs", {"slope": True}, "Your dhs already holds tanh'. That is δ_{t,t} = ∂E_t/∂a_t; asked for is ∂E_t/∂h_t, one factor 1 − h_t² earlier."),
        Mistake("last step only", {"only_last": True}, "Only your last step has a gradient. Every step has a label and a loss here."),
    ),
    hints=(
        "Every step is a softmax classifier on h_t, and V is the same at all of them.",
        "dz has the shape (T, N, C) of the logits and rows that sum to 0; dV (C, H) sums over steps and sequences; dhs has the shape of hs.",
        "dz = softmax(hs @ V.T) with 1 subtracted at each label; dhs = dz @ V; dV sums dz[t].T @ hs[t] over t.",
    ),
)  # fmt: skip
