"""Formulas without LaTeX's own spaces: where primes, signs, bars and names of functions stand."""

import importlib.util

import pytest
from conftest import require

require(importlib.util.find_spec("latex2mathml"), "needs latex2mathml")
require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading.mathml import mathml  # noqa: E402

THIN = '<mspace width="0.167em"></mspace>'


@pytest.mark.parametrize(
    "tex, expected",
    [
        ("f'(z)", "<mrow><mrow><mi>f</mi><mo>′</mo></mrow></mrow><mo "),
        ("f''", "<mi>f</mi><mo>″</mo>"),
        ("h'_t", "<msub><mrow><mi>h</mi><mo>′</mo></mrow><mi>t</mi></msub>"),
        ("f'^2", "<msup><mrow><mi>f</mi><mo>′</mo></mrow><mrow><mn>2</mn></mrow></msup>"),
        (r"x^{\prime}", "<mi>x</mi><mo>′</mo>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
    ],
)
def test_a_prime_stands_beside_its_letter(tex, expected):
    assert expected in mathml(tex)


@pytest.mark.parametrize("tex", ["(-z)", "a=-z", r"\max(x,-1)", r"a\cdot-z", r"(a,\ -z)"])
def test_a_sign_belongs_to_its_number(tex):
    assert '<mo form="prefix">−</mo>' in mathml(tex)


@pytest.mark.parametrize("tex", ["a-z", "(a)-z", "|a|-z", r"a+\dots-z", "a!-z", "-z"])
def test_a_difference_keeps_its_spaces(tex):
    assert "<mo>−</mo>" in mathml(tex)


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\tanh z", f"<mi>tanh</mi>{THIN}<mi>z</mi>"),
        (r"a\ln z", f"<mi>a</mi>{THIN}<mi>ln</mi>{THIN}<mi>z</mi>"),
        (r"\tanh^2 z", f"<mn>2</mn></msup>{THIN}<mi>z</mi>"),
        (r"\exp(z)", "<mi>exp</mi><mo "),
        (r"-\log z", f"<mo>−</mo><mi>log</mi>{THIN}"),
        (r"\max(z)", '<mo lspace="0" rspace="0">max</mo>'),
        (r"\min\left(z\right)", '<mo lspace="0" rspace="0">min</mo>'),
        (r"\max_k z", '<mo lspace="0" rspace="0.167em">max</mo>'),
        (r"a\,\ln\,z", '<mspace width="0.167em"></mspace><mi>ln</mi><mspace width="0.167em"></mspace><mi>z'),
        (r"2\max z", '<mo lspace="0.167em" rspace="0.167em">max</mo>'),
    ],
)
def test_the_name_of_a_function_has_thin_spaces(tex, expected):
    assert expected in mathml(tex)


def test_bars_stand_close_to_what_they_hold():
    assert mathml(r"|x|").count('lspace="0" rspace="0">|</mo>') == 2
    assert mathml(r"\|x\|").count('lspace="0" rspace="0">‖</mo>') == 2
