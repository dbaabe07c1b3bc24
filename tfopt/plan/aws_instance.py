"""Reads `aws_instance`: all instances of one block (`count`, `for_each`) are one static group."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from tfopt.plan.aws_launch import (
    Launch,
    from_template,
    operating_system,
    own_disks,
    unlimited,
    why_no_type,
)
from tfopt.plan.context import About, Context
from tfopt.plan.model import Action, InstanceGroup, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, text

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
    by_block: defaultdict[tuple[tuple[str, ...], str], list[Resource]] = defaultdict(list)
    for instance in context.planned.of(KIND):
        by_block[(instance.module, instance.name)].append(instance)
    found = []
    for instances in by_block.values():
        launches = [_launch(context, one) for one in instances]
        kinds = {(one.instance_type, one.site.value if one.site else None) for one in launches}
        if len(kinds) == 1:
            found.append(_group(context, instances, launches[0]))
        else:
            found += [
                _group(context, [one], launch)
                for one, launch in zip(instances, launches, strict=True)
            ]
    return found


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
    together = replace(first, key=None) if count > 1 or not _split(context, first) else first
    slots = (Slot(launch.instance_type),) if launch.instance_type else ()
    notes = launch.notes + (() if slots else (why_no_type(launch.site),))
    region, place = context.regions.of(first)
    return InstanceGroup(
        address=together.address,
        kind=KIND,
        cloud="aws",
        region=region,
        action=_action(instances),
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
        sites=_sites(together, launch.site, count),
        notes=(*notes, *place, _RESTART),
    )


def _split(context: Context, instance: Resource) -> bool:
    """Return whether the block has other instances, which stand in groups of their own."""
    return len(context.planned.in_block(instance.module, KIND, instance.name)) > 1


def _sites(group: Resource, type_site: Site | None, count: int) -> dict[str, Site]:
    sites = {} if type_site is None else {"instance_type": type_site}
    if type_site and (type_site.module, type_site.resource) == (group.module, group.local_address):
        sites["instance_type"] = replace(type_site, key=group.key)
    if group.counted and group.key is None:
        sites["desired_capacity"] = Site(group.module, group.local_address, None, ("count",), count)
    return sites


def _action(instances: list[Resource]) -> Action:
    actions = {one.action for one in instances}
    if len(actions) == 1:
        return actions.pop()
    return "replace" if "replace" in actions else "update"
