"""How good is the checker? Known mistakes, right answers in other words, random wrong answers; 5 seeds.

`python tests/checker_score.py` (or `make checker-report`) prints the table and writes it to `site/` with a
figure.
"""

import itertools
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import first_contact
import numpy as np
from right_answers import RIGHT

from vgcourse.check import evaluate, find, names
from vgcourse.judge.runs import wrong_names, wrong_run
from vgcourse.problems.problem import drawn
from vgcourse.problems.slips import slips

# What a catalogue has to hold: mistakes of any function, of a backward pass, right answers.
LEAST_MISTAKES, LEAST_BACKWARD, LEAST_RIGHT = 4, 5, 6
SEEDS = range(5)
FEW_SEEDS = range(3)  # for yes-or-no answers: a check of them runs whole tests or deep nets, up to a second
SLOW = ("ps6.checkpointed_backward",)  # its right answers go through 2000 steps, memory measured
TRIES = 4  # of each kind of random wrong answer, each with another seed
SITE = Path(__file__).resolve().parents[1] / "site"


class Score(NamedTuple):
    """Counts for one problem, over all seeds; `killed` and `named` out of `runs`, and so on."""

    problem: str
    mistakes: int
    runs: int
    killed: int
    named: int
    wrong: int
    caught: int
    accused: int
    spoilt: int
    false: int
    changes: int
    passing: int
    variants: int
    right: int
    accepted: int
    missed: tuple = ()


def named_mistakes(verdict):
    """The mistakes of the catalogue that a verdict names."""
    return [finding.name for finding in verdict.findings if finding.group == "mistake"]


# --- random wrong answers ----------------------------------------------------------------------------


def _one_entry(rng, a, factor):
    out = a.copy()
    k = rng.integers(a.size)
    out.flat[k] += factor * (np.abs(a).max() or 1)
    return out


def _one_slice(rng, a, factor):
    """One index of one axis scaled: one step, one example, one gate's row."""
    if a.ndim == 0:
        return a * factor
    out, axis = a.copy(), rng.integers(a.ndim)
    index = [slice(None)] * a.ndim
    index[axis] = rng.integers(a.shape[axis])
    out[tuple(index)] *= factor
    return out


def _permuted(rng, a, factor):
    mixed = rng.permutation(a.ravel()).reshape(a.shape)
    known = np.array_equal(mixed, a) or np.array_equal(
        mixed.ravel(), a.ravel()[::-1]
    )  # as it was, or reversed
    return a * factor + 0.1 if known else mixed


RANDOM = {
    "scaled": lambda rng, a, factor: a * factor,
    "noise of 0.1 %": lambda rng, a, factor: a * (1 + 1e-3 * rng.choice([-1, 1], size=a.shape)),
    "noise of 30 %": lambda rng, a, factor: a * (1 + 0.3 * rng.standard_normal(a.shape)),
    "entries permuted": _permuted,
    "one entry off": _one_entry,
    "one slice off": _one_slice,
    "unrelated numbers": lambda rng, a, factor: rng.standard_normal(a.shape),
    "shifted by a constant": lambda rng, a, factor: a + 0.1 * factor * (np.abs(a).max() or 1),
    "squared": lambda rng, a, factor: a * np.abs(a) + 0.01,
    "half of the signs flipped": lambda rng, a, factor: a * factor * rng.choice([-1, 1], size=a.shape),
}
# Not wrong at all: softmax feels no constant in the bias.
HARMLESS = {("ps3.best_bias", "shifted by a constant")}


def random_wrong(problem, kind, number):
    """The reference with all results spoilt, or (odd numbers) only one of them."""

    def spoil(value, rng, factor):
        if isinstance(value, (list, tuple)):
            return type(value)(spoil(item, rng, factor) for item in value)
        value = np.asarray(value, dtype=float)
        out, size = np.asarray(RANDOM[kind](rng, value, factor)), np.abs(value).max(initial=0)
        # a single 0, or a row of nearly 0, stays what it is
        return out if np.abs(out - value).max(initial=0) > 1e-3 * size else out + (size or 1.0)

    def answer(*args):
        rng = np.random.default_rng([number, *kind.encode()])
        factor = rng.uniform(1.1, 3)
        out = problem.reference(*args)
        if not isinstance(out, tuple) or number % 2 == 0:
            return spoil(out, rng, factor)
        chosen = rng.integers(len(out))
        return tuple(spoil(v, rng, factor) if i == chosen else v for i, v in enumerate(out))

    return answer


# --- one output spoilt at a time, one place of the reference changed -----------------------------------

