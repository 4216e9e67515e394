"""Sequence tasks: what is in them, and that the answer is where it is said to be."""

import numpy as np
import pytest

from vgcourse.tasks import (
    PRONOUN_WORDS,
    adding_problem,
    copy_task,
    images_to_sequence,
    pronoun_grammar,
    sentences,
    temporal_order,
)


def rng(seed=0):
    return np.random.default_rng(seed)


TASKS = {
    "adding_problem": lambda **k: adding_problem(20, 7, **k),
    "temporal_order": lambda **k: temporal_order(20, 7, **k),
    "copy_task": lambda **k: copy_task(5, 7, length=3, alphabet=4, **k),
    "pronoun_grammar": lambda **k: pronoun_grammar(4, 7, n_sentences=2, **k),
}


@pytest.mark.parametrize("name", TASKS)
def test_sequences_are_time_major_reproducible_and_of_the_dtype(name):
    task = TASKS[name]
    for dtype in (np.float32, np.float64, "float32"):
        x, targets, mask = task(rng=rng(), dtype=dtype)
        assert x.dtype == mask.dtype == np.dtype(dtype)
        assert x.ndim == 3 and x.shape[1] == 7 and mask.shape == targets.shape[:2] == x.shape[:2]
        assert set(np.unique(mask)) == {0, 1} and (mask.sum(axis=0) > 0).all()
        assert x.flags.c_contiguous
    again, other = task(rng=rng()), task(rng=rng(1))
    assert (task(rng=rng()).x == again.x).all() and (other.x != again.x).any()
    if name == "adding_problem":
        assert targets.dtype == x.dtype
    else:
        assert targets.dtype == np.int64 and (x.sum(axis=-1) == 1).all() and set(np.unique(x)) == {0, 1}


@pytest.mark.parametrize("name", TASKS)
def test_tasks_refuse_a_seed_and_a_wrong_dtype(name):
    with pytest.raises(TypeError, match=f"{name}: rng is int; expected numpy.random.Generator"):
        TASKS[name](rng=0)
    for dtype in (int, np.float16, complex, None, "nonsense"):
        with pytest.raises(TypeError, match=f"{name}: dtype is .*; expected float32 or float64"):
            TASKS[name](rng=rng(), dtype=dtype)


def test_adding_problem_marks_one_number_in_each_half():
    x, targets, mask = adding_problem(9, 500, rng=rng())
    values, marks = x[..., 0], x[..., 1]
    assert values.min() >= 0 and values.max() <= 1 and (marks[:4].sum(axis=0) == 1).all()
    assert (marks[4:].sum(axis=0) == 1).all()
    assert targets[-1, :, 0] == pytest.approx((values * marks).sum(axis=0))
    assert not targets[:-1].any() and mask[-1].all() and not mask[:-1].any()
    assert (marks.sum(axis=1) > 50).all(), "every step is marked now and then"


def test_always_answering_one_costs_a_sixth():
    targets = adding_problem(10, 200_000, rng=rng()).targets[-1]
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.01)
    assert targets.mean() == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize("gap", [1, 5, 11])
def test_adding_problem_with_a_gap(gap):
    marks = adding_problem(12, 3, gap=gap, rng=rng()).x[..., 1]
    assert np.flatnonzero(marks[:, 0]).tolist() == [11 - gap, 11] and (marks == marks[:, :1]).all()


def test_adding_problem_at_its_smallest():
    x, targets, _ = adding_problem(2, 1, rng=rng())
    assert x[:, 0, 1].tolist() == [1, 1] and targets[-1, 0, 0] == x[..., 0].sum()


def test_temporal_order_has_its_letters_where_it_says():
    T = 30
    x, targets, mask = temporal_order(T, 4000, rng=rng())
    symbols = x.argmax(axis=-1)
    letters = symbols < 2
    assert (letters.sum(axis=0) == 2).all()
    places = np.array([np.flatnonzero(column) for column in letters.T])
    assert set(places[:, 0]) == set(range(3, 6)) and set(places[:, 1]) == set(range(12, 15))
    first, second = (symbols[places[:, i], np.arange(4000)] for i in (0, 1))
    assert (targets[-1] == 2 * first + second).all()
    assert np.bincount(targets[-1]) / 4000 == pytest.approx(0.25, abs=0.03)
    assert mask.sum() == 4000 and mask[-1].all()
    assert set(symbols[-1]) == {2, 3, 4, 5}, "the last steps are noise"
    assert T - 1 - places[:, 1].max() >= T / 2 - 1 and T - 1 - places[:, 0].max() >= 4 * T / 5 - 1
    assert temporal_order(10, 1, rng=rng()).x.shape == (10, 1, 6)


def test_copy_task_asks_for_what_it_showed():
    K, A, delay = 4, 5, 7
    x, targets, mask = copy_task(delay, 50, length=K, alphabet=A, rng=rng())
    symbols = x.argmax(axis=-1)
    assert x.shape == (delay + 2 * K, 50, A + 2)
    assert (symbols[:K] == targets[-K:]).all() and set(symbols[:K].ravel()) == set(range(A))
    assert (symbols[K + delay - 1] == A + 1).all()
    assert (np.delete(symbols[K:], delay - 1, axis=0) == A).all() and (targets[:-K] == A).all()
    assert mask[-K:].all() and not mask[:-K].any()
    assert copy_task(1, 1, length=1, alphabet=2, rng=rng()).x.shape == (3, 1, 4)


