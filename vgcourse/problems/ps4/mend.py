"""Problem set 4, a repair: forty residual blocks whose branches were drawn by wrong rules; one scale for each makes them work.

The answer is a list of scales. Whether the net is well is measured here: one pass forward and one back, 5 ms.
"""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known, off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SHARE = 0.08  # every block has to add at least this much, ‖a r‖/‖h‖
BLOCKS = 40

# --- mend_blocks -----------------------------------------------------------------------------------


def mend_blocks(h, W1s, W2s):
    """a_l = ‖h_{l−1}‖/(√L ‖r_l‖), block after block with the mended signal: each adds 1/L to the mean square, (6.12)."""
    scales, L = [], len(W1s)
    for W1, W2 in zip(W1s, W2s, strict=True):
        r = np.tanh(h @ W1.T) @ W2.T
        a = np.linalg.norm(h) / (np.sqrt(L) * np.linalg.norm(r))
        scales.append(float(a))
        h = h + a * r
    return scales


def signals(h, W1s, W2s, scales):
    """Norms of h_0 … h_L, of a gradient that starts at the top, and every block's share ‖a r‖/‖h‖."""
    norms, shares, tape = [np.linalg.norm(h)], [], []
    for a, W1, W2 in zip(scales, W1s, W2s, strict=True):
        c = np.tanh(h @ W1.T)
        r = a * (c @ W2.T)
        shares.append(np.linalg.norm(r) / norms[-1])
        tape.append((a, W1, W2, c))
        h = h + r
        norms.append(np.linalg.norm(h))
    dh = np.random.default_rng(0).choice([-1.0, 1.0], size=h.shape)
    back = [np.linalg.norm(dh)]
    for a, W1, W2, c in reversed(tape):
        dh = dh + (a * dh @ W2 * (1 - c**2)) @ W1
        back.append(np.linalg.norm(dh))
    return np.array(norms), np.array(back), np.array(shares)


def _spread(norms):
    """ln(largest/smallest), 1 inside a factor e."""
    with np.errstate(all="ignore"):
        spread = np.log(norms.max() / norms.min())
    return max(float(spread), 1.0) if np.isfinite(spread) else 300.0


def _measured(output, args):
    h, W1s, W2s = args
    scales = as_numbers(output, "one number for each block")
    scales = scales.ravel() if scales.size == len(W1s) else scales
    if scales.shape != (len(W1s),):
        raise TypeError(f"has shape {scales.shape}; expected ({len(W1s)},), one number for each block")
    if not (np.abs(scales) < 1e12).all():  # also NaN
        if (rule := _rule(args, scales)) > 1:
            return np.array([300.0, 300.0, 1.0, rule])
        raise TypeError("holds NaN or a number beyond 1e12; expected scales that mend")
    with np.errstate(all="ignore"):
        norms, back, shares = signals(h, W1s, W2s, scales)
        smallest = float(np.nan_to_num(np.min(shares)))
    share = 1.0 if smallest >= (1 - 1e-9) * SHARE else smallest / SHARE  # scales may be made for 0.08 itself
    found = _spread(norms), _spread(back), share
    return np.array([*found, 1.0 if max(found) == min(found) == 1 else _instead(args, scales)])


def _instead(args, scales):
    """What is known of a wrong answer: 2 if it would do in reverse order, 3 if its scales are one number, else its rule."""
    if np.ptp(scales) == 0:
        return 3.0
    with np.errstate(all="ignore"):
        norms, back, shares = signals(*args, scales[::-1])
    fits = _spread(norms) == _spread(back) == 1 and float(np.nan_to_num(np.min(shares))) >= SHARE
    return 2.0 if fits else _rule(args, scales)


def _rule(args, scales):
    """By which rule the scales were made, told by a product that is the same in every block; 1 if by none of these.

    4, 5: the right one, with too small or too large a share; from 6 on those of RULES; 14: from the matrices.
    """
    h, W1s, W2s = args
    seen, untouched, flat = [], h, h
    with np.errstate(all="ignore"):
        for a, W1, W2 in zip(scales, W1s, W2s, strict=True):
            if not abs(a) < 1e12:
                break
            r = np.tanh(h @ W1.T) @ W2.T
            other = np.tanh(untouched @ W1.T) @ W2.T
            bare, linear = (v @ W1.T @ W2.T for v in (h, flat))
            lengths = [np.linalg.norm(v) for v in (h, r, bare, untouched, other, flat, linear)]
            matrices = np.linalg.norm(W1), np.linalg.norm(W2)
            sizes = np.abs(h).max(), np.abs(r).max(), *matrices, matrices[0] * matrices[1]
            seen.append([a, *lengths, *sizes])
            h, untouched, flat = h + a * r, untouched + other, flat + a * linear
        if len(seen) < 4:
            return 1.0
        columns = np.array(seen).T
        shares = columns[0] * columns[2] / columns[1]
        if _constant(shares):
            return 4.0 if abs(shares[0]) < SHARE else 5.0
        if any(
            _constant(columns[0] * size, 0.02) for size in columns[-3:]
        ):  # standard deviations times √n are nearly norms
            return 14.0
        return next((6.0 + k for k, rule in enumerate(RULES) if _constant(rule(*columns[:-3]))), 1.0)


RULES = (
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * h / r,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * bare / h,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * r**2 / h**2,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * r0 / h0,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a**2 * r / h,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * r,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * peak / top,
    lambda a, h, r, bare, h0, r0, flat, linear, top, peak: a * linear / flat,
)


def _constant(values, rounding=1e-6):
    return bool(np.isfinite(values).all() and np.ptp(values) < rounding * np.abs(values).max())


