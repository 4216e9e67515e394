"""Run the real nbgrader in a course's folder, step by step, and say in one line how each step went."""

import os
import subprocess
import sys
import time
from pathlib import Path

from vgcourse.grading.checks import short


class DemoError(Exception):
    """A step failed; the message is one sentence that says what to do."""


class Course:
    """A folder in which nbgrader runs, and where it says so."""

    def __init__(self, workspace, assignment, console):
        self.workspace, self.assignment, self.console = workspace, assignment, console

    def nbgrader(self, *arguments, watch=lambda line: None):
        """Run one nbgrader command, keep all it says in nbgrader.log, return its exit code and its words."""
        search = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]  # nbgrader starts alembic
        modules = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        env = {
            **os.environ,
            "PATH": os.pathsep.join(filter(None, search)),
            "PYTHONPATH": os.pathsep.join(filter(None, modules)),
            "JUPYTER_CONFIG_DIR": str(self.workspace / "no-config"),
            "PYTHONIOENCODING": "utf-8",
        }
        env.pop("NBGRADER_EXECUTION", None)
        said = []
        with open(self.workspace / "nbgrader.log", "a", encoding="utf-8") as log:
            log.write(f"\n$ nbgrader {' '.join(arguments)}\n")
            log.flush()
            process = subprocess.Popen(
                [sys.executable, "-m", "nbgrader", *arguments],
                cwd=self.workspace, env=env, text=True, encoding="utf-8", errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            with process:
                for line in process.stdout:
                    log.write(line)
                    said.append(line)
                    watch(line)
        return process.returncode, "".join(said)

    def step(self, what, *arguments):
        """Run one command that has to work."""
        start = time.monotonic()
        code, said = self.nbgrader(*arguments)
        if code:
            raise self.failed(what, said)
        self.said(what, arguments, start)

    def validate(self):
        """What students see before they hand in: the solutions pass, the empty problem set does not."""
        start = time.monotonic()
        notebook = f"{self.assignment}/{self.assignment}.ipynb"
        arguments = "validate", f"solutions/{notebook}", f"exercises/{notebook}"
        code, said = self.nbgrader(*arguments)
        passed, _, rest = said.partition("VALIDATION FAILED")
        if code or "Success!" not in passed or "NotImplementedError" not in rest:
            raise self.failed("the solutions do not pass, or the empty problem set does", said)
        self.said("validate both", arguments, start)
        message = next(line.strip() for line in rest.splitlines() if "NotImplementedError" in line)
        self.console.print("    solutions: passed")
        self.console.print(
            f"    exercises: failed, as they should: {message} …", markup=False, soft_wrap=True
        )

    def autograde(self, students):
        """Grade all submissions in one call, with a progress bar; some of them may not be gradable."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        start = time.monotonic()
        columns = TextColumn("  autograde"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        quiet = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=quiet) as progress:
            task = progress.add_task("", total=len(students))
            begun = []

            def watch(line):
                if "Creating/updating student with ID" in line:  # the next one begins: all before are done
                    progress.update(task, completed=len(begun))
                    begun.append(line)

            code, said = self.nbgrader("autograde", self.assignment, watch=watch)
            progress.update(task, completed=len(students))
        failed = [s for s in students if not (self.workspace / "autograded" / s / self.assignment).is_dir()]
        if (code and not failed) or len(failed) == len(students) or _full(said):
            raise self.failed("autograde", said)
        self.said(f"grade {len(students) - len(failed)} submissions", ("autograde", self.assignment), start)
        if failed:
            self.console.print(f"  [red]not gradable:[/red] {', '.join(failed)}; nbgrader.log says why")

    def said(self, what, arguments, start):
        """One line for a step that worked."""
        seconds = f"{time.monotonic() - start:.1f} s"
        self.console.print(
            f"  {what:<32} [dim]nbgrader {' '.join(arguments)}  {seconds}[/dim]", soft_wrap=True
        )

    def failed(self, what, said):
        """The error for a step that did not work; nbgrader's last line usually names the cause."""
        if _full(said):
            return DemoError(f"{what}: the disk is full ({self.workspace}).")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        last = short(lines[-1]) if lines else "it said nothing"
        return DemoError(f"{what}: nbgrader failed: {last} (all of it: {self.workspace / 'nbgrader.log'})")


def _full(said):
    return "No space left on device" in said or "database or disk is full" in said
