"""Finds `# tfopt:ignore[=rule,…] reason` comments: what stands there is left alone."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tfopt.hcl.document import BOM, Document

_MARK = r"tfopt:ignore(?:=(?P<rules>[\w,-]+))?(?=\s|\*/|$)\s*(?P<reason>.*?)\s*(?:\*/)?\s*$"
_COMMENT = re.compile(rf"(?P<before>.*?)(?:#|//|/\*)\s*{_MARK}")
_JSON = re.compile(_MARK)
_JSON_KEY = "//"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One such comment that covers a value."""

    where: str  # file:line
    reason: str  # as the user wrote it; may be empty

    def __str__(self) -> str:
        """Return how it is told."""
        return f"tfopt:ignore at {self.where}" + (f": {self.reason}" if self.reason else "")


def suppressed(document: Document, line: int, rules: Collection[str]) -> Suppression | None:
    """Return the comment that covers a line, on it or alone on the line above it; None without.

    In JSON the top-level `"//"` covers the whole file. A comment with rules covers only these.

    Args:
        document: the file.
        line: 1-based.
        rules: the names under which the value may be ignored.
    """
    marks = _json_marks(document) if document.syntax == "json" else _marks(document, line)
    for where, match in marks:
        named = match["rules"]
        if named is None or not {*rules, "all"}.isdisjoint(named.split(",")):
            return Suppression(where, match["reason"])
    return None


def _marks(document: Document, line: int) -> Iterator[tuple[str, re.Match[str]]]:
    lines = document.data.decode("utf-8", "replace").split("\n")
    for number, alone in ((line, False), (line - 1, True)):
        text = lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
        match = _COMMENT.match(text)
        if match is not None and not (alone and match["before"].strip()):
            yield f"{document.label}:{number}", match


def _json_marks(document: Document) -> Iterator[tuple[str, re.Match[str]]]:
    try:
        top = json.loads(document.data.removeprefix(BOM))
    except (ValueError, RecursionError):
        return
    said = top.get(_JSON_KEY) if isinstance(top, dict) else None
    for text in said if isinstance(said, list) else [said]:
        match = _JSON.match(text.strip()) if isinstance(text, str) else None
        if match is not None:
            line = document.line(document.data.find(b'"//"'))
            yield f"{document.label}:{line}", match
