"""Reads `kubernetes_deployment` with its horizontal pod autoscaler: a group of pods.

What a pod is, is what its containers request; a container that states a limit alone requests that
(Kubernetes documentation, "Resource Management for Pods and Containers"). Where its nodes are in
the plan, a pod is priced as a share of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfopt.plan import kubernetes_hpa
from tfopt.plan.context import About, Context
from tfopt.plan.kubernetes_hpa import Autoscaling
from tfopt.plan.kubernetes_nodes import NOT_HERE, pool_of
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, PathStep, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import OtherScaler
from tfopt.plan.values import block, blocks, size, text
from tfopt.quantities import GIB, quantity

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
_POD: tuple[PathStep, ...] = ("spec", 0, "template", 0, "spec", 0)
_NO_CPU = "its containers request no CPU: nothing says how large a pod is"
_GPUS = "its pods request GPUs, which are never exchanged"
_AS_REQUESTED = "its pods are taken to have the CPU that they request and no more"


@dataclass(frozen=True, slots=True)
class _Pod:
    """What the containers of a pod request together."""

    vcpus: float
    memory_gib: float | None
    containers: int


def read(context: Context) -> list[InstanceGroup]:
    """Read every deployment that remains after apply."""
    autoscalers = kubernetes_hpa.by_deployment(context, KINDS)
    found = []
    for one in context.planned.of(*KINDS):
        pod = _pod(one)
        if isinstance(pod, str):
            context.skip(one, pod)
        else:
            found.append(_group(context, one, pod, autoscalers.get(one.address, [])))
    return found


def _pod(one: Resource) -> _Pod | str:
    """Return what a pod requests, or in words why that is not told."""
    containers = blocks(one.get(*_POD, "container"))
    requests = [_requested(container) for container in containers]
    if any("gpu" in name for request in requests for name in request):
        return _GPUS
    cpus = [request.get("cpu") for request in requests]
    if any(value is UNKNOWN or value is REDACTED for value in cpus):
        return "what its containers request is not known before the apply"
    vcpus = sum(quantity(value) or 0.0 for value in cpus)
    if vcpus <= 0:
        return _NO_CPU
    memory = [quantity(request.get("memory")) for request in requests]
    gib = sum(found for found in memory if found is not None) / GIB
    return _Pod(vcpus, gib or None, len(containers))


def _requested(container: Mapping[str, object]) -> dict[str, object]:
    resources = block(container, "resources")
    limits, requests = resources.get("limits"), resources.get("requests")
    return {
        **(limits if isinstance(limits, dict) else {}),
        **(requests if isinstance(requests, dict) else {}),
    }


def _group(context: Context, one: Resource, pod: _Pod, own: list[Resource]) -> InstanceGroup:
    scaled = _scaling(own, pod)
    desired = _replicas(one, scaled)
    pool = pool_of(context.groups, _selector(one))
    told = None if isinstance(pool, str) else pool
    return InstanceGroup(
        address=one.address,
        kind=one.kind,
        cloud="kubernetes" if told is None else told.cloud,
        region=None if told is None else told.region,
        action=one.action,
        unit="pod",
        slots=() if told is None else told.slots[:1],
        min_size=scaled.min_size if scaled.sizes else desired,
        max_size=scaled.max_size if scaled.sizes else desired,
        desired_capacity=desired,
        zones=None if told is None else told.zones,
        scalers=scaled.scalers,
        spot_share=0.0 if told is None else told.spot_share,
        operating_system="linux" if told is None else told.operating_system,
        own_licence=False if told is None else told.own_licence,
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


def _scaling(own: list[Resource], pod: _Pod) -> Autoscaling:
    if not own:
        return Autoscaling()
    if len(own) > 1:
        what = "several autoscalers have the same target, each undoing what the other does"
        return Autoscaling(tuple(OtherScaler(one.address, what) for one in own))
    return kubernetes_hpa.scaling(own[0], pod.vcpus, pod.containers)


def _selector(one: Resource) -> Mapping[str, str]:
    stated = one.get(*_POD, "node_selector")
    found = stated if isinstance(stated, dict) else {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


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
            "its replicas are written beside its autoscaler: unless they are null, each apply sets "
            "their number back"
        )
