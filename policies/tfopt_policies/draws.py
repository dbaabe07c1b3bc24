"""Draws training episodes: real and synthetic demand under randomised groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfopt_policies.episodes import WEEK_S, Episode, Setting, episode, split
from tfopt_policies.policy import Knobs
from tfopt_policies.traces import Trace
from tfopt_sim.demand_paths import KINDS, Kind, synthetic
from tfopt_sim.types import Machine, Slo, Workload

REAL_SHARE = 0.6  # of the episodes; the rest is synthetic
SYNTHETIC_DAYS = 35  # four weeks of history at most, and the week that follows
COMMON_SHARE = 0.3  # of the groups: twenty milliseconds of work, three minutes to boot, 250 ms


def training_traces(traces: Sequence[Trace]) -> list[Trace]:
    """Return the traces of which some early part may be trained on."""
    return [trace for trace in traces if split(trace) * trace.demand.step_s >= 2 * WEEK_S]


def draw(
    traces: Sequence[Trace], rng: np.random.Generator, kinds: Sequence[Kind] = KINDS
) -> Episode:
    """Return one random training episode; the same generator state gives the same one.

    `kinds` are the synthetic kinds that may be drawn.
    """
    setting = draw_setting(rng)
    if traces and rng.random() < REAL_SHARE:
        trace = traces[int(rng.integers(len(traces)))]
        week = WEEK_S // trace.demand.step_s
        origin = int(rng.integers(week, split(trace) - week + 1))
        return episode(trace.name, trace.demand, origin, setting, rng)
    kind = kinds[int(rng.integers(len(kinds)))]
    demand = synthetic(kind, rng, SYNTHETIC_DAYS, 300)
    week = WEEK_S // demand.step_s
    origin = int(rng.integers(week, demand.rps.size - week + 1))
    return episode(kind, demand, origin, setting, rng)


def draw_setting(rng: np.random.Generator) -> Setting:
    """Return a random group: boot 1–15 min, cv² 0.25–4, 2–500 instances, SLO 4–25 service times."""
    size = round(float(np.exp(rng.uniform(np.log(3), np.log(400)))))
    machines, knobs = _machines(rng), _knobs(rng)
    if rng.random() < COMMON_SHARE:
        workload = Workload(cpu_s_per_request=0.02, boot_s=180)
        return Setting(workload, Slo(p99_ms=250), machines, knobs, size)
    service_s = float(np.exp(rng.uniform(np.log(0.004), np.log(0.2))))
    cv2 = float(np.exp(rng.uniform(np.log(0.25), np.log(4.0))))
    workload = Workload(
        cpu_s_per_request=service_s,
        service_cv2=cv2,
        boot_s=float(np.exp(rng.uniform(np.log(60), np.log(900)))),
    )
    # the slowest in a hundred requests takes longer than the mean even with nobody in front of it
    least = 3 + 3 * np.sqrt(cv2)
    slo = Slo(
        p99_ms=1000 * service_s * float(rng.uniform(least, 3 * least)),
        max_bad_minutes=float(rng.choice([0.005, 0.01, 0.01, 0.01, 0.02])),
    )
    return Setting(workload, slo, machines, knobs, size)


def _machines(rng: np.random.Generator) -> tuple[Machine, ...]:
    count = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
    machines = []
    for index in range(count):
        vcpus = float(rng.choice([2, 2, 4, 8]))
        speed = 1.0 if index == 0 else float(np.exp(rng.normal(0.2, 0.35)))
        price = 0.048 * vcpus * speed**0.4 * float(np.exp(rng.normal(0, 0.15)))
        machines.append(Machine(f"type-{index}", vcpus, 4 * vcpus, price, speed))
    return tuple(machines)


def _knobs(rng: np.random.Generator) -> Knobs:
    unscaled = rng.random() < 0.15
    return Knobs(
        instance_type=True,
        desired_capacity=bool(unscaled),
        target_cpu=not unscaled,
        schedules=bool(not unscaled and rng.random() < 0.4),
        steps=bool(not unscaled and rng.random() < 0.5),
        largest_size=5000,
    )
