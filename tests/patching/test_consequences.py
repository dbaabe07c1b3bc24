"""What an apply does with a change: each truth is a note or a refusal before it is a surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, read, reference

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.patching.consequences import Consequences, consequences

GROUP, NODES, TEMPLATE = (
    "aws_autoscaling_group.web",
    "aws_eks_node_group.web",
    "aws_launch_template.web",
)
SERVICE = "aws_ecs_service.web"
ASG = {"name": "web", "min_size": 2, "max_size": 8, "desired_capacity": 4}
WRITTEN = {name: constant(value) for name, value in ASG.items()}
BOUNDS = {name: WRITTEN[name] for name in ("name", "min_size", "max_size")}
KEPT = Lifecycle(kept_at="main.tf:9")
IGNORED = Lifecycle(ignored_at="main.tf:7")


def told(
    folder: Path,
    changes: list[Values],
    blocks: list[Values],
    edit: dict[str, tuple[object, object]],
    lifecycles: dict[str, Lifecycle] | None = None,
    **more: Any,
) -> Consequences:
    """Return the consequences of an edit of the only group of a plan."""
    plan = read(folder, document(changes, blocks, **more))
    (group,) = plan.groups
    return consequences(plan, group, edit, lifecycles)


def updated(values: Values, before: Values | None = None, **more: Any) -> Values:
    """Return an Auto Scaling group that the plan leaves alone or updates."""
    return change(GROUP, values, before=before or values, actions=["update"], **more)


def nodes(minimum: int, maximum: int, desired: int, **more: Any) -> Values:
    """Return a node group with its sizes."""
    sizes = [{"min_size": minimum, "max_size": maximum, "desired_size": desired}]
    values = {"node_group_name": "web", "instance_types": ["m5.large"], "scaling_config": sizes}
    return change(NODES, values, **{"before": values, "actions": ["no-op"], **more})


def test_nothing_changed(tmp_path: Path) -> None:
    """An edit to the present value has no consequence, whatever its spelling."""
    found = told(tmp_path, [updated(ASG)], [block(GROUP, WRITTEN)], {"min_size": (2, "2")})
    assert found == Consequences("none")


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        ({"min_size": (2, 9)}, "the minimum 9 would stand above the maximum 8"),
        (
            {"min_size": (2, 5)},
            "desired_capacity 4 is written in the configuration and would stand below the minimum "
            "5: change both",
        ),
        (
            {"max_size": (8, 3)},
            "desired_capacity 4 is written in the configuration and would stand above the maximum "
            "3: change both",
        ),
    ],
)
def test_sizes_out_of_order(
    tmp_path: Path, edit: dict[str, tuple[object, object]], refusal: str
) -> None:
    """Minimum, desired and maximum must be in order, with what the edit leaves as it is."""
    found = told(tmp_path, [updated(ASG)], [block(GROUP, WRITTEN)], edit)
    assert found.refusals == (refusal,)


def test_sizes_changed_together(tmp_path: Path) -> None:
    """What one change alone would break, all of them together do not."""
    edit = {"min_size": (2, 5), "desired_capacity": (4, 6)}
    found = told(tmp_path, [updated(ASG)], [block(GROUP, WRITTEN)], edit)
    assert (found.kind, found.notes, found.refusals) == ("in-place", (), ())


@pytest.mark.parametrize(
    ("edit", "note"),
    [
        (
            {"min_size": (2, 6)},
            "AWS raises the desired capacity from 4 to the new minimum 6 at once",
        ),
        (
            {"max_size": (8, 3)},
            "AWS lowers the desired capacity from 4 to the new maximum 3 at once: 1 of the "
            "instances are terminated",
        ),
    ],
)
def test_a_desired_that_is_not_written_follows(
    tmp_path: Path, edit: dict[str, tuple[object, object]], note: str
) -> None:
    """AWS moves a desired capacity that the configuration leaves to it, or ignores."""
    unwritten = told(tmp_path, [updated(ASG)], [block(GROUP, BOUNDS)], edit)
    assert (unwritten.notes, unwritten.refusals) == ((note,), ())
    for said in (IGNORED, Lifecycle(unset=True)):
        lifecycles = {"desired_capacity": said}
        found = told(tmp_path, [updated(ASG)], [block(GROUP, WRITTEN)], edit, lifecycles)
        assert (found.notes, found.refusals) == ((note,), ())


def test_a_node_group_s_minimum_above_its_desired(tmp_path: Path) -> None:
    """EKS refuses it, also where ignore_changes keeps desired: the live one is what is sent."""
    edit = {"min_size": (1, 5)}
    plain = told(tmp_path, [nodes(1, 9, 3)], [], edit)
    assert plain.refusals == (
        "desired_size 3 would stand below the minimum 5, which EKS refuses: change both",
    )
    ignored = told(tmp_path, [nodes(1, 9, 3)], [], edit, {"desired_capacity": IGNORED})
    assert ignored.refusals == (
        "the live desired_size 3 would stand below the minimum 5, and ignore_changes keeps "
        "Terraform from moving it: EKS refuses that; change the desired size in EKS first",
    )
    assert told(tmp_path, [nodes(1, 9, 3)], [], {"min_size": (1, 3)}).refusals == ()


def test_a_node_group_to_be_created_has_no_live_size(tmp_path: Path) -> None:
    """At creation the sizes are sent as they are written, whatever ignore_changes lists."""
    made = nodes(2, 8, 3, before=None, actions=["create"])
    lifecycles = {"desired_capacity": IGNORED}
    found = told(tmp_path, [made], [block(NODES, {})], {"min_size": (2, 5)}, lifecycles)
    assert found.refusals == (
        "desired_size 3 would stand below the minimum 5, which EKS refuses: change both",
    )


def test_a_service_outside_its_bounds(tmp_path: Path) -> None:
    """Application Auto Scaling pulls it back after each apply."""
    service = {"name": "web", "cluster": "c", "desired_count": 8}
    target = {
        "resource_id": "service/c/web",
        "scalable_dimension": "ecs:service:DesiredCount",
        "min_capacity": 2,
        "max_capacity": 9,
    }
    changes = [
        change(SERVICE, service, before=service, actions=["no-op"]),
        change("aws_appautoscaling_target.web", target, before=target, actions=["no-op"]),
    ]
    found = told(tmp_path, changes, [], {"max_size": (9, 6)})
    assert found.refusals == ()
    assert found.notes == (
        "each apply sets desired_count to 8, and Application Auto Scaling pulls it back to between "
        "2 and 6",
    )


def test_ignored_by_value(tmp_path: Path) -> None:
    """The configuration says 2 and the plan keeps the live 5: an edit would do nothing."""
    live = {**ASG, "min_size": 5, "desired_capacity": 6}
    blocks = [block(GROUP, WRITTEN)]
    found = told(tmp_path, [updated(live, live)], blocks, {"min_size": (5, 6)})
    assert found.refusals == (
        "the configuration says min_size = 2, and the plan keeps 5: lifecycle.ignore_changes keeps "
        "edits from taking effect",
    )
    creating = told(tmp_path, [change(GROUP, live)], blocks, {"min_size": (5, 6)})
    assert creating.refusals == ()


def test_ignored_by_source(tmp_path: Path) -> None:
    """Where the sources name the line, so does the refusal."""
    edit, lifecycles = {"min_size": (2, 3)}, {"min_size": IGNORED}
    found = told(tmp_path, [updated(ASG)], [block(GROUP, WRITTEN)], edit, lifecycles)
    assert found.refusals == ("lifecycle.ignore_changes keeps min_size as it is (main.tf:7)",)


POLICY = change(
    "aws_autoscaling_policy.cpu",
    {
        "autoscaling_group_name": "web",
        "policy_type": "TargetTrackingScaling",
        "target_tracking_configuration": [
            {
                "target_value": 60,
                "predefined_metric_specification": [
                    {"predefined_metric_type": "ASGAverageCPUUtilization"}
                ],
            }
        ],
    },
    actions=["no-op"],
)


def test_desired_owned_by_an_autoscaler(tmp_path: Path) -> None:
    """An apply takes the live capacity from the autoscaler, whether or not the edit is about it."""
    changes = [updated(ASG, {**ASG, "desired_capacity": 7}), POLICY]
    about = told(tmp_path, changes, [block(GROUP, WRITTEN)], {"desired_capacity": (4, 5)})
    assert about.notes == (
        "target tracking moves the desired capacity: this apply sets it from the live 7 to 5, and "
        "so does each later one, unless ignore_changes lists it",
    )
    beside = told(tmp_path, changes, [block(GROUP, WRITTEN)], {"min_size": (2, 3)})
    assert beside.notes == (
        "target tracking has the desired capacity at 7: the apply sets it back to 4, as the plan "
        "says",
    )
    unwritten = told(tmp_path, [updated(ASG), POLICY], [block(GROUP, BOUNDS)], {"min_size": (2, 3)})
    assert unwritten.notes == ()


@pytest.mark.parametrize(
    ("planned", "edit", "effect"),
    [
        (2, {"max_size": (8, 9)}, "the plan sets it back"),
        (6, {"max_size": (8, 9)}, "the plan keeps that"),
        (3, {"max_size": (8, 9)}, "the plan sets 3"),
        (2, {"min_size": (2, 4)}, "the edit sets it to 4"),
    ],
)
def test_drift(
    tmp_path: Path, planned: int, edit: dict[str, tuple[object, object]], effect: str
) -> None:
    """What was changed outside Terraform is told, with what becomes of it."""
    now = {**ASG, "min_size": 6, "desired_capacity": 6}
    after = {**now, "min_size": planned}
    drift = [change(GROUP, now, before={**ASG, "desired_capacity": 6}, actions=["update"])]
    found = told(tmp_path, [updated(after, now)], [], edit, resource_drift=drift)
    assert f"min_size was changed outside Terraform from 2 to 6: {effect}" in found.notes
    assert not any("max_size was" in note for note in found.notes)


def test_a_drifted_secret_is_not_told(tmp_path: Path) -> None:
    """A sensitive size stays hidden, live and as last applied."""
    now = {**ASG, "min_size": 61}
    secret = {"min_size": True}
    drift = [change(GROUP, now, before={**ASG, "min_size": 62}, actions=["update"])]
    group = updated(ASG, now, sensitive=secret)
    found = told(tmp_path, [group], [], {"max_size": (8, 9)}, resource_drift=drift)
    assert not any("61" in note or "62" in note for note in (*found.notes, *found.refusals))


@pytest.mark.parametrize(
    ("edit", "note"),
    [
        ((4, 5), "the plan already changes min_size from 2 to 4: with the edit to 5"),
        ((4, 2), "min_size is 2 now: the edit takes the plan's change to 4 back"),
    ],
)
def test_a_value_that_the_plan_moves_already(
    tmp_path: Path, edit: tuple[object, object], note: str
) -> None:
    """The reader learns what runs now, not only what the plan wants."""
    group = updated({**ASG, "min_size": 4, "desired_capacity": 6}, ASG)
    found = told(tmp_path, [group], [block(GROUP, BOUNDS)], {"min_size": edit})
    assert note in found.notes


def test_prevent_destroy(tmp_path: Path) -> None:
    """An edit that would destroy a protected resource is refused; one in place is not."""
    edit, lifecycles = {"instance_type": ("m5.large", "m7a.large")}, {"instance_type": KEPT}
    found = told(tmp_path, [nodes(1, 9, 3)], [], edit, lifecycles)
    assert found.kind == "replace"
    assert found.refusals == (
        f"changing instance_type destroys {NODES}, which lifecycle.prevent_destroy forbids "
        "(main.tf:9)",
    )
    sizes = told(tmp_path, [nodes(1, 9, 3)], [], {"min_size": (1, 2)}, {"min_size": KEPT})
    assert sizes.refusals == ()
    created = nodes(1, 9, 3, actions=["create"], before=None)
    assert told(tmp_path, [created], [], edit, lifecycles).refusals == ()


def counted(count: int) -> tuple[list[Values], list[Values]]:
    """Return the changes and the block of a counted instance."""
    values = {"instance_type": "m5.large"}
    changes = [
        change(f"aws_instance.web[{i}]", values, index=i, before=values, actions=["no-op"])
        for i in range(count)
    ]
    return changes, [block("aws_instance.web", {}, count_expression=constant(count))]


def test_fewer_instances(tmp_path: Path) -> None:
    """A lower count destroys instances, which prevent_destroy forbids; a higher one does not."""
    fewer, more = {"desired_capacity": (4, 2)}, {"desired_capacity": (4, 5)}
    lifecycles = {"desired_capacity": KEPT}
    assert told(tmp_path, *counted(4), fewer).notes == (
        "terraform destroys the last 2 of 4 instances",
    )
    assert len(told(tmp_path, *counted(4), fewer, lifecycles).refusals) == 1
    assert told(tmp_path, *counted(4), more, lifecycles).refusals == ()


def test_a_new_type_stops_and_starts_instances(tmp_path: Path) -> None:
    """An instance keeps its identity: the change is in place, with a stop."""
    found = told(tmp_path, *counted(2), {"instance_type": ("m5.large", "m5.xlarge")})
    assert found.kind == "in-place"
    assert found.notes == ("each instance is stopped and started with the new type",)


@pytest.mark.parametrize(
    ("lifecycles", "refused"),
    [
        ({}, False),
        ({"instance_type": Lifecycle(), "min_size": Lifecycle()}, True),
        ({"instance_type": Lifecycle(creates_first=True), "min_size": Lifecycle()}, False),
        # create_before_destroy spreads from the group to what it depends on
        ({"instance_type": Lifecycle(), "min_size": Lifecycle(creates_first=True)}, False),
    ],
)
def test_a_launch_configuration_in_use(
    tmp_path: Path, lifecycles: dict[str, Lifecycle], refused: bool
) -> None:
    """AWS deletes none that a group uses: its successor must come first."""
    source = {"name": "old", "instance_type": "m5.large"}
    changes = [
        change("aws_launch_configuration.web", source, before=source, actions=["no-op"]),
        updated({**ASG, "launch_configuration": "old"}),
    ]
    edit = {"instance_type": ("m5.large", "m7a.large")}
    found = told(tmp_path, changes, [], edit, lifecycles)
    assert found.kind == "rolling"
    assert any("would be deleted before" in one for one in found.refusals) == refused


def test_a_group_that_the_plan_replaces_already(tmp_path: Path) -> None:
    """The plan's own replacement is told with what forces it; the edit rides along."""
    replaced = nodes(
        1, 9, 3, actions=["delete", "create"], replace_paths=[["subnet_ids"], ["disk_size"]]
    )
    found = told(tmp_path, [replaced], [], {"max_size": (9, 12)})
    assert found.kind == "replace"
    assert found.notes[0] == (
        f"the plan replaces {NODES} already, because of subnet_ids, disk_size"
    )


