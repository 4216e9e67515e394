"""Problem set 8, five sick nets and two healthy ones: change one setting, or none. The gauges decide, 5 ms a net.

The answer is the settings of a net. Whether it is well is measured here, with the gauges of `ward.py`, the student's too.
"""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.clinic.ward import HEALTHY, gauges, sick
from vgcourse.collect.plain import cut, describe
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

KEYS = ("units", "layers", "gain", "bias", "branch", "last", "rate")

# --- treat -----------------------------------------------------------------------------------------


def treat(net):
    """The net with one setting changed so that all gauges are in order; a healthy net as it came.

    Idle units: bias 0. A tilt above 0.1: a branch of 1/√L, or weights of gain 1.2 where there is none; below: gain 1.2. Too
    large a first loss: a smaller last layer. Steps that are too small: the rate.
    """
    found, change = gauges(net), {}
    if found["idle"] > 0.4:
        change = {"bias": 0.0}
    elif found["tilt"] > 0.1 and net["branch"] is not None:
        change = {"branch": net["layers"] ** -0.5}
    elif not abs(found["tilt"]) <= 0.1:
        change = {"gain": 1.2}
    elif found["loss"] > 0.5:
        change = {"last": 0.1}
    elif not -5 <= found["steps"] <= -1:
        change = {"rate": 0.1}
    return net | change


def _in_order(net, order):
    """The first gauge in this order that is bad decides."""
    cures = {"idle": {"bias": 0.0}, "tilt": {"gain": 1.2}, "loss": {"last": 0.1}, "steps": {"rate": 0.1}}
    bad = sick(gauges(net))
    return net | next((cures[key] for key in order if key in bad), {})


def _settings(output):
    """The answer as a net, or a sentence about why it is none."""
    if not isinstance(output, dict) or not set(KEYS) == set(output):
        came = "without the right entries" if isinstance(output, dict) else describe(output)
        raise TypeError(
            f"is {'a dict ' if isinstance(output, dict) else ''}{came}; expected a dict of {', '.join(KEYS)}"
        )
    if output["units"] not in ACTIVATIONS or output["units"] not in ("tanh", "relu", "sigmoid"):
        raise TypeError(f"has units {cut(repr(output['units']), 30)}; expected 'tanh', 'relu' or 'sigmoid'")
    net = dict(output)
    for key in KEYS[1:]:
        if key == "branch" and net[key] is None:
            continue
        try:
            (number,) = np.ravel(net[key])  # a number, or an array of one
            net[key] = float(number)
        except (TypeError, ValueError):
            raise TypeError(f"has {key} {cut(repr(output[key]), 30)}; expected a number") from None
        if not abs(net[key]) < 1e12 or (key in ("gain", "rate") and not net[key] > 0):
            raise TypeError(f"has {key} {net[key]:.3g}; expected a finite number, above 0 for gain and rate")
    return net


ORDER, SICK = tuple(HEALTHY), ("shy", "loud", "sure", "asleep", "frozen")
CHANGED, TOUCHED, LAYERS, WHICH = 5, 6, 7, 8
CAME = 2.0  # what WHICH holds where nothing was changed
INNOCENT = {
    "shy": "bias last rate",
    "loud": "last gain bias rate units",
    "sure": "rate gain bias branch units",
    "asleep": "gain last rate branch units",
    "frozen": "gain bias branch last units",
}


def _measured(output, args):
    """For every gauge 1 if it is in order, 2 if it is too large, 3 if too small (or NaN); then 2 if too much was changed, if a healthy net was, if layers was; of a wrong answer for a sick net, what was."""
    (net,), answer = args, _settings(output)
    changed = [key for key in KEYS if answer[key] != net[key]]
    out = np.ones(len(ORDER) + 4)
    if "layers" in changed:
        out[LAYERS] = 2.0
        return out
    found = gauges(answer | {"layers": net["layers"]})
    out[: len(ORDER)] += [
        0 if key not in sick(found) else 1 if found[key] > 0 - 3 * (key == "steps") else 2 for key in ORDER
    ]
    out[CHANGED] += len(changed) > 1
    out[TOUCHED] += bool(changed) and not sick(gauges(net))
    if out.max() > 1 and out[TOUCHED] == 1:
        out[WHICH] = 2.0 + sum(2 ** KEYS.index(key) for key in changed)
    return out


