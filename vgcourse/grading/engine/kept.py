"""The folder of a run, grading/ps1/: what is there already when a run goes on after it was interrupted.

`secret` and `results/` stand there while a run is unfinished; `outcome.json`, what became of every student,
stays. Every file is whole or not there.
"""

import contextlib
import json
import secrets
import shutil
from pathlib import Path

from vgcourse._files import write_whole
from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.scoring import Graded, GradedCell
from vgcourse.grading.outcome import outcome_of


class RunFolder:
    """The folder of one assignment's runs; a context in which nobody else uses it."""

    def __init__(self, root, assignment):
        self.path = Path(root) / "grading" / assignment
        self.assignment = assignment

    def __enter__(self):
        with said(self.path):
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = open(self.path / "lock", "w")
        try:
            _lock_file(self._lock)
        except OSError as error:
            self._lock.close()
            raise EngineError(f"{self.assignment} is being graded already, by another process.") from error
        self.unfinished = (self.path / "results").is_dir()
        return self

    def __exit__(self, *exception):
        self._lock.close()

    def secret(self):
        """The secret of the run that was not finished, or of a new one."""
        path = self.path / "secret"
        with said(path):
            if not path.exists():
                write_whole(path, secrets.token_hex(32).encode())
            return path.read_bytes()

    def keep_seeds(self, owner, seeds):
        """Keep the seeds of a run; `owner` is a digest of what they were drawn from."""
        self._write(self.path / "seeds.json", {"owner": owner, "seeds": seeds})

    def kept_seeds(self, owner):
        """The seeds that were drawn from the same, or None."""
        data = _read(self.path / "seeds.json")
        return data["seeds"] if isinstance(data, dict) and data.get("owner") == owner else None

    def keep(self, graded):
        """Keep what became of one order."""
        self._write(self.path / "results" / f"{graded.key}.json", graded._asdict())

    def kept(self, key):
        """What became of an order in this run, or None."""
        data = _read(self.path / "results" / f"{key}.json")
        try:
            cells = tuple(GradedCell(*cell) for cell in data.pop("cells"))
            return Graded(**data, cells=cells)._replace(notes=tuple(data["notes"]))
        except (AttributeError, KeyError, TypeError):
            return None

    def outcome(self):
        """What became of every student in earlier runs: {"students": {id: …}, …}."""
        return outcome_of(self.path.parents[1], self.assignment)

    def keep_outcome(self, outcome):
        """Write it."""
        self._write(self.path / "outcome.json", outcome)

    def finish(self):
        """The next run draws a new secret: what students saw of this one's inputs is no help."""
        with said(self.path):
            (self.path / "secret").unlink(missing_ok=True)
            (self.path / "seeds.json").unlink(missing_ok=True)
            shutil.rmtree(self.path / "results", ignore_errors=True)

    def _write(self, path, data):
        with said(path):
            write_whole(path, json.dumps(data).encode())


@contextlib.contextmanager
def said(path):
    """An OSError as one sentence: the disk is full, the folder may not be written."""
    try:
        yield
    except OSError as error:
        raise EngineError(f"{error.filename or path}: {error.strerror or error}.") from error


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _lock_file(file):
    try:
        import fcntl
    except ImportError:  # Windows: two runs at once do the same work twice, and nothing worse
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
