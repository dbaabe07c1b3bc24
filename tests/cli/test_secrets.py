"""A secret in the plan, in the sources or beside a patched line appears in nothing tfopt says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tfopt.commands.recommend import FORMATS

if TYPE_CHECKING:
    from conftest import RunTfopt

CANARY = "canary-5f1c9e7a"
SECRETS = ("db_password", "api_token")  # two sensitive variables


def with_secrets(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the plan with the canary wherever terraform would put a sensitive value."""
    for name in SECRETS:
        plan["variables"][name] = {"value": CANARY}
        plan["configuration"]["root_module"]["variables"][name] = {"sensitive": True}
    for change in plan["resource_changes"]:
        if change["address"] == "aws_launch_template.web":
            change["change"]["after"]["user_data"] = CANARY
            change["change"]["after_sensitive"]["user_data"] = True
    for resource in plan["planned_values"]["root_module"]["resources"]:
        if resource["address"] == "aws_launch_template.web":
            resource["values"]["user_data"] = CANARY
            resource["sensitive_values"]["user_data"] = True
    plan["planned_values"]["outputs"] = {"login": {"sensitive": True, "value": CANARY}}
    plan["output_changes"] = {
        "login": {
            "actions": ["create"],
            "before": None,
            "after": CANARY,
            "after_unknown": False,
            "before_sensitive": True,
            "after_sensitive": True,
        }
    }
    return plan


@pytest.fixture
def secretive_shop(shop: Path) -> Path:
    """Return the shop with the canary in its plan and on lines beside those that get patched."""
    plan = with_secrets(json.loads((shop / "plan.json").read_text()))
    (shop / "plan.json").write_text(json.dumps(plan))
    with (shop / "variables.tf").open("a") as file:
        for name in SECRETS:
            file.write(f'\nvariable "{name}" {{\n  type      = string\n  sensitive = true\n}}\n')
    values = (shop / "terraform.tfvars").read_text()
    above, below = (f'{name} = "{CANARY}"\n' for name in SECRETS)
    values = values.replace("\nweb = {", f"\n{above}\nweb = {{") + f"\n# rotated monthly\n{below}"
    (shop / "terraform.tfvars").write_text(values)
    return shop


def everything_under(folder: Path, before: dict[Path, bytes]) -> str:
    """Return the text of every file that is new or changed."""
    return "".join(
        path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and before.get(path) != path.read_bytes()
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_secret_appears_in_no_format(format_: str, secretive_shop: Path, tfopt: RunTfopt) -> None:
    """Standard output, standard error and the file of `--out` hold no trace of it."""
    shown = tfopt("recommend", "plan.json", "--format", format_, "--debug", cwd=secretive_shop)
    assert shown.returncode == 0, shown.stderr.replace(CANARY, "<the canary>")
    assert shown.stdout
    assert CANARY not in shown.stdout + shown.stderr
    before = {path: path.read_bytes() for path in secretive_shop.rglob("*") if path.is_file()}
    written = tfopt(
        "recommend", "plan.json", "--format", format_, "--out", "answer", cwd=secretive_shop
    )
    assert written.returncode == 0
    assert CANARY not in written.stdout + written.stderr
    assert CANARY not in everything_under(secretive_shop, before)


def test_sensitive_sizing_value_is_neither_shown_nor_patched(shop: Path, tfopt: RunTfopt) -> None:
    """A group whose variable is sensitive gets no edit there; its file stays as it is."""
    plan = json.loads((shop / "plan.json").read_text())
    plan["configuration"]["root_module"]["variables"]["nodes"]["sensitive"] = True
    plan["variables"]["nodes"]["value"]["role_arn"] = CANARY
    plan["variables"]["nodes"]["value"]["instance_types"] = [CANARY]
    for change in plan["resource_changes"]:
        if change["address"] == "aws_eks_node_group.apps":
            change["change"]["after"] |= {"instance_types": [CANARY], "node_role_arn": CANARY}
            change["change"]["after_sensitive"] |= {
                "instance_types": True,
                "node_role_arn": True,
                "scaling_config": True,
            }
    for resource in plan["planned_values"]["root_module"]["resources"]:
        if resource["address"] == "aws_eks_node_group.apps":
            resource["values"] |= {"instance_types": [CANARY], "node_role_arn": CANARY}
            resource["sensitive_values"] |= {
                "instance_types": True,
                "node_role_arn": True,
                "scaling_config": True,
            }
    (shop / "plan.json").write_text(json.dumps(plan))
    nodes = (shop / "nodes.auto.tfvars").read_bytes()
    done = tfopt("recommend", "plan.json", "--format", "json", "--write", "--debug", cwd=shop)
    assert done.returncode == 0, done.stderr.replace(CANARY, "<the canary>")
    assert CANARY not in done.stdout + done.stderr
    assert (shop / "nodes.auto.tfvars").read_bytes() == nodes
    group = {g["address"]: g for g in json.loads(done.stdout)["groups"]}["aws_eks_node_group.apps"]
    assert group["status"] == "not-analysed"
    assert "sensitive" in group["reason"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text[: text.rindex(CANARY) + len(CANARY) + 1], id="cut after it"),
        pytest.param(lambda text: text.replace('"format_version"', '"former"'), id="no version"),
        pytest.param(lambda text: text.replace('"1.2"', '"7.0"'), id="unknown version"),
        pytest.param(lambda text: f'"{CANARY}" {text}', id="wrapped in junk"),
    ],
)
def test_secret_appears_in_no_error(damage: Any, secretive_shop: Path, tfopt: RunTfopt) -> None:
    """A plan that cannot be read is refused without quoting it, even under --debug."""
    plan = secretive_shop / "plan.json"
    plan.write_text(damage(plan.read_text()))
    for extra in ([], ["--debug"]):
        done = tfopt("recommend", "plan.json", "--format", "json", *extra, cwd=secretive_shop)
        assert CANARY not in done.stdout + done.stderr
