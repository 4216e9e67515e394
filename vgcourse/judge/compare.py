"""From a learner's output to named quantities, each with a relative error or a reason why it has none."""

import functools

import numpy as np

from vgcourse.collect.plain import copy_arguments, cut, describe, in_single_precision
from vgcourse.gradcheck import relative_error
from vgcourse.judge.results import Quantity
from vgcourse.problems.numbers import LEAST_SINGLE, REST, TIMES_SINGLE


def compare(problem, case, output, expected):
    """Compare an output with the reference's, quantity by quantity.

    Returns
    -------
    list of Quantity
    """
    try:
        output = problem.adapt(output, case.args)
    except Exception as error:
        output, reason = _Unusable(), cut(str(error), 200)
    else:
        reason = ""
    wanted = flatten(case.quantities, expected)
    if isinstance(output, _Unusable):
        return [Quantity(name, None, array, np.inf, False, reason) for name, array in wanted]
    expected, limit = _parts(expected, case.quantities), functools.partial(_limit, problem, case)
    pieces, reason = split_output(output, case.quantities, expected)
    if reason:
        return [Quantity(name, None, array, np.inf, False, reason) for name, array in wanted]
    out = []
    for name, value, reference in zip(case.quantities, pieces, expected, strict=True):
        out += _compare_part(limit, name, value, reference)
    return out


class _Unusable:
    pass


def _parts(output, quantities):
    return (output,) if len(quantities) == 1 else output


def flatten(quantities, output):
    """[(name, array)] of an output: a list of arrays under the name `deltas` gives deltas[0], deltas[1], …"""
    out = []
    for name, value in zip(quantities, _parts(output, quantities), strict=True):
        if isinstance(value, (list, tuple)):
            out += [(f"{name}[{i}]", np.asarray(item)) for i, item in enumerate(value)]
        else:
            out.append((name, np.asarray(value)))
    return out


def split_output(output, quantities, expected):
    """The learner's output as one piece per quantity, or a sentence about why that cannot be."""
    if output is None:
        return None, "your function returned None. Is there a return at its end?"
    if len(quantities) == 1:
        lone = isinstance(output, tuple) and len(output) == 1 and isinstance(output[0], (np.ndarray, list))
        return (output[0] if lone and not isinstance(expected[0], (list, tuple)) else output,), ""
    wanted = f"{len(quantities)} values: {', '.join(quantities)}"
    if not isinstance(output, (tuple, list)):
        if isinstance(output, np.ndarray) and output.ndim and len(output) == len(quantities):
            if output.ndim == 1 or [part.shape for part in output] == [np.shape(part) for part in expected]:
                return tuple(output), ""  # what np.array or np.stack made of them
        return None, f"your function returned {describe(output)}; expected {wanted}."
    if len(output) != len(quantities):
        return (
            None,
            f"your function returned {len(output)} value{'s' * (len(output) != 1)}; expected {wanted}.",
        )
    return tuple(output), ""


def _compare_part(limit, name, value, reference):
    if not isinstance(reference, (list, tuple)):
        return [compare_array(limit, name, value, np.asarray(reference))]
    names = [f"{name}[{i}]" for i in range(len(reference))]
    if isinstance(value, np.ndarray) and value.ndim:
        value = list(value)
    if not isinstance(value, (list, tuple)) or len(value) != len(reference):
        came = f"a list of {len(value)}" if isinstance(value, (list, tuple)) else describe(value)
        reason = f"the list {name.split(',')[0]} is {came}; expected a list of {len(reference)} arrays"
        return [
            Quantity(n, None, np.asarray(r), np.inf, False, reason)
            for n, r in zip(names, reference, strict=True)
        ]
    triples = zip(names, value, reference, strict=True)
    return [compare_array(limit, n, v, np.asarray(r)) for n, v, r in triples]


def compare_array(limit, name, value, expected):
    """Compare one array with its reference; every way of not being one has its own sentence."""

    def unusable(reason, array=None):
        return Quantity(name, array, expected, np.inf, False, reason)

    if value is None:
        return unusable("is None")
    try:
        array = np.asarray(value)
    except Exception:  # ragged lists, tensors that refuse
        return unusable(f"is {describe(value)} that does not make an array of numbers")
    if array.dtype.kind == "O":
        if array.ndim == 0:
            return unusable(f"is {describe(value)}; expected numbers")
        return unusable("holds Python objects, not plain numbers (dtype object)")
    if array.dtype.kind not in "fiubc":
        return unusable(f"is {describe(value)}; expected numbers")
    if expected.shape == () and array.shape == (1,):
        array = array[0, ...]  # a number in an array of one
    if array.dtype.kind == "c" and np.abs(array.imag).max(initial=0) <= REST * np.abs(array).max(initial=0):
        array = array.real  # what a complex eigenbasis leaves behind
    if array.shape != expected.shape:
        return unusable(_shape_reason(array, expected), array)
    if array.dtype == np.float16:
        return unusable("is half precision (float16); asked for is float64 or float32", array)
    if array.dtype.kind == "c":
        return unusable("is complex; a real number is asked for", array)
    if not np.isfinite(array).all():
        kinds = [
            word for word, found in (("NaN", np.isnan(array)), ("infinite", np.isinf(array))) if found.any()
        ]
        bad = int((~np.isfinite(array)).sum())
        return unusable(f"is {' or '.join(kinds)} in {bad} of {array.size} entries", array)
    error = relative_error(array, expected)
    return Quantity(name, array, expected, error, bool(error <= limit(name, array)))


def _limit(problem, case, name, array):
    """How far from the reference this result of a case may be.

    What single precision can reach is asked for where an answer comes in it: so many times the error that the
    reference makes when it works in single precision itself.
    """
    limit = tolerance_for(problem, array)
    if array.dtype != np.float32:
        return limit
    reached = _errors_of_single_precision(problem, case).get(name, np.inf)
    return min(limit, max(TIMES_SINGLE * reached, LEAST_SINGLE))


@functools.lru_cache(maxsize=512)
def _errors_of_single_precision(problem, case):
    """{name: relative error} of the reference on arguments in single precision; empty where it cannot."""
    if case.memory:
        return {}
    try:
        right = problem.adapt(problem.reference(*copy_arguments(case.args)), case.args)
        single = problem.adapt(problem.reference(*in_single_precision(copy_arguments(case.args))), case.args)
        pairs = zip(flatten(case.quantities, right), flatten(case.quantities, single), strict=True)
        return {name: float(relative_error(mine, exact)) for (name, exact), (_, mine) in pairs}
    except Exception:  # a reference that asks for double precision
        return {}


def tolerance_for(problem, array):
    """Single precision may be as wrong as single precision is; everything else is held to `tolerance`."""
    return problem.float32_tolerance if array.dtype == np.float32 else problem.tolerance


def _shape_reason(array, expected):
    if expected.shape == ():
        return f"has shape {array.shape}; expected is one number"
    reason = f"has shape {array.shape}; expected {expected.shape}"
    if array.shape == expected.shape[::-1]:
        return reason + " (the transpose)"
    if tuple(s for s in array.shape if s != 1) == tuple(s for s in expected.shape if s != 1):
        return reason + " (an axis of length 1 too many or too few: keepdims?)"
    if sorted(array.shape) == sorted(expected.shape):
        return reason + " (the axes in another order)"
    return reason
