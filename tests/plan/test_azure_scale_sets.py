"""Azure's scale sets: what they launch, how many, how a size reaches them, where each stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from azure_plans import PROVIDERS, SET, WEB, azure, only
from plan_builder import Values, block, change, constant, reference

from tfopt.advise.leaves import Leaves, effective, knobs_of
from tfopt.plan.model import UNKNOWN, Disk, Slot
from tfopt.settings import DefaultsTable

FLEXIBLE = "azurerm_orchestrated_virtual_machine_scale_set.api"
RETIRED = "azurerm_virtual_machine_scale_set.old"
WINDOWS = "azurerm_windows_virtual_machine_scale_set.desk"


def test_a_scale_set_that_nothing_scales(tmp_path: Path) -> None:
    """It is held at its instances; type and number have their places."""
    more = {
        "zones": ["1", "2", "3"],
        "os_disk": [{"storage_account_type": "Premium_LRS", "disk_size_gb": 100}],
        "data_disk": [{"storage_account_type": "StandardSSD_LRS", "disk_size_gb": 32}],
    }
    group = only(tmp_path, change(WEB, {**SET, **more}))
    assert (group.cloud, group.region, group.unit) == ("azure", "westeurope", "instance")
    assert group.slots == (Slot("Standard_D4s_v5"),)
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert (group.zones, group.spot_share, group.operating_system) == (3, 0.0, "linux")
    assert group.disks == (Disk(128.0, "P10"), Disk(32.0, "E4"))
    assert {name: site.path for name, site in group.sites.items()} == {
        "instance_type": ("sku",),
        "desired_capacity": ("instances",),
    }
    assert group.notes == ()


def test_windows_and_its_licence(tmp_path: Path) -> None:
    """The kind tells the system; `license_type` tells whether the licence is paid by use."""
    assert only(tmp_path, change(WINDOWS, SET)).operating_system == "windows"
    assert not only(tmp_path, change(WINDOWS, {**SET, "license_type": "None"})).own_licence
    assert only(tmp_path, change(WINDOWS, {**SET, "license_type": "Windows_Server"})).own_licence


def test_values_known_only_after_apply(tmp_path: Path) -> None:
    """What is computed is said to be unknown, and keeps its place for an edit."""
    values = {"location": "westeurope", "instances": 2}
    asked = block(WEB, {"sku": reference("random_shuffle.sizes.result")}, "azurerm")
    group = only(tmp_path, change(WEB, values, unknown={"sku": True}), blocks=[asked])
    assert group.slots == ()
    assert group.sites["instance_type"].value is UNKNOWN
    assert "its instance type is known only after apply" in group.notes


def test_sensitive_values_stay_hidden(tmp_path: Path) -> None:
    """A sensitive size or number is never read."""
    group = only(tmp_path, change(WEB, SET, sensitive={"sku": True, "instances": True}))
    assert (group.slots, group.desired_capacity) == ((), None)
    assert "its instance type is sensitive" in group.notes
    assert "Standard_D4s_v5" not in repr(group)
    assert any("number of instances is sensitive" in note for note in group.notes)


def test_counted_sets_in_a_module_with_an_aliased_provider(tmp_path: Path) -> None:
    """Each key is a group; its place names the module and the key."""
    keys = ("eu", "us")
    made = [
        change(f'module.m.{WEB}["{key}"]', {**SET, "id": key, "location": place}, index=key)
        for key, place in zip(keys, ("North Europe", "eastus2"), strict=True)
    ]
    call = {"expressions": {}, "module": {"resources": [block(WEB, {}, "azurerm.other")]}}
    found = azure(tmp_path, *made, module_calls={"m": call}).groups
    assert [group.region for group in found] == ["northeurope", "eastus2"]
    site = found[1].sites["instance_type"]
    assert (site.module, site.key) == (("module.m",), "us")


def test_the_region_of_the_resource_group(tmp_path: Path) -> None:
    """A location that is not known follows the resource group; a guess is called one."""
    asked = reference("azurerm_resource_group.shop.location", "azurerm_resource_group.shop")
    made = [
        change("azurerm_resource_group.shop", {"name": "shop", "location": "France Central"}),
        change("azurerm_resource_group.other", {"name": "other", "location": "eastus"}),
        change(WEB, {"sku": "Standard_D4s_v5", "instances": 1}, unknown={"location": True}),
    ]
    group = only(tmp_path, *made, blocks=[block(WEB, {"location": asked}, "azurerm")])
    assert (group.region, group.notes) == ("francecentral", ())
    guessed = only(tmp_path, made[0], made[2], blocks=[block(WEB, {}, "azurerm")])
    assert guessed.region == "francecentral"
    assert any("only resource group" in note for note in guessed.notes)
    elsewhere = block(WEB, {"location": reference("module.base.place")}, "azurerm")
    assert only(tmp_path, made[0], made[2], blocks=[elsewhere]).region is None


@pytest.mark.parametrize(
    ("kind", "mode", "features", "by_apply", "words"),
    [
        ("linux", "Manual", {}, True, "one after the other"),
        ("windows", None, {}, True, "one after the other"),
        ("linux", "Manual", {"roll_instances_when_required": False}, False, "new instances only"),
        ("linux", "Rolling", {"roll_instances_when_required": False}, True, "in batches"),
        ("linux", "Automatic", {}, True, "several at a time"),
        ("orchestrated", "Manual", {}, False, "new instances only"),
    ],
)
def test_how_a_size_reaches_running_instances(
    kind: str, mode: str | None, features: Values, by_apply: bool, words: str, tmp_path: Path
) -> None:
    """By Azure where the mode is not manual, else by the provider unless that is switched off."""
    said = {name: constant(value) for name, value in features.items()}
    told = {"features": [{"virtual_machine_scale_set": [said]} if said else {}]}
    providers = {"azurerm": {**PROVIDERS["azurerm"], "expressions": told}}
    address = f"azurerm_{kind}_virtual_machine_scale_set.web"
    values = {**SET, "sku_name": "Standard_D4s_v5", "upgrade_mode": mode}
    made = [block(address, {}, "azurerm")]
    group = only(tmp_path, change(address, values), blocks=made, providers=providers)
    assert group.rolls_on == {"instance_type"}
    assert (group.instance_refresh, words in (group.reaches or "")) == (by_apply, True)


FLEX = {**SET, "sku_name": "Standard_D8s_v5", "priority": "Spot"}


@pytest.mark.parametrize(
    ("mix", "base", "share"),
    [
        ([], 0, 1.0),
        ([{"base_regular_count": 2, "regular_percentage_above_base": 25}], 2, 0.75),
        ([{"base_regular_count": None, "regular_percentage_above_base": None}], 0, 1.0),
    ],
)
def test_spot_of_a_flexible_set(mix: list[Values], base: int, share: float, tmp_path: Path) -> None:
    """`priority_mix` says how many come first on demand, and which share of the rest."""
    group = only(tmp_path, change(FLEXIBLE, {**FLEX, "priority_mix": mix}))
    assert (group.on_demand_base, group.spot_share) == (base, share)
    assert group.sites["instance_type"].path == ("sku_name",)
    regular = {**FLEX, "priority_mix": mix, "priority": "Regular"}
    assert only(tmp_path, change(FLEXIBLE, regular)).spot_share == 0.0


@pytest.mark.parametrize(
    ("values", "system"),
    [
        ({"os_profile": [{"windows_configuration": [{"admin_username": "a"}]}]}, "windows"),
        ({"os_profile": [{"linux_configuration": [{"admin_username": "a"}]}]}, "linux"),
        ({"source_image_reference": [{"publisher": "MicrosoftWindowsServer"}]}, "windows"),
        ({"source_image_reference": [{"publisher": "Canonical"}]}, "linux"),
        ({}, "unknown"),
    ],
)
def test_the_system_of_a_flexible_set(values: Values, system: str, tmp_path: Path) -> None:
    """Its profile tells the system, else the publisher of its image."""
    assert only(tmp_path, change(FLEXIBLE, {**FLEX, **values})).operating_system == system


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sku_name": "Mix", "sku_profile": [{"vm_sizes": ["a", "b"]}]}, "a mix of sizes"),
        ({"sku_name": None}, "no size of its own"),
    ],
)
def test_flexible_sets_without_one_size(values: Values, reason: str, tmp_path: Path) -> None:
    """What has no one size is skipped, with the reason."""
    plan = azure(tmp_path, change(FLEXIBLE, {**FLEX, **values}))
    assert plan.groups == ()
    (skipped,) = plan.skipped
    assert (skipped.address, reason in skipped.reason) == (FLEXIBLE, True)


def test_the_retired_kind(tmp_path: Path) -> None:
    """Size and number stand in its `sku` block, and low priority is what is now Spot."""
    values = {
        "location": "westeurope",
        "sku": [{"name": "Standard_F2", "tier": "Standard", "capacity": 4}],
        "upgrade_policy_mode": "Automatic",
        "priority": "Low",
        "os_profile_windows_config": [{"provision_vm_agent": True}],
        "storage_profile_data_disk": [{"managed_disk_type": "Standard_LRS", "disk_size_gb": 40}],
    }
    group = only(tmp_path, change(RETIRED, values))
    assert (group.slots, group.desired_capacity) == ((Slot("Standard_F2"),), 4)
    assert group.sites["desired_capacity"].path == ("sku", 0, "capacity")
    assert (group.spot_share, group.operating_system) == (1.0, "windows")
    assert group.disks == (Disk(64.0, "S6"),)


@pytest.mark.parametrize(
    "disk",
    [
        {"storage_account_type": "Premium_LRS"},  # the image tells its size
        {"storage_account_type": "Premium_LRS", "disk_size_gb": 9000},
        {"storage_account_type": "UltraSSD_LRS", "disk_size_gb": 64},
        {
            "storage_account_type": "Standard_LRS",
            "disk_size_gb": 64,
            "diff_disk_settings": [{"option": "Local"}],  # part of the machine
        },
    ],
)
def test_disks_that_have_no_price(disk: Values, tmp_path: Path) -> None:
    """A disk of unknown size, of another kind, or on the machine itself is not priced."""
    assert only(tmp_path, change(WEB, {**SET, "os_disk": [disk]})).disks == ()


def test_an_image_that_is_paid_for(tmp_path: Path) -> None:
    """A Linux that has a price of its own is told."""
    values = {**SET, "source_image_reference": [{"publisher": "RedHat", "offer": "RHEL"}]}
    assert only(tmp_path, change(WEB, values)).notes == (
        "what Red Hat asks for its image is not in the price",
    )


def test_destroyed_sets_are_listed(tmp_path: Path) -> None:
    """A scale set that the plan destroys is no group."""
    plan = azure(tmp_path, change(WEB, None, before=SET, actions=["delete"]))
    assert [(one.address, one.reason) for one in plan.skipped] == [(WEB, "the plan destroys it")]


@pytest.mark.parametrize(
    ("address", "together", "most"),
    [(WEB, None, 100), (WEB, True, 100), (WEB, False, 1000), (FLEXIBLE, None, 1000)],
)
def test_how_many_azure_lets_a_set_have(
    address: str, together: bool | None, most: int, tmp_path: Path
) -> None:
    """One placement group holds a hundred; no proposal goes beyond."""
    values = {**FLEX, "instances": 30, "single_placement_group": together}
    group = only(tmp_path, change(address, values))
    assert group.most_instances == most
    knobs = knobs_of(group, Leaves({}, effective(group)), DefaultsTable())
    assert knobs.largest_size == min(most, 150)
    many = replace(group, max_size=120)  # as it stands, whatever the limit
    assert knobs_of(many, Leaves({}, effective(many)), DefaultsTable()).largest_size >= 120
