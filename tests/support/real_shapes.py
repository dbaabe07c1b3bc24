"""Writes Terraform files at random in the shapes that teams write them in."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

WORDS = [
    "m5.xlarge",
    "",
    "a b",
    'q"uote',
    "back\\slash",
    "tab\t",
    "é—ü",
    "x # y",
    "//",
    "変数",
    "%",
]
COMMENTS = ["# sized in 2021", "// keep", "/* c */", "# tfopt:ignore steady", "# größer"]
HEREDOCS = [
    "<<EOT\n#!/bin/sh\nN=1 # not a comment\n  x = ${var.a}\nEOT",
    "<<-EOT\n    a = 1\n  EOT",
]
BOM = b"\xef\xbb\xbf"


class RealShapes:
    """One random file: a .tf of blocks or a .tfvars of nested values.

    Args:
        seed: the same seed, the same file.
    """

    def __init__(self, seed: int):
        self._rng = Random(seed)
        self._unit = "\t" if self._rng.random() < 0.1 else "  "
        self._letter = "é" if self._rng.random() < 0.1 else "x"  # python-hcl2 reads no such names
        self._commented = self._rng.choice([0.0, 0.2, 0.6])
        self.name = f"f{seed:05}.{'tf' if self._rng.random() < 0.6 else 'tfvars'}"

    def file(self) -> bytes:
        """Return the bytes of the file."""
        if self.name.endswith(".tf"):
            kinds = [self._resource, self._variable, self._locals, self._module]
            parts = [self._rng.choice(kinds)(i) for i in range(self._rng.randint(1, 3))]
        else:
            parts = [self._body(0, 2, self._rng.randint(1, 6))]
        text = self._rng.choice(["\n", "\n\n"]).join(parts)
        text = text.rstrip("\n") + self._rng.choice(["\n", "\n", "\n", ""])
        if text.endswith("EOT"):
            text += "\n"
        mark = BOM if self._rng.random() < 0.1 else b""
        newline = "\r\n" if self._rng.random() < 0.2 else "\n"
        return mark + text.replace("\n", newline).encode()

    def _resource(self, number: int) -> str:
        inner = self._body(1, 1, self._rng.randint(1, 5)) + self._blocks()
        return f'resource "aws_thing" "t{number}" {{{self._comment()}\n{inner}}}\n'

    def _variable(self, number: int) -> str:
        if self._rng.random() < 0.3:
            return f'variable "v{number}" {{ default = {self._scalar()} }}{self._comment()}\n'
        inner = f"{self._unit}type{self._equals()}any\n{self._unit}default = {self._value(1, 2)}\n"
        return f'variable "v{number}" {{\n{inner}}}\n'

    def _locals(self, _number: int) -> str:
        return f"locals {{\n{self._body(1, 2, self._rng.randint(1, 5))}}}\n"

    def _module(self, number: int) -> str:
        source = f'{self._unit}source = "./m"{self._comment()}\n'
        return f'module "m{number}" {{\n{source}{self._body(1, 1, 3)}}}\n'

    def _blocks(self) -> str:
        one_line = f"{self._unit}filter {{ size = {self._scalar()} }}{self._comment()}\n"
        inner = self._body(2, 1, 2)
        nested = f"\n{self._unit}scaling {{\n{inner}{self._unit}}}\n"
        return "".join(block for block in (one_line, nested) if self._rng.random() < 0.4)

    def _body(self, level: int, depth: int, count: int) -> str:
        indent, lines = self._unit * level, []
        for i in range(count):
            if self._rng.random() < 0.1:
                lines.append("")
            if self._rng.random() < 0.15:
                lines.append(indent + self._rng.choice([*COMMENTS, "# tfopt: was 9; 2026-01-01"]))
            name = f"name_{i}" if self._rng.random() < 0.6 else f"n{i}-{self._letter}"
            value = self._value(level, depth)
            tail = "" if value.endswith("EOT") else self._comment()
            lines.append(f"{indent}{name}{self._equals()}{value}{tail}")
        return "\n".join(lines) + "\n"

    def _comment(self) -> str:
        if self._rng.random() >= self._commented:
            return ""
        found = self._rng.choice([*COMMENTS, "# tfopt: was 3; 2026-01-01"])
        return " " * self._rng.randint(0, 3) + found

    def _equals(self) -> str:
        return " " * self._rng.randint(1, 3) + "= "

    def _value(self, level: int, depth: int) -> str:
        kinds: list[Callable[[int, int], str]] = [self._plain] * 4 + [self._expression]
        if depth:
            kinds += [self._object, self._list]
        if self._rng.random() < 0.05:
            return self._rng.choice(HEREDOCS)
        return self._rng.choice(kinds)(level, depth)

    def _plain(self, _level: int, _depth: int) -> str:
        return self._scalar()

    def _scalar(self) -> str:
        text = json.dumps(self._rng.choice(WORDS), ensure_ascii=False)
        number = self._rng.choice(["4", "-7", "0.60", "1.5e3", "1e3", "12345678901"])
        return self._rng.choice([text, text, number, "true", "null"])

    def _expression(self, _level: int, _depth: int) -> str:
        a, b = self._scalar(), self._scalar()
        forms = ["var.on ? A : B", "max(A, B)", 'lookup(var.m, "k", A)', "[for x in [A, B] : x]"]
        forms += ['"a-${var.x}-b"', "!var.on", "coalesce(A /* or */, B)", "(A)", "{ (var.k) = A }"]
        return self._rng.choice(forms).replace("A", a).replace("B", b)

    def _object(self, level: int, depth: int) -> str:
        if self._rng.random() < 0.3:
            return f"{{ a = {self._scalar()}, b-c = {self._scalar()}, 1 = {self._scalar()} }}"
        inner = self._body(level + 1, depth - 1, self._rng.randint(1, 3))
        return "{\n" + inner + self._unit * level + "}"

    def _list(self, level: int, depth: int) -> str:
        members = [self._value(level + 1, depth - 1) for _ in range(self._rng.randint(0, 3))]
        members = [m for m in members if not m.endswith("EOT")]
        if self._rng.random() < 0.5:
            return "[" + ", ".join(members) + "]"
        indent = self._unit * (level + 1)
        lines = "".join(f"{indent}{member},{self._comment()}\n" for member in members)
        return f"[\n{lines}{self._unit * level}]"
