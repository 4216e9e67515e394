"""Problem set 4 on the skip: a block of two layers with a scale, and the gradient of a net with carries path by path."""

import math

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- scaled_block_backward -------------------------------------------------------------------------


def scaled_block_backward(dout, h, W1, W2, scale):
    """out = h + a r, r = tanh(h W₁ᵀ) W₂ᵀ: dr = a dout, δ = tanh' ⊙ (dr W₂), dh = δ W₁ + dout, da = Σ dout ⊙ r."""
    z = h @ W1.T
    c = np.tanh(z)
    dr = scale * dout
    dz = (dr @ W2) * (1 - c**2)
    dh = dout + dz @ W1
    dW1, dW2 = dz.T @ h, dr.T @ c
    dscale = np.sum(dout * (c @ W2.T))
    return dh, dW1, dW2, dscale


def _columns_out(dout, h, W1, W2, scale):
    dh, dW1, dW2, da = scaled_block_backward(dout, h, W1.T, W2.T, scale)
    return dh, dW1.T, dW2.T, da


def _square_only(formula):
    """`formula` where all sizes are equal, the right answer elsewhere: so does numpy let it run."""
    return lambda dout, h, W1, W2, scale: (formula if W1.shape[0] == W1.shape[1] else scaled_block_backward)(
        dout, h, W1, W2, scale
    )


def _block_cases(rng):
    cases = []
    for N, D, H in ((5, 4, 6), (3, 4, 4), (6, 5, 3), (1, 3, 2)):
        dout, h = rng.normal(size=(2, N, D))
        W1, W2 = 1.3 * rng.normal(size=(H, D)) / np.sqrt(D), 1.3 * rng.normal(size=(D, H)) / np.sqrt(H)
        a = float(rng.uniform(0.3, 0.7) * rng.choice([-1, 1])) if N > 1 else 0.0  # as it may start
        cases.append(Case((dout, h, W1, W2, a), ("dh", "dW1", "dW2", "dscale"), batch=N))
    return cases


