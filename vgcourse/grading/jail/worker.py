"""The worker: one submission after the other, each in a jail; says what to run and holds the clock."""

import contextlib

from vgcourse.grading.jail.available import reason_against
from vgcourse.grading.jail.jobs import FRESH, CellDone, Done
from vgcourse.grading.jail.kinds import KINDS, JailError
from vgcourse.grading.jail.parent import WarmParent
from vgcourse.grading.jail.run import Run

MOST_PARENTS = 2  # warm at once, each some 60 MB: one set is graded after the other


class Worker:
    """Runs jobs; keeps warm parents, one for a set of rooms. For one thread at a time.

    Parameters
    ----------
    jail : "namespaces", "bubblewrap", "container"; None is the best of them that works. "none" protects
        nothing

    Raises
    ------
    JailError
        If that jail, or every one, does not work here; the message says why and what to do.
    """

    def __init__(self, jail=None):
        if jail is not None and jail not in KINDS:
            raise JailError(f"there is no jail {jail!r}; expected {', '.join(KINDS)}.")
        self._parents = {}
        reasons = {}
        for name in [jail] if jail else [name for name in KINDS if name != "none"]:
            if (reason := reason_against(name)) is None:
                self._kind = KINDS[name]
                return
            reasons[name] = reason
        raise JailError("no jail works here. " + "; ".join(f"{name}: {why}" for name, why in reasons.items()))

    @property
    def jail(self):
        """The name of the jail that is used."""
        return self._kind.name

    def run(self, job, wanted=lambda key, answers: FRESH):
        """Run a submission.

        Parameters
        ----------
        job : Job
        wanted : function (key in Done.answers, those bytes) -> FRESH, NEXT or NO_MORE of this ask

        Returns
        -------
        Done; whatever goes wrong is said in it
        """
        key = (job.assignment, tuple(job.rooms))
        if key in self._parents:
            done = self._run(job, key, wanted)
            if done.status != "jail failed":
                return done
        self._end_all_but(MOST_PARENTS - 1)
        try:  # the first of its kind, or one in the place of one that has died
            self._parents[key] = WarmParent(self._kind, *key)
        except JailError as error:
            cells = tuple(CellDone() for _ in job.cells)
            return Done(job.key, "jail failed", cells, {}, {}, {}, 0.0, self.jail, (str(error),))
        return self._run(job, key, wanted)

    def _run(self, job, key, wanted):
        parent = self._parents[key]
        others = {other: one for other, one in self._parents.items() if other != key}
        self._parents = others | {key: parent}  # the last that was used is the last to go
        keep = False
        try:
            done = Run(job, parent, wanted).go()
            keep = self._kind.lasting and done.status != "jail failed"
        finally:
            if not keep:
                self._end(key)
        return done

    def close(self):
        """End all processes. The worker may be used again."""
        try:
            self._end_all_but(0)
        except BaseException:  # a signal: whoever handles it lets no other through
            self._end_all_but(0)
            raise

    def _end_all_but(self, number):
        """End the warm parents that have not been used for longest."""
        while len(self._parents) > number:
            self._end(next(iter(self._parents)))

    def _end(self, key):
        """Until it has ended it stays known, so that `close` finds it whatever interrupts this."""
        with contextlib.suppress(OSError):
            self._parents[key].close()
        del self._parents[key]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
