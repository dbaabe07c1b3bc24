"""Reads `aws_autoscaling_group`: what it launches, its bounds, its policies and schedules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tfopt.plan import aws_alarms
from tfopt.plan.attachment import attached
from tfopt.plan.aws_launch import Launch, from_configuration, from_template
from tfopt.plan.aws_requirements import architecture_of, asked_by, capacity_unit
from tfopt.plan.aws_scalers import Scaling, asg_schedule, scaling
from tfopt.plan.context import About, Context
from tfopt.plan.kubernetes_nodes import labels
from tfopt.plan.link import follow
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, Site, Slot, WarmPool
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import OtherScaler, Scaler
from tfopt.plan.values import block, blocks, flag, number, size, text, texts, whole
from tfopt.plan.why import why_no_type
from tfopt.requirements import Requirements

KIND = "aws_autoscaling_group"
KINDS = (KIND,)
ABOUT = {
    KIND: About(
        "launch template or configuration, mixed instances, attribute-based selection, bounds, "
        "scaling policies of all four kinds with their alarms, schedules, warm pool",
        "instance type, minimum, maximum, desired capacity, CPU target",
    )
}
POLICY = "aws_autoscaling_policy"
PROVIDER = "aws_ecs_capacity_provider"
CLUSTER_AUTOSCALER = "k8s.io/cluster-autoscaler/enabled"  # the tag by which it finds its groups
_LABEL = "k8s.io/cluster-autoscaler/node-template/label/"
ATTRIBUTES = {
    KIND: (
        "id name arn region min_size max_size desired_capacity availability_zones "
        "vpc_zone_identifier launch_template launch_configuration mixed_instances_policy "
        "default_instance_warmup default_cooldown instance_refresh warm_pool target_group_arns "
        "suspended_processes termination_policies capacity_rebalance tag desired_capacity_type"
    ),
    "aws_launch_template": (
        "id name arn instance_type instance_requirements monitoring credit_specification "
        "instance_market_options image_id update_default_version latest_version "
        "block_device_mappings"
    ),
    "aws_launch_configuration": (
        "id name arn instance_type enable_monitoring spot_price image_id root_block_device "
        "ebs_block_device"
    ),
    POLICY: (
        "id name arn autoscaling_group_name policy_type enabled estimated_instance_warmup cooldown "
        "adjustment_type scaling_adjustment min_adjustment_magnitude metric_aggregation_type "
        "step_adjustment target_tracking_configuration predictive_scaling_configuration"
    ),
    **aws_alarms.ATTRIBUTES,
    PROVIDER: "id arn name auto_scaling_group_provider",
    "aws_autoscaling_schedule": (
        "autoscaling_group_name recurrence time_zone min_size max_size desired_capacity"
    ),
}
_POLICY = ("mixed_instances_policy", 0)
_SPECIFICATION = (*_POLICY, "launch_template", 0, "launch_template_specification", 0)
_OVERRIDE = (*_POLICY, "launch_template", 0, "override")
_UNSEEN = (
    "a changed launch template does not start its instance refresh: the group names the template's "
    "version as $Latest or $Default, not by latest_version"
)


@dataclass(frozen=True, slots=True)
class _Mix:
    """What a group launches and how it is paid."""

    launch: Launch
    slots: tuple[Slot, ...]
    site: Site | None
    on_demand_base: int = 0
    spot_share: float = 0.0
    on_demand_allocation: str = "prioritized"
    spot_allocation: str = "lowest-price"
    spot_pools: int = 2
    notes: tuple[str, ...] = ()
    requirements: tuple[Requirements, ...] = ()

    @property
    def told(self) -> bool:
        """Whether an apply that changes the type changes the group itself."""
        return self.site is not self.launch.site or self.launch.reaches_on == "apply"


def read(context: Context) -> list[InstanceGroup]:
    """Read every Auto Scaling group that remains after apply."""
    by_group = (KIND,)
    policies = attached(context, POLICY, "autoscaling_group_name", by_group)
    actions = attached(context, "aws_autoscaling_schedule", "autoscaling_group_name", by_group)
    alarms = aws_alarms.by_policy(context, POLICY)
    by_tasks = _by_tasks(context)
    found = []
    for one in context.planned.of(KIND):
        schedules = [asg_schedule(action) for action in actions.get(one.address, [])]
        schedules += by_tasks.get(one.address, [])
        scaled = scaling(context, one, policies.get(one.address, []), schedules, alarms)
        found.append(_group(context, one, scaled))
    return found


def _by_tasks(context: Context) -> Mapping[str, list[Scaler]]:
    """Return, by a group's address, the capacity providers of ECS that scale it."""
    found: defaultdict[str, list[Scaler]] = defaultdict(list)
    for provider in context.planned.of(PROVIDER):
        path = ("auto_scaling_group_provider", 0)
        link = follow(context.planned, provider, [(*path, "auto_scaling_group_arn")], (KIND,))
        if link is None:
            context.skip(provider, "the Auto Scaling group it scales is not in this plan")
            continue
        context.used.add(provider.address)
        managed = block(provider.get(*path, "managed_scaling")).get("status")
        what = "an ECS capacity provider, which scales by the tasks that wait"
        acts = managed is not None and managed != "DISABLED"
        found[link.to.address].append(OtherScaler(provider.address, what, acts=acts))
    return found


