"""The level of demand: followed where it moved, left where a day was odd, and its risk ahead."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.forecast import fit
from tfopt_sim.levels import follow_level, surprise
from tfopt_sim.risk import LevelRisk
from tfopt_sim.types import Demand, FloatArray

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOURS = 168
NO_MORE = np.zeros(HOURS)
AHEAD = (np.arange(HOURS) + 0.5) / 24


def days_of(levels: FloatArray, noise: float = 0.03, seed: int = 0) -> Demand:
    """Hourly demand with a day's wave on the given level of each day."""
    rng = np.random.default_rng(seed)
    wave = 1 - 0.4 * np.cos(2 * np.pi * np.arange(24) / 24)
    rps = (levels[:, None] * wave).ravel() * np.exp(noise * rng.standard_normal(levels.size * 24))
    return Demand(MONDAY, 3600, rps)


def median_level(demand: Demand) -> FloatArray:
    return fit(demand).quantiles([0.5], HOURS)[0].reshape(7, 24).mean(axis=1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_follows_a_shift(factor: float) -> None:
    """A level that jumped a week ago is forecast where it stands, not where it was."""
    levels = np.where(np.arange(28) < 21, 100.0, 100.0 * factor)
    assert median_level(days_of(levels)) == pytest.approx(100 * factor, rel=0.08)


def test_an_odd_day_moves_nothing_but_stays_in_the_tail() -> None:
    """One day of triple demand leaves the median; that it may happen again shows at 99.5 %."""
    levels = np.full(28, 100.0)
    calm = fit(days_of(levels)).quantiles([0.5, 0.995], 24)
    levels[18] = 300.0
    crowd = fit(days_of(levels)).quantiles([0.5, 0.995], 24)
    assert crowd[0].mean() == pytest.approx(calm[0].mean(), rel=0.05)
    assert crowd[1].mean() > 1.5 * calm[1].mean()


def test_trend_goes_on_and_fades() -> None:
    """Three per cent a day goes on for the coming days, by less than a straight line."""
    ahead = median_level(days_of(100 * 1.03 ** np.arange(28.0)))
    last = 100 * 1.03**27
    assert 0.95 * last < ahead[-1] < 1.03**7 * last
    assert (np.diff(ahead) > 0).all()
    assert ahead[-1] > 1.05 * ahead[0]


def test_noise_is_no_trend() -> None:
    """Days that vary by chance have no slope that is acted on."""
    rng = np.random.default_rng(1)
    slopes = [
        follow_level(100 * np.exp(0.05 * rng.standard_normal(28)), np.zeros(28)).trend
        for _ in range(40)
    ]
    assert np.mean(np.array(slopes) != 0) < 0.15


def test_surprised_forecasts_widen() -> None:
    """A level that jumps beyond what it had shown makes the stated variance doubtful."""
    steady = 100 * np.exp(0.02 * np.random.default_rng(2).standard_normal(28))
    moved = steady * np.where(np.arange(28) < 20, 1.0, 2.0)
    usual, doubtful = (surprise(means, np.zeros(28), 1e-4) for means in (steady, moved))
    assert usual < 1.5
    assert doubtful > 2 * usual


def test_short_history_is_not_surprised() -> None:
    """Without a week to test on, the model's own variance stands."""
    assert surprise(np.full(6, 100.0), np.zeros(6), 1e-4) == 1.0


def test_wandering_has_the_stated_tail() -> None:
    """Days ahead, wandering is Student's t with 4 degrees of freedom: 95 % within ± 2.776 σ."""
    risk = LevelRisk(walk_var=0.0004, now_var=0.0, shifts=0.0)
    paths = risk.paths(np.random.default_rng(3), 20_000, AHEAD, NO_MORE)
    sigma = np.sqrt(0.0004 * (0.5 + AHEAD[-1]))
    assert (paths[:, -1] < 1 + 2.776 * sigma).mean() == pytest.approx(0.975, abs=0.004)
    assert np.median(paths[:, -1]) == pytest.approx(1, abs=0.002)


def test_atoms_are_the_paths_in_short() -> None:
    """Chances add to one; mean and share of great shifts are those of many paths."""
    risk = LevelRisk(walk_var=0.001, now_var=0.01, trend=0.02)
    factors, chances = risk.atoms(AHEAD, NO_MORE)
    paths = risk.paths(np.random.default_rng(4), 20_000, AHEAD, NO_MORE)
    assert chances.sum(axis=0) == pytest.approx(1)
    assert (factors * chances).sum(axis=0) == pytest.approx(paths.mean(axis=0), rel=0.02)
    great = (chances * (factors > 1.7)).sum(axis=0)
    assert great == pytest.approx((paths > 1.7).mean(axis=0), abs=0.01)
    assert chances[-1] == pytest.approx((paths == 0).mean(axis=0), abs=0.005)  # demand gone


def test_risk_grows_with_the_distance() -> None:
    """The band a week ahead is wider than tomorrow's."""
    low, high = fit(days_of(np.full(21, 100.0), noise=0.1)).quantiles([0.05, 0.95], HOURS)
    width = (high - low).reshape(7, 24).mean(axis=1)
    assert width[-1] > 1.15 * width[0]
