"""Finds percentiles of the response time over a whole period, all requests weighed alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.queueing import erlang_c, late_share, service_points, service_tail, wait_rate
from tfopt_sim.tables import CELLS, MEMORY_S, Service, full_utilisation
from tfopt_sim.types import FloatArray

_PIECES = 8  # a minute with a backlog is cut into so many stretches of one wait each
_BACKLOG_MEMORY_S = 60.0  # the queue that builds up beside the fluid backlog within its minute


class _Requests(NamedTuple):
    """Requests that met the same conditions, one entry each; arrays of one length."""

    weight: FloatArray  # how many
    size: NDArray[np.int64]  # instances in service
    utilisation: FloatArray
    behind_s: FloatArray  # wait behind a backlog, on top of the queue's own


@compiled
def _queue_terms(service: Service, requests: _Requests) -> tuple[FloatArray, FloatArray]:
    """Return P(wait) and the rate of the wait's tail for each entry."""
    waiting = np.empty(requests.weight.size)
    rate = np.empty(requests.weight.size)
    for k in range(requests.weight.size):
        servers = service.servers * (requests.size[k] if service.pooled else 1)
        memory_s = _BACKLOG_MEMORY_S if requests.behind_s[k] > 0.0 else MEMORY_S
        full = full_utilisation(service, requests.size[k], memory_s)
        utilisation = min(requests.utilisation[k], full)
        waiting[k] = erlang_c(servers, utilisation * servers)
        rate[k] = wait_rate(servers, utilisation, service.mean_s, service.cv2)
    return waiting, rate


@compiled
def _slower(
    t_s: float, service: Service, requests: _Requests, waiting: FloatArray, rate: FloatArray
) -> float:
    """Return how many requests take longer than `t_s`."""
    mean_s, cv2 = service.mean_s, service.cv2
    points, weights = service_points(t_s, mean_s, cv2)
    alone = service_tail(t_s, mean_s, cv2)
    total = 0.0
    for k in range(requests.weight.size):
        left_s = t_s - requests.behind_s[k]
        if left_s <= 0.0:
            total += requests.weight[k]
        elif left_s == t_s:
            late, _ = late_share(t_s, waiting[k], rate[k], points, weights)
            total += requests.weight[k] * min(1.0, alone + late)
        else:
            own_points, own_weights = service_points(left_s, mean_s, cv2)
            late, _ = late_share(left_s, waiting[k], rate[k], own_points, own_weights)
            total += requests.weight[k] * min(1.0, service_tail(left_s, mean_s, cv2) + late)
    return total


@compiled
def _percentile(wanted: float, service: Service, requests: _Requests) -> float:
    """Bisect for the response time that `wanted` requests exceed, to one part in 10⁵."""
    waiting, rate = _queue_terms(service, requests)
    low, high = 0.0, service.mean_s
    while _slower(high, service, requests, waiting, rate) > wanted:
        low, high = high, 2.0 * high
    while high - low > 1e-5 * high:
        middle = 0.5 * (low + high)
        if _slower(middle, service, requests, waiting, rate) > wanted:
            low = middle
        else:
            high = middle
    return high


def _unhindered(size: NDArray[np.int64], load: FloatArray, rps: FloatArray) -> _Requests:
    """Return the requests of minutes without a backlog, alike ones together."""
    cell = np.minimum((load * CELLS).astype(np.int64), CELLS - 1)
    keys, place = np.unique(size * CELLS + cell, return_inverse=True)
    mean_load = np.bincount(place, weights=load) / np.maximum(np.bincount(place), 1)
    return _Requests(
        weight=np.bincount(place, weights=60.0 * rps).astype(np.float64),
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
    service: Service, size: NDArray[np.int64], backlog: FloatArray, rps: FloatArray
) -> _Requests:
    """Return the requests of minutes that start or end with a backlog, or that nobody serves."""
    before = np.concatenate(([0.0], backlog[:-1]))
    minutes = np.flatnonzero((before > 0) | (backlog > 0) | (size == 0))
    rate = np.asarray(size * service.capacity_rps, dtype=np.float64)
    load = rps[minutes] / np.maximum(rate[minutes], 1e-12)
    return _alike_together(
        weight=np.repeat(60.0 * rps[minutes] / _PIECES, _PIECES),
        size=np.repeat(np.maximum(size[minutes], 1), _PIECES),
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
    before = np.concatenate(([0.0], backlog[:-1]))
    free = (before == 0) & (backlog == 0) & (in_service > 0) & (rps > 0)
    load = rps[free] / (in_service[free] * service.capacity_rps)
    parts = (
        _unhindered(in_service[free], load, rps[free]),
        _hindered(service, in_service, backlog, rps),
    )
    together = _Requests(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return 1000.0 * _percentile(share * together.weight.sum(), service, together)
