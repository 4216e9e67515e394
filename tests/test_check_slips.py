"""Slips that nobody has written down: one place of the reference changed, told in plain words."""

import inspect

import numpy as np
import pytest

from vgcourse.check import evaluate, find, names
from vgcourse.collect.plain import copy_arguments, same
from vgcourse.judge.runs import inputs, wrong_run
from vgcourse.problems import Case, Mistake, Problem
from vgcourse.problems.slips import slips


def step_backward(dh, h, x, W, V):
    """dz = (1 − h²) ⊙ dh, dx = dz W − 2x, dW = dzᵀ x, dV = Σ over the steps of dz_t h_t."""
    dz = dh * (1 - h**2)
    dx = dz @ W - 2 * x
    dW = dz.T @ x
    dV = np.zeros_like(V)
    for t in range(1, len(h)):
        dV += dz[t] * h[t - 1]
    seen = np.abs(dV)
    return dx, dW, seen.sum(axis=0)


def _cases(rng):
    return [
        Case(tuple(rng.normal(size=s) for s in ((T, 3), (T, 3), (T, 2), (3, 2), 3)), ("dx", "dW", "size"))
        for T in (5, 4)
    ]


TOY = Problem(
    name="toy.step_backward",
    reference=step_backward,
    cases=_cases,
    mistakes=(Mistake("all zero", lambda *args: (0, 0, 0), "All of it is zero."),),
    hints=("dz comes first.", "dx and dW.", "dV is summed."),
    points=1,
    lecture="",
)

SAID = [
    ("dh * (1 - h**2)", "dh", "the factor 1 − h² is missing where dz is made"),
    ("h**2", "h", "the square of h is missing where dz is made"),
    (" - 2 * x", "", "the term − 2 · x is missing where dx is made"),
    ("W - 2", "W + 2", "2 · x is added and not subtracted where dx is made"),
    ("dz.T @ x", "dh.T @ x", "dh stands in the place of dz where dW is made"),
    ("h[t - 1]", "h[t]", "h is taken one place off where dV is made"),
    ("range(1,", "range(2,", "2 stands in the place of 1"),
    ("dV +=", "dV =", "dV is overwritten at each step, not added to"),
    ("np.abs(dV)", "dV", "the absolute value is missing"),
    ("seen.sum(axis=0)", "seen.mean(axis=0)", "a mean is taken, not a sum"),
    ("dx, dW, seen", "2 * x + dx, dW, seen", "the term − 2 · x is missing where dx is made"),
]


def with_text(old, new):
    """The toy with another text, as a learner would have written it."""
    text = inspect.getsource(step_backward)
    assert text.count(old) == 1
    space = {"np": np}
    exec(text.replace(old, new), space)
    return space["step_backward"]


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr("vgcourse.check.find", lambda name: TOY)
    monkeypatch.setattr("vgcourse.check.may_use", lambda name: None)


@pytest.mark.parametrize(("old", "new", "said"), SAID, ids=lambda value: value[:24])
def test_one_slip_is_told(toy, old, new, said):
    (finding,) = evaluate(TOY.name, with_text(old, new)).findings
    assert finding.group == "slip"
    assert finding.text.endswith(f"like this if {said}.")


def test_a_name_that_a_learner_has_not_met_is_not_quoted(toy):
    answer = with_text("seen.sum(axis=0)", "seen.sum(axis=0) * 0 + dV.sum(axis=0)")
    (finding,) = evaluate(TOY.name, answer).findings
    assert "seen" not in finding.text


def test_what_also_spoils_a_right_result_is_not_named(toy):
    """dx made with another dz than dW: a slip of dz would show in both."""

    def answer(dh, h, x, W, V):
        _, dW, size = step_backward(dh, h, x, W, V)
        return dh @ W - 2 * x, dW, size

    (finding,) = evaluate(TOY.name, answer).findings
    assert "factor" not in finding.text


def test_two_slips_in_results_of_their_own_are_told_one_by_one(toy):
    def answer(dh, h, x, W, V):
        dx, dW, size = step_backward(dh, h, x, W, V)
        return dx + 2 * x, dW.T.reshape(dW.shape) * 0 + dh.T @ x, size

    texts = [finding.text for finding in evaluate(TOY.name, answer).findings]
    assert sorted(texts) == [
        "Your dW comes out like this if dh stands in the place of dz where dW is made.",
        "Your dx comes out like this if the term − 2 · x is missing where dx is made.",
    ]


def test_numbers_of_nobody_are_not_named(toy):
    def answer(*args):
        rng = np.random.default_rng(0)
        return tuple(rng.normal(size=np.shape(part)) for part in step_backward(*args))

    assert not [finding for finding in evaluate(TOY.name, answer).findings if finding.group == "slip"]


PLAIN = [name for name in names() if not find(name).exact]


@pytest.mark.parametrize("name", PLAIN)
def test_slips_end_and_most_of_them_change_something(name):
    """Each has a sentence of its own kind, and none runs on for ever."""
    problem, changed, tried = find(name), 0, slips(find(name))
    for slip in tried[:: max(1, len(tried) // 30)]:
        assert slip.diagnosis and not slip.diagnosis.endswith(".") and "None" not in slip.diagnosis
        for number, (case, _) in enumerate(inputs(problem, 0)):
            if not case.memory:
                changed += any(not q.ok for q in wrong_run(problem, 0, None, (slip,), number).quantities)
    assert changed or not tried


def test_a_reference_without_a_text_of_its_own_has_none():
    made = Problem("toy.made", lambda x: 2 * x, lambda rng: [Case((1.0,), ("y",))], (), (), 1, "")
    assert slips(made) == ()


def test_the_reference_is_left_as_it_is():
    problem = find("ps1.two_paths_backward")
    case = problem.cases(np.random.default_rng(0))[0]
    before = problem.reference(*copy_arguments(case.args))
    assert len(slips(problem)) > 50
    assert same(problem.reference(*copy_arguments(case.args)), before)


def test_one_slip_that_explains_all_is_told_alone():
    """The square of one layer's slope: part of it looks as if all slopes had lost theirs."""

    def answer(x, t, w):
        h1 = np.tanh(w[0] * x)
        h2 = np.tanh(w[1] * h1)
        h3 = np.tanh(w[2] * h2)
        dy = 2 * (w[3] * h3 - t)
        d3 = dy * w[3] * (1 - h3)
        d2 = d3 * w[2] * (1 - h2**2)
        d1 = d2 * w[1] * (1 - h1**2)
        return (w[3] * h3 - t) ** 2, d1 * x, d2 * h1, d3 * h2, dy * h3

    (finding,) = evaluate("ps1.four_weight_net", answer).findings
    assert finding.text == "Your dw1, dw2 and dw3 come out like this if a square is missing."
