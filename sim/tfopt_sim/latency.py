"""Finds percentiles of the response time over a whole period, all requests weighed alike."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.queueing import service_points, service_tail
from tfopt_sim.serving import settled_load
from tfopt_sim.tables import CELLS, MEMORY_S, Service, full_utilisation, hurried_tail, queue_wait
from tfopt_sim.types import FloatArray
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share

_PIECES = 8  # a minute with a backlog is cut into so many stretches of one wait each
_PLACES = (np.arange(_PIECES) + 0.5) / _PIECES  # in the minute
_ALIKE = 1.1  # queues that differ by less are one kind: weeks of overload have a few dozen
_BACKLOG_MEMORY_S = 60.0  # the queue that builds up beside the fluid backlog within its minute


class _Requests(NamedTuple):
    """Requests that met the same conditions, one entry each; arrays of one length."""

    weight: FloatArray  # how many
    size: NDArray[np.int64]  # instances in service
    utilisation: FloatArray
    behind_s: FloatArray  # wait behind a backlog, on top of the queue's own


class _GivenUp(NamedTuple):
    """Requests that left at their time-out, which count as having taken so long."""

    requests: float
    timeout_s: float


class _Behind(NamedTuple):
    """Requests of one minute behind a backlog, or that nobody serves; arrays of one length.

    What is before them moves in a line over the first part of the minute, then stays.
    """

    minute: NDArray[np.int64]
    share: FloatArray  # of the minute's requests
    first: FloatArray  # at the start of the minute: requests, or seconds where queues are apart
    last: FloatArray  # at its end
    stretch: FloatArray  # part of the minute in which it moves
    lost: FloatArray  # share of them that leaves at the time-out


class _Queues(NamedTuple):
    """Queues of instances that joined together, the longest and first to join first."""

    wait_s: FloatArray
    members: NDArray[np.int64]  # instances


class _Waits(NamedTuple):
    """How the requests of each entry wait in their queue (`Wait`), one row each."""

    waiting: FloatArray
    rate: FloatArray
    exponents: FloatArray


@compiled
def _waits(service: Service, fit: FloatArray, requests: _Requests) -> _Waits:
    """Return how the requests of each entry wait, beside the backlog."""
    entries = requests.weight.size
    waits = _Waits(np.empty(entries), np.empty(entries), np.empty((entries, KNOTS.size)))
    for k in range(entries):
        memory_s = _BACKLOG_MEMORY_S if requests.behind_s[k] > 0.0 else MEMORY_S
        full = full_utilisation(service, requests.size[k], memory_s)
        utilisation = min(requests.utilisation[k], full)
        wait = queue_wait(service, fit, requests.size[k], utilisation, waits.exponents[k])
        waits.waiting[k], waits.rate[k] = wait.waiting, wait.rate
    return waits


@compiled
def _slower(
    t_s: float, service: Service, requests: _Requests, waits: _Waits, given_up: _GivenUp
) -> float:
    """Return how many requests take longer than `t_s`.

    Nobody waits longer than the time-out, so beyond it lies at most the service after it.
    """
    mean_s, cv2 = service.mean_s, service.cv2
    points, weights = service_points(t_s, mean_s, cv2)
    alone = service_tail(t_s, mean_s, cv2)
    most, total = 1.0, given_up.requests
    if t_s >= given_up.timeout_s:
        most, total = service_tail(t_s - given_up.timeout_s, mean_s, cv2), 0.0
    for k in range(requests.weight.size):
        wait = Wait(waits.waiting[k], waits.rate[k], waits.exponents[k])
        left_s = t_s - requests.behind_s[k]
        if left_s <= 0.0:
            total += requests.weight[k] * most
        elif left_s == t_s:
            late, _ = late_share(t_s, wait, points, weights)
            hurried = hurried_tail(service, requests.utilisation[k], t_s)
            share = hurried + wait.waiting * (alone - hurried) + late
            total += requests.weight[k] * min(most, share)
        else:
            own_points, own_weights = service_points(left_s, mean_s, cv2)
            late, _ = late_share(left_s, wait, own_points, own_weights)
            total += requests.weight[k] * min(most, service_tail(left_s, mean_s, cv2) + late)
    return total


@compiled
def _percentile(
    wanted: float, service: Service, fit: FloatArray, requests: _Requests, given_up: _GivenUp
) -> float:
    """Bisect for the response time that `wanted` requests exceed, to one part in 10⁵."""
    waits = _waits(service, fit, requests)
    low, high = 0.0, service.mean_s
    while _slower(high, service, requests, waits, given_up) > wanted:
        low, high = high, 2.0 * high
    while high - low > 1e-5 * high:
        middle = 0.5 * (low + high)
        if _slower(middle, service, requests, waits, given_up) > wanted:
            low = middle
        else:
            high = middle
    return high


@compiled
def _loads(service: Service, in_service: NDArray[np.int64], rps: FloatArray) -> FloatArray:
    """Return the load that each minute's queue is in, by the recursion of `serving.serve`."""
    loads, load = np.zeros(rps.size), 0.0
    capacity_rps = service.servers / service.mean_s
    for t in range(rps.size):
        if in_service[t] > 0:
            utilisation = rps[t] / (in_service[t] * capacity_rps)
            queue_rps = capacity_rps * (in_service[t] if service.pooled else 1)
            load = settled_load(60.0 * queue_rps / (1.0 + service.cv2), utilisation, load)
        else:
            load = 0.0
        loads[t] = load
    return loads


