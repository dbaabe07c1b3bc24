"""Finds percentiles of the response time over a whole period, all requests weighed alike."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.behind import PIECES, Behind, along, apart, in_one_queue, waits_in_turn
from tfopt_sim.queueing import service_points, service_tail
from tfopt_sim.serving import settled_load
from tfopt_sim.tables import CELLS, MEMORY_S, Service, full_utilisation, hurried_tail, queue_wait
from tfopt_sim.types import FloatArray
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share

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


def _hindered(
    behind: Behind,
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
    weight = np.repeat((60.0 * rps[behind.minute] * behind.share)[:, None] / PIECES, PIECES, 1)
    # the fluid of an overload waits for just the time-out, which some of it bears
    stays = (waits_s <= 1.001 * timeout_s) * (1.0 - behind.lost[:, None])
    requests = _alike_together(
        weight=(weight * stays).ravel(),
        size=np.repeat(np.maximum(queue[behind.minute], 1), PIECES),
        utilisation=np.repeat(load[behind.minute], PIECES),
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
        behind = in_one_queue(rate, backlog, rps, timeout_s)
        waits_s, queue = waits_in_turn(rate, behind), in_service
    else:
        behind = apart(service, in_service, rps, timeout_s)
        waits_s, queue = along(behind), np.ones_like(in_service)
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
