"""Square-root staffing control, calibrated on history: the rival without learning.

Capacity = R + β·√R + γ·R servers, R the offered load of the forecast at the lead (Halfin and Whitt,
Heavy-traffic limits for queues with many exponential servers, 1981); what an hour's hold has seen
last is not given back sooner. γ is for the forecast's error, which grows with R and not with √R.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.control.groups import HISTORY, Groups
from tfopt_policies.control.outlook import DAY, trailing_peak
from tfopt_policies.control.rollout import follow
from tfopt_sim.controlled import BAD, BILLED
from tfopt_sim.types import FloatArray

BETAS = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 7.0, 10.0)
GAMMAS = (0.0, 0.1, 0.25, 0.5)
HOLDS = (1, 15, 60)  # minutes


class Setting(NamedTuple):
    """How a group is staffed."""

    beta: float
    gamma: float
    hold: int  # minutes

    @property
    def plain(self) -> bool:
        """Whether it is R + β·√R and nothing else."""
        return self.gamma == 0.0 and self.hold == 1


SETTINGS = tuple(Setting(b, g, h) for h in HOLDS for g in GAMMAS for b in BETAS)
BUDGET = len(SETTINGS)  # replays of the calibration days by each group
_SEED = 1


def staffing(groups: Groups, setting: Setting, *, forecast: bool = True) -> FloatArray:
    """Return the wanted capacity of every minute seen, (N, T)."""
    service_s = groups.workload.cpu_s_per_request / groups.machine.speed
    ahead = groups.outlook
    load = (ahead.ahead if forecast else ahead.now) * service_s  # in servers
    servers = load * (1 + setting.gamma) + setting.beta * np.sqrt(load)
    return trailing_peak(servers / groups.machine.vcpus, setting.hold)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Every setting's cost and slow requests on the days of calibration."""

    instance_minutes: FloatArray  # (settings, N)
    bad_share: FloatArray  # (settings, N), of the minutes
    needed: FloatArray  # (N,): instance-minutes that the demand of those days needs

    def best(self, log_price: FloatArray, *, plain: bool) -> NDArray[np.int64]:
        """Return each group's cheapest setting at its SLO price, (N,)."""
        cost = self.instance_minutes / self.needed + np.exp(log_price) * self.bad_share
        if plain:
            cost = np.where(np.array([s.plain for s in SETTINGS])[:, None], cost, np.inf)
        return np.asarray(np.argmin(cost, axis=0))


def calibrate(groups: Groups, *, forecast: bool = True) -> Calibration:
    """Replay every setting on the days of history that have a forecast."""
    if groups.once is None:
        return _replayed(groups, forecast=forecast)
    found = _replayed(groups.once, forecast=forecast)
    times = len(groups.names) // len(groups.once.names)
    return Calibration(
        np.tile(found.instance_minutes, times),
        np.tile(found.bad_share, times),
        np.tile(found.needed, times),
    )


@lru_cache(maxsize=512)  # of groups as drawn: those stacked from them would fill the memory
def _replayed(groups: Groups, *, forecast: bool) -> Calibration:
    rps = groups.rps[:, DAY:HISTORY]
    known = slice(0, HISTORY - DAY)
    tallies = np.stack(
        [
            follow(groups, staffing(groups, setting, forecast=forecast)[:, known], DAY, _SEED)
            for setting in SETTINGS
        ]
    )
    return Calibration(
        tallies[:, :, BILLED],
        tallies[:, :, BAD] / rps.shape[1],
        np.maximum(groups.need(rps), 1.0).sum(axis=1),
    )


def calibrated(
    groups: Groups, log_price: FloatArray, *, forecast: bool = True, plain: bool = False
) -> FloatArray:
    """Return the capacity, (N, T), that was best on history at each group's SLO price, (N,).

    `plain` leaves β alone to choose.
    """
    best = calibrate(groups, forecast=forecast).best(log_price, plain=plain)
    capacity = np.empty_like(groups.outlook.ahead)
    for choice in np.unique(best):
        rows = best == choice
        capacity[rows] = staffing(groups, SETTINGS[int(choice)], forecast=forecast)[rows]
    return capacity
