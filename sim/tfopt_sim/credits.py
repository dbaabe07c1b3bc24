"""Keeps the CPU credits of burstable instances: earned, spent, capped, owed.

One credit is a vCPU busy for a minute. A balance below zero is surplus that an unlimited instance
has spent and not earned back: EC2 charges what exceeds the earnings of 24 hours, and the rest when
the instance ends (EC2 user guide, "Unlimited mode concepts").
"""

from __future__ import annotations

from typing import NamedTuple

from tfopt_sim._jit import inlined
from tfopt_sim.types import FloatArray, Machine

MINUTES_PER_DAY = 1440.0


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


Cohorts = FloatArray  # shape (4,): cells below, of a group of alike instances
VETERAN, NEWCOMER, NEWCOMERS, SURPLUS = range(4)  # mean balances; how many; charged so far

# A group of alike instances is followed as two cohorts, each by its mean: the newcomers are those
# launched since the two last became one. One mean for all would let the savings of old instances
# pay for what new ones owe when they end.


@inlined
def start(credits: Credits, cohorts: Cohorts) -> None:
    """Begin a period: nobody has earned anything yet."""
    cohorts[VETERAN], cohorts[NEWCOMER] = credits.initial, credits.initial
    cohorts[NEWCOMERS], cohorts[SURPLUS] = 0.0, 0.0


@inlined
def welcome(credits: Credits, cohorts: Cohorts, instances: int, count: int) -> None:
    """Take in `count` launches beside `instances`.

    They join the newcomers, who first join the veterans if they have moved more than an hour's
    earnings from where one starts, and no debt would be set off against savings.
    """
    moved = abs(cohorts[NEWCOMER] - credits.initial) > 60.0 * credits.earned
    if moved and cohorts[VETERAN] * cohorts[NEWCOMER] >= 0.0:
        share = cohorts[NEWCOMERS] / max(instances, 1)
        cohorts[VETERAN] += (cohorts[NEWCOMER] - cohorts[VETERAN]) * share
        cohorts[NEWCOMERS] = 0.0
    cohorts[NEWCOMERS] += count
    cohorts[NEWCOMER] += (credits.initial - cohorts[NEWCOMER]) * count / cohorts[NEWCOMERS]


@inlined
def owed(cohorts: Cohorts, instances: float) -> float:
    """Return the surplus that a group of `instances` owes."""
    veterans = max(instances - cohorts[NEWCOMERS], 0.0)
    debt = veterans * max(0.0, -cohorts[VETERAN])
    return float(debt + cohorts[NEWCOMERS] * max(0.0, -cohorts[NEWCOMER]))


@inlined
def resized(credits: Credits, cohorts: Cohorts, before: int, after: int) -> None:
    """Take in a change of size; of those that end, newcomers and veterans alike pay their debts."""
    if after > before:
        welcome(credits, cohorts, before, after - before)
    elif after < before:
        share = (before - after) / before
        cohorts[SURPLUS] += owed(cohorts, before) * share
        cohorts[NEWCOMERS] *= 1.0 - share


@inlined
def mean_speed(credits: Credits, cohorts: Cohorts, instances: int) -> float:
    """Return the mean share of its vCPUs that one of `instances` can keep busy."""
    if credits.unlimited or instances == 0:
        return 1.0
    new = min(cohorts[NEWCOMERS] / instances, 1.0)
    usual = full_speed(credits, cohorts[VETERAN])
    return float(usual + new * (full_speed(credits, cohorts[NEWCOMER]) - usual))


@inlined
def settle_all(credits: Credits, cohorts: Cohorts, instances: int, busy: float) -> None:
    """Settle a minute of a group.

    Args:
        credits: of one instance.
        cohorts: of the group.
        instances: billed.
        busy: share of what an instance can keep busy that was so, mean over those billed.
    """
    spent = busy * credits.vcpus
    usual, new = cohorts[VETERAN], cohorts[NEWCOMER]
    cohorts[VETERAN], charged = settle(credits, usual, spent * full_speed(credits, usual))
    cohorts[SURPLUS] += charged * max(instances - cohorts[NEWCOMERS], 0.0)
    cohorts[NEWCOMER], charged = settle(credits, new, spent * full_speed(credits, new))
    cohorts[SURPLUS] += charged * cohorts[NEWCOMERS]
