"""Instance-minutes and CPU credits as dollars."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt_sim.cost import monthly_usd
from tfopt_sim.rollout import simulate, trajectory
from tfopt_sim.types import (
    Bill,
    Burst,
    Configuration,
    Fleet,
    Machine,
    Money,
    ScheduledAction,
    Slo,
    Slot,
    TargetTracking,
    WarmPool,
    Workload,
)

T3_LARGE = Machine("t3.large", 2, 8, 0.0832, burst=Burst(0.30, 36, 864))
M5_LARGE = Machine("m5.large", 2, 8, 0.096)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WORKLOAD = Workload(0.02, boot_s=120, boot="fixed", arrivals="even")


def bill(group: Configuration, minutes: int) -> Bill:
    """Return the bill of a group that idles for `minutes`."""
    outcome = simulate([group], np.ones((1, minutes)), WORKLOAD, Slo(), MONDAY)
    assert outcome.bill is not None
    assert outcome.cost_usd == pytest.approx(outcome.bill.total)
    return outcome.bill


def both(group: Configuration) -> list[Configuration]:
    """Return the group for either kernel: alike instances, and followed one by one."""
    calm = Fleet((Slot(group.machine, 1, 0.03, 0.0),), on_demand_base=10**6, spot_share=0.01)
    return [group, replace(group, fleet=calm)]


def test_a_month_is_730_hours() -> None:
    """The convention of the vendors' calculators."""
    assert monthly_usd(0.0832) == pytest.approx(60.736)


def test_an_hour_costs_its_list_price() -> None:
    """With nothing else stated, cost is instance-minutes × list price, booting ones included."""
    grow = ScheduledAction("30 0 * * *", desired_capacity=3)
    for group in both(Configuration(M5_LARGE, 1, 3, 1, schedules=(grow,))):
        assert bill(group, 60).on_demand[0, 0] == pytest.approx(2 * 0.096)
        assert bill(group, 60).total[0, 0] == pytest.approx(2 * 0.096)


def test_a_root_volume_is_billed_as_long_as_its_instance() -> None:
    """20 GiB at $0.08 a GiB-month of 730 hours, by the second."""
    for group in both(Configuration(M5_LARGE, 2, 2, 2, money=Money(root_gib=20))):
        assert bill(group, 730 * 6).disk[0, 0] == pytest.approx(2 * 20 * 0.08 / 10)


def test_a_stopped_warm_pool_keeps_its_disks() -> None:
    """EC2 Auto Scaling user guide, "Warm pools": stopped instances pay for their volumes only."""
    pool = Fleet(warm_pool=WarmPool(max_prepared=5))
    group = Configuration(
        M5_LARGE, 2, 5, 2, fleet=pool, money=Money(root_gib=73, root_usd_per_gib_month=1)
    )
    paid = bill(group, 600)
    assert paid.on_demand[0, 0] == pytest.approx(2 * 10 * 0.096)
    assert paid.disk[0, 0] == pytest.approx(5 * 10 * 0.1)


def test_a_commitment_is_paid_every_hour_and_covers_its_hour_only() -> None:
    """$0.15 an hour at 25 % off covers $0.20 of list price; what one hour leaves, none else uses.

    Savings Plans user guide: the commitment is per hour, usage beyond it is on demand.
    """
    # hours of 1, then 4 instances: list 0.096 (covered), 0.384 (0.184 beyond)
    grow = ScheduledAction("0 1 * * *", desired_capacity=4)
    money = Money(committed_usd_per_hour=0.15, committed_discount=0.25)
    for group in both(Configuration(M5_LARGE, 1, 4, 1, schedules=(grow,), money=money)):
        paid = bill(group, 120)
        assert paid.commitment[0, 0] == pytest.approx(0.30)
        assert paid.on_demand[0, 0] == pytest.approx(0.384 - 0.20)
        half = bill(group, 90)  # half an hour is covered by half
        assert half.on_demand[0, 0] == pytest.approx(0.192 - 0.10)
        one = trajectory(group, np.ones(90), WORKLOAD, Slo(), MONDAY)
        assert one.cost_usd == pytest.approx(half.total[0, 0])


def test_a_commitment_that_is_none_is_refused() -> None:
    """A discount of 100 % or a negative amount."""
    for money in (Money(committed_discount=1.0), Money(committed_usd_per_hour=-1.0)):
        with pytest.raises(ValueError, match="commitment"):
            bill(Configuration(M5_LARGE, 1, 1, 1, money=money), 60)


def test_every_cost_has_a_distribution() -> None:
    """Each part is one figure per scenario."""
    demand = np.random.default_rng(0).gamma(2.0, 50.0, (5, 300))
    group = Configuration(T3_LARGE, 1, 20, 2, (TargetTracking(0.5),), money=Money(20.0))
    outcome = simulate([group, group], demand, WORKLOAD, Slo(), MONDAY)
    assert outcome.bill is not None
    for part in fields(Bill):
        assert getattr(outcome.bill, part.name).shape == (2, 5)
    assert np.unique(outcome.bill.on_demand[0]).size == 5


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
