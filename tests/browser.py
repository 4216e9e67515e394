"""A real JupyterLab in a real browser, for tests: one server, one Chromium, no request to the outside.

    with lab_server(folder, work) as server, chromium() as context:
        notebook = Notebook(context, server, "lectures/01_chain_rule.ipynb")
        notebook.run_all()
        assert not notebook.errors()

Lab is asked for what a menu would do (run, save, scroll); sliders are moved with real keys.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

import matplotlib
import nbformat

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
# The browser's own housekeeping stays on this machine as well.
FLAGS.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
LOCAL_HOSTS = {"127.0.0.1", "localhost"}

# Nothing that pops up over a notebook or asks the network; Lab reads this as administrators' defaults.
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
}


@dataclass
class Server:
    """Where a Lab listens, and the folder it serves."""

    url: str
    folder: Path
    log: Path


@contextlib.contextmanager
def lab_server(folder, work, settings=None, course=None):
    """Start JupyterLab on `folder` with config, data and runtime folders of its own below `work`.

    With `course`, a list of options, it is `vgcourse lab` with its own settings.
    """
    work = Path(work)
    config = work / "config"
    (config / "labconfig").mkdir(parents=True)
    if course is None:
        overrides = OVERRIDES | (settings or {})
        (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(overrides))
    private = {
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": work / "data",
        "JUPYTER_RUNTIME_DIR": work / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": work / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": work / "workspaces",
        "IPYTHONDIR": work / "ipython",
        "HOME": work / "home",  # a learner's progress must not end in the home of whoever runs the tests
        "XDG_DATA_HOME": work / "home" / "data",
        "XDG_STATE_HOME": work / "home" / "state",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # its list of fonts takes seconds to make
    }
    for key in ("IPYTHONDIR", "HOME"):
        private[key].mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    env |= {key: str(path) for key, path in private.items()}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH")]))
    # MPLBACKEND=agg, common in test runs, would keep kernels from showing figures.
    env.pop("MPLBACKEND", None)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", *(["jupyterlab"] if course is None else ["vgcourse.cli", "lab", *course])),
        *("--no-browser", "--expose-app-in-browser"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        "--IdentityProvider.token=",
    ]
    if course is None:
        command.append(f"--ServerApp.root_dir={folder}")
        command.append("--LabApp.extension_manager=readonly")  # the other kind asks PyPI
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
    server = Server(f"http://127.0.0.1:{port}", Path(folder), work / "lab.log")
    with server.log.open("w") as log:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for_server(server, process)
            yield server
        finally:
            process.terminate()  # a Lab that is asked to stop stops its kernels first
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_server(server, process, seconds=40):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab stopped while starting:\n{server.log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.url}/api/status", timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(f"JupyterLab did not answer in {seconds} s:\n{server.log.read_text()[-2000:]}")


@contextlib.contextmanager
def chromium(width=1000, height=900):
    """A headless browser: yields a playwright context, in which every page shares settings and viewport."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser.new_context(viewport={"width": width, "height": height})
        finally:
            browser.close()


@contextlib.contextmanager
def course_in_lab(work, *folders):
    """A Lab on a copy of some of the course's folders, beside what is in work/course, and a browser."""
    from conftest import require

    require(CHROMIUM is not None, "no Chromium on this machine")
    for package in ("playwright", "jupyterlab"):
        require(find_spec(package) is not None, f"{package} is not installed")
    for name in folders:
        shutil.copytree(ROOT / name, work / "course" / name)
    with lab_server(work / "course", work / "lab") as server, chromium() as context:
        yield server, context


