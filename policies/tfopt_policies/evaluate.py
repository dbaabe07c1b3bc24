"""Judges policies on weeks they have not seen: decided on history, tested on what followed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_policies.bound import clairvoyant_usd
from tfopt_policies.candidates import candidates
from tfopt_policies.cautious import DIALS
from tfopt_policies.episodes import HELD_OUT, WEEK_S, Episode, Setting, episode, judged_origins
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Knobs, Policy
from tfopt_policies.prove import Verdict, prove
from tfopt_policies.registry import baselines
from tfopt_policies.traces import Trace
from tfopt_sim.demand_paths import KINDS, synthetic
from tfopt_sim.rollout import simulate
from tfopt_sim.types import Configuration, Demand, Machine, Slo, Workload

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
PLAIN_CHOICE = -1  # what a policy proposes first, its dial left alone
ONE_TYPE, ANY_TYPE, SYNTHETIC = "one type", "any type", "one type, synthetic demand"
_SYNTHETIC_SEED = 60_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Which episodes are judged, and how carefully."""

    seed: int = 0
    origins: int = 3  # weeks per trace, latest first
    sizes: tuple[int, ...] = (20, 200)
    modes: tuple[str, ...] = (ONE_TYPE, ANY_TYPE)
    scenarios: int = 200  # held back for the proof
    synthetic: int = 6  # weeks of every synthetic kind, of the first size and one type


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
    launches: float
    hindsight_usd: float  # of the cheapest setting simulated that met the SLO; NaN where none did
    dial: int = PLAIN_CHOICE  # position of the policy's dial for caution, where it was turned

    @property
    def attainable(self) -> bool:
        """Whether some expressible setting met the SLO."""
        return not math.isnan(self.hindsight_usd)


Progress = Callable[[int, int, str], None]


def evaluate(
    traces: Sequence[Trace], policies: Sequence[Policy], plan: Plan, progress: Progress
) -> list[Score]:
    """Return a score per policy and episode: baselines, `policies`, and what the proof chose."""
    wanted = [*_real(traces, plan), *_synthetic(plan)]
    scores: list[Score] = []
    for index, (name, demand, origin, size, mode) in enumerate(wanted):
        progress(index, len(wanted), f"{name} × {size}, {mode}")
        rng = np.random.default_rng((plan.seed, index))
        one = episode(name, demand, origin, setting(size, mode), rng)
        scores += _judge(one, mode, policies, plan, rng)
    progress(len(wanted), len(wanted), "done")
    return scores


_Week = tuple[str, Demand, int, int, str]  # series, its demand, origin, size, mode


def _real(traces: Sequence[Trace], plan: Plan) -> Iterator[_Week]:
    for trace in traces:
        for origin in judged_origins(trace, plan.origins):
            for size in plan.sizes:
                for mode in plan.modes:
                    yield trace.name, trace.demand, origin, size, mode


def _synthetic(plan: Plan) -> Iterator[_Week]:
    """Yield weeks of synthetic demand from seeds that no training draws."""
    for kind_index, kind in enumerate(KINDS):
        for week in range(plan.synthetic):
            rng = np.random.default_rng((_SYNTHETIC_SEED, plan.seed, kind_index, week))
            demand = synthetic(kind, rng, 35, 300)
            origin = demand.rps.size - WEEK_S // demand.step_s
            yield kind, demand, origin, plan.sizes[0], SYNTHETIC


def setting(size: int, mode: str) -> Setting:
    """Return the group of an episode: scaled by target tracking, with room for schedules."""
    machines = MACHINES if mode == ANY_TYPE else MACHINES[:1]
    knobs = Knobs(target_cpu=True, schedules=True, steps=True, largest_size=50 * size)
    return Setting(WORKLOAD, SLO, machines, knobs, size)


def contenders(
    one: Episode, policies: Sequence[Policy], rng: np.random.Generator
) -> Iterator[tuple[str, list[Configuration], float]]:
    """Yield name, proposals and the seconds they took, of every baseline and policy, once each."""
    rules = baselines(one.problem.knobs)
    for policy in {policy.name: policy for policy in (*rules, *policies)}.values():
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
    chosen = [(name, proposals[0], seconds, PLAIN_CHOICE) for name, proposals, seconds in proposed]
    chosen.append((PROVEN, verdict.chosen, took, PLAIN_CHOICE))
    chosen += _dialled(one, policies, rng)
    known = [configuration for _, configuration, _, _ in chosen] + candidates(one.problem)
    place = {configuration: i for i, configuration in enumerate(dict.fromkeys(known))}
    problem = one.problem
    outcome = simulate(
        list(place),
        one.future_rps[None, :],
        workload=problem.workload,
        slo=problem.slo,
        start=problem.model.start,
        seed=plan.seed,
    )
    usd, bad = outcome.cost_usd[:, 0], outcome.bad_minute_share[:, 0]
    met = bad <= problem.slo.max_bad_minutes
    bound = float(clairvoyant_usd(problem, one.future_rps[None, :], problem.machines)[0])
    hindsight = float(usd[met].min()) if met.any() else math.nan
    unseen = one.trace in HELD_OUT or mode == SYNTHETIC
    scores = []
    for name, configuration, seconds, dial in chosen:
        i = place[configuration]
        said = describe(configuration)
        scores.append(
            Score(
                one.trace, unseen, one.origin, one.size, mode, name,
                f"{said} · {verdict.won_by}" if name == PROVEN else said,
                float(usd[i]), float(bad[i]), bool(met[i]), bound, seconds,
                float(outcome.launches[i, 0]), hindsight, dial,
            )
        )  # fmt: skip
    return scores


def _dialled(
    one: Episode, policies: Sequence[Policy], rng: np.random.Generator
) -> list[tuple[str, Configuration, float, int]]:
    """Return what every policy with a dial for caution chooses at each position of it."""
    turned: list[tuple[str, list[Configuration]]] = [
        (rule.name, rule.dialled(one.problem, rng)) for rule in DIALS
    ]
    turned += [
        (policy.name, policy.dialled(one.problem))
        for policy in policies
        if isinstance(policy, Planner)
    ]
    return [
        (name, configuration, 0.0, dial)
        for name, settings in turned
        for dial, configuration in enumerate(settings)
    ]


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
