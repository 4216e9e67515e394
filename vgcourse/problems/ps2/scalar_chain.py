"""Problem set 2 on a chain of single units: one factor a layer, and the gradients that their products make."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps2.numbers import number_at


def scalar_chain(h0, w, b):
    """h_l = s(w_l h_{l−1} + b_l) with softsign s(z) = z/(1 + |z|): h_L, the factors a_l = s'(z_l) w_l,

    dw_l = ∂h_L/∂w_l = a_L … a_{l+1} s'(z_l) h_{l−1} and db_l = ∂h_L/∂b_l, the same without h_{l−1}; l = 1 … L.
    """
    hs, zs = [h0], []
    for l in range(len(w)):
        zs.append(w[l] * hs[-1] + b[l])
        hs.append(softsign(zs[-1]))
    slopes = softsign_slope(zs)
    factors = slopes * w
    dw, db, down = np.zeros(len(w)), np.zeros(len(w)), 1.0
    for l in reversed(range(len(w))):
        dz = down * slopes[l]
        dw[l] = dz * hs[l]
        db[l] = dz
        down = down * factors[l]
    return hs[-1], factors, dw, db


def softsign(z):
    """z/(1 + |z|)."""
    return z / (1 + np.abs(z))


def softsign_slope(z):
    """1/(1 + |z|)²."""
    return 1 / (1 + np.abs(z)) ** 2


def _cases(rng):
    cases = []
    for L in (5, 4, 1, 3):
        w = rng.uniform(0.7, 2.5, size=L) * rng.choice([-1, 1], size=L)
        b = rng.uniform(0.2, 0.8, size=L) * rng.choice([-1, 1], size=L)
        if L == 3:  # whole numbers, a type that holds no gradient
            w, b = np.round(2 * w).astype(int), rng.integers(-1, 2, size=L)
        if L == 4:
            w[2] = 0.0  # who divides by a factor gets NaN
        h0 = float(rng.uniform(0.4, 1.2))
        hs = [h0]
        for weight, shift in zip(w, b, strict=True):
            hs.append(softsign(weight * hs[-1] + shift))
        if min(map(abs, hs)) < 0.05 or (L > 1 and (scalar_chain(h0, w, b)[1] < 0).sum() in (0, L)):
            return _cases(rng)  # no signal near 0, signs of both kinds
        cases.append(Case((h0, w, b), ("h", "factors", "dw", "db")))
    return cases


def _fit(args, out):
    """∂h_L/∂b_l w_l = a_l ∂h_L/∂h_l, and the same for the layer above."""
    _, w, _ = args
    a, db = np.asarray(out["factors"], dtype=float), np.asarray(out["db"], dtype=float)
    return relative_error(db * w, np.cumprod(a[::-1])[::-1])


SCALAR_CHAIN = Problem(
    name="ps2.scalar_chain",
    reference=scalar_chain,
    cases=_cases,
    adapt=number_at(0),
    points=4,
    lecture='lecture 3, "Depth"',
    flow=("h", "factors", "db"),
    axes={"factors": ("layer",), "dw": ("layer",), "db": ("layer",)},
    invariants=(
        Invariant("db belongs to the factors", _fit, "Your db does not belong to your factors. db_l is the product of all factors above layer l, times that layer's own slope; times w_l it is the product from a_l up."),
    ),
    mistakes=(
        Mistake("tanh units", edit("softsign(zs[-1])", "np.tanh(zs[-1])", "softsign_slope(zs)", "1 - np.square(hs[1:])"), "Your units are tanhs. Here they are softsigns, z/(1 + |z|)."),
        Mistake("tanh on the way forward", edit("softsign(zs[-1])", "np.tanh(zs[-1])"), "On the way forward your units are tanhs, while your slopes are those of softsign. Here s(z) = z/(1 + |z|)."),
        Mistake("modulus missing on the way forward", edit("softsign(zs[-1])", "zs[-1] / (1 + zs[-1])"), "Your units are z/(1 + z), without a modulus: for negative z that is another function, with a pole at −1."),
        Mistake("s' missing", edit("softsign_slope(zs)", "np.ones_like(w)"), "Your factors are the weights. A step is s(w h + b), so its factor is s'(z) w."),
        Mistake("weight missing", edit(" = slopes * w", " = slopes"), "Your factors are s'(z_l) alone. The step passes the weight too."),
        Mistake("s' of the activation", edit("softsign_slope(zs)", "softsign_slope(hs[1:])"), "You take s' at h_l = s(z_l). It belongs at z_l."),
        Mistake("square missing", edit("softsign_slope(zs)", "1 / (1 + np.abs(zs))"), "Your slope is 1/(1 + |z|). The quotient rule leaves a square: try z > 0, where s = z/(1 + z)."),
        Mistake("gradients cut to whole numbers", edit("np.zeros(len(w)), np.zeros(len(w))", "np.zeros_like(w), np.zeros_like(w)"), "Your gradients are cut to whole numbers where the weights are whole numbers. An array made like w, as by np.zeros_like(w), has its type: make one of floats."),
        Mistake("slope of arctan", edit("softsign_slope(zs)", "1 / (1 + np.square(zs))"), "Your slope is 1/(1 + z²), that of arctan. Softsign has the whole of 1 + |z| squared."),
        Mistake("modulus missing", edit("softsign_slope(zs)", "1 / (1 + np.array(zs)) ** 2"), "Your slope has 1 + z where 1 + |z| belongs: for negative z it comes out too large."),
        Mistake("slope of tanh", edit("softsign_slope(zs)", "1 - np.square(hs[1:])"), "1 − h² is the slope of tanh. For softsign start from z/(1 + |z|)."),
        Mistake("s for s'", edit("softsign_slope(zs)", "np.array(hs[1:])"), "Your factors hold h_l = s(z_l) in place of the derivative s'(z_l)."),
        Mistake("bias left out", edit(" + b[l]", ""), "You leave the bias out of z. It is in no factor, but it moves z and with it the slopes."),
        Mistake("no activation on the way forward", edit("softsign(zs[-1])", "zs[-1]"), "On the way forward your signal does not pass s: the next layer sees h_l, not z_l."),
        Mistake("weight of the next layer", edit("slopes * w", "slopes * np.roll(w, -1)"), "You pair s'(z_l) with w_{l+1}. The step from h_{l−1} to h_l holds w_l and s'(z_l)."),
        Mistake("own factor in the product", edit("dz = down", "dz = down * factors[l]"), "A gradient of yours holds one factor too many. A weight acts on z_l: from there on up come s'(z_l) and the factors of the layers above, not a_l itself."),
        Mistake("next factor skipped", edit("down = down * factors[l]", "down = down * (factors[l + 1] if l + 1 < len(w) else 1.0)"), "In your dw and db the factor of the layer next above is missing: from z_l on come s'(z_l) and then all factors from layer l + 1 up."),
        Mistake("products from the bottom", edit("reversed(range(len(w)))", "range(len(w))"), "You multiply the factors below layer l. A gradient comes down from the top: the factors above."),
        Mistake("products up to the layer", edit("reversed(range(len(w)))", "range(len(w))", "down * slopes[l]", "down * factors[l]"), "Your db_l is the product of the factors up to layer l, ∂h_l/∂h_0. What b_l moves is h_L: the layer's own slope and all factors above."),
        Mistake("product of all", edit("dz = down * slopes[l]", "dz = np.prod(factors)"), "Your dw and db hold the product of all factors, whatever the layer. w_l and b_l act from layer l on: the factors below it are not on their way."),
        Mistake("input for the weight in factors", edit("hs[-1], factors", "hs[-1], slopes * hs[:-1]"), "Your factors hold h_{l−1} where the weight belongs: that is ∂h_l/∂w_l. If h_{l−1} moves, w_l is what multiplies it."),
        Mistake("sign in the slope", edit("softsign_slope(zs)", "softsign_slope(zs) * np.sign(zs)"), "Your slopes carry the sign of z. Softsign rises on both sides: s'(z) is never negative."),
        Mistake("factors without sign", edit("slopes * w", "slopes * np.abs(w)"), "Your factors have lost their signs. A negative weight makes a negative factor."),
        Mistake("z for h", edit("return hs[-1]", "return zs[-1]"), "Your h is z_L: the last unit's softsign is missing in it."),
        Mistake("sums for products", edit("down = down * factors[l]", "down = factors[l:].sum()"), "You add the factors above a layer. Along one path they multiply."),
        Mistake("power of the mean factor", edit("factors[l]", "factors.mean()"), "You take powers of the mean factor. A product is not the power of a mean: multiply the factors one by one."),
        Mistake("own slope missing", edit(" * slopes[l]", ""), "In your dw and db the layer's own slope s'(z_l) is missing: w_l and b_l act through z_l, and s comes after it."),
        Mistake("own slope missing in db", edit("db[l] = dz", "db[l] = down"), "In your db the layer's own slope s'(z_l) is missing: b_l acts through z_l, and s comes after it."),
        Mistake("own slope missing in dw", edit("dw[l] = dz", "dw[l] = down"), "In your dw the layer's own slope s'(z_l) is missing: w_l acts through z_l, and s comes after it."),
        Mistake("weight in db", edit("db[l] = dz", "db[l] = dz * w[l]"), "Your db_l holds w_l: it is the product from a_l up. b_l is added behind the weight, so of its own layer it passes the slope alone."),
        Mistake("weight beside the input in dw", edit("dw[l] = dz", "dw[l] = dz * w[l]"), "Your dw_l holds w_l beside h_{l−1}. z_l = w_l h_{l−1} + b_l moves by h_{l−1} when w_l moves by 1: the weight itself is in no such slope."),
        Mistake("weight for input in dw", edit(" * hs[l]", " * w[l]"), "Your dw_l has w_l where h_{l−1} belongs: that is ∂h_L/∂h_{l−1}. The weight multiplies h_{l−1}, so ∂z_l/∂w_l is h_{l−1}."),
        Mistake("input left out in dw", edit(" * hs[l]", ""), "Your dw equals your db. Moving w_l moves z_l by h_{l−1} times as much as moving b_l does."),
        Mistake("factors above left out", edit("down = down * factors[l]", "down = 1.0"), "The factors of the layers above are missing in a gradient of yours: it is right for the last layer only. What moves h_l has all layers above still before it."),
        Mistake("weights left out on the way down", edit("factors[l]", "slopes[l]"), "Going down to a gradient you multiply the slopes of the layers above without their weights. Each of them contributes a whole factor, a = s'(z) w."),
        Mistake("factors from the top", edit("hs[-1], factors", "hs[-1], factors[::-1]"), "Your factors start with the last layer. The entry for l = 1 comes first."),
        Mistake("products in factors", edit("hs[-1], factors", "hs[-1], np.cumprod(factors)"), "Your factors are products from the bottom up, ∂h_l/∂h_0. Asked for is the factor of each layer alone, ∂h_l/∂h_{l−1}."),
        Mistake("output for input in dw", edit("hs[l]", "hs[l + 1]"), "Your dw has h_l. The weight w_l multiplies what comes in: h_{l−1}."),
        Mistake("pre-activation for input in dw", edit("hs[l]", "zs[l]"), "Your dw has z_l. The weight w_l multiplies what comes in: h_{l−1}."),
        Mistake("h_0 in every dw", edit("hs[l]", "hs[0]"), "Every dw of yours has h_0. Layer l sees h_{l−1}."),
        Mistake("weight divided out", edit("down * slopes[l]", "down * factors[l] / np.float64(w[l])"), "You make a layer's slope by dividing its factor by its weight: 0/0 is NaN where the weight is 0. Keep the slope itself.", alone=True),
        Mistake("whole product divided", edit("dz = down *", "dz = np.prod(factors) / np.cumprod(factors)[l] *"), "You make the factors above a layer as the product of all divided by those up to the layer: 0/0 is NaN where a weight is 0. Multiply down from the top.", alone=True),
        Mistake("slope squared", edit("softsign_slope(zs)", "softsign_slope(zs) ** 2"), "Your slope holds 1/(1 + |z|)⁴: it is squared once too often.", alone=True),
        Mistake("slope of a sigmoid", edit("softsign_slope(zs)", "np.array(hs[1:]) * (1 - np.array(hs[1:]))"), "Your slope is h(1 − h), a sigmoid's. For softsign start from z/(1 + |z|).", alone=True),
        Mistake("slopes one layer off", edit("softsign_slope(zs)", "softsign_slope(hs[:-1])"), "Your slopes are taken at what comes into the layer, h_{l−1}. s acts on z_l.", alone=True),
        Mistake("slope at w", edit("softsign_slope(zs)", "softsign_slope(w)"), "Your slopes are taken at w_l. s acts on z_l = w_l h_{l−1} + b_l.", alone=True),
        Mistake("cubed denominator", edit("softsign_slope(zs)", "1 / (1 + np.abs(zs)) ** 3"), "Your slope is 1/(1 + |z|)³. The quotient rule leaves a square.", alone=True),
        Mistake("bias multiplied", edit("w[l] * hs[-1] + b[l]", "w[l] * (hs[-1] + b[l])"), "Your z is (w h)b or w(h + b). The bias is added behind the weight.", alone=True),
        Mistake("bias subtracted", edit("+ b[l]", "- b[l]"), "Your z is w h − b. The bias is added.", alone=True),
        Mistake("input left out on the way", edit("hs, zs = [h0], []", "hs, zs = [1.0], []"), "Your first layer starts from 1, not from h₀.", alone=True),
        Mistake("weights from the end", edit("w[l] * hs[-1]", "w[len(w) - 1 - l] * hs[-1]"), "Your layers take the weights from the end: w[0] belongs to the first layer.", alone=True),
        Mistake("all activations", edit("return hs[-1]", "return hs[1]"), "Your h is the first layer's. Asked for is the last, h_L.", alone=True),
        Mistake("dw one layer off", edit(", dw, db", ", np.roll(dw, -1), db"), "Your dw is one layer off: each entry stands at its neighbour's place.", alone=True),
        Mistake("gradients from the top", edit(", dw, db", ", dw[::-1], db[::-1]"), "Your dw and db start with the last layer. The entry for l = 1 comes first.", alone=True, whole=True),
        Mistake("dw and db exchanged", edit(", dw, db", ", db, dw"), "Your dw and db are exchanged.", alone=True, whole=True),
        Mistake("sizes of the gradients", edit(", dw, db", ", np.abs(dw), np.abs(db)"), "Your gradients have lost their signs.", alone=True, whole=True),
        Mistake("bias in the factors", edit("factors = slopes * w", "factors = slopes * (w + b)"), "Your factors hold the bias. ∂h_l/∂h_{l−1} = s'(z_l) w_l: the bias is a constant.", alone=True),
        Mistake("factors divided by h", edit("hs[-1], factors", "hs[-1], np.array(hs[1:]) / np.array(hs[:-1])"), "Your factors are h_l/h_{l−1}, a quotient of values. A derivative is the quotient of small changes: s'(z_l) w_l.", alone=True),
        Mistake("next factor alone", edit("down = down * factors[l]", "down = factors[l]"), "Your dw and db hold the factor of the next layer alone. All factors above are on the way to h_L.", alone=True),
        Mistake("a slope too many at the top", edit("np.zeros(len(w)), 1.0", "np.zeros(len(w)), slopes[-1]"), "Your way down starts with the last layer's slope, and takes it again in the first step: start with 1.", alone=True),
        Mistake("a factor too many at the top", edit("np.zeros(len(w)), 1.0", "np.zeros(len(w)), factors[-1]"), "Your way down starts with the last layer's factor, and takes it again: start with 1.", alone=True),
        Mistake("own factor for the signal in dw", edit("dw[l] = dz *", "dw[l] = factors[l] *"), "Your dw is a_l h_{l−1}: nothing of the layers above is in it, and the weight is. It is db_l h_{l−1}.", alone=True),
        Mistake("bias in the factor", edit("factors = slopes * w", "factors = slopes * w + b"), "Your factors are s'(z_l) w_l + b_l. The bias is a constant: its derivative is 0.", alone=True),
        Mistake("input in the factor", edit("factors = slopes * w", "factors = slopes * w * np.array(hs[:-1])"), "Your factors hold h_{l−1} beside the weight. ∂z_l/∂h_{l−1} is the weight alone.", alone=True),
        Mistake("ReLU units", edit("softsign(zs[-1])", "max(zs[-1], 0)"), "On the way forward your units are ReLUs. Here they are softsigns, z/(1 + |z|).", alone=True),
    ),
    hints=(
        "Go forward once and keep z and h of every layer. One number a layer says how h_l moves if h_{l−1} moves a little.",
        "w_l and b_l act on h_L through z_l alone: ∂h_L/∂z_l is the layer's own slope times all factors above. What are ∂z_l/∂w_l and ∂z_l/∂b_l?",
        "Walk down from the top with one number, 1 at first, that holds the factors passed so far. Times the layer's own slope it is db_l. What turns that into dw_l, and which factor does the number take along before it goes on?",
    ),
)  # fmt: skip
