"""Problem set 8, a repair: a ReLU net that one huge step has left for dead; new biases bring it back.

The answer is a list of biases. Whether the units live is measured here: one pass forward and one back, under 1 ms.
"""

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

LOW, HIGH, TILT = 0.2, 0.8, 0.1

# --- revive ----------------------------------------------------------------------------------------


def revive(x, Ws, bs):
    """b_l = −median over the batch of W_l h_{l−1}, layer after layer with the mended signal: every unit is on for half of it."""
    h, new = x, []
    for W in Ws:
        z = h @ W.T
        b = -np.median(z, axis=0)
        new.append(b)
        h = np.maximum(z + b, 0)
    return new


def shares_and_tilt(x, Ws, bs):
    """Of each layer the shares of the batch for which its units are on; and the tilt, from ±1 at the top."""
    h, zs = x, []
    for W, b in zip(Ws, bs, strict=True):
        zs.append(h @ W.T + b)
        h = np.maximum(zs[-1], 0)
    d = np.random.default_rng(0).choice([-1.0, 1.0], size=h.shape) * (zs[-1] > 0)
    sizes = [np.linalg.norm(d)]
    for W, z in zip(Ws[:0:-1], zs[-2::-1], strict=True):
        d = (d @ W) * (z > 0)
        sizes.append(np.linalg.norm(d))
    with np.errstate(all="ignore"):
        tilt = (np.log10(sizes[-1]) - np.log10(sizes[0])) / (len(Ws) - 1)
    return [(z > 0).mean(axis=0) for z in zs], float(np.nan_to_num(tilt, nan=-99.0, neginf=-99.0))


def _measured(output, args):
    """1 or 2 for: some unit is hardly on; some unit is hardly off; the tilt.

    Of a wrong answer also: what would do (2: with the other sign; 3: added to the old biases; 4: in reverse order); counts
    of the units that are hardly on, hardly off; then 2 for: the first layer is in order; all but the last are; some
    biases are as they came; each layer has one for all.
    """
    x, Ws, bs = args
    if isinstance(output, np.ndarray) and output.ndim:
        output = list(output)
    if not isinstance(output, (list, tuple)) or len(output) != len(Ws):
        came = f"a list of {len(output)}" if isinstance(output, (list, tuple)) else describe(output)
        raise TypeError(f"is {came}; expected a list of {len(Ws)} arrays")
    biases = []
    for l, (b, W) in enumerate(zip(output, Ws, strict=True)):
        try:
            b = np.asarray(b, dtype=float)
        except (TypeError, ValueError):
            raise TypeError(
                f"holds {describe(output[l])} for layer {l + 1}; expected an array of {len(W)} numbers"
            ) from None
        if b.shape != (len(W),) or not (np.abs(b) < 1e12).all():
            raise TypeError(f"holds {describe(b)} for layer {l + 1}; expected ({len(W)},), finite numbers")
        biases.append(b)
    found = _asked(x, Ws, biases)
    if max(found) == 1:
        return np.ones(10)
    layers = shares_and_tilt(x, Ws, biases)[0]
    shares = np.concatenate(layers)
    good = [LOW <= layer.min() and layer.max() <= HIGH for layer in layers]
    others = [-b for b in biases], [b + old for b, old in zip(biases, bs, strict=True)], biases[::-1]
    code = next((k for k, other in enumerate(others, start=2) if max(_asked(x, Ws, other)) == 1), 1)
    facts = (
        good[0] and not all(good[:-1]),
        all(good[:-1]) and not good[-1],
        any((b == old).any() for b, old in zip(biases, bs, strict=True)),
        all(np.ptp(b) == 0 for b in biases),
    )
    return np.array(
        [*found, code, 2.0 + (shares < LOW).sum(), 2.0 + (shares > HIGH).sum(), *np.add(facts, 1)]
    )


def _asked(x, Ws, biases):
    shares, tilt = shares_and_tilt(x, Ws, biases)
    shares = np.concatenate(shares)
    return 1.0 + (shares.min() < LOW), 1.0 + (shares.max() > HIGH), 1.0 + (abs(tilt) > TILT)


def _cases(rng):
    """Most units of each layer were pushed far below 0, some far above."""
    cases = []
    for N, D, H, L in ((60, 20, 32, 6), (75, 40, 36, 9)):
        widths = [D, *[H] * L]
        Ws = [np.sqrt(2 / n) * rng.normal(size=(m, n)) for n, m in zip(widths, widths[1:], strict=False)]
        bs = [rng.choice([-6.0, -3.0, 4.0], p=[0.4, 0.3, 0.3], size=len(W)) for W in Ws]
        cases.append(Case((rng.normal(size=(N, D)) + 0.5, Ws, bs), (f"{L} layers",)))
    return cases


