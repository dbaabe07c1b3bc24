"""What an instance of Compute Engine runs as: from its template, or from its own resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tfopt.plan.context import Context
from tfopt.plan.images import OperatingSystem, system_of
from tfopt.plan.link import follow
from tfopt.plan.model import Disk, PathStep, Site
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, flag, known, number, text

TEMPLATES = ("google_compute_instance_template", "google_compute_region_instance_template")
_TEMPLATE = (
    "id name self_link self_link_unique region machine_type disk scheduling guest_accelerator"
)
ATTRIBUTES = dict.fromkeys(TEMPLATES, _TEMPLATE)
GPUS = "its instances carry GPUs (guest_accelerator), which the price book has no prices for"
_DEFAULT_DISK = "pd-standard"
_LOCAL_SSD_GIB = 375.0
_LICENSED = {"rhel": "RHEL", "sles": "SLES", "suse": "SLES", "windows": "Windows"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What instances run as."""

    source: Resource | None = None
    instance_type: str | None = None
    site: Site | None = None  # of machine_type; None where no edit of the source sets it
    operating_system: OperatingSystem = "unknown"
    spot: bool = False
    gpus: bool = False
    disks: tuple[Disk, ...] = ()
    notes: tuple[str, ...] = ()


def from_template(context: Context, owner: Resource, *path: PathStep) -> Machine:
    """Read the instance template that the attribute at `path` names."""
    link = follow(context.planned, owner, [path], TEMPLATES)
    if link is None:
        return Machine(notes=("its instance template is not in this plan",))
    context.used.add(link.to.address)
    inferred = f"its instance template is taken to be {link.to.address}"
    return _template(link.to, (inferred,) if link.inferred else ())


def _template(source: Resource, notes: tuple[str, ...]) -> Machine:
    listed = blocks(source.get("disk"))
    words = [text(disk.get("source_image")) or "" for disk in listed]
    words += [name for i in range(len(listed)) for name in source.references("disk", i)]
    words += [
        name for i in range(len(listed)) for name in source.references("disk", i, "source_image")
    ]
    site = machine_site(source, "machine_type")
    return Machine(
        source=source,
        instance_type=type_name(source.get("machine_type")),
        site=site,
        operating_system=system_of(words),
        spot=is_spot(block(source.get("scheduling"))),
        gpus=has_gpus(source.get("guest_accelerator")),
        disks=tuple(_template_disks(listed)),
        notes=(*notes, *license_notes(words)),
    )


def machine_site(source: Resource, *path: PathStep) -> Site | None:
    """Return where a machine type stands; None where nothing is set."""
    return source.site(*path) if source.get(*path) not in (None, "") else None


def type_name(value: object) -> str | None:
    """Return a machine type's name, also from its link."""
    found = text(value)
    return found.rpartition("/")[2] or None if found else None


def is_spot(scheduling: Mapping[str, object]) -> bool:
    """Return whether instances are Spot or, by their old name, preemptible."""
    spot = scheduling.get("provisioning_model") == "SPOT"
    return spot or flag(scheduling.get("preemptible")) is True


def has_gpus(accelerators: object) -> bool:
    """Return whether any accelerator is attached."""
    return any(number(one.get("count")) != 0 for one in blocks(accelerators))


def disk_of(gib: object, kind: object, default: str = _DEFAULT_DISK) -> Disk | None:
    """Return a disk whose size is set; that of an image is not in the plan."""
    found = number(gib)
    return Disk(found, (text(kind) or default).rpartition("/")[2]) if found else None


def scratch(gib: object = None) -> Disk:
    """Return a local SSD."""
    return Disk(number(gib) or _LOCAL_SSD_GIB, "local-ssd")


def _template_disks(listed: Iterable[Mapping[str, object]]) -> Iterator[Disk]:
    for one in listed:
        if one.get("type") == "SCRATCH":
            yield scratch(one.get("disk_size_gb"))
        elif not known(one.get("source")) or one.get("source") == "":  # an existing disk is its own
            disk = disk_of(one.get("disk_size_gb"), one.get("disk_type"))
            if disk is not None:
                yield disk


def license_notes(words: Iterable[str]) -> Iterator[str]:
    """Tell of an image whose licence is paid beside the machine."""
    found = {name for word in words for sign, name in _LICENSED.items() if sign in word.lower()}
    for name in sorted(found):
        yield f"the licence of its {name} image is not in the price"
