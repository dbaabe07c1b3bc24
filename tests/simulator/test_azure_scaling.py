"""Documented behaviour of Azure Monitor autoscale, example by example.

Sources are pages of the Azure Monitor documentation: autoscale-understanding-settings,
autoscale-flapping, autoscale-best-practices.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.rollout import trajectory
from tfopt_sim.types import (
    Alarm,
    AzureAutoscale,
    AzureRule,
    Configuration,
    Machine,
    Metric,
    Slo,
    Trajectory,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("Standard_D2s_v5", vcpus=2, memory_gib=8, usd_per_hour=0.096)

Comparison = Literal[">", ">=", "<", "<="]
Together = Literal["average", "minimum", "maximum", "last"]


def out(
    comparison: Comparison,
    threshold: float,
    change: float = 1,
    *,
    metric: Metric = "cpu",
    window: int = 1,
    cooldown_s: float = 60,
    adjustment: Literal["change", "percent", "exact"] = "change",
    aggregation: Together = "average",
) -> AzureRule:
    """A scale-out rule with a time grain of one minute and a window of `window` minutes."""
    alarm = Alarm(threshold, comparison, metric, of=window)
    return AzureRule(alarm, "increase", change, adjustment, cooldown_s, aggregation)


def into(
    comparison: Comparison,
    threshold: float,
    change: float = 1,
    *,
    metric: Metric = "cpu",
    window: int = 1,
    cooldown_s: float = 60,
    adjustment: Literal["change", "percent", "exact"] = "change",
) -> AzureRule:
    """A scale-in rule, likewise."""
    alarm = Alarm(threshold, comparison, metric, of=window)
    return AzureRule(alarm, "decrease", change, adjustment, cooldown_s)


def run(
    *rules: AzureRule,
    demand: list[float],
    start: int,
    bounds: tuple[int, int] = (1, 50),
    busy_s: float = 0.02,
    boot_s: float = 0.0,
    look_ahead_s: float | None = None,
) -> Trajectory:
    """A scale set under `demand` requests/s by minute; an instance serves 2 ÷ `busy_s` a second."""
    workload = Workload(busy_s, boot_s=boot_s, boot="fixed", arrivals="even")
    configuration = Configuration(MACHINE, *bounds, start, (AzureAutoscale(rules, look_ahead_s),))
    return trajectory(configuration, np.array(demand), workload, Slo(), MONDAY)


def requests(each_minute: list[float]) -> list[float]:
    """Return the rate of so many requests a minute."""
    return [count / 60 for count in each_minute]


def test_a_scale_in_that_would_flap_is_deferred() -> None:
    """autoscale-flapping, first table: 56 % on one instance makes two of 28 %, and it stays at two.

    Out above 50 %, in below 30 %: at 28 % one instance would be back at 56 %.
    """
    rules = (out(">", 0.5), into("<", 0.3))
    assert run(*rules, demand=[56] * 20, start=1).billed.tolist() == [1] + [2] * 19
    assert (
        run(*rules, demand=[56] * 5 + [49] * 3, start=1).billed.tolist() == [1] + [2] * 5 + [1] * 2
    )


def test_thresholds_without_a_margin_do_not_scale_in() -> None:
    """autoscale-flapping, "Small or no margins": 1250 threads on two (625 each) make three of 417.

    Out at ≥ 600, in at < 600: 1250 ÷ 2 = 625 would scale out again, so nothing happens.
    """
    rules = (out(">=", 600, metric="requests"), into("<", 600, metric="requests"))
    seen = run(*rules, demand=requests([1250] * 12), start=2)
    assert seen.billed.tolist() == [2] + [3] * 11


def test_an_adequate_margin_scales_in_once_load_has_fallen() -> None:
    """autoscale-flapping, third table: in at < 400: 417 no event, 394 in, 590 no event."""
    rules = (out(">=", 600, metric="requests"), into("<", 400, metric="requests"))
    demand = requests([1250] * 6 + [1180] * 6)
    assert run(*rules, demand=demand, start=2).billed.tolist() == [2] + [3] * 6 + [2] * 5


def test_the_final_state_is_estimated_before_scaling_in() -> None:
    """autoscale-best-practices: 575 × 3 ÷ 2 = 862.5 ≥ 600, so three instances are kept."""
    rules = (out(">=", 600, metric="requests"), into("<=", 600, metric="requests"))
    seen = run(*rules, demand=requests([3 * 575.0] * 10), start=3)
    assert set(seen.billed) == {3}


def test_sixty_percent_on_three_stays_and_fifty_scales_in() -> None:
    """autoscale-best-practices: 60 × 3 ÷ 2 = 90 ≥ 80 skips; 50 × 3 ÷ 2 = 75 scales in to two."""
    seen = run(out(">=", 0.8), into("<=", 0.6), demand=[180] * 5 + [150] * 5, start=3)
    assert seen.billed.tolist() == [3] * 6 + [2] * 4
    assert seen.cpu[-1] == pytest.approx(0.75)


def test_it_scales_in_by_less_where_the_whole_step_would_flap() -> None:
    """autoscale-flapping, "Scaling by more than one instance": 30 at 65 % CPU, in by 10 asked.

    The size must keep CPU at 70 % or below. The page's table stops at 27, but 65 × 30 ÷ 27 is 72 %;
    by the page's own rule, and here, it stops at 28 (69.6 %).
    """
    rules = (
        out(">=", 200, 20, metric="requests"),
        out(">", 0.7, 20),
        into("<=", 50, 10, metric="requests"),
    )
    busy_s = 0.65 * 2 * 30 / 25  # 25 requests/s keep 30 instances busy to 65 %
    seen = run(*rules, demand=[25.0] * 4, start=30, busy_s=busy_s)
    assert seen.billed.tolist() == [30, 28, 28, 28]
    assert seen.cpu[1] == pytest.approx(0.65 * 30 / 28)


@pytest.mark.parametrize(
    ("cpu", "load", "size"), [(0.76, 0.50, 11), (0.50, 0.76, 11), (0.25, 0.51, 10), (0.29, 0.49, 9)]
)
def test_out_on_any_rule_and_in_on_all(cpu: float, load: float, size: int) -> None:
    """autoscale-best-practices, "multiple rules": CPU 30/75 and a second metric (memory there,
    requests here) 50/75; in only where both are below.
    """
    rules = (
        into("<", 0.30),
        into("<", 0.50 * 6000, metric="requests"),
        out(">", 0.75),
        out(">", 0.75 * 6000, metric="requests"),
    )
    busy_s = 0.02 * cpu / load  # 100 · load requests/s each keep an instance busy to `cpu`
    assert run(*rules, demand=[1000 * load] * 2, start=10, busy_s=busy_s).billed[1] == size


def test_of_several_scale_out_rules_the_highest_capacity_wins() -> None:
    """autoscale-understanding-settings: by 3 and 5 → by 5; by 3 and 15 % of 40 → by 6."""
    assert run(out(">", 0.5, 3), out(">", 0.6, 5), demand=[700] * 2, start=10).billed[1] == 15
    share = out(">", 0.6, 15, adjustment="percent")
    assert run(out(">", 0.5, 3), share, demand=[2800] * 2, start=40).billed[1] == 46


def test_of_several_scale_in_rules_the_highest_capacity_wins() -> None:
    """autoscale-understanding-settings: by 50 % (5 left) and by 3 (7 left) → 7."""
    half = into("<", 0.3, 50, adjustment="percent")
    assert run(half, into("<", 0.4, 3), demand=[100] * 2, start=10).billed[1] == 7


def test_the_time_window_is_averaged() -> None:
    """autoscale-understanding-settings: out when CPU is above 85 % "for the past 10 minutes".

    Nine minutes at 80 % hold back the first at 100 %; the mean exceeds 85 % with the third:
    (7 × 80 + 3 × 100) ÷ 10 = 86.
    """
    rule = out(">", 0.85, window=10, cooldown_s=300)
    seen = run(rule, demand=[80] * 10 + [100] * 5, start=1)
    assert seen.billed.tolist() == [1] * 13 + [2] * 2


@pytest.mark.parametrize(("together", "minute"), [("maximum", 6), ("last", 6), ("minimum", 8)])
def test_the_time_aggregation_is_a_parameter(together: Together, minute: int) -> None:
    """autoscale-understanding-settings, timeAggregation: "the method used to aggregate the sampled
    metrics"; here three samples, of which the first above 70 % comes with minute 5.
    """
    rule = out(">", 0.7, window=3, cooldown_s=6000, aggregation=together)
    seen = run(rule, demand=[50] * 5 + [90] * 6, start=1)
    assert seen.billed.tolist().index(2) == minute


def test_a_time_grain_of_five_minutes_is_one_sample() -> None:
    """autoscale-understanding-settings, timeGrain: metrics are aggregated over it before the window
    is; the largest of two five-minute means is not the largest minute.
    """
    alarm = Alarm(0.7, ">", period_s=300, of=2)
    rule = AzureRule(alarm, "increase", cooldown_s=6000, aggregation="maximum")
    spike = run(rule, demand=[50] * 10 + [100] + [50] * 9, start=1)
    assert set(spike.billed) == {1}
    seen = run(rule, demand=[50] * 10 + [100] * 5, start=1)
    assert seen.billed.tolist().index(2) == 13  # (2 × 50 + 3 × 100) ÷ 5 = 80 at minute 12


def test_the_cooldown_counts_from_the_last_action_of_any_rule() -> None:
    """ScaleAction.cooldown: "the amount of time to wait since the last scaling action before this
    action occurs"; out again after five minutes, in only ten after that.
    """
    rules = (out(">", 0.7, cooldown_s=300), into("<", 0.4, cooldown_s=600))
    seen = run(*rules, demand=[240] * 8 + [40] * 20, start=2)
    assert seen.billed.tolist() == [2] + [3] * 5 + [4] * 10 + [3] * 10 + [2] * 2


def test_the_threshold_of_a_total_counts_for_each_instance() -> None:
    """autoscale-best-practices, "special metrics": 50 in all on two instances are 25 each.

    Out at ≥ 50: first at 100 in all, then at 150; in at ≤ 10: with three instances at 30 in all.
    """
    rules = (out(">=", 50, metric="requests"), into("<=", 10, metric="requests"))
    counts = [50, 100, 149, 149, 150, 31]
    assert run(*rules, demand=requests(counts), start=2).billed.tolist() == [2, 2, 3, 3, 3, 4]
    assert run(*rules, demand=requests([31, 30, 30]), start=3).billed.tolist() == [3, 3, 2]


def test_no_rule_goes_beyond_the_inclusive_bounds() -> None:
    """autoscale-best-practices: "Autoscale always scales between these limits", both
    inclusive; a rule that asks for less than the minimum reaches the minimum.
    """
    rules = (out(">", 0.7, 4), into("<", 0.3, 4))
    demand = [290] * 5 + [10] * 8
    seen = run(*rules, demand=demand, start=3, bounds=(2, 6))
    assert seen.billed.tolist() == [3] + [6] * 5 + [2] * 7


def test_only_one_half_of_a_pair_moves_in_one_direction() -> None:
    """autoscale-best-practices: a rule alone acts "until it reaches the maximum"."""
    seen = run(out(">", 0.1), demand=[60] * 30, start=1, bounds=(1, 4))
    assert seen.billed.tolist() == [1, 2, 3, *[4] * 27]


def test_an_exact_count_is_the_capacity_itself() -> None:
    """ScaleType ExactCount: the rule names the capacity; it never moves against its direction."""
    rules = (out(">", 0.7, 8, adjustment="exact"), into("<", 0.2, 2, adjustment="exact"))
    seen = run(*rules, demand=[450] * 2 + [30] * 3, start=5)
    assert seen.billed.tolist() == [5, 8, 8, 2, 2]


def test_predictive_autoscale_scales_out_ahead_and_never_in() -> None:
    """autoscale-predictive: when the forecast "will cross your scale-out boundary", instances are
    added, the pre-launch time before; scaling in is left to the rules.
    """
    rules = (out(">", 0.7, 2), into("<", 0.1, 1, cooldown_s=4200))
    demand = [140.0] * 60 + [630.0] * 60 + [60.0] * 30
    seen = run(*rules, demand=demand, start=2, boot_s=600, look_ahead_s=900)
    assert seen.billed.tolist() == [2] * 45 + [9] * 76 + [8] * 29
    assert run(*rules, demand=demand, start=2, boot_s=600).billed[60] == 2


@st.composite
def pairs(draw: st.DrawFn) -> tuple[AzureRule, AzureRule]:
    """A rule each way; the cooldown covers the window, so that no old load is seen after it."""
    high = draw(st.sampled_from([0.5, 0.7, 0.85]))
    window = draw(st.sampled_from([1, 5, 10]))
    cooldown = 60.0 * (window + 2)
    kind = draw(st.sampled_from(["change", "percent"]))
    change = draw(st.integers(1, 4)) if kind == "change" else draw(st.sampled_from([10, 50]))
    return (
        out(">", high, change, window=window, cooldown_s=cooldown, adjustment=kind),
        into("<", draw(st.sampled_from([0.2, 0.4, high])), change, window=window,
             cooldown_s=cooldown, adjustment=kind),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(pairs(), st.lists(st.floats(0, 3000), min_size=1, max_size=40), st.floats(10, 1000))
def test_it_keeps_its_bounds_and_comes_to_rest(
    rules: tuple[AzureRule, AzureRule], unrest: list[float], load: float
) -> None:
    """Bounds hold in every minute; under a constant load no scale action follows another for good,
    whatever margin the thresholds have.
    """
    seen = run(*rules, demand=unrest + [load] * 900, start=5, bounds=(2, 40), boot_s=60)
    assert seen.billed.min() >= 2
    assert seen.billed.max() <= 40
    assert len(set(seen.billed[-60:])) == 1
