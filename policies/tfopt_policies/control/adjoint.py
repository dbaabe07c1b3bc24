"""The twin and its gradient, compiled: every group flown forth and back on its own.

What `twin.Twin` and `net.PolicyNet` say in torch, with the adjoint written out: groups do not meet,
so each is flown over its minutes, its trajectory kept, and the gradient carried back through
service, boots, orders and the network. Twenty times faster on a processor than small tensors; the
tests hold it against torch's own gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.serving import SLOW_SHARE
from tfopt_sim.types import FloatArray

Weights = NDArray[np.float32]

BEYOND = (
    0.2  # weight of the slow share itself, so that a minute all of whose requests wait counts more
)
LIMITS = (-3.0, 3.0)  # of logarithms of the state among the features
STATE_FACTS = 5
RING = 48  # minutes: longer boots are taken as this long


class Constants(NamedTuple):
    """What stays the same of N groups; tables by service."""

    rate: FloatArray  # (N,) requests/s that one instance serves
    slow_s: FloatArray  # (N,)
    work_cv2: FloatArray  # (N,)
    largest: FloatArray  # (N,)
    near: NDArray[np.int64]  # (N,) minutes that count as soon
    number: NDArray[np.int64]  # (N,) row of the service in the tables
    tables: Weights  # (services, rows, cells + 1) share of slow requests
    ratio: FloatArray  # (services,) log of neighbouring sizes' ratio, beyond `every`
    delayed: FloatArray  # (services, points + 1)
    every: int  # sizes up to here have a row of their own


class Course(NamedTuple):
    """What M flights meet; T is the horizon."""

    rows: NDArray[np.int64]  # (M,) groups
    inputs: Weights  # (M, T, known facts): static and exogenous
    base: FloatArray  # (M, T + 1)
    rps: FloatArray  # (M, T + 1)
    boots: NDArray[np.int64]  # (M, T + 1) minutes
    first: FloatArray  # (M,) instances in service at the start
    by_cost: FloatArray  # (M,) what an instance-minute weighs in the objective
    by_harm: FloatArray  # (M,) what a minute weighs as it is bad
    warm_up: int


class Served(NamedTuple):
    """A minute's service and how it moves with instances (n), backlog (q) and load (l)."""

    backlog: float
    backlog_n: float
    backlog_q: float
    load: float
    load_n: float
    load_l: float
    share: float
    share_n: float
    share_q: float
    share_l: float


@compiled
def _settled(settling: float, utilisation: float, load: float) -> tuple[float, float, float, float]:
    """Return `serving.settled_load` and its slopes in settling, utilisation and load."""
    free = max(1.0 - utilisation, 1e-6)
    if load <= utilisation:
        if settling * free * free >= 1.0:
            return utilisation, 0.0, 1.0, 0.0
        empty = max(1.0 - load, 1e-6)
        reached = 1.0 / (empty * empty) + settling
        risen = 1.0 - 1.0 / np.sqrt(reached)
        if utilisation < risen:
            return utilisation, 0.0, 1.0, 0.0
        slope = 1.0 / (reached * np.sqrt(reached))
        return risen, 0.5 * slope, 0.0, slope / (empty * empty * empty)
    worn = settling * free * (1.0 - load)
    if worn > 30.0:
        return utilisation, 0.0, 1.0, 0.0
    left = np.exp(-worn)
    gap = (load - utilisation) * left
    by_use = 1.0 - left + (gap * settling * (1.0 - load) if utilisation < 1.0 else 0.0)
    return utilisation + gap, -gap * free * (1.0 - load), by_use, left + gap * settling * free


