"""Small problems made for one question each: when is a mistake named, and when is nothing said?"""

import json
import signal
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import pytest
from checker_score import named_mistakes
from test_check_diagnose import TOY, backward, changed, said

from vgcourse.check import check, evaluate, find, names, progress
from vgcourse.collect import limit
from vgcourse.collect.call import call
from vgcourse.judge.locate import error_map
from vgcourse.judge.runs import inputs
from vgcourse.problems import Case, Convention, Mistake, Problem, start
from vgcourse.problems.problem import drawn

NAME = "ps1.linear_backward"


@pytest.fixture
def small(monkeypatch):
    """Make a problem known as start.small: mistakes by name, cases by shape."""

    def make(reference=lambda x: x, shapes=((3, 2),), quantities=("y",), cases=None, **options):
        options.setdefault("mistakes", ())
        made = Problem(
            name="start.small",
            reference=reference,
            cases=cases or (lambda rng: [Case((rng.normal(size=s),), quantities) for s in shapes]),
            hints=("a", "b", "c"),
            points=1,
            lecture="the start page",
            **options,
        )
        monkeypatch.setattr(start, "PROBLEMS", (*start.PROBLEMS, made, TOY))
        return made

    return make


def named(problem, fn, **options):
    return named_mistakes(evaluate(problem.name, fn, **options))


# --- diagnose ------------------------------------------------------------------------------------------


def test_yes_or_no_answers_are_explained_as_a_whole_or_not_at_all(small):
    both, only_a = Mistake("both", lambda x: (0, 0), "Both."), Mistake("only a", lambda x: (2, 1), "a.")
    exact = small(lambda x: (1, 1), quantities=("a", "b"), mistakes=(both, only_a), exact=True)
    assert named(exact, lambda x: (2, 1)) == ["only a"]
    assert named(exact, lambda x: (0, 1)) == []  # the mistake would spoil b, too
    assert named(exact, lambda x: (2, 0)) == []  # b is left over


def shown_only(as_shown, else_):
    """One answer on the inputs of seed 0, another on all others."""
    shown = [case.args[1] for case, _ in inputs(TOY, 0)]
    return lambda *args: (as_shown if any(np.array_equal(args[1], s) for s in shown) else else_)(*args)


def cubed(*args):
    return tuple(a**3 for a in backward(*args))


@pytest.mark.parametrize("agrees", [0, 1, None])
def test_every_suspicion_has_to_hold_on_fresh_inputs(small, agrees):
    """One mistake of which a single result agrees on fresh inputs; two mistakes (None) that do not."""
    small()

    def half(*args):
        out = list(cubed(*args))
        out[agrees] = backward(*args, carry=False)[agrees]
        return tuple(out)

    wrong = {"carry": False} if agrees is not None else {"carry": False, "prev": False}
    fn = shown_only(lambda *args: backward(*args, **wrong), cubed if agrees is None else half)
    assert named(TOY, fn) == []


def test_factor_on_a_mistake_has_to_hold_on_fresh_inputs(small):
    small()
    wrong = shown_only(lambda *a: (backward(*a)[0], -backward(*a, prev=False)[1]), cubed)
    assert named(TOY, wrong) == []


SQUARE = Mistake("a square", lambda x: x**2, "It is a square.")


def test_factor_on_a_mistake_needs_numbers_enough_and_one_culprit(small):
    one = small(shapes=((3,),), mistakes=(SQUARE,))
    assert named(one, lambda x: -(x**2)) == []


@pytest.mark.parametrize(
    ("mistakes", "answer"),
    [
        ((SQUARE, Mistake("a product", lambda x: x * x, "It is a product.")), lambda x: -(x**2)),
        ((Mistake("doubled", lambda x: 2 * x, "It is doubled."),), lambda x: -2 * x),
        ((SQUARE,), lambda x: 3 * x**2),
    ],
    ids=["two culprits", "multiple of the right answer", "odd factor"],
)
def test_factor_on_a_mistake_is_not_guessed(small, mistakes, answer):
    assert named(small(mistakes=mistakes), answer) == []


