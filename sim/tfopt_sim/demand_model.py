"""The fitted traffic model: its quantiles, and coherent futures sampled from it.

Marginals and memory are kept apart: a table says how demand is distributed at each slot of the
week; the normal scores of the history under it say how demand wanders from slot to slot. A sampled
path strings together blocks of past scores and reads each off the distribution of its slot, so
bursts keep their shape and size, and every slot keeps its quantiles. Over both lies the risk of the
level, which is the same for quantiles and for paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

import numpy as np

from tfopt_sim.bursts import inner_deviation, inner_patterns
from tfopt_sim.events import Impact
from tfopt_sim.marginals import DAY_S, Z_NODES, mixed
from tfopt_sim.resample import resampled
from tfopt_sim.risk import LevelRisk
from tfopt_sim.types import FloatArray

_BLOCK_S = DAY_S // 2  # past scores are borrowed in blocks of this length …
_SHIFT_S = 2 * 3600  # … from about the same time of day
_RISK_S = 3600  # the level moves by the hour
_CHUNK = 16_384  # values sampled at a time: few enough to stay in the processor's cache


@dataclass(frozen=True, slots=True)
class DemandModel:
    """Distribution of demand at every slot of the coming week, and how slots hang together."""

    start: datetime  # first moment after the history, UTC
    step_s: int  # the history's own step, or the nearest above that divides the day, ≥ 60 s
    table: FloatArray  # (nodes, slots of a week): demand at normal score `Z_NODES[node]`, rps
    scores: FloatArray  # (past steps,), normal scores of the history, mean 0 and variance 1
    persistence: float  # share of the scores' variance that neighbouring days have in common
    risk: LevelRisk  # where the level may be by then
    coming: Impact  # what events and the calendar do to the steps ahead, as far as they are known
    inner: FloatArray  # (octaves,), relative variance that each halving of a step reveals

    @property
    def inner_deviation(self) -> float:
        """Relative standard deviation of a minute inside its step; 0 where steps are minutes."""
        return inner_deviation(self.inner)

    def quantiles(self, levels: Sequence[float], steps: int) -> FloatArray:
        """Return requests/s at each level for the coming steps, shape (levels, steps)."""
        z = np.array([NormalDist().inv_cdf(level) for level in levels])
        return _looked_up(np.ascontiguousarray(self._wide(steps).T), np.tile(z[:, None], steps))

    def sample(
        self, rng: np.random.Generator, scenarios: int, horizon_s: int, step_s: int = 60
    ) -> FloatArray:
        """Return coherent futures in requests/s, shape (scenarios, horizon_s / step_s).

        Where `step_s` divides the history's step, demand varies inside a step by about
        `inner_deviation` and keeps the step's mean; the Poisson noise of single arrivals is the
        simulator's to add.

        Args:
            rng: source of all randomness; the same state gives the same paths.
            scenarios: number of paths.
            horizon_s: length of each, from `start`.
            step_s: grid of the paths.
        """
        steps = -(-horizon_s // self.step_s)
        by_slot = np.ascontiguousarray(self._narrow(steps).T)
        factor = self.coming.over(steps)[0]
        out = np.empty((scenarios, horizon_s // step_s))
        rows = max(1, _CHUNK // steps)
        patterns = self._patterns(rng, step_s)
        for first in range(0, scenarios, rows):
            part = out[first : first + rows]
            z = self._borrowed(rng, len(part), steps)
            # what outlives a day is drawn once for a path
            z *= np.sqrt(1 - self.persistence)
            z += np.sqrt(self.persistence) * rng.standard_normal((len(part), 1))
            paths = _looked_up(by_slot, z)
            paths *= self._levels(rng, len(part), steps)
            paths *= factor
            inner = None if patterns is None else _drawn(rng, patterns, paths.shape)
            part[:] = resampled(paths, self.step_s, step_s, inner)[:, : part.shape[1]]
        return out

    def _narrow(self, steps: int) -> FloatArray:
        """Return the table of the coming steps as if the level stood still, (nodes, steps)."""
        return self.table[:, np.arange(steps) % self.table.shape[1]]

    def _wide(self, steps: int) -> FloatArray:
        """Return the table of the coming steps with the risk of its level, (nodes, steps).

        By the hour: as much wider as the distribution of an hour gets, every slot of it gets.
        """
        own = self._narrow(steps)
        factor, variance = self.coming.over(steps)
        block = self._block
        hours = _block_means(own, block)
        risk = self.risk.atoms(self._days(hours.shape[1]), _block_means(variance[None], block)[0])
        ratio = np.where(hours > 0, mixed(hours, *risk) / np.maximum(hours, 1e-300), 1.0)
        own = own * factor * np.repeat(ratio, block, axis=1)[:, :steps]
        return np.maximum.accumulate(own, axis=0)

    def _levels(self, rng: np.random.Generator, scenarios: int, steps: int) -> FloatArray:
        """Return where the level goes, relative to where it stands, (scenarios, steps)."""
        variance = _block_means(self.coming.over(steps)[1][None], self._block)[0]
        levels = self.risk.paths(rng, scenarios, self._days(variance.size), variance)
        return np.repeat(levels, self._block, axis=1)[:, :steps]

    def _patterns(self, rng: np.random.Generator, step_s: int) -> FloatArray | None:
        if step_s >= self.step_s or self.step_s % step_s or not self.inner.any():
            return None
        return inner_patterns(rng, self.inner, self.step_s // step_s)

    @property
    def _block(self) -> int:
        return max(_RISK_S // self.step_s, 1)

    def _days(self, count: int) -> FloatArray:
        """Return how far ahead the middles of so many blocks are, in days."""
        return np.asarray(
            (np.arange(count) + 0.5) * (self._block * self.step_s / DAY_S), np.float64
        )

    def _borrowed(self, rng: np.random.Generator, scenarios: int, steps: int) -> FloatArray:
        """Return past scores in blocks from about the same time of day, (scenarios, steps)."""
        past = self.scores.size
        block = min(max(1, _BLOCK_S // self.step_s), past)
        per_day = DAY_S // self.step_s
        count = -(-steps // block) + 1
        phase = rng.integers(0, block, scenarios)
        shift = _SHIFT_S // self.step_s
        days_back = rng.integers(1, max(past // per_day, 1) + 1, (scenarios, count))
        source = np.arange(count) * block - phase[:, None] - days_back * per_day
        source += rng.integers(-shift, shift + 1, source.shape)
        around = np.concatenate([self.scores, self.scores[: block - 1]])
        blocks = np.lib.stride_tricks.sliding_window_view(around, block)[source % past]
        whole = blocks.reshape(scenarios, count * block)
        return np.stack([row[at : at + steps] for row, at in zip(whole, phase, strict=True)])


def _drawn(rng: np.random.Generator, patterns: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return one of the patterns for each step, shape (*shape, parts)."""
    return np.take(patterns, rng.integers(0, len(patterns), shape, dtype=np.uint8), axis=0)


def _block_means(table: FloatArray, block: int) -> FloatArray:
    """Return means over blocks of columns; the last one may be shorter."""
    edges = np.arange(0, table.shape[1], block)
    size = np.diff(np.append(edges, table.shape[1]))
    return np.asarray(np.add.reduceat(table, edges, axis=1) / size, dtype=np.float64)


def _looked_up(by_slot: FloatArray, z: FloatArray) -> FloatArray:
    """Return the demand of normal scores z, shape (…, slots), under a table (slots, nodes)."""
    slots, nodes = by_slot.shape
    place: FloatArray = (z - Z_NODES[0]) * (1 / (Z_NODES[1] - Z_NODES[0]))
    np.clip(place, 0, nodes - 1.000001, out=place)
    low = place.astype(np.intp)
    place -= low
    low += np.arange(slots) * nodes
    flat = by_slot.ravel()
    below: FloatArray = flat[low]
    low += 1
    place *= flat[low] - below
    place += below
    return place
