"""Reads node pools of GKE: those of their own, and the one that stands inside a cluster.

Numbers of nodes are per zone, but for the bounds called total (the provider's page of
`google_container_node_pool`). A new machine type moves the nodes of either kind of pool in place
since version 5.10 of the provider; an initial number that changes replaces what it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfopt.plan import gcp_machine
from tfopt.plan.context import About, Context
from tfopt.plan.gcp_machine import disk_of, has_gpus, is_spot, scratch, type_name
from tfopt.plan.gcp_zones import Zones, zones_of
from tfopt.plan.kubernetes_nodes import labels
from tfopt.plan.link import follow
from tfopt.plan.model import REDACTED, UNKNOWN, Disk, InstanceGroup, PathStep, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, dig, flag, number, size, text

POOL, CLUSTER = "google_container_node_pool", "google_container_cluster"
KINDS = (POOL, CLUSTER)
_PLACE = "location region zone node_locations"
_READ = "machine type, spot, disk, counts per zone or in all, cluster autoscaler"
ABOUT = dict.fromkeys(KINDS, About(_READ, "machine type, node counts"))
ATTRIBUTES = {
    POOL: f"id name cluster {_PLACE} node_count initial_node_count autoscaling node_config "
    "max_pods_per_node",
    CLUSTER: (
        f"id name self_link {_PLACE} initial_node_count node_config node_pool "
        "remove_default_node_pool enable_autopilot"
    ),
}
DEFAULT_TYPE = "e2-medium"  # what GKE launches where no machine type is set
_DEFAULT_DISK = "pd-balanced"
_AUTOPILOT = "Autopilot: Google sizes its nodes, and pods are paid by what they request"
_NO_POOL = "its default node pool is removed: only node pools of their own have nodes"
_SEVERAL = "several node pools stand inside it; they can be analysed as resources of their own"
_AUTOSCALER = (
    "an autoscaler inside the cluster, if any, is not part of the plan: it is taken to keep its "
    "number of nodes"
)
_PER_ZONE = {"min_size": "min_node_count", "max_size": "max_node_count"}
_TOTAL = {"min_size": "total_min_node_count", "max_size": "total_max_node_count"}


@dataclass(frozen=True, slots=True)
class _Pool:
    """A node pool: the resource that holds it, and the path inside that to its arguments."""

    resource: Resource
    path: tuple[PathStep, ...]
    zones: Zones

    def get(self, *path: PathStep) -> object:
        """Return an argument's planned value."""
        return self.resource.get(*self.path, *path)

    def states(self, *path: PathStep) -> bool:
        """Return whether the configuration sets an argument; so it does in a dynamic block."""
        around = dig(self.resource.config, *self.path, *path[:-1])
        if isinstance(around, dict) and (around or not path[:-1]):
            return path[-1] in around or not self.resource.configured
        return isinstance(self.get(*path[:-1]), list | dict)

    def site(self, *path: PathStep) -> Site | None:
        """Return where an argument stands; None where the configuration does not set it."""
        if self.get(*path) in (None, "") or not self.states(*path):
            return None
        return self.resource.site(*self.path, *path)


def read(context: Context) -> list[InstanceGroup]:
    """Read every pool of nodes that remains after apply."""
    found = []
    for pool in (*_own(context), *_inside(context)):
        if has_gpus(pool.get("node_config", 0, "guest_accelerator")):
            context.skip(pool.resource, gcp_machine.GPUS)
        else:
            found.append(_group(context, pool))
    return found


def _own(context: Context) -> Iterator[_Pool]:
    for one in context.planned.of(POOL):
        link = follow(context.planned, one, [("cluster",)], (CLUSTER,))
        cluster = None if link is None else link.to
        if cluster is not None and _is_autopilot(cluster):
            context.skip(one, _AUTOPILOT)
        else:
            yield _Pool(one, (), zones_of(one, cluster))


def _inside(context: Context) -> Iterator[_Pool]:
    """Yield the default pool, or the one pool block, of clusters that have it."""
    for one in context.planned.of(CLUSTER):
        # what stands lists all of its pools: only those that the configuration states are its own
        stated = blocks(one.get("node_pool")) if "node_pool" in one.config else []
        if _is_autopilot(one):
            context.skip(one, _AUTOPILOT)
        elif flag(one.get("remove_default_node_pool")) is True:
            context.skip(one, _NO_POOL)
        elif len(stated) > 1:
            context.skip(one, _SEVERAL)
        else:
            yield _Pool(one, ("node_pool", 0) if stated else (), zones_of(one, one))


def _is_autopilot(cluster: Resource) -> bool:
    return flag(cluster.get("enable_autopilot")) is True


