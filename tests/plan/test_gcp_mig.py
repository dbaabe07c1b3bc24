"""Managed instance groups of Compute Engine: what they launch, how many, and what scales them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, read, reference

from tfopt.plan.model import Disk, Plan, Slot

GROUP = "google_compute_region_instance_group_manager.web"
ZONAL = "google_compute_instance_group_manager.web"
TEMPLATE = "google_compute_instance_template.web"
LAUNCHES = {"version": [{"instance_template": reference(f"{TEMPLATE}.id", TEMPLATE)}]}
UNKNOWN = {"id": True, "self_link": True, "version": [{"instance_template": True}]}
SIZES = {"name": "web", "target_size": 3, "version": [{"name": None, "target_size": []}]}


def plan(folder: Path, *changes: Values, blocks: list[Values] | None = None, **more: Any) -> Plan:
    """Read a plan of Google Cloud."""
    return read(folder, document(list(changes), blocks, provider="google", **more))


def template(values: Values, address: str = TEMPLATE, **more: Any) -> Values:
    """Return a template whose id is known only after apply."""
    own = {"machine_type": "n2-standard-4", **values}
    return change(address, own, unknown={"id": True, "self_link": True}, **more)


def group(
    folder: Path, values: Values | None = None, machine: Values | None = None, **more: Any
) -> Any:
    """Read a regional group and its template, linked by reference."""
    address = more.pop("address", GROUP)
    expressions = {**LAUNCHES, "target_size": constant(3), **more.pop("expressions", {})}
    made = [
        template(machine or {}),
        change(address, {**SIZES, **(values or {})}, unknown=UNKNOWN, **more),
    ]
    blocks = [block(address, expressions, "google"), block(TEMPLATE, {}, "google")]
    found = plan(folder, *made, blocks=blocks).groups
    assert len(found) == 1
    return found[0]


def test_type_and_size_with_their_sites(tmp_path: Path) -> None:
    """The template names the type, the manager the size; nothing scales it."""
    found = group(tmp_path, {"distribution_policy_zones": ["europe-west1-b", "europe-west1-c"]})
    assert (found.address, found.kind, found.cloud) == (GROUP, GROUP.partition(".")[0], "gcp")
    assert (found.region, found.zones, found.unit) == ("europe-west1", 2, "instance")
    assert found.slots == (Slot("n2-standard-4"),)
    assert (found.min_size, found.max_size, found.desired_capacity) == (3, 3, 3)
    places = {name: (site.address, site.path) for name, site in found.sites.items()}
    assert places == {
        "instance_type": (TEMPLATE, ("machine_type",)),
        "desired_capacity": (GROUP, ("target_size",)),
    }
    assert found.scalers == ()
    assert (found.rolls_on, found.instance_refresh) == ({"instance_type"}, False)
    assert found.notes == ()


def test_zonal_group(tmp_path: Path) -> None:
    """A zonal group stands in one zone, which tells the region too."""
    found = group(tmp_path, {"zone": "us-east4-b"}, address=ZONAL)
    assert (found.zones, found.region) == (1, "us-east4")


def test_regional_group_without_zones(tmp_path: Path) -> None:
    """A regional group spreads over three zones where it lists none."""
    assert group(tmp_path).zones == 3


@pytest.mark.parametrize(
    ("update", "rolls"),
    [
        ({"type": "PROACTIVE", "minimal_action": "REPLACE"}, True),
        ({"type": "OPPORTUNISTIC", "minimal_action": "REPLACE"}, False),
        ({"type": "PROACTIVE", "most_disruptive_allowed_action": "REFRESH"}, False),
        ({"type": "PROACTIVE", "most_disruptive_allowed_action": "RESTART"}, True),
    ],
)
def test_update_policy(update: Values, rolls: bool, tmp_path: Path) -> None:
    """Only a proactive policy that may restart brings a new type to what runs."""
    assert group(tmp_path, {"update_policy": [update]}).instance_refresh is rolls


@pytest.mark.parametrize(
    "scheduling", [{"preemptible": True}, {"provisioning_model": "SPOT", "preemptible": None}]
)
def test_spot(scheduling: Values, tmp_path: Path) -> None:
    """Spot instances, by either name, are bought on spot."""
    assert group(tmp_path, machine={"scheduling": [scheduling]}).spot_share == 1.0
    assert group(tmp_path, machine={"scheduling": [{"preemptible": False}]}).spot_share == 0.0


def test_disks_and_system(tmp_path: Path) -> None:
    """Disks with a size are paid per instance; an existing one and an image's size are not told."""
    disks = [
        {"source_image": "debian-cloud/debian-12", "disk_size_gb": 20, "disk_type": "pd-ssd"},
        {"type": "SCRATCH", "disk_type": "local-ssd", "disk_size_gb": 375},
        {"source": "data", "disk_size_gb": 500, "disk_type": "pd-ssd"},
        {"source_image": "", "disk_size_gb": 50},
        {"source_image": "family/cos-stable"},
    ]
    found = group(tmp_path, machine={"disk": disks})
    assert found.disks == (Disk(20, "pd-ssd"), Disk(375, "local-ssd"), Disk(50, "pd-standard"))
    assert found.operating_system == "linux"


