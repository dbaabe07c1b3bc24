"""Pods and the nodes that carry them: what a pod pays of its node, what a node pool carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tfopt.errors import TfoptError
from tfopt.plan.kubernetes_nodes import NOT_HERE
from tfopt.plan.model import InstanceGroup, Slot
from tfopt.pricing import Offer, PriceBook
from tfopt.quantities import GIB
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import PodsTable, Settings
from tfopt_sim.autoscaling.nodes import reserved_on, room_for_pods
from tfopt_sim.pods import ClusterAutoscaler, Reservation
from tfopt_sim.types import Configuration, Machine

_RESERVATION: Final[Mapping[str, Reservation]] = {"aws": "eks", "gcp": "gke", "azure": "aks"}
_ARCHITECTURES: Final[Mapping[str, str]] = {"amd64": "x86_64", "arm64": "arm64"}
_UNKNOWN_PODS: Final = (
    "a cluster autoscaler may size it, and what its pods ask for is not in the plan: say it in "
    "[workload.pods] of tfopt.toml"
)
_UNKNOWN_NODES: Final = f"{NOT_HERE}: name node_type and region in [workload.pods] of tfopt.toml"


def on_nodes(group: InstanceGroup, settings: Settings, book: PriceBook) -> InstanceGroup:
    """Return pods with the nodes that the user names, where the plan has none; else the group.

    Raises:
        NotAnalysedError: neither tells what the pods land on.
        TfoptError: the price book does not have the type that is named.
    """
    table = settings.workload_of(group.address)
    if group.cloud != "kubernetes":
        return group
    named = table.pods if table is not None else None
    if table is None or named is None or named.node_type is None or named.region is None:
        raise NotAnalysedError(_UNKNOWN_NODES)
    for cloud in ("aws", "gcp", "azure"):
        try:
            book.offer(cloud, named.region, named.node_type)
        except TfoptError:
            continue
        slots = (Slot(named.node_type),)
        return replace(group, cloud=cloud, region=named.region, slots=slots)
    where = settings.place_of(table, "pods")
    raise TfoptError(
        f"no price of the node type {named.node_type} in {named.region}",
        where=where,
        hint="Name a type and a region of AWS, Google Cloud or Azure: tfopt prices --help",
    )


def pod_of(node: Offer, group: InstanceGroup) -> Offer:
    """Return a pod as something that is bought: its share of a node at that share of the price.

    The share is the larger one of CPU and memory, over what a node has left for pods.

    Raises:
        NotAnalysedError: no pod fits on the node, it is of another architecture than they select,
            or it earns CPU credits.
    """
    wanted = _ARCHITECTURES.get(group.architecture or "")
    if wanted is not None and wanted != node.architecture:
        raise NotAnalysedError(
            f"its pods select {group.architecture} nodes, which {node.instance_type} is not"
        )
    if node.burst is not None:
        raise NotAnalysedError(
            f"its nodes {node.instance_type} earn CPU credits, which its pods share with others"
        )
    vcpus, gib = group.task_vcpus or 0.0, group.task_memory_gib or 0.0
    kept = reserved_on(_RESERVATION[group.cloud], _bare(node), group.most_pods)
    if kept is None or vcpus <= 0:
        raise NotAnalysedError("what its pods request is not known")
    share = max(vcpus / (node.vcpus - kept.vcpus), gib / (node.memory_gib - kept.memory_gib))
    share = max(share, 1 / kept.most_pods)
    if not 0 < share <= 1:
        raise NotAnalysedError(f"none of its pods fits on a node {node.instance_type}")
    spot = node.usd_per_hour_spot
    return replace(
        node,
        vcpus=vcpus,
        memory_gib=share * node.memory_gib,
        usd_per_hour=share * node.usd_per_hour,
        usd_per_hour_spot=None if spot is None else share * spot,
        boost=None,
        threads_per_core=None,
    )


def _bare(node: Offer) -> Machine:
    return Machine(node.instance_type, node.vcpus, node.memory_gib, node.usd_per_hour)


def cluster_autoscaler(group: InstanceGroup, pods: PodsTable | None) -> ClusterAutoscaler:
    """Return the autoscaler of a node pool with the pods that the user tells of.

    Raises:
        NotAnalysedError: nothing tells what the pods request.
    """
    if pods is None or pods.cpu is None:
        raise NotAnalysedError(_UNKNOWN_PODS)
    return ClusterAutoscaler(
        pod_vcpus=pods.cpu,
        target=pods.target,
        min_pods=pods.min,
        max_pods=pods.max,
        pod_memory_gib=(pods.memory or 0.0) / GIB,
        daemon_vcpus=pods.daemon_cpu or 0.0,
        max_pods_per_node=pods.max_per_node or group.most_pods,
        reservation=_RESERVATION[group.cloud],
    )


def has_room(configuration: Configuration, machine: Machine) -> bool:
    """Tell whether a pod fits on a node of a type; so it does where no pods are told of."""
    policies = (one for one in configuration.scaling if isinstance(one, ClusterAutoscaler))
    return all(room_for_pods(policy, machine) > 0 for policy in policies)


def check_room(configuration: Configuration) -> None:
    """Refuse pods that are too large for the pool's own type.

    Raises:
        NotAnalysedError: none fits on a node.
    """
    if not has_room(configuration, configuration.machine):
        raise NotAnalysedError(
            f"no pod of [workload.pods] fits on a node {configuration.machine.name}"
        )
