"""Reads a demand series from CSV: a timestamp column and a rate, or CPU and instance count."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tfopt.errors import TfoptError
from tfopt.traffic.clock import MomentError, Moments, read_moments
from tfopt.traffic.reading import MOST, SATURATED_CPU, CpuReading, Points, Reading, gridded
from tfopt_sim.types import FloatArray

TIME_NAMES = ("timestamp", "time", "datetime", "date", "ts")
# names under which CPU is exported: cpu_percent, CPUUtilization, "utilisation %"
_CPU_NAME = re.compile(r"cpu|utili[sz]ation", re.IGNORECASE)
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


@dataclass(frozen=True, slots=True)
class _Table:
    """A CSV file by columns; `lines[i]` is the file's line of row i."""

    path: Path
    columns: dict[str, Sequence[str]]
    lines: list[int]

    @property
    def time_column(self) -> str:
        lower = {name.lower(): name for name in reversed(self.columns)}
        for name in TIME_NAMES:
            if name in lower:
                return lower[name]
        raise TfoptError(
            f"has no 'timestamp' column; its columns are {_listed(self.columns)}",
            where=f"{self.path}:1",
        )


def read_csv(path: Path, column: str | None = None, *, rate: bool = False) -> Reading:
    """Return requests per second from one column of a CSV file, plain or gzipped.

    Args:
        path: comma, semicolon or tab separated, with a header row.
        column: the value column; may be left out where there is only one.
        rate: the values must be requests per second, so that a column of CPU is refused.

    Raises:
        TfoptError: the file, a column or a value cannot be used; names file and line.
    """
    table = _load(Path(path))
    moments = _moments(table)
    name = _value_column(table, column)
    if rate:
        _refuse_cpu(table, name, "Name it as cpu_percent, beside a column of instances")
    values = _numbers(table, name)
    return gridded(Points(moments, values), table.path, f"{table.path.name}:{name}", [])


def read_csv_to_replay(path: Path, column: str | None = None) -> Reading:
    """Return requests per second to replay: a series of any length, from one column of a CSV file.

    Raises:
        TfoptError: as `read_csv`; or the column holds CPU, which is no demand.
    """
    table = _load(Path(path))
    name = _value_column(table, column)
    hint = "Replay needs a column of requests per second: name it with --column"
    _refuse_cpu(table, name, hint)
    points = Points(_moments(table), _numbers(table, name))
    return gridded(points, table.path, f"{table.path.name}:{name}", [], history=False)


def _refuse_cpu(table: _Table, name: str, hint: str) -> None:
    if _CPU_NAME.search(name):
        raise TfoptError(
            f"'{name}' is CPU, which says what a group did and not what it was asked",
            where=f"{table.path}:1",
            hint=hint,
        )


def read_csv_cpu(
    path: Path, *, cpu_percent: str, instances: str, column: str | None = None
) -> CpuReading:
    """Return busy instances (mean CPU share × instance count) over time, as `demand.rps`.

    That is utilisation: a group at 97 % CPU or more may hide demand it could not serve. The notes
    say how often and when; `saturated` holds the steps.

    Args:
        path: as for `read_csv`.
        cpu_percent: column of the group's mean CPU, 0 to 100.
        instances: column of the number of instances in service.
        column: of requests per second, read onto the same steps where one is named.

    Raises:
        TfoptError: the file, a column or a value cannot be used; names file and line.
    """
    table = _load(Path(path))
    moments = _moments(table)
    cpu = _cpu_shares(table, cpu_percent)
    count = _numbers(table, _value_column(table, instances))
    rate = None if column is None else _numbers(table, _value_column(table, column))
    known = np.isfinite(cpu) & np.isfinite(count)
    source = f"{table.path.name}:{cpu_percent} × {instances}"

    def on_grid(values: FloatArray) -> Reading:
        return gridded(Points(moments, np.where(known, values, np.nan)), table.path, source, [])

    busy = on_grid(cpu * count)
    reading = CpuReading(
        **{name: getattr(busy, name) for name in Reading.__slots__},
        cpu=on_grid(cpu).demand.rps,
        instances=on_grid(count).demand.rps,
        rps=None if rate is None else _beside(busy, moments, rate),
    )
    return replace(reading, notes=[*_cpu_notes(reading), *reading.notes])


