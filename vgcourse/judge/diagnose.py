"""Which known mistake is this? Recognised by computing the wrong formula and finding the same numbers.

A mistake explains a quantity if it gives what the learner gave on every case, wrong ones and right ones.
It is named only if no other mistake explains as much, and if it still agrees on inputs that nobody has
seen yet: a false accusation is worse than silence. What no single mistake explains may be two of them at
once, or one and a constant factor.
"""

import itertools
import math

from vgcourse.judge.conventions import under
from vgcourse.judge.flow import where_it_breaks
from vgcourse.judge.patterns import describe, exchanged, factor_text, is_multiple
from vgcourse.judge.results import Finding
from vgcourse.judge.runs import holds, quantity_of, wrong_names
from vgcourse.judge.suspects import Suspects
from vgcourse.problems.slips import slips
from vgcourse.problems.tested import all_accused
from vgcourse.problems.words import is_plural, listed


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
    """
    if not wrong or all(run.outcome.failed for run in runs):
        return []
    suspects = Suspects(problem, runs, seed, convention, fresh)
    explained = {}
    for mistake in problem.mistakes:
        hits = suspects.explains((mistake,), wrong)
        affected = suspects.affected((mistake,))
        # yes-or-no answers agree by chance, so there a mistake has to explain all that it would get wrong
        whole = problem.exact or mistake.whole or suspects.yes_or_no(hits)
        if hits != set(wrong) and suspects.agree_in_nothing(hits):
            continue
        if hits and (hits == affected or not whole) and suspects.confirmed((mistake,), hits):
            explained[mistake] = (hits, affected)
    if problem.coin and not any(hits == set(wrong) for hits, _ in explained.values()):
        if accused := all_accused(runs):
            return [Finding("pattern", *accused)]

    swapped, order = set(), []
    if not any(hits == set(wrong) for hits, _ in explained.values()):
        order, swapped = exchanged(runs, wrong)
        explained = {
            m: (hits - swapped, affected) for m, (hits, affected) in explained.items() if hits - swapped
        }

    named, tied, rest = _choose(explained, set(wrong) - swapped, set(wrong))
    if problem.exact and rest:
        named, tied, rest = [], [], set(wrong) - swapped
    claims = [((mistake,), explained[mistake][0]) for mistake in named]
    rest = [name for name in wrong if name in rest]
    second = []
    small = []
    if rest and not problem.exact:
        small, rest = _small_slips(suspects, rest, wrong)
        pairs, second, rest = _two_at_once(suspects, rest, named, wrong)
        times, factors, rest = _with_factor(suspects, rest)
        claims, second = claims + pairs + times, second + factors
    findings = order + _told(suspects, claims, rest, wrong) + [_several(*group) for group in tied]
    facts = describe(problem, runs, rest)
    known, names = list(dict.fromkeys(findings + second + small)) + facts, suspects.names()
    return known or where_it_breaks(problem, names, wrong) or _alone(problem, runs, names, wrong)


def _alone(problem, runs, names, wrong):
    """Where nothing else is known of a few results: that they alone are wrong."""
    found = [q for run in runs for q in run.quantities if q.name in wrong]
    if problem.exact or len(wrong) > min(3, len(names) // 2) or any(q.problem for q in found):
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
        text = f"Your {listed(sorted(hits))} could come from {names}, but your {listed(left)} could not."
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
        one = any(
            suspects.explains((m,), wrong) == wrong == suspects.affected((m,)) for m in problem.mistakes
        )
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


def _several(mistakes, quantities, which="more than one mistake, with the same numbers"):
    """One finding for mistakes that give the same numbers: what they have in common."""
    names = "; ".join(f"“{mistake.name}”" for mistake in mistakes)
    verb = "fit" if is_plural(sorted(quantities)) else "fits"
    text = f"Your {listed(sorted(quantities))} {verb} {which}: {names}."
    return Finding("fact", "one of several mistakes", text)


def _two_at_once(suspects, rest, named, wrong):
    """Pairs of mistakes in one formula with what they explain, findings about ties, and the names left over.

    A pair has to explain something that neither of the two does alone, and more than it would spoil of what
    is right. Of pairs that explain as much, one that would spoil fewer right quantities comes first; where
    several are left, what they have in common is named.
    """
    mistakes = [mistake for mistake in suspects.problem.mistakes if mistake.parts]
    pairs = {}
    for pair in itertools.combinations(mistakes, 2):
        if not suspects.problem.combine(*pair):
            continue
        asked = wrong if any(m.whole for m in pair) else rest
        hits = suspects.explains(pair, suspects.possible(pair, asked))
        if hits and any(m.whole for m in pair) and hits != suspects.affected(pair):
            continue
        if hits and suspects.yes_or_no(hits) and suspects.explains(pair, wrong) != suspects.affected(pair):
            continue
        if hits and len(suspects.affected(pair) - set(wrong)) >= len(hits):
            continue
        if hits and not suspects.agree_in_nothing(hits, zero=True) and suspects.confirmed(pair, hits):
            pairs[pair] = hits

    claims, second, rest = [], [], list(rest)
    while pairs := {pair: hits & set(rest) for pair, hits in pairs.items() if hits & set(rest)}:
        ranks = {
            pair: (len(set(pair) & set(named)), len(hits), -len(suspects.affected(pair) - set(wrong)))
            for pair, hits in pairs.items()
        }
        best = [pair for pair in ranks if ranks[pair] == max(ranks.values())]
        hits = pairs[best[0]]
        rivals = [set(pair) for pair in best if pairs[pair] & hits]
        common = tuple(m for m in mistakes if m in set.intersection(*rivals))
        if common:
            claims.append((common, hits))
        if len(rivals) > 1:
            several = sorted(set.union(*rivals) - set(common), key=mistakes.index)
            which = "further mistake" if common else "pair of mistakes"
            second.append(_several(several, hits, f"more than one {which}, with the same numbers, out of"))
        named = [*named, *common]
        rest = [name for name in rest if name not in hits]
    return claims, second, rest


def _small_slips(suspects, rest, wrong):
    """Findings about single changes of the reference's text that nobody has written down, and the names left.

    One has to explain everything there is that it would spoil, and nothing that is right.
    """
    if suspects.may_be_chance(rest) or suspects.agree_in_nothing(rest, zero=True):
        return [], rest
    found = []
    for slip in slips(suspects.problem):
        hits = suspects.explains((slip,), suspects.possible((slip,), rest, failed=()))
        if hits and suspects.explains_all((slip,), wrong) and suspects.confirmed((slip,), hits):
            found.append((slip, hits))
            if hits == set(rest):
                break
    findings, rest = [], list(rest)
    for slip, hits in sorted(found, key=lambda pair: -len(pair[1])):
        if hits <= set(rest):
            verb = "come" if is_plural(sorted(hits)) else "comes"
            said = "Your numbers come" if hits == set(wrong) else f"Your {listed(sorted(hits))} {verb}"
            findings.append(Finding("slip", slip.name, f"{said} out like this if {slip.diagnosis}."))
            rest = [name for name in rest if name not in hits]
    return findings, rest


def _with_factor(suspects, rest):
    """Mistakes that fit but for a factor −1, N, 1/N, T or 1/T, findings about the factor, the names left."""
    claims, factors, left = [], [], []
    for name in rest:
        if is_multiple([q for run in suspects.runs for q in run.quantities if q.name == name]):
            left.append(name)  # of the right answer: nothing says that a mistake is in it
            continue
        found = []
        for mistake in suspects.problem.mistakes:
            if mistake.whole:
                continue
            text = _factor_between(suspects.runs, name, suspects.all_theirs((mistake,)))
            if text and text == _factor_between(suspects.fresh_runs(), name, suspects.all_fresh((mistake,))):
                found.append((mistake, text))
        if len(found) == 1:
            mistake, text = found[0]
            claims.append(((mistake,), {name}))
            factors.append(Finding("pattern", text.split(":")[0], f"Apart from that your {name} {text}."))
        else:
            left.append(name)
    return claims, factors, left


def _factor_between(runs, name, theirs):
    """The factor, in words, between the runs and those of a mistake, or None."""
    triples, wrong = [], False
    for mine, other in zip(runs, theirs, strict=True):
        if not holds(mine.case, name):
            continue
        a, b = quantity_of(mine, name), quantity_of(other, name)
        if a is None or b is None or a.value is None or b.value is None:
            return None
        wrong = wrong or not b.ok
        triples.append((a.value, b.value, mine.case))
    if not wrong or sum(value.size for value, *_ in triples) < 4:
        return None  # one number is always a multiple of another
    return factor_text(triples, known_only=True)
