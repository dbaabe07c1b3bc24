"""Turns a history into the distribution of demand at every slot of the coming week.

Two estimates are averaged quantile by quantile, which beats either alone on public traces
(`docs/forecast-table.md`): quantiles of what was measured around the same time of day, days of the
week alike counting most; and a profile of the week, shrunk towards the profile of the day, times
quantiles of its own errors. Both forget old days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import erf

import numpy as np

from tfopt_sim.types import FloatArray

DAY_S = 86_400
# normal scores at which every distribution is kept: 0.02 % to 99.98 %
Z_NODES = np.linspace(-3.5, 3.5, 29)
LEVELS = np.array([0.5 * (1 + erf(z / 2**0.5)) for z in Z_NODES])
_EVERY = 2  # every other node stands for its neighbourhood where distributions are multiplied
_EDGES = np.array([0.5 * (1 + erf(z / 2**0.5)) for z in Z_NODES[1:-1:_EVERY]])
_NODE_MASS = np.diff(np.concatenate([[0.0], _EDGES, [1.0]]))

MAX_DAYS = 42  # older days only tell what the calendar brings
_BINS = 96  # time of day is told apart in quarters of an hour
_REACH = (-4, -2, 0, 2, 4)  # bins around a time of day that are pooled with it: ± 1 h
_PER_BIN = 3  # measurements taken from one bin of one day
_HALF_LIFE_DAYS = 14.0
_SAME_CLASS, _OTHER_CLASS = 0.3, 0.1  # weight of another day, alike (weekend or not) and unlike
_WEEK_PRIOR = 6.0  # weeks of evidence it takes to trust a weekly profile half, if unknown
_SCALE_FLOOR = 0.02  # of the mean: errors are relative to the profile, but never to nearly nothing


@dataclass(frozen=True, slots=True)
class History:
    """A gap-free history cut into whole days that end where it ends.

    `weekend[i]` and `next_weekend[i]` classify past and coming days by the weekday of their noon.
    """

    days: FloatArray  # (days, slots of a day)
    weekend: FloatArray  # (days,), 0 or 1
    next_weekend: FloatArray  # (7,), 0 or 1
    usual: FloatArray  # (days,), weight of each day: less than 1 where something odd happened

    @property
    def weight(self) -> FloatArray:
        """Weight of each past day: old and odd days count less, none nothing, shape (days,)."""
        return np.asarray(self.usual * 0.5 ** (self.age / _HALF_LIFE_DAYS))

    @property
    def age(self) -> FloatArray:
        """Age of each past day in days, shape (days,); yesterday is 0."""
        return np.arange(len(self.days), dtype=np.float64)[::-1]


def week_table(history: History) -> FloatArray:
    """Return demand at `LEVELS` for each slot of the coming week, shape (nodes, 7 × slots)."""
    per_day = history.days.shape[1]
    mean = float(history.days.mean())
    if mean <= 0:
        return np.zeros((LEVELS.size, 7 * per_day))
    history = replace(history, days=history.days / mean)  # from here on 1 is the mean
    rhythm = _rhythm(history)
    calm = replace(history, days=history.days / rhythm)
    binned = _binned(calm.days)
    table = _alike(calm, binned)
    if len(calm.days) >= 7:
        table = (table + _profiled(calm, binned)) / 2
    return np.asarray(_unbinned(table, per_day) * np.tile(mean * rhythm, 7))


def weighted_quantiles(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return quantiles at `LEVELS` of each row, shape (nodes, rows).

    Straight lines between the middles of the sorted weights.

    Args:
        values: shape (rows, samples).
        weights: ≥ 0, shape (rows, samples), not all zero in any row.
    """
    order = np.argsort(values, axis=1)
    return _sorted_quantiles(
        np.take_along_axis(values, order, axis=1), np.take_along_axis(weights, order, axis=1)
    )


