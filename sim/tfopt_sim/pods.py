"""Nouns of Kubernetes: how pods are scaled horizontally, and the nodes that carry them.

Units ride in the names as in `tfopt_sim.types`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class PodRule:
    """How many pods may come or go in a period."""

    unit: Literal["pods", "percent"]
    value: float
    period_s: float = 15.0


@dataclass(frozen=True, slots=True)
class PodBehavior:
    """How a horizontal pod autoscaler goes one way."""

    rules: tuple[PodRule, ...]
    select: Literal["max", "min", "disabled"] = "max"  # of what the rules allow
    stabilization_s: float = 0.0  # it goes no further than all it recommended for so long


@dataclass(frozen=True, slots=True)
class PodAutoscaler:
    """Kubernetes' horizontal pod autoscaler, of pods that always find room on a node."""

    target: float  # of the CPU that a pod requests
    tolerance: float = 0.1
    up: PodBehavior = PodBehavior((PodRule("percent", 100.0), PodRule("pods", 4.0)))
    down: PodBehavior = PodBehavior((PodRule("percent", 100.0),), stabilization_s=300.0)
    metric: Literal["cpu"] = field(default="cpu", init=False)

    @property
    def stabilization_s(self) -> float:
        """How long fewer pods have to be enough before any go."""
        return self.down.stabilization_s


Reservation = Literal["stated", "eks", "gke", "aks"]
"""What of a node its system keeps: as stated, or by the rules of a vendor's clusters."""


@dataclass(frozen=True, slots=True)
class ClusterAutoscaler:
    """A Kubernetes node group under a cluster autoscaler, its pods under a horizontal one."""

    pod_vcpus: float  # requested by one pod
    target: float = 0.5  # of the pods' requested CPU (horizontal pod autoscaler)
    min_pods: int = 1
    max_pods: int = 1000
    pod_memory_gib: float = 0.0  # requested by one pod; 0: CPU alone decides what fits
    node_vcpus_reserved: float = 0.1  # vCPUs of a node that are not allocatable (kubelet, system)
    node_memory_gib_reserved: float = 0.5
    reservation: Reservation = "stated"  # else a vendor's rules in place of those two
    daemon_vcpus: float = 0.0  # requested by the daemon sets' pods on each node
    max_pods_per_node: int | None = None  # None: 110, or by the vendor's rules
    tolerance: float = 0.1
    stabilization_s: float = 300.0  # before pods are removed
    utilization_threshold: float = 0.5  # requested ÷ allocatable; a node below it is unneeded …
    unneeded_s: float = 600.0  # … and removed after so long
    delay_after_add_s: float = 600.0  # no removal so soon after nodes were added
    max_empty_bulk_delete: int = 10  # empty nodes removed in one scan of ten seconds
