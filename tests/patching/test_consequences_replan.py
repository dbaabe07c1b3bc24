"""The real Terraform as referee of what an apply does: replaced, protected, pinned, drifted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.replan import run

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Target, Tracer
from tfopt.patching.consequences import Consequences, consequences
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.plan.read import read_plan

pytestmark = pytest.mark.terraform

HEAD = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""

NODES = """
resource "aws_eks_node_group" "web" {
  cluster_name           = "shop"
  node_group_name_prefix = "web-"
  node_role_arn          = "arn:aws:iam::123456789012:role/nodes"
  subnet_ids             = ["subnet-1"]
  instance_types         = ["m5.large"]
  scaling_config {
    min_size     = 1
    max_size     = 9
    desired_size = 3
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
    %s
  }
}
"""
NODES_STATE = {
    "id": "shop:web-1",
    "arn": "arn:aws:eks:us-east-1:123456789012:nodegroup/shop/web-1/a",
    "cluster_name": "shop",
    "node_group_name": "web-1",
    "node_group_name_prefix": "web-",
    "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
    "subnet_ids": ["subnet-1"],
    "instance_types": ["m5.large"],
    "scaling_config": [{"min_size": 1, "max_size": 9, "desired_size": 5}],
    "ami_type": "AL2_x86_64",
    "capacity_type": "ON_DEMAND",
    "disk_size": 20,
    "release_version": "1",
    "version": "1.31",
}

PINNED = """
resource "aws_launch_template" "web" {
  name          = "web"
  instance_type = "m5.large"
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = 2
  max_size           = 8
  desired_capacity   = 4
  availability_zones = ["us-east-1a"]
  launch_template {
    id      = aws_launch_template.web.id
    version = "3"
  }
}
"""


def with_state(folder: Path, text: str, states: Mapping[str, object]) -> None:
    """Write a configuration and a state in which its resources exist already."""
    folder.mkdir()
    (folder / "main.tf").write_text(HEAD + text)
    resources = [
        {
            "mode": "managed",
            "type": address.partition(".")[0],
            "name": address.partition(".")[2],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": version, "attributes": attributes}],
        }
        for address, (version, attributes) in states.items()  # type: ignore[misc]
    ]
    state = {"version": 4, "serial": 1, "lineage": "a", "outputs": {}, "resources": resources}
    (folder / "terraform.tfstate").write_text(json.dumps(state))


def planned(folder: Path, env: dict[str, str]) -> tuple[Plan | None, str]:
    """Return the plan of a folder, or what terraform said instead."""
    if not (folder / ".terraform").is_dir():
        done = run(["terraform", "init", "-input=false"], folder, env)
        assert done.returncode == 0, done.stderr
    flags = ["-input=false", "-refresh=false", "-lock=false", "-out=tf.plan"]
    done = run(["terraform", "plan", *flags], folder, env)
    if done.returncode != 0:
        return None, done.stderr
    shown = run(["terraform", "show", "-json", "tf.plan"], folder, env)
    (folder / "plan.json").write_text(shown.stdout)
    return read_plan(folder / "plan.json"), ""


def judged(
    folder: Path, plan: Plan, edit: dict[str, tuple[object, object]]
) -> tuple[InstanceGroup, Consequences]:
    """Return the consequences of an edit, told with what the sources say of lifecycles."""
    (group,) = plan.groups
    tracer = Tracer(load_sources(folder), {})
    lifecycles: dict[str, Lifecycle] = {}
    for name, site in group.sites.items():
        target = Target(site.module, site.resource, site.key, site.path, site.value)
        lifecycle = tracer.lifecycle(target)
        assert lifecycle is not None
        lifecycles[name] = lifecycle
    return group, consequences(plan, group, edit, lifecycles)


TYPE = {"instance_type": ("m5.large", "m7a.large")}


def test_a_replacement_is_terraform_s_too(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """What is told of a node group's type is what Terraform plans once it is edited."""
    folder = tmp_path / "nodes"
    with_state(folder, NODES % "", {"aws_eks_node_group.web": (0, NODES_STATE)})
    plan, problem = planned(folder, terraform_env)
    assert plan is not None, problem
    _, found = judged(folder, plan, TYPE)
    assert (found.kind, found.refusals) == ("replace", ())
    main = folder / "main.tf"
    main.write_text(main.read_text().replace('["m5.large"]', '["m7a.large"]'))
    again, problem = planned(folder, terraform_env)
    assert again is not None, problem
    assert again.groups[0].action == "replace"
    assert again.standing.replaced == {"aws_eks_node_group.web": ("instance_types",)}


def test_a_protected_group_is_refused_by_both(
    tmp_path: Path, terraform_env: dict[str, str]
) -> None:
    """Terraform fails the plan that would destroy it; tfopt says so before."""
    folder = tmp_path / "nodes"
    protected = NODES % "prevent_destroy = true"
    with_state(folder, protected, {"aws_eks_node_group.web": (0, NODES_STATE)})
    plan, problem = planned(folder, terraform_env)
    assert plan is not None, problem
    _, found = judged(folder, plan, TYPE)
    assert "lifecycle.prevent_destroy forbids (main.tf:" in found.refusals[0]
    main = folder / "main.tf"
    main.write_text(main.read_text().replace('["m5.large"]', '["m7a.large"]'))
    again, problem = planned(folder, terraform_env)
    assert again is None
    assert "Instance cannot be destroyed" in problem


def test_ignored_by_value_in_a_real_plan(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """The configuration says 3, the live group has 5, the plan keeps 5: all read from the plan."""
    folder = tmp_path / "nodes"
    with_state(folder, NODES % "", {"aws_eks_node_group.web": (0, NODES_STATE)})
    plan, problem = planned(folder, terraform_env)
    assert plan is not None, problem
    (group,) = plan.groups
    site = group.sites["desired_capacity"]
    assert (site.constant, site.value, site.live) == (3, 5, 5)
    found = consequences(plan, group, {"desired_capacity": (5, 6)})
    assert "the configuration says desired_capacity = 3, and the plan keeps 5" in found.refusals[0]
    _, with_sources = judged(folder, plan, {"min_size": (1, 6)})
    assert with_sources.refusals[0].startswith("the live desired_size 5 would stand below")


def test_a_pinned_template_version(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """A new version of the template leaves a group that pins another one untouched."""
    folder = tmp_path / "pinned"
    template = {"id": "lt-1", "name": "web", "instance_type": "m5.large", "latest_version": 3}
    group = {
        "id": "web",
        "name": "web",
        "min_size": 2,
        "max_size": 8,
        "desired_capacity": 4,
        "availability_zones": ["us-east-1a"],
        "launch_template": [{"id": "lt-1", "name": "web", "version": "3"}],
    }
    states = {"aws_launch_template.web": (0, template), "aws_autoscaling_group.web": (1, group)}
    with_state(folder, PINNED, states)
    plan, problem = planned(folder, terraform_env)
    assert plan is not None, problem
    (before,) = plan.groups
    assert "instance_type" not in before.sites
    assert any("pinned to 3" in note for note in before.notes)
    main = folder / "main.tf"
    main.write_text(main.read_text().replace('"m5.large"', '"m7a.large"'))
    again, problem = planned(folder, terraform_env)
    assert again is not None, problem
    assert json.loads((folder / "plan.json").read_text())["planned_values"]["root_module"][
        "resources"
    ][0]["values"]["launch_template"] == [{"id": "lt-1", "name": "web", "version": "3"}]
