"""Problem set 4 on highway nets: a gate between the new value and the old one."""

import numpy as np

from vgcourse import layers
from vgcourse.activations import sigmoid, sigmoid_derivative, tanh_derivative
from vgcourse.check.problem import Case, Mistake, Problem

# --- highway_backward ------------------------------------------------------------------------------


def highway_backward(dout, h, W, b, W_g, b_g):
    """h' = g ⊙ c + (1 − g) ⊙ h, c = tanh(h Wᵀ + b), g = σ(h W_gᵀ + b_g).

    δ = g ⊙ tanh' ⊙ dout and δ_g = (c − h) ⊙ σ' ⊙ dout give dh = δ W + δ_g W_g + (1 − g) ⊙ dout.
    """
    _, cache = layers.highway_forward(layers.HighwayParams(W, b, W_g, b_g), h)
    dh, grads = layers.highway_backward(dout, cache)
    return dh, *grads


def _highway(
    dout, h, W, b, W_g, b_g, *, admit=lambda g: g, carry=lambda g, slope: 1 - g, between=lambda c, h: c - h,
    slope=lambda z: tanh_derivative(z), gate_slope=lambda z_g: sigmoid_derivative(z_g), candidate_path=1.0, gate_path=1.0,
    back=lambda W: W, gate_back=lambda W, W_g: W_g, inputs=lambda h, c: h, collect=np.sum, weigh=lambda dW, N: dW,
):  # fmt: skip
    z, z_g = h @ W.T + b, h @ W_g.T + b_g
    c, g = np.tanh(z), sigmoid(z_g)
    dz = dout * admit(g) * slope(z)
    dz_g = dout * between(c, h) * gate_slope(z_g)
    dh = (
        candidate_path * dz @ back(W) + gate_path * dz_g @ back(gate_back(W, W_g)) + dout * carry(g, slope(z))
    )
    dW, dW_g = (weigh(d.T @ inputs(h, c), len(h)) for d in (dz, dz_g))
    return dh, dW, collect(dz, axis=0), dW_g, collect(dz_g, axis=0)


def _columns_out(dout, h, W, b, W_g, b_g):
    dh, dW, db, dW_g, db_g = _highway(dout, h, W.T, b, W_g.T, b_g)
    return dh, dW.T, db, dW_g.T, db_g


def _highway_cases(rng):
    cases = []
    for N, H in ((5, 4), (4, 4), (3, 2)):
        W, W_g = (rng.normal(size=(H, H)) * 1.2 / np.sqrt(H) for _ in range(2))
        b, b_g = 0.5 * rng.normal(size=H), -0.5 + 0.5 * rng.normal(size=H)
        cases.append(
            Case(
                (rng.normal(size=(N, H)), rng.normal(size=(N, H)), W, b, W_g, b_g),
                ("dh", "dW", "db", "dW_g", "db_g"),
                batch=N,
            )
        )
    return cases  # fmt: skip