def _cases(rng):
    """Five illnesses and two healthy nets, in an order of their own for every seed."""

    def number(low, high):
        return float(rng.uniform(low, high))

    def net(**changes):
        return dict(units="tanh", layers=8, gain=1.2, bias=0.0, branch=None, last=0.3, rate=0.1) | changes

    def deep(low, high):
        return int(rng.integers(low, high))

    ward = {
        "cured [shy]": net(layers=deep(12, 17), gain=number(0.18, 0.26)),
        "cured [loud]": net(layers=deep(18, 23), gain=2.5, branch=number(2.1, 2.6)),
        "cured [sure]": net(layers=deep(5, 9), last=number(20, 30)),
        "cured [asleep]": net(units="relu", layers=deep(5, 7), gain=2.0, bias=-number(1.6, 2.5), last=0.1),
        "cured [frozen]": net(layers=deep(8, 11), rate=10 ** number(-7.5, -6.3)),
        "left alone [deep]": net(layers=deep(20, 24), gain=number(1.1, 1.3), rate=number(0.004, 0.009)),
        "left alone [odd]": net(  # small weights on a large branch are large ones on a small branch
            units="relu",
            layers=deep(10, 15),
            gain=number(0.36, 0.45),
            branch=number(0.37, 0.42),
            last=0.1,
            rate=0.03,
        ),
    }
    names = [list(ward)[k] for k in rng.permutation(len(ward))]
    return [Case((ward[name],), (name,)) for name in sorted(names, key=lambda name: name.startswith("left"))]


def _said(place, who=""):
    """How far one entry is from 1, in the rows that begin like this."""
    return lambda args, outputs: max(
        (float(v[place]) - 1 for name, v in outputs.items() if who in name), default=0.0
    )


def _is(place, code, who, text, name=None, unless=()):
    """Where one entry is this number in the row of `who`, whom no other sentence is about, and the places of `unless` are in order."""

    def residual(args, outputs):
        rows = (v for key, v in outputs.items() if who in key and (place == WHICH or v[WHICH] not in said))
        return float(any(v[place] == code and all(v[other] == 1 for other in unless) for v in rows))

    said = (CAME, *(2.0 + 2 ** KEYS.index(key) for key in INNOCENT[who].split()))
    return Invariant(f"{who}: {name or ORDER[place]}", residual, text)


def _still(key, who, text, small):
    """Two facts about a gauge that is still bad: it is too large, or too small."""
    place = ORDER.index(key)
    return tuple(_is(place, code, who, said) for code, said in ((2, text), (3, small)) if said)


def _others(told):
    """The same for the gauges that have no sentence of their own, where those that have one are in order."""
    words = {2: "too large", 3: "too small"}
    return (
        _is(place, code, who, f"{who.capitalize()}'s {key} {'are' if key == 'steps' else 'is'} {word} after your treatment.", f"{key} {word}", tuple(ORDER.index(other) for patient, other in told if patient == who))
        for who in SICK
        for place, key in enumerate(ORDER)
        for code, word in words.items()
        if (who, key) not in told
    )  # fmt: skip


def _by(who, keys, text):
    """Only this setting was changed, and the net is still sick."""
    words = keys.split()
    codes = [2.0 + 2 ** KEYS.index(key) for key in words]

    def residual(args, outputs):
        return float(any(v[WHICH] in codes for name, v in outputs.items() if who in name))

    return Invariant(f"{who} by its {' or '.join(words)}", residual, text)


