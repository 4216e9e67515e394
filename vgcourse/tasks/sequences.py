"""Sequences whose answer lies far back: adding, temporal order, copying, and pronouns."""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_count, expect_float_dtype, expect_generator

SHE, HE = ("Jane", "Anna", "Mary"), ("John", "Paul", "Tom")
FILLERS = ("today", "quietly", "walks", "reads", "and", "then")
PRONOUN_WORDS = (*SHE, *HE, *FILLERS, "she", "he", ".")


class Sequences(NamedTuple):
    """A batch of N sequences of T steps: inputs (T, N, D), a target and a mask (T, N) for every step."""

    x: np.ndarray
    targets: np.ndarray
    mask: np.ndarray


def adding_problem(T, N, *, gap=None, rng, dtype=np.float64):
    """Two of T random numbers are marked; the answer, at the last step, is their sum.

    x[t] = (v_t, m_t) with v_t ~ U[0, 1] and m_t = 1 at two steps, 0 elsewhere: one in the first half, one in
    the second. Always answering 1 has the mean squared error Var(v + v') = 1/6, so a net that
    remembers nothing ends there.

    Parameters
    ----------
    T : steps, at least 2
    N : sequences, at least 1
    gap : int or None
        When given, the second mark is at the last step and the first one `gap` steps before it, 1 … T − 1.

    Returns
    -------
    Sequences
        x (T, N, 2), targets (T, N, 1) with the sum at the last step and 0 before, mask (T, N) of 0 and 1,
        1 at the last step. For a loss on the last step alone use ``targets[-1]``, of shape (N, 1).

    Raises
    ------
    TypeError, ValueError
        If a size is not an integer or too small, `rng` is no Generator or `dtype` no float type.

    Source: Hochreiter & Schmidhuber 1997, in the form of Le et al. 2015.
    """
    where = "adding_problem"
    dtype = _begin(where, rng, dtype, T=(T, 2), N=(N, 1))
    if gap is not None:
        expect_count(where, "gap", gap, 1)
        if gap > T - 1:
            raise ValueError(f"{where}: gap is {gap}; expected at most {T - 1} because T is {T}.")
    values = rng.random((T, N)).astype(dtype)
    if gap is None:
        first, second = rng.integers(0, T // 2, N), rng.integers(T // 2, T, N)
    else:
        first, second = np.full(N, T - 1 - gap), np.full(N, T - 1)
    everyone = np.arange(N)
    marks = np.zeros((T, N), dtype)
    marks[first, everyone] = marks[second, everyone] = 1
    targets = np.zeros((T, N, 1), dtype)
    targets[-1, :, 0] = values[first, everyone] + values[second, everyone]
    return Sequences(np.stack([values, marks], axis=-1), targets, _last_step(T, N, dtype))


def temporal_order(T, N, *, rng, dtype=np.float64):
    """Two letters, X or Y each, hide among noise; the answer, at the last step, is which came in which order.

    The first stands in steps T/10 … 2T/10, the second in 4T/10 … 5T/10; all others are a, b, c or d. So the
    second has to be kept for at least T/2 − 1 steps, the first for at least 4T/5 − 1. Guessing: 1 in 4.

    Parameters
    ----------
    T : steps, at least 10
    N : sequences, at least 1

    Returns
    -------
    Sequences
        x (T, N, 6), one-hot over X, Y, a, b, c, d; targets (T, N) integers with the class 0 … 3 (XX, XY,
        YX, YY) at the last step and 0 before; mask (T, N), 1 at the last step.

    Raises
    ------
    TypeError, ValueError
        As `adding_problem`.

    Source: Hochreiter & Schmidhuber 1997, in the form of Pascanu et al. 2013.
    """
    dtype = _begin("temporal_order", rng, dtype, T=(T, 10), N=(N, 1))
    symbols = rng.integers(2, 6, (T, N))
    letters = rng.integers(0, 2, (2, N))
    symbols[rng.integers(T // 10, 2 * T // 10, N), np.arange(N)] = letters[0]
    symbols[rng.integers(4 * T // 10, 5 * T // 10, N), np.arange(N)] = letters[1]
    targets = np.zeros((T, N), np.int64)
    targets[-1] = 2 * letters[0] + letters[1]
    return Sequences(_one_hot(symbols, 6, dtype), targets, _last_step(T, N, dtype))


def copy_task(delay, N, *, length=10, alphabet=8, rng, dtype=np.float64):
    """Read `length` symbols, wait `delay` steps, then write them down again.

    Input: s_1 … s_K, then blanks, a go sign at step K + delay − 1, blanks. Target: K + delay blanks, then
    s_1 … s_K. Every symbol travels exactly K + delay steps. On the masked steps guessing costs ln A;
    over all T steps, K ln A / T.

    Parameters
    ----------
    delay : steps between the last symbol read and the first one written, at least 1
    N : sequences, at least 1
    length : K symbols to remember, at least 1
    alphabet : A different symbols, at least 2

    Returns
    -------
    Sequences
        T = delay + 2K. x (T, N, A + 2), one-hot over A symbols, blank (A) and go (A + 1); targets (T, N)
        integers 0 … A; mask (T, N), 1 at the last K steps.

    Raises
    ------
    TypeError, ValueError
        As `adding_problem`.

    Source: Hochreiter & Schmidhuber 1997, in the form of Arjovsky et al. 2016.
    """
    sizes = {"delay": (delay, 1), "N": (N, 1), "length": (length, 1), "alphabet": (alphabet, 2)}
    dtype = _begin("copy_task", rng, dtype, **sizes)
    T = delay + 2 * length
    message = rng.integers(0, alphabet, (length, N))
    symbols, targets = np.full((2, T, N), alphabet)
    symbols[:length] = targets[-length:] = message
    symbols[length + delay - 1] = alphabet + 1
    mask = np.zeros((T, N), dtype)
    mask[-length:] = 1
    return Sequences(_one_hot(symbols, alphabet + 2, dtype), targets, mask)


def pronoun_grammar(gap, N, *, n_sentences=1, rng, dtype=np.float64):
    """Predict the next word of "Jane walks and reads … she .": the name settled the pronoun `gap` words ago.

    A sentence is a name, `gap` words that tell nothing, the pronoun of the name, a full stop. The target of a
    step is the next word; the mask is 1 where that word is a pronoun. There a net without memory
    can do no better than ln 2 = 0.693; the name lies `gap` steps back.

    Parameters
    ----------
    gap : words between the name and the pronoun, at least 0
    N : sequences, at least 1
    n_sentences : sentences in a sequence, at least 1

    Returns
    -------
    Sequences
        T = n_sentences·(gap + 3) − 1. x (T, N, V), one-hot over the V = 15 words of `PRONOUN_WORDS`;
        targets (T, N) integers 0 … V − 1; mask (T, N), 1 at the step before each pronoun.
        `sentences(x)` gives the words.

    Raises
    ------
    TypeError, ValueError
        As `adding_problem`.
    """
    where = "pronoun_grammar"
    dtype = _begin(where, rng, dtype, gap=(gap, 0), N=(N, 1), n_sentences=(n_sentences, 1))
    words = np.empty((n_sentences, gap + 3, N), np.int64)
    names = len(SHE) + len(HE)
    words[:, 0] = rng.integers(0, names, (n_sentences, N))
    words[:, 1:-2] = rng.integers(names, names + len(FILLERS), (n_sentences, gap, N))
    words[:, -2] = np.where(words[:, 0] < len(SHE), PRONOUN_WORDS.index("she"), PRONOUN_WORDS.index("he"))
    words[:, -1] = PRONOUN_WORDS.index(".")
    words = words.reshape(-1, N)
    targets = words[1:]
    mask = np.isin(targets, [PRONOUN_WORDS.index(word) for word in ("she", "he")]).astype(dtype)
    return Sequences(_one_hot(words[:-1], len(PRONOUN_WORDS), dtype), targets, mask)


def sentences(x):
    """The words of `pronoun_grammar`'s one-hot x (T, N, V), as N texts.

    Parameters
    ----------
    x : (T, N, V) array; the largest entry of a row is its word

    Returns
    -------
    list of N texts

    Raises
    ------
    ValueError
        If x does not have three axes or not V words.
    """
    if np.ndim(x) != 3 or np.shape(x)[-1] != len(PRONOUN_WORDS):
        raise ValueError(f"sentences: x has shape {np.shape(x)}; expected (T, N, {len(PRONOUN_WORDS)}).")
    return [" ".join(PRONOUN_WORDS[word] for word in column) for column in np.argmax(x, axis=-1).T]


def _begin(where, rng, dtype, **sizes):
    for name, (value, at_least) in sizes.items():
        expect_count(where, name, value, at_least)
    expect_generator(where, rng)
    return expect_float_dtype(where, dtype)


def _one_hot(symbols, n, dtype):
    return (symbols[..., None] == np.arange(n)).astype(dtype)


def _last_step(T, N, dtype):
    mask = np.zeros((T, N), dtype)
    mask[-1] = 1
    return mask
