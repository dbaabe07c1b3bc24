"""Blocks to add where the configuration has no place for what would pay."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hcl2

from tfopt.advise import Request, advise

POLICY = "aws_autoscaling_policy.web_cpu"


def without_policy(shop: Path) -> Path:
    """Return the shop's plan as terraform makes it without the web tier's scaling policy."""
    path = shop / "plan.json"
    plan = json.loads(path.read_text())
    for holder, key in (
        (plan, "resource_changes"),
        (plan["planned_values"]["root_module"], "resources"),
        (plan["configuration"]["root_module"], "resources"),
    ):
        holder[key] = [item for item in holder[key] if item["address"] != POLICY]
    path.write_text(json.dumps(plan))
    return path


def test_an_unscaled_group_is_told_what_tracking_would_bring(shop: Path) -> None:
    """The block is valid Terraform for this group, within the guardrails, and its gain is real."""
    toml = (shop / "tfopt.toml").read_text()
    (shop / "tfopt.toml").write_text(toml.replace("min_zones = 3", "min_zones = 1"))
    request = Request(plans=(str(without_policy(shop)),), policy="calibrated-static")
    report = advise(request, lambda *_: None).report
    web = next(g for g in report.groups if g.address == "aws_autoscaling_group.web")
    (added,) = web.ready_to_add
    assert "resource" in hcl2.loads(added.block)
    assert "autoscaling_group_name = aws_autoscaling_group.web.name" in added.block
    target = re.search(r"target_value = ([\d.]+)\n", added.block)
    assert target is not None
    assert 10 <= float(target[1]) <= 70
    assert added.savings_share is not None
    assert added.savings_share.p50 >= 0.05
    assert web.recommended is not None
    assert web.recommended.target_cpu is None


def test_a_scaled_group_needs_no_such_block(shop: Path) -> None:
    """The shop as it is has its policies already; its node group has no place for one."""
    request = Request(plans=(str(shop / "plan.json"),), policy="calibrated-static")
    report = advise(request, lambda *_: None).report
    assert [group.ready_to_add for group in report.groups] == [[], [], []]
