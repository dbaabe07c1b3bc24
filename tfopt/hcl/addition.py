"""Finds where and how a key is written into an object, a block or a variable file that lacks it.

The new entry looks like its neighbours: their indentation, separator, quoting and line ending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.strings import quote, spell
from tfopt.hcl.syntax import Plain
from tfopt.hcl.tree import parse_tree

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_STEP = "  "


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for more entries: `lead`, the entries, then `tail` go in at `offset`."""

    offset: int
    lead: str
    tail: str
    indent: str  # of the entry's line
    assign: str = " = "
    quoted: bool = False
    json_syntax: bool = False
    newline: str = "\n"

    def entry(self, key: str, value: Plain) -> str:
        """Return the entry alone: `max = 12`."""
        bare = not self.quoted and _IDENTIFIER.fullmatch(key)
        name = key if bare else spell(key, json_syntax=self.json_syntax)
        return f"{name}{self.assign}{self._spelled(value, self.indent)}"

    def filled(self, entries: Sequence[str]) -> str:
        """Return all that is to be inserted for these entries."""
        return f"{self.lead}{self.between.join(entries)}{self.tail}"

    @property
    def between(self) -> str:
        """What sets two new entries apart."""
        if "\n" in self.tail:
            return self.tail + self.lead
        return self.lead if self.lead.startswith(",") else ", "

    def _spelled(self, value: Plain, indent: str) -> str:
        if isinstance(value, Mapping):
            return self._object(value, indent)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return f"[{', '.join(self._spelled(each, indent) for each in value)}]"
        return spell(value, json_syntax=self.json_syntax)

    def _object(self, value: Mapping[str, Plain], indent: str) -> str:
        if not value:
            return "{}"
        inner = indent + _STEP
        if self.json_syntax:
            rows = [f"{quote(k)}: {self._spelled(v, inner)}" for k, v in value.items()]
            separator = f",{self.newline}{inner}"
        else:
            width = max(map(len, value))
            rows = [f"{k:<{width}} = {self._spelled(v, inner)}" for k, v in value.items()]
            separator = f"{self.newline}{inner}"
        return f"{{{self.newline}{inner}{separator.join(rows)}{self.newline}{indent}}}"


def slot_in(place: Span) -> Slot | None:
    """Return where an entry goes in an object, a block or a whole variable file.

    None where it cannot be written there without rewriting what stands there.
    """
    document = place.document
    if document.syntax != "hcl":
        return _json_slot(place) if document.syntax == "json" else None
    root = parse_tree(document.data).root_node
    if (place.start, place.end) == (0, len(document.data)):
        return _file_slot(document)
    node = root.descendant_for_byte_range(place.start, place.end)
    while node is not None and node.type not in ("object", "block"):
        fits = (node.start_byte, node.end_byte) == (place.start, place.end)
        node = node.named_children[0] if fits and node.named_child_count == 1 else None
    if node is None or (node.start_byte, node.end_byte) != (place.start, place.end):
        return None
    return _object_slot(document, node) if node.type == "object" else _block_slot(document, node)


def whole_file(document: Document) -> Span:
    """Return the span that stands for a variable file as a place for more variables."""
    return Span(document, 0, len(document.data))


def _file_slot(document: Document) -> Slot:
    data = document.data
    newline = _newline(data)
    ended = data.removeprefix(BOM) == b"" or data.endswith(b"\n")
    return Slot(len(data), "" if ended else newline, newline, "", newline=newline)


def _object_slot(document: Document, node: Node) -> Slot | None:
    data, newline = document.data, _newline(document.data)
    elements = [child for child in node.children if child.type == "object_elem"]
    opening, closing = node.children[0], node.children[-1]
    if not elements:
        return _empty_slot(data, opening, closing, newline)
    last = elements[-1]
    assign, quoted = _style(data, elements)
    comma = _follows(last, ",")
    end = comma.end_byte if comma is not None else last.end_byte
    if opening.start_point.row == closing.start_point.row:
        lead = " " if comma is not None else ", "
        return Slot(end, lead, "", "", assign, quoted, newline=newline)
    indent = _indent(data, last.start_byte)
    if last.end_point.row == closing.start_point.row:
        lead = newline + indent if comma is not None else f",{newline}{indent}"
        return Slot(end, lead, "", indent, assign, quoted, newline=newline)
    offset = data.index(b"\n", end) + 1
    tail = f",{newline}" if comma is not None else newline
    return Slot(offset, indent, tail, indent, assign, quoted, newline=newline)


