"""Thirty layers on digits, plain and residual: which of them learn, and what is lost with one layer.

The nets of lecture 6: 64 inputs, a first layer to 32 units, thirty blocks z ← z + γ (W relu(z) + b), then
ten classes. "plain" leaves out the z before the plus sign, and nothing else: weights, digits and the order of
the batches are the same. All seeds of a net train side by side, as a stack of matrices; the first gradient
is compared with that of `vgcourse.layers`.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import he, orthogonal
from vgcourse.layers import (
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
    residual_backward,
    residual_forward,
)
from vgcourse.losses import softmax

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws split, weights and order of batches; all nets of a seed share them
    "blocks": 30,
    "n": 32,
    "batch_size": 32,
    # net: rule of the weights, branch scale γ (None: plain), batch norm, {learning rate: epochs}
    "nets": {
        "plain": ["he", None, False, {"0.01": [12, 60], "0.03": [12]}],
        "plain, batch norm": ["he", None, True, {"0.01": [12]}],
        "plain, orthogonal": ["orthogonal", None, False, {"0.01": [12], "0.03": [12]}],
        "plain, mirrored": ["mirrored", None, False, {"0.01": [12], "0.03": [12]}],
        "residual, scale 1": ["he", 1.0, False, {"0.01": [12]}],
        "residual, 1/√K": ["he", 30**-0.5, False, {"0.01": [12], "0.1": [12]}],
        "residual, zero": ["zero", 1.0, False, {"0.01": [12], "0.1": [12]}],
    },
}
REDUCED = (
    SETTINGS
    | {
        "seeds": [1],
        "nets": {  # these two are chaos at any useful rate: only their starts are compared
            name: [*net[:3], {"1e-12" if name in ("residual, scale 1", "plain, batch norm") else "0.01": [1]}]
            for name, net in SETTINGS["nets"].items()
        },
    }
)
TOLERANCE = 1e-6


def run(reduced=False):
    """Test accuracy by net, rate, epochs and seed, and with one block left out; NaN where a net diverged."""
    settings = REDUCED if reduced else SETTINGS
    digits = [
        tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed in settings["seeds"]
    ]
    (x, labels), (x_test, labels_test) = ([np.stack(part) for part in zip(*half)] for half in zip(*digits))
    result = {}
    for name, (rule, scale, norm, rates) in settings["nets"].items():
        starts = [init(seed, rule, settings) for seed in settings["seeds"]]
        params = [[np.stack(arrays) for arrays in zip(*layers)] for layers in zip(*starts)]
        _check_first_gradient(starts[0], params, x[:, :32], labels[:, :32], scale, norm)
        result[name] = {
            rate: train(params, x, labels, x_test, labels_test, scale, norm, float(rate), epochs, settings)
            for rate, epochs in rates.items()
        }
    return result


def init(seed, rule, settings):
    """A tuple of LinearParams; "zero" is He's, with W = 0 in every block."""
    n, K = settings["n"], settings["blocks"]
    rng = np.random.default_rng([seed, 1])
    if rule == "mirrored":
        return mirrored_init((64, *[n] * (K + 1), 10), rng)
    if rule == "orthogonal":
        return mlp.mlp_init((64, *[n] * (K + 1), 10), rng=rng, initializer=gained_orthogonal)
    first, *blocks, last = mlp.mlp_init((64, *[n] * (K + 1), 10), rng=rng, initializer=he)
    if rule == "zero":
        blocks = [block._replace(W=np.zeros((n, n))) for block in blocks]
    return (first, *blocks, last)


def gained_orthogonal(shape, *, rng, dtype=float):
    """Orthogonal weights times √2: He's variance."""
    return orthogonal(shape, rng=rng, gain=np.sqrt(2), dtype=dtype)


