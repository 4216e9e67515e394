"""Problem set 5 on more taps: what one unit with taps on itself and on its input makes of a step."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- step_response ---------------------------------------------------------------------------------


def step_response(feedback, inputs, steps):
    """h_0 … h_steps of h_t = Σ_k b_k h_{t−k} + Σ_j c_j x_{t−j} for x_t = 1 from t = 0 on, and where it ends."""
    rest = sum(inputs.values()) / (1 - sum(feedback.values()))
    h = []
    for t in range(steps + 1):
        drive = sum(c for j, c in inputs.items() if t >= j)
        echo = sum(b * h[t - k] for k, b in feedback.items() if t >= k)
        h.append(drive + echo)
    return np.array(h), rest


def _exchanged(taps):
    """The largest lag with the weight of the smallest, and so on."""
    lags = sorted(taps)
    return [(lag, taps[other]) for lag, other in zip(lags, reversed(lags), strict=True)]


def _of_their_type(inputs, number):
    """What is left of a number in an array of the type of the taps."""
    return np.array(list(inputs.values())).dtype.type(number)


def _step_cases(rng):
    a, b, c, d, e = rng.uniform([0.3, 0.15, -0.6, 0.5, 0.2], [0.5, 0.3, -0.4, 1.5, 0.4]).tolist()
    f, g = rng.uniform([-1.2, 0.3], [-0.6, 0.6]).tolist()
    lists = (
        ({1: a, 4: b}, {0: d, 2: f}, 13),
        ({2: c, 3: e}, {1: g, 5: d}, 11),  # nothing arrives at once
        ({1: a, 9: b}, {0: f, 3: g, 8: e}, 5),  # some lags are longer than the answer
        ({1: c, 2: b}, {0: int(rng.integers(1, 4)), 2: -int(rng.integers(4, 7))}, 6),  # taps of whole numbers
        ({}, {0: e, 2: d}, 4),  # hears the input alone
    )
    return [Case((*each,), ("h", "rest"), steps=each[2]) for each in lists]


def _recursion_wrong(args, outputs):
    feedback, inputs, steps = args
    h = outputs["h"]
    right = [
        sum(c for j, c in inputs.items() if j <= t) + sum(b * h[t - k] for k, b in feedback.items() if k <= t)
        for t in range(steps + 1)
    ]
    return np.linalg.norm(h - right) / np.linalg.norm(right)


def _does_not_stay(args, outputs):
    feedback, inputs, _ = args
    rest = outputs["rest"]
    return abs(sum(feedback.values()) * rest + sum(inputs.values()) - rest) / max(abs(rest), 1e-300)


STEP_RESPONSE = Problem(
    name="ps5.step_response",
    reference=step_response,
    cases=_step_cases,
    axes={"h": ("step from 0",)},
    invariants=(
        Invariant("rest stays", _does_not_stay, "Your rest does not stay: put it into the recursion for every h, with all inputs 1, and something else comes out."),
        Invariant("the recursion holds", _recursion_wrong, "Your own h does not obey the recursion: put it in, t = 0, 1, 2, …, with zeros before t = 0, and see where it first fails."),
    ),
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("impulse", edit("t >= j", "t == j"), "Your input is on at t = 0 only. A step stays on."),
        Mistake("on before t = 0", edit(" if t >= j", ""), "All taps on the input are heard from the first step on, as if it had always been on. Before t = 0 it was 0, so c_j is first heard at t = j."),
        Mistake("input one step late", edit("t >= j", "t > j"), "Your h comes one step late, as if x_0 were 0 or h had a zero in front. x_0 is 1 already, and c_0 belongs to x_t itself."),
        Mistake("input taps left out", edit("inputs.items()", "[(0, 1.0)]"), "Your input comes in as it is, as in the lecture. Here it has taps of its own, c_j.", whole=True, alone=True),
        Mistake("only the newest input", edit("inputs.items()", "[(0, inputs.get(0, 0.0))]"), "Only c_0 is heard in your h. The input has more taps: x_{t−j} for every j."),
        Mistake("newest input left out", edit("inputs.items()", "{**inputs, 0: 0.0}.items()"), "c_0 is never heard in your h. Lag 0 is the input of the same step, x_t."),
        Mistake("input that rises", edit("c for", "c * (t - j + 1) for"), "Every c_j comes in once more at each step, as if the input were 1, 2, 3, …, or h were added up. It stays at 1: from t = j on c_j counts once in each step."),
        Mistake("input lags ignored", edit("inputs.items()", "enumerate(map(inputs.get, sorted(inputs)))"), "You apply the c in turn to x_t, x_{t−1}, …. The keys say which lag each belongs to."),
        Mistake("input taps exchanged", edit("inputs.items()", "_exchanged(inputs)"), "Your c meet their lags in the opposite order."),
        Mistake("feedback one step late", edit("h[t - k]", "h[t - k - 1]", "t >= k", "t > k"), "Every echo of h comes one step late. b_1 belongs to h_{t−1}."),
        Mistake("feedback lags ignored", edit("feedback.items()", "enumerate(map(feedback.get, sorted(feedback)), 1)"), "You apply the b in turn to h_{t−1}, h_{t−2}, …. The keys say which lag each belongs to."),
        Mistake("feedback taps exchanged", edit("feedback.items()", "_exchanged(feedback)"), "Your b meet their lags in the opposite order."),
        Mistake("first feedback tap alone", edit("feedback.items()", "[min(feedback.items())]"), "Only the b with the smallest lag is heard in your h. The sum goes over all of them."),
        Mistake("at rest before t = 0", edit("h[t - k]", "(h[t - k] if t >= k else rest)", " if t >= k", ""), "Your h starts as if it had been at rest with the input on. Before t = 0 there was nothing: every h with a negative index is 0."),
        Mistake("no feedback", edit("feedback.items()", "()"), "Your h does not hear itself: the taps b_k are missing."),
        Mistake("sign of the feedback", edit("drive + echo", "drive - echo"), "Your feedback has the wrong sign: the recursion adds b_k h_{t−k}."),
        Mistake("no echo of h_0", edit("t >= k", "t > k"), "h_0 is not heard again in your answer. It counts as soon as t − k is 0."),
        Mistake("input fed back too", edit("drive + echo", "drive * (1 + echo)"), "You multiply input and feedback. They add."),
        Mistake("cut to whole numbers", edit("drive + echo", "_of_their_type(inputs, drive + echo)"), "Where all c are whole numbers, your h is, too: an array of whole numbers cuts off what is put into it. Make it one of floats."),
        Mistake("h_0 not returned", edit("np.array(h)", "np.array(h[1:])"), "Your h starts with h_1. Asked for are h_0 … h_steps, steps + 1 numbers."),
        Mistake("h_0 = 0", edit("h = []", "h = [0.0]", "range(", "range(1, "), "Your h_0 is 0. x_0 is 1 already, and c_0 is heard in the same step."),
        Mistake("steps entries", edit("np.array(h)", "np.array(h[:-1])"), "Your last number is h_{steps−1}. Asked for are h_0 … h_steps, steps + 1 numbers."),
        Mistake("rest: the last h", edit(", rest", ", h[-1]"), "Your rest is the last h. It has not arrived yet: ask which value stays if it is put into the recursion."),
        Mistake("rest without input taps", edit("sum(inputs.values())", "1"), "Your rest is 1/(1 − Σ b): the taps on the input are missing."),
        Mistake("rest without feedback", edit(" / (1 - sum(feedback.values()))", ""), "Your rest is Σ c, what the input gives. The feedback adds Σ b times the rest itself.", alone=True),
        Mistake("rest: sign of the feedback", edit("1 - sum", "1 + sum"), "Your rest has 1 + Σ b below. At rest h = Σ b · h + Σ c: bring the h together."),
        Mistake("rest: c_0 alone", edit("sum(inputs.values())", "inputs.get(0, 0.0)"), "Your rest counts c_0 alone. At rest every x is 1, so all taps on the input add up."),
        Mistake("rest: b_1 alone", edit("sum(feedback.values())", "feedback.get(1, 0.0)"), "Your rest counts b_1 alone. At rest every old h is the same, so all feedback taps add up."),
        Mistake("rest: product", edit("(1 - sum(feedback.values()))", "np.prod([1 - b for b in feedback.values()])"), "You divide by each 1 − b_k in turn. At rest h = Σ b · h + Σ c: the b add up first."),
        Mistake("rest: |b|", edit("sum(feedback.values())", "sum(map(abs, feedback.values()))"), "Your rest takes every b_k as positive. A negative tap takes away."),
        Mistake("rest: Σ b below", edit("(1 - sum(feedback.values()))", "sum(feedback.values())"), "You divide by Σ b. At rest h = Σ b · h + Σ c: bring the h together."),
        Mistake("rest: a difference", edit("/ (1 - sum(feedback.values()))", "- sum(feedback.values())"), "Your rest is Σ c − Σ b. At rest h = Σ b · h + Σ c: bring the h together and divide (brackets?)."),
        Mistake("rest multiplied", edit("/ (1", "* (1"), "You multiply by 1 − Σ b. At rest h = Σ b · h + Σ c: bring the h together and divide."),
        Mistake("rest upside down", edit("sum(inputs.values()) / (1 - sum(feedback.values()))", "(1 - sum(feedback.values())) / sum(inputs.values())"), "Your rest is upside down. At rest h = Σ b · h + Σ c: solve for h."),
        Mistake("inputs before t = 0 come round", edit("if t >= j", "if t >= j or t + max(feedback, default=0) < j"), "An input lag longer than the feedback reads the end of your x: you pad with zeros for the feedback alone. Before t = 0 nothing is heard, for every lag of both."),
        Mistake("input taps but c_0 one step late", edit("if t >= j", "if t > j or j == 0"), "Your c_j with j above 0 come one step late: c_j is heard from t = j on."),
        Mistake("input taps but c_0 one step early", edit("if t >= j", "if t >= j - 1"), "Your c_j with j above 0 come one step early: c_j is heard from t = j on."),
        Mistake("feedback one step early", edit("h[t - k]", "h[max(t - k, 0)]", "if t >= k", "if t >= max(k - 1, 1)"), "Each of your feedback taps starts one step early, with h_0. b_k is heard from t = k on: before that h_{t−k} is 0."),
        Mistake("first h held", edit("h[t - k] for", "h[max(t - k, 0)] for", "if t >= k", "if t"), "Before t = k your b_k hears h_0 again and again. There is nothing before t = 0: h with a negative index is 0."),
        Mistake("newest h for all taps", edit("h[t - k]", "h[t - 1]"), "All your feedback taps hear h_{t−1}. b_k hears h_{t−k}."),
        Mistake("impulse added up in the input alone", edit("b * h[t - k]", "b * (t >= k)"), "Your feedback taps hear the input 1. They hear what the unit gave k steps ago, h_{t−k}."),
        Mistake("starts at rest", edit("h.append(drive + echo)", "h.append(drive + echo if t else rest)"), "Your h_0 is the value at rest. It is what the newest tap makes of the first input, c_0."),
        Mistake("starts at 1", edit("h.append(drive + echo)", "h.append(drive + echo if t else 1.0)"), "Your h_0 is 1. The input passes its tap first: h_0 = c_0."),
        Mistake("distance from rest", edit("np.array(h)", "np.array(h) - rest"), "Your h is counted from the value at rest. Asked for is h itself."),
        Mistake("share of the rest", edit("np.array(h)", "np.array(h) / rest"), "Your h is divided by the value at rest. Asked for is h itself."),
        Mistake("tanh around it", edit("drive + echo)", "np.tanh(drive + echo))"), "You put a tanh around the step. This recursion is linear."),
        Mistake("rest: taps exchanged", edit("sum(inputs.values()) / (1 - sum(feedback.values()))", "sum(feedback.values()) / (1 - sum(inputs.values()))"), "In your rest the two kinds of taps are exchanged. At rest h = Σ b · h + Σ c: the c stand above."),
        Mistake("rest: one echo", edit("/ (1 - sum(feedback.values()))", "* (1 + sum(feedback.values()))"), "Your rest counts one echo, Σ c (1 + Σ b). The echo echoes again: 1 + Σ b + (Σ b)² + … = 1/(1 − Σ b)."),
        Mistake("rest: the largest h", edit("np.array(h), rest", "np.array(h), max(h)"), "Your rest is the largest h. Asked for is the value at which h stays in the end."),
        Mistake("rest: mean of h", edit("np.array(h), rest", "np.array(h), np.mean(h)"), "Your rest is the mean of h. Asked for is the value at which h stays in the end."),
        Mistake("rest: last tap alone", edit("sum(inputs.values())", "inputs[max(inputs)]"), "Your rest counts the c of the longest lag alone. At rest every x is 1, so all taps on the input add up."),
        Mistake("rest: lags weighed", edit("sum(feedback.values())", "sum(k * b for k, b in feedback.items())"), "In your rest each b_k is multiplied by its lag. At rest every old h is the same: Σ b."),
        Mistake("rest: number of taps", edit("sum(inputs.values())", "len(inputs)"), "Your rest counts the input taps. Each enters with its c_j."),
        Mistake("rest: distance left", edit("np.array(h), rest", "np.array(h), rest - h[-1]"), "Your rest is what is still missing at the last step. Asked for is the value itself."),
    ),
    hints=(
        "Walk through t = 0, 1, 2, … by hand. Which input taps are heard at t, and which old h?",
        "c_j is heard from t = j on, with x = 1; b_k from t = k on, with h_{t−k}. Where it ends, h_t = h_{t−1} = …: one equation for one number.",
        "With b_1, b_3 and c_0, c_2: at t = 2 the input brings c_0 + c_2, and the state b_1 h_1 alone. At rest, h = Σ b_k h + Σ c_j.",
    ),
)  # fmt: skip
