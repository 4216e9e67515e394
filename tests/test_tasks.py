"""The data: what is in it, and that it is what its docstring says."""

import numpy as np
import pytest

from vgcourse.tasks import digits, split, two_moons, xor


def rng(seed=0):
    return np.random.default_rng(seed)


def test_digits_are_the_uci_test_set():
    x, labels = digits()
    assert x.shape == (1797, 64) and x.dtype == "float64"
    assert labels.shape == (1797,) and labels.dtype == "int64"
    assert x.min() == 0 and x.max() == 1
    assert (x * 16 == np.round(x * 16)).all()
    # the counts that the data set's own documentation gives for its test half
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert len(np.unique(x, axis=0)) == 1797


def test_digits_are_upright_images():
    """A mean 0 has a hole in the middle, a mean 1 has ink there; the corners stay white."""
    x, labels = digits()
    images = x.reshape(-1, 8, 8)
    zero, one = images[labels == 0].mean(axis=0), images[labels == 1].mean(axis=0)
    assert zero[3:5, 3:5].mean() < 0.2 < 0.6 < one[3:5, 3:5].mean()
    assert images[:, :, 0].mean() < 0.02
    seven = images[labels == 7].mean(axis=0)
    assert seven[:2].mean() > 1.3 * seven[-2:].mean(), "a 7 has its bar at the top"
    l_foot = images[labels == 6].mean(axis=0)
    assert l_foot[5:, 5].mean() > l_foot[:3, 5].mean() + 0.2, "a 6 has its bowl at the lower right"


def test_the_nearest_neighbour_reads_digits():
    (x, labels), (x_test, labels_test) = split(*digits(), rng=rng())
    distances = (x_test**2).sum(axis=1)[:, None] - 2 * x_test @ x.T + (x**2).sum(axis=1)
    assert (labels[distances.argmin(axis=1)] == labels_test).mean() > 0.97


def test_digits_are_a_fresh_copy():
    digits()[0][:] = 7
    assert digits()[0].max() == 1


def test_split_cuts_without_losing_or_doubling_a_row():
    x = np.arange(20.0)[:, None] * np.ones(3)
    (x_train, train), (x_test, test) = split(x, np.arange(20), test_fraction=0.25, rng=rng())
    assert len(x_test) == len(test) == 5 and len(x_train) == len(train) == 15
    assert sorted([*train, *test]) == list(range(20))
    assert (x_train[:, 0] == train).all() and (x_test[:, 0] == test).all()
    assert test.tolist() != list(range(5)), "it shuffles"
    again = split(x, np.arange(20), test_fraction=0.25, rng=rng())
    assert (again[1][1] == test).all()
    assert len(split(x, np.arange(20), rng=rng())[1][1]) == 4, "a fifth by default"


def test_split_refuses():
    with pytest.raises(ValueError, match="split: x has 3 rows, labels 2; expected as many"):
        split(np.ones((3, 1)), np.ones(2), rng=rng())
    for fraction in (0, 1, 1.5, -0.2, 0.01):
        with pytest.raises(ValueError, match=f"split: test_fraction={fraction} leaves .* of 10 rows"):
            split(np.ones((10, 1)), np.ones(10), test_fraction=fraction, rng=rng())
    with pytest.raises(TypeError, match="split: rng is int; expected numpy.random.Generator"):
        split(np.ones((10, 1)), np.ones(10), rng=0)


def test_xor():
    x, labels = xor()
    assert x.dtype == "float64" and labels.dtype.kind == "i"
    assert [(int(a) ^ int(b)) for a, b in x] == labels.tolist()
    assert len({tuple(row) for row in x}) == 4


def test_moons_without_noise_are_two_half_circles():
    x, labels = two_moons(400, noise=0, rng=rng())
    assert x.shape == (400, 2) and np.bincount(labels).tolist() == [200, 200]
    upper, lower = x[labels == 0], x[labels == 1]
    assert np.hypot(*upper.T) == pytest.approx(1)
    assert upper[:, 1].min() >= 0
    assert np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5) == pytest.approx(1)
    assert lower[:, 1].max() <= 0.5
    # both are whole half circles, and each reaches into the other
    assert np.ptp(upper[:, 0]) > 1.9 and np.ptp(lower[:, 0]) > 1.9
    assert lower[:, 0].min() < 0.1 and lower[:, 1].max() > upper[:, 1].min()


def test_moon_noise_has_the_promised_size():
    clean, _ = two_moons(2000, noise=0, rng=rng())
    noisy, _ = two_moons(2000, noise=0.3, rng=rng())
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.05)
    assert two_moons(2000, rng=rng())[0] - clean == pytest.approx((noisy - clean) / 3)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_moons_of_any_number(n):
    x, labels = two_moons(n, rng=rng())
    assert x.shape == (n, 2) and abs((labels == 0).sum() - (labels == 1).sum()) <= 1


def test_moons_refuse():
    for n, noise in ((1, 0.1), (0, 0.1), (5, -0.1)):
        with pytest.raises(ValueError, match="two_moons: (n|noise) is .*; expected at least"):
            two_moons(n, noise=noise, rng=rng())
    with pytest.raises(TypeError, match="two_moons: rng is NoneType; expected numpy.random.Generator"):
        two_moons(5, rng=None)


@pytest.mark.parametrize("make", [digits, xor, lambda **k: two_moons(5, rng=rng(), **k)])
def test_data_come_in_the_dtype_asked_for(make):
    assert make()[0].dtype == np.float64
    assert make(dtype=np.float32)[0].dtype == np.float32
    assert make(dtype=np.float32)[0] == pytest.approx(make()[0], rel=1e-6)
    with pytest.raises(TypeError, match="dtype is .*; expected float32 or float64"):
        make(dtype=int)