HIGHWAY_BACKWARD = Problem(
    name="ps4.highway_backward",
    reference=highway_backward,
    family=_highway,
    cases=_highway_cases,
    points=5,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"dh": ("example", "unit"), "dW": ("unit", "unit"), "db": ("unit",), "dW_g": ("unit", "unit"), "db_g": ("unit",)},
    mistakes=(
        Mistake("identity path forgotten", dict(carry=lambda g, slope: 0.0), "In dh the carry is missing: h also goes straight to the output, weighed by 1 − g, and brings back (1 − g) ⊙ dout."),
        Mistake("carry not weighed", dict(carry=lambda g, slope: 1.0), "Your carry brings back all of dout, as in a residual net. Here the old value passes with weight 1 − g, forward and back."),
        Mistake("carry weighed by g", dict(carry=lambda g, slope: g), "Your carry is weighed by g. h' = g ⊙ c + (1 − g) ⊙ h: the old value passes with 1 − g."),
        Mistake("carry through f'", dict(carry=lambda g, slope: (1 - g) * slope), "Your carry passes through tanh'. The old value goes around the tanh: its share of dh is (1 − g) ⊙ dout."),
        Mistake("candidate's path forgotten", dict(candidate_path=0.0), "In dh the path through the candidate is missing: h feeds c = tanh(h Wᵀ + b), and that brings δ W."),
        Mistake("gate's path forgotten", dict(gate_path=0.0), "In dh the paths through the gate are missing: g depends on h too, and that brings δ_g W_g. Your dh treats g as a constant."),
        Mistake("gate shutting the old value out forgotten", dict(between=lambda c, h: c), "Your δ_g holds c alone. g stands in two places, g ⊙ c and (1 − g) ⊙ h, so its gradient is (c − h) ⊙ dout: opening lets c in and shuts h out."),
        Mistake("gate letting the new value in forgotten", dict(between=lambda c, h: -h), "Your δ_g holds −h alone. g stands in two places, g ⊙ c and (1 − g) ⊙ h, so its gradient is (c − h) ⊙ dout: opening shuts h out and lets c in."),
        Mistake("sign of the gate's gradient", dict(between=lambda c, h: h - c), "The gate's gradient has the wrong sign: an open gate brings c and takes h away, so ∂h'/∂g is c − h."),
        Mistake("both gate terms added", dict(between=lambda c, h: c + h), "Your δ_g holds c + h. In (1 − g) ⊙ h the gate has a minus sign: ∂h'/∂g is c − h."),
        Mistake("gate and carry swapped", dict(admit=lambda g: 1 - g, carry=lambda g, slope: g, between=lambda c, h: h - c), "You differentiate (1 − g) ⊙ c + g ⊙ h. Here the gate lets the new value in: h' = g ⊙ c + (1 − g) ⊙ h."),
        Mistake("gate and carry swapped on the way back", dict(admit=lambda g: 1 - g, carry=lambda g, slope: g), "g and 1 − g are swapped on the way back: the candidate's gradient carries g, the old value's 1 − g, as in the forward pass."),
        Mistake("gate missing in the candidate's path", dict(admit=lambda g: 1.0), "The candidate's gradient lacks the factor g: c reaches the output as g ⊙ c, so ∂L/∂c = g ⊙ dout."),
        Mistake("σ' missing", dict(gate_slope=lambda z_g: 1.0), "The gate's own derivative is missing: from g back to its pre-activation there is a factor σ' = g(1 − g)."),
        Mistake("f' missing", dict(slope=lambda z: 1.0), "The candidate's own derivative is missing: from c back to its pre-activation there is a factor tanh' = 1 − c²."),
        Mistake("tanh' for the gate", dict(gate_slope=lambda z_g: 1 - sigmoid(z_g) ** 2), "You use 1 − g² for the gate. That is tanh'; the gate is a sigmoid, whose derivative is g(1 − g)."),
        Mistake("σ' for the candidate", dict(slope=lambda z: np.tanh(z) * (1 - np.tanh(z))), "You use c(1 − c) for the candidate. That is σ'; the candidate is a tanh, whose derivative is 1 − c²."),
        Mistake("σ' of the activation", dict(gate_slope=lambda z_g: sigmoid_derivative(sigmoid(z_g))), "You take σ' at g = σ(z_g). It belongs at z_g; with g at hand write g(1 − g)."),
        Mistake("f' of the activation", dict(slope=lambda z: tanh_derivative(np.tanh(z))), "You take tanh' at c = tanh(z). It belongs at z; with c at hand write 1 − c²."),
        Mistake("gate's path through W", dict(gate_back=lambda W, W_g: W), "The gate's gradient goes back through W. It came forward through W_g: its share of dh is δ_g W_g."),
        Mistake("W and W_g exchanged", lambda dout, h, W, b, W_g, b_g: _highway(dout, h, W_g, b_g, W, b), "You take W_g and b_g for the candidate and W and b for the gate. The arguments come as W, b, W_g, b_g, and W belongs to the tanh."),
        Mistake("biases left out", lambda dout, h, W, b, W_g, b_g: _highway(dout, h, W, 0 * b, W_g, 0 * b_g), "Your forward pass leaves the biases out: z = h Wᵀ + b and z_g = h W_gᵀ + b_g. They move c and g, and with them all slopes."),
        Mistake("Wᵀ for W", dict(back=np.transpose), "You go back through the transposes of W and W_g. Forward is z = h Wᵀ, so back is δ W. They are square, so numpy cannot notice."),
        Mistake("z = h W", _columns_out, "Your layer is z = h W, with columns as outputs. Here the rows of W and W_g are outputs: z = h Wᵀ, δ W and δᵀ h. They are square, so numpy cannot notice."),
        Mistake("dW with the candidate", dict(inputs=lambda h, c: c), "Your dW and dW_g multiply by c. What comes into both weights is h: dW = δᵀ h."),
        Mistake("weight gradients averaged", dict(collect=np.mean, weigh=lambda dW, N: dW / N), "Your weight and bias gradients are divided by N. The 1/N of the mean is already in dout."),
        Mistake("bias gradients averaged", dict(collect=np.mean), "Your db and db_g are means over the batch. A bias is added to every row, so its gradient is the sum."),
        Mistake("bias gradients not summed", dict(collect=lambda a, axis: a), "Your db and db_g still have one row per example. The same bias is added to every row: sum over axis 0."),
    ),
    hints=(
        "h reaches h' on four paths: through the candidate, straight on with weight 1 − g, and twice through the gate, as it lets c in and as it shuts h out.",
        "Treat c, g and h in h' = g ⊙ c + (1 − g) ⊙ h as three inputs first. Their gradients are g ⊙ dout, (what?) ⊙ dout and (1 − g) ⊙ dout.",
        "δ = g ⊙ (1 − c²) ⊙ dout; δ_g = (∂h'/∂g) ⊙ g(1 − g) ⊙ dout. Each gives a weight gradient, a bias gradient and a share of dh; the carry is the third share.",
    ),
)  # fmt: skip
