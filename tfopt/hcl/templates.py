"""Reads the inside of quoted and heredoc templates: text, interpolations and directives.

A directive is read as the expression that it is short for: `%{ if c }a%{ endif }` as `c ? "a" : ""`
and `%{ for x in l }…%{ endfor }` as `join("", [for x in l : …])`. Text is taken from between the
nodes, since tree-sitter leaves leading and trailing white space out of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from tfopt.hcl.document import Span
from tfopt.hcl.strings import unescape_template, unquote
from tfopt.hcl.syntax import Call, Conditional, Expr, For, Literal, Template

_MARKS = {
    "template_interpolation",
    "template_if_intro",
    "template_else_intro",
    "template_if_end",
    "template_for_start",
    "template_for_end",
}


@dataclass(slots=True)
class _Text:
    """Text between two marks; in a heredoc, one line of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An interpolation, or one part of a directive."""

    node: Node
    trims_before: bool
    trims_after: bool


@dataclass(slots=True)
class _Pieces:
    """What is left to read of a template."""

    span: Span
    build: Callable[[Node], Expr]
    name: Callable[[Node], str]
    pieces: Sequence[_Text | Mark]
    at: int = field(default=0)

    def parts(self) -> tuple[Expr, ...]:
        """Read up to the end, or to the mark that closes what is open."""
        found: list[Expr] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            if isinstance(piece, Mark) and piece.node.type in _CLOSING:
                break
            self.at += 1
            if isinstance(piece, Mark):
                found.append(_READERS[piece.node.type](self, piece.node))
            elif piece.text:
                found.append(Literal(self.span, piece.text, editable=False))
        return tuple(found)

    def interpolation(self, node: Node) -> Expr:
        """Read `${…}`."""
        inner = _expressions(node)
        return self.build(inner[0]) if inner else Literal(self.span, "", editable=False)

    def condition(self, node: Node) -> Expr:
        """Read `%{ if … }` up to its `%{ endif }`."""
        yes = self.parts()
        no: tuple[Expr, ...] = ()
        if self._closed_by() == "template_else_intro":
            no = self.parts()
            self._closed_by()
        branches = (Template(self.span, parts, whole=False) for parts in (yes, no))
        return Conditional(self.span, self.build(_expressions(node)[0]), *branches)

    def loop(self, node: Node) -> Expr:
        """Read `%{ for … }` up to its `%{ endfor }`."""
        names = tuple(self.name(child) for child in node.children if child.type == "identifier")
        body = Template(self.span, self.parts(), whole=False)
        self._closed_by()
        collection = self.build(_expressions(node)[0])
        each = For(self.span, names, collection, None, body, None, grouped=False)
        return Call(self.span, "join", (Literal(self.span, "", editable=False), each))

    def _closed_by(self) -> str:
        mark = self.pieces[self.at]
        assert isinstance(mark, Mark)
        self.at += 1
        return mark.node.type


_ESCAPING = (b"$", b"%")
_CLOSING = {"template_else_intro", "template_if_end", "template_for_end"}
_READERS: dict[str, Callable[[_Pieces, Node], Expr]] = {
    "template_interpolation": _Pieces.interpolation,
    "template_if_intro": _Pieces.condition,
    "template_for_start": _Pieces.loop,
}


def read_template(
    node: Node,
    data: bytes,
    span: Span,
    build: Callable[[Node], Expr],
    *,
    bare: bool = False,
) -> Template:
    """Return the template of a `quoted_template` or `heredoc_template` node.

    Args:
        node: the node.
        data: the bytes that it was parsed from.
        span: where its literals stand.
        build: builds the expressions inside.
        bare: the heredoc was put around a text that is a template by itself: its last line feed is
            not the template's, and an interpolation alone may stand for any value.

    Raises:
        ValueError: tree-sitter reads it otherwise than Terraform.
    """
    heredoc = node.type == "heredoc_template"
    start, end = _heredoc_range(node, data, bare) if heredoc else _quoted_range(node)
    pieces: list[_Text | Mark] = []
    for mark in _marks(node):
        if data[mark.start_byte - 1 : mark.start_byte] in _ESCAPING and mark.start_byte > start:
            raise ValueError("`$$${` is an escape to Terraform and none to tree-sitter")
        pieces += _texts(data[start : mark.start_byte], heredoc)
        pieces.append(_mark(mark, data))
        start = mark.end_byte
    pieces += _texts(data[start:end], heredoc)
    _trim(pieces)
    if heredoc and node.children[0].children[0].type == "<<-":
        _unindent(pieces)

    def name(identifier: Node) -> str:
        return data[identifier.start_byte : identifier.end_byte].decode()

    whole = (bare or not heredoc) and len(pieces) == 1 and _is_interpolation(pieces[0])
    return Template(span, _Pieces(span, build, name, pieces).parts(), whole)


def _is_interpolation(piece: _Text | Mark) -> bool:
    return isinstance(piece, Mark) and piece.node.type == "template_interpolation"


def _quoted_range(node: Node) -> tuple[int, int]:
    return node.children[0].end_byte, node.children[-1].start_byte


def _heredoc_range(node: Node, data: bytes, bare: bool) -> tuple[int, int]:
    opened = next(child for child in node.children if child.type == "heredoc_identifier")
    start = data.index(b"\n", opened.end_byte) + 1
    return start, max(start, data.rfind(b"\n", 0, node.children[-1].start_byte) + 1 - bare)


def _marks(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type in _MARKS:
            yield child
        elif child.type.startswith("template_"):
            yield from _marks(child)


def _mark(node: Node, data: bytes) -> Mark:
    text = data[node.start_byte : node.end_byte]
    return Mark(node, text[2:3] == b"~", text[-2:-1] == b"~")


def _texts(data: bytes, heredoc: bool) -> list[_Text]:
    text = data.decode("utf-8", "replace")
    if not text:
        return []
    if heredoc:
        return [_Text(unescape_template(line)) for line in re.findall(r".*\n|.+$", text)]
    return [_Text(unquote(f'"{text}"'))]


def _trim(pieces: Sequence[_Text | Mark]) -> None:
    for i, piece in enumerate(pieces):
        if isinstance(piece, _Text):
            continue
        before = pieces[i - 1] if i else None
        after = pieces[i + 1] if i + 1 < len(pieces) else None
        if piece.trims_before and isinstance(before, _Text):
            before.text = before.text.rstrip()
        if piece.trims_after and isinstance(after, _Text):
            after.text = after.text.lstrip()


def _unindent(pieces: Sequence[_Text | Mark]) -> None:
    """Take away the white space that every line of a `<<-` heredoc begins with."""
    starts: list[_Text] = []
    widths: list[int] = []
    at_start = True
    for piece in pieces:
        if at_start:
            at_start = False
            if isinstance(piece, Mark):
                widths.append(0)
            elif piece.text.strip() or not piece.text.endswith("\n"):
                widths.append(len(piece.text) - len(piece.text.lstrip()))
                starts.append(piece)
        at_start = isinstance(piece, _Text) and piece.text.endswith("\n")
    for start in starts:
        start.text = start.text[min(widths) :]


def _expressions(node: Node) -> list[Node]:
    return [child for child in node.children if child.type == "expression"]
