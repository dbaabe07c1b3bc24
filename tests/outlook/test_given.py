"""A given demand on the simulator's minutes: every request kept, every repair said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tfopt.errors import TfoptError
from tfopt.outlook.given import filled, per_minute, read_given
from tfopt_sim.types import Demand

START = datetime(2026, 3, 2, tzinfo=UTC)


def csv_of(path: Path, rows: list[tuple[float, str]], header: str = "timestamp,rps") -> Path:
    """Write rows of (seconds after the start, value)."""
    lines = [f"{(START + timedelta(seconds=s)).isoformat()},{value}" for s, value in rows]
    path.write_text("\n".join([header, *lines]))
    return path


@pytest.mark.parametrize("step_s", [1, 7, 30, 60, 90, 300, 3600])
def test_every_request_arrives(step_s: int) -> None:
    """Whatever the step, as many requests arrive as the series holds."""
    rps = np.random.default_rng(step_s).uniform(0, 100, 50)
    minutes = per_minute(Demand(START, step_s, rps))
    assert minutes.size == -(-50 * step_s // 60)
    assert 60 * minutes.sum() == pytest.approx(step_s * rps.sum(), rel=1e-12)


def test_a_step_is_even_inside_and_a_minute_is_a_mean() -> None:
    """Steps of five minutes repeat; steps of 20 s are averaged; those of 90 s are shared out."""
    assert per_minute(Demand(START, 300, np.array([5.0, 8.0]))).tolist() == [5.0] * 5 + [8.0] * 5
    fine = per_minute(Demand(START, 20, np.array([1.0, 2.0, 6.0, 4.0, 4.0, 4.0])))
    assert fine == pytest.approx([3.0, 4.0])
    assert per_minute(Demand(START, 90, np.array([2.0, 8.0]))) == pytest.approx([2.0, 5.0, 8.0])


def test_gaps_are_filled_in_straight_lines() -> None:
    """What was measured stays; between it runs a line, before and after it the nearest value."""
    rps = np.array([np.nan, 4.0, np.nan, np.nan, 10.0, np.nan])
    assert filled(Demand(START, 60, rps)).rps.tolist() == [4.0, 4.0, 6.0, 8.0, 10.0, 10.0]


def test_gaps_and_repairs_are_said(tmp_path: Path) -> None:
    """A missing minute, a double and a wrong order each have their note; nothing of forecasts."""
    rows = [(0, "5"), (60, "6"), (300, "7"), (240, "8"), (360, "9"), (360, "11"), (120, "4")]
    given = read_given(csv_of(tmp_path / "d.csv", [(float(s), v) for s, v in rows]), None)
    assert given.start == START
    assert given.rps.tolist() == [5.0, 6.0, 4.0, 6.0, 8.0, 7.0, 10.0]
    assert given.source == "d.csv:rps"
    notes = " ".join(given.notes)
    assert "1 of 7 steps missing (14.3%): filled in" in notes
    assert "out of order" in notes
    assert "averaged" in notes
    assert "history" not in notes


def test_two_points_are_enough_and_one_is_not(tmp_path: Path) -> None:
    """A replay needs no history; a single point has no step."""
    short = read_given(csv_of(tmp_path / "two.csv", [(0, "5"), (60, "7")]), None)
    assert short.rps.tolist() == [5.0, 7.0]
    with pytest.raises(TfoptError, match="holds 1 measured points"):
        read_given(csv_of(tmp_path / "one.csv", [(0, "5")]), None)


@pytest.mark.parametrize("name", ["cpu", "CPUUtilization", "web_cpu_percent", "utilisation"])
def test_cpu_is_not_taken_for_demand(name: str, tmp_path: Path) -> None:
    """A column of CPU says what the group did: it is refused by its name, asked for or alone."""
    path = csv_of(tmp_path / "d.csv", [(0, "50"), (60, "51")], f"timestamp,{name}")
    for column in (None, name):
        with pytest.raises(TfoptError, match=r"d\.csv:1: .* is CPU, .* --column"):
            read_given(path, column)


def test_a_series_longer_than_a_year_is_refused(tmp_path: Path) -> None:
    """The minutes of a slip in a date would fill the memory."""
    rows = [(86_400.0 * day, "5") for day in range(400)]
    with pytest.raises(TfoptError, match="covers 400 days; at most 366"):
        read_given(csv_of(tmp_path / "d.csv", rows), None)
