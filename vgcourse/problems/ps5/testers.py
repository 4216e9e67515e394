"""Problem set 5: a good test of a verdict on stability, and tests that let bugs through or accuse right ones."""

import numpy as np

from vgcourse.problems.problem import Mistake

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
STABLE = {
    "corner": np.array([[0.9, 5.0], [0.0, 0.9]]),
    "positive": np.array([[0.5, 0.0, 0.0], [0.0, 0.4, 0.0], [0.0, 0.0, -0.6]]),
    "wide": 0.97 * np.eye(5),
    "lower": np.array([[0.5, 0.0], [3.0, -0.4]]),
}
UNSTABLE = {
    "turn": 1.2 * TURN,
    "beside": np.array([[-1.3, 0.0], [0.4, 0.5]]),
    "edge": np.eye(3),
    "last of three": np.diag([0.1, 0.2, -1.4]),
    "one of four": np.diag([1.5, 0.1, 0.2, 0.1]),
    "opposite": np.array([[0.0, 1.5], [1.5, 0.0]]),
    "crowd": np.full((4, 4), 0.5),
    "triangle": np.array([[0.2, 0.5, 3.0], [0.5, 0.1, 0.2], [0.8, 0.1, 0.3]]),
    "hidden": np.array([[0.0, 0.0, 1.4], [0.0, 0.0, 0.0], [1.4, 0.0, 0.0]]),
}


def tells_stability(stable):
    """True if `stable` says True of matrices with all |λ| < 1 and False of others, call after call, on intact inputs."""
    return tester(stable)


def tester(
    stable,
    good=tuple(STABLE),
    bad=tuple(UNSTABLE),
    intact=True,
    agree=lambda said, want: bool(said) == want,
    verdict=bool,
):
    """The verdict on a function, with parts exchangeable for the mistakes."""
    trials = [(STABLE[name], True) for name in good] + [(UNSTABLE[name], False) for name in bad]
    for W, want in trials:
        handed = W.copy()
        if not agree(stable(handed), want) or (intact and not np.array_equal(handed, W)):
            return verdict(False)
    return verdict(True)  # fmt: skip


def _without(group, *names):
    return tuple(name for name in group if name not in names)


MISTAKES = (
    Mistake("everything is right", lambda stable: True, "Your test says “right” of every function."),
    Mistake("everything is wrong", lambda stable: False, "Your test says “wrong” of the right functions too, all of them. Print what one of them says of your matrices: is your own verdict on these right?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("stable ones only", dict(bad=()), "You try stable matrices only."),
    Mistake("unstable ones only", dict(good=()), "You try unstable matrices only."),
    Mistake("symmetric matrices only", dict(good=("positive", "wide"), bad=("edge", "one of four", "opposite", "crowd")), "Your matrices have real eigenvalues and orthogonal eigenvectors. Try one that turns, and one with a large corner."),
    Mistake("no eigenvalue on the circle", dict(bad=_without(UNSTABLE, "edge")), "The one that allows |λ| = 1 passed your test. Try an eigenvalue of exactly 1, where False is right."),
    Mistake("nothing that turns", dict(bad=_without(UNSTABLE, "turn")), "Those that look at real parts alone passed your test. Try a turn that grows."),
    Mistake("no large corner", dict(good=_without(STABLE, "corner", "lower")), "Those that look at sizes of entries or at a few steps passed your test. Try a stable W that grows first."),
    Mistake("inputs not looked at", dict(intact=False), "The one that changes W in place passed your test: its verdict is right. Compare W with a copy afterwards."),
    Mistake("is True wanted", dict(agree=lambda said, want: said is want), "You accuse right ones: 1 and np.True_ mean True as well."),
    Mistake("one of each", dict(good=("corner",), bad=("turn",)), "You try one stable and one unstable matrix. Many wrong rules get these two right: think of what each could look at."),
)  # fmt: skip
