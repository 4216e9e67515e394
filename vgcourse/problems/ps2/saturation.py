"""Problem set 2 on saturation: where a unit still has a slope, and which units have lost it."""

import numpy as np

from vgcourse.activations import ACTIVATIONS, LEAKY_SLOPE
from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps2.numbers import number_at

LARGEST_SLOPE = {name: 0.25 if name == "sigmoid" else 1.0 for name in ACTIVATIONS}

# --- active_width ----------------------------------------------------------------------------------


def active_width(name, share):
    """Width of the interval of z where f'(z) ≥ share · max f', for each entry of share.

    softsign' = 1/(1 + |z|)² gives 2 (share^(−1/2) − 1), arctan' = 1/(1 + z²) gives 2 √(1/share − 1), and
    1.7159 tanh(2z/3) gives 3 arccosh(share^(−1/2)).
    """
    c = share**-0.5
    if name == "softsign":
        z = c - 1
    elif name == "arctan":
        z = np.sqrt(c**2 - 1)
    else:
        z = 1.5 * np.arccosh(c)
    return 2 * z


UNITS = ("softsign", "arctan", "scaled_tanh")


def _by_value(name, share):
    """Where h stays away from its limits by share."""
    h = 1 - share
    end = {"softsign": h / (1 - h), "arctan": np.tan(h * np.pi / 2), "scaled_tanh": 1.5 * np.arctanh(h)}
    return 2 * end[name]


def _width_cases(rng):
    """Small shares in any order, large ones, a tiny one alone."""
    cases = []
    for name in UNITS:
        large = rng.permutation(np.r_[rng.uniform(0.3, 0.45, size=2), rng.uniform(0.6, 0.95, size=2)])
        for share in (rng.uniform(0.03, 0.24, size=5), large, 10 ** rng.uniform(-3.2, -3.0, size=1)):
            cases.append(Case((name, share), (f"width ({name})",)))
    return cases


def _ends(args, out):
    name, share = args
    z = np.asarray(out[f"width ({name})"], dtype=float) / 2
    slopes = {"softsign": (1 + z) ** -2.0, "arctan": 1 / (1 + z**2), "scaled_tanh": np.cosh(z / 1.5) ** -2.0}
    return relative_error(slopes[name], share)


