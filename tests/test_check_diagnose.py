"""What the checker says of answers that no single mistake explains: pairs, factors, places, conventions."""

import itertools
import re

import numpy as np
import pytest
from checker_score import named_mistakes

from vgcourse.check import evaluate, find, names
from vgcourse.collect.call import call
from vgcourse.collect.plain import same
from vgcourse.judge.locate import LEVELS, error_map
from vgcourse.judge.runs import inputs
from vgcourse.problems import SETS, Case, Convention, Invariant, Mistake, Problem
from vgcourse.tell.report import as_html, as_text

FAMILIES = [name for name in names() if find(name).family is not None]


def said(verdict):
    """All findings as one line."""
    return " ".join(finding.text for finding in verdict.findings)


# --- families: what the mistakes are switched in ------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_family_without_keywords_is_the_reference(name):
    checked = find(name)
    verdict = evaluate(name, lambda *args: checked.family(*args))
    assert verdict.share == 1 and not verdict.findings


def pairs(checked):
    parted = [mistake for mistake in checked.mistakes if mistake.parts]
    return [pair for pair in itertools.combinations(parted, 2) if checked.combine(*pair)]


def flat(checked, case, output):
    parts = output if len(case.quantities) > 1 else (output,)
    return [np.asarray(v) for part in parts for v in (part if isinstance(part, (list, tuple)) else [part])]


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in names()
        if not find(name).exact and sum(bool(m.parts) for m in find(name).mistakes) > 1
    ],
)
def test_two_mistakes_in_one_formula(name):
    """Both are named, or what can be told of them; a third only if its numbers are really there."""
    checked = find(name)
    chosen = pairs(checked)
    chosen = [chosen[k] for k in np.random.default_rng(0).permutation(len(chosen))[:12]]
    told = 0
    for pair in chosen:
        both = checked.formula(*pair)
        verdict = evaluate(name, both)
        found = set(named_mistakes(verdict))
        told += found == {mistake.name for mistake in pair}
        assert verdict.findings
        for mistake in checked.mistakes:
            if mistake.name in found and mistake not in pair:
                assert partly_true(checked, mistake, both), (mistake.name, [m.name for m in pair])
    assert told >= len(chosen) / 2


def partly_true(checked, mistake, answer):
    """Does the mistake explain at least one wrong quantity of the answer in full?"""
    wrong = {}
    for case, right in inputs(checked, 0):
        theirs, mine = call(mistake.formula, case.args), call(answer, case.args)
        if theirs.failed or mine.failed:
            continue
        triples = zip(*(flat(checked, case, out) for out in (theirs.output, mine.output, right)), strict=True)
        for k, (a, b, c) in enumerate(triples):
            if not same(b, c, 1e-9):
                wrong.setdefault((case.quantities, k), []).append(same(a, b, 1e-6))
    return any(all(agrees) for agrees in wrong.values())


# --- a small problem to play with: the backward pass of h_t = tanh(W h_{t−1} + x_t) -------------------


def backward(dhs, hs, h0, W, carry=True, prev=True, slope=True, keep=False):
    """dx_t and dW; `keep` counts the state in the other convention (rows for columns)."""
    dh, dW, dx = np.zeros_like(h0), np.zeros_like(W), np.zeros_like(hs)
    for t in reversed(range(len(hs))):
        dh = dhs[t] + (dh if carry else 0)
        dx[t] = dh * (1 - hs[t] ** 2 if slope else 1)
        dW += dx[t].T @ (hs[t] if not prev else hs[t - 1] if t else h0)
        dh = dx[t] @ W
    return dx, dW.T if keep else dW


def cases(rng):
    out = []
    for T, N, H in ((5, 3, 4), (4, 2, 2)):
        h0, W = rng.normal(size=(N, H)), rng.normal(size=(H, H)) / np.sqrt(H)
        hs = [h0]
        for _ in range(T):
            hs.append(np.tanh(hs[-1] @ W.T + rng.normal(size=(N, H))))
        args = rng.normal(size=(T, N, H)), np.array(hs[1:]), h0, W
        out.append(Case(args, ("dx", "dW"), batch=N, steps=T))
    return out


TOY = Problem(
    name="start.toy",
    reference=backward,
    family=backward,
    cases=cases,
    mistakes=(
        Mistake("no carry", {"carry": False}, "The part from step t + 1 is missing."),
        Mistake("h_t in dW", {"prev": False}, "dW uses h_t."),
        Mistake("no slope", {"slope": False}, "tanh' is missing."),
    ),
    conventions=(Convention("dW as (in, out)", {"keep": True}, "Your dW is stored as (in, out)."),),
    invariants=(
        Invariant(
            "last step",
            lambda args, out: np.abs(out["dx"][-1] - args[0][-1] * (1 - args[1][-1] ** 2)).max(),
            "At the last step nothing comes from later.",
        ),
    ),
    axes={"dx": ("step", "example", "unit"), "dW": ("unit", "unit")},
    hints=("a", "b", "c"),
    points=2,
    lecture="the start page",
)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    from vgcourse.problems import start

    monkeypatch.setattr(start, "PROBLEMS", (*start.PROBLEMS, TOY))


