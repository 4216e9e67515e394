"""Which known mistake is this? Recognised by computing the wrong formula and finding the same numbers.

A mistake explains a quantity if it gives what the learner gave on every case, wrong ones and right ones.
It is named only if no other mistake explains as much, and if it still agrees on inputs that nobody has
seen yet: a false accusation is worse than silence. What no single mistake explains may be two of them at
once, or one and a constant factor.
"""

import math

from vgcourse.collect.plain import listed
from vgcourse.judge.beyond import several, slips_that_fit, small_slips, two_at_once, with_factor
from vgcourse.judge.conventions import under
from vgcourse.judge.flow import where_it_breaks
from vgcourse.judge.patterns import describe, exchanged
from vgcourse.judge.results import Finding
from vgcourse.judge.runs import wrong_names
from vgcourse.judge.suspects import Suspects
from vgcourse.problems.tested import all_accused
from vgcourse.problems.words import is_plural


def diagnose(problem, runs, wrong, fresh, *, seed=0, convention=None):
    """Findings about the quantities in `wrong`: known mistakes first, then what the rest has in common.

    Parameters
    ----------
    problem : Problem
    runs : list of Run, the learner's
    wrong : names of quantities that are wrong
    fresh : Outcomes of the learner's function on fresh inputs: a suspicion has to hold there, too
    seed : that of the runs
    convention : the Convention that the runs were compared with, or None

    Returns
    -------
    list of Finding
    set of str
        What a single slip explains, if that is all that is wrong (memory aside: it hangs on the rest)
    """
    if not wrong or all(q.value is None for run in runs for q in run.quantities):
        return [], set()
    if problem.coin and any(q.value is None for run in runs for q in run.quantities):
        return [], set()  # neither True nor False: there is no verdict to talk about yet
    suspects = Suspects(problem, runs, seed, convention, fresh)
    explained = {}
    for mistake in problem.mistakes:
        hits = suspects.explains((mistake,), wrong, whole=problem.exact or mistake.whole)
        if not hits or (hits != set(wrong) and suspects.agree_in_nothing(hits)):
            continue
        affected = suspects.affected((mistake,))
        # yes-or-no answers agree by chance, so there a mistake has to explain all that it would get wrong
        if hits != affected and suspects.yes_or_no(hits):
            continue
        if affected - set(wrong) and suspects.are_multiples(hits):
            continue  # −1 times what is right needs no mistake that would spoil the others, too
        if suspects.confirmed((mistake,), hits):
            explained[mistake] = (hits, affected)
    if problem.coin and not any(hits == set(wrong) for hits, _ in explained.values()):
        if accused := all_accused(runs):
            return [Finding("pattern", *accused)], set()

    swapped, order, fitting = set(), [], []
    if not any(hits == set(wrong) for hits, _ in explained.values()):
        order, swapped = exchanged(runs, wrong)
        explained = {
            m: (hits - swapped, affected) for m, (hits, affected) in explained.items() if hits - swapped
        }
        fitting = [] if problem.exact else slips_that_fit(suspects, set(wrong) - swapped, wrong)
        if any(hits == set(wrong) for _, hits in fitting):  # a simpler story than parts of several mistakes
            return small_slips(fitting, wrong, suspects.names())[0], set(wrong)

    named, tied, rest = _choose(explained, set(wrong) - swapped, set(wrong))
    if problem.exact and rest:
        named, tied, rest = [], [], set(wrong) - swapped
    claims = [((mistake,), explained[mistake][0]) for mistake in named]
    alone = [hits for mistakes, hits in [*claims, *tied, ((), swapped)] if _is_a_slip(mistakes)]
    measured = {name for run in runs if run.case.memory for name in run.case.quantities}
    one_slip = next((hits for hits in alone if hits and set(wrong) - hits <= measured), set())
    rest = [name for name in wrong if name in rest]
    second = []
    small = []
    if rest and not problem.exact:
        small, rest = small_slips(fitting, rest, suspects.names())
        pairs, second, rest = two_at_once(suspects, rest, named, wrong)
        times, factors, rest = with_factor(suspects, rest)
        claims, second = claims + pairs + times, second + factors
    findings = order + _told(suspects, claims, rest, wrong) + [several(*group) for group in tied]
    facts = describe(problem, runs, rest)
    known, names = list(dict.fromkeys(findings + second + small)) + facts, suspects.names()
    if not known and not _is_told(runs, wrong):
        known = where_it_breaks(problem, names, wrong) or _alone(problem, names, wrong)
    return known, one_slip


