"""Reads managed instance groups of Compute Engine: what they launch, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tfopt.plan import gcp_autoscaler, gcp_machine
from tfopt.plan.autoscaling import Autoscaling
from tfopt.plan.context import About, Context
from tfopt.plan.gcp_autoscaler import MANAGERS
from tfopt.plan.gcp_machine import Machine, from_template
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, dig, number, size, text
from tfopt.plan.why import why_no_type

KINDS = MANAGERS
_ZONAL, _REGIONAL = MANAGERS
_MANAGER = (
    "id name self_link instance_group target_size version update_policy target_stopped_size "
    "target_suspended_size"
)
_READ = (
    "instance templates and versions, spot, zones, disks, update policy, autoscalers and schedules"
)
_CHANGED = "machine type, target size, minimum, maximum, CPU target"
ABOUT = dict.fromkeys(KINDS, About(_READ, _CHANGED))
ATTRIBUTES = {
    _ZONAL: f"{_MANAGER} zone",
    _REGIONAL: f"{_MANAGER} region distribution_policy_zones instance_flexibility_policy",
    **gcp_machine.ATTRIBUTES,
    **gcp_autoscaler.ATTRIBUTES,
}
_FLEXIBLE = "it launches several machine types (instance_flexibility_policy), as capacity allows"
_REGION_ZONES = 3  # what a regional group spreads over where nothing else is asked for


def read(context: Context) -> list[InstanceGroup]:
    """Read every managed instance group that remains after apply."""
    autoscalers = gcp_autoscaler.by_manager(context)
    found = []
    for one in context.planned.of(*KINDS):
        machine, notes = _versions(context, one)
        reason = _FLEXIBLE if blocks(one.get("instance_flexibility_policy")) else None
        if reason or machine.gpus:
            context.skip(one, reason or gcp_machine.GPUS)
            continue
        scaled = gcp_autoscaler.scaling(context, one, autoscalers.get(one.address, []))
        found.append(_group(context, one, replace(machine, notes=notes), scaled))
    return found


def _group(
    context: Context, group: Resource, machine: Machine, scaled: Autoscaling
) -> InstanceGroup:
    region, place = context.regions.of(group)
    slots = (Slot(machine.instance_type),) if machine.instance_type else ()
    desired = size(group.get("target_size"))
    return InstanceGroup(
        address=group.address,
        kind=group.kind,
        cloud="gcp",
        region=region,
        action=group.action,
        unit="instance",
        slots=slots,
        min_size=scaled.min_size if scaled.sizes else desired,
        max_size=scaled.max_size if scaled.sizes else desired,
        desired_capacity=desired,
        zones=_zones(group),
        scalers=scaled.scalers,
        spot_share=1.0 if machine.spot else 0.0,
        operating_system=machine.operating_system,
        disks=machine.disks,
        sites={**_sites(group, machine.site, scaled=scaled.sizes), **scaled.sites},
        rolls_on=frozenset({"instance_type"}),
        instance_refresh=_rolls(block(group.get("update_policy"))),
        fixed_name=_is_named(machine.source),
        notes=(*machine.notes, *place, *scaled.notes, *_notes(group, slots, machine)),
    )


def _versions(context: Context, group: Resource) -> tuple[Machine, tuple[str, ...]]:
    """Return what the base version launches, and what to know of the others (canaries).

    The base is the one version that has no target size: it makes up what the others leave.
    """
    listed = blocks(group.get("version"))
    machines = [
        from_template(context, group, "version", index, "instance_template")
        for index in range(max(1, len(listed)))
    ]
    sized = [bool(blocks(one.get("target_size"))) for one in listed]
    base = sized.index(False) if False in sized else 0
    canaries = [
        _canary(machine, machines[base], block(version, "target_size"))
        for machine, version, own in zip(machines, listed, sized, strict=False)
        if own
    ]
    return machines[base], (*machines[base].notes, *canaries)


def _canary(machine: Machine, base: Machine, share: Mapping[str, object]) -> str:
    fixed, percent = number(share.get("fixed")), number(share.get("percent"))
    part = (
        f"{fixed:g} of its instances"
        if fixed is not None
        else f"{percent or 0:g} % of its instances"
    )
    if machine.instance_type == base.instance_type:
        return f"{part} run another version (canary) on the same machine type"
    name = machine.instance_type or "a machine type that is not known"
    return f"{part} run another version (canary) on {name}: all are priced as the base version"


def _rolls(update: Mapping[str, object]) -> bool:
    """Return whether the group brings running instances to a new template by itself."""
    allowed = text(update.get("most_disruptive_allowed_action")) or "REPLACE"
    return update.get("type") == "PROACTIVE" and allowed in ("RESTART", "REPLACE")


def _is_named(template: Resource | None) -> bool:
    """Return whether a literal names the template, so that its successor would be named alike."""
    return template is not None and isinstance(dig(template.config, "name", "constant_value"), str)


def _zones(group: Resource) -> int:
    """Return in how many zones instances stand."""
    if group.kind == _ZONAL:
        return 1
    listed = group.get("distribution_policy_zones")
    return len(listed) if isinstance(listed, list) and listed else _REGION_ZONES


def _sites(group: Resource, type_site: Site | None, *, scaled: bool) -> Mapping[str, Site]:
    """Return where type and size stand; beside an autoscaler a size may well be left unset."""
    sites = {} if type_site is None else {"instance_type": type_site}
    value = group.get("target_size")
    unset = value is None or (value is UNKNOWN and scaled)
    if not unset and group.written("target_size"):
        sites["desired_capacity"] = group.site("target_size")
    return sites


def _notes(group: Resource, slots: tuple[Slot, ...], machine: Machine) -> list[str]:
    notes = [] if slots or machine.source is None else [why_no_type(machine.site, "machine type")]
    if group.get("target_size") is REDACTED:
        notes.append("target_size is sensitive and left alone")
    standing_by = [size(group.get(f"target_{state}_size")) for state in ("stopped", "suspended")]
    if any(standing_by):
        notes.append("its stopped and suspended instances are neither simulated nor priced")
    return notes
