"""Decides as Azure Monitor autoscale does with the rules of one profile.

Out on any rule, as far as the largest; in only on all of them, as little as any asks, and never to
a size at which a scale-out rule would ring (Azure Monitor documentation, "Understand autoscale
settings" and "Flapping in autoscale").
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.seen import (
    KEPT,
    NO_OPINION,
    OWN,
    Row,
    Seen,
    capacity_of,
    metric_code,
    minutes_of,
    period_minutes,
)
from tfopt_sim.autoscaling.window import keep, kept
from tfopt_sim.types import AzureAutoscale, AzureRule, FloatArray

AZURE = 12

RULES, LENGTH, FIRST = OWN, OWN + 1, OWN + 2  # how many; minutes of history; where they start

# Cells of one rule, from its start.
METRIC, GRAIN, GRAINS, TOGETHER, COMPARISON, THRESHOLD, DIRECTION, KIND, CHANGE, COOLDOWN = range(
    10
)
CELLS = 10

SIZE, SCALED = KEPT, KEPT + 1  # instances at the last look; minute from which that holds
HISTORY = KEPT + 2  # mean CPU by minute, then requests by minute

_COMPARISONS = (">", ">=", "<", "<=")
_TOGETHER = ("average", "minimum", "maximum", "last")
_KINDS = ("change", "percent", "exact")


def _cells(rule: AzureRule) -> tuple[float, ...]:
    alarm = rule.alarm
    return (
        metric_code(alarm.metric),
        period_minutes(alarm.period_s),
        float(alarm.of),
        float(_TOGETHER.index(rule.aggregation)),
        float(_COMPARISONS.index(alarm.comparison)),
        alarm.threshold,
        1.0 if rule.direction == "increase" else -1.0,
        float(_KINDS.index(rule.adjustment)),
        rule.change,
        minutes_of(rule.cooldown_s),
    )


def azure_row(policy: AzureAutoscale) -> Row:
    """Return the rules of a profile as one rule.

    Raises:
        ValueError: a window without a time grain.
    """
    if any(rule.alarm.of < 1 for rule in policy.rules):
        raise ValueError("a time window holds at least one time grain")
    cells = [_cells(rule) for rule in policy.rules]
    length = int(max((each[GRAIN] * each[GRAINS] for each in cells), default=1.0))
    head = (0.0, 1.0, float(len(cells)), float(length))
    return Row(AZURE, head + sum(cells, ()), HISTORY + 2 * length)


@inlined
def compares(comparison: float, value: float, threshold: float) -> bool:
    """Compare a value with a threshold; nothing is true of NaN."""
    if comparison == 0.0:
        return value > threshold
    if comparison == 1.0:
        return value >= threshold
    if comparison == 2.0:
        return value < threshold
    return value <= threshold


@inlined
def grain_mean(memory: FloatArray, first: int, length: int, minute: int, minutes: int) -> float:
    """Return the mean of the `minutes` that end with `minute`; NaN where nothing was measured."""
    total, count = 0.0, 0
    for ago in range(minutes):
        value = kept(memory, first, length, minute - ago)
        if not math.isnan(value):
            total += value
            count += 1
    return total / count if count > 0 else math.nan


@inlined
def watched(rule: FloatArray, at: int, memory: FloatArray, minute: int) -> float:
    """Return the metric of the rule at `at`: its grains over the time window, taken together."""
    length = int(rule[LENGTH])
    first = HISTORY + (length if rule[at + METRIC] == 1.0 else 0)
    grain, how = int(rule[at + GRAIN]), rule[at + TOGETHER]
    total, count, found = 0.0, 0, math.nan
    for k in range(1 if how == 3.0 else int(rule[at + GRAINS])):
        value = grain_mean(memory, first, length, minute - k * grain, grain)
        if math.isnan(value):
            continue
        total += value
        count += 1
        if math.isnan(found) or (value < found if how == 1.0 else value > found):
            found = value
    return total / count if how == 0.0 and count > 0 else found


@inlined
def adjusted(rule: FloatArray, at: int, capacity: int) -> int:
    """Return the capacity after the action of the rule at `at`.

    The documentation leaves the rounding of percentages open: here no share is too small to add an
    instance, and none is removed that the share does not cover.
    """
    change, up = rule[at + CHANGE], rule[at + DIRECTION] > 0.0
    if rule[at + KIND] == 2.0:
        return max(capacity, int(change)) if up else min(capacity, int(change))
    if rule[at + KIND] == 1.0:
        share = capacity * change / 100.0
        change = math.ceil(share - 1e-9) if up else math.floor(share + 1e-9)
    return max(0, capacity + int(change if up else -change))


@inlined
def rings_at(rule: FloatArray, at: int, memory: FloatArray, minute: int, scale: float) -> bool:
    """Say whether the rule at `at` would ring if each instance carried `scale` times its load."""
    value = scale * watched(rule, at, memory, minute)
    return compares(rule[at + COMPARISON], value, rule[at + THRESHOLD])


@inlined
def cooled(rule: FloatArray, at: int, memory: FloatArray, minute: int) -> bool:
    """Say whether the last scale action is at least the rule's cooldown ago."""
    ago = minute + 1 - memory[SCALED]
    return bool(memory[SCALED] == 0.0 or ago >= rule[at + COOLDOWN])


