"""Build the book: python site/build.py [--course DIR] [--out DIR] [--serve PORT]

Copies the pages' sources, the notebooks with their stored outputs, to one folder and runs Sphinx on it.
Nothing is executed and nothing is downloaded; a warning is an error.
"""

import argparse
import contextlib
import functools
import http.server
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

SITE = Path(__file__).resolve().parent
OWN = tuple(f"site/{name}.md" for name in ("index", "topics", "errata", "glossary", "sources")) + (
    "site/readme.png",
)


def gather(course, to):
    """Copy the sources to `to`: each stays where relative links expect it, but the cover comes to the top."""
    shutil.rmtree(to, ignore_errors=True)
    for pattern in ("lectures/[0-9]*.ipynb", "exercises/*/*.ipynb", *OWN):
        for path in sorted(course.glob(pattern)):
            target = to / path.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (to / "site" / "index.md").rename(to / "index.md")


def build(course, out):
    """The book of the course in folder `course`, as pages in `out`/html; returns Sphinx's exit status."""
    gather(course, out / "source")
    shutil.rmtree(out / "html", ignore_errors=True)
    where = [str(out / "source"), str(out / "html"), "-c", str(SITE), "-d", str(out / "doctrees")]
    return sphinx_build([*where, "--fresh-env", "--fail-on-warning", "--keep-going", "--quiet", "--no-color"])


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
    parser.add_argument("--serve", type=int, metavar="PORT", help="show the pages afterwards")
    arguments = parser.parse_args()
    status = build(arguments.course.resolve(), arguments.out.resolve())
    if status == 0:
        print(f"the book is in {arguments.out / 'html'}")
        if arguments.serve is not None:
            serve(arguments.out / "html", arguments.serve)
    return status


if __name__ == "__main__":
    sys.exit(main())
