"""What an autoscaler that is a resource of its own says of the group it sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfopt.plan.model import Site
from tfopt.plan.scalers import Scaler


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """How an autoscaler sizes a group; `sizes` is False where none does."""

    scalers: tuple[Scaler, ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    min_size: int | None = None
    max_size: int | None = None
    sizes: bool = False
    notes: tuple[str, ...] = ()
