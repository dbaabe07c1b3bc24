"""Reads Terraform's JSON syntax into the typed tree, keeping the byte position of every token.

In `.tf.json` a string is a template; in `.tfvars.json` it is the string itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

from tfopt.errors import TfoptError
from tfopt.hcl.document import BOM, Document, Span
from tfopt.hcl.strings import normalized, number
from tfopt.hcl.syntax import (
    Attribute,
    Block,
    Body,
    Expr,
    Literal,
    Object,
    ObjectItem,
    Template,
    Tuple,
)
from tfopt.hcl.text_template import read_text_template

_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:(?P<mark>[{}\[\],:])|(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")'
    rb"|(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>true|false|null))"
)
_WORDS = {b"true": True, b"false": False, b"null": None}
_LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "variable": 1,
    "module": 1,
    "output": 1,
    "provider": 1,
    "check": 1,
    "locals": 0,
    "terraform": 0,
    "moved": 0,
    "import": 0,
    "removed": 0,
}


def read_json(document: Document) -> Body:
    """Read a .tf.json file into blocks, or a .tfvars.json file into attributes.

    Raises:
        TfoptError: the file has a syntax error, told with its line.
    """
    parser = _Parser(document, templates=document.role == "configuration")
    top = parser.parse()
    parts = top.items if isinstance(top, Tuple) else (top,)  # a list of objects is one body
    objects = [part for part in parts if isinstance(part, Object)]
    if len(objects) < len(parts):
        raise TfoptError("the top level is not an object", where=str(document.path))
    whole = Object(top.span, tuple(item for each in objects for item in each.items))
    if document.role == "variables":
        return _attributes(whole)
    return Body({}, tuple(_blocks(whole)))


def parse_json(document: Document, *, templates: bool = False) -> Expr:
    """Return the value of a whole JSON document as an expression.

    Raises:
        TfoptError: the document has a syntax error, told with its line.
    """
    return _Parser(document, templates=templates).parse()


def _attributes(node: Object) -> Body:
    found = {}
    for item in node.items:
        name = _key(item)
        if name != "//":
            found[name] = Attribute(name, _item_span(item), partial(_same, item.value))
    return Body(found)


def _same(expr: Expr) -> Expr:
    return expr


def _item_span(item: ObjectItem) -> Span:
    return Span(item.key.span.document, item.key.span.start, item.value.span.end)


def _key(item: ObjectItem) -> str:
    assert isinstance(item.key, Literal)
    return str(item.key.value)


def _blocks(top: Object) -> Iterator[Block]:
    for item in top.items:
        kind = _key(item)
        if kind in _LABELS:
            yield from _labelled(kind, (), item.value, _LABELS[kind])


def _labelled(kind: str, labels: tuple[str, ...], node: Expr, missing: int) -> Iterator[Block]:
    if isinstance(node, Tuple):
        for element in node.items:
            yield from _labelled(kind, labels, element, missing)
    elif isinstance(node, Object) and missing:
        for item in node.items:
            if _key(item) != "//":
                yield from _labelled(kind, (*labels, _key(item)), item.value, missing - 1)
    elif isinstance(node, Object):
        yield Block(kind, labels, _attributes(node), node.span)


class _Parser:
    """A recursive-descent JSON parser over token positions."""

    def __init__(self, document: Document, *, templates: bool):
        self._document = document
        self._data = document.data
        self._templates = templates
        self._at = len(BOM) if self._data.startswith(BOM) else 0
        self._kind: str | None = None
        self._span = Span(document, 0, 0)
        self._advance()

    def parse(self) -> Expr:
        value = self._value()
        if self._kind is not None:
            raise self._error("text after the end of the JSON value")
        return value

    def _advance(self) -> None:
        match = _TOKEN.match(self._data, self._at)
        if match is None:
            if self._data[self._at :].strip():
                raise self._error("syntax error")
            self._kind = None
            return
        self._kind = match.lastgroup
        start, end = match.span(match.lastgroup or 0)
        self._span = Span(self._document, start, end)
        self._at = end

    def _token(self) -> bytes:
        return self._data[self._span.start : self._span.end] if self._kind else b""

    def _take(self, mark: bytes) -> bool:
        if self._kind == "mark" and self._token() == mark:
            self._advance()
            return True
        return False

    def _expect(self, mark: bytes) -> None:
        if not self._take(mark):
            raise self._error(f"expected {mark.decode()!r}")

    def _value(self) -> Expr:
        span, token, kind = self._span, self._token(), self._kind
        if kind == "string":
            self._advance()
            return self._string(span)
        if kind in ("number", "word"):
            self._advance()
            value = number(token.decode()) if kind == "number" else _WORDS[token]
            return Literal(span, value)
        if self._take(b"{"):
            return self._object(span)
        if self._take(b"["):
            return self._tuple(span)
        raise self._error("expected a value")

    def _object(self, opened: Span) -> Expr:
        items: list[ObjectItem] = []
        closed = self._span
        while not self._take(b"}"):
            if items:
                self._expect(b",")
            if self._kind != "string":
                raise self._error("expected a key")
            key = Literal(self._span, self._decode(self._span), editable=False)
            self._advance()
            self._expect(b":")
            items.append(ObjectItem(key, self._value()))
            closed = self._span
        return Object(Span(self._document, opened.start, closed.end), tuple(items))

    def _tuple(self, opened: Span) -> Expr:
        items: list[Expr] = []
        closed = self._span
        while not self._take(b"]"):
            if items:
                self._expect(b",")
            items.append(self._value())
            closed = self._span
        return Tuple(Span(self._document, opened.start, closed.end), tuple(items))

    def _decode(self, span: Span) -> str:
        try:
            return normalized(json.loads(self._data[span.start : span.end]))
        except ValueError:
            raise self._error("bad string") from None

    def _string(self, span: Span) -> Expr:
        text = self._decode(span)
        if not self._templates or not re.search(r"[$%]\{", text):
            return Literal(span, text)
        built = read_text_template(text, span)
        return built.parts[0] if isinstance(built, Template) and built.whole else built

    def _error(self, what: str) -> TfoptError:
        line = self._document.line(min(self._at, max(len(self._data) - 1, 0)))
        return TfoptError(what, where=f"{self._document.path}:{line}")
