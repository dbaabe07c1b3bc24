"""A small group with a day-and-night load, from which every test of the policies starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from tfopt_policies.policy import Knobs, Problem
from tfopt_sim.forecast import fit
from tfopt_sim.risk import PLAIN
from tfopt_sim.types import Configuration, Demand, Machine, Slo, TargetTracking, Workload

WEEK_S = 7 * 86_400
SMALL = Machine("small", 2, 8, 0.10)
FAST = Machine("fast", 2, 8, 0.12, speed=2.0)  # twice the work for a fifth more
MakeProblem = Callable[..., Problem]


def demand(days: int = 14, *, mean_rps: float = 400.0, swing: float = 0.6, seed: int = 0) -> Demand:
    """Return 5-minute demand with a daily wave and a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(days * 288) / 288
    wave = 1 + swing * np.sin(2 * np.pi * t)
    noise = np.exp(0.03 * rng.standard_normal(t.size))
    return Demand(datetime(2026, 3, 2, tzinfo=UTC), 300, mean_rps * wave * noise)


def make_problem(
    *,
    history: Demand | None = None,
    present: Configuration | None = None,
    machines: tuple[Machine, ...] = (SMALL, FAST),
    knobs: Knobs | None = None,
    scenarios: int = 8,
) -> Problem:
    """Return the problem of a group sized generously under target tracking."""
    history = history or demand()
    present = present or Configuration(SMALL, 10, 40, 12, (TargetTracking(0.4),))
    model = fit(history, caution=PLAIN)
    return Problem(
        history=history,
        model=model,
        scenarios_rps=model.sample(np.random.default_rng(1), scenarios, WEEK_S, 60),
        workload=Workload(cpu_s_per_request=0.02, boot_s=120),
        slo=Slo(p99_ms=250),
        present=present,
        machines=machines,
        knobs=knobs or Knobs(target_cpu=True, schedules=True),
    )
