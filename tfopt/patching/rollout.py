"""Tells how a change reaches what runs: in place, by rolling, or by replacing the group."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.plan.model import InstanceGroup
from tfopt.recommendation import ImpactKind

NOTHING_YET = "the group is created by this plan: nothing runs yet"


@dataclass(frozen=True, slots=True)
class Rollout:
    """How the change comes to run, what to know of that, and why it could not."""

    kind: ImpactKind
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def rollout(group: InstanceGroup, changed: Set[str], lifecycle: Lifecycle | None = None) -> Rollout:
    """Tell what an apply does to running instances when the `changed` attributes change.

    Args:
        group: as planned without the change.
        changed: attributes in tfopt's words.
        lifecycle: of the resource that carries the instance type; None where it is not known.
    """
    if group.action == "create":
        return Rollout("none", (NOTHING_YET,))
    if replaced := changed & group.replaces_on:
        return _replacement(group, replaced, lifecycle)
    if changed & group.rolls_on:
        return Rollout("rolling", ("; ".join(_rolling(group, changed)),))
    if group.kind in _SINGLE and "instance_type" in changed:
        return Rollout("in-place", ("each instance is stopped and started with the new type",))
    if group.reaches is not None and "instance_type" in changed:
        return Rollout("in-place", (group.reaches,))
    return Rollout("in-place" if changed else "none")


def _replacement(group: InstanceGroup, replaced: Set[str], lifecycle: Lifecycle | None) -> Rollout:
    """Tell in which order a group is replaced; the plan does not show `create_before_destroy`."""
    what = f"changing {', '.join(sorted(replaced))} replaces the group"
    if lifecycle is not None and lifecycle.creates_first:
        if not group.fixed_name:
            return Rollout("replace", (f"{what}: the new nodes come before the old ones go",))
        taken = (
            f"{what}, create_before_destroy is set and its name is fixed: the name is taken and "
            "the apply fails; use node_group_name_prefix"
        )
        return Rollout("replace", (what,), (taken,))
    if group.fixed_name:
        note = (
            f"{what}, and its name is fixed: the old nodes go before new ones come (with "
            "create_before_destroy the name is taken and the apply fails; node_group_name_prefix "
            "with create_before_destroy avoids both)"
        )
        return Rollout("replace", (note,))
    old = "nodes" if group.kind == "aws_eks_node_group" else "instances"
    note = f"{what}: the old {old} go before new ones come, unless create_before_destroy is set"
    return Rollout("replace", (note,))


_SINGLE = ("aws_instance", "google_compute_instance", "google_compute_instance_from_template")
_MANAGED = ("google_compute_instance_group_manager", "google_compute_region_instance_group_manager")
_POOLS = ("google_container_node_pool", "google_container_cluster")
_AT_ONCE = {  # settings that act as soon as they are applied
    "min_size": "minimum",
    "max_size": "maximum",
    "desired_capacity": "desired capacity",
    "target_cpu": "target",
}


_BY_GKE = (
    "the apply makes GKE replace the nodes, some at a time (before version 5.10 of the provider it "
    "replaces the pool)"
)
_REFRESHED = {
    "aws_autoscaling_group": "the apply starts the instance refresh that is in the plan",
    "aws_eks_node_group": "the apply makes EKS replace the nodes, some at a time",
    **dict.fromkeys(_MANAGED, "the apply makes the group replace its instances, some at a time"),
    **dict.fromkeys(_POOLS, _BY_GKE),
}
_NOT_REFRESHED = {
    "aws_autoscaling_group": (
        "the type reaches new launches only: start an instance refresh right after the apply"
    ),
    "aws_ec2_fleet": (
        "the type reaches new launches only: the fleet replaces each instance that is ended"
    ),
    **dict.fromkeys(
        _MANAGED,
        "the type reaches new instances only, as the update policy is not PROACTIVE: start a "
        "rolling update right after the apply",
    ),
}


def _rolling(group: InstanceGroup, changed: Set[str]) -> Iterator[str]:
    """Tell how a new type comes to run, and what the other changes meet until then."""
    told = _REFRESHED if group.instance_refresh else _NOT_REFRESHED
    yield group.reaches or told.get(group.kind, told["aws_autoscaling_group"])
    words = [word for name, word in _AT_ONCE.items() if name in changed]
    if words:
        listed = " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
        verb = "act" if words[1:] else "acts"
        old = group.slots[0].instance_type if group.slots else "the old type"
        yield f"until it is done, the new {listed} {verb} on {old}"
