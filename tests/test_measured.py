"""Stored results: every script still gives its reduced numbers, and a lecture gets no others."""

import importlib.util
import math

import numpy as np
import pytest
from conftest import ROOT

from vgcourse.authoring.measured import differences, measured, plain, read, store

SCRIPTS = sorted((ROOT / "lectures" / "measured").glob("*.py"))

SCRIPT = """
from vgcourse.authoring.measured import store

SETTINGS, REDUCED = {"seeds": [1, 2]}, {"seeds": [1]}

def run(reduced=False):
    return {"squares": [seed**2 for seed in (REDUCED if reduced else SETTINGS)["seeds"]]}

if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=1e-6)
"""


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the scripts of the course ---------------------------------------------------------------------


def test_there_are_scripts_and_each_has_its_result():
    assert SCRIPTS
    stored = {path.stem for path in (ROOT / "lectures" / "measured").glob("*.json")}
    assert stored == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_still_gives_what_it_stored(script):
    entry, module = read(script), load(script)
    assert differences(entry["settings"], plain(module.SETTINGS), 0) == []
    assert differences(entry["reduced_settings"], plain(module.REDUCED), 0) == []
    again = plain(module.run(reduced=True))
    assert differences(entry["reduced"], again, entry["tolerance"]) == []
    assert set(entry["data"]) == set(entry["reduced"])
    assert set(entry["versions"]) == {"python", "numpy", "vgcourse"}


def test_frozen_layers_says_what_the_lecture_says(monkeypatch):
    monkeypatch.chdir(ROOT / "lectures")
    nets = measured("frozen_layers")
    tanh, sigmoid = (np.array(nets[name]["accuracy"]) for name in ("tanh", "sigmoid"))
    assert tanh.shape == (5, 10) and sigmoid.shape == (5, 2)
    assert np.median(tanh[:, 0]) > 0.95 and np.median(tanh[:, 9]) > 0.6  # frozen layers cost, but not all
    assert sigmoid.max() < 0.15  # a guess among ten classes
    magnified = np.median(nets["sigmoid"]["accuracy_h9_magnified"])
    assert magnified > 0.8  # what the guessing net's last layer could read, if it were larger
    for when in ("untrained", "trained"):
        distances = np.array(nets["sigmoid"][when]["distances_between_digits"])
        assert (distances[:, 9] < 1e-5 * distances[:, 0]).all()


def test_frozen_layers_trains_as_a_whole_net_with_frozen_weights_would():
    """Training the rest on what frozen layers hand on is the same as skipping the frozen layers' steps."""
    from vgcourse import mlp, tasks
    from vgcourse.optim import sgd_step

    (script,) = [path for path in SCRIPTS if path.stem == "frozen_layers"]
    frozen_layers = load(script)
    (x, labels), _ = tasks.split(*tasks.digits(), rng=np.random.default_rng(0))
    whole = start = mlp.mlp_init((64, 8, 8, 8, 10), rng=np.random.default_rng(1))
    k, rng = 2, np.random.default_rng(2)
    order = rng.permutation(len(x))
    for first in range(0, len(x), 32):
        batch = order[first : first + 32]
        _, _, grads = mlp.loss_and_gradient(whole, x[batch], labels[batch])
        whole = whole[:k] + tuple(sgd_step(whole[k:], grads[k:], 0.3))
    handed_on = frozen_layers.layer_inputs(start, x, "tanh")[k]
    rest = mlp.train(start[k:], handed_on, labels, learning_rate=0.3, epochs=1, rng=np.random.default_rng(2))
    for layer, other, before in zip(whole[k:], rest.params, start[k:], strict=True):
        np.testing.assert_allclose(layer.W, other.W, rtol=1e-9, atol=1e-12)
        assert np.abs(layer.W - before.W).max() > 0.01


# --- storing and loading ---------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A script in the folder that a notebook in tmp_path looks in, measured once."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "measured" / "squares.py"
    path.parent.mkdir()
    path.write_text(SCRIPT, encoding="utf-8")
    module = load(path)
    store(path, module.run, module.SETTINGS, module.REDUCED, tolerance=1e-6)
    return path


