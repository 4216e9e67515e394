"""`vgcourse.check` in a jail: checks are made outside, on inputs of their own; nothing here gives points."""

from vgcourse.grading.jail.inside.standins import absent_name

__all__ = ["check", "evaluate", "find", "hint", "names", "progress", "when_solved"]

evaluate = absent_name("vgcourse.check", "evaluate")
find = absent_name("vgcourse.check", "find")


def check(name, fn, points=None, *, seed=0, convention=None):
    """Say that the check is made later."""
    print(f"{name}: remembered; it is checked while grading, on other inputs.")
    return 0.0


def hint(name):
    """Nothing: grading has no hints."""


def names():
    """No names."""
    return []


class _Quiet:
    """`progress.show()` and the like: progress is kept where the learner works, not here."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


progress = _Quiet()


def when_solved(name, fn):
    """A decorator that draws nothing."""
    return lambda draw: None
