"""Problem set 7: one step of the GRU forwards, in any of its four conventions."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Convention, Invariant, Mistake, Problem
from vgcourse.recurrent import GRUParams
from vgcourse.recurrent import gru_step_forward as library_step

WRITES = dict(z_writes=True)
BEFORE = dict(reset="before")


def conventions():
    """The other right answers, of both passes."""
    notes = (
        ("z writes", WRITES, "z writes: h_t = (1 − z) ⊙ h_{t−1} + z ⊙ n, as Cho et al. (2014) draw it. The course and torch let z keep."),
        ("reset before", BEFORE, "the reset gate acts before the matrix product, (r ⊙ h_{t−1}) W_hnᵀ, as in Cho et al. (2014). The course and torch reset afterwards."),
        ("z writes, reset before", WRITES | BEFORE, "z writes and the reset gate acts before the matrix product. The course and torch let z keep, and reset afterwards."),
    )  # fmt: skip
    return tuple(
        Convention(name, switches, f"You follow another convention, which is as good: {note}")
        for name, switches, note in notes
    )


def gru_step_forward(x, h_prev, W_x, W_h, b, b_h):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n, n = tanh(x W_xnᵀ + b_n + r ⊙ (h_{t−1} W_hnᵀ + b_h)); rows r, z, n."""
    h, cache = library_step(GRUParams(W_x, W_h, b, b_h), x, h_prev)
    return h, cache.r, cache.z, cache.n


def forward_family(
    x,
    h_prev,
    W_x,
    W_h,
    b,
    b_h,
    *,
    z_writes=False,
    reset="after",
    order="rzn",
    one_bias=False,
    b_h_used=True,
    b_h_inside=True,
    candidate=np.tanh,
    mix=lambda keep, write, h_prev, n, r: keep * h_prev + write * n,
):
    """One step with its parts exchangeable; `order` is how the rows of the weights are read."""
    H = h_prev.shape[1]
    a_x = dict(
        zip(order, np.split(x @ W_x.T + (np.tile(b[:H], 3) if one_bias else b), 3, axis=1), strict=True)
    )
    W = dict(zip(order, np.split(W_h, 3), strict=True))
    b_h = b_h if b_h_used else 0 * b_h
    r, z = (sigmoid(a_x[gate] + h_prev @ W[gate].T) for gate in "rz")
    inside, beside = (b_h, 0) if b_h_inside else (0, b_h)
    a_n = {
        "after": lambda: a_x["n"] + r * (h_prev @ W["n"].T + inside) + beside,
        "before": lambda: a_x["n"] + (r * h_prev) @ W["n"].T + b_h,
        "never": lambda: a_x["n"] + h_prev @ W["n"].T + b_h,
        "input too": lambda: r * (a_x["n"] + h_prev @ W["n"].T + b_h),
        "by z": lambda: a_x["n"] + z * (h_prev @ W["n"].T + b_h),
    }[reset]()
    n = candidate(a_n)
    return mix(*((1 - z, z) if z_writes else (z, 1 - z)), h_prev, n, r), r, z, n


def gru_inputs(rng, N, D, H):
    W_x, W_h = rng.normal(size=(3 * H, D)) / np.sqrt(D), rng.normal(size=(3 * H, H)) / np.sqrt(H)
    b, b_h = rng.normal(size=3 * H) / 2, rng.uniform(0.4, 1, H) * rng.choice([-1, 1], H)
    h_prev = rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
    return rng.normal(size=(N, D)), h_prev, W_x, W_h, b, b_h


SIZES = ((3, 5, 2), (3, 3, 3), (1, 2, 4))  # N, D, H; the square one lets wrong products run


def _forward_cases(rng):
    return [Case(gru_inputs(rng, *sizes), ("h", "r", "z", "n"), batch=sizes[0]) for sizes in SIZES]


def _outside(args, out):
    """How far h lies outside the interval from h_{t−1} to n."""
    low, high = np.minimum(args[1], out["n"]), np.maximum(args[1], out["n"])
    return float(
        (np.maximum(out["h"] - high, 0) + np.maximum(low - out["h"], 0)).max() / np.abs(high - low).max()
    )


