"""Tabulates what a minute at given size and utilisation does to its requests."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.queueing import (
    bad_minute_probability,
    clump_ratio,
    service_points,
    service_tail,
    settled_utilisation,
)
from tfopt_sim.saturation import busy_at, speed_at
from tfopt_sim.types import FloatArray, Machine, Slo, Workload
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share, wait_of

CELLS = 336  # utilisation steps from 0 to 1, most of them where quiet minutes differ (`cell_at`)
MEMORY_S = 3600.0  # traffic moves within the hour: no queue settles longer
_DENSE_SIZES = 32  # every size up to here is computed, larger ones on a 6 % grid between
ServiceTable = NDArray[np.float32]  # (size, utilisation, [slow share, P(minute is bad)])


@inlined
def cell_at(utilisation: float) -> float:
    """Return the place of a utilisation among the cells of a table."""
    return min(16384.0 * utilisation, 32.0 + 1024.0 * utilisation, 80.0 + 256.0 * utilisation)


@inlined
def utilisation_at(cell: float) -> float:
    """Return the utilisation at a place among the cells (the inverse of `cell_at`)."""
    return max(cell / 16384.0, (cell - 32.0) / 1024.0, (cell - 80.0) / 256.0)


class Service(NamedTuple):
    """How one kind of machine serves one kind of request."""

    servers: int  # requests one instance works on at once
    mean_s: float  # mean service time of one request
    cv2: float
    pooled: bool  # one queue for the group; else one per instance
    slow_s: float  # response time beyond which a request is slow
    boost: float = 1.0  # of a vCPU while the others idle (`saturation`)
    threads_per_core: int = 1

    @property
    def capacity_rps(self) -> float:
        """Requests per second one instance serves when it is busy throughout."""
        return self.servers / self.mean_s


def service_of(machine: Machine, workload: Workload, slo: Slo) -> Service:
    """Return the queueing view of `workload` on `machine`.

    A fraction of a vCPU (a task or pod) is one slower server. A client's time-out below the
    SLO's `p99_ms` makes the request slow at the time-out.
    """
    servers = max(1, math.ceil(machine.vcpus))
    speed = machine.speed * machine.vcpus / servers
    slow_s = slo.p99_ms / 1000.0
    if workload.timeout_s > 0:
        slow_s = min(slow_s, workload.timeout_s)
    return Service(
        servers=servers,
        mean_s=workload.cpu_s_per_request / speed,
        cv2=workload.service_cv2,
        pooled=workload.balancing == "least-outstanding",
        slow_s=slow_s,
        boost=machine.boost,
        threads_per_core=machine.threads_per_core,
    )


@compiled
def full_utilisation(service: Service, size: int, memory_s: float) -> float:
    """Return the utilisation whose settled queue stands for that of a group that is full.

    A queue near saturation takes longer to build up than the load stays there.
    """
    servers = service.servers * (size if service.pooled else 1)
    settled = settled_utilisation(servers, service.mean_s, service.cv2, memory_s)
    return min(settled, 1.0 - 0.5 / 256.0)


@compiled
def queue_wait(
    service: Service, fit: FloatArray, size: int, utilisation: float, exponents: FloatArray
) -> Wait:
    """Return how requests wait in a group of `size` instances (`wait_of`)."""
    servers = service.servers * (size if service.pooled else 1)
    return wait_of(fit, servers, utilisation, service.mean_s, service.cv2, exponents)


@compiled
def hurried_tail(service: Service, utilisation: float, t_s: float) -> float:
    """P(service > t) of a request that does not wait: idle vCPUs lend theirs some speed."""
    boost, threads = service.boost, service.threads_per_core
    speed = speed_at(busy_at(utilisation, boost, threads), boost, threads)
    return service_tail(t_s * speed, service.mean_s, service.cv2)


@compiled
def _fill(service: Service, fit: FloatArray, sizes: NDArray[np.int64], rows: ServiceTable) -> None:
    """Compute the rows of `sizes`; utilisation ends where a full group's queue settles."""
    points, weights = service_points(service.slow_s, service.mean_s, service.cv2)
    alone = service_tail(service.slow_s, service.mean_s, service.cv2)
    exponents = np.empty(KNOTS.size)
    for row in range(sizes.size):
        size = sizes[row]
        queues = 1 if service.pooled else size
        servers = service.servers * size // queues
        full = full_utilisation(service, size, MEMORY_S)
        for cell in range(rows.shape[1]):
            load = utilisation_at(float(cell))
            utilisation = min(load, full)
            wait = queue_wait(service, fit, size, utilisation, exponents)
            late, varied = 0.0, 0.0
            if wait.waiting > 1e-12:
                late, varied = late_share(service.slow_s, wait, points, weights)
            hurried = hurried_tail(service, utilisation, service.slow_s)
            late = min(late + wait.waiting * (alone - hurried), 1.0 - hurried)
            requests = 60.0 * load * size * service.servers / service.mean_s
            clump = clump_ratio(
                requests / queues, utilisation, service.mean_s, service.cv2, service.slow_s
            )
            variance = 0.5 * clump * requests * varied * (1.0 - late)
            rows[row, cell, 0] = hurried + late
            rows[row, cell, 1] = bad_minute_probability(
                requests, queues, servers, hurried, late, variance
            )


