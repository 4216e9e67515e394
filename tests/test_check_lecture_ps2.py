"""Problem set 2 is not lectures 2 and 3 again: nothing that they or the library have passes as it stands."""

import re

import numpy as np
import pytest
from conftest import ROOT
from rooms import public_functions

from vgcourse import activations, clinic, dynamics, gradcheck, layers, mlp, tasks
from vgcourse.activations import ACTIVATIONS, sigmoid, sigmoid_derivative, tanh_derivative
from vgcourse.check import evaluate, find
from vgcourse.dynamics import log_singular_values
from vgcourse.initializers import glorot
from vgcourse.mlp import accuracy, mlp_init, train
from vgcourse.problems import problems
from vgcourse.problems.ps2.repair import REPAIR_NET
from vgcourse.problems.ps2.window import TARGET, measured
from vgcourse.tasks import adder_circuit, logic_gate, run_circuit, xor_circuit

PS2 = [problem.name for problem in problems("ps2")]
DEAD = REPAIR_NET.cases(np.random.default_rng(3))
SOURCE = (ROOT / "solutions/ps2/ps2.md").read_text(encoding="utf-8")


LIBRARY = public_functions(activations, clinic, dynamics, gradcheck, layers, mlp, tasks)


@pytest.mark.parametrize("name", PS2)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 60
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lectures' equations, and the library behind a signature that fits --------------------------------


def lecture_gate(kind, x, gain):
    """(2.1) and (2.3)."""
    gate = logic_gate(kind, steepness=gain)
    z = x @ gate.weights + gate.bias
    return sigmoid(z), sigmoid_derivative(z)[:, None] * gate.weights


def lecture_gate_with_a_tanh(kind, x, gain):
    """The same weights and thresholds, another activation."""
    gate = logic_gate(kind, steepness=gain)
    z = x @ gate.weights + gate.bias
    return np.tanh(z), tanh_derivative(z)[:, None] * gate.weights


def adder(bits, gain):
    """A one-bit adder of the library, with the carry handed in as a third bit of the sum."""
    half = adder_circuit(1, steepness=gain)
    first = run_circuit(half.layers, bits[:, :2])[-1]
    second = run_circuit(half.layers, np.stack([first[:, -1], bits[:, 2]], axis=1))[-1]
    return second[:, -1], np.maximum(first[:, 0], second[:, 0])


def lecture_xor(x, gain):
    """The library's circuit, with its slopes by the chain rule."""
    circuit = xor_circuit(steepness=gain)
    (W1, b1), (W2, b2) = circuit.layers
    z1 = x @ W1.T + b1
    z2 = sigmoid(z1) @ W2.T + b2
    return sigmoid(z2)[:, 0], (sigmoid_derivative(z2) @ W2 * sigmoid_derivative(z1)) @ W1


def lecture_width(name, share):
    """(2.9) for any share, the sigmoid's and tanh's."""
    return (4 if name == "softsign" else 2) * np.arccosh(share**-0.5)


def lecture_saturation(name, h, share):
    """(2.8) with the library's f' at what is given."""
    largest = 0.25 if name == "sigmoid" else 1.0
    saturated = ACTIVATIONS[name].derivative(h) < share * largest
    return saturated.mean(axis=0), saturated.all(axis=0).mean()


def lecture_chain(h0, w, b):
    """(3.1) for tanh units without biases."""
    h, slopes, hs = h0, [], []
    for weight in w:
        hs.append(h)
        h = np.tanh(weight * h)
        slopes.append(1 - h**2)
    factors = np.array(slopes) * w
    db = np.append(np.cumprod(factors[:0:-1])[::-1], 1.0) * slopes
    return h, factors, db * hs, db


def lecture_zero(start, factors, precision):
    """(3.4), and the same formula for the smallest normal number."""
    m = {"float16": 24, "float32": 149, "float64": 1074}[precision]
    normal = -np.log2(np.finfo(precision).tiny, dtype=float)
    return np.ceil(normal / -np.log2(factors)), np.ceil((m + 1) / -np.log2(factors))


