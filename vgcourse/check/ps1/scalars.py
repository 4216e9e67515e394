"""Problem set 1 on single numbers: derivatives of activations, four weights, five factors."""

import numpy as np

from vgcourse.activations import ACTIVATIONS, LEAKY_SLOPE, maxout_derivative, sigmoid
from vgcourse.check.problem import Case, Convention, Mistake, Problem

# --- activation_derivative -------------------------------------------------------------------------


def activation_derivative(name, z):
    """f'(z) for one of seven activations; maxout takes the largest of the pieces on the last axis."""
    return maxout_derivative(z) if name == "maxout" else ACTIVATIONS[name].derivative(z)


def _activation_cases(rng):
    cases = []
    for name in ACTIVATIONS:
        z = np.concatenate([3 * rng.standard_normal(9), [0.0, 25.0, -25.0]])
        cases.append(Case((name, z.reshape(3, 4)), (name,)))
    return [*cases, Case(("maxout", rng.standard_normal((4, 3, 5))), ("maxout",))]


def _instead(**wrong):
    """A formula that is wrong for the named activations and right for the others."""
    return lambda name, z: wrong[name](z) if name in wrong else activation_derivative(name, z)


def _derivative_of_activation(name, z):
    """f' taken at f(z) in place of z."""
    if name == "maxout":
        return maxout_derivative(z)
    return ACTIVATIONS[name].derivative(ACTIVATIONS[name].function(z))


def _activation_itself(name, z):
    return z * maxout_derivative(z) if name == "maxout" else ACTIVATIONS[name].function(z)


def _at_zero(value):
    return _instead(
        relu=lambda z: np.where(z == 0, value, ACTIVATIONS["relu"].derivative(z)),
        leaky_relu=lambda z: np.where(z == 0, value or LEAKY_SLOPE, ACTIVATIONS["leaky_relu"].derivative(z)),
    )


