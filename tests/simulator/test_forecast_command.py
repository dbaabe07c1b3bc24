"""`tfopt forecast`: the contract's JSON, a page a person can read, and its refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tfopt.commands.forecast import command
from tfopt.errors import TfoptError

START = datetime(2026, 3, 2, tzinfo=UTC)
LEVELS = ["0.01", "0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95", "0.99"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Sixteen days at a quarter of an hour: 100 rps at night, 300 at noon, some noise."""
    rng = np.random.default_rng(0)
    lines = ["timestamp,rps"]
    for i in range(16 * 96):
        rps = 200 - 100 * np.cos(2 * np.pi * i / 96) + 10 * rng.standard_normal()
        lines.append(f"{(START + timedelta(minutes=15 * i)).isoformat()},{rps:.2f}")
    path = tmp_path / "web.csv"
    path.write_text("\n".join(lines))
    return path


def test_json_keeps_the_contract(csv: Path) -> None:
    """Step, start, nine ordered quantile curves over the horizon, skill and coverage."""
    answer = json.loads(run(csv, "--horizon", "3d").stdout)
    assert answer["step_s"] == 900
    assert answer["start"] == "2026-03-18T00:00:00Z"
    assert list(answer["quantiles"]) == LEVELS
    curves = np.array(list(answer["quantiles"].values()))
    assert curves.shape == (9, 3 * 96)
    assert (np.diff(curves, axis=0) >= 0).all()
    assert curves[4, 48] == pytest.approx(300, rel=0.1)
    assert answer["skill"] > 0
    assert answer["coverage"]["0.8"] == pytest.approx(0.8, abs=0.2)
    assert list(answer["coverage"]) == ["0.8", "0.9", "0.98"]
    assert answer["origins"] == 1
    assert answer["history_days"] == 16


def test_same_input_same_bytes(csv: Path) -> None:
    """Nothing in the answer depends on chance or on today."""
    assert run(csv).stdout == run(csv).stdout


def test_zeros_are_not_called_a_short_history(csv: Path) -> None:
    """Sixteen days in which nothing moved are long enough, and the wrong column."""
    rows = csv.read_text().splitlines()
    csv.write_text("\n".join([rows[0], *(f"{row.partition(',')[0]},0" for row in rows[1:])]))
    page = run(csv, "--format", "table").stdout
    assert "nothing but zeros" in page
    assert "too short" not in page


def test_a_series_that_repeats_itself_exactly_is_not_called_poor(csv: Path) -> None:
    """Where repeating the last season is right to the last digit, nothing can be better."""
    tide = (200 - 100 * np.cos(2 * np.pi * i / 96) for i in range(16 * 96))
    moments = (START + timedelta(minutes=15 * i) for i in range(16 * 96))
    rows = [f"{at.isoformat()},{rps}" for at, rps in zip(moments, tide, strict=True)]
    csv.write_text("\n".join(["timestamp,rps", *rows]))
    assert json.loads(run(csv).stdout)["skill"] == 0.0


def test_short_history_has_no_skill(csv: Path) -> None:
    """A day of history: no skill, no coverage, a note that says why."""
    csv.write_text("\n".join(csv.read_text().splitlines()[:97]))
    answer = json.loads(run(csv).stdout)
    assert answer["skill"] is None
    assert answer["coverage"] is None
    assert any("intervals are widened" in note for note in answer["notes"])
    assert "Trust: unknown" in run(csv, "--format", "table").stdout


def test_table_draws_each_day(csv: Path) -> None:
    """A row a day with its date, the noon hump drawn, and a verdict."""
    page = run(csv, "--format", "table").stdout
    day = next(line for line in page.splitlines() if line.startswith("Wed 18 Mar"))
    drawn = day[12:60]
    assert drawn[24] == "█"
    assert drawn[0] in "▁▂▃"
    assert sum(line[:3] in {"Mon", "Tue", "Sat", "Sun"} for line in page.splitlines()) == 4
    assert "Trust: good. Forecast 7 days ahead on this history" in page
    assert max(map(len, page.splitlines())) <= 100


def test_says_what_it_assumes_inside_a_step(csv: Path) -> None:
    """Quarters of an hour hide their minutes: the page and the JSON state the assumed figure."""
    assert "minutes inside a step of 900 s are assumed to differ by" in run(
        csv, "--format", "table"
    ).stdout.replace("\n  ", " ")
    assert 0 < json.loads(run(csv).stdout)["deviation_within_step"] < 0.2


def test_stated_event_multiplies_its_days(csv: Path) -> None:
    """A sale of twice the usual demand doubles the median of its day and no other."""
    plain = json.loads(run(csv).stdout)["quantiles"]["0.5"]
    sale = json.loads(run(csv, "--event", "2026-03-19/2026-03-20=2").stdout)["quantiles"]["0.5"]
    ratio = (np.array(sale) / np.array(plain)).reshape(7, 96).mean(axis=1)
    assert ratio == pytest.approx([1, 2, 1, 1, 1, 1, 1], rel=0.05)


@pytest.mark.parametrize(
    "event",
    [
        "2026-03-19",
        "2026-03-19/2026-03-20",
        "a@2026-03-20/2026-03-19",
        "0001-01-01T00:00+14:00/2026-03-19=2",
    ],
)
def test_event_without_sense_is_refused(csv: Path, event: str) -> None:
    """No end, neither name nor factor, end before start, outside the calendar: refused."""
    assert "is not an event; write" in str(run(csv, "--event", event).exception)


def test_event_that_never_happened_needs_a_factor(csv: Path) -> None:
    """A coming event whose name the past does not hold: one clear line."""
    refused = run(csv, "--event", "sale@2026-03-19/2026-03-20").exception
    assert isinstance(refused, TfoptError)
    assert "no past event named 'sale' was measured" in str(refused)


def test_horizon_and_file_are_checked(csv: Path) -> None:
    """Half a day is too short; a file that is not there is named."""
    wrong = run(csv, "--horizon", "12h")
    assert "is not between 1d and 28d" in str(wrong.exception)
    missing = run(csv.parent / "nope.csv")
    assert isinstance(missing.exception, TfoptError)
    assert "nope.csv: no such file" in str(missing.exception)
