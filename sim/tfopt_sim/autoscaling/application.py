"""Decides as Application Auto Scaling does for services: cooldowns in the place of warm-up.

While the cooldown of a scale-out lasts, what it added is part of the next one; a scale-in blocks
further ones for its own cooldown, which a scale-out ends (Application Auto Scaling guide,
application-auto-scaling-target-tracking, "Cooldown period"). Cooldowns count from the order.
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined
from tfopt_sim.autoscaling.seen import NO_OPINION, Row, Seen, capacity_of, minutes_of
from tfopt_sim.autoscaling.step import AFTER_STEPS, PAUSE, adjusted, step_due, step_row
from tfopt_sim.autoscaling.tracking import (
    ABOVE,
    AFTER_COUNTS,
    AFTER_TRACKING,
    BELOW,
    IN,
    OUT,
    SCALE_IN,
    TARGET,
    WANTED,
    count,
    proportional,
    tracking_row,
)
from tfopt_sim.types import FloatArray, StepScaling, TargetTracking

APPLICATION_TRACKING, APPLICATION_STEP = 4, 5

OUT_PAUSE, IN_PAUSE = AFTER_TRACKING, AFTER_TRACKING + 1

# Behind what either kind remembers else.
_FIRST = max(AFTER_COUNTS, AFTER_STEPS)
BASE, OUT_UNTIL, IN_UNTIL = range(_FIRST, _FIRST + 3)  # capacity before a scale-out; ends


def application_tracking_row(policy: TargetTracking, cooldowns_s: tuple[float, float]) -> Row:
    """Return target tracking with cooldowns, out and in, as a rule."""
    cells = (*tracking_row(policy).cells, *(minutes_of(pause) for pause in cooldowns_s))
    return Row(APPLICATION_TRACKING, cells, _FIRST + 3)


def application_step_row(policy: StepScaling, cooldown_s: float) -> Row:
    """Return step scaling with a cooldown as a rule."""
    cells = list(step_row(policy).cells)
    cells[PAUSE - 1] = minutes_of(cooldown_s)
    return Row(APPLICATION_STEP, tuple(cells), _FIRST + 3)


@inlined
def base_of(memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that a scale-out counts from."""
    return int(memory[BASE]) if seen.minute + 1 < memory[OUT_UNTIL] else capacity_of(seen)


@inlined
def application_tracking(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the alarms ask for, as the cooldowns allow."""
    value = count(rule, memory, seen)
    if value < 0.0:
        return NO_OPINION
    capacity = capacity_of(seen)
    if memory[ABOVE] >= rule[OUT]:
        return max(capacity, proportional(base_of(memory, seen), value, rule[TARGET]))
    if memory[BELOW] < rule[IN] or rule[SCALE_IN] == 0.0:
        return NO_OPINION
    wanted = min(capacity, proportional(capacity, value, rule[TARGET]))
    memory[WANTED] = wanted
    less = wanted < capacity and seen.minute + 1 >= memory[IN_UNTIL]
    return wanted if less else NO_OPINION


@inlined
def application_step(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return what the step asks for in every period in which the alarm rings."""
    change = step_due(rule, memory, seen)
    if math.isnan(change):
        return NO_OPINION
    capacity = capacity_of(seen)
    wanted = adjusted(rule, capacity, change)
    if wanted < capacity:
        return NO_OPINION if seen.minute + 1 < memory[IN_UNTIL] else wanted
    return max(capacity, adjusted(rule, base_of(memory, seen), change))


@inlined
def cool_down(memory: FloatArray, before: int, after: int, minute: int, pause: float) -> None:
    """Start the cooldown of a rule that brought the group from `before` to `after`."""
    if after < before:
        memory[IN_UNTIL] = minute + pause
        return
    if minute >= memory[OUT_UNTIL]:
        memory[BASE] = before
    memory[OUT_UNTIL] = minute + pause
    memory[IN_UNTIL] = 0.0
