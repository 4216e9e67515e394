"""Problem set 6: the leaky net forward, and the nets that the other problems run."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

EQUAL = (5, 5, 5, 5)  # T = N = D = H: wrong products and exchanged axes run
SINGLE = (4, 1, 2, 1)  # axes of length 1 that a squeeze or a missing axis loses


def draw_net(rng, T, N, D, H):
    """Input, first state, weights and leaks, one of them 1 but for EQUAL, far enough from saturation for float32."""
    x, h0 = 0.8 * rng.normal(size=(T, N, D)), 0.7 * rng.normal(size=(N, H))
    W_x, W_h = 0.7 * rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(H, H)) / np.sqrt(H)
    alpha = rng.permutation(np.linspace(0.3, 0.8, H)) + rng.uniform(-0.03, 0.03, size=H)
    if (T, N, D, H) != EQUAL:
        alpha[rng.integers(H)] = 1.0 if H > 1 else 0.6
    return x, h0, W_x, W_h, 0.4 * rng.normal(size=H), alpha


# --- leaky_forward ---------------------------------------------------------------------------------


def leaky_forward(x, h0, W_x, W_h, b, alpha):
    """h_t = (1 − α) ⊙ h_{t−1} + α ⊙ tanh(W_h h_{t−1} + W_x x_t + b); entry 0 is h_0, so there are T + 1."""
    h = h0
    hs = [h]
    for t in range(len(x)):
        z = h @ W_h.T + x[t] @ W_x.T + b
        c = np.tanh(z)
        h = (1 - alpha) * h + alpha * c
        hs.append(h)
    return np.stack(hs)


def _forward_cases(rng):
    sizes = ((6, 3, 4, 5), EQUAL, SINGLE, (1, 2, 3, 4))
    return [Case(draw_net(rng, *size), ("hs",), batch=size[1], steps=size[0]) for size in sizes]


LEAKY_FORWARD = Problem(
    name="ps6.leaky_forward",
    reference=leaky_forward,
    cases=_forward_cases,
    points=2,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"hs": ("step from 0", "example", "unit")},
    mistakes=(
        Mistake("no leak", edit("(1 - alpha) * h + alpha * c", "c"), "Your net has no leak: each state is the tanh alone, as in the lecture. Here a unit keeps the share 1 − α of its old value.", beside_the_point=True),
        Mistake("leak the wrong way round", edit("(1 - alpha) * h", "alpha * h", "alpha * c", "(1 - alpha) * c"), "You keep the share α and let in 1 − α. It is the other way round: α is what is new."),
        Mistake("all kept", edit("(1 - alpha) * h", "h"), "You keep the whole old value and add α times the new one. What is let in has to leak out elsewhere: the old value has the weight 1 − α."),
        Mistake("new value not weighted", edit("alpha * c", "c"), "Your old value has its weight 1 − α, your new one has none: it enters with α."),
        Mistake("old value not kept", edit("(1 - alpha) * h + ", ""), "The old value is missing in your sum: only α times the tanh is there."),
        Mistake("leak inside the tanh", edit("(1 - alpha) * h + alpha * c", "np.tanh((1 - alpha) * h + alpha * z)"), "You mix old state and pre-activation and squash the mixture. Only the new value goes through the tanh; the old one passes beside it."),
        Mistake("one leak for all units", edit("for t in", "alpha = alpha.mean()\n    for t in"), "You use one leak for all units. alpha has an entry for each unit."),
        Mistake("leak squared", edit("for t in", "alpha = alpha**2\n    for t in"), "α enters twice in your mixture: your weights are 1 − α² and α²."),
        Mistake("h0 ignored", edit("h = h0", "h = 0 * h0"), "Your recursion starts from zeros. It starts from the h_0 that you are handed, and hs[0] is that."),
        Mistake("h0 cut to whole numbers", edit("h = h0", "h = np.trunc(h0)"), "Your recursion starts from whole numbers: the fractions of h_0 are cut off. An array of integers cannot hold them."),
        Mistake("h0 not returned", edit("stack(hs)", "stack(hs[1:])"), "Your hs starts with h_1. Here entry 0 is h_0, so that there are T + 1 states and hs[t] is h_t."),
        Mistake("last state missing", edit("stack(hs)", "stack(hs[:-1])"), "Your hs lacks h_T: the state after the last input belongs to it. There are T + 1."),
        Mistake("state not carried", edit("z = h @", "h = hs[0]\n        z = h @"), "Every step of yours starts again from h_0. Step t gets the state that step t − 1 made."),
        Mistake("candidate fed back", edit("hs = [h]", "hs, c = [h], h", "z = h @", "z = c @"), "W_h reads the tanh of the step before. It reads the state, old value and leak included."),
        Mistake("candidate kept", edit("hs = [h]", "hs, c = [h], h", "c = np", "old, c = c, np", "* h +", "* old +"), "What you keep the share 1 − α of is the tanh of the step before. A unit keeps a share of its state."),
        Mistake("W_h reads h_0", edit("z = h @", "z = hs[0] @"), "W_h reads h_0 at every step of yours. It reads the state before the step."),
        Mistake("leaked before it is read", edit("z = h @", "z = (1 - alpha) * h @"), "You let the state leak first, and W_h reads what is left. It reads the whole old state."),
        Mistake("α inside the tanh", edit("(z)", "(alpha * z)"), "α also stands inside your tanh. It weighs what comes out of the tanh, once."),
        Mistake("state squashed again", edit("(1 - alpha) * h + alpha * c", "np.tanh((1 - alpha) * h + alpha * c)"), "You squash the new state once more. Only the new value goes through a tanh; the state is a mixture."),
        Mistake("tanh missing", edit("np.tanh(", "("), "The tanh is missing: yours is a linear recursion."),
        Mistake("sigmoid for tanh", edit("np.tanh(z)", "1 / (1 + np.exp(-z))"), "You squash with the sigmoid. This net has tanh, which is centred at 0."),
        Mistake("ReLU for tanh", edit("np.tanh(", "np.maximum(0, "), "You use the ReLU. This net has tanh."),
        Mistake("bias missing", edit("W_x.T + b", "W_x.T"), "The bias is missing: it is added to the two products, inside the tanh."),
        Mistake("bias outside", edit("W_x.T + b", "W_x.T", "(z)", "(z) + b"), "You add b after the tanh. It belongs inside, with the two products."),
        Mistake("bias twice", edit("W_x.T + b", "W_x.T + 2 * b"), "Your bias enters twice, perhaps once with each of the two products. There is one b."),
        Mistake("W_h transposed", edit("W_h.T", "W_h"), "You use the transpose of W_h. With one sequence per row the product with W_h h has the matrix transposed on the right. As W_h is square, nothing fails."),
        Mistake("first input at every step", edit("x[t]", "x[0]"), "Every step of yours reads x_1. Step t reads x_t, which is entry t − 1 of x."),
        Mistake("inputs one step late", edit("x[t]", "x[max(t - 1, 0)]"), "Your inputs are one step late: from step 2 on you read x_{t−1}. hs has one entry more than x, so x_t is entry t − 1 of x, and h_t is entry t of hs."),
        Mistake("inputs one step late, the last first", edit("x[t]", "x[t - 1]"), "Your inputs are one step late, and step 1 reads the last one (index −1). hs has one entry more than x, so x_t is entry t − 1 of x, and h_t is entry t of hs."),
        Mistake("time runs backwards", edit("x[t]", "x[-1 - t]"), "You read the inputs from the last to the first. Step 1 reads the first."),
        Mistake("one array for all steps", edit("stack(hs)", "stack([h] * len(hs))"), "All of your hs are h_T. So it is if a list holds one and the same array again and again, and the loop changes it in place: a new one is needed in every step."),
        Mistake("input outside the tanh", edit("+ x[t] @ W_x.T + b", "+ b", "np.tanh(z)", "np.tanh(z) + x[t] @ W_x.T"), "You add the input after the tanh. It belongs inside, with the state and the bias."),
        Mistake("state outside the tanh", edit("z = h @ W_h.T + ", "z = ", "np.tanh(z)", "np.tanh(z) + h @ W_h.T"), "You add W_h h after the tanh. It belongs inside, with the input and the bias."),
        Mistake("bias in the state", edit("+ b\n", "\n", "alpha * c\n", "alpha * c + b\n"), "You add b to the state. It belongs inside the tanh, with the two products."),
        Mistake("sum leaks", edit("(1 - alpha) * h + alpha * c", "(1 - alpha) * (h + alpha * c)"), "1 − α multiplies your whole sum. It belongs to the old state alone."),
        Mistake("α on the whole sum", edit("(1 - alpha) * h + alpha * c", "alpha * ((1 - alpha) * h + c)"), "α multiplies your whole sum. It belongs to the new value alone."),
        Mistake("tanh before and after", edit("z = h @ W_h.T", "z = np.tanh(h) @ W_h.T"), "W_h reads the tanh of the state in yours. It reads the state itself: the tanh comes after the sum."),
        Mistake("old state squashed", edit("(1 - alpha) * h + ", "(1 - alpha) * np.tanh(h) + "), "You keep the tanh of the old state. What is kept passes beside the tanh."),
        Mistake("inputs one step early", edit("x[t]", "x[min(t + 1, len(x) - 1)]"), "Your inputs are one step early: step t reads x_{t+1}. x_t is entry t − 1 of x, and step 1 is the first of the loop."),
        Mistake("state two steps back", edit("z = h @", "z = hs[max(len(hs) - 2, 0)] @"), "W_h reads the state of two steps before. It reads the one before: the last in the list."),
        Mistake("old value of two steps back", edit("(1 - alpha) * h +", "(1 - alpha) * hs[max(len(hs) - 2, 0)] +"), "What you keep is the state of two steps before. It is the one before: the last in the list."),
        Mistake("states in reversed order", edit("stack(hs)", "stack(hs[::-1])"), "Your hs starts with h_T. Entry 0 is h_0."),
        Mistake("candidates returned", edit("hs.append(h)", "hs.append(c)"), "Your hs holds the tanh of each step. Asked for are the states, which are mixtures."),
        Mistake("pre-activations returned", edit("hs.append(h)", "hs.append(z)"), "Your hs holds pre-activations. Asked for are the states."),
        Mistake("changes returned", edit("hs.append(h)", "hs.append(h - hs[-1])"), "Your hs holds what each step adds. Asked for are the states themselves."),
        Mistake("inputs added up", edit("x[t] @", "x[: t + 1].sum(axis=0) @"), "Step t of yours reads the sum of all inputs so far. It reads x_t: the older ones are in the state."),
        Mistake("leak to the power t", edit("(1 - alpha) * h + alpha * c", "(1 - alpha) ** (t + 1) * h + (1 - (1 - alpha) ** (t + 1)) * c"), "Your leak is raised to the number of the step. Each step mixes with the same α: the powers come by themselves."),
        Mistake("root of the leak", edit("for t in", "alpha = np.sqrt(alpha)\n    for t in"), "Your mixture has √α. It has α as it is given."),
        Mistake("first unit's leak", edit("for t in", "alpha = alpha[0]\n    for t in"), "You use the first unit's leak for all units. alpha has an entry for each unit."),
        Mistake("two-sided leak", edit("alpha * c", "alpha * (c - h)"), "You subtract α h_{t−1} twice: (1 − α) h + α (c − h). Either h + α (c − h), or (1 − α) h + α c."),
        Mistake("leak of a time constant", edit("(1 - alpha) * h + alpha * c", "(1 - 1 / alpha) * h + c / alpha"), "You divide by α, as if it were a time constant. α is the share that is new."),
        Mistake("exponential leak", edit("(1 - alpha) * h + alpha * c", "np.exp(-alpha) * h + (1 - np.exp(-alpha)) * c"), "You keep e^(−α), the leak of continuous time. Here the share 1 − α is kept."),
    ),
    hints=(
        "One loop over time carries one array, the state. What does a unit do with its old value, and where does the tanh stand?",
        "x[t] is (N, D), the state (N, H), W_x (H, D), W_h (H, H), alpha (H,): it meets the last axis by itself. hs has T + 1 entries.",
        "The list of states begins with h_0. In the loop z holds two products with transposed matrices, and b; the new state has the share 1 − α of the old one and a share of … of z. At the end the list becomes one array.",
    ),
)  # fmt: skip
