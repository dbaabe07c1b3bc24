"""What a controller sees each minute: unit-free, the same for NumPy and for torch.

Exogenous facts (demand and its forecast) are computed once for whole days; facts of the state are
computed at each step, in the twin with gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfopt_policies.control.groups import HISTORY, Groups
from tfopt_policies.control.outlook import trailing_peak
from tfopt_policies.control.staffing import calibrated
from tfopt_sim.types import FloatArray

if TYPE_CHECKING:
    from tfopt_policies.control.net import Head

CONTROL_VERSION = 1  # raised whenever a feature's meaning changes
STATIC = ("log_price", "log_lead", "log_cv2", "log_slo_over_service")
EXOGENOUS = (
    "log_need", "base_over_need", "now_over_ahead", "profile_over_ahead", "peak_over_now",
    "rise_5", "rise_15", "rise_60", "top_15_over_ahead", "top_60_over_ahead", "error",
    "log_coarseness",
)  # fmt: skip
STATE = ("in_service", "capacity", "soon", "backlog", "utilisation")
FEATURES = (*STATIC, *EXOGENOUS, *STATE)
FORECAST = (
    "profile_over_ahead", "peak_over_now", "error",
)  # fmt: skip
"""What is not known without a forecast, apart from the base itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that N groups' controllers see of demand, from the second day on (T minutes)."""

    static: FloatArray  # (N, len(STATIC) − 1): without the price
    exogenous: FloatArray  # (N, T, len(EXOGENOUS))
    base: FloatArray  # (N, T): instances that the forecast for the lead needs, ≥ 0.5
    served_rps: FloatArray  # (N,): what one instance serves within the SLO, at the group's size


def see(groups: Groups, log_price: FloatArray, head: Head) -> Seen:
    """Return what controllers see at an SLO price per group, (N,).

    Without the forecast, demand as it is stands in its place; without the residual base, the mean
    need of the history.
    """
    ahead = groups.outlook
    now = ahead.now
    expected = ahead.ahead if head.forecast else now
    base = np.maximum(_base(groups, log_price, head), 0.5)
    needed = np.maximum(groups.need(expected), 0.5)
    scale = expected
    columns = [
        np.log(needed) / 3.0,
        np.log(base / needed),
        np.log(now / scale),
        np.log(ahead.profile_ahead / scale),
        np.log(ahead.profile_peak / ahead.profile),
        _rise(now, 5),
        _rise(now, 15),
        _rise(now, 60),
        np.log(trailing_peak(now, 15) / scale),
        np.log(trailing_peak(now, 60) / scale),
        ahead.error,
        1.0 / (1.0 + base),
    ]
    if not head.forecast:
        for name in FORECAST:
            columns[EXOGENOUS.index(name)] = np.zeros_like(base)
    service_s = groups.workload.cpu_s_per_request / groups.machine.speed
    facts = [
        np.log(groups.lead) - 1.5,
        np.log(groups.workload.service_cv2) / 2,
        np.log(groups.slo.p99_ms / (1000 * service_s)) - 2.5,
    ]
    count = now.shape[0]
    one = float(np.interp(groups.size, *groups.limits)) / groups.size
    return Seen(
        np.tile(facts, (count, 1)),
        np.clip(np.stack(columns, axis=2), -4.0, 4.0),
        base,
        np.full(count, one),
    )


def static_features(log_price: FloatArray, static: FloatArray, head: Head) -> FloatArray:
    """Return the facts that stay the same, (N, len(STATIC)), at an SLO price per group."""
    known = log_price / 3.0 - 1.0 if head.price else np.zeros_like(log_price)
    return np.column_stack((known, static))


def _base(groups: Groups, log_price: FloatArray, head: Head) -> FloatArray:
    if head.residual:
        return calibrated(groups, log_price, forecast=head.forecast)
    mean = groups.need(groups.rps[:, :HISTORY]).mean(axis=1, keepdims=True)
    return np.broadcast_to(mean, groups.outlook.now.shape)


def state_features(
    xp: Any, base: Any, in_service: Any, capacity: Any, soon: Any, backlog_minutes: Any, load: Any
) -> Sequence[Any]:
    """Return the facts of the state, each of shape (N,); `xp` is numpy or torch.

    Args:
        xp: the module whose `log`, `log1p` and `clip` to use.
        base: instances that the forecast needs.
        in_service: instances that serve.
        capacity: those and the ones booting.
        soon: in service within half of a boot.
        backlog_minutes: requests waiting ÷ what the instances serve in a minute.
        load: utilisation of the minute just served.
    """
    return (
        xp.clip(xp.log((in_service + 0.1) / base), -3.0, 3.0),
        xp.clip(xp.log((capacity + 0.1) / base), -3.0, 3.0),
        xp.clip(xp.log((soon + 0.1) / base), -3.0, 3.0),
        xp.log1p(xp.clip(backlog_minutes, 0.0, 100.0)),
        xp.clip(load, 0.0, 3.0),
    )


def _rise(now: FloatArray, span: int) -> FloatArray:
    """Return log(now ÷ `span` minutes ago); shape kept, 0 at the start."""
    out = np.zeros_like(now)
    out[:, span:] = np.log(now[:, span:] / now[:, :-span])
    return out
