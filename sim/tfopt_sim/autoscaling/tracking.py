"""Decides as AWS target tracking does: two managed alarms on one metric, a proportional step."""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined
from tfopt_sim.autoscaling.seen import (
    KEPT,
    NO_OPINION,
    OWN,
    Row,
    Seen,
    capacity_of,
    metric_code,
    minutes_of,
    observe,
    period_minutes,
    settled,
)
from tfopt_sim.types import FloatArray, TargetTracking

TRACKING = 1

TARGET, LOW, OUT, IN, WARMUP, SCALE_IN = range(OWN, OWN + 6)
AFTER_TRACKING = OWN + 6  # the first cell of a rule behind
ABOVE, BELOW, WANTED = range(
    KEPT, KEPT + 3
)  # datapoints in a row; what it wanted when ready to scale in
AFTER_COUNTS = KEPT + 3  # the first cell of a memory behind


def tracking_row(policy: TargetTracking) -> Row:
    """Return target tracking as a rule."""
    cells = (
        metric_code(policy.metric),
        period_minutes(policy.metric_period_s),
        policy.target,
        policy.scale_in_ratio * policy.target,
        float(policy.out_datapoints),
        float(policy.in_datapoints),
        minutes_of(policy.warmup_s),
        float(policy.scale_in),
    )
    return Row(TRACKING, cells, AFTER_COUNTS)


@inlined
def proportional(in_service: int, value: float, target: float) -> int:
    """Return ceil(in-service · value ÷ target); 1e-9 keeps exact ratios from rounding up."""
    return math.ceil(in_service * value / target - 1e-9)


@inlined
def count(rule: FloatArray, memory: FloatArray, seen: Seen) -> float:
    """Take in a minute and return the datapoint it completed, counted, else `NO_DATA`."""
    value = observe(rule, memory, seen)
    if value >= 0.0:
        memory[ABOVE] = memory[ABOVE] + 1.0 if value > rule[TARGET] else 0.0
        memory[BELOW] = memory[BELOW] + 1.0 if value < rule[LOW] else 0.0
    return value


@inlined
def tracking(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the alarms ask for once one of them rings.

    Scale-out takes booting instances for capacity that is on its way; scale-in waits until nothing
    boots or warms up. The load is even, so instances that warm up have the metric of the others.
    """
    value = count(rule, memory, seen)
    if value < 0.0:
        return NO_OPINION
    if memory[ABOVE] >= rule[OUT]:
        return max(capacity_of(seen), proportional(seen.in_service, value, rule[TARGET]))
    if memory[BELOW] < rule[IN] or rule[SCALE_IN] == 0.0:
        return NO_OPINION
    wanted = min(capacity_of(seen), proportional(seen.in_service, value, rule[TARGET]))
    memory[WANTED] = wanted
    less = wanted < capacity_of(seen) and settled(seen, rule[WARMUP])
    return wanted if less else NO_OPINION