ACTIVATION_DERIVATIVE = Problem(
    name="ps1.activation_derivative",
    reference=activation_derivative,
    cases=_activation_cases,
    points=4,
    lecture='lecture 1, "Four weights, one long product", equation (1.4)',
    conventions=(
        Convention("derivative 1 at the kink", _at_zero(1.0), "At z = 0 you take f' = 1 for ReLU. Any value there is a choice; the course takes the left one."),
        Convention("derivative ½ at the kink", _at_zero(0.5), "At z = 0 you take f' = ½ for ReLU. Any value there is a choice; the course takes the left one."),
    ),
    mistakes=(
        Mistake("f' of the activation", _derivative_of_activation, "You take f' at h = f(z). The derivative is asked for at z: f'(z), not f'(f(z))."),
        Mistake("the activation itself", _activation_itself, "This is f(z), not its derivative f'(z)."),
        Mistake("1 − z²", _instead(tanh=lambda z: 1 - z**2), "1 − z² is tanh' only if z already is the tanh: tanh'(z) = 1 − tanh²(z)."),
        Mistake("1 − tanh", _instead(tanh=lambda z: 1 - np.tanh(z)), "tanh' is 1 − tanh², with a square."),
        Mistake("z(1 − z)", _instead(sigmoid=lambda z: z * (1 - z)), "z(1 − z) is σ' only if z already is the sigmoid: σ'(z) = σ(z)(1 − σ(z))."),
        Mistake("1 − σ", _instead(sigmoid=lambda z: sigmoid(-z)), "σ' is a product of two factors, σ(z) and 1 − σ(z). The first is missing."),
        Mistake("mask on the wrong side", _instead(relu=lambda z: (z < 0) * 1.0), "The ReLU lets the gradient through where z > 0; you let it through where z < 0."),
        Mistake("leak forgotten", _instead(leaky_relu=lambda z: (z > 0) * 1.0), "On the negative side the leaky ReLU has slope 0.01, not 0: that is its whole point."),
        Mistake("leak times z", _instead(leaky_relu=lambda z: np.where(z > 0, 1.0, LEAKY_SLOPE * z)), "On the negative side you return 0.01·z, which is the value. Its derivative is 0.01."),
        Mistake("elu value on the left", _instead(elu=lambda z: np.where(z > 0, 1.0, np.expm1(np.minimum(z, 0)))), "On the negative side you return e^z − 1, which is the ELU's value. Its derivative is e^z."),
        Mistake("elu without its branch", _instead(elu=np.exp), "e^z is the ELU's slope on the negative side only. Where z > 0 it is 1."),
        Mistake("elu taken for relu", _instead(elu=lambda z: (z > 0) * 1.0), "On the negative side the ELU is e^z − 1, not 0. Its derivative there is e^z."),
        Mistake("softplus taken for sigmoid", _instead(softplus=lambda z: sigmoid(z) * sigmoid(-z)), "The derivative of softplus is σ(z) itself. You return σ'(z), the second derivative."),
        Mistake("softplus sign", _instead(softplus=lambda z: sigmoid(-z)), "You return 1/(1 + e^z), which is σ(−z). The derivative of softplus is σ(z) = 1/(1 + e^(−z))."),
        Mistake("inner derivative only", _instead(softplus=lambda z: np.exp(z)), "You return e^z, the inner derivative. The outer one, 1/(1 + e^z), is missing."),
        Mistake("every piece counted", _instead(maxout=np.ones_like), "Only the piece that wins the maximum gets a derivative; you give 1 to every piece."),
        Mistake("largest by size", _instead(maxout=lambda z: maxout_derivative(np.abs(z))), "You pick the piece with the largest size |z|. Maxout takes the largest value z."),
        Mistake("maximum over the units", _instead(maxout=lambda z: np.swapaxes(maxout_derivative(np.swapaxes(z, 1, 2)), 1, 2)), "You take the maximum over the units. The K pieces lie on the last axis."),
    ),
    hints=(
        "Every one of these is a function of z alone: differentiate f by hand first, then write what you got.",
        "σ' = σ(1 − σ), tanh' = 1 − tanh². The three units of the ReLU family are two straight or smooth pieces, so np.where(z > 0, …, …) does it.",
        "softplus is log(1 + e^z): its derivative is e^z/(1 + e^z), which you know under another name. For maxout compare z with z.max(axis=-1, keepdims=True).",
    ),
)  # fmt: skip


# --- four_weight_net -------------------------------------------------------------------------------


def _four_weights(
    x, y, w, slope=lambda z: sigmoid(z) * sigmoid(-z), carry=None, residual=None, inputs=None, above=1
):
    """Loss and four gradients of net (1.3), with its parts exchangeable for the mistakes."""
    h, z = [x], []
    for weight in w[:3]:
        z.append(weight * h[-1])
        h.append(sigmoid(z[-1]))
    y_hat = w[3] * h[3]
    delta = 2 * (y_hat - y) if residual is None else residual(y_hat, y)
    local = h if inputs is None else inputs(h, y_hat)
    grads = [delta * local[3]]
    for layer in (2, 1, 0):
        factor = w[layer + above] if carry is None else carry
        delta = delta * factor * slope(z[layer])
        grads.append(delta * local[layer])
    return ((y_hat - y) ** 2, *grads[::-1])


def four_weight_net(x, y, w):
    """L = (ŷ − y)² of the net (1.3) and its gradient by w₁ … w₄, equation (1.7)."""
    return _four_weights(x, y, w)


def _four_weight_cases(rng):
    cases = []
    while len(cases) < 3:
        # not so large that 1 − σ(z) cancels, nor ŷ near y: both would cost single precision its digits
        x, y, *w = rng.uniform(0.4, 2, size=6) * rng.choice([-1, 1], size=6)
        args = (float(x), float(y), np.array(w))
        if four_weight_net(*args)[0] > 0.1:
            cases.append(Case(args, ("loss", "dw1", "dw2", "dw3", "dw4")))
    return cases


