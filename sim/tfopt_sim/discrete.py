"""Simulates a group request by request: the truth that the minute-by-minute simulator is held to.

Nothing here is shared with the fast simulator but the nouns and the calendar: arrivals, service,
boots and target tracking are spelled out again, plainly. Instances join and leave at whole minutes,
so a minute is served in one sweep over its arrivals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.histogram import BINS, IntArray, bin_of, percentile
from tfopt_sim.schedule import expand
from tfopt_sim.servers import Servers, join, leave, sink
from tfopt_sim.types import Configuration, FloatArray, Slo, TargetTracking, Tracking, Workload

_EMPTY = 1 << 60  # ready minute of a slot without an instance
_ALWAYS = -(1 << 20)  # ready minute of the instances that a period starts with
_BOOT_SIGMA = 0.3  # log-normal spread of boot times where boot is a distribution


class Rule(NamedTuple):
    """Target tracking in minutes; without `on` nothing scales the group."""

    on: bool
    target: float
    low: float
    out_datapoints: int
    in_datapoints: int
    period: int
    warmup: int
    scale_in: bool


class Work(NamedTuple):
    """What requests ask of an instance."""

    vcpus: int  # requests an instance works on at once
    log_mean: float  # of the log-normal service time in seconds
    sigma: float
    timeout_s: float  # clients leave after waiting so long
    slow_s: float
    pooled: bool


class Tally(NamedTuple):
    """What came of the requests; by minute, but for the histogram of response times."""

    arrivals: IntArray
    slow: IntArray
    lost: IntArray
    queued: IntArray  # still waiting at the end of the minute, before an instance of their own
    work_s: FloatArray  # vCPU-seconds executed
    histogram: IntArray


@inlined
def _note(tally: Tally, minute: int, response_s: float, slow_s: float) -> None:
    tally.slow[minute] += response_s > slow_s
    tally.histogram[bin_of(response_s)] += 1


@inlined
def _execute(work_s: FloatArray, begin: float, end: float) -> None:
    """Book the vCPU time from `begin` to `end` on the minutes in which it falls."""
    minute = int(begin / 60.0)
    while minute < work_s.size and end > 60.0 * (minute + 1):
        work_s[minute] += 60.0 * (minute + 1) - begin
        minute += 1
        begin = 60.0 * minute
    if minute < work_s.size:
        work_s[minute] += end - begin


@inlined
def _give_up(tally: Tally, arrival: float, timeout_s: float) -> None:
    """Book a request that nobody started in time; without a time-out it takes forever."""
    minute = int(arrival / 60.0)
    tally.lost[minute] += timeout_s < np.inf
    _note(tally, minute, timeout_s, 0.0)


@inlined
def _serve_one(
    work: Work, servers: Servers, heap: int, tally: Tally, arrival: float, begin: float
) -> None:
    """Let the vCPU that is free first work on a request from `begin` on."""
    if begin - arrival > work.timeout_s:
        _give_up(tally, arrival, work.timeout_s)
        return
    service_s = math.exp(work.log_mean + work.sigma * np.random.standard_normal())
    end = begin + service_s
    free, owner = servers.free[heap], servers.owner[heap]
    sink(free, owner, servers.size[heap], 0, end, owner[0])
    _execute(tally.work_s, begin, end)
    _note(tally, int(arrival / 60.0), end - arrival, work.slow_s)


@compiled
def _serve_pooled(
    work: Work, servers: Servers, tally: Tally, arrivals: FloatArray, until: float
) -> FloatArray:
    """Start those of one first-come-first-served queue that can start before `until`.

    Returns:
        the arrival times of those who still wait.
    """
    head = 0
    while head < arrivals.size and servers.size[0] > 0:
        begin = max(arrivals[head], servers.free[0, 0])
        if begin >= until and arrivals[head] + work.timeout_s > until:
            break
        _serve_one(work, servers, 0, tally, arrivals[head], begin)
        head += 1
    while head < arrivals.size and arrivals[head] + work.timeout_s <= until:
        _give_up(tally, arrivals[head], work.timeout_s)
        head += 1
    return arrivals[head:].copy()


@compiled
def _serve_apart(
    work: Work, servers: Servers, tally: Tally, members: IntArray, arrivals: FloatArray, now: float
) -> FloatArray:
    """Send each request to a random instance, where it queues for good.

    Returns:
        the arrival times of those who wait for the first instance.
    """
    if members.size == 0:
        return arrivals
    for arrival in arrivals:
        heap = members[int(np.random.random() * members.size)]
        begin = max(arrival, now, servers.free[heap, 0])
        minute = int(max(arrival, now) / 60.0)
        while minute < tally.queued.size and 60.0 * (minute + 1) < begin:
            if 60.0 * (minute + 1) < arrival + work.timeout_s:
                tally.queued[minute] += 1
            minute += 1
        _serve_one(work, servers, heap, tally, arrival, begin)
    return np.empty(0)


@compiled
def _arrivals(waiting: FloatArray, minute: int, rps: float) -> FloatArray:
    """Return the arrival times of those who wait and of this minute's Poisson arrivals."""
    mean = 60.0 * rps
    times = np.empty(waiting.size + int(mean + 12.0 * math.sqrt(mean) + 40.0))
    times[: waiting.size] = waiting
    count = waiting.size
    now = 60.0 * minute
    while rps > 0.0 and count < times.size:
        now += np.random.exponential(1.0 / rps)
        if now >= 60.0 * (minute + 1):
            break
        times[count] = now
        count += 1
    return times[:count]


