"""Every folder of tests/cases/edit: trace its targets, patch a copy, compare with what is wanted.

A case holds `case.toml` (targets with the planned and the new value), `before/` (the sources),
`expected.json` (what the tracer says) and `after/` (the changed files). `pytest --rewrite` writes
the last two anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tfopt.hcl.document import BOM
from tfopt.hcl.edit import Change, Patch, make_patch
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer
from tfopt.hcl.write import write

CASES = Path(__file__).resolve().parent.parent / "cases" / "edit"
NAMES = sorted(path.name for path in CASES.iterdir())


def targets(case: dict[str, Any]) -> list[Target]:
    return [
        Target(
            module=tuple(each.get("module", ())),
            resource=each["resource"],
            key=each.get("key"),
            path=tuple(each["path"]),
            planned=each["planned"],
            creating=each.get("creating", False),
        )
        for each in case["target"]
    ]


def tracer(case: dict[str, Any], folder: Path) -> Tracer:
    var_files = [folder / name for name in case.get("var_files", [])]
    sensitive = case.get("sensitive", [])
    variables = {k: (v, k in sensitive) for k, v in case.get("variables", {}).items()}
    return Tracer(load_sources(folder, var_files), variables)


def told(result: Trace | Refusal, tracer: Tracer, new: Any) -> dict[str, Any]:
    """Return what the tracer said as JSON."""
    leaf = result.leaf
    said: dict[str, Any] = {
        "target": ".".join([result.target.address, *map(str, result.target.path)]),
        "grade": result.grade,
        "reason": result.reason,
        "leaf": f"{leaf.label}:{leaf.line} {leaf.path} = {leaf.text}" if leaf else None,
        "trace": list(result.hops),
    }
    if isinstance(result, Trace):
        counterfactual = tracer.counterfactual(result, new)
        if counterfactual.proven:
            said["grade_of_the_edit"] = counterfactual.grade
        said["proven"] = counterfactual.proven
        said["not_proven_because"] = counterfactual.reason
        said["also_moves"] = list(counterfactual.also_moves)
    return said


def patch_of(case: dict[str, Any], folder: Path) -> tuple[list[dict[str, Any]], Patch]:
    found = tracer(case, folder)
    said: list[dict[str, Any]] = []
    changes: list[Change] = []
    for target, wanted in zip(targets(case), case["target"], strict=True):
        result = found.trace(target)
        said.append(told(result, found, wanted["new"]))
        if isinstance(result, Trace) and said[-1]["proven"]:
            changes.append(Change(result.leaf, wanted["new"], wanted.get("comment")))
    return said, make_patch(changes)


@pytest.fixture
def copied(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[dict[str, Any], Path, Path]:
    """Return a case, its folder, and a copy of its sources."""
    home = CASES / request.param
    folder = tmp_path / "before"
    shutil.copytree(home / "before", folder)
    return tomllib.loads((home / "case.toml").read_text("utf-8")), home, folder


each_case = pytest.mark.parametrize("copied", NAMES, indirect=True)


@each_case
def test_case(copied: tuple[dict[str, Any], Path, Path], rewrite: bool) -> None:
    """The tracer says what is wanted, and the patched files hold what is wanted."""
    case, home, folder = copied
    said, patch = patch_of(case, folder)
    after = {f.path.relative_to(folder).as_posix(): f.after for f in patch.files}
    if rewrite:
        text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
        (home / "expected.json").write_text(text, "utf-8")
        shutil.rmtree(home / "after", ignore_errors=True)
        for name, data in after.items():
            (home / "after" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "after" / name).write_bytes(data)
    assert said == json.loads((home / "expected.json").read_text("utf-8"))
    wanted = [path for path in (home / "after").rglob("*") if path.is_file()]
    assert after == {p.relative_to(home / "after").as_posix(): p.read_bytes() for p in wanted}
    assert patch.notes == ()


@each_case
def test_git_applies_the_diff_to_the_same_bytes(
    copied: tuple[dict[str, Any], Path, Path],
) -> None:
    """`git apply` turns the files before into exactly the files after."""
    case, _, folder = copied
    _, patch = patch_of(case, folder)
    diff = patch.unified(folder)
    if not patch.files:
        assert diff == ""
        return
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, check=True, input=diff.encode())
    for file in patch.files:
        assert file.path.read_bytes() == file.after


@each_case
def test_a_second_run_changes_nothing(copied: tuple[dict[str, Any], Path, Path]) -> None:
    """Once written, the same changes make an empty patch."""
    case, _, folder = copied
    _, patch = patch_of(case, folder)
    write(patch)
    new = {
        (*t.get("module", ()), t["resource"], t.get("key"), *t["path"]): t for t in case["target"]
    }
    for wanted in new.values():
        wanted["planned"] = wanted["new"]
    case.pop("variables", None)
    if case.get("sensitive"):
        return
    _, again = patch_of(case, folder)
    assert again.files == ()


@each_case
@pytest.mark.terraform
def test_terraform_fmt_is_as_content_as_before(
    copied: tuple[dict[str, Any], Path, Path],
    terraform_env: dict[str, str],
) -> None:
    """A file that `terraform fmt` would leave alone is still left alone after the edit."""
    case, _, folder = copied
    _, patch = patch_of(case, folder)
    for file in patch.files:
        if file.path.suffix not in (".tf", ".tfvars"):
            continue
        before, after = (data.removeprefix(BOM) for data in (file.before, file.after))
        assert formatted(before, terraform_env), f"{file.path.name} of the case is not formatted"
        assert formatted(after, terraform_env), after.decode()


def formatted(data: bytes, env: dict[str, str]) -> bool:
    command = ["terraform", "fmt", "-no-color", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True, env=env)
    return done.stdout.rstrip(b"\r\n") == data.rstrip(b"\r\n")
