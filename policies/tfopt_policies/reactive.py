"""Baselines people run without calibration: target tracking at a customary target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfopt_policies.expressible import distinct
from tfopt_policies.policy import Problem
from tfopt_policies.sizing import machines_by_price, need, past_weeks, scaled
from tfopt_sim.types import Configuration


@dataclass(frozen=True, slots=True)
class CustomaryTracking:
    """Target tracking between the quietest hours' need and half as much again as the peak's."""

    name: str
    target_cpu: float

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return one configuration on the cheapest machine."""
        week = past_weeks(problem.history, 1).rps
        levels = np.quantile(week, [0.05, 0.5, 1.0])
        machine = machines_by_price(problem, levels)[0]
        trough, _, peak = (int(size) for size in need(problem, machine, levels))
        maximum = math.ceil(1.5 * peak)
        return distinct(problem, [scaled(problem, machine, trough, maximum, self.target_cpu)])


TARGET_TRACKING_50 = CustomaryTracking("target-tracking-50", 0.50)
# The textbook rule (out above 70 %, in below 40 %) as far as target tracking can say it: its alarms
# stand at the target and at 0.7 × target, so the middle of the band, 55 %, gives 55 % and 38.5 %.
REACTIVE_40_70 = CustomaryTracking("reactive-40-70-as-target-55", 0.55)
