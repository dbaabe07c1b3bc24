"""`aws_autoscaling_group`: what it launches, its bounds, its scalers, and where each stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, groups, read, reference

from tfopt.plan.model import UNKNOWN, Slot, WarmPool, acting_scalers
from tfopt.plan.scalers import OtherScaler, ScheduleScaler, TargetTrackingScaler

GROUP, TEMPLATE = "aws_autoscaling_group.web", "aws_launch_template.web"
SIZES = {"name": "web", "min_size": 2, "max_size": 8, "desired_capacity": 4}
BY_TEMPLATE = {**SIZES, "launch_template": [{"version": "$Latest"}]}
UNKNOWN_ID = {"launch_template": [{"id": True, "name": True}]}


def launched_by(*names: str) -> Values:
    """Return the expressions of a group whose template is one of `names`."""
    return {"launch_template": [{"id": reference(*names), "version": constant("$Latest")}]}


def one(folder: Path, *changes: Values, blocks: list[Values] | None = None, **more: Any) -> Any:
    """Read a plan and return its only group."""
    found = groups(folder, document(list(changes), blocks, **more))
    assert len(found) == 1
    return next(iter(found.values()))


def test_sizes_and_their_sites(tmp_path: Path) -> None:
    """Bounds and type are read, each with its place in the plan."""
    group = one(
        tmp_path,
        change(TEMPLATE, {"instance_type": "m5.large"}, unknown={"id": True}),
        change(GROUP, {**BY_TEMPLATE, "default_instance_warmup": 90}, unknown=UNKNOWN_ID),
        blocks=[block(GROUP, launched_by(f"{TEMPLATE}.id", TEMPLATE)), block(TEMPLATE, {})],
    )
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 8, 4)
    assert group.slots == (Slot("m5.large"),)
    assert (group.warmup_s, group.unit, group.cloud, group.region) == (
        90,
        "instance",
        "aws",
        "eu-west-1",
    )
    places = {name: (site.address, site.path) for name, site in group.sites.items()}
    assert places == {
        "instance_type": (TEMPLATE, ("instance_type",)),
        "min_size": (GROUP, ("min_size",)),
        "max_size": (GROUP, ("max_size",)),
        "desired_capacity": (GROUP, ("desired_capacity",)),
    }
    assert group.rolls_on == {"instance_type"}
    assert group.notes == ()


def test_each_group_finds_its_own_template(tmp_path: Path) -> None:
    """With one template per key, each group is paired with the template of its key."""
    changes = []
    for index, (key, kind) in enumerate((("a", "m5.large"), ("b", "c5.large"))):
        at = f'["{key}"]'
        changes += [
            change(TEMPLATE + at, {"instance_type": kind}, index=key, unknown={"id": True}),
            change(GROUP + at, {**SIZES, "name": f"g{index}"}, index=key, unknown=UNKNOWN_ID),
        ]
    blocks = [block(GROUP, launched_by(TEMPLATE, "each.key")), block(TEMPLATE, {})]
    found = groups(tmp_path, document(changes, blocks))
    assert found[GROUP + '["a"]'].slots == (Slot("m5.large"),)
    assert found[GROUP + '["b"]'].sites["instance_type"].address == TEMPLATE + '["b"]'


def test_template_by_planned_id(tmp_path: Path) -> None:
    """Where a dynamic block hides the reference, the planned id leads to the template."""
    other = change("aws_launch_template.other", {"id": "lt-2", "instance_type": "c5.large"})
    group = one(
        tmp_path,
        change(TEMPLATE, {"id": "lt-1", "instance_type": "m5.large"}),
        other,
        change(GROUP, {**SIZES, "launch_template": [{"id": "lt-1", "version": "3"}]}),
        blocks=[block(GROUP, {})],
    )
    assert group.slots == (Slot("m5.large"),)
    assert any("pinned to 3" in note for note in group.notes)


LATEST = reference(f"{TEMPLATE}.latest_version", TEMPLATE)
DEFAULT = reference(f"{TEMPLATE}.default_version", TEMPLATE)
MOVING = {"update_default_version": True}


@pytest.mark.parametrize(
    ("version", "written", "template", "action", "told"),
    [
        ("3", constant("3"), {"latest_version": 3}, "no-op", "pinned to 3"),
        ("3", reference("var.v"), {"latest_version": 3}, "update", "pinned to 3"),
        ("3", reference("local.v"), {"latest_version": 5}, "update", "pinned to 3"),
        ("3", reference("local.v"), {"latest_version": 3}, "no-op", None),
        ("3", LATEST, {"latest_version": 3}, "no-op", None),
        (None, LATEST, {}, "update", None),
        ("1", constant("1"), {}, "create", None),
        ("2", constant("2"), {}, "create", "pinned to 2"),
        ("1", constant("1"), {"latest_version": 1}, "no-op", "pinned to 1"),
        ("$Default", constant("$Default"), {}, "update", "default version"),
        (None, None, {}, "no-op", "default version"),
        (None, None, {"default_version": 2}, "no-op", "default version"),
        ("3", DEFAULT, {"latest_version": 3}, "no-op", "default version"),
        ("3", DEFAULT, MOVING, "no-op", None),
        ("$Default", constant("$Default"), MOVING, "update", None),
        ("$Default", constant("$Default"), {}, "create", None),
        ("$Latest", constant("$Latest"), {}, "update", None),
    ],
)
def test_a_type_that_an_edit_would_not_reach(
    version: str | None,
    written: Values | None,
    template: Values,
    action: str,
    told: str | None,
    tmp_path: Path,
) -> None:
    """Where the group stays on another version of the template, its type has no place to edit."""
    values = {"id": "lt-1", "instance_type": "m5.large", **template}
    expressions = {"id": reference(f"{TEMPLATE}.id", TEMPLATE)}
    if written is not None:
        expressions["version"] = written
    group = one(
        tmp_path,
        change(TEMPLATE, values, actions=[action]),
        change(
            GROUP,
            {**SIZES, "launch_template": [{"id": "lt-1", "version": version}]},
            actions=["update"],
        ),
        blocks=[block(GROUP, {"launch_template": [expressions]}), block(TEMPLATE, {})],
    )
    assert group.slots == (Slot("m5.large"),)
    assert ("instance_type" in group.sites) is (told is None)
    stays = [note for note in group.notes if note.startswith("instance_type stays: ")]
    assert [told in note for note in stays] == ([True] if told else [])


@pytest.mark.parametrize(
    ("version", "written", "starts"),
    [
        ("$Latest", constant("$Latest"), False),
        ("$Default", constant("$Default"), False),
        ("3", LATEST, True),
    ],
)
def test_which_change_starts_the_refresh(
    version: str, written: Values, starts: bool, tmp_path: Path
) -> None:
    """A template that changes behind $Latest leaves the group, and so its refresh, alone."""
    values = {"id": "lt-1", "instance_type": "m5.large", "latest_version": 3, **MOVING}
    launched = {"id": reference(f"{TEMPLATE}.id", TEMPLATE), "version": written}
    refresh = {"instance_refresh": [{"strategy": "Rolling"}]}
    group = one(
        tmp_path,
        change(TEMPLATE, values, actions=["no-op"]),
        change(
            GROUP, {**SIZES, **refresh, "launch_template": [{"id": "lt-1", "version": version}]}
        ),
        blocks=[block(GROUP, {"launch_template": [launched]}), block(TEMPLATE, {})],
    )
    assert "instance_type" in group.sites
    assert group.instance_refresh is starts
    assert any("does not start its instance refresh" in note for note in group.notes) is not starts


def test_an_override_starts_the_refresh(tmp_path: Path) -> None:
    """A type in the group's own overrides changes the group itself."""
    group = one(
        tmp_path,
        change(TEMPLATE, {"id": "lt-1", "instance_type": "t3.large"}),
        change(GROUP, {**SIZES, "mixed_instances_policy": [MIXED], "instance_refresh": [{}]}),
    )
    assert group.instance_refresh


