"""Known events and the calendar: out of the past, into the future, and only on evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tfopt_sim.events import Event
from tfopt_sim.forecast import backtest, fit
from tfopt_sim.seasons import calendar_factors
from tfopt_sim.types import Demand, FloatArray

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def hourly(days: int, factors: dict[int, float] | None = None) -> Demand:
    """100 rps with 5 % noise; whole days multiplied as told."""
    rps = 100 * np.exp(0.05 * np.random.default_rng(0).standard_normal((days, 24)))
    for day, factor in (factors or {}).items():
        rps[day] *= factor
    return Demand(MONDAY, 3600, rps.ravel())


def on(day: int, name: str = "", factor: float | None = None) -> Event:
    return Event(MONDAY + day * DAY, MONDAY + (day + 1) * DAY, name, factor)


def median_days(demand: Demand, *events: Event) -> FloatArray:
    return fit(demand, events).quantiles([0.5], 168)[0].reshape(7, 24).mean(axis=1)


def test_past_event_leaves_what_is_usual() -> None:
    """Named, a past day of four times the demand leaves even the tail as it would have been."""
    plain = fit(hourly(28)).quantiles([0.5, 0.99], 168)
    named = fit(hourly(28, {20: 4.0}), [on(20, "sale")]).quantiles([0.5, 0.99], 168)
    assert named.mean(axis=1) == pytest.approx(plain.mean(axis=1), rel=0.05)


def test_coming_event_does_what_the_last_one_did() -> None:
    """Three times the demand at the last sale: three times at the next, and less sure."""
    demand = hourly(28, {10: 3.0})
    events = [on(10, "sale"), on(30, "sale")]
    days = median_days(demand, *events)
    assert days[2] / days[1] == pytest.approx(3.0, rel=0.1)
    low, high = fit(demand, events).quantiles([0.05, 0.95], 168)
    width = ((high - low) / days.repeat(24)).reshape(7, 24).mean(axis=1)
    assert width[2] > 2 * width[1]


def test_stated_factor_outranks_the_past() -> None:
    """Who says what a coming event will do is believed."""
    days = median_days(hourly(28, {10: 3.0}), on(10, "sale"), on(30, "sale", factor=1.5))
    assert days[2] / days[1] == pytest.approx(1.5, rel=0.05)


def test_paths_hold_the_event() -> None:
    """Sampled futures carry the event as the quantiles do."""
    model = fit(hourly(28), [on(30, factor=2.0)])
    paths = model.sample(np.random.default_rng(0), 400, 7 * 86_400, 3600).reshape(400, 7, 24)
    median = np.median(paths.mean(axis=2), axis=0)
    assert median[2] / median[1] == pytest.approx(2.0, rel=0.05)


def test_unheard_of_event_is_refused() -> None:
    """A coming event without a factor and without a past cannot be forecast."""
    with pytest.raises(ValueError, match="no past event named 'launch'"):
        fit(hourly(28), [on(30, "launch")])


def test_backtest_leaves_events_out() -> None:
    """A named day of eight times the demand spoils neither loss nor coverage of the test."""
    plain = backtest(hourly(28))
    named = backtest(hourly(28, {24: 8.0}), [on(24, "sale")])
    unnamed = backtest(hourly(28, {24: 8.0}))
    assert plain is not None
    assert named is not None
    assert unnamed is not None
    assert named.coverage_98 == pytest.approx(plain.coverage_98, abs=0.02)
    assert named.coverage_98 > unnamed.coverage_98 + 0.02


def means(days: int, noise: float = 0.04, seed: int = 1) -> FloatArray:
    return np.asarray(100 * np.exp(noise * np.random.default_rng(seed).standard_normal(days)))


def test_pay_day_recurs() -> None:
    """Six months with half again as much on every 25th: the next 25th is raised, nothing else."""
    end = datetime(2026, 7, 20, tzinfo=UTC)
    daily = means(180)
    dates = [end - (180 - k) * DAY for k in range(180)]
    daily *= np.where([date.day == 25 for date in dates], 1.5, 1.0)
    factors = calendar_factors(daily, end, 7)
    assert factors[5] == pytest.approx(1.5, rel=0.15)
    assert np.delete(factors, 5) == pytest.approx(1, abs=0.06)


def test_last_years_festival_comes_back() -> None:
    """Fourteen months whose weeks repeat a year later: last year's peak is expected again."""
    daily = means(430)
    swing = np.exp(0.3 * np.random.default_rng(2).standard_normal(364 + 7))
    daily[: 364 + 7] *= swing
    daily[364:] *= np.resize(swing, 66)
    ahead = calendar_factors(daily, MONDAY, 7)
    expected = swing[430 - 364 : 430 - 364 + 7]
    assert np.corrcoef(np.log(ahead), np.log(expected))[0, 1] > 0.9


@pytest.mark.parametrize("days", [60, 200, 500])
def test_no_season_without_evidence(days: int) -> None:
    """Noise recurs by no calendar: every factor is one."""
    found = [calendar_factors(means(days, 0.2, seed), MONDAY, 14) for seed in range(20)]
    assert np.mean([np.ptp(factors) > 0 for factors in found]) <= 0.05
