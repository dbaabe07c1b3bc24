"""Azure's virtual machines: those of one block together, their system, licence, zones, disks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure_plans import azure, only
from plan_builder import Values, block, change, reference

from tfopt.patching.rollout import rollout
from tfopt.plan.model import Disk, InstanceGroup, Slot

LINUX, WINDOWS = "azurerm_linux_virtual_machine.web", "azurerm_windows_virtual_machine.web"
RETIRED = "azurerm_virtual_machine.web"
HERE = {"location": "westeurope", "size": "Standard_D2s_v5"}
LIVE: dict[str, Any] = {"actions": ["no-op"]}


def machines(*sizes: str, **more: Any) -> list[Values]:
    """Return counted machines of one block, one per size."""
    return [
        change(f"{LINUX}[{n}]", {**HERE, "size": size, "zone": str(n % 2 + 1)}, index=n, **more)
        for n, size in enumerate(sizes)
    ]


def by_address(folder: Path, *changes: Values, **more: Any) -> dict[str, InstanceGroup]:
    """Read a plan and return its groups by address."""
    return {group.address: group for group in azure(folder, *changes, **more).groups}


def test_counted_machines_are_one_group(tmp_path: Path) -> None:
    """Equal machines of a block are one static group, sized by its count."""
    made = block(LINUX, {}, "azurerm", count_expression=reference("var.n"))
    found = by_address(tmp_path, *machines(*["Standard_D2s_v5"] * 3), blocks=[made])
    assert list(found) == [LINUX]
    group = found[LINUX]
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert (group.zones, group.region, group.slots) == (2, "westeurope", (Slot("Standard_D2s_v5"),))
    count = group.sites["desired_capacity"]
    assert (count.address, count.path, count.value) == (LINUX, ("count",), 3)
    assert group.sites["instance_type"].key is None


def test_machines_of_different_sizes_are_split(tmp_path: Path) -> None:
    """Where sizes differ, each key is a group, and the count is no longer one group's own."""
    made = block(LINUX, {}, "azurerm", count_expression=reference("var.n"))
    found = by_address(tmp_path, *machines("Standard_D2s_v5", "Standard_D4s_v5"), blocks=[made])
    assert {address: group.slots[0].instance_type for address, group in found.items()} == {
        f"{LINUX}[0]": "Standard_D2s_v5",
        f"{LINUX}[1]": "Standard_D4s_v5",
    }
    assert all(set(group.sites) == {"instance_type"} for group in found.values())
    assert found[f"{LINUX}[1]"].sites["instance_type"].key == 1


def test_keyed_machines_in_a_module(tmp_path: Path) -> None:
    """`for_each` has no count to change; the module's key is in the place."""
    made = [
        change(f'module.m["x.y"].{LINUX}["{key}"]', HERE, index=key, **LIVE) for key in ("a", "b")
    ]
    (group,) = by_address(tmp_path, *made).values()
    assert (group.address, group.desired_capacity) == (f'module.m["x.y"].{LINUX}', 2)
    assert set(group.sites) == {"instance_type"}
    assert group.sites["instance_type"].module == ('module.m["x.y"]',)
    assert group.action == "no-op"


def test_the_actions_of_several_machines(tmp_path: Path) -> None:
    """What the plan does with them is told by the harshest."""
    same = machines(*["Standard_D2s_v5"] * 2)
    same[0]["change"]["actions"], same[1]["change"]["actions"] = ["update"], ["delete", "create"]
    assert only(tmp_path, *same).action == "replace"
    same[1]["change"]["actions"] = ["no-op"]
    assert only(tmp_path, *same).action == "update"


def test_sizes_that_are_not_told(tmp_path: Path) -> None:
    """A sensitive size stays hidden, an unknown one is said to be."""
    hidden = only(tmp_path, change(LINUX, HERE, sensitive={"size": True}))
    assert (hidden.slots, "sensitive" in hidden.notes[0]) == ((), True)
    assert "Standard_D2s_v5" not in repr(hidden)
    unknown = only(tmp_path, change(LINUX, {"location": "eastus"}, unknown={"size": True}))
    assert (unknown.slots, "after apply" in unknown.notes[0]) == ((), True)


def test_windows_spot_and_licence(tmp_path: Path) -> None:
    """The kind tells the system; licence and priority are the machine's own words."""
    values = {**HERE, "priority": "Spot", "license_type": "Windows_Server"}
    group = only(tmp_path, change(WINDOWS, values))
    assert (group.operating_system, group.own_licence, group.spot_share) == ("windows", True, 1.0)
    plain = only(tmp_path, change(LINUX, HERE))
    assert (plain.operating_system, plain.own_licence, plain.spot_share) == ("linux", False, 0.0)


OLD = {"location": "westeurope", "vm_size": "Standard_F2s", "license_type": None}


@pytest.mark.parametrize(
    ("values", "system"),
    [
        ({"os_profile_windows_config": [{"provision_vm_agent": True}]}, "windows"),
        ({"storage_os_disk": [{"os_type": "Windows"}]}, "windows"),
        ({"storage_os_disk": [{"os_type": "Linux"}]}, "linux"),
        ({"storage_image_reference": [{"publisher": "MicrosoftWindowsServer"}]}, "windows"),
        ({"storage_image_reference": [{"publisher": "debian"}]}, "linux"),
        ({"storage_image_reference": [{"id": "/images/own"}]}, "unknown"),
    ],
)
def test_the_system_of_the_retired_kind(values: Values, system: str, tmp_path: Path) -> None:
    """Its configuration block tells, then its disk, then the publisher of its image."""
    group = only(tmp_path, change(RETIRED, {**OLD, **values}))
    assert group.operating_system == system
    assert group.sites["instance_type"].path == ("vm_size",)


def test_disks(tmp_path: Path) -> None:
    """Each disk is billed as the next larger tier."""
    disk = {"managed_disk_type": "Standard_LRS", "disk_size_gb": 5}
    more = {"storage_os_disk": [disk], "storage_data_disk": [{**disk, "disk_size_gb": 1000}]}
    group = only(tmp_path, change(RETIRED, {**OLD, **more}))
    assert group.disks == (Disk(32.0, "S4"), Disk(1024.0, "S30"))


def test_a_new_size_restarts_a_machine(tmp_path: Path) -> None:
    """The provider shuts a machine down for it, and starts it again."""
    group = only(tmp_path, change(LINUX, HERE, **LIVE, before=HERE))
    told = rollout(group, {"instance_type"})
    assert told.kind == "in-place"
    assert told.notes == ("each machine is shut down and started with the new size",)
    assert rollout(group, {"desired_capacity"}).notes == ()
