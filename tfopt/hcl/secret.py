"""Finds the lines of source files that hold sensitive values: a diff must not show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tfopt.hcl.document import Document, Span, Syntax
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.syntax import Attribute, Literal

SecretLines = Mapping[Path, frozenset[int]]
"""File → its 1-based lines that hold a sensitive value."""

# an attribute whose name says what it is, wherever it stands and whatever the plan knows of it
_TELLING = re.compile(
    rb"""["']?\w*(passw(or)?d|secret|token|(api|access|private)[_-]?key|credential)\w*["']?\s*[=:]""",
    re.IGNORECASE,
)
_MARKED = re.compile(rb"(?<!\w)sensitive\s*\(")
_HARMLESS = re.compile(rb"""["']?http_tokens\b""")  # of instance metadata: "required" or "optional"
_REFERENCE = re.compile(
    rb"\s*(?:var|local|data|module|each|self|(?:aws|azurerm|google)_\w+)\.[\w.\[\]*]+\s*(?:#.*)?$"
)
_HEREDOC = re.compile(rb"<<-?(\w+)\s*$")
_ASIDE = re.compile(rb'"(?:\\.|[^"\\])*"|(?:#|//).*')  # strings and comments hold no brackets


def secret_lines(sources: Sources, sensitive: Iterable[str]) -> SecretLines:
    """Return the lines that assign, or give a default to, sensitive variables.

    Args:
        sources: of the plan; in every module, what is declared sensitive counts, and what a call
            passes to it.
        sensitive: root variables that the plan marks besides.
    """
    found: dict[Path, set[int]] = {}
    for span in _spans(sources, set(sensitive)):
        document = span.document
        found.setdefault(document.path, set()).update(_rows(document, span))
    return {path: frozenset(rows) for path, rows in found.items()}


def telling_lines(data: bytes, syntax: Syntax = "hcl") -> frozenset[int]:
    """Return the lines of every value whose attribute is named like a secret."""
    lines = data.split(b"\n")
    found: set[int] = set()
    for row, line in enumerate(lines):
        for mark in _MARKED.finditer(line):
            found.update(range(row + 1, _last_row(lines, row, mark.start()) + 2))
        for name in _TELLING.finditer(line):
            if _HARMLESS.match(line, name.start()) or _REFERENCE.match(line, name.end()):
                continue
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


def _sensitive_names(module: Module) -> set[str]:
    """Return the variables that a module declares sensitive, or may."""
    marks = ((b.labels[0], b.body.attributes.get("sensitive")) for b in module.of_kind("variable"))
    return {name for name, mark in marks if mark is not None and not _is_false(mark)}


def _is_false(mark: Attribute) -> bool:
    return isinstance(mark.expr, Literal) and mark.expr.value is False


def _spans(sources: Sources, marked: set[str]) -> Iterator[Span]:
    names = marked | _sensitive_names(sources.root)
    for name in names:
        yield from (attribute.span for attribute in sources.assignments.get(name, ()))
    yield from _in_module(sources, sources.root, names)


def _in_module(sources: Sources, module: Module, names: set[str]) -> Iterator[Span]:
    for block in module.of_kind("variable"):
        if block.labels[0] in names and "default" in block.body.attributes:
            yield block.body.attributes["default"].span
    for call in module.of_kind("module"):
        child = sources.child(module, call)
        if isinstance(child, Module):
            inner = _sensitive_names(child)
            passed = call.body.attributes.items()
            yield from (attribute.span for name, attribute in passed if name in inner)
            yield from _in_module(sources, child, inner)


def _rows(document: Document, span: Span) -> range:
    return range(span.line, document.line(max(span.start, span.end - 1)) + 1)