def _dose(who, setting, gauge, code):
    """The setting that is to blame was changed, and the gauge that it has spoilt is as bad as it was."""
    which, place = 2.0 + 2 ** KEYS.index(setting), ORDER.index(gauge)

    def residual(args, outputs):
        return float(
            any(v[WHICH] == which and v[place] == code for name, v in outputs.items() if who in name)
        )

    return Invariant(
        f"{who}: dose",
        residual,
        f"In {who} you change the setting that is to blame; what is wrong yet is the dose.",
    )


TREAT = Problem(
    name="ps8.treat",
    reference=treat,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=5,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("more than one setting", _said(CHANGED), "You changed more than one setting of a net. Nobody knows then which of them helped."),
        Invariant("a healthy net", _said(TOUCHED), "You treated a healthy net. All of its gauges were in order when it came."),
        Invariant("the layers", _said(LAYERS), "You changed the number of layers. That is another net, not a cure."),
        *(_is(WHICH, CAME, who, f"You hand {who} back as it came, and it is sick.", "as it came") for who in SICK),
        _by("shy", "bias last rate", "You change a setting of shy that has no part in it: its signal becomes smaller in every layer, forwards too."),
        _by("loud", "last", "You change the last layer of loud. That can mend its first loss; its tilt comes from the layers below, where every layer adds to what is there."),
        _by("loud", "gain", "You change the weights of loud. What they feed is bounded, and every layer adds it on a large scale: look at the branch."),
        _by("loud", "bias rate units", "You change a setting of loud that has no part in it: its signal grows from layer to layer, since every layer adds to what is there."),
        _by("sure", "rate", "You change the rate of sure. Its first loss is there before any step is made."),
        _by("sure", "gain bias branch units", "You change the hidden layers of sure. Its tilt was in order: they are not to blame."),
        _by("asleep", "gain last rate branch", "You change a setting of asleep that has no part in it: its units are below 0 for nearly every digit, and something keeps them there."),
        _by("asleep", "units", "You give asleep other units. What pushes them all to one side is still there."),
        _by("frozen", "gain bias branch last units", "You change a setting of frozen that was in order. Its signal is well; it hardly moves."),
        _dose("shy", "gain", "tilt", 3),
        _dose("loud", "branch", "tilt", 2),
        _dose("sure", "last", "loss", 2),
        _dose("asleep", "bias", "idle", 2),
        _dose("frozen", "rate", "steps", 3),
        *_still("tilt", "shy", "Shy now has a tilt above 0.1: too much of the cure.", "Shy still has a tilt below −0.1. Its signal becomes smaller in every layer, forwards too."),
        *_still("tilt", "loud", "Loud still has a tilt above 0.1, and what is large in it grows from layer to layer.", "Loud now has a tilt below −0.1: too much of the cure."),
        *_still("loss", "loud", "Loud begins with too large a loss.", ""),
        *_still("loss", "sure", "Sure begins with too large a loss. Its tilt was in order from the start.", ""),
        *_still("idle", "asleep", "Asleep still has too many idle units. Which setting keeps them below 0?", ""),
        *_still("steps", "frozen", "Frozen now makes steps that are too large.", "Frozen still makes steps that are too small, and all else in it was in order."),
        *_others({("shy", "tilt"), ("loud", "tilt"), ("loud", "loss"), ("sure", "loss"), ("asleep", "idle"), ("frozen", "steps")}),
    ),
    mistakes=(
        Mistake("nothing done", lambda net: dict(net), "You hand every net back as it came."),
        Mistake("a recipe for all", lambda net: dict(net, units="tanh", gain=1.2, bias=0.0, branch=None, last=0.1, rate=0.1), "You give every net the same healthy settings, whatever ails it. That is another net; one setting is enough for each."),
        Mistake("all that is bad", edit('elif found["tilt"]', 'if found["tilt"]', 'change = {"branch"', 'change |= {"branch"', 'change = {"gain"', 'change |= {"gain"', 'elif found["loss"]', 'if found["loss"]', 'change = {"last"', 'change |= {"last"', "elif not -5", "if not -5", 'change = {"rate"', 'change |= {"rate"'), "You change a setting for every bad gauge. Several gauges can be bad for one reason: asleep has four."),
        Mistake("the loss first", edit('if found["idle"]', 'if found["loss"] > 0.5:\n        change = {"last": 0.1}\n    elif found["idle"]'), "You look at the first loss before the tilt. Loud has both, since its signal grows: a small last layer hides the loss and leaves the tilt."),
        Mistake("the steps before the tilt", lambda net: _in_order(net, ("idle", "steps", "tilt", "loss")), "You look at the steps before the tilt. Where a signal grows or fades, the steps are bad for that reason: ask for the tilt first."),
        Mistake("by odd settings", lambda net: net | next(({key: 0.1 if key in ("last", "rate") else {"bias": 0.0, "gain": 1.2}.get(key, 0.3)} for key, odd in (("bias", net["bias"] != 0), ("branch", net["branch"] is not None), ("gain", net["gain"] < 1), ("last", net["last"] > 1), ("rate", net["rate"] < 0.01)) if odd), {}), "You treat the setting that looks odd, without asking the gauges. Small weights on a small branch, or a small rate, may be in order: ask whether a net is ill before you look for the reason."),
        Mistake("the tilt before the idle units", edit('if found["idle"]', 'if not abs(found["tilt"]) <= 0.1:\n        change = {"branch": net["layers"] ** -0.5} if found["tilt"] > 0 and net["branch"] else {"gain": 1.2}\n    elif found["idle"]'), "You treat asleep by its tilt. Nothing can come back through units that are off for every digit, whatever their weights are."),
        Mistake("one cure: weights", edit("net | change", 'net | ({"gain": 1.2} if change else {})'), "You change the weights' gain in every sick net. It was the cause in one of them."),
        Mistake("one cure: rate", edit("net | change", 'net | ({"rate": 0.1} if change else {})'), "You turn the rate of every sick net, as one does who asks for the steps first. Steps are too small or too large in most of them, and only in one because of the rate."),
        Mistake("one cure: last layer", edit("net | change", 'net | ({"last": 0.1} if change else {})'), "You change the last layer in every sick net. It was the cause in one of them."),
        Mistake("healthy ones treated", lambda net: net | {"rate": 0.1}, "You change the healthy nets, which need nothing; of the sick ones you cure frozen alone."),
        Mistake("turned round", lambda net: dict(net) if sick(gauges(net)) else net | {"rate": 0.05}, "Your question is turned round: you change the healthy nets, and hand the sick ones back as they came."),
        Mistake("larger branch", edit("net | change", 'net | ({"branch": 3.0} if change and net["branch"] else change)'), "You made the branch of loud larger. Every layer adds it to what is there."),
        Mistake("weights of gain 10", edit('{"branch": net["layers"] ** -0.5}', '{"gain": 30.0}', '{"gain": 1.2}', '{"gain": 30.0}'), "You made small weights far too large: the units of shy saturate, and its tilt is bad on the other side."),
        Mistake("rate still too small", edit('{"rate": 0.1}', '{"rate": 1000 * net["rate"]}'), "You change the rate of frozen, and its steps are still too small."),
        Mistake("rate of 100", edit('{"rate": 0.1}', '{"rate": 100.0}'), "You made the rate of frozen so large that its steps are too large."),
        Mistake("idle units by their weights", edit('{"bias": 0.0}', '{"gain": 20.0}'), "You wake asleep by larger weights. Units then are on for some digits, and the signal grows from layer to layer."),
    ),
    hints=(
        "Read all gauges of all seven before you write a line. Which of them are bad together, and which one is alone?",
        "Ask in the order: idle units, tilt (which sign, and is there a branch?), first loss, steps. Stop at the first yes, and let a net go that says no to all.",
        "A tilt comes from what multiplies in every layer; a large first loss without one, from what stands above them. Idle units are held down by something, and steps that are too small while all else is in order have the simplest cause.",
    ),
)  # fmt: skip
