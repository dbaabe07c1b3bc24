"""The request-by-request simulator against closed forms, SimPy, Ciw, the documented semantics."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from reference_simulator import Group, simulate_plainly

from tfopt_sim.discrete import replay
from tfopt_sim.histogram import histogram_tail, percentile
from tfopt_sim.queueing import erlang_c
from tfopt_sim.servers import steady_queue
from tfopt_sim.types import Configuration, Machine, ScheduledAction, Slo, TargetTracking, Workload

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("m", vcpus=2, memory_gib=8, usd_per_hour=0.12)
WORKLOAD = Workload(cpu_s_per_request=0.02, boot_s=90, boot="fixed")
SLO = Slo(p99_ms=200)


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.7), (4, 0.8), (30, 0.9), (100, 0.9)])
def test_exponential_queues_are_erlangs(servers: int, rho: float) -> None:
    """M/M/c: P(wait) is Erlang C and the wait of those who wait exponential, within 10 %."""
    waits, _ = steady_queue(servers, rho, -1.0, 3_000_000, 1)
    waiting = erlang_c(servers, rho * servers)
    assert waits[1:].sum() / waits.sum() == pytest.approx(waiting, rel=0.06)
    mean_s = 1.0 / (servers * (1 - rho))
    beyond = histogram_tail(waits, mean_s) / waits.sum()
    assert beyond == pytest.approx(waiting / math.e, rel=0.1)


@pytest.mark.parametrize("cv2", [0.0, 0.5, 2.0])
def test_one_server_is_pollaczek_and_khinchines(cv2: float) -> None:
    """M/D/1 and M/G/1: mean wait ρ(1 + cv²)/(2(1 − ρ)) services, within 3 %."""
    waits, responses = steady_queue(1, 0.7, cv2, 3_000_000, 2)
    shares = (np.arange(1000) + 0.5) / 1000
    mean = np.mean([percentile(waits, share) for share in shares])
    assert mean == pytest.approx(0.7 * (1 + cv2) / 2 / 0.3, rel=0.03)
    assert np.mean([percentile(responses, share) for share in shares]) == pytest.approx(
        1 + mean, rel=0.03
    )


def test_a_percentile_reads_the_histogram_to_a_thousandth() -> None:
    """Deterministic service in an idle queue: every percentile is the service time, bin and all."""
    _, responses = steady_queue(50, 0.02, 0.0, 10_000, 0)
    assert percentile(responses, 0.01) == pytest.approx(1.0, rel=5e-3)
    assert histogram_tail(responses, 0.9) == 10_000
    assert histogram_tail(responses, 1.1) == 0


def test_simpy_gives_the_same_percentiles() -> None:
    """M/G/3 at ρ = 0.6, cv² = 2: p50 and p95 of the response within 6 % of SimPy's."""
    simpy = pytest.importorskip("simpy")
    rng = np.random.default_rng(5)
    sigma = math.sqrt(math.log(3.0))
    responses: list[float] = []
    environment = simpy.Environment()
    servers = simpy.Resource(environment, capacity=3)

    def request():  # type: ignore[no-untyped-def]
        arrived = environment.now
        with servers.request() as turn:
            yield turn
            yield environment.timeout(math.exp(sigma * (rng.standard_normal() - sigma / 2)))
        responses.append(environment.now - arrived)

    def source():  # type: ignore[no-untyped-def]
        for gap in rng.exponential(1 / (3 * 0.6), 60_000):
            yield environment.timeout(gap)
            environment.process(request())

    environment.process(source())
    environment.run()
    _, ours = steady_queue(3, 0.6, 2.0, 2_000_000, 3)
    for share in (0.5, 0.05):
        assert percentile(ours, share) == pytest.approx(np.quantile(responses, 1 - share), rel=0.06)


def test_ciw_gives_the_same_percentiles() -> None:
    """M/D/4 at ρ = 0.75: p50 and p95 of the response within 5 % of Ciw's."""
    ciw = pytest.importorskip("ciw")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=3.0)],
        service_distributions=[ciw.dists.Deterministic(value=1.0)],
        number_of_servers=[4],
    )
    ciw.seed(0)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(40_000)
    records = simulation.get_all_records()
    responses = [record.exit_date - record.arrival_date for record in records]
    _, ours = steady_queue(4, 0.75, 0.0, 2_000_000, 3)
    for share in (0.5, 0.05):
        assert percentile(ours, share) == pytest.approx(np.quantile(responses, 1 - share), rel=0.05)


@pytest.mark.parametrize("balancing", ["least-outstanding", "random"])
@pytest.mark.parametrize("period_s", [60, 300])
def test_the_group_scales_as_the_plain_simulation(balancing: str, period_s: int) -> None:
    """Within two instances of the plain simulation on average: noise and own queues differ."""
    rule = TargetTracking(0.5, metric_period_s=period_s, warmup_s=120)
    group = Configuration(MACHINE, 2, 40, 4, (rule,))
    steps = [230, 880, 880, 2480, 2480, 730, 730, 130, 130, 130]
    demand = np.repeat(np.array(steps, dtype=float), 60)
    run = replay(group, demand, replace(WORKLOAD, balancing=balancing), SLO, MONDAY)  # type: ignore[arg-type]
    plain = simulate_plainly(Group((2, 40), 4, (rule,), 100.0), demand.tolist(), 2)
    assert run.arrivals.sum() == pytest.approx(60 * demand.sum(), rel=0.01)
    assert np.abs(run.in_service - [m.in_service for m in plain]).mean() < 2.0
    assert run.cost_usd == pytest.approx(sum(m.billed for m in plain) * 0.12 / 60, rel=0.04)
    calm = np.array([m.backlog for m in plain]) == 0
    assert np.abs(run.cpu - [m.cpu for m in plain])[calm].mean() < 0.03


