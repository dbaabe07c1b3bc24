"""One group with its changes: sizes after the apply, live values, what the sources say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.plan.model import InstanceGroup, Plan, Site

Changes = Mapping[str, tuple[object, object]]  # JSON attribute → (as planned now, wanted)
OWN = "group"  # the key of the lifecycle of a group's own block, beside those of attributes
SIZES = ("min_size", "max_size", "desired_capacity")


@dataclass(frozen=True, slots=True)
class Case:
    """One group with its changes."""

    plan: Plan
    group: InstanceGroup
    changed: Changes
    lifecycles: Mapping[str, Lifecycle]

    def size(self, name: str) -> int | None:
        """Return a size as the apply leaves it in the plan; None where it is not told."""
        if name not in self.group.sites:
            return None
        value = self.changed[name][1] if name in self.changed else getattr(self.group, name)
        return value if isinstance(value, int) else None

    def live(self, name: str) -> object:
        """Return what runs before the apply, in tfopt's units; None where that is not told."""
        return in_our_units(self.group.sites.get(name), "live")

    def applied(self, name: str) -> object:
        """Return what was last applied, where that was changed outside Terraform since."""
        return in_our_units(self.group.sites.get(name), "applied")

    def ignored(self, name: str) -> bool:
        """Return whether the sources say that changes of the attribute are ignored."""
        known = self.lifecycles.get(name)
        return known is not None and known.ignored_at is not None

    @property
    def resizes(self) -> bool:
        """Whether a bound or the desired capacity changes."""
        return any(name in self.changed for name in SIZES)

    @property
    def states_desired(self) -> bool:
        """Whether each apply brings desired back to what the configuration says."""
        site = self.group.sites.get("desired_capacity")
        said = self.lifecycles.get("desired_capacity")
        if site is None or not site.written:
            return False
        return said is None or (said.ignored_at is None and not said.unset)

    def addresses(self) -> set[str]:
        """Return the group's address and those of what carries its changing attributes."""
        sites = (self.group.sites.get(name) for name in self.changed)
        return {self.group.address, *(site.address for site in sites if site is not None)}


def in_our_units(site: Site | None, which: str) -> object:
    """Return a site's value of that name, unscaled; None where there is nothing to show."""
    value = getattr(site, which, None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None  # also what is sensitive or known only after apply
    if site is None or site.scale == 1 or isinstance(value, str):
        return value
    return round(value / site.scale, 6)
