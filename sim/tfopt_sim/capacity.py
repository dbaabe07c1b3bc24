"""Serves a minute on a capacity that is no whole number of machines."""

from __future__ import annotations

import math

from tfopt_sim._jit import inlined
from tfopt_sim.serving import Queue, Served, Serving, serve
from tfopt_sim.tables import ServiceTable


@inlined
def serve_size(
    serving: Serving,
    table: ServiceTable,
    size: int,
    machines: float,
    queue: Queue,
    rps: float,
    jitter: float,
) -> Served:
    """Serve as `size` > 0 machines do when each is `machines` ÷ `size` > 0 times as fast."""
    scale = size / machines
    before = Queue(queue.backlog * scale, queue.carriers, queue.load)
    served = serve(serving, table, size, before, rps * scale, jitter * math.sqrt(scale))
    after = Queue(served.backlog.backlog / scale, served.backlog.carriers, served.backlog.load)
    return Served(served.cpu, served.slow / scale, served.bad, after, served.lost / scale)


@inlined
def serve_between(
    serving: Serving,
    table: ServiceTable,
    machines: float,
    queue: Queue,
    rps: float,
    jitter: float,
) -> Served:
    """Serve on any number of machines ≥ 0.

    Shares and odds are interpolated between the two whole sizes at the same utilisation.
    """
    if machines <= 0.0:
        return serve(serving, table, 0, queue, rps, jitter)
    lower = min(max(int(machines), 1), table.shape[0] - 1)
    low = serve_size(serving, table, lower, machines, queue, rps, jitter)
    part = machines - lower
    if part <= 0.0 or lower == table.shape[0] - 1:
        return low
    high = serve_size(serving, table, lower + 1, machines, queue, rps, jitter)
    return Served(
        low.cpu,
        low.slow * (1.0 - part) + high.slow * part,
        low.bad * (1.0 - part) + high.bad * part,
        low.backlog,
        low.lost,
    )
