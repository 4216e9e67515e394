"""The checker: right answers pass, wrong ones lose, mistakes are named, nobody is accused falsely."""

import contextlib
import functools
import importlib
import inspect
import io
import itertools
import json
import linecache
import pkgutil
import re
import sys
import textwrap
import warnings

import numpy as np
import pytest
from checker_score import named_mistakes
from conftest import ROOT
from right_answers import RIGHT
from right_answers.ps1 import linear_products

from vgcourse.check import check, evaluate, find, hint, names, when_solved
from vgcourse.collect.call import call
from vgcourse.collect.plain import copy_arguments, same
from vgcourse.problems import SETS, Problem, problems
from vgcourse.tell import hints
from vgcourse.tell.report import MIME, as_data, as_text

PROBLEMS = {name: find(name) for name in names()}
LINEAR = "ps1.linear_backward"


def label(value):
    return getattr(value, "__name__", str(value))


def results(name):
    """How many results a right answer has."""
    return len(PROBLEMS[name].cases(np.random.default_rng(0))[0].quantities)


def calls(name):
    """How often a check calls a right answer."""
    return len(PROBLEMS[name].cases(np.random.default_rng(0)))


def printed(name, fn, **options):
    """What check returns, and what it prints outside a notebook."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        earned = check(name, fn, **options)
    assert err.getvalue() == "", "a line on stderr costs all points under nbgrader"
    return earned, " ".join(out.getvalue().split())


# --- every problem ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_definition_is_complete(name):
    problem = PROBLEMS[name]
    assert len({mistake.name for mistake in problem.mistakes}) == len(problem.mistakes)
    assert all(mistake.diagnosis.endswith((".", "?")) for mistake in problem.mistakes)
    assert len(problem.hints) == 3 and len(set(problem.hints)) == 3
    assert problem.points > 0


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.startswith("ps1.")])
def test_lecture_reference_exists(name):
    text = (ROOT / "lectures/01_chain_rule.md").read_text(encoding="utf-8")
    lecture = PROBLEMS[name].lecture
    section = re.search('"(.+)"', lecture)[1]
    assert re.search(rf"^#+ (\d+ · )?{re.escape(section)}$", text, flags=re.M), section
    equations = re.findall(r"\((1\.\d+)\)", lecture)
    assert equations
    assert all(rf"\tag{{{number}}}" in text for number in equations), equations


LECTURES_OF = {
    "ps2": (2, 3),
    "ps3": (4,),
    "ps4": (5, 6),
    "ps5": (7,),
    "ps6": (8, 9),
    "ps7": (10, 11),
    "ps8": (12,),
}


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.split(".")[0] in LECTURES_OF])
def test_lecture_is_on_the_map_of_the_course(name):
    text = (ROOT / "lectures/00_start_here.md").read_text(encoding="utf-8")
    number, title = re.fullmatch(r'lecture (\d+), "(.+)"', PROBLEMS[name].lecture).groups()
    assert int(number) in LECTURES_OF[name.split(".")[0]]
    assert re.search(rf"^\| {number} \| \[?{re.escape(title)}[\]|( ]", text, flags=re.M), title


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.startswith("ps")])
def test_problem_set_gives_the_same_points(name):
    problem_set = name.split(".")[0]
    source = (ROOT / f"solutions/{problem_set}/{problem_set}.md").read_text(encoding="utf-8")
    visible, hidden = re.findall(
        rf'^check\("{name}", \w+, points=(\d+)(?:, seed=\d+)?\)$', source, flags=re.M
    )
    assert float(visible) == float(hidden) == PROBLEMS[name].points


@pytest.mark.parametrize("problem_set", SETS)
def test_every_problem_is_listed(problem_set):
    room = importlib.import_module(f"vgcourse.problems.{problem_set}")
    files = pkgutil.iter_modules(getattr(room, "__path__", []), f"{room.__name__}.")
    modules = [room, *(importlib.import_module(file.name) for file in files)]
    made = {value.name for module in modules for value in vars(module).values() if isinstance(value, Problem)}
    assert made == {problem.name for problem in problems(problem_set)}


# --- right answers (checker_score.py holds many more) ----------------------------------------------


class Callables:
    def __call__(self, dz, x, W):
        return linear_products(dz, x, W)

    def method(self, dz, x, W):
        return linear_products(dz, x, W)

    @staticmethod
    def static(dz, x, W):
        return linear_products(dz, x, W)


class Tensor:
    """Like a torch tensor: converts to an array, compares entry by entry."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array)

    def __eq__(self, other):
        return self.array == other.array

    __hash__ = None


