"""Problem set 5 on products of many Jacobians: their exponents, and singular values without underflow."""

import functools

import numpy as np

from vgcourse import dynamics
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- lyapunov_exponents ----------------------------------------------------------------------------


def lyapunov_exponents(Js):
    """(1/T) Σ_t log |diag R_t| with J_t Q_{t−1} = Q_t R_t and Q_0 = I, for Js of shape (T, H, H)."""
    return _exponents(Js)


def _exponents(
    Js,
    *,
    order=lambda Js: Js,
    step=lambda J, Q: J @ Q,
    carry=lambda Q: Q,
    diagonal=lambda R: np.abs(np.diag(R)),
    log=np.log,
    average=lambda logs: logs.mean(axis=0),
):
    Q, rows = np.eye(Js.shape[1]), []
    for J in order(Js):
        Q, R = np.linalg.qr(step(J, carry(Q)))
        rows.append(diagonal(R))
    with np.errstate(all="ignore"):
        return average(log(np.array(rows)))


def _of_each(sizes, log=np.log):
    """The mean over time of the logarithms of what `sizes` finds in each factor."""
    return lambda Js: np.mean([log(np.sort(sizes(J))[::-1]) for J in Js], axis=0)


def _product(Js):
    return functools.reduce(lambda P, J: J @ P, Js)


def _exponent_cases(rng):
    cases = []
    for T, H, scale in ((10, 3, 0.8), (12, 4, 1.2), (6, 2, 0.4)):
        while True:  # exponents far enough apart that the diagonal comes sorted
            turns, noise = np.linalg.qr(rng.normal(size=(T, H, H)))[0], rng.normal(size=(T, H, H))
            Js = scale * (0.7 * turns + 0.3 * noise)
            if np.linalg.cond(Js).max() < 80 and (np.diff(_exponents(Js)) < -0.05).all():
                break
        cases.append(Case((Js,), ("exponents",), steps=T))
    return cases


def _log_det(Js):
    return np.linalg.slogdet(Js)[1].sum()


def _sum_wrong(args, outputs):
    found = outputs["exponents"]
    return abs(found.sum() - _log_det(args[0]) / len(args[0])) / np.abs(found).sum()


