"""Finds percentiles of the response time over a whole period, all requests weighed alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.queueing import service_points, service_tail
from tfopt_sim.serving import carrying, carrying_after, settled_load
from tfopt_sim.tables import CELLS, MEMORY_S, Service, full_utilisation, hurried_tail, queue_wait
from tfopt_sim.types import FloatArray
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share

_PIECES = 8  # a minute with a backlog is cut into so many stretches of one wait each
_BACKLOG_MEMORY_S = 60.0  # the queue that builds up beside the fluid backlog within its minute


class _Requests(NamedTuple):
    """Requests that met the same conditions, one entry each; arrays of one length."""

    weight: FloatArray  # how many
    size: NDArray[np.int64]  # instances in service
    utilisation: FloatArray
    behind_s: FloatArray  # wait behind a backlog, on top of the queue's own


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
def _slower(t_s: float, service: Service, requests: _Requests, waits: _Waits) -> float:
    """Return how many requests take longer than `t_s`."""
    mean_s, cv2 = service.mean_s, service.cv2
    points, weights = service_points(t_s, mean_s, cv2)
    alone = service_tail(t_s, mean_s, cv2)
    total = 0.0
    for k in range(requests.weight.size):
        wait = Wait(waits.waiting[k], waits.rate[k], waits.exponents[k])
        left_s = t_s - requests.behind_s[k]
        if left_s <= 0.0:
            total += requests.weight[k]
        elif left_s == t_s:
            late, _ = late_share(t_s, wait, points, weights)
            hurried = hurried_tail(service, requests.utilisation[k], t_s)
            share = hurried + wait.waiting * (alone - hurried) + late
            total += requests.weight[k] * min(1.0, share)
        else:
            own_points, own_weights = service_points(left_s, mean_s, cv2)
            late, _ = late_share(left_s, wait, own_points, own_weights)
            total += requests.weight[k] * min(1.0, service_tail(left_s, mean_s, cv2) + late)
    return total


@compiled
def _percentile(wanted: float, service: Service, fit: FloatArray, requests: _Requests) -> float:
    """Bisect for the response time that `wanted` requests exceed, to one part in 10⁵."""
    waits = _waits(service, fit, requests)
    low, high = 0.0, service.mean_s
    while _slower(high, service, requests, waits) > wanted:
        low, high = high, 2.0 * high
    while high - low > 1e-5 * high:
        middle = 0.5 * (low + high)
        if _slower(middle, service, requests, waits) > wanted:
            low = middle
        else:
            high = middle
    return high


@compiled
def _conditions(
    service: Service, in_service: NDArray[np.int64], backlog: FloatArray, rps: FloatArray
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the load that each minute's queue is in, and how many instances carry its backlog.

    The same recursion as in `serving.serve`.
    """
    loads, carriers = np.zeros(rps.size), np.zeros(rps.size, np.int64)
    load, carrier, before = 0.0, 0.0, 0.0
    for t in range(rps.size):
        if in_service[t] > 0:
            capacity_rps = service.servers / service.mean_s
            utilisation = rps[t] / (in_service[t] * capacity_rps)
            queue_rps = capacity_rps * (in_service[t] if service.pooled else 1)
            load = settled_load(60.0 * queue_rps / (1.0 + service.cv2), utilisation, load)
            size, pooled = in_service[t], service.pooled
            carriers[t] = round(carrying(pooled, size, utilisation, before, carrier))
            room = 60.0 * capacity_rps
            carrier = carrying_after(pooled, size, utilisation, room, before, carrier)
            if backlog[t] <= 0.0:
                carrier = float(size)
        else:
            load, carrier = 0.0, 0.0
        loads[t], before = load, backlog[t]
    return loads, carriers


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


def _fluid_waits(
    rate: FloatArray, backlog: FloatArray, rps: FloatArray, minutes: NDArray[np.int64]
) -> FloatArray:
    """Return the waits behind the backlog of `minutes`, shape (minutes, 8).

    Args:
        rate: requests/s that each minute of the trajectory can serve; 0 where nothing serves.
        backlog: requests left at the end of each minute.
        rps: demand of each minute.
        minutes: those of interest.
    """
    before = np.concatenate(([0.0], backlog[:-1]))[minutes]
    serving = np.flatnonzero(rate > 0)
    wakes = np.append(serving, rate.size)[np.searchsorted(serving, minutes)]
    idle_s = 60.0 * (wakes - minutes)  # until somebody serves again
    rates = np.append(rate, np.max(rate, initial=1.0))[wakes]
    first = idle_s + before / rates
    last = np.maximum(idle_s - 60.0, 0.0) + backlog[minutes] / rates
    drained = (backlog[minutes] == 0) & (idle_s == 0)
    spare = np.maximum(60.0 * (rates - rps[minutes]), 1e-12)
    stretch = np.where(drained, np.clip(before / spare, 1e-12, 1.0), 1.0)
    places = (np.arange(_PIECES) + 0.5) / _PIECES
    along = np.minimum(places / stretch[:, None], 1.0)
    return np.asarray(first[:, None] + (last - first)[:, None] * along)


def _hindered(
    service: Service, carriers: NDArray[np.int64], backlog: FloatArray, rps: FloatArray
) -> _Requests:
    """Return the requests of minutes that start or end with a backlog, or that nobody serves.

    Args:
        service: of one instance.
        carriers: instances that have the backlog before them.
        backlog: at the end of each minute.
        rps: demand on them.
    """
    before = np.concatenate(([0.0], backlog[:-1]))
    minutes = np.flatnonzero((before > 0) | (backlog > 0) | (carriers == 0))
    rate = np.asarray(carriers * service.capacity_rps, dtype=np.float64)
    load = rps[minutes] / np.maximum(rate[minutes], 1e-12)
    return _alike_together(
        weight=np.repeat(60.0 * rps[minutes] / _PIECES, _PIECES),
        size=np.repeat(np.maximum(carriers[minutes], 1), _PIECES),
        utilisation=np.repeat(load, _PIECES),
        behind_s=_fluid_waits(rate, backlog, rps, minutes).ravel(),
    )


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
) -> float:
    """Return the response time that `share` of all requests of a trajectory exceed.

    Args:
        service: of one instance.
        in_service: instances per minute, shape (T,).
        backlog: requests left at the end of each minute, shape (T,).
        rps: demand per minute, shape (T,).
        share: 0.01 for p99.

    Returns:
        milliseconds; 0 where there are no requests. Those never served count as if the fullest
        minute's instances took over when the trajectory ends.
    """
    if not rps.any():
        return 0.0
    loads, carriers = _conditions(service, in_service, backlog, rps)
    before = np.concatenate(([0.0], backlog[:-1]))
    behind = np.where((before > 0) | (backlog > 0), carriers / np.maximum(in_service, 1), 0.0)
    free = (behind < 1.0) & (in_service > 0) & (rps > 0)
    parts = (
        _unhindered(in_service[free], loads[free], 60.0 * (rps * (1.0 - behind))[free]),
        _hindered(service, carriers, backlog, np.where(behind > 0, behind, 1.0) * rps),
    )
    together = _Requests(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    wanted = share * together.weight.sum()
    return 1000.0 * _percentile(wanted, service, fitted(service.cv2), together)
