"""What of a Kubernetes node is left for pods, by the rules of the vendors' managed clusters.

Sources: GKE documentation, "Plan node sizes" (resource reservations); Amazon EKS, the bootstrap of
its AMIs (kube-reserved) and its table of pods by network interfaces; Microsoft Learn, "Node
resource reservations in AKS", of version 1.29 and later.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from tfopt_sim.pods import ClusterAutoscaler, Reservation
from tfopt_sim.types import Machine

_GIB_PER_MIB: Final = 1 / 1024
_EVICTION_GIB: Final = 100 * _GIB_PER_MIB  # kept free before pods are evicted, in all three
_OF_VCPUS: Final = ((0, 0.06), (1, 0.01), (2, 0.005), (4, 0.0025))  # from so many vCPUs: share
_OF_GIB: Final = ((0, 0.25), (4, 0.20), (8, 0.10), (16, 0.06), (128, 0.02))  # GKE
_AKS_VCPUS: Final = (1, 2, 4, 8, 16, 32, 64)
_AKS_RESERVED: Final = (0.06, 0.10, 0.14, 0.18, 0.26, 0.42, 0.74)
_MOST_PODS: Final = 110
_SHARED_CORE_VCPUS: Final = 1.06  # reserved of the two of GKE's e2-micro, e2-small and e2-medium
_SHARED_CORE: Final = ("e2-micro", "e2-small", "e2-medium")


class Reserved(NamedTuple):
    """What the system of a node keeps, and how many pods it takes at most."""

    vcpus: float
    memory_gib: float
    most_pods: int


def reserved_on(
    reservation: Reservation, machine: Machine, most_pods: int | None = None
) -> Reserved | None:
    """Return what a vendor's cluster keeps of a node of that type; None where it is stated.

    `most_pods` is what the cluster is set to take; None leaves the vendor's number.
    """
    vcpus, gib = machine.vcpus, machine.memory_gib
    if reservation == "eks":
        pods = most_pods or _most_pods_of_eks(vcpus)
        kept = (255 + 11 * pods) * _GIB_PER_MIB
        return Reserved(_stepped(_OF_VCPUS, vcpus), kept + _EVICTION_GIB, pods)
    pods = most_pods or _MOST_PODS
    if reservation == "gke":
        shared = machine.name in _SHARED_CORE
        cpu = _SHARED_CORE_VCPUS if shared else _stepped(_OF_VCPUS, vcpus)
        return Reserved(cpu, _stepped(_OF_GIB, gib) + _EVICTION_GIB, pods)
    if reservation == "aks":
        kept = min((20 * pods + 50) * _GIB_PER_MIB, 0.25 * gib)
        cpu = float(np.interp(vcpus, _AKS_VCPUS, _AKS_RESERVED))
        return Reserved(cpu, kept + _EVICTION_GIB, pods)
    return None


def reserved_of(policy: ClusterAutoscaler, machine: Machine) -> Reserved:
    """Return what is not there for pods on a node of that type."""
    most = policy.max_pods_per_node
    return reserved_on(policy.reservation, machine, most) or Reserved(
        policy.node_vcpus_reserved, policy.node_memory_gib_reserved, most or 110
    )


def room_for_pods(policy: ClusterAutoscaler, machine: Machine) -> int:
    """Return how many pods fit on a node of that type."""
    kept = reserved_of(policy, machine)
    spare_vcpus = machine.vcpus - kept.vcpus - policy.daemon_vcpus
    fit = math.floor(spare_vcpus / policy.pod_vcpus + 1e-9)
    if policy.pod_memory_gib > 0:
        spare_gib = machine.memory_gib - kept.memory_gib
        fit = min(fit, math.floor(spare_gib / policy.pod_memory_gib + 1e-9))
    return min(fit, kept.most_pods)


def pods_of_a_needed_node(policy: ClusterAutoscaler, machine: Machine) -> int:
    """Return the pods with which a node's utilization reaches the threshold.

    Utilization is the larger of the CPU and the memory that is requested, over the allocatable.
    """
    kept = reserved_of(policy, machine)
    cpu, gib = machine.vcpus - kept.vcpus, machine.memory_gib - kept.memory_gib
    for pods in range(room_for_pods(policy, machine) + 1):
        share = max(
            (pods * policy.pod_vcpus + policy.daemon_vcpus) / cpu,
            pods * policy.pod_memory_gib / gib,
        )
        if share >= policy.utilization_threshold - 1e-9:
            return pods
    return room_for_pods(policy, machine) + 1


def _stepped(shares: tuple[tuple[int, float], ...], amount: float) -> float:
    """Return the sum of each share of what lies between its threshold and the next."""
    ends = [*(begin for begin, _ in shares), float("inf")]
    between = (max(0.0, min(amount, high) - low) for low, high in pairwise(ends))
    return sum(share * part for (_, share), part in zip(shares, between, strict=True))


def _most_pods_of_eks(vcpus: float) -> int:
    """Return the pods that a general-purpose type takes, up to EKS's own cap by vCPUs.

    EKS user guide, "How maxPods is determined": at most 110 below 30 vCPUs, 250 from there on.
    """
    steps = ((1, 8), (2, 29), (8, 58), (29, 110))
    return next((pods for most, pods in steps if vcpus <= most), 250)