@compiled
def _table(
    constants: Constants, service: int, serving: float, load: float
) -> tuple[float, float, float]:
    """Return the share of slow requests without a backlog; its slopes in instances and load."""
    tables = constants.tables
    rows, last = tables.shape[1], tables.shape[2] - 2
    load = min(max(load, 0.0), 1.0)
    first, second, third = 16384.0 * load, 32.0 + 1024.0 * load, 80.0 + 256.0 * load
    place, slope = first, 16384.0
    if second < place:
        place, slope = second, 1024.0
    if third < place:
        place, slope = third, 256.0
    cell = min(int(place), last)
    part = place - cell
    if serving <= constants.every:
        row, by_size = serving - 1.0, 1.0
    else:
        ratio = constants.ratio[service]
        row = constants.every - 1 + np.log(serving / constants.every) / ratio
        by_size = 1.0 / (serving * ratio)
    if row < 0.0:
        row, by_size = 0.0, 0.0
    if row > rows - 1.001:
        row, by_size = rows - 1.001, 0.0
    whole = int(row)
    upper = row - whole
    a, b = tables[service, whole, cell], tables[service, whole, cell + 1]
    c, d = tables[service, whole + 1, cell], tables[service, whole + 1, cell + 1]
    low, high = a + part * (b - a), c + part * (d - c)
    by_load = slope * ((1.0 - upper) * (b - a) + upper * (d - c)) if load < 1.0 else 0.0
    return low + upper * (high - low), by_size * (high - low), by_load


@compiled
def _delayed_until(delayed: FloatArray, wait_s: float, slow_s: float) -> tuple[float, float]:
    """Return `serving._delayed_until` and its slope."""
    last = delayed.size - 1
    place = wait_s / slow_s * last
    if place >= last:
        return delayed[last] + wait_s - slow_s, 1.0
    cell = min(max(int(place), 0), last - 1)
    rise = delayed[cell + 1] - delayed[cell]
    return delayed[cell] + (place - cell) * rise, rise * last / slow_s


@compiled
def _share_delayed(
    delayed: FloatArray, slow_s: float, first_s: float, last_s: float
) -> tuple[float, float, float]:
    """Return `serving.share_delayed` and its slopes in the first and the last wait."""
    low, high = min(first_s, last_s), max(first_s, last_s)
    lifted = high < low + 1e-3 * slow_s
    if lifted:
        high = low + 1e-3 * slow_s
    upper, upper_slope = _delayed_until(delayed, high, slow_s)
    lower, lower_slope = _delayed_until(delayed, low, slow_s)
    share = (upper - lower) / (high - low)
    by_high = (upper_slope - share) / (high - low)
    by_low = (share - lower_slope) / (high - low)
    if lifted:
        by_low, by_high = (upper_slope - lower_slope) / (high - low), 0.0
    if first_s <= last_s:
        return share, by_low, by_high
    return share, by_high, by_low


@compiled
def _serve(
    constants: Constants, group: int, in_service: float, backlog: float, load: float, rps: float
) -> Served:
    """Serve a minute (`Twin._served`), with the slopes of all that it leaves."""
    service, unit, slow_s = (
        constants.number[group], constants.rate[group], constants.slow_s[group],
    )  # fmt: skip
    serving = max(in_service, 0.05)
    moves = 1.0 if in_service > 0.05 else 0.0
    rate = serving * unit
    use = rps / rate
    use_n = -use / serving
    settling = 60.0 * rate / constants.work_cv2[group]
    settled, by_settling, by_use, by_load = _settled(settling, use, load)
    settled_n = by_settling * settling / serving + by_use * use_n
    slow, slow_n, slow_load = _table(constants, service, serving, settled)
    share, share_n = slow, slow_n + slow_load * settled_n
    share_q, share_l = 0.0, slow_load * by_load
    arrivals, room = 60.0 * rps, 60.0 * rate
    left, left_n, left_q = backlog + arrivals - room, -60.0 * unit, 1.0
    if left <= 0.0:
        left, left_n, left_q = 0.0, 0.0, 0.0
    if backlog > 0.0 or use > 1.0:
        lasting, lasting_n, lasting_q = 1.0, 0.0, 0.0
        if left <= 0.0 and arrivals < room:
            free = max(room - arrivals, 1e-6)
            if backlog < free:
                lasting = backlog / free
                lasting_n, lasting_q = -lasting / free * 60.0 * unit, 1.0 / free
        first_s, last_s = backlog / rate, left / rate
        part, by_first, by_last = _share_delayed(
            constants.delayed[service], slow_s, first_s, last_s
        )
        part_n = by_first * -first_s / serving + by_last * (left_n / rate - last_s / serving)
        part_q = by_first / rate + by_last * left_q / rate
        late, late_n = lasting * part, lasting * part_n + lasting_n * part
        late_q = lasting * part_q + lasting_q * part
        share = late + (1.0 - late) * slow
        share_n = (1.0 - slow) * late_n + (1.0 - late) * share_n
        share_q, share_l = (1.0 - slow) * late_q, (1.0 - late) * share_l
    return Served(
        left, moves * left_n, left_q, settled, moves * settled_n, by_load,
        share, moves * share_n, share_q, share_l,
    )  # fmt: skip


