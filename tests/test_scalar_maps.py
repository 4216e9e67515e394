"""One unit with a loop: orbits, cobwebs and every fixed point."""

import numpy as np
import pytest

from vgcourse.activations import ACTIVATIONS
from vgcourse.dynamics import cobweb, fixed_points, scalar_orbit


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("w", [-3.0, -0.5, 0.3, 0.97, 1.5, 6.0])
@pytest.mark.parametrize("drive", [-2.1, 0.0, 0.3])
def test_every_fixed_point_and_no_other(activation, w, drive):
    f = ACTIVATIONS[activation].function
    found = fixed_points(w, activation=activation, drive=drive)
    z = np.linspace(-200, 200, 400_001) + 1e-7
    G = w * f(z) + drive - z
    crossings = z[:-1][np.sign(G[:-1]) != np.sign(G[1:])]
    if w > 1 and drive == 0 and "relu" in activation:
        crossings = [0.0]  # G touches 0 in a corner without crossing it
    assert len(crossings) == len(found)
    for z0, point in zip(sorted(f(z0) for z0 in crossings), found, strict=True):
        assert point.h == pytest.approx(f(w * point.h + drive), abs=1e-12)
        assert point.h == pytest.approx(z0, abs=2e-3)
        after = scalar_orbit(w, point.h + 1e-6, 4000, activation=activation, x=drive)[-1]
        before = scalar_orbit(w, point.h - 1e-6, 4000, activation=activation, x=drive)[-1]
        comes_back = max(abs(after - point.h), abs(before - point.h)) < 1e-6
        assert point.kind == ("stable" if comes_back else "unstable")


def test_known_fixed_points():
    assert [p.kind for p in fixed_points(2.0)] == ["stable", "unstable", "stable"]
    assert [(p.h, p.kind) for p in fixed_points(1.0)] == [(0.0, "neutral")]
    assert len(fixed_points(8.0, activation="sigmoid", drive=-4.0)) == 3
    assert fixed_points(1.0, activation="relu", drive=0.1) == []
    assert fixed_points(1.0, activation="relu") == [(0.0, 1.0, "neutral")]
    assert fixed_points(0, drive=1)[0].h == pytest.approx(np.tanh(1))


@pytest.mark.parametrize("w", [1.1, 1.3, 1.7, 2.0, 2.9, 3.7, 5.3])
def test_a_pair_of_fixed_points_is_born(w):
    """At its birth it is one neutral point where G touches 0, up to rounding; before, none; after, two."""
    t = np.sqrt(1 - 1 / w)  # tanh there: w tanh' = 1
    birth = np.arctanh(t) - w * t
    assert [p.kind for p in fixed_points(w, drive=birth - 1e-9)] == ["stable"]
    assert [p.kind for p in fixed_points(w, drive=birth)] == ["stable", "neutral"]
    assert [p.kind for p in fixed_points(w, drive=birth + 1e-9)] == ["stable", "unstable", "stable"]


def test_orbits_and_cobwebs():
    orbit = scalar_orbit(2.0, 0.1, 50)
    assert orbit[-1] == pytest.approx(fixed_points(2.0)[-1].h)
    assert (scalar_orbit(2.0, -1.0, 5, activation="relu")[1:] == 0).all(), "a negative start is dead"
    assert np.isinf(scalar_orbit(2.0, 1.0, 2000, activation="relu")[-1])
    driven = scalar_orbit(0.0, 0.0, 3, c=2.0, x=np.array([0.1, 0.2, 0.3]))
    assert driven[1:] == pytest.approx(np.tanh([0.2, 0.4, 0.6]))
    points = cobweb(orbit[:3])
    a, b, c = orbit[:3]
    assert points.tolist() == [[a, 0], [a, b], [b, b], [b, c], [c, c]]


def test_scalar_maps_want_real_numbers():
    with pytest.raises(TypeError, match="scalar_orbit: x is complex"):
        scalar_orbit(0.5, 0.1, 2, x=np.ones(2, complex))
    with pytest.raises(TypeError, match="cobweb: orbit is complex"):
        cobweb(np.ones(2, complex))


@pytest.mark.parametrize("w", [-1e-90, -1e-3, -0.5])
def test_the_slope_at_a_kink_of_any_size(w):
    """An orbit alternates: per step √(w · 0.01 w) = 0.1 |w|."""
    (point,) = fixed_points(w, activation="leaky_relu")
    assert point.slope == pytest.approx(0.1 * w, rel=1e-12, abs=0)
    (point,) = fixed_points(w * 1e-100, activation="leaky_relu")
    assert point.slope == pytest.approx(0.1 * w * 1e-100, rel=1e-12, abs=0)


@pytest.mark.parametrize("drive", [1e-320, 1e-200, 1e-9, 1.0, 1e99])
@pytest.mark.parametrize("sign", [-1, 1])
def test_fixed_points_of_every_size(drive, sign):
    for activation, slope in (("relu", 0.0), ("leaky_relu", 0.005)):
        (point,) = fixed_points(0.5, activation=activation, drive=sign * drive)
        expected = 2 * drive if sign > 0 else -drive * 0.01 / 0.995 if slope else 0
        assert point.kind == "stable" and point.h == pytest.approx(
            expected, rel=1e-2 if drive < 1e-300 else 1e-12, abs=0
        )
        assert point.slope == pytest.approx(0.5 if sign > 0 else slope, rel=1e-12, abs=0)


def test_numbers_beyond_the_limit_are_named():
    for how in ({"w": 1e101}, {"w": 0.5, "drive": -1e101}):
        with pytest.raises(
            ValueError, match=r"fixed_points: (w|drive) is .*; expected a number from -1e\+100 to"
        ):
            fixed_points(**how, activation="relu")


def test_nan_goes_through_an_orbit_and_its_cobweb():
    with pytest.raises(ValueError, match="scalar_orbit: x holds 1 values that are NaN"):
        scalar_orbit(0.5, 0.1, 2, x=np.array([0.0, np.nan]))
    assert np.isnan(cobweb(np.array([1.0, np.nan, 2.0]))).sum() == 4
    assert np.isinf(scalar_orbit(1.0, 0.0, 2, activation="relu", c=1e200, x=1e200)[1:]).all()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: fixed_points(np.nan), ValueError, "w is nan; expected a finite number"),
        (lambda: fixed_points("1"), TypeError, "w is '1'"),
        (lambda: fixed_points(1.0, activation="step"), ValueError, "expected one of"),
        (lambda: scalar_orbit(1.0, 0.0, 3, x=np.ones(2)), ValueError, "x has shape"),
        (lambda: cobweb(np.ones((2, 2))), ValueError, "orbit has shape"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
