"""What a mixed group launches, where, and who leaves it: as documented and as a plain rule says."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.instances import NEVER, ON_DEMAND, SPOT, remove
from tfopt_sim.market import Market, market_of
from tfopt_sim.placement import even_out, fill, leaver
from tfopt_sim.types import Configuration, Fleet, Machine, Slot, WarmPool

LARGE = Machine("c5.large", 2, 4, 0.085)
XLARGE = Machine("c5.xlarge", 4, 8, 0.17)
SMALL_SPOT = Slot(LARGE, 1, 0.034, 0.04)
NOW = 1000


def market(fleet: Fleet, desired: int = 0, machine: Machine = LARGE) -> Market:
    """Return the market of a group that launched `desired` units at minute 0, ready at once."""
    made = market_of(Configuration(machine, 0, 100, desired, fleet=fleet), 100)
    made.pools.dry_until[:] = -NEVER
    fill(made.roster, made.pools, made.offers, made.buying, desired, 0, 0)
    return made


def launch(made: Market, desired: int, minute: int = NOW, boot: int = 0) -> int:
    """Bring the group up to `desired` units; return how many instances that took."""
    return fill(made.roster, made.pools, made.offers, made.buying, desired, minute, boot)


def column(made: Market, name: str) -> list[int]:
    """Return a column of the roster, the oldest instance first."""
    return list(getattr(made.roster, name)[: made.roster.size[0]])


@pytest.mark.parametrize(
    ("base", "spot_share", "on_demand"),
    [
        (10, 0.5, [10, 15, 20, 25]),
        (0, 1.0, [0, 0, 0, 0]),
        (0, 0.4, [6, 12, 18, 24]),
        (0, 0.0, [10, 20, 30, 40]),
        (12, 1.0, [10, 12, 12, 12]),
    ],
)
def test_on_demand_base_and_percentage(base: int, spot_share: float, on_demand: list[int]) -> None:
    """The five examples of AWS's table "Example: Scaling behavior" at 10, 20, 30, 40 instances.

    EC2 Auto Scaling user guide, "Controlling the proportion of On-Demand instances".
    """
    made = market(Fleet((SMALL_SPOT,), base, spot_share))
    for total, wanted in zip((10, 20, 30, 40), on_demand, strict=True):
        launch(made, total)
        assert made.roster.units.tolist() == [wanted, total - wanted]


def test_fractions_round_up_in_favour_of_on_demand() -> None:
    """25 % on demand of 5 instances is 2 (same page: "rounds up to the next integer")."""
    assert market(Fleet((SMALL_SPOT,), 0, 0.75), 5).roster.units.tolist() == [2, 3]


def test_weights_may_exceed_what_is_missing() -> None:
    """5 units missing, one c5.12xlarge of weight 12 launched: 7 units too many.

    EC2 Auto Scaling user guide, "Configuring instance weighting", considerations.
    """
    big = Slot(Machine("c5.12xlarge", 48, 96, 2.04), 12, 0.5, 0.0)
    small = Slot(Machine("c5.2xlarge", 8, 16, 0.34), 2, 0.18, 0.0)
    made = market(Fleet((big, small), spot_share=1.0, spot_allocation="lowest-price", spot_pools=1))
    assert launch(made, 5) == 1
    assert made.roster.units.sum() == 12


def test_spot_prices_count_per_unit() -> None:
    """AWS's table of us-east-1a: the c5.12xlarge at 0.0649 $/unit-hour is the cheapest pool.

    "Configuring instance weighting", price per unit hour: the 2xlarge costs least per instance.
    """
    rows = [("2xlarge", 2, 0.18), ("4xlarge", 4, 0.341), ("12xlarge", 12, 0.779)]
    rows += [("18xlarge", 18, 1.207), ("24xlarge", 24, 1.56)]
    slots = tuple(Slot(Machine(name, 8, 16, 1.0), units, usd) for name, units, usd in rows)
    made = market(
        Fleet(slots, spot_share=1.0, spot_allocation="lowest-price", spot_pools=1),
        12,
        slots[0].machine,
    )
    assert column(made, "slot") == [2]


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("lowest-price", 2),
        ("capacity-optimized", 1),
        ("price-capacity-optimized", 3),
        ("prioritized", 0),
    ],
)
def test_the_strategy_chooses_the_pool(strategy: str, chosen: int) -> None:
    """Cheapest; least interrupted; cheapest of those hardly more interrupted; first in the list.

    EC2 Auto Scaling user guide, "Allocation strategies for multiple instance types".
    """
    offers = [(0.06, 0.15), (0.05, 0.01), (0.02, 0.20), (0.03, 0.05)]
    slots = tuple(Slot(replace(LARGE, name=f"t{k}"), 1, *own) for k, own in enumerate(offers))
    fleet = Fleet(slots, spot_share=1.0, spot_allocation=strategy, spot_pools=1)  # type: ignore[arg-type]
    assert column(market(fleet, 1), "slot") == [chosen]


def test_lowest_price_spreads_over_its_pools() -> None:
    """Six instances on two pools of three: the two cheapest, three instances each."""
    slots = tuple(
        Slot(replace(LARGE, name=name), 1, usd)
        for name, usd in (("a", 0.03), ("b", 0.09), ("c", 0.04))
    )
    made = market(Fleet(slots, spot_share=1.0, spot_allocation="lowest-price"), 6)
    assert sorted(column(made, "slot")) == [0, 0, 0, 2, 2, 2]


def test_on_demand_follows_the_list_or_the_price() -> None:
    """Prioritized: the first override; lowest-price: the cheapest per unit."""
    slots = (Slot(XLARGE, 1), Slot(LARGE, 1))
    assert column(market(Fleet(slots), 1), "slot") == [0]
    assert column(market(Fleet(slots, on_demand_allocation="lowest-price"), 1), "slot") == [1]


def test_launches_go_to_the_zone_with_the_fewest() -> None:
    """Seven instances over three zones stand 3, 2, 2; the next makes it 3, 3, 2."""
    made = market(Fleet((SMALL_SPOT,), 3, 0.5, zones=3), 7)
    assert sorted(made.roster.in_zone) == [2, 2, 3]
    launch(made, 8)
    assert sorted(made.roster.in_zone) == [2, 3, 3]


def test_a_dry_pool_gives_way_to_the_next_and_a_dry_market_to_nobody() -> None:
    """AWS "keeps trying in other Spot Instance pools" rather than launching on demand."""
    other = Slot(XLARGE, 1, 0.09, 0.2)
    made = market(Fleet((SMALL_SPOT, other), spot_share=1.0, zones=2), 2)
    made.pools.dry_until[:, 0] = NOW + 5
    launch(made, 3)
    assert column(made, "slot") == [0, 0, 1]
    made.pools.dry_until[:] = NOW + 5
    assert launch(made, 9) == 0
    assert launch(made, 9, NOW + 5) == 6
    assert made.roster.units[ON_DEMAND] == 0


def test_an_uneven_group_moves_one_spot_instance_at_a_time() -> None:
    """A new one in the empty zone first, and none beside one that still boots."""
    made = market(Fleet((SMALL_SPOT,), spot_share=1.0, zones=2))
    made.pools.dry_until[1] = NOW
    launch(made, 4, NOW - 1)
    assert made.roster.in_zone.tolist() == [4, 0]
    parts = (made.roster, made.pools, made.offers, made.buying)
    assert even_out(*parts, NOW, 3) == 1
    assert made.roster.in_zone.tolist() == [4, 1]
    assert even_out(*parts, NOW + 2, 3) == 0
    assert leave(made, 4, NOW + 3).zone == 0


@dataclass(frozen=True)
class Member:
    """An instance as the plain rule sees it."""

    place: int
    slot: int
    option: int
    zone: int
    launched: int
    serves: int
    template: int
    noticed: bool


def members(made: Market) -> list[Member]:
    """Return the roster, the oldest first."""
    r = made.roster
    return [
        Member(i, r.slot[i], r.option[i], r.zone[i], r.launched[i], r.serves[i], r.template[i],
               bool(r.ends[i] != NEVER))
        for i in range(r.size[0])
    ]  # fmt: skip


def leave(made: Market, desired: int, minute: int = NOW) -> Member:
    """Return who leaves on the way to `desired`."""
    found = leaver(made.roster, made.offers, made.buying, desired, minute)
    return members(made)[found]


def leave_plainly(
    fleet: Fleet, there: list[Member], desired: int, minute: int, order: list[int]
) -> int:
    """Return who leaves, by the guide's words: purchase option, then zone, then the policies."""
    weight = [slot.weight for slot in fleet.slots]
    units = [sum(weight[m.slot] for m in there if m.option == own) for own in (ON_DEMAND, SPOT)]
    excess = sum(units) - desired
    base = min(fleet.on_demand_base, desired)
    on_demand = base + math.ceil((1 - fleet.spot_share) * (desired - base) - 1e-9)
    first = ON_DEMAND if units[0] - on_demand >= units[1] - (desired - on_demand) else SPOT
    for option in (first, 1 - first):
        able = [
            m for m in there
            if m.option == option and weight[m.slot] <= excess and not m.noticed
        ]  # fmt: skip
        if not able:
            continue
        crowd = {zone: sum(m.zone == zone for m in there) for zone in range(fleet.zones)}
        most = max(crowd[m.zone] for m in able)
        able = [m for m in able if crowd[m.zone] == most]
        keys = {
            "oldest-instance": [lambda m: m.launched],
            "newest-instance": [lambda m: -m.launched],
            "oldest-template": [lambda m: m.template],
            "allocation-strategy": [lambda m: -order.index(m.slot)],
        }
        keys["default"] = [
            *keys["allocation-strategy"],
            *keys["oldest-template"],
            lambda m: -max(m.serves - minute, 0),
            lambda m: -((minute - m.launched) % 60),
        ]
        for policy in fleet.termination:
            for key in keys[policy]:
                least = min(map(key, able))
                able = [m for m in able if key(m) == least]
        return able[0].place
    return -1


