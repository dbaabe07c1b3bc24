"""The controller's task as an environment: exact dynamics, many groups in one call.

An episode is some hours of a group's day; what is known before (history, calibration) is computed
once. Gymnasium's and Stable-Baselines3's environments are thin coats over this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.bound import bounded
from tfopt_policies.control.controller import Controller, ControllerPilot
from tfopt_policies.control.field import DAMPING, LOG_PRICES
from tfopt_policies.control.groups import DOMAINS, HISTORY, Groups, Level, draw_groups
from tfopt_policies.control.net import Head, initial
from tfopt_policies.control.observation import FEATURES
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.rollout import first_sizes, sizes
from tfopt_policies.traces import Trace
from tfopt_sim import controlled
from tfopt_sim.controlled import Block
from tfopt_sim.types import FloatArray

BLOCKS, GROUPS = 32, 8  # drawn for an environment
ALLOWED = 0.01  # bad minutes that the clairvoyant may leave


@dataclass(frozen=True, slots=True)
class Report:
    """What an episode of one group came to."""

    changes_per_hour: float  # stability: instances launched and removed ÷ instances needed
    reversals_per_hour: float
    capacity_variation: float  # standard deviation ÷ mean of what is billed
    cost_over_bound: float  # efficiency
    mean_utilisation: float
    slow_share: float  # performance, of the requests
    bad_minute_share: float


class Lanes:
    """N groups stepped together; each meets an episode of `horizon` minutes.

    Args:
        groups: blocks of groups alike.
        horizon: minutes of an episode, at most a day.
        seed: of SLO prices, of where episodes begin, and of their boots and arrivals.
    """

    def __init__(self, groups: Sequence[Groups], horizon: int, seed: int = 0):
        if not 2 <= horizon <= DAY:
            raise ValueError(f"an episode has 2 to {DAY} minutes, not {horizon}")
        self.groups, self.horizon = list(groups), horizon
        self.rng = np.random.default_rng(seed)
        helm = Controller(initial(Head(), 0).network())
        self.prices = [self.rng.uniform(*LOG_PRICES, len(one.names)) for one in self.groups]
        self.pilots: list[ControllerPilot] = [
            helm.pilot(one, price) for one, price in zip(self.groups, self.prices, strict=True)
        ]
        self.needs = [np.maximum(one.need(one.rps), 1.0) for one in self.groups]
        edges = np.cumsum([0, *(len(one.names) for one in self.groups)])
        self.spans = [slice(a, b) for a, b in pairwise(edges)]
        self.count = int(edges[-1])
        price = np.exp(np.concatenate(self.prices))
        self.by_harm, self.scale = price, 1.0 / (1.0 + DAMPING * price)
        self.minute = 0
        self.begin = HISTORY
        self.blocks: list[Block] = []
        self.base = np.ones(self.count)
        self.need = np.ones(self.count)
        self.history: list[FloatArray] = []

    def reset(self) -> FloatArray:
        """Start an episode for every group at one random minute; return (N, features)."""
        self.begin = HISTORY + int(self.rng.integers(0, DAY - self.horizon + 1))
        chance = int(self.rng.integers(0, 2**31))
        end = self.begin + self.horizon
        self.blocks = [one.block(self.begin, end, chance) for one in self.groups]
        self.need = np.concatenate([n[:, self.begin : end].mean(axis=1) for n in self.needs])
        self.minute = 0
        self.history = []
        last = [
            block.reset(first_sizes(one, self.begin))
            for block, one in zip(self.blocks, self.groups, strict=True)
        ]
        return self._seen(last)

    def step(self, log_factor: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
        """Order base × exp(`log_factor`) (N,) and serve a minute.

        Returns:
            what is seen then (N, features), the rewards (N,) and whether the episode is over.
        """
        wanted = self.base * np.exp(np.clip(log_factor, *Head().bounds))
        self.minute += 1
        last = [
            block.advance(sizes(wanted[span], block.largest), self.minute)
            for block, span in zip(self.blocks, self.spans, strict=True)
        ]
        seen = self._seen(last)
        minute = self.history[-1]
        cost = minute[:, controlled.BILLED] / self.need
        reward = -(cost + self.by_harm * minute[:, controlled.BAD]) * self.scale
        return seen, reward, self.minute >= self.horizon - 1

    def reports(self) -> list[Report]:
        """Return the report of every group's episode so far."""
        kept = np.stack(self.history)  # (minutes, N, fields)
        hours = kept.shape[0] / 60
        launched, removed = kept[..., controlled.LAUNCHED], kept[..., controlled.REMOVED]
        heading = np.sign(launched - removed)
        billed = kept[..., controlled.BILLED]
        found = []
        for span, one in zip(self.spans, self.groups, strict=True):
            rps = one.rps[:, self.begin : self.begin + kept.shape[0]]
            needed = np.maximum(np.ceil(one.need(rps)), 1).astype(np.int64)
            allowed = np.full(needed.shape[0], ALLOWED * needed.shape[1])
            arrived = np.maximum(60 * rps.sum(axis=1), 1e-9)
            bound = bounded(needed, one.workload.boot_s / 60, allowed)
            for row, index in enumerate(range(span.start, span.stop)):
                moved = (launched + removed)[:, index].sum() / needed[row].mean() / hours
                found.append(
                    Report(
                        float(moved),
                        _reversals(heading[:, index]) / hours,
                        float(billed[:, index].std() / billed[:, index].mean()),
                        float(billed[:, index].sum() / bound[row]),
                        float(kept[:, index, controlled.CPU].mean()),
                        float(kept[:, index, controlled.SLOW].sum() / arrived[row]),
                        float(kept[:, index, controlled.BAD].mean()),
                    )
                )
        return found

    def _seen(self, last: Sequence[FloatArray]) -> FloatArray:
        minute = self.begin + self.minute - DAY
        parts = [
            pilot.observed(minute, served, block)
            for pilot, served, block in zip(self.pilots, last, self.blocks, strict=True)
        ]
        self.base = np.concatenate([pilot.seen.base[:, minute] for pilot in self.pilots])
        self.history.append(np.concatenate(last))
        return np.concatenate(parts)


def lanes_of(
    level: Level,
    *,
    blocks: int = BLOCKS,
    groups: int = GROUPS,
    horizon: int = DAY,
    seed: int = 0,
    traces: Sequence[Trace] = (),
) -> Lanes:
    """Return an environment of random groups of a level of difficulty."""
    rng = np.random.default_rng((seed, 5))
    drawn = [draw_groups(rng, groups, DOMAINS[level], traces) for _ in range(blocks)]
    return Lanes(drawn, horizon, seed)


def _reversals(heading: NDArray[np.float64]) -> float:
    """Count changes of direction, quiet minutes left out."""
    moves = heading[heading != 0]
    return float(np.sum(moves[1:] * moves[:-1] < 0))


FEATURE_COUNT = len(FEATURES)
