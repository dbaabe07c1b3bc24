"""Turns the scores of controllers into tables: who costs what, at the same bad minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfopt_policies.artefact import CARD_FILE, load
from tfopt_policies.commit import commit
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.judge import (
    NEAR,
    STAFFING,
    STAFFING_HELD,
    ControlScore,
    Matched,
    Task,
    judge,
    matched,
    seed_of,
)
from tfopt_policies.control.net import Head
from tfopt_policies.control.observation import CONTROL_VERSION, FEATURES
from tfopt_policies.control.training import Progress
from tfopt_policies.statistics import holm
from tfopt_sim.demand_paths import KINDS
from tfopt_sim.dynamics import DYNAMICS_VERSION

BEGIN, END = "<!-- controllers: written by tfopt evaluate -->", "<!-- end of controllers -->"
MAIN = "controller"
SHIFT = "shift-"


@dataclass(frozen=True, slots=True)
class Arm:
    """A trained controller and its seeds."""

    name: str
    seeds: tuple[Controller, ...]
    env_steps: int  # that each was trained on
    seconds: float  # median over seeds


def read_arm(folder: Path) -> Arm:
    """Return the controller in `folder` and its further seeds beneath.

    Raises:
        PolicyError: an artefact is refused.
    """
    folders = [folder, *sorted(folder.glob("seeds/*"), key=lambda path: int(path.name))]
    artefacts = [load(path, CONTROL_VERSION, len(FEATURES)) for path in folders]
    controllers = []
    for artefact in artefacts:
        said = artefact.card["options"].get("head")
        head = Head(**said) if isinstance(said, dict) else Head()
        controllers.append(Controller(artefact.network, head))
    card = artefacts[0].card
    seconds = float(np.median([one.card["seconds"] for one in artefacts]))
    return Arm(folder.name, tuple(controllers), int(card["env_steps"]), seconds)


def read_arms(main: Path, experiments: Path | None) -> list[Arm]:
    """Return the main controller and every trained folder of the experiments, in name order."""
    folders = [main]
    if experiments is not None:
        folders += sorted(path.parent for path in experiments.glob(f"*/{CARD_FILE}"))
    return [read_arm(folder) for folder in folders]


def scores_of(arms: Sequence[Arm], tasks: Sequence[Task], progress: Progress) -> list[ControlScore]:
    """Return the scores of all arms; one that left a kind out is judged on that kind alone."""
    general = {arm.name: arm.seeds for arm in arms if not arm.name.startswith(SHIFT)}
    scores = judge(tasks, general, progress)
    for arm in arms:
        if arm.name.startswith(SHIFT):
            kind = arm.name.removeprefix(SHIFT)
            own = [task for task in tasks if task.demand == kind]
            scores += [
                score
                for score in judge(own, {arm.name: arm.seeds}, progress)
                if score.arm == arm.name
            ]
    return scores


def markdown(arms: Sequence[Arm], scores: Sequence[ControlScore], seed: int) -> str:
    """Return the tables as markdown."""
    kinds = [kind for kind in KINDS if any(score.demand == kind for score in scores)]
    traces = _traces(scores, unseen=None)
    groups = {(score.demand, score.group, score.bound_usd) for score in scores}
    head = (
        f"{len(groups)} days outside training: {len(kinds)} kinds of synthetic demand with fresh "
        f"seeds and {len(traces)} traces. Costs are compared at the same share of bad minutes, "
        f"between {NEAR[0]:.1%} and {NEAR[1]:.0%} where both arms reach: every arm has the SLO "
        "price as its dial, rules at their calibration on the days before. Seed "
        f"{seed}, commit `{commit()}`, dynamics {DYNAMICS_VERSION}. Intervals: 95 %, bootstrap "
        "over days."
    )
    parts = [
        head,
        "### Cost of each arm ÷ that of calibrated square-root staffing",
        _against(arms, scores, kinds, traces, seed),
        "### The controller against each rule",
        _rivals(scores, kinds, traces, seed),
    ]
    if any(arm.name.startswith(SHIFT) for arm in arms):
        title = "### Trained on five kinds, tested on the sixth"
        parts += [title, _shift(arms, scores, seed)]
    if len(next(arm for arm in arms if arm.name == MAIN).seeds) > 1:
        parts += ["### Seeds", spread_text(scores, traces or kinds, seed)]
    return "\n\n".join(parts)


def _traces(scores: Sequence[ControlScore], *, unseen: bool | None) -> list[str]:
    found = dict.fromkeys(
        score.demand
        for score in scores
        if score.demand not in KINDS and (unseen is None or score.unseen == unseen)
    )
    return list(found)


def _against(
    arms: Sequence[Arm],
    scores: Sequence[ControlScore],
    kinds: Sequence[str],
    traces: Sequence[str],
    seed: int,
) -> str:
    unseen = _traces(scores, unseen=True)
    lines = [
        "| arm | seeds | env steps | all kinds | all traces | traces never trained on | "
        + " | ".join(kinds)
        + " |",
        "|---|---:|---:|" + "---:|" * (3 + len(kinds)),
    ]
    told = {arm.name: (len(arm.seeds), arm.env_steps) for arm in arms}
    names = [n for n in dict.fromkeys(s.arm for s in scores) if not n.startswith(SHIFT)]
    for name in names:
        if name == STAFFING:
            continue
        seeds, steps = told.get(name, (0, 0))
        cells = [
            _text(matched(scores, name, STAFFING, demands, seed)) if demands else "–"
            for demands in (list(kinds), list(traces), unseen, *([kind] for kind in kinds))
        ]
        own = f"**{name}**" if name == MAIN else name
        trained = f"{seeds} | {steps / 1e6:.1f} M" if seeds else "– | –"
        lines.append(f"| {own} | {trained} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _rivals(
    scores: Sequence[ControlScore], kinds: Sequence[str], traces: Sequence[str], seed: int
) -> str:
    rivals = (STAFFING, STAFFING_HELD, "step-scaling", "target-tracking")
    lines = [
        "| the controller ÷ | all kinds | all traces | p, Holm |",
        "|---|---:|---:|---:|",
    ]
    found = {r: matched(scores, MAIN, r, list(traces or kinds), seed) for r in rivals}
    corrected = holm({rival: one.p_value for rival, one in found.items()})
    for rival, one in found.items():
        over_kinds = _text(matched(scores, MAIN, rival, list(kinds), seed)) if kinds else "–"
        lines.append(f"| {rival} | {over_kinds} | {_text(one)} | {corrected[rival]:.3f} |")
    return "\n".join(lines)


def _shift(arms: Sequence[Arm], scores: Sequence[ControlScore], seed: int) -> str:
    lines = ["| kind left out | trained without it | trained on all |", "|---|---:|---:|"]
    for arm in arms:
        if arm.name.startswith(SHIFT):
            kind = arm.name.removeprefix(SHIFT)
            cells = [_text(matched(scores, n, STAFFING, [kind], seed)) for n in (arm.name, MAIN)]
            lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread_text(scores: Sequence[ControlScore], demands: Sequence[str], seed: int) -> str:
    """Return how far apart the seeds of the controller are, as a sentence."""
    ratios = seed_ratios(scores, demands, seed)
    spread = float(ratios.std(ddof=1) / ratios.mean())
    return (
        f"Over {ratios.size} seeds the cost ÷ staffing is {ratios.min():.3f} to "
        f"{ratios.max():.3f}: standard deviation {spread:.2%} of the mean, "
        f"range {(ratios.max() - ratios.min()) / ratios.mean():.2%}."
    )


def seed_ratios(
    scores: Sequence[ControlScore], demands: Sequence[str], seed: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the cost of each seed of the controller ÷ staffing, at the same bad minutes."""
    seeds = sorted({score.seed for score in scores if score.arm == MAIN})
    return np.array(
        [
            matched(seed_of(scores, MAIN, s), MAIN, STAFFING, list(demands), seed).ratio
            for s in seeds
        ]
    )


def _text(found: Matched) -> str:
    if not np.isfinite(found.ratio):
        return "never as bad"
    return f"{found.ratio:.3f} [{found.low:.3f}, {found.high:.3f}]"
