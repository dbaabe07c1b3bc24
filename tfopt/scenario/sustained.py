"""Which groups get a sustained-use discount that can be counted, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

from tfopt.plan.model import InstanceGroup
from tfopt.pricing import Offer
from tfopt.pricing.sustained import sustained_share
from tfopt.scenario.scaling import is_held
from tfopt.settings import Settings


def runs_all_month(group: InstanceGroup, settings: Settings) -> bool:
    """Tell whether each instance surely runs on demand, at its vendor's own discount, all month.

    What is committed to gets no second discount, and a size that varies gets a part that depends
    on everything else of the family in the project: neither is counted.
    """
    constant = is_held(group) and not group.cluster_autoscaled and group.spot_share == 0
    return constant and group.unit == "instance" and settings.defaults.commitments is None


def sustained_notes(group: InstanceGroup, offer: Offer, settings: Settings) -> Iterator[str]:
    """Say whether the discount of the present type is in its price."""
    share = sustained_share(offer)
    if not share or group.spot_share == 1:
        return
    if runs_all_month(group, settings):
        yield (
            f"{offer.instance_type} is priced {share:.0%} below list: the sustained-use discount "
            "for what runs all month"
        )
    else:
        yield (
            f"sustained-use discounts, up to {share:.0%} on {offer.instance_type}, are not in its "
            "price"
        )
