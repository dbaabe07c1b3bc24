"""Finds `# tfopt:ignore[=rule,…] reason` comments: what stands there is left alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tfopt.hcl.document import BOM, Document

CHECK_RULES: Final = (
    "syntax",
    "allowed_families",
    "denied_families",
    "architectures",
    "unknown_type",
    "max_target_cpu",
    "min_headroom",
    "max_spot_share",
    "size_order",
    "recommendation",
)
"""The rules of `tfopt check`: a comment that names one of them says nothing of edits."""

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


@dataclass(frozen=True, slots=True)
class Rules:
    """The names under which a value may be ignored, among all names that a rule may have."""

    names: frozenset[str]
    known: frozenset[str]

    def covered_by(self, written: str | None) -> bool:
        """Tell whether the rules of a comment cover the value; one that names nothing does."""
        if written is None:
            return True
        named = {name for name in written.split(",") if name}
        return "all" in named or not named <= self.known or not self.names.isdisjoint(named)


def suppressed(document: Document, line: int, rules: Rules) -> Suppression | None:
    """Return the comment that covers a line, on it or alone on the line above it; None without.

    In JSON the top-level `"//"` covers the whole file. A comment with rules covers only these,
    unless one of them is not known.

    Args:
        document: the file.
        line: 1-based.
        rules: under which the value may be ignored.
    """
    marks = _json_marks(document) if document.syntax == "json" else _marks(document, line)
    for where, match in marks:
        if rules.covered_by(match["rules"]):
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
