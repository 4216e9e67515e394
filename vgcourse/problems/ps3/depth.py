"""Problem set 3 in depth: how the rules predict the size of signals, layer by layer. Gradients: `gradients`."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- forward_variances -----------------------------------------------------------------------------


def forward_variances(q0, widths, var_ws, var_bs, leak, keep):
    """Predicted sizes of z_l = W_l x_{l−1} + b_l and x_l = m_l ⊙ f(z_l)/p: zero means, f leaky, dropout.

    Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²] + Var(b_l) and E[x_l²] = ½(1 + a²) Var(z_l)/p.

    Parameters
    ----------
    q0 : E[x_0²] of the inputs
    widths : [n_0, …, n_L]
    var_ws, var_bs : [Var(w_1), …, Var(w_L)] and the same for the biases
    leak : a, slope of f below 0
    keep : p, probability that a unit is kept

    Returns
    -------
    var_z, second_moment : (L,) arrays for the layers 1 … L
    """
    L = len(var_ws)
    var_z, second = np.zeros(L), np.zeros(L)
    share = (1 + leak**2) / 2
    incoming = q0
    for l in range(L):
        n, var_w, var_b = widths[l], var_ws[l], var_bs[l]
        var_z[l] = n * var_w * incoming + var_b
        second[l] = share * var_z[l] / keep
        incoming = second[l]
    return var_z, second


def draw_widths(rng, layers):
    """Widths that all differ."""
    return [int(n) for n in rng.permutation(np.arange(20, 200, 8))[: layers + 1]]


def _forward_cases(rng):
    """Nets of several layers and of one; in the last the units have no leak, and a layer no bias."""
    cases = []
    for layers in (5, 6, 1, 3):
        widths = draw_widths(rng, layers)
        var_ws = [float(g / n) for g, n in zip(rng.uniform(0.6, 2.2, size=layers), widths, strict=False)]
        var_bs = [float(v) for v in rng.uniform(0.1, 0.5, size=layers)]
        q0 = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 2.2)]))
        leak, keep = float(rng.uniform(0.25, 0.45)), float(rng.uniform(0.6, 0.85))
        if layers == 3:
            leak, var_bs[1] = 0.0, 0.0
        cases.append(Case((q0, widths, var_ws, var_bs, leak, keep), ("var_z", "second_moment")))
    return cases


def _fits_together(args, out):
    share = (1 + args[4] ** 2) / (2 * args[5])
    return relative_error(out["second_moment"], share * out["var_z"])


FORWARD_VARIANCES = Problem(
    name="ps3.forward_variances",
    reference=forward_variances,
    cases=_forward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={"var_z": ("layer",), "second_moment": ("layer",)},
    invariants=(
        Invariant("second moment of a symmetric z", _fits_together, "Your second_moment and your var_z do not fit together. z is symmetric around 0, so the leaky ReLU keeps ½(1 + a²) of its mean square; then the mask divides by p."),
    ),
    mistakes=(
        Mistake("the lecture's ReLU net", lambda q0, widths, var_ws, var_bs, leak, keep: forward_variances(q0, widths, var_ws, [0.0] * len(var_ws), 0.0, 1.0), "Your numbers are those of the lecture's net: no bias, no leak, no dropout. Each of the three has its place in the recursion.", beside_the_point=True),
        Mistake("biases forgotten", edit(" + var_b", ""), "The biases are missing: they are random and independent of the rest, so Var(b_l) adds to Var(z_l)."),
        Mistake("biases counted n times", edit(" + var_b", " + widths[l] * var_b"), "You multiply Var(b_l) by the number of inputs. A unit has one bias, however many inputs it adds."),
        Mistake("standard deviation of the bias", edit(" + var_b", " + np.sqrt(var_b)"), "You add the root of Var(b_l). Variances add, standard deviations do not."),
        Mistake("bias of the layer below", edit("var_bs[l]", "var_bs[l - 1] if l else 0.0"), "You add Var(b_{l−1}) to Var(z_l), and none to the first layer. z_l has the bias of its own layer: var_bs[0] belongs to layer 1."),
        Mistake("bias of the layer below, the first twice", edit("var_bs[l]", "var_bs[max(l - 1, 0)]"), "You add Var(b_{l−1}) to Var(z_l). z_l has the bias of its own layer: var_bs[0] belongs to layer 1."),
        Mistake("bias of the next layer", edit("var_bs[l]", "var_bs[min(l + 1, L - 1)]"), "You add Var(b_{l+1}) to Var(z_l). z_l has the bias of its own layer: var_bs[0] belongs to layer 1."),
        Mistake("bias of the layer below, the last one first", edit("var_bs[l]", "var_bs[l - 1]"), "You add var_bs[l − 1] to entry l of your list, so that the first layer gets the last bias: index −1. z_l has the bias of its own layer."),
        Mistake("bias of the next layer, the first one last", edit("var_bs[l]", "var_bs[(l + 1) % L]"), "You add Var(b_{l+1}) to Var(z_l). z_l has the bias of its own layer: var_bs[0] belongs to layer 1."),
        Mistake("variance of the bias squared", edit(" + var_b", " + var_b**2"), "You square the entries of var_bs. They are variances already, not standard deviations."),
        Mistake("first layer's bias everywhere", edit("var_bs[l]", "var_bs[0]"), "You use Var(b_1) in every layer. Each has its own entry in var_bs."),
        Mistake("bias behind the activation", edit(" + var_b", "", "        incoming = second", "        second[l] += var_b\n        incoming = second"), "You add Var(b_l) to the second moment. The bias is part of z_l: it passes activation and mask like the rest.", whole=True),
        Mistake("keep read as the drop probability", edit(" / keep", " / (1 - keep)"), "You take keep for the probability that a unit is dropped. It is the probability that it is kept: divide by keep."),
        Mistake("leak forgotten", edit("(1 + leak**2)", "1"), "Your activation keeps ½, as a plain ReLU. Below 0 the leaky one puts out a·z, whose squares count too."),
        Mistake("leak not squared", edit("leak**2", "leak"), "You have ½(1 + a). The negative half puts out a·z, and its mean square has a²."),
        Mistake("whole of the leaky side", edit("(1 + leak**2) / 2", "1 / 2 + leak**2"), "You have ½ + a². Both sides of z hold half of its mean square, the leaky one too: ½ + ½a²."),
        Mistake("activation forgotten", edit("(1 + leak**2) / 2", "1.0"), "Your x_l is z_l, masked. The activation is missing: it keeps ½(1 + a²) of the mean square."),
        Mistake("dropout forgotten", edit(" / keep", ""), "The mask is missing. m/p has the mean 1 but the mean square 1/p (part 1), so dropout makes the second moment larger."),
        Mistake("multiplied by p", edit(" / keep", " * keep"), "You multiply by p. That is dropout without its division: E[m²] = p. With it, E[(m/p)²] = 1/p."),
        Mistake("divided by p²", edit(" / keep", " / keep**2"), "You divide by p². (m/p)² has the mean p/p²: one p is left."),
        Mistake("n_out for n_in", edit("widths[l]", "widths[l + 1]"), "You multiply by the width of the layer itself. z_l is a sum over its inputs, so the factor is n_{l−1}, widths[l − 1] for layer l."),
        Mistake("average of both widths", edit("widths[l]", "(widths[l] + widths[l + 1]) / 2"), "You multiply by the average of both widths. That is Glorot's rule for choosing Var(w); what the signal then does depends on n_{l−1} alone."),
        Mistake("n missing", edit("widths[l]", "1"), "The factor n_{l−1} is missing: z_l sums that many independent terms, and their variances add."),
        Mistake("activation in Var(z)", edit("return var_z", "return (1 + leak**2) / 2 * var_z"), "Your var_z has the ½(1 + a²) of the activation in it. z comes before; the factor belongs to second_moment."),
        Mistake("results exchanged", lambda *args: forward_variances(*args)[::-1], "Your two results are exchanged: var_z comes first, then second_moment."),
        Mistake("activation not passed on", edit("incoming = second[l]", "incoming = var_z[l]"), "Your next layer is fed Var(z_{l−1}). It gets x_{l−1}, so it is the second moment behind activation and mask that goes on."),
        Mistake("inputs activated and masked", edit("incoming = q0", "incoming = q0 = q0 * (1 + leak**2) / (2 * keep)"), "You put the inputs through activation and mask. q0 is E[x_0²] as it enters layer 1."),
        Mistake("variances squared", edit("n * var_w", "n * var_w**2"), "You square the entries of var_ws. They are variances already, not standard deviations."),
        Mistake("roots of the variances", edit("n * var_w", "n * np.sqrt(var_w)"), "You take the root of the entries of var_ws. Variances multiply with variances: leave them as they are."),
        Mistake("q0 ignored", edit("incoming = q0", "incoming = q0 = 1.0"), "Your chain starts at 1. It starts with q0, the mean square of the inputs."),
        Mistake("q0 squared", edit("incoming = q0", "incoming = q0 = q0**2"), "You square q0. It is a mean square already, not a root mean square."),
        Mistake("first layer's weights everywhere", edit("var_ws[l]", "var_ws[0]"), "You use Var(w_1) in every layer. Each has its own entry in var_ws."),
        Mistake("layers not chained", edit("incoming = second[l]", "incoming = q0"), "Every layer of yours starts from q0. The second moment after one layer is what goes into the next."),
        Mistake("root mean squares returned", edit("return var_z, second", "return np.sqrt(var_z), np.sqrt(second)"), "You return roots. Asked for are the variances and second moments themselves."),
        Mistake("first width everywhere", edit("widths[l]", "widths[0]"), "You use n_0 in every layer. Each layer sums over the width of the one below it."),
        Mistake("last width everywhere", edit("widths[l]", "widths[-1]"), "You use the last width in every layer. Each layer sums over the width of the one below it.", alone=True),
        Mistake("mask counted twice", edit("incoming = second[l]", "incoming = second[l] / keep"), "You divide by p twice on the way to the next layer. The mask is in second_moment already, and x_l is what goes on."),
        Mistake("mask not passed on", edit("incoming = second[l]", "incoming = share * var_z[l]"), "Your next layer is fed f(z_l) without its mask. What goes on is x_l, with m_l/p: its second moment."),
        Mistake("mask passed on, activation not", edit("incoming = second[l]", "incoming = var_z[l] / keep"), "Your next layer is fed the masked z_l. The activation is missing in what goes on: x_l has ½(1 + a²) of that mean square.", alone=True),
        Mistake("mask in Var(z)", edit("return var_z", "return var_z / keep"), "Your var_z has the 1/p of the mask in it. z comes before the mask; the factor belongs to second_moment."),
        Mistake("square of the mean slope", edit("(1 + leak**2) / 2", "((1 + leak) / 2) ** 2"), "You have (½(1 + a))², the square of the average slope. Squares come before averages: half of z² on one side, half of a²z² on the other."),
        Mistake("difference of the sides", edit("(1 + leak**2) / 2", "(1 - leak**2) / 2"), "You have ½(1 − a²). Both sides put something out, and their squares add."),
        Mistake("leak for the positive side, too", edit("(1 + leak**2) / 2", "leak**2"), "You have a², as if both sides were leaky. Above 0 the slope is 1.", alone=True),
        Mistake("variance for the second moment", edit("(1 + leak**2) / 2", "(1 + leak**2) / 2 - (1 - leak) ** 2 / (2 * np.pi)"), "You subtract the square of the mean of f(z). Asked for is E[x²], with the mean in it: all of it goes into the next layer’s variance.", alone=True),
        Mistake("q0 listed", edit("return var_z, second", "return var_z, np.array([q0, *second])"), "Your second_moment starts with q0, which is given. Asked for are the layers 1 … L."),
        Mistake("what enters each layer", edit("return var_z, second", "return var_z, np.array([q0, *second[:-1]])"), "Your second_moment is of what enters each layer: q0 first. Asked for is what leaves it, x_1 … x_L."),
        Mistake("last layer first", edit("return var_z, second", "return var_z[::-1], second[::-1]"), "Your lists start with the last layer. Entry 0 belongs to layer 1.", alone=True),
        Mistake("biases of all layers below", edit("var_bs[l]", "sum(var_bs[: l + 1])"), "You add the variances of all biases so far. Those of the layers below are in E[x²] already.", alone=True),
        Mistake("products of the second moments", edit("n * var_w * incoming", "n * var_w * incoming**2"), "You square the mean square of what comes in. It is E[x²] already.", alone=True),
        Mistake("bias multiplied with the rest", edit(" + var_b", " * (1 + var_b)"), "You multiply by 1 + Var(b_l). The bias is added to the sum, so its variance is added, too.", alone=True),
        Mistake("variance passed on", edit("incoming = second[l]", "incoming = second[l] - var_z[l] * (1 - leak) ** 2 / (2 * np.pi)"), "Your next layer is fed the variance of x_l: the square of its mean is taken off. A sum of zero-mean weights times x feels E[x²], with the mean in it."),
        Mistake("variance behind the mask", edit("share * var_z[l] / keep", "share * var_z[l] / keep - var_z[l] * (1 - leak) ** 2 / (2 * np.pi)"), "Your second_moment is the variance of x_l: the square of its mean is taken off. Asked for is E[x²], with the mean in it."),
        Mistake("masks add up", edit(" / keep", " / keep ** (l + 1)"), "You divide by p^l. Each layer divides by p once; what the layers below did is in E[x_{l−1}²] already."),
        Mistake("mask before the weights", edit("var_z[l] = n * var_w * incoming", "var_z[l] = n * var_w * incoming / keep", "var_z[l] / keep", "var_z[l]"), "You mask what enters a layer in place of what leaves it: x_0 is not masked, and x_l is."),
        Mistake("no mask at the last layer", edit("        incoming = second", "        second[l] *= keep if l == L - 1 else 1\n        incoming = second"), "Your last second_moment has no mask. Every layer has one, the last too."),
        Mistake("no mask at the first layer", edit("        incoming = second", "        second[l] *= keep if l == 0 else 1\n        incoming = second"), "Your first second_moment has no mask. Every layer has one: x_1 is masked."),
        Mistake("inputs masked", edit("incoming = q0", "incoming = q0 / keep"), "You divide q0 by p. The inputs are not masked: q0 is E[x_0²] as it enters layer 1."),
        Mistake("inputs activated", edit("incoming = q0", "incoming = share * q0"), "You send the inputs through the activation. q0 is E[x_0²] as it enters layer 1."),
        Mistake("last layer linear", edit("        incoming = second", "        second[l] /= share if l == L - 1 else 1\n        incoming = second"), "Your last layer has no activation. Every layer has one, the last too."),
        Mistake("no bias in the first layer", edit(" + var_b", " + (var_b if l else 0.0)"), "Your first layer has no bias. z_1 has one, var_bs[0]."),
        Mistake("bias in the first layer alone", edit(" + var_b", " + (0.0 if l else var_b)"), "Only your first layer has a bias. Every layer has one: var_bs[l]."),
        Mistake("bias shared by the inputs", edit(" + var_b", " + var_b / n"), "You divide Var(b_l) by the number of inputs. A unit has one bias, and adds it once."),
        Mistake("average for the sum", edit("n * var_w", "var_w / n"), "You divide by n_{l−1}. A unit adds its inputs up: n independent terms have n times the variance."),
        Mistake("n squared", edit("n * var_w", "n**2 * var_w"), "You multiply by n². Variances of n independent terms add: n of them."),
        Mistake("both widths added", edit("widths[l]", "(widths[l] + widths[l + 1])"), "You multiply by the sum of both widths. z_l adds over its inputs alone: n_{l−1}."),
        Mistake("both widths multiplied", edit("widths[l]", "(widths[l] * widths[l + 1])"), "You multiply by both widths. One z adds over its n_{l−1} inputs; how many neighbours it has makes no difference."),
        Mistake("factor 2 for the bias", edit("share * var_z[l]", "(share * (var_z[l] - var_b) + var_b)"), "Your activation works on the weighted sum alone, and the bias goes around it. z_l is both together: ½(1 + a²) of all of Var(z_l)."),
        Mistake("mask on the weights' part alone", edit("share * var_z[l] / keep", "share * ((var_z[l] - var_b) / keep + var_b)"), "Your mask divides the weighted sum alone, and the bias goes around it. The mask works on f(z_l), all of it."),
        Mistake("variance of the mask", edit(" / keep", " * (1 - keep) / keep"), "You multiply by (1 − p)/p, the variance of m/p. Its mean square is 1/p: the mean counts, too."),
        Mistake("root of p", edit(" / keep", " / np.sqrt(keep)"), "You divide by √p. (m/p)² has the mean 1/p: the whole p."),
        Mistake("square of the leaky mean", edit("share = (1 + leak**2) / 2", "share = (1 - leak) ** 2 / (2 * np.pi)"), "Your factor is the square of the mean of f(z), (1 − a)²/(2π). Square first, then average: ½(1 + a²)."),
        Mistake("leak as the share", edit("(1 + leak**2) / 2", "(1 + leak) ** 2 / 2"), "You have ½(1 + a)². The two sides add up by their squares: ½(1 + a²)."),
        Mistake("no leak, no activation", lambda q0, widths, var_ws, var_bs, leak, keep: forward_variances(q0, widths, var_ws, var_bs, leak if leak else 1.0, keep), "For a = 0 your activation is left out. Without a leak it is a plain ReLU, which keeps ½: ½(1 + a²) holds for every a."),
        Mistake("last layer left out", edit("return var_z, second", "return var_z[:-1], second[:-1]"), "The last layer is missing from your lists. There are L of them: range(L) already stops one before L."),
        Mistake("weights of the layer below", edit("var_ws[l]", "var_ws[max(l - 1, 0)]"), "Your Var(w) is one layer too low: entry 0 of var_ws belongs to layer 1."),
        Mistake("weights of the next layer", edit("var_ws[l]", "var_ws[min(l + 1, L - 1)]"), "Your Var(w) is one layer too high: entry 0 of var_ws belongs to layer 1."),
        Mistake("width of the layer below", edit("widths[l]", "widths[max(l - 1, 0)]"), "Your width is one layer too low. z_l adds over the n_{l−1} units of the layer below, and n_0 stands first in widths."),
    ),
    hints=(
        "One unit first: z is a sum of n products w·x and a bias. Which variances add? Then follow E[x²] through activation and mask.",
        "Carry one number, E[x²], from layer to layer. Each half of z holds half of its mean square; the mask is part 1's factor. L layers give L numbers in each result.",
        "Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²] + Var(b_l). Behind the leaky ReLU ½(1 + a²) of it is left; and E[(m/p)²] = ?",
    ),
)  # fmt: skip
