"""Lists every attribute that a literal has a say in: what else moves when it is edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfopt.hcl.blocks import nested
from tfopt.hcl.conditions import conditions
from tfopt.hcl.configuration import Configuration
from tfopt.hcl.instances import META_ARGUMENTS
from tfopt.hcl.scopes import Frame, InstanceKey, Scope, spell_key
from tfopt.hcl.syntax import Block, Body
from tfopt.hcl.values import Token, Unknown, Value, unknown

_KINDS = ("resource", "data", "provider")
_CONDITIONED = ("variable", "output")  # blocks of which only the conditions count


@dataclass(frozen=True, slots=True)
class Place:
    """A block in a module instance: what is evaluated again after an edit."""

    module: tuple[str, ...]
    block: Block


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One attribute of one instance, with its value; `path` is `("scaling_config", 0, "max_size")`.

    A whole resource whose number of instances is not known stands as one occurrence of `count` or
    `for_each`.
    """

    address: str
    path: tuple[str | int, ...]
    value: Value
    place: Place
    is_condition: bool = False  # a validation, pre- or postcondition: it moves nothing


def by_token(configuration: Configuration) -> dict[Token, list[Occurrence]]:
    """Return the occurrences under every place in the sources that has a say in them."""
    found: dict[Token, list[Occurrence]] = {}
    for place in places(configuration):
        for occurrence in at_place(configuration, place):
            for token in occurrence.value.all_tokens():
                found.setdefault(token, []).append(occurrence)
    return found


def at_place(configuration: Configuration, place: Place) -> Iterator[Occurrence]:
    """Yield the occurrences of one block in one module instance."""
    scope = configuration.scope(place.module)
    if isinstance(scope, Unknown):
        return
    if place.block.kind == "module":
        yield from _of_call(configuration, scope, place)
    elif place.block.kind in _CONDITIONED:
        yield from _conditions(configuration, place, Frame(scope))
    else:
        yield from _in_block(configuration, scope, place)


def scopes(configuration: Configuration, scope: Scope | None = None) -> Iterator[Scope]:
    """Yield every module instance that is at hand, the root first."""
    scope = scope or configuration.root
    yield scope
    for call in scope.module.of_kind("module"):
        for key in _keys(configuration, scope, call):
            child = configuration.child(scope, call, key)
            if isinstance(child, Scope):
                yield from scopes(configuration, child)


def places(configuration: Configuration) -> Iterator[Place]:
    """Yield every block that has a say in the plan, in every module instance."""
    for scope in scopes(configuration):
        for kind in (*_KINDS, "module"):
            for block in scope.module.of_kind(kind):
                yield Place(scope.path, block)
        for kind in _CONDITIONED:
            for block in scope.module.of_kind(kind):
                if next(conditions(block), None) is not None:
                    yield Place(scope.path, block)


def _conditions(configuration: Configuration, place: Place, frame: Frame) -> Iterator[Occurrence]:
    block = place.block
    address = frame.scope.address(".".join((block.kind, *block.labels)))
    for each in conditions(block):
        value = configuration.evaluate(each.condition.expr, frame)
        yield Occurrence(address, each.path, value, place, is_condition=True)


def _keys(configuration: Configuration, scope: Scope, block: Block) -> list[InstanceKey]:
    """Return the instance keys; where they are not known, one stand-in without a key."""
    keys = configuration.instance_keys(block, Frame(scope))
    return [None] if isinstance(keys, Value) else keys


def _of_call(configuration: Configuration, scope: Scope, place: Place) -> Iterator[Occurrence]:
    """Yield a module call's number, and its arguments where the module's source is not at hand."""
    call = place.block
    yield from _numbers(configuration, place, scope, scope.address(f"module.{call.labels[0]}"))
    for key in _keys(configuration, scope, call):
        if isinstance(configuration.child(scope, call, key), Scope):
            continue
        address = scope.address(f"module.{call.labels[0]}{spell_key(key)}")
        frame = configuration.instance(call, Frame(scope), key)
        for name, attribute in call.body.attributes.items():
            if name not in META_ARGUMENTS:
                value = configuration.evaluate(attribute.expr, frame)
                lost = unknown("inside a module that is not at hand", "", value)
                yield Occurrence(address, (name,), lost, place)


def _numbers(
    configuration: Configuration, place: Place, scope: Scope, address: str
) -> Iterator[Occurrence]:
    for name in ("count", "for_each"):
        if name in place.block.body.attributes:
            attribute = place.block.body.attributes[name]
            value = configuration.repetition(attribute, scope)
            yield Occurrence(address, (name,), _shape_only(value, name), place)


def _shape_only(value: Value, name: str) -> Value:
    """Of a for_each over a map, only the keys decide which instances there are."""
    if name == "for_each" and isinstance(value.data, Mapping):
        keys = tuple(Value(key) for key in sorted(value.data))
        return Value(keys, tokens=value.tokens)
    return value


def _in_block(configuration: Configuration, scope: Scope, place: Place) -> Iterator[Occurrence]:
    block = place.block
    prefix = "" if block.kind == "resource" else f"{block.kind}."
    address = scope.address(prefix + ".".join(block.labels))
    yield from _numbers(configuration, place, scope, address)
    for key in _keys(configuration, scope, block):
        frame = configuration.instance(block, Frame(scope), key)
        yield from _conditions(configuration, place, frame)
        for path, value in _in_body(configuration, configuration.body(block), frame, ()):
            yield Occurrence(address + spell_key(key), path, value, place)


def _in_body(
    configuration: Configuration, body: Body, frame: Frame, prefix: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    for name, attribute in body.attributes.items():
        if prefix or name not in META_ARGUMENTS:
            yield (*prefix, name), configuration.evaluate(attribute.expr, frame)
    for kind in _nested_kinds(body):
        for i, inner in enumerate(nested(configuration, body, kind, frame)):
            path = (*prefix, kind, i)
            if isinstance(inner, Value):
                yield path, inner
            else:
                yield from _in_body(configuration, inner[0], inner[1], path)


def _nested_kinds(body: Body) -> list[str]:
    names = (b.labels[0] if b.kind == "dynamic" and b.labels else b.kind for b in body.blocks)
    return [name for name in dict.fromkeys(names) if name not in ("lifecycle", "dynamic")]
