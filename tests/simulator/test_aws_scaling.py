"""Documented AWS scaling behaviour, example by example; sources are the EC2 Auto Scaling guide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.autoscaling import tracking
from tfopt_sim.autoscaling.combine import decide, rules_of
from tfopt_sim.autoscaling.seen import Seen
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import Configuration, Machine, Slo, TargetTracking, Trajectory, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("m5.large", vcpus=2, memory_gib=8, usd_per_hour=0.096)
WORKLOAD = Workload(
    cpu_s_per_request=0.02, boot_s=120, boot="fixed", arrivals="even"
)  # 100 requests/s an instance
RULE = TargetTracking(0.5)


def run(demand: list[float], start: int = 4, **changes: object) -> Trajectory:
    """A group of 1..20 that starts warm with `start` instances; demand in instances kept busy."""
    rule = replace(RULE, **changes)  # type: ignore[arg-type]
    configuration = Configuration(MACHINE, 1, 20, start, (rule,))
    return trajectory(configuration, 100.0 * np.array(demand), WORKLOAD, Slo(), MONDAY)


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
    assert rules_of([TargetTracking(target)]).rows[0, tracking.LOW] == pytest.approx(alarm)


def test_application_autoscaling_uses_nine_tenths() -> None:
    """Observed on ECS: 30 → 27; the ratio is a parameter."""
    rules = rules_of([TargetTracking(0.3, scale_in_ratio=0.9)])
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
    rules = rules_of([replace(RULE, out_datapoints=1)])
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
