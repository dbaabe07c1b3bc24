"""Keeps when each vCPU is free next, in heaps, and serves a steady queue with them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.histogram import BINS, IntArray, bin_of
from tfopt_sim.types import FloatArray


class Servers(NamedTuple):
    """When each vCPU is free next.

    `free` holds one heap, earliest first, for the whole group, or one per slot of an instance.
    """

    free: FloatArray  # shape (heaps, vCPUs)
    owner: IntArray  # the same shape: slot of the instance
    size: IntArray  # shape (heaps,)


@inlined
def sink(free: FloatArray, owner: IntArray, size: int, place: int, value: float, who: int) -> None:
    """Put `value` in at `place` of a heap and move it down to where it belongs."""
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and free[child + 1] < free[child]:
            child += 1
        if free[child] >= value:
            break
        free[place], owner[place] = free[child], owner[child]
        place = child
    free[place], owner[place] = value, who


@compiled
def join(servers: Servers, heap: int, slot: int, vcpus: int, now: float) -> None:
    """Add the vCPUs of an instance; nothing in a heap is later than what joins at its end."""
    free, owner, size = servers.free[heap], servers.owner[heap], servers.size[heap]
    for _ in range(vcpus):
        place = size
        size += 1
        while place > 0 and free[(place - 1) // 2] > now:
            free[place], owner[place] = free[(place - 1) // 2], owner[(place - 1) // 2]
            place = (place - 1) // 2
        free[place], owner[place] = now, slot
    servers.size[heap] = size


@compiled
def leave(servers: Servers, heap: int, slot: int) -> None:
    """Take out the vCPUs of an instance; the requests it works on are accounted for already."""
    free, owner, size = servers.free[heap], servers.owner[heap], servers.size[heap]
    kept = 0
    for k in range(size):
        if owner[k] != slot:
            free[kept], owner[kept] = free[k], owner[k]
            kept += 1
    for place in range(kept // 2 - 1, -1, -1):
        sink(free, owner, kept, place, free[place], owner[place])
    servers.size[heap] = kept


@compiled
def steady_queue(
    servers: int, utilisation: float, cv2: float, customers: int, seed: int
) -> tuple[IntArray, IntArray]:
    """Simulate M/G/c with log-normal service of mean 1 s, first come first served.

    Args:
        servers: c.
        utilisation: ρ < 1.
        cv2: squared coefficient of variation of the service time; −1 stands for exponential.
        customers: counted, after a tenth as many to warm up.
        seed: of the random numbers.

    Returns:
        histograms (`percentile`) of the wait and of the response time; bin 0 of the first holds
        those who did not wait.
    """
    np.random.seed(seed)
    free, owner = np.zeros(servers), np.zeros(servers, np.int64)
    waits, responses = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    sigma = math.sqrt(math.log1p(max(cv2, 0.0)))
    now, gap = 0.0, 1.0 / (servers * utilisation)
    for k in range(-(customers // 10), customers):
        now += np.random.exponential(gap)
        if cv2 < 0.0:
            service_s = np.random.exponential(1.0)
        else:
            service_s = math.exp(sigma * (np.random.standard_normal() - 0.5 * sigma))
        begin = max(now, free[0])
        sink(free, owner, servers, 0, begin + service_s, 0)
        if k >= 0:
            waits[bin_of(begin - now)] += 1
            responses[bin_of(begin - now + service_s)] += 1
    return waits, responses
