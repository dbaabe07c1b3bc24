"""Places one short comment on each changed line of YAML, and keeps aligned comments aligned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfopt.hcl.align import columns
from tfopt.hcl.annotate import clean
from tfopt.hcl.document import BOM

_MAX_COLUMNS = 120
_OURS = re.compile(rb"(?:^|[ \t]+)#[ \t]*tfopt:(?!ignore)[^\r\n]*")


@dataclass(frozen=True, slots=True)
class _Layout:
    """What stands where: the byte in each row after its last token, and rows that run on.

    `continued` holds each row whose end stands inside a scalar, where a comment would be text.
    """

    ends: Mapping[int, int]
    continued: frozenset[int]


Rows = tuple[Sequence[int], Sequence[int | None]]
"""The rows (0-based) of the new values, and where each row was before; None for a new row."""


def annotate_yaml(
    before: bytes, spliced: bytes, rows: Rows, comments: Mapping[int, str]
) -> tuple[bytes, list[int]]:
    """Return the edited file with its comments, and the rows for which there was no place.

    A comment trails its line where nothing else does and it fits; else it stands above. Runs of
    trailing comments that were lined up are so again.

    Args:
        before: the file as it was.
        spliced: with its new values.
        rows: where they are, and where every row was.
        comments: row → what to say.
    """
    mark = BOM if spliced.startswith(BOM) else b""
    lines = _realigned(before.removeprefix(BOM), spliced.removeprefix(BOM), rows)
    layout = _layout(b"\n".join(lines))
    homeless = [
        row
        for row in sorted(comments, reverse=True)
        if not _annotate_row(lines, layout, row, clean(comments[row]).encode())
    ]
    return mark + b"\n".join(lines), homeless


def _annotate_row(rows: list[bytes], layout: _Layout, row: int, text: bytes) -> bool:
    body, ending = _split_ending(rows[row])
    end = layout.ends.get(row, len(body))
    body = body[:end] + _OURS.sub(b"", body[end:], count=1)
    trailed = b"#" in body[end:]
    above_is_ours = row > 0 and _is_ours_alone(rows[row - 1]) and row - 1 not in layout.continued
    trailing = (body if trailed else body.rstrip(b" \t")) + b" " + text
    if not trailed and row not in layout.continued and columns(trailing) <= _MAX_COLUMNS:
        rows[row] = trailing + ending
    elif row - 1 not in layout.continued:
        indent = body[: len(body) - len(body.lstrip(b" "))]
        rows[row] = body + ending
        rows.insert(row, indent + text + ending)
    else:
        return False
    if above_is_ours:
        del rows[row - 1]
    return True


def _split_ending(row: bytes) -> tuple[bytes, bytes]:
    return (row[:-1], b"\r") if row.endswith(b"\r") else (row, b"")


def _is_ours_alone(row: bytes) -> bool:
    return _OURS.fullmatch(row.removesuffix(b"\r")) is not None


def _layout(data: bytes) -> _Layout:
    import yaml

    text = data.decode("utf-8")
    lines = text.split("\n")
    ends: dict[int, int] = {}
    continued: set[int] = set()
    for token in yaml.scan(text, Loader=yaml.BaseLoader):
        first, last = token.start_mark, token.end_mark
        if last.index == first.index:
            continue
        continued.update(range(first.line, _last_row(token)))
        if last.column:
            width = len(lines[last.line][: last.column].encode())
            ends[last.line] = max(width, ends.get(last.line, 0))
    return _Layout(ends, frozenset(continued))


def _last_row(token: Any) -> int:
    """Return the last row of a token; what follows a block scalar's last line break is not its."""
    if getattr(token, "style", None) in ("|", ">"):
        return int(token.end_mark.line) - 1
    return int(token.end_mark.line)


# -- runs of aligned comments --------------------------------------------------------------------


def _realigned(before: bytes, spliced: bytes, rows: Rows) -> list[bytes]:
    lines, old = spliced.split(b"\n"), before.split(b"\n")
    was, now = _layout(before).ends, _layout(spliced).ends
    edited, origin = rows
    now_at = {row: i for i, row in enumerate(origin) if row is not None}
    for run in _runs(old, was):
        if not any(now_at[row] in edited for row in run):
            continue
        widths = {row: columns(lines[now_at[row]][: now[now_at[row]]]) for row in run}
        place = columns(old[run[0]][: _comment_at(old[run[0]], was[run[0]])])
        gap = min(place - columns(old[row][: was[row]]) for row in run)
        place = max(place, *(width + gap for width in widths.values()))
        for row, width in widths.items():
            at = now_at[row]
            comment = lines[at][now[at] :].lstrip(b" \t")
            lines[at] = lines[at][: now[at]] + b" " * (place - width) + comment
    return lines


def _runs(rows: Sequence[bytes], ends: Mapping[int, int]) -> Iterator[list[int]]:
    """Yield two or more neighbouring rows whose trailing comments begin in the same column."""
    run: list[int] = []
    column = None
    for row, line in enumerate(rows):
        at = _comment_at(line, ends[row]) if row in ends else None
        here = None if at is None else columns(line[:at])
        if here is None or here != column:
            if len(run) > 1:
                yield run
            run = []
        if here is not None:
            run.append(row)
        column = here
    if len(run) > 1:
        yield run


def _comment_at(line: bytes, end: int) -> int | None:
    """Return where a trailing comment begins that only spaces set apart."""
    rest = line[end:].lstrip(b" ")
    return len(line) - len(rest) if rest.startswith(b"#") and len(rest) < len(line) - end else None
