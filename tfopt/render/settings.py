"""The sizing of a group in words: now beside proposed, and where each value stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tfopt.recommendation import Edit, Group, ScheduleValues, Settings
from tfopt.render import words

LABELS = {
    "instance_type": "type",
    "min_size": "minimum",
    "max_size": "maximum",
    "desired_capacity": "desired",
    "target_cpu": "target CPU",
    "schedules": "schedules",
    "spot_share": "spot share",
}
_COUNTS = ("min_size", "max_size", "desired_capacity")
NOT_PATCHABLE = "not patchable"


_POSITION = re.compile(r"(.+?:\d+)(?: |$)")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One attribute: `proposed` is empty where nothing changes, `place` where nothing is known."""

    label: str
    now: str
    proposed: str
    place: str  # "terraform.tfvars:7 → web.tf:15"


def setting_rows(group: Group, mark: str) -> list[SettingRow]:
    """Return one row per attribute that the group has now or is to have."""
    if group.current is None:
        return []
    proposed = group.recommended if group.status == "recommended" else None
    edits = {edit.attribute: edit for edit in group.edits}
    rows = []
    for name, label in LABELS.items():
        now = value_text(name, group.current)
        then = value_text(name, proposed) if proposed else ""
        if not now and not then:
            continue
        changed = bool(proposed) and then != now
        rows.append(
            SettingRow(
                label=label,
                now=now or "none",
                proposed=f"{then or 'none'}{mark}" if changed else "",
                place=_place(edits.get(name)),
            )
        )
    return rows


def changes(now: Settings | None, then: Settings | None) -> list[str]:
    """Return `m5.xlarge → m7a.large`, `minimum 6 → 4`, … for what differs."""
    if now is None or then is None:
        return []
    found = []
    for name, label in LABELS.items():
        old, new = value_text(name, now), value_text(name, then)
        if old != new:
            if name in _COUNTS and old and new:
                old = str(getattr(now, name))  # the unit is said once
            prefix = "" if name == "instance_type" else f"{label} "
            text = f"{prefix}{old or 'none'} → {new or 'none'}"
            found.append(text if name == "schedules" else text.replace(" ", words.GAP))
    return found


def summary(settings: Settings) -> str:
    """Return the present sizing on one line: `m5.xlarge, 6–24 instances, target CPU 40 %`."""
    parts = [settings.instance_type]
    low, high, unit = settings.min_size, settings.max_size, settings.unit
    if low is not None and high is not None:
        parts.append(words.count(low, unit) if low == high else f"{low}–{high} {unit}s")
    elif settings.desired_capacity is not None:
        parts.append(words.count(settings.desired_capacity, unit))
    if settings.target_cpu is not None:
        parts.append(f"target CPU {words.setting_share(settings.target_cpu)}")
    return ", ".join(parts)


def value_text(name: str, settings: Settings) -> str:
    """Return one attribute's value in words, empty where it has none."""
    value = getattr(settings, name)
    if name == "schedules":
        return "; ".join(_schedule(item) for item in settings.schedules)
    if name == "spot_share":
        return words.setting_share(value) if value else ""
    if value is None:
        return ""
    if name == "target_cpu":
        return words.setting_share(value)
    return words.count(value, settings.unit) if name in _COUNTS else str(value)


def _schedule(item: ScheduleValues) -> str:
    sizes = [
        f"{label} {value}"
        for label, value in (
            ("min", item.min_size),
            ("max", item.max_size),
            ("desired", item.desired_capacity),
        )
        if value is not None
    ]
    zone = "" if item.time_zone == "Etc/UTC" else f" {item.time_zone}"
    return f"{item.recurrence}{zone}: {', '.join(sizes) or 'no size'}"


def _place(edit: Edit | None) -> str:
    if edit is None:
        return ""
    if edit.new is None and edit.grade not in ("patchable", "patchable-shared", "edit-literal"):
        return NOT_PATCHABLE
    # of a hop "web.tf:15 aws_autoscaling_group.web.min_size = var.web.min" the place is enough
    places = [_POSITION.match(hop) for hop in edit.trace]
    found = [place[1] for place in places if place]
    return " → ".join(found or filter(None, [edit.file]))
