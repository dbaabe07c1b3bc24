"""What was simulated, on a terminal: figures, the week hour by hour, the worst days."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tfopt.render import words
from tfopt.render.console import columns, fact, facts, grid, printed, text
from tfopt.render.plain import plain_report
from tfopt.render.settings import summary
from tfopt.render.simulation_view import (
    day_lines,
    demand_line,
    headline,
    rows,
    span_line,
)
from tfopt.simulation import ByHourOfWeek, Group, Simulation

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BLOCKS = "▁▂▃▄▅▆▇█"
_HOURS = "".join(f"{hour:<6}" for hour in ("00", "06", "12", "18"))
_WIDE = 80  # columns that three strips of 24 hours need
# share of an hour's minutes that is bad, from …: as dark as it is bad
_SHADES = ((0.2, "█"), (0.05, "▓"), (0.01, "▒"), (0.0005, "░"), (0.0, "·"))
_LEGEND = f"░ under 1{words.GAP}%, ▒ under 5{words.GAP}%, ▓ under 20{words.GAP}%, █ more"


def render_simulation_table(
    simulation: Simulation, *, width: int | None = None, color: bool = False
) -> str:
    """Return it for a terminal of `width` columns; escape codes only with `color`."""
    wide = columns(width) >= _WIDE
    return printed(_parts(plain_report(simulation), wide), width=width, color=color)


def _parts(simulation: Simulation, wide: bool) -> Iterable[RenderableType]:
    yield text(headline(simulation), "bold")
    for warning in simulation.plan.warnings:
        yield text(f"Note: {warning}", "yellow")
    for group in simulation.groups:
        if group.status == "simulated":
            yield Text()
            yield from _group(group, simulation, wide)
    if simulation.coverage.skipped:
        yield Text()
        yield Rule(text("Skipped", "bold"), align="left", style="dim", characters="─")
        skipped = grid(1, 1)
        for item in simulation.coverage.skipped:
            skipped.add_row(text(item.address), text(item.reason, "dim"))
        yield skipped
    yield Text()
    yield Rule(style="dim", characters="─")
    yield _footer(simulation)


def _footer(simulation: Simulation) -> Table:
    tool, plan = simulation.tool, simulation.plan
    footer = facts()
    fact(footer, "Plan", f"{plan.path} (Terraform {plan.terraform_version})")
    fact(footer, "Price book", f"{tool.price_date}. {tool.price_attribution}")
    fact(footer, "Made by", f"tfopt {tool.version}, seed {simulation.seed}")
    return footer


def _group(group: Group, simulation: Simulation, wide: bool) -> Iterable[RenderableType]:
    yield Rule(text(group.address, "bold"), align="left", style="dim", characters="─")
    subtitle = ", ".join(filter(None, (group.kind, group.region)))
    settings = summary(group.current) if group.current else ""
    yield Text.assemble(text(settings), text(f" · {subtitle}", "dim"))
    yield Text()
    yield _figures(group, simulation)
    if group.by_hour_of_week:
        yield Text()
        yield from (text(line) for line in _week(group.by_hour_of_week, wide))
    listed = facts()
    lines = {
        "Worst days": day_lines(group, simulation),
        "Demand": [demand_line(group.demand, group.assumed)] if group.demand else [],
        "Simulated": [span_line(group, simulation)],
        "Note": group.notes,
    }
    for label, entries in lines.items():
        for position, line in enumerate(entries):
            fact(listed, label if position == 0 else "", line)
    yield Text()
    yield listed


def _figures(group: Group, simulation: Simulation) -> Table:
    found, names = rows(group, simulation), _columns(group)
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        show_edge=False,
        show_header=any(names),
    )
    table.add_column("", style="dim", no_wrap=True)
    for name, style in zip(names, ("", "", "dim"), strict=True):
        table.add_column(text(name, "dim"), style=style, overflow="fold")
    for row in found:
        table.add_row(row.label, text(row.value), text(row.spread), text(row.limit))
    return table


def _columns(group: Group) -> tuple[str, str, str]:
    """Return what stands above the figures; nothing where there is one value of each."""
    if group.replay is None:
        return "median", "p05–p95", "limit"
    checked = group.replay.by_request is not None
    return ("by the minute", "request by request", "") if checked else ("", "", "")


def _week(hours: ByHourOfWeek, wide: bool) -> Iterable[str]:
    """Yield the strips of the week: a day a line, an hour a character."""
    demand = hours.demand_rps.p50
    top = max((value for value in demand if value is not None), default=0.0)
    busiest = max((value for value in hours.cpu.p50 if value is not None), default=0.0)
    strips = {"demand": [_block(value, top) for value in demand]}
    if wide:
        strips["CPU"] = [_block(value, 1.0) for value in hours.cpu.p50]
    strips["bad minutes"] = [_shade(value) for value in hours.bad_minute_risk]
    yield f"    {'  '.join(f'{name:<24}' for name in strips)}"
    yield f"    {'  '.join([_HOURS] * len(strips))}"
    for number, day in enumerate(_DAYS):
        of_day = slice(24 * number, 24 * (number + 1))
        drawn = ["".join(cells[of_day]) for cells in strips.values()]
        if any(cells.strip() for cells in drawn):
            yield f"{day} {'  '.join(drawn)}"
    yield (
        f"Hours in UTC. Demand: median, up to {words.rate(top)}. CPU: of 100{words.GAP}%, up to "
        f"{words.share(busiest)}. Bad minutes: {_LEGEND}."
    )


def _block(value: float | None, top: float) -> str:
    if value is None:
        return " "
    place = int(value / top * len(_BLOCKS)) if top > 0 else 0
    return _BLOCKS[min(place, len(_BLOCKS) - 1)]


def _shade(risk: float | None) -> str:
    if risk is None:
        return " "
    return next(shade for least, shade in _SHADES if risk >= least)
