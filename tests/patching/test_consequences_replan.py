"""The real Terraform as referee of what an apply does: replaced, protected, pinned, drifted."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
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


GROUP_STATE = {
    "id": "web",
    "name": "web",
    "min_size": 2,
    "max_size": 8,
    "desired_capacity": 4,
    "availability_zones": ["us-east-1a"],
    "launch_template": [{"id": "lt-1", "name": "web", "version": "3"}],
}
TEMPLATE_STATE = {"id": "lt-1", "name": "web", "instance_type": "m5.large", "latest_version": 3}
STATES = {  # address → version of its schema, attributes
    "aws_eks_node_group.web": (0, NODES_STATE),
    "aws_launch_template.web": (0, TEMPLATE_STATE),
    "aws_autoscaling_group.web": (1, GROUP_STATE),
}
NODE_GROUP, PINNED_GROUP = "aws_eks_node_group.web", "aws_autoscaling_group.web"
TYPE = {"instance_type": ("m5.large", "m7a.large")}


@dataclass(frozen=True)
class Played:
    """A configuration with its state, planned as it is and with another type everywhere."""

    folder: Path  # of the sources as they were
    plan: Plan
    edited: Plan
    launches: tuple[object, object]  # the Auto Scaling group's template in both plans
    edited_protected: str  # what terraform says to the edit under prevent_destroy

    def group(self, address: str, plan: Plan | None = None) -> InstanceGroup:
        """Return a group of a plan, by default of the one without the edit."""
        return next(one for one in (plan or self.plan).groups if one.address == address)

    def judged(self, address: str, edit: dict[str, tuple[object, object]]) -> Consequences:
        """Return the consequences of an edit, with what the sources say of lifecycles."""
        group = self.group(address)
        tracer = Tracer(load_sources(self.folder), {})
        lifecycles: dict[str, Lifecycle] = {}
        for name, site in group.sites.items():
            target = Target(site.module, site.resource, site.key, site.path, site.value)
            lifecycle = tracer.lifecycle(target)
            assert lifecycle is not None
            lifecycles[name] = lifecycle
        return consequences(self.plan, group, edit, lifecycles)


@pytest.fixture(scope="module")
def played(terraform_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Plan three times in one folder: the provider is what takes the time."""
    folder = tmp_path_factory.mktemp("played")
    sources = tmp_path_factory.mktemp("sources")
    (folder / "terraform.tfstate").write_text(json.dumps(_state()))
    original = HEAD + NODES % "" + PINNED
    (sources / "main.tf").write_text(original)
    plan, problem = planned(folder, original, terraform_env)
    assert plan is not None, problem
    launched = _launched(folder)
    edited, problem = planned(folder, original.replace("m5.large", "m7a.large"), terraform_env)
    assert edited is not None, problem
    launches = (launched, _launched(folder))
    protected = (HEAD + NODES % "prevent_destroy = true").replace("m5.large", "m7a.large")
    refused, problem = planned(folder, protected, terraform_env)
    assert refused is None
    return Played(sources, plan, edited, launches, problem)


def _launched(folder: Path) -> object:
    """Return the template that the Auto Scaling group of the last plan names."""
    changes = json.loads((folder / "plan.json").read_text())["resource_changes"]
    (group,) = (one for one in changes if one["address"] == PINNED_GROUP)
    return group["change"]["after"]["launch_template"]


def _state() -> dict[str, object]:
    resources = [
        {
            "mode": "managed",
            "type": address.partition(".")[0],
            "name": address.partition(".")[2],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": version, "attributes": attributes}],
        }
        for address, (version, attributes) in STATES.items()
    ]
    return {"version": 4, "serial": 1, "lineage": "a", "outputs": {}, "resources": resources}


def planned(folder: Path, text: str, env: dict[str, str]) -> tuple[Plan | None, str]:
    """Return the plan of a configuration, or what terraform said instead."""
    (folder / "main.tf").write_text(text)
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


def test_a_replacement_is_terraform_s_too(played: Played) -> None:
    """What is told of a node group's type is what Terraform plans once it is edited."""
    found = played.judged(NODE_GROUP, TYPE)
    assert (found.kind, found.refusals) == ("replace", ())
    assert played.plan.standing.replaced == {}
    assert played.group(NODE_GROUP, played.edited).action == "replace"
    assert played.edited.standing.replaced == {NODE_GROUP: ("instance_types",)}


def test_a_protected_group_is_refused_by_both(played: Played, tmp_path: Path) -> None:
    """Terraform fails the plan that would destroy it; tfopt says so before."""
    (tmp_path / "main.tf").write_text(HEAD + NODES % "prevent_destroy = true" + PINNED)
    found = replace(played, folder=tmp_path).judged(NODE_GROUP, TYPE)
    assert "lifecycle.prevent_destroy forbids (main.tf:" in found.refusals[0]
    assert "Instance cannot be destroyed" in played.edited_protected


def test_ignored_by_value_in_a_real_plan(played: Played) -> None:
    """The configuration says 3, the live group has 5, the plan keeps 5: all read from the plan."""
    group = played.group(NODE_GROUP)
    site = group.sites["desired_capacity"]
    assert (site.constant, site.value, site.live) == (3, 5, 5)
    found = consequences(played.plan, group, {"desired_capacity": (5, 6)})
    assert "the configuration says desired_capacity = 3, and the plan keeps 5" in found.refusals[0]
    above = played.judged(NODE_GROUP, {"min_size": (1, 6)})
    assert above.refusals[0].startswith("the live desired_size 5 would stand below the minimum 6")


def test_a_pinned_template_version(played: Played) -> None:
    """A new version of the template leaves a group that pins another one untouched."""
    group = played.group(PINNED_GROUP)
    assert "instance_type" not in group.sites
    assert any("pinned to 3" in note for note in group.notes)
    before, after = played.launches
    assert before == after == [{"id": "lt-1", "name": "web", "version": "3"}]
