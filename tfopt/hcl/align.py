"""Keeps `terraform fmt`'s alignment of `=` and of trailing comments around edited lines.

The rules are those of hclwrite's formatter: consecutive lines that hold a whole assignment line up
their `=`; consecutive lines with a trailing `#` or `//` comment line up their comments.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tree_sitter import Node

from tfopt.hcl.document import BOM
from tfopt.hcl.tree import parse_tree

_BRACKETS = {
    "{": 1,
    "[": 1,
    "(": 1,
    "template_interpolation_start": 1,
    "template_directive_start": 1,
    "}": -1,
    "]": -1,
    ")": -1,
    "template_interpolation_end": -1,
    "template_directive_end": -1,
}
_MULTI_ROW = {"heredoc_template", "quoted_template", "comment"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the formatter sees it; a heredoc belongs to the line that it starts on.

    `assign` and `comment` are byte offsets of the `=` and of the trailing comment, or None where
    the formatter does not line them up. `balance` is how many brackets it leaves open, below zero
    where it closes those of earlier lines.
    """

    first_row: int
    last_row: int
    start: int
    assign: int | None
    comment: int | None
    empty: bool
    balance: int


def leaves(node: Node) -> Iterator[Node]:
    """Yield the tokens of a tree in source order."""
    if node.child_count == 0:
        yield node
        return
    for child in node.children:
        yield from leaves(child)


def read_lines(data: bytes) -> list[Line]:
    """Return the formatter's lines of a file."""
    starts = [0, *(i + 1 for i, byte in enumerate(data) if byte == 0x0A)]
    tree = parse_tree(data)
    tokens: dict[int, list[Node]] = {}
    head = list(range(len(starts)))
    for first, last in _spans(tree.root_node):
        for row in range(first + 1, last + 1):
            head[row] = head[first]
    for token in leaves(tree.root_node):
        if token.end_byte > token.start_byte:
            tokens.setdefault(head[token.start_point.row], []).append(token)
    rows = [list(group) for _, group in groupby(range(len(starts)), key=lambda row: head[row])]
    size = len(data)
    return [_line(group, starts[group[0]], tokens.get(group[0], []), size) for group in rows]


def _spans(node: Node) -> Iterator[tuple[int, int]]:
    if node.type in _MULTI_ROW:
        if node.end_point.row > node.start_point.row:
            yield node.start_point.row, node.end_point.row
        return
    for child in node.children:
        if child.end_point.row > child.start_point.row:
            yield from _spans(child)


def _line(rows: Sequence[int], start: int, tokens: Sequence[Node], size: int) -> Line:
    comment: int | None = None
    lead = list(tokens)
    if len(lead) > 1 and lead[-1].type == "comment" and _lines_up(lead[-1], size):
        comment = lead.pop().start_byte
    return Line(rows[0], rows[-1], start, _assign(lead), comment, not tokens, _balance(lead))


def _lines_up(comment: Node, size: int) -> bool:
    """`/* … */` is lined up only where it ends the file: elsewhere a newline token follows it."""
    inline = comment.text is not None and comment.text.startswith(b"/*")
    return not inline or comment.end_byte == size


def _assign(tokens: Sequence[Node]) -> int | None:
    for i, token in enumerate(tokens):
        if i and token.type == "=":
            return token.start_byte if _balance(tokens[i:]) == 0 else None
    return None


def _balance(tokens: Sequence[Node]) -> int:
    return sum(_BRACKETS.get(token.type, 0) for token in tokens)


def columns(text: bytes) -> int:
    """Return the width of a piece of a line in characters, combining marks not counted."""
    shown = text.removeprefix(BOM).decode("utf-8", "replace")
    return sum(1 for char in shown if not unicodedata.combining(char))


@dataclass(frozen=True, slots=True)
class _Cell:
    """Something to line up: the bytes before it on its line, without the padding."""

    row: int
    line_start: int
    at: int
    padding: int  # bytes of spaces before it
    width: int  # columns of what stands before the padding


def _cell(data: bytes, line: Line, at: int) -> _Cell:
    before = data[line.start : at]
    kept = before.rstrip(b" ")
    return _Cell(line.first_row, line.start, at, len(before) - len(kept), columns(kept))


def _chains(data: bytes, which: str) -> Iterator[list[_Cell]]:
    chain: list[_Cell] = []
    for line in read_lines(data):
        at: int | None = getattr(line, which)
        if at is not None:
            chain.append(_cell(data, line, at))
        elif chain:
            yield chain
            chain = []
    if chain:
        yield chain


def _wanted(chain: Iterable[_Cell]) -> dict[int, int]:
    cells = list(chain)
    widest = max(cell.width for cell in cells)
    return {cell.row: widest - cell.width + 1 for cell in cells}


def _unaligned_rows(data: bytes, which: str) -> set[int]:
    """Return the rows of every run that the formatter would move something in."""
    found: set[int] = set()
    for chain in _chains(data, which):
        wanted = _wanted(chain)
        if any(cell.padding != wanted[cell.row] for cell in chain):
            found.update(wanted)
    return found


def realign(before: bytes, after: bytes, origin: Sequence[int | None]) -> bytes:
    """Return the edited file with the runs lined up that were lined up before.

    Args:
        before: the file as it was.
        after: the file as edited.
        origin: for each row of `after`, its row in `before`, or None for an added row.
    """
    for which in ("assign", "comment"):
        crooked = _unaligned_rows(before, which)
        pieces: list[bytes] = []
        done = 0
        for chain in _chains(after, which):
            if any(origin[cell.row] in crooked for cell in chain):
                continue
            wanted = _wanted(chain)
            for cell in chain:
                pieces.append(after[done : cell.at - cell.padding])
                pieces.append(b" " * wanted[cell.row])
                done = cell.at
        after = b"".join((*pieces, after[done:]))
    return after
