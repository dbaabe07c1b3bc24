"""All of a plan's AWS groups: which kinds are read, by which adapter, and what is left over."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.plan import aws_asg, aws_ecs, aws_eks, aws_instance, coverage
from tfopt.plan.context import Context
from tfopt.plan.document import PlanDocument
from tfopt.plan.model import InstanceGroup, Skipped, Standing, Variable
from tfopt.plan.planned import Planned
from tfopt.plan.region import Regions

_ADAPTERS = (aws_asg, aws_eks, aws_instance, aws_ecs)
GROUP_KINDS = tuple(adapter.KIND for adapter in _ADAPTERS)
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    kind: tuple(names.split())
    for adapter in _ADAPTERS
    for kind, names in adapter.ATTRIBUTES.items()
}
_NO_REGION = "its region is not in the plan"


def read(
    document: PlanDocument, variables: Mapping[str, Variable]
) -> tuple[tuple[InstanceGroup, ...], tuple[Skipped, ...], Standing]:
    """Return a plan's instance groups and what was skipped, by address, and how resources stand."""
    planned = Planned(document, ATTRIBUTES, frozenset(coverage.REASONS))
    context = Context(planned, Regions(planned, variables))
    groups = [group for adapter in _ADAPTERS for group in adapter.read(context)]
    skipped = [
        *context.skipped,
        *coverage.listed(planned.headers),
        *coverage.destroyed(planned, GROUP_KINDS),
        *coverage.unused(planned, context.used),
    ]
    return (
        tuple(sorted(groups, key=lambda group: group.address)),
        tuple(sorted(skipped, key=lambda one: one.address)),
        planned.standing,
    )
