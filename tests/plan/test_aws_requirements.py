"""Groups whose types are chosen by attributes: what is asked, what matches, what is simulated."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, change, document, groups

from tfopt.plan.model import InstanceGroup, Slot
from tfopt.pricing import Offer, load_book
from tfopt.pricing.requirements import matching
from tfopt.requirements import Range, Requirements
from tfopt.scenario.choice import MOST_TYPES, with_types
from tfopt.scenario.fleet import fleet_notes, holds_type
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.settings import Settings

GROUP, TEMPLATE = "aws_autoscaling_group.web", "aws_launch_template.web"
FOUR_BY_SIXTEEN = Requirements(vcpus=Range(4, 4), memory_mib=Range(16384, 16384))
ASKED = {"vcpu_count": [{"min": 4, "max": 4}], "memory_mib": [{"min": 16384, "max": 16384}]}


def names(offers: tuple[Offer, ...]) -> list[str]:
    """Return the types of offers, in order."""
    return [offer.instance_type for offer in offers]


def on_demand(wanted: Requirements, **more: Any) -> list[str]:
    """Return the types of eu-west-1 that match, on demand."""
    return names(
        matching(load_book().offers("aws", "eu-west-1"), wanted, "x86_64", **more).on_demand
    )


def group_of(folder: Path, block: Values, image: str = "", **policy: Any) -> InstanceGroup:
    """Read a mixed group of one override that asks for attributes."""
    specification = {"launch_template_specification": [{"launch_template_id": "lt-1"}]}
    mixed = {
        "launch_template": [{**specification, "override": [{"instance_requirements": [block]}]}],
        "instances_distribution": [policy] if policy else [],
    }
    sizes = {"min_size": 2, "max_size": 8, "desired_capacity": 4, "mixed_instances_policy": [mixed]}
    template = change(TEMPLATE, {"id": "lt-1", "image_id": image, "instance_type": ""})
    return groups(folder, document([template, change(GROUP, sizes)]))[GROUP]


def test_what_is_asked_is_read(tmp_path: Path) -> None:
    """Bounds, names and thresholds are read; what is empty keeps EC2's default."""
    block = {
        "vcpu_count": [{"min": 2, "max": None}],
        "memory_mib": [{"min": 4096, "max": 16384}],
        "memory_gib_per_vcpu": [{"min": 2, "max": 4}],
        "cpu_manufacturers": ["intel", "amd"],
        "instance_generations": ["current"],
        "excluded_instance_types": ["m5*", "c5.large"],
        "burstable_performance": "included",
        "local_storage": "required",
        "bare_metal": "",
        "spot_max_price_percentage_over_lowest_price": 50,
        "network_interface_count": [{"min": 3}],
        "require_hibernate_support": False,
    }
    assert group_of(tmp_path, block).requirements == (
        Requirements(
            vcpus=Range(2, math.inf),
            memory_mib=Range(4096, 16384),
            memory_gib_per_vcpu=Range(2, 4),
            cpu_manufacturers=("intel", "amd"),
            generations=("current",),
            excluded_types=("m5*", "c5.large"),
            burstable="included",
            local_storage="required",
            spot_over_lowest=0.5,
            unread=("network_interface_count",),
        ),
    )


@pytest.mark.parametrize(
    ("block", "presence"),
    [
        ({}, "included"),
        ({"accelerator_count": [{"min": None, "max": 0}]}, "excluded"),
        ({"accelerator_count": [{"min": 1, "max": None}]}, "required"),
        ({"accelerator_types": ["gpu"]}, "required"),
    ],
)
def test_accelerators(block: Values, presence: str, tmp_path: Path) -> None:
    """EC2 leaves accelerators in unless their number is bounded by 0, and asking means required."""
    asked = group_of(tmp_path, {**ASKED, **block}).requirements[0]
    assert asked.accelerated == presence


