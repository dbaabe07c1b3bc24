"""The traffic model against seasonal-naive on public traces, and the scores it is judged by."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from statistics import geometric_mean

import numpy as np
import pytest

from tfopt_sim.forecast import fit
from tfopt_sim.scoring import LEVELS, coverage, quantile_loss, seasonal_naive
from tfopt_sim.types import Demand, FloatArray

WEEK_H = 168


def hourly(path: Path, step_s: int) -> FloatArray:
    """Return a trace's hourly means."""
    with gzip.open(path, "rt") as file:
        values = np.genfromtxt(file, delimiter=",", skip_header=1, usecols=1)
    per_hour = 3600 // step_s
    return np.asarray(
        values[: values.size // per_hour * per_hour].reshape(-1, per_hour).mean(axis=1)
    )


def scores(values: FloatArray, start: datetime, origins: int) -> tuple[float, float, float]:
    """Return loss over seasonal-naive's and the coverage of the 90 and 98 % bands."""
    ours = naive = 0.0
    inside = []
    for cut in range(values.size - WEEK_H, WEEK_H - 1, -WEEK_H)[:origins]:
        past, actual = values[:cut], values[cut : cut + WEEK_H]
        curves = fit(Demand(start, 3600, past)).quantiles(LEVELS, WEEK_H)
        ours += quantile_loss(curves, actual, LEVELS)
        naive += quantile_loss(seasonal_naive(past, 3600, LEVELS, WEEK_H), actual, LEVELS)
        inside.append([coverage(curves[k], curves[-1 - k], actual) for k in (1, 0)])
    ninety, ninety_eight = np.mean(inside, axis=0)
    return ours / naive, float(ninety), float(ninety_eight)


def test_holds_its_bars_on_public_traces(material: Path) -> None:
    """Rolling origins: a fifth less loss than seasonal-naive, seldom more, and honest bands."""
    folder = material / "traces"
    found = {}
    for entry in json.loads((folder / "traces.json").read_text()):
        if entry["days"] < 14 or entry["start"] is None:
            continue
        values = hourly(folder / Path(entry["file"]).name, entry["step_s"])
        start = datetime.fromisoformat(entry["start"]).astimezone(UTC)
        found[entry["name"]] = scores(values, start, origins=8)
    ratios, ninety, ninety_eight = np.array(list(found.values())).T
    assert len(found) > 15
    assert geometric_mean(ratios) < 0.82, found
    assert (ratios <= 1.05).mean() > 0.85, found
    assert ratios.max() < 1.15, found
    assert 0.86 < ninety.mean() < 0.93, found
    assert 0.965 < ninety_eight.mean() < 0.99, found


def test_quantile_loss_by_hand() -> None:
    """Median 1 off on each side costs 1 each; level 0.9 costs 1.8 below the truth, 0.2 above."""
    actual = np.array([2.0, 0.0, np.nan])
    assert quantile_loss(np.ones((1, 3)), actual, [0.5]) == pytest.approx(2.0)
    assert quantile_loss(np.ones((1, 3)), actual, [0.9]) == pytest.approx(1.8 + 0.2)


def test_quantile_loss_is_least_at_the_quantile() -> None:
    """No constant beats the empirical quantile: the loss is a proper score."""
    values = np.random.default_rng(0).exponential(1, 4000)
    best = float(np.quantile(values, 0.9))
    losses = [
        quantile_loss(np.full((1, values.size), guess), values, [0.9])
        for guess in (0.8 * best, best, 1.2 * best)
    ]
    assert losses[1] < min(losses[0], losses[2])


def test_coverage_counts_what_was_measured() -> None:
    """Gaps count neither in nor out."""
    actual = np.array([1.0, 5.0, np.nan, 2.0])
    assert coverage(np.zeros(4), np.full(4, 2.0), actual) == pytest.approx(2 / 3)


def test_seasonal_naive_repeats_the_last_week() -> None:
    """Its median is last week; its bands are as wide as weeks have differed."""
    week = np.arange(168.0) + 50
    history = np.concatenate([week, week + 3])
    quantiles = seasonal_naive(history, 3600, [0.05, 0.5, 0.95], 336)
    assert quantiles[1] == pytest.approx(np.tile(week + 3, 2))
    assert quantiles[2] - quantiles[1] == pytest.approx(3 * 1.645, rel=1e-3)