def lecture_underflow(start, factors, precision):
    """The check of (3.4): multiply in that precision until nothing is left."""
    down = np.cumprod(np.repeat(factors.astype(precision)[None], 1100, axis=0), axis=0)
    return np.argmax(down < np.finfo(precision).tiny, axis=0) + 1, np.argmax(down == 0, axis=0) + 1


def lecture_jacobian(name, x, Ws, bs):
    """(1.17) and (1.18)."""
    h, Js, J = x, [], np.eye(x.shape[1])
    for W, b in zip(Ws, bs, strict=True):
        z = h @ W.T + b
        Js.append(ACTIVATIONS[name].derivative(z)[:, :, None] * W)
        J = Js[-1] @ J
        h = ACTIVATIONS[name].function(z)
    return Js, J


def lecture_bound(name, dh, zs, Ws):
    """(2.7) for every example, and what it bounds: the norm of the Jacobian, not of a gradient."""
    m = 0.25 if name == "sigmoid" else 1.0
    bound = m ** len(Ws) * np.prod([np.linalg.norm(W, 2) for W in Ws])
    norms = []
    for n in range(len(dh)):
        J = np.eye(Ws[0].shape[1])
        for z, W in zip(zs, Ws, strict=True):
            J = ACTIVATIONS[name].derivative(z[n])[:, None] * W @ J
        norms.append(np.linalg.norm(J, 2))
    return np.array(norms), np.full(len(dh), bound), np.full(len(dh), bound)


def library_spectrum(Js):
    """Square layers only: the library refuses the others."""
    return log_singular_values(Js) / np.log(10)


def library_spectrum_padded(Js):
    """Zeros make the layers square, as large as the widest."""
    n = max(max(J.shape) for J in Js)
    padded = [np.pad(J, ((0, n - len(J)), (0, n - len(J.T)))) for J in Js]
    with np.errstate(divide="ignore"):
        return log_singular_values(padded) / np.log(10)


def lecture_norms(delta, h):
    """(3.15), neurons with their biases."""
    instances = np.abs(delta) * np.sqrt((h**2).sum(axis=1) + 1)[:, None]
    with_one = np.hstack([h, np.ones((len(h), 1))])
    return instances, np.linalg.norm(delta.T @ with_one / len(h), axis=1)


def lecture_sweep(x, dh, Ws, scales, leak):
    """ReLU, as in (3.8), by the steps of section 1 of lecture 3."""
    tables = [], []
    for c in scales:
        h, zs, up, down, signal = x, [], [], [], dh
        for W in Ws:
            zs.append(c * h @ W.T)
            h = np.maximum(zs[-1], 0)
            up.append(np.log10(np.linalg.norm(h) / np.linalg.norm(x)))
        for z, W in zip(zs[::-1], Ws[::-1], strict=True):
            signal = (signal * (z > 0)) @ (c * W)
            down.insert(0, np.log10(np.linalg.norm(signal) / np.linalg.norm(dh)))
        tables[0].append(up)
        tables[1].append(down)
    return np.array(tables[0]), np.array(tables[1])


def common_weight(weight):
    """One weight for all units, as in lecture 2, section 5."""

    def chain(L):
        return np.full(L, weight), np.full(L, -weight / 2)

    return chain


def glorot_start(x, Ws, bs):
    """The lecture's plain start."""
    params = mlp_init([64, *map(len, Ws)], rng=np.random.default_rng(0), initializer=glorot)
    return [p.W for p in params], [p.b for p in params]


def by_allclose(log_sigmoid):
    """Both tails, with the usual comparison."""
    z = np.array([[-1000.0, -40.0, 0.0], [3.0, 40.0, 80.0]])
    out = log_sigmoid(z)
    return np.shape(out) == z.shape and np.allclose(out, -np.logaddexp(0, -z))


def by_relative_error(log_sigmoid):
    """The library's error of a whole array."""
    z = np.linspace(-40, 40, 81)
    return (
        np.shape(out := log_sigmoid(z)) == z.shape
        and gradcheck.relative_error(np.asarray(out), np.log(sigmoid(z))) < 1e-6
    )


