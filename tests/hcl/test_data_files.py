"""Values that end in a JSON or YAML file: traced through the reading functions, edited there."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.replan import moved, plan_json, plan_variables

from tfopt.hcl.data_files import matching
from tfopt.hcl.edit import Change, make_patch
from tfopt.hcl.sources import load_sources, sources_from_saved_plan
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer
from tfopt.hcl.write import write

TYPE = Target((), "aws_instance.web", None, ("instance_type",), "m5.large")


def project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def instance(expression: str, *more: str) -> str:
    rest = "\n".join(more)
    return f'resource "aws_instance" "web" {{\n  instance_type = {expression}\n{rest}\n}}\n'


def traced(folder: Path, target: Target = TYPE) -> Trace | Refusal:
    return Tracer(load_sources(folder), {}).trace(target)


def leaf_of(result: Trace | Refusal) -> str:
    assert isinstance(result, Trace), result.reason
    leaf = result.leaf
    return f"{leaf.label}:{leaf.line} {leaf.path} = {leaf.text}"


YAML = "web:\n  type: m5.large\nlist: [m5.large]\n"

LEADS = {
    "yaml": ('yamldecode(file("a.yaml")).web.type', "a.yaml:2 web.type = m5.large"),
    "module folder": (
        'yamldecode(file("${path.module}/a.yaml")).web.type',
        "a.yaml:2 web.type = m5.large",
    ),
    "root folder": (
        'yamldecode(file("${path.root}/./a.yaml")).list[0]',
        "a.yaml:3 list.0 = m5.large",
    ),
    "working folder": (
        'yamldecode(file("${path.cwd}/a.yaml")).list[0]',
        "a.yaml:3 list.0 = m5.large",
    ),
    "absolute": (
        'yamldecode(file(abspath(pathexpand("./a.yaml")))).list[0]',
        "a.yaml:3 list.0 = m5.large",
    ),
    "a template without names": (
        'yamldecode(templatefile("a.yaml", {})).web.type',
        "a.yaml:2 web.type = m5.large",
    ),
    "any name": ('yamldecode(file("sizes.conf")).type', 'sizes.conf:1 type = "m5.large"'),
    "json": ('jsondecode(file("a.json")).web[0]', 'a.json:1 web.0 = "m5.large"'),
    "json read as yaml": ('yamldecode(file("a.json")).web[0]', 'a.json:1 web.0 = "m5.large"'),
    "lookup in a merge": (
        'lookup(merge(yamldecode(file("a.yaml")), {}), "web", {}).type',
        "a.yaml:2 web.type = m5.large",
    ),
    "a file that is not there": (
        'try(yamldecode(file("none.yaml")), { type = "m5.large" }).type',
        'main.tf:2 aws_instance.web.instance_type = "m5.large"',
    ),
    "fileexists": (
        'fileexists("a.yaml") ? yamldecode(file("a.yaml")).web.type : "x"',
        "a.yaml:2 web.type = m5.large",
    ),
    "an alias": ('yamldecode(file("b.yaml")).b', "b.yaml:1 a = m5.large"),
    "a merge": ('yamldecode(file("b.yaml")).d.type', "b.yaml:4 c.type = m5.large"),
}
FILES = {
    "a.yaml": YAML,
    "a.json": '{"web": ["m5.large"]}\n',
    "sizes.conf": 'type: "m5.large"',
    "b.yaml": "a: &x m5.large\nb: *x\nc: &y\n  type: m5.large\nd:\n  <<: *y\n",
}


@pytest.mark.parametrize("name", LEADS)
def test_a_value_leads_to_its_literal(tmp_path: Path, name: str) -> None:
    """Through every function that hands the file on."""
    expression, wanted = LEADS[name]
    project(tmp_path, {**FILES, "main.tf": instance(expression)})
    assert leaf_of(traced(tmp_path)) == wanted


REFUSED = {
    "outside": (
        'yamldecode(file("../a.yaml")).web.type',
        "../a.yaml stands outside the configuration directory (main.tf:2)",
    ),
    "block scalar": ('yamldecode(file("c.yaml")).a', "a YAML block scalar (c.yaml:1)"),
    "tag": ('yamldecode(file("c.yaml")).b', "a YAML scalar with a tag (c.yaml:3)"),
    "heredoc": (
        'yamldecode("{\\"type\\":\\"${local.size}\\"}").type',
        "yamldecode() of a text computed by a string template (main.tf:2)",
    ),
    "templatefile": (
        'yamldecode(templatefile("t.yaml", { size = local.size })).type',
        "yamldecode() of a text computed by templatefile() of t.yaml (main.tf:2)",
    ),
    "whole text": ('file("size.txt")', "the whole text of size.txt (main.tf:2)"),
    "broken": ('yamldecode(file("broken.yaml")).a', "broken.yaml:2: YAML syntax error (main.tf:2)"),
    "broken json": ('jsondecode(file("broken.yaml")).a', "broken.yaml is not JSON (main.tf:2)"),
    "no file": ('file("none")', "no such file: none (main.tf:2)"),
    "workspace": (
        'yamldecode(file("${terraform.workspace}.yaml")).a',
        "terraform.workspace is not known here: set TF_WORKSPACE (main.tf:2)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_literal_says_why(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that was made, a scalar that cannot be replaced, a file that may not be read."""
    monkeypatch.delenv("TF_WORKSPACE", raising=False)
    expression, reason = REFUSED[name]
    files = {
        "c/main.tf": instance(expression) + 'locals {\n  size = "m5.large"\n}\n',
        "c/c.yaml": "a: |-\n  m5.large\nb: !!str m5.large\n",
        "c/t.yaml": "type: ${size}\n",
        "c/size.txt": "m5.large",
        "c/broken.yaml": "a: m5.large\n b: 1\n",
        "a.yaml": YAML,
    }
    project(tmp_path, files)
    result = traced(tmp_path / "c")
    assert isinstance(result, Refusal)
    assert (result.grade, result.reason) == ("unknown", reason)


