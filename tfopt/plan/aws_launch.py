"""What an AWS group launches: its launch template or launch configuration, found and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tfopt.plan.aws_requirements import NOTE, architecture_of, read_requirements
from tfopt.plan.context import Context
from tfopt.plan.images import OperatingSystem, system_of
from tfopt.plan.link import follow, leads_to
from tfopt.plan.model import UNKNOWN, Disk, PathStep, Site
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, dig, flag, known, number, text, whole
from tfopt.requirements import Requirements

TEMPLATE, CONFIGURATION = "aws_launch_template", "aws_launch_configuration"


Reach = Literal["apply", "launches", "never"]
"""When a changed source reaches the group: the apply tells the group so; new instances launch from
it, though the apply does not touch the group; or not at all, since another version is named."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What new instances are launched from."""

    source: Resource | None = None
    instance_type: str | None = None
    site: Site | None = None  # of instance_type; None where no edit of the source sets it
    reaches_on: Reach = "apply"
    operating_system: OperatingSystem = "unknown"
    detailed_monitoring: bool = False
    burst_unlimited: bool | None = None
    spot: bool = False
    requirements: Requirements | None = None
    disks: tuple[Disk, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Version:
    """Which version of a template a group names, by what that means for a change of it."""

    reaches_on: Reach
    note: str = ""


_DEFAULT_STAYS = _Version(
    "never",
    "the group launches the template's default version, which a changed template moves only with "
    "update_default_version",
)


def from_template(context: Context, group: Resource, *prefix: PathStep) -> Launch:
    """Read the launch template named by the block at `prefix` (with id, name and version).

    Also reads the spelling inside a mixed-instances policy (`launch_template_id`, …).
    """
    paths = [
        (*prefix, name) for name in ("id", "launch_template_id", "name", "launch_template_name")
    ]
    link = follow(context.planned, group, paths, (TEMPLATE,))
    if link is None:
        return Launch(notes=("its launch template is not in this plan",))
    context.used.add(link.to.address)
    notes: tuple[str, ...] = ()
    if link.inferred:
        notes = (f"its launch template is taken to be {link.to.address}",)
    return _template(link.to, _version(context, group, link.to, *prefix), notes)


def _version(context: Context, group: Resource, template: Resource, *prefix: PathStep) -> _Version:
    """Tell how a changed template reaches the group that names it by the block at `prefix`."""
    path = (*prefix, "version")
    version, references = group.get(*path), group.references(*path)
    unset = version is None or (version is UNKNOWN and bool(dig(group.config, *prefix)))
    omitted = unset and not references
    if omitted or version in ("$Default", "$Latest"):
        stays = version != "$Latest" and _default_stays(template)
        return _DEFAULT_STAYS if stays else _Version("launches")
    if any(one.endswith(".default_version") for one in references):
        return _DEFAULT_STAYS if _default_stays(template) else _Version("apply")
    number = whole(version)
    first = number == 1 and template.action in ("create", "replace")
    if number is None or first or leads_to(context.planned, group, path, (TEMPLATE,)):
        return _Version("apply")
    if not _is_literal(group, path) and number == whole(template.get("latest_version")):
        return _Version("apply", "the launch template's version is taken to be its latest")
    return _Version("never", f"the launch template's version is pinned to {number}")


def _default_stays(template: Resource) -> bool:
    """Return whether a new version of the template leaves its default version where it is."""
    if template.action in ("create", "replace"):
        return False
    moves = template.get("update_default_version")
    return moves is not UNKNOWN and flag(moves) is not True


def _is_literal(group: Resource, path: tuple[PathStep, ...]) -> bool:
    """Return whether the plan shows that nothing but a literal or a variable stands there."""
    references = group.references(*path)
    return bool(dig(group.config, *path)) and all(one.startswith("var.") for one in references)


def _template(source: Resource, version: _Version, notes: tuple[str, ...]) -> Launch:
    value = source.get("instance_type")
    market = block(source.get("instance_market_options"))
    credits_ = block(source.get("credit_specification")).get("cpu_credits")
    held = version.reaches_on == "never" and text(value) is not None
    given = block(source.get("instance_requirements"))
    found = read_requirements(given, architecture_of(source, "image_id")) if given else None
    notes += (NOTE,) if given else ()
    if held:
        notes += (f"instance_type stays: {version.note}",)
    elif version.note and version.reaches_on != "never":
        notes += (version.note,)
    return Launch(
        source=source,
        instance_type=text(value),
        site=source.site("instance_type") if value not in (None, "") and not held else None,
        reaches_on=version.reaches_on,
        operating_system=operating_system(source, "image_id"),
        detailed_monitoring=flag(block(source.get("monitoring")).get("enabled")) is True,
        burst_unlimited=unlimited(credits_),
        spot=market.get("market_type") == "spot",
        requirements=found,
        disks=disks(
            block(mapping, "ebs") for mapping in blocks(source.get("block_device_mappings"))
        ),
        notes=notes,
    )


def from_configuration(context: Context, group: Resource) -> Launch:
    """Read the launch configuration a group names."""
    link = follow(context.planned, group, [("launch_configuration",)], (CONFIGURATION,))
    if link is None:
        return Launch(notes=("its launch configuration is not in this plan",))
    source = link.to
    context.used.add(source.address)
    value = source.get("instance_type")
    notes: tuple[str, ...] = ("a launch configuration is replaced when its instance type changes",)
    if link.inferred:
        notes += (f"its launch configuration is taken to be {source.address}",)
    return Launch(
        source=source,
        instance_type=text(value),
        site=source.site("instance_type") if value not in (None, "") else None,
        operating_system=operating_system(source, "image_id"),
        # unlike templates, configurations have detailed monitoring unless it is turned off
        detailed_monitoring=flag(source.get("enable_monitoring")) is not False,
        spot=known(source.get("spot_price")) and source.get("spot_price") != "",
        disks=own_disks(source),
        notes=notes,
    )


def disks(volumes: Iterable[Mapping[str, object]]) -> tuple[Disk, ...]:
    """Return the volumes whose size is set; that of an image's snapshot is not in the plan."""
    return tuple(
        Disk(gib, text(volume.get("volume_type")) or "gp2")
        for volume in volumes
        if (gib := number(volume.get("volume_size")))
    )


def own_disks(source: Resource) -> tuple[Disk, ...]:
    """Return the volumes of an instance or a launch configuration, the root's first."""
    names = ("root_block_device", "ebs_block_device")
    return disks(one for name in names for one in blocks(source.get(name)))


def unlimited(cpu_credits: object) -> bool | None:
    """Return whether bursting beyond credits is on; None where the plan does not say."""
    return {"unlimited": True, "standard": False}.get(text(cpu_credits) or "")


def operating_system(source: Resource, attribute: str) -> OperatingSystem:
    """Guess the operating system from the names that lead to the machine image."""
    words = [text(source.get(attribute)) or "", *source.references(attribute)]
    found = system_of(words)
    return "windows" if flag(source.get("get_password_data")) is True else found
