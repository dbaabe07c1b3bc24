"""Splits a template into its texts and interpolations, from the source bytes.

The parser's own text nodes are no use: it drops the white space around interpolations and lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from tfopt.hcl.strings import normalized, unquote

_ESCAPE = re.compile(r"([$%])\1(?=\{)")
_SEQUENCES = {"template_interpolation", "template_directive"}


def untraced(data: bytes, node: Node) -> str | None:
    """Return what in a template is not modelled, or None."""
    text = data[node.start_byte : node.end_byte]
    if b"%{" not in text and b"~" not in text:
        return None
    sequences = [child for child in node.children if child.type in _SEQUENCES]
    if any(each.type == "template_directive" for each in sequences):
        return "a template with directives"
    if any(child.type == "strip_marker" for each in sequences for child in each.children):
        return "a template with strip markers"
    return None


def pieces(data: bytes, node: Node, *, bare: bool = False) -> list[str | Node]:
    """Return the texts and the interpolation and directive nodes of a template, in order.

    Args:
        data: the bytes that were parsed.
        node: a `quoted_template` or a `heredoc_template`.
        bare: the last line feed of the heredoc is not the template's.
    """
    sequences = [child for child in node.children if child.type in _SEQUENCES]
    if node.type == "quoted_template":
        gaps = _gaps(data, node.start_byte + 1, sequences, node.end_byte - 1)
        return _joined([unquote(f'"{gap}"') for gap in gaps], sequences)
    opening, *_, closing = (c for c in node.children if c.type == "heredoc_identifier")
    start = data.index(b"\n", opening.end_byte) + 1
    end = max(start, data.rfind(b"\n", start, closing.start_byte) + 1 - bare)
    gaps = _gaps(data, start, sequences, end)
    if data[node.start_byte : opening.start_byte].startswith(b"<<-"):
        gaps = _flushed(gaps)
    return _joined([normalized(_ESCAPE.sub(r"\1", gap)) for gap in gaps], sequences)


def _gaps(data: bytes, start: int, sequences: Sequence[Node], end: int) -> list[str]:
    starts = [start, *(each.end_byte for each in sequences)]
    ends = [*(each.start_byte for each in sequences), end]
    return [data[a:b].decode("utf-8", "replace") for a, b in zip(starts, ends, strict=True)]


def _joined(gaps: Sequence[str], sequences: Sequence[Node]) -> list[str | Node]:
    found: list[str | Node] = [gaps[0]]
    for sequence, gap in zip(sequences, gaps[1:], strict=True):
        found += [sequence, gap]
    return [piece for piece in found if piece != ""]


def _flushed(gaps: Sequence[str]) -> list[str]:
    """Take the indentation that all lines share from the lines of a `<<-` heredoc.

    A line of white space alone does not count; one that starts with an interpolation has none.
    """
    rows = [gap.split("\n") for gap in gaps]
    heads = [
        (i, j)
        for i, lines in enumerate(rows)
        for j, line in enumerate(lines)
        if (j or not i) and (j == len(lines) - 1 or line.strip())
    ][:-1]  # the last is what follows the last line feed
    shared = min((len(rows[i][j]) - len(rows[i][j].lstrip()) for i, j in heads), default=0)
    for i, j in heads:
        rows[i][j] = rows[i][j][shared:]
    return ["\n".join(lines) for lines in rows]
