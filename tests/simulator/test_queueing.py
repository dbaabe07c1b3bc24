"""Waiting and response times against closed forms, direct sums and discrete events."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim import tables
from tfopt_sim.discrete import replay
from tfopt_sim.queueing import (
    bad_minute_probability,
    count_tail,
    erlang_c,
    service_points,
    service_tail,
    settled_utilisation,
)
from tfopt_sim.rollout import service_limits, simulate
from tfopt_sim.tables import CELLS, Service, cell_at, service_of, service_table
from tfopt_sim.types import Configuration, Machine, Slo, Workload
from tfopt_sim.waits import KNOTS, Wait, fitted, late_share, wait_of, wait_tail

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def queue(c: int, rho: float, mean_s: float, cv2: float) -> Wait:
    return wait_of(fitted(cv2), c, rho, mean_s, cv2, np.empty(KNOTS.size))


def response_tail(t_s: float, c: int, rho: float, mean_s: float, cv2: float) -> float:
    """P(wait + service > t): the two are independent under first come, first served."""
    late, _ = late_share(t_s, queue(c, rho, mean_s, cv2), *service_points(t_s, mean_s, cv2))
    return service_tail(t_s, mean_s, cv2) + late


def erlang_c_by_definition(servers: int, offered: Fraction) -> float:
    """C(c, a) = a^c/c!·c/(c−a) ÷ (Σ_{k<c} a^k/k! + the same), in exact fractions."""
    term, below = Fraction(1), Fraction(0)
    for k in range(servers):
        below += term
        term = term * offered / (k + 1)
    last = term * servers / (servers - offered)
    return float(last / (below + last))


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 60), st.integers(1, 999))
def test_erlang_c_equals_its_definition(servers: int, permille: int) -> None:
    """Exact rational arithmetic gives the same probability to 12 digits."""
    offered = Fraction(servers * permille, 1000)
    exact = erlang_c_by_definition(servers, offered)
    assert erlang_c(servers, float(offered)) == pytest.approx(exact, rel=1e-10, abs=1e-25)


@pytest.mark.parametrize(
    ("servers", "offered", "published"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (5, 4.0, 0.5541), (10, 8.0, 0.4092)],
)
def test_erlang_c_equals_published_values(servers: int, offered: float, published: float) -> None:
    """Values from textbook tables (Gross and Harris, Fundamentals of Queueing Theory)."""
    assert erlang_c(servers, offered) == pytest.approx(published, abs=5e-5)


def test_erlang_c_stands_thousands_of_servers() -> None:
    """No overflow at 8,000 servers; near Halfin and Whitt's limit for β = 1 (0.2234)."""
    servers = 8000
    offered = servers - math.sqrt(servers)
    assert erlang_c(servers, offered) == pytest.approx(0.2234, abs=0.004)
    assert erlang_c(servers, 0.3 * servers) < 1e-25
    assert erlang_c(servers, float(servers)) == 1.0
    assert erlang_c(3, 0.0) == 0.0


def pollaczek_khinchine(rho: float, cv2: float, t: float) -> float:
    """P(wait > t) of M/G/1 with log-normal service of mean 1: a geometric sum of residual services.

    The residuals are put on a grid of 1/200; the sum follows Panjer's recursion for ρ·residual.
    """
    step, steps = 0.005, int(t / 0.005) + 1
    residual = np.array([service_tail((k + 0.5) * step, 1.0, cv2) for k in range(steps + 1)]) * step
    wait = np.zeros(steps)
    wait[0] = (1 - rho) / (1 - rho * residual[0] / 2)
    mass = np.concatenate(([residual[0] / 2], 0.5 * (residual[:-1] + residual[1:])))
    for k in range(1, steps):
        wait[k] = rho * (mass[1 : k + 1] @ wait[k - 1 :: -1]) / (1 - rho * mass[0])
    return float(1 - wait.sum())


