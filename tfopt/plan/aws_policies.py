"""Scaling policies of EC2 Auto Scaling groups and ECS services: all four families AWS has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from tfopt.plan import aws_alarms
from tfopt.plan.context import Context
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import (
    Adjustment,
    Metric,
    MetricAlarm,
    OtherScaler,
    PredictiveScaler,
    Scaler,
    SimpleScaler,
    StepAdjustment,
    StepScaler,
    TargetTrackingScaler,
    measured_by,
)
from tfopt.plan.values import block, blocks, flag, known, number, size, text, whole

TRACKING = {
    "aws_autoscaling_policy": "target_tracking_configuration",
    "aws_appautoscaling_policy": "target_tracking_scaling_policy_configuration",
}
_STEPS = "step_scaling_policy_configuration"  # of application autoscaling; EC2 has no such block
_DEFAULT_KIND = {
    "aws_autoscaling_policy": "SimpleScaling",
    "aws_appautoscaling_policy": "StepScaling",
}
_ADJUSTMENTS: Mapping[str, Adjustment] = {
    "ChangeInCapacity": "change",
    "PercentChangeInCapacity": "percent",
    "ExactCapacity": "exact",
}
_OWN_CPU = {  # what a customized metric is called that is the same as the predefined one
    "aws_autoscaling_group": "ASGAverageCPUUtilization",
    "aws_ecs_service": "ECSServiceAverageCPUUtilization",
    "aws_spot_fleet_request": "EC2SpotFleetRequestAverageCPUUtilization",
}
# (pair) or (load, scaling) metric of predictive scaling → what it measures
_PREDICTED: Mapping[tuple[str, ...], Metric] = {
    ("ASGCPUUtilization",): "cpu",
    ("ASGTotalCPUUtilization", "ASGAverageCPUUtilization"): "cpu",
    ("ALBRequestCount",): "requests",
    ("ALBTargetGroupRequestCount", "ALBRequestCountPerTarget"): "requests",
}
_WORDS = {"StepScaling": "step scaling", "SimpleScaling": "simple scaling"}
_Found = TypeVar("_Found")


def read_policy(
    context: Context, policy: Resource, group: Resource, alarms: Sequence[Resource]
) -> list[Scaler]:
    """Read one policy of a group; one that several alarms set off is told once for each."""
    if flag(policy.get("enabled")) is False:
        return [OtherScaler(policy.address, "disabled scaling policy", acts=False)]
    kind = text(policy.get("policy_type")) or _DEFAULT_KIND[policy.kind]
    if block(policy.get(TRACKING[policy.kind])):
        return [_told(policy, "target tracking", partial(_tracking, context, policy, group))]
    if kind == "PredictiveScaling":
        return [_told(policy, "predictive scaling", partial(_predictive, policy))]
    words = _WORDS.get(kind)
    if words is None:
        return [OtherScaler(policy.address, "scaling policy whose settings are not in the plan")]
    if not alarms:
        return [OtherScaler(policy.address, f"{words}, no alarm of this plan sets it off")]
    readers = [partial(_set_off, context, policy, group, alarm, kind) for alarm in alarms]
    return [
        _told(policy, f"{words} by {alarm.address}", reader)
        for alarm, reader in zip(alarms, readers, strict=True)
    ]


def _told(policy: Resource, words: str, reader: Callable[[], Scaler]) -> Scaler:
    """Read a policy, or tell in words what it is and why it is not read."""
    try:
        return reader()
    except aws_alarms.UnreadError as reason:
        return OtherScaler(policy.address, f"{words}: {reason}")


def _needed(found: _Found | None, what: str) -> _Found:
    if found is None:
        raise aws_alarms.UnreadError(f"{what} known only after apply")
    return found


def _tracking(context: Context, policy: Resource, group: Resource) -> Scaler:
    tracking = block(policy.get(TRACKING[policy.kind]))
    metric = text(block(tracking, "predefined_metric_specification").get("predefined_metric_type"))
    if metric is None:
        metric = _customized(context, policy, group)
    target = _needed(number(tracking.get("target_value")), f"its target on {metric} is")
    return TargetTrackingScaler(
        address=policy.address,
        metric=metric,
        target=target / 100 if measured_by(metric) == "cpu" else target,
        disable_scale_in=flag(tracking.get("disable_scale_in")) is True,
        warmup_s=number(policy.get("estimated_instance_warmup")),
        cooldowns_s=None
        if _of_instances(policy)
        else (_pause(tracking, "scale_out_cooldown"), _pause(tracking, "scale_in_cooldown")),
    )


def _of_instances(policy: Resource) -> bool:
    return policy.kind == "aws_autoscaling_policy"


def _pause(given: Mapping[str, object], attribute: str) -> float:
    """Return a cooldown of tasks: 300 s where none is set (Application Auto Scaling, for ECS)."""
    seconds = number(given.get(attribute))
    return 300.0 if seconds is None else seconds


def _customized(context: Context, policy: Resource, group: Resource) -> str:
    """Return the name of the predefined metric that the customized one is the same as."""
    path = (TRACKING[policy.kind], 0, "customized_metric_specification", 0)
    given = block(policy.get(*path))
    if not given:
        raise aws_alarms.UnreadError("its metric is known only after apply")
    if blocks(given, "metrics"):
        raise aws_alarms.UnreadError("it goes by a metric expression")
    if known(given.get("period")) and number(given["period"]) != 60:
        raise aws_alarms.UnreadError("its datapoints are not a minute long")
    dimensions = "metric_dimension" if "metric_dimension" in given else "dimensions"
    names = [text(one.get("name")) or "" for one in blocks(given, dimensions)]

    def is_own(dimension: str) -> bool:
        value = (*path, dimensions, names.index(dimension), "value")
        return aws_alarms.names_group(context, policy, [value], group)

    named = text(given.get("namespace")), text(given.get("metric_name"))
    metric = aws_alarms.known_metric(named, set(names), text(given.get("statistic")), is_own)
    if metric != "cpu":  # a sum over a target group, which no customized metric is asked for
        raise aws_alarms.UnreadError("it goes by requests, but not by the predefined metric")
    return _OWN_CPU[group.kind]


def _set_off(
    context: Context, policy: Resource, group: Resource, alarm: Resource, kind: str
) -> Scaler:
    """Read a step or simple policy together with an alarm that sets it off."""
    if flag(alarm.get("actions_enabled")) is False:
        what = f"{_WORDS[kind]} by {alarm.address}, whose actions are turned off"
        return OtherScaler(policy.address, what, acts=False)
    rings = aws_alarms.read(context, alarm, policy, group)
    return _simple(policy, rings) if kind == "SimpleScaling" else _steps(policy, rings)


def _simple(policy: Resource, alarm: MetricAlarm) -> SimpleScaler:
    return SimpleScaler(
        address=policy.address,
        alarm=alarm,
        change=_needed(number(policy.get("scaling_adjustment")), "its adjustment is"),
        adjustment=_adjustment(policy.values),
        min_magnitude=size(policy.get("min_adjustment_magnitude")) or 0,
        cooldown_s=number(policy.get("cooldown")),
    )


def _adjustment(given: Mapping[str, object]) -> Adjustment:
    found = _ADJUSTMENTS.get(text(given.get("adjustment_type")) or "")
    return _needed(found, "its adjustment type is")


def _steps(policy: Resource, alarm: MetricAlarm) -> StepScaler:
    of_instances = _of_instances(policy)
    given = policy.values if of_instances else block(policy.get(_STEPS))
    extreme = text(given.get("metric_aggregation_type"))
    if extreme in ("Minimum", "Maximum"):
        raise aws_alarms.UnreadError(f"its steps go by the {extreme} of the metric")
    steps = tuple(_step(one, alarm) for one in blocks(given, "step_adjustment"))
    return StepScaler(
        address=policy.address,
        alarm=alarm,
        steps=_needed(steps or None, "its steps are"),
        adjustment=_adjustment(given),
        min_magnitude=size(given.get("min_adjustment_magnitude")) or 0,
        warmup_s=number(policy.get("estimated_instance_warmup")),
        cooldown_s=None if of_instances else _pause(given, "cooldown"),
    )


def _step(given: Mapping[str, object], alarm: MetricAlarm) -> StepAdjustment:
    """Read one step, its bounds in the metric's unit."""
    unit = aws_alarms.unit_of(alarm.metric, alarm.period_s)

    def bound(side: str) -> float | None:
        at = given.get(f"metric_interval_{side}_bound")
        return None if at in (None, "") else _needed(number(at), "a bound of its steps is") / unit

    change = _needed(whole(given.get("scaling_adjustment")), "the change of a step is")
    return StepAdjustment(float(change), bound("lower"), bound("upper"))


