"""Instance-minutes and CPU credits as dollars."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.cost import compute_usd, monthly_usd, surplus_usd
from tfopt_sim.rollout import simulate, trajectory
from tfopt_sim.types import Burst, Configuration, Machine, Slo, Workload

T3_LARGE = Machine("t3.large", 2, 8, 0.0832, burst=Burst(0.30, 36, 864))
HOUR = np.full(1, 60.0)


def test_an_hour_costs_its_list_price() -> None:
    """60 instance-minutes are one hour; 730 hours are a month."""
    assert compute_usd(HOUR, T3_LARGE)[0] == pytest.approx(0.0832)
    assert monthly_usd(0.0832) == pytest.approx(60.736)


def test_t3_large_breaks_even_with_m5_at_the_documented_cpu() -> None:
    """AWS: a t3.large in unlimited mode costs as much as an m5.large at 42.5 % CPU."""
    at = compute_usd(HOUR, T3_LARGE) + surplus_usd(HOUR, np.full(1, 0.425), T3_LARGE)
    assert at[0] == pytest.approx(0.096, abs=0.0005)


def test_below_the_baseline_nothing_is_added() -> None:
    """Credits cover it; other types have none to pay for."""
    assert surplus_usd(HOUR, np.full(1, 0.29), T3_LARGE)[0] == 0
    assert surplus_usd(HOUR, np.full(1, 1.0), Machine("m5.large", 2, 8, 0.096))[0] == 0


def test_a_busy_group_pays_its_surplus_in_either_way_of_running() -> None:
    """Two instances at 60 % CPU: 0.3 above baseline on 4 vCPUs, each hour."""
    demand = np.full((1, 1440), 0.6 * 4 / 0.02)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    group = Configuration(T3_LARGE, 2, 2, 2)
    workload = Workload(0.02, arrivals="even")
    outcome = simulate([group], demand, workload, Slo(), start)
    wanted = 24 * (2 * 0.0832 + 0.3 * 4 * 0.05)
    assert outcome.cost_usd[0, 0] == pytest.approx(wanted, rel=0.01)
    one = trajectory(group, demand[0], workload, Slo(), start)
    assert one.cost_usd == pytest.approx(outcome.cost_usd[0, 0])
