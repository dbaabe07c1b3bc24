"""Decides as the Kubernetes cluster autoscaler does for nodes whose pods are scaled horizontally.

Every 15 seconds the horizontal pod autoscaler brings the pods to their target (Kubernetes
documentation, "Horizontal Pod Autoscaling"); pods without room are pending and make the cluster
autoscaler order nodes; nodes that are little requested for ten minutes go (kubernetes/autoscaler,
FAQ.md).

What limits service is the nodes in service: pods are taken to have a CPU request and no limit, so
that they share all that their node has. A pending pod serves nothing before its node does.

Pods are alike. The scheduler puts each on the node that has the fewest, a scale-down takes each
from the node that has the most, so it is enough to know how many nodes hold how many pods.
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.nodes import pods_of_a_needed_node, room_for_pods
from tfopt_sim.autoscaling.seen import (
    KEPT,
    OWN,
    Row,
    Seen,
    capacity_of,
    metric_code,
    minutes_of,
    warming,
)
from tfopt_sim.autoscaling.window import fill, keep, largest, smallest
from tfopt_sim.pods import ClusterAutoscaler
from tfopt_sim.types import FloatArray, Machine

KUBERNETES = 13

# Cells of a rule: of the pods, then of the nodes.
NODE_VCPUS, POD_VCPUS, TARGET, TOLERANCE, MIN_PODS, MAX_PODS, STABILIZATION = range(OWN, OWN + 7)
FIT, NEEDED, UNNEEDED, DELAY, BULK = range(OWN + 7, OWN + 12)  # NEEDED: pods of a needed node

# Cells of a memory: pods wanted and running, nodes that hold them, minute of the last nodes added.
BEGUN, PODS, RUNNING, NODES, ADDED = range(KEPT, KEPT + 5)
WINDOWS = KEPT + 5  # recommended pods by minute, unneeded nodes by minute, nodes by their pods

SYNCS = 4  # of the horizontal pod autoscaler in a minute
SCANS = 6  # of the cluster autoscaler in a minute


def kubernetes_row(policy: ClusterAutoscaler, machine: Machine) -> Row:
    """Return the two autoscalers as a rule.

    Raises:
        ValueError: a target that is not positive, or a node on which no pod fits.
    """
    fit = room_for_pods(policy, machine)
    if not policy.target > 0:
        raise ValueError(f"an autoscaler cannot aim at {policy.target}")
    if fit < 1:
        raise ValueError(f"no pod of {policy.pod_vcpus} vCPUs fits on a node {machine.name}")
    stabilization = max(1.0, minutes_of(policy.stabilization_s))
    unneeded = minutes_of(policy.unneeded_s) + 1  # that many samples span the time
    cells = (
        metric_code("cpu"),
        1.0,
        machine.vcpus,
        policy.pod_vcpus,
        policy.target,
        policy.tolerance,
        float(policy.min_pods),
        float(policy.max_pods),
        stabilization,
        float(fit),
        float(pods_of_a_needed_node(policy, machine)),
        unneeded,
        minutes_of(policy.delay_after_add_s),
        float(policy.max_empty_bulk_delete),
    )
    memory = WINDOWS + int(stabilization + unneeded) + fit + 1
    return Row(KUBERNETES, cells, memory, history=int(unneeded))


@inlined
def first_level(rule: FloatArray) -> int:
    """Return the cell that counts the nodes without a pod; the next counts those with one."""
    return WINDOWS + int(rule[STABILIZATION]) + int(rule[UNNEEDED])


@inlined
def run_pods(rule: FloatArray, memory: FloatArray, count: int) -> None:
    """Put up to `count` pods on nodes, each on one that has fewest; the others stay pending."""
    level, left = first_level(rule), count
    for _ in range(int(rule[FIT])):
        if left == 0:
            break
        moved = min(left, int(memory[level]))
        memory[level] -= moved
        level += 1
        memory[level] += moved
        left -= moved
    memory[RUNNING] += count - left


@inlined
def stop_pods(rule: FloatArray, memory: FloatArray, count: int) -> None:
    """Take `count` pods off their nodes, each from one that has most."""
    level, left = first_level(rule) + int(rule[FIT]), count
    for _ in range(int(rule[FIT])):
        if left == 0:
            break
        moved = min(left, int(memory[level]))
        memory[level] -= moved
        level -= 1
        memory[level] += moved
        left -= moved
    memory[RUNNING] -= count - left


@inlined
def drop_nodes(rule: FloatArray, memory: FloatArray, count: int) -> None:
    """Remove the `count` nodes with the fewest pods, which are pending from then on."""
    first, left = first_level(rule), count
    for pods in range(int(rule[FIT]) + 1):
        gone = min(left, int(memory[first + pods]))
        memory[first + pods] -= gone
        memory[RUNNING] -= gone * pods
        left -= gone
    unneeded = WINDOWS + int(rule[STABILIZATION])
    for k in range(unneeded, first):
        memory[k] = max(0.0, memory[k] - count)


@inlined
def begin(rule: FloatArray, memory: FloatArray, seen: Seen, used_vcpus: float) -> None:
    """Start as after a long time under the present load: its pods, spread evenly over the nodes."""
    room = max(seen.in_service * rule[FIT], rule[MIN_PODS])
    pods = math.ceil(used_vcpus / (rule[POD_VCPUS] * rule[TARGET]) - 1e-9)
    memory[PODS] = min(max(float(pods), rule[MIN_PODS]), rule[MAX_PODS], room)
    fill(memory, WINDOWS, int(rule[STABILIZATION]), memory[PODS])
    memory[BEGUN] = 1.0


@inlined
def meet_nodes(rule: FloatArray, memory: FloatArray, seen: Seen) -> None:
    """Take in the nodes that came or went; what pends runs where there is room."""
    change = seen.in_service - int(memory[NODES])
    if change > 0:
        memory[first_level(rule)] += change
    elif change < 0:
        drop_nodes(rule, memory, -change)
    memory[NODES] = seen.in_service
    run_pods(rule, memory, int(memory[PODS] - memory[RUNNING]))


@inlined
def utilization(used_vcpus: float, requested_vcpus: float) -> float:
    """Return the share of its request that a pod uses, in whole percent as Kubernetes counts."""
    return math.floor(100.0 * used_vcpus / requested_vcpus + 1e-9) / 100.0


@inlined
def recommended_pods(rule: FloatArray, pods: int, running: int, used_vcpus: float) -> int:
    """Return ceil(pods · utilization ÷ target), or `pods` where that is within the tolerance.

    Pending pods count as using nothing where pods would be added, and not at all otherwise.
    """
    counted = running
    ratio = utilization(used_vcpus, running * rule[POD_VCPUS]) / rule[TARGET]
    if ratio > 1.0 and running < pods:
        counted = pods
        ratio = max(1.0, utilization(used_vcpus, pods * rule[POD_VCPUS]) / rule[TARGET])
    if abs(ratio - 1.0) <= rule[TOLERANCE] + 1e-9:
        return pods
    wanted: int = math.ceil(ratio * counted - 1e-9)
    return wanted


@inlined
def scale_pods(rule: FloatArray, memory: FloatArray, minute: int, used_vcpus: float) -> None:
    """Let the horizontal pod autoscaler act on the CPU of `minute`.

    Up by at most 4 pods or 100 % every 15 seconds; down to the largest recommendation of the
    stabilization window ("Default behavior").
    """
    pods, wanted = int(memory[PODS]), int(memory[PODS])
    if memory[RUNNING] > 0.0:
        wanted = recommended_pods(rule, pods, int(memory[RUNNING]), used_vcpus)
    wanted = int(min(max(float(wanted), rule[MIN_PODS]), rule[MAX_PODS]))
    keep(memory, WINDOWS, int(rule[STABILIZATION]), minute, float(wanted))
    if wanted < pods:
        wanted = min(pods, int(largest(memory, WINDOWS, int(rule[STABILIZATION]))))
    for _ in range(SYNCS):
        pods = min(wanted, max(pods + 4, 2 * pods))
    memory[PODS] = pods
    if pods < memory[RUNNING]:
        stop_pods(rule, memory, int(memory[RUNNING]) - pods)
    else:
        run_pods(rule, memory, pods - int(memory[RUNNING]))


@inlined
def unneeded_nodes(rule: FloatArray, memory: FloatArray) -> int:
    """Return how many nodes are below the threshold and have pods that fit on the others."""
    first, little = first_level(rule), 0
    for pods in range(int(rule[NEEDED])):
        little += int(memory[first + pods])
    hosts = math.ceil(memory[RUNNING] / rule[FIT])
    return int(min(little, memory[NODES] - hosts))


@inlined
def nodes_to_add(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the nodes that pending pods need beyond those on their way, within the maximum."""
    needed: int = math.ceil((memory[PODS] - memory[RUNNING]) / rule[FIT])
    return max(0, min(needed - seen.booting, seen.max_size - capacity_of(seen)))


