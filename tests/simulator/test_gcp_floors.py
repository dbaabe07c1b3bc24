"""Floors of scaling schedules, and what the simulator by request does not follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.discrete import replay
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import (
    Configuration,
    GceAutoscaler,
    Machine,
    ScheduledAction,
    Slo,
    TargetTracking,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("n2-standard-2", vcpus=2, memory_gib=8, usd_per_hour=0.097)
WORKLOAD = Workload(cpu_s_per_request=0.01, boot_s=60, boot="fixed")
DAY = np.full(24 * 60, 1.0)
GROUP = Configuration(
    MACHINE,
    2,
    10,
    2,
    (GceAutoscaler(0.6),),
    (
        ScheduledAction("0 8 * * *", min_size=6, floor=True),
        ScheduledAction("0 18 * * *", min_size=0, floor=True),
    ),
)


@pytest.mark.parametrize(
    ("bounds", "by_day", "by_night"),
    [((2, 10), 6, 2), ((4, 10), 6, 4), ((8, 10), 8, 8), ((2, 5), 5, 2)],
)
def test_a_floor_holds_beside_the_minimum(
    bounds: tuple[int, int], by_day: int, by_night: int
) -> None:
    """The larger of both holds within the maximum; after the floor the minimum is back."""
    low, high = bounds
    group = replace(GROUP, min_size=low, max_size=high, desired_capacity=low)
    billed = trajectory(group, DAY, WORKLOAD, Slo(), MONDAY).billed
    assert billed[12 * 60] == by_day
    assert (billed[7 * 60], billed[20 * 60]) == (by_night, by_night)


def test_other_actions_are_as_written() -> None:
    """An action that is no floor sets what it says, whatever the minimum."""
    plain = ScheduledAction("0 8 * * *", min_size=1, desired_capacity=3)
    assert replace(GROUP, schedules=(plain,)).actions == (plain,)


def test_by_request_there_is_target_tracking_only() -> None:
    """The simulator by request refuses an autoscaler whose rules it does not have."""
    held = replace(GROUP, schedules=())
    with pytest.raises(ValueError, match="only target tracking is simulated by request"):
        replay(held, DAY[:10], WORKLOAD, Slo(), MONDAY)
    tracked = replace(held, scaling=(TargetTracking(0.6),))
    assert replay(tracked, DAY[:10], WORKLOAD, Slo(), MONDAY).arrivals.size == 10
