"""A group whose behaviour can be worked out by hand: what the tests of documented scaling run.

An instance serves 100 requests/s and boots for two minutes; demand is given in instances that it
keeps busy, so 3.2 on a group of four is 80 % of CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from tfopt_sim.rollout import trajectory
from tfopt_sim.types import (
    Alarm,
    Configuration,
    Fleet,
    Machine,
    ScalingPolicy,
    ScheduledAction,
    Slo,
    Step,
    Trajectory,
    WarmPool,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("m5.large", vcpus=2, memory_gib=8, usd_per_hour=0.096)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=120, boot="fixed", arrivals="even")
RPS = 100.0  # of one busy instance
ABOVE_HALF = Alarm(0.5, ">=")
BELOW_HALF = Alarm(0.5, "<=")


def run(
    busy: Sequence[float],
    *policies: ScalingPolicy,
    start: int = 4,
    bounds: tuple[int, int] = (1, 20),
    schedules: Sequence[ScheduledAction] = (),
    warm_pool: WarmPool | None = None,
    forecast: Sequence[float] | None = None,
    begin: datetime = MONDAY,
    seed: int = 0,
) -> Trajectory:
    """Run a group that starts warm; `busy` by minute and `forecast` by hour in busy instances."""
    configuration = Configuration(
        MACHINE,
        *bounds,
        start,
        policies,
        tuple(schedules),
        Fleet(warm_pool=warm_pool),
    )
    return trajectory(
        configuration,
        RPS * np.array(busy),
        WORKLOAD,
        Slo(),
        begin,
        seed=seed,
        forecast_rps=None if forecast is None else RPS * np.array(forecast),
    )


def sizes(seen: Trajectory, *minutes: int) -> list[int]:
    """Return what was billed in the given minutes."""
    return [int(seen.billed[minute]) for minute in minutes]


def changes(seen: Trajectory) -> list[tuple[int, int]]:
    """Return each minute in which another number of instances is billed, and that number."""
    moved = np.flatnonzero(np.diff(seen.billed)) + 1
    return [(int(minute), int(seen.billed[minute])) for minute in moved]


def steps(*rows: tuple[float | None, float | None, float]) -> tuple[Step, ...]:
    """Return step adjustments from rows of lower bound, upper bound and change, as AWS lists."""
    return tuple(Step(change, lower, upper) for lower, upper, change in rows)
