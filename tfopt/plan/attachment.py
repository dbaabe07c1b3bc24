"""Finds what belongs to a group although it is a resource of its own: policies, autoscalers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tfopt.plan.context import Context
from tfopt.plan.link import follow
from tfopt.plan.planned import Resource


def attached(
    context: Context, kind: str, attribute: str, owners: tuple[str, ...]
) -> Mapping[str, list[Resource]]:
    """Return the resources of a kind by the address of the one their attribute names."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in context.planned.of(kind):
        link = follow(context.planned, resource, [(attribute,)], owners)
        if link is None:
            context.skip(resource, "what it scales is not in this plan")
            continue
        context.used.add(resource.address)
        found[link.to.address].append(resource)
    return found
