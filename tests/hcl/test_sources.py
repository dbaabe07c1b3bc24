"""Where sources come from: folders, downloaded modules, saved plans; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfopt.errors import TfoptError
from tfopt.hcl.configuration import Configuration
from tfopt.hcl.radius import by_token
from tfopt.hcl.sources import load_sources, sources_from_saved_plan
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer

MODULE = """variable "type" {
  default = "m5.large"
}

resource "aws_launch_template" "t" {
  instance_type = var.type
}
"""
TEMPLATE = ("aws_launch_template.t", None, ("instance_type",), "m5.large")


def trace(tracer: Tracer, *module: str) -> Trace | Refusal:
    return tracer.trace(Target(module, *TEMPLATE))


def vendored(folder: Path, call: str) -> None:
    (folder / "main.tf").write_text(call)
    home = folder / ".terraform" / "modules" / "web"
    home.mkdir(parents=True)
    (home / "main.tf").write_text(MODULE)
    entries = {"Modules": [{"Key": "web", "Dir": ".terraform/modules/web"}]}
    (home.parent / "modules.json").write_text(json.dumps(entries))


def test_an_argument_of_a_downloaded_module_is_editable(tmp_path: Path) -> None:
    """The literal in the call is the user's own, whoever wrote the module."""
    vendored(tmp_path, 'module "web" {\n  source = "a/b/aws"\n  type   = "m5.large"\n}\n')
    found = trace(Tracer(load_sources(tmp_path), {}), "module.web")
    assert isinstance(found, Trace)
    assert (found.grade, found.leaf.path) == ("edit-literal", "module.web.type")


def test_a_default_of_a_downloaded_module_is_not(tmp_path: Path) -> None:
    """The module's files are not the user's: the call must pass the value."""
    vendored(tmp_path, 'module "web" {\n  source = "a/b/aws"\n}\n')
    found = trace(Tracer(load_sources(tmp_path), {}), "module.web")
    assert isinstance(found, Trace)
    assert found.grade == "module-default"
    assert (found.leaf.label, found.leaf.path) == ("main.tf", "module.web.type")
    assert found.leaf.slot is not None


def test_a_module_that_is_not_downloaded_says_so(tmp_path: Path) -> None:
    """What is missing, and what to do."""
    (tmp_path / "main.tf").write_text('module "web" {\n  source = "a/b/aws"\n}\n')
    found = trace(Tracer(load_sources(tmp_path), {}), "module.web")
    assert isinstance(found, Refusal)
    assert found.reason == "module.web is not downloaded: run terraform init (main.tf:1)"


def test_a_module_outside_the_folder_is_not_edited(tmp_path: Path) -> None:
    """A shared module may be used by configurations that are not looked at."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "env").mkdir()
    (tmp_path / "shared" / "main.tf").write_text(MODULE.replace("var.type", '"m5.large"'))
    (tmp_path / "env" / "main.tf").write_text('module "web" {\n  source = "../shared"\n}\n')
    found = trace(Tracer(load_sources(tmp_path / "env"), {}), "module.web")
    assert isinstance(found, Refusal)
    assert found.reason == "../shared/main.tf stands outside the configuration directory"


def test_only_the_files_of_called_modules_are_parsed(tmp_path: Path) -> None:
    """A broken module that the target does not need is not even read."""
    (tmp_path / "main.tf").write_text(MODULE)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "main.tf").write_text("variable {{{")
    assert isinstance(trace(Tracer(load_sources(tmp_path), {})), Trace)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("main.tf", 'a = {\n  b = "x\n}\n', r"main\.tf:\d: syntax error"),
        ("main.tf.json", '{\n  "a": 1,\n  "b" 2\n}', r"main\.tf\.json:3: expected ':'"),
        ("main.tf.json", "[1]", r"main\.tf\.json: the top level is not an object"),
        ("main.tf.json", '{"a": 1} 2', r"main\.tf\.json:1: text after the end"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A file that cannot be read is told with its line."""
    (tmp_path / name).write_text(text)
    with pytest.raises(TfoptError, match=message):
        trace(Tracer(load_sources(tmp_path), {}))


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    """The hint says which option names the right folder."""
    with pytest.raises(TfoptError, match=r"no Terraform files here\. Name --config-dir"):
        load_sources(tmp_path)


