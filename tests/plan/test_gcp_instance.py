"""Single instances of Compute Engine, counted, keyed, and from a template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, document, groups, read, reference

from tfopt.plan.model import Disk, Slot

ONE, MADE = "google_compute_instance.web", "google_compute_instance_from_template.web"
TEMPLATE = "google_compute_instance_template.web"
BASE: Values = {"machine_type": "n2-standard-2", "zone": "europe-west1-b"}


def instance(folder: Path, values: Values | None = None, **more: Any) -> Any:
    """Read one instance."""
    made = change(ONE, {**BASE, **(values or {})}, **more)
    return groups(folder, document([made], provider="google"))[ONE]


def test_counted_instances_are_one_group(tmp_path: Path) -> None:
    """Equal instances of a block are one static group; its count is where its size stands."""
    zones = ("europe-west1-b", "europe-west1-c", "europe-west1-b")
    changes = [
        change(f"{ONE}[{n}]", {**BASE, "zone": zone}, index=n) for n, zone in enumerate(zones)
    ]
    made = block(ONE, {}, "google", count_expression=reference("var.n"))
    found = groups(tmp_path, document(changes, [made], provider="google"))
    assert list(found) == [ONE]
    group = found[ONE]
    assert (group.cloud, group.region, group.zones) == ("gcp", "europe-west1", 2)
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert (group.sites["desired_capacity"].path, group.sites["desired_capacity"].value) == (
        ("count",),
        3,
    )
    assert group.sites["instance_type"].path == ("machine_type",)
    assert group.notes == ("a new machine type stops and starts each instance",)


def test_instances_of_different_types_are_split(tmp_path: Path) -> None:
    """Where types differ, each key is a group under its own address."""
    changes = [
        change(f'{ONE}["{key}"]', {**BASE, "machine_type": kind}, index=key)
        for key, kind in (("a", "e2-small"), ("b", "n2-standard-8"))
    ]
    found = groups(tmp_path, document(changes, provider="google"))
    assert {address: one.slots for address, one in found.items()} == {
        f'{ONE}["a"]': (Slot("e2-small"),),
        f'{ONE}["b"]': (Slot("n2-standard-8"),),
    }
    assert found[f'{ONE}["b"]'].sites["instance_type"].key == "b"


def test_disks_system_and_spot(tmp_path: Path) -> None:
    """What the instance makes with itself is paid; what it attaches is another resource."""
    values = {
        "boot_disk": [
            {"initialize_params": [{"image": "ubuntu-os-cloud/x", "size": 40, "type": "pd-ssd"}]}
        ],
        "scratch_disk": [{"interface": "NVME", "size": 375}],
        "attached_disk": [{"source": "d"}],
        "scheduling": [{"preemptible": True}],
    }
    group = instance(tmp_path, values)
    assert group.disks == (Disk(40, "pd-ssd"), Disk(375, "local-ssd"))
    assert (group.operating_system, group.spot_share) == ("linux", 1.0)


def test_running_instance_that_may_not_be_stopped(tmp_path: Path) -> None:
    """The provider refuses a new type of what runs, unless it may stop it."""
    running = {"actions": ["no-op"], "before": BASE}
    held = instance(tmp_path, **running)
    assert "instance_type" not in held.sites
    assert "allow_stopping_for_update" in held.notes[0]
    assert (
        "instance_type" in instance(tmp_path, {"allow_stopping_for_update": True}, **running).sites
    )
    assert "instance_type" in instance(tmp_path).sites


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"guest_accelerator": [{"type": "nvidia-l4", "count": 1}]}, "GPUs"),
        ({"desired_status": "TERMINATED"}, "kept stopped"),
    ],
)
def test_instances_that_are_not_analysed(values: Values, reason: str, tmp_path: Path) -> None:
    """GPUs have no price, and what is stopped serves nothing."""
    found = read(tmp_path, document([change(ONE, {**BASE, **values})], provider="google"))
    assert found.groups == ()
    assert reason in found.skipped[0].reason
    assert "instance_type" in instance(tmp_path, {"desired_status": "RUNNING"}).sites


def test_unknown_and_sensitive_types(tmp_path: Path) -> None:
    """A type that is not told has a site, no name, and a note that says why."""
    unknown = instance(tmp_path, {"machine_type": None}, unknown={"machine_type": True})
    assert (unknown.slots, unknown.notes[0]) == ((), "its machine type is known only after apply")
    hidden = instance(tmp_path, sensitive={"machine_type": True})
    assert (hidden.slots, hidden.notes[0]) == ((), "its machine type is sensitive")
    assert "n2-standard-2" not in repr(hidden)


def from_template(folder: Path, values: Values, written: Values, **more: Any) -> Any:
    """Read an instance that is made from a template."""
    made = [
        change(TEMPLATE, {"machine_type": "e2-standard-4"}, unknown={"id": True}),
        change(MADE, {"zone": "europe-west1-d", **values}, **more),
    ]
    named = {"source_instance_template": reference(f"{TEMPLATE}.self_link", TEMPLATE)}
    blocks = [block(TEMPLATE, {}, "google"), block(MADE, {**named, **written}, "google")]
    return groups(folder, document(made, blocks, provider="google"))[MADE]


def test_instance_from_a_template(tmp_path: Path) -> None:
    """The template's type is the instance's; a new one makes another template and instance."""
    unknown = {"machine_type": True, "source_instance_template": True}
    group = from_template(tmp_path, {}, {}, unknown=unknown)
    assert group.slots == (Slot("e2-standard-4"),)
    assert group.sites["instance_type"].address == TEMPLATE
    assert group.replaces_on == {"instance_type"}


def test_instance_that_overrides_its_template(tmp_path: Path) -> None:
    """A type of the instance's own wins, and is changed in place."""
    group = from_template(
        tmp_path,
        {"machine_type": "e2-standard-8"},
        {"machine_type": {"constant_value": "e2-standard-8"}},
        unknown={"source_instance_template": True},
    )
    assert group.slots == (Slot("e2-standard-8"),)
    assert group.sites["instance_type"].address == MADE


def test_template_that_is_not_in_the_plan(tmp_path: Path) -> None:
    """What runs tells its type, and where it could be changed is not in this plan."""
    values = {**BASE, "source_instance_template": "projects/p/global/instanceTemplates/x"}
    made = change(MADE, values, actions=["no-op"], before=values)
    blocks = [block(MADE, {"source_instance_template": reference("var.template")}, "google")]
    group = groups(tmp_path, document([made], blocks, provider="google"))[MADE]
    assert (group.slots, group.sites) == ((Slot("n2-standard-2"),), {})
    assert group.notes == ("its instance template is not in this plan",)
