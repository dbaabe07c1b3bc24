"""Compares steady queues: percentiles of wait and response by the fit and by discrete events.

    python benchmarks/fidelity/steady.py [--effort 1.0] [--check]

Servers 1 to 1,000, utilisation 0.5 to 0.95, cv² 0 to 4, most of them between the nodes of the fit.
A queue per instance is the same queue with the instance's own servers. Beside the fit stands what
was used before: Erlang C with an exponential wait at the rate of Allen and Cunneen. A figure passes
within 5 %, or within the difference of two seeds.

--check exits 1 where fewer than 98 % of the response percentiles pass.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

import numpy as np

from tfopt_sim.histogram import percentile
from tfopt_sim.queueing import service_points, service_tail
from tfopt_sim.servers import steady_queue
from tfopt_sim.types import FloatArray
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share, wait_of, wait_tail

SERVERS = (1, 2, 3, 5, 8, 12, 24, 48, 100, 200, 1000)
UTILISATIONS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
CV2S = (0.0, 0.15, 0.25, 0.75, 1.0, 1.5, 3.0, 4.0)
SHARES = (0.05, 0.01)


def falling(tail: Callable[[float], float], share: float) -> float:
    """Return where a falling tail reaches `share`; 0 where it starts below."""
    low, high = 0.0, 1.0
    if tail(0.0) <= share:
        return 0.0
    while tail(high) > share:
        high *= 2.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if tail(middle) > share else (low, middle)
    return high


def predicted(wait: Wait, cv2: float) -> FloatArray:
    """Return p95 and p99 of the wait, then of the response, for services of mean 1 s."""

    def response(t: float) -> float:
        late, _ = late_share(t, wait, *service_points(t, 1.0, cv2))
        return late + service_tail(t, 1.0, cv2)

    waits = [falling(lambda t: wait_tail(t, wait), share) for share in SHARES]
    return np.array(waits + [falling(response, share) for share in SHARES])


def simulated(servers: int, utilisation: float, cv2: float, effort: float, case: int) -> FloatArray:
    """Return the same by discrete events, for two seeds."""
    relaxation = (1.0 + cv2) / (1.0 - utilisation) ** 2
    customers = int(effort * min(max(2e3 * relaxation, 2e6), 1.5e7))
    found = []
    for seed in (1001 + 2 * case, 1002 + 2 * case):
        kinds = steady_queue(servers, utilisation, cv2, customers, seed)
        found.append([percentile(kind, share) for kind in kinds for share in SHARES])
    return np.array(found)


def queues() -> Iterator[tuple[int, float, float]]:
    for servers in SERVERS:
        for utilisation in UTILISATIONS:
            for cv2 in CV2S:
                yield servers, utilisation, cv2


def report(name: str, errors: FloatArray, limits: FloatArray, cases: list[str]) -> float:
    """Print a line for a figure and its worst queues; return the share that passes."""
    passing = np.abs(errors) <= limits
    print(
        f"{name:34s} {passing.mean():6.1%} pass   error: median {np.median(np.abs(errors)):6.2%}"
        f"  p90 {np.quantile(np.abs(errors), 0.9):6.2%}  worst {np.abs(errors).max():7.2%}"
    )
    for k in np.argsort(np.abs(errors) - limits)[::-1][:4]:
        if not passing[k]:
            print(f"    {errors[k]:+7.2%} (±{limits[k]:6.2%})  {cases[k]}")
    return float(passing.mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", type=float, default=1.0)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    cases, truths, fits, before = [], [], [], []
    for servers, utilisation, cv2 in queues():
        truths.append(simulated(servers, utilisation, cv2, options.effort, len(cases)))
        wait = wait_of(fitted(cv2), servers, utilisation, 1.0, cv2, np.empty(KNOTS.size))
        fits.append(predicted(wait, cv2))
        plain = fitted(cv2) * 0.0 + np.concatenate(([0.0], KNOTS))
        wait = wait_of(plain, servers, utilisation, 1.0, cv2, np.empty(KNOTS.size))
        before.append(predicted(wait, cv2))
        cases.append(f"c {servers:4d}  ρ {utilisation:4.2f}  cv² {cv2:4.2f}")
    truth = np.array(truths)
    # a wait is measured against the response it is part of: alone it may be next to nothing
    unit = truth.mean(axis=1)[:, [2, 3, 2, 3]]
    limits = np.maximum(0.05, np.abs(truth[:, 0] - truth[:, 1]) / unit)
    shares = []
    for title, figures in (("Allen-Cunneen", before), ("fitted", fits)):
        errors = (np.array(figures) - truth.mean(axis=1)) / unit
        for column, name in enumerate(("p95 wait", "p99 wait", "p95 response", "p99 response")):
            label = f"{title}: {name}"
            shares.append(report(label, errors[:, column], limits[:, column], cases))
    return int(options.check and min(shares[-2:]) < 0.98)


if __name__ == "__main__":
    sys.exit(main())
