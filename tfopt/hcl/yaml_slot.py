"""Finds where and how a key is written into a YAML mapping that lacks it.

libyaml's and Terraform's readers agree on what is written here: scalars that no reader takes for
something else, in block or flow style as the mapping itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.slot import Slot, newline_of
from tfopt.hcl.spelling import STEP, Style

_COMMENT = re.compile(r"(?:^|\s)#[^\n]*")
_MERGE = "<<"
_ENDS = {"MappingEndEvent", "SequenceEndEvent"}
_STARTS = {"MappingStartEvent", "SequenceStartEvent"}


@dataclass(frozen=True, slots=True)
class _Node:
    """One node of a file: its first and last event."""

    first: Any
    last: Any

    @property
    def one_line(self) -> bool:
        """Whether it ends where its text does: no block collection, no block scalar, written."""
        if type(self.first).__name__ in _STARTS:
            return bool(self.first.flow_style)
        block = getattr(self.first, "style", None) in ("|", ">")
        return not block and self.last.end_mark.index > self.first.start_mark.index


def yaml_slot(place: Span, *, structured: bool) -> Slot | None:
    """Return where an entry goes in a YAML mapping; None where it cannot be written safely.

    Args:
        place: of the mapping.
        structured: whether the entry is a mapping itself.
    """
    text, events = place.document.once(_parsed)
    start = _character(place.document, place.start)
    at = next(
        (
            i
            for i, event in enumerate(events)
            if type(event).__name__ == "MappingStartEvent" and event.start_mark.index == start
        ),
        None,
    )
    if at is None or _is_merged(events, events[at].anchor):
        return None
    nodes, end = _children(events, at)
    pairs = list(zip(nodes[::2], nodes[1::2], strict=True))
    if events[at].flow_style:
        return _flow_slot(place, text, pairs, events[end].end_mark.index)
    if _has_question_mark(text, pairs):
        return None
    return _block_slot(place, text, pairs, structured=structured)


def _has_question_mark(text: str, pairs: Sequence[tuple[_Node, _Node]]) -> bool:
    """Whether a mapping is written `? key`, newline, `: value`: nothing joins its neighbours."""
    between = (text[key.last.end_mark.index : value.first.start_mark.index] for key, value in pairs)
    start = pairs[0][0].first.start_mark.index
    return text[:start].rstrip(" ").endswith("?") or any(
        "\n" in gap[: gap.find(":")] for gap in between if ":" in gap
    )


def _parsed(document: Document) -> tuple[str, Sequence[Any]]:
    import yaml

    text = document.data.removeprefix(BOM).decode("utf-8")
    return text, list(yaml.parse(text, Loader=yaml.BaseLoader))


def _is_merged(events: Sequence[Any], anchor: str | None) -> bool:
    """Whether a mapping may be merged into another: the reader merges what is written now."""
    merging = any(getattr(event, "value", None) == _MERGE for event in events)
    return anchor is not None and merging


def _children(events: Sequence[Any], at: int) -> tuple[list[_Node], int]:
    """Return the nodes right inside a collection, keys and values by turns, and where it ends."""
    nodes: list[_Node] = []
    i = at + 1
    while type(events[i]).__name__ not in _ENDS:
        last = _last_of(events, i)
        nodes.append(_Node(events[i], events[last]))
        i = last + 1
    return nodes, i


def _last_of(events: Sequence[Any], at: int) -> int:
    depth = 0
    for i in range(at, len(events)):
        name = type(events[i]).__name__
        depth += (name in _STARTS) - (name in _ENDS)
        if depth == 0:
            return i
    raise AssertionError("events that do not end")


def _block_slot(
    place: Span, text: str, pairs: Sequence[tuple[_Node, _Node]], *, structured: bool
) -> Slot:
    """On a line of its own after the last value that ends on its line, else before the first key.

    What ends a block collection or a block scalar cannot be told from where its text ends.
    """
    data, newline = place.document.data, newline_of(place.document.data)
    first = pairs[0][0].first.start_mark
    indent = " " * first.column
    sibling = pairs[-1][1].first  # a structure is written as the one before it
    style = Style("yaml", newline, structured and bool(getattr(sibling, "flow_style", False)))
    ended = [value.last.end_mark.index for _, value in pairs if value.one_line]
    if not ended:
        offset = _offset(place.document, text, first.index)
        return Slot(offset, "", newline + indent, indent, ": ", style)
    row = data.find(b"\n", _offset(place.document, text, ended[-1]))
    if row < 0:
        return Slot(len(data), newline + indent, "", indent, ": ", style)
    return Slot(row + 1, indent, newline, indent, ": ", style)


def _flow_slot(place: Span, text: str, pairs: Sequence[tuple[_Node, _Node]], end: int) -> Slot:
    """After the last value, or after the comma behind it."""
    style = Style("yaml", newline_of(place.document.data), inline=True)
    at = pairs[-1][1].last.end_mark.index if pairs else text.rindex("{", 0, end) + 1
    gap = _COMMENT.sub(lambda comment: " " * len(comment[0]), text[at : end - 1])
    lead = ", " if pairs else gap if gap == " " else ""
    if "," in gap:
        at, lead = at + gap.index(",") + 1, " "
    return Slot(_offset(place.document, text, at), lead, "", STEP, ": ", style)


def _character(document: Document, offset: int) -> int:
    start = len(BOM) if document.data.startswith(BOM) else 0
    return len(document.data[start:offset].decode("utf-8"))


def _offset(document: Document, text: str, character: int) -> int:
    start = len(BOM) if document.data.startswith(BOM) else 0
    return start + len(text[:character].encode())
