"""A plan made by the real terraform with the real provider, as JSON and saved."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.plan.model import Plan, Slot
from tfopt.plan.read import read_plan
from tfopt.plan.scalers import OtherScaler, ScheduleScaler, TargetTrackingScaler

CANARY = "canary-9c1f"
SECRETS = (f"-var=secret={CANARY}", f"-var=tier_password={CANARY}")
pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def saved(terraform_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a saved plan of every AWS group, in its folder with its providers."""
    folder = tmp_path_factory.mktemp("real")
    shutil.copytree(Path(__file__).parent / "real", folder, dirs_exist_ok=True)
    for command in (
        ["init", "-input=false", "-no-color"],
        ["plan", "-input=false", "-no-color", "-out=tf.plan", *SECRETS],
    ):
        done = subprocess.run(
            ["terraform", *command],
            cwd=folder,
            env=terraform_env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return folder / "tf.plan"


@pytest.fixture(scope="module")
def as_json(saved: Path, terraform_env: dict[str, str]) -> Path:
    """Return the same plan as JSON."""
    path = saved.with_name("plan.json")
    with path.open("w") as file:
        command = ["terraform", "show", "-json", saved.name]
        subprocess.run(command, cwd=saved.parent, env=terraform_env, stdout=file, check=True)
    return path


@pytest.fixture(scope="module")
def plan(as_json: Path) -> Plan:
    """Return the plan, read from its JSON."""
    assert CANARY in as_json.read_text()
    return read_plan(as_json)


def test_groups(plan: Plan) -> None:
    """Every group of the configuration is found, under its address, in its region."""
    assert {group.address: group.region for group in plan.groups} == {
        "aws_autoscaling_group.mixed": "eu-central-1",
        "aws_autoscaling_group.web": "eu-central-1",
        "aws_ecs_service.api": "eu-central-1",
        "aws_eks_node_group.apps": "eu-central-1",
        "aws_eks_node_group.plain": "eu-central-1",
        "aws_instance.counted": "eu-central-1",
        'aws_instance.keyed["a.b"]': "eu-central-1",
        r'aws_instance.keyed["c\"d"]': "eu-central-1",
        'module.tier["paris.1"].aws_autoscaling_group.this': "us-west-2",
    }
    assert (plan.tool, plan.complete, plan.warnings) == ("terraform", True, ())


def test_types_sizes_and_scalers(plan: Plan) -> None:
    """Spot checks of what an adapter makes of real provider output."""
    found = {group.address: group for group in plan.groups}
    web = found["aws_autoscaling_group.web"]
    assert (web.slots, web.min_size, web.max_size) == ((Slot("m5.xlarge"),), 2, 8)
    assert web.desired_capacity is None
    assert "desired_capacity" not in web.sites
    assert (web.detailed_monitoring, web.warmup_s, web.instance_refresh) == (True, 120, True)
    kinds = [type(scaler) for scaler in web.scalers]
    assert kinds == [TargetTrackingScaler, OtherScaler, ScheduleScaler]
    assert web.sites["target_cpu"].value == 60
    mixed = found["aws_autoscaling_group.mixed"]
    assert mixed.slots == (Slot("m5.large", 1), Slot("m5.xlarge", 2))
    assert (mixed.on_demand_base, mixed.spot_share) == (2, 0.75)
    assert found["aws_eks_node_group.plain"].slots == (Slot("t3.medium"),)
    assert found["aws_instance.counted"].desired_capacity == 3
    api = found["aws_ecs_service.api"]
    assert (api.min_size, api.max_size, api.task_vcpus, api.task_memory_gib) == (2, 12, 0.5, 1.0)
    tier = found['module.tier["paris.1"].aws_autoscaling_group.this']
    address = 'module.tier["paris.1"].aws_launch_configuration.this'
    assert tier.sites["instance_type"].address == address


def test_skipped(plan: Plan) -> None:
    """What is not analysed is listed."""
    assert {one.address for one in plan.skipped} == {
        "aws_lambda_function.hook",
        "aws_launch_template.unused",
    }


def test_no_secret(plan: Plan) -> None:
    """The canary stood in variables, user data, tags, a container and an output; it is gone."""
    assert CANARY not in repr(plan)
    hidden = {name for name, variable in plan.variables.items() if variable.sensitive}
    assert hidden == {"secret", "tier_password"}


def test_saved_plan(
    saved: Path, plan: Plan, terraform_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A saved plan reads as its JSON does, and brings the sources of every module."""
    for name, value in terraform_env.items():
        monkeypatch.setenv(name, value)
    found = read_plan(saved)
    assert found.groups == plan.groups
    assert found.sources is not None
    assert {"modules.json", "m-/main.tf", "m-/variables.tf", "m-tier/main.tf"} <= set(found.sources)
    original = (Path(__file__).parent / "real" / "main.tf").read_bytes()
    assert found.sources["m-/main.tf"] == original
    assert CANARY not in repr(found)


def test_saved_plan_without_providers(
    saved: Path, tmp_path: Path, terraform_env: dict[str, str]
) -> None:
    """Away from its providers a saved plan is refused with the way out."""
    lonely = tmp_path / "tf.plan"
    lonely.write_bytes(saved.read_bytes())
    with pytest.raises(TfoptError) as caught:
        read_plan(lonely)
    assert "terraform show -json tf.plan > plan.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_saved_plan_elsewhere_than_its_configuration(
    saved: Path, tmp_path: Path, terraform_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration's folder has the providers that a plan stored elsewhere needs."""
    for name, value in terraform_env.items():
        monkeypatch.setenv(name, value)
    lonely = tmp_path / "tf.plan"
    lonely.write_bytes(saved.read_bytes())
    assert read_plan(lonely, saved.parent).groups
