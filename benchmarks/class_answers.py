"""Answers of a class to every graded function, as texts of cells, and what each is worth by `check`.

Right ones and the ways to write them come from tests/right_answers, wrong ones from the problems' own
mistakes, alone and in pairs; the rest is what stands in a notebook that somebody did not finish.
"""

import ast
import contextlib
import functools
import io
import re
import sys
import types
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import nbformat  # noqa: E402
from right_answers import RIGHT  # noqa: E402
from tiny_course import cell_of, given_in  # noqa: E402
from written_out import as_cell  # noqa: E402

from demo.samples import SOLUTION_MARK  # noqa: E402
from vgcourse.check import evaluate  # noqa: E402
from vgcourse.grading.engine.assignment import assignment_of  # noqa: E402
from vgcourse.judge.points import earned  # noqa: E402
from vgcourse.problems import find, may_use  # noqa: E402

MOST = {"right": 6, "mistake": 10, "two mistakes": 4, "own slip": 6}  # different ones of each for a problem
SLIP = """

right_{name} = {name}


def {name}(*args):
    return slip_{name}(right_{name}(*args))


def slip_{name}(out):
    if isinstance(out, (tuple, list)):
        return type(out)([*out[:-1], slip_{name}(out[-1])]) if type(out) in (tuple, list) else out
    if isinstance(out, dict):
        return {{key: slip_{name}(value) for key, value in out.items()}}
    return not out if isinstance(out, (bool, np.bool_)) else {factor} * out
"""


class ProblemSet:
    """One set: the notebook that students get, its checks, and a namespace for each answer.

    Attributes
    ----------
    released, solved : notebooks
    asks : grade_id of a check → (the Ask that decides, points)
    """

    def __init__(self, name):
        self.name = name
        self.released = nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", as_version=4)
        self.solved = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        checks = assignment_of(name, name, given_in(self.solved)).checks
        self.asks = {grade_id: (check.asks[-1], check.points) for grade_id, check in checks.items()}

    @functools.cached_property
    def names_before(self):
        """grade_id of a check → what the notebook's given cells have defined above its answer."""
        names, before = {"__name__": "__main__"}, {}
        for cell in self.released.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id.endswith("-answer"):
                before[grade_id.replace("-answer", "-check")] = dict(names)
            if cell.cell_type == "code" and not grade_id.endswith("-check"):
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, "<given>", "exec"), names)
                names["when_solved"] = lambda problem, fn: lambda draw: None  # nothing is drawn in a jail
        return before

    @functools.cached_property
    def answers(self):
        """grade_id of a check → kind → texts."""
        functions = {ask.function for ask, _ in self.asks.values()}
        found = {}
        for check, (ask, _) in self.asks.items():
            solution = SOLUTION_MARK.sub("", cell_of(self.solved, answer_to(check)).source)
            found[check] = answers_to(ask, solution, functions - {ask.function})
            found[check]["blank"] = [cell_of(self.released, answer_to(check)).source]
        return found


@functools.cache
def problem_set(name):
    """The ProblemSet of this name."""
    return ProblemSet(name)


def worth(name, check, text, seed):
    """The points of one answer to a check of a set, by `check`, outside of any jail."""
    one = problem_set(name)
    ask, points = one.asks[check]
    names = dict(one.names_before[check])
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        for statement in ast.parse(
            text
        ).body:  # one by one, as a notebook does: a late error spoils no function
            exec(compile(ast.Module([statement], []), f"<{check}>", "exec"), names)
    if ask.function not in names:
        return 0.0
    answer, allowed = names[ask.function], may_use(ask.problem)
    verdict = evaluate(ask.problem, answer, seed=seed, convention=ask.convention, may_use=allowed)
    return earned(points, verdict.share)


def answer_to(check):
    """The grade_id of the cell that a check looks at."""
    return check.replace("-check", "-answer")


def answers_to(ask, solution, others):
    """kind → texts of cells that answer one Ask, each by itself.

    Parameters
    ----------
    ask : Ask
    solution : the instructor's
    others : names of the functions that the set's other parts ask for: a text that uses them is left out
    """
    problem, name, rng = find(ask.problem), ask.function, np.random.default_rng([*ask.problem.encode()])
    mistakes = [one for one in problem.mistakes if isinstance(one.parts, tuple)]
    pairs = [(a, b) for i, a in enumerate(mistakes) for b in mistakes[:i] if problem.combine(a, b)]
    pairs = [types.SimpleNamespace(parts=a.parts + b.parts) for a, b in some_of(pairs, 40, rng)]
    texts = {
        "right": [solution, *filter(None, (spelled(fn, name) for fn in RIGHT[ask.problem]))],
        "mistake": written(problem, some_of(mistakes, 40, rng)),
        "two mistakes": written(problem, pairs),
    }
    texts = {kind: [text for text in some if not others & words(text)] for kind, some in texts.items()}
    solution, stub = texts["right"][0], f"def {name}(*args):\n    "
    factors = rng.uniform(0.5, 1.5, MOST["own slip"]).round(3)
    texts["own slip"] = [solution + SLIP.format(name=name, factor=factor) for factor in factors]
    texts = {kind: some[: MOST[kind]] for kind, some in texts.items()}
    return texts | {
        "syntax": [
            solution.replace("):\n", ")\n", 1),
            solution + "\n    return (",
            solution + "\n\nreturn 1",
        ],
        "raises": [
            stub + end for end in ("return unknown_name", "raise ValueError('not ready')", "return args[99]")
        ],
        "nothing": [stub + "pass", stub + "print(args)"],
        "shape": [stub + "return np.zeros(3)", stub + "return 1.5", stub + "return 'done'"],
        "renamed": [re.sub(rf"\b{name}\b", f"my_{name}", solution)],
    }


def written(problem, mistakes):
    """The mistakes that can be written as a cell, so written."""
    texts = (as_cell(problem, mistake, may_use(problem.name)) for mistake in mistakes)
    return list(dict.fromkeys(filter(None, texts)))


def some_of(items, number, rng):
    """So many of them, in random order."""
    return [items[i] for i in rng.permutation(len(items))[:number]]


def words(text):
    """All words in a text."""
    return set(re.findall(r"\w+", text))


def spelled(fn, name):
    """The text of a right answer, under another name, with all that it needs of its file, or None."""
    if not isinstance(fn, types.FunctionType) or hasattr(fn, "__wrapped__"):
        return None
    parts = parts_of(fn.__module__)
    if fn.__qualname__ not in parts or fn is not vars(sys.modules[fn.__module__]).get(fn.__qualname__):
        return None
    wanted, needed = [fn.__name__], []
    while wanted:
        part = parts.get(wanted.pop())
        if part and part not in needed:
            needed.append(part)
            wanted += part[1]
    text = "\n\n\n".join(source for source, _, _ in sorted(needed, key=lambda part: part[2]))
    clash = re.search(rf"\b{name}\b|\bright_answers\b", text)  # the name is taken, or another file needed
    return None if clash else re.sub(rf"\b{fn.__name__}\b", name, text)


@functools.cache
def parts_of(module):
    """What stands at the top of a file: name → (text, names in it, line)."""
    source = Path(sys.modules[module].__file__).read_text(encoding="utf-8")
    parts = {}
    for node in ast.parse(source).body:
        names = [alias.asname or alias.name for alias in getattr(node, "names", ())]
        names += [node.name] if hasattr(node, "name") else []
        names += [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
        if names == ["RIGHT"]:
            continue
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        part = (ast.get_source_segment(source, node), tuple(sorted(used)), node.lineno)
        parts |= dict.fromkeys(names, part)
    return parts
