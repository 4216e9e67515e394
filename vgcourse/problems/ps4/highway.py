"""Problem set 4 on highway nets with two gates: one lets the new value in, the other keeps the old one."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

# --- two_gates_backward ----------------------------------------------------------------------------


def two_gates_backward(dout, h, W, b, W_g, b_g, W_k, b_k):
    """h' = g ⊙ c + k ⊙ h, c = tanh(h Wᵀ + b), g = σ(h W_gᵀ + b_g), k = σ(h W_kᵀ + b_k).

    δ = g ⊙ tanh' ⊙ dout, δ_g = c ⊙ σ' ⊙ dout, δ_k = h ⊙ σ' ⊙ dout give dh = δ W + δ_g W_g + δ_k W_k + k ⊙ dout.
    """
    z, z_g, z_k = h @ W.T + b, h @ W_g.T + b_g, h @ W_k.T + b_k
    c, g, k = np.tanh(z), sigmoid(z_g), sigmoid(z_k)
    dz = dout * g * (1 - c**2)
    dz_g = dout * c * g * (1 - g)
    dz_k = dout * h * k * (1 - k)
    dh = dz @ W + dz_g @ W_g + dz_k @ W_k + dout * k
    dW, dW_g, dW_k = dz.T @ h, dz_g.T @ h, dz_k.T @ h
    db, db_g, db_k = dz.sum(axis=0), dz_g.sum(axis=0), dz_k.sum(axis=0)
    return dh, dW, db, dW_g, db_g, dW_k, db_k


def _quotient(z):
    with np.errstate(all="ignore"):
        return np.exp(z) / (1 + np.exp(z))


def _columns_out(dout, h, W, b, W_g, b_g, W_k, b_k):
    dh, *rest = two_gates_backward(dout, h, W.T, b, W_g.T, b_g, W_k.T, b_k)
    return dh, *(a.T for a in rest)


def _coupled(dout, h, W, b, W_g, b_g, W_k, b_k):
    """(6.7), and nothing for the second gate."""
    dh, *rest = two_gates_backward(dout, h, W, b, W_g, b_g, -W_g, -b_g)
    dW, db, dW_g, db_g, dW_k, db_k = rest
    return dh, dW, db, dW_g - dW_k, db_g - db_k, 0 * dW_k, 0 * db_k


def _highway_cases(rng):
    cases = []
    for N, H in ((5, 4), (4, 4), (3, 2), (1, 1)):
        W, W_g, W_k = rng.normal(size=(3, H, H)) * 1.2 / np.sqrt(H)
        b, b_g, b_k = (m + 0.5 * rng.normal(size=H) for m in (0.0, -0.8, 0.6))
        if N == 3:  # a gate that is open to rounding: e^z is infinite there
            b_g[0] = 800.0
        args = rng.normal(size=(N, H)), rng.normal(size=(N, H)), W, b, W_g, b_g, W_k, b_k
        cases.append(Case(args, ("dh", "dW", "db", "dW_g", "db_g", "dW_k", "db_k"), batch=N))
    return cases


_MATRIX = ("unit", "unit")

TWO_GATES_BACKWARD = Problem(
    name="ps4.two_gates_backward",
    reference=two_gates_backward,
    cases=_highway_cases,
    points=5,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"dh": ("example", "unit"), "dW": _MATRIX, "db": ("unit",), "dW_g": _MATRIX, "db_g": ("unit",), "dW_k": _MATRIX, "db_k": ("unit",)},
    mistakes=(
        Mistake("the lecture's one gate", _coupled, "You differentiate h' = g ⊙ c + (1 − g) ⊙ h, equation (6.7). Here the old value has a gate of its own, k, with its own weights.", whole=True, beside_the_point=True),
        Mistake("identity path forgotten", edit(" + dout * k", ""), "In dh the carry is missing: h also goes straight to the output, weighed by k, and brings back k ⊙ dout."),
        Mistake("carry not weighed", edit("dout * k", "dout"), "Your carry brings back all of dout, as in a residual net. Here the old value passes with weight k, forward and back."),
        Mistake("carry 1 − g", edit("dout * k", "dout * (1 - g)"), "Your carry is weighed by 1 − g, as in the lecture. Here it is k."),
        Mistake("carry weighed by g", edit("dout * k", "dout * g"), "Your carry is weighed by g, the gate of the new value. The old value passes with k."),
        Mistake("carry through f'", edit("dout * k", "dout * k * (1 - c**2)"), "Your carry passes through tanh'. The old value goes around the tanh: its share of dh is k ⊙ dout."),
        Mistake("candidate's path forgotten", edit("dz @ W + ", ""), "In dh the path through the candidate is missing: h feeds c = tanh(h Wᵀ + b), and that brings δ W."),
        Mistake("first gate's path forgotten", edit("dz_g @ W_g + ", ""), "In dh the path through g is missing: g depends on h too, and that brings δ_g W_g."),
        Mistake("carry gate's path forgotten", edit("dz_k @ W_k + ", ""), "In dh the path through k is missing: h stands in k ⊙ h twice, as itself and inside k."),
        Mistake("both gates' paths forgotten", edit("dz_g @ W_g + dz_k @ W_k + ", ""), "In dh the paths through the gates are missing. Your dh treats g and k as constants; both depend on h."),
        Mistake("first gate with c − h", edit("dout * c *", "dout * (c - h) *"), "Your δ_g holds c − h, as in the lecture. Here g stands in one place, g ⊙ c, so ∂h'/∂g = c."),
        Mistake("first gate with h", edit("dout * c *", "dout * h *"), "Your δ_g holds h. g multiplies the new value: ∂h'/∂g = c."),
        Mistake("carry gate with c", edit("dout * h *", "dout * c *"), "Your δ_k holds c. k multiplies the old value: ∂h'/∂k = h."),
        Mistake("carry gate with −h", edit("dout * h *", "dout * -h *"), "Your δ_k has a minus sign, as the lecture's 1 − g had. Here k itself multiplies h: ∂h'/∂k = h.", whole=True),
        Mistake("carry gate with c − h", edit("dout * h *", "dout * (c - h) *"), "Your δ_k holds c − h. k stands in one place, k ⊙ h, so ∂h'/∂k = h."),
        Mistake("h missing at the carry gate", edit("dout * h *", "dout *"), "Your δ_k lacks h: k multiplies the old value, so ∂h'/∂k = h."),
        Mistake("c missing at the gate", edit("dout * c *", "dout *"), "Your δ_g lacks c: g multiplies the new value, so ∂h'/∂g = c."),
        Mistake("gate missing in the candidate's path", edit("dout * g *", "dout *"), "The candidate's gradient lacks the factor g: c reaches the output as g ⊙ c, so ∂L/∂c = g ⊙ dout."),
        Mistake("k in the candidate's path", edit("dout * g *", "dout * k *"), "The candidate's gradient is weighed by k. c reaches the output as g ⊙ c, so ∂L/∂c = g ⊙ dout.", whole=True),
        Mistake("1 − k in the candidate's path", edit("dout * g *", "dout * (1 - k) *"), "The candidate's gradient is weighed by 1 − k, as with one gate. c reaches the output as g ⊙ c, so ∂L/∂c = g ⊙ dout."),
        Mistake("σ' missing", edit(" * g * (1 - g)", "", " * k * (1 - k)", ""), "The gates' own derivative is missing: from a gate back to its pre-activation there is a factor σ' = g(1 − g).", whole=True),
        Mistake("σ' missing at g", edit(" * g * (1 - g)", ""), "The gate's own derivative is missing in δ_g: from g back to its pre-activation there is a factor σ' = g(1 − g).", whole=True),
        Mistake("σ' missing at k", edit(" * k * (1 - k)", ""), "The carry gate's own derivative is missing in δ_k: from k back to its pre-activation there is a factor σ' = k(1 − k).", whole=True),
        Mistake("tanh' for g", edit("g * (1 - g)", "(1 - g**2)"), "You use 1 − g² for the gate g. That is tanh'; a gate is a sigmoid, whose derivative is g(1 − g).", whole=True),
        Mistake("tanh' for k", edit("k * (1 - k)", "(1 - k**2)"), "You use 1 − k² for the gate k. That is tanh'; a gate is a sigmoid, whose derivative is k(1 − k).", whole=True),
        Mistake("f' missing", edit(" * (1 - c**2)", ""), "The candidate's own derivative is missing: from c back to its pre-activation there is a factor tanh' = 1 − c²."),
        Mistake("gates by tanh", edit("sigmoid(z_g), sigmoid(z_k)", "np.tanh(z_g), np.tanh(z_k)", "g * (1 - g)", "(1 - g**2)", "k * (1 - k)", "(1 - k**2)"), "Your gates are tanh, forward and back. A gate is a sigmoid, between 0 and 1, with the slope g(1 − g).", whole=True),
        Mistake("(1 − c)²", edit("(1 - c**2)", "(1 - c) ** 2"), "You multiply by (1 − c)² for the candidate. tanh' is 1 − c²: only c is squared."),
        Mistake("tanh' for the gates", edit("g * (1 - g)", "(1 - g**2)", "k * (1 - k)", "(1 - k**2)"), "You use 1 − g² for the gates. That is tanh'; a gate is a sigmoid, whose derivative is g(1 − g).", whole=True),
        Mistake("σ' for the candidate", edit("(1 - c**2)", "c * (1 - c)"), "You use c(1 − c) for the candidate. That is σ'; the candidate is a tanh, whose derivative is 1 − c²."),
        Mistake("1 − z²", edit("(1 - c**2)", "(1 - z**2)"), "You multiply by 1 − z² for the candidate. tanh' is 1 − tanh²(z)."),
        Mistake("σ' of the activation", edit("g * (1 - g)", "sigmoid(g) * (1 - sigmoid(g))", "k * (1 - k)", "sigmoid(k) * (1 - sigmoid(k))"), "You take σ' at the gate's value. It belongs at its pre-activation; with g at hand write g(1 − g).", whole=True),
        Mistake("f' of the activation", edit("(1 - c**2)", "(1 - np.tanh(c) ** 2)"), "You take tanh' at c = tanh(z). It belongs at z; with c at hand write 1 − c²."),
        Mistake("gates' paths exchanged", edit("dz_g @ W_g + dz_k @ W_k", "dz_g @ W_k + dz_k @ W_g"), "The gradient of g goes back through W_k and that of k through W_g. Each goes back the way it came."),
        Mistake("gates exchanged", edit("W_g, b_g, W_k, b_k):", "W_k, b_k, W_g, b_g):"), "You let k admit the new value and g keep the old one. It is the other way round: h' = g ⊙ c + k ⊙ h.", whole=True),
        Mistake("biases left out", edit("W.T + b,", "W.T,", "W_g.T + b_g", "W_g.T", "W_k.T + b_k", "W_k.T"), "Your forward pass leaves the biases out. They move c, g and k, and with them all slopes."),
        Mistake("b left out", edit("W.T + b,", "W.T,"), "Your forward pass leaves b out: c, and with it its slope, is another number.", whole=True),
        Mistake("b_g left out", edit("W_g.T + b_g", "W_g.T"), "Your forward pass leaves b_g out: the gate g is another number.", whole=True),
        Mistake("b_k left out", edit("W_k.T + b_k", "W_k.T"), "Your forward pass leaves b_k out: the gate k is another number.", whole=True),
        Mistake("c without tanh", edit("np.tanh(z)", "z"), "Your candidate is its bare pre-activation: c is a tanh of it.", whole=True),
        Mistake("Wᵀ for W", edit("dz @ W + dz_g @ W_g + dz_k @ W_k", "dz @ W.T + dz_g @ W_g.T + dz_k @ W_k.T"), "You go back through the transposes of the weights. Forward is h Wᵀ, so back is δ W. They are square, so numpy cannot notice."),
        Mistake("z = h W", _columns_out, "Your layer is z = h W, with columns as outputs. Here rows are outputs: z = h Wᵀ, δ W and δᵀ h. They are square, so numpy cannot notice."),
        Mistake("dW with the candidate", edit("dz.T @ h, dz_g.T @ h, dz_k.T @ h", "dz.T @ c, dz_g.T @ c, dz_k.T @ c"), "Your weight gradients multiply by c. What comes into all three weights is h: dW = δᵀ h."),
        Mistake("weight gradients averaged", edit("return dh, dW, db, dW_g, db_g, dW_k, db_k", "return dh, *(a / len(h) for a in (dW, db, dW_g, db_g, dW_k, db_k))"), "Your weight and bias gradients are divided by N. The 1/N of the mean is already in dout.", whole=True),
        Mistake("matrices' gradients averaged", edit("dz.T @ h, dz_g.T @ h, dz_k.T @ h", "(a.T @ h / len(h) for a in (dz, dz_g, dz_k))"), "Your dW, dW_g and dW_k are divided by N. The 1/N of the mean is already in dout.", whole=True),
        Mistake("bias gradients averaged", edit("dz.sum(axis=0), dz_g.sum(axis=0), dz_k.sum(axis=0)", "(a.mean(axis=0) for a in (dz, dz_g, dz_k))"), "Your bias gradients are means over the batch. A bias is added to every row, so its gradient is the sum.", whole=True),
        Mistake("bias gradients not summed", edit("dz.sum(axis=0), dz_g.sum(axis=0), dz_k.sum(axis=0)", "dz, dz_g, dz_k"), "Your bias gradients still have one row per example. The same bias is added to every row: sum over axis 0.", whole=True),
        Mistake("carry gate's weights left at 0", edit("return dh, dW, db, dW_g, db_g, dW_k, db_k", "return dh, dW, db, dW_g, db_g, 0 * dW_k, 0 * db_k"), "Your dW_k and db_k are 0. The carry gate has weights of its own: δ_k = h ⊙ σ' ⊙ dout, dW_k = δ_kᵀ h and db_k = Σ δ_k.", whole=True),
        Mistake("gate's weights left at 0", edit("return dh, dW, db, dW_g, db_g, dW_k, db_k", "return dh, dW, db, 0 * dW_g, 0 * db_g, dW_k, db_k"), "Your dW_g and db_g are 0: δ_g = c ⊙ σ' ⊙ dout, dW_g = δ_gᵀ h and db_g = Σ δ_g.", whole=True),
        Mistake("gates' gradients exchanged", edit("return dh, dW, db, dW_g, db_g, dW_k, db_k", "return dh, dW, db, dW_k, db_k, dW_g, db_g"), "The gradients of the two gates are exchanged: dW_g and db_g come before dW_k and db_k.", whole=True),
        Mistake("carry through both gates", edit("dout * k\n", "dout * k * g\n"), "Your carry is weighed by k ⊙ g. The old value passes with k alone."),
        Mistake("carry 1 − k", edit("dout * k\n", "dout * (1 - k)\n"), "Your carry is weighed by 1 − k. The old value passes with k."),
        Mistake("carry through σ'", edit("dout * k\n", "dout * k * (1 - k)\n"), "Your carry passes through σ'. The gate is a factor of the old value: its share of dh is k ⊙ dout."),
        Mistake("carry k ⊙ h", edit("dout * k\n", "dout * k * h\n"), "Your carry holds h. The derivative of k ⊙ h by h, with k held fixed, is k: k ⊙ dout."),
        Mistake("σ's of the gates exchanged", edit("g * (1 - g)", "k * (1 - k)", "k * (1 - k)", "g * (1 - g)"), "Your δ_g has k's slope and your δ_k has g's. Each gate has its own.", whole=True),
        Mistake("σ' of k in both gates", edit("g * (1 - g)", "k * (1 - k)"), "Your δ_g has k(1 − k). The slope of g is g(1 − g).", whole=True),
        Mistake("σ' of g in both gates", edit("k * (1 - k)", "g * (1 - g)"), "Your δ_k has g(1 − g). The slope of k is k(1 − k).", whole=True),
        Mistake("new value's share weighed by g twice", edit("dz @ W +", "(g * dz) @ W +"), "In dh the candidate's share holds g twice. It is in δ already."),
        Mistake("shares weighed by the gates again", edit("dz @ W + dz_g @ W_g + dz_k @ W_k", "g * (dz @ W) + dz_g @ W_g + dz_k @ W_k"), "In dh the candidate's share is multiplied by g once more, behind W. g is in δ already."),
        Mistake("paths through the weights alone", edit("dz @ W + dz_g @ W_g + dz_k @ W_k", "(dz + dz_g + dz_k) @ W"), "All three δ go back through W. Each goes back the way it came: δ W + δ_g W_g + δ_k W_k."),
        Mistake("db_g with h", edit("dz_g.sum(axis=0), dz_k.sum(axis=0)", "(dz_g * h).sum(axis=0), (dz_k * h).sum(axis=0)"), "Your db_g and db_k hold h. A bias is added as it is: its gradient is the sum of δ.", whole=True),
        Mistake("h' for h", edit("dW, dW_g, dW_k = dz.T @ h, dz_g.T @ h, dz_k.T @ h", "dW, dW_g, dW_k = (a.T @ (g * c + k * h) for a in (dz, dz_g, dz_k))"), "Your weight gradients multiply by h', what comes out. What comes into the weights is h."),
        Mistake("sum of the gates 1", edit("sigmoid(z_g), sigmoid(z_k)", "sigmoid(z_g) / (sigmoid(z_g) + sigmoid(z_k)), sigmoid(z_k) / (sigmoid(z_g) + sigmoid(z_k))"), "You divide the gates by their sum. Here each gate is a sigmoid by itself; together they need not be 1."),
        Mistake("σ as a quotient", edit("sigmoid(z_g), sigmoid(z_k)", "_quotient(z_g), _quotient(z_k)"), "Where a gate is open to rounding your σ is no number: e^z is infinite there, and ∞/∞ is NaN. Write 1/(1 + e^(−z))."),
    ),
    hints=(
        "h reaches h' on four paths: through the candidate, through the gate g, through the gate k, and straight on, weighed by k.",
        "Treat c, g, k and h in h' = g ⊙ c + k ⊙ h as four inputs first. Their gradients are g ⊙ dout, (what?) ⊙ dout, (what?) ⊙ dout and k ⊙ dout.",
        "δ = g ⊙ (1 − c²) ⊙ dout; δ_g = (∂h'/∂g) ⊙ g(1 − g) ⊙ dout, δ_k likewise. Each gives a weight gradient, a bias gradient and a share of dh; the carry is the fourth share.",
    ),
)  # fmt: skip
