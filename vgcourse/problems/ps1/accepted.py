"""Problem set 1: what counts as a number where one is asked for."""

import numpy as np


def as_number(value, unless=None):
    """The number in an array that holds one alone; anything else, and what has the shape `unless`, as it is."""
    alone = isinstance(value, (np.ndarray, list, tuple)) and np.size(value) == 1
    return np.asarray(value).reshape(()) if alone and np.shape(value) != unless else value


def one_number(output, args):
    """For answers that are numbers only: each of them may come as an array with one entry."""
    return type(output)(map(as_number, output)) if type(output) in (tuple, list) else output


def first_number(output, args):
    """The same where the first result alone is a number."""
    many = type(output) in (tuple, list) and len(output) > 1
    return (as_number(output[0]), *output[1:]) if many else output