def test_the_workspace_is_what_the_folder_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TF_WORKSPACE, else `.terraform/environment`, else "default" where `.terraform` stands."""
    main = instance('yamldecode(file("${terraform.workspace}.yaml")).web.type')
    files = {f"{name}.yaml": YAML for name in ("default", "prod", "dev")}
    project(tmp_path, {**files, "main.tf": main, ".terraform/x": ""})
    monkeypatch.delenv("TF_WORKSPACE", raising=False)
    assert leaf_of(traced(tmp_path)).startswith("default.yaml:2")
    project(tmp_path, {".terraform/environment": "prod"})
    assert leaf_of(traced(tmp_path)).startswith("prod.yaml:2")
    monkeypatch.setenv("TF_WORKSPACE", "dev")
    assert leaf_of(traced(tmp_path)).startswith("dev.yaml:2")


def test_what_reads_the_text_moves_too(tmp_path: Path) -> None:
    """An edit of one literal moves every digest, template and text of the same file."""
    main = instance(
        'yamldecode(file("a.yaml")).web.type',
        '  user_data = file("a.yaml")',
        '  key_name = filemd5("a.yaml")',
        '  tenancy = yamldecode(templatefile("a.yaml", {})).web.type',
        '  ami = yamldecode(file("a.yaml")).list[0]',
        '  host_id = jsondecode(file("a.json")).web[0]',
    )
    project(tmp_path, {**FILES, "main.tf": main})
    tracer = Tracer(load_sources(tmp_path), {})
    result = tracer.trace(TYPE)
    assert isinstance(result, Trace)
    proof = tracer.counterfactual(result, "m7a.large")
    assert proof.proven
    moved = ("tenancy", "user_data", "key_name")
    assert proof.also_moves == tuple(f"aws_instance.web.{name}" for name in moved)


def test_what_chooses_the_file_has_a_say_in_it(tmp_path: Path) -> None:
    """A variable in the path feeds whatever is read."""
    main = instance('yamldecode(file("${local.env}.yaml")).web.type', '  ami = "${local.env}"')
    both = {"prod.yaml": YAML, "dev.yaml": YAML.replace("m5", "t3")}
    project(tmp_path, {**both, "main.tf": main + 'locals {\n  env = "prod"\n}\n'})
    sources = load_sources(tmp_path)
    tracer = Tracer(sources, {})
    result = tracer.trace(TYPE)
    assert leaf_of(result) == "prod.yaml:2 web.type = m5.large"
    assert isinstance(result, Trace)
    assert result.grade == "patchable"


def test_a_variable_file_read_as_data_is_the_same_document(tmp_path: Path) -> None:
    """An edit of a variable moves what reads the file by `jsondecode`."""
    main = instance("var.size", '  ami = jsondecode(file("terraform.tfvars.json")).size')
    files = {
        "main.tf": 'variable "size" {}\n' + main,
        "terraform.tfvars.json": '{"size": "m5.large"}',
    }
    project(tmp_path, files)
    tracer = Tracer(load_sources(tmp_path), {"size": ("m5.large", False)})
    result = tracer.trace(TYPE)
    assert isinstance(result, Trace)
    assert tracer.counterfactual(result, "m7a.large").also_moves == ("aws_instance.web.ami",)


def test_a_module_reads_its_own_folder(tmp_path: Path) -> None:
    """A local module's file is edited; a downloaded module's, or one elsewhere, is not."""
    module = instance('yamldecode(file("${path.module}/a.yaml")).web.type')
    files = {
        "c/main.tf": "".join(
            f'module "{name}" {{\n  source = "{source}"\n}}\n'
            for name, source in (("own", "./own"), ("beside", "../beside"), ("got", "x/got/aws"))
        ),
        "c/.terraform/modules/modules.json": '{"Modules": [{"Key": "got", "Dir": '
        '".terraform/modules/got"}]}',
    }
    for folder in ("c/own", "beside", "c/.terraform/modules/got"):
        files |= {f"{folder}/main.tf": module, f"{folder}/a.yaml": YAML}
    project(tmp_path, files)
    tracer = Tracer(load_sources(tmp_path / "c"), {})
    results = {
        name: tracer.trace(
            Target((f"module.{name}",), "aws_instance.web", None, ("instance_type",), "m5.large")
        )
        for name in ("own", "beside", "got")
    }
    assert leaf_of(results["own"]) == "own/a.yaml:2 web.type = m5.large"
    reason = "../beside/a.yaml stands outside the configuration directory"
    assert results["beside"].reason == reason
    reason = ".terraform/modules/got/a.yaml belongs to a downloaded module"
    assert results["got"].reason == reason


def test_a_saved_plan_needs_the_folder_for_data_files(tmp_path: Path) -> None:
    """`tfconfig/` holds no data files: they are read from the configuration directory."""
    main = instance('yamldecode(file("a.yaml")).web.type')
    project(tmp_path, {**FILES, "main.tf": main})
    saved = {"tfconfig/m-/main.tf": main.encode()}
    result = Tracer(sources_from_saved_plan(saved), {}).trace(TYPE)
    assert result.reason == "a saved plan holds no data files: name --config-dir (main.tf:2)"
    assert leaf_of(Tracer(sources_from_saved_plan(saved, tmp_path), {}).trace(TYPE)) == (
        "a.yaml:2 web.type = m5.large"
    )


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [  # as the real fileset() answers
        ("*", [".x.yaml", "a.yaml", "b.yml"]),
        ("**", [".h/c.yaml", ".x.yaml", "a.yaml", "b.yml", "s/d.yaml", "s/t/e.yaml"]),
        ("**/*.yaml", [".h/c.yaml", ".x.yaml", "a.yaml", "s/d.yaml", "s/t/e.yaml"]),
        ("*.{yaml,yml}", [".x.yaml", "a.yaml", "b.yml"]),
        ("[ab].*", ["a.yaml", "b.yml"]),
        ("[^a]*.yml", ["b.yml"]),
        ("s/*", ["s/d.yaml"]),
        ("./*.y?ml", [".x.yaml", "a.yaml"]),
        ("**/d.yaml", ["s/d.yaml"]),
        ("s/**", ["s/d.yaml", "s/t/e.yaml"]),
        ("nope/*", []),
    ],
)
def test_fileset_matches_as_terraform_does(tmp_path: Path, pattern: str, wanted: list[str]) -> None:
    """Leading dots count, folders do not."""
    names = (".x.yaml", "a.yaml", "b.yml", ".h/c.yaml", "s/d.yaml", "s/t/e.yaml")
    project(tmp_path, dict.fromkeys(names, ""))
    assert matching(tmp_path, pattern) == wanted


@pytest.mark.parametrize("pattern", ["[", "{a/b}/*", "../*", "*/", "**.yaml/[!a]"])
def test_a_pattern_that_is_not_understood_is_refused(tmp_path: Path, pattern: str) -> None:
    """Never half a set."""
    with pytest.raises(ValueError, match="a pattern that"):
        matching(tmp_path, pattern)


HEAD = """
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
"""

SIZES = """
locals {
  sizes = yamldecode(file("${path.module}/sizes.yaml"))
}

