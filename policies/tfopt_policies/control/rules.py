"""Target tracking and step scaling on a controller's groups, calibrated on the same history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tfopt_policies.control.groups import HISTORY, Groups
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.rollout import first_sizes
from tfopt_policies.steps import step_policies
from tfopt_sim.demand_paths import START
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, FloatArray, ScalingPolicy, TargetTracking

_AIMS = tuple(float(x) for x in np.round(np.arange(0.2, 0.96, 0.05), 2))


def _tracking() -> list[tuple[ScalingPolicy, ...]]:
    return [(TargetTracking(aim),) for aim in _AIMS]


def _stepping() -> list[tuple[ScalingPolicy, ...]]:
    return [step_policies(aim, 0.7, inwards) for aim in _AIMS for inwards in (2, 15)]


FAMILIES: Mapping[str, Callable[[], list[tuple[ScalingPolicy, ...]]]] = {
    "target-tracking": _tracking,
    "step-scaling": _stepping,
}


@dataclass(frozen=True, slots=True)
class Replays:
    """What every setting of a family came to on history and on the judged day."""

    then: FloatArray  # (settings, N, 2): instance-minutes, bad share, on the days of calibration
    after: FloatArray  # (settings, N, 4): instance-minutes, slow and bad share, launches


def replayed(groups: Groups, make: Callable[[], list[tuple[ScalingPolicy, ...]]]) -> Replays:
    """Run every setting of a family on every group, on history and on the judged day."""
    then, after = [], []
    for scaling in make():
        then.append(_run(groups, scaling, DAY, HISTORY, seed=1)[:, [0, 2]])
        after.append(_run(groups, scaling, HISTORY, groups.rps.shape[1], seed=2))
    return Replays(np.stack(then), np.stack(after))


def chosen(groups: Groups, replays: Replays, log_price: FloatArray) -> FloatArray:
    """Return what each group's best setting on history did on the judged day, (N, 4)."""
    needed = np.maximum(groups.need(groups.rps[:, DAY:HISTORY]), 1.0).sum(axis=1)
    cost = replays.then[:, :, 0] / needed + np.exp(log_price) * replays.then[:, :, 1]
    best = np.argmin(cost, axis=0)
    return np.asarray(replays.after[best, np.arange(best.size)])


def _run(
    groups: Groups, scaling: tuple[ScalingPolicy, ...], begin: int, end: int, seed: int
) -> FloatArray:
    held = Configuration(groups.machine, 1, groups.largest, 1, scaling)
    rows = []
    for demand, size in zip(groups.rps[:, begin:end], first_sizes(groups, begin), strict=True):
        started = replace(held, desired_capacity=int(size))
        outcome = simulate([started], demand[None], groups.workload, groups.slo, START, seed=seed)
        rows.append(
            (
                float(outcome.mean_instances[0, 0]) * (end - begin),
                float(outcome.slow_share[0, 0]),
                float(outcome.bad_minute_share[0, 0]),
                float(outcome.launches[0, 0]),
            )
        )
    return np.array(rows)
