"""Follows the level of demand from day to day: where it stands, how it wanders, what days are odd.

The local-level model (Harvey 1989: a random walk seen through noise) on the logarithm of daily
means. How much of the movement is walk is not picked but averaged over, each share of walk weighted
by its marginal likelihood: few days move little, a level that jumped and stayed is followed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfopt_sim.types import FloatArray

FEWEST_DAYS = 4  # below, nothing can be said of the level's movement
_WALK_SHARES = np.array([0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])  # walk over noise variance
_PASSES = 2  # of re-weighting odd days
_TREND_MEMORY_DAYS = 7.0  # a trend fades within this time
_EVIDENCE = 9.0  # a trend counts from three standard errors on
_ODD = 2.0  # deviations from the level beyond which a day loses weight
_FLOOR, _REACH = 0.05, 1.5  # of the median, of its logarithm: an outage is no level
_FOLLOWED, _FAR = 0.7, 5.0  # share of small moves; noise deviations that are no longer small
_TRUST = 4.0  # origins that believing the model's own variance is worth
_PER_ORIGIN = 2.0  # seven errors from one origin share most of what they say
_MEDIAN_SQUARE = 0.45  # median of a squared standard normal


@dataclass(frozen=True, slots=True)
class Level:
    """The level behind each day's mean, in logarithms, weekdays taken off."""

    days: FloatArray  # (days,), last: where the level stands
    walk_var: float  # variance that the level gains per day
    noise_var: float  # variance of a day around its level
    oddness: FloatArray  # (days,) ≥ 1, times the noise variance: outages, crowds, holidays
    trend: float = 0.0  # change per day, as far as it is more than wandering


def moved_since(level: Level) -> FloatArray:
    """Return what each past day's logarithm must gain to stand where the level is now, (days,).

    Small moves may be chance, and a part of them is left in; moves far beyond a day's noise go in
    full.
    """
    moved = level.days[-1:] - level.days
    beyond = np.abs(moved) / (_FAR * np.sqrt(level.noise_var) + 1e-9) - 1
    return np.asarray(moved * (_FOLLOWED + (1 - _FOLLOWED) * np.clip(beyond, 0, 1)))


def follow_level(means: FloatArray, weekend: FloatArray) -> Level:
    """Return the level behind daily means (days,), their class given as in `History`."""
    calm = calm_levels(means, weekend)
    oddness = np.ones(calm.size)
    if calm.size < FEWEST_DAYS:
        return Level(np.zeros(calm.size), 0.0, 0.0, oddness)
    days, walk, noise = _posterior(calm, oddness)
    for _ in range(_PASSES):
        off = np.abs(calm - days)
        usual = 1.4826 * float(np.median(off)) + 1e-9
        oddness = np.maximum(1.0, (off / (_ODD * usual)) ** 2)
        days, walk, noise = _posterior(calm, oddness)
    return Level(days, walk, noise, oddness, _trend(calm, oddness, walk, noise))


def _trend(calm: FloatArray, oddness: FloatArray, walk: float, noise: float) -> float:
    """Return the slope that both of the last two weeks share, as far as chance does not give it.

    A shift has a slope over a fortnight but none in at least one of its weeks. Positive-part
    James–Stein with the variance that a walk seen through noise gives a slope.
    """
    if calm.size < 14:
        return 0.0
    day = np.arange(7) - 3.0
    slopes = []
    for week in (slice(-14, -7), slice(-7, None)):
        weight = 1 / oddness[week]
        off = day - float(np.average(day, weights=weight))
        slopes.append(float((weight * off) @ calm[week]) / float((weight * off) @ off))
    if slopes[0] * slopes[1] <= 0:
        return 0.0
    slope = sum(slopes) / 2
    shared = float(np.copysign(min(map(abs, slopes)), slope))
    variance = 0.6 * max(walk - slope**2, 0.1 * walk) / 7 + noise / 56
    return shared * max(0.0, 1 - _EVIDENCE * variance / slope**2)


