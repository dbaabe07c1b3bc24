"""Documented behaviour of a Kubernetes node group under a cluster autoscaler, its pods under a
horizontal one.

Sources are the Kubernetes documentation ("Horizontal Pod Autoscaling", "HorizontalPodAutoscaler
Walkthrough"), FAQ.md of kubernetes/autoscaler, and replica_calculator.go of kubernetes/kubernetes.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.autoscaling import kubernetes as k8s
from tfopt_sim.autoscaling.clouds import rules_for
from tfopt_sim.autoscaling.nodes import pods_of_a_needed_node, room_for_pods
from tfopt_sim.autoscaling.seen import Seen
from tfopt_sim.pods import ClusterAutoscaler
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import Configuration, Machine, Slo, Trajectory, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
NODE = Machine("node", vcpus=4.1, memory_gib=16.5, usd_per_hour=0.2)  # 4 vCPUs, 16 GiB allocatable
POD = ClusterAutoscaler(pod_vcpus=1.0)  # target 50 %; four fit on a node


class Cluster:
    """A node group by itself: one call a minute, with the CPU that its pods use."""

    def __init__(self, policy: ClusterAutoscaler, nodes: int, bounds: tuple[int, int] = (0, 100)):
        rules, _ = rules_for([policy], NODE)
        self.rule, self.memory = rules.rows[0], rules.memory[0]
        self.nodes, self.booting, self.minute, self.bounds = nodes, 0, 0, bounds

    def step(self, used_vcpus: float) -> int:
        """Let a minute pass and return the nodes wanted; nothing is ordered or removed."""
        cpu = used_vcpus / (self.nodes * NODE.vcpus) if self.nodes else 0.0
        none = np.zeros(2, dtype=np.int64)
        seen = Seen(self.minute, self.nodes, self.booting, -1000, *self.bounds, cpu, 0.0, none)
        self.minute += 1
        return int(k8s.kubernetes(self.rule, self.memory, seen))

    @property
    def pods(self) -> int:
        """Pods that there are to be, pending ones included."""
        return int(self.memory[k8s.PODS])

    @property
    def running(self) -> int:
        """Pods on nodes."""
        return int(self.memory[k8s.RUNNING])


def desired(policy: ClusterAutoscaler, pods: int, used_vcpus: float, running: int = -1) -> int:
    """Return the pods that the horizontal pod autoscaler's formula recommends."""
    rules, _ = rules_for([policy], NODE)
    ready = pods if running < 0 else running
    return int(k8s.recommended_pods(rules.rows[0], pods, ready, used_vcpus))


def run(
    policy: ClusterAutoscaler,
    demand: list[float],
    nodes: int,
    bounds: tuple[int, int] = (1, 40),
    boot_s: float = 120,
) -> Trajectory:
    """A node group that starts with `nodes`; demand in vCPUs by minute."""
    workload = Workload(cpu_s_per_request=0.02, boot_s=boot_s, boot="fixed", arrivals="even")
    configuration = Configuration(NODE, *bounds, nodes, (policy,))
    return trajectory(configuration, np.array(demand) / 0.02, workload, Slo(), MONDAY)


@pytest.mark.parametrize(("used", "pods"), [(0.2, 20), (0.05, 5)])
def test_the_ratio_of_the_metric_to_its_target_scales_the_pods(used: float, pods: int) -> None:
    """Horizontal Pod Autoscaling, "Algorithm details": 200m against 100m doubles, 50m halves."""
    policy = ClusterAutoscaler(pod_vcpus=0.2, target=0.5)  # 100m
    assert desired(policy, 10, 10 * used) == pods


def test_the_walkthrough_goes_from_one_replica_to_seven() -> None:
    """Walkthrough: 305 % of the request on one replica, target 50 %: resized to 7 replicas."""
    policy = ClusterAutoscaler(pod_vcpus=0.2, target=0.5, min_pods=1, max_pods=10)
    assert desired(policy, 1, 3.05 * 0.2) == 7
    cluster = Cluster(policy, nodes=1)
    cluster.step(0.0)
    assert cluster.pods == 1
    cluster.step(3.05 * 0.2)
    assert cluster.pods == 7
    for _ in range(6):
        cluster.step(0.0)
    assert cluster.pods == 1


def test_fifty_pods_at_ninety_percent_of_seventy_five_become_sixty() -> None:
    """Kubernetes blog, "HorizontalPodAutoscaler Configurable Tolerance": 50 × 90 ÷ 75 = 60."""
    policy = ClusterAutoscaler(pod_vcpus=1.0, target=0.75)
    assert desired(policy, 50, 50 * 0.9) == 60


