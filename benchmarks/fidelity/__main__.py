"""Holds the fast simulator against request-by-request simulation.

    python benchmarks/fidelity [--pairs 200] [--seed 0] [--jobs 1] [--traces FOLDER] [--check]

Draws pairs of a configuration and two days of a real trace at random, runs both simulators (the
fast one is the mean of 8 seeds, the truth of 5) and prints how far off p95, p99, cost and the share
of bad minutes are. A pair passes where the error is within the bar, or within the mean difference
of two seeds of the truth; percentiles count where under 0.5 % of minutes are bad. The worst pairs
are listed.

--check exits 1 where fewer than 95 % of the pairs pass one of the bars.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

import numpy as np
from compare import BARS, TRUTHS, Bar, Figures, allowed, error, figures
from pairs import Pair, drawn, read_traces

ROOT = Path(__file__).resolve().parent.parent.parent
TRACES = Path(os.environ.get("TFOPT_MATERIAL", ROOT.parent / "shared")) / "data" / "traces"
LEAST_PASSING = 0.95
WORST = 6  # listed per bar


def report(name: str, bar: Bar, results: list[tuple[Pair, Figures]]) -> float:
    """Print one line of the table and its worst pairs; return the share that passes."""
    counted = [(pair, found) for pair, found in results if bar.counts(found)]
    errors = np.array([error(bar, found) for _, found in counted])
    limits = np.array([allowed(bar, found) for _, found in counted])
    passing = np.abs(errors) <= limits
    off = np.abs(errors)
    print(
        f"\n{name:30s} {passing.sum():4d} of {len(counted):4d} pass ({passing.mean():6.1%})   "
        f"error: median {np.median(off):7.2%}  p90 {np.quantile(off, 0.9):7.2%}  "
        f"worst {off.max():7.2%}  bias {errors.mean():+7.2%}"
    )
    for k in np.argsort(np.abs(errors) - limits)[::-1][:WORST]:
        pair, found = counted[k]
        mean = found.fast[:, bar.column].mean(), found.truth[:, bar.column].mean()
        mark = "  " if passing[k] else "× "
        print(
            f"  {mark}{errors[k]:+8.2%} (±{limits[k]:6.2%}) {mean[0]:10.4f} {mean[1]:10.4f}  {pair}"
        )
    return float(passing.mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--traces", type=Path, default=TRACES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    traces = read_traces(options.traces)
    begin = time.perf_counter()
    pairs = [drawn(rng, traces) for _ in range(options.pairs)]
    requests = sum(60.0 * pair.demand_rps.sum() for pair in pairs)
    with multiprocessing.Pool(options.jobs) as pool:
        results = list(zip(pairs, pool.map(figures, pairs, chunksize=1), strict=True))
    print(
        f"{len(results)} pairs, {TRUTHS * requests / 1e6:.0f} M requests, "
        f"{time.perf_counter() - begin:.0f} s"
    )
    shares = [report(name, bar, results) for name, bar in BARS.items()]
    return int(options.check and min(shares) < LEAST_PASSING)


if __name__ == "__main__":
    sys.exit(main())
