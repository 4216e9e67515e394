"""pyproject.toml, requirements-lock.txt and environment.yml say the same."""

import re
import tomllib

import pytest
import yaml
from conftest import ROOT

CONDA_NAMES = {"matplotlib": "matplotlib-base", "playwright": "playwright-python"}
INSTALLED_GROUPS = ("lab", "grading", "dev")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements-lock.txt").read_text()


def parse(requirement):
    name, specifier = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups()
    return name.lower().replace("_", "-"), specifier.strip()


def wanted():
    lines = list(PROJECT["dependencies"])
    for group in INSTALLED_GROUPS:
        lines += PROJECT["optional-dependencies"][group]
    return dict(map(parse, lines))


def locked():
    """name -> list of (version, marker)"""
    pins = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==([\w.]+)(?: ; (.*?))? \\$", LOCK, re.MULTILINE):
        pins.setdefault(name, []).append((version, marker))
    return pins


def numbers(version):
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def test_conda_has_the_same_packages():
    conda = dict(parse(line) for line in ENVIRONMENT["dependencies"] if isinstance(line, str))
    del conda["python"], conda["pip"]
    assert conda == {CONDA_NAMES.get(name, name): specifier for name, specifier in wanted().items()}


def test_conda_environment_installs_the_course_itself():
    assert ENVIRONMENT["name"] == "vgcourse"
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert ENVIRONMENT["dependencies"][-1] == {"pip": ["-e ."]}


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


def test_lock_covers_every_python_from_the_lowest():
    """Several pins of one package (a newer one for a newer Python) each carry a marker."""
    for name, pins in locked().items():
        assert len(pins) == 1 or all(marker for _, marker in pins), name


def test_lock_has_hashes_for_every_package():
    blocks = re.split(r"\n(?=\w)", LOCK.strip())
    assert len(blocks) == sum(map(len, locked().values())) > 100
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@pytest.mark.parametrize(
    "name", ["requirements-lock.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"]
)
def test_no_address(name):
    text = (ROOT / name).read_text()
    assert not re.search(
        r"https?://|file:|--(extra-)?index|find-links|trusted-host", text.replace("--no-emit-index", "")
    )
