"""The sentences of bad-input errors: who was called, what came, what was expected."""

import numpy as np
import pytest

from vgcourse import _validate
from vgcourse._validate import (
    as_floats,
    as_reals,
    as_square_matrix,
    class_numbers,
    expect_callable,
    expect_choice,
    expect_classes,
    expect_count,
    expect_finite,
    expect_generator,
    expect_real,
    expect_shape,
    initial_weights,
)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_as_floats_lets_floating_point_through_unchanged(dtype):
    array = np.ones(3, dtype)
    assert as_floats("f", x=array) is array


def test_as_floats_makes_python_numbers_float64_and_keeps_the_order():
    b, a = as_floats("f", b=2, a=np.array([1.0]))
    assert b.dtype == "float64" and b == 2.0
    assert a[0] == 1.0
    assert as_floats("f", x=[1.0, 2.0]).shape == (2,)


@pytest.mark.parametrize(
    "value, came",
    [([1, 2], "int64"), ([True], "bool"), (None, "object"), (np.ones(2, "float16"), "float16"), ("a", "str")],
)
def test_as_floats_refuses_other_types(value, came):
    with pytest.raises(
        TypeError, match=f"somewhere: x holds ({came}).* values; expected float64 or float32.*asarray\\(x"
    ):
        as_floats("somewhere", x=value)  # fmt: skip


def test_as_floats_refuses_empty_arrays():
    with pytest.raises(ValueError, match=r"somewhere: x is empty, its shape is \(0, 3\)"):
        as_floats("somewhere", x=np.ones((0, 3)))


@pytest.mark.parametrize(
    "single, double", [("float32", "float64"), ("complex64", "float64"), ("float32", "complex128")]
)
def test_as_floats_refuses_mixed_precisions(single, double):
    with pytest.raises(TypeError, match="f: precisions are mixed .*a is float32, b is float64.*same dtype"):
        as_floats("f", a=np.ones(1, single), b=np.ones(1, double))  # fmt: skip


def test_as_floats_takes_real_and_complex_of_one_precision_together():
    as_floats("f", a=np.ones(1), b=np.ones(1, complex))


@pytest.mark.parametrize("expected", [(2, 3), ("N", 3), (2, "D"), ("N", "D")])
def test_expect_shape_accepts(expected):
    assert expect_shape("f", "x", np.ones((2, 3)), expected) is None


@pytest.mark.parametrize(
    "expected, words",
    [
        ((3, 3), r"f: x has shape \(2, 3\); expected \(3, 3\)\."),
        (("N", 4), r"expected \(N, 4\)"),
        (("N",), r"expected \(N,\)"),
        (("N", "D", "H"), r"expected \(N, D, H\)"),
        ((), r"expected \(\)"),
    ],
)
def test_expect_shape_refuses(expected, words):
    with pytest.raises(ValueError, match=words):
        expect_shape("f", "x", np.ones((2, 3)), expected)


def test_expect_shape_says_why():
    with pytest.raises(ValueError, match=r"expected \(2,\) because W has two rows\."):
        expect_shape("f", "b", np.ones(3), (2,), "W has two rows")


@pytest.mark.parametrize("value", ["tan", 3, None, ["tanh"]])
def test_expect_choice(value):
    expect_choice("f", "name", "tanh", {"tanh": 1, "relu": 2})
    with pytest.raises(ValueError, match="f: name is .*; expected one of relu, tanh"):
        expect_choice("f", "name", value, {"tanh": 1, "relu": 2})


@pytest.mark.parametrize(
    "rng, came",
    [(0, "int"), (None, "NoneType"), (np.random.RandomState(0), "RandomState"), (np.random, "module")],
)
def test_expect_generator(rng, came):
    expect_generator("f", np.random.default_rng(0))
    with pytest.raises(TypeError, match=f"f: rng is {came}; expected numpy.random.Generator"):
        expect_generator("f", rng)  # fmt: skip


def test_expect_finite_says_how_many_and_where():
    expect_finite("f", x=np.ones((2, 3)), y=np.array(1j))
    with pytest.raises(
        ValueError, match=r"f: x holds 2 values that are NaN or infinite, the first at index \(0, 2\)"
    ):
        expect_finite("f", x=np.array([[0, 1, np.nan], [-np.inf, 4, 5]]))
    with pytest.raises(ValueError, match=r"f: y holds 1 values .* index \(\)"):
        expect_finite("f", x=np.ones(2), y=np.array(np.inf))


