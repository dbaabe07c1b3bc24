"""Holds how requests wait in M/G/c with log-normal service, as fitted to discrete events.

`waits.npy` is written by `benchmarks/fidelity/fit.py`. For servers × Erlang's probability of
waiting × cv² it holds log(P(wait) ÷ Erlang C), then −log P(W > t | W > 0) at `KNOTS`. Times are in
units of the mean wait of those who wait after Allen and Cunneen, in which M/M/c has the exponent t
itself; what is fitted are the departures from it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.queueing import erlang_c, wait_rate
from tfopt_sim.types import FloatArray

FILE = Path(__file__).with_name("waits.npy")

CV2S = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0])
SERVERS = 2 ** np.arange(11)
LOGITS = np.linspace(-6.0, 3.6, 13)  # of Erlang's probability of waiting
KNOTS = np.array(
    [0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
)
_SIZE = KNOTS.size
_FIRST_LOGIT, _LOGIT_STEP = float(LOGITS[0]), float(LOGITS[1] - LOGITS[0])


class Wait(NamedTuple):
    """The wait of a request in one queue at one load."""

    waiting: float  # probability of waiting at all
    rate: float  # 1/s: the unit of time is 1 ÷ rate
    exponents: FloatArray  # −log P(W > t | W > 0) at `KNOTS`, rising


@lru_cache(maxsize=1)
def _table() -> FloatArray:
    """Return the file, shape (cv², servers, logits, 1 + knots)."""
    return np.load(FILE).astype(np.float64)  # type: ignore[no-any-return]


@lru_cache(maxsize=32)
def fitted(cv2: float) -> FloatArray:
    """Return the fit for one cv², shape (servers, logits, 1 + knots), read-only.

    Linear between the cv² that were fitted; beyond 4 the shapes of 4 hold.
    """
    table = _table()
    above = int(np.clip(np.searchsorted(CV2S, cv2), 1, CV2S.size - 1))
    part = min(1.0, (cv2 - CV2S[above - 1]) / (CV2S[above] - CV2S[above - 1]))
    fit = np.ascontiguousarray((1.0 - part) * table[above - 1] + part * table[above])
    fit.setflags(write=False)
    return fit


@compiled
def wait_of(
    fit: FloatArray,
    servers: int,
    utilisation: float,
    mean_s: float,
    cv2: float,
    exponents: FloatArray,
) -> Wait:
    """Return how requests wait in M/G/c, linear between the nodes of the fit.

    Args:
        fit: for this cv² (`fitted`).
        servers: c.
        utilisation: ρ.
        mean_s: mean service time in seconds.
        cv2: squared coefficient of variation of the service time.
        exponents: room for those of the result, shape (16,).
    """
    rate = wait_rate(servers, utilisation, mean_s, cv2)
    erlang = erlang_c(servers, utilisation * servers)
    if erlang < 1e-15 or erlang >= 1.0:
        exponents[:] = KNOTS
        return Wait(erlang, rate, exponents)
    size = min(math.log2(servers), fit.shape[0] - 1.0)
    load = (math.log(erlang / (1.0 - erlang)) - _FIRST_LOGIT) / _LOGIT_STEP
    load = min(max(load, 0.0), fit.shape[1] - 1.0)
    i, j = min(int(size), fit.shape[0] - 2), min(int(load), fit.shape[1] - 2)
    size, load = size - i, load - j
    less, more = (1.0 - size) * (1.0 - load), (1.0 - size) * load
    less_next, more_next = size * (1.0 - load), size * load
    for k in range(_SIZE):
        exponents[k] = (
            less * fit[i, j, k + 1]
            + more * fit[i, j + 1, k + 1]
            + less_next * fit[i + 1, j, k + 1]
            + more_next * fit[i + 1, j + 1, k + 1]
        )
    log_ratio = (
        less * fit[i, j, 0]
        + more * fit[i, j + 1, 0]
        + less_next * fit[i + 1, j, 0]
        + more_next * fit[i + 1, j + 1, 0]
    )
    return Wait(min(1.0, erlang * math.exp(log_ratio)), rate, exponents)


@inlined
def exponent(exponents: FloatArray, knot: int, units: float) -> tuple[int, float]:
    """Return the knot below `units` ÷ rate and −log P(W > t | W > 0) there.

    Linear between knots and beyond the last; the search starts at `knot`.
    """
    while knot < _SIZE - 2 and units > KNOTS[knot + 1]:
        knot += 1
    slope = (exponents[knot + 1] - exponents[knot]) / (KNOTS[knot + 1] - KNOTS[knot])
    return knot, exponents[knot] + slope * (units - KNOTS[knot])


@compiled
def wait_tail(t_s: float, wait: Wait) -> float:
    """P(wait > t)."""
    if t_s < 0.0:
        return 1.0
    _, level = exponent(wait.exponents, 0, wait.rate * t_s)
    return wait.waiting * math.exp(-level)


@compiled
def late_share(
    t_s: float, wait: Wait, points: FloatArray, weights: FloatArray
) -> tuple[float, float]:
    """P(service ≤ t < wait + service): requests that only their wait makes late.

    The wait is a random walk in time. How many requests are late in a stretch of it varies with
    Var = ½·clump·n·v, where v is returned beside the share: the walk's covariance between levels
    b ≤ b′, P(W > b′)·(2 + θ(b′ − b)), weighed over the levels t − S at which requests turn late.
    It follows from solving Poisson's equation for reflected Brownian motion; low levels, which the
    walk crosses all the time, are damped by P(W ≤ b).

    Args:
        t_s: seconds.
        wait: of the queue.
        points: service times below `t_s`, from `service_points`.
        weights: their probabilities.

    Returns:
        (share of late requests, v).
    """
    total, varied = 0.0, 0.0
    lower, lower_levels = 0.0, 0.0  # sums over the levels below
    knot = 0
    for k in range(points.size - 1, -1, -1):
        knot, level = exponent(wait.exponents, knot, wait.rate * (t_s - points[k]))
        above = wait.waiting * math.exp(-level)
        own = weights[k] * (1.0 - above)
        total += weights[k] * above
        varied += 2.0 * weights[k] * above * ((2.0 + level) * lower - lower_levels + own)
        lower += own
        lower_levels += own * level
    return total, varied