SCALED_BLOCK_BACKWARD = Problem(
    name="ps4.scaled_block_backward",
    reference=scaled_block_backward,
    cases=_block_cases,
    points=4,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"dh": ("example", "unit"), "dW1": ("hidden unit", "unit"), "dW2": ("unit", "hidden unit")},
    mistakes=(
        Mistake("identity path forgotten", edit("dh = dout", "dh = 0"), "Your dh holds the path through the branch only. h also reaches the output on the skip, with factor 1: dout itself is a part of dh."),
        Mistake("branch forgotten", edit("+ dz", "+ 0 * dz"), "Your dh is dout, the skip alone. h also reaches the output through the branch, and that gradient adds."),
        Mistake("identity path scaled", edit("dh = dout", "dh = scale * dout"), "You multiply the skip by the scale. The scale is on the branch; the skip carries dout as it is."),
        Mistake("identity added twice", edit("dh = dout", "dh = 2 * dout"), "dout is in your dh twice. The skip is one path, and gives dout once."),
        Mistake("1 for dout", edit("dh = dout", "dh = 1"), "You add 1 where dout belongs. The 1 is the Jacobian of the skip; the gradient that comes in multiplies it."),
        Mistake("paths subtracted", edit("+ dz", "- dz"), "You subtract the branch. Both paths add to the output, so both gradients add."),
        Mistake("scale missing", edit("scale * dout", "dout"), "The scale is missing on the way back: out = h + a r, so what arrives at r is a dout, in dW₂, dW₁ and dh."),
        Mistake("scale missing below W2", edit("dr.T @ c", "dout.T @ c"), "Your dW₂ lacks the scale: what arrives at r is a dout."),
        Mistake("scale missing in dW1", edit("dz.T @ h,", "((dout @ W2) * (1 - c**2)).T @ h,"), "Your dW₁ lacks the scale: the δ that belongs to it comes from a dout, as in dh."),
        Mistake("scale missing below the tanh", edit("(dr @ W2)", "(dout @ W2)"), "The scale is missing in your δ, and so in dW₁ and dh: what arrives at r is a dout, and goes on from there."),
        Mistake("scale missing in dh", edit("dz @ W1", "((dout @ W2) * (1 - c**2)) @ W1"), "The scale is missing in your dh: the branch's share is δ W₁ with the same δ, a in it, as in dW₁."),
        Mistake("paths multiplied", edit("+ dz @ W1", "+ dout * (dz @ W1)"), "You multiply the branch's gradient by dout. δ holds dout already: the two paths add, dout + δ W₁."),
        Mistake("out for the scale", edit("(c @ W2.T)", "(h + scale * c @ W2.T)"), "Your dscale multiplies dout by the whole output. The factor of a is the branch alone: da = Σ dout ⊙ r."),
        Mistake("r alone for the scale", edit("dout * (c @ W2.T)", "c @ W2.T"), "Your dscale sums r: the gradient that comes in is missing, da = Σ dout ⊙ r."),
        Mistake("scale twice", edit("(dr @ W2)", "(scale * dr @ W2)"), "The scale stands twice in the gradients below W₂. The branch is multiplied by a once."),
        Mistake("divided by the scale", edit("scale * dout", "dout / scale"), "You divide by the scale on the way back. A factor forwards is the same factor backwards."),
        Mistake("scale's gradient with the scale", edit("np.sum(", "scale * np.sum("), "Your dscale holds a itself. out = h + a r is linear in a: da = Σ dout ⊙ r."),
        Mistake("scale's gradient divided by the scale", edit("np.sum(dout * (c @ W2.T))", "np.sum(dout * ((h + scale * (c @ W2.T)) - h)) / scale"), "Your dscale is won by dividing through a. A scale may start at 0, and then that is 0/0: multiply dout by r itself."),
        Mistake("scale's gradient not summed", edit("W2.T))", "W2.T), axis=1)"), "Your dscale has one number for each example. The same a serves all of them: sum over everything."),
        Mistake("scale's gradient averaged", edit("np.sum(", "np.mean("), "Your dscale is a mean. The same a is used at every entry of r, so its gradient is a sum."),
        Mistake("scale's gradient averaged over the batch", edit("W2.T))", "W2.T)) / len(h)"), "Your dscale is divided by N. The 1/N of the mean is already in dout."),
        Mistake("dout alone for the scale", edit("dout * (c @ W2.T)", "dout"), "Your dscale sums dout. The factor of a is the branch r: da = Σ dout ⊙ r."),
        Mistake("h for the scale", edit("(c @ W2.T)", "h"), "Your dscale multiplies dout by h. a stands at the branch, not at the skip: da = Σ dout ⊙ r."),
        Mistake("f' missing", edit(" * (1 - c**2)", ""), "The factor tanh'(z) is missing: what goes back through the hidden layer passes the tanh."),
        Mistake("f' of the activation", edit("c**2", "np.tanh(c) ** 2"), "You take tanh' at tanh(z). It belongs at z: 1 − tanh²(z)."),
        Mistake("σ' for tanh'", edit("(1 - c**2)", "c * (1 - c)"), "You use c(1 − c), the slope of a sigmoid. Here the hidden layer is a tanh: 1 − c²."),
        Mistake("1/cosh", edit("(1 - c**2)", "np.sqrt(1 - c**2)"), "Your slope is 1/cosh(z), the root of what it should be. tanh' is 1/cosh²(z) = 1 − c²."),
        Mistake("sign of tanh'", edit("(1 - c**2)", "(c**2 - 1)"), "The gradient that goes back through the tanh has the wrong sign: tanh' is 1 − c²."),
        Mistake("no tanh", edit("np.tanh(z)", "z"), "Your c is h W₁ᵀ itself: the tanh is missing on the way forward, in dW₂, in dscale and in the slope.", whole=True),
        Mistake("no tanh, no slope", edit("np.tanh(z)", "z", " * (1 - c**2)", ""), "Your branch is linear: the tanh is missing, forward and back.", whole=True),
        Mistake("c for r in dscale", edit("(c @ W2.T)", "(c @ np.ones_like(W2.T))"), "Your dscale leaves W₂ out. The factor of a is r = c W₂ᵀ."),
        Mistake("(1 − c)²", edit("(1 - c**2)", "(1 - c) ** 2"), "You multiply by (1 − c)². tanh' is 1 − c²: only c is squared."),
        Mistake("1 − z²", edit("c**2", "z**2"), "You multiply by 1 − z². tanh' is 1 − tanh²(z)."),
        Mistake("the ReLU of the lecture", edit("(1 - c**2)", "(z > 0)"), "You use the ReLU's slope, as in the lecture's net. Here the hidden layer is a tanh."),
        Mistake("z in dW2", edit("dr.T @ c", "dr.T @ z"), "Your dW₂ uses z. What comes into W₂ is tanh(z)."),
        Mistake("dW2 with h", edit("dr.T @ c", "dr.T @ h"), "Your dW₂ uses h. What comes into W₂ is tanh(z)."),
        Mistake("W2 skipped", _square_only(lambda dout, h, W1, W2, a: scaled_block_backward(dout, h, W1, np.eye(len(W2)), a)[:2] + scaled_block_backward(dout, h, W1, W2, a)[2:]), "On the way down you leave out W₂. Only where all sizes are equal does numpy let that run."),
        Mistake("z = h W", _square_only(_columns_out), "Your layers are h W, with columns as outputs. Here rows are outputs: h W₁ᵀ forwards, δ W₁ back. In a square case numpy cannot notice."),
        Mistake("weight gradients averaged", edit("dz.T @ h, dr.T @ c", "dz.T @ h / len(h), dr.T @ c / len(h)"), "Your weight gradients are divided by N. The 1/N of the mean is already in dout.", whole=True),
        Mistake("scale twice everywhere", edit("scale * dout", "scale**2 * dout"), "The scale stands twice on the way back through the branch. out = h + a r holds it once."),
        Mistake("scale twice in dW2", edit("dr.T @ c", "scale * dr.T @ c"), "Your dW₂ holds the scale twice. What arrives at r is a dout, once."),
        Mistake("scale twice in dW1", edit("dz.T @ h,", "scale * dz.T @ h,"), "Your dW₁ holds the scale twice. It is in δ already, by a dout."),
        Mistake("scale twice in dh", edit("dz @ W1", "scale * dz @ W1"), "In dh the branch's share holds the scale twice. It is in δ already, by a dout."),
        Mistake("whole dh scaled", edit("dh = dout + dz @ W1", "dh = scale * (dout + dz @ W1)"), "You multiply all of dh by the scale. The skip carries dout as it is, and δ has its scale already."),
        Mistake("dW1 with c", edit("dz.T @ h,", "dz.T @ (c @ W2.T),"), "Your dW₁ uses r. What comes into W₁ is h."),
        Mistake("dW2 from dz", edit("dr.T @ c", "dr.T @ (c * (1 - c**2))"), "Your dW₂ has the slope of the tanh in it. What comes into W₂ is c, behind the tanh: dW₂ = (a dout)ᵀ c."),
        Mistake("dW2 through W2", edit("dr.T @ c", "dr.T @ (dr @ W2)"), "Your dW₂ has gradients on both sides. It is what arrives, a dout, times what came in, c."),
        Mistake("dscale with dh", edit("np.sum(dout * (c @ W2.T))", "np.sum(dh * (c @ W2.T))"), "Your dscale uses dh. a stands at the output: da = Σ dout ⊙ r."),
        Mistake("dscale with h and r", edit("(c @ W2.T)", "(h + c @ W2.T)"), "Your dscale multiplies dout by h + r. a stands at the branch alone: da = Σ dout ⊙ r."),
        Mistake("norms multiplied in dscale", edit("np.sum(dout * (c @ W2.T))", "np.sum(dout) * np.sum(c @ W2.T)"), "You sum dout and r before you multiply. Entry by entry first: Σ dout ⊙ r."),
        Mistake("h on the skip", edit("dh = dout", "dh = dout * h"), "You multiply dout by h on the skip. The derivative of h by itself is 1: dout."),
        Mistake("skip halved", edit("dh = dout", "dh = 0.5 * dout"), "Your skip carries half of dout. It carries all of it."),
        Mistake("weight gradients of the mean example", edit("dz.T @ h, dr.T @ c", "np.outer(dz.sum(axis=0), h.mean(axis=0)), np.outer(dr.sum(axis=0), c.mean(axis=0))"), "You sum the gradients and average the inputs before you multiply. Each example has its own product: δᵀ h adds them up."),
    ),
    hints=(
        "h leaves on two arrows that meet again at the +. On the lower one stand W₁, tanh, W₂ and a number. Go back along each as if the other were not there.",
        "What arrives at r is a dout. From there two layers as in lecture 1; the skip's share of dh needs no product at all.",
        "δ = (a dout W₂) ⊙ tanh' is what arrives below the tanh; each weight's gradient is what arrives, times what came in. What multiplies a in the output? Its gradient is a sum over all entries.",
    ),
)  # fmt: skip


