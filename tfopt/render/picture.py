"""What was simulated as a picture: one SVG, a card for each group, its week from left to right."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from tfopt.render import words
from tfopt.render.plain import plain_report
from tfopt.render.scales import Axis, Series, band, line, round_up
from tfopt.render.settings import summary
from tfopt.render.simulation_view import Row, headline, rows, span_line
from tfopt.render.templates import markup_environment
from tfopt.simulation import HOURS_PER_WEEK, ByHourOfWeek, Cost, Group, Simulation

TEMPLATE = "simulation.svg.j2"
LEFT, HOUR_WIDTH = 76.0, 5.0  # of the week's panels
_XS = [LEFT + (hour + 0.5) * HOUR_WIDTH for hour in range(HOURS_PER_WEEK)]
_DEMAND, _CPU, _LATENCY, _COST = (148.0, 298.0), (336.0, 406.0), (444.0, 514.0), (624.0, 684.0)
HEAT_TOP = 544.0
CARD, CARD_PLAIN = 718.0, 612.0  # height with and without the cost
_COLUMN, _DOT = 30.0, 12.0  # width of a stack of dots, most height of one
_LINE = 108  # characters of the headline that fit on a line
_FULL_RISK = 0.2  # share of an hour's minutes at which its cell is darkest
_BIG = ("cost a month", "cost", "instances", "CPU", "p99 latency", "bad minutes", "SLO missed in")
# what XML cannot hold, however it is written
_NOT_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Tick:
    """A round value at its place."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line and the band around it."""

    kind: str  # its class in the style sheet
    line: str
    band: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One strip of the week."""

    top: float
    bottom: float
    ticks: list[Tick]
    curves: list[Curve]
    limit: Tick | None = None  # a dashed line


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the risk strip."""

    x: float
    opacity: float
    title: str


@dataclass(frozen=True, slots=True)
class Dots:
    """The cost: each dot one of twenty futures."""

    base: float
    ticks: list[Tick]
    places: list[tuple[float, float]]
    radius: float


@dataclass(frozen=True, slots=True)
class Card:
    """One group."""

    top: float
    height: float
    title: str
    subtitle: str
    figures: list[Row]
    demand: Panel
    cpu: Panel
    latency: Panel
    cells: list[Cell]
    worst: str
    dots: Dots | None
    same_cost: str


def render_picture(simulation: Simulation) -> str:
    """Return the SVG, readable on white and on black; its fonts are the reader's own."""
    plain = plain_report(simulation)
    heading = wrap(headline(plain), _LINE)
    cards: list[Card] = []
    top = 36.0 + 20.0 * len(heading)
    for group in plain.groups:
        if group.by_hour_of_week is not None:
            cards.append(_card(group, group.by_hour_of_week, plain, top))
            top += cards[-1].height + 16
    text = (
        markup_environment()
        .get_template(TEMPLATE)
        .render(cards=cards, height=top, heading=heading, span=_span(plain), left=LEFT)
    )
    return _NOT_XML.sub("\ufffd", text)


def _span(simulation: Simulation) -> str:
    group = next((g for g in simulation.groups if g.start), None)
    return "" if group is None else span_line(group, simulation)


def _card(group: Group, hours: ByHourOfWeek, simulation: Simulation, top: float) -> Card:
    mark = " · assumed traffic" if group.assumed else ""
    settings = summary(group.current) if group.current else ""
    costs = group.cost
    varied = costs is not None and _varies(costs)
    return Card(
        top=top,
        height=CARD if varied else CARD_PLAIN,
        title=group.address,
        subtitle=f"{settings} · {group.region}{mark}",
        figures=[row for row in rows(group, simulation) if row.label in _BIG],
        demand=_demand_panel(hours),
        cpu=_cpu_panel(hours, group),
        latency=_latency_panel(hours, group),
        cells=list(_cells(hours.bad_minute_risk)),
        worst=_worst(hours.bad_minute_risk),
        dots=_dots(costs) if costs and varied else None,
        same_cost="" if costs is None or varied else words.money(costs.monthly_usd.p50),
    )


