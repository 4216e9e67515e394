"""Mistakes as edits of the reference's text: each stands there once and changes the answer."""

import numpy as np
import pytest

from vgcourse.collect.plain import copy_arguments, same
from vgcourse.problems import Case, Convention, Mistake, Problem, find, names
from vgcourse.problems.edits import edit, edited, overlap

EDITED = [
    (name, change)
    for name in names()
    for change in (*find(name).mistakes, *find(name).conventions)
    if isinstance(change.parts, tuple)
]


def label(value):
    return value if isinstance(value, str) else value.name


@pytest.mark.parametrize(("name", "change"), EDITED, ids=label)
def test_an_edit_changes_the_answer(name, change):
    problem, differs = find(name), False
    edited(problem.reference, problem.helpers, change.parts)  # raises unless each stands there once
    right, wrong = problem.formula(), problem.formula(change)
    for case in problem.cases(np.random.default_rng(0)):
        expected = right(*copy_arguments(case.args))
        try:
            with np.errstate(all="ignore"):
                differs |= not same(wrong(*copy_arguments(case.args)), expected)
        except Exception:  # a product that only square matrices allow
            differs = True
    assert differs


def slope(h):
    return 1 - h**2


def step(h, w):
    z = w * h
    return slope(z) * w


def net(h, w):
    total = step(h, w) + 1
    return total * 2


HELPERS = (slope, step)


def test_text_of_the_reference_and_of_what_it_calls_may_be_edited():
    assert edited(net, HELPERS, edit("+ 1", "+ 3"))(0.5, 2.0) == net(0.5, 2.0) + 4
    wrong = edited(net, HELPERS, edit("h**2", "h", within=slope))  # two calls below
    assert wrong(0.25, 2.0) == ((1 - 0.5) * 2 + 1) * 2
    both = edited(net, HELPERS, edit("+ 1", "+ 3") + edit("h**2", "h", within=slope))
    assert both(0.25, 2.0) == ((1 - 0.5) * 2 + 3) * 2
    assert net(0.25, 2.0) == ((1 - 0.25) * 2 + 1) * 2  # untouched
    assert edited(net, HELPERS, edit("+ 1", "+ 3", "* 2", "* 4"))(0.0, 2.0) == 20


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (edit("+ 5", "+ 3"), "'\\+ 5' stands 0 times"),
        (edit("total", "t"), "'total' stands 2 times"),
        (edit("x", "y", within=len), "an edit within len, which is not among its helpers"),
        (edit("total * 2", "total", "2", "3"), "two edits overlap"),
    ],
)
def test_edits_that_do_not_fit_are_refused(edits, message):
    with pytest.raises(ValueError, match=message):
        edited(net, HELPERS, edits)


def test_edits_overlap_where_they_change_one_place():
    one, other, same_place = edit("+ 1", "+ 3"), edit("total * 2", "total"), edit("h, w) + 1", "h, w)")
    assert not overlap(net, one + other) and overlap(net, one + same_place) and overlap(net, one + one)
    assert not overlap(net, one + edit("h**2", "h", within=slope))


def made(**options):
    return Problem(
        name="start.net",
        reference=net,
        helpers=HELPERS,
        cases=lambda rng: [Case((0.3, 2.0), ("y",))],
        hints=("a", "b", "c"),
        points=1,
        lecture="the start page",
        **options,
    )


def test_a_problem_joins_edits_and_never_edits_with_keywords():
    plus, times, keyword = (
        Mistake("plus", edit("+ 1", "+ 3"), "Three."),
        Mistake("times", edit("total * 2", "total"), "Not doubled."),
        Mistake("keyword", {"w": 1.0}, "One."),
    )
    problem = made(
        mistakes=(plus, times, keyword),
        family=net,
        conventions=(Convention("five", edit("+ 1", "+ 5"), "Five."),),
    )
    plus, times, keyword = problem.mistakes
    assert problem.formula(plus, times)(0.0, 2.0) == 5.0
    assert not problem.combine(plus, keyword) and not problem.combine(plus, problem.conventions[0])
    assert problem.combine(times, problem.conventions[0])
    with pytest.raises(ValueError, match="change the same place"):
        problem.formula(plus, problem.conventions[0])
    with pytest.raises(TypeError, match="expected edits, a dict or a function"):
        made(mistakes=(Mistake("odd", "text", "Odd."),))
