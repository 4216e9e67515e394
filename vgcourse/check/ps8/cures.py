"""Problem set 8: from what was measured to the cures that help, and to no others."""

import numpy as np

from vgcourse.check.call import cut
from vgcourse.check.compare import describe
from vgcourse.check.problem import Case, Mistake, Problem

CURES = ("residual paths", "clip", "forget bias", "smaller weights", "He's rule")
FAR = 1e3

# --- choose_cures ----------------------------------------------------------------------------------


def choose_cures(net):
    """The names of the cures that fit the measurements, in any order; an empty list for a healthy net.

    net is a dict of "norms" (L,), gradient norms of the layers, first layer first; "memory" (T,), gradient
    norms by lag 0 … T − 1; "saturated", the share of saturated entries; "dead", the share of dead units.

    - "residual paths": the first layer's norm is below 1/1000 of the last layer's
    - "clip": the first layer's norm is above 1000 times the last's, or memory[-1] above 1000 times memory[0]
    - "forget bias": memory[-1] is below 1/1000 of memory[0]
    - "smaller weights": saturated is above 0.5
    - "He's rule": dead is above 0.2
    """
    return _cures(net)


def _cures(
    net,
    *,
    depth=lambda norms: norms[0] / norms[-1],
    lag=lambda memory: memory[-1] / memory[0],
    clip=lambda depth, lag: depth > FAR or lag > FAR,
    paths=lambda depth, saturated: depth < 1 / FAR,
    bias=lambda lag: lag < 1 / FAR,
    saturated=0.5,
    dead=0.2,
    finish=lambda found: found,
):
    """choose_cures with exchangeable parts."""
    first, last = depth(net["norms"]), lag(net["memory"])
    wanted = (
        paths(first, net["saturated"] > saturated),
        clip(first, last),
        bias(last),
        net["saturated"] > saturated,
        net["dead"] > dead,
    )
    return finish([cure for cure, yes in zip(CURES, wanted, strict=True) if yes])


NETS = {
    # what is found: decades from the first to the last layer, from lag 0 to the last, saturated, dead
    "nothing wrong": (0.6, -0.6, 0.1, 0.05),
    "gradients vanish in depth, units healthy": (5.0, -0.6, 0.1, 0.05),
    "saturated and vanishing": (5.0, -0.6, 0.8, 0.0),
    "saturated, gradients healthy": (0.6, -0.6, 0.8, 0.0),
    "gradients explode in depth": (-5.0, -0.6, 0.1, 0.05),
    "memory fades": (0.6, -5.0, 0.1, 0.05),
    "memory explodes": (0.6, 5.0, 0.1, 0.05),
    "dead units": (0.6, -0.6, 0.3, 0.35),
    "a third of the entries saturated": (0.6, -0.6, 0.35, 0.0),
    "small gradients in all layers": (0.6, -0.6, 0.1, 0.05),
    "large gradients in all layers": (0.6, -0.6, 0.1, 0.05),
    "a large layer in the middle": (0.6, -0.6, 0.1, 0.05),
    "explodes in depth, memory fades": (-5.0, -5.0, 0.1, 0.3),
}
HEALTHY = "healthy nets"  # one row for all of them, or an empty list would earn a third of the points
ILL = [name for name, (depth, lag, *units) in NETS.items() if abs(depth) > 3 or abs(lag) > 3 or units[0] > 0.5 or units[1] > 0.2]  # fmt: skip