ODD_AND_RIGHT = {
    "instance": Callables(),
    "method": Callables().method,
    "static method": Callables.static,
    "partial": functools.partial(lambda scale, dz, x, W: linear_products(scale * dz, x, W), 1.0),
    "star arguments": lambda *args: linear_products(*args),
    "keyword-only with default": lambda dz, x, W, *, verbose=False: linear_products(dz, x, W),
    "views of the input": lambda dz, x, W: (W.T @ dz, (x @ dz.T).T, dz.sum(axis=1)[:]),
    "tensors": lambda *args: tuple(map(Tensor, linear_products(*args))),
    "masked arrays": lambda *args: tuple(map(np.ma.array, linear_products(*args))),
    "changes what it returned before": lambda *args, out=[None]: (
        out.__setitem__(0, linear_products(*args)) or out[0]
    ),
}


@pytest.mark.parametrize("kind", ODD_AND_RIGHT)
def test_any_callable_and_array_like_will_do(kind):
    earned, text = printed(LINEAR, ODD_AND_RIGHT[kind])
    assert earned == 4, text


def test_own_input_may_be_returned():
    def five(x, t, w1, w2):
        *factors, dw1 = PROBLEMS["ps1.five_factors"].reference(x, t, w1, w2)
        return *factors[:4], x, dw1

    assert evaluate("ps1.five_factors", five).share == 1


def test_convention_is_named_and_costs_nothing():
    verdict = evaluate("ps1.activation_derivative", RIGHT["ps1.activation_derivative"][3])
    assert verdict.share == 1
    assert [finding.kind for finding in verdict.findings] == ["convention: derivative 1 at the kink"]


# --- known mistakes --------------------------------------------------------------------------------


def combined(first, second):
    """A function with the last result of one mistake and the others of another."""
    return lambda *args: (*first.formula(*args)[:-1], second.formula(*args)[-1])


def nearly(a, b):
    """Equal to rounding, numbers too."""
    numbers = isinstance(a, float) and isinstance(b, float)
    return bool(np.isclose(a, b, rtol=1e-9, atol=0, equal_nan=True)) if numbers else same(a, b, 1e-9)


def is_true(problem, wrong, answer):
    """Does the answer hold all of what a wrong formula gets wrong?"""
    for case in problem.cases(np.random.default_rng(0)):
        theirs, mine = call(wrong, case.args), call(answer, case.args)
        right = problem.reference(*copy_arguments(case.args))
        if theirs.failed or mine.failed:
            continue
        triples = zip(theirs.output, mine.output, right, strict=True)
        if not all(nearly(a, b) or nearly(a, c) for a, b, c in triples):
            return False
    return True


@pytest.mark.parametrize("name", [name for name in PROBLEMS if results(name) > 1])
def test_of_two_mistakes_no_third_is_named(name):
    problem = PROBLEMS[name]
    complete = 0
    chosen = list(itertools.permutations(problem.mistakes, 2))
    for tried, k in enumerate(np.random.default_rng(0).permutation(len(chosen))[:80]):
        if tried >= 16 and complete:
            break
        first, second = chosen[k]
        both = combined(first, second)
        found = set(named_mistakes(evaluate(name, both)))
        told = [m for m in problem.mistakes if m.name in found]
        others = [m for m in told if m not in (first, second)]
        assert all(is_true(problem, m.formula, both) for m in others) or (
            len(told) == 2
            and is_true(problem, problem.formula(*told), both)  # two others with the same numbers
        )
        complete += found == {first.name, second.name}
    partial = [mistake for mistake in problem.mistakes if not mistake.whole]
    assert complete >= 1 or len(partial) < len(problem.mistakes) / 2


def test_two_mistakes_are_both_named():
    def two(dz, x, W):
        return W.T @ dz, x @ dz.T, dz.mean(axis=1)

    assert named_mistakes(evaluate(LINEAR, two)) == ["dW transposed", "db averaged over the batch"]


