"""Latency by hour, or any other slot of time, over the requests of several scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.types import FloatArray, Trajectory

Percentile = Callable[[FloatArray, FloatArray, FloatArray], float]
"""Takes machines in service, backlog and requests/s per minute; returns p99 in ms."""


def machines_of(path: Trajectory) -> FloatArray:
    """Return what serves in each minute, counted in the configuration's own machine."""
    return path.in_service.astype(np.float64) if path.machines is None else path.machines


def p99_by_slot(
    paths: Sequence[Trajectory],
    slots: NDArray[np.int64],
    count: int,
    percentile: Percentile,
    mapped: Callable[[Callable[[int], float | None], Iterable[int]], Iterable[float | None]] = map,
) -> list[float | None]:
    """Return the p99 in ms over all requests of each slot; None for one without a minute.

    Args:
        paths: of scenarios of the same length.
        slots: of each minute, shape (minutes,).
        count: of slots.
        percentile: of the response time.
        mapped: like `map`, perhaps on several threads.
    """
    size = np.stack([machines_of(path) for path in paths])
    backlog = np.stack([path.backlog_requests for path in paths])
    rps = np.stack([path.demand_rps for path in paths])

    def of(slot: int) -> float | None:
        places = np.flatnonzero(slots == slot)
        if not places.size:
            return None
        # the minute before each stretch brings its backlog along, but no requests of its own
        before = np.setdiff1d(places - 1, places)
        chosen = np.union1d(before[before >= 0], places)
        asked = np.where(slots[chosen] == slot, rps[:, chosen], 0.0)
        return percentile(size[:, chosen].ravel(), backlog[:, chosen].ravel(), asked.ravel())

    return list(mapped(of, range(count)))
