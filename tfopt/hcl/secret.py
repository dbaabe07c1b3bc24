"""Finds the lines of source files that hold sensitive values: a diff must not show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tfopt.hcl.document import Document, Span, Syntax
from tfopt.hcl.sources import Sources
from tfopt.hcl.syntax import Block, Literal

SecretLines = Mapping[Path, frozenset[int]]
"""File → its 1-based lines that hold a sensitive value."""

# an attribute whose name says what it is, wherever it stands and whatever the plan knows of it
_TELLING = re.compile(
    rb"""["']?\w*(passw(or)?d|secret|token|(api|access|private)[_-]?key|credential)\w*["']?\s*[=:]""",
    re.IGNORECASE,
)
_HEREDOC = re.compile(rb"<<-?(\w+)\s*$")
_ASIDE = re.compile(rb'"(?:\\.|[^"\\])*"|(?:#|//).*')  # strings and comments hold no brackets


def secret_lines(sources: Sources, sensitive: Iterable[str]) -> SecretLines:
    """Return the lines that assign, or give a default to, these root variables.

    Variables that the sources themselves declare sensitive count too.
    """
    declared = {b.labels[0]: b for b in sources.root.of_kind("variable") if b.labels}
    names = {*sensitive, *(name for name, block in declared.items() if _is_sensitive(block))}
    found: dict[Path, set[int]] = {}
    for span in _spans(sources, declared, names):
        document = span.document
        found.setdefault(document.path, set()).update(_rows(document, span))
    return {path: frozenset(rows) for path, rows in found.items()}


def telling_lines(data: bytes, syntax: Syntax = "hcl") -> frozenset[int]:
    """Return the lines of every value whose attribute is named like a secret."""
    lines = data.split(b"\n")
    found: set[int] = set()
    for row, line in enumerate(lines):
        for name in _TELLING.finditer(line):
            last = _last_row(lines, row, name.end())
            if syntax == "yaml":
                last = max(last, _last_indented(lines, row))
            found.update(range(row + 1, last + 2))
    return frozenset(found)


def _last_indented(lines: Sequence[bytes], row: int) -> int:
    """Return the row on which a YAML value ends: what is indented more, or listed, is inside."""
    last, column = row, len(lines[row]) - len(lines[row].lstrip(b" -"))
    for number in range(row + 1, len(lines)):
        inner = lines[number].lstrip(b" ")
        indent = len(lines[number]) - len(inner)
        if inner.strip() and indent <= column and not (indent == column and inner[:1] == b"-"):
            break
        if inner.strip():
            last = number
    return last


def _last_row(lines: Sequence[bytes], row: int, start: int) -> int:
    """Return the row on which a value ends that begins in `row` after `start` bytes."""
    first = lines[row][start:]
    heredoc = _HEREDOC.search(first)
    if heredoc:
        rows = range(row + 1, len(lines))
        return next((n for n in rows if lines[n].strip() == heredoc[1]), len(lines) - 1)
    depth = 0
    for number in range(row, len(lines)):
        for char in _ASIDE.sub(b"", first if number == row else lines[number]):
            depth += (char in b"([{") - (char in b")]}")
            if depth < 0 or (depth == 0 and char == ord(",")):
                return number
        if depth == 0:
            return number
    return len(lines) - 1


def _is_sensitive(block: Block) -> bool:
    mark = block.body.attributes.get("sensitive")
    return mark is not None and isinstance(mark.expr, Literal) and mark.expr.value is True


def _spans(sources: Sources, declared: Mapping[str, Block], names: Iterable[str]) -> Iterator[Span]:
    for name in names:
        yield from (attribute.span for attribute in sources.assignments.get(name, ()))
        if name in declared and "default" in declared[name].body.attributes:
            yield declared[name].body.attributes["default"].span


def _rows(document: Document, span: Span) -> range:
    return range(span.line, document.line(max(span.start, span.end - 1)) + 1)
