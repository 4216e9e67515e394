"""Problem set 5 on products of many Jacobians: growth rates of gradients, from the end of a sequence to its beginning."""

import functools

import numpy as np

from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- backward_exponents ----------------------------------------------------------------------------


def backward_exponents(Js, k, every):
    """(1/T) Σ log |diag R| of k gradients that start as e_1 … e_k at step T and go back through J_T … J_1, QR every m steps."""
    T, H = len(Js), len(Js[0])
    back = Js[::-1]  # a gradient meets the last one first
    Q, total = np.eye(H)[:, :k], np.zeros(k)
    for i in range(0, len(back), every):
        for J in back[i : i + every]:
            Q = J.T @ Q
        Q, R = np.linalg.qr(Q)
        grown = np.abs(np.diag(R))
        total += np.log(grown)
    exponents = total / T
    return exponents


def _lengths(Z):
    sizes = np.linalg.norm(Z, axis=0)
    return Z / sizes, np.diag(sizes)


def _product(Js):
    return functools.reduce(lambda P, J: J @ P, Js)


def _of_the_product(sizes):
    def formula(Js, k, every):
        with np.errstate(all="ignore"):
            return np.log(np.sort(sizes(_product(Js)))[::-1][:k]) / len(Js)

    return formula


def _exponent_cases(rng):
    cases = []
    for T, H, scale, k, every in (
        (10, 4, 0.8, 2, 3),
        (7, 3, 1.3, 3, 2),
        (90, 3, 1e-4, 2, 4),
        (6, 4, 0.5, 1, 8),
    ):
        while (
            True
        ):  # exponents that differ, also from those of gradients that only ever go through one of the factors
            turns, noise = np.linalg.qr(rng.normal(size=(T, H, H)))[0], rng.normal(size=(T, H, H))
            Js = scale * (turns + 0.3 * noise)
            found = backward_exponents(Js, H, 1)
            first = cases or found[k:].max() > found[k - 1] + 0.02  # not those that grow most
            if (
                first
                and np.linalg.cond(Js).max() < 40
                and (np.diff(found[:k]) < -0.03).all() != (len(cases) == 1)  # one case that is not in order
                and (np.abs(np.diff(found[:k])) > 0.03).all()
                and np.abs(found).min() > 0.02
            ):
                break
        cases.append(Case((Js, k, every), ("exponents",), steps=T))
    return cases  # fmt: skip


def _sum_wrong(args, outputs):
    """With k = H the exponents add up to the mean log volume."""
    Js, k, _ = args
    if k < len(Js[0]):
        return 0.0
    found = outputs["exponents"]
    return abs(found.sum() - np.linalg.slogdet(Js)[1].mean()) / max(np.abs(found).sum(), 1e-300)


def _not_of_the_first(args, outputs):
    """The first exponent is the growth of e_1 alone."""
    Js, g, total = args[0], np.eye(len(args[0][0]))[0], 0.0
    for J in Js[::-1]:
        g = J.T @ g
        total, g = total + np.log(np.linalg.norm(g)), g / np.linalg.norm(g)
    return abs(outputs["exponents"][0] * len(Js) - total) / abs(total)


