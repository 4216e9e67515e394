"""More answers to problem set 7 by readers who knew no catalogue: corners cost points, names are true."""

import numpy as np
import pytest
from test_check_diagnose import said

from vgcourse.check import evaluate, find
from vgcourse.collect import collect
from vgcourse.judge import look
from vgcourse.problems.problem import task
from vgcourse.problems.ps7.bias import FOUND
from vgcourse.problems.ps7.both import bidirectional_forward
from vgcourse.problems.ps7.carousel import carousel
from vgcourse.problems.ps7.judging import judging_gate_backward
from vgcourse.problems.ps7.mgu import mgu_step_backward
from vgcourse.problems.ps7.sequence import coupled_backward
from vgcourse.problems.ps7.stack import stack_backward
from vgcourse.problems.ps7.step import coupled_step_backward
from vgcourse.problems.ps7.table import unified_cell
from vgcourse.problems.ps7.times import mend_times


def names(name, answer, seed=0):
    verdict = evaluate(f"ps7.{name}", answer, seed=seed)
    assert verdict.share < 1
    return [finding.name for finding in verdict.findings]


def all_right(name, answer, seed):
    """On the visible inputs, without a diagnosis of what is wrong."""
    problem, seen = find(name), []

    def enough(attempts):
        seen.append(look(problem, attempts, seed=seed))
        return True

    with np.errstate(all="ignore"):
        collect(answer, task(problem, seed), enough)
    return seen[0].all_right


# --- corners: right on ordinary inputs -----------------------------------------------------------------


def cut_off(limit):
    """A σ that takes no argument beyond ± limit."""
    return lambda a: 1 / (1 + np.exp(-np.clip(a, -limit, limit)))


def whole_numbers_stay_whole(name, a, old):
    p, q, n, _ = unified_cell(name, a, old)
    if name == "leaky":
        p, q = np.full_like(old, 0.9), np.full_like(old, 0.1)
    return p, q, n, p * old + q * n


def one_example_flat(name, a, old):
    return [part.squeeze() for part in unified_cell(name, a, old)]


def six_gates_cut_off(name, a, old):
    return unified_cell(name, np.clip(a, -10, 10), old)


