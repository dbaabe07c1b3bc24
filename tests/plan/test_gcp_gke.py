"""Node pools of GKE: how many nodes in how many zones, and which pools are not analysed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, groups, read, reference

from tfopt.plan.model import Disk, Slot

CLUSTER, POOL = "google_container_cluster.main", "google_container_node_pool.apps"
REMOVED = {"remove_default_node_pool": True, "initial_node_count": 1, "name": "main"}
MACHINE = {"node_config": [{"machine_type": "n2-standard-4"}]}
WRITTEN = {"node_config": [{"machine_type": constant("n2-standard-4")}], "node_count": constant(2)}


def clustered(values: Values, cluster: Values | None = None, **more: Any) -> Values:
    """Return a plan of a node pool in a regional cluster whose default pool is removed."""
    written = more.pop("written", WRITTEN)
    made = [
        change(
            CLUSTER,
            {**REMOVED, "location": "us-central1", **(cluster or {})},
            unknown={"id": True, "node_locations": "node_locations" not in (cluster or {})},
        ),
        change(
            POOL, {"node_count": 2, **MACHINE, **values}, **{"unknown": {"cluster": True}, **more}
        ),
    ]
    named = {"cluster": reference(f"{CLUSTER}.id", CLUSTER)}
    blocks = [block(CLUSTER, {}, "google"), block(POOL, {**named, **written}, "google")]
    return document(made, blocks, provider="google")


def pool(folder: Path, values: Values, cluster: Values | None = None, **more: Any) -> Any:
    """Read the node pool of such a plan."""
    return groups(folder, clustered(values, cluster, **more))[POOL]


def test_fixed_pool(tmp_path: Path) -> None:
    """A number of nodes is per zone; a regional cluster has three unless it lists them."""
    group = pool(tmp_path, {"location": "us-central1"})
    assert (group.cloud, group.region, group.slots) == (
        "gcp",
        "us-central1",
        (Slot("n2-standard-4"),),
    )
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 2, 2)
    assert (group.bounds_per, group.zones, group.cluster_autoscaled) == ("zone", 3, False)
    assert {name: site.path for name, site in group.sites.items()} == {
        "instance_type": ("node_config", 0, "machine_type"),
        "desired_capacity": ("node_count",),
    }
    assert (group.rolls_on, group.replaces_on) == ({"instance_type"}, frozenset())
    assert any("3 zones, as regional clusters do" in note for note in group.notes)


@pytest.mark.parametrize(
    ("own", "cluster", "zones"),
    [
        ({"node_locations": ["us-central1-a", "us-central1-b"]}, {}, 2),
        ({}, {"node_locations": ["us-central1-a", "us-central1-f"]}, 2),
        ({}, {"location": "us-central1-a"}, 1),
        ({}, {"location": "us-central1-a", "node_locations": ["us-central1-b"]}, 2),
        ({"location": "us-central1"}, {}, 3),
    ],
)
def test_zones(own: Values, cluster: Values, zones: int, tmp_path: Path) -> None:
    """A pool's own list counts, else its cluster's; a zonal cluster's leaves its own zone out."""
    group = pool(tmp_path, own, cluster)
    assert (group.zones, group.region) == (zones, "us-central1")


def test_pool_of_a_cluster_elsewhere(tmp_path: Path) -> None:
    """A pool whose cluster is not in the plan is read by its own location."""
    values = {"location": "us-east4-a", "cluster": "c", "node_count": 3, **MACHINE}
    found = groups(tmp_path, document([change(POOL, values)], provider="google"))[POOL]
    assert (found.region, found.zones, found.desired_capacity) == ("us-east4", 1, 3)
    del values["location"]
    found = groups(tmp_path, document([change(POOL, values)], provider="google"))[POOL]
    assert found.zones is None


def test_autoscaled_pool(tmp_path: Path) -> None:
    """Bounds of a cluster autoscaler are per zone, or in total where they say so."""
    bounds = {"min_node_count": 1, "max_node_count": 4, "total_max_node_count": None}
    group = pool(tmp_path, {"node_count": None, "initial_node_count": 2, "autoscaling": [bounds]})
    assert group.cluster_autoscaled
    assert (group.bounds_per, group.min_size, group.max_size) == ("zone", 1, 4)
    assert group.desired_capacity == 2
    assert group.sites["max_size"].path == ("autoscaling", 0, "max_node_count")
    bounds = {"total_min_node_count": 3, "total_max_node_count": 30, "min_node_count": 0}
    group = pool(tmp_path, {"autoscaling": [bounds]})
    assert (group.bounds_per, group.min_size, group.max_size) == ("total", 3, 30)
    assert group.sites["min_size"].path == ("autoscaling", 0, "total_min_node_count")


