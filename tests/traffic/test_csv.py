"""CSV traffic: every spelling people export, and every mistake told with file and line."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfopt.errors import TfoptError
from tfopt.traffic import Reading, read_csv, read_csv_cpu

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 288  # five-minute steps
ONE_FOLDER = [HealthCheck.function_scoped_fixture]  # every example overwrites the same file
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(rows: Iterable[str], header: str = "timestamp,rps", name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return to_file


def moments(count: int, step_s: int = 300) -> list[datetime]:
    return [START + timedelta(seconds=i * step_s) for i in range(count)]


def rows(count: int = 3 * DAY, step_s: int = 300) -> list[str]:
    return [f"{t:%Y-%m-%dT%H:%M:%SZ},{i % 50}" for i, t in enumerate(moments(count, step_s))]


def assert_plain(reading: Reading, count: int = 3 * DAY) -> None:
    """The reading is the one that `rows()` describes."""
    assert reading.demand.start == START
    assert reading.demand.step_s == 300
    assert reading.demand.rps.tolist() == [i % 50 for i in range(count)]


def noted(reading: Reading, words: str) -> bool:
    return any(words in note for note in reading.notes)


def test_plain_file(write: Write) -> None:
    """Three days of clean rows come back as they stand, with nothing to note about their order."""
    reading = read_csv(write(rows()))
    assert_plain(reading)
    assert (reading.gaps, reading.duplicates, reading.unsorted) == (0, 0, 0)
    assert reading.source == "t.csv:rps"


SPELLINGS = {
    "offset": lambda t: t.isoformat(),
    "space": lambda t: f"{t:%Y-%m-%d %H:%M:%S}+00:00",
    "space before offset": lambda t: f"{t:%Y-%m-%d %H:%M:%S} +0000",
    "UTC suffix": lambda t: f"{t:%Y-%m-%d %H:%M:%S} UTC",
    "basic": lambda t: f"{t:%Y%m%dT%H%M%SZ}",
    "milliseconds": lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.000Z",
    "slashes": lambda t: f"{t:%Y/%m/%d %H:%M:%S}",
    "no seconds": lambda t: f"{t:%Y-%m-%dT%H:%MZ}",
    "naive": lambda t: f"{t:%Y-%m-%d %H:%M:%S}",
    "another zone": lambda t: t.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
    "epoch seconds": lambda t: f"{t.timestamp():.0f}",
    "epoch decimals": lambda t: f"{t.timestamp():.3f}",
    "epoch ms": lambda t: f"{t.timestamp() * 1e3:.0f}",
    "epoch ns": lambda t: f"{round(t.timestamp())}000000000",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_time(write: Write, spelling: str) -> None:
    """One moment, however it is written."""
    spell = SPELLINGS[spelling]
    reading = read_csv(write(f"{spell(t)},{i % 50}" for i, t in enumerate(moments(3 * DAY))))
    assert_plain(reading)
    assert noted(reading, "taken as UTC") == (spelling in {"naive", "slashes"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(write: Write, delimiter: str) -> None:
    """Comma, semicolon and tab."""
    lines = [line.replace(",", delimiter) for line in rows()]
    assert_plain(read_csv(write(lines, header=f"timestamp{delimiter}rps")))


def test_decimal_comma(write: Write) -> None:
    """Where a semicolon separates, a comma is the decimal mark."""
    lines = [f"{t.isoformat()};{i % 7},5" for i, t in enumerate(moments(DAY))]
    assert read_csv(write(lines, header="timestamp;rps")).demand.rps[:3].tolist() == [0.5, 1.5, 2.5]


def test_gzip_and_byte_order_mark(tmp_path: Path) -> None:
    """Excel's byte order mark and gzip are seen through."""
    text = "\ufeff" + "\r\n".join(["timestamp,rps", *rows()])
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert_plain(read_csv(path))


def test_unsorted_rows_and_duplicates(write: Write) -> None:
    """Shuffled rows are sorted, a moment that stands twice is averaged, both are counted."""
    lines = rows()
    random.Random(1).shuffle(lines)
    reading = read_csv(write([*lines, lines[0], lines[1]]))
    assert_plain(reading)
    assert reading.duplicates == 2
    assert reading.unsorted > 100
    assert noted(reading, "out of order")
    assert noted(reading, "seen before")