ACTIVE_WIDTH = Problem(
    name="ps2.active_width",
    reference=active_width,
    cases=_width_cases,
    points=3,
    lecture='lecture 2, "Saturation"',
    invariants=(
        Invariant("slope at the ends", _ends, "At the ends of your interval the slope is not share · max f'. Put z = width/2 into f' and compare."),
    ),
    mistakes=(
        Mistake("half of the interval", edit("2 * z", "z"), "You return the end of the interval, not its width. It runs from −z to z, so the width is 2z."),
        Mistake("both sides twice", edit("2 * z", "4 * z"), "Your widths are twice as large as asked for. The interval runs from −z to z: 2z in all, if z is its end."),
        Mistake("tanh without its scale", edit("1.5 * ", ""), "Your width for the scaled tanh is that of tanh(z). With 2z/3 in the place of z the interval is 3/2 as wide."),
        Mistake("scale the wrong way", edit("1.5 * ", "2 / 3 * "), "You make the scaled tanh narrower. It has 2z/3 where tanh has z, so z itself goes 3/2 as far."),
        Mistake("share of 1", edit("arccosh(c)", "arccosh(c * np.sqrt(1.7159 * 2 / 3))"), "For the scaled tanh you ask f' ≥ share. The share is of its largest slope, 1.7159 · ⅔ = 1.144, and then the height cancels."),
        Mistake("root missing", edit("share**-0.5", "1 / share"), "Your equation lacks a root: the slopes hold squares, 1/(1 + |z|)², 1/(1 + z²) and 1/cosh²."),
        Mistake("root missing for arctan", edit("np.sqrt(c**2 - 1)", "c**2 - 1"), "For arctan you return z² for z: 1 + z² = 1/share leaves a root to take."),
        Mistake("arctan without − 1", edit("np.sqrt(c**2 - 1)", "c"), "For arctan you solve z² = 1/share. It is 1 + z² that equals that."),
        Mistake("root missing for softsign", edit("z = c - 1", "z = c**2 - 1"), "For softsign you have 1 + |z| = 1/share. The slope holds the square of 1 + |z|: take the root."),
        Mistake("root missing for the tanh", edit("arccosh(c)", "arccosh(1 / share)"), "For the scaled tanh you have cosh = 1/share. The slope of a tanh is 1/cosh², so a root is to be taken first."),
        Mistake("height of the scaled tanh", edit("arccosh(c)", "arccosh(c * np.sqrt(1.7159))"), "For the scaled tanh you ask 1.7159/cosh² ≥ share. The share is of the largest slope, which has the same 1.7159 in it, and the ⅔ as well: both cancel."),
        Mistake("drop instead of share", edit("share**-0.5", "(1 - share) ** -0.5"), "You have the slope fall by share of its maximum. It is to be share of the maximum at the ends, not 1 − share."),
        Mistake("interval of h, not of f'", _by_value, "You measure how near h = f(z) comes to its limits. Asked for is the slope: f'(z) ≥ share · max f'.", beside_the_point=True),
        Mistake("softsign without − 1", edit("z = c - 1", "z = c"), "For softsign you solve |z| = share^(−1/2). It is 1 + |z| that equals that."),
        Mistake("softsign' for arctan'", edit("np.sqrt(c**2 - 1)", "(c - 1)"), "Your arctan has the slope of softsign. It is 1/(1 + z²), with the square on z alone."),
        Mistake("arctan' for softsign'", edit("z = c - 1", "z = (c**2 - 1) ** 0.5"), "Your softsign has the slope of arctan. Differentiate z/(1 + |z|) for z > 0: the whole of 1 + z is squared."),
        Mistake("arcsinh for arccosh", edit("arccosh(c)", "arcsinh(c)"), "Your inverse is that of sinh. The slope of tanh is 1/cosh², so it is arccosh that undoes it."),
        Mistake("tail formula", edit("arccosh(c)", "log(2 * c)"), "You take the slope of tanh for an exponential, 4e^(−2|z|). That is its tail only: keep the whole of 1/cosh²."),
        Mistake("lecture's widths", lambda name, share: 2 * np.arccosh(share**-0.5) * (2 if name == "softsign" else 1), "Your widths are those of the sigmoid and of tanh. Here the units are softsign, arctan and 1.7159 tanh(2z/3): start from their slopes.", beside_the_point=True),
        Mistake("search ended at 10", edit("2 * z", "2 * np.minimum(z, 10.0)"), "Your search ends at z = 10, and for a small share the slope of softsign and of arctan lasts longer. Solve the equation, or let the search go on.", alone=True),
        Mistake("search ended at 20", edit("2 * z", "2 * np.minimum(z, 20.0)"), "Your search ends at z = 20, and for a small share the slope of softsign and of arctan lasts longer. Solve the equation, or let the search go on.", alone=True),
        Mistake("search ended at 30", edit("2 * z", "2 * np.minimum(z, 30.0)"), "Your search ends at z = 30, and for a small share the slope of softsign and of arctan lasts longer. Solve the equation, or let the search go on.", alone=True),
        Mistake("share the wrong way round", edit("share**-0.5", "share**0.5"), "You solve with √share in place of 1/√share. For a small share the interval is wide.", alone=True, whole=True),
        Mistake("share squared", edit("share**-0.5", "share**-2.0"), "You solve with 1/share² in place of 1/√share. The slopes hold squares: the root of share is taken.", alone=True, whole=True),
        Mistake("softsign with + 1", edit("z = c - 1", "z = c + 1"), "For softsign you have z = share^(−1/2) + 1. It is 1 + z that equals the root: subtract 1.", alone=True),
        Mistake("softsign upside down", edit("z = c - 1", "z = 1 - 1 / c"), "For softsign you have 1 − √share. It is 1/√share − 1.", alone=True),
        Mistake("softsign halved", edit("z = c - 1", "z = (c - 1) / 2"), "Your width for softsign is half of the right one: the interval runs from −z to z.", alone=True),
        Mistake("arctan halved", edit("np.sqrt(c**2 - 1)", "np.sqrt(c**2 - 1) / 2"), "Your width for arctan is half of the right one: the interval runs from −z to z.", alone=True),
        Mistake("tanh halved", edit("1.5 * np.arccosh(c)", "0.75 * np.arccosh(c)"), "Your width for the scaled tanh is half of the right one: the interval runs from −z to z.", alone=True),
        Mistake("tanh doubled", edit("1.5 * np.arccosh(c)", "3 * np.arccosh(c)"), "Your width for the scaled tanh is twice the right one.", alone=True),
        Mistake("arctan with + 1", edit("np.sqrt(c**2 - 1)", "np.sqrt(c**2 + 1)"), "For arctan you have z² = 1/share + 1. It is 1 + z² that equals 1/share: subtract 1.", alone=True),
        Mistake("arctan with a root too many", edit("np.sqrt(c**2 - 1)", "np.sqrt(c - 1)"), "For arctan you have z² = 1/√share − 1. Its slope is 1/(1 + z²): no root before the 1 is taken away.", alone=True),
        Mistake("arctan upside down", edit("np.sqrt(c**2 - 1)", "np.sqrt(1 - 1 / c**2)"), "For arctan you have z² = 1 − share. It is 1/share − 1.", alone=True),
        Mistake("tangent of the share", edit("np.sqrt(c**2 - 1)", "np.tan(1 / c**2)"), "For arctan you take tan(share), which undoes arctan itself. Its slope 1/(1 + z²) is to be solved.", alone=True),
        Mistake("arctanh of the share", edit("np.arccosh(c)", "np.arctanh(1 / c**2)"), "For the scaled tanh you take arctanh(share), which undoes tanh itself. Its slope 1 − tanh² is to be solved: tanh = √(1 − share).", alone=True),
        Mistake("arctanh without the root", edit("np.arccosh(c)", "np.arctanh(1 - 1 / c**2)"), "For the scaled tanh you take arctanh(1 − share). The slope 1 − tanh² leaves tanh² = 1 − share: take the root.", alone=True),
        Mistake("height in the width", edit("1.5 * np.arccosh(c)", "1.7159 * 1.5 * np.arccosh(c)"), "Your width for the scaled tanh is multiplied by 1.7159. The height does not change where the slope has fallen to a share of its largest.", alone=True),
        Mistake("height for the scale", edit("1.5 * np.arccosh(c)", "np.arccosh(c) / 1.7159"), "Your scaled tanh is divided by 1.7159. Inside stands 2z/3: z goes 3/2 as far.", alone=True),
        Mistake("cosh for arccosh", edit("np.arccosh(c)", "np.cosh(c)"), "For the scaled tanh you take cosh. It is arccosh that undoes it.", alone=True),
        Mistake("arccos for arccosh", edit("np.arccosh(c)", "np.arccos(1 / c)"), "For the scaled tanh you take arccos of √share. The slope holds cosh: arccosh(1/√share).", alone=True),
        Mistake("sorted", edit("return 2 * z", "return 2 * np.sort(z)"), "Your widths are sorted. They belong to the entries of share, in their order.", alone=True, whole=True),
    ),
    hints=(
        "The slope is largest at z = 0 and falls alike on both sides. Find f' for z > 0 first, then solve f'(z) = share · max f'.",
        "softsign' = 1/(1 + |z|)² and arctan' = 1/(1 + z²), both 1 at most. In f = a tanh(cz) the height a cancels, as both sides hold it.",
        "The ends: 1 + z = share^(−1/2); 1 + z² = 1/share; cosh(2z/3) = share^(−1/2). The interval runs from −z to z.",
    ),
)  # fmt: skip


