"""Every number that decides what a judge says. All are relative: a distance by the size of what is compared.

Time limits stand in `collect`. A problem may have its own `tolerance`, `float32_tolerance` and `likeness`.
"""

TOLERANCE = 1e-5  # so wrong may double precision be: it may hold results of single precision
FLOAT32_TOLERANCE = 3e-4  # an answer in single precision, at most …
TIMES_SINGLE = 20  # … and at most so many times the error of the reference in single precision …
LEAST_SINGLE = 1.6e-4  # … where that is not smaller than its rounding
REST = 1e-12  # of a complex answer, what its imaginary part may be and still be rounding
LIKENESS = 1e-6  # so near has an answer to come to a known mistake to be called by its name …
NEARER = 0.05  # … and to this part of the mistake's own distance from what is right
MEASURED = (
    1e-5  # with a likeness above this, answers are measured, and two ways to a mistake differ by chance …
)
NEARER_MEASURED = 0.25  # … so that this part of the distance will do
ROUGHLY = 0.01  # a mistake that is farther from the answer than this, in one case, is not looked at closely
SAME = 1e-6  # a factor, a transpose, an exchange: equal to rounding
FEW = 4  # numbers tell a multiple of what is right from another answer; one is always a multiple
A_FACTOR = 0.01  # a factor is one if it is so far from 1
BROKEN = 1e-3  # an invariant is broken above this
TOLD_APART = 1e-3  # two rearrangements of the right entries differ if they differ by this
LEVEL_BOUNDS = (FLOAT32_TOLERANCE, 0.01, 1.0)  # the shades of a map: right up to the first
SLIGHT = 1e-8  # of the largest entry of all: 0 where 1e−20 is right
