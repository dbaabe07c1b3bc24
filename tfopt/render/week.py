"""Demand, capacity, latency and risk hour by hour, as the page draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import inf

from tfopt.recommendation import DemandFigures, HourlyService
from tfopt.render import words
from tfopt.render.scales import Axis, band, line, relative

GRID = 200  # units that the height of the curves is divided into; the browser stretches them
HOURS = range(24)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Scale:
    """The levels of a heat-map: their upper ends, above which is the last one, and their words."""

    ends: tuple[float, ...]
    words: tuple[str, ...]


# p99 as a share of what the SLO allows; bad minutes as a share of the hour's minutes
LATENCY = Scale(
    (0.25, 0.5, 0.75, 0.9, 1.0),
    ("to 25 %", "to 50 %", "to 75 %", "to 90 %", "to 100 %", "over 100 % of the SLO's p99"),
)
RISK = Scale(
    (0.0005, 0.005, 0.02, 0.1, 0.3),
    ("none", "to 0.5 %", "to 2 %", "to 10 %", "to 30 %", "over 30 % of the minutes bad"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A word beside the curves at its place: a share of the width or the height, in per cent."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One figure for each hour of day and day of week."""

    title: str  # "p99 latency now"
    days: list[str]
    levels: list[str]  # the SVG path of each level's cells, a stroke through each run of hours
    highest: str  # "Tue 19:00, 184 ms"


