"""The known mistakes on the learner's own inputs: which quantities would they explain?"""

import numpy as np

from vgcourse.judge.patterns import is_one_multiple
from vgcourse.judge.results import Run
from vgcourse.judge.runs import (
    compared,
    holds,
    inputs,
    may_agree,
    may_agree_in_all,
    quantity_of,
    same_in,
    wrong_run,
)
from vgcourse.problems.problem import FRESH


class Suspects:
    """What the known mistakes give on the learner's inputs, and how far that is what the learner gave."""

    def __init__(self, problem, runs, seed, convention, fresh=()):
        self.problem, self.runs, self.seed, self.convention = problem, runs, seed, convention
        self.fresh, self._fresh_runs = fresh, None

    def theirs(self, mistakes, number, seed=None):
        seed = self.seed if seed is None else seed
        return wrong_run(self.problem, seed, self.convention, mistakes, number)

    def all_theirs(self, mistakes):
        return [self.theirs(mistakes, number) for number in range(len(self.runs))]

    def names(self):
        """All quantities, in the table's order."""
        return list(dict.fromkeys(q.name for run in self.runs for q in run.quantities))

    def affected(self, mistakes):
        """Names of what the mistakes get wrong."""
        return {q.name for run in self.all_theirs(mistakes) for q in run.quantities if not q.ok}

    def explains(self, mistakes, wrong, whole=False):
        """Those of the wrong quantities that come out the same with the mistakes in.

        With `whole`, all or nothing: none of them unless they are all that the mistakes spoil.
        """
        hits = set(wrong)
        if not hits:
            return hits
        seen = set()  # that both fail in a case is no agreement yet
        for number, mine in enumerate(self.runs):
            if not whole and not any(holds(mine.case, name) for name in hits):
                continue
            theirs = self.theirs(mistakes, number)
            hits = {name for name in hits if same_in(self.problem, name, mine, theirs)}
            if not hits or (whole and any(not q.ok and q.name not in hits for q in theirs.quantities)):
                return set()
            seen |= {name for name in hits if quantity_of(mine, name) is not None}
        affected = self.affected(mistakes)
        hits &= seen & affected
        return set() if whole and hits != affected else hits

    def explains_all(self, mistakes, wrong):
        """Do the mistakes explain all of what they would spoil, as far as there is an answer to it?"""
        there = {q.name for run in self.runs for q in run.quantities if q.value is not None}
        return self.affected(mistakes) & there <= self.explains(mistakes, wrong)

    def possible(self, mistakes, names):
        """Those of the names that are worth a closer look."""
        return may_agree(self.problem, self.convention, mistakes, self.runs[0], names)

    def possible_as_whole(self, mistakes):
        """May the mistakes explain all that they would spoil?"""
        return may_agree_in_all(self.problem, self.convention, mistakes, self.runs[0])

    def yes_or_no(self, names):
        """Are these answers yes or no alone? A few of them agree with almost anything."""
        return self._all_of_kind("b", names)

    def may_be_chance(self, names):
        """Are these a few yes-or-no answers or counts? They agree with something by chance."""
        return self._all_of_kind("biu", names)

    def _all_of_kind(self, kinds, names):
        quantities = [q for run in self.runs for q in run.quantities if q.name in names]
        return all(q.expected.dtype.kind in kinds for q in quantities)

    def are_multiples(self, names):
        """Is each of these a multiple of what is right, or nothing but zeros?"""
        found = [[q for run in self.runs for q in run.quantities if q.name == name] for name in names]
        return bool(found) and all(
            is_one_multiple(qs) or self.agree_in_nothing({qs[0].name}, zero=True) for qs in found
        )

    def agree_in_nothing(self, names, zero=False):
        """Is no finite number wrong in them, or none but 0? So do all that overflow, or are empty, agree."""
        wrong = [q.value for run in self.runs for q in run.quantities if q.name in names and not q.ok]
        values = [value[np.isfinite(value)] for value in wrong if value is not None]
        return bool(wrong) and not any(value.any() if zero else value.size for value in values)

    def fresh_runs(self):
        """What the learner's function gave on inputs that it had not seen; fewer of them where it is slow.

        Where a problem's inputs are always the same, it is what another call of each gave.
        """
        if self._fresh_runs is None:
            cases = inputs(self.problem, self.seed + FRESH, self.convention)[: len(self.fresh)]
            self._fresh_runs = [
                compared(self.problem, Run(case, expected, outcome, []))
                for (case, expected), outcome in zip(cases, self.fresh, strict=True)
            ]
        return self._fresh_runs

    def all_fresh(self, mistakes):
        """What the mistakes give on the fresh inputs."""
        return [self.theirs(mistakes, number, self.seed + FRESH) for number in range(len(self.fresh_runs()))]

    def confirmed(self, mistakes, hits):
        """Does the learner's function agree with the mistakes on fresh inputs, too?"""
        return bool(self.fresh) and all(
            same_in(self.problem, name, mine, theirs)
            for mine, theirs in zip(self.fresh_runs(), self.all_fresh(mistakes), strict=True)
            for name in hits
        )
