"""Groups to control: days of demand under a randomised machine, workload and SLO."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.control.outlook import DAY, Outlook, outlook
from tfopt_policies.episodes import split
from tfopt_policies.sizing import minutes
from tfopt_policies.traces import Trace
from tfopt_sim.controlled import Block
from tfopt_sim.demand_paths import KINDS, synthetic
from tfopt_sim.rollout import service_limits
from tfopt_sim.types import Demand, FloatArray, Machine, Slo, Workload

DAYS = 4  # of demand: the last is judged, those before are history
HISTORY = (DAYS - 1) * DAY  # minutes
MACHINE = Machine("vm", vcpus=2, memory_gib=8, usd_per_hour=0.1)
Level = Literal["easy", "medium", "hard"]
_ROOM = 6.0  # × the history's peak need: what a group may grow to


@dataclass(frozen=True, slots=True)
class Domain:
    """What groups are drawn from."""

    kinds: tuple[str, ...] = tuple(KINDS)
    real_share: float = 0.3  # of the blocks, where there are traces
    boot_s: tuple[float, float] = (60.0, 900.0)
    cv2: tuple[float, float] = (0.25, 4.0)
    size: tuple[float, float] = (2.0, 300.0)  # instances at the history's peak


DOMAINS: dict[Level, Domain] = {
    "easy": Domain(("steady", "diurnal"), 0.0, (60.0, 120.0), (0.5, 1.0), (10.0, 100.0)),
    "medium": Domain(("diurnal", "trend", "step"), 0.0, (60.0, 300.0), (0.5, 2.0), (5.0, 200.0)),
    "hard": Domain(),
}


@dataclass(frozen=True, eq=False)
class Groups:
    """N groups alike in machine, workload, SLO and size; each with demand of its own."""

    names: tuple[str, ...]  # kind or trace of each, (N,)
    workload: Workload
    slo: Slo
    rps: FloatArray  # (N, DAYS · 1440)
    size: float  # instances that the history's peak needs
    machine: Machine = MACHINE
    once: Groups | None = None  # these, where the same groups stand here several times

    @property
    def largest(self) -> int:
        """Return the most instances one of them may have."""
        return math.ceil(_ROOM * self.size) + 8

    @property
    def lead(self) -> int:
        """Return how many minutes pass until what is ordered serves, in the median."""
        return 1 + math.ceil(self.workload.boot_s / 60)

    @cached_property
    def outlook(self) -> Outlook:
        """What is expected in every minute of the days after the first."""
        if self.once is None:
            return outlook(self.rps, self.lead)
        times = len(self.names) // len(self.once.names)
        return Outlook(*(np.tile(part, (times, 1)) for part in self.once.outlook))

    @cached_property
    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Sizes, and the demand (rps) that each just serves within the SLO; both ascending."""
        few = np.arange(1, 9)
        sizes = np.unique(np.round(np.concatenate((few, np.geomspace(8, self.largest, 24)))))
        served = service_limits(self.machine, self.workload, self.slo, sizes.astype(np.int64))
        return sizes.astype(np.float64), np.maximum.accumulate(np.maximum(served, 1e-9))

    def need(self, rps: FloatArray) -> FloatArray:
        """Return how many instances serve `rps` within the SLO, as a real number, same shape."""
        sizes, served = self.limits
        below = np.concatenate(([0.0], served))
        return np.asarray(np.interp(rps, below, np.concatenate(([0.0], sizes))))

    def repeated(self, times: int) -> Groups:
        """Return the same groups `times` after one another."""
        names, rps = self.names * times, np.tile(self.rps, (times, 1))
        return replace(self, names=names, rps=rps, once=self)

    def only(self, row: int) -> Groups:
        """Return one of the groups alone."""
        return replace(self, names=self.names[row : row + 1], rps=self.rps[row : row + 1])

    def block(self, begin: int, end: int, seed: int = 0) -> Block:
        """Return the groups in the exact simulator, on minutes `begin`…`end` of their demand."""
        return Block(
            self.machine, self.workload, self.slo, self.rps[:, begin:end],
            largest=self.largest, seed=seed,
        )  # fmt: skip


