"""Documented AWS scaling behaviour, example by example; sources are the EC2 Auto Scaling guide."""

from __future__ import annotations

from dataclasses import replace

import golden
import numpy as np
import pytest
from golden import changes

from tfopt_sim.autoscaling import tracking
from tfopt_sim.autoscaling.combine import decide, pack, rows_of
from tfopt_sim.autoscaling.seen import Seen
from tfopt_sim.types import ScheduledAction, TargetTracking, Trajectory

RULE = TargetTracking(0.5)


def run(busy: list[float], start: int = 4, **fields: object) -> Trajectory:
    """A group of 1..20 under one target tracking, 50 % but for `fields`."""
    return golden.run(busy, replace(RULE, **fields), start=start)  # type: ignore[arg-type]


def test_scale_out_comes_with_the_third_datapoint_above_the_target() -> None:
    """High alarm: 3 datapoints in 3 minutes (as-scaling-target-tracking); billed from launch."""
    seen = run([2.0, 2.0] + [3.2] * 10)
    assert seen.billed.tolist()[:6] == [4, 4, 4, 4, 4, 7]  # ceil(4 · 0.8 ÷ 0.5) = 7
    assert seen.in_service.tolist()[:8] == [4, 4, 4, 4, 4, 4, 4, 7]  # two minutes of boot


def test_a_datapoint_at_the_target_is_not_above_it() -> None:
    """The high alarm compares with `>`: a group that sits on its target stays as it is."""
    assert set(run([2.0] * 60).billed) == {4}


def test_one_datapoint_below_restarts_the_count() -> None:
    """Three datapoints in a row are wanted: two above, one below, two above do nothing."""
    assert set(run([3.0, 3.0, 1.9] * 20).billed) == {4}


def test_scale_in_comes_with_the_fifteenth_datapoint_below_seven_tenths() -> None:
    """Low alarm: 15 datapoints below k × target; for EC2 and CPU 50 → 35, so k = 0.7."""
    seen = run([4 * 0.34] * 40)
    assert seen.billed.tolist()[:16] == [4] * 15 + [3]  # ceil(4 · 0.34 ÷ 0.5) = 3
    assert set(run([4 * 0.36] * 40).billed) == {4}


@pytest.mark.parametrize(
    ("target", "alarm"), [(0.75, 0.525), (0.5, 0.35), (0.4, 0.28), (0.3, 0.21)]
)
def test_the_low_alarm_stands_where_it_was_observed(target: float, alarm: float) -> None:
    """Alarms observed on EC2 groups: 75 → 52.5, 50 → 35, 40 → 28, 30 → 21."""
    assert pack(rows_of(TargetTracking(target))).rows[0, tracking.LOW] == pytest.approx(alarm)


def test_application_autoscaling_uses_nine_tenths() -> None:
    """Observed on ECS: 30 → 27; the ratio is a parameter."""
    rules = pack(rows_of(TargetTracking(0.3, scale_in_ratio=0.9)))
    assert rules.rows[0, tracking.LOW] == pytest.approx(0.27)
    assert run([4 * 0.4] * 40, scale_in_ratio=0.9).billed[15] == 4  # ceil(4 · 0.4 ÷ 0.5)
    assert run([4 * 0.36] * 40, scale_in_ratio=0.9).billed[15] == 3


def test_basic_monitoring_takes_fifteen_minutes_out_and_seventy_five_in() -> None:
    """5-minute metrics: three datapoints are 15 minutes, fifteen are 75."""
    out = run([3.2] * 40, metric_period_s=300)
    assert out.billed.tolist()[:16] == [4] * 15 + [7]
    back = run([1.2] * 90, metric_period_s=300)
    assert back.billed.tolist()[:76] == [4] * 75 + [3]


def test_a_five_minute_datapoint_is_the_mean_of_its_minutes() -> None:
    """One minute at 100 % in five at 40 % makes 52 %: above the target, every time."""
    seen = run([1.6, 1.6, 1.6, 1.6, 4.0] * 3 + [1.6], metric_period_s=300)
    assert seen.billed[15] == 5  # ceil(4 · 0.52 ÷ 0.5)


def test_cpu_saturates_so_catching_up_takes_several_rounds() -> None:
    """CPU ends at 100 %: one step can only reach in-service × 100 ÷ target."""
    seen = run([15.0] * 30, start=2)
    assert seen.billed[3] == 4
    assert seen.billed.max() == 20
    assert len(set(seen.billed.tolist())) >= 4


def test_instances_on_their_way_count_as_capacity() -> None:
    """default-instance-warmup: 4 + 1 warming wants 5 → stays 5; wants 6 → one more is launched."""
    rules = pack(rows_of(replace(RULE, out_datapoints=1)))
    joined = np.zeros(8, dtype=np.int64)
    for cpu, wanted in ((0.6, 5), (0.75, 6)):
        seen = Seen(0, 4, 1, -1000, 1, 20, cpu, 0.0, joined)
        assert decide(rules.rows, rules.memory, seen) == wanted


