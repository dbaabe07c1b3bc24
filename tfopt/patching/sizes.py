"""Rules about minimum, maximum and desired capacity: what AWS refuses, and what moves by itself.

- Amazon EC2 Auto Scaling API reference, `UpdateAutoScalingGroup`: where only a bound is given, the
  desired capacity follows it; where desired is given it must lie within the bounds. The provider
  sends only what changed.
- Amazon EKS API reference, `UpdateNodegroupConfig`: a minimum above the desired size is refused;
  the provider sends the whole `scaling_config`.
- Application Auto Scaling API reference, `RegisterScalableTarget`: the service is kept in bounds.
- azurerm, `azurerm_kubernetes_cluster_node_pool`: `node_count` lies between the two counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tfopt.patching.case import Case
from tfopt.plan.model import InstanceGroup, acting_scalers
from tfopt.plan.scalers import (
    AzureScaler,
    GceScaler,
    OtherScaler,
    PodScaler,
    PredictiveScaler,
    ScheduleScaler,
    SimpleScaler,
    StepScaler,
    TargetTrackingScaler,
)


def disordered(case: Case) -> Iterator[str]:
    """Bounds and desired must be in order after the change, with those that stay as they are."""
    low, high = case.size("min_size"), case.size("max_size")
    if not case.resizes:
        return
    if low is not None and high is not None and low > high:
        yield f"the minimum {low} would stand above the maximum {high}"
        return
    rule = _DESIRED.get(case.group.kind)
    desired = case.size("desired_capacity")
    if rule is None or desired is None:
        return
    if low is not None and desired < low:
        yield from rule(case, desired, "below", f"the minimum {low}")
    if high is not None and desired > high:
        yield from rule(case, desired, "above", f"the maximum {high}")


def _group_desired(case: Case, desired: int, side: str, bound: str) -> Iterator[str]:
    """Refuse a stated desired outside the bounds; one that is not stated follows them."""
    if case.states_desired:
        yield (
            f"desired_capacity {desired} is written in the configuration and would stand {side} "
            f"{bound}: change both"
        )


def _nodes_desired(case: Case, desired: int, side: str, bound: str) -> Iterator[str]:
    """EKS takes all three sizes at once, and does not move desired by itself."""
    if case.ignored("desired_capacity") and case.group.action != "create":
        yield (
            f"the live desired_size {desired} would stand {side} {bound}, and ignore_changes keeps "
            "Terraform from moving it: EKS refuses that; change the desired size in EKS first"
        )
    else:
        yield f"desired_size {desired} would stand {side} {bound}, which EKS refuses: change both"


_DESIRED: Mapping[str, Callable[[Case, int, str, str], Iterator[str]]] = {
    "aws_autoscaling_group": _group_desired,
    "aws_eks_node_group": _nodes_desired,
    "azurerm_kubernetes_cluster": _group_desired,
    "azurerm_kubernetes_cluster_node_pool": _group_desired,
}


def follows_bounds(case: Case) -> Iterator[str]:
    """An Auto Scaling group's desired that is not stated follows its bounds, at once."""
    live = case.live("desired_capacity")
    if case.group.kind != "aws_autoscaling_group" or not isinstance(live, int):
        return
    if not case.resizes or case.states_desired or case.group.action == "create":
        return
    low, high = case.size("min_size"), case.size("max_size")
    if low is not None and live < low:
        yield f"AWS raises the desired capacity from {live} to the new minimum {low} at once"
    elif high is not None and live > high:
        yield (
            f"AWS lowers the desired capacity from {live} to the new maximum {high} at once: "
            f"{live - high} of the instances are terminated"
        )


def service_bounds(case: Case) -> Iterator[str]:
    """Application Auto Scaling pulls an ECS service back into its bounds."""
    low, high = case.size("min_size"), case.size("max_size")
    desired = case.size("desired_capacity")
    if case.group.kind != "aws_ecs_service" or not case.resizes or not case.states_desired:
        return
    if low is None or high is None or desired is None:
        return
    if not low <= desired <= high:
        yield (
            f"each apply sets desired_count to {desired}, and Application Auto Scaling pulls it "
            f"back to between {low} and {high}"
        )


def owned(case: Case) -> Iterator[str]:
    """Something else moves desired: an apply sets it once, and again each time it differs."""
    owner = owner_of(case.group)
    if owner is None or not case.states_desired:
        return
    desired, live = case.size("desired_capacity"), case.live("desired_capacity")
    if desired is None:
        return
    if case.group.action == "create":
        if "desired_capacity" in case.changed:
            yield (
                f"{owner} will move the desired capacity, and each later apply sets it back to "
                f"{desired}, unless ignore_changes lists it"
            )
    elif "desired_capacity" in case.changed:
        now = f" from the live {live}" if isinstance(live, int) and live != desired else ""
        yield (
            f"{owner} moves the desired capacity: this apply sets it{now} to {desired}, and so "
            "does each later one, unless ignore_changes lists it"
        )
    elif isinstance(live, int) and live != desired and case.applied("desired_capacity") is None:
        yield (
            f"{owner} has the desired capacity at {live}: the apply sets it back to {desired}, as "
            "the plan says"
        )


_OWNERS = (
    (TargetTrackingScaler, "target tracking"),
    ((GceScaler, PodScaler), "the autoscaler"),
    (ScheduleScaler, "a schedule"),
    (AzureScaler, "autoscale"),
    ((StepScaler, SimpleScaler, PredictiveScaler, OtherScaler), "a scaling policy"),
)


def owner_of(group: InstanceGroup) -> str | None:
    """Return, in words, what moves the group's desired capacity besides Terraform."""
    acting = acting_scalers(group)
    for kind, words in _OWNERS:
        if any(isinstance(one, kind) for one in acting):
            return words
    return None
