"""Print lectures of the built book to PDF: python site/pdf.py [--book DIR] [--out DIR] [NAME ...]

Chromium prints each page as a reader's browser would: folds are open, nothing is cut, and pages are numbered.
"""

import argparse
import functools
import http.server
import shutil
import sys
import threading
from pathlib import Path

BUILT = Path(__file__).resolve().parent / "_build"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# At this scale the longest line of code, 88 characters, is as wide as the page.
MARGIN = {"top": "16mm", "bottom": "18mm", "left": "15mm", "right": "15mm"}
SIZE = {"scale": 0.8, "format": "A4", "margin": MARGIN}
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; text-align: center">'
    '<span class="title"></span> · <span class="pageNumber"></span></div>'
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """What the browser asks for is of no interest."""


def print_pages(book, names, out):
    """Print the pages lectures/NAME.html of the folder `book` to `out`/NAME.pdf; the paths of the files.

    Raises
    ------
    SystemExit
        If there is no Chromium, or no such page.
    """
    from playwright.sync_api import Error, sync_playwright

    for name in names:
        if not (book / "lectures" / f"{name}.html").is_file():
            raise SystemExit(f"pdf: {name} is no lecture in {book}; build the book first: make site")
    out.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Quiet, directory=book)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)  # else the one that playwright installs
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            browser = playwright.chromium.launch(
                executable_path=found, args=["--no-sandbox", "--disable-gpu"]
            )
        except Error as error:
            raise SystemExit(
                "pdf: no Chromium on this computer; install it, or: python -m playwright install chromium"
            ) from error
        page = browser.new_page(color_scheme="light")
        files = []
        for name in names:
            page.goto(f"http://127.0.0.1:{server.server_port}/lectures/{name}.html")
            page.evaluate("MathJax.startup.promise")
            files.append(out / f"{name}.pdf")
            page.pdf(path=files[-1], **SIZE, print_background=True, display_header_footer=True, tagged=True,
                     outline=True, header_template="<span></span>", footer_template=FOOTER)  # fmt: skip
        browser.close()
        server.shutdown()
    return files


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 10_lstm; default: every lecture")
    parser.add_argument("--book", type=Path, default=BUILT / "html", help="the built book")
    parser.add_argument("--out", type=Path, default=BUILT / "pdf", help="where the files go")
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.stem for path in arguments.book.glob("lectures/[0-9]*.html"))
    for path in print_pages(arguments.book.resolve(), names, arguments.out):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
