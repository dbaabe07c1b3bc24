"""Runs a given demand request by request, as a cross-check of what the minutes say."""

from __future__ import annotations

import numpy as np

from tfopt.errors import TfoptError
from tfopt.outlook.figures import rounded
from tfopt.outlook.scenarios import Subject
from tfopt.simulation import ByRequest
from tfopt_sim.discrete import replay
from tfopt_sim.types import Configuration, FloatArray, TargetTracking, Trajectory

MOST_REQUESTS = 200e6  # about a minute of work


def check_possible(subject: Subject, address: str, rps: FloatArray) -> None:
    """Refuse what the request-by-request simulator does not know.

    Raises:
        TfoptError: the group is bought or scaled in another way, or the demand is too long.
    """
    why = _unknown(subject.configuration)
    if why is not None:
        raise TfoptError(
            f"{address}: {why}, which --requests does not simulate", hint="Leave it out"
        )
    requests = 60.0 * float(rps.sum())
    if requests > MOST_REQUESTS:
        raise TfoptError(
            f"{requests:,.0f} requests; --requests runs at most {MOST_REQUESTS:,.0f} one by one",
            hint="Give a shorter part of the CSV",
        )


def _unknown(configuration: Configuration) -> str | None:
    scaling, fleet = configuration.scaling, configuration.fleet
    if fleet.slots or fleet.warm_pool is not None:
        return "it mixes types or prices, or has a warm pool"
    if configuration.machine.burst is not None:
        return "its type has CPU credits"
    if _may_be_empty(configuration):
        return "it may run without any instance"
    plain = all(isinstance(policy, TargetTracking) for policy in scaling)
    if len(scaling) > 1 or not plain or (scaling and configuration.tracking is None):
        return "it scales otherwise than by one target tracking of CPU"
    return None


def _may_be_empty(configuration: Configuration) -> bool:
    """Tell whether the bounds allow no instance at all, so that nobody might ever be served."""
    schedules = configuration.actions
    bounds = {configuration.min_size, *(own.min_size for own in schedules)}
    return 0 in bounds | {own.max_size for own in schedules}


def run_by_request(subject: Subject, path: Trajectory) -> ByRequest:
    """Return what the second simulator finds under the demand of a trajectory."""
    found = replay(
        subject.configuration,
        path.demand_rps,
        subject.workload,
        subject.slo,
        subject.start,
        seed=subject.seed,
    )
    return ByRequest(
        cost_usd=rounded(found.cost_usd),
        p50_ms=rounded(found.percentile_ms(0.5)),
        p95_ms=rounded(found.percentile_ms(0.05)),
        p99_ms=rounded(found.percentile_ms(0.01)),
        bad_minute_share=rounded(found.bad_minute_share),
        mean_instances=rounded(found.billed.mean()),
        peak_instances=int(found.billed.max()),
        mean_cpu=rounded(found.cpu.mean()),
        same_capacity_share=rounded(np.mean(found.in_service == path.in_service)),
    )
