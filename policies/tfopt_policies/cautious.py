"""Rules calibrated on history with a dial for caution: rivals that hold as many weeks as asked.

A setting calibrated on last week breaks on a burstier one. To compare costs at the same share of
weeks held, every family can be asked for more: less of the allowance used, over more past weeks.
All positions of the dial come from one set of replays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfopt_policies.expressible import distinct
from tfopt_policies.floors import floors_by_hour
from tfopt_policies.policy import Problem
from tfopt_policies.reactive import TARGET_TRACKING_50
from tfopt_policies.sizing import need, past_weeks, replay, rivals, scaled
from tfopt_policies.steps import stepped
from tfopt_sim.types import Configuration, FloatArray, Machine

WEEKS = 4
# weeks of history that must be held, and the share of the allowance that may be used in them
CAUTIONS: tuple[tuple[int, float], ...] = (
    (1, 1.0), (1, 0.5), (2, 1.0), (2, 0.5), (4, 1.0), (4, 0.5), (4, 0.2), (4, 0.05), (4, 0.0),
)  # fmt: skip
_PROPOSED = (0, 4, 5)  # positions of the dial that the proof may choose from
_SHARES = (0.02, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.997, 1.0)  # of the minutes
_HEADROOM = (1.1, 1.3, 1.6)  # × the largest need seen: constant sizes for the most cautious
Grid = Callable[[Problem, Machine, FloatArray], list[Configuration]]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The cheapest setting of a family that held history as the dial asks."""

    name: str
    grids: tuple[Grid, ...]
    machines: int = 3

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:
        """Return what held the last week at the least cost, then what held four, and with room."""
        turned = self.dialled(problem, rng)
        return list(dict.fromkeys(turned[position] for position in _PROPOSED))

    def dialled(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return the choice at every position of `CAUTIONS`."""
        wanted = self._wanted(problem)
        outcome = replay(problem, wanted, WEEKS)
        allowed = problem.slo.max_bad_minutes
        return [
            wanted[_cheapest(outcome.cost_usd, outcome.bad_minute_share, weeks, share * allowed)]
            for weeks, share in CAUTIONS
        ]

    def _wanted(self, problem: Problem) -> list[Configuration]:
        levels = np.quantile(past_weeks(problem.history, WEEKS).rps, _SHARES)
        found: list[Configuration] = []
        for machine in rivals(problem, levels, self.machines):
            sizes = need(problem, machine, levels).astype(np.float64)
            for grid in self.grids:
                found += grid(problem, machine, sizes)
        return distinct(problem, found)


def _cheapest(cost: FloatArray, bad: FloatArray, weeks: int, allowed: float) -> int:
    """Return the cheapest row that stayed within what is allowed in all `weeks`, else the best."""
    missed = np.maximum(bad[:, -weeks:] - allowed, 0.0).max(axis=1)
    return int(np.lexsort((cost[:, -weeks:].mean(axis=1), missed))[0])


def _bounds(sizes: FloatArray) -> list[tuple[int, int]]:
    roof = math.ceil(1.3 * sizes[-1])
    minimums = {max(1, int(sizes[0]) // 2), *(int(size) for size in sizes)}
    return [(minimum, roof) for minimum in sorted(minimums)]


def _aims(problem: Problem, wanted: Sequence[float]) -> list[float]:
    return sorted({min(aim, problem.knobs.max_target_cpu) for aim in wanted})


def tracking_grid(problem: Problem, machine: Machine, sizes: FloatArray) -> list[Configuration]:
    """Return bounds × CPU targets."""
    return [
        scaled(problem, machine, low, high, aim)
        for low, high in _bounds(sizes)
        for aim in _aims(problem, (0.3, 0.4, 0.5, 0.6, 0.7, 0.85))
    ]


def customary_grid(problem: Problem, machine: Machine, sizes: FloatArray) -> list[Configuration]:
    """Return the customary target over ever higher minimums, in the end constant sizes."""
    raised = {math.ceil(factor * sizes[-1]) for factor in _HEADROOM}
    return [
        scaled(problem, machine, low, high, aim)
        for low, high in (*_bounds(sizes), *((size, size) for size in sorted(raised)))
        for aim in _aims(problem, (TARGET_TRACKING_50.target_cpu,))
    ]


def steps_grid(problem: Problem, machine: Machine, sizes: FloatArray) -> list[Configuration]:
    """Return bounds × aims × cadence of step tables; nothing where there may be none."""
    if not problem.knobs.steps:
        return []
    return [
        stepped(problem, machine, low, high, aim, in_datapoints=datapoints)
        for low, high in _bounds(sizes)[::2]
        for aim in _aims(problem, (0.3, 0.4, 0.5, 0.6, 0.7, 0.85))
        for datapoints in (2, 15)
    ]


def floors_grid(problem: Problem, machine: Machine, sizes: FloatArray) -> list[Configuration]:
    """Return floors by hour × targets; nothing where there is no place for schedules."""
    if not problem.knobs.schedules:
        return []
    roof = math.ceil(1.3 * sizes[-1])
    return [
        replace(
            scaled(problem, machine, 1, roof, aim),
            schedules=floors_by_hour(problem, machine, share, headroom),
        )
        for share in (0.5, 0.75, 0.9, 0.98, 1.0)
        for headroom in (1.0, 1.3)
        for aim in _aims(problem, (0.4, 0.55, 0.7, 0.85))
    ]


def static_grid(problem: Problem, machine: Machine, sizes: FloatArray) -> list[Configuration]:
    """Return constant sizes, up to well above the largest need seen."""
    wanted = {*(int(s) for s in sizes[4:]), *(math.ceil(f * sizes[-1]) for f in _HEADROOM)}
    aim = problem.knobs.max_target_cpu
    return [scaled(problem, machine, size, size, aim) for size in sorted(wanted)]


TRACKING = Calibrated("tracking-dial", (tracking_grid, static_grid))
STEPS = Calibrated("steps-dial", (steps_grid, static_grid))
FLOORS = Calibrated("floors-dial", (floors_grid, static_grid))
BEST = Calibrated(
    "best-calibrated", (tracking_grid, steps_grid, floors_grid, static_grid), machines=2
)
# What people run, made as safe as asked by the one setting it leaves open: its minimum.
CUSTOMARY = Calibrated(TARGET_TRACKING_50.name, (customary_grid,))
DIALS = (TRACKING, STEPS, FLOORS, BEST, CUSTOMARY)
