"""`aws_ec2_fleet` and `aws_spot_fleet_request`: what they keep up, of which types, bought how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, groups, read, reference

from tfopt.patching.rollout import rollout
from tfopt.plan.model import InstanceGroup, Slot
from tfopt.plan.scalers import ScheduleScaler, StepScaler, TargetTrackingScaler, measured_by
from tfopt.pricing import load_book
from tfopt.scenario import present_of
from tfopt.scenario.fleet import is_mixed
from tfopt.scenario.scaling import scaling_of
from tfopt.settings import Settings
from tfopt_sim.types import TargetTracking

TEMPLATE = "aws_launch_template.web"
FLEET, SPOT = "aws_ec2_fleet.web", "aws_spot_fleet_request.web"
SPECIFICATION = {"launch_template_id": "lt-1", "version": "$Latest"}
TARGETS = {"default_target_capacity_type": "spot", "total_target_capacity": 6}
DIMENSION = "ec2:spot-fleet-request:TargetCapacity"
BY_SPOT_ID = {"resource_id": reference(f"{SPOT}.id", SPOT)}
ALONE = {"launch_specification": [{"instance_type": "m5.large"}]}
ASKED = {"vcpu_count": [{"min": 2}], "memory_mib": [{"min": 4096}]}


def ec2_fleet(folder: Path, *overrides: Values, targets: Values | None = None, **more: Any) -> Any:
    """Read an EC2 fleet of one launch template."""
    config = {"launch_template_specification": [SPECIFICATION], "override": list(overrides)}
    values = {
        "launch_template_config": [config],
        "target_capacity_specification": [targets or TARGETS],
        **more,
    }
    template = {"id": "lt-1", "instance_type": "m5.large", "image_id": "amzn2-linux"}
    return read(folder, document([change(TEMPLATE, template), change(FLEET, values)]))


def spot_fleet(folder: Path, *changes: Values, **values: Any) -> InstanceGroup:
    """Read a Spot fleet together with what scales it."""
    own = change(SPOT, {"target_capacity": 8, **(values or ALONE)}, unknown={"id": True})
    blocks = [block(one["address"], BY_SPOT_ID) for one in changes]
    return groups(folder, document([own, *changes], [block(SPOT, {}), *blocks]))[SPOT]


def scaled(address: str, **values: Any) -> Values:
    """Return a resource of application autoscaling that acts on the Spot fleet."""
    unknown = {"resource_id": True}
    return change(address, {"scalable_dimension": DIMENSION, **values}, unknown=unknown)


def test_ec2_fleet_of_overrides(tmp_path: Path) -> None:
    """Types, weights and subnets come from the overrides, the rest from the template."""
    plan = ec2_fleet(
        tmp_path,
        {"instance_type": "m5.large", "weighted_capacity": 1, "subnet_id": "s-1"},
        {"instance_type": "m5.large", "weighted_capacity": 1, "subnet_id": "s-2"},
        {"instance_type": "m5.xlarge", "weighted_capacity": 2, "subnet_id": "s-1"},
        targets={**TARGETS, "on_demand_target_capacity": 2},
        spot_options=[{"allocation_strategy": "capacity-optimized"}],
    )
    group = plan.groups[0]
    assert group.slots == (Slot("m5.large", 1), Slot("m5.xlarge", 2))
    assert (group.min_size, group.max_size, group.desired_capacity) == (6, 6, 6)
    assert (group.on_demand_base, group.spot_share, group.zones) == (2, 1.0, 2)
    assert (group.on_demand_allocation, group.spot_allocation) == (
        "lowest-price",
        "capacity-optimized",
    )
    assert (group.operating_system, group.action) == ("linux", "create")
    site = group.sites["desired_capacity"]
    assert site.path == ("target_capacity_specification", 0, "total_target_capacity")
    assert set(group.sites) == {"desired_capacity"}
    assert "it launches any of 2 types" in group.notes
    assert plan.skipped == ()


def test_ec2_fleet_of_a_template(tmp_path: Path) -> None:
    """Without overrides the template's own type is launched, and can be edited there."""
    targets = {"default_target_capacity_type": "on-demand", "total_target_capacity": 4}
    group = ec2_fleet(tmp_path, targets=targets).groups[0]
    assert group.slots == (Slot("m5.large"),)
    assert group.sites["instance_type"].address == TEMPLATE
    assert (group.on_demand_base, group.spot_share) == (0, 0.0)
    assert group.rolls_on == {"instance_type"}
    assert not is_mixed(group)


