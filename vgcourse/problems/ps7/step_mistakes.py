"""Problem set 7: what goes wrong in one step of the coupled LSTM backwards, alone or in a whole sequence."""

import functools

import numpy as np

from vgcourse.problems.problem import Mistake

# One dict of switches and one sentence for each; the whole sequence, where they happen too, takes a part.
SHARED = {
    "the LSTM's input gate": (dict(df_new=0.0), "Your gradient of f has the part of the old memory alone, as with an input gate of its own. Here f stands in both shares of c_t, so the candidate belongs to it as well."),
    "dc to f without the old memory": (dict(df_old=0.0), "Your gradient of f has the part of the candidate alone. f also multiplied c_{t−1}."),
    "sum in place of difference": (dict(df_new=-1.0), "In your gradient of f the candidate has a plus. More f is more of the old memory and less of the candidate."),
    "dg with f": (dict(dg_times="f"), "Your gradient of g has the factor f. f multiplied the old memory; look at what multiplied g."),
    "dg without its share": (dict(dg_times="1"), "Your gradient of g is all of dc times a slope. g was multiplied by its share on the way forwards."),
    "dg with o": (dict(dg_times="o"), "Your gradient of g has the output gate in it. o has no part in writing; look at what multiplied g."),
    "no tanh'(c)": (dict(tanh_slope=lambda c: 1.0), "tanh' is missing wherever the memory is looked at: h and the peepholes see c through a tanh, so every way back from them to a memory passes its slope.", True),
    "1 − c² for the slope": (dict(tanh_slope=lambda c: 1 - c**2), "You use 1 − c² as the slope of the tanh. That form wants the tanh's value, and c is what goes in.", True),
    "output peephole without tanh'": (dict(peep_slope_o=False), "The way of the output gate's peephole to c_t lacks a factor, as if the gate saw c itself, (10.11). Here it sees c through a tanh.", True),
    "forget peephole without tanh'": (dict(peep_slope_f="none"), "The way of the forget gate's peephole to c_{t−1} lacks a factor, as if the gate saw c itself, (10.13). Here it sees c through a tanh."),
    "output peephole's way dropped": (dict(peep_o=False), "Your dc misses the way through the output gate's peephole: o looked at c_t, so da_o sends something to it, before the other two use dc."),
    "output peephole on the old memory": (dict(peep_o="old", dp_o_times="c_prev"), "You treat the output gate's peephole as if it looked at c_{t−1}. o decides after the memory is written: its part belongs to c_t."),
    "forget peephole's way dropped": (dict(peep_f=False), "Your dc_{t−1} misses the way through the forget gate's peephole: f looked at c_{t−1}, so da_f sends something to it."),
    "carry times 1 − f": (dict(carry="1 − f"), "Your carry is weighed with 1 − f. That is the candidate's share; look at what multiplied the old memory."),
    "carry without f": (dict(carry="1"), "Your dc passes to c_{t−1} whole. The old memory was multiplied on the way forwards, and so is its gradient."),
    "carry times o": (dict(carry="o"), "Your carry is weighed with the output gate. o stands between the memory and h, not between two memories."),
    "carry forgotten": (dict(carry="0"), "Your dc_{t−1} has the peephole's way alone. c_{t−1} also stands in its share of c_t."),
    "f's peephole with the new memory's slope": (dict(peep_slope_f="c"), "On the way of f's peephole your slope of the tanh is taken at c_t. f looked at c_{t−1}."),
    "slope of h's tanh forgotten": (dict(h_slope=False), "The way from dh through h_t to the memory lacks a factor: h_t shows tanh(c_t), and the slope of that tanh belongs to it.", True),
    "no σ' on the forget gate": (dict(sigma_f=False), "The slope of f is missing on the way from f to a_f."),
    "no σ' on the output gate": (dict(sigma_o=False), "The slope of o is missing on the way from o to a_o."),
    "no tanh' on the candidate": (dict(tanh_g=False), "The slope of the candidate is missing on the way from g to a_g."),
    "slope of the gate's value": (dict(slope_twice="fgo"), "You take σ' and tanh' at the values f, g, o. These have been through σ and tanh already: their slopes are v(1 − v) and 1 − v².", True),
    "σ' on the candidate": (dict(candidate_slope=lambda g: g * (1 - g)), "Your candidate has the slope of a σ. It came out of a tanh."),
    "tanh(c) missing in do": (dict(shown_by_o="c"), "Your gradient of o has c_t in it. o multiplied tanh(c_t).", True),
    "the old memory in do": (dict(shown_by_o="tanh(c_prev)"), "Your gradient of o has tanh(c_{t−1}) in it. What o multiplied is a tanh of the new memory.", True),
    "nothing shown in do": (dict(shown_by_o="1"), "Your gradient of o is dh times a slope. o multiplied something on the way forwards, and that is its factor.", True),
    "dW_h with h_t": (dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step."),
    "dp with c itself": (dict(dp_sees=lambda c: c), "Your dp_f and dp_o multiply by c itself, as in (10.16). Here a peephole is multiplied by tanh(c).", True),
    "dp_o with c_{t−1}": (dict(dp_o_times="c_prev"), "Your dp_o looks at the old memory. The output gate saw the new one."),
    "dp_f with c_t": (dict(dp_f_times="c"), "Your dp_f looks at the new memory. The forget gate decided before it was written."),
    "dp_f with c itself": (dict(dp_f_times="c_prev itself"), "Your dp_f multiplies by c_{t−1} itself, as in (10.16). Here the peephole is multiplied by its tanh."),
    "dp_o with c itself": (dict(dp_o_times="c itself"), "Your dp_o multiplies by c_t itself, as in (10.16). Here the peephole is multiplied by its tanh."),
    "dp without the memory": (dict(dp_f_times="nothing", dp_o_times="nothing"), "Your dp_f and dp_o are sums of da, like a bias's. A peephole is multiplied by what it sees of the memory.", True),
    "weights averaged over the batch": (dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh and dc; here the batch is summed.", True),
    "blocks stacked f, o, g": (dict(order="fog"), "You stack the da in the order f, o, g. The rows of W_x, W_h and b are in the order f, g, o.", True),
}  # fmt: skip

# Rarer ones, never looked for in pairs.
MORE = {
    "1 − c_t² for the slope": (dict(slope_at_c=lambda c: 1 - c**2), "At c_t your slope of the tanh is 1 − c_t². That form wants the tanh's value, and c_t is what goes in.", True),
    "no tanh' at c_t": (dict(slope_at_c=lambda c: 1.0), "Nothing that reaches c_t from h and from o's peephole has passed the slope of the tanh through which they look at it.", True),
    "o missing in dc": (dict(o_in_h=False), "On the way from dh through h_t to the memory a factor is missing: h_t is tanh(c_t), times something."),
    "output peephole's slope at the old memory": (dict(peep_slope_o="c_prev"), "On the way of o's peephole your slope of the tanh is taken at c_{t−1}. o looked at c_t."),
    "peephole of o before σ'": (dict(peep_o="dh"), "Your way through o's peephole starts with dh. It starts with what reached a_o: o's slope and what o multiplied belong to it."),
    "output peephole with a minus": (dict(peep_o="minus"), "What goes through o's peephole is subtracted from your dc. Gradients of several uses are added."),
    "dp_f and dp_o of the other gate": (dict(dp_from="of"), "Your dp_f is made of o's gradient and your dp_o of f's. Each peephole belongs to the gate of its name.", True),
    "f's slope twice on the peephole's way": (dict(peep_slope_f="twice"), "On the way through f's peephole f's slope comes twice: da_f has it already."),
    "dg with σ'": (dict(dg_times="σ'(f)"), "Your gradient of g has f(1 − f) in it. g was multiplied by 1 − f; f's slope belongs to f."),
    "o's slope missing on the peephole's way": (dict(peep_o="before σ'"), "The way through o's peephole to c_t lacks the slope of o: it starts from a_o."),
    "p_o missing": (dict(peep_o="without p"), "Your way through o's peephole lacks the peephole's weight itself: p_o multiplied what o saw."),
    "p_f missing": (dict(peep_f="without p"), "Your way through f's peephole lacks the peephole's weight itself: p_f multiplied what f saw."),
    "o's peephole for f's": (dict(peep_f="o"), "To c_{t−1} you send what goes through o's peephole. It was f that looked at c_{t−1}."),
    "both peepholes to the old memory": (dict(peep_o="old"), "What goes through o's peephole reaches c_{t−1} in your answer. o decides after the memory is written, so it belongs to c_t."),
    "df with the new memory": (dict(df_from="c"), "Your gradient of f comes out as if c_t stood where c_{t−1} belongs: f multiplied the old memory."),
    "df with tanh(c_{t−1})": (dict(df_from="tanh(c_prev)"), "Your gradient of f has tanh(c_{t−1}) in it. The peephole looks through a tanh; the memory's own line does not."),
    "df with the wrong sign": (dict(df_old=-1.0, df_new=-1.0), "Your gradient of f has new minus old. More f is more of the old memory and less of the candidate.", True),
    "df from the incoming dc": (dict(f_whole=False), "Your gradient of f starts from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "dg from the incoming dc": (dict(g_whole=False), "Your gradient of g starts from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "df and dg from the incoming dc": (dict(f_whole=False, g_whole=False), "Your gradients of f and g start from the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "all from the incoming dc": (dict(f_whole=False, g_whole=False, carry_whole=False), "Your f, g and c_{t−1} get the dc that came in. What h_t and o's peephole send to c_t belongs to dc first.", True),
    "do from dh and dc": (dict(o_from="dh and dc"), "Your gradient of o has dc in it. o stands in h_t alone: what reaches it comes with dh.", True),
    "do from all of dc": (dict(o_from="dc"), "Your gradient of o starts from the memory's gradient. o stands in h_t alone: what reaches it comes with dh.", True),
    "dg with 1 − o": (dict(dg_times="1 − o"), "Your gradient of g has 1 − o in it. o has no part in writing; look at what multiplied g."),
    "tanh' at g": (dict(slope_twice="g"), "You take tanh' at g. g has been through the tanh already: its slope is 1 − g²."),
    "σ' at f": (dict(slope_twice="f"), "You take σ' at f. f has been through the σ already: its slope is f(1 − f)."),
    "σ' at o": (dict(slope_twice="o"), "You take σ' at o. o has been through the σ already: its slope is o(1 − o).", True),
    "dp with h_{t−1}": (dict(dp_f_times="h_prev", dp_o_times="h_prev"), "Your dp_f and dp_o multiply by h_{t−1}. A peephole is multiplied by what it sees of the memory.", True),
    "dp_f with h_{t−1}": (dict(dp_f_times="h_prev"), "Your dp_f multiplies by h_{t−1}. A peephole is multiplied by what it sees of the memory."),
    "dp_o with h": (dict(dp_o_times="h"), "Your dp_o multiplies by h_t. A peephole is multiplied by what it sees of the memory."),
    "dp with a slope": (dict(dp_f_times="slope at c_prev", dp_o_times="slope at c"), "Your dp_f and dp_o multiply by slopes of the tanh. The weight p multiplied its value.", True),
    "dp_f with a slope": (dict(dp_f_times="slope at c_prev"), "Your dp_f multiplies by a slope of the tanh. The weight p multiplied its value."),
    "dp_o with a slope": (dict(dp_o_times="slope at c"), "Your dp_o multiplies by a slope of the tanh. The weight p multiplied its value."),
    "tanh' on the forget gate": (dict(f_slope=lambda f: 1 - f**2), "Your forget gate has the slope of a tanh. It came out of a σ."),
    "tanh' on the output gate": (dict(o_slope=lambda o: 1 - o**2), "Your output gate has the slope of a tanh. It came out of a σ."),
    "dp_f with both memories exchanged": (dict(dp_f_times="c", dp_o_times="c_prev"), "Your dp_f looks at the new memory and your dp_o at the old one. f decided before the memory was written, o after.", True),
}  # fmt: skip


# Of one step alone: a whole sequence goes through them many times.
OF_A_STEP = {
    **{
        f"dx without {gate}": (dict(to_x="fgo".replace(gate, "")), f"Your dx misses what comes through {gate}. All three blocks of a were made with x.")
        for gate in "fgo"
    },
    **{
        f"dh_prev without {gate}": (dict(to_h="fgo".replace(gate, "")), f"Your dh_prev misses what comes through {gate}. All three blocks of a were made with h_{{t−1}}.")
        for gate in "fgo"
    },
    "dh kept": (dict(dh_kept=True), "Your dh_prev holds dh itself as well. No straight path leads from h_{t−1} to h_t: h_{t−1} is read by the gates alone."),
    "blocks of W_h transposed": (dict(turned=True), "In your dh_prev the blocks of W_h are transposed. Forwards the transposed matrix stood on the right of h_{t−1}, so backwards the matrix itself does."),
}  # fmt: skip


def slope_of_tanh(c):
    """tanh'(c)."""
    return 1 - np.tanh(c) ** 2


def shared_mistakes():
    """The mistakes of one step, for the step and for the sequence."""
    return tuple(
        Mistake(name, switches, text, whole=bool(whole)) for name, (switches, text, *whole) in SHARED.items()
    )


def more_of_a_step(family, *groups):
    """The rarer ones as functions: they are recognised alone, not two at once."""
    return tuple(
        Mistake(name, functools.partial(family, **switches), text, whole=bool(whole))
        for group in groups
        for name, (switches, text, *whole) in group.items()
    )
