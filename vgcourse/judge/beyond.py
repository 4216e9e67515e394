"""What no single mistake of the catalogue explains: a small slip, two mistakes at once, one and a factor."""

import itertools

from vgcourse.collect.plain import listed
from vgcourse.judge.patterns import factor_text, is_multiple
from vgcourse.judge.results import Finding
from vgcourse.judge.runs import holds, quantity_of
from vgcourse.problems.numbers import FEW
from vgcourse.problems.slips import slips
from vgcourse.problems.words import is_plural


def several(mistakes, quantities, which="more than one mistake, with the same numbers"):
    """One finding for mistakes that give the same numbers: what they have in common."""
    names = "; ".join(f"“{mistake.name}”" for mistake in mistakes)
    verb = "fit" if is_plural(sorted(quantities)) else "fits"
    text = f"Your {listed(sorted(quantities))} {verb} {which}: {names}."
    return Finding("fact", "one of several mistakes", text)


def two_at_once(suspects, rest, named, wrong):
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
        whole = any(mistake.whole for mistake in pair)
        hits = suspects.explains(pair, suspects.possible(pair, wrong if whole else rest), whole)
        if hits and suspects.yes_or_no(hits) and not suspects.explains(pair, wrong, whole=True):
            continue
        if hits and len(suspects.affected(pair) - set(wrong)) >= len(hits):
            continue
        if suspects.are_multiples(hits):
            continue  # two that cancel: one factor is the simpler story
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
            others = sorted(set.union(*rivals) - set(common), key=mistakes.index)
            which = "further mistake" if common else "pair of mistakes"
            second.append(several(others, hits, f"more than one {which}, with the same numbers, out of"))
        named = [*named, *common]
        rest = [name for name in rest if name not in hits]
    return claims, second, rest


def slips_that_fit(suspects, names, wrong):
    """[(slip, what it explains)] of single changes of the reference's text that nobody has written down.

    One has to explain everything there is that it would spoil, and nothing that is right. The first that
    explains all there is to explain ends the search.
    """
    if not names or suspects.may_be_chance(names) or suspects.agree_in_nothing(names, zero=True):
        return []
    found = []
    for slip in slips(suspects.problem):
        hits = suspects.explains((slip,), names) if suspects.possible_as_whole((slip,)) else ()
        if hits and suspects.explains_all((slip,), wrong) and suspects.confirmed((slip,), hits):
            if hits == set(names):
                return [(slip, hits)]
            found.append((slip, hits))
    return found


def small_slips(found, rest, everything):
    """Findings about the slips that fit, largest first, and the names that are left of `rest`."""
    findings, rest = [], list(rest)
    for slip, hits in sorted(found, key=lambda pair: -len(pair[1])):
        if hits <= set(rest):
            verb = "come" if is_plural(sorted(hits)) else "comes"
            said = "Your numbers come" if hits == set(everything) else f"Your {listed(sorted(hits))} {verb}"
            findings.append(Finding("slip", slip.name, f"{said} out like this if {slip.diagnosis}."))
            rest = [name for name in rest if name not in hits]
    return findings, rest


def with_factor(suspects, rest):
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
    if not wrong or sum(value.size for value, *_ in triples) < FEW:
        return None
    return factor_text(triples, known_only=True)
