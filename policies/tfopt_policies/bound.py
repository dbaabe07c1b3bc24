"""The clairvoyant bound: what serving known weeks costs at least, whatever steers the group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.policy import Problem
from tfopt_policies.sizing import need
from tfopt_sim._jit import compiled
from tfopt_sim.types import FloatArray, Machine

_TRISECTIONS = 14


def clairvoyant_usd(problem: Problem, rps: FloatArray, machines: tuple[Machine, ...]) -> FloatArray:
    """Return a lower bound on the cost of serving each of several known weeks, in USD.

    Every minute is served when enough instances run for that minute alone; the allowed share of
    bad minutes may be left unserved, and instances that boot are paid. Lagrangian relaxation of
    the allowance over an exact dynamic programme (`relaxed`), maximised over the multiplier.

    Args:
        problem: gives workload, SLO and largest size.
        rps: the demand that really came, shape (weeks, minutes).
        machines: the types to choose one from.

    Returns:
        shape (weeks,).
    """
    bounds = [_one_machine(problem, rps, machine) for machine in machines]
    return np.asarray(np.min(bounds, axis=0))


def _one_machine(problem: Problem, rps: FloatArray, machine: Machine) -> FloatArray:
    needed = need(problem, machine, rps)
    allowed = problem.slo.max_bad_minutes * (rps > 0).sum(axis=1)
    boot_minutes = problem.workload.boot_s / 60
    return bounded(needed, boot_minutes, allowed) / 60 * machine.usd_per_hour


def bounded(needed: NDArray[np.int64], boot_minutes: float, allowed: FloatArray) -> FloatArray:
    """Return the least instance-minutes that leave at most `allowed` minutes short, from below.

    The dual max_μ min_n Σ n_t + boot·launches + μ·(minutes short − allowed) is concave in μ: each
    series trisects for its own.

    Args:
        needed: instances that serve each minute, shape (series, minutes).
        boot_minutes: paid by every launch before it serves.
        allowed: minutes of each series that may be short, shape (series,).
    """
    low = np.zeros(needed.shape[0])
    best = relaxed(needed, boot_minutes, low)
    high = 4.0 * needed.max(axis=1) * (1 + boot_minutes)
    for _ in range(_TRISECTIONS):
        third = (high - low) / 3
        left = relaxed(needed, boot_minutes, low + third) - (low + third) * allowed
        right = relaxed(needed, boot_minutes, high - third) - (high - third) * allowed
        best = np.maximum(best, np.maximum(left, right))
        rising = left < right
        low, high = np.where(rising, low + third, low), np.where(rising, high, high - third)
    return best


@compiled
def relaxed(needed: NDArray[np.int64], boot_minutes: float, price: FloatArray) -> FloatArray:
    """Return min Σ n_t + boot·launches + price·(minutes short) of each series, exactly.

    F_t(n) = n + price·[n < needed_t] + min(min_{m≥n} F_{t−1}(m),
    min_{m≤n} F_{t−1}(m) + boot·(n − m)): removing is free, launching pays the boot, and both inner
    minima are running ones, so a minute takes two passes over the sizes.

    Args:
        needed: shape (series, minutes); the size before the first minute is free.
        boot_minutes: paid by every launch.
        price: of a minute that is short, shape (series,).

    Returns:
        instance-minutes, shape (series,).
    """
    found = np.empty(needed.shape[0])
    for s in range(needed.shape[0]):
        sizes = needed[s].max() + 1
        cost = np.zeros(sizes)
        launched = np.empty(sizes)
        for t in range(needed.shape[1]):
            running = np.inf
            for n in range(sizes):
                running = min(running + boot_minutes, cost[n])
                launched[n] = running
            running = np.inf
            for n in range(sizes - 1, -1, -1):
                running = min(running, cost[n])
                short = price[s] if n < needed[s, t] else 0.0
                cost[n] = min(running, launched[n]) + n + short
        found[s] = cost.min()
    return found


@compiled
def relaxed_sizes(
    needed: NDArray[np.int64], boot_minutes: float, price: FloatArray
) -> NDArray[np.int64]:
    """Return the sizes, (series, minutes), with which `relaxed` reaches its minimum.

    Memory of minutes × sizes for one series at a time.
    """
    series, minutes = needed.shape
    chosen = np.empty((series, minutes), np.int64)
    for s in range(series):
        sizes = needed[s].max() + 1
        cost, launched = np.zeros(sizes), np.empty(sizes)
        came = np.empty((minutes, sizes), np.int32)  # the size of the minute before
        below = np.empty(sizes, np.int32)
        for t in range(minutes):
            running, at = np.inf, 0
            for n in range(sizes):
                running += boot_minutes
                if cost[n] <= running:
                    running, at = cost[n], n
                launched[n], below[n] = running, at
            running, at = np.inf, 0
            for n in range(sizes - 1, -1, -1):
                if cost[n] <= running:
                    running, at = cost[n], n
                short = price[s] if n < needed[s, t] else 0.0
                came[t, n] = at if running <= launched[n] else below[n]
                cost[n] = min(running, launched[n]) + n + short
        size = int(np.argmin(cost))
        for t in range(minutes - 1, -1, -1):
            chosen[s, t] = size
            size = came[t, size]
    return chosen
