"""EKS node groups, counted instances and ECS services as instance groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, groups, reference

from tfopt.plan.aws_scalers import five_fields
from tfopt.plan.model import Slot
from tfopt.plan.scalers import ScheduleScaler, TargetTrackingScaler

NODES = "aws_eks_node_group.apps"
SCALING = {"scaling_config": [{"min_size": 1, "max_size": 6, "desired_size": 2}]}


def nodes(folder: Path, values: Values, expressions: Values | None = None, **more: Any) -> Any:
    """Read a plan with one node group and a launch template `lt-1`."""
    template = change(
        "aws_launch_template.n",
        {"id": "lt-1", **more.pop("template", {})},
        unknown=more.pop("template_unknown", {}),
    )
    made = change(NODES, {**SCALING, **values}, **more)
    return groups(folder, document([made, template], [block(NODES, expressions or {})]))[NODES]


def test_node_group(tmp_path: Path) -> None:
    """All listed types are candidates, the first is the type; a new list replaces the group."""
    group = nodes(tmp_path, {"instance_types": ["m6i.large", "m5.large"], "capacity_type": "SPOT"})
    assert group.slots == (Slot("m6i.large"), Slot("m5.large"))
    assert (group.min_size, group.max_size, group.desired_capacity) == (1, 6, 2)
    assert group.spot_share == 1.0
    assert {name: site.path for name, site in group.sites.items()} == {
        "instance_type": ("instance_types", 0),
        "min_size": ("scaling_config", 0, "min_size"),
        "max_size": ("scaling_config", 0, "max_size"),
        "desired_capacity": ("scaling_config", 0, "desired_size"),
    }
    assert group.replaces_on == {"instance_type"}
    assert group.rolls_on == frozenset()


def test_node_group_names(tmp_path: Path) -> None:
    """A whole name is taken while the group stands; a prefix leaves room for its successor."""
    name, prefix = {"node_group_name": "apps"}, {"node_group_name_prefix": "apps-"}
    written = {"node_group_name": constant("apps"), "instance_types": constant(["m5.large"])}
    assert nodes(tmp_path, {**name, "node_group_name_prefix": ""}, written).fixed_name
    assert not nodes(tmp_path, {**name, **prefix}, written).fixed_name
    assert not nodes(tmp_path, name, {"instance_types": constant(["m5.large"])}).fixed_name


def test_node_group_type_in_its_template(tmp_path: Path) -> None:
    """A type in the launch template rolls through the nodes instead of replacing the group."""
    group = nodes(
        tmp_path,
        {"launch_template": [{"id": "lt-1", "version": "1"}], "instance_types": []},
        template={"instance_type": "c5.large"},
    )
    assert group.slots == (Slot("c5.large"),)
    assert group.sites["instance_type"].address == "aws_launch_template.n"
    assert (group.replaces_on, group.rolls_on) == (frozenset(), {"instance_type"})


def test_node_group_without_type(tmp_path: Path) -> None:
    """Where nobody names a type, EKS launches t3.medium, and there is no place to change it."""
    group = nodes(tmp_path, {}, unknown={"instance_types": True})
    assert group.slots == (Slot("t3.medium"),)
    assert "instance_type" not in group.sites
    assert any("t3.medium" in note for note in group.notes)


def test_node_group_type_unknown(tmp_path: Path) -> None:
    """A listed type that is known after apply is not replaced by the default."""
    group = nodes(tmp_path, {"instance_types": [None]}, unknown={"instance_types": [True]})
    assert group.slots == ()
    group = nodes(
        tmp_path,
        {"launch_template": [{"id": "lt-1"}]},
        template_unknown={"instance_type": True},
    )
    assert group.slots == ()


def test_windows_nodes(tmp_path: Path) -> None:
    """The image type tells the operating system."""
    values = {"instance_types": ["m5.large"], "ami_type": "WINDOWS_CORE_2022_x86_64"}
    assert nodes(tmp_path, values).operating_system == "windows"
    assert nodes(tmp_path, {"instance_types": ["m5.large"]}).operating_system == "linux"


def instances(*kinds: str, **more: Any) -> list[Values]:
    """Return counted instances of one block, one per type."""
    return [
        change(f"aws_instance.web[{n}]", {"instance_type": kind}, index=n, **more)
        for n, kind in enumerate(kinds)
    ]


def test_counted_instances_are_one_group(tmp_path: Path) -> None:
    """Equal instances of a block are one static group; its count is where its size stands."""
    made = block("aws_instance.web", {}, count_expression=reference("var.n"))
    found = groups(tmp_path, document(instances("t3.small", "t3.small"), [made]))
    group = found["aws_instance.web"]
    assert list(found) == ["aws_instance.web"]
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 2, 2)
    assert group.sites["instance_type"].address == "aws_instance.web"  # of all instances
    count = group.sites["desired_capacity"]
    assert (count.address, count.path, count.value) == ("aws_instance.web", ("count",), 2)


def test_instances_of_different_types_are_split(tmp_path: Path) -> None:
    """Where types differ, each key is a group under its own address."""
    found = groups(tmp_path, document(instances("t3.small", "t3.large")))
    assert {address: group.slots[0].instance_type for address, group in found.items()} == {
        "aws_instance.web[0]": "t3.small",
        "aws_instance.web[1]": "t3.large",
    }
    assert all(group.desired_capacity == 1 for group in found.values())
    assert found["aws_instance.web[1]"].sites["instance_type"].key == 1


def test_keys_with_dots_and_quotes(tmp_path: Path) -> None:
    """Keys come from `index`; addresses carry their escapes."""
    made = [
        change(r'module.m["x.y"].aws_instance.web["a\"b"]', {"instance_type": "t3.nano"}),
        change('module.m["x.y"].aws_instance.web["b"]', {"instance_type": "t3.small"}),
        change('module.m["z"].aws_instance.web["c"]', {"instance_type": "t3.nano"}),
    ]
    made[0]["index"], made[1]["index"], made[2]["index"] = 'a"b', "b", "c"
    found = groups(tmp_path, document(made))
    address = r'module.m["x.y"].aws_instance.web["a\"b"]'
    assert set(found) == {
        address,
        'module.m["x.y"].aws_instance.web["b"]',
        'module.m["z"].aws_instance.web',
    }
    site = found[address].sites["instance_type"]
    assert site.module == ('module.m["x.y"]',)
    assert site.key == 'a"b'
    assert site.address == r'module.m["x.y"].aws_instance.web["a\"b"]'


def test_instance_from_a_template(tmp_path: Path) -> None:
    """An instance without a type of its own takes its template's."""
    made = [
        change("aws_launch_template.t", {"id": "lt-1", "instance_type": "c5.large"}),
        change("aws_instance.web", {"launch_template": [{"id": "lt-1", "version": "$Default"}]}),
    ]
    group = groups(tmp_path, document(made))["aws_instance.web"]
    assert group.sites["instance_type"].address == "aws_launch_template.t"
    made[1]["change"]["after"]["launch_template"][0]["version"] = "2"
    group = groups(tmp_path, document(made))["aws_instance.web"]
    assert (group.slots, "instance_type" in group.sites) == ((Slot("c5.large"),), False)
    made[1]["change"]["after"]["instance_type"] = "c5.xlarge"
    group = groups(tmp_path, document(made))["aws_instance.web"]
    assert group.slots == (Slot("c5.xlarge"),)
    assert group.sites["instance_type"].address == "aws_instance.web"


