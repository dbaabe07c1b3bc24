"""Turns scores into the honest table: policy × trace, with intervals that resample whole traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_policies.evaluate import PROVEN, Score

_DRAWS = 2000
BEGIN, END = "<!-- table: written by tfopt evaluate -->", "<!-- end of table -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean and its bootstrap 95 % interval."""

    mean: float
    low: float
    high: float

    def text(self, form: str) -> str:
        """Return the figure as `mean [low, high]`, each formatted by `form`."""
        return f"{self.mean:{form}} [{self.low:{form}}, {self.high:{form}}]"


@dataclass(frozen=True, slots=True)
class Summary:
    """One policy over many weeks."""

    policy: str
    weeks: int
    met: Figure  # share of weeks that met the SLO
    met_weeks: int
    cost_over_bound: Figure  # sum of costs ÷ sum of bounds, traces weighted alike
    bad_minute_share: Figure
    seconds: float  # median time to propose


def policies_of(scores: Sequence[Score]) -> list[str]:
    """Return the policies in the order they were judged."""
    return list(dict.fromkeys(score.policy for score in scores))


def summarise(scores: Sequence[Score], seed: int) -> list[Summary]:
    """Return a summary per policy; intervals resample traces, since weeks of one are alike."""
    found = []
    for policy in policies_of(scores):
        own = [score for score in scores if score.policy == policy]
        found.append(
            Summary(
                policy,
                len(own),
                bootstrap(own, lambda s: float(s.met), seed),
                sum(score.met for score in own),
                bootstrap(own, lambda s: s.usd / s.bound_usd, seed),
                bootstrap(own, lambda s: s.bad_minute_share, seed),
                float(np.median([score.seconds for score in own])),
            )
        )
    return found


def bootstrap(scores: Sequence[Score], value: Callable[[Score], float], seed: int) -> Figure:
    """Return the mean over weeks and the 95 % interval of resampling whole traces."""
    groups = [
        np.array([value(score) for score in scores if score.trace == trace])
        for trace in dict.fromkeys(score.trace for score in scores)
    ]
    sums = np.array([group.sum() for group in groups])
    counts = np.array([group.size for group in groups])
    picks = np.random.default_rng(seed).integers(0, len(groups), (_DRAWS, len(groups)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Figure(float(sums.sum() / counts.sum()), float(low), float(high))


def markdown(scores: Sequence[Score], head: str, seed: int) -> str:
    """Return the tables as markdown: all weeks, traces never trained on, and trace by trace."""
    parts = [head]
    for mode in dict.fromkeys(score.mode for score in scores):
        here = [score for score in scores if score.mode == mode]
        unseen = [score for score in here if score.unseen]
        parts += [f"### {mode.capitalize()}: all weeks outside training", _overall(here, seed)]
        if unseen:
            title = f"### {mode.capitalize()}: traces of which nothing was trained on"
            parts += [title, _overall(unseen, seed)]
        parts += [f"### {mode.capitalize()}: trace by trace", _by_trace(here)]
    return "\n\n".join(parts)


def _overall(scores: Sequence[Score], seed: int) -> str:
    lines = [
        "| policy | weeks that met the SLO | share | cost ÷ clairvoyant bound | bad minutes | s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in summarise(scores, seed):
        name = f"**{row.policy}**" if row.policy == PROVEN else row.policy
        lines.append(
            f"| {name} | {row.met_weeks}/{row.weeks} | {row.met.text('.0%')} "
            f"| {row.cost_over_bound.text('.2f')} | {row.bad_minute_share.text('.2%')} "
            f"| {row.seconds:.2f} |"
        )
    return "\n".join(lines)


def _by_trace(scores: Sequence[Score]) -> str:
    policies = policies_of(scores)
    lines = [
        "Each cell: cost ÷ bound · mean bad minutes · weeks that met the SLO.",
        "",
        "| trace | " + " | ".join(policies) + " |",
        "|---|" + "---:|" * len(policies),
    ]
    for trace in dict.fromkeys(score.trace for score in scores):
        own = [score for score in scores if score.trace == trace]
        mark = " (unseen)" if own[0].unseen else ""
        cells = [_cell([score for score in own if score.policy == policy]) for policy in policies]
        lines.append(f"| {trace}{mark} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(scores: Sequence[Score]) -> str:
    ratio = float(np.mean([score.usd / score.bound_usd for score in scores]))
    bad = float(np.mean([score.bad_minute_share for score in scores]))
    return f"{ratio:.2f} · {bad:.1%} · {sum(s.met for s in scores)}/{len(scores)}"