@compiled
def harm(share: float) -> tuple[float, float]:
    """Return how bad a minute with a share of slow requests is, 0 to about 1, and its slope.

    A smooth count of bad minutes: a half where the share is at the limit, more the further beyond.
    """
    square, limit = share * share, SLOW_SHARE * SLOW_SHARE
    bad = square / (square + limit)
    return bad + BEYOND * share, 2.0 * share * limit / (square + limit) ** 2 + BEYOND


@compiled
def _fact(amount: float, base: float) -> tuple[float, float]:
    """Return a state's logarithm relative to the base, and its slope in the amount."""
    value = np.log((amount + 0.1) / base)
    if value <= LIMITS[0]:
        return LIMITS[0], 0.0
    if value >= LIMITS[1]:
        return LIMITS[1], 0.0
    return value, 1.0 / (amount + 0.1)


@compiled
def _network(
    x: Weights, w1: Weights, w2: Weights, w3: Weights, b: Weights, h1: Weights, h2: Weights
) -> float:
    """Return the output; `b` holds the biases one after another, `h1` and `h2` are written."""
    n1, n2 = w1.shape[1], w2.shape[1]
    for j in range(n1):
        h1[j] = b[j]
    for i in range(x.size):
        xi = x[i]
        for j in range(n1):
            h1[j] += xi * w1[i, j]
    for j in range(n1):
        h1[j] = np.tanh(h1[j])
    for j in range(n2):
        h2[j] = b[n1 + j]
    for i in range(n1):
        xi = h1[i]
        for j in range(n2):
            h2[j] += xi * w2[i, j]
    out = b[n1 + n2]
    for j in range(n2):
        h2[j] = np.tanh(h2[j])
        out += h2[j] * w3[j]
    return float(out)


class Kept(NamedTuple):
    """A flight's trajectory, by minute; T is the horizon."""

    x: Weights  # (T, features)
    slopes: FloatArray  # (T, STATE_FACTS): of the facts in the state
    h1: Weights  # (T, hidden)
    h2: Weights  # (T, hidden)
    state: FloatArray  # (T + 1, 3): in service, backlog, load, at the end of a minute
    pipes: FloatArray  # (T + 1, RING): [k] starts to serve in k + 1 minutes
    wanted: FloatArray  # (T,) before bounds and rounding
    out: FloatArray  # (T,) of the network
    moved: NDArray[np.int64]  # (T,) `_LAUNCHED`, `_IN_SERVICE`, or the place in the pipe cut last


_LAUNCHED, _IN_SERVICE = RING, -1
Parts = tuple[Weights, Weights, Weights, Weights]