def test_machine_facts(tmp_path: Path) -> None:
    """Spot, disks, local disks and Windows are read from the node's configuration."""
    node = {"machine_type": "n2-standard-4", "disk_size_gb": 50, "local_ssd_count": 2}
    group = pool(tmp_path, {"node_config": [{**node, "spot": True}]})
    assert group.disks == (Disk(50, "pd-balanced"), *[Disk(375, "local-ssd")] * 2)
    assert (group.spot_share, group.operating_system) == (1.0, "linux")
    group = pool(tmp_path, {"node_config": [{**node, "image_type": "WINDOWS_LTSC_CONTAINERD"}]})
    assert (group.spot_share, group.operating_system) == (0.0, "windows")
    group = pool(tmp_path, {"node_config": [{**node, "preemptible": True}]})
    assert group.spot_share == 1.0


def test_no_machine_type(tmp_path: Path) -> None:
    """Where nobody names a type GKE launches e2-medium, and there is no place to change it."""
    group = pool(
        tmp_path,
        {"node_config": None},
        unknown={"cluster": True, "node_config": True},
        written={"node_count": constant(2)},
    )
    assert group.slots == (Slot("e2-medium"),)
    assert "instance_type" not in group.sites
    assert any("GKE launches e2-medium" in note for note in group.notes)


def test_machine_type_known_only_after_apply(tmp_path: Path) -> None:
    """A type that is written but not known is not replaced by the default."""
    unknown = {"cluster": True, "node_config": [{"machine_type": True}]}
    group = pool(tmp_path, {"node_config": [{}]}, unknown=unknown)
    assert group.slots == ()
    assert "its machine type is known only after apply" in group.notes


def test_sensitive_node_count(tmp_path: Path) -> None:
    """A sensitive number of nodes is left alone and not shown."""
    group = pool(tmp_path, {"node_count": 77}, sensitive={"node_count": True})
    assert group.desired_capacity is None
    assert "node_count is sensitive and left alone" in group.notes
    assert "77" not in repr(group)


def cluster(folder: Path, values: Values, written: Values | None = None, **more: Any) -> Any:
    """Read a plan with a cluster alone."""
    own = {"name": "main", "location": "us-central1-a", "initial_node_count": 3, **values}
    made = change(CLUSTER, own, **more)
    blocks = [block(CLUSTER, written or {}, "google")]
    return read(folder, document([made], blocks, provider="google"))


DEFAULT = {
    "node_config": [{"machine_type": constant("e2-standard-2")}],
    "initial_node_count": constant(3),
}
OWN = {"node_config": [{"machine_type": "e2-standard-2"}]}


def test_default_pool(tmp_path: Path) -> None:
    """A cluster that keeps its default pool is a group of it; its number is for the start."""
    group = cluster(tmp_path, OWN, DEFAULT).groups[0]
    assert (group.address, group.slots) == (CLUSTER, (Slot("e2-standard-2"),))
    assert (group.desired_capacity, group.zones, group.bounds_per) == (3, 1, "zone")
    assert {name: site.path for name, site in group.sites.items()} == {
        "instance_type": ("node_config", 0, "machine_type"),
        "desired_capacity": ("initial_node_count",),
    }
    group = cluster(tmp_path, OWN, DEFAULT, actions=["no-op"]).groups[0]
    assert set(group.sites) == {"instance_type"}
    assert any("another initial_node_count replaces the cluster" in n for n in group.notes)


def test_pool_inside_a_cluster(tmp_path: Path) -> None:
    """One pool block is read in place of the default pool; several are told."""
    inside = {"name": "a", "node_count": 2, **MACHINE}
    written = {"node_pool": [{"node_config": [{"machine_type": constant("x")}], "node_count": {}}]}
    group = cluster(tmp_path, {"node_pool": [inside]}, written).groups[0]
    assert (group.slots, group.desired_capacity) == ((Slot("n2-standard-4"),), 2)
    assert group.sites["instance_type"].path == ("node_pool", 0, "node_config", 0, "machine_type")
    found = cluster(tmp_path, {"node_pool": [inside, inside]}, written)
    assert found.groups == ()
    assert "several node pools" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"remove_default_node_pool": True}, "default node pool is removed"),
        ({"enable_autopilot": True}, "Autopilot"),
        ({"node_config": [{"guest_accelerator": [{"type": "t4", "count": 2}]}]}, "GPUs"),
    ],
)
def test_clusters_that_are_not_analysed(values: Values, reason: str, tmp_path: Path) -> None:
    """A cluster without nodes of its own, or whose nodes have no price, says so."""
    found = cluster(tmp_path, {**OWN, **values}, DEFAULT)
    assert found.groups == ()
    assert reason in found.skipped[0].reason


def test_pool_of_an_autopilot_cluster(tmp_path: Path) -> None:
    """Autopilot sizes its nodes, also where a pool is written."""
    found = read(tmp_path, clustered({}, {"enable_autopilot": True}))
    assert found.groups == ()
    assert {one.address for one in found.skipped} == {CLUSTER, POOL}
    assert all(one.reason.startswith("Autopilot") for one in found.skipped)
