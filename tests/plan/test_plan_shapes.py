"""Actions, destroyed and deposed objects, plans in parts, and the coverage report."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_builder import Values, change, document, groups, read

from tfopt.plan import adapters, coverage
from tfopt.plan.address import address_key, module_path, module_reference

WEB = {"instance_type": "t3.small"}


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["create"], "create"),
        (["update"], "update"),
        (["no-op"], "no-op"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        ([], "unknown"),
        (["something-new"], "unknown"),
    ],
)
def test_actions(actions: list[str], action: str, tmp_path: Path) -> None:
    """Both orders of replacement are one action."""
    made = document([change("aws_instance.web", WEB, actions=actions)])
    assert groups(tmp_path, made)["aws_instance.web"].action == action


@pytest.mark.parametrize("gone", ["delete", "forget"])
def test_destroyed_groups_are_skipped(gone: str, tmp_path: Path) -> None:
    """A group that the plan destroys is listed with that reason."""
    plan = read(tmp_path, document([change("aws_instance.web", None, actions=[gone])]))
    assert plan.groups == ()
    assert [(one.address, one.reason) for one in plan.skipped] == [
        ("aws_instance.web", "the plan destroys it")
    ]


def test_a_shrinking_count(tmp_path: Path) -> None:
    """Of a counted block, what remains is the group and what goes is skipped."""
    made = [
        change("aws_instance.web[0]", WEB, index=0, actions=["no-op"]),
        change("aws_instance.web[1]", None, index=1, actions=["delete"]),
    ]
    plan = read(tmp_path, document(made))
    assert [(one.address, one.desired_capacity) for one in plan.groups] == [("aws_instance.web", 1)]
    assert [one.address for one in plan.skipped] == ["aws_instance.web[1]"]


def test_deposed_objects_are_ignored(tmp_path: Path) -> None:
    """A deposed object shares its address with the live one and is not a second group."""
    made = [
        change("aws_instance.web", WEB, actions=["no-op"]),
        change("aws_instance.web", None, actions=["delete"], deposed="a1b2c3d4"),
    ]
    plan = read(tmp_path, document(made))
    assert (len(plan.groups), plan.skipped) == (1, ())


def planned(values: Values, address: str = "module.m[0].aws_instance.web") -> Values:
    """Return `planned_values` with one instance inside a module."""
    resource = {"address": address, "mode": "managed", "type": "aws_instance", "name": "web"}
    child = {"address": "module.m[0]", "resources": [{**resource, "values": values}]}
    return {"root_module": {"child_modules": [child]}}


def test_planned_values_win(tmp_path: Path) -> None:
    """Values are those of `planned_values`; the change says what is unknown and what happens."""
    made = document([change("module.m[0].aws_instance.web", WEB, unknown={"ami": True})])
    made["planned_values"] = planned({"instance_type": "c5.large"})
    found = groups(tmp_path, made)["module.m[0].aws_instance.web"]
    assert (found.slots[0].instance_type, found.action) == ("c5.large", "create")


def test_a_plan_of_planned_values_alone(tmp_path: Path) -> None:
    """A plan cut down to its planned values still shows its groups."""
    plan = read(tmp_path, {"format_version": "1.2", "planned_values": planned(WEB)})
    assert [(one.address, one.action) for one in plan.groups] == [
        ("module.m[0].aws_instance.web", "unknown")
    ]


def test_data_sources_are_no_groups(tmp_path: Path) -> None:
    """Something that is only read is nobody's instance group."""
    made = [change("aws_instance.web", WEB, mode="data", actions=["read"])]
    plan = read(tmp_path, document(made))
    assert (plan.groups, plan.skipped) == ((), ())


def test_coverage(tmp_path: Path) -> None:
    """Everything that looks like compute is listed with a reason; the rest is left out."""
    kinds = ("google_compute_instance_group", "azurerm_container_app", "helm_release")
    made = [
        change("aws_launch_template.spare", {"instance_type": "m5.large"}),
        change("aws_db_instance.db", {}),
        change("aws_s3_bucket.logs", {}),
        change("aws_lambda_function.old", None, actions=["delete"]),
        *(change(f"{kind}.x", {}) for kind in kinds),
    ]
    reasons = {one.address: one.reason for one in read(tmp_path, document(made)).skipped}
    assert set(reasons) == {
        "aws_launch_template.spare",
        "aws_db_instance.db",
        "aws_lambda_function.old",
        *(f"{kind}.x" for kind in kinds),
    }
    assert reasons["aws_launch_template.spare"] == "no group of this plan launches from it"
    assert reasons["aws_lambda_function.old"] == "the plan destroys it"
    assert "unmanaged" in reasons["google_compute_instance_group.x"]


def test_no_kind_is_both_read_and_skipped() -> None:
    """The coverage table and the adapters share no kind."""
    assert not set(coverage.REASONS) & set(adapters.GROUP_KINDS)


def test_module_paths() -> None:
    """Module steps keep their keys, whatever stands in them."""
    assert module_path("aws_instance.x") == ()
    assert module_path('module.a["b.module.c"].module.d[0].aws_instance.x["module.e"]') == (
        'module.a["b.module.c"]',
        "module.d[0]",
    )
    assert module_path(r'module.a["q\"]."].data.x.y') == (r'module.a["q\"]."]',)


def test_keys_and_outputs() -> None:
    """Keys are unescaped; an output reference is taken apart."""
    assert address_key("aws_instance.x[3]") == 3
    assert address_key(r'aws_instance.x["a\"b\\c"]') == 'a"b\\c'
    assert address_key("aws_instance.x") is None
    assert module_reference('module.lt["a.b"].id[0]') == ("lt", '["a.b"]', "id")
    assert module_reference("module.lt") is None