# --- saturated_fraction ----------------------------------------------------------------------------


def saturated_fraction(name, h, share):
    """Units that have lost their slope, f'(z) < share · max f', told from the activations h = f(z).

    σ' = h(1 − h), tanh' = 1 − h², elu' = 1 + min(h, 0), relu' = [h > 0]; h is (N, H). Returns, for each unit, the fraction of the N instances where it is saturated, (H,); and the
    fraction of units that are saturated for every instance ("dead").
    """
    largest = 0.25 if name == "sigmoid" else 1.0
    saturated = slope_from(name, h) < share * largest
    per_unit = saturated.mean(axis=0)
    dead = saturated.all(axis=0).mean()
    return per_unit, dead


def slope_from(name, h):
    """f' from f."""
    if name == "sigmoid":
        return h * (1 - h)
    if name == "tanh":
        return 1 - h**2
    left = {"relu": 0.0, "elu": h + 1, "leaky_relu": LEAKY_SLOPE}[name]
    return np.where(h > 0, 1.0, left)


def _near_the_limits(name, h, share):
    if name == "sigmoid":
        return (h < share) | (h > 1 - share)
    return np.abs(h) > 1 - share if name == "tanh" else np.abs(h) < share


RULE = "slope_from(name, h) < share * largest"


def _rule(new):
    """The edit of the whole rule."""
    return edit(RULE, new)


