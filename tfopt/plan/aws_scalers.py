"""Scaling policies and scheduled actions of EC2 Auto Scaling groups and ECS services."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from tfopt.plan.context import Context
from tfopt.plan.link import follow
from tfopt.plan.model import (
    UNKNOWN,
    OtherScaler,
    Scaler,
    ScheduleScaler,
    Site,
    TargetTrackingScaler,
)
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, flag, number, size, text

CPU_METRICS = frozenset(
    {"ASGAverageCPUUtilization", "ECSServiceAverageCPUUtilization", "EC2SpotFleetRequestAverageCPU"}
)
_TRACKING = {
    "aws_autoscaling_policy": "target_tracking_configuration",
    "aws_appautoscaling_policy": "target_tracking_scaling_policy_configuration",
}
_POLICY_WORDS = {
    "StepScaling": "step scaling policy",
    "SimpleScaling": "simple scaling policy",
    "PredictiveScaling": "predictive scaling policy",
}
_DAYS = {name: str(n) for n, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}

Scaling = tuple[tuple[Scaler, ...], Mapping[str, Site]]


def attached(
    context: Context, kind: str, attribute: str, owners: tuple[str, ...]
) -> Mapping[str, list[Resource]]:
    """Return the resources of a kind by the address of the one their attribute names."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in context.planned.of(kind):
        link = follow(context.planned, resource, [(attribute,)], owners)
        if link is None:
            context.skip(resource, "what it scales is not in this plan")
            continue
        context.used.add(resource.address)
        found[link.to.address].append(resource)
    return found


def scaling(policies: list[Resource], schedules: list[Scaler]) -> Scaling:
    """Return a group's scalers, and where its CPU target stands (one policy only)."""
    scalers = [read_policy(policy) for policy in policies]
    on_cpu = [
        policy
        for policy, scaler in zip(policies, scalers, strict=True)
        if isinstance(scaler, TargetTrackingScaler) and scaler.metric in CPU_METRICS
    ]
    sites = {}
    if len(on_cpu) == 1:  # several: no single value is the group's target
        block_name = _TRACKING[on_cpu[0].kind]
        sites["target_cpu"] = on_cpu[0].site(block_name, 0, "target_value", scale=100.0)
    return (*scalers, *schedules), sites


def read_policy(policy: Resource) -> Scaler:
    """Read one scaling policy; only target tracking on a predefined metric is more than words."""
    if flag(policy.get("enabled")) is False:
        return OtherScaler(policy.address, "disabled scaling policy")
    tracking = block(policy.get(_TRACKING[policy.kind]))
    if not tracking:
        kind = text(policy.get("policy_type")) or "SimpleScaling"
        return OtherScaler(policy.address, _POLICY_WORDS.get(kind, "scaling policy"))
    metric = text(block(tracking, "predefined_metric_specification").get("predefined_metric_type"))
    target = number(tracking.get("target_value"))
    if metric is None:
        return OtherScaler(policy.address, "target tracking on a metric of its own")
    if target is None:
        return OtherScaler(policy.address, f"target tracking on {metric}, target not known")
    return TargetTrackingScaler(
        address=policy.address,
        metric=metric,
        target=target / 100 if metric in CPU_METRICS else target,
        disable_scale_in=flag(tracking.get("disable_scale_in")) is True,
        warmup_s=number(policy.get("estimated_instance_warmup")),
    )


def asg_schedule(action: Resource) -> Scaler:
    """Read an `aws_autoscaling_schedule`; one without recurrence happens once."""
    recurrence = text(action.get("recurrence"))
    if recurrence is None:
        unknown = action.get("recurrence") is UNKNOWN and action.references("recurrence")
        what = "scheduled action, recurrence not known" if unknown else "one-off scheduled action"
        return OtherScaler(action.address, what)
    return ScheduleScaler(
        address=action.address,
        recurrence=recurrence,
        time_zone=text(action.get("time_zone")) or "Etc/UTC",
        min_size=size(action.get("min_size")),
        max_size=size(action.get("max_size")),
        desired_capacity=size(action.get("desired_capacity")),
    )


def application_schedule(action: Resource) -> Scaler:
    """Read an `aws_appautoscaling_scheduled_action`."""
    recurrence = five_fields(text(action.get("schedule")) or "")
    if recurrence is None:
        return OtherScaler(action.address, "scheduled action that is not a plain weekly cron")
    sizes = block(action.get("scalable_target_action"))
    return ScheduleScaler(
        address=action.address,
        recurrence=recurrence,
        time_zone=text(action.get("timezone")) or "Etc/UTC",
        min_size=size(sizes.get("min_capacity")),
        max_size=size(sizes.get("max_capacity")),
        desired_capacity=None,
    )


def five_fields(schedule: str) -> str | None:
    """Turn AWS's `cron(0 7 ? * MON-FRI *)` into five-field cron; None where it cannot be said so.

    AWS adds a year, writes `?` for any day, and counts Sunday as 1 where cron counts it as 0.
    """
    match = re.fullmatch(r"cron\(([^()]+)\)", schedule.strip())
    fields = match[1].split() if match else []
    if len(fields) != 6 or fields[5] != "*" or re.search(r"[LW#]", fields[2] + fields[4]):
        return None
    minute, hour, day, month, weekday = ("*" if one == "?" else one for one in fields[:5])
    weekdays = [_weekday(part) for part in weekday.upper().split(",")]
    if any(part is None for part in weekdays):
        return None
    return " ".join([minute, hour, day, month, ",".join(map(str, weekdays))])


def _weekday(part: str) -> str | None:
    span, slash, step = part.partition("/")
    ends = []
    for end in span.split("-"):
        if end == "*":
            ends.append("*")
        elif end in _DAYS:
            ends.append(_DAYS[end])
        elif end in set("1234567"):
            ends.append(str(int(end) - 1))
        else:
            return None
    return "-".join(ends) + slash + step