@inlined
def nodes_to_remove(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the nodes that go: the empty ones of those long unneeded in bulk, then one more.

    A scale-up holds removal back for a while; so do nodes that boot. Nodes that joined within the
    window are empty but not long unneeded.
    """
    unneeded = WINDOWS + int(rule[STABILIZATION])
    keep(memory, unneeded, int(rule[UNNEEDED]), seen.minute, float(unneeded_nodes(rule, memory)))
    recent = memory[ADDED] > 0.0 and seen.minute + 1 - memory[ADDED] < rule[DELAY]
    if recent or seen.booting > 0:
        return 0
    long_unneeded = int(smallest(memory, unneeded, int(rule[UNNEEDED])))
    long_empty = max(0.0, memory[first_level(rule)] - warming(seen, rule[UNNEEDED]))
    empty = int(min(long_empty, rule[BULK] * SCANS))
    return max(0, min(long_unneeded, empty + 1))


@kernel
def kubernetes(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the nodes that the pods of the next minute need or still keep."""
    used_vcpus = seen.cpu * seen.in_service * rule[NODE_VCPUS]
    if memory[BEGUN] == 0.0:
        begin(rule, memory, seen, used_vcpus)
    meet_nodes(rule, memory, seen)
    scale_pods(rule, memory, seen.minute, used_vcpus)
    added = nodes_to_add(rule, memory, seen)
    removed = nodes_to_remove(rule, memory, seen)
    if added > 0:
        memory[ADDED] = seen.minute + 1
        return capacity_of(seen) + added
    return capacity_of(seen) - removed
