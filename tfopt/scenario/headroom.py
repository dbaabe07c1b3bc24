"""The guardrail `min_headroom` for groups that nothing scales."""

from __future__ import annotations

import numpy as np

from tfopt.scenario.demand import Traffic
from tfopt.settings import DefaultsTable
from tfopt_sim.types import Configuration, FloatArray

_PEAK_QUANTILE = 0.95  # over the scenarios, of their busiest minutes


def least_work(
    defaults: DefaultsTable, present: Configuration, traffic: Traffic, paths: FloatArray
) -> float:
    """Return how many vCPUs of speed 1 a group that nothing scales has to keep; 0 without a rule.

    Enough to leave the headroom free in the busiest minute that is expected; never more than
    stand today, for a guardrail is a bound on proposals and not a reason to grow. Where something
    scales the group, the headroom is a bound on its target instead.
    """
    if defaults.min_headroom == 0:
        return 0.0
    peak_rps = float(np.quantile(paths.max(axis=1), _PEAK_QUANTILE))
    needed = peak_rps * traffic.workload.cpu_s_per_request / (1 - defaults.min_headroom)
    machine, slots = present.machine, present.fleet.slots
    instances = present.desired_capacity / (slots[0].weight if slots else 1)
    return min(needed, instances * machine.vcpus * machine.speed)
