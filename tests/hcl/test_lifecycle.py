"""What a resource's `lifecycle` block says, in both syntaxes and with override files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Target, Tracer

TARGET = Target((), "aws_instance.web", None, ("instance_type",), "m5.large")


def found(folder: Path, **files: str) -> Lifecycle | None:
    """Return the lifecycle of the one instance of a configuration."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return Tracer(load_sources(folder), {}).lifecycle(TARGET)


@pytest.mark.parametrize(
    ("inner", "lifecycle"),
    [
        ("", Lifecycle()),
        ("lifecycle {\n prevent_destroy = true\n }", Lifecycle(kept_at="main.tf:3")),
        ("lifecycle {\n prevent_destroy = false\n }", Lifecycle()),
        ("lifecycle {\n create_before_destroy = true\n }", Lifecycle(creates_first=True)),
        (
            "lifecycle {\n ignore_changes = [tags,\n instance_type]\n }",
            Lifecycle(ignored_at="main.tf:4"),
        ),
    ],
)
def test_native_syntax(tmp_path: Path, inner: str, lifecycle: Lifecycle) -> None:
    """Each argument is read with its place; false is as good as absent."""
    text = f'resource "aws_instance" "web" {{\n {inner}\n}}\n'
    assert found(tmp_path, main__tf=text) == lifecycle


def test_json_syntax(tmp_path: Path) -> None:
    """JSON syntax says the same."""
    text = '{"resource": {"aws_instance": {"web": {"lifecycle": {"prevent_destroy": true}}}}}'
    lifecycle = found(tmp_path, main__tf__json=text)
    assert lifecycle is not None
    assert lifecycle.kept_at == "main.tf.json:1"


def test_an_override_file(tmp_path: Path) -> None:
    """A lifecycle that stands in an override file counts."""
    lifecycle = found(
        tmp_path,
        main__tf='resource "aws_instance" "web" {}\n',
        override__tf=(
            'resource "aws_instance" "web" {\n lifecycle {\n prevent_destroy = true\n }\n}\n'
        ),
    )
    assert lifecycle == Lifecycle(kept_at="override.tf:3")


@pytest.mark.parametrize(
    ("written", "unset"),
    [
        ("var.type", True),
        ("null", True),
        ('coalesce(var.type, "m5.large")', False),
        ('"m5.large"', False),
    ],
)
def test_a_value_that_is_null(tmp_path: Path, written: str, unset: bool) -> None:
    """An argument that is there and gives null is left to the cloud."""
    text = (
        'variable "type" {\n  type = string\n  default = null\n}\n'
        f'resource "aws_instance" "web" {{\n  instance_type = {written}\n}}\n'
    )
    assert found(tmp_path, main__tf=text) == Lifecycle(unset=unset)


def test_no_such_block(tmp_path: Path) -> None:
    """Nothing is assumed of a block that is not in the sources."""
    assert found(tmp_path, main__tf="locals {}\n") is None
