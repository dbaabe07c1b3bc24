"""Finds the node pool that pods land on: by the labels that they select, or as the only one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfopt.plan.model import InstanceGroup
from tfopt.plan.values import text

_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
# of every node, or decided apart from the pool
_ANYWHERE = ("kubernetes.io/os", "beta.kubernetes.io/os", "kubernetes.io/arch")
_ZONES = "topology.kubernetes.io/"
NOT_HERE = "the node pool that its pods land on is not in the plan"


def labels(stated: object, given: Mapping[str, object]) -> Mapping[str, str]:
    """Return the labels of a pool's nodes: those that are stated, and those its vendor gives."""
    own = stated if isinstance(stated, dict) else {}
    found = {**given, **own}
    return {key: value for key, value in found.items() if text(value) and isinstance(value, str)}


def pool_of(groups: Iterable[InstanceGroup], selector: Mapping[str, str]) -> InstanceGroup | str:
    """Return the pool whose nodes a selector fits, or in words why it is not told.

    Where several fit, any will do if they are priced alike.
    """
    pools = [group for group in groups if group.node_labels is not None]
    fitting = [pool for pool in pools if _fits(pool, selector)]
    if not fitting:
        return NOT_HERE
    alike = {(pool.region, pool.slots[:1], pool.spot_share) for pool in fitting}
    if len(alike) > 1:
        named = ", ".join(sorted(pool.address for pool in fitting))
        return f"its pods may land on any of {named}: no node_selector tells which"
    return fitting[0]


def _fits(pool: InstanceGroup, selector: Mapping[str, str]) -> bool:
    own = dict(pool.node_labels or {})
    if pool.slots:
        own |= dict.fromkeys(_TYPES, pool.slots[0].instance_type)
    return all(
        own.get(key) == value
        for key, value in selector.items()
        if key not in _ANYWHERE and not key.startswith(_ZONES)
    )
