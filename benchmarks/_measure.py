"""One thread, turns, medians. Import this first: it has to come before numpy and torch."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[name] = "1"  # two threads that fight for two busy cores measure nothing

import importlib.util  # noqa: E402
import statistics  # noqa: E402
from time import perf_counter  # noqa: E402
from typing import NamedTuple  # noqa: E402


class Line(NamedTuple):
    """One row of the table: what, its value, and the goal. `at_least` tells which side of it is good."""

    what: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self):
        """✓ or ✗, or nothing where there is no goal or no value."""
        if self.value is None or self.goal is None:
            return ""
        return "✓" if (self.value >= self.goal if self.at_least else self.value <= self.goal) else "✗"


def medians(functions, rounds):
    """Median seconds of each function, called in turns so that a busy moment hits all; one round first."""
    times = {name: [] for name in functions}
    for _ in range(rounds + 1):
        for name, function in functions.items():
            start = perf_counter()
            function()
            times[name].append(perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def torch():
    """The module on one thread, or None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    torch.set_num_threads(1)
    return torch