def exchanged(number, change):
    """The right answer, with one result changed by a function of it and of the batch size N."""

    def fn(dz, x, W):
        out = list(linear_products(dz, x, W))
        out[number] = change(out[number], x.shape[1])
        return tuple(out)

    return fn


PATTERNS = {
    "all zeros": (lambda dz, x, W: (0 * x, 0 * W, dz.sum(axis=1)), "Your dx and dW are all zeros."),
    "factor": (exchanged(1, lambda dW, N: 3 * dW), "Your dW is 3 times the right value, everywhere."),
    "N": (exchanged(2, lambda db, N: N * db), "Your db is N times the right value"),
    "1/N": (exchanged(0, lambda dx, N: dx / N), "Your dx is 1/N of the right value"),
    "order": (
        lambda dz, x, W: (dz @ x.T, W.T @ dz, dz.sum(axis=1)),
        "Your dx is what dW should be. The order asked for is dx, dW, db.",
    ),
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_pattern_is_described(kind):
    fn, sentence = PATTERNS[kind]
    earned, text = printed(LINEAR, fn)
    assert earned < 4 and sentence in text


def test_guessed_verdicts_earn_little_and_are_not_accused():
    earned = []
    for number in range(10):
        rng = np.random.default_rng(number)
        coins = {}

        def guess(backward, coins=coins, rng=rng):
            name = inspect.getclosurevars(backward).nonlocals["formula"]
            return coins.setdefault(name, rng.random() < 0.5)

        verdict = evaluate("ps1.is_right", guess)
        earned.append(verdict.share)
        assert named_mistakes(verdict) == []
    assert max(earned) < 0.5 and np.mean(earned) < 0.2


@pytest.mark.parametrize("constant", [True, False])
def test_a_verdict_that_is_always_the_same_earns_nothing(constant):
    assert evaluate("ps1.is_right", lambda backward: constant).share == 0


def test_what_passed_the_test_is_named():
    def judge(backward):
        dz, x, W = (np.random.default_rng(0).normal(size=s) for s in ((2, 3), (4, 3), (2, 4)))
        return np.allclose(np.asarray(backward(dz, x, W)[2]).ravel(), dz.sum(axis=1))

    text = " ".join(finding.text for finding in evaluate("ps1.is_right", judge).findings)
    assert "A wrong one passed your test: sign of dx." in text
    assert "A wrong one passed your test: db of shape (H, 1)." in text
    assert "Single precision" not in text


def test_each_test_meets_implementations_without_a_past():
    """The one that adds to the call before starts anew, so that the same test gives the same verdict."""
    seen = []

    def judge(backward):
        first, second = (
            np.array(backward(np.ones((2, 3)), np.ones((4, 3)), np.ones((2, 4)))[1], dtype=float)
            for _ in range(2)
        )
        if not np.array_equal(first, second, equal_nan=True):
            seen.append([float(first[0, 0]), float(second[0, 0])])
        return True

    for _ in range(2):
        evaluate("ps1.is_right", judge)
    assert len(seen) >= 4 and all(entries == [3.0, 6.0] for entries in seen)


# --- answers that cannot be used -------------------------------------------------------------------


async def coroutine(dz, x, W):
    return linear_products(dz, x, W)


def recursive(dz, x, W):
    return recursive(dz, x, W)


def keyword_only(dz, x, *, W):
    return linear_products(dz, x, W)


class Refuses:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("requires grad")


class Stop(BaseException):
    pass


def fail(error):
    def fn(dz, x, W):
        raise error

    return fn


def each(change):
    return lambda *args: tuple(change(value) for value in linear_products(*args))


UNUSABLE = {
    "None": (lambda *args: None, "returned None. Is there a return"),
    "three times None": (each(lambda v: None), "Your answer is None."),
    "a number": (lambda *args: 3, "returned an int; expected 3 values: dx, dW, db."),
    "a string": (lambda *args: "abc", "returned a str; expected 3 values"),
    "strings": (each(str), "Your answer is a str; expected numbers."),
    "a dict": (lambda *args: {"dx": 1}, "returned a dict; expected 3 values"),
    "a coroutine": (coroutine, "returned a coroutine; expected 3 values"),
    "one array": (lambda dz, x, W: W.T @ dz, "returned an array of shape (4, 5); expected 3 values"),
    "two values": (lambda *args: linear_products(*args)[:2], "returned 2 values; expected 3"),
    "a tuple in a tuple": (lambda *args: (linear_products(*args),), "returned 1 value; expected 3"),
    "object 0-d": (lambda *args: np.array(None), "expected 3 values"),
    "a function": (lambda *args: np.sin, "returned a function; expected 3"),
    "functions": (each(lambda v: np.sin), "is a function; expected numbers"),
    "ragged": (each(lambda v: [[1, 2], [3]]), "is a list that does not make an array of numbers"),
    "refusing tensors": (each(lambda v: Refuses()), "is a Refuses; expected numbers"),
    "dtype object": (each(lambda v: v.astype(object)), "(dtype object)"),
    "big integers": (each(lambda v: 10**400), "is an int; expected numbers"),
    "numbers": (each(lambda v: 1.0), "has shape (); expected (4, 5)"),
    "transposed": (lambda dz, x, W: (dz.T @ W, x @ dz.T, 0), "expected (4, 5) (the transpose)"),
    "NaN": (each(lambda v: v * np.nan), "is NaN in 20 of 20 entries"),
    "infinite": (each(lambda v: v / 0), "is infinite in 12 of 12 entries"),
    "complex": (each(lambda v: v * (1 + 1e-3j)), "is complex; a real number is asked for"),
    "huge": (each(lambda v: np.zeros((40_000, 40_000))), "has shape (40000, 40000); expected (4, 5)"),
    "not written": (fail(NotImplementedError()), "is not written yet. Replace `raise NotImplementedError`"),
    "exception": (fail(KeyError("w9")), "KeyError: 'w9' in line"),
    "exit": (lambda *args: sys.exit(1), "SystemExit: 1 in line"),
    "base exception": (fail(Stop("now")), "Stop: now in line"),
    "recursion": (recursive, "RecursionError: maximum recursion depth exceeded"),
    "memory": (lambda *args: np.zeros((10**7, 10**7)), "MemoryError: Unable to allocate"),
    "in the library": (lambda *args: json.loads("{"), "JSONDecodeError: Expecting"),
    "two arguments": (lambda dz, x: 1, "takes (dz, x); expected (dz, x, W)."),
    "four arguments": (lambda dz, x, W, b: 1, "takes (dz, x, W, b); expected (dz, x, W)."),
    "keyword-only": (keyword_only, "takes (dz, x, *, W); expected (dz, x, W)."),
    "a class": (Callables, "You passed the class Callables where a function is expected."),
    "the result": (
        (1, 2, 3),
        "a tuple where a function is expected. Pass the function itself, without parentheses",
    ),
    "an array for the function": (np.ones(3), "You passed an array where a function is expected."),
    "a ufunc": (np.add, "ValueError: operands could not be broadcast"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_answer_has_its_own_message(kind):
    fn, words = UNUSABLE[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # whatever a notebook has switched on
        earned, text = printed(LINEAR, fn)
    assert earned == 0 and isinstance(earned, float)
    assert words in text


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "abc",
        {},
        (),
        [],
        (None,) * 2,
        np.array(1.0),
        np.array(None),
        ([[1, 2], [3]],),
        ("a",) * 6,
        np.ones(7),
    ],
    ids=repr,
)
def test_no_answer_breaks_a_check(name, value):
    earned, text = printed(name, lambda *args: value, points=2)
    assert 0 <= earned < 2 and isinstance(earned, float)
    assert "Your answer" in text or "Your function" in text or "✗" in text, text


VERDICTS = {
    "nothing": (lambda backward: None, "is None; expected True or False. Is there a return at the end"),
    "a text": (lambda backward: "right", "is a str; expected True or False"),
    "an error": (lambda backward: 3e-9, "is a float; expected True or False"),
    "a list": (lambda backward: [True, False], "is a list; expected True or False"),
    "one for each result": (lambda backward: np.array([True, False, True]), "expected True or False"),
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_unusable_verdict_has_its_own_message(kind):
    fn, words = VERDICTS[kind]
    assert words in printed("ps1.is_right", fn)[1]


def test_an_error_in_place_of_a_verdict_is_all_that_is_told():
    """Some errors are 0 or 1 and pass for False and True; nothing is said of these."""
    errors = iter(np.linspace(0, 1, 23))
    text = printed("ps1.is_right", lambda backward: float(next(errors, 0.5)))[1]
    assert "expected True or False" in text and "passed your test" not in text and "accused" not in text


def test_two_things_at_a_time():
    """A test that misses many is told two of them, and how many are left."""

    def norms_alone(backward):
        rng = np.random.default_rng(0)
        dz, x, W = rng.normal(size=(3, 5)), rng.normal(size=(4, 5)), rng.normal(size=(3, 4))
        theirs, right = backward(dz, x, W), linear_products(dz, x, W)
        norms = [[np.linalg.norm(a) for a in arrays] for arrays in (theirs, right)]
        return bool(np.allclose(*norms, rtol=0.1))

    verdict = evaluate("ps1.is_right", norms_alone)
    text = printed("ps1.is_right", norms_alone)[1]
    assert len(verdict.findings) > 3
    assert [finding.text in text for finding in verdict.findings[:3]] == [True, True, False]
    assert f"{len(verdict.findings) - 2} more things are known about this answer" in text
    assert "If your test does what is advised, look at how it judges" in text


def test_list_of_arrays_of_the_wrong_length():
    text = printed("ps1.deep_backward", lambda dh, hs, Ws: (hs[:1], {1, 2}, hs[1:]))[1]
    assert "the list deltas is a list of 1; expected a list of 3 arrays" in text
    assert "the list dWs is a set; expected a list of 3 arrays" in text
    assert "gave different answers" not in text


def from_cell(source, name, filename="/tmp/ipykernel_1/1234.py"):
    """A function defined the way a notebook cell defines it."""
    source = textwrap.dedent(source)
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = {"np": np, "functools": functools}
    exec(compile(source, filename, "exec"), scope)
    return scope[name]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "dx = dz @ W",
            "ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0 (size 3 is",
        ),
        ("dx = undefined_name", "NameError: name 'undefined_name' is not defined"),
        ("dx = functools.reduce(lambda a, b: a + b, [])", "TypeError: reduce() of empty"),
        ("dx = np.linalg.inv(dz)", "LinAlgError"),
    ],
)
def test_own_line_is_shown(line, words):
    fn = from_cell(f"def linear_backward(dz, x, W):\n    {line}\n    return dx, 0, 0\n", "linear_backward")
    text = printed(LINEAR, fn)[1]
    assert words in text
    assert f"in line 2 of your cell: {line}" in text
    assert "gufunc" not in text


