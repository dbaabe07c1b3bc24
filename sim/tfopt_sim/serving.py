"""Serves one minute of requests: what they wait, how busy the group is, what is left over."""

from __future__ import annotations

import math
from typing import NamedTuple

from tfopt_sim._jit import inlined
from tfopt_sim.saturation import busy_at
from tfopt_sim.tables import ServiceTable, cell_at
from tfopt_sim.types import FloatArray

SLOW_SHARE = 0.01  # a minute with a larger share of slow requests is bad


class Serving(NamedTuple):
    """How one instance serves; the same throughout a simulation."""

    capacity_rps: float  # requests/s one instance serves when busy throughout
    timeout_s: float  # clients leave after; infinity: they wait
    work_cv2: float  # second moment of a request's work over its squared mean: 1 + cv²
    pooled: bool  # one queue for the group; else one per instance
    slow_s: float  # response time beyond which a request is slow
    boost: float  # of a vCPU while the others idle (`saturation`)
    threads_per_core: int
    delayed: FloatArray  # share of requests that a wait makes slow, summed over it (`tables`)


class Queue(NamedTuple):
    """What the minute before left behind."""

    backlog: float  # requests left over from overload
    carriers: float  # instances that they wait for: all where there is one queue
    load: float  # utilisation in whose steady state the random part of the queue is


class Fluid(NamedTuple):
    """How the wait behind a backlog moves through a minute, in a line."""

    first_s: float
    last_s: float
    part: float  # of the requests that meet it


class Served(NamedTuple):
    """What became of a minute's requests."""

    cpu: float
    slow: float
    bad: float
    backlog: Queue
    lost: float


@inlined
def settled_load(settling: float, utilisation: float, load: float) -> float:
    """Return the utilisation in whose steady state a queue is after a minute at `utilisation`.

    In heavy traffic the wait is a random walk of variance κ = (1 + cv²)·E[S]/c per second that
    drifts down at δ = 1 − ρ; it is steady κ/δ² after its start (Abate and Whitt, Transient
    behavior of regulated Brownian motion, 1987). So 1/δ² grows by at most 1/κ per second; what is
    above the new steady state wears off in κ/(δ·δ of the start).

    Args:
        settling: 60 s ÷ κ.
        utilisation: of the minute.
        load: at its start.
    """
    free = max(1.0 - utilisation, 1e-6)
    if load <= utilisation:
        if settling * free * free >= 1.0:
            return utilisation
        reached = 1.0 / ((1.0 - load) * (1.0 - load)) + settling
        return min(utilisation, 1.0 - 1.0 / math.sqrt(reached))
    worn = settling * free * (1.0 - load)
    if worn > 8.0:
        return utilisation
    return utilisation + (load - utilisation) * math.exp(-worn)


@inlined
def carrying(
    pooled: bool, in_service: int, utilisation: float, backlog: float, before: float
) -> float:
    """Return how many instances have the backlog before them.

    Where each instance has its own queue, new instances do not help those who wait already.

    Args:
        pooled: whether one queue is before all.
        in_service: instances, > 0.
        utilisation: of the minute; at 1 and above every queue grows.
        backlog: at its start.
        before: how many it was before.
    """
    if pooled or backlog <= 0.0 or utilisation >= 1.0:
        return float(in_service)
    return min(max(before, 1.0), float(in_service))


@inlined
def carrying_after(
    pooled: bool, in_service: int, utilisation: float, room: float, backlog: float, before: float
) -> float:
    """Return how many instances the backlog is before at the end of a minute.

    In overload every queue grows alike, those of new instances from nothing: unequal queues b count
    as (Σb)²/Σb² equal ones.

    Args:
        pooled: whether one queue is before all.
        in_service: instances, > 0.
        utilisation: of the minute.
        room: requests that one instance serves in a minute.
        backlog: at the start of the minute.
        before: instances that had it before them at its start.
    """
    held = carrying(pooled, in_service, 0.0, backlog, before)
    if pooled or backlog <= 0.0 or utilisation < 1.0:
        return held
    grown = room * (utilisation - 1.0)
    old, new = backlog / held + grown, in_service - held
    total = held * old + new * grown
    return total * total / (held * old * old + new * grown * grown)


