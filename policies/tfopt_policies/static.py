"""Baselines that hold what they are given: the settings as written, and a constant size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfopt_policies.expressible import distinct
from tfopt_policies.policy import Problem
from tfopt_policies.sizing import held, machines_by_price, need, past_weeks, replay, rivals
from tfopt_sim.types import Configuration, FloatArray

PROPOSALS = 2  # of a calibrated baseline: the best, and one runner-up


@dataclass(frozen=True, slots=True)
class AsWritten:
    """What the configuration says today."""

    name: str = "as-written"

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return the present configuration."""
        return [problem.present]


@dataclass(frozen=True, slots=True)
class PeakStatic:
    """A constant size that serves the busiest minute of the history."""

    name: str = "peak-static"
    weeks: int = 4  # of history that the peak is taken from

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return one constant size on the cheapest machine."""
        peak = past_weeks(problem.history, self.weeks).rps.max(keepdims=True)
        machine = machines_by_price(problem, peak)[0]
        size = int(need(problem, machine, peak).max())
        return distinct(problem, [held(problem, machine, size)])


@dataclass(frozen=True, slots=True)
class CalibratedStatic:
    """The cheapest constant size that met the SLO on the last week, replayed exactly."""

    name: str = "calibrated-static"
    machines: int = 4

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return sizes that met the SLO, cheapest first; the least bad where none did."""
        week = past_weeks(problem.history, 1).rps
        wanted = [
            held(problem, machine, size)
            for machine in rivals(problem, _levels(week), self.machines)
            for size in np.unique(need(problem, machine, _levels(week)))
        ]
        return ranked(problem, distinct(problem, wanted))[:PROPOSALS]


def ranked(problem: Problem, configurations: list[Configuration]) -> list[Configuration]:
    """Order by what the last week, replayed exactly, would have cost: SLO met before SLO missed.

    Among those that missed it, the least bad come first.
    """
    outcome = replay(problem, configurations, weeks=1)
    bad, cost = outcome.bad_minute_share[:, 0], outcome.cost_usd[:, 0]
    missed = np.maximum(bad - problem.slo.max_bad_minutes, 0.0)
    return [configurations[i] for i in np.lexsort((cost, missed))]


def _levels(week: FloatArray) -> FloatArray:
    """Return the demand levels a constant size may have to serve: the upper half of the week."""
    shares = np.concatenate((np.linspace(0.5, 0.9, 5), 1 - np.geomspace(0.08, 0.0005, 12), [1.0]))
    levels = np.quantile(week, shares)
    return np.concatenate((levels, levels[-1] * np.array([1.1, 1.25, 1.5])))