# --- path_gradients --------------------------------------------------------------------------------


def path_gradients(dh, Js, carries):
    """Π_l (diag k_l + J_l) sorted by length: entry k sums the products with J in exactly k layers, diag k_l in the others."""
    terms = np.zeros((len(Js) + 1, len(dh)))
    terms[0] = dh
    for J, k in zip(Js[::-1], carries[::-1], strict=True):
        around, through = terms * k, terms @ J
        terms = around
        terms[1:] += through[:-1]
    return terms


def _by_selection(select):
    """The sum over the sets of layers that `select(L, k)` gives."""

    def formula(dh, Js, carries):
        terms = np.zeros((len(Js) + 1, len(dh)))
        for n in range(len(Js) + 1):
            for layers in select(len(Js), n):
                g = dh
                for l in reversed(range(len(Js))):
                    g = g @ Js[l] if l in layers else g * carries[l]
                terms[n] += g
        return terms

    return formula


def _binomial(one_layer, one_carry=np.mean):
    def formula(dh, Js, carries):
        J, k, L = one_layer(Js), one_carry(carries), len(Js)
        return np.array(
            [math.comb(L, n) * (k ** (L - n) * dh) @ np.linalg.matrix_power(J, n) for n in range(L + 1)]
        )

    return formula  # fmt: skip


