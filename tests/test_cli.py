"""The `vgcourse` command: what it prints, and how it fails."""

import re
import subprocess
import sys

import pytest

from vgcourse import __version__, cli, doctor
from vgcourse.authoring import build as notebooks


def test_without_arguments_it_shows_its_commands(capsys):
    assert cli.main([]) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("notebooks", "release", "doctor", "demo"))


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        *("", "lab", "update", "notebooks", "release", "doctor", "demo", "progress", "roster", "report"),
        *("variant", "due", "take-in", "export", "solutions"),
    ],
)
def test_help_names_itself_and_leaves_no_hole(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*command.split(), "--help"])
    assert stop.value.code == 0
    usage = capsys.readouterr().out.split("\n\n")[0]
    assert usage.startswith(f"usage: vgcourse {command}".rstrip())
    assert not re.search(r"  \.\.\.|\[\]|  $", usage)


def test_the_demos_help_is_its_own(capsys):
    with pytest.raises(SystemExit):
        cli.main(["demo", "--help"])
    assert "folder to work in" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["progress", "ps1"], ["doctor", "x"], ["--verbose"], ["unheard"]])
def test_what_a_command_does_not_know_is_said(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: vgcourse" in capsys.readouterr().err


def test_a_misspelt_option_shows_how_its_own_command_is_used(capsys):
    with pytest.raises(SystemExit):
        cli.main(["grade", "--proceses", "2", "ps1"])
    said = capsys.readouterr().err
    assert said.startswith("usage: vgcourse grade ")
    assert said.endswith("vgcourse grade: error: unrecognized arguments: --proceses\n")


def test_lab_hands_unknown_options_on(monkeypatch):
    from vgcourse import lab

    given = []
    monkeypatch.setattr(lab, "open_course", lambda *arguments: given.extend(arguments))
    assert cli.main(["lab", "--no-browser", "--instructor", "--port=8899"]) == 0
    assert given[1:] == [None, True, ["--no-browser", "--port=8899"]]


def test_a_reader_who_stops_reading_sees_no_traceback(root):
    """`vgcourse progress | head -1`: what is left in the buffer goes nowhere, in silence."""
    command = [sys.executable, "-m", "vgcourse.cli", "progress"]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == 0


def test_a_missing_notebook_is_one_sentence(capsys):
    assert cli.main(["notebooks", "absent.md"]) == 2
    assert capsys.readouterr().err == "vgcourse: absent.md: there is no such file\n"


def test_an_unknown_assignment_is_one_sentence(capsys):
    assert cli.main(["release", "ps999"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("vgcourse: solutions/ps999: no notebook there")
    assert error.count("\n") == 1


def test_a_missing_package_says_what_to_install(capsys, monkeypatch):
    def build(path, force):
        raise ModuleNotFoundError("No module named 'jupytext'", name="jupytext")

    monkeypatch.setattr(notebooks, "build", build)
    assert cli.main(["notebooks", "some.md"]) == 2
    assert (
        'jupytext is not installed: run `make setup`, or python -m pip install -e ".[dev]"'
        in capsys.readouterr().err
    )


def test_check_builds_nothing_and_says_what_differs(capsys, tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\njupytext:\n  text_representation:\n    format_name: myst\n---\n\n# Title\n")
    assert cli.main(["notebooks", "--check", str(path)]) == 1
    assert "a.md: a.ipynb is not built yet" in capsys.readouterr().out
    assert not path.with_suffix(".ipynb").exists()


def test_doctor_looks_at_python_packages_and_kernel():
    items = {finding.item: finding for finding in doctor.report(("lab", "dev"))}
    assert {
        "Python",
        "numpy",
        "matplotlib",
        "ipywidgets",
        "jupyterlab",
        "pytest",
        "vgcourse",
        "kernel",
    } <= set(items)
    assert "sphinx" not in items
    assert items["numpy"].ok and items["Python"].ok


def test_doctor_says_what_to_do_about_an_old_or_missing_package(monkeypatch, capsys):
    def version(name):
        if name == "numpy":
            return "1.26.4"
        if name == "matplotlib":
            raise doctor.metadata.PackageNotFoundError(name)
        return "99.0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    items = {finding.item: finding for finding in doctor.report()}
    assert not items["numpy"].ok and items["numpy"].found == "1.26.4"
    assert not items["matplotlib"].ok and items["matplotlib"].found == "missing"
    assert items["ipywidgets"].ok
    doctor.print_report()
    assert "make setup" in capsys.readouterr().out
    assert cli.main(["doctor"]) == 1


def test_doctor_advises_what_is_possible_without_a_checkout(monkeypatch):
    """From an installed wheel there is no make and no `-e .`, and any notebook program will do."""
    monkeypatch.setattr(doctor, "PYPROJECT", doctor.PYPROJECT.with_name("absent.toml"))
    monkeypatch.setattr(
        doctor.metadata, "requires", lambda _: ["numpy>=99", 'jupyterlab>=4.2; extra == "lab"']
    )
    items = {finding.item: finding for finding in doctor.report()}
    assert "jupyterlab" not in items
    assert items["numpy"].what_to_do == 'run python -m pip install "numpy>=99"'
    assert not any("make" in finding.what_to_do for finding in items.values())


@pytest.mark.parametrize(
    "options, package, extra", [([], "jupyterlab", "lab"), (["--instructor"], "nbgrader", "grading")]
)
def test_lab_says_what_to_install(options, package, extra, monkeypatch, capsys, root):
    from vgcourse import copies

    monkeypatch.chdir(root)
    monkeypatch.setattr(copies, "refresh", lambda _: [])
    for name in (package, "jupyterlab.labapp"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    assert cli.main(["lab", *options]) == 2
    advice = f'run `make setup`, or python -m pip install -e ".[{extra}]"'
    assert capsys.readouterr().err == f"vgcourse: {package} is not installed: {advice}\n"


def test_doctor_is_short_when_all_is_right(capsys):
    """The start page calls it and stores what it prints: nothing of this machine may be in it."""
    fine = doctor.Finding("numpy", "2.4.6", "2.0 or newer", True, "")
    assert doctor.print_report([fine]) is None
    assert capsys.readouterr().out == "Everything is in place.\n"


def test_doctor_knows_an_old_python():
    assert not doctor._python((3, 10, 9)).ok
    assert doctor._python((3, 11, 0)).ok


def test_doctor_works_where_nothing_is_installed(root):
    """-S leaves out site-packages: only the standard library and the checkout are there."""
    command = [sys.executable, "-S", "-m", "vgcourse.cli", "doctor"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "NO  numpy" in done.stdout and "Traceback" not in done.stderr
