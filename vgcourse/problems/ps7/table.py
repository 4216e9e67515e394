"""Problem set 7: one formula for nets that lecture 11's table does not hold, each in the words of its source."""

import functools

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart

# --- unified_cell ----------------------------------------------------------------------------------

BLOCKS = {"lstm of 1997": 3, "coupled": 3, "mgu": 2, "leaky": 1, "mamba": 2, "lru": 2}


def unified_cell(name, a, old):
    """p, q and n of new = p ⊙ old + q ⊙ n, and new; (N, H) each.

    `a` (N, kH) holds pre-activations side by side: lstm of 1997: i, g, o · coupled: f, g, o · mgu: f, n ·
    leaky: n · mamba: Δ, n · lru: p, n.
    """
    return unified_family(name, a, old)


def unified_family(
    name,
    a,
    old,
    *,
    anew=None,
    shows_1997=False,
    shows_coupled=False,
    interleaved=False,
    written=False,
    **wrong,
):
    """The table; `wrong` holds another function of a net's blocks, `anew` one of (p, q, n) for all."""
    count = BLOCKS[name]
    blocks = [a[:, k::count] for k in range(count)] if interleaved else np.split(a, count, axis=1)
    one = np.ones_like(old)
    table = {
        "lstm": lambda i, g, o: (one, sigmoid(i), np.tanh(g)),
        "coupled": lambda f, g, o: (sigmoid(f), 1 - sigmoid(f), np.tanh(g)),
        "mgu": lambda f, n: (1 - sigmoid(f), sigmoid(f), np.tanh(n)),
        "leaky": lambda n: (0.9, 0.1, np.tanh(n)),
        "mamba": lambda d, n: (sigmoid(-d), sigmoid(d), n),
        "lru": lambda p, n: (sigmoid(p), np.sqrt(1 - sigmoid(p) ** 2), n),
    } | wrong
    p, q, n = table[name.split()[0]](*blocks)
    p, q = p * one, q * one
    if anew:
        p, q, n = anew(p, q, n)
    new = p * old + q * n
    if (shows_1997 and name == "lstm of 1997") or (shows_coupled and name == "coupled"):
        new = sigmoid(blocks[2]) * np.tanh(new)
    return p, q, q * n if written else n, new


def _with(**wrong):
    """A function, so that it is not looked for in pairs: each net is a question of its own."""
    return functools.partial(unified_family, **wrong)


def _cases(rng):
    N, H, cases = 3, 4, []
    for name, count in BLOCKS.items():
        a, old = rng.normal(size=(N, count * H)), rng.uniform(0.3, 1.5, (N, H)) * rng.choice([-1, 1], (N, H))
        parts = tuple(f"{part} of {name}" for part in ("carry", "write", "candidate", "new"))
        cases.append(Case((name, a, old), parts, batch=N))
    return cases


def _mix_residual(args, out):
    p, q, n, new = out.values()
    return apart(new, p * args[2] + q * n)


def _shares_residual(args, out):
    p, q, *_ = out.values()
    return 0.0 if args[0] in ("lstm of 1997", "lru") else apart(p + q, np.ones_like(p))


def _squares_residual(args, out):
    p, q, *_ = out.values()
    return apart(p**2 + q**2, np.ones_like(p)) if args[0] == "lru" else 0.0