@dataclass(frozen=True, slots=True)
class HeatMaps:
    """The maps of one figure, now and as proposed, and the words of their levels."""

    key: str  # "p99"
    maps: list[HeatMap]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the text alternative."""

    day: str
    demand_peak: str
    capacity_now: str  # the day's lowest
    capacity_proposed: str
    p99_now: str  # the day's highest
    p99_proposed: str
    risk_now: str  # the day's highest
    risk_proposed: str


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
    heats: list[HeatMaps]  # empty where the report does not tell of latency and risk
    rows: list[DayRow]
    readings: dict[str, str]  # by name the hours' figures, split by blanks; "1954*3" is three
    peak: str
    mark: str  # ", assumed" or nothing


def week_chart(
    demand: DemandFigures,
    mark: str,
    *,
    proposed: bool,
    service: Sequence[HourlyService] = (),
    slo_p99_ms: float = inf,
) -> WeekChart | None:
    """Return the picture of the horizon; None where the figures give none.

    Args:
        demand: hourly figures; every series of the same length.
        mark: ", assumed" or nothing, said wherever figures are.
        proposed: whether to draw the proposed capacity beside the present one.
        service: latency and risk by hour, now and, where it is drawn, as proposed.
        slo_p99_ms: what the SLO allows.
    """
    low, mid, high = demand.hourly_p05_rps, demand.hourly_p50_rps, demand.hourly_p95_rps
    now, then = demand.hourly_capacity_now, demand.hourly_capacity_recommended
    drawn = [low, mid, high, now, *([then] if proposed else [])]
    hours = len(mid)
    if hours < 2 or any(len(series) != hours for series in drawn):
        return None
    start = _utc(demand.start)
    axis = Axis(0.0, max(*map(max, drawn), 1e-3) * 1.05, 0.0, GRID, digits=0)
    whole = all(len(it.p99_ms) == len(it.bad_minute_risk) == hours for it in service)
    service = service if whole else ()
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
        heats=_heats(service, slo_p99_ms, start) if service else [],
        rows=_day_rows(demand, service, start, proposed=proposed),
        readings=_readings(drawn, service),
        peak=f"{words.rate(high[peak])}, {_hour_name(start, peak)}",
        mark=mark,
    )


def _utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


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


def _heats(service: Sequence[HourlyService], slo_p99_ms: float, start: datetime) -> list[HeatMaps]:
    names = ("now", "as proposed")
    latency, risk = [], []
    for name, it in zip(names, service, strict=False):
        shares = [ms / slo_p99_ms for ms in it.p99_ms]
        latency.append(
            _heat_map(f"p99 latency {name}", shares, LATENCY, it.p99_ms, words.milliseconds, start)
        )
        bad = it.bad_minute_risk
        risk.append(_heat_map(f"Bad minutes {name}", bad, RISK, bad, words.share, start))
    return [HeatMaps("p99", latency, LATENCY.words), HeatMaps("risk", risk, RISK.words)]


def _heat_map(
    title: str,
    shares: Sequence[float],
    scale: Scale,
    values: Sequence[float],
    said: Callable[[float], str],
    start: datetime,
) -> HeatMap:
    """Place each hour by day of week and hour of day; of several in one cell the highest counts."""
    cells: dict[tuple[int, int], float] = {}
    for hour, share in enumerate(shares):
        time = start + timedelta(hours=hour)
        place = (time.weekday(), time.hour)
        cells[place] = max(share, cells.get(place, 0.0))
    days = sorted({day for day, _ in cells})
    levels = [""] * len(scale.words)
    for row, day in enumerate(days):
        found = {hour: _level(cells[day, hour], scale) for hour in HOURS if (day, hour) in cells}
        for level, first, length in _stretches(found):
            levels[level] += f"M{first} {row}h{length}"
    worst = max(range(len(values)), key=values.__getitem__)
    same = all(said(value) == said(values[worst]) for value in values)
    when = "every hour" if same else _hour_name(start, worst)
    return HeatMap(
        title=title,
        days=[WEEKDAYS[day] for day in days],
        levels=levels,
        highest=f"{when}, {said(values[worst])}",
    )


def _level(share: float, scale: Scale) -> int:
    return sum(share > end for end in scale.ends)


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
    demand: DemandFigures, service: Sequence[HourlyService], start: datetime, *, proposed: bool
) -> list[DayRow]:
    days: dict[str, list[int]] = {}
    for hour in range(len(demand.hourly_p50_rps)):
        time = start + timedelta(hours=hour)
        days.setdefault(f"{WEEKDAYS[time.weekday()]} {time:%Y-%m-%d}", []).append(hour)
    now, then = demand.hourly_capacity_now, demand.hourly_capacity_recommended
    pairs: list[HourlyService | None] = [*service, None, None][:2]

    def highest(name: str, which: int, hours: list[int], said: Callable[[float], str]) -> str:
        it = pairs[which]
        return said(max(getattr(it, name)[hour] for hour in hours)) if it else ""

    return [
        DayRow(
            day=day,
            demand_peak=words.rate(max(demand.hourly_p95_rps[i] for i in hours)),
            capacity_now=words.rate(min(now[i] for i in hours)),
            capacity_proposed=words.rate(min(then[i] for i in hours)) if proposed else "",
            p99_now=highest("p99_ms", 0, hours, words.milliseconds),
            p99_proposed=highest("p99_ms", 1, hours, words.milliseconds),
            risk_now=highest("bad_minute_risk", 0, hours, words.share),
            risk_proposed=highest("bad_minute_risk", 1, hours, words.share),
        )
        for day, hours in days.items()
    ]


def _readings(drawn: Sequence[Sequence[float]], service: Sequence[HourlyService]) -> dict[str, str]:
    names = ("low", "mid", "high", "now", "then")
    found = {
        name: _shortened([_number(words.rate(value)) for value in series])
        for name, series in zip(names, drawn, strict=False)
    }
    for name, it in zip(("now", "then"), service, strict=False):
        found[f"latency-{name}"] = _shortened([f"{ms:.0f}" for ms in it.p99_ms])
        found[f"risk-{name}"] = _shortened([_number(words.share(x)) for x in it.bad_minute_risk])
    return found


def _number(figure: str) -> str:
    """Return a figure without its unit, and without the commas: the script sets them again."""
    return figure.split(words.GAP, maxsplit=1)[0].replace(",", "")


def _shortened(values: list[str]) -> str:
    """Join values; what stays the same is said once, with how often."""
    runs = [(value, len(list(run))) for value, run in groupby(values)]
    return " ".join(value if times == 1 else f"{value}*{times}" for value, times in runs)
