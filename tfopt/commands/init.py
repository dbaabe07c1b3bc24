"""`tfopt init`: a commented tfopt.toml for the groups of a plan."""

from __future__ import annotations

from pathlib import Path

import click

from tfopt.commands.completing import files
from tfopt.commands.options import common_options, tell
from tfopt.errors import TfoptError


@click.command(
    epilog="""\b
Examples:
  terraform show -json tf.plan > plan.json && tfopt init plan.json
  tfopt init infra/prod/plan.json --out infra/tfopt.toml
\b
Then give each group its traffic, one `demand` line of those that stand there:
  CSV           a column `timestamp` (ISO 8601 or epoch seconds) and one of requests per second,
                or CPU in per cent with the number of instances
  CloudWatch    the saved output of `aws cloudwatch get-metric-data`
  Prometheus    the saved answer of a range query, such as a rate()
and see what comes of it with `tfopt recommend plan.json`. `tfopt doctor plan.json` says what is
still missing.
"""
)
@click.argument("plan", shell_complete=files)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Default: tfopt.toml in the plan's folder, where `tfopt recommend` finds it.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@common_options
def command(*, plan: str, out: Path | None, force: bool, quiet: bool) -> None:
    """Write a commented tfopt.toml with one workload for each instance group of PLAN.

    PLAN is a plan's JSON, a saved binary plan, or - for standard input. Every key stands there,
    commented out, with its default and what it means, so that the file is valid as it is. A file
    that is there is never replaced without --force.
    """
    from tfopt.plan.read import STDIN, read_plan
    from tfopt.pricing import load_book
    from tfopt.publish import publish_file
    from tfopt.settings import FILE_NAME
    from tfopt.starter import starter

    target = out or (Path() if plan == STDIN else Path(plan).parent) / FILE_NAME
    if target.exists() and not force:
        raise TfoptError(
            "is there already", where=target, hint="--force replaces it, --out names another file"
        )
    found = read_plan(plan)
    publish_file(starter(found, load_book()), target)
    tell(quiet, f"wrote {target}: {len(found.groups)} group(s); give each its `demand`")
