"""Waiting and response times of multi-server queues, and the odds that a minute of them is bad."""

from __future__ import annotations

import math

import numpy as np

from tfopt_sim._jit import compiled
from tfopt_sim.types import FloatArray

# Quadrature over the service time: 32 points integrate the log-normal body to 1e-9.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)
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
_LOWEST_Z = -7.5  # standard normal quantile below which there is no mass to speak of


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
    """Rate (1/s) of the exponential tail of the wait of those who wait in M/G/c.

    Exact for M/M/c: c·μ − λ. Other service times scale the mean wait by (1 + cv²)/2
    (Allen–Cunneen with Poisson arrivals; exact for c = 1 by Pollaczek–Khinchine).
    """
    return servers * (1.0 - utilisation) / mean_s * 2.0 / (1.0 + cv2)


@compiled
def wait_tail(t_s: float, servers: int, utilisation: float, mean_s: float, cv2: float) -> float:
    """P(wait > t) in M/G/c; exact for exponential service (cv² = 1).

    Args:
        t_s: seconds.
        servers: c.
        utilisation: ρ = λ·E[S]/c.
        mean_s: E[S] in seconds.
        cv2: squared coefficient of variation of the service time.
    """
    waits = erlang_c(servers, utilisation * servers)
    if utilisation >= 1.0:
        return 1.0
    return waits * math.exp(-wait_rate(servers, utilisation, mean_s, cv2) * t_s)


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
def late_share(
    t_s: float, waiting: float, rate: float, points: FloatArray, weights: FloatArray
) -> tuple[float, float]:
    """P(service ≤ t < wait + service): requests that only their wait makes late.

    The wait is a random walk in time. How many requests are late in a stretch of it varies with
    Var = ½·clump·n·v, where v is returned beside the share: the walk's covariance between levels
    b ≤ b′, P(W > b′)·(2 + θ(b′ − b)), weighed over the levels t − S at which requests turn late.
    It follows from solving Poisson's equation for reflected Brownian motion; low levels, which the
    walk crosses all the time, are damped by P(W ≤ b).

    Args:
        t_s: seconds.
        waiting: probability of waiting at all.
        rate: rate θ of the exponential wait of those who wait, 1/s.
        points: service times below `t_s`, from `service_points`.
        weights: their probabilities.

    Returns:
        (share of late requests, v).
    """
    total, varied = 0.0, 0.0
    lower, lower_levels = 0.0, 0.0  # sums over the levels below
    for k in range(points.size - 1, -1, -1):
        level = rate * (t_s - points[k])
        above = waiting * math.exp(-level)
        own = weights[k] * (1.0 - above)
        total += weights[k] * above
        varied += 2.0 * weights[k] * above * ((2.0 + level) * lower - lower_levels + own)
        lower += own
        lower_levels += own * level
    return total, varied


@compiled
def response_tail(t_s: float, servers: int, utilisation: float, mean_s: float, cv2: float) -> float:
    """P(wait + service > t) in M/G/c with log-normal service.

    Args and sources as in `wait_tail`; wait and service of a request are independent under
    first-come-first-served, so the tail is P(S > t) + P(W > 0)·E[exp(−θ(t − S)); S ≤ t].
    """
    if utilisation >= 1.0:
        return 1.0
    points, weights = service_points(t_s, mean_s, cv2)
    waiting = erlang_c(servers, utilisation * servers)
    rate = wait_rate(servers, utilisation, mean_s, cv2)
    late, _ = late_share(t_s, waiting, rate, points, weights)
    return min(1.0, service_tail(t_s, mean_s, cv2) + late)


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
def _reach(least: int, alone: float, late: float, variance: float, steady: float) -> float:
    """P(count ≥ least) of slow requests: `alone` + `late` on average, `variance` beyond Poisson.

    Where only long waits make a request slow, slow ones come in clumps with nothing in between
    (negative binomial); where short waits suffice, their rate wanders (log-normal). `steady`
    weighs the second.
    """
    mean = alone + late
    clumped = count_tail(least, mean, 1.001 + variance / mean) if steady < 1.0 else 0.0
    if steady <= 0.0:
        return clumped
    if variance < 0.5 * mean:  # next to nothing but independent requests
        return count_tail(least, mean, 1.001 + variance / mean)
    wandering = _spread_tail(least, alone, late, variance)
    return steady * wandering + (1.0 - steady) * clumped


@compiled
def bad_minute_probability(requests: float, alone: float, late: float, variance: float) -> float:
    """Probability that more than 1 % of a minute's requests are slow.

    Both the requests of the minute and the slow ones among them are counts of random arrivals.

    Args:
        requests: mean number of requests in the minute (Poisson).
        alone: share that is slow by its service time alone; these are independent.
        late: share that is slow by its wait; it moves with the queue.
        variance: of the rate of late requests in a minute, beyond that of Poisson counts.
    """
    if requests * (alone + late) < 1e-12:
        return 0.0
    steady = min(1.0, alone / _SHORT_WAITS)
    alone, late = requests * alone, requests * late
    middle = int(requests / 100.0) + 1
    at_middle = _reach(middle, alone, late, variance, steady)
    if requests > 1e5:
        return at_middle
    spread = math.sqrt(3.0 * requests)  # three-point Gauss–Hermite rule over the requests
    low = int(max(requests - spread, 0.0) / 100.0) + 1
    high = int((requests + spread) / 100.0) + 1
    at_low = at_middle if low == middle else _reach(low, alone, late, variance, steady)
    at_high = at_middle if high == middle else _reach(high, alone, late, variance, steady)
    return at_low / 6.0 + at_middle * 2.0 / 3.0 + at_high / 6.0


@compiled
def clump_ratio(requests: float, utilisation: float, cv2: float) -> float:
    """How many requests of a minute share the fate of one of them, as their variance counts it.

    Above a high level the queue behaves as a random walk that drifts down, so late requests come in
    clumps of mean size m = ρ/(1−ρ)²·(1+cv²)/2 with E[size²]/E[size] = 4m (Aldous, Probability
    Approximations via the Poisson Clumping Heuristic, 1989, §B and D; the mean is exact for M/M/1).
    A clump longer than the minute is cut by it.

    Args:
        requests: that one queue takes in a minute.
        utilisation: ρ < 1.
        cv2: of the service time.
    """
    free = 1.0 - utilisation
    ratio = 2.0 * utilisation * (1.0 + cv2) / (free * free)
    return ratio / (1.0 + ratio / max(requests, 1.0))