LYAPUNOV_EXPONENTS = Problem(
    name="ps5.lyapunov_exponents",
    reference=lyapunov_exponents,
    cases=_exponent_cases,
    family=_exponents,
    axes={"exponents": ("exponent",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("sum of the exponents", _sum_wrong, "Your exponents have the wrong sum. |det J_t| is the product of |diag R_t|, so they must add up to (1/T) Σ log |det J_t|. Check the logarithm, the 1/T and that each step counts once."),
    ),
    mistakes=(
        Mistake("order reversed", dict(order=lambda Js: Js[::-1]), "You start with the last Jacobian. A perturbation meets J_1 first: Q_t R_t = J_t Q_{t−1}, t = 1 … T."),
        Mistake("J transposed", dict(step=lambda J, Q: J.T @ Q), "You multiply by J_tᵀ, which carries gradients. Perturbations go forward by J_t itself."),
        Mistake("Q transposed", dict(step=lambda J, Q: J @ Q.T), "You carry Qᵀ. The columns of Q are the directions that the next step stretches: J_t Q_{t−1}."),
        Mistake("Q not carried", dict(carry=lambda Q: np.eye(len(Q))), "Your R is that of each J_t alone (Q J_t has the same one). The directions that J_t stretches are those that came out of the step before, so decompose J_t Q_{t−1}."),
        Mistake("no absolute value", dict(diagonal=np.diag), "You take the logarithm of R_ii with its sign, and QR may return negative ones: log |R_ii|."),
        Mistake("not divided by T", dict(average=lambda logs: logs.sum(axis=0)), "Your exponents are sums over all steps. A Lyapunov exponent is a rate per step: divide by T."),
        Mistake("divided by H", dict(average=lambda logs: logs.sum(axis=0) / logs.shape[1]), "You divide by the number of units. The mean is over the T steps."),
        Mistake("divided by T − 1", dict(average=lambda logs: logs.sum(axis=0) / (len(logs) - 1)), "You divide by T − 1. There are T Jacobians, so T steps."),
        Mistake("divided by T + 1", dict(average=lambda logs: logs.sum(axis=0) / (len(logs) + 1)), "You divide by T + 1. There are T + 1 states but T Jacobians, so T steps."),
        Mistake("first step not counted", dict(average=lambda logs: logs[1:].mean(axis=0)), "Your mean leaves out the first step. Every step counts here: no burn-in."),
        Mistake("last step only", dict(average=lambda logs: logs[-1]), "You return the last step's log |R_ii|: each step overwrites the one before. Add them up, then divide by T."),
        Mistake("logarithm of the mean", dict(log=lambda rows: rows, average=lambda rows: np.log(rows.mean(axis=0))), "You take the logarithm of the mean stretching. Factors multiply, so their logarithms are what is averaged: mean of log |R_ii|."),
        Mistake("log₁₀", dict(log=np.log10), "You use the logarithm to base 10. Exponents are in nats per step: np.log."),
        Mistake("log₂", dict(log=np.log2), "You use the logarithm to base 2, bits per step. Asked for are nats per step: np.log."),
        Mistake("growth factors", dict(average=lambda logs: np.exp(logs.mean(axis=0))), "You return the growth per step. The exponent is its logarithm: leave out the last exp."),
        Mistake("no logarithm", dict(log=lambda rows: rows), "You average |R_ii| itself. The exponent averages log |R_ii|."),
        Mistake("squared", dict(diagonal=lambda R: np.diag(R) ** 2), "You take log R_ii², twice the exponent. Use |R_ii|."),
        Mistake("eigenvalues of each J", _of_each(lambda J: np.abs(np.linalg.eigvals(J))), "You average log |λ| of each Jacobian. Eigenvectors differ from step to step, so eigenvalues of a product are not products of eigenvalues: carry Q."),
        Mistake("singular values of each J", _of_each(lambda J: np.linalg.svd(J, compute_uv=False)), "You average the logarithms of each Jacobian's singular values. The direction that one step stretches most is another one in the next: carry Q."),
        Mistake("eigenvalues of the product", lambda Js: np.log(np.sort(np.abs(np.linalg.eigvals(_product(Js))))[::-1]) / len(Js), "You take log |λ| of the whole product. Asked for are the stretchings on the way: log |diag R_t| of J_t Q_{t−1}, averaged over t."),
        Mistake("singular values of the product", lambda Js: np.log(np.linalg.svd(_product(Js), compute_uv=False)) / len(Js), "You take log σ of the whole product. It has the same limit for T → ∞ and differs at this T, and a long product under- or overflows: average log |diag R_t| of J_t Q_{t−1}."),
        Mistake("smallest first", dict(average=lambda logs: logs.mean(axis=0)[::-1]), "Your exponents stand in reversed order. Keep the order of R's diagonal: it starts with the largest."),
    ),
    hints=(
        "Follow a frame of directions through the steps and straighten it each time. What QR puts into R is how far it was stretched.",
        "Q starts as np.eye(H) and goes on to the next step; diag(R) has one entry per exponent.",
        "Q, R = np.linalg.qr(J @ Q) for every J in order; add up np.log of |diag R|, and make it a rate per step.",
    ),
)  # fmt: skip


# --- log_singular_values ---------------------------------------------------------------------------


def log_singular_values(Js):
    """Logarithms of the singular values of J_T … J_1, largest first, where the product itself underflows."""
    return dynamics.log_singular_values(Js)


def _log_spectrum(
    Js,
    *,
    order=lambda Js: Js,
    multiply=lambda J, P: J @ P,
    keep=1.0,
    values=lambda P: np.linalg.svd(P, compute_uv=False),
    log=np.log,
    finish=lambda logs, T: logs,
):
    P, scale = np.eye(Js.shape[1]), 0.0
    for J in order(Js):
        P = multiply(J, P)
        size = np.linalg.norm(P)
        P, scale = P / size, scale + log(size)
    return finish(log(values(P)) + keep * scale, len(Js))


def _naive(floor):
    def formula(Js):
        with np.errstate(divide="ignore"):
            return np.log(np.linalg.svd(_product(Js), compute_uv=False) + floor)

    return formula


def _diagonals(Js):
    Q, logs = np.eye(Js.shape[1]), 0.0
    for J in Js:
        Q, R = np.linalg.qr(J @ Q)
        logs = logs + np.log(np.abs(np.diag(R)))
    return np.sort(logs)[::-1]


def _singular_cases(rng):
    cases = []
    for T, H, scale in ((90, 3, 1e-4), (6, 4, 0.5)):
        while True:  # kept so near to a rotation that single precision still sees every singular value
            turns, noise = np.linalg.qr(rng.normal(size=(T, H, H)))[0], rng.normal(size=(T, H, H))
            Js = scale * (turns + 0.6 / np.sqrt(T) * noise)
            logs = _log_spectrum(Js)
            if (np.diff(logs) < -0.4).all() and logs[0] - logs[-1] < 4.5:
                break
        cases.append(Case((Js,), ("logs",), steps=T))
    return cases


def _det_wrong(args, outputs):
    return abs(outputs["logs"].sum() - _log_det(args[0])) / np.abs(outputs["logs"]).sum()


LOG_SINGULAR_VALUES = Problem(
    name="ps5.log_singular_values",
    reference=log_singular_values,
    cases=_singular_cases,
    family=_log_spectrum,
    axes={"logs": ("value",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    tolerance=1e-6,  # the common part, log of 1e−360, is large: what tells the mistakes apart is small
    float32_tolerance=1e-5,
    invariants=(
        Invariant("sum of the logarithms", _det_wrong, "Your logarithms have the wrong sum. |det| of a product is the product of |det|, so they must add up to Σ_t log |det J_t|. Is every scale that you took out added again?"),
    ),
    mistakes=(
        Mistake("underflow", _naive(0.0), "Your product underflows to 0, and log 0 is −inf. Divide it by its size in every step and add up the logarithms of what you divided by."),
        *(Mistake(f"log(s + {floor:g})", _naive(floor), f"Adding {floor:g} inside the logarithm hides the underflow: every answer below log({floor:g}) is wrong. Rescale the product in every step and add up the logarithms.") for floor in (1e-8, 1e-12, 1e-16, 1e-300)),
        Mistake("scale forgotten", dict(keep=0.0), "You rescale the product and never add back what you divided by: log σ is the logarithm of the rescaled σ plus the sum of all log scales."),
        Mistake("scale subtracted", dict(keep=-1.0), "You subtract the log scales. The product is (rescaled product) · e^scale, so its logarithms are larger by scale: add."),
        Mistake("singular values of each J", lambda Js: np.log(np.linalg.svd(Js, compute_uv=False)).sum(axis=0), "You add up the logarithms of each factor's singular values. σ(J₂J₁) is not σ(J₂)σ(J₁): the factors stretch different directions."),
        Mistake("eigenvalues of each J", lambda Js: np.log(np.sort(np.abs(np.linalg.eigvals(Js)), axis=1)[:, ::-1]).sum(axis=0), "You add up log |λ| of each factor. Neither |λ| nor σ of a product is the product of theirs: multiply first, with the scale kept apart, then np.linalg.svd."),
        Mistake("eigenvalues", dict(values=lambda P: np.sort(np.abs(np.linalg.eigvals(P)))[::-1]), "You take |λ| of the product. How far it can stretch a vector is told by singular values: np.linalg.svd."),
        Mistake("diagonal of R", _diagonals, "You add up log |diag R| of the QR steps. Over T → ∞ that gives the same rates; the singular values of this product are others: take the SVD of the rescaled product."),
        Mistake("order reversed", dict(multiply=lambda J, P: P @ J), "Your product is J_1 … J_T. The later step stands to the left: P = J_t P."),
        Mistake("squared", dict(values=lambda P: np.linalg.svd(P, compute_uv=False) ** 2), "The eigenvalues of PᵀP are σ², so their logarithms are twice those of the rescaled σ. Take half of them."),
        Mistake("all squared", dict(finish=lambda logs, T: 2 * logs), "You return log σ². Asked for is log σ: half of it."),
        Mistake("log₁₀", dict(log=np.log10), "You use the logarithm to base 10. Asked for is the natural one: np.log."),
        Mistake("log₂", dict(log=np.log2), "You use the logarithm to base 2. Asked for is the natural one: np.log."),
        Mistake("divided by T", dict(finish=lambda logs, T: logs / T), "You divide by T, which makes rates per step. Asked for are the logarithms for the whole product."),
        Mistake("smallest first", dict(finish=lambda logs, T: logs[::-1]), "Your logarithms start with the smallest, as eigvalsh sorts. Asked for is the largest first."),
        Mistake("first factor missing", dict(order=lambda Js: Js[1:]), "Your product leaves out J_1. With P = identity at the start, the loop runs over all T factors."),
        Mistake("last factor missing", dict(order=lambda Js: Js[:-1]), "Your product leaves out J_T. The loop runs over all T factors."),
    ),
    hints=(
        "Numbers below 1e−324 are 0 in floating point, their logarithms are harmless. Keep the size of the product apart from its shape.",
        "Write the product as (a matrix of ordinary size) · e^scale. Dividing a matrix by a number divides every singular value by it.",
        "In each step: P = J @ P, then size = np.linalg.norm(P), P = P / size, and scale grows by log size. The SVD comes once, at the end.",
    ),
)  # fmt: skip