def test_expect_count():
    expect_count("f", "T", 1)
    expect_count("f", "T", np.int64(0), least=0)
    for bad in (2.0, "2", None, True):
        with pytest.raises(TypeError, match="f: T is .*; expected an integer"):
            expect_count("f", "T", bad)
    with pytest.raises(ValueError, match="f: T is 0; expected at least 1"):
        expect_count("f", "T", 0)


def test_as_square_matrix():
    assert as_square_matrix("f", W=[[1.0, 2.0], [3.0, 4.0]]).shape == (2, 2)
    with pytest.raises(
        ValueError, match=r"f: W has shape \(2, 3\); expected \(2, 2\) because it has to be square"
    ):
        as_square_matrix("f", W=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"f: W has shape \(2,\); expected \(H, H\)"):
        as_square_matrix("f", W=np.ones(2))
    with pytest.raises(ValueError, match="f: W holds 4 values that are NaN"):
        as_square_matrix("f", W=np.full((2, 2), np.nan))
    with pytest.raises(TypeError, match="f: W holds int64"):
        as_square_matrix("f", W=np.eye(2, dtype=int))


@pytest.mark.parametrize("value", [None, "1", True, 1j, [1.0], np.ones(2)])
def test_a_number_is_one_real_number(value):
    with pytest.raises(TypeError, match="f: rate is .*; expected one real number"):
        _validate.expect_number("f", "rate", value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_a_number_is_finite_and_in_its_range(value):
    with pytest.raises(ValueError, match="f: rate is .*; expected a positive number"):
        _validate.expect_number("f", "rate", value, "a positive number", lambda v: v > 0)


def test_a_number_becomes_a_python_float():
    assert type(_validate.expect_number("f", "rate", np.float64(0.5))) is float
    assert _validate.expect_number("f", "rate", 2) == 2.0


def test_types_are_named():
    _validate.expect_type("f", "cache", [], (tuple, list))
    with pytest.raises(TypeError, match="f: cache is NoneType; expected tuple or list"):
        _validate.expect_type("f", "cache", None, (tuple, list))


def test_no_array_and_no_numbers():
    with pytest.raises(TypeError, match="f: x is list that is no array"):
        _validate.as_floats("f", x=[[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="f: x holds object values; expected numbers"):
        _validate.expect_finite("f", x=np.array([None]))


@pytest.mark.parametrize("dtype", [None, int, complex, "float16", "foo"])
def test_float_dtypes(dtype):
    with pytest.raises(TypeError, match="f: dtype is .*; expected float32 or float64"):
        _validate.expect_float_dtype("f", dtype)


def test_expect_real_names_the_complex_array():
    expect_real("f", x=np.ones(2), n=3, none=None)
    with pytest.raises(TypeError, match="^f: y is complex; expected real numbers"):
        expect_real("f", x=1.0, y=np.ones(2, complex))
    with pytest.raises(TypeError, match="^f: x is complex"):
        as_reals("f", x=1j)
    with pytest.raises(TypeError, match="^f: x holds int64"):
        as_reals("f", x=np.ones(2, int))


def test_expect_callable_says_what_came():
    expect_callable("f", "g", len)
    with pytest.raises(TypeError, match="^f: g is 'he'; expected a rule"):
        expect_callable("f", "g", "he", "a rule")


def test_initial_weights_come_from_a_function_and_have_the_shape():
    def draw(initializer):
        return initial_weights("init", initializer, (2, 3), rng=np.random.default_rng(0), dtype=float)

    assert draw(lambda shape, *, rng, dtype: np.ones(shape, dtype)).shape == (2, 3)
    for wrong, error, words in (
        ("he", TypeError, "initializer is 'he'; expected a function such as vgcourse.initializers.he"),
        (None, TypeError, "initializer is None"),
        (lambda shape, **_: None, TypeError, "what the initializer returned holds object"),
        (
            lambda shape, **_: np.ones(shape[::-1]),
            ValueError,
            r"returned has shape \(3, 2\); expected \(2, 3\)",
        ),
    ):
        with pytest.raises(error, match=f"^init: .*{words}"):
            draw(wrong)


def test_labels_are_class_numbers():
    labels = np.array([0, 2])
    assert class_numbers("f", labels, (2,), "x has 2 rows") is labels
    expect_classes("f", labels, 3)
    with pytest.raises(
        ValueError, match="^f: labels lie between 0 and 2; expected 0 … 1 because the net has 2"
    ):
        expect_classes("f", labels, 2)
    with pytest.raises(TypeError, match="^f: labels hold float64"):
        class_numbers("f", labels * 1.0, (2,), "x has 2 rows")
    with pytest.raises(
        ValueError, match=r"^f: labels has shape \(2,\); expected \(3,\) because x has 3 rows"
    ):
        class_numbers("f", labels, (3,), "x has 3 rows")
