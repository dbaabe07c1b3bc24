"""Expands cron schedules with time zones into the minutes at which they act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from tfopt_sim.types import ScheduledAction

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)


def _number(text: str, lowest: int, names: tuple[str, ...]) -> int:
    """Return a cron number, which may be a name such as `mon` or `jan`."""
    lowered = text.lower()
    return names.index(lowered) + lowest if lowered in names else int(text)


def _field(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    """Parse one cron field: lists, ranges, steps and names."""
    allowed: set[int] = set()
    for part in text.split(","):
        span, _, step_text = part.partition("/")
        try:
            step = int(step_text) if step_text else 1
            if span == "*":
                first, last = low, high
            else:
                first_text, dash, last_text = span.partition("-")
                first = _number(first_text, low, names)
                last = _number(last_text, low, names) if dash else (high if step_text else first)
        except ValueError:
            raise ValueError(f"{name} {part!r} is not a number, range or step") from None
        if not (low <= first <= last <= high and step >= 1):
            raise ValueError(f"{name} {part!r} is not within {low}-{high}")
        allowed.update(range(first, last + 1, step))
    return frozenset(allowed)


@lru_cache(maxsize=256)
def parse_cron(recurrence: str) -> tuple[frozenset[int], ...]:
    """Parse a five-field cron expression.

    Returns:
        allowed minutes, hours, days of month, months, and days of week (Sunday is 0).

    Raises:
        ValueError: not five fields, or a field that is out of range.
    """
    texts = recurrence.split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"recurrence {recurrence!r} has {len(texts)} fields, cron has five")
    try:
        fields = [_field(text, *spec) for text, spec in zip(texts, _FIELDS, strict=True)]
    except ValueError as error:
        raise ValueError(f"recurrence {recurrence!r}: {error}") from None
    fields[4] = frozenset(day % 7 for day in fields[4])
    return tuple(fields)


def _day_matches(recurrence: str, day: date) -> bool:
    """Say whether cron runs on `day`; where both kinds of day are restricted, either suffices."""
    _, _, days, months, weekdays = parse_cron(recurrence)
    _, _, day_text, _, weekday_text = recurrence.split()
    by_day = day.day in days
    by_weekday = day.isoweekday() % 7 in weekdays
    if day_text.startswith("*") or weekday_text.startswith("*"):
        matches = by_day and by_weekday
    else:
        matches = by_day or by_weekday
    return matches and day.month in months


@lru_cache(maxsize=1024)
def occurrences(recurrence: str, time_zone: str, start: datetime, minutes: int) -> tuple[int, ...]:
    """Return the minutes after `start`, below `minutes`, at which the schedule acts.

    The wall clock of `time_zone` rules. A time that a change of clocks skips acts as much later as
    the clock jumped; one that occurs twice acts the first time, unless the hour is a `*`.

    Raises:
        ValueError: bad recurrence, unknown time zone, or `start` without a time zone.
    """
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} has no time zone")
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"unknown time zone {time_zone!r}") from None
    minute_field, hour_field = parse_cron(recurrence)[:2]
    folds = (0, 1) if recurrence.split()[1].startswith("*") else (0,)
    found: set[int] = set()
    begin = start.astimezone(UTC)
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = (start + timedelta(minutes=minutes)).astimezone(zone).date()
    while day <= last:
        if _day_matches(recurrence, day):
            for hour in hour_field:
                for minute in minute_field:
                    for fold in folds:
                        wall = datetime.combine(day, time(hour, minute, fold=fold), zone)
                        index = _minute_index(begin, wall.astimezone(UTC))
                        if 0 <= index < minutes:
                            found.add(index)
        day += timedelta(days=1)
    return tuple(sorted(found))


def _minute_index(begin: datetime, moment: datetime) -> int:
    """Return the first whole minute after `begin` at or after `moment`."""
    return -int((begin - moment).total_seconds() // 60)


def _delay(action: ScheduledAction, minute: int, seed: int) -> int:
    """Draw how many minutes later than `minute` an action is carried out."""
    if action.late_s <= 0:
        return 0
    return round(np.random.default_rng([seed, 3, minute]).random() * action.late_s / 60)


def expand(
    schedules: Sequence[ScheduledAction], start: datetime, minutes: int, seed: int = 0
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return what the schedules change and when.

    Actions of the same minute are carried out in the order given, so a later one overrides. Those
    that may be late are so by a draw of the seed, the same for every action of that minute.

    Returns:
        shape (events, 4): minute after `start`, min, max, desired; −1 where left as it is.

    Raises:
        ValueError: bad recurrence or time zone, or an action with min above max.
    """
    rows: dict[int, list[int]] = {}
    for action in schedules:
        low, high = action.min_size, action.max_size
        if low is not None and high is not None and low > high:
            raise ValueError(f"schedule {action.recurrence!r}: min_size {low} above {high}")
        for due in occurrences(action.recurrence, action.time_zone, start, minutes):
            minute = due + _delay(action, due, seed)
            if minute >= minutes:
                continue
            row = rows.setdefault(minute, [minute, -1, -1, -1])
            for column, value in enumerate((low, high, action.desired_capacity), start=1):
                if value is not None:
                    row[column] = value
    table = np.array([rows[minute] for minute in sorted(rows)], dtype=np.int64)
    return table.reshape(len(rows), 4)
