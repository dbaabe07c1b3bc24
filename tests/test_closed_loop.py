"""The closed loop: what tfopt patches, the real terraform plans, and nothing else moves.

plan → recommend → patch a copy → plan again with the real AWS provider → compare every value.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import RunTfopt

PATCHABLE = {"patchable", "patchable-shared", "edit-literal"}
Leaf = tuple[str | int, ...]  # resource address, then the path of the value in it

# Where terraform holds each setting of the example's groups, and its unit; told here a second time,
# so that the test does not believe tfopt's own tracing.
SITES: dict[str, dict[str, tuple[Leaf, int]]] = {
    "aws_autoscaling_group.web": {
        "instance_type": (("aws_launch_template.web", "instance_type"), 1),
        "min_size": (("aws_autoscaling_group.web", "min_size"), 1),
        "max_size": (("aws_autoscaling_group.web", "max_size"), 1),
        "target_cpu": (
            (
                "aws_autoscaling_policy.web_cpu",
                "target_tracking_configuration",
                0,
                "target_value",
            ),
            100,
        ),
    },
    "aws_eks_node_group.apps": {
        "instance_type": (("aws_eks_node_group.apps", "instance_types", 0), 1),
        "min_size": (("aws_eks_node_group.apps", "scaling_config", 0, "min_size"), 1),
        "max_size": (("aws_eks_node_group.apps", "scaling_config", 0, "max_size"), 1),
        "desired_capacity": (("aws_eks_node_group.apps", "scaling_config", 0, "desired_size"), 1),
    },
    "module.worker.aws_autoscaling_group.this": {
        "instance_type": (("module.worker.aws_launch_template.this", "instance_type"), 1),
        "min_size": (("module.worker.aws_autoscaling_group.this", "min_size"), 1),
        "max_size": (("module.worker.aws_autoscaling_group.this", "max_size"), 1),
        "target_cpu": (
            (
                "module.worker.aws_autoscaling_policy.cpu",
                "target_tracking_configuration",
                0,
                "target_value",
            ),
            100,
        ),
    },
}


def make_plan(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """Return the plan the real terraform makes of `folder`."""
    for command in ("init -input=false", "plan -input=false -out tf.plan", "show -json tf.plan"):
        done = subprocess.run(
            ["terraform", *command.split()],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def planned_leaves(plan: dict[str, Any]) -> dict[Leaf, Any]:
    """Return every planned value of every resource, known or "known after apply"."""
    leaves: dict[Leaf, Any] = {}
    for change in plan["resource_changes"]:
        for part in ("after", "after_unknown"):
            for path, value in flattened(change["change"][part]):
                prefix = ("unknown",) if part == "after_unknown" else ()
                leaves[(change["address"], *prefix, *path)] = value
        leaves[(change["address"], "actions")] = change["change"]["actions"]
    for path, value in flattened(plan["planned_values"].get("outputs", {})):
        leaves[("outputs", *path)] = value
    return leaves


def flattened(value: Any) -> Iterator[tuple[Leaf, Any]]:
    """Yield the path and value of every scalar, and of every empty list and map."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        for path, leaf in flattened(inner):
            yield (key, *path), leaf
    if not items:
        yield (), value


def expected_moves(report: dict[str, Any]) -> dict[Leaf, Any]:
    """Return what the recommendation wants to stand where, for every setting that it changes."""
    moves: dict[Leaf, Any] = {}
    for group in report["groups"]:
        now, then = group["current"], group["recommended"]
        for name in (key for key in now if now[key] != then[key]):
            leaf, scale = SITES[group["address"]][name]
            moves[leaf] = round(then[name] * scale, 6) if scale != 1 else then[name]
    return moves


@pytest.fixture
def recommend(tfopt: RunTfopt, shop: Path) -> dict[str, Any]:
    """Return the report on the shop; its edits are written into the copy."""
    done = tfopt("recommend", "plan.json", "--format", "json", "--write", cwd=shop)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.terraform
