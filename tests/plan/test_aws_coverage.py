"""Every compute-like resource is in a group, taken in by one, or listed with a reason."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plan_builder import change, document, read

from tfopt.errors import TfoptError
from tfopt.plan import adapters, coverage, inputs, redact
from tfopt.plan.context import Context
from tfopt.plan.document import PlanDocument
from tfopt.plan.planned import Planned
from tfopt.plan.region import Regions
from tfopt.plan.scalers import OtherScaler

# what runs programs, by the words of its kind; written down apart from the tables of tfopt
COMPUTE = re.compile(
    r"^(?:aws|google|azurerm|kubernetes|helm|kubectl|databricks)_.*(?:"
    r"instance|node_?group|node_?pool|scale_set|autoscal|cluster|deployment|fleet|service|machine"
    r"|server|function|container|job|_pod|launch_|template|task_|_pool|workspace|daemon"
    r"|stateful|replica|web_app|_release|_manifest|broker|notebook|_vm|beanstalk_environment|compute_environment)"
)
# kinds that have such a word and run nothing themselves, by what they are
NOT_COMPUTE = re.compile(
    r"iam|role|polic(?:y|ies)$(?<!autoscaling_policy)|account|profile|permission|attachment"
    r"|(?:subnet|parameter|option|security)_group|encryption|endpoint|firewall|address|disk"
    r"|network|router|health|certificate|backend_service|project_service|identity_pool|alias"
    r"|ssl|url_map|proxy|forwarding|secret|config_map|namespace|association|discovery"
    r"|kubernetes_service|extension|snapshot|image|log|alarm|api_|event|tag|dashboard|container_registry"
    r"|ecs_cluster$|eks_cluster$"  # control planes: what runs in them are resources of their own
    r"|capacity_providers$|sql_database$|sql_user$|service_discovery|storage_container"
)
SIZING = frozenset(
    {"instance_type", "instance_types", "instance_class", "node_type", "desired_count"}
    | {"desired_capacity", "replication_instance_class", "host_instance_type", "worker_type"}
    | {"compute_type", "desired_instances", "instance_count", "max_vcpus"}
)
# planned_values and resource_changes of one public plan give this group different keys
EDITED_BY_HAND = {("aws_autoscaling_group", "module.magento[0].aws_autoscaling_group.lc[0]")}
# kinds whose schema holds a size that is not that of compute they run
SIZED_OTHERWISE = {
    "aws_pipes_pipe": "names the type of a job that it starts",
    "aws_rds_reserved_instance": "a discount, not an instance",
    "aws_redshift_scheduled_action": "an action on a cluster, which is listed",
}


def is_compute(kind: str) -> bool:
    """Tell by its name whether a kind runs programs, or makes or scales what does."""
    return bool(COMPUTE.search(kind)) and not NOT_COMPUTE.search(kind)


def unaccounted(data: bytes) -> set[tuple[str, str]]:
    """Return the compute-like resources of a plan that tfopt says nothing of: kind, address."""
    plan = inputs.plan_document(data, "plan.json", [])
    variables = redact.variables(plan)
    planned = Planned(plan, adapters.ATTRIBUTES, frozenset(coverage.REASONS))
    context = Context(planned, Regions(planned, variables))
    for adapter in adapters.ADAPTERS:
        list(adapter.read(context))
    groups, skipped, _ = adapters.read(plan, variables)
    told = {group.address for group in groups} | {one.address for one in skipped} | context.used
    return {
        (kind, address)
        for kind, address in _managed(plan)
        if is_compute(kind) and not {address, _block(address)} & told
    }


def _managed(plan: PlanDocument) -> Iterator[tuple[str, str]]:
    """Yield kind and address of all managed resources, also of a plan cut down to its values."""
    for one in plan.resource_changes or ():
        if one.mode == "managed" and not one.deposed:
            yield one.type, one.address
    root = plan.planned_values.root_module if plan.planned_values else None
    todo = [root] if root else []
    while todo:
        module = todo.pop()
        todo += module.child_modules or ()
        yield from ((r.type, r.address) for r in module.resources or () if r.mode == "managed")


def _block(address: str) -> str:
    """Return an address without its own key: instances of one block are one group."""
    return re.sub(r"\[[^\[]*\]$", "", address)


def test_every_public_plan_is_accounted_for(material: Path) -> None:
    """In no public plan is there a compute-like resource that the answer is silent on."""
    folder = material / "plans"
    silent, seen = {}, 0
    for entry in json.loads((folder / "index.json").read_text()):
        if entry["kind"] != "plan":
            continue
        try:
            missing = unaccounted((folder / entry["file"]).read_bytes())
        except TfoptError:
            continue
        missing -= EDITED_BY_HAND
        seen += 1
        silent |= {f"{entry['file']}: {address}": kind for kind, address in missing}
    assert silent == {}
    assert seen > 70


def test_what_is_compute_is_told_by_name() -> None:
    """The words find every kind that tfopt knows, and few that it need not."""
    own = {k for k in adapters.GROUP_KINDS if k.startswith(("aws_", "google_", "azurerm_"))}
    assert {kind for kind in own if not is_compute(kind)} == set()
    assert is_compute("aws_autoscaling_policy")
    assert is_compute("azurerm_linux_virtual_machine_scale_set")
    assert not is_compute("aws_iam_instance_profile")
    assert not is_compute("google_compute_backend_service")


@pytest.mark.terraform
def test_every_aws_kind_with_a_size_is_accounted_for(
    terraform_env: dict[str, str], tmp_path: Path
) -> None:
    """Of all kinds that the provider has, none with an instance type or a count is unknown."""
    (tmp_path / "providers.tf").write_text(
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    )

    def terraform(*words: str) -> bytes:
        return subprocess.run(
            ["terraform", *words], cwd=tmp_path, env=terraform_env, capture_output=True, check=True
        ).stdout

    terraform("init", "-input=false")
    schema = json.loads(terraform("providers", "schema", "-json"))["provider_schemas"]
    kinds = next(iter(schema.values()))["resource_schemas"]
    sized = {kind for kind, told in kinds.items() if SIZING & set(_attributes(told["block"]))}
    known = adapters.ATTRIBUTES.keys() | coverage.REASONS.keys() | SIZED_OTHERWISE.keys()
    assert sized - known == set()
    assert len(sized) > 50


def _attributes(block: dict[str, Any]) -> set[str]:
    """Return the names of all arguments of a block, at any depth."""
    inner = (_attributes(one["block"]) for one in block.get("block_types", {}).values())
    return set(block.get("attributes", ())).union(*inner)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("aws_batch_compute_environment", "follows the jobs in its queues"),
        ("aws_emr_instance_group", "data that its jobs work on"),
        ("aws_elasticache_cluster", "a cache: its size follows the data"),
        ("aws_elasticache_replication_group", "a cache"),
        ("aws_db_instance", "a database: its size follows its data and connections"),
        ("aws_opensearch_domain", "a search index"),
        ("aws_spot_instance_request", "one instance bought at its own bid"),
        ("aws_autoscalingplans_scaling_plan", "scales other resources by what is not simulated"),
        ("aws_ecs_capacity_provider", "the Auto Scaling group it scales is not in this plan"),
    ],
)
def test_what_is_not_analysed_says_exactly_why(kind: str, reason: str, tmp_path: Path) -> None:
    """Each kind has the reason that is its own."""
    told = read(tmp_path, document([change(f"{kind}.x", {})])).skipped
    assert [one.kind for one in told] == [kind]
    assert reason in told[0].reason


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            [
                ("aws:autoscaling:launchconfiguration", "InstanceType", "t3.small"),
                ("aws:autoscaling:asg", "MaxSize", "4"),
                ("aws:elasticbeanstalk:application:environment", "MinSize", "hunter2"),
            ],
            "its settings give InstanceType, MaxSize",
        ),
        ([("aws:ec2:instances", "InstanceTypes", "t3.small")], "its settings give InstanceTypes"),
        ([], "its settings give no size"),
    ],
)
def test_beanstalk_says_which_sizes_it_sets(
    settings: list[tuple[str, str, str]], told: str, tmp_path: Path
) -> None:
    """The reason names the settings, and no value: environments hold secrets."""
    given = [dict(zip(("namespace", "name", "value"), one, strict=True)) for one in settings]
    made = change("aws_elastic_beanstalk_environment.shop", {"setting": given})
    gone = change("aws_elastic_beanstalk_environment.old", None, actions=["delete"])
    plan = read(tmp_path, document([made, gone]))
    reasons = {one.address: one.reason for one in plan.skipped}
    assert plan.groups == ()
    assert reasons["aws_elastic_beanstalk_environment.shop"].endswith(told)
    assert reasons["aws_elastic_beanstalk_environment.old"] == "the plan destroys it"
    assert "hunter2" not in repr(plan)


@pytest.mark.parametrize(
    ("managed", "acts"),
    [([{"status": "ENABLED"}], True), ([{"status": "DISABLED"}], False), ([], False)],
)
def test_a_group_that_ecs_scales(managed: list[object], acts: bool, tmp_path: Path) -> None:
    """Managed scaling of a capacity provider acts on the group that it names."""
    group = {"arn": "g-arn", "min_size": 1, "max_size": 9, "desired_capacity": 2}
    named = {"auto_scaling_group_arn": "g-arn", "managed_scaling": managed}
    provider = "aws_ecs_capacity_provider.own"
    plan = document(
        [
            change("aws_autoscaling_group.web", group),
            change(provider, {"auto_scaling_group_provider": [named]}),
        ]
    )
    found = read(tmp_path, plan)
    words = "an ECS capacity provider, which scales by the tasks that wait"
    assert found.groups[0].scalers == (OtherScaler(provider, words, acts=acts),)
    assert found.skipped == ()
