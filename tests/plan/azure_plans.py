"""Pieces of Azure plans for the tests beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plan_builder import Values, change, document, groups, read

from tfopt.plan.model import InstanceGroup, Plan

PROVIDERS = {
    "azurerm": {
        "name": "azurerm",
        "full_name": "registry.terraform.io/hashicorp/azurerm",
        "expressions": {"features": [{}]},
    }
}
WEB = "azurerm_linux_virtual_machine_scale_set.web"
SETTING = "azurerm_monitor_autoscale_setting.web"
ID = "/subscriptions/0/resourceGroups/shop/providers/x/virtualMachineScaleSets/web"
SET = {"id": ID, "location": "westeurope", "sku": "Standard_D4s_v5", "instances": 3}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def azure(folder: Path, *changes: Values, blocks: list[Values] | None = None, **more: Any) -> Plan:
    """Read a plan of Azure resources."""
    return read(folder, document(list(changes), blocks, **{"providers": PROVIDERS, **more}))


def only(
    folder: Path, *changes: Values, blocks: list[Values] | None = None, **more: Any
) -> InstanceGroup:
    """Read a plan of Azure resources and return its only group."""
    content = document(list(changes), blocks, **{"providers": PROVIDERS, **more})
    (group,) = groups(folder, content).values()
    return group


def rule(direction: str, operator: str, threshold: float, /, **more: Any) -> Values:
    """Return a rule on the CPU of the scale set; `more` changes what its two blocks say."""
    trigger = {
        "metric_name": "Percentage CPU",
        "metric_resource_id": ID,
        "time_grain": "PT1M",
        "statistic": "Average",
        "time_window": "PT5M",
        "time_aggregation": "Average",
        "operator": operator,
        "threshold": threshold,
    }
    action = {"direction": direction, "type": "ChangeCount", "value": 1, "cooldown": "PT5M"}
    for name, value in more.items():
        (trigger if name not in action else action)[name] = value
    return {"metric_trigger": [trigger], "scale_action": [action]}


OUT, IN = rule("Increase", "GreaterThan", 70), rule("Decrease", "LessThan", 30)


def profile(low: int, high: int, *rules: Values, name: str = "default", **more: Any) -> Values:
    """Return a profile."""
    capacity = {"default": low, "minimum": low, "maximum": high}
    return {"name": name, "capacity": [capacity], "rule": list(rules), **more}


def recurring(hour: int, days: list[str], zone: str | None = None) -> dict[str, list[Values]]:
    """Return what makes a profile start on some days at some hour."""
    return {"recurrence": [{"timezone": zone, "days": days, "hours": [hour], "minutes": [30]}]}


def setting(*profiles: Values, **more: Any) -> Values:
    """Return the setting that scales the scale set."""
    values = {"target_resource_id": ID, "enabled": True, "profile": list(profiles)}
    return change(SETTING, {**values, **more})
