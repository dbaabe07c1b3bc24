"""Finds percentiles of the response time over a whole period, all requests weighed alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled
from tfopt_sim.queueing import erlang_c, late_share, service_points, service_tail, wait_rate
from tfopt_sim.tables import CELLS, Service
from tfopt_sim.types import FloatArray

_PIECES = 8  # a minute with a backlog is cut into so many stretches of one wait each


@compiled
def _queue_terms(
    service: Service, sizes: NDArray[np.int64], utilisation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return P(wait) and the rate of the wait's tail for each pair of size and utilisation."""
    waiting = np.empty(sizes.size)
    rate = np.empty(sizes.size)
    for k in range(sizes.size):
        servers = service.servers * (sizes[k] if service.pooled else 1)
        waiting[k] = erlang_c(servers, utilisation[k] * servers)
        rate[k] = wait_rate(servers, utilisation[k], service.mean_s, service.cv2)
    return waiting, rate


@compiled
def _slower(
    t_s: float,
    service: Service,
    waiting: FloatArray,
    rate: FloatArray,
    requests: FloatArray,
    waits_s: FloatArray,
    waiters: FloatArray,
) -> float:
    """Return how many requests take longer than `t_s`."""
    points, weights, _ = service_points(t_s, service.mean_s, service.cv2)
    alone = service_tail(t_s, service.mean_s, service.cv2)
    total = 0.0
    for k in range(requests.size):
        late = late_share(t_s, waiting[k], rate[k], points, weights)
        total += requests[k] * min(1.0, alone + late)
    for k in range(waits_s.size):
        total += waiters[k] * service_tail(t_s - waits_s[k], service.mean_s, service.cv2)
    return total


@compiled
def _percentile(
    share: float,
    service: Service,
    waiting: FloatArray,
    rate: FloatArray,
    requests: FloatArray,
    waits_s: FloatArray,
    waiters: FloatArray,
) -> float:
    """Bisect for the response time that `share` of the requests exceed, to one part in 10⁵."""
    wanted = share * (requests.sum() + waiters.sum())
    low, high = 0.0, service.mean_s
    while _slower(high, service, waiting, rate, requests, waits_s, waiters) > wanted:
        low, high = high, 2.0 * high
    while high - low > 1e-5 * high:
        middle = 0.5 * (low + high)
        if _slower(middle, service, waiting, rate, requests, waits_s, waiters) > wanted:
            low = middle
        else:
            high = middle
    return high


def _fluid_waits(
    service: Service, in_service: NDArray[np.int64], backlog: FloatArray, rps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the waits behind a backlog and how many requests meet each of them.

    Args:
        service: of one instance.
        in_service: per minute.
        backlog: requests left at the end of each minute; the minutes are those of a trajectory.
        rps: demand per minute.
    """
    before = np.concatenate(([0.0], backlog[:-1]))
    minutes = np.flatnonzero((before > 0) | (backlog > 0) | (in_service == 0))
    rate = in_service * service.capacity_rps
    serving = np.flatnonzero(in_service > 0)
    following = np.searchsorted(serving, minutes)
    wakes = np.append(serving, in_service.size)[following]
    idle_s = 60.0 * (wakes - minutes)  # until somebody serves again
    rates = np.append(rate, service.capacity_rps)[wakes]
    first = idle_s + before[minutes] / rates
    last = np.maximum(idle_s - 60.0, 0.0) + backlog[minutes] / rates
    spare = 60.0 * (rates - rps[minutes])
    drained = (backlog[minutes] == 0) & (idle_s == 0)
    stretch = np.where(drained, before[minutes] / np.maximum(spare, 1e-12), 1.0)
    places = (np.arange(_PIECES) + 0.5) / _PIECES
    along = np.minimum(places / np.maximum(stretch, 1e-12)[:, None], 1.0)
    waits = first[:, None] + (last - first)[:, None] * along
    waiters = np.repeat(60.0 * rps[minutes] / _PIECES, _PIECES)
    return waits.ravel(), waiters


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
        milliseconds; 0 where there are no requests.
    """
    if not rps.any():
        return 0.0
    before = np.concatenate(([0.0], backlog[:-1]))
    steady = (before == 0) & (backlog == 0) & (in_service > 0) & (rps > 0)
    utilisation = rps[steady] / (in_service[steady] * service.capacity_rps)
    cell = np.minimum((utilisation * CELLS).astype(np.int64), CELLS - 1)
    keys, place = np.unique(in_service[steady] * CELLS + cell, return_inverse=True)
    requests = np.bincount(place, weights=60.0 * rps[steady], minlength=keys.size)
    centre = np.bincount(place, weights=utilisation, minlength=keys.size)
    centre = np.minimum(centre / np.maximum(np.bincount(place), 1), 1.0 - 0.5 / CELLS)
    waiting, rate = _queue_terms(service, keys // CELLS, centre)
    waits_s, waiters = _fluid_waits(service, in_service, backlog, rps)
    return 1000.0 * _percentile(share, service, waiting, rate, requests, waits_s, waiters)