@pytest.mark.parametrize(
    ("targets", "base", "share", "editable"),
    [
        ({"default_target_capacity_type": "spot"}, 0, 1.0, True),
        ({"default_target_capacity_type": "spot", "on_demand_target_capacity": 4}, 4, 1.0, True),
        ({"default_target_capacity_type": "on-demand"}, 0, 0.0, True),
        ({"default_target_capacity_type": "on-demand", "spot_target_capacity": 4}, 6, 1.0, False),
    ],
)
def test_how_capacity_is_bought(
    targets: Values, base: int, share: float, editable: bool, tmp_path: Path
) -> None:
    """What is neither number's is of the default type; a fixed spot part holds the total."""
    group = ec2_fleet(tmp_path, targets={"total_target_capacity": 10, **targets}).groups[0]
    assert (group.on_demand_base, group.spot_share) == (base, share)
    assert ("desired_capacity" in group.sites) is editable


def test_priorities_order_the_types(tmp_path: Path) -> None:
    """The lowest number comes first, and only where an allocation goes by it."""
    overrides = (
        {"instance_type": "m5.large"},
        {"instance_type": "m6i.large", "priority": 2},
        {"instance_type": "m7i.large", "priority": 0},
    )
    prioritized = [{"allocation_strategy": "prioritized"}]
    group = ec2_fleet(tmp_path, *overrides, on_demand_options=prioritized).groups[0]
    assert [s.instance_type for s in group.slots] == ["m7i.large", "m6i.large", "m5.large"]
    group = ec2_fleet(tmp_path, *overrides).groups[0]
    assert [s.instance_type for s in group.slots] == ["m5.large", "m6i.large", "m7i.large"]


@pytest.mark.parametrize("kind", ["request", "instant"])
def test_a_fleet_that_is_not_kept_up_is_skipped(kind: str, tmp_path: Path) -> None:
    """It launches once: there is nothing to size."""
    plan = ec2_fleet(tmp_path, type=kind)
    assert plan.groups == ()
    assert {one.address: one.reason for one in plan.skipped} == {
        FLEET: "it launches its capacity once and keeps none up: nothing scales or holds it"
    }


def test_weights_that_are_fractions_are_skipped(tmp_path: Path) -> None:
    """The simulator counts whole units."""
    plan = ec2_fleet(tmp_path, {"instance_type": "m5.large", "weighted_capacity": 0.5})
    assert [one.address for one in plan.skipped] == [FLEET]
    assert "fractions" in plan.skipped[0].reason


def test_a_fleet_that_chooses_by_attributes(tmp_path: Path) -> None:
    """Its requirements are kept; sizes may count vCPUs."""
    targets = {**TARGETS, "target_capacity_unit_type": "vcpu"}
    plan = ec2_fleet(tmp_path, {"instance_requirements": [ASKED]}, targets=targets)
    group = plan.groups[0]
    assert (group.slots, len(group.requirements), group.capacity_unit) == ((), 1, "vcpu")
    assert set(group.sites) == {"desired_capacity"}


def test_spot_fleet_of_specifications(tmp_path: Path) -> None:
    """One type can be edited; its change replaces the request."""
    specification = {
        "instance_type": "c5.xlarge",
        "ami": "ubuntu-22.04",
        "monitoring": True,
        "weighted_capacity": "4",
        "root_block_device": [{"volume_size": 50, "volume_type": "gp3"}],
    }
    group = spot_fleet(
        tmp_path,
        launch_specification=[specification],
        allocation_strategy="priceCapacityOptimized",
        on_demand_target_capacity=3,
        spot_maintenance_strategies=[{"capacity_rebalance": [{"replacement_strategy": "launch"}]}],
    )
    assert group.slots == (Slot("c5.xlarge", 4),)
    assert (group.on_demand_base, group.spot_share, group.desired_capacity) == (3, 1.0, 8)
    assert group.spot_allocation == "price-capacity-optimized"
    assert group.capacity_rebalance
    assert group.detailed_monitoring
    assert [disk.gib for disk in group.disks] == [50]
    assert group.sites["instance_type"].path == ("launch_specification", 0, "instance_type")
    assert group.sites["desired_capacity"].path == ("target_capacity",)
    assert group.replaces_on == {"instance_type"}


def test_diversified_uses_all_pools_alike(tmp_path: Path) -> None:
    """A diversified fleet spreads over everything that it may launch."""
    types = [{"instance_type": name} for name in ("m5.large", "m5a.large", "m6i.large")]
    group = spot_fleet(tmp_path, launch_specification=types, allocation_strategy="diversified")
    assert (group.spot_allocation, group.spot_pools) == ("lowest-price", 3)
    few = spot_fleet(tmp_path, launch_specification=types, instance_pools_to_use_count=2)
    assert (few.spot_allocation, few.spot_pools) == ("lowest-price", 2)


