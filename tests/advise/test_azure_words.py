"""An Azure group in the report: its rules in words, its reasons, what its licence costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure_plans import IN, OUT, SET, WEB, only, profile, rule, setting
from plan_builder import Values, change

from tfopt.advise.answer import as_planned
from tfopt.advise.policies import other_policies, step_table
from tfopt.plan.model import InstanceGroup
from tfopt.pricing import load_book
from tfopt.render.settings import scaled_by
from tfopt.scenario.fleet import fleet_notes, money_of
from tfopt.scenario.group import present_configuration, present_offer
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import Settings
from tfopt_sim.types import Machine

MACHINE = Machine(name="Standard_D4s_v5", vcpus=4, memory_gib=16, usd_per_hour=0.23)
WINDOWS = "azurerm_windows_virtual_machine_scale_set.desk"
POOL = "azurerm_kubernetes_cluster_node_pool.burst"


def words(group: InstanceGroup) -> list[str]:
    """Return what scales a group, as the report says it."""
    planned = as_planned(group)
    assert planned is not None
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in scaled_by(planned)]


def test_rules_in_words(tmp_path: Path) -> None:
    """Each rule says at which CPU it does what, and after how long."""
    slow = rule("Decrease", "LessThanOrEqual", 30, time_window="PT10M", value=2)
    group = only(tmp_path, change(WEB, SET), setting(profile(2, 9, OUT, slow)))
    assert words(group) == [
        "CPU from 70 %: +1, after 5 minutes",
        "CPU to 30 %: −2, after 10 minutes",
    ]
    rows = step_table(group)
    assert rows is not None
    assert [(row.lower, row.upper, row.change) for row in rows] == [
        (0.7, None, 1.0),
        (None, 0.3, -2.0),
    ]


def test_shares_sizes_and_forecasts_in_words(tmp_path: Path) -> None:
    """A percentage, an exact size, and a look ahead each have their words."""
    share = rule("Increase", "GreaterThan", 80, type="PercentChangeCount", value=25)
    exact = rule("Decrease", "LessThan", 20, type="ExactCount", value=2)
    ahead = [{"scale_mode": "Enabled", "look_ahead_time": "PT15M"}]
    group = only(tmp_path, change(WEB, SET), setting(profile(2, 9, share, exact), predictive=ahead))
    assert words(group) == [
        "CPU from 80 %: +25 %, to 20 %: 2, after 5 minutes",
        "predictive autoscale, 15 minutes ahead",
    ]
    assert other_policies(group) == ["predictive autoscale, 15 minutes ahead"]


@pytest.mark.parametrize(
    ("values", "usd", "said"),
    [
        ({}, 0.23 + 4 * 0.046, "its Windows licence is priced at 0.046 USD"),
        ({"license_type": "Windows_Server"}, 0.23, "its Windows licence is not in the price"),
    ],
)
def test_what_windows_costs(values: Values, usd: float, said: str, tmp_path: Path) -> None:
    """The licence is paid by the vCPU, or brought along."""
    group = only(tmp_path, change(WINDOWS, {**SET, "sku": "Standard_D4s_v5", **values}))
    offer = present_offer(group, load_book(), Settings())
    assert offer.usd_per_hour == pytest.approx(usd)
    assert any(note.startswith(said) for note in fleet_notes(group))


def test_windows_on_another_family_is_refused(tmp_path: Path) -> None:
    """Where the licence is not known the group is not analysed, and the reason says so."""
    group = only(tmp_path, change(WINDOWS, {**SET, "sku": "Standard_B2ms"}))
    with pytest.raises(NotAnalysedError, match="no windows price of azure's Standard_B2ms"):
        present_offer(group, load_book(), Settings())


def test_a_pool_that_its_cluster_scales(tmp_path: Path) -> None:
    """The reason is the cluster's autoscaler, also where no count is stated."""
    values = {"vm_size": "Standard_D4s_v5", "min_count": 1, "max_count": 4}
    pool = {**values, "auto_scaling_enabled": True, "node_count": None}
    group = only(tmp_path, change(POOL, pool, before=pool, actions=["no-op"]))
    with pytest.raises(NotAnalysedError, match="a cluster autoscaler may size it"):
        present_configuration(group, MACHINE)


def test_disks_cost_what_their_tier_does(tmp_path: Path) -> None:
    """A disk of 100 GiB is billed as the tier of 128 GiB; where the price is from is told."""
    disk = {"storage_account_type": "Premium_LRS", "disk_size_gb": 100}
    group = only(tmp_path, change(WEB, {**SET, "os_disk": [disk]}), setting(profile(2, 9, OUT, IN)))
    money = money_of(group.disks, 0.0, 0.0)
    assert money.root_gib * money.root_usd_per_gib_month == pytest.approx(19.71)
    assert "disks of 128 GiB an instance are priced as in eastus" in fleet_notes(group)
