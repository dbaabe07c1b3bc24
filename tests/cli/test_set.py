"""`tfopt set` and `tfopt trace` as a user types them, on the shipped example."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import RunTfopt

WEB = "aws_autoscaling_group.web"
WORKER = "module.worker.aws_autoscaling_group.this"


def test_the_diff_changes_one_line_and_git_applies_it(tfopt: RunTfopt, shop: Path) -> None:
    """The one literal, seven lines of context, and nothing on standard error but notes."""
    done = tfopt("set", "plan.json", WORKER, "min_size", "7", cwd=shop)
    assert done.returncode == 0
    changed = [
        line for line in done.stdout.split("\n") if line[:1] in "+-" and line[:3].strip("+-")
    ]
    assert changed == ["-worker_min_size      = 4", "+worker_min_size      = 7"]
    subprocess.run(["git", "init", "-q"], cwd=shop, check=True)
    subprocess.run(["git", "apply", "-"], cwd=shop, check=True, input=done.stdout.encode())
    assert "worker_min_size      = 7" in (shop / "terraform.tfvars").read_text()


def test_json_holds_the_edit_and_all_that_moves(tfopt: RunTfopt, shop: Path) -> None:
    """The contract's shape; a share is written in the configuration's unit."""
    done = tfopt("set", "plan.json", WEB, "target_cpu", "0.6", "--format", "json", cwd=shop)
    said = json.loads(done.stdout)
    (edit,) = said["edits"]
    assert (edit["file"], edit["line"], edit["old"], edit["new"]) == (
        "terraform.tfvars",
        9,
        "40",
        "60",
    )
    assert said["also_moves"] == []
    assert said["verification"] is None
    assert (shop / "terraform.tfvars").read_bytes()[slice(*edit["byte_range"])] == b"40"


def test_write_edits_in_place_and_a_second_run_has_nothing_to_do(
    tfopt: RunTfopt, shop: Path
) -> None:
    """All output is empty; a run on the old plan sees that the file says so already."""
    os.utime(shop / "plan.json", (1, 1))
    first = tfopt("set", "plan.json", WEB, "min_size", "5", "--write", cwd=shop)
    assert (first.returncode, first.stdout) == (0, "")
    text = (shop / "terraform.tfvars").read_text()
    assert "  min           = 5           # two per zone" in text
    again = tfopt("set", "plan.json", WEB, "min_size", "5", "--write", cwd=shop)
    assert (again.returncode, again.stdout) == (0, "")
    assert "terraform.tfvars:7 says 5 already" in again.stderr
    assert (shop / "terraform.tfvars").read_text() == text


def test_a_mistyped_type_and_foreign_variable_files_are_told(tfopt: RunTfopt, shop: Path) -> None:
    """The patch is made all the same: it is what was asked for."""
    (shop / "other.tfvars").write_text('region = "eu-west-1"\n')
    words = ["set", "plan.json", WEB, "instance_type", "m99.huge", "--var-file", "other.tfvars"]
    done = tfopt(*words, cwd=shop)
    assert done.returncode == 0
    assert "m99.huge" in done.stderr
    assert "other values than the variable files: region at other.tfvars:1" in done.stderr
    done = tfopt(*words[:-1], "web.tf", cwd=shop)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a block in a variable file: it assigns variables only" in done.stderr


def test_what_is_so_already_is_left_alone(tfopt: RunTfopt, shop: Path) -> None:
    """Exit 0, empty output."""
    done = tfopt("set", "plan.json", WEB, "min_size", "6", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["aws_autoscaling_group.wb", "min_size", "3"], f"Did you mean {WEB}?"),
        ([WEB, "min_size", "3.5"], "'3.5' is not a whole number of instances. For example 4"),
        ([WEB, "min_size", "-1"], "'-1' is not a whole number of instances"),
        ([WEB, "min_size", "3", "--wrte"], "unexpected extra argument"),
        ([WEB, "target_cpu", "60"], "'60' is not a share of CPU. For example 0.6 or 60%"),
        ([WEB, "instance_type", "m7a large"], "is not the name of an instance type"),
        ([WEB, "memory", "3"], "is not one of 'instance_type', 'min_size'"),
        (["aws_eks_node_group.apps", "target_cpu", "0.5"], "has no target_cpu: no single"),
    ],
)
def test_a_wish_that_cannot_be(tfopt: RunTfopt, shop: Path, words: list[str], message: str) -> None:
    """One line on standard error, nothing on standard output, exit 1."""
    done = tfopt("set", "plan.json", *words, cwd=shop)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_line_to_be_ignored_is_left_alone(tfopt: RunTfopt, shop: Path) -> None:
    """The comment's place and reason are told; `trace` says so too."""
    tfvars = shop / "terraform.tfvars"
    text = tfvars.read_text().replace("# two per zone", "# tfopt:ignore=min_size two per zone")
    tfvars.write_text(text)
    done = tfopt("set", "plan.json", WEB, "min_size", "4", cwd=shop)
    assert (done.returncode, done.stdout) == (1, "")
    assert "tfopt:ignore at terraform.tfvars:7: two per zone" in done.stderr
    traced = tfopt("trace", "plan.json", WEB, "min_size", cwd=shop)
    assert "tfopt:ignore at terraform.tfvars:7" in traced.stdout


