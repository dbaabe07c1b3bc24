"""Places one short comment on each changed line of HCL, and replaces the one of an earlier run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tfopt.hcl.align import Line, columns, read_lines
from tfopt.hcl.document import BOM

MARKER = "# tfopt:"
_MAX_COLUMNS = 120
_MAX_MERGED = 110  # characters of a comment that stands for several
_WAS = "was "
_OURS = re.compile(rb"[ \t]*(?:#|//)[ \t]*tfopt:(?!ignore)[^\r\n]*")


def annotate(data: bytes, comments: Mapping[int, str]) -> tuple[bytes, list[int | None]]:
    """Return the file with a comment on each given row, and each row's row in `data`.

    A comment trails its line where the line has none and it fits; it is added to the user's own
    comment where a line of its own would break up a run of aligned `=`; else it stands above.

    Args:
        data: the file, already edited.
        comments: row (0-based) → what to say.
    """
    mark = BOM if data.startswith(BOM) else b""
    rows = data.removeprefix(BOM).split(b"\n")
    origin: list[int | None] = list(range(len(rows)))
    for row in sorted(comments, reverse=True):
        _annotate_row(rows, origin, row, comments[row])
    return mark + b"\n".join(rows), origin


def merged(comments: Sequence[str]) -> str:
    """Return one short comment for several changes on one line.

    Comments are clauses, set apart by "; ". What the old values were goes into one clause (or only
    their number, where that is too long), and a clause stays if all comments have it.
    """
    if len(comments) == 1:
        return comments[0]
    clauses = [_said(comment).split("; ") for comment in comments]
    shared = [one for one in clauses[0] if all(one in other for other in clauses[1:])]
    brief = "; ".join([f"{len(comments)} settings changed", *shared])
    if not all(each[0].startswith(_WAS) for each in clauses):
        return brief
    old = _WAS + ", ".join(each[0].removeprefix(_WAS) for each in clauses)
    told = "; ".join([old, *(one for one in shared if not one.startswith(_WAS))])
    return told if len(told) <= _MAX_MERGED - len(MARKER) else brief


def clean(comment: str) -> str:
    """Return a comment on one line, with the marker before it."""
    return f"{MARKER} {_said(comment)}"


def _said(comment: str) -> str:
    text = " ".join(comment.split())
    return text.removeprefix("#").lstrip().removeprefix("tfopt:").strip()


def _annotate_row(rows: list[bytes], origin: list[int | None], row: int, comment: str) -> None:
    lines = {line.first_row: line for line in read_lines(b"\n".join(rows))}
    head = max(first for first in lines if first <= row)
    line = lines[head]
    text = clean(comment).encode()
    row = head
    if row and _is_ours_alone(rows[row - 1]) and lines.get(row - 1):
        del rows[row - 1], origin[row - 1]
        row -= 1
        line = next(each for each in read_lines(b"\n".join(rows)) if each.first_row == row)
    body, ending = _split_ending(rows[row])
    body, has_comment = _without_ours(body, line)
    trailing = body + b" " + text
    fits = columns(trailing) <= _MAX_COLUMNS and line.first_row == line.last_row
    closes = body.lstrip(b" \t")[:1] in (b"}", b"]", b")")
    if fits and (not has_comment or closes or not _starts_run(rows, row)):
        rows[row] = trailing + ending
        return
    indent = body[: len(body) - len(body.lstrip(b" \t"))]
    if line.balance < 0:  # a line above stands inside the bracket that this one closes
        indent += b"  "
    rows[row : row + 1] = [indent + text + ending, body + ending]
    origin.insert(row, None)


def _split_ending(row: bytes) -> tuple[bytes, bytes]:
    return (row[:-1], b"\r") if row.endswith(b"\r") else (row, b"")


def _is_ours_alone(row: bytes) -> bool:
    return _OURS.fullmatch(row.removesuffix(b"\r")) is not None


def _without_ours(body: bytes, line: Line) -> tuple[bytes, bool]:
    """Return a row without an earlier run's comment, and whether a user's comment remains."""
    if line.comment is None:
        return body.rstrip(b" \t") if line.first_row == line.last_row else body, False
    at = line.comment - line.start
    found = _OURS.search(body, len(body[:at].rstrip(b" \t")))
    kept = body if found is None else body[: found.start()]
    return kept, len(kept) > at


def _starts_run(rows: list[bytes], row: int) -> bool:
    """Whether a line above this row would leave the runs of aligned `=` as they are."""
    lines = read_lines(b"\n".join(rows))
    at = next(i for i, line in enumerate(lines) if line.first_row == row)
    return lines[at].assign is None or at == 0 or lines[at - 1].assign is None