def _group(context: Context, group: Resource, scaled: Scaling) -> InstanceGroup:
    mix = _mix(context, group)
    tags = {text(tag.get("key")) or "": tag.get("value") for tag in blocks(group.get("tag"))}
    scalers, sites = scaled
    region, place = context.regions.of(group)
    refresh = bool(blocks(group.get("instance_refresh")))
    unseen = (_UNSEEN,) if refresh and mix.site is not None and not mix.told else ()
    return InstanceGroup(
        address=group.address,
        kind=KIND,
        cloud="aws",
        region=region,
        action=group.action,
        unit="instance",
        slots=mix.slots,
        requirements=mix.requirements,
        capacity_unit=capacity_unit(group.get("desired_capacity_type")),
        min_size=size(group.get("min_size")),
        max_size=size(group.get("max_size")),
        desired_capacity=size(group.get("desired_capacity")),
        zones=_zones(group),
        scalers=scalers,
        on_demand_base=mix.on_demand_base,
        spot_share=mix.spot_share,
        on_demand_allocation=mix.on_demand_allocation,
        spot_allocation=mix.spot_allocation,
        spot_pools=mix.spot_pools,
        capacity_rebalance=flag(group.get("capacity_rebalance")) is True,
        operating_system=mix.launch.operating_system,
        detailed_monitoring=mix.launch.detailed_monitoring,
        warmup_s=_seconds(group, "default_instance_warmup"),
        cooldown_s=_seconds(group, "default_cooldown"),
        termination=tuple(texts(group.get("termination_policies"))),
        warm_pool=_warm_pool(group),
        disks=mix.launch.disks,
        cluster_autoscaled=CLUSTER_AUTOSCALER in tags,
        node_labels=_node_labels(tags) if CLUSTER_AUTOSCALER in tags else None,
        burst_unlimited=mix.launch.burst_unlimited,
        sites={**_sites(group, mix.site), **sites},
        rolls_on=frozenset({"instance_type"}),
        instance_refresh=refresh and mix.told,
        notes=(*mix.notes, *place, *unseen, *_notes(group)),
    )


def _mix(context: Context, group: Resource) -> _Mix:
    if blocks(group.get("mixed_instances_policy")):
        return _mixed(context, group)
    if blocks(group.get("launch_template")):
        launch = from_template(context, group, "launch_template", 0)
    elif group.get("launch_configuration") not in (None, ""):
        launch = from_configuration(context, group)
    else:  # a dynamic block over something unknown shows no block at all
        launch = from_template(context, group, "launch_template", 0)
    return _plain(launch)


def _plain(launch: Launch) -> _Mix:
    slots = (Slot(launch.instance_type),) if launch.instance_type else ()
    notes = launch.notes
    if not slots and launch.requirements is None and launch.source is not None:
        notes += (why_no_type(launch.site),)
    return _Mix(
        launch,
        slots,
        launch.site,
        spot_share=1.0 if launch.spot else 0.0,
        on_demand_allocation=_default_allocation(launch.requirements),
        notes=notes,
        requirements=(launch.requirements,) if launch.requirements else (),
    )


def _default_allocation(by_attributes: object) -> str:
    """Return how on-demand instances are chosen where nothing is said: attributes have no order."""
    return "lowest-price" if by_attributes else "prioritized"