@inlined
def _delayed_until(serving: Serving, wait_s: float) -> float:
    """Return the sum over waits from 0 to `wait_s` of the share that they make slow, in seconds."""
    last = serving.delayed.size - 1
    place = wait_s / serving.slow_s * last
    cell = min(int(place), last - 1)
    below, above = float(serving.delayed[cell]), float(serving.delayed[cell + 1])
    if place >= last:
        return above + wait_s - serving.slow_s
    return below + (place - cell) * (above - below)


@inlined
def share_delayed(serving: Serving, first_s: float, last_s: float) -> float:
    """Return the share made slow by waits that move from `first_s` to `last_s` in a line."""
    low, high = min(first_s, last_s), max(first_s, last_s)
    high = max(high, low + 1e-3 * serving.slow_s)
    return (_delayed_until(serving, high) - _delayed_until(serving, low)) / (high - low)


@inlined
def slow_behind(serving: Serving, alone: float, fluid: Fluid, off_s: float) -> float:
    """Return the share of slow requests if every wait behind the backlog is `off_s` longer."""
    first_s, last_s = max(fluid.first_s + off_s, 0.0), max(fluid.last_s + off_s, 0.0)
    delayed = fluid.part * share_delayed(serving, first_s, last_s)
    return delayed + (1.0 - delayed) * alone


@inlined
def spread_between(serving: Serving, alone: float, fluid: Fluid, apart_s: float) -> float:
    """Return the share of slow requests over queues whose waits are normal (three points)."""
    off_s = math.sqrt(3.0) * apart_s
    outer = slow_behind(serving, alone, fluid, -off_s) + slow_behind(serving, alone, fluid, off_s)
    return outer / 6.0 + slow_behind(serving, alone, fluid, 0.0) * 2.0 / 3.0


@inlined
def spread_s(serving: Serving, in_service: int, carriers: float, load: float) -> float:
    """Return the standard deviation of the wait behind a backlog, in seconds.

    That of the random walk (`settled_load`): κ/(1 − load) = √(κ·t) after a time t of overload.
    Apart, the queues of the carriers even out.
    """
    queues = 1.0 if serving.pooled else math.sqrt(carriers)
    rate_rps = serving.capacity_rps * (in_service if serving.pooled else 1)
    return serving.work_cv2 / (rate_rps * max(1.0 - load, 1e-3) * queues)


@inlined
def odds_of_slow(
    serving: Serving, alone: float, fluid: Fluid, spread: float, apart_s: float
) -> float:
    """Return the probability that over 1 % of a minute's requests are slow behind a backlog.

    The wait is normal, `spread` around the fluid's. The logarithm of the share that it makes slow
    is taken as a straight line between the mean and one standard deviation towards the limit.

    Args:
        serving: of the group.
        alone: share that is slow by its service time alone.
        fluid: how the backlog moves.
        spread: standard deviation of the wait in seconds, > 0.
        apart_s: standard deviation between the queues of the group, 0 for one queue.
    """
    share = max(slow_behind(serving, alone, fluid, 0.0), 1e-9)
    apart = max(spread_between(serving, alone, fluid, apart_s), 1e-9) if apart_s > 0.0 else share
    side = -spread if apart > SLOW_SHARE else spread
    other = max(slow_behind(serving, alone, fluid, side), 1e-9)
    slope = max(abs(math.log(other / share)), 1e-9)
    return 0.5 * math.erfc(-math.log(apart / SLOW_SHARE) / (slope * math.sqrt(2.0)))