def _is(place, code=2.0):
    return lambda args, outputs: float(next(iter(outputs.values()))[place] == code)


def _only_the_tilt(args, outputs):
    low, high, tilt = next(iter(outputs.values()))[:3]
    return float(tilt == 2.0 and low == high == 1.0)


REVIVE = Problem(
    name="ps8.revive",
    reference=revive,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("with the other sign they would do", _is(3), "With the other sign your biases would do."),
        Invariant("added to the old ones they would do", _is(3, 3.0), "Added to the biases that came, yours would do. Asked for are the new biases themselves, old ones included."),
        Invariant("in reverse order they would do", _is(3, 4.0), "In reverse order your biases would do. Entry 0 belongs to Ws[0]."),
        Invariant("one for the layer", _is(9), "All units of a layer have the same bias in your answer. They have middles of their own."),
        Invariant("some as they came", _is(8), "Some of your biases are those that came. Units that were alive in the broken net see another input in the mended one, and some that are not dead are on for all."),
        Invariant("last layer", _is(7), "All of your layers but the last are in order."),
        Invariant("first layer", _is(6), "Your first layer is in order, and some layer above it is not. What do the units there see: the signal that your mended layers below send?"),
        Invariant("a unit hardly on", _is(0), "Some unit is on for less than 20 % of the batch. Look layer by layer: which is the first?"),
        Invariant("a unit hardly off", _is(1), "Some unit is on for more than 80 % of the batch: it is next to linear."),
        Invariant("only the tilt", _only_the_tilt, "Every unit is on for 20 % to 80 % of the batch, but the tilt is beyond ±0.1. Layers that are on for more than half of it, all of them, let more than half of the gradient through; less, less."),
    ),
    mistakes=(
        Mistake("as they came", lambda x, Ws, bs: [b.copy() for b in bs], "You return the biases as they came."),
        Mistake("zeros", lambda x, Ws, bs: [0 * b for b in bs], "You set all biases to 0. The inputs of a ReLU layer are all positive, so units with mostly negative weights stay off and others stay on."),
        Mistake("large", lambda x, Ws, bs: [0 * b + 10 for b in bs], "You push all units far above 0. None is dead then, and none is a ReLU any more: the net is linear."),
        Mistake("measured in the broken net", edit("z + b", "z + bs[len(new) - 1]"), "You measured all layers in the net as it came. Once a layer is mended, all above it see another input."),
        Mistake("measured without biases", edit("z + b", "z"), "You measured the layers above without any biases below. What they see is what the mended layers send, bias included."),
        Mistake("layers below without their activation and bias", edit("np.maximum(z + b, 0)", "z"), "You measured the layers above without biases and without max(…, 0) below. What they see is what the mended layers send."),
        Mistake("absolute value below", edit("np.maximum(z + b, 0)", "np.abs(z + b)"), "You went on with |z| in place of max(z, 0), so every layer above was measured at inputs that it never sees."),
        Mistake("tanh below", edit("np.maximum(z + b, 0)", "np.tanh(z + b)"), "You went on with tanh(z). This is a ReLU net: what the layers above see is max(z, 0)."),
        Mistake("first layer only", edit("new.append(b)", "new.append(b if not new else bs[len(new)].copy())"), "You mend the first layer alone; the others keep the biases that came. Every layer was pushed."),
        Mistake("dead units only", edit("new.append(b)", "b = np.where(((z + bs[len(new)]) <= 0).all(axis=0), b, bs[len(new)])\n        new.append(b)"), "You mend the units that are off for the whole batch; the others keep what came. Units that are on for all of it, or hardly on, need a bias as well."),
        Mistake("mean, in the broken net", edit("z + b", "z + bs[len(new) - 1]", "np.median(z, axis=0)", "z.mean(axis=0)"), "You measured all layers in the net as it came. Once a layer is mended, all above it see another input."),
        Mistake("middle of h", edit("median(z,", "median(np.maximum(z, 0),"), "You took the middle of max(z, 0). Where z is mostly below 0 that is 0, and the unit stays off."),
        Mistake("divided by the spread", edit("np.median(z, axis=0)", "z.mean(axis=0) / z.std(axis=0)"), "You divide by the spread of z. A bias has the units of z."),
        Mistake("spread for the middle", edit("np.median(z, axis=0)", "z.std(axis=0) / 2"), "Your biases know the spread of z and not its middle."),
        Mistake("midrange", edit("np.median(z, axis=0)", "(z.max(axis=0) + z.min(axis=0)) / 2"), "You took the middle between the largest and the smallest z. One outlier moves that far; half of the examples are on each side of another one."),
        Mistake("half of the middle", edit("-np.median", "-0.5 * np.median"), "Your biases are half as large as the middle of z."),
        Mistake("twice the middle", edit("-np.median", "-2 * np.median"), "Your biases are twice as large as the middle of z."),
        Mistake("middle of |z|", edit("median(z,", "median(np.abs(z),"), "You took the middle of |z|. The sign of z is what the unit asks about."),
        Mistake("mean of max(z, 0)", edit("np.median(z, axis=0)", "np.maximum(z, 0).mean(axis=0)"), "You took the mean of max(z, 0). Where z is mostly below 0 that is far from its middle."),
        Mistake("three examples", edit("median(z,", "median(z[:3],"), "You took the middle of the first three examples. The whole batch counts."),
        Mistake("ten examples", edit("median(z,", "median(z[:10],"), "You took the middle of the first ten examples. The whole batch counts."),
        Mistake("on for 10 %", edit("np.median(z, axis=0)", "np.quantile(z, 0.9, axis=0)"), "Your units are on for about 10 % of the batch."),
        Mistake("on for 90 %, old bias left in", edit("np.median(z, axis=0)", "np.quantile(z + bs[len(new)], 0.1, axis=0)"), "Your units would be on for about 90 % of the batch, and you measured z with the old bias in it. The new one takes its place."),
        Mistake("on for 10 %, old bias left in", edit("np.median(z, axis=0)", "np.quantile(z + bs[len(new)], 0.9, axis=0)"), "Your units would be on for about 10 % of the batch, and you measured z with the old bias in it. The new one takes its place."),
        Mistake("mean, old bias left in", edit("np.median(z, axis=0)", "(z + bs[len(new)]).mean(axis=0)"), "You took the middle of z with the old bias in it. The new one takes its place, it does not come on top."),
        Mistake("added to the old", edit("-np.median(z, axis=0)", "bs[len(new)] - np.median(z, axis=0)"), "You add what would do to the old bias. z was measured without it, so the new one takes its place."),
        Mistake("old bias left in", edit("median(z,", "median(z + bs[len(new)],"), "You took the middle of z with the old bias in it. The new one takes its place, it does not come on top."),
        Mistake("sign", edit("-np.median", "np.median"), "Your biases have the wrong sign: they push every unit further to the side where it is."),
        Mistake("one number per layer", edit("np.median(z, axis=0)", "np.median(z) * np.ones(len(W))"), "You give all units of a layer one bias. They have middles of their own."),
        Mistake("one mean per layer", edit("np.median(z, axis=0)", "z.mean() * np.ones(len(W))"), "You give all units of a layer one bias, the mean of all z. They have middles of their own."),
        Mistake("mean of the examples' middles", edit("np.median(z, axis=0)", "np.median(z, axis=1).mean() * np.ones(len(W))"), "You take the middle over the units of each example, then one number for the layer. Axis 0 runs over the batch: one middle for each unit."),
        Mistake("middle of the units' middles", edit("np.median(z, axis=0)", "np.median(np.median(z, axis=0)) * np.ones(len(W))"), "You give all units of a layer one bias, the middle of their middles. Each has its own."),
        Mistake("largest", edit("np.median(z, axis=0)", "z.max(axis=0)"), "Your units are off for all of the batch or nearly so: the bias takes away one of the largest z."),
        Mistake("smallest", edit("np.median(z, axis=0)", "z.min(axis=0)"), "Your units are on for all of the batch, or for 90 % of it: the bias takes away one of the smallest z."),
        Mistake("activation forgotten", edit("np.maximum(z + b, 0)", "z + b"), "You went on with z in place of max(z, 0), so every layer above was measured at inputs that it never sees."),
        Mistake("last layer first", edit("return new", "return new[::-1]"), "Your list starts with the last layer. Entry 0 belongs to Ws[0]."),
    ),
    hints=(
        "For which bias is a unit on for half of the batch? Ask it of one unit with five numbers z on paper.",
        "One layer after the other: the batch, through what is mended already, gives z without any bias, an (N, H) array. What is its middle, unit by unit?",
        "A unit is on where z without bias is above −b. Which number has half of its z above it? The next layer then sees what comes out of this one with its new bias.",
    ),
)  # fmt: skip
