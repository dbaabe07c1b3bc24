"""A group's scaling policies in the report: the step table, and in words what else acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfopt.plan.model import InstanceGroup, acting_scalers
from tfopt.plan.scalers import (
    AzureRule,
    AzureScaler,
    GceScaler,
    MetricAlarm,
    PredictiveScaler,
    SimpleScaler,
    StepAdjustment,
    StepScaler,
    TargetTrackingScaler,
    measured_by,
)
from tfopt.recommendation import StepValues


def step_table(group: InstanceGroup) -> list[StepValues] | None:
    """Return every step and simple policy and rule of the group as rows; None where it has none."""
    return list(_rows(group)) or None


def _rows(group: InstanceGroup) -> Iterator[StepValues]:
    for scaler in acting_scalers(group):
        if isinstance(scaler, StepScaler | SimpleScaler):
            yield from (_row(scaler, step) for step in _steps(scaler))
        elif isinstance(scaler, AzureScaler):
            yield from (_azure_row(scaler.address, rule) for rule in scaler.rules)


def _azure_row(address: str, rule: AzureRule) -> StepValues:
    alarm = rule.alarm
    above = alarm.comparison in (">", ">=")
    out = rule.direction == "increase" or rule.adjustment == "exact"
    return StepValues(
        policy=address,
        metric=alarm.metric,
        lower=alarm.threshold if above else None,
        upper=None if above else alarm.threshold,
        change=rule.change if out else -rule.change,
        adjustment=rule.adjustment,
        after_s=_after_s(alarm),
    )


def _steps(scaler: StepScaler | SimpleScaler) -> Iterable[StepAdjustment]:
    if isinstance(scaler, StepScaler):
        return scaler.steps
    return [StepAdjustment(scaler.change)]


def _row(scaler: StepScaler | SimpleScaler, step: StepAdjustment) -> StepValues:
    alarm = scaler.alarm
    lower, upper = (
        None if bound is None else round(alarm.threshold + bound, 6)
        for bound in (step.lower, step.upper)
    )
    if alarm.comparison in (">", ">="):  # below the threshold the alarm does not ring
        lower = alarm.threshold if lower is None else max(lower, alarm.threshold)
    else:
        upper = alarm.threshold if upper is None else min(upper, alarm.threshold)
    return StepValues(
        policy=scaler.address,
        metric=alarm.metric,
        lower=lower,
        upper=upper,
        change=step.change,
        adjustment=scaler.adjustment,
        after_s=_after_s(alarm),
    )


def _after_s(alarm: MetricAlarm) -> int:
    return alarm.period_s * alarm.datapoints


def other_policies(group: InstanceGroup) -> list[str]:
    """Return in words what acts besides the one CPU target, the steps and the schedules."""
    return list(_other_policies(group))


def _other_policies(group: InstanceGroup) -> Iterator[str]:
    for scaler in acting_scalers(group):
        if isinstance(scaler, TargetTrackingScaler):
            metric = measured_by(scaler.metric)
            if metric == "cpu" and "target_cpu" in group.sites:
                continue
            goal = _goal(scaler.target, cpu=metric == "cpu")
            yield f"target tracking at {goal}{', out only' if scaler.disable_scale_in else ''}"
        elif isinstance(scaler, GceScaler):
            yield from _autoscaler(group, scaler)
        elif isinstance(scaler, PredictiveScaler):
            yield f"predictive scaling at {_goal(scaler.target, cpu=scaler.metric == 'cpu')}"
        elif isinstance(scaler, AzureScaler) and scaler.look_ahead_s is not None:
            yield f"predictive autoscale, {scaler.look_ahead_s / 60:g} minutes ahead"


def _autoscaler(group: InstanceGroup, scaler: GceScaler) -> Iterator[str]:
    """Tell a signal of Compute Engine's autoscaler, or what there is besides the one CPU target."""
    told = scaler.metric == "cpu" and "target_cpu" in group.sites
    goal = "" if told else f" at {_goal(scaler.target, cpu=scaler.metric == 'cpu')}"
    more = [
        *(["out only"] if scaler.mode == "only-scale-out" else []),
        *(["ahead of its forecast"] if scaler.predictive else []),
        *([f"in by {_most(scaler)}"] if scaler.scale_in_most is not None else []),
    ]
    if goal or more:
        yield ", ".join([f"autoscaler{goal}", *more])


def _most(scaler: GceScaler) -> str:
    most = scaler.scale_in_most or 0.0
    size = f"{most:g}" if most >= 1 else f"{100 * most:g} %"
    return f"{size} at most in {scaler.scale_in_window_s / 60:g} minutes"


def _goal(target: float, *, cpu: bool) -> str:
    if cpu:
        return f"{round(100 * target, 6):g} % CPU"
    return f"{target:,g} requests per instance and minute"
