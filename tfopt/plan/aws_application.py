"""Application Auto Scaling: which service or Spot fleet a target, policy or action belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfopt.plan import aws_alarms
from tfopt.plan.aws_scalers import Scaling, application_schedule, scaling
from tfopt.plan.context import Context
from tfopt.plan.link import follow
from tfopt.plan.planned import Resource
from tfopt.plan.values import text

SERVICE, SPOT_FLEET = "aws_ecs_service", "aws_spot_fleet_request"
TARGET = "aws_appautoscaling_target"
POLICY = "aws_appautoscaling_policy"
ACTION = "aws_appautoscaling_scheduled_action"
ATTRIBUTES = {
    TARGET: "id arn resource_id scalable_dimension service_namespace min_capacity max_capacity",
    POLICY: (
        "id name arn resource_id scalable_dimension policy_type step_scaling_policy_configuration "
        "target_tracking_scaling_policy_configuration"
    ),
    ACTION: "resource_id scalable_dimension schedule timezone scalable_target_action",
    **aws_alarms.ATTRIBUTES,
}
_DIMENSIONS = {
    "ecs:service:DesiredCount": SERVICE,
    "ec2:spot-fleet-request:TargetCapacity": SPOT_FLEET,
}
ByIdentifier = Callable[[Context, Resource, str], Resource | None]


@dataclass(frozen=True, slots=True)
class Application:
    """What scales the groups of one kind, by the group's address."""

    targets: Mapping[str, list[Resource]]
    policies: Mapping[str, list[Resource]]
    actions: Mapping[str, list[Resource]]
    alarms: Mapping[str, list[Resource]]  # by the policy's address

    def of(self, context: Context, group: Resource) -> Scaling:
        """Return a group's scalers, and where its CPU target stands."""
        schedules = [application_schedule(one) for one in self.actions.get(group.address, [])]
        policies = self.policies.get(group.address, [])
        return scaling(context, group, policies, schedules, self.alarms)


def application(context: Context, kind: str, named: ByIdentifier) -> Application:
    """Sort what scales groups of a kind; `named` finds one by its whole resource id."""
    return Application(
        targets=_scaled(context, TARGET, kind, named),
        policies=_scaled(context, POLICY, kind, named),
        actions=_scaled(context, ACTION, kind, named),
        alarms=aws_alarms.by_policy(context, POLICY),
    )


def _scaled(
    context: Context, scaler: str, kind: str, named: ByIdentifier
) -> Mapping[str, list[Resource]]:
    """Return the resources of one kind of scaler by their group's address.

    What belongs to neither kind of group is reported once, with the services.
    """
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in context.planned.of(scaler):
        dimension = text(resource.get("scalable_dimension"))
        if dimension is not None and _DIMENSIONS.get(dimension, SERVICE) != kind:
            continue
        if dimension is not None and dimension not in _DIMENSIONS:
            context.skip(resource, f"application autoscaling of {dimension} is not analysed")
            continue
        group = _group(context, resource, kind, named)
        if group is not None and group.kind == kind:
            context.used.add(resource.address)
            found[group.address].append(resource)
        elif group is None and (dimension is not None or kind == SERVICE):
            words = "Spot fleet" if kind == SPOT_FLEET else "service"
            context.skip(resource, f"the {words} it scales is not in this plan")
    return found


def _group(
    context: Context, resource: Resource, kind: str, named: ByIdentifier, hops: int = 0
) -> Resource | None:
    """Find the group: named by the resource id, by reference, or by way of the scaling target."""
    identifier = text(resource.get("resource_id"))
    if identifier is not None:
        return named(context, resource, identifier)
    told = text(resource.get("scalable_dimension")) is not None
    kinds = (kind,) if told else (SERVICE, SPOT_FLEET)
    link = follow(context.planned, resource, [("resource_id",)], kinds)
    if link is not None and not link.inferred:
        return link.to
    if resource.kind != TARGET and hops == 0:
        target = follow(context.planned, resource, [("resource_id",)], (TARGET,))
        if target is not None:
            return _group(context, target.to, kind, named, hops + 1)
    return link.to if link is not None else None
