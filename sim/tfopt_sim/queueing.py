"""Waiting and response times of multi-server queues, and the odds that a minute of them is bad."""

from __future__ import annotations

import math

import numpy as np

from tfopt_sim._jit import compiled
from tfopt_sim.types import FloatArray

# Quadrature over the service time: 20 points integrate the log-normal body to 1e-6.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(20)
# Gauss–Hermite rule for a standard normal variable, five points.
_NODES = np.array(
    [-2.8569700138728056, -1.3556261799742659, 0.0, 1.3556261799742659, 2.8569700138728056]
)
_NODE_WEIGHTS = np.array(
    [
        0.011257411327720691,
        0.22207592200561266,
        0.5333333333333333,
        0.22207592200561266,
        0.011257411327720691,
    ]
)
# Share slow by service time alone from which short waits decide (fitted to discrete events).
_SHORT_WAITS = 0.008
_LOWEST_Z = -5.0  # standard normal quantile below which there is no mass to speak of


@compiled
def erlang_c(servers: int, offered: float) -> float:
    """Probability that an arrival to M/M/c has to wait (Erlang's second formula, exact).

    Sums the inverse of Erlang B from its largest term down, 1/B = 1 + c/a + c(c−1)/a² + …: all
    terms are positive, so nothing cancels and nothing overflows at any c.

    Args:
        servers: c ≥ 1.
        offered: a = λ·E[S] in erlangs; at c or above everyone waits.

    Source: Cooper, Introduction to Queueing Theory (1981), §3.3–3.4.
    """
    if offered >= servers:
        return 1.0
    if offered <= 0.0:
        return 0.0
    inverse_b = 1.0
    term = 1.0
    for k in range(servers, 0, -1):
        term *= k / offered
        inverse_b += term
        if inverse_b > 1e30 or term < 1e-17 * inverse_b:
            break
    utilisation = offered / servers
    return 1.0 / (utilisation + (1.0 - utilisation) * inverse_b)


@compiled
def wait_rate(servers: int, utilisation: float, mean_s: float, cv2: float) -> float:
    """One over the mean wait (s) of those who wait in M/G/c, after Allen and Cunneen.

    Exact for M/M/c: c·μ − λ. Other service times scale the mean wait by (1 + cv²)/2, which is exact
    for c = 1 (Pollaczek–Khinchine) and near saturation; what is between is fitted (`waits`).
    """
    return servers * (1.0 - utilisation) / mean_s * 2.0 / (1.0 + cv2)


@compiled
def settled_utilisation(servers: int, mean_s: float, cv2: float, memory_s: float) -> float:
    """Largest utilisation whose queue settles within `memory_s`.

    In heavy traffic the wait is a random walk of variance (1 + cv²)·E[S]/c per second that drifts
    down at 1 − ρ; it forgets its start within variance ÷ drift² (Abate and Whitt, Transient
    behavior of regulated Brownian motion, 1987).
    """
    return max(0.0, 1.0 - math.sqrt((1.0 + cv2) * mean_s / (servers * memory_s)))


@compiled
def service_tail(t_s: float, mean_s: float, cv2: float) -> float:
    """P(service time > t) for log-normal service; a step for cv² = 0."""
    if cv2 <= 0.0:
        return 1.0 if mean_s > t_s else 0.0
    if t_s <= 0.0:
        return 1.0
    sigma = math.sqrt(math.log1p(cv2))
    z = (math.log(t_s / mean_s) + 0.5 * sigma * sigma) / sigma
    return 0.5 * math.erfc(z / math.sqrt(2.0))


@compiled
def service_points(t_s: float, mean_s: float, cv2: float) -> tuple[FloatArray, FloatArray]:
    """Service times below `t_s`, rising, and their probabilities, for integrating over them.

    Returns:
        (points in seconds, weights); the weights sum to P(service ≤ t_s).
    """
    if cv2 <= 0.0 or t_s <= 0.0:
        return np.full(1, mean_s), np.full(1, 1.0 if mean_s <= t_s else 0.0)
    sigma = math.sqrt(math.log1p(cv2))
    mu = math.log(mean_s) - 0.5 * sigma * sigma
    half = 0.5 * (min((math.log(t_s) - mu) / sigma, -_LOWEST_Z) - _LOWEST_Z)
    points = np.empty(_POINTS.size)
    weights = np.empty(_POINTS.size)
    for k in range(_POINTS.size):
        z = _LOWEST_Z + half * (1.0 + _POINTS[k])
        points[k] = min(math.exp(mu + sigma * z), t_s)
        density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        weights[k] = max(half, 0.0) * _WEIGHTS[k] * density
    return points, weights


