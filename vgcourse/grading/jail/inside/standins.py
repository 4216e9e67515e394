"""What stands in for the rooms of vgcourse that a jail does not hold: imports work, calls do not.

So a cell that imports more than an answer may use does not lose the functions that it defines below.
"""

import importlib.abc
import importlib.machinery
import sys
import types

SENTENCE = "{} does not exist while grading: an answer of this set may not use it"


class _AbsentRoom(types.ModuleType):
    """A module with any name in it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return absent_name(self.__name__, name)


def absent_name(module, name):
    """What stands for a function or class of an absent room: raises one sentence when called."""

    def absent(*args, **kwargs):
        raise ImportError(SENTENCE.format(f"{module}.{name}"))

    absent.__module__, absent.__name__, absent.__qualname__ = module, name, name
    return absent


class AbsentRooms(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: whatever of vgcourse was not found on disk."""

    def find_spec(self, name, path, target=None):
        """A spec for names below vgcourse."""
        if name.startswith("vgcourse."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        """An empty room."""
        return _AbsentRoom(spec.name)

    def exec_module(self, module):
        """Nothing to run."""


def install():
    """From now on an import of an absent room succeeds."""
    sys.meta_path.append(AbsentRooms())
