"""Judges policies on weeks they have not seen: decided on history, tested on what followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_policies.bound import clairvoyant_usd
from tfopt_policies.episodes import HELD_OUT, WEEK_S, Episode, Setting, episode, judged_origins
from tfopt_policies.policy import Knobs, Policy
from tfopt_policies.prove import Verdict, prove
from tfopt_policies.registry import baselines
from tfopt_policies.traces import Trace
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, Machine, Slo, Workload

PROVEN = "tfopt (after the proof)"
# AWS on-demand Linux, us-east-1, 2026-07; speed = CoreMark per busy vCPU relative to m5.large
# (measured by Spare Cores, 2024-09, CC-BY-SA-4.0).
MACHINES = (
    Machine("m5.large", 2, 8, 0.096, 1.0),
    Machine("m5.xlarge", 4, 16, 0.192, 1.0),
    Machine("c6i.large", 2, 4, 0.085, 1.24),
    Machine("m7i.large", 2, 8, 0.1008, 1.64),
    Machine("m7a.large", 2, 8, 0.11592, 2.39),
    Machine("c7a.large", 2, 4, 0.10264, 2.37),
)
WORKLOAD, SLO = Workload(cpu_s_per_request=0.02, boot_s=180), Slo(p99_ms=250)
ONE_TYPE, ANY_TYPE = "one type", "any type"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which episodes are judged, and how carefully."""

    seed: int = 0
    origins: int = 3  # weeks per trace, latest first
    sizes: tuple[int, ...] = (20, 200)
    modes: tuple[str, ...] = (ONE_TYPE, ANY_TYPE)
    scenarios: int = 200  # held back for the proof


@dataclass(frozen=True, slots=True)
class Score:
    """What one policy's configuration did in one week outside training."""

    trace: str
    unseen: bool  # the trace, and not only the week
    origin: str
    size: int
    mode: str
    policy: str
    configuration: str
    usd: float
    bad_minute_share: float
    met: bool
    bound_usd: float
    seconds: float  # to propose


Progress = Callable[[int, int, str], None]


def evaluate(
    traces: Sequence[Trace], policies: Sequence[Policy], plan: Plan, progress: Progress
) -> list[Score]:
    """Return a score per policy and episode: baselines, `policies`, and what the proof chose."""
    wanted = [
        (trace, origin, size, mode)
        for trace in traces
        for origin in judged_origins(trace, plan.origins)
        for size in plan.sizes
        for mode in plan.modes
    ]
    scores: list[Score] = []
    for index, (trace, origin, size, mode) in enumerate(wanted):
        progress(index, len(wanted), f"{trace.name} × {size}, {mode}")
        rng = np.random.default_rng((plan.seed, index))
        one = episode(trace.name, trace.demand, origin, setting(size, mode), rng)
        scores += _judge(one, mode, policies, plan, rng)
    progress(len(wanted), len(wanted), "done")
    return scores


def setting(size: int, mode: str) -> Setting:
    """Return the group of an episode: scaled by target tracking, with room for schedules."""
    machines = MACHINES if mode == ANY_TYPE else MACHINES[:1]
    knobs = Knobs(target_cpu=True, schedules=True, steps=True, largest_size=50 * size)
    return Setting(WORKLOAD, SLO, machines, knobs, size)


def contenders(
    one: Episode, policies: Sequence[Policy], rng: np.random.Generator
) -> Iterator[tuple[str, list[Configuration], float]]:
    """Yield name, proposals and the seconds they took, of every baseline and policy."""
    for policy in [*baselines(one.problem.knobs), *policies]:
        began = time.perf_counter()
        proposals = policy.propose(one.problem, rng)
        yield policy.name, proposals, time.perf_counter() - began


def _judge(
    one: Episode, mode: str, policies: Sequence[Policy], plan: Plan, rng: np.random.Generator
) -> list[Score]:
    proposed = list(contenders(one, policies, rng))
    began = time.perf_counter()
    verdict = _prove(one, proposed, plan, rng)
    took = time.perf_counter() - began
    chosen = [(name, proposals[0], seconds) for name, proposals, seconds in proposed]
    chosen.append((PROVEN, verdict.chosen, took))
    problem = one.problem
    outcome = simulate(
        [configuration for _, configuration, _ in chosen],
        one.future_rps[None, :],
        workload=problem.workload,
        slo=problem.slo,
        start=problem.model.start,
        seed=plan.seed,
    )
    bound = float(clairvoyant_usd(problem, one.future_rps[None, :], problem.machines)[0])
    return [
        Score(
            one.trace, one.trace in HELD_OUT, one.origin, one.size, mode, name,
            f"{describe(configuration)} · {verdict.won_by}" if name == PROVEN
            else describe(configuration),
            float(outcome.cost_usd[i, 0]), float(outcome.bad_minute_share[i, 0]),
            bool(outcome.bad_minute_share[i, 0] <= problem.slo.max_bad_minutes), bound, seconds,
        )
        for i, (name, configuration, seconds) in enumerate(chosen)
    ]  # fmt: skip


def _prove(
    one: Episode,
    proposed: Sequence[tuple[str, list[Configuration], float]],
    plan: Plan,
    rng: np.random.Generator,
) -> Verdict:
    held_back = one.problem.model.sample(rng, plan.scenarios, WEEK_S, 60)
    names = {name: proposals for name, proposals, _ in proposed}
    return prove(one.problem, names, held_back, seed=plan.seed)


def describe(configuration: Configuration) -> str:
    """Return a configuration in one short phrase."""
    scaling = configuration.tracking
    how = f"target {scaling.target:.0%}" if scaling else f"desired {configuration.desired_capacity}"
    if scaling is None and configuration.scaling:
        how = "its own policies"
    floors = f", {len(configuration.schedules)} floors" if configuration.schedules else ""
    bounds = f"{configuration.min_size}–{configuration.max_size}"
    return f"{configuration.machine.name} {bounds}, {how}{floors}"
