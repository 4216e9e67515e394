"""What a state does when one map is applied to it again and again, and what that does to gradients.

1. `linear_recursions`: h_t = A h_{t−1} + b, simulated and in closed form from its eigenvalues.
2. `stability`: taps, poles and impulse responses; Jury's test, Lyapunov functions.
3. `scalar_maps`: one unit h → f(w h + b), its orbits, cobwebs and fixed points.
4. `jacobians`: ∂h_t/∂h_{t−1} of every step of a net.
5. `products`: products of many Jacobians that never under- or overflow; Lyapunov exponents; transients.
6. `meanfield`: the same question for wide random nets, layer by layer.
"""

from vgcourse.dynamics.jacobians import recurrent_jacobians, step_jacobians
from vgcourse.dynamics.linear_recursions import ClosedForm, Modes, closed_form, modes, simulate
from vgcourse.dynamics.meanfield import MeanField, backward_factor, gaussian_mean, mean_field, variance_map
from vgcourse.dynamics.products import (
    ScaledMatrix,
    Transient,
    jacobian_product,
    jacobian_products,
    log_norms_between,
    log_singular_values,
    lyapunov_exponents,
    transient_growth,
)
from vgcourse.dynamics.scalar_maps import FixedPoint, cobweb, fixed_points, scalar_orbit
from vgcourse.dynamics.stability import (
    Jury,
    companion,
    contraction_factor,
    impulse_response,
    jury_test,
    lyapunov_function,
    poles,
)

__all__ = [
    "ClosedForm",
    "FixedPoint",
    "Jury",
    "MeanField",
    "Modes",
    "ScaledMatrix",
    "Transient",
    "backward_factor",
    "closed_form",
    "cobweb",
    "companion",
    "contraction_factor",
    "fixed_points",
    "gaussian_mean",
    "impulse_response",
    "jacobian_product",
    "jacobian_products",
    "jury_test",
    "log_norms_between",
    "log_singular_values",
    "lyapunov_exponents",
    "lyapunov_function",
    "mean_field",
    "modes",
    "poles",
    "recurrent_jacobians",
    "scalar_orbit",
    "simulate",
    "step_jacobians",
    "transient_growth",
    "variance_map",
]
