"""Moves groups whose size an outside controller orders minute by minute, in the exact dynamics.

The same functions as `dynamics.step`, in the same order; where that asks the scaling policies, this
takes a wanted size. Groups of one block are alike (machine, workload, SLO) and meet demand of their
own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import kernel
from tfopt_sim.credits import Cohorts, empty_cohorts
from tfopt_sim.draws import Draws, draw, offsets
from tfopt_sim.dynamics import LONG_AGO, State, join, resize
from tfopt_sim.fleet import Pool, Ring, Room, empty_ring, pool_of
from tfopt_sim.rollout import parameters
from tfopt_sim.serving import Queue, Serving, serve
from tfopt_sim.tables import ServiceTable, service_of, service_table
from tfopt_sim.types import Configuration, FloatArray, Machine, Slo, Workload

FIELDS = (
    "in_service", "billed", "launched", "removed", "cpu", "slow", "bad", "backlog", "booting",
    "soon",
)  # fmt: skip
IN_SERVICE, BILLED, LAUNCHED, REMOVED, CPU, SLOW, BAD, BACKLOG, BOOTING, SOON = range(len(FIELDS))
STAY = -1  # a wanted size that orders nothing


class Fleets(NamedTuple):
    """The state of M groups at the end of a minute; written in place."""

    counts: NDArray[np.int64]  # (M, 2): in service, booting
    queues: FloatArray  # (M, 3): the fields of `Queue`
    booting: Ring  # (M, ring)
    spare: Ring  # no warm pool, no cohorts: the rest of a `Room`
    memory: FloatArray
    cohorts: Cohorts


class Block:
    """M groups alike under outside control.

    Args:
        machine: what an instance is.
        workload: what a request costs.
        slo: what is slow.
        demand_rps: shape (M, minutes).
        largest: most instances a group may have.
        seed: of boot times and arrivals, as `simulate` takes it.
        scenario: which of that seed's scenarios the first group meets.
    """

    def __init__(
        self,
        machine: Machine,
        workload: Workload,
        slo: Slo,
        demand_rps: FloatArray,
        *,
        largest: int,
        seed: int = 0,
        scenario: int = 0,
    ):
        service = service_of(machine, workload, slo)
        held = Configuration(machine, 0, largest, 0)
        self.demand_rps = np.ascontiguousarray(demand_rps, dtype=np.float64)
        self.largest = largest
        self.serving: Serving = parameters(held, workload, service).serving
        self.table: ServiceTable = service_table(service, largest)
        self.draws: Draws = draw(workload, seed)
        groups = self.demand_rps.shape[0]
        self.places = offsets(scenario + groups, seed)[scenario:]
        self.soon = max(1, round(workload.boot_s / 120))  # minutes: half of a boot
        ring = empty_ring(int(self.draws.boots.max()) + 1)
        self.fleets = Fleets(
            np.zeros((groups, 2), dtype=np.int64),
            np.zeros((groups, 3)),
            np.zeros((groups, ring.size), dtype=np.int64),
            np.zeros(2, dtype=np.int64),
            np.zeros((0, 1)),
            empty_cohorts(),
        )

    @property
    def groups(self) -> int:
        """Return how many groups there are."""
        return int(self.demand_rps.shape[0])

    def reset(self, sizes: NDArray[np.int64], minute: int = 0) -> FloatArray:
        """Put `sizes` (M,) in service, warm, and serve `minute`; return it as `advance` does."""
        fleets = self.fleets
        fleets.counts[:, 0], fleets.counts[:, 1] = np.clip(sizes, 0, self.largest), 0
        fleets.queues[:] = 0.0
        fleets.booting[:] = 0
        return self.advance(np.full(self.groups, STAY, dtype=np.int64), minute)

    def advance(self, wanted: NDArray[np.int64], minute: int) -> FloatArray:
        """Order `wanted` instances (M,) at the end of the minute before, then serve `minute`.

        Returns:
            shape (M, len(FIELDS)): what the minute came to; slow requests and the probability that
            the minute is bad in expectation, `soon` what serves within half of a boot.
        """
        seen = np.empty((self.groups, len(FIELDS)))
        _advance(
            self.serving, _NO_POOL, self.table, self.draws, self.places, self.fleets,
            (minute, self.largest, self.soon), wanted, self.demand_rps[:, minute], seen,
        )  # fmt: skip
        return seen

    def follow(self, wanted: NDArray[np.int64], sizes: NDArray[np.int64]) -> FloatArray:
        """Serve all minutes under orders known beforehand, from `sizes` (M,) in service on.

        Args:
            wanted: shape (M, minutes): ordered at the end of each minute; the last goes unused.
            sizes: in service at the start.

        Returns:
            shape (M, len(FIELDS)): the fields of `advance`, summed over the minutes.
        """
        tally = self.reset(sizes)
        _follow(
            self.serving, _NO_POOL, self.table, self.draws, self.places, self.fleets,
            (self.largest, self.soon), wanted, self.demand_rps, np.empty_like(tally), tally,
        )  # fmt: skip
        return tally


_NO_POOL: Pool = pool_of(None)


@kernel
def _advance(
    serving: Serving,
    pool: Pool,
    table: ServiceTable,
    draws: Draws,
    places: NDArray[np.int64],
    fleets: Fleets,
    when: tuple[int, int, int],
    wanted: NDArray[np.int64],
    rps: FloatArray,
    seen: FloatArray,
) -> None:
    """Move every group by a minute: orders, boots that are over, service (see `Block.advance`)."""
    minute, largest, soon = when
    mask, ring = draws.boots.size - 1, fleets.booting.shape[1] - 1
    for g in range(wanted.size):
        room = Room(fleets.booting[g], fleets.spare, fleets.spare, fleets.memory, fleets.cohorts)
        queue = Queue(fleets.queues[g, 0], fleets.queues[g, 1], fleets.queues[g, 2])
        state = State(
            fleets.counts[g, 0], fleets.counts[g, 1], 0, largest, queue, LONG_AGO, 0, 0, 0, 0
        )
        before = state.in_service + state.booting
        if wanted[g] >= 0:
            boot = draws.boots[(places[g] + minute - 1) & mask]
            state = resize(pool, state, room, wanted[g], minute, boot)
        billed = state.in_service + state.booting
        state = join(state, room, minute)
        jitter = draws.jitter[(places[g] + minute) & mask]
        served = serve(serving, table, state.in_service, state.backlog, rps[g], jitter)
        fleets.counts[g, 0], fleets.counts[g, 1] = state.in_service, state.booting
        left = served.backlog
        fleets.queues[g, 0], fleets.queues[g, 1] = left.backlog, left.carriers
        fleets.queues[g, 2] = left.load
        near = 0
        if state.booting > 0:
            for ahead in range(1, soon + 1):
                near += fleets.booting[g, (minute + ahead) & ring]
        seen[g, 0], seen[g, 1] = state.in_service, billed
        seen[g, 2], seen[g, 3] = max(0, billed - before), max(0, before - billed)
        seen[g, 4], seen[g, 5], seen[g, 6] = served.cpu, served.slow, served.bad
        seen[g, 7], seen[g, 8], seen[g, 9] = left.backlog, state.booting, near


@kernel
def _follow(
    serving: Serving,
    pool: Pool,
    table: ServiceTable,
    draws: Draws,
    places: NDArray[np.int64],
    fleets: Fleets,
    bounds: tuple[int, int],
    wanted: NDArray[np.int64],
    rps: FloatArray,
    seen: FloatArray,
    tally: FloatArray,
) -> None:
    """Move every group through all minutes after the first, and add up what they come to."""
    for minute in range(1, rps.shape[1]):
        _advance(
            serving, pool, table, draws, places, fleets, (minute, bounds[0], bounds[1]),
            wanted[:, minute - 1], rps[:, minute], seen,
        )  # fmt: skip
        for g in range(seen.shape[0]):
            for field in range(seen.shape[1]):
                tally[g, field] += seen[g, field]