def test_application_autoscaling_of_a_spot_fleet(tmp_path: Path) -> None:
    """Bounds, CPU target and schedules are those of the scaling target that names it."""
    target, policy = "aws_appautoscaling_target.t", "aws_appautoscaling_policy.p"
    metric = {"predefined_metric_type": "EC2SpotFleetRequestAverageCPUUtilization"}
    tracking = {"target_value": 50, "predefined_metric_specification": [metric]}
    night = "aws_appautoscaling_scheduled_action.night"
    group = spot_fleet(
        tmp_path,
        scaled(target, min_capacity=4, max_capacity=20),
        scaled(policy, target_tracking_scaling_policy_configuration=[tracking]),
        scaled(
            night,
            schedule="cron(0 22 * * ? *)",
            scalable_target_action=[{"min_capacity": 1, "max_capacity": 4}],
        ),
    )
    assert (group.min_size, group.max_size, group.desired_capacity) == (4, 20, 8)
    assert group.scalers == (
        TargetTrackingScaler(
            policy, "EC2SpotFleetRequestAverageCPUUtilization", 0.5, cooldowns_s=(300.0, 300.0)
        ),
        ScheduleScaler(night, "0 22 * * *", "Etc/UTC", 1, 4, None),
    )
    assert group.sites["max_size"].address == target
    assert group.sites["target_cpu"].address == policy
    simulated = scaling_of(group)[0]
    assert isinstance(simulated, TargetTracking)
    assert (simulated.metric, simulated.scale_in_ratio) == ("cpu", 0.9)


def test_the_metric_goes_by_the_name_that_aws_gives_it() -> None:
    """Application Auto Scaling, PredefinedMetricSpecification."""
    assert measured_by("EC2SpotFleetRequestAverageCPUUtilization") == "cpu"
    assert measured_by("EC2SpotFleetRequestAverageNetworkIn") is None


def test_steps_by_the_fleets_own_alarm(tmp_path: Path) -> None:
    """An alarm on AWS/EC2Spot CPUUtilization of this fleet sets off its steps."""
    policy, alarm = "aws_appautoscaling_policy.out", "aws_cloudwatch_metric_alarm.busy"
    steps = {
        "adjustment_type": "ChangeInCapacity",
        "cooldown": 120,
        "step_adjustment": [{"metric_interval_lower_bound": "0", "scaling_adjustment": 2}],
    }
    rings = {
        "namespace": "AWS/EC2Spot",
        "metric_name": "CPUUtilization",
        "statistic": "Average",
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 70,
        "period": 60,
        "evaluation_periods": 2,
        "alarm_actions": [],
        "dimensions": {},
    }
    watched = {"dimensions": reference(f"{SPOT}.id", SPOT)}
    own = change(SPOT, {"target_capacity": 8, **ALONE}, unknown={"id": True})
    acting = scaled(policy, policy_type="StepScaling", step_scaling_policy_configuration=[steps])
    acting["change"]["after_unknown"]["arn"] = True
    ringing = change(alarm, rings, unknown={"alarm_actions": True, "dimensions": True})
    ringing["change"]["after"] = {k: v for k, v in rings.items() if k != "dimensions"}
    actions = {"alarm_actions": reference(f"{policy}.arn", policy), **watched}
    plan = document(
        [
            own,
            scaled("aws_appautoscaling_target.t", min_capacity=1, max_capacity=9),
            acting,
            ringing,
        ],
        [
            block(SPOT, {}),
            block("aws_appautoscaling_target.t", BY_SPOT_ID),
            block(policy, BY_SPOT_ID),
            block(alarm, actions),
        ],
    )
    found = groups(tmp_path, plan)[SPOT].scalers
    assert [type(one) for one in found] == [StepScaler]
    assert found[0].alarm.threshold == 0.7


def test_scaling_of_something_else_is_reported_once(tmp_path: Path) -> None:
    """A table's target belongs to neither; a fleet's target without its fleet says so."""
    table = change(
        "aws_appautoscaling_target.table",
        {"scalable_dimension": "dynamodb:table:ReadCapacityUnits", "resource_id": "table/orders"},
    )
    gone = change(
        "aws_appautoscaling_target.gone",
        {"scalable_dimension": DIMENSION, "resource_id": "spot-fleet-request/sfr-9"},
    )
    plan = read(tmp_path, document([table, gone, change(SPOT, {"target_capacity": 8, **ALONE})]))
    assert [(one.address, one.reason) for one in plan.skipped] == [
        ("aws_appautoscaling_target.gone", "the Spot fleet it scales is not in this plan"),
        (
            "aws_appautoscaling_target.table",
            "application autoscaling of dynamodb:table:ReadCapacityUnits is not analysed",
        ),
    ]


