"""What was simulated in words, once for the table and the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from tfopt.recommendation import Interval
from tfopt.render import words
from tfopt.simulation import BadDay, CostParts, DemandFigures, Group, Replay, Simulation
from tfopt_sim.cost import HOURS_PER_MONTH

_WEEK_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `spread` and `limit` are empty where there is none."""

    label: str
    value: str
    spread: str = ""
    limit: str = ""


def period(simulation: Simulation) -> str:
    """Return what the SLO is counted over: `week`, or `day` or `period` where that is shorter."""
    hours = simulation.horizon_s // 3600
    return "week" if simulation.horizon_s >= _WEEK_S else words.period(hours)


def headline(simulation: Simulation) -> str:
    """Say what all groups cost, and the worst of what becomes of their SLOs."""
    groups = [group for group in simulation.groups if group.status == "simulated"]
    if not groups:
        return "No group could be simulated."
    if simulation.mode == "replay":
        return " ".join(_replayed(group) for group in groups)
    measured = [group for group in groups if not group.assumed]
    shown, mark = (measured, "") if measured else (groups, " on assumed traffic")
    risk = max(1 - group.slo.met_share for group in shown if group.slo)
    costs = [group.cost.monthly_usd for group in shown if group.cost]
    total = simulation.totals.monthly_usd
    spent = words.money(total.p50 if total else sum(cost.p50 for cost in costs))
    verb = "costs" if len(shown) == 1 else "cost"
    others = len(groups) - len(shown)
    more = f"; {words.count(others, 'group')} with assumed traffic not counted" if others else ""
    return (
        f"{words.count(len(shown), 'group')} {verb} {spent} a month as planned{mark}"
        f"{words.money_spread(total) if total else ''}; "
        f"SLO missed in {words.misses(risk, period(simulation))}{more}."
    )


def _replayed(group: Group) -> str:
    replay = group.replay
    assert replay is not None  # the mode says so
    ended = words.days(replay.minutes / 1440)
    return (
        f"{group.address} under {replay.source}: {words.money(replay.cost_usd)} in {ended}, "
        f"p99 {words.milliseconds(replay.p99_ms)}, {words.share(replay.bad_minute_share)} of its "
        "minutes bad."
    )


def rows(group: Group, simulation: Simulation) -> list[Row]:
    """Return the figures of a group; "assumed" ends each that rests on an assumption."""
    mark = f"{words.GAP}assumed" if group.assumed else ""
    found = _replay_rows(group.replay, group) if group.replay else _ahead_rows(group, simulation)
    return [Row(row.label, row.value + mark, row.spread, row.limit) for row in found]


def _ahead_rows(group: Group, simulation: Simulation) -> list[Row]:
    cost, capacity, slo = group.cost, group.capacity, group.slo
    if cost is None or capacity is None or slo is None:
        return []
    bad = slo.bad_minute_share
    return [
        Row("cost a month", words.money(cost.monthly_usd.p50), words.money_range(cost.monthly_usd)),
        *_parts(cost.parts),
        _spread("instances", capacity.mean_instances, "on average"),
        _spread("  most at once", capacity.peak_instances, _most(group)),
        Row(
            "CPU",
            words.share(capacity.mean_cpu.p50),
            words.share_range(capacity.mean_cpu),
            _target(group),
        ),
        _launches(capacity.launches_per_week),
        Row(
            "p99 latency",
            words.milliseconds(slo.p99_ms.p50),
            _range(words.milliseconds(slo.p99_ms.p05), words.milliseconds(slo.p99_ms.p95)),
            f"SLO: {words.milliseconds(slo.slo_p99_ms)}",
        ),
        Row(
            "bad minutes",
            words.share(bad.p50),
            words.share_range(bad),
            f"SLO: at most {words.setting_share(slo.max_bad_minutes)}",
        ),
        Row("SLO missed in", words.misses(1 - slo.met_share, period(simulation))),
    ]


