"""Fits a probabilistic traffic model to measured demand and samples coherent futures from it.

Marginals and memory are kept apart: `tfopt_sim.marginals` says how demand is distributed at each
slot of the week; the normal scores of the history under those distributions say how it wanders
from slot to slot. A sampled path strings together blocks of past scores and reads each off the
distribution of its slot, so bursts keep their shape and size, and every slot keeps its quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np

from tfopt_sim.levels import FEWEST_DAYS, Level, follow_level, surprise
from tfopt_sim.marginals import DAY_S, MAX_DAYS, Z_NODES, History, mixed, week_table
from tfopt_sim.resample import day_grid, resampled
from tfopt_sim.risk import LevelRisk
from tfopt_sim.scoring import LEVELS, coverage, quantile_loss, seasonal_naive
from tfopt_sim.types import Demand, FloatArray

LEAST_STEP_S = 60  # the simulator's tick; finer histories are averaged to it
_BLOCK_S = DAY_S // 2  # past scores are borrowed in blocks of this length …
_SHIFT_S = 2 * 3600  # … from about the same time of day
_FOLLOWED = 0.7  # share of the level's past movement that is taken out of the past
# presumed of a level that was hardly seen: its daily deviation, from that of a slot and of a day …
_PRESUMED, _OF_SLOT, _OF_DAY = 4.0, 0.25, 0.92
_PRIOR_DAYS = 4.5  # … and the days of evidence that this presumption is worth
_SAFETY = 1.6  # times the measured variance: the level's quiet past is no promise
_WILDEST = 2.0  # largest relative variance per day
_CHUNK = 16_384  # values sampled at a time: few enough to stay in the processor's cache
# relative level error assumed below so many days of history, where none can be measured: within a
# day nothing is known of the other hours (a 3 : 1 day has a deviation of about 0.35)
_UNSEEN = ((1.0, 0.35), (2.0, 0.2), (4.0, 0.1))


@dataclass(frozen=True, slots=True)
class DemandModel:
    """Distribution of demand at every slot of the coming week, and how slots hang together."""

    start: datetime  # first moment after the history, UTC
    step_s: int  # the history's own step, or the nearest above that divides the day, ≥ 60 s
    table: FloatArray  # (nodes, slots of a week): demand at normal score `Z_NODES[node]`, rps
    scores: FloatArray  # (past steps,), normal scores of the history, mean 0 and variance 1
    risk: LevelRisk  # where the level may be by then
    persistence: float  # share of the scores' variance that neighbouring days have in common

    def quantiles(self, levels: Sequence[float], steps: int) -> FloatArray:
        """Return requests/s at each level for the coming steps, shape (levels, steps)."""
        z = np.array([NormalDist().inv_cdf(level) for level in levels])
        return _looked_up(np.ascontiguousarray(self._wide(steps).T), np.tile(z[:, None], steps))

    def _wide(self, steps: int) -> FloatArray:
        """Return the table of the coming steps with the risk of its level, (nodes, steps).

        By the hour: how much wider the distribution of an hour gets, every slot of it gets.
        """
        own = self.table[:, np.arange(steps) % self.table.shape[1]]
        block = self._block()
        count = -(-steps // block)
        hours = _block_means(own, block)
        wide = mixed(hours, *self.risk.atoms(self._days(count)))
        ratio = np.where(hours > 0, wide / np.maximum(hours, 1e-300), 1.0)
        return np.maximum.accumulate(own * np.repeat(ratio, block, axis=1)[:, :steps], axis=0)

    def _block(self) -> int:
        return max(3600 // self.step_s, 1)

    def _days(self, count: int) -> FloatArray:
        """Return how far ahead the middles of so many blocks are, in days."""
        return (np.arange(count) + 0.5) * (self._block() * self.step_s / DAY_S)

    def sample(
        self, rng: np.random.Generator, scenarios: int, horizon_s: int, step_s: int = 60
    ) -> FloatArray:
        """Return coherent futures in requests/s, shape (scenarios, horizon_s / step_s).

        Where `step_s` is finer than the history's step, rates run smoothly inside a step and keep
        its mean; the Poisson noise of single arrivals is the simulator's to add.

        Args:
            rng: source of all randomness; the same state gives the same paths.
            scenarios: number of paths.
            horizon_s: length of each, from `start`.
            step_s: grid of the paths.
        """
        steps = -(-horizon_s // self.step_s)
        table = self.table[:, np.arange(steps) % self.table.shape[1]]
        by_slot = np.ascontiguousarray(table.T)
        out = np.empty((scenarios, horizon_s // step_s))
        rows = max(1, _CHUNK // steps)
        for first in range(0, scenarios, rows):
            part = out[first : first + rows]
            z = self._borrowed(rng, len(part), steps)
            # what outlives a day is drawn once for a path
            z *= np.sqrt(1 - self.persistence)
            z += np.sqrt(self.persistence) * rng.standard_normal((len(part), 1))
            paths = _looked_up(by_slot, z)
            level = self.risk.paths(rng, len(part), self._days(-(-steps // self._block())))
            paths *= np.repeat(level, self._block(), axis=1)[:, :steps]
            part[:] = resampled(paths, self.step_s, step_s)[:, : part.shape[1]]
        return out

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


@dataclass(frozen=True, slots=True)
class Backtest:
    """How the model did on the last part of a history, forecast from the part before."""

    skill: float  # 1 − weighted quantile loss relative to seasonal-naive; 0 no better, < 0 worse
    coverage_80: float  # share of the steps within the 10–90 % band
    coverage_98: float  # share of the steps within the 1–99 % band
    horizon_s: int
    origins: int


def fit(demand: Demand) -> DemandModel:
    """Fit the model to a history of any length; gaps (NaN) are allowed.

    Below two days nothing repeats yet: the intervals are widened by a stated guess (`_UNSEEN`).

    Raises:
        ValueError: nothing was measured at all.
    """
    if not np.isfinite(demand.rps).any():
        raise ValueError("a history without a single measurement has no forecast")
    demand = day_grid(demand, LEAST_STEP_S)
    end = demand.start + timedelta(seconds=demand.step_s * demand.rps.size)
    history = _history(demand, end)
    means = history.days.mean(axis=1)
    level = follow_level(means, history.weekend)
    moved = np.exp(_FOLLOWED * (level.days[-1] - level.days))
    table = np.maximum(week_table(replace(history, days=history.days * moved[:, None])), 0)
    scores = _scores(demand, table)
    return DemandModel(
        start=end,
        step_s=demand.step_s,
        table=table,
        scores=scores,
        risk=_risk(history, level, table, demand.days),
        persistence=_persistence(scores, DAY_S // demand.step_s),
    )


def _risk(history: History, level: Level, table: FloatArray, days: float) -> LevelRisk:
    """Return the risk of the level: what it showed, what it is presumed, and what is not known."""
    middle = len(Z_NODES) // 2
    width = float((table[middle + 4] - table[middle - 4]).mean()) / 2  # one standard deviation
    slot = min(width / max(float(table[middle].mean()), 1e-12), 1.0)
    known = max(len(history.days) - FEWEST_DAYS + 1, 0)
    day = min((level.noise_var + level.walk_var) ** 0.5, 1.0) if known else slot
    presumed = (_PRESUMED * slot**_OF_SLOT * day**_OF_DAY) ** 2
    means = history.days.mean(axis=1)
    shown = _SAFETY * surprise(means, history.weekend, 0.05 * slot**2) * level.walk_var
    walk = (_PRIOR_DAYS * presumed + known * shown) / (_PRIOR_DAYS + known)
    unseen = next((share for least, share in _UNSEEN if days < least), 0.0)
    return LevelRisk(min(walk, _WILDEST), unseen**2, level.trend)


def backtest(demand: Demand) -> Backtest | None:
    """Forecast the end of a history from its beginning and compare with seasonal-naive.

    Horizon: a week from two origins where three weeks are there, a week from one where two are,
    else a third of the history in whole days. None below three days, or where nothing arrived.
    """
    demand = day_grid(demand, 300)
    per_day = DAY_S // demand.step_s
    days = demand.rps.size // per_day
    if days < 3 or not np.nansum(demand.rps) > 0:
        return None
    ahead = 7 if days >= 14 else days // 3
    origins = 2 if days >= 21 else 1
    loss = naive = inside_80 = inside_98 = 0.0
    for back in range(1, origins + 1):
        cut = demand.rps.size - back * ahead * per_day
        seen = Demand(demand.start, demand.step_s, demand.rps[:cut])
        actual = demand.rps[cut : cut + ahead * per_day]
        model = fit(seen).quantiles(LEVELS, actual.size)
        plain = seasonal_naive(_filled(seen.rps, per_day), seen.step_s, LEVELS, actual.size)
        loss += quantile_loss(model, actual, LEVELS)
        naive += quantile_loss(plain, actual, LEVELS)
        inside_80 += coverage(model[2], model[6], actual) / origins
        inside_98 += coverage(model[0], model[8], actual) / origins
    skill = 1 - loss / naive if naive > 0 else 0.0
    return Backtest(skill, inside_80, inside_98, ahead * DAY_S, origins)


def skill(demand: Demand) -> float | None:
    """Return `backtest(demand).skill`, or None where the history is too short for one."""
    result = backtest(demand)
    return None if result is None else result.skill


def _history(demand: Demand, end: datetime) -> History:
    """Cut the latest days out of a history; a first part of a day is filled up from the others."""
    per_day = DAY_S // demand.step_s
    filled = _filled(demand.rps, per_day)
    count = min(MAX_DAYS, max(1, filled.size // per_day))
    if filled.size < per_day:
        filled = np.resize(filled[::-1], per_day)[::-1]
    noons = [end + timedelta(days=k - count, hours=12) for k in range(count + 7)]
    weekend = np.array([float(noon.weekday() >= 5) for noon in noons])
    days = filled[-count * per_day :].reshape(count, per_day)
    return History(days, weekend[:count], weekend[count:])


def _filled(rps: FloatArray, per_day: int) -> FloatArray:
    """Return the series with its gaps closed: from a week before or after, a day, else the mean."""
    out = rps.copy()
    for lag in (7 * per_day, per_day, -per_day, -7 * per_day):
        gaps = np.flatnonzero(np.isnan(out))
        if gaps.size == 0:
            return out
        source = gaps - lag
        usable = (source >= 0) & (source < out.size)
        out[gaps[usable]] = out[source[usable]]
    known = out[np.isfinite(out)]
    return np.nan_to_num(out, nan=float(known.mean()) if known.size else 0.0)


def _scores(demand: Demand, table: FloatArray) -> FloatArray:
    """Return the normal scores of the latest history under the table of its slots of the week."""
    size = min(demand.rps.size, MAX_DAYS * DAY_S // demand.step_s)
    slots = (np.arange(size) - size) % table.shape[1]
    x = demand.rps[-size:]
    own = table[:, slots]
    columns = np.arange(size)
    low = np.clip((own <= x).sum(axis=0) - 1, 0, len(Z_NODES) - 2)
    below, above = own[low, columns], own[low + 1, columns]
    flat = above <= below  # several scores give the same demand: any of them fits
    share = np.where(flat, 0.5, (x - below) / np.where(flat, 1.0, above - below))
    z = Z_NODES[low] + np.clip(share, 0, 1) * (Z_NODES[1] - Z_NODES[0])
    known = np.isfinite(x)
    z = np.where(known, z, np.nan)
    z = _filled(z, DAY_S // demand.step_s)
    spread = float(z.std())
    return np.asarray((z - z.mean()) / spread) if spread > 1e-9 else np.zeros(size)


def _persistence(scores: FloatArray, per_day: int) -> float:
    """Return the share of the scores' variance that neighbouring days have in common."""
    days = scores.size // per_day
    if days < 4:
        return 0.1
    means = scores[-days * per_day :].reshape(days, per_day).mean(axis=1)
    centred = means - means.mean()
    return float(np.clip((centred[1:] * centred[:-1]).mean(), 0.0, 0.5))


def _block_means(table: FloatArray, block: int) -> FloatArray:
    """Return means over blocks of columns; the last one may be shorter."""
    edges = np.arange(0, table.shape[1], block)
    size = np.diff(np.append(edges, table.shape[1]))
    return np.asarray(np.add.reduceat(table, edges, axis=1) / size)


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
