"""Runs the present settings through every scenario and keeps what the answer is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tfopt.outlook.days import DaySums, ceilings, day_sums
from tfopt.outlook.hours import (
    HOURLY_SCENARIOS,
    Clock,
    HourSums,
    hour_sums,
    latencies,
)
from tfopt_sim.hourly import machines_of
from tfopt_sim.rollout import (
    minutes_with_arrivals,
    service_limits,
    trajectory,
    whole_percentile_ms,
)
from tfopt_sim.tables import service_of
from tfopt_sim.types import Configuration, FloatArray, Slo, Trajectory, Workload

WEEK = 7 * 1440  # minutes
LATENCY_SCENARIOS = 40
_DENSE, _APART = 32, 1.06  # sizes whose limits are computed: each, then so far apart


@dataclass(frozen=True, slots=True)
class Subject:
    """What is simulated: one group as it is, and when."""

    configuration: Configuration
    workload: Workload
    slo: Slo
    start: datetime
    seed: int = 0
    forecast_rps: FloatArray | None = None  # what predictive scaling expects, by clock hour

    def run(self, rps: FloatArray, scenario: int = 0) -> Trajectory:
        """Simulate one scenario, minute by minute; demand has shape (minutes,).

        Later ones have no `p99_ms`: it takes more time than the minutes, and varies little.
        """
        return trajectory(
            self.configuration,
            rps,
            self.workload,
            self.slo,
            self.start,
            seed=self.seed,
            scenario=scenario,
            latency=scenario < LATENCY_SCENARIOS,
            forecast_rps=self.forecast_rps,
        )

    def percentile_ms(
        self,
        machines: FloatArray,
        backlog: FloatArray,
        rps: FloatArray,
        share: float = 0.01,
    ) -> float:
        """Return the response time that `share` of the requests exceed, in ms."""
        service = service_of(self.configuration.machine, self.workload, self.slo)
        timeout_s = self.workload.timeout_s or math.inf
        return whole_percentile_ms(service, machines, backlog, rps, share, timeout_s)


@dataclass(frozen=True, slots=True)
class Digest:
    """One scenario, summed up."""

    usd_per_hour: float
    p99_ms: float  # NaN in later scenarios
    extras: dict[str, float]  # of its `Trajectory`
    met: list[bool]  # whether each of its weeks holds the SLO
    hours: HourSums
    days: DaySums


@dataclass(frozen=True, slots=True)
class Looked:
    """All scenarios of one group."""

    clock: Clock
    digests: list[Digest]
    paths: list[Trajectory]  # of the first scenarios
    p99_by_slot: list[float | None]

    def extra(self, name: str) -> FloatArray:
        """Return one total of every scenario, shape (scenarios,)."""
        return np.array([one.extras[name] for one in self.digests])


@dataclass(frozen=True, slots=True)
class Digester:
    """Sums up trajectories of one subject."""

    subject: Subject
    clock: Clock
    allowed: NDArray[np.int64]  # most instances of each minute
    sizes: NDArray[np.int64]
    limits_rps: FloatArray  # what that many instances serve within the SLO

    def digest(self, path: Trajectory) -> Digest:
        """Sum up one scenario."""
        capacity_rps = np.interp(machines_of(path), self.sizes, self.limits_rps)
        configuration = self.subject.configuration
        return Digest(
            usd_per_hour=path.cost_usd / (self.clock.minutes / 60),
            p99_ms=path.p99_ms,
            extras=path.extras,
            met=list(_weeks_met(path, self.subject.slo.max_bad_minutes)),
            hours=hour_sums(path, capacity_rps, self.clock),
            days=day_sums(path, configuration, capacity_rps, self.allowed, self.clock),
        )


def digester(subject: Subject, minutes: int) -> Digester:
    """Return what sums up scenarios of `minutes` minutes."""
    clock = Clock(subject.start, minutes)
    allowed = ceilings(subject.configuration, clock)
    sizes = _sizes(max(int(allowed.max()), subject.configuration.max_size))
    configuration = subject.configuration
    limits = service_limits(configuration.machine, subject.workload, subject.slo, sizes)
    return Digester(subject, clock, allowed, sizes, limits)


def look(
    subject: Subject, demand_rps: FloatArray, pool: Executor, tick: Callable[[], None]
) -> Looked:
    """Run every scenario, side by side: the simulator's kernels release the interpreter lock.

    Args:
        subject: what to run.
        demand_rps: shape (scenarios, minutes).
        pool: to run on.
        tick: called after each scenario.
    """
    summing = digester(subject, demand_rps.shape[1])
    kept: list[Trajectory] = []
    digests: list[Digest] = []
    for path, digest in _run(subject, demand_rps, summing, pool):
        kept += [path] if len(kept) < HOURLY_SCENARIOS else []
        digests.append(digest)
        tick()
    p99 = latencies(kept, summing.clock, subject.percentile_ms, pool.map)
    return Looked(summing.clock, digests, kept, p99)


def _run(
    subject: Subject, demand_rps: FloatArray, summing: Digester, pool: Executor
) -> Iterator[tuple[Trajectory, Digest]]:
    def one(scenario: int) -> tuple[Trajectory, Digest]:
        path = subject.run(demand_rps[scenario], scenario)
        return path, summing.digest(path)

    yield one(0)  # alone: it fills the tables that all share
    yield from pool.map(one, range(1, len(demand_rps)))


def _sizes(largest: int) -> NDArray[np.int64]:
    """Sizes at which capacity is computed; between them it is as good as straight."""
    sizes = list(range(min(largest, _DENSE) + 1))
    while sizes[-1] < largest:
        sizes.append(min(largest, int(np.ceil(sizes[-1] * _APART))))
    return np.array(sizes, dtype=np.int64)


def _weeks_met(path: Trajectory, max_bad_minutes: float) -> Iterator[bool]:
    """Tell for each whole week whether it holds the SLO; for the period where it is shorter."""
    weeks = max(1, path.bad.size // WEEK)
    for k in range(weeks):
        part = slice(k * WEEK, (k + 1) * WEEK)
        asked = minutes_with_arrivals(path.demand_rps[part])
        yield bool(path.bad[part].sum() <= max_bad_minutes * asked)
