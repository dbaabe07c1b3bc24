"""Reads Azure's virtual machine scale sets: of one size, flexible, and the retired kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfopt.plan import azure_autoscale
from tfopt.plan.azure_autoscale import Autoscale, autoscale
from tfopt.plan.azure_common import (
    PLACES,
    disk_of,
    disks_of,
    has_own_licence,
    image_notes,
    is_spot,
    operating_system,
    place_of,
    zones_of,
)
from tfopt.plan.azure_upgrades import how_type_reaches
from tfopt.plan.context import About, Context
from tfopt.plan.images import OperatingSystem
from tfopt.plan.model import REDACTED, UNKNOWN, Disk, InstanceGroup, PathStep, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, number, size, text
from tfopt.plan.why import why_no_type

LINUX = "azurerm_linux_virtual_machine_scale_set"
WINDOWS = "azurerm_windows_virtual_machine_scale_set"
FLEXIBLE = "azurerm_orchestrated_virtual_machine_scale_set"
RETIRED = "azurerm_virtual_machine_scale_set"
KINDS = (LINUX, WINDOWS, FLEXIBLE, RETIRED)
_PLACED = "id name location resource_group_name zones single_placement_group"
_READ = (
    "size, spot priority and mix, zones, disks, licence, upgrade mode, autoscale profiles and rules"
)
_CHANGED = "size, instances; minimum and maximum of the default autoscale profile"
ABOUT = dict.fromkeys(KINDS, About(_READ, _CHANGED))
_COMMON = f"{_PLACED} priority license_type os_disk data_disk"
_UNIFORM = f"{_COMMON} sku instances upgrade_mode source_image_reference"
ATTRIBUTES = {
    LINUX: _UNIFORM,
    WINDOWS: _UNIFORM,
    FLEXIBLE: (
        f"{_COMMON} sku_name sku_profile instances upgrade_mode priority_mix os_profile "
        "source_image_reference"
    ),
    RETIRED: (
        f"{_PLACED} priority license_type sku upgrade_policy_mode "
        "os_profile_windows_config storage_profile_os_disk storage_profile_data_disk "
        "storage_profile_image_reference"
    ),
    **PLACES,
    **azure_autoscale.ATTRIBUTES,
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where one kind keeps what all of them have."""

    type: tuple[PathStep, ...]
    instances: tuple[PathStep, ...]
    upgrades: str
    image: str


_USUAL = _Shape(("sku",), ("instances",), "upgrade_mode", "source_image_reference")
_SHAPES: Mapping[str, _Shape] = {
    LINUX: _USUAL,
    WINDOWS: _USUAL,
    FLEXIBLE: _Shape(("sku_name",), ("instances",), "upgrade_mode", "source_image_reference"),
    RETIRED: _Shape(
        ("sku", 0, "name"),
        ("sku", 0, "capacity"),
        "upgrade_policy_mode",
        "storage_profile_image_reference",
    ),
}


def read(context: Context) -> list[InstanceGroup]:
    """Read every scale set that remains after apply, with what scales it."""
    settings = azure_autoscale.by_target(context, KINDS)
    found = []
    for one in context.planned.of(*KINDS):
        if reason := _why_not_read(one):
            context.skip(one, reason)
        else:
            scaled = autoscale(context, one, settings.get(one.address, []))
            found.append(_group(context, one, scaled))
    return found


def _why_not_read(group: Resource) -> str | None:
    """Return why a flexible scale set has no one type."""
    if group.kind != FLEXIBLE:
        return None
    if group.get("sku_name") == "Mix" or blocks(group.get("sku_profile")):
        return "it launches a mix of sizes (sku_profile), which is not analysed"
    if group.get("sku_name") in (None, ""):
        return "it has no size of its own: machines are put into it one by one"
    return None