def test_instance_facts(tmp_path: Path) -> None:
    """Monitoring, credits and Spot are read from the instance."""
    values = {
        "instance_type": "t3.small",
        "monitoring": True,
        "credit_specification": [{"cpu_credits": "standard"}],
        "instance_market_options": [{"market_type": "spot"}],
        "availability_zone": "eu-west-1a",
    }
    group = groups(tmp_path, document([change("aws_instance.web", values)]))["aws_instance.web"]
    assert (group.detailed_monitoring, group.burst_unlimited) == (True, False)
    assert (group.spot_share, group.zones) == (1.0, 1)


SERVICE, TASK = "aws_ecs_service.api", "aws_ecs_task_definition.api"
IDENTIFIER = "service/main/api"
CPU = {
    "target_value": 55,
    "predefined_metric_specification": [
        {"predefined_metric_type": "ECSServiceAverageCPUUtilization"}
    ],
}


def service(folder: Path, values: Values, *more: Values, task: Values | None = None) -> Any:
    """Read a service `api` in cluster `main`, with its task definition."""
    own = {"name": "api", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/main", "desired_count": 3}
    changes = [
        change(SERVICE, {**own, "task_definition": "t-arn", **values}),
        change(TASK, {"arn": "t-arn", "cpu": "512", "memory": "1024", **(task or {})}),
        *more,
    ]
    return groups(folder, document(changes))[SERVICE]


def test_static_service(tmp_path: Path) -> None:
    """A service that nothing scales is a static group of tasks."""
    group = service(tmp_path, {"launch_type": "FARGATE"})
    assert (group.unit, group.task_vcpus, group.task_memory_gib) == ("task", 0.5, 1.0)
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert group.slots == ()
    assert any("Fargate" in note for note in group.notes)


def test_scaled_service(tmp_path: Path) -> None:
    """Bounds, target and schedules come from application autoscaling, by resource id."""
    common = {"resource_id": IDENTIFIER, "scalable_dimension": "ecs:service:DesiredCount"}
    target, policy = "aws_appautoscaling_target.t", "aws_appautoscaling_policy.p"
    night = "aws_appautoscaling_scheduled_action.night"
    group = service(
        tmp_path,
        {},
        change(target, {**common, "min_capacity": 2, "max_capacity": 12}),
        change(policy, {**common, "target_tracking_scaling_policy_configuration": [CPU]}),
        change(
            night,
            {
                **common,
                "schedule": "cron(0 22 ? * MON-FRI *)",
                "timezone": "Europe/Berlin",
                "scalable_target_action": [{"min_capacity": 1, "max_capacity": 4}],
            },
        ),
    )
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 12, 3)
    assert group.scalers == (
        TargetTrackingScaler(
            policy, "ECSServiceAverageCPUUtilization", 0.55, cooldowns_s=(300.0, 300.0)
        ),
        ScheduleScaler(night, "0 22 * * 1-5", "Europe/Berlin", 1, 4, None),
    )
    assert (group.sites["min_size"].address, group.sites["min_size"].path) == (
        target,
        ("min_capacity",),
    )
    assert group.sites["target_cpu"].path[0] == "target_tracking_scaling_policy_configuration"


