"""Reads a folder of public traces (traces.json beside csv or csv.gz files) into demand."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.errors import PolicyError
from tfopt_sim.types import Demand

INDEX = "traces.json"


@dataclass(frozen=True, slots=True)
class Trace:
    """One public series, as a demand whose unit does not matter: it is scaled before use."""

    name: str
    demand: Demand
    sha256: str  # of the file
    licence: str


def read_traces(folder: Path, *, least_days: float = 0.0) -> list[Trace]:
    """Return the traces that `traces.json` lists, by name, at least `least_days` long.

    CPU shares and counts are all read as shapes of demand.

    Raises:
        PolicyError: the folder has no index, or a file cannot be read.
    """
    path = folder / INDEX
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(
            "cannot read the index of traces",
            where=str(path),
            hint="Give --traces a folder with a traces.json and the csv.gz files it lists",
        ) from error
    except ValueError as error:
        raise PolicyError("the index of traces is not JSON", where=str(path)) from error
    _check(index, path)
    wanted = [entry for entry in index if entry["days"] >= least_days]
    return sorted((_read(folder, entry) for entry in wanted), key=lambda trace: trace.name)


def _check(index: Any, path: Path) -> None:
    """Refuse an index that is no list of objects with what is read of each."""
    entries = index if isinstance(index, list) else [None]
    for place, entry in enumerate(entries):
        known = entry if isinstance(entry, dict) else {}
        named = all(isinstance(known.get(key), str) for key in ("name", "file"))
        counted = all(type(known.get(key)) in (int, float) for key in ("days", "step_s"))
        if not (named and counted and known["step_s"] >= 1):
            where = f"{path} (entry {place})" if isinstance(index, list) else str(path)
            raise PolicyError(
                "the index of traces is not as expected",
                where=where,
                hint="Write a list of objects with name, file, days and step_s (in seconds)",
            )


def _read(folder: Path, entry: Mapping[str, Any]) -> Trace:
    path = folder / Path(str(entry["file"])).name
    try:
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
        rows = list(csv.reader(io.StringIO(text)))[1:]
        stamps = np.array([datetime.fromisoformat(row[0]).timestamp() for row in rows])
        values = np.array([float(row[1]) if row[1] else np.nan for row in rows])
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise PolicyError("cannot read the trace", where=str(path)) from error
    demand = _on_grid(stamps, values, int(entry["step_s"]))
    digest = hashlib.sha256(packed).hexdigest()
    return Trace(str(entry["name"]), demand, digest, str(entry.get("licence", "")))


def _on_grid(
    stamps: np.ndarray[tuple[int], np.dtype[np.float64]],
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    step_s: int,
) -> Demand:
    """Return values on a regular grid: the last of duplicates counts, what is missing is NaN."""
    order = np.argsort(stamps, kind="stable")
    first = float(stamps[order[0]])
    place = np.round((stamps[order] - first) / step_s).astype(np.int64)
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = values[order]
    start = datetime.fromtimestamp(first, tz=UTC)
    return Demand(start, step_s, np.maximum(grid, 0.0))