@pytest.mark.parametrize("cv2", [0.0, 0.25, 0.7, 1.0, 3.0, 4.0])
@pytest.mark.parametrize("rho", [0.5, 0.8, 0.9])
def test_the_wait_of_one_server_is_pollaczek_and_khinchines(rho: float, cv2: float) -> None:
    """M/D/1 and M/G/1: P(W > t) within 4 % of the exact tail out to some 1 % of the requests.

    M/D/1 has kinks at whole services, between which the fit draws lines: up to 0.02 off there.
    """
    for share in (0.3, 1.0, 3.0):
        t = share * 0.5 * (1 + cv2) / (1 - rho)
        exact = pollaczek_khinchine(rho, cv2, t)
        assert wait_tail(t, queue(1, rho, 1.0, cv2)) == pytest.approx(
            exact, rel=0.04, abs=1e-3 if cv2 > 0 else 0.02
        )


@pytest.mark.parametrize(("c", "rho"), [(2, 0.7), (6, 0.9), (40, 0.9), (300, 0.95)])
def test_waits_for_deterministic_service_are_cosmetatoss(c: int, rho: float) -> None:
    """M/D/c: the mean wait within 3 % of Cosmetatos's approximation (1975), itself good to 2 %."""
    wait = queue(c, rho, 1.0, 0.0)
    grid = np.linspace(0.0, 12.0 / wait.rate, 2001)
    mean = np.trapezoid([wait_tail(t, wait) for t in grid], grid)
    exponential = erlang_c(c, rho * c) / (c * (1 - rho))
    bend = min((1 - rho) * (c - 1) * (math.sqrt(4 + 5 * c) - 2) / (16 * rho * c), 0.25)
    assert mean == pytest.approx(0.5 * (1 + bend) * exponential, rel=0.03)


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.01, 10.0), st.floats(0.05, 4.0))
def test_service_points_integrate_the_service_time(t_s: float, cv2: float) -> None:
    """Their weights sum to P(S ≤ t), and weighed with the points to the mean below t."""
    points, weights = service_points(t_s, 0.5, cv2)
    beyond = service_tail(t_s, 0.5, cv2)
    assert weights.sum() == pytest.approx(1 - beyond, abs=1e-6)
    assert (np.diff(points) >= 0).all()
    assert (points * weights).sum() <= 0.5 + 1e-6


def test_how_lateness_varies_is_exact_for_one_high_level() -> None:
    """cv² = 0 has one level b: v = 2·P(W > b)·P(W ≤ b), so the variance is clump·n·P(W > b)."""
    points, weights = service_points(0.5, 0.1, 0.0)
    late, varied = late_share(0.5, Wait(0.6, 10.0, KNOTS), points, weights)
    above = 0.6 * math.exp(-4.0)
    assert late == pytest.approx(above)
    assert varied == pytest.approx(2 * above * (1 - above))


def test_service_time_has_the_stated_mean_and_variability() -> None:
    """Integrating the tail gives the mean, twice t times the tail the second moment."""
    grid = np.linspace(0, 60, 600_001)
    for cv2 in (0.25, 1.0, 2.0):
        tail = np.array([service_tail(t, 0.5, cv2) for t in grid[1:]])
        mean = float(tail.sum() * 1e-4)
        second = float((2 * grid[1:] * tail).sum() * 1e-4)
        assert mean == pytest.approx(0.5, rel=1e-3)
        assert second / mean**2 - 1 == pytest.approx(cv2, rel=0.01)


