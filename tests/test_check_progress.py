"""Progress is noted, shown and never lost: damaged files are set aside, full disks are said."""

import json
import os

import pytest
from right_answers.ps1 import linear_products

from vgcourse import cli
from vgcourse.check import check, names, progress
from vgcourse.problems import SETS
from vgcourse.tell.progress import entries, record

NAME = "ps1.linear_backward"


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    file = tmp_path / "kept" / "progress.json"
    monkeypatch.setenv("VGCOURSE_PROGRESS", str(file))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(progress, "_complained", set())
    return file


def entry(name=NAME):
    return next(found for found in entries() if found.name == name)


def test_tries_and_the_first_full_answer_are_noted(file):
    assert entry().status == "open"
    check(NAME, lambda dz, x, W: (W.T @ dz, 0, 0))
    assert (entry().status, entry().tries, entry().solved) == ("tried", 1, "")
    assert entry().best == pytest.approx(1 / 3)
    check(NAME, linear_products)
    check(NAME, lambda dz, x, W: None)
    found = entry()
    assert (found.status, found.tries, found.best) == ("done", 3, 1.0)
    assert len(found.solved) == len("2026-01-31")
    assert os.listdir(file.parent) == ["progress.json"]


def test_hidden_seeds_graders_and_off_note_nothing(file, monkeypatch):
    check(NAME, linear_products, seed=4101)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check(NAME, linear_products)
    monkeypatch.delenv("NBGRADER_EXECUTION")
    monkeypatch.setenv("VGCOURSE_PROGRESS", "off")
    check(NAME, linear_products)
    assert not file.exists() and progress.path() is None


def test_default_place(monkeypatch, tmp_path):
    monkeypatch.delenv("VGCOURSE_PROGRESS")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert progress.path() == tmp_path / ".vgcourse" / "progress.json"


UNUSABLE = {
    "damaged": (b"{", "is damaged"),
    "not text": (b"\xff\xfe\x00", "is not a text file"),
    "foreign": (b"[1, 2]", "holds something else"),
    "another program's": (b'{"format": "diary"}', "holds something else"),
    "newer": (b'{"format": "vgcourse progress", "version": 2}', "comes from another version (2)"),
    "odd entry": (b'{"format": "vgcourse progress", "version": 1, "problems": {"a": 3}}', "is damaged"),
    "odd best": (
        b'{"format": "vgcourse progress", "version": 1, '
        b'"problems": {"a": {"tries": 1, "best": NaN, "solved": ""}}}',
        "is damaged",
    ),
    "no problems": (b'{"format": "vgcourse progress", "version": 1}', "is damaged"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_file_is_set_aside_and_said(file, kind, capsys):
    content, words = UNUSABLE[kind]
    file.parent.mkdir()
    for number in (1, 2):
        file.write_bytes(content)
        assert check(NAME, linear_products) == 4
        assert words in capsys.readouterr().out
        aside = file.with_name(f"progress.set-aside-{number}.json")
        assert aside.read_bytes() == content
        assert entry().status == "done"


def test_other_problems_in_the_file_are_kept(file):
    record(NAME, 1.0)
    data = json.loads(file.read_text())
    data["problems"]["ps99.from_a_later_course"] = {"tries": 1, "best": 0.5, "solved": ""}
    file.write_text(json.dumps(data))
    record(NAME, 1.0)
    assert "ps99.from_a_later_course" in json.loads(file.read_text())["problems"]


def test_folder_that_cannot_be_written(file, capsys):
    file.parent.write_text("a file where the folder should be")
    for _ in range(2):
        assert check(NAME, linear_products) == 4
    out = capsys.readouterr().out
    assert out.count("Your progress could not be") == 1


def test_full_disk_leaves_the_old_file(file, monkeypatch, capsys):
    record(NAME, 0.5)
    before = file.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    record(NAME, 1.0)
    assert file.read_bytes() == before and os.listdir(file.parent) == ["progress.json"]
    assert "No space left on device" in capsys.readouterr().out


def test_map_of_the_course(capsys):
    record("ps1.linear_backward", 1.0)
    record("ps1.five_factors", 0.5)
    progress.show()
    text = capsys.readouterr().out.replace("\u00a0", " ")
    assert "1 · the chain rule and gradient checking: 1 of 10 done, 6 of 38 points" in text
    assert "✓ linear_backward" in text and "◐ five_factors" in text and "○ deep_backward" in text
    assert text.count("○") + text.count("◐") + text.count("✓") == len(names()) - 1 + 3  # and the key
    html = progress.as_html(entries())
    assert html.count("<span") == len(names()) - 1 and "1 try, best 50 %" in html


def test_command_line(file, capsys):
    record(NAME, 1.0)
    assert cli.main(["progress"]) == 0
    out = capsys.readouterr().out
    assert "1 of 10 done" in out and str(file) in out


def test_progress_travels_in_one_file_and_the_better_of_both_stays(file, tmp_path, monkeypatch, capsys):
    record(NAME, 0.5)
    record("ps1.five_factors", 1.0)
    carried = tmp_path / "carried.json"
    assert cli.main(["progress", "--export", str(carried)]) == 0
    assert capsys.readouterr().out == f"{carried} holds 2 problems.\n"
    monkeypatch.setenv("VGCOURSE_PROGRESS", str(tmp_path / "elsewhere" / "progress.json"))
    record(NAME, 1.0)
    record("ps1.five_factors", 0.5)
    for _ in range(2):  # twice adds nothing
        assert cli.main(["progress", "--import", str(carried)]) == 0
    assert "2 problems" in capsys.readouterr().out
    for name in (NAME, "ps1.five_factors"):
        assert (entry(name).status, entry(name).tries, entry(name).best) == ("done", 1, 1.0)


def test_import_refuses_other_files_and_leaves_them(file, tmp_path, capsys):
    record(NAME, 0.5)
    before = file.read_bytes()
    for content, words in UNUSABLE.values():
        (tmp_path / "other.json").write_bytes(content)
        for option in ("--import", "--export"):
            assert cli.main(["progress", option, str(tmp_path / "other.json")]) == 1
            assert words in capsys.readouterr().err
        assert (tmp_path / "other.json").read_bytes() == content
    assert cli.main(["progress", "--import", str(tmp_path / "absent.json")]) == 1
    assert capsys.readouterr().err == f"vgcourse: {tmp_path}/absent.json: No such file or directory.\n"
    assert file.read_bytes() == before


def test_without_progress_nothing_is_exported_and_no_file_is_claimed(file, tmp_path, capsys, monkeypatch):
    assert cli.main(["progress", "--export", str(tmp_path / "carried.json")]) == 1
    assert "no progress yet" in capsys.readouterr().err and not (tmp_path / "carried.json").exists()
    monkeypatch.setenv("VGCOURSE_PROGRESS", "off")
    for option in ("--export", "--import"):
        assert cli.main(["progress", option, str(tmp_path / "carried.json")]) == 1
        assert "VGCOURSE_PROGRESS is off" in capsys.readouterr().err
    monkeypatch.setenv("VGCOURSE_PROGRESS", str(file))
    assert cli.main(["progress"]) == 0
    assert "Kept in" not in capsys.readouterr().out
    record(NAME, 0.5)
    assert cli.main(["progress"]) == 0
    assert f"Kept in {file}." in capsys.readouterr().out


def test_every_set_of_the_map_can_be_opened(root):
    sets = [name for name in SETS if name != "start"]
    assert [name for name in sets if not (root / "exercises" / name / f"{name}.ipynb").is_file()] == []
