"""The traffic model: its quantiles, its sample paths, and histories that hold little or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.forecast import DemandModel, backtest, fit, skill
from tfopt_sim.risk import LevelRisk
from tfopt_sim.types import Demand, FloatArray

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK_S = 7 * 86_400


def daily_wave(days: float, step_s: int = 300, noise: float = 0.1, seed: int = 0) -> Demand:
    """100 rps on average, 2.5 : 1 between noon and midnight, autocorrelated relative noise."""
    size = round(days * 86_400 / step_s)
    t = np.arange(size) * step_s / 86_400
    rng = np.random.default_rng(seed)
    wander = np.zeros(size)
    for i, shock in enumerate(rng.standard_normal(size)):
        wander[i] = 0.9 * wander[i - 1] + noise * np.sqrt(1 - 0.81) * shock if i else noise * shock
    return Demand(MONDAY, step_s, (100 - 43 * np.cos(2 * np.pi * t)) * np.exp(wander))


def level_stands(model: DemandModel) -> DemandModel:
    """Return the model as if its level could neither wander nor shift."""
    return replace(model, risk=LevelRisk(0.0, 0.0, shifts=0.0))


def autocorrelation(x: FloatArray, lag: int) -> float:
    centred = x - x.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


def test_starts_where_the_history_ends() -> None:
    """The first forecast step is the first moment that was not measured."""
    model = fit(daily_wave(14))
    assert model.start == MONDAY + timedelta(days=14)
    assert model.step_s == 300


def test_quantiles_rise_with_their_level() -> None:
    """A higher level never gives less demand."""
    quantiles = fit(daily_wave(14)).quantiles([0.01, 0.1, 0.5, 0.9, 0.99], 2016)
    assert quantiles.shape == (5, 2016)
    assert (np.diff(quantiles, axis=0) >= 0).all()
    assert (quantiles >= 0).all()


def test_median_follows_the_hour_of_day() -> None:
    """The median is the wave that made the history, within a few per cent."""
    median = fit(daily_wave(28)).quantiles([0.5], 288)[0]
    wave = 100 - 43 * np.cos(2 * np.pi * np.arange(288) / 288)
    assert np.abs(median / wave - 1).mean() < 0.05


def test_weekend_differs_where_history_says_so() -> None:
    """Four weeks with half-empty weekends forecast a half-empty weekend."""
    demand = daily_wave(28)
    weekday = (np.arange(demand.rps.size) // 288) % 7
    rps = np.where(weekday >= 5, 0.5, 1.0) * demand.rps
    median = fit(Demand(MONDAY, 300, rps)).quantiles([0.5], 2016)[0].reshape(7, 288).mean(axis=1)
    assert median[5:].mean() / median[:5].mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("days", [5, 14])
@pytest.mark.parametrize("level", [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
def test_paths_have_the_quantiles_of_the_model(level: float, days: int) -> None:
    """The share of sampled demand below a quantile is its level, on the first day and the last."""
    model = fit(daily_wave(days, step_s=900))
    paths = model.sample(np.random.default_rng(1), 1000, WEEK_S, 900)
    curve = model.quantiles([level], 672)[0]
    under, up_to = (
        inside.reshape(1000, 7, 96).mean(axis=(0, 2)) for inside in (paths < curve, paths <= curve)
    )
    slack = 0.005 + 0.15 * min(level, 1 - level)
    assert (under < level + slack).all(), under
    assert (up_to > level - slack).all(), up_to  # apart from `under` where demand may be gone


def test_paths_remember_as_the_history_does() -> None:
    """Autocorrelation of the deviations at half an hour is kept: paths are no independent noise."""
    history = daily_wave(14)
    wave = 100 - 43 * np.cos(2 * np.pi * np.arange(2016) / 288)
    past = autocorrelation(np.log(history.rps[:2016] / wave), 6)
    model = level_stands(fit(history))
    paths = model.sample(np.random.default_rng(2), 40, WEEK_S, 300)
    future = np.mean([autocorrelation(np.log(path / wave), 6) for path in paths])
    assert future == pytest.approx(past, abs=0.15)
    assert future > 0.3


def test_bursts_of_the_history_come_back() -> None:
    """A history with rare tenfold minutes yields paths with such minutes, about as often."""
    demand = daily_wave(14, step_s=60, noise=0.02)
    bursts = np.random.default_rng(3).random(demand.rps.size) < 0.004
    bursty = Demand(MONDAY, 60, np.where(bursts, 10.0, 1.0) * demand.rps)
    paths = level_stands(fit(bursty)).sample(np.random.default_rng(4), 50, WEEK_S)
    past, future = (bursty.rps > 400).mean(), (paths > 400).mean()
    assert 0.5 * past < future < 2 * past


def test_same_seed_same_paths() -> None:
    """Two identical runs are equal, another seed is not."""
    demand = daily_wave(7)
    first, again, other = (
        fit(demand).sample(np.random.default_rng(seed), 5, 86_400) for seed in (7, 7, 8)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_finer_paths_keep_the_mean_of_each_step() -> None:
    """One-minute paths of smooth days average to the five-minute paths of the same draw."""
    model = replace(fit(daily_wave(7)), inner=np.zeros(2))
    fine = model.sample(np.random.default_rng(5), 10, WEEK_S, 60)
    coarse = model.sample(np.random.default_rng(5), 10, WEEK_S, 300)
    assert fine.shape == (10, 10_080)
    assert np.allclose(fine.reshape(10, 2016, 5).mean(axis=2), coarse)
    assert np.abs(np.diff(fine)).max() < np.abs(np.diff(coarse)).max()


@pytest.mark.parametrize(("own", "wanted"), [(60, 300), (300, 60), (420, 60), (90, 60), (3600, 60)])
def test_any_step_becomes_any_other(own: int, wanted: int) -> None:
    """Steps that do not divide each other, or the day, keep the mean demand all the same."""
    model = level_stands(fit(daily_wave(8, step_s=own)))
    paths = model.sample(np.random.default_rng(0), 30, WEEK_S, wanted)
    assert paths.shape == (30, WEEK_S // wanted)
    assert paths.mean() == pytest.approx(100, rel=0.1)


def test_seconds_are_averaged_to_minutes() -> None:
    """A history finer than the simulator's minute is read at one minute."""
    assert fit(daily_wave(0.2, step_s=1)).step_s == 60


