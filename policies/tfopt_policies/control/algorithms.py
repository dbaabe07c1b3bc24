"""What `tfopt train --algo` can train a controller with, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tfopt_policies.artefact import Artefact
from tfopt_policies.control.net import Head
from tfopt_policies.control.training import Options, Progress, train_seeds, training_groups
from tfopt_policies.draws import training_traces
from tfopt_policies.errors import PolicyError
from tfopt_policies.traces import Trace
from tfopt_sim.demand_paths import KINDS

PARTS = ("forecast", "residual", "price")  # of the controller, that can be left out


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked of a training run."""

    traces: Sequence[Trace]
    out: Path
    seed: int = 0
    seeds: int = 1
    steps: int | None = None  # environment steps of each seed; None: the algorithm's own
    trials: int = 0  # of tuning, for Stable-Baselines3
    resume: bool = False
    without: tuple[str, ...] = ()  # parts, or kinds of synthetic demand


def options_of(run: Run) -> Options:
    """Return the options of a pathwise run.

    Raises:
        PolicyError: what is to be left out is unknown, or would leave nothing.
    """
    unknown = [name for name in run.without if name not in (*PARTS, *KINDS, "traces")]
    if unknown:
        raise PolicyError(
            f"there is no {unknown[0]!r} to leave out",
            hint=f"Choose from {', '.join((*PARTS, 'traces', *KINDS))}",
        )
    options = Options(seed=run.seed)
    head = Head(**{name: name not in run.without for name in PARTS})
    kinds = tuple(kind for kind in options.domain.kinds if kind not in run.without)
    if not kinds:
        raise PolicyError("no kind of demand is left to train on")
    domain = replace(options.domain, kinds=kinds)
    recipe = options.recipe
    if run.steps is not None:
        recipe = replace(recipe, updates=max(1, run.steps // recipe.steps))
    return replace(options, head=head, domain=domain, recipe=recipe)


def _usable(run: Run) -> list[Trace]:
    return [] if "traces" in run.without else training_traces(run.traces)


def pathwise(run: Run, progress: Progress) -> list[Artefact]:
    """Train by the pathwise gradient through the twin."""
    return train_seeds(
        _usable(run), run.out, options_of(run), progress, seeds=run.seeds, resume=run.resume
    )


def ppo(run: Run, progress: Progress) -> list[Artefact]:
    """Train by PPO on the exact simulator."""
    from tfopt_policies.control.ppo import PpoRecipe, train_ppo

    usable, options = _usable(run), replace(options_of(run), blocks=64, groups=8)
    groups = training_groups(usable, options, progress)
    recipe = PpoRecipe() if run.steps is None else PpoRecipe(env_steps=run.steps)
    return [
        train_ppo(groups, usable, seed_folder(run, seed), seed, recipe, progress)
        for seed in range(run.seed, run.seed + run.seeds)
    ]


def clone(run: Run, progress: Progress) -> list[Artefact]:
    """Imitate the clairvoyant."""
    from tfopt_policies.control.cloning import train_clone

    usable, options = _usable(run), replace(options_of(run), blocks=64)
    groups = training_groups(usable, options, progress)
    return [
        train_clone(groups, usable, seed_folder(run, seed), replace(options, seed=seed), progress)
        for seed in range(run.seed, run.seed + run.seeds)
    ]


def library(algorithm: str) -> Callable[[Run, Progress], list[Artefact]]:
    """Return the trainer by one of Stable-Baselines3's algorithms."""

    def train(run: Run, progress: Progress) -> list[Artefact]:
        from tfopt_policies.control.library import train_library

        usable, options = _usable(run), replace(options_of(run), blocks=16, groups=8)
        groups = training_groups(usable, options, progress)
        return train_library(
            algorithm, groups, usable, run.out, progress,
            seeds=run.seeds, first_seed=run.seed, trials=run.trials, env_steps=run.steps,
        )  # fmt: skip

    return train


def seed_folder(run: Run, seed: int) -> Path:
    """Return where a seed goes: the first into `out`, the others beneath."""
    return run.out if seed == run.seed else run.out / "seeds" / str(seed)


TRAINERS: dict[str, Callable[[Run, Progress], list[Artefact]]] = {
    "pathwise": pathwise,
    "ppo": ppo,
    "clone": clone,
    "sb3-ppo": library("ppo"),
    "sb3-dqn": library("dqn"),
    "sb3-sac": library("sac"),
}