@st.composite
def groups(draw: st.DrawFn) -> tuple[Market, Fleet, int]:
    """A mixed group that grew in steps, some of its instances old, booting or under notice."""
    weights = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    slots = tuple(
        Slot(replace(LARGE, name=f"t{k}"), weight, 0.03, 0.05) for k, weight in enumerate(weights)
    )
    policies = ["oldest-instance", "newest-instance", "oldest-template", "allocation-strategy"]
    chosen = draw(st.lists(st.sampled_from(policies), max_size=2, unique=True))
    fleet = Fleet(
        slots,
        draw(st.integers(0, 4)),
        draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])),
        spot_allocation="prioritized",
        zones=draw(st.integers(1, 3)),
        termination=(*chosen, "default"),
    )
    made = market(fleet)
    desired = 0
    for minute in sorted(draw(st.lists(st.integers(0, NOW), min_size=1, max_size=6))):
        desired += draw(st.integers(1, 5))
        boot = draw(st.integers(0, 90))
        made.pools.dry_until[:] = NOW if draw(st.booleans()) else -NEVER
        launch(made, desired, minute, boot)
    size = int(made.roster.size[0])
    if size:
        rng = np.random.default_rng(draw(st.integers(0, 2**20)))
        made.roster.template[:size] = rng.integers(0, 2, size)
        made.roster.slot[:size] = rng.integers(0, len(slots), size)
        recount(made)
        for i in np.flatnonzero(rng.random(size) < 0.1):
            if made.roster.option[i] == SPOT:
                made.roster.ends[i] = NOW + 2
    return made, fleet, draw(st.integers(0, max(int(made.roster.units.sum()), 1)))