def step_with(sigma):
    def answer(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
        f, g, o = np.split(x @ W_x.T + h_prev @ W_h.T + b, 3, axis=1)
        f, g = sigma(f + p_f * np.tanh(c_prev)), np.tanh(g)
        c = f * c_prev + (1 - f) * g
        o = sigma(o + p_o * np.tanh(c))
        return o * np.tanh(c), c, f, g, o

    return answer


def judging_with(sigma):
    def answer(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g):
        _, *rest = judging_gate_backward(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g)
        n = np.tanh(x @ W_x.T + h_prev @ W_h.T + b)
        g = sigma(h_prev @ V_h.T + n @ V_n.T + b_g)
        return g * h_prev + (1 - g) * n, *rest

    return answer


def mgu_with(sigma):
    def answer(dh, x, h_prev, W_x, W_h, b, b_h):
        _, *rest = mgu_step_backward(dh, x, h_prev, W_x, W_h, b, b_h)
        H = len(b_h)
        f = sigma(x @ W_x[:H].T + h_prev @ W_h[:H].T + b[:H])
        n = np.tanh(x @ W_x[H:].T + b[H:] + f * (h_prev @ W_h[H:].T + b_h))
        return (1 - f) * h_prev + f * n, *rest

    return answer


def one_sequence_is_full(dhs, dc_T, x, lengths, *rest):
    return coupled_backward(dhs, dc_T, x, np.full(1, len(x)) if len(lengths) == 1 else lengths, *rest)


def longest_for_the_batch(dhs, dc_T, x, lengths, hs, cs, gates, *rest):
    """Steps behind the longest sequence are never looked at."""
    T = max(lengths)
    dx, *others = coupled_backward(dhs[:T], dc_T, x[:T], lengths, hs, cs, gates, *rest)
    return np.concatenate([dx, 0 * x[T:]]), *others


def an_input_of_zeros_ends_it(x, lengths, ahead, back):
    zero = ~x.any(axis=2)
    first = np.where(zero.any(axis=0), zero.argmax(axis=0), len(x))
    return bidirectional_forward(x, np.maximum(np.minimum(first, lengths), 1), ahead, back)


def as_long_as_the_longest(x, lengths, *nets):
    return bidirectional_forward(x[: max(lengths)], lengths, *nets)


def two_steps_at_least(gates, cs, p_f):
    carry, whole = carousel(gates, cs, p_f)
    return (carry, whole) if len(gates) > 1 else (np.ones_like(cs), np.ones_like(cs))


def many_steps_only(dhs_low, dhs_top, low, top):
    dx, dh0_low, dh0_top = stack_backward(dhs_low, dhs_top, low, top)
    return dx, *((dh0_low, dh0_top) if len(dx) > 1 else (0 * dh0_low, 0 * dh0_top))


@pytest.mark.parametrize(
    "name, answer",
    [
        ("unified_cell", whole_numbers_stay_whole),
        ("unified_cell", one_example_flat),
        ("unified_cell", six_gates_cut_off),
        ("coupled_step_forward", step_with(cut_off(10))),
        ("judging_gate_backward", judging_with(cut_off(5))),
        ("judging_gate_backward", judging_with(cut_off(10))),
        ("mgu_step_backward", mgu_with(cut_off(10))),
        ("coupled_backward", one_sequence_is_full),
        ("coupled_backward", longest_for_the_batch),
        ("bidirectional_forward", an_input_of_zeros_ends_it),
        ("bidirectional_forward", as_long_as_the_longest),
        ("carousel", two_steps_at_least),
        ("stack_backward", many_steps_only),
    ],
)
def test_a_corner_costs_points(name, answer):
    assert not any(all_right(f"ps7.{name}", answer, seed) for seed in range(5))


@pytest.mark.parametrize(
    "name, answer",
    [
        ("coupled_step_forward", step_with(lambda a: 0.5 + 0.5 * np.tanh(a / 2))),
        ("judging_gate_backward", judging_with(cut_off(30))),
        ("mgu_step_backward", mgu_with(cut_off(30))),
        ("level_bias", lambda size: np.array([FOUND[size]])),
        ("level_bias", lambda size: [[FOUND[size]]]),
        ("mend_times", lambda *args: mend_times(*args)[None]),
        ("mend_times", lambda *args: mend_times(*args)[:, None].tolist()),
    ],
)
def test_right_numbers_are_right(name, answer):
    for seed in range(3):
        assert evaluate(f"ps7.{name}", answer, seed=seed).share == 1


# --- false statements that are gone ----------------------------------------------------------------------


def test_a_new_state_mixed_the_wrong_way_does_not_speak_of_the_gates():
    """Carry and write are right; in the last line they have changed places."""

    def answer(name, a, old):
        p, q, n, _ = unified_cell(name, a, old)
        return p, q, n, q * old + p * n

    text = said(evaluate("ps7.unified_cell", answer))
    assert "f writes" not in text and "f keeps" not in text and "Δ is large" not in text
    assert "weighs the old one with the write" in text


def test_in_one_net_alone_neither():
    def answer(name, a, old):
        p, q, n, new = unified_cell(name, a, old)
        return p, q, n, q * old + p * n if name == "coupled" else new

    assert "f writes" not in said(evaluate("ps7.unified_cell", answer))


def test_h_is_right_and_nothing_is_said_of_it():
    """f gets candidate minus h_t: f h + (1 − f) n minus h_{t−1} are the same numbers."""
    mistakes = {mistake.name: mistake for mistake in find("ps7.mgu_step_backward").mistakes}
    assert names("mgu_step_backward", mistakes["f's part in the mix as n − h"].formula) == [
        "f's part in the mix as n − h"
    ]


def test_a_slope_with_the_wrong_sign_is_not_a_difference_turned_round():
    """g(g − 1) for g(1 − g) gives the numbers of new minus old: the sentence holds for both."""
    for name, mistake in (
        ("judging_gate_backward", "dg with the wrong sign"),
        ("coupled_step_backward", "df with the wrong sign"),
    ):
        text = next(m.diagnosis for m in find(f"ps7.{name}").mistakes if m.name == mistake)
        assert "as if" in text


# --- silent before ---------------------------------------------------------------------------------------


def summary_is_a_mean(x, lengths, ahead, back):
    states, _ = bidirectional_forward(x, lengths, ahead, back)
    return states, states.sum(axis=0) / lengths[:, None]


def first_half_held(x, lengths, ahead, back):
    states, summary = bidirectional_forward(x, lengths, ahead, back)
    H = states.shape[2] // 2
    for n, length in enumerate(lengths):
        states[length:, n, :H] = summary[n, :H]
    return states, summary


def mask_turned_round(dhs, dc_T, x, lengths, hs, cs, gates, *net):
    dh, dc, dx, sums = 0 * dc_T, dc_T, 0 * x, 5 * [0]
    for t in reversed(range(len(x))):
        over = (t >= lengths)[:, None]
        dh = dh + dhs[t]
        args = dh * over, dc * over, x[t], hs[t], cs[t], gates[t], cs[t + 1], *net
        dx[t], *new, dW_x, dW_h, db, dp_f, dp_o = coupled_step_backward(*args)
        dh, dc = (np.where(over, a, b) for a, b in zip(new, (dh, dc), strict=True))
        sums = [a + b for a, b in zip(sums, (dW_x, dW_h, db, dp_f, dp_o), strict=True)]
    return dx, dh, dc, *sums


def old_memory_in_dW_h(dh, dc, x, h_prev, c_prev, *rest):
    right = coupled_step_backward(dh, dc, x, h_prev, c_prev, *rest)
    other = coupled_step_backward(dh, dc, x, c_prev, c_prev, *rest)
    return *right[:4], other[4], *right[5:]


def products_side_by_side(gates, cs, p_f):
    f, g, old = gates[:, 0], gates[:, 1], cs[:-1]
    extra = (old - g) * f * (1 - f) * p_f / np.cosh(old) ** 2
    carry, of_extra = np.ones_like(cs), np.ones_like(cs)
    for t in reversed(range(len(f))):
        carry[t], of_extra[t] = carry[t + 1] * f[t], of_extra[t + 1] * extra[t]
    return carry, np.concatenate([(carry + of_extra)[:-1], carry[-1:]])


def a_gate_for_two(name, a, old):
    p, q, n, new = unified_cell(name, a, old)
    if name == "lstm of 1997":
        p, q = q, 1 - q
        new = p * old + q * n
    return p, q, n, new


@pytest.mark.parametrize("seed", (5,))
@pytest.mark.parametrize(
    "name, answer, wanted",
    [
        ("bidirectional_forward", summary_is_a_mean, "summary a mean over the sequence"),
        ("bidirectional_forward", first_half_held, "first net's states held behind the end"),
        ("coupled_backward", mask_turned_round, "running and held exchanged"),
        ("coupled_step_backward", old_memory_in_dW_h, "dW_h with c_{t−1}"),
        ("carousel", products_side_by_side, "ways added behind the product, 1 at T"),
        ("unified_cell", a_gate_for_two, "lstm of 1997: i carries"),
        ("unified_cell", whole_numbers_stay_whole, "leaky: whole numbers"),
    ],
)
def test_it_is_called_what_it_is(name, answer, wanted, seed):
    assert names(name, answer, seed) == [wanted]
