"""Reads horizontal pod autoscalers: bounds, the target of CPU, behavior, what is not simulated.

Defaults are those of the API (`autoscaling/v2`): at least one pod, 80 % of the requested CPU, five
minutes before pods are removed, four pods or as many again every 15 seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tfopt.plan.context import Context
from tfopt.plan.link import follow
from tfopt.plan.model import PathStep, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import OtherScaler, PodPace, PodScaler, Scaler
from tfopt.plan.values import block, blocks, number, size, text
from tfopt.quantities import quantity

KINDS = (
    "kubernetes_horizontal_pod_autoscaler",
    "kubernetes_horizontal_pod_autoscaler_v1",
    "kubernetes_horizontal_pod_autoscaler_v2beta2",
    "kubernetes_horizontal_pod_autoscaler_v2",
)
ATTRIBUTES = dict.fromkeys(KINDS, "id metadata spec")
_NAME = ("spec", 0, "scale_target_ref", 0, "name")
_OLD_TARGET = ("spec", 0, "target_cpu_utilization_percentage")
_DEFAULT_PERCENT = 80.0
_BOUNDS = {"min_size": "min_replicas", "max_size": "max_replicas"}
_MOST_RULES = 4  # of one way, that are simulated
_SELECTS: Mapping[str, Literal["max", "min", "disabled"]] = {
    "": "max",
    "Max": "max",
    "Min": "min",
    "Disabled": "disabled",
}
_ABOVE = (
    "it aims above what its pods request, and pods are simulated with what they request and no more"
)


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """How an autoscaler sizes a deployment; `sizes` is False where none does."""

    scalers: tuple[Scaler, ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    min_size: int | None = None
    max_size: int | None = None
    sizes: bool = False


def by_deployment(context: Context, kinds: tuple[str, ...]) -> Mapping[str, list[Resource]]:
    """Return the autoscalers by the address of the deployment that they scale."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for one in context.planned.of(*KINDS):
        kind = text(one.get("spec", 0, "scale_target_ref", 0, "kind"))
        if kind not in (None, "Deployment"):
            context.skip(one, f"it scales a {kind}, which is not analysed")
            continue
        scaled = _deployment(context, one, kinds)
        if scaled is None:
            context.skip(one, "what it scales is not in this plan")
        else:
            context.used.add(one.address)
            found[scaled.address].append(one)
    return found


def _deployment(context: Context, own: Resource, kinds: tuple[str, ...]) -> Resource | None:
    """Return the deployment that an autoscaler names: in its namespace, else by reference."""
    name, space = text(own.get(*_NAME)), _namespace(own)
    named = [one for one in context.planned.of(*kinds) if _is_named(one, name, space)]
    if len(named) == 1:
        return named[0]
    link = follow(context.planned, own, [_NAME], kinds)
    return link.to if link is not None and not link.inferred else None


def _is_named(one: Resource, name: str | None, space: str | None) -> bool:
    own = _namespace(one)
    same = own is None or space is None or own == space
    return name is not None and same and text(one.get("metadata", 0, "name")) == name


def _namespace(one: Resource) -> str | None:
    """Return the namespace; None where it is not known before the apply."""
    value = one.get("metadata", 0, "namespace")
    return "default" if value in (None, "") else text(value)


def scaling(own: Resource, pod_vcpus: float, containers: int) -> Autoscaling:
    """Return how one autoscaler sizes pods that request so much CPU."""
    spec = block(own.get("spec"))
    scalers, aim = _signals(own, pod_vcpus, containers)
    sites = {
        ours: own.site("spec", 0, theirs)
        for ours, theirs in _BOUNDS.items()
        if spec.get(theirs) is not None
    }
    if aim is not None:
        sites["target_cpu"] = own.site(*aim, scale=100.0)
    return Autoscaling(
        scalers=scalers,
        sites=sites,
        min_size=1 if spec.get("min_replicas") is None else size(spec.get("min_replicas")),
        max_size=size(spec.get("max_replicas")),
        sizes=True,
    )


def _signals(
    own: Resource, pod_vcpus: float, containers: int
) -> tuple[tuple[Scaler, ...], tuple[PathStep, ...] | None]:
    """Return what it goes by, and where its one CPU target stands, if that is a percentage."""
    spec = block(own.get("spec"))
    metrics = blocks(spec.get("metric"))
    if not metrics:
        percent = number(own.get(*_OLD_TARGET)) or None
        share = (_DEFAULT_PERCENT if percent is None else percent) / 100
        at = None if percent is None else _OLD_TARGET
        return (_scaler(own, share),), at
    if len(metrics) > 1:
        return (OtherScaler(own.address, "it goes by several metrics"),), None
    word = "container_resource" if metrics[0].get("type") == "ContainerResource" else "resource"
    resource = block(metrics[0], word)
    of_pod = word == "resource" or containers == 1
    if text(resource.get("name")) != "cpu" or not of_pod:
        return (OtherScaler(own.address, f"it goes by {_metric(metrics[0])}"),), None
    target = block(resource, "target")
    percent, each = number(target.get("average_utilization")), quantity(target.get("average_value"))
    if percent:
        scaler = _scaler(own, percent / 100)
        return (scaler,), ("spec", 0, "metric", 0, word, 0, "target", 0, "average_utilization")
    if each:
        return (_scaler(own, each / pod_vcpus),), None
    return (OtherScaler(own.address, "its target is known only after apply"),), None


def _scaler(own: Resource, share: float) -> Scaler:
    if share > 1:
        return OtherScaler(own.address, _ABOVE)
    usual = PodScaler(own.address, share)
    up, down = _pace(own, "scale_up", usual.up), _pace(own, "scale_down", usual.down)
    if up is None or down is None:
        return OtherScaler(own.address, "rules of its behavior are not known, or too many")
    return replace(usual, up=up, down=down)


def _pace(own: Resource, way: str, usual: PodPace) -> PodPace | None:
    """Return how it goes one way; None where a rule is not known or there are too many.

    What a behavior leaves out is as usual.
    """
    behavior = block(own.get("spec"), 0, "behavior", 0, way)
    if not behavior:
        return usual
    select = _SELECTS.get(text(behavior.get("select_policy")) or "")
    rules = [_rule(one) for one in blocks(behavior.get("policy"))]
    known = [rule for rule in rules if rule is not None]
    seconds = number(behavior.get("stabilization_window_seconds"))
    if select is None or len(known) < len(rules) or len(rules) > _MOST_RULES:
        return None
    return PodPace(
        tuple(known) or usual.rules,
        select,
        usual.stabilization_s if seconds is None else seconds,
    )


def _rule(one: Mapping[str, object]) -> tuple[Literal["pods", "percent"], float, float] | None:
    kind, value = text(one.get("type")), number(one.get("value"))
    period_s = number(one.get("period_seconds"))
    if kind not in ("Pods", "Percent") or value is None or period_s is None:
        return None
    return "pods" if kind == "Pods" else "percent", value, period_s


def _metric(metric: Mapping[str, object]) -> str:
    for word in ("resource", "container_resource"):
        name = text(block(metric, word).get("name"))
        if name is not None:
            return f"{name} of {'one container' if word == 'container_resource' else 'its pods'}"
    for word in ("pods", "object", "external"):
        name = text(block(metric, word, 0, "metric").get("name"))
        if name is not None:
            return f"the metric {name}"
    return "a metric that is not known"
