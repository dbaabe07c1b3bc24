"""Reads a file's text as one template, as `templatefile()` does."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from tfopt.hcl.document import Document, Span
from tfopt.hcl.expressions import ExpressionBuilder
from tfopt.hcl.syntax import Expr, Literal, Other, Template
from tfopt.hcl.tree import parse_tree

_END = b"TFOPT_END"


def read_template(document: Document) -> Expr:
    """Return a document's text as a template; its literals have no place of their own.

    tree-sitter reads it as a heredoc, which leaves out blank space: what stands between two
    interpolations is taken from the bytes instead.
    """
    text, whole = document.data, Span(document, 0, len(document.data))
    if _END in text:
        return Other(whole, "a template this reader does not understand")
    head = b"_ = <<" + _END + b"\n"
    source = head + text + b"\n" + _END + b"\n"
    root = parse_tree(source).root_node
    heredoc = _first(root, "heredoc_template")
    if root.has_error or heredoc is None:
        return Other(whole, "a template this reader does not understand")
    if _first(heredoc, "template_directive") or _first(heredoc, "strip_marker"):
        return Other(whole, "a template file with directives")
    builder = ExpressionBuilder(document, source, whole)
    return Template(whole, tuple(_parts(builder, heredoc, source, len(head), whole)), whole=False)


def _first(node: Node, kind: str) -> Node | None:
    if node.type == kind:
        return node
    return next((found for child in node.children if (found := _first(child, kind))), None)


def _parts(
    builder: ExpressionBuilder, heredoc: Node, source: bytes, start: int, whole: Span
) -> Iterator[Expr]:
    end = len(source) - len(_END) - 2
    for piece in heredoc.children:
        if piece.type == "template_interpolation":
            yield _literal(source[start : piece.start_byte], whole)
            expression = next(c for c in piece.children if c.type == "expression")
            yield builder.build(expression)
            start = piece.end_byte
    yield _literal(source[start:end], whole)


def _literal(raw: bytes, whole: Span) -> Literal:
    text = raw.decode("utf-8", "replace").replace("$${", "${").replace("%%{", "%{")
    return Literal(whole, text, editable=False)
