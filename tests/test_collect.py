"""What a learner's function gives becomes plain data, travels, and is judged where no code of theirs is."""

import ast
import dataclasses
import functools
import importlib
import inspect
import io
import json
import pickle
import shutil
import subprocess
import sys
from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from right_answers import RIGHT

import vgcourse
from vgcourse import recurrent
from vgcourse.activations import sigmoid
from vgcourse.check import check
from vgcourse.collect import Answers, Asked, Attempt, Outcome, Passed, Task, collect, outcomes
from vgcourse.collect.call import call
from vgcourse.collect.plain import Foreign, describe, plain, same
from vgcourse.collect.uses import refused_use
from vgcourse.judge import judge
from vgcourse.problems import MAY_USE, SETS, find, names
from vgcourse.problems.problem import FRESH, drawn, task, varies
from vgcourse.recurrent import lstm_step_forward
from vgcourse.tell.report import as_text

Pair = namedtuple("Pair", "a b")

# --- plain data ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        ((k * k for k in range(3)), [0, 1, 4]),
        (map(float, [1, 2]), [1.0, 2.0]),
        (reversed([np.zeros(2), np.ones(2)]), [np.ones(2), np.zeros(2)]),
        ({"a": 1}.values(), [1]),
        (Pair(1, [2]), (1, [2])),
        (OrderedDict(a=(1,)), {"a": (1,)}),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([1.0, 2.0])),
        (type("Real", (float,), {})(0.5), 0.5),
        ({1, 2}, Foreign("a set")),
        (len, Foreign("a function")),
        (object(), Foreign("an object")),
        (b"bytes", Foreign("a bytes")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_comes_becomes_plain(value, expected):
    out = plain(value)
    assert type(out) is type(expected) and same(out, expected)


def test_plain_arrays_are_copies():
    inner = np.zeros(3)
    out = plain((inner, [inner], np.array([inner, "text"], dtype=object)))
    inner += 1
    assert not out[0].any() and not out[1][0].any() and not out[2][0].any() and out[2][1] == "text"


def test_what_refuses_to_be_an_array_has_a_name():
    class Tensor:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("detach me first")

    assert describe(plain(Tensor())) == "a Tensor"


# --- the way out -----------------------------------------------------------------------------------

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.sampled_from([np.float32(0.1), np.int64(-3), np.bool_(True), Foreign("a set")]),
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, bool, np.complex128, "<U3"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=8,
)


