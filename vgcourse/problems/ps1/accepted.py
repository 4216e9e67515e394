"""Problem set 1: what counts as a number where one is asked for."""

import numpy as np


def as_number(value):
    """The number in an array that holds one alone; anything else as it is."""
    alone = isinstance(value, np.ndarray) and value.size == 1
    return value.reshape(()) if alone else value


def one_number(output, args):
    """For answers that are numbers only: each of them may come as an array with one entry."""
    return type(output)(map(as_number, output)) if type(output) in (tuple, list) else output


def first_number(output, args):
    """The same where the first result alone is a number."""
    many = type(output) in (tuple, list) and len(output) > 1
    return (as_number(output[0]), *output[1:]) if many else output
