"""The submissions for problem set 4: half of the class, with the instructor's answers but for their slips.

Each class holds the mistakes it is named for, as functions that take what the answer cell takes.
"""

import numpy as np

from demo.samples import ProblemSet, Submission, answer_cell, fill, find, solved


class Norms:
    """Sums over the wrong rows, pixels or channels, and a standard deviation that is held fixed."""

    def masked_norm_forward(x, mask, gamma, beta, eps):
        m = mask[:, None]
        mean = (m * x).mean(axis=0)
        var = (m * (x - mean) ** 2).mean(axis=0)
        x_hat = (x - mean) / np.sqrt(var + eps)
        return gamma * x_hat + beta, x_hat

    def rms_norm_backward(dy, x, gamma, eps):
        r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
        return gamma * dy / r, (dy * x / r).sum(axis=0)

    def clip_by_unit(grads, weights, ratio):
        clipped = []
        for g, w in zip(grads, weights):
            limit = ratio * max(np.linalg.norm(w), 1e-3)
            clipped.append(g * min(1, limit / np.linalg.norm(g)))
        return clipped


class Carries:
    """The carry forgotten on the way back, a product from the wrong side, a mean for a sum."""

    def two_gates_backward(dout, h, W, b, W_g, b_g, W_k, b_k):
        c = np.tanh(h @ W.T + b)
        g = 1 / (1 + np.exp(-h @ W_g.T - b_g))
        k = 1 / (1 + np.exp(-h @ W_k.T - b_k))
        dz = dout * g * (1 - c**2)
        dz_g = dout * c * g * (1 - g)
        dz_k = dout * h * k * (1 - k)
        dh = dz @ W + dz_g @ W_g + dz_k @ W_k
        return dh, dz.T @ h, dz.sum(0), dz_g.T @ h, dz_g.sum(0), dz_k.T @ h, dz_k.sum(0)

    def scaled_block_backward(dout, h, W1, W2, scale):
        c = np.tanh(h @ W1.T)
        dz = (dout @ W2) * (1 - c**2)
        return dout + dz @ W1, dz.T @ h, scale * dout.T @ c, (dout * (c @ W2.T)).sum()

    def path_gradients(dh, Js, carries):
        terms = np.zeros((len(Js) + 1, len(dh)))
        terms[0] = dh
        for J, k in zip(Js[::-1], carries[::-1]):
            through = terms[:-1] @ J.T
            terms = terms * k
            terms[1:] += through
        return terms


def _with(answers):
    """The instructor's answers, and the slips of one class in place of some."""

    def make(released, solutions):
        notebook, slips = solved(released, solutions), fill(released, answers)
        for name in vars(answers):
            if not name.startswith("__"):
                answer_cell(notebook, name).source = answer_cell(slips, name).source
        return notebook

    return make


def _looser_checks(released, solutions):
    """Right up to part 8; the student's check cells ask for nothing. They are put back before grading."""
    notebook = solved(released, solutions, parts=8)
    for part in range(9, 16):
        find(notebook, f"p{part}-check").source = "pass"
    return notebook


PS4 = ProblemSet(
    "ps4",
    {
        "a.okafor": Submission("everything right, both derivations and the experiment", solved),
        "l.garcia": Submission("means over the wrong rows, one limit for all units", _with(Norms)),
        "minh.nguyen": Submission("the carry forgotten, a transposed product", _with(Carries)),
        "a.singh": Submission(
            "the first seven parts", lambda released, solutions: solved(released, solutions, parts=7)
        ),
        "d.ivanova": Submission("eight parts, and checks emptied by hand", _looser_checks),
        "k.mensah": Submission("right, but named like a second download", solved, "ps4 (1)"),
    },
    {
        "p4-derivation": (4, "Clear, and the zero of the centred sum is named."),
        "p11-derivation": (3, "Say why W and δ are independent."),
        "p16-experiment": (4, "A prediction that turned out wrong, kept as it was: good."),
    },
)
