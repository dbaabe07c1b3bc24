"""Tracing reads the files that a plan needs, each once, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tfopt.hcl import tree
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Target, Trace, Tracer

GROUP = 'resource "aws_autoscaling_group" "web" {\n  min_size = var.size\n}\nvariable "size" {}\n'
CALL = 'module "MODULE" {\n  source = "SOURCE"\n  size   = var.size\n}\nvariable "size" {}\n'
NEEDED = {
    "live/shop/main.tf": CALL.replace("MODULE", "web").replace("SOURCE", "../../modules/web"),
    "live/shop/empty.tf": "",
    "live/shop/terraform.tfvars": "size = 3\nunused = 1\n",
    "live/shop/never-referenced.auto.tfvars": "other = 1\n",
    "modules/web/main.tf": CALL.replace("MODULE", "inner").replace("SOURCE", "./inner"),
    "modules/web/inner/main.tf": GROUP,
}
UNRELATED = {
    "live/shop/eu.tfvars": "size = 4\n",
    "live/shop/notes.md": "text",
    "live/shop/nested/main.tf": GROUP,
    "live/blog/main.tf": GROUP,
    "live/blog/terraform.tfvars": "size = 5\n",
    "live/terraform.tfvars": "size = 6\n",
    "modules/db/main.tf": GROUP,
    "modules/web/tests/main.tf": GROUP,
    "modules/web/terraform.tfvars": "size = 7\n",
    "modules/web/inner/.hidden.tf": GROUP,
    "main.tf": GROUP,
}


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """Return a repository of several root modules and shared modules."""
    for name, text in {**NEEDED, **UNRELATED}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """Return how often each file was read since."""
    counted: Counter[Path] = Counter()
    plain = Path.read_bytes

    def counting(path: Path) -> bytes:
        counted[path.resolve()] += 1
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    return counted


def traced(folder: Path) -> Trace:
    target = Target(
        ("module.web", "module.inner"), "aws_autoscaling_group.web", None, ("min_size",), 3
    )
    tracer = Tracer(load_sources(folder), {"size": (3, False)})
    found = tracer.trace(target)
    assert isinstance(found, Trace), found
    assert tracer.counterfactual(found, 4).proven
    return found


def test_only_the_files_of_the_plan_are_read(monorepo: Path, read: Counter[Path]) -> None:
    """The root's files, its automatic variable files and the called modules: each once."""
    found = traced(monorepo / "live" / "shop")
    assert found.leaf.label == "terraform.tfvars"
    assert read == Counter({monorepo.resolve() / name: 1 for name in NEEDED})


def test_each_file_is_parsed_once(monorepo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the leaf's place nor the counterfactual parses a file again."""
    parsed: list[bytes] = []
    plain = tree.parse_tree

    def counting(data: bytes) -> tree.Tree:
        parsed.append(data)
        return plain(data)

    monkeypatch.setattr(tree, "parse_tree", counting)
    traced(monorepo / "live" / "shop")
    assert len(parsed) == len(NEEDED)
