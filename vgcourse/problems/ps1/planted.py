"""Backward passes of Z = W X + b for the learner's test: wrong ones with a planted bug, right ones written otherwise.

Each is a function of dz (H, N), x (D, N), W (H, D) and `kept`, a dict of what it remembers between calls.
"""

import numpy as np

from vgcourse.collect import Planted


def _products(dz, x, W, kept=None):
    return W.T @ dz, dz @ x.T, dz.sum(axis=1)


def _with(dx=None, dW=None, db=None):
    """The right gradients with one of them exchanged."""

    def formula(dz, x, W, kept):
        changes = (dx, dW, db)
        right = _products(dz, x, W)
        return tuple(
            value if wrong is None else wrong(dz, x, W) for wrong, value in zip(changes, right, strict=True)
        )

    return formula  # fmt: skip


def _w_where_square(dz, x, W):
    return W @ dz if W.shape[0] == W.shape[1] else W.T @ dz


def _small_cut(dz, x, W, kept):
    return _products(np.where(np.abs(dz) < 1e-6, 0.0, dz), x, W)


def _changes_dz(dz, x, W, kept):
    out = _products(dz, x, W)
    np.multiply(dz, 0.5, out=dz, casting="unsafe")
    return out


def _adds_up(dz, x, W, kept):
    dx, dW, db = _products(dz, x, W)
    kept[W.shape] = kept.get(W.shape, 0) + dW
    return dx, kept[W.shape].copy(), db


def _squeezes(dz, x, W, kept):
    dx, dW, db = _products(dz, x, W)
    return (dx[:, 0] if x.shape[1] == 1 else dx), dW, db


def _first_column(dz, x, W, kept):
    return W.T @ dz, np.outer(dz[:, 0], x[:, 0]), dz[:, 0].copy()


def wrong_ones(rng):
    """All wrong implementations; where a single entry is wrong, `rng` chooses it.

    Returns
    -------
    list of Planted
    """
    place = rng.uniform(0.3, 0.95)

    def one_entry(array, change):
        array = array.copy()
        k = int(place * array.size)
        array.flat[k] = change(array, array.flat[k])
        return array

    def nudged(dz, x, W):
        return one_entry(dz @ x.T, lambda a, value: value - 1e-3 * np.abs(a).max())

    def spoilt(dz, x, W):
        return one_entry(W.T @ dz, lambda a, value: np.nan)

    return [
        Planted("db averaged over the batch", _with(db=lambda dz, x, W: dz.mean(axis=1)), "Compare db, with more than one example."),
        Planted("db not summed", _with(db=lambda dz, x, W: dz.copy()), "Compare db, and its shape first."),
        Planted("db of shape (H, 1)", _with(db=lambda dz, x, W: dz.sum(axis=1, keepdims=True)), "A gradient has the shape of its parameter: compare shapes, too."),
        Planted("dW averaged over the batch", _with(dW=lambda dz, x, W: dz @ x.T / x.shape[1]), "Compare dW, with more than one example."),
        Planted("dW reshaped, not transposed", _with(dW=lambda dz, x, W: (x @ dz.T).reshape(W.shape) if W.shape[0] != W.shape[1] else dz @ x.T), "It is wrong only where H ≠ D: try a W that is not square."),
        Planted("W for Wᵀ if W is square", _with(dx=_w_where_square), "It is wrong only where H = D: try a square W, too."),
        Planted("sign of dx", _with(dx=lambda dz, x, W: -(W.T @ dz)), "Its size is right: compare the entries, not norms."),
        Planted("one entry off by 0.1 %", _with(dW=nudged), "Central differences are good to about 1e−9, so you can afford a smaller threshold; look at every entry."),
        Planted("dW 0.1 % too large", _with(dW=lambda dz, x, W: dz @ x.T + 1e-3 * np.abs(dz @ x.T)), "Central differences are good to about 1e−9, so you can afford a smaller threshold."),
        Planted("NaN in one entry", _with(dx=spoilt), "NaN > threshold is False. Ask `not error <= threshold`."),
        Planted("small gradients set to 0", _small_cut, "Try a dz of size 1e−9, and judge by a relative error: np.allclose alone has an absolute tolerance of 1e−8."),
        Planted("wrong shape for one example", _squeezes, "Try a batch of one, and compare shapes, too."),
        Planted("right for one example only", _first_column, "It takes the first column for the whole batch: try more than one example."),
        Planted("dz changed in place", _changes_dz, "What it returns is right; afterwards your dz is another. Compare the inputs with copies made before."),
        Planted("adds to the call before", _adds_up, "The first call is right. Call twice with the same sizes, and compare both."),
    ]  # fmt: skip


def _loops(dz, x, W, kept):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(len(W))
    for n in range(x.shape[1]):
        for i in range(len(W)):
            db[i] += dz[i, n]
            for j in range(len(x)):
                dx[j, n] += W[i, j] * dz[i, n]
                dW[i, j] += dz[i, n] * x[j, n]
    return dx, dW, db


def _from_the_end(dz, x, W, kept):
    return W[::-1].T @ dz[::-1], dz[:, ::-1] @ x[:, ::-1].T, dz[:, ::-1].sum(axis=1)


def _in_place(dz, x, W, kept):
    own = dz.copy()
    dx, dW = W.T @ own, own @ x.T
    own[:, 0] += own[:, 1:].sum(axis=1)
    return dx, dW, own[:, 0]


RIGHT = (
    Planted("matrix products", _products, "Compare with what you derived in part 4, or with central differences."),
    Planted("loops", _loops, "Its sums run in another order, which rounds differently: equality is too much to ask."),
    Planted("einsum", lambda dz, x, W, kept: (np.einsum("hd,hn->dn", W, dz), np.einsum("hn,dn->hd", dz, x), np.einsum("hn->h", dz)), "It rounds differently: equality is too much to ask."),
    Planted("summed from the end", _from_the_end, "It rounds differently: equality is too much to ask."),
    Planted("nested lists", lambda *args: [part.tolist() for part in _products(*args)], "Its results are lists of numbers: np.asarray makes arrays of them."),
    Planted("float32", lambda *args: tuple(part.astype(np.float32) for part in _products(*args)), "Single precision is exact to 6e−8: a threshold below that is too tight, whatever you compare with."),
    Planted("another memory order", lambda *args: tuple(np.asfortranarray(part) for part in _products(*args)), "Only its memory is laid out otherwise; the entries are the same."),
    Planted("a view of its own copy", _in_place, "It works in place on a copy of its own, which is its good right."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def backward(dz, x, W):
        """A backward pass of Z = W X + b."""
        return formula(dz, x, W, kept)

    return backward
