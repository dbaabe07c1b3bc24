"""`tfopt init`: what it writes is valid, complete, and fits the plan."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt.plan.model import InstanceGroup, Plan, Skipped
from tfopt.plan.read import read_plan
from tfopt.pricing import load_book
from tfopt.settings import DefaultsTable, DemandTable, Settings, WorkloadTable, load_settings
from tfopt.starter import starter

if TYPE_CHECKING:
    from conftest import RunTfopt

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests" / "cases" / "terraform").glob("*/plan.json"))
SHOP = ROOT / "examples" / "web-shop" / "plan.json"
_KEY = re.compile(r"^# (?=(\w+) = )", re.MULTILINE)


def written(folder: Path, plan: Path) -> Settings:
    path = folder / "tfopt.toml"
    path.write_text(starter(read_plan(plan), load_book()), encoding="utf-8")
    return load_settings(path)


@pytest.mark.parametrize("plan", [SHOP, *CASES], ids=lambda path: path.parent.name)
def test_every_group_gets_a_workload_of_its_own_and_nothing_else(
    plan: Path, tmp_path: Path
) -> None:
    """The file is valid as written, sets nothing, and no workload fits no group."""
    settings = written(tmp_path, plan)
    addresses = [group.address for group in read_plan(plan).groups]
    assert [table.match for table in settings.workload] == addresses
    assert [settings.workload_of(address) for address in addresses] == list(settings.workload)
    assert settings.defaults == DefaultsTable()
    assert all(table == WorkloadTable(match=table.match) for table in settings.workload)


def test_every_key_stands_there_and_may_be_uncommented(tmp_path: Path) -> None:
    """Each line on its own: the key exists, and what is shown is accepted."""
    path = tmp_path / "tfopt.toml"
    text = starter(read_plan(SHOP), load_book())
    keys = list(_KEY.finditer(text))
    for key in keys:
        path.write_text(text[: key.start()] + text[key.end() :], encoding="utf-8")
        assert load_settings(path).folder == tmp_path
    shown = {key[1] for key in keys}
    known = set(DefaultsTable.model_fields) | set(WorkloadTable.model_fields)
    assert shown >= known - {"match", "pods"}
    sources = set(re.findall(r"^# demand = \{ (\w+) = ", text, re.MULTILINE))
    assert sources == {"csv", "cloudwatch_json", "prometheus_json", "profile"}
    assert sources < set(DemandTable.model_fields)


def test_pods_are_asked_for_where_nothing_else_tells_of_them(tmp_path: Path) -> None:
    """A pool under a cluster autoscaler, and a deployment whose nodes are not in the plan."""
    path, home = tmp_path / "tfopt.toml", SHOP.parents[2] / "tests/cases/clouds"
    text = starter(read_plan(home / "kubernetes-workloads/plan.json"), load_book())
    asked = {}
    for part in text.split("[[workload]]")[1:]:
        workload = f"[[workload]]{part}"
        line = re.search(r"^# (pods = .*)$", workload, re.MULTILINE)
        if line is not None:
            path.write_text(workload.replace(line[0], line[1]), encoding="utf-8")
            (table,) = load_settings(path).workload
            asked[table.match] = table.pods is not None and table.pods.node_type
    assert asked == {
        'aws_eks_node_group.this["apps"]': None,
        'aws_eks_node_group.this["batch"]': None,
        "kubernetes_deployment.legacy": "m6i.xlarge",
    }


def test_defaults_that_are_shown_are_the_defaults(tmp_path: Path) -> None:
    """A line that is no example changes nothing when it is uncommented."""
    path = tmp_path / "tfopt.toml"
    text = starter(read_plan(SHOP), load_book())
    before, silent = text.partition("[[workload]]")[0], DefaultsTable()
    own = {"slo", "allowed_families", "architectures", "commitments"}  # none means something too
    for key in _KEY.finditer(before):
        if key[1] not in own:
            path.write_text(text[: key.start()] + text[key.end() :], encoding="utf-8")
            assert load_settings(path).defaults == silent


def test_addresses_from_a_hostile_plan_stay_what_they_are(tmp_path: Path) -> None:
    """Quotes, backslashes, line breaks and control codes open no other table or key."""
    address = 'module.a["x\\"]\n[defaults]\nmin_zones = 9 #\x7f\x1b\u202e"].aws_autoscaling_group.b'
    group = InstanceGroup(
        address=address,
        kind="aws_autoscaling_group\n[defaults]",
        cloud="aws",
        region="us-east-1\nmin_zones = 3",
        action="create",
        unit="instance",
        slots=(),
        min_size=1,
        max_size=2,
        desired_capacity=None,
    )
    left = (Skipped("a\nmin_zones = 3", "kind", "why\n[x]"),)
    plan = Plan("p\n[x]", "1.2", "1.9", "terraform", True, {}, (group,), left)
    path = tmp_path / "tfopt.toml"
    path.write_text(starter(plan, load_book()), encoding="utf-8")
    settings = load_settings(path)
    assert [table.match for table in settings.workload] == [address]
    assert settings.defaults == DefaultsTable()


def test_the_file_is_written_beside_the_plan_and_recommend_takes_it(
    tmp_path: Path, tfopt: RunTfopt
) -> None:
    """The whole way, on a plan of one group; its traffic is assumed until it is given."""
    folder = tmp_path / "infra"
    folder.mkdir()
    case = ROOT / "tests" / "cases" / "terraform" / "tfvars-scalar" / "plan.json"
    (folder / "plan.json").write_bytes(case.read_bytes())
    done = tfopt("init", "infra/plan.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "wrote infra/tfopt.toml: 1 group(s)" in done.stderr
    report = tfopt("recommend", "infra/plan.json", "--format", "json", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    (group,) = json.loads(report.stdout)["groups"]
    assert group["status"] != "not-analysed"
    assert group["assumed"]
    assert "fits no group" not in report.stderr


def test_a_file_that_is_there_is_kept_without_force(tmp_path: Path, tfopt: RunTfopt) -> None:
    """The refusal names the file and both ways out; --out goes elsewhere, --force replaces."""
    (tmp_path / "tfopt.toml").write_text("# mine\n")
    refused = tfopt("init", SHOP, "--out", "tfopt.toml", cwd=tmp_path)
    assert refused.returncode == 1
    assert "tfopt.toml: is there already" in refused.stderr
    assert "--force" in refused.stderr
    assert (tmp_path / "tfopt.toml").read_text() == "# mine\n"
    assert tfopt("init", SHOP, "--out", "other.toml", cwd=tmp_path).returncode == 0
    assert len(tomllib.loads((tmp_path / "other.toml").read_text())["workload"]) == 3
    assert tfopt("init", SHOP, "--out", "tfopt.toml", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "tfopt.toml").read_text() == (tmp_path / "other.toml").read_text()