def equal(a, b):
    """Of one type and the same to the last bit, through all containers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(equal, a.values(), b.values()))
    if isinstance(a, complex):
        return equal(a.real, b.real) and equal(a.imag, b.imag)
    if isinstance(a, float):
        return a.hex() == b.hex()
    if isinstance(a, np.ndarray) and a.dtype == object:
        return a.shape == b.shape and all(map(equal, a.flat, b.flat))
    if isinstance(a, (np.ndarray, np.generic)):
        return (
            a.shape == b.shape and a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        )
    return a == b


def answers_with(value):
    outcome = Outcome(value, None, (0, 2), 7)
    failed = Outcome(error="ValueError: no", timed_out=True, brief="ValueError")
    return Answers(None, (Attempt(outcome, outcome), Attempt(failed)), (outcome, failed))


@given(values)
def test_answers_come_back_as_they_went(value):
    sent = answers_with(value)
    assert equal(Answers.from_bytes(sent.to_bytes()), sent)


def test_objects_in_arrays_travel_too():
    ragged = np.array([np.zeros(2), None, Foreign("a set")], dtype=object).reshape(1, 3)
    assert equal(Answers.from_bytes(answers_with(ragged).to_bytes()), answers_with(ragged))
    refused = Answers("You passed an int where a function is expected.")
    assert Answers.from_bytes(refused.to_bytes()) == refused
    empty = answers_with(np.bytes_(b""))  # its type says that an item has no bytes
    assert Answers.from_bytes(empty.to_bytes()).visible[0].first.output == b""


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text", answers_with(1.0).to_bytes()[:-30]], ids=len)
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError, match="no answers"):
        Answers.from_bytes(data)


def test_nothing_is_unpickled():
    file = io.BytesIO()
    np.savez(file, text=np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="no answers"):
        Answers.from_bytes(file.getvalue())


@pytest.mark.parametrize(
    "arrays",
    [
        [["|O", [1]]],
        [["<f8,<f8", [1]]],
        [["<f8", [3]]],
        [["<f8", [-1]], ["<f8", [2]]],
        [["<f8", [-1, -1]]],
        [["<f8", [2]], ["<f8", [2]]],  # the same bytes twice
        [["<f8", [10**30]]],
        [["<f8", "2"]],
        [3],
    ],
    ids=str,
)
def test_arrays_that_were_not_sent_are_refused(arrays):
    outcome = [{"list": [{"array": array} for array in arrays]}, None, {"tuple": []}, 0, False, None]
    code = {"list": [None, {"tuple": []}, {"tuple": [{"tuple": outcome}]}]}
    file = io.BytesIO()
    text = np.frombuffer(json.dumps(code).encode(), np.uint8)
    np.savez(file, text=text, data=np.frombuffer(np.ones(2).tobytes(), np.uint8))
    with pytest.raises(ValueError, match="no answers"):
        Answers.from_bytes(file.getvalue())


def test_what_unpacks_to_more_is_refused(monkeypatch):
    file = io.BytesIO()
    np.savez_compressed(file, text=np.zeros(1_000_000, np.uint8))
    assert len(file.getvalue()) < 10_000
    with pytest.raises(ValueError, match=r"no answers \(they unpack to more\)"):
        Answers.from_bytes(file.getvalue())
    monkeypatch.setattr(outcomes, "LARGEST", 400_000)
    with pytest.raises(ValueError, match=r"1 MB; expected at most 1\."):
        Answers.from_bytes(file.getvalue())


def test_text_that_becomes_much_in_memory_is_refused(monkeypatch):
    file = io.BytesIO()
    text = b"[" + b"[]," * 30_000 + b"[]]"
    np.savez(file, text=np.frombuffer(text, np.uint8), data=np.zeros(0, np.uint8))
    monkeypatch.setattr(outcomes, "LARGEST", 5 * len(text) - 1)
    monkeypatch.setattr(outcomes.json, "loads", None)
    with pytest.raises(ValueError, match=r"no answers \(ValueError\)"):
        Answers.from_bytes(file.getvalue())


def test_what_no_right_answer_needs_does_not_travel(monkeypatch):
    monkeypatch.setattr(outcomes, "LARGE", 10)
    sent = Answers.from_bytes(answers_with(np.zeros(11)).to_bytes())
    assert sent.visible[0].first.output == Foreign("an array of shape (11,)")
    monkeypatch.setattr(outcomes, "LARGEST", 1000)
    with pytest.raises(ValueError, match="no right answer is that large"):
        answers_with([np.zeros(9)] * 20).to_bytes()


# --- calls -----------------------------------------------------------------------------------------

ONE = Task("(x)", (Asked((1.0,)), Asked((2.0,))), lambda: (Asked((3.0,)), Asked((4.0,))))


def test_visible_cases_once_or_twice_then_fresh_ones():
    seen, visible = [], (Asked((1.0,), twice=True), Asked((2.0,)))
    out = collect(lambda x: seen.append(x) or 2 * x, ONE._replace(visible=visible))
    assert seen == [1.0, 1.0, 2.0, 3.0, 4.0]
    assert out.visible[0].again.output == 2.0 and out.visible[1].again is None
    assert [outcome.output for outcome in out.fresh] == [6.0, 8.0]


@pytest.mark.parametrize("name", names())
def test_every_kind_of_call_is_made_twice(name):
    problem = find(name)
    calls = list(zip(drawn(problem, 4101), task(problem, 4101).visible, strict=True))
    twice = {case.quantities for case, asked in calls if asked.twice}
    if problem.repeatable:
        assert all(asked.twice for _, asked in calls)
    elif not problem.exact:
        assert twice == {case.quantities for case, _ in calls if not case.memory}
    assert calls[0][1].twice and sum(asked.twice for _, asked in calls) >= len(calls) / 3


@pytest.mark.parametrize("name", names())
def test_fresh_inputs_are_other_ones_where_they_vary(name):
    problem = find(name)
    asked = task(problem, 4101)
    fresh, cases = asked.fresh(), [case.args for case in asked.visible if not case.memory]
    assert len(fresh) == len(cases) and not any(case.memory for case in fresh)
    assert varies(problem, (4101, 4101 + FRESH)) == (
        pickle.dumps([case.args for case in fresh]) != pickle.dumps(cases)
    )


def test_a_case_of_memory_comes_last():
    problem = find("ps6.checkpointed_backward")
    turned = dataclasses.replace(problem, cases=lambda rng: problem.cases(rng)[::-1])
    with pytest.raises(ValueError, match="ps6.checkpointed_backward: cases of memory come last."):
        drawn(turned, 0)


def test_a_search_that_varies_for_wide_windows_alone_is_not_repeatable():
    right, draw = RIGHT["ps2.wide_window"][0], np.random.default_rng(0)

    def wide_window(units):
        noise = 0 if units == 2 else 1e-4 * draw.normal()
        return tuple(np.array(part) * (1 + noise) for part in right(units))

    said = judge(find("ps2.wide_window"), collect(wide_window, task(find("ps2.wide_window"), 0)), seed=0)
    assert any(finding.name == "not repeatable" for finding in said.findings)


def test_nobody_asks_for_more_than_is_needed():
    assert collect(lambda x: x, ONE, enough=lambda attempts: len(attempts) == 2).fresh == ()
    failing = collect(lambda x: 1 / 0, ONE)
    assert failing.fresh == () and all(attempt.again is None for attempt in failing.visible)


def test_slow_functions_are_asked_less(monkeypatch):
    from vgcourse.collect import collecting

    monkeypatch.setattr(collecting, "SECONDS", 0.0)
    out = collect(lambda x: x, ONE)
    assert len(out.fresh) == 1 and all(attempt.again is None for attempt in out.visible)
    monkeypatch.setattr(collecting, "IN_ALL", -1.0)
    assert "All calls together" in collect(lambda x: x, ONE).visible[0].first.error


def test_what_cannot_be_called_is_not():
    assert collect(3, ONE).refusal.startswith("You passed an int where a function is expected.")
    assert collect(lambda x, y: x, ONE).refusal == "Your function takes (x, y); expected (x)."


def test_memory_comes_beside_the_answer():
    task = Task("(n)", (Asked((100_000,), memory=True),), tuple)
    (attempt,) = collect(lambda n: float(np.zeros(n).sum()), task).visible
    value, peak = attempt.first.output
    assert value == 0.0 and 800_000 <= peak < 820_000


# --- rooms -----------------------------------------------------------------------------------------


def test_collect_stands_alone(tmp_path):
    (tmp_path / "vgcourse").mkdir()
    (tmp_path / "vgcourse" / "__init__.py").write_text("")
    shutil.copytree(ROOT / "vgcourse" / "collect", tmp_path / "vgcourse" / "collect")
    code = (
        "import sys; from vgcourse.collect import *\n"
        "out = collect(lambda x: x, Task('(x)', (Asked((1.0,)),), tuple))\n"
        "assert Answers.from_bytes(out.to_bytes()) == out\n"
        "print([m for m in sys.modules if m.startswith('vgcourse.') and 'collect' not in m])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}\n{code}"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr


def test_a_learners_function_goes_to_collect_alone():
    tree = ast.parse((ROOT / "vgcourse" / "check.py").read_text(encoding="utf-8"))
    takers = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(n, ast.Name) and n.id == "fn" for value in given for n in ast.walk(value)):
                takers.add(node.func.id)
        assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fn")
    assert takers == {"collect", "evaluate", "_examine"}  # the others are beside it in check.py


@pytest.mark.parametrize("room", ["judge", "tell", "problems"])
def test_no_other_room_calls(room):
    """They may use the types and `plain`; what runs a function stays in `collect`."""
    for path in (ROOT / "vgcourse" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vgcourse.collect"):
                assert node.module not in ("vgcourse.collect.call", "vgcourse.collect.limit"), path
                assert not {"collect", "call", "collecting"} & {alias.name for alias in node.names}, path
            if isinstance(node, ast.FunctionDef) and room != "problems":
                assert "fn" not in {arg.arg for arg in node.args.args}, path


# --- what goes in ----------------------------------------------------------------------------------


def parts(value):
    """A nested value's leaves; of functions to pass, what they are made of."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from parts(item)
    else:
        yield value


