"""The known mistakes on the learner's own inputs: which quantities would they explain?"""

from vgcourse.check.runs import inputs, may_agree, quantity_of, run_case, same_in, wrong_run

FRESH = 7919  # added to the seed for the inputs on which a suspicion is confirmed


class Suspects:
    """What the known mistakes give on the learner's inputs, and how far that is what the learner gave."""

    def __init__(self, problem, runs, seed, convention, fn):
        self.problem, self.runs, self.seed, self.convention, self.fn = problem, runs, seed, convention, fn
        self._fresh = None

    def theirs(self, mistakes, number, seed=None):
        seed = self.seed if seed is None else seed
        return wrong_run(self.problem, seed, self.convention, mistakes, number)

    def all_theirs(self, mistakes):
        return [self.theirs(mistakes, number) for number in range(len(self.runs))]

    def affected(self, mistakes):
        """Names of what the mistakes get wrong."""
        return {q.name for run in self.all_theirs(mistakes) for q in run.quantities if not q.ok}

    def explains(self, mistakes, wrong):
        """Those of the wrong quantities that come out the same with the mistakes in."""
        hits = set(wrong)
        if not hits:
            return hits
        seen = set()  # that both fail in a case is no agreement yet
        for number, mine in enumerate(self.runs):
            theirs = self.theirs(mistakes, number)
            hits = {name for name in hits if same_in(self.problem, name, mine, theirs)}
            if not hits:
                return hits
            seen |= {name for name in hits if quantity_of(mine, name) is not None}
        return hits & seen & self.affected(mistakes)

    def possible(self, mistakes, names):
        """Those of the names that are worth a closer look."""
        return may_agree(self.problem, self.seed, self.convention, mistakes, self.runs[0], names)

    def confirmed(self, mistakes, hits):
        """Does the learner's function agree with the mistakes on fresh inputs too?"""
        if self.fn is None:
            return True
        fresh = self.seed + FRESH
        if self._fresh is None:
            cases = inputs(self.problem, fresh, self.convention)
            self._fresh = [run_case(self.problem, self.fn, case, expected) for case, expected in cases]
        return all(
            same_in(self.problem, name, mine, self.theirs(mistakes, number, fresh))
            for number, mine in enumerate(self._fresh)
            for name in hits
        )
