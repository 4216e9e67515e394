"""Problem set 8, a repair: a ReLU net that one huge step has left for dead; new biases bring it back.

The answer is a list of biases. Whether the units live is measured here: one pass forward and one back, under 1 ms.
"""

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

LOW, HIGH, TILT = 0.2, 0.8, 0.1

# --- revive ----------------------------------------------------------------------------------------


def revive(x, Ws, bs):
    """b_l = −median over the batch of W_l h_{l−1}, layer after layer with the mended signal: every unit is on for half of it."""
    return _revive(x, Ws, bs)


def _revive(
    x,
    Ws,
    bs,
    *,
    middle=lambda z: np.median(z, axis=0),
    sign=-1.0,
    mended=True,
    add=False,
    activated=lambda z: np.maximum(z, 0),
    order=1,
):
    """revive with exchangeable parts."""
    h, out = x, []
    for W, b in zip(Ws, bs, strict=True):
        z = h @ W.T
        new = sign * middle(z + b if add else z) + np.zeros(len(W))
        out.append(new)
        h = activated(z + (new if mended else b))
    return out[::order]


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
    """1 or 2 for: some unit is hardly on; some unit is hardly off; the tilt. Of a wrong answer also: would it do with the other sign; counts."""
    x, Ws, _ = args
    if isinstance(output, np.ndarray) and output.ndim == 2:
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
        return np.ones(6)
    shares = np.concatenate(shares_and_tilt(x, Ws, biases)[0])
    turned = max(_asked(x, Ws, [-b for b in biases])) == 1
    return np.array([*found, 1.0 + turned, 2.0 + (shares < LOW).sum(), 2.0 + (shares > HIGH).sum()])


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


def _is_two(place):
    return lambda args, outputs: float(next(iter(outputs.values()))[place]) - 1


REVIVE = Problem(
    name="ps8.revive",
    reference=revive,
    family=_revive,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("with the other sign they would do", _is_two(3), "With the other sign your biases would do."),
        Invariant("a unit hardly on", _is_two(0), "Some unit is on for less than 20 % of the batch. Look layer by layer: which is the first?"),
        Invariant("a unit hardly off", _is_two(1), "Some unit is on for more than 80 % of the batch: it is next to linear."),
        Invariant("the tilt", _is_two(2), "The tilt is beyond ±0.1."),
    ),
    mistakes=(
        Mistake("as they came", lambda x, Ws, bs: [b.copy() for b in bs], "You return the biases as they came."),
        Mistake("zeros", lambda x, Ws, bs: [0 * b for b in bs], "You set all biases to 0. The inputs of a ReLU layer are all positive, so units with mostly negative weights stay off and others stay on."),
        Mistake("large", lambda x, Ws, bs: [0 * b + 10 for b in bs], "You push all units far above 0. None is dead then, and none is a ReLU any more: the net is linear."),
        Mistake("measured in the broken net", dict(mended=False), "You measured all layers in the net as it came. Once a layer is mended, all above it see another input."),
        Mistake("old bias left in", dict(add=True), "You took the middle of z with the old bias in it. The new one takes its place, it does not come on top."),
        Mistake("sign", dict(sign=1.0), "Your biases have the wrong sign: they push every unit further to the side where it is."),
        Mistake("one number per layer", dict(middle=lambda z: np.median(z)), "You give all units of a layer one bias. They have middles of their own."),
        Mistake("largest", dict(middle=lambda z: z.max(axis=0)), "Your units are off for the whole batch: the bias takes away the largest z."),
        Mistake("smallest", dict(middle=lambda z: z.min(axis=0)), "Your units are on for nearly the whole batch: the bias takes away the smallest z."),
        Mistake("activation forgotten", dict(activated=lambda z: z), "You went on with z in place of max(z, 0), so every layer above was measured at inputs that it never sees."),
        Mistake("last layer first", dict(order=-1), "Your list starts with the last layer. Entry 0 belongs to Ws[0]."),
    ),
    hints=(
        "For which bias is a unit on for half of the batch? Ask it of one unit with five numbers z on paper.",
        "One layer after the other: the batch, through what is mended already, gives z without any bias, an (N, H) array. What is its middle, unit by unit?",
        "z = h Wᵀ, b = −median(z, axis=0), then h = max(z + b, 0), and on to the next layer.",
    ),
)  # fmt: skip
