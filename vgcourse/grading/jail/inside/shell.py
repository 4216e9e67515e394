"""IPython's shell for one student: what cells show becomes a list of notebook outputs, cut to a length."""

import ast
import builtins
import io
import signal
import site
import sys
import warnings
from contextlib import contextmanager

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

from vgcourse.collect.limit import TimeLimit

AGAIN = 0.1  # seconds between two attempts to stop a cell
CUT = "\n… the rest of what this cell shows is left out …\n"


class Outputs:
    """What a cell shows, in order; characters over the limit are dropped as they come."""

    def __init__(self):
        self.start(0)

    def start(self, limit, number=None):
        """Forget all, for the next cell."""
        self.items, self.left, self.number = [], limit, number

    def write(self, name, text):
        """Text for the stream "stdout" or "stderr"."""
        if self.left <= 0:
            return
        if len(text) > self.left:
            text = text[: self.left] + CUT
        self.left -= len(text)
        last = self.items[-1] if self.items else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def add(self, kind, **fields):
        """An output of another kind, whole or not at all."""
        size = len(str(fields))
        if size > self.left:
            self.write("stdout", CUT)
            self.left = 0
        else:
            self.left -= size
            self.items.append({"output_type": kind, **fields})

    def all(self):
        """The outputs as plain data."""
        return [
            {**item, "text": "".join(item["text"])} if item["output_type"] == "stream" else item
            for item in self.items
        ]


class _Stream(io.TextIOBase):
    """stdout or stderr of a cell. What C code writes goes past it, to /dev/null, and is not shown."""

    encoding = "utf-8"

    def __init__(self, outputs, name):
        self._outputs, self._name = outputs, name

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.write(self._name, text)
        return len(text)


class _Display(DisplayPublisher):
    def publish(self, data, metadata=None, *args, **kwargs):
        self.shell.outputs.add("display_data", data=data, metadata=metadata or {})

    def clear_output(self, wait=False):
        """Forget what the cell has shown; its limit stays used up."""
        self.shell.outputs.items.clear()


class _Result(DisplayHook):
    def quiet(self):
        """A semicolon at the end: the shell keeps no history to look that up in."""
        return self.semicolon_at_end_of_expression(self.shell.source)

    def write_output_prompt(self):
        """No prompt: the notebook draws it."""

    def write_format_data(self, format_dict, md_dict=None):
        outputs, metadata = self.shell.outputs, md_dict or {}
        outputs.add("execute_result", data=format_dict, metadata=metadata, execution_count=outputs.number)

    def finish_displayhook(self):
        """Nothing to end."""


class Shell(InteractiveShell):
    """Runs cells as a notebook does, without a terminal, commands of the system, or somebody to ask."""

    display_pub_class = Type(_Display)
    displayhook_class = Type(_Result)

    def __init__(self, **options):
        self.outputs, self.source = Outputs(), ""
        super().__init__(**options)

    def init_user_ns(self):
        """The names that a notebook begins with; exit() ends a cell, not the shell."""
        super().init_user_ns()
        self.user_ns["exit"] = self.user_ns["quit"] = sys.exit

    def run(self, source, number, limit, seconds):
        """Run one cell.

        Returns
        -------
        outputs, state : plain data, and "ran", "raised" or "timed out"
        """
        self.outputs.start(limit, number)
        self.source = source
        self.execution_count = number  # tracebacks say "Cell In[3]"
        out, err = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream(self.outputs, "stdout"), _Stream(self.outputs, "stderr")
        try:
            with warnings.catch_warnings(), self._stopped_after(seconds):
                warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
                result = self.run_cell(source)
        finally:
            sys.stdout, sys.stderr = out, err
            _close_figures()
        error = result.error_before_exec or result.error_in_exec
        state = "ran" if error is None else "timed out" if isinstance(error, TimeLimit) else "raised"
        return self.outputs.all(), state

    def transform_cell(self, raw_cell):
        """Magics become Python. Most cells are Python already, and stay: that is far quicker."""
        try:
            compile(raw_cell, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return super().transform_cell(raw_cell)
        return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"

    def should_run_async(self, raw_cell, **options):
        """Is there an `await` at the top? To find out IPython compiles a cell once more."""
        return ("await" in raw_cell or "async" in raw_cell) and super().should_run_async(raw_cell, **options)

    @contextmanager
    def _stopped_after(self, seconds):
        """A courtesy, which leaves what the cell has defined; the clock that counts is outside."""

        def ring(signum, frame):
            while frame is not None:
                if frame.f_globals is self.user_ns:
                    raise TimeLimit(f"stopped after {seconds:.3g} s: is there a loop that never ends?")
                frame = frame.f_back

        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _showtraceback(self, etype, evalue, stb):
        try:
            message = str(evalue)
        except Exception:
            message = ""
        self.outputs.left = max(self.outputs.left, 10_000)  # said however much was printed
        lines = [str(line)[:2000] for line in stb[-50:]]
        self.outputs.add("error", ename=etype.__name__, evalue=message[:2000], traceback=lines)

    def system(self, command):
        """Commands of the system, also %pip: none is run, and the cell goes on."""
        print(f"While grading, no command is run: {str(command)[:200]}")
        self.user_ns["_exit_code"] = 0

    system_piped = system_raw = system

    def getoutput(self, command, split=True, depth=0):
        """`files = !ls` gives nothing."""
        self.system(command)
        return SList() if split else ""

    def enable_gui(self, gui=None):
        """There is no window."""

    def enable_matplotlib(self, gui=None):
        """Figures stay figures, see `_close_figures`."""
        return "agg", "agg"


def _close_figures():
    """Nothing is drawn while grading: figures cost more than all the rest, and no points depend on them."""
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        try:
            pyplot.close("all")
        except Exception:  # whatever the student has made of it
            return


def _nobody(prompt="", *args, **kwargs):
    raise StdinNotImplementedError("nobody is there to answer input() while grading")


def new_shell():
    """The process's shell, with a history that is not kept."""
    history = {"enabled": False, "hist_file": ":memory:"}  # else it is a file, and may be a thread
    shell = Shell.instance(colors="nocolor", config=Config(HistoryManager=history))
    builtins.input = _nobody
    site.sethelper()  # help(): Python was started without its `site`
    return shell
