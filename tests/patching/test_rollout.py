"""How a change reaches what runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.patching.rollout import rollout
from tfopt.plan.model import InstanceGroup, Slot

TYPE = frozenset({"instance_type"})
ASG = InstanceGroup(
    address="aws_autoscaling_group.web",
    kind="aws_autoscaling_group",
    cloud="aws",
    region="eu-west-1",
    action="update",
    unit="instance",
    slots=(Slot("m5.xlarge"),),
    min_size=4,
    max_size=12,
    desired_capacity=None,
    rolls_on=TYPE,
)
NODES = replace(ASG, kind="aws_eks_node_group", replaces_on=TYPE, rolls_on=frozenset())


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        (
            {"instance_type"},
            "the type reaches new launches only: start an instance refresh right after the apply",
        ),
        (
            {"instance_type", "target_cpu"},
            "the type reaches new launches only: start an instance refresh right after the apply; "
            "until it is done, the new target acts on m5.xlarge",
        ),
        (
            {"instance_type", "target_cpu", "min_size", "max_size"},
            "the type reaches new launches only: start an instance refresh right after the apply; "
            "until it is done, the new minimum, maximum and target act on m5.xlarge",
        ),
    ],
)
def test_what_acts_before_the_type_does(changed: set[str], note: str) -> None:
    """Sizes and targets act on the old instances at once: the order is told."""
    told = rollout(ASG, changed)
    assert (told.kind, told.notes) == ("rolling", (note,))


def test_a_refresh_that_the_apply_starts() -> None:
    """With a refresh in the plan nothing is left to start, but it takes its time."""
    (note,) = rollout(replace(ASG, instance_refresh=True), {"instance_type", "min_size"}).notes
    assert note == (
        "the apply starts the instance refresh that is in the plan; "
        "until it is done, the new minimum acts on m5.xlarge"
    )


def test_sizes_alone_are_in_place() -> None:
    """Without a new type nothing rolls."""
    told = rollout(ASG, {"min_size"})
    assert (told.kind, told.notes) == ("in-place", ())


def test_a_replaced_node_group_leaves_a_gap() -> None:
    """A fixed name needs a prefix besides create_before_destroy; a prefix needs just that."""
    fixed, free = (rollout(replace(NODES, fixed_name=fixed), TYPE) for fixed in (True, False))
    assert (fixed.kind, free.kind) == ("replace", "replace")
    assert "old nodes go before new ones come" in fixed.notes[0]
    assert "node_group_name_prefix with create_before_destroy avoids" in fixed.notes[0]
    assert free.notes[0].endswith(
        "the old nodes go before new ones come, unless create_before_destroy is set"
    )


def test_a_replacement_whose_order_the_sources_tell() -> None:
    """With create_before_destroy a prefix works, and a fixed name makes the apply fail."""
    first = Lifecycle(creates_first=True)
    free = rollout(NODES, TYPE, first)
    assert free.notes[0].endswith("the new nodes come before the old ones go")
    assert free.refusals == ()
    fixed = rollout(replace(NODES, fixed_name=True), TYPE, first)
    assert "the name is taken and the apply fails" in fixed.refusals[0]


@pytest.mark.parametrize(
    ("kind", "refresh", "note"),
    [
        ("google_compute_instance_group_manager", True, "makes the group replace its instances"),
        ("google_compute_region_instance_group_manager", False, "start a rolling update"),
        ("google_container_node_pool", True, "before version 5.10 of the provider"),
    ],
)
def test_groups_of_google_cloud(kind: str, refresh: bool, note: str) -> None:
    """Each vendor's words for how what runs comes to a new type."""
    told = rollout(replace(ASG, kind=kind, cloud="gcp", instance_refresh=refresh), TYPE)
    assert told.kind == "rolling"
    assert note in told.notes[0]


def test_single_instances_of_google_cloud() -> None:
    """An instance is stopped for a new type; one from a template is replaced."""
    one = replace(ASG, kind="google_compute_instance", cloud="gcp", rolls_on=frozenset())
    assert rollout(one, TYPE).kind == "in-place"
    made = replace(one, kind="google_compute_instance_from_template", replaces_on=TYPE)
    told = rollout(made, TYPE)
    assert told.kind == "replace"
    assert "the old instances go before new ones come" in told.notes[0]
