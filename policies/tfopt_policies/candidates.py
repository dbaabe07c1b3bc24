"""The planner's action set: a grid of expressible configurations in units of forecast need."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tfopt_policies.expressible import distinct
from tfopt_policies.floors import floors_by_hour
from tfopt_policies.policy import Problem
from tfopt_policies.sizing import held, need, past_weeks, rivals, scaled
from tfopt_policies.steps import stepped
from tfopt_sim.types import Configuration, FloatArray, Machine

AT_MOST = 128  # candidates, so that replaying all of them stays cheap
_TARGETS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_SHARES = (0.02, 0.25, 0.5, 0.75, 0.9, 0.97, 0.995)  # of the minutes served by the minimum alone
_FEW_TARGETS = (0.35, 0.55, 0.75)
_FEW_SHARES = (0.02, 0.5, 0.75, 0.9, 0.98, 0.995)
_AIMS = (0.4, 0.55, 0.7)  # of step tables
_FEW_AIMS = (0.45, 0.65)
_CADENCES = ((2, 0.7), (5, 0.7), (15, 0.8))  # datapoints before scaling in, in ÷ aim
_FEW_CADENCES = ((2, 0.7), (10, 0.8))


def demand_levels(problem: Problem) -> FloatArray:
    """Return every demand the group has seen in two weeks or may see, pooled, ascending (rps)."""
    past = past_weeks(problem.history, 2).rps.ravel()
    ahead = problem.scenarios_rps.ravel()
    return np.sort(np.concatenate((past[:: max(1, past.size // 8192)], ahead[:: _stride(ahead)])))


def candidates(problem: Problem) -> list[Configuration]:
    """Return at most `AT_MOST` configurations: machine × bounds × target, steps, floors."""
    levels = demand_levels(problem)
    if problem.knobs.desired_capacity or not problem.present.scaling:
        return _held(problem, levels)
    machines = rivals(problem, levels[:: _stride(levels, 256)], 3)
    wanted = [c for machine in machines for c in _scaled(problem, machine, levels, len(machines))]
    return distinct(problem, wanted)[:AT_MOST]


def _scaled(
    problem: Problem, machine: Machine, levels: FloatArray, machines: int
) -> list[Configuration]:
    shares, targets = (_SHARES, _TARGETS) if machines == 1 else (_FEW_SHARES, _FEW_TARGETS)
    sizes = [int(n) for n in need(problem, machine, np.quantile(levels, shares))]
    peak = int(need(problem, machine, levels[-1:])[0])
    roof = math.ceil(1.3 * peak)
    minimums = [max(1, sizes[0] // 2), *sizes]
    top = problem.knobs.max_target_cpu
    wanted = [
        scaled(problem, machine, minimum, roof, min(target, top))
        for minimum in minimums
        for target in targets
    ]
    wanted += [scaled(problem, machine, n, sizes[-1], top) for n in minimums[:3]]
    wanted += [held(problem, machine, math.ceil(f * peak)) for f in (0.85, 1.0, 1.2)]
    if problem.knobs.schedules:
        wanted = wanted[:: 2 if machines == 1 else 3] + _floored(problem, machine, roof, machines)
    if problem.knobs.steps:
        every = 2 if machines == 1 else 3
        wanted += _stepped(problem, machine, minimums[::every], roof, few=machines > 1)
    return wanted


def _stepped(
    problem: Problem, machine: Machine, minimums: list[int], roof: int, *, few: bool
) -> list[Configuration]:
    """Return step tables at several aims and cadences, over several minimums, one over floors."""
    aims, cadences = (_FEW_AIMS, _FEW_CADENCES) if few else (_AIMS, _CADENCES)
    found = [
        stepped(problem, machine, minimum, roof, aim, in_ratio=ratio, in_datapoints=datapoints)
        for minimum in minimums
        for aim in aims
        for datapoints, ratio in cadences
    ]
    if problem.knobs.schedules:
        floors = floors_by_hour(problem, machine, 0.8, 1.0)
        found += [
            replace(stepped(problem, machine, 1, roof, aim, in_datapoints=5), schedules=floors)
            for aim in aims
        ]
    return found


def _floored(problem: Problem, machine: Machine, roof: int, machines: int) -> list[Configuration]:
    shares = (0.5, 0.8, 0.95, 1.0) if machines == 1 else (0.6, 0.95)
    found = []
    for share in shares:
        for headroom in (1.0, 1.25):
            floors = floors_by_hour(problem, machine, share, headroom)
            for target in (0.5, 0.7, problem.knobs.max_target_cpu):
                found.append(replace(scaled(problem, machine, 1, roof, target), schedules=floors))
    return found


def _held(problem: Problem, levels: FloatArray) -> list[Configuration]:
    shares = np.concatenate((np.linspace(0.5, 0.9, 5), 1 - np.geomspace(0.07, 0.0003, 14), [1.0]))
    demand = np.quantile(levels, shares)
    demand = np.concatenate((demand, demand[-1] * np.array([1.1, 1.25, 1.5, 2.0])))
    wanted = [
        held(problem, machine, int(size))
        for machine in rivals(problem, demand, 4)
        for size in need(problem, machine, demand)
    ]
    return distinct(problem, wanted)[:AT_MOST]


def _stride(values: FloatArray, wanted: int = 32_768) -> int:
    return max(1, values.size // wanted)
