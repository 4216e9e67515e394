"""What a learner's function gave and did: all that a judge gets to see, and a way to send it."""

import io
import json
import math
import zipfile
from typing import Any, NamedTuple

import numpy as np

from vgcourse.collect.plain import LARGE, SCALARS, Foreign, describe

LARGEST = 100_000_000  # bytes of one set of answers
TEXT = 5  # a byte of JSON counts for so many: it may become thirty in memory
KINDS = "biufcSU"  # of arrays that travel: numbers and text


class Outcome(NamedTuple):
    """What came of one call: an output (plain data) or an error, the arguments it changed, what it printed.

    `changed` counts arguments from 0. `brief` is the error without its message, which may quote the inputs.
    """

    output: Any = None
    error: str | None = None
    changed: tuple = ()
    printed: int = 0
    timed_out: bool = False
    brief: str | None = None

    @property
    def failed(self):
        """True if the function raised."""
        return self.error is not None


class Attempt(NamedTuple):
    """One case, called once; some once more with the same input, where that was quick and went well."""

    first: Outcome
    again: Outcome | None = None


class Answers(NamedTuple):
    """All calls of one check.

    Attributes
    ----------
    refusal : why it cannot be called at all: a sentence, or None
    visible : an Attempt for each case
    fresh : an Outcome for each case of the fresh inputs; fewer where the calls are slow
    """

    refusal: str | None
    visible: tuple = ()
    fresh: tuple = ()

    @property
    def all_failed(self):
        """Did every visible case end without a result?"""
        return all(attempt.first.failed for attempt in self.visible)

    def to_bytes(self):
        """The answers as an npz file: a JSON text, and the bytes of all arrays one after another. No pickle.

        Raises
        ------
        ValueError
            If they are larger than LARGEST.
        """
        arrays = []
        text = json.dumps(_encode([self.refusal, self.visible, self.fresh], arrays)).encode()
        if TEXT * len(text) + sum(array.nbytes for array in arrays) > LARGEST:
            raise ValueError(f"Answers: more than {LARGEST / 1e6:.0f} MB; no right answer is that large.")
        data = b"".join(array.tobytes() for array in arrays)
        file = io.BytesIO()
        np.savez(file, text=np.frombuffer(text, np.uint8), data=np.frombuffer(data, np.uint8))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data):
        """The answers from what `to_bytes` wrote.

        Raises
        ------
        ValueError
            If the bytes are something else, or too many.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as file:  # a few bytes may unpack to many
                size = sum(member.file_size for member in file.infolist())
        except zipfile.BadZipFile as error:
            raise ValueError("Answers: these bytes are no answers (BadZipFile).") from error
        if max(size, len(data)) > 2 * LARGEST:
            raise ValueError(f"Answers: {size / 1e6:.0f} MB; expected at most {2 * LARGEST / 1e6:.0f}.")
        if size > len(data):  # `to_bytes` packs nothing, and nothing stands in its files twice
            raise ValueError("Answers: these bytes are no answers (they unpack to more).")
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                text = file["text"].tobytes()
                if TEXT * len(text) > LARGEST:
                    raise ValueError(f"{len(text) / 1e6:.0f} MB of text")
                code, arrays = json.loads(text), _Arrays(file["data"].tobytes())
            refusal, visible, fresh = _decode(code, arrays)
            attempts = (Attempt(*(one and Outcome(*one) for one in pair)) for pair in visible)
            return cls(refusal, tuple(attempts), tuple(Outcome(*one) for one in fresh))
        except Exception as error:
            raise ValueError(f"Answers: these bytes are no answers ({type(error).__name__}).") from error


class _Arrays:
    """Arrays from their bytes, in the order in which they were sent: together they hold no more than came."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, kind, shape):
        """The next array; `kind` is its dtype as text, such as "<f8"."""
        dtype, size = np.dtype(kind), math.prod(shape)
        if dtype.kind not in KINDS or size < 0:
            raise ValueError(f"an array of {kind} with {size} entries")
        array = np.frombuffer(self.data, dtype, size, self.place) if size else []
        self.place += size * dtype.itemsize
        return np.array(array, dtype).reshape(shape)


def _encode(value, arrays):
    """JSON that keeps int, float, complex, bool, tuple and list apart; arrays are put into the list."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype == object:
            return {"objects": list(value.shape), "items": [_encode(item, arrays) for item in value.flat]}
        if value.size > LARGE or value.dtype.kind not in KINDS:
            return {"foreign": describe(value)}
        array = np.asarray(value)  # of an empty text this has a size, its type has none
        arrays.append(array)
        kind = "scalar" if isinstance(value, np.generic) else "array"
        return {kind: [array.dtype.str, list(array.shape)]}
    if isinstance(value, SCALARS):
        parts = [value.real, value.imag] if isinstance(value, complex) else [value]
        return {
            type(value).__name__: [part.hex() if isinstance(part, float) else hex(part) for part in parts]
        }
    if isinstance(value, dict):
        return {"dict": [[_encode(key, arrays), _encode(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_encode(item, arrays) for item in value]}
    return {"foreign": describe(value)}


def _decode(code, arrays):
    if not isinstance(code, dict):
        return code
    kind, value = next(iter(code.items()))
    if kind in ("array", "scalar"):
        array = arrays.take(*value)
        return array if kind == "array" else array[()]
    if kind == "objects":
        out = np.empty(len(code["items"]), object)  # not of the size that foreign bytes claim
        for i, item in enumerate(code["items"]):
            out[i] = _decode(item, arrays)
        return out.reshape(value)
    if kind == "dict":
        return {_decode(key, arrays): _decode(item, arrays) for key, item in value}
    if kind in ("list", "tuple"):
        items = [_decode(item, arrays) for item in value]
        return items if kind == "list" else tuple(items)
    if kind == "foreign":
        return Foreign(str(value))
    if kind == "int":
        return int(value[0], 16)
    return {"float": float, "complex": complex}[kind](*map(float.fromhex, value))