def test_newest_first_is_an_order(write: Write) -> None:
    """A file that runs backwards throughout is not out of order."""
    reading = read_csv(write(reversed(rows())))
    assert_plain(reading)
    assert reading.unsorted == 0


def test_gaps_stay_gaps(write: Write) -> None:
    """Missing rows and empty cells become NaN on the grid, and are counted."""
    lines = rows()
    lines[10] = lines[10].rsplit(",", 1)[0] + ","
    lines[11] = lines[11].rsplit(",", 1)[0] + ",NaN"
    reading = read_csv(write(lines[:100] + lines[150:]))
    assert reading.gaps == 52
    assert np.isnan(reading.demand.rps[[10, 11, 100, 149]]).all()
    assert reading.demand.rps[150] == 150 % 50
    assert noted(reading, "52 of 864 steps missing")


def test_jitter_is_snapped(write: Write) -> None:
    """Timestamps a few seconds off fall on the grid, one value each."""
    rng = random.Random(2)
    lines = [
        f"{(t + timedelta(seconds=rng.randint(-20, 20))).isoformat()},{i % 50}"
        for i, t in enumerate(moments(3 * DAY))
    ]
    reading = read_csv(write(lines))
    assert reading.demand.step_s == 300
    assert reading.demand.rps.tolist() == [i % 50 for i in range(3 * DAY)]
    assert noted(reading, "irregular timestamps")


def test_random_moments_are_averaged(write: Write) -> None:
    """Events at random moments get a grid that most of its steps can fill."""
    rng = random.Random(3)
    at = sorted(rng.uniform(0, 3 * 86_400) for _ in range(5000))
    reading = read_csv(write(f"{1772409600 + t:.2f},7" for t in at))
    assert reading.gaps < 0.5 * reading.demand.rps.size
    assert np.nanmean(reading.demand.rps) == pytest.approx(7)


def berlin(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)]
)
def test_daylight_saving_with_offsets_is_exact(write: Write, change: datetime) -> None:
    """Local times with their offsets lose no hour in March and double none in October."""
    times = [change + timedelta(seconds=300 * i) for i in range(3 * DAY)]
    reading = read_csv(write(f"{berlin(t).isoformat()},{i}" for i, t in enumerate(times)))
    assert reading.demand.rps.tolist() == list(range(3 * DAY))
    assert reading.demand.start == change


def test_daylight_saving_without_offsets_is_told(write: Write) -> None:
    """Naive local time doubles an hour in October: it is averaged, and said."""
    times = [
        datetime(2026, 10, 24, tzinfo=UTC) + timedelta(seconds=300 * i) for i in range(3 * DAY)
    ]
    reading = read_csv(write(f"{berlin(t):%Y-%m-%d %H:%M},{i}" for i, t in enumerate(times)))
    assert reading.duplicates == 12
    assert noted(reading, "daylight saving ends")


def test_seconds_from_an_unknown_moment(write: Write) -> None:
    """Counts from zero are read, and the weekday is said to be unknown."""
    reading = read_csv(write(f"{300 * i},{i % 50}" for i in range(3 * DAY)))
    assert reading.demand.step_s == 300
    assert noted(reading, "unknown moment")


def test_short_history_says_so(write: Write) -> None:
    """Under two days: the report says that intervals are widened."""
    assert noted(read_csv(write(rows(DAY))), "intervals are widened")
    assert noted(read_csv(write(rows(3 * DAY))), "weekdays cannot be told apart")
    assert not read_csv(write(rows(8 * DAY))).notes


def test_column_choice(write: Write) -> None:
    """With several value columns one must be named; the answer is that column."""
    lines = [f"{line},{i}" for i, line in enumerate(rows())]
    path = write(lines, header="timestamp,rps,other")
    assert_plain(read_csv(path, "rps"))
    with pytest.raises(TfoptError, match=r"t\.csv:1: has 2 value columns: 'rps', 'other'"):
        read_csv(path)


