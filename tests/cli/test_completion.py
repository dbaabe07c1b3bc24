"""Shell completion: the scripts, and what they get when they ask."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt.cli import VERBS
from tfopt.plan.read import read_plan

if TYPE_CHECKING:
    from conftest import RunTfopt

SHELLS = ("bash", "zsh", "fish")
KEYED = Path(__file__).resolve().parents[1] / "cases" / "terraform" / "keys-with-quotes"


def completed(line: str, cwd: Path, shell: str = "zsh") -> list[str]:
    """Return what a shell gets for the last word of a line, as `type,value` or lines of it."""
    words = line.split(" ")
    asked = {"_TFOPT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line}
    done = subprocess.run(
        [sys.executable, "-m", "tfopt"],
        cwd=cwd,
        env={**os.environ, **asked, "COMP_CWORD": str(len(words) - 1)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_it_can_read(
    shell: str, tmp_path: Path, tfopt: RunTfopt
) -> None:
    """It asks `tfopt` through the variable; where the shell is installed it parses it."""
    done = tfopt("completion", shell, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_TFOPT_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell):
        (tmp_path / "script").write_text(done.stdout)
        subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


def test_help_says_how_to_install_it(tfopt: RunTfopt, tmp_path: Path) -> None:
    """A line for each shell."""
    shown = tfopt("completion", "--help", cwd=tmp_path).stdout
    assert all(f"tfopt completion {shell} > " in shown for shell in SHELLS)


def test_verbs_are_completed_with_what_they_do(tmp_path: Path) -> None:
    """All of them, and only those that begin so."""
    assert completed("tfopt rec", tmp_path)[1:] == ["recommend", VERBS["recommend"]]
    every = completed("tfopt ", tmp_path)
    assert set(VERBS) <= set(every)


def test_options_and_their_values_are_completed(tmp_path: Path) -> None:
    """As click knows them."""
    assert "--fail-on" in completed("tfopt recommend --fail", tmp_path)
    assert "savings" in completed("tfopt recommend --fail-on sav", tmp_path)


def test_a_plan_is_left_to_the_shell(tmp_path: Path) -> None:
    """Files are completed by the shell itself."""
    for verb in ("recommend", "set", "trace", "simulate", "init", "doctor"):
        assert completed(f"tfopt {verb} pl", tmp_path)[:2] == ["file", "pl"], verb


@pytest.mark.parametrize("verb", ["trace", "set"])
def test_addresses_of_the_plan_are_completed(verb: str, shop: Path) -> None:
    """Those of its groups, which begin as typed."""
    found = completed(f"tfopt {verb} plan.json aws_", shop)
    assert "aws_autoscaling_group.web" in found
    assert "aws_eks_node_group.apps" in found
    assert "module.worker.aws_autoscaling_group.this" not in found


def test_an_unreadable_plan_completes_nothing_and_says_nothing(tmp_path: Path) -> None:
    """Neither a missing file, nor one that is no plan, nor a saved one stops the shell."""
    (tmp_path / "text").write_text("no plan")
    (tmp_path / "saved").write_bytes(b"PK\x03\x04")
    for plan in ("none.json", "text", "saved", "."):
        assert completed(f"tfopt trace {plan} aws_", tmp_path) == []


def test_bash_gets_addresses_quoted() -> None:
    """Brackets, quotes and blanks in them reach tfopt as they are."""
    wanted = [group.address for group in read_plan(KEYED / "plan.json").groups]
    assert any(" " in address for address in wanted)
    found = [line.partition(",")[2] for line in completed("tfopt trace plan.json ", KEYED, "bash")]
    assert [shlex.split(line) for line in found] == [[address] for address in wanted]
