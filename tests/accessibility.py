"""Can everybody read a page? axe-core looks at it in a real browser.

with static_server(folder) as url, chromium() as context:
    page = Page(context, f"{url}/index.html")
    assert page.violations() == []
    assert page.outside_requests() == []
"""

import contextlib
import functools
import http.server
import threading
from urllib.parse import urlsplit

from browser import LOCAL_HOSTS


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """A test's output is no place for a log."""


@contextlib.contextmanager
def static_server(folder):
    """Serve the files of a folder on a free port of this machine; yields the address."""
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def axe(page, include=None, exclude=()):
    """The violations that axe-core finds on a playwright page, one string each: rule, element, what it says.

    `include` and `exclude` are CSS selectors of what to look at and what to leave out.
    """
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [[selector] for selector in include or ["html"]], "exclude": [[s] for s in exclude]}
    found = Axe().run(page, context=context, options={"resultTypes": ["violations"]}).response
    assert found["passes"], f"axe looked at nothing: {context}"
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


class Page:
    """One page, open, with its formulas set, that remembers what it asked for and what went wrong."""

    def __init__(self, context, url, *, scheme="light", width=1280):
        self.page, self.urls, self.errors = context.new_page(), [], []
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.on("request", lambda request: self.urls.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        # no colour is on its way to another one while axe looks
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.goto(url)
        self.page.evaluate("window.MathJax?.startup?.promise")

    def close(self):
        self.page.close()

    def violations(self, include=None, exclude=()):
        return axe(self.page, include, exclude)

    def outside_requests(self):
        """Addresses the page asked for that are not on this machine."""
        split = [(url, urlsplit(url)) for url in self.urls]
        return [url for url, u in split if u.scheme not in ("data", "blob") and u.hostname not in LOCAL_HOSTS]
