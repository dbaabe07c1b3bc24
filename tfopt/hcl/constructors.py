"""Finds the object constructors that a file states data with, as opposed to computing with them."""

from __future__ import annotations

from collections.abc import Iterator

from tfopt.hcl.data_tree import read_data
from tfopt.hcl.document import Span
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Body, Call, Expr, Literal, Object, Tuple

_JOINING = {"merge", "concat", "tomap", "tolist", "flatten"}  # what they are given is all kept


def constructor_at(place: Span) -> Object | None:
    """Return the object constructor at a place; None where it is none, or only a fallback.

    The `{}` of `try(x, {})` or `condition ? x : {}` is no place for data.
    """
    document = place.document
    if document.role == "data":
        return _down(read_data(document), place)
    return _in_body(read_body(document), place)


def literal_keys(constructor: Object) -> list[str]:
    """Return the keys of a constructor that are literals."""
    return [str(i.key.value) for i in constructor.items if isinstance(i.key, Literal)]


def _in_body(body: Body, place: Span) -> Object | None:
    for attribute in body.attributes.values():
        if _holds(attribute.span, place):
            return _down(attribute.expr, place)
    for block in body.blocks:
        if _holds(block.span, place):
            return _in_body(block.body, place)
    return None


def _down(expr: Expr, place: Span) -> Object | None:
    if isinstance(expr, Object) and expr.span == place:
        return expr
    inner = next((each for each in _data(expr) if _holds(each.span, place)), None)
    return None if inner is None else _down(inner, place)


def _data(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Object):
        yield from (item.value for item in expr.items)
    elif isinstance(expr, Tuple):
        yield from expr.items
    elif isinstance(expr, Call) and expr.name in _JOINING:
        yield from expr.args


def _holds(span: Span, place: Span) -> bool:
    return span.start <= place.start and place.end <= span.end
