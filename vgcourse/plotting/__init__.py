"""Figures of the course: arrays in, Axes out. Helpers compute nothing and never show; `show` does.

Every helper takes `ax=None` (a new figure) and returns the Axes, so that you can go on drawing in it.
`plot_…` helpers draw numbers, `draw_…` helpers diagrams.
"""

from .base import (
    AMBER,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    SKY,
    label_ends,
    new_axes,
    png,
    show,
    use_style,
)
from .by_layer import (
    plot_gradient_by_depth,
    plot_histograms,
    plot_norm_strip_grid,
    plot_norm_strips,
    plot_spectra,
    plot_spectrum_by_depth,
    plot_variance_by_layer,
)
from .by_time import plot_by_lag, plot_gate_panels, plot_gates, plot_heat_map, plot_jacobian_map
from .cell_diagrams import draw_cell
from .factors import plot_activation_pair, plot_factors, plot_matrix, plot_step_sweep, update_factors
from .gauges import draw_questions, plot_gauges
from .net_diagrams import draw_chain, draw_paths, draw_timeline, draw_unrolled
from .pass_diagrams import draw_passes
from .recursions import plot_cobweb, plot_impulse_responses, plot_poles, plot_transient, update_transient
from .residual import draw_residual_blocks, plot_path_lengths
from .surfaces import plot_cliff, plot_clipping, plot_loss_surface, plot_path
from .training_runs import plot_comparison, plot_cost, plot_digits, plot_runs, plot_training

__all__ = [
    "AMBER",
    "BLACK",
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "SKY",
    "draw_cell",
    "draw_chain",
    "draw_passes",
    "draw_paths",
    "draw_questions",
    "draw_residual_blocks",
    "draw_timeline",
    "draw_unrolled",
    "label_ends",
    "new_axes",
    "plot_activation_pair",
    "plot_by_lag",
    "plot_cliff",
    "plot_clipping",
    "plot_cobweb",
    "plot_comparison",
    "plot_cost",
    "plot_digits",
    "plot_factors",
    "plot_gate_panels",
    "plot_gates",
    "plot_gauges",
    "plot_gradient_by_depth",
    "plot_heat_map",
    "plot_histograms",
    "plot_impulse_responses",
    "plot_jacobian_map",
    "plot_loss_surface",
    "plot_matrix",
    "plot_norm_strip_grid",
    "plot_norm_strips",
    "plot_path",
    "plot_path_lengths",
    "plot_poles",
    "plot_runs",
    "plot_spectra",
    "plot_spectrum_by_depth",
    "plot_step_sweep",
    "plot_training",
    "plot_transient",
    "plot_variance_by_layer",
    "png",
    "show",
    "update_factors",
    "update_transient",
    "use_style",
]
