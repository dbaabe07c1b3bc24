"""Speed of the compiled simulator beside the plain one, and its queues beside discrete events.

    python benchmarks/simulator.py [--queues] [--check]

Prints, from one run on one core: group-minutes/s of `simulate` and of the plain Python simulator of
the tests on the same group and demand, their ratio, and the same under two step policies; what the
service tables cost; what the first process after an installation compiles, and what every later one
loads.

--queues runs a request-by-request simulation of 42 steady queues (a minute or so) and prints the
share of slow requests and of bad minutes beside what the tables say.
--check fails below 40 × the plain simulator, above 20 ms for the tables of 64 sizes, above 1.0 s
of loading, or above 0.06 of mean error in the share of bad minutes.
"""

from __future__ import annotations

import argparse
import heapq
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median

import numba
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "simulator"))

from reference_simulator import Group, simulate_plainly  # noqa: E402

from tfopt_sim import tables  # noqa: E402
from tfopt_sim.rollout import simulate  # noqa: E402
from tfopt_sim.types import (  # noqa: E402
    Alarm,
    Configuration,
    FloatArray,
    Machine,
    Slo,
    Step,
    StepScaling,
    TargetTracking,
    Workload,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = 7 * 1440
MACHINE = Machine("m5.xlarge", vcpus=4, memory_gib=16, usd_per_hour=0.192)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=180, boot="fixed")
CONFIGURATION = Configuration(MACHINE, 2, 64, 6, (TargetTracking(0.5),))
STEPPED = replace(
    CONFIGURATION,
    scaling=(
        StepScaling(
            Alarm(0.6, ">", datapoints=2, of=3), (Step(10, 0, 0.2), Step(30, 0.2)), "percent", 1
        ),
        StepScaling(Alarm(0.3, "<", datapoints=15, of=15), (Step(-1, None, 0),)),
    ),
)

FIRST_USE = """
import time
import numba, numpy as np
begin = time.perf_counter()
from datetime import UTC, datetime
from tfopt_sim.rollout import service_limits, simulate, trajectory
from tfopt_sim.types import Configuration, Machine, Slo, TargetTracking, Workload
machine, workload, slo = Machine("m", 4, 16, 0.2), Workload(0.02), Slo()
group = Configuration(machine, 2, 64, 6, (TargetTracking(0.5),))
start = datetime(2026, 1, 5, tzinfo=UTC)
demand = np.full((1, 60), 500.0)
simulate([group], demand, workload, slo, start)
trajectory(group, demand[0], workload, slo, start)
service_limits(machine, workload, slo, np.arange(1, 9))
print(time.perf_counter() - begin)
"""

# servers, mean service s, cv², slow s, utilisations
QUEUES: tuple[tuple[int, float, float, float, tuple[float, ...]], ...] = (
    (4, 0.05, 1.0, 0.25, (0.5, 0.7)),
    (8, 0.018, 1.0, 0.25, (0.9, 0.93, 0.95, 0.97)),
    (8, 0.05, 1.0, 0.45, (0.9,)),
    (8, 0.05, 1.0, 0.3, (0.85,)),
    (16, 0.02, 1.0, 0.25, (0.95, 0.97)),
    (16, 0.02, 4.0, 0.25, (0.9, 0.93, 0.95, 0.97)),
    (4, 0.2, 1.0, 1.0, (0.5, 0.7, 0.8, 0.85, 0.9)),
    (32, 0.2, 1.0, 1.0, (0.5, 0.85, 0.9, 0.93, 0.95, 0.97)),
    (2, 0.02, 1.0, 0.4, (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)),
    (2, 1.0, 1.0, 10.0, (0.5, 0.7, 0.8, 0.85, 0.9, 0.93)),
    (64, 1.0, 1.0, 6.0, (0.93, 0.95, 0.97)),
    (1, 1.0, 1.0, 5.0, (0.3,)),
)


def week(scenarios: int) -> FloatArray:
    """A daily wave of 300 to 1,700 requests/s with 10 % of noise."""
    t = np.arange(WEEK) / 1440
    noise = np.random.default_rng(0).standard_normal((scenarios, WEEK))
    return np.asarray((1000 - 700 * np.cos(2 * np.pi * t)) * np.exp(0.1 * noise))


