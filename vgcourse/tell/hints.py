"""Three hints for each problem, one at a time."""

from vgcourse.problems import find

_given = {}


def hint(name, number=None):
    """Print the next of three hints: the concept, then a shape or identity, then a partial formula.

    Parameters
    ----------
    name : the problem
    number : 1, 2 or 3 for a certain hint; default: the one after the last you asked for

    Raises
    ------
    ValueError
        If there is no such problem or hint.
    """
    hints = find(name).hints
    if number is None:
        number = min(_given.get(name, 0) + 1, len(hints))
    if isinstance(number, float) or number not in range(1, len(hints) + 1):
        raise ValueError(f"hint: number is {number!r}; expected 1 … {len(hints)}.")
    _given[name] = number
    print(f"Hint {number} of {len(hints)}. {hints[number - 1]}")
