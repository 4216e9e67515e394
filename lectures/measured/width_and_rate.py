"""Which learning rate is best in a narrow net, and in one eight times as wide? Two ways to scale.

64-n-n-n-10 ReLU nets on digits, Adam, He's weights. "standard": one rate for all layers. "mup": all matrices
with n inputs get the rate times 64/n, and the last one starts smaller by √(64/n) (Yang et al. 2021).
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import he, lecun
from vgcourse.layers import LinearParams
from vgcourse.optim import adam_init, adam_step

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and batches
    "widths": [64, 512],
    "log2_rates": [-11, -10, -9, -8, -7, -6, -5],
    "steps": 40,
    "batch_size": 64,
    "mean_of_last": 20,  # steps over whose losses the result is the mean
}
REDUCED = SETTINGS | {"seeds": [1], "widths": [128], "log2_rates": [-8], "steps": 10}
TOLERANCE = 1e-6


def run(reduced=False):
    """Mean loss of the last steps: by scaling and width a list of seeds, each a list of rates."""
    settings = REDUCED if reduced else SETTINGS
    return {
        "log2_rates": settings["log2_rates"],
        "loss": {
            scaling: {
                str(width): [
                    [
                        final_loss(width, 2.0**power, scaling, seed, settings)
                        for power in settings["log2_rates"]
                    ]
                    for seed in settings["seeds"]
                ]
                for width in settings["widths"]
            }
            for scaling in ("standard", "mup")
        },
    }


def final_loss(width, rate, scaling, seed, settings):
    """Train one net; two groups of layers, because two rates."""
    (x, labels), _ = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    share = 64 / width if scaling == "mup" else 1.0
    rng = np.random.default_rng([seed, 1])
    params = mlp.mlp_init((64, width, width, width), rng=rng, initializer=he)
    last = lecun((10, width), rng=rng, gain=share**0.5)
    params = (*params, LinearParams(last, np.zeros(10)))
    states = [adam_init(params[:1]), adam_init(params[1:])]
    rng, losses = np.random.default_rng([seed, 2]), []
    for _ in range(settings["steps"]):
        batch = rng.choice(len(x), settings["batch_size"], replace=False)
        loss, _, grads = mlp.loss_and_gradient(params, x[batch], labels[batch], activation="relu")
        first, states[0] = adam_step(params[:1], grads[:1], states[0], rate)
        others, states[1] = adam_step(params[1:], grads[1:], states[1], rate * share)
        params = (*first, *others)
        losses.append(loss)
    return float(np.mean(losses[-settings["mean_of_last"] :]))


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
