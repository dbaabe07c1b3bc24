"""How many instances demand needs, on which machine, and what that demand was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.policy import Problem
from tfopt_sim.resample import day_grid, resampled
from tfopt_sim.rollout import service_limits, simulate
from tfopt_sim.saturation import busy_at
from tfopt_sim.types import (
    Configuration,
    Demand,
    FloatArray,
    Machine,
    Metric,
    Outcome,
    PredictiveScaling,
    SimpleScaling,
    Slo,
    Slot,
    StepScaling,
    Tracking,
    Workload,
)

_ABOVE = (">", ">=")
WEEK_MINUTES = 7 * 24 * 60
_EXACT, _KNOTS = (
    6,
    16,
)  # the service limit is computed up to 6 and at 16 sizes, interpolated between


@dataclass(frozen=True, slots=True)
class Week:
    """Measured demand replayed exactly: rows are whole weeks (or all there is), oldest first."""

    start: datetime  # of the last row; every row starts at the same minute of the week
    rps: FloatArray  # (rows, minutes)


def need(problem: Problem, machine: Machine, rps: FloatArray) -> NDArray[np.int64]:
    """Return the least size of the group that serves `rps` on `machine` within the SLO, same shape.

    Sizes count instances, or what these count for in a weighted group: at least one instance, at
    most `problem.knobs.largest_size` of them (also where no size is enough).
    """
    limits = _limits(machine, problem.workload, problem.slo, problem.knobs.largest_size)
    enough = np.searchsorted(limits, np.asarray(rps, dtype=np.float64)) + 1
    slot = _slot(problem, machine)
    weight = 1 if slot is None else slot.weight
    return weight * np.minimum(enough, limits.size).astype(np.int64)


def usd_per_hour(problem: Problem, machine: Machine) -> float:
    """Return what one unit of the group's size costs on this machine, spot share included."""
    slot = _slot(problem, machine)
    if slot is None:
        return machine.usd_per_hour
    share = 0.0 if slot.spot_usd_per_hour is None else problem.base.fleet.spot_share
    return (
        (1 - share) * machine.usd_per_hour + share * (slot.spot_usd_per_hour or 0.0)
    ) / slot.weight


def aimed_cpu(configuration: Configuration, workload: Workload) -> float | None:
    """Return the mean CPU above which a group grows first; None where no policy goes by load."""
    machine = configuration.machine
    per_minute = 60 * machine.vcpus * machine.speed / workload.cpu_s_per_request
    limits = [
        limit
        if metric == "cpu"
        else busy_at(limit / per_minute, machine.boost, machine.threads_per_core)
        for metric, limit in _limits_out(configuration)
    ]
    return min(limits, default=None)


def _limits_out(configuration: Configuration) -> Iterator[tuple[Metric, float]]:
    """Yield the metric and the value above which each policy scales out."""
    for policy in configuration.scaling:
        if isinstance(policy, Tracking | PredictiveScaling):
            yield policy.metric, policy.target
        elif isinstance(policy, StepScaling | SimpleScaling) and policy.alarm.comparison in _ABOVE:
            yield policy.alarm.metric, policy.alarm.threshold


def _slot(problem: Problem, machine: Machine) -> Slot | None:
    """Return the machine as the group buys it; None where that is one by one on demand."""
    slots = (*problem.slots, *problem.base.fleet.slots)
    return next((slot for slot in slots if slot.machine == machine), None)


@lru_cache(maxsize=256)
def _limits(machine: Machine, workload: Workload, slo: Slo, largest: int) -> FloatArray:
    few = np.arange(1, min(largest, _EXACT) + 1)
    knots = np.unique(np.concatenate((few, np.round(np.geomspace(1, largest, _KNOTS))))).astype(int)
    at_knots = np.asarray(service_limits(machine, workload, slo, knots), dtype=np.float64)
    sizes = np.arange(1, largest + 1)
    per_instance = np.interp(np.log(sizes), np.log(knots), at_knots / knots)
    return np.asarray(np.maximum.accumulate(per_instance * sizes))


def minutes(demand: Demand) -> FloatArray:
    """Return the demand minute by minute, shape (minutes,); gaps are bridged by a straight line.

    The same grid as the forecast's sample paths, so that past and coming weeks compare.
    """
    grid = day_grid(demand, 60)
    return np.asarray(resampled(_bridged(grid.rps)[None, :], grid.step_s, 60)[0])


def past_weeks(history: Demand, at_most: int) -> Week:
    """Return the last whole weeks of history (all of it where it is shorter than one)."""
    per_minute = minutes(history)
    length = min(WEEK_MINUTES, per_minute.size)
    rows = max(1, min(at_most, per_minute.size // length))
    tail = per_minute[per_minute.size - rows * length :]
    start = history.start + timedelta(minutes=int(per_minute.size - length))
    return Week(start, tail.reshape(rows, length))


def replay(problem: Problem, configurations: list[Configuration], weeks: int) -> Outcome:
    """Run configurations on the last `weeks` weeks as they were; outcome of shape (C, weeks)."""
    past = past_weeks(problem.history, weeks)
    return simulate(
        configurations, past.rps, workload=problem.workload, slo=problem.slo, start=past.start
    )


def machines_by_price(problem: Problem, rps: FloatArray) -> list[Machine]:
    """Return the machines the group may use, cheapest first for serving every one of `rps`.

    Only the one machine where the type cannot be chosen.
    """
    if not problem.knobs.instance_type:
        return [problem.base.machine]

    def price(machine: Machine) -> float:
        return float(np.mean(need(problem, machine, rps))) * usd_per_hour(problem, machine)

    return sorted(problem.machines, key=price)


def rivals(problem: Problem, rps: FloatArray, count: int) -> list[Machine]:
    """Return the `count` cheapest machines, the present one among them."""
    ranked = machines_by_price(problem, rps)
    chosen = ranked[:count]
    present = problem.base.machine
    if present not in chosen:
        chosen = [*chosen[: count - 1], present]
    return chosen


def scaled(
    problem: Problem, machine: Machine, minimum: int, maximum: int, target_cpu: float
) -> Configuration:
    """Return the present configuration with other bounds, machine and target."""
    return bounded(problem, machine, minimum, maximum).with_target(target_cpu)


def bounded(problem: Problem, machine: Machine, minimum: int, maximum: int) -> Configuration:
    """Return the present configuration with other bounds and machine."""
    low = max(1, min(minimum, maximum))
    return replace(
        problem.present,
        machine=machine,
        min_size=low,
        max_size=max(low, maximum),
        desired_capacity=low,
    )


def held(problem: Problem, machine: Machine, size: int) -> Configuration:
    """Return a group of constant size: its bounds meet where something would scale it."""
    return replace(
        problem.present, machine=machine, min_size=size, max_size=size, desired_capacity=size
    )


def _bridged(rps: FloatArray) -> FloatArray:
    known = np.flatnonzero(np.isfinite(rps))
    if known.size == rps.size:
        return rps
    if known.size == 0:
        return np.zeros_like(rps)
    return np.interp(np.arange(rps.size), known, rps[known])
