"""What a wrong answer gave, as a short code: the same for all who gave the same, and no way back to numbers.

Students who made the same mistake that nobody has named yet share a code. A right result has none.
"""

import hashlib

import numpy as np

from vgcourse.collect.plain import LARGE

DIGITS = 4  # of the largest entry: single precision and another order of sums make no other answer


def fingerprints(runs, wrong):
    """A code for each wrong quantity.

    Parameters
    ----------
    runs : list of judge.Run on the visible inputs, the same for everybody
    wrong : names of the quantities that are not right

    Returns
    -------
    dict, name → ten hexadecimal digits; a quantity that no call gave is not in it
    """
    codes = {}
    for name in wrong:
        values = [q.value for run in runs for q in run.quantities if q.name == name and q.value is not None]
        if values:
            code = hashlib.blake2s(name.encode(), digest_size=5, person=b"vgcourse")
            for value in values:
                code.update(_rounded(value))
            codes[name] = code.hexdigest()
    return codes


def _rounded(value):
    """The bytes of an array to a few digits; of what holds no numbers, its text; of a huge one, its shape."""
    value = np.asarray(value)
    if value.size > LARGE:
        return repr(value.shape).encode()
    if value.dtype.kind not in "iufcb":
        return repr(value.tolist()).encode()
    value = np.stack([value.real, value.imag]).astype(float)
    sizes = np.abs(value[np.isfinite(value)])
    power = int(np.floor(np.log10(sizes.max()))) if sizes.any() else 0
    with np.errstate(all="ignore"):
        steps = np.round(value / np.float64(10.0) ** power, DIGITS) + 0.0  # + 0.0: no negative zeros
    steps[np.isnan(steps)] = np.nan  # of many kinds
    return repr((value.shape, power)).encode() + steps.tobytes()
