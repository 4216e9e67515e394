"""One submission from its first cell to its last, whatever it does to its processes."""

import json
import pickle
import time

from vgcourse.grading.jail.inside.channel import (
    ABSENT,
    ANSWERS,
    ASK,
    ASK_FRESH,
    CELL,
    FILES,
    SHOWN,
    ChannelError,
    Late,
)
from vgcourse.grading.jail.jobs import FRESH, NO_MORE, CellDone, Done
from vgcourse.grading.jail.kinds import JailError
from vgcourse.grading.jail.outputs import failure, parsed

GRACE = 2.0  # seconds: a cell that is stopped from inside keeps what it has defined
AGAIN = 1.0  # seconds that a cell gets which was stopped once and runs again
MOST = 300_000_000  # bytes of all answers of a submission
_SIGNALS = {-11: "a segmentation fault", -6: "an abort", -24: "too much processor time"}


class _NoAnswer(Exception):
    """What was asked for does not come; the message says why."""


class _Lost(_NoAnswer):
    """A process is gone, or had to be ended. `state` is that of the cell."""

    def __init__(self, state, sentence):
        super().__init__(sentence)
        self.state = state


class Run:
    """A job on its way; `go` takes it to its end.

    A process that is lost costs the part that lost it. Another one runs the cells before it again, checks
    excepted, and goes on below.

    Parameters
    ----------
    job : Job
    parent : WarmParent
    wanted : see `Worker.run`
    """

    def __init__(self, job, parent, wanted):
        self.job, self.parent, self.wanted, self.limits = job, parent, wanted, job.limits
        self.cells = [CellDone() for _ in job.cells]
        self.answers, self.fresh, self.absent, self.notes = {}, {}, {}, []
        self.deadly = set()  # cells that lost a process: they do not run again
        self.channel, self.lost, self.bytes, self.jail_failed = None, 0, 0, False

    def go(self):
        """All cells.

        Returns
        -------
        Done
        """
        self.start = time.monotonic()
        self.end = self.start + self.limits.seconds
        try:
            for index, cell in enumerate(self.job.cells):
                if not self._ready(index):
                    break
                if cell.asks:
                    self._check(index, cell.asks)
                else:
                    self._cell(index, cell)
            self._end_child()
        except JailError as error:
            self.jail_failed = True
            self._note(str(error))
        return self._done()

    def _cell(self, index, cell):
        start = time.monotonic()
        try:
            outputs, state = self._run(index, self.limits.cell_seconds)
        except _Lost as lost:
            outputs, state = (failure("Stopped", str(lost)),), lost.state
            self.deadly.add(index)
        self.cells[index] = CellDone(outputs, time.monotonic() - start, state)

    def _run(self, index, seconds):
        """Outputs and state of a cell in the present process."""
        source = self.job.cells[index].source
        end = time.monotonic() + seconds + GRACE
        kind, payload = self._ask(CELL, (source, index + 1, seconds), end)
        try:
            if kind != SHOWN:
                raise ValueError("the process sent what is no output")
            return parsed(payload, self.limits.output)
        except ValueError as error:
            raise self._end_of_process("died", str(error)) from error

    def _check(self, index, asks):
        start, state = time.monotonic(), "ran"
        for number, (problem, name) in enumerate(asks):
            if not self._ready(index):
                break
            try:
                self._collect((index, number), name, self.job.tasks[problem])
            except _NoAnswer as reason:
                self.absent[index, number] = str(reason)
                state = getattr(reason, "state", state)
        self.cells[index] = CellDone((), time.monotonic() - start, state)

    def _collect(self, ask, name, tasks):
        """Ask for answers to one task after the other, as long as they are wanted."""
        end = time.monotonic() + self.limits.check_seconds
        for number, task in enumerate(tasks):
            key, start = (*ask, number), time.monotonic()
            visible = self._answers(ASK, (name, task._replace(fresh=None)), end)
            came = time.monotonic()
            wanted = self.wanted(key, visible)
            looked = time.monotonic() - came  # which is not the student's time
            end, self.end = end + looked, self.end + looked
            if wanted == FRESH:
                self.fresh[key] = self._answers(ASK_FRESH, (name, task.fresh_after(came - start)), end)
            self.answers[key] = visible
            if wanted == NO_MORE:
                break

    def _answers(self, kind, question, end):
        kind, payload = self._ask(kind, question, end)
        if kind == ABSENT:
            raise _NoAnswer(payload[:500].decode(errors="replace"))
        if kind != ANSWERS:
            raise self._end_of_process("died", "the process sent what is no answer")
        self.bytes += len(payload)
        if self.bytes > MOST:
            raise self._end_of_process("died", f"all answers together are over {MOST:,} bytes")
        return payload

    def _ready(self, index):
        """True once there is a process in which all cells above this one have run."""
        while self.channel is None:
            if self.lost > self.limits.restarts:
                self._note(f"It lost {self.lost} processes; the rest did not run.")
                return False
            if time.monotonic() >= self.end:
                self._note(f"It took more than {self.limits.seconds:.3g} s; the rest did not run.")
                return False
            self.channel, remark = self.parent.child(self.limits)
            if remark:
                self._note(remark)
            try:
                self._lay_out_files()
                self._run_again(index)
            except _Lost:
                continue
        return True

    def _lay_out_files(self):
        if self.job.files:
            _, payload = self._ask(FILES, (dict(self.job.files),), self.end)
            try:
                for problem in json.loads(payload):
                    self._note(str(problem)[:300])
            except (ValueError, TypeError, RecursionError) as error:
                raise JailError("the files beside the notebook could not be laid out") from error

    def _run_again(self, stop):
        """The cells above `stop`, for what they define; what they showed at first is kept."""
        for index, cell in enumerate(self.job.cells[:stop]):
            if cell.asks or index in self.deadly:
                continue
            stopped = self.cells[index].state == "timed out"
            try:
                self._run(index, AGAIN if stopped else self.limits.cell_seconds)
            except _Lost as lost:
                self.deadly.add(index)
                self.cells[index] = self.cells[index]._replace(state=lost.state)
                raise

    def _ask(self, kind, question, end):
        """One question, one answer: kind and bytes. _Lost if there is none by `end`."""
        end = min(end, self.end)
        try:
            self.channel.send(kind, pickle.dumps((*question,), protocol=5), end)
            return self.channel.receive(end)
        except Late as error:
            everything = time.monotonic() >= self.end
            limit = self.limits.seconds if everything else self._limit(kind)
            what = "the submission" if everything else "it"
            raise self._end_of_process("timed out", f"{what} took longer than {limit:.3g} s") from error
        except ChannelError as error:
            raise self._end_of_process("died", str(error)) from error

    def _limit(self, kind):
        return self.limits.check_seconds if kind in (ASK, ASK_FRESH) else self.limits.cell_seconds

    def _end_of_process(self, state, sentence):
        """End the process; the _Lost that says why, in the words of the system where that ended it."""
        ended = self._end_child()
        self.lost += 1
        if ended["too_much"]:
            sentence = f"the process was ended: {ended['too_much']}"
        elif ended["code"] != -9:
            sentence = f"the process died: {_cause(ended['code'])}"
        return _Lost(state, sentence)

    def _end_child(self):
        if self.channel is None:
            return None
        self.channel.close()
        self.channel = None
        return self.parent.end_child()

    def _note(self, sentence):
        if sentence not in self.notes and len(self.notes) < 50:
            self.notes.append(sentence)

    def _done(self):
        for index, cell in enumerate(self.job.cells):
            for number in range(len(cell.asks)):
                if (index, number, 0) not in self.answers and (index, number) not in self.absent:
                    why = f": {self.notes[-1]}" if self.notes else ""
                    self.absent[index, number] = f"it did not run{why}"
        whole = self.lost == 0 and all(cell.state in ("ran", "raised") for cell in self.cells)
        status = "jail failed" if self.jail_failed else "finished" if whole else "partly"
        if self.lost:
            self._note(f"{self.lost} of its processes ended early.")
        return Done(
            key=self.job.key,
            status=status,
            cells=tuple(self.cells),
            answers=self.answers,
            fresh=self.fresh,
            absent=self.absent,
            seconds=time.monotonic() - self.start,
            jail=self.parent.kind.name,
            notes=tuple(self.notes),
        )


def _cause(code):
    if code < 0:
        return _SIGNALS.get(code, f"signal {-code}")
    return f"os._exit, with code {code}"