def test_written_recommendation_is_what_terraform_plans_and_nothing_else_moves(
    recommend: dict[str, Any], shop: Path, terraform_env: dict[str, str]
) -> None:
    """Every planned value equals the recommendation; every other value is what it was."""
    moves = expected_moves(recommend)
    before = planned_leaves(json.loads((shop / "plan.json").read_text()))
    after = planned_leaves(make_plan(shop, terraform_env))
    assert moves, "the example should leave room for an improvement"
    assert after == before | moves
    assert all(before[leaf] != value for leaf, value in moves.items())


@pytest.mark.terraform
def test_every_setting_that_moves_is_an_edit_and_every_edit_moves_its_setting(
    recommend: dict[str, Any], shop: Path, terraform_env: dict[str, str]
) -> None:
    """The edits listed in the report are the settings that differ, each one patchable."""
    for group in recommend["groups"]:
        now, then = group["current"], group["recommended"]
        changed = {name for name in now if now[name] != then[name]}
        assert {edit["attribute"] for edit in group["edits"]} == changed
        assert {edit["grade"] for edit in group["edits"]} <= PATCHABLE
        assert (group["status"] == "recommended") == bool(changed)
    subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-recursive"],
        cwd=shop,
        env=terraform_env,
        check=True,
    )


def test_plan_that_is_older_than_the_sources_is_not_patched(
    recommend: dict[str, Any], shop: Path, tfopt: RunTfopt
) -> None:
    """Run again on the old plan, the values no longer equal the plan's: no edit, and it says so."""
    again = tfopt("recommend", "plan.json", "--format", "json", "--write", cwd=shop)
    assert again.returncode == 0, again.stderr
    edits = [edit for group in json.loads(again.stdout)["groups"] for edit in group["edits"]]
    written = {path.name: path.read_bytes() for path in shop.glob("*.tf*")}
    moved = [edit for group in recommend["groups"] for edit in group["edits"]]
    assert len(edits) == len(moved)
    assert not [edit for edit in edits if edit["grade"] in PATCHABLE or not edit["reason"]]
    empty = tfopt("recommend", "plan.json", "--format", "diff", cwd=shop)
    assert (empty.returncode, empty.stdout) == (0, "")
    assert written == {path.name: path.read_bytes() for path in shop.glob("*.tf*")}


@pytest.mark.terraform
def test_second_run_on_the_new_plan_is_stable(
    recommend: dict[str, Any], shop: Path, terraform_env: dict[str, str], tfopt: RunTfopt
) -> None:
    """Once the patch is planned, nothing is left to propose: the second diff is empty."""
    assert expected_moves(recommend), "the first run should have changed something"
    (shop / "plan.json").write_text(json.dumps(make_plan(shop, terraform_env)))
    again = tfopt("recommend", "plan.json", "--format", "diff", cwd=shop)
    assert (again.returncode, again.stdout) == (0, ""), again.stderr


@pytest.mark.terraform
def test_committed_plan_is_what_terraform_makes_of_the_sources(
    shop: Path, terraform_env: dict[str, str]
) -> None:
    """`examples/web-shop/plan.json` is up to date, but for what differs from run to run."""
    committed = json.loads((shop / "plan.json").read_text())
    fresh = make_plan(shop, terraform_env)
    for plan in (committed, fresh):
        del plan["timestamp"]
        plan["relevant_attributes"].sort(key=json.dumps)  # terraform lists them in random order
    assert fresh == committed


def test_diff_through_git_apply_writes_the_same_bytes_as_write(
    recommend: dict[str, Any], shop: Path, tfopt: RunTfopt, tmp_path: Path
) -> None:
    """`--format diff | git apply` and `--write` leave the same files behind."""
    written = {path.name: path.read_bytes() for path in shop.glob("*.tf*")}
    example = Path(__file__).resolve().parent.parent / "examples" / "web-shop"
    for name in written:
        (shop / name).write_bytes((example / name).read_bytes())
    assert written != {path.name: path.read_bytes() for path in shop.glob("*.tf*")}
    patch = tfopt("recommend", "plan.json", "--format", "diff", cwd=shop)
    assert patch.returncode == 0, patch.stderr
    subprocess.run(["git", "apply", "-"], cwd=shop, input=patch.stdout, text=True, check=True)
    assert written == {path.name: path.read_bytes() for path in shop.glob("*.tf*")}