@pytest.mark.parametrize(("utilization", "pods"), [(0.45, 20), (0.55, 20), (0.44, 18), (0.56, 23)])
def test_a_ratio_within_the_tolerance_is_left_alone(utilization: float, pods: int) -> None:
    """Algorithm details: no action "if the ratio is sufficiently close to 1.0 (… 0.1 by
    default)"; at 50 % that is 45 to 55 %.
    """
    assert desired(POD, 20, 20 * utilization) == pods


def test_utilization_counts_in_whole_percent() -> None:
    """replica_calculator.go works with the utilization as an integer: 55.9 % is 55 %."""
    assert desired(POD, 20, 20 * 0.559) == 20
    assert desired(POD, 20, 20 * 0.44999) == 18


def test_pending_pods_count_as_idle_while_load_is_high() -> None:
    """Algorithm details: not-yet-ready pods consume 0 % where pods would be added; if that turns
    the direction or falls within the tolerance, nothing is done.
    """
    assert desired(POD, 16, 12.0, running=8) == 24
    assert desired(POD, 16, 8.5, running=8) == 16
    assert desired(POD, 16, 6.0, running=8) == 16
    assert desired(POD, 16, 2.0, running=8) == 4


def test_pods_at_most_double_or_grow_by_four_every_fifteen_seconds() -> None:
    """Default Behavior: "4 pods or a 100 % of the currently running replicas" every 15 seconds."""
    cluster = Cluster(ClusterAutoscaler(pod_vcpus=0.01, max_pods_per_node=10_000), nodes=3)
    cluster.step(0.005)
    assert cluster.pods == 1
    cluster.step(10.0)
    assert cluster.pods == ((1 + 4) * 2 * 2) * 2
    cluster.step(10.0)
    assert cluster.pods == 40 * 2**4


def test_pods_go_only_after_five_minutes_of_low_recommendations() -> None:
    """Stabilization window: of "all desired states from the past 5 minutes" the highest counts."""
    cluster = Cluster(POD, nodes=10)
    pods = []
    for used in [20.0, 5.0, 5.0, 5.0, 5.0, 10.0, 5.0, 5.0, 5.0, 5.0, 5.0]:
        cluster.step(used)
        pods.append(cluster.pods)
    assert pods == [40, 40, 40, 40, 40, 20, 20, 20, 20, 20, 10]


def test_minimum_and_maximum_bind_the_pods() -> None:
    """How does a HorizontalPodAutoscaler work?: pods stay between minReplicas and maxReplicas."""
    cluster = Cluster(ClusterAutoscaler(pod_vcpus=1.0, min_pods=3, max_pods=12), nodes=5)
    for _ in range(8):
        cluster.step(0.0)
    assert cluster.pods == 3
    cluster.step(19.0)
    assert cluster.pods == 12


def test_nodes_are_added_for_pods_that_found_no_room() -> None:
    """FAQ, "How does scale-up work?": unschedulable pods → as many nodes as they need."""
    cluster = Cluster(POD, nodes=2)
    assert cluster.step(4.0) == 2  # 8 pods on 2 nodes
    assert cluster.step(6.5) == 4  # 13 pods: 5 pending need 2 nodes of 4
    assert (cluster.pods, cluster.running) == (13, 8)


def test_nodes_on_their_way_are_not_ordered_twice() -> None:
    """FAQ, "How does scale-up work?": nodes that are expected are considered in the simulation."""
    cluster = Cluster(POD, nodes=2)
    cluster.step(4.0)
    cluster.step(6.5)
    cluster.booting = 2
    assert cluster.step(6.5) == 4
    assert cluster.step(8.5) == 5  # 17 pods: 9 pending, one more than the two nodes hold
    cluster.nodes, cluster.booting = 4, 0
    cluster.step(8.5)
    assert cluster.running == 16


def test_load_alone_adds_no_node() -> None:
    """FAQ, "How is Cluster Autoscaler different from CPU-usage-based node autoscalers?": it makes
    sure that pods have a place to run, "no matter if there is any CPU load or not".
    """
    cluster = Cluster(ClusterAutoscaler(pod_vcpus=1.0, max_pods=8), nodes=2)
    assert [cluster.step(8.2) for _ in range(5)] == [2] * 5


