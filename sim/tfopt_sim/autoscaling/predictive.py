"""Turns predictive scaling into timed changes: its forecast is known before the period starts.

At the beginning of each hour, `buffer_s` earlier for what has to be launched, the group has at
least what the hour's forecast asks for; nothing is removed for a lower one (EC2 Auto Scaling guide,
ec2-auto-scaling-predictive-scaling). Until the next hour no scaling policy goes below it, since the
desired capacity is the largest that any policy wants.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.types import FloatArray, PredictiveScaling, ScalingPolicy

Table = NDArray[np.int64]


def _into_the_hour(start: datetime) -> int:
    """Return how many whole minutes of its clock hour had passed at `start`."""
    return start.astimezone(UTC).minute


def hourly_rps(demand_rps: FloatArray, start: datetime) -> FloatArray:
    """Return the mean over scenarios of each clock hour, from the one that holds `start`.

    It stands for a forecast where none is given: right on average, blind to the single scenario.

    Args:
        demand_rps: shape (S, T), requests/s of each minute.
        start: of the first minute.
    """
    mean = demand_rps.mean(axis=0)
    hours = (np.arange(mean.size) + _into_the_hour(start)) // 60
    return np.asarray(np.bincount(hours, weights=mean) / np.bincount(hours))


def needed(policy: PredictiveScaling, rps: float, capacity_rps: float) -> int:
    """Return the instances that keep `rps` at the policy's target."""
    each = policy.target * capacity_rps if policy.metric == "cpu" else policy.target / 60.0
    return math.ceil(rps / each - 1e-9)


def _acting(policies: Sequence[ScalingPolicy]) -> list[PredictiveScaling]:
    return [p for p in policies if isinstance(p, PredictiveScaling) and not p.forecast_only]


def forecast_rows(
    policies: Sequence[ScalingPolicy],
    forecast_rps: FloatArray,
    capacity_rps: float,
    start: datetime,
    minutes: int,
) -> Table:
    """Return when the forecast changes what a group has at least.

    Args:
        policies: of the group; those that only forecast do nothing.
        forecast_rps: by clock hour, from the one that holds `start`.
        capacity_rps: what an instance serves when busy throughout.
        start: of the period.
        minutes: its length.

    Returns:
        shape (rows, 3): minute; instances that the group has at least from then on; the maximum
        that it is raised to where that is lower, −1 for none.

    Raises:
        ValueError: a forecast that ends before the period.
    """
    acting = _acting(policies)
    offset = _into_the_hour(start)
    hours = -(-(offset + minutes) // 60)
    if not acting:
        return np.empty((0, 3), dtype=np.int64)
    if len(forecast_rps) < hours:
        raise ValueError(f"the forecast has {len(forecast_rps)} hours, the period {hours}")
    least = np.zeros(minutes, dtype=np.int64)
    most = np.full(minutes, -1, dtype=np.int64)
    acts = {0}
    for policy in acting:
        for hour in range(hours):
            begin = 60 * hour - offset
            ahead = max(0, begin - math.ceil(policy.buffer_s / 60))
            acts |= {ahead, max(0, begin)}
            wanted = needed(policy, float(forecast_rps[hour]), capacity_rps)
            until = slice(ahead, begin + 60)
            least[until] = np.maximum(least[until], wanted)
            if policy.max_capacity_buffer is not None:
                raised = math.ceil(wanted * (1.0 + policy.max_capacity_buffer) - 1e-9)
                most[until] = np.maximum(most[until], raised)
    at = np.array(sorted(minute for minute in acts if minute < minutes), dtype=np.int64)
    return np.stack([at, least[at], most[at]], axis=1)


def merge(scheduled: Table, forecast: Table) -> Table:
    """Return scheduled changes and those of a forecast as one table, by minute.

    Args:
        scheduled: shape (rows, 4): minute, min, max, desired (`schedule.expand`).
        forecast: shape (rows, 3): minute, least, most (`forecast_rows`).

    Returns:
        shape (rows, 6): minute, min, max, desired, least, most; −1 where left as it is.
    """
    minutes = np.union1d(scheduled[:, 0], forecast[:, 0])
    table = np.full((minutes.size, 6), -1, dtype=np.int64)
    table[:, 0] = minutes
    table[np.searchsorted(minutes, scheduled[:, 0]), 1:4] = scheduled[:, 1:]
    table[np.searchsorted(minutes, forecast[:, 0]), 4:] = forecast[:, 1:]
    return table
