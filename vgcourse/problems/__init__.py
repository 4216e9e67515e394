"""What a graded function is: inputs, reference, known mistakes, hints, points. One room for each set."""

import difflib
import importlib

from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem

__all__ = [
    "MAY_USE",
    "SETS",
    "Case",
    "Convention",
    "Invariant",
    "Mistake",
    "Problem",
    "find",
    "may_use",
    "names",
    "problems",
]

SETS = {
    "start": "the start page",
    "ps1": "the chain rule and gradient checking",
    "ps2": "saturation, vanishing and exploding",
    "ps3": "initialisation",
    "ps4": "normalisation, clipping, residual and highway nets",
    "ps5": "recursions and stability",
    "ps6": "backpropagation through time and its memory",
    "ps7": "LSTM, GRU and UGRNN",
    "ps8": "the gradient clinic",
}

# What of vgcourse an answer may use, by set.
EVERYWHERE = ("activations", "gradcheck", "initializers", "losses")
MAY_USE = {problem_set: EVERYWHERE for problem_set in SETS} | {
    "ps3": (*EVERYWHERE, "dynamics"),
    "ps5": (*EVERYWHERE, "dynamics"),
    "ps6": (*EVERYWHERE, "recurrent"),
    "ps7": (*EVERYWHERE, "recurrent"),
    "ps8": (*EVERYWHERE, "clinic", "layers", "mlp", "optim", "tasks"),
}


def may_use(name):
    """What of vgcourse an answer to the problem called `name` may use: names of modules."""
    return MAY_USE[find(name).name.split(".")[0]]


def find(name):
    """The problem called `name`.

    Raises
    ------
    ValueError
        If there is none; the message suggests the nearest names.
    """
    if callable(name):
        raise ValueError('the name of the problem comes first, for instance "ps1.linear_backward".')
    if isinstance(name, str) and (problem_set := name.split(".")[0]) in SETS:  # loads its own set only
        for problem in problems(problem_set):
            if problem.name == name:
                return problem
    near = difflib.get_close_matches(str(name), names(), n=3, cutoff=0.4)
    advice = f"did you mean {', '.join(near)}?" if near else "vgcourse.check.names() lists all of them."
    raise ValueError(f"there is no problem {name!r}; {advice}")


def problems(problem_set):
    """The problems of one set, in its order."""
    return importlib.import_module(f"vgcourse.problems.{problem_set}").PROBLEMS


def names():
    """The names of all problems, in the order of the problem sets."""
    return [problem.name for problem_set in SETS for problem in problems(problem_set)]