def test_images_with_a_licence(tmp_path: Path) -> None:
    """Windows has no price; what Red Hat asks for beside the machine is said."""
    windows = [{"source_image": "windows-cloud/windows-2022"}]
    assert group(tmp_path, machine={"disk": windows}).operating_system == "windows"
    found = group(tmp_path, machine={"disk": [{"source_image": "rhel-cloud/rhel-9"}]})
    assert found.operating_system == "linux"
    assert found.notes == ("the licence of its RHEL image is not in the price",)


def test_machine_type_as_a_link(tmp_path: Path) -> None:
    """A machine type may be named by its link."""
    link = "zones/europe-west1-b/machineTypes/c3-standard-4"
    assert group(tmp_path, machine={"machine_type": link}).slots == (Slot("c3-standard-4"),)


def test_gpus_are_not_priced(tmp_path: Path) -> None:
    """A group with GPUs would cost far more than its machines: it is skipped with that reason."""
    gpus = {"guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 1}]}
    blocks = [block(GROUP, LAUNCHES, "google"), block(TEMPLATE, {}, "google")]
    found = plan(tmp_path, template(gpus), change(GROUP, SIZES, unknown=UNKNOWN), blocks=blocks)
    assert found.groups == ()
    assert [(one.address, "GPUs" in one.reason) for one in found.skipped] == [(GROUP, True)]


def test_several_machine_types_are_not_simulated(tmp_path: Path) -> None:
    """A flexibility policy lets capacity decide the type: the group is skipped with that reason."""
    policy = [{"instance_selections": [{"name": "a", "machine_types": ["n2-standard-4"]}]}]
    values = {**SIZES, "instance_flexibility_policy": policy}
    blocks = [block(GROUP, LAUNCHES, "google"), block(TEMPLATE, {}, "google")]
    made = [template({}), change(GROUP, values, unknown=UNKNOWN)]
    found = plan(tmp_path, *made, blocks=blocks)
    assert found.groups == ()
    assert [one.address for one in found.skipped] == [GROUP]
    assert "instance_flexibility_policy" in found.skipped[0].reason


def test_instances_that_stand_by(tmp_path: Path) -> None:
    """Stopped and suspended instances are told, where there are any."""
    assert group(tmp_path, {"target_stopped_size": 0}).notes == ()
    notes = group(tmp_path, {"target_suspended_size": 2}).notes
    assert notes == ("its stopped and suspended instances are neither simulated nor priced",)


@pytest.mark.parametrize("identifier", ["id", "self_link", "self_link_unique"])
def test_template_by_value(identifier: str, tmp_path: Path) -> None:
    """Of a group that stands, the planned link leads to the template."""
    named = f"projects/p/global/instanceTemplates/web-1-by-{identifier}"
    values = {**SIZES, "version": [{"instance_template": named}]}
    found = plan(
        tmp_path,
        change(TEMPLATE, {identifier: named, "machine_type": "e2-standard-2"}),
        change(f"{TEMPLATE}2", {identifier: "other", "machine_type": "e2-standard-8"}),
        change(GROUP, values),
    )
    assert found.groups[0].slots == (Slot("e2-standard-2"),)
    assert [one.address for one in found.skipped] == [f"{TEMPLATE}2"]
    assert "no group of this plan launches from it" in found.skipped[0].reason


def test_template_of_another_configuration(tmp_path: Path) -> None:
    """A template that is not in the plan leaves the type unknown, and says why."""
    values = {**SIZES, "version": [{"instance_template": "projects/p/global/instanceTemplates/x"}]}
    found = plan(tmp_path, change(GROUP, values)).groups[0]
    assert (found.slots, "instance_type" in found.sites) == ((), False)
    assert found.notes == ("its instance template is not in this plan",)


def test_template_per_key(tmp_path: Path) -> None:
    """Groups and templates of one `for_each` are paired by key, in a module with an alias."""
    made = []
    for key, kind in (("a", "e2-standard-2"), ("b", "n2-highmem-4")):
        at = f'["{key}"]'
        made += [
            template({"machine_type": kind}, f"module.m.{TEMPLATE}{at}", index=key),
            change(f"module.m.{GROUP}{at}", SIZES, unknown=UNKNOWN, index=key),
        ]
    inside = [block(GROUP, LAUNCHES, "google.west"), block(TEMPLATE, {}, "google.west")]
    providers = {
        "google": {"name": "google", "expressions": {"region": constant("europe-west1")}},
        "google.west": {
            "name": "google",
            "alias": "west",
            "expressions": {"region": constant("us-west1")},
        },
    }
    calls = {"m": {"module": {"resources": inside}}}
    found = plan(tmp_path, *made, module_calls=calls, providers=providers).groups
    assert [one.slots[0].instance_type for one in found] == ["e2-standard-2", "n2-highmem-4"]
    assert found[1].sites["instance_type"].address == f'module.m.{TEMPLATE}["b"]'
    assert {one.region for one in found} == {"us-west1"}


def test_canary_of_the_same_type(tmp_path: Path) -> None:
    """The version without a target size is the base; a canary is told."""
    versions = {
        "version": [
            {"name": "canary", "target_size": [{"fixed": None, "percent": 20}]},
            {"name": "base", "target_size": []},
        ]
    }
    canary = f"{TEMPLATE}_canary"
    written = {
        "version": [
            {"instance_template": reference(f"{canary}.id", canary)},
            {"instance_template": reference(f"{TEMPLATE}.id", TEMPLATE)},
        ]
    }
    unknown = {"version": [{"instance_template": True}, {"instance_template": True}]}
    blocks = [block(GROUP, written, "google"), *(block(t, {}) for t in (TEMPLATE, canary))]

    def with_canary(kind: str) -> Any:
        made = [template({}), template({"machine_type": kind}, canary)]
        made.append(change(GROUP, {**SIZES, **versions}, unknown=unknown))
        return plan(tmp_path, *made, blocks=blocks)

    found = with_canary("n2-standard-4")
    assert found.skipped == ()
    assert found.groups[0].sites["instance_type"].address == TEMPLATE
    assert found.groups[0].notes == (
        "20 % of its instances run another version (canary) on the same machine type",
    )
    notes = with_canary("n2-highcpu-8").groups[0].notes
    assert len(notes) == 1
    assert "n2-highcpu-8: all are priced as the base version" in notes[0]


def test_nothing_says_how_many(tmp_path: Path) -> None:
    """A group without target size and autoscaler has no size, and no place to change one."""
    found = group(tmp_path, {"target_size": None}, expressions={"target_size": constant(None)})
    assert (found.min_size, found.max_size, found.desired_capacity) == (None, None, None)
    assert "desired_capacity" not in found.sites


def test_values_known_only_after_apply(tmp_path: Path) -> None:
    """Where a random or data value decides, the type has a site and no name."""
    made = [
        change(TEMPLATE, {}, unknown={"id": True, "machine_type": True}),
        change(GROUP, SIZES, unknown=UNKNOWN),
    ]
    blocks = [block(GROUP, LAUNCHES, "google"), block(TEMPLATE, {}, "google")]
    found = plan(tmp_path, *made, blocks=blocks).groups[0]
    assert (found.slots, "instance_type" in found.sites) == ((), True)
    assert found.notes == ("its machine type is known only after apply",)


def test_sensitive_values_are_not_shown(tmp_path: Path) -> None:
    """A sensitive size or type is left alone and printed nowhere."""
    made = [
        template({"machine_type": "n2-secret-4"}, sensitive={"machine_type": True}),
        change(
            GROUP,
            {**SIZES, "target_size": 77},
            unknown=UNKNOWN,
            sensitive={"target_size": True},
        ),
    ]
    blocks = [block(GROUP, LAUNCHES, "google"), block(TEMPLATE, {}, "google")]
    found = plan(tmp_path, *made, blocks=blocks).groups[0]
    assert found.slots == ()
    assert found.notes == (
        "its machine type is sensitive",
        "target_size is sensitive and left alone",
    )
    assert "77" not in repr(found)
    assert "secret" not in repr(found)


def test_name_that_a_successor_cannot_have(tmp_path: Path) -> None:
    """A template named by a literal keeps its successor from standing beside it."""
    made = [template({"name": "web"}), change(GROUP, SIZES, unknown=UNKNOWN)]
    for name, fixed in ((constant("web"), True), (reference("var.name"), False)):
        blocks = [block(GROUP, LAUNCHES, "google"), block(TEMPLATE, {"name": name}, "google")]
        assert plan(tmp_path, *made, blocks=blocks).groups[0].fixed_name is fixed
