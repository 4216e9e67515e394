"""pyproject.toml, requirements-lock.txt and environment.yml say the same."""

import re
import tomllib

import pytest
import yaml
from conftest import ROOT

PIP_ONLY = {"axe-playwright-python"}  # not on conda-forge
CONDA_NAMES = {"matplotlib": "matplotlib-base", "playwright": "playwright-python"}
INSTALLED_GROUPS = ("lab", "grading", "dev")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements-lock.txt").read_text()
SITE_LOCK = (ROOT / "site" / "requirements-lock.txt").read_text()
BOTH = pytest.mark.parametrize("lock", [LOCK, SITE_LOCK], ids=["course", "site"])


def parse(requirement):
    name, specifier = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups()
    return name.lower().replace("_", "-"), specifier.strip()


def wanted(groups=INSTALLED_GROUPS):
    lines = list(PROJECT["dependencies"])
    for group in groups:
        lines += PROJECT["optional-dependencies"][group]
    return dict(map(parse, lines))


def locked(lock=LOCK):
    """name -> list of (version, marker)"""
    pins = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==([\w.]+)(?: ; (.*?))? \\$", lock, re.MULTILINE):
        pins.setdefault(name, []).append((version, marker))
    return pins


def numbers(version):
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def test_conda_has_the_same_packages():
    conda = dict(parse(line) for line in ENVIRONMENT["dependencies"] if isinstance(line, str))
    del conda["python"], conda["pip"]
    pip = dict(map(parse, ENVIRONMENT["dependencies"][-1]["pip"][:-1]))
    assert set(pip) == PIP_ONLY
    assert conda | pip == {CONDA_NAMES.get(name, name): specifier for name, specifier in wanted().items()}


def test_conda_environment_installs_the_course_itself():
    assert ENVIRONMENT["name"] == "vgcourse"
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert ENVIRONMENT["dependencies"][-1]["pip"][-1] == "-e ."


def test_python_versions_agree():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    classified = [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert classified == ["3.11", "3.12", "3.13"]
    assert lowest == classified[0]
    assert f"python >={lowest},<3.{numbers(classified[-1])[1] + 1}" in ENVIRONMENT["dependencies"]


@pytest.mark.parametrize("name", sorted(wanted()))
def test_lock_satisfies(name):
    lowest = numbers(wanted()[name].removeprefix(">="))
    assert name in locked(), "run `make lock`"
    assert all(numbers(version) >= lowest for version, _ in locked()[name]), "run `make lock`"


@pytest.mark.parametrize("name", sorted(wanted(["site"])))
def test_site_lock_satisfies(name):
    lowest = numbers(re.match(r">=([\d.]+)", wanted(["site"])[name])[1])
    pins = (locked() | locked(SITE_LOCK)).get(name)
    assert pins, "run `make lock`"
    assert all(numbers(version) >= lowest for version, _ in pins), "run `make lock`"


def test_site_lock_holds_only_what_the_book_adds():
    assert not set(locked()) & set(locked(SITE_LOCK))


@BOTH
def test_lock_covers_every_python_from_the_lowest(lock):
    """Several pins of one package (a newer one for a newer Python) each carry a marker."""
    for name, pins in locked(lock).items():
        assert len(pins) == 1 or all(marker for _, marker in pins), name


@BOTH
def test_lock_has_hashes_for_every_package(lock):
    blocks = re.split(r"\n(?=\w)", lock.strip())
    assert len(blocks) == sum(map(len, locked(lock).values())) > 20
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@pytest.mark.parametrize(
    "name",
    [
        *("requirements-lock.txt", "site/requirements-lock.txt", "environment.yml", "pyproject.toml"),
        *("Makefile", ".ci/run", "site/build.py", "site/conf.py"),
    ],
)
def test_no_address(name):
    text = (ROOT / name).read_text()
    for allowed in ("--no-emit-index", "http://127.0.0.1"):
        text = text.replace(allowed, "")
    assert not re.search(r"https?://|file:|--(extra-)?index|find-links|trusted-host", text)
