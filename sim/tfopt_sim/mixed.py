"""Moves a group whose instances differ through its minutes, one instance at a time.

The order within a minute is that of `dynamics`, with two steps more before anybody serves: spot
instances whose notice is over end, and pools reclaim others. Whatever is missing then is launched.
"""

from __future__ import annotations

from typing import NamedTuple

from tfopt_sim._jit import inlined, kernel
from tfopt_sim.autoscaling.clouds import decide_in
from tfopt_sim.autoscaling.combine import restart
from tfopt_sim.autoscaling.seen import Seen
from tfopt_sim.capacity import serve_between
from tfopt_sim.credits import full_speed
from tfopt_sim.draws import Draws
from tfopt_sim.dynamics import LONG_AGO, Events, Minute, Params, due, keep
from tfopt_sim.fleet import Room
from tfopt_sim.fleet import clear as clear_room
from tfopt_sim.instances import any_boots, capacity, clear
from tfopt_sim.market import (
    INTERRUPTIONS,
    SPOT_USD,
    UNCOVERED,
    Market,
    bill,
    close,
    close_hour,
    credits_at,
    terminate,
)
from tfopt_sim.placement import even_out, fill, leaver
from tfopt_sim.purchasing import (
    IntArray,
)
from tfopt_sim.serving import Queue
from tfopt_sim.spot import open_pools, reclaim
from tfopt_sim.tables import ServiceTable
from tfopt_sim.types import FloatArray


class State(NamedTuple):
    """The rest of a group's state at the start of a minute."""

    desired: int  # units of capacity
    min_size: int
    max_size: int
    backlog: Queue
    last_joined: int
    next_event: int
    least: int  # what a forecast asks for; no policy goes below it


class Tally(NamedTuple):
    """The instances in service in one minute."""

    instances: int
    units: int  # of those that count
    machines: float  # capacity in machines of the configuration's kind
    speed: float  # mean share of its vCPUs that an instance can keep busy


@kernel
def shrink(market: Market, desired: int, minute: int) -> None:
    """Terminate down to `desired` units, or as near as weights allow."""
    i = leaver(market.roster, market.offers, market.buying, desired, minute)
    while i >= 0:
        terminate(market, i)
        i = leaver(market.roster, market.offers, market.buying, desired, minute)


@kernel
def end_reclaimed(market: Market, minute: int) -> None:
    """End the instances whose notice is over.

    One that is reclaimed within its first hour is free ("Billing for interrupted spot instances").
    """
    roster = market.roster
    for i in range(roster.size[0] - 1, -1, -1):
        if roster.ends[i] <= minute:
            age = minute - roster.launched[i]
            if age < 60:
                market.ledger[SPOT_USD] -= age * market.offers.spot_usd[roster.slot[i]]
            market.ledger[INTERRUPTIONS] += 1.0
            terminate(market, i)


@kernel
def tally(market: Market, room: Room, minute: int) -> Tally:
    """Count what serves in `minute`, and keep the units that joined in it."""
    roster, offers = market.roster, market.offers
    instances, units, joined, machines, speed = 0, 0, 0, 0.0, 0.0
    for i in range(roster.size[0]):
        if roster.serves[i] > minute:
            continue
        slot = roster.slot[i]
        own_speed = full_speed(credits_at(offers, slot), roster.credits[i])
        instances += 1
        machines += offers.capacity[slot] * own_speed
        speed += own_speed
        if roster.counts[i] == 1:
            units += offers.weight[slot]
        if roster.serves[i] == minute:
            joined += offers.weight[slot]
    room.joined[minute & (room.joined.size - 1)] = joined
    return Tally(instances, units, machines, speed / max(instances, 1))


@inlined
def follow_events(state: State, events: Events) -> State:
    """Carry out the next timed change, which is due, as `dynamics.due` has it."""
    row = state.next_event
    change = due(events, row, state.min_size, state.max_size, state.least, state.desired)
    wanted = min(max(change.wanted, change.min_size), change.max_size)
    return State(
        wanted,
        change.min_size,
        change.max_size,
        state.backlog,
        state.last_joined,
        row + 1,
        change.least,
    )


@kernel
def reconcile(market: Market, desired: int, shrinks: bool, minute: int, boot: int) -> int:
    """Bring the group to `desired` units and its zones to the same number of instances.

    Returns:
        how many instances were launched.
    """
    roster, pools, offers, buying = market.roster, market.pools, market.offers, market.buying
    launched = fill(roster, pools, offers, buying, desired, minute, boot)
    if shrinks:
        shrink(market, desired, minute)
    elif buying.zones > 1 and buying.spot_share > 0.0 and launched == 0:
        if capacity(roster) == desired:
            return even_out(roster, pools, offers, buying, minute, boot)
        if not any_boots(roster, minute):
            shrink(market, desired, minute)
    return launched


@inlined
def scale(
    params: Params,
    market: Market,
    room: Room,
    state: State,
    tallied: Tally,
    cpu: float,
    rps: float,
    minute: int,
) -> State:
    """Let the autoscalers look at what `minute` came to; return the state with what they want."""
    seen = Seen(
        minute,
        tallied.units,
        max(state.desired, capacity(market.roster)) - tallied.units,
        state.last_joined,
        state.min_size,
        state.max_size,
        cpu,
        60.0 * rps / max(tallied.instances, 1),
        room.joined,
    )
    wanted = decide_in(params.cloud, params.rules, room.memory, seen)
    if wanted < 0 or wanted == seen.in_service + seen.booting:
        return state
    wanted = max(wanted, min(state.least, state.desired))
    desired = min(max(wanted, state.min_size), state.max_size)
    if desired != state.desired:
        restart(params.rules, room.memory, wanted, state.desired, desired, minute + 1)
    return State(
        desired,
        state.min_size,
        state.max_size,
        state.backlog,
        state.last_joined,
        state.next_event,
        state.least,
    )


