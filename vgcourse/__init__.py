"""Why gradients vanish or explode in deep and recurrent nets, and what cures it.

The submodules load when they are first used, so `import vgcourse` costs almost nothing:

>>> import vgcourse
>>> vgcourse.activations.sigmoid(0.0)
0.5
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = [
    "activations",
    "check",
    "clinic",
    "dynamics",
    "gradcheck",
    "initializers",
    "layers",
    "losses",
    "mlp",
    "optim",
    "plotting",
    "recurrent",
    "tasks",
    "widgets",
]


def __getattr__(name):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__():
    return [*globals(), *__all__]
