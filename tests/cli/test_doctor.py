"""`tfopt doctor`: each thing that a run needs, and what is said where it is missing."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt import resources
from tfopt.doctor import Finding, Patient, examine
from tfopt.pricing import load_book

if TYPE_CHECKING:
    from conftest import RunTfopt

FRESH = date.fromisoformat(load_book().date)


def of(check: str, found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.check == check]


def levels(found: list[Finding], check: str) -> list[str]:
    return [one.level for one in of(check, found)]


def test_the_example_is_well(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, sources, variable files, settings and traffic are all there."""
    monkeypatch.chdir(shop)
    found = examine(Patient("plan.json"), FRESH)
    checks = ("plan", "groups", "sources", "var files", "edits", "settings", "traffic")
    assert all(set(levels(found, check)) == {"ok"} for check in checks), found
    assert levels(found, "traffic") == ["ok"] * 3
    assert not any(one.advice for one in found if one.level == "ok")


def test_whatever_is_not_ok_says_what_to_do(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every warning and failure has its advice."""
    monkeypatch.chdir(shop)
    for name in ("tfopt.toml", "terraform.tfvars"):
        (shop / name).unlink()
    found = examine(Patient("plan.json"), date(2099, 1, 1))
    assert levels(found, "settings") == ["warn"]
    assert "tfopt init" in of("settings", found)[0].advice
    assert levels(found, "var files") == ["warn"]
    assert "aws_autoscaling_group.web min_size" in of("var files", found)[0].message
    assert "--var-file" in of("var files", found)[0].advice
    assert levels(found, "edits") == ["warn"]
    assert [one for one in found if one.level != "ok" and not one.advice] == []


@pytest.mark.parametrize(("later", "level"), [(0, "ok"), (4000, "warn")])
def test_prices_are_told_with_their_age(later: int, level: str) -> None:
    """Each cloud's own list; old ones ask for an update."""
    found = of("prices", examine(Patient(), date.fromordinal(FRESH.toordinal() + later)))
    assert [one.level for one in found] == [level] * 3
    assert all(load_book().date_of(one.message.split()[0]) in one.message for one in found)


def test_a_policy_that_does_not_match_its_card_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baselines decide without it, as `recommend` does."""
    shutil.copytree(resources.data_dir("trained"), tmp_path / "trained")
    monkeypatch.setattr(resources, "data_dir", lambda name: tmp_path / name)
    assert levels(examine(Patient(), FRESH), "policy") == ["ok"]
    weights = tmp_path / "trained" / "planner" / "policy.npz"
    weights.write_bytes(weights.read_bytes() + b"x")
    (found,) = of("policy", examine(Patient(), FRESH))
    assert found.level == "warn"
    assert "digest" in found.message


def test_a_cache_that_cannot_be_kept_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder would be made."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert levels(examine(Patient(), FRESH), "cache") == ["warn"]
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (found,) = of("cache", examine(Patient(), FRESH))
    assert found.level == "ok"
    assert "the first run compiles" in found.message


def test_terraform_is_looked_for_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it JSON plans still do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert levels(examine(Patient(), FRESH), "terraform") == ["warn"]
    (tmp_path / "tofu").write_text("#!/bin/sh\n")
    (tmp_path / "tofu").chmod(0o755)
    (found,) = of("terraform", examine(Patient(), FRESH))
    assert (found.level, found.message) == ("ok", str(tmp_path / "tofu"))


def test_an_incomplete_plan_is_a_warning(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a plan without sources."""
    plan = json.loads((shop / "plan.json").read_text())
    (shop / "bare").mkdir()
    (shop / "bare" / "plan.json").write_text(json.dumps(plan | {"complete": False}))
    monkeypatch.chdir(shop / "bare")
    found = examine(Patient("plan.json"), FRESH)
    assert levels(found, "plan") == ["warn"]
    assert levels(found, "sources") == ["warn"]
    assert "--config-dir" in of("sources", found)[0].advice


def test_traffic_that_is_not_there_fails(shop: Path, tfopt: RunTfopt) -> None:
    """`recommend` would stop at it, so exit 1; the place to correct is named."""
    (shop / "traffic" / "web.csv").unlink()
    done = tfopt("doctor", "plan.json", cwd=shop)
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("fail"))
    assert "aws_autoscaling_group.web: no file traffic/web.csv" in line
    assert "→ Correct tfopt.toml:12" in done.stdout


def test_a_bad_plan_or_settings_file_fails_with_the_reason(shop: Path, tfopt: RunTfopt) -> None:
    """In the words that `recommend` would use; the rest is still examined."""
    (shop / "tfopt.toml").write_text("[defaults]\nmax_cpu = 1\n")
    told = json.loads(tfopt("doctor", "plan.json", "--format", "json", cwd=shop).stdout)
    settings = next(one for one in told["checks"] if one["check"] == "settings")
    assert settings["level"] == "fail"
    assert settings["message"].startswith("tfopt.toml:2: unknown key defaults.max_cpu")
    done = tfopt("doctor", "none.json", "--quiet", cwd=shop)
    assert done.returncode == 1
    assert "none.json: no such file" in done.stdout
    assert not any(line.startswith("ok") for line in done.stdout.splitlines())


def test_without_a_plan_only_the_installation_is_examined(tmp_path: Path, tfopt: RunTfopt) -> None:
    """Warnings are no failure."""
    done = tfopt("doctor", cwd=tmp_path)
    assert done.returncode == 0
    checks = {line[6:].split()[0] for line in done.stdout.splitlines() if line[:1] != " "}
    assert checks == {"python", "prices", "policy", "cache", "terraform"}
    assert list(tmp_path.iterdir()) == []
