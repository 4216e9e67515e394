"""MNIST's files: read as they are, gzipped or not, and refused with a reason when they are damaged."""

import gzip
import struct

import numpy as np
import pytest

from vgcourse.tasks import mnist, read_idx

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
LABELS = np.array([3, 1, 4, 1, 9], dtype=np.uint8)


def idx(array, code=0x08):
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def save(folder, images=IMAGES, labels=LABELS, start="train", dot="-", zipped=False):
    for kind, array in ((f"images{dot}idx3", images), (f"labels{dot}idx1", labels)):
        data = array if isinstance(array, bytes) else idx(array)
        path = folder / f"{start}-{kind}-ubyte{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(data) if zipped else data)
    return folder


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("part, start", [("train", "train"), ("test", "t10k")])
def test_mnist_as_it_is(tmp_path, zipped, dot, part, start):
    x, labels = mnist(save(tmp_path, start=start, dot=dot, zipped=zipped), part=part)
    assert x.shape == (5, 784) and x.dtype == np.float64 and x.flags.writeable
    assert (x * 255).round().astype(int).reshape(5, 28, 28).tolist() == IMAGES.tolist()
    assert labels.tolist() == LABELS.tolist() and labels.dtype == np.int64
    assert mnist(str(tmp_path), part=part, dtype=np.float32)[0].dtype == np.float32


def test_gzip_is_told_by_content(tmp_path):
    save(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "plain.gz").write_bytes(idx(LABELS))
    assert mnist(tmp_path)[1].tolist() == read_idx(tmp_path / "plain.gz").tolist() == LABELS.tolist()


@pytest.mark.parametrize("code, dtype", [(9, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")])
def test_idx_of_every_type(tmp_path, code, dtype):
    values = np.array([[1, -2, 3], [4, 5, -120]])
    (tmp_path / "a").write_bytes(idx(values.astype(f">{dtype}"), code))
    found = read_idx(tmp_path / "a")
    assert found.tolist() == values.tolist() and found.dtype == np.dtype(dtype) and found.dtype.isnative


def test_missing_folder_and_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="mnist: there is no folder .*nowhere"):
        mnist(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="has none of train-images-idx3-ubyte, .*ubyte.gz"):
        mnist(tmp_path)
    save(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="none of train-labels-idx1-ubyte"):
        mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match="none of t10k-images"):
        mnist(tmp_path, part="test")
    with pytest.raises(FileNotFoundError, match="read_idx: there is no file"):
        read_idx(tmp_path / "b")


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "begins with nothing; expected 00 00"),
        (b"<!DOCTYPE html>", "begins with 3c 21 44 4f; .* was a web page saved in its place"),
        (b"\0\0\x07\x01" + idx(LABELS)[4:], "begins with 00 00 07 01; expected"),
        (b"\0\0\x08\x00", "begins with 00 00 08 00"),
        (idx(LABELS)[:6], "ends inside its header, after 6 bytes"),
        (
            idx(IMAGES)[:-1],
            r"its shape is \(5, 28, 28\), 3920 bytes of values; there are 3919 bytes, so it is cut",
        ),
        (idx(IMAGES)[:16], "there are 0 bytes, so it is cut off"),
        (idx(LABELS) + b"\0", r"its shape is \(5,\), 5 bytes of values; there are more"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + b"\0" * 10, "there are 10 bytes, so it is cut off"),
        (gzip.compress(idx(LABELS), mtime=0)[:-12], "gzip data of .* are damaged or cut off"),
        (gzip.compress(idx(LABELS), mtime=0)[:-8] + b"\0" * 8, "gzip data of .* are damaged"),
        (b"\x1f\x8bnot gzip at all", "gzip data of .* are damaged"),
    ],
)
def test_damaged_files(tmp_path, data, message):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ValueError, match="read_idx: .*" + message):
        read_idx(tmp_path / "file")


def test_mnist_files_that_do_not_fit(tmp_path):
    with pytest.raises(ValueError, match="has 5 images, .* 4 labels; expected as many. Are they of the same"):
        mnist(save(tmp_path, labels=LABELS[:4]))
    with pytest.raises(ValueError, match="has a label 10; expected 0 … 9"):
        mnist(save(tmp_path, labels=LABELS + np.uint8(7) * (LABELS == 3)))
    with pytest.raises(
        ValueError, match="holds uint8 values with 1 axes; expected uint8 with 3. Are images and"
    ):
        mnist(save(tmp_path, images=LABELS, labels=LABELS))
    with pytest.raises(ValueError, match=r"images of \(8, 8\) pixels; expected \(28, 28\)"):
        mnist(save(tmp_path, images=np.ascontiguousarray(IMAGES[:, :8, :8])))
    with pytest.raises(ValueError, match="holds float64 values"):
        mnist(save(tmp_path, images=idx(IMAGES.astype(">f8"), 0x0E)))


def test_mnist_refuses(tmp_path):
    with pytest.raises(ValueError, match="mnist: part is 'all'; expected one of test, train"):
        mnist(tmp_path, part="all")
    with pytest.raises(TypeError, match="mnist: dtype is"):
        mnist(tmp_path, dtype=np.uint8)


@pytest.mark.parametrize("wrong", [None, 3, ("a",)])
def test_a_path_is_text_or_a_path(wrong):
    came = type(wrong).__name__
    with pytest.raises(TypeError, match=f"mnist: folder is {came}; expected str or PathLike"):
        mnist(wrong)
    with pytest.raises(TypeError, match=f"read_idx: path is {came}; expected str or PathLike"):
        read_idx(wrong)