def test_a_version_handed_to_a_module(tmp_path: Path) -> None:
    """A version that a module is given is followed to the template it comes from."""
    group = "module.asg.aws_autoscaling_group.this"
    calls = {
        "asg": {
            "expressions": {"v": LATEST, "template": reference(f"{TEMPLATE}.id", TEMPLATE)},
            "module": {
                "variables": {"v": {}, "template": {}},
                "resources": [
                    block(
                        "aws_autoscaling_group.this",
                        {
                            "launch_template": [
                                {"id": reference("var.template"), "version": reference("var.v")}
                            ]
                        },
                    )
                ],
            },
        }
    }
    values = {"id": "lt-1", "instance_type": "m5.large", "latest_version": 3}
    found = one(
        tmp_path,
        change(TEMPLATE, values, actions=["no-op"]),
        change(group, {**SIZES, "launch_template": [{"id": "lt-1", "version": "3"}]}),
        blocks=[block(TEMPLATE, {})],
        module_calls=calls,
    )
    assert found.sites["instance_type"].address == TEMPLATE


def test_template_through_a_module_output(tmp_path: Path) -> None:
    """A template made by one module and handed to another is found across both boundaries."""
    template, group = "module.lt.aws_launch_template.this", "module.asg.aws_autoscaling_group.this"
    calls = {
        "lt": {
            "module": {
                "outputs": {"id": {"expression": reference("aws_launch_template.this.id")}},
                "resources": [block("aws_launch_template.this", {})],
            }
        },
        "asg": {
            "expressions": {"template": reference("module.lt.id", "module.lt")},
            "module": {
                "variables": {"template": {}},
                "resources": [block("aws_autoscaling_group.this", launched_by("var.template"))],
            },
        },
    }
    found = one(
        tmp_path,
        change(template, {"instance_type": "m5.large"}, unknown={"id": True}),
        change(group, BY_TEMPLATE, unknown=UNKNOWN_ID),
        module_calls=calls,
    )
    assert found.sites["instance_type"].address == template
    assert found.sites["instance_type"].module == ("module.lt",)
    assert found.notes == ()


