"""Problem set 7: the weights of a GRU from a library with other conventions, for ours."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart

# --- translate_gru ---------------------------------------------------------------------------------


def translate_gru(K, R, bias):
    """W_x, W_h, b, b_h of (11.6) for the same net: blocks r, z, n in rows, z turned round, two biases where one would do."""
    return translate_family(K, R, bias)


def translate_family(
    K,
    R,
    bias,
    *,
    order="zrn",
    turned="z",
    turn=("x", "h", "b"),
    rows=np.transpose,
    both="rz",
    b_n="x",
    b_h="h",
):
    """The translation with its parts exchangeable; `order` is how the columns are read."""

    def blocks(array):
        return dict(zip(order, np.split(array, 3, axis=-1), strict=True))

    signs = {gate: -1.0 if gate in turned else 1.0 for gate in "rzn"}
    W_x, W_h = (
        np.concatenate([rows(signs[gate] ** (part in turn) * blocks(array)[gate]) for gate in "rzn"])
        for part, array in (("x", K), ("h", R))
    )
    beside_x, beside_h = blocks(bias[0]), blocks(bias[1])
    b = [signs[g] ** ("b" in turn) * (beside_x[g] + (beside_h[g] if g in both else 0)) for g in "rz"]
    ways = {
        "x": beside_x["n"],
        "h": beside_h["n"],
        "both": beside_x["n"] + beside_h["n"],
        "none": 0 * beside_x["n"],
    }
    return W_x, W_h, np.concatenate([*b, signs["n"] * ways[b_n]]), ways[b_h]


def theirs(K, R, bias, x, h):
    """One step of that library: columns z, r, n; z writes; reset after the product."""
    a, s = np.split(x @ K + bias[0], 3, axis=1), np.split(h @ R + bias[1], 3, axis=1)
    z, r = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
    return (1 - z) * h + z * np.tanh(a[2] + r * s[2])


def ours(W_x, W_h, b, b_h, x, h):
    """One step of (11.6)."""
    a, s = np.split(x @ W_x.T + b, 3, axis=1), np.split(h @ W_h.T, 3, axis=1)
    r, z = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
    return z * h + (1 - z) * np.tanh(a[2] + r * (s[2] + b_h))


def _cases(rng):
    cases = []
    for D, H in ((5, 2), (3, 3), (1, 4)):
        args = rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H)), rng.normal(size=(2, 3 * H))
        cases.append(Case(args, ("W_x", "W_h", "b", "b_h")))
    return cases


def _same_net(args, out):
    x, h = np.random.default_rng(0).normal(size=(2, 6, 9))
    x, h = x[:, : len(args[0])], h[:, : len(args[1])]
    return apart(ours(*out.values(), x, h), theirs(*args, x, h))


TRANSLATE_GRU = Problem(
    name="ps7.translate_gru",
    reference=translate_gru,
    family=translate_family,
    cases=_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"W_x": ("gate rzn", "input"), "W_h": ("gate rzn", "unit"), "b": ("gate rzn",), "b_h": ("unit",)},
    mistakes=(
        Mistake("order of the blocks kept", dict(order="rzn", turned="z"), "You take the first block of columns for r and the second for z. There they stand in the order z, r, n.", whole=True),
        Mistake("order kept, the first turned", lambda K, R, bias: translate_family(K, R, bias, order="rzn", turned="r"), "You turned the right block round, but left the blocks in their order z, r, n. Our rows are r, z, n.", whole=True),
        Mistake("z not turned round", dict(turned=""), "Your z writes, as theirs does. Ours keeps: by (11.5) the sign of all that makes z has to be turned.", whole=True),
        Mistake("z turned in the weights, not in the bias", lambda K, R, bias: translate_family(K, R, bias, turn=("x", "h")), "The biases of your z have the old sign. By (11.5) all of its pre-activation is turned round, the bias too.", whole=True),
        Mistake("z turned in the bias only", lambda K, R, bias: translate_family(K, R, bias, turn=("b",)), "The weights of your z have the old sign. By (11.5) all of its pre-activation is turned round.", whole=True),
        Mistake("z turned in the input weights only", lambda K, R, bias: translate_family(K, R, bias, turn=("x",)), "You turned the sign of z in W_x alone. By (11.5) all of its pre-activation is turned round, the state's part and the bias too.", whole=True),
        Mistake("r turned round", dict(turned="r"), "You turned the reset gate round. It means the same in both; z is the one that writes there.", whole=True),
        Mistake("r and z turned round", dict(turned="rz"), "You turned both gates round. The reset gate means the same in both."),
        Mistake("everything turned round", lambda K, R, bias: tuple(-a for a in translate_family(K, R, bias, turned="rn")), "You turned the wrong signs, or too many: only what makes z changes its sign.", whole=True),
        Mistake("one bias for the gates", lambda K, R, bias: translate_family(K, R, bias, both=""), "The gates of your net have the biases beside the inputs alone. In r and z both rows of their bias are added to the same sum."),
        Mistake("all in b", lambda K, R, bias: translate_family(K, R, bias, b_n="both", b_h="none"), "You put both biases of the candidate into b. The one beside the state stands inside the reset gate, so it is b_h.", whole=True),
        Mistake("biases of the candidate exchanged", dict(b_n="h", b_h="x"), "You exchanged the candidate's two biases. Row 0 stands beside the inputs, row 1 beside the state, inside the reset gate.", whole=True),
        Mistake("candidate's second bias twice", dict(b_n="both"), "The candidate's bias beside the state is in your b and in your b_h. It acts once, inside the reset gate.", whole=True),
        Mistake("b_h left at zero", dict(b_h="none"), "Your b_h is zero. Row 1 of their bias has a block for the candidate; it stands inside the reset gate, as b_h does."),
        Mistake("blocks not transposed", dict(rows=lambda a: a.reshape(a.shape[::-1]) if a.shape[0] != a.shape[1] else a), "Your matrices have the right shape and the wrong entries. Theirs has one column per unit, ours one row: a block is transposed, not reshaped.", whole=True),
    ),
    invariants=(
        Invariant("the same net", _same_net, "Your weights make another net: with random x and h, (11.6) gives another state than their step."),
    ),
    hints=(
        "Three questions: in which order are the blocks, which way round is the gate, and what stands inside the reset gate?",
        "np.split(K, 3, axis=1) gives blocks (D, H); ours are (H, D), one under the other. z_ours = 1 − z_theirs, and 1 − σ(a) = σ(−a).",
        "W_x = [K_rᵀ; −K_zᵀ; K_nᵀ] and W_h alike. In the gates both biases are added to one sum; in the candidate one of the two stands behind r.",
    ),
)  # fmt: skip
