"""A JupyterLite beside the book: copies of the lectures and sets for the reader's own browser.

Python there is Pyodide, which a browser fetches from its usual place (cdn.jsdelivr.net), with numpy and
matplotlib; ipywidgets comes from PyPI, the course itself lies here as a wheel. The packages of
site/lite-lock.txt are in a folder of their own: among all others, their kernel would show in everybody's
JupyterLab.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import nbformat

PROJECT = Path(__file__).resolve().parents[1]
ROOM = Path(sys.prefix) / "lite"  # where `make lite` puts the packages
CONTENTS = (
    "lectures/[0-9]*.ipynb",
    "lectures/measured/*.py",
    "lectures/measured/*.json",
    "exercises/*/*.ipynb",
)
EXTENSIONS = (
    ROOM / "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension",
    Path(sysconfig.get_path("data")) / "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager",
)
LABEL = """**This copy runs in your browser.** Run the next cell first: it installs the course. Python, numpy
and matplotlib come from cdn.jsdelivr.net, ipywidgets from PyPI, which takes a while the first time. What
you write stays in this browser until you clear its data; points are forgotten when the kernel stops. Download
what you want to keep, and take the next cell out of it.

*Tested:* that such a copy opens with its results, and that the course and its checks answer where Python has
no threads, no alarms and not all of its modules, as in a browser. *Not tested:* running one to its end on
Pyodide. Where something fails, take another way to start: JupyterLab on a computer, or Binder."""
# Not %pip: elsewhere, in a downloaded copy, that would install whatever has this name there.
INSTALL = """import piplite

await piplite.install("vgcourse")"""


def write(course, out):
    """Build the JupyterLite of the course in folder `course` into `out`.

    Raises
    ------
    SystemExit
        If its packages are not there, or a command fails; with what that said.
    """
    if not (ROOM / "jupyterlite_core").is_dir():
        raise SystemExit(f"lite: there is no JupyterLite in {ROOM}; it comes with: make lite")
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        gather(course, place / "contents")
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place / "wheel", folder=PROJECT)
        (wheel,) = (place / "wheel").glob("*.whl")
        settings = {
            "contents": [str(place / "contents")],
            "federated_extensions": list(map(str, EXTENSIONS)),
            "ignore_sys_prefix": ["federated_extensions"],  # or the instructor's menus would be there
            "no_sourcemaps": True,
            "output_dir": str(out),
        }
        config = {"LiteBuildConfig": settings, "PipliteAddon": {"piplite_urls": [str(wheel)]}}
        (place / "jupyter_lite_config.json").write_text(json.dumps(config))
        _run(sys.executable, "-m", "jupyterlite_core", "build", folder=place, PYTHONPATH=str(ROOM))


def gather(course, to):
    """Copy what a reader opens, each notebook with a label and a cell that installs the course."""
    for pattern in CONTENTS:
        for path in sorted(course.glob(pattern)):
            target = to / path.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ipynb":
                notebook = nbformat.read(path, as_version=4)
                both = nbformat.v4.new_markdown_cell(LABEL), nbformat.v4.new_code_cell(INSTALL)
                for cell, name in zip(both, ("lite-label", "lite-install"), strict=True):
                    cell["id"] = name  # the same in every build
                notebook.cells[1:1] = both
                # Text in one piece: of a list of lines JupyterLite makes a text with commas in it.
                target.write_text(nbformat.writes(notebook, split_lines=False), encoding="utf-8")
            else:
                shutil.copyfile(path, target)


def _run(*command, folder, **variables):
    command = list(map(str, command))
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lite: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
