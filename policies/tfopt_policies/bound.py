"""The clairvoyant bound: what serving a known week costs at least, whatever steers the group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.policy import Problem
from tfopt_policies.sizing import need
from tfopt_sim._jit import compiled
from tfopt_sim.types import FloatArray, Machine

_BISECTIONS = 14


def clairvoyant_usd(problem: Problem, rps: FloatArray, machines: tuple[Machine, ...]) -> float:
    """Return a lower bound on the cost of serving one week, in USD.

    Every minute is served when enough instances run for that minute alone; the allowed share of
    bad minutes may be left unserved, and instances that boot are paid. Lagrangian relaxation of
    the allowance over an exact dynamic programme: F_t(n) = c·n + μ·[n < need_t] +
    min(min_{m≥n} F_{t−1}(m), min_{m≤n} F_{t−1}(m) + c·boot·(n − m)), maximised over μ.

    Args:
        problem: gives workload, SLO and largest size.
        rps: the demand that really came, shape (minutes,).
        machines: the types to choose one from.
    """
    return min(_one_machine(problem, rps, machine) for machine in machines)


def _one_machine(problem: Problem, rps: FloatArray, machine: Machine) -> float:
    needed = need(problem, machine, rps)
    boot_minutes = problem.workload.boot_s / 60
    allowed = problem.slo.max_bad_minutes * float(np.mean(rps > 0)) * rps.size
    best = _relaxed(needed, boot_minutes, 0.0)
    low, high = 0.0, 4.0 * float(needed.max()) * (1 + boot_minutes)
    for _ in range(_BISECTIONS):
        third = (high - low) / 3
        left = _relaxed(needed, boot_minutes, low + third) - (low + third) * allowed
        right = _relaxed(needed, boot_minutes, high - third) - (high - third) * allowed
        best = max(best, left, right)
        if left < right:  # the dual is concave in μ
            low += third
        else:
            high -= third
    return best / 60 * machine.usd_per_hour


@compiled
def _relaxed(needed: NDArray[np.int64], boot_minutes: float, price: float) -> float:
    """Return min Σ n_t + boot·launches + price·(minutes short), in instance-minutes."""
    states = needed.max() + 1
    cost = np.zeros(states)
    for t in range(needed.size):
        best_above = cost.copy()
        for n in range(states - 2, -1, -1):
            best_above[n] = min(best_above[n], best_above[n + 1])
        from_below = np.inf
        for n in range(states):
            from_below = min(from_below + boot_minutes, cost[n])
            short = price if n < needed[t] else 0.0
            best_above[n] = min(best_above[n], from_below) + n + short
        cost = best_above
    return float(cost.min())
