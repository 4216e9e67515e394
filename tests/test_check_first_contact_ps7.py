"""Answers to problem set 7 that a reader tried: each is called what it is, and told what is true of it."""

import re
from pathlib import Path

import numpy as np
import pytest
from test_check_diagnose import said

from vgcourse.activations import sigmoid
from vgcourse.check import evaluate
from vgcourse.problems import find, problems
from vgcourse.problems.ps7.bias import FOUND
from vgcourse.problems.ps7.both_back import times
from vgcourse.problems.ps7.mgu import mgu_step_backward
from vgcourse.tell.report import as_text

SOURCE = Path(__file__).resolve().parents[1] / "solutions" / "ps7" / "ps7.md"


def kinds(name, answer, seed=0):
    verdict = evaluate(f"ps7.{name}", answer, seed=seed)
    assert verdict.share < 1
    return [finding.kind for finding in verdict.findings]


# --- what used to be false ---------------------------------------------------------------------------------


def f_on_c_itself(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
    f, g, o = np.split(x @ W_x.T + h_prev @ W_h.T + b, 3, axis=1)
    f, g = sigmoid(f + p_f * c_prev), np.tanh(g)
    c = f * c_prev + (1 - f) * g
    o = sigmoid(o + p_o * np.tanh(c))
    return o * np.tanh(c), c, f, g, o


def o_shows_the_old_memory(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
    f, g, o = gates
    now, was = np.tanh(c), np.tanh(c_prev)
    da_o = dh * was * o * (1 - o)
    dc = dc + (dh * o + da_o * p_o) * (1 - now**2)
    da_f, da_g = dc * (c_prev - g) * f * (1 - f), dc * (1 - f) * (1 - g**2)
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    sums = da.T @ x, da.T @ h_prev, da.sum(axis=0), (da_f * was).sum(axis=0), (da_o * now).sum(axis=0)
    return da @ W_x, da @ W_h, dc * f + da_f * p_f * (1 - was**2), *sums


def mgu_dx_without_the_gate(dh, x, h_prev, W_x, W_h, b, b_h):
    """dx by the candidate's rows alone."""
    h, _, *rest = mgu_step_backward(dh, x, h_prev, W_x, W_h, b, b_h)
    H = len(b_h)
    m = h_prev @ W_h[H:].T + b_h
    f = sigmoid(x @ W_x[:H].T + b[:H] + h_prev @ W_h[:H].T)
    n = np.tanh(x @ W_x[H:].T + b[H:] + f * m)
    return h, (dh * f * (1 - n**2)) @ W_x[H:], *rest


def output_gate_throughout(gates, cs, p_f):
    o, g, old = gates[:, 2], gates[:, 1], cs[:-1]
    whole = o + (old - g) * o * (1 - o) * p_f * (1 - np.tanh(old) ** 2)
    carry, with_peephole = np.ones_like(cs), np.ones_like(cs)
    for t in reversed(range(len(o))):
        carry[t], with_peephole[t] = carry[t + 1] * o[t], with_peephole[t + 1] * whole[t]
    return carry, with_peephole


def stack(dhs_low, dhs_top, low, top, *, add_top=True, skip=True, hand=lambda own, whole: whole):
    d_low, d_top, dx = 0 * dhs_low[0], 0 * dhs_top[0], []
    for t in reversed(range(len(dhs_low))):
        d_top = d_top + dhs_top[t] * add_top
        d_low = d_low + dhs_low[t] + times(hand(dhs_top[t], d_top), top["J_x"][t])
        dx.append(times(d_low, low["J_x"][t]) + skip * times(d_top, top["J_skip"][t]))
        d_low, d_top = times(d_low, low["J_h"][t]), times(d_top, top["J_h"][t])
    return np.array(dx[::-1]), d_low, d_top


def top_loss_forgotten(*args):
    return stack(*args, add_top=False)


def dx_of_what_is_handed_down(dhs_low, dhs_top, low, top):
    """Through the lower layer dx gets what the top sends alone."""
    d_top, dx = 0 * dhs_top[0], []
    for t in reversed(range(len(dhs_low))):
        d_top = d_top + dhs_top[t]
        above = times(times(d_top, top["J_x"][t]), low["J_x"][t])
        dx.append(above + times(d_top, top["J_skip"][t]))
        d_top = times(d_top, top["J_h"][t])
    return np.array(dx[::-1]), *stack(dhs_low, dhs_top, low, top)[1:]


@pytest.mark.parametrize("seed", (0, 1, 5))
@pytest.mark.parametrize(
    "name, answer, wanted",
    [
        ("coupled_step_forward", f_on_c_itself, "peephole of f on c itself"),
        ("coupled_step_backward", o_shows_the_old_memory, "the old memory in do"),
        ("mgu_step_backward", mgu_dx_without_the_gate, "dx without the gate"),
        ("carousel", output_gate_throughout, "output gate for the forget gate"),
        ("stack_backward", top_loss_forgotten, "top layer's loss ignored"),
        ("stack_backward", dx_of_what_is_handed_down, "dx of what is handed down"),
    ],
)
def test_it_is_called_what_it_is_and_nothing_else(name, answer, wanted, seed):
    assert kinds(name, answer, seed) == [wanted]


def test_skip_forgotten_and_own_losses_handed_down():
    """Two slips at once: the layers above them carry what they should."""

    def answer(*args):
        return stack(*args, skip=False, hand=lambda own, whole: own)

    found = kinds("stack_backward", answer)
    assert {"skip forgotten", "handed down without the later losses"} <= set(found)
    assert "top layer carries nothing" not in found


# --- steps are counted as the text counts them -------------------------------------------------------------


def test_steps_count_from_0():
    from vgcourse.problems.ps7.stack import stack_backward

    def at_the_first_step(*args):
        dx, *rest = stack_backward(*args)
        dx[0] = dx[0] ** 3
        return dx, *rest

    assert "right at steps 1–4 and wrong at step 0" in said(evaluate("ps7.stack_backward", at_the_first_step))


# --- level_bias: every size counts -------------------------------------------------------------------------


def test_one_size_that_is_right_earns_its_part():
    verdict = evaluate("ps7.level_bias", lambda size: FOUND[size] if size == 0.5 else 0.0)
    assert verdict.share == pytest.approx(1 / 3)
    assert "more than half" not in as_text(verdict, 1.0, 3.0)


@pytest.mark.parametrize("bias", [1.0, 3.0, np.log(99), np.log(9)])
def test_no_well_known_bias_is_level_anywhere(bias):
    assert evaluate("ps7.level_bias", lambda size: bias).share == 0


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda size: -FOUND[size] + 0.01, "With the other sign"),
        (lambda size: 6.05, "at another of the three sizes"),
        (lambda size: FOUND[size] + 0.8 * (size == 1.75), "near"),
    ],
    ids=["other sign", "another size", "near"],
)
def test_a_bias_is_told_what_is_known_of_it(answer, words):
    assert words in said(evaluate("ps7.level_bias", answer))


