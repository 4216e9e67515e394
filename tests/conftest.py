"""What all tests need: no windows, the repository's root, and one way to skip."""

import os
from pathlib import Path

import pytest
from toy_cell import MGU

from vgcourse.recurrent import CELLS

CELLS[MGU.name] = MGU  # what is said of every cell is tested on one that the library does not know, too

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["VGCOURSE_PROGRESS"] = "off"  # tests are nobody's progress

ROOT = Path(__file__).resolve().parents[1]


def require(condition, reason):
    """Skip when `condition` is false; where VGCOURSE_REQUIRE_ALL is set (in CI), fail.

    Works in a test, in a fixture and at the top of a module:

    >>> require(shutil.which("chromium"), "needs chromium")
    """
    if condition:
        return
    if os.environ.get("VGCOURSE_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason} (VGCOURSE_REQUIRE_ALL is set: nothing may be skipped)", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


# Each of their tests stands by itself and many take long: workers take them one by one.
SHARED_OUT = {"tests/test_checker_report.py", "tests/test_measured.py", "tests/test_measured_depth.py"}

# These read one book, or one class's gradebook: on one worker it is made once.
TOGETHER = {
    "tests/test_site_reading.py": "tests/test_site.py",
    "tests/test_feedback.py": "tests/test_roundtrip.py",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several workers (`pytest -n 2`): a file stays on one of them, and its fixtures are made once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            path = super()._split_scope(nodeid)
            return nodeid if path in SHARED_OUT else TOGETHER.get(path, path)

    return ByFile(config, log)


@pytest.fixture
def root():
    """The repository's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A folder with all that the book is made of (tests/book.py)."""
    from book import make_course

    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def book(course):
    """The built pages."""
    from book import build

    status, said = build(course, course / "out")
    assert status == 0, said
    return course / "out" / "html"


@pytest.fixture
def drawn(monkeypatch):
    """Every axis of a figure that is drawn from here on, as a list to look at and to clear."""
    from matplotlib.axis import Axis

    found, draw = [], Axis.draw

    def note(axis, renderer):
        if axis.get_visible():
            found.append(axis)
        draw(axis, renderer)

    monkeypatch.setattr(Axis, "draw", note)
    return found
