"""Where a course keeps things, as its nbgrader_config.py says."""

import importlib.util

from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading.course import course_folders, missing_gradebook  # noqa: E402


def test_a_gradebook_in_a_file_may_be_missing_and_one_on_a_server_is_asked(tmp_path):
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    db_url = course_folders(tmp_path)["db_url"]
    assert missing_gradebook(db_url) == str(tmp_path / "gradebook.db")
    assert missing_gradebook("postgresql://me@there/grades") is None
    (tmp_path / "gradebook.db").write_text("")
    assert missing_gradebook(db_url) is None
