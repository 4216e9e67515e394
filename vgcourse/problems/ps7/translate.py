"""Problem set 7: the weights of a GRU from a library with other conventions, for ours."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart

# --- translate_gru ---------------------------------------------------------------------------------


def translate_gru(K, R, bias):
    """W_x, W_h, b, b_h of (11.6) for the same net: blocks r, z, n in rows, z turned round, two biases where one would do."""
    r, z, n = blocks(K)
    W_x = rows(r, -z, n)
    h_r, h_z, h_n = blocks(R)
    W_h = rows(h_r, -h_z, h_n)
    (b_r, b_z, b_n), (s_r, s_z, s_n) = map(blocks, bias)
    b = np.concatenate([b_r + s_r, -(b_z + s_z), b_n])
    return W_x, W_h, b, s_n


def blocks(columns):
    """Theirs stand in the order z, r, n."""
    z, r, n = np.split(columns, 3, axis=-1)
    return r, z, n


def rows(r, z, n):
    """Ours: a row for each unit, one block under the other."""
    return np.concatenate([r.T, z.T, n.T])


HELPERS = (blocks, rows)

# Signs: of z not turned, of r and n turned.
_Z_IN_W_X, _Z_IN_W_H, _Z_IN_B = edit("-z,", "z,"), edit("-h_z", "h_z"), edit("-(b_z", "(b_z")
_Z = _Z_IN_W_X + _Z_IN_W_H + _Z_IN_B
_R = edit("rows(r", "rows(-r", "rows(h_r", "rows(-h_r", "[b_r + s_r", "[-(b_r + s_r)")
_N = edit(" n)", " -n)", "h_n)", "-h_n)", ", b_n]", ", -b_n]")
_B_H = edit("b, s_n", "b, -s_n")
_ORDER = edit("z, r, n =", "r, z, n =", within=blocks)


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
    helpers=HELPERS,
    cases=_cases,
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={"W_x": ("gate rzn", "input"), "W_h": ("gate rzn", "unit"), "b": ("gate rzn",), "b_h": ("unit",)},
    mistakes=(
        Mistake("order of the blocks kept", _ORDER, "You take the first block of columns for r and the second for z. There they stand in the order z, r, n.", whole=True),
        Mistake("order kept, the first turned", (*_ORDER, *_Z, *_R), "You turned the right block round, but left the blocks in their order z, r, n. Our rows are r, z, n.", whole=True, alone=True),
        Mistake("order kept, nothing turned", (*_ORDER, *_Z), "You left the blocks in their order z, r, n, and turned nothing. Our rows are r, z, n, and our z keeps.", whole=True, alone=True, beside_the_point=True),
        Mistake("z not turned round", _Z, "Your z writes, as theirs does. Ours keeps: by (11.5) the sign of all that makes z has to be turned.", whole=True, beside_the_point=True),
        Mistake("z turned in the weights, not in the bias", _Z_IN_B, "The biases of your z have the old sign. By (11.5) all of its pre-activation is turned round, the bias too.", whole=True, alone=True),
        Mistake("z turned in the bias only", (*_Z_IN_W_X, *_Z_IN_W_H), "The weights of your z have the old sign. By (11.5) all of its pre-activation is turned round.", whole=True, alone=True),
        Mistake("z turned in the input weights only", (*_Z_IN_W_H, *_Z_IN_B), "You turned the sign of z in W_x alone. By (11.5) all of its pre-activation is turned round, the state's part and the bias too.", whole=True, alone=True),
        Mistake("z turned in the recurrent weights only", (*_Z_IN_W_X, *_Z_IN_B), "You turned the sign of z in W_h alone. By (11.5) all of its pre-activation is turned round, the inputs' part and the bias too.", whole=True, alone=True),
        Mistake("z not turned in the input weights", _Z_IN_W_X, "The rows of z in your W_x have the old sign. By (11.5) all of its pre-activation is turned round.", whole=True, alone=True),
        Mistake("z not turned in the recurrent weights", _Z_IN_W_H, "The rows of z in your W_h have the old sign. By (11.5) all of its pre-activation is turned round.", whole=True, alone=True),
        Mistake("half of z's bias turned", edit("-(b_z + s_z)", "-b_z + s_z"), "In the bias of z one of the two parts has the old sign: the minus stands before their sum.", whole=True, alone=True),
        Mistake("1 minus z's bias", edit("-(b_z", "1 - (b_z"), "For the bias of z you return 1 minus it. 1 − σ(a) is σ(−a): the sign changes, and no 1 is left.", whole=True, alone=True),
        Mistake("1 minus all of z", edit("-z,", "1 - z,", "-h_z", "1 - h_z", "-(b_z", "1 - (b_z"), "For the weights and the bias of z you return 1 minus them. 1 − σ(a) is σ(−a): the sign changes, and no 1 is left.", whole=True, alone=True),
        Mistake("r turned round", _Z + _R, "You turned the reset gate round. It means the same in both; z is the one that writes there.", whole=True),
        Mistake("r and z turned round", _R, "You turned both gates round. The reset gate means the same in both."),
        Mistake("everything turned round", (*_R, *_N, *_B_H), "You turned the wrong signs, or too many: only what makes z changes its sign.", whole=True, alone=True),
        Mistake("n turned round, too", _N, "You turned z and the candidate's rows round. Only what makes z changes its sign.", whole=True, alone=True),
        Mistake("all turned round but b_h", (*_R, *_N), "You turned the rows of all three blocks round. Only what makes z changes its sign.", whole=True, alone=True),
        Mistake("biases beside the state alone", edit("b_r + ", "", "b_z + ", ""), "The gates of your net have the biases beside the state alone. In r and z both rows of their bias are added to the same sum.", alone=True),
        Mistake("mean of the two biases", edit("b_r + s_r", "(b_r + s_r) / 2", "s_z)", "s_z) / 2"), "The gates of your net have the mean of the two biases. Both stand in the same sum, so they are added.", alone=True),
        Mistake("both in b and both in b_h", edit(", b_n]", ", b_n + s_n]", "b, s_n", "b, b_n + s_n"), "Your b and your b_h both hold the sum of the candidate's two biases. One stands outside the reset gate, the other inside.", whole=True, alone=True),
        Mistake("both in b_h", edit(", b_n]", ", 0 * b_n]", "b, s_n", "b, b_n + s_n"), "You put both biases of the candidate into b_h. The one beside the inputs stands outside the reset gate, so it belongs to b.", whole=True, alone=True),
        Mistake("b_h turned round", _B_H, "Your b_h has the wrong sign: nothing of the candidate is turned round.", alone=True),
        Mistake("recurrent blocks not transposed", edit("rows(h_r, -h_z, h_n)", "np.concatenate([h_r, -h_z, h_n])"), "The blocks of your W_h are those of R as they came. They are square, so nothing complains: each has to be transposed, as those of K.", alone=True),
        Mistake("all columns reshaped", edit("return W_x, W_h", "return W_x.T.reshape(W_x.shape), W_h.T.reshape(W_h.shape)"), "Your matrices have the right shape and the wrong entries. A reshape reads rows one after the other; a transpose makes rows of columns.", whole=True, alone=True),
        Mistake("one bias for the gates", edit(" + s_r", "", " + s_z", ""), "The gates of your net have the biases beside the inputs alone. In r and z both rows of their bias are added to the same sum.", alone=True),
        Mistake("all in b", edit(", b_n]", ", b_n + s_n]", "b, s_n", "b, 0 * s_n"), "You put both biases of the candidate into b. The one beside the state stands inside the reset gate, so it is b_h.", whole=True, alone=True),
        Mistake("biases of the candidate exchanged", edit(", b_n]", ", s_n]", "b, s_n", "b, b_n"), "You exchanged the candidate's two biases. Row 0 stands beside the inputs, row 1 beside the state, inside the reset gate.", whole=True),
        Mistake("candidate's second bias twice", edit(", b_n]", ", b_n + s_n]"), "The candidate's bias beside the state is in your b and in your b_h. It acts once, inside the reset gate.", whole=True),
        Mistake("candidate's first bias twice", edit("b, s_n", "b, b_n + s_n"), "The candidate's bias beside the inputs is in your b and in your b_h. It acts once, outside the reset gate.", whole=True, alone=True),
        Mistake("b_h left at zero", edit("b, s_n", "b, 0 * s_n"), "Your b_h is zero. Row 1 of their bias has a block for the candidate; it stands inside the reset gate, as b_h does."),
        Mistake("b_n left at zero", edit(", b_n]", ", 0 * b_n]"), "The candidate's block of your b is zero. Row 0 of their bias has one for it, beside the inputs.", alone=True),
        Mistake("b_h of their first block", edit("b, s_n", "b, s_z"), "Your b_h is the first block of their row 1, that of z. Their blocks stand in the order z, r, n; the candidate's is the last.", alone=True),
        Mistake("b_h of the reset gate", edit("b, s_n", "b, s_r"), "Your b_h is the block of r. It belongs to the candidate: the last block of their row 1.", alone=True),
        Mistake("order kept in the bias alone", edit("[b_r + s_r, -(b_z + s_z), b_n]", "[-(b_z + s_z), b_r + s_r, b_n]"), "The blocks of your b are in their order z, r, n. Your matrices have ours, r, z, n.", alone=True),
        Mistake("order kept in W_x alone", edit("rows(r, -z, n)", "rows(-z, r, n)"), "The blocks of your W_x are in their order z, r, n. Your other results have ours, r, z, n.", alone=True),
        Mistake("order kept in W_h alone", edit("rows(h_r, -h_z, h_n)", "rows(-h_z, h_r, h_n)"), "The blocks of your W_h are in their order z, r, n. Your other results have ours, r, z, n.", alone=True),
        Mistake("order kept in the matrices", edit("rows(r, -z, n)", "rows(-z, r, n)", "rows(h_r, -h_z, h_n)", "rows(-h_z, h_r, h_n)"), "The blocks of your matrices are in their order z, r, n. Your b has ours, r, z, n.", whole=True, alone=True),
        Mistake("order kept, one bias for the gates", edit("rows(r, -z, n)", "rows(-z, r, n)", "rows(h_r, -h_z, h_n)", "rows(-h_z, h_r, h_n)", "[b_r + s_r, -(b_z + s_z), b_n]", "[-b_z, b_r, b_n]"), "You turned the right block round, but left the blocks in their order z, r, n, and left row 1 of the bias out of the gates. Our rows are r, z, n; in r and z both rows are added to the same sum.", whole=True, alone=True),
        Mistake("order kept, nothing turned, one bias for the gates", edit("rows(r, -z, n)", "rows(z, r, n)", "rows(h_r, -h_z, h_n)", "rows(h_z, h_r, h_n)", "[b_r + s_r, -(b_z + s_z), b_n]", "[b_z, b_r, b_n]"), "You return their numbers as they came, transposed: blocks in the order z, r, n, nothing turned, and row 1 of the bias for the candidate alone. Our rows are r, z, n, our z keeps, and in r and z both rows of the bias are added to the same sum.", whole=True, alone=True, beside_the_point=True),
        Mistake("one bias for the gates, z not turned round", edit("-z,", "z,", "-h_z", "h_z", "[b_r + s_r, -(b_z + s_z)", "[b_r, b_z"), "Your z writes, as theirs does, and the gates have the biases beside the inputs alone. Ours keeps, (11.5), and in r and z both rows of the bias are added to the same sum.", whole=True, alone=True),
        Mistake("biases subtracted", edit("b_r + s_r", "b_r - s_r", "b_z + s_z", "b_z - s_z"), "In the gates you subtract one row of the bias from the other. Both stand in the same sum, so they are added.", alone=True),
        Mistake("columns read from the end", edit("z, r, n =", "n, r, z =", within=blocks), "You take the first block of columns for n and the last for z. There they stand in the order z, r, n.", whole=True, alone=True),
        Mistake("half of z", edit("-z,", "-z / 2,", "-h_z", "-h_z / 2", "-(b_z + s_z)", "-(b_z + s_z) / 2"), "What makes your z is half as large. That is for a tanh in the place of σ; both nets have σ.", whole=True, alone=True),
        Mistake("blocks not transposed", edit("r.T, z.T, n.T", "*(a.reshape(a.shape[::-1]) for a in (r, z, n))", within=rows), "Your matrices have the right shape and the wrong entries. Theirs has one column per unit, ours one row: a block is transposed, not reshaped.", whole=True),
    ),
    invariants=(
        Invariant("the same net", _same_net, "Your weights make another net: with random x and h, (11.6) gives another state than their step."),
    ),
    hints=(
        "Three questions: in which order are the blocks, which way round is the gate, and what stands inside the reset gate?",
        "np.split(K, 3, axis=1) gives blocks (D, H); ours are (H, D), one under the other. z_ours = 1 − z_theirs, and 1 − σ(a) = σ(−a).",
        "On top of W_x stands K_rᵀ; one of the two blocks below it has the other sign. W_h goes alike. In the gates both biases are added to one sum; in the candidate one of the two stands behind r.",
    ),
)  # fmt: skip