def _mixed(context: Context, group: Resource) -> _Mix:
    launch = from_template(context, group, *_SPECIFICATION)
    overrides = blocks(group.get(*_OVERRIDE))
    shares = block(group.get(*_POLICY, "instances_distribution"))
    percentage = number(shares.get("on_demand_percentage_above_base_capacity"))
    slots, site, notes = _override_slots(group, overrides)
    image = architecture_of(launch.source, "image_id")
    asked, unread = asked_by(overrides, image)
    notes += unread
    if not overrides:
        plain = _plain(launch)
        slots, site, notes, asked = plain.slots, plain.site, plain.notes, plain.requirements
    allocation = text(shares.get("on_demand_allocation_strategy"))
    return _Mix(
        launch=launch,
        slots=slots,
        site=site,
        on_demand_base=size(shares.get("on_demand_base_capacity")) or 0,
        spot_share=1.0 - min(max(100.0 if percentage is None else percentage, 0), 100) / 100,
        on_demand_allocation=allocation or _default_allocation(asked),
        spot_allocation=text(shares.get("spot_allocation_strategy")) or "lowest-price",
        spot_pools=size(shares.get("spot_instance_pools")) or 2,
        notes=notes,
        requirements=asked,
    )


def _override_slots(
    group: Resource, overrides: list[dict[str, object]]
) -> tuple[tuple[Slot, ...], Site | None, tuple[str, ...]]:
    """Return the candidates in order of preference; the first one's site is the group's type."""
    slots, site, notes = [], None, []
    for index, override in enumerate(overrides):
        value = override.get("instance_type")
        if site is None and value not in (None, ""):
            site = group.site(*_OVERRIDE, index, "instance_type")
        name = text(value)
        if name:
            slots.append(Slot(name, whole(override.get("weighted_capacity")) or 1))
        elif not blocks(override.get("instance_requirements")):
            notes.append(f"override {index + 1} has no type that is known before apply")
    if any(slot.weight != 1 for slot in slots):
        notes.append("sizes count weighted capacity units, not instances")
    if any(
        "launch_template_specification" in one and one["launch_template_specification"]
        for one in overrides
    ):
        notes.append("some overrides use a launch template of their own")
    return tuple(slots), site, tuple(dict.fromkeys(notes))


def _sites(group: Resource, type_site: Site | None) -> Mapping[str, Site]:
    sites = {} if type_site is None else {"instance_type": type_site}
    for name in ("min_size", "max_size", "desired_capacity"):
        if group.get(name) is not None and (group.get(name) is not UNKNOWN or group.written(name)):
            sites[name] = group.site(name)
    return sites


def _seconds(group: Resource, attribute: str) -> float | None:
    seconds = number(group.get(attribute))
    return seconds if seconds is not None and seconds >= 0 else None


def _node_labels(tags: Mapping[str, object]) -> Mapping[str, str]:
    """Return the labels of a group's nodes, as it tells them to the cluster autoscaler."""
    own = {key.removeprefix(_LABEL): tag for key, tag in tags.items() if key.startswith(_LABEL)}
    return labels({}, own)


def _zones(group: Resource) -> int | None:
    """Return in how many zones instances stand: one subnet is taken for one zone."""
    for name in ("availability_zones", "vpc_zone_identifier"):
        listed = group.get(name)
        if isinstance(listed, list) and listed:  # also where an id is known only after apply
            return len(listed)
    return None


def _warm_pool(group: Resource) -> WarmPool | None:
    pool = block(group.get("warm_pool"))
    if not pool:
        return None
    states: Mapping[str, Literal["stopped", "running", "hibernated"]] = {
        "Running": "running",
        "Hibernated": "hibernated",
    }
    return WarmPool(
        min_size=size(pool.get("min_size")) or 0,
        max_prepared=size(pool.get("max_group_prepared_capacity")),
        state=states.get(text(pool.get("pool_state")) or "", "stopped"),
        reuse_on_scale_in=flag(block(pool, "instance_reuse_policy").get("reuse_on_scale_in"))
        is True,
    )


def _notes(group: Resource) -> list[str]:
    notes = []
    for name in ("min_size", "max_size", "desired_capacity"):
        if group.get(name) is REDACTED:
            notes.append(f"{name} is sensitive and left alone")
    halted = texts(group.get("suspended_processes"))
    if {"Launch", "Terminate", "AlarmNotification", "ScheduledActions"} & set(halted):
        notes.append("some of its scaling processes are suspended")
    return notes
