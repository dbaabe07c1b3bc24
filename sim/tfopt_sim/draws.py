"""Draws what chance decides in a minute, once for all configurations that are compared.

Minute m of scenario s takes entry (m + offset of s) mod 4096 of every draw, whatever the
configuration: alternatives meet the same boot times and the same arrivals (common random numbers).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.types import FloatArray, Workload

BOOT_SIGMA = 0.3  # log-normal spread of boot times where boot is a distribution
_SIZE = 4096


class Draws(NamedTuple):
    """Entries for the minutes of every scenario, shape (4096,) each."""

    boots: NDArray[np.int64]  # boot times in whole minutes, up to the tick at which service starts
    jitter: FloatArray  # standard normal: work that a minute's arrivals bring, above the mean


def draw(workload: Workload, seed: int) -> Draws:
    """Return the draws of a seed; those of `arrivals` "even" and `boot` "fixed" are all alike."""
    boots = np.full(_SIZE, workload.boot_s)
    if workload.boot == "distribution":
        boots = boots * np.exp(BOOT_SIGMA * np.random.default_rng(seed).standard_normal(_SIZE))
    jitter = np.zeros(_SIZE)
    if workload.arrivals == "poisson":
        jitter = np.random.default_rng([seed, 2]).standard_normal(_SIZE)
    return Draws(np.ceil(boots / 60.0).astype(np.int64), jitter)


def offsets(scenarios: int, seed: int) -> NDArray[np.int64]:
    """Return where each scenario enters the draws, shape (scenarios,)."""
    return np.random.default_rng([seed, 1]).integers(0, _SIZE, scenarios)
