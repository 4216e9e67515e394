"""The `vgcourse` command: build notebooks, release exercises, show set-up and progress, run the demo."""

import argparse
import sys
from pathlib import Path

from . import __version__, doctor
from .authoring import build as notebooks
from .grading import commands as commands_for_instructors

EXTRA_OF = {"jupytext": "dev", "nbclient": "dev", "nbformat": "dev", "nbgrader": "grading", "rich": "grading"}


def main(argv=None):
    """Run the command line and return its exit code: 0 fine, 1 a finding, 2 it could not run."""
    if hasattr(sys.stdout, "reconfigure"):  # ✓ and → in a terminal that knows neither
        sys.stdout.reconfigure(errors="replace")
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help()
        return 0
    try:
        return arguments.run(arguments)
    except notebooks.NotebookError as error:
        return _complain(str(error))
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name == "vgcourse":
            return _complain(f"{error.name} is not part of this installation: update your checkout.")
        extra = EXTRA_OF.get(name, "lab,grading,dev")
        return _complain(
            f'{name} is not installed: run `make setup`, or python -m pip install -e ".[{extra}]"'
        )
    except KeyboardInterrupt:
        return _complain("stopped; run the same command again to go on.")


def _parser():
    parser = argparse.ArgumentParser(prog="vgcourse", description=__doc__)
    parser.add_argument("--version", action="version", version=f"vgcourse {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="")

    build = commands.add_parser("notebooks", help="build the notebooks whose .md source changed")
    build.add_argument(
        "paths", nargs="*", type=Path, help=".md sources (default: all lectures and solutions)"
    )
    build.add_argument("--force", action="store_true", help="execute again what did not change, too")
    build.add_argument("--check", action="store_true", help="build nothing; say which notebooks differ")
    build.set_defaults(run=_notebooks)

    release = commands.add_parser("release", help="generate exercises/ from solutions/")
    release.add_argument("assignments", nargs="*", help="such as ps1 (default: all)")
    release.set_defaults(run=_release)

    examine = commands.add_parser("doctor", help="is my set-up right?")
    examine.add_argument("--all", action="store_true", help="also what graders and authors need")
    examine.set_defaults(run=_doctor)

    demo = commands.add_parser("demo", help="grade a class of sample submissions, from release to report")
    demo.add_argument("rest", nargs=argparse.REMAINDER, help="handed on to the demo")
    demo.set_defaults(run=_demo)

    progress = commands.add_parser("progress", help="what is done, tried and open")
    progress.set_defaults(run=_progress)

    commands_for_instructors.add_to(commands)
    return parser


def _notebooks(arguments):
    paths = arguments.paths or notebooks.sources()
    if not paths:
        return _complain("there is no lectures/NN_*.md and no solutions/*/ps*.md: nothing to build.")
    differences = 0
    for path in paths:
        if arguments.check:
            for difference in notebooks.pair_differences(path, path.with_suffix(".ipynb")):
                differences += 1
                print(f"{path.name}: {difference}")
        else:
            notebooks.build(path, force=arguments.force)
    if differences:
        return _complain("run `vgcourse notebooks` and commit what it writes.", code=1)
    return 0


def _release(arguments):
    assignments = arguments.assignments or notebooks.assignments()
    if not assignments:
        return _complain("there is no problem set in solutions/: nothing to release.")
    for assignment in assignments:
        print(f"exercises/{assignment} ...", end=" ", flush=True)
        notebooks.release(assignment, notebooks.ROOT / "exercises")
        print("done")
    return 0


def _doctor(arguments):
    extras = ("lab", "grading", "dev") if arguments.all else ("lab",)
    findings = doctor.report(extras)
    doctor.print_report(findings, verbose=True)
    return 0 if all(finding.ok for finding in findings) else 1


def _demo(arguments):
    if not (notebooks.ROOT / "demo" / "run.py").is_file():  # a wheel has no sample submissions in it
        return _complain("the demo is part of the course's repository; this is the library only.")
    sys.path.insert(0, str(notebooks.ROOT))
    from demo.run import main as run_demo

    return run_demo(arguments.rest) or 0


def _progress(arguments):
    from .check import progress

    progress.show()
    try:
        file = progress.path()
    except RuntimeError as error:
        return _complain(str(error), code=1)
    print(f"Kept in {file}." if file else "VGCOURSE_PROGRESS is off: nothing is kept.")
    return 0


def _complain(sentence, code=2):
    print(f"vgcourse: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
