"""What a way of going back through time costs: bytes, and the error of its gradient."""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import expect_real, expect_shape, numeric
from vgcourse.gradcheck import relative_error
from vgcourse.recurrent.fast import Workspace


def bytes_of(*trees):
    """Bytes of all arrays in the trees (tuples, lists, caches, parameters, workspaces).

    An array and its views count once, and whole: one view keeps all of its array alive.
    """
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
    """‖g − g*‖ / max(‖g‖, ‖g*‖) and cos = ⟨g, g*⟩ / (‖g‖ ‖g*‖) of each array g and its exact g*.

    A gradient of the wrong length still points the right way if its cosine is 1.

    Parameters
    ----------
    grads, exact : structures of the parameters

    Returns
    -------
    tuple of `Bias`, one for each array; the cosine is NaN if one of the two is zero

    Raises
    ------
    TypeError, ValueError
        If an array does not hold real numbers, or the structures or shapes differ.
    """
    map_leaves(_expect_alike, grads, exact, where="gradient_bias")
    pairs = zip(named_leaves(grads), named_leaves(exact), strict=True)
    return tuple(Bias(name, relative_error(a, b), _cosine(a, b)) for (name, a), (_, b) in pairs)


def _expect_alike(a, b):
    for name, array in (("a gradient", a), ("an exact gradient", b)):
        expect_real("gradient_bias", **{name: numeric("gradient_bias", **{name: array})})
    expect_shape("gradient_bias", "a gradient", a, np.shape(b))


def _cosine(a, b):
    a, b = (np.asarray(v, dtype=np.result_type(v, np.float32)) for v in (a, b))
    a, b = (v / max(np.abs(v).max(), np.finfo(v.dtype).tiny) for v in (a, b))  # no square underflows
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / norm) if norm > 0 else float("nan")