def _beside(reading: Reading, moments: Moments, values: FloatArray) -> FloatArray:
    """Return the mean of other values of the same file over each step of a reading."""
    demand = reading.demand
    place = (moments.epoch_s - demand.start.timestamp()) / demand.step_s
    step = np.round(place).astype(np.intp)
    inside = np.isfinite(values) & (step >= 0) & (step < demand.rps.size)
    total = np.bincount(step[inside], weights=values[inside], minlength=demand.rps.size)
    count = np.bincount(step[inside], minlength=demand.rps.size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _cpu_shares(table: _Table, name: str) -> FloatArray:
    cpu = _numbers(table, _value_column(table, name)) / 100
    too_high = np.flatnonzero(cpu > 1.01)  # rounding may carry a full machine past 100
    if too_high.size:
        line = table.lines[int(too_high[0])]
        raise TfoptError(
            f"CPU {cpu[too_high[0]] * 100:g} % is above 100",
            where=f"{table.path}:{line}",
            hint="Give the mean over the group's vCPUs, 0 to 100",
        )
    return np.minimum(cpu, 1.0)


def _cpu_notes(reading: CpuReading) -> list[str]:
    notes = []
    if reading.saturated.any():
        notes.append(
            f"CPU stood at {SATURATED_CPU:.0%} or more in {reading.saturated_share:.1%} of the "
            f"steps, {_when(reading)}: demand beyond what the group could do is hidden there"
        )
    if 0 < np.nanmax(reading.cpu) <= 0.01:
        notes.append("CPU never exceeds 1 %: if the column holds shares, multiply it by 100")
    return notes


def _when(reading: CpuReading) -> str:
    """Say at which hour of the day saturation is most frequent, and when it was seen last."""
    steps = np.flatnonzero(reading.saturated)
    epoch_s = reading.demand.start.timestamp() + steps * reading.demand.step_s
    hour = int(np.bincount((epoch_s // 3600 % 24).astype(np.intp)).argmax())
    last = datetime.fromtimestamp(float(epoch_s[-1]), UTC)
    return f"most often from {hour:02d}:00 to {hour + 1:02d}:00 UTC, last on {last:%Y-%m-%d}"


def _load(path: Path) -> _Table:
    text = _text(path)
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader, [])]
        rows, lines = [], []
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as problem:
        raise TfoptError(f"is not CSV: {problem}", where=f"{path}:{reader.line_num}") from None
    if not rows:
        raise TfoptError("holds no rows", where=path)
    width = len(header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) < width:
            raise TfoptError(
                f"has {len(row)} fields where the header has {width}", where=f"{path}:{line}"
            )
    by_column = zip(*(row[:width] for row in rows), strict=True)
    columns: dict[str, Sequence[str]] = dict(zip(header, by_column, strict=True))
    if delimiter == ";":  # where ';' separates, ',' is the decimal mark
        columns = {
            name: tuple(v.replace(",", ".") for v in column) for name, column in columns.items()
        }
    _refuse_headless(header, path)
    return _Table(path, columns, lines)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TfoptError("no such file", where=path) from None
    except OSError as problem:
        raise TfoptError(f"cannot be read: {problem.strerror}", where=path) from None
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except (OSError, EOFError, zlib.error):
        raise TfoptError("is a damaged gzip file", where=path) from None
    except UnicodeDecodeError:
        raise TfoptError("is not text in UTF-8", where=path) from None


def _refuse_headless(header: list[str], path: Path) -> None:
    """Refuse a first row that is data: it would silently lose a point and name nothing."""
    try:
        read_moments(header[:1])
    except MomentError:
        return
    raise TfoptError(
        f"has no header row: it starts with '{header[0]}'",
        where=f"{path}:1",
        hint="Add one, such as timestamp,requests_per_second",
    )


def _value_column(table: _Table, wanted: str | None) -> str:
    time_column = table.time_column
    others = [name for name in table.columns if name != time_column]
    if wanted is not None:
        if wanted not in others:
            raise TfoptError(
                f"has no value column '{wanted}'; its columns are {_listed(table.columns)}",
                where=f"{table.path}:1",
            )
        return wanted
    if len(others) != 1:
        raise TfoptError(
            f"has {len(others)} value columns: {_listed(others)}"
            if others
            else "has no value column beside the timestamp",
            where=f"{table.path}:1",
            hint="Name one with `column`",
        )
    return others[0]


def _moments(table: _Table) -> Moments:
    try:
        return read_moments(table.columns[table.time_column])
    except MomentError as problem:
        raise TfoptError(
            str(problem),
            where=f"{table.path}:{table.lines[problem.index]}",
            hint="Write ISO 8601 (2026-11-02T09:05:00Z) or seconds since 1970",
        ) from None


def _numbers(table: _Table, name: str) -> FloatArray:
    """Return a column as numbers ≥ 0, NaN where a cell says that there is none."""
    texts = table.columns[name]
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        values = np.array([_number(table, name, i, text) for i, text in enumerate(texts)])
    for bad, what in (
        (np.isinf(values), "infinite"),
        (values < 0, "negative"),
        (values > MOST, f"above {MOST:g}"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise TfoptError(
                f"{name} is {what}: {texts[row].strip()}",
                where=f"{table.path}:{table.lines[row]}",
                hint="Demand counts work: it is a number, zero or more",
            )
    return values


def _number(table: _Table, name: str, row: int, text: str) -> float:
    if text.strip().lower() in _MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise TfoptError(
            f"{name} is not a number: '{text.strip()[:40]}'",
            where=f"{table.path}:{table.lines[row]}",
        ) from None


def _listed(names: Sequence[str] | dict[str, Sequence[str]]) -> str:
    return ", ".join(f"'{name}'" for name in names)
