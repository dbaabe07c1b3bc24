"""CloudWatch alarms that set off scaling policies: whose they are, what they watch, when they ring.

Only two metrics follow from a group's load alone and are read: the mean CPU that EC2 and ECS
publish for the group itself, and the requests per target that its load balancer counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfopt.plan.context import Context
from tfopt.plan.link import follow, follow_all
from tfopt.plan.model import UNKNOWN, PathStep
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import Comparison, Metric, MetricAlarm
from tfopt.plan.values import blocks, known, number, text, whole

KIND = "aws_cloudwatch_metric_alarm"
ATTRIBUTES = {
    KIND: (
        "id arn alarm_actions ok_actions insufficient_data_actions actions_enabled metric_name "
        "namespace dimensions statistic extended_statistic threshold threshold_metric_id "
        "comparison_operator period evaluation_periods datapoints_to_alarm metric_query"
    )
}
_COMPARISONS: Mapping[str, Comparison] = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_TARGETS = "TargetGroup"
_TARGET_WORD = re.compile("target_?group", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _KnownMetric:
    metric: Metric
    dimension: str  # which says whose metric it is
    beside: frozenset[str]  # dimensions that may stand beside it
    statistic: str
    whose: str


_METRICS: Mapping[str, _KnownMetric] = {
    "AWS/EC2 CPUUtilization": _KnownMetric(
        "cpu", "AutoScalingGroupName", frozenset(), "Average", "this group"
    ),
    "AWS/ECS CPUUtilization": _KnownMetric(
        "cpu", "ServiceName", frozenset({"ClusterName"}), "Average", "this service"
    ),
    "AWS/EC2Spot CPUUtilization": _KnownMetric(
        "cpu", "FleetRequestId", frozenset(), "Average", "this fleet"
    ),
    "AWS/ApplicationELB RequestCountPerTarget": _KnownMetric(
        "requests", _TARGETS, frozenset({"LoadBalancer"}), "Sum", "a whole target group"
    ),
}
_ACTIONS: list[tuple[PathStep, ...]] = [
    ("alarm_actions",),
    ("ok_actions",),
    ("insufficient_data_actions",),
]
_LATER = "is known only after apply"


class UnreadError(Exception):
    """A policy that cannot be simulated; the message says why."""


def by_policy(context: Context, kind: str) -> Mapping[str, list[Resource]]:
    """Return the alarms that set off policies of a kind, by the policy's address."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for alarm in context.planned.of(KIND):
        for policy in follow_all(context.planned, alarm, _ACTIONS, (kind,)):
            found[policy.address].append(alarm)
    return found


def read(context: Context, alarm: Resource, policy: Resource, group: Resource) -> MetricAlarm:
    """Read the alarm that sets off a policy of a group.

    Raises:
        UnreadError: it rings at something else than a threshold of one of the two metrics.
    """
    set_off = follow_all(context.planned, alarm, _ACTIONS[:1], (policy.kind,))
    if policy.address not in {one.address for one in set_off}:
        raise UnreadError("it acts when the alarm ends or lacks data")
    metric = _metric(context, alarm, group)
    comparison = _COMPARISONS.get(text(alarm.get("comparison_operator")) or "")
    threshold, period = number(alarm.get("threshold")), whole(alarm.get("period"))
    of = whole(alarm.get("evaluation_periods"))
    if comparison is None or threshold is None or period is None or of is None:
        raise UnreadError(f"when it rings {_LATER}")
    return MetricAlarm(
        address=alarm.address,
        metric=metric,
        threshold=threshold / unit_of(metric, period),
        comparison=comparison,
        period_s=period,
        datapoints=_datapoints(alarm) or of,
        of=of,
    )


def _datapoints(alarm: Resource) -> int | None:
    """Return how many breaches it waits for; None where that is not set."""
    value = alarm.get("datapoints_to_alarm")
    if value is UNKNOWN and alarm.configured and alarm.written("datapoints_to_alarm"):
        raise UnreadError(f"when it rings {_LATER}")
    return whole(value)


def unit_of(metric: Metric, period_s: int) -> float:
    """Return what CloudWatch's figure is divided by: per cent, or requests of a whole period."""
    return 100.0 if metric == "cpu" else period_s / 60


def _metric(context: Context, alarm: Resource, group: Resource) -> Metric:
    """Return which of the two metrics the alarm watches."""
    if blocks(alarm.get("metric_query")) or known(alarm.get("threshold_metric_id")):
        raise UnreadError("it goes by a metric expression or an anomaly band")
    listed = alarm.get("dimensions")  # no key is told where any value is not known yet
    names = set(listed) if isinstance(listed, dict) else None
    statistic = text(alarm.get("statistic")) or text(alarm.get("extended_statistic"))

    def is_own(dimension: str) -> bool:
        if dimension == _TARGETS:  # whose targets they are is not checked: a group has its own
            words = alarm.references("dimensions")
            return names is not None or any(map(_TARGET_WORD.search, words))
        return names_group(context, alarm, [("dimensions", dimension), ("dimensions",)], group)

    named = text(alarm.get("namespace")), text(alarm.get("metric_name"))
    return known_metric(named, names, statistic, is_own)


def names_group(
    context: Context, start: Resource, paths: list[tuple[PathStep, ...]], group: Resource
) -> bool:
    """Tell whether the value of a dimension, at one of the paths, names the group."""
    link = follow(context.planned, start, paths, (group.kind,))
    if link is None or link.to.address != group.address:
        return False
    return not (link.inferred and any(start.references(*path) for path in paths))


def known_metric(
    named: tuple[str | None, str | None],
    dimensions: set[str] | None,
    statistic: str | None,
    is_own: Callable[[str], bool],
) -> Metric:
    """Return which of the two metrics this is.

    Args:
        named: namespace and name of the metric.
        dimensions: their names; None where they are not told.
        statistic: "Average", "Sum", "p99", …
        is_own: whether the dimension of that name stands for what is at hand.

    Raises:
        UnreadError: it is neither, or not that of this group.
    """
    if None in named:
        raise UnreadError(f"the metric it goes by {_LATER}")
    words = " ".join(filter(None, named))
    found = _METRICS.get(words)
    if found is None:
        raise UnreadError(f"it goes by {words}, a metric of its own")
    names = {found.dimension} | found.beside
    fit = dimensions is None or {found.dimension} <= dimensions <= names
    if not fit or not is_own(found.dimension):
        raise UnreadError(f"it goes by {words}, but not that of {found.whose}")
    if statistic != found.statistic:
        told = f"it goes by the {statistic or 'unknown statistic'} of {words}"
        raise UnreadError(f"{told}, not the {found.statistic}")
    return found.metric
