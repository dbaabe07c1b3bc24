"""`tfopt recommend`: from plans to proven settings, as a report, a patch or edited files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.completing import files
from tfopt.commands.options import (
    UsdType,
    common_options,
    copies,
    horizon,
    percent,
    risk,
    seed_option,
    source_options,
    tell,
    verify_option,
    workloads_option,
)
from tfopt.commands.verifying import verified
from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt.advise import Advice
    from tfopt.advise.baseline import Baseline
    from tfopt.hcl.edit import Patch
    from tfopt.recommendation import Group, Report

FORMATS = (
    "table",
    "json",
    "markdown",
    "diff",
    "github-comment",
    "gitlab-comment",
    "sarif",
    "junit",
    "llm",
    "html",
    "github-annotations",
)
_WITHOUT_PATCH = ("table", "json", "sarif", "junit", "llm", "github-annotations")
FAIL_ON = ("none", "any", "savings", "risk")
FAILED = 2
MEASURED_ON = "measured_on"  # the key that a changed type asks for


@click.command(
    epilog="""\b
Examples:
  tfopt recommend plan.json
  terraform show -json tf.plan | tfopt recommend - --config-dir infra/prod
  tfopt recommend plan.json --format diff | git apply
  tfopt recommend plan.json --format github-comment --out comment.md --save json=tfopt.json
  tfopt recommend plan.json --format html --out tfopt.html
