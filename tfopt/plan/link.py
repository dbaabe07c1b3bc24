"""Follows a planned attribute to the resource it names, by reference across modules or by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tfopt.plan.address import (
    bracketed,
    call_name,
    module_reference,
    resource_reference,
    step_key,
)
from tfopt.plan.document import references
from tfopt.plan.model import PathStep
from tfopt.plan.planned import Planned, Resource

_MAX_HOPS = 12  # module boundaries crossed; a cycle in a damaged plan must end


@dataclass(frozen=True, slots=True)
class Link:
    """The resource found, and whether it was inferred rather than stated by the plan."""

    to: Resource
    inferred: bool = False


def follow(
    planned: Planned, start: Resource, paths: list[tuple[PathStep, ...]], kinds: tuple[str, ...]
) -> Link | None:
    """Find the resource of one of `kinds` that the attributes at `paths` of `start` name.

    References of the configuration come first, planned ids and names break ties. Where neither
    tells (a dynamic block hides it), the only such resource of the same module instance is taken,
    and the link says that it is inferred.
    """
    refs = [reference for path in paths for reference in start.references(*path)]
    values = [start.get(*path) for path in paths]
    found = _narrow(
        planned, start, _unique(_targets(planned, refs, start.module, kinds, 0)), values
    )
    if len(found) == 1:
        return Link(found[0])
    by_value = [r for kind in kinds for value in values for r in planned.with_value(kind, value)]
    near = [one for one in by_value if one.module == start.module]
    candidates = _unique(iter(near or by_value))
    if len(candidates) == 1:
        return Link(candidates[0])
    if any(isinstance(value, str) for value in values) or found:
        return None
    alone = _same_key(start, planned.in_module(start.module, kinds))
    return Link(alone[0], inferred=True) if len(alone) == 1 else None


def _narrow(
    planned: Planned, start: Resource, found: list[Resource], values: list[object]
) -> list[Resource]:
    if len(found) < 2:
        return found
    named = {r.address for one in found for v in values for r in planned.with_value(one.kind, v)}
    matching = [one for one in found if one.address in named]
    return matching if len(matching) == 1 else _same_key(start, found)


def _same_key(start: Resource, found: list[Resource]) -> list[Resource]:
    """Prefer the resource with the same key, as `for_each` over one map pairs them."""
    if len(found) < 2:
        return found
    keyed = [one for one in found if one.key == start.key and start.key is not None]
    if len(keyed) == 1:
        return keyed
    wanted = bracketed(start.key)
    stepped = [one for one in found if wanted and one.module and step_key(one.module[-1]) == wanted]
    return stepped if len(stepped) == 1 else found


def _unique(found: Iterator[Resource]) -> list[Resource]:
    return list({one.address: one for one in found}.values())


def _targets(
    planned: Planned, refs: list[str], module: tuple[str, ...], kinds: tuple[str, ...], hops: int
) -> Iterator[Resource]:
    if hops > _MAX_HOPS:
        return
    for reference in specific(refs):
        if reference.startswith("var."):
            yield from _through_argument(planned, reference, module, kinds, hops)
        elif reference.startswith("module."):
            yield from _through_output(planned, reference, module, kinds, hops)
        else:
            yield from _direct(planned, reference, module, kinds)


def specific(refs: list[str]) -> list[str]:
    """Drop each reference that another one only lengthens: terraform lists `a.b[0].id`, `a.b`."""
    return [
        one
        for one in dict.fromkeys(refs)
        if not any(other != one and other.startswith((one + ".", one + "[")) for other in refs)
    ]


def _direct(
    planned: Planned, reference: str, module: tuple[str, ...], kinds: tuple[str, ...]
) -> Iterator[Resource]:
    parts = resource_reference(reference)
    if parts is None or parts[0] not in kinds:
        return
    instances = planned.in_block(module, parts[0], parts[1])
    yield from (one for one in instances if parts[2] in ("", bracketed(one.key)))


def _through_argument(
    planned: Planned, reference: str, module: tuple[str, ...], kinds: tuple[str, ...], hops: int
) -> Iterator[Resource]:
    call = planned.call(module)
    name = reference[4:].partition(".")[0].partition("[")[0]
    if call is not None:
        refs = references((call.expressions or {}).get(name))
        yield from _targets(planned, refs, module[:-1], kinds, hops + 1)


def _through_output(
    planned: Planned, reference: str, module: tuple[str, ...], kinds: tuple[str, ...], hops: int
) -> Iterator[Resource]:
    parts = module_reference(reference)
    if parts is None:
        return
    for child in planned.module_instances.get(module, ()):
        if call_name(child[-1]) != parts[0] or (parts[1] and step_key(child[-1]) != parts[1]):
            continue
        scope = planned.scope(child)
        output = (scope.outputs or {}).get(parts[2]) if scope else None
        refs = references(output.expression) if output else []
        yield from _targets(planned, refs, child, kinds, hops + 1)