def test_failure_in_some_calls_says_so():
    earned, text = printed(LINEAR, lambda dz, x, W: linear_products(dz, x, W) if len(W) != 4 else 1 / 0)
    assert earned == 0 and f"(in 1 of {calls(LINEAR)} calls)" in text


def test_an_exception_without_a_message_is_of_one_kind_wherever_it_was():
    fn = from_cell("def linear_backward(dz, x, W):\n    assert False\n", "linear_backward")
    (finding,) = evaluate(LINEAR, fn).findings
    assert finding.kind == "raises AssertionError" and "in line 2 of your cell" in finding.text


def test_exception_on_fresh_inputs_quotes_nothing():
    fn = from_cell("def linear_backward(dz, x, W):\n    raise ValueError(x)\n", "linear_backward")
    text = printed(LINEAR, fn, seed=4101)[1]
    assert "ValueError in line 2 of your cell: raise ValueError(x)" in text
    assert "[" not in text


def test_interrupt_stops_the_check():
    with pytest.raises(KeyboardInterrupt):
        evaluate(LINEAR, fail(KeyboardInterrupt()))


def test_nothing_that_a_learner_raises_floods_the_page():
    assert len(printed(LINEAR, fail(ValueError("x" * 100_000)))[1]) < 800


# --- behaviour beside the values -------------------------------------------------------------------


