"""Finds what a place in a file belongs to: the path a person would name, the enclosing block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfopt.hcl.addition import slot_in, whole_file
from tfopt.hcl.data_tree import read_data
from tfopt.hcl.document import Span
from tfopt.hcl.literals import literal_value
from tfopt.hcl.slot import Slot
from tfopt.hcl.sources import read_body
from tfopt.hcl.syntax import Block, Body, Call, Expr, Literal, Object, Scalar, Tuple
from tfopt.hcl.values import Vacancy


@dataclass(frozen=True, slots=True)
class Leaf:
    """One literal token, or the place of one that is not written yet, and what it belongs to.

    `path` is `web.instance_type` in a variable or data file; `aws_instance.web.instance_type`,
    `local.sizes.web`, `module.shop.size` or `variable.size.default` in a configuration. Where a key
    has to be added, `slot` says how; `text` is then empty, `value` None, and `start` is `end`.
    """

    file: Path
    label: str  # relative to the configuration directory
    line: int
    start: int  # byte range in the file
    end: int
    path: str
    text: str  # source text, quotes included
    value: Scalar
    span: Span  # of the token; of what the key is added to
    block: Block | None  # the enclosing top-level block; None in a variable or data file
    slot: Slot | None = None
    key: str = ""  # to be added in the slot


def leaf_at(token: Span) -> Leaf:
    """Return the leaf that a literal token is."""
    document = token.document
    path, block = _locate(token)
    return Leaf(
        file=document.path,
        label=document.label,
        line=token.line,
        start=token.start,
        end=token.end,
        path=path,
        text=token.text,
        value=literal_value(document, token.text),
        span=token,
        block=block,
    )


def leaf_to_add(vacancy: Vacancy, *, structured: bool = False) -> Leaf | None:
    """Return the leaf that fills a vacancy; None where nothing can be written there.

    Args:
        vacancy: the place, and the key to be added to it.
        structured: whether the key's value is an object.
    """
    if not vacancy.key:
        return leaf_at(vacancy.at)
    slot = slot_in(vacancy.at, structured=structured)
    if slot is None:
        return None
    document = vacancy.at.document
    if document.role == "variables" and vacancy.at == whole_file(document):
        path, block = "", None
    else:
        path, block = _locate(vacancy.at)
    return Leaf(
        file=document.path,
        label=document.label,
        line=document.line(slot.offset),
        start=slot.offset,
        end=slot.offset,
        path=f"{path}.{vacancy.key}" if path else vacancy.key,
        text="",
        value=None,
        span=vacancy.at,
        block=block,
        slot=slot,
        key=vacancy.key,
    )


def _locate(token: Span) -> tuple[str, Block | None]:
    if token.document.role == "data":
        return ".".join(_in_expr(read_data(token.document), token)), None
    body = read_body(token.document)
    if token.document.role == "variables":
        return ".".join(_in_body(body, token)), None
    block = next(block for block in body.blocks if _holds(block.span, token))
    return ".".join([*_prefix(block), *_in_body(block.body, token)]), block


def _holds(span: Span, token: Span) -> bool:
    return span.start <= token.start and token.end <= span.end


def _prefix(block: Block) -> Iterator[str]:
    if block.kind == "locals":
        yield "local"
    elif block.kind != "resource":
        yield block.kind
    yield from block.labels


def _in_body(body: Body, token: Span) -> list[str]:
    for attribute in body.attributes.values():
        if _holds(attribute.span, token):
            return [attribute.name, *_in_expr(attribute.expr, token)]
    for block in body.blocks:
        if _holds(block.span, token):
            return [block.kind, *block.labels, *_in_body(block.body, token)]
    return []


def _in_expr(expr: Expr, token: Span) -> list[str]:
    """Follow constructors down to the token; inside any other expression the path ends."""
    if isinstance(expr, Object):
        for item in expr.items:
            if _holds(item.value.span, token):
                key = item.key.value if isinstance(item.key, Literal) else item.key.span.text
                return [str(key), *_in_expr(item.value, token)]
    if isinstance(expr, Call):  # a default inside `object({ min = optional(number, 2) })`
        for argument in expr.args:
            if _holds(argument.span, token):
                return _in_expr(argument, token)
    if isinstance(expr, Tuple):
        for i, element in enumerate(expr.items):
            if _holds(element.span, token):
                return [str(i), *_in_expr(element, token)]
    return []