def mirrored_init(sizes, rng):
    """Units in pairs z, −z: relu(z) − relu(−z) = z, so the whole net starts linear (Balduzzi et al. 2017)."""
    D, *hidden, C = sizes
    halves = [
        orthogonal((o, i), rng=rng)
        for o, i in zip([h // 2 for h in hidden], [D, *[h // 2 for h in hidden[:-1]]])
    ]
    blocks = [np.block([[V, -V], [-V, V]]) for V in halves[1:]]
    top = orthogonal((C, hidden[-1] // 2), rng=rng)
    weights = [np.concatenate([halves[0], -halves[0]]), *blocks, np.concatenate([top, -top], axis=1)]
    return tuple(LinearParams(W, np.zeros(len(W))) for W in weights)


def forward(params, x, scale, norm, skip=None):
    """Logits (S, N, 10) of S nets, and what the backward pass needs; block `skip` hands z on (residual only
    its identity), where a plain net hands relu(z) to the next layer."""
    (W, b), *blocks, (W_out, b_out) = params
    z = x @ W.swapaxes(1, 2) + b[:, None]
    caches = []
    for number, (W, b) in enumerate(blocks):
        if number == skip:
            continue
        normed, std = batch_norm(z) if norm else (z, None)
        h = np.maximum(normed, 0)
        r = h @ W.swapaxes(1, 2) + b[:, None]
        caches.append((normed, std, h))
        z = r if scale is None else z + scale * r
    h = np.maximum(z, 0)
    return h @ W_out.swapaxes(1, 2) + b_out[:, None], (x, caches, z, h)


def batch_norm(z):
    """(z − mean) / std by unit over the batch, without scale and shift; and the std."""
    std = np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
    return (z - z.mean(axis=1, keepdims=True)) / std, std


def gradient(params, x, labels, scale, norm):
    """The mean cross-entropy's gradient for S nets, in the structure of params."""
    logits, (x, caches, z, h) = forward(params, x, scale, norm)
    dz = softmax(logits)
    np.put_along_axis(dz, labels[..., None], np.take_along_axis(dz, labels[..., None], 2) - 1, 2)
    dz /= labels.shape[1]
    grads = [(dz.swapaxes(1, 2) @ h, dz.sum(axis=1))]
    dz = (dz @ params[-1][0]) * (z > 0)
    for (W, _), (normed, std, h) in zip(reversed(params[1:-1]), reversed(caches), strict=True):
        dr = dz if scale is None else scale * dz
        grads.append((dr.swapaxes(1, 2) @ h, dr.sum(axis=1)))
        branch = (dr @ W) * (h > 0)
        if norm:
            branch = (
                branch
                - branch.mean(axis=1, keepdims=True)
                - normed * (branch * normed).mean(axis=1, keepdims=True)
            )
            branch /= std
        dz = branch if scale is None else dz + branch
    grads.append((dz.swapaxes(1, 2) @ x, dz.sum(axis=1)))
    return grads[::-1]


def train(params, x, labels, x_test, labels_test, scale, norm, rate, snapshots, settings):
    """Gradient descent with shuffled batches, every seed in its own order; accuracies at the snapshots."""
    orders = [np.random.default_rng([seed, 2]) for seed in settings["seeds"]]
    rows, size, accuracy = np.arange(len(x))[:, None], settings["batch_size"], {}
    with np.errstate(over="ignore", invalid="ignore"):  # a net that diverges ends in NaN, which is the result
        for epoch in range(1, max(snapshots) + 1):
            order = np.stack([rng.permutation(x.shape[1]) for rng in orders])
            for first in range(0, x.shape[1], size):
                batch = order[:, first : first + size]
                grads = gradient(params, x[rows, batch], labels[rows, batch], scale, norm)
                params = [[p - rate * g for p, g in zip(*pair)] for pair in zip(params, grads)]
            if epoch in snapshots:
                accuracy[str(epoch)] = test(params, x_test, labels_test, scale, norm)
            if epoch == snapshots[0]:
                cut = range(settings["blocks"]) if not norm else []
                without = [test(params, x_test, labels_test, scale, norm, skip=k) for k in cut]
    return {"accuracy": accuracy, "without_one_block": without}


def test(params, x, labels, scale, norm, skip=None):
    """Test accuracy of S nets. Batch norm uses the statistics of the test digits."""
    logits, _ = forward(params, x, scale, norm, skip)
    right = (logits.argmax(axis=2) == labels).mean(axis=1)
    return np.where(np.isfinite(logits).all(axis=(1, 2)), right, np.nan)


def _check_first_gradient(start, params, x, labels, scale, norm):
    """The stacked gradient of the first seed against the library's forward/backward pairs."""
    if norm:
        return
    z, first = linear_forward(start[0], x[0])
    caches = []
    for layer in start[1:-1]:
        z, cache = branch(layer, z) if scale is None else residual_forward(branch, layer, z, scale=scale)
        caches.append(cache)
    logits, last = branch(start[-1], z)
    dlogits = (softmax(logits) - np.eye(10)[labels[0]]) / len(labels[0])
    dz, top = branch_backward(dlogits, last)
    grads = [top]
    for cache in reversed(caches):
        dz, one = (
            branch_backward(dz, cache) if scale is None else residual_backward(branch_backward, dz, cache)
        )
        grads.append(one)
    grads.append(linear_backward(dz, first)[1])
    ours = gradient(params, x, labels, scale, norm)
    for (dW, db), (W, b) in zip(ours, reversed(grads), strict=True):
        assert max(relative_error(dW[0], W), relative_error(db[0], b)) < 1e-9


def branch(layer, z):
    """W relu(z) + b."""
    h, curve = activation_forward("relu", z)
    r, linear = linear_forward(layer, h)
    return r, (curve, linear)


def branch_backward(dr, cache):
    """The gradient with respect to z, and the layer's own."""
    curve, linear = cache
    dh, grads = linear_backward(dr, linear)
    return activation_backward(dh, curve), grads


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