@compiled
def _observe(constants: Constants, course: Course, m: int, t: int, kept: Kept) -> None:
    """Write down what the network sees at the end of minute `t`."""
    g, known = course.rows[m], course.inputs.shape[2]
    x, slopes, pipe = kept.x[t], kept.slopes[t], kept.pipes[t]
    n, q, base = kept.state[t, 0], kept.state[t, 1], course.base[m, t]
    booting, soon = 0.0, 0.0
    for k in range(RING):
        booting += pipe[k]
        if k < constants.near[g]:
            soon += pipe[k]
    for i in range(known):
        x[i] = course.inputs[m, t, i]
    x[known], slopes[0] = _fact(n, base)
    x[known + 1], slopes[1] = _fact(n + booting, base)
    x[known + 2], slopes[2] = _fact(n + soon, base)
    rate = max(n, 0.05) * constants.rate[g]
    waiting, use = q / (60.0 * rate), course.rps[m, t] / rate
    x[known + 3] = np.log1p(min(waiting, 100.0))
    slopes[3] = 1.0 / (1.0 + waiting) if waiting < 100.0 else 0.0
    x[known + 4] = min(use, 3.0)
    slopes[4] = 1.0 if use < 3.0 else 0.0


@compiled
def _order(course: Course, m: int, t: int, order: float, kept: Kept) -> float:
    """Bring the group to `order` instances (`Twin._ordered`); return those in service."""
    n, before, after = kept.state[t, 0], kept.pipes[t], kept.pipes[t + 1]
    booting = 0.0
    for k in range(RING):
        after[k] = before[k]
        booting += before[k]
    change = order - n - booting
    kept.moved[t] = _LAUNCHED
    if change > 0.0:
        after[min(course.boots[m, t], RING - 1)] += change
    elif change < 0.0:
        down = -change
        kept.moved[t] = _IN_SERVICE
        for k in range(RING - 1, -1, -1):
            if after[k] >= down:
                after[k] -= down
                down = 0.0
                kept.moved[t] = k
                break
            down -= after[k]
            after[k] = 0.0
        n -= down
    return float(n)


@compiled
def _join(n: float, pipe: FloatArray) -> tuple[float, float]:
    """Let the pipe move on by a minute; return what is billed and what is in service then."""
    billed = n
    for k in range(RING):
        billed += pipe[k]
    n += pipe[0]
    for k in range(RING - 1):
        pipe[k] = pipe[k + 1]
    pipe[RING - 1] = 0.0
    return billed, n


@compiled
def _forth(
    constants: Constants,
    course: Course,
    weights: Parts,
    bounds: tuple[float, float],
    whole: bool,
    m: int,
    kept: Kept,
) -> tuple[float, float]:
    """Fly course `m`, keep its trajectory; return instance-minutes and harm after the warm-up."""
    w1, w2, w3, b = weights
    g = course.rows[m]
    largest, state = constants.largest[g], kept.state
    n = min(course.first[m], largest)
    served = _serve(constants, g, n, 0.0, 0.0, course.rps[m, 0])
    state[0, 0], state[0, 1], state[0, 2] = n, served.backlog, served.load
    kept.pipes[0, :] = 0.0
    instance_minutes, harmed = 0.0, 0.0
    for t in range(course.inputs.shape[1]):
        _observe(constants, course, m, t, kept)
        out = _network(kept.x[t], w1, w2, w3, b, kept.h1[t], kept.h2[t])
        wanted = course.base[m, t] * np.exp(min(max(out, bounds[0]), bounds[1]))
        kept.out[t], kept.wanted[t] = out, wanted
        order = min(max(wanted, 0.5), largest)
        if whole:
            order = np.ceil(order - 1e-6)
        n = _order(course, m, t, order, kept)
        billed, n = _join(n, kept.pipes[t + 1])
        served = _serve(constants, g, n, state[t, 1], state[t, 2], course.rps[m, t + 1])
        state[t + 1, 0], state[t + 1, 1], state[t + 1, 2] = n, served.backlog, served.load
        if t >= course.warm_up:
            instance_minutes += billed
            harmed += harm(served.share)[0]
    return instance_minutes, harmed