def _saturated_cases(rng):
    cases = []
    for name, N, H in (("sigmoid", 30, 6), ("tanh", 8, 8), ("relu", 20, 5), ("elu", 20, 5), ("leaky_relu", 20, 5), ("leaky_relu", 7, 4), ("leaky_relu", 6, 4)):  # fmt: skip
        # twice a small share: a slope on the line, or above it, is not saturated
        share = {7: LEAKY_SLOPE, 6: 0.4 * LEAKY_SLOPE}.get(N) or float(rng.uniform(0.03, 0.09))
        while True:
            z = _draw(rng, name, N, H, share)[:, rng.permutation(H)]
            args = (name, ACTIVATIONS[name].function(z), share)
            # in one case nothing is in the middle: the largest slope seen is not the largest there is
            slopes = slope_from(*args[:2]) / LARGEST_SLOPE[name]
            if name != "tanh" or ((slopes < share) != (slopes < share * slopes.max())).any():
                break
        cases.append(Case(args, (f"per_unit ({name})", f"dead ({name})"), batch=N))
    # one example, one unit, and more than half of the largest slope asked for
    for name, z in (("sigmoid", [[0.3, -1.75, 1.5, 3.1]]), ("elu", [[-0.2], [-1.5], [1.0], [-3.0], [0.1]])):
        z = np.array(z) + rng.uniform(-0.02, 0.02, size=np.shape(z))
        args = name, ACTIVATIONS[name].function(z), float(rng.uniform(0.52, 0.57))
        cases.append(Case(args, (f"per_unit ({name})", f"dead ({name})"), batch=len(z)))
    return cases


def _draw(rng, name, N, H, share):
    """Two units far out, one that never saturates, others in between; rounding decides nowhere."""
    two_sided = name in ("sigmoid", "tanh")
    spread = 2.2 if name == "sigmoid" else 1.5
    middle = np.linspace(-1.4, 1.4, H) * spread
    far = {"sigmoid": 8.0, "tanh": 6.0}.get(name, -9.0)
    middle[:3] = far, -far if two_sided else far, 0.0 if two_sided else 2.0
    z = middle + rng.normal(size=(N, H)) * np.where(np.arange(H) < 3, 0.3, spread)
    if name == "tanh":
        z += 0.8 * np.sign(z)
    z[0, 1] = 1.2 * np.sign(middle[1]) if two_sided else 1.2  # nearly dead: it still learns from one instance
    z[1, 2] = z[1, 2] if two_sided else max(share, 0.02) / 2  # an output below share, where the slope is 1
    while True:
        ratio = ACTIVATIONS[name].derivative(z) / LARGEST_SLOPE[name] / share
        near = (np.abs(ratio - 1) < 1e-2) & (ratio != 1) | (np.abs(z) < 4e-3)
        if not near.any():
            return z
        z[near] = z[near] * 1.05 + 0.02


def _outside(args, out):
    """How far the fractions leave the interval from 0 to 1."""
    values = np.concatenate([np.ravel(value) for value in out.values()])
    return float(np.maximum(values - 1, -values).max(initial=0))


