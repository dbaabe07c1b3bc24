"""Times what a policy adds to one recommendation: proposals and proof, in seconds and group-weeks.

Run: python benchmarks/policy.py [scenarios]. Wall time is the median of five after a warm-up.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from tfopt.resources import data_dir
from tfopt_policies.draws import SYNTHETIC_DAYS
from tfopt_policies.episodes import WEEK_S, episode
from tfopt_policies.evaluate import ANY_TYPE, ONE_TYPE, setting
from tfopt_policies.policy import Policy, Problem
from tfopt_policies.prove import prove
from tfopt_policies.registry import DEFAULT, baselines, load
from tfopt_sim.demand_paths import KINDS, synthetic
from tfopt_sim.types import Configuration


def median_s(work: Callable[[], object], repeats: int = 5) -> float:
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _proposals(policies: list[Policy], problem: Problem) -> dict[str, list[Configuration]]:
    return {p.name: p.propose(problem, np.random.default_rng(0)) for p in policies}


def main(scenarios: int) -> None:
    planner = load(DEFAULT, data_dir("trained"))
    print(f"{'demand':<10}{'types':<10}{'propose s':>10}{'prove s':>10}{'group-weeks':>12}  won by")
    for kind in KINDS:
        for mode in (ONE_TYPE, ANY_TYPE):
            rng = np.random.default_rng(0)
            demand = synthetic(kind, rng, SYNTHETIC_DAYS, 300)
            one = episode(kind, demand, 14 * 288, setting(20, mode), rng).problem
            policies = [p for p in baselines(one.knobs) if p.name != "random-search"]
            policies.append(planner)
            held_back = one.model.sample(rng, scenarios, WEEK_S, 60)
            proposals = _proposals(policies, one)
            propose_s = median_s(partial(_proposals, policies, one))
            prove_s = median_s(partial(prove, one, proposals, held_back))
            verdict = prove(one, proposals, held_back)
            print(
                f"{kind:<10}{mode:<10}{propose_s:>10.2f}{prove_s:>10.2f}"
                f"{verdict.group_weeks:>12.0f}  {verdict.won_by}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