def test_values_known_only_after_apply_and_sensitive(tmp_path: Path) -> None:
    """An unknown total is no number, and a sensitive one is never shown."""
    unknown = change(SPOT, ALONE, unknown={"target_capacity": True})
    group = groups(tmp_path, document([unknown], [block(SPOT, {})]))[SPOT]
    assert (group.desired_capacity, group.min_size) == (None, None)
    hidden = change(SPOT, {**ALONE, "target_capacity": 8}, sensitive={"target_capacity": True})
    group = groups(tmp_path, document([hidden], [block(SPOT, {})]))[SPOT]
    assert group.desired_capacity is None
    assert "sensitive" in repr(group.sites["desired_capacity"].value)
    assert any("target capacity is sensitive" in note for note in group.notes)


def test_inside_a_module_with_an_aliased_provider(tmp_path: Path) -> None:
    """Each key is a fleet of its own, in the region that its module was given."""
    address = 'module.away.aws_spot_fleet_request.web["a"]'
    made = change(address, {"target_capacity": 2, **ALONE}, index="a")
    providers = {
        "aws": {"name": "aws", "expressions": {"region": constant("eu-west-1")}},
        "aws.west": {
            "name": "aws",
            "alias": "west",
            "expressions": {"region": constant("us-west-2")},
        },
    }
    call = {"expressions": {}, "module": {"resources": [block(SPOT, {}, "aws.west")]}}
    plan = document([made], module_calls={"away": call}, providers=providers)
    group = groups(tmp_path, plan)[address]
    assert (group.region, group.sites["desired_capacity"].key) == ("us-west-2", "a")


@pytest.mark.parametrize(
    ("capacity", "mixed", "share"), [("SPOT", True, 1.0), ("ON_DEMAND", False, 0.0)]
)
def test_node_group_of_several_types(
    capacity: str, mixed: bool, share: float, tmp_path: Path
) -> None:
    """On spot all types of a node group are launched from; on demand the first of them is."""
    address = "aws_eks_node_group.pool"
    scaling = {"min_size": 2, "max_size": 9, "desired_size": 6}
    values = {"capacity_type": capacity, "scaling_config": [scaling], "subnet_ids": ["a", "b"]}
    types = ["m6i.large", "m5.large", "m5a.large"]
    group = groups(tmp_path, document([change(address, {**values, "instance_types": types})]))[
        address
    ]
    assert group.slots == tuple(map(Slot, types))
    assert (group.spot_share, is_mixed(group)) == (share, mixed)
    assert group.spot_allocation == "price-capacity-optimized"
    configuration = present_of(group, Settings(), load_book()).configuration
    machines = [slot.machine.name for slot in configuration.fleet.slots]
    assert (configuration.machine.name, configuration.desired_capacity) == ("m6i.large", 6)
    assert machines == (types if mixed else [])
    assert configuration.fleet.spot_share == (share if mixed else 0.0)


@pytest.mark.parametrize("policy", ["no-termination", "NoTermination", "noTermination"])
def test_a_fleet_that_keeps_its_excess(policy: str, tmp_path: Path) -> None:
    """A reader of a lower target must know that nothing ends by it."""
    group = ec2_fleet(tmp_path, excess_capacity_termination_policy=policy).groups[0]
    assert any("ends no instance" in note for note in group.notes)
    plain = ec2_fleet(tmp_path, excess_capacity_termination_policy="termination").groups[0]
    assert not any("ends no instance" in note for note in plain.notes)


def test_how_a_new_type_reaches_a_fleet(tmp_path: Path) -> None:
    """An EC2 fleet launches the new type only in place of what ends; a Spot fleet is replaced."""
    ec2 = replace(ec2_fleet(tmp_path).groups[0], action="update")
    spot = replace(spot_fleet(tmp_path), action="update")
    told = rollout(ec2, {"instance_type"})
    assert told.kind == "rolling"
    assert "the fleet replaces each instance that is ended" in told.notes[0]
    assert rollout(spot, {"instance_type"}).kind == "replace"
    assert rollout(spot, {"desired_capacity"}).kind == "in-place"