def _empty_slot(data: bytes, opening: Node, closing: Node, newline: str) -> Slot:
    if opening.start_point.row == closing.start_point.row:
        indent = _indent(data, opening.start_byte)
        tail = "" if closing.start_byte > opening.end_byte else " "
        return Slot(opening.end_byte, " ", tail, indent, newline=newline)
    line = data.rindex(b"\n", 0, closing.start_byte) + 1
    indent = _indent(data, closing.start_byte) + _STEP
    return Slot(line, indent, newline, indent, newline=newline)


def _style(data: bytes, elements: Sequence[Node]) -> tuple[str, bool]:
    """Return how the neighbours assign (` = `, ` : `, `: `) and whether they quote their keys."""
    last = elements[-1]
    key, value = last.named_children[0], last.named_children[-1]
    between = data[key.end_byte : value.start_byte].decode()
    assign = " = " if "=" in between else ": " if between.startswith(":") else " : "
    return assign, all(data[each.start_byte : each.start_byte + 1] == b'"' for each in elements)


def _block_slot(document: Document, node: Node) -> Slot | None:
    """After the last attribute that stands before any nested block, else first in the block."""
    data, newline = document.data, _newline(document.data)
    opening = next(child for child in node.children if child.type == "block_start")
    closing = next(child for child in node.children if child.type == "block_end")
    if opening.start_point.row == closing.start_point.row:
        return None
    body = next((child for child in node.children if child.type == "body"), None)
    after, indent = opening, _indent(data, node.start_byte) + _STEP
    for child in body.children if body is not None else ():
        if child.type == "block":
            break
        if child.type == "attribute" and _name(data, child) not in _LAST:
            after, indent = child, _indent(data, child.start_byte)
    offset = data.index(b"\n", after.end_byte) + 1
    return Slot(offset, indent, newline, indent, newline=newline)


_LAST = {b"depends_on", b"providers", b"provider"}  # by custom the end of a block


def _name(data: bytes, attribute: Node) -> bytes:
    name = attribute.named_children[0]
    return data[name.start_byte : name.end_byte]


def _follows(node: Node, kind: str) -> Node | None:
    after = node.next_sibling
    while after is not None and after.type == "comment":
        after = after.next_sibling
    return after if after is not None and after.type == kind else None


def _indent(data: bytes, offset: int) -> str:
    """Return the white space that the line of an offset begins with."""
    line = data[data.rfind(b"\n", 0, offset) + 1 : offset].removeprefix(BOM)
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def _newline(data: bytes) -> str:
    first = data.find(b"\n")
    return "\r\n" if first > 0 and data[first - 1 : first] == b"\r" else "\n"


_JSON_END = re.compile(rb"[ \t\r\n]*\}$")
_JSON_FIRST = re.compile(rb'\{([ \t\r\n]*)"')


def _json_slot(place: Span) -> Slot | None:
    """After the last member: on a line of its own where the members have such."""
    data = place.document.data
    start, end = place.start, place.end
    if (start, end) == (0, len(data)):  # a variable file: its one object
        start, end = data.index(b"{"), data.rindex(b"}") + 1
    inside = data[start:end]
    closed = _JSON_END.search(inside)
    if closed is None or not inside.startswith(b"{"):
        return None
    offset, newline = start + closed.start(), _newline(data)
    first = _JSON_FIRST.match(inside)
    if first is None:
        return Slot(start + 1, "", "", "", ": ", quoted=True, json_syntax=True, newline=newline)
    gap = first[1].decode()
    lines = "\n" in gap
    lead = f",{gap}" if lines else ", "
    indent = gap.rpartition("\n")[2] if lines else ""
    return Slot(offset, lead, "", indent, ": ", quoted=True, json_syntax=True, newline=newline)