def test_fargate_spot_share(tmp_path: Path) -> None:
    """The weights of the Fargate providers give the share on Spot."""
    strategy = [
        {"capacity_provider": "FARGATE", "weight": 1},
        {"capacity_provider": "FARGATE_SPOT", "weight": 3},
    ]
    assert service(tmp_path, {"capacity_provider_strategy": strategy}).spot_share == 0.75
    own = [{"capacity_provider": "mine", "weight": 1}]
    group = service(tmp_path, {"capacity_provider_strategy": own})
    assert any("own instances" in note for note in group.notes)


@pytest.mark.parametrize(
    ("cpu", "memory", "size"),
    [
        ("256", 512, (0.25, 0.5)),
        (".5 vCPU", "2 GB", (0.5, 2.0)),
        ("1vcpu", "3GB", (1.0, 3.0)),
        (None, None, (None, None)),
        ("lots", "", (None, None)),
    ],
)
def test_task_sizes(
    cpu: object, memory: object, size: tuple[object, object], tmp_path: Path
) -> None:
    """Task sizes are CPU units and MiB, or words."""
    group = service(tmp_path, {}, task={"cpu": cpu, "memory": memory})
    assert (group.task_vcpus, group.task_memory_gib) == size


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ("cron(0 22 ? * MON-FRI *)", "0 22 * * 1-5"),
        ("cron(15 7 * * ? *)", "15 7 * * *"),
        ("cron(0/15 6-18 ? * 2,7 *)", "0/15 6-18 * * 1,6"),
        ("cron(0 8 1 * ? *)", "0 8 1 * *"),
        ("cron(0 8 ? * 6L *)", None),
        ("cron(0 8 ? * 2#1 *)", None),
        ("cron(0 8 ? * * 2030)", None),
        ("rate(1 hour)", None),
        ("at(2030-01-01T00:00:00)", None),
        ("", None),
    ],
)
def test_aws_cron(schedule: str, cron: str | None) -> None:
    """AWS's six fields become five, or are refused."""
    assert five_fields(schedule) == cron


