"""Downloads that mean harm, or are only odd: each costs a file a sentence, and nothing is unpacked."""

import datetime
import importlib.util
import io
import stat
import zipfile

import pytest
from conftest import require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading import archive  # noqa: E402


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def read(tmp_path):
    def read(data):
        (tmp_path / "d.zip").write_bytes(data)
        return {file.path: (file.data, file.problem) for file in archive.read(tmp_path / "d.zip")}

    return read


def member(name, mode=0o644, date=(2027, 3, 1, 12, 0, 0)):
    info = zipfile.ZipInfo(name, date)
    info.external_attr = mode << 16
    return info


def test_notebooks_are_read_and_the_rest_is_only_named(read):
    found = read(zipped([("a/b.ipynb", "{}"), ("film.mp4", "x" * 10), ("__MACOSX/a/._b.ipynb", "x")]))
    assert found == {"a/b.ipynb": (b"{}", ""), "film.mp4": (None, "")}


@pytest.mark.parametrize("junk", ["__MACOSX/._a.ipynb", ".ipynb_checkpoints/a.ipynb", ".DS_Store"])
def test_what_systems_add_is_passed_over_in_a_zip_and_in_a_folder_alike(junk, read, tmp_path):
    members = {f"a/{junk}": "{}", "a/x.DS_Store.ipynb": "{}", "a/my__MACOSX/b.ipynb": "{}"}
    for name, text in members.items():
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_text(text)
    kept = ["a/my__MACOSX/b.ipynb", "a/x.DS_Store.ipynb"]
    assert sorted(read(zipped(members.items()))) == kept
    assert sorted(file.path for file in archive.read(tmp_path / "d")) == kept


def test_a_link_a_password_and_a_broken_member_are_told(read):
    data = bytearray(
        zipped([(member("link.ipynb", stat.S_IFLNK | 0o777), "/etc/passwd"), ("b.ipynb", "x" * 99)])
    )
    assert read(bytes(data))["link.ipynb"] == (None, "it is a link to another place")
    data[data.index(b"b.ipynb") + 7] ^= 255  # the first byte of what is pressed
    assert read(bytes(data))["b.ipynb"][1].startswith("it is broken")
    locked = zipped([("c.ipynb", "{}")])
    local, central = locked.index(b"PK\x03\x04"), locked.index(b"PK\x01\x02")
    flags = bytearray(locked)
    flags[local + 6] |= 1
    flags[central + 8] |= 1
    assert read(bytes(flags))["c.ipynb"] == (None, "it is locked with a password")


def test_zips_in_zips_are_read_three_deep(read):
    data, path = zipped([("x.ipynb", "{}")]), "x.ipynb"
    for number in range(archive.DEEPEST):
        data, path = zipped([(f"{number}.zip", data)]), f"{number}.zip/{path}"
    assert read(data) == {path: (b"{}", "")}
    ((_, (_, problem)),) = read(zipped([("more.zip", data)])).items()
    assert problem == "more than 3 zips stand in each other"
    assert read(zipped([("no.zip", "PK")]))["no.zip"][1].startswith("it is no zip that can be read")


def test_what_is_too_large_is_not_read(read, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 1000)
    found = read(zipped([("bomb.ipynb", "0" * 5000), ("film.mp4", "0" * 5000), ("ok.ipynb", "0" * 1000)]))
    assert found["bomb.ipynb"] == (None, "it has 0 MB; at most 0 are read") and found["film.mp4"] == (
        None,
        "",
    )
    assert len(found["ok.ipynb"][0]) == 1000


def test_a_member_that_lies_about_its_size_is_not_believed(read, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 1000)
    lie = zipped([("bomb.ipynb", "0" * 5000)]).replace(
        (5000).to_bytes(4, "little"), (500).to_bytes(4, "little")
    )
    assert read(lie)["bomb.ipynb"] == (None, "it is broken (Bad CRC-32 for file 'bomb.ipynb')")


@pytest.mark.parametrize(
    ("limit", "value", "sentence"), [("ALL", 2500, "more than"), ("MOST", 2, "more than 2 files")]
)
def test_a_download_beyond_all_measure_is_refused(read, monkeypatch, limit, value, sentence):
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(archive.ArchiveError, match=sentence):
        read(zipped([(f"{i}.zip", zipped([("x.ipynb", "0" * 1000)], 0)) for i in range(3)]))


@pytest.mark.parametrize("data", [b"", b"PK", b"<html>", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_said_to_be_none(read, data):
    with pytest.raises(archive.ArchiveError, match="is no zip that can be read .*: download it again"):
        read(data)


@pytest.mark.parametrize("date", [(1980, 0, 0, 0, 0, 0), (2027, 2, 31, 0, 0, 0)])
def test_a_date_that_is_none(date, tmp_path):
    info = member("a.ipynb")
    info.date_time = date
    (tmp_path / "d.zip").write_bytes(zipped([(info, "{}")]))
    (file,) = archive.read(tmp_path / "d.zip")
    assert file.date is None and file.data == b"{}"


def test_the_date_is_that_of_the_outermost_zip(tmp_path):
    """What stands in a student's own zip is dated by the student."""
    inner = zipped([(member("ps1.ipynb", date=(1999, 1, 1, 0, 0, 0)), "{}")])
    outer = zipped([(member("mine.zip"), inner), (member("a.ipynb"), "{}")])
    (tmp_path / "d.zip").write_bytes(outer)
    noon = datetime.datetime(2027, 3, 1, 12)
    assert {file.path: file.date for file in archive.read(tmp_path / "d.zip")} == {
        "mine.zip/ps1.ipynb": noon,
        "a.ipynb": noon,
    }


@pytest.mark.parametrize("stored", ["utf-8", "cp437"])
def test_names_that_are_not_ascii(read, stored):
    """Windows and Moodle write names without a word on their encoding."""
    data = zipped([("M_ller/ps1.ipynb", "{}")]).replace(b"M_ller", "Müller".encode(stored).ljust(6))
    if stored == "utf-8":  # one byte more in each of the two headers
        data = zipped([("M__ller/ps1.ipynb", "{}")]).replace(b"M__ller", "Müller".encode())
    assert list(read(data)) == ["Müller/ps1.ipynb"]


def test_a_name_in_the_extra_field(read):
    info, name = member("M?ller.ipynb"), "Mülłer.ipynb".encode()
    info.extra = (
        (0x7075).to_bytes(2, "little") + (5 + len(name)).to_bytes(2, "little") + b"\x01" + b"\0" * 4 + name
    )
    assert list(read(zipped([(info, "{}")]))) == ["Mülłer.ipynb"]


def test_a_folder_is_read_without_following_links(tmp_path):
    (tmp_path / "d" / "a").mkdir(parents=True)
    (tmp_path / "d" / "a" / "ps1.ipynb").write_text("{}")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x.ipynb").write_text("no")
    (tmp_path / "d" / "out.ipynb").symlink_to(tmp_path / "secret" / "x.ipynb")
    (tmp_path / "d" / "more").symlink_to(tmp_path / "secret")
    found = {file.path: file.data for file in archive.read(tmp_path / "d")}
    assert found == {"a/ps1.ipynb": b"{}", "out.ipynb": None}
