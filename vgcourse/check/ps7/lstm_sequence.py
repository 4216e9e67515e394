"""Problem set 7: the LSTM back through a whole sequence, and what the memory's path alone lets through."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.lstm_backward import AXES, SHARED, local_factors, signals, weights, x_and_W_x
from vgcourse.check.ps7.lstm_forward import apart, forward_family, lstm_inputs

# --- lstm_backward ---------------------------------------------------------------------------------

NAMES = ("dx", "dh0", "dc0", "dW_x", "dW_h", "db", "dp_i", "dp_f", "dp_o")


def lstm_backward(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    """The step backwards from T to 1: dh_t = dhs_t + dh from t + 1, dc_t = dc from t + 1, weights add up.

    x, dhs (T, N, D or H) and gates (T, 4, N, H) start with step 1, hs and cs (T + 1, N, H) with h_0, c_0.
    """
    return sequence_family(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o)


def sequence_family(
    dhs,
    dc_T,
    x,
    hs,
    cs,
    gates,
    W_x,
    W_h,
    p_i,
    p_f,
    p_o,
    *,
    use_dc_T=True,
    dc_T_again=False,
    own="every step",
    pass_dh=True,
    add_weights=True,
    add_peepholes=True,
    gate_of="this step",
    forwards=False,
    reverse_dx=False,
    stop_early=False,
    per_step=False,
    from_h0=True,
    add_up=False,
    **step,
):
    """The loop with its parts exchangeable; what is left over exchanges parts of each step."""
    T, N, H = dhs.shape
    local = local_factors(gates, cs[:-1], cs[1:], **step)
    if gate_of == "step before":
        local = *local[:-1], np.concatenate([local[-1][:1], local[-1][:-1]])
    dh_next, dc_next = np.zeros((N, H)), dc_T * use_dc_T
    da, das = np.zeros((T, N, 4 * H)), [None] * T
    for t in range(T) if forwards else reversed(range(T)):
        dh = dh_next * pass_dh + (dhs[t] if own == "every step" or t == T - 1 else 0)
        dc = dc_next + (dc_T if dc_T_again and t < T - 1 else 0)
        das[t], da[t], dc_next = signals(dh, dc, [v[t] for v in local], p_i, p_f, p_o, **step)
        dh_next = da[t] @ W_h + add_up * dh_next
    dx = da @ W_x
    dh0, dc0 = (dh, dc) if stop_early else (dh_next, dc_next)

    def summed(steps):
        rows = {gate: np.concatenate([at[gate] for at in das[steps]]) for gate in "ifgo"}
        arrays = (da, x, hs[:-1], gates[:, 3] * np.tanh(cs[1:]), cs[:-1], cs[1:])
        da_rows, *others = (v[steps].reshape(-1, v.shape[-1]) for v in arrays)
        return list(weights(rows, da_rows, N, *others, **step))

    first, every = slice(0, 1), slice(None)
    sums = summed(every if add_weights else first)
    if not add_peepholes:
        sums[3:] = summed(first)[3:]
    if not from_h0:
        sums[1] = summed(slice(1, None))[1]
    return dx[::-1] if reverse_dx else dx, dh0, dc0, *(dW / (T if per_step else 1) for dW in sums)


def _sequence(rng, T, N, D, H):
    """x, hs, cs, gates and weights of a forward pass over T steps."""
    _, h, c, *params = lstm_inputs(rng, N, D, H)
    x, hs, cs, gates = rng.normal(size=(T, N, D)), [h], [c], []
    for x_t in x:
        h, c, *four = forward_family(x_t, hs[-1], cs[-1], *params)
        hs.append(h)
        cs.append(c)
        gates.append(np.stack(four))
    return x, np.stack(hs), np.stack(cs), np.stack(gates), params


def _cases(rng):
    cases = []
    for T, N, D, H in ((5, 3, 5, 2), (5, 3, 3, 3)):  # the square one lets wrong products run
        x, hs, cs, gates, (W_x, W_h, _, *p) = _sequence(rng, T, N, D, H)
        dhs, dc_T = rng.normal(size=(T, N, H)), rng.normal(size=(N, H))
        cases.append(Case((dhs, dc_T, x, hs, cs, gates, W_x, W_h, *p), NAMES, batch=N, steps=T))
    return cases


LSTM_BACKWARD = Problem(
    name="ps7.lstm_backward",
    reference=lstm_backward,
    family=sequence_family,
    cases=_cases,
    points=6,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("step", "example", "input"), "dh0": ("example", "unit"), "dc0": ("example", "unit")},
    mistakes=(
        Mistake("dc_T ignored", dict(use_dc_T=False), "Your loop starts with dc = 0. The argument dc_T is the gradient that reaches the last memory from outside: the loop over the steps starts with it."),
        Mistake("dc_T at every step", dict(dc_T_again=True), "You add dc_T at every step. It belongs to c_T alone; the earlier memories get their share of it through the carry."),
        Mistake("dc overwritten", dict(incoming=False), "Each step's dc starts anew, so what step t + 1 sends back along the memory is lost, and dc_T with it. That path is what the LSTM is for: dc_t begins with dc_{t+1} ⊙ f_{t+1} + …, and the rest is added."),
        Mistake("dh not passed on", dict(pass_dh=False), "Your dh_t is the loss of step t alone. h_t is also read by all four gates of step t + 1: add their da_{t+1} W_h."),
        Mistake("dh added up", dict(add_up=True), "The dh that steps hand back piles up: what step t + 1 handed back comes again at every earlier step. Replace it (=), do not add (+=)."),
        Mistake("dhs of the last step only", dict(own="last step"), "You use the last entry of dhs only. Every step has a loss of its own here: dh_t = dhs_t + what step t + 1 sends back."),
        Mistake("weights overwritten", dict(add_weights=False), "Your weight gradients are those of step 1, the last one that the loop visits. The weights are used in every step, so their gradients add up."),
        Mistake("peephole gradients overwritten", dict(add_peepholes=False), "Your dp_i, dp_f and dp_o are those of step 1, the last one that the loop visits. Peepholes are used in every step: add up, as for the other weights."),
        Mistake("forget gate of the step before", dict(gate_of="step before"), "Your carry is one step off: dc_t passes to c_{t−1} by f_{t−1}. The gate on that path is the one that made c_t, c_t = f_t ⊙ c_{t−1} + …, so dc_{t−1} has dc_t ⊙ f_t."),
        Mistake("loop runs forwards", dict(forwards=True), "Your loop runs from step 1 to T. Gradients travel from the last step to the first: what step t needs comes from step t + 1."),
        Mistake("dx in the order of the loop", dict(reverse_dx=True), "Your dx starts with the last step: it is in the order in which the loop found it. Reverse it, so that dx[0] belongs to x[0]."),
        Mistake("dh0 and dc0 one step early", dict(stop_early=True), "Your dh0 and dc0 are the gradients by h_1 and c_1. They have one more step to go: what step 1 sends back to its initial state."),
        Mistake("weights averaged over the steps", dict(per_step=True), "Your weight gradients are divided by T. The losses of the steps are added, so the shares of the steps are added as well."),
        Mistake("dW_h without the first step", dict(from_h0=False), "Your dW_h leaves step 1 out. The initial state h_0 is not zero here: da_1ᵀ h_0 belongs to the sum."),
        *(Mistake(name, *entry) for name, entry in SHARED.items()),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: x_and_W_x(args[2], out["dx"], args[6], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx over steps and batch equals Σ W_x ⊙ dW_x for every input, whatever the gates do. Does dW_x hold every step, and is dx in the order of x?"),
    ),
    hints=(
        "Your step from the part before does nearly all of it. The loop carries two arrays, dh and dc, from step t + 1 to step t, and collects the weights.",
        "hs and cs have T + 1 entries and start with the initial state: with t = 0 … T − 1, step t goes from hs[t], cs[t] to hs[t+1], cs[t+1]. The loop starts with dh = 0 and dc = dc_T.",
        "for t in reversed(range(T)): the step gets dhs[t] + dh and dc, and gives dx[t], the dh and dc for the next turn, and six gradients to add. What dh and dc are after the last turn is dh0, dc0.",
    ),
)  # fmt: skip


# --- carousel --------------------------------------------------------------------------------------


def carousel(gates, cs, p_i, p_f):
    """∂c_T/∂c_t along the memory alone, Π f_s over s = t + 1 … T; and with the peepholes of i and f.

    No weight matrix and no tanh is on that path: every unit is on its own. With peepholes a factor is
    f + c_{t−1} f(1 − f) p_f + g i(1 − i) p_i. gates holds i, f, g, o: (T, 4, N, H); cs starts with c_0.
    """
    return carousel_family(gates, cs, p_i, p_f)


def carousel_family(
    gates,
    cs,
    p_i,
    p_f,
    *,
    gate="f",
    product="from the end",
    slopes=True,
    forget_peephole=True,
    input_peephole=True,
    memory="old",
    di_times="g",
    through_h=False,
):
    """Both products with their parts exchangeable."""
    i, f, g, o = np.moveaxis(gates, 1, 0)
    at = {"i": i, "f": f, "g": g, "o": o, "old": cs[:-1], "new": cs[1:]}
    alone = at[gate] * (o * (1 - np.tanh(cs[1:]) ** 2) if through_h else 1)
    by_f, by_i = p_f * at[memory], p_i * at[di_times]
    if slopes:
        by_f, by_i = by_f * f * (1 - f), by_i * i * (1 - i)
    return _products(alone, product), _products(
        alone + by_f * forget_peephole + by_i * input_peephole, product
    )


def _products(factors, product):
    ones = np.ones_like(factors[:1])
    if product == "from the start":
        return np.cumprod(np.concatenate([ones, factors]), axis=0)
    if product == "one factor":
        return np.concatenate([factors, ones])
    whole = np.cumprod(np.concatenate([factors, ones])[::-1], axis=0)[::-1]
    if product == "one too many":
        return np.concatenate([whole[:1], whole[:-1]])
    if product == "one too few":
        return np.concatenate([whole[1:], ones])
    if product == "without c_T":
        return whole[:-1]
    return whole


def _carousel_cases(rng):
    cases = []
    for T, N, D, H in ((6, 3, 2, 4), (5, 2, 3, 1)):
        _, _, cs, gates, (_, _, _, p_i, p_f, _) = _sequence(rng, T, N, D, H)
        cases.append(Case((gates, cs, p_i, p_f), ("carry", "carry_peepholes"), batch=N, steps=T))
    return cases


CAROUSEL = Problem(
    name="ps7.carousel",
    reference=carousel,
    family=carousel_family,
    cases=_carousel_cases,
    points=3,
    lecture='lecture 10, "LSTM"',
    axes={name: ("step from 0", "example", "unit") for name in ("carry", "carry_peepholes")},
    mistakes=(
        Mistake("products from the start", dict(product="from the start"), "Your products grow from step 1 onwards: that is ∂c_t/∂c_0. Asked for is ∂c_T/∂c_t, the product of the gates after t, so it starts from the end with 1 at T."),
        Mistake("results exchanged", lambda *args: carousel_family(*args)[::-1], "Your two results are in the opposite order: first the product of the f alone, then the one with the peepholes."),
        Mistake("one factor too many", dict(product="one too many"), "Your product for t includes f_t. That gate lies before c_t, c_t = f_t ⊙ c_{t−1} + …; between c_t and c_T are f_{t+1} … f_T."),
        Mistake("one factor too few", dict(product="one too few"), "Your product for t misses f_{t+1}, the first gate that c_t meets. With cs[0] the initial memory, carry[0] is a product of all T gates."),
        Mistake("one factor in place of the product", dict(product="one factor"), "Your entry for t is f_{t+1} alone, which is ∂c_{t+1}/∂c_t. To get to c_T it is multiplied by all the later gates."),
        Mistake("c_T left out", dict(product="without c_T"), "Your arrays end at T − 1. There are T + 1 memories, c_0 … c_T, and the last entry is ∂c_T/∂c_T = 1."),
        Mistake("input gate for the forget gate", dict(gate="i"), "You multiply the input gates. What c_{t−1} meets on its way to c_t is the forget gate: c_t = f ⊙ c_{t−1} + i ⊙ g."),
        Mistake("output gate for the forget gate", dict(gate="o"), "You multiply the output gates: of the four blocks in gates, i, f, g, o, the forget gate is the second."),
        Mistake("the way through h in the product", dict(through_h=True), "Your factors contain o ⊙ tanh'(c). The memory passes to the next step as it is; o and the tanh stand between c and h, beside this path."),
        Mistake("peepholes without slopes", dict(slopes=False), "Your peephole terms miss the slopes of the gates: c_{t−1} acts on f through f(1 − f) p_f, and on i through i(1 − i) p_i."),
        Mistake("forget peephole left out", dict(forget_peephole=False), "Your carry_peepholes misses the term of the forget gate: f itself depends on c_{t−1} through p_f, and f is multiplied by c_{t−1}."),
        Mistake("input peephole left out", dict(input_peephole=False), "Your carry_peepholes misses the term of the input gate: i depends on c_{t−1} through p_i, and i is multiplied by g."),
        Mistake("peephole term with c_t", dict(memory="new"), "The forget gate's term uses c_t. What f multiplies is the old memory: c_{t−1} f(1 − f) p_f, with cs[t−1] for step t."),
        Mistake("input term with c_{t−1}", dict(di_times="old"), "The input gate's term uses c_{t−1}. What i multiplies is the candidate: g i(1 − i) p_i."),
    ),
    invariants=(
        Invariant("1 at T", lambda args, out: max(apart(v[-1], np.ones_like(v[-1])) for v in out.values()), "The last entry of a carry is ∂c_T/∂c_T, which is 1. Start the product there and go back."),
    ),
    hints=(
        "Take one step: which lines of the LSTM lead from c_{t−1} to c_t without passing through h? Without peepholes it is one; each of the two peepholes adds another.",
        "Every factor has shape (N, H), since each unit is on its own; the results have T + 1 entries, and the last one is 1.",
        "carry[t−1] = carry[t] ⊙ (factor of step t). With peepholes the factor is ∂c_t/∂c_{t−1} = f + (∂f/∂c_{t−1}) c_{t−1} + (∂i/∂c_{t−1}) g, and ∂f/∂c_{t−1} = f(1 − f) p_f.",
    ),
)  # fmt: skip
