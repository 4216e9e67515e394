"""Problem set 7: one step of the coupled LSTM, forwards. One gate keeps and writes; peepholes look through a tanh."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def apart(a, b):
    """‖a − b‖ / ‖b‖ with something for zeros: how far a residual is from none."""
    return float(np.linalg.norm(a - b) / (np.linalg.norm(b) + np.linalg.norm(a) + 1e-300))


def matched(x, dx, W, dW):
    """How far Σ x ⊙ dx (over all but the last axis) is from Σ W ⊙ dW over the rows: 0 where both come from one da."""
    return apart((x * dx).reshape(-1, x.shape[-1]).sum(axis=0), (W * dW).sum(axis=0))


# --- coupled_step_forward --------------------------------------------------------------------------


def coupled_step_forward(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
    """c_t = f ⊙ c_{t−1} + (1 − f) ⊙ g, h_t = o ⊙ tanh(c_t); f looks at tanh(c_{t−1}), o at tanh(c_t)."""
    a = x @ W_x.T + h_prev @ W_h.T + b
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f = sigmoid(a_f + p_f * np.tanh(c_prev))
    g = np.tanh(a_g)
    c = f * c_prev + (1 - f) * g
    o = sigmoid(a_o + p_o * np.tanh(c))
    h = o * np.tanh(c)
    return h, c, f, g, o


def coupled_inputs(rng, N, D, H):
    """Arguments of one step forwards: nothing zero, no gate shut, peepholes that matter."""
    weights = rng.normal(size=(3 * H, D)) / np.sqrt(D), rng.normal(size=(3 * H, H)) / np.sqrt(H)
    b = rng.normal(size=3 * H) / 2
    peepholes = rng.uniform(0.5, 1.2, (2, H)) * rng.choice([-1, 1], (2, H))
    h_prev = rng.uniform(-0.9, 0.9, (N, H))
    c_prev = rng.uniform(0.5, 1.5, (N, H)) * rng.choice([-1, 1], (N, H))
    return rng.normal(size=(N, D)), h_prev, c_prev, *weights, b, *peepholes


SIZES = ((3, 5, 2), (3, 3, 3), (1, 2, 4))  # N, D, H; the square one lets wrong products run
LOUD = (4, 2, 3)  # where two of the three units have gates that stand nearly open or shut


def loud(rng, b):
    """Biases of gates: those of the first two units are so large that the gate is nearly open or shut."""
    b = b.copy()
    b[:2] = rng.uniform(13, 15, 2) * rng.permutation([-1, 1])
    return b


def _cases(rng):
    cases = []
    for N, D, H in (*SIZES, LOUD):
        *start, b, p_f, p_o = coupled_inputs(rng, N, D, H)
        if (N, D, H) == LOUD:
            b = np.concatenate([loud(rng, b[:H]), b[H : 2 * H], loud(rng, b[2 * H :])])
        cases.append(Case((*start, b, p_f, p_o), ("h", "c", "f", "g", "o"), batch=N))
    return cases


def _memory_residual(args, out):
    return apart(out["c"], out["f"] * args[2] + (1 - out["f"]) * out["g"])


def _output_residual(args, out):
    return apart(out["h"], out["o"] * np.tanh(out["c"]))


COUPLED_STEP_FORWARD = Problem(
    name="ps7.coupled_step_forward",
    reference=coupled_step_forward,
    cases=_cases,
    points=3,
    lecture='lecture 10, "LSTM"',
    flow=("f", "g", "c", "o", "h"),
    axes={name: ("example", "unit") for name in ("h", "c", "f", "g", "o")},
    mistakes=(
        Mistake("output peephole on the old memory", edit("p_o * np.tanh(c)", "p_o * np.tanh(c_prev)"), "Your output gate looks at the old memory. It decides after the memory is written, so its peephole sees the new one: in which order are c_t and o made?"),
        Mistake("no peepholes", edit(" + p_f * np.tanh(c_prev)", "", " + p_o * np.tanh(c)", ""), "Your gates do not look at the memory: the peephole terms are missing from what goes into the σ."),
        Mistake("no peephole of f", edit(" + p_f * np.tanh(c_prev)", ""), "Your forget gate does not look at the memory: its peephole is missing from what goes into the σ."),
        Mistake("no peephole of o", edit(" + p_o * np.tanh(c)", ""), "Your output gate does not look at the memory: its peephole is missing from what goes into the σ."),
        Mistake("peepholes on c itself", edit("p_f * np.tanh(c_prev)", "p_f * c_prev", "p_o * np.tanh(c)", "p_o * c"), "Your peepholes multiply c itself, as in (10.9). Here they look through a tanh.", beside_the_point=True),
        Mistake("peephole of f on c itself", edit("p_f * np.tanh(c_prev)", "p_f * c_prev"), "The peephole of your forget gate multiplies c_{t−1} itself, as in (10.9). Here it looks through a tanh."),
        Mistake("peephole of o on c itself", edit("p_o * np.tanh(c)", "p_o * c"), "The peephole of your output gate multiplies c_t itself, as in (10.9). Here it looks through a tanh."),
        Mistake("peepholes inside the tanh", edit("p_f * np.tanh(c_prev)", "np.tanh(p_f * c_prev)", "p_o * np.tanh(c)", "np.tanh(p_o * c)"), "Your peepholes stand inside the tanh. The memory goes through it first; then each peephole multiplies what comes out."),
        Mistake("peephole of f on h", edit("p_f * np.tanh(c_prev)", "p_f * h_prev"), "The peephole of your forget gate multiplies h_{t−1}. A peephole looks at the memory; h_{t−1} comes in through W_h."),
        Mistake("peephole of o on h", edit("p_o * np.tanh(c)", "p_o * h_prev"), "The peephole of your output gate multiplies h_{t−1}. A peephole looks at the memory; h_{t−1} comes in through W_h."),
        Mistake("candidate with a peephole", edit("np.tanh(a_g)", "np.tanh(a_g + p_f * np.tanh(c_prev))"), "Your candidate has the peephole of f as well. Peepholes tell gates of the memory; the candidate is a value."),
        Mistake("peepholes on h", edit("p_f * np.tanh(c_prev)", "p_f * h_prev", "p_o * np.tanh(c)", "p_o * h_prev"), "Your peepholes multiply h_{t−1}. A peephole looks at the memory, which the output gate may be hiding from h; h_{t−1} comes in through W_h."),
        Mistake("peepholes outside σ", edit("a_f + p_f * np.tanh(c_prev))", "a_f) + p_f * np.tanh(c_prev)", "a_o + p_o * np.tanh(c))", "a_o) + p_o * np.tanh(c)"), "You add the peepholes after the σ. They are part of what a gate is told, so they belong inside."),
        Mistake("peephole of f outside σ", edit("a_f + p_f * np.tanh(c_prev))", "a_f) + p_f * np.tanh(c_prev)"), "You add the forget gate's peephole after its σ. It is part of what the gate is told, so it belongs inside.", alone=True),
        Mistake("peephole of o outside σ", edit("a_o + p_o * np.tanh(c))", "a_o) + p_o * np.tanh(c)"), "You add the output gate's peephole after its σ. It is part of what the gate is told, so it belongs inside.", alone=True),
        Mistake("peephole of f inside the tanh", edit("p_f * np.tanh(c_prev)", "np.tanh(p_f * c_prev)"), "The forget gate's peephole stands inside the tanh in your answer. The memory goes through it first; then p_f multiplies what comes out.", alone=True),
        Mistake("peephole of o inside the tanh", edit("p_o * np.tanh(c)", "np.tanh(p_o * c)"), "The output gate's peephole stands inside the tanh in your answer. The memory goes through it first; then p_o multiplies what comes out.", alone=True),
        Mistake("peepholes through σ", edit("p_f * np.tanh(c_prev)", "p_f * sigmoid(c_prev)", "p_o * np.tanh(c)", "p_o * sigmoid(c)"), "Your peepholes see the memory through σ. Here they look through a tanh.", alone=True),
        Mistake("peepholes multiply", edit("a_f + p_f * np.tanh(c_prev)", "a_f * p_f * np.tanh(c_prev)", "a_o + p_o * np.tanh(c)", "a_o * p_o * np.tanh(c)"), "Your peepholes multiply the pre-activations. A peephole is one more term of what goes into the σ.", alone=True),
        Mistake("weights of the peepholes missing", edit("p_f * np.tanh(c_prev)", "np.tanh(c_prev)", "p_o * np.tanh(c)", "np.tanh(c)"), "Your gates see tanh(c) without the weights p_f and p_o.", alone=True),
        Mistake("peepholes with a minus", edit("a_f + p_f", "a_f - p_f", "a_o + p_o", "a_o - p_o"), "Your peepholes are subtracted. What goes into a σ is a sum.", alone=True),
        Mistake("peephole of f on the candidate", edit("f = sigmoid(a_f + p_f * np.tanh(c_prev))", "f = sigmoid(a_f + p_f * np.tanh(a_g))"), "The peephole of your forget gate looks at the candidate. It looks at the memory that is there when f decides: the old one.", alone=True),
        Mistake("peephole of f on the new memory", edit("np.tanh(c_prev))", "np.tanh(sigmoid(a_f) * c_prev + (1 - sigmoid(a_f)) * np.tanh(a_g)))"), "The peephole of your forget gate looks at a new memory, made with a gate that has none. f decides before the memory is written: it sees the old one.", alone=True),
        Mistake("p_f and p_o exchanged", edit("p_f, p_o):", "p_o, p_f):"), "Your forget gate uses p_o and your output gate p_f. Each gate has the peephole of its own name."),
        Mistake("blocks read as f, o, g", edit("a_f, a_g, a_o =", "a_f, a_o, a_g ="), "You read the blocks in the order f, o, g. Here they are stacked f, g, o: the candidate is in the middle."),
        Mistake("blocks read as g, f, o", edit("a_f, a_g, a_o =", "a_g, a_f, a_o ="), "You read the candidate from the first block and the forget gate from the second. The blocks are stacked f, g, o."),
        Mistake("blocks read as o, g, f", edit("a_f, a_g, a_o =", "a_o, a_g, a_f ="), "You read the output gate from the first block and the forget gate from the last. The blocks are stacked f, g, o."),
        Mistake("blocks interleaved", edit("np.split(a, 3, axis=1)", "(a[:, k::3] for k in range(3))"), "You take every third column for a gate, a[:, k::3]. A block is H columns side by side."),
        Mistake("one bias for all", edit("W_h.T + b", "W_h.T + np.tile(b[: len(b) // 3], 3)"), "All three blocks get the bias of the first. b has 3H entries, H for each block; add it to all of a before you split."),
        Mistake("inputs forgotten", edit("x @ W_x.T + ", ""), "What the input weights make of x is missing from a."),
        Mistake("p_f for o, too", edit("p_o * np", "p_f * np"), "Your output gate has the peephole p_f. Each gate has the peephole of its own name."),
        Mistake("p_o for f, too", edit("p_f * np", "p_o * np"), "Your forget gate has the peephole p_o. Each gate has the peephole of its own name."),
        Mistake("σ on what is shown", edit("h = o * np.tanh(c)", "h = o * sigmoid(c)"), "Your h_t is o ⊙ σ(c_t). What the cell shows is of either sign: tanh."),
        Mistake("state forgotten", edit(" + h_prev @ W_h.T", ""), "What the recurrent weights make of h_{t−1} is missing from a."),
        Mistake("one recurrent block for all", edit("h_prev @ W_h.T", "np.tile(h_prev @ W_h[: len(W_h) // 3].T, 3)"), "All three blocks get what the first H rows of W_h make of h_{t−1}. W_h has 3H rows, H for each block."),
        Mistake("gates before the σ", edit("return h, c, f, g, o", "return h, c, a_f, a_g, a_o"), "Your f, g and o are the pre-activations; your h and c come from the right ones. Return what has been through σ and tanh.", whole=True),
        Mistake("bias forgotten", edit("W_h.T + b", "W_h.T"), "The bias is missing from a. The forget gate's part of it is what makes a fresh cell remember."),
        Mistake("1 added to the forget gate", edit("sigmoid(a_f", "sigmoid(1 + a_f"), "You add 1 to the forget gate. Such a start belongs into b, which you are handed."),
        Mistake("tanh for the gates", edit("sigmoid(a_f", "np.tanh(a_f", "sigmoid(a_o", "np.tanh(a_o"), "Your gates go through tanh. A gate lies between 0 and 1: σ."),
        Mistake("σ on the candidate", edit("np.tanh(a_g)", "sigmoid(a_g)"), "Your candidate g goes through σ. It is a value to be written, of either sign: tanh."),
        Mistake("no tanh on the candidate", edit("np.tanh(a_g)", "a_g"), "Your candidate is the bare pre-activation. What is written is squashed first, by a tanh."),
        Mistake("candidate written whole", edit("(1 - f) * g", "g"), "You write g whole. The cell has no input gate of its own: what f does not keep is what is written."),
        Mistake("f writes", edit("f * c_prev + (1 - f) * g", "(1 - f) * c_prev + f * g"), "In your cell f writes and 1 − f keeps. In spite of its name the forget gate says how much stays."),
        Mistake("o writes", edit("(1 - f) * g", "o_early * g", "c = f", "o_early = sigmoid(a_o + p_o * np.tanh(c_prev))\n    c = f"), "You write with a gate made of the block of o. The cell has no input gate of its own: what f does not keep is what is written.", alone=True),
        Mistake("share inside the tanh", edit("np.tanh(a_g)", "np.tanh((1 - f) * a_g)", "(1 - f) * g", "g"), "Your candidate is weighed inside its tanh. It is squashed first, and 1 − f multiplies what comes out.", alone=True),
        Mistake("f keeps and writes", edit("(1 - f) * g", "f * g"), "You multiply both the old memory and the candidate by f. The two shares have to add up to 1."),
        Mistake("nothing forgotten", edit("f * c_prev", "c_prev"), "Your memory keeps all of the old one, as the LSTM of 1997 did. Here f says how much stays."),
        Mistake("old memory squashed", edit("f * c_prev", "f * np.tanh(c_prev)"), "Your c_t keeps a share of tanh(c_{t−1}). Peepholes look through a tanh; the memory itself is carried as it is."),
        Mistake("memory overwritten", edit("f * c_prev + ", ""), "Your c_t is what is written alone: the old memory is lost."),
        Mistake("memory squashed", edit("f * c_prev + (1 - f) * g", "np.tanh(f * c_prev + (1 - f) * g)"), "Your c_t goes through a tanh. Peepholes and h look at the memory through one; the memory itself is never squashed."),
        Mistake("no tanh on the output", edit("h = o * np.tanh(c)", "h = o * c"), "Your h_t is o ⊙ c_t. What the cell shows is squashed first."),
        Mistake("o inside the tanh", edit("h = o * np.tanh(c)", "h = np.tanh(o * c)"), "Your h_t is a tanh of o ⊙ c_t. The memory is squashed first, and the gate multiplies what comes out."),
        Mistake("old memory shown", edit("h = o * np.tanh(c)", "h = o * np.tanh(c_prev)"), "Your h_t shows c_{t−1}. The cell writes first and shows afterwards."),
        Mistake("candidate shown", edit("h = o * np.tanh(c)", "h = o * g"), "Your h_t shows the candidate. What is shown is the memory, through a tanh.", alone=True),
        Mistake("f shows", edit("h = o * np.tanh(c)", "h = f * np.tanh(c)"), "Your h_t is weighed with f. What is shown is for o to say.", alone=True),
        Mistake("everything shown", edit("h = o * np.tanh(c)", "h = np.tanh(c)"), "Your h_t is all of tanh(c_t). What is shown of it is for o to say.", alone=True),
        Mistake("memory handed on squashed", edit("return h, c,", "return h, np.tanh(c),"), "The c that you return is tanh(c_t); your h comes from the right one. The memory itself is handed on.", alone=True),
        Mistake("candidate handed on weighed", edit("return h, c, f, g,", "return h, c, f, (1 - f) * g,"), "The g that you return is weighed with 1 − f already. Asked for is the candidate itself.", alone=True),
        Mistake("o from f", edit("o = sigmoid(a_o + p_o", "o = sigmoid(a_f + p_o"), "Your output gate is made of the forget gate's pre-activation. The blocks are f, g, o: the last is its own.", alone=True),
    ),
    invariants=(
        Invariant("c from its parts", _memory_residual, "Your c does not equal f ⊙ c_{t−1} + (1 − f) ⊙ g with the f and g that you return. Check that line before the gates."),
        Invariant("h from its parts", _output_residual, "Your h does not equal o ⊙ tanh(c) with the o and c that you return. Check the last line first."),
    ),
    hints=(
        "Two questions for each gate: which block of a is it, and which memory has it seen? f decides before the new memory exists, o after.",
        "a = x W_xᵀ + h_{t−1} W_hᵀ + b has shape (N, 3H); np.split(a, 3, axis=1) gives the blocks. A peephole p has shape (H,) and multiplies unit by unit, inside the σ.",
        "First f, from a_f and tanh(c_{t−1}), and g; then the memory, shares f and 1 − f; then o, which has to wait for the memory; h at the end.",
    ),
)  # fmt: skip
