"""The report on a terminal: fits 80 columns and uses what it has."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tfopt.recommendation import Report
from tfopt.render.console import fact, facts, grid, printed, text
from tfopt.render.plain import plain_report
from tfopt.render.view import GroupView, ReportView, report_view

WHOLE_CELL = 26  # figures this short stay on one line; the column of places gives way
_STATUS = {"recommended": "bold green", "unchanged": "cyan", "not analysed": "yellow"}


def render_table(report: Report, *, width: int | None = None, color: bool = False) -> str:
    """Return the report for a terminal of `width` columns; escape codes only with `color`."""
    return printed(_report(report_view(plain_report(report))), width=width, color=color)


def _report(view: ReportView) -> Iterable[RenderableType]:
    yield text(view.headline, "bold")
    for warning in view.warnings:
        yield text(f"Note: {warning}", "yellow")
    for group in view.groups:
        yield Text()
        yield from _group(group)
    if view.skipped:
        yield Text()
        yield Rule(text("Skipped", "bold"), align="left", style="dim", characters="─")
        skipped = grid(1, 1)
        for item in view.skipped:
            name = f"{item.address} in {item.plan}" if item.plan else item.address
            skipped.add_row(text(name), text(item.reason, "dim"))
        yield skipped
    yield Text()
    yield Rule(style="dim", characters="─")
    footer = facts()
    if view.total:
        fact(footer, "Total", view.total)
    fact(footer, "Coverage", view.coverage)
    fact(footer, "Plan", view.plan)
    fact(footer, "Price book", view.prices)
    fact(footer, "Made by", view.tool)
    yield footer


def _group(group: GroupView) -> Iterable[RenderableType]:
    title = text(f"{group.address} in {group.plan}" if group.plan else group.address, "bold")
    yield Rule(title, align="left", style="dim", characters="─")
    style = next((s for name, s in _STATUS.items() if group.status.startswith(name)), "")
    yield Text.assemble(text(group.status, style), text(f" · {group.subtitle}", "dim"))
    for sentence in _headline(group):
        yield text(sentence)
    if group.settings or group.figures:
        yield Text()
        yield _settings(group)
    listed = facts()
    for label, lines in _details(group):
        for position, line in enumerate(lines):
            fact(listed, label if position == 0 else "", line)
    if listed.row_count:
        yield Text()
        yield listed
    for item in group.ready_to_add:
        yield Text()
        yield text(f"Ready to add: {item.what}{f' ({item.saving})' if item.saving else ''}")
        yield Padding(text(item.block, "dim"), (0, 0, 0, 2))


def _headline(group: GroupView) -> Iterable[str]:
    """Say what changes, what it saves, what happens to the SLO and to running instances."""
    if group.recommended:
        yield f"Change {group.change}."
        yield " ".join(filter(None, (group.saving, group.risk)))
        if group.impact:
            yield group.impact
    else:
        yield group.verdict


def _settings(group: GroupView) -> Table:
    """Return now beside proposed: settings with their place, then measured figures."""
    rows = [
        *((row.label, row.now, row.proposed or "same", row.place) for row in group.settings),
        *((row.label, row.now, row.proposed, row.limit) for row in group.figures),
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("", style="dim", no_wrap=True)
    shown = [1, 2, 3] if group.recommended else [1, 3]
    for column, name in enumerate(("now", "proposed", "from / limit"), start=1):
        if column in shown:
            whole = column < 3 and max(len(row[column]) for row in rows) <= WHOLE_CELL
            table.add_column(text(name, "dim"), no_wrap=whole, overflow="fold")
    for row in rows:
        styles = ("", "", "dim" if row[2] == "same" else "bold green", "dim")
        table.add_row(row[0], *(text(row[column], styles[column]) for column in shown))
    return table


def _details(group: GroupView) -> Iterable[tuple[str, list[str]]]:
    yield "Scaled by", group.scaled_by
    if group.recommended:
        if group.why_this_type:
            yield f"Why {group.proposed_type}", [group.why_this_type]
        for other in group.alternatives:
            cost = f"{other.cost} a month; " if other.cost else ""
            yield f"Not {other.instance_type}", [f"{cost}{other.why_not}"]
        yield "Moved by", group.moved_by
        yield "Rejected", group.rejected
    yield (
        "Also moves",
        [
            f"{trace.label}: {', '.join(trace.also_moves)}"
            for trace in group.traces
            if trace.also_moves
        ],
    )
    yield (
        "Not patchable",
        [f"{trace.label}: {trace.note}" for trace in group.traces if not trace.patchable],
    )
    yield "Demand", [group.demand] if group.demand else []
    yield "Trust", group.trust
    if group.proof and group.recommended:
        yield "Proof", [group.proof.sentence]
    yield "Note", group.notes
