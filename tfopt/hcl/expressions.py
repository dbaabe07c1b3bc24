"""Builds typed expressions from tree-sitter nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from tree_sitter import Node

from tfopt.hcl.document import Document, Span
from tfopt.hcl.strings import normalized, number, unquote
from tfopt.hcl.syntax import (
    Attr,
    Call,
    Conditional,
    Expr,
    For,
    Key,
    Literal,
    Name,
    Object,
    ObjectItem,
    Operation,
    Other,
    Scalar,
    Splat,
    Step,
    Template,
    Traversal,
    Tuple,
)
from tfopt.hcl.templates import pieces, untraced

_STEPS = {"get_attr", "index", "splat"}

# Nine expressions in ten: read from their bytes, without the parser's nodes, which cost more.
_PLAIN = re.compile(
    rb'(?P<string>"[^"\\$%\r\n]*")|(?P<number>-?\d+)|(?P<word>true|false|null)'
    rb"|(?P<path>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)"
)
_WORD = re.compile(rb"[A-Za-z_][\w-]*")
_WORDS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}


@cache
def _attr(name: str) -> Attr:
    return Attr(name)


class ExpressionBuilder:
    """Builds expressions of one document.

    Args:
        document: the file the nodes were parsed from.
        text: the bytes that were parsed, when they are not the document's own (a template inside a
            JSON string); `within` is then the span that every node is given.
        within: see `text`; literals inside are not editable on their own.
    """

    def __init__(self, document: Document, text: bytes | None = None, within: Span | None = None):
        self._document = document
        self._data = document.data if text is None else text
        self._within = within

    def build(self, node: Node) -> Expr:
        """Return the typed expression of an `expression` node or of one operand."""
        if node.type != "expression":
            return self._one(node)
        start, end = node.start_byte, node.end_byte
        span = self._within or Span(self._document, start, end)
        text = self._data[start:end]
        match = _PLAIN.fullmatch(text)
        if match:
            return self._plain(match, span)
        children = node.children
        return self._one(children[0]) if len(children) == 1 else self._sequence(_meaningful(node))

    def _plain(self, match: re.Match[bytes], span: Span) -> Expr:
        """Build a literal, or a name with the attributes after it, from its bytes."""
        text, kind = match.group(), match.lastgroup
        if kind == "path":
            root, *names = text.decode().split(".")
            if not names:
                return Name(span, root)
            return Traversal(span, Name(span, root), tuple([_attr(name) for name in names]))
        value: Scalar
        if kind == "string":
            value = normalized(text[1:-1].decode("utf-8", "replace"))
        else:
            value = int(text) if kind == "number" else _WORDS[text]
        return Literal(span, value, self._within is None)

    def _sequence(self, nodes: Sequence[Node]) -> Expr:
        """Build a primary followed by its steps, which tree-sitter leaves side by side."""
        if nodes[0].type == "(":
            close = next(i for i, node in enumerate(nodes) if node.type == ")")
            root, rest = self.build(nodes[1]), nodes[close + 1 :]
        else:
            root, rest = self._one(nodes[0]), nodes[1:]
        if not rest:
            return root
        span = self._span(nodes[0], nodes[-1])
        steps = tuple(self._step(node) for node in rest)
        return Traversal(span, root, steps)

    def _one(self, node: Node) -> Expr:
        return _BUILDERS.get(node.type, ExpressionBuilder._other)(self, node)

    def _span(self, first: Node, last: Node | None = None) -> Span:
        if self._within is not None:
            return self._within
        return Span(self._document, first.start_byte, (last or first).end_byte)

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _wrapped(self, node: Node) -> Expr:
        return self._one(_meaningful(node)[0])

    def _name(self, node: Node) -> Expr:
        return Name(self._span(node), self._text(node))

    def _literal(self, node: Node) -> Expr:
        try:
            value = _LITERALS[node.type](self._text(node))
        except ValueError:  # 0x1F, which the parser takes and Terraform does not
            return Other(self._span(node), f"the number {self._text(node)}")
        return Literal(self._span(node), value, editable=self._within is None)

    def _step(self, node: Node) -> Step:
        if node.type == "get_attr":
            return _attr(self._text(node.named_children[0]))
        if node.type == "index":
            return self._index(node.children[0])
        inner = node.children[0]
        return Splat(tuple(self._step(child) for child in inner.children if child.type in _STEPS))

    def _index(self, node: Node) -> Step:
        if node.type == "legacy_index":
            return Key(Literal(self._span(node), number(self._text(node)[1:]), editable=False))
        inner = next(child for child in node.children if child.type == "expression")
        return Key(self.build(inner))

    def _template(self, node: Node) -> Expr:
        inner: Node = node.children[0]
        span = self._span(node)
        what = untraced(self._data, inner)
        if what is not None:
            return Other(span, what, self._inside(inner))
        found = pieces(self._data, inner, bare=self._within is not None)
        nodes = [piece for piece in found if not isinstance(piece, str)]
        parts = [
            Literal(span, piece, False) if isinstance(piece, str) else self._interpolated(piece)
            for piece in found
        ]
        quoted = inner.type == "quoted_template" or self._within is not None
        return Template(span, tuple(parts), quoted and len(nodes) == len(found) == 1)

    def _interpolated(self, node: Node) -> Expr:
        inner = next((child for child in node.children if child.type == "expression"), None)
        return self.build(inner) if inner else Literal(self._span(node), "", editable=False)

    def _object(self, node: Node) -> Expr:
        elements = [child for child in node.children if child.type == "object_elem"]
        return Object(self._span(node), tuple(self._item(child) for child in elements))

    def _item(self, node: Node) -> ObjectItem:
        key, value = (child for child in node.children if child.type == "expression")
        word = self._data[key.start_byte : key.end_byte]
        if _WORD.fullmatch(word):
            span = self._span(key)
            return ObjectItem(Literal(span, word.decode(), False), self.build(value))
        inner = _meaningful(key)
        if len(inner) == 1 and inner[0].type == "variable_expr":
            return ObjectItem(
                Literal(self._span(key), self._text(key), editable=False), self.build(value)
            )
        return ObjectItem(self.build(key), self.build(value))

    def _tuple(self, node: Node) -> Expr:
        return Tuple(self._span(node), self._expressions(node))

    def _expressions(self, node: Node) -> tuple[Expr, ...]:
        return tuple([self.build(child) for child in node.children if child.type == "expression"])

    def _call(self, node: Node) -> Expr:
        children = _meaningful(node)
        name = self._data[children[0].start_byte : children[0].end_byte].decode()
        if children[2].type != "function_arguments":
            return Call(self._span(node), name, ())
        arguments = _meaningful(children[2])
        args = tuple([self.build(c) for c in arguments if c.type == "expression"])
        return Call(self._span(node), name, args, arguments[-1].type == "ellipsis")

    def _conditional(self, node: Node) -> Expr:
        """Build `a ? b : c ? d : e`, which the parser groups from the left, from the right."""
        tests: list[Node] = [node]
        choices: list[Node] = []
        while tests[0].type == "conditional":
            condition, yes, no = (c for c in tests[0].children if c.type == "expression")
            inner = _meaningful(condition)
            choices.insert(0, yes)
            tests[:1] = [inner[0] if inner[0].type == "conditional" else condition, no]
        built = self.build(tests[-1])
        for test, yes in zip(tests[-2::-1], choices[::-1], strict=True):
            built = Conditional(self._span(node), self.build(test), self.build(yes), built)
        return built

    def _operation(self, node: Node) -> Expr:
        inner = _meaningful(node.children[0])
        if node.children[0].type == "unary_operation":
            return self._unary(node, inner)
        at = next(
            i for i, child in enumerate(inner) if not child.is_named and child.type not in "()"
        )
        left, right = self._sequence(inner[:at]), self._sequence(inner[at + 1 :])
        return Operation(self._span(node), inner[at].type, (left, right))

    def _unary(self, node: Node, inner: Sequence[Node]) -> Expr:
        operand = self._sequence(inner[1:])
        if inner[0].type == "-" and isinstance(operand, Literal) and _is_number(operand.value):
            value = -number(str(operand.value))
            return Literal(self._span(node), value, editable=operand.editable)
        return Operation(self._span(node), inner[0].type, (operand,))

    def _for(self, node: Node) -> Expr:
        inner = node.children[0]
        intro = next(child for child in inner.children if child.type == "for_intro")
        names = tuple(self._text(c) for c in intro.children if c.type == "identifier")
        condition = next((c for c in inner.children if c.type == "for_cond"), None)
        results = self._expressions(inner)
        return For(
            span=self._span(node),
            names=names,
            collection=self._expressions(intro)[0],
            key=results[0] if inner.type == "for_object_expr" else None,
            value=results[-1],
            condition=self._expressions(condition)[0] if condition else None,
            grouped=any(child.type == "ellipsis" for child in inner.children),
        )

    def _other(self, node: Node) -> Expr:
        return Other(self._span(node), node.type.replace("_", " "), self._inside(node))

    def _inside(self, node: Node) -> tuple[Expr, ...]:
        found: list[Expr] = []
        for child in node.children:
            if child.type == "expression":
                found.append(self.build(child))
            else:
                found.extend(self._inside(child))
        return tuple(found)


def _meaningful(node: Node) -> list[Node]:
    return [child for child in node.children if child.type != "comment"]


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_LITERALS: dict[str, Callable[[str], Scalar]] = {
    "string_lit": unquote,
    "numeric_lit": number,
    "bool_lit": lambda text: text == "true",
    "null_lit": lambda _: None,
}

_BUILDERS: dict[str, Callable[[ExpressionBuilder, Node], Expr]] = {
    "expression": ExpressionBuilder.build,
    "literal_value": ExpressionBuilder._wrapped,
    "collection_value": ExpressionBuilder._wrapped,
    "string_lit": ExpressionBuilder._literal,
    "numeric_lit": ExpressionBuilder._literal,
    "bool_lit": ExpressionBuilder._literal,
    "null_lit": ExpressionBuilder._literal,
    "variable_expr": ExpressionBuilder._name,
    "template_expr": ExpressionBuilder._template,
    "object": ExpressionBuilder._object,
    "tuple": ExpressionBuilder._tuple,
    "function_call": ExpressionBuilder._call,
    "conditional": ExpressionBuilder._conditional,
    "operation": ExpressionBuilder._operation,
    "for_expr": ExpressionBuilder._for,
}
