"""What an autoscaler sees at the end of a minute, and its metric's datapoints.

A policy is one or several rows of `rules`, each with a row of `memory` beside it. The cells that
all kinds share stand here: a rule's first three, and the first three of its memory.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined
from tfopt_sim.types import FloatArray, Metric

NO_OPINION = -1
NO_DATA = -1.0

# Cells of a rule.
KIND, METRIC, PERIOD = 0, 1, 2  # period: minutes of one datapoint
OWN = 3  # the first that a kind has to itself

# Cells of a memory.
SUM, SAMPLES = 0, 1  # of the unfinished datapoint
ASKED = 2  # what the rule wanted last, where there are several
KEPT = 3  # the first that a kind has to itself


class Row(NamedTuple):
    """A rule before it is packed."""

    kind: int
    cells: tuple[float, ...]  # METRIC, PERIOD, then the kind's own
    memory: int  # cells of memory it needs
    history: int = 0  # minutes for which it asks who joined (`warming`)


class Seen(NamedTuple):
    """A group at the end of a minute; what is ordered now counts from the next."""

    minute: int
    in_service: int
    booting: int
    last_joined: int  # minute in which an instance last came into service
    min_size: int
    max_size: int
    cpu: float  # mean over the instances in service, 0..1
    requests: float  # arrivals of the minute per instance in service
    joined: NDArray[np.int64]  # how many came into service in minute m, at slot m mod length


@inlined
def capacity_of(seen: Seen) -> int:
    """Return the group's capacity: what serves and what is on its way."""
    return seen.in_service + seen.booting


@inlined
def settled(seen: Seen, warmup_minutes: float) -> bool:
    """Say whether nothing boots and nothing warms up, where that takes `warmup_minutes`."""
    return seen.booting == 0 and seen.minute + 1 >= seen.last_joined + warmup_minutes


@inlined
def warming(seen: Seen, warmup_minutes: float) -> int:
    """Return how many instances in service joined less than `warmup_minutes` ago."""
    count = 0
    for ago in range(int(warmup_minutes) - 1):
        count += seen.joined[(seen.minute - ago) & (seen.joined.size - 1)]
    return min(count, seen.in_service)


@inlined
def observe(rule: FloatArray, memory: FloatArray, seen: Seen) -> float:
    """Take in the rule's metric of a minute, which nobody reports where nothing is in service.

    Returns:
        the datapoint (mean of its minutes) that the minute completed, else `NO_DATA`.
    """
    value = seen.cpu if rule[METRIC] == 0.0 else seen.requests
    period = rule[PERIOD]
    if period == 1.0:
        return value if seen.in_service > 0 else NO_DATA
    if seen.in_service > 0:
        memory[SUM] += value
        memory[SAMPLES] += 1.0
    if (seen.minute + 1) % int(period) != 0 or memory[SAMPLES] == 0.0:
        return NO_DATA
    datapoint = memory[SUM] / memory[SAMPLES]
    memory[SUM], memory[SAMPLES] = 0.0, 0.0
    return float(datapoint)


def metric_code(metric: Metric) -> float:
    """Return how a rule holds its metric."""
    return {"cpu": 0.0, "requests": 1.0}[metric]


def minutes_of(seconds: float) -> float:
    """Return the whole minutes that cover `seconds`."""
    return float(math.ceil(seconds / 60))


def period_minutes(period_s: int) -> float:
    """Return the minutes of a datapoint; the simulator knows nothing shorter than one."""
    return float(max(1, round(period_s / 60)))
