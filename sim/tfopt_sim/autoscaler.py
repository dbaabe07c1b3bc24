"""Decides as AWS target tracking does: two alarms on one metric, and a proportional step."""

from __future__ import annotations

import math
from typing import NamedTuple

from tfopt_sim._jit import inlined
from tfopt_sim.types import TargetTracking


class Tracking(NamedTuple):
    """Target tracking in ticks of one minute; `on` is False for a group that nothing scales."""

    on: bool
    target_cpu: float
    low_cpu: float  # the scale-in alarm's threshold
    out_datapoints: int
    in_datapoints: int
    metric_minutes: int
    warmup_minutes: int
    scale_in: bool


def tracking_of(scaling: TargetTracking | None) -> Tracking:
    """Return `scaling` in ticks."""
    if scaling is None:
        return Tracking(False, 1.0, 0.0, 1, 1, 1, 0, False)
    return Tracking(
        on=True,
        target_cpu=scaling.target,
        low_cpu=scaling.scale_in_ratio * scaling.target,
        out_datapoints=scaling.out_datapoints,
        in_datapoints=scaling.in_datapoints,
        metric_minutes=max(1, round(scaling.metric_period_s / 60)),
        warmup_minutes=math.ceil(scaling.warmup_s / 60),
        scale_in=scaling.scale_in,
    )


class Alarms(NamedTuple):
    """Datapoints in a row beyond either threshold, and the datapoint in the making."""

    high: int
    low: int
    cpu_sum: float  # over the minutes of the unfinished datapoint
    samples: int  # how many of them had an instance in service


@inlined
def wanted_capacity(tracking: Tracking, in_service: int, cpu: float) -> int:
    """Return ceil(in-service · CPU ÷ target); 1e-9 keeps exact ratios from rounding up."""
    return math.ceil(in_service * cpu / tracking.target_cpu - 1e-9)


@inlined
def observe(
    tracking: Tracking, alarms: Alarms, minute: int, in_service: int, cpu: float
) -> tuple[Alarms, float]:
    """Take in the CPU of `minute`, which nobody reports where nothing is in service.

    Returns:
        the alarms, and the datapoint (mean CPU of its minutes) that `minute` completed, else −1.
    """
    samples = alarms.samples + (1 if in_service > 0 else 0)
    cpu_sum = alarms.cpu_sum + cpu
    unfinished = tracking.metric_minutes > 1 and (minute + 1) % tracking.metric_minutes != 0
    if unfinished or samples == 0:
        return Alarms(alarms.high, alarms.low, cpu_sum, samples), -1.0
    datapoint = cpu_sum / samples
    high = alarms.high + 1 if datapoint > tracking.target_cpu else 0
    low = alarms.low + 1 if datapoint < tracking.low_cpu else 0
    return Alarms(high, low, 0.0, 0), datapoint


@inlined
def ringing(tracking: Tracking, alarms: Alarms) -> bool:
    """Say whether one of the alarms is on."""
    return alarms.high >= tracking.out_datapoints or alarms.low >= tracking.in_datapoints


@inlined
def decide(
    tracking: Tracking,
    alarms: Alarms,
    datapoint: float,
    in_service: int,
    booting: int,
    settled: bool,
) -> int:
    """Return the capacity that the alarms ask for; in-service + booting to leave it.

    Scale-out takes booting instances for capacity that is on its way; scale-in waits until nothing
    boots or warms up (`settled`). The bounds of the group are not applied here.
    """
    capacity = in_service + booting
    if alarms.high >= tracking.out_datapoints:
        return max(capacity, wanted_capacity(tracking, in_service, datapoint))
    if alarms.low >= tracking.in_datapoints and tracking.scale_in and settled:
        return min(capacity, wanted_capacity(tracking, in_service, datapoint))
    return capacity
