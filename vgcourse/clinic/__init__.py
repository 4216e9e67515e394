"""What is wrong with my net: measurements of its signals and gradients, and the symptoms they show.

1. `measurements`: gradient norms by layer, neuron, instance and lag; activations, units and gates.
2. `symptoms`: `diagnose` and `diagnose_recurrent` name what they find and point to cures.
"""

from vgcourse.clinic.measurements import (
    SATURATED,
    GateStatistics,
    GradientNorms,
    LayerStatistics,
    effective_depth,
    gate_statistics,
    gradient_norms,
    gradient_norms_by_lag,
    instance_gradient_norms,
    layer_statistics,
    saturated_entries,
)
from vgcourse.clinic.symptoms import CURES, Diagnosis, Finding, diagnose, diagnose_recurrent

__all__ = [
    "CURES",
    "SATURATED",
    "Diagnosis",
    "Finding",
    "GateStatistics",
    "GradientNorms",
    "LayerStatistics",
    "diagnose",
    "diagnose_recurrent",
    "effective_depth",
    "gate_statistics",
    "gradient_norms",
    "gradient_norms_by_lag",
    "instance_gradient_norms",
    "layer_statistics",
    "saturated_entries",
]
