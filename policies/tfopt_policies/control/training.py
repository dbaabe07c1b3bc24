"""One training run of the controller, from random groups to the artefact and its curve."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.artefact import CARD_FILE, Artefact, load, save
from tfopt_policies.commit import commit
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.field import DAMPING, LOG_PRICES, Field
from tfopt_policies.control.groups import (
    DAYS,
    HISTORY,
    Domain,
    Groups,
    draw_groups,
    draw_service,
    synthetic_groups,
)
from tfopt_policies.control.net import Head, Weights, initial
from tfopt_policies.control.observation import CONTROL_VERSION
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.pathwise import (
    Adam,
    Recipe,
    adam,
    compiled_gradient,
    learn,
    torch_gradient,
)
from tfopt_policies.control.rollout import fly, follow
from tfopt_policies.control.staffing import calibrated
from tfopt_policies.errors import PolicyError
from tfopt_policies.network import Network
from tfopt_policies.traces import Trace
from tfopt_sim.controlled import BAD, BILLED
from tfopt_sim.demand_paths import KINDS
from tfopt_sim.types import FloatArray

Progress = Callable[[int, int, str], None]
CURVE_FILE, STATE_FILE = "curve.csv", "training.npz"
_VALIDATIONS = 10  # of a run
_VALID_SEED = 90_000


@dataclass(frozen=True, slots=True)
class Options:
    """What a training run is made of; the card repeats it."""

    seed: int = 0
    blocks: int = 192  # of groups alike
    groups: int = 12  # of each block
    head: Head = field(default_factory=Head)
    recipe: Recipe = field(default_factory=Recipe)
    domain: Domain = field(default_factory=Domain)


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the learning curve."""

    update: int
    env_steps: int
    seconds: float  # of learning, validation left out
    objective: float  # mean of the updates since the last line, in the twin
    validation: float  # objective ÷ that of the calibrated staffing, exactly simulated


def training_groups(traces: Sequence[Trace], options: Options, progress: Progress) -> list[Groups]:
    """Return the random groups that every seed of a run trains on."""
    rng = np.random.default_rng(0)
    long = [trace for trace in traces if trace.demand.days >= 2 * DAYS]
    found = []
    for block in range(options.blocks):
        progress(block, options.blocks, "drawing groups")
        found.append(draw_groups(rng, options.groups, options.domain, long))
    return found


def validation_groups(kinds: Iterable[str] = KINDS, count: int = 12) -> list[Groups]:
    """Return fixed groups that no training draws: one block of each synthetic kind."""
    found = []
    for index, kind in enumerate(kinds):
        rng = np.random.default_rng((_VALID_SEED, index))
        workload, slo = draw_service(rng)
        size = float(np.exp(rng.uniform(np.log(4), np.log(200))))
        found.append(synthetic_groups(rng, kind, count, workload, slo, size))
    return found


@dataclass(frozen=True)
class Validation:
    """The exact objective of a controller, beside that of the calibrated staffing."""

    groups: Sequence[Groups]

    def of(self, controller: Controller) -> float:
        """Return the controller's objective ÷ the calibrated staffing's; mean over groups."""
        ours, theirs = [], []
        for one in self.groups:
            prices = _prices(one)
            flown = fly(one, controller.pilot(one, prices), HISTORY, DAYS * DAY, seed=2)
            ours.append(_objective(one, prices, flown.instance_minutes, flown.bad_minute_share))
            rival = calibrated(one, prices)[:, HISTORY - DAY :]
            tally = follow(one, rival, HISTORY, seed=2)
            bad = tally[:, BAD] / rival.shape[1]
            theirs.append(_objective(one, prices, tally[:, BILLED], bad))
        return float(np.concatenate(ours).mean() / np.concatenate(theirs).mean())


def _prices(groups: Groups) -> FloatArray:
    return np.linspace(*LOG_PRICES, len(groups.names))


def _objective(
    groups: Groups, log_price: FloatArray, billed: FloatArray, bad: FloatArray
) -> FloatArray:
    needed = np.maximum(groups.need(groups.rps[:, HISTORY:]), 1.0).sum(axis=1)
    price = np.exp(log_price)
    return np.asarray((billed / needed + price * bad) / (1 + DAMPING * price))


