"""Finds the node pool that pods land on: by the labels that they select, or as the only one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfopt.plan.kubernetes_pods import POD
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, text

_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_SYSTEMS = ("kubernetes.io/os", "beta.kubernetes.io/os")
ARCHITECTURE = "kubernetes.io/arch"
_ZONES = "topology.kubernetes.io/"  # of which a pool has several
SPOT: Mapping[str, str] = {
    "eks.amazonaws.com/capacityType": "SPOT",
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "kubernetes.azure.com/scalesetpriority": "spot",
}
NOT_HERE = "the node pool that its pods land on is not in the plan"
_HIDDEN = "its node_selector is sensitive, or not known before the apply"
_AFFINITY = "it requires a node_affinity, which is not read"
_REQUIRED = "required_during_scheduling_ignored_during_execution"


def selector_of(one: Resource) -> Mapping[str, str] | str:
    """Return the labels that a deployment's pods select nodes by, or in words why not."""
    value = one.get(*POD, "node_selector")
    stated = "node_selector" in block(one.config, *POD) or not one.configured
    if value is REDACTED or (value is UNKNOWN and stated):
        return _HIDDEN
    if blocks(one.get(*POD, "affinity", 0, "node_affinity", 0, _REQUIRED)):
        return _AFFINITY
    found = value if isinstance(value, dict) else {}
    if any(label is UNKNOWN or label is REDACTED for label in found.values()):
        return _HIDDEN
    return {key: label for key, label in found.items() if isinstance(label, str)}


def asks_for_spot(selector: Mapping[str, str] | str) -> bool:
    """Tell whether a selector asks for nodes that are bought on spot."""
    return not isinstance(selector, str) and any(
        selector.get(label) == value for label, value in SPOT.items()
    )


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
    alike = {
        (one.region, one.slots[:1], one.spot_share, one.operating_system, one.own_licence)
        for one in fitting
    }
    if len(alike) > 1:
        named = ", ".join(sorted(pool.address for pool in fitting))
        return f"its pods may land on any of {named}: nothing that is read tells which"
    return fitting[0]


def _fits(pool: InstanceGroup, selector: Mapping[str, str]) -> bool:
    own = dict(pool.node_labels or {})
    if pool.slots:
        own |= dict.fromkeys(_TYPES, pool.slots[0].instance_type)
    if pool.operating_system != "unknown":
        own |= dict.fromkeys(_SYSTEMS, pool.operating_system)
    return all(
        own.get(key) == value
        for key, value in selector.items()
        if key != ARCHITECTURE and not key.startswith(_ZONES)
    )
