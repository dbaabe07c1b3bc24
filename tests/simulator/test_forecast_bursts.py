"""Demand inside a step: its size judged by the steps around, its mean kept."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.bursts import inner_deviation, inner_patterns, inner_variances
from tfopt_sim.forecast import fit
from tfopt_sim.types import Demand, FloatArray

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def rough_minutes(days: int, sigma: float) -> FloatArray:
    """Minutes whose logarithm is noise of the same size at every scale from 1 to 64 minutes."""
    rng = np.random.default_rng(0)
    size = days * 1440
    noise = sum(
        np.repeat(rng.standard_normal(size // scale + 1), scale)[:size]
        for scale in (1, 2, 4, 8, 16, 32, 64)
    )
    return np.asarray(1e4 * np.exp(sigma * noise))


def coarse(minutes: FloatArray, per: int) -> Demand:
    return Demand(MONDAY, 60 * per, minutes.reshape(-1, per).mean(axis=1))


@pytest.mark.parametrize("per", [5, 15, 30])
def test_judges_the_minutes_by_the_steps(per: int) -> None:
    """The deviation of minutes inside a step is found within a factor of two."""
    minutes = rough_minutes(10, 0.1)
    steps = minutes.reshape(-1, per)
    true = float((steps / steps.mean(axis=1, keepdims=True)).std())
    found = inner_deviation(inner_variances(coarse(minutes, per)))
    assert 0.5 < found / true < 2


def test_smooth_days_have_smooth_minutes() -> None:
    """A wave without noise leaves next to nothing inside a step."""
    wave = 1e4 * (1.5 - np.cos(2 * np.pi * np.arange(14_400) / 1440))
    assert inner_deviation(inner_variances(coarse(wave, 15))) < 0.02


def test_arrivals_are_no_bursts() -> None:
    """Counts that are Poisson around a constant rate: the simulator adds that noise, not this."""
    counts = np.random.default_rng(1).poisson(60.0, 14_400) / 60
    assert inner_deviation(inner_variances(coarse(counts, 5))) < 0.05


def test_a_minute_has_nothing_inside() -> None:
    """At 60 s there is no step to look into."""
    assert inner_variances(Demand(MONDAY, 60, rough_minutes(2, 0.1))).size == 0


def test_patterns_have_the_stated_size_and_mean_one() -> None:
    """Every example keeps its step's mean; together they vary as stated."""
    variances = np.array([0.01, 0.01, 0.01])
    patterns = inner_patterns(np.random.default_rng(2), variances, 8)
    assert patterns.mean(axis=1) == pytest.approx(1)
    assert patterns.std() == pytest.approx(np.sqrt(0.03 * 7 / 8), rel=0.15)


def test_sampled_minutes_vary_and_keep_their_step() -> None:
    """Minutes of a bursty five-minute history vary inside a step; the step's mean does not move."""
    model = fit(coarse(rough_minutes(14, 0.15), 5))
    paths = model.sample(np.random.default_rng(3), 20, 86_400, 60).reshape(20, 288, 5)
    inside = (paths / paths.mean(axis=2, keepdims=True)).std()
    assert inside == pytest.approx(model.inner_deviation, rel=0.3)
    same = model.sample(np.random.default_rng(3), 20, 86_400, 300)
    assert np.median(paths.mean(axis=(1, 2))) == pytest.approx(np.median(same), rel=0.3)
