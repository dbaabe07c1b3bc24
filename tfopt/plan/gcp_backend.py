"""What a load balancer takes for the full load of one instance: its backend service says so."""

from __future__ import annotations

from collections.abc import Iterator

from tfopt.plan.context import Context
from tfopt.plan.link import follow
from tfopt.plan.planned import Resource
from tfopt.plan.values import blocks, number, text

SERVICES = ("google_compute_backend_service", "google_compute_region_backend_service")
ATTRIBUTES = dict.fromkeys(SERVICES, "id name backend")


def requests_per_minute(context: Context, group: Resource) -> float | str:
    """Return the requests per instance and minute at full load, or why they cannot be told."""
    found = list(_backends(context, group))
    if not found:
        return "no backend service of this plan has the group as its backend"
    rates = {number(one.get("max_rate_per_instance")) for one in found}
    rate = rates.pop() if len(rates) == 1 else None
    if not rate:
        return "its backend states no single max_rate_per_instance"
    if any((number(one.get("capacity_scaler")) or 1.0) != 1.0 for one in found):
        return "its backend has a capacity_scaler"
    if any(one.get("balancing_mode") != "RATE" for one in found):
        return "its backend is not balanced by rate (balancing_mode)"
    return 60.0 * rate


def _backends(context: Context, group: Resource) -> Iterator[dict[str, object]]:
    """Yield the backend blocks that name a group."""
    own = text(group.get("instance_group"))
    for service in context.planned.of(*SERVICES):
        for index, one in enumerate(blocks(service.get("backend"))):
            named = text(one.get("group"))
            if named is not None:
                if named == own:
                    yield one
                continue
            link = follow(context.planned, service, [("backend", index, "group")], (group.kind,))
            if link is not None and not link.inferred and link.to.address == group.address:
                yield one