def test_mistake_inside_a_convention_is_named(small):
    small()
    assert named(TOY, TOY.formula(TOY.conventions[0], TOY.mistakes[1])) == ["h_t in dW"]


def test_other_convention_than_declared_is_named(small):
    def family(x, more=0):
        return x + more

    ways = tuple(Convention(f"plus {k}", {"more": k}, "") for k in (1, 2))
    small(lambda x: x, family=family, conventions=ways)
    verdict = evaluate("start.small", lambda x: x + 2, convention="plus 1")
    assert "declared the convention “plus 1”; your answer follows “plus 2”." in said(verdict)


# --- runs ----------------------------------------------------------------------------------------------


def test_mistake_that_fails_where_the_answer_fails(small):
    square = small(shapes=((2, 2), (2, 3)), mistakes=(Mistake("a product", lambda x: x @ x, "It is."),))
    assert named(square, lambda x: x @ x) == ["a product"]


def test_mistake_that_works_where_the_answer_fails(small):
    both = small(shapes=((2, 2), (2, 3)), mistakes=(SQUARE,))
    assert named(both, lambda x: x**2 if x.shape == (2, 2) else x @ x) == []


def test_near_the_mistake_is_not_at_it(small):
    near = small(mistakes=(Mistake("a little", lambda x: x * (1 + 2e-5), "A little."),))
    assert named(near, lambda x: x * (1 + 1.2e-5)) == []


def test_not_a_number_where_the_mistake_has_one(small):
    def spoilt(x):
        out = x**2
        out[0, 0] = np.nan
        return out

    assert named(small(mistakes=(SQUARE,)), spoilt) == []


# --- patterns ------------------------------------------------------------------------------------------


def test_facts_are_exact(small):
    small()
    noisy = changed(lambda dx, dW, args: (dx, 3 * dW * (1 + 5e-3 * np.sign(dW))))
    assert "times the right value" not in said(evaluate("start.toy", noisy))
    nearly = changed(lambda dx, dW, args: (dx, 1.001 * dW))
    assert "times the right value" not in said(evaluate("start.toy", nearly))


def test_rounding_breaks_no_invariant(small):
    small()
    single = changed(lambda dx, dW, args: (dx.astype("f4"), dW**3))
    assert "last step" not in said(evaluate("start.toy", single))


def test_invariants_wait_for_numbers_and_for_something_unexplained(small):
    small()
    assert evaluate("start.toy", changed(lambda dx, dW, args: (None, dW))).share == 0.5
    verdict = evaluate("start.toy", lambda *args: backward(*args, slope=False))
    assert [finding.kind for finding in verdict.findings] == ["no slope"]


def test_what_is_not_finite_has_no_place_and_no_map(small):
    small()

    def spoilt(dx, dW, args):
        dx = dx.copy()
        dx[0] = np.nan
        return dx, dW

    verdict = evaluate("start.toy", changed(spoilt))
    assert "is right at" not in said(verdict) and verdict.maps == ()


def test_zeros_are_not_what_another_result_should_be(small):
    small(lambda x: (x, 0 * x), quantities=("a", "b"))
    assert "Your b is what a should be." in said(evaluate("start.small", lambda x: (0 * x, x)))


def test_two_steps_are_not_shifted_and_near_symmetry_is_no_transpose(small):
    small(shapes=((2, 3),), axes={"y": ("step", "unit")})
    late = said(evaluate("start.small", lambda x: np.stack([0 * x[0], x[0]])))
    assert "too late" not in late
    flat = small(cases=lambda rng: [Case((1 + 1e-4 * rng.normal(size=(3, 3)),), ("y",))])
    start.PROBLEMS = (flat,)  # undone by the fixture
    assert "transpose" not in said(evaluate("start.small", lambda x: x.T))


# --- locate --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axis", "dtype", "words"),
    [
        ("step", "f8", "is right at steps 1, 4 and 5 and wrong at steps 2 and 3"),
        ("step", "f4", "is right at steps 1, 4 and 5 and wrong at steps 2 and 3"),
        ("class", "f8", "is right at classes 1, 4 and 5 and wrong at classes 2 and 3"),
        ("step from 0", "f8", "is right at steps 0, 3 and 4 and wrong at steps 1 and 2"),
    ],
)
def test_places_in_words(small, axis, dtype, words):
    small(shapes=((5, 3),), axes={"y": (axis, "unit")})
    wrong = np.isin(np.arange(5), (1, 2))[:, None]
    assert words in said(evaluate("start.small", lambda x: (x + wrong).astype(dtype)))