FOUR_WEIGHT_NET = Problem(
    name="ps1.four_weight_net",
    reference=four_weight_net,
    family=_four_weights,
    cases=_four_weight_cases,
    points=3,
    lecture='lecture 1, "Four weights, one long product", equation (1.7)',
    mistakes=(
        Mistake("σ' missing", dict(slope=lambda z: 1.0), "The factors σ'(z) are missing: each time the path passes a sigmoid it is multiplied by σ'."),
        Mistake("σ' of the activation", dict(slope=lambda z: sigmoid(sigmoid(z)) * sigmoid(-sigmoid(z))), "You take σ' at h = σ(z). In (1.6) it is σ'(z), at the pre-activation: h(1 − h), or σ(z)σ(−z)."),
        Mistake("the 2 is missing", dict(residual=lambda a, b: a - b), "The derivative of (ŷ − y)² is 2(ŷ − y): the factor 2 is missing."),
        Mistake("half of the square", lambda x, y, w: tuple(value / 2 for value in four_weight_net(x, y, w)), "You use ½(ŷ − y)², loss and gradient. Many books do; the loss of this net is (ŷ − y)², without the ½."),
        Mistake("sign of ŷ − y", dict(residual=lambda a, b: 2 * (b - a)), "The sign is flipped: the derivative of (ŷ − y)² by ŷ is 2(ŷ − y), not 2(y − ŷ)."),
        Mistake("weights on the path missing", dict(carry=1.0), "The path back passes through the weights too: ∂h_l/∂h_{l−1} = σ'(z_l)·w_l, equation (1.6). Your product has only the σ'."),
        Mistake("weights of the layer below", dict(above=0), "Your path goes back from layer l through w_l. It goes back through w_{l+1}, the weight that h_l met on the way forward."),
        Mistake("output instead of input", dict(inputs=lambda h, y_hat: [*h[1:], y_hat]), "The last factor of ∂L/∂w_l is what comes into layer l, h_{l−1}. You multiply by what comes out of it."),
        Mistake("sigmoid at the output", dict(residual=lambda a, b: 2 * (a - b) * sigmoid(a) * sigmoid(-a)), "The output ŷ = w₄h₃ is linear: there is no σ' at the last layer."),
    ),
    hints=(
        "Walk back from the loss. Each weight's gradient is the signal that arrives at its layer times what came into that layer.",
        "Four numbers: ∂L/∂ŷ = 2(ŷ − y); ∂L/∂w₄ has two factors, ∂L/∂w₃ four, ∂L/∂w₂ six, ∂L/∂w₁ eight.",
        "∂L/∂w₃ = 2(ŷ − y) · w₄ · σ'(z₃) · h₂. For w₂ replace the last factor h₂ by w₃ · σ'(z₂) · h₁, and so on.",
    ),
)  # fmt: skip


# --- five_factors ----------------------------------------------------------------------------------

FACTOR_NAMES = ("dL_dy", "dy_dz2", "dz2_dh", "dh_dz1", "dz1_dw0")


def _factors(x, t, w0, w1):
    h = sigmoid(w0 * x)
    z2 = w1 * h
    y = sigmoid(z2)
    slope1, slope2 = sigmoid(w0 * x) * sigmoid(-w0 * x), sigmoid(z2) * sigmoid(-z2)
    return [(y - t) / (y * (1 - y)), slope2, np.full_like(x, w1), slope1, x.copy()], h, y, z2


def five_factors(x, t, w0, w1):
    """The five factors of ∂L/∂w₀ for every example, and their product's mean: equation (1.10)."""
    factors, *_ = _factors(x, t, w0, w1)
    return (*factors, np.prod(factors, axis=0).mean())


def _with_factors(change, mean=lambda factors: np.prod(factors, axis=0).mean()):
    def formula(x, t, w0, w1):
        factors, h, y, z2 = _factors(x, t, w0, w1)
        for number, value in change(x, t, w0, w1, h, y, z2).items():
            factors[number] = np.broadcast_to(value, x.shape)
        return (*factors, mean(factors))

    return formula


