"""Reads single instances of Compute Engine: all of one block (`count`, `for_each`) are a group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tfopt.plan import counted, gcp_machine
from tfopt.plan.context import About, Context
from tfopt.plan.gcp_machine import (
    Machine,
    disk_of,
    from_template,
    has_gpus,
    is_spot,
    license_notes,
    machine_site,
    scratch,
    type_name,
)
from tfopt.plan.images import system_of
from tfopt.plan.model import Disk, InstanceGroup, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, text
from tfopt.plan.why import why_no_type

KIND, FROM_TEMPLATE = "google_compute_instance", "google_compute_instance_from_template"
KINDS = (KIND, FROM_TEMPLATE)
_OWN = (
    "id name self_link zone machine_type boot_disk scratch_disk scheduling guest_accelerator "
    "desired_status"
)
ABOUT = dict.fromkeys(
    KINDS, About("machines of one block, their type, disks and image", "machine type, count")
)
ATTRIBUTES = {
    KIND: f"{_OWN} allow_stopping_for_update",
    FROM_TEMPLATE: f"{_OWN} allow_stopping_for_update source_instance_template",
    **gcp_machine.ATTRIBUTES,
}
_IMAGE = ("boot_disk", 0, "initialize_params", 0, "image")
_RUNNING = (
    "machine_type stays: the provider changes it on a running instance only with "
    "allow_stopping_for_update"
)
_RESTART = "a new machine type stops and starts each instance"
_REPLACED = "a new machine type makes a new template, which replaces each instance"
_STOPPED = "it is kept stopped (desired_status), so nothing runs"


def read(context: Context) -> list[InstanceGroup]:
    """Read every block of instances that remains after apply; one whose types differ is split."""
    found = []
    for kind in KINDS:
        for instances, machine in counted.sets(context, kind, lambda one: _machine(context, one)):
            reason = _refusal(instances, machine)
            if reason is None:
                found.append(_group(context, instances, machine))
            else:
                for one in instances:
                    context.skip(one, reason)
    return found


def _refusal(instances: list[Resource], machine: Machine) -> str | None:
    if machine.gpus:
        return gcp_machine.GPUS
    states = {text(one.get("desired_status")) or "RUNNING" for one in instances}
    return _STOPPED if "RUNNING" not in states else None


def _machine(context: Context, instance: Resource) -> Machine:
    """Return what an instance runs as: what it states itself wins over its template."""
    if instance.kind == KIND:
        return _own(instance)
    launched = from_template(context, instance, "source_instance_template")
    if instance.written("machine_type") and instance.get("machine_type") not in (None, ""):
        own = _own(instance)
        return replace(launched, instance_type=own.instance_type, site=own.site)
    if launched.source is None:  # what runs already tells its type, but not where to change it
        return replace(launched, instance_type=type_name(instance.get("machine_type")))
    return launched


def _own(instance: Resource) -> Machine:
    words = [text(instance.get(*_IMAGE)) or "", *instance.references(*_IMAGE)]
    site = machine_site(instance, "machine_type")
    stays = instance.action not in ("create", "replace") and not _may_stop(instance)
    return Machine(
        source=instance,
        instance_type=type_name(instance.get("machine_type")),
        site=None if stays else site,
        operating_system=system_of(words),
        spot=is_spot(block(instance.get("scheduling"))),
        gpus=has_gpus(instance.get("guest_accelerator")),
        disks=tuple(_disks(instance)),
        notes=(*([_RUNNING] if stays and site is not None else []), *license_notes(words)),
    )


def _may_stop(instance: Resource) -> bool:
    return flag(instance.get("allow_stopping_for_update")) is True


def _disks(instance: Resource) -> Iterator[Disk]:
    """Yield the disks that the instance makes; attached ones are resources of their own."""
    made = block(instance.get("boot_disk", 0, "initialize_params"))
    boot = disk_of(made.get("size"), made.get("type"))
    if boot is not None:
        yield boot
    for one in blocks(instance.get("scratch_disk")):
        yield scratch(one.get("size"))


def _group(context: Context, instances: list[Resource], machine: Machine) -> InstanceGroup:
    together, count = counted.together(context, instances), len(instances)
    slots = (Slot(machine.instance_type),) if machine.instance_type else ()
    by_template = machine.source is not None and machine.source.kind not in KINDS
    changed = frozenset({"instance_type"})
    region, place = context.regions.of(instances[0])
    unknown = () if slots else (why_no_type(machine.site, "machine type"),)
    return InstanceGroup(
        address=together.address,
        kind=together.kind,
        cloud="gcp",
        region=region,
        action=counted.joint_action(instances),
        unit="instance",
        slots=slots,
        min_size=count,
        max_size=count,
        desired_capacity=count,
        zones=len({text(one.get("zone")) for one in instances} - {None}) or None,
        spot_share=1.0 if machine.spot else 0.0,
        operating_system=machine.operating_system,
        disks=machine.disks,
        sites=counted.sites(together, machine.site, count),
        replaces_on=changed if by_template and machine.site is not None else frozenset(),
        notes=(*machine.notes, *unknown, *place, *_effect(machine, by_template=by_template)),
    )


def _effect(machine: Machine, *, by_template: bool) -> tuple[str, ...]:
    if machine.site is None:
        return ()
    return (_REPLACED,) if by_template else (_RESTART,)
