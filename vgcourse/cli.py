"""The `vgcourse` command: open the course, update it, show set-up and progress; build, release, demo."""

import argparse
import os
import sys
import sysconfig
from pathlib import Path

from . import __version__, doctor
from .authoring import build as notebooks
from .grading import commands as commands_for_instructors

EXTRA_OF = {
    **{"jupyterlab": "lab", "distributed": "grading", "nbgrader": "grading", "rich": "grading"},
    **{"jupytext": "dev", "nbclient": "dev", "nbformat": "dev"},
}


def main(argv=None):
    """Run the command line and return its exit code: 0 fine, 1 a finding, 2 it could not run."""
    if hasattr(sys.stdout, "reconfigure"):  # ✓ and → in a terminal that knows neither
        sys.stdout.reconfigure(errors="replace")
    _find_own_programs()
    parser = _parser()
    try:
        arguments, arguments.rest = parser.parse_known_args(argv)
        if arguments.rest and not arguments.hands_on:
            (arguments.parser or parser).error(f"unrecognized arguments: {' '.join(arguments.rest)}")
        if arguments.run is None:
            parser.print_help()
            return 0
        code = arguments.run(arguments)
        sys.stdout.flush()  # here, where a closed pipe can still be met
        return code
    except BrokenPipeError:  # `vgcourse progress | head`: who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except notebooks.NotebookError as error:
        return _complain(str(error))
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name == "vgcourse":
            return _complain(f"{error.name} is not part of this installation: update your checkout.")
        advice = doctor.repair(name, extra=EXTRA_OF.get(name, "lab,grading,dev"))
        return _complain(f"{name} is not installed: {advice}")
    except KeyboardInterrupt:
        return _complain("stopped; run the same command again to go on.")


def _find_own_programs():
    """nbgrader starts `alembic`, and notebooks start `vgcourse`, by name; nothing need be activated."""
    own, known = sysconfig.get_path("scripts"), os.environ.get("PATH", "").split(os.pathsep)
    if known[0] != own:
        os.environ["PATH"] = os.pathsep.join([own, *filter(None, known)])


def _parser():
    parser = argparse.ArgumentParser(prog="vgcourse", description=__doc__)
    parser.add_argument("--version", action="version", version=f"vgcourse {__version__}")
    parser.set_defaults(run=None, hands_on=False, parser=None)
    commands = parser.add_subparsers(title="commands", metavar="command")

    lab = commands.add_parser("lab", help="open the course in JupyterLab, on its start page")
    lab.add_argument("page", nargs="?", help="a file to open (default: your copy of the start page)")
    lab.add_argument("--instructor", action="store_true", help="with nbgrader's menus and formgrader")
    lab.epilog = "Other options are JupyterLab's, such as --no-browser or --port=8899."
    lab.set_defaults(run=_lab, hands_on=True)

    update = commands.add_parser("update", help="get the newest version; what you changed stays yours")
    update.set_defaults(run=_update)

    build = commands.add_parser("notebooks", help="build the notebooks whose .md source changed")
    build.add_argument(
        "paths", nargs="*", type=Path, help=".md sources (default: all lectures and solutions)"
    )
    build.add_argument("--force", action="store_true", help="execute again what did not change, too")
    build.add_argument("--check", action="store_true", help="build nothing; say which notebooks differ")
    build.set_defaults(run=_notebooks)

    release = commands.add_parser("release", help="generate exercises/ from solutions/")
    release.add_argument("assignments", nargs="*", help="such as ps1 (default: all)")
    release.add_argument(
        "--zip", metavar="FILE", type=Path, help="and pack them for students, with all that they need"
    )
    release.set_defaults(run=_release)

    examine = commands.add_parser("doctor", help="is my set-up right?")
    examine.add_argument("--all", action="store_true", help="also what graders and authors need")
    examine.set_defaults(run=_doctor)

    demo = commands.add_parser(  # its --help is the demo's own
        "demo", help="grade a class of sample submissions, from release to report", add_help=False
    )
    demo.set_defaults(run=_demo, hands_on=True)

    progress = commands.add_parser("progress", help="what is done, tried and open")
    carry = progress.add_mutually_exclusive_group()
    carry.add_argument(
        "--export", metavar="FILE", type=Path, help="write it into a file, to take it elsewhere"
    )
    carry.add_argument(
        "--import", metavar="FILE", type=Path, dest="carried", help="add what such a file holds to yours"
    )
    progress.set_defaults(run=_progress)

    commands_for_instructors.add_to(commands)
    for command in commands.choices.values():
        command.set_defaults(parser=command)  # which says how it is used where an option is misspelt
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
    if arguments.zip:
        from .grading import bundle

        try:
            number = bundle.write(notebooks.ROOT, assignments, arguments.zip)
        except OSError as error:
            return _complain(f"{arguments.zip}: {error.strerror}.")
        print(f"{arguments.zip} holds {number} files, the same bytes each time, and no solution.")
    return 0


def _doctor(arguments):
    extras = ("lab", "grading", "dev") if arguments.all else None
    findings = doctor.report(extras)
    doctor.print_report(findings, verbose=True)
    return 0 if all(finding.ok for finding in findings) else 1


def _demo(arguments):
    if not (notebooks.ROOT / "demo" / "run.py").is_file():  # a wheel has no sample submissions in it
        return _complain("the demo is part of the course's repository; this is the library only.")
    sys.path.insert(0, str(notebooks.ROOT))
    from demo.run import main as run_demo

    return run_demo(arguments.rest) or 0


def _lab(arguments):
    from . import copies, lab

    try:
        lab.open_course(lab.find_course(), arguments.page, arguments.instructor, arguments.rest)
    except (FileNotFoundError, ValueError, copies.CopyError) as error:
        return _complain(str(error))
    return 0


def _update(arguments):
    from . import copies, lab

    try:
        root = lab.find_course()
    except FileNotFoundError as error:
        return _complain(str(error))
    try:
        print("\n".join(copies.update(root)))
    except copies.CopyError as error:
        return _complain(str(error))
    except OSError as error:  # a folder of the reader's where the new version has a file, for instance
        return _complain(f"{error.filename}: {error.strerror}. Nothing was updated.")
    return 0


def _progress(arguments):
    from .check import progress

    try:
        if arguments.export:
            number = progress.export(arguments.export)
            return _say(f"{arguments.export} holds {_problems(number)}.")
        if arguments.carried:
            return _say(f"Added from {arguments.carried}: {_problems(progress.carry(arguments.carried))}.")
        progress.show()
        file = progress.path()
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}.", code=1)
    except (RuntimeError, ValueError) as error:
        return _complain(f"{error}", code=1)
    if file is None:
        return _say("VGCOURSE_PROGRESS is off: nothing is kept.")
    return _say(f"Kept in {file}." if file.exists() else f"Your first check begins {file}.")


def _problems(number):
    return f"{number} problem{'s' * (number != 1)}"


def _say(sentence):
    print(sentence)
    return 0


def _complain(sentence, code=2):
    print(f"vgcourse: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
