"""Private seeds for one class: the course's solutions and seeds are public, and so are its hidden inputs.

`make` copies solutions/ to variant/ with other seeds in the hidden tests. What students get stays the same.
"""

import hashlib
import hmac
import re
import secrets
import shutil
import tempfile
from pathlib import Path

import nbformat

from vgcourse.authoring.build import as_lab_writes
from vgcourse.check import evaluate
from vgcourse.grading.boxes import HIDDEN
from vgcourse.problems import find

LEAST = 16  # bytes of a secret
# all of a call on one line
SEEDED = re.compile(r"""(check\(\s*["']([^"']+)["'][^\n]*\bseed=)(\d+)""")


class SecretError(ValueError):
    """There is no usable secret, or nothing to hide with it; the message says what to do."""


def make(root, secret_file):
    """Write variant/ beside solutions/.

    Parameters
    ----------
    root : path of the course
    secret_file : path; made with a random secret if it is not there

    Returns
    -------
    list of the problem sets in it

    Raises
    ------
    SecretError
        If the secret is too short, or a hidden test without a seed would stay as everybody knows it.
    """
    root = Path(root)
    secret = read_secret(Path(secret_file))
    sources = sorted((root / "solutions").glob("*/*.ipynb"))
    if not sources:
        raise SecretError(f"{root / 'solutions'} holds no notebooks.")
    with tempfile.TemporaryDirectory(dir=root, prefix="variant-") as temporary:  # all of it or nothing
        made = Path(temporary) / "variant"
        for source in sources:
            folder, left_out = made / source.parent.name, shutil.ignore_patterns("*.md", "*.ipynb")
            shutil.copytree(source.parent, folder, ignore=left_out, dirs_exist_ok=True)
            notebook = nbformat.read(source, as_version=4)
            reseed(notebook, secret)
            (folder / source.name).write_text(as_lab_writes(notebook), encoding="utf-8")
        shutil.rmtree(root / "variant", ignore_errors=True)
        made.rename(root / "variant")
    return list(dict.fromkeys(source.parent.name for source in sources))


def read_secret(file):
    """The bytes of the secret; a new one, readable by its owner alone, where there is no file."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    secret = file.read_bytes().strip()
    if len(secret) < LEAST:
        raise SecretError(
            f"{file} holds {len(secret)} characters; expected at least {LEAST} that nobody can guess. "
            "Name a file that is not there, and one is made."
        )
    return secret


def reseed(notebook, secret):
    """Give every check in a hidden test a seed that only the secret tells; the notebook is changed.

    Raises
    ------
    SecretError
        If a hidden test has no seed to change.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for hidden in [found[0] for found in HIDDEN.finditer(cell.source)]:
            text, changed = SEEDED.subn(lambda found: found[1] + private(found[2], found[3], secret), hidden)
            if not changed or changed < hidden.count("check("):
                name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
                raise SecretError(f"{name}: its hidden test is no check(…, seed=…): everybody knows it.")
            cell.source = cell.source.replace(hidden, text)


def private(name, seed, secret):
    """The digits of the private seed for one check: the first that the course's own answer passes."""
    for attempt in range(20):
        digest = hmac.new(secret, f"{name} {seed} {attempt}".encode(), hashlib.sha256).digest()
        chosen = int.from_bytes(digest[:7], "big")
        if evaluate(name, find(name).reference, seed=chosen).share == 1:
            return str(chosen)
    raise SecretError(f"{name}: the course's own answer fails on twenty private seeds; please report it.")