@pytest.mark.parametrize(
    ("image", "architecture"),
    [("al2023-arm64", "arm64"), ("ubuntu-amd64", "x86_64"), ("ami-123", None)],
)
def test_the_machine_image_tells_the_architecture(
    image: str, architecture: str | None, tmp_path: Path
) -> None:
    """EC2 launches only what the image runs on; its name may say what that is."""
    assert group_of(tmp_path, ASKED, image).requirements[0].architecture == architecture


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    """Attributes that are known only after apply ask for nothing that could be matched."""
    specification = {"launch_template_specification": [{"launch_template_id": "lt-1"}]}
    override = {"instance_requirements": [{"memory_mib": [{"min": 1}], "vcpu_count": [{}]}]}
    mixed = {"launch_template": [{**specification, "override": [override]}]}
    place: Values = {"instance_requirements": [{"vcpu_count": [{"min": True}]}]}
    unknown = {"mixed_instances_policy": [{"launch_template": [{"override": [place]}]}]}
    plan = document(
        [change(GROUP, {"min_size": 1, "mixed_instances_policy": [mixed]}, unknown=unknown)]
    )
    group = groups(tmp_path, plan)[GROUP]
    with pytest.raises(NotAnalysedError, match="asks of its instance types is known only after"):
        with_types(group, load_book(), Settings())


def test_what_is_sensitive_is_not_matched(tmp_path: Path) -> None:
    """Sensitive attributes are refused as such, and their values are nowhere."""
    template = {"id": "lt-1", "instance_requirements": [{**ASKED, "cpu_manufacturers": ["amd"]}]}
    hidden = {"instance_requirements": [{"cpu_manufacturers": True}]}
    sizes = {"min_size": 1, "max_size": 2, "launch_template": [{"id": "lt-1"}]}
    plan = document([change(TEMPLATE, template, sensitive=hidden), change(GROUP, sizes)])
    group = groups(tmp_path, plan)[GROUP]
    with pytest.raises(NotAnalysedError, match="asks of its instance types is sensitive"):
        with_types(group, load_book(), Settings())
    assert "amd" not in repr(group)


def test_a_template_that_asks_for_attributes(tmp_path: Path) -> None:
    """A template's own attributes hold for a group without overrides; cheapest first, too."""
    template = {"id": "lt-1", "instance_requirements": [ASKED], "image_id": "ubuntu-amd64"}
    sizes = {"min_size": 1, "max_size": 2, "launch_template": [{"id": "lt-1"}]}
    group = groups(tmp_path, document([change(TEMPLATE, template), change(GROUP, sizes)]))[GROUP]
    assert group.requirements == (replace(FOUR_BY_SIXTEEN, architecture="x86_64"),)
    assert (group.on_demand_allocation, group.spot_share) == ("lowest-price", 0.0)
    assert set(group.sites) == {"min_size", "max_size"}


def test_matching_by_hand() -> None:
    """4 vCPUs and 16 GiB: within 20 % of the cheapest current C, M or R, cheapest first."""
    offers = {o.instance_type: o for o in load_book().offers("aws", "eu-west-1")}
    alike = [
        o
        for o in offers.values()
        if (o.vcpus, o.memory_gib, o.architecture) == (4, 16, "x86_64")
        and o.category not in ("burstable", "bare-metal")
    ]
    general = [o for o in alike if o.current_generation and o.family[0] in "cmr"]
    most = 1.2 * min(o.usd_per_hour for o in general)
    wanted = sorted((o.usd_per_hour, o.instance_type) for o in alike if o.usd_per_hour <= most)
    assert on_demand(FOUR_BY_SIXTEEN) == [name for _, name in wanted]
    assert "m5.xlarge" in on_demand(FOUR_BY_SIXTEEN)


def test_each_attribute_narrows_or_widens() -> None:
    """Globs, processors, generation, disks, burstable, bare metal and price do what EC2 says."""

    def found(**more: Any) -> set[str]:
        return set(on_demand(replace(FOUR_BY_SIXTEEN, **more)))

    plain = found()
    assert {name[:2] for name in found(allowed_types=("m5*",))} == {"m5"}
    assert plain - found(excluded_types=("m5*",)) == {n for n in plain if n.startswith("m5")}
    assert found(cpu_manufacturers=("amd",)) < plain
    assert found(cpu_manufacturers=("intel",)) & found(cpu_manufacturers=("amd",)) == set()
    assert not any(name.startswith("m4") for name in found(generations=("current",)))
    assert {"t3.xlarge", "t3a.xlarge"} & (found(burstable="included") - plain)
    assert {n[:1] for n in found(burstable="required")} == {"t"}
    assert found(bare_metal="required") == set()
    assert found(on_demand_over_lowest=9999.0) > plain
    disks = {o.instance_type: o.local_disk for o in load_book().offers("aws", "eu-west-1")}
    unbounded = {"on_demand_over_lowest": 9999.0}
    assert all(disks[name] for name in found(local_storage="required", **unbounded))
    assert not any(disks[name] for name in found(local_storage="excluded", **unbounded))