def test_prints_and_warnings_are_muted():
    def noisy(dz, x, W):
        print("hello")
        print("hello", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        np.log(np.array(-1.0))
        return linear_products(dz, x, W)

    earned, text = printed(LINEAR, noisy)
    assert earned == 4 and f"printed {2 * calls(LINEAR)} lines" in text and "hello" not in text


def change_list(dh, hs, Ws):
    out = PROBLEMS["ps1.deep_backward"].reference(dh, hs, Ws)
    hs.pop()
    return out


def change_array_in_list(dh, hs, Ws):
    out = PROBLEMS["ps1.deep_backward"].reference(dh, hs, Ws)
    hs[1][0, 0] += 1
    return out


def change_entry(params):
    params["W"] *= 2


def change_dict(params):
    del params["W"]


@pytest.mark.parametrize("fn", [change_entry, change_dict], ids=label)
def test_changes_in_a_dict_are_seen(fn):
    params = {"W": np.ones(2), "b": np.ones(1)}
    assert call(fn, (params,)).changed == (0,) and params.keys() == {"W", "b"} and (params["W"] == 1).all()


def change_array(dz, x, W):
    out = linear_products(dz, x, W)
    dz /= len(x)
    return out


@pytest.mark.parametrize(
    ("name", "fn", "argument"),
    [
        (LINEAR, change_array, "dz"),
        ("ps1.deep_backward", change_list, "hs"),
        ("ps1.deep_backward", change_array_in_list, "hs"),
    ],
    ids=label,
)
def test_changed_input_costs_half(name, fn, argument):
    earned, text = printed(name, fn, points=4)
    assert earned == 2
    assert f"changes its argument {argument} in place" in text


def test_accumulation_is_named_from_the_first_check_to_the_last():
    totals = {}

    def accumulating(dz, x, W):
        dx, dW, db = linear_products(dz, x, W)
        totals[dW.shape] = totals.get(dW.shape, 0) + dW
        return dx, totals[dW.shape], db

    for _ in range(2):
        verdict = evaluate(LINEAR, accumulating)
        assert [finding.kind for finding in verdict.findings] == ["accumulates"]
        assert verdict.share == pytest.approx(2 / 3)


def test_random_answer_is_called_not_repeatable():
    rng = np.random.default_rng(0)
    verdict = evaluate(LINEAR, each(lambda v: v + 0.1 * rng.normal()))
    assert [finding.kind for finding in verdict.findings] == ["not repeatable"]
    assert verdict.share == 0


def test_rounding_noise_is_no_randomness():
    rng = np.random.default_rng(0)
    assert evaluate(LINEAR, each(lambda v: v * (1 + 1e-14 * rng.normal()))).share == 1


def test_second_call_that_fails():
    calls = []

    def once(dz, x, W):
        calls.append(1)
        return linear_products(dz, x, W) if len(calls) == 1 else 1 / 0

    verdict = evaluate(LINEAR, once)
    assert verdict.share == 0 and verdict.findings[-1].kind == "not repeatable"


def test_floating_point_errors_of_the_notebook_do_not_matter():
    old = np.seterr(all="raise")
    try:
        for name in PROBLEMS:
            assert evaluate(name, PROBLEMS[name].reference).share == 1
            assert evaluate(name, PROBLEMS[name].mistakes[0].formula).share < 1
    finally:
        np.seterr(**old)


# --- points ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [0, 1, 3, 0.01, 1 / 3, 0.335, 2.675, np.float64(3), np.int64(3), 1e6])
def test_points_are_a_float_and_never_more(points):
    one_wrong = LINEAR, lambda dz, x, W: (W.T @ dz, dz @ x.T, 0)
    full, partial = printed(LINEAR, linear_products, points=points)[0], printed(*one_wrong, points=points)[0]
    assert all(isinstance(earned, float) and float(repr(earned)) == earned for earned in (full, partial))
    assert full == points
    assert partial == pytest.approx(2 / 3 * points, abs=0.006) and (partial < points or points == 0)


@pytest.mark.parametrize("points", ["3", True, -1, float("nan"), float("inf"), [1], 1j])
def test_odd_points_are_refused(points):
    with pytest.raises(ValueError, match="points is"):
        check(LINEAR, linear_products, points=points)


def test_points_default_to_the_problem_set():
    assert printed(LINEAR, linear_products)[0] == PROBLEMS[LINEAR].points


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("linear_backward", "did you mean ps1.linear_backward"),
        ("ps1.linear_backwards", "did you mean ps1.linear_backward"),
        ("zzz", r"names\(\) lists all"),
        (None, "there is no problem None"),
        (["ps1"], "there is no problem"),
        (linear_products, "the name of the problem comes first"),
    ],
)
def test_unknown_name_suggests_the_nearest(name, words):
    with pytest.raises(ValueError, match=words):
        check(name, linear_products)


