"""pyproject.toml, the locks, both environment files and CITATION.cff agree; one address of the repository."""

import importlib.util
import re
import tomllib

import pytest
import yaml
from conftest import ROOT

from vgcourse import __version__

SPEC = importlib.util.spec_from_file_location("address", ROOT / "site" / "address.py")
address = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(address)

PIP_ONLY = {"axe-playwright-python"}  # not on conda-forge
CONDA_NAMES = {"matplotlib": "matplotlib-base", "playwright": "playwright-python"}
INSTALLED_GROUPS = ("lab", "grading", "dev")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LEARNERS = yaml.safe_load((ROOT / "environment.yml").read_text())
DEVELOPERS = yaml.safe_load((ROOT / "environment-dev.yml").read_text())
LOCK = (ROOT / "requirements-lock.txt").read_text()
SITE_LOCK = (ROOT / "site" / "requirements-lock.txt").read_text()
LITE_LOCK = (ROOT / "site" / "lite-lock.txt").read_text()
ALL = pytest.mark.parametrize("lock", [LOCK, SITE_LOCK, LITE_LOCK], ids=["course", "site", "lite"])


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


@pytest.mark.parametrize(
    "environment, groups, pip_only",
    [(LEARNERS, ("lab",), set()), (DEVELOPERS, INSTALLED_GROUPS, PIP_ONLY)],
    ids=["learners", "developers"],
)
def test_conda_has_the_same_packages(environment, groups, pip_only):
    conda = dict(parse(line) for line in environment["dependencies"] if isinstance(line, str))
    del conda["python"], conda["pip"]
    *pip, course = environment["dependencies"][-1]["pip"]
    assert course == "-e ." and environment["channels"] == ["conda-forge"]
    pip = dict(map(parse, pip))
    assert set(pip) == pip_only
    assert conda | pip == {CONDA_NAMES.get(name, name): given for name, given in wanted(groups).items()}


def test_the_two_conda_environments_can_stand_side_by_side():
    assert (LEARNERS["name"], DEVELOPERS["name"]) == ("vgcourse", "vgcourse-dev")


def test_python_versions_agree():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    classified = [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert classified == ["3.11", "3.12", "3.13"]
    assert lowest == classified[0]
    assert f"python >={lowest},<3.{numbers(classified[-1])[1] + 1}" in DEVELOPERS["dependencies"]
    # repo2docker reads a version from `python=3.12` alone, and takes an old one of its own for a range
    assert LEARNERS["dependencies"][0] in [f"python={version}" for version in classified]


def test_uv_sync_installs_what_make_installs():
    (line,) = PYPROJECT["dependency-groups"]["dev"]
    assert line == f"vgcourse[{','.join(INSTALLED_GROUPS)}]"


def test_the_workflow_runs_ci_on_every_python():
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    classified = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    assert job["strategy"]["matrix"]["python"] == classified
    assert job["steps"][-1]["run"] == "bash .ci/run"


def test_the_issue_form_for_feedback_asks_for_the_answer():
    for form in (ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"):
        fields = yaml.safe_load(form.read_text())["body"]
        ids = [field["id"] for field in fields]
        assert len(set(ids)) == len(ids) and all(field["attributes"]["label"] for field in fields), form.name
    feedback = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/feedback.yml").read_text())
    required = {field["id"] for field in feedback["body"] if field.get("validations", {}).get("required")}
    assert feedback["name"] == "This feedback is wrong" and {"problem", "answer", "said"} <= required


def test_versions_and_licences_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"] == __version__
    assert " AND ".join(citation["license"]) == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]


def test_the_repositorys_address_is_written_everywhere_by_one_command(tmp_path):
    for name in address.FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    before = {name: (tmp_path / name).read_text() for name in address.FILES}
    old = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    assert address.write("someone/gradients", tmp_path) == list(address.FILES)
    for name in address.FILES:
        text = (tmp_path / name).read_text()
        assert old not in text and text.count("someone/gradients") == before[name].count(old) > 0
    assert address.write(old, tmp_path) == list(address.FILES)
    assert {name: (tmp_path / name).read_text() for name in address.FILES} == before


@pytest.mark.parametrize("wrong", ["", "vgcourse", "https://github.com/a/b", "a/b/c", "a b/c"])
def test_an_address_that_is_none_is_refused(wrong, tmp_path):
    with pytest.raises(SystemExit, match="expected OWNER/NAME"):
        address.write(wrong, tmp_path)


def test_no_other_address_of_a_repository_is_written_anywhere():
    """Links into GitHub, Binder and Colab that do not follow the one address would lead elsewhere."""
    old = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    for name in address.FILES:
        slugs = re.findall(r"(?:github\.com|/gh|/github)/([\w.-]+/[\w-]+)", (ROOT / name).read_text())
        assert slugs and set(slugs) == {old}, name


@pytest.mark.parametrize("name", sorted(wanted()))
def test_lock_satisfies(name):
    lowest = numbers(wanted()[name].removeprefix(">="))
    assert name in locked(), "run `make lock`"
    assert all(numbers(version) >= lowest for version, _ in locked()[name]), "run `make lock`"


def wanted_beside_the_course():
    """(name, lowest version, lock): what the book needs, and what its JupyterLite needs."""
    for name, specifier in wanted(["site"]).items():
        yield name, specifier, SITE_LOCK
    for name, specifier in map(parse, PYPROJECT["dependency-groups"]["lite"]):
        yield name, specifier, LITE_LOCK


@pytest.mark.parametrize(
    "name, specifier, lock", [pytest.param(*row, id=row[0]) for row in wanted_beside_the_course()]
)
def test_other_locks_satisfy(name, specifier, lock):
    lowest = numbers(re.match(r">=([\d.]+)", specifier)[1])
    pins = (locked() | locked(lock)).get(name)
    assert pins, "run `make lock`"
    assert all(numbers(version) >= lowest for version, _ in pins), "run `make lock`"


@pytest.mark.parametrize("lock", [SITE_LOCK, LITE_LOCK], ids=["site", "lite"])
def test_other_locks_hold_only_what_they_add(lock):
    """Also what the course needs on older Pythons alone, at the same version."""
    for name in set(locked()) & set(locked(lock)):
        ((version, marker),), pins = locked()[name], locked(lock)[name]
        assert "python_full_version <" in marker and {pin for pin, _ in pins} == {version}, name


@ALL
def test_lock_covers_every_python_from_the_lowest(lock):
    """Several pins of one package (a newer one for a newer Python) each carry a marker."""
    for name, pins in locked(lock).items():
        assert len(pins) == 1 or all(marker for _, marker in pins), name


@ALL
def test_lock_has_hashes_for_every_package(lock):
    blocks = re.split(r"\n(?=\w)", lock.strip())
    assert len(blocks) == sum(map(len, locked(lock).values())) > (3 if lock is LITE_LOCK else 20)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@pytest.mark.parametrize(
    "name",
    [
        *("requirements-lock.txt", "site/requirements-lock.txt", "site/lite-lock.txt"),
        *("environment.yml", "environment-dev.yml"),
        *("pyproject.toml", "Makefile", ".ci/run", "site/build.py", "site/conf.py", "site/lite.py"),
    ],
)
def test_no_address(name):
    text = (ROOT / name).read_text()
    for allowed in ("--no-emit-index", "http://127.0.0.1", PROJECT["urls"]["Repository"]):
        text = text.replace(allowed, "")
    assert not re.search(r"https?://|file:|--(extra-)?index|find-links|trusted-host", text)
