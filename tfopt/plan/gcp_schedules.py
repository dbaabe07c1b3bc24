"""Turns scaling schedules into timed floors: what a group has at least, and from when.

A schedule raises the minimum for a while; where several overlap the largest holds (Compute Engine,
"Scaling based on schedules"). Those that repeat every week come to a few changes of one floor.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from tfopt.plan.scalers import OtherScaler, Scaler, ScheduleScaler

_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Floor:
    """One scaling schedule; None where the plan does not tell."""

    name: str
    schedule: str | None
    time_zone: str
    duration_s: float | None
    instances: int | None


def floors(address: str, wanted: list[Floor]) -> tuple[Scaler, ...]:
    """Return what an autoscaler's schedules come to, or which of them cannot be followed."""
    told = [(one, _refusal(one)) for one in wanted]
    refused = [
        OtherScaler(address, f"its schedule {one.name} {reason}") for one, reason in told if reason
    ]
    if refused:
        return tuple(refused)
    zones = {one.time_zone for one in wanted}
    if len(zones) > 1:
        return (OtherScaler(address, "its schedules are of several time zones"),)
    time_zone = zones.pop()
    return tuple(
        ScheduleScaler(address, recurrence, time_zone, least, None, None, floor=True)
        for recurrence, least in _changes(_by_minute(wanted))
    )


def _refusal(one: Floor) -> str | None:
    if one.schedule is None or one.duration_s is None or one.instances is None:
        return "is known only after apply"
    fields = one.schedule.split()
    if len(fields) == 6 and fields[5] != "*":
        return "does not repeat every year"
    if not _starts(one):
        return "is not a weekly cron"
    return None


def _starts(one: Floor) -> list[int]:
    """Return the minutes of the week, from Sunday, at which it begins; none if not weekly."""
    from tfopt_sim.schedule import parse_cron  # pulls in numpy

    fields = (one.schedule or "").split()[:5]
    if len(fields) != 5 or fields[2] != "*" or fields[3] != "*":
        return []
    try:
        minutes, hours, _, _, days = parse_cron(" ".join(fields))
    except ValueError:
        return []
    return [day * _DAY + 60 * hour + minute for day, hour, minute in product(days, hours, minutes)]


def _by_minute(wanted: Iterable[Floor]) -> list[int]:
    """Return the floor at each minute of the week."""
    least = [0] * _WEEK
    for one in wanted:
        length = min(_WEEK, math.ceil((one.duration_s or 0.0) / 60))
        for start in _starts(one):
            for minute in range(start, start + length):
                at = minute % _WEEK
                least[at] = max(least[at], one.instances or 0)
    return least


def _changes(least: list[int]) -> Iterator[tuple[str, int]]:
    """Yield a cron for each time of day at which the floor becomes a size."""
    days: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for minute, size in enumerate(least):
        if size != least[minute - 1]:
            days[minute % _DAY, size].append(minute // _DAY)
    for (minute, size), on in sorted(days.items()):
        listed = "*" if len(on) == 7 else ",".join(map(str, on))
        yield f"{minute % 60} {minute // 60} * * {listed}", size
    if not days and least[0]:  # it never ends
        yield "0 * * * *", least[0]