def test_an_overload_builds_and_drains_a_backlog() -> None:
    """400 requests/s on 200: 12,000 wait after a minute, and go in two minutes of 100."""
    demand = np.array([400.0, 100.0, 100.0, 100.0])
    run = replay(Configuration(MACHINE, 2, 2, 2), demand, WORKLOAD, SLO, MONDAY)
    assert run.backlog[0] == pytest.approx(12_000, rel=0.05)
    assert run.backlog[1] == pytest.approx(6_000, rel=0.15)
    assert run.backlog[3] == 0
    assert run.slow[0] > 0.9 * run.arrivals[0]
    assert run.cpu[0] > 0.999


def test_clients_leave_at_their_time_out() -> None:
    """With a time-out of 5 s nobody takes longer, and twice the capacity loses about half."""
    work = replace(WORKLOAD, timeout_s=5.0)
    run = replay(Configuration(MACHINE, 2, 2, 2), np.full(10, 400.0), work, SLO, MONDAY)
    assert run.lost.sum() / run.arrivals.sum() == pytest.approx(0.5, abs=0.03)
    assert run.percentile_ms(0.001) < 5_300
    assert run.backlog.max() <= 2_000 * 1.1


def test_removed_instances_finish_their_requests() -> None:
    """A schedule that removes half leaves nobody unserved and bills the rest alone."""
    action = ScheduledAction("5 0 * * *", max_size=2)
    group = Configuration(MACHINE, 1, 4, 4, schedules=(action,))
    for balancing in ("least-outstanding", "random"):
        work = replace(WORKLOAD, balancing=balancing)  # type: ignore[arg-type]
        run = replay(group, np.full(10, 100.0), work, SLO, MONDAY)
        assert run.billed.tolist() == [4] * 5 + [2] * 5
        assert run.histogram.sum() == run.arrivals.sum()
        assert run.lost.sum() == 0


def test_nobody_is_served_without_instances() -> None:
    """Requests wait for the first instance, which a schedule launches; all are slow till then."""
    action = ScheduledAction("3 0 * * *", min_size=2, desired_capacity=2)
    group = Configuration(MACHINE, 0, 4, 0, schedules=(action,))
    for balancing in ("least-outstanding", "random"):
        work = replace(WORKLOAD, balancing=balancing)  # type: ignore[arg-type]
        run = replay(group, np.full(20, 20.0), work, SLO, MONDAY)
        assert run.in_service.tolist() == [0] * 5 + [2] * 15
        assert (run.slow[:4] == run.arrivals[:4]).all()
        assert run.backlog[-1] == 0
        assert run.histogram.sum() == run.arrivals.sum()


def test_a_seed_gives_one_run() -> None:
    """Twice alike with one seed; another seed gives another run."""
    group = Configuration(MACHINE, 2, 2, 2)
    runs = [
        replay(group, np.full(30, 120.0), WORKLOAD, SLO, MONDAY, seed=seed) for seed in (1, 1, 2)
    ]
    assert (runs[0].histogram == runs[1].histogram).all()
    assert (runs[0].histogram != runs[2].histogram).any()


@pytest.mark.parametrize("balancing", ["least-outstanding", "random"])
def test_requests_that_nobody_ever_serves_are_slow_when_they_come(balancing: str) -> None:
    """The group empties after 5 of 10 minutes: half are bad, and no percentile beyond is finite."""
    action = ScheduledAction("5 0 * * *", min_size=0, max_size=0)
    group = Configuration(MACHINE, 1, 4, 2, schedules=(action,))
    work = replace(WORKLOAD, balancing=balancing)  # type: ignore[arg-type]
    run = replay(group, np.full(10, 50.0), work, SLO, MONDAY)
    assert run.in_service.tolist() == [2] * 5 + [0] * 5
    assert (run.slow[5:] == run.arrivals[5:]).all()
    assert run.bad_minute_share == 0.5
    assert run.histogram.sum() == run.arrivals.sum()
    assert run.histogram[-1] == run.backlog[-1] == run.arrivals[5:].sum()
    assert run.lost.sum() == 0


@pytest.mark.parametrize("balancing", ["least-outstanding", "random"])
def test_who_leaves_an_empty_group_took_the_time_out(balancing: str) -> None:
    """With a time-out all who find nobody are lost, and took just so long."""
    action = ScheduledAction("5 0 * * *", min_size=0, max_size=0)
    group = Configuration(MACHINE, 1, 4, 2, schedules=(action,))
    work = replace(WORKLOAD, balancing=balancing, timeout_s=20.0)  # type: ignore[arg-type]
    run = replay(group, np.full(10, 50.0), work, SLO, MONDAY)
    assert (run.lost[5:] == run.arrivals[5:]).all()
    assert run.lost[:5].sum() == 0
    assert run.percentile_ms() == pytest.approx(20_000, rel=0.005)
    assert run.bad_minute_share == 0.5
