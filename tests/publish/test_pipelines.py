"""The pipelines that ship: valid for their vendors, and their commands run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_github import TOKEN, FakeGitHub
from fake_vendors import FakeAzure, FakeBitbucket, FakeGitLab

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "pipelines"
# what would take minutes is left out: the installation, and the search over a whole week
QUICK = "--horizon 1d --policy calibrated-tracking"
TFOPT = f"""#!/bin/sh
verb=$1; shift
[ "$verb" != recommend ] || set -- {QUICK} "$@"
exec '{sys.executable}' -m tfopt "$verb" "$@"
"""
NOTHING = "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", "action.yml"),
        ("gitlab-ci", "pipelines/gitlab-ci.yml"),
        ("azure-pipelines", "pipelines/azure-pipelines.yml"),
        ("bitbucket-pipelines", "pipelines/bitbucket-pipelines.yml"),
    ],
)
def test_pipeline_is_valid_for_its_vendor(schema: str, file: str) -> None:
    """By the vendor's own schema."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(shop: Path, tmp_path: Path) -> Shell:
    """Return the function that runs a script in the shop, with nothing of this machine's CI."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, text in {"tfopt": TFOPT, "pip": NOTHING}.items():
        (bin_ / name).write_text(text)
        (bin_ / name).chmod(0o755)
    mine = ("PATH", "HOME", "NUMBA_CACHE_DIR", "LANG", "VIRTUAL_ENV")
    base = {name: os.environ[name] for name in mine if name in os.environ}
    base |= {"PATH": f"{bin_}:{base['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(script: str, folder: str = ".", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=shop / folder,
            env=base | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


class Action:
    """Runs the steps of `action.yml` after the installation, as a runner does."""

    def __init__(self, shell: Shell, folder: Path, api: FakeGitHub):
        self._shell = shell
        self.summary, self._output = folder / "summary.md", folder / "output"
        venv = folder / "temp" / "tfopt" / "venv" / "bin"
        venv.mkdir(parents=True)
        (venv / "tfopt").write_text(TFOPT)
        (venv / "tfopt").chmod(0o755)
        self._environment = {
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self._output),
            "GITHUB_API_URL": api.url,
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_REF": "refs/pull/12/merge",
            "GITHUB_RUN_NUMBER": "1",
        }

    def run(self, **inputs: str) -> list[subprocess.CompletedProcess[str]]:
        """Return what came of each step that ran; a step that fails is the last."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        given = {name: str(it["default"]) for name, it in action["inputs"].items()}
        known = {f"inputs.{name}": value for name, value in (given | inputs).items()}
        known |= {"github.token": TOKEN, "github.event_name": "pull_request"}
        done = []
        for step in action["runs"]["steps"][1:]:
            if not _holds(step.get("if", "true"), known):
                continue
            environment = (
                {name: _filled(value, known) for name, value in step["env"].items()}
                if ("env" in step)
                else {}
            )
            folder = _filled(step.get("working-directory", "."), known)
            done.append(self._shell(step["run"], folder, **self._environment, **environment))
            if done[-1].returncode:
                break
            for name, value in self.outputs().items():
                known[f"steps.recommend.outputs.{name}"] = value
        return done

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the step that recommends."""
        lines = self._output.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def _filled(text: str, known: dict[str, str]) -> str:
    """Return the text with its expressions replaced, those in values too."""
    while found := re.search(r"\$\{\{\s*([\w.-]+)\s*\}\}", text):
        text = text.replace(found[0], known.get(found[1], ""))
    return text


def _holds(condition: str, known: dict[str, str]) -> bool:
    """Evaluate comparisons joined by `&&`: all that the action uses."""
    parts = [part.split() for part in condition.split(" && ") if part != "true"]
    return all(
        (known.get(name, "") == value.strip("'")) == (sign == "==") for name, sign, value in parts
    )


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """Return a GitHub with one pull request."""
    with FakeGitHub().running() as api:
        yield api


@pytest.fixture
def action(shell: Shell, tmp_path: Path, github: FakeGitHub) -> Action:
    """Return the action in a job of that pull request."""
    return Action(shell, tmp_path, github)


def test_no_step_of_the_action_holds_an_expression_in_its_script() -> None:
    """What an outsider names, a branch or a file, would be run as code."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert not [step["name"] for step in steps if "${{" in step["run"]]


def test_action_comments_writes_the_summary_and_fails_last(
    action: Action, github: FakeGitHub, shop: Path
) -> None:
    """What fails the job is told on the pull request first, beside the lines that it shows."""
    rows = (shop / "terraform.tfvars").read_text().splitlines()
    shown = "\n".join(f"+{row}" for row in rows)
    github.files = {"terraform.tfvars": f"@@ -0,0 +1,{len(rows)} @@\n{shown}"}
    *good, last = action.run(**{"fail-on": "any", "options": "--min-savings=5%\n--seed=3"})
    assert [step.returncode for step in good] == [0, 0], good
    assert last.returncode == 2
    notices = [line for line in good[0].stdout.splitlines() if line.startswith("::notice file=")]
    assert len(notices) == len(good[0].stdout.splitlines()) > 5
    (comment,) = github.comments
    assert "aws_autoscaling_group.web" in comment.body
    assert {it.path for it in github.on_lines} == {"terraform.tfvars"}
    assert "aws_autoscaling_group.web" in action.summary.read_text()
    outputs = action.outputs()
    assert outputs["found"] == "true"
    assert Path(outputs["patch"]).read_text().startswith("--- a/")


def test_action_on_a_fork_leaves_the_summary_alone_and_passes(
    action: Action, github: FakeGitHub
) -> None:
    """The token may not comment: the job is green and the answer is in the summary, once."""
    github.read_only = True
    steps = action.run()
    assert [step.returncode for step in steps] == [0, 0], steps
    assert github.comments == []
    assert action.summary.read_text().count("<!-- tfopt ") == 1
    assert TOKEN not in str(steps)


def test_action_that_cannot_read_the_plan_says_so_where_it_comments(
    action: Action, github: FakeGitHub
) -> None:
    """In the log and on the pull request; then the job fails."""
    recommend, comment, last = action.run(plan="missing.json")
    assert (recommend.returncode, comment.returncode, last.returncode) == (0, 0, 1)
    assert "missing.json" in recommend.stderr
    (written,) = github.comments
    assert "missing.json" in written.body
    assert '"target":"missing.json"' in written.body
    assert "    tfopt: error: missing.json: no such file" in action.summary.read_text()


def test_two_folders_of_a_repository_have_a_comment_each(
    action: Action, github: FakeGitHub, shop: Path
) -> None:
    """The same plan's name in each: the answers neither replace nor overwrite each other."""
    (shop.parent / ".git").mkdir()
    shutil.copytree(shop, shop.parent / "staging")
    assert [step.returncode for step in action.run()] == [0, 0]
    first = Path(action.outputs()["json"])
    assert [step.returncode for step in action.run(**{"working-directory": "../staging"})] == [0, 0]
    assert [step.returncode for step in action.run(target="a third")] == [0, 0]
    targets = [re.findall(r'"target":"([^"]*)"', comment.body) for comment in github.comments]
    assert targets == [["web-shop/plan.json"], ["staging/plan.json"], ["a third"]]
    assert first.is_file()
    assert first != Path(action.outputs()["json"])


def _script(job: dict[str, Any]) -> str:
    return "\n".join(job["script"])


def test_gitlab_job_comments_and_hands_on_the_exit_code(shell: Shell) -> None:
    """The lines of the job's script, in one shell, as a runner gives them."""
    pipeline = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())
    variables = pipeline["variables"] | {"TFOPT_FAIL_ON": "any"}
    with FakeGitLab().running() as api:
        done = shell(_script(pipeline["tfopt"]), **variables, **api.environment(), **api.next_run())
        assert done.returncode == 2, done.stderr
        assert ["aws_autoscaling_group.web" in note.body for note in api.comments] == [True]


def test_bitbucket_step_comments(shell: Shell) -> None:
    """The lines of the step's script; only the API's address is another."""
    pipeline = yaml.safe_load((PIPELINES / "bitbucket-pipelines.yml").read_text())
    step = pipeline["pipelines"]["pull-requests"]["**"][0]["step"]
    with FakeBitbucket().running() as api:
        script = _script(step) + f" --api-url {api.url}/2.0"
        done = shell(script, **api.environment(), **api.next_run())
        assert done.returncode == 0, done.stderr
        assert ["aws_autoscaling_group.web" in it.body for it in api.comments] == [True]


def test_azure_step_comments_and_hands_on_the_exit_code(shell: Shell, tmp_path: Path) -> None:
    """The step after the installation; variables are upper case in a script's environment."""
    pipeline = yaml.safe_load((PIPELINES / "azure-pipelines.yml").read_text())
    (tmp_path / "tfopt").symlink_to(tmp_path, target_is_directory=True)  # …/tfopt/bin/tfopt
    variables = {name.upper(): value for name, value in pipeline["variables"].items()}
    variables |= {"AGENT_TEMPDIRECTORY": str(tmp_path), "BUILD_REASON": "PullRequest"}
    with FakeAzure().running() as api:
        given = {**variables, "FAILON": "any", **api.environment(), **api.next_run()}
        done = shell(pipeline["steps"][1]["script"], **given)
        assert done.returncode == 2, done.stderr
        assert ["aws_autoscaling_group.web" in it.body for it in api.comments] == [True]


def test_atlantis_step_prints_what_atlantis_comments(shell: Shell, shop: Path) -> None:
    """A table on standard output, nothing beside it; what fails does not stop Atlantis."""
    workflows = yaml.safe_load((PIPELINES / "atlantis.yaml").read_text())["workflows"]
    (step,) = (s for s in workflows["tfopt"]["plan"]["steps"] if isinstance(s, dict))
    done = shell(step["run"], SHOWFILE=str(shop / "plan.json"), DIR=str(shop))
    assert (done.returncode, done.stderr) == (0, "")
    assert "aws_autoscaling_group.web" in done.stdout
    failed = shell(step["run"], SHOWFILE="missing.json", DIR=str(shop))
    assert failed.returncode == 0
    assert "missing.json: no such file" in failed.stdout


def test_documented_step_gives_inputs_that_the_action_takes() -> None:
    """And the table of outputs names those there are."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    given = yaml.safe_load(shown)["steps"][-1]["with"]
    assert set(given) < set(action["inputs"])
    outputs = page.partition("## GitLab")[0]
    assert re.findall(r"^\| `(\w+)` \|", outputs, re.MULTILINE) == list(action["outputs"])
