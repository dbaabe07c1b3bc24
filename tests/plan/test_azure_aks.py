"""AKS node pools: a cluster's own and those beside it, what scales them, what a new size does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure_plans import PROVIDERS, azure, only
from plan_builder import Values, block, change, reference

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.patching.rollout import rollout
from tfopt.plan.model import Disk, InstanceGroup, Slot
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.scaling import is_held, scaling_of

CLUSTER, POOL = "azurerm_kubernetes_cluster.main", "azurerm_kubernetes_cluster_node_pool.apps"
CLUSTER_ID = "/subscriptions/0/managedClusters/main"
PLACE = {"id": CLUSTER_ID, "name": "main", "location": "North Europe"}
NODES = {"vm_size": "Standard_D4s_v5", "node_count": 3, "os_disk_size_gb": 128}


def cluster(folder: Path, pool: Values, **more: Any) -> InstanceGroup:
    """Read a cluster with its own pool."""
    return only(folder, change(CLUSTER, {**PLACE, "default_node_pool": [pool]}, **more))


def pools(folder: Path, pool: Values, **more: Any) -> dict[str, InstanceGroup]:
    """Read a cluster and one more pool."""
    made = [
        change(CLUSTER, {**PLACE, "default_node_pool": [NODES]}),
        change(POOL, {"kubernetes_cluster_id": CLUSTER_ID, **pool}, **more),
    ]
    return {group.address: group for group in azure(folder, *made).groups}


def test_a_pool_of_a_fixed_size(tmp_path: Path) -> None:
    """Nothing in the plan moves its node count."""
    group = cluster(tmp_path, {**NODES, "zones": ["1", "2"]})
    assert (group.region, group.unit, group.zones) == ("northeurope", "instance", 2)
    assert group.slots == (Slot("Standard_D4s_v5"),)
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert group.disks == (Disk(128.0, "P10"),)
    assert (is_held(group), group.cluster_autoscaled) == (True, False)
    assert {name: site.path for name, site in group.sites.items()} == {
        "instance_type": ("default_node_pool", 0, "vm_size"),
        "desired_capacity": ("default_node_pool", 0, "node_count"),
    }


@pytest.mark.parametrize("name", ["auto_scaling_enabled", "enable_auto_scaling"])
def test_a_pool_that_its_cluster_scales(name: str, tmp_path: Path) -> None:
    """Its bounds have places; what the pods ask for is not in the plan."""
    group = cluster(tmp_path, {**NODES, name: True, "min_count": 2, "max_count": 8})
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 8, 3)
    assert group.cluster_autoscaled
    assert group.sites["min_size"].path == ("default_node_pool", 0, "min_count")
    assert group.sites["max_size"].path == ("default_node_pool", 0, "max_count")
    with pytest.raises(NotAnalysedError, match="cluster autoscaler"):
        scaling_of(group)


def test_pools_beside_the_clusters_own(tmp_path: Path) -> None:
    """A pool stands where its cluster does; system, priority and disk are its own."""
    values = {**NODES, "priority": "Spot", "os_type": "Windows", "os_disk_type": "Ephemeral"}
    group = pools(tmp_path, values)[POOL]
    assert (group.region, group.spot_share, group.operating_system) == (
        "northeurope",
        1.0,
        "windows",
    )
    assert group.disks == ()
    assert group.sites["instance_type"].path == ("vm_size",)


def test_the_cluster_is_found_by_reference(tmp_path: Path) -> None:
    """A pool in a module, one per key, finds the cluster of its module instance."""
    made = []
    for key, place in (("a", "westeurope"), ("b", "eastus")):
        values = {"location": place, "default_node_pool": [NODES]}
        pool = change(f'module.k["{key}"].{POOL}', NODES, unknown={"kubernetes_cluster_id": True})
        made += [change(f'module.k["{key}"].{CLUSTER}', values, unknown={"id": True}), pool]
    told = {"kubernetes_cluster_id": reference(f"{CLUSTER}.id", CLUSTER)}
    inside = {"resources": [block(CLUSTER, {}, "azurerm"), block(POOL, told, "azurerm")]}
    plan = azure(tmp_path, *made, module_calls={"k": {"expressions": {}, "module": inside}})
    assert {group.address: group.region for group in plan.groups} == {
        f'module.k["a"].{CLUSTER}': "westeurope",
        f'module.k["b"].{CLUSTER}': "eastus",
        f'module.k["a"].{POOL}': "westeurope",
        f'module.k["b"].{POOL}': "eastus",
    }


def test_a_cluster_outside_the_plan(tmp_path: Path) -> None:
    """No cluster of the plan is taken for one that a data source reads."""
    told = {"kubernetes_cluster_id": reference("data.azurerm_kubernetes_cluster.x.id")}
    made = [
        change(CLUSTER, {**PLACE, "default_node_pool": [NODES]}),
        change(POOL, NODES, unknown={"kubernetes_cluster_id": True}),
    ]
    blocks = [block(CLUSTER, {}, "azurerm"), block(POOL, told, "azurerm")]
    plan = azure(tmp_path, *made, blocks=blocks, providers=PROVIDERS)
    (group,) = (one for one in plan.groups if one.address == POOL)
    assert group.region is None
    assert any("region is not in the plan" in note for note in group.notes)


LIVE: dict[str, Any] = {"actions": ["no-op"]}


@pytest.mark.parametrize("own", [True, False])
def test_a_pool_that_cannot_be_cycled_keeps_its_size(own: bool, tmp_path: Path) -> None:
    """Without a name to cycle it by, the provider refuses, or an older one replaces the cluster."""
    values = {**NODES, "temporary_name_for_rotation": None}
    live = {**LIVE, "before": {**PLACE, "default_node_pool": [values]} if own else values}
    group = cluster(tmp_path, values, **live) if own else pools(tmp_path, values, **live)[POOL]
    assert set(group.sites) == {"desired_capacity"}
    assert "without temporary_name_for_rotation" in group.notes[0]
    assert ("the whole cluster" if own else "replace the pool") in group.notes[0]


def test_a_pool_that_is_cycled(tmp_path: Path) -> None:
    """With such a name a new size moves the nodes away and back, and replaces no resource."""
    values = {**NODES, "temporary_name_for_rotation": "spare"}
    group = cluster(tmp_path, values, **LIVE, before={**PLACE, "default_node_pool": [values]})
    assert "instance_type" in group.sites
    assert group.replaces_on == frozenset()
    told = rollout(group, {"instance_type"}, Lifecycle())
    assert (told.kind, told.refusals) == ("rolling", ())
    assert "pool named spare and back, without draining" in told.notes[0]


def test_counts_that_the_provider_computes(tmp_path: Path) -> None:
    """A node count that is left to Azure has no place; one that refers to something has."""
    values = {"vm_size": "Standard_D4s_v5", "enable_auto_scaling": True, "min_count": 1}
    unknown = {"node_count": True, "max_count": True}
    made = [change(POOL, values, unknown=unknown)]
    told = block(POOL, {"max_count": reference("random_integer.most.result")}, "azurerm")
    group = only(tmp_path, *made, blocks=[told])
    assert set(group.sites) == {"instance_type", "min_size", "max_size"}
    assert (group.max_size, group.desired_capacity) == (None, None)


@pytest.mark.parametrize(
    ("size", "premium"),
    [
        ("Standard_D4s_v5", True),
        ("Standard_D4ads_v5", True),
        ("Standard_DS2_v2", True),
        ("Standard_B2s", True),
        ("Standard_E8-2s_v5", True),
        ("Standard_D4_v5", False),
        ("Standard_D2_v2", False),
    ],
)
def test_nodes_have_premium_disks_where_their_size_takes_them(
    size: str, premium: bool, tmp_path: Path
) -> None:
    """AKS gives a node a premium disk where its size has an s for it."""
    disks = cluster(tmp_path, {**NODES, "vm_size": size}).disks
    assert disks == ((Disk(128.0, "P10"),) if premium else ())