def test_response_is_a_step_where_service_is_deterministic() -> None:
    """cv² = 0: nobody is faster than the service; beyond it only the wait counts."""
    assert response_tail(0.09, 8, 0.5, 0.1, 0.0) == 1.0
    waits = wait_tail(0.05, queue(8, 0.9, 0.1, 0.0))
    assert response_tail(0.15, 8, 0.9, 0.1, 0.0) == pytest.approx(waits)


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 64), st.floats(0.05, 0.98), st.floats(0.0, 4.0), st.floats(0.01, 3.0))
def test_response_tails_order_as_they_must(c: int, rho: float, cv2: float, t: float) -> None:
    """Between the service tail and one; falling with t and rising with utilisation."""
    tail = response_tail(t, c, rho, 0.1, cv2)
    assert service_tail(t, 0.1, cv2) - 1e-6 <= tail <= 1.0
    assert response_tail(t * 1.1, c, rho, 0.1, cv2) <= tail + 1e-6
    assert response_tail(t, c, min(rho * 1.02, 0.999), 0.1, cv2) >= tail - 1e-6


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, 40), st.floats(0.01, 30.0))
def test_count_tail_is_poisson_without_clumps(least: int, mean: float) -> None:
    """A dispersion of one is Poisson, summed term by term."""
    below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(least))
    assert count_tail(least, mean, 1.0001) == pytest.approx(1 - below, abs=2e-3)


def test_count_tail_is_geometric_for_one_clump_a_minute() -> None:
    """Mean 4 at dispersion 5 is geometric: P(X ≥ k) = 0.8^k."""
    for k in (1, 3, 10):
        assert count_tail(k, 4.0, 5.0) == pytest.approx(0.8**k, rel=1e-6)


def test_quiet_minutes_are_bad_with_one_slow_request() -> None:
    """Under a hundred requests a single slow one is over 1 %: P = 1 − exp(−mean)."""
    quiet = bad_minute_probability(20.0, 1, 1000, 0.005, 0.0, 0.0)
    assert quiet == pytest.approx(1 - math.exp(-0.1), rel=1e-3)
    assert bad_minute_probability(20_000.0, 1, 1000, 0.005, 0.0, 0.0) < 1e-9
    assert bad_minute_probability(20_000.0, 1, 1000, 0.02, 0.0, 0.0) > 1 - 1e-9


def test_the_same_slow_requests_in_clumps_spoil_fewer_minutes() -> None:
    """2 % slow on average: every minute when spread evenly, some when they come together."""
    even = bad_minute_probability(10_000.0, 1, 1000, 0.0, 0.02, 10.0)
    clumped = bad_minute_probability(10_000.0, 1, 1000, 0.0, 0.02, 200.0 * 500.0)
    assert even > 0.99
    assert 0.2 < clumped < 0.7


CASES = [
    # queues, servers each, mean service s, cv², slow s, utilisation, minutes
    (1, 4, 0.05, 1.0, 0.25, 0.5, 8000),  # service alone brings 1 %
    (1, 8, 0.05, 1.0, 0.45, 0.9, 8000),
    (1, 8, 0.1, 0.0, 0.35, 0.9, 8000),
    (1, 16, 0.1, 4.0, 1.5, 0.85, 8000),
    (1, 2, 0.2, 1.0, 2.0, 0.8, 30000),
    (6, 2, 0.1, 1.0, 0.6, 0.6, 8000),  # a queue per instance
    (1, 1, 1.0, 1.0, 5.0, 0.3, 100000),  # 18 requests a minute
]


@pytest.mark.parametrize("case", CASES)
def test_the_table_agrees_with_discrete_events(case: tuple[float, ...]) -> None:
    """Slow share within 5 %, bad-minute share within 7 points of request-by-request truth."""
    queues, servers, mean_s, cv2, slow_s, utilisation, minutes = case
    queues, servers = int(queues), int(servers)
    machine = Machine("m", servers, 4, 0.1)
    balancing = "least-outstanding" if queues == 1 else "random"
    workload, slo = Workload(mean_s, cv2, balancing=balancing), Slo(1000 * slow_s)
    demand = np.full(int(minutes), utilisation * queues * servers / mean_s)
    truth = replay(Configuration(machine, queues, queues, queues), demand, workload, slo, MONDAY)
    table = service_table(Service(servers, mean_s, cv2, queues == 1, slow_s), queues)
    part, low = math.modf(cell_at(utilisation))
    cell = table[queues, int(low)] * (1 - part) + table[queues, int(low) + 1] * part
    assert cell[0] == pytest.approx(truth.slow.sum() / truth.arrivals.sum(), rel=0.05, abs=1e-4)
    assert cell[1] == pytest.approx(truth.bad_minute_share, abs=0.07)


