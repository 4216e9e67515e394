"""Problem set 7: one step of the LSTM with peepholes, forwards."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.recurrent import LSTMParams
from vgcourse.recurrent import lstm_step_forward as library_step


def lstm_step_forward(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t); i and f look at c_{t−1}, o looks at c_t."""
    (h, c), cache = library_step(
        LSTMParams(W_x, W_h, b, np.stack([p_i, p_f, p_o])), x, np.stack([h_prev, c_prev])
    )
    return h, c, cache.i, cache.f, cache.g, cache.o


def forward_family(
    x,
    h_prev,
    c_prev,
    W_x,
    W_h,
    b,
    p_i,
    p_f,
    p_o,
    *,
    order="ifgo",
    one_bias=False,
    no_bias=False,
    peep_on="memory",
    peep_o="new",
    candidate=np.tanh,
    memory=lambda f, c_prev, i, g: f * c_prev + i * g,
    output=lambda o, c, c_prev: o * np.tanh(c),
):
    """One step with its parts exchangeable; `order` is how the blocks of a are read."""
    if one_bias:
        b = np.tile(b[: len(p_i)], 4)
    a = x @ W_x.T + h_prev @ W_h.T + (0 if no_bias else b)
    blocks = dict(zip(order, np.split(a, 4, axis=1), strict=True))
    old = {"memory": c_prev, "output": h_prev, "nothing": 0}[peep_on]
    i, f, g = sigmoid(blocks["i"] + p_i * old), sigmoid(blocks["f"] + p_f * old), candidate(blocks["g"])
    c = memory(f, c_prev, i, g)
    o = sigmoid(blocks["o"] + p_o * (c if peep_on == "memory" and peep_o == "new" else old))
    return output(o, c, c_prev), c, i, f, g, o