# --- what is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_same_inputs_same_verdict(name):
    fn = PROBLEMS[name].mistakes[0].formula
    assert evaluate(name, fn, seed=7) == evaluate(name, fn, seed=7)
    assert printed(name, fn) == printed(name, fn)


@pytest.mark.parametrize("name", PROBLEMS)
def test_text_fits_and_points_on(name):
    for mistake in PROBLEMS[name].mistakes[::4]:
        verdict = evaluate(name, mistake.formula)
        text = as_text(verdict, 0.0, 1.0)
        assert PROBLEMS[name].lecture in text and f'hint("{name}")' in text
        sentences = [line for line in text.split("\n") if "✗" not in line and "✓" not in line]
        assert max(map(len, sentences)) <= 92
        assert not re.search(r"\b(nan|dtype|array\()", text), text


def numbers_in(value):
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers_in(item)]
    return [float(number) for number in np.asarray(value).ravel()]


@pytest.mark.parametrize("name", [name for name in PROBLEMS if not PROBLEMS[name].exact])
@pytest.mark.parametrize("guess", [0.0, 1.0, 1e9])
def test_no_reference_value_leaks(name, guess):
    """Neither the text nor the data says a number of the answer, or an error that gives it away."""
    problem = PROBLEMS[name]

    def constant(*args):
        def fill(value):
            if isinstance(value, (list, tuple)):
                return type(value)(map(fill, value))
            return np.full(np.shape(value), guess)

        return fill(problem.reference(*args))

    verdict = evaluate(name, constant)
    said = as_text(verdict, 0.0, 1.0) + json.dumps(as_data(verdict, 0.0, 1.0))
    cases = problem.cases(np.random.default_rng([0, *name.encode()]))
    secrets = [abs(v) for case in cases for v in numbers_in(problem.reference(*copy_arguments(case.args)))]
    found = {float(number) for number in re.findall(r"\d+\.\d\d\d+(?:e[-+]\d+)?", said)}
    assert not any(abs(f - s) < 1e-3 * s for f in found for s in secrets if s), found
    errors = [q["error"] for q in as_data(verdict, 0.0, 1.0)["quantities"] if q["error"] is not None]
    assert all(error == float(f"{error:.1e}") for error in errors)