def test_pronoun_agrees_with_the_name_across_the_gap():
    gap = 6
    x, targets, mask = pronoun_grammar(gap, 300, n_sentences=2, rng=rng())
    words = [text.split() for text in sentences(x)]
    assert x.shape == (2 * (gap + 3) - 1, 300, len(PRONOUN_WORDS))
    steps = np.flatnonzero(mask[:, 0])
    assert steps.tolist() == [gap, gap + gap + 3] and (mask == mask[:, :1]).all()
    for n, text in enumerate(words):
        for step in steps:
            answer = PRONOUN_WORDS[targets[step, n]]
            assert answer == ("she" if text[step - gap] in ("Jane", "Anna", "Mary") else "he")
            assert not set(text[step - gap + 1 : step + 1]) & {"Jane", "John", "she", "he", "."}
    assert (targets[:-1] == x[1:].argmax(axis=-1)).all(), "a target is the next word"
    she = (targets[gap] == PRONOUN_WORDS.index("she")).mean()
    assert she == pytest.approx(0.5, abs=0.1)


def test_pronoun_without_a_gap():
    x, targets, mask = pronoun_grammar(0, 5, rng=rng())
    assert x.shape[0] == 2 and mask[:, 0].tolist() == [1, 0]
    assert {PRONOUN_WORDS[word] for word in targets[0]} <= {"she", "he"}


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: adding_problem(1, 3, rng=rng()), "adding_problem: T is 1; expected at least 2"),
        (lambda: adding_problem(5, 0, rng=rng()), "adding_problem: N is 0; expected at least 1"),
        (lambda: adding_problem(5, 1, gap=5, rng=rng()), "gap is 5; expected at most 4 because T is 5"),
        (lambda: adding_problem(5, 1, gap=0, rng=rng()), "gap is 0; expected at least 1"),
        (lambda: temporal_order(9, 3, rng=rng()), "temporal_order: T is 9; expected at least 10"),
        (lambda: copy_task(0, 3, rng=rng()), "copy_task: delay is 0; expected at least 1"),
        (lambda: copy_task(3, 3, alphabet=1, rng=rng()), "copy_task: alphabet is 1; expected at least 2"),
        (lambda: pronoun_grammar(-1, 3, rng=rng()), "pronoun_grammar: gap is -1; expected at least 0"),
        (lambda: sentences(np.ones((2, 3))), "sentences: x has shape (2, 3); expected (T, N, 15)"),
        (lambda: sentences(np.ones((2, 3, 4))), "sentences: x has shape (2, 3, 4)"),
    ],
)
def test_sizes_are_checked(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)


def test_sizes_are_integers():
    for T in (5.0, True, "5", None):
        with pytest.raises(TypeError, match="adding_problem: T is .*; expected an integer"):
            adding_problem(T, 3, rng=rng())
    assert adding_problem(np.int64(5), np.int32(3), rng=rng()).x.shape == (5, 3, 2)


IMAGES = np.arange(2 * 12, dtype=float).reshape(2, 3, 4)


def test_images_by_row_and_by_pixel():
    rows, pixels = images_to_sequence(IMAGES), images_to_sequence(IMAGES, by="pixels")
    assert rows.shape == (3, 2, 4) and (rows[1, 0] == IMAGES[0, 1]).all()
    assert pixels.shape == (12, 2, 1) and (pixels[:, 1, 0] == IMAGES[1].ravel()).all()
    flat = np.arange(18.0, dtype=np.float32).reshape(2, 9)
    assert images_to_sequence(flat).shape == (3, 2, 3) and images_to_sequence(flat).dtype == np.float32
    assert (images_to_sequence(flat)[2, 1] == [15, 16, 17]).all()


def test_images_in_another_order():
    order = np.array([2, 0, 1])
    assert (images_to_sequence(IMAGES, order=order) == images_to_sequence(IMAGES)[order]).all()
    for wrong in ([0, 1], [0, 1, 1], [0.0, 1.0, 2.0], [1, 2, 3], [[0, 1, 2]]):
        with pytest.raises(ValueError, match="order is not a permutation of the 3 steps 0 … 2"):
            images_to_sequence(IMAGES, order=wrong)


def test_images_refuse():
    with pytest.raises(ValueError, match=r"shape \(2, 10\); expected .* and 10 is no square"):
        images_to_sequence(np.ones((2, 10)))
    with pytest.raises(ValueError, match=r"images has shape \(4,\); expected"):
        images_to_sequence(np.ones(4))
    with pytest.raises(ValueError, match="by is 'columns'; expected one of pixels, rows"):
        images_to_sequence(IMAGES, by="columns")
    with pytest.raises(TypeError, match="images holds int64"):
        images_to_sequence(IMAGES.astype(int))
    with pytest.raises(ValueError, match="images is empty"):
        images_to_sequence(np.ones((0, 9)))