def test_tables_of_large_groups_interpolate_between_computed_sizes() -> None:
    """A size between two computed ones differs from its own exact row by under 0.01."""
    service = Service(4, 0.02, 1.0, True, 0.25)
    wide = service_table(service, 900)
    for size in (33, 61, 250, 777):
        rows = np.empty((1, CELLS + 1, 2), dtype=np.float32)
        tables._fill(service, fitted(1.0), np.array([size]), rows)
        assert np.abs(wide[size] - rows[0]).max() < 0.05
        assert np.abs(wide[size, :, 0] - rows[0, :, 0]).max() < 0.01


def test_service_limits_keep_one_percent_slow() -> None:
    """At the limit 1 % is slow; pooling lets large groups run hotter; no hope gives 0."""
    machine = Machine("m5.large", vcpus=2, memory_gib=8, usd_per_hour=0.1)
    workload = Workload(cpu_s_per_request=0.05)
    slo = Slo(p99_ms=400)
    sizes = np.array([[1, 2], [8, 100]])
    limits = service_limits(machine, workload, slo, sizes)
    assert limits.shape == sizes.shape
    for size, limit in zip(sizes.ravel(), limits.ravel(), strict=True):
        tail = response_tail(0.4, 2 * int(size), limit / (size * 40.0), 0.05, 1.0)
        assert tail == pytest.approx(0.01, abs=1e-4)
    per_instance = limits / sizes
    assert per_instance[1, 1] > per_instance[1, 0] > per_instance[0, 1] > per_instance[0, 0]
    assert service_limits(machine, workload, Slo(p99_ms=100), sizes).max() == 0


def test_a_fraction_of_a_vcpu_is_one_slower_server() -> None:
    """A quarter vCPU takes four times as long per request and serves a quarter."""
    workload = Workload(cpu_s_per_request=0.1, timeout_s=0.3)
    small = service_of(Machine("task", 0.25, 0.5, 0.01), workload, Slo(p99_ms=500))
    assert (small.servers, small.mean_s, small.capacity_rps) == (1, 0.4, 2.5)
    assert small.slow_s == 0.3  # the client is gone before the SLO's limit


def test_queues_that_settle_slowly_are_cut() -> None:
    """Many fast servers settle at 99.9 %; two slow ones only below 96 % within ten minutes."""
    assert settled_utilisation(400, 0.02, 1.0, 600.0) > 0.999
    assert settled_utilisation(2, 1.0, 1.0, 600.0) == pytest.approx(0.959, abs=1e-3)


def test_a_steady_load_gives_the_share_of_the_table() -> None:
    """An hour at one utilisation: slow and bad shares are the table's cell, cost is the hour's."""
    machine = Machine("m", vcpus=4, memory_gib=8, usd_per_hour=0.1)
    workload, slo = Workload(cpu_s_per_request=0.05, arrivals="even"), Slo(p99_ms=300)
    outcome = simulate(
        [Configuration(machine, 2, 2, 2)],
        np.full((1, 60), 216 / 256 * 160.0),
        workload,
        slo,
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    cell = service_table(service_of(machine, workload, slo), 2)[2, int(cell_at(216 / 256))]
    assert outcome.slow_share[0, 0] == pytest.approx(cell[0], rel=1e-5)
    assert outcome.bad_minute_share[0, 0] == pytest.approx(cell[1], rel=1e-5)
    assert outcome.mean_cpu[0, 0] == pytest.approx(216 / 256)
    assert outcome.cost_usd[0, 0] == pytest.approx(0.2)
