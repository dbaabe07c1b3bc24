"""What an apply does to running instances, and what a changed line says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tfopt.advise.wording import annotation, impact
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
    told = impact(ASG, changed)
    assert (told.kind, told.notes) == ("rolling", [note])


def test_a_refresh_that_the_apply_starts() -> None:
    """With a refresh in the plan nothing is left to start, but it takes its time."""
    (note,) = impact(replace(ASG, instance_refresh=True), {"instance_type", "min_size"}).notes
    assert note == (
        "the apply starts the instance refresh that is in the plan; "
        "until it is done, the new minimum acts on m5.xlarge"
    )


def test_sizes_alone_are_in_place() -> None:
    """Without a new type nothing rolls."""
    told = impact(ASG, {"min_size"})
    assert (told.kind, told.notes) == ("in-place", [])


def test_a_replaced_node_group_leaves_a_gap() -> None:
    """A fixed name needs a prefix besides create_before_destroy; a prefix needs just that."""
    fixed, free = (impact(replace(NODES, fixed_name=fixed), TYPE) for fixed in (True, False))
    assert (fixed.kind, free.kind) == ("replace", "replace")
    assert "old nodes go before new ones come" in fixed.notes[0]
    assert "node_group_name_prefix with create_before_destroy avoids" in fixed.notes[0]
    assert free.notes[0].endswith(
        "the old nodes go before new ones come, unless create_before_destroy is set"
    )


def test_a_long_annotation_loses_its_reason_not_its_date() -> None:
    """The comment of a changed line keeps to a glance; its facts stay whole."""
    assert annotation("min_size", "4", 663.4, "2026-11-08") == (
        "tfopt: was 4; what quiet hours need; group saves $663/month; 2026-11-08"
    )
    long = annotation("desired_capacity", "100000", -12_345, "2026-11-08")
    assert long == "tfopt: was 100000; mends the SLO for $12,345/month; 2026-11-08"
