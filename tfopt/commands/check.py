"""`tfopt check`: files edited by hand against guardrails and the last saved recommendation."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfopt.commands.options import common_options, tell

if TYPE_CHECKING:
    from tfopt.checking import Checked

FOUND = 2


@click.command(
    epilog="""\b
Examples:
  tfopt check terraform.tfvars web.tf
  git ls-files -z '*.tf' '*.tfvars' | xargs -0 tfopt check --format json
  tfopt check prod.tfvars --recommendation reports/prod.json --config-dir infra/prod
\b
What is checked, by the rule's name (`# tfopt:ignore=RULE reason` on the line, or alone above it,
allows it; without =RULE it allows all; in JSON the top-level "//" covers the file):
  syntax             the file parses
  allowed_families, denied_families, architectures
                     instance types, wherever they stand, by tfopt.toml
  unknown_type       a type that the price book does not have, mistyped most likely
  max_target_cpu, min_headroom, max_spot_share
                     CPU targets and spot shares, by tfopt.toml
  size_order         minimum ≤ desired ≤ maximum within one block or object
  recommendation     values that were neither there nor proven, and are less safe or dearer:
                     save them with `tfopt recommend PLAN --format json
                     --out .tfopt/recommendation.json`
\b
Exit codes: 0 nothing found, 1 a file or setting cannot be used, 2 something was found.
"""
)
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--workloads",
    type=click.Path(path_type=Path),
    help="Guardrails; default: tfopt.toml found upwards from each file.",
)
@click.option(
    "--recommendation",
    type=click.Path(path_type=Path),
    help="Default: .tfopt/recommendation.json found upwards from each file, if there is one.",
)
@click.option(
    "--config-dir",
    type=click.Path(path_type=Path),
    help="What the recommendation's files are relative to; default: the folder of its plan.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="One line a finding, or JSON.",
)
@click.option("--soft-fail", is_flag=True, help="Report what is found, but exit 0.")
@click.option("--verbose", "-v", is_flag=True, help="Say what each file is checked against.")
@common_options
def command(
    *,
    files: tuple[Path, ...],
    workloads: Path | None,
    recommendation: Path | None,
    config_dir: Path | None,
    format_: str,
    soft_fail: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check .tf and .tfvars FILES (.json too) that were edited by hand; no plan is needed.

    They are held against the guardrails of tfopt.toml and the last saved recommendation. Nothing is
    written. As a pre-commit hook: `tfopt-check`.
    """
    from tfopt.checking import Wanted, check_files
    from tfopt.publish import publish_stdout

    checked = check_files(Wanted(files, workloads, recommendation, config_dir))
    for remark in checked.remarks if verbose else ():
        tell(quiet, remark)
    publish_stdout(_json(checked, len(files)) if format_ == "json" else _text(checked))
    return FOUND if checked.findings and not soft_fail else 0


def _text(checked: Checked) -> str:
    from tfopt.render.plain import plain

    return "".join(f"{plain(str(found))}\n" for found in checked.findings)


def _json(checked: Checked, files: int) -> str:
    answer = {
        "schema_version": 1,
        "files": files,
        "findings": [asdict(found) for found in checked.findings],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
