"""Packs a group's policies into rules and settles what they want together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.seen import ASKED, KIND, NO_OPINION, Row, Seen, capacity_of
from tfopt_sim.autoscaling.step import (
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
        case TargetTracking():
            return [tracking_row(policy)]
        case StepScaling():
            return [step_row(policy)]
        case SimpleScaling():
            return [simple_row(policy)]
        case _:
            return []


def rules_of(policies: Sequence[ScalingPolicy]) -> Rules:
    """Return the policies of a group, packed."""
    return pack([row for policy in policies for row in rows_of(policy)])


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
    return NO_OPINION


@inlined
def ready_to_scale_in(rules: FloatArray, memory: FloatArray) -> bool:
    """Say whether the low alarm of every target tracking that may scale in is on."""
    for r in range(rules.shape[0]):
        if (
            rules[r, KIND] == TRACKING
            and rules[r, SCALE_IN] > 0.0
            and memory[r, BELOW] < rules[r, IN]
        ):
            return False
    return True


@kernel
def decide_together(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the largest capacity that several rules want; −1 where none has an opinion.

    Target tracking scales in only where every policy of its kind that may scale in is ready to,
    and then as far as the one that wants most (EC2 Auto Scaling guide, as-scaling-target-tracking;
    largest of all: as-scale-based-on-demand, "Multiple dynamic scaling policies").
    """
    capacity = capacity_of(seen)
    largest, tracked = NO_OPINION, NO_OPINION
    for r in range(rules.shape[0]):
        wanted = opinion(rules[r], memory[r], seen)
        memory[r, ASKED] = wanted
        if rules[r, KIND] == TRACKING and wanted < capacity:
            tracked = max(tracked, wanted)
        else:
            largest = max(largest, wanted)
    if tracked >= 0 and ready_to_scale_in(rules, memory):
        for r in range(rules.shape[0]):
            if rules[r, KIND] == TRACKING and rules[r, SCALE_IN] > 0.0:
                tracked = max(tracked, int(memory[r, WANTED]))
        largest = max(largest, min(tracked, capacity))
    return largest


@inlined
def decide(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the group's policies want, before the bounds; −1 to leave it."""
    if rules.shape[0] == 1 and rules[0, KIND] == TRACKING:  # most groups: a third faster
        return tracking(rules[0], memory[0], seen)
    return decide_together(rules, memory, seen)


@inlined
def acted(rules: FloatArray, memory: FloatArray, r: int, wanted: int) -> bool:
    """Say whether the group was brought to `wanted` by rule `r`."""
    return bool(rules.shape[0] == 1 or memory[r, ASKED] == wanted)


@kernel
def restart(rules: FloatArray, memory: FloatArray, wanted: int, minute: int) -> None:
    """Take in that the group was resized at `minute` because `wanted` was wanted.

    Target tracking counts its datapoints anew. After an adjustment of simple scaling all policies
    of its kind wait for the cooldown.
    """
    cooldown = 0.0
    for r in range(rules.shape[0]):
        if rules[r, KIND] == TRACKING:
            memory[r, ABOVE], memory[r, BELOW] = 0.0, 0.0
        elif rules[r, KIND] == SIMPLE and acted(rules, memory, r, wanted):
            cooldown = max(cooldown, rules[r, PAUSE])
    if cooldown > 0.0:
        for r in range(rules.shape[0]):
            if rules[r, KIND] == SIMPLE:
                memory[r, UNTIL] = minute + cooldown
