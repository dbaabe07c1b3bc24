"""What scales an EC2 Auto Scaling group or ECS service: whose a policy is, and its schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tfopt.plan.aws_policies import TRACKING, read_policy
from tfopt.plan.context import Context
from tfopt.plan.model import UNKNOWN, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import (
    OtherScaler,
    Scaler,
    ScheduleScaler,
    TargetTrackingScaler,
    measured_by,
)
from tfopt.plan.values import block, size, text

_DAYS = {name: str(n) for n, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}

Scaling = tuple[tuple[Scaler, ...], Mapping[str, Site]]


def scaling(
    context: Context,
    group: Resource,
    policies: list[Resource],
    schedules: list[Scaler],
    alarms: Mapping[str, list[Resource]],
) -> Scaling:
    """Return a group's scalers, and where its CPU target stands (one such policy only)."""
    read = [
        (policy, scaler)
        for policy in policies
        for scaler in read_policy(context, policy, group, alarms.get(policy.address, ()))
    ]
    on_cpu = [
        policy
        for policy, scaler in read
        if isinstance(scaler, TargetTrackingScaler) and measured_by(scaler.metric) == "cpu"
    ]
    sites = {}
    if len(on_cpu) == 1:  # several: no single value is the group's target
        block_name = TRACKING[on_cpu[0].kind]
        sites["target_cpu"] = on_cpu[0].site(block_name, 0, "target_value", scale=100.0)
    return (*(scaler for _, scaler in read), *schedules), sites


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
