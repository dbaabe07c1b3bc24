"""Finds values at plan paths: attributes, nested blocks, and `dynamic` blocks expanded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tfopt.hcl.configuration import Configuration
from tfopt.hcl.evaluate import elements, member
from tfopt.hcl.scopes import Frame, PathStep
from tfopt.hcl.syntax import Block, Body, Name
from tfopt.hcl.values import Value, unknown

UNORDERED_BLOCKS = {"launch_specification", "launch_template_config", "step_adjustment", "tag"}
"""Nested blocks that the AWS provider keeps as a set, where a position in the plan says nothing."""


def at_path(
    configuration: Configuration,
    body: Body,
    path: Sequence[PathStep],
    frame: Frame,
    address: str,
) -> Value:
    """Return the value at a plan path, such as `("scaling_config", 0, "min_size")`."""
    name, rest = str(path[0]), path[1:]
    if name in body.attributes:
        value = configuration.carried(body.attributes[name], frame, f"{address}.{name}")
        return _descend(value, rest, body.attributes[name].span.where)
    found = list(nested(configuration, body, name, frame))
    lost = next((value for value in found if isinstance(value, Value)), None)
    if lost is not None:
        return lost
    if name in UNORDERED_BLOCKS and len(found) > 1:
        return unknown(f"{name} blocks are a set: the plan does not keep their order", address)
    index = rest[0] if rest else None
    if not isinstance(index, int) or index >= len(found) or len(rest) < 2:
        return unknown(f"{name} is not written in {address}", "", fails=True)
    inner = found[index]
    assert not isinstance(inner, Value)
    return at_path(configuration, inner[0], rest[1:], inner[1], f"{address}.{name}")


def nested(
    configuration: Configuration, body: Body, kind: str, frame: Frame
) -> Iterator[tuple[Body, Frame] | Value]:
    """Yield the nested blocks of a type, `dynamic` ones expanded; a Value where not known."""
    for block in body.blocks:
        if block.kind == kind:
            yield block.body, frame
        elif block.kind == "dynamic" and block.labels == (kind,):
            yield from _dynamic(configuration, block, kind, frame)


def _dynamic(
    configuration: Configuration, block: Block, kind: str, frame: Frame
) -> Iterator[tuple[Body, Frame] | Value]:
    content = next(iter(block.body.of_type("content")), None)
    source = block.body.attributes.get("for_each")
    if content is None or source is None:
        yield unknown("a dynamic block without content", block.span.where)
        return
    collection = configuration.carried(source, frame, f"dynamic {kind}")
    pairs = elements(collection)
    if pairs is None:
        yield unknown(f"dynamic {kind} over something unknown", block.span.where, collection)
        return
    iterator = block.body.attributes.get("iterator")
    name = iterator.expr.name if iterator and isinstance(iterator.expr, Name) else kind
    for key, value in pairs:
        each = Value({"key": key, "value": value}, tokens=collection.tokens)
        yield content.body, frame.binding(**{name: each})


def _descend(value: Value, path: Sequence[PathStep], where: str) -> Value:
    for step in path:
        # JSON syntax may write a single nested block as an object instead of a list of one.
        if step == 0 and isinstance(value.data, Mapping):
            continue
        value = member(value, Value(step), where)
    return value