@compiled
def _resize(
    ready: IntArray, servers: Servers, pooled: bool, wanted: int, minute: int, boot: int
) -> None:
    """Launch into empty slots, or remove: booting ones first, last to serve first, then oldest."""
    have = (ready < _EMPTY).sum()
    while have < wanted:
        ready[np.argmax(ready)] = minute + boot
        have += 1
    while have > wanted:
        booting = np.where((ready < _EMPTY) & (ready >= minute), ready, -_EMPTY)
        slot = int(np.argmax(booting) if booting.max() > -_EMPTY else np.argmin(ready))
        ready[slot] = _EMPTY
        leave(servers, 0 if pooled else slot, slot)
        have -= 1


@compiled
def _wanted(rule: Rule, alarms: FloatArray, ready: IntArray, in_service: int, minute: int) -> int:
    """Take in the last datapoint and return the capacity that target tracking asks for.

    Args:
        rule: of the group.
        alarms: datapoints in a row above the target, in a row below the low threshold, the last
            datapoint; counted here.
        ready: minute from which each instance serves.
        in_service: during the last minute.
        minute: that begins.
    """
    cpu = alarms[2]
    alarms[0] = alarms[0] + 1 if cpu > rule.target else 0
    alarms[1] = alarms[1] + 1 if cpu < rule.low else 0
    present = ready[ready < _EMPTY]
    have = int(present.size)
    need = math.ceil(in_service * float(cpu) / rule.target - 1e-9)
    if alarms[0] >= rule.out_datapoints:
        return max(have, need)
    settled = bool(np.all((present < minute) & (present + rule.warmup <= minute)))
    if alarms[1] >= rule.in_datapoints and rule.scale_in and settled:
        return min(have, need)
    return have


@compiled
def _scheduled(bounds: IntArray, event: IntArray, have: int) -> int:
    """Set the bounds as a scheduled action says and return the capacity that it asks for."""
    low, high, desired = event[1], event[2], event[3]
    bounds[0] = low if low >= 0 else bounds[0]
    bounds[1] = high if high >= 0 else max(bounds[1], bounds[0])
    bounds[0] = min(bounds[0], bounds[1])
    return desired if desired >= 0 else have


@compiled
def _boot(boot_s: float, spread: float) -> int:
    """Draw the whole minutes until an instance serves."""
    return math.ceil(boot_s * math.exp(spread * np.random.standard_normal()) / 60.0)


@compiled
def _admit(ready: IntArray, joined: IntArray, servers: Servers, work: Work, minute: int) -> None:
    """Let the instances whose boot is over serve from this minute on."""
    for slot in range(ready.size):
        if ready[slot] <= minute and joined[slot] == 0:
            join(servers, 0 if work.pooled else slot, slot, work.vcpus, 60.0 * max(minute, 0))
        joined[slot] = ready[slot] <= minute


@compiled
def _replay(
    seed: int,
    work: Work,
    rule: Rule,
    bounds: IntArray,
    events: IntArray,
    boot: tuple[float, float],
    ready: IntArray,
    demand_rps: FloatArray,
    tally: Tally,
    minutes: FloatArray,
) -> None:
    """Run a group through `demand_rps`; `minutes` takes in service, billed, CPU and backlog."""
    np.random.seed(seed)
    heaps = 1 if work.pooled else ready.size
    width = work.vcpus * (ready.size if work.pooled else 1)
    servers = Servers(
        np.empty((heaps, width)), np.empty((heaps, width), np.int64), np.zeros(heaps, np.int64)
    )
    joined, alarms = np.zeros(ready.size, np.int64), np.zeros(3)
    waiting, samples, total, row = np.empty(0), 0, 0.0, 0
    for t in range(demand_rps.size):
        if row < events.shape[0] and events[row, 0] == t:
            wanted = _scheduled(bounds, events[row], (ready < _EMPTY).sum())
            wanted = min(max(wanted, bounds[0]), bounds[1])
            _resize(ready, servers, work.pooled, wanted, t, _boot(boot[0], boot[1]))
            row += 1
        _admit(ready, joined, servers, work, t)
        members = np.flatnonzero(ready <= t)
        arrivals = _arrivals(waiting, t, demand_rps[t])
        tally.arrivals[t] = arrivals.size - waiting.size
        if work.pooled:
            waiting = _serve_pooled(work, servers, tally, arrivals, 60.0 * (t + 1))
        else:
            waiting = _serve_apart(work, servers, tally, members, arrivals, 60.0 * t)
        cpu = 0.0
        if members.size > 0:
            cpu = min(1.0, tally.work_s[t] / (60.0 * work.vcpus * members.size))
            samples += 1
        total += cpu
        minutes[0, t], minutes[1, t] = members.size, (ready < _EMPTY).sum()
        minutes[2, t], minutes[3, t] = cpu, waiting.size + tally.queued[t]
        if not rule.on or (t + 1) % rule.period != 0 or samples == 0:
            continue
        alarms[2] = total / samples
        samples, total = 0, 0.0
        have = (ready < _EMPTY).sum()
        wanted = _wanted(rule, alarms, ready, members.size, t + 1)
        wanted = min(max(wanted, bounds[0]), bounds[1])
        if wanted != have:
            _resize(ready, servers, work.pooled, wanted, t + 1, _boot(boot[0], boot[1]))
            joined[ready == _EMPTY] = 0
            alarms[:2] = 0.0
    if work.pooled and servers.size[0] > 0:
        waiting = _serve_pooled(work, servers, tally, waiting, np.inf)
    for arrival in waiting:  # nobody is left to serve them
        _give_up(tally, arrival, work.timeout_s)