# --- the text quotes what the check says -------------------------------------------------------------------


def test_the_notebook_quotes_messages_that_come():
    """Each is a message of the check, the place of an error (tested below), or an error of numpy's."""
    told = [m.diagnosis for p in problems("ps7") for m in (*p.mistakes, *p.invariants)]
    folds = re.findall(r"<summary>I get this message</summary>(.*?)</details>", SOURCE.read_text(), re.DOTALL)
    quotes = [quote for fold in folds for quote in re.findall(r"^\*([^*]+)\.\*", fold, re.MULTILINE)]
    others = [quote for quote in quotes if not any(quote in text for text in told)]
    assert len(quotes) >= 9
    assert [quote.split(" ")[0] for quote in others if "right at gate n" not in quote] == ["ValueError:"]


def test_the_gates_that_the_notebook_quotes():
    def wrong_rows_of_f(*args):
        h, dx, dh_prev, *sums, db_h = mgu_step_backward(*args)
        for part in sums:
            part[: len(part) // 2] = part[: len(part) // 2] ** 3
        return h, dx, dh_prev, *sums, db_h

    text = said(evaluate("ps7.mgu_step_backward", wrong_rows_of_f))
    assert "Your dW_x, dW_h and db are right at gate n and wrong at gate f." in text
    assert "Your dW_x, dW_h and db are right at gate n and wrong at gate f." in SOURCE.read_text()


def test_the_number_of_implementations_in_the_text():
    from vgcourse.problems.ps7.planted import RIGHT, WRONG

    assert f"{len(WRONG)} wrong ones and {len(RIGHT)} right ones" in SOURCE.read_text()


def test_what_is_right_is_counted_with_what_the_mistake_would_leave_alone():
    """da_f with the old memory alone, in dc_{t−1} only: seven of the eight results are right."""
    mistakes = {mistake.name: mistake for mistake in find("ps7.coupled_step_backward").mistakes}
    old_alone = mistakes["the LSTM's input gate"].formula

    def answer(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
        from vgcourse.problems.ps7.step import coupled_step_backward

        args = dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o
        dx, dh_prev, _, *rest = coupled_step_backward(*args)
        return dx, dh_prev, old_alone(*args)[2], *rest

    assert said(evaluate("ps7.coupled_step_backward", answer)).startswith(
        "7 results are right; of the others:"
    )


def test_a_result_that_is_wrong_alone_is_looked_for_alone():
    """A slip that nobody knows, in one of seven results."""

    def answer(*args):
        h, dx, dh_prev, *rest = mgu_step_backward(*args)
        return h, dx, dh_prev + args[0] ** 2, *rest

    text = said(evaluate("ps7.mgu_step_backward", answer))
    assert text == "Only your dh_prev is wrong: look first at the lines that make it alone."