def _sorted_quantiles(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Interpolate every sorted row at `LEVELS`: one search over all rows laid end to end."""
    rows, samples = values.shape
    place = np.cumsum(weights, axis=1)
    total = place[:, -1:].copy()
    place -= 0.5 * weights
    place /= total
    place += 2.0 * np.arange(rows)[:, None]
    wanted = LEVELS[:, None] + 2.0 * np.arange(rows)
    flat = place.ravel()
    above = np.searchsorted(flat, wanted.ravel()).reshape(wanted.shape)
    first = np.arange(rows) * samples
    above = np.clip(above, first + 1, first + samples - 1) if samples > 1 else above * 0 + first
    below = np.maximum(above - 1, first)
    low, high = flat[below], flat[above]
    share = np.clip((wanted - low) / np.maximum(high - low, 1e-12), 0, 1)
    value = values.ravel()
    return np.asarray(value[below] + share * (value[above] - value[below]))


def mixed(table: FloatArray, factors: FloatArray, chances: FloatArray) -> FloatArray:
    """Return the table (nodes, columns) of demand times an independent factor.

    Args:
        table: demand at `LEVELS`, shape (nodes, columns).
        factors: possible factors of each column, shape (atoms, columns).
        chances: their probabilities.
    """
    columns = table.shape[1]
    values = table[::_EVERY].T[:, :, None] * factors.T[:, None]
    weights = _NODE_MASS[:, None] * chances.T[:, None]
    return weighted_quantiles(values.reshape(columns, -1), weights.reshape(columns, -1))


def _with_tail(table: FloatArray, samples: int) -> FloatArray:
    """Continue the upper tail beyond what `samples` neighbours, half of them alike, can show.

    As an exponential of the same mean excess, since the largest burst is still to come.
    """
    beyond = 1 - 2 / (samples + 2) < LEVELS
    top = int(np.flatnonzero(~beyond)[-1])
    body = int(np.searchsorted(LEVELS, 0.9))
    if top <= body:
        return table
    excess = (table[top] - table[body]) / np.log((1 - LEVELS[body]) / (1 - LEVELS[top]))
    reach = np.log((1 - LEVELS[top]) / (1 - LEVELS[beyond]))
    out = table.copy()
    out[beyond] = np.maximum(out[beyond], table[top] + reach[:, None] * excess)
    return out


def _rhythm(history: History) -> FloatArray:
    """Return a factor per slot of the day for what recurs at a minute of the clock (cron jobs).

    Ratio to the profile around it, shrunk by how well it repeats from day to day.
    """
    days = history.days
    per_bin = max(days.shape[1] // _BINS, 1)
    width = 4 * per_bin + 1
    if len(days) < 4 or per_bin == 1:
        return np.ones(days.shape[1])
    around = np.maximum(_smoothed(days.mean(axis=0), width), 1e-12)
    ratio = days / np.maximum(_SCALE_FLOOR * days.mean() + 1e-12, around) - 1
    mean = ratio.mean(axis=0)
    own = (ratio - ratio.mean(axis=0)).var() / (len(days) - 1)  # variance of `mean` by chance
    known = max(0.0, 1 - own / max(float(mean.var()), 1e-12))
    return np.asarray(np.maximum(1 + known * mean, _SCALE_FLOOR))


def _binned(days: FloatArray) -> FloatArray:
    """Return up to `_PER_BIN` measurements for each bin, shape (days, bins, picks)."""
    count, per_day = days.shape
    bins = min(_BINS, per_day)
    while per_day % bins:
        bins -= 1
    size = per_day // bins
    picks = np.unique(np.linspace(0, size - 1, min(size, _PER_BIN)).round().astype(int))
    return np.asarray(days.reshape(count, bins, size)[:, :, picks])


def _unbinned(table: FloatArray, per_day: int) -> FloatArray:
    """Return a table by bin on the slots of the week, straight lines between the bins' middles."""
    bins = table.shape[1] // 7
    size = per_day // bins
    if size == 1:
        return table
    place = (np.arange(7 * per_day) + 0.5) / size - 0.5
    low = np.floor(place).astype(np.intp)
    share = place - low
    low, high = np.clip(low, 0, None), np.clip(low + 1, None, table.shape[1] - 1)
    return np.asarray(table[:, low] * (1 - share) + table[:, high] * share)


def _pooled(samples: FloatArray) -> FloatArray:
    """Pool each bin with its neighbours: (days, bins, picks) → (days, neighbours, bins)."""
    bins = samples.shape[1]
    reach = _REACH if bins >= _BINS else ((-1, 0, 1) if bins >= 24 else (0,))
    near = [np.roll(samples, shift, axis=1) for shift in reach]
    return np.concatenate([part.transpose(0, 2, 1) for part in near], axis=1)


def _alike(history: History, binned: FloatArray) -> FloatArray:
    """Return the table of what was measured at like times, days alike counting most."""
    recent = history.weight
    daily = _smoothed(recent @ binned.mean(axis=2) / recent.sum(), 5)
    scale = np.maximum(daily, _SCALE_FLOOR * daily.mean() + 1e-12)[:, None]
    pooled = _pooled(binned / scale) * scale[:, 0]  # neighbours on the level of the bin itself
    days, near, bins = pooled.shape
    values = np.ascontiguousarray(pooled.reshape(days * near, bins).T)
    order = np.argsort(values, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    day_of = order // near
    other = _OTHER_CLASS / (1 + _contrast(history, binned))
    out = []
    for ahead in range(7):
        alike = history.weekend == history.next_weekend[ahead]
        same = (history.age + 1 + ahead) % 7 == 0
        weight = recent * np.where(same, 1.0, np.where(alike, _SAME_CLASS, other))
        out.append(_with_tail(_sorted_quantiles(values, weight[day_of]), samples=days * near))
    return np.concatenate(out, axis=1)


def _profiled(history: History, binned: FloatArray) -> FloatArray:
    """Return the table of a weekly profile and its relative errors."""
    days, bins, picks = binned.shape
    weeks = days // 7
    recent = history.weight
    level = binned.mean(axis=2)  # (days, bins)
    daily = _smoothed(recent @ level / recent.sum(), 5)
    usual = _by_class(history, level, daily, _contrast(history, binned))
    weight = recent[-7 * weeks :].reshape(weeks, 7)[:, :, None]
    off = np.stack([_smoothed(day, 5) for day in level[-7 * weeks :]]).reshape(weeks, 7, bins)
    off -= usual
    prior = _prior_weeks(off)
    known = weight.sum(axis=0)
    profile = usual + (weight * off).sum(axis=0) / (known + prior)
    scale = np.maximum(daily, _SCALE_FLOOR * daily.mean() + 1e-12)
    if weeks > 1:  # judge each week by a profile that has not seen it
        others = (weight * off).sum(axis=0) - weight * off
        unseen = usual + others / (known - weight + prior)
    else:
        others = level.sum(axis=0) - level[-7:]
        unseen = np.stack([_smoothed(day, 5) for day in others / (days - 1)]) + usual - daily
        unseen = unseen[None]
    seen = binned[-7 * weeks :].reshape(weeks, 7, bins, picks)
    errors = ((seen - unseen[..., None]) / scale[:, None]).reshape(weeks * 7, bins, picks)
    pooled = _pooled(errors)
    weights = np.repeat(recent[-7 * weeks :], pooled.shape[1])
    values = np.ascontiguousarray(pooled.reshape(-1, bins).T)
    spread = weighted_quantiles(values, np.broadcast_to(weights, values.shape))
    spread = _with_tail(spread, samples=weights.size)
    centre = profile.ravel()
    return np.asarray(np.maximum(centre + np.tile(spread * scale, 7), 0))


def _contrast(history: History, binned: FloatArray) -> float:
    """Return how much weekends differ from working days: variance between over variance within.

    What chance alone would show is taken off; 0 where one of the two was never seen.
    """
    level = binned.mean(axis=2)
    off = history.weekend == 1
    if not 0 < off.sum() < off.size:
        return 0.0
    groups = (level[off], level[~off])
    within: float = sum(float(((g - g.mean(axis=0)) ** 2).sum()) for g in groups)
    within /= max(off.size - 2, 1) * level.shape[1]
    between = float(((groups[0].mean(axis=0) - groups[1].mean(axis=0)) ** 2).mean())
    chance = 1 / len(groups[0]) + 1 / len(groups[1])
    return max(between / max(within, 1e-12) - chance, 0.0)


def _by_class(
    history: History, level: FloatArray, daily: FloatArray, contrast: float
) -> FloatArray:
    """Return the expected profile of each coming day, shape (7, bins).

    The profile of its class (weekend or not) as far as the classes differ, else of any day.
    """
    out = np.tile(daily, (7, 1))
    for ahead, kind in enumerate(history.next_weekend):
        alike = history.weekend == kind
        if alike.any():
            own = _smoothed(level[alike].mean(axis=0), 5)
            out[ahead] += contrast / (1 + contrast) * (own - level.mean(axis=0))
    return out


def _prior_weeks(off: FloatArray) -> float:
    """Return how many weeks the daily profile counts against the weekly one.

    The more the same slot's deviation repeats from week to week, the fewer: noise over signal
    variance, blended with what is usual by how many weeks were seen.
    """
    weeks = off.shape[0]
    if weeks == 1:
        return _WEEK_PRIOR
    squares = (off**2).sum(axis=0)
    signal = float(((off.sum(axis=0) ** 2 - squares) / (weeks * (weeks - 1))).mean())
    noise = max(float((off**2).mean()) - signal, 0.0)
    measured: float = min(max(noise / max(signal, 1e-12), 0.05), 20.0)
    return float(np.exp((np.log(measured) * (weeks - 1) + np.log(_WEEK_PRIOR)) / weeks))


def _smoothed(curve: FloatArray, width: int) -> FloatArray:
    """Return the running mean of a day's curve, midnight joined to midnight; `width` is odd."""
    half = min(width, curve.size) // 2
    if half == 0:
        return curve
    around = np.concatenate([curve[-half:], curve, curve[:half]])
    return np.convolve(around, np.ones(2 * half + 1) / (2 * half + 1), "valid")