UNIFIED_CELL = Problem(
    name="ps7.unified_cell",
    reference=unified_cell,
    family=unified_family,
    cases=_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    mistakes=(
        Mistake("lstm of 1997: 1 − i carries", _with(lstm=lambda i, g, o: (1 - sigmoid(i), sigmoid(i), np.tanh(g))), "Your LSTM of 1997 carries with 1 − i. Its line has no gate before the old memory: what stands there is multiplied by 1, whatever i is."),
        Mistake("lstm of 1997: blocks i, o, g", _with(lstm=lambda i, o, g: (1.0, sigmoid(i), np.tanh(g))), "You read the candidate of the LSTM of 1997 from its last block. The blocks are i, g, o."),
        Mistake("lstm of 1997: blocks g, i, o", _with(lstm=lambda g, i, o: (1.0, sigmoid(i), np.tanh(g))), "You read the candidate of the LSTM of 1997 from its first block and the gate from its second. The blocks are i, g, o."),
        Mistake("lstm of 1997: 1 − i writes", _with(lstm=lambda i, g, o: (1.0, 1 - sigmoid(i), np.tanh(g))), "Your LSTM of 1997 writes with 1 − i. Look at what stands before the tanh in its line."),
        Mistake("lstm of 1997: no tanh", _with(lstm=lambda i, g, o: (1.0, sigmoid(i), g)), "The candidate of your LSTM of 1997 is its bare pre-activation. Its line has a tanh there.", whole=True),
        Mistake("lstm of 1997: no σ", _with(lstm=lambda i, g, o: (1.0, i, np.tanh(g))), "Your LSTM of 1997 writes with a bare pre-activation. i is a gate: a σ is missing."),
        Mistake("lstm of 1997: forget gate added", _with(lstm=lambda i, g, o: (sigmoid(o), sigmoid(i), np.tanh(g))), "Your LSTM of 1997 has a forget gate. That came three years later; of its blocks i, g, o none touches the old memory."),
        Mistake("coupled: i = f", _with(coupled=lambda f, g, o: (sigmoid(f), sigmoid(f), np.tanh(g))), "Your coupled cell writes with f. Multiply its line out: g stands in it twice, once with f and once without."),
        Mistake("coupled: roles exchanged", _with(coupled=lambda f, g, o: (1 - sigmoid(f), sigmoid(f), np.tanh(g))), "In your coupled cell f writes. Multiply its line out and collect what belongs to c_{t−1}."),
        Mistake("coupled: writes whole", _with(coupled=lambda f, g, o: (sigmoid(f), 1.0, np.tanh(g))), "Your coupled cell writes g whole. Multiply its line out: g stands in it twice."),
        Mistake("coupled: nothing forgotten", _with(coupled=lambda f, g, o: (1.0, 1 - sigmoid(f), np.tanh(g))), "Your coupled cell keeps all of the old memory. Multiply its line out and collect what belongs to c_{t−1}."),
        Mistake("coupled: keeps all, writes with f", _with(coupled=lambda f, g, o: (1.0, sigmoid(f), np.tanh(g))), "Your coupled cell keeps all of the old memory and writes with f. Multiply its line out: c_{t−1} stands in it once, and g twice."),
        Mistake("coupled: blocks f, o, g", _with(coupled=lambda f, o, g: (sigmoid(f), 1 - sigmoid(f), np.tanh(g))), "You read the candidate of the coupled cell from its last block. The blocks are f, g, o."),
        Mistake("coupled: no tanh", _with(coupled=lambda f, g, o: (sigmoid(f), 1 - sigmoid(f), g)), "The candidate of your coupled cell is its bare pre-activation. Its line has a tanh there.", whole=True),
        Mistake("coupled: no σ", _with(coupled=lambda f, g, o: (f, 1 - f, np.tanh(g))), "The gate of your coupled cell is a bare pre-activation: a σ is missing."),
        Mistake("coupled: write from o", _with(coupled=lambda f, g, o: (sigmoid(f), sigmoid(o), np.tanh(g))), "Your coupled cell writes with a gate of its own. It has one gate for both, f; o only says what is shown."),
        Mistake("lstm of 1997: what is shown", _with(shows_1997=True), "For the LSTM of 1997 you return what it shows. What is carried and written is the memory: new is c_t itself, and o has no part in it."),
        Mistake("coupled: what is shown", _with(shows_coupled=True), "For the coupled cell you return what it shows. What is carried and written is the memory: new is c_t itself, and o has no part in it."),
        Mistake("mgu: f keeps", _with(mgu=lambda f, n: (sigmoid(f), 1 - sigmoid(f), np.tanh(n))), "In your minimal gated unit f keeps. Its source calls it a forget gate, but look at what it multiplies in the line."),
        Mistake("mgu: blocks n, f", _with(mgu=lambda n, f: (1 - sigmoid(f), sigmoid(f), np.tanh(n))), "You read the candidate of the minimal gated unit from its first block. The blocks are f, n."),
        Mistake("mgu: no tanh", _with(mgu=lambda f, n: (1 - sigmoid(f), sigmoid(f), n)), "The candidate of your minimal gated unit is its bare pre-activation. Its line has a tanh there.", whole=True),
        Mistake("mgu: no σ", _with(mgu=lambda f, n: (1 - f, f, np.tanh(n))), "The gate of your minimal gated unit is a bare pre-activation: a σ is missing."),
        Mistake("mgu: writes whole", _with(mgu=lambda f, n: (1 - sigmoid(f), 1.0, np.tanh(n))), "Your minimal gated unit writes its candidate whole. Look at what stands before the tanh in its line."),
        Mistake("leaky: carry and write exchanged", _with(leaky=lambda n: (0.1, 0.9, np.tanh(n))), "Your leaky net writes 0.9 and keeps 0.1. Multiply its line out: the old state stands in it twice."),
        Mistake("leaky: nothing leaks", _with(leaky=lambda n: (1.0, 0.1, np.tanh(n))), "Your leaky net keeps all of the old state. Multiply its line out: the old state stands in it twice, the second time with a minus."),
        Mistake("leaky: writes whole", _with(leaky=lambda n: (0.9, 1.0, np.tanh(n))), "Your leaky net writes its candidate whole. Look at what stands before the bracket in its line."),
        Mistake("leaky: writes 0.9", _with(leaky=lambda n: (0.9, 0.9, np.tanh(n))), "Your leaky net writes 0.9. Multiply its line out: the tanh stands in it once."),
        Mistake("leaky: share in the candidate", _with(leaky=lambda n: (0.9, 1.0, 0.1 * np.tanh(n))), "The candidate of your leaky net holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        Mistake("leaky: no tanh", _with(leaky=lambda n: (0.9, 0.1, n)), "The candidate of your leaky net is its bare pre-activation. Its line has a tanh there.", whole=True),
        Mistake("mamba: carry and write exchanged", _with(mamba=lambda d, n: (sigmoid(d), sigmoid(-d), n)), "Your Mamba keeps where its step size Δ is large. e^{−Δ} is near 1 for a *small* Δ; look at which of the two stands before the old state."),
        Mistake("mamba: Δ without softplus", _with(mamba=lambda d, n: (np.exp(-d), 1 - np.exp(-d), n)), "Your Mamba uses its pre-activation as the step size. Δ is its softplus, which is never negative; without it the carry can exceed 1."),
        Mistake("mamba: Δ = e^a", _with(mamba=lambda d, n: (np.exp(-np.exp(d)), -np.expm1(-np.exp(d)), n)), "Your Mamba's step size is e to the pre-activation. softplus(a) is ln(1 + e^a)."),
        Mistake("mamba: Δ = max(a, 0)", _with(mamba=lambda d, n: (np.exp(-np.maximum(d, 0)), -np.expm1(-np.maximum(d, 0)), n)), "Your Mamba's step size is the pre-activation cut off at 0. softplus is smooth: ln(1 + e^a)."),
        Mistake("mamba: blocks n, Δ", _with(mamba=lambda n, d: (sigmoid(-d), sigmoid(d), n)), "You read Mamba's candidate from its first block. The blocks are Δ, n."),
        Mistake("mamba: writes whole", _with(mamba=lambda d, n: (sigmoid(-d), 1.0, n)), "Your Mamba writes its candidate whole. Look at what stands before it in its line."),
        Mistake("mamba: Δ writes", _with(mamba=lambda d, n: (sigmoid(-d), np.logaddexp(0, d), n)), "Your Mamba writes with Δ. In the form asked for here the write factor and the carry add up to 1."),
        Mistake("mamba: tanh on the candidate", _with(mamba=lambda d, n: (sigmoid(-d), sigmoid(d), np.tanh(n))), "You put a tanh on Mamba's candidate. Its candidate does not look at the state and is not squashed.", whole=True),
        Mistake("lru: 1 − p writes", _with(lru=lambda p, n: (sigmoid(p), 1 - sigmoid(p), n)), "Your LRU writes with 1 − p. Its two factors share a *sum of squares*, (11.21), so that the state keeps its mean square."),
        Mistake("lru: root missing", _with(lru=lambda p, n: (sigmoid(p), 1 - sigmoid(p) ** 2, n)), "Your LRU writes with 1 − p². What has to be 1 is p² + q²: a root is missing."),
        Mistake("lru: root of 1 − p", _with(lru=lambda p, n: (sigmoid(p), np.sqrt(1 - sigmoid(p)), n)), "Under the root of your LRU stands 1 − p. What has to be 1 is the sum of the *squares*, (11.21)."),
        Mistake("lru: no σ", _with(lru=lambda p, n: (p, np.sqrt(1 - p**2), n)), "The carry of your LRU is a bare pre-activation: a σ is missing, and beyond 1 the root has no value."),
        Mistake("lru: blocks n, p", _with(lru=lambda n, p: (sigmoid(p), np.sqrt(1 - sigmoid(p) ** 2), n)), "You read the LRU's candidate from its first block. The blocks are p, n."),
        Mistake("lru: writes whole", _with(lru=lambda p, n: (sigmoid(p), 1.0, n)), "Your LRU writes its candidate whole. Its write factor comes from its carry, (11.21)."),
        Mistake("lru: tanh on the candidate", _with(lru=lambda p, n: (sigmoid(p), np.sqrt(1 - sigmoid(p) ** 2), np.tanh(n))), "You put a tanh on the LRU's candidate. It is linear: no function is applied to it."),
        Mistake("write is 1 − carry everywhere", _with(anew=lambda p, q, n: (p, 1 - p, n)), "You write with 1 − carry in every net. That holds where one gate does both jobs; two nets of these six are different."),
        Mistake("carry and write exchanged in all nets", _with(anew=lambda p, q, n: (q, p, n)), "Carry and write are exchanged in all your nets. The carry stands before the old state.", whole=True),
        Mistake("candidates weighed", _with(written=True), "Your candidates are weighed with their write factors already. Asked for is what is written before it is weighed."),
        Mistake("blocks interleaved", _with(interleaved=True), "You take every second or third column for a block, a[:, k::3]. A block is H columns side by side.", whole=True),
        Mistake("candidates bare", _with(lstm=lambda i, g, o: (1.0, sigmoid(i), g), coupled=lambda f, g, o: (sigmoid(f), 1 - sigmoid(f), g), mgu=lambda f, n: (1 - sigmoid(f), sigmoid(f), n), leaky=lambda n: (0.9, 0.1, n)), "Your candidates are bare pre-activations. In the two LSTMs, the minimal gated unit and the leaky net they go through a tanh; only Mamba's and the LRU's do not.", whole=True),
    ),
    invariants=(
        Invariant("new from its parts", _mix_residual, "One of your new states is not carry ⊙ old + write ⊙ candidate of the three that you return with it. That line is the same for all six nets: write it once, after the table."),
        Invariant("one gate shares", _shares_residual, "In the coupled cell, the minimal gated unit, the leaky net and Mamba one number does both jobs, so carry + write has to be 1. In one of yours it is not."),
        Invariant("squares share", _squares_residual, "In the LRU carry² + write² has to be 1, (11.21). Yours is not."),
    ),
    hints=(
        "Multiply each net's line out, then collect: what stands before the old state, and what before the new value?",
        "All four results have shape (N, H), also where a factor is a number: multiply by np.ones_like(old). np.split(a, k, axis=1) gives the blocks.",
        "In the coupled cell, c_{t−1} stands with f, and g with 1 and with −f. The leaky net goes the same way with a number in place of the gate. (11.20) and (11.21) have the last two.",
    ),
)  # fmt: skip
