"""What problem set 3 measures itself: drifts by integrals, a repaired net, planted initialisers."""

import re

import numpy as np
import pytest
from conftest import ROOT

from vgcourse.check import evaluate, find
from vgcourse.dynamics import gaussian_mean
from vgcourse.problems.ps3.gains import SLACK, level_gain, logarithms, unit
from vgcourse.problems.ps3.measured import layer_moments
from vgcourse.problems.ps3.promises import RIGHT, wrong_ones
from vgcourse.problems.ps3.rescue import BAND, rescue, signals

TEXT = (ROOT / "solutions/ps3/ps3.md").read_text(encoding="utf-8")
UNITS = [("blend", 0.3), ("elu", 0.8), ("softsign", 0.4)]


def functions(kind_and_c):
    """An activation and its slope."""
    return [passed.build() for passed in unit(*kind_and_c)]


@pytest.mark.parametrize("kind_and_c", UNITS)
def test_slopes_are_those_of_the_functions(kind_and_c):
    f, df = functions(kind_and_c)
    z = np.array([-3.0, -0.7, 0.4, 2.5])
    assert df(z) == pytest.approx((f(z + 1e-6) - f(z - 1e-6)) / 2e-6, rel=1e-8, abs=0)


@pytest.mark.parametrize("kind_and_c", UNITS)
def test_both_logarithms_are_the_librarys_integrals(kind_and_c):
    f, df = functions(kind_and_c)
    q, up, back = 1.21, 0.0, 0.0
    for _ in range(30):
        back += np.log(1.21 * gaussian_mean(lambda z: df(z) ** 2, q))
        new = 1.21 * gaussian_mean(lambda z: f(z) ** 2, q)
        up, q = up + np.log(new / q), new
    assert logarithms(f, df, 30, 1.1) == pytest.approx((up, back), rel=1e-6, abs=0)


@pytest.mark.parametrize("kind_and_c", UNITS)
def test_no_gain_of_a_grid_drifts_less(kind_and_c):
    f, df = functions(kind_and_c)

    def drift(gain):
        return max(map(abs, logarithms(f, df, 30, gain)))

    best = drift(level_gain(f, df, 30))
    assert best <= min(map(drift, np.linspace(0.6, 3, 121)))
    assert best > 2 * SLACK, "else a gain that levels one direction alone would pass"


def test_a_gain_passes_within_the_slack_and_not_beyond():
    (verdict,) = {evaluate("ps3.level_gain", lambda f, df, L: level_gain(f, df, L) + 5e-4).share}
    assert verdict == 1
    assert evaluate("ps3.level_gain", lambda f, df, L: level_gain(f, df, L) + 1e-2).share == 0


def broken(seed):
    return find("ps3.rescue").cases(np.random.default_rng(seed))[0].args


@pytest.mark.parametrize("seed", [0, 1])
def test_the_check_measures_what_part_8_measures(seed):
    x, Ws, masks, leak, keep = broken(seed)
    forward, backward = signals(x, Ws, masks, leak, keep)
    dh = np.random.default_rng(0).choice([-1.0, 1.0], size=(len(x), len(Ws[-1])))
    zeros = [np.zeros(len(W)) for W in Ws]
    h2, dz2 = layer_moments(x, Ws, zeros, masks, dh, leak, keep)
    assert backward == pytest.approx(dz2, rel=1e-12, abs=0)
    assert forward == pytest.approx(h2[1:] * 2 * keep / (1 + leak**2), rel=0.4, abs=0)  # on average equal


@pytest.mark.parametrize("seed", range(5))
def test_the_net_is_ill_and_the_factors_cure_it(seed):
    x, Ws, *rest = broken(seed)
    assert max(np.abs(np.log(signals(x, Ws, *rest)[0]))) > 2 * np.log(BAND)
    cured = [c * W for c, W in zip(rescue(x, Ws, *rest), Ws, strict=True)]
    for sizes in signals(x, cured, *rest):
        assert 1 / BAND < sizes.min() and sizes.max() < BAND


def test_factors_that_hide_something_are_refused():
    for value in (0.0, np.nan, np.inf, 1e9):
        assert evaluate("ps3.rescue", lambda x, Ws, *rest, v=value: [v] * len(Ws)).share == 0
    assert evaluate("ps3.rescue", lambda x, *rest: rescue(x, *rest)[:-1]).share == 0


def test_planted_initialisers_are_what_the_set_says():
    wrong = wrong_ones(np.random.default_rng(0))
    assert "seventeen wrong ones and eight right ones" in TEXT
    assert (len(wrong), len(RIGHT)) == (17, 8)


@pytest.mark.parametrize("planted", RIGHT, ids=lambda planted: planted.label)
def test_right_initialisers_have_the_variance(planted):
    W = np.asarray(planted.formula((2000, 50), np.random.default_rng(0)))
    assert W.var() == pytest.approx(2 / 50, rel=0.03, abs=0)
    assert abs(W.mean()) < 0.02 * np.sqrt(2 / 50)


def test_the_table_adds_up_to_the_points_and_hours_at_the_head():
    rows = re.findall(r"^\| \d+ \| .* \| ●+ \| (\d+) \| ([\d +]+) \|$", TEXT, flags=re.M)
    assert len(rows) == 13
    points = sum(int(part) for _, column in rows for part in column.split("+"))
    given = [int(p) for p in re.findall(r"^  points: (\d+)$", TEXT, flags=re.M)]
    given += [int(p) for p in re.findall(r'"points": (\d+)', TEXT)]
    assert points == sum(given) == 60 and "**Points** 60" in TEXT
    assert sum(int(minutes) for minutes, _ in rows) == 9 * 60 and "about nine hours" in TEXT


def test_every_equation_that_the_set_points_to_is_in_the_lecture():
    lecture = (ROOT / "lectures/04_initialisation.md").read_text(encoding="utf-8")
    numbers = set(re.findall(r"\((4\.\d+)\)", TEXT))
    assert len(numbers) > 8
    assert [n for n in numbers if rf"\tag{{{n}}}" not in lecture] == []
