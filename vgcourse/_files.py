"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def in_place_of(path):
    """A path beside `path` to write to; at the end it takes the place of what is there.

    Whatever happens in between, a full disk or a kill, the old file stays as it was. Folders are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path, data):
    """Write bytes `in_place_of` a file."""
    with in_place_of(path) as beside:
        beside.write_bytes(data)
