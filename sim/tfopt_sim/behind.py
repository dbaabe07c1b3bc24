"""Finds what is before the requests that meet a backlog, and how long it keeps them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.tables import Service
from tfopt_sim.types import FloatArray

PIECES = 8  # a minute with a backlog is cut into so many stretches of one wait each
_PLACES = (np.arange(PIECES) + 0.5) / PIECES  # in the minute
_ALIKE = 1.1  # queues that differ by less are one kind: weeks of overload have a few dozen


class Behind(NamedTuple):
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


def in_one_queue(
    rate: FloatArray, backlog: FloatArray, rps: FloatArray, timeout_s: float
) -> Behind:
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
    return Behind(
        minute,
        np.ones(minute.size),
        first,
        last,
        np.clip(moves, 1e-12, 1.0),
        np.where(full, lost, 0.0),
    )


def along(behind: Behind) -> FloatArray:
    """Return what is before the requests over their minute, shape (entries, 8)."""
    part = np.minimum(_PLACES / behind.stretch[:, None], 1.0)
    return np.asarray(behind.first[:, None] + (behind.last - behind.first)[:, None] * part)


def waits_in_turn(rate: FloatArray, behind: Behind) -> FloatArray:
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
    wanted = known + along(behind)
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
        the columns of `Behind`, in seconds, shape (entries, 6).
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


def apart(
    service: Service, in_service: NDArray[np.int64], rps: FloatArray, timeout_s: float
) -> Behind:
    """Return what is before the requests that find a backlog, each in an instance's own queue."""
    serving = np.flatnonzero(in_service > 0)
    wakes = np.append(serving, rps.size)[np.searchsorted(serving, np.arange(rps.size))]
    sizes = np.append(in_service, [max(1, int(in_service.max()))])
    columns = _in_own_queues(service, sizes, rps, wakes, timeout_s).T
    return Behind(columns[0].astype(np.int64), *columns[1:])