def test_the_only_template_is_inferred_and_said_so(tmp_path: Path) -> None:
    """A local hides the reference and the id is unknown: the module's only template it is."""
    changes = [
        change(TEMPLATE, {"instance_type": "m5.large"}, unknown={"id": True}),
        change(GROUP, BY_TEMPLATE, unknown=UNKNOWN_ID),
    ]
    group = one(tmp_path, *changes, blocks=[block(GROUP, launched_by("local.template"))])
    assert group.slots == (Slot("m5.large"),)
    assert group.notes == (f"its launch template is taken to be {TEMPLATE}",)
    second = change("aws_launch_template.two", {"instance_type": "c5.large"}, unknown={"id": True})
    group = one(tmp_path, *changes, second)
    assert group.slots == ()
    assert "its launch template is not in this plan" in group.notes


def test_foreign_template(tmp_path: Path) -> None:
    """A template that exists outside the plan leaves the type unknown, with the reason."""
    group = one(
        tmp_path,
        change(TEMPLATE, {"id": "lt-1", "instance_type": "m5.large"}),
        change(GROUP, {**SIZES, "launch_template": [{"id": "lt-9"}]}),
    )
    assert (group.slots, "instance_type" in group.sites) == ((), False)
    assert group.notes == ("its launch template is not in this plan",)


def test_launch_configuration(tmp_path: Path) -> None:
    """A launch configuration has detailed monitoring unless off; a spot price means Spot."""
    group = one(
        tmp_path,
        change("aws_launch_configuration.web", {"name": "lc", "instance_type": "m4.large"}),
        change(GROUP, {**SIZES, "launch_configuration": "lc"}),
    )
    assert (group.slots, group.detailed_monitoring) == ((Slot("m4.large"),), True)
    assert group.spot_share == 0
    config = {"name": "lc", "instance_type": "m4.large", "spot_price": "0.1"}
    group = one(
        tmp_path,
        change("aws_launch_configuration.web", {**config, "enable_monitoring": False}),
        change(GROUP, {**SIZES, "launch_configuration": "lc"}),
    )
    assert (group.spot_share, group.detailed_monitoring) == (1.0, False)


MIXED = {
    "instances_distribution": [
        {"on_demand_base_capacity": 2, "on_demand_percentage_above_base_capacity": 25}
    ],
    "launch_template": [
        {
            "launch_template_specification": [{"launch_template_id": "lt-1", "version": "$Latest"}],
            "override": [
                {"instance_type": "m5.large", "weighted_capacity": "1"},
                {"instance_type": "m5.xlarge", "weighted_capacity": "2"},
            ],
        }
    ],
}


