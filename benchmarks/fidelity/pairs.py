"""Draws what is compared: configurations of groups, and real demand scaled to their size."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from tfopt.traffic import read_csv
from tfopt_sim.resample import resampled
from tfopt_sim.types import (
    Configuration,
    Demand,
    FloatArray,
    Machine,
    ScalingPolicy,
    Slo,
    TargetTracking,
    Workload,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
MOST_REQUESTS = 6e6  # in one run
SHORTEST = 720  # minutes to which the two days of a large group are cut


@dataclass(frozen=True)
class Pair:
    """A configuration, and two days of demand on it."""

    trace: str
    configuration: Configuration
    workload: Workload
    slo: Slo
    demand_rps: FloatArray

    def __str__(self) -> str:
        group, work = self.configuration, self.workload
        rule = group.tracking
        scaling = f"target {rule.target:.2f}/{rule.metric_period_s}s" if rule else "static"
        return (
            f"{self.trace:24.24s} {group.min_size:3d}..{group.max_size:<4d}"
            f"×{group.machine.vcpus:<3.0f} {scaling:16s} {work.balancing[:6]}"
            f" {1000 * work.cpu_s_per_request:7.1f} ms"
            f" cv² {work.service_cv2:4.2f} slo {self.slo.p99_ms:7.0f} ms"
            f" boot {work.boot_s:3.0f}{'d' if work.boot == 'distribution' else 'f'}"
            f" timeout {work.timeout_s:5.1f} {self.demand_rps.mean():6.1f} rps"
        )


@dataclass(frozen=True)
class Trace:
    """One public series; its unit does not matter, it is scaled before use."""

    name: str
    demand: Demand


def read_traces(folder: Path) -> list[Trace]:
    """Return the traces of three days or more that `traces.json` in `folder` lists."""
    index = json.loads((folder / "traces.json").read_text())
    return [
        Trace(entry["name"], read_csv(folder / Path(entry["file"]).name).demand)
        for entry in index
        if entry["days"] >= 3
    ]


def window(rng: np.random.Generator, trace: Trace) -> FloatArray:
    """Return two days of a trace by minutes, from a random step; gaps closed by straight lines."""
    demand = trace.demand
    steps = 2 * 86_400 // demand.step_s
    while True:
        first = int(rng.integers(0, demand.rps.size - steps))
        values = demand.rps[first : first + steps]
        known = np.flatnonzero(np.isfinite(values))
        if known.size > steps // 2 and values[known].max() > 0:
            values = np.interp(np.arange(steps), known, values[known])
            return np.maximum(resampled(values[None], demand.step_s, 60)[0], 0.0)


def scaling_of(rng: np.random.Generator) -> tuple[ScalingPolicy, ...]:
    """Return target tracking, or nothing for one group in three."""
    if rng.random() < 1 / 3:
        return ()
    return (
        TargetTracking(
            target=round(float(rng.uniform(0.3, 0.85)), 2),
            scale_in_ratio=float(rng.choice([0.7, 0.9])),
            metric_period_s=int(rng.choice([60, 60, 300])),
            warmup_s=float(rng.choice([0.0, 120.0, 300.0])),
        ),
    )


def drawn(rng: np.random.Generator, traces: Sequence[Trace]) -> Pair:
    """Draw one pair: 1 to 1,000 vCPUs at the peak, requests of 5 ms to 2 s, cv² 0 to 4."""
    trace = traces[int(rng.integers(len(traces)))]
    shape = window(rng, trace)
    vcpus = int(rng.choice([1, 2, 4, 8, 16]))
    mean_s = math.exp(rng.uniform(math.log(0.005), math.log(2.0)))
    instances = math.exp(rng.uniform(0.0, math.log(1000 / vcpus)))
    busy = np.quantile(shape, 0.999) / shape.mean()  # peak over mean
    most = MOST_REQUESTS * mean_s * busy / (60 * SHORTEST * vcpus)
    instances = max(1, round(min(instances, most)))
    scaling = scaling_of(rng)
    peak_load = rng.uniform(0.4, 1.05) if scaling else rng.uniform(0.4, 0.97)
    vcpus_busy = shape / np.quantile(shape, 0.999) * instances * vcpus * peak_load
    requests = 60.0 * vcpus_busy.sum() / mean_s
    share = max(SHORTEST / shape.size, min(1.0, MOST_REQUESTS / requests))
    vcpus_busy = vcpus_busy[: int(share * shape.size)]
    cv2 = float(rng.choice([0.0, 0.25, 0.5, 1.0, 1.0, 2.0, 4.0]))
    balancing: Literal["least-outstanding", "random"] = (
        "random" if rng.random() < 0.3 else "least-outstanding"
    )
    boot: Literal["distribution", "fixed"] = "distribution" if rng.random() < 0.5 else "fixed"
    alone = math.exp(2.33 * math.sqrt(math.log1p(cv2)) - 0.5 * math.log1p(cv2))  # p99 ÷ mean
    slo_s = mean_s * alone * math.exp(rng.uniform(0.05, 1.8))
    workload = Workload(
        cpu_s_per_request=mean_s,
        service_cv2=cv2,
        boot_s=round(float(rng.uniform(20, 420))),
        boot=boot,
        balancing=balancing,
        timeout_s=round(5 * slo_s, 1) + 0.1 if rng.random() < 0.15 else 0.0,
    )
    least = int(rng.integers(1, max(2, instances // 3 + 1)))
    configuration = Configuration(
        Machine("drawn", vcpus, 4.0 * vcpus, 0.05 * vcpus),
        least if scaling else instances,
        math.ceil(instances * (1.3 if scaling else 1.0)),
        instances,
        scaling,
    )
    slo = Slo(p99_ms=float(f"{1000 * slo_s:.3g}"))
    return Pair(trace.name, configuration, workload, slo, vcpus_busy / mean_s)