GRU_STEP_FORWARD = Problem(
    name="ps7.gru_step_forward",
    reference=gru_step_forward,
    family=forward_family,
    cases=_forward_cases,
    conventions=conventions(),
    points=3,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={name: ("example", "unit") for name in ("h", "r", "z", "n")},
    mistakes=(
        Mistake("reset gate not used", dict(reset="never"), "Your candidate sees the whole of h_{t−1}: the reset gate is computed and not used. r multiplies the recurrent part of a_n."),
        Mistake("input reset too", dict(reset="input too"), "Your reset gate multiplies all of a_n. It decides how much of the old state the candidate sees; x W_xnᵀ + b_n stays outside."),
        Mistake("reset by z", dict(reset="by z"), "You multiply the recurrent part of the candidate by z. That is the work of the reset gate r; z mixes old and new at the end."),
        Mistake("b_h outside the reset", dict(b_h_inside=False), "You add b_h outside the reset gate. It stands beside W_hn, so r multiplies both: r ⊙ (h_{t−1} W_hnᵀ + b_h). Outside, it would be the same as b_n."),
        Mistake("b_h forgotten", dict(b_h_used=False), "Your candidate has no b_h, the second bias, that stands beside W_hn under the reset gate."),
        Mistake("rows read as z, r, n", dict(order="zrn"), "You read the rows in the order z, r, n. Here, as in torch, they are stacked r, z, n."),
        Mistake("one bias for all gates", dict(one_bias=True), "All three blocks get the bias of the reset gate. b has 3H entries: add it to the whole of x W_xᵀ before you split."),
        Mistake("σ on the candidate", dict(candidate=sigmoid), "Your candidate goes through σ. It is a new value for the state, of either sign, so it gets a tanh; σ is for r and z."),
        Mistake("no tanh on the candidate", dict(candidate=lambda a: a), "Your candidate is the bare pre-activation: n = tanh(a_n). Without it nothing bounds the state."),
        Mistake("candidate added whole", dict(mix=lambda keep, write, h_prev, n, r: keep * h_prev + n), "You add all of the candidate. One gate does both jobs in a GRU: what is kept of the old state is taken away from the new one."),
        Mistake("r mixes", dict(mix=lambda keep, write, h_prev, n, r: r * h_prev + (1 - r) * n), "Your r decides between h_{t−1} and n. That is z's part; r acts inside the candidate only."),
        Mistake("old state kept whole", dict(mix=lambda keep, write, h_prev, n, r: h_prev + write * n), "You keep all of h_{t−1}. One gate does both jobs in a GRU: what is written of the new state is taken away from the old one."),
        Mistake("old state lost", dict(mix=lambda keep, write, h_prev, n, r: write * n), "Your h_t has only the new part. The old state is added to it, times the gate that keeps: this is the path that carries the gradient."),
        Mistake("reset state kept", dict(mix=lambda keep, write, h_prev, n, r: keep * (r * h_prev) + write * n), "You keep a part of r ⊙ h_{t−1}. The reset gate acts inside the candidate only; what is kept is the state as it was."),
    ),
    invariants=(
        Invariant("between old and new", _outside, "Some of your h_t lie outside the range from h_{t−1} to n. The two weights of the mix are a gate and one minus that gate, so h_t has to lie between them."),
    ),
    hints=(
        "Two gates, two questions: how much of the old state does the candidate see (r), and how much of it stays (z)?",
        "The blocks are stacked r, z, n along 3H. r and z need no more than x W_xᵀ + h_{t−1} W_hᵀ + b; the candidate's recurrent part h_{t−1} W_hnᵀ + b_h is kept apart, since r multiplies it.",
        "a_n = x W_xnᵀ + b_n + r ⊙ (h_{t−1} W_hnᵀ + b_h), n = tanh(a_n). Then h_t is a weighted mean of h_{t−1} and n with weights z and …",
    ),
)  # fmt: skip
