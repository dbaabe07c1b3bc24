"""Scheduled floors: how low a group may scale at each hour, in as few actions as will do."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from tfopt_policies.policy import Problem
from tfopt_policies.sizing import need, past_weeks
from tfopt_sim.types import FloatArray, Machine, ScheduledAction

MAX_ACTIONS = 8  # more would be correct, and unreadable in a review


def floors_by_hour(
    problem: Problem, machine: Machine, share: float, headroom: float
) -> tuple[ScheduledAction, ...]:
    """Return daily actions that keep at least what each hour needed on `share` of its minutes.

    Args:
        problem: the group; its last two weeks are read.
        machine: what an instance is.
        share: of the minutes of an hour of the day that the floor serves, 0..1.
        headroom: factor on the demand served.
    """
    past = past_weeks(problem.history, 2)
    first_hour = past.start.hour + (past.start.minute > 0)
    offset = (60 - past.start.minute) % 60
    whole = (past.rps.shape[1] - offset) // 60
    if whole < 24:
        return ()
    by_hour = past.rps[:, offset : offset + whole * 60].reshape(-1, whole, 60)
    demand = np.array(
        [np.quantile(by_hour[:, (hour - first_hour) % 24 :: 24], share) for hour in range(24)]
    )
    # the hour before a rise already needs it: instances boot, and actions may run late
    lead = np.maximum(demand, np.roll(demand, -1)) if problem.workload.boot_s > 600 else demand
    sizes = need(problem, machine, lead * headroom).astype(np.float64)
    return _actions(_merged(sizes, MAX_ACTIONS))


def _merged(sizes: FloatArray, at_most: int) -> FloatArray:
    """Join neighbouring hours at their larger floor until few levels are left, cheapest first."""
    blocks = [[hour, hour + 1, float(size)] for hour, size in enumerate(sizes)]
    while len(blocks) > 1:
        waste = [_waste(a, b) for a, b in pairwise(blocks)]
        cheapest = int(np.argmin(waste))
        if len(blocks) <= at_most and waste[cheapest] > 0:
            break
        first, second = blocks[cheapest], blocks.pop(cheapest + 1)
        first[1], first[2] = second[1], max(first[2], second[2])
    merged = np.empty(sizes.size)
    for begin, end, size in blocks:
        merged[int(begin) : int(end)] = size
    return merged


def _waste(a: list[float], b: list[float]) -> float:
    return (a[1] - a[0]) * max(b[2] - a[2], 0.0) + (b[1] - b[0]) * max(a[2] - b[2], 0.0)


def _actions(floors: FloatArray) -> tuple[ScheduledAction, ...]:
    before = np.roll(floors, 1)
    changes = [hour for hour in range(floors.size) if floors[hour] != before[hour]] or [0]
    return tuple(
        ScheduledAction(f"{_lead_minute(hour)} * * *", min_size=math.ceil(floors[hour]))
        for hour in changes
    )


def _lead_minute(hour: int) -> str:
    """Return minute and hour fields five minutes before `hour`: instances have to boot."""
    return f"55 {(hour - 1) % 24}"
