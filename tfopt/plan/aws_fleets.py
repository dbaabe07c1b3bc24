"""Reads `aws_ec2_fleet` and `aws_spot_fleet_request`: capacity that is kept up from many types."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.plan import aws_application
from tfopt.plan.aws_application import application
from tfopt.plan.aws_fleet_choices import Choices, choices_of
from tfopt.plan.aws_requirements import CapacityUnit, capacity_unit
from tfopt.plan.aws_scalers import Scaling
from tfopt.plan.context import About, Context
from tfopt.plan.model import REDACTED, InstanceGroup, PathStep, Site
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, size, text

EC2_FLEET, SPOT_FLEET = "aws_ec2_fleet", aws_application.SPOT_FLEET
KINDS = (EC2_FLEET, SPOT_FLEET)
ABOUT = {
    EC2_FLEET: About(
        "launch templates with overrides, weights, priorities and attributes, target capacity, "
        "allocation; only of type maintain",
        "total target capacity; instance type where it is the only one",
    ),
    SPOT_FLEET: About(
        "launch specifications or templates, target capacity, allocation, application "
        "autoscaling; only of type maintain",
        "target capacity, minimum, maximum, CPU target; instance type where it is the only one",
    ),
}
ATTRIBUTES = {
    EC2_FLEET: (
        "id arn region type launch_template_config on_demand_options spot_options "
        "target_capacity_specification excess_capacity_termination_policy"
    ),
    SPOT_FLEET: (
        "id region fleet_type launch_specification launch_template_config target_capacity "
        "target_capacity_unit_type on_demand_target_capacity allocation_strategy "
        "on_demand_allocation_strategy instance_pools_to_use_count spot_maintenance_strategies "
        "target_group_arns load_balancers excess_capacity_termination_policy"
    ),
    **aws_application.ATTRIBUTES,
}
_TARGETS = "target_capacity_specification"
# as EC2 Auto Scaling calls them; fleets spell them in several ways
_ALLOCATIONS = {
    "lowestPrice": "lowest-price",
    "capacityOptimized": "capacity-optimized",
    "capacityOptimizedPrioritized": "capacity-optimized-prioritized",
    "priceCapacityOptimized": "price-capacity-optimized",
}
_NOT_KEPT = "it launches its capacity once and keeps none up: nothing scales or holds it"


@dataclass(frozen=True, slots=True)
class _Fleet:
    """A fleet in the same words, whichever of the two it is."""

    overrides: str  # what its launch templates' overrides are called
    keeps: object  # its type: whether the capacity is kept up
    target: tuple[PathStep, ...]  # where the total stands
    unit: CapacityUnit
    on_demand_base: int
    on_spot: bool
    spot_fixed: bool  # its spot part is a number of its own: more in total is more on demand
    on_demand_allocation: str
    spot_allocation: str
    pools: int
    rebalances: bool
    replaced: bool  # by an apply that changes its type


def read(context: Context) -> list[InstanceGroup]:
    """Read every fleet that remains after apply and keeps its capacity up."""
    scaled = application(context, SPOT_FLEET, _by_identifier)
    found = []
    for one in context.planned.of(*KINDS):
        fleet = _ec2_fleet(one) if one.kind == EC2_FLEET else _spot_fleet(one)
        in_order = "prioritized" in f"{fleet.on_demand_allocation} {fleet.spot_allocation}"
        choices = choices_of(context, one, fleet.overrides, in_order=in_order)
        if fleet.keeps in ("request", "instant"):
            context.skip(one, _NOT_KEPT)
        elif choices.fractions:
            context.skip(one, "its weights are fractions of a unit, which are not simulated")
        else:
            targets = scaled.targets.get(one.address, [])
            found.append(_group(context, one, fleet, choices, targets, scaled.of(context, one)))
    return found


def _by_identifier(context: Context, _: Resource, identifier: str) -> Resource | None:
    found = context.planned.with_value(SPOT_FLEET, identifier.rpartition("/")[2])
    return found[0] if len(found) == 1 else None


def _ec2_fleet(fleet: Resource) -> _Fleet:
    given = block(fleet.get(_TARGETS))
    spot_options = block(fleet.get("spot_options"))
    total, spot = size(given.get("total_target_capacity")), size(given.get("spot_target_capacity"))
    mostly_spot = text(given.get("default_target_capacity_type")) == "spot"
    on_demand = size(given.get("on_demand_target_capacity")) or 0
    return _Fleet(
        overrides="override",
        keeps=fleet.get("type"),
        target=(_TARGETS, 0, "total_target_capacity"),
        unit=capacity_unit(given.get("target_capacity_unit_type")),
        on_demand_base=on_demand if mostly_spot else max((total or 0) - (spot or 0), 0),
        on_spot=mostly_spot or bool(spot),
        spot_fixed=not mostly_spot and bool(spot),
        on_demand_allocation=_allocation(block(fleet.get("on_demand_options"))),
        spot_allocation=_allocation(spot_options),
        pools=size(spot_options.get("instance_pools_to_use_count")) or 1,
        rebalances=bool(block(spot_options, "maintenance_strategies", 0, "capacity_rebalance")),
        replaced=False,
    )


def _spot_fleet(fleet: Resource) -> _Fleet:
    on_demand = {"allocation_strategy": fleet.get("on_demand_allocation_strategy")}
    return _Fleet(
        overrides="overrides",
        keeps=fleet.get("fleet_type"),
        target=("target_capacity",),
        unit=capacity_unit(fleet.get("target_capacity_unit_type")),
        on_demand_base=size(fleet.get("on_demand_target_capacity")) or 0,
        on_spot=True,
        spot_fixed=False,
        on_demand_allocation=_allocation(on_demand),
        spot_allocation=_allocation({"allocation_strategy": fleet.get("allocation_strategy")}),
        pools=size(fleet.get("instance_pools_to_use_count")) or 1,
        rebalances=bool(block(fleet.get("spot_maintenance_strategies", 0, "capacity_rebalance"))),
        replaced=True,
    )


def _allocation(given: dict[str, object]) -> str:
    word = text(given.get("allocation_strategy")) or "lowestPrice"
    return _ALLOCATIONS.get(word, word)


def _group(
    context: Context,
    one: Resource,
    fleet: _Fleet,
    choices: Choices,
    targets: list[Resource],
    scaled: Scaling,
) -> InstanceGroup:
    scalers, sites = scaled
    region, place = context.regions.of(one)
    total = size(one.get(*fleet.target))
    bounds = targets[0] if len(targets) == 1 else None
    launch, changed = choices.launch, frozenset({"instance_type"})
    diverse = fleet.spot_allocation == "diversified"  # alike over all pools
    return InstanceGroup(
        address=one.address,
        kind=one.kind,
        cloud="aws",
        region=region,
        action=one.action,
        unit="instance",
        slots=choices.slots,
        requirements=choices.requirements,
        capacity_unit=fleet.unit,
        min_size=size(bounds.get("min_capacity")) if bounds else total,
        max_size=size(bounds.get("max_capacity")) if bounds else total,
        desired_capacity=total,
        zones=choices.zones,
        scalers=scalers,
        on_demand_base=fleet.on_demand_base if fleet.on_spot else 0,
        spot_share=1.0 if fleet.on_spot else 0.0,
        on_demand_allocation=fleet.on_demand_allocation,
        spot_allocation="lowest-price" if diverse else fleet.spot_allocation,
        spot_pools=max(1, len(choices.slots)) if diverse else fleet.pools,
        capacity_rebalance=fleet.rebalances,
        operating_system=launch.operating_system,
        detailed_monitoring=launch.detailed_monitoring,
        burst_unlimited=launch.burst_unlimited,
        disks=launch.disks,
        sites={**_sites(one, fleet, choices, bounds), **sites},
        replaces_on=changed if fleet.replaced else frozenset(),
        rolls_on=frozenset() if fleet.replaced else changed,
        notes=(*choices.notes, *place, *_notes(one, fleet, choices, targets)),
    )


def _sites(
    one: Resource, fleet: _Fleet, choices: Choices, bounds: Resource | None
) -> dict[str, Site]:
    sites = {} if choices.site is None else {"instance_type": choices.site}
    if one.get(*fleet.target) is not None and not fleet.spot_fixed:
        sites["desired_capacity"] = one.site(*fleet.target)
    if bounds is not None:
        sites["min_size"] = bounds.site("min_capacity")
        sites["max_size"] = bounds.site("max_capacity")
    return sites


def _notes(one: Resource, fleet: _Fleet, choices: Choices, targets: list[Resource]) -> list[str]:
    notes = []
    if len(choices.slots) > 1:
        notes.append(f"it launches any of {len(choices.slots)} types")
    if any(slot.weight != 1 for slot in choices.slots):
        notes.append("sizes count weighted capacity units, not instances")
    if fleet.spot_fixed:
        notes.append("its spot part is a number of its own, so its total is left alone")
    excess = text(one.get("excess_capacity_termination_policy")) or ""
    if excess.lower().startswith("no"):  # "no-termination", "NoTermination"
        notes.append("a lower target ends no instance: its excess_capacity_termination_policy")
    if one.get(*fleet.target) is REDACTED:
        notes.append("its target capacity is sensitive and left alone")
    if len(targets) > 1:
        notes.append("several scaling targets name this fleet: its bounds are not told")
    return notes
