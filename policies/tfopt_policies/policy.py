"""What a policy is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tfopt_sim.forecast import DemandModel
from tfopt_sim.types import Configuration, Demand, FloatArray, Machine, Slo, Slot, Workload


@dataclass(frozen=True, slots=True)
class Knobs:
    """Which settings the configuration at hand can express, and within which bounds."""

    instance_type: bool = True
    min_size: bool = True
    max_size: bool = True
    desired_capacity: bool = False  # True only where nothing scales the group
    target_cpu: bool = False  # True only where a target-tracking policy on CPU exists
    schedules: bool = False
    steps: bool = False  # True where a step table may take the place of the target
    max_target_cpu: float = 0.85
    largest_size: int = 1000
    held_by: Literal["desired", "count", "minimum"] = "desired"  # what sizes an unscaled group
    smallest_size: int = 1  # instances that must stand whatever the demand (one in each zone)
    least_work: float = 0.0  # vCPUs of speed 1 that an unscaled group has at least
    keep_ceiling: bool = False  # never lower max_size, nor the capacity it stands for
    multiple: int = 1  # an unscaled group's size is stated for each of so many zones
    fixed_desired: int | None = None  # written in a scaled group: min ≤ it ≤ max, or apply fails


@dataclass(frozen=True, slots=True)
class Problem:
    """All that is known about one group at plan time; nothing here looks into the future."""

    history: Demand
    model: DemandModel  # fitted on history
    scenarios_rps: FloatArray  # (S, minutes) sampled futures the policy may search on
    workload: Workload
    slo: Slo
    present: Configuration
    machines: tuple[Machine, ...]  # allowed types, the present one first
    knobs: Knobs
    slots: tuple[Slot, ...] = ()  # machines as the group buys them, where that is not on demand
    pinned: Configuration | None = None  # settings that other groups share are as they stand here

    @property
    def base(self) -> Configuration:
        """What a setting that no knob frees is like."""
        return self.present if self.pinned is None else self.pinned


class Policy(Protocol):
    """Anything that proposes configurations for a problem."""

    @property
    def name(self) -> str:
        """Stable identifier, as `--policy` takes it."""
        ...

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:
        """Return proposals, best first; at least one, all within `problem.knobs`."""
        ...