"""
)
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True, shell_complete=files)
@workloads_option
@source_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: table on a terminal, else json. html is one page to open in a browser.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the answer to this file instead of standard output.",
)
@click.option(
    "--save",
    "saved",
    multiple=True,
    callback=copies(FORMATS),
    metavar="FORMAT=FILE",
    help="Also write the answer in this format to FILE; repeatable.",
)
@click.option("--write", is_flag=True, help="Apply the edits in place (all files or none).")
@click.option(
    "--annotate/--no-annotate",
    default=True,
    help="One short comment on each changed line.  [default: annotate]",
)
@click.option(
    "--policy",
    default="planner",
    show_default=True,
    metavar="NAME|PATH",
    help="Which policy proposes.",
)
@seed_option
@click.option(
    "--horizon",
    "horizon_s",
    default="7d",
    show_default=True,
    callback=horizon,
    help="How far ahead to simulate.",
)
@click.option(
    "--offline", is_flag=True, expose_value=False, help="Never use the network (always so)."
)
@click.option(
    "--min-savings",
    "min_savings_share",
    default="10%",
    show_default=True,
    callback=percent,
    help="Recommend only what saves at least this share.",
)
@click.option(
    "--min-savings-usd",
    default=20.0,
    show_default=True,
    type=UsdType(),
    help="… and at least this much a month.",
)
@click.option(
    "--max-slo-risk",
    default="5%",
    show_default=True,
    callback=risk,
    help="Share of simulated weeks that may miss the SLO.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="none",
    show_default=True,
    help="Exit 2 when a recommendation, a saving or an SLO risk is found.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="An earlier answer (--format json): what it found does not fail again, and what it "
    "recommended is kept until something is clearly better.",
)
@click.option("--soft-fail", is_flag=True, help="Report what --fail-on found, but exit 0.")
@click.option(
    "--accept-assumptions",
    is_flag=True,
    help="Also change groups whose traffic is assumed, not measured.",
)
@verify_option
@common_options
def command(
    *,
    format_: str | None,
    out: Path | None,
    saved: list[tuple[str, Path]],
    write: bool,
    verify: bool,
    fail_on: str,
    soft_fail: bool,
    quiet: bool,
    **choices: Any,
) -> int:
    """Propose proven settings for the instance groups of one or several plans.

    PLAN is a plan's JSON (terraform show -json), a saved binary plan, or - for standard input.
    Nothing is changed unless --write is given.
    """
    from tfopt.advise import Request, advise
    from tfopt.commands.progress import progress_bar
    from tfopt.publish import publish_text, write_patch

    format_ = format_ or ("table" if out is None and sys.stdout.isatty() else "json")
    with progress_bar(quiet=quiet) as progress:
        advice = advise(Request(**choices), progress)
    for line in _verified(advice, quiet=quiet) if verify else ():
        tell(quiet, line)
    wanted = [(format_, out), *saved]
    texts = list(_rendered(advice, wanted, quiet=quiet, max_slo_risk=choices["max_slo_risk"]))
    for text, file in texts:
        publish_text(text, file)
    for remark in (*advice.remarks, *_afterwards(advice.report, write or format_ == "diff")):
        tell(quiet, remark)
    _remark_on_prices(quiet, advice.report.tool.price_date)
    if write:
        write_patch(advice.patch)
        tell(quiet, f"{len(advice.patch.files)} file(s) written")
    groups = [g for g in advice.report.groups if choices["accept_assumptions"] or not g.assumed]
    if advice.baseline is not None and not advice.baseline.knows_any(advice.report.groups):
        tell(quiet, f"{choices['baseline']} tells of none of these groups: is it of these plans?")
    fresh = _fresh(groups, advice.baseline, choices["max_slo_risk"])
    if len(fresh) < len(groups) and fail_on != "none":
        tell(quiet, f"{len(groups) - len(fresh)} group(s) as in {choices['baseline']}: no failure")
    found = _failed(fresh, fail_on, choices["max_slo_risk"])
    return FAILED if found and not soft_fail else 0


def _verified(advice: Advice, *, quiet: bool) -> Iterator[str]:
    """Yield what a new plan of each changed configuration says.

    Raises:
        TfoptError: it does not confirm the patch.
    """
    from tfopt.commands.progress import progress_bar
    from tfopt.patching.verify import NO_FOLDER

    if advice.patch.files and not advice.replans:
        raise TfoptError(NO_FOLDER, hint="Name it with --config-dir")
    for replan in advice.replans:
        with progress_bar(quiet=quiet) as progress:
            proof = verified(replan, progress)
        yield from proof.lines()


def _rendered(
    advice: Advice,
    answers: list[tuple[str, Path | None]],
    *,
    quiet: bool,
    max_slo_risk: float,
) -> Iterator[tuple[str, Path | None]]:
    """Yield the text of each answer and the file it is for; None is standard output."""
    from tfopt.publish.workspace import below_repository
    from tfopt.render import render

    for format_, file in answers:
        colored = file is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        patch = _diff(advice.patch, format_, quiet)
        yield (
            render(
                advice.report,
                patch,
                format_,
                color=colored,
                below=below_repository(Path.cwd()),
                max_slo_risk=max_slo_risk,
            ),
            file,
        )


def _diff(patch: Patch, format_: str, quiet: bool) -> str:
    """Return the diff for a format that shows one; without it where it would show a secret."""
    if format_ in _WITHOUT_PATCH:
        return ""
    try:
        return patch.unified(Path.cwd())
    except TfoptError as problem:
        if format_ == "diff":
            raise
        tell(quiet, f"without the patch: {problem}")
        return ""


def _afterwards(report: Report, patched: bool) -> Iterator[str]:
    """Yield what has to be done beside the patch, for those who see only the patch."""
    for group in report.groups if patched else ():
        yield from (f"{group.address}: {note}" for note in group.notes if MEASURED_ON in note)


def _remark_on_prices(quiet: bool, priced: str) -> None:
    from datetime import date

    from tfopt.pricing import age_of

    age = age_of(priced, date.today())
    if age.stale:
        tell(quiet, f"the prices are {age.days} days old ({priced}); see `tfopt prices show`")


def _fresh(groups: list[Group], baseline: Baseline | None, max_slo_risk: float) -> list[Group]:
    """Return the groups of which the last answer did not say the same."""
    if baseline is None:
        return groups
    return [group for group in groups if not baseline.knows(group, max_slo_risk)]


def _failed(groups: list[Group], fail_on: str, max_slo_risk: float) -> bool:
    """Tell whether one of the groups is what `--fail-on` asks to fail on.

    A group whose files no longer hold what was planned has been changed since, or elsewhere.
    """
    found = [g for g in groups if g.status == "recommended" and not _moved_on(g)]
    if fail_on == "any":
        return bool(found)
    if fail_on == "savings":
        return any(group.cost and group.cost.savings_share.p50 > 0 for group in found)
    if fail_on == "risk":
        return any(group.slo and group.slo.current_risk > max_slo_risk for group in groups)
    return False


def _moved_on(group: Group) -> bool:
    grades = {edit.grade for edit in group.edits}
    return grades == {"value-from-environment"}