def _group(context: Context, group: Resource, scaled: Autoscale | None) -> InstanceGroup:
    shape = _SHAPES[group.kind]
    site = group.site(*shape.type)
    instances = size(group.get(*shape.instances))
    acting = scaled if scaled is not None and scaled.acts else None
    region, place = place_of(context, group)
    base, share = _spot(group)
    reach = how_type_reaches(context, group, text(group.get(shape.upgrades)) or "Manual")
    image = block(group.get(shape.image))
    return InstanceGroup(
        address=group.address,
        kind=group.kind,
        cloud="azure",
        region=region,
        action=group.action,
        unit="instance",
        slots=(Slot(text(site.value) or ""),) if text(site.value) else (),
        min_size=acting.min_size if acting else instances,
        max_size=acting.max_size if acting else instances,
        desired_capacity=_desired(group, shape, acting),
        zones=zones_of(group),
        scalers=scaled.scalers if scaled else (),
        on_demand_base=base,
        spot_share=share,
        operating_system=_operating_system(group, image),
        own_licence=has_own_licence(group),
        disks=_disks(group),
        sites=_sites(group, shape, site, acting),
        most_instances=_most_instances(group),
        rolls_on=frozenset({"instance_type"}),
        instance_refresh=reach.by_apply,
        reaches=reach.words,
        notes=tuple(
            dict.fromkeys(
                (
                    *(() if text(site.value) else (why_no_type(site),)),
                    *place,
                    *(scaled.notes if scaled else ()),
                    *_notes(group, shape, acting),
                    *image_notes(image),
                )
            )
        ),
    )


def _desired(group: Resource, shape: _Shape, acting: Autoscale | None) -> int | None:
    """Return how many the configuration asks for, where its autoscale setting leaves that."""
    instances = size(group.get(*shape.instances))
    if acting is None or instances is None:
        return instances
    low, high = acting.min_size, acting.max_size
    if not acting.scalers and low == high:
        return low
    if low is None or high is None or not _states_instances(group, shape):
        return None
    return instances if low <= instances <= high else None


def _states_instances(group: Resource, shape: _Shape) -> bool:
    """Return whether the configuration sets a number; the provider's own is 0."""
    return group.written(str(shape.instances[0])) and group.get(*shape.instances) != 0


def _sites(
    group: Resource, shape: _Shape, type_site: Site, acting: Autoscale | None
) -> Mapping[str, Site]:
    sites = {"instance_type": type_site}
    value = group.get(*shape.instances)
    if value is not None and (value is not UNKNOWN or group.written(str(shape.instances[0]))):
        sites["desired_capacity"] = group.site(*shape.instances)
    if acting is None:
        return sites
    if not acting.scalers:
        sites.pop("desired_capacity", None)  # autoscale moves it into the bounds, where it stays
    return {**sites, **acting.sites}


def _spot(group: Resource) -> tuple[int, float]:
    """Return how many come first on demand, and which share of the rest is on spot."""
    if not is_spot(group):
        return 0, 0.0
    mix = block(group.get("priority_mix"))
    if not mix:
        return 0, 1.0
    regular = number(mix.get("regular_percentage_above_base")) or 0.0
    return size(mix.get("base_regular_count")) or 0, 1.0 - min(max(regular, 0), 100) / 100


def _operating_system(group: Resource, image: Mapping[str, object]) -> OperatingSystem:
    if group.kind in (LINUX, WINDOWS):
        return "windows" if group.kind == WINDOWS else "linux"
    profile = block(group.get("os_profile"))
    if blocks(profile, "windows_configuration") or blocks(group.get("os_profile_windows_config")):
        return "windows"
    if blocks(profile, "linux_configuration"):
        return "linux"
    return operating_system(image)


def _most_instances(group: Resource) -> int:
    """Return the limit of a scale set; the provider puts all but flexible ones in one placement."""
    told = flag(group.get("single_placement_group"))
    together = group.kind != FLEXIBLE if told is None else told
    return 100 if together else 1000


def _disks(group: Resource) -> tuple[Disk, ...]:
    if group.kind != RETIRED:
        return disks_of(group)
    told = [
        *blocks(group.get("storage_profile_os_disk")),
        *blocks(group.get("storage_profile_data_disk")),
    ]
    found = (disk_of(one, "managed_disk_type") for one in told)
    return tuple(one for one in found if one is not None)


def _notes(group: Resource, shape: _Shape, acting: Autoscale | None) -> list[str]:
    if group.get(*shape.instances) is REDACTED:
        return ["its number of instances is sensitive and left alone"]
    instances = size(group.get(*shape.instances))
    low, high = (acting.min_size, acting.max_size) if acting else (None, None)
    if instances is None or low is None or high is None or low <= instances <= high:
        return []
    if not _states_instances(group, shape):
        return []
    return [
        f"it states {instances} instances, outside the autoscale bounds {low} to {high}: each "
        "apply sets that number, and autoscale moves it back"
    ]
