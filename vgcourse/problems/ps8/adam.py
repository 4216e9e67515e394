"""Problem set 8 on the optimiser's step: Adam that does not forget how large a gradient can be."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- amsgrad_step ----------------------------------------------------------------------------------


def amsgrad_step(w, g, m, v, largest, n, learning_rate, betas, eps):
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², V ← max(V, v), w ← w − α m̂/(√V̂ + ε) (Reddi et al. 2018).

    m̂ = m/(1 − β₁ⁿ) and V̂ = V/(1 − β₂ⁿ); n is the number of this step, the first is 1. Returns w, m, v and V,
    the last three without the correction.
    """
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    largest = np.maximum(largest, v)
    m_hat = m / (1 - beta1**n)
    V_hat = largest / (1 - beta2**n)
    step = m_hat / (np.sqrt(V_hat) + eps)
    return w - learning_rate * step, m, v, largest


def _ams_cases(rng):
    """Some entries have seen larger gradients than now, some not; one never had any."""
    cases = []
    for shape, n in (((4, 3), 3), ((3, 3), 2), ((2, 4), 6), ((3, 2), 1)):
        w, g, m = (rng.normal(size=shape) for _ in range(3))
        v = rng.uniform(0.02, 0.1, size=shape)
        factor = rng.choice([1.0, 8.0], size=shape)
        factor.flat[:4] = 1.0, 8.0, 1.0, 8.0
        largest = v * factor
        v.flat[2] = m.flat[2] = largest.flat[2] = 0.0
        betas = float(rng.uniform(0.75, 0.85)), float(rng.uniform(0.9, 0.95))
        rate, eps = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.05, 0.1))
        cases.append(Case((w, g, 0.2 * m, v, largest, n, rate, betas, eps), ("w", "m", "v", "largest")))
    w, g, m, v, largest, n, rate, betas, eps = cases[1].args  # the same net, gradients of 10⁻⁹
    tiny = (w, 1e-9 * g, 1e-9 * m, 1e-18 * v, 1e-18 * largest, n, rate, betas, 1e-9 * eps)
    cases.append(Case(tiny, ("w", "m", "v", "largest")))
    return cases


def _two_gradients(args, out):
    """The gradient that m has taken in is the one that v has."""
    m, v, (beta1, beta2) = args[2], args[3], args[7]
    g = (out["m"] - beta1 * m) / (1 - beta1)
    return relative_error((out["v"] - beta2 * v) / (1 - beta2), g**2)


def _another_move(args, out):
    """w moves as the learner's own m and largest say."""
    (beta1, beta2), n, rate, eps = args[7], args[5], args[6], args[8]
    step = out["m"] / (1 - beta1**n) / (np.sqrt(np.maximum(out["largest"], 0) / (1 - beta2**n)) + eps)
    return relative_error(out["w"] - args[0], -rate * step)


def _fell(args, out):
    largest = args[4]
    return float(np.max(np.maximum(largest - out["largest"], 0) / np.maximum(largest, 1e-12)))


