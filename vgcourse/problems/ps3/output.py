"""Problem set 3 on the last layer: the best guess that knows nothing of the input."""

import numpy as np

from vgcourse.problems.edits import edit
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
    f = np.bincount(labels, minlength=n_classes) / len(labels)
    b = np.log(f)
    p = np.exp(b) / np.exp(b).sum()
    loss = -np.log(p[labels]).mean()
    Y = np.eye(n_classes)[labels]
    dz = (p - Y) / len(h)
    return b, loss, dz.T @ h


def _bias_cases(rng):
    cases = []
    for counts, D in (
        ((2, 7), 4),
        ((1, 2, 3, 4, 6), 3),
        ((2, 3, 5), 3),
        ((4, 1, 2), 1),
    ):  # C = D once, so that products run
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
        Mistake("bias zero", edit("return b,", "return 0 * b,"), "Your bias is the same for all classes, which guesses each of them equally often. A better guess knows how frequent each class is."),
        Mistake("frequencies without log", edit("np.log(f)", "f"), "Your bias is the frequency itself. Softmax takes the exponential of it, so the bias has to be the logarithm of the frequency."),
        Mistake("softmax of the frequencies", edit("np.exp(b) / np.exp(b).sum()", "np.exp(f) / np.exp(f).sum()"), "Your b is right, but loss and dW use the softmax of the frequencies. Of log f the softmax is f: the frequencies themselves are the probabilities.", whole=True),
        Mistake("loss of the softmax of the frequencies", edit("p[labels]", "(np.exp(p) / np.exp(p).sum())[labels]"), "Your loss uses the softmax of the frequencies. The frequencies are probabilities already: softmax(b) = f."),
        Mistake("dW of the softmax of the frequencies", edit("(p - ", "(np.exp(p) / np.exp(p).sum() - "), "Your dW uses the softmax of the frequencies. The frequencies are probabilities already: softmax(b) = f."),
        Mistake("counts without log", edit("np.log(f)", "len(h) * f"), "Your bias is the number of examples. Softmax takes the exponential of it, so the bias has to be a logarithm."),
        Mistake("sign of the log", edit("np.log(f)", "-np.log(f)"), "Your bias has the wrong sign: the rarest class gets the largest. softmax(b) is to be the frequency."),
        Mistake("logit of each class", edit("np.log(f)", "np.log(f / (1 - f))"), "Your bias is log(f/(1 − f)), the best one for a sigmoid per class. A softmax shares its normalisation, and log f is enough."),
        Mistake("logarithm to base 2", edit("np.log(f)", "np.log2(f)"), "Your bias is a logarithm to base 2. Softmax uses e: take np.log."),
        Mistake("logarithm to base 10", edit("np.log(f)", "np.log10(f)"), "Your bias is a logarithm to base 10. Softmax uses e: take np.log."),
        Mistake("logarithm of the others", edit("np.log(f)", "np.log(1 - f)"), "Your bias is log(1 − f), from how often a class does not occur. softmax(b) is to be the frequency f."),
        Mistake("smoothed counts", edit("np.log(f)", "np.log((len(h) * f + 1) / (len(h) + n_classes))"), "You add 1 to every count. Every class occurs here, and the bias that is best on these labels takes the counts as they are."),
        Mistake("loss of the uniform guess", edit("-np.log(p[labels]).mean()", "np.log(n_classes)"), "Your loss is log C, that of a guess which gives every class the same chance. With the best bias it is lower: the entropy of the class frequencies."),
        Mistake("loss summed", edit(".mean()", ".sum()"), "Your loss is the sum over the examples. Asked for is their mean."),
        Mistake("loss averaged over the classes", edit("p[labels]", "p"), "Your loss averages −log p over the classes. Average over the examples: a frequent class counts as often as it occurs, −Σ p log p."),
        Mistake("sign of the loss", edit("-np.log(", "np.log("), "Your loss is negative. Cross-entropy is the mean of −log p[label]."),
        Mistake("loss summed over the classes", edit("p[labels]).mean()", "p).sum()"), "Your loss sums −log p over the classes. Average over the examples: a frequent class counts as often as it occurs, −Σ p log p."),
        Mistake("log C less the entropy", edit("-np.log(", "np.log(n_classes) + np.log("), "Your loss is what the bias gains, log C − H. Asked for is what is left: the entropy H = −Σ p log p."),
        Mistake("entropy divided by C", edit(".mean()", ".mean() / n_classes"), "Your loss is divided by the number of classes. It is a mean over the examples: −Σ p log p, as it stands."),
        Mistake("loss in bits", edit("-np.log(", "-np.log2("), "Your loss is in bits. Cross-entropy takes the natural logarithm."),
        Mistake("probability for its logarithm", edit("-np.log(p[labels]).mean()", "1 - p[labels].mean()"), "Your loss is 1 minus the mean probability of the right class, which is also what a squared error comes to here. Cross-entropy is the mean of −log of that probability."),
        Mistake("gradient taken as zero", edit("dz = ", "dz = 0 * "), "Your dW is zero. W is zero, but moving it changes the outputs: its gradient pairs dz with h, and only what goes down to h is zero."),
        Mistake("logarithm for the guess in dW", edit("(p - ", "(b - "), "Your dW has b itself in the place of p. dz is softmax(b) − onehot: probabilities, not their logarithms."),
        Mistake("gradient of the uniform guess", edit("(p - ", "(1 / n_classes - "), "Your dW uses p = 1/C, which is the guess without a bias. With the best bias p is the class frequency."),
        Mistake("softmax part missing in dW", edit("(p - ", "(-"), "Your dW knows the right class only. dz = p − onehot has the guess p in it as well: every class is pushed down by what it was given."),
        Mistake("sign of dz", edit("dz = ", "dz = -"), "Your dW has the wrong sign: dz is p − onehot, not onehot − p."),
        Mistake("dW not averaged", edit(" / len(h)", ""), "Your dW is the sum over the examples. The loss is a mean, so its gradient has the factor 1/N."),
        Mistake("dW averaged over the classes too", edit(" / len(h)", " / len(h) / n_classes"), "Your dW is divided by C as well. The loss averages over the N examples alone."),
        Mistake("dW times C", edit(" / len(h)", " / len(h) * n_classes"), "Your dW is C times too large. The loss is a mean over the N examples and nothing else."),
        Mistake("dW transposed", edit("dz.T @ h", "h.T @ dz"), "Your dW is the transpose of the right one. W has shape (C, D), and so has its gradient."),
        Mistake("class means without their weight", edit("dz.T @ h", "dz.T @ h / f[:, None]"), "Your rows are mean(h) minus the mean of h in the class. Each row also has the frequency of its class as a factor: a rare class pulls less."),
        Mistake("the uniform guess everywhere", edit("np.bincount(labels, minlength=n_classes) / len(labels)", "np.ones(n_classes) / n_classes"), "All of your results belong to the guess that gives every class the same chance. A better bias knows how frequent each class is, and loss and dW follow from it.", whole=True, beside_the_point=True),
        Mistake("loss of a sigmoid for each class", edit("-np.log(p[labels]).mean()", "-(f * np.log(f) + (1 - f) * np.log(1 - f)).sum()"), "Your loss adds (1 − p) log(1 − p), as for a sigmoid for each class. Softmax cross-entropy has the probability of the right class alone."),
        Mistake("loss of counts", edit("-np.log(p[labels]).mean()", "-np.log(len(h) * p[labels]).mean()"), "Your loss takes the logarithm of counts: −b[label] is no −log p before softmax has divided by the sum. Use the frequencies."),
        Mistake("logarithm of the mean probability", edit("-np.log(p[labels]).mean()", "-np.log(p[labels].mean())"), "Your loss is the logarithm of the mean probability. Take the logarithm for each example first, then average."),
        Mistake("slope of a squared error", edit("(p - Y)", "(p - Y) * p * (1 - p)"), "Your dz has the factor p(1 − p), as behind a sigmoid with squared error. For softmax with cross-entropy it cancels: dz is (p − onehot)/N."),
        Mistake("the most frequent class guessed", edit("(p - ", "(np.eye(n_classes)[p.argmax()] - "), "Your dW guesses the most frequent class with certainty. The guess is softmax(b), a probability for each class."),
        Mistake("counts for the guess in dW", edit("(p - ", "(len(h) * p - "), "Your dW has the numbers of examples in the place of p. dz is softmax(b) − onehot: frequencies that sum to 1."),
        Mistake("divided by N and D", edit(" / len(h)", " / h.size"), "Your dW is divided by the number of features, too. The loss averages over the N examples alone."),
        Mistake("averaged over the features", edit(" / len(h)", " / h.shape[1]"), "Your dW is divided by the number of features D in the place of the N examples."),
        Mistake("right class missing in dW", edit("dz.T @ h", "np.outer(p, h.mean(axis=0))"), "Your dW has the guess alone, p times the mean of h. The right class is missing: dz is p − onehot."),
        Mistake("log1p", edit("np.log(f)", "np.log1p(f)"), "Your bias is log(1 + f). Softmax turns log f itself into f."),
        Mistake("root of the frequency", edit("np.log(f)", "np.sqrt(f)"), "Your bias is the root of the frequency. Softmax takes the exponential of it, so the bias has to be the logarithm of the frequency."),
        Mistake("frequency less its mean", edit("np.log(f)", "f / f.mean()"), "Your bias is the frequency over its mean. Softmax takes the exponential of it, so it has to be a logarithm: log f."),
        Mistake("perplexity", edit("return b, loss", "return b, np.exp(loss)"), "Your loss is e^H, the perplexity. Asked for is the mean cross-entropy itself, H."),
        Mistake("loss of the most frequent class", edit("p[labels]", "p.max()"), "Your loss is −log of the largest frequency. Every example counts with −log of its own class."),
        Mistake("gradient by b for dW", edit("dz.T @ h", "dz.sum(axis=0)[:, None] * h.mean(axis=0)"), "You sum dz over the examples before h comes in. That is the gradient by b, which is 0 here: multiply each example's dz by its h first."),
        Mistake("gradient of W's guess without h", edit("dz.T @ h", "np.repeat(dz.sum(axis=0)[:, None], h.shape[1], axis=1)"), "Your dW leaves h out. In z = h Wᵀ the factor of W is h: dW = dzᵀ h."),
        Mistake("dW of the loss summed over classes", edit("(p - Y)", "(p - Y) * Y"), "Your dW moves the right class of each example only. Every class is in the softmax: dz = p − onehot, with all its entries."),
        Mistake("squared error halved", edit("-np.log(p[labels]).mean()", "((p - np.eye(n_classes)[labels]) ** 2).sum(axis=1).mean() / 2"), "Your loss is half of a squared error. Asked for is the cross-entropy, the mean of −log p at the right class."),
        Mistake("loss weighed by the classes twice", edit("-np.log(p[labels]).mean()", "-(p**2 * np.log(p)).sum()"), "Your loss weighs −log p by p². Each class counts as often as it occurs, once: −Σ p log p."),
        Mistake("loss over log C", edit(".mean()", ".mean() / np.log(n_classes)"), "Your loss is divided by log C. It is the mean of −log p, as it stands."),
        Mistake("dW of b's sum", edit("(p - Y)", "(b - b.mean() - Y)"), "Your dW has b less its mean in the place of p. dz is softmax(b) − onehot."),
        Mistake("twice the logarithm", edit("np.log(f)", "2 * np.log(f)"), "Your bias is 2 log f. softmax(b) is then proportional to f²; log f gives f."),
        Mistake("half of the logarithm", edit("np.log(f)", "np.log(f) / 2"), "Your bias is ½ log f. softmax(b) is then proportional to √f; log f gives f."),
        Mistake("inverse frequency", edit("np.log(f)", "1 / f"), "Your bias is 1/f. The frequent classes get the largest bias, and softmax takes its exponential: b = log f."),
    ),
    hints=(
        "With W = 0 every example gets the same output, softmax(b). Which one probability vector fits the labels best?",
        "The best guess is the frequency of each class, so b is what softmax turns into that. b has shape (C,), dW has shape (C, D). The gradient of the mean cross-entropy by z is (p − onehot)/N.",
        "With N_c examples of class c the best guess has p_c = N_c/N. The loss is a mean over the examples: of −log p at the right class. For dW each example contributes its row of dz times its row of h.",
    ),
)  # fmt: skip