def _is_a_slip(mistakes):
    """Is this one mistake, or one of several that cannot be told apart, in an answer to what was asked?"""
    return not any(mistake.beside_the_point for mistake in mistakes)


def _is_told(runs, wrong):
    """Is something wrong beside numbers: a call that failed, a shape, a None? That has to be mended first."""
    failed = any(run.outcome.failed for run in runs)
    return failed or any(q.problem for run in runs for q in run.quantities if q.name in wrong)


def _alone(problem, names, wrong):
    """Where nothing else is known of a few results: that they alone are wrong."""
    if problem.exact or len(wrong) > min(3, len(names) // 2):
        return []
    verb, pronoun = ("are", "them") if is_plural(wrong) else ("is", "it")
    text = f"Only your {listed(wrong)} {verb} wrong: look first at the lines that make {pronoun} alone."
    return [Finding("pattern", "the others are right", text)]


def _told(suspects, claims, unexplained, wrong):
    """Diagnoses of mistakes that explain more than they leave open; of the others, only where they fit.

    Half an agreement can be chance: without the carry at a few steps, say, dh_0 alone may come out as if it
    were missing at all of them. What a mistake would spoil and is right is said first: the diagnosis may
    speak of it.
    """
    findings, whole = [], len(set(suspects.names()) - set(wrong))
    for mistakes, hits in claims:
        left = [name for name in unexplained if name in suspects.affected(mistakes)]
        left = [name for name in left if not suspects.agree_in_nothing([name])]  # NaN speaks against nothing
        if len(hits) > len(left) and not (unexplained and suspects.may_be_chance(hits)):
            for mistake in mistakes:
                right = suspects.affected((mistake,)) - set(wrong)
                right = [name for name in suspects.names() if name in right]
                findings.append(Finding("mistake", mistake.name, _all_but(right, whole) + mistake.diagnosis))
            continue
        left = left or list(unexplained)
        names = " with ".join(f"“{mistake.name}”" for mistake in mistakes)
        found, others = listed(sorted(hits)), listed(left)
        text = f"Your {found} could come from {names}; that alone does not make your {others}."
        findings.append(Finding("fact", "partly a known mistake", text))
    return findings


def _all_but(right, whole):
    """The beginning of a diagnosis that is about other quantities than these; in all `whole` are right."""
    if not right:
        return ""
    if len(right) > 3:
        return f"{whole} results are right; of the others: "
    return f"Your {listed(right)} {'are' if is_plural(right) else 'is'} right; of the rest: "


def best_convention(problem, runs, seed):
    """The convention that the answer follows, and the runs compared with it; (None, runs) for the reference.

    One under which nothing is wrong comes first, then one under which a single mistake explains exactly what
    is wrong, then the one with the fewest wrong quantities; the reference on ties. Only conventions made of
    edits or keywords are tried: they rule the whole function, and mistakes are recognised under them too.
    """
    others = [convention for convention in problem.conventions if convention.parts]
    if not others:
        return None, runs
    ranked = []
    for k, convention in enumerate([None, *others]):
        theirs = runs if convention is None else under(problem, runs, seed, convention)
        wrong = set(wrong_names(theirs))
        if not wrong:
            return convention, theirs
        suspects = Suspects(problem, theirs, seed, convention)
        one = any(suspects.explains((m,), wrong, whole=True) == wrong for m in problem.mistakes)
        ranked.append((not one, len(wrong), k, convention, theirs))
    return min(ranked, key=lambda rank: rank[:3])[3:]


def _choose(explained, rest, wrong):
    """The mistakes to name, groups that cannot be told apart with what they claim, and what is left over.

    The mistake that explains most comes first; of two that explain as much, the one whose every wrong
    quantity is seen, or that leaves nothing open and would spoil fewer of those that are right. Where two are
    left that claim the same quantity, neither is named.
    """

    def would_spoil(hits, affected):
        return len(affected - wrong) if affected & wrong == hits else math.inf

    named, tied, rest = [], [], set(rest)
    while rest:
        ranks = {
            m: (len(hits & rest), hits == affected, -would_spoil(hits, affected))
            for m, (hits, affected) in explained.items()
            if hits & rest
        }
        if not ranks:
            break
        best = [m for m in ranks if ranks[m] == max(ranks.values())]
        mine = explained[best[0]][0] & rest
        rivals = [m for m in best if explained[m][0] & mine]
        if len(rivals) > 1:
            tied.append((rivals, mine))
        else:
            named.append(best[0])
        rest -= mine
    return named, tied, rest