AMSGRAD_STEP = Problem(
    name="ps8.amsgrad_step",
    reference=amsgrad_step,
    cases=_ams_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    flow=("m", "v", "largest", "w"),
    axes={name: ("row", "column") for name in ("w", "m", "v", "largest")},
    invariants=(
        Invariant("one gradient in both means", _two_gradients, "Your m and v have not taken in the same gradient, or not with the weights 1 − β₁ and 1 − β₂."),
        Invariant("move of its own means", _another_move, "Your w does not move by what your own m and largest say, both corrected, in the formula of the text."),
        Invariant("never falls", _fell, "Somewhere your largest is below the one that came in. A maximum over time never falls."),
    ),
    mistakes=(
        Mistake("Adam", edit("largest / ", "v / "), "You divide by the mean square of now: that is Adam's step. The largest one is kept and not used.", beside_the_point=True),
        Mistake("largest not renewed", edit("np.maximum(largest, v)", "largest.copy()"), "Your largest does not take in the v of this step: it stays what it was, also where the maximum is taken before v is renewed. Renew v first: largest grows where the new v is above it."),
        Mistake("old largest used", edit("largest = ", "old, largest = largest, ", "largest / ", "old / "), "You divide by the largest from before this step. It is renewed first, then used."),
        Mistake("old largest handed on", edit("largest = ", "old, largest = largest.copy(), ", "step, m, v, largest", "step, m, v, old"), "You hand the old largest on. The new one was used for the step and is lost."),
        Mistake("largest is v", edit("np.maximum(largest, v)", "v.copy()"), "Your largest is v itself, so it forgets. A maximum over time never falls."),
        Mistake("largest of the means", edit("np.maximum(largest, v)", "(largest + v) / 2"), "Your largest is the mean of the two. The larger one is kept."),
        Mistake("largest root", edit("largest = np.maximum(largest, v)", "largest = np.maximum(largest, np.sqrt(v))"), "You compare √v with largest. Here the mean square v itself is compared; the root is taken for the move.", alone=True),
        Mistake("largest of all entries", edit("np.maximum(largest, v)", "np.full_like(v, max(largest.max(), v.max()))"), "You take one maximum over all entries. Each weight has a largest of its own."),
        Mistake("largest entry of v", edit("(largest, v)", "(largest, v.max())"), "You compare with the largest entry of v. Each weight is compared with its own."),
        Mistake("largest that decays", edit("(largest, v)", "(beta2 * largest, v)"), "Your largest decays by β₂ before it is compared. A maximum over time forgets nothing."),
        Mistake("smallest", edit("np.maximum", "np.minimum"), "Your largest holds the smaller of the two."),
        Mistake("sum", edit("np.maximum(largest, v)", "largest + v"), "Your largest adds v up. The larger of the two is kept."),
        Mistake("maximum of g²", edit("(largest, v)", "(largest, g**2)"), "Your largest compares with g². It is the running mean v whose largest value is kept."),
        Mistake("v overwritten", edit("step, m, v, largest", "step, m, largest.copy(), largest"), "You hand on the largest in place of v. The mean v goes on by itself and falls again."),
        Mistake("largest of the corrected v", edit("(largest, v)", "(largest, v / (1 - beta2**n))", "largest / (1 - beta2**n)", "largest"), "You compare the corrected v with largest. Here the maximum is taken of v as it is, and what was kept is corrected afterwards."),
        Mistake("corrected twice", edit("(largest, v)", "(largest, v / (1 - beta2**n))"), "You compare the corrected v with largest, and correct what was kept once more. Here the maximum is taken of v as it is."),
        Mistake("no correction", edit(" / (1 - beta1**n)", "", " / (1 - beta2**n)", ""), "Neither of your means is corrected for its start at 0, so both are too small in the first steps."),
        Mistake("m not corrected", edit(" / (1 - beta1**n)", ""), "Your m is not corrected for its start at 0."),
        Mistake("largest not corrected", edit(" / (1 - beta2**n)", ""), "What you divide by is not corrected for its start at 0, as in Reddi's own paper. Here both means are corrected."),
        Mistake("correction outside the root", edit(" / (1 - beta2**n)", "", "np.sqrt(V_hat)", "np.sqrt(V_hat) / (1 - beta2**n)"), "Your correction of V stands outside the root. It corrects V itself, before the root is taken."),
        Mistake("root of the correction", edit("(1 - beta2**n)", "np.sqrt(1 - beta2**n)"), "You divide V by the root of its correction. The root is taken once, of the corrected V."),
        Mistake("multiplied by the correction of V", edit("/ (1 - beta2**n)", "* (1 - beta2**n)"), "You multiply V by 1 − β₂ⁿ, which makes it smaller still. The correction makes up for a start at 0."),
        Mistake("multiplied by the corrections", edit("/ (1 - beta1**n)", "* (1 - beta1**n)", "/ (1 - beta2**n)", "* (1 - beta2**n)"), "You multiply by 1 − βⁿ, which makes the means smaller still. The correction makes up for a start at 0."),
        Mistake("(1 − β)ⁿ", edit("(1 - beta1**n)", "(1 - beta1) ** n", "(1 - beta2**n)", "(1 - beta2) ** n"), "You raise 1 − β to the power n. It is β that is raised."),
        Mistake("(1 − β₁)ⁿ", edit("(1 - beta1**n)", "(1 - beta1) ** n"), "You raise 1 − β₁ to the power n. It is β₁ that is raised."),
        Mistake("β₁ in both corrections", edit("beta2**n", "beta1**n"), "Both of your corrections use β₁. V is a mean with β₂."),
        Mistake("β₂ in both corrections", edit("beta1**n", "beta2**n"), "Both of your corrections use β₂. m is a mean with β₁."),
        Mistake("corrections exchanged", edit("beta1**n", "beta2**n", "beta2**n", "beta1**n"), "Your corrections are exchanged: m is a mean with β₁, V one with β₂."),
        Mistake("n from 0", edit("beta1**n", "beta1 ** (n - 1)", "beta2**n", "beta2 ** (n - 1)"), "Your correction uses n − 1. The first step has n = 1."),
        Mistake("n + 1", edit("beta1**n", "beta1 ** (n + 1)", "beta2**n", "beta2 ** (n + 1)"), "Your correction uses n + 1. n already counts this step."),
        Mistake("power missing", edit("beta1**n", "beta1", "beta2**n", "beta2"), "Your correction divides by 1 − β whatever the step. It fades with time."),
        Mistake("β·n for βⁿ", edit("beta1**n", "beta1 * n", "beta2**n", "beta2 * n"), "You multiply β by n. It is a power."),
        Mistake("ε inside the root", edit("np.sqrt(V_hat) + eps", "np.sqrt(V_hat + eps)"), "Your ε is inside the root, where it counts as √ε."),
        Mistake("ε missing", edit(" + eps", ""), "The ε that comes in is missing from your step, or only a floor that √V̂ never meets. It is added: a weight that never had a gradient is what it is there for."),
        Mistake("ε before the correction", edit("+ eps", "+ eps / np.sqrt(1 - beta2**n)"), "You add ε to √V before the correction, as some programs do, so it is corrected too. Here it is added last."),
        Mistake("n + 1, ε before the correction", edit("beta1**n", "beta1 ** (n + 1)", "beta2**n", "beta2 ** (n + 1)", "+ eps", "+ eps / np.sqrt(1 - beta2 ** (n + 1))"), "Your correction uses n + 1; n already counts this step. And your ε is added to √V before the correction, so it is corrected too. Here it is added last."),
        Mistake("m not corrected, ε before the correction", edit(" / (1 - beta1**n)", "", "+ eps", "+ eps / np.sqrt(1 - beta2**n)"), "Your m is not corrected for its start at 0, and your ε is added to √V before the correction. Here it is added last."),
        Mistake("n + 1 for V", edit("beta2**n", "beta2 ** (n + 1)"), "The correction of your V uses n + 1. n already counts this step."),
        Mistake("n + 1 for m", edit("beta1**n", "beta1 ** (n + 1)"), "The correction of your m uses n + 1. n already counts this step."),
        Mistake("ε before the root's correction, squared", edit("np.sqrt(V_hat) + eps", "np.sqrt(V_hat + eps**2)"), "Your ε is inside the root, as ε². It is added behind the root."),
        Mistake("ε under the root of V", edit("np.sqrt(V_hat) + eps", "np.sqrt((largest + eps) / (1 - beta2**n))"), "Your ε is added to V before its correction and its root. It is added last, behind the root."),
        Mistake("ε to every quotient", edit("step = m_hat", "step = (m_hat + eps)"), "Your ε is above the fraction as well. It belongs below it."),
        Mistake("ε outside the fraction", edit("(np.sqrt(V_hat) + eps)", "np.sqrt(V_hat) + eps"), "Your ε is added to the fraction. It belongs below it."),
        Mistake("ε of 10⁻⁸", edit(" + eps", " + 1e-8"), "Your ε is 10⁻⁸, whatever comes in."),
        Mistake("root missing", edit("np.sqrt(V_hat)", "V_hat"), "You divide by the mean square without its root, so the step depends on the gradient's scale."),
        Mistake("β₁ and β₂ exchanged", edit("beta1, beta2 = betas", "beta2, beta1 = betas"), "Your β₁ and β₂ are exchanged: the first belongs to m."),
        Mistake("1 − β missing", edit("(1 - beta1) * ", "", "(1 - beta2) * ", ""), "Your means have lost their 1 − β: they are sums."),
        Mistake("1 − β₁ missing", edit("(1 - beta1) * ", ""), "Your m has lost its 1 − β₁: it is a sum."),
        Mistake("1 − β₂ missing", edit("(1 - beta2) * ", ""), "Your v has lost its 1 − β₂: it is a sum."),
        Mistake("β and 1 − β exchanged", edit("beta1 * m + (1 - beta1) *", "(1 - beta1) * m + beta1 *", "beta2 * v + (1 - beta2) *", "(1 - beta2) * v + beta2 *"), "You have β and 1 − β exchanged: the larger weight belongs to what was there."),
        Mistake("β₁ and 1 − β₁ exchanged", edit("beta1 * m + (1 - beta1) *", "(1 - beta1) * m + beta1 *"), "In your m you have β₁ and 1 − β₁ exchanged: the larger weight belongs to what was there.", alone=True),
        Mistake("β₂ and 1 − β₂ exchanged", edit("beta2 * v + (1 - beta2) *", "(1 - beta2) * v + beta2 *"), "In your v you have β₂ and 1 − β₂ exchanged: the larger weight belongs to what was there.", alone=True),
        Mistake("β₁ in v", edit("beta2 * v + (1 - beta2) *", "beta1 * v + (1 - beta1) *"), "Your v is a mean with β₁. β₁ belongs to m, β₂ to v.", alone=True),
        Mistake("β₂ in m", edit("beta1 * m + (1 - beta1) *", "beta2 * m + (1 - beta2) *"), "Your m is a mean with β₂. β₁ belongs to m, β₂ to v.", alone=True),
        Mistake("decay of m missing", edit("beta1 * m +", "m +"), "Your m keeps all of what was there. It is a mean: β₁ multiplies the old one.", alone=True),
        Mistake("decay of v missing", edit("beta2 * v +", "v +"), "Your v keeps all of what was there. It is a mean: β₂ multiplies the old one.", alone=True),
        Mistake("1 − β₂ squared", edit("(1 - beta2) *", "(1 - beta2) ** 2 *"), "You square 1 − β₂ together with g."),
        Mistake("v without the square", edit("g**2", "np.abs(g)"), "Your v collects |g|. It is a mean of squares."),
        Mistake("g itself in v", edit("g**2", "g"), "Your v collects the gradient itself. It is a mean of squares."),
        Mistake("squares of m", edit("g**2", "m**2"), "Your v collects squares of m. It is a mean of the gradient's own squares."),
        Mistake("old m", edit("m = ", "old_m, m = m, ", "m / ", "old_m / "), "You move with m from before this step, so this gradient comes one step late."),
        Mistake("moved by the gradient", edit("m_hat / ", "g / "), "You move by the gradient. The mean m is computed and not used."),
        Mistake("rate divided by √n", edit("learning_rate *", "learning_rate / np.sqrt(n) *"), "Your rate falls with √n, as in the paper's proof. Here it is α at every step."),
        Mistake("uphill", edit("w - ", "w + "), "Your weights move up the gradient."),
        Mistake("corrected means returned", edit("step, m, v, largest", "step, m_hat, v / (1 - beta2**n), V_hat"), "You return the corrected means. The next step goes on from those without correction, or it is applied over and over."),
        Mistake("corrected m returned", edit("step, m, v, largest", "step, m_hat, v, largest"), "The m that you return is the corrected one. The next step goes on from the one without correction, or it is applied over and over."),
        Mistake("corrected v returned", edit("step, m, v, largest", "step, m, v / (1 - beta2**n), largest"), "The v that you return is the corrected one. The next step goes on from the one without correction, or it is applied over and over."),
        Mistake("corrected largest returned", edit("step, m, v, largest", "step, m, v, V_hat"), "The largest that you return is the corrected one. The next step goes on from the one without correction, or it is applied over and over."),
    ),
    hints=(
        "Adam with one more memory. Which of the four numbers that go out is Adam's own, and which one is new?",
        "Renew m and v as Adam does, then let V be the larger of V and v, entry by entry. Correct m and V for the move only.",
        "The step is α (m/(1 − β₁ⁿ)) over (√(V/(1 − β₂ⁿ)) + ε), and m, v, V go out as they are.",
    ),
)  # fmt: skip
