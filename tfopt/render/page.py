"""What the HTML page shows beside the words of `report_view`: sums, rows to sort, pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import inf

from tfopt.recommendation import Group, Interval, Report
from tfopt.render import words
from tfopt.render.frontier import AS_WRITTEN, CostBar, Frontier, cost_bars, frontier
from tfopt.render.view import GroupView, ReportView, report_view
from tfopt.render.week import WeekChart, week_chart

OPEN_GROUPS = 5  # so many groups are shown unfolded


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the fleet."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sortable:
    """A cell and the number it is sorted by; what is not known sorts last."""

    words: str
    key: float | None


@dataclass(frozen=True, slots=True)
class PageGroup:
    """One group: its words, its row of the overview and its pictures."""

    id: str
    view: GroupView
    status: str  # without "assumed": what the filter asks for
    shown_open: bool
    now: Sortable
    proposed: Sortable
    saving: Sortable
    risk: Sortable
    bars: list[CostBar]
    week: WeekChart | None
    frontier: Frontier | None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    report: ReportView
    total: str  # empty where the tiles say it all
    tiles: list[Tile]
    bars: list[CostBar]
    groups: list[PageGroup]


def page(report: Report) -> Page:
    """Return what the page shows of a report (its strings already made plain)."""
    view = report_view(report)
    few = len(report.groups) <= OPEN_GROUPS
    totals = report.totals
    return Page(
        report=view,
        total=view.total if any(group.assumed for group in report.groups) else "",
        tiles=_tiles(report),
        bars=cost_bars(
            totals.current_monthly_usd,
            totals.recommended_monthly_usd if totals.recommended else None,
            "",
        )
        if totals.groups
        else [],
        groups=[
            _group(group, words_of, number, shown_open=few)
            for number, (group, words_of) in enumerate(
                zip(report.groups, view.groups, strict=True), start=1
            )
        ],
    )


def _group(group: Group, view: GroupView, number: int, *, shown_open: bool) -> PageGroup:
    mark = f"{words.GAP}assumed" if group.assumed else ""
    cost, changed = group.cost, group.status == "recommended"
    then = cost.recommended_monthly_usd if cost and changed else None
    return PageGroup(
        id=f"group-{number}",
        view=view,
        status=group.status,
        shown_open=shown_open,
        now=_money(cost.current_monthly_usd.p50 if cost else None, mark),
        proposed=_money(then.p50 if then else None, mark),
        saving=_saving(group, mark),
        risk=Sortable(view.risk_cell, group.slo.current_risk if group.slo else None),
        bars=cost_bars(cost.current_monthly_usd, then, mark) if cost else [],
        week=_week(group, proposed=changed) if group.demand else None,
        frontier=frontier(group),
    )


def _money(usd: float | None, mark: str) -> Sortable:
    return Sortable("" if usd is None else words.money(usd) + mark, usd)


def _week(group: Group, *, proposed: bool) -> WeekChart | None:
    assert group.demand
    service = [group.hourly_now, *([group.hourly_recommended] if proposed else [])]
    return week_chart(
        group.demand,
        ", assumed" if group.assumed else "",
        proposed=proposed,
        service=[it for it in service if it],
        slo_p99_ms=group.slo.slo_p99_ms if group.slo else inf,
    )


def _saving(group: Group, mark: str) -> Sortable:
    if group.cost is None or group.status != "recommended":
        return Sortable("", None)
    cost = group.cost
    paired = cost.saving_monthly_usd
    usd = paired.p50 if paired else cost.current_monthly_usd.p50 - cost.recommended_monthly_usd.p50
    change = words.cost_change(cost.savings_share.p50)
    return Sortable(f"{words.money(usd)} ({change}){mark}", usd)


def _tiles(report: Report) -> list[Tile]:
    totals = report.totals
    tiles = [_groups_tile(report)]
    if totals.groups:
        now, then = totals.current_monthly_usd, totals.recommended_monthly_usd
        tiles.append(Tile("cost a month now", words.money(now.p50), _span(now)))
        tiles.append(
            Tile("as proposed", words.money(then.p50), _span(then))
            if totals.recommended
            else Tile("as proposed", "the same", "nothing to change")
        )
        if totals.recommended:
            tiles.append(_saving_tile(report))
    if any(group.slo for group in report.groups):
        tiles.append(_slo_tile(report))
    return tiles


def _groups_tile(report: Report) -> Tile:
    counts = Counter(group.status for group in report.groups)
    parts = [
        (counts["recommended"], "to change"),
        (counts["unchanged"], "to keep"),
        (counts["not-analysed"], "not analysed"),
        (sum(group.assumed for group in report.groups), "on assumed traffic"),
    ]
    detail = ", ".join(f"{number} {what}" for number, what in parts if number)
    return Tile("instance groups", str(len(report.groups)), detail or "none found")


def _saving_tile(report: Report) -> Tile:
    totals = report.totals
    change = words.cost_change(totals.savings_share.p50)
    paired = totals.saving_monthly_usd
    if paired is None:
        usd = totals.current_monthly_usd.p50 - totals.recommended_monthly_usd.p50
        return Tile("saving a month", words.money(usd), change)
    return Tile("saving a month", words.money(paired.p50), f"{change}, {_span(paired)}")


def _slo_tile(report: Report) -> Tile:
    known = [group for group in report.groups if group.slo]
    missing = sum(_misses_now(group) for group in known)
    return Tile(
        "miss the SLO now",
        f"{missing} of {words.count(len(known), 'group')}",
        "as the proof judges the present settings",
    )


def _misses_now(group: Group) -> bool:
    """Tell whether the present settings miss the SLO: by the proof, else in the median future."""
    for rival in group.proof.contenders if group.proof else ():
        if rival.name == AS_WRITTEN:
            return not rival.meets_slo
    slo = group.slo
    return slo is not None and slo.current_bad_minute_share.p50 > slo.max_bad_minutes


def _span(figure: Interval) -> str:
    return words.money_spread(figure).strip(" ()")
