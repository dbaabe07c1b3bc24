"""`tfopt doctor`: is all there that a run needs, and what to do about what is not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfopt.commands.completing import files
from tfopt.commands.options import common_options, source_options, workloads_option

if TYPE_CHECKING:
    from tfopt.doctor import Finding

UNWELL = 1


@click.command(
    epilog="""\b
Examples:
  tfopt doctor
  tfopt doctor plan.json
  tfopt doctor plan.json --config-dir infra/prod --var-file prod.tfvars --format json
\b
Without PLAN: Python, the price book's age, the trained policy and its digest, where compiled code
is kept, terraform. With PLAN also: whether it is complete, its groups, sources and variable files,
which values can be edited, tfopt.toml, and whether each group's traffic is there.
\b
ok     nothing to do
warn   tfopt answers, but less well: the line says what to do
fail   a run would stop, or its answer would be wrong
\b
Exit codes: 0 nothing fails (warnings or not), 1 something does.
"""
)
@click.argument("plan", required=False, shell_complete=files)
@workloads_option
@source_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@common_options
def command(
    *,
    plan: str | None,
    workloads: Path | None,
    config_dir: Path | None,
    var_files: tuple[Path, ...],
    format_: str,
    quiet: bool,
) -> int:
    """Look at all that tfopt needs, on this machine and for PLAN, and say what to do.

    Nothing is written, and nothing is looked up online. With --quiet only what is not ok is shown.
    """
    from datetime import date

    from tfopt.doctor import Patient, examine
    from tfopt.publish import publish_stdout

    found = examine(Patient(plan, workloads, config_dir, var_files), date.today())
    shown = [one for one in found if not quiet or one.level != "ok"]
    publish_stdout(_json(shown) if format_ == "json" else _text(shown))
    return UNWELL if any(one.level == "fail" for one in found) else 0


def _text(found: list[Finding]) -> str:
    from tfopt.render.plain import plain

    width = max((len(one.check) for one in found), default=0)
    lines = [f"{one.level:<4}  {one.check:<{width}}  {plain(one.message)}" for one in found]
    advice = [
        f"\n      {'':<{width}}  → {plain(one.advice)}" if one.advice else "" for one in found
    ]
    return "".join(f"{line}{hint}\n" for line, hint in zip(lines, advice, strict=True))


def _json(found: list[Finding]) -> str:
    answer = {"schema_version": 1, "checks": [asdict(one) for one in found]}
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