def _paths_cases(rng):
    cases = []
    for L, H, suffix in ((5, 3, ""), (3, 4, " (three layers)"), (1, 2, "")):
        Js = [rng.normal(size=(H, H)) / np.sqrt(H) for _ in range(L)]
        carries = [rng.uniform(0.4, 0.95, size=H) for _ in range(L)]
        if L == 3:  # a unit may forget all
            carries[1][2] = 0.0
        cases.append(Case((rng.normal(size=H), Js, carries), ("terms" + suffix,)))
    return cases


def _whole(args, outputs):
    dh, Js, carries = args
    (terms,) = outputs.values()
    whole = dh
    for J, k in zip(Js[::-1], carries[::-1], strict=True):
        whole = whole * k + whole @ J
    size = np.abs(terms).sum()
    return float(np.linalg.norm(np.sum(terms, axis=0) - whole) / max(size, np.linalg.norm(whole), 1e-300))


PATH_GRADIENTS = Problem(
    name="ps4.path_gradients",
    reference=path_gradients,
    cases=_paths_cases,
    points=4,
    lecture='lecture 6, "Residual and highway nets"',
    axes={"terms": ("length from 0", "unit"), "terms (three layers)": ("length from 0", "unit")},
    invariants=(
        Invariant("the terms add up to the product", _whole, "Your terms do not add up to the whole gradient, dh (diag k_L + J_L) … (diag k_1 + J_1). Every path from the output to the input belongs to one of the terms, once, and pays the carry of every layer that it goes around."),
    ),
    mistakes=(
        Mistake("carries ignored", edit("terms * k", "1 * terms"), "You sort the paths of a residual net, as in (6.6). Here going around layer l costs the factor k_l, unit by unit.", beside_the_point=True),
        Mistake("carry on the branch too", edit("terms @ J", "(terms @ J) * k"), "Your paths through a layer also pay its carry. A path goes either around, times k_l, or through, times J_l."),
        Mistake("carry before the branch too", edit("terms @ J", "(terms * k) @ J"), "Your paths pay the carry of a layer and then go through it as well. A path goes either around, times k_l, or through, times J_l."),
        Mistake("1 − k for k", edit("terms * k", "terms * (1 - k)"), "You go around a layer with 1 − k_l. Here k_l is what is carried."),
        Mistake("mean of the carry", edit("terms * k", "terms * np.mean(k)"), "You use one carry for all units of a layer. Every unit has its own: multiply unit by unit."),
        Mistake("wire's path not carried", edit("return terms", "return np.vstack([dh, terms[1:]])"), "Entry 0 is dh itself in your answer. The path around all layers pays every carry."),
        Mistake("wire not carried along", edit("terms = around", "terms[1:] = around[1:]"), "Entry 0 stays dh in all layers of your loop. The path around all layers pays every carry, and what leaves it for a branch has paid those above."),
        Mistake("carries of the longer paths missing", edit("terms = around", "terms[0] = around[0]"), "Only your entry 0 pays the carries. A path through some branches goes around the other layers, and pays k_l there too."),
        Mistake("longer paths overwritten", edit("[1:] += through", "[1:] = through"), "Your entries from 1 on hold only what went through the layer last worked in. What goes around it belongs to them too, times k_l: add."),
        Mistake("all in entry 0", edit("return terms", "return np.vstack([terms.sum(axis=0), 0 * terms[1:]])"), "Your entry 0 holds the whole gradient, the others nothing. A path that goes through a branch has become one longer: from entry n − 1 to entry n."),
        Mistake("carries from the first layer", edit("carries[::-1]", "carries"), "Your Jacobians come from the last layer down, your carries from the first up. Layer l has J_l and k_l: take both in the same order."),
        Mistake("Jacobians from the first layer", edit("Js[::-1]", "Js"), "Your carries come from the last layer down, your Jacobians from the first up. Layer l has J_l and k_l: take both in the same order."),
        Mistake("order reversed", edit("Js[::-1]", "Js", "carries[::-1]", "carries"), "Your products meet the first layer first. The gradient comes from the output: dh, then the last layer, down to the first."),
        Mistake("Jacobians transposed", edit("terms @ J", "terms @ J.T"), "You multiply J g. The first index of J is the output's, so a gradient goes back as the row g J."),
        Mistake("layers used twice", edit("terms[1:] += through[:-1]", "for n in range(1, len(terms)):\n            terms[n] += terms[n - 1] @ J"), "Some of your paths pass a layer more than once. While a layer is worked in, entry n needs the old entry n − 1: keep a copy."),
        Mistake("layers used twice, from the short paths up", edit("terms = around", "terms[1:] = around[1:]", "terms[1:] += through[:-1]", "for n in range(1, len(terms)):\n            terms[n] += terms[n - 1] @ J\n        terms[0] = around[0]"), "Some of your paths pass a layer more than once: entry n − 1 already holds this layer when entry n takes it. Keep the old entries, or work from the long paths down."),
        Mistake("one path of each length", _by_selection(lambda L, n: [range(L - n, L)]), "You have one path of each length, through the last layers. There are as many as ways to choose n of the L layers."),
        Mistake("neighbouring layers only", _by_selection(lambda L, n: [range(i, i + n) for i in range(L - n + 1)] if n else [()]), "You count only paths through neighbouring layers. A path may go around layers in between: J₃ k₂ J₁ is one of length 2."),
        Mistake("averaged over the paths", edit("return terms", "return terms / np.array([math.comb(len(Js), n) for n in range(len(Js) + 1)])[:, None]"), "You average over the paths of a length. The product expands into a sum: their gradients add."),
        Mistake("powers of the mean Jacobian", _binomial(lambda Js: np.mean(Js, axis=0)), "You use the binomial formula with mean Jacobian and mean carry. It holds only if all layers are equal: here every set of layers has its own product."),
        Mistake("powers of the mean Jacobian, unit by unit", _binomial(lambda Js: np.mean(Js, axis=0), lambda carries: np.mean(carries, axis=0)), "You use the binomial formula with the mean Jacobian and each unit's mean carry. It holds only if all layers are equal: here every set of layers has its own product."),
        Mistake("whole layer in J", edit("terms @ J", "terms @ (J + np.diag(k))"), "You go through a layer with diag k_l + J_l in place of J_l. J_l is the branch alone; the carry is the other way."),
        Mistake("J without the carry", edit("terms @ J", "terms @ (J - np.diag(k))"), "You take the carry off J_l, as if J_l were the whole layer. J_l is the branch alone."),
        Mistake("carry of the layer before", edit("carries[::-1]", "[*carries[-2::-1], carries[-1]]"), "Your carries are one layer off: at J_l you use the carry of the layer before it."),
        Mistake("longest first", edit("return terms", "return terms[::-1].copy()"), "Your entries start with the longest path. Entry n is for paths through n branches, so the path around all of them comes first."),
        Mistake("up to length n", edit("return terms", "return np.cumsum(terms, axis=0)"), "Your entry n holds all paths of length up to n. It is for those of length n alone."),
        Mistake("longest path missing", edit("return terms", "return np.vstack([terms[:-1], 0 * terms[-1:]])"), "Your last entry is 0: the path through all L branches is missing. There are L + 1 lengths, from 0 to L."),
        Mistake("no path through a branch", edit("through[:-1]", "0 * through[:-1]"), "Your entries from 1 on stay 0: no path goes through a branch. What goes through has become one longer, and belongs to the next entry."),
        Mistake("first layer missing", edit("Js[::-1]", "Js[:0:-1]", "carries[::-1]", "carries[:0:-1]"), "Your loop ends before the first layer. The gradient passes layer 1 last, Js[0]."),
        Mistake("around and through both longer", edit("terms[1:] += through[:-1]", "terms[1:] += through[:-1]\n        terms[0] = around[0] + through[0]"), "Your entry 0 takes in what goes through a branch, too. A path through a branch has become one longer."),
        Mistake("carry squared", edit("terms * k", "terms * k**2"), "You go around a layer with k². It costs k_l, once."),
        Mistake("root of the carry", edit("terms * k", "terms * np.sqrt(k)"), "You go around a layer with √k_l. It costs k_l itself."),
        Mistake("carry and 1", edit("terms * k", "terms * (1 + k)"), "You go around a layer with 1 + k_l, as if a skip stood beside the carry. It costs k_l."),
        Mistake("last layer missing", edit("Js[::-1]", "Js[-2::-1] if len(Js) > 1 else []", "carries[::-1]", "carries[-2::-1] if len(Js) > 1 else []"), "Your loop starts below the last layer. The gradient passes layer L first, Js[-1]."),
        Mistake("carries shifted up", edit("carries[::-1]", "[carries[0], *carries[:0:-1]]"), "Your carries are one layer off: at J_l you use the carry of the layer above it."),
        Mistake("J twice", edit("terms @ J", "terms @ J @ J"), "Your paths pass a branch twice. Each layer is passed once, around or through."),
        Mistake("first carry everywhere", edit("zip(Js[::-1], carries[::-1], strict=True)", "((J, carries[0]) for J in Js[::-1])"), "You use the first carry in every layer. Layer l has its own."),
        Mistake("first Jacobian everywhere", edit("zip(Js[::-1], carries[::-1], strict=True)", "((Js[0], k) for k in carries[::-1])"), "You use the first Jacobian in every layer. Layer l has its own."),
        Mistake("last Jacobian everywhere", edit("zip(Js[::-1], carries[::-1], strict=True)", "((Js[-1], k) for k in carries[::-1])"), "You use the last Jacobian in every layer. Layer l has its own."),
        Mistake("mean carry of all layers", edit("zip(Js[::-1], carries[::-1], strict=True)", "((J, np.mean(carries, axis=0)) for J in Js[::-1])"), "You use the mean of all carries in every layer. Layer l has its own."),
        Mistake("carry matrix", edit("terms * k", "(terms @ np.outer(k, k))"), "You multiply by k kᵀ. The carry works unit by unit, diag k_l."),
        Mistake("summed over the units", edit("return terms", "return terms.sum(axis=1)"), "Your entries are sums over the units. Each entry is a gradient with respect to h_0, with one number for each unit."),
        Mistake("norms of the terms", edit("return terms", "return np.linalg.norm(terms, axis=1)"), "You return the lengths of the terms. Asked for are the gradients themselves."),
        Mistake("longest path alone missing", edit("return terms", "return terms[:-1]"), "Your last entry is missing: the path through all L branches. There are L + 1 lengths, from 0 to L."),
        Mistake("path around all missing", edit("return terms", "return terms[1:]"), "Your first entry is missing: the path around all layers. There are L + 1 lengths, from 0 to L."),
    ),
    hints=(
        "At every layer the gradient has two ways: around it (times k_l, unit by unit) or through it (times J_l). How many ways are there in all, and how many pass through exactly n branches?",
        "Start with dh as the only path, of length 0. Each layer, from the last to the first, turns one list of sums by length into the next.",
        "At layer l, a path of length n either has length n already and goes around, or has length n − 1 and goes through. What does each of the two bring to entry n?",
    ),
)  # fmt: skip
