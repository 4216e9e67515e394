"""Memory of long sequences, the verdict of a gradient check, diagnostics, the price of the import."""

import importlib.util

from _measure import Line, medians  # first: it pins the threads

import numpy as np  # isort: skip

import import_time

from vgcourse.gradcheck import check_gradients
from vgcourse.recurrent import CELLS, cell_init, unroll_backward, unroll_forward, zero_state
from vgcourse.recurrent.memory import checkpointed_bptt, truncated_bptt


def half_square(states, start, stop):
    """A loss on every step: ½ Σ h²."""
    dstates = np.zeros_like(states)
    h = states[:, 0]
    dstates[:, 0] = h
    return float((h * h).sum()) / 2, dstates


def memory(rounds):
    """T = 100 000 in checkpoints; checkpoints against full storage at T = 10 000."""
    rng = np.random.default_rng(0)
    T, N, D, H = 100_000, 1, 32, 64
    params, state0 = cell_init("lstm", D, H, rng=rng), zero_state("lstm", N, H)
    x = rng.standard_normal((T, N, D))
    results = {}

    def long():
        results["long"] = checkpointed_bptt("lstm", params, x, state0, half_square)

    seconds = medians({"long": long}, 1)["long"]
    peak = results["long"].peak_bytes / 1e6
    yield Line("lstm float64, T = 100 000, N = 1", peak, "MB, input included", 64, note=f"{seconds:.1f} s")

    T, N, D, H = 10_000, 16, 32, 64
    params = cell_init("lstm", D, H, rng=rng, dtype="float32")
    state0 = zero_state("lstm", N, H, "float32")
    x = rng.standard_normal((T, N, D), dtype="float32")
    ways = {
        "full": lambda: truncated_bptt("lstm", params, x, state0, half_square, k=T),
        "checkpoints": lambda: checkpointed_bptt("lstm", params, x, state0, half_square),
    }

    def keep(name):
        results[name] = ways[name]()

    times = medians({name: lambda name=name: keep(name) for name in ways}, rounds)
    what = "checkpoints against full storage, lstm float32, T = 10 000, N = 16"
    note = f"{times['checkpoints']:.2f} s against {times['full']:.2f} s"
    yield Line(what, times["checkpoints"] / times["full"], "× the time", 1.3, note=note)
    # the input is there either way
    full, few = (results[name].peak_bytes - x.nbytes for name in ways)
    note = f"{few / 1e6:.1f} MB against {full / 1e6:.0f} MB, without the input's {x.nbytes / 1e6:.0f} MB"
    yield Line(what, full / few, "× less memory", 20, True, note)


def gradient_check(rounds):
    """9912 parameters, one gradient block wrong by 1 %."""
    cell, D, H = CELLS["lstm"], 16, 42
    rng = np.random.default_rng(0)
    params, state0 = cell_init("lstm", D, H, rng=rng), zero_state("lstm", 2, H)
    x, weight = rng.standard_normal((4, 2, D)), rng.standard_normal((4, 2, 2, H))
    _, caches = unroll_forward(cell.step_forward, params, x, state0)
    _, _, grads = unroll_backward(cell.step_backward, weight, caches)
    wrong = grads._replace(W_h=grads.W_h * 1.01)
    reports = []

    def check():
        def loss(p):
            return (unroll_forward(cell.step_forward, p, x, state0)[0] * weight).sum()

        reports.append(check_gradients(loss, params, wrong, rng=np.random.default_rng(1)))

    seconds = medians({"check": check}, rounds)["check"]
    count = sum(w.size for w in params if w is not None)
    note = f"it names {', '.join(reports[-1].wrong)}; W_h is wrong"
    yield Line(f"verdict of a gradient check, {count} parameters", 1e3 * seconds, "ms", 50, note=note)


def diagnostics(rounds):
    """Norms per neuron and instance of a deep net; the singular spectrum of a long Jacobian product."""
    there = importlib.util.find_spec("vgcourse.clinic") and importlib.util.find_spec("vgcourse.dynamics")
    if not there:
        yield Line("gradient norms and spectra", None, "", note="not there")
        return
    from vgcourse import clinic, dynamics, mlp, tasks

    x, labels = tasks.digits(dtype=np.float32)[:2]
    x, rng = x.reshape(len(x), -1), np.random.default_rng(0)
    params = mlp.mlp_init((x.shape[1], *[1024] * 19, 10), rng=rng, dtype=np.float32)
    norms = {
        name: lambda name=name: clinic.instance_gradient_norms(params, x, labels, activation=name)
        for name in ("sigmoid", "tanh", "relu", "softplus")
    }
    for name, seconds in medians(norms, min(rounds, 3)).items():
        yield Line(f"norms per neuron and instance, 19 × 1024, {len(x)} digits, {name}", seconds, "s", 2)
    jacobians = rng.standard_normal((1000, 128, 128)) / np.sqrt(128)
    parts = {
        "norm (top)": (lambda: dynamics.jacobian_product(jacobians).log_norm(), 0.2),
        "full spectrum": (lambda: dynamics.log_singular_values(jacobians), 0.6),
    }
    times = medians({name: function for name, (function, _) in parts.items()}, min(rounds, 3))
    for name, seconds in times.items():
        yield Line(f"Jacobian product, T = 1000, H = 128, {name}", seconds, "s", parts[name][1])


def imports(rounds):
    """What `import vgcourse` costs beyond numpy."""
    found = import_time.medians(max(rounds, 5))
    more = found["numpy and vgcourse"] - found["numpy"]
    yield Line("import vgcourse, beyond numpy", more, "ms", 30, note=f"numpy alone {found['numpy']:.0f} ms")
