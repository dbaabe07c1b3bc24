"""The whole search beside random search with ten times its budget, on the same futures.

    python benchmarks/random_search.py --traces DIR [--origins N] [--sizes 20] [--check]
        [--mode MODE] [--out FILE]

Both race on the same history and the same held-back scenarios and by the same rule: of what holds
the SLO the cheapest, each past week missed counting like doubling the cost. tfopt brings what it
always brings (the planner, every calibrated baseline, 128 random draws); random search brings as
many draws over the same ranges as ten times tfopt's group-weeks pay for, and the same polish.
A loss is the cost tfopt pays above what random search found; where random search finds nothing that
holds it is none. --check fails unless 80 % of the losses are ≤ 0.5 % and 90 % are ≤ 2 %.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.calibrated import RandomSearch
from tfopt_policies.episodes import WEEK_S, Episode, episode, judged_origins
from tfopt_policies.evaluate import ANY_TYPE, ONE_TYPE, Plan, contenders, setting
from tfopt_policies.planner import load_planner
from tfopt_policies.prove import Thresholds, Verdict, prove
from tfopt_policies.traces import read_traces
from tfopt_sim.types import Configuration, FloatArray

TIMES, MOST = 10, 14  # random search's budget ÷ ours: at least, and enough of it
HALVINGS = 5
SCENARIOS, RISK = Plan().scenarios, Thresholds().max_slo_risk
REPLAYS = 4  # group-weeks that every draw costs at least: the past weeks
PLANNER = Path(__file__).parent.parent / "policies" / "trained" / "planner"


def best(verdict: Verdict) -> float:
    """Return the cost of the best that holds, burdened by past misses; inf where none does."""
    return min(
        (
            trial.usd_per_month * (1 + trial.past_weeks_missed)
            for trial in verdict.tried
            if trial.scenarios == SCENARIOS and trial.risk <= RISK
        ),
        default=math.inf,
    )


def compare(one: Episode, seed: int) -> dict[str, Any]:
    """Return what both found and spent on one group."""
    problem, rng = one.problem, np.random.default_rng(seed)
    held_back = problem.model.sample(rng, SCENARIOS, WEEK_S, 60)
    began = time.perf_counter()
    brought = {name: found for name, found, _ in contenders(one, [load_planner(PLANNER)], rng)}
    ours = prove(problem, brought, held_back)
    seconds = time.perf_counter() - began
    theirs = _random_search(one, ours.group_weeks, held_back, seed)
    return {
        "tfopt": best(ours),
        "random": best(theirs),
        "spent": ours.group_weeks,
        "times": theirs.group_weeks / ours.group_weeks,
        "seconds": seconds,
    }


def _random_search(one: Episode, spent: float, held_back: FloatArray, seed: int) -> Verdict:
    """Return the proof among as many draws as ten times `spent` pays for, at least.

    What a race adds to the draws' own replays is not foreseen, so their number is halved in.
    """
    low, high = 0, math.ceil(TIMES * spent / REPLAYS)
    enough = _random(one, high, held_back, seed)
    for _ in range(HALVINGS):
        if enough.group_weeks <= MOST * spent:
            break
        middle = (low + high) // 2
        found = _random(one, middle, held_back, seed)
        if found.group_weeks >= TIMES * spent:
            enough, high = found, middle
        else:
            low = middle
    return enough


def _random(one: Episode, count: int, held_back: FloatArray, seed: int) -> Verdict:
    """Return the proof among `count` draws; fewer where eight times as many hold too few."""
    found: list[Configuration] = []
    for factor in (1, 2, 4, 8):
        rng = np.random.default_rng((seed, factor))
        found = RandomSearch(budget=factor * count).drawn(one.problem, rng)
        if len(found) >= count:
            break
    return prove(one.problem, {"random-search": found[:count]}, held_back)


def loss(row: dict[str, Any]) -> float:
    """Return the share that tfopt pays above random search; 0 where neither holds."""
    if math.isinf(row["random"]):
        return 0.0 if math.isinf(row["tfopt"]) else -1.0
    return float(row["tfopt"] / row["random"] - 1)


def main() -> int:
    """Print every case and the summary; return 1 where --check is given and a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--origins", type=int, default=3)
    parser.add_argument("--sizes", default="20")
    parser.add_argument("--mode", choices=(ONE_TYPE, ANY_TYPE), default=ONE_TYPE)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for trace in read_traces(asked.traces, least_days=14):
        for origin in judged_origins(trace, asked.origins):
            for size in map(int, asked.sizes.split(",")):
                rng = np.random.default_rng((len(rows), size))
                wanted = setting(size, asked.mode)
                one = episode(trace.name, trace.demand, origin, wanted, rng)
                row = {"trace": trace.name, "size": size, **compare(one, len(rows))}
                rows.append(row)
                print(
                    f"{row['trace']:28} {size:4} tfopt {row['tfopt']:9.0f} random "
                    f"{row['random']:9.0f} USD/month  loss {loss(row):+8.2%}  "
                    f"{row['spent']:6.0f} group-weeks, random × {row['times']:.1f}",
                    flush=True,
                )
    losses = np.array([loss(row) for row in rows])
    close = float(np.mean(losses <= 0.005))
    told = {
        "cases": len(rows),
        "within 0.5 % or better": close,
        "loss, 90th percentile": float(np.quantile(losses, 0.9)),
        "loss, median": float(np.median(losses)),
        "random found nothing that holds": sum(math.isinf(row["random"]) for row in rows),
        "tfopt found nothing that holds": sum(math.isinf(row["tfopt"]) for row in rows),
        "random's budget ÷ tfopt's, mean": float(np.mean([row["times"] for row in rows])),
    }
    print(json.dumps(told, indent=2))
    if asked.out is not None:
        asked.out.write_text(json.dumps({"summary": told, "rows": rows}, indent=2) + "\n")
    reached = close >= 0.8 and told["loss, 90th percentile"] <= 0.02
    return 1 if asked.check and not reached else 0


if __name__ == "__main__":
    sys.exit(main())
