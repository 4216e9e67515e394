"""The check that all data sets share."""

import numpy as np


def expect_float_dtype(where, dtype):
    """The numpy dtype, float32 or float64, that `dtype` stands for; TypeError for any other."""
    try:
        found = None if dtype is None else np.dtype(dtype).name  # numpy reads None as float64
    except TypeError:
        found = None
    if found not in ("float32", "float64"):
        raise TypeError(f"{where}: dtype is {dtype!r}; expected float32 or float64.")
    return np.dtype(dtype)
