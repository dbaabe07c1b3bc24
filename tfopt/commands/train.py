"""`tfopt train`: a policy from public traces and synthetic demand."""

from __future__ import annotations

from pathlib import Path

import click

from tfopt.commands.options import SEED, common_options
from tfopt.commands.progress import progress_bar


@click.command(
    epilog="""\b
Example:
  tfopt train --traces traces/ --out policies/trained/planner --seed 0
"""
)
@click.option(
    "--traces",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder with traces.json and the csv or csv.gz files it lists.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that policy.npz, card.json and curve.csv are written to.",
)
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Of draws, weights and order."
)
@click.option(
    "--episodes",
    default=2400,
    show_default=True,
    type=click.IntRange(min=10),
    help="Groups simulated; about four a second on one core.",
)
@click.option(
    "--epochs", default=16, show_default=True, type=click.IntRange(min=1), help="Passes over them."
)
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Policies fitted on the same episodes; further ones go to OUT/seeds/<k>.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Processes; they change nothing but the time.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="NAME",
    help="An ablation: 'forecast' or 'price' hides it from the network, a kind of synthetic demand "
    "is not trained on. May be repeated.",
)
@click.option(
    "--keep-experience",
    is_flag=True,
    help="Keep the simulated episodes in OUT/experience.npz, and start from those kept before.",
)
@common_options
def command(
    traces: Path,
    out: Path,
    seed: int,
    episodes: int,
    epochs: int,
    seeds: int,
    workers: int,
    without: tuple[str, ...],
    keep_experience: bool,
    quiet: bool,
) -> None:
    """Train the planner: one command, two cores, about ten minutes.

    Each episode is a group at one moment of a trace, and the week that really followed: every
    candidate configuration is run through the exact simulator, and the network learns by policy
    gradient which one to choose. Traces marked as held out, and the late part of the others, are
    never touched. Needs torch: pip install 'tfopt[train]'.
    """
    from tfopt.commands.policy_error import told

    with told(), progress_bar(quiet=quiet) as progress:
        from tfopt_policies.traces import read_traces
        from tfopt_policies.train import Options, Run, import_torch, train

        import_torch()
        options = Options(seed=seed, episodes=episodes, epochs=epochs, without=without)
        run = Run(workers, seeds, keep_experience)
        artefact = train(read_traces(traces, least_days=14), out, options, progress, run)
    if not quiet:
        missed = artefact.card["caution"]["miss_share"]
        click.echo(f"{out}: {artefact.card['bytes']:,} bytes, {artefact.sha256[:12]}", err=True)
        click.echo(f"attainable weeks of unseen series missed: {missed:.1%}", err=True)
