"""Turns scores into the honest table: policy × trace, with intervals that resample whole traces."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from tfopt_policies.artefact import CARD_FILE
from tfopt_policies.commit import commit
from tfopt_policies.errors import PolicyError
from tfopt_policies.evaluate import (
    MACHINES,
    PLAIN_CHOICE,
    PROVEN,
    SLO,
    SYNTHETIC,
    WORKLOAD,
    Plan,
    Score,
)
from tfopt_policies.matching import matched_table
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Policy
from tfopt_policies.standards import profile_table, standards_table
from tfopt_policies.statistics import conditional_value_at_risk, interquartile_mean
from tfopt_sim.dynamics import DYNAMICS_VERSION

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
    middle: float  # interquartile mean of cost ÷ bound
    information_gap: float  # geometric mean of cost ÷ the best expressible setting in hindsight
    worst_cost: float  # mean of the dearest 5 % of weeks, cost ÷ bound (CVaR)
    bad_minute_share: Figure
    worst_bad: float  # mean bad minutes of the worst 5 % of weeks (CVaR)
    launches: float  # mean a week
    seconds: float  # median time to propose


def policies_of(scores: Sequence[Score]) -> list[str]:
    """Return the policies in the order they were judged."""
    return list(dict.fromkeys(score.policy for score in scores))


def summarise(scores: Sequence[Score], seed: int) -> list[Summary]:
    """Return a summary per policy; intervals resample traces, since weeks of one are alike."""
    found = []
    scores = [score for score in scores if score.dial == PLAIN_CHOICE]
    for policy in policies_of(scores):
        own = [score for score in scores if score.policy == policy]
        found.append(
            Summary(
                policy,
                len(own),
                bootstrap(own, lambda s: float(s.met), seed),
                sum(score.met for score in own),
                bootstrap(own, lambda s: s.usd / s.bound_usd, seed),
                interquartile_mean(np.array([s.usd / s.bound_usd for s in own])),
                _information_gap(own),
                conditional_value_at_risk(np.array([s.usd / s.bound_usd for s in own])),
                bootstrap(own, lambda s: s.bad_minute_share, seed),
                conditional_value_at_risk(np.array([s.bad_minute_share for s in own])),
                float(np.mean([s.launches for s in own])),
                float(np.median([score.seconds for score in own])),
            )
        )
    return found


def _information_gap(scores: Sequence[Score]) -> float:
    gaps = [math.log(s.usd / s.hindsight_usd) for s in scores if s.attainable]
    return math.exp(float(np.mean(gaps))) if gaps else math.nan


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
        here = [score for score in scores if score.mode == mode and score.dial == PLAIN_CHOICE]
        unseen = [score for score in here if score.unseen and score.mode != SYNTHETIC]
        parts += [f"### {mode.capitalize()}: all weeks outside training", _overall(here, seed)]
        if unseen:
            title = f"### {mode.capitalize()}: traces of which nothing was trained on"
            parts += [title, _overall(unseen, seed)]
        everything = [score for score in scores if score.mode == mode]
        title = f"### {mode.capitalize()}: what is asked of a policy"
        parts += [title, standards_table(everything, seed)]
        title = f"### {mode.capitalize()}: share of weeks held, by price"
        parts += [title, profile_table(everything, seed)]
        title = f"### {mode.capitalize()}: cost where as many weeks are held"
        parts += [title, matched_table(everything, seed)]
        parts += [f"### {mode.capitalize()}: trace by trace", _by_trace(here)]
    return "\n\n".join(parts)


def _overall(scores: Sequence[Score], seed: int) -> str:
    lines = [
        "| policy | weeks that met the SLO | share | cost ÷ clairvoyant bound | middle half | "
        "÷ best in hindsight | worst 5 % | bad minutes | worst 5 % | launches | s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in summarise(scores, seed):
        name = f"**{row.policy}**" if row.policy == PROVEN else row.policy
        lines.append(
            f"| {name} | {row.met_weeks}/{row.weeks} | {row.met.text('.0%')} "
            f"| {row.cost_over_bound.text('.2f')} | {row.middle:.2f} | {row.information_gap:.2f} "
            f"| {row.worst_cost:.1f} | {row.bad_minute_share.text('.2%')} | {row.worst_bad:.1%} "
            f"| {row.launches:.0f} | {row.seconds:.2f} |"
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


def heading(policy: Policy, plan: Plan, scores: Sequence[Score]) -> str:
    """Return what was judged, how, and with which seed and commit."""
    digest = f" ({policy.artefact.sha256[:12]})" if isinstance(policy, Planner) else ""
    real = [score for score in scores if score.mode != SYNTHETIC]
    weeks = len({(score.trace, score.origin) for score in real})
    traces = len({score.trace for score in real})
    return (
        f"{weeks} weeks of {traces} traces, each at {' and '.join(map(str, plan.sizes))} instances "
        f"at the history's peak. Policy `{policy.name}`{digest}, seed {plan.seed}, commit "
        f"`{commit()}`, dynamics {DYNAMICS_VERSION}, {plan.scenarios} scenarios in the proof.\n\n"
        f"SLO: p99 ≤ {SLO.p99_ms:.0f} ms in all but {SLO.max_bad_minutes:.0%} of the minutes; "
        f"{1000 * WORKLOAD.cpu_s_per_request:.0f} ms of CPU a request, "
        f"{WORKLOAD.boot_s:.0f} s to boot; target tracking with room for schedules. One type: "
        f"{MACHINES[0].name}; any type: {', '.join(machine.name for machine in MACHINES)}. "
        "Intervals: 95 %, bootstrap over traces. Middle half: interquartile mean. ÷ best in "
        "hindsight: the cheapest setting simulated that met the SLO, in weeks that had one "
        f"({_expressibility(scores)} × the bound, geometric mean: what settings cannot say); what "
        "is above it was not known beforehand. Cost counts every week, also those that missed "
        "the SLO, so a cheap row with few weeks met is no bargain."
    )


def _expressibility(scores: Sequence[Score]) -> str:
    weeks = {(s.trace, s.origin, s.size, s.mode): s for s in scores if s.attainable}
    gaps = [math.log(s.hindsight_usd / s.bound_usd) for s in weeks.values()]
    return f"{math.exp(float(np.mean(gaps))):.2f}" if gaps else "–"


def as_csv(scores: Sequence[Score]) -> str:
    """Return every score as a line."""
    target = io.StringIO()
    writer = csv.DictWriter(target, [field.name for field in fields(Score)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(score) for score in scores)
    return target.getvalue()


def write_card(policy: Policy, scores: Sequence[Score], seed: int) -> None:
    """Put the summary of every policy into the card of a trained one.

    Raises:
        PolicyError: the policy has no card.
    """
    if not isinstance(policy, Planner):
        raise PolicyError(f"{policy.name} has no card", hint="Leave out --write-card")
    path = policy.folder / CARD_FILE
    card = json.loads(path.read_text(encoding="utf-8"))
    card["scores"] = {
        "seed": seed,
        "commit": commit(),
        **{
            mode: [_row(row) for row in summarise([s for s in scores if s.mode == mode], seed)]
            for mode in dict.fromkeys(score.mode for score in scores)
        },
    }
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _row(summary: Summary) -> dict[str, Any]:
    return {
        "policy": summary.policy,
        "weeks": summary.weeks,
        "weeks_met": summary.met_weeks,
        "share_met": _rounded(summary.met),
        "cost_over_bound": _rounded(summary.cost_over_bound),
        "bad_minute_share": _rounded(summary.bad_minute_share),
    }


def _rounded(figure: Figure) -> list[float]:
    return [round(figure.mean, 4), round(figure.low, 4), round(figure.high, 4)]
