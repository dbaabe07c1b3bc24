"""Decides as Kubernetes' horizontal pod autoscaler does for pods that always find room on a node.

The group's instances are the pods. What it counts and how fast it goes is that of
`tfopt_sim.autoscaling.kubernetes`, where the nodes are simulated too.
"""

from __future__ import annotations

from tfopt_sim._jit import kernel
from tfopt_sim.autoscaling.kubernetes import (
    BEGUN,
    NODE_VCPUS,
    STABILIZATION,
    WINDOWS,
    recommended_pods,
    stepped_up,
)
from tfopt_sim.autoscaling.seen import Row, Seen, capacity_of, metric_code, minutes_of
from tfopt_sim.autoscaling.window import fill, keep, largest
from tfopt_sim.types import FloatArray, Machine, PodAutoscaler

PODS_ALONE = 14


def pods_row(policy: PodAutoscaler, machine: Machine) -> Row:
    """Return the autoscaler as a rule; `machine` is a pod.

    Raises:
        ValueError: a target that is not positive.
    """
    if not policy.target > 0:
        raise ValueError(f"an autoscaler cannot aim at {policy.target}")
    stabilization = max(1.0, minutes_of(policy.stabilization_s))
    cells = (
        metric_code(policy.metric),
        1.0,
        machine.vcpus,  # of a node, which is the pod
        machine.vcpus,
        policy.target,
        policy.tolerance,
        0.0,  # the bounds are those of the group
        0.0,
        stabilization,
    )
    return Row(PODS_ALONE, cells, WINDOWS + int(stabilization))


@kernel
def pods_alone(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the pods that the CPU of the minute asks for, at the pace that is allowed."""
    pods, window = capacity_of(seen), int(rule[STABILIZATION])
    if memory[BEGUN] == 0.0:
        fill(memory, WINDOWS, window, float(pods))
        memory[BEGUN] = 1.0
    wanted = pods
    if seen.in_service > 0:
        used_vcpus = seen.cpu * seen.in_service * rule[NODE_VCPUS]
        wanted = recommended_pods(rule, pods, seen.in_service, used_vcpus)
    wanted = min(max(wanted, seen.min_size), seen.max_size)
    keep(memory, WINDOWS, window, seen.minute, float(wanted))
    if wanted < pods:
        return min(pods, int(largest(memory, WINDOWS, window)))
    return stepped_up(pods, wanted)
