"""Demand against capacity, hour by hour, as the page draws it: curves, a heat-map, readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import inf

from tfopt.recommendation import DemandFigures
from tfopt.render import words
from tfopt.render.scales import Axis, band, line, relative

GRID = 400  # units that the height of the curves is divided into; the browser stretches them
HOURS = range(24)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEVELS = (0.25, 0.5, 0.75, 0.9, 1.0)  # upper ends of a heat-map's levels; above is the last one
LEVEL_WORDS = ("to 25 %", "to 50 %", "to 75 %", "to 90 %", "to 100 %", "over 100 %")


@dataclass(frozen=True, slots=True)
class Mark:
    """A word beside the curves at its place: a share of the width or the height, in per cent."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The share of the capacity used at p95 demand, for each hour of day and day of week."""

    days: list[str]
    levels: list[str]  # the SVG path of each level's cells, an hour wide and a day high
    highest: str  # "Tue 19:00, 84 %"


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the text alternative."""

    day: str
    demand_peak: str
    capacity_now: str  # the day's lowest
    capacity_proposed: str
    use_now: str  # the day's highest
    use_proposed: str


@dataclass(frozen=True, slots=True)
class WeekChart:
    """All that is drawn and said of the simulated horizon, in UTC."""

    hours: int
    start_ms: int  # since 1970
    marks: list[Mark]  # requests/s
    days: list[Mark]
    nights: list[tuple[float, float]]  # start and length in hours of every second day
    fan: str  # SVG paths; an hour is one unit wide
    median: str
    capacity_now: str
    capacity_proposed: str  # empty where nothing changes
    heat_now: HeatMap
    heat_proposed: HeatMap | None
    rows: list[DayRow]
    readings: dict[str, str]  # by name the hours' figures, split by blanks; "1,954*3" is three
    peak: str
    mark: str  # ", assumed" or nothing


def week_chart(demand: DemandFigures, mark: str, *, proposed: bool) -> WeekChart | None:
    """Return the picture of the horizon; None where the figures give none.

    Args:
        demand: hourly figures; every series of the same length.
        mark: ", assumed" or nothing, said wherever figures are.
        proposed: whether to draw the proposed capacity beside the present one.
    """
    low, mid, high = demand.hourly_p05_rps, demand.hourly_p50_rps, demand.hourly_p95_rps
    now, then = demand.hourly_capacity_now, demand.hourly_capacity_recommended
    drawn = [low, mid, high, now, *([then] if proposed else [])]
    hours = len(mid)
    if hours < 2 or any(len(series) != hours for series in drawn):
        return None
    start = _utc(demand.start)
    axis = Axis(0.0, max(*map(max, drawn), 1e-3) * 1.05, 0.0, GRID, digits=0)
    use_now = _use(high, now)
    use_then = _use(high, then) if proposed else []
    peak = max(range(hours), key=high.__getitem__)
    return WeekChart(
        hours=hours,
        start_ms=round(start.timestamp() * 1000),
        marks=[Mark(axis.at(x) / GRID * 100, f"{x:,g}") for x in axis.ticks() if x],
        days=_day_marks(start, hours),
        nights=_every_second_day(start, hours),
        fan=relative(band(range(hours), low, high, axis)),
        median=relative(line(range(hours), mid, axis)),
        capacity_now=relative(line(range(hours), now, axis)),
        capacity_proposed=relative(line(range(hours), then, axis)) if proposed else "",
        heat_now=_heat_map(use_now, start),
        heat_proposed=_heat_map(use_then, start) if proposed else None,
        rows=_day_rows(demand, use_now, use_then, start),
        readings=_readings(drawn, use_now, use_then),
        peak=f"{words.rate(high[peak])}, {_hour_name(start, peak)}",
        mark=mark,
    )


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _use(demand: Sequence[float], capacity: Sequence[float]) -> list[float]:
    """Return each hour's demand ÷ capacity; without capacity any demand is infinitely too much."""
    return [
        asked / able if able > 0 else (inf if asked > 0 else 0.0)
        for asked, able in zip(demand, capacity, strict=True)
    ]


def _use_text(use: float) -> str:
    return words.share(use) if use < 9.995 else f">999{words.GAP}%"


