"""A sensitive value is gone before anything else sees the plan, wherever it stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builder import block, change, constant, document, groups, read, reference

from tfopt.errors import TfoptError
from tfopt.plan.model import REDACTED, UNKNOWN
from tfopt.plan.redact import mark

CANARY = "canary-9c1f"


def secretive() -> dict[str, Any]:
    """Return a plan with the canary in every place terraform can put a sensitive value."""
    template = {
        "instance_type": CANARY,
        "user_data": CANARY,
        "monitoring": [{"enabled": CANARY}],
        "tags": {"password": CANARY},
    }
    group = {"min_size": CANARY, "max_size": 3, "launch_template": [{"id": "lt-1"}]}
    hidden = {"instance_type": True, "user_data": True, "monitoring": [{"enabled": True}]}
    child = {"variables": {"password": {"sensitive": True}}}
    made = document(
        [
            change("aws_launch_template.web", template, sensitive=hidden),
            change("aws_autoscaling_group.web", group, sensitive={"min_size": True}),
            change("aws_instance.db", {"instance_type": CANARY}, sensitive=True),
            change("aws_db_instance.db", {"password": CANARY}, sensitive={"password": True}),
            change("aws_instance.old", {"instance_type": "t3.nano"}, actions=["no-op"]),
        ],
        [block("aws_launch_template.web", {"user_data": constant(CANARY)})],
        values={
            name: {"value": value}
            for name, value in {
                "declared": CANARY,
                "nested": {"web": {"instance_type": "m5.large", "keys": [CANARY]}},
                "fed": CANARY,
                "token": CANARY,
                "shown": CANARY,
                "plain": "hello",
            }.items()
        },
        variables={
            "declared": {"sensitive": True, "default": CANARY},
            "nested": {"sensitive": True},
            "unset": {"sensitive": True, "default": CANARY},
            "fed": {},
            "token": {},
            "shown": {},
            "plain": {},
        },
        outputs={"login": {"sensitive": True, "expression": reference("var.shown")}},
        module_calls={
            "db": {
                "expressions": {"password": reference("var.fed")},
                "module": {
                    **child,
                    "module_calls": {
                        "inner": {
                            "expressions": {"password": reference("var.password")},
                            "module": child,
                        }
                    },
                },
            }
        },
    )
    made["configuration"]["provider_config"]["aws"]["expressions"] |= {
        "secret_key": reference("var.token"),
        "access_key": constant(CANARY),
    }
    made["planned_values"] = {
        "outputs": {"login": {"sensitive": True, "value": CANARY}},
        "root_module": {
            "resources": [
                {
                    "address": "aws_instance.old",
                    "mode": "managed",
                    "type": "aws_instance",
                    "name": "old",
                    "values": {"instance_type": CANARY},
                    "sensitive_values": {"instance_type": True},
                }
            ]
        },
    }
    made["output_changes"] = {"login": {"after": CANARY, "after_sensitive": True}}
    made["prior_state"] = {"values": {"outputs": {"login": {"value": CANARY, "sensitive": True}}}}
    return made


def test_no_part_of_the_plan_holds_the_canary(tmp_path: Path) -> None:
    """Nothing that was read, printed in full, contains a sensitive value."""
    plan = read(tmp_path, secretive())
    assert len(plan.groups) == 3
    assert CANARY not in repr(plan)


@pytest.mark.parametrize("name", ["declared", "nested", "unset", "fed", "token", "shown"])
def test_sensitive_variables(name: str, tmp_path: Path) -> None:
    """Declared sensitive, or feeding a secret in a child module, a provider or an output."""
    variable = read(tmp_path, secretive()).variables[name]
    assert variable.value is REDACTED
    assert variable.sensitive


def test_a_plan_without_declarations(tmp_path: Path) -> None:
    """Where declarations were cut from the plan, a variable's name must do."""
    values = {"db_password": {"value": CANARY}, "size": {"value": 3}}
    found = read(tmp_path, {**document([]), "variables": values, "configuration": None}).variables
    assert found["db_password"].value is REDACTED
    assert found["size"].value == 3


def test_other_variables_stay(tmp_path: Path) -> None:
    """A variable that is no secret keeps its value."""
    variable = read(tmp_path, secretive()).variables["plain"]
    assert (variable.value, variable.sensitive) == ("hello", False)


def test_sensitive_attributes_are_sites_without_value(tmp_path: Path) -> None:
    """A sensitive size or type is told to be there, is not known, and is never to be patched."""
    found = groups(tmp_path, secretive())
    group = found["aws_autoscaling_group.web"]
    assert group.min_size is None
    assert group.sites["min_size"].value is REDACTED
    assert "min_size is sensitive and left alone" in group.notes
    machine = found["aws_instance.db"]
    assert machine.slots == ()
    assert machine.sites["instance_type"].value is REDACTED
    assert "its instance type is sensitive" in machine.notes
    assert found["aws_instance.old"].sites["instance_type"].value is REDACTED


@pytest.mark.parametrize("marks", ["yes", 3, ["x"]])
def test_unreadable_marks_hide_everything(marks: object, tmp_path: Path) -> None:
    """Marks of a shape nobody knows redact the whole resource."""
    made = document([change("aws_instance.a", {"instance_type": CANARY}, sensitive=marks)])
    assert CANARY not in repr(read(tmp_path, made))


def test_a_refusal_quotes_nothing(tmp_path: Path) -> None:
    """A plan that cannot be read is refused without a word of its content."""
    for broken in (
        {"format_version": CANARY},
        {"resource_changes": [{"address": CANARY}]},
        {"resource_changes": CANARY},
        {"variables": {CANARY: CANARY}},
        {CANARY: [CANARY]},
    ):
        with pytest.raises(TfoptError) as caught:
            read(tmp_path, {**document([]), **broken} if "resource" in str(broken) else broken)
        assert CANARY not in str(caught.value)


LEAF = st.none() | st.booleans() | st.integers() | st.just(CANARY)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
MARKS = st.recursive(
    st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


def sensitive_everywhere(value: object) -> object:
    """Return marks that cover each leaf of a value by itself."""
    if isinstance(value, dict):
        return {name: sensitive_everywhere(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [sensitive_everywhere(inner) for inner in value]
    return True


@given(value=VALUE, unknown=MARKS)
def test_every_marked_leaf_is_hidden(value: object, unknown: object) -> None:
    """Whatever is unknown beside it, a value whose leaves are all sensitive shows none of them."""
    assert CANARY not in repr(mark(value, unknown, sensitive_everywhere(value)))
    assert mark(value, unknown, True) is REDACTED


@given(value=VALUE, unknown=MARKS, sensitive=MARKS)
def test_a_mark_never_goes_lost(value: object, unknown: object, sensitive: object) -> None:
    """Marks of any shape, fitting the value or not, leave at least one redaction where one is."""
    hidden = repr(mark(value, unknown, sensitive))
    assert ("True" in repr(sensitive)) <= (repr(REDACTED) in hidden)


@given(value=VALUE)
def test_without_marks_nothing_changes(value: object) -> None:
    """A value with nothing sensitive and nothing unknown is handed on as it is."""
    assert mark(value, False, False) == value
    assert mark(value, {}, {}) == value


def test_unknown_is_told_apart(tmp_path: Path) -> None:
    """Known after apply is neither absent nor sensitive."""
    value = mark({"a": None, "b": [{"c": 1}]}, {"a": True, "b": [{"d": True}]}, {})
    assert value == {"a": UNKNOWN, "b": [{"c": 1, "d": UNKNOWN}]}
