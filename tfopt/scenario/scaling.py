"""How a group scales, as the simulator takes it; refuses what it does not follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from tfopt.plan.model import InstanceGroup, acting_scalers
from tfopt.plan.scalers import (
    AzureRule,
    AzureScaler,
    GceScaler,
    MetricAlarm,
    OtherScaler,
    PodPace,
    PodScaler,
    PolicyScaler,
    PredictiveScaler,
    ScheduleScaler,
    SimpleScaler,
    StepScaler,
    TargetTrackingScaler,
    measured_by,
)
from tfopt.scenario.pods import cluster_autoscaler
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import PodsTable
from tfopt_sim import types as simulated
from tfopt_sim.pods import PodAutoscaler, PodBehavior, PodRule
from tfopt_sim.types import (
    Alarm,
    AzureAutoscale,
    GceAutoscaler,
    PredictiveScaling,
    ScalingPolicy,
    ScheduledAction,
    SimpleScaling,
    Step,
    StepScaling,
    TargetTracking,
)

Cadence = Literal["legacy", "responsive"]
DATAPOINTS: Final[dict[Cadence, tuple[int, int]]] = {"legacy": (3, 15), "responsive": (2, 15)}
"""Datapoints that target tracking's two alarms wait for, out and in.

Legacy is what AWS creates in groups of before November 2024. Since then the policy tunes itself to
scale out sooner, to a degree that AWS does not publish ("Faster scaling with Amazon EC2 Auto
Scaling Target Tracking", AWS Compute Blog, November 2024). Responsive takes two datapoints: fewer
would let one minute's noise scale a group. Scale-in stays as slow as it was.
"""
_SCALE_IN_RATIO = 0.7  # of the target, by EC2 Auto Scaling
_APPLICATION_SCALE_IN_RATIO = 0.9  # by Application Auto Scaling: of tasks and Spot fleets
MOST_PERIODS = 52  # that an alarm of the simulator remembers
_MOST_GRAINS = 720  # that a rule of Azure may look back over: twelve hours by the minute
_DEFAULT_S = 300.0  # AWS's cooldown, and its warm-up where nothing else is set


def is_held(group: InstanceGroup) -> bool:
    """Tell whether nothing in the plan changes the group's size while it runs."""
    return not acting_scalers(group)


def scaling_of(
    group: InstanceGroup, cadence: Cadence = "legacy", pods: PodsTable | None = None
) -> tuple[ScalingPolicy, ...]:
    """Return the policies that act on a group; `pods` are those that a pool of nodes carries.

    Raises:
        NotAnalysedError: one of them, or what it goes by, cannot be simulated.
    """
    if group.cluster_autoscaled:
        if acting_scalers(group):
            raise NotAnalysedError("a cluster autoscaler may size it beside its own policies")
        return (cluster_autoscaler(group, pods),)
    for scaler in acting_scalers(group):
        if isinstance(scaler, OtherScaler):
            raise NotAnalysedError(f"{scaler.address} is not simulated: {scaler.what}")
    return tuple(
        _policy(group, scaler, cadence)
        for scaler in acting_scalers(group)
        if not isinstance(scaler, ScheduleScaler | OtherScaler)
    )


def schedules_of(group: InstanceGroup) -> Iterable[ScheduledAction]:
    """Yield the recurring actions of a group."""
    for scaler in group.scalers:
        if isinstance(scaler, ScheduleScaler) and scaler.recurrence is not None:
            yield ScheduledAction(
                recurrence=scaler.recurrence,
                time_zone=scaler.time_zone,
                min_size=scaler.min_size,
                max_size=scaler.max_size,
                desired_capacity=scaler.desired_capacity,
                floor=scaler.floor,
            )


def _policy(group: InstanceGroup, scaler: PolicyScaler, cadence: Cadence) -> ScalingPolicy:
    if isinstance(scaler, StepScaler):
        return StepScaling(
            alarm=_alarm(group, scaler.alarm),
            steps=tuple(Step(one.change, one.lower, one.upper) for one in scaler.steps),
            adjustment=scaler.adjustment,
            min_magnitude=scaler.min_magnitude,
            warmup_s=_warmup_s(group, scaler.warmup_s),
            cooldown_s=scaler.cooldown_s,
        )
    if isinstance(scaler, SimpleScaler):
        return SimpleScaling(
            alarm=_alarm(group, scaler.alarm),
            change=scaler.change,
            adjustment=scaler.adjustment,
            min_magnitude=scaler.min_magnitude,
            cooldown_s=_first(scaler.cooldown_s, group.cooldown_s),
        )
    if isinstance(scaler, PredictiveScaler):
        return PredictiveScaling(
            target=scaler.target,
            metric=scaler.metric,
            buffer_s=scaler.buffer_s,
            max_capacity_buffer=scaler.max_capacity_buffer,
        )
    if isinstance(scaler, GceScaler | PodScaler):
        return _autoscaler(scaler)
    if isinstance(scaler, AzureScaler):
        rules = tuple(_azure_rule(group, rule) for rule in scaler.rules)
        return AzureAutoscale(rules, look_ahead_s=scaler.look_ahead_s)
    return _tracking(group, scaler, cadence)


def _autoscaler(scaler: GceScaler | PodScaler) -> ScalingPolicy:
    """Return an autoscaler that goes straight to the size that brings its target about."""
    if isinstance(scaler, PodScaler):
        return PodAutoscaler(scaler.target, up=_pace(scaler.up), down=_pace(scaler.down))
    return GceAutoscaler(
        target=scaler.target,
        metric=scaler.metric,
        initialization_s=scaler.initialization_s,
        scale_in_most=scaler.scale_in_most,
        scale_in_window_s=scaler.scale_in_window_s,
        mode=scaler.mode,
        predictive=scaler.predictive,
    )


def _pace(pace: PodPace) -> PodBehavior:
    return PodBehavior(
        tuple(PodRule(*rule) for rule in pace.rules), pace.select, pace.stabilization_s
    )


def _tracking(
    group: InstanceGroup, scaler: TargetTrackingScaler, cadence: Cadence
) -> TargetTracking:
    metric = measured_by(scaler.metric)
    if metric is None:
        raise NotAnalysedError(
            f"{scaler.address} tracks {scaler.metric}; CPU and requests per target are simulated"
        )
    out, back = DATAPOINTS[cadence]
    of_application = group.unit != "instance" or scaler.cooldowns_s is not None
    return TargetTracking(
        target=scaler.target,
        scale_in_ratio=_APPLICATION_SCALE_IN_RATIO if of_application else _SCALE_IN_RATIO,
        out_datapoints=out,
        in_datapoints=back,
        metric_period_s=_published_s(group) if metric == "cpu" else 60,
        warmup_s=_warmup_s(group, scaler.warmup_s),
        scale_in=not scaler.disable_scale_in,
        metric=metric,
        cooldowns_s=scaler.cooldowns_s,
    )


def _azure_rule(group: InstanceGroup, rule: AzureRule) -> simulated.AzureRule:
    return simulated.AzureRule(
        alarm=_alarm(group, rule.alarm, most=_MOST_GRAINS),
        direction=rule.direction,
        change=rule.change,
        adjustment=rule.adjustment,
        cooldown_s=rule.cooldown_s,
        aggregation=rule.aggregation,
    )


def _alarm(group: InstanceGroup, alarm: MetricAlarm, most: int = MOST_PERIODS) -> Alarm:
    """Return the alarm with a period in which the metric is published at least once.

    An alarm on a shorter period goes by the datapoints that there are (CloudWatch, "How alarms
    treat missing data").

    Raises:
        NotAnalysedError: it looks back over more periods than are kept.
    """
    if alarm.of > most:
        raise NotAnalysedError(
            f"{alarm.address} looks back over {alarm.of} periods; at most {most} are simulated"
        )
    published_s = _published_s(group) if alarm.metric == "cpu" else 60
    return Alarm(
        threshold=alarm.threshold,
        comparison=alarm.comparison,
        metric=alarm.metric,
        period_s=max(alarm.period_s, published_s),
        datapoints=alarm.datapoints,
        of=alarm.of,
    )


def _published_s(group: InstanceGroup) -> int:
    """Return how often the group's CPU is published: every minute only where that is paid for."""
    every_minute = group.detailed_monitoring or group.unit == "task" or group.cloud != "aws"
    return 60 if every_minute else 300


def _warmup_s(group: InstanceGroup, own: float | None) -> float:
    """Return the warm-up: the policy's, else the group's, else what its cooldown is."""
    return _first(own, group.warmup_s, group.cooldown_s)


def _first(*seconds: float | None) -> float:
    return next((one for one in seconds if one is not None), _DEFAULT_S)
