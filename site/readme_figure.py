"""Draw the README's figure from the library: python site/readme_figure.py"""

from pathlib import Path

import matplotlib.pyplot as plt
from moving_figure import measure

from vgcourse import plotting

plotting.use_style()
ax = plotting.new_axes(figsize=(7.6, 3.6))
for name, shares in measure().items():
    plotting.plot_gradient_by_depth(shares, ax=ax, label=name)
    print(f"{name:24s} first layer / last layer = {shares[-1]:.1e}")
plotting.label_ends(ax)
ax.set_title("Four nets of 30 layers, before training: what arrives at the first one?")
ax.figure.savefig(Path(__file__).with_name("readme.png"))
plt.close(ax.figure)
