"""Baselines tuned on the last week of history, replayed exactly: what a policy has to beat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfopt_policies.expressible import distinct
from tfopt_policies.floors import floors_by_hour
from tfopt_policies.policy import Problem
from tfopt_policies.sizing import need, past_weeks, rivals, scaled
from tfopt_policies.static import PROPOSALS, ranked
from tfopt_policies.steps import aim_of, with_aim
from tfopt_sim.types import Configuration, FloatArray, Machine, ScheduledAction

_LEVELS = (0.02, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 1.0)  # shares of the week's minutes


@dataclass(frozen=True, slots=True)
class CalibratedTracking:
    """The cheapest (type, min, max, target) that met the SLO on the last week."""

    name: str = "calibrated-tracking"
    machines: int = 3

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Search a grid, then the neighbourhood of its best: two rounds of exact replays."""
        week = past_weeks(problem.history, 1).rps
        levels = np.quantile(week, _LEVELS)
        coarse = [
            scaled(problem, machine, minimum, maximum, target)
            for machine in rivals(problem, levels, self.machines)
            for minimum, maximum in _bounds(problem, machine, levels)
            for target in _targets(problem, (0.35, 0.5, 0.6, 0.7, 0.85))
        ]
        best = ranked(problem, distinct(problem, coarse))[0]
        return ranked(problem, distinct(problem, [best, *neighbours(best)]))[:PROPOSALS]


@dataclass(frozen=True, slots=True)
class CalibratedFloors:
    """Scheduled floors by hour of the day under target tracking, tuned on the last week."""

    name: str = "calibrated-floors"

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Try floors at several shares of each hour's need, with several targets."""
        week = past_weeks(problem.history, 1).rps
        levels = np.quantile(week, _LEVELS)
        wanted = []
        for machine in rivals(problem, levels, 2):
            peak = int(need(problem, machine, levels[-1:])[0])
            for share in (0.5, 0.75, 0.9, 0.98):
                for headroom in (1.0, 1.2):
                    floors = floors_by_hour(problem, machine, share, headroom)
                    for target in _targets(problem, (0.5, 0.65, 0.8)):
                        base = scaled(problem, machine, 1, math.ceil(1.3 * peak), target)
                        wanted.append(replace(base, schedules=floors))
        return ranked(problem, distinct(problem, wanted))[:PROPOSALS]


