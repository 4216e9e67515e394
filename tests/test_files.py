"""Files that are written whole or not at all."""

import pytest

from vgcourse._files import in_place_of, write_whole


def test_a_new_file_and_its_folders_are_made(tmp_path):
    write_whole(tmp_path / "new" / "file", b"text")
    assert (tmp_path / "new" / "file").read_bytes() == b"text"


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(OSError, match="No space"), in_place_of(tmp_path / "file") as beside:
        beside.write_text("half")
        assert (tmp_path / "file").read_text() == "old"
        raise OSError("No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_good_end_takes_the_place_of_the_old_file(tmp_path):
    write_whole(tmp_path / "file", b"old")
    write_whole(tmp_path / "file", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]