@inlined
def serve_backlog(
    serving: Serving,
    in_service: int,
    alone: float,
    slow: float,
    bad: float,
    queue: Queue,
    rps: float,
) -> Served:
    """Serve a minute that starts or ends with a backlog, as a fluid that is served in order.

    Args:
        serving: of the group.
        in_service: instances, > 0.
        alone: share of slow requests where nobody waits.
        slow: share of slow requests while there is no backlog.
        bad: probability of a bad minute without a backlog.
        queue: left by the minute before; its load is that of this minute.
        rps: arrivals.
    """
    arrivals = 60.0 * rps
    some = 1.0 - math.exp(-arrivals)  # a minute without arrivals is not bad
    utilisation = rps / (in_service * serving.capacity_rps)
    carriers = carrying(serving.pooled, in_service, utilisation, queue.backlog, queue.carriers)
    part = carriers / in_service
    rate_rps = carriers * serving.capacity_rps
    room, load = 60.0 * rate_rps, queue.backlog + part * arrivals
    first_s = queue.backlog / rate_rps
    left, lasting = max(0.0, load - room), 1.0
    kept = min(left, serving.timeout_s * rate_rps)
    lost = left - kept
    if left == 0.0 and room > part * arrivals:
        lasting = queue.backlog / (room - part * arrivals)
    fluid = Fluid(first_s, kept / rate_rps, part * lasting)
    share = slow_behind(serving, slow, fluid, 0.0)
    spread = spread_s(serving, in_service, carriers, queue.load)
    apart_s = 0.0 if serving.pooled else spread * math.sqrt(carriers)
    bad = max(bad, some * odds_of_slow(serving, alone, fluid, spread, apart_s))
    boost, threads = serving.boost, serving.threads_per_core
    cpu = part * busy_at(load / room, boost, threads)
    cpu += (1.0 - part) * busy_at(utilisation, boost, threads)
    after = carrying_after(
        serving.pooled, in_service, utilisation, 60.0 * serving.capacity_rps, queue.backlog,
        queue.carriers,
    )  # fmt: skip
    return Served(cpu, arrivals * share, bad, Queue(kept, after, queue.load), lost)


@inlined
def serve(
    serving: Serving,
    table: ServiceTable,
    in_service: int,
    queue: Queue,
    rps: float,
    jitter: float,
) -> Served:
    """Serve one minute of `rps` on `in_service` instances.

    CPU is the vCPU time spent on requests ÷ the vCPU time in service, where vCPUs that share cores
    take longer the more of them are busy (`saturation`); the work that arrives in a
    minute varies as a compound Poisson sum, `jitter` standard deviations off its mean. Without a
    backlog the shares come from the table of stationary queues, linear between its cells.
    """
    if in_service == 0:
        arrivals = 60.0 * rps
        waiting = queue.backlog + arrivals
        kept = waiting if serving.timeout_s > 60.0 else 0.0
        bad = 1.0 - math.exp(-arrivals)
        return Served(0.0, arrivals, bad, Queue(kept, 0.0, 0.0), waiting - kept)
    rate_rps = in_service * serving.capacity_rps
    utilisation = rps / rate_rps
    queue_rps = rate_rps if serving.pooled else serving.capacity_rps
    load = settled_load(60.0 * queue_rps / serving.work_cv2, utilisation, queue.load)
    place = cell_at(load)
    cell = min(int(place), table.shape[1] - 2)
    part = place - cell
    slow = table[in_service, cell, 0] * (1.0 - part) + table[in_service, cell + 1, 0] * part
    bad = table[in_service, cell, 1] * (1.0 - part) + table[in_service, cell + 1, 1] * part
    if queue.backlog > 0.0 or utilisation > 1.0:
        behind = Queue(queue.backlog, queue.carriers, load)
        alone = float(table[in_service, 0, 0])
        return serve_backlog(serving, in_service, alone, slow, bad, behind, rps)
    arrivals = 60.0 * rps
    off = jitter * math.sqrt(arrivals * serving.work_cv2) / (60.0 * rate_rps)
    cpu = busy_at(max(utilisation + off, 0.0), serving.boost, serving.threads_per_core)
    return Served(cpu, arrivals * slow, bad, Queue(0.0, float(in_service), load), 0.0)