@dataclass(frozen=True, slots=True)
class Replay:
    """What one configuration did in one run; arrays of shape (minutes,)."""

    arrivals: IntArray
    slow: IntArray  # of those that arrived in the minute, lost ones included
    lost: IntArray
    in_service: IntArray
    billed: IntArray
    cpu: FloatArray
    backlog: IntArray  # requests that wait at the end of the minute
    histogram: IntArray  # of all response times; lost requests count with the time-out
    cost_usd: float

    @property
    def bad_minute_share(self) -> float:
        """Share of the minutes with arrivals in which over 1 % of the requests were slow."""
        busy = self.arrivals > 0
        return float((self.slow[busy] > 0.01 * self.arrivals[busy]).mean()) if busy.any() else 0.0

    def percentile_ms(self, share: float = 0.01) -> float:
        """Return the response time that `share` of all requests exceed."""
        return 1000.0 * percentile(self.histogram, share) if self.histogram.any() else 0.0


def _rule(scaling: Tracking | None) -> Rule:
    if scaling is None:
        return Rule(False, 1.0, 0.0, 1, 1, 1, 0, False)
    if not isinstance(scaling, TargetTracking):
        raise ValueError("only target tracking is simulated by request")
    return Rule(
        True,
        scaling.target,
        scaling.target * scaling.scale_in_ratio,
        scaling.out_datapoints,
        scaling.in_datapoints,
        max(1, round(scaling.metric_period_s / 60)),
        math.ceil(scaling.warmup_s / 60),
        scaling.scale_in,
    )


def _work(configuration: Configuration, workload: Workload, slo: Slo) -> Work:
    machine = configuration.machine
    vcpus = max(1, math.ceil(machine.vcpus))
    mean_s = workload.cpu_s_per_request / (machine.speed * machine.vcpus / vcpus)
    variance = math.log1p(workload.service_cv2)
    return Work(
        vcpus,
        math.log(mean_s) - 0.5 * variance,
        math.sqrt(variance),
        workload.timeout_s if workload.timeout_s > 0 else math.inf,
        slo.p99_ms / 1000.0,
        workload.balancing == "least-outstanding",
    )


def replay(
    configuration: Configuration,
    demand_rps: FloatArray,
    workload: Workload,
    slo: Slo,
    start: datetime,
    *,
    seed: int = 0,
) -> Replay:
    """Simulate one configuration under one demand, request by request.

    Args:
        configuration: of one machine, static or under one target tracking of mean CPU.
        demand_rps: shape (T,), mean requests/s of each minute; arrivals are Poisson.
        workload: what a request costs.
        slo: what is slow.
        start: when the first minute begins (aware).
        seed: of everything that chance decides.
    """
    low, high = configuration.min_size, configuration.max_size
    events = expand(configuration.actions, start, demand_rps.size)
    most = max(1, high, int(events[:, 1:].max()) if events.size else 0)
    ready = np.full(most, _EMPTY, dtype=np.int64)
    ready[: min(max(configuration.desired_capacity, low), high)] = _ALWAYS
    kept, counts = np.zeros((5, demand_rps.size)), np.zeros((4, demand_rps.size), np.int64)
    tally = Tally(counts[0], counts[1], counts[2], counts[3], kept[4], np.zeros(BINS, np.int64))
    _replay(
        seed,
        _work(configuration, workload, slo),
        _rule(configuration.tracking),
        np.array([low, high], dtype=np.int64),
        events,
        (workload.boot_s, _BOOT_SIGMA if workload.boot == "distribution" else 0.0),
        ready,
        np.ascontiguousarray(demand_rps, dtype=np.float64),
        tally,
        kept[:4],
    )
    return Replay(
        tally.arrivals,
        tally.slow,
        tally.lost,
        kept[0].astype(np.int64),
        kept[1].astype(np.int64),
        kept[2],
        kept[3].astype(np.int64),
        tally.histogram,
        float(kept[1].sum() * configuration.machine.usd_per_hour / 60.0),
    )
