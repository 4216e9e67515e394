"""Problem set 5 on products of many Jacobians: growth rates of gradients, from the end of a sequence to its beginning."""

import functools

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- backward_exponents ----------------------------------------------------------------------------


def backward_exponents(Js, k, every):
    """(1/T) Σ log |diag R| of k gradients that start as e_1 … e_k at step T and go back through J_T … J_1, QR every m steps."""
    return _exponents(Js, k, every)


def _groups(Js, every):
    """From the end: the last m factors first, the latest first; what is left over comes last."""
    back = list(Js[::-1])
    return [back[i : i + every] for i in range(0, len(back), every)]


def _whole_groups(Js, every):
    return [group for group in _groups(Js, every) if len(group) == every]


def _gram(Z):
    return np.linalg.qr(Z)


def _lengths(Z):
    sizes = np.linalg.norm(Z, axis=0)
    return Z / sizes, np.diag(sizes)


def _exponents(
    Js,
    k,
    every,
    *,
    groups=_groups,
    frame=lambda H, k: np.eye(H)[:, :k],
    step=lambda J, Q: J.T @ Q,
    carry=lambda Q: Q,
    straighten=_gram,
    diagonal=lambda R: np.abs(np.diag(R)),
    log=np.log,
    average=lambda logs, T, every: logs.sum(axis=0) / T,
    finish=lambda found: found,
):
    Q, rows = frame(len(Js[0]), k).astype(Js.dtype), []
    with np.errstate(all="ignore"):
        for group in groups(Js, every):
            Q = carry(Q)
            for J in group:
                Q = step(J, Q)
            Q, R = straighten(Q)
            rows.append(diagonal(R))
        return finish(average(log(np.array(rows)), len(Js), every))


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
            found = _exponents(Js, H, 1)
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
    family=_exponents,
    axes={"exponents": ("exponent",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("growth of the first", _not_of_the_first, "Your first exponent is not the growth of e_1, which nobody straightens: take it alone from step T to step 1, and compare. Do your gradients start as e_1 … e_k, at the end, and go through transposes?"),
        Invariant("sum of the exponents", _sum_wrong, "With k = H your exponents have the wrong sum: |det| of a product is the product of |det|, so they must add up to (1/T) Σ log |det J_t|. Is every step counted once?"),
    ),
    mistakes=(
        Mistake("from the beginning", dict(groups=lambda Js, m: _groups(Js[::-1], m)), "You go through the Jacobians from step 1 on. A gradient meets the last one first."),
        Mistake("perturbations", dict(groups=lambda Js, m: _groups(Js[::-1], m), step=lambda J, Q: J @ Q), "Your exponents are those of (7.20), for perturbations that go forward. Gradients come from the end, through the transposes."),
        Mistake("groups from the beginning", dict(groups=lambda Js, m: [list(Js[i : i + m][::-1]) for i in range(0, len(Js), m)]), "Inside a group you go back, but your first group holds the first steps. The gradients start at the end: the last m steps come first."),
        Mistake("forwards inside the groups", dict(groups=lambda Js, m: [list(Js[max(t - m, 0) : t]) for t in range(len(Js), 0, -m)]), "Your groups come from the end, but inside each you go forwards. The later step comes first there, too."),
        Mistake("J untransposed", dict(step=lambda J, Q: J @ Q), "You multiply by J. A gradient goes back through the transpose, (J_t)ᵀ."),
        Mistake("frame not carried", dict(carry=lambda Q: np.eye(len(Q))[:, : Q.shape[1]].astype(Q.dtype)), "You begin every group of m steps with e_1 … e_k again. The directions that come out of one group go into the next."),
        Mistake("rest left out", dict(groups=_whole_groups), "The steps that are left over when T is no multiple of m are missing in your sum."),
        Mistake("no QR on the way", dict(groups=lambda Js, m: [list(Js[::-1])]), "You decompose once, at the end. Over many steps the product runs out of the numbers that there are, and all columns turn into one direction."),
        Mistake("lengths only", dict(straighten=_lengths), "You bring the gradients back to length 1, but do not keep them at right angles. So all of them turn into the fastest direction."),
        Mistake("divided by the number of groups", dict(average=lambda logs, T, every: logs.mean(axis=0)), "Your exponents are per group of m steps. Asked for is the rate per step."),
        Mistake("divided by m times the groups", dict(average=lambda logs, T, every: logs.mean(axis=0) / every), "You divide by m times the number of groups. The last group may be shorter: there are T steps."),
        Mistake("not divided by T", dict(average=lambda logs, T, every: logs.sum(axis=0)), "Your exponents are sums over all steps. Asked for is a rate per step."),
        Mistake("divided by T − 1", dict(average=lambda logs, T, every: logs.sum(axis=0) / (T - 1)), "You divide by T − 1. There are T Jacobians, so T steps."),
        Mistake("last group only", dict(average=lambda logs, T, every: logs[-1] / T), "Your logarithms are overwritten: only the last decomposition counts."),
        Mistake("first group not counted", dict(average=lambda logs, T, every: logs[1:].sum(axis=0) / T), "Your sum leaves out the first decomposition, that of the last steps. No burn-in here."),
        Mistake("no absolute value", dict(diagonal=np.diag), "You take the logarithm of R_ii with its sign, and QR may return negative ones."),
        Mistake("logarithm of the mean", dict(log=lambda rows: rows, average=lambda rows, T, every: np.log(rows.sum(axis=0) / T)), "You take the logarithm of a mean. Factors multiply, so their logarithms are what is added."),
        Mistake("no logarithm", dict(log=lambda rows: rows), "You add |R_ii| itself. What adds up are the logarithms."),
        Mistake("log₁₀", dict(log=np.log10), "You use the logarithm to base 10. Asked for is the natural one."),
        Mistake("log₂", dict(log=np.log2), "You use the logarithm to base 2. Asked for is the natural one."),
        Mistake("growth factors", dict(finish=np.exp), "You return growth per step. The exponent is its logarithm."),
        Mistake("sorted", dict(finish=lambda found: np.sort(found)[::-1]), "You sort the rates. Asked for is the order of e_1 … e_k, whatever their size."),
        Mistake("squared", dict(diagonal=lambda R: np.diag(R) ** 2), "You take log R_ii², twice the exponent."),
        Mistake("all H exponents", lambda Js, k, every: _exponents(Js, len(Js[0]), every), "You return H exponents. Asked for are the first k, with k gradients."),
        Mistake("largest of all H", lambda Js, k, every: np.sort(_exponents(Js, len(Js[0]), every))[::-1][:k], "You follow H gradients and return the k largest rates. In a short sequence e_1 … e_k need not be those that grow most: asked for are theirs, in their order."),
        Mistake("singular values of the product", _of_the_product(lambda P: np.linalg.svd(P, compute_uv=False)), "You take log σ of the whole product. That has the same limit for T → ∞ and differs at this T, and a long product under- or overflows."),
        Mistake("eigenvalues of the product", _of_the_product(lambda P: np.abs(np.linalg.eigvals(P))), "You take log |λ| of the whole product. Asked for is what the gradients are stretched by on the way."),
        Mistake("last k directions", dict(frame=lambda H, k: np.eye(H)[:, H - k :]), "Your gradients start as the last k unit vectors. Asked for are e_1 … e_k."),
    ),
    hints=(
        "k gradients at the end of the sequence, as columns. What does one step back do to each, and what goes wrong if nobody keeps them apart?",
        "A gradient at h_t becomes (J_t)ᵀ times it at h_{t−1}. Start with t = T; after every m steps decompose, go on with Q, keep log |diag R|.",
        "Q = np.eye(H)[:, :k]; in groups of m from the end: Q ← Jᵀ Q for each J of the group, then Q, R ← qr(Q). Divide the sum of the logarithms by the number of Jacobians.",
    ),
)  # fmt: skip
