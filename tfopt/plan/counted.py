"""Instances that are resources of their own: all of one block (`count`, `for_each`) are a group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from tfopt.plan.context import Context
from tfopt.plan.model import Action, Site
from tfopt.plan.planned import Resource


class Launched(Protocol):
    """What an instance runs as."""

    @property
    def instance_type(self) -> str | None:
        """Its type; None where the plan does not tell."""
        ...

    @property
    def site(self) -> Site | None:
        """Where that stands; None where no edit sets it."""
        ...


_Launch = TypeVar("_Launch", bound=Launched)


def sets(
    context: Context, kind: str, launch: Callable[[Resource], _Launch]
) -> Iterator[tuple[list[Resource], _Launch]]:
    """Yield the instances that are one group, and what they run as.

    A block whose types differ is split: each of its instances is a group.
    """
    by_block: defaultdict[tuple[tuple[str, ...], str], list[Resource]] = defaultdict(list)
    for instance in context.planned.of(kind):
        by_block[(instance.module, instance.name)].append(instance)
    for instances in by_block.values():
        launches = [launch(one) for one in instances]
        kinds = {(one.instance_type, one.site.value if one.site else None) for one in launches}
        if len(kinds) == 1:
            yield instances, launches[0]
        else:
            yield from (([one], own) for one, own in zip(instances, launches, strict=True))


def together(context: Context, instances: list[Resource]) -> Resource:
    """Return the resource that stands for a set: without key where it is the whole block."""
    first = instances[0]
    whole = len(context.planned.in_block(first.module, first.kind, first.name)) == 1
    return replace(first, key=None) if len(instances) > 1 or whole else first


def sites(group: Resource, type_site: Site | None, count: int) -> dict[str, Site]:
    """Return where a set's type and, of a counted block, its size stand."""
    found = {} if type_site is None else {"instance_type": type_site}
    if type_site and (type_site.module, type_site.resource) == (group.module, group.local_address):
        found["instance_type"] = replace(type_site, key=group.key)
    if group.counted and group.key is None:
        found["desired_capacity"] = Site(group.module, group.local_address, None, ("count",), count)
    return found


def joint_action(instances: list[Resource]) -> Action:
    """Return what the plan does with a set."""
    actions = {one.action for one in instances}
    if len(actions) == 1:
        return actions.pop()
    return "replace" if "replace" in actions else "update"
