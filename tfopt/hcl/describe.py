"""Spells an expression on one line for the hops of a trace."""

from __future__ import annotations

import re

from tfopt.hcl.syntax import Call, Expr, Name, Object, Traversal, Tuple

_MARKED = re.compile(r"(?<!\w)sensitive\s*\(")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')


def describe(expr: Expr) -> str:
    """Return an expression's source for a hop: one line, constructors folded."""
    if isinstance(expr, Object | Tuple):
        return "{…}" if isinstance(expr, Object) else "[…]"
    if isinstance(expr, Call) and any(isinstance(arg, Object | Tuple) for arg in expr.args):
        return f"{expr.name}(…)"
    if isinstance(expr, Traversal) and not isinstance(expr.root, Name):
        return f"({describe(expr.root)})…"
    text = " ".join(expr.span.text.split())
    if _MARKED.search(text):
        text = _STRING.sub("(sensitive)", text)
    return text if len(text) <= 80 else text[:79] + "…"
