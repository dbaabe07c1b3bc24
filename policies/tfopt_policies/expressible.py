"""Keeps every proposal inside what the configuration at hand can say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from tfopt_policies.policy import Knobs, Problem
from tfopt_policies.steps import aim_of, is_stepped, with_aim
from tfopt_sim.types import Configuration, Machine


def express(problem: Problem, wanted: Configuration) -> Configuration:
    """Return the expressible configuration nearest to `wanted`.

    What a knob does not free stays as the present configuration has it, or as it is pinned. Where
    nothing scales the group, min and max only give way as far as the desired capacity needs it, or
    are the same number (`Knobs.held_by`); where something does, desired is only the start and is
    moved no further than into [min, max].
    """
    knobs, present, base = problem.knobs, problem.present, problem.base
    if knobs.desired_capacity:
        least = _least_held(problem, wanted.machine)
        minimum, maximum, desired = _held_sizes(knobs, base, max(least, wanted.desired_capacity))
    elif not present.scaling and not present.schedules:
        minimum, maximum = base.min_size, base.max_size
        desired = base.desired_capacity
    else:
        minimum, maximum = _scaled_bounds(knobs, base, wanted, _ceiling(problem, wanted.machine))
        desired = min(max(present.desired_capacity, minimum), maximum)
    return replace(
        on_machine(problem, _targeted(knobs, base, wanted), _machine(problem, wanted.machine)),
        min_size=int(minimum),  # NumPy's integers are not plain ones
        max_size=int(maximum),
        desired_capacity=int(desired),
        schedules=wanted.schedules if knobs.schedules else present.schedules,
    )


def on_machine(problem: Problem, configuration: Configuration, machine: Machine) -> Configuration:
    """Return the configuration on another machine; its only slot, if it has one, is that one's."""
    fleet = configuration.fleet
    own = [slot for slot in problem.slots if slot.machine == machine]
    if own and len(fleet.slots) == 1:
        fleet = replace(fleet, slots=(own[0],))
    return replace(configuration, machine=machine, fleet=fleet)


def distinct(problem: Problem, wanted: Iterable[Configuration]) -> list[Configuration]:
    """Return the expressible forms of `wanted`, in order, each once."""
    return list(dict.fromkeys(express(problem, configuration) for configuration in wanted))


def _machine(problem: Problem, wanted: Machine) -> Machine:
    free = problem.knobs.instance_type and wanted in problem.machines
    return wanted if free else problem.base.machine


def _ceiling(problem: Problem, wanted: Machine) -> int:
    """Return the least max_size that gives away neither instances nor capacity; 0 where it may."""
    if not problem.knobs.keep_ceiling:
        return 0
    now, then = problem.present.machine, _machine(problem, wanted)
    ratio = now.vcpus * now.speed / (then.vcpus * then.speed)
    return math.ceil(problem.present.max_size * max(1.0, ratio))


def _least_held(problem: Problem, wanted: Machine) -> int:
    """Return the least size of an unscaled group that has `Knobs.least_work` on this machine."""
    machine, slots = _machine(problem, wanted), problem.base.fleet.slots
    instances = problem.knobs.least_work / (machine.vcpus * machine.speed)
    return math.ceil(instances * (slots[0].weight if slots else 1) - 1e-9)


def _held_sizes(knobs: Knobs, present: Configuration, desired: int) -> tuple[int, int, int]:
    desired = min(desired, max(knobs.largest_size, present.desired_capacity))
    desired = max(knobs.smallest_size, desired)
    desired = knobs.multiple * math.ceil(desired / knobs.multiple)
    if knobs.held_by == "count":
        return desired, desired, desired
    if knobs.held_by == "minimum":
        desired = desired if knobs.max_size else min(desired, present.max_size)
        return desired, max(present.max_size, desired), desired
    minimum = min(present.min_size, desired) if knobs.min_size else present.min_size
    maximum = max(present.max_size, desired) if knobs.max_size else present.max_size
    return minimum, maximum, min(max(desired, minimum), maximum)


def _scaled_bounds(
    knobs: Knobs, present: Configuration, wanted: Configuration, ceiling: int
) -> tuple[int, int]:
    fixed = knobs.fixed_desired
    minimum, maximum = present.min_size, present.max_size
    if knobs.max_size:
        maximum = max(min(wanted.max_size, knobs.largest_size), ceiling, fixed or 0)
    if knobs.min_size:
        minimum = max(min(wanted.min_size, knobs.largest_size), knobs.smallest_size)
        minimum = minimum if fixed is None else min(minimum, fixed)
    if minimum > maximum and knobs.min_size:
        return maximum, maximum
    return minimum, max(minimum, maximum)


def _targeted(knobs: Knobs, base: Configuration, wanted: Configuration) -> Configuration:
    """Return the base with the CPU target or the step table that is wanted, where it can be set."""
    aim = aim_of(wanted)
    if aim is None or not knobs.target_cpu:
        return base
    aim = min(aim, knobs.max_target_cpu)
    if is_stepped(wanted) and knobs.steps:
        return replace(base, scaling=with_aim(wanted, aim).scaling)
    return with_aim(base, aim)
