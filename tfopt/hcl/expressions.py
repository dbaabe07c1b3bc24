"""Builds typed expressions from tree-sitter nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import takewhile

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
    Traversal,
    Tuple,
)
from tfopt.hcl.templates import read_template

_STEPS = {"get_attr", "index", "splat"}
_ATTRIBUTES = {"get_attr", "legacy_index"}
_KEYWORDS = {"true", "false", "null"}
_TRANSPARENT = {"expression", "operation", "binary_operation", "unary_operation", "conditional"}
_WRAPPERS = {*_TRANSPARENT, "literal_value", "collection_value"}
_CALL_MARKS = {"(", ")", "comment"}
_PRECEDENCE = {
    **dict.fromkeys(["||"], 1),
    **dict.fromkeys(["&&"], 2),
    **dict.fromkeys(["==", "!="], 3),
    **dict.fromkeys(["<", "<=", ">", ">="], 4),
    **dict.fromkeys(["+", "-"], 5),
    **dict.fromkeys(["*", "/", "%"], 6),
}


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
        if node.type not in _TRANSPARENT:
            return self._one(node)
        start, end = node.start_byte, node.end_byte
        match = _PLAIN.fullmatch(self._data, start, end)
        if match is None:
            return self._compound(node)
        return self._plain(match, self._within or Span(self._document, start, end))

    def _compound(self, node: Node) -> Expr:
        """Build an operand with its steps, as most expressions are, or group operands."""
        inner = node.children
        while len(inner) == 1 and inner[0].type in _WRAPPERS:
            inner = inner[0].children
        if inner[0].type in _OPERANDS and _STEPS.issuperset([step.type for step in inner[1:]]):
            return self.primary(inner)
        nodes = list(_flat(node))
        return self._one(nodes[0]) if len(nodes) == 1 else _Operators(nodes, self).read()

    def _plain(self, match: re.Match[bytes], span: Span) -> Expr:
        """Build a literal, or a name with the attributes after it, from its bytes."""
        text, kind = match.group(), match.lastgroup
        if kind == "path":
            root, *names = text.decode().split(".")
            steps = tuple([_attr(name) for name in names])
            return Traversal(span, Name(span, root), steps) if names else Name(span, root)
        value: Scalar
        if kind == "string":
            value = normalized(text[1:-1].decode("utf-8", "replace"))
        else:
            value = int(text) if kind == "number" else _WORDS[text]
        return Literal(span, value, self._within is None)

    def primary(self, nodes: Sequence[Node]) -> Expr:
        """Build an operand followed by its steps, which tree-sitter leaves side by side."""
        if nodes[0].type == "(":
            root, rest = self.build(nodes[1]), nodes[3:]
        else:
            root, rest = self._one(nodes[0]), nodes[1:]
        if not rest:
            return root
        return Traversal(self.span(nodes[0], nodes[-1]), root, self._steps(_linear(rest)))

    def _one(self, node: Node) -> Expr:
        return _BUILDERS.get(node.type, ExpressionBuilder._other)(self, node)

    def span(self, first: Node, last: Node | None = None) -> Span:
        """Return the span from one node to another."""
        if self._within is not None:
            return self._within
        return Span(self._document, first.start_byte, (last or first).end_byte)

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _wrapped(self, node: Node) -> Expr:
        return self.primary(_meaningful(node))

    def _name(self, node: Node) -> Expr:
        return Name(self.span(node), self._text(node))

    def _literal(self, node: Node) -> Expr:
        try:
            value = _LITERALS[node.type](self._text(node))
        except ValueError:
            return Other(self.span(node), "a number of this spelling")
        return Literal(self.span(node), value, editable=self._within is None)

    def _steps(self, nodes: Sequence[Node]) -> tuple[Step, ...]:
        """Build steps: `[*]` takes all that follow, `.*` only the attributes right behind it."""
        steps: list[Step] = []
        for i, node in enumerate(nodes):
            if node.type == "[*]":
                return (*steps, Splat(self._steps(nodes[i + 1 :])))
            if node.type == ".*":
                rest = list(takewhile(lambda each: each.type in _ATTRIBUTES, nodes[i + 1 :]))
                inner, outer = self._steps(rest), self._steps(nodes[i + 1 + len(rest) :])
                return (*steps, Splat(inner), *outer)
            steps.append(self._step(node))
        return tuple(steps)

    def _step(self, node: Node) -> Step:
        if node.type == "get_attr":
            return _attr(self._text(node.named_children[0]))
        if node.type == "legacy_index":
            return Key(Literal(self.span(node), number(self._text(node)[1:]), editable=False))
        inner = next(child for child in node.children if child.type == "expression")
        return Key(self.build(inner))

    def _template(self, node: Node) -> Expr:
        inner, bare = node.children[0], self._within is not None
        try:
            return read_template(inner, self._data, self.span(node), self.build, bare=bare)
        except ValueError:
            return Other(self.span(node), "a template of this spelling", self._inside(inner))

    def _object(self, node: Node) -> Expr:
        elements = [child for child in node.children if child.type == "object_elem"]
        return Object(self.span(node), tuple([self._item(child) for child in elements]))

    def _item(self, node: Node) -> ObjectItem:
        key, value = [child for child in node.children if child.type == "expression"]
        word = self._data[key.start_byte : key.end_byte]
        if _WORD.fullmatch(word):
            return ObjectItem(Literal(self.span(key), word.decode(), False), self.build(value))
        if word.startswith(b'"'):
            return ObjectItem(self.build(key), self.build(value))
        inner = _meaningful(key)
        if len(inner) == 1 and (
            inner[0].type == "variable_expr" or self._text(inner[0]) in _KEYWORDS
        ):
            name = Literal(self.span(key), self._text(key), editable=False)
            return ObjectItem(name, self.build(value))
        return ObjectItem(self.build(key), self.build(value))

    def _tuple(self, node: Node) -> Expr:
        return Tuple(self.span(node), self._expressions(node))

    def _expressions(self, node: Node) -> tuple[Expr, ...]:
        return tuple([self.build(child) for child in node.children if child.type == "expression"])

    def _call(self, node: Node) -> Expr:
        name, spread = "", False
        args: tuple[Expr, ...] = ()
        for child in node.children:
            if child.type == "function_arguments":
                args = self._expressions(child)
                spread = "ellipsis" in [each.type for each in child.children]
            elif child.type not in _CALL_MARKS:
                name += self._text(child)
        return Call(self.span(node), name, args, spread)

    def _for(self, node: Node) -> Expr:
        inner = node.children[0]
        intro = next(child for child in inner.children if child.type == "for_intro")
        names = tuple(self._text(c) for c in intro.children if c.type == "identifier")
        condition = next((c for c in inner.children if c.type == "for_cond"), None)
        results = self._expressions(inner)
        return For(
            span=self.span(node),
            names=names,
            collection=self._expressions(intro)[0],
            key=results[0] if inner.type == "for_object_expr" else None,
            value=results[-1],
            condition=self._expressions(condition)[0] if condition else None,
            grouped=any(child.type == "ellipsis" for child in inner.children),
        )

    def _other(self, node: Node) -> Expr:
        return Other(self.span(node), node.type.replace("_", " "), self._inside(node))

    def _inside(self, node: Node) -> tuple[Expr, ...]:
        found: list[Expr] = []
        for child in node.children:
            if child.type == "expression":
                found.append(self.build(child))
            else:
                found.extend(self._inside(child))
        return tuple(found)


class _Operators:
    """Groups operands and operators by HCL's precedence.

    tree-sitter's own grouping is not used: it reads `a ? b : c ? d : e` as `(a ? b : c) ? d : e`.

    Args:
        nodes: operands with their steps, operators and parentheses, in source order.
        builder: builds the operands.
    """

    def __init__(self, nodes: Sequence[Node], builder: ExpressionBuilder):
        self._nodes = nodes
        self._builder = builder
        self._at = 0

    def read(self) -> Expr:
        """Read a whole expression."""
        start = self._at
        condition = self._binary(1)
        if not self._takes("?"):
            return condition
        yes = self.read()
        self._takes(":")
        no = self.read()
        return Conditional(self._span(start), condition, yes, no)

    def _binary(self, least: int) -> Expr:
        start = self._at
        left = self._unary()
        while _PRECEDENCE.get(sign := self._type(), 0) >= least:
            self._at += 1
            right = self._binary(_PRECEDENCE[sign] + 1)
            left = Operation(self._span(start), sign, (left, right))
        return left

    def _unary(self) -> Expr:
        start, sign = self._at, self._type()
        if sign not in ("-", "!"):
            return self._primary()
        self._at += 1
        operand = self._unary()
        span = self._span(start)
        joined = self._nodes[start].end_byte == self._nodes[self._at - 1].start_byte
        if sign == "-" and joined and isinstance(operand, Literal) and _is_number(operand.value):
            return Literal(span, -number(str(operand.value)), editable=operand.editable)
        return Operation(span, sign, (operand,))

    def _primary(self) -> Expr:
        start = self._at
        self._at += 3 if self._type() == "(" else 1
        while self._type() in _STEPS:
            self._at += 1
        return self._builder.primary(self._nodes[start : self._at])

    def _type(self) -> str:
        return self._nodes[self._at].type if self._at < len(self._nodes) else ""

    def _takes(self, sign: str) -> bool:
        taken = self._type() == sign
        self._at += taken
        return taken

    def _span(self, start: int) -> Span:
        return self._builder.span(self._nodes[start], self._nodes[self._at - 1])


def _flat(node: Node) -> Iterator[Node]:
    """Yield the operands, operators and parentheses of nested operations, in source order."""
    parenthesised = False
    for child in _meaningful(node):
        if child.type in _TRANSPARENT and not parenthesised:
            yield from _flat(child)
        else:
            yield child
        parenthesised = child.type == "("


def _linear(steps: Sequence[Node]) -> list[Node]:
    """Return steps side by side that tree-sitter nests below splats."""
    found: list[Node] = []
    for step in steps:
        if step.type in ("splat", "full_splat", "attr_splat", "index"):
            found += _linear(_meaningful(step))
        else:
            found.append(step)
    return found


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
    "conditional": ExpressionBuilder.build,
    "operation": ExpressionBuilder.build,
    "for_expr": ExpressionBuilder._for,
}

_OPERANDS = _BUILDERS.keys() - _TRANSPARENT