def _demand_panel(hours: ByHourOfWeek) -> Panel:
    asked, able = hours.demand_rps, hours.capacity_rps
    axis = Axis(0.0, max(_top(asked.p95), _top(able.p95), 1e-3) * 1.05, *_DEMAND)
    return Panel(
        *_DEMAND,
        ticks=[Tick(axis.at(x), f"{x:,g}") for x in axis.ticks()],
        curves=[
            Curve(kind, line(_XS, curve.p50, axis), band(_XS, curve.p05, curve.p95, axis))
            for kind, curve in (("capacity", able), ("demand", asked))
        ],
    )


def _cpu_panel(hours: ByHourOfWeek, group: Group) -> Panel:
    axis = Axis(0.0, 1.0, *_CPU)
    target = group.current.target_cpu if group.current else None
    label = "" if target is None else f"target {words.setting_share(target)}"
    return Panel(
        *_CPU,
        ticks=[Tick(axis.at(x), words.setting_share(x)) for x in (0.0, 0.5, 1.0)],
        curves=[
            Curve(
                "cpu",
                line(_XS, hours.cpu.p50, axis),
                band(_XS, hours.cpu.p05, hours.cpu.p95, axis),
            )
        ],
        limit=None if target is None else Tick(axis.at(target), label),
    )


def _latency_panel(hours: ByHourOfWeek, group: Group) -> Panel:
    """Return p99 on a logarithmic axis: overload is a thousand times what the SLO allows."""
    limit = group.slo.slo_p99_ms if group.slo else None
    found = [ms for ms in (*hours.p99_ms, limit) if ms]
    low, high = min(found, default=1.0), max(found, default=1.0)
    axis = Axis(low / 1.6, high * 1.6, *_LATENCY, logarithmic=True)
    series = [ms or None for ms in hours.p99_ms]  # an hour without requests has no latency
    return Panel(
        *_LATENCY,
        ticks=[Tick(axis.at(ms), words.milliseconds(ms)) for ms in axis.ticks()],
        curves=[Curve("latency", line(_XS, series, axis))],
        limit=None if limit is None else Tick(axis.at(limit), f"SLO {words.milliseconds(limit)}"),
    )


def _cells(risks: Series) -> Iterable[Cell]:
    for hour, risk in enumerate(risks):
        if risk is not None and risk >= 0.0005:
            opacity = 0.25 + 0.75 * min(1.0, math.sqrt(risk / _FULL_RISK))
            x = LEFT + hour * HOUR_WIDTH
            yield Cell(x, round(opacity, 3), f"{_hour_name(hour)}: {words.share(risk)} bad")


def _worst(risks: Series) -> str:
    known = [(risk, hour) for hour, risk in enumerate(risks) if risk is not None]
    risk, hour = max(known, key=lambda pair: (pair[0], -pair[1]), default=(0.0, 0))
    if risk < 0.0005:
        return "none in any hour"
    return f"worst hour {_hour_name(hour)}, {words.share(risk)}"


def _hour_name(hour: int) -> str:
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[hour // 24]} {hour % 24:02}:00"


def _varies(cost: Cost) -> bool:
    return words.money(cost.twentieths_usd[0]) != words.money(cost.twentieths_usd[-1])


def _dots(cost: Cost) -> Dots:
    """Stack twenty dots along the money they stand for."""
    low, high = cost.twentieths_usd[0], cost.twentieths_usd[-1]
    step = round_up((high - low) / 4)
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    width = HOURS_PER_WEEK * HOUR_WIDTH

    def at(usd: float) -> float:
        return LEFT + (usd - first) / (last - first) * width

    columns = [int((at(usd) - LEFT) / _COLUMN) for usd in cost.twentieths_usd]
    tallest = max(columns.count(column) for column in columns)
    top, base = _COST
    apart = min(_DOT, (base - top) / tallest)
    places = [
        (
            LEFT + (column + 0.5) * _COLUMN,
            round(base - (columns[:i].count(column) + 0.5) * apart, 2),
        )
        for i, column in enumerate(columns)
    ]
    count = round((last - first) / step)
    ticks = [Tick(round(at(first + k * step), 2), words.money(first + k * step))
             for k in range(count + 1)]  # fmt: skip
    return Dots(base, ticks, places, round(apart / 2 - 0.4, 2))


def _top(series: Sequence[float | None]) -> float:
    return max((value for value in series if value is not None), default=0.0)
