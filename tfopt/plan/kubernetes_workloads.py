"""Reads `kubernetes_deployment` with its horizontal pod autoscaler: a group of pods.

What a pod is, is what its containers request. Where its nodes are in the plan, a pod is priced as a
share of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfopt.plan import kubernetes_hpa
from tfopt.plan.autoscaling import Autoscaling
from tfopt.plan.context import About, Context
from tfopt.plan.kubernetes_nodes import (
    ARCHITECTURE,
    NOT_HERE,
    asks_for_spot,
    pool_of,
    selector_of,
)
from tfopt.plan.kubernetes_pods import Pod, pod_of
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import OtherScaler
from tfopt.plan.values import block, size, text

KINDS = ("kubernetes_deployment", "kubernetes_deployment_v1")
ABOUT = dict.fromkeys(
    KINDS,
    About(
        "what its pods request, replicas, node selector, horizontal pod autoscaler",
        "replicas, or minimum, maximum and CPU target of the autoscaler",
    ),
)
ATTRIBUTES = {**dict.fromkeys(KINDS, "id metadata spec"), **kubernetes_hpa.ATTRIBUTES}
_REPLICAS = ("spec", 0, "replicas")
_AS_REQUESTED = "its pods are taken to have the CPU that they request and no more"


def read(context: Context) -> list[InstanceGroup]:
    """Read every deployment that remains after apply."""
    autoscalers = kubernetes_hpa.by_deployment(context, KINDS)
    found = []
    for one in context.planned.of(*KINDS):
        pod = pod_of(one)
        if isinstance(pod, str):
            context.skip(one, pod)
        else:
            found.append(_group(context, one, pod, autoscalers.get(one.address, [])))
    return found


def _group(context: Context, one: Resource, pod: Pod, own: list[Resource]) -> InstanceGroup:
    scaled = _scaling(own, pod)
    desired = _replicas(one, scaled)
    selector = selector_of(one)
    pool = selector if isinstance(selector, str) else pool_of(context.groups, selector)
    told = None if isinstance(pool, str) else pool
    low = scaled.min_size if scaled.sizes else desired
    high = scaled.max_size if scaled.sizes else desired
    if desired == 0 and low:  # at none, Kubernetes does not scale it
        low, high = 0, 0
    return InstanceGroup(
        address=one.address,
        kind=one.kind,
        cloud="kubernetes" if told is None else told.cloud,
        region=None if told is None else told.region,
        action=one.action,
        unit="pod",
        slots=() if told is None else told.slots[:1],
        min_size=low,
        max_size=high,
        desired_capacity=desired,
        zones=None if told is None else told.zones,
        scalers=scaled.scalers,
        spot_share=float(asks_for_spot(selector)) if told is None else told.spot_share,
        architecture=None if isinstance(selector, str) else selector.get(ARCHITECTURE),
        operating_system="linux" if told is None else told.operating_system,
        own_licence=False if told is None else told.own_licence,
        most_pods=None if told is None else told.most_pods,
        carried_by=None if told is None else told.address,
        task_vcpus=pod.vcpus,
        task_memory_gib=pod.memory_gib,
        sites={**_sites(one), **scaled.sites},
        notes=tuple(_notes(one, pool, scaled)),
    )


def _replicas(one: Resource, scaled: Autoscaling) -> int | None:
    """Return the replicas; where nothing states them, the API's one or what the cluster says."""
    value = one.get(*_REPLICAS)
    hidden = value is REDACTED or (value is UNKNOWN and "desired_capacity" in _sites(one))
    stated = size(value)
    return 1 if stated is None and not hidden and not scaled.sizes else stated


def _scaling(own: list[Resource], pod: Pod) -> Autoscaling:
    if not own:
        return Autoscaling()
    if len(own) > 1:
        what = "several autoscalers have the same target, each undoing what the other does"
        return Autoscaling(tuple(OtherScaler(one.address, what) for one in own))
    return kubernetes_hpa.scaling(own[0], pod)


def _sites(one: Resource) -> Mapping[str, Site]:
    """Return where the replicas stand; a number that the cluster gave is nobody's."""
    spec = block(one.config.get("spec"))
    told = one.get(*_REPLICAS) not in (None, "", UNKNOWN)
    stated = "replicas" in spec if spec or one.configured else told
    return {"desired_capacity": one.site(*_REPLICAS)} if stated else {}


def _notes(one: Resource, pool: InstanceGroup | str, scaled: Autoscaling) -> Iterator[str]:
    yield _AS_REQUESTED
    if isinstance(pool, str):
        if pool != NOT_HERE:
            yield pool
    elif pool.slots:
        kind = pool.slots[0].instance_type
        yield (
            f"a pod is paid as its share of a node {kind} of {pool.address}; where both are "
            "analysed, the totals count the pool alone"
        )
    if scaled.sizes and text(one.get(*_REPLICAS)) and "desired_capacity" in _sites(one):
        yield (
            "its replicas are written beside its autoscaler: unless they are null or ignored, each "
            "apply sets their number back"
        )
