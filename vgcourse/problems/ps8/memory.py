"""Problem set 8 on recurrent nets: how far the gradient reaches, read off its norms by lag."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- memory_length ---------------------------------------------------------------------------------


def memory_length(norms, share):
    """First lag at which the norm has fallen to share · (norm at lag 0), log norm interpolated linearly.

    norms is (T, C), gradient norms by lag 0 … T − 1 for C nets. Where the share is never reached the length
    is T − 1. Returns (C,).
    """
    return _length(norms, share)


def _by_logs(y0, y1, level):
    return (np.log(y0) - np.log(level)) / (np.log(y0) - np.log(y1))


def _first(below):
    return int(np.argmax(below))


def _after_last_above(below):
    return int(np.flatnonzero(~below)[-1]) + 1


def _length(
    norms,
    share,
    *,
    start=lambda column: column[0],
    level=lambda share: share,
    crossing=_first,
    between=_by_logs,
    never=lambda T: T - 1,
    shift=0,
):
    """memory_length with exchangeable parts; `crossing` finds the first lag below, `between` the rest."""
    out = []
    for column in norms.T:
        limit = start(column) * level(share)
        below = column <= limit
        if not below.any() or not (k := crossing(below)) < len(column):
            out.append(float(never(len(column))))
        elif k == 0:
            out.append(0.0)
        else:
            out.append(k - 1 + between(column[k - 1], column[k], limit) + shift)
    return np.array(out)


def _fitted(norms, share):
    """One slope from the first to the last lag."""
    T = len(norms)
    return (T - 1) * np.log(share) / np.log(norms[-1] / norms[0])


def _regressed(norms, share):
    lags = np.arange(len(norms)) - (len(norms) - 1) / 2
    slopes = lags @ np.log(norms) / (lags @ lags)
    return np.log(share) / slopes


def _of_all(norms, share):
    """Where all but a share of the sum over the lags is reached."""
    part = np.cumsum(norms, axis=0) / norms.sum(axis=0)
    return np.argmax(part >= 1 - share, axis=0).astype(float)


def _length_cases(rng):
    cases = []
    for T, order in ((14, (0, 1, 2, 3, 4)), (12, (4, 2, 0, 1))):
        lags = np.arange(T)
        fading = np.exp(-rng.uniform(0.25, 0.5) * lags)
        bump = np.exp(-rng.uniform(0.5, 0.6) * lags) * (1 + rng.uniform(3.0, 4.0) * (lags == 1))
        rebound = np.exp(-rng.uniform(0.5, 0.6) * lags)
        rebound[8], rebound[9] = rng.uniform(0.5, 0.8, size=2)
        lasting = np.exp(-0.03 * lags) * rng.uniform(0.95, 1.05, size=T)
        quick = np.exp(-rng.uniform(2.5, 3.0) * lags)
        bent = np.exp(rng.uniform(-0.12, 0.12, size=(4, T)))  # no two lines between lags are the same
        kinds = [fading * bent[0], bump * bent[1], rebound * bent[2], lasting, quick * bent[3]]
        columns = [kinds[k] * 10 ** rng.uniform(-2.5, -1.5) for k in order]
        cases.append(Case((np.stack(columns, axis=1), float(rng.uniform(0.2, 0.3))), ("length",), steps=T))
    return cases


def _outside(args, out):
    lengths = out["length"]
    return float(np.maximum(lengths - len(args[0]) + 1, -lengths).max(initial=0))


MEMORY_LENGTH = Problem(
    name="ps8.memory_length",
    reference=memory_length,
    family=_length,
    cases=_length_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"length": ("net",)},
    invariants=(
        Invariant("between 0 and T − 1", _outside, "One of your lengths is below 0 or above T − 1. The lags that were measured are 0 … T − 1."),
    ),
    mistakes=(
        Mistake("whole lags, the first below", dict(between=lambda y0, y1, level: 1.0), "You return the first lag below the limit, a whole number. The crossing lies between it and the lag before: interpolate log norm."),
        Mistake("whole lags, the last above", dict(between=lambda y0, y1, level: 0.0), "You return the last lag above the limit, a whole number. The crossing lies between it and the next one: interpolate log norm."),
        Mistake("half-way", dict(between=lambda y0, y1, level: 0.5), "You put the crossing half-way between two lags. Interpolate log norm: how far down is the limit between the two?"),
        Mistake("norms interpolated", dict(between=lambda y0, y1, level: (y0 - level) / (y0 - y1)), "You interpolate the norms themselves. A gradient falls by a factor a lag, which is a straight line for its logarithm."),
        Mistake("interpolated from the other end", dict(between=lambda y0, y1, level: 1 - _by_logs(y0, y1, level)), "Your interpolation runs from the wrong end: it is counted from the lag before."),
        Mistake("share of the largest", dict(start=lambda column: column.max()), "Your limit is a share of the largest norm. Asked for is a share of the norm at lag 0, even where a later one is larger."),
        Mistake("share of the last", lambda norms, share: _length(norms, share, start=lambda column: column[-1]), "Your limit is a share of the last norm. Asked for is a share of the norm at lag 0."),
        Mistake("absolute limit", dict(start=lambda column: 1.0), "You compare the norms with share itself. Small gradients are not short memories: divide by the norm at lag 0."),
        Mistake("share lost", dict(level=lambda share: 1 - share), "You look for where a share has been lost. Asked for is where share is what is left."),
        Mistake("squared share", dict(level=lambda share: share**2), "Your limit is share². Norms are compared, not their squares."),
        Mistake("root of the share", dict(level=lambda share: share**0.5), "Your limit is √share: that is where the squared norm has fallen to share. Norms are compared."),
        Mistake("1/e in place of share", dict(level=lambda share: np.exp(-1)), "Your limit is 1/e of the start. Asked for is share."),
        Mistake("half in place of share", dict(level=lambda share: 0.5), "Your limit is half of the start. Asked for is share."),
        Mistake("last crossing", dict(crossing=_after_last_above), "You return the last crossing. Norms may rise again; asked for is the first lag at which the limit is reached."),
        Mistake("lags above counted", dict(crossing=lambda below: int((~below).sum()), between=lambda y0, y1, level: 1.0, never=lambda T: T), "You count the lags above the limit. Where the norm rises again, some of them come after the first crossing: stop there, and interpolate log norm."),
        Mistake("nearest lag", lambda norms, share: np.abs(norms - share * norms[0]).argmin(axis=0).astype(float), "You return the lag whose norm is nearest to the limit, a whole number. Find the first crossing and interpolate log norm."),
        Mistake("never is 0", dict(never=lambda T: 0), "Where the limit is never reached you return 0, the shortest memory. np.argmax of nothing but False is 0. Never reached means the longest length that was measured."),
        Mistake("never is T", dict(never=lambda T: T), "Where the limit is never reached you return T. The last lag measured is T − 1, as lags start at 0."),
        Mistake("lags from 1", dict(shift=1), "Your lengths are one lag too long where the limit is reached. Lags start at 0: norms[0] is lag 0."),
        Mistake("line from first to last", _fitted, "You draw a line from lag 0 to the last lag and go on along it. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("fitted line", _regressed, "You fit one rate to all lags. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("share of the sum", _of_all, "You look at the running sum over the lags. Asked for is the norm of a single lag compared with lag 0."),
    ),
    hints=(
        "Go down each column until the norm is at most share of its first entry. The crossing is between that lag and the one before.",
        "Work with y = ln(norms/norms[0]); the limit is ln share. A column that never gets there has the length T − 1.",
        "With k the first lag below: k − 1 + (y[k−1] − ln share)/(y[k−1] − y[k]), one number for each column.",
    ),
)  # fmt: skip
