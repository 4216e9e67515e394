"""Problem set 7: what goes wrong in one step of the coupled LSTM backwards, alone or in a whole sequence."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Mistake


def slope_of_tanh(c):
    """tanh'(c)."""
    return 1 - np.tanh(c) ** 2


# Edits of `coupled_step_backward` and one sentence for each; the whole sequence, where they happen too, takes a part.
SHARED = {
    "the LSTM's input gate": (edit("(c_prev - g)", "c_prev"), "Your gradient of f has the part of the old memory alone, as with an input gate of its own. Here f stands in both shares of c_t, so the candidate belongs to it as well."),
    "dc to f without the old memory": (edit("(c_prev - g)", "-g"), "Your gradient of f has the part of the candidate alone. f also multiplied c_{t−1}."),
    "sum in place of difference": (edit("(c_prev - g)", "(c_prev + g)"), "In your gradient of f the candidate has a plus. More f is more of the old memory and less of the candidate."),
    "dg with f": (edit("dc_t * (1 - f)", "dc_t * f"), "Your gradient of g has the factor f. f multiplied the old memory; look at what multiplied g."),
    "dg without its share": (edit("dc_t * (1 - f)", "dc_t"), "Your gradient of g is all of dc times a slope. g was multiplied by its share on the way forwards."),
    "dg with o": (edit("dc_t * (1 - f)", "dc_t * o"), "Your gradient of g has the output gate in it. o has no part in writing; look at what multiplied g."),
    "no tanh'(c)": (edit("1 - np.tanh(c) ** 2", "1.0", within=slope_of_tanh), "tanh' is missing wherever the memory is looked at: h and the peepholes see c through a tanh, so every way back from them to a memory passes its slope.", True),
    "1 − c² for the slope": (edit("np.tanh(c) ** 2", "c**2", within=slope_of_tanh), "You use 1 − c² as the slope of the tanh. That form wants the tanh's value, and c is what goes in.", True),
    "output peephole without tanh'": (edit("p_o * slope", "p_o"), "The way of the output gate's peephole to c_t lacks a factor, as if the gate saw c itself, (10.11). Here it sees c through a tanh.", True),
    "forget peephole without tanh'": (edit(" * slope_of_tanh(c_prev)", ""), "The way of the forget gate's peephole to c_{t−1} lacks a factor, as if the gate saw c itself, (10.13). Here it sees c through a tanh."),
    "output peephole's way dropped": (edit(" + da_o * p_o * slope", ""), "Your dc misses the way through the output gate's peephole: o looked at c_t, so da_o sends something to it, before the other two use dc."),
    "output peephole on the old memory": (edit(" + da_o * p_o * slope", "", "da_f * p_f", "(da_f * p_f + da_o * p_o)", "da_o * np.tanh(c)", "da_o * np.tanh(c_prev)"), "You treat the output gate's peephole as if it looked at c_{t−1}. o decides after the memory is written: its part belongs to c_t."),
    "forget peephole's way dropped": (edit(" + da_f * p_f * slope_of_tanh(c_prev)", ""), "Your dc_{t−1} misses the way through the forget gate's peephole: f looked at c_{t−1}, so da_f sends something to it."),
    "carry times 1 − f": (edit("dc_t * f", "dc_t * (1 - f)"), "Your carry is weighed with 1 − f. That is the candidate's share; look at what multiplied the old memory."),
    "carry without f": (edit("dc_t * f", "dc_t"), "Your dc passes to c_{t−1} whole. The old memory was multiplied on the way forwards, and so is its gradient."),
    "carry times o": (edit("dc_t * f", "dc_t * o"), "Your carry is weighed with the output gate. o stands between the memory and h, not between two memories."),
    "carry forgotten": (edit("dc_t * f + ", ""), "Your dc_{t−1} has the peephole's way alone. c_{t−1} also stands in its share of c_t."),
    "f's peephole with the new memory's slope": (edit("slope_of_tanh(c_prev)", "slope"), "On the way of f's peephole your slope of the tanh is taken at c_t. f looked at c_{t−1}."),
    "slope of h's tanh forgotten": (edit("dh * o * slope", "dh * o"), "The way from dh through h_t to the memory lacks a factor: h_t shows tanh(c_t), and the slope of that tanh belongs to it.", True),
    "no σ' on the forget gate": (edit(" * f * (1 - f)", ""), "The slope of f is missing on the way from f to a_f."),
    "no σ' on the output gate": (edit(" * o * (1 - o)", ""), "The slope of o is missing on the way from o to a_o."),
    "no tanh' on the candidate": (edit(" * (1 - g**2)", ""), "The slope of the candidate is missing on the way from g to a_g."),
    "slope of the gate's value": (edit("df * f * (1 - f)", "df * sigmoid(f) * (1 - sigmoid(f))", "do * o * (1 - o)", "do * sigmoid(o) * (1 - sigmoid(o))", "g**2", "np.tanh(g) ** 2"), "You take σ' and tanh' at the values f, g, o. These have been through σ and tanh already: their slopes are v(1 − v) and 1 − v².", True),
    "σ' on the candidate": (edit("(1 - g**2)", "g * (1 - g)"), "Your candidate has the slope of a σ. It came out of a tanh."),
    "tanh(c) missing in do": (edit("dh * np.tanh(c)", "dh * c"), "Your gradient of o has c_t in it. o multiplied tanh(c_t).", True),
    "the old memory in do": (edit("dh * np.tanh(c)", "dh * np.tanh(c_prev)"), "Your gradient of o has tanh(c_{t−1}) in it. What o multiplied is a tanh of the new memory.", True),
    "nothing shown in do": (edit("dh * np.tanh(c)", "dh"), "Your gradient of o is dh times a slope. o multiplied something on the way forwards, and that is its factor.", True),
    "dW_h with h_t": (edit("da.T @ h_prev", "da.T @ (o * np.tanh(c))"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step."),
    "dW_h with c_{t−1}": (edit("da.T @ h_prev", "da.T @ c_prev"), "Your dW_h is made with the old memory. The recurrent weights were multiplied with h_{t−1}."),
    "dc_prev is all of dc": (edit("return dx, dh_prev, dc_prev", "return dx, dh_prev, dc_t"), "Your dc_{t−1} is all that reaches c_t. From there it goes one step on: along the memory and through f's peephole."),
    "dp with c itself": (edit("da_f * np.tanh(c_prev)", "da_f * c_prev", "da_o * np.tanh(c)", "da_o * c"), "Your dp_f and dp_o multiply by c itself, as in (10.16). Here a peephole is multiplied by tanh(c).", True),
    "dp_o with c_{t−1}": (edit("da_o * np.tanh(c)", "da_o * np.tanh(c_prev)"), "Your dp_o looks at the old memory. The output gate saw the new one."),
    "dp_f with c_t": (edit("da_f * np.tanh(c_prev)", "da_f * np.tanh(c)"), "Your dp_f looks at the new memory. The forget gate decided before it was written."),
    "dp_f with c itself": (edit("da_f * np.tanh(c_prev)", "da_f * c_prev"), "Your dp_f multiplies by c_{t−1} itself, as in (10.16). Here the peephole is multiplied by its tanh."),
    "dp_o with c itself": (edit("da_o * np.tanh(c)", "da_o * c"), "Your dp_o multiplies by c_t itself, as in (10.16). Here the peephole is multiplied by its tanh."),
    "dp without the memory": (edit("da_f * np.tanh(c_prev)", "da_f", "da_o * np.tanh(c)", "da_o"), "Your dp_f and dp_o are sums of da, like a bias's. A peephole is multiplied by what it sees of the memory.", True),
    "weights averaged over the batch": (edit("dW_x, dW_h, db, dp_f, dp_o", "*(dW / len(x) for dW in (dW_x, dW_h, db, dp_f, dp_o))"), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh and dc; here the batch is summed.", True),
    "blocks stacked f, o, g": (edit("[da_f, da_g, da_o]", "[da_f, da_o, da_g]"), "You stack the da in the order f, o, g. The rows of W_x, W_h and b are in the order f, g, o.", True),
}  # fmt: skip

# Rarer ones, never looked for in pairs.
MORE = {
    "1 − c_t² for the slope": (edit("slope_of_tanh(c)", "1 - c**2"), "At c_t your slope of the tanh is 1 − c_t². That form wants the tanh's value, and c_t is what goes in.", True),
    "no tanh' at c_t": (edit("slope_of_tanh(c)", "1.0"), "Nothing that reaches c_t from h and from o's peephole has passed the slope of the tanh through which they look at it.", True),
    "o missing in dc": (edit("dh * o * slope", "dh * slope"), "On the way from dh through h_t to the memory a factor is missing: h_t is tanh(c_t), times something."),
    "output peephole's slope at the old memory": (edit("p_o * slope", "p_o * slope_of_tanh(c_prev)"), "On the way of o's peephole your slope of the tanh is taken at c_{t−1}. o looked at c_t."),
    "peephole of o before σ'": (edit("da_o * p_o", "dh * p_o"), "Your way through o's peephole starts with dh. It starts with what reached a_o: o's slope and what o multiplied belong to it."),
    "output peephole with a minus": (edit("slope + da_o", "slope - da_o"), "What goes through o's peephole is subtracted from your dc. Gradients of several uses are added."),
    "dp_f and dp_o of the other gate": (edit("da_f * np.tanh(c_prev)", "da_o * np.tanh(c_prev)", "da_o * np.tanh(c)", "da_f * np.tanh(c)"), "Your dp_f is made of o's gradient and your dp_o of f's. Each peephole belongs to the gate of its name.", True),
    "f's slope twice on the peephole's way": (edit("da_f * p_f", "da_f * p_f * f * (1 - f)"), "On the way through f's peephole f's slope comes twice: da_f has it already."),
    "dg with σ'": (edit("dc_t * (1 - f)", "dc_t * f * (1 - f)"), "Your gradient of g has f(1 − f) in it. g was multiplied by 1 − f; f's slope belongs to f."),
    "o's slope missing on the peephole's way": (edit("da_o * p_o", "do * p_o"), "The way through o's peephole to c_t lacks the slope of o: it starts from a_o."),
    "p_o missing": (edit("da_o * p_o", "da_o"), "Your way through o's peephole lacks the peephole's weight itself: p_o multiplied what o saw."),
    "p_f missing": (edit("da_f * p_f", "da_f"), "Your way through f's peephole lacks the peephole's weight itself: p_f multiplied what f saw."),
    "o's peephole for f's": (edit("da_f * p_f", "da_o * p_o"), "To c_{t−1} you send what goes through o's peephole. It was f that looked at c_{t−1}."),
    "both peepholes to the old memory": (edit(" + da_o * p_o * slope", "", "da_f * p_f", "(da_f * p_f + da_o * p_o)"), "What goes through o's peephole reaches c_{t−1} in your answer. o decides after the memory is written, so it belongs to c_t."),
    "df with the new memory": (edit("(c_prev - g)", "(c - g)"), "Your gradient of f comes out as if c_t stood where c_{t−1} belongs: f multiplied the old memory."),
    "df with tanh(c_{t−1})": (edit("(c_prev - g)", "(np.tanh(c_prev) - g)"), "Your gradient of f has tanh(c_{t−1}) in it. The peephole looks through a tanh; the memory's own line does not."),
    "df with the wrong sign": (edit("(c_prev - g)", "(g - c_prev)"), "What reaches f in your answer has the wrong sign, as if its gradient were new minus old. More f is more of the old memory and less of the candidate.", True),
    "df from the incoming dc": (edit("df = dc_t", "df = dc"), "Your gradient of f starts from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "dg from the incoming dc": (edit("dg = dc_t", "dg = dc"), "Your gradient of g starts from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "df and dg from the incoming dc": (edit("df = dc_t", "df = dc", "dg = dc_t", "dg = dc"), "Your gradients of f and g start from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "all from the incoming dc": (edit("df = dc_t", "df = dc", "dg = dc_t", "dg = dc", "dc_t * f", "dc * f"), "Your f, g and c_{t−1} get the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "do from dh and dc": (edit("do = dh", "do = (dh + dc)"), "Your gradient of o has dc in it. o stands in h_t alone: what reaches it comes with dh.", True),
    "do from all of dc": (edit("do = dh", "do = (dc + dh * o * slope)"), "Your gradient of o starts from the memory's gradient. o stands in h_t alone: what reaches it comes with dh.", True),
    "dg with 1 − o": (edit("dc_t * (1 - f)", "dc_t * (1 - o)"), "Your gradient of g has 1 − o in it. o has no part in writing; look at what multiplied g."),
    "tanh' at g": (edit("g**2", "np.tanh(g) ** 2"), "You take tanh' at g. g has been through the tanh already: its slope is 1 − g²."),
    "σ' at f": (edit("df * f * (1 - f)", "df * sigmoid(f) * (1 - sigmoid(f))"), "You take σ' at f. f has been through the σ already: its slope is f(1 − f)."),
    "σ' at o": (edit("do * o * (1 - o)", "do * sigmoid(o) * (1 - sigmoid(o))"), "You take σ' at o. o has been through the σ already: its slope is o(1 − o).", True),
    "dp with h_{t−1}": (edit("da_f * np.tanh(c_prev)", "da_f * h_prev", "da_o * np.tanh(c)", "da_o * h_prev"), "Your dp_f and dp_o multiply by h_{t−1}. A peephole is multiplied by what it sees of the memory.", True),
    "dp_f with h_{t−1}": (edit("da_f * np.tanh(c_prev)", "da_f * h_prev"), "Your dp_f multiplies by h_{t−1}. A peephole is multiplied by what it sees of the memory."),
    "dp_o with h": (edit("da_o * np.tanh(c)", "da_o * o * np.tanh(c)"), "Your dp_o multiplies by h_t. A peephole is multiplied by what it sees of the memory."),
    "dp with a slope": (edit("da_f * np.tanh(c_prev)", "da_f * slope_of_tanh(c_prev)", "da_o * np.tanh(c)", "da_o * slope"), "Your dp_f and dp_o multiply by slopes of the tanh. The weight p multiplied its value.", True),
    "dp_f with a slope": (edit("da_f * np.tanh(c_prev)", "da_f * slope_of_tanh(c_prev)"), "Your dp_f multiplies by a slope of the tanh. The weight p multiplied its value."),
    "dp_o with a slope": (edit("da_o * np.tanh(c)", "da_o * slope"), "Your dp_o multiplies by a slope of the tanh. The weight p multiplied its value."),
    "tanh' on the forget gate": (edit(" * f * (1 - f)", " * (1 - f**2)"), "Your forget gate has the slope of a tanh. It came out of a σ."),
    "tanh' on the output gate": (edit(" * o * (1 - o)", " * (1 - o**2)"), "Your output gate has the slope of a tanh. It came out of a σ."),
    "dp_f with both memories exchanged": (edit("da_f * np.tanh(c_prev)", "da_f * np.tanh(c)", "da_o * np.tanh(c)", "da_o * np.tanh(c_prev)"), "Your dp_f looks at the new memory and your dp_o at the old one. f decided before the memory was written, o after.", True),
}  # fmt: skip

# How the rest of a step is left out or taken twice: with the whole of dc in some places and a part of it in others.
_BEFORE_O = "(dc_t - da_o * p_o * slope)"
MORE |= {
    "dc left out of the gates": (edit("df = dc_t", "df = (dc_t - dc)", "dg = dc_t", "dg = (dc_t - dc)"), "Your f and g get nothing of the dc that came in; c_{t−1} does. All that reaches c_t goes to each of the three.", True),
    "dc left out of the carry": (edit("dc_t * f", "(dc_t - dc) * f"), "Your carry to c_{t−1} leaves the dc that came in out; f and g get it. All that reaches c_t goes to each of the three."),
    "gates before o's peephole": (edit("df = dc_t", f"df = {_BEFORE_O}", "dg = dc_t", f"dg = {_BEFORE_O}"), "Your f and g get dc before what goes through o's peephole is added to it; c_{t−1} gets all. All that reaches c_t goes to each of the three.", True),
    "carry before o's peephole": (edit("dc_t * f", f"{_BEFORE_O} * f"), "Your carry to c_{t−1} starts before what goes through o's peephole is added to dc; f and g get all. All that reaches c_t goes to each of the three."),
    "peepholes' ways without tanh'": (edit("p_o * slope", "p_o", " * slope_of_tanh(c_prev)", ""), "Both peepholes' ways to a memory lack a factor, as if the gates saw c itself, (10.11) and (10.13). Here they see c through a tanh.", True),
    "peepholes' ways dropped": (edit(" + da_o * p_o * slope", "", " + da_f * p_f * slope_of_tanh(c_prev)", ""), "No gradient goes through your peepholes to a memory. f looked at c_{t−1} and o at c_t, so da_f and da_o send something there.", True),
    "all of dc through the tanh": (edit("dc + dh * o", "dc * slope + dh * o"), "In your answer the dc that came in passes the slope of the tanh as well. Along the memory there is no tanh: what looks at c_t through one is h_t and o's peephole.", True),
    "carry through the tanh": (edit("dc_t * f", "dc_t * f * slope_of_tanh(c_prev)"), "Your carry to c_{t−1} has the slope of a tanh in it. The peephole looks through a tanh; the memory's own line does not."),
    "f on the peephole's way": (edit("da_f * p_f", "f * da_f * p_f"), "What goes through f's peephole is multiplied by f in your answer. It leads straight from a_f to c_{t−1}: it is added to the carry after that has got its f."),
    "o's peephole twice": (edit("slope + da_o * p_o", "slope + 2 * da_o * p_o"), "What goes through o's peephole is in your dc twice."),
    "o(1 − o) for o in dc": (edit("dh * o * slope", "dh * o * (1 - o) * slope"), "On the way from dh through h_t to the memory you have the slope of o. There o is a factor, as it stands; its slope belongs to da_o.", True),
    "slope of h's tanh twice": (edit("dh * o * slope", "dh * o * slope**2"), "On the way from dh through h_t to the memory the slope of the tanh comes twice.", True),
    "do with the slope": (edit("dh * np.tanh(c)", "dh * slope"), "Your gradient of o has the slope of the tanh in it. o multiplied tanh(c_t) itself.", True),
    "do with o": (edit("dh * np.tanh(c)", "dh * o * np.tanh(c)"), "Your gradient of o has h_t as its factor, o times tanh(c_t). o multiplied tanh(c_t) alone.", True),
    "df with f": (edit("df = dc_t * (c_prev - g)", "df = dc_t * (f * c_prev - (1 - f) * g)"), "Your gradient of f has the weighed shares f c_{t−1} and (1 − f) g. By f the derivative of f c_{t−1} is c_{t−1} alone, and likewise with g."),
    "df with c − c_{t−1}": (edit("(c_prev - g)", "(c - c_prev)"), "Your gradient of f has the change of the memory, c_t − c_{t−1}. What f multiplied is c_{t−1} − g."),
    "dg with c_{t−1}": (edit("dc_t * (1 - f)", "dc_t * (1 - f) * c_prev"), "Your gradient of g has c_{t−1} in it. The old memory and g stand in a sum; look at what multiplied g."),
    "1 − g for the slope": (edit("g**2", "g"), "Your candidate has the slope 1 − g. The slope of a tanh with the value g is 1 − g²."),
    "tanh' at c_{t−1} for the candidate": (edit("(1 - g**2)", "slope_of_tanh(c_prev)"), "Your candidate has the slope of the tanh through which the memory is seen. Its own is 1 − g²."),
    "peepholes averaged over the batch": (edit("dp_f = (da_f * np.tanh(c_prev)).sum(", "dp_f = (da_f * np.tanh(c_prev)).mean(", "dp_o = (da_o * np.tanh(c)).sum(", "dp_o = (da_o * np.tanh(c)).mean("), "Your dp_f and dp_o are means over the batch. The same peepholes serve every example: add.", True),
    "biases and peepholes averaged": (edit("da.sum(axis=0)", "da.mean(axis=0)", "dp_f = (da_f * np.tanh(c_prev)).sum(", "dp_f = (da_f * np.tanh(c_prev)).mean(", "dp_o = (da_o * np.tanh(c)).sum(", "dp_o = (da_o * np.tanh(c)).mean("), "Your db, dp_f and dp_o are means over the batch. The same weights serve every example: add.", True),
    "dp before the slopes": (edit("da_f * np.tanh(c_prev)", "df * np.tanh(c_prev)", "da_o * np.tanh(c)", "do * np.tanh(c)"), "Your dp_f and dp_o start before the slopes of the gates. A peephole stands inside the σ, so its gradient is made of da.", True),
    "dp with p": (edit("da_f * np.tanh(c_prev)", "da_f * p_f * np.tanh(c_prev)", "da_o * np.tanh(c)", "da_o * p_o * np.tanh(c)"), "Your dp_f and dp_o have the peepholes' weights in them. The derivative of p tanh(c) by p is tanh(c).", True),
    "blocks stacked g, f, o": (edit("[da_f, da_g, da_o]", "[da_g, da_f, da_o]"), "You stack the da in the order g, f, o. The rows of W_x, W_h and b are in the order f, g, o.", True),
    "blocks stacked o, g, f": (edit("[da_f, da_g, da_o]", "[da_o, da_g, da_f]"), "You stack the da in the order o, g, f. The rows of W_x, W_h and b are in the order f, g, o.", True),
}  # fmt: skip


def _without(gate):
    """da with the block of one gate set to 0."""
    return "np.concatenate([da_f, da_g, da_o], axis=1)".replace(f"da_{gate}", f"0 * da_{gate}")


# Of one step alone: a whole sequence goes through them many times.
OF_A_STEP = {
    **{
        f"dx without {gate}": (edit("da @ W_x", f"{_without(gate)} @ W_x"), f"Your dx misses what comes through {gate}. All three blocks of a were made with x.")
        for gate in "fgo"
    },
    **{
        f"dh_prev without {gate}": (edit("da @ W_h", f"{_without(gate)} @ W_h"), f"Your dh_prev misses what comes through {gate}. All three blocks of a were made with h_{{t−1}}.")
        for gate in "fgo"
    },
    "peepholes of the lecture": (edit("p_o * slope", "p_o", " * slope_of_tanh(c_prev)", "", "da_f * np.tanh(c_prev)", "da_f * c_prev", "da_o * np.tanh(c)", "da_o * c"), "Your peepholes are the lecture's, (10.11), (10.13) and (10.16), which see c itself. Here they see it through a tanh.", True),
    "dW_h of the new state, dp of the old memory": (edit("da.T @ h_prev", "da.T @ (o * np.tanh(c))", "da_o * np.tanh(c)", "da_o * np.tanh(c_prev)"), "Your dW_h uses h_t and your dp_o the old memory. W_h was multiplied with the state before the step, p_o with the memory after it.", True),
    "dc_prev by way of dh_prev": (edit("return dx, dh_prev, dc_prev", "return dx, dh_prev, dc_prev + dh_prev * slope_of_tanh(c_prev)"), "Your dc_prev holds dh_prev as well, sent through h_{t−1} to its memory. That is the step before: it will do so when it gets your dh_prev."),
    "dh kept": (edit("da @ W_h", "da @ W_h + dh"), "Your dh_prev holds dh itself as well. No straight path leads from h_{t−1} to h_t: h_{t−1} is read by the gates alone."),
    "blocks of W_h transposed": (edit("da @ W_h", "sum(part @ W.T for part, W in zip((da_f, da_g, da_o), np.split(W_h, 3), strict=True))"), "In your dh_prev the blocks of W_h are transposed. Forwards the transposed matrix stood on the right of h_{t−1}, so backwards the matrix itself does."),
}  # fmt: skip


def shared_mistakes(within=None):
    """The mistakes of one step, for the step itself and `within` it for the sequence."""
    return tuple(
        Mistake(name, _inside(edits, within), text, whole=bool(whole))
        for name, (edits, text, *whole) in SHARED.items()
    )


def more_of_a_step(*groups, within=None):
    """The rarer ones, which are recognised alone, not two at once."""
    return tuple(
        Mistake(
            name,
            _inside(edits, within),
            text,
            whole=bool(whole),
            alone=True,
            beside_the_point="of the lecture" in name,
        )
        for group in groups
        for name, (edits, text, *whole) in group.items()
    )


def _inside(edits, within):
    return tuple(change._replace(within=change.within or within) for change in edits)