def recount(made: Market) -> None:
    """Set the books to what the instances add up to."""
    r, n = made.roster, int(made.roster.size[0])
    weight = made.offers.weight[r.slot[:n]]
    for option in (ON_DEMAND, SPOT):
        r.units[option] = weight[r.option[:n] == option].sum()
    r.in_pool[:] = 0
    np.add.at(r.in_pool, (r.zone[:n], r.slot[:n]), r.option[:n] == SPOT)


@settings(max_examples=300, deadline=None)
@given(groups())
def test_who_leaves_is_as_the_plain_rule_says(case: tuple[Market, Fleet, int]) -> None:
    """Purchase option first, then the fullest zone, then the policies in their order."""
    made, fleet, desired = case
    order = list(range(len(fleet.slots)))
    while True:
        there = members(made)
        found = leaver(made.roster, made.offers, made.buying, desired, NOW)
        assert found == leave_plainly(fleet, there, desired, NOW, order)
        if found < 0:
            break
        remove(made.roster, made.offers, found)
        assert made.roster.units.sum() >= desired
    kept = members(made)
    weight = [slot.weight for slot in fleet.slots]
    assert made.roster.units.sum() == sum(weight[m.slot] for m in kept)
    assert made.roster.in_zone.tolist() == [
        sum(m.zone == zone for m in kept) for zone in range(fleet.zones)
    ]


