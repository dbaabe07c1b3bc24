"""Turns instance-minutes into dollars."""

from __future__ import annotations

from tfopt_sim.types import FloatArray, Machine

HOURS_PER_MONTH = 730.0  # the convention of the vendors' own calculators


def monthly_usd(usd_per_hour: float) -> float:
    """Return the monthly cost of a mean hourly cost."""
    return usd_per_hour * HOURS_PER_MONTH


def compute_usd(instance_minutes: FloatArray, machine: Machine) -> FloatArray:
    """Return the list price of billed instance-minutes, booting ones included.

    Billing is per second with a minimum of 60 s: ticks of one minute never fall below it.
    """
    return instance_minutes * (machine.usd_per_hour / 60.0)
