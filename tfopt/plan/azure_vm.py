"""Reads Azure's virtual machines: all of one block (`count`, `for_each`) are one static group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfopt.plan import counted
from tfopt.plan.azure_common import (
    PLACES,
    disk_of,
    disks_of,
    has_own_licence,
    image_notes,
    is_spot,
    operating_system,
    place_of,
)
from tfopt.plan.context import About, Context
from tfopt.plan.images import OperatingSystem
from tfopt.plan.model import Disk, InstanceGroup, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, text, texts
from tfopt.plan.why import why_no_type

LINUX, WINDOWS = "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine"
RETIRED = "azurerm_virtual_machine"
KINDS = (LINUX, WINDOWS, RETIRED)
_CURRENT = (
    "id name location resource_group_name size zone priority license_type os_disk "
    "source_image_reference"
)
ABOUT = dict.fromkeys(
    KINDS, About("machines of one block, their size, disks and licence", "size, count")
)
ATTRIBUTES = {
    LINUX: _CURRENT,
    WINDOWS: _CURRENT,
    RETIRED: (
        "id name location resource_group_name vm_size zones license_type storage_os_disk "
        "storage_data_disk storage_image_reference os_profile_windows_config"
    ),
    **PLACES,
}
_RESTART = "each machine is shut down and started with the new size"


@dataclass(frozen=True, slots=True)
class _Machine:
    """What a machine runs as."""

    site: Site

    @property
    def instance_type(self) -> str | None:
        """Its size; None where the plan does not tell."""
        return text(self.site.value)


def read(context: Context) -> list[InstanceGroup]:
    """Read every block of machines that remains after apply; one whose sizes differ is split."""
    return [
        _group(context, machines)
        for kind in KINDS
        for machines, _ in counted.sets(context, kind, lambda one: _Machine(_type_site(one)))
    ]


def _type_site(machine: Resource) -> Site:
    return machine.site("vm_size" if machine.kind == RETIRED else "size")


def _group(context: Context, machines: list[Resource]) -> InstanceGroup:
    first, count = machines[0], len(machines)
    whole = counted.together(context, machines)
    site = _type_site(whole)
    image = block(first.get(_image_of(first)))
    region, place = place_of(context, first)
    return InstanceGroup(
        address=whole.address,
        kind=first.kind,
        cloud="azure",
        region=region,
        action=counted.joint_action(machines),
        unit="instance",
        slots=(Slot(text(site.value) or ""),) if text(site.value) else (),
        min_size=count,
        max_size=count,
        desired_capacity=count,
        zones=len({zone for one in machines for zone in _zones(one)}) or None,
        spot_share=1.0 if is_spot(first) else 0.0,
        operating_system=_operating_system(first, image),
        own_licence=has_own_licence(first),
        disks=_disks(first),
        sites=counted.sites(whole, site, count),
        reaches=_RESTART,
        notes=(
            *(() if text(site.value) else (why_no_type(site),)),
            *place,
            *image_notes(image),
        ),
    )


def _image_of(machine: Resource) -> str:
    return "storage_image_reference" if machine.kind == RETIRED else "source_image_reference"


def _zones(machine: Resource) -> list[str]:
    return texts(machine.get("zones")) + texts([machine.get("zone")])


def _operating_system(machine: Resource, image: Mapping[str, object]) -> OperatingSystem:
    if machine.kind != RETIRED:
        return "windows" if machine.kind == WINDOWS else "linux"
    if blocks(machine.get("os_profile_windows_config")):
        return "windows"
    told = text(block(machine.get("storage_os_disk")).get("os_type"))
    if told in ("Windows", "Linux"):
        return "windows" if told == "Windows" else "linux"
    return operating_system(image)


def _disks(machine: Resource) -> tuple[Disk, ...]:
    if machine.kind != RETIRED:
        return disks_of(machine)
    told = [*blocks(machine.get("storage_os_disk")), *blocks(machine.get("storage_data_disk"))]
    found = (disk_of(one, "managed_disk_type") for one in told)
    return tuple(one for one in found if one is not None)
