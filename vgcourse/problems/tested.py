"""A problem whose answer is a test: it has to catch planted wrong implementations and accept right ones.

Both groups of rows weigh the same, so that a test that says the same of all of them earns nothing. The
planted ones are a module that needs numpy and the course's numerics alone, since its text is what is sent:

    WRONG = (Planted("largest norm", _largest, "Try three arrays of different norms."), ...)
    RIGHT = (Planted("loops", _loops, "It rounds differently: equality is too much to ask."), ...)

    def implementation(formula):        # what the learner's test is given
        kept = {}                       # what it remembers between its calls
        def clip(grads, threshold):
            return formula(grads, threshold, kept)
        return clip

    IS_CLIPPING = tested_problem(planted, name="ps4.is_clipping", ...)

Where chance places an error there is `wrong_ones(rng)` in place of WRONG.
"""

import inspect
from functools import partial

import numpy as np

from vgcourse.collect import Passed
from vgcourse.collect.plain import describe, listed
from vgcourse.problems.problem import Case, Invariant, Problem

PICK = """

def pick(group, number, seed):
    planted = globals()[group]
    planted = planted(np.random.default_rng(seed)) if callable(planted) else planted
    return implementation(planted[number].formula)
"""


def tested_problem(planted, **rest):
    """The Problem of a test.

    Parameters
    ----------
    planted : module with WRONG or wrong_ones(rng), RIGHT, and implementation(formula)
    rest : what else the Problem has
    """
    wrong, right = wrong_ones(planted), planted.RIGHT
    return Problem(
        cases=partial(_cases, planted),
        adapt=_as_number,
        exact=True,
        coin=True,
        invariants=(*(_about(p, True) for p in right), *(_about(p, False) for p in wrong)),
        **rest,
    )


def wrong_ones(planted):
    """The wrong implementations of a module."""
    group = getattr(planted, wrong_group(planted))
    return group(np.random.default_rng(0)) if _by_chance(planted) else group


def _by_chance(planted):
    """Does chance place the errors of the wrong implementations?"""
    return callable(getattr(planted, wrong_group(planted)))


def wrong_group(planted):
    """What they are called in it."""
    return "WRONG" if hasattr(planted, "WRONG") else "wrong_ones"


def all_accused(runs):
    """(name, text) for a test that accuses every right one and passes a wrong one, else None.

    What passes says little about what such a test looks at: it may return True where it means False, or
    compare with something that is wrong itself.
    """
    verdicts = [q for run in runs for q in run.quantities if q.value is not None]
    right, wrong = ([q for q in verdicts if q.name.startswith(word)] for word in ("accepted", "caught"))
    passed = [q.name.split("[", 1)[1][:-1] for q in wrong if not q.ok]
    if not right or any(q.ok for q in right) or not passed:
        return None
    verb = "passes" if len(passed) == 1 else "pass"
    facts = f"You accuse all right ones, and {len(passed)} of the {len(wrong)} wrong ones {verb}"
    if len(passed) > len(wrong) / 2:
        return "turned round", f"{facts}. Do you return True for a right one, at every return?"
    if len(passed) > 3:
        return "all right ones accused", f"{facts}. What do you compare with?"
    names = listed([f"“{name}”" for name in passed])
    question = "Has what you compare with the same slip, or does a condition fail for all that is right?"
    return "slip in the reference", f"{facts}: {names}. {question}"


def _cases(planted, rng):
    """A row for each, in the same order for every seed."""
    source = inspect.getsource(planted) + PICK
    seed = int(rng.integers(2**31)) if _by_chance(planted) else 0  # else it would only make inputs differ
    groups = ("caught", wrong_group(planted), wrong_ones(planted)), ("accepted", "RIGHT", planted.RIGHT)
    return [
        Case((Passed(source, "pick", (group, number, seed), remembers=True),), (f"{word} [{one.label}]",))
        for word, group, ones in groups
        for number, one in enumerate(ones)
    ]


def _as_number(output, args):
    """True and False as 2 and 1, so that a verdict compares like any other answer."""
    if output is None:
        raise TypeError("is None; expected True or False. Is there a return at the end of every branch?")
    verdict = np.asarray(output)
    if verdict.shape == (1,):  # what np.array([True]) or a comparison of arrays of one gives
        verdict = verdict[0]
    if verdict.ndim or verdict.dtype.kind not in "biuf" or verdict not in (0, 1):
        raise TypeError(f"is {describe(output)}; expected True or False")
    return 1.0 + float(verdict)


def _about(planted, right):
    """What to say where the verdict on one implementation is wrong."""
    said = "You accused a right one" if right else "A wrong one passed your test"

    def residual(args, outputs):
        ((name, verdict),) = outputs.items()
        return abs(verdict - (1.0 + right)) if name.endswith(f" [{planted.label}]") else 0.0

    return Invariant(planted.label, residual, f"{said}: {planted.label}. {planted.advice}")
