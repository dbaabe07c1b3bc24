"""Says why a plan does not tell what is asked of it."""

from __future__ import annotations

from tfopt.plan.model import REDACTED, UNKNOWN, Site


def why_no_type(site: Site | None, called: str = "instance type") -> str:
    """Say why a group's type cannot be told.

    Args:
        site: where it stands; None where no resource of the plan sets it.
        called: what its vendor calls a type.
    """
    value = site.value if site else None
    if value is REDACTED:
        return f"its {called} is sensitive"
    if value is UNKNOWN:
        return f"its {called} is known only after apply"
    return f"its {called} is not in this plan"
