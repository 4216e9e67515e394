"""Problem set 7: what the memory's own path lets through, with and without the peephole of f."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart
from vgcourse.problems.ps7.sequence import sequence

# --- carousel --------------------------------------------------------------------------------------


def carousel(gates, cs, p_f):
    """∂c_T/∂c_t along the memory alone, Π f_s over s = t + 1 … T; and with the peephole of f.

    With it a factor is f + (c_{t−1} − g) f(1 − f) p_f tanh'(c_{t−1}). gates: f, g, o, (T, 3, N, H).
    """
    f, g = gates[:, 0], gates[:, 1]
    old = cs[:-1]
    by_f = (old - g) * f * (1 - f) * p_f * (1 - np.tanh(old) ** 2)
    whole = f + by_f
    return to_the_end(f), to_the_end(whole)


def to_the_end(factors):
    """For t = 0 … T the product of the factors of steps t + 1 … T; 1 for T."""
    factors = np.concatenate([factors, np.ones_like(factors[:1])])
    carry = np.cumprod(factors[::-1], axis=0)[::-1]
    return carry


def _carousel_cases(rng):
    cases = []
    for T, N, D, H in ((6, 3, 2, 4), (5, 2, 3, 1), (1, 2, 3, 2)):
        _, _, cs, gates, (_, _, _, p_f, _) = sequence(rng, T, N, D, H, np.full(N, T))
        if T == 6:  # a factor below 0 in unit 0, one above 1 in unit 1, at the step where the least does it
            f, g = gates[:, 0], gates[:, 1]
            share = (1 - f) * (cs[:-1] - g) * (1 - np.tanh(cs[:-1]) ** 2)
            for unit, wanted in ((0, -2.0), (1, 3.0)):
                t, n = np.unravel_index(np.abs(share[1:, :, unit] * f[1:, :, unit]).argmax(), (T - 1, N))
                p_f[unit] = wanted / share[t + 1, n, unit]
        cases.append(Case((gates, cs, p_f), ("carry", "carry_peephole"), batch=N, steps=T if T > 1 else None))
    return cases


CAROUSEL = Problem(
    name="ps7.carousel",
    reference=carousel,
    helpers=(to_the_end,),
    cases=_carousel_cases,
    points=3,
    lecture='lecture 10, "LSTM"',
    axes={name: ("step from 0", "example", "unit") for name in ("carry", "carry_peephole")},
    mistakes=(
        Mistake("products from the start", edit("[factors, np.ones_like(factors[:1])]", "[np.ones_like(factors[:1]), factors]", "factors[::-1], axis=0)[::-1]", "factors, axis=0)", within=to_the_end), "Your products grow from step 1 onwards: that is ∂c_t/∂c_0. Asked for is ∂c_T/∂c_t, the product of what comes after t."),
        Mistake("one factor too many", edit("return carry", "return np.concatenate([carry[:1], carry[:-1]])", within=to_the_end), "Your product for t includes the factor of step t. That one lies before c_t; count what lies between c_t and c_T."),
        Mistake("one factor too few", edit("return carry", "return np.concatenate([carry[1:], carry[-1:]])", within=to_the_end), "Your product for t misses the first factor that c_t meets, that of step t + 1."),
        Mistake("one factor in place of the product", edit("return carry", "return factors", within=to_the_end), "Your entry for t is the factor of step t + 1 alone, which leads to c_{t+1}. To get to c_T it is multiplied by all later ones."),
        Mistake("c_T left out", edit("return carry", "return carry[:-1]", within=to_the_end), "Your arrays end at T − 1. There are T + 1 memories, c_0 … c_T, and c_T has a derivative with respect to itself."),
        Mistake("in the order of the loop", edit("return carry", "return carry[::-1]", within=to_the_end), "Your arrays begin with the last memory: they are in the order in which the product grew. Entry t belongs to c_t."),
        Mistake("1 − f for f", edit("gates[:, 0]", "1 - gates[:, 0]"), "You multiply 1 − f. That is the candidate's share; look at what the old memory meets."),
        Mistake("output gate for the forget gate", edit("gates[:, 0]", "gates[:, 2]"), "You multiply the output gates: of the blocks f, g, o in gates the forget gate is the first."),
        Mistake("candidate for the forget gate", edit("gates[:, 0]", "gates[:, 1]", "gates[:, 1]", "gates[:, 0]"), "You multiply the candidates: of the blocks f, g, o in gates the forget gate is the first."),
        Mistake("output gate in the carry alone", edit("return to_the_end(f)", "return to_the_end(gates[:, 2])"), "Your carry is a product of output gates. The memory goes on by f; o says what is shown of it."),
        Mistake("the way through h in the product", edit("whole = f", "f = f * gates[:, 2] * (1 - np.tanh(cs[1:]) ** 2)\n    whole = f"), "Your factors contain o ⊙ tanh'(c_t). The memory passes to the next step as it is; o and the tanh stand beside this path."),
        Mistake("peephole without σ'", edit(" * f * (1 - f)", ""), "Your peephole term misses the slope of the gate: c_{t−1} moves a_f, and a_f moves f."),
        Mistake("f for σ'", edit("f * (1 - f)", "f"), "Your peephole term has f in the place of the gate's slope, which is f(1 − f).", alone=True),
        Mistake("1 − f for σ'", edit("f * (1 - f)", "(1 - f)"), "Your peephole term has 1 − f in the place of the gate's slope, which is f(1 − f).", alone=True),
        Mistake("ways multiplied", edit("f + by_f", "f * by_f"), "Your factor is the memory's own way times the peephole's. Both lead from c_{t−1} to c_t side by side, so they are added.", alone=True),
        Mistake("peephole on c itself", edit(" * (1 - np.tanh(old) ** 2)", ""), "Your peephole term is that of a peephole on c itself. Here it looks through a tanh, and the way back passes its slope."),
        Mistake("peephole left out", edit("+ by_f", "+ 0 * by_f"), "Your carry_peephole misses the peephole: f itself depends on c_{t−1}, and f stands in c_t.", beside_the_point=True),
        Mistake("candidate left out", edit("- g", "- 0 * g"), "Your peephole term has the old memory alone, as with an input gate of its own. When f moves, the candidate's share moves too."),
        Mistake("old memory left out", edit("(old -", "(-"), "Your peephole term has the candidate alone. When f moves, what is kept of the old memory moves too."),
        Mistake("candidate with a plus", edit("- g", "+ g"), "In your peephole term the candidate has a plus. More f is less of the candidate."),
        Mistake("peephole term with c_t", edit("(old -", "(cs[1:] -"), "Your peephole term comes out as if c_t stood where c_{t−1} belongs, which is f times too small. What f multiplied is the old memory.", alone=True),
        Mistake("peephole term all at c_t", edit("cs[:-1]", "cs[1:]"), "Your peephole term is made with the new memory throughout. f multiplied the old one, and looked at the old one.", whole=True),
        Mistake("peephole term turned", edit("+ by_f", "- by_f"), "Your peephole term has the wrong sign: c_t as a function of f has the slope old minus candidate."),
        Mistake("slope at c_t", edit("tanh(old)", "tanh(cs[1:])"), "The slope of the peephole's tanh is taken at c_t. f looked at c_{t−1}."),
        Mistake("slope of the candidate", edit("np.tanh(old) ** 2", "g**2"), "The slope in your peephole term is the candidate's, 1 − g². The peephole looks at c_{t−1} through a tanh of its own."),
        Mistake("slope at the candidate", edit("np.tanh(old) ** 2", "np.tanh(g) ** 2"), "The slope of the peephole's tanh is taken at g. f looked at c_{t−1}."),
        Mistake("1 − c² for the slope", edit("np.tanh(old)", "old"), "You use 1 − c² as the slope of the peephole's tanh. That form wants the tanh's value, and c is what goes in."),
        Mistake("tanh for its slope", edit("(1 - np.tanh(old) ** 2)", "np.tanh(old)"), "Your peephole term has the tanh itself as a factor. On the way back its slope stands there."),
        Mistake("p_f missing", edit(" * p_f", ""), "Your peephole term lacks the peephole's weight itself."),
        Mistake("peephole's way alone", edit("f + by_f", "by_f"), "The factors of your carry_peephole are the peephole's way alone. The memory's own way, f, is added to it."),
        Mistake("candidate squashed again", edit("- g", "- np.tanh(g)"), "Your peephole term has tanh(g). The g of gates has been through the tanh already."),
        Mistake("old memory squashed", edit("(old -", "(np.tanh(old) -"), "Your peephole term has tanh(c_{t−1}) in the bracket. The peephole looks through a tanh; the memory's own line does not."),
        Mistake("both with the peephole", edit("(f),", "(whole),"), "Your carry has the peephole in it, too. It is the product of the gates alone."),
        Mistake("sizes of the factors", edit("return", "whole = np.abs(whole)\n    return"), "Your carry_peephole is the product of the factors' sizes. A factor can be negative here: its sign belongs to it."),
        Mistake("factors up to 1", edit("return", "whole = np.minimum(whole, 1)\n    return"), "Your factors end at 1. With a peephole one can be larger."),
        Mistake("factors from 0 to 1", edit("return", "whole = np.clip(whole, 0, 1)\n    return"), "You keep your factors between 0 and 1. With a peephole one can be larger, or negative."),
        Mistake("factors not below 0", edit("return", "whole = np.maximum(whole, 0)\n    return"), "Your factors are never negative. With a peephole one can be."),
        Mistake("a sum for the product", edit("cumprod", "cumsum", within=to_the_end), "You add the factors up. A way through several steps is their product."),
        Mistake("0 at T", edit("return carry", "return np.concatenate([carry[:-1], 0 * carry[-1:]])", within=to_the_end), "Your last entries are 0. The last entry is ∂c_T/∂c_T.", whole=True),
        Mistake("ways added behind the product", edit("to_the_end(whole)", "to_the_end(f) + to_the_end(by_f)"), "Your carry_peephole is a product of gates plus a product of peephole terms. At every step both ways are open: the sum stands inside the product.", alone=True),
        Mistake("ways added behind the product, 1 at T", edit("to_the_end(whole)", "to_the_end(f) + to_the_end(by_f) * (np.arange(len(cs)) < len(f))[:, None, None]"), "Your carry_peephole is a product of gates plus a product of peephole terms. At every step both ways are open: the sum stands inside the product.", alone=True),
        Mistake("the peephole at the first step only", edit("to_the_end(whole)", "np.concatenate([whole * to_the_end(f)[1:], np.ones_like(cs[:1])])"), "Your carry_peephole has the peephole at step t + 1 alone and gates afterwards. It is open at every step up to T.", alone=True),
        Mistake("the lecture's peephole", edit("(old - g)", "old", " * (1 - np.tanh(old) ** 2)", ""), "Your peephole term is the lecture's, c_{t−1} f(1 − f) p_f, (10.13). Here f stands in both shares of the memory, and looks at it through a tanh.", alone=True, beside_the_point=True),
        Mistake("the peephole added to the gate", edit("(old - g) * f * (1 - f) * p_f * (1 - np.tanh(old) ** 2)", "p_f * np.tanh(old)"), "You add what the peephole tells the gate, p_f tanh(c_{t−1}), to f. A factor is a derivative: how far c_t moves when c_{t−1} does, by way of f.", alone=True),
        Mistake("p_f added to the gate", edit("(old - g) * f * (1 - f) * p_f * (1 - np.tanh(old) ** 2)", "p_f"), "You add p_f to f. On the way through the peephole stand the tanh's slope, p_f, the gate's slope, and what f multiplied.", alone=True),
        Mistake("old minus candidate missing", edit("(old - g) * ", ""), "Your peephole term ends at f: how far f moves. c_t moves by c_{t−1} − g times that.", alone=True),
        Mistake("f(1 − f) twice", edit("f * (1 - f)", "(f * (1 - f)) ** 2"), "Your peephole term has the gate's slope twice.", alone=True),
        Mistake("tanh' for σ'", edit("f * (1 - f)", "(1 - f**2)"), "Your peephole term has the slope of a tanh for the gate's. f came out of a σ.", alone=True),
        Mistake("change of the memory", edit("(old - g)", "(cs[1:] - old)"), "Your peephole term has c_t − c_{t−1} in the bracket. c_t as a function of f has the slope c_{t−1} − g.", alone=True),
        Mistake("way through the output gate", edit("f * (1 - f) * p_f", "gates[:, 2] * (1 - gates[:, 2]) * p_f"), "Your peephole term has the slope of the output gate. The peephole p_f moves the forget gate.", alone=True),
        Mistake("weighed shares", edit("(old - g)", "(f * old - (1 - f) * g)"), "Your peephole term has the weighed shares f c_{t−1} and (1 − f) g. By f the slope is c_{t−1} − g alone.", alone=True),
        Mistake("peephole counted in both shares", edit("f + by_f", "f + 2 * by_f"), "Your peephole term is in the factor twice. f stands in both shares, and c_{t−1} − g holds both already.", alone=True),
        Mistake("gates of the step before", edit("gates[:, 0], gates[:, 1]", "np.roll(gates[:, 0], 1, axis=0), np.roll(gates[:, 1], 1, axis=0)"), "Your factors have the gates of the step before. gates[t] holds those of the step that leads from cs[t] to cs[t + 1].", whole=True, alone=True),
        Mistake("mean over the batch", edit("return carry", "return np.broadcast_to(carry.mean(axis=1, keepdims=True), carry.shape).copy()", within=to_the_end), "All of your examples have the same product, a mean over the batch. Each has gates of its own.", alone=True),
        Mistake("a power of the last factor", edit("return carry", "return factors[-2] ** np.arange(len(factors))[::-1, None, None]", within=to_the_end), "Your product is a power of the last step's factor. The gates move: every step has a factor of its own.", alone=True),
        Mistake("a power of the mean factor", edit("return carry", "return factors[:-1].mean(axis=0) ** np.arange(len(factors))[::-1, None, None]", within=to_the_end), "Your product is a power of the mean factor. The gates move: every step has a factor of its own, and they multiply.", alone=True),
        Mistake("logarithm of the product", edit("return carry", "return np.log(np.abs(carry))", within=to_the_end), "You return logarithms. Asked for is the product itself.", alone=True),
        Mistake("c_0 left out", edit("return carry", "return carry[1:]", within=to_the_end), "Your arrays begin at c_1. There are T + 1 memories, c_0 … c_T.", alone=True),
    ),
    invariants=(
        Invariant("1 at T", lambda args, out: max(apart(v[-1], np.ones_like(v[-1])) for v in out.values()), "The last entry of a carry is ∂c_T/∂c_T. Start the product there and go back."),
    ),
    hints=(
        "Take one step: which ways lead from c_{t−1} to c_t without passing through h? Without the peephole it is one; the peephole adds a second, through f.",
        "Every factor has shape (N, H), since each unit is on its own; the results have T + 1 entries, and the last one is 1.",
        "carry[t−1] = carry[t] ⊙ (factor of step t). c_t as a function of f has the slope c_{t−1} − g; f as a function of c_{t−1} has three factors.",
    ),
)  # fmt: skip
