"""Shares a stated commitment among the groups that use it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer, PriceBook
from tfopt.scenario.choice import with_types
from tfopt.scenario.demand import Traffic
from tfopt.scenario.group import present_offer, zones_each
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import Settings


def committed(
    groups: Iterable[InstanceGroup], settings: Settings, book: PriceBook
) -> Mapping[str, float]:
    """Return each group's part of the commitments, USD per hour, by address.

    A savings plan belongs to an account and not to a group. It is split by what the groups would
    pay at list price, on demand, for the size that the plan starts them at.
    """
    stated = settings.defaults.commitments
    if stated is None:
        return {}
    usd = {group.address: _on_demand_usd(group, settings, book) for group in groups}
    total = sum(usd.values())
    return {address: stated.usd_per_hour * one / total for address, one in usd.items() if one}


def _on_demand_usd(group: InstanceGroup, settings: Settings, book: PriceBook) -> float:
    try:
        group = with_types(group, book, settings)
        offer = present_offer(group, book, settings)
        each = zones_each(group)
    except NotAnalysedError:
        return 0.0
    size = group.desired_capacity if group.desired_capacity is not None else group.min_size or 0
    size *= each
    paid = group.on_demand_base + (size - group.on_demand_base) * (1 - group.spot_share)
    return offer.usd_per_hour * min(max(paid, 0), size) / group.slots[0].weight


def last_day(traffic: Traffic, start: datetime, horizon_s: int, offer: Offer) -> date:
    """Return the last simulated day; an assumed demand is taken to begin on the prices' date.

    What counts on it has to stand for what comes after, so a commitment that ends earlier is out.
    """
    first = start if traffic.measured_days else datetime.fromisoformat(offer.price_date)
    return (first + timedelta(seconds=horizon_s - 1)).date()


def end_note(settings: Settings, day: date) -> str | None:
    """Say that the commitments end before a day, None where they do not."""
    stated = settings.defaults.commitments
    if stated is None or stated.covers(day):
        return None
    return f"the commitments end on {stated.ends}, before {day}: they are not counted"