@inlined
def would_flap(rule: FloatArray, memory: FloatArray, seen: Seen, size: int) -> bool:
    """Say whether `size` instances, under the load of now, would ring a scale-out rule."""
    if size == 0:
        return True
    scale = capacity_of(seen) / size
    for k in range(int(rule[RULES])):
        at = FIRST + CELLS * k
        if rule[at + DIRECTION] > 0.0 and rings_at(rule, at, memory, seen.minute, scale):
            return True
    return False


@inlined
def scale_out(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the largest capacity that a ringing scale-out rule asks for; −1 where none rings."""
    wanted = NO_OPINION
    for k in range(int(rule[RULES])):
        at = FIRST + CELLS * k
        if rule[at + DIRECTION] > 0.0 and rings_at(rule, at, memory, seen.minute, 1.0):
            # A rule that rings within its cooldown still says that load is high.
            due = cooled(rule, at, memory, seen.minute)
            wanted = max(
                wanted, adjusted(rule, at, capacity_of(seen)) if due else capacity_of(seen)
            )
    return wanted


@inlined
def scale_in(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the largest capacity that the scale-in rules ask for; −1 unless all of them ring."""
    wanted = NO_OPINION
    for k in range(int(rule[RULES])):
        at = FIRST + CELLS * k
        if rule[at + DIRECTION] < 0.0:
            if not rings_at(rule, at, memory, seen.minute, 1.0):
                return NO_OPINION
            if not cooled(rule, at, memory, seen.minute):
                return NO_OPINION
            wanted = max(wanted, adjusted(rule, at, capacity_of(seen)))
    return wanted


@inlined
def remember(rule: FloatArray, memory: FloatArray, seen: Seen) -> None:
    """Take in the metrics of the minute, and when the group was last resized."""
    length = int(rule[LENGTH])
    if seen.minute == 0:
        memory[HISTORY : HISTORY + 2 * length] = math.nan
        memory[SIZE] = capacity_of(seen)
    if memory[SIZE] != capacity_of(seen):
        memory[SIZE], memory[SCALED] = capacity_of(seen), seen.minute
    measured = seen.in_service > 0
    keep(memory, HISTORY, length, seen.minute, seen.cpu if measured else math.nan)
    keep(memory, HISTORY + length, length, seen.minute, seen.requests if measured else math.nan)


@kernel
def azure(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the profile's rules ask for; −1 to leave it."""
    remember(rule, memory, seen)
    out = scale_out(rule, memory, seen)
    if out != NO_OPINION:
        return out
    wanted = scale_in(rule, memory, seen)
    if wanted == NO_OPINION:
        return NO_OPINION
    for size in range(wanted, capacity_of(seen)):
        if not would_flap(rule, memory, seen, size):
            return size
    return NO_OPINION
