"""Percentiles and bad minutes of groups whose load moves, against request-by-request truth."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.discrete import replay
from tfopt_sim.latency import percentile_ms
from tfopt_sim.rollout import simulate, trajectory, whole_percentile_ms
from tfopt_sim.serving import carrying, carrying_after, settled_load
from tfopt_sim.tables import CELLS, cell_at, delayed_shares, service_of, utilisation_at
from tfopt_sim.types import Configuration, Machine, Slo, TargetTracking, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("m", vcpus=2, memory_gib=8, usd_per_hour=0.1)


def wave(minutes: int, low: float, high: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    turn = 2 * np.pi * np.arange(minutes) / 720
    return low + (high - low) * 0.5 * (1 - np.cos(turn))


@pytest.mark.parametrize(
    ("cv2", "balancing", "scaling"),
    [
        (0.0, "least-outstanding", ()),
        (1.0, "least-outstanding", (TargetTracking(0.5),)),
        (4.0, "least-outstanding", (TargetTracking(0.6, metric_period_s=300),)),
        (1.0, "random", (TargetTracking(0.4),)),
    ],
)
def test_a_day_has_the_percentiles_of_its_requests(
    cv2: float, balancing: str, scaling: tuple[TargetTracking, ...]
) -> None:
    """p95 and p99 over all requests of two waves within 5 % of discrete events, cost in 2 %."""
    workload = Workload(0.05, cv2, boot_s=120, boot="fixed", balancing=balancing)  # type: ignore[arg-type]
    demand, slo = wave(1440, 40, 330), Slo(600)
    group = Configuration(MACHINE, 2 if scaling else 10, 30, 10, scaling)
    truth = replay(group, demand, workload, slo, MONDAY)
    seen = trajectory(group, demand, workload, slo, MONDAY)
    service = service_of(MACHINE, workload, slo)
    for share in (0.05, 0.01):
        ours = percentile_ms(service, seen.in_service, seen.backlog_requests, demand, share)
        assert ours == pytest.approx(truth.percentile_ms(share), rel=0.05)
    assert seen.cost_usd == pytest.approx(truth.cost_usd, rel=0.02)
    assert seen.extras["bad_minute_share"] == pytest.approx(truth.bad_minute_share, abs=0.01)


@pytest.mark.parametrize("balancing", ["least-outstanding", "random"])
def test_a_backlog_takes_as_long_to_go_as_it_does(balancing: str) -> None:
    """Ten minutes at 130 %, then 60 %: the same bad minutes and the same end of the backlog."""
    workload = Workload(0.05, 1.0, balancing=balancing)  # type: ignore[arg-type]
    demand = np.concatenate([np.full(30, 240.0), np.full(10, 520.0), np.full(40, 240.0)])
    group, slo = Configuration(MACHINE, 10, 10, 10), Slo(2000)
    truth = replay(group, demand, workload, slo, MONDAY)
    seen = trajectory(group, demand, workload, slo, MONDAY)
    bad = truth.slow > 0.01 * truth.arrivals
    assert seen.bad.sum() == pytest.approx(bad.sum(), abs=1.5)
    peak = truth.backlog.max()
    assert seen.backlog_requests.max() == pytest.approx(peak, rel=0.05)
    gone = np.flatnonzero(seen.backlog_requests > 0.02 * peak).max()
    assert abs(gone - np.flatnonzero(truth.backlog > 0.02 * peak).max()) <= 1


def test_new_instances_do_not_help_those_in_the_queues_of_the_old() -> None:
    """A queue per instance: the old backlog stays with its carriers; one queue: with all."""
    assert carrying(True, 8, 0.5, 100.0, 2) == 8
    assert carrying(False, 8, 0.5, 100.0, 2) == 2
    assert carrying(False, 8, 1.2, 100.0, 2) == 8
    assert carrying(False, 1, 0.5, 100.0, 2) == 1
    assert carrying(False, 8, 0.5, 0.0, 2) == 8


def test_overload_spreads_a_backlog_over_new_queues_little_by_little() -> None:
    """Two old queues of 300 beside six new ones: 100 more each make (Σb)²/Σb² of eight."""
    unequal = [400.0] * 2 + [100.0] * 6
    equal = sum(unequal) ** 2 / sum(b * b for b in unequal)
    assert carrying_after(False, 8, 1.5, 200.0, 600.0, 2.0) == pytest.approx(equal)
    assert carrying_after(False, 8, 0.5, 200.0, 600.0, 2.0) == 2.0
    assert carrying_after(True, 8, 1.5, 200.0, 600.0, 2.0) == 8.0


@pytest.mark.parametrize(("instances", "balancing"), [(5, "least-outstanding"), (2, "random")])
def test_short_overloads_of_long_services_are_bad_by_chance(instances: int, balancing: str) -> None:
    """Minutes at 115 % after calm ones: about as many are bad as in discrete events."""
    workload = Workload(1.0, 2.0, balancing=balancing)  # type: ignore[arg-type]
    demand = np.tile([0.3, 0.3, 0.3, 0.8, 1.15, 0.9], 200) * 2 * instances
    group, slo = Configuration(MACHINE, instances, instances, instances), Slo(13_000)
    truth = np.mean(
        [replay(group, demand, workload, slo, MONDAY, seed=k).bad_minute_share for k in range(4)]
    )
    seen = trajectory(group, demand, workload, slo, MONDAY, latency=False)
    assert 0.02 < truth < 0.5
    assert seen.extras["bad_minute_share"] == pytest.approx(truth, abs=0.06)


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.01, 1e5), st.floats(0.0, 1.5), st.floats(0.0, 0.999))
def test_a_queue_settles_towards_its_load(settling: float, utilisation: float, load: float) -> None:
    """Never past the new load, never away from it, and at once where queues are short."""
    after = settled_load(settling, utilisation, load)
    low, high = min(load, utilisation), max(load, utilisation)
    assert low - 1e-12 <= after <= high + 1e-12
    assert after < 1.0
    assert abs(settled_load(2 * settling, utilisation, load) - utilisation) <= (
        abs(after - utilisation) + 1e-12
    )


@given(st.floats(0.0, 1.0))
def test_cells_and_utilisations_are_inverse(utilisation: float) -> None:
    """A utilisation has one place among the cells, 0 to 336."""
    place = cell_at(utilisation)
    assert 0 <= place <= CELLS
    assert utilisation_at(place) == pytest.approx(utilisation, abs=1e-12)


def test_waits_make_slow_whom_they_delay_beyond_the_limit() -> None:
    """Deterministic service: nobody until the wait reaches the limit less the service, then all."""
    service = service_of(MACHINE, Workload(0.1, 0.0), Slo(500))
    sums = delayed_shares(service)
    assert sums[51] == pytest.approx(0.0, abs=1e-9)  # 51/64 of 0.5 s
    assert sums[64] == pytest.approx(0.1, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 30),
    st.floats(0.2, 1.1),
    st.sampled_from([0.0, 0.5, 1.0, 4.0]),
    st.booleans(),
    st.floats(150, 900),
)
def test_shares_order_as_they_must(
    size: int, load: float, cv2: float, pooled: bool, slo_ms: float
) -> None:
    """More load: no fewer slow requests; one instance more or a laxer SLO: no more."""
    workload = Workload(0.05, cv2, balancing="least-outstanding" if pooled else "random")

    def slow(size: int, rps: float, slo_ms: float) -> float:
        group = Configuration(MACHINE, size, size, size)
        demand = np.full((1, 30), rps)
        outcome = simulate([group], demand, workload, Slo(slo_ms), MONDAY)
        return float(outcome.slow_share[0, 0])

    rps = load * size * 40.0
    base = slow(size, rps, slo_ms)
    assert slow(size, 1.05 * rps, slo_ms) >= base - 2e-3
    assert slow(size + 1, rps, slo_ms) <= base + 2e-3
    assert slow(size, rps, 1.2 * slo_ms) <= base + 1e-6


def test_boosted_threads_are_faster_and_seem_less_busy_until_all_are() -> None:
    """Boost 1.5: at 30 % of capacity CPU shows 20 % and p99 is 1.5 × shorter; at 100 % nothing."""
    plain = Machine("m", 32, 64, 1.0)
    boosted = Machine("m", 32, 64, 1.0, boost=1.5, threads_per_core=2)
    workload, slo = Workload(0.05, 1.0, arrivals="even"), Slo(300)
    runs = [
        trajectory(Configuration(m, 1, 1, 1), np.full(5, 192.0), workload, slo, MONDAY)
        for m in (plain, boosted)
    ]
    assert runs[1].cpu[0] == pytest.approx(runs[0].cpu[0] / 1.5)
    assert runs[1].p99_ms == pytest.approx(runs[0].p99_ms / 1.5, rel=1e-3)
    full = [
        trajectory(Configuration(m, 1, 1, 1), np.full(5, 640.0), workload, slo, MONDAY)
        for m in (plain, boosted)
    ]
    assert full[1].cpu[4] == pytest.approx(full[0].cpu[4])
    assert full[1].p99_ms == pytest.approx(full[0].p99_ms, rel=0.01)


@pytest.mark.parametrize(("balancing", "other"), [("least-outstanding", 0.75), ("random", 1.2)])
def test_instances_that_join_a_backlog_help_only_those_of_their_queue(
    balancing: str, other: float
) -> None:
    """Five times the demand, growth 3 min later: p99 within 4 % of discrete events.

    The rate at a request's arrival would say 281 s: too much for one queue, as later instances
    join it; too little for queues apart, as the old instances keep theirs.
    """
    workload = Workload(0.1, 1.0, boot_s=180, boot="fixed", balancing=balancing)  # type: ignore[arg-type]
    demand = np.concatenate([np.full(60, 25.0), np.full(60, 125.0), np.full(180, 25.0)])
    group = Configuration(MACHINE, 1, 30, 2, (TargetTracking(0.5),))
    truth = replay(group, demand, workload, Slo(500), MONDAY).percentile_ms()
    ours = trajectory(group, demand, workload, Slo(500), MONDAY).p99_ms
    assert ours == pytest.approx(truth, rel=0.04)


@pytest.mark.parametrize("balancing", ["least-outstanding", "random"])
@pytest.mark.parametrize("timeout_s", [2.0, 90.0])
def test_who_leaves_at_the_time_out_took_so_long(balancing: str, timeout_s: float) -> None:
    """Half an hour at 3 × capacity: p50 and p99 of those served and lost, within 2 %."""
    workload = Workload(0.05, 1.0, balancing=balancing, timeout_s=timeout_s)  # type: ignore[arg-type]
    demand = np.concatenate([np.full(20, 100.0), np.full(30, 480.0), np.full(20, 100.0)])
    group, slo = Configuration(MACHINE, 4, 4, 4), Slo(500)
    truth = replay(group, demand, workload, slo, MONDAY)
    seen = trajectory(group, demand, workload, slo, MONDAY)
    assert seen.p99_ms == pytest.approx(truth.percentile_ms(), rel=0.02)
    service = service_of(MACHINE, workload, slo)
    half = percentile_ms(
        service, seen.in_service, seen.backlog_requests, demand, 0.5, workload.timeout_s
    )
    assert half == pytest.approx(truth.percentile_ms(0.5), rel=0.02)


@pytest.mark.parametrize("pooled", [True, False])
def test_who_finds_nobody_waits_for_the_next_who_serve(pooled: bool) -> None:
    """Two minutes without instances, then enough: the k-th second's wait is 120 s less half of k.

    20 requests/s gather for 120 s, then 40/s are served: the first waits 120 s, the last 60 s,
    and whoever comes later 60 s less half of what has passed since.
    """
    workload = Workload(0.05, 0.0, balancing="least-outstanding" if pooled else "random")
    service = service_of(MACHINE, workload, Slo(500))
    in_service = np.array([0, 0, 1, 1, 1, 1])
    backlog = 1200.0 * np.array([1, 2, 1, 0, 0, 0])
    rps = np.array([20.0, 20.0, 20.0, 20.0, 0.0, 0.0])
    waits = [percentile_ms(service, in_service, backlog, rps, k / 4) / 1000 for k in (1, 2, 3)]
    assert waits == pytest.approx([90.0, 60.0, 30.0], rel=0.08)


def test_only_a_time_out_makes_requests_leave() -> None:
    """A fleet worth 12.6 machines, then 12.4, is 13, then 12: none is lost to rounding."""
    service = service_of(MACHINE, Workload(0.05, 1.0), Slo(500))
    machines = np.tile([12.6, 12.4], 30)
    rps = np.full(60, 700.0)
    backlog = np.cumsum(60.0 * (rps - machines * service.capacity_rps))
    p99 = whole_percentile_ms(service, machines, backlog, rps) / 1000
    assert p99 == pytest.approx(0.99 * backlog[-1] / (12.5 * service.capacity_rps), rel=0.06)
