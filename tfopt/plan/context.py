"""What every adapter is given: the resources, the regions, the sink for what is skipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tfopt.plan.model import InstanceGroup, Skipped
from tfopt.plan.planned import Planned, Resource
from tfopt.plan.region import Regions


class About(NamedTuple):
    """What the coverage page says of a kind."""

    read: str  # of a group; where none of the kind is analysed, why not
    changed: str = ""  # by an edit; empty: none of the kind is analysed


@dataclass(slots=True)
class Context:
    """One reading of one plan. Adapters add to `used` what their groups take in."""

    planned: Planned
    regions: Regions
    used: set[str] = field(default_factory=set)  # addresses that belong to some group
    skipped: list[Skipped] = field(default_factory=list)
    groups: list[InstanceGroup] = field(default_factory=list)  # of the adapters before

    def skip(self, resource: Resource, reason: str) -> None:
        """Report a resource as not analysed."""
        self.skipped.append(Skipped(resource.address, resource.kind, reason))
