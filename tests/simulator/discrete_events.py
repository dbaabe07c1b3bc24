"""Request-by-request simulation of first-come-first-served queues: the truth tables are held to."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator


def responses(
    servers: int, rate_rps: float, mean_s: float, cv2: float, seconds: float, seed: int
) -> Iterator[tuple[float, float, float]]:
    """Yield (arrival time, wait, response time) of M/G/c with log-normal service.

    cv2 = 0 is deterministic service, cv2 < 0 stands for exponential. Starts empty; yields only
    what arrives after a warm-up of a tenth of the time.
    """
    rng = random.Random(seed)
    sigma = math.sqrt(math.log1p(max(cv2, 0.0)))
    mu = math.log(mean_s) - sigma * sigma / 2
    free = [0.0] * servers  # when each server is done, earliest first
    now = 0.0
    while True:
        now += rng.expovariate(rate_rps)
        if now > 1.1 * seconds:
            return
        service = mean_s
        if cv2 < 0:
            service = rng.expovariate(1 / mean_s)
        elif cv2 > 0:
            service = rng.lognormvariate(mu, sigma)
        begin = max(now, free[0])
        heapq.heapreplace(free, begin + service)
        if now > 0.1 * seconds:
            yield now, begin - now, begin + service - now


def slow_and_bad(
    queues: int,
    servers: int,
    rate_rps: float,
    mean_s: float,
    cv2: float,
    slow_s: float,
    minutes: int,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the share of slow requests and of minutes in which over 1 % are slow.

    `rate_rps` is shared evenly at random by `queues` independent queues.
    """
    counts: dict[int, list[int]] = {}
    for queue in range(queues):
        each = responses(servers, rate_rps / queues, mean_s, cv2, 60.0 * minutes, seed + queue)
        for arrival, _, response in each:
            minute = counts.setdefault(int(arrival / 60), [0, 0])
            minute[0] += 1
            minute[1] += response > slow_s
    total = sum(minute[0] for minute in counts.values())
    slow = sum(minute[1] for minute in counts.values()) / total
    bad = sum(minute[1] > 0.01 * minute[0] for minute in counts.values()) / len(counts)
    return slow, bad
