"""Problem set 8 on recurrent nets: how far the gradient reaches, read off its norms by lag."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- memory_length ---------------------------------------------------------------------------------


def memory_length(norms, share):
    """First lag at which the norm has fallen to share · (norm at lag 0), log norm interpolated linearly.

    norms is (T, C), gradient norms by lag 0 … T − 1 for C nets. Where the share is never reached the length
    is T − 1. Returns (C,).
    """
    T, out = len(norms), []
    for column in norms.T:
        limit = share * column[0]
        below = column <= limit
        if not below.any():
            out.append(T - 1.0)
            continue
        k = np.argmax(below)
        above, under = column[k - 1], column[k]
        part = np.log(above / limit) / np.log(above / under)
        out.append(k - 1 + part)
    return np.array(out)


AT_ONCE = edit(
    "out.append(k - 1 + part)", "out.append(k - 1 + part if k else 0.0)"
)  # below the limit at lag 0


def _of_the_mean(norms, share):
    return np.full(norms.shape[1], memory_length(norms.mean(axis=1, keepdims=True), share))


def _fitted(norms, share):
    """One slope from the first to the last lag."""
    T = len(norms)
    return (T - 1) * np.log(share) / np.log(norms[-1] / norms[0])


def _regressed(norms, share):
    lags = np.arange(len(norms)) - (len(norms) - 1) / 2
    slopes = lags @ np.log(norms) / (lags @ lags)
    return np.log(share) / slopes


def _where_reached(length, inside=True):
    """length(norms, share) of all columns, T − 1 where the limit is never reached (and at most that)."""

    def formula(norms, share):
        out, last = length(norms, share), len(norms) - 1.0
        out = np.minimum(out, last) if inside else out
        return np.where((norms <= share * norms[0]).any(axis=0), out, last)

    return formula


def _interpolated(order):
    """np.interp over the whole curve; order makes it rise, or does not."""

    def formula(norms, share):
        lags, limits = np.arange(len(norms)), np.log(share * norms[0])
        columns = zip(limits, np.log(norms).T, strict=True)
        return np.array([np.interp(*order(limit, y, lags)) for limit, y in columns])

    return formula


def _of_all(norms, share):
    """Where all but a share of the sum over the lags is reached."""
    part = np.cumsum(norms, axis=0) / norms.sum(axis=0)
    return np.argmax(part >= 1 - share, axis=0).astype(float)


def _length_cases(rng):
    cases = []
    for T, order in ((14, (0, 1, 2, 3, 4, 5)), (12, (4, 2, 0, 1)), (11, (2,))):
        lags = np.arange(T)
        fading = np.exp(-rng.uniform(0.25, 0.5) * lags)
        bump = np.exp(-rng.uniform(0.5, 0.6) * lags) * (1 + rng.uniform(3.0, 4.0) * (lags == 1))
        rebound = np.exp(-rng.uniform(0.33, 0.38) * lags)
        rebound[4:6] *= 0.6
        rebound[6], rebound[7] = rng.uniform(0.5, 0.8, size=2)  # where a search by halves would look
        late = np.exp(-rng.uniform(0.5, 0.6) * lags)
        late[8], late[9] = rng.uniform(0.5, 0.8, size=2)
        lasting = np.exp(-0.03 * lags) * rng.uniform(0.95, 1.05, size=T)
        quick = np.exp(-rng.uniform(2.5, 3.0) * lags)
        bent = np.exp(rng.uniform(-0.12, 0.12, size=(5, T)))  # no two lines between lags are the same
        kinds = [
            fading * bent[0],
            bump * bent[1],
            rebound * bent[2],
            lasting,
            quick * bent[3],
            late * bent[4],
        ]
        columns = [kinds[k] * 10 ** rng.uniform(-2.5, -1.5) for k in order]
        cases.append(Case((np.stack(columns, axis=1), float(rng.uniform(0.2, 0.3))), ("length",), steps=T))
    return cases


def _outside(args, out):
    lengths = out["length"]
    return float(np.maximum(lengths - len(args[0]) + 1, -lengths).max(initial=0))


MEMORY_LENGTH = Problem(
    name="ps8.memory_length",
    reference=memory_length,
    cases=_length_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"length": ("net",)},
    invariants=(
        Invariant("between 0 and T − 1", _outside, "One of your lengths is below 0 or above T − 1. The lags that were measured are 0 … T − 1."),
    ),
    mistakes=(
        Mistake("whole lags, the first below", edit("np.log(above / limit) / np.log(above / under)", "1.0"), "You return the first lag below the limit, a whole number. The crossing lies between it and the lag before: interpolate log norm."),
        Mistake("whole lags, the last above", edit("np.log(above / limit) / np.log(above / under)", "0.0"), "You return the last lag above the limit, a whole number. The crossing lies between it and the next one: interpolate log norm."),
        Mistake("half-way", edit("np.log(above / limit) / np.log(above / under)", "0.5"), "You put the crossing half-way between two lags. Interpolate log norm: how far down is the limit between the two?"),
        Mistake("interpolated in the logarithm of the lag", edit("out.append(k - 1 + part)", "out.append((k - 1) ** (1 - part) * k**part)"), "You interpolate the logarithm of the lag as well. The lag runs evenly: only the norm has a logarithm."),
        Mistake("roots interpolated", edit("np.log(above / limit) / np.log(above / under)", "(above**0.5 - limit**0.5) / (above**0.5 - under**0.5)"), "You interpolate roots of the norms. A gradient falls by a factor a lag, which is a straight line for its logarithm."),
        Mistake("inverse norms interpolated", edit("np.log(above / limit) / np.log(above / under)", "(1 / limit - 1 / above) / (1 / under - 1 / above)"), "You interpolate 1/norm. A gradient falls by a factor a lag, which is a straight line for its logarithm."),
        Mistake("line from lag 0", edit("np.log(above / limit) / np.log(above / under)", "np.log(limit / column[0]) / np.log(under / column[0]) * k - k + 1"), "Your line starts at lag 0. It runs from the last lag above the limit to the first one below it."),
        Mistake("line of the next two lags", edit("above, under = column[k - 1], column[k]", "above, under = column[k - 1], column[k - 1] * column[min(k + 1, T - 1)] / column[min(k, T - 2)]"), "Your line has the slope of the lag after the crossing. It runs from the last lag above the limit to the first one below it."),
        Mistake("share of the interval in norms", edit("np.log(above / limit) / np.log(above / under)", "1 - limit / above"), "Between two lags you take the part that the norm has lost at the limit. Interpolate its logarithm: how far down is the limit between the two?"),
        Mistake("half a lag late", edit("k - 1 + part", "k - 0.5 + part"), "Your lengths are half a lag too long."),
        Mistake("rounded", edit("np.array(out)", "np.round(out)"), "You round to whole lags. The crossing lies between two of them."),
        Mistake("logarithms of two bases", edit("np.log(above / limit)", "np.log10(above / limit)"), "Your interpolation has logarithms of two bases. Any base will do, but the same one throughout."),
        Mistake("logarithms of two bases, the other way", edit("np.log(above / under)", "np.log10(above / under)"), "Your interpolation has logarithms of two bases. Any base will do, but the same one throughout."),
        Mistake("norms interpolated", edit("np.log(above / limit) / np.log(above / under)", "(above - limit) / (above - under)"), "You interpolate the norms themselves. A gradient falls by a factor a lag, which is a straight line for its logarithm."),
        Mistake("interpolated from the other end", edit("k - 1 + part", "k - part"), "Your interpolation runs from the wrong end: it is counted from the lag before."),
        Mistake("share of the largest", edit("column[0]", "column.max()") + AT_ONCE, "Your limit is a share of the largest norm. Asked for is a share of the norm at lag 0, even where a later one is larger."),
        Mistake("share of lag 1", edit("column[0]", "column[1]") + AT_ONCE, "Your limit is a share of the norm at lag 1. Asked for is a share of the norm at lag 0."),
        Mistake("share of the mean", edit("column[0]", "column.mean()") + AT_ONCE, "Your limit is a share of the mean norm. Asked for is a share of the norm at lag 0."),
        Mistake("share of the fall", edit("share * column[0]", "column.min() + share * (column[0] - column.min())"), "Your limit is a share of the way from the smallest norm up to lag 0. Asked for is a share of the norm at lag 0 itself."),
        Mistake("share of the lag before", edit("below = column <= limit", "below = np.append(False, column[1:] <= share * column[:-1])", "above, under", "limit = min(limit, column[k - 1])\n        above, under"), "You compare each norm with the lag before. Asked for is a share of the norm at lag 0.", alone=True),
        Mistake("share of the first net's", edit("column[0]", "norms[0, 0]") + AT_ONCE, "Your limit is the same for all nets. Each has a norm at lag 0 of its own."),
        Mistake("limit below all norms", edit("share * column[0]", "0.0"), "Your limit is below all of the norms, so every length is T − 1. Is it a share of the norm at lag 0?", alone=True),
        Mistake("absolute limit", edit("share * column[0]", "share") + AT_ONCE, "In your answer the limit is reached at once, at lag 0, as it would be if share itself were the limit. Small gradients are not short memories: the limit is share times the norm at lag 0."),
        Mistake("share lost", edit("share * column", "(1 - share) * column"), "You look for where a share has been lost. Asked for is where share is what is left."),
        Mistake("squared share", edit("share * column", "share**2 * column"), "Your limit is share². Norms are compared, not their squares."),
        Mistake("root of the share", edit("share * column", "share**0.5 * column"), "Your limit is √share: that is where the squared norm has fallen to share. Norms are compared."),
        Mistake("1/e in place of share", edit("share * column", "np.exp(-1) * column"), "Your limit is 1/e of the start. Asked for is share."),
        Mistake("half in place of share", edit("share * column", "0.5 * column"), "Your limit is half of the start. Asked for is share."),
        Mistake("last crossing", edit("not below.any()", "not below[-1]", "np.argmax(below)", "np.flatnonzero(~below)[-1] + 1"), "You return the last crossing. Norms may rise again; asked for is the first lag at which the limit is reached."),
        Mistake("second lag below", edit("np.argmax(below)", "np.flatnonzero(below)[:2][-1]"), "You take the second lag at which the norm is below the limit. Asked for is the first one.", alone=True),
        Mistake("last lag below", edit("np.argmax(below)", "np.flatnonzero(below)[-1]"), "You take the last lag at which the norm is below the limit, or the one where it is smallest. Asked for is the first one below."),
        Mistake("lags above counted", edit("np.argmax(below)", "(~below).sum()", "np.log(above / limit) / np.log(above / under)", "1.0", "T - 1.0", "float(T)"), "You count the lags above the limit. Where the norm rises again, some of them come after the first crossing: stop there, and interpolate log norm."),
        Mistake("lags above counted, interpolated", edit("np.argmax(below)", "max(1, (~below).sum())"), "You count the lags above the limit. Where the norm rises again, some of them come after the first crossing: stop there."),
        Mistake("search from lag 2", edit("np.argmax(below)", "np.argmax(below[2:]) + 2"), "Your search begins at lag 2. A quick net is below the limit at lag 1."),
        Mistake("np.interp, unsorted", _where_reached(_interpolated(lambda limit, y, lags: (-limit, -y, lags)), inside=False), "np.interp asks for a curve that only rises. Yours rises and falls, so it finds some crossing, not the first."),
        Mistake("np.interp, sorted", _where_reached(_interpolated(lambda limit, y, lags: (limit, np.sort(y), lags[::-1])), inside=False), "You sort the norms. A norm that rises again then moves to an earlier lag."),
        Mistake("nearest lag", lambda norms, share: np.abs(norms - share * norms[0]).argmin(axis=0).astype(float), "You return the lag whose norm is nearest to the limit, a whole number. Find the first crossing and interpolate log norm."),
        Mistake("never is 0", edit("T - 1.0", "0.0"), "Where the limit is never reached you return 0, the shortest memory. np.argmax of nothing but False is 0. Never reached means the longest length that was measured."),
        Mistake("never is T", edit("T - 1.0", "float(T)"), "Where the limit is never reached you return T. The last lag measured is T − 1, as lags start at 0."),
        Mistake("never is NaN", edit("T - 1.0", "np.nan"), "Where the limit is never reached you return NaN. Asked for is the last lag then."),
        Mistake("never is infinite", edit("T - 1.0", "np.inf"), "Where the limit is never reached you return infinity. Asked for is the last lag then."),
        Mistake("never is −1", edit("T - 1.0", "-1.0"), "Where the limit is never reached you return −1. Asked for is the last lag then."),
        Mistake("never is extrapolated", edit("T - 1.0", "T - 1 + np.log(column[-1] / limit) / np.log(column[-2] / column[-1])"), "Where the limit is never reached you go on along the last two lags. Asked for is the last lag then: farther was not measured."),
        Mistake("lags from 1", edit("k - 1 + part", "k + part"), "Your lengths are one lag too long where the limit is reached. Lags start at 0: norms[0] is lag 0."),
        Mistake("line from first to last", _fitted, "You draw a line from lag 0 to the last lag and go on along it. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("fitted line", _regressed, "You fit one rate to all lags. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("line from first to last, up to T − 1", _where_reached(_fitted), "You draw a line from lag 0 to the last lag. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("fitted line, up to T − 1", _where_reached(_regressed), "You fit one rate to all lags. Few memories fade evenly: find the two lags between which the limit lies."),
        Mistake("share of the sum", _of_all, "You look at the running sum over the lags. Asked for is the norm of a single lag compared with lag 0."),
        Mistake("share of the sum reached", lambda norms, share: np.argmax(np.cumsum(norms, axis=0) >= share * norms.sum(axis=0), axis=0).astype(float), "You look at the running sum over the lags. Asked for is the norm of a single lag compared with lag 0."),
        Mistake("one curve for all nets", _of_the_mean, "You average the norms over the nets and read one length off for all of them. Each column is a net of its own."),
    ),
    hints=(
        "Go down each column until the norm is at most share of its first entry. The crossing is between that lag and the one before.",
        "Work with y = ln(norms/norms[0]); the limit is ln share. A column that never gets there has the length T − 1.",
        "With k the first lag below, y falls by y[k−1] − y[k] from one lag to the next. Which part of that fall is it to ln share, and from where do you count?",
    ),
)  # fmt: skip
