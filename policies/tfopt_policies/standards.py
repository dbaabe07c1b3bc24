"""What the policy is asked to reach, and whether it does: read off the same scores as the tables.

A standard is judged at the same weeks held, never on cost alone; one that is missed says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfopt_policies.evaluate import PLAIN_CHOICE, PROVEN, Score
from tfopt_policies.matching import ARMS, matched_cost
from tfopt_policies.search import AS_WRITTEN
from tfopt_policies.statistics import (
    holm,
    performance_profile,
    probability_of_improvement,
    sign_flip_p,
)
from tfopt_sim.types import FloatArray

LEAST_HELD = 0.95  # of the weeks that some expressible setting held
# at most this share of the rival's cost, where as many weeks are held
MOST_COST = {"best-calibrated": 0.95, "target-tracking-50": 0.75, "peak-static": 0.60}
LEVELS = (1.05, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)  # × the best setting in hindsight
_CALIBRATED = "calibrated"
_SAID = {True: "yes", False: "no", None: "not comparable"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One standard and what was found of it."""

    asked: str
    found: str
    reached: bool | None  # None: nothing to compare with


def findings(scores: Sequence[Score], arm: str, seed: int) -> list[Finding]:
    """Return what was found of every standard, for one arm and the scores of one mode."""
    own = [s for s in scores if s.policy == arm and s.dial == PLAIN_CHOICE and s.attainable]
    held, weeks = sum(s.met for s in own), len(own)
    found = [
        Finding(
            f"≥ {LEAST_HELD:.0%} of the attainable weeks held",
            f"{held}/{weeks} = {held / weeks:.0%}",
            held >= LEAST_HELD * weeks,
        )
    ]
    rivals = _held_by_rule(scores)
    if rivals:
        best = max(rivals, key=lambda name: rivals[name])
        asked = "no fewer weeks held than by any calibrated rule"
        found.append(Finding(asked, f"{held} to {rivals[best]} ({best})", held >= rivals[best]))
    both = both_worse(scores, arm)
    asked = "never both dearer and with more bad minutes than as written"
    found.append(Finding(asked, f"{both} of {len(_plain(scores, arm))} weeks", both == 0))
    return found + _costs(scores, arm, seed)


def _costs(scores: Sequence[Score], arm: str, seed: int) -> list[Finding]:
    found = []
    for rival, most in MOST_COST.items():
        if not any(score.policy == rival for score in scores):
            continue
        one = matched_cost(scores, arm, rival, seed)
        dialled = any(s.policy == rival and s.dial != PLAIN_CHOICE for s in scores)
        asked = f"≤ {most:.2f} × the cost of {rival}" + (
            " where as many weeks are held" if dialled else " as it is"
        )
        if math.isnan(one.ratio):
            said = f"{rival} never holds {one.weeks_held} of {one.weeks}"
            found.append(Finding(asked, said, reached=None))
        else:
            said = f"{one.ratio:.3f} [{one.low:.3f}, {one.high:.3f}]"
            found.append(Finding(asked, said, one.ratio <= most and one.high < 1))
    return found


def _held_by_rule(scores: Sequence[Score]) -> dict[str, int]:
    """Return the attainable weeks that each calibrated rule holds, its dial left alone."""
    held: dict[str, int] = {}
    for score in scores:
        if _CALIBRATED in score.policy and score.dial == PLAIN_CHOICE and score.attainable:
            held[score.policy] = held.get(score.policy, 0) + score.met
    return held


def both_worse(scores: Sequence[Score], arm: str) -> int:
    """Return the weeks in which an arm cost more and had more bad minutes than as written."""
    pairs = zip(_plain(scores, arm), _plain(scores, AS_WRITTEN), strict=True)
    return sum(
        own.usd > written.usd and own.bad_minute_share > written.bad_minute_share
        for own, written in pairs
    )


