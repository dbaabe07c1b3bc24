"""In how many zones the nodes of a GKE pool stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tfopt.plan.planned import Resource
from tfopt.plan.values import text, texts

_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
_REGION_ZONES = 3  # what GKE takes of a region


@dataclass(frozen=True, slots=True)
class Zones:
    """The number of zones, None where the plan tells nothing of the place."""

    count: int | None
    stated: bool  # False: what GKE takes where no zones are listed
    told_by: Resource | None  # whose location it is


def zones_of(pool: Resource, cluster: Resource | None) -> Zones:
    """Return the zones of a pool: its own list, else its cluster's, else what the location gives.

    A pool's list is whole; that of a zonal cluster leaves its own zone out (provider's pages).
    """
    holders = [one for one in (pool, cluster) if one is not None]
    place = next((one for one in holders if _location(one)), None)
    location = _location(place) if place is not None else None
    if location is None:
        own = texts(pool.get("node_locations"))
        return Zones(len(own) or None, bool(own), place)
    zonal = _ZONE.fullmatch(location) is not None
    if pool is not cluster and texts(pool.get("node_locations")):
        return Zones(len(texts(pool.get("node_locations"))), True, place)
    listed = texts(cluster.get("node_locations")) if cluster is not None else []
    if zonal:
        return Zones(1 + len(set(listed) - {location}), True, place)
    return Zones(len(listed) or _REGION_ZONES, bool(listed), place)


def _location(resource: Resource) -> str | None:
    return next(
        filter(None, (text(resource.get(name)) for name in ("location", "zone", "region"))), None
    )