def test_zone_balance_comes_before_the_policy() -> None:
    """The oldest instance stays where another zone has more ("As a result, you might encounter
    situations in which some newer instances are terminated before older instances").

    EC2 Auto Scaling user guide, "Working with termination policies", note.
    """
    made = market(Fleet((Slot(LARGE),), zones=2, termination=("oldest-instance",)), 1)
    launch(made, 3, 10)
    assert column(made, "zone") == [0, 1, 0]
    made.roster.zone[0], made.roster.zone[2] = 1, 0
    made.roster.zone[1] = 0
    made.roster.in_zone[:] = 2, 1
    assert leave(made, 2).place == 1


def test_default_order_is_template_then_billing_hour() -> None:
    """Older templates first; among alike the one closest to its next billing hour.

    EC2 Auto Scaling user guide, "Default termination policy".
    """
    made = market(Fleet((Slot(LARGE),), zones=1), 1)
    launch(made, 2, NOW - 59)
    launch(made, 3, NOW - 30)
    assert leave(made, 2).launched == NOW - 59
    made.roster.template[2] = 0
    assert leave(made, 2).launched == NOW - 30


def test_the_least_wanted_type_leaves_first() -> None:
    """Default and AllocationStrategy shift on-demand capacity away from types of low priority."""
    made = market(Fleet((Slot(LARGE), Slot(XLARGE)), termination=("allocation-strategy",)), 3)
    made.roster.slot[1] = 1
    assert leave(made, 2).place == 1


def test_newest_and_oldest() -> None:
    """NewestInstance and OldestInstance do what they say."""
    for policy, launched in (("newest-instance", 20), ("oldest-instance", 0)):
        made = market(Fleet((Slot(LARGE),), termination=(policy,)), 1)  # type: ignore[arg-type]
        launch(made, 2, 10)
        launch(made, 3, 20)
        assert leave(made, 2).launched == launched


def test_impossible_fleets_are_refused() -> None:
    """Each with a reason that names what is wrong."""
    for fleet, message in (
        (Fleet((Slot(LARGE, 0),)), "weight"),
        (Fleet((Slot(LARGE),), spot_share=0.5), "spot price"),
        (Fleet((SMALL_SPOT,), spot_share=1.5), "shares"),
        (Fleet((SMALL_SPOT,), zones=0), "zone"),
        (Fleet((SMALL_SPOT,), termination=("default", "oldest-instance")), "last"),
        (Fleet((SMALL_SPOT,), spot_share=1.0, warm_pool=WarmPool()), "warm pool"),
    ):
        with pytest.raises(ValueError, match=message):
            market(fleet)
