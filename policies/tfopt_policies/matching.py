"""Compares costs where as many weeks are held: every rival's dial for caution turned that far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_policies.evaluate import PLAIN_CHOICE, PROVEN, Score
from tfopt_policies.statistics import matched_log_cost

_DRAWS = 1000
ARMS = ("planner", PROVEN)
WITHOUT_DIAL = ("peak-static",)


@dataclass(frozen=True, slots=True)
class MatchedCost:
    """Cost of an arm ÷ that of a rival which holds as many attainable weeks (geometric means)."""

    arm: str
    rival: str
    weeks_held: int
    weeks: int  # attainable
    ratio: float  # NaN where the rival never holds as many
    low: float  # 95 % interval, resampling traces
    high: float


def matched_cost(scores: Sequence[Score], arm: str, rival: str, seed: int = 0) -> MatchedCost:
    """Compare the plain choice of an arm with a rival's dial, over attainable weeks of one mode.

    A rival without a dial is taken as it is, however many weeks it holds.
    """
    own = [s for s in scores if s.policy == arm and s.dial == PLAIN_CHOICE and s.attainable]
    turned = _by_dial([s for s in scores if s.policy == rival and s.attainable])
    traces = sorted({s.trace for s in own})
    held = sum(s.met for s in own)
    value = _log_ratio(own, turned, traces)
    rng = np.random.default_rng(seed)
    drawn = [_log_ratio(own, turned, list(rng.choice(traces, len(traces)))) for _ in range(_DRAWS)]
    known = np.array([one for one in drawn if one is not None])
    if value is None or not known.size:
        return MatchedCost(arm, rival, held, len(own), math.nan, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return MatchedCost(arm, rival, held, len(own), *(math.exp(x) for x in (value, low, high)))


def _by_dial(scores: Sequence[Score]) -> list[list[Score]]:
    """Return the scores of each position of the dial; of those without one, the plain choice."""
    dials = sorted({s.dial for s in scores if s.dial != PLAIN_CHOICE}) or [PLAIN_CHOICE]
    return [[s for s in scores if s.dial == dial] for dial in dials]


def _log_ratio(
    own: Sequence[Score], turned: Sequence[Sequence[Score]], traces: Sequence[str]
) -> float | None:
    held, cost = _held_and_cost(own, traces)
    points = [_held_and_cost(scores, traces) for scores in turned]
    if len(points) == 1:
        return cost - points[0][1]
    shares, costs = zip(*points, strict=True)
    rival = matched_log_cost(shares, costs, held)
    return None if rival is None else cost - rival


def _held_and_cost(scores: Sequence[Score], traces: Sequence[str]) -> tuple[float, float]:
    """Return the share of weeks held and mean log cost ÷ bound; drawn twice counts twice."""
    by_trace: dict[str, list[Score]] = {}
    for score in scores:
        if score.attainable:
            by_trace.setdefault(score.trace, []).append(score)
    drawn = traces or list(by_trace)
    picked = [score for trace in drawn for score in by_trace.get(trace, [])]
    logs = [math.log(score.usd / score.bound_usd) for score in picked]
    return float(np.mean([score.met for score in picked])), float(np.mean(logs))


def rivals_of(scores: Sequence[Score]) -> list[str]:
    """Return whom arms are compared with: rules with a dial, then those without."""
    dialled = [s.policy for s in scores if s.dial != PLAIN_CHOICE and s.policy not in ARMS]
    present = {s.policy for s in scores}
    return [*dict.fromkeys(dialled), *(name for name in WITHOUT_DIAL if name in present)]


def matched_table(scores: Sequence[Score], seed: int) -> str:
    """Return the comparison as markdown."""
    arms = [arm for arm in ARMS if any(score.policy == arm for score in scores)]
    lines = [
        "Cost of the arm ÷ cost of the rule, its caution turned until it holds as many of the "
        "attainable weeks (geometric means; rules without a dial as they are).",
        "",
        "| rule | " + " | ".join(f"{arm} ÷ rule" for arm in arms) + " |",
        "|---|" + "---:|" * len(arms),
    ]
    for rival in rivals_of(scores):
        cells = [_text(matched_cost(scores, arm, rival, seed)) for arm in arms]
        lines.append(f"| {rival} | " + " | ".join(cells) + " |")
    lines += ["", _dial_text(scores)]
    return "\n".join(lines)


def along_dial(scores: Sequence[Score], policy: str) -> list[tuple[float, float]]:
    """Return share of attainable weeks held and mean log cost ÷ bound, frugal to safe."""
    own = [s for s in scores if s.policy == policy and s.dial != PLAIN_CHOICE]
    return [
        _held_and_cost([s for s in own if s.dial == dial], ())
        for dial in sorted({s.dial for s in own})
    ]


def _dial_text(scores: Sequence[Score]) -> str:
    """Return both curves in words: weeks held at which cost, frugal to safe."""
    parts = []
    for name in ("planner", "best-calibrated"):
        points = along_dial(scores, name)
        if not points:
            continue
        told = ", ".join(f"{held:.0%} at {math.exp(cost):.2f}" for held, cost in points)
        parts.append(f"{name}: {told}")
    return "Attainable weeks held at which cost ÷ bound, along the dial. " + "; ".join(parts) + "."


def _text(found: MatchedCost) -> str:
    if math.isnan(found.ratio):
        return f"never holds {found.weeks_held} of {found.weeks}"
    return (
        f"{found.ratio:.3f} [{found.low:.3f}, {found.high:.3f}] at {found.weeks_held}/{found.weeks}"
    )
