"""Documented behaviour of the horizontal pod autoscaler on its own, and what nodes keep back.

Sources: Kubernetes documentation ("Horizontal Pod Autoscaling"), GKE documentation ("Plan node
sizes"), the bootstrap of Amazon EKS's AMIs, Microsoft Learn ("Node resource reservations in AKS").
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.autoscaling.clouds import rules_for
from tfopt_sim.autoscaling.nodes import reserved_on, room_for_pods
from tfopt_sim.pods import ClusterAutoscaler, PodAutoscaler, PodBehavior, PodRule, Reservation
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import Configuration, Machine, Slo, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
AT_ONCE = PodBehavior((PodRule("percent", 100.0),))
POD = Machine("pod", vcpus=0.5, memory_gib=1.0, usd_per_hour=0.02)


def pods(policy: PodAutoscaler, used_vcpus: list[float], start: int, most: int = 40) -> list[int]:
    """Return the pods by minute under a demand in vCPUs; a pod is there in the minute after."""
    workload = Workload(cpu_s_per_request=0.02, boot_s=0.0, boot="fixed", arrivals="even")
    configuration = Configuration(POD, 2, most, start, (policy,))
    seen = trajectory(configuration, np.array(used_vcpus) / 0.02, workload, Slo(), MONDAY)
    return [int(count) for count in seen.billed]


def test_twice_the_target_doubles_the_pods() -> None:
    """Algorithm details: 200m against 100m doubles the replicas."""
    assert pods(PodAutoscaler(0.4), [4 * 0.5 * 0.8] * 3, 4)[1] == 8


def test_pods_go_when_they_were_too_many_for_five_minutes() -> None:
    """Default behavior: a stabilization window of 300 s for scaling down."""
    seen = pods(PodAutoscaler(0.5), [2.0] * 3 + [0.5] * 10, 8)
    assert seen == [8] * 8 + [2] * 5


def test_the_bounds_are_those_of_the_group() -> None:
    """Neither above the maximum nor below the minimum, whatever the load."""
    seen = pods(PodAutoscaler(0.5, down=AT_ONCE), [9.0] * 5 + [0.0] * 30, 4, most=12)
    assert (max(seen), seen[-1]) == (12, 2)


def test_four_pods_or_ten_percent_a_minute() -> None:
    """Configurable scaling behavior: from 80 replicas "4 or 10 %", whichever is more: 72, 64, …

    8 of 80 in the first minute (10 %), 8 of 72 (ceil of 7.2), and 4 once a tenth is less.
    """
    down = PodBehavior((PodRule("pods", 4.0, 60.0), PodRule("percent", 10.0, 60.0)))
    seen = pods(PodAutoscaler(0.5, down=down), [0.0] * 18, 80, most=80)
    assert seen == [80, 72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 8, 4, 2, 2]


def test_a_way_that_is_disabled_is_not_gone() -> None:
    """`selectPolicy: Disabled` turns off scaling in that direction."""
    down = PodBehavior((PodRule("percent", 100.0),), "disabled")
    assert pods(PodAutoscaler(0.5, down=down), [0.0] * 9, 8) == [8] * 9


def test_more_rules_than_are_kept_are_refused() -> None:
    """Four for each way."""
    many = PodBehavior((PodRule("pods", 1.0),) * 5)
    with pytest.raises(ValueError, match="at most 4 rules"):
        rules_for([PodAutoscaler(0.5, up=many)], POD)


def test_a_target_of_nothing_is_refused() -> None:
    """It would ask for pods without end."""
    with pytest.raises(ValueError, match="cannot aim at 0"):
        rules_for([PodAutoscaler(0.0)], POD)


def node(vcpus: float, gib: float, name: str = "node") -> Machine:
    return Machine(name, vcpus, gib, 0.1)


@pytest.mark.parametrize(
    ("reservation", "machine", "vcpus", "mib", "most"),
    [
        ("eks", node(2, 8), 0.070, 255 + 11 * 29 + 100, 29),  # m5.large: 574Mi, 70m
        ("eks", node(1, 4), 0.060, 255 + 11 * 8 + 100, 8),
        ("eks", node(8, 32), 0.090, 255 + 11 * 58 + 100, 58),
        ("eks", node(16, 64), 0.110, 255 + 11 * 110 + 100, 110),
        ("eks", node(32, 128), 0.150, 255 + 11 * 250 + 100, 250),
        ("gke", node(1, 3.75), 0.060, 1024 * 0.25 * 3.75 + 100, 110),
        ("gke", node(4, 16), 0.080, 1024 * (1.0 + 0.8 + 0.8) + 100, 110),
        ("gke", node(2, 4, "e2-medium"), 1.060, 1024 + 100, 110),
        ("aks", node(4, 8), 0.140, 0.25 * 8 * 1024 + 100, 110),
        ("aks", node(16, 64), 0.260, 20 * 110 + 50 + 100, 110),
    ],
)
def test_what_a_node_keeps_back(
    reservation: Reservation, machine: Machine, vcpus: float, mib: float, most: int
) -> None:
    """The vendors' own rules, worked out by hand."""
    kept = reserved_on(reservation, machine)
    assert kept is not None
    assert (kept.vcpus, kept.memory_gib * 1024) == pytest.approx((vcpus, mib))
    assert kept.most_pods == most


def test_a_cluster_set_to_fewer_pods() -> None:
    """AKS's own example: 8 GB and at most 30 pods keep 650 MB, and 100 below which pods go."""
    kept = reserved_on("aks", node(4, 8), 30)
    assert kept is not None
    assert (kept.memory_gib * 1024, kept.most_pods) == (pytest.approx(750), 30)


def test_of_150_gib_gke_keeps_what_its_calculators_say() -> None:
    """9.8577 GiB, the threshold of eviction included."""
    kept = reserved_on("gke", node(32, 150))
    assert kept is not None
    assert kept.memory_gib == pytest.approx(9.8577, abs=1e-4)


def test_room_follows_the_type_of_the_node() -> None:
    """The same policy on another type: what its vendor keeps back there counts."""
    policy = ClusterAutoscaler(pod_vcpus=0.5, pod_memory_gib=1.0, reservation="eks")
    assert [room_for_pods(policy, node(v, 4 * v)) for v in (2, 4, 8)] == [3, 7, 15]
    stated = ClusterAutoscaler(pod_vcpus=0.5, node_vcpus_reserved=1.0)
    assert room_for_pods(stated, node(4, 16)) == 6
