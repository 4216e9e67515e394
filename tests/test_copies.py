"""A reader's own copies follow the course until they are changed; an update loses nothing."""

import json
import subprocess

import pytest

from vgcourse.copies import CopyError, refresh, update

LECTURE, SET, SCRIPT = "lectures/01_a.ipynb", "exercises/ps1/ps1.ipynb", "lectures/measured/m.py"


def notebook(*sources, outputs=()):
    cells = [
        {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}}
        for source in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def put(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course"
    put(folder, LECTURE, notebook("lecture 1"))
    put(folder, SET, notebook("set 1"))
    put(folder, SCRIPT, "measured = 1\n")
    put(folder, "lectures/01_a.md", "the source is not for readers")
    return folder


def mine(folder, name):
    return (folder / "mine" / name).read_text()


def test_copies_stand_as_the_course_does(course):
    assert refresh(course) == []
    files = [p.relative_to(course / "mine").as_posix() for p in (course / "mine").rglob("*") if p.is_file()]
    assert sorted(files) == sorted([".copied.json", LECTURE, SET, SCRIPT])
    assert mine(course, LECTURE) == notebook("lecture 1")


def test_a_copy_that_was_only_run_follows_the_course(course):
    refresh(course)
    put(course / "mine", LECTURE, notebook("lecture 1", outputs=["a picture"]))
    assert refresh(course) == [] and "a picture" in mine(course, LECTURE)
    put(course, LECTURE, notebook("lecture 1, better"))
    assert refresh(course) == []
    assert mine(course, LECTURE) == notebook("lecture 1, better")


def test_a_copy_that_was_changed_stays_and_is_told_once(course):
    refresh(course)
    put(course / "mine", SET, notebook("my answer"))
    assert refresh(course) == []
    put(course, SET, notebook("set 1, mended"))
    assert refresh(course) == [SET]
    assert refresh(course) == []
    assert mine(course, SET) == notebook("my answer")
    (course / "mine" / SET).rename(course / "mine" / "old.ipynb")
    assert refresh(course) == []
    assert mine(course, SET) == notebook("set 1, mended")


@pytest.mark.parametrize("damage", ["{", "[]", None])
def test_without_its_record_every_changed_copy_is_the_readers(course, damage):
    refresh(course)
    put(course / "mine", SET, notebook("my answer"))
    record = course / "mine" / ".copied.json"
    record.unlink() if damage is None else record.write_text(damage)
    put(course, LECTURE, notebook("lecture 1, better"))
    assert refresh(course) == [SET, LECTURE]
    assert mine(course, SET) == notebook("my answer") and mine(course, LECTURE) == notebook("lecture 1")


def test_a_broken_notebook_of_the_readers_is_not_overwritten(course):
    refresh(course)
    put(course / "mine", SET, "{ half a notebook")
    put(course, SET, notebook("set 1, mended"))
    assert refresh(course) == [SET] and mine(course, SET) == "{ half a notebook"


def test_where_nothing_can_be_written_it_says_where_to_go(course):
    (course / "mine").write_text("a file")
    with pytest.raises(CopyError, match="copy it into your home folder"):
        refresh(course)


# --- updates ---------------------------------------------------------------------------------------


def git(folder, *arguments):
    identity = ["-c", "user.name=A Reader", "-c", "user.email=reader@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def clone(course, tmp_path):
    put(course, ".gitignore", "/mine/\n")
    put(course, "vgcourse/a.py", "x = 1\n")
    git(course, "init", "--quiet", "--initial-branch=main")
    git(course, "add", "-A")
    git(course, "commit", "--quiet", "-m", "first")
    git(tmp_path, "clone", "--quiet", str(course), "clone")
    return tmp_path / "clone"


def publish(course, **files):
    for name, text in files.items():
        put(
            course, {"set": SET, "lecture": LECTURE, "library": "vgcourse/a.py", "new": "new.txt"}[name], text
        )
    git(course, "add", "-A")
    git(course, "commit", "--quiet", "-m", "next")


def status(folder):
    done = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True)
    return done.stdout


def test_an_update_of_a_folder_that_nobody_changed(course, clone):
    refresh(clone)
    assert update(clone) == ["You have the newest version."]
    publish(course, set=notebook("set 1, mended"))
    assert update(clone) == ["Updated 1 file."]
    assert mine(clone, SET) == (clone / SET).read_text() == notebook("set 1, mended")


@pytest.mark.parametrize("copied_before", ["never", "the work", "before the work"])
@pytest.mark.parametrize("staged", [False, True])
def test_work_in_the_courses_own_file_moves_to_mine(course, clone, copied_before, staged):
    if copied_before == "before the work":
        refresh(clone)
    put(clone, SET, notebook("my answer"))
    if staged:
        git(clone, "add", "-A")
    if copied_before == "the work":
        refresh(clone)
    publish(course, set=notebook("set 1, mended"), lecture=notebook("lecture 1, better"))
    told = "\n".join(update(clone))
    assert f"You had changed {SET}: yours is mine/{SET} now." in told
    assert mine(clone, SET) == notebook("my answer") and mine(clone, LECTURE) == notebook("lecture 1, better")
    assert (clone / SET).read_text() == notebook("set 1, mended") and status(clone) == ""
    publish(course, set=notebook("set 1, mended again"))
    update(clone)
    assert mine(clone, SET) == notebook("my answer")


def test_two_versions_of_the_readers_are_both_kept(course, clone):
    refresh(clone)
    put(clone / "mine", SET, notebook("one answer"))
    put(clone, SET, notebook("another answer"))
    publish(course, set=notebook("set 1, mended"))
    told = update(clone)
    assert any("mine/exercises/ps1/ps1 (kept 1).ipynb" in line for line in told)
    assert mine(clone, "exercises/ps1/ps1 (kept 1).ipynb") == notebook("another answer")
    put(clone, SET, notebook("a third answer"))
    publish(course, set=notebook("set 1, mended again"))
    update(clone)
    assert mine(clone, SET) == notebook("one answer")
    assert mine(clone, "exercises/ps1/ps1 (kept 1).ipynb") == notebook("another answer")
    assert mine(clone, "exercises/ps1/ps1 (kept 2).ipynb") == notebook("a third answer")


def test_a_file_that_was_only_run_or_deleted_is_no_change(course, clone):
    put(clone, LECTURE, notebook("lecture 1", outputs=["a picture"]))
    (clone / SET).unlink()
    publish(course, set=notebook("set 1, mended"), lecture=notebook("lecture 1, better"))
    assert update(clone) == ["Updated 2 files."] and status(clone) == ""


@pytest.mark.parametrize("staged", [False, True])
def test_other_files_in_the_way_are_kept_and_the_rest_stays(course, clone, staged):
    put(clone, "vgcourse/a.py", "x = 2\n")
    put(clone, "new.txt", "the reader's")
    if staged:
        git(clone, "add", "-A")
    put(clone, LECTURE, notebook("a lecture that the update leaves alone"))
    publish(course, library="x = 3\n", new="the course's")
    update(clone)
    assert mine(clone, "vgcourse/a.py") == "x = 2\n" and mine(clone, "new.txt") == "the reader's"
    assert (clone / "vgcourse/a.py").read_text() == "x = 3\n"
    assert (clone / "new.txt").read_text() == "the course's"
    assert status(clone) == f" M {LECTURE}\n"


def test_what_cannot_be_updated_is_one_sentence_and_nothing_changes(course, clone, tmp_path):
    publish(course, set=notebook("set 1, mended"))
    put(clone, SET, notebook("my answer"))
    course.rename(tmp_path / "elsewhere")
    with pytest.raises(CopyError, match="could not be fetched. Nothing was changed. Git says: fatal"):
        update(clone)
    (tmp_path / "elsewhere").rename(course)
    git(clone, "commit", "--quiet", "-am", "mine")
    with pytest.raises(CopyError, match="commits of your own"):
        update(clone)
    git(clone, "checkout", "--quiet", "--detach")
    with pytest.raises(CopyError, match="follows no other"):
        update(clone)
    with pytest.raises(CopyError, match="is no git checkout"):
        update(tmp_path)
    assert (clone / SET).read_text() == notebook("my answer") and not (clone / "mine").exists()
