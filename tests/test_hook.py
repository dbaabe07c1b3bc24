"""The pre-commit hooks, as an infrastructure repository meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
GIT = ["git", "-c", "user.name=shop", "-c", "user.email=shop@example.com"]


class PreCommit(Protocol):
    """Runs pre-commit."""

    def __call__(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Return what came of it."""
        ...


@pytest.fixture(scope="module")
def pre_commit(tmp_path_factory: pytest.TempPathFactory) -> PreCommit:
    """Return pre-commit with a home of its own: nothing built before hides a fault."""
    foreign = ("PYTHON", "GIT_")  # would leak this checkout into the hook's environment
    env = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    env |= {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")), "NO_COLOR": "1"}

    def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", *map(str, arguments)],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def repository(shop: Path) -> Path:
    """Return the shop as a git repository, with its plan beside it and not committed."""
    (shop / ".gitignore").write_text(".terraform/\nplan.json\n")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=shop, check=True)
    subprocess.run([*GIT, "add", "."], cwd=shop, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", "Add the shop"], cwd=shop, check=True)
    return shop


def configure(repository: Path, hook: dict[str, object]) -> None:
    """Give a repository a hook of this checkout, as it is committed."""
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    config = {"repos": [{"repo": str(ROOT), "rev": revision, "hooks": [hook]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    subprocess.run([*GIT, "add", "."], cwd=repository, check=True)


def test_manifest_is_valid_and_needs_nothing_but_python(
    pre_commit: PreCommit, tmp_path: Path
) -> None:
    """The manifest passes pre-commit's own validation; the hooks are `language: python`."""
    done = pre_commit("validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["tfopt-recommend", "tfopt-check"]
    assert {hook["language"] for hook in hooks} == {"python"}
    assert {hook["entry"].split()[0] for hook in hooks} == {"tfopt"}


@pytest.mark.long
def test_try_repo_runs_the_hook_and_shows_the_recommendation(
    pre_commit: PreCommit, repository: Path
) -> None:
    """With the default arguments a recommendation fails the commit (exit 2) and is shown."""
    done = pre_commit(
        "try-repo", ROOT, "tfopt-recommend", "--files", "terraform.tfvars", cwd=repository
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "tfopt recommend" in done.stdout
    assert "exit code: 2" in done.stdout, done.stdout
    assert "aws_autoscaling_group.web" in done.stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert changed.stdout == "", "a hook that reports may not edit"


@pytest.mark.long
def test_config_of_the_readme_runs_the_hook_only_on_terraform_files(
    pre_commit: PreCommit, repository: Path
) -> None:
    """A configuration as the README shows it: skipped on a CSV, and --soft-fail passes."""
    arguments = ["plan.json", "--fail-on=any", "--soft-fail"]
    configure(repository, {"id": "tfopt-recommend", "args": arguments})
    data = pre_commit("run", "--files", "traffic/web.csv", cwd=repository)
    assert "no files to check" in data.stdout, data.stdout + data.stderr
    terraform = pre_commit("run", "--verbose", "--files", "web.tf", cwd=repository)
    assert terraform.returncode == 0, terraform.stdout + terraform.stderr
    assert "aws_autoscaling_group.web" in terraform.stdout


@pytest.mark.long
def test_check_hook_fails_a_bad_edit_with_its_place(
    pre_commit: PreCommit, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A guardrail broken by hand, and a value below what was proven, fail with file and line.

    How long the second run takes, in an environment that is there already, is printed.
    """
    saved = {
        "schema_version": 1,
        "tool": {"price_date": "2026-07-20"},
        "plan": {"path": "plan.json"},
        "groups": [
            {
                "plan": "plan.json",
                "edits": [
                    {
                        "attribute": "min_size",
                        "grade": "patchable",
                        "file": "terraform.tfvars",
                        "path": "web.min",
                        "old": "6",
                        "new": "3",
                    }
                ],
            }
        ],
    }
    (repository / ".tfopt").mkdir()
    (repository / ".tfopt" / "recommendation.json").write_text(json.dumps(saved))
    configure(repository, {"id": "tfopt-check"})
    call = ("run", "--verbose", "--all-files")
    fine = pre_commit(*call, cwd=repository)
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "Passed" in fine.stdout

    text = (repository / "terraform.tfvars").read_text()
    edited = text.replace("min           = 6 ", "min           = 1 ").replace("= 40 #", "= 95 #")
    (repository / "terraform.tfvars").write_text(edited)
    downloaded = repository / ".terraform" / "modules" / "x.tf"
    downloaded.parent.mkdir(parents=True)
    downloaded.write_text("not HCL {")
    subprocess.run([*GIT, "add", "--force", "."], cwd=repository, check=True)
    started = time.monotonic()
    bad = pre_commit(*call, cwd=repository)
    with capsys.disabled():
        print(f"\npre-commit with tfopt-check, warm: {time.monotonic() - started:.1f} s")  # noqa: T201
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "exit code: 2" in bad.stdout
    assert "terraform.tfvars:9:19: max_target_cpu: web.target_cpu = 95" in bad.stdout
    assert "terraform.tfvars:7:19: recommendation: web.min = 1 is below the 3" in bad.stdout
    assert ".terraform" not in bad.stdout


@pytest.mark.long
def test_both_hooks_run_side_by_side(pre_commit: PreCommit, repository: Path) -> None:
    """One environment serves both; each says its own."""
    (repository / "terraform.tfvars").write_text('web = "\n')
    done = pre_commit("try-repo", ROOT, "--files", "terraform.tfvars", cwd=repository)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "terraform.tfvars:2:1: syntax: syntax error" in done.stdout
    assert "tfopt: error: terraform.tfvars:2: syntax error" in done.stdout
