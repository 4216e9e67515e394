"""Problem set 3 on the last layer: the best guess that knows nothing of the input."""

import numpy as np

from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- best_bias -------------------------------------------------------------------------------------


def best_bias(h, labels, n_classes):
    """The best bias of a softmax layer z = h Wᵀ + b with W = 0, its loss, and the gradient by W there.

    b_c = log(N_c/N) with N_c examples of class c of N: then softmax(b) is the class frequency. The loss is
    −(1/N) Σ log p[label], and dW = (1/N)(p − onehot)ᵀ h.

    Parameters
    ----------
    h : (N, D) array, what comes into the last layer
    labels : (N,) integer array
    n_classes : C; every class occurs

    Returns
    -------
    b : (C,) array: the logarithms themselves; any constant may be added, as softmax does not feel it
    loss : number
    dW : (C, D) array
    """
    b = np.log(np.bincount(labels, minlength=n_classes) / len(labels))
    loss, cache = softmax_cross_entropy_forward(np.tile(b, (len(labels), 1)), labels)
    dz = softmax_cross_entropy_backward(1.0, cache)
    return b, loss, dz.T @ h


def _gradient(p, Y, h):
    return (p - Y).T @ h


def _class_means(p, Y, h):
    return len(h) * (h.mean(axis=0) - (Y.T @ h) / Y.sum(axis=0)[:, None])


def _bias(
    h,
    labels,
    n_classes,
    *,
    bias=lambda f, N: np.log(f),
    used=True,
    said=None,
    loss_guess=lambda p: p,
    loss=lambda p, labels: -np.log(p[labels]).mean(),
    guess=lambda p: p,
    sign=1,
    product=_gradient,
    count=lambda N, C: N,
    turn=lambda dW: dW,
):
    """The three results with exchangeable parts."""
    f = np.bincount(labels, minlength=n_classes) / len(labels)
    b = bias(f, len(labels))
    p = np.exp(b - b.max()) if used else f
    p = p / p.sum()
    dW = sign * product(guess(p), np.eye(n_classes)[labels], h) / count(len(h), n_classes)
    return b if said is None else said(f), loss(loss_guess(p), labels), turn(dW)


def _bias_cases(rng):
    cases = []
    for counts, D in (((2, 7), 4), ((1, 2, 3, 4, 6), 3), ((2, 3, 5), 3)):  # C = D once, so that products run
        labels = rng.permutation(np.repeat(rng.permutation(len(counts)), counts))
        h = rng.normal(size=(len(labels), D)) + rng.normal(size=(len(counts), D))[labels] + 0.5
        cases.append(Case((h, labels, len(counts)), ("b", "loss", "dW"), batch=len(labels)))
    return cases


