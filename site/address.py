"""Write the repository's address wherever it stands: `python site/address.py OWNER/NAME` (on GitHub).

The one that counts is [project.urls] in pyproject.toml. The other files repeat it, since a line to copy and a
link that launches something cannot look it up.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GITHUB = "https://github.com/"
# Services that open a repository's notebook, as the book's theme calls them.
LAUNCH = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
    "notebook_interface": "jupyterlab",
}
FILES = ("pyproject.toml", "README.md", "CITATION.cff", ".github/ISSUE_TEMPLATE/config.yml")
FILES += ("site/guide.md", "site/work.md")


def address_of(root=ROOT):
    """OWNER/NAME as it stands in pyproject.toml; None while nobody has written it there."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"].removeprefix(GITHUB)
    return None if address.startswith("OWNER/") else address


def write(new, root=ROOT):
    """Replace the address in all FILES below `root`; the names of those that had it.

    Raises
    ------
    SystemExit
        If `new` is not OWNER/NAME.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", new):
        raise SystemExit(f"address: got {new!r}; expected OWNER/NAME, such as ada/vgcourse.")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    old = project["urls"]["Repository"].removeprefix(GITHUB)
    changed = []
    for name in FILES:
        text = (root / name).read_text(encoding="utf-8")
        if old in text:
            (root / name).write_text(text.replace(old, new), encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print("written in", ", ".join(write(sys.argv[1])))