@pytest.mark.parametrize("name", names())
def test_what_goes_in_is_plain(name):
    """Numbers, text and arrays: a function that is passed in goes as its text."""
    for asked in task(find(name), 0).visible:
        for value in asked.args:
            assert type(value) in (bool, int, float, str, list, tuple, dict, np.ndarray, Passed, type(None))
            for leaf in parts(value):
                assert isinstance(leaf, (int, float, complex, str, np.ndarray, np.generic, type(None)))
                assert np.asarray(leaf).dtype.kind != "O" or leaf is None


def test_functions_to_pass_need_numpy_and_the_numerics_alone():
    rooms = set()
    for name in names():
        for asked in task(find(name), 0).visible:
            for value in asked.args:
                if isinstance(value, Passed):
                    for node in ast.walk(ast.parse(value.source)):
                        if isinstance(node, ast.ImportFrom):
                            rooms.add(node.module)
                        elif isinstance(node, ast.Import):
                            rooms |= {alias.name for alias in node.names}
    ours = {room for room in rooms if room.startswith("vgcourse")}
    assert ours <= {"vgcourse.collect", "vgcourse.activations", "vgcourse.initializers"}
    assert {room.split(".")[0] for room in rooms} <= {"vgcourse", "numpy", "math", "functools"}


def counted(start):
    kept = [start]

    def f():
        kept[0] += 1
        return kept[0]

    return f


