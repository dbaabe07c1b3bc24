"""`tfopt evaluate`: the honest table of policies and baselines on weeks they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.options import SEED, common_options
from tfopt.commands.progress import Report, progress_bar
from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt_policies.evaluate import Score


def _sizes(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in value.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise click.BadParameter(f"{value!r} is not a list of instance counts; write 20,200")
    return sizes


@click.command(
    epilog="""\b
Examples:
  tfopt evaluate --traces traces/ --out policies/README.md
  tfopt evaluate --traces traces/ --policy policies/trained/mine --origins 1 --sizes 20
  tfopt evaluate --only controller --traces traces/ --experiments policies/experiments
"""
)
@click.option(
    "--traces",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder with traces.json and the csv or csv.gz files it lists.",
)
@click.option(
    "--policy", default="planner", show_default=True, help="Name or folder of a trained policy."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Markdown file whose table is replaced; default: standard output.",
)
@click.option(
    "--scores",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every single score to this CSV file too.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    help="Planner: draw weeks held against cost into this folder, an SVG per table.",
)
@click.option("--write-card", is_flag=True, help="Put the summary into the policy's card.json.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Of scenarios and intervals.")
@click.option(
    "--origins",
    default=3,
    show_default=True,
    type=click.IntRange(min=1),
    help="Weeks per trace, latest first.",
)
@click.option(
    "--sizes", default="20,200", show_default=True, callback=_sizes, help="Instances at peak."
)
@click.option(
    "--synthetic",
    default=6,
    show_default=True,
    type=click.IntRange(min=0),
    help="Planner: weeks of each synthetic kind of demand.",
)
@click.option(
    "--only",
    default="planner",
    show_default=True,
    type=click.Choice(("planner", "controller")),
    help="planner: weekly settings. controller: capacity minute by minute.",
)
@click.option(
    "--controller",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of a trained controller, its seeds beneath; default: the shipped one.",
)
@click.option(
    "--experiments",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of trained rivals and ablations of the controller.",
)
@click.option(
    "--days",
    default=48,
    show_default=True,
    type=click.IntRange(min=2),
    help="Controller: judged days of each synthetic kind; traces give up to 14.",
)
@common_options
def command(
    *,
    only: str,
    controller: Path | None,
    experiments: Path | None,
    days: int,
    quiet: bool,
    **asked: Any,
) -> None:
    """Score a policy, every baseline, and what tfopt recommends after its proof.

    History before, the week that really followed after; cost is told relative to the clairvoyant
    bound, intervals resample whole traces. Traces of which nothing was trained on stand apart.

    With --only controller: the trained controllers beside calibrated staffing, target tracking and
    step scaling, on days that nobody trained on, at the same share of bad minutes.
    """
    from tfopt.commands.policy_error import told
    from tfopt.resources import data_dir

    if only == "controller":
        with told(), progress_bar(quiet=quiet) as progress:
            trained = controller or data_dir("trained") / "controller"
            _controllers(asked, trained, experiments, days, progress)
        return
    _planner(quiet=quiet, **asked)


def _controllers(
    asked: dict[str, Any],
    trained: Path,
    experiments: Path | None,
    days: int,
    progress: Report,
) -> None:
    from tfopt_policies.control import report
    from tfopt_policies.control.judge import as_csv, synthetic_tasks, trace_tasks
    from tfopt_policies.traces import read_traces

    seed = asked["seed"]
    arms = report.read_arms(trained, experiments)
    count = min(days, 16)
    tasks = synthetic_tasks(max(1, round(days / count)), count, seed)
    tasks += trace_tasks(read_traces(asked["traces"], least_days=14), 14, seed)
    found = report.scores_of(arms, tasks, progress)
    table = report.markdown(arms, found, seed)
    if asked["scores"] is not None:
        asked["scores"].write_text(as_csv(found), encoding="utf-8")
    if asked["out"] is None:
        click.echo(table)
    else:
        _replace_table(asked["out"], table, report.BEGIN, report.END)


def _planner(
    *,
    traces: Path,
    policy: str,
    out: Path | None,
    scores: Path | None,
    plots: Path | None,
    write_card: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    from tfopt.commands.policy_error import told
    from tfopt.resources import data_dir

    with told(), progress_bar(quiet=quiet) as progress:
        from tfopt_policies import report
        from tfopt_policies.evaluate import Plan, evaluate
        from tfopt_policies.registry import load
        from tfopt_policies.traces import read_traces

        chosen = load(policy, data_dir("trained"))
        plan = Plan(**choices)
        found = evaluate(read_traces(traces, least_days=14), [chosen], plan, progress)
        if not found:
            raise TfoptError(
                "no trace leaves a week to test on",
                where=traces,
                hint="A trace needs a week of history and a week after it",
            )
        table = report.markdown(found, report.heading(chosen, plan, found), plan.seed)
        if scores is not None:
            scores.write_text(report.as_csv(found), encoding="utf-8")
        if plots is not None:
            _draw(plots, found)
        if write_card:
            report.write_card(chosen, found, plan.seed)
    if out is None:
        click.echo(table)
    else:
        _replace_table(out, table, report.BEGIN, report.END)


def _draw(folder: Path, found: Sequence[Score]) -> None:
    from tfopt_policies.plots import picture

    folder.mkdir(parents=True, exist_ok=True)
    for mode in dict.fromkeys(score.mode for score in found):
        name = mode.replace(",", "").replace(" ", "-")
        shown = picture([score for score in found if score.mode == mode])
        (folder / f"{name}.svg").write_text(shown, encoding="utf-8")


def _replace_table(path: Path, table: str, begin: str, end: str) -> None:
    """Put the table between the two marks of a markdown file, or make the file."""
    text = path.read_text(encoding="utf-8") if path.is_file() else f"{begin}\n{end}\n"
    if begin not in text or end not in text:
        raise TfoptError("has no place for the table", where=path, hint=f"Add {begin} and {end}")
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    path.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}", encoding="utf-8")
