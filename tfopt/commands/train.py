"""`tfopt train`: a policy from public traces and synthetic demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfopt.commands.options import SEED, common_options
from tfopt.commands.progress import Report, progress_bar

PLANNER = "planner"
CONTROLLERS = ("pathwise", "ppo", "clone", "sb3-ppo", "sb3-dqn", "sb3-sac")


@click.command(
    epilog="""\b
Examples:
  tfopt train --traces traces/ --out policies/trained/planner --seed 0
  tfopt train --algo pathwise --traces traces/ --out policies/trained/controller --seeds 10
  tfopt train --algo sb3-ppo --traces traces/ --out my/sb3-ppo --seeds 3 --tune 8
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
    "--algo",
    default=PLANNER,
    show_default=True,
    type=click.Choice((PLANNER, *CONTROLLERS)),
    help="planner: the settings of a group. The others train the controller, capacity each minute: "
    "pathwise by the gradient through the simulator's twin, ppo on the exact simulator, clone by "
    "imitating the clairvoyant, sb3-… by Stable-Baselines3.",
)
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Of draws, weights and order."
)
@click.option(
    "--episodes",
    default=2400,
    show_default=True,
    type=click.IntRange(min=10),
    help="Planner: groups simulated; about four a second on one core.",
)
@click.option(
    "--epochs",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="Planner: passes over them.",
)
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Policies to train, from --seed on; the others go to seeds/ in --out.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Controller: environment steps of each seed (minutes of one group).",
)
@click.option(
    "--tune",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Stable-Baselines3: trials of Optuna before training.",
)
@click.option("--resume", is_flag=True, help="Pathwise: go on where a run into --out was cut off.")
@click.option(
    "--without",
    multiple=True,
    metavar="PART",
    help="An ablation: leave out what the network knows (forecast, price; of the controller also "
    "residual and traces) or a kind of synthetic demand. Repeatable.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Planner: processes; they change nothing but the time.",
)
@click.option(
    "--keep-experience",
    is_flag=True,
    help="Planner: keep the simulated episodes in OUT/experience.npz, and start from those kept.",
)
@common_options
def command(*, algo: str, quiet: bool, **asked: Any) -> None:
    """Train a policy: one command, about ten minutes on two cores.

    The planner is what `tfopt recommend` asks. Each of its episodes is a group at one moment of a
    trace and the week that really followed: every candidate configuration is run through the exact
    simulator, and the network learns by policy gradient which one to choose. Needs torch.

    The controller decides capacity minute by minute, for those who run an autoscaler of their own;
    it bounds what any settings could reach. Only the pathwise way needs nothing but this package
    (with torch and a GPU it uses that); the others need pip install 'tfopt[train]'.

    Traces marked as held out, and the late part of the others, are never touched.
    """
    from tfopt.commands.policy_error import told

    with told(), progress_bar(quiet=quiet) as progress:
        lines = _planner(asked, progress) if algo == PLANNER else _controller(algo, asked, progress)
    if not quiet:
        for line in lines:
            click.echo(line, err=True)


def _planner(asked: dict[str, Any], progress: Report) -> list[str]:
    from tfopt_policies.traces import read_traces
    from tfopt_policies.train import Options, Run, import_torch, train

    import_torch()
    options = Options(
        seed=asked["seed"], episodes=asked["episodes"], epochs=asked["epochs"],
        without=asked["without"],
    )  # fmt: skip
    run = Run(asked["workers"], asked["seeds"], asked["keep_experience"])
    out = asked["out"]
    artefact = train(read_traces(asked["traces"], least_days=14), out, options, progress, run)
    missed = artefact.card["caution"]["miss_share"]
    return [
        f"{out}: {artefact.card['bytes']:,} bytes, {artefact.sha256[:12]}",
        f"attainable weeks of unseen series missed: {missed:.1%}",
    ]


def _controller(algo: str, asked: dict[str, Any], progress: Report) -> list[str]:
    from tfopt_policies.control.algorithms import TRAINERS, Run
    from tfopt_policies.traces import read_traces

    run = Run(
        read_traces(asked["traces"], least_days=14), asked["out"], asked["seed"], asked["seeds"],
        asked["steps"], asked["tune"], asked["resume"], asked["without"],
    )  # fmt: skip
    return [
        f"seed {artefact.card['options']['seed']}: {artefact.sha256[:12]}, "
        f"{artefact.card['env_steps']:,} steps in {artefact.card['seconds']:.0f} s, "
        f"{artefact.card['validation']:.3f} × the cost of calibrated staffing"
        for artefact in TRAINERS[algo](run, progress)
    ]
