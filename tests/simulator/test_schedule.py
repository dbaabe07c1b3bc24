"""Scheduled actions: cron, time zones, changes of the clocks, and what they do to a group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.cost import monthly_usd
from tfopt_sim.rollout import trajectory
from tfopt_sim.schedule import expand, occurrences, parse_cron
from tfopt_sim.types import Configuration, Machine, ScheduledAction, Slo, TargetTracking, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = 7 * 1440


def times(recurrence: str, zone: str, start: datetime, minutes: int) -> list[str]:
    """UTC times at which a schedule acts."""
    return [
        (start + timedelta(minutes=m)).strftime("%d %H:%M")
        for m in occurrences(recurrence, zone, start, minutes)
    ]


def test_weekday_mornings_run_five_times_a_week() -> None:
    """`0 7 * * 1-5` from a Monday."""
    assert times("0 7 * * 1-5", "Etc/UTC", MONDAY, WEEK) == [
        f"{day:02} 07:00" for day in range(5, 10)
    ]


def test_names_lists_steps_and_sunday_as_seven() -> None:
    """Cron's other spellings."""
    assert parse_cron("*/20 8-10/2 1,15 JAN,jul SUN") == parse_cron("0,20,40 8,10 1,15 1,7 7")
    assert parse_cron("5/20 0 * * *")[0] == frozenset({5, 25, 45})


def test_either_kind_of_day_suffices_where_both_are_restricted() -> None:
    """cron(5): the 6th, or any Friday."""
    assert times("0 0 6 * 5", "Etc/UTC", MONDAY, WEEK) == ["06 00:00", "09 00:00"]
    assert times("0 0 */2 * 5", "Etc/UTC", MONDAY, WEEK) == ["09 00:00"]


def test_the_wall_clock_of_the_time_zone_rules() -> None:
    """07:00 in New York is 12:00 UTC in winter; a start in another zone changes nothing."""
    new_york = times("0 7 * * *", "America/New_York", MONDAY, 1440)
    assert new_york == ["05 12:00"]
    elsewhere = datetime.fromisoformat("2026-01-05T09:00:00+09:00")
    assert occurrences("0 7 * * *", "America/New_York", elsewhere, 1440) == (720,)


def test_summer_time_moves_the_action_by_an_hour() -> None:
    """New York's clocks go forward on 8 March 2026: 12:00 UTC before, 11:00 after."""
    start = datetime(2026, 3, 7, tzinfo=UTC)
    assert times("0 7 * * *", "America/New_York", start, 2 * 1440) == ["07 12:00", "08 11:00"]


def test_a_skipped_time_acts_as_much_later_and_a_repeated_one_once() -> None:
    """02:30 does not exist on 8 March (→ 03:30 local); 01:30 exists twice on 1 November."""
    spring = datetime(2026, 3, 8, tzinfo=UTC)
    assert times("30 2 * * *", "America/New_York", spring, 1440) == ["08 07:30"]
    autumn = datetime(2026, 11, 1, tzinfo=UTC)
    assert times("30 1 * * *", "America/New_York", autumn, 1440) == ["01 05:30"]
    hourly = occurrences("30 * * * *", "America/New_York", autumn, 1440)
    assert hourly == tuple(range(30, 1440, 60))


@settings(deadline=None)
@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 10_000))
def test_a_daily_action_comes_every_day(minute: int, hour: int, offset: int) -> None:
    """Whatever the start, a week holds seven occurrences a day apart."""
    found = occurrences(f"{minute} {hour} * * *", "UTC", MONDAY + timedelta(minutes=offset), WEEK)
    assert len(found) == 7
    assert set(np.diff(found)) == {1440}
    moment = MONDAY + timedelta(minutes=offset + found[0])
    assert (moment.hour, moment.minute) == (hour, minute)