def _predictive(policy: Resource) -> Scaler:
    given = block(policy.get("predictive_scaling_configuration"))
    if given and (text(given.get("mode")) or "ForecastOnly") == "ForecastOnly":
        return OtherScaler(policy.address, "predictive scaling that only forecasts", acts=False)
    if not given:
        raise aws_alarms.UnreadError("its settings are known only after apply")
    specification = block(given, "metric_specification")
    parts = ("metric_pair", "load_metric", "scaling_metric")
    blocks_ = [block(specification, f"predefined_{part}_specification") for part in parts]
    names = [text(one.get("predefined_metric_type")) for one in blocks_]
    metric = _PREDICTED.get(tuple(name for name in names if name is not None))
    if metric is None:
        raise aws_alarms.UnreadError("it goes by a metric of its own")
    target = _needed(number(specification.get("target_value")), "its target is")
    grows = text(given.get("max_capacity_breach_behavior")) == "IncreaseMaxCapacity"
    buffer_s = number(given.get("scheduling_buffer_time"))
    above = (number(given.get("max_capacity_buffer")) or 0.0) / 100
    return PredictiveScaler(
        address=policy.address,
        metric=metric,
        target=target / 100 if metric == "cpu" else target,
        buffer_s=300.0 if buffer_s is None else buffer_s,
        max_capacity_buffer=above if grows else None,
    )
