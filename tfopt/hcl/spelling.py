"""Spells keys and plain values, structures too, in the syntax of the file they are added to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tfopt.hcl.document import Syntax
from tfopt.hcl.strings import quote, spell
from tfopt.hcl.syntax import Plain, Scalar
from tfopt.hcl.yaml_scalars import spell_scalar

STEP = "  "
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written: `inline` puts a structure on one line, `quoted` quotes every key."""

    syntax: Syntax = "hcl"
    newline: str = "\n"
    inline: bool = False
    quoted: bool = False

    def key(self, name: str) -> str:
        """Return a key of an entry."""
        if self.syntax == "hcl":
            return name if not self.quoted and _IDENTIFIER.fullmatch(name) else quote(name)
        return self._scalar(name)

    def value(self, value: Plain, indent: str) -> str:
        """Return a value whose entry stands on a line with this indentation."""
        if isinstance(value, Mapping):
            structure = (_INLINE if self.inline else _LINES)[self.syntax]
            return structure(replace(self, quoted=False), value, indent) if value else "{}"
        if isinstance(value, Sequence) and not isinstance(value, str):
            flat = replace(self, inline=True)
            return f"[{', '.join(flat.value(each, indent) for each in value)}]"
        return self._scalar(value)

    def _scalar(self, value: Scalar) -> str:
        if self.syntax == "yaml":
            return spell_scalar(value, "")
        return spell(value, json_syntax=self.syntax == "json")

    def _hcl_lines(self, value: Mapping[str, Plain], indent: str) -> str:
        inner = indent + STEP
        width = max(len(self.key(name)) for name in value)
        rows = [
            f"{self.key(name):<{width}} = {self.value(each, inner)}" for name, each in value.items()
        ]
        return self._between("{", rows, f"{self.newline}{inner}", f"{self.newline}{indent}", "}")

    def _json_lines(self, value: Mapping[str, Plain], indent: str) -> str:
        inner = indent + STEP
        rows = [f"{self.key(name)}: {self.value(each, inner)}" for name, each in value.items()]
        between = f",{self.newline}{inner}"
        return self._between("{", rows, between, f"{self.newline}{indent}", "}")

    def _yaml_lines(self, value: Mapping[str, Plain], indent: str) -> str:
        """As a block mapping: it begins with a line break."""
        inner = indent + STEP
        rows = [
            self.newline + inner + joined(self.key(name), ": ", self.value(each, inner))
            for name, each in value.items()
        ]
        return "".join(rows)

    @staticmethod
    def _between(opening: str, rows: Sequence[str], between: str, ending: str, closing: str) -> str:
        return opening + between.removeprefix(",") + between.join(rows) + ending + closing

    def _hcl_inline(self, value: Mapping[str, Plain], indent: str) -> str:
        rows = (f"{self.key(name)} = {self.value(each, indent)}" for name, each in value.items())
        return f"{{ {', '.join(rows)} }}"

    def _flow(self, value: Mapping[str, Plain], indent: str) -> str:
        rows = (f"{self.key(name)}: {self.value(each, indent)}" for name, each in value.items())
        return f"{{{', '.join(rows)}}}"


def joined(key: str, assign: str, value: str) -> str:
    """Return an entry; a value that begins on the next line leaves no space behind."""
    return key + (assign.rstrip() if value.startswith(("\n", "\r")) else assign) + value


_Structure = Callable[[Style, Mapping[str, Plain], str], str]
_LINES: Mapping[Syntax, _Structure] = {
    "hcl": Style._hcl_lines,
    "json": Style._json_lines,
    "yaml": Style._yaml_lines,
}
_INLINE: Mapping[Syntax, _Structure] = {
    "hcl": Style._hcl_inline,
    "json": Style._flow,
    "yaml": Style._flow,
}
