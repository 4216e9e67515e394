"""Results that take too long to run live: a script measures them, the lecture loads what it stored.

>>> frozen = measured("frozen_layers")  # in a lecture: its data, or an error that says how to measure again

A script in lectures/measured/ has three names that are read here, and ends by storing what it measured:

>>> SETTINGS = {"seeds": [1, 2, 3, 4, 5], "epochs": 30}  # all that the numbers depend on
>>> REDUCED = SETTINGS | {"seeds": [1], "epochs": 1}  # the same in a few seconds, for the test
>>> def run(reduced=False): ...  # plain data: dicts with text as keys, lists, numbers, text, arrays
>>> if __name__ == "__main__":
...     store(__file__, run, SETTINGS, REDUCED, tolerance=1e-6)
"""

import hashlib
import json
import math
import platform
import time
from pathlib import Path

import numpy as np

import vgcourse
from vgcourse._files import in_place_of


def measured(name, folder="measured"):
    """What the script of this name measured and stored.

    Parameters
    ----------
    name : "frozen_layers" for frozen_layers.py and frozen_layers.json
    folder : where they are, from the notebook's own folder, in which its kernel runs

    Returns
    -------
    dict: what the script's run() returned, arrays as lists

    Raises
    ------
    FileNotFoundError
        If one of the two files is missing.
    ValueError
        If the stored file is damaged, or was made by another version of the script.
    """
    return read(Path(folder) / f"{name}.py")["data"]


def read(script):
    """All that is stored beside a script: data, reduced, settings, tolerance, versions, seconds, sha256.

    Errors as `measured`.
    """
    script = Path(script)
    stored = script.with_suffix(".json")
    for path in (script, stored):
        if not path.is_file():
            raise FileNotFoundError(
                f"measured: {path} is missing in {Path.cwd()}; expected the folder of the lecture, "
                f"with {script.name} and {stored.name} in its folder {script.parent}."
            )
    again = f"Measure again: python {script}"
    try:
        entry = json.loads(stored.read_text(encoding="utf-8"))
        made_by, _, seconds = entry["sha256"], entry["data"], entry["seconds"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"measured: {stored} is damaged ({error!r}); expected what store writes. {again}"
        ) from error
    if made_by != script_hash(script):
        raise ValueError(
            f"measured: {script} is not the script that {stored.name} was made by; "
            f"expected the hash {made_by[:12]}. {again} (about {seconds:.0f} s)"
        )
    return entry


def script_hash(script):
    """SHA-256 of a script's text, the same with line ends of any system."""
    return hashlib.sha256(
        "\n".join(Path(script).read_text(encoding="utf-8").splitlines()).encode()
    ).hexdigest()


def store(script, run, settings, reduced, *, tolerance):
    """Measure, in full and reduced, and write the JSON file beside the script.

    Parameters
    ----------
    script : the script's __file__
    run : function of `reduced`, returns plain data
    settings, reduced : what the full and the reduced run depend on, seeds included; plain data
    tolerance : largest relative difference between two reduced runs of the same script, on any machine

    Returns
    -------
    dict: the full run's data

    Raises
    ------
    TypeError, ValueError
        If something is no plain data, or the tolerance is not between 0 and 1; nothing is written then.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"store: tolerance is {tolerance}; expected a number between 0 and 1.")
    script, digest = Path(script), script_hash(script)
    start = time.process_time()  # of the processor: another program beside it does not count
    data = plain(run())
    entry = {
        "sha256": digest,
        "seconds": round(time.process_time() - start, 1),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "vgcourse": vgcourse.__version__,
        },
        "settings": plain(settings),
        "data": data,
        "tolerance": tolerance,
        "reduced_settings": plain(reduced),
        "reduced": plain(run(reduced=True)),
    }
    target = script.with_suffix(".json")
    with in_place_of(target) as beside:
        beside.write_text(_text(entry) + "\n", encoding="utf-8")
    print(f"{target.name}: measured in {entry['seconds']} s")
    return data


def _text(value, margin="\n"):
    """JSON with one line per row of numbers, so that git shows which row changed."""
    inner = margin + " "
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(key)}: {_text(item, inner)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(rows) + margin + "}"
    if isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        return "[" + inner + ("," + inner).join(_text(item, inner) for item in value) + margin + "]"
    return json.dumps(value, ensure_ascii=False)


def plain(value, where="data"):
    """The same with arrays as lists and numpy's numbers as Python's; NaN and infinity stay.

    Raises
    ------
    TypeError
        If there is anything in it that JSON does not give back, with its place.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, f"{where}.{key}") for key, item in value.items()}
    raise TypeError(
        f"store: {where} is {value!r}; expected numbers, text, lists, arrays, dicts with text as keys."
    )


def differences(stored, again, tolerance, where="data"):
    """Where two runs differ: in structure, in text, or in a number by more than the tolerance.

    Parameters
    ----------
    stored, again : plain data
    tolerance : largest |a − b| / max(|a|, |b|) that passes

    Returns
    -------
    list of str, empty when they agree; NaN agrees with NaN only
    """
    if isinstance(stored, dict) and isinstance(again, dict) and stored.keys() == again.keys():
        pairs = [(stored[key], again[key], f"{where}.{key}") for key in stored]
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        pairs = [(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(stored, again, strict=True))]
    else:
        return [] if _agree(stored, again, tolerance) else [f"{where}: stored {stored!r}, now {again!r}"]
    return [line for a, b, place in pairs for line in differences(a, b, tolerance, place)]


def _agree(a, b, tolerance):
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (a, b))
    if not numbers:
        return type(a) is type(b) and a == b
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=0.0) or (math.isnan(a) and math.isnan(b))