def mixed(folder: Path, policy: Values) -> Any:
    """Read a group with a mixed-instances policy over a template of type t3.large."""
    return one(
        folder,
        change(TEMPLATE, {"id": "lt-1", "instance_type": "t3.large"}),
        change(GROUP, {**SIZES, "mixed_instances_policy": [policy]}),
    )


def test_overrides_beat_the_template(tmp_path: Path) -> None:
    """All overrides with weights are the slots; the first one's place is the group's type."""
    group = mixed(tmp_path, MIXED)
    assert group.slots == (Slot("m5.large", 1), Slot("m5.xlarge", 2))
    assert (group.on_demand_base, group.spot_share) == (2, 0.75)
    site = group.sites["instance_type"]
    assert (site.address, site.path[-3:], site.value) == (
        GROUP,
        ("override", 0, "instance_type"),
        "m5.large",
    )
    assert "sizes count weighted capacity units, not instances" in group.notes


def test_mixed_policy_defaults(tmp_path: Path) -> None:
    """Without overrides the template's type counts; without distribution all is on demand."""
    specification = {"launch_template_specification": [{"launch_template_id": "lt-1"}]}
    group = mixed(tmp_path, {"launch_template": [specification]})
    assert (group.slots, group.spot_share, group.on_demand_base) == ((Slot("t3.large"),), 0.0, 0)
    assert group.sites["instance_type"].address == TEMPLATE


def test_instances_by_attributes(tmp_path: Path) -> None:
    """Attribute-based selection has no type to change, and says so."""
    by_attributes = {
        "launch_template": [
            {
                "launch_template_specification": [{"launch_template_id": "lt-1"}],
                "override": [{"instance_requirements": [{"vcpu_count": [{"min": 2}]}]}],
            }
        ]
    }
    group = mixed(tmp_path, by_attributes)
    assert (group.slots, "instance_type" in group.sites) == ((), False)
    assert any("instance_requirements" in note for note in group.notes)


def test_unknown_type_and_sizes(tmp_path: Path) -> None:
    """What is known only after apply is neither guessed nor dropped."""
    group = one(
        tmp_path,
        change(TEMPLATE, {"id": "lt-1"}, unknown={"instance_type": True}),
        change(
            GROUP,
            {"launch_template": [{"id": "lt-1"}], "max_size": "8"},
            unknown={"min_size": True, "desired_capacity": True},
        ),
        blocks=[block(GROUP, {"min_size": reference("data.x.y"), "max_size": constant("8")})],
    )
    assert (group.min_size, group.max_size, group.desired_capacity) == (None, 8, None)
    assert group.sites["min_size"].value is UNKNOWN
    assert group.sites["instance_type"].value is UNKNOWN
    assert "desired_capacity" not in group.sites  # computed, not written
    assert "its instance type is known only after apply" in group.notes


CPU = {
    "target_value": 60,
    "predefined_metric_specification": [{"predefined_metric_type": "ASGAverageCPUUtilization"}],
}


def scaled(folder: Path, *policies: Values) -> Any:
    """Read a group with scaling policies and schedules that name it."""
    made = [
        change(address, {"autoscaling_group_name": "web", **values}) for address, values in policies
    ]
    return one(folder, change(GROUP, SIZES), *made)


def test_target_tracking(tmp_path: Path) -> None:
    """A CPU target is a share; its place keeps the configuration's percent."""
    policy = "aws_autoscaling_policy.cpu"
    values = {
        "target_tracking_configuration": [{**CPU, "disable_scale_in": True}],
        "estimated_instance_warmup": 45,
    }
    group = scaled(tmp_path, (policy, values))
    wanted = TargetTrackingScaler(policy, "ASGAverageCPUUtilization", 0.6, True, 45.0)
    assert group.scalers == (wanted,)
    site = group.sites["target_cpu"]
    assert (site.address, site.path, site.value, site.scale) == (
        policy,
        ("target_tracking_configuration", 0, "target_value"),
        60,
        100.0,
    )