def _unhindered(size: NDArray[np.int64], load: FloatArray, requests: FloatArray) -> _Requests:
    """Return the requests of minutes without a backlog, alike ones together."""
    cell = np.minimum((load * CELLS).astype(np.int64), CELLS - 1)
    keys, place = np.unique(size * CELLS + cell, return_inverse=True)
    mean_load = np.bincount(place, weights=load) / np.maximum(np.bincount(place), 1)
    return _Requests(
        weight=np.bincount(place, weights=requests).astype(np.float64),
        size=keys // CELLS,
        utilisation=mean_load,
        behind_s=np.zeros(keys.size),
    )


def _in_one_queue(
    rate: FloatArray, backlog: FloatArray, rps: FloatArray, timeout_s: float
) -> _Behind:
    """Return what is before the requests of the group's one queue.

    Args:
        rate: requests/s that each minute can serve.
        backlog: requests left at the end of each minute.
        rps: demand of each minute.
        timeout_s: clients leave after; some do where the queue is as long as that.
    """
    before = np.concatenate(([0.0], backlog[:-1]))
    minute = np.flatnonzero((before > 0) | (backlog > 0) | (rate == 0))
    first, last, arrivals = before[minute], backlog[minute], 60.0 * rps[minute]
    growth = arrivals - 60.0 * rate[minute]
    moves = np.divide(last - first, growth, out=np.ones_like(first), where=growth != 0.0)
    lost = np.clip((first + growth - last) / np.maximum(arrivals, 1e-12), 0.0, 1.0)
    full = (rate[minute] > 0) & (last > 0.999 * timeout_s * np.maximum(rate[minute], 1e-12))
    return _Behind(
        minute,
        np.ones(minute.size),
        first,
        last,
        np.clip(moves, 1e-12, 1.0),
        np.where(full, lost, 0.0),
    )


def _along(behind: _Behind) -> FloatArray:
    """Return what is before the requests over their minute, shape (entries, 8)."""
    part = np.minimum(_PLACES / behind.stretch[:, None], 1.0)
    return np.asarray(behind.first[:, None] + (behind.last - behind.first)[:, None] * part)


def _waits_in_turn(rate: FloatArray, behind: _Behind) -> FloatArray:
    """Return the waits in one queue that all instances serve, later ones too.

    A request starts once what the group can serve from its arrival on is what was before it.

    Args:
        rate: requests/s that each minute can serve. After the last, its rate goes on; where that
            is 0, the best of all.
        behind: requests before those of interest.
    """
    rates = np.append(rate, rate[-1] if rate[-1] > 0 else np.max(rate, initial=0.0) or 1.0)
    served = np.concatenate(([0.0], np.cumsum(60.0 * rate)))  # when each minute begins
    arrival = behind.minute[:, None] + _PLACES  # minutes
    known = served[behind.minute][:, None] + 60.0 * _PLACES * rate[behind.minute][:, None]
    wanted = known + _along(behind)
    minute = np.searchsorted(served, wanted, side="right") - 1
    start = minute + (wanted - served[minute]) / (60.0 * rates[minute])
    return np.asarray(60.0 * np.maximum(start - arrival, 0.0))