def _peepholes_outside(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    i, f, g, o = np.split(x @ W_x.T + h_prev @ W_h.T + b, 4, axis=1)
    i, f, g = sigmoid(i) + p_i * c_prev, sigmoid(f) + p_f * c_prev, np.tanh(g)
    c = f * c_prev + i * g
    o = sigmoid(o) + p_o * c
    return o * np.tanh(c), c, i, f, g, o


def _interleaved(x, h_prev, c_prev, W_x, W_h, b, *peepholes):
    rows = np.arange(len(b)).reshape(-1, 4).T.ravel()
    return forward_family(x, h_prev, c_prev, W_x[rows], W_h[rows], b[rows], *peepholes)


def _forget_bias(x, h_prev, c_prev, W_x, W_h, b, *peepholes):
    more = np.repeat([0.0, 1.0, 0.0, 0.0], len(b) // 4)
    return forward_family(x, h_prev, c_prev, W_x, W_h, b + more, *peepholes)


def lstm_inputs(rng, N, D, H):
    """Arguments of one step forwards: nothing zero, no gate shut, peepholes that matter."""
    weights = rng.normal(size=(4 * H, D)) / np.sqrt(D), rng.normal(size=(4 * H, H)) / np.sqrt(H)
    b = rng.normal(size=4 * H) / 2
    peepholes = rng.uniform(0.4, 1, (3, H)) * rng.choice([-1, 1], (3, H))
    h_prev, c_prev = (
        rng.uniform(-0.9, 0.9, (N, H)),
        rng.uniform(0.5, 1.5, (N, H)) * rng.choice([-1, 1], (N, H)),
    )
    return rng.normal(size=(N, D)), h_prev, c_prev, *weights, b, *peepholes


def _cases(rng):
    sizes = ((3, 5, 2), (3, 3, 3), (1, 2, 4))  # N, D, H; the square one lets wrong products run
    names = ("h", "c", "i", "f", "g", "o")
    return [Case(lstm_inputs(rng, N, D, H), names, batch=N) for N, D, H in sizes]


def apart(a, b):
    """‖a − b‖ / ‖b‖ with something for zeros: how far a residual is from none."""
    return float(np.linalg.norm(a - b) / (np.linalg.norm(b) + np.linalg.norm(a) + 1e-300))


def _memory_residual(args, out):
    return apart(out["c"], out["f"] * args[2] + out["i"] * out["g"])


def _output_residual(args, out):
    return apart(out["h"], out["o"] * np.tanh(out["c"]))


LSTM_STEP_FORWARD = Problem(
    name="ps7.lstm_step_forward",
    reference=lstm_step_forward,
    family=forward_family,
    cases=_cases,
    points=4,
    lecture='lecture 10, "LSTM"',
    axes={name: ("example", "unit") for name in ("h", "c", "i", "f", "g", "o")},
    mistakes=(
        Mistake("output peephole fed c_{t−1}", dict(peep_o="old"), "Your output gate looks at c_{t−1}. It decides after the memory is written, so its peephole sees the new one: p_o ⊙ c_t. Compute c_t first, then o."),
        Mistake("no peepholes", dict(peep_on="nothing"), "Your gates do not look at the memory: the peephole terms are missing. p_i ⊙ c_{t−1} goes into a_i, p_f ⊙ c_{t−1} into a_f and p_o ⊙ c_t into a_o, before the σ."),
        Mistake("peepholes on h", dict(peep_on="output"), "Your peepholes are multiplied with h_{t−1}. A peephole looks at the memory c, which the output gate may be hiding from h; h_{t−1} already comes in through W_h."),
        Mistake("peepholes outside σ", _peepholes_outside, "You add the peepholes after the σ. They belong to what a gate is told, inside: i = σ(a_i + p_i ⊙ c_{t−1})."),
        Mistake("p_i and p_f exchanged", lambda *args: forward_family(*args[:6], args[7], args[6], args[8]), "Your input gate uses p_f and your forget gate p_i. Each gate has the peephole of its own name."),
        Mistake("gates read as i, f, o, g", dict(order="ifog"), "You read the blocks in the order i, f, o, g. Here they are stacked i, f, g, o: the candidate is the third block, the output gate the last."),
        Mistake("i and f exchanged", dict(order="figo"), "You read the forget gate from the first block and the input gate from the second. The blocks are stacked i, f, g, o."),
        Mistake("gates read as i, g, f, o", dict(order="igfo"), "You read the blocks in the order i, g, f, o: forget gate and candidate are exchanged. They are stacked i, f, g, o."),
        Mistake("gates interleaved", _interleaved, "You take every fourth column for a gate, a[:, k::4]. The gates are blocks of H columns each: np.split(a, 4, axis=1)."),
        Mistake("one bias for all gates", dict(one_bias=True), "All four gates get the bias of the input gate. b has 4H entries, one block of H for each gate; add it to all of a before you split."),
        Mistake("bias forgotten", dict(no_bias=True), "The bias is missing: a = x W_xᵀ + h_{t−1} W_hᵀ + b. The forget gate's bias is what makes an LSTM remember at the start of training."),
        Mistake("1 added to the forget gate", _forget_bias, "You add 1 to the forget gate. Such a start belongs into b, which you are handed: f = σ(a_f + p_f ⊙ c_{t−1})."),
        Mistake("σ on the candidate", dict(candidate=sigmoid), "Your candidate g goes through σ. It is a value to be written, of either sign, so it gets a tanh; σ is for the three gates."),
        Mistake("no tanh on the candidate", dict(candidate=lambda a: a), "Your candidate is the bare pre-activation. What is written is squashed first: g = tanh(a_g)."),
        Mistake("i + g for i ⊙ g", dict(memory=lambda f, c_prev, i, g: f * c_prev + i + g), "You add i and g to the memory. The input gate scales the candidate: what is written is the product i ⊙ g."),
        Mistake("memory overwritten", dict(memory=lambda f, c_prev, i, g: i * g), "Your c_t is i ⊙ g alone: the old memory is lost. The cell is a running sum, f ⊙ c_{t−1} is added to it."),
        Mistake("nothing forgotten", dict(memory=lambda f, c_prev, i, g: c_prev + i * g), "Your c_t keeps all of c_{t−1}, as the LSTM of 1997 did. Here a forget gate says how much stays: multiply the old memory by f."),
        Mistake("1 − f for f", dict(memory=lambda f, c_prev, i, g: (1 - f) * c_prev + i * g), "You keep (1 − f) ⊙ c_{t−1}. In spite of its name the forget gate says how much stays: f = 1 keeps everything."),
        Mistake("1 − f for i", dict(memory=lambda f, c_prev, i, g: f * c_prev + (1 - f) * g), "You write with 1 − f, as a GRU does with its one gate. The LSTM has an input gate of its own: i ⊙ g."),
        Mistake("memory squashed", dict(memory=lambda f, c_prev, i, g: np.tanh(f * c_prev + i * g)), "Your c_t goes through a tanh. The memory itself is never squashed (that is what keeps its gradient); only what is shown is, h_t = o ⊙ tanh(c_t)."),
        Mistake("no tanh on the output", dict(output=lambda o, c, c_prev: o * c), "Your h_t is o ⊙ c_t. What the cell shows is squashed first: the tanh of c_t, times o."),
        Mistake("old memory shown", dict(output=lambda o, c, c_prev: o * np.tanh(c_prev)), "Your h_t shows c_{t−1}. The cell writes first and shows afterwards: h_t uses the new c_t."),
    ),
    invariants=(
        Invariant("c from its parts", _memory_residual, "Your c does not equal f ⊙ c_{t−1} + i ⊙ g with the f, i and g that you return. Check that line before the gates."),
        Invariant("h from its parts", _output_residual, "Your h does not equal o ⊙ tanh(c) with the o and c that you return. Check the last line first."),
    ),
    hints=(
        "Two questions for each gate: which block of a is it, and which memory has it seen? i and f decide before the new memory exists, o after.",
        "a = x W_xᵀ + h_{t−1} W_hᵀ + b has shape (N, 4H); np.split(a, 4, axis=1) gives the blocks a_i, a_f, a_g, a_o, each (N, H). A peephole p has shape (H,) and multiplies unit by unit.",
        "i = σ(a_i + p_i ⊙ c_{t−1}), f likewise, g = tanh(a_g); then c = f ⊙ c_{t−1} + i ⊙ g. What is left is o, which needs c, and h.",
    ),
)  # fmt: skip
