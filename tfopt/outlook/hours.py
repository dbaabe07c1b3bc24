"""Folds scenarios into the hours of the week: bands over scenarios and weeks, risk, latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tfopt.outlook.figures import rounded
from tfopt.simulation import HOURS_PER_WEEK, Band, ByHourOfWeek
from tfopt_sim.hourly import Percentile, p99_by_slot
from tfopt_sim.types import FloatArray, Trajectory

HOUR = 60  # minutes
HOURLY_SCENARIOS = 20  # an hour of twenty weeks holds requests enough for its 99th percentile


@dataclass(frozen=True, slots=True)
class Clock:
    """Which hour and which day (UTC) each simulated minute belongs to, numbered from the start."""

    start: datetime
    minutes: int

    @property
    def hours(self) -> NDArray[np.int64]:
        """Hour of each minute, shape (minutes,)."""
        return (self.start.astimezone(UTC).minute + np.arange(self.minutes)) // HOUR

    @property
    def days(self) -> NDArray[np.int64]:
        """Day of each minute, shape (minutes,)."""
        start = self.start.astimezone(UTC)
        return (start.hour * HOUR + start.minute + np.arange(self.minutes)) // (24 * HOUR)

    def slots(self, hours: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the hour of the week of numbered hours; Monday 00:00 UTC is 0."""
        start = self.start.astimezone(UTC)
        return (start.weekday() * 24 + start.hour + hours) % HOURS_PER_WEEK


@dataclass(frozen=True, slots=True)
class HourSums:
    """One scenario by hour, shape (hours,) each."""

    minutes: FloatArray
    demand_rps: FloatArray  # sums over the minutes, as all below
    capacity_rps: FloatArray
    instances: FloatArray
    cpu: FloatArray
    bad: FloatArray  # expected bad minutes
    asked: FloatArray  # expected minutes with arrivals


def hour_sums(path: Trajectory, capacity_rps: FloatArray, clock: Clock) -> HourSums:
    """Sum one scenario's minutes by hour."""
    hours = clock.hours

    def summed(values: FloatArray | NDArray[np.int64]) -> FloatArray:
        return np.bincount(hours, weights=values).astype(np.float64)

    return HourSums(
        minutes=np.bincount(hours).astype(np.float64),
        demand_rps=summed(path.demand_rps),
        capacity_rps=summed(capacity_rps),
        instances=summed(path.in_service),
        cpu=summed(path.cpu),
        bad=summed(path.bad),
        asked=summed(-np.expm1(-60.0 * path.demand_rps)),
    )


def by_hour_of_week(
    sums: Sequence[HourSums], p99: Sequence[float | None], clock: Clock
) -> ByHourOfWeek:
    """Return the week of all scenarios.

    Args:
        sums: of each scenario.
        p99: by hour of the week, from `latencies`.
        clock: of the simulated period.
    """
    minutes = sums[0].minutes
    slots = clock.slots(np.arange(minutes.size))

    def band(name: str) -> Band:
        means = np.stack([getattr(one, name) for one in sums]) / minutes
        return _band(means, slots)

    bad = np.bincount(slots, np.sum([one.bad for one in sums], axis=0), HOURS_PER_WEEK)
    asked = np.bincount(slots, np.sum([one.asked for one in sums], axis=0), HOURS_PER_WEEK)
    reached = np.isin(np.arange(HOURS_PER_WEEK), slots)
    risk = np.where(reached, bad / np.maximum(asked, 1e-12), np.nan)
    return ByHourOfWeek(
        demand_rps=band("demand_rps"),
        capacity_rps=band("capacity_rps"),
        instances=band("instances"),
        cpu=band("cpu"),
        p99_ms=list(p99),
        bad_minute_risk=_listed(np.minimum(risk, 1.0)),
    )


def _band(means: FloatArray, slots: NDArray[np.int64]) -> Band:
    """Return the quantiles of (scenarios, hours) by hour of the week, weeks taken together."""
    curves = np.full((3, HOURS_PER_WEEK), np.nan)
    for slot in np.unique(slots):
        curves[:, slot] = np.percentile(means[:, slots == slot], [5, 50, 95])
    low, middle, high = map(_listed, curves)
    return Band(p05=low, p50=middle, p95=high)


def _listed(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else rounded(value) for value in values]


def latencies(
    paths: Sequence[Trajectory],
    clock: Clock,
    percentile: Percentile,
    mapped: Callable[[Callable[[int], float | None], Iterable[int]], Iterable[float | None]],
) -> list[float | None]:
    """Return p99 by hour of the week over the requests of a few scenarios, in ms.

    Args:
        paths: of the scenarios.
        clock: of the simulated period.
        percentile: of the response time.
        mapped: like `map`, perhaps on several threads.
    """
    slots = clock.slots(clock.hours)
    found = p99_by_slot(paths, slots, HOURS_PER_WEEK, percentile, mapped)
    return [None if ms is None else rounded(ms) for ms in found]
