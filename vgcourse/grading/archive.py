"""The files in a downloaded zip or folder, read with suspicion: nothing is unpacked, names are only read.

Names that lead elsewhere, links, zips in zips, zips that swell: each of them costs one file a sentence.
"""

import datetime
import io
import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

NOTEBOOK = ".ipynb"
METADATA = "submission_metadata.yml"  # Gradescope's: whose each folder is
LARGEST = 100_000_000  # bytes of one file
ALL = 1_000_000_000  # bytes of all that is read
MOST = 20_000  # files
DEEPEST = 3  # zips in each other
JUNK = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}  # what systems add: not worth a word
UNICODE_PATH = 0x7075
BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError)


class ArchiveError(ValueError):
    """The download as a whole cannot be read; the message says why."""


class File(NamedTuple):
    """One file. `data` is None where it was not read: `problem` says why, or it is no notebook.

    `parts` are the names of the folders, of zips around it, and its own. `date` is what the zip says.
    """

    parts: tuple
    data: bytes | None
    date: datetime.datetime | None
    problem: str = ""

    @property
    def path(self):
        """All of its name in one line."""
        return "/".join(self.parts)


def read(path):
    """Every file in a zip or below a folder, notebooks and Gradescope's list with what is in them.

    Parameters
    ----------
    path : path of a zip or a folder

    Returns
    -------
    list of File

    Raises
    ------
    ArchiveError
        If it is neither, broken, or larger than what can be meant.
    """
    path = Path(path)
    reader = _Reader()
    if path.is_dir():
        return list(reader.folder(path))
    try:
        with zipfile.ZipFile(path) as archive:
            return list(reader.archive(archive, ()))
    except ArchiveError:
        raise
    except BROKEN as error:
        raise ArchiveError(f"{path} is no zip that can be read ({error}): download it again.") from error


class _Reader:
    """Counts what it has read of one download."""

    def __init__(self):
        self.bytes, self.files = 0, 0

    def folder(self, folder):
        for here, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                file = Path(here, name)
                parts = file.relative_to(folder).parts
                if _junk(parts):
                    continue
                self._count()
                if file.is_symlink() or not file.is_file():
                    yield File(parts, None, None, "it is a link to another place or no file")
                    continue
                said = file.stat()
                date = datetime.datetime.fromtimestamp(said.st_mtime)
                yield from self._one(parts, said.st_size, date, file.open)

    def archive(self, archive, around, handed_in=None):
        """Files of a zip, dated by the outermost one around them: the inner ones are a student's own."""
        for member in archive.infolist():
            parts = (*around, *_name(member).replace("\\", "/").split("/"))
            if member.is_dir() or _junk(parts):
                continue
            self._count()
            date = handed_in
            if date is None and member.date_time > (1980, 1, 1, 0, 0, 0):
                try:
                    date = datetime.datetime(*member.date_time)
                except ValueError:  # the 31st of February
                    date = None
            if stat.S_ISLNK(member.external_attr >> 16):
                yield File(parts, None, date, "it is a link to another place")
            elif member.flag_bits & 1:
                yield File(parts, None, date, "it is locked with a password")
            else:
                yield from self._one(
                    parts, member.file_size, date, lambda mode, member=member: archive.open(member)
                )

    def _one(self, parts, size, date, opened):
        name = parts[-1].lower()
        if not name.endswith((NOTEBOOK, ".zip")) and name != METADATA:
            yield File(parts, None, date)
            return
        if size > LARGEST:
            yield File(parts, None, date, f"it has {size / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} are read")
            return
        try:
            with opened("rb") as stream:
                data = stream.read(LARGEST + 1)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError) as error:
            yield File(parts, None, date, f"it is broken ({error})")
            return
        self.bytes += len(data)
        if self.bytes > ALL:
            raise ArchiveError(f"it holds more than {ALL / 1e9:g} GB of notebooks: take it in in pieces.")
        if len(data) > LARGEST:
            yield File(parts, None, date, "it swells to far more than it says")
        elif not name.endswith(".zip"):
            yield File(parts, data, date)
        elif sum(part.lower().endswith(".zip") for part in parts) > DEEPEST:
            yield File(parts, None, date, f"more than {DEEPEST} zips stand in each other")
        else:
            try:
                with zipfile.ZipFile(io.BytesIO(data)) as inner:
                    yield from self.archive(inner, parts, date)
            except ArchiveError:
                raise
            except BROKEN as error:
                yield File(parts, None, date, f"it is no zip that can be read ({error})")

    def _count(self):
        self.files += 1
        if self.files > MOST:
            raise ArchiveError(f"it holds more than {MOST} files: that is no class's download.")


def _junk(parts):
    return not JUNK.isdisjoint(parts)


def _name(member):
    """A member's name: UTF-8 where it is marked so, in the extra field, or where its bytes are just that."""
    if member.flag_bits & 0x800:
        return member.filename
    extra = member.extra
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename
