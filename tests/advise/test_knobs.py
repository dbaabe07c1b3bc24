"""Which settings may be decided: those that matter and that an edit can reach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tfopt.advise.leaves import Leaves, effective, held_by, knobs_of
from tfopt.hcl.trace import Refusal, Target, Trace
from tfopt.plan.model import InstanceGroup, Site, Slot
from tfopt.plan.scalers import TargetTrackingScaler
from tfopt.scenario.group import present_configuration
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import DefaultsTable
from tfopt_sim.types import Machine


def site(name: str) -> Site:
    return Site((), "aws_autoscaling_group.web", None, (name,), 1)


HELD = InstanceGroup(
    address="aws_autoscaling_group.web",
    kind="aws_autoscaling_group",
    cloud="aws",
    region="us-east-1",
    action="create",
    unit="instance",
    slots=(Slot("m5.xlarge"),),
    min_size=2,
    max_size=10,
    desired_capacity=4,
    sites={n: site(n) for n in ("instance_type", "min_size", "max_size", "desired_capacity")},
)
SCALER = TargetTrackingScaler("p", "ASGAverageCPUUtilization", 0.5)
TARGET = Target((), "aws_autoscaling_group.web", None, ("x",), 1)


def leaves(group: InstanceGroup, *patchable: str) -> Leaves:
    """Return the group's leaves where an edit reaches only the `patchable` ones."""
    found: dict[str, Trace | Refusal] = {
        name: Refusal(TARGET, "unknown", "computed") for name in group.sites
    }
    trace = object.__new__(Trace)  # what it holds does not matter here
    found |= dict.fromkeys(patchable, trace)
    return Leaves(found, effective(group))


def test_a_held_group_is_sized_by_the_number_that_is_written() -> None:
    """desired_capacity, else the count itself, else the minimum it starts at."""
    assert held_by(HELD) == "desired"
    assert held_by(replace(HELD, desired_capacity=None)) == "minimum"
    counted = {"instance_type": site("i"), "desired_capacity": site("count")}
    assert held_by(replace(HELD, sites=counted)) == "count"


def test_bounds_alone_do_not_make_a_held_group_changeable() -> None:
    """Where only max_size can be edited the advice is whole, as if nothing could be."""
    only_max = leaves(HELD, "max_size")
    assert not only_max.any_patchable
    knobs = knobs_of(HELD, only_max, DefaultsTable())
    assert knobs.desired_capacity
    assert knobs.instance_type


def test_what_an_edit_cannot_reach_is_held() -> None:
    """The type can be edited, the size cannot: only the type is free."""
    knobs = knobs_of(HELD, leaves(HELD, "instance_type"), DefaultsTable())
    assert knobs.instance_type
    assert not knobs.desired_capacity


def test_a_scaled_group_keeps_its_written_desired_within_bounds() -> None:
    """The number is handed on; where it is not written nothing has to hold it."""
    scaled = replace(HELD, scalers=(SCALER,))
    assert knobs_of(scaled, leaves(scaled, "min_size"), DefaultsTable()).fixed_desired == 4
    free = replace(scaled, desired_capacity=None, sites={"min_size": site("min_size")})
    assert knobs_of(free, leaves(free, "min_size"), DefaultsTable()).fixed_desired is None


@pytest.mark.parametrize(("zones", "stands"), [(1, 1), (3, 3), (9, 4)])
def test_zones_ask_for_no_more_than_stands_today(zones: int, stands: int) -> None:
    """min_zones is a floor for proposals, not a reason to grow."""
    knobs = knobs_of(HELD, leaves(HELD, "desired_capacity"), DefaultsTable(min_zones=zones))
    assert knobs.smallest_size == stands


def test_a_running_group_of_unknown_size_is_not_analysed() -> None:
    """No scaler and no desired_capacity: the plan does not say how many run."""
    running = replace(HELD, desired_capacity=None, action="update")
    with pytest.raises(NotAnalysedError, match="how many run"):
        present_configuration(running, Machine("m5.xlarge", 4, 16, 0.192))
