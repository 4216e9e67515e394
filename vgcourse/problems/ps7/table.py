"""Problem set 7: one formula for nets that lecture 11's table does not hold, each in the words of its source."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart

# --- unified_cell ----------------------------------------------------------------------------------

BLOCKS = {"lstm of 1997": 3, "coupled": 3, "mgu": 2, "leaky": 1, "mamba": 2, "lru": 2}


def unified_cell(name, a, old):
    """p, q and n of new = p ⊙ old + q ⊙ n, and new; (N, H) each.

    `a` (N, kH) holds pre-activations side by side: lstm of 1997: i, g, o · coupled: f, g, o · mgu: f, n ·
    leaky: n · mamba: Δ, n · lru: p, n.
    """
    count = a.shape[1] // old.shape[1]
    blocks = np.split(a, count, axis=1)
    one = np.ones(old.shape)
    if name == "lstm of 1997":
        i, g, _ = blocks
        p, q, n = one, sigmoid(i), np.tanh(g)
    elif name == "coupled":
        f, g, _ = blocks
        p, q, n = sigmoid(f), 1 - sigmoid(f), np.tanh(g)
    elif name == "mgu":
        f, n = blocks
        p, q, n = 1 - sigmoid(f), sigmoid(f), np.tanh(n)
    elif name == "leaky":
        (n,) = blocks
        p, q, n = 0.9 * one, 0.1 * one, np.tanh(n)
    elif name == "mamba":
        d, n = blocks
        p, q = np.exp(-softplus(d)), 1 - np.exp(-softplus(d))
    else:
        a_p, n = blocks
        p = sigmoid(a_p)
        q = np.sqrt(1 - p**2)
    new = p * old + q * n
    return p, q, n, new


def softplus(a):
    """ln(1 + e^a), which never overflows."""
    return np.logaddexp(0, a)


# What an edit replaces: the line of a net.
LINES = {
    "lstm": "= one, sigmoid(i), np.tanh(g)",
    "coupled": "= sigmoid(f), 1 - sigmoid(f), np.tanh(g)",
    "mgu": "= 1 - sigmoid(f), sigmoid(f), np.tanh(n)",
    "leaky": "= 0.9 * one, 0.1 * one, np.tanh(n)",
    "mamba": "p, q = np.exp(-softplus(d)), 1 - np.exp(-softplus(d))",
    "lru": "q = np.sqrt(1 - p**2)",
}
NEW = "new = p * old + q * n"


def _line(net, of):
    """Another line for a net: what it carries, writes and takes for a candidate."""
    return edit(LINES[net], f"p, q, n = {of}" if net in ("mamba", "lru") else f"= {of}")


def _after(line):
    """One line more before the new state is made."""
    return edit(NEW, f"{line}\n    {NEW}")


def _shown(net):
    return edit(NEW, f'{NEW}\n    if name == "{net}":\n        new = sigmoid(blocks[2]) * np.tanh(new)')


def _of(net, name, edits, text):
    """A slip in one net. Recognised alone: each net is a question of its own, so that two slips are seen apart."""
    return Mistake(f"{net}: {name}", edits, text, whole=True, alone=True)


def as_in_its_line(name, a, old):
    """The right new state, where factors are misread beside it."""
    return unified_cell(name, a, old)[3]


def _misread(net, name, edits, text):
    """A slip in one net's factors, with the new state made of them or, rightly, of the net's own line."""
    by_itself = edits + edit(NEW, "new = as_in_its_line(name, a, old)")
    beside = f"{text} Your new state is right: which factor multiplies the old one in it?"
    return _of(net, name, edits, text), _of(net, f"{name}, new by itself", by_itself, beside)


def _cases(rng):
    """Every net twice: ordinary numbers; and one example of whole-numbered states, with a gate nearly open or shut."""
    cases = []
    for name, count in BLOCKS.items():
        parts = tuple(f"{part} of {name}" for part in ("carry", "write", "candidate", "new"))
        for N, H in ((3, 4), (1, 3)):
            a = rng.normal(size=(N, count * H))
            old = rng.uniform(0.3, 1.5, (N, H)) * rng.choice([-1, 1], (N, H))
            if N == 1:
                old = rng.integers(1, 4, (N, H)) * rng.choice([-1, 1], (N, H))
                a[0, 0] = rng.uniform(13, 15) * rng.choice([-1, 1])
                if name not in ("leaky", "mamba"):  # where e^a or e^{−a} overflows
                    a[0, 1] = 800 if name in ("lstm of 1997", "mgu") else -800
                if name not in ("mamba", "lru"):
                    a[0, (count > 1) * H + 2] = 750 if name in ("coupled", "leaky") else -750
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
    helpers=(softplus,),
    cases=_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    mistakes=(
        *_misread("lstm of 1997", "1 − i carries", _line("lstm", "1 - sigmoid(i), sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 carries with 1 − i. Its line has no gate before the old memory: what stands there is multiplied by 1, whatever i is."),
        _of("lstm of 1997", "blocks i, o, g", edit("i, g, _ = blocks", "i, _, g = blocks"), "You read the candidate of the LSTM of 1997 from its last block. The blocks are i, g, o."),
        _of("lstm of 1997", "blocks g, i, o", edit("i, g, _ = blocks", "g, i, _ = blocks"), "You read the candidate of the LSTM of 1997 from its first block and the gate from its second. The blocks are i, g, o."),
        _of("lstm of 1997", "1 − i writes", _line("lstm", "one, 1 - sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 writes with 1 − i. Look at what stands before the tanh in its line."),
        *_misread("lstm of 1997", "i carries", _line("lstm", "sigmoid(i), 1 - sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 carries with i and writes with the rest, as if the two shared one gate. Its old memory meets no gate at all, and i is what writes."),
        _of("lstm of 1997", "i carries and writes", _line("lstm", "sigmoid(i), sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 carries with i. Its line has no gate before the old memory."),
        _of("lstm of 1997", "writes whole", _line("lstm", "one, one, np.tanh(g)"), "Your LSTM of 1997 writes its candidate whole. Look at what stands before the tanh in its line."),
        _of("lstm of 1997", "no tanh", _line("lstm", "one, sigmoid(i), g"), "The candidate of your LSTM of 1997 is its bare pre-activation. Its line has a tanh there."),
        _of("lstm of 1997", "no σ", _line("lstm", "one, i, np.tanh(g)"), "Your LSTM of 1997 writes with a bare pre-activation. i is a gate: a σ is missing."),
        _of("lstm of 1997", "o writes", _line("lstm", "one, sigmoid(blocks[2]), np.tanh(g)"), "Your LSTM of 1997 writes with o. Of its blocks i, g, o the first is what stands before the tanh."),
        _of("lstm of 1997", "σ on the candidate", _line("lstm", "one, sigmoid(i), sigmoid(g)"), "The candidate of your LSTM of 1997 goes through σ. Its line has a tanh there."),
        _of("lstm of 1997", "share in the candidate", _line("lstm", "one, one, sigmoid(i) * np.tanh(g)"), "The candidate of your LSTM of 1997 holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        *_misread("lstm of 1997", "nothing carried", _line("lstm", "0 * one, sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 carries nothing. Its line has no gate before the old memory: what stands there is multiplied by 1."),
        _of("lstm of 1997", "forget gate added", _line("lstm", "sigmoid(blocks[2]), sigmoid(i), np.tanh(g)"), "Your LSTM of 1997 has a forget gate. That came three years later; of its blocks i, g, o none touches the old memory."),
        *_misread("coupled", "i = f", _line("coupled", "sigmoid(f), sigmoid(f), np.tanh(g)"), "Your coupled cell writes with f. Multiply its line out: g stands in it twice, once with f and once without."),
        *_misread("coupled", "roles exchanged", _line("coupled", "1 - sigmoid(f), sigmoid(f), np.tanh(g)"), "In your coupled cell f writes. Multiply its line out and collect what belongs to c_{t−1}."),
        *_misread("coupled", "writes whole", _line("coupled", "sigmoid(f), one, np.tanh(g)"), "Your coupled cell writes g whole. Multiply its line out: g stands in it twice."),
        _of("coupled", "share in the candidate", _line("coupled", "sigmoid(f), one, (1 - sigmoid(f)) * np.tanh(g)"), "The candidate of your coupled cell holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        _of("coupled", "nothing forgotten", _line("coupled", "one, 1 - sigmoid(f), np.tanh(g)"), "Your coupled cell keeps all of the old memory. Multiply its line out and collect what belongs to c_{t−1}."),
        _of("coupled", "keeps all, writes with f", _line("coupled", "one, sigmoid(f), np.tanh(g)"), "Your coupled cell keeps all of the old memory and writes with f. Multiply its line out: c_{t−1} stands in it once, and g twice."),
        _of("coupled", "blocks f, o, g", edit("f, g, _ = blocks", "f, _, g = blocks"), "You read the candidate of the coupled cell from its last block. The blocks are f, g, o."),
        _of("coupled", "no tanh", _line("coupled", "sigmoid(f), 1 - sigmoid(f), g"), "The candidate of your coupled cell is its bare pre-activation. Its line has a tanh there."),
        _of("coupled", "no σ", _line("coupled", "f, 1 - f, np.tanh(g)"), "The gate of your coupled cell is a bare pre-activation: a σ is missing."),
        *_misread("coupled", "the first g forgotten", _line("coupled", "sigmoid(f), -sigmoid(f), np.tanh(g)"), "Your coupled cell writes with −f. In its line g stands a second time, before the bracket and without f."),
        *_misread("coupled", "a plus before f", _line("coupled", "sigmoid(f), 1 + sigmoid(f), np.tanh(g)"), "Your coupled cell writes with 1 + f. Multiply its line out: the g in the bracket has a minus."),
        _of("coupled", "σ on the candidate", _line("coupled", "sigmoid(f), 1 - sigmoid(f), sigmoid(g)"), "The candidate of your coupled cell goes through σ. It is a value of either sign: g = tanh(a_g)."),
        _of("coupled", "bracket for the candidate", _line("coupled", "one, sigmoid(f), old - np.tanh(g)"), "The candidate of your coupled cell is its bracket, with the old memory in it. Multiply the line out and collect all that stands with the old memory in the carry."),
        _of("coupled", "write from o", _line("coupled", "sigmoid(f), sigmoid(blocks[2]), np.tanh(g)"), "Your coupled cell writes with a gate of its own. It has one gate for both, f; o only says what is shown."),
        _of("lstm of 1997", "what is shown", _shown("lstm of 1997"), "For the LSTM of 1997 you return what it shows. What is carried and written is the memory: new is c_t itself, and o has no part in it."),
        _of("coupled", "what is shown", _shown("coupled"), "For the coupled cell you return what it shows. What is carried and written is the memory: new is c_t itself, and o has no part in it."),
        *_misread("mgu", "f keeps", _line("mgu", "sigmoid(f), 1 - sigmoid(f), np.tanh(n)"), "In your minimal gated unit f keeps. Its source calls it a forget gate, but look at what it multiplies in the line."),
        _of("mgu", "blocks n, f", edit("f, n = blocks", "n, f = blocks"), "You read the candidate of the minimal gated unit from its first block. The blocks are f, n."),
        _of("mgu", "no tanh", _line("mgu", "1 - sigmoid(f), sigmoid(f), n"), "The candidate of your minimal gated unit is its bare pre-activation. Its line has a tanh there."),
        _of("mgu", "no σ", _line("mgu", "1 - f, f, np.tanh(n)"), "The gate of your minimal gated unit is a bare pre-activation: a σ is missing."),
        _of("mgu", "writes whole", _line("mgu", "1 - sigmoid(f), one, np.tanh(n)"), "Your minimal gated unit writes its candidate whole. Look at what stands before the tanh in its line."),
        _of("mgu", "nothing forgotten", _line("mgu", "one, sigmoid(f), np.tanh(n)"), "Your minimal gated unit keeps all of the old state. Look at what multiplies it in the line."),
        _of("mgu", "f keeps and writes", _line("mgu", "sigmoid(f), sigmoid(f), np.tanh(n)"), "Your minimal gated unit keeps with f and writes with f. The two shares have to add up to 1."),
        _of("mgu", "1 − f keeps and writes", _line("mgu", "1 - sigmoid(f), 1 - sigmoid(f), np.tanh(n)"), "Your minimal gated unit keeps with 1 − f and writes with 1 − f. The two shares have to add up to 1."),
        _of("mgu", "σ on the candidate", _line("mgu", "1 - sigmoid(f), sigmoid(f), sigmoid(n)"), "The candidate of your minimal gated unit goes through σ. Its line has a tanh there."),
        _of("mgu", "share in the candidate", _line("mgu", "1 - sigmoid(f), one, sigmoid(f) * np.tanh(n)"), "The candidate of your minimal gated unit holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        *_misread("leaky", "carry and write exchanged", _line("leaky", "0.1 * one, 0.9 * one, np.tanh(n)"), "Your leaky net writes 0.9 and keeps 0.1. Multiply its line out: the old state stands in it twice."),
        *_misread("leaky", "nothing leaks", _line("leaky", "one, 0.1 * one, np.tanh(n)"), "Your leaky net keeps all of the old state. Multiply its line out: the old state stands in it twice, the second time with a minus."),
        *_misread("leaky", "writes whole", _line("leaky", "0.9 * one, one, np.tanh(n)"), "Your leaky net writes its candidate whole. Look at what stands before the bracket in its line."),
        _of("leaky", "writes 0.9", _line("leaky", "0.9 * one, 0.9 * one, np.tanh(n)"), "Your leaky net writes 0.9. Multiply its line out: the tanh stands in it once."),
        *_misread("leaky", "the minus lost", _line("leaky", "1.1 * one, 0.1 * one, np.tanh(n)"), "Your leaky net carries 1.1. The old state in its bracket has a minus: a tenth of it leaks."),
        *_misread("leaky", "the bracket's share alone", _line("leaky", "-0.1 * one, 0.1 * one, np.tanh(n)"), "Your leaky net carries −0.1, what stands in the bracket alone. The old state also stands before it."),
        _of("leaky", "σ on the candidate", _line("leaky", "0.9 * one, 0.1 * one, sigmoid(n)"), "The candidate of your leaky net goes through σ. Its line has a tanh there."),
        _of("leaky", "half and half", _line("leaky", "0.5 * one, 0.5 * one, np.tanh(n)"), "Your leaky net keeps and writes one half. Multiply its line out: there is a 0.1 in it."),
        _of("leaky", "whole numbers", _line("leaky", "np.full_like(old, 0.9), np.full_like(old, 0.1), np.tanh(n)"), "Where the old state holds whole numbers your leaky net keeps and writes 0: np.full_like takes their type over, and 0.9 is cut to 0."),
        _of("leaky", "share in the candidate", _line("leaky", "0.9 * one, one, 0.1 * np.tanh(n)"), "The candidate of your leaky net holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        _of("leaky", "bracket for the candidate", _line("leaky", "one, 0.1 * one, np.tanh(n) - old"), "The candidate of your leaky net is the whole bracket, with the old state in it. Multiply the line out and collect all that stands with the old state in the carry."),
        _of("leaky", "no tanh", _line("leaky", "0.9 * one, 0.1 * one, n"), "The candidate of your leaky net is its bare pre-activation. Its line has a tanh there."),
        *_misread("mamba", "carry and write exchanged", _line("mamba", "sigmoid(d), sigmoid(-d), n"), "Your Mamba keeps where its step size Δ is large. e^{−Δ} is near 1 for a *small* Δ; look at which of the two stands before the old state."),
        _of("mamba", "Δ without softplus", _line("mamba", "np.exp(-d), 1 - np.exp(-d), n"), "Your Mamba uses its pre-activation as the step size. Δ is its softplus, which is never negative; without it the carry can exceed 1."),
        _of("mamba", "Δ = e^a", _line("mamba", "np.exp(-np.exp(d)), -np.expm1(-np.exp(d)), n"), "Your Mamba's step size is e to the pre-activation. softplus(a) is ln(1 + e^a)."),
        _of("mamba", "Δ = max(a, 0)", _line("mamba", "np.exp(-np.maximum(d, 0)), -np.expm1(-np.maximum(d, 0)), n"), "Your Mamba's step size is the pre-activation cut off at 0. softplus is smooth: ln(1 + e^a)."),
        _of("mamba", "Δ = σ(a)", _line("mamba", "np.exp(-sigmoid(d)), 1 - np.exp(-sigmoid(d)), n"), "Your Mamba's step size is σ of the pre-activation. It is the softplus, ln(1 + e^a)."),
        _of("mamba", "e^Δ", _line("mamba", "np.exp(softplus(d)), 1 - np.exp(softplus(d)), n"), "Your Mamba carries with e^Δ. A step takes something away: the exponent has a minus."),
        _of("mamba", "blocks n, Δ", edit("d, n = blocks", "n, d = blocks"), "You read Mamba's candidate from its first block. The blocks are Δ, n."),
        _of("mamba", "writes whole", _line("mamba", "sigmoid(-d), one, n"), "Your Mamba writes its candidate whole. Look at what stands before it in its line."),
        _of("mamba", "Δ writes", _line("mamba", "sigmoid(-d), np.logaddexp(0, d), n"), "Your Mamba writes with Δ. In the form asked for here the write factor and the carry add up to 1."),
        *_misread("mamba", "1 − Δ carries", _line("mamba", "1 - softplus(d), softplus(d), n"), "Your Mamba carries with 1 − Δ, the step of (explicit) Euler. Its line carries with e^{−Δ}, which never falls below 0."),
        _of("mamba", "Δ carries", _line("mamba", "softplus(d), 1 - softplus(d), n"), "Your Mamba carries with Δ itself. Δ is a step size: what is carried over such a step is e^{−Δ}."),
        _of("mamba", "Δ = 1 + e^a", _line("mamba", "np.exp(-1 - np.exp(d)), -np.expm1(-1 - np.exp(d)), n"), "Your Mamba's step size is 1 + e^a: the logarithm is missing. softplus(a) is ln(1 + e^a)."),
        _of("mamba", "nothing forgotten", _line("mamba", "one, sigmoid(d), n"), "Your Mamba keeps all of the old state. Look at what stands before it in the line."),
        _of("mamba", "σ on the candidate", _line("mamba", "sigmoid(-d), sigmoid(d), sigmoid(n)"), "You put a σ on Mamba's candidate. Its candidate is not squashed."),
        _of("mamba", "share in the candidate", _line("mamba", "sigmoid(-d), one, sigmoid(d) * n"), "The candidate of your Mamba holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        _of("mamba", "e^{−Δ} writes", _line("mamba", "sigmoid(-d), sigmoid(-d), n"), "Your Mamba carries with e^{−Δ} and writes with it, too. Its two factors have to add up to 1."),
        _of("mamba", "tanh on the candidate", _line("mamba", "sigmoid(-d), sigmoid(d), np.tanh(n)"), "You put a tanh on Mamba's candidate. Its candidate does not look at the state and is not squashed."),
        *_misread("lru", "1 − p writes", _line("lru", "p, 1 - p, n"), "Your LRU writes with 1 − p. Its two factors share a *sum of squares*, (11.21), so that the state keeps its mean square."),
        *_misread("lru", "root missing", _line("lru", "p, 1 - p ** 2, n"), "Your LRU writes with 1 − p². What has to be 1 is p² + q²: a root is missing."),
        _of("lru", "root of 1 − p", _line("lru", "p, np.sqrt(1 - p), n"), "Under the root of your LRU stands 1 − p. What has to be 1 is the sum of the *squares*, (11.21)."),
        _of("lru", "plus under the root", _line("lru", "p, np.sqrt(1 + p**2), n"), "Under the root of your LRU stands 1 + p². What has to be 1 is p² + q², (11.21)."),
        _of("lru", "square of 1 − p", _line("lru", "p, (1 - p) ** 2, n"), "Your LRU writes with (1 − p)². What has to be 1 is p² + q², (11.21)."),
        _of("lru", "p carries and writes", _line("lru", "p, p, n"), "Your LRU writes with p, too. Its write factor follows from its carry, (11.21)."),
        _of("lru", "share in the candidate", _line("lru", "p, one, np.sqrt(1 - p**2) * n"), "The candidate of your LRU holds its share already. Candidate and write are two results: the candidate is what is written before it is weighed."),
        _of("lru", "σ on the candidate", _line("lru", "p, np.sqrt(1 - p**2), sigmoid(n)"), "You put a σ on the LRU's candidate. It is linear: no function is applied to it."),
        _of("lru", "e^{−e^a} carries", edit("p = sigmoid(a_p)", "p = np.exp(-np.exp(a_p))"), "The carry of your LRU is e^{−e^a}, as its source has it. Here p = σ(a_p)."),
        _of("lru", "carry and write exchanged", _line("lru", "np.sqrt(1 - p**2), p, n"), "Your LRU writes with p and carries with the root. p stands before the old state."),
        _of("lru", "tanh on the carry", edit("p = sigmoid(a_p)", "p = np.tanh(a_p)"), "The carry of your LRU goes through a tanh. It is a gate: σ."),
        _of("lru", "no σ", edit("p = sigmoid(a_p)", "p = a_p"), "The carry of your LRU is a bare pre-activation: a σ is missing, and beyond 1 the root has no value."),
        _of("lru", "blocks n, p", edit("a_p, n = blocks", "n, a_p = blocks"), "You read the LRU's candidate from its first block. The blocks are p, n."),
        _of("lru", "writes whole", _line("lru", "p, one, n"), "Your LRU writes its candidate whole. Its write factor comes from its carry, (11.21)."),
        _of("lru", "tanh on the candidate", _line("lru", "p, np.sqrt(1 - p ** 2), np.tanh(n)"), "You put a tanh on the LRU's candidate. It is linear: no function is applied to it."),
        Mistake("write is 1 − carry everywhere", _after("q = 1 - p"), "You write with 1 − carry in every net. That holds where one gate does both jobs; two nets of these six are different."),
        Mistake("carry and write exchanged in all nets", _after("p, q = q, p"), "Carry and write are exchanged in all your nets. The carry stands before the old state.", whole=True),
        Mistake("carry and write exchanged in new", edit(NEW, "new = q * old + p * n"), "Your new state weighs the old one with the write and the candidate with the carry. The carry says how much of the old one stays.", whole=True),
        Mistake("candidates weighed", edit("return p, q, n,", "return p, q, q * n,"), "Your candidates are weighed with their write factors already. Asked for is what is written before it is weighed."),
        Mistake("blocks interleaved", edit("np.split(a, count, axis=1)", "[a[:, k::count] for k in range(count)]"), "You take every second or third column for a block, a[:, k::3]. A block is H columns side by side.", whole=True),
        Mistake("candidates bare", _line("lstm", "one, sigmoid(i), g") + _line("coupled", "sigmoid(f), 1 - sigmoid(f), g") + _line("mgu", "1 - sigmoid(f), sigmoid(f), n") + _line("leaky", "0.9 * one, 0.1 * one, n"), "Your candidates are bare pre-activations. In the two LSTMs, the minimal gated unit and the leaky net they go through a tanh; only Mamba's and the LRU's do not.", whole=True),
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
