"""`tfopt simulate`: what the present settings would cost and serve, without advice."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from tfopt.commands.completing import files
from tfopt.commands.options import (
    common_options,
    horizon,
    seed_option,
    tell,
    workloads_option,
)

FORMATS = ("table", "json")
MOST_SCENARIOS = 2000


@click.command(
    epilog="""\b
Examples:
  tfopt simulate plan.json
  tfopt simulate plan.json --horizon 4w --picture weeks.svg
  tfopt simulate plan.json --group aws_autoscaling_group.web --replay past.csv --format json
"""
)
@click.argument("plan", shell_complete=files)
@workloads_option
@click.option(
    "--config-dir",
    type=click.Path(path_type=Path),
    help="Terraform sources, to show a saved binary plan and to find tfopt.toml.",
)
@click.option(
    "--group",
    "groups",
    metavar="ADDRESS",
    multiple=True,
    help="Only this group; repeatable.  [default: all]",
)
@click.option(
    "--horizon",
    "horizon_s",
    default="7d",
    show_default=True,
    callback=horizon,
    help="How far ahead to simulate.",
)
@click.option(
    "--scenarios",
    default=200,
    show_default=True,
    type=click.IntRange(1, MOST_SCENARIOS),
    help="How many futures to draw.",
)
@seed_option
@click.option(
    "--replay",
    metavar="CSV",
    type=click.Path(path_type=Path),
    help="Replay this demand exactly instead of the forecast.",
)
@click.option("--column", help="Value column of CSV; may be left out where there is only one.")
@click.option(
    "--requests",
    is_flag=True,
    help="With --replay: also run it request by request on a second simulator, as a cross-check.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: table on a terminal, else json.",
)
@click.option(
    "--picture",
    metavar="SVG",
    type=click.Path(path_type=Path),
    help="Also draw the week to this file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the answer to this file instead of standard output.",
)
@common_options
def command(
    *,
    format_: str | None,
    picture: Path | None,
    out: Path | None,
    quiet: bool,
    **choices: Any,
) -> None:
    """Simulate the groups of PLAN as they are: cost, capacity, CPU, latency, risk, worst days.

    PLAN is a plan's JSON (terraform show -json), a saved binary plan, or - for standard input. With
    --replay the demand is the one given, minute by minute, so that anyone can check the figures
    against their own past or another simulator.
    """
    if choices["column"] and not choices["replay"]:
        raise click.UsageError("--column names a column of --replay CSV")
    if choices["requests"] and not choices["replay"]:
        raise click.UsageError("--requests checks a --replay CSV")
    from tfopt.commands.progress import progress_bar
    from tfopt.outlook import Request, simulate_plan
    from tfopt.publish import publish_text
    from tfopt.render import render_simulation

    format_ = format_ or ("table" if out is None and sys.stdout.isatty() else "json")
    with progress_bar(quiet=quiet) as progress:
        found = simulate_plan(Request(**choices), progress)
    colored = out is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = render_simulation(found, format_, color=colored)
    if picture is not None:
        publish_text(render_simulation(found, "svg"), picture)
    publish_text(text, out)
    if picture is not None:
        tell(quiet, f"drawn to {picture}")
