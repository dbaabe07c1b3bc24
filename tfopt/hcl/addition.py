"""Finds where and how a key is written into an object, a block or a variable file that lacks it.

The new entry looks like its neighbours: their indentation, separator, quoting and line ending.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.slot import Slot, indent_of, newline_of
from tfopt.hcl.spelling import STEP, Style
from tfopt.hcl.tree import parse_tree
from tfopt.hcl.yaml_slot import yaml_slot


def slot_in(place: Span, *, structured: bool = False) -> Slot | None:
    """Return where an entry goes in an object, a block or a whole variable file.

    None where it cannot be written there without rewriting what stands there.

    Args:
        place: an object, a block or a whole file.
        structured: whether the entry is an object itself: it gets lines of its own in an empty one.
    """
    document = place.document
    if document.syntax == "json":
        return _json_slot(place, structured=structured)
    if document.syntax == "yaml":
        return yaml_slot(place, structured=structured)
    root = parse_tree(document.data).root_node
    if (place.start, place.end) == (0, len(document.data)):
        return _file_slot(document)
    node = root.descendant_for_byte_range(place.start, place.end)
    while node is not None and node.type not in ("object", "block"):
        fits = (node.start_byte, node.end_byte) == (place.start, place.end)
        node = node.named_children[0] if fits and node.named_child_count == 1 else None
    if node is None or (node.start_byte, node.end_byte) != (place.start, place.end):
        return None
    if node.type == "block":
        return _block_slot(document, node)
    return _object_slot(document, node, structured=structured)


def whole_file(document: Document) -> Span:
    """Return the span that stands for a variable file as a place for more variables."""
    return Span(document, 0, len(document.data))


def _file_slot(document: Document) -> Slot:
    data = document.data
    newline = newline_of(data)
    ended = data.removeprefix(BOM) == b"" or data.endswith(b"\n")
    return Slot(len(data), "" if ended else newline, newline, "", style=Style(newline=newline))


def _object_slot(document: Document, node: Node, *, structured: bool) -> Slot | None:
    data, newline = document.data, newline_of(document.data)
    elements = [child for child in node.children if child.type == "object_elem"]
    opening, closing = node.children[0], node.children[-1]
    if not elements:
        return _empty_slot(data, opening, closing, structured=structured)
    last = elements[-1]
    assign, quoted = _manner(data, elements)
    comma = _follows(last, ",")
    end = comma.end_byte if comma is not None else last.end_byte
    if opening.start_point.row == closing.start_point.row:
        lead = " " if comma is not None else ", "
        return Slot(end, lead, "", "", assign, Style("hcl", newline, True, quoted))
    indent = indent_of(data, last.start_byte)
    style = Style("hcl", newline, _holds_on_one_line(last), quoted)
    if last.end_point.row == closing.start_point.row:
        lead = newline + indent if comma is not None else f",{newline}{indent}"
        return Slot(end, lead, "", indent, assign, style)
    offset = data.index(b"\n", end) + 1
    tail = f",{newline}" if comma is not None else newline
    return Slot(offset, indent, tail, indent, assign, style)


def _holds_on_one_line(element: Node) -> bool:
    """Whether the value of an element is an object that is written on one line."""
    value = element.named_children[-1]
    while value.type not in ("object", "tuple") and value.named_child_count == 1:
        value = value.named_children[0]
    return value.type == "object" and value.start_point.row == value.end_point.row


def _empty_slot(data: bytes, opening: Node, closing: Node, *, structured: bool) -> Slot:
    style = Style("hcl", newline_of(data))
    if opening.start_point.row == closing.start_point.row:
        indent = indent_of(data, opening.start_byte)
        bare = closing.start_byte == opening.end_byte
        if structured and _ends_line_of_its_own(data, opening.start_byte):
            inner = indent + STEP
            return Slot(
                opening.end_byte, style.newline + inner, style.newline + indent, inner, style=style
            )
        flat = Style("hcl", style.newline, inline=True)
        return Slot(opening.end_byte, " ", " " if bare else "", indent, style=flat)
    line = data.rindex(b"\n", 0, closing.start_byte) + 1
    indent = indent_of(data, closing.start_byte) + STEP
    return Slot(line, indent, style.newline, indent, style=style)


def _ends_line_of_its_own(data: bytes, brace: int) -> bool:
    """Whether nothing but a key stands before a brace, and nothing but a comment behind `{}`."""
    start, end = data.rfind(b"\n", 0, brace) + 1, data.find(b"\n", brace)
    before = data[start:brace].removeprefix(BOM)
    return bool(
        _KEY.fullmatch(before) and _EMPTY.fullmatch(data[brace : end if end >= 0 else None])
    )


_KEY = re.compile(rb'[ \t]*(?:[\w-]+|"[^"]*")[ \t]*[=:][ \t]*')
_EMPTY = re.compile(rb"\{\},?[ \t]*(?:(?:#|//).*)?\r?")


def _manner(data: bytes, elements: Sequence[Node]) -> tuple[str, bool]:
    """Return how the neighbours assign (` = `, ` : `, `: `) and whether they quote their keys."""
    last = elements[-1]
    key, value = last.named_children[0], last.named_children[-1]
    between = data[key.end_byte : value.start_byte].decode()
    assign = " = " if "=" in between else ": " if between.startswith(":") else " : "
    return assign, all(data[each.start_byte : each.start_byte + 1] == b'"' for each in elements)


def _block_slot(document: Document, node: Node) -> Slot | None:
    """After the last attribute that stands before any nested block, else first in the block."""
    data, newline = document.data, newline_of(document.data)
    opening = next(child for child in node.children if child.type == "block_start")
    closing = next(child for child in node.children if child.type == "block_end")
    if opening.start_point.row == closing.start_point.row:
        return None
    body = next((child for child in node.children if child.type == "body"), None)
    after, indent = opening, indent_of(data, node.start_byte) + STEP
    for child in body.children if body is not None else ():
        if child.type == "block":
            break
        if child.type == "attribute" and _name(data, child) not in _LAST:
            after, indent = child, indent_of(data, child.start_byte)
    offset = data.index(b"\n", after.end_byte) + 1
    return Slot(offset, indent, newline, indent, style=Style(newline=newline))


_LAST = {b"depends_on", b"providers", b"provider"}  # by custom the end of a block


def _name(data: bytes, attribute: Node) -> bytes:
    name = attribute.named_children[0]
    return data[name.start_byte : name.end_byte]


def _follows(node: Node, kind: str) -> Node | None:
    after = node.next_sibling
    while after is not None and after.type == "comment":
        after = after.next_sibling
    return after if after is not None and after.type == kind else None


_JSON_END = re.compile(rb"[ \t\r\n]*\}$")
_JSON_INLINE = re.compile(rb"\{[^{}\n]*\}$")  # a member that is an object on one line
_JSON_FIRST = re.compile(rb'\{([ \t\r\n]*)"')


def _json_slot(place: Span, *, structured: bool) -> Slot | None:
    """After the last member: on a line of its own where the members have such."""
    data = place.document.data
    start, end = place.start, place.end
    if (start, end) == (0, len(data)):  # a variable file: its one object
        start, end = data.index(b"{"), data.rindex(b"}") + 1
    inside, newline = data[start:end], newline_of(data)
    closed = _JSON_END.search(inside)
    if closed is None or not inside.startswith(b"{"):
        return None
    first = _JSON_FIRST.match(inside)
    if first is None:
        return _empty_json_slot(data, start, closed.start(), structured=structured)
    gap = first[1].decode()
    lines = "\n" in gap
    lead = f",{gap}" if lines else ", "
    indent = gap.rpartition("\n")[2] if lines else ""
    inline = not lines or _JSON_INLINE.search(inside[: closed.start()]) is not None
    return Slot(start + closed.start(), lead, "", indent, ": ", Style("json", newline, inline))


def _empty_json_slot(data: bytes, start: int, closed: int, *, structured: bool) -> Slot:
    newline = newline_of(data)
    indent = indent_of(data, start)
    if structured and closed == 1 and data[start : start + 2] == b"{}" and b"\n" in data.strip():
        inner = indent + STEP
        style = Style("json", newline)
        return Slot(start + 1, newline + inner, newline + indent, inner, ": ", style)
    return Slot(start + 1, "", "", indent, ": ", Style("json", newline, inline=True))