def _hour_name(start: datetime, hour: int) -> str:
    time = start + timedelta(hours=hour)
    return f"{WEEKDAYS[time.weekday()]} {time:%H:%M}"


def _day_marks(start: datetime, hours: int) -> list[Mark]:
    """Return each day's name at its noon, as far as there is room for names."""
    found = []
    noons = range((12 - start.hour) % 24, hours, 24)
    for hour in noons[:: -(-len(noons) // 10) or 1]:
        day = (start + timedelta(hours=hour)).weekday()
        found.append(Mark(round((hour + 0.5) / hours * 100, 2), WEEKDAYS[day]))
    return found


def _every_second_day(start: datetime, hours: int) -> list[tuple[float, float]]:
    first = (24 - start.hour) % 24
    return [(day - 0.5, min(24, hours - day)) for day in range(first + 24, hours, 48)]


def _heat_map(use: Sequence[float], start: datetime) -> HeatMap:
    """Place each hour by day of week and hour of day; of several in one cell the highest counts."""
    cells: dict[tuple[int, int], float] = {}
    for hour, share in enumerate(use):
        time = start + timedelta(hours=hour)
        place = (time.weekday(), time.hour)
        cells[place] = max(share, cells.get(place, 0.0))
    days = sorted({day for day, _ in cells})
    levels = [""] * len(LEVEL_WORDS)
    for row, day in enumerate(days):
        found = {hour: _level(cells[day, hour]) for hour in HOURS if (day, hour) in cells}
        for level, first, length in _stretches(found):
            levels[level] += f"M{first} {row}h{length}v1h-{length}z"
    worst = max(range(len(use)), key=use.__getitem__)
    return HeatMap(
        days=[WEEKDAYS[day] for day in days],
        levels=levels,
        highest=f"{_hour_name(start, worst)}, {_use_text(use[worst])}",
    )


def _level(share: float) -> int:
    return sum(share > end for end in LEVELS)


def _stretches(levels: dict[int, int]) -> list[tuple[int, int, int]]:
    """Return neighbouring hours of one level as (level, first hour, hours)."""
    found: list[tuple[int, int, int]] = []
    for hour, level in levels.items():
        if found and found[-1][0] == level and sum(found[-1][1:]) == hour:
            found[-1] = (level, found[-1][1], found[-1][2] + 1)
        else:
            found.append((level, hour, 1))
    return found


def _day_rows(
    demand: DemandFigures, use_now: list[float], use_then: list[float], start: datetime
) -> list[DayRow]:
    days: dict[str, list[int]] = {}
    for hour in range(len(use_now)):
        time = start + timedelta(hours=hour)
        days.setdefault(f"{WEEKDAYS[time.weekday()]} {time:%Y-%m-%d}", []).append(hour)
    now, then = demand.hourly_capacity_now, demand.hourly_capacity_recommended
    return [
        DayRow(
            day=day,
            demand_peak=words.rate(max(demand.hourly_p95_rps[i] for i in hours)),
            capacity_now=words.rate(min(now[i] for i in hours)),
            capacity_proposed=words.rate(min(then[i] for i in hours)) if use_then else "",
            use_now=_use_text(max(use_now[i] for i in hours)),
            use_proposed=_use_text(max(use_then[i] for i in hours)) if use_then else "",
        )
        for day, hours in days.items()
    ]


def _readings(
    drawn: Sequence[Sequence[float]], use_now: list[float], use_then: list[float]
) -> dict[str, str]:
    names = ("low", "mid", "high", "now", "then")
    found = {
        name: _shortened([words.rate(value).split(words.GAP)[0] for value in series])
        for name, series in zip(names, drawn, strict=False)
    }
    for name, series in (("use-now", use_now), ("use-then", use_then)):
        if series:
            found[name] = _shortened([_use_text(share).split(words.GAP)[0] for share in series])
    return found


def _shortened(values: list[str]) -> str:
    """Join values; what stays the same is said once, with how often."""
    runs = [(value, len(list(run))) for value, run in groupby(values)]
    return " ".join(value if times == 1 else f"{value}*{times}" for value, times in runs)
