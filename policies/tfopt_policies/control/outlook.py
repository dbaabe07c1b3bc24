"""Short-term forecasts: what a controller expects of the minutes that its orders take to serve.

Causal and cheap: the profile of the days before, corrected by how far the last minutes are off it.
How long such a deviation lasts is fitted on the group's own days before (ridge on logarithms).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfopt_sim.types import FloatArray

DAY = 1440
_SMOOTH = 15  # minutes: the profile of a day is smoothed over
_FAST, _SLOW = 3, 30  # minutes: spans of the two deviations
_RIDGE = 1e-2
_LEAST = 0.02  # of the mean: demand below counts as this much, so that ratios stay finite


class Outlook(NamedTuple):
    """What is expected at every minute of days 1…D−1, arrays of shape (N, (D−1)·1440)."""

    now: FloatArray  # demand of the minute just served, floored
    ahead: FloatArray  # expected once what is ordered now serves
    profile: FloatArray  # of this minute, by the days before
    profile_ahead: FloatArray
    profile_peak: FloatArray  # largest of the coming hour
    error: FloatArray  # standard deviation of log(demand ÷ forecast), on the days before


def outlook(rps: FloatArray, lead: int) -> Outlook:
    """Return forecasts for demand of shape (N, D·1440), `lead` minutes ahead.

    The profile of a day is the mean of all days before it; the first day has none and is left out.
    """
    count, minutes = rps.shape
    days = minutes // DAY
    floor = np.maximum(_LEAST * rps[:, :DAY].mean(axis=1, keepdims=True), 1e-9)
    demand = np.maximum(rps, floor).reshape(count, days, DAY)
    means = np.cumsum(demand, axis=1) / np.arange(1, days + 1)[:, None]
    profile = _smoothed(means[:, :-1]).reshape(count, -1)  # of days 1…, from the days before each
    # a lead at midnight looks into the profile that the next day goes by
    following = np.concatenate((profile, _smoothed(means[:, -1:]).reshape(count, -1)), axis=1)
    profile_ahead = following[:, lead : lead + profile.shape[1]]
    now = demand[:, 1:].reshape(count, -1)
    deviation = np.log(now / profile)
    fast, slow = _trailing(deviation, _FAST), _trailing(deviation, _SLOW)
    ahead, error = np.empty_like(now), np.empty_like(now)
    for day in range(days - 1):
        span = slice(day * DAY, (day + 1) * DAY)
        # weights of a day come from the days before it; the first takes common ones
        keep, spread = _fitted(deviation, fast, slow, lead, day * DAY)
        off = keep[:, :1] * fast[:, span] + keep[:, 1:] * slow[:, span]
        ahead[:, span] = profile_ahead[:, span] * np.exp(off)
        error[:, span] = spread
    peak = _coming_peak(following, profile.shape[1])
    return Outlook(now, ahead, profile, profile_ahead, peak, error)


def _fitted(
    deviation: FloatArray, fast: FloatArray, slow: FloatArray, lead: int, upto: int
) -> tuple[FloatArray, FloatArray]:
    """Return the weights (N, 2) of both deviations `lead` minutes on, and the error (N, 1)."""
    if upto <= lead + DAY // 2:
        count = deviation.shape[0]
        return np.tile([0.4, 0.5], (count, 1)), np.full((count, 1), 0.15)
    x = np.stack((fast[:, : upto - lead], slow[:, : upto - lead]), axis=2)
    y = deviation[:, lead:upto]
    gram = np.einsum("nti,ntj->nij", x, x) + _RIDGE * x.shape[1] * 0.01 * np.eye(2)
    weights = np.linalg.solve(gram, np.einsum("nti,nt->ni", x, y)[..., None])[..., 0]
    left = y - np.einsum("nti,ni->nt", x, weights)
    return weights, left.std(axis=1, keepdims=True)


def _smoothed(days: FloatArray) -> FloatArray:
    """Average each day's curve over a quarter of an hour, around midnight too."""
    total = sum(np.roll(days, k, axis=-1) for k in range(-(_SMOOTH // 2), _SMOOTH // 2 + 1))
    return np.asarray(total) / _SMOOTH


def _trailing(values: FloatArray, span: int) -> FloatArray:
    """Return the mean of the last `span` minutes, fewer at the start; shape kept."""
    sums = np.cumsum(values, axis=1)
    out = sums.copy()
    out[:, span:] -= sums[:, :-span]
    return out / np.minimum(np.arange(1, values.shape[1] + 1), span)


def _coming_peak(profile: FloatArray, minutes: int) -> FloatArray:
    """Return the largest of the profile within the coming hour."""
    peak = profile[:, :minutes].copy()
    for ahead in range(5, 65, 5):
        np.maximum(peak, profile[:, ahead : ahead + minutes], out=peak)
    return peak


def trailing_peak(values: FloatArray, span: int) -> FloatArray:
    """Return the largest of the last `span` minutes (this one included); shape kept."""
    peak, reach = values.copy(), 1
    while reach < span:
        shift = min(reach, span - reach)
        peak[:, shift:] = np.maximum(peak[:, shift:], peak[:, :-shift])
        reach += shift
    return peak
