"""What all Azure adapters read alike: place, price class, operating system, licence, disks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tfopt.plan.context import Context
from tfopt.plan.images import OperatingSystem
from tfopt.plan.link import Link, follow
from tfopt.plan.model import Disk, PathStep
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, dig, number, text

RESOURCE_GROUP = "azurerm_resource_group"
PLACES: Final = {RESOURCE_GROUP: "id name location"}  # attributes of what tells a region
_ONLY_GROUP = "its region is taken to be that of the only resource group"
_OWN_LICENCES = frozenset({"Windows_Server", "Windows_Client"})
_PAID_IMAGES: Mapping[str, str] = {"redhat": "Red Hat", "suse": "SUSE", "oracle": "Oracle"}
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
# Microsoft Learn, "Managed disks billing": what is provisioned is billed as the next larger tier
_TIERS = ((32, 4), (64, 6), (128, 10), (256, 15), (512, 20), (1024, 30))
_TIER_LETTERS: Mapping[str, str] = {"Premium": "P", "StandardSSD": "E", "Standard": "S"}


def named_by(
    context: Context, start: Resource, paths: list[tuple[PathStep, ...]], kinds: tuple[str, ...]
) -> Link | None:
    """Return the resource that attributes name; none is inferred where they refer to others."""
    link = follow(context.planned, start, paths, kinds)
    if link is not None and link.inferred and any(start.references(*path) for path in paths):
        return None
    return link


def place_of(context: Context, resource: Resource) -> tuple[str | None, tuple[str, ...]]:
    """Return the region of a resource: its own, else its resource group's; and what to know."""
    if text(resource.get("location")) is None:
        paths: list[tuple[PathStep, ...]] = [("location",), ("resource_group_name",)]
        group = named_by(context, resource, paths, (RESOURCE_GROUP,))
        if group is not None and text(group.to.get("location")) is not None:
            region, notes = context.regions.of(group.to)
            return region, (*notes, _ONLY_GROUP) if group.inferred else notes
    return context.regions.of(resource)


def seconds(duration: object) -> float | None:
    """Return the seconds of an ISO 8601 duration (PT5M, PT1H, P1D); None for anything else."""
    match = _DURATION.fullmatch(text(duration) or "")
    parts = match.groups() if match else ()
    if not any(parts):
        return None
    return float(
        sum(int(part or 0) * s for part, s in zip(parts, (86400, 3600, 60, 1), strict=True))
    )


def is_spot(resource: Resource) -> bool:
    """Return whether the instances may be evicted; older kinds call that Low."""
    return resource.get("priority") in ("Spot", "Low")


def has_own_licence(resource: Resource) -> bool:
    """Return whether Windows is licensed elsewhere (Azure Hybrid Benefit), so not paid by use."""
    return resource.get("license_type") in _OWN_LICENCES


def operating_system(image: object) -> OperatingSystem:
    """Return what the publisher of an image tells; "unknown" where there is none."""
    publisher = text(dig(image, "publisher"))
    if publisher is None:
        return "unknown"
    return "windows" if publisher.lower().startswith("microsoftwindows") else "linux"


def image_notes(image: object) -> tuple[str, ...]:
    """Say where the image's publisher is paid besides Azure."""
    maker = _PAID_IMAGES.get((text(dig(image, "publisher")) or "").lower())
    return (f"what {maker} asks for its image is not in the price",) if maker else ()


def disk_of(disk: Mapping[str, object], kind: str, size: str = "disk_size_gb") -> Disk | None:
    """Return a managed disk as the tier that is billed; None where it is free or not told."""
    gib, said = number(disk.get(size)), text(disk.get(kind))
    letter = _TIER_LETTERS.get((said or "").partition("_")[0])
    if gib is None or letter is None or blocks(disk, "diff_disk_settings"):
        return None  # an ephemeral disk is part of the machine; an image tells its own size
    tier = next(((most, name) for most, name in _TIERS if gib <= most), None)
    return None if tier is None else Disk(float(tier[0]), f"{letter}{tier[1]}")


def disks_of(resource: Resource) -> tuple[Disk, ...]:
    """Return the disks of the current kinds of machines whose size the plan tells."""
    told = [block(resource.get("os_disk")), *blocks(resource.get("data_disk"))]
    found = (disk_of(one, "storage_account_type") for one in told)
    return tuple(one for one in found if one is not None)


def zones_of(resource: Resource) -> int | None:
    """Return over how many zones instances stand; without any they stand in one."""
    listed = resource.get("zones")
    return len(listed) if isinstance(listed, list) and listed else None
