"""Is my set-up right? The versions this course needs against the ones that are here.

Works when packages are missing, because that is when it is needed: standard library only.
"""

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

PYTHON_NEEDED = (3, 11)
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"  # there in a checkout, not beside an installed wheel


class Finding(NamedTuple):
    """One thing that was looked at."""

    item: str
    found: str
    needed: str
    ok: bool
    what_to_do: str


def report(extras=None):
    """Look at Python, the packages and the kernel.

    Parameters
    ----------
    extras : names of pyproject's optional groups to look at besides the core, e.g. ("lab", "grading", "dev");
        default: "lab" in a checkout of the course, none where only the library is installed, since the
        notebook that it is used from may be any

    Returns
    -------
    list of Finding, one for each thing looked at
    """
    if extras is None:
        extras = ("lab",) if PYPROJECT.exists() else ()
    findings = [_python(sys.version_info[:3])]
    findings += [_package(name, needed) for name, needed in requirements(extras)]
    return [*findings, _library(), _kernel()]


def print_report(findings=None, verbose=False):
    """Print one line when everything is right, the table when something is not (or when `verbose`).

    Parameters
    ----------
    findings : list of Finding, by default what `report()` finds
    verbose : bool, print the table in any case
    """
    findings = report() if findings is None else findings
    wrong = [finding for finding in findings if not finding.ok]
    if verbose or wrong:
        width = max(len(finding.item) for finding in findings)
        for item, found, needed, ok, what_to_do in findings:
            advice = "" if ok else f"  -> {what_to_do}"
            print(f"{'ok ' if ok else 'NO '} {item:{width}s}  {found} (needed: {needed}){advice}")
    if wrong:
        print(
            f"{len(wrong)} of {len(findings)} things need your attention: see the lines that start with NO."
        )
    else:
        print("Everything is in place.")


def requirements(extras=()):
    """Pairs (package, lowest version) that pyproject.toml asks for, core first."""
    wanted = {None, *extras}
    pairs = []
    for line in _requirement_lines():
        extra = re.search(r"""extra\s*==\s*["']([\w-]+)["']""", line)
        if (extra and extra[1]) in wanted or (extra is None and None in wanted):
            name, lowest = re.match(r"([\w.-]+)\s*(?:>=\s*([\d.]+))?", line).groups()
            pairs.append((name, lowest or "0"))
    return pairs


def _requirement_lines():
    if PYPROJECT.exists():  # a checkout: its file is newer than what was recorded when it was installed
        import tomllib

        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        groups = project["optional-dependencies"].items()
        return project["dependencies"] + [f'{r}; extra == "{name}"' for name, group in groups for r in group]
    try:
        return metadata.requires("vgcourse") or []
    except metadata.PackageNotFoundError:
        return []


def _numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


def repair(name, lowest="0", extra="lab"):
    """What brings a package: in a checkout the whole set-up, elsewhere the package itself.

    Parameters
    ----------
    name, lowest : the package and the lowest version that will do
    extra : the group of pyproject.toml that holds it
    """
    if PYPROJECT.exists():
        return f'run `make setup`, or python -m pip install -e ".[{extra}]"'
    return f'run python -m pip install "{name}{"" if lowest == "0" else f">={lowest}"}"'


def _python(version):
    needed = ".".join(map(str, PYTHON_NEEDED))
    found = ".".join(map(str, version))
    what_to_do = f"install Python {needed} or newer, and the course again with it"
    return Finding("Python", found, f"{needed} or newer", tuple(version[:2]) >= PYTHON_NEEDED, what_to_do)


def _package(name, needed):
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "missing", f"{needed} or newer", False, repair(name, needed))
    fits = _numbers(found) >= _numbers(needed)
    return Finding(name, found, f"{needed} or newer", fits, repair(name, needed))


def _library():
    """Inside a checkout, the vgcourse that is imported has to be the checkout's own."""
    here = Path(__file__).resolve().parent
    for folder in (Path.cwd(), *Path.cwd().parents):
        other = folder / "vgcourse" / "doctor.py"
        if (folder / "nbgrader_config.py").exists() and other.exists():
            same = other.resolve().parent == here
            found = "this folder's" if same else str(here)
            return Finding(
                "vgcourse", found, "this folder's", same, "choose the kernel of this folder's .venv"
            )
    return Finding("vgcourse", str(here), "any", True, "")


def _kernel():
    """The kernel that Jupyter calls python3 has to be the interpreter that has vgcourse."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return Finding("kernel", "no Jupyter", "this Python", False, repair("jupyterlab"))
    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("kernel", "no python3 kernel", "this Python", False, repair("jupyterlab"))
    # Jupyter replaces a bare "python" by the interpreter that it runs in itself.
    same = not Path(program).is_absolute() or Path(program).absolute() == Path(sys.executable).absolute()
    same = same or (Path(program).parent == Path(sys.executable).parent)
    what_to_do = f"{sys.executable} -m ipykernel install --sys-prefix"
    return Finding("kernel", "this Python" if same else program, "this Python", same, what_to_do)