def test_a_lecture_gets_what_was_measured(script, capsys):
    assert measured("squares") == {"squares": [1, 4]}
    entry = read(script)
    assert entry["reduced"] == {"squares": [1]} and entry["settings"] == {"seeds": [1, 2]}


def test_another_script_is_refused_with_the_way_to_measure_again(script):
    script.write_text(SCRIPT.replace("seed**2", "seed**3"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not the script .* Measure again: python measured.squares\.py"):
        measured("squares")


def test_line_ends_make_no_other_script(script):
    script.write_bytes(SCRIPT.replace("\n", "\r\n").encode())
    assert measured("squares") == {"squares": [1, 4]}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"sha256": "x", "data": 1}'])
def test_a_damaged_file_is_refused(script, content):
    script.with_suffix(".json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"squares\.json is damaged .* Measure again"):
        measured("squares")


@pytest.mark.parametrize("suffix", [".py", ".json"])
def test_a_missing_file_is_named_with_the_folder_that_was_expected(script, suffix):
    script.with_suffix(suffix).unlink()
    with pytest.raises(
        FileNotFoundError, match=rf"squares\{suffix} is missing in .*; expected the folder of the lect"
    ):
        measured("squares")


def test_another_folder_can_be_named(script, monkeypatch):
    monkeypatch.chdir("/")
    assert measured("squares", folder=script.parent) == {"squares": [1, 4]}
    with pytest.raises(FileNotFoundError):
        measured("squares")


def test_everything_plain_comes_back(script):
    data = {
        "array": np.arange(4.0).reshape(2, 2),
        "number": np.float32(0.1),
        "nan": [math.nan, math.inf],
        "text": '\u0000 a "b" \\ \n [1, 2] ∂',
        "none": [None, True, {"deep": (1, 2), "empty": [], "nothing": {}}],
    }
    store(script, lambda reduced=False: data, {}, {}, tolerance=0.5)
    again = measured("squares")
    assert differences(plain(data), again, 0) == []
    assert again["array"] == [[0.0, 1.0], [2.0, 3.0]] and math.isnan(again["nan"][0])
    lines = script.with_suffix(".json").read_text(encoding="utf-8").splitlines()
    assert (
        sum("[0.0, 1.0]" in line for line in lines) == 2
    )  # a row of numbers is a line, in data and in reduced


@pytest.mark.parametrize(
    "value", [{1: "a"}, {"a": {2, 3}}, [object()], {"a": [1j]}, b"bytes", np.array([1j])]
)
def test_what_is_not_plain_is_refused_with_its_place_and_nothing_is_written(script, value):
    before = script.with_suffix(".json").read_bytes()
    with pytest.raises(TypeError, match="store: data.* expected numbers, text, lists"):
        store(script, lambda reduced=False: value, {}, {}, tolerance=0.5)
    assert script.with_suffix(".json").read_bytes() == before
    assert sorted(path.suffix for path in script.parent.glob("squares.*")) == [".json", ".py"]


@pytest.mark.parametrize("tolerance", [0, 1, -1, math.nan])
def test_a_tolerance_is_a_share(script, tolerance):
    with pytest.raises(ValueError, match="tolerance is .* expected a number between 0 and 1"):
        store(script, lambda reduced=False: 1, {}, {}, tolerance=tolerance)


@pytest.mark.parametrize(
    ("stored", "again", "where"),
    [
        ({"a": [1.0, 2.0]}, {"a": [1.0, 2.1]}, ["data.a[1]"]),
        ({"a": 1.0}, {"b": 1.0}, ["data"]),
        ([1, 2], [1, 2, 3], ["data"]),
        ([1.0, [math.nan, 5.0]], [math.nan, [math.nan, 5.0]], ["data[0]"]),
        ({"a": "x", "b": True}, {"a": "y", "b": 1}, ["data.a", "data.b"]),
        ([0.0, 1e-30], [1e-30, 2e-30], ["data[0]", "data[1]"]),
        ([1.0, 1e-30, math.inf], [1.0 + 1e-8, 1e-30 * (1 + 1e-8), math.inf], []),
        ([math.inf], [-math.inf], ["data[0]"]),
    ],
)
def test_differences_are_relative_and_named(stored, again, where):
    assert [line.split(":")[0] for line in differences(stored, again, 1e-6)] == where
