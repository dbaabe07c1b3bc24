"""Follows a planned attribute to the resource it names, by reference across modules or by value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tfopt.plan.address import (
    bracketed,
    module_reference,
    resource_reference,
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

    A planned id or name that only one resource has decides; then the configuration's references
    do. Where neither tells (a dynamic block hides it), the only such block of the same module
    instance is taken, and the link says that it is inferred.
    """
    values = [start.get(*path) for path in paths]
    by_value = [r for kind in kinds for value in values for r in planned.with_value(kind, value)]
    if len(_unique(by_value)) == 1:
        return Link(by_value[0])
    references_ = [reference for path in paths for reference in start.references(*path)]
    search = _Search(planned, kinds, start.key)
    found = _unique(search.targets(references_, start.module))
    named = {one.address for one in by_value}
    for candidates in (
        found,
        [one for one in found if one.address in named],
        _unique(one for one in by_value if one.module == start.module),
    ):
        if len(candidates) == 1:
            return Link(candidates[0])
    if found or any(isinstance(value, str) for value in values):
        return None
    alone = [block for kind in kinds for block in planned.blocks_in(start.module, kind)]
    instances = search.matching(alone[0]) if len(alone) == 1 else []
    return Link(instances[0], inferred=True) if len(instances) == 1 else None


def follow_all(
    planned: Planned, start: Resource, paths: list[tuple[PathStep, ...]], kinds: tuple[str, ...]
) -> list[Resource]:
    """Return every resource of `kinds` that the lists at `paths` of `start` name.

    Ids that are known decide; references count only for a list in which some are not.
    """
    found: list[Resource] = []
    search = _Search(planned, kinds, start.key)
    for path in paths:
        listed = start.get(*path)
        values = listed if isinstance(listed, list) else [listed]
        found += [r for kind in kinds for value in values for r in planned.with_value(kind, value)]
        if not all(isinstance(value, str) for value in values):
            found += search.targets(start.references(*path), start.module)
    return _unique(found)


def leads_to(
    planned: Planned, start: Resource, path: tuple[PathStep, ...], kinds: tuple[str, ...]
) -> bool:
    """Return whether the expression at `path` of `start` refers to resources of some kinds."""
    found = _Search(planned, kinds, start.key).targets(start.references(*path), start.module)
    return next(found, None) is not None


def _unique(found: Iterable[Resource]) -> list[Resource]:
    return list({one.address: one for one in found}.values())


def specific(refs: list[str]) -> list[str]:
    """Drop each reference that another one only lengthens: terraform lists `a.b[0].id`, `a.b`."""
    return [
        one
        for one in dict.fromkeys(refs)
        if not any(other != one and other.startswith((one + ".", one + "[")) for other in refs)
    ]


@dataclass(frozen=True, slots=True)
class _Search:
    """Follows references to resources of some kinds.

    `key` is that of the resource the search starts from: where a reference leaves open which
    instance is meant, the one of the same key is, as `for_each` over one map pairs them.
    """

    planned: Planned
    kinds: tuple[str, ...]
    key: str | int | None

    def matching(self, instances: Mapping[str | int | None, Resource]) -> list[Resource]:
        """Return the instance of the same key; all of them where there is none."""
        same = instances.get(self.key) if self.key is not None else None
        return [same] if same is not None else list(instances.values())

    def targets(
        self, refs: list[str], module: tuple[str, ...], hops: int = 0
    ) -> Iterator[Resource]:
        """Yield what `refs`, written in `module`, lead to."""
        if hops > _MAX_HOPS:
            return
        for reference in specific(refs):
            if reference.startswith("var."):
                yield from self._through_argument(reference, module, hops)
            elif reference.startswith("module."):
                yield from self._through_output(reference, module, hops)
            else:
                yield from self._direct(reference, module)

    def _direct(self, reference: str, module: tuple[str, ...]) -> Iterator[Resource]:
        parts = resource_reference(reference)
        if parts is None or parts[0] not in self.kinds:
            return
        kind, name, key = parts
        instances = self.planned.in_block(module, kind, name)
        if key:
            yield from (one for one in instances.values() if bracketed(one.key) == key)
        else:
            yield from self.matching(instances)

    def _through_argument(
        self, reference: str, module: tuple[str, ...], hops: int
    ) -> Iterator[Resource]:
        call = self.planned.call(module)
        name = reference[4:].partition(".")[0].partition("[")[0]
        if call is not None:
            refs = references((call.expressions or {}).get(name))
            yield from self.targets(refs, module[:-1], hops + 1)

    def _through_output(
        self, reference: str, module: tuple[str, ...], hops: int
    ) -> Iterator[Resource]:
        parts = module_reference(reference)
        if parts is None:
            return
        name, key, output_name = parts
        instances = self.planned.module_instances.get(module, {}).get(name, {})
        wanted = key or bracketed(self.key)
        if wanted in instances:
            children = [instances[wanted]]
        else:
            children = [] if key else list(instances.values())
        for child in children:
            scope = self.planned.scope(child)
            output = (scope.outputs or {}).get(output_name) if scope else None
            refs = references(output.expression) if output else []
            yield from self.targets(refs, child, hops + 1)