def _without_constant(output, args):
    """b less the constant that makes its exponentials sum to 1: softmax feels none. What is no answer stays as it is."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        return output
    b, loss, dW = output
    try:
        numbers = np.asarray(b)
    except Exception:
        return output
    if (
        numbers.ndim != 1
        or numbers.dtype.kind not in "fiu"
        or not numbers.size
        or not np.isfinite(numbers).all()
    ):
        return output
    top = numbers.max()
    return numbers - top - np.log(np.exp(numbers - top).sum()), loss, dW


def _unbalanced(args, out):
    """The sum of dW over the classes, relative to dW, or to what rounding makes of it where dW is 0."""
    size = max(np.abs(out["dW"]).max(), 1e-9 * np.abs(args[0]).max())
    return np.abs(out["dW"].sum(axis=0)).max() / size


def _rounding(args, out):
    """1 if dW is zero to rounding and not exactly, else 0."""
    return float(0 < np.abs(out["dW"]).max() < 1e-12 * np.abs(args[0]).max())


BEST_BIAS = Problem(
    name="ps3.best_bias",
    reference=best_bias,
    family=_bias,
    cases=_bias_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={"b": ("class",), "dW": ("class", "input")},
    adapt=_without_constant,
    invariants=(
        Invariant("dW sums to zero over the classes", _unbalanced, "Your dW does not sum to zero over the classes. Adding the same row to every row of W changes no softmax, so it must."),
        Invariant("dW is rounding", _rounding, "Your dW is zero to rounding. Over all examples the mean of p − onehot is 0, but its products with h do not average to 0: multiply before you sum."),
    ),
    mistakes=(
        Mistake("bias zero", dict(bias=lambda f, N: 0 * f, used=False), "Your bias is the same for all classes, which guesses each of them equally often. A better guess knows how frequent each class is."),
        Mistake("frequencies without log", dict(bias=lambda f, N: f), "Your bias is the frequency itself. Softmax takes the exponential of it, so the bias has to be the logarithm of the frequency."),
        Mistake("softmax of the frequencies", dict(bias=lambda f, N: f, said=np.log), "Your b is right, but loss and dW use the softmax of the frequencies. Of log f the softmax is f: the frequencies themselves are the probabilities.", whole=True),
        Mistake("loss of the softmax of the frequencies", dict(loss_guess=lambda p: np.exp(p) / np.exp(p).sum()), "Your loss uses the softmax of the frequencies. The frequencies are probabilities already: softmax(b) = f."),
        Mistake("dW of the softmax of the frequencies", dict(guess=lambda p: np.exp(p) / np.exp(p).sum()), "Your dW uses the softmax of the frequencies. The frequencies are probabilities already: softmax(b) = f."),
        Mistake("counts without log", dict(bias=lambda f, N: N * f), "Your bias is the number of examples. Softmax takes the exponential of it, so the bias has to be a logarithm."),
        Mistake("sign of the log", dict(bias=lambda f, N: -np.log(f)), "Your bias has the wrong sign: the rarest class gets the largest. softmax(b) is to be the frequency."),
        Mistake("logit of each class", dict(bias=lambda f, N: np.log(f / (1 - f))), "Your bias is log(f/(1 − f)), the best one for a sigmoid per class. A softmax shares its normalisation, and log f is enough."),
        Mistake("logarithm to base 2", dict(bias=lambda f, N: np.log2(f)), "Your bias is a logarithm to base 2. Softmax uses e: take np.log."),
        Mistake("logarithm to base 10", dict(bias=lambda f, N: np.log10(f)), "Your bias is a logarithm to base 10. Softmax uses e: take np.log."),
        Mistake("logarithm of the others", dict(bias=lambda f, N: np.log(1 - f)), "Your bias is log(1 − f), from how often a class does not occur. softmax(b) is to be the frequency f."),
        Mistake("smoothed counts", dict(bias=lambda f, N: np.log((N * f + 1) / (N + len(f)))), "You add 1 to every count. Every class occurs here, and the bias that is best on these labels takes the counts as they are."),
        Mistake("loss of the uniform guess", dict(loss=lambda p, labels: np.log(len(p))), "Your loss is log C, that of a guess which gives every class the same chance. With the best bias it is lower: the entropy of the class frequencies."),
        Mistake("loss summed", dict(loss=lambda p, labels: -np.log(p[labels]).sum()), "Your loss is the sum over the examples. Asked for is their mean."),
        Mistake("loss averaged over the classes", dict(loss=lambda p, labels: -np.log(p).mean()), "Your loss averages −log p over the classes. Average over the examples: a frequent class counts as often as it occurs, −Σ p log p."),
        Mistake("sign of the loss", dict(loss=lambda p, labels: np.log(p[labels]).mean()), "Your loss is negative. Cross-entropy is the mean of −log p[label]."),
        Mistake("loss summed over the classes", dict(loss=lambda p, labels: -np.log(p).sum()), "Your loss sums −log p over the classes. Average over the examples: a frequent class counts as often as it occurs, −Σ p log p."),
        Mistake("log C less the entropy", dict(loss=lambda p, labels: np.log(len(p)) + np.log(p[labels]).mean()), "Your loss is what the bias gains, log C − H. Asked for is what is left: the entropy H = −Σ p log p."),
        Mistake("entropy divided by C", dict(loss=lambda p, labels: -np.log(p[labels]).mean() / len(p)), "Your loss is divided by the number of classes. It is a mean over the examples: −Σ p log p, as it stands."),
        Mistake("loss in bits", dict(loss=lambda p, labels: -np.log2(p[labels]).mean()), "Your loss is in bits. Cross-entropy takes the natural logarithm."),
        Mistake("probability for its logarithm", dict(loss=lambda p, labels: 1 - p[labels].mean()), "Your loss is 1 minus the mean probability of the right class. Cross-entropy is the mean of −log of that probability."),
        Mistake("gradient taken as zero", dict(sign=0), "Your dW is zero. W is zero, but moving it changes the outputs: its gradient is dzᵀ h, and only what goes down to h is zero."),
        Mistake("logarithm for the guess in dW", dict(guess=np.log), "Your dW has b itself in the place of p. dz is softmax(b) − onehot: probabilities, not their logarithms."),
        Mistake("gradient of the uniform guess", dict(guess=lambda p: 1 / len(p) + 0 * p), "Your dW uses p = 1/C, which is the guess without a bias. With the best bias p is the class frequency."),
        Mistake("softmax part missing in dW", dict(guess=lambda p: 0 * p), "Your dW knows the right class only. dz = p − onehot has the guess p in it as well: every class is pushed down by what it was given."),
        Mistake("sign of dz", dict(sign=-1), "Your dW has the wrong sign: dz is p − onehot, not onehot − p."),
        Mistake("dW not averaged", dict(count=lambda N, C: 1), "Your dW is the sum over the examples. The loss is a mean, so its gradient has the factor 1/N."),
        Mistake("dW averaged over the classes too", dict(count=lambda N, C: N * C), "Your dW is divided by C as well. The loss averages over the N examples alone."),
        Mistake("dW times C", dict(count=lambda N, C: N / C), "Your dW is C times too large. The loss is a mean over the N examples and nothing else."),
        Mistake("dW transposed", dict(turn=np.transpose), "Your dW is the transpose of the right one. W has shape (C, D), and so has its gradient: dzᵀ h."),
        Mistake("class means without their weight", dict(product=_class_means), "Your rows are mean(h) minus the mean of h in the class. Each row also has the frequency of its class as a factor: a rare class pulls less."),
    ),
    hints=(
        "With W = 0 every example gets the same output, softmax(b). Which one probability vector fits the labels best?",
        "The best guess is the frequency of each class, so b is what softmax turns into that. b has shape (C,), dW has shape (C, D). The gradient of the mean cross-entropy by z is (p − onehot)/N.",
        "np.bincount(labels, minlength=C)/N are the frequencies p; loss = mean of −log p[labels]; dW = dzᵀ h with dz of shape (N, C).",
    ),
)  # fmt: skip
