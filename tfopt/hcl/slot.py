"""A place in a file where entries can be added, and how they are spelled there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tfopt.hcl.document import BOM
from tfopt.hcl.spelling import Style, joined
from tfopt.hcl.syntax import Plain


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for more entries: `lead`, the entries, then `tail` go in at `offset`."""

    offset: int
    lead: str
    tail: str
    indent: str  # of the entry's line
    assign: str = " = "
    style: Style = field(default_factory=Style)

    def entry(self, key: str, value: Plain) -> str:
        """Return the entry alone: `max = 12`."""
        return joined(self.style.key(key), self.assign, self.style.value(value, self.indent))

    def filled(self, entries: Sequence[str]) -> str:
        """Return all that is to be inserted for these entries."""
        return f"{self.lead}{self.between.join(entries)}{self.tail}"

    @property
    def between(self) -> str:
        """What sets two new entries apart."""
        if self.lead.startswith(","):
            return self.lead
        lines = "\n" in self.tail or ("\n" in self.lead and self.style.syntax == "yaml")
        if not lines:
            return ", "
        comma = "," if self.style.syntax == "json" else ""
        return comma + (self.lead if "\n" in self.lead else self.tail + self.lead)


def indent_of(data: bytes, offset: int) -> str:
    """Return the white space that the line of an offset begins with."""
    line = data[data.rfind(b"\n", 0, offset) + 1 : offset].removeprefix(BOM)
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def newline_of(data: bytes) -> str:
    """Return how a file ends its lines."""
    first = data.find(b"\n")
    return "\r\n" if first > 0 and data[first - 1 : first] == b"\r" else "\n"