class Notebook:
    """One notebook, open in a page of its own, with a kernel of its own."""

    def __init__(self, context, server, path, view="doc"):
        self.server, self.path, self.urls = server, path, []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.urls.append(request.url))
        self.page.on("websocket", lambda socket: self.urls.append(socket.url))
        # /doc is Lab with one document and closed side bars, /lab is all of it.
        self.page.goto(f"{server.url}/{view}/tree/{quote(path)}", wait_until="domcontentloaded")
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0", timeout=30_000
        )
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.info")

    def close(self):
        """Shut the kernel down and close the page."""
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()

    def run_all(self, seconds=60):
        """Run All Cells, as from the menu; Lab stops at the first error."""
        self._execute("notebook:run-all-cells", seconds)

    def run_cells(self, indices, seconds=60):
        """Run some cells, in this order, whether or not one before them fails."""
        for index in indices:
            self.page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {index}")
            self._execute("notebook:run-cell", seconds)

    def _execute(self, command, seconds):
        self.page.evaluate(
            """command => {
                window.vgcourseDone = false;
                jupyterapp.commands.execute(command).finally(() => { window.vgcourseDone = true; });
            }""",
            command,
        )
        # The prompts come after the reply, and only those of cells in view exist: both conditions are needed.
        self.page.wait_for_function(
            """() => window.vgcourseDone && ![...document.querySelectorAll('.jp-InputPrompt')]
                .some(prompt => prompt.textContent.includes('*'))""",
            timeout=seconds * 1000,
        )

    def saved(self):
        """Save, and read the file back: complete, whatever part of the page exists at the moment."""
        self.page.evaluate("jupyterapp.shell.currentWidget.context.save()")
        return nbformat.read(self.server.folder / self.path, as_version=4)

    def errors(self):
        """What went wrong in the cells: their errors, and cells with code that did not run."""
        problems = []
        for index, cell in enumerate(self.saved().cells):
            if cell.cell_type == "code" and cell.source.strip():
                if cell.execution_count is None:
                    problems.append(f"cell {index} did not run: {cell.source[:80]!r}")
                errors = (output for output in cell.outputs if output.output_type == "error")
                problems += [f"cell {index}: {error.ename}: {error.evalue}" for error in errors]
        return problems

    def fit(self, width=700):
        """Make the window as wide as gives outputs of `width` pixels, the size that figures are made for."""
        for _ in range(3):  # scroll bars come and go: twice is usual
            now = self.page.locator(".jp-OutputArea-output").first.evaluate("e => e.clientWidth")
            size = self.page.viewport_size
            self.page.set_viewport_size(size | {"width": size["width"] + width - now})
            self.page.wait_for_timeout(200)

    def go_to(self, index):
        """Scroll to a cell, and return its locator."""
        self.page.evaluate(
            """async index => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                await notebook.scrollToItem(index, 'start');
            }""",
            index,
        )
        cell = self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
        cell.wait_for()
        return cell

    def outside_requests(self):
        """Addresses the page asked for that are not on this machine (data: and blob: never leave it)."""
        split = [(url, urlsplit(url)) for url in self.urls]
        return [url for url, u in split if u.scheme not in ("data", "blob") and u.hostname not in LOCAL_HOSTS]

    def find_slider(self, label=None):
        """Scroll until a slider exists (the notebook is virtualised), and return it."""
        sliders = self.page.locator(".widget-slider", has_text=label or "")
        for index in range(len(self.saved().cells)):
            if sliders.count():
                sliders.first.scroll_into_view_if_needed()
                return Slider(self.page, sliders.first, sliders.first.locator(".noUi-handle").first)
            self.go_to(index)
        raise LookupError(f"no slider {label or ''} in {self.path}")


class Slider:
    """A slider on a page, with what has the focus in it and the picture of the same output."""

    def __init__(self, page, locator, handle):
        self.page, self.locator, self.handle = page, locator, handle
        self.output = locator.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]").last
        self.picture = self.output.locator("img").first

    def spoken(self):
        """The text that a screen reader hears."""
        return self.handle.get_attribute("aria-valuetext")

    def value(self):
        """The number in that text (aria-valuenow has one digit only)."""
        return float(self.spoken().replace("−", "-"))

    def press(self, key, seconds=10):
        """Press a key on the handle; milliseconds from the key event to the changed picture."""
        self.handle.evaluate(
            """(handle, output) => {
                const source = () => output.querySelector('img')?.getAttribute('src');
                const before = source();
                let start;
                window.vgcourseMove = null;
                const began = event => { start = event.timeStamp; };
                handle.addEventListener('keydown', began, {once: true, capture: true});
                const observer = new MutationObserver(() => {
                    if (!source() || source() === before) return;
                    window.vgcourseMove = performance.now() - start;
                    observer.disconnect();
                });
                observer.observe(output, {attributes: true, childList: true, subtree: true});
            }""",
            self.output.element_handle(),
        )
        self.handle.focus()
        self.page.keyboard.press(key)
        return self.page.wait_for_function("window.vgcourseMove", timeout=seconds * 1000).json_value()
