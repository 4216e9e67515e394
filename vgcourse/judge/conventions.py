"""Right answers that look different: a declared convention is the reference, another one is recognised."""

from vgcourse.judge.results import Finding
from vgcourse.judge.runs import compared, inputs, same_in, wrong_names, wrong_run


def under(problem, runs, seed, convention):
    """The same outcomes compared with what a convention expects; None is the reference."""
    pairs = zip(runs, inputs(problem, seed, convention), strict=True)
    return [compared(problem, run._replace(expected=expected)) for run, (_, expected) in pairs]


def other_than_declared(problem, runs, seed, convention):
    """A finding if the answer follows another convention than the declared one, else none."""
    others = [None, *(c for c in problem.conventions if c is not convention and c.parts)]
    for other in others:
        if wrong_names(runs) and not wrong_names(under(problem, runs, seed, other)):
            name = f"“{other.name}”" if other else "the course's own"
            text = f"You declared the convention “{convention.name}”; your answer follows {name}."
            return [Finding("fact", "another convention than declared", text)]
    return []


def used_in_parts(problem, runs, seed):
    """[(names, finding)] of conventions that single quantities follow where the reference does not."""
    found = []
    for convention in problem.conventions:
        if convention.parts is not None:
            continue  # it rules the whole answer
        theirs = [wrong_run(problem, seed, None, (convention,), number) for number in range(len(runs))]
        differs = wrong_names(theirs)
        names = [
            name
            for name in wrong_names(runs)
            if name in differs
            and all(same_in(problem, name, a, b) for a, b in zip(runs, theirs, strict=True))
        ]
        if names:
            found.append((set(names), note(convention)))
    return found


def note(convention):
    """What to say of a convention that was recognised."""
    return Finding("convention", convention.name, convention.note)
