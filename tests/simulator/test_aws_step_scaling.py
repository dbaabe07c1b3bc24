"""Documented behaviour of step and simple scaling, example by example.

Sources are pages of the EC2 Auto Scaling user guide: as-scaling-simple-step, named "the step page"
here, and ec2-auto-scaling-scaling-cooldowns, named "the cooldown page".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from golden import ABOVE_HALF, BELOW_HALF, changes, run, sizes, steps

from tfopt_sim.autoscaling.combine import pack, rows_of
from tfopt_sim.autoscaling.step import adjusted, rounded
from tfopt_sim.types import (
    Adjustment,
    Alarm,
    ScheduledAction,
    SimpleScaling,
    Step,
    StepScaling,
    TargetTracking,
)

# The tables of the step page: alarms at 50 %, percentages of the group.
OUT = StepScaling(
    ABOVE_HALF, steps((0, 0.1, 0), (0.1, 0.2, 10), (0.2, None, 30)), "percent", warmup_s=300
)
IN = StepScaling(
    BELOW_HALF, steps((-0.1, 0, 0), (-0.2, -0.1, -10), (None, -0.2, -30)), "percent", warmup_s=300
)
ONE_MORE = StepScaling(Alarm(0.6, ">"), (Step(1, 0),), warmup_s=0)


def test_the_published_step_table_holds_between_forty_and_sixty_percent() -> None:
    """The step page: desired capacity is kept while the metric is above 40 and below 60."""
    assert changes(run([4.1] * 30 + [5.9] * 30, OUT, IN, start=10)) == []


def test_at_sixty_percent_one_tenth_is_added() -> None:
    """The step page: if the metric gets to 60, capacity goes from 10 to 11."""
    assert changes(run([6.0] * 2, OUT, IN, start=10)) == [(1, 11)]


def test_at_seventy_percent_three_tenths_of_eleven_are_three() -> None:
    """The step page: 70 on 11 warm instances adds 3.3, rounded down to 3: 14."""
    assert changes(run([7.7] * 2, OUT, IN, start=11)) == [(1, 14)]


def test_at_forty_percent_one_tenth_of_fourteen_is_one() -> None:
    """The step page: 40 on 14 instances removes 1.4, rounded to 1: 13."""
    assert changes(run([5.6] * 2, OUT, IN, start=14)) == [(1, 13)]


def test_at_thirty_percent_three_tenths_of_thirteen_are_three() -> None:
    """The step page: 30 on 13 instances removes 3.9, rounded to 3: 10."""
    assert changes(run([3.9] * 2, OUT, IN, start=13)) == [(1, 10)]


def test_the_same_step_while_an_instance_warms_adds_nothing() -> None:
    """The step page, "Instance warm-up": 60 then 62 on 10 + 1 warming stays at 11."""
    assert changes(run([6.0, 6.2, 6.2, 6.8, 6.8], OUT, start=10)) == [(1, 11)]


def test_a_higher_step_while_an_instance_warms_adds_the_difference() -> None:
    """The step page, "Instance warm-up": 70 while one warms asks for 3 of 10: 2 more, 13."""
    assert changes(run([6.0, 7.0, 7.0, 7.7, 7.7], OUT, start=10)) == [(1, 11), (2, 13)]


def test_after_the_warm_up_a_step_counts_from_the_whole_group() -> None:
    """The step page: the group's current capacity grows when the warm-up is over.

    Ordered in minute 1, in service from minute 3, warm from minute 8.
    """
    seen = run([6.0] * 3 + [6.6] * 8, OUT, start=10)
    assert changes(seen) == [(1, 11), (8, 12)]


@pytest.mark.parametrize(
    ("cpu", "size"), [(0.599, 10), (0.6, 11), (0.699, 11), (0.7, 13), (1.0, 13)]
)
def test_above_the_threshold_the_lower_bound_is_inclusive(cpu: float, size: int) -> None:
    """The step page: above the breach threshold the upper bound is exclusive."""
    assert run([10 * cpu] * 2, OUT, start=10).billed[1] == size


@pytest.mark.parametrize(("cpu", "size"), [(0.401, 10), (0.4, 9), (0.301, 9), (0.3, 7), (0.0, 7)])
def test_below_the_threshold_the_upper_bound_is_inclusive(cpu: float, size: int) -> None:
    """The step page: below the breach threshold the lower bound is exclusive."""
    assert run([10 * cpu] * 2, IN, start=10).billed[1] == size


@pytest.mark.parametrize(
    ("change", "whole"), [(12.7, 12), (0.67, 1), (-0.58, -1), (-6.67, -6), (0.0, 0), (3.0, 3)]
)
def test_shares_of_an_instance_are_rounded(change: float, whole: int) -> None:
    """The step page's note: 12.7 → 12, .67 → 1, -.58 → -1, -6.67 → -6."""
    assert rounded(change) == whole


