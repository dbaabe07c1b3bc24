"""Reads the rules of an Azure autoscale profile: on the CPU of the scale set itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from tfopt.plan.azure_common import named_by, seconds
from tfopt.plan.context import Context
from tfopt.plan.model import PathStep
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import Adjustment, AzureRule, Comparison, MetricAlarm
from tfopt.plan.values import block, blocks, flag, number, text

CPU = "percentage cpu"
_Word = TypeVar("_Word")
_COMPARISONS: Mapping[str, Comparison] = {
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
}
_ADJUSTMENTS: Mapping[str, Adjustment] = {
    "ChangeCount": "change",
    "PercentChangeCount": "percent",
    "ExactCount": "exact",
}
_AGGREGATIONS: Mapping[str, Literal["average", "minimum", "maximum", "last"]] = {
    "Average": "average",
    "Minimum": "minimum",
    "Maximum": "maximum",
    "Last": "last",
}
_DIRECTIONS: Mapping[str, Literal["increase", "decrease"]] = {
    "Increase": "increase",
    "Decrease": "decrease",
}


class NotFollowedError(Exception):
    """Something of a setting that is not simulated; the message says what."""


def read_rules(
    context: Context, target: Resource, setting: Resource, profile: int
) -> tuple[AzureRule, ...]:
    """Return the rules of one profile of a setting.

    Raises:
        NotFollowedError: one of them is not simulated; the message says why.
    """
    rules = blocks(setting.get("profile", profile, "rule"))
    found = []
    for index, rule in enumerate(rules):
        trigger, action = block(rule, "metric_trigger"), block(rule, "scale_action")
        if why := _why_not_cpu(trigger):
            raise NotFollowedError(f"a rule goes by {why}")
        path = ("profile", profile, "rule", index, "metric_trigger", 0, "metric_resource_id")
        if _is_of_another(context, target, setting, path):
            raise NotFollowedError("a rule goes by the CPU of another resource")
        found.append(_rule(setting.address, trigger, action))
    return tuple(found)


def _why_not_cpu(trigger: Mapping[str, object]) -> str | None:
    """Return what a rule goes by where that is not the mean CPU of the instances."""
    metric = text(trigger.get("metric_name"))
    if metric is None:
        return "a metric that is not known before apply"
    if metric.lower() != CPU:
        return f"{metric}; only Percentage CPU is simulated"
    statistic = text(trigger.get("statistic"))
    if statistic != "Average":
        return f"the {statistic} of its instances' CPU; only the Average is simulated"
    if blocks(trigger, "dimensions"):
        return "some of its instances only (dimensions)"
    if flag(trigger.get("divide_by_instance_count")) is True:
        return "the CPU divided by the number of instances"
    return None


def _is_of_another(
    context: Context, target: Resource, setting: Resource, path: tuple[PathStep, ...]
) -> bool:
    link = named_by(context, setting, [path], (target.kind,))
    if link is not None:
        return link.to.address != target.address
    return bool(setting.references(*path)) or text(setting.get(*path)) is not None


def _rule(address: str, trigger: Mapping[str, object], action: Mapping[str, object]) -> AzureRule:
    return AzureRule(
        alarm=_alarm(address, trigger),
        direction=_chosen(action, "direction", _DIRECTIONS),
        change=_told(number(action.get("value")), "value"),
        adjustment=_chosen(action, "type", _ADJUSTMENTS),
        cooldown_s=_told(seconds(action.get("cooldown")), "cooldown"),
        aggregation=_chosen(trigger, "time_aggregation", _AGGREGATIONS),
    )


def _alarm(address: str, trigger: Mapping[str, object]) -> MetricAlarm:
    grain = int(_told(seconds(trigger.get("time_grain")), "time_grain"))
    window = int(_told(seconds(trigger.get("time_window")), "time_window"))
    grains = max(1, window // grain)
    return MetricAlarm(
        address=address,
        metric="cpu",
        threshold=_told(number(trigger.get("threshold")), "threshold") / 100,
        comparison=_chosen(trigger, "operator", _COMPARISONS),
        period_s=grain,
        datapoints=grains,
        of=grains,
    )


def _told(value: float | None, name: str) -> float:
    if value is None:
        raise NotFollowedError(f"the {name} of a rule is not known before apply")
    return value


def _chosen(values: Mapping[str, object], name: str, known: Mapping[str, _Word]) -> _Word:
    said = text(values.get(name))
    if said is None:
        raise NotFollowedError(f"the {name} of a rule is not known before apply")
    if said not in known:
        raise NotFollowedError(f"{name} {said} of a rule is not simulated")
    return known[said]
