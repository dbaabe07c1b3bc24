"""Fits the traffic model to a history, and tests it on the history's own end.

`tfopt_sim.levels` follows the level from day to day, `tfopt_sim.marginals` says how demand is
distributed around it at each slot of the week, `tfopt_sim.risk` where the level may go,
`tfopt_sim.seasons` and `tfopt_sim.events` what the calendar brings, and `tfopt_sim.bursts` what
happens inside a step. `docs/decisions/0015-calibrated-demand.md` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from tfopt_sim.bursts import inner_variances
from tfopt_sim.demand_model import DemandModel
from tfopt_sim.events import Event, Impact, impact, without_events
from tfopt_sim.levels import FEWEST_DAYS, Level, follow_level, moved_since, surprise
from tfopt_sim.marginals import DAY_S, MAX_DAYS, Z_NODES, History, week_table
from tfopt_sim.resample import day_grid
from tfopt_sim.risk import Caution, LevelRisk
from tfopt_sim.scoring import LEVELS, coverage, quantile_loss, seasonal_naive
from tfopt_sim.seasons import calendar_factors
from tfopt_sim.types import Demand, FloatArray

__all__ = ["Backtest", "DemandModel", "Event", "backtest", "fit", "skill"]

LEAST_STEP_S = 60  # the simulator's tick; finer histories are averaged to it
KNOWN_DAYS = 35  # events and the calendar are looked up so far ahead
MOST_ORIGINS = 4  # of a backtest
_LEAST_WEIGHT = 0.5  # of a day on which something odd happened: its burst stays in the tail
# daily deviation presumed of a level that was hardly seen: that of a slot and of a day, to these
# powers, times `Caution.presumed` …
_OF_SLOT, _OF_DAY = 0.25, 0.92
_PRIOR_DAYS = 3.0  # … and the days of evidence that this presumption is worth
_EXACT = 1e-9  # of demand: a loss below is rounding
_WILDEST = 2.0  # largest relative variance per day
# relative level error assumed below so many days of history, where none can be measured: within a
# day nothing is known of the other hours (a 3 : 1 day has a deviation of about 0.35)
_UNSEEN = ((1.0, 0.35), (2.0, 0.2), (4.0, 0.1))
_USUAL_CAUTION = Caution()


@dataclass(frozen=True, slots=True)
class Backtest:
    """How the model did on the last part of a history, forecast from the part before."""

    skill: float  # 1 − weighted quantile loss relative to seasonal-naive; 0 no better, < 0 worse
    coverage_80: float  # share of the steps within the 10–90 % band
    coverage_90: float  # … the 5–95 % band
    coverage_98: float  # … the 1–99 % band
    horizon_s: int
    origins: int


def fit(
    demand: Demand, events: Sequence[Event] = (), caution: Caution = _USUAL_CAUTION
) -> DemandModel:
    """Fit the model to a history of any length; gaps (NaN) are allowed.

    Below two days nothing repeats yet: the intervals are widened by a stated guess (`_UNSEEN`).

    Args:
        demand: the history.
        events: known events, past and coming: past ones are kept out of what is usual, coming ones
            do what those of the same name did, or what they state.
        caution: how far the level is presumed to move.

    Raises:
        ValueError: nothing was measured at all, or nothing is known of what a coming event does.
    """
    demand = day_grid(demand, LEAST_STEP_S)
    usual = without_events(demand, events)
    if not np.isfinite(usual.rps).any():
        raise ValueError("a history without a single measurement has no forecast")
    end = demand.start + timedelta(seconds=demand.step_s * demand.rps.size)
    history = _history(usual, end)
    level = follow_level(history.days.mean(axis=1), history.weekend)
    seen = replace(
        history,
        days=history.days * np.exp(moved_since(level))[:, None],
        usual=np.maximum(1 / level.oddness, _LEAST_WEIGHT),
    )
    table = np.maximum(week_table(seen), 0)
    scores = _scores(usual, table)
    return DemandModel(
        start=end,
        step_s=demand.step_s,
        table=table,
        scores=scores,
        persistence=_persistence(scores, DAY_S // demand.step_s),
        risk=_risk(history, level, table, demand.days, caution),
        coming=_coming(demand, usual, events, end),
        inner=inner_variances(usual),
    )


def backtest(
    demand: Demand,
    events: Sequence[Event] = (),
    report: Callable[[int, int], None] | None = None,
) -> Backtest | None:
    """Forecast the end of a history from its beginning and compare with seasonal-naive.

    Horizon: a week where two weeks are there, from up to four origins a week apart; else a third
    of the history in whole days. None below three days, or where nothing arrived.

    Args:
        demand: the history.
        events: see `fit`; what happened in them is left out of the test.
        report: called with origins done and in all.
    """
    demand = day_grid(demand, 300)
    per_day = DAY_S // demand.step_s
    demand = without_events(demand, events)
    days = demand.rps.size // per_day
    if days < 3 or not np.nansum(demand.rps) > 0:
        return None
    ahead = 7 if days >= 14 else days // 3
    cuts = _origins(demand.rps, ahead * per_day, min(max(days // 7 - 1, 1), MOST_ORIGINS))
    if not cuts:
        return None
    rows = []
    for cut in cuts:
        rows.append(_tested(demand, cut, ahead * per_day))
        if report is not None:
            report(len(rows), len(cuts))
    loss, naive, *bands = (float(total) for total in np.sum(rows, axis=0))
    repeats = naive <= _EXACT * np.nansum(demand.rps)  # no loss to compare with, but for rounding
    skill = 0.0 if repeats else 1 - loss / naive
    inside_80, inside_90, inside_98 = (band / len(cuts) for band in bands)
    return Backtest(skill, inside_80, inside_90, inside_98, ahead * DAY_S, len(cuts))


def skill(demand: Demand) -> float | None:
    """Return `backtest(demand).skill`, or None where the history is too short for one."""
    result = backtest(demand)
    return None if result is None else result.skill


def _origins(rps: FloatArray, steps: int, most: int) -> list[int]:
    """Return the latest origins so many steps apart that have measurements on both sides."""
    cuts = [rps.size - back * steps for back in range(1, most + 1)]
    sides = {cut: (rps[:cut], rps[cut : cut + steps]) for cut in cuts}
    return [cut for cut in cuts if all(np.isfinite(side).any() for side in sides[cut])]


def _tested(demand: Demand, cut: int, steps: int) -> tuple[float, float, float, float, float]:
    """Return loss, seasonal-naive's loss and the shares inside the 80, 90 and 98 % bands."""
    seen = Demand(demand.start, demand.step_s, demand.rps[:cut])
    actual = demand.rps[cut : cut + steps]
    curves = fit(seen).quantiles(LEVELS, steps)
    plain = seasonal_naive(_filled(seen.rps, DAY_S // seen.step_s), seen.step_s, LEVELS, steps)
    inside = [coverage(curves[k], curves[-1 - k], actual) for k in (2, 1, 0)]
    return (
        quantile_loss(curves, actual, LEVELS),
        quantile_loss(plain, actual, LEVELS),
        inside[0],
        inside[1],
        inside[2],
    )


def _risk(
    history: History, level: Level, table: FloatArray, days: float, caution: Caution
) -> LevelRisk:
    """Return the risk of the level: what it showed, what it is presumed, and what is not known.

    A figure that never moved is a setting rather than a measurement: nothing is added to it.
    """
    middle = len(Z_NODES) // 2
    width = float((table[middle + 4] - table[middle - 4]).mean()) / 2  # one standard deviation
    slot = min(width / max(float(table[middle].mean()), 1e-12), 1.0)
    known = max(len(history.days) - FEWEST_DAYS + 1, 0)
    day = min((level.noise_var + level.walk_var) ** 0.5, 1.0) if known else slot
    presumed = (caution.presumed * slot**_OF_SLOT * day**_OF_DAY) ** 2
    surprised = surprise(history.days.mean(axis=1), history.weekend, 0.05 * slot**2)
    shown = caution.safety * surprised * level.walk_var
    walk = (_PRIOR_DAYS * presumed + known * shown) / (_PRIOR_DAYS + known)
    unseen = next((share for least, share in _UNSEEN if days < least), 0.0)
    moves = float(np.ptp(history.days)) > 1e-9 * float(history.days.max())
    return LevelRisk(min(walk, _WILDEST), unseen**2, level.trend, caution.shifts * moves)


def _coming(demand: Demand, usual: Demand, events: Sequence[Event], end: datetime) -> Impact:
    """Return what events and the calendar do to the coming steps."""
    per_day = DAY_S // demand.step_s
    days = usual.rps.size // per_day
    known = impact(demand, events, end, KNOWN_DAYS * per_day)
    whole = _filled(usual.rps, per_day)[usual.rps.size - days * per_day :].reshape(days, per_day)
    calendar = calendar_factors(whole.mean(axis=1), end, KNOWN_DAYS)
    return Impact(known.factor * np.repeat(calendar, per_day), known.variance)


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
    return History(days, weekend[:count], weekend[count:], np.ones(count))


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
