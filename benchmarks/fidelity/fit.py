"""Fits the waits of multi-server queues with log-normal service to discrete events.

    python benchmarks/fidelity/fit.py [--effort 1.0] [--out FILE]

Simulates M/G/c for every node of the grid that `tfopt_sim.waits` interpolates in (servers ×
Erlang's probability of waiting × cv²), and keeps of each the logarithm of P(wait) over Erlang C and
−log P(W > t | W > 0) at the knots. Nodes above the highest utilisation, or with too few waits, are
filled from the nearest node in load. Takes ten minutes of one core; the same seeds give the same
file.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from tfopt_sim.histogram import histogram_tail
from tfopt_sim.queueing import erlang_c
from tfopt_sim.servers import steady_queue
from tfopt_sim.types import FloatArray
from tfopt_sim.waits import CV2S, FILE, KNOTS, LOGITS, SERVERS

HIGHEST_UTILISATION = 0.975
LEAST_WAITS = 2000  # of those who wait, for a node to count
LEAST_BEYOND = 50  # of those who wait longer than a knot, for the knot to count


def utilisation_at(servers: int, logit: float) -> float:
    """Return the utilisation at which Erlang's probability of waiting has this logit."""
    wanted = 1.0 / (1.0 + math.exp(-logit))
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if erlang_c(servers, middle * servers) < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def node(servers: int, utilisation: float, cv2: float, effort: float, seed: int) -> FloatArray:
    """Return log(P(wait)/Erlang C) and the exponent at every knot; NaN where unknown."""
    relaxation = (1.0 + cv2) / (1.0 - utilisation) ** 2
    customers = int(effort * min(max(4e3 * relaxation, 4e6), 2.4e7))
    waits, _ = steady_queue(servers, utilisation, cv2, customers, seed)
    waited = waits[1:].sum()
    found = np.full(1 + KNOTS.size, np.nan)
    if waited < LEAST_WAITS:
        return found
    found[0] = math.log(waited / customers / erlang_c(servers, utilisation * servers))
    scale_s = 0.5 * (1.0 + cv2) / (servers * (1.0 - utilisation))
    beyond = np.array([histogram_tail(waits, knot * scale_s) for knot in KNOTS])
    known = beyond >= LEAST_BEYOND
    found[1:][known] = -np.log(beyond[known] / waited)
    return found


def extended(found: FloatArray) -> FloatArray:
    """Carry the exponents on beyond the last knot that is known, with its slope."""
    known = np.flatnonzero(~np.isnan(found[1:]))
    if known.size < 2:
        return np.full_like(found, np.nan)
    last, before = known[-1], known[-2]
    slope = (found[1 + last] - found[1 + before]) / (KNOTS[last] - KNOTS[before])
    beyond = np.arange(KNOTS.size) > last
    found[1:][beyond] = found[1 + last] + slope * (KNOTS[beyond] - KNOTS[last])
    return found


def filled(rows: FloatArray) -> FloatArray:
    """Fill the loads that were not simulated from the nearest one that was.

    Lighter loads take what it has; heavier ones approach M/M/c's as P(wait) goes to one.
    """
    free = 1.0 / (1.0 + np.exp(LOGITS))
    known = np.flatnonzero(~np.isnan(rows[:, 0]))
    nearest = known[np.abs(known[None, :] - np.arange(len(rows))[:, None]).argmin(axis=1)]
    exponential = np.concatenate(([0.0], KNOTS))
    part = np.minimum(1.0, free / free[nearest])[:, None]
    return np.asarray(exponential + part * (rows[nearest] - exponential))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    table = np.empty((CV2S.size, SERVERS.size, LOGITS.size, 1 + KNOTS.size))
    begin = time.perf_counter()
    for k, cv2 in enumerate(CV2S):
        for i, servers in enumerate(SERVERS):
            rows = np.full((LOGITS.size, 1 + KNOTS.size), np.nan)
            for j, logit in enumerate(LOGITS):
                utilisation = utilisation_at(int(servers), float(logit))
                if utilisation <= HIGHEST_UTILISATION:
                    seed = (k * SERVERS.size + i) * LOGITS.size + j
                    found = node(int(servers), utilisation, float(cv2), options.effort, seed)
                    rows[j] = extended(found)
            table[k, i] = filled(rows)
        print(f"cv² {cv2:4.2f} done after {time.perf_counter() - begin:.0f} s", flush=True)
        np.save(options.out, table[: k + 1].astype(np.float32))


if __name__ == "__main__":
    main()
