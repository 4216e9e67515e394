"""What a way of going back through time costs: bytes, and the error of its gradient."""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import expect_shape
from vgcourse.gradcheck import relative_error
from vgcourse.sequence import Workspace


def bytes_of(*trees):
    """Bytes of all arrays in the trees; views of one array count it once, whole."""
    owners = {}
    leaves = [leaf for tree in trees for _, leaf in named_leaves(tree)]
    for leaf in leaves:
        if isinstance(leaf, Workspace):
            leaves.extend(leaf.arrays())  # the loop gets to them too
        else:
            while isinstance(getattr(leaf, "base", None), np.ndarray):
                leaf = leaf.base
            owners[id(leaf)] = getattr(leaf, "nbytes", 0)
    return sum(owners.values())


class Bias(NamedTuple):
    """How far an approximate gradient is from the exact one, for one array."""

    name: str
    relative_error: float
    cosine: float


def gradient_bias(grads, exact):
    """Relative error and cosine of the angle to the exact gradient, one `Bias` for each array.

    Raises
    ------
    ValueError
        If the structures or shapes differ.
    """
    map_leaves(lambda a, b: expect_shape("gradient_bias", "a gradient", a, np.shape(b)), grads, exact)
    pairs = zip(named_leaves(grads), named_leaves(exact), strict=True)
    return tuple(Bias(name, relative_error(a, b), _cosine(a, b)) for (name, a), (_, b) in pairs)


def _cosine(a, b):
    a, b = (v / max(np.abs(v).max(), np.finfo(v.dtype).tiny) for v in (a, b))  # no square underflows
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / norm) if norm > 0 else float("nan")
