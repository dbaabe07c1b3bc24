"""The second plan: real Terraform confirms a right edit, and finds every wrong one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.replan import run

from tfopt.errors import TfoptError
from tfopt.hcl.edit import FilePatch, Patch
from tfopt.patching.terraform import headline
from tfopt.patching.verify import Verification, verify

# terraform_data comes with Terraform: a plan of it takes no provider
MAIN = """
variable "sizes" {
  type = object({ type = string, min = number, max = number })
}

resource "terraform_data" "template" {
  input = var.sizes.type
}

resource "terraform_data" "web" {
  input = { min = var.sizes.min, max = var.sizes.max, planned = plantimestamp() }
}

resource "terraform_data" "canary" {
  count = 2
  input = var.sizes.type
}

output "smallest" {
  value = var.sizes.min
}
"""
SIZES = 'sizes = { type = "m5.large", min = 2, max = 8 }\n'
WEB, TEMPLATE, CANARY = (f"terraform_data.{name}" for name in ("web", "template", "canary"))
MINIMUM = {(WEB, "input", "min"): 3}
TYPE = {(TEMPLATE, "input"): "m7a.large"}

AWS = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "sizes" {
  type = object({ type = string, min = number, max = number })
}

resource "aws_launch_template" "web" {
  name          = "web"
  image_id      = "ami-12345678"
  instance_type = var.sizes.type
}

resource "aws_autoscaling_group" "web" {
  name               = "web"
  min_size           = var.sizes.min
  max_size           = var.sizes.max
  availability_zones = ["us-east-1a"]
  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
}
"""


