"""Arrays that outlive a call: a workspace, and the loan that a cache has of it."""

from typing import NamedTuple

import numpy as np


class Workspace:
    """Arrays that a kernel uses again at its next call; worth it when you call it in a loop.

    The states, the cache and dx live in it and are overwritten by the next call with the same workspace:
    copy what you want to keep. They do not share memory with each other, so states and dx are yours to change
    until then. A backward pass may work in the cache's own arrays, so it runs once for each forward pass; a
    second time, or with a cache that a later call has overwritten, it raises.
    """

    def __init__(self):
        self._arrays = {}
        self._ticket = 0

    def begin(self):
        """A forward pass starts: caches of earlier ones are void. Returns its ticket."""
        self._ticket += 1
        return self._ticket

    def claim(self, ticket):
        """True if the arrays still belong to the forward pass with that ticket; from now on to nobody."""
        valid = ticket == self._ticket
        self._ticket += valid
        return valid

    def take(self, name, shape, dtype):
        """An array of that shape and dtype with any content; the same one as last time if it fits."""
        array = self._arrays.get(name)
        if array is None or array.dtype != dtype or array.size < np.prod(shape):
            array = self._arrays[name] = np.empty(shape, dtype)
        if array.shape != shape:  # a shorter sequence uses the front of it
            array = array.reshape(-1)[: np.prod(shape)].reshape(shape)
        return array

    def arrays(self):
        """All arrays in it."""
        return tuple(self._arrays.values())

    @property
    def nbytes(self):
        """Bytes of all arrays in it."""
        return sum(array.nbytes for array in self.arrays())


class Loan(NamedTuple):
    """The workspace that a cache lives in, and the ticket of the forward pass that made it."""

    workspace: Workspace
    ticket: int


def check_workspace(where, workspace):
    """The workspace to use, a new one for None, and the loan that goes into the cache."""
    if workspace is None:
        return Workspace(), None
    if not isinstance(workspace, Workspace):
        raise TypeError(f"{where}: workspace is {type(workspace).__name__}; expected Workspace or None.")
    return workspace, Loan(workspace, workspace.begin())


def room_for_da(cache):
    """An array for da: with a workspace that of the local derivatives, step by step; without, they stay."""
    return np.empty_like(cache.slopes) if cache.loan is None else cache.slopes
