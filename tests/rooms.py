"""What a room of the library offers, for tests that hand all of it in as an answer."""

import inspect


def public_functions(*rooms):
    """Every public function of these modules that is vgcourse's own, by its name with the module's."""
    return {
        f"{module.__name__}.{name}": f
        for module in rooms
        for name, f in vars(module).items()
        if inspect.isfunction(f) and not name.startswith("_") and f.__module__.startswith("vgcourse")
    }