def _dead_fits(args, out):
    """Is dead the share of units whose per_unit is 1?"""
    per_unit, dead = out.values()
    return abs(float(dead) - float(np.mean(np.asarray(per_unit, dtype=float) > 1 - 1e-6)))


SATURATED_FRACTION = Problem(
    name="ps2.saturated_fraction",
    reference=saturated_fraction,
    helpers=(slope_from,),
    cases=_saturated_cases,
    adapt=number_at(1),
    points=3,
    lecture='lecture 2, "Saturation"',
    axes={f"per_unit ({name})": ("unit",) for name in LARGEST_SLOPE},
    invariants=(
        Invariant("fractions", _outside, "Your answer leaves the interval from 0 to 1. Both are fractions: of the instances, and of the units."),
        Invariant("dead is what per_unit says", _dead_fits, "Your two results do not fit together. A dead unit is one that is saturated for every instance, so dead is the share of units whose per_unit is 1."),
    ),
    mistakes=(
        Mistake("share of 1", _rule("slope_from(name, h) < share"), "You compare the slope with share itself. The largest slope of a sigmoid is ¼, so its limit is share/4.", whole=True),
        Mistake("¼ for all", edit("0.25 if name == \"sigmoid\" else 1.0", "0.25"), "You compare with share/4 for every activation. ¼ is the largest slope of the sigmoid alone; that of the others is 1.", whole=True),
        Mistake("ReLU active at 0", edit("np.where(h > 0", "np.where(h >= 0 if name == 'relu' else h > 0", within=slope_from), "Your ReLU is never saturated. Where it puts out 0 its slope is 0 by the course's rule: h > 0, not h ≥ 0.", whole=True),
        Mistake("e to the h for the ELU", edit("\"elu\": h + 1", "'elu': np.exp(h)", within=slope_from), "Your ELU has the slope e^h. It is e^z, and h = e^z − 1 there: what is e^z in terms of h?", whole=True),
        Mistake("share of the largest slope seen", _rule("slope_from(name, h) < share * slope_from(name, h).max()"), "You compare with the largest slope in this batch. If all units are saturated, that one is small too: compare with the maximum of f', ¼ for the sigmoid and 1 for the others.", whole=True),
        Mistake("share of a unit's largest slope", _rule("slope_from(name, h) < share * slope_from(name, h).max(axis=0)"), "You compare with the largest slope of each unit in this batch. A unit that has always been saturated then looks alive: compare with the maximum of f', ¼ for the sigmoid and 1 for the others.", whole=True),
        Mistake("a tenth for the leaky ReLU", edit("\"leaky_relu\": LEAKY_SLOPE", "\"leaky_relu\": 0.1", within=slope_from), "Your leaky ReLU is never saturated, as with a slope of 0.1 on its left. It is 0.01 here, and may lie below the line.", whole=True),
        Mistake("dead units by instances", edit("saturated.all(axis=0).mean()", "saturated.all(axis=0).sum() / len(h)"), "You divide the number of dead units by the number of instances. It is a fraction of the units: divide by how many those are.", whole=True),
        Mistake("active units counted", _rule("slope_from(name, h) >= share * largest"), "You count the units that still have a slope. Asked for are the others: f'(z) < share · max f'.", whole=True),
        Mistake("f' of the activation", _rule("ACTIVATIONS[name].derivative(h) < share * largest"), "You put h into f', which wants z. You were not given z: write the slope with h, as σ' = h(1 − h).", whole=True, beside_the_point=True),
        Mistake("one formula for all", _rule("h * (1 - h) < share * largest"), "You take h(1 − h) for every activation. That is the sigmoid's slope; tanh has 1 − h², and the ELU on its left 1 + h.", whole=True),
        Mistake("sigmoid with the slope of tanh", edit("return h * (1 - h)", "return 1 - h**2", within=slope_from), "You take 1 − h² for the sigmoid as well. That is tanh's slope; σ' = h(1 − h).", whole=True),
        Mistake("ELU like a ReLU", edit("\"elu\": h + 1", "'elu': 0.0", within=slope_from), "Your ELU is saturated wherever h is not positive, as if it had no slope on its left. There it is e^z − 1, with the slope e^z = h + 1, which falls below the line only further out.", whole=True),
        Mistake("leaky ReLU like a ReLU", edit("\"leaky_relu\": LEAKY_SLOPE", "'leaky_relu': 0.0", within=slope_from), "Your leaky ReLU is saturated wherever h is not positive, as if it had no slope on its left. It has 0.01 there: that is saturated only where it lies below share.", whole=True),
        Mistake("nearness of h", _rule("_near_the_limits(name, h, share)"), "You look at how near h comes to a limit. Saturation is about the slope.", whole=True, beside_the_point=True),
        Mistake("nearness of h to 1", _rule("np.abs(h) > 1 - share"), "You call a unit saturated where |h| comes near to 1, whatever its activation. Saturation is about the slope, which each activation has another of.", whole=True),
        Mistake("f' of the activation in sigmoid and tanh", _rule("(ACTIVATIONS[name].derivative(h) if name in ('sigmoid', 'tanh') else slope_from(name, h)) < share * largest"), "In your sigmoid and tanh no unit is ever saturated, as if h were put into f', which wants z. You were not given z: write the slope with h, as h(1 − h) and 1 − h².", whole=True),
        Mistake("lower side only", _rule("(slope_from(name, h) < share * largest) & (h < (0.5 if name == 'sigmoid' else 0))"), "You count units that are saturated at their lower limit only. Sigmoid and tanh saturate above as well.", whole=True),
        Mistake("f for f'", _rule("h < share * largest"), "You compare h = f(z) with the line. Saturation is about the slope f'(z): a small output, or a negative one, may have a large slope.", whole=True),
        Mistake("f for f' in the ReLU", _rule("(h if name == 'relu' else slope_from(name, h)) < share * largest"), "For the ReLU you compare h itself with share. Its slope is 1 wherever h > 0, however small h is.", whole=True),
        Mistake("f for f' in the leaky ReLU", _rule("(h if name == 'leaky_relu' else slope_from(name, h)) < share * largest"), "For the leaky ReLU you compare h itself with share. Its slope is 1 wherever h > 0, and 0.01 elsewhere.", whole=True),
        Mistake("f for f' in the ELU", _rule("(h if name == 'elu' else slope_from(name, h)) < share * largest"), "For the ELU you compare h itself with share. Its slope is 1 where h > 0, and h + 1 on its left.", whole=True),
        Mistake("on the line", _rule("slope_from(name, h) <= share * largest"), "You count a slope that equals share · max f'. Saturated is what lies below the line: <, not ≤.", whole=True),
        Mistake("exactly zero", _rule("slope_from(name, h) == 0"), "You count slopes that are exactly 0. Sigmoid, tanh, ELU and leaky ReLU never get there; a slope below share · max f' counts.", whole=True),
        Mistake("per instance", edit("per_unit = saturated.mean(axis=0)", "per_unit = saturated.mean(axis=1)"), "You average over the units. per_unit has one entry for each unit: average over the instances, axis=0.", whole=True),
        Mistake("counts", edit("per_unit = saturated.mean", "per_unit = saturated.sum"), "Your per_unit holds counts. Divide by the number of instances, N.", whole=True),
        Mistake("dead if ever saturated", edit("saturated.all(", "saturated.any("), "You call a unit dead if it is saturated for some instance. Dead means for every instance: all, not any.", whole=True),
        Mistake("dead if nearly always saturated", edit("saturated.all(axis=0)", "(saturated.mean(axis=0) > 0.85)"), "You call a unit dead if it is saturated for most instances. Dead means for every instance, without exception: its per_unit is 1.", whole=True),
        Mistake("dead over the units", edit("saturated.all(axis=0)", "saturated.all(axis=1)"), "Your dead is the fraction of instances for which all units are saturated, as if along axis 1. A dead unit is saturated for all instances: all along axis 0.", whole=True),
        Mistake("dead is the overall fraction", edit("saturated.all(axis=0)", "saturated"), "Your dead is the fraction of all entries that are saturated. Count units: those saturated for every instance.", whole=True),
        Mistake("number of dead units", edit("saturated.all(axis=0).mean()", "saturated.all(axis=0).sum()"), "Your dead is a number of units. Divide by how many units there are, H.", whole=True),
        Mistake("ELU with 1 − h", edit("\"elu\": h + 1", "'elu': 1 - h", within=slope_from), "Your ELU has the slope 1 − h on its left. There h = e^z − 1, so e^z is h + 1.", whole=True),
        Mistake("square missing in tanh'", edit("return 1 - h**2", "return 1 - h", within=slope_from), "Your tanh has the slope 1 − h: the square is missing.", whole=True),
        Mistake("1 + h²", edit("return 1 - h**2", "return 1 + h**2", within=slope_from), "Your tanh has the slope 1 + h², above 1: no unit of it is ever saturated.", whole=True),
        Mistake("tanh with the slope of σ", edit("return 1 - h**2", "return h * (1 - h)", within=slope_from), "Your tanh has the slope h(1 − h), a sigmoid's. It is 1 − h².", whole=True),
        Mistake("sigmoid with h(1 + h)", edit("return h * (1 - h)", "return h * (1 + h)", within=slope_from), "Your sigmoid has the slope h(1 + h). It is h(1 − h).", whole=True),
        Mistake("dead units averaged over saturated ones", edit("saturated.all(axis=0)", "(saturated.mean(axis=0) >= 0.5)"), "Your dead counts units that are saturated for at least half of the instances. Dead means for every instance.", whole=True),
        Mistake("dead is the mean of per_unit", edit("saturated.all(axis=0).mean()", "saturated.mean(axis=0).max()"), "Your dead is the largest per_unit. It is the fraction of units whose per_unit is 1.", whole=True),
        Mistake("dead units not divided but marked", edit("saturated.all(axis=0).mean()", "float(saturated.all(axis=0).any())"), "Your dead is 1 as soon as any unit is dead. It is the fraction of units that are.", whole=True),
        Mistake("living units", edit("saturated.all(axis=0).mean()", "1 - saturated.all(axis=0).mean()"), "Your dead is the fraction of units that are not dead. Asked for are the others.", whole=True),
        Mistake("never saturated for dead", edit("saturated.all(axis=0).mean()", "(~saturated).all(axis=0).mean()"), "Your dead counts units that are never saturated. Dead means saturated for every instance.", whole=True),
        Mistake("share of the slope's mean", edit("share * largest", "share * slope_from(name, h).mean()"), "You compare with share times the mean slope. The line lies at share times the largest slope there is.", whole=True),
        Mistake("one minus share", edit("share * largest", "(1 - share) * largest"), "You compare with 1 − share times the largest slope. Saturated is what has less than share of it.", whole=True),
        Mistake("largest slope ½ for the sigmoid", edit("0.25 if", "0.5 if"), "For the sigmoid you take ½ as the largest slope. It is ¼: σ'(0) = ½ · ½.", whole=True),
        Mistake("shares per cent", edit("per_unit = saturated.mean(axis=0)", "per_unit = 100 * saturated.mean(axis=0)"), "Your per_unit is in per cent. Asked for is a fraction, from 0 to 1.", whole=True),
        Mistake("ever saturated", edit("per_unit = saturated.mean(axis=0)", "per_unit = saturated.any(axis=0)"), "Your per_unit is 1 for a unit that is saturated for any instance. It is the fraction of the instances.", whole=True),
        Mistake("share the other way round", edit("per_unit = saturated.mean(axis=0)", "per_unit = 1 - saturated.mean(axis=0)"), "Your per_unit is the fraction of instances for which the unit is not saturated; your dead is right.", whole=True),
    ),
    hints=(
        "First a table of booleans, (N, H): is this unit saturated for this instance? Then average it in two ways.",
        "The slope with h alone: σ' = h(1 − h), tanh' = 1 − h², ELU 1 + h on its left. max f' is ¼ for the sigmoid, 1 for the others. The mean of booleans along axis 0 is a fraction of instances.",
        "Each entry of the table says whether a slope is below share times the largest there is. A unit is dead if its whole column says so: is that any or all, and along which axis? The second result is the fraction of such units.",
    ),
)  # fmt: skip
