"""Reads the node pools of AKS: a cluster's own, `default_node_pool`, and those beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tfopt.plan.azure_common import PLACES, disk_of, named_by, place_of
from tfopt.plan.context import About, Context
from tfopt.plan.kubernetes_nodes import labels
from tfopt.plan.model import UNKNOWN, Disk, InstanceGroup, PathStep, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, flag, size, text
from tfopt.plan.why import why_no_type

CLUSTER = "azurerm_kubernetes_cluster"
POOL = "azurerm_kubernetes_cluster_node_pool"
KINDS = (CLUSTER, POOL)
ABOUT = {
    CLUSTER: About("its default node pool", "node size where the pool can be rotated, node counts"),
    POOL: About(
        "size, spot priority, zones, disk, counts, cluster autoscaler",
        "node size where the pool can be rotated, node counts",
    ),
}
ATTRIBUTES = {
    CLUSTER: "id name location resource_group_name default_node_pool",
    POOL: (
        "id name kubernetes_cluster_id vm_size node_count min_count max_count "
        "auto_scaling_enabled enable_auto_scaling zones availability_zones priority os_type "
        "os_disk_size_gb os_disk_type node_labels max_pods temporary_name_for_rotation"
    ),
    **PLACES,
}
_CYCLED = (
    "the apply cycles the pool: its nodes move to a pool named {name} and back, without draining "
    "them first"
)
_NOT_CYCLED = (
    "its vm_size is left as it is: without temporary_name_for_rotation the provider refuses to "
    "change it, and its older versions replace {what}"
)
_HELD = "no autoscaler sizes it: it is taken to keep its node_count"
_TAKES_PREMIUM = re.compile(r"Standard_(?:[DG]S\d|[A-Z]+\d+(?:-\d+)?[a-z]*s(?:_|$))")
# Microsoft Learn, "Quotas, virtual machine size restrictions, and region availability in AKS"
LEAST_VCPUS, MOST_NODES = 2, 1000
_Path = tuple[PathStep, ...]


def read(context: Context) -> list[InstanceGroup]:
    """Read every node pool that remains after apply."""
    return [
        *(_pool(context, one, ("default_node_pool", 0)) for one in context.planned.of(CLUSTER)),
        *(_pool(context, one, ()) for one in context.planned.of(POOL)),
    ]


def _pool(context: Context, owner: Resource, where: _Path) -> InstanceGroup:
    """Read a pool; `where` it stands in the resource that owns it."""
    values = block(owner.values, *where)
    site = owner.site(*where, "vm_size")
    count, scaled = size(values.get("node_count")), _is_scaled(values)
    rotation = text(values.get("temporary_name_for_rotation"))
    fixed = owner.action != "create" and rotation is None
    region, place = place_of(context, _cluster_of(context, owner))
    return InstanceGroup(
        address=owner.address,
        kind=owner.kind,
        cloud="azure",
        region=region,
        action=owner.action,
        unit="instance",
        slots=(Slot(text(site.value) or ""),) if text(site.value) else (),
        min_size=size(values.get("min_count")) if scaled else count,
        max_size=size(values.get("max_count")) if scaled else count,
        desired_capacity=count,
        zones=_zones(values),
        spot_share=1.0 if values.get("priority") == "Spot" else 0.0,
        operating_system="windows" if values.get("os_type") == "Windows" else "linux",
        disks=_disks(values),
        cluster_autoscaled=scaled,
        node_labels=labels(
            values.get("node_labels"),
            {
                "agentpool": values.get("name"),
                "kubernetes.azure.com/agentpool": values.get("name"),
                "kubernetes.azure.com/scalesetpriority": (
                    "spot" if values.get("priority") == "Spot" else None
                ),
            },
        ),
        most_pods=size(values.get("max_pods")) or None,
        least_vcpus=LEAST_VCPUS,
        most_instances=MOST_NODES,
        sites=_sites(owner, where, values, typed=not fixed),
        rolls_on=frozenset({"instance_type"}),
        instance_refresh=True,
        reaches=_CYCLED.format(name=rotation) if rotation else None,
        notes=(
            *((_NOT_CYCLED.format(what=_whole(owner)),) if fixed else ()),
            *(() if text(site.value) else (why_no_type(site),)),
            *place,
            *(() if scaled else (_HELD,)),
        ),
    )


def _whole(owner: Resource) -> str:
    return "the whole cluster" if owner.kind == CLUSTER else "the pool"


def _cluster_of(context: Context, owner: Resource) -> Resource:
    """Return the cluster, which says where its pools stand; else the pool itself."""
    if owner.kind == CLUSTER:
        return owner
    link = named_by(context, owner, [("kubernetes_cluster_id",)], (CLUSTER,))
    return link.to if link is not None else owner


def _is_scaled(values: Mapping[str, object]) -> bool:
    """Return whether the cluster's autoscaler sizes the pool; version 4 renamed the argument."""
    names = ("auto_scaling_enabled", "enable_auto_scaling")
    return any(flag(values.get(name)) is True for name in names)


def _zones(values: Mapping[str, object]) -> int | None:
    for name in ("zones", "availability_zones"):
        listed = values.get(name)
        if isinstance(listed, list) and listed:
            return len(listed)
    return None


def _disks(values: Mapping[str, object]) -> tuple[Disk, ...]:
    """Return the nodes' disk where it is a premium one: of a size that takes such disks."""
    premium = _TAKES_PREMIUM.match(text(values.get("vm_size")) or "")
    if premium is None or values.get("os_disk_type") == "Ephemeral":
        return ()
    disk = disk_of({**values, "type": "Premium_LRS"}, "type", "os_disk_size_gb")
    return () if disk is None else (disk,)


def _sites(
    owner: Resource, where: _Path, values: Mapping[str, object], *, typed: bool
) -> Mapping[str, Site]:
    bounds = {"min_size": "min_count", "max_size": "max_count"} if _is_scaled(values) else {}
    told = {"desired_capacity": "node_count", **bounds}
    if typed:
        told["instance_type"] = "vm_size"
    return {
        ours: owner.site(*where, theirs)
        for ours, theirs in told.items()
        if _is_set(owner, (*where, theirs))
    }


def _is_set(owner: Resource, path: _Path) -> bool:
    """Return whether the configuration sets a value; one that the provider computes is unknown."""
    value = owner.get(*path)
    return value is not None and (value is not UNKNOWN or bool(owner.references(*path)))
