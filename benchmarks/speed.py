"""Speed of the compiled engine beside the tools people would use instead, in one run.

    python benchmarks/speed.py [--check]

    minutes    group-minutes/s of `simulate`, on one thread and two, beside a Gymnasium environment
               whose step moves the same group by one minute: by the very same functions in plain
               Python, and by the compiled ones; and beside the reference simulator of the tests,
               which is plain Python too but knows no latency
    requests   customers/s of the request-by-request simulation beside SimPy and Ciw, M/M/4 at 80 %
    bound      minutes/s of the clairvoyant dynamic programme beside the same loops in plain Python

Each ratio compares medians of one process. The forecast's speed stands beside statsforecast's in
`benchmarks/forecast.py --statsforecast`. --check fails below 400 × plain Gymnasium, 20 M
group-minutes/s on two threads, 30 × SimPy and 250,000 minutes/s of the bound.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import gymnasium
import numpy as np
import simpy
from gymnasium import spaces
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "simulator"))

from reference_simulator import Group, simulate_plainly  # noqa: E402

from tfopt_policies.bound import relaxed  # noqa: E402
from tfopt_sim import dynamics  # noqa: E402
from tfopt_sim.draws import draw, offsets  # noqa: E402
from tfopt_sim.fleet import clear  # noqa: E402
from tfopt_sim.rollout import parameters, room_of, simulate  # noqa: E402
from tfopt_sim.servers import steady_queue  # noqa: E402
from tfopt_sim.tables import service_of, service_table  # noqa: E402
from tfopt_sim.types import (  # noqa: E402
    Configuration,
    FloatArray,
    Machine,
    Slo,
    TargetTracking,
    Workload,
)

Observation = NDArray[np.float32]
START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = 7 * 1440
MACHINE = Machine("m5.xlarge", vcpus=4, memory_gib=16, usd_per_hour=0.192)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=180, boot="fixed")
CONFIGURATION = Configuration(MACHINE, 2, 64, 6, (TargetTracking(0.5),))
QUEUE = (4, 0.8)  # servers, utilisation


class GroupEnv(gymnasium.Env[Observation, int]):
    """One group under its own autoscaler; an action moves the minimum by −1, 0 or +1."""

    def __init__(self, demand_rps: FloatArray, table: FloatArray) -> None:
        self.demand = demand_rps
        self.params = parameters(CONFIGURATION, WORKLOAD, service_of(MACHINE, WORKLOAD, Slo()))
        self.table = table
        self.events = np.empty((0, 4), dtype=np.int64)
        self.draws = draw(WORKLOAD, 0)
        self.offset = int(offsets(1, 0)[0])
        self.room = room_of(CONFIGURATION, self.draws)
        self.action_space = spaces.Discrete(3)
        self.observation_space = spaces.Box(0.0, np.inf, (5,))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        clear(self.room)
        self.minute, self.state = 0, dynamics.initial(self.params)
        return np.zeros(5, dtype=np.float32), {}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        t, state = self.minute, self.state
        if action != 1:
            low = min(max(1, state.min_size + int(action) - 1), state.max_size)
            state = state._replace(min_size=low)
        entry = (self.offset + t) % self.draws.boots.size
        rps, boot, jitter = self.demand[t], self.draws.boots[entry], self.draws.jitter[entry]
        self.state, seen = dynamics.step(
            self.params, self.table, self.events, state, self.room, t, rps, boot, jitter
        )
        self.minute += 1
        numbers = [rps, seen.in_service, seen.billed, seen.cpu, self.state.backlog.backlog]
        observed = np.array(numbers, dtype=np.float32)
        reward = -(seen.billed * MACHINE.usd_per_hour / 60 + seen.bad)
        return observed, float(reward), False, False, {}  # gymnasium.make cuts the episode


def week(scenarios: int) -> FloatArray:
    """A daily wave of 300 to 1,700 requests/s with 10 % of noise."""
    t = np.arange(WEEK) / 1440
    noise = np.random.default_rng(0).standard_normal((scenarios, WEEK))
    return np.asarray((1000 - 700 * np.cos(2 * np.pi * t)) * np.exp(0.1 * noise))


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a call, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return median(times)


def line(what: str, per_second: float, unit: str, beside: float | None = None) -> None:
    ratio = f"{beside / per_second:10,.0f} × slower" if beside else ""
    print(f"{what:34} {per_second:15,.0f} {unit:16}{ratio}")


def tabulated() -> FloatArray:
    """Latency of every size of the group, by utilisation."""
    service = service_of(MACHINE, WORKLOAD, Slo())
    return service_table(service, CONFIGURATION.max_size)


def steps_per_second(demand: FloatArray, table: FloatArray) -> float:
    """Steps/s of the environment over one episode."""
    gymnasium.register("Group-v0", GroupEnv, max_episode_steps=demand.size)
    env = gymnasium.make("Group-v0", demand_rps=demand, table=table)

    def episode() -> None:
        env.reset(seed=0)
        ended = False
        while not ended:
            _, _, terminated, truncated, _ = env.step(1)
            ended = terminated or truncated

    return demand.size / seconds(episode, 3)


def uncompiled_steps_per_second(demand: FloatArray, table: FloatArray) -> float:
    """The same in a process of its own that compiles nothing."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "given.npz", demand=demand, table=table)
        plain = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
        command = [sys.executable, __file__, "--steps", str(Path(folder) / "given.npz")]
        run = subprocess.run(command, env=plain, check=True, capture_output=True, text=True)
    return float(run.stdout)


