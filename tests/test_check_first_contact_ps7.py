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
from vgcourse.problems.ps7.planted import backward as by_the_rules
from vgcourse.problems.ps7.step import coupled_step_backward
from vgcourse.problems.ps7.testers import drawn
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
    """Each is a message of the check, or the place of an error (tested below)."""
    told = [m.diagnosis for p in problems("ps7") for m in (*p.mistakes, *p.invariants)]
    folds = re.findall(r"<details><summary>.*?</summary>(.*?)</details>", SOURCE.read_text(), re.DOTALL)
    quotes = [quote for fold in folds for quote in re.findall(r"^`(Your [^`]+?)\.?`", fold, re.MULTILINE)]
    assert len(quotes) >= 8
    assert all(any(quote in text for text in told) for quote in quotes if "right at gate n" not in quote)


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


# --- slips of a whole passage, named as one -----------------------------------------------------------------


def dc_starts_anew(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o):
    dh, dx, sums = np.zeros_like(dc_T), np.zeros_like(x), [0.0] * 5
    for t in reversed(range(len(x))):
        runs, dh = (t < lengths)[:, None], dh + dhs[t]
        dc = np.where((t == lengths - 1)[:, None], dc_T, 0)
        step = x[t], hs[t], cs[t], gates[t], cs[t + 1], W_x, W_h, p_f, p_o
        dx[t], dh_prev, dc0, *new = coupled_step_backward(dh * runs, dc * runs, *step)
        dh = np.where(runs, dh_prev, dh)
        sums = [total + part for total, part in zip(sums, new, strict=True)]
    return dx, dh, dc0, *sums


def gates_without_the_incoming_dc(dh, dc, *rest):
    """The dc that comes in goes to c_{t−1} alone."""
    out = list(coupled_step_backward(dh, 0 * dc, *rest))
    out[2] = coupled_step_backward(dh, dc, *rest)[2] + _by_f(*rest, sent=out, dh=dh, dc=dc)
    return tuple(out)


def _by_f(x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o, *, sent, dh, dc):
    """What f's peephole must not get of it."""
    f, g, _ = gates
    return -dc * (c_prev - g) * f * (1 - f) * p_f * (1 - np.tanh(c_prev) ** 2)


def their_order_and_one_bias(K, R, bias):
    signs = np.repeat([-1.0, 1.0, 1.0], len(R))
    return (K * signs).T, (R * signs).T, bias[0] * signs, bias[1][2 * len(R) :]


def reset_of_another_unit(dh, x, h_prev, W_x, W_h, b, b_h):
    """Forwards f multiplies m; backwards, h_{t−1}."""
    h, dx, dh_prev, dW_x, dW_h, db, db_h = mgu_step_backward(dh, x, h_prev, W_x, W_h, b, b_h)
    H = len(b_h)
    f = 1 / (1 + np.exp(-(x @ W_x[:H].T + h_prev @ W_h[:H].T + b[:H])))
    m = h_prev @ W_h[H:].T + b_h
    n = np.tanh(x @ W_x[H:].T + b[H:] + f * m)
    da_n = dh * f * (1 - n**2)
    reset = da_n @ W_h[H:]
    da_f = (dh * (n - h_prev) + reset * h_prev) * f * (1 - f)
    dx, dh_prev = da_f @ W_x[:H] + da_n @ W_x[H:], dh * (1 - f) + da_f @ W_h[:H] + f * reset
    dW_h = np.concatenate([da_f.T @ h_prev, da_n.T @ (f * h_prev)])
    return h, dx, dh_prev, np.concatenate([da_f.T @ x, dW_x[H:]]), dW_h, np.append(da_f.sum(0), db[H:]), db_h


def cut_behind_the_end(dstates, dsummary, lengths, ahead, back):
    """The second net from T − 1 on for all sequences, through the padding."""
    (T, N, _), H = dstates.shape, dsummary.shape[1] // 2
    runs = (np.arange(T)[:, None] < lengths)[..., None]
    full = find("ps7.bidirectional_backward").reference
    dx, dh0, _ = full(*(a * np.repeat([1, 0], H) for a in (dstates, dsummary)), lengths, ahead, back)
    halves = [a * np.repeat([0, 1], H) for a in (dstates * runs, dsummary)]
    second, _, dh0_back = full(*halves, np.full(N, T), ahead, back)
    return dx + second * runs, dh0, dh0_back


def once_at_one_size(backward):
    args = drawn(5, 2, 4, 3, seed=3)
    right, out = by_the_rules(*args), backward(*args)
    return all(
        np.shape(a) == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6)
        for a, b in zip(out, right, strict=True)
    )


@pytest.mark.parametrize(
    "name, answer, mistake",
    [
        ("coupled_backward", dc_starts_anew, "dc_T at each end, no carry"),
        ("coupled_step_backward", gates_without_the_incoming_dc, "dc left out of the gates"),
        ("translate_gru", their_order_and_one_bias, "order kept, one bias for the gates"),
        ("mgu_step_backward", reset_of_another_unit, "way back of a reset before the product"),
        ("bidirectional_backward", cut_behind_the_end, "second net turned round at T, through the padding"),
        ("is_lstm_backward", once_at_one_size, "one size, one call"),
    ],
)
def test_a_slip_of_a_whole_passage_is_one(name, answer, mistake):
    assert [finding.name for finding in evaluate(f"ps7.{name}", answer).findings] == [mistake]


def test_a_gate_that_overflows_is_seen():
    """e^a/(1 + e^a) is NaN above 709."""
    right = find("ps7.unified_cell").reference

    def answer(name, a, old):
        new = right(name, a, old)
        return tuple(
            part + 0 * (np.exp(a[:, : old.shape[1]]) / (1 + np.exp(a[:, : old.shape[1]]))) for part in new
        )

    assert 0 < evaluate("ps7.unified_cell", answer).share < 1


@pytest.mark.parametrize("seed", (0, 1))
def test_new_mistakes_of_both_directions_are_named_alone(seed):
    problem = find("ps7.stack_backward")
    for mistake in problem.mistakes:
        if mistake.name in (
            "dh added up",
            "own loss twice",
            "J_x of the step before",
            "handed down without its own loss",
        ):
            verdict = evaluate(problem.name, problem.formula(mistake), seed=seed)
            assert [finding.name for finding in verdict.findings] == [mistake.name]
