"""Steps back from a trained policy where a group is unlike all that it was trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfopt_policies.domain import Strange
    from tfopt_policies.policy import Policy, Problem

_Words = tuple[str, Callable[[float], str]]


def _times(log: float) -> str:
    return f"{math.exp(log):.3g} ×"


def _plain(value: float) -> str:
    return f"{value:.2g}"


_SERVICE = ("p99 allowed in service times", lambda log: f"{math.exp(log):.0f}")
_WORDS: dict[str, _Words] = {
    "log_boot_minutes": ("boot", lambda log: f"{math.exp(log):.3g} min"),
    "log_service_ms": ("CPU time of a request", lambda log: f"{math.exp(log):.3g} ms"),
    "log_cv2": ("variability of service times", lambda log: f"{math.exp(log) - 0.1:.2g}"),
    "log_slo_over_service": _SERVICE,
    "log_bad_allowed": ("bad minutes allowed", lambda log: f"{math.exp(log):.2%}"),
    "random_balancing": ("random balancing", lambda flag: "yes" if flag > 0.5 else "no"),
    "log_history_weeks": ("weeks of history", lambda log: f"{math.exp(log):.2g}"),
    "variation": ("standard deviation of demand ÷ its mean", _plain),
    "log_p99_over_mean": ("99th percentile of demand ÷ its mean", _times),
    "log_max_over_mean": ("peak of demand ÷ its mean", _times),
    "week_on_week": ("last week's demand ÷ an earlier week's", _times),
    "peak_on_peak": ("last week's peak ÷ an earlier week's", _times),
    "last_day_over_week": ("last day's demand ÷ the week's", _times),
    "quiet_share": ("share of minutes nearly without demand", lambda share: f"{share:.0%}"),
    "spread_of_log_p999": ("spread of the weeks' peaks", _plain),
    "spread_of_log_peaks": ("spread of the weeks' peaks", _plain),
    "log_rise_p99": ("usual rise within a boot", _times),
    "log_rise_p999": ("rare rise within a boot", _times),
    "log_rise_max": ("largest rise within a boot", _times),
    "log_need_typical": ("instances usually needed", lambda log: f"{math.exp(log):.0f}"),
    "log_need_peak": ("instances needed at the peak", lambda log: f"{math.exp(log):.0f}"),
}


def within(policies: Sequence[Policy], problem: Problem) -> tuple[list[Policy], str | None]:
    """Return the policies to ask, and what to say where a trained one is left out."""
    from tfopt_policies.planner import Planner

    kept, remark = [], None
    for policy in policies:
        found = policy.strange(problem) if isinstance(policy, Planner) else None
        if found is None:
            kept.append(policy)
        else:
            remark = _remark(policy.name, found)
    return kept, remark


def _remark(name: str, found: Strange) -> str:
    what, told = _WORDS.get(found.feature, (found.feature.replace("_", " "), _plain))
    low, high = told(found.low), told(found.high)
    trained = low if low == high else f"{low} to {high}"
    return (
        f"unlike what the {name} was trained on ({what}: {told(found.value)}; trained on "
        f"{trained}), so the calibrated baselines decide"
    )
