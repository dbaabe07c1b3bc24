"""What the figures of a group rest on, in words: its demand, history, forecast and scenarios."""

from __future__ import annotations

from tfopt.recommendation import DemandFigures, Group
from tfopt.render import words
from tfopt.render.sentences import period_of


def asked_for(asked: DemandFigures, mark: str) -> str:
    """Tell where a demand is read from, its mean and its peak."""
    mean, peak = words.rate(asked.history_mean_rps), words.rate(asked.history_peak_rps)
    return f"{asked.source}, mean {mean}, peak {peak}{mark}"


def trust(group: Group) -> list[str]:
    """Tell how far the figures can be trusted: history, forecast, scenarios, and what to know."""
    lines = []
    facts = group.confidence
    measured = facts is not None and (not group.assumed or facts.history_days > 0)
    if group.assumed:
        what = "measured for under a day" if measured else "assumed, not measured"
        lines.append(f"traffic is {what}: every figure of this group is assumed")
    if facts:
        parts = [f"{words.days(facts.history_days)} of history"] if measured else []
        if facts.forecast_skill is not None:
            parts.append(_skill(facts.forecast_skill))
        parts.append(_simulated(group, facts.scenarios))
        lines += [", ".join(parts), *facts.notes]
    return lines


def _simulated(group: Group, scenarios: int) -> str:
    """Return `200 simulated weeks`, or how long each of them is where it has no name."""
    text = words.count(scenarios, f"simulated {period_of(group)}")
    return f"{text} of {how_far(group)}" if period_of(group) == "period" else text


def how_far(group: Group) -> str:
    """Return how far ahead was simulated: `week`, `day`, `14 days`."""
    if group.demand is None or period_of(group) != "period":
        return period_of(group)
    return words.days(len(group.demand.hourly_p50_rps) / 24)


def _skill(skill: float) -> str:
    if abs(skill) < 0.005:
        return "forecast no better than repeating last week"
    side = "better" if skill > 0 else "worse"
    return f"forecast {words.share(abs(skill))} {side} than repeating last week"
