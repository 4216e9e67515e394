"""Gradient descent on one batch: how curved is the loss where it walks? (After Cohen et al. 2021.)

A tanh net 64-32-32-10 with Glorot's weights, squared error on 300 digits, the gradient of all of them
in each step. The sharpness is the largest eigenvalue of the Hessian, by power iteration; a product of
the Hessian with a direction is a central difference of the gradient.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse._trees import map_leaves, named_leaves
from vgcourse.authoring.measured import store
from vgcourse.optim import global_norm, sgd_step

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws digits and weights
    "sizes": [64, 32, 32, 10],
    "digits": 300,
    "rates": [0.02, 0.04, 0.05, 0.1],
    "steps": 1000,
    "every": 50,
    "power_iterations": 20,
    "difference": 1e-4,
}
REDUCED = SETTINGS | {"seeds": [1], "steps": 100, "power_iterations": 5}
TOLERANCE = 1e-5


def run(reduced=False):
    """By rate and seed: sharpness and loss every 50 steps (None after divergence), share of rising steps."""
    settings = REDUCED if reduced else SETTINGS
    return {
        "steps": list(range(0, settings["steps"] + 1, settings["every"])),
        "rates": settings["rates"],
        "runs": [[descend(seed, rate, settings) for seed in settings["seeds"]] for rate in settings["rates"]],
    }


def descend(seed, rate, settings):
    """One run of gradient descent."""
    rng = np.random.default_rng(seed)
    (x, labels), _ = tasks.split(*tasks.digits(), rng=rng)
    x, target = x[: settings["digits"]], np.eye(10)[labels[: settings["digits"]]]
    params = mlp.mlp_init(settings["sizes"], rng=rng)
    v = map_leaves(lambda w: rng.normal(size=w.shape), params)
    losses, sharpness = [], []
    for step in range(settings["steps"] + 1):
        loss, grads = loss_and_gradient(params, x, target)
        if not loss < 1e6:
            break
        losses.append(loss)
        if step % settings["every"] == 0:
            top, v = top_eigenvalue(params, x, target, v, settings)
            sharpness.append(top)
        params = sgd_step(params, grads, rate)
    rows = settings["steps"] // settings["every"] + 1
    return {
        "sharpness": sharpness + [None] * (rows - len(sharpness)),
        "loss": losses[:: settings["every"]] + [None] * (rows - len(sharpness)),
        "rising": np.mean(np.diff(losses[len(losses) // 2 :]) > 0),  # in the second half
        "gradient_norm_last": global_norm(grads),
    }


def loss_and_gradient(params, x, target):
    """The mean over rows of ‖y − t‖²."""
    y, caches = mlp.mlp_forward(params, x)
    _, _, grads = mlp.mlp_backward(2 * (y - target) / len(x), caches)
    return ((y - target) ** 2).sum(axis=1).mean(), grads


def top_eigenvalue(params, x, target, v, settings):
    """The largest eigenvalue of the Hessian and a vector along its direction, started from v."""
    step = settings["difference"]
    for _ in range(settings["power_iterations"]):
        v = scaled(v, 1 / global_norm(v))
        ahead, behind = (loss_and_gradient(moved(params, scaled(v, s)), x, target)[1] for s in (step, -step))
        Hv = map_leaves(lambda a, b: (a - b) / (2 * step), ahead, behind)
        pairs = zip(named_leaves(v), named_leaves(Hv), strict=True)
        top, v = sum((d * Hd).sum() for (_, d), (_, Hd) in pairs), Hv
    return float(top), v


def scaled(tree, factor):
    """The tree times a number."""
    return map_leaves(lambda d: factor * d, tree)


def moved(params, v):
    """params + v."""
    return map_leaves(lambda w, d: w + d, params, v)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