@kernel
def step(
    params: Params,
    market: Market,
    room: Room,
    table: ServiceTable,
    events: Events,
    state: State,
    scenario: int,
    minute: int,
    rps: float,
    boot: int,
    jitter: float,
) -> tuple[State, Minute, float]:
    """Move a group through one minute.

    Args:
        params: of the group; sizes are units of capacity.
        market: what it buys and what it has, updated in place.
        room: of its autoscalers, updated in place.
        table: slow shares and odds of a bad minute.
        events: timed changes, shape (events, 6).
        state: at the start of the minute.
        scenario: key of the spot market's draws.
        minute: index of the minute.
        rps: mean demand over the minute.
        boot: minutes that an instance ordered in this minute boots.
        jitter: standard deviations by which the minute's work is off its mean.

    Returns:
        the state at the start of the next minute, what this one came to, and the capacity in
        service in machines of the configuration's kind.
    """
    changes = state.next_event < events.shape[0] and events[state.next_event, 0] == minute
    if changes:
        state = follow_events(state, events)
    if market.buying.spot_share > 0.0:
        end_reclaimed(market, minute)
        if market.pools.soonest[0] < minute + 1:
            reclaim(market.roster, market.pools, market.offers, market.buying, scenario, minute)
    launched = reconcile(market, state.desired, changes, minute, boot)
    billed = int(market.roster.size[0])
    tallied = tally(market, room, minute)
    joined = room.joined[minute & (room.joined.size - 1)] > 0
    served = serve_between(params.serving, table, tallied.machines, state.backlog, rps, jitter)
    cpu = served.cpu * tallied.speed
    bill(market, minute, served.cpu)
    state = State(
        state.desired,
        state.min_size,
        state.max_size,
        served.backlog,
        minute if joined else state.last_joined,
        state.next_event,
        state.least,
    )
    if params.rules.shape[0] > 0:
        before = state.desired
        state = scale(params, market, room, state, tallied, cpu, rps, minute)
        if state.desired != before:
            launched += reconcile(market, state.desired, True, minute + 1, boot)
    came_to = Minute(
        tallied.instances, billed, launched, cpu, served.slow, served.bad, served.lost, 0
    )
    return state, came_to, tallied.machines


@inlined
def initial(params: Params, market: Market, room: Room, scenario: int) -> State:
    """Return the start of a period: all that is desired is in service, and every pool is open."""
    clear_room(room)
    clear(market.roster)
    market.ledger[:] = 0.0
    open_pools(market.pools, market.offers, scenario)
    fill(
        market.roster,
        market.pools,
        market.offers,
        market.buying,
        params.desired,
        -1,
        0,
    )
    market.roster.template[: market.buying.outdated] = 0
    for i in range(market.roster.size[0]):  # each at another minute of the hour
        market.roster.launched[i] = LONG_AGO + 61 * i
    return State(
        params.desired, params.min_size, params.max_size, Queue(0.0, 0.0, 0.0), LONG_AGO, 0, 0
    )


@kernel
def run(
    params: Params,
    market: Market,
    room: Room,
    table: ServiceTable,
    events: Events,
    draws: Draws,
    offsets: IntArray,
    first: int,
    demand_rps: FloatArray,
    totals: FloatArray,
    kept: FloatArray,
) -> None:
    """Simulate every scenario, add up what the minutes came to, and keep them where asked to.

    Args:
        params: of the group.
        market: what it buys.
        room: of its autoscalers.
        table: slow shares and odds of a bad minute.
        events: timed changes.
        draws: of boot times and arrivals.
        offsets: shape (S,), each scenario's place in them.
        first: number of the first scenario.
        demand_rps: shape (S, T).
        totals: written, shape (S, 11): the first seven as `dynamics.run`, then USD on demand beyond
            a commitment, USD of surplus credits, USD of spot instances, interruptions.
        kept: as `dynamics.run`.
    """
    minutes = demand_rps.shape[1]
    for s in range(demand_rps.shape[0]):
        scenario = (first + s) * (draws.boots.size + 1) + offsets[s]
        state = initial(params, market, room, scenario)
        billed, bad, slow, most, cpu, launched = 0, 0.0, 0.0, 0, 0.0, 0
        for t in range(minutes):
            entry = (offsets[s] + t) & (draws.boots.size - 1)
            boot, jitter = draws.boots[entry], draws.jitter[entry]
            state, minute, machines = step(
                params, market, room, table, events, state, scenario, t, demand_rps[s, t], boot,
                jitter,
            )  # fmt: skip
            if kept.size > 0:
                keep(kept[s], t, minute, state.backlog.backlog, machines)
            billed += minute.billed
            bad += minute.bad
            slow += minute.slow
            most = max(most, minute.billed)
            cpu += minute.cpu
            launched += minute.launched
            if (t + 1) % 60 == 0:
                close_hour(market, 60)
        close(market, minutes)
        totals[s, 0], totals[s, 1], totals[s, 2] = billed, bad, slow
        totals[s, 3], totals[s, 4], totals[s, 5] = most, cpu, launched
        for cell in range(UNCOVERED, INTERRUPTIONS + 1):
            totals[s, 6 + cell] = market.ledger[cell]
