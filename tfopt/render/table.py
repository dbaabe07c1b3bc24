"""The report on a terminal: fits 80 columns and uses what it has."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tfopt.recommendation import Report
from tfopt.render import words
from tfopt.render.plain import plain_report
from tfopt.render.view import GroupView, ReportView, report_view

NARROWEST, WIDEST = 60, 140  # below nothing lines up, above the eye loses the line
WHOLE_CELL = 26  # figures this short stay on one line; the column of places gives way
# stands for the no-break space while rich breaks lines, which would break there
_GLUE = "\ue000"
_STATUS = {"recommended": "bold green", "unchanged": "cyan", "not analysed": "yellow"}


def render_table(report: Report, *, width: int | None = None, color: bool = False) -> str:
    """Return the report for a terminal of `width` columns; escape codes only with `color`."""
    columns = width or shutil.get_terminal_size((80, 24)).columns
    target = io.StringIO()
    console = Console(
        file=target,
        width=max(NARROWEST, min(WIDEST, columns)),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for part in _report(report_view(plain_report(report))):
        console.print(part)
    lines = target.getvalue().replace(_GLUE, " ").split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _text(content: str, style: str = "") -> Text:
    return Text(content.replace(words.GAP, _GLUE), style=style)


def _report(view: ReportView) -> Iterable[RenderableType]:
    yield _text(view.headline, "bold")
    for warning in view.warnings:
        yield _text(f"Note: {warning}", "yellow")
    for group in view.groups:
        yield Text()
        yield from _group(group)
    if view.skipped:
        yield Text()
        yield Rule(_text("Skipped", "bold"), align="left", style="dim", characters="─")
        skipped = _grid(1, 1)
        for item in view.skipped:
            name = f"{item.address} in {item.plan}" if item.plan else item.address
            skipped.add_row(_text(name), _text(item.reason, "dim"))
        yield skipped
    yield Text()
    yield Rule(style="dim", characters="─")
    footer = _facts()
    if view.total:
        _fact(footer, "Total", view.total)
    _fact(footer, "Coverage", view.coverage)
    _fact(footer, "Plan", view.plan)
    _fact(footer, "Price book", view.prices)
    _fact(footer, "Made by", view.tool)
    yield footer


def _group(group: GroupView) -> Iterable[RenderableType]:
    title = _text(f"{group.address} in {group.plan}" if group.plan else group.address, "bold")
    yield Rule(title, align="left", style="dim", characters="─")
    style = next((s for name, s in _STATUS.items() if group.status.startswith(name)), "")
    yield Text.assemble(_text(group.status, style), _text(f" · {group.subtitle}", "dim"))
    for sentence in _headline(group):
        yield _text(sentence)
    if group.settings or group.figures:
        yield Text()
        yield _settings(group)
    facts = _facts()
    for label, lines in _details(group):
        for position, line in enumerate(lines):
            _fact(facts, label if position == 0 else "", line)
    if facts.row_count:
        yield Text()
        yield facts
    for item in group.ready_to_add:
        yield Text()
        yield _text(f"Ready to add: {item.what}{f' ({item.saving})' if item.saving else ''}")
        yield Padding(_text(item.block, "dim"), (0, 0, 0, 2))


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
            table.add_column(_text(name, "dim"), no_wrap=whole, overflow="fold")
    for row in rows:
        styles = ("", "", "dim" if row[2] == "same" else "bold green", "dim")
        table.add_row(row[0], *(_text(row[column], styles[column]) for column in shown))
    return table


def _details(group: GroupView) -> Iterable[tuple[str, list[str]]]:
    yield "Scaled by", group.scaled_by
    if group.recommended:
        if group.why_this_type:
            yield f"Why {group.proposed_type}", [group.why_this_type]
        for other in group.alternatives:
            cost = f"{other.cost} a month; " if other.cost else ""
            yield f"Not {other.instance_type}", [f"{cost}{other.why_not}"]
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


def _grid(*ratios: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for ratio in ratios:
        grid.add_column(ratio=ratio, overflow="fold")
    return grid


def _facts() -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True, max_width=18)
    facts.add_column(overflow="fold")
    return facts


def _fact(facts: Table, label: str, text: str) -> None:
    facts.add_row(_text(label), _text(text))
