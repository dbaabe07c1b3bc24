"""One source file in memory: its bytes, its name in messages, and places in it."""

from __future__ import annotations

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


@dataclass(frozen=True, eq=False)
class Document:
    """One source file; compared by identity, since a file is read once."""

    path: Path
    label: str  # relative to the configuration directory where it stands under it, POSIX slashes
    data: bytes = field(repr=False)
    owner: Ownership = "root"
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

    @property
    def is_json(self) -> bool:
        """Whether the file is in Terraform's JSON syntax."""
        return self.label.endswith(".json")

    @property
    def is_var_file(self) -> bool:
        """Whether the file assigns variables rather than declaring things."""
        return not self.label.endswith((".tf", ".tf.json"))


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