@pytest.mark.parametrize(
    ("adjustment", "change", "least", "capacity", "wanted"),
    [
        ("change", 5, 0, 3, 8),  # the step page: 3 and ChangeInCapacity 5 → 8
        ("exact", 5, 0, 3, 5),  # 3 and ExactCapacity 5 → 5
        ("percent", 10, 0, 10, 11),  # 10 and 10 % → 11
        ("percent", 25, 2, 4, 6),  # 4 and 25 %, but MinAdjustmentMagnitude 2 → 6
        ("percent", -25, 2, 4, 2),
        ("percent", 0, 2, 4, 4),  # no change stays none
        ("change", -5, 0, 3, 0),
    ],
)
def test_adjustment_types_and_the_least_magnitude(
    adjustment: Adjustment, change: float, least: int, capacity: int, wanted: int
) -> None:
    """The step page, "Scaling adjustment types" and `MinAdjustmentMagnitude`, by their examples."""
    policy = StepScaling(ABOVE_HALF, (Step(change, 0),), adjustment, least)
    rule = pack(rows_of(policy)).rows[0]
    assert adjusted(rule, capacity, change) == wanted


def test_an_exact_capacity_holds_however_long_the_alarm_rings() -> None:
    """The step page: `ExactCapacity` sets the group to a value, out as well as in."""
    up = StepScaling(Alarm(0.6, ">"), (Step(9, 0),), "exact")
    down = StepScaling(Alarm(0.2, "<"), (Step(2, None, 0),), "exact", warmup_s=0)
    seen = run([3.5] * 10 + [0.3] * 10, up, down)
    assert changes(seen) == [(1, 9), (11, 2)]


def test_an_alarm_rings_on_m_of_n_datapoints() -> None:
    """CloudWatch guide, AlarmThatSendsEmail: "Datapoints to alarm" 2 of 3 periods."""
    policy = replace(ONE_MORE, alarm=Alarm(0.6, ">", datapoints=2, of=3), warmup_s=3600)
    apart = run([3.0, 1.0, 1.0] * 10, policy)  # one of any three breaches
    close = run([3.0, 1.0, 3.0, 1.0, 1.0, 1.0], policy)
    assert changes(apart) == []
    assert changes(close) == [(3, 5)]


def test_a_ringing_alarm_acts_in_every_period() -> None:
    """The step page: adjustments go on for further breaches until the alarm is OK again."""
    seen = run([40.0] * 8, ONE_MORE)
    assert seen.billed.tolist() == [4, 5, 5, 5, 6, 6, 6, 7]  # one at a time: the others boot


def test_without_a_step_for_the_breach_nothing_happens() -> None:
    """PutScalingPolicy: an alarm may ring where no step adjustment covers the metric."""
    policy = StepScaling(Alarm(0.6, ">"), (Step(5, 0.2),), warmup_s=0)
    assert changes(run([3.0] * 10, policy)) == []
    assert changes(run([3.3] * 2, policy)) == [(1, 9)]


def test_step_scale_in_waits_for_a_scale_out_in_progress() -> None:
    """The step page: a scale-in activity can't start while a scale-out activity is in progress.

    Out in minute 1, in service from 3, warm from 8, when the low alarm is long on.
    """
    seen = run([6.0] + [1.0] * 12, OUT, IN, start=10)
    assert changes(seen)[:2] == [(1, 11), (8, 8)]


def test_step_scaling_on_five_minute_datapoints() -> None:
    """CloudWatch aggregates the metric over the alarm's period, here 300 s."""
    policy = replace(ONE_MORE, alarm=Alarm(0.6, ">", period_s=300), warmup_s=3600)
    assert changes(run([3.2] * 12, policy)) == [(5, 5)]
    assert changes(run([2.0, 2.0, 2.0, 2.0, 4.0] * 3, policy)) == []