@pytest.fixture
def shop(
    tmp_path: Path, terraform_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Return an initialised configuration; afterwards nothing temporary is left."""
    for name, value in terraform_env.items():
        monkeypatch.setenv(name, value)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    (folder / "terraform.tfvars").write_text(SIZES)
    (folder / ".terraform").mkdir()
    yield folder
    assert list(scratch.iterdir()) == []


def terraform(folder: Path, *words: str) -> None:
    """Run terraform in a folder, as the user did before."""
    done = run(["terraform", *words, "-input=false"], folder, dict(os.environ))
    assert done.returncode == 0, done.stderr


def edit(path: Path, old: str, new: str) -> Patch:
    """Return a patch made by hand, right or wrong."""
    before = path.read_bytes()
    assert before.count(old.encode()) == 1
    return Patch((FilePatch(path, before, before.replace(old.encode(), new.encode())),))


def verified(
    patch: Patch,
    folder: Path,
    wanted: dict[tuple[str | int, ...], str | int | float | bool],
    may_move: tuple[str, ...] = (),
    var_files: tuple[Path, ...] = (),
) -> Verification:
    """Verify a patch, and see to it that the user's folder stays as it is."""
    before = snapshot(folder)
    found = verify(patch, folder, var_files, wanted, may_move, progress=lambda *_: None)
    assert snapshot(folder) == before
    return found


def snapshot(folder: Path) -> dict[Path, bytes]:
    """Return every file of a folder, but not what its links lead to."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and "providers" not in path.parts
    }


@pytest.mark.terraform
def test_a_right_edit_holds(shop: Path) -> None:
    """The wanted value is planned; the output follows; the plan's moment is no difference."""
    found = verified(edit(shop / "terraform.tfvars", "min = 2", "min = 3"), shop, MINIMUM)
    assert (found.held, found.problem, found.notes) == (True, None, ())
    assert [str(one) for one in found.differences] == [
        f"{WEB}.input.min: 2 → 3 (wanted)",
        "output.smallest: 2 → 3 (follows)",
    ]
    assert next(found.lines()) == f"terraform {found.version}: verified"


@pytest.mark.terraform
def test_with_a_real_provider(shop: Path) -> None:
    """A group and its template of AWS, the provider linked from the initialised folder."""
    (shop / "main.tf").write_text(AWS)
    (shop / ".terraform").rmdir()
    terraform(shop, "init")
    patch = edit(shop / "terraform.tfvars", "m5.large", "m7a.large")
    found = verified(patch, shop, {("aws_launch_template.web", "instance_type"): "m7a.large"})
    assert (found.held, found.problem) == (True, None)
    assert [one.standing for one in found.differences] == ["wanted"]


@pytest.mark.terraform
def test_a_shared_literal_must_be_listed(shop: Path) -> None:
    """What else the literal feeds is expected where it was said, and a failure where it was not."""
    patch = edit(shop / "terraform.tfvars", "m5.large", "m7a.large")
    listed = verified(patch, shop, TYPE, (CANARY,))
    assert (listed.held, listed.problem) == (True, None)
    assert {one.standing for one in listed.differences} == {"wanted", "listed"}
    uncertain = verified(patch, shop, TYPE, (f"may move: {CANARY}",))
    assert uncertain.held
    silent = verified(patch, shop, TYPE)
    assert silent.problem == (f"{CANARY}[0].input moves too, which was not foreseen, and 1 more")


@pytest.mark.terraform
def test_a_wrong_leaf_is_found(shop: Path) -> None:
    """An edit of another literal is found twice: the wanted value is missing, another moved."""
    found = verified(edit(shop / "terraform.tfvars", "max = 8", "max = 3"), shop, MINIMUM)
    assert not found.held
    assert found.problem == f"{WEB}.input.min is 2, not 3"
    assert [one.place for one in found.differences if not one.expected] == [f"{WEB}.input.max"]


@pytest.mark.terraform
def test_what_hangs_on_the_edited_resource_follows(shop: Path) -> None:
    """A value that becomes unknown follows; a resource that it would replace was not foreseen."""
    main = shop / "main.tf"
    follower = f'resource "terraform_data" "follower" {{\n  input = {TEMPLATE}.output\n}}\n'
    main.write_text(MAIN.replace("count = 2", "count = 0") + follower)
    terraform(shop, "apply", "-auto-approve")
    patch = edit(shop / "terraform.tfvars", "m5.large", "m7a.large")
    found = verified(patch, shop, TYPE)
    assert (found.held, found.problem) == (True, None)
    told = [str(one) for one in found.differences]
    assert 'terraform_data.follower.input: "m5.large" → (known after apply) (follows)' in told
    assert 'terraform_data.follower: "no-op" → "update" (follows)' in told
    main.write_text(
        main.read_text().replace(f"  input = {TEMPLATE}", f"  triggers_replace = {TEMPLATE}")
    )
    terraform(shop, "apply", "-auto-approve")
    replaced = verified(patch, shop, TYPE)
    assert replaced.problem == "terraform_data.follower moves too, which was not foreseen"
    assert str(replaced.differences[0]) == (
        'terraform_data.follower: "no-op" → "replace" (unexpected)'
    )


@pytest.mark.terraform
def test_a_count(shop: Path) -> None:
    """The number of instances is a value too; the instance that goes is what was wanted."""
    wanted = {(CANARY, "count"): 1}
    found = verified(edit(shop / "main.tf", "count = 2", "count = 1"), shop, wanted)
    assert (found.held, found.problem) == (True, None)
    assert [one.place for one in found.differences] == [f"{CANARY}[1]"]
    wrong = verified(edit(shop / "main.tf", "count = 2", "count = 3"), shop, wanted)
    assert wrong.problem == f"{CANARY} has 3 instances, not 1"


@pytest.mark.terraform
def test_a_module_beside_the_configuration(shop: Path) -> None:
    """A local module outside the config dir, and the data file it reads, are copied too."""
    (shop.parent / "modules" / "tier").mkdir(parents=True)
    data = shop.parent / "modules" / "sizes.json"
    data.write_text('{"min": 2}\n')
    (shop.parent / "modules" / "tier" / "main.tf").write_text(
        'resource "terraform_data" "this" {\n'
        '  input = jsondecode(file("${path.module}/../sizes.json"))\n}\n'
    )
    (shop / "main.tf").write_text('module "tier" {\n  source = "../modules/tier"\n}\n')
    (shop / "terraform.tfvars").unlink()
    terraform(shop, "init")
    found = verified(
        edit(data, "2", "3"), shop, {("module.tier.terraform_data.this", "input", "min"): 3}
    )
    assert (found.held, found.problem) == (True, None)
    assert data.read_text() == '{"min": 2}\n'


@pytest.mark.terraform
def test_variable_files_in_order(shop: Path, tmp_path: Path) -> None:
    """A file outside the folder wins as the last of the command line, and is patched apart."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    last, first = elsewhere / "prod.tfvars", shop / "base.tfvars"
    last.write_text('sizes = { type = "m5.large", min = 5, max = 8 }\n')
    first.write_text(SIZES)
    patch = edit(last, "min = 5", "min = 3")
    found = verified(patch, shop, MINIMUM, var_files=(first, last))
    assert (found.held, found.problem) == (True, None)
    assert last.read_text().count("min = 5") == 1
    lost = verified(edit(first, "min = 2", "min = 3"), shop, MINIMUM, var_files=(first, last))
    assert lost.problem == f"{WEB}.input.min is 5, not 3"


@pytest.mark.terraform
def test_a_patch_that_breaks_the_syntax(shop: Path) -> None:
    """Terraform's error is told by its headline and place."""
    found = verified(edit(shop / "main.tf", "count = 2", "count = = 2"), shop, MINIMUM)
    assert not found.held
    assert found.problem is not None
    assert found.problem.startswith("with the patch, terraform stops: Error: Invalid expression")
    assert "(main.tf:" in found.problem


@pytest.mark.terraform
def test_a_secret_is_not_shown(shop: Path) -> None:
    """A sensitive value that moves is found, and not shown."""
    secret = (
        'variable "name" {\n  type      = string\n  sensitive = true\n}\n'
        'resource "terraform_data" "named" {\n  input = { name = var.name }\n}\n'
    )
    (shop / "main.tf").write_text(MAIN + secret)
    variables = shop / "terraform.tfvars"
    variables.write_text(SIZES + 'name = "hunter2"\n')
    patch = edit(variables, "hunter2", "swordfish")
    found = verified(patch, shop, {(WEB, "input", "min"): 2})
    assert not found.held
    (difference,) = found.differences
    assert str(difference).endswith(": (sensitive) → (sensitive) (unexpected)")
    told = " ".join((found.problem or "", *found.lines(), repr(found)))
    assert "hunter2" not in told
    assert "swordfish" not in told


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        (
            "\n\u2577\n\u2502 Error: expected length of name to be in the range (1 - 128), got "
            "hunter2\n\u2502 \n\u2502   with aws_launch_template.web,\n\u2502   on main.tf line 9, "
            'in resource "aws_launch_template" "web":\n\u2502    9:   name = var.name\n',
            "Error: expected length of name to be in the range (1 - 128), got … (main.tf:9)",
        ),
        ('Error: "hunter2" is no size\n\nhunter2\n', 'Error: "…" is no size'),
        ("Error: First\n\nError: Second\n\n  on b.tf line 2\n", "Error: First"),
        ("panic: hunter2\n", "it failed without saying why"),
    ],
)
def test_an_error_is_told_without_values(complaint: str, told: str) -> None:
    """Terraform and its providers quote values in errors: only what is safe is repeated."""
    assert headline(complaint) == told


