"""Problem set 4 on batch norm at test time: running estimates in place of the batch's own statistics."""

import numpy as np

from vgcourse import layers
from vgcourse.check.problem import Case, Convention, Invariant, Mistake, Problem
from vgcourse.check.ps4 import norms

# --- batch_norm_inference --------------------------------------------------------------------------


def batch_norm_inference(batches, x, gamma, beta, eps, momentum):
    """r ← (1 − m) r + m · (the batch's mean, its variance with 1/(N − 1)), from 0 and 1; y = γ (x − r_μ)/√(r_v + ε) + β."""
    params = layers.NormParams(gamma, beta)
    running = layers.running_init(len(gamma))
    for batch in batches:
        _, cache = layers.batch_norm_forward(params, batch, eps=eps)
        running = layers.update_running(running, cache, momentum=momentum)
    y, _ = layers.batch_norm_forward(params, x, running=running, eps=eps)
    return running.mean, running.variance, y


def _as_it_is(v):
    return v


def _inference(
    batches, x, gamma, beta, eps, momentum, *, ddof=1, share=lambda m, step: m, keep=lambda s: 1 - s, start=1.0, order=_as_it_is,
    store=_as_it_is, restore=_as_it_is, at_test=lambda mean, variance, x: (mean, variance), root=norms.root_of_sum,
    affine=lambda x_hat, gamma, beta: gamma * x_hat + beta,
):  # fmt: skip
    mean, stored = np.zeros(len(gamma)), np.full(len(gamma), start)
    for step, batch in enumerate(order(batches), start=1):
        s = share(momentum, step)
        mean = keep(s) * mean + s * batch.mean(axis=0)
        stored = keep(s) * stored + s * store(batch.var(axis=0, ddof=ddof))
    variance = restore(stored)
    mu, v = at_test(mean, variance, x)
    return mean, variance, affine((x - mu) / root(v, eps), gamma, beta)


def _inference_cases(rng):
    cases = []
    for T, N, D, m in ((5, 4, 3, 0.3), (3, 4, 4, 0.2)):
        batches = [norms.spread(rng, (N, D), (0,)) for _ in range(T)]
        x = norms.spread(rng, (N + 1, D), (0,))
        cases.append(
            Case(
                (batches, x, norms.scales(rng, D), norms.scales(rng, D), 0.02, m),
                ("mean", "variance", "y"),
                batch=N,
                steps=T,
            )
        )
    return cases  # fmt: skip


def _uses_its_own(args, outputs):
    _, x, gamma, beta, eps, _ = args
    if (outputs["variance"] + eps <= 0).any():
        return np.inf
    wanted = gamma * (x - outputs["mean"]) / np.sqrt(outputs["variance"] + eps) + beta
    return float(
        np.abs(outputs["y"] - wanted).max() / max(np.abs(outputs["y"]).max(), np.abs(wanted).max(), 1e-300)
    )


BATCH_NORM_INFERENCE = Problem(
    name="ps4.batch_norm_inference",
    reference=batch_norm_inference,
    family=_inference,
    cases=_inference_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"mean": ("input",), "variance": ("input",), "y": ("example", "input")},
    conventions=(
        Convention("1/N", dict(ddof=0), "Your running variance collects the 1/N variance of each batch, as Keras does. That is accepted; torch collects the 1/(N − 1) estimate, which is not too small on average."),
    ),
    invariants=(
        Invariant("y follows from mean and variance", _uses_its_own, "Your y is not γ (x − mean)/√(variance + ε) + β with the mean and variance that you return. At test time nothing else enters."),
    ),
    mistakes=(
        Mistake("the test batch's own statistics", dict(at_test=lambda mean, variance, x: (x.mean(axis=0), x.var(axis=0))), "Your y is normalised with x's own mean and variance, as in training. At test time the running ones take their place: an answer must not depend on what else is in the batch."),
        Mistake("the test batch's own mean", dict(at_test=lambda mean, variance, x: (x.mean(axis=0), variance)), "Your y subtracts x's own mean. At test time both mean and variance are the running ones."),
        Mistake("old and new exchanged", dict(share=lambda m, step: 1 - m), "Your estimate keeps the share m and takes 1 − m of the new batch. Here m is the share of the new batch, (1 − m) r + m · new; Keras names them the other way round."),
        Mistake("last batch only", dict(share=lambda m, step: 1.0), "Your estimate is that of the last batch: the old one is overwritten. It keeps the share 1 − m of what it was."),
        Mistake("never updated", dict(share=lambda m, step: 0.0), "Your running mean and variance are still 0 and 1. Inside the loop the new estimate has to take the place of the old one."),
        Mistake("plain average", dict(share=lambda m, step: 1 / step), "You average all batches equally. Asked for is the moving average, (1 − m) r + m · new, which slowly forgets: early batches saw other weights."),
        Mistake("momentum of 0.1", dict(share=lambda m, step: 0.1), "You give each batch the share 0.1, whatever the argument says. Use the momentum that comes in."),
        Mistake("started with the first batch", dict(share=lambda m, step: 1.0 if step == 1 else m), "Your estimate starts with the first batch. Asked for is a start at mean 0 and variance 1, and the first batch then counts m like every other."),
        Mistake("old share missing", dict(keep=lambda s: 1.0), "You add m · new to the whole of the old estimate, so it grows with every batch. The old one is weighed by 1 − m."),
        Mistake("variance starts at 0", dict(start=0.0), "Your running variance starts at 0. It starts at 1, so that nothing is scaled before the first batch."),
        Mistake("order of the batches", dict(order=lambda batches: batches[::-1]), "You go through the batches from the last to the first, so the oldest counts most. The newest has the weight m, the one before m(1 − m)."),
        Mistake("standard deviations averaged", dict(store=np.sqrt, restore=np.square), "You average standard deviations and square at the end. Variances are what is averaged."),
        Mistake("standard deviation returned", dict(restore=np.sqrt, root=lambda v, eps: v), "Your second result is a standard deviation, and ε is not in it. Return the variance; √(variance + ε) comes in with y."),
        Mistake("divided by the variance", dict(root=lambda v, eps: v + eps), "Your y is divided by the variance: the root is missing, √(variance + ε)."),
        Mistake("eps outside the root", dict(root=lambda v, eps: np.sqrt(v) + eps), "You divide by √variance + ε. Here ε stands inside the root."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "You divide by √variance or nearly so: ε is missing, or is not the eps that comes in. At test time it enters as in training."),
        Mistake("affine missing", dict(affine=lambda x_hat, gamma, beta: x_hat), "Your y is x̂. The learned scale and shift are used at test time too: γ x̂ + β."),
    ),
    hints=(
        "While training, the layer writes down what the data look like. At test time it uses those notes and does not look at the batch.",
        "One loop over the batches with two arrays of shape (D,), which start as zeros and ones. After it, y from these two alone.",
        "mean = (1 − m) · mean + m · batch.mean(axis=0). The variance likewise, with N − 1 in its denominator (ddof=1). Which mean and variance does y use?",
    ),
)  # fmt: skip