def changed(change):
    """The right answer, with its (dx, dW) changed."""
    return lambda dhs, hs, h0, W: change(*backward(dhs, hs, h0, W), args=(dhs, hs, h0, W))


def test_pair_is_named_when_no_single_mistake_fits():
    verdict = evaluate("start.toy", TOY.formula(TOY.mistakes[0], TOY.mistakes[1]))
    assert [finding.kind for finding in verdict.findings] == ["no carry", "h_t in dW"]


def test_mistake_with_a_factor():
    verdict = evaluate("start.toy", lambda *args: (backward(*args)[0], -backward(*args, prev=False)[1]))
    assert [finding.kind for finding in verdict.findings] == [
        "h_t in dW",
        "pattern: has the right size and the wrong sign",
    ]


def test_small_part_of_a_mistake_is_no_accusation():
    """dx agrees with the mistake; dW, which it would spoil too, is something else."""

    def half(dhs, hs, h0, W):
        return backward(dhs, hs, h0, W, carry=False)[0], np.sin(W)

    verdict = evaluate("start.toy", half)
    assert named_mistakes(verdict) == []
    assert "Your dx could come from “no carry”; that alone does not make your dW." in said(verdict)


def test_multiple_of_the_right_answer_is_no_mistake():
    verdict = evaluate("start.toy", lambda *args: tuple(-a / len(args[0][0]) for a in backward(*args)))
    assert named_mistakes(verdict) == []


FACTS = {
    "1/T": (lambda dx, dW, args: (dx, dW / len(dx)), "Your dW is 1/T of the right value"),
    "T": (lambda dx, dW, args: (dx * len(dx), dW), "Your dx is T times the right value"),
    "reversed": (lambda dx, dW, args: (dx[::-1], dW), "is in reversed order: the first step comes last"),
    "late": (
        lambda dx, dW, args: (np.concatenate([0 * dx[:1], dx[:-1]]), dW),
        "one step too late: entry t holds what belongs to t − 1",
    ),
    "early": (
        lambda dx, dW, args: (np.concatenate([dx[1:], 0 * dx[:1]]), dW),
        "one step too early: entry t holds what belongs to t + 1",
    ),
    "one step": (
        lambda dx, dW, args: (dx + 0.1 * (np.arange(len(dx)) == 1)[:, None, None], dW),
        "Your dx is right at steps 1 and 3–5 and wrong at step 2.",
    ),
    "one example": (
        lambda dx, dW, args: (dx + 0.1 * (np.arange(dx.shape[1]) == 1)[:, None], dW),
        "is right at examples 1 and 3 and wrong at example 2",
    ),
    "invariant": (lambda dx, dW, args: (dx**3, dW), "At the last step nothing comes from later."),
    "invariant holds": (lambda dx, dW, args: (dx, dW**3), None),
}


@pytest.mark.parametrize("kind", FACTS)
def test_fact_is_stated(kind):
    change, words = FACTS[kind]
    verdict = evaluate("start.toy", changed(change))
    assert verdict.share < 1 and named_mistakes(verdict) == []
    if words:
        assert words in said(verdict)
    else:
        assert "last step" not in said(verdict)


def test_gates_in_another_order():
    toy = Problem(
        name="start.gates",
        reference=lambda a: a,
        cases=lambda rng: [
            Case((rng.normal(size=(8, 3)),), ("dW",)),
            Case((rng.normal(size=(12, 2)),), ("dW",)),
        ],
        mistakes=(),
        axes={"dW": ("gate ifgo", "unit")},
        hints=("a", "b", "c"),
        points=1,
        lecture="the start page",
    )
    from vgcourse.problems import start

    start.PROBLEMS = (*start.PROBLEMS, toy)  # the fixture puts the old ones back
    order = [0, 2, 1, 3]
    wrong = evaluate("start.gates", lambda a: np.concatenate([np.split(a, 4)[k] for k in order]))
    assert "has the gates in the order i, g, f, o: asked for is i, f, g, o" in said(wrong)
    one = evaluate("start.gates", lambda a: np.concatenate([*np.split(a, 4)[:3], 2 * np.split(a, 4)[3]]))
    assert "is right at gates i, f and g and wrong at gate o" in said(one)
    (found,) = one.maps
    assert found.down == "gate" and [set(levels) for levels in found.levels] == [{0}, {0}, {0}, {2}]


# --- the map -----------------------------------------------------------------------------------------