@compiled
def _back_through_orders(
    course: Course, m: int, t: int, kept: Kept, gn: float, gpipe: FloatArray
) -> tuple[float, float]:
    """Carry slopes back over what was ordered; return those in what was wanted and in service."""
    kind = kept.moved[t]
    if kind == _LAUNCHED:  # or nothing changed: the pipe grows by what is missing
        gwant = gpipe[min(course.boots[m, t], RING - 1)]
        for k in range(RING):
            gpipe[k] -= gwant
        return float(gwant), gn - gwant
    if kind == _IN_SERVICE:
        gpipe[:] = 0.0
        return gn, 0.0
    gwant = gpipe[kind]
    for k in range(RING):
        gpipe[k] = gpipe[k] - gwant if k < kind else 0.0
    return float(gwant), gn - gwant


@compiled
def _back_through_network(
    x: Weights,
    h1: Weights,
    h2: Weights,
    weights: Parts,
    gradients: Parts,
    gout: float,
    gfacts: FloatArray,
) -> None:
    """Add the weights' slopes; write those in the facts of the state."""
    _, w2, w3, _ = weights
    w1 = weights[0]
    g1, g2, g3, gb = gradients
    n1, n2, known = h1.size, h2.size, x.size - gfacts.size
    d1, d2 = np.empty(n1, np.float32), np.empty(n2, np.float32)
    gb[n1 + n2] += gout
    for j in range(n2):
        g3[j] += gout * h2[j]
        d2[j] = gout * w3[j] * (1.0 - h2[j] * h2[j])
        gb[n1 + j] += d2[j]
    for i in range(n1):
        hi, total = h1[i], np.float32(0.0)
        for j in range(n2):
            g2[i, j] += hi * d2[j]
            total += w2[i, j] * d2[j]
        d1[i] = total * (1.0 - hi * hi)
        gb[i] += d1[i]
    for i in range(x.size):
        xi, total = x[i], np.float32(0.0)
        for j in range(n1):
            g1[i, j] += xi * d1[j]
        if i >= known:
            for j in range(n1):
                total += w1[i, j] * d1[j]
            gfacts[i - known] = total


@compiled
def _back_through_facts(
    constants: Constants,
    course: Course,
    m: int,
    t: int,
    kept: Kept,
    gfacts: FloatArray,
    gpipe: FloatArray,
) -> tuple[float, float]:
    """Add what the facts of the state pass on to the pipe; return the rest, in service, backlog."""
    g, slopes = course.rows[m], kept.slopes[t]
    n, q = kept.state[t, 0], kept.state[t, 1]
    capacity, soon = gfacts[1] * slopes[1], gfacts[2] * slopes[2]
    for k in range(RING):
        gpipe[k] += capacity
    for k in range(constants.near[g]):
        gpipe[k] += soon
    rate = max(n, 0.05) * constants.rate[g]
    waiting, use = gfacts[3] * slopes[3] / (60.0 * rate), gfacts[4] * slopes[4] / rate
    gn = gfacts[0] * slopes[0] + capacity + soon
    if n > 0.05:
        gn -= (waiting * q + use * course.rps[m, t]) / n
    return gn, waiting


@compiled
def _back(
    constants: Constants,
    course: Course,
    weights: Parts,
    bounds: tuple[float, float],
    m: int,
    kept: Kept,
    gradients: Parts,
) -> None:
    """Carry the objective's slopes back over the kept flight `m` into `gradients`."""
    g = course.rows[m]
    largest, state = constants.largest[g], kept.state
    gn, gq, gload = 0.0, 0.0, 0.0
    gpipe, gfacts = np.zeros(RING), np.empty(STATE_FACTS)
    for t in range(course.inputs.shape[1] - 1, -1, -1):
        rps = course.rps[m, t + 1]
        served = _serve(constants, g, state[t + 1, 0], state[t, 1], state[t, 2], rps)
        counts = 1.0 if t >= course.warm_up else 0.0
        gshare = counts * course.by_harm[m] * harm(served.share)[1]
        gn += gshare * served.share_n + gq * served.backlog_n + gload * served.load_n
        gbacklog = gshare * served.share_q + gq * served.backlog_q
        gload = gshare * served.share_l + gload * served.load_l
        gbilled = counts * course.by_cost[m]
        for k in range(RING - 1, 0, -1):
            gpipe[k] = gpipe[k - 1] + gbilled
        gpipe[0] = gn + gbilled
        gwant, gn = _back_through_orders(course, m, t, kept, gn + gbilled, gpipe)
        inside = 0.5 < kept.wanted[t] < largest and bounds[0] < kept.out[t] < bounds[1]
        gout = gwant * kept.wanted[t] if inside else 0.0
        _back_through_network(kept.x[t], kept.h1[t], kept.h2[t], weights, gradients, gout, gfacts)
        more, waiting = _back_through_facts(constants, course, m, t, kept, gfacts, gpipe)
        gn, gq = gn + more, gbacklog + waiting