BACKWARD_EXPONENTS = Problem(
    name="ps5.backward_exponents",
    reference=backward_exponents,
    cases=_exponent_cases,
    axes={"exponents": ("exponent",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("growth of the first", _not_of_the_first, "Your first exponent is not the growth of e_1, which nobody straightens: take it alone from step T to step 1, and compare. Do your gradients start as e_1 … e_k, at the end, and go through transposes?"),
        Invariant("sum of the exponents", _sum_wrong, "With k = H your exponents have the wrong sum: |det| of a product is the product of |det|, so they must add up to (1/T) Σ log |det J_t|. Is every step counted once?"),
    ),
    mistakes=(
        Mistake("from the beginning", edit("Js[::-1]", "Js"), "You go through the Jacobians from step 1 on. A gradient meets the last one first."),
        Mistake("perturbations", edit("Js[::-1]", "Js", "J.T @", "J @"), "Your exponents are those of (7.20), for perturbations that go forward. Gradients come from the end, through the transposes.", beside_the_point=True),
        Mistake("groups from the beginning", edit("back[i : i + every]", "Js[i : i + every][::-1]"), "Inside a group you go back, but your first group holds the first steps. The gradients start at the end: the last m steps come first."),
        Mistake("forwards inside the groups", edit("back[i : i + every]", "back[i : i + every][::-1]"), "Your groups come from the end, but inside each you go forwards. The later step comes first there, too."),
        Mistake("J untransposed", edit("J.T @", "J @"), "You multiply by J. A gradient goes back through the transpose, (J_t)ᵀ."),
        Mistake("frame not carried", edit("for J in", "Q = np.eye(H)[:, :k]\n        for J in"), "You begin every group of m steps with e_1 … e_k again. The directions that come out of one group go into the next."),
        Mistake("rest left out", edit("len(back)", "len(back) - every + 1"), "The steps that are left over when T is no multiple of m are missing in your sum."),
        Mistake("one step off", edit("Js[::-1]", "np.roll(Js, 1, axis=0)[::-1]"), "You begin with J_{T−1} and end with J_T: the index is one too small, and −1 is the last in Python. Js[t − 1] holds J_t."),
        Mistake("QR at every step, counted every m", edit("len(back), every", "len(back)", "i : i + every", "i : i + 1", "+= ", "+= ((i + 1) % every == 0 or i == T - 1) * "), "You decompose at every step and count the logarithms of every m-th alone. Each R holds the growth since the decomposition before: count all."),
        Mistake("J_1 left out", edit("Js[::-1]", "Js[:0:-1]"), "Your gradients stop at h_1: J_1 is missing. They go back to h_0, through T Jacobians."),
        Mistake("J_T left out", edit("Js[::-1]", "Js[-2::-1]"), "Your gradients never meet J_T, the first Jacobian on their way: they start at h_T."),
        Mistake("Q thrown away", edit("Q, R =", "_, R ="), "You decompose and go on with the columns as they were, not with Q. So each decomposition counts again what those before it have counted."),
        Mistake("no QR on the way", edit("range(0, len(back), every)", "[0]", "back[i : i + every]", "back"), "You decompose once, at the end. Over many steps the product runs out of the numbers that there are, and all columns turn into one direction."),
        Mistake("lengths only", edit("np.linalg.qr(Q)", "_lengths(Q)"), "You bring the gradients back to length 1, but do not keep them at right angles. So all of them turn into the fastest direction."),
        Mistake("divided by the number of groups", edit("/ T", "/ np.ceil(T / every)"), "Your exponents are per group of m steps. Asked for is the rate per step."),
        Mistake("times m", edit("= total", "= every * total"), "You count the logarithms of every decomposition m times. Each holds the growth of its m steps already."),
        Mistake("divided by m times the groups", edit("/ T", "/ (every * np.ceil(T / every))"), "You divide by m times the number of groups. The last group may be shorter: there are T steps."),
        Mistake("not divided by T", edit(" / T", ""), "Your exponents are sums over all steps. Asked for is a rate per step."),
        Mistake("divided by T − 1", edit("/ T", "/ (T - 1)"), "You divide by T − 1. There are T Jacobians, so T steps."),
        Mistake("divided by m", edit("/ T", "/ every"), "You divide the sum by m. It holds the growth of all T steps."),
        Mistake("last group only", edit("+=", "="), "Your logarithms are overwritten: only the last decomposition counts."),
        Mistake("first group not counted", edit("+= ", "+= (i > 0) * "), "Your sum leaves out the first decomposition, that of the last steps. No burn-in here."),
        Mistake("no absolute value", edited(backward_exponents, (), edit("np.abs(np.diag(R))", "np.diag(R)")), "You take the logarithm of R_ii with its sign, and QR may return negative ones."),
        Mistake("row sums", edit("np.diag(R)", "R.sum(axis=1)"), "You add up the rows of R. How much a gradient has grown stands on the diagonal."),
        Mistake("lengths of the columns of R", edit("np.abs(np.diag(R))", "np.linalg.norm(R, axis=0)"), "You take the lengths of the columns of R, which are those before the straightening. What a gradient has grown beside the earlier ones stands on the diagonal."),
        Mistake("singular values for R", edit("np.linalg.qr(Q)", "np.linalg.qr(Q)[0], np.diag(np.linalg.svd(Q, compute_uv=False))"), "You take singular values after each group. They belong to no gradient in particular; what e_i has grown by stands on the diagonal of R."),
        Mistake("logarithm of the mean", edit("np.log(grown)", "grown", "total / T", "np.log(total / T)"), "You take the logarithm of a mean. Factors multiply, so their logarithms are what is added."),
        Mistake("logarithm of the sum", edit("np.log(grown)", "grown", "total / T", "np.log(total) / T"), "You take the logarithm of a sum. Factors multiply, so their logarithms are what is added."),
        Mistake("no logarithm", edit("np.log(grown)", "grown"), "You add |R_ii| itself. What adds up are the logarithms."),
        Mistake("log₁₀", edit("np.log(", "np.log10("), "You use the logarithm to base 10. Asked for is the natural one."),
        Mistake("log₂", edit("np.log(", "np.log2("), "You use the logarithm to base 2. Asked for is the natural one."),
        Mistake("growth factors", edit("return exponents", "return np.exp(exponents)"), "You return growth per step. The exponent is its logarithm."),
        Mistake("sorted", edit("return exponents", "return np.sort(exponents)[::-1]"), "You sort the rates. Asked for is the order of e_1 … e_k, whatever their size."),
        Mistake("squared", edit("np.abs(np.diag(R))", "np.diag(R) ** 2"), "You take log R_ii², twice the exponent."),
        Mistake("all H exponents", lambda Js, k, every: backward_exponents(Js, len(Js[0]), every), "You return H exponents. Asked for are the first k, with k gradients."),
        Mistake("largest of all H", lambda Js, k, every: np.sort(backward_exponents(Js, len(Js[0]), every))[::-1][:k], "You follow H gradients and return the k largest rates. In a short sequence e_1 … e_k need not be those that grow most: asked for are theirs, in their order."),
        Mistake("singular values of the product", _of_the_product(lambda P: np.linalg.svd(P, compute_uv=False)), "You take log σ of the whole product. That has the same limit for T → ∞ and differs at this T, and a long product under- or overflows.", beside_the_point=True),
        Mistake("eigenvalues of each J", lambda Js, k, every: np.sort(np.log(np.abs(np.linalg.eigvals(Js))).mean(axis=0))[::-1][:k], "You average log |λ| of single Jacobians. Their eigenvectors differ from step to step, so the λ do not multiply.", beside_the_point=True),
        Mistake("singular values of each J", lambda Js, k, every: np.log(np.linalg.svd(Js, compute_uv=False)).mean(axis=0)[:k], "You average log σ of single Jacobians. The direction that one stretches need not be the one that comes next.", beside_the_point=True),
        Mistake("eigenvalues of the product", _of_the_product(lambda P: np.abs(np.linalg.eigvals(P))), "You take log |λ| of the whole product. Asked for is what the gradients are stretched by on the way.", beside_the_point=True),
        Mistake("last k directions", edit("[:, :k]", "[:, -k:]"), "Your gradients start as the last k unit vectors. Asked for are e_1 … e_k."),
        Mistake("mean of the groups' rates", edit("+= np.log(grown)", "+= np.log(grown) / len(back[i : i + every])", "/ T", "/ np.ceil(T / every)"), "You average the rates of the groups, and the last one may be shorter. Every step weighs the same: add up all logarithms, and divide by T."),
        Mistake("divided by k", edit("total / T", "total / k"), "You divide by k. The sum holds T steps: divide by their number."),
        Mistake("divided by T k", edit("total / T", "total / (T * k)"), "You divide by k as well. Each exponent is a sum over T steps."),
        Mistake("divided by H", edit("total / T", "total / H"), "You divide by H. The sum holds T steps: divide by their number."),
        Mistake("divided by T + 1", edit("total / T", "total / (T + 1)"), "You divide by T + 1. There are T Jacobians, so T steps."),
        Mistake("divided by the steps of whole groups", edit("total / T", "total / max(T // every * every, 1)"), "You divide by the number of steps in whole groups. The last group, which may be shorter, counts too: T."),
        Mistake("inverse Jacobians", edit("J.T @ Q", "np.linalg.solve(J, Q)"), "You multiply by J⁻¹. A gradient goes back through the transpose: J⁻¹ undoes a step, it does not carry a gradient."),
        Mistake("inverse transposes", edit("J.T @ Q", "np.linalg.solve(J.T, Q)"), "You multiply by the inverse of J_tᵀ. A gradient is multiplied by J_tᵀ itself."),
        Mistake("entries multiplied", edit("J.T @ Q", "J.T[:, :k] * Q"), "You multiply entry by entry. A step back is a matrix product, @."),
        Mistake("absolute Jacobians", edit("J.T @ Q", "np.abs(J.T) @ Q"), "You take the sizes of the entries of J. Its signs count: terms cancel."),
        Mistake("norms of the Jacobians", edit("np.log(grown)", "sum(np.log(np.linalg.norm(J, 2)) for J in back[i : i + every])"), "You add log ‖J‖. The direction that one step stretches most need not be the gradient's."),
        Mistake("largest of the columns", edit("np.abs(np.diag(R))", "np.full(k, np.abs(np.diag(R)).max())"), "All your exponents are the largest of a group. Each gradient has its own, R_ii."),
        Mistake("whole R", edit("np.abs(np.diag(R))", "np.linalg.norm(R, axis=1)"), "You take the lengths of the rows of R. How much a gradient has grown stands on the diagonal alone."),
        Mistake("Q's diagonal", edit("np.diag(R)", "np.diag(Q)"), "You take the diagonal of Q. The growth stands in R; Q has columns of length 1."),
        Mistake("last group only, divided by its steps", edit("+=", "=", "total / T", "total / len(back[i : i + every])"), "Only the last decomposition counts in yours. All of them add up, and the sum is divided by T."),
        Mistake("largest growth", edit("+= np.log(grown)", "= np.maximum(total, np.log(grown)) if i else np.log(grown)"), "You keep the largest logarithm of all groups. They add up."),
        Mistake("squares of the logarithms", edit("np.log(grown)", "np.log(grown) ** 2"), "You add squares of the logarithms. Add them as they are, with their signs."),
        Mistake("size of the logarithms", edit("np.log(grown)", "np.abs(np.log(grown))"), "You add sizes of the logarithms. One that shrinks has a negative logarithm, and counts as that."),
        Mistake("logarithm plus 1", edit("np.log(grown)", "np.log1p(grown)"), "You take log(1 + |R_ii|). It is the logarithm of |R_ii| itself."),
        Mistake("all the same direction", edit("np.eye(H)[:, :k]", "np.ones((H, k)) + 1e-3 * np.eye(H)[:, :k]"), "Your gradients start almost alike. They start as e_1 … e_k."),
        Mistake("e_k to e_1", edit("np.eye(H)[:, :k]", "np.eye(H)[:, :k][:, ::-1]"), "Your gradients start in the order e_k … e_1. The first is e_1."),
        Mistake("e_2 to e_k+1", edit("np.eye(H)[:, :k]", "np.roll(np.eye(H), -1, axis=1)[:, :k]"), "Your gradients start with e_2. The first is e_1."),
        Mistake("smallest first", edit("return exponents", "return np.sort(exponents)"), "You sort the rates. Asked for is the order of e_1 … e_k, whatever their size."),
        Mistake("added up", edit("return exponents", "return np.cumsum(exponents)"), "You return sums of the exponents, growth of areas and volumes. Asked for is each one."),
        Mistake("gradients in reversed order", edit("return exponents", "return exponents[::-1]"), "Your exponents stand in the opposite order. The first is that of e_1."),
    ),
    hints=(
        "k gradients at the end of the sequence, as columns. What does one step back do to each, and what goes wrong if nobody keeps them apart?",
        "A gradient at h_t becomes (J_t)ᵀ times it at h_{t−1}. Start with t = T; after every m steps decompose, go on with Q, keep log |diag R|.",
        "With T = 7 and m = 3 the groups are J_7 J_6 J_5, then J_4 J_3 J_2, then J_1 alone. Each ends with one decomposition: Q goes on, R is only counted. The sum is divided by T, however many groups there are.",
    ),
)  # fmt: skip