def test_a_deposed_object(tmp_path: Path) -> None:
    """What an interrupted replacement left behind is destroyed by the next apply."""
    changes = [
        updated(ASG),
        change(GROUP, None, before=ASG, actions=["delete"], deposed="0a1b2c3d"),
    ]
    found = told(tmp_path, changes, [], {"max_size": (8, 9)})
    assert f"a former object of {GROUP} is still there: the apply destroys it" in found.notes


def test_a_deferred_change(tmp_path: Path) -> None:
    """A template that Terraform defers does not get its new type in this apply."""
    template = change(TEMPLATE, {"id": "lt-1", "instance_type": "m5.large"}, actions=["no-op"])
    group = updated({**ASG, "launch_template": [{"id": "lt-1", "version": "$Latest"}]})
    deferred = [{"reason": "provider_config_unknown", "resource_change": template}]
    edit = {"instance_type": ("m5.large", "m7a.large")}
    found = told(tmp_path, [template, group], [], edit, deferred_changes=deferred, complete=False)
    assert found.notes[-2:] == (
        f"this apply does not reach {TEMPLATE}, which terraform defers: its provider's "
        "configuration is not known yet",
        "the plan is not complete (-target, or deferred changes): what else an apply would do is "
        "not in it",
    )


def test_a_plan_that_stopped(tmp_path: Path) -> None:
    """An errored plan limits what can be told."""
    found = told(tmp_path, [updated(ASG)], [], {"max_size": (8, 9)}, errored=True)
    assert found.notes[-1].startswith("planning stopped with an error")


def test_new_launches_only(tmp_path: Path) -> None:
    """Without an instance refresh the reader is told to start one."""
    template = change(TEMPLATE, {"id": "lt-1", "instance_type": "m5.large"}, actions=["no-op"])
    group = updated({**ASG, "launch_template": [{"id": "lt-1", "version": "$Latest"}]})
    blocks = [block(GROUP, {"launch_template": [{"id": reference(f"{TEMPLATE}.id", TEMPLATE)}]})]
    edit = {"instance_type": ("m5.large", "m7a.large")}
    found = told(tmp_path, [template, group], blocks, edit)
    assert found.kind == "rolling"
    assert "start an instance refresh right after the apply" in found.notes[0]