WAYS = {
    "zero": lambda a, rng: 0 * a,
    "doubled": lambda a, rng: 2 * a,
    "negated": lambda a, rng: -a,
    "shuffled": lambda a, rng: rng.permutation(a.ravel()).reshape(a.shape),
}
# "your bias has the wrong sign", "is twice the logarithm": true of it alone, too
TRUE = {("ps3.best_bias", 0, "negated"), ("ps3.best_bias", 0, "doubled")}


def spoilt_outputs(problem):
    """(place, way, answer): the reference with one of several outputs spoilt."""

    def spoilt(value, way):
        if isinstance(value, (list, tuple)):
            return type(value)(spoilt(part, way) for part in value)
        return WAYS[way](np.asarray(value, float), np.random.default_rng(1))

    count = max(len(case.quantities) for case in drawn(problem, 0))
    for place, way in itertools.product(range(count) if count > 1 else (), WAYS):

        def answer(*args, place=place, way=way):
            parts = problem.reference(*args)
            return tuple(spoilt(part, way) if k == place else part for k, part in enumerate(parts))

        yield place, way, answer


def false_names(problem, verdict):
    """The mistakes named though they would spoil what is right: a name has to explain all that is there."""
    known = {mistake.name: mistake for mistake in problem.mistakes}
    right = {row.name for row in verdict.rows if row.ok}
    named = [known[name] for name in named_mistakes(verdict)]
    return [mistake.name for mistake in named if _would_spoil(problem, mistake) & right]


def _would_spoil(problem, mistake):
    runs = [wrong_run(problem, 0, None, (mistake,), number) for number in range(len(drawn(problem, 0)))]
    return {q.name for run in runs for q in run.quantities if not q.ok}


def passing_changes(problem):
    """Single changes of the reference's text that all cases of seed 0 let pass: nearly all are right by
    algebra, the others are corners that no case looks into. Empty where memory is measured."""
    cases = drawn(problem, 0)
    if any(case.memory for case in cases):
        return []

    def passes(slip):
        runs = (wrong_run(problem, 0, None, (slip,), number) for number in range(len(cases)))
        return not any(run.outcome.failed or wrong_names([run]) for run in runs)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [slip for slip in slips(problem) if passes(slip)]


# --- the score ---------------------------------------------------------------------------------------


def score(name, few=None, tries=TRIES):
    """The Score of one problem; `missed` says in words what did not go as it should. Tests take few seeds."""
    problem, missed = find(name), []
    seeds = range(few) if few else FEW_SEEDS if problem.exact or name in SLOW else SEEDS
    killed = named = caught = accused = accepted = false = 0
    shares = {}
    for seed in seeds:
        for mistake in problem.mistakes:
            verdict = evaluate(name, mistake.formula, seed=seed)
            found = named_mistakes(verdict)
            shares.setdefault(mistake.name, {}).setdefault(round(verdict.share, 6), []).append(seed)
            killed += verdict.share < 1
            named += found == [mistake.name]
            if verdict.share == 1 or found != [mistake.name]:
                missed.append(f"seed {seed}: {mistake.name!r} earned {verdict.share:.2f}, named {found}")
        for answer in RIGHT[name]:
            verdict = evaluate(name, answer, seed=seed)
            accused_of = [f.kind for f in verdict.findings if f.group != "convention"]
            accepted += verdict.share == 1 and not accused_of
            if verdict.share < 1 or accused_of:
                missed.append(
                    f"seed {seed}: right answer {answer.__name__} earned {verdict.share:.2f} {accused_of}"
                )
    kinds = [] if problem.exact else [kind for kind in RANDOM if (name, kind) not in HARMLESS]
    wrong = [(kind, number) for kind in kinds for number in range(tries)]
    for k, (kind, number) in enumerate(wrong):
        verdict = evaluate(name, random_wrong(problem, kind, number), seed=seeds[k % len(seeds)])
        found = [finding.name for finding in verdict.findings if finding.group in ("mistake", "slip")]
        caught += verdict.share < 1
        accused += bool(found)
        if verdict.share == 1 or found:
            missed.append(f"random: {kind} {number} earned {verdict.share:.2f}, named {found}")
    spoilt = [] if problem.exact else list(spoilt_outputs(problem))
    for place, way, answer in spoilt:
        found = false_names(problem, evaluate(name, answer))
        if found and (name, place, way) not in TRUE:
            false += 1
            missed.append(f"output {place + 1} {way}: named {found}")
    missed += [f"{k!r} earns by seed: {earned}" for k, earned in shares.items() if len(earned) > 1]
    changes, passing = ([], []) if problem.exact else (slips(problem), passing_changes(problem))
    mistakes, variants = len(problem.mistakes), len(RIGHT[name])
    return Score(
        name,
        mistakes,
        mistakes * len(seeds),
        killed,
        named,
        len(wrong),
        caught,
        accused,
        len(spoilt),
        false,
        len(changes),
        len(passing),
        variants,
        variants * len(seeds),
        accepted,
        tuple(missed),
    )