@pytest.mark.parametrize(("remembers", "second"), [(True, 8), (False, 10)])
def test_what_remembers_is_made_anew_for_each_call(remembers, second):
    passed = Passed(inspect.getsource(counted), "counted", (6,), remembers)
    outcomes = [call(lambda f: (f(), f()), (passed,)).output for _ in range(2)]
    assert outcomes == [(7, 8), (second - 1, second)]


def test_errors_in_what_is_passed_point_to_the_learners_line():
    def answer(f):
        return f(1, 2)

    text = call(answer, (Passed("def made():\n    return lambda x: x", "made"),)).error
    assert text.endswith("of your cell: return f(1, 2)")


# --- what an answer may use of the course's own library ----------------------------------------------

MAY_NOT = "An answer of this set may use activations and losses of vgcourse, and nothing else of it"


def uses_a_module(x):
    return recurrent.LSTMParams


def uses_a_function(x):
    return lstm_step_forward(x)


def uses_it_deep_inside(x):
    return [uses_a_function(y) for y in x]


def imports_inside(x):
    from vgcourse.problems.ps7 import PROBLEMS

    return PROBLEMS


def imports_by_name(x):
    return importlib.import_module("vgcourse.recurrent")


def through_the_package(x):
    return vgcourse.recurrent.lstm


class Helper:
    def f(self, x):
        return lstm_step_forward(x)


def through_a_default(x, f=lstm_step_forward):
    return f(x)