def train_controller(
    groups: Sequence[Groups],
    traces: Sequence[Trace],
    out: Path,
    options: Options,
    progress: Progress,
    *,
    resume: bool = False,
) -> Artefact:
    """Train one seed and write policy.npz, card.json and curve.csv into `out`.

    The state is kept in training.npz while it runs; a resumed run ends where an unbroken one does.

    Raises:
        PolicyError: the state to resume is of another run.
    """
    land = Field(groups, options.head, np.random.default_rng((options.seed, 1)))
    validation = Validation(validation_groups())
    state = adam(initial(options.head, options.seed))
    curve: list[Point] = []
    if resume and (out / STATE_FILE).is_file():
        state, curve = _restored(out / STATE_FILE, options)
    recipe, losses, spent = options.recipe, [], curve[-1].seconds if curve else 0.0
    device = _device()
    with _gradient(land, options.head, device) as gradient:
        began = time.monotonic()
        for _, loss in learn(land, recipe, state, gradient, options.seed):
            progress(state.updates, recipe.updates, f"learning, seed {options.seed}")
            losses.append(loss)
            if state.updates % max(1, recipe.updates // _VALIDATIONS) == 0:
                spent += time.monotonic() - began
                controller = Controller(state.weights.network(), options.head)
                steps = state.updates * recipe.steps
                valid = validation.of(controller)
                curve.append(Point(state.updates, steps, spent, float(np.mean(losses)), valid))
                losses = []
                _kept(out, state, curve, options)
                began = time.monotonic()
    what = (
        "capacity each minute: calibrated staffing of the forecast × exp(network); trained by the "
        "pathwise gradient through the simulator's differentiable twin"
    )
    said = {**asdict(options), "device": device}
    artefact = finish(
        out, state.weights.network(), curve, traces, what=what, options=said, name="controller"
    )
    (out / STATE_FILE).unlink(missing_ok=True)
    return artefact


def finish(
    out: Path,
    network: Network,
    curve: Sequence[Point],
    traces: Sequence[Trace],
    *,
    what: str,
    options: Mapping[str, Any],
    name: str,
) -> Artefact:
    """Write policy.npz, card.json and curve.csv of a trained controller into `out`."""
    artefact = save(out, network, _card(curve, traces, what, options, name))
    (out / CURVE_FILE).write_text(as_csv(curve), encoding="utf-8")
    return artefact


def train_seeds(
    traces: Sequence[Trace],
    out: Path,
    options: Options,
    progress: Progress,
    *,
    seeds: int = 1,
    resume: bool = False,
) -> list[Artefact]:
    """Train several seeds on the same groups: the first into `out`, others into seeds/<n>.

    Raises:
        PolicyError: as `train_controller`.
    """
    groups = training_groups(traces, options, progress)
    found = []
    for index in range(seeds):
        one = replace(options, seed=options.seed + index)
        folder = out if index == 0 else out / "seeds" / str(one.seed)
        if resume and (folder / CARD_FILE).is_file() and not (folder / STATE_FILE).is_file():
            found.append(load(folder, CONTROL_VERSION))
            continue
        found.append(train_controller(groups, traces, folder, one, progress, resume=resume))
    return found


def _device() -> str:
    """Return where to learn: a GPU where torch is installed and finds one."""
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


def _gradient(land: Field, head: Head, device: str) -> Any:
    if device == "cpu":
        return compiled_gradient(land, head)
    import torch

    return torch_gradient(torch, land, head, device)


def as_csv(curve: Sequence[Point]) -> str:
    """Return the learning curve, a line per validation."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([column.name for column in fields(Point)])
    for point in curve:
        writer.writerow([f"{value:.6g}" for value in asdict(point).values()])
    return target.getvalue()


def _kept(out: Path, state: Adam, curve: Sequence[Point], options: Options) -> None:
    out.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{name}_{part}": array
        for name in ("weights", "first", "second")
        for part, array in getattr(state, name)._asdict().items()
    }
    points = np.array([list(asdict(point).values()) for point in curve])
    np.savez(
        out / STATE_FILE, updates=state.updates, curve=points, options=_said(options), **arrays
    )


def _restored(path: Path, options: Options) -> tuple[Adam, list[Point]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = {
                name: Weights(*(stored[f"{name}_{part}"] for part in Weights._fields))
                for name in ("weights", "first", "second")
            }
            updates, said = int(stored["updates"]), str(stored["options"])
            rows = stored["curve"].tolist()
    except (OSError, ValueError, KeyError) as error:
        raise PolicyError("cannot read the state to resume", where=str(path)) from error
    if said != _said(options):
        raise PolicyError(
            "the state to resume is of a run with other options",
            where=str(path),
            hint="Give the same options, or leave out --resume",
        )
    curve = [Point(int(row[0]), int(row[1]), *row[2:]) for row in rows]
    return Adam(parts["weights"], parts["first"], parts["second"], updates), curve


def _said(options: Options) -> str:
    return json.dumps(asdict(options), sort_keys=True)


def _card(
    curve: Sequence[Point],
    traces: Sequence[Trace],
    what: str,
    options: Mapping[str, Any],
    name: str,
) -> dict[str, Any]:
    last = curve[-1] if curve else None
    return {
        "name": name,
        "what": what,
        "observation_version": CONTROL_VERSION,
        "options": dict(options),
        "commit": commit(),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "seconds": round(last.seconds, 1) if last else 0.0,
        "env_steps": last.env_steps if last else 0,
        "training_data": [
            {"trace": trace.name, "sha256": trace.sha256, "licence": trace.licence}
            for trace in traces
        ],
        "synthetic": "tfopt_sim.demand_paths, the kinds of the domain",
        "validation": round(last.validation, 4) if last else None,
    }
