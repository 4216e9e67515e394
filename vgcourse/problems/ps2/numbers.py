"""Problem set 2: what counts as a number, or as a pair of lists, where one is asked for."""

import numpy as np


def number_at(place):
    """For `adapt`: an array of one entry at this place of the output counts as that number."""

    def adapt(output, args):
        if not isinstance(output, (tuple, list)) or len(output) <= place:
            return output
        parts = list(output)
        if isinstance(parts[place], (np.ndarray, list)) and np.size(parts[place]) == 1:
            parts[place] = np.reshape(parts[place], ())
        return tuple(parts)

    return adapt


def as_pair(output):
    """Two lists from whatever holds them, an array of two rows as well; None where there are no two."""
    try:
        first, second = (list(part) for part in output)
    except (TypeError, ValueError):
        return None
    return first, second
