"""A patch of a file that holds secrets: refused as a diff where it would show one, else made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Change, Patch, make_patch
from tfopt.hcl.secret import secret_lines, telling_lines
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Target, Trace, Tracer
from tfopt.hcl.write import write

CANARY = "CANARY-s3cr3t"
MAIN = """variable "db" {
  sensitive = true
}

variable "web" {
  type = object({ type = string, key = optional(string) })
}

resource "aws_launch_template" "web" {
  instance_type = var.web.type
}
"""
ONE_LINE = {
    "minified JSON": (
        "terraform.tfvars.json",
        '{"db":"CANARY-s3cr3t","web":{"type":"m5.large"}}',
    ),
    "another variable's line": (
        "terraform.tfvars.json",
        '{"web":{"type":"m5.large"},\n "db":"CANARY-s3cr3t"}\n',
    ),
    "a key named so": (
        "terraform.tfvars",
        'web = { type = "m5.large", api_key = "CANARY-s3cr3t" }\n',
    ),
}


def patch_of(folder: Path, name: str, text: str) -> Patch:
    """Return the patch that turns the type of `web` into m7a.large."""
    (folder / "main.tf").write_text(MAIN)
    (folder / name).write_text(text)
    sources = load_sources(folder)
    target = Target((), "aws_launch_template.web", None, ("instance_type",), "m5.large")
    found = Tracer(sources, {}).trace(target)
    assert isinstance(found, Trace)
    return make_patch([Change(found.leaf, "m7a.large", "was it")], secret_lines(sources, []))


@pytest.mark.parametrize("case", ONE_LINE)
def test_a_secret_beside_the_edit(case: str, tmp_path: Path) -> None:
    """Making the patch and writing it work; only its diff, which would show the value, does not."""
    name, text = ONE_LINE[case]
    patch = patch_of(tmp_path, name, text)
    with pytest.raises(TfoptError, match=r"sensitive value.*Use --write") as refused:
        patch.unified(tmp_path)
    assert CANARY not in str(refused.value)
    write(patch)
    written = (tmp_path / name).read_text()
    assert "m7a.large" in written
    assert CANARY in written
    if name.endswith(".json"):
        assert json.loads(written)["db"] == CANARY


def test_a_secret_two_lines_away_is_left_out(tmp_path: Path) -> None:
    """Where git can do without the line, the diff is made without it."""
    text = f'db = "{CANARY}"\n# sizes\nweb = {{ type = "m5.large" }}\n'
    diff = patch_of(tmp_path, "terraform.tfvars", text).unified(tmp_path)
    assert "+web = " in diff
    assert CANARY not in diff


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("private_key = <<-EOT\n  KEY\n  EOT\nsize = 1\n", {1, 2, 3}),
        ('token = [\n  "x",\n]\nsize = 1\n', {1, 2, 3}),
        ('"credentials": {\n "a": {"b": 1}\n},\n"size": 1\n', {1, 2, 3}),
        ('secret = "{ ${x} {" # (\nsize = 1\n', {1}),
        ('password = "x"\nsize = 1\n', {1}),
    ],
)
def test_a_telling_name_hides_its_whole_value(text: str, hidden: set[int]) -> None:
    """A value that runs over several lines is hidden to its end, and no further."""
    assert telling_lines(text.encode()) == hidden


def test_what_a_call_passes_to_a_sensitive_variable_is_hidden(tmp_path: Path) -> None:
    """In every module: the argument, the default, and what is wrapped in sensitive()."""
    (tmp_path / "m").mkdir()
    (tmp_path / "main.tf").write_text(
        'module "m" {\n  source  = "./m"\n  licence = "x"\n}\nlocals {\n  a = sensitive("y")\n}\n'
    )
    (tmp_path / "m" / "main.tf").write_text(
        'variable "licence" {\n  sensitive = true\n}\n'
        'variable "pin" {\n  default   = "z"\n  sensitive = true\n}\n'
    )
    found = secret_lines(load_sources(tmp_path), [])
    assert found == {
        tmp_path / "main.tf": frozenset((3,)),
        tmp_path / "m" / "main.tf": frozenset((5,)),
    }
    assert telling_lines((tmp_path / "main.tf").read_bytes()) == {6}


def test_references_and_http_tokens_are_no_secrets() -> None:
    """A name alone hides nothing where no value of its own stands there."""
    text = b'db_password = var.db_password\nhttp_tokens = "required"\ntoken = "x"\n'
    assert telling_lines(text) == {3}
