"""Reads autoscalers of Compute Engine: bounds, signals, scale-in controls, scaling schedules.

An autoscaler without any signal aims at 60 % CPU; schedules act beside the signals, as a minimum
(provider's page of `google_compute_autoscaler`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tfopt.plan import gcp_backend
from tfopt.plan.attachment import attached
from tfopt.plan.autoscaling import Autoscaling
from tfopt.plan.context import Context
from tfopt.plan.gcp_schedules import Floor, floors
from tfopt.plan.model import UNKNOWN, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import GceScaler, OtherScaler, Scaler
from tfopt.plan.values import block, blocks, flag, known, number, size, text

MANAGERS = ("google_compute_instance_group_manager", "google_compute_region_instance_group_manager")
AUTOSCALERS = ("google_compute_autoscaler", "google_compute_region_autoscaler")
ATTRIBUTES = {
    **dict.fromkeys(AUTOSCALERS, "id name target autoscaling_policy"),
    **gcp_backend.ATTRIBUTES,
}
_POLICY = ("autoscaling_policy", 0)
_CPU = (*_POLICY, "cpu_utilization", 0, "target")
_DEFAULT_TARGET = 0.6
_MODES = {"ON": "on", "ONLY_UP": "only-scale-out", "ONLY_SCALE_OUT": "only-scale-out"}
_BOUNDS = {"min_size": "min_replicas", "max_size": "max_replicas"}


def by_manager(context: Context) -> Mapping[str, list[Resource]]:
    """Return the autoscalers by the address of the group that they scale."""
    return {
        address: found
        for kind in AUTOSCALERS
        for address, found in attached(context, kind, "target", MANAGERS).items()
    }


def scaling(context: Context, group: Resource, autoscalers: list[Resource]) -> Autoscaling:
    """Return what scales a group."""
    if not autoscalers:
        return Autoscaling()
    if len(autoscalers) > 1:
        what = "several autoscalers have the same target, which Compute Engine refuses"
        return Autoscaling(tuple(OtherScaler(one.address, what) for one in autoscalers))
    own = autoscalers[0]
    policy = block(own.get(*_POLICY))
    mode = text(policy.get("mode")) or "ON"
    if mode not in _MODES:
        return Autoscaling((OtherScaler(own.address, f"autoscaler with mode {mode}", acts=False),))
    scalers = (*_signals(context, group, own, policy), *_schedules(own, policy))
    return Autoscaling(
        scalers=scalers,
        sites=_sites(own, scalers),
        min_size=size(policy.get("min_replicas")),
        max_size=size(policy.get("max_replicas")),
        sizes=True,
        notes=tuple(_notes(own, policy)),
    )


def _sites(own: Resource, scalers: tuple[Scaler, ...]) -> Mapping[str, Site]:
    policy = block(own.get(*_POLICY))
    sites = {
        ours: own.site(*_POLICY, theirs)
        for ours, theirs in _BOUNDS.items()
        if policy.get(theirs) is not None
    }
    aims = [one for one in scalers if isinstance(one, GceScaler) and one.metric == "cpu"]
    if aims and _sets_target(own):
        sites["target_cpu"] = own.site(*_CPU)
    return sites


def _sets_target(own: Resource) -> bool:
    """Return whether the configuration states a CPU target, which a dynamic block may hide.

    Where it does not, the target is unknown until the apply, or the provider's: that is told when
    the sources are searched for it.
    """
    value = own.get(*_CPU)
    stated = "cpu_utilization" in block(own.config.get("autoscaling_policy"))
    return value is not None and (stated or value is not UNKNOWN)


def _signals(
    context: Context, group: Resource, own: Resource, policy: Mapping[str, object]
) -> Iterator[Scaler]:
    common = _common(own, policy)
    cpu = blocks(policy.get("cpu_utilization"))
    balancing = blocks(policy.get("load_balancing_utilization"))
    metrics = blocks(policy.get("metric"))
    if cpu or not (balancing or metrics):
        yield replace(
            common,
            target=number(block(cpu).get("target")) or _DEFAULT_TARGET,
            predictive=block(cpu).get("predictive_method") == "OPTIMIZE_AVAILABILITY",
        )
    for one in balancing:
        share = number(one.get("target")) or 0.8
        found = gcp_backend.requests_per_minute(context, group)
        if isinstance(found, str):
            yield OtherScaler(own.address, f"it aims at a share of load balancing, and {found}")
        else:
            yield replace(common, metric="requests", target=share * found)
    for one in metrics:
        name = text(one.get("name")) or "that is not known"
        yield OtherScaler(own.address, f"it goes by the metric {name}")


def _common(own: Resource, policy: Mapping[str, object]) -> GceScaler:
    """Return what all signals of an autoscaler share."""
    control = block(policy.get("scale_in_control"))
    most = block(control.get("max_scaled_in_replicas"))
    fixed, percent = number(most.get("fixed")), number(most.get("percent"))
    share = None if percent is None or percent >= 100 else percent / 100
    initialization = number(policy.get("cooldown_period"))
    window = number(control.get("time_window_sec"))
    return GceScaler(
        address=own.address,
        metric="cpu",
        target=_DEFAULT_TARGET,
        mode="on" if (text(policy.get("mode")) or "ON") == "ON" else "only-scale-out",
        initialization_s=60.0 if initialization is None else initialization,
        scale_in_most=fixed if fixed else share,
        scale_in_window_s=600.0 if window is None else window,
    )


def _schedules(own: Resource, policy: Mapping[str, object]) -> tuple[Scaler, ...]:
    found = [
        Floor(
            name=text(one.get("name")) or "without a name",
            schedule=text(one.get("schedule")),
            time_zone=text(one.get("time_zone")) or "Etc/UTC",
            duration_s=number(one.get("duration_sec")),
            instances=size(one.get("min_required_replicas")),
        )
        for one in blocks(policy.get("scaling_schedules"))
        if flag(one.get("disabled")) is not True
    ]
    return floors(own.address, found) if found else ()


def _notes(own: Resource, policy: Mapping[str, object]) -> Iterator[str]:
    signals = ("cpu_utilization", "load_balancing_utilization", "metric")
    if not any(known(policy.get(name)) and policy.get(name) for name in signals):
        yield f"{own.address} states no signal: Compute Engine aims at 60 % CPU"
