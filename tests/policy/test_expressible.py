"""What a proposal becomes where the configuration at hand can only say so much."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfopt_policies.expressible import express
from tfopt_policies.policy import Knobs, Problem
from tfopt_sim.types import (
    Alarm,
    Configuration,
    Fleet,
    Machine,
    Slot,
    Step,
    StepScaling,
    TargetTracking,
)

sizes = st.integers(1, 60)


def held(problem: Problem, **knobs: object) -> Problem:
    """Return the problem as that of a group of 12 between 6 and 24 that nothing scales."""
    present = replace(problem.present, scaling=(), min_size=6, max_size=24, desired_capacity=12)
    return replace(problem, present=present, knobs=Knobs(desired_capacity=True, **knobs))


def of_size(problem: Problem, size: int) -> Configuration:
    return replace(problem.present, min_size=size, max_size=size, desired_capacity=size)


@given(size=sizes)
def test_a_count_has_no_bounds_beside_it(problem: Problem, size: int) -> None:
    """min, max and desired of a counted resource are one number."""
    counted = held(problem, held_by="count", min_size=False, max_size=False)
    found = express(counted, of_size(counted, size))
    assert (found.min_size, found.max_size, found.desired_capacity) == (size, size, size)


@given(size=sizes)
def test_where_desired_is_not_written_the_minimum_is_the_size(problem: Problem, size: int) -> None:
    """The group starts at its minimum and stays there; the maximum gives way upwards only."""
    bare = held(problem, held_by="minimum")
    found = express(bare, of_size(bare, size))
    assert (found.min_size, found.desired_capacity) == (size, size)
    assert found.max_size == max(24, size)


@given(size=sizes)
def test_bounds_of_a_held_group_give_way_only_as_far_as_needed(problem: Problem, size: int) -> None:
    """desired moves; min falls with it and max rises with it."""
    plain = held(problem)
    found = express(plain, of_size(plain, size))
    assert found.desired_capacity == size
    assert (found.min_size, found.max_size) == (min(6, size), max(24, size))


@pytest.mark.parametrize("by", ["desired", "count", "minimum"])
def test_redundancy_stands_however_little_is_asked(
    problem: Problem, by: Literal["desired", "count", "minimum"]
) -> None:
    """Never fewer instances than zones."""
    zoned = held(problem, held_by=by, smallest_size=3)
    assert express(zoned, of_size(zoned, 1)).desired_capacity == 3


def test_sizes_that_do_nothing_are_left_alone(problem: Problem) -> None:
    """A held group whose size cannot be decided keeps bounds that nobody would notice."""
    stuck = held(problem)
    stuck = replace(stuck, knobs=Knobs(desired_capacity=False))
    found = express(stuck, of_size(stuck, 2))
    assert found == replace(stuck.present, machine=found.machine)


@given(target=st.floats(0.1, 1.0))
def test_no_target_above_the_guardrail_not_even_the_present_one(
    problem: Problem, target: float
) -> None:
    """A change never leaves a target above max_target_cpu."""
    hot = problem.present.with_target(target)
    capped = replace(problem, present=hot, knobs=Knobs(target_cpu=True, max_target_cpu=0.7))
    found = express(capped, hot)
    assert found.tracking is not None
    assert found.tracking.target == min(target, 0.7)


@given(low=sizes, high=sizes)
def test_a_written_desired_capacity_stays_within_the_bounds(
    problem: Problem, low: int, high: int
) -> None:
    """min ≤ desired ≤ max, or terraform apply fails; the ceiling is never lowered."""
    knobs = Knobs(target_cpu=True, fixed_desired=5, keep_ceiling=True)
    scaled = replace(problem, knobs=knobs)
    wanted = replace(problem.present, min_size=min(low, high), max_size=max(low, high))
    found = express(scaled, wanted)
    assert found.min_size <= 5 <= found.max_size
    assert found.max_size >= problem.present.max_size


def test_a_pinned_setting_stays_as_it_is_given(problem: Problem) -> None:
    """What other groups share is not proposed here: the rest is, around it."""
    given = replace(problem.present, min_size=17)
    knobs = replace(problem.knobs, min_size=False)
    wanted = replace(problem.present, min_size=3, max_size=30)
    found = express(replace(problem, knobs=knobs, pinned=given), wanted)
    assert (found.min_size, found.max_size) == (17, 30)


STEPS = (
    StepScaling(Alarm(0.6, ">", datapoints=1), (Step(20, 0.0),), "percent"),
    StepScaling(Alarm(0.3, "<", datapoints=10, of=10), (Step(-1, upper=0.0),)),
)


@given(low=sizes, high=sizes, target=st.floats(0.1, 1.0))
def test_a_group_with_steps_has_bounds_to_move_and_no_target(
    problem: Problem, low: int, high: int, target: float
) -> None:
    """Nothing holds its size, and its steps stay as they are written."""
    present = replace(problem.present, scaling=STEPS)
    stepped = replace(problem, present=present, knobs=Knobs())
    bounds = {"min_size": min(low, high), "max_size": max(low, high)}
    found = express(stepped, replace(present, scaling=(TargetTracking(target),), **bounds))
    assert found.scaling == STEPS
    assert (found.min_size, found.max_size) == (min(low, high), max(low, high))
    assert found.min_size <= found.desired_capacity <= found.max_size


def test_only_the_cpu_target_moves_where_several_policies_act(problem: Problem) -> None:
    """The requests' target and the steps beside it are the configuration's own."""
    requests = TargetTracking(6000, metric="requests")
    present = replace(problem.present, scaling=(requests, TargetTracking(0.5), *STEPS))
    several = replace(problem, present=present, knobs=Knobs(target_cpu=True))
    found = express(several, present.with_target(0.7))
    assert found.scaling == (requests, TargetTracking(0.7), *STEPS)


def on_spot(machine: Machine) -> Slot:
    return Slot(machine, spot_usd_per_hour=machine.usd_per_hour / 3)


def test_a_group_on_spot_buys_another_type_on_spot_too(problem: Problem) -> None:
    """Its only slot follows the machine; the several slots of a mixed group stay."""
    small, fast = problem.machines
    fleet = Fleet(slots=(on_spot(small),), spot_share=1.0)
    present = replace(problem.present, fleet=fleet)
    slots = tuple(map(on_spot, problem.machines))
    spot = replace(problem, present=present, slots=slots)
    found = express(spot, replace(present, machine=fast))
    assert found.fleet.slots == (on_spot(fast),)
    several = replace(fleet, slots=slots)
    mixed = replace(spot, present=replace(present, fleet=several))
    assert express(mixed, replace(present, machine=fast)).fleet == several
