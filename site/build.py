"""Build the book: python site/build.py [--course DIR] [--out DIR] [--serve PORT]

Copies the pages' sources, the notebooks with their stored outputs, to one folder, adds the pages that are
made (claims, library), and runs Sphinx on it. No notebook is executed and nothing is downloaded; a warning is
an error. --no-answers leaves out the answers to the problem sets, for a class that hands them in.
"""

import argparse
import contextlib
import functools
import http.server
import shutil
import sys
import zipfile
from pathlib import Path

import bibliography
import ledger
import library
import lite
import nbformat
import worked
from address import GITHUB, address_of
from sphinx.cmd.build import main as sphinx_build

SITE = Path(__file__).resolve().parent
SOURCES = ("lectures/[0-9]*.ipynb", "exercises/*/*.ipynb", "site/*.md", "site/*.png", "site/*.svg")
ZIP = "problem-sets.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same zip from the same notebooks


def gather(course, to, answers=True):
    """Put the sources into `to`: each stays where links expect it, but the cover comes to the top."""
    shutil.rmtree(to, ignore_errors=True)
    for pattern in SOURCES:
        for path in sorted(course.glob(pattern)):
            target = to / path.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (to / "site" / "index.md").rename(to / "index.md")
    if (sources := to / "site" / "sources.md").is_file():
        text = bibliography.to_bibtex(sources.read_text(encoding="utf-8"))
        sources.with_suffix(".bib").write_text(text, encoding="utf-8")
    sets = sorted(to.glob("exercises/*/*.ipynb"))
    with zipfile.ZipFile(to / "site" / ZIP, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sets:
            archive.writestr(zipfile.ZipInfo(path.name, LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    for path in sets if answers else ():
        solved = course / "solutions" / path.parent.name / path.name
        both = (nbformat.read(file, as_version=4) for file in (path, solved))
        nbformat.write(worked.with_answers(*both), path)
    if (course / "lectures" / "measured").is_dir():
        ledger.write(course, to / "site" / "claims.md")
    if (course / "vgcourse").is_dir():
        library.write_pages(to / "library")
    leave_out_missing(to / "index.md")


def leave_out_missing(cover):
    """Strike the lines /folder/page of the cover's tables of contents that this course does not have."""
    lines = cover.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("/") or list(cover.parent.glob(f"{line[1:]}.*"))]
    cover.write_text("\n".join(kept) + "\n", encoding="utf-8")


def build(course, out, answers=True, address=None, with_lite=False):
    """The book of the course in folder `course`, as pages in `out`/html; returns Sphinx's exit status.

    With the repository's `address`, OWNER/NAME, each notebook's page has buttons for Binder and Colab, with
    `with_lite` one for JupyterLite, which is then built beside the pages.
    """
    gather(course, out / "source", answers)
    shutil.rmtree(out / "html", ignore_errors=True)
    options = [str(out / "source"), str(out / "html"), "-c", str(SITE), "-d", str(out / "doctrees")]
    options += ["--fresh-env", "--fail-on-warning", "--keep-going", "--quiet", "--no-color"]
    if address:
        options += ["-D", f"html_theme_options.repository_url={GITHUB}{address}", "-t", "launch"]
    if with_lite:
        options += ["-t", "lite"]
    status = sphinx_build(options)
    wrote_pages = status < 2  # 1: with warnings
    for path in course.glob("exercises/*/*.ipynb") if wrote_pages else ():
        # what the download button gives has no answers in it
        shutil.copyfile(path, out / "html" / "_sources" / path.relative_to(course))
    if with_lite and wrote_pages:
        lite.write(course, out / "html" / "lite")
    return status


def serve(folder, port):
    """Show the pages to this computer only."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/   (stop with Ctrl + C)")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--course", type=Path, default=SITE.parent, help="the folder with lectures/ and site/"
    )
    parser.add_argument("--out", type=Path, default=SITE / "_build", help="where the pages go")
    parser.add_argument("--no-answers", action="store_true", help="problem sets without hints and answers")
    parser.add_argument("--address", help="OWNER/NAME on GitHub; default: the one in pyproject.toml")
    parser.add_argument("--lite", action="store_true", help="with a JupyterLite, in lite/ beside the pages")
    parser.add_argument("--serve", type=int, metavar="PORT", help="show the pages afterwards")
    arguments = parser.parse_args()
    address = arguments.address or address_of(SITE.parent)
    course, out, answers = arguments.course.resolve(), arguments.out.resolve(), not arguments.no_answers
    status = build(course, out, answers, address, arguments.lite)
    if status == 0:
        print(f"the book is in {arguments.out / 'html'}")
        if arguments.serve is not None:
            serve(arguments.out / "html", arguments.serve)
    return status


if __name__ == "__main__":
    sys.exit(main())
