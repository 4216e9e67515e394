"""MNIST from its IDX files in a folder of yours; nothing is downloaded."""

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from vgcourse._validate import expect_choice, expect_float_dtype, expect_type

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
PATHS = (str, os.PathLike)
MNIST_NAMES = {"train": "train", "test": "t10k"}


def mnist(folder, *, part="train", dtype=np.float64):
    """The MNIST digits, 28 × 28 grey values in [0, 1], from IDX files in `folder`, gzipped or not.

    The files have the names of their makers (LeCun, Cortes & Burges 1998): train-images-idx3-ubyte,
    train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; a dot before "idx" and an ending
    .gz are fine.

    Parameters
    ----------
    folder : path
    part : "train" (60 000 images) or "test" (10 000)
    dtype : of the images, float64 or float32

    Returns
    -------
    x : (N, 784) array, row-major images
    labels : (N,) int64 array, 0 … 9

    Raises
    ------
    FileNotFoundError
        If the folder or a file is missing; the message names what was looked for.
    ValueError
        If a file is damaged or no IDX file, images and labels differ in number, or a label is not 0 … 9.
    TypeError
        If `folder` is no path or `dtype` not float32 or float64.
    """
    dtype = expect_float_dtype("mnist", dtype)
    expect_choice("mnist", "part", part, MNIST_NAMES)
    expect_type("mnist", "folder", folder, PATHS)
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"mnist: there is no folder {folder}.")
    image_file, label_file = (
        _find(folder, f"{MNIST_NAMES[part]}-{kind}") for kind in ("images-idx3", "labels-idx1")
    )
    images, labels = read_idx(image_file), read_idx(label_file)
    for path, array, ndim in ((image_file, images, 3), (label_file, labels, 1)):
        if array.ndim != ndim or array.dtype != np.uint8:
            raise ValueError(
                f"mnist: {path.name} holds {array.dtype.name} values with {array.ndim} axes; "
                f"expected uint8 with {ndim}. Are images and labels swapped?"
            )
    if images.shape[1:] != (28, 28):
        raise ValueError(
            f"mnist: {image_file.name} has images of {images.shape[1:]} pixels; expected (28, 28)."
        )
    if len(images) != len(labels):
        raise ValueError(
            f"mnist: {image_file.name} has {len(images)} images, {label_file.name} {len(labels)} labels; "
            "expected as many. Are they of the same part?"
        )
    if len(labels) and labels.max() > 9:
        raise ValueError(f"mnist: {label_file.name} has a label {labels.max()}; expected 0 … 9.")
    x = images.reshape(len(images), 784).astype(dtype)
    x /= 255
    return x, labels.astype(np.int64)


def read_idx(path):
    """The array in one IDX file, gzipped or not (told by its content, whatever its name).

    An IDX file is 0, 0, a type code, the number of axes; then each length as a big-endian uint32; then the
    values.

    Parameters
    ----------
    path : path of the file

    Returns
    -------
    array of the shape and type that the file names, in the machine's byte order

    Raises
    ------
    TypeError
        If `path` is none.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it does not begin like an IDX file, ends early, goes on too long, or its gzip data are damaged.
    """
    expect_type("read_idx", "path", path, PATHS)
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"read_idx: there is no file {path}.")
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            return _read(path.name, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"read_idx: the gzip data of {path.name} are damaged or cut off ({error})."
        ) from None


def _read(name, file):
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in IDX_TYPES or not 1 <= magic[3] <= 8:
        raise ValueError(
            f"read_idx: {name} begins with {magic.hex(' ') or 'nothing'}; expected 00 00, a type code "
            "(08 for bytes) and the number of axes. It is no IDX file: was a web page saved in its place?"
        )
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise ValueError(f"read_idx: {name} ends inside its header, after {4 + len(header)} bytes.")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    dtype = np.dtype(IDX_TYPES[magic[2]])
    wanted = dtype.itemsize
    for n in shape:
        wanted *= n
    values = _read_up_to(file, wanted + 1)  # one more, to see whether the file goes on
    if len(values) != wanted:
        came = f"{len(values)} bytes, so it is cut off" if len(values) < wanted else "more"
        raise ValueError(
            f"read_idx: {name} says its shape is {shape}, {wanted} bytes of values; there are {came}."
        )
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read_up_to(file, n):
    """At most n bytes, in pieces: a damaged header may promise more than memory holds."""
    pieces = []
    while n and (piece := file.read(min(n, 1 << 24))):
        pieces.append(piece)
        n -= len(piece)
    return b"".join(pieces)


def _find(folder, stem):
    start, kind = stem.rsplit("-", 1)
    names = [f"{start}{dot}{kind}-ubyte{end}" for dot in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"mnist: {folder} has none of {', '.join(names)}.")