def _nets(rng):
    cases = []
    for name, (decades, lags, saturated, dead) in NETS.items():
        L, T = int(rng.integers(8, 12)), int(rng.integers(12, 20))
        norms = 10 ** (np.linspace(-decades, 0, L) + 0.1 * rng.normal(size=L))
        memory = 10 ** (np.linspace(0, lags, T) + 0.1 * rng.normal(size=T))
        scale = {"small gradients in all layers": 1e-9, "large gradients in all layers": 1e6}.get(name, 1.0)
        norms, memory = norms * scale, memory * scale
        if name == "a large layer in the middle":
            norms[L // 2] *= 1e5
            memory[T // 2] *= 1e-5
        near = rng.uniform(0.95, 1.05, size=2)
        net = dict(
            norms=norms, memory=memory, saturated=float(saturated * near[0]), dead=float(dead * near[1])
        )
        cases.append(Case((net,), (name if name in ILL else HEALTHY,)))
    return cases


def _as_flags(output, args):
    """A list of names as one 0/1 entry per cure, so that it compares like any other answer."""
    if output is None or isinstance(output, (str, dict)) or not np.iterable(output):
        raise TypeError(f"is {describe(output)}; expected a list of cures such as ['clip', 'forget bias']")
    output = list(output)
    unknown = [name for name in output if not isinstance(name, str) or name not in CURES]
    if unknown:
        raise ValueError(
            f"names {cut(repr(unknown[0]), 40)}, which is no cure; the cures are {', '.join(CURES)}"
        )
    return np.array([1.0 + (cure in output) for cure in CURES])


CHOOSE_CURES = Problem(
    name="ps8.choose_cures",
    reference=choose_cures,
    family=_cures,
    cases=_nets,
    adapt=_as_flags,
    exact=True,
    points=3,
    lecture='lecture 12, "The clinic"',
    mistakes=(
        Mistake("clipping for what vanishes", dict(clip=lambda depth, lag: depth > FAR or lag > FAR or depth < 1 / FAR or lag < 1 / FAR), "You clip vanished gradients as well. Clipping shortens long gradients and leaves short ones as they are: it cures explosion only."),
        Mistake("clipping for fading memory", dict(clip=lambda depth, lag: depth > FAR or lag > FAR or lag < 1 / FAR), "You clip where the memory fades. Clipping leaves short gradients as they are; a memory that fades needs a gate that stays open."),
        Mistake("clipping for depth only", dict(clip=lambda depth, lag: depth > FAR), "You do not clip where the gradient explodes over time. memory[-1] far above memory[0] is a case for clipping too."),
        Mistake("clipping for memory only", dict(clip=lambda depth, lag: lag > FAR), "You do not clip where the gradient explodes with depth: norms[0] far above norms[-1]."),
        Mistake("clipping needs both", dict(clip=lambda depth, lag: depth > FAR and lag > FAR), "You clip only where the gradient explodes in depth and over time. One of them is enough: or, not and."),
        Mistake("first and last layer exchanged", dict(depth=lambda norms: norms[-1] / norms[0]), "You have depth the wrong way round. norms[0] is layer 1, which backpropagation reaches last: a small one means that gradients vanish."),
        Mistake("lags exchanged", dict(lag=lambda memory: memory[0] / memory[-1]), "You have the lags the wrong way round. memory[0] is lag 0; a much smaller memory[-1] means that the memory fades."),
        Mistake("both orders exchanged", dict(depth=lambda norms: norms[-1] / norms[0], lag=lambda memory: memory[0] / memory[-1]), "You have both lists the wrong way round: norms[0] is layer 1 and memory[0] lag 0. So explosion is called vanishing, in depth and over time."),
        Mistake("smallest by largest layer", dict(depth=lambda norms: norms.min() / norms.max()), "You divide the smallest norm by the largest, wherever they are. That is below 1 also where gradients explode, and one odd layer decides: compare the first with the last."),
        Mistake("size of the first layer", dict(depth=lambda norms: norms[0]), "You look at the first layer's norm alone. A small loss makes all gradients small, which is no illness: compare with the last layer."),
        Mistake("size of the last lag", dict(lag=lambda memory: memory[-1]), "You look at the norm of the last lag alone. Compare it with lag 0."),
        Mistake("smallest by largest lag", dict(lag=lambda memory: memory.min() / memory.max()), "You divide the smallest norm of the memory by the largest, wherever they are. Compare the last lag with lag 0."),
        Mistake("largest lag", dict(lag=lambda memory: memory.max() / memory[0]), "You compare the largest norm of the memory with lag 0, so a fading one is never seen. Compare the last lag."),
        Mistake("residual paths only if saturated", dict(paths=lambda depth, saturated: saturated and depth < 1 / FAR), "You give residual paths to saturated nets only. Units can be healthy and gradients vanish all the same: look at the norms."),
        Mistake("residual paths whenever saturated", dict(paths=lambda depth, saturated: saturated or depth < 1 / FAR), "You give residual paths to every saturated net. If its gradients still reach the first layer, smaller weights are enough."),
        Mistake("residual paths not if saturated", dict(paths=lambda depth, saturated: not saturated and depth < 1 / FAR), "A saturated net whose gradients vanish gets smaller weights alone from you. Each measurement is asked on its own, and one net may need two cures: if, not elif."),
        Mistake("residual paths for explosion too", dict(paths=lambda depth, saturated: depth < 1 / FAR or depth > FAR), "You give residual paths to exploding gradients too. The 1 in f'W + 1 keeps gradients from vanishing; what grows still grows."),
        Mistake("forget bias for explosion too", dict(bias=lambda lag: lag < 1 / FAR or lag > FAR), "You raise the forget bias where the memory explodes. A gate nearer to 1 makes it grow faster: clip."),
        Mistake("half dead is allowed", dict(dead=0.5), "You let half of the units be dead. That half of the entries is off is normal for a ReLU; dead units are off for every instance, and above a share of 0.2 they need a cure."),
        Mistake("saturated above 0.2", dict(saturated=0.2), "You call a layer saturated from a share of 0.2, the limit of the dead units. The one for saturated entries is 0.5."),
        Mistake("one cure only", dict(finish=lambda found: found[:1]), "You stop at the first cure. A net may have two illnesses: if for each of them, not elif, and the list is returned at the end."),
        Mistake("all cures", dict(finish=lambda found: list(CURES)), "You give every net all cures. A healthy one needs none: append only what its measurements ask for."),
        Mistake("no cure", dict(finish=lambda found: []), "You give no cure to any net. Append the names to a list and return that list at the end."),
    ),
    hints=(
        "Five questions, each asked on its own. A net may need two cures or none.",
        "Only ratios tell: the first layer against the last, the last lag against lag 0. All gradients may be small in a net that is nearly trained.",
        'Start with an empty list; "residual paths" if norms[0] < norms[-1]/1000, and so on, one `if` for each line of the table.',
    ),
)  # fmt: skip