def surprise(means: FloatArray, weekend: FloatArray, least_var: float) -> float:
    """Return how many times the stated variance past forecasts of the level were off.

    Split conformal on normalised errors: from one and two weeks back the level is followed with
    what was known then, and the squared errors of the week that came are taken relative to their
    stated variance. The model's own word counts as much as two origins, so a short history gives 1.

    Args:
        means: daily means, shape (days,).
        weekend: class of each day.
        least_var: variance per day ahead that is assumed in any case.
    """
    calm = calm_levels(means, weekend)
    ahead: FloatArray = np.arange(7, dtype=np.float64) + 0.5
    total = weight = _TRUST
    for cut in (means.size - 7, means.size - 14):
        if cut < FEWEST_DAYS + 1:
            break
        then = follow_level(means[:cut], weekend[:cut])
        offset = float(np.median(calm[:cut] - calm_levels(means[:cut], weekend[:cut])))
        error = calm[cut : cut + 7] - then.days[-1] - offset - damped(then.trend, ahead)
        stated = (then.walk_var + least_var) * ahead + then.noise_var + 1e-9
        total += _PER_ORIGIN * min(float(np.median(error**2 / stated)) / _MEDIAN_SQUARE, 25.0)
        weight += _PER_ORIGIN
    return total / weight


def damped(trend: float, days: FloatArray) -> FloatArray:
    """Return what a trend adds to the logarithm of the level so many days ahead."""
    return np.asarray(trend * _TREND_MEMORY_DAYS * -np.expm1(-days / _TREND_MEMORY_DAYS))


def calm_levels(means: FloatArray, weekend: FloatArray) -> FloatArray:
    """Return log daily means relative to their median, without what the weekday explains."""
    positive = means[means > 0]
    middle = float(np.median(positive)) if positive.size else 1.0
    level = np.log(np.maximum(means / middle, _FLOOR))
    level = np.clip(level, -_REACH, _REACH)
    flat = level - _weekly_rise(level) * np.arange(level.size)  # a trend is no weekday's doing
    by_class = level - _class_effect(flat, weekend)
    if level.size < 14:
        return by_class
    by_weekday = level - _weekday_effect(flat)
    return by_weekday if by_weekday.var() < by_class.var() else by_class


def _weekly_rise(level: FloatArray) -> float:
    """Return the rise per day, from the median rise over a week."""
    return float(np.median(level[7:] - level[:-7])) / 7 if level.size >= 14 else 0.0


def _class_effect(level: FloatArray, weekend: FloatArray) -> FloatArray:
    """Return what each day's class (weekend or not) adds; a lone day explains nothing."""
    out = np.zeros(level.size)
    for kind in (0.0, 1.0):
        alike = weekend == kind
        if 2 <= alike.sum() < level.size:
            out[alike] = level[alike].mean() - level.mean()
    return out


def _weekday_effect(level: FloatArray) -> FloatArray:
    """Return what each day's weekday adds: medians, shrunk by how well they repeat."""
    weekday = (np.arange(level.size) - level.size) % 7
    middle = np.array([np.median(level[weekday == day]) for day in range(7)])
    count = np.bincount(weekday, minlength=7)
    noise = float((level - middle[weekday]).var()) * level.size / max(level.size - 7, 1)
    signal = max(float(middle.var()) - noise / count.mean(), 0.0)
    share = signal / (signal + noise / count + 1e-12)
    return np.asarray((share * (middle - middle.mean()))[weekday])


def _posterior(level: FloatArray, oddness: FloatArray) -> tuple[FloatArray, float, float]:
    """Return the expected level of each day, and the variances of walk and noise.

    Gaussian algebra on at most `MAX_DAYS` days, one covariance per share of walk; mean and scale
    are integrated out (restricted likelihood).
    """
    days = np.arange(level.size)
    walk = np.minimum(days[:, None], days)
    shares = _WALK_SHARES[:, None, None]
    inverse = np.linalg.inv(np.diag(oddness) + shares * walk)
    information = inverse.sum(axis=(1, 2))
    mean = (inverse @ level).sum(axis=1) / information
    off = level - mean[:, None]
    weighed = (inverse @ off[:, :, None])[:, :, 0]
    scale = (off * weighed).sum(axis=1) / (level.size - 1)
    fit = np.linalg.slogdet(inverse)[1] - np.log(information)
    likelihood = 0.5 * (fit - (level.size - 1) * np.log(scale + 1e-12))
    chance = np.exp(likelihood - likelihood.max())
    chance /= chance.sum()
    expected = mean[:, None] + _WALK_SHARES[:, None] * (weighed @ walk)
    return (
        np.asarray(chance @ expected),
        float(chance @ (scale * _WALK_SHARES)),
        float(chance @ scale),
    )