resource "aws_launch_template" "web" {
  for_each      = local.sizes
  image_id      = jsondecode(file("c.json")).id
  instance_type = each.value.type
}

resource "aws_autoscaling_group" "web" {
  for_each           = local.sizes
  name               = each.key
  min_size           = try(each.value.min, 1)
  max_size           = lookup(each.value, "max", 9)
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.web[each.key].id
  }
}
"""

SIZES_YAML = """# sizes
defaults: &defaults
  type: "m5.large" # all of them
  min: 2
web:
  <<: *defaults
  max: 12
batch: { type: c5.large, min: 1 }
"""
TEMPLATES, GROUPS = "aws_launch_template.web", "aws_autoscaling_group.web"
TARGETS: list[tuple[Target, str | int, set[str]]] = [  # target, new value, what moves
    (
        Target((), TEMPLATES, "web", ("instance_type",), "m5.large"),
        "m7a.large",
        {f'{TEMPLATES}["web"]', f'{TEMPLATES}["defaults"]'},
    ),
    (
        Target((), TEMPLATES, "batch", ("instance_type",), "c5.large"),
        "c7g.large",
        {f'{TEMPLATES}["batch"]'},
    ),
    (Target((), GROUPS, "web", ("max_size",), 12), 7, {f'{GROUPS}["web"]'}),
    (
        Target((), TEMPLATES, "web", ("image_id",), "ami-12345678"),
        "ami-87654321",
        {f'{TEMPLATES}["{key}"]' for key in ("batch", "defaults", "web")},
    ),
]


@pytest.mark.terraform
def test_terraform_plans_what_was_claimed(tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """A merged alias, a flow mapping and a number in YAML, and JSON: edited and planned again."""
    files = {"main.tf": HEAD + SIZES, "sizes.yaml": SIZES_YAML, "c.json": '{"id": "ami-12345678"}'}
    folder = project(tmp_path / "c", files)
    before = plan_json(folder, terraform_env)
    tracer = Tracer(load_sources(folder), plan_variables(before))
    changes: list[Change] = []
    for target, new, moves in TARGETS:
        result = tracer.trace(target)
        assert isinstance(result, Trace), result.reason
        claimed = tracer.counterfactual(result, new)
        assert claimed.proven
        assert {target.address, *claimed.also_moves} == moves
        changes.append(Change(result.leaf, new, "was it; 2026-08-01"))
    write(make_patch(changes))
    wanted = {(address, *target.path): new for target, new, moves in TARGETS for address in moves}
    assert moved(before, plan_json(folder, terraform_env)) == wanted


def test_an_added_key_moves_what_reads_the_text_of_its_file(tmp_path: Path) -> None:
    """A second resource that takes the whole text of the file moves with a key added to it."""
    reads_text = 'resource "aws_instance" "other" {\n  user_data = file("a.yaml")\n}\n'
    expression = 'try(yamldecode(file("a.yaml")).web.type, "m5.large")'
    files = {"main.tf": instance(expression) + reads_text, "a.yaml": "web:\n  min: 1\n"}
    tracer = Tracer(load_sources(project(tmp_path, files)), {})
    found = tracer.trace(TYPE)
    assert isinstance(found, Trace)
    trace = Trace(TYPE, found.overrides[0], found.grade, found.hops, ())
    proof = tracer.counterfactual(trace, "m7a.large")
    assert (proof.proven, proof.also_moves) == (True, ("aws_instance.other",))