def test_prices_are_compared_per_unit_of_capacity() -> None:
    """Where capacity counts vCPUs, a larger instance of the same family costs as much."""
    wanted = Requirements(Range(2, 8), Range(8192), allowed_types=("m5.*",))
    assert on_demand(wanted) == ["m5.large"]
    per_vcpu = on_demand(wanted, per=lambda offer: offer.vcpus)
    assert set(per_vcpu) == {"m5.large", "m5.xlarge", "m5.2xlarge"}


def test_a_group_is_analysed_on_what_matches(tmp_path: Path) -> None:
    """Its slots are the cheapest matches, the types are held, and notes say what they are."""
    book = load_book()
    group = group_of(tmp_path, {**ASKED, "excluded_instance_types": ["*flex*"]}, "x86_64")
    found = with_types(group, book, Settings())
    wanted = on_demand(replace(FOUR_BY_SIXTEEN, excluded_types=("*flex*",)))[:MOST_TYPES]
    assert found.slots == tuple(map(Slot, wanted))
    assert found.on_demand_allocation == "lowest-price"
    assert holds_type(found)
    assert holds_type(group)
    assert any("match its attributes" in note and wanted[0] in note for note in found.notes)
    assert any("left as they are" in note for note in fleet_notes(found))
    assert not any("machine image is taken" in note for note in found.notes)


def test_sizes_that_count_vcpus(tmp_path: Path) -> None:
    """Each type counts for its vCPUs; memory as a unit is refused."""
    block = {**ASKED, "vcpu_count": [{"min": 4, "max": 8}], "memory_mib": [{"min": 16384}]}
    block["allowed_instance_types"] = ["m5.*"]
    group = replace(group_of(tmp_path, block), capacity_unit="vcpu")
    slots = with_types(group, load_book(), Settings()).slots
    assert slots == (Slot("m5.2xlarge", 8), Slot("m5.xlarge", 4))
    with pytest.raises(NotAnalysedError, match="count MiB of memory"):
        with_types(replace(group, capacity_unit="memory-mib"), load_book(), Settings())


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"allowed_instance_types": ["zz*"]}, "no type in eu-west-1 has the attributes"),
        ({"accelerator_types": ["gpu"]}, "asks for accelerators"),
        ({"allowed_instance_types": ["m7i-flex.*"]}, "m7i-flex.xlarge, is throttled"),
    ],
)
def test_what_cannot_be_simulated_says_why(block: Values, reason: str, tmp_path: Path) -> None:
    """No match, accelerators, and a cheapest type of unpublished speed are refused."""
    with pytest.raises(NotAnalysedError, match=reason):
        with_types(group_of(tmp_path, {**ASKED, **block}), load_book(), Settings())


def test_spot_beside_on_demand(tmp_path: Path) -> None:
    """On demand is launched the cheapest alone, spot whatever its own threshold lets in."""
    block = {**ASKED, "allowed_instance_types": ["m5*.xlarge", "m6i.xlarge"]}
    parts = {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 0}
    found = with_types(group_of(tmp_path, block, **parts), load_book(), Settings())
    assert (found.on_demand_base, found.spot_share) == (1, 1.0)
    offers = {o.instance_type: o for o in load_book().offers("aws", "eu-west-1")}
    chosen = [offers[slot.instance_type] for slot in found.slots]
    assert chosen[0].usd_per_hour == min(offer.usd_per_hour for offer in chosen)
    spot = [offer.usd_per_hour_spot for offer in chosen[1:]]
    assert spot == sorted(spot)
    assert max(spot) <= 2 * min(offer.usd_per_hour_spot for offer in chosen)
