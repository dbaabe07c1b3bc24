"""Turns instance-minutes into dollars."""

from __future__ import annotations

import numpy as np

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


def surplus_usd(instance_minutes: FloatArray, mean_cpu: FloatArray, machine: Machine) -> FloatArray:
    """Return what an unlimited burstable type pays for CPU above its baseline; 0 for others.

    One credit is a vCPU busy for a minute (EC2 user guide, "Unlimited mode concepts"). Credits are
    taken as pooled over the whole period: quiet hours pay for busy ones. AWS pools a day of one
    instance, so this is the least that the surplus can cost.

    Args:
        instance_minutes: billed, per scenario.
        mean_cpu: share of the vCPUs that was busy, per scenario.
        machine: whose `burst` says baseline and price.
    """
    if machine.burst is None:
        return np.zeros_like(instance_minutes)
    above = np.maximum(0.0, mean_cpu - machine.burst.baseline)
    vcpu_hours = above * machine.vcpus * instance_minutes / 60.0
    return np.asarray(vcpu_hours * machine.burst.surplus_usd_per_vcpu_hour)