def seconds(function: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a call, after one to warm up."""
    function()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return median(times)


def compare_speed() -> float:
    """Print group-minutes/s of both simulators; return the ratio."""
    demand = week(64)
    took = seconds(lambda: simulate([CONFIGURATION], demand, WORKLOAD, Slo(), START))
    compiled = demand.size / took
    begin = time.perf_counter()
    plain = Group((2, 64), 6, CONFIGURATION.scaling, 200.0)
    simulate_plainly(plain, demand[0].tolist(), 3)
    plainly = WEEK / (time.perf_counter() - begin)
    print(f"simulate           {compiled / 1e6:8.1f} M group-minutes/s")
    print(f"plain Python       {plainly / 1e6:8.3f} M group-minutes/s (no latency)")
    print(f"ratio              {compiled / plainly:8.0f} ×")
    took = seconds(lambda: simulate([STEPPED], demand, WORKLOAD, Slo(), START))
    print(f"two step policies  {demand.size / took / 1e6:8.1f} M group-minutes/s")
    return compiled / plainly


def table_cost(sizes: int) -> float:
    """Print and return the milliseconds that the tables of `sizes` sizes take."""
    service = tables.service_of(MACHINE, WORKLOAD, Slo())

    def build() -> None:
        tables._table.cache_clear()
        tables.service_table(service, sizes)

    took = 1000 * seconds(build)
    print(f"tables, {sizes:4d} sizes {took:8.1f} ms")
    return took


def first_use() -> float:
    """Print compile and load time beyond importing numba; return the load time."""
    path = os.pathsep.join([str(ROOT / "sim"), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": path}
        times = [
            float(subprocess.run([sys.executable, "-c", FIRST_USE], env=env, check=True,
                                 capture_output=True, text=True).stdout)
            for _ in range(4)
        ]  # fmt: skip
    print(f"first process      {times[0]:8.2f} s (compiles)")
    print(f"later ones         {median(times[1:]):8.2f} s (load)")
    return median(times[1:])


@numba.njit
def discrete_events(
    servers: int, rate: float, mean_s: float, cv2: float, slow_s: float, minutes: int
) -> tuple[float, float]:
    """Share of slow requests and of bad minutes of a first-come-first-served queue."""
    np.random.seed(1)
    warmup_s = 1200.0
    free = [-warmup_s] * servers
    sigma = np.sqrt(np.log1p(cv2))
    mu = np.log(mean_s) - sigma * sigma / 2
    every, slow = np.zeros(minutes), np.zeros(minutes)
    now = -warmup_s
    while True:
        now += np.random.exponential(1 / rate)
        if now >= 60.0 * minutes:
            break
        begin = max(now, free[0])
        done = begin + np.exp(mu + sigma * np.random.standard_normal())
        heapq.heapreplace(free, done)
        if now >= 0.0:
            every[int(now / 60)] += 1
            slow[int(now / 60)] += done - now > slow_s
    busy = every > 0
    return slow.sum() / every.sum(), (slow[busy] > 0.01 * every[busy]).mean()


def compare_queues() -> float:
    """Print the tables beside discrete events; return the mean error of the bad-minute share."""
    errors = []
    print("servers mean_s cv² slow_s    ρ    slow: events  table    bad: events  table")
    for servers, mean_s, cv2, slow_s, loads in QUEUES:
        service = tables.Service(servers, mean_s, cv2, True, slow_s)
        table = tables.service_table(service, 1)[1]
        for load in loads:
            rate = load * servers / mean_s
            minutes = int(min(10_000, max(300, 1.2e7 / (60 * rate))))
            slow, bad = discrete_events(servers, rate, mean_s, cv2, slow_s, minutes)
            cell, part = divmod(tables.cell_at(load), 1)
            row = table[int(cell)] * (1 - part) + table[int(cell) + 1] * part
            errors.append(abs(float(row[1]) - bad))
            print(
                f"{servers:7d} {mean_s:6.3f} {cv2:3.0f} {slow_s:6.2f} {load:4.2f}   "
                f"{slow:12.5f} {row[0]:6.5f}   {bad:11.4f} {row[1]:6.4f}"
            )
    print(f"mean error of the bad-minute share over {len(errors)} queues: {fmean(errors):.3f}")
    return fmean(errors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    fails = compare_speed() < 40
    fails |= table_cost(64) > 20
    table_cost(1024)
    fails |= first_use() > 1.0
    if options.queues:
        fails |= compare_queues() > 0.06
    return int(options.check and fails)


if __name__ == "__main__":
    sys.exit(main())
