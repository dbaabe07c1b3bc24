"""Reads `aws_instance`: all instances of one block (`count`, `for_each`) are one static group."""

from __future__ import annotations

from dataclasses import replace

from tfopt.plan import counted
from tfopt.plan.aws_launch import (
    Launch,
    from_template,
    operating_system,
    own_disks,
    unlimited,
)
from tfopt.plan.context import About, Context
from tfopt.plan.model import InstanceGroup, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, text
from tfopt.plan.why import why_no_type

KIND = "aws_instance"
KINDS = (KIND,)
ABOUT = {
    KIND: About(
        "type, own or of its launch template; all instances of one block are one group",
        "instance type, count",
    )
}
ATTRIBUTES = {
    KIND: (
        "id arn region instance_type availability_zone monitoring credit_specification ami "
        "launch_template instance_market_options get_password_data root_block_device "
        "ebs_block_device"
    )
}
_RESTART = "a new instance type stops and starts each instance"


def read(context: Context) -> list[InstanceGroup]:
    """Read every block of instances that remains after apply; one whose types differ is split."""
    sets = counted.sets(context, KIND, lambda one: _launch(context, one))
    return [_group(context, instances, launch) for instances, launch in sets]


def _launch(context: Context, instance: Resource) -> Launch:
    """Return what the instance runs as: its own words win over its launch template's."""
    value = instance.get("instance_type")
    launch = Launch()
    if blocks(instance.get("launch_template")):
        launch = from_template(context, instance, "launch_template", 0)
    own = instance.site("instance_type") if value not in (None, "") else None
    if text(value):
        launch = replace(launch, instance_type=text(value), site=own, notes=())
    elif launch.instance_type is None and launch.site is None:
        launch = replace(launch, site=own)
    credits_ = block(instance.get("credit_specification")).get("cpu_credits")
    market = block(instance.get("instance_market_options")).get("market_type")
    system = operating_system(instance, "ami")
    return replace(
        launch,
        operating_system=system if system != "unknown" else launch.operating_system,
        detailed_monitoring=flag(instance.get("monitoring")) is True or launch.detailed_monitoring,
        burst_unlimited=unlimited(credits_) if text(credits_) else launch.burst_unlimited,
        spot=launch.spot or market == "spot",
        disks=own_disks(instance) or launch.disks,
    )


def _group(context: Context, instances: list[Resource], launch: Launch) -> InstanceGroup:
    first, count = instances[0], len(instances)
    together = counted.together(context, instances)
    slots = (Slot(launch.instance_type),) if launch.instance_type else ()
    notes = launch.notes + (() if slots else (why_no_type(launch.site),))
    region, place = context.regions.of(first)
    return InstanceGroup(
        address=together.address,
        kind=KIND,
        cloud="aws",
        region=region,
        action=counted.joint_action(instances),
        unit="instance",
        slots=slots,
        min_size=count,
        max_size=count,
        desired_capacity=count,
        zones=len({text(one.get("availability_zone")) for one in instances} - {None}) or None,
        operating_system=launch.operating_system,
        detailed_monitoring=launch.detailed_monitoring,
        disks=launch.disks,
        burst_unlimited=launch.burst_unlimited,
        spot_share=1.0 if launch.spot else 0.0,
        sites=counted.sites(together, launch.site, count),
        notes=(*notes, *place, _RESTART),
    )
