"""Shares a stated commitment among the groups that use it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import PriceBook
from tfopt.scenario.group import present_offer
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
        offer = present_offer(group, book, settings)
    except NotAnalysedError:
        return 0.0
    size = group.desired_capacity if group.desired_capacity is not None else group.min_size or 0
    paid = group.on_demand_base + (size - group.on_demand_base) * (1 - group.spot_share)
    return offer.usd_per_hour * min(max(paid, 0), size) / group.slots[0].weight
