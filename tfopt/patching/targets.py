"""From a group's attribute, in tfopt's words and units, to the planned value that stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from tfopt.errors import TfoptError
from tfopt.hcl.scopes import InstanceKey
from tfopt.hcl.trace import Target
from tfopt.plan.address import module_path, split_key
from tfopt.plan.model import SIZING, UNKNOWN, InstanceGroup, PathStep, Plan, Site

COUNT: Final = ("count",)  # the path that stands for the number of a block's instances


@dataclass(frozen=True, slots=True)
class Addressed:
    """A group, and which of its instances is meant: `aws_instance.web[1]`; None for all."""

    group: InstanceGroup
    key: InstanceKey = None


def find_group(plan: Plan, address: str) -> Addressed:
    """Return the group of an address: its own, one of its instances', or what carries its values.

    Raises:
        TfoptError: no group has that address; the nearest one is named.
    """
    by_address = {group.address: group for group in plan.groups}
    if address in by_address:
        return Addressed(by_address[address])
    whole, key = split_key(address)
    if key is not None and whole in by_address:
        return Addressed(by_address[whole], key)
    carried = [g for g in plan.groups if address in {s.address for s in g.sites.values()}]
    if len(carried) == 1:
        return Addressed(carried[0])
    raise _no_such_group(plan, address)


def _no_such_group(plan: Plan, address: str) -> TfoptError:
    skipped = next((item for item in plan.skipped if item.address == address), None)
    if skipped is not None:
        return TfoptError(f"{address} is not analysed: {skipped.reason}", where=plan.shown_path)
    known = [group.address for group in plan.groups]
    nearest = get_close_matches(address, known, n=1, cutoff=0.3)
    if nearest:
        hint = f"Did you mean {nearest[0]}?"
    elif known:
        hint = f"It has {', '.join(known[:5])}{', …' if len(known) > 5 else ''}"
    else:
        hint = "It has no instance group"
    return TfoptError(f"no instance group {address} in this plan", where=plan.shown_path, hint=hint)


def site_of(addressed: Addressed, attribute: str) -> Site:
    """Return where the plan keeps an attribute of a group.

    Raises:
        TfoptError: this group has no such attribute in the plan.
    """
    group = addressed.group
    site = group.sites.get(attribute) or _unwritten(group, attribute)
    if site is None:
        reason = _MISSING.get(attribute, "the plan does not say where it stands")
        notes = f" ({group.notes[0]})" if attribute == "instance_type" and group.notes else ""
        known = ", ".join(name for name in SIZING if name in group.sites)
        hint = f"It has {known}" if known else None
        raise TfoptError(f"{group.address} has no {attribute}: {reason}{notes}", hint=hint)
    own = (site.module, site.resource) == own_block(group)
    if addressed.key is not None and own and site.path != COUNT:
        return replace(site, key=addressed.key)
    return site


def _unwritten(group: InstanceGroup, attribute: str) -> Site | None:
    """Return where an attribute could be written that the configuration leaves to the provider."""
    path = _OPTIONAL.get((group.kind, attribute))
    if path is None or getattr(group, attribute) is not None:
        return None
    module, resource, key = _block_of(group.address)
    return Site(module, resource, key, path, None, creating=group.action == "create")


_OPTIONAL: Mapping[tuple[str, str], tuple[PathStep, ...]] = {
    ("aws_autoscaling_group", "desired_capacity"): ("desired_capacity",),
    ("aws_ecs_service", "desired_capacity"): ("desired_count",),
}

_OPEN = {(kind, path) for (kind, _), path in _OPTIONAL.items()}

_MISSING = {
    "target_cpu": "no single policy on CPU in this plan scales it",
    "instance_type": "no edit of this plan's resources sets it",
    "desired_capacity": "the plan states no number for it",
    "min_size": "the plan has no one number for it",
    "max_size": "the plan has no one number for it",
}


def own_block(group: InstanceGroup) -> tuple[tuple[str, ...], str]:
    """Return the module path and the address, without key, of a group's own block."""
    for site in group.sites.values():
        whole = ".".join((*site.module, site.resource))
        if group.address in (whole, site.address):
            return site.module, site.resource
    return _block_of(group.address)[:2]


def _block_of(address: str) -> tuple[tuple[str, ...], str, InstanceKey]:
    """Return the module path, the address inside it without key, and the key of a resource."""
    module = module_path(address)
    resource, key = split_key(address.removeprefix("".join(f"{step}." for step in module)))
    return module, resource, key


def target_of(site: Site) -> Target:
    """Return what the tracer is asked for."""
    return Target(
        module=site.module,
        resource=site.resource,
        key=site.key,
        path=site.path,
        planned=None if site.value is UNKNOWN else site.value,
        creating=site.creating,
        optional=(site.resource.partition(".")[0], site.path) in _OPEN,
    )


def in_configuration_units(site: Site | None, value: str | int | float) -> str | int | float:
    """Return 60 for a target of 0.6 where the configuration counts in percent."""
    if site is None or site.scale == 1 or isinstance(value, str):
        return value
    scaled = round(value * site.scale, 6)
    return int(scaled) if scaled == int(scaled) else scaled
