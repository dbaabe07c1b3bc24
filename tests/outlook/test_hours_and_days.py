"""Minutes folded into hours of the week and into days, on trajectories made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from tfopt.outlook.days import ceilings, day_sums, worst_days
from tfopt.outlook.hours import Clock, by_hour_of_week, hour_sums, latencies
from tfopt_sim.types import (
    Configuration,
    FloatArray,
    Machine,
    ScheduledAction,
    TargetTracking,
    Trajectory,
)

FRIDAY = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
MACHINE = Machine("m5.large", 2, 8, 0.096)
SCALED = Configuration(MACHINE, 2, 6, 2, scaling=(TargetTracking(0.5),))


def path_of(minutes: int, **given: FloatArray | float) -> Trajectory:
    """Return a calm trajectory of two instances but for what is given."""

    def of(name: str, value: float) -> FloatArray:
        return np.broadcast_to(np.asarray(given.get(name, value), float), (minutes,)).copy()

    return Trajectory(
        start=FRIDAY,
        in_service=of("in_service", 2).astype(np.int64),
        billed=of("billed", 2).astype(np.int64),
        cpu=of("cpu", 0.3),
        backlog_requests=of("backlog", 0),
        bad=of("bad", 0),
        demand_rps=of("rps", 10),
        p99_ms=1.0,
        cost_usd=1.0,
    )


def at(minutes: int, places: list[int], value: float = 1.0, other: float = 0.0) -> FloatArray:
    """Return `value` at some minutes and `other` elsewhere."""
    array = np.full(minutes, other)
    array[places] = value
    return array


def test_hours_and_days_are_the_calendars() -> None:
    """A period that starts at half past ten on Friday has half an hour, then whole ones."""
    clock = Clock(FRIDAY, 150)
    assert np.bincount(clock.hours).tolist() == [30, 60, 60]
    assert np.bincount(clock.days).tolist() == [90, 60]
    assert clock.slots(np.arange(3)).tolist() == [4 * 24 + 22, 4 * 24 + 23, 5 * 24]


def test_other_time_zones_count_in_utc() -> None:
    """Half past midnight on Saturday two hours east is still Friday."""
    east = Clock(FRIDAY.astimezone(timezone(timedelta(hours=2))), 150)
    assert east.slots(np.arange(3)).tolist() == [118, 119, 120]
    assert np.bincount(east.days).tolist() == [90, 60]


def test_bands_are_over_scenarios_and_weeks() -> None:
    """The median of an hour that occurs twice in two scenarios is that of four means."""
    week = 7 * 1440
    clock = Clock(FRIDAY.replace(minute=0), 2 * week)
    rising = np.repeat([1.0, 3.0], week)
    paths = [path_of(2 * week, rps=rising), path_of(2 * week, rps=rising + 4.0)]
    sums = [hour_sums(path, np.full(2 * week, 50.0), clock) for path in paths]
    hours = by_hour_of_week(sums, [None] * 168, clock)
    assert hours.demand_rps.p50 == [4.0] * 168  # of 1, 3, 5 and 7
    assert hours.capacity_rps.p05 == hours.capacity_rps.p95 == [50.0] * 168
    assert hours.instances.p50 == [2.0] * 168


def test_hours_outside_of_the_horizon_are_null_and_risk_counts_minutes_with_arrivals() -> None:
    """Half of an hour's minutes without a request do not dilute its bad ones."""
    minutes = 90
    rps = at(minutes, list(range(60)), 10.0)
    bad = at(minutes, [0, 1, 2, 30])
    clock = Clock(FRIDAY, minutes)
    sums = [hour_sums(path_of(minutes, rps=rps, bad=bad), np.zeros(minutes), clock)]
    risk = by_hour_of_week(sums, [None] * 168, clock).bad_minute_risk
    assert risk[4 * 24 + 22] == pytest.approx(3 / 30)
    assert risk[4 * 24 + 23] == pytest.approx(1 / 30)
    assert sum(value is not None for value in risk) == 2


def test_latency_of_an_hour_is_over_its_requests_alone() -> None:
    """Minutes of other hours bring their backlog into an hour, but no requests."""
    minutes = 150
    clock = Clock(FRIDAY, minutes)
    path = path_of(minutes, backlog=np.arange(minutes) * 1.0, rps=np.arange(minutes) + 1.0)
    seen: dict[int, tuple[FloatArray, FloatArray]] = {}

    def percentile(size: object, backlog: FloatArray, rps: FloatArray) -> float:
        seen[len(seen)] = (backlog, rps)
        return 7.0

    found = latencies([path, path], clock, percentile, map)
    assert [ms for ms in found if ms is not None] == [7.0] * 3
    backlog, rps = seen[1]  # 23:00 to 24:00: minutes 30 to 89, after minute 29
    assert backlog.tolist() == [*range(29, 90)] * 2
    assert rps.tolist() == [0, *range(31, 91)] * 2


def test_causes_of_bad_minutes() -> None:
    """Waiting behind others, at the maximum, at the target, or while capacity is missing."""
    minutes = 60
    path = path_of(
        minutes,
        bad=at(minutes, [10, 20, 30, 40]),
        backlog=at(minutes, [9], 5.0),
        in_service=at(minutes, [20], 6.0, 2.0),
        cpu=at(minutes, [10, 20, 40], 0.9, 0.5),
    )
    sums = day_sums(path, SCALED, np.full(minutes, 50.0), np.full(minutes, 6), Clock(FRIDAY, 60))
    (day,) = worst_days([sums], 0.01, Clock(FRIDAY, 60))
    assert day.causes == {
        "peak demand": 0.25,
        "capacity lag": 0.25,
        "tight target": 0.25,
        "backlog": 0.25,
    }
    assert (day.date, day.bad_minutes, day.risk) == ("2026-03-06", 4.0, 1.0)


def test_worst_days_come_first_and_good_days_not_at_all() -> None:
    """Days are ordered by what they expect over the scenarios; half a minute is no bad day."""
    minutes = 3 * 1440
    clock = Clock(FRIDAY.replace(hour=0, minute=0), minutes)
    some, none = at(minutes, [5, 1500, 1501, 1502]), np.zeros(minutes)
    sums = [
        day_sums(path_of(minutes, bad=bad), SCALED, none, np.full(minutes, 6), clock)
        for bad in (some, none)
    ]
    (day,) = worst_days(sums, 0.001, clock)
    assert (day.date, day.bad_minutes, day.risk) == ("2026-03-07", 1.5, 0.5)


def test_ceiling_follows_the_schedule_and_is_the_size_of_what_is_held() -> None:
    """A scheduled maximum counts from its minute on; a group that nothing scales is at its own."""
    night = ScheduledAction("0 23 * * *", max_size=4, desired_capacity=3)
    clock = Clock(FRIDAY, 60)
    scaled = Configuration(MACHINE, 2, 6, 2, scaling=SCALED.scaling, schedules=(night,))
    assert ceilings(scaled, clock).tolist() == [6] * 30 + [4] * 30
    held = Configuration(MACHINE, 2, 6, 2, schedules=(night,))
    assert ceilings(held, clock).tolist() == [2] * 30 + [3] * 30
