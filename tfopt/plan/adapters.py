"""All of a plan's groups: which kinds are read, by which adapter, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from tfopt.plan import (
    aws_asg,
    aws_beanstalk,
    aws_ecs,
    aws_eks,
    aws_fleets,
    aws_instance,
    azure_aks,
    azure_vm,
    azure_vmss,
    coverage,
    gcp_gke,
    gcp_instance,
    gcp_mig,
    kubernetes_workloads,
)
from tfopt.plan.context import About, Context
from tfopt.plan.document import PlanDocument
from tfopt.plan.model import InstanceGroup, Skipped, Standing, Variable
from tfopt.plan.planned import Planned
from tfopt.plan.region import Regions


class _Adapter(Protocol):
    """A module that reads some kinds of groups."""

    @property
    def KINDS(self) -> tuple[str, ...]:  # noqa: N802 -- a module's constant
        """Kinds of which each resource is a group, or skipped with a reason."""
        ...

    @property
    def ABOUT(self) -> Mapping[str, About]:  # noqa: N802
        """For each of those: its line on the coverage page."""
        ...

    @property
    def ATTRIBUTES(self) -> Mapping[str, str]:  # noqa: N802
        """Kind of any resource that is read → its attributes, space between."""
        ...

    def read(self, context: Context) -> Iterable[InstanceGroup]:
        """Return the groups that remain after apply; the others of its kinds are skipped."""
        ...


ADAPTERS: tuple[_Adapter, ...] = (
    aws_asg,
    aws_eks,
    aws_instance,
    aws_ecs,
    aws_fleets,
    aws_beanstalk,
    azure_vmss,
    azure_aks,
    azure_vm,
    gcp_mig,
    gcp_instance,
    gcp_gke,
    kubernetes_workloads,  # last: its pods land on the node pools of those before
)
GROUP_KINDS = tuple(kind for adapter in ADAPTERS for kind in adapter.KINDS)


def _attributes() -> dict[str, tuple[str, ...]]:
    """Return what is read of each kind; two adapters may read the same one."""
    found: dict[str, dict[str, None]] = {}
    for adapter in ADAPTERS:
        for kind, names in adapter.ATTRIBUTES.items():
            found.setdefault(kind, {}).update(dict.fromkeys(names.split()))
    return {kind: tuple(names) for kind, names in found.items()}


ATTRIBUTES: Mapping[str, tuple[str, ...]] = _attributes()


def read(
    document: PlanDocument, variables: Mapping[str, Variable]
) -> tuple[tuple[InstanceGroup, ...], tuple[Skipped, ...], Standing]:
    """Return a plan's instance groups and what was skipped, by address, and how resources stand."""
    planned = Planned(document, ATTRIBUTES, frozenset(coverage.REASONS) - ATTRIBUTES.keys())
    context = Context(planned, Regions(planned, variables))
    for adapter in ADAPTERS:
        context.groups += adapter.read(context)
    skipped = [
        *context.skipped,
        *coverage.listed(planned.headers),
        *coverage.destroyed(planned, GROUP_KINDS),
        *coverage.unused(planned, context.used),
    ]
    return (
        tuple(sorted(context.groups, key=lambda group: group.address)),
        tuple(sorted(skipped, key=lambda one: one.address)),
        planned.standing,
    )
