"""Step scaling as a planner proposes it: one aim, from which both step tables follow."""

from __future__ import annotations

from dataclasses import replace

from tfopt_policies.policy import Problem
from tfopt_policies.sizing import bounded
from tfopt_sim.pods import PodAutoscaler
from tfopt_sim.types import (
    Alarm,
    Configuration,
    GceAutoscaler,
    Machine,
    ScalingPolicy,
    Step,
    StepScaling,
)

IN_RATIO = 0.7  # scale-in threshold ÷ aim, where nothing else is asked for
IN_DATAPOINTS = 2
_OUT_EDGES = (0.0, 0.1, 0.2, 0.35)  # breach of the aim, in CPU, at which a step begins
_IN_EDGES = (0.0, 0.15, 0.3)  # the same below the scale-in threshold
_WARMUP_S = 60.0  # a step looks again as soon as what it launched serves


def stepped(
    problem: Problem,
    machine: Machine,
    minimum: int,
    maximum: int,
    aim: float,
    *,
    in_ratio: float = IN_RATIO,
    in_datapoints: int = IN_DATAPOINTS,
) -> Configuration:
    """Return the present configuration under step scaling that keeps CPU near `aim`.

    Out on the first datapoint above the aim, in on the `in_datapoints`-th below `in_ratio` × aim:
    the cadence that beats target tracking's managed alarms (3 and 15) where boots are slow. Every
    step changes capacity by the percentage that brings the middle of its breach back to the aim.
    """
    wanted = bounded(problem, machine, minimum, maximum)
    return replace(wanted, scaling=step_policies(aim, in_ratio, in_datapoints))


def step_policies(
    aim: float, in_ratio: float = IN_RATIO, in_datapoints: int = IN_DATAPOINTS
) -> tuple[ScalingPolicy, ...]:
    """Return the two step-scaling policies, out and in, of an aim (share of CPU)."""
    low = round(in_ratio * aim, 6)
    outwards = StepScaling(
        Alarm(aim, ">"), _out_steps(aim), "percent", min_magnitude=1, warmup_s=_WARMUP_S
    )
    inwards = StepScaling(
        Alarm(low, "<", datapoints=in_datapoints, of=in_datapoints),
        _in_steps(aim, low),
        "percent",
        min_magnitude=1,
        warmup_s=_WARMUP_S,
    )
    return (outwards, inwards)


def is_stepped(configuration: Configuration) -> bool:
    """Say whether a step table as `step_policies` makes it scales the group, and nothing else."""
    found = _table(configuration)
    return found is not None and configuration.scaling == step_policies(*found)


def aim_of(configuration: Configuration) -> float | None:
    """Return the CPU share that a target or a step table aims at; None where there is neither."""
    if configuration.tracking is not None:
        return configuration.tracking.target
    found = _table(configuration)
    return found[0] if found is not None and is_stepped(configuration) else None


def with_aim(configuration: Configuration, aim: float) -> Configuration:
    """Return the configuration aiming elsewhere, cadence and ratio kept; itself without an aim.

    A step table that somebody else wrote is not ours to rewrite: it has no aim.
    """
    found = _table(configuration)
    if found is None or not is_stepped(configuration):
        return configuration.with_target(aim)
    _, in_ratio, in_datapoints = found
    return replace(configuration, scaling=step_policies(aim, in_ratio, in_datapoints))


def cadence(configuration: Configuration) -> tuple[int, int] | None:
    """Return the alarm datapoints out and in, of any family; None where nothing scales."""
    tracking = configuration.tracking
    if isinstance(tracking, GceAutoscaler | PodAutoscaler):
        return 1, max(1, round(tracking.stabilization_s / 60))
    if tracking is not None:
        return tracking.out_datapoints, tracking.in_datapoints
    found = _table(configuration)
    return (1, found[2]) if found is not None and is_stepped(configuration) else None


def _table(configuration: Configuration) -> tuple[float, float, int] | None:
    """Return aim, ratio and inward datapoints of two step policies; None where there are others."""
    policies = configuration.scaling
    if len(policies) != 2:
        return None
    outwards, inwards = policies
    if not isinstance(outwards, StepScaling) or not isinstance(inwards, StepScaling):
        return None
    aim = outwards.alarm.threshold
    ratio = round(inwards.alarm.threshold / aim, 3) if aim > 0 else 0.0
    return aim, ratio, inwards.alarm.datapoints


def _out_steps(aim: float) -> tuple[Step, ...]:
    edges = [edge for edge in _OUT_EDGES if aim + edge < 1.0]
    steps = []
    for index, lower in enumerate(edges):
        last = index == len(edges) - 1
        upper = None if last else edges[index + 1]
        middle = 0.5 * (lower + (1.0 - aim if upper is None else upper))
        steps.append(Step(round(100 * middle / aim), lower, upper))
    return tuple(steps)


def _in_steps(aim: float, low: float) -> tuple[Step, ...]:
    edges = [edge for edge in _IN_EDGES if edge < low]
    steps = []
    for index, upper in enumerate(edges):
        last = index == len(edges) - 1
        lower = low if last else edges[index + 1]
        # the nearer end of the breach: giving back too much is what misses the next rise
        change = -round(100 * (1.0 - (low - upper) / aim))
        steps.append(Step(max(change, -50), None if last else -lower, -upper if upper else 0.0))
    return tuple(steps)
