"""Hands a group over to the autoscaler of the cloud that it runs in.

A group of AWS must not wait until the autoscalers of other clouds are compiled. Where an argument
is None, numba leaves out what stands behind `if argument is not None`; so each cloud has an
argument of its own, and a version of the simulator of its own is compiled for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.azure import AZURE, azure, azure_row
from tfopt_sim.autoscaling.combine import Rules, decide, pack, rows_of
from tfopt_sim.autoscaling.gce import GCE, gce, gce_row
from tfopt_sim.autoscaling.kubernetes import KUBERNETES, kubernetes, kubernetes_row
from tfopt_sim.autoscaling.pods import PODS_ALONE, pods_alone, pods_row
from tfopt_sim.autoscaling.seen import KIND, NO_OPINION, Row, Seen
from tfopt_sim.pods import ClusterAutoscaler, PodAutoscaler
from tfopt_sim.types import AzureAutoscale, FloatArray, GceAutoscaler, Machine, ScalingPolicy

_CLOUDS = {GCE: GCE, AZURE: AZURE, KUBERNETES: KUBERNETES, PODS_ALONE: KUBERNETES}


class Cloud(NamedTuple):
    """Whose autoscaler looks after a group: True for one at most, else None; all None for AWS."""

    gce: bool | None
    azure: bool | None
    kubernetes: bool | None


def rows_in(policy: ScalingPolicy, machine: Machine) -> list[Row]:
    """Return the rules of any cloud's policy; `machine` is the type of a cluster's nodes.

    Raises:
        ValueError: values that the autoscaler cannot have.
    """
    match policy:
        case GceAutoscaler():
            return [gce_row(policy)]
        case AzureAutoscale():
            return [azure_row(policy)]
        case PodAutoscaler():
            return [pods_row(policy, machine)]
        case ClusterAutoscaler():
            return [kubernetes_row(policy, machine)]
        case _:
            return rows_of(policy)


def cloud_of(rows: Sequence[Row]) -> Cloud:
    """Return whose autoscaler has the rules.

    Raises:
        ValueError: rules of more than one cloud, or several where the cloud allows but one.
    """
    kinds = {_CLOUDS.get(row.kind) for row in rows}
    if len(kinds) > 1 or (len(rows) > 1 and kinds & {AZURE, KUBERNETES}):
        raise ValueError("a group has the policies of one autoscaler")
    return Cloud(*(True if kind in kinds else None for kind in (GCE, AZURE, KUBERNETES)))


def rules_for(policies: Sequence[ScalingPolicy], machine: Machine) -> tuple[Rules, Cloud]:
    """Return the policies of a group of `machine`, packed, and whose they are.

    Raises:
        ValueError: as `rows_in` and `cloud_of`.
    """
    rows = [row for policy in policies for row in rows_in(policy, machine)]
    return pack(rows), cloud_of(rows)


@kernel
def largest_signal(rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the largest size that the signals of a Compute Engine autoscaler recommend."""
    wanted = NO_OPINION
    for r in range(rules.shape[0]):
        wanted = max(wanted, gce(rules[r], memory[r], seen))
    return wanted


@inlined
def decide_by(
    rules: FloatArray,
    memory: FloatArray,
    seen: Seen,
    in_gce: bool | None,
    in_azure: bool | None,
    in_kubernetes: bool | None,
) -> int:
    """Return what the autoscaler of one cloud wants; only that one is compiled."""
    if in_gce is not None:
        return largest_signal(rules, memory, seen)
    if in_azure is not None:
        return azure(rules[0], memory[0], seen)
    if in_kubernetes is not None:
        if rules[0, KIND] == PODS_ALONE:
            return pods_alone(rules[0], memory[0], seen)
        return kubernetes(rules[0], memory[0], seen)
    return decide(rules, memory, seen)


@inlined
def decide_in(cloud: Cloud, rules: FloatArray, memory: FloatArray, seen: Seen) -> int:
    """Return the capacity that the group's autoscaler wants, before the bounds; −1 to leave it."""
    return decide_by(rules, memory, seen, cloud.gce, cloud.azure, cloud.kubernetes)
