"""Puts a demand that the user gives onto the simulator's minutes, every request kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from tfopt.errors import TfoptError
from tfopt_sim.types import Demand, FloatArray

MINUTE_S = 60
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Given:
    """A demand to replay."""

    start: datetime
    rps: FloatArray  # (minutes,), mean rate of each
    source: str
    notes: tuple[str, ...]


def read_given(path: Path, column: str | None) -> Given:
    """Read a demand to replay, on any step of a second or more.

    Raises:
        TfoptError: the file cannot be used, or holds no demand.
    """
    from tfopt.traffic import read_csv_to_replay

    reading = read_csv_to_replay(path, column)
    if reading.demand.days > MOST_DAYS:
        raise TfoptError(
            f"covers {reading.demand.days:.0f} days; at most {MOST_DAYS} are replayed", where=path
        )
    return Given(
        start=reading.demand.start,
        rps=per_minute(filled(reading.demand)),
        source=reading.source,
        notes=tuple(reading.notes),
    )


def filled(demand: Demand) -> Demand:
    """Return the demand with its gaps filled, in straight lines between what was measured."""
    known = np.isfinite(demand.rps)
    places = np.arange(demand.rps.size)
    rps = np.interp(places, places[known], demand.rps[known])
    return Demand(demand.start, demand.step_s, rps)


def per_minute(demand: Demand) -> FloatArray:
    """Return requests/s by minute; as many requests arrive as in the steps, evenly within each.

    A last minute that the steps do not fill holds what they have of it.
    """
    edges_s = np.arange(demand.rps.size + 1) * demand.step_s
    arrived = np.concatenate(([0.0], np.cumsum(demand.rps * demand.step_s)))
    minutes = -(-int(edges_s[-1]) // MINUTE_S)
    at_minute = np.interp(np.arange(minutes + 1) * MINUTE_S, edges_s, arrived)
    return np.asarray(np.diff(at_minute) / MINUTE_S)