def _plain(scores: Sequence[Score], policy: str) -> list[Score]:
    """Return a policy's scores with its dial left alone: week by week in the order of all."""
    return [score for score in scores if score.policy == policy and score.dial == PLAIN_CHOICE]


def standards_table(scores: Sequence[Score], seed: int) -> str:
    """Return standard by standard what each arm reached, as markdown, for the scores of one mode.

    Cost is compared as `tfopt_policies.matching` says; an interval that reaches 1 shows nothing.
    """
    arms = [arm for arm in ARMS if any(score.policy == arm for score in scores)]
    columns = [findings(scores, arm, seed) for arm in arms]
    lines = ["| asked | " + " | ".join(arms) + " |", "|---|" + "---|" * len(arms)]
    for row in zip(*columns, strict=True):
        cells = [f"{_SAID[one.reached]}: {one.found}" for one in row]
        lines.append(f"| {row[0].asked} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def price_of_holding(score: Score) -> float:
    """Return cost ÷ the cheapest setting that held; infinite where the week was missed."""
    return score.usd / score.hindsight_usd if score.met else math.inf


def profile_table(scores: Sequence[Score], seed: int) -> str:
    """Return performance profiles and the probability of improvement, as markdown.

    A profile is the share of attainable weeks held at no more than some multiple of the cheapest
    setting that held; a week that was missed is held at no price. (Agarwal et al. 2021, section 4.)
    """
    prices = _prices(scores)
    ours = prices.get(PROVEN)
    tests = {} if ours is None else _p_values(ours, prices, seed)
    levels = " | ".join(f"≤ {level:g} ×" for level in LEVELS)
    lines = [
        "Share of the attainable weeks held at no more than this multiple of the cheapest setting "
        f"that held. P(better): how often {PROVEN} holds a week cheaper than the policy, or at all "
        "where the policy does not; a tie counts half; p by flipping signs over traces (Holm).",
        "",
        f"| policy | {levels} | P(better) | p |",
        "|---|" + "---:|" * (len(LEVELS) + 2),
    ]
    for policy, own in prices.items():
        shares = performance_profile(_pooled(own), np.array(LEVELS))
        cells = [f"{share:.0%}" for share in shares]
        if ours is None or policy == PROVEN:
            cells += ["–", "–"]
        else:
            cells += [f"{_improvement(ours, own):.0%}", f"{tests[policy]:.3f}"]
        name = f"**{policy}**" if policy == PROVEN else policy
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


_Prices = Mapping[str, FloatArray]  # by trace: of every week, in the same order for every policy


def _prices(scores: Sequence[Score]) -> dict[str, _Prices]:
    found: dict[str, dict[str, list[float]]] = {}
    for score in scores:
        if score.dial == PLAIN_CHOICE and score.attainable:
            own = found.setdefault(score.policy, {})
            own.setdefault(score.trace, []).append(price_of_holding(score))
    return {
        policy: {trace: np.array(prices) for trace, prices in own.items()}
        for policy, own in found.items()
    }


def _pooled(own: _Prices) -> FloatArray:
    return np.concatenate(list(own.values()))


def _improvement(ours: _Prices, theirs: _Prices) -> float:
    """Return P(ours < theirs) week by week: both met the very same one."""
    own, other = _pooled(ours)[None, :], _pooled(theirs)[None, :]
    return probability_of_improvement(own, other)


def _p_values(ours: _Prices, prices: Mapping[str, _Prices], seed: int) -> dict[str, float]:
    """Return p-values of better-or-worse counts per trace, corrected for how many are compared."""
    raw = {
        policy: sign_flip_p(
            np.array([float(np.mean(np.sign(_gap(ours[t], own[t])))) for t in ours]), seed
        )
        for policy, own in prices.items()
        if policy != PROVEN
    }
    return holm(raw)


def _gap(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """Return theirs − ours, where two weeks that were both missed differ by nothing."""
    both = np.isinf(ours) & np.isinf(theirs)
    return np.where(both, 0.0, theirs) - np.where(both, 0.0, ours)
