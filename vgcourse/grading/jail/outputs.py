"""What a child says its cells showed, made into notebook outputs that are safe to store and to show."""

import json

KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml")
STATES = ("ran", "raised", "timed out")
MOST_OUTPUTS = 1000  # of one cell


def parsed(payload, limit):
    """Outputs and state from a child's message.

    Known kinds with known fields are kept, as text. Anything else is left out, such as data that looks like
    the grader's own.

    Parameters
    ----------
    payload : bytes
    limit : characters that the cell may show; somewhat more passes, as the child cuts first and says so

    Raises
    ------
    ValueError
        If it is no such message.
    """
    if len(payload) > 16 * limit + 1_000_000:  # a few bytes of JSON may become many in memory
        raise ValueError("the process sent more output than it may")
    try:
        said = json.loads(payload)
        outputs, state = said["outputs"], said["state"]
        if state not in STATES or not isinstance(outputs, list):
            raise ValueError("no known state, or no list")
        outputs = tuple(kept for output in outputs[:MOST_OUTPUTS] if (kept := _kept(output)) is not None)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the process sent what is no output ({type(error).__name__})") from error
    if _size(outputs) > 2 * limit + 20_000:
        raise ValueError("the process sent more output than it may")
    return outputs, state


def failure(name, sentence):
    """The error output of a cell that did not come to its end."""
    return {"output_type": "error", "ename": name, "evalue": sentence, "traceback": [f"{name}: {sentence}"]}


def _kept(output):
    """One output rebuilt from its known fields; None if it is of no known kind."""
    kind = output.get("output_type") if isinstance(output, dict) else None
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return {"output_type": kind, "name": output["name"], "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        lines = [_text(line) for line in lines[:100]] if isinstance(lines, list) else []
        ename, evalue = _text(output.get("ename")), _text(output.get("evalue"))
        return {"output_type": kind, "ename": ename, "evalue": evalue, "traceback": lines}
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        data = {name: _text(data[name]) for name in KINDS if name in data} if isinstance(data, dict) else {}
        kept = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            number = output.get("execution_count")
            kept["execution_count"] = number if type(number) is int and 0 <= number < 1 << 31 else None
        return kept
    return None


def _text(value):
    """Text that can be written to a file; what is none becomes empty."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _size(outputs):
    return sum(len(json.dumps(output)) for output in outputs)
