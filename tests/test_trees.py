"""Walking over nested parameters."""

from typing import NamedTuple

import numpy as np
import pytest

from vgcourse._trees import map_leaves, named_leaves, replace_leaf


class Two(NamedTuple):
    W: object
    b: object


TREE = (Two(np.ones((2, 3)), None), [np.full(2, 5.0), (np.array(7.0),)])


def test_named_leaves_come_in_order_with_readable_names():
    assert [name for name, _ in named_leaves(TREE)] == ["[0].W", "[1][0]", "[1][1][0]"]
    assert [leaf.flat[0] for _, leaf in named_leaves(TREE)] == [1, 5, 7]
    assert [name for name, _ in named_leaves(Two(1.0, (2.0,)))] == ["W", "b[0]"]
    assert named_leaves(3.0) == [("", 3.0)]
    assert named_leaves(None) == []
    assert named_leaves(()) == []


def test_map_leaves_keeps_the_structure():
    out = map_leaves(lambda a, b: a + 10 * b, TREE, TREE)
    assert type(out) is tuple and type(out[0]) is Two and type(out[1]) is list and type(out[1][1]) is tuple
    assert out[0].b is None
    assert [leaf.flat[0] for _, leaf in named_leaves(out)] == [11, 55, 77]
    assert out[0].W.shape == (2, 3)


@pytest.mark.parametrize(
    "other, words",
    [
        ((1.0,), "tuple of 2 against tuple of 1"),
        (np.ones(2), "tuple of 2 against ndarray"),
        ((1.0, 2.0, 3.0), "against tuple of 3"),
        (None, "against NoneType"),
    ],
)
def test_map_leaves_refuses_another_structure(other, words):
    with pytest.raises(ValueError, match=f"structures differ: .*{words}"):
        map_leaves(lambda a, b: a, (1.0, 2.0), other)


@pytest.mark.parametrize("number", range(3))
def test_replace_leaf_replaces_that_one_only(number):
    out = replace_leaf(TREE, number, "new")
    for i, ((name, leaf), (old_name, old)) in enumerate(
        zip(named_leaves(out), named_leaves(TREE), strict=True)
    ):
        assert name == old_name
        assert leaf == "new" if i == number else leaf is old
    assert named_leaves(TREE)[number][1] is not None


def test_map_leaves_names_its_caller():
    for other in ((1.0,), None):
        with pytest.raises(ValueError, match="^optimiser: structures differ"):
            map_leaves(lambda a, b: a, ((1.0, 2.0), 3.0), (other, 3.0), where="optimiser")
    with pytest.raises(ValueError, match="^optimiser: structures differ: ndarray against a tuple"):
        map_leaves(lambda a, b: a, np.ones(1), (1.0,), where="optimiser")
    with pytest.raises(ValueError, match="^optimiser: structures differ: None"):
        map_leaves(lambda a, b: a, (None, 1.0), (2.0, 1.0), where="optimiser")
