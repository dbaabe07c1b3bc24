"""How a group's instances are bought: types with weights, spot, pools, disks, commitments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tfopt.plan.model import Disk, InstanceGroup, Slot, WarmPool
from tfopt.pricing import Offer, load_book
from tfopt.scenario.commitments import committed
from tfopt.scenario.fleet import (
    INTERRUPTIONS_PER_MONTH,
    fleet_notes,
    fleet_of,
    holds_type,
    money_of,
    slot_of,
)
from tfopt.scenario.group import machine_of, slot_offers
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import Settings
from tfopt_sim.types import Fleet, Machine, Money
from tfopt_sim.types import WarmPool as SimulatedPool

PLAIN = InstanceGroup(
    address="aws_autoscaling_group.web",
    kind="aws_autoscaling_group",
    cloud="aws",
    region="us-east-1",
    action="update",
    unit="instance",
    slots=(Slot("m6i.large"),),
    min_size=2,
    max_size=10,
    desired_capacity=4,
    zones=3,
)
MIXED = replace(
    PLAIN,
    slots=(Slot("m6i.large"), Slot("m6i.xlarge", 2)),
    on_demand_base=2,
    spot_share=0.75,
    spot_allocation="capacity-optimized-prioritized",
)


def offers(group: InstanceGroup) -> tuple[Offer, ...]:
    return slot_offers(group, load_book(), Settings())


def fleet(group: InstanceGroup) -> Fleet:
    return fleet_of(group, offers(group), as_machine(group))


def as_machine(group: InstanceGroup) -> Callable[[Offer], Machine]:
    return lambda offer: machine_of(offer, offers(group)[0], unlimited=group.burst_unlimited)


def test_one_type_on_demand_needs_no_slots() -> None:
    """Also where others are listed behind it: on demand the first is launched."""
    assert fleet(PLAIN) == Fleet(zones=3)
    listed = replace(PLAIN, slots=(Slot("m6i.large"), Slot("m5.large")))
    assert fleet(listed) == Fleet(zones=3)
    assert len(offers(listed)) == 1
    assert "simulated on the first, m6i.large" in next(iter(fleet_notes(listed)))


def test_a_mixed_group_is_bought_slot_by_slot() -> None:
    """Weights, base, share and strategy as in the plan; spot prices from the price book."""
    found = fleet(MIXED)
    assert [(s.machine.name, s.weight) for s in found.slots] == [
        ("m6i.large", 1),
        ("m6i.xlarge", 2),
    ]
    for slot in found.slots:
        assert slot.spot_usd_per_hour is not None
        assert slot.spot_usd_per_hour < slot.machine.usd_per_hour
        assert slot.interruptions_per_month == INTERRUPTIONS_PER_MONTH
    assert (found.on_demand_base, found.spot_share, found.zones) == (2, 0.75, 3)
    assert (found.spot_allocation, found.on_demand_allocation) == ("prioritized", "prioritized")


def test_the_report_says_how_spot_is_priced() -> None:
    """Nothing is priced as an upper end any more; what is assumed is said."""
    told = " ".join(fleet_notes(MIXED))
    assert "it mixes m6i.large, m6i.xlarge: their list is left as it is" in told
    assert "75% above 2 on demand run on spot" in told
    assert "5% of them are taken to be reclaimed in a month" in told
    assert list(fleet_notes(PLAIN)) == []


def test_the_cheapest_on_demand_type_is_a_matter_of_price() -> None:
    """With on_demand_allocation_strategy lowest-price the order of the list does not decide."""
    cheapest = replace(MIXED, spot_share=0.0, on_demand_allocation="lowest-price")
    assert fleet(cheapest).on_demand_allocation == "lowest-price"


def test_only_a_lone_type_can_be_exchanged() -> None:
    """One of several types, or one that counts for more than itself, stays."""
    assert not holds_type(PLAIN)
    assert not holds_type(replace(PLAIN, spot_share=1.0))
    assert not holds_type(replace(PLAIN, slots=(Slot("m6i.large"), Slot("m5.large"))))
    assert holds_type(MIXED)
    assert holds_type(replace(PLAIN, slots=(Slot("m6i.large", 2),)))


def test_a_type_without_spot_price_is_not_put_on_spot() -> None:
    """The reason names type and region."""
    offer = replace(offers(PLAIN)[0], usd_per_hour_spot=None)
    machine = as_machine(PLAIN)(offer)
    with pytest.raises(NotAnalysedError, match=r"m6i.large has no spot price in us-east-1"):
        slot_of(offer, machine, 1, on_spot=True)
    assert slot_of(offer, machine, 1, on_spot=False).spot_usd_per_hour is None


def test_a_warm_pool_and_the_order_of_termination_are_carried_over() -> None:
    """Policies that make no difference to what is paid are the default's."""
    pool = WarmPool(2, 16, "hibernated", reuse_on_scale_in=True)
    termination = ("OldestLaunchTemplate", "ClosestToNextInstanceHour", "OldestInstance")
    found = fleet(replace(PLAIN, zones=None, warm_pool=pool, termination=termination))
    assert found.warm_pool == SimulatedPool(2, 16, "hibernated", reuse_on_scale_in=True)
    assert found.termination == ("oldest-template", "oldest-instance", "default")
    assert found.zones == 2


def test_credits_are_as_the_plan_says() -> None:
    """A t3 in standard mode is throttled; in the default mode it pays."""
    small = replace(PLAIN, slots=(Slot("t3.medium"),))
    kept = as_machine(small)(offers(small)[0]).burst
    standard = replace(small, burst_unlimited=False)
    throttled = as_machine(standard)(offers(standard)[0]).burst
    assert kept is not None
    assert kept.unlimited
    assert throttled == replace(kept, unlimited=False)


def test_disks_are_priced_by_their_kind() -> None:
    """50 GiB of gp3 and 50 of gp2 cost 9 cents a GiB."""
    assert money_of([], 0.0, 0.3) == Money()
    both = money_of([Disk(50, "gp3"), Disk(50, "gp2")], 0.0, 0.0)
    assert both.root_gib == 100
    assert both.root_usd_per_gib_month == pytest.approx(0.09)
    assert any(
        "disks of 8 GiB" in note for note in fleet_notes(replace(PLAIN, disks=(Disk(8, "gp3"),)))
    )


def test_commitments_are_shared_by_what_groups_pay() -> None:
    """By list price of what runs on demand; what has no price has no part; the whole is given."""
    larger = replace(PLAIN, address="b", slots=(Slot("m6i.xlarge"),))
    spot = replace(PLAIN, address="c", spot_share=1.0)
    unknown = replace(PLAIN, address="d", slots=())
    stated = {"defaults": {"commitments": {"usd_per_hour": 3.0, "discount": 0.27}}}
    settings = Settings.model_validate(stated)
    shares = committed([PLAIN, larger, spot, unknown], settings, load_book())
    assert shares == {PLAIN.address: pytest.approx(1.0), "b": pytest.approx(2.0)}
    assert committed([PLAIN], Settings(), load_book()) == {}
    money = money_of((), shares["b"], settings.defaults.discount)
    assert (money.committed_usd_per_hour, money.committed_discount) == (pytest.approx(2.0), 0.27)
