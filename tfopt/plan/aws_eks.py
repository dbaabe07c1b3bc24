"""Reads `aws_eks_node_group`: the instances that carry a cluster's pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tfopt.plan.aws_asg import CLUSTER_AUTOSCALER
from tfopt.plan.aws_launch import Launch, disks, from_template
from tfopt.plan.context import About, Context
from tfopt.plan.images import OperatingSystem
from tfopt.plan.kubernetes_nodes import labels
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, size, text, texts
from tfopt.plan.why import why_no_type

KIND = "aws_eks_node_group"
KINDS = (KIND,)
ABOUT = {
    KIND: About(
        "instance types or launch template, spot or on demand, scaling configuration",
        "instance type, minimum, maximum, desired size",
    )
}
ATTRIBUTES = {
    KIND: (
        "id arn region node_group_name node_group_name_prefix cluster_name "
        "instance_types scaling_config capacity_type launch_template ami_type subnet_ids "
        "disk_size labels tags"
    )
}
DEFAULT_TYPE = "t3.medium"  # what EKS launches where neither node group nor template names a type
_SIZES = {"min_size": "min_size", "max_size": "max_size", "desired_capacity": "desired_size"}
_AUTOSCALER = (
    "an autoscaler inside the cluster, if any, is not part of the plan: it is taken to keep its "
    "desired size"
)


def read(context: Context) -> list[InstanceGroup]:
    """Read every managed node group that remains after apply."""
    return [_group(context, one) for one in context.planned.of(KIND)]


def _group(context: Context, group: Resource) -> InstanceGroup:
    has_template = bool(blocks(group.get("launch_template")))
    launch = from_template(context, group, "launch_template", 0) if has_template else Launch()
    slots, site, notes = _slots(group, launch, has_template)
    own_list = site is not None and site.path[:1] == ("instance_types",)
    changed = frozenset({"instance_type"})
    spot = group.get("capacity_type") == "SPOT" or launch.spot
    autoscaled = CLUSTER_AUTOSCALER in block(group.get("tags"))
    region, place = context.regions.of(group)
    return InstanceGroup(
        address=group.address,
        kind=KIND,
        cloud="aws",
        region=region,
        action=group.action,
        unit="instance",
        slots=slots,
        min_size=size(group.get("scaling_config", 0, "min_size")),
        max_size=size(group.get("scaling_config", 0, "max_size")),
        desired_capacity=size(group.get("scaling_config", 0, "desired_size")),
        zones=_zones(group),
        spot_share=1.0 if spot else 0.0,
        operating_system=_operating_system(group, launch),
        detailed_monitoring=launch.detailed_monitoring,
        burst_unlimited=launch.burst_unlimited,
        spot_allocation="price-capacity-optimized",
        capacity_rebalance=True,  # EKS always does
        disks=launch.disks or disks([{"volume_size": group.get("disk_size")}]),
        cluster_autoscaled=autoscaled,
        node_labels=labels(
            group.get("labels"),
            {
                "eks.amazonaws.com/nodegroup": group.get("node_group_name"),
                "eks.amazonaws.com/capacityType": "SPOT" if spot else "ON_DEMAND",
            },
        ),
        sites=_sites(group, site),
        replaces_on=changed if own_list or site is None else frozenset(),
        rolls_on=frozenset() if own_list or site is None else changed,
        instance_refresh=True,  # EKS moves the nodes to a template's new version
        fixed_name=_has_fixed_name(group),
        notes=(*launch.notes, *notes, *place, *(() if autoscaled else (_AUTOSCALER,))),
    )


def _zones(group: Resource) -> int | None:
    """Return in how many zones nodes stand: one subnet is taken for one zone."""
    listed = group.get("subnet_ids")
    return len(listed) if isinstance(listed, list) and listed else None


def _has_fixed_name(group: Resource) -> bool:
    """Return whether the configuration chose the whole name, not just how it begins."""
    return group.written("node_group_name") and group.get("node_group_name_prefix") in (None, "")


def _slots(
    group: Resource, launch: Launch, has_template: bool
) -> tuple[tuple[Slot, ...], Site | None, tuple[str, ...]]:
    listed = group.get("instance_types")
    types = texts(listed)
    if types or listed is REDACTED:
        site = group.site("instance_types", 0)
        if listed is REDACTED:
            site = replace(site, value=REDACTED)
        notes = () if types else (why_no_type(site),)
        return tuple(map(Slot, types)), site, notes
    if launch.instance_type:
        return (Slot(launch.instance_type),), launch.site, ()
    if launch.site is not None:  # the template names a type that cannot be told
        return (), launch.site, (why_no_type(launch.site),)
    if has_template and launch.source is None:
        return (), None, ("its instance type stands in that template",)
    if isinstance(listed, list) and UNKNOWN in listed:
        return (), group.site("instance_types", 0), ("its instance type is known only after apply",)
    return (Slot(DEFAULT_TYPE),), None, (f"no instance type is set: EKS launches {DEFAULT_TYPE}",)


def _operating_system(group: Resource, launch: Launch) -> OperatingSystem:
    image = text(group.get("ami_type"))
    if image is None or image == "CUSTOM":
        return launch.operating_system if launch.operating_system != "unknown" else "linux"
    return "windows" if image.startswith("WINDOWS") else "linux"


def _sites(group: Resource, type_site: Site | None) -> Mapping[str, Site]:
    sites = {} if type_site is None else {"instance_type": type_site}
    for ours, theirs in _SIZES.items():
        if block(group.get("scaling_config")).get(theirs) is not None:
            sites[ours] = group.site("scaling_config", 0, theirs)
    return sites