def test_factor_of_a_single_number_is_not_said():
    def wrong_loss(z, targets, temperature):
        loss, dz = RIGHT["ps1.softmax_cross_entropy"][0](z, targets, temperature)
        return (1.0 if np.abs(z).max() > 100 else loss), dz

    text = printed("ps1.softmax_cross_entropy", wrong_loss)[1]
    assert "times the right value" not in text


# --- hints -----------------------------------------------------------------------------------------


def test_hints_come_in_order_and_the_last_stays(capsys, monkeypatch):
    monkeypatch.setattr(hints, "_given", {})
    for number in (1, 2, 3, 3):
        hint(LINEAR)
        assert capsys.readouterr().out == f"Hint {number} of 3. {PROBLEMS[LINEAR].hints[number - 1]}\n"
    hint(LINEAR, 1)
    hint("ps1.deep_backward")
    out = capsys.readouterr().out
    assert out.count("Hint 1 of 3.") == 2


@pytest.mark.parametrize("number", [0, 4, -1, "one"])
def test_unknown_hint_is_refused(number):
    with pytest.raises(ValueError, match="expected 1 … 3"):
        hint(LINEAR, number)


# --- where it runs ---------------------------------------------------------------------------------


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    "fn", [linear_products, lambda dz, x, W: (dz @ W, dz.T @ x / len(x), dz.sum(0))], ids=["right", "wrong"]
)
def test_notebook_shows_the_same_as_a_terminal(shell, fn, monkeypatch):
    from IPython.utils.capture import capture_output

    in_notebook, bundles = [], []
    for execution in (None, "autograde"):
        if execution:
            monkeypatch.setenv("NBGRADER_EXECUTION", execution)
        with capture_output() as captured:
            in_notebook.append(check(LINEAR, fn))
        assert captured.stdout == captured.stderr == ""
        (output,) = captured.outputs
        assert set(output.data) == {"text/plain", "text/html", MIME}
        bundles.append(output.data)
    type(shell).clear_instance()
    earned, text = printed(LINEAR, fn)

    assert in_notebook == [earned, earned] and bundles[0] == bundles[1]
    assert " ".join(bundles[0]["text/plain"].split()) == text
    data = json.loads(json.dumps(bundles[0][MIME]))
    assert data["problem"] == LINEAR and data["points"] == earned and data["max_points"] == 4
    assert {q["name"]: q["ok"] for q in data["quantities"]} == {
        row.name: row.ok for row in evaluate(LINEAR, fn).rows
    }
    assert [f["kind"] for f in data["findings"]] == [f.kind for f in evaluate(LINEAR, fn).findings]


