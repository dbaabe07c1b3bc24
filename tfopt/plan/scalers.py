"""What scales a group, as a plan says it: policies with the alarms that set them off, schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Metric = Literal["cpu", "requests"]
"""Mean CPU of a group's instances (a share), or requests per instance and minute."""
Comparison = Literal[">", ">=", "<", "<="]
Adjustment = Literal["change", "percent", "exact"]


@dataclass(frozen=True, slots=True)
class TargetTrackingScaler:
    """A target-tracking policy.

    `metric` is the vendor's name of the predefined metric; a customized one that is the same as a
    predefined one goes by that name.
    """

    address: str
    metric: str  # "ASGAverageCPUUtilization", "ECSServiceAverageCPUUtilization", …
    target: float  # a share for CPU metrics (0.6), the metric's own unit otherwise
    disable_scale_in: bool = False
    warmup_s: float | None = None
    cooldowns_s: tuple[float, float] | None = None  # out, in: of application autoscaling


@dataclass(frozen=True, slots=True)
class MetricAlarm:
    """An alarm that sets off a policy: it rings on `datapoints` breaches of the last `of`."""

    address: str
    metric: Metric
    threshold: float  # in the metric's unit
    comparison: Comparison
    period_s: int
    datapoints: int
    of: int  # evaluation periods


@dataclass(frozen=True, slots=True)
class StepAdjustment:
    """What is done while metric − threshold lies in [lower, upper); None: unbounded."""

    change: float  # instances, per cent, or a capacity
    lower: float | None = None  # in the metric's unit
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class StepScaler:
    """A step scaling policy with one of the alarms that set it off."""

    address: str
    alarm: MetricAlarm
    steps: tuple[StepAdjustment, ...]
    adjustment: Adjustment
    min_magnitude: int = 0
    warmup_s: float | None = None
    cooldown_s: float | None = None  # of tasks, which have no warm-up


@dataclass(frozen=True, slots=True)
class SimpleScaler:
    """A simple scaling policy with one of the alarms that set it off."""

    address: str
    alarm: MetricAlarm
    change: float
    adjustment: Adjustment
    min_magnitude: int = 0
    cooldown_s: float | None = None


@dataclass(frozen=True, slots=True)
class PredictiveScaler:
    """A predictive scaling policy that acts."""

    address: str
    metric: Metric
    target: float  # in the metric's unit
    buffer_s: float = 300.0  # SchedulingBufferTime
    max_capacity_buffer: float | None = None  # share above the forecast; None: max_size is kept


@dataclass(frozen=True, slots=True)
class GceScaler:
    """One signal of a Compute Engine autoscaler; several signals are several of these.

    `scale_in_most` is the scale-in control: instances (1 or more) or a share of the peak (below 1)
    that the group may fall below its largest size of the last `scale_in_window_s`.
    """

    address: str
    metric: Metric
    target: float  # in the metric's unit
    mode: Literal["on", "only-scale-out"] = "on"
    initialization_s: float = 60.0  # the cool-down period
    scale_in_most: float | None = None
    scale_in_window_s: float = 600.0
    predictive: bool = False


@dataclass(frozen=True, slots=True)
class AzureRule:
    """One rule of an autoscale profile; of its alarm, `datapoints` is not used.

    The alarm's period is the rule's time grain, and `of` the grains of its time window.
    """

    alarm: MetricAlarm
    direction: Literal["increase", "decrease"]
    change: float  # instances, per cent, or a capacity
    adjustment: Adjustment
    cooldown_s: float
    aggregation: Literal["average", "minimum", "maximum", "last"] = "average"  # of the window


@dataclass(frozen=True, slots=True)
class AzureScaler:
    """The rules of an Azure Monitor autoscale profile."""

    address: str
    rules: tuple[AzureRule, ...]
    look_ahead_s: float | None = None  # predictive autoscale acts so long ahead; None: disabled


@dataclass(frozen=True, slots=True)
class PodPace:
    """How a horizontal pod autoscaler goes one way: what its rules let come or go, and its wait."""

    rules: tuple[tuple[Literal["pods", "percent"], float, float], ...]  # each with value, seconds
    select: Literal["max", "min", "disabled"] = "max"
    stabilization_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PodScaler:
    """A horizontal pod autoscaler on the CPU that its pods request; the API's paces."""

    address: str
    target: float  # a share of the request
    up: PodPace = PodPace((("percent", 100.0, 15.0), ("pods", 4.0, 15.0)))
    down: PodPace = PodPace((("percent", 100.0, 15.0),), stabilization_s=300.0)


@dataclass(frozen=True, slots=True)
class ScheduleScaler:
    """A scheduled action; sizes that are None (or -1 in AWS) are left as they are.

    Where it is a `floor`, its minimum stands beside the group's own, and the larger one holds.
    """

    address: str
    recurrence: str | None
    time_zone: str
    min_size: int | None
    max_size: int | None
    desired_capacity: int | None
    floor: bool = False


@dataclass(frozen=True, slots=True)
class OtherScaler:
    """What is read but cannot be simulated; `what` says in words what it is, or why."""

    address: str
    what: str
    acts: bool = True  # False: disabled, it only forecasts, or its alarm's actions are off


PolicyScaler = (
    TargetTrackingScaler
    | StepScaler
    | SimpleScaler
    | PredictiveScaler
    | GceScaler
    | AzureScaler
    | PodScaler
)
Scaler = PolicyScaler | ScheduleScaler | OtherScaler

_CPU = frozenset(
    {
        "ASGAverageCPUUtilization",
        "ECSServiceAverageCPUUtilization",
        "EC2SpotFleetRequestAverageCPUUtilization",
    }
)


def cpu_target(scaler: Scaler) -> float | None:
    """Return the mean CPU that a scaler keeps a group at; None where it does not."""
    if isinstance(scaler, TargetTrackingScaler):
        return scaler.target if measured_by(scaler.metric) == "cpu" else None
    if isinstance(scaler, GceScaler):
        return scaler.target if scaler.metric == "cpu" else None
    return scaler.target if isinstance(scaler, PodScaler) else None


def measured_by(metric: str) -> Metric | None:
    """Return what a predefined target-tracking metric measures; None where neither."""
    if metric in _CPU:
        return "cpu"
    return "requests" if metric == "ALBRequestCountPerTarget" else None
