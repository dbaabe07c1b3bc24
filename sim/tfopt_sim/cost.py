"""Turns what a group used into dollars, part by part."""

from __future__ import annotations

import numpy as np

from tfopt_sim.types import Bill, Configuration, FloatArray, Money

HOURS_PER_MONTH = 730.0  # the convention of the vendors' own calculators


def monthly_usd(usd_per_hour: float) -> float:
    """Return the monthly cost of a mean hourly cost."""
    return usd_per_hour * HOURS_PER_MONTH


def covered_usd_per_hour(money: Money) -> float:
    """Return the use at list price that a commitment covers in an hour.

    A savings plan of $10 an hour at 20 % off covers what would list at $12.50 (Savings Plans user
    guide, "How Savings Plans apply to your usage").

    Raises:
        ValueError: a negative commitment, or a discount that is no share below 1.
    """
    if money.committed_usd_per_hour < 0.0 or not 0.0 <= money.committed_discount < 1.0:
        raise ValueError("a commitment needs an amount and a discount below 1")
    return money.committed_usd_per_hour / (1.0 - money.committed_discount)


def beyond(minutes: FloatArray, covered_per_hour: float) -> float:
    """Return the instance-minutes that exceed what a commitment covers, hour by hour.

    Args:
        minutes: instances billed in each minute, shape (T,).
        covered_per_hour: instance-minutes.
    """
    starts = np.arange(0, minutes.size, 60)
    used = np.add.reduceat(minutes, starts)
    covered = covered_per_hour * np.minimum(minutes.size - starts, 60) / 60.0
    return float(np.maximum(used - covered, 0.0).sum())


def disk_usd(instance_minutes: FloatArray, money: Money) -> FloatArray:
    """Return the price of the root volumes of billed instance-minutes.

    EBS bills a volume's GiB-months by the second, as long as it is provisioned; a month is taken
    as 730 hours.
    """
    usd_per_minute = money.root_gib * money.root_usd_per_gib_month / (HOURS_PER_MONTH * 60.0)
    return instance_minutes * usd_per_minute


def bill_of(configuration: Configuration, used: FloatArray, hours: float) -> Bill:
    """Return what a group pays, by part.

    Instances are billed from their launch to their end, booting or not. Billing is per second with
    a minimum of 60 s: ticks of one minute never fall below it. Stopped ones keep their disks.

    Args:
        configuration: of the group.
        used: shape (5, S): billed instance-minutes, instance-minutes stopped in a warm pool, USD
            on demand beyond a commitment, USD of surplus CPU credits, USD of spot instances.
        hours: of the period.
    """
    billed, stopped, on_demand_usd, surplus_usd, spot_usd = used
    money = configuration.money
    return Bill(
        on_demand=on_demand_usd,
        spot=spot_usd,
        surplus=surplus_usd,
        disk=disk_usd(billed + stopped, money),
        commitment=np.full_like(billed, money.committed_usd_per_hour * hours),
    )
