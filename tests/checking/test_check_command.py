"""`tfopt check` as a user and a hook call it: exit codes, formats, what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt.checking.proven import SAVED, find_saved, load_proofs
from tfopt.errors import TfoptError
from tfopt.publish import publish_file

if TYPE_CHECKING:
    from conftest import RunTfopt

RENDERED = Path(__file__).resolve().parents[1] / "cases" / "render" / "recommended"
GUARDRAILS = '[defaults]\ndenied_families = ["m4"]\n'


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Return a folder with one value that the guardrails do not allow."""
    (tmp_path / "tfopt.toml").write_text(GUARDRAILS)
    (tmp_path / "terraform.tfvars").write_text('type = "m4.large"\n')
    return tmp_path


def test_a_finding_is_one_line_and_exit_2(bad: Path, tfopt: RunTfopt) -> None:
    """`file:line:column: rule: message (hint)`, and nothing on standard error."""
    done = tfopt("check", "terraform.tfvars", cwd=bad)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("terraform.tfvars:1:8: denied_families: type = m4.large is of")
    assert done.stdout.count("\n") == 1


def test_soft_fail_reports_and_exits_0(bad: Path, tfopt: RunTfopt) -> None:
    """The same line, another exit code."""
    done = tfopt("check", "terraform.tfvars", "--soft-fail", cwd=bad)
    assert done.returncode == 0
    assert "denied_families" in done.stdout


def test_json_has_place_rule_and_hint(bad: Path, tfopt: RunTfopt) -> None:
    """Programs get the parts of the line."""
    done = tfopt("check", "terraform.tfvars", "--format", "json", cwd=bad)
    answer = json.loads(done.stdout)
    assert (answer["schema_version"], answer["files"]) == (1, 1)
    (found,) = answer["findings"]
    assert (found["file"], found["line"], found["column"]) == ("terraform.tfvars", 1, 8)
    assert (found["rule"], found["hint"]) == ("denied_families", "denied_families = m4")


def test_verbose_says_what_is_compared_with(bad: Path, tfopt: RunTfopt) -> None:
    """Without a saved recommendation that part is skipped, which only --verbose tells."""
    quiet = tfopt("check", "terraform.tfvars", cwd=bad)
    told = tfopt("check", "terraform.tfvars", "--verbose", cwd=bad)
    assert "recommendation" not in quiet.stderr
    assert "no .tfopt/recommendation.json above it" in told.stderr
    assert "guardrails of tfopt.toml" in told.stderr


def test_a_fine_file_says_nothing(tmp_path: Path, tfopt: RunTfopt) -> None:
    """No output, exit 0, with and without settings."""
    (tmp_path / "a.tfvars").write_text('type = "m7a.large"\n')
    done = tfopt("check", "a.tfvars", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.tfvars"], ["none.tfvars", "No such file"]),
        (["notes.txt"], ["notes.txt", "not a Terraform file", ".tf.json"]),
        (["a.tfvars", "--workloads", "bad.toml"], ["bad.toml:2", "unknown key defaults.max_cpu"]),
        (["a.tfvars", "--recommendation", "none.json"], ["none.json", "tfopt recommend PLAN"]),
        (["a.tfvars", "--recommendation", "notes.txt"], ["notes.txt", "not a recommendation"]),
        ([], ["FILE"]),
    ],
)
def test_what_cannot_be_used_is_exit_1(
    arguments: list[str], words: list[str], tmp_path: Path, tfopt: RunTfopt
) -> None:
    """One line with the place and what to do; a finding is never exit 1."""
    (tmp_path / "a.tfvars").write_text("a = 1\n")
    (tmp_path / "notes.txt").write_text("notes\n")
    (tmp_path / "bad.toml").write_text("[defaults]\nmax_cpu = 1\n")
    done = tfopt("check", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert [word for word in words if word not in done.stderr] == []


def test_a_report_as_recommend_writes_it_is_understood() -> None:
    """What is read of a saved report is where the report has it."""
    report = json.loads((RENDERED / "report.json").read_text("utf-8"))
    wanted = [
        (edit["path"], edit["new"])
        for group in report["groups"]
        for edit in group["edits"]
        if edit["file"] and edit["path"]
    ]
    proofs = load_proofs(RENDERED / "report.json", None)
    assert wanted
    assert [(proof.path, proof.new) for proof in proofs] == wanted


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    """A report of a later tfopt is not guessed at."""
    report = json.loads((RENDERED / "report.json").read_text("utf-8"))
    path = tmp_path / "recommendation.json"
    path.write_text(json.dumps(report | {"schema_version": 2}))
    with pytest.raises(TfoptError, match="schema version 2"):
        load_proofs(path, None)


def test_a_configuration_elsewhere_is_found_by_config_dir(tmp_path: Path, tfopt: RunTfopt) -> None:
    """The plan was made in another folder than the sources are in."""
    edit = {"attribute": "min_size", "grade": "patchable", "file": "a.tfvars", "path": "min"}
    report = {
        "schema_version": 1,
        "tool": {"price_date": "2026-07-20"},
        "plan": {"path": "build/plan.json"},
        "groups": [{"plan": "build/plan.json", "edits": [edit | {"old": "6", "new": "4"}]}],
    }
    (tmp_path / "saved.json").write_text(json.dumps(report))
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "a.tfvars").write_text("min = 1\n")
    call = ("check", "infra/a.tfvars", "--recommendation", "saved.json")
    assert tfopt(*call, cwd=tmp_path).returncode == 0
    done = tfopt(*call, "--config-dir", "infra", cwd=tmp_path)
    assert "min = 1 is below the 4 that were proven (recommendation of 2026-07-20)" in done.stdout


def test_a_recommendation_is_saved_where_check_finds_it(
    shop: Path, tfopt: RunTfopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tfopt's own folder is made when it is first used; no other one is."""
    monkeypatch.chdir(shop)
    publish_file((RENDERED / "report.json").read_text("utf-8"), SAVED)
    assert find_saved(shop / "modules" / "worker") == shop / SAVED
    told = tfopt("check", "terraform.tfvars", "--verbose", cwd=shop).stderr
    assert ".tfopt/recommendation.json stand in it" in told
    with pytest.raises(TfoptError, match="the folder does not exist"):
        publish_file("{}", Path("none") / "recommendation.json")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_move_nothing(
    newline: str, mark: str, bad: Path, tfopt: RunTfopt
) -> None:
    """A file from an editor on Windows gets the same lines."""
    text = newline.join(["# sizes", "", 'type = "m4.large"', ""])
    (bad / "terraform.tfvars").write_bytes((mark + text).encode())
    done = tfopt("check", "terraform.tfvars", cwd=bad)
    assert done.stdout.startswith("terraform.tfvars:3:8: denied_families")


def test_a_large_file_is_checked_soon(tmp_path: Path, tfopt: RunTfopt) -> None:
    """Every value of a long file is looked at, and the last of them is still told to the line."""
    rows = [f'g{i} = {{ instance_type = "m7a.large", min = 1, max = 2 }}' for i in range(3000)]
    (tmp_path / "tfopt.toml").write_text(GUARDRAILS)
    (tmp_path / "a.tfvars").write_text("\n".join([*rows, 'last = "m4.large"\n']))
    done = tfopt("check", "a.tfvars", cwd=tmp_path)
    assert done.stdout.startswith("a.tfvars:3001:8: denied_families")
