"""Tells of `aws_elastic_beanstalk_environment` which sizes it sets; Beanstalk makes the group."""

from __future__ import annotations

from tfopt.plan.context import About, Context
from tfopt.plan.model import InstanceGroup
from tfopt.plan.planned import Resource
from tfopt.plan.values import blocks, text

KIND = "aws_elastic_beanstalk_environment"
KINDS = (KIND,)
_WHY = "Beanstalk makes its group, which is not in the plan"
ABOUT = {KIND: About(f"{_WHY}; the reason names the sizes that its settings give")}
ATTRIBUTES = {KIND: "setting"}
_SIZES = {
    ("aws:autoscaling:launchconfiguration", "InstanceType"): "InstanceType",
    ("aws:ec2:instances", "InstanceTypes"): "InstanceTypes",
    ("aws:autoscaling:asg", "MinSize"): "MinSize",
    ("aws:autoscaling:asg", "MaxSize"): "MaxSize",
}


def read(context: Context) -> list[InstanceGroup]:
    """Skip every environment with a reason: its group is not in the plan."""
    for one in context.planned.of(KIND):
        context.skip(one, _reason(one))
    return []


def _reason(environment: Resource) -> str:
    """Say what is set here, by name: values of settings may be secrets and are not looked at."""
    given = blocks(environment.get("setting"))
    named = {(text(one.get("namespace")), text(one.get("name"))) for one in given}
    found = [name for place, name in _SIZES.items() if place in named]
    told = f"its settings give {', '.join(found)}" if found else "its settings give no size"
    return f"{_WHY}; {told}"