def line_of(path: Path, number: int, text: str) -> None:
    """Replace one line of a file; the header is line 1."""
    lines = path.read_text().splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n")


BAD_LINES = {
    "2026-03-02T00:40:00Z,-3": "t.csv:10: rps is negative: -3",
    "2026-03-02T00:40:00Z,many": "t.csv:10: rps is not a number: 'many'",
    "2026-03-02T00:40:00Z,inf": "t.csv:10: rps is infinite: inf",
    "2026-03-02T00:40:00Z,1e308": "t.csv:10: rps is above 1e+12: 1e308",
    "2026-03-02T00:40:00Z": "t.csv:10: has 1 fields where the header has 2",
    "yesterday,3": "t.csv:10: 'yesterday' is not a point in time",
    "02.03.2026 00:40,3": "t.csv:10: '02.03.2026 00:40' is not a point in time",
    "9999-12-31T00:00:00Z,3": "t.csv:10: '9999-12-31T00:00:00Z' is not a point in time",
    "0001-01-01T00:00:00Z,3": "t.csv:10: '0001-01-01T00:00:00Z' is not a point in time",
    "2026-02-30T00:00:00Z,3": "t.csv:10: '2026-02-30T00:00:00Z' is not a point in time",
}


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_bad_line_is_named(write: Write, bad: str) -> None:
    """A value that cannot be meant is refused with file and line."""
    path = write(rows())
    line_of(path, 10, bad)
    with pytest.raises(TfoptError) as refused:
        read_csv(path)
    assert BAD_LINES[bad] in str(refused.value)


