"""What an apply does with a change of an Azure group: what moves it, what its disks ask, bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure_plans import IN, OUT, SET, SETTING, WEB, azure, profile, setting
from plan_builder import Values, block, change, constant

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.patching.consequences import Consequences, consequences

LIVE: dict[str, Any] = {"actions": ["no-op"]}
POOL = "azurerm_kubernetes_cluster_node_pool.apps"
NODES = {
    "vm_size": "Standard_D4s_v5",
    "node_count": 3,
    "auto_scaling_enabled": True,
    "min_count": 2,
    "max_count": 8,
    "temporary_name_for_rotation": "spare",
}
WRITTEN = {name: constant(value) for name, value in NODES.items()}
VM = "azurerm_linux_virtual_machine.one"


def told(
    folder: Path,
    edit: dict[str, tuple[object, object]],
    *changes: Values,
    lifecycles: dict[str, Lifecycle] | None = None,
    **more: Any,
) -> Consequences:
    """Return the consequences of an edit of the only group of a plan."""
    plan = azure(folder, *changes, **more)
    (group,) = plan.groups
    return consequences(plan, group, edit, lifecycles)


def scaled(live: int = 3) -> list[Values]:
    """Return a scale set that runs, with its setting; `live` is what autoscale made of it."""
    made = setting(profile(2, 9, OUT, IN))
    made["change"].update(LIVE, before=made["change"]["after"])
    return [change(WEB, SET, before={**SET, "instances": live}, actions=["update"]), made]


def test_autoscale_moves_the_instances(tmp_path: Path) -> None:
    """An apply sets `instances` back each time, unless that is ignored."""
    blocks = [block(WEB, {"instances": constant(3)}, "azurerm"), block(SETTING, {}, "azurerm")]
    edit: dict[str, tuple[object, object]] = {"desired_capacity": (3, 5)}
    (note,) = told(tmp_path, edit, *scaled(live=7), blocks=blocks).notes
    assert note.startswith("autoscale moves the desired capacity: this apply sets it from the live")
    assert "from the live 7 to 5, and so does each later one, unless ignore_changes" in note
    ignored = {"desired_capacity": Lifecycle(ignored_at="main.tf:9")}
    found = told(tmp_path, edit, *scaled(), blocks=blocks, lifecycles=ignored)
    assert found.futile
    assert not any("autoscale moves" in note for note in found.notes)


def test_bounds_in_order(tmp_path: Path) -> None:
    """The bounds of a setting stay in order; `instances` may stand outside of them."""
    found = told(tmp_path, {"min_size": (2, 12)}, *scaled())
    assert found.refusals == ("the minimum 12 would stand above the maximum 9",)
    assert told(tmp_path, {"min_size": (2, 5)}, *scaled()).refusals == ()


def test_a_size_rolls_while_the_bounds_act(tmp_path: Path) -> None:
    """The size comes to run by the provider, the new minimum at once."""
    edit: dict[str, tuple[object, object]] = {
        "instance_type": ("Standard_D4s_v5", "Standard_D4as_v5"),
        "min_size": (2, 3),
    }
    found = told(tmp_path, edit, *scaled())
    assert found.kind == "rolling"
    assert found.notes[0] == (
        "the provider upgrades and reimages the instances, one after the other; until it is done, "
        "the new minimum acts on Standard_D4s_v5"
    )


@pytest.mark.parametrize(
    ("old", "new", "actions", "asked"),
    [
        ("Standard_D2s_v5", "Standard_D2as_v6", ["no-op"], "image and running machines"),
        ("Standard_DS2", "Standard_D2s_v7", ["create"], "its image"),
        ("Standard_D2s_v6", "Standard_D2s_v7", ["no-op"], None),
        ("Standard_D2s_v4", "Standard_D2s_v5", ["no-op"], None),
        ("Standard_D2s_v6", "Standard_D2s_v5", ["no-op"], None),
    ],
)
def test_disks_of_newer_sizes(
    old: str, new: str, actions: list[str], asked: str | None, tmp_path: Path
) -> None:
    """From version 6 on disks are attached by NVMe, which image and machine have to know."""
    made = change(VM, {"location": "westeurope", "size": old}, actions=actions)
    notes = told(tmp_path, {"instance_type": (old, new)}, made).notes
    found = [note for note in notes if "NVMe" in note]
    assert bool(found) == (asked is not None)
    assert all(f"see that {asked} can do that first" in note for note in found)


def test_nodes_are_made_anew(tmp_path: Path) -> None:
    """The nodes of AKS have an image of its own: nothing is to be seen to."""
    edit: dict[str, tuple[object, object]] = {
        "instance_type": ("Standard_D4s_v5", "Standard_D4s_v6")
    }
    found = told(tmp_path, edit, change(POOL, NODES, before=NODES, **LIVE))
    assert (found.kind, found.refusals) == ("rolling", ())
    assert not any("NVMe" in note for note in found.notes)


def test_a_pools_count_lies_within_its_bounds(tmp_path: Path) -> None:
    """The provider takes no `node_count` outside the two others, where it is stated."""
    made, written = change(POOL, NODES, before=NODES, **LIVE), [block(POOL, WRITTEN, "azurerm")]
    edit: dict[str, tuple[object, object]] = {"min_size": (2, 4)}
    (refusal,) = told(tmp_path, edit, made, blocks=written).refusals
    assert "desired_capacity 3 is written in the configuration and would stand below" in refusal
    ignored = {"desired_capacity": Lifecycle(ignored_at="main.tf:9")}
    assert told(tmp_path, edit, made, blocks=written, lifecycles=ignored).refusals == ()