@compiled
def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (Lentz; DLMF 8.17.22)."""
    c = 1.0
    d = 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / (1.0 + even * d)
        c = 1.0 + even / c
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / (1.0 + odd * d)
        c = 1.0 + odd / c
        value *= d * c
        if abs(d * c - 1.0) < 1e-9:
            break
    return value


@compiled
def count_tail(least: int, mean: float, dispersion: float) -> float:
    """P(count ≥ least) of a negative binomial count (Poisson as dispersion → 1).

    Args:
        least: ≥ 1.
        mean: mean count.
        dispersion: variance ÷ mean, > 1.
    """
    size = mean / (dispersion - 1.0)
    x = 1.0 - 1.0 / dispersion
    log_front = (
        math.lgamma(least + size)
        - math.lgamma(least)
        - math.lgamma(size)
        + least * math.log(x)
        - size * math.log(dispersion)
    )
    front = math.exp(log_front)
    if x < (least + 1.0) / (least + size + 2.0):
        return front * _beta_fraction(least, size, x) / least
    return 1.0 - front * _beta_fraction(size, least, 1.0 - x) / size


@compiled
def _spread_tail(least: int, alone: float, late: float, variance: float) -> float:
    """P(count ≥ least), the count Poisson around `alone` + a log-normal of mean `late`.

    A Poisson count of mean Λ reaches k when a gamma variable of shape k stays below Λ: five of its
    quantiles (Wilson and Hilferty, 1931) at the Gauss–Hermite points, the log-normal in closed
    form.
    """
    spread = math.sqrt(math.log1p(variance / (late * late)))
    centre = math.log(late) - 0.5 * spread * spread
    total = 0.0
    for k in range(_NODES.size):
        root = 1.0 - 1.0 / (9.0 * least) + _NODES[k] / (3.0 * math.sqrt(least))
        missing = least * root * root * root - alone
        if root <= 0.0 or missing <= 0.0:
            total += _NODE_WEIGHTS[k]
        else:
            z = (math.log(missing) - centre) / spread
            total += _NODE_WEIGHTS[k] * 0.5 * math.erfc(z / math.sqrt(2.0))
    return total


@compiled
def _none(requests: float, mean: float, dispersion: float) -> float:
    """P(count = 0) of a beta-binomial count among `requests`, of the given variance ÷ mean."""
    share = mean / requests
    spread = dispersion / (1.0 - share) - 1.0
    both = max((requests - 1.0) / spread - 1.0, 0.02)  # α + β; near 0: all or none
    rest = (1.0 - share) * both
    return math.exp(
        math.lgamma(both) + math.lgamma(rest + requests)
        - math.lgamma(rest) - math.lgamma(both + requests)
    )  # fmt: skip


@compiled
def _clumped(requests: float, queues: int, least: int, mean: float, dispersion: float) -> float:
    """P(count ≥ least) where slow requests come in clumps with nothing in between.

    Negative binomial, but that the minutes without any are those of a beta-binomial in each queue:
    clumps as long as the minute leave it all slow or not at all.
    """
    reached = count_tail(least, mean, dispersion)
    share = mean / requests
    if requests < 2.0 * queues or share > 0.999 or dispersion < 1.05 / (1.0 - share):
        return reached
    some = 1.0 - math.exp(-mean / (dispersion - 1.0) * math.log(dispersion))
    none = math.pow(_none(requests / queues, mean / queues, dispersion), queues)
    return reached * min(1.0, (1.0 - none) / some)


@compiled
def _reach(
    requests: float,
    queues: int,
    least: int,
    alone: float,
    late: float,
    variance: float,
    steady: float,
) -> float:
    """P(count ≥ least) of slow requests: `alone` + `late` on average, `variance` beyond Poisson.

    Where only long waits make a request slow, slow ones come in clumps (`_clumped`); where short
    waits suffice, their rate wanders (log-normal). `steady` weighs the second.
    """
    mean = alone + late
    dispersion = 1.001 + variance / mean
    clumped = _clumped(requests, queues, least, mean, dispersion) if steady < 1.0 else 0.0
    if steady <= 0.0:
        return clumped
    if variance < 0.5 * mean:  # next to nothing but independent requests
        return count_tail(least, mean, dispersion)
    wandering = _spread_tail(least, alone, late, variance)
    return steady * wandering + (1.0 - steady) * clumped


@compiled
def bad_minute_probability(
    requests: float, queues: int, servers: int, alone: float, late: float, variance: float
) -> float:
    """Probability that more than 1 % of a minute's requests are slow.

    Both the requests of the minute (Poisson; normal here) and the slow ones among them are counts
    of random arrivals.

    Args:
        requests: mean number of requests in the minute (Poisson).
        queues: that share them evenly.
        servers: of one queue; a long service holds up one in so many of those behind it.
        alone: share that is slow by its service time alone; independent but for that.
        late: share that is slow by its wait; it moves with the queue.
        variance: of the rate of late requests in a minute, beyond that of Poisson counts.
    """
    if requests * (alone + late) < 1e-12:
        return 0.0
    late, alone = late + alone / servers, alone * (1.0 - 1.0 / servers)
    steady = min(1.0, alone / _SHORT_WAITS) ** 2
    alone, late = requests * alone, requests * late
    # clumps as long as the minute leave nothing of short waits
    steady *= max(0.0, 1.0 - (1.0 + variance / (alone + late)) * queues / requests)
    reach = 2.0 * math.sqrt(requests) if requests < 1e5 else 0.0
    low = int(max(requests - reach, 0.0) / 100.0) + 1  # slow requests that spoil the minute
    high = int((requests + reach) / 100.0) + 1
    most = _reach(requests, queues, low, alone, late, variance, steady)
    if low == high or most < 1e-5:
        return most
    least = _reach(requests, queues, high, alone, late, variance, steady)
    if least > 0.9999:
        return least
    middle = (low + high) // 2
    if high - low > 4:  # many thresholds: the three-point Gauss–Hermite rule
        spread = int(0.01 * math.sqrt(3.0 * requests) + 0.5)
        below = _reach(requests, queues, middle - spread, alone, late, variance, steady)
        above = _reach(requests, queues, middle + spread, alone, late, variance, steady)
        at_middle = _reach(requests, queues, middle, alone, late, variance, steady)
        return (below + above) / 6.0 + at_middle * 2.0 / 3.0
    total, before = 0.0, 0.0
    for threshold in range(low, high):  # at most 100·threshold − 1 requests
        up_to = 0.5 * math.erfc((requests - 100.0 * threshold + 0.5) / math.sqrt(2.0 * requests))
        at = (
            most
            if threshold == low
            else _reach(requests, queues, threshold, alone, late, variance, steady)
        )
        total += (up_to - before) * at
        before = up_to
    return total + (1.0 - before) * least


@compiled
def clump_ratio(
    requests: float, utilisation: float, mean_s: float, cv2: float, slow_s: float
) -> float:
    """How many requests of a minute share the fate of one of them, as their variance counts it.

    Above a high level the queue behaves as a random walk that drifts down, so late requests come in
    clumps of mean size m = ρ/(1−ρ)²·(1+cv²)/2 with E[size²]/E[size] = 4m (Aldous, Probability
    Approximations via the Poisson Clumping Heuristic, 1989, §B and D; the mean is exact for M/M/1).
    One service longer than `slow_s` makes another clump: who arrives in its mean excess e (of a
    log-normal, about t·σ²/(ln t − μ)) and while that drains, 2·ρ·e/(E[S]·(1−ρ)) requests. A clump
    longer than the minute is cut by it.

    Args:
        requests: that one queue takes in a minute.
        utilisation: ρ < 1.
        mean_s: of the service time.
        cv2: of the service time.
        slow_s: response time beyond which a request is slow.
    """
    free = 1.0 - utilisation
    ratio = 2.0 * utilisation * (1.0 + cv2) / (free * free)
    if slow_s > mean_s:
        variance = math.log1p(cv2)
        excess = slow_s / mean_s * variance / (math.log(slow_s / mean_s) + 0.5 * variance + 1e-9)
        ratio += 2.0 * utilisation * excess / free
    return ratio / (1.0 + ratio / max(requests, 1.0))
