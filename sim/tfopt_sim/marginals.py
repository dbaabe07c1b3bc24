"""Turns a history into the distribution of demand at every slot of the week."""

from __future__ import annotations

import numpy as np

from tfopt_sim.types import Demand, FloatArray

DAY_S = 86_400
Z_NODES = np.linspace(-3.5, 3.5, 29)
# Φ(Z_NODES), by the error function of the standard library


def _phi(z: FloatArray) -> FloatArray:
    from math import erf

    return np.array([0.5 * (1 + erf(v / 2**0.5)) for v in z])


def quantile_table(demand: Demand) -> tuple[FloatArray, FloatArray]:
    """Return the future's table (nodes, slots of a week) and the history's own (nodes, steps)."""
    x = demand.rps
    step = demand.step_s
    per_day = DAY_S // step
    per_week = 7 * per_day
    level = float(np.nanmean(x)) if np.isfinite(x).any() else 0.0
    floor = max(level, 1e-12) * 0.01
    period = per_week if x.size >= per_week else per_day
    centre = _centre(x, per_day, per_week, level)
    inside = np.resize(np.roll(centre, -(-x.size % period)), x.size)
    ratio = x / np.maximum(inside, floor)
    hours = 24 if x.size >= 2 * per_day else 1
    spread = _spread(ratio, per_day, hours)
    table = np.maximum(centre, floor) * spread[:, (np.arange(period) % per_day) * hours // per_day]
    past = np.resize(np.roll(np.arange(period), -(-x.size % period)), x.size)
    return table, table[:, past]


def z_of(table: FloatArray, x: FloatArray) -> FloatArray:
    """Return the normal score of each value under its own column of the table."""
    low = np.clip((table <= x).sum(axis=0) - 1, 0, table.shape[0] - 2)
    columns = np.arange(x.size)
    below, above = table[low, columns], table[low + 1, columns]
    share = np.clip((x - below) / np.where(above > below, above - below, 1), 0, 1)
    z = Z_NODES[low] + share * (Z_NODES[1] - Z_NODES[0])
    return np.asarray(np.where(np.isnan(x), np.nan, z))


def _centre(x: FloatArray, per_day: int, per_week: int, level: float) -> FloatArray:
    """Return the mean of each slot; slot 0 is the first moment after the history."""
    width = max(1, per_day // 24)
    daily = _slot_mean(x, per_day, width, level, prior=0.5)
    if x.size < per_week:
        return daily
    return _slot_mean(x, per_week, width, np.tile(daily, 7), prior=1.0)


def _slot_mean(
    x: FloatArray, period: int, width: int, prior_mean: FloatArray | float, prior: float
) -> FloatArray:
    """Return slot means smoothed over `width` and shrunk to a prior worth `prior` periods."""
    pad = -x.size % period
    rows = np.concatenate([np.full(pad, np.nan), x]).reshape(-1, period)
    seen = np.isfinite(rows).sum(axis=0).astype(float)
    total = np.nansum(rows, axis=0)
    kernel = np.ones(width)
    around = lambda v: np.convolve(np.concatenate([v[-width:], v, v[:width]]), kernel, "same")[
        width:-width
    ]  # noqa: E501, E731
    total, seen = around(total) / width, around(seen) / width
    return np.asarray((total + prior * prior_mean) / (seen + prior))


def _spread(ratio: FloatArray, per_day: int, hours: int) -> FloatArray:
    """Return quantiles of the ratio by hour of day, pooled with both neighbours."""
    pad = -ratio.size % per_day
    rows = np.concatenate([np.full(pad, np.nan), ratio]).reshape(-1, per_day)
    slot_hour = np.arange(per_day) * hours // per_day
    levels = _phi(Z_NODES)
    out = np.ones((Z_NODES.size, hours))
    everything = ratio[np.isfinite(ratio)]
    if everything.size == 0:
        return out
    for hour in range(hours):
        near = np.isin(slot_hour, [(hour - 1) % hours, hour, (hour + 1) % hours])
        values = rows[:, near]
        values = values[np.isfinite(values)]
        out[:, hour] = np.quantile(values if values.size >= 12 else everything, levels)
    return out