def minutes() -> tuple[float, float]:
    """Print group-minutes/s; return the ratio to plain Gymnasium, and the rate on two threads."""
    demand, table = week(64), tabulated()

    def run(part: FloatArray) -> object:
        return simulate([CONFIGURATION], part, WORKLOAD, Slo(), START)

    one = demand.size / seconds(lambda: run(demand))
    with ThreadPoolExecutor(2) as pool:
        both = 2 * demand.size / seconds(lambda: list(pool.map(run, (demand, demand))))
    stepped = steps_per_second(demand[0], table)
    slowly = uncompiled_steps_per_second(demand[0, :2000], table)
    plain = Group((2, 64), 6, CONFIGURATION.scaling, 200.0)
    plainly = WEEK / seconds(lambda: simulate_plainly(plain, demand[0].tolist(), 3), 3)
    line("simulate, one thread", one, "group-minutes/s")
    line("simulate, two threads", both, "group-minutes/s")
    line("Gymnasium, plain Python step", slowly, "steps/s", one)
    line("Gymnasium, compiled step", stepped, "steps/s", one)
    line("plain Python, no latency", plainly, "group-minutes/s", one)
    return one / slowly, both


def simpy_queue(customers: int) -> None:
    servers, utilisation = QUEUE
    rng = np.random.default_rng(0)
    env = simpy.Environment()
    desk = simpy.Resource(env, servers)

    def customer() -> Any:
        with desk.request() as turn:
            yield turn
            yield env.timeout(rng.exponential(1.0))

    def source() -> Any:
        for _ in range(customers):
            yield env.timeout(rng.exponential(1.0 / (servers * utilisation)))
            env.process(customer())

    env.process(source())
    env.run()


def ciw_queue(customers: int) -> None:
    import ciw

    servers, utilisation = QUEUE
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=servers * utilisation)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[servers],
    )
    ciw.seed(0)
    ciw.Simulation(network).simulate_until_max_customers(customers)


def requests() -> float:
    """Print customers/s of three simulators of one queue; return the ratio to SimPy."""
    servers, utilisation = QUEUE
    many, few = 2_000_000, 20_000
    ours = many / seconds(lambda: steady_queue(servers, utilisation, -1.0, many, 1), 3)
    by_simpy = few / seconds(lambda: simpy_queue(few), 3)
    line("request by request, compiled", ours, "customers/s")
    line("SimPy", by_simpy, "customers/s", ours)
    try:
        line("Ciw", few / seconds(lambda: ciw_queue(few), 3), "customers/s", ours)
    except ImportError:
        print("Ciw: not installed")
    return ours / by_simpy


def bound() -> float:
    """Print minutes/s of the dynamic programme over 64 sizes; return them."""
    needed = np.round(32 - 31 * np.cos(2 * np.pi * np.arange(WEEK) / 1440)).astype(np.int64)[None]
    price = np.array([100.0])
    ours = WEEK / seconds(lambda: relaxed(needed, 3.0, price))
    plain: Callable[..., object] = relaxed.py_func  # type: ignore[attr-defined]
    plainly = 500 / seconds(lambda: plain(needed[:, :500], 3.0, price), 3)
    line("clairvoyant bound, 64 sizes", ours, "minutes/s")
    line("the same loops in plain Python", plainly, "minutes/s", ours)
    return ours


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--steps", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps:
        given = np.load(options.steps)
        print(steps_per_second(given["demand"], given["table"]))
        return 0
    print(f"{os.cpu_count()} cores")
    ratio, both = minutes()
    over_simpy, programme = requests(), bound()
    fails = ratio < 400 or both < 20e6 or over_simpy < 30 or programme < 250e3
    return int(options.check and fails)


if __name__ == "__main__":
    sys.exit(main())
