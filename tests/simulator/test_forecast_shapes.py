"""Named profiles and synthetic demand: stated shapes, stated sizes, same seed same series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tfopt_sim.demand_paths import KINDS, Kind, synthetic
from tfopt_sim.profiles import NAMES, profile_demand
from tfopt_sim.types import FloatArray

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMES)
def test_profile_peaks_at_what_was_asked(name: str) -> None:
    """The week's highest step is the peak; nothing is below zero."""
    demand = profile_demand(name, 250.0, MONDAY, 14)
    assert demand.rps.size * demand.step_s == 14 * 86_400
    assert demand.rps.max() == pytest.approx(250.0)
    assert demand.rps.min() > 0


@pytest.mark.parametrize("name", NAMES)
def test_profile_follows_the_calendar(name: str) -> None:
    """Started on another day, the profile shows that day: the week is the calendar's."""
    week = profile_demand(name, 1.0, MONDAY, 7).rps
    later = profile_demand(name, 1.0, MONDAY + timedelta(days=2, hours=6), 7).rps
    assert later == pytest.approx(np.roll(week, -(2 * 288 + 72)))


def test_profiles_are_what_their_names_say() -> None:
    """Flat is flat, offices rest at weekends, evenings beat nights, bursts stand out."""
    shapes = {name: profile_demand(name, 1.0, MONDAY, 7).rps.reshape(7, 288) for name in NAMES}
    assert np.ptp(shapes["flat"]) == 0
    assert shapes["business-hours"][5:].max() < 0.15
    assert shapes["business-hours"][0, 120] > 0.9
    assert shapes["diurnal"][2, 240] > 2.5 * shapes["diurnal"][2, 40]
    bursty = shapes["bursty"].ravel()
    assert np.quantile(bursty, 0.95) < 0.6


def test_unknown_profile_names_the_known_ones() -> None:
    """A misspelt name is refused with the list."""
    with pytest.raises(ValueError, match="diurnal, business-hours, flat, bursty"):
        profile_demand("dirunal", 1.0, MONDAY, 7)


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_demand_keeps_its_promises(kind: Kind) -> None:
    """Wanted length, step and mean; never negative; same seed, same series."""
    demand = synthetic(kind, np.random.default_rng(1), 8, step_s=300, mean_rps=42.0)
    again = synthetic(kind, np.random.default_rng(1), 8, step_s=300, mean_rps=42.0)
    assert demand.rps.shape == (8 * 288,)
    assert demand.rps.mean() == pytest.approx(42.0)
    assert demand.rps.min() >= 0
    assert np.array_equal(demand.rps, again.rps)


def test_kinds_differ_where_they_should() -> None:
    """Over many draws: flash crowds tower, steady days are flat, trends move the level."""

    def draws(kind: Kind, measure: Callable[[FloatArray], float]) -> float:
        series = (synthetic(kind, np.random.default_rng(seed), 14, 300) for seed in range(20))
        return float(np.median([measure(demand.rps) for demand in series]))

    def peak(rps: FloatArray) -> float:
        return float(rps.max() / np.median(rps))

    def drift(rps: FloatArray) -> float:
        return abs(float(np.log(rps[-2016:].mean() / rps[:2016].mean())))

    assert draws("flash", peak) > 1.5 * draws("diurnal", peak)
    assert draws("steady", peak) < draws("diurnal", peak)
    assert draws("trend", drift) > 2 * draws("diurnal", drift)
    assert draws("step", drift) > 2 * draws("diurnal", drift)


def test_unknown_kind_names_the_known_ones() -> None:
    """A misspelt kind is refused with the list."""
    with pytest.raises(ValueError, match="steady, diurnal, bursty, flash, trend, step"):
        synthetic("wavy", np.random.default_rng(0), 7)  # type: ignore[arg-type]
