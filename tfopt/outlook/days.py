"""Finds the days that have bad minutes, and why they have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from tfopt.outlook.figures import rounded
from tfopt.outlook.hours import Clock
from tfopt.simulation import BadDay, Cause
from tfopt_sim.schedule import expand
from tfopt_sim.types import Configuration, FloatArray, Trajectory

CAUSES: tuple[Cause, ...] = get_args(Cause)
SHOWN_DAYS = 5
LEAST_BAD_MINUTES = 1.0  # a day that expects fewer is a good one


@dataclass(frozen=True, slots=True)
class DaySums:
    """One scenario by day."""

    bad: FloatArray  # (causes, days), expected bad minutes
    asked: FloatArray  # (days,), expected minutes with arrivals
    peak_rps: FloatArray  # (days,)
    most_instances: FloatArray  # (days,), in service


def ceilings(configuration: Configuration, clock: Clock) -> NDArray[np.int64]:
    """Return the most instances that each minute allows: what is held, where nothing scales."""
    scaled = bool(configuration.scaling)
    most = configuration.max_size if scaled else configuration.desired_capacity
    allowed = np.full(clock.minutes, most, dtype=np.int64)
    for minute, low, high, desired in expand(configuration.actions, clock.start, clock.minutes):
        if high >= 0:
            most = high if scaled else min(most, high)
        if desired >= 0 and not scaled:
            most = desired
        most = max(most, low)
        allowed[minute:] = most
    return allowed


def day_sums(
    path: Trajectory,
    configuration: Configuration,
    capacity_rps: FloatArray,
    allowed: NDArray[np.int64],
    clock: Clock,
) -> DaySums:
    """Sum one scenario's minutes by day, the bad ones by cause.

    Args:
        path: the scenario's minutes.
        configuration: of the group.
        capacity_rps: what the instances in service can serve within the SLO, shape (minutes,).
        allowed: the most instances of each minute (`ceilings`).
        clock: of the simulated period.
    """
    days = clock.days
    count = int(days[-1]) + 1
    cause = _causes(path, configuration, capacity_rps, allowed)
    bad = np.bincount(cause * count + days, path.bad, len(CAUSES) * count)
    starts = np.searchsorted(days, np.arange(count))
    return DaySums(
        bad=bad.astype(np.float64).reshape(len(CAUSES), count),
        asked=np.bincount(days, -np.expm1(-60.0 * path.demand_rps)).astype(np.float64),
        peak_rps=np.maximum.reduceat(path.demand_rps, starts),
        most_instances=np.maximum.reduceat(path.in_service, starts).astype(np.float64),
    )


def _causes(
    path: Trajectory,
    configuration: Configuration,
    capacity_rps: FloatArray,
    allowed: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the index into `CAUSES` of why each minute would be bad."""
    waiting = np.concatenate(([0.0], path.backlog_requests[:-1])) > 0
    target = configuration.tracking.target if configuration.tracking else 0.0
    found = np.full(path.bad.size, CAUSES.index("capacity lag"))
    found[path.cpu <= target] = CAUSES.index("tight target")
    found[path.in_service >= allowed] = CAUSES.index("peak demand")
    found[waiting & (path.demand_rps <= capacity_rps)] = CAUSES.index("backlog")
    return found


def worst_days(sums: Sequence[DaySums], max_bad_minutes: float, clock: Clock) -> list[BadDay]:
    """Return the days that expect the most bad minutes, worst first; none where all are good."""
    by_cause = np.mean([one.bad for one in sums], axis=0)
    expected = by_cause.sum(axis=0)
    order = np.argsort(-expected, kind="stable")[:SHOWN_DAYS]
    return [
        _day(int(day), sums, by_cause[:, day], max_bad_minutes, clock)
        for day in order
        if expected[day] >= LEAST_BAD_MINUTES
    ]


def _day(
    day: int, sums: Sequence[DaySums], bad: FloatArray, max_bad_minutes: float, clock: Clock
) -> BadDay:
    first = clock.start.astimezone(UTC).date()
    missed = [one.bad[:, day].sum() > max_bad_minutes * one.asked[day] for one in sums]
    shares = bad / bad.sum()
    return BadDay(
        date=(first + timedelta(days=day)).isoformat(),
        bad_minutes=rounded(bad.sum()),
        risk=rounded(np.mean(missed)),
        why=CAUSES[int(np.argmax(shares))],
        causes={
            name: rounded(share) for name, share in zip(CAUSES, shares, strict=True) if share > 0
        },
        peak_rps=rounded(np.median([one.peak_rps[day] for one in sums])),
        most_instances=rounded(np.median([one.most_instances[day] for one in sums])),
    )
