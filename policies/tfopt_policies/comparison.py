"""How the planner weighs one configuration against another, fact by fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfopt_policies.attribution import integrated_gradients
from tfopt_policies.observe import ACTION, CONTEXT, observe
from tfopt_policies.planner import Planner
from tfopt_policies.policy import Problem
from tfopt_sim.types import Configuration

# what a reviewer would call one fact, and the features that tell of it
FACTS: Mapping[str, tuple[str, ...]] = {
    "past cost": ("log_cost_last", "log_cost_mean"),
    "past service": (
        "log_bad_last", "log_bad_worst", "log_bad_second", "log_bad_mean", "missed_share",
        "missed_last", "log_slow_worst", "cpu_last", "launches_last",
    ),
    "cost ahead": ("log_cost_ahead", "log_expected_cost"),
    "service ahead": ("log_bad_ahead_mean", "log_bad_ahead_worst", "missed_share_ahead"),
    "minimum": (
        "log_min_over_typical", "log_min_over_peak", "share_above_min", "constant",
        "log_mean_floor_over_typical", "floor_actions",
    ),
    "maximum": ("log_max_over_peak", "share_above_max"),
    "target": ("target", "stepped", "log_in_datapoints"),
    "type": ("log_price_of_work", "log_machine_need"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weighed:
    """The planner's preference for one configuration over another."""

    preference: float  # difference of the scores (log-odds); above 0 the first is preferred
    parts: Mapping[str, float]  # by fact of `FACTS`; they sum to the preference


def weigh(
    planner: Planner, problem: Problem, chosen: Configuration, other: Configuration
) -> Weighed:
    """Return what speaks for `chosen` against `other`, at the planner's own SLO price."""
    seen = observe(problem, [other, chosen])
    rows = seen.rows(float(planner.artefact.card["log_slo_prices"][0]))
    network = planner.artefact.network
    parts = integrated_gradients(network, rows[0], rows[1])[1 + len(CONTEXT) :]
    by_feature = dict(zip(ACTION, (float(part) for part in parts), strict=True))
    by_fact = {fact: sum(by_feature[name] for name in names) for fact, names in FACTS.items()}
    scores = network(rows)[:, 0]
    return Weighed(float(scores[1] - scores[0]), by_fact)
