"""Reads Azure's virtual machines: all of one block (`count`, `for_each`) are one static group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from tfopt.plan.azure_common import (
    PLACES,
    OperatingSystem,
    disk_of,
    disks_of,
    has_own_licence,
    image_notes,
    is_spot,
    operating_system,
    place_of,
    why_no_type,
)
from tfopt.plan.context import About, Context
from tfopt.plan.model import Action, Disk, InstanceGroup, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, text, texts

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


def read(context: Context) -> list[InstanceGroup]:
    """Read every block of machines that remains after apply; one whose sizes differ is split."""
    found = []
    for machines in _by_block(context):
        sizes = {text(_type_site(one).value) for one in machines}
        together = [machines] if len(sizes) == 1 else [[one] for one in machines]
        found += [_group(context, some) for some in together]
    return found


def _by_block(context: Context) -> list[list[Resource]]:
    found: defaultdict[tuple[tuple[str, ...], str], list[Resource]] = defaultdict(list)
    for machine in context.planned.of(*KINDS):
        found[(machine.module, machine.local_address)].append(machine)
    return list(found.values())


def _type_site(machine: Resource) -> Site:
    return machine.site("vm_size" if machine.kind == RETIRED else "size")


def _group(context: Context, machines: list[Resource]) -> InstanceGroup:
    first, count = machines[0], len(machines)
    siblings = context.planned.in_block(first.module, first.kind, first.name)
    whole = replace(first, key=None) if count == len(siblings) else first
    site = _type_site(whole)
    image = block(first.get(_image_of(first)))
    region, place = place_of(context, first)
    return InstanceGroup(
        address=whole.address,
        kind=first.kind,
        cloud="azure",
        region=region,
        action=_action(machines),
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
        sites=_sites(whole, site, count),
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


def _sites(group: Resource, type_site: Site, count: int) -> Mapping[str, Site]:
    sites = {"instance_type": type_site}
    if group.counted and group.key is None:
        sites["desired_capacity"] = Site(group.module, group.local_address, None, ("count",), count)
    return sites


def _action(machines: list[Resource]) -> Action:
    actions = {one.action for one in machines}
    if len(actions) == 1:
        return actions.pop()
    return "replace" if "replace" in actions else "update"
