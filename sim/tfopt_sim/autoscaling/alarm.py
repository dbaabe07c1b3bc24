"""Rings as a metric alarm does: when enough of its last datapoints breach the threshold."""

from __future__ import annotations

from tfopt_sim._jit import inlined
from tfopt_sim.autoscaling.seen import KEPT, OWN, metric_code, period_minutes
from tfopt_sim.types import Alarm, FloatArray

THRESHOLD, COMPARISON, DATAPOINTS, OF = range(OWN, OWN + 4)
AFTER_ALARM = OWN + 4  # the first cell of a rule behind its alarm

BREACHES, BREACHING = KEPT, KEPT + 1  # the last `of` datapoints as bits; how many of them breach
AFTER_BREACHES = KEPT + 2  # the first cell of a memory behind its alarm

_COMPARISONS = (">", ">=", "<", "<=")
_LONGEST = 52  # evaluation periods whose bits a float holds


def alarm_cells(alarm: Alarm) -> tuple[float, ...]:
    """Return the cells of a rule from `METRIC` up to `AFTER_ALARM`.

    Raises:
        ValueError: no datapoint, more datapoints than periods, or too many periods.
    """
    if not 1 <= alarm.datapoints <= alarm.of <= _LONGEST:
        raise ValueError(f"an alarm on {alarm.datapoints} of {alarm.of} datapoints cannot be kept")
    return (
        metric_code(alarm.metric),
        period_minutes(alarm.period_s),
        alarm.threshold,
        float(_COMPARISONS.index(alarm.comparison)),
        float(alarm.datapoints),
        float(alarm.of),
    )


@inlined
def breaches(rule: FloatArray, value: float) -> bool:
    """Compare a datapoint with the threshold."""
    comparison = rule[COMPARISON]
    if comparison == 0.0:
        return bool(value > rule[THRESHOLD])
    if comparison == 1.0:
        return bool(value >= rule[THRESHOLD])
    if comparison == 2.0:
        return bool(value < rule[THRESHOLD])
    return bool(value <= rule[THRESHOLD])


@inlined
def watches_above(rule: FloatArray) -> bool:
    """Say whether the alarm rings on high values."""
    return bool(rule[COMPARISON] <= 1.0)


@inlined
def rings(rule: FloatArray, memory: FloatArray, value: float) -> bool:
    """Take in a datapoint and say whether the alarm is on."""
    bits, of = int(memory[BREACHES]), int(rule[OF])
    new = 1 if breaches(rule, value) else 0
    memory[BREACHING] += new - ((bits >> (of - 1)) & 1)
    memory[BREACHES] = ((bits << 1) | new) & ((1 << of) - 1)
    return bool(memory[BREACHING] >= rule[DATAPOINTS])