def test_scale_in_waits_while_an_instance_boots_or_warms() -> None:
    """default-instance-warmup: while instances warm up, no policy scales in.

    Out at minute 3, in service at 5, warm at 10; demand falls at minute 3, so the low alarm rings
    from minute 18 on. A long warm-up holds the group until it is over.
    """
    demand = [3.2] * 3 + [0.5] * 60
    quick = run(demand, warmup_s=300.0)
    slow = run(demand, warmup_s=1800.0)
    assert quick.billed[17] == 7
    assert quick.billed[18] == 1
    assert slow.billed[34] == 7
    assert slow.billed[35] == 1


def test_counters_restart_after_an_action() -> None:
    """The next scale-out needs three new datapoints above the target: minutes 3, 4 and 5."""
    seen = run([20.0] * 12, start=1)
    assert seen.billed.tolist()[:7] == [1, 1, 1, 2, 2, 2, 4]


def test_scale_in_rounds_up() -> None:
    """as-scaling-target-tracking: scale-in removes the floor of the surplus (1.5 → 1)."""
    seen = run([4 * 0.3125] * 20)  # 2.5 instances would do
    assert seen.billed[15] == 3


def test_disable_scale_in_keeps_what_was_launched() -> None:
    """`disable_scale_in` leaves scale-out alone and never removes an instance."""
    seen = run([3.2] * 5 + [0.1] * 100, scale_in=False)
    assert seen.billed[-1] == 7


def test_the_bounds_hold() -> None:
    """Neither alarm moves a group beyond its minimum or maximum."""
    seen = run([40.0] * 60 + [0.0] * 200)
    assert seen.billed.max() == 20
    assert seen.billed[-1] == 1


def test_responsive_cadence_is_a_parameter() -> None:
    """Groups made since November 2024 may act on one datapoint."""
    assert run([3.2] * 3, out_datapoints=1).billed.tolist() == [4, 7, 7]


def test_requests_per_target_do_not_saturate() -> None:
    """ALBRequestCountPerTarget: one step reaches the size that CPU needs several rounds for."""
    seen = run([15.0] * 6, start=2, metric="requests", target=4500.0)
    assert seen.billed.tolist() == [2, 2, 2, 20, 20, 20]  # 90,000 requests ÷ 4,500
    by_cpu = run([15.0] * 6, start=2, target=0.75)
    assert by_cpu.billed.tolist() == [2, 2, 2, 3, 3, 3]


def test_no_requests_scale_in_to_the_minimum() -> None:
    """as-scaling-target-tracking: ALBRequestCountPerTarget emits zeros, so scale-in goes on."""
    assert run([0.0] * 17, metric="requests", target=3000.0).billed.tolist() == [4] * 15 + [1, 1]


def test_scale_out_rounds_up() -> None:
    """as-scaling-target-tracking: adding 1.5 instances adds two."""
    assert run([2.75] * 4).billed[3] == 6  # 5.5 would do


def test_without_data_target_tracking_does_nothing() -> None:
    """as-scaling-target-tracking: no action on insufficient data; an empty group reports none."""
    assert golden.run([50.0] * 60, RULE, start=0, bounds=(0, 20)).billed.max() == 0


def test_a_datapoint_is_the_mean_of_the_minutes_that_reported() -> None:
    """CloudWatch averages samples: minutes in which nothing was in service count for nothing.

    Two instances come at minute 2: three minutes at 60 % make a datapoint of 60 %.
    """
    lift = ScheduledAction("0 0 * * *", min_size=2)
    rule = replace(RULE, metric_period_s=300, out_datapoints=1)
    busy = [0.0, 0.0, 1.2, 1.2, 1.2, 1.2]
    seen = golden.run(busy, rule, start=0, bounds=(0, 20), schedules=[lift])
    assert seen.in_service.tolist() == [0, 0, 2, 2, 2, 2]
    assert seen.billed.tolist() == [2, 2, 2, 2, 2, 3]  # ceil(2 · 0.6 ÷ 0.5)


def test_instances_that_warm_up_leave_the_metric_as_it_is() -> None:
    """default-instance-warmup: they are not part of the aggregate; with even load it is the same.

    Three young beside four that are warm, all at 100 %: the next scale-out does not wait for them.
    """
    seen = run([3.2] * 3 + [7.0] * 4, warmup_s=3600.0)
    assert changes(seen) == [(3, 7), (6, 14)]


def test_a_capacity_on_its_way_is_not_ordered_twice() -> None:
    """default-instance-warmup: instances that warm up count for the next scale-out.

    The alarm rings in every minute, yet each size is ordered once.
    """
    seen = run([3.2] * 12, out_datapoints=1)
    assert changes(seen) == [(1, 7)]


def test_the_five_minute_grid_is_that_of_the_clock() -> None:
    """Basic monitoring: a jump is noticed with the datapoint that holds it, not five minutes on."""
    seen = run([2.0] * 4 + [4.0] * 8, metric_period_s=300, out_datapoints=1)
    assert changes(seen)[0] == (5, 5)  # four minutes at 50 % and one at 100 %: 60 %