class Wrong:
    name, ok = "a", False

    def __init__(self, expected, at):
        self.expected, self.value = expected, expected + at


def test_gates_that_do_not_divide_are_numbered_and_wide_maps_left_out():
    found = error_map(Wrong(np.ones((6, 2)), np.eye(6)[:, :2]), ("gate ifgo", "unit"))
    assert found.down_labels == ("1", "2", "3", "4", "5", "6")
    assert error_map(Wrong(np.ones((2, 30)), np.eye(2, 30)), ("step", "unit")) is None


def test_no_map_that_shows_everything_right(small):
    small(shapes=((5, 3),), axes={"y": ("step", "unit")})
    assert evaluate("start.small", lambda x: x * (1 + 5e-5 * np.sign(x))).maps == ()


# --- limit ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs alarms")
def test_alarm_outside_the_learners_function_is_ignored():
    with limit._alarm(100):
        signal.raise_signal(signal.SIGALRM)
    assert limit._inside(lambda: limit._is_inside(sys._getframe()), ())


def test_what_came_back_just_in_time_counts(monkeypatch):
    @contextmanager
    def late(seconds):
        yield
        raise limit.TimeLimit

    monkeypatch.setattr(limit, "_alarm", late)
    monkeypatch.setattr(limit, "_planted", late)
    assert limit.run_limited(lambda x: x + 1, (1.0,), 1.0) == 2.0


def test_loop_that_swallows_is_soon_stopped_in_another_thread():
    from test_check_limit import in_thread

    def swallows_three(x):
        for _ in range(3):
            try:
                while True:
                    pass
            except BaseException:
                pass
        while True:
            pass

    start = time.perf_counter()
    assert in_thread(call, swallows_three, (1.0,), 0.2).timed_out
    assert time.perf_counter() - start < 4  # attempts repeat


# --- progress ------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    monkeypatch.setenv("VGCOURSE_PROGRESS", str(file))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return file


def entry():
    return next(found for found in progress.entries() if found.name == NAME)


def write(file, **fields):
    kept = {"tries": 1, "best": 1.0, "solved": "2020-01-31"} | fields
    file.write_text(json.dumps({"format": "vgcourse progress", "version": 1, "problems": {NAME: kept}}))


def test_day_of_the_first_full_answer_stays(file):
    write(file)
    progress.record(NAME, 1.0)
    assert (entry().solved, entry().tries) == ("2020-01-31", 2)


@pytest.mark.parametrize(
    "odd", [{"solved": "soon"}, {"tries": -1}, {"tries": True}, {"solved": 3}, {"best": "1"}], ids=str
)
def test_odd_entries_are_set_aside(file, odd, capsys):
    write(file, **odd)
    assert entry().status == "open" and "is damaged" in capsys.readouterr().out


def test_first_full_answer_is_dated(file):
    days = [datetime.now(UTC).date().isoformat()]
    progress.record(NAME, 1.0)
    assert entry().solved in [*days, datetime.now(UTC).date().isoformat()]


def test_folder_in_the_place_of_the_file(file, capsys):
    file.mkdir()
    progress.record(NAME, 1.0)
    assert entry().status == "done" and "is not a text file" in capsys.readouterr().out


