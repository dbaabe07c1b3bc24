"""What a group asks of its instance types where it names none: EC2's `InstanceRequirements`.

Meanings and defaults are those of the EC2 API reference. The plan's reader fills it in, the price
book is matched against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Presence = Literal["included", "excluded", "required"]
Architecture = Literal["x86_64", "arm64"]


@dataclass(frozen=True, slots=True)
class Range:
    """An amount that must lie between two bounds, both allowed."""

    least: float = 0.0
    most: float = math.inf

    def holds(self, amount: float) -> bool:
        """Tell whether an amount lies within."""
        return self.least <= amount <= self.most


@dataclass(frozen=True, slots=True)
class Requirements:
    """Attributes that stand for all types that have them; what is empty asks for nothing."""

    vcpus: Range
    memory_mib: Range
    memory_gib_per_vcpu: Range = Range()
    network_gbps: Range = Range()
    cpu_manufacturers: tuple[str, ...] = ()  # "intel", "amd", "amazon-web-services"
    generations: tuple[str, ...] = ()  # "current", "previous"
    allowed_types: tuple[str, ...] = ()  # globs of `*`; empty: every type
    excluded_types: tuple[str, ...] = ()
    bare_metal: Presence = "excluded"
    burstable: Presence = "excluded"
    local_storage: Presence = "included"
    accelerated: Presence = "included"
    on_demand_over_lowest: float = 0.2  # share above the cheapest that is still paid; price
    spot_over_lowest: float = 1.0  # protection, as EC2 calls it
    spot_of_on_demand: float | None = None  # the same as a share of the on-demand price
    architecture: Architecture | None = None  # of the machine image, where its name tells
    unread: tuple[str, ...] = ()  # attributes it sets that the price book does not hold
    hidden: str = ""  # why the plan does not tell what is asked; nothing else is then set