def relative_width(demand: Demand) -> float:
    low, high = fit(demand).quantiles([0.05, 0.95], 288)
    return float((high - low).mean() / np.nanmean(demand.rps))


def test_short_histories_are_less_sure() -> None:
    """Bands widen as history shrinks: two weeks, a day and a half, five hours."""
    flat = Demand(MONDAY, 300, 100 + np.random.default_rng(0).standard_normal(4032))
    widths = [relative_width(Demand(MONDAY, 300, flat.rps[:size])) for size in (4032, 432, 60)]
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] > 0.8  # five hours say nothing of the other nineteen


def test_constant_history_stays_constant() -> None:
    """Demand that never moved is forecast not to move."""
    paths = fit(Demand(MONDAY, 300, np.full(4032, 5.0))).sample(
        np.random.default_rng(0), 20, WEEK_S
    )
    assert paths == pytest.approx(5.0, rel=1e-6)


def test_silent_history_stays_silent() -> None:
    """No request in two weeks: none forecast, and no skill to speak of."""
    silent = Demand(MONDAY, 300, np.zeros(4032))
    assert fit(silent).sample(np.random.default_rng(0), 20, WEEK_S).max() == 0
    assert skill(silent) is None


def test_gaps_do_not_move_the_forecast() -> None:
    """Five missing days leave the median where it was, within 5 %."""
    demand = daily_wave(21)
    holed = demand.rps.copy()
    holed[1000:2440] = np.nan
    whole = fit(demand).quantiles([0.5], 2016)
    assert fit(Demand(MONDAY, 300, holed)).quantiles([0.5], 2016).mean() == pytest.approx(
        whole.mean(), rel=0.05
    )


def test_nothing_measured_is_refused() -> None:
    """Only gaps: there is nothing to forecast from."""
    with pytest.raises(ValueError, match="without a single measurement"):
        fit(Demand(MONDAY, 300, np.full(100, np.nan)))


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(1, 700),
    step_s=st.sampled_from([60, 300, 420, 900, 3600, 86_400]),
    scale=st.sampled_from([0.0, 1e-6, 1.0, 1e7]),
    gap=st.floats(0, 0.9),
    seed=st.integers(0, 1000),
)
def test_any_history_gives_finite_paths(
    size: int, step_s: int, scale: float, gap: float, seed: int
) -> None:
    """Whatever was measured, paths and quantiles are finite and not negative."""
    rng = np.random.default_rng(seed)
    rps = scale * rng.pareto(1.5, size)
    rps[1:][rng.random(size - 1) < gap] = np.nan
    model = fit(Demand(MONDAY, step_s, rps))
    paths = model.sample(rng, 3, 86_400, 300)
    assert paths.shape == (3, 288)
    for values in (paths, model.quantiles([0.01, 0.5, 0.99], 10)):
        assert np.isfinite(values).all()
        assert (values >= 0).all()


def test_skill_tells_signal_from_luck() -> None:
    """Noisy days whose mean is worth knowing beat repeating last week."""
    tested = backtest(daily_wave(28, noise=0.3))
    assert tested is not None
    assert tested.skill > 0.1
    assert 0.75 < tested.coverage_80 < 0.95
    assert 0.87 < tested.coverage_90 < 0.99
    assert tested.coverage_98 > 0.95
    assert (tested.horizon_s, tested.origins) == (WEEK_S, 3)


def test_backtest_uses_four_origins_of_a_long_history() -> None:
    """Six weeks are tested from four moments, and each one is reported."""
    told: list[tuple[int, int]] = []
    tested = backtest(daily_wave(42, step_s=3600), report=lambda *done: told.append(done))
    assert tested is not None
    assert tested.origins == 4
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_backtest_passes_over_weeks_without_measurement() -> None:
    """A week that is one gap tells nothing: the other origins are tested."""
    demand = daily_wave(28, step_s=3600)
    demand.rps[14 * 24 : 21 * 24] = np.nan
    tested = backtest(demand)
    assert tested is not None
    assert tested.origins == 2
    assert np.isfinite([tested.skill, tested.coverage_80, tested.coverage_98]).all()


@pytest.mark.parametrize(("days", "horizon_days"), [(3.1, 1), (10, 3), (14, 7), (20, 7)])
def test_backtest_takes_the_longest_horizon_that_fits(days: float, horizon_days: int) -> None:
    """A third of a short history, a week of a long one."""
    tested = backtest(daily_wave(days))
    assert tested is not None
    assert tested.horizon_s == horizon_days * 86_400


def test_no_skill_below_three_days() -> None:
    """Two days cannot be split into history and test."""
    assert skill(daily_wave(2.9)) is None
