"""Writes random YAML data files, formatted at random, for property tests."""

from __future__ import annotations

import random

TEXTS = ["m5.large", "c6g.4xlarge", "plain text", "über-größe", "a#b", "eu-west-1", "x"]
QUOTED = ["m5.large", "5", "yes", "a: b # no comment", "it's", 'say "hi"', "", "über"]
NUMBERS = ["4", "-7", "0.60", "1.5e3", "12345678901", "0o17", "0x1F", "010"]
WORDS = ["true", "yes", "Off", "null", "~"]
COMMENTS = ["", "", "", "  # sized in 2021", "   # über alles", " # tfopt: was 3; 2026-01-01"]
BLOCKS = ["|\n{i}  line # no comment\n{i}  more: text", ">-\n{i}  folded\n{i}  text"]


class YamlWriter:
    """Writes a random YAML file."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.anchors = 0

    def file(self) -> bytes:
        """Return a file: a mapping with three to six members."""
        newline = self.rng.choice(["\n", "\n", "\r\n"])
        head = self.rng.choice(["", "", "---\n", "# sizes\n", "--- # sizes\n", "# tfopt: was 1\n"])
        text = head + self.mapping(2, "") + self.rng.choice(["\n", "\n", "", "\n...\n"])
        mark = self.rng.choice([b"", b"", b"\xef\xbb\xbf"])
        return mark + text.replace("\n", newline).encode()

    def mapping(self, depth: int, indent: str) -> str:
        """Return the lines of a block mapping."""
        return "\n".join(
            self.member(f"{indent}{self.key(i)}:", depth, indent)
            for i in range(self.rng.randint(2, 5))
        )

    def key(self, i: int) -> str:
        """Return a key, quoted or not."""
        return self.rng.choice([f"k{i}", f"k{i}", f'"k-{i}"', f"'k {i}'", f"größe{i}"])

    def member(self, key: str, depth: int, indent: str) -> str:
        """Return one member: a scalar, a flow or block collection, or an alias."""
        above = f"{indent}# tfopt: was 9; 2026-01-01\n" if self.rng.random() < 0.1 else ""
        kind = self.rng.choice(["scalar"] * 4 + ["flow", "block", "alias", "text"] * (depth > 0))
        if kind == "block" and self.rng.random() < 0.5:
            return f"{above}{key}{self.comment()}\n" + self.mapping(depth - 1, indent + "  ")
        if kind == "block":
            items = (f"{indent}  - {self.scalar()}{self.comment()}" for _ in range(3))
            return f"{above}{key}\n" + "\n".join(items)
        if kind == "text":
            return f"{above}{key} " + self.rng.choice(BLOCKS).replace("{i}", indent)
        if kind == "alias" and self.anchors:
            return f"{above}{key} *a{self.rng.randint(1, self.anchors)}{self.comment()}"
        value = self.flow(indent) if kind == "flow" else self.anchored(self.scalar())
        return f"{above}{key} {value}{self.comment()}"

    def anchored(self, scalar: str) -> str:
        """Return the scalar, at times with an anchor."""
        if self.rng.random() < 0.8:
            return scalar
        self.anchors += 1
        return f"&a{self.anchors} {scalar}"

    def scalar(self) -> str:
        """Return a scalar in one of its styles."""
        quoted = self.rng.choice(QUOTED)
        double = '"' + quoted.replace("\\", "\\\\").replace('"', '\\"') + '"'
        single = "'" + quoted.replace("'", "''") + "'"
        plain = self.rng.choice(TEXTS)
        number = self.rng.choice(NUMBERS)
        return self.rng.choice([double, single, plain, number, number, self.rng.choice(WORDS)])

    def flow(self, indent: str) -> str:
        """Return a flow collection on one line or several."""
        if self.rng.random() < 0.5:
            return "{ " + ", ".join(f"m{i}: {self.scalar()}" for i in range(3)) + " }"
        items = [self.scalar() for _ in range(3)]
        if self.rng.random() < 0.5:
            return "[" + ", ".join(items) + "]"
        lines = (f"{indent}    {item},{self.comment()}" for item in items)
        return "[\n" + "\n".join(lines) + f"\n{indent}  ]"

    def comment(self) -> str:
        """Return a trailing comment or nothing."""
        return self.rng.choice(COMMENTS)