def draw_groups(
    rng: np.random.Generator, count: int, domain: Domain, traces: Sequence[Trace] = ()
) -> Groups:
    """Return `count` random groups alike; the same generator state gives the same ones.

    Traces are read where they may be trained on (`episodes.split`).
    """
    workload, slo = _service(rng, domain)
    size = _log_uniform(rng, *domain.size)
    if traces and rng.random() < domain.real_share:
        trace = traces[int(rng.integers(len(traces)))]
        rows = _windows(rng, trace, split(trace), count)
        return _scaled((trace.name,) * count, workload, slo, rows, size)
    kind = domain.kinds[int(rng.integers(len(domain.kinds)))]
    return synthetic_groups(rng, kind, count, workload, slo, size)


def synthetic_groups(
    rng: np.random.Generator, kind: str, count: int, workload: Workload, slo: Slo, size: float
) -> Groups:
    """Return `count` groups with random demand of one kind.

    Raises:
        ValueError: there is no such kind.
    """
    known = {name: name for name in KINDS}
    if kind not in known:
        raise ValueError(f"no kind of demand '{kind}': choose one of {', '.join(KINDS)}")
    rows = np.stack([synthetic(known[kind], rng, DAYS, 60).rps for _ in range(count)])
    return _scaled((kind,) * count, workload, slo, rows, size)


def trace_groups(
    trace: Trace, begin: int, workload: Workload, slo: Slo, size: float, at_most: int
) -> Groups | None:
    """Return the last days of a trace from step `begin` on; None where it is too short."""
    per_minute = minutes(_from(trace.demand, begin))
    days = per_minute.size // DAY
    if days < DAYS:
        return None
    rows = np.stack([per_minute[d * DAY : (d + DAYS) * DAY] for d in range(days - DAYS + 1)])
    rows = rows[-at_most:]
    return _scaled((trace.name,) * rows.shape[0], workload, slo, rows, size)


def draw_service(rng: np.random.Generator, level: Level = "hard") -> tuple[Workload, Slo]:
    """Return a random workload and an SLO that it can meet."""
    return _service(rng, DOMAINS[level])


def _service(rng: np.random.Generator, domain: Domain) -> tuple[Workload, Slo]:
    service_s, cv2 = _log_uniform(rng, 0.004, 0.2), _log_uniform(rng, *domain.cv2)
    workload = Workload(
        cpu_s_per_request=service_s, service_cv2=cv2, boot_s=_log_uniform(rng, *domain.boot_s)
    )
    # the slowest in a hundred takes longer than the mean even with nobody in front of it
    least = 3 + 3 * math.sqrt(cv2)
    return workload, Slo(p99_ms=1000 * service_s * float(rng.uniform(least, 3 * least)))


def _windows(rng: np.random.Generator, trace: Trace, upto: int, count: int) -> NDArray[np.float64]:
    per_minute = minutes(replace(trace.demand, rps=trace.demand.rps[:upto]))
    last = per_minute.size - DAYS * DAY
    begins = rng.integers(0, max(1, last + 1), count)
    return np.stack([per_minute[b : b + DAYS * DAY] for b in begins])


def _scaled(
    names: tuple[str, ...], workload: Workload, slo: Slo, rows: FloatArray, size: float
) -> Groups:
    """Scale each row so that the peak of its history needs `size` instances."""
    unit = Groups(names, workload, slo, rows, size)
    sizes, served = unit.limits
    capacity = float(np.interp(size, sizes, served))
    peak = np.maximum(np.quantile(rows[:, :HISTORY], 0.999, axis=1, keepdims=True), 1e-9)
    return Groups(names, workload, slo, rows * (capacity / peak), size)


def _from(demand: Demand, step: int) -> Demand:
    return Demand(demand.start, demand.step_s, demand.rps[step:])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
