"""The simulator's tables on few sizes, between which the twin interpolates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.tables import Service, delayed_shares, service_table
from tfopt_sim.types import FloatArray

EVERY = 16  # sizes up to here have a row of their own
ROWS = 48  # of the table, those beyond evenly in the logarithm
_DENSEST = 1.12  # ratio of neighbouring sizes beyond, at least


def rows_of(service: Service, largest: int) -> NDArray[np.float32]:
    """Return the share of slow requests by size and utilisation, (ROWS, cells + 1)."""
    sizes = np.concatenate(
        (np.arange(1, EVERY + 1), np.geomspace(EVERY, _top(largest), ROWS - EVERY + 1)[1:])
    )
    at_most = np.minimum(np.round(sizes), largest).astype(np.int64)
    return np.ascontiguousarray(service_table(service, largest)[at_most, :, 0])


def ratio_of(largest: int) -> float:
    """Return the logarithm of the ratio of neighbouring sizes beyond `EVERY`."""
    return float(np.log(_top(largest) / EVERY) / (ROWS - EVERY))


def delayed_of(service: Service) -> FloatArray:
    """Return the share of requests that a wait makes slow, summed over it (`delayed_shares`)."""
    return delayed_shares(service)


def _top(largest: int) -> float:
    return max(float(largest), EVERY * _DENSEST ** (ROWS - EVERY))
