"""What a state does when one map is applied to it again and again, and what that does to gradients.

1. `linear_recursions`: h_t = A h_{t−1} + b, simulated and in closed form from its eigenvalues.
2. `stability`: taps, poles and impulse responses; Jury's test, Lyapunov functions.
3. `scalar_maps`: one unit h → f(w h + b), its orbits, cobwebs and fixed points.
4. `jacobians`: ∂h_t/∂h_{t−1} of every step of a net.
5. `products`: products of many Jacobians that never under- or overflow; Lyapunov exponents; transients.
6. `meanfield`: the same question for wide random nets, layer by layer.
"""

from vgcourse.dynamics import jacobians, linear_recursions, meanfield, products, scalar_maps, stability
from vgcourse.dynamics.jacobians import *
from vgcourse.dynamics.linear_recursions import *
from vgcourse.dynamics.meanfield import *
from vgcourse.dynamics.products import *
from vgcourse.dynamics.scalar_maps import *
from vgcourse.dynamics.stability import *

__all__ = [
    *linear_recursions.__all__,
    *stability.__all__,
    *scalar_maps.__all__,
    *jacobians.__all__,
    *products.__all__,
    *meanfield.__all__,
]
