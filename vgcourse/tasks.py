"""Data to learn from: real handwritten digits, and toy problems that a net without a hidden layer fails."""

from importlib.resources import files

import numpy as np

from vgcourse._validate import expect_generator


def digits():
    """1797 real handwritten digits, 8 × 8 grey values in [0, 1].

    The test half of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI Machine
    Learning Repository, CC BY 4.0), written by 13 people; bundled, so nothing is downloaded.

    Returns
    -------
    x : (1797, 64) float64 array, row-major images
    labels : (1797,) int64 array, 0 … 9
    """
    with (files("vgcourse") / "data" / "digits.npz").open("rb") as file, np.load(file) as data:
        return data["images"].reshape(-1, 64) / 16.0, data["labels"].astype(np.int64)


def split(x, labels, *, test_fraction=0.2, rng):
    """Shuffle and cut into a training and a test part.

    Returns
    -------
    (x_train, labels_train), (x_test, labels_test)

    Raises
    ------
    ValueError
        If the lengths differ or a part would be empty.
    """
    expect_generator("split", rng)
    if len(x) != len(labels):
        raise ValueError(f"split: x has {len(x)} rows, labels {len(labels)}; expected as many.")
    n_test = round(test_fraction * len(x))
    if not 0 < n_test < len(x):
        raise ValueError(
            f"split: test_fraction={test_fraction} leaves {n_test} of {len(x)} rows to test with."
        )
    order = rng.permutation(len(x))
    test, train = order[:n_test], order[n_test:]
    return (x[train], labels[train]), (x[test], labels[test])


def xor():
    """The four rows of XOR: x (4, 2) of 0.0 and 1.0, labels (4,) of 0 and 1."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([0, 1, 1, 0])


def two_moons(n, *, noise=0.1, rng):
    """Two interleaved half circles of radius 1 with Gaussian noise.

    Parameters
    ----------
    n : number of points, at least 2; the classes differ by at most one point
    noise : standard deviation, in units of the radius

    Returns
    -------
    x : (n, 2) float64 array
    labels : (n,) integer array of 0 (upper moon) and 1 (lower moon)
    """
    expect_generator("two_moons", rng)
    if n < 2 or noise < 0:
        raise ValueError(f"two_moons: n={n}, noise={noise}; expected n at least 2 and noise at least 0.")
    labels = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(labels[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return x + noise * rng.standard_normal((n, 2)), labels