def test_other_metrics_keep_their_unit(tmp_path: Path) -> None:
    """Requests per target are no share, and no CPU target."""
    metric = [{"predefined_metric_type": "ALBRequestCountPerTarget"}]
    tracking = {"target_value": 900, "predefined_metric_specification": metric}
    policy = ("aws_autoscaling_policy.alb", {"target_tracking_configuration": [tracking]})
    group = scaled(tmp_path, policy)
    assert group.scalers[0].target == 900
    assert "target_cpu" not in group.sites


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"policy_type": "StepScaling"}, "step scaling, no alarm of this plan sets it off"),
        ({}, "simple scaling, no alarm of this plan sets it off"),
        (
            {"policy_type": "PredictiveScaling"},
            "predictive scaling: its settings are known only after apply",
        ),
        (
            {"target_tracking_configuration": [{"customized_metric_specification": [{}]}]},
            "target tracking: its metric is known only after apply",
        ),
    ],
)
def test_policies_that_are_only_named(values: Values, what: str, tmp_path: Path) -> None:
    """Policies that are not simulated are named in words."""
    group = scaled(tmp_path, ("aws_autoscaling_policy.p", values))
    assert group.scalers == (OtherScaler("aws_autoscaling_policy.p", what),)


def test_a_disabled_policy_does_not_act(tmp_path: Path) -> None:
    """It is told, and changes nothing while the group runs."""
    values = {"enabled": False, "target_tracking_configuration": [CPU]}
    group = scaled(tmp_path, ("aws_autoscaling_policy.p", values))
    assert group.scalers == (
        OtherScaler("aws_autoscaling_policy.p", "disabled scaling policy", acts=False),
    )
    assert acting_scalers(group) == ()


def test_two_cpu_policies_have_no_single_target(tmp_path: Path) -> None:
    """With two CPU targets neither is the group's."""
    values = {"target_tracking_configuration": [CPU]}
    group = scaled(tmp_path, *((f"aws_autoscaling_policy.p{n}", values) for n in (1, 2)))
    assert len(group.scalers) == 2
    assert "target_cpu" not in group.sites


def test_schedules(tmp_path: Path) -> None:
    """−1 means 'leave it'; without recurrence an action happens once."""
    night = {"recurrence": "0 22 * * *", "min_size": 1, "max_size": -1, "desired_capacity": None}
    group = scaled(
        tmp_path,
        ("aws_autoscaling_schedule.night", night),
        ("aws_autoscaling_schedule.once", {"min_size": 9, "recurrence": None}),
    )
    address = "aws_autoscaling_schedule.night"
    assert group.scalers == (
        ScheduleScaler(address, "0 22 * * *", "Etc/UTC", 1, None, None),
        OtherScaler("aws_autoscaling_schedule.once", "one-off scheduled action"),
    )


def test_policy_of_a_foreign_group(tmp_path: Path) -> None:
    """A policy of a group outside the plan is skipped, and not given to another."""
    policy = {"autoscaling_group_name": "elsewhere", "target_tracking_configuration": [CPU]}
    made = [change(GROUP, SIZES), change("aws_autoscaling_policy.p", policy)]
    plan = read(tmp_path, document(made))
    assert plan.groups[0].scalers == ()
    assert plan.skipped[0].reason == "what it scales is not in this plan"


def test_instance_refresh_and_hidden_facts(tmp_path: Path) -> None:
    """Refresh, a pool that was not shaped any further, and suspended processes are told."""
    group = one(
        tmp_path,
        change(
            GROUP,
            {
                **SIZES,
                "instance_refresh": [{"strategy": "Rolling"}],
                "warm_pool": [{"min_size": 1}],
                "suspended_processes": ["AlarmNotification"],
            },
        ),
    )
    assert group.instance_refresh
    assert group.warm_pool == WarmPool(min_size=1)
    assert "some of its scaling processes are suspended" in group.notes


@pytest.mark.parametrize(
    ("image", "system"),
    [
        (reference("data.aws_ami.windows.id"), "windows"),
        (reference("data.aws_ssm_parameter.al2023.value"), "linux"),
        (reference("data.aws_ami.ubuntu.id", "data.aws_ami.ubuntu"), "linux"),
        (reference("data.aws_ami.winners.id"), "unknown"),
        (constant("ami-1"), "unknown"),
    ],
)
def test_operating_system(image: Values, system: str, tmp_path: Path) -> None:
    """The machine image's name tells the operating system, or nothing does."""
    group = one(
        tmp_path,
        change(TEMPLATE, {"id": "lt-1", "instance_type": "m5.large"}),
        change(GROUP, {**SIZES, "launch_template": [{"id": "lt-1"}]}),
        blocks=[block(TEMPLATE, {"image_id": image})],
    )
    assert group.operating_system == system
