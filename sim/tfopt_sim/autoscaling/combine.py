"""Packs a group's policies into rules and settles what they want together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.application import (
    APPLICATION_STEP,
    APPLICATION_TRACKING,
    IN_PAUSE,
    IN_UNTIL,
    OUT_PAUSE,
    application_step,
    application_step_row,
    application_tracking,
    application_tracking_row,
    cool_down,
)
from tfopt_sim.autoscaling.seen import ASKED, KIND, NO_OPINION, Row, Seen, capacity_of, settled
from tfopt_sim.autoscaling.step import (
    LASTS,
    PAUSE,
    SIMPLE,
    STEP,
    UNTIL,
    simple_row,
    simple_scaling,
    step_row,
    step_scaling,
)
from tfopt_sim.autoscaling.tracking import (
    ABOVE,
    BELOW,
    IN,
    SCALE_IN,
    TRACKING,
    WANTED,
    WARMUP,
    tracking,
    tracking_row,
)
from tfopt_sim.types import FloatArray, ScalingPolicy, SimpleScaling, StepScaling, TargetTracking


class Rules(NamedTuple):
    """Packed policies: one row each, and what they have to remember."""

    rows: FloatArray  # shape (rules, cells)
    memory: FloatArray  # shape (rules, cells), all 0 at the start of a period
    history: int  # minutes for which they ask who joined


def rows_of(policy: ScalingPolicy) -> list[Row]:
    """Return a policy's rules; none for what acts at set times instead (`predictive`)."""
    match policy:
        case TargetTracking(cooldowns_s=None):
            return [tracking_row(policy)]
        case TargetTracking(cooldowns_s=tuple() as cooldowns_s):
            return [application_tracking_row(policy, cooldowns_s)]
        case StepScaling(cooldown_s=None):
            return [step_row(policy)]
        case StepScaling(cooldown_s=float() | int() as cooldown_s):
            return [application_step_row(policy, cooldown_s)]
        case SimpleScaling():
            return [simple_row(policy)]
        case _:
            return []


def pack(rows: Sequence[Row]) -> Rules:
    """Return rules as the simulator takes them."""
    packed = np.zeros((len(rows), 1 + max((len(row.cells) for row in rows), default=0)))
    for place, row in zip(packed, rows, strict=True):
        place[KIND] = row.kind
        place[1 : 1 + len(row.cells)] = row.cells
    memory = np.zeros((len(rows), max((row.memory for row in rows), default=0)))
    return Rules(packed, memory, max((row.history for row in rows), default=0))


@inlined
def opinion(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that one rule wants, before the bounds; −1 for no opinion."""
    kind = rule[KIND]
    if kind == TRACKING:
        return tracking(rule, memory, seen)
    if kind == STEP:
        return step_scaling(rule, memory, seen)
    if kind == SIMPLE:
        return simple_scaling(rule, memory, seen)
    if kind == APPLICATION_TRACKING:
        return application_tracking(rule, memory, seen)
    if kind == APPLICATION_STEP:
        return application_step(rule, memory, seen)
    return NO_OPINION


@inlined
def tracks(rule: FloatArray) -> bool:
    """Say whether a rule is target tracking, of whichever service."""
    return bool(rule[KIND] == TRACKING or rule[KIND] == APPLICATION_TRACKING)


@inlined
def ready_to_scale_in(rule: FloatArray, memory: FloatArray, seen: Seen) -> bool:
    """Say whether a target tracking may scale in now: its low alarm is on and nothing waits."""
    if memory[BELOW] < rule[IN]:
        return False
    if rule[KIND] == TRACKING:
        return settled(seen, rule[WARMUP])
    return bool(seen.minute + 1 >= memory[IN_UNTIL])


@inlined
def agreed(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return what all target trackings that may scale in agree on; −1 where they do not."""
    most = NO_OPINION
    for r in range(rules.shape[0]):
        if tracks(rules[r]) and rules[r, SCALE_IN] > 0.0:
            if not ready_to_scale_in(rules[r], memory[r], seen):
                return NO_OPINION
            most = max(most, int(memory[r, WANTED]))
    return most if most < capacity_of(seen) else NO_OPINION


@kernel
def decide_together(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the largest capacity that several rules want; −1 where none has an opinion.

    Target tracking scales in only where every policy of its kind that may scale in is ready to,
    and then as far as the one that wants most; it does not keep others from scaling in (EC2 Auto
    Scaling guide, as-scaling-target-tracking; largest of all: as-scale-based-on-demand, "Multiple
    scaling policies").
    """
    largest, less = NO_OPINION, False
    for r in range(rules.shape[0]):
        wanted = opinion(rules[r], memory[r], seen)
        memory[r, ASKED] = wanted
        if tracks(rules[r]) and 0 <= wanted < capacity_of(seen):
            less = True
        else:
            largest = max(largest, wanted)
    return max(largest, agreed(rules, memory, seen)) if less else largest


@inlined
def decide(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the group's policies want, before the bounds; −1 to leave it."""
    if rules.shape[0] == 1 and rules[0, KIND] == TRACKING:  # most groups: a third faster
        return tracking(rules[0], memory[0], seen)
    return decide_together(rules, memory, seen)


@inlined
def restart_simple(rules: FloatArray, memory: FloatArray, minute: int, cooldown: float) -> None:
    """Let every simple scaling wait for the cooldown of the one that acted."""
    for r in range(rules.shape[0]):
        if rules[r, KIND] == SIMPLE:
            memory[r, UNTIL], memory[r, LASTS] = minute + cooldown, cooldown


@kernel
def restart(
    rules: FloatArray, memory: FloatArray, wanted: int, before: int, after: int, minute: int
) -> None:
    """Take in that the group was brought from `before` to `after` as `wanted` was wanted.

    Target tracking counts its datapoints anew, whoever acted. The rule that acted cools down.
    """
    for r in range(rules.shape[0]):
        kind = rules[r, KIND]
        if tracks(rules[r]):
            memory[r, ABOVE], memory[r, BELOW] = 0.0, 0.0
        if rules.shape[0] > 1 and memory[r, ASKED] != wanted:
            continue
        if kind == SIMPLE:
            restart_simple(rules, memory, minute, rules[r, PAUSE])
        elif kind == APPLICATION_TRACKING:
            pause = rules[r, OUT_PAUSE] if after > before else rules[r, IN_PAUSE]
            cool_down(memory[r], before, after, minute, pause)
        elif kind == APPLICATION_STEP:
            cool_down(memory[r], before, after, minute, rules[r, PAUSE])