@compiled
def _resize(queues: _Queues, kinds: int, size: int) -> int:
    """Let instances join with empty queues, or leave, first come first; return the kinds then."""
    more = size - queues.members[:kinds].sum()
    if more > 0:
        queues.wait_s[kinds], queues.members[kinds] = 0.0, more
        return kinds + 1
    for k in range(kinds):
        leaving = min(-more, queues.members[k])
        queues.members[k] -= leaving
        more += leaving
    return kinds


@compiled
def _grow(
    queues: _Queues, kinds: int, minute: int, utilisation: float, timeout_s: float, rows: FloatArray
) -> tuple[int, int]:
    """Serve a minute and write a row of each kind with a backlog.

    Returns:
        (the kinds then, those with queues alike together; rows).
    """
    growth = 60.0 * (utilisation - 1.0)
    size = queues.members[:kinds].sum()
    kept, count = 0, 0
    for k in range(kinds):
        first, members = queues.wait_s[k], queues.members[k]
        last = min(max(first + growth, 0.0), timeout_s)
        if members > 0 and (first > 0.0 or last > 0.0):
            stretch = (last - first) / growth if growth != 0.0 else 1.0
            lost = max(first + growth - timeout_s, 0.0) / max(60.0 * utilisation, 1e-12)
            row = rows[count]
            row[0], row[1], row[2], row[3] = minute, members / size, first, last
            row[4], row[5] = max(stretch, 1e-12), min(lost, 1.0)
            count += 1
        if kept > 0 and queues.wait_s[kept - 1] <= _ALIKE * last:
            both = queues.members[kept - 1] + members
            queues.wait_s[kept - 1] += (last - queues.wait_s[kept - 1]) * members / both
            queues.members[kept - 1] = both
        elif members > 0:
            queues.wait_s[kept], queues.members[kept] = last, members
            kept += 1
    return kept, count


@compiled
def _in_own_queues(
    service: Service,
    in_service: NDArray[np.int64],
    rps: FloatArray,
    wakes: NDArray[np.int64],
    timeout_s: float,
) -> FloatArray:
    """Return the waits behind the backlogs of queues that each instance has for itself.

    Instances that joined together stay alike: theirs is the queue of a fluid that moves with the
    load of an instance, not below zero nor beyond the time-out. Requests that come while nobody
    serves wait for the next to do so, evenly shared.

    Args:
        service: of one instance.
        in_service: instances of each minute and one more, shape (T + 1,).
        rps: demand of each minute, shape (T,).
        wakes: minute in which somebody serves again, for each, T if none.
        timeout_s: clients leave after.

    Returns:
        the columns of `_Behind`, in seconds, shape (entries, 6).
    """
    capacity_rps = service.servers / service.mean_s
    rows, count, kinds, waiting = np.empty((rps.size + 64, 6)), 0, 0, 0.0
    queues = _Queues(np.empty(rps.size + 1), np.empty(rps.size + 1, np.int64))
    for t in range(rps.size):
        if rows.shape[0] < count + kinds + 1:
            rows = np.concatenate((rows, np.empty((rows.shape[0] + kinds + 1, 6))))
        rate_rps = in_service[wakes[t]] * capacity_rps
        if wakes[t] > t:
            idle_s = 60.0 * (wakes[t] - t)
            row, kinds = rows[count], 0
            row[0], row[1], row[2] = t, 1.0, idle_s + waiting / rate_rps
            waiting += 60.0 * rps[t]
            row[3], row[4], row[5] = idle_s - 60.0 + waiting / rate_rps, 1.0, 0.0
            count += 1
            continue
        kinds = _resize(queues, kinds, in_service[t])
        if waiting > 0.0:
            queues.wait_s[0], waiting = min(waiting / rate_rps, timeout_s), 0.0
        utilisation = rps[t] / rate_rps
        kinds, more = _grow(queues, kinds, t, utilisation, timeout_s, rows[count:])
        count += more
    return rows[:count]


def _apart(
    service: Service, in_service: NDArray[np.int64], rps: FloatArray, timeout_s: float
) -> _Behind:
    """Return what is before the requests that find a backlog, each in an instance's own queue."""
    serving = np.flatnonzero(in_service > 0)
    wakes = np.append(serving, rps.size)[np.searchsorted(serving, np.arange(rps.size))]
    sizes = np.append(in_service, [max(1, int(in_service.max()))])
    columns = _in_own_queues(service, sizes, rps, wakes, timeout_s).T
    return _Behind(columns[0].astype(np.int64), *columns[1:])


