"""What the command line does before any work: help, version, verbs, and how little it imports."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfopt import __version__
from tfopt.cli import VERBS

if TYPE_CHECKING:
    from conftest import RunTfopt

HEAVY = {
    "torch",
    "numpy",
    "numba",
    "hcl2",
    "tree_sitter_hcl",
    "jinja2",
    "rich",
    "pydantic",
    "msgspec",
}


def modules_after(*arguments: str, cwd: Path) -> set[str]:
    """Return the top-level modules a process has imported when `tfopt` with `arguments` is done."""
    program = (
        "import sys, tfopt.__main__ as entry\n"
        f"entry._run({list(arguments)!r})\n"
        "print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--no-such-option"]])
def test_start_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """Help, version and a usage error answer without numpy, numba, parsers, templates or torch."""
    imported = modules_after(*arguments, cwd=tmp_path)
    assert "click" in imported
    assert not imported & HEAVY


def test_recommend_does_not_import_torch(shop: Path) -> None:
    """A whole recommendation runs on NumPy, whatever else is installed."""
    imported = modules_after("recommend", "plan.json", "--format", "json", cwd=shop)
    assert "numpy" in imported
    assert not imported & {"torch", "stable_baselines3", "gymnasium", "optuna", "matplotlib"}


def test_trace_imports_only_what_reads(shop: Path) -> None:
    """Following a value starts without numbers, models, templates and the second parser."""
    imported = modules_after("trace", "plan.json", "aws_autoscaling_group.web", cwd=shop)
    assert "tree_sitter_hcl" in imported
    assert not imported & (HEAVY - {"tree_sitter_hcl", "msgspec"} | {"lark", "tfopt_sim"})


def test_set_does_not_import_what_only_advice_needs(shop: Path) -> None:
    """A proven edit is made without the simulator and what it computes with."""
    wish = ("plan.json", "aws_autoscaling_group.web", "instance_type", "m7a.large")
    imported = modules_after("set", *wish, cwd=shop)
    assert "hcl2" in imported
    assert not imported & {"torch", "numpy", "numba", "jinja2", "rich", "tfopt_sim"}


def test_a_group_is_put_together_without_the_compiler() -> None:
    """What is simulated, and what is refused, is known before anything has to be compiled."""
    program = "import sys, tfopt.scenario.present; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_comment_imports_only_what_speaks_to_a_server(tmp_path: Path) -> None:
    """A rendered text is posted without anything that made it."""
    (tmp_path / "comment.md").write_text("no marker\n")
    imported = modules_after("comment", "github", "--path", "comment.md", cwd=tmp_path)
    assert "msgspec" in imported
    assert not imported & (HEAVY - {"msgspec"} | {"tfopt_sim"})


@pytest.mark.parametrize(
    "arguments",
    [["check", "web.tf"], ["init", "plan.json", "--force"], ["completion", "bash"]],
    ids=lambda arguments: arguments[0],
)
def test_small_verbs_start_without_what_computes(arguments: list[str], shop: Path) -> None:
    """A hook on every commit, and what is typed between two thoughts, may not wait for numbers."""
    imported = modules_after(*arguments, cwd=shop)
    assert "click" in imported
    assert not imported & {"torch", "numpy", "numba", "jinja2", "rich", "hcl2", "tfopt_policies"}


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_listed_verb_exists_and_explains_itself(
    verb: str, tfopt: RunTfopt, tmp_path: Path
) -> None:
    """A verb in `tfopt --help` has a module, and its help shows a usage line."""
    assert importlib.util.find_spec(f"tfopt.commands.{verb}"), f"{verb} is listed but missing"
    done = tfopt(verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: tfopt {verb}")


def test_prices_help_gives_an_example_and_points_to_show(tfopt: RunTfopt, tmp_path: Path) -> None:
    """A group of commands is no dead end."""
    shown = tfopt("prices", "--help", cwd=tmp_path).stdout
    assert "tfopt prices show aws" in shown
    assert "tfopt prices show --help" in shown


def test_help_lists_verbs_and_version_is_the_package_version(
    tfopt: RunTfopt, tmp_path: Path
) -> None:
    """`tfopt --help` names every verb; `--version` prints the version that is installed."""
    shown = tfopt("--help", cwd=tmp_path).stdout
    assert all(f"  {verb} " in shown for verb in VERBS)
    assert tfopt("--version", cwd=tmp_path).stdout == f"tfopt, version {__version__}\n"