def test_names_of_other_places(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("VGCOURSE_PROGRESS", "~/mine.json")
    assert progress.path() == tmp_path / "mine.json"
    monkeypatch.setenv("VGCOURSE_PROGRESS", "OFF")
    assert progress.path() is None


def test_no_home_is_no_reason_to_lose_a_check(monkeypatch):
    from right_answers.ps1 import linear_products

    monkeypatch.setenv("VGCOURSE_PROGRESS", "~nobody-of-that-name/p.json")
    assert check(NAME, linear_products) == 4


def test_file_is_not_trusted_as_html(file):
    write(file, solved='"><b>')
    assert entry().status == "open"
    odd = progress.Entry(NAME, "done", 1, 1.0, '"><i>')
    assert "<i>" not in progress.as_html([odd])


# --- where the walk breaks -------------------------------------------------------------------------------


def _noise(*parts):
    """Wrong in a way that nothing explains."""
    rng = np.random.default_rng(3)
    return tuple(part if part.ndim == 0 else part + rng.normal(size=part.shape) for part in parts)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("c",), "Your b is right, your c is not: look at the step between."),
        (("b", "c"), "Your a is right, your b is not: look at the step between."),
        (("a", "b", "c"), "Your a is wrong already, and the rest is made from there: begin with it."),
    ],
)
def test_the_step_at_which_the_walk_breaks(small, wrong, said):
    def reference(x):
        return x**3, x**2, x + 0.5 * x**4

    def answer(x):
        right = dict(zip("cab", reference(x), strict=True))
        return tuple(_noise(right[name])[0] if name in wrong else right[name] for name in "cab")

    problem = small(reference, quantities=("c", "a", "b"), flow=("a", "b", "c"))
    assert said in [finding.text for finding in evaluate(problem.name, answer).findings]


@pytest.mark.parametrize("second", [None, np.ones(3), "word"], ids=["None", "a shape", "a word"])
def test_a_walk_is_told_of_numbers_alone(small, second):
    """What is no number is told by itself: it says nothing of the steps."""
    problem = small(lambda x: (x**2, x**3), quantities=("a", "b"), flow=("a", "b"))
    for answer in (lambda x: (x**2, second), lambda x: (second, x**3), lambda x: (second, second)):
        assert "where the walk breaks" not in [f.name for f in evaluate(problem.name, answer).findings]


def test_a_walk_is_not_told_where_calls_fail(small):
    problem = small(lambda x: (x**2, x**3), quantities=("a", "b"), flow=("a", "b"), shapes=((3, 2), (2, 2)))

    def answer(x):
        if len(x) == 2:
            raise ValueError("only three rows")
        return _noise(x)[0], x**3

    found = evaluate(problem.name, answer)
    assert "where the walk breaks" not in [finding.name for finding in found.findings]


def test_a_wrong_sign_is_called_that(small):
    problem = small(lambda x: np.tanh(x) * (1 + x))
    (finding,) = evaluate(problem.name, lambda x: -np.tanh(x) * (1 + x)).findings
    assert finding.text == "Your y has the right size and the wrong sign."


def test_lists_that_are_made_from_their_end_break_there(small):
    def reference(x):
        return [x, x**2 + x, x**3 - x]

    def answer(x):
        first, second, third = reference(x)
        return [*_noise(first, second), third]

    problem = small(reference, quantities=("deltas",), flow=("deltas[::-1]",))
    text = "Your deltas[2] is right, your deltas[1] is not: look at the step between."
    assert text in [finding.text for finding in evaluate(problem.name, answer).findings]


# --- what carries the right numbers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "carried",
    [
        lambda y: np.array([y]),
        lambda y: y + 1e-17j,
        lambda y: np.array([y + 0j]),
        float,
        lambda y: np.array(y),
    ],
    ids=["array of one", "imaginary rest", "complex array of one", "float", "array of no axis"],
)
def test_a_number_may_come_in_an_array_of_one_or_with_a_rest(small, carried):
    problem = small(lambda x: x.sum())
    assert evaluate(problem.name, lambda x: carried(x.sum())).share == 1
    assert evaluate(problem.name, lambda x: carried(x.sum() + 1)).share == 0


@pytest.mark.parametrize("came", [lambda y: np.array([y, y]), lambda y: y * (1 + 1e-3j)])
def test_more_than_that_is_no_number(small, came):
    problem = small(lambda x: x.sum())
    assert evaluate(problem.name, lambda x: came(x.sum())).share == 0


@pytest.mark.parametrize("name", [name for name in names() if find(name).flow])
def test_a_flow_is_of_quantities(name):
    problem = find(name)
    known = {q.partition(" (")[0] for case in drawn(problem, 0) for q in case.quantities}
    assert {part.removesuffix("[::-1]") for part in problem.flow} <= known
