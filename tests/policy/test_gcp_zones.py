"""Sizes that a group states for each of its zones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tfopt_policies.expressible import express
from tfopt_policies.policy import Knobs, Problem


@pytest.mark.parametrize(("wanted", "taken"), [(1, 3), (7, 9), (9, 9), (10, 12)])
def test_sizes_are_rounded_up_to_whole_zones(wanted: int, taken: int, problem: Problem) -> None:
    """Each zone has as many instances as the others: a size between is rounded up."""
    held = replace(problem.present, scaling=(), schedules=(), desired_capacity=6)
    knobs = Knobs(desired_capacity=True, held_by="count", multiple=3)
    told = express(
        replace(problem, present=held, knobs=knobs), replace(held, desired_capacity=wanted)
    )
    assert (told.min_size, told.max_size, told.desired_capacity) == (taken, taken, taken)
