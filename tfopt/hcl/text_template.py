"""Reads a text that is a template by itself: a string of JSON syntax, a `templatefile`'s file."""

from __future__ import annotations

from tfopt.hcl.document import Span
from tfopt.hcl.expressions import ExpressionBuilder
from tfopt.hcl.syntax import Expr, Other, Template
from tfopt.hcl.tree import parse_tree

_MARKER = "T"


def read_text_template(text: str, span: Span) -> Expr:
    """Return a text as a template; all that is in it has the one span, and no place of its own.

    It is read as a heredoc, in which backslashes mean themselves.
    """
    marker = _MARKER
    while marker in text:
        marker += _MARKER
    source = f"_ = <<{marker}\n{text}\n{marker}\n".encode()
    root = parse_tree(source).root_node
    if root.has_error:
        return Other(span, "a template this reader does not understand")
    expression = root.children[0].children[0].named_children[-1]
    built = ExpressionBuilder(span.document, source, span).build(expression)
    return built if isinstance(built, Template | Other) else Template(span, (built,), whole=False)