def _broadcast_factors(output, args):
    """A factor that is the same for every example may be given as one number."""
    if not isinstance(output, (tuple, list)) or len(output) != 6:
        return output
    as_rows = [np.full(args[0].shape, f) if isinstance(f, (int, float, np.number)) or (isinstance(f, np.ndarray) and f.ndim == 0) else f for f in output[:5]]  # fmt: skip
    return (*as_rows, output[5])


def _slope(z):
    return sigmoid(z) * sigmoid(-z)


FIVE_FACTORS = Problem(
    name="ps1.five_factors",
    reference=five_factors,
    cases=lambda rng: [
        Case(
            (rng.normal(size=n) * 1.5, rng.integers(0, 2, n).astype(float), *map(float, rng.normal(size=2) * 2)),
            (*FACTOR_NAMES, "dw0"),
            batch=n,
        )
        for n in (5, 3)
    ],
    adapt=_broadcast_factors,
    points=4,
    lecture='lecture 1, "Five factors", equation (1.10)',
    mistakes=(
        Mistake("sign of the loss", _with_factors(lambda x, t, w0, w1, h, y, z2: {0: (t - y) / (y * (1 - y))}), "∂L/∂y has the wrong sign: with the minus in front of the cross-entropy it is (y − t)/(y(1 − y))."),
        Mistake("merged too early", _with_factors(lambda x, t, w0, w1, h, y, z2: {0: y - t}), "y − t is already the product of the first two factors, equation (1.11). With σ'(z₂) as a factor of its own it is counted twice."),
        Mistake("half of the cross-entropy", _with_factors(lambda x, t, w0, w1, h, y, z2: {0: -t / y}), "The loss has two logarithms; you differentiate only t log y. The other term adds (1 − t)/(1 − y)."),
        Mistake("squared error", _with_factors(lambda x, t, w0, w1, h, y, z2: {0: 2 * (y - t)}), "Your first factor is that of the squared error, 2(y − t). The loss is the cross-entropy, whose derivative has y(1 − y) in its denominator."),
        Mistake("σ' of the activation", _with_factors(lambda x, t, w0, w1, h, y, z2: {1: _slope(y), 3: _slope(h)}), "You take σ' at the activation. The factors are σ'(z₂) and σ'(z₁); with activations at hand write y(1 − y) and h(1 − h)."),
        Mistake("σ' missing", _with_factors(lambda x, t, w0, w1, h, y, z2: {1: 1.0, 3: 1.0}), "∂y/∂z₂ and ∂h/∂z₁ are not 1: the derivative of a sigmoid is σ(1 − σ), at most ¼."),
        Mistake("h in place of w₁", _with_factors(lambda x, t, w0, w1, h, y, z2: {2: h}), "z₂ = w₁h. Its derivative by h is w₁; you return h, the derivative by w₁."),
        Mistake("w₀ in place of x", _with_factors(lambda x, t, w0, w1, h, y, z2: {4: w0}), "z₁ = w₀x. Its derivative by w₀ is x; you return w₀, the derivative by x."),
        Mistake("summed, not averaged", _with_factors(lambda *a: {}, lambda f: np.prod(f, axis=0).sum()), "dw0 is the sum over the examples. The loss (1.8) has 1/N in front, so its gradient is a mean."),
        Mistake("product of means", _with_factors(lambda *a: {}, lambda f: np.prod(np.mean(f, axis=1))), "You average each factor and then multiply. Multiply first, example by example, and average the products."),
        Mistake("1/N twice", _with_factors(lambda x, t, w0, w1, h, y, z2: {0: (y - t) / (y * (1 - y)) / len(x)}), "The factor dL_dy already holds a 1/N, and dw0 takes the mean again. The factors belong to one example each."),
    ),
    hints=(
        "Follow x forward through z₁, h, z₂, y to L, and write down the derivative of each step by the one before it. There are five steps.",
        "Each factor has shape (N,). Two of them are σ' and lie between 0 and ¼; one is a weight, one is the input.",
        "dL_dy = (y − t)/(y(1 − y)) and dy_dz2 = y(1 − y). dw0 is np.mean of the product of all five.",
    ),
)  # fmt: skip
