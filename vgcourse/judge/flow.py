"""Where nothing is known of a mistake: the last quantity that is right and the first that is not."""

from vgcourse.judge.results import Finding
from vgcourse.problems.words import is_plural


def where_it_breaks(problem, names, wrong):
    """A finding about the step at which the walk breaks, by the problem's `flow`; none without one.

    Quantities of one kind of input, "h (relu)", make a walk of their own.
    """
    for kind in dict.fromkeys(map(_kind, names)):
        walk = _walk(problem.flow, [name for name in names if _kind(name) == kind])
        first = next((k for k, name in enumerate(walk) if name in wrong), None)
        if first is None or len(walk) < 2:
            continue
        broken = f"your {walk[first]} {_is(walk[first])}"
        if first:
            right = f"Your {walk[first - 1]} {_is(walk[first - 1])}"
            text = f"{right} right, {broken} not: look at the step between."
        elif all(name in wrong for name in walk):
            text = f"Y{broken[1:]} wrong already, and the rest is made from there: begin with it."
        else:
            continue
        return [Finding("pattern", "where the walk breaks", text)]
    return []


def _kind(name):
    return name.partition(" (")[2]


def _walk(flow, names):
    """The names in the order in which they are made."""
    walk = []
    for part in flow:
        base = part.removesuffix("[::-1]")
        members = [name for name in names if name.partition(" (")[0].partition("[")[0] == base]
        walk += members[::-1] if part != base else members
    return walk


def _is(name):
    return "are" if is_plural([name]) else "is"
