"""Two controls for gates_compared.py: is it W = I or the ReLU, and is it the LSTM or its forget bias?

The trainer, the tasks and all settings are those of gates_compared.py. Start: the adding problem at equal
width with the two nets that lie between the plain tanh net and the identity ReLU net: a tanh net with
W_h = I, and a ReLU net with the usual (Glorot) start. Bias: the pronoun grammar at its longest gap, for
the LSTM that fails there with the forget bias 1, now with 3.
"""

from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np

from vgcourse.authoring.measured import store
from vgcourse.initializers import glorot, identity
from vgcourse.recurrent import cell_init
from vgcourse.recurrent.fast import KERNELS

spec = spec_from_file_location("gates_compared", Path(__file__).with_name("gates_compared.py"))
compared = module_from_spec(spec)
spec.loader.exec_module(compared)
usual = compared.make

PLAIN = {"tanh, W = I": ("tanh", identity), "ReLU, Glorot": ("relu", glorot)}
SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "start": {"nets": list(PLAIN), "T": 50, "H": 48, "rate": 3e-3, "steps": 1500, "mark": 0.05},
    "bias": {"bias": 3.0, "gap": 80, "H": 26, "rates": [1e-3, 3e-3, 1e-2], "steps": 600, "mark": 0.95},
}
REDUCED = {
    "seeds": [1],
    "start": SETTINGS["start"] | {"steps": 3},
    "bias": SETTINGS["bias"] | {"gap": 5, "rates": [3e-3], "steps": 3},
}
TOLERANCE = 1e-2  # float32


def run(reduced=False):
    """Steps until the mark (NaN: never) and the last running mean, by net or rate, and seed."""
    settings = REDUCED if reduced else SETTINGS
    start, bias = settings["start"], settings["bias"]
    compared.make = make
    learn = partial(compared.train, seeds=settings["seeds"], settings=compared.SETTINGS)
    return {
        "start": {
            name: learn(
                "adding", start["T"], [name, None], *(start[k] for k in ("H", "rate", "steps", "mark"))
            )
            for name in start["nets"]
        },
        "bias": {
            f"{rate:g}": learn(
                "pronoun", bias["gap"], ["lstm", bias["bias"]], bias["H"], rate, bias["steps"], bias["mark"]
            )
            for rate in bias["rates"]
        },
    }


def make(cell, bias, D, H, rng):
    """As in gates_compared.py, with two more plain nets."""
    if cell not in PLAIN:
        return usual(cell, bias, D, H, rng)
    activation, recurrent = PLAIN[cell]
    forward, backward = KERNELS["rnn"]
    params = cell_init("rnn", D, H, rng=rng, dtype=np.float32, recurrent=recurrent)
    return params, partial(forward, activation=activation), backward


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
