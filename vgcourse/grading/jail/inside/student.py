"""The child's side of a job: does what the worker asks for, one message after the other, until it is ended.

Student code runs in this process and may change anything in it. So nothing that is said here is believed
outside, where values are compared and a clock of its own runs.
"""

import json
import os
import pickle
from pathlib import PurePosixPath

from vgcourse.collect import Answers, collect, collect_fresh
from vgcourse.grading.jail.inside.channel import ABSENT, ANSWERS, ASK, ASK_FRESH, CELL, FILES, SHOWN


def serve(channel, shell, limits):
    """Run cells and collect answers; does not return."""
    doing = {FILES: _files, CELL: _cell, ASK: _ask, ASK_FRESH: _ask_fresh}
    own = os.getpid()
    while True:
        kind, payload = channel.receive()
        answer = doing[kind](shell, limits, *pickle.loads(payload))
        if os.getpid() != own:  # the cell called os.fork
            os._exit(0)
        channel.send(*answer)


def _files(shell, limits, files):
    """Lay out what was handed in beside the notebook; the names come from a student."""
    problems = []
    for name, data in files.items():
        path = PurePosixPath(name)
        try:
            if path.is_absolute() or ".." in path.parts:
                raise OSError("it is not beside the notebook")
            os.makedirs(path.parent, exist_ok=True)
            with open(path, "xb") as file:
                file.write(data)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            problems.append(f"The file {name[:100]!r} was left out: {why}.")
    return SHOWN, json.dumps(problems).encode()


def _cell(shell, limits, source, number, seconds):
    outputs, state = shell.run(source, number, limits.output, seconds)
    try:
        text = json.dumps({"outputs": outputs, "state": state}, default=str)
    except Exception as error:  # a formatter of the student's gave something odd
        shell.outputs.start(limits.output)
        shell.outputs.write("stderr", f"What this cell shows cannot be kept ({type(error).__name__}).\n")
        text = json.dumps({"outputs": shell.outputs.all(), "state": state})
    return SHOWN, text.encode()


def _ask(shell, limits, name, task):
    """What the function that the student's names hold under this one gives for the visible cases."""
    return _sent(shell, name, lambda fn: collect(fn, task, enough=lambda attempts: True))


def _ask_fresh(shell, limits, name, calls):
    """What it gives for fresh inputs."""
    return _sent(shell, name, lambda fn: Answers(None, (), collect_fresh(fn, calls)))


def _sent(shell, name, collected):
    if name not in shell.user_ns:
        return ABSENT, f"there is no function {name}".encode()
    try:
        return ANSWERS, collected(shell.user_ns[name]).to_bytes()
    except MemoryError:
        return ABSENT, f"the answers of {name} need too much memory".encode()
    except ValueError as error:
        return ABSENT, str(error).encode()
