"""Decides as the autoscaler of a Compute Engine managed instance group does.

The recommended size serves the load at the target; a smaller one is followed only when it has been
enough for the whole stabilization period, and no faster than the scale-in control allows
(Compute Engine documentation, "Understanding autoscaler decisions").
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined
from tfopt_sim.autoscaling.seen import (
    KEPT,
    NO_DATA,
    NO_OPINION,
    OWN,
    Row,
    Seen,
    capacity_of,
    metric_code,
    minutes_of,
    observe,
)
from tfopt_sim.autoscaling.window import fill, keep, largest, smallest
from tfopt_sim.types import FloatArray, GceAutoscaler

GCE = 11  # AWS has the kinds below

TARGET, MODE, INITIALIZATION, STABILIZATION, MOST, SHARE, CONTROL = range(OWN, OWN + 7)

BEGUN = KEPT  # 1 once the windows hold something
WINDOWS = KEPT + 1  # needs, sizes of the initialization period, sizes of the scale-in control

_MODES = ("off", "only-scale-out", "on")


def gce_row(policy: GceAutoscaler) -> Row:
    """Return the autoscaler as a rule.

    Raises:
        ValueError: a target that is not positive.
    """
    if not policy.target > 0:
        raise ValueError(f"an autoscaler cannot aim at {policy.target}")
    initialization = max(1.0, minutes_of(policy.initialization_s))
    # Scale-in looks back over the stabilization period, or the initialization period if longer.
    stabilization = max(initialization, minutes_of(policy.stabilization_s))
    most = math.inf if policy.scale_in_most is None else policy.scale_in_most
    control = 1.0 if policy.scale_in_most is None else minutes_of(policy.scale_in_window_s) + 1
    cells = (
        metric_code(policy.metric),
        1.0,
        policy.target,
        float(_MODES.index(policy.mode)),
        initialization,
        stabilization,
        math.inf if most < 1 else most,
        most if most < 1 else 1.0,
        control,
    )
    return Row(GCE, cells, WINDOWS + int(initialization + stabilization + control))


@inlined
def serving_at(rule: FloatArray, count: int, value: float) -> int:
    """Return the instances that bring the load of `count` to the target, rounded up."""
    size: int = math.ceil(count * value / rule[TARGET] - 1e-9)
    return size


@inlined
def floor_of_scale_in(rule: FloatArray, peak: float) -> int:
    """Return the smallest size that the scale-in control allows after a size of `peak`."""
    allowed = min(rule[MOST], math.floor(rule[SHARE] * peak + 0.5))
    return int(max(0.0, peak - allowed))


@inlined
def gce(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the recommended size as far as the mode lets the group follow it.

    For scaling out only instances count whose initialization period is over; for scaling in all.
    """
    capacity = capacity_of(seen)
    young, needs, control = int(rule[INITIALIZATION]), int(rule[STABILIZATION]), int(rule[CONTROL])
    sizes, peaks = WINDOWS + needs, WINDOWS + needs + young
    if memory[BEGUN] == 0.0:
        fill(memory, WINDOWS, needs + young + control, float(capacity))
        memory[BEGUN] = 1.0
    keep(memory, sizes, young, seen.minute, float(capacity))
    keep(memory, peaks, control, seen.minute, float(capacity))
    value = observe(rule, memory, seen)
    need = 0 if value == NO_DATA else serving_at(rule, seen.in_service, value)
    keep(memory, WINDOWS, needs, seen.minute, float(need))
    if value == NO_DATA or rule[MODE] == 0.0:
        return NO_OPINION
    initialized = min(seen.in_service, int(smallest(memory, sizes, young)))
    out = serving_at(rule, initialized, value)
    if out > capacity:
        return out
    back = int(largest(memory, WINDOWS, needs))
    if back >= capacity or rule[MODE] == 1.0:
        return capacity
    return min(capacity, max(back, floor_of_scale_in(rule, largest(memory, peaks, control))))
