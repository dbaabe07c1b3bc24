"""What an EC2 or Spot fleet may launch: its templates' overrides, or its own specifications."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tfopt.plan.aws_launch import Launch, disks, from_template
from tfopt.plan.aws_requirements import NOTE, architecture_of, read_requirements
from tfopt.plan.context import Context
from tfopt.plan.images import system_of
from tfopt.plan.model import PathStep, Site, Slot
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, number, text
from tfopt.plan.why import why_no_type
from tfopt.requirements import Requirements

_TEMPLATES = "launch_template_config"
_SPECIFICATIONS = "launch_specification"
_VOLUMES = ("root_block_device", "ebs_block_device")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One pool of capacity: a type in a place, or attributes that stand for types."""

    launch: Launch
    instance_type: str | None = None
    site: Site | None = None
    weight: float = 1.0
    priority: float = math.inf  # the lowest number comes first
    place: str | None = None  # subnet or zone
    requirements: Requirements | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a fleet launches from."""

    launch: Launch  # of the first choice: the others' images are taken to be alike
    slots: tuple[Slot, ...]
    requirements: tuple[Requirements, ...]
    site: Site | None  # of the type; None where it is one of several
    zones: int | None
    fractions: bool  # an instance stands for part of a unit
    notes: tuple[str, ...]


def choices_of(context: Context, fleet: Resource, overrides: str, *, in_order: bool) -> Choices:
    """Read what a fleet may launch.

    Args:
        context: what is known of the plan.
        fleet: the fleet.
        overrides: what the overrides of its templates are called.
        in_order: whether it goes by the priorities that these have.
    """
    found = [*_from_templates(context, fleet, overrides), *_from_specifications(fleet)]
    if in_order:
        found.sort(key=lambda one: one.priority)
    slots: dict[str, Slot] = {}
    for one in found:
        if one.instance_type is not None:  # once, however many subnets there are
            slots.setdefault(one.instance_type, Slot(one.instance_type, int(one.weight)))
    asked = tuple(one.requirements for one in found if one.requirements is not None)
    sites = {one.site for one in found if one.site is not None}
    places = {one.place for one in found if one.place is not None}
    told = (note for one in found for note in (*one.launch.notes, one.note) if note)
    return Choices(
        launch=found[0].launch if found else Launch(),
        slots=tuple(slots.values()),
        requirements=asked,
        site=sites.pop() if len(sites) == 1 and not asked else None,
        zones=len(places) or None,
        fractions=any(one.weight != int(one.weight) for one in found),
        notes=tuple(dict.fromkeys(told)),
    )


def _from_templates(context: Context, fleet: Resource, overrides: str) -> Iterator[_Choice]:
    for index, config in enumerate(blocks(fleet.get(_TEMPLATES))):
        path: tuple[PathStep, ...] = (_TEMPLATES, index)
        launch = from_template(context, fleet, *path, "launch_template_specification", 0)
        own = _of_template(launch)
        given = blocks(config, overrides)
        if not given:
            yield own
        for place, override in enumerate(given):
            yield _override(fleet, override, own, (*path, overrides, place))


def _of_template(launch: Launch) -> _Choice:
    if launch.requirements is not None:
        return _Choice(launch, requirements=launch.requirements)
    missing = launch.instance_type is None and launch.source is not None
    note = why_no_type(launch.site) if missing else None
    return _Choice(launch, launch.instance_type, launch.site, note=note)


def _override(
    fleet: Resource, given: Mapping[str, object], own: _Choice, path: tuple[PathStep, ...]
) -> _Choice:
    """Return the template's choice, with what the override says instead."""
    placed = _counted(own, given)
    asked = block(given.get("instance_requirements"))
    if asked:
        told = read_requirements(asked, architecture_of(own.launch.source, "image_id"))
        return _Choice(own.launch, place=placed.place, requirements=told, note=NOTE)
    if given.get("instance_type") in (None, ""):
        return placed
    return _typed(placed, given, fleet.site(*path, "instance_type"))


def _typed(choice: _Choice, given: Mapping[str, object], site: Site) -> _Choice:
    name = text(given.get("instance_type"))
    note = None if name else why_no_type(site)
    return replace(choice, instance_type=name, site=site, note=note)


def _from_specifications(fleet: Resource) -> Iterator[_Choice]:
    for index, given in enumerate(blocks(fleet.get(_SPECIFICATIONS))):
        path = (_SPECIFICATIONS, index)
        words = [text(given.get("ami")) or "", *fleet.references(*path, "ami")]
        volumes = (one for name in _VOLUMES for one in blocks(given.get(name)))
        launch = Launch(
            operating_system=system_of(words),
            detailed_monitoring=flag(given.get("monitoring")) is True,
            disks=disks(volumes),
        )
        yield _typed(_counted(_Choice(launch), given), given, fleet.site(*path, "instance_type"))


def _counted(choice: _Choice, given: Mapping[str, object]) -> _Choice:
    """Return the choice with where it stands, what an instance counts for, and its rank."""
    priority = number(given.get("priority"))
    return replace(
        choice,
        place=text(given.get("subnet_id")) or text(given.get("availability_zone")),
        weight=number(given.get("weighted_capacity")) or 1.0,
        priority=math.inf if priority is None else priority,
    )
