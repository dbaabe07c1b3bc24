"""The sizing of a group in words: now beside proposed, and where each value stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfopt.recommendation import Edit, Group, ScheduleValues, Settings, StepValues
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
_METRIC = {"cpu": "CPU", "requests": "requests a minute"}
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
    elif settings.steps:
        parts.append("step scaling")
    return ", ".join(parts)


def value_text(name: str, settings: Settings) -> str:
    """Return one attribute's value in words, empty where it has none."""
    value = getattr(settings, name)
    if not value and (value is None or name not in _COUNTS):
        return ""
    wording = _WORDINGS.get(name)
    if wording is not None:
        return wording(value)
    return words.count(value, settings.unit) if name in _COUNTS else str(value)


def scaled_by(settings: Settings) -> list[str]:
    """Return a line for each policy but the one that has its target CPU.

    `CPU from 60 %: +20 %, from 75 %: +50 %, after 2 minutes`, `predictive scaling at 50 % CPU`.
    """
    policies: dict[tuple[str, str, int], list[StepValues]] = {}
    for row in settings.steps or []:
        policies.setdefault((row.policy, row.metric, row.after_s), []).append(row)
    tables = [
        f"{_METRIC[own[0].metric]} {', '.join(map(_step, own))}, "
        f"after {words.count(round(own[0].after_s / 60), 'minute')}"
        for own in policies.values()
    ]
    return [*tables, *settings.other_policies]


def _step(row: StepValues) -> str:
    """Return one row by the end of its range that is nearer to the alarm's threshold."""
    rises = row.upper is None or (row.lower is not None and row.change > 0)
    at = row.lower if rises else row.upper
    place = "" if at is None else f"{'from' if rises else 'to'} {_level(row.metric, at)}: "
    if row.adjustment == "exact":
        return f"{place}{row.change:g}"
    sign = words.MINUS if row.change < 0 else "+"
    unit = f"{words.GAP}%" if row.adjustment == "percent" else ""
    return f"{place}{sign}{abs(row.change):g}{unit}"


def _level(metric: str, value: float) -> str:
    return words.setting_share(value) if metric == "cpu" else f"{value:,g}"


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


_WORDINGS: Mapping[str, Callable[[Any], str]] = {
    "target_cpu": words.setting_share,
    "schedules": lambda schedules: "; ".join(map(_schedule, schedules)),
    "spot_share": words.setting_share,
}


def _place(edit: Edit | None) -> str:
    if edit is None:
        return ""
    if edit.new is None and edit.grade not in ("patchable", "patchable-shared", "edit-literal"):
        return NOT_PATCHABLE
    # of a hop "web.tf:15 aws_autoscaling_group.web.min_size = var.web.min" the place is enough
    places = [_POSITION.match(hop) for hop in edit.trace]
    found = [place[1] for place in places if place]
    return " → ".join(found or filter(None, [edit.file]))
