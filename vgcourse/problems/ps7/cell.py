"""Problem set 7: one step of the coupled LSTM, forwards. One gate keeps and writes; peepholes look through a tanh."""

import numpy as np

from vgcourse.activations import sigmoid
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
    return forward_family(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o)


def forward_family(
    x,
    h_prev,
    c_prev,
    W_x,
    W_h,
    b,
    p_f,
    p_o,
    *,
    order="fgo",
    biases=lambda b: b,
    sees=np.tanh,
    looks="memory",
    o_sees="new",
    gate=sigmoid,
    candidate=np.tanh,
    memory=lambda f, c_prev, g: f * c_prev + (1 - f) * g,
    output=lambda o, c, c_prev: o * np.tanh(c),
):
    """One step with its parts exchangeable; `order` is how the blocks of a are read."""
    a = x @ W_x.T + h_prev @ W_h.T + biases(b)
    blocks = dict(zip(order, np.split(a, 3, axis=1), strict=True))
    old = {"memory": sees(c_prev), "output": h_prev, "nothing": 0}[looks]
    f, g = gate(blocks["f"] + p_f * old), candidate(blocks["g"])
    c = memory(f, c_prev, g)
    o = gate(blocks["o"] + p_o * (sees(c) if looks == "memory" and o_sees == "new" else old))
    return output(o, c, c_prev), c, f, g, o