_PARTS = {
    "on_demand": "on demand",
    "spot": "spot",
    "surplus": "CPU surplus",
    "disk": "disk",
    "commitment": "commitment",
}


def _parts(parts: CostParts) -> list[Row]:
    """Return what the cost is made of, where that is more than one thing."""
    paid = {name: getattr(parts, name) for name in _PARTS if getattr(parts, name).p95 > 0}
    return [
        Row(f"  {_PARTS[name]}", words.money(usd.p50), words.money_range(usd))
        for name, usd in (paid if len(paid) > 1 else {}).items()
    ]


def _replay_rows(replay: Replay, group: Group) -> list[Row]:
    a_month = words.money(replay.cost_usd / (replay.minutes / 60) * HOURS_PER_MONTH)

    def both(label: str, name: str, written: Callable[[float], str], limit: str = "") -> Row:
        other = replay.by_request
        checked = "" if other is None else written(getattr(other, name))
        return Row(label, written(getattr(replay, name)), checked, limit)

    return [
        both("cost", "cost_usd", words.money, f"{a_month} a month"),
        both("instances", "mean_instances", _number, "on average"),
        both("  most at once", "peak_instances", _number, _most(group)),
        both("CPU", "mean_cpu", words.share, _target(group)),
        Row("launches", _number(replay.launches)),
        *(both(f"{p} latency", f"{p}_ms", words.milliseconds) for p in ("p50", "p95", "p99")),
        Row("slow requests", words.share(replay.slow_share)),
        both("bad minutes", "bad_minute_share", words.share),
    ]


def _spread(label: str, figure: Interval, limit: str = "") -> Row:
    low, high = _number(figure.p05), _number(figure.p95)
    return Row(label, _number(figure.p50), _range(low, high), limit)


def _launches(figure: Interval) -> Row:
    low, middle, high = (f"{n:,.0f}" for n in (figure.p05, figure.p50, figure.p95))
    return Row("launches a week", middle, _range(low, high))


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def _most(group: Group) -> str:
    most = group.current.max_size if group.current else None
    return "" if most is None else f"maximum {most}"


def _target(group: Group) -> str:
    target = group.current.target_cpu if group.current else None
    return "" if target is None else f"target {words.setting_share(target)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.5 or value == round(value) else f"{value:.3g}"


def day_lines(group: Group, simulation: Simulation) -> list[str]:
    """Return a line for each of the worst days: how bad, and why."""
    return [_day(day, simulation) for day in group.worst_days]


def _day(day: BadDay, simulation: Simulation) -> str:
    name = date.fromisoformat(day.date)
    minutes = words.count(round(day.bad_minutes), "bad minute")
    if simulation.mode == "forecast":
        minutes += f" expected, over the SLO's share in {words.misses(day.risk, 'scenario')}"
    shares = sorted(day.causes.items(), key=lambda item: -item[1])
    causes = ", ".join(f"{cause} {words.share(share)}" for cause, share in shares if share > 0.05)
    peak = f"peak {words.rate(day.peak_rps)}, {_number(day.most_instances)} instances at most"
    return f"{name:%a} {day.date}: {minutes}: {causes}; {peak}"


def demand_line(asked: DemandFigures, assumed: bool) -> str:
    """Return where the demand is from, and how much it is."""
    mean, peak = words.rate(asked.mean_rps), words.rate(asked.peak_rps)
    return f"{asked.source}, mean {mean}, peak {peak}{', assumed' if assumed else ''}"


def span_line(group: Group, simulation: Simulation) -> str:
    """Return what was simulated: how many scenarios, how long, from when (UTC)."""
    start = datetime.fromisoformat(group.start) if group.start else None
    since = f" from {start:%a %Y-%m-%d %H:%M} UTC" if start else ""
    length = words.days(simulation.horizon_s / 86_400)
    if simulation.mode == "replay":
        return f"{length} replayed{since}"
    return f"{words.count(simulation.scenarios, 'scenario')} of {length}{since}"