def _hindered(
    behind: _Behind,
    waits_s: FloatArray,
    load: FloatArray,
    queue: NDArray[np.int64],
    rps: FloatArray,
    timeout_s: float,
) -> tuple[_Requests, _GivenUp]:
    """Return the requests that find a backlog, or nobody who serves, and those who leave.

    Args:
        behind: what is before them.
        waits_s: over their minute, shape (entries, 8).
        load: demand on what can be served, of each minute.
        queue: instances that serve one queue, of each minute.
        rps: demand of each minute.
        timeout_s: clients leave after.
    """
    weight = np.repeat((60.0 * rps[behind.minute] * behind.share)[:, None] / _PIECES, _PIECES, 1)
    # the fluid of an overload waits for just the time-out, which some of it bears
    stays = (waits_s <= 1.001 * timeout_s) * (1.0 - behind.lost[:, None])
    requests = _alike_together(
        weight=(weight * stays).ravel(),
        size=np.repeat(np.maximum(queue[behind.minute], 1), _PIECES),
        utilisation=np.repeat(load[behind.minute], _PIECES),
        behind_s=np.minimum(waits_s, timeout_s).ravel(),
    )
    return requests, _GivenUp(float((weight * (1.0 - stays)).sum()), timeout_s)


def _alike_together(
    weight: FloatArray, size: NDArray[np.int64], utilisation: FloatArray, behind_s: FloatArray
) -> _Requests:
    """Return the requests with those together that wait alike, to 3 %, on groups as busy.

    Weeks of overload are some hundred kinds of waits; a mean stands for each.
    """
    load = (np.minimum(utilisation, 1.0) * 8.0).astype(np.int64)  # the wait is mostly the backlog
    wait = (np.log1p(behind_s / 1e-3) * 32.0).astype(np.int64)
    kinds = (size * 9 + load) * 4096 + wait  # a wait of 10⁵² s would not fit
    _, first, place = np.unique(kinds, return_index=True, return_inverse=True)
    count = np.bincount(place)
    return _Requests(
        weight=np.bincount(place, weights=weight).astype(np.float64),
        size=size[first],
        utilisation=np.bincount(place, weights=utilisation) / count,
        behind_s=np.bincount(place, weights=behind_s) / count,
    )


def percentile_ms(
    service: Service,
    in_service: NDArray[np.int64],
    backlog: FloatArray,
    rps: FloatArray,
    share: float = 0.01,
    timeout_s: float = math.inf,
) -> float:
    """Return the response time that `share` of all requests of a trajectory exceed.

    Args:
        service: of one instance.
        in_service: instances per minute, shape (T,).
        backlog: requests left at the end of each minute, shape (T,).
        rps: demand per minute, shape (T,).
        share: 0.01 for p99.
        timeout_s: clients leave after waiting so long; they count as having taken it.

    Returns:
        milliseconds; 0 where there are no requests. After the trajectory the last minute's
        instances go on; where there are none, as many as in the fullest minute.
    """
    if not rps.any():
        return 0.0
    rate = np.asarray(in_service * service.capacity_rps, dtype=np.float64)
    if service.pooled:
        behind = _in_one_queue(rate, backlog, rps, timeout_s)
        waits_s, queue = _waits_in_turn(rate, behind), in_service
    else:
        behind = _apart(service, in_service, rps, timeout_s)
        waits_s, queue = _along(behind), np.ones_like(in_service)
    load = rps / np.maximum(rate, 1e-12)
    hindered, given_up = _hindered(behind, waits_s, load, queue, rps, timeout_s)
    rest = rps * (1.0 - np.bincount(behind.minute, behind.share, rps.size))
    free = rest > 1e-9 * rps
    loads = _loads(service, in_service, rps)
    parts = (_unhindered(in_service[free], loads[free], 60.0 * rest[free]), hindered)
    together = _Requests(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    wanted = share * 60.0 * rps.sum()
    fit = fitted(service.cv2)
    return 1000.0 * _percentile(wanted, service, fit, together, given_up)