def test_map_shows_where_and_no_values():
    def wrong(dx, dW, args):
        dx = dx.copy()
        dx[0], dx[1, 2] = -dx[0], 1.001 * dx[1, 2]
        return dx, dW

    verdict = evaluate("start.toy", changed(wrong))
    (found,) = verdict.maps
    assert (found.name, found.down, found.across) == ("dx", "step", "example")
    assert found.levels == ((3, 3, 3), (0, 0, 1), (0, 0, 0), (0, 0, 0), (0, 0, 0))
    html = as_html(verdict, 1.0, 2.0)
    assert html.count(f'title="{LEVELS[3]}"') == 3 and "Where dx is wrong" in html
    assert not re.search(r"<script|https?:|<img", html)


def test_no_map_where_everything_is_wrong():
    assert evaluate("start.toy", changed(lambda dx, dW, args: (dx + 1, dW + 1))).maps == ()


def test_map_of_a_large_array_is_left_out():
    big = np.ones((100, 40))
    q = type("Q", (), {"name": "a", "value": big * (np.arange(40) > 1), "expected": big, "ok": False})
    assert error_map(q, ("step", "unit")) is None


def test_html_shows_what_stands_in_backticks_as_code():
    def not_yet(dhs, hs, h0, W):
        raise NotImplementedError

    verdict = evaluate("start.toy", not_yet)
    assert "Replace <code>raise NotImplementedError</code> with your answer." in as_html(verdict, 0.0, 2.0)


def test_html_escapes_the_learners_words():
    verdict = evaluate("start.toy", lambda dhs, hs, h0, W: {}["<b>&"])
    assert "<b>&'" not in as_html(verdict, 0.0, 2.0) and "&lt;b&gt;&amp;" in as_html(verdict, 0.0, 2.0)
    assert "KeyError: '<b>&'" in as_text(verdict, 0.0, 2.0)


# --- several explanations, chance, conventions ---------------------------------------------------------


def twins(*names_and_formulas):
    return Problem(
        name="start.twins",
        reference=lambda x: x,
        cases=lambda rng: [Case((rng.normal(size=(3, 2)),), ("y",))],
        mistakes=tuple(Mistake(name, formula, f"It is {name}.") for name, formula in names_and_formulas),
        hints=("a", "b", "c"),
        points=1,
        lecture="the start page",
    )


def test_of_several_explanations_none_is_blamed(monkeypatch):
    from vgcourse.problems import start

    both = twins(("a square", lambda x: x**2), ("a product", lambda x: x * x))
    monkeypatch.setattr(start, "PROBLEMS", (both,))
    verdict = evaluate("start.twins", lambda x: x**2)
    assert [finding.kind for finding in verdict.findings] == ["one of several mistakes"]
    assert "“a square”; “a product”" in said(verdict)


def test_suspicion_has_to_hold_on_fresh_inputs(monkeypatch):
    """An answer that equals a mistake on the shown inputs only is not accused of it."""
    from vgcourse.problems import start

    one = twins(("a square", lambda x: x**2))
    monkeypatch.setattr(start, "PROBLEMS", (one,))
    shown = inputs(one, 0)[0][0].args[0]
    verdict = evaluate("start.twins", lambda x: x**2 if np.array_equal(x, shown) else x**3)
    assert verdict.share == 0 and named_mistakes(verdict) == []


def test_convention_is_recognised_and_mistakes_in_it():
    right = evaluate("start.toy", TOY.conventions[0].formula)
    assert right.share == 1
    assert [finding.kind for finding in right.findings] == ["convention: dW as (in, out)"]
    wrong = evaluate("start.toy", TOY.formula(TOY.conventions[0], TOY.mistakes[1]))
    assert wrong.share == 0.75 and wrong.halved == ("dW",)
    assert named_mistakes(wrong) == ["h_t in dW"]


def test_declared_convention_is_the_reference():
    convention = "dW as (in, out)"
    right = evaluate("start.toy", TOY.conventions[0].formula, convention=convention)
    assert right.share == 1 and not right.findings
    wrong = evaluate("start.toy", TOY.formula(TOY.conventions[0], TOY.mistakes[1]), convention=convention)
    assert named_mistakes(wrong) == ["h_t in dW"]
    other = evaluate("start.toy", backward, convention=convention)
    assert other.share == 0.5
    assert "You declared the convention “dW as (in, out)”; your answer follows the course's own" in said(
        other
    )


def test_unknown_convention_is_refused():
    with pytest.raises(ValueError, match=r"convention is 'rows'; expected 'dW as \(in, out\)'"):
        evaluate("start.toy", backward, convention="rows")
    with pytest.raises(ValueError, match="there is only one here"):
        evaluate("ps1.linear_backward", backward, convention="rows")


def test_keywords_need_a_family():
    with pytest.raises(TypeError, match="without a family give edits"):
        twins(("a", {"b": 1}))


def test_two_changes_of_one_place_do_not_go_together():
    with pytest.raises(ValueError, match="change the same place"):
        TOY.formula(TOY.mistakes[0], Mistake("again", {"carry": 0}, "", {"carry": 0}))


def test_sets_are_all_there():
    assert list(SETS) == ["start", *(f"ps{n}" for n in range(1, 9))]
