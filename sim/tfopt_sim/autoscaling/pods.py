"""Decides as Kubernetes' horizontal pod autoscaler does for pods that always find room on a node.

The group's instances are the pods. Every 15 seconds it goes towards what it recommends, no further
than its behavior allows (Kubernetes documentation, "Horizontal Pod Autoscaling", "Configurable
scaling behavior"). What it recommends is that of `tfopt_sim.autoscaling.kubernetes`, where the
nodes are simulated too.
"""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.kubernetes import (
    BEGUN,
    NODE_VCPUS,
    STABILIZATION,
    SYNCS,
    WINDOWS,
    recommended_pods,
)
from tfopt_sim.autoscaling.seen import Row, Seen, capacity_of, metric_code, minutes_of
from tfopt_sim.autoscaling.window import fill, keep, kept, largest, smallest
from tfopt_sim.pods import PodAutoscaler, PodBehavior
from tfopt_sim.types import FloatArray, Machine

PODS_ALONE = 14
_SYNC_S = 60 / SYNCS

# Cells of a rule beyond those that both kinds have: minutes of the window before pods are added,
# syncs that sizes are kept for, then one stretch for each way.
UP_WINDOW, SIZES = STABILIZATION + 1, STABILIZATION + 2
UP = SIZES + 1
MOST_RULES = 4
SELECT, COUNT, FIRST = range(3)  # of a stretch; each of its rules has three cells
PERCENT, VALUE, PERIOD = range(3)
DOWN = UP + FIRST + 3 * MOST_RULES
_SELECTS = ("disabled", "min", "max")


def pods_row(policy: PodAutoscaler, machine: Machine) -> Row:
    """Return the autoscaler as a rule; `machine` is a pod.

    Raises:
        ValueError: a target that is not positive, or more rules than are kept.
    """
    if not policy.target > 0:
        raise ValueError(f"an autoscaler cannot aim at {policy.target}")
    windows = [max(1.0, minutes_of(way.stabilization_s)) for way in (policy.down, policy.up)]
    rules = (*policy.up.rules, *policy.down.rules)
    sizes = max((1.0, *(_syncs(rule.period_s) for rule in rules)))
    cells = (
        metric_code(policy.metric),
        1.0,
        machine.vcpus,  # of a node, which is the pod
        machine.vcpus,
        policy.target,
        policy.tolerance,
        0.0,  # the bounds are those of the group
        0.0,
        *windows,
        sizes,
        *_stretch(policy.up),
        *_stretch(policy.down),
    )
    return Row(PODS_ALONE, cells, WINDOWS + int(sum(windows) + sizes))


def _syncs(period_s: float) -> float:
    return float(max(1, math.ceil(period_s / _SYNC_S)))


def _stretch(way: PodBehavior) -> list[float]:
    if len(way.rules) > MOST_RULES:
        raise ValueError(f"an autoscaler has at most {MOST_RULES} rules for each way")
    cells = [float(_SELECTS.index(way.select)), float(len(way.rules))]
    for rule in way.rules:
        cells += [float(rule.unit == "percent"), rule.value, _syncs(rule.period_s)]
    return cells + [0.0] * (FIRST + 3 * MOST_RULES - len(cells))


@inlined
def limit_of(rule: FloatArray, memory: FloatArray, way: int, pods: int, sync: int) -> int:
    """Return how far the rules of one way let `pods` go in this sync.

    Each counts from the size of its period ago; parts of a pod may come or go whole.
    """
    sizes = WINDOWS + int(rule[STABILIZATION] + rule[UP_WINDOW])
    sign = 1.0 if way == UP else -1.0
    most = -1.0  # pods that may come or go, counted from now
    for k in range(int(rule[way + COUNT])):
        at = way + FIRST + 3 * k
        start = kept(memory, sizes, int(rule[SIZES]), sync - int(rule[at + PERIOD]))
        change = rule[at + VALUE]
        if rule[at + PERCENT] == 1.0:
            change = math.ceil(start * change / 100.0 - 1e-9)
        allowed = max(0.0, sign * (start - pods) + change)
        if most < 0.0:
            most = allowed
        else:
            most = max(most, allowed) if rule[way + SELECT] == 2.0 else min(most, allowed)
    if rule[way + SELECT] == 0.0 or most < 0.0:
        return pods
    return int(max(0.0, pods + sign * most))


@inlined
def stabilized(rule: FloatArray, memory: FloatArray, pods: int) -> int:
    """Return what all recommendations of the windows agree to, seen from `pods`."""
    down, up = int(rule[STABILIZATION]), int(rule[UP_WINDOW])
    least = int(smallest(memory, WINDOWS + down, up))
    most = int(largest(memory, WINDOWS, down))
    return least if least > pods else min(pods, most)


@kernel
def pods_alone(rule: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the pods that the CPU of the minute asks for, as far as the behavior lets it go."""
    pods, down, up = capacity_of(seen), int(rule[STABILIZATION]), int(rule[UP_WINDOW])
    sizes, length = WINDOWS + down + up, int(rule[SIZES])
    if memory[BEGUN] == 0.0:
        fill(memory, WINDOWS, down + up + length, float(pods))
        memory[BEGUN] = 1.0
    wanted = pods
    if seen.in_service > 0:
        used_vcpus = seen.cpu * seen.in_service * rule[NODE_VCPUS]
        wanted = recommended_pods(rule, pods, seen.in_service, used_vcpus)
    wanted = min(max(wanted, seen.min_size), seen.max_size)
    keep(memory, WINDOWS, down, seen.minute, float(wanted))
    keep(memory, WINDOWS + down, up, seen.minute, float(wanted))
    wanted = stabilized(rule, memory, pods)
    for k in range(SYNCS):
        sync = SYNCS * seen.minute + k
        if wanted > pods:
            pods = min(wanted, limit_of(rule, memory, UP, pods, sync))
        elif wanted < pods:
            pods = max(wanted, limit_of(rule, memory, DOWN, pods, sync))
        keep(memory, sizes, length, sync, float(pods))
    return pods