@pytest.mark.parametrize(
    "fn",
    [
        uses_a_module,
        uses_a_function,
        uses_it_deep_inside,
        imports_inside,
        imports_by_name,
        through_the_package,
        through_a_default,
        functools.partial(through_a_default, f=lstm_step_forward),
        functools.wraps(uses_a_function)(lambda x: x),
        Helper().f,
        lstm_step_forward,
        find("ps1.linear_backward").reference,
    ],
    ids=lambda fn: getattr(fn, "__name__", "partial"),
)
def test_what_an_answer_may_not_use_is_refused(fn):
    assert MAY_NOT in refused_use(fn, ("activations", "losses"))
    assert refused_use(fn, None) is None


def test_a_method_is_no_global_of_the_same_name():
    """`x.recurrent()` is the learner's own; so is a name of vgcourse's behind the dot of another module."""

    def answer(x):
        return x.recurrent(np.lstm_step_forward)

    assert refused_use(answer, ("activations",)) is None


def test_what_an_answer_may_use_passes():
    def answer(x):
        later = sigmoid(x) + vgcourse.activations.tanh(x) + np.vgcourse
        return later + recurrent

    recurrent = 1
    assert refused_use(answer, ("activations",)) is None
    assert refused_use(answer, ("losses",)).startswith("your answer uses vgcourse.activations")


@pytest.mark.parametrize("name", names())
def test_right_answers_may_use_what_they_use_and_references_are_no_answers(name):
    may_use = MAY_USE[name.split(".")[0]]
    for answer in RIGHT[name]:
        if not answer.__module__.startswith("vgcourse"):
            assert refused_use(answer, may_use) is None
    text = collect(find(name).reference, task(find(name), 0, may_use)).refusal
    assert text.startswith("Your answer uses vgcourse.problems.")


@pytest.mark.parametrize("problem_set", [name for name in SETS if name != "start"])
def test_every_set_says_what_an_answer_may_use(problem_set):
    *others, last = (f"`{name}`" for name in MAY_USE[problem_set])
    text = (ROOT / f"solutions/{problem_set}/{problem_set}.md").read_text(encoding="utf-8")
    assert f"An answer may use {', '.join(others)} and {last} of `vgcourse`" in text


def test_a_refused_answer_earns_nothing_and_reads_why(capsys):
    assert check("ps1.linear_backward", find("ps1.linear_backward").reference) == 0
    assert "Your answer uses vgcourse.problems.ps1." in capsys.readouterr().out


# --- a judge that sees no code ---------------------------------------------------------------------

JUDGE = """
import json, sys
from pathlib import Path
from vgcourse.collect import Answers
from vgcourse.judge import judge
from vgcourse.problems import find
from vgcourse.tell.report import as_text
out = []
for line in Path(sys.argv[1]).read_text().splitlines():
    name, file = json.loads(line)
    verdict = judge(find(name), Answers.from_bytes(Path(file).read_bytes()), seed=SEED)
    out.append([verdict.share, as_text(verdict, verdict.share, 1.0)])
print(json.dumps(out))
"""
SEED = 3


@pytest.mark.parametrize("problem_set", SETS)
def test_another_process_says_the_same(problem_set, tmp_path):
    """Every fourth mistake and two right answers: judged here, and by a process that has nothing but bytes.

    test_checker_report.py judges all of them; what the bytes lose depends on the kind of an answer.
    """
    lines, mine = [], []
    with np.errstate(all="ignore"):
        for i, name in enumerate(name for name in names() if name.startswith(f"{problem_set}.")):
            problem = find(name)
            for answer in (*(mistake.formula for mistake in problem.mistakes[i % 4 :: 4]), *RIGHT[name][:2]):
                answers = collect(answer, task(problem, SEED))
                verdict = judge(problem, answers, seed=SEED)
                mine.append([verdict.share, as_text(verdict, verdict.share, 1.0)])
                file = tmp_path / f"{len(lines)}.npz"
                file.write_bytes(answers.to_bytes())
                lines.append(json.dumps([name, str(file)]))
    (tmp_path / "list.txt").write_text("\n".join(lines))
    code = JUDGE.replace("SEED", str(SEED))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "list.txt")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    differing = [lines[i] for i in range(len(lines)) if theirs[i] != mine[i]]
    assert len(theirs) == len(mine) > 0 and differing == []
