"""A reader's own copies of the notebooks, in the folder mine/, and updates that lose none of them.

mine/ has the same folders inside as the course, so links between notebooks lead to copies, and git ignores
it. mine/.copied.json remembers from which version each copy was made: one that its reader has not changed
follows the course, one that was changed is never touched. A notebook counts as changed when its cells say
something else; results of running it do not count.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from vgcourse._files import in_place_of, write_whole

MINE = "mine"
RECORD = ".copied.json"
COPIED = ("lectures/*.ipynb", "lectures/measured/*.py", "lectures/measured/*.json", "exercises/*/*")


class CopyError(Exception):
    """What could not be copied or updated, why, and what to do; nothing was lost."""


def refresh(root):
    """Copy what is missing in mine/ and renew the copies that their reader has not changed.

    Parameters
    ----------
    root : the course's folder

    Returns
    -------
    list of str: the files of which the course has a newer version while the reader's changed copy stays;
    each is told once

    Raises
    ------
    CopyError
        If mine/ cannot be written.
    """
    mine = Path(root) / MINE
    record, kept = _read_record(mine), []
    try:
        for source in sorted(
            path for pattern in COPIED for path in Path(root).glob(pattern) if path.is_file()
        ):
            name = source.relative_to(root).as_posix()
            course, copy = digest(source.read_bytes()), mine / name
            own = digest(copy.read_bytes()) if copy.exists() else None
            base = record.get(name)
            if own is None or own == base != course:
                _copy(source, copy)
            elif own != course and base != course:
                kept.append(name)
            record[name] = course
        write_whole(mine / RECORD, json.dumps(record, indent=0).encode())
    except OSError as error:
        raise CopyError(
            f"your own copies of the notebooks could not be written: {error.strerror}: {error.filename}. "
            "The course's folder has to be yours: copy it into your home folder and start there."
        ) from error
    return kept


def update(root):
    """Bring the course's folder to the newest version with git; what the reader changed there moves to mine/.

    Parameters
    ----------
    root : the course's folder, a git checkout

    Returns
    -------
    list of str, sentences about what was done

    Raises
    ------
    CopyError
        If there is nothing to update from, or git cannot; files are as they were, or copies are in mine/.
    """
    git = _git_in(root)
    if not (Path(root) / ".git").exists():
        raise CopyError(
            f"{root} is no git checkout: get the course again, and move your folder mine/ into it."
        )
    git("rev-parse", "@{upstream}", otherwise="this branch follows no other one: try `git switch main`.")
    git("fetch", "--quiet", otherwise="the new version could not be fetched. Nothing was changed.")
    if git("rev-list", "@{upstream}..HEAD"):
        raise CopyError(
            "there are commits of your own here: `git pull --rebase` is for you. Nothing was changed."
        )
    coming = _names(git("diff", "--name-only", "-z", "--no-renames", "HEAD", "@{upstream}"))
    if not coming:
        return ["You have the newest version."]
    changed = _names(git("diff", "--name-only", "-z", "--no-renames", "HEAD"))
    in_git = _names(git("ls-tree", "-r", "-z", "--name-only", "HEAD"))
    here = {name for name in coming if os.path.lexists(Path(root) / name)}
    moved = [_set_aside(Path(root), name, git) for name in sorted(here & changed | here - in_git)]
    in_the_way = sorted(coming & changed)
    if in_the_way:
        git("reset", "--quiet", "--", *in_the_way)
        if old := [name for name in in_the_way if name in in_git]:
            git("checkout", "--quiet", "HEAD", "--", *old)
    for name in here - in_git:
        (Path(root) / name).unlink()
    git("merge", "--quiet", "--ff-only", "@{upstream}", otherwise="git could not go on to the new version.")
    lines = [f"Updated {len(coming)} file{'s' * (len(coming) > 1)}."]
    lines += [f"You had changed {name}: yours is {place} now." for name, place in filter(None, moved)]
    if "requirements-lock.txt" in coming:
        lines.append("The packages changed, too: `make setup`, or the README's line with pip, brings them.")
    return lines + said_of(refresh(root))


def said_of(kept):
    """The sentences for what `refresh` returned."""
    return [f"There is a new version of {name}; {MINE}/{name} is yours and stays." for name in kept] + (
        ["To have a new one, rename yours and start again."] if kept else []
    )


def digest(data):
    """A short text that tells versions apart: for a notebook, of what its cells say; else of all bytes."""
    try:
        cells = json.loads(data)["cells"]
        said = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
        data = json.dumps(said).encode()
    except (ValueError, KeyError, TypeError):  # no notebook, or a broken one
        pass
    return hashlib.sha256(data).hexdigest()


def _set_aside(root, name, git):
    """Make sure that mine/ has the reader's version of a file; (name, where), or None if it was only run."""
    file, copy = root / name, root / MINE / name
    own = digest(file.read_bytes())
    try:
        original = digest(git("show", f"HEAD:{name}", raw=True))
    except CopyError:  # the reader's own file, where the new version brings one
        original = ""
    if own == original:
        return None
    record = _read_record(root / MINE)
    copied = digest(copy.read_bytes()) if copy.exists() else None
    if copied in (None, own, record.get(name)):  # no second work of the reader's is there
        if copied != own:
            _copy(file, copy)
        write_whole(root / MINE / RECORD, json.dumps(record | {name: original}, indent=0).encode())
    else:
        number = 1
        while (copy := (root / MINE / name).with_stem(f"{file.stem} (kept {number})")).exists():
            number += 1
        _copy(file, copy)
    return name, copy.relative_to(root).as_posix()


def _git_in(root):
    """A function that runs git there and returns what it printed, or raises CopyError with git's words."""

    def git(*arguments, otherwise=None, raw=False):
        try:
            done = subprocess.run(["git", *arguments], cwd=root, capture_output=True)
        except FileNotFoundError as error:
            raise CopyError("git was not found: install it, then try again.") from error
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise CopyError(f"{otherwise or 'git does not go on.'} Git says: {words[0]}")
        return done.stdout if raw else done.stdout.decode(errors="surrogateescape")

    return git


def _names(text):
    return set(filter(None, text.split("\0")))


def _read_record(mine):
    """{name: digest of the version that was copied}; if it cannot be read, every copy is the reader's."""
    try:
        record = json.loads((mine / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _copy(source, target):
    with in_place_of(target) as beside:
        shutil.copyfile(source, beside)
