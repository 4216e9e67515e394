"""The bundled digits, a split into two parts, and images as sequences."""

from importlib.resources import files

import numpy as np

from vgcourse._validate import as_reals, expect_choice, expect_float_dtype, expect_generator, expect_number


def digits(*, dtype=np.float64):
    """1797 real handwritten digits, 8 × 8 grey values in [0, 1].

    The test half of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI Machine
    Learning Repository, CC BY 4.0), written by 13 people; bundled, so nothing is downloaded.

    Returns
    -------
    x : (1797, 64) array, row-major images
    labels : (1797,) int64 array, 0 … 9

    Raises
    ------
    TypeError
        If `dtype` is not float32 or float64.
    """
    dtype = expect_float_dtype("digits", dtype)
    with (files("vgcourse") / "data" / "digits.npz").open("rb") as file, np.load(file) as data:
        return (data["images"].reshape(-1, 64) / 16.0).astype(dtype), data["labels"].astype(np.int64)


def split(x, labels, *, test_fraction=0.2, rng):
    """Shuffle and cut into a training and a test part.

    Parameters
    ----------
    x : (N, …) array, of any type
    labels : (N, …) array
    test_fraction : share of the rows that go into the test part, rounded to whole rows

    Returns
    -------
    (x_train, labels_train), (x_test, labels_test)

    Raises
    ------
    TypeError, ValueError
        If rng is no Generator, test_fraction no number, the lengths differ, or a part would be empty.
    """
    expect_generator("split", rng)
    x, labels = np.asarray(x), np.asarray(labels)
    if x.ndim == 0 or labels.ndim == 0:
        raise ValueError(f"split: shapes are {x.shape} and {labels.shape}; expected (N, …) and (N,).")
    if len(x) != len(labels):
        raise ValueError(f"split: x has {len(x)} rows, labels {len(labels)}; expected as many.")
    n_test = round(expect_number("split", "test_fraction", test_fraction) * len(x))
    if not 0 < n_test < len(x):
        raise ValueError(
            f"split: test_fraction={test_fraction} leaves {n_test} of {len(x)} rows to test with."
        )
    order = rng.permutation(len(x))
    test, train = order[:n_test], order[n_test:]
    return (x[train], labels[train]), (x[test], labels[test])


def images_to_sequence(images, *, by="rows", order=None):
    """Images read row by row, or pixel by pixel, as a time-major sequence.

    Parameters
    ----------
    images : (N, height, width) array, or (N, side²) with square images row by row
    by : "rows", T = height steps of D = width values, or "pixels", T = height·width steps of D = 1
    order : (T,) integers or None
        The order in which the steps are read, each once: a fixed permutation makes the permuted task.

    Returns
    -------
    (T, N, D) array of the same dtype

    Raises
    ------
    TypeError
        If images are not floating-point.
    ValueError
        If they are not square images, `by` is unknown, or `order` is not a permutation of the T steps.

    Source: Le et al. 2015 for digits by pixel, in order and permuted.
    """
    where = "images_to_sequence"
    images = as_reals(where, images=images)
    expect_choice(where, "by", by, ("rows", "pixels"))
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        if side * side != images.shape[1]:
            raise ValueError(
                f"{where}: images has shape {images.shape}; expected (N, side²) or (N, height, width), "
                f"and {images.shape[1]} is no square."
            )
        images = images.reshape(-1, side, side)
    if images.ndim != 3:
        raise ValueError(
            f"{where}: images has shape {images.shape}; expected (N, height, width) or (N, side²)."
        )
    if by == "pixels":
        images = images.reshape(len(images), -1, 1)
    sequence = np.ascontiguousarray(images.transpose(1, 0, 2))
    if order is None:
        return sequence
    order, steps = np.asarray(order), np.arange(len(sequence))
    if order.dtype.kind not in "iu" or order.shape != steps.shape or (np.sort(order) != steps).any():
        raise ValueError(
            f"{where}: order is not a permutation of the {len(steps)} steps 0 … {len(steps) - 1}."
        )
    return sequence[order]
