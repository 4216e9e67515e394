"""Draw the README's figure from the library: python site/readme_figure.py"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from vgcourse import initializers, mlp, plotting, tasks

plotting.use_style()
rng = np.random.default_rng(0)
x, labels = tasks.digits()
settings = {
    "ReLU, weights √2 × He": ("relu", lambda shape, **kw: initializers.he(shape, gain=2**0.5, **kw)),
    "ReLU, He weights": ("relu", initializers.he),
    "tanh, weights ±1/√n": ("tanh", initializers.uniform_fan_in),
    "sigmoid, Glorot weights": ("sigmoid", initializers.glorot),
}
ax = plotting.new_axes(figsize=(7.6, 3.6))
for name, (activation, initializer) in settings.items():
    params = mlp.mlp_init((64, *[100] * 29, 10), rng=rng, initializer=initializer)
    _, deltas, _ = mlp.loss_and_gradient(params, x, labels, activation=activation)
    norms = np.array([np.linalg.norm(delta) for delta in deltas[::-1]])
    plotting.plot_gradient_by_depth(norms / norms[0], ax=ax, label=name)
    print(f"{name:24s} first layer / last layer = {norms[-1] / norms[0]:.1e}")
plotting.label_ends(ax)
ax.set_title("Four nets of 30 layers, before training: what arrives at the first one?")
ax.figure.savefig(Path(__file__).with_name("readme.png"))
plt.close(ax.figure)