@pytest.mark.parametrize("attribute", ["instance_type", "min_size", "target_cpu"])
def test_a_mark_on_the_group_or_its_module_covers_all_of_it(
    tfopt: RunTfopt, shop: Path, attribute: str
) -> None:
    """Also what stands in the group's launch template and policy."""
    for name, line, address in (
        ("web.tf", 'resource "aws_autoscaling_group" "web" {', WEB),
        ("worker.tf", 'module "worker" {', WORKER),
    ):
        file = shop / name
        file.write_text(file.read_text().replace(line, f"# tfopt:ignore frozen\n{line}"))
        value = "0.7" if attribute == "target_cpu" else "9"
        value = "m7a.large" if attribute == "instance_type" else value
        done = tfopt("set", "plan.json", address, attribute, value, cwd=shop)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"tfopt:ignore at {name}:" in done.stderr


def test_a_recommendation_honours_and_counts_it(tfopt: RunTfopt, shop: Path) -> None:
    """The setting is held, the rest is decided around it, and the report counts it."""
    web = shop / "web.tf"
    marked = web.read_text().replace(
        'resource "aws_launch_template" "web" {',
        'resource "aws_launch_template" "web" { # tfopt:ignore reserved instances',
    )
    web.write_text(marked)
    done = tfopt("recommend", "plan.json", "--format", "json", cwd=shop)
    report = json.loads(done.stdout)
    group = next(one for one in report["groups"] if one["address"] == WEB)
    assert group["recommended"]["instance_type"] == group["current"]["instance_type"]
    assert any("tfopt:ignore at web.tf:" in n for n in group["notes"])
    assert report["coverage"]["ignored"] == 1


def test_trace_goes_from_the_resource_to_the_literal(tfopt: RunTfopt, shop: Path) -> None:
    """Each hop with its place, in the order in which a person follows it."""
    done = tfopt("trace", "plan.json", WORKER, "instance_type", cwd=shop)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.strip().split("\n")] == [
        WORKER,
        "modules/worker/main.tf:4",
        "worker.tf:9",
        "terraform.tfvars:13",
        "✓",
    ]


def test_trace_of_a_group_shows_all_that_it_has(tfopt: RunTfopt, shop: Path) -> None:
    """Without an attribute: each that the plan has; as JSON too."""
    done = tfopt("trace", "plan.json", WEB, "--format", "json", cwd=shop)
    said = json.loads(done.stdout)
    assert [chain["attribute"] for chain in said["chains"]] == [
        "instance_type",
        "min_size",
        "max_size",
        "target_cpu",
    ]
    assert said["chains"][0]["steps"][-1] == {
        "place": "terraform.tfvars:6",
        "what": 'web.instance_type = "m5.xlarge"',
    }


def test_without_sources_it_says_what_is_missing(
    tfopt: RunTfopt, shop: Path, tmp_path: Path
) -> None:
    """The plan alone does not say where a value stands."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "plan.json").write_bytes((shop / "plan.json").read_bytes())
    for words in (["set", "plan.json", WEB, "min_size", "3"], ["trace", "plan.json", WEB]):
        done = tfopt(*words, cwd=alone)
        assert (done.returncode, done.stdout) == (1, "")
        assert "--config-dir" in done.stderr


def test_an_attribute_that_is_not_written_is_added(tfopt: RunTfopt, shop: Path) -> None:
    """The worker's group leaves its desired capacity to AWS: the key joins the block."""
    done = tfopt("set", "plan.json", WORKER, "desired_capacity", "5", cwd=shop)
    assert done.returncode == 0, done.stderr
    added = [line for line in done.stdout.split("\n") if line.startswith("+") and "desired" in line]
    assert [" ".join(line.split()) for line in added] == ["+ desired_capacity = 5"]
    assert "target tracking will move the desired capacity" in done.stderr


@pytest.mark.terraform
def test_verify_plans_again(
    tfopt: RunTfopt, shop: Path, terraform_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a new plan says stands in the answer."""
    for name, value in terraform_env.items():
        monkeypatch.setenv(name, value)
    words = ["set", "plan.json", WEB, "min_size", "4", "--verify", "--format", "json"]
    done = tfopt(*words, cwd=shop)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["verification"]
    assert said["held"] is True
    assert [each["place"] for each in said["differences"]] == [f"{WEB}.min_size"]