BAD_FILES = {
    "no timestamp column": ("when,rps\n1,2\n", "has no 'timestamp' column; its columns are 'when'"),
    "no header": ("2026-03-02T00:00:00Z,5\n2026-03-02T00:05:00Z,6\n", "has no header row"),
    "header only": ("timestamp,rps\n", "holds no rows"),
    "empty": ("", "holds no rows"),
    "one column": ("timestamp\n2026-03-02T00:00:00Z\n", "has no value column"),
    "all gaps": ("timestamp,rps\n2026-03-02T00:00:00Z,\n", "holds 0 measured points"),
    "an hour": ("timestamp,rps\n" + "\n".join(rows(12)) + "\n", "covers 60 min in 12 points"),
    "stray year": (
        "timestamp,rps\n1996-01-01T00:00:00Z,1\n" + "\n".join(rows(30)) + "\n",
        "too sparse",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_useless_file_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing to forecast from: one clear line."""
    text, message = BAD_FILES[name]
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(TfoptError) as refused:
        read_csv(path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b\x08broken", "damaged gzip"),
        (b"timestamp,rps\n\xff\xc3,1\n", "not text in UTF-8"),
    ],
)
def test_unreadable_bytes_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Damaged files are told from missing ones."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TfoptError, match=message):
        read_csv(path)
    with pytest.raises(TfoptError, match="no such file"):
        read_csv(tmp_path / "missing.csv")
    with pytest.raises(TfoptError, match="cannot be read"):
        read_csv(tmp_path)


def cpu_rows(values: list[float], instances: float = 4) -> list[str]:
    times = moments(len(values))
    return [f"{t.isoformat()},{cpu},{instances}" for t, cpu in zip(times, values, strict=True)]


def test_cpu_times_instances_is_busy_instances(write: Write) -> None:
    """50 % of four instances is two busy ones; nothing saturated, nothing to say about it."""
    path = write(cpu_rows([50.0] * DAY), header="timestamp,cpu,n")
    reading = read_csv_cpu(path, cpu_percent="cpu", instances="n")
    assert reading.demand.rps == pytest.approx(2.0)
    assert reading.saturated_share == 0
    assert not noted(reading, "hidden")


def test_cpu_is_not_taken_for_a_rate(write: Write) -> None:
    """Where requests per second are meant, a column of CPU is refused; a forecast may have it."""
    path = write(rows(), header="timestamp,CPUUtilization")
    assert read_csv(path).demand.rps.size == 3 * DAY
    with pytest.raises(TfoptError, match=r"t\.csv:1: .* is CPU, .* as cpu_percent"):
        read_csv(path, rate=True)


def test_saturated_cpu_is_recognised(write: Write) -> None:
    """A quarter of the time at the ceiling: the share is returned and explained."""
    path = write(cpu_rows([98.0, 40, 40, 40] * 72), header="timestamp,cpu,n")
    reading = read_csv_cpu(path, cpu_percent="cpu", instances="n")
    assert reading.saturated_share == 0.25
    assert noted(reading, "97% or more in 25.0%")


def test_cpu_above_100_is_refused(write: Write) -> None:
    """350 % is the sum over cores: the line is named."""
    path = write(cpu_rows([50, 350.0, *[50] * 100]), header="timestamp,cpu,n")
    with pytest.raises(TfoptError, match=r"t\.csv:3: CPU 350 % is above 100"):
        read_csv_cpu(path, cpu_percent="cpu", instances="n")


def test_cpu_column_missing_names_the_columns(write: Write) -> None:
    """A misspelt column: the columns found are listed."""
    path = write(cpu_rows([50.0] * DAY), header="timestamp,cpu,n")
    with pytest.raises(
        TfoptError, match="no value column 'CPU'; its columns are 'timestamp', 'cpu'"
    ):
        read_csv_cpu(path, cpu_percent="CPU", instances="n")


@settings(max_examples=25, deadline=None, suppress_health_check=ONE_FOLDER)
@given(
    order=st.randoms(use_true_random=False),
    kept=st.lists(st.integers(0, 863), min_size=450, max_size=864, unique=True),
    offset_h=st.integers(-12, 14),
)
def test_order_gaps_and_zone_do_not_matter(
    tmp_path: Path, order: random.Random, kept: list[int], offset_h: int
) -> None:
    """Any subset of the rows, in any order and time zone, lands where it belongs."""
    times = moments(864)
    zone = timezone(timedelta(hours=offset_h))
    order.shuffle(kept)
    path = tmp_path / "t.csv"
    lines = [f"{times[i].astimezone(zone).isoformat()},{i}" for i in kept]
    path.write_text("\n".join(["timestamp,rps", *lines]))
    reading = read_csv(path)
    first, last = min(kept), max(kept)
    assert reading.demand.start == times[first]
    assert reading.demand.rps.size == last - first + 1
    assert reading.gaps == last - first + 1 - len(kept)
    places = np.array(kept) - first
    assert reading.demand.rps[places].tolist() == kept


@settings(max_examples=60, deadline=None, suppress_health_check=ONE_FOLDER)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """No file makes the reader fall over."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"timestamp,rps\n" + content)
    try:
        reading = read_csv(path)
    except TfoptError:
        return
    assert reading.demand.rps.size > 0


def test_public_traces_are_read(material: Path) -> None:
    """Every public trace lands on the step its publisher states; an hour of seconds is refused."""
    folder = material / "traces"
    for entry in json.loads((folder / "traces.json").read_text()):
        path = folder / Path(entry["file"]).name
        if entry["days"] < 2 / 24:
            with pytest.raises(TfoptError, match="at least two hours"):
                read_csv(path)
            continue
        demand = read_csv(path).demand
        assert demand.step_s == entry["step_s"], path.name
        assert demand.rps.size == pytest.approx(entry["length"], rel=0.01), path.name


def test_shares_instead_of_percent_are_suspected(write: Write) -> None:
    """CPU that never exceeds 1 %: the note asks whether it is a share."""
    path = write(cpu_rows([0.5] * DAY), header="timestamp,cpu,n")
    assert noted(read_csv_cpu(path, cpu_percent="cpu", instances="n"), "never exceeds 1 %")


def test_four_weeks_of_minutes_are_read_whole(write: Write) -> None:
    """Every one of 40,320 rows is a step of the series."""
    demand = read_csv(write(rows(40_320, step_s=60))).demand
    assert (demand.step_s, demand.rps.size) == (60, 40_320)
