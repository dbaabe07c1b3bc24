"""Cost against risk: what is, what is proposed and what was weighed, each a point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tfopt.recommendation import Group, Interval
from tfopt.render import words
from tfopt.render.scales import Axis
from tfopt.render.sentences import period_of
from tfopt.render.settings import summary
from tfopt.render.view import alternative_view
from tfopt.render.week import Mark

AS_WRITTEN = "as-written"  # the contender that is the present settings
_LEAST_RISK = 0.05  # top of the axis where no point is riskier: its ticks are whole weeks
_WIDTH = (6.0, 95.0)  # per cent: room for a point at either end
_HEIGHT = 200.0  # px

Kind = Literal["now", "proposed", "type", "contender"]
_KIND = {
    "now": "present settings",
    "proposed": "proposed settings",
    "type": "other type",
    "contender": "contender in the proof",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One row of the table; a point in the picture where cost and risk are both known."""

    kind: Kind
    what: str  # the kind in words
    name: str
    cost: str
    risk: str
    note: str
    usd: float | None
    misses: float | None
    x: float = 0.0  # per cent
    y: float = 0.0  # px

    @property
    def drawn(self) -> bool:
        """Whether it has a place."""
        return self.usd is not None and self.misses is not None


@dataclass(frozen=True, slots=True)
class Frontier:
    """The scatter; lower left is better."""

    points: list[Point]
    costs: list[Mark]
    risks: list[Mark]

    @property
    def listed(self) -> list[Point]:
        """The points of the table; the contenders have one of their own, in the proof."""
        return [point for point in self.points if point.kind != "contender"]

    @property
    def drawn(self) -> list[Point]:
        """The points with a place, the present and the proposed settings on top."""
        order = ("contender", "type", "now", "proposed")
        return sorted((p for p in self.points if p.drawn), key=lambda p: order.index(p.kind))


@dataclass(frozen=True, slots=True)
class CostBar:
    """A cost range as a bar, its places in per cent of the width."""

    label: str
    kind: str
    start: float
    length: float
    median: float
    words: str


def frontier(group: Group) -> Frontier | None:
    """Return cost against risk; None where fewer than two points have both."""
    points = list(_points(group))
    known = [(p.usd, p.misses) for p in points if p.usd is not None and p.misses is not None]
    if len(known) < 2:
        return None
    costs, risks = [usd for usd, _ in known], [misses for _, misses in known]
    room = max((max(costs) - min(costs)) * 0.04, max(costs) * 0.01, 0.01)
    across = Axis(max(min(costs) - room, 0.0), max(costs) + room, _WIDTH[1], _WIDTH[0])
    up = Axis(0.0, max(max(risks) * 1.1, _LEAST_RISK), 12.0, _HEIGHT - 12.0)
    return Frontier(
        points=[_placed(point, across, up) for point in points],
        costs=[Mark(across.at(usd), words.money(usd)) for usd in across.ticks()],
        risks=[Mark(up.at(risk), words.misses_count(risk)) for risk in up.ticks()],
    )


def _placed(point: Point, across: Axis, up: Axis) -> Point:
    if point.usd is None or point.misses is None:
        return point
    return replace(point, x=across.at(point.usd), y=up.at(point.misses))


def _points(group: Group) -> Iterator[Point]:
    mark = f"{words.GAP}assumed" if group.assumed else ""
    period = period_of(group)

    def point(kind: Kind, name: str, usd: float, risk: float, note: str = "") -> Point:
        cost, misses = words.money(usd) + mark, words.misses(risk, period) + mark
        return Point(kind, _KIND[kind], name, cost, misses, note, usd, risk)

    if group.cost and group.slo and group.current:
        usd = group.cost.current_monthly_usd.p50
        yield point("now", summary(group.current), usd, group.slo.current_risk)
        if group.status == "recommended" and group.recommended:
            usd = group.cost.recommended_monthly_usd.p50
            name = summary(group.recommended)
            yield point("proposed", name, usd, group.slo.recommended_risk)
    for item in group.alternatives:
        view = alternative_view(item, mark, period)
        yield Point(
            "type",
            _KIND["type"],
            view.instance_type,
            view.cost,
            view.risk,
            view.why_not,
            item.monthly_usd,
            item.risk,
        )
    for rival in group.proof.contenders if group.proof else ():
        if rival.name != AS_WRITTEN:
            note = "meets the SLO" if rival.meets_slo else "misses the SLO"
            yield point("contender", rival.name, rival.monthly_usd, rival.risk, note)


def cost_bars(now: Interval, proposed: Interval | None, mark: str) -> list[CostBar]:
    """Return the cost range now and as proposed, on one axis from zero."""
    rows = [("now", "now", now)]
    if proposed:
        rows.append(("proposed", "proposed", proposed))
    top = max(max(figure.p95, figure.p50) for _, _, figure in rows)
    axis = Axis(0.0, max(top, 1e-9), 100.0, 0.0)
    return [
        CostBar(
            label=label,
            kind=kind,
            start=min(axis.at(figure.p05), 99.4),
            length=max(round(axis.at(figure.p95) - axis.at(figure.p05), 2), 0.6),
            median=axis.at(figure.p50),
            words=f"{words.money(figure.p50)} a month{words.money_spread(figure)}{mark}",
        )
        for label, kind, figure in rows
    ]
