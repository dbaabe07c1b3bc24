"""Reads `aws_ecs_service` with its application autoscaling: a group of tasks."""

from __future__ import annotations

import re

from tfopt.plan import aws_application
from tfopt.plan.aws_application import application
from tfopt.plan.aws_scalers import Scaling
from tfopt.plan.context import About, Context
from tfopt.plan.images import OperatingSystem
from tfopt.plan.link import follow
from tfopt.plan.model import InstanceGroup, Site
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, number, size, text

KIND = aws_application.SERVICE
KINDS = (KIND,)
ABOUT = {
    KIND: About(
        "desired count, task size, what it runs on, application autoscaling, schedules",
        "minimum, maximum, desired count, CPU target",
    )
}
ATTRIBUTES = {
    KIND: (
        "id arn region name cluster desired_count launch_type capacity_provider_strategy "
        "task_definition scheduling_strategy"
    ),
    # container_definitions stay unread: their environment is where secrets live
    "aws_ecs_task_definition": (
        "id arn arn_without_revision family cpu memory requires_compatibilities runtime_platform"
    ),
    **aws_application.ATTRIBUTES,
}


def read(context: Context) -> list[InstanceGroup]:
    """Read every service that remains after apply."""
    scaled = application(context, KIND, _by_identifier)
    return [
        _group(context, one, scaled.targets.get(one.address, []), scaled.of(context, one))
        for one in context.planned.of(KIND)
    ]


def _by_identifier(context: Context, resource: Resource, identifier: str) -> Resource | None:
    parts = identifier.split("/")
    if len(parts) != 3:
        return None
    named = context.planned.with_value(KIND, parts[2])
    in_cluster = [one for one in named if _cluster(one) in (None, parts[1])]
    near = [one for one in in_cluster if one.module == resource.module] or in_cluster
    return near[0] if len(near) == 1 else None


def _cluster(service: Resource) -> str | None:
    cluster = text(service.get("cluster"))
    return cluster.rpartition("/")[2] if cluster else None


def _group(
    context: Context, service: Resource, targets: list[Resource], scaled: Scaling
) -> InstanceGroup:
    scalers, sites = scaled
    link = follow(context.planned, service, [("task_definition",)], ("aws_ecs_task_definition",))
    task = link.to if link is not None else None
    if task is not None:
        context.used.add(task.address)
    desired = size(service.get("desired_count"))
    target = targets[0] if len(targets) == 1 else None
    spot, paid = _capacity(service, task)
    region, place = context.regions.of(service)
    return InstanceGroup(
        address=service.address,
        kind=KIND,
        cloud="aws",
        region=region,
        action=service.action,
        unit="task",
        slots=(),
        min_size=size(target.get("min_capacity")) if target else desired,
        max_size=size(target.get("max_capacity")) if target else desired,
        desired_capacity=desired,
        scalers=scalers,
        spot_share=spot,
        operating_system=_operating_system(task),
        detailed_monitoring=True,  # ECS publishes service metrics every minute
        task_vcpus=_amount(task, "cpu", "vcpu"),
        task_memory_gib=_amount(task, "memory", "gb"),
        sites={**_sites(service, target), **sites},
        notes=(paid, *place, *_notes(service, task, targets)),
    )


def _sites(service: Resource, target: Resource | None) -> dict[str, Site]:
    sites = {}
    if service.get("desired_count") is not None:
        sites["desired_capacity"] = service.site("desired_count")
    if target is not None:
        sites["min_size"] = target.site("min_capacity")
        sites["max_size"] = target.site("max_capacity")
    return sites


def _capacity(service: Resource, task: Resource | None) -> tuple[float, str]:
    """Return the spot share of the tasks and, in words, what they run on."""
    strategy = blocks(service.get("capacity_provider_strategy"))
    weights = {
        name: number(one.get("weight")) or 0.0
        for one in strategy
        if (name := text(one.get("capacity_provider"))) is not None
    }
    total = sum(weights.values())
    if weights and set(weights) <= {"FARGATE", "FARGATE_SPOT"}:
        share = weights.get("FARGATE_SPOT", 0.0) / total if total else 0.0
        return share, "runs on Fargate: paid by the task's vCPU and memory"
    if strategy:
        return 0.0, "runs on capacity providers of its own instances"
    required = task.get("requires_compatibilities") if task else None
    launch = text(service.get("launch_type"))
    if launch == "FARGATE" or (launch is None and required == ["FARGATE"]):
        return 0.0, "runs on Fargate: paid by the task's vCPU and memory"
    return 0.0, "runs on the cluster's own instances: its cost is theirs"


def _amount(task: Resource | None, attribute: str, unit: str) -> float | None:
    """Read a task size: CPU units or MiB (1024 each), or words such as `.5 vCPU` and `2 GB`."""
    value = task.get(attribute) if task else None
    plain = number(value)
    if plain is not None:
        return plain / 1024
    match = re.fullmatch(rf"\s*([\d.]+)\s*{unit}\s*", text(value) or "", re.IGNORECASE)
    return number(match[1]) if match else None


def _operating_system(task: Resource | None) -> OperatingSystem:
    family = (
        text(block(task.get("runtime_platform")).get("operating_system_family")) if task else None
    )
    return "windows" if family and family.startswith("WINDOWS") else "linux"


def _notes(service: Resource, task: Resource | None, targets: list[Resource]) -> list[str]:
    notes = []
    if task is None:
        notes.append("its task definition is not in this plan")
    elif task.get("cpu") is None:
        notes.append(
            "its task definition sets no task size: the containers' own sizes are not read"
        )
    if len(targets) > 1:
        notes.append("several scaling targets name this service: its bounds are not told")
    if service.get("scheduling_strategy") == "DAEMON":
        notes.append("a daemon service: one task on each instance of the cluster")
    return notes
