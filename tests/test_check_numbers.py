"""Every number that decides, at both of its edges: a tenth below it and a tenth above."""

import numpy as np
import pytest
from test_check_explanations import small  # noqa: F401, the fixture

from vgcourse.check import evaluate
from vgcourse.judge.locate import error_map
from vgcourse.judge.results import Quantity
from vgcourse.problems import Invariant, Mistake, numbers

edges = pytest.mark.parametrize(("share", "below"), [(0.9, True), (1.1, False)])
SIGNS = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])


def verdict(fn):
    return evaluate("start.small", fn)


def said(fn):
    return " ".join(finding.text for finding in verdict(fn).findings)


def test_numbers_are_what_they_are():
    """They decide who gets points: none changes by accident."""
    assert (numbers.TOLERANCE, numbers.FLOAT32_TOLERANCE, numbers.LIKENESS) == (1e-5, 3e-4, 1e-6)
    assert (numbers.NEARER, numbers.MEASURED, numbers.NEARER_MEASURED) == (0.05, 1e-5, 0.25)
    assert (numbers.SAME, numbers.A_FACTOR, numbers.BROKEN, numbers.TOLD_APART) == (1e-6, 0.01, 1e-3, 1e-3)
    assert (numbers.TIMES_SINGLE, numbers.LEAST_SINGLE) == (20, 1.6e-4)
    assert numbers.LEVEL_BOUNDS == (numbers.FLOAT32_TOLERANCE, 0.01, 1.0)
    assert numbers.SLIGHT < numbers.TOLERANCE and numbers.ROUGHLY == 0.01


@edges
def test_tolerance(small, share, below):  # noqa: F811
    small()
    assert (verdict(lambda x: x * (1 + share * numbers.TOLERANCE)).share == 1) == below


def rounded(size):
    """x in a reference that loses digits: in single precision its error is of this size."""

    def reference(x):
        noise = size * np.sign(np.sin(1e3 * x)) if x.dtype == np.float32 else 0.0
        return x * (1 + noise)

    return reference


@edges
@pytest.mark.parametrize(
    ("size", "limit"),
    [
        (0.0, numbers.LEAST_SINGLE),
        (1e-5, numbers.TIMES_SINGLE * 1e-5),
        (1e-2, numbers.FLOAT32_TOLERANCE),
    ],
)
def test_float32_tolerance(small, size, limit, share, below):  # noqa: F811
    """What single precision can reach, and no more."""
    small(rounded(size))
    found = verdict(lambda x: (x * (1 + share * limit)).astype(np.float32))
    assert (found.share == 1) == below


def test_double_precision_cut_to_single_is_not_excused(small):  # noqa: F811
    small()
    assert verdict(lambda x: (x * (1 + 2e-4)).astype(np.float32)).share == 0
    assert verdict(lambda x: x.astype(np.float32)).share == 1


@edges
def test_likeness(small, share, below):  # noqa: F811
    """Rounding that is right in a right answer is rounding in a wrong one, too."""
    small(mistakes=(Mistake("plus 1", lambda x: x + 1, "One too many."),))
    near = max(numbers.LIKENESS, numbers.TOLERANCE)
    assert ("One too many." in said(lambda x: (x + 1) * (1 + share * near))) == below


@edges
@pytest.mark.parametrize(
    ("likeness", "nearer"), [(numbers.LIKENESS, numbers.NEARER), (0.1, numbers.NEARER_MEASURED)]
)
def test_nearer_to_the_mistake_than_to_what_is_right(small, share, below, likeness, nearer):  # noqa: F811
    wrong = 4 * numbers.TOLERANCE
    small(mistakes=(Mistake("a bit", lambda x: x * (1 + wrong), "A bit."),), likeness=likeness)
    assert ("A bit." in said(lambda x: x * (1 + wrong + share * nearer * wrong))) == below


@edges
def test_same(small, share, below):  # noqa: F811
    small()

    def doubled(x):
        off = SIGNS - x * (SIGNS * x).sum() / (x * x).sum()  # no factor takes any of it up
        return 2 * x + share * numbers.SAME * off * np.linalg.norm(2 * x) / np.linalg.norm(off)

    text = said(doubled)
    assert ("2 times the right value" in text) == below


@edges
def test_a_factor(small, share, below):  # noqa: F811
    small()
    assert ("times the right value" in said(lambda x: (1 + share * numbers.A_FACTOR) * x)) != below


@edges
def test_broken(small, share, below):  # noqa: F811
    small(invariants=(Invariant("held", lambda args, outputs: share * numbers.BROKEN, "Broken."),))
    assert ("Broken." in said(lambda x: x + SIGNS)) != below


@edges
def test_told_apart(small, share, below):  # noqa: F811
    matrix = np.array([[1.0, 0.5], [0.5, 0.2]])
    matrix[1, 0] += share * numbers.TOLD_APART * np.linalg.norm(matrix) / np.sqrt(2)
    small(reference=lambda x: matrix, shapes=((1,),))
    assert ("transpose" in said(lambda x: matrix.T)) != below


@edges
@pytest.mark.parametrize("level", [0, 1, 2])
def test_shades_of_a_map(share, below, level):
    expected = np.ones((3, 2))
    wrong = expected.copy()
    wrong[1, 1] = 1 / (1 - min(share * numbers.LEVEL_BOUNDS[level], 0.999))  # relative to the larger of both
    wrong[1, 1] = -1.0 if share * numbers.LEVEL_BOUNDS[level] > 1 else wrong[1, 1]
    wrong[0, 0] = 1.02
    found = error_map(Quantity("a", wrong, expected, 0.1, False), ("step", "unit"))
    assert found.levels[1][1] == level + (not below)


@edges
def test_slight(share, below):
    expected, wrong = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.5, 1.0], [0.0, 1.0]])
    wrong[1, 0] = share * numbers.SLIGHT
    found = error_map(Quantity("a", wrong, expected, 0.1, False), ("step", "unit"))
    assert (found.levels[1][0] == 0) == below


@edges
def test_rest_of_a_complex_answer(small, share, below):  # noqa: F811
    small()
    found = verdict(lambda x: x + 1j * share * numbers.REST * np.abs(x).max())
    assert (found.share == 1) == below


@pytest.mark.parametrize("count", [numbers.FEW - 1, numbers.FEW])
def test_few_numbers_are_a_multiple_by_chance(small, count):  # noqa: F811
    """A mistake that would spoil a right result, too, is named where a factor may be chance."""
    first = Mistake("doubled", lambda x: (2 * x, x + 1), "Both are off.")
    small(lambda x: (x, x), shapes=((count,),), quantities=("a", "b"), mistakes=(first,))
    assert ("Both are off." in said(lambda x: (2 * x, x))) == (count < numbers.FEW)