def _cases(rng):
    cases = []
    for D, H in ((40, 60), (56, 32)):
        W1s, W2s = [], []
        for _ in range(BLOCKS):
            one, two = rng.choice([0.3, 1.0, 2.5], size=2)
            W1s.append(one * rng.normal(size=(H, D)) / np.sqrt(D))
            W2s.append(two * rng.normal(size=(D, H)) / np.sqrt(H))
        cases.append(Case((rng.normal(size=(12, D)), W1s, W2s), (f"{D} units",)))
    return cases


MEND_BLOCKS = Problem(
    name="ps4.mend_blocks",
    reference=mend_blocks,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=5,
    lecture='lecture 6, "Residual and highway nets"',
    invariants=(
        Invariant("in reverse order they would do", known(3, 2.0), "In reverse order your scales would do: entry 0 belongs to W1s[0], the first block."),
        Invariant("one scale for all", known(3, 3.0), "All your scales are the same number. The matrices were drawn by different rules, so one scale cannot fit them all: measure each branch."),
        Invariant("right rule, small share", known(3, 4.0), "All your blocks add the same share of what they are added to: that is the rule, but the share is below 0.08."),
        Invariant("right rule, large share", known(3, 5.0), "All your blocks add the same share of what they are added to: that is the rule, but the share is too large for 40 blocks. It is mean squares that add up."),
        Invariant("upside down", known(3, 6.0), "Your scales follow ‖r‖/‖h‖, which is upside down: the longer a branch, the smaller its scale has to be."),
        Invariant("branches without tanh", known(3, 7.0), "Your scales would fit branches without their tanh. Measure the branch as it is, r = tanh(h W₁ᵀ) W₂ᵀ."),
        Invariant("net without tanh", known(3, 13.0), "Your scales would fit branches without their tanh. Measure the branch as it is, r = tanh(h W₁ᵀ) W₂ᵀ."),
        Invariant("from the matrices", known(3, 14.0), "Your scales follow the sizes of the matrices. How long r is depends on both of them, on the tanh and on what comes in: measure it."),
        Invariant("squares for lengths", known(3, 8.0), "Your scales follow the ratio of ‖h‖² and ‖r‖², sums of squares. The lengths are their roots."),
        Invariant("measured as it came", known(3, 9.0), "You measured each branch in the net as it came. Once a block is mended, all above it see another input: go on with the mended signal."),
        Invariant("a root of the ratio", known(3, 10.0), "Your scales follow the root of ‖h‖/‖r‖. Norms are roots already: the ratio itself counts."),
        Invariant("the same length for all", known(3, 11.0), "You made every branch the same length, whatever it is added to. What counts is its share, ‖a r‖/‖h‖."),
        Invariant("largest entries", known(3, 12.0), "Your scales follow the largest entries of h and r. What is asked for is about norms."),
        Invariant("the signal is not level", off(0), "The norms of your h differ by more than a factor e between the blocks."),
        Invariant("the gradient is not level", off(1), "The norms of the gradient differ by more than a factor e between the blocks."),
        Invariant("a block is idle", off(2, -1), "Some block of yours adds less than 0.08 of what it is added to. A net whose branches are switched off is level, and computes nothing."),
    ),
    mistakes=(
        Mistake("nothing mended", lambda h, W1s, W2s: [1.0] * len(W1s), "All scales are 1: the net is as it came."),
        Mistake("switched off", lambda h, W1s, W2s: [0.0] * len(W1s), "All scales are 0. The net is level, because it is the identity. Every block has to add at least 0.08 of what it is added to."),
        Mistake("1/√L everywhere", lambda h, W1s, W2s: [len(W1s) ** -0.5] * len(W1s), "You use (6.12) as it stands, 1/√L for all. It was derived for branches that keep the mean square. These were drawn by different rules: measure each."),
        Mistake("every branch as large as the skip", edit("np.sqrt(L) * ", ""), "You made every branch as large as what it is added to: scale 1 in the lecture, a doubling in every block. The share has to know the depth."),
        Mistake("1/L in place of 1/√L", edit("np.sqrt(L) *", "L *"), "Your blocks add 1/L each. It is mean squares that add up, so 1/√L is enough to stay within e, and with 1/L the blocks hardly count."),
        Mistake("measured in the broken net", edit("h + a * r", "h + r"), "You measured each branch in the net as it came. Once a block is mended, all above it see another input: go on with the mended signal."),
        Mistake("scale upside down", edit("np.linalg.norm(h) /", "np.linalg.norm(r) /", "* np.linalg.norm(r)", "* np.linalg.norm(h)"), "Your scales are upside down: a branch that is too large needs a scale below 1/√L."),
        Mistake("root too many", edit("np.linalg.norm(h) /", "np.sqrt(np.linalg.norm(h)) /", "* np.linalg.norm(r)", "* np.sqrt(np.linalg.norm(r))"), "Your scales hold a root of ‖h‖/‖r‖. Norms are roots already: the scale is the ratio itself, over √L."),
        Mistake("branch alone", edit("np.linalg.norm(h) /", "1 /"), "You made every branch the same length, whatever it is added to. What counts is its share, ‖a r‖/‖h‖."),
        Mistake("last block first", edit("return scales", "return scales[::-1]"), "Your list starts with the last block. Entry 0 belongs to W1s[0]."),
    ),
    hints=(
        "Which share of the mean square may each of 40 equal blocks add, so that the whole stays below e? (6.12) says it for branches that keep the mean square.",
        "These branches do not. Measure: r = tanh(h W₁ᵀ) W₂ᵀ has a length, h has one, and the scale sets their ratio.",
        "Block after block, from below: which a gives ‖a r‖ the share 1/√L of ‖h‖? And what is the h of the next block?",
    ),
)  # fmt: skip
