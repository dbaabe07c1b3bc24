"""Serves one minute of requests: what they wait, how busy the group is, what is left over."""

from __future__ import annotations

import math
from typing import NamedTuple

from tfopt_sim._jit import inlined
from tfopt_sim.tables import ServiceTable


class Serving(NamedTuple):
    """How one instance serves; the same throughout a simulation."""

    capacity_rps: float  # requests/s one instance serves when busy throughout
    slow_wait_s: float  # wait beyond which a request of mean size is slow
    timeout_s: float  # clients leave after; infinity: they wait
    work_cv2: float  # second moment of a request's work over its squared mean: 1 + cv²


class Served(NamedTuple):
    """What became of a minute's requests."""

    cpu: float
    slow: float
    bad: float
    backlog: float
    lost: float


@inlined
def share_above(first: float, last: float, level: float) -> float:
    """Return the share of a straight line from `first` to `last` that lies above `level`."""
    low, high = min(first, last), max(first, last)
    if low >= level:
        return 1.0
    if high <= level:
        return 0.0
    return (high - level) / (high - low)


@inlined
def serve_backlog(
    serving: Serving, rate_rps: float, slow: float, bad: float, backlog: float, rps: float
) -> Served:
    """Serve a minute that starts or ends with a backlog, as a fluid that is served in order.

    Args:
        serving: of the group.
        rate_rps: what the group serves when busy throughout, > 0.
        slow: share of slow requests while there is no backlog.
        bad: probability of a bad minute without a backlog.
        backlog: requests waiting at the start.
        rps: arrivals.
    """
    arrivals = 60.0 * rps
    room = 60.0 * rate_rps
    some = 1.0 - math.exp(-arrivals)  # a minute without arrivals is not bad
    first_wait = backlog / rate_rps
    if backlog + arrivals > room:
        left = backlog + arrivals - room
        kept = min(left, serving.timeout_s * rate_rps)
        delayed = share_above(first_wait, kept / rate_rps, serving.slow_wait_s)
        return Served(1.0, arrivals * (delayed + (1.0 - delayed) * slow), some, kept, left - kept)
    draining = backlog / (room - arrivals) if room > arrivals else 1.0
    delayed = draining * share_above(first_wait, 0.0, serving.slow_wait_s)
    if delayed > 0.01:
        bad = some
    share = delayed + (1.0 - delayed) * slow
    return Served((backlog + arrivals) / room, arrivals * share, bad, 0.0, 0.0)


@inlined
def serve(
    serving: Serving,
    table: ServiceTable,
    in_service: int,
    backlog: float,
    rps: float,
    jitter: float,
) -> Served:
    """Serve one minute of `rps` on `in_service` instances.

    CPU is the vCPU time spent on requests ÷ the vCPU time in service; the work that arrives in a
    minute varies as a compound Poisson sum, `jitter` standard deviations off its mean. Without a
    backlog the shares come from the table of stationary queues, linear between its cells.
    """
    if in_service == 0:
        arrivals = 60.0 * rps
        waiting = backlog + arrivals
        kept = waiting if serving.timeout_s > 60.0 else 0.0
        return Served(0.0, arrivals, 1.0 - math.exp(-arrivals), kept, waiting - kept)
    rate_rps = in_service * serving.capacity_rps
    utilisation = rps / rate_rps
    place = min(utilisation, 1.0) * (table.shape[1] - 1)
    cell = min(int(place), table.shape[1] - 2)
    part = place - cell
    slow = table[in_service, cell, 0] * (1.0 - part) + table[in_service, cell + 1, 0] * part
    bad = table[in_service, cell, 1] * (1.0 - part) + table[in_service, cell + 1, 1] * part
    if backlog > 0.0 or utilisation > 1.0:
        return serve_backlog(serving, rate_rps, slow, bad, backlog, rps)
    arrivals = 60.0 * rps
    off = jitter * math.sqrt(arrivals * serving.work_cv2) / (60.0 * rate_rps)
    cpu = min(max(utilisation + off, 0.0), 1.0)
    return Served(cpu, arrivals * slow, bad, 0.0, 0.0)