def _spread(sizes: NDArray[np.int64], rows: ServiceTable, largest: int) -> ServiceTable:
    """Return every size up to `largest` from the computed rows, linearly in between."""
    wanted = np.arange(1, largest + 1)
    above = np.searchsorted(sizes, wanted)
    below = np.maximum(above - (sizes[above] > wanted), 0)
    gap = np.maximum(sizes[above] - sizes[below], 1)
    share = ((wanted - sizes[below]) / gap).astype(np.float32)[:, None, None]
    table = np.ones((largest + 1, *rows.shape[1:]), dtype=np.float32)
    table[1:] = rows[below] + share * (rows[above] - rows[below])
    return table


def _anchors(largest: int) -> NDArray[np.int64]:
    """Sizes to compute: each up to 32, then 6 % apart, and the largest."""
    sizes = list(range(1, min(largest, _DENSE_SIZES) + 1))
    while sizes[-1] < largest:
        sizes.append(min(largest, math.ceil(sizes[-1] * 1.06)))
    return np.array(sizes, dtype=np.int64)


@lru_cache(maxsize=32)
def _table(service: Service, largest: int) -> ServiceTable:
    sizes = _anchors(largest)
    rows = np.empty((sizes.size, CELLS + 1, 2), dtype=np.float32)
    _fill(service, fitted(service.cv2), sizes, rows)
    table = _spread(sizes, rows, largest)
    table.setflags(write=False)
    return table


def service_table(service: Service, largest: int) -> ServiceTable:
    """Return the table of slow shares and odds of a bad minute for groups of up to `largest`.

    Returns:
        shape (≥ largest + 1, 337, 2), read-only: by instances in service and utilisation 0..1
        (`cell_at`), the share of slow requests and the probability that the minute is bad.
    """
    return _table(service, 1 << max(5, (largest - 1).bit_length()))


@lru_cache(maxsize=32)
def delayed_shares(service: Service) -> FloatArray:
    """Return the share of requests that a wait makes slow, summed over waits from 0.

    Returns:
        shape (65,), read-only, in seconds: at waits w of 0 to `slow_s` in equal steps, the integral
        from 0 to w of P(S > slow_s − x), without those that are slow anyway.
    """
    alone = service_tail(service.slow_s, service.mean_s, service.cv2)
    waits = np.linspace(0.0, service.slow_s, 1025)
    tails = [service_tail(service.slow_s - wait, service.mean_s, service.cv2) for wait in waits]
    shares = (np.array(tails) - alone) / max(1.0 - alone, 1e-12)
    steps = 0.5 * (shares[1:] + shares[:-1]) * (waits[1] - waits[0])
    sums = np.concatenate(([0.0], np.cumsum(steps)))[::16].copy()
    sums.setflags(write=False)
    return sums


@compiled
def size_limits(
    service: Service, fit: FloatArray, sizes: NDArray[np.int64], most: float
) -> FloatArray:
    """Largest utilisation at which at most `most` of the requests are slow, for each of `sizes`."""
    points, weights = service_points(service.slow_s, service.mean_s, service.cv2)
    alone = service_tail(service.slow_s, service.mean_s, service.cv2)
    limits, exponents = np.zeros(sizes.size), np.empty(KNOTS.size)
    for k in range(sizes.size):
        if hurried_tail(service, 0.0, service.slow_s) > most or sizes[k] < 1:
            continue
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            wait = queue_wait(service, fit, sizes[k], middle, exponents)
            hurried = hurried_tail(service, middle, service.slow_s)
            late, _ = late_share(service.slow_s, wait, points, weights)
            if hurried + wait.waiting * (alone - hurried) + late <= most:
                low = middle
            else:
                high = middle
        limits[k] = low
    return limits
