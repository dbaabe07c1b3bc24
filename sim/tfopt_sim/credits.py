"""Keeps the CPU credits of burstable instances: earned, spent, capped, owed.

One credit is a vCPU busy for a minute. A balance below zero is surplus that an unlimited instance
has spent and not earned back: EC2 charges what exceeds the earnings of 24 hours, and the rest when
the instance ends (EC2 user guide, "Unlimited mode concepts").
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.types import FloatArray, Machine

MINUTES_PER_DAY = 1440.0
_MOST_COHORTS = 8  # more change the bill by less than the choice of who ends


class Credits(NamedTuple):
    """What an instance of one type earns and may spend, in credits and minutes."""

    vcpus: float
    earned: float  # per minute
    most: float  # that can be saved
    initial: float  # at launch
    unlimited: bool


def credits_of(machine: Machine) -> Credits:
    """Return the credits of a machine; one that does not burst earns whatever it can spend."""
    burst = machine.burst
    vcpus = float(machine.vcpus)
    if burst is None:
        return Credits(vcpus, vcpus, 0.0, 0.0, False)
    return Credits(
        vcpus=vcpus,
        earned=burst.credits_per_hour / 60.0,
        most=float(burst.max_credits),
        initial=float(burst.initial_credits),
        unlimited=burst.unlimited,
    )


def usd_per_credit(machine: Machine) -> float:
    """Return the price of one surplus credit."""
    return machine.burst.surplus_usd_per_vcpu_hour / 60.0 if machine.burst else 0.0


@inlined
def full_speed(credits: Credits, balance: float) -> float:
    """Return the share of its vCPUs that an instance can keep busy in this minute.

    A standard instance spends at most what it has and earns: it falls to its baseline as the
    balance runs out (EC2 user guide, "Standard mode concepts").
    """
    if credits.unlimited:
        return 1.0
    return min(1.0, (max(balance, 0.0) + credits.earned) / credits.vcpus)


@inlined
def settle(credits: Credits, balance: float, spent: float) -> tuple[float, float]:
    """Return the balance after a minute in which `spent` credits went, and the surplus charged."""
    balance = min(balance + credits.earned - spent, credits.most)
    owed_at_most = MINUTES_PER_DAY * credits.earned
    if balance < -owed_at_most:
        return -owed_at_most, -owed_at_most - balance
    return balance, 0.0


class Cohorts(NamedTuple):
    """The credits of alike instances: those with about the same balance are counted together."""

    size: FloatArray  # shape (8,): instances, fractions of one included; 0: unused
    balance: FloatArray  # shape (8,): of each of them
    surplus: FloatArray  # shape (1,): credits charged so far


def empty_cohorts() -> Cohorts:
    """Return room for the cohorts of a group."""
    return Cohorts(np.zeros(_MOST_COHORTS), np.zeros(_MOST_COHORTS), np.zeros(1))


@inlined
def start(credits: Credits, cohorts: Cohorts, instances: int) -> None:
    """Begin a period with `instances` that have not earned anything yet."""
    cohorts.size[:] = 0.0
    cohorts.size[0], cohorts.balance[0] = instances, credits.initial
    cohorts.surplus[0] = 0.0


@inlined
def unused(cohorts: Cohorts) -> int:
    """Return an unused cohort; −1 for none."""
    found = -1
    for k in range(cohorts.size.size):
        if cohorts.size[k] == 0.0:
            found = k
    return found


@inlined
def merge_closest(cohorts: Cohorts) -> int:
    """Make one of the two cohorts whose balances are closest; return the one that is left over."""
    size, balance = cohorts.size, cohorts.balance
    kept, left, closest = 0, 1, math.inf
    for a in range(size.size):
        for b in range(a + 1, size.size):
            if abs(balance[a] - balance[b]) < closest:
                kept, left, closest = a, b, abs(balance[a] - balance[b])
    total = size[kept] + size[left]
    balance[kept] += (balance[left] - balance[kept]) * size[left] / total
    size[kept], size[left] = total, 0.0
    return left


@kernel
def welcome(credits: Credits, cohorts: Cohorts, count: int) -> None:
    """Take in `count` launches, as a cohort of their own."""
    k = unused(cohorts)
    if k < 0:
        k = merge_closest(cohorts)
    cohorts.size[k], cohorts.balance[k] = count, credits.initial


@inlined
def owed(cohorts: Cohorts) -> float:
    """Return the surplus that the group owes."""
    debt = 0.0
    for k in range(cohorts.size.size):
        debt += cohorts.size[k] * max(0.0, -cohorts.balance[k])
    return debt


@inlined
def resized(credits: Credits, cohorts: Cohorts, before: int, after: int) -> None:
    """Take in a change of size; those that end are an even part of all, and pay what they owe."""
    if after > before:
        welcome(credits, cohorts, after - before)
    elif after < before:
        share = (before - after) / before
        cohorts.surplus[0] += owed(cohorts) * share
        for k in range(cohorts.size.size):
            cohorts.size[k] *= 1.0 - share


@inlined
def settle_all(credits: Credits, cohorts: Cohorts, instances: int, busy: float) -> None:
    """Settle a minute of a group that runs at full speed whatever its credits.

    Args:
        credits: of one instance.
        cohorts: of the group.
        instances: billed, booting ones included.
        busy: instances' worth of vCPUs that were so.
    """
    spent = busy / max(instances, 1) * credits.vcpus
    for k in range(cohorts.size.size):
        if cohorts.size[k] > 0.0:
            cohorts.balance[k], charged = settle(credits, cohorts.balance[k], spent)
            cohorts.surplus[0] += charged * cohorts.size[k]
