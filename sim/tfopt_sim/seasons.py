"""Finds what recurs by the month or the year in daily means, and uses it only where it is proven.

A season counts by how well it would have foretold the days already seen: its past deviations are
regressed on what the season says of them, and without a clear slope there is no season.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from tfopt_sim.types import FloatArray

YEAR_DAYS = 364  # the same weekday a year before
LEAST_DAYS = 90  # three months: below, nothing can recur by the month
_AROUND_DAYS = 14  # the level is the median of so many days on each side …
_EDGE_DAYS = 3  # … and this many at least
_CLEAR = 4.0  # standard errors that a slope must be away from zero
_LEAST_SHARE = 0.05  # of the variance that it must explain


def calendar_factors(means: FloatArray, end: datetime, days: int) -> FloatArray:
    """Return by how much the calendar raises or lowers each coming day, shape (days,).

    Args:
        means: daily means up to `end`, oldest first; any length.
        end: first moment after them.
        days: how many days ahead.
    """
    if means.size < LEAST_DAYS or not (means > 0).any():
        return np.ones(days)
    off = _deviations(means)
    dates = [end + timedelta(days=k - means.size, hours=12) for k in range(means.size + days)]
    month_day = np.array([date.day for date in dates])
    monthly = _proven(off, _by_month_day(off, month_day))
    total = monthly
    if means.size > YEAR_DAYS + 28:
        total = total + _proven(off - monthly[: off.size], _a_year_before(off, days))
    return np.exp(total[off.size :])


def _deviations(means: FloatArray) -> FloatArray:
    """Return log daily means less the level and the weekday around them."""
    middle = float(np.median(means[means > 0]))
    level = np.log(np.maximum(means, 0.02 * middle))
    padded = np.pad(level, _AROUND_DAYS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND_DAYS + 1)
    off = level - np.nanmedian(windows, axis=1)
    weekday = np.arange(off.size) % 7
    usual = np.array([np.median(off[weekday == day]) for day in range(7)])
    return np.asarray(off - usual[weekday])


def _by_month_day(off: FloatArray, month_day: np.ndarray) -> FloatArray:
    """Return the mean deviation of the other days with the same number, for past and coming."""
    past = month_day[: off.size]
    total = np.bincount(past, weights=off, minlength=32)
    count = np.bincount(past, minlength=32)
    coming = np.arange(month_day.size) >= off.size
    own = np.concatenate([off, np.zeros(month_day.size - off.size)])
    others = count[month_day] - ~coming
    return np.asarray((total[month_day] - own) / np.maximum(others, 1) * (others >= 2))


def _a_year_before(off: FloatArray, days: int) -> FloatArray:
    """Return the deviation a year before, 0 where nothing was measured then."""
    return np.concatenate([np.zeros(YEAR_DAYS), off])[: off.size + days]


def _proven(off: FloatArray, season: FloatArray) -> FloatArray:
    """Return the season times the slope by which it foretold the past; zeros where it did not."""
    past = season[: off.size]
    told = past != 0
    power = float((past[told] ** 2).sum())
    if told.sum() < 28 or power <= 0:
        return np.zeros(season.size)
    slope = float((past[told] * off[told]).sum()) / power
    rest = off[told] - slope * past[told]
    error = float((rest**2).sum() / (told.sum() - 1) / power) ** 0.5
    explained = 1 - float((rest**2).sum()) / max(float((off[told] ** 2).sum()), 1e-300)
    if slope < _CLEAR * error or explained < _LEAST_SHARE:
        return np.zeros(season.size)
    return np.asarray(min(slope, 1.0) * season)
