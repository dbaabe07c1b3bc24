"""One source file in memory: its bytes, its name in messages, and places in it."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar, cast

Made = TypeVar("Made")

BOM = b"\xef\xbb\xbf"

Ownership = Literal["root", "local-module", "outside", "vendored", "saved-plan"]
"""Whose file it is: the root module's, a local module's under the configuration directory, a local
module's elsewhere, a downloaded module's, or one that exists only inside a saved plan."""

Role = Literal["configuration", "variables", "data"]
"""What Terraform reads the file as: declarations, assignments of variables, or data."""


def role_of(path: Path) -> Role:
    """Return the role that a file's name tells; one given with `-var-file` may have any name."""
    return "variables" if path.name.endswith((".tfvars", ".tfvars.json")) else "configuration"


Syntax = Literal["hcl", "json", "yaml"]


@dataclass(frozen=True, eq=False)
class Document:
    """One source file; compared by identity, since a file is read once."""

    path: Path
    label: str  # relative to the configuration directory where it stands under it, POSIX slashes
    data: bytes = field(repr=False)
    owner: Ownership = "root"
    role: Role = "configuration"
    _made: dict[object, object] = field(default_factory=dict, repr=False)

    def once(self, make: Callable[[Document], Made]) -> Made:
        """Return what a function makes of this file, made when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast(Made, self._made[make])

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.data.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

    def line(self, offset: int) -> int:
        """Return the 1-based line of a byte offset."""
        return bisect_right(self._line_starts, offset)

    def column(self, offset: int) -> int:
        """Return the 1-based column of a byte offset, in characters."""
        start = self._line_starts[self.line(offset) - 1]
        return len(self.data[start:offset].decode("utf-8", "replace")) + 1

    @cached_property
    def syntax(self) -> Syntax:
        """The syntax that an edit has to keep to.

        The name tells that of a configuration or variable file; a data file may have any name, and
        what is JSON stays JSON even where `yamldecode` reads it.
        """
        if self.role == "data":
            return "json" if _is_json(self.data) else "yaml"
        return "json" if self.label.endswith(".json") else "hcl"

    @property
    def text_token(self) -> Span:
        """The token of the whole text as one value; longer than the file, so no node's."""
        return Span(self, 0, len(self.data) + 1)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data.removeprefix(BOM))
    except (ValueError, RecursionError):
        return False
    return True


class Span(NamedTuple):
    """A byte range in a document."""

    document: Document
    start: int
    end: int

    @property
    def line(self) -> int:
        """1-based line of the first byte."""
        return self.document.line(self.start)

    @property
    def where(self) -> str:
        """The place as a message shows it: `main.tf:12`."""
        return f"{self.document.label}:{self.line}"

    @property
    def text(self) -> str:
        """The source text."""
        return self.document.data[self.start : self.end].decode("utf-8", "replace")
