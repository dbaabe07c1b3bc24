"""Reads horizontal pod autoscalers: bounds, the target of CPU, behavior, what is not simulated.

Defaults are those of the API (`autoscaling/v2`): at least one pod, 80 % of the requested CPU, five
minutes before pods are removed, four pods or as many again every 15 seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from tfopt.plan.autoscaling import Autoscaling
from tfopt.plan.context import Context
from tfopt.plan.kubernetes_pods import Pod
from tfopt.plan.link import follow
from tfopt.plan.model import REDACTED, UNKNOWN, PathStep
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import OtherScaler, PodPace, PodScaler, Scaler
from tfopt.plan.values import block, blocks, dig, number, size, text
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
# whose provider reads the percentage; the others have the attribute and leave it alone
_WITH_PERCENTAGE = KINDS[:2]
_WAIT = "stabilization_window_seconds"
_HIDDEN = "what it goes by is sensitive, or not known before the apply"
_NO_REQUEST = (
    "it goes by a share of the CPU request, which not every container has: Kubernetes does not "
    "scale by it then"
)
_ABOVE = (
    "it aims above what its pods request, and pods are simulated with what they request and no more"
)


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


def scaling(own: Resource, pod: Pod) -> Autoscaling:
    """Return how one autoscaler sizes such pods."""
    spec = block(own.get("spec"))
    scaler, aim = _signal(own, pod)
    sites = {
        ours: own.site("spec", 0, theirs)
        for ours, theirs in _BOUNDS.items()
        if spec.get(theirs) is not None
    }
    if aim is not None:
        sites["target_cpu"] = own.site(*aim, scale=100.0)
    return Autoscaling(
        scalers=(scaler,),
        sites=sites,
        # the provider sends no 0, for which the API takes its default
        min_size=size(spec.get("min_replicas") or 1),
        max_size=size(spec.get("max_replicas")),
        sizes=True,
    )


def _signal(own: Resource, pod: Pod) -> tuple[Scaler, tuple[PathStep, ...] | None]:
    """Return what it goes by, and where its one CPU target stands, if that is a percentage."""
    value = own.get("spec", 0, "metric")
    metrics = blocks(value)
    if not metrics and own.kind in _WITH_PERCENTAGE:  # a list of metrics is the cluster's then
        return _percentage(own, pod)
    if value is UNKNOWN or value is REDACTED:
        return OtherScaler(own.address, _HIDDEN), None
    if not metrics:
        return _by_share(own, _DEFAULT_PERCENT / 100, pod), None
    if len(metrics) > 1:
        return OtherScaler(own.address, "it goes by several metrics"), None
    return _by_metric(own, metrics[0], pod)


def _by_metric(
    own: Resource, metric: Mapping[str, object], pod: Pod
) -> tuple[Scaler, tuple[PathStep, ...] | None]:
    word = "container_resource" if metric.get("type") == "ContainerResource" else "resource"
    resource = block(metric, word)
    of_pod = word == "resource" or pod.containers == 1
    if text(resource.get("name")) != "cpu" or not of_pod:
        return OtherScaler(own.address, f"it goes by {_metric(metric)}"), None
    target = block(resource, "target")
    percent, each = number(target.get("average_utilization")), quantity(target.get("average_value"))
    if percent:
        path = ("spec", 0, "metric", 0, word, 0, "target", 0, "average_utilization")
        return _by_share(own, percent / 100, pod), path
    if each:
        return _scaler(own, each / pod.vcpus), None
    return OtherScaler(own.address, _HIDDEN), None


def _percentage(own: Resource, pod: Pod) -> tuple[Scaler, tuple[PathStep, ...] | None]:
    """Return the same of the API that has one percentage in place of metrics."""
    value = own.get(*_OLD_TARGET)
    stated = _OLD_TARGET[-1] in block(own.config, "spec", 0) or not own.configured
    if value is REDACTED or (value is UNKNOWN and stated):
        return OtherScaler(own.address, _HIDDEN), None
    percent = number(value) or None
    share = (_DEFAULT_PERCENT if percent is None else percent) / 100
    return _by_share(own, share, pod), None if percent is None else _OLD_TARGET


def _by_share(own: Resource, share: float, pod: Pod) -> Scaler:
    """Return an autoscaler on a share of the request, which every container has to have."""
    return _scaler(own, share) if pod.each_has_cpu else OtherScaler(own.address, _NO_REQUEST)


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

    Without a block for the way it is as usual: what a plan holds there is what the cluster filled
    in, and a wait of 0 in it stands for none told. In a block, one that is left out is sent as 0.
    """
    behavior = own.get("spec", 0, "behavior")
    values = dig(behavior, 0, way, 0)
    told = block(own.config, "spec", 0, "behavior")
    if behavior is REDACTED or values is REDACTED or (values is UNKNOWN and way in told):
        return None
    if not isinstance(values, dict) or (told and way not in told):
        return usual
    rules = [_rule(one) for one in blocks(values.get("policy"))]
    known = tuple(rule for rule in rules if rule is not None)
    select = _SELECTS.get(text(values.get("select_policy")) or "")
    wait = values.get(_WAIT)
    left_out = way in told and _WAIT not in block(told, way)
    hidden = wait is REDACTED or (wait is UNKNOWN and not left_out)
    if hidden or select is None or len(known) < len(rules) or len(rules) > _MOST_RULES:
        return None
    seconds = number(wait) or 0.0
    as_usual = select == "max" and set(known) in (set(), set(usual.rules))
    if not told and as_usual and not seconds:
        return usual
    return PodPace(known or usual.rules, select, seconds)


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