PROVIDERS = {
    "aws": {"name": "aws", "expressions": {"region": constant("eu-west-1")}},
    "aws.west": {"name": "aws", "alias": "west", "expressions": {"region": reference("var.away")}},
    "module.own:aws": {
        "name": "aws",
        "module_address": "module.own",
        "expressions": {"region": reference("var.region")},
    },
}
BARE = {"aws": {"name": "aws", "expressions": {}}}


def region(folder: Path, key: str, values: Values | None = None, **more: Any) -> tuple[Any, Any]:
    """Return the region of an instance in `module.own` with a provider key, and its notes."""
    made = change("module.own.aws_instance.web", {"instance_type": "t3.nano", **(values or {})})
    call = {
        "expressions": {"region": reference("var.places.home", "var.places")},
        "module": {"resources": [block("aws_instance.web", {}, key)]},
    }
    root = {"places": {"value": {"home": "sa-east-1"}}, "away": {"value": "us-west-2"}}
    content = document(
        [made],
        module_calls={"own": call},
        values=more.get("variables", root),
        providers=more.get("providers", PROVIDERS),
    )
    group = groups(folder, content)["module.own.aws_instance.web"]
    return group.region, group.notes


def test_region_through_aliases_and_modules(tmp_path: Path) -> None:
    """Default, alias by variable, a module's own provider fed by an argument: each is followed."""
    assert region(tmp_path, "aws")[0] == "eu-west-1"
    assert region(tmp_path, "aws.west")[0] == "us-west-2"
    assert region(tmp_path, "module.own:aws")[0] == "sa-east-1"


def test_region_of_the_resource_wins(tmp_path: Path) -> None:
    """Provider 6 lets a resource name its region."""
    assert region(tmp_path, "aws", {"region": "ap-south-1"})[0] == "ap-south-1"


def test_region_by_place(tmp_path: Path) -> None:
    """Without a provider's region, the zone or the ARN tells."""
    zone = {"availability_zone": "eu-north-1b"}
    assert region(tmp_path, "aws", zone, providers=BARE)[0] == "eu-north-1"
    arn = {"arn": "arn:aws:ec2:us-gov-west-1:123:instance/i-1"}
    assert region(tmp_path, "aws", arn, providers=BARE)[0] == "us-gov-west-1"


def test_region_inferred_or_unknown(tmp_path: Path) -> None:
    """A guess is called one; without any sign the region is unknown, and that is noted."""
    found, notes = region(tmp_path, "own:aws")
    assert found == "eu-west-1"
    assert any("default provider" in note for note in notes)
    named = {"aws_region": {"value": "ca-central-1"}}
    found, notes = region(tmp_path, "aws", providers=BARE, variables=named)
    assert found == "ca-central-1"
    assert any("inferred" in note for note in notes)
    found, notes = region(tmp_path, "aws", providers=BARE)
    assert found is None
    assert any("region is not in the plan" in note for note in notes)