CALL = 'check("ps1.linear_backward", answer)'
RESULTS = {
    "alone": CALL,
    "after a line and before a comment": f"x = 'é'; {CALL}  # é\n\n# done",
    "on several lines": CALL.replace(", ", ",\n      "),
    "hidden tests": f"{CALL}\n### BEGIN\n" + CALL.replace("answer)", "answer, seed=4104)"),
}
NO_RESULTS = {
    "in a name": f"points = {CALL}",
    "in a name that is shown": f"points = {CALL}\npoints",
    "in a sum": f"2 * {CALL}",
    "in a list": f"[{CALL}]",
    "in a call": f"print({CALL})",
    "in a function": f"def f():\n    return {CALL}\nf()",
    "with a semicolon": f"{CALL};",
    "before another line": f"{CALL}\n1",
    "in a loop": f"for _ in range(1):\n    {CALL}",
    "under a magic": f"%%time\n{CALL}",
}


@pytest.mark.parametrize("kind", [*RESULTS, *NO_RESULTS])
def test_each_check_of_a_cell_shows_its_table_once(shell, kind):
    """The last one as the cell's value, whose text nbgrader reads; the others by themselves."""
    from IPython.utils.capture import capture_output

    shell.kernel = None  # as in a notebook
    shell.push({"check": check, "answer": lambda dz, x, W: (*linear_products(dz, x, W)[:2], 0)})
    source = (RESULTS | NO_RESULTS)[kind]
    with capture_output() as captured:
        result = shell.run_cell(source, store_history=True)
    assert result.success and captured.stderr == ""
    displayed = [output.data for output in captured.outputs if MIME in output.data]
    shown, _ = shell.display_formatter.format(result.result)
    assert len(displayed) + (MIME in shown) == source.count("check(")
    assert (MIME in shown) == (kind in RESULTS)
    if kind in RESULTS:
        assert set(shown) == {"text/plain", "text/html", MIME}
        assert float(shown["text/plain"]) == result.result == shown[MIME]["points"]
        assert 0 < result.result < 4 and "<table" in shown["text/html"]


def test_validate_reads_no_result(shell, monkeypatch, capsys):
    """`nbgrader validate` shows the student what stands on stderr, and nothing else."""
    shell.kernel = None
    shell.push({"check": check, "answer": lambda dz, x, W: (*linear_products(dz, x, W)[:2], 0)})
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    shell.run_cell(CALL)
    assert "linear_backward: " in capsys.readouterr().err


def test_fresh_inputs_give_no_hints_and_other_numbers():
    wrong = PROBLEMS[LINEAR].mistakes[3].formula
    text = printed(LINEAR, wrong, seed=4104)[1]
    assert "on fresh inputs" in text and "hint(" not in text
    a, b = (evaluate(LINEAR, each(np.sin), seed=seed).rows[0].error for seed in (0, 4104))
    assert a != b


def test_picture_appears_when_solved(capsys, monkeypatch):
    drawn = []
    when_solved(LINEAR, linear_products)(lambda: drawn.append("right"))
    when_solved(LINEAR, lambda dz, x, W: None)(lambda: drawn.append("wrong"))
    assert drawn == ["right"]
    assert capsys.readouterr().out == "This picture appears when linear_backward passes its check.\n"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    when_solved(LINEAR, linear_products)(lambda: drawn.append("graded"))
    assert drawn == ["right"] and capsys.readouterr().out == ""


@pytest.mark.parametrize("points", [None, 3])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ps1.linear_bakward", "did you mean"),
        ("ps9.x", "there is no problem"),
        (abs, "the name of the problem comes first"),
    ],
)
def test_a_wrong_name_is_told_whatever_the_points(name, words, points):
    with pytest.raises(ValueError, match=words):
        check(name, abs, points)
