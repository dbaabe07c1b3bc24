"""Moves an instance group through one minute: schedule, arrivals, service, scaling.

Order within minute t: the timed changes of t; the warm pool is refilled; instances whose boot is
over start to serve; the minute's requests are served; the autoscalers look at what it came to and
order or remove instances, which counts from minute t + 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.clouds import Cloud, decide_in
from tfopt_sim.autoscaling.combine import restart
from tfopt_sim.autoscaling.seen import Seen
from tfopt_sim.credits import Credits, owed, resized, settle_all, start
from tfopt_sim.draws import Draws
from tfopt_sim.fleet import Pool, Ring, Room, arrive, cancel, clear, launch, pool_size
from tfopt_sim.serving import Queue, Served, Serving, serve
from tfopt_sim.tables import ServiceTable
from tfopt_sim.types import FloatArray

DYNAMICS_VERSION = "2"  # raised whenever results can move; policies carry it

LONG_AGO = -1_000_000  # minutes: beyond any warm-up

Events = NDArray[np.int64]  # by minute, −1: left; columns as of `predictive.merge`


class Params(NamedTuple):
    """What stays the same throughout a simulation."""

    serving: Serving
    min_size: int
    max_size: int
    desired: int
    rules: FloatArray  # shape (rules, cells): what scales it
    cloud: Cloud  # whose rules they are
    pool: Pool
    bursts: bool  # its machine lives on CPU credits, and buys more where they run out
    credits: Credits
    covered_minutes: float  # instance-minutes of an hour that a commitment covers


class State(NamedTuple):
    """A group at the start of a minute; what of it stands in arrays is in a `Room` beside it."""

    in_service: int
    booting: int
    min_size: int
    max_size: int
    backlog: Queue
    last_joined: int  # minute in which an instance last came into service
    next_event: int
    least: int  # what a forecast asks for; no policy goes below it
    pooled: int  # ready in the warm pool
    filling: int  # on their way into it


class Minute(NamedTuple):
    """What a minute came to."""

    in_service: int
    billed: int
    launched: int  # ordered during the minute
    cpu: float
    slow: float  # requests over the SLO's p99_ms (expected)
    bad: float  # probability
    lost: float  # requests whose clients left
    pooled: int  # ready in the warm pool


@inlined
def initial(params: Params) -> State:
    """Return the start of a period: all desired are in service and warm, nothing boots."""
    pooled = pool_size(params.pool, params.desired, params.max_size)
    return State(
        params.desired,
        0,
        params.min_size,
        params.max_size,
        Queue(0.0, 0.0, 0.0),
        LONG_AGO,
        0,
        0,
        pooled,
        0,
    )


@inlined
def resize(pool: Pool, state: State, room: Room, wanted: int, minute: int, boot: int) -> State:
    """Bring the group to `wanted` instances, within its bounds.

    Launches start to serve `boot` minutes after `minute`, those from the warm pool sooner. Removals
    take booting instances first, those furthest from serving before the others, then the oldest in
    service.
    """
    wanted = min(max(wanted, state.min_size), state.max_size)
    in_service, booting, pooled = state.in_service, state.booting, state.pooled
    change = wanted - in_service - booting
    if change > 0:
        warm = min(change, pooled)
        if warm > 0:
            launch(room.booting, minute + pool.start, warm)
        launch(room.booting, minute + boot, change - warm)
        booting += change
        pooled -= warm
    elif change < 0:
        cancelled = cancel(room.booting, minute, -change) if booting > 0 else 0
        booting -= cancelled
        in_service += change + cancelled
        pooled += -change - cancelled if pool.reuse else 0
    return State(
        in_service,
        booting,
        state.min_size,
        state.max_size,
        state.backlog,
        state.last_joined,
        state.next_event,
        state.least,
        pooled,
        state.filling,
    )


class Change(NamedTuple):
    """What a timed change makes of a group."""

    min_size: int
    max_size: int
    least: int
    wanted: int  # capacity, the bounds not applied


@inlined
def due(
    events: Events, row: int, min_size: int, max_size: int, least: int, capacity: int
) -> Change:
    """Return what timed change `row` asks for: a scheduled action, a forecast, or both.

    The new bounds hold at once: a minimum above the capacity lifts it, a maximum below cuts it.
    A bound that the action does not set gives way to one that it sets. A forecast may raise the
    maximum for good, and adds what is missing.
    """
    low, high, desired = events[row, 1], events[row, 2], events[row, 3]
    low = low if low >= 0 else min_size
    high = high if high >= 0 else max(max_size, low)
    low, high = min(low, high), max(high, events[row, 5])
    wanted = desired if desired >= 0 else capacity
    if events[row, 4] >= 0:
        least = events[row, 4]
        wanted = max(wanted, least)
    return Change(low, high, least, wanted)


@inlined
def follow_events(
    pool: Pool, state: State, room: Room, events: Events, minute: int, boot: int
) -> State:
    """Carry out the next timed change, which is due."""
    row = state.next_event
    capacity = state.in_service + state.booting
    change = due(events, row, state.min_size, state.max_size, state.least, capacity)
    moved = State(
        state.in_service,
        state.booting,
        change.min_size,
        change.max_size,
        state.backlog,
        state.last_joined,
        row + 1,
        change.least,
        state.pooled,
        state.filling,
    )
    return resize(pool, moved, room, change.wanted, minute, boot)


@inlined
def tend_pool(pool: Pool, state: State, room: Room, minute: int, boot: int) -> State:
    """Launch what the warm pool lacks, end what it has too many, take in what is ready."""
    capacity = state.in_service + state.booting
    pooled, filling = state.pooled, state.filling
    change = pool_size(pool, capacity, state.max_size) - pooled - filling
    if change > 0:
        launch(room.filling, minute + boot, change)
        filling += change
    elif change < 0:
        cancelled = cancel(room.filling, minute, -change)
        filling -= cancelled
        pooled += change + cancelled
    ready = arrive(room.filling, minute)
    return State(
        state.in_service,
        state.booting,
        state.min_size,
        state.max_size,
        state.backlog,
        state.last_joined,
        state.next_event,
        state.least,
        pooled + ready,
        filling - ready,
    )


@inlined
def join(state: State, room: Room, minute: int) -> State:
    """Put in service the instances whose boot is over at `minute`."""
    arrived = arrive(room.booting, minute) if state.booting > 0 else 0
    room.joined[minute & (room.joined.size - 1)] = arrived
    return State(
        state.in_service + arrived,
        state.booting - arrived,
        state.min_size,
        state.max_size,
        state.backlog,
        minute if arrived > 0 else state.last_joined,
        state.next_event,
        state.least,
        state.pooled,
        state.filling,
    )


@inlined
def scale(
    params: Params, state: State, room: Room, minute: int, served: Served, rps: float, boot: int
) -> State:
    """Let the autoscalers look at what `minute` came to, and do what they want from the next on."""
    seen = Seen(
        minute,
        state.in_service,
        state.booting,
        state.last_joined,
        state.min_size,
        state.max_size,
        served.cpu,
        60.0 * rps / max(state.in_service, 1),
        room.joined,
    )
    wanted = decide_in(params.cloud, params.rules, room.memory, seen)
    if wanted < 0:
        return state
    before = state.in_service + state.booting
    wanted = max(wanted, min(state.least, before))
    scaled = resize(params.pool, state, room, wanted, minute + 1, boot)
    after = scaled.in_service + scaled.booting
    if after != before:
        restart(params.rules, room.memory, wanted, before, after, minute + 1)
    return scaled


@inlined
def step(
    params: Params,
    table: ServiceTable,
    events: Events,
    state: State,
    room: Room,
    minute: int,
    rps: float,
    boot: int,
    jitter: float,
) -> tuple[State, Minute]:
    """Move a group through one minute.

    Args:
        params: of the group.
        table: slow shares and odds of a bad minute (`service_table`).
        events: timed changes, shape (events, 6).
        state: at the start of the minute.
        room: the rest of the state, updated in place.
        minute: index of the minute.
        rps: mean demand over the minute.
        boot: minutes that an instance ordered in this minute boots.
        jitter: standard deviations by which the minute's work is off its mean.

    Returns:
        the state at the start of the next minute, and what this one came to.
    """
    before = state.in_service + state.booting
    if state.next_event < events.shape[0] and events[state.next_event, 0] == minute:
        state = follow_events(params.pool, state, room, events, minute, boot)
    capacity = state.in_service + state.booting
    launched = max(0, capacity - before)
    if params.pool.on:
        prepared = state.pooled + state.filling
        state = tend_pool(params.pool, state, room, minute, boot)
        launched += max(0, state.pooled + state.filling - prepared)
    billed = capacity + state.filling + (state.pooled if params.pool.running else 0)
    if params.bursts:
        resized(params.credits, room.cohorts, before, capacity)
    state = join(state, room, minute)
    in_service, pooled = state.in_service, state.pooled
    served = serve(params.serving, table, in_service, state.backlog, rps, jitter)
    if params.bursts:
        settle_all(params.credits, room.cohorts, capacity, served.cpu * in_service)
    state = State(
        in_service,
        state.booting,
        state.min_size,
        state.max_size,
        served.backlog,
        state.last_joined,
        state.next_event,
        state.least,
        pooled,
        state.filling,
    )
    if params.rules.shape[0] > 0:
        state = scale(params, state, room, minute, served, rps, boot)
        launched += max(0, state.in_service + state.booting - capacity)
        if params.bursts:
            resized(params.credits, room.cohorts, capacity, state.in_service + state.booting)
    return state, Minute(
        in_service, billed, launched, served.cpu, served.slow, served.bad, served.lost, pooled
    )


@inlined
def surplus_of(room: Room) -> float:
    """Return the surplus credits that a period cost: those charged and those still owed."""
    return float(room.cohorts.surplus[0] + owed(room.cohorts))


@inlined
def keep(kept: FloatArray, t: int, minute: Minute, backlog: float, machines: float) -> None:
    """Write down a minute, shape (10, T): its fields, the backlog left, the machines that serve."""
    kept[0, t], kept[1, t], kept[2, t] = minute.in_service, minute.billed, minute.launched
    kept[3, t], kept[4, t], kept[5, t] = minute.cpu, minute.slow, minute.bad
    kept[6, t], kept[7, t], kept[8, t], kept[9, t] = minute.lost, minute.pooled, backlog, machines


@kernel
def run(
    params: Params,
    table: ServiceTable,
    events: Events,
    draws: Draws,
    offsets: Ring,
    room: Room,
    demand_rps: FloatArray,
    totals: FloatArray,
    kept: FloatArray,
) -> None:
    """Simulate every scenario, add up what the minutes came to, and keep them where asked to.

    Args:
        params: of the group.
        table: slow shares and odds of a bad minute.
        events: timed changes.
        draws: of boot times and arrivals.
        offsets: shape (S,), each scenario's place in them.
        room: of the group.
        demand_rps: shape (S, T).
        totals: written, shape (S, 9): billed instance-minutes, bad minutes, slow requests, most
            instances billed in a minute, sum of CPU, launches, instance-minutes in the warm pool,
            instance-minutes beyond a commitment, surplus CPU credits.
        kept: written, shape (S, 10, T), or empty: the fields of `Minute`, the backlog left, and the
            machines that serve.
    """
    for s in range(demand_rps.shape[0]):
        clear(room)
        start(params.credits, room.cohorts, params.desired)
        state = initial(params)
        offset, hour, uncovered = offsets[s], 0.0, 0.0
        billed, bad, slow, most, cpu, launched, pooled = 0, 0.0, 0.0, 0, 0.0, 0, 0
        for t in range(demand_rps.shape[1]):
            entry = (offset + t) & (draws.boots.size - 1)
            boot, jitter = draws.boots[entry], draws.jitter[entry]
            rps = demand_rps[s, t]
            state, minute = step(params, table, events, state, room, t, rps, boot, jitter)
            if kept.size > 0:
                keep(kept[s], t, minute, state.backlog.backlog, minute.in_service)
            billed += minute.billed
            bad += minute.bad
            slow += minute.slow
            most = max(most, minute.billed)
            cpu += minute.cpu
            launched += minute.launched
            pooled += minute.pooled
            if params.covered_minutes > 0.0:
                hour += minute.billed
                if (t + 1) % 60 == 0:
                    uncovered += max(0.0, hour - params.covered_minutes)
                    hour = 0.0
        left = params.covered_minutes * (demand_rps.shape[1] % 60) / 60.0
        totals[s, 0], totals[s, 1], totals[s, 2] = billed, bad, slow
        totals[s, 3], totals[s, 4], totals[s, 5], totals[s, 6] = most, cpu, launched, pooled
        totals[s, 7] = uncovered + max(0.0, hour - left) if params.covered_minutes > 0.0 else billed
        totals[s, 8] = surplus_of(room)