def _peepholes_outside(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
    f, g, o = np.split(x @ W_x.T + h_prev @ W_h.T + b, 3, axis=1)
    f, g = sigmoid(f) + p_f * np.tanh(c_prev), np.tanh(g)
    c = f * c_prev + (1 - f) * g
    o = sigmoid(o) + p_o * np.tanh(c)
    return o * np.tanh(c), c, f, g, o


def _interleaved(x, h_prev, c_prev, W_x, W_h, b, *peepholes):
    rows = np.arange(len(b)).reshape(-1, 3).T.ravel()
    return forward_family(x, h_prev, c_prev, W_x[rows], W_h[rows], b[rows], *peepholes)


def _first_block(b):
    return np.tile(b[: len(b) // 3], 3)


def _one_more(b):
    return b + np.repeat([1.0, 0.0, 0.0], len(b) // 3)


def coupled_inputs(rng, N, D, H):
    """Arguments of one step forwards: nothing zero, no gate shut, peepholes that matter."""
    weights = rng.normal(size=(3 * H, D)) / np.sqrt(D), rng.normal(size=(3 * H, H)) / np.sqrt(H)
    b = rng.normal(size=3 * H) / 2
    peepholes = rng.uniform(0.5, 1.2, (2, H)) * rng.choice([-1, 1], (2, H))
    h_prev = rng.uniform(-0.9, 0.9, (N, H))
    c_prev = rng.uniform(0.5, 1.5, (N, H)) * rng.choice([-1, 1], (N, H))
    return rng.normal(size=(N, D)), h_prev, c_prev, *weights, b, *peepholes


SIZES = ((3, 5, 2), (3, 3, 3), (1, 2, 4))  # N, D, H; the square one lets wrong products run


def _cases(rng):
    return [Case(coupled_inputs(rng, *sizes), ("h", "c", "f", "g", "o"), batch=sizes[0]) for sizes in SIZES]


def _memory_residual(args, out):
    return apart(out["c"], out["f"] * args[2] + (1 - out["f"]) * out["g"])


def _output_residual(args, out):
    return apart(out["h"], out["o"] * np.tanh(out["c"]))


COUPLED_STEP_FORWARD = Problem(
    name="ps7.coupled_step_forward",
    reference=coupled_step_forward,
    family=forward_family,
    cases=_cases,
    points=3,
    lecture='lecture 10, "LSTM"',
    axes={name: ("example", "unit") for name in ("h", "c", "f", "g", "o")},
    mistakes=(
        Mistake("output peephole on the old memory", dict(o_sees="old"), "Your output gate looks at the old memory. It decides after the memory is written, so its peephole sees the new one: in which order are c_t and o made?"),
        Mistake("no peepholes", dict(looks="nothing"), "Your gates do not look at the memory: the peephole terms are missing from what goes into the σ."),
        Mistake("peepholes on c itself", dict(sees=lambda c: c), "Your peepholes multiply c itself, as in (10.9). Here they look through a tanh."),
        Mistake("peepholes on h", dict(looks="output"), "Your peepholes multiply h_{t−1}. A peephole looks at the memory, which the output gate may be hiding from h; h_{t−1} comes in through W_h."),
        Mistake("peepholes outside σ", _peepholes_outside, "You add the peepholes after the σ. They are part of what a gate is told, so they belong inside."),
        Mistake("p_f and p_o exchanged", lambda *args: forward_family(*args[:6], args[7], args[6]), "Your forget gate uses p_o and your output gate p_f. Each gate has the peephole of its own name."),
        Mistake("blocks read as f, o, g", dict(order="fog"), "You read the blocks in the order f, o, g. Here they are stacked f, g, o: the candidate is in the middle."),
        Mistake("blocks read as g, f, o", dict(order="gfo"), "You read the candidate from the first block and the forget gate from the second. The blocks are stacked f, g, o."),
        Mistake("blocks read as o, g, f", dict(order="ogf"), "You read the output gate from the first block and the forget gate from the last. The blocks are stacked f, g, o."),
        Mistake("blocks interleaved", _interleaved, "You take every third column for a gate, a[:, k::3]. A block is H columns side by side."),
        Mistake("one bias for all", dict(biases=_first_block), "All three blocks get the bias of the first. b has 3H entries, H for each block; add it to all of a before you split."),
        Mistake("bias forgotten", dict(biases=lambda b: 0 * b), "The bias is missing from a. The forget gate's part of it is what makes a fresh cell remember."),
        Mistake("1 added to the forget gate", dict(biases=_one_more), "You add 1 to the forget gate. Such a start belongs into b, which you are handed."),
        Mistake("tanh for the gates", dict(gate=np.tanh), "Your gates go through tanh. A gate lies between 0 and 1: σ."),
        Mistake("σ on the candidate", dict(candidate=sigmoid), "Your candidate g goes through σ. It is a value to be written, of either sign: tanh."),
        Mistake("no tanh on the candidate", dict(candidate=lambda a: a), "Your candidate is the bare pre-activation. What is written is squashed first, by a tanh."),
        Mistake("candidate written whole", dict(memory=lambda f, c_prev, g: f * c_prev + g), "You write g whole. The cell has no input gate of its own: what f does not keep is what is written."),
        Mistake("f writes", dict(memory=lambda f, c_prev, g: (1 - f) * c_prev + f * g), "In your cell f writes and 1 − f keeps. In spite of its name the forget gate says how much stays."),
        Mistake("f keeps and writes", dict(memory=lambda f, c_prev, g: f * (c_prev + g)), "You multiply both the old memory and the candidate by f. The two shares have to add up to 1."),
        Mistake("nothing forgotten", dict(memory=lambda f, c_prev, g: c_prev + (1 - f) * g), "Your memory keeps all of the old one, as the LSTM of 1997 did. Here f says how much stays."),
        Mistake("memory overwritten", dict(memory=lambda f, c_prev, g: (1 - f) * g), "Your c_t is what is written alone: the old memory is lost."),
        Mistake("memory squashed", dict(memory=lambda f, c_prev, g: np.tanh(f * c_prev + (1 - f) * g)), "Your c_t goes through a tanh. Peepholes and h look at the memory through one; the memory itself is never squashed."),
        Mistake("no tanh on the output", dict(output=lambda o, c, c_prev: o * c), "Your h_t is o ⊙ c_t. What the cell shows is squashed first."),
        Mistake("old memory shown", dict(output=lambda o, c, c_prev: o * np.tanh(c_prev)), "Your h_t shows c_{t−1}. The cell writes first and shows afterwards."),
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