def test_step_scaling_on_requests_per_target() -> None:
    """ALBRequestCountPerTarget: requests of a minute per instance in service; 6,000 when full."""
    policy = StepScaling(Alarm(9000, ">", metric="requests"), (Step(2, 0, 3000), Step(6, 3000)))
    assert changes(run([6.4] * 2, policy)) == [(1, 6)]  # 9,600 each
    assert changes(run([8.4] * 2, policy)) == [(1, 10)]  # 12,600 each; CPU says 100 % both times


def test_the_bounds_of_the_group_limit_a_step() -> None:
    """The step page: an adjustment can't go above the maximum or below the minimum size."""
    assert run([10.0] * 5, replace(OUT, adjustment="change"), start=10).billed.max() == 20
    down = StepScaling(Alarm(0.2, "<"), (Step(-50, None, 0),))
    assert run([0.1] * 5, down, bounds=(3, 20)).billed.tolist() == [4, 3, 3, 3, 3]


SIMPLE = SimpleScaling(Alarm(0.6, ">"), change=2, cooldown_s=300)


def test_simple_scaling_acts_once_and_waits_for_the_cooldown() -> None:
    """The cooldown page: it starts when the last instance has finished launching.

    Ordered in minute 1, in service from minute 3: the next adjustment is due in minute 8.
    """
    assert changes(run([40.0] * 14, SIMPLE)) == [(1, 6), (8, 8)]


def test_enough_after_the_cooldown_is_enough() -> None:
    """The cooldown page: if two instances bring the metric down, the group stays as it is."""
    assert changes(run([3.0] * 30, SIMPLE)) == [(1, 6)]


def test_a_cooldown_of_its_own_overrides() -> None:
    """The cooldown page: a shorter cooldown on the scale-in policy lets it remove faster."""
    down = SimpleScaling(Alarm(0.2, "<"), change=-1, cooldown_s=60)
    assert changes(run([0.1] * 5, down)) == [(1, 3), (2, 2), (3, 1)]
    assert changes(run([0.1] * 12, replace(down, cooldown_s=300))) == [(1, 3), (6, 2), (11, 1)]


def test_the_cooldown_of_one_simple_policy_holds_the_others() -> None:
    """The cooldown page: any activity of simple policies waits for the cooldown to end."""
    down = SimpleScaling(Alarm(0.2, "<"), change=-1, cooldown_s=60)
    seen = run([3.0] + [0.1] * 9, SIMPLE, down)
    assert changes(seen) == [(1, 6), (8, 5), (9, 4)]


def test_target_tracking_and_steps_do_not_wait_for_a_cooldown() -> None:
    """The cooldown page: both may scale out without waiting for the cooldown to end."""
    simple = replace(SIMPLE, cooldown_s=3600)
    step = StepScaling(Alarm(0.9, ">"), (Step(4, 0),), warmup_s=60)
    assert changes(run([3.0] * 3 + [8.0] * 5, simple, step))[:2] == [(1, 6), (4, 10)]
    tracked = run([3.0] * 3 + [8.0] * 5, simple, TargetTracking(0.9))
    assert changes(tracked) == [(1, 6), (6, 7)]


def test_a_scheduled_action_does_not_wait_for_a_cooldown() -> None:
    """The cooldown page: a scheduled action starts at its time, cooldown or not."""
    simple = replace(SIMPLE, cooldown_s=3600)
    at = ScheduledAction("2 0 * * *", desired_capacity=12)
    assert changes(run([3.0] * 20, simple, schedules=[at])) == [(1, 6), (2, 12)]


@pytest.mark.parametrize(("datapoints", "of"), [(0, 1), (3, 2), (1, 60)])
def test_an_impossible_alarm_is_refused(datapoints: int, of: int) -> None:
    """An alarm needs between one and all of its periods, and no more than can be kept."""
    alarm = Alarm(0.5, ">", datapoints=datapoints, of=of)
    with pytest.raises(ValueError, match=f"{datapoints} of {of} datapoints"):
        pack(rows_of(StepScaling(alarm, (Step(1, 0),))))


def test_an_alarm_remembers_its_last_periods_only() -> None:
    """A breach counts for `of` periods: 15 in a row ring 15 of 15, one gap and they do not."""
    policy = replace(ONE_MORE, alarm=Alarm(0.6, ">", datapoints=15, of=15), warmup_s=3600)
    gap = np.full(60, 3.0)
    gap[14::15] = 1.0
    assert changes(run(gap.tolist(), policy)) == []
    assert sizes(run([3.0] * 16, policy), 14, 15) == [4, 5]
