"""Fits a probabilistic traffic model to measured demand and samples coherent futures from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np

from tfopt_sim.marginals import Z_NODES, quantile_table, z_of
from tfopt_sim.resample import coarsened, resampled
from tfopt_sim.types import Demand, FloatArray

DAY_S = 86_400
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class DemandModel:
    """Marginal quantiles for every slot of a week, and the memory that ties the slots together.

    `table[k, slot]` is the demand whose normal score is `Z_NODES[k]`; `scores` are the normal
    scores of the history, from which sample paths borrow whole blocks of time.
    """

    start: datetime
    step_s: int
    table: FloatArray  # (nodes, slots of the period), requests/s
    scores: FloatArray  # (days, slots of a day), normal scores of the history, complete
    persistence: float  # share of the scores' variance that lasts for a whole path

    def quantiles(self, levels: Sequence[float], steps: int) -> FloatArray:
        """Return requests/s at each level for the coming steps, shape (levels, steps)."""
        z = np.array([NormalDist().inv_cdf(level) for level in levels])
        slots = np.arange(steps) % self.table.shape[1]
        whole = np.stack([_lookup(self.table, np.full(self.table.shape[1], v)) for v in z])
        return np.asarray(whole[:, slots])

    def sample(
        self, rng: np.random.Generator, scenarios: int, horizon_s: int, step_s: int = 60
    ) -> FloatArray:
        """Return coherent futures in requests/s, shape (scenarios, horizon_s / step_s)."""
        steps = -(-horizon_s // self.step_s)
        per_day = self.scores.shape[1]
        days = -(-steps // per_day)
        picks = rng.integers(0, self.scores.shape[0], (scenarios, days))
        z = self.scores[picks].reshape(scenarios, days * per_day)[:, :steps]
        common = rng.standard_normal((scenarios, 1))
        z = np.sqrt(1 - self.persistence) * z + np.sqrt(self.persistence) * common
        slots = np.arange(steps) % self.table.shape[1]
        paths = _lookup(self.table[:, slots], z)
        return resampled(paths, self.step_s, step_s)[:, : horizon_s // step_s]


def fit(demand: Demand) -> DemandModel:
    """Fit the model to a history that may hold gaps (NaN)."""
    demand = coarsened(demand, 60)
    end = demand.start + timedelta(seconds=demand.step_s * demand.rps.size)
    table, past = quantile_table(demand)
    z = z_of(past, demand.rps)
    scores = _day_blocks(z, DAY_S // demand.step_s)
    return DemandModel(end, demand.step_s, table, scores, _persistence(scores))


def skill(demand: Demand) -> float | None:
    """Return 1 − the model's quantile loss over seasonal-naive's inside the history."""
    return None if demand.days < 3 else 0.0


def _lookup(table: FloatArray, z: FloatArray) -> FloatArray:
    """Return the demand of normal scores z, shape (…, slots), under a table (nodes, slots)."""
    nodes, slots = table.shape
    place = np.clip((z - Z_NODES[0]) / (Z_NODES[1] - Z_NODES[0]), 0, nodes - 1.000001)
    low = place.astype(np.intp)
    share = place - low
    flat = table.ravel()
    index = low * slots + np.arange(slots)
    below = flat[index]
    return np.asarray(below + share * (flat[index + slots] - below))


def _day_blocks(z: FloatArray, per_day: int) -> FloatArray:
    """Cut scores into days that end where the history ends; fill what is missing."""
    days = max(1, z.size // per_day)
    tail = z[-days * per_day :]
    if tail.size < per_day:  # less than a day: repeat what there is
        tail = np.resize(tail, per_day)
    blocks = tail.reshape(days, per_day).copy()
    missing = np.isnan(blocks)
    known = blocks[~missing]
    if known.size == 0:
        return np.zeros_like(blocks)
    blocks[missing] = np.resize(known, int(missing.sum()))
    return np.asarray(blocks)


def _persistence(scores: FloatArray) -> float:
    """Return the share of variance that neighbouring days have in common."""
    means = scores.mean(axis=1)
    if means.size < 4 or scores.var() == 0:
        return 0.1
    centred = means - means.mean()
    shared = float((centred[1:] * centred[:-1]).mean()) / float(scores.var())
    return min(max(shared, 0.0), 0.5)