@compiled
def fly(
    constants: Constants,
    course: Course,
    weights: Parts,
    bounds: tuple[float, float],
    whole: bool,
    span: tuple[int, int],
    gradients: Parts,
    totals: FloatArray,
    most: float = np.inf,
) -> float:
    """Fly some courses forth and back; add the objective's gradient to `gradients`.

    Args:
        constants: of the groups.
        course: what is met.
        weights: first, second (matrices), third layer (vector) and all biases.
        bounds: of log(capacity ÷ base).
        whole: whether orders are rounded up; the gradient looks through that.
        span: the courses from the first up to (not with) the second.
        gradients: added to, shapes of `weights`.
        totals: written, (M, 2): instance-minutes and `harm` after the warm-up, summed.
        most: norm at which a flight's own gradient is cut: one that went through a long overload
            would else decide the update alone, and lead it astray.

    Returns:
        the objective, Σ by_cost · billed + by_harm · harm.
    """
    horizon, features = course.inputs.shape[1], weights[0].shape[0]
    kept = Kept(
        np.empty((horizon, features), np.float32),
        np.empty((horizon, STATE_FACTS)),
        np.empty((horizon, weights[0].shape[1]), np.float32),
        np.empty((horizon, weights[1].shape[1]), np.float32),
        np.empty((horizon + 1, 3)),
        np.empty((horizon + 1, RING)),
        np.empty(horizon),
        np.empty(horizon),
        np.empty(horizon, np.int64),
    )
    own = (
        np.empty_like(weights[0]),
        np.empty_like(weights[1]),
        np.empty_like(weights[2]),
        np.empty_like(weights[3]),
    )
    objective = 0.0
    for m in range(span[0], span[1]):
        billed, harmed = _forth(constants, course, weights, bounds, whole, m, kept)
        totals[m, 0], totals[m, 1] = billed, harmed
        objective += course.by_cost[m] * billed + course.by_harm[m] * harmed
        own[0][:], own[1][:], own[2][:], own[3][:] = 0.0, 0.0, 0.0, 0.0
        _back(constants, course, weights, bounds, m, kept, own)
        _add(own, gradients, most)
    return objective


@compiled
def _add(own: Parts, gradients: Parts, most: float) -> None:
    """Add a flight's gradient, its norm cut at `most`; one that is not finite is left out."""
    g1, g2, g3, gb = own
    square = 0.0
    for i in range(g1.shape[0]):
        for j in range(g1.shape[1]):
            square += float(g1[i, j]) ** 2
    for i in range(g2.shape[0]):
        for j in range(g2.shape[1]):
            square += float(g2[i, j]) ** 2
    for i in range(g3.size):
        square += float(g3[i]) ** 2
    for i in range(gb.size):
        square += float(gb[i]) ** 2
    if not np.isfinite(square):
        return
    scale = np.float32(min(1.0, most / max(np.sqrt(square), 1e-30)))
    gradients[0][:] += scale * g1
    gradients[1][:] += scale * g2
    gradients[2][:] += scale * g3
    gradients[3][:] += scale * gb
