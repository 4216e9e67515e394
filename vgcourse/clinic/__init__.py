"""What is wrong with my net: measurements of its signals and gradients, and the symptoms they show.

1. `measurements`: gradient norms by layer, neuron, instance and lag; activations, units and gates.
2. `symptoms`: `diagnose` and `diagnose_recurrent` name what they find and point to cures.
3. `ward`: sick nets and healthy ones, from a handful of settings.
"""

from vgcourse.clinic import measurements, symptoms, ward
from vgcourse.clinic.measurements import *
from vgcourse.clinic.symptoms import *
from vgcourse.clinic.ward import *

__all__ = [
    *measurements.__all__,
    *symptoms.__all__,
    *ward.__all__,
]