def all_scores(chosen):
    """Scores by name, from all cores at once; with a progress bar where somebody looks."""
    from tqdm import tqdm

    chosen = list(chosen)
    with ProcessPoolExecutor() as pool:
        found = tqdm(pool.map(score, chosen), total=len(chosen), unit="function", disable=None)
        return dict(zip(chosen, found, strict=True))


# --- the report --------------------------------------------------------------------------------------


def table(scores):
    """The scores as a Markdown table with a line of totals."""
    columns = (
        "function",
        "mistakes",
        "caught",
        "named rightly",
        "random wrong answers",
        "falsely accused",
        "one output spoilt",
        "falsely named",
        "changes of one place",
        "that pass",
        "right answers",
        "accepted",
    )
    lines = [f"| {' | '.join(columns)} |", "|---|" + "---:|" * (len(columns) - 1)]

    def line(name, group):
        def total(field):
            return sum(getattr(s, field) for s in group)

        return (
            f"| {name} | {total('mistakes')} | {share(total('killed'), total('runs'))} "
            f"| {share(total('named'), total('runs'))} | {total('wrong')} | {total('accused')} "
            f"| {total('spoilt')} | {total('false')} | {total('changes')} | {total('passing')} "
            f"| {total('variants')} | {share(total('accepted'), total('right'))} |"
        )

    lines += [line(f"`{s.problem}`", [s]) for s in scores]
    return "\n".join([*lines, line(f"**all {len(scores)}**", scores)])


def share(part, whole):
    """Per cent, never rounded up to 100."""
    if part == whole:
        return "100 %"
    return f"{min(99.9, 100 * part / whole):.1f} %"


def draw(scores):
    """One row per problem set: how many mistakes it knows, and what went wrong, if anything."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from vgcourse import plotting

    plotting.use_style()
    sets = {}
    for s in reversed(scores):
        sets.setdefault(s.problem.partition(".")[0], []).append(s)
    parts = (
        ("known mistakes", "named rightly", lambda s: (s.mistakes, s.mistakes * s.named / s.runs)),
        ("random wrong answers", "not accused", lambda s: (s.wrong, s.caught - s.accused)),
        ("right answers", "accepted", lambda s: (s.variants, s.variants * s.accepted / s.right)),
    )
    fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.0), sharey=True, layout="constrained")
    for ax, (title, good, counts) in zip(axes, parts, strict=True):
        whole, part = np.array([np.sum([counts(s) for s in group], axis=0) for group in sets.values()]).T
        ax.barh(range(len(sets)), whole, color=plotting.ORANGE, height=0.7)
        ax.barh(range(len(sets)), part, color=plotting.BLUE, height=0.7)
        ax.set_title(f"{title}\n{share(sum(part), sum(whole))} {good}", fontsize=10)
        ax.grid(False, axis="y")
    axes[0].set_yticks(range(len(sets)), sets)
    return fig


INTRODUCTION = f"""# How good is the checker?

Every known mistake, and every right answer that is written differently, was checked with {len(SEEDS)} seeds
({len(FEW_SEEDS)} for yes-or-no answers and where memory is measured).
Random wrong answers (scaled, noisy, permuted, partly right) were added. A mistake counts as named rightly if
it is named and no other is.

Then each output of the right answer was spoilt alone (zero, doubled, negated, shuffled): a mistake that would
spoil others, too, is falsely named there. Last, the reference's own text was changed at one place, at every
place: a sign, a factor, an index, a comparison, a condition, a number. A change that passes gives the right
numbers on all cases of seed 0: nearly always by algebra; else it is a corner that no case looks into. Made by
`make checker-report`.

## In-sample

![A bar for each problem set: known mistakes that are named, random wrong answers that lose and are accused \
of nothing, right answers that are accepted](checker.png)

"""


def main():
    """Score every problem with a progress bar, print the table, write table and figure."""
    from PIL import Image

    scores = list(all_scores(names()).values())
    text = table(scores)
    print(text)
    for s in scores:
        for sentence in s.missed:
            print(f"{s.problem}: {sentence}")
    draw(scores).savefig(SITE / "checker.png", dpi=110)
    with Image.open(SITE / "checker.png") as picture:  # a few colours: a third of the bytes
        small = picture.convert("RGB").quantize(24)
    small.save(SITE / "checker.png", optimize=True)
    folded = f"<details><summary>Function by function</summary>\n\n{text}\n\n</details>\n"
    (SITE / "checker.md").write_text(f"{INTRODUCTION}{folded}{first_contact.section()}", encoding="utf-8")
    return 0 if not any(s.missed for s in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