def _group(context: Context, pool: _Pool) -> InstanceGroup:
    region, place = context.regions.of(pool.zones.told_by or pool.resource)
    slots, type_site, type_notes = _type(pool)
    machine = block(pool.get("node_config"))
    bounds = block(pool.get("autoscaling"))
    total = any(size(bounds.get(name)) for name in _TOTAL.values())
    names = _TOTAL if total else _PER_ZONE
    desired = _desired(pool)
    return InstanceGroup(
        address=pool.resource.address,
        kind=pool.resource.kind,
        cloud="gcp",
        region=region,
        action=pool.resource.action,
        unit="instance",
        slots=slots,
        min_size=size(bounds.get(names["min_size"])) or 0 if bounds else desired,
        max_size=size(bounds.get(names["max_size"])) if bounds else desired,
        desired_capacity=desired,
        bounds_per="total" if total else "zone",
        zones=pool.zones.count,
        spot_share=1.0 if is_spot(machine) or flag(machine.get("spot")) is True else 0.0,
        operating_system="windows" if _is_windows(machine) else "linux",
        disks=tuple(_disks(machine)),
        cluster_autoscaled=bool(bounds),
        node_labels=labels(
            machine.get("labels"),
            {
                "cloud.google.com/gke-nodepool": pool.get("name"),
                "cloud.google.com/gke-spot": "true" if flag(machine.get("spot")) else None,
                "cloud.google.com/gke-preemptible": (
                    "true" if flag(machine.get("preemptible")) else None
                ),
            },
        ),
        most_pods=size(pool.get("max_pods_per_node")) or None,
        sites=_sites(pool, type_site, names if bounds else {}),
        rolls_on=frozenset({"instance_type"}),
        instance_refresh=True,  # GKE moves the nodes to a new type
        notes=(*type_notes, *place, *_notes(pool, autoscaled=bool(bounds), total=total)),
    )


def _type(pool: _Pool) -> tuple[tuple[Slot, ...], Site | None, tuple[str, ...]]:
    path = ("node_config", 0, "machine_type")
    value, site = pool.get(*path), pool.site(*path)
    name = type_name(value)
    if name is not None:
        return (Slot(name),), site, ()
    if value is REDACTED:
        return (), site, ("its machine type is sensitive",)
    if value is UNKNOWN and pool.states(*path):
        return (), site, ("its machine type is known only after apply",)
    return (Slot(DEFAULT_TYPE),), None, (f"no machine type is set: GKE launches {DEFAULT_TYPE}",)


def _desired(pool: _Pool) -> int | None:
    """Return the number of nodes, per zone, that it has or starts with."""
    count = size(pool.get("node_count"))
    return count if count is not None else size(pool.get("initial_node_count"))


def _is_windows(machine: Mapping[str, object]) -> bool:
    return (text(machine.get("image_type")) or "").upper().startswith("WINDOWS")


def _disks(machine: Mapping[str, object]) -> Iterator[Disk]:
    boot = disk_of(machine.get("disk_size_gb"), machine.get("disk_type"), _DEFAULT_DISK)
    if boot is not None:
        yield boot
    local = number(machine.get("local_ssd_count")) or 0.0
    for name in ("ephemeral_storage_local_ssd_config", "local_nvme_ssd_block_config"):
        local += number(block(machine, name).get("local_ssd_count")) or 0.0
    yield from (scratch() for _ in range(int(local)))


def _sites(pool: _Pool, type_site: Site | None, bounds: Mapping[str, str]) -> dict[str, Site]:
    """Return where the settings stand; another initial number replaces a pool that stands."""
    found = {
        "instance_type": type_site,
        "desired_capacity": pool.site("node_count"),
        **{ours: pool.site("autoscaling", 0, theirs) for ours, theirs in bounds.items()},
    }
    if found["desired_capacity"] is None and pool.resource.action == "create":
        found["desired_capacity"] = pool.site("initial_node_count")
    return {name: site for name, site in found.items() if site is not None}


def _notes(pool: _Pool, *, autoscaled: bool, total: bool) -> Iterator[str]:
    only_initial = pool.site("node_count") is None and pool.site("initial_node_count") is not None
    if only_initial and pool.resource.action != "create":
        what = "pool" if pool.resource.kind == POOL else "cluster"
        yield f"its number of nodes stays: another initial_node_count replaces the {what}"
    if not total and pool.zones.count is not None and pool.zones.count > 1:
        assumed = "" if pool.zones.stated else ", as regional clusters do"
        yield f"its numbers of nodes are per zone: it stands in {pool.zones.count} zones{assumed}"
    if not autoscaled:
        yield _AUTOSCALER
    if pool.get("node_count") is REDACTED:
        yield "node_count is sensitive and left alone"
