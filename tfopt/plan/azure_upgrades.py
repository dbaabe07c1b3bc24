"""How a changed size reaches the running instances of a scale set: Azure's modes, the provider's.

azurerm, `virtual_machine_scale_set` in the `features` block: with `roll_instances_when_required`,
which is the default, the provider brings the instances of a Linux or Windows scale set up to date
one by one where `upgrade_mode` is Manual. It does not for the other kinds.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tfopt.plan.context import Context
from tfopt.plan.document import UNREADABLE
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, dig, flag

_ROLLED_BY_PROVIDER = frozenset(
    {"azurerm_linux_virtual_machine_scale_set", "azurerm_windows_virtual_machine_scale_set"}
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether an apply brings a new size to what runs, and how, in words."""

    by_apply: bool
    words: str


def how_type_reaches(context: Context, group: Resource, mode: str) -> Reach:
    """Return how a changed size comes to run."""
    if mode == "Automatic":
        return Reach(True, "the apply makes Azure upgrade the instances, several at a time")
    if mode == "Rolling":
        return Reach(True, "the apply makes Azure upgrade the instances in batches")
    if group.kind in _ROLLED_BY_PROVIDER and _rolls(context, group):
        return Reach(True, "the provider upgrades and reimages the instances, one after the other")
    return Reach(
        False,
        "the size reaches new instances only (upgrade mode Manual): upgrade the running ones right "
        "after the apply",
    )


def _rolls(context: Context, group: Resource) -> bool:
    """Return whether the provider is left to roll instances when that is required."""
    configuration = context.planned.document.configuration
    providers = (configuration.provider_config or {}) if configuration else {}
    provider = providers.get(group.provider_key or "")
    raw = (provider.expressions or {}).get("features") if provider else None
    try:
        features = msgspec.json.decode(raw) if raw is not None else None
    except UNREADABLE:
        return True
    said = block(block(features).get("virtual_machine_scale_set"))
    value = dig(said.get("roll_instances_when_required"), "constant_value")
    return flag(value) is not False