def test_what_fits_on_a_node_is_its_allocatable() -> None:
    """FAQ, "How does scale-down work?": requests are compared with the allocatable."""
    assert room_for_pods(POD, NODE) == 4
    assert room_for_pods(ClusterAutoscaler(0.5, pod_memory_gib=3.0), NODE) == 5
    assert room_for_pods(ClusterAutoscaler(0.5, daemon_vcpus=0.3), NODE) == 7
    assert room_for_pods(ClusterAutoscaler(0.01), NODE) == 110
    with pytest.raises(ValueError, match="no pod of 5"):
        rules_for([ClusterAutoscaler(5.0)], NODE)


@pytest.mark.parametrize(
    ("policy", "pods"),
    [
        (ClusterAutoscaler(1.0), 2),
        (ClusterAutoscaler(1.0, daemon_vcpus=1.0), 1),
        (ClusterAutoscaler(0.5, pod_memory_gib=4.0), 2),
        (ClusterAutoscaler(1.0, utilization_threshold=0.8), 4),
    ],
)
def test_a_node_is_needed_from_half_its_allocatable_on(
    policy: ClusterAutoscaler, pods: int
) -> None:
    """FAQ: unneeded below 50 % of the allocatable, by the larger of CPU and memory requests, with
    the daemon sets' pods "included by default".
    """
    assert pods_of_a_needed_node(policy, NODE) == pods


def test_a_node_goes_when_it_was_unneeded_for_ten_minutes() -> None:
    """FAQ: "If a node is unneeded for more than 10 minutes, it will be terminated", one at a time
    where pods run on it.

    8 pods on 5 nodes from the sixth minute on: two nodes hold 1 pod each and fit on the others.
    """
    cluster = Cluster(POD, nodes=5)
    wanted = [cluster.step(used) for used in [10.0, *[4.0] * 16]]
    assert wanted == [5] * 15 + [4, 4]


def test_a_busier_minute_starts_the_ten_minutes_anew() -> None:
    """FAQ: a node must be unneeded without a break; here pods come back for a while."""
    cluster = Cluster(POD, nodes=5)
    wanted = [cluster.step(used) for used in [10.0, *[4.0] * 9, 10.0, *[4.0] * 15]]
    assert wanted == [5] * 25 + [4]


def test_no_node_goes_in_the_ten_minutes_after_a_scale_up() -> None:
    """FAQ, scale-down-delay-after-add: evaluation resumes 10 minutes after scale-up."""
    quick = ClusterAutoscaler(pod_vcpus=1.0, stabilization_s=60, unneeded_s=60)
    cluster = Cluster(quick, nodes=2)
    cluster.step(4.0)
    assert cluster.step(10.0) == 5
    cluster.nodes = 5
    wanted = [cluster.step(used) for used in [10.0, *[1.0] * 10]]
    assert wanted == [5] * 9 + [1, 1]  # 2 pods: three nodes are empty, and one pod fits elsewhere


def test_empty_nodes_go_in_bulk() -> None:
    """FAQ: empty nodes "can be terminated in bulk, up to 10 nodes at a time", others one at a time.

    A scan takes ten seconds, so that a minute has room for 60 empty nodes and one that is not.
    """
    quick = ClusterAutoscaler(pod_vcpus=1.0, stabilization_s=60, unneeded_s=0, delay_after_add_s=0)
    cluster = Cluster(quick, nodes=99)
    cluster.step(198.0)
    assert cluster.step(10.0) == 99 - 61  # 20 pods on 99 nodes: 79 are empty
    cluster.nodes = 38
    assert cluster.step(10.0) == 38 - 18 - 1  # 18 empty, then one that holds a pod
    cluster.nodes = 19
    assert cluster.step(10.0) == 19 - 1


def test_nodes_whose_pods_fit_nowhere_else_stay() -> None:
    """FAQ: unneeded only if "all pods running on the node … can be moved to other nodes"."""
    lax = ClusterAutoscaler(1.0, utilization_threshold=0.8, unneeded_s=60, delay_after_add_s=0)
    cluster = Cluster(lax, nodes=3)
    assert [cluster.step(4.5) for _ in range(12)] == [3] * 12  # 9 pods: every node has 3 of 4
    cluster = Cluster(lax, nodes=3)
    assert [cluster.step(4.0) for _ in range(2)] == [3, 2]  # 8 pods fit on two


def test_a_group_grows_from_zero_nodes() -> None:
    """FAQ, "How can I scale a node group to 0?": pending pods bring the first node back."""
    cluster = Cluster(ClusterAutoscaler(pod_vcpus=1.0, min_pods=5), nodes=0)
    assert cluster.step(0.0) == 2
    assert cluster.running == 0


