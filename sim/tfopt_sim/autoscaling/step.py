"""Decides as AWS step scaling and simple scaling do: an adjustment while an alarm rings."""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined
from tfopt_sim.autoscaling.alarm import (
    AFTER_ALARM,
    AFTER_BREACHES,
    THRESHOLD,
    alarm_cells,
    rings,
    watches_above,
)
from tfopt_sim.autoscaling.seen import (
    NO_OPINION,
    Row,
    Seen,
    capacity_of,
    minutes_of,
    observe,
    settled,
    warming,
)
from tfopt_sim.types import Adjustment, FloatArray, SimpleScaling, StepScaling

STEP, SIMPLE = 2, 3

ADJUSTMENT, MAGNITUDE, PAUSE = range(AFTER_ALARM, AFTER_ALARM + 3)  # warm-up or cooldown, minutes
CHANGE = AFTER_ALARM + 3  # of simple scaling
STEPS = AFTER_ALARM + 3  # how many; then lower bound, upper bound and change of each
UNTIL, LASTS = AFTER_BREACHES, AFTER_BREACHES + 1  # simple scaling's cooldown: end, length
AFTER_STEPS = AFTER_BREACHES + 2  # the first cell of a memory behind
_EXACT = 1e-9  # what binary fractions may lack of a bound

_ADJUSTMENTS: tuple[Adjustment, ...] = ("change", "percent", "exact")


def step_row(policy: StepScaling) -> Row:
    """Return step scaling as a rule."""
    steps = tuple(
        cell
        for step in policy.steps
        for cell in (
            -math.inf if step.lower is None else step.lower,
            math.inf if step.upper is None else step.upper,
            step.change,
        )
    )
    pause = minutes_of(policy.warmup_s)
    cells = (
        *alarm_cells(policy.alarm),
        float(_ADJUSTMENTS.index(policy.adjustment)),
        float(policy.min_magnitude),
        pause,
        float(len(policy.steps)),
        *steps,
    )
    return Row(STEP, cells, AFTER_BREACHES, history=int(pause))


def simple_row(policy: SimpleScaling) -> Row:
    """Return simple scaling as a rule."""
    cells = (
        *alarm_cells(policy.alarm),
        float(_ADJUSTMENTS.index(policy.adjustment)),
        float(policy.min_magnitude),
        minutes_of(policy.cooldown_s),
        policy.change,
    )
    return Row(SIMPLE, cells, AFTER_STEPS)


@inlined
def rounded(change: float) -> float:
    """Round a share of a capacity: away from 0 below one instance, else towards 0."""
    if -1.0 < change < 1.0:
        return math.ceil(change) if change > 0.0 else math.floor(change)
    return math.trunc(change + (1e-9 if change > 0.0 else -1e-9))


@inlined
def adjusted(rule: FloatArray, base: int, change: float) -> int:
    """Return `base` instances after an adjustment, before the bounds of the group."""
    if rule[ADJUSTMENT] == 2.0:
        return int(change)
    if rule[ADJUSTMENT] == 1.0:
        change = rounded(base * change / 100.0)
        if change > 0.0:
            change = max(change, rule[MAGNITUDE])
        elif change < 0.0:
            change = min(change, -rule[MAGNITUDE])
    return max(0, base + int(change))


@inlined
def step_change(rule: FloatArray, value: float) -> float:
    """Return the change of the step that a breach falls into; NaN where none covers it.

    Bounds count from the threshold. Above it the lower one is inclusive, below it the upper one.
    """
    above = watches_above(rule)
    gap = value - rule[THRESHOLD] + (_EXACT if above else -_EXACT)
    for k in range(int(rule[STEPS])):
        lower, upper = rule[STEPS + 1 + 3 * k], rule[STEPS + 2 + 3 * k]
        if (lower <= gap < upper) if above else (lower < gap <= upper):
            return float(rule[STEPS + 3 + 3 * k])
    return math.nan


@inlined
def step_due(rule: FloatArray, memory: FloatArray, seen: Seen) -> float:
    """Return the change of the step that a minute asks for; NaN while the alarm is silent."""
    value = observe(rule, memory, seen)
    if value < 0.0 or not rings(rule, memory, value):
        return math.nan
    return step_change(rule, value)


@inlined
def step_scaling(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return what the step asks for in every period in which the alarm rings.

    A step out counts from the instances that are warm, so that what is on its way is part of it;
    a step in waits until nothing boots or warms up.
    """
    change = step_due(rule, memory, seen)
    if math.isnan(change):
        return NO_OPINION
    capacity = capacity_of(seen)
    wanted = adjusted(rule, capacity, change)
    if wanted < capacity:
        return wanted if settled(seen, rule[PAUSE]) else NO_OPINION
    return max(capacity, adjusted(rule, seen.in_service - warming(seen, rule[PAUSE]), change))


@inlined
def simple_scaling(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return what the adjustment asks for while the alarm rings and no cooldown lasts.

    The cooldown begins when the instances that were launched are in service.
    """
    if seen.booting > 0 and seen.minute < memory[UNTIL]:
        memory[UNTIL] = seen.minute + 1 + memory[LASTS]
    value = observe(rule, memory, seen)
    if value < 0.0 or not rings(rule, memory, value) or seen.minute + 1 < memory[UNTIL]:
        return NO_OPINION
    return adjusted(rule, capacity_of(seen), rule[CHANGE])