def test_a_start_within_a_minute_acts_at_the_first_tick_after() -> None:
    """Simulated minutes begin 20 s past: an action at 00:01:00 comes with the tick at 00:01:20."""
    assert occurrences("1 0 * * *", "UTC", MONDAY + timedelta(seconds=20), 10) == (1,)


@pytest.mark.parametrize(
    ("recurrence", "message"),
    [
        ("0 7 * *", "has 4 fields"),
        ("60 7 * * *", "minute '60' is not within 0-59"),
        ("0 7 0 * *", "day of month '0'"),
        ("0 9-7 * * *", "hour '9-7'"),
        ("0 7 * * mo", "day of week 'mo' is not a number"),
        ("*/0 7 * * *", "minute '\\*/0'"),
        ("0 7 * 13 *", "month '13'"),
    ],
)
def test_bad_recurrences_say_what_is_wrong(recurrence: str, message: str) -> None:
    """Each names the field and the text."""
    with pytest.raises(ValueError, match=message):
        parse_cron(recurrence)


def test_bad_zone_start_and_bounds_are_refused() -> None:
    """Unknown time zone, naive start, minimum above maximum."""
    with pytest.raises(ValueError, match="unknown time zone 'Mars/Base'"):
        occurrences("0 7 * * *", "Mars/Base", MONDAY, 10)
    with pytest.raises(ValueError, match="no time zone"):
        occurrences("0 7 * * *", "UTC", datetime(2026, 1, 5), 10)
    with pytest.raises(ValueError, match="min_size 5 above 3"):
        expand([ScheduledAction("0 0 * * *", min_size=5, max_size=3)], MONDAY, 10)


def test_actions_of_one_minute_come_in_the_order_given() -> None:
    """The later one overrides what it sets and leaves the rest."""
    events = expand(
        [
            ScheduledAction("5 0 * * *", min_size=2, max_size=9),
            ScheduledAction("5 0 * * *", min_size=3, desired_capacity=4),
        ],
        MONDAY,
        60,
    )
    assert events.tolist() == [[5, 3, 9, 4]]
    assert expand([], MONDAY, 60).shape == (0, 4)


MACHINE = Machine("m5.large", vcpus=2, memory_gib=8, usd_per_hour=0.096)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=120, boot="fixed", arrivals="even")


def billed(schedules: list[ScheduledAction], scaling: TargetTracking | None = None) -> list[int]:
    configuration = Configuration(
        MACHINE, 1, 10, 3, (scaling,) if scaling else (), tuple(schedules)
    )
    seen = trajectory(configuration, np.full(60, 100.0), WORKLOAD, Slo(), MONDAY)
    return [int(n) for n in seen.billed]


def test_a_raised_minimum_lifts_the_group_at_once() -> None:
    """The launch is paid from that minute; a static group keeps the new size."""
    assert billed([ScheduledAction("10 0 * * *", min_size=6)]) == [3] * 10 + [6] * 50


def test_a_lowered_maximum_cuts_the_group_at_once() -> None:
    """Desired follows the bounds, not the other way round."""
    assert billed([ScheduledAction("10 0 * * *", max_size=2)]) == [3] * 10 + [2] * 50


def test_a_desired_capacity_stays_within_the_bounds_in_force() -> None:
    """A scheduled 50 in a group of at most 10 is 10."""
    assert billed([ScheduledAction("10 0 * * *", desired_capacity=50)])[10] == 10


def test_a_floor_holds_against_scale_in() -> None:
    """Target tracking may not go below the scheduled minimum, and may once it is lifted."""
    rule = TargetTracking(0.6, warmup_s=0.0)
    floor = ScheduledAction("0 0 * * *", min_size=3)
    lifted = ScheduledAction("30 0 * * *", min_size=1)
    assert set(billed([floor], rule)) == {3}
    assert billed([floor, lifted], rule)[30:32] == [3, 2]  # the alarm rings already


def test_a_month_has_730_hours() -> None:
    """Mean hourly cost × 730, as the vendors' calculators have it."""
    assert monthly_usd(0.096) == pytest.approx(70.08)
