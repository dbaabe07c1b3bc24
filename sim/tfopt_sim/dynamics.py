"""Moves an instance group through one minute: schedule, arrivals, service, scaling.

Order within minute t: the scheduled actions of t; instances whose boot is over start to serve; the
minute's requests are served; the autoscaler looks at the CPU and orders or removes instances, which
counts from minute t + 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import compiled, inlined
from tfopt_sim.autoscaler import Alarms, Tracking, decide, observe, ringing
from tfopt_sim.draws import Draws
from tfopt_sim.fleet import Ring, arrive, cancel, launch
from tfopt_sim.serving import Queue, Serving, serve
from tfopt_sim.tables import ServiceTable
from tfopt_sim.types import FloatArray

DYNAMICS_VERSION = "1"  # raised whenever results can move; policies carry it

Events = NDArray[np.int64]  # rows (minute, min, max, desired), by minute; −1: left as it is


class Params(NamedTuple):
    """What stays the same throughout a simulation."""

    serving: Serving
    min_size: int
    max_size: int
    desired: int
    tracking: Tracking


class State(NamedTuple):
    """A group at the start of a minute; its booting instances stand in a ring beside it."""

    in_service: int
    booting: int
    min_size: int
    max_size: int
    backlog: Queue
    warm_minute: int  # from then on no instance in service is warming up
    next_event: int
    alarms: Alarms


class Minute(NamedTuple):
    """What a minute came to."""

    in_service: int
    billed: int
    launched: int  # ordered during the minute
    cpu: float
    slow: float  # requests over the SLO's p99_ms (expected)
    bad: float  # probability
    lost: float  # requests whose clients left


@inlined
def initial(params: Params) -> State:
    """Return the start of a period: everything desired is in service and warm, nothing boots."""
    return State(
        params.desired,
        0,
        params.min_size,
        params.max_size,
        Queue(0.0, 0, 0.0),
        0,
        0,
        Alarms(0, 0, 0.0, 0),
    )


@inlined
def resize(state: State, ring: Ring, wanted: int, minute: int, boot: int) -> State:
    """Bring the group to `wanted` instances, within its bounds.

    Launches start to serve `boot` minutes after `minute`. Removals take booting instances first,
    those furthest from serving before the others, then the oldest in service.
    """
    wanted = min(max(wanted, state.min_size), state.max_size)
    in_service, booting = state.in_service, state.booting
    change = wanted - in_service - booting
    if change > 0:
        launch(ring, minute + boot, change)
        booting += change
    elif change < 0:
        cancelled = cancel(ring, minute, -change) if booting > 0 else 0
        booting -= cancelled
        in_service += change + cancelled
    return State(
        in_service,
        booting,
        state.min_size,
        state.max_size,
        state.backlog,
        state.warm_minute,
        state.next_event,
        state.alarms,
    )


@inlined
def follow_schedule(state: State, ring: Ring, events: Events, minute: int, boot: int) -> State:
    """Carry out the next scheduled action, which is due.

    The new bounds hold at once: a minimum above the capacity lifts it, a maximum below cuts it.
    A bound that the action does not set gives way to one that it sets.
    """
    row = state.next_event
    low, high, desired = events[row, 1], events[row, 2], events[row, 3]
    min_size = low if low >= 0 else state.min_size
    max_size = high if high >= 0 else max(state.max_size, min_size)
    min_size = min(min_size, max_size)
    capacity = state.in_service + state.booting
    moved = State(
        state.in_service,
        state.booting,
        min_size,
        max_size,
        state.backlog,
        state.warm_minute,
        row + 1,
        state.alarms,
    )
    return resize(moved, ring, desired if desired >= 0 else capacity, minute, boot)


@inlined
def scale(
    tracking: Tracking, state: State, ring: Ring, datapoint: float, minute: int, boot: int
) -> State:
    """Do what the alarms ask for at `minute`; they count anew after a change."""
    capacity = state.in_service + state.booting
    settled = state.booting == 0 and minute >= state.warm_minute
    wanted = decide(tracking, state.alarms, datapoint, state.in_service, state.booting, settled)
    state = resize(state, ring, wanted, minute, boot)
    if state.in_service + state.booting == capacity:
        return state
    return State(
        state.in_service,
        state.booting,
        state.min_size,
        state.max_size,
        state.backlog,
        state.warm_minute,
        state.next_event,
        Alarms(0, 0, 0.0, 0),
    )


@inlined
def step(
    params: Params,
    table: ServiceTable,
    events: Events,
    state: State,
    ring: Ring,
    minute: int,
    rps: float,
    boot: int,
    jitter: float,
) -> tuple[State, Minute]:
    """Move a group through one minute.

    Args:
        params: of the group.
        table: slow shares and odds of a bad minute (`service_table`).
        events: scheduled changes, shape (events, 4).
        state: at the start of the minute.
        ring: the booting instances, updated in place.
        minute: index of the minute.
        rps: mean demand over the minute.
        boot: minutes that an instance ordered in this minute boots.
        jitter: standard deviations by which the minute's work is off its mean.

    Returns:
        the state at the start of the next minute, and what this one came to.
    """
    before = state.in_service + state.booting
    if state.next_event < events.shape[0] and events[state.next_event, 0] == minute:
        state = follow_schedule(state, ring, events, minute, boot)
    in_service, booting, warm_minute = state.in_service, state.booting, state.warm_minute
    billed = in_service + booting
    launched = max(0, billed - before)
    if booting > 0:
        arrived = arrive(ring, minute)
        in_service += arrived
        booting -= arrived
        if arrived > 0:
            warm_minute = minute + params.tracking.warmup_minutes
    served = serve(params.serving, table, in_service, state.backlog, rps, jitter)
    alarms, datapoint = state.alarms, -1.0
    if params.tracking.on:
        alarms, datapoint = observe(params.tracking, alarms, minute, in_service, served.cpu)
    state = State(
        in_service,
        booting,
        state.min_size,
        state.max_size,
        served.backlog,
        warm_minute,
        state.next_event,
        alarms,
    )
    if datapoint >= 0.0 and ringing(params.tracking, alarms):
        state = scale(params.tracking, state, ring, datapoint, minute + 1, boot)
        launched += max(0, state.in_service + state.booting - billed)
    return state, Minute(
        in_service, billed, launched, served.cpu, served.slow, served.bad, served.lost
    )


@compiled
def run(
    params: Params,
    table: ServiceTable,
    events: Events,
    draws: Draws,
    offsets: Ring,
    ring: Ring,
    demand_rps: FloatArray,
    totals: FloatArray,
) -> None:
    """Simulate every scenario and add up what the minutes came to.

    Args:
        params: of the group.
        table: slow shares and odds of a bad minute.
        events: scheduled changes.
        draws: of boot times and arrivals.
        offsets: shape (S,), each scenario's place in them.
        ring: room for the booting instances.
        demand_rps: shape (S, T).
        totals: written, shape (S, 6): billed instance-minutes, bad minutes, slow requests, most
            instances billed in a minute, sum of CPU, launches.
    """
    for s in range(demand_rps.shape[0]):
        ring.fill(0)
        state = initial(params)
        offset = offsets[s]
        billed, bad, slow, most, cpu, launched = 0, 0.0, 0.0, 0, 0.0, 0
        for t in range(demand_rps.shape[1]):
            entry = (offset + t) & (draws.boots.size - 1)
            boot, jitter = draws.boots[entry], draws.jitter[entry]
            rps = demand_rps[s, t]
            state, minute = step(params, table, events, state, ring, t, rps, boot, jitter)
            billed += minute.billed
            bad += minute.bad
            slow += minute.slow
            most = max(most, minute.billed)
            cpu += minute.cpu
            launched += minute.launched
        totals[s, 0], totals[s, 1], totals[s, 2] = billed, bad, slow
        totals[s, 3], totals[s, 4], totals[s, 5] = most, cpu, launched


@compiled
def record(
    params: Params,
    table: ServiceTable,
    events: Events,
    draws: Draws,
    offset: int,
    ring: Ring,
    demand_rps: FloatArray,
    minutes: FloatArray,
) -> None:
    """Simulate one scenario and keep every minute.

    Args:
        params: of the group.
        table: slow shares and odds of a bad minute.
        events: scheduled changes.
        draws: of boot times and arrivals.
        offset: the scenario's place in them.
        ring: room for the booting instances.
        demand_rps: shape (T,).
        minutes: written, shape (8, T): the fields of `Minute` in order, then the backlog left.
    """
    ring.fill(0)
    state = initial(params)
    for t in range(demand_rps.size):
        entry = (offset + t) & (draws.boots.size - 1)
        boot, jitter = draws.boots[entry], draws.jitter[entry]
        state, minute = step(params, table, events, state, ring, t, demand_rps[t], boot, jitter)
        minutes[0, t], minutes[1, t], minutes[2, t] = (
            minute.in_service,
            minute.billed,
            minute.launched,
        )
        minutes[3, t], minutes[4, t], minutes[5, t] = minute.cpu, minute.slow, minute.bad
        minutes[6, t], minutes[7, t] = minute.lost, state.backlog.backlog