COPIED = {
    "ps2.threshold_unit": (lecture_gate, lecture_gate_with_a_tanh),
    "ps2.full_subtractor": (adder,),
    "ps2.xor_net": (lecture_xor,),
    "ps2.active_width": (lecture_width,),
    "ps2.saturated_fraction": (lecture_saturation,),
    "ps2.scalar_chain": (lecture_chain,),
    "ps2.steps_to_zero": (lecture_zero, lecture_underflow),
    "ps2.deep_jacobian": (lecture_jacobian,),
    "ps2.gradient_bound": (lecture_bound,),
    "ps2.log10_singular_values": (library_spectrum, library_spectrum_padded),
    "ps2.outgoing_norms": (lecture_norms,),
    "ps2.leaky_sweep": (lecture_sweep,),
    "ps2.wide_window": (common_weight(4.44), common_weight(5.0), common_weight(6.89)),
    "ps2.repair_net": (glorot_start,),
    "ps2.is_accurate": (by_allclose, by_relative_error),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # The difference of three bits is odd exactly where their sum is; the borrow is another table.
    adder: 1 / 2,
    # Of a ReLU and a leaky one the slope at h is the slope at z.
    lecture_saturation: 2 / 5,
    # One of four cases has square layers, for which the library is right.
    library_spectrum: 1 / 4,
    library_spectrum_padded: 1 / 4,
    # A comparison with an absolute tolerance still finds what is wrong by more than 1e−8.
    by_allclose: 0.81,
    by_relative_error: 0.5,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS2


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        verdict = evaluate(name, answer, seed=seed)
        assert verdict.share <= EARNS.get(answer, 0) < 1, verdict.share
        assert verdict.findings or any(row.problem for row in verdict.rows), "something is said of it"


# --- the set as a whole -------------------------------------------------------------------------------


def test_points_in_the_table_add_up():
    rows = re.findall(r"^\| (\d+) \|.*\| (\d+(?: \+ \d+)?) \|$", SOURCE, flags=re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 17))
    total = sum(sum(map(int, points.split(" + "))) for _, points in rows)
    by_hand = [int(points) for points in re.findall(r'"points": (\d+)', SOURCE)]
    assert total == sum(find(name).points for name in PS2) + sum(by_hand)
    assert f"**Points** {total}." in SOURCE


def test_equations_that_the_notebook_names_exist():
    lectures = {1: "01_chain_rule", 2: "02_saturation", 3: "03_depth"}
    for number in set(re.findall(r"\((\d\.\d+)\)", SOURCE)):
        text = (ROOT / f"lectures/{lectures[int(number[0])]}.md").read_text(encoding="utf-8")
        assert rf"\tag{{{number}}}" in text, number


# --- what a property check measures -------------------------------------------------------------------


def test_the_window_is_measured_from_the_weights():
    """One unit: (2.12) says how wide."""
    w = 6.89
    assert measured([w], [-w / 2]) == pytest.approx(4 / w * np.arccosh(np.sqrt(w) / 2), rel=2e-3, abs=0)
    assert TARGET < measured([w], [-w / 2])


def test_no_common_weight_reaches_the_target():
    for L in (2, 5, 9):
        widths = [measured(np.full(L, w), np.full(L, -w / 2)) for w in np.linspace(4, 9, 101)]
        assert max(widths) < 0.9 * TARGET


@pytest.mark.parametrize(
    "case", REPAIR_NET.cases(np.random.default_rng(3)), ids=lambda case: case.quantities[0]
)
def test_a_repaired_net_learns_and_the_dead_one_does_not(case):
    _, Ws, bs = case.args
    (x, labels), test = tasks.split(*tasks.digits(), rng=np.random.default_rng(0))
    shares = []
    for new_Ws, new_bs in ((Ws, bs), REPAIR_NET.reference(x[:200], Ws, bs)):
        params = tuple(layers.LinearParams(W, b) for W, b in zip(new_Ws, new_bs, strict=True))
        options = {"activation": "sigmoid", "learning_rate": 0.05, "epochs": 6}
        run = train(params, x, labels, **options, rng=np.random.default_rng(1))
        shares.append(accuracy(run.params, *test, activation="sigmoid"))
    assert shares[0] < 0.3 and shares[1] > 0.6