def test_the_maximum_of_the_group_leaves_pods_pending() -> None:
    """FAQ, "I have a couple of pending pods, but there was no scale-up?": the group is at its
    maximum; an attempt that adds nothing does not hold back a later scale-down.
    """
    cluster = Cluster(ClusterAutoscaler(1.0, stabilization_s=60, unneeded_s=60), 3, bounds=(1, 3))
    cluster.step(6.0)
    assert cluster.step(12.0) == 3
    assert (cluster.pods, cluster.running) == (24, 12)
    assert [cluster.step(1.0) for _ in range(3)] == [3, 1, 1]


def test_a_pending_pod_serves_only_once_its_node_does() -> None:
    """FAQ, "How fast is HPA when combined with CA?": reaction times, then "node provisioning".

    Load beyond two nodes queues until the nodes ordered after the first minute are in service.
    """
    seen = run(POD, [4.0] + [14.0] * 9, nodes=2, boot_s=240)
    assert seen.billed.tolist()[:4] == [2, 2, 5, 5]  # CPU of 8.2 vCPUs is all that is seen: 17 pods
    assert seen.in_service.tolist()[:6] == [2] * 6
    assert (seen.cpu[1:6] == 1.0).all()
    assert (np.diff(seen.backlog_requests[:6]) > 0).all()
    assert seen.in_service[6] == 5


def test_nodes_that_are_half_requested_stay_after_a_peak() -> None:
    """FAQ: scale-down looks at requests, not at what would fit: the 8 pods that are left after a
    peak of 40 keep four nodes with two each, though two nodes would hold them.
    """
    seen = run(POD, [4.0] * 2 + [20.0] * 10 + [4.0] * 120, nodes=2)
    assert seen.billed.max() >= 10
    assert set(seen.billed[-60:]) == {4}


@st.composite
def clusters(draw: st.DrawFn) -> ClusterAutoscaler:
    return ClusterAutoscaler(
        pod_vcpus=draw(st.sampled_from([0.25, 0.5, 1.0, 3.0])),
        target=draw(st.sampled_from([0.4, 0.5, 0.8])),
        min_pods=draw(st.integers(1, 6)),
        max_pods=draw(st.sampled_from([10, 60, 1000])),
        daemon_vcpus=draw(st.sampled_from([0.0, 0.2])),
        stabilization_s=draw(st.sampled_from([0.0, 300.0])),
        utilization_threshold=draw(st.sampled_from([0.5, 0.7])),
        unneeded_s=draw(st.sampled_from([0.0, 600.0])),
        delay_after_add_s=draw(st.sampled_from([0.0, 600.0])),
    )


@settings(max_examples=60, deadline=None)
@given(clusters(), st.lists(st.floats(0, 100), min_size=1, max_size=40), st.floats(0.1, 50))
def test_it_keeps_its_bounds_and_comes_to_rest(
    policy: ClusterAutoscaler, unrest: list[float], load: float
) -> None:
    """Bounds hold in every minute; under a constant load nodes stop coming and going, and hold the
    pods that the load needs.
    """
    seen = run(policy, unrest + [load] * 900, nodes=5, bounds=(2, 40))
    assert seen.billed.min() >= 2
    assert seen.billed.max() <= 40
    rest = set(seen.billed[-60:])
    assert len(rest) == 1
    least = math.ceil(load / policy.target / (1 + policy.tolerance) / policy.pod_vcpus - 1.0)
    pods = min(max(least, policy.min_pods), policy.max_pods)
    assert rest.pop() >= min(40, math.ceil(pods / room_for_pods(policy, NODE)))


@settings(max_examples=60, deadline=None)
@given(
    clusters(), st.lists(st.tuples(st.integers(0, 12), st.floats(0, 1)), min_size=1, max_size=40)
)
def test_every_pod_is_on_a_node_or_pending(
    policy: ClusterAutoscaler, minutes: list[tuple[int, float]]
) -> None:
    """Whatever nodes come and go: nodes by pods add up, and none pends where there is room."""
    cluster = Cluster(policy, minutes[0][0])
    first, fit = k8s.first_level(cluster.rule), room_for_pods(policy, NODE)
    for nodes, cpu in minutes:
        cluster.nodes = nodes
        cluster.step(cpu * nodes * NODE.vcpus)
        by_pods = cluster.memory[first : first + fit + 1]
        assert by_pods.min() >= 0
        assert by_pods.sum() == nodes
        assert by_pods @ np.arange(fit + 1) == cluster.running
        assert cluster.running == min(cluster.pods, nodes * fit)