@dataclass(frozen=True, slots=True)
class RandomSearch:
    """Random configurations, as many replays as the planner spends: learning's honest rival."""

    name: str = "random-search"
    budget: int = 128  # configurations replayed on the last week

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:
        """Draw configurations over the same ranges as the planner's grid; rank them by replay."""
        return ranked(problem, self.drawn(problem, rng))[:PROPOSALS]

    def drawn(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:
        """Return `budget` random configurations, those that can be said, each once."""
        levels = np.quantile(past_weeks(problem.history, 1).rps, _LEVELS)
        machines = rivals(problem, levels, 3)
        wanted = [self._draw(problem, machines, levels, rng) for _ in range(self.budget)]
        return distinct(problem, wanted)

    def _draw(
        self,
        problem: Problem,
        machines: Sequence[Machine],
        levels: FloatArray,
        rng: np.random.Generator,
    ) -> Configuration:
        machine = machines[int(rng.integers(len(machines)))]
        low, high = need(problem, machine, levels[[0, -1]])
        # log-uniform: from half the quietest need to a quarter above the busiest
        minimum = round(math.exp(rng.uniform(math.log(0.5 * low), math.log(1.25 * high))))
        maximum = max(minimum, math.ceil(high * rng.uniform(0.9, 2.0)))
        target = float(rng.uniform(0.3, problem.knobs.max_target_cpu))
        drawn = scaled(problem, machine, minimum, maximum, round(target, 2))
        if problem.knobs.desired_capacity:
            return replace(drawn, desired_capacity=minimum)
        if problem.knobs.schedules and rng.random() < 0.5:
            share, headroom = float(rng.uniform(0.4, 1.0)), float(rng.uniform(0.9, 1.3))
            return replace(drawn, schedules=floors_by_hour(problem, machine, share, headroom))
        return drawn


def neighbours(configuration: Configuration) -> list[Configuration]:
    """Return configurations one step away: the constant size, or min, max and target."""
    if _is_held(configuration):
        return _other_sizes(configuration)
    low, high = configuration.min_size, configuration.max_size
    step = max(1, round(0.1 * low))
    found = []
    for minimum in (low - 2 * step, low - step, low, low + step):
        for maximum in (high, math.ceil(0.85 * high), math.ceil(1.2 * high)):
            for change in (-0.05, 0.0, 0.05):
                bounded = replace(_aimed(configuration, change), min_size=max(1, minimum))
                found.append(replace(bounded, max_size=max(bounded.min_size, maximum)))
    return [near for near in dict.fromkeys(found) if near != configuration]


def single_steps(configuration: Configuration) -> list[Configuration]:
    """Return configurations that differ in one setting by one step, cheaper and safer ones."""
    if _is_held(configuration):
        return _other_sizes(configuration)
    low, high = configuration.min_size, configuration.max_size
    step = max(1, round(0.08 * low))
    moved = [_aimed(configuration, change) for change in (-0.04, 0.04, 0.1)]
    lower = [replace(configuration, min_size=max(1, low - k * step)) for k in (1, 2, 4)]
    higher = replace(configuration, min_size=low + step, max_size=max(high, low + step))
    capped = replace(configuration, max_size=max(low, math.ceil(0.85 * high)))
    return [near for near in [*moved, *lower, higher, capped] if near != configuration]


def safer(configuration: Configuration) -> list[Configuration]:
    """Return configurations with more room than this one: in the target, the minimum, or both."""
    if _is_held(configuration):
        size = configuration.desired_capacity
        return [replace(configuration, desired_capacity=math.ceil(f * size)) for f in (1.1, 1.25)]
    found = []
    for factor, change in ((1.0, -0.07), (1.2, 0.0), (1.2, -0.07), (1.5, -0.12), (2.0, 0.0)):
        minimum = math.ceil(configuration.min_size * factor)
        maximum = max(minimum, math.ceil(configuration.max_size * min(factor, 1.2)))
        bounded = replace(_aimed(configuration, change), min_size=minimum, max_size=maximum)
        found.append(replace(bounded, schedules=_raised(configuration, factor)))
    return [near for near in dict.fromkeys(found) if near != configuration]


def _is_held(configuration: Configuration) -> bool:
    """Tell whether nothing changes the size while the group runs."""
    return not configuration.scaling and not configuration.schedules


def _aimed(configuration: Configuration, change: float) -> Configuration:
    """Return the configuration with its CPU aim moved; itself where it has none to move."""
    aim = aim_of(configuration)
    if aim is None or not change:
        return configuration
    return with_aim(configuration, _sane(aim + change))


def _raised(configuration: Configuration, factor: float) -> tuple[ScheduledAction, ...]:
    """Return the schedule with its floors raised, since a floor hides the minimum below it."""
    return tuple(
        action
        if action.min_size is None
        else replace(action, min_size=math.ceil(action.min_size * min(factor, 1.2)))
        for action in configuration.schedules
    )


def _other_sizes(configuration: Configuration) -> list[Configuration]:
    size = configuration.desired_capacity
    steps = {max(1, round(size * factor)) for factor in (0.85, 0.93, 0.97, 1.03, 1.07, 1.15)}
    near = sorted({*steps, max(1, size - 1), size + 1} - {size})
    return [replace(configuration, desired_capacity=other) for other in near]


def _sane(target_cpu: float) -> float:
    return round(min(max(target_cpu, 0.2), 0.95), 2)


def _bounds(problem: Problem, machine: Machine, levels: FloatArray) -> list[tuple[int, int]]:
    sizes = [int(size) for size in np.unique(need(problem, machine, levels))]
    maximum = math.ceil(1.3 * sizes[-1])
    return [(minimum, maximum) for minimum in [max(1, sizes[0] // 2), *sizes]]


def _targets(problem: Problem, wanted: Sequence[float]) -> list[float]:
    return sorted({min(target, problem.knobs.max_target_cpu) for target in wanted})
