"""Runs controllers over groups in the exact simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.control.groups import Groups
from tfopt_policies.control.outlook import DAY
from tfopt_sim import controlled
from tfopt_sim.controlled import Block
from tfopt_sim.rollout import minutes_with_arrivals
from tfopt_sim.types import FloatArray


class Pilot(Protocol):
    """Decides how many instances N groups should have, minute by minute."""

    def wanted(self, minute: int, last: FloatArray, block: Block) -> FloatArray:
        """Return wanted instances (N,), as real numbers that are rounded up.

        Args:
            minute: index into what is seen (`observation.see`) of the minute just served.
            last: what that minute came to, shape (N, fields of `tfopt_sim.controlled`).
            block: the groups.
        """
        ...


@dataclass(frozen=True, slots=True)
class Flown:
    """What became of N groups; every array has shape (N,)."""

    usd: FloatArray
    instance_minutes: FloatArray  # billed
    slow_share: FloatArray  # of the requests
    bad_minute_share: FloatArray
    launches: FloatArray
    removals: FloatArray
    utilisation: FloatArray  # mean CPU
    reversals: FloatArray  # changes of direction an hour


def fly(groups: Groups, pilot: Pilot, begin: int, end: int, seed: int = 0) -> Flown:
    """Let a pilot steer the groups through minutes `begin`…`end` of their demand, exactly.

    The first minute finds as many instances in service as the pilot wants on its demand alone.
    """
    block = groups.block(begin, end, seed)
    last = block.reset(first_sizes(groups, begin))
    tally = np.zeros_like(last)
    turns, heading = np.zeros(block.groups), np.zeros(block.groups)
    for minute in range(end - begin):
        if minute:
            asked = pilot.wanted(begin + minute - 1 - DAY, last, block)
            last = block.advance(sizes(asked, block.largest), minute)
        tally += last
        change = np.sign(last[:, controlled.LAUNCHED] - last[:, controlled.REMOVED])
        turns += (change * heading) < 0
        heading = np.where(change != 0, change, heading)
    hours = (end - begin) / 60
    rps = groups.rps[:, begin:end]
    billed = tally[:, controlled.BILLED]
    return Flown(
        billed / 60 * groups.machine.usd_per_hour,
        billed,
        tally[:, controlled.SLOW] / np.maximum(60 * rps.sum(axis=1), 1e-9),
        tally[:, controlled.BAD] / np.maximum(minutes_with_arrivals(rps), 1e-9),
        tally[:, controlled.LAUNCHED],
        tally[:, controlled.REMOVED],
        tally[:, controlled.CPU] / (end - begin),
        turns / hours,
    )


def follow(groups: Groups, capacity: FloatArray, begin: int, seed: int = 0) -> FloatArray:
    """Serve minutes from `begin` on under capacities (N, minutes) known beforehand, exactly.

    Returns:
        shape (N, fields of `tfopt_sim.controlled`), summed over the minutes.
    """
    block = groups.block(begin, begin + capacity.shape[1], seed)
    return block.follow(sizes(capacity, block.largest), first_sizes(groups, begin))


def first_sizes(groups: Groups, begin: int) -> NDArray[np.int64]:
    """Return the instances that a period starts with: what its first minute needs."""
    return np.maximum(1, np.ceil(groups.need(groups.rps[:, begin]))).astype(np.int64)


def sizes(wanted: FloatArray, largest: int) -> NDArray[np.int64]:
    """Return wanted capacities as whole instances, at least one and at most `largest`."""
    return np.clip(np.ceil(wanted - 1e-6), 1, largest).astype(np.int64)