@pytest.mark.terraform
def test_a_folder_that_is_not_initialised(shop: Path) -> None:
    """Providers are installed in the copy, a remote backend is not asked, and this is said."""
    (shop / ".terraform").rmdir()
    backend = 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n  }\n}\n'
    (shop / "backend.tf").write_text(backend)
    found = verified(edit(shop / "terraform.tfvars", "min = 2", "min = 3"), shop, MINIMUM)
    assert (found.held, found.problem) == (True, None)
    assert found.notes == (
        "the folder is not initialised: planned without its state, so that everything is to be "
        "created",
    )


@pytest.mark.terraform
def test_a_configuration_that_cannot_be_planned(shop: Path) -> None:
    """What is wrong without the patch is not the patch's fault, and is told as an error."""
    patch = edit(shop / "main.tf", "count = 2", "count = 1")
    (shop / "terraform.tfvars").unlink()
    with pytest.raises(TfoptError, match="does not plan it as it is: Error: No value for required"):
        verified(patch, shop, MINIMUM)


@pytest.mark.terraform
def test_an_interrupt_leaves_nothing(shop: Path) -> None:
    """Ctrl-C while terraform runs ends it and removes the copy, as the fixture checks."""

    def interrupted(done: int, total: int, what: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    patch = edit(shop / "terraform.tfvars", "min = 2", "min = 3")
    with pytest.raises(KeyboardInterrupt):
        verify(patch, shop, (), MINIMUM, (), progress=interrupted)


@pytest.mark.terraform
def test_the_other_tool_stands_in(shop: Path) -> None:
    """A plan of OpenTofu is verified by terraform where tofu is missing, and this is said."""
    if shutil.which("tofu") is not None:
        assert shutil.which("terraform") is not None
        return
    patch = edit(shop / "terraform.tfvars", "min = 2", "min = 3")
    found = verify(patch, shop, (), MINIMUM, (), progress=lambda *_: None, made_by="opentofu")
    assert found.tool == "terraform"
    assert found.notes == ("tofu, which made the plan, is not on PATH: planned with terraform",)


def test_no_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without either tool the user learns what is missing and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TfoptError, match="neither terraform nor tofu is on PATH") as told:
        verify(Patch(()), tmp_path, (), {}, (), progress=lambda *_: None)
    assert told.value.hint == "Install it, or leave --verify out"


def test_hcp_terraform_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan there would be a run of its own: refused before anything is copied."""
    binary = tmp_path / "bin" / "terraform"
    binary.parent.mkdir()
    binary.write_text("#!/bin/sh\nexit 9\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(binary.parent))
    folder = tmp_path / "cloud"
    (folder / ".terraform").mkdir(parents=True)
    (folder / "main.tf").write_text("locals {}\n")
    (folder / ".terraform" / "terraform.tfstate").write_text('{"backend": {"type": "cloud"}}')
    with pytest.raises(TfoptError, match="planned by HCP Terraform"):
        verify(Patch(()), folder, (), {}, (), progress=lambda *_: None)