def test_an_override_file_wins(tmp_path: Path) -> None:
    """The literal in override.tf decides, as in Terraform."""
    (tmp_path / "main.tf").write_text(MODULE.replace("m5.large", "t3.nano"))
    (tmp_path / "override.tf").write_text('variable "type" {\n  default = "m5.large"\n}\n')
    found = trace(Tracer(load_sources(tmp_path), {}))
    assert isinstance(found, Trace)
    assert found.leaf.label == "override.tf"


def saved() -> dict[str, bytes]:
    call = b'module "web" {\n  source = "./web"\n  type   = "m5.large"\n}\n'
    modules = [{"Key": "", "Dir": "."}, {"Key": "web", "Source": "./web", "Dir": "web"}]
    return {
        "tfconfig/m-/main.tf": call,
        "tfconfig/m-web/main.tf": MODULE.encode(),
        "tfconfig/modules.json": json.dumps(modules).encode(),
    }


def test_a_saved_plan_alone_is_traced_but_not_edited() -> None:
    """The way is shown; there is no file to edit."""
    found = trace(Tracer(sources_from_saved_plan(saved()), {}), "module.web")
    assert isinstance(found, Refusal)
    assert found.reason == "main.tf is in the saved plan but not, unchanged, on disk"
    assert found.hops[0] == "main.tf:3 module.web.type"


def test_a_saved_plan_beside_its_sources_is_edited(tmp_path: Path) -> None:
    """A file that stands unchanged on disk is the user's to edit."""
    (tmp_path / "main.tf").write_bytes(saved()["tfconfig/m-/main.tf"])
    found = trace(Tracer(sources_from_saved_plan(saved(), tmp_path), {}), "module.web")
    assert isinstance(found, Trace)
    assert found.leaf.file == tmp_path / "main.tf"


def test_two_calls_of_one_folder_share_its_files(tmp_path: Path) -> None:
    """A literal of a module feeds every call of it, also one whose file is a link to it."""
    for name in ("tier", "linked"):
        (tmp_path / name).mkdir()
    (tmp_path / "tier" / "main.tf").write_text(MODULE.replace("var.type", '"m5.large"'))
    (tmp_path / "linked" / "main.tf").symlink_to("../tier/main.tf")
    calls = {"shop": "./tier", "blog": "./tier", "news": "./linked"}
    text = (f'module "{name}" {{\n  source = "{source}"\n}}\n' for name, source in calls.items())
    (tmp_path / "main.tf").write_text("".join(text))
    found = trace(Tracer(load_sources(tmp_path), {}), "module.shop")
    assert isinstance(found, Trace)
    assert found.also_feeds == (
        "module.blog.aws_launch_template.t",
        "module.news.aws_launch_template.t",
    )


def test_two_calls_in_a_saved_plan_share_their_files() -> None:
    """The saved plan holds a folder once for each call of it."""
    calls = ('module "shop" {\n  source = "./t"\n}\n', 'module "blog" {\n  source = "./t"\n}\n')
    entries = [{"Key": "", "Dir": "."}, *({"Key": k, "Dir": "t"} for k in ("shop", "blog"))]
    body = MODULE.replace("var.type", '"m5.large"').encode()
    files = {
        "m-/main.tf": "".join(calls).encode(),
        "m-shop/main.tf": body,
        "m-blog/main.tf": body,
        "modules.json": json.dumps(entries).encode(),
    }
    fed = by_token(Configuration(sources_from_saved_plan(files), {}))
    addresses = [[occurrence.address for occurrence in each] for each in fed.values()]
    assert addresses == [["module.shop.aws_launch_template.t", "module.blog.aws_launch_template.t"]]
