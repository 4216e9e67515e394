"""What a long sequence costs: bytes and seconds of four ways to the gradient of an LSTM, up to T = 100 000.

"all", up to a length that fits, keeps every step's cache; "checkpoints" keeps a state every √T steps; "10
slots" keeps ten states at borders of the same segments (binomial schedule); "truncated" cuts every 100 steps.
For T = 10 000 the binomial schedule is also run on segments of ten steps, with few and many slots. The input
is a function, so that nothing needs length T but what a way keeps. Bytes: the most that tracemalloc saw in
one run. Seconds of the processor: the best of several without tracemalloc, in the full measurement only:
machines differ. The first run is stored by itself, and what of it the system took: memory touched for the
first time costs far more than memory that is used again.
"""

import gc
import os
import time
import tracemalloc
from math import isqrt

import numpy as np

from vgcourse.authoring.measured import store
from vgcourse.recurrent import cell_init, memory, zero_state
from vgcourse.recurrent.memory import checkpointed_bptt, truncated_bptt

SETTINGS = {
    "T": [1000, 3000, 10_000, 30_000, 100_000],
    "longest_all": 30_000,  # 3 GB; 100 000 steps would keep 9
    "N": 16,
    "D": 8,
    "H": 64,
    "plane": 10_000,  # steps of the comparison of slots
    "every": 10,
    "slots": [5, 10, 20, 100],
    "repeats": 3,
    "longest_repeated": 30_000,
}
REDUCED = SETTINGS | {"T": [300], "plane": 300, "slots": [5, 20], "repeats": 0}
TOLERANCE = 0.05  # the interpreter's own objects are in the peaks


def run(reduced=False):
    """By way and length: peak in bytes, counted bytes, steps forwards, seconds, cosine of W_h's gradient."""
    settings = REDUCED if reduced else SETTINGS
    N, D, H = (settings[size] for size in "NDH")
    rng = np.random.default_rng(9)
    params, state0 = cell_init("lstm", D, H, rng=rng, forget_bias=3.0), zero_state("lstm", N, H)
    block, targets = rng.normal(size=(1000, N, D)), rng.normal(size=(1000, N, H))

    def x(start, stop):
        return block[np.arange(start, stop) % 1000]

    def loss(states, start, stop):
        weight = targets[np.arange(start, stop) % 1000]
        dstates = np.zeros_like(states)
        dstates[:, 0] = weight
        return (weight * states[:, 0]).sum(), dstates

    def ways(T):
        root = isqrt(T - 1) + 1
        common = ("lstm", params, x, state0, loss)
        return {
            "all": lambda: checkpointed_bptt(*common, every=T, T=T),
            "checkpoints": lambda: checkpointed_bptt(*common, every=root, T=T),
            "10 slots": lambda: checkpointed_bptt(*common, every=root, slots=10, T=T),
            "truncated": lambda: truncated_bptt(*common, k=100, T=T),
        }

    by_length = {}
    for T in settings["T"]:
        results = {}
        for name, way in ways(T).items():
            if name == "all" and T > settings["longest_all"]:
                continue
            entry, result = cost(way, min(settings["repeats"], 3 if T <= settings["longest_repeated"] else 1))
            by_length.setdefault(name, {})[str(T)] = entry
            results[name] = result
        for name, result in results.items():
            biases = memory.gradient_bias(result.grads, results["checkpoints"].grads)
            (bias,) = [bias for bias in biases if bias.name == "W_h"]
            by_length[name][str(T)]["cosine"] = bias.cosine
            assert name == "truncated" or bias.relative_error < 1e-10
    T = settings["plane"]
    by_slots = {
        str(S): cost(
            lambda S=S: checkpointed_bptt(
                "lstm", params, x, state0, loss, every=settings["every"], slots=S, T=T
            ),
            settings["repeats"],
        )[0]
        for S in settings["slots"]
    }
    return {"by_length": by_length, "by_slots": by_slots}


def cost(way, repeats):
    """What one way costs, and what it returned."""
    seconds, system = [], []
    for _ in range(repeats):
        start, start_system = time.process_time(), os.times().system
        way()
        seconds.append(time.process_time() - start)
        system.append(os.times().system - start_system)
    gc.collect()
    tracemalloc.start()
    result = way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    entry = {
        "peak_bytes": peak,
        "counted_bytes": result.peak_bytes,
        "forward_steps": result.forward_steps,
        "seconds": round(min(seconds), 4) if seconds else None,
        "first_seconds": round(seconds[0], 4) if seconds else None,
        "first_system": round(system[0], 2) if seconds else None,  # the clock ticks a hundred times a second
    }
    return entry, result


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
