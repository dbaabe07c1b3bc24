"""Documented behaviour of several policies, schedules, forecasts and warm pools, by example.

Pages named in the docstrings are of the EC2 Auto Scaling user guide unless said otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from golden import MONDAY, RPS, changes, run, sizes

from tfopt_sim.autoscaling.predictive import hourly_rps
from tfopt_sim.types import (
    Alarm,
    PredictiveScaling,
    ScheduledAction,
    SimpleScaling,
    Step,
    StepScaling,
    TargetTracking,
    WarmPool,
)

CPU = TargetTracking(0.5)
REQUESTS = TargetTracking(3000.0, metric="requests")  # half of what an instance serves
FORECAST = PredictiveScaling(0.5)  # two instances for each that is busy


# Several policies


def test_any_target_tracking_scales_out() -> None:
    """as-scaling-target-tracking: out if any policy is ready, and the largest capacity wins."""
    seen = run([2.4] * 5, CPU, replace(REQUESTS, target=2000.0))
    assert changes(seen) == [(3, 8)]  # 60 % of CPU wants 5, 3,600 requests of 2,000 want 8
    lone = run([2.4] * 5, CPU, replace(REQUESTS, target=9000.0))
    assert changes(lone) == [(3, 5)]


def test_target_tracking_scales_in_only_where_all_are_ready() -> None:
    """as-scaling-target-tracking: in only if all policies with scale-in enabled are ready."""
    busy = [0.8] * 60
    assert changes(run(busy, CPU, replace(REQUESTS, target=1500.0))) == []  # 1,200 is not low
    assert changes(run(busy, CPU, replace(REQUESTS, target=1800.0))) == [(15, 3)]  # ceil(2.67)
    assert changes(run(busy, CPU)) == [(15, 2)]


def test_a_policy_with_scale_in_disabled_has_no_say_in_it() -> None:
    """as-scaling-target-tracking: only policies "with the scale-in portion enabled" count."""
    out_only = replace(REQUESTS, target=1500.0, scale_in=False)
    assert changes(run([0.8] * 17, CPU, out_only)) == [(15, 2)]


def test_target_tracking_does_not_block_the_scale_in_of_steps() -> None:
    """application-auto-scaling-target-tracking: a step policy's scale-in "will not be blocked".

    Target tracking then may scale out again: here at 80 %, three datapoints later.
    """
    down = StepScaling(Alarm(0.45, "<"), (Step(-2, None, 0),), warmup_s=0)
    seen = run([1.6] * 5, CPU, down)
    assert changes(seen) == [(1, 2), (4, 4)]


def test_another_policy_may_scale_in_where_target_tracking_may_not() -> None:
    """as-scaling-target-tracking: disable scale-in to "use a different scaling policy type"."""
    down = StepScaling(Alarm(0.1, "<"), (Step(-1, None, 0),), warmup_s=0)
    seen = run([2.4] * 3 + [0.3] * 5, replace(CPU, scale_in=False), down)
    assert changes(seen) == [(3, 5), (6, 4), (7, 3)]


def test_the_larger_of_two_scale_outs_wins() -> None:
    """as-scale-based-on-demand, "Multiple scaling policies": one adds 1, another 2: 2 it is."""
    one = SimpleScaling(Alarm(0.6, ">"), 1)
    two = SimpleScaling(Alarm(3000, ">", metric="requests"), 2)
    assert changes(run([3.0] * 3, one, two)) == [(1, 6)]
    assert changes(run([3.0] * 3, two, one)) == [(1, 6)]


def test_the_larger_of_two_scale_ins_wins() -> None:
    """as-scale-based-on-demand: 3 of 8 by one policy, 25 % by the other: 2 are terminated."""
    three = StepScaling(Alarm(0.2, "<"), (Step(-3, None, 0),))
    quarter = StepScaling(Alarm(0.3, "<"), (Step(-25, None, 0),), "percent")
    assert changes(run([1.2] * 2, three, quarter, start=8)) == [(1, 6)]
    assert changes(run([1.2] * 2, three, start=8)) == [(1, 5)]


def test_the_size_of_the_group_limits_every_policy() -> None:
    """as-scale-based-on-demand: 2 + 3 with maximum 3 is 3; 3 - 2 with minimum 2 is 2."""
    up = SimpleScaling(Alarm(0.6, ">"), 3)
    down = SimpleScaling(Alarm(0.2, "<"), -2)
    assert changes(run([1.8] * 3, up, start=2, bounds=(1, 3))) == [(1, 3)]
    assert changes(run([0.1] * 3, down, start=3, bounds=(2, 5))) == [(1, 2)]


def test_scale_out_beats_scale_in() -> None:
    """as-scale-based-on-demand: availability first, the larger capacity is chosen."""
    up = StepScaling(Alarm(3000, ">", metric="requests"), (Step(3, 0),), warmup_s=3600)
    down = StepScaling(Alarm(0.9, "<"), (Step(-1, None, 0),), warmup_s=3600)
    assert changes(run([3.0] * 3, up, down)) == [(1, 7)]


def test_a_long_warm_up_of_one_policy_holds_the_scale_in_of_all_target_trackings() -> None:
    """default-instance-warmup: scale-in waits until the instances have finished warming up."""
    slow = replace(REQUESTS, warmup_s=1800.0)
    busy = [3.2] * 3 + [0.5] * 60
    assert changes(run(busy, CPU, REQUESTS)) == [(3, 7), (18, 1)]
    assert changes(run(busy, CPU, slow)) == [(3, 7), (35, 1)]


def test_one_and_five_minute_metrics_agree_on_scale_in() -> None:
    """An alarm stays on between datapoints: the quick policy waits for the slow one's 15th."""
    slow = replace(REQUESTS, metric_period_s=300)
    assert changes(run([0.8] * 90, CPU, slow)) == [(75, 2)]


# Scheduled actions


def test_a_scheduled_minimum_lifts_and_holds() -> None:
    """ec2-auto-scaling-scheduled-scaling: a new minimum above the size launches the rest."""
    at = ScheduledAction("10 0 * * *", min_size=6)
    assert changes(run([0.5] * 60, CPU, schedules=[at])) == [(10, 6)]


def test_a_scheduled_maximum_cuts() -> None:
    """ec2-auto-scaling-scheduled-scaling: a new maximum below the size removes the rest."""
    at = ScheduledAction("10 0 * * *", max_size=3)
    assert changes(run([3.9] * 60, CPU, start=8, schedules=[at])) == [(10, 3)]


def test_a_scheduled_size_is_a_start_for_the_policies() -> None:
    """ec2-auto-scaling-scheduled-scaling: desired is set once, then policies move it again."""
    at = ScheduledAction("1 0 * * *", desired_capacity=12)
    assert changes(run([1.0] * 40, CPU, schedules=[at])) == [(1, 12), (15, 2)]


def test_a_scheduled_size_keeps_within_the_bounds() -> None:
    """ec2-auto-scaling-scheduled-scaling: desired must lie between minimum and maximum."""
    at = ScheduledAction("1 0 * * *", max_size=10, desired_capacity=15)
    assert changes(run([1.0] * 5, schedules=[at])) == [(1, 10)]
    low = ScheduledAction("1 0 * * *", min_size=3, desired_capacity=1)
    assert changes(run([1.0] * 5, schedules=[low])) == [(1, 3)]


def test_a_schedule_follows_daylight_saving() -> None:
    """ec2-auto-scaling-scheduled-scaling: recurrences in a time zone adjust to its clock.

    New York, 8 March 2026: 08:00 is 12:00 UTC from that day on, 13:00 the day before.
    """
    at = ScheduledAction("0 8 * * *", "America/New_York", desired_capacity=8)
    before = run([1.0] * 1440, schedules=[at], begin=datetime(2026, 3, 7, tzinfo=UTC))
    after = run([1.0] * 1440, schedules=[at], begin=datetime(2026, 3, 8, tzinfo=UTC))
    assert (changes(before), changes(after)) == ([(13 * 60, 8)], [(12 * 60, 8)])


def test_a_scheduled_action_may_be_two_minutes_late() -> None:
    """ec2-auto-scaling-scheduled-scaling: it "may be delayed for up to two minutes".

    The delay is drawn: the seed decides, and alternatives meet the same one.
    """
    at = ScheduledAction("5 0 * * *", desired_capacity=8, late_s=120.0)
    seen = [changes(run([1.0] * 10, schedules=[at], seed=seed)) for seed in range(30)]
    assert {minute for ((minute, _),) in seen} == {5, 6, 7}
    other = replace(at, desired_capacity=9)
    assert changes(run([1.0] * 10, schedules=[other], seed=4))[0][0] == seen[4][0][0]
    exact = replace(at, late_s=0.0)
    assert changes(run([1.0] * 10, schedules=[exact], seed=4)) == [(5, 8)]


# Predictive scaling


def test_a_forecast_acts_five_minutes_before_the_hour() -> None:
    """API PredictiveScalingConfiguration: `SchedulingBufferTime`, 300 s unless set."""
    hours = [1.0, 4.0, 4.0]
    assert changes(run([1.0] * 180, FORECAST, forecast=hours)) == [(55, 8)]
    late = replace(FORECAST, buffer_s=0.0)
    assert changes(run([1.0] * 180, late, forecast=hours)) == [(60, 8)]


def test_a_forecast_never_scales_in() -> None:
    """ec2-auto-scaling-predictive-scaling: capacity above the predicted one stays."""
    assert run([1.0] * 180, FORECAST, forecast=[4.0, 1.0, 0.0]).billed.tolist() == [8] * 180
    assert set(run([1.0] * 180, FORECAST, start=9, forecast=[4.0, 1.0, 0.0]).billed) == {9}


def test_dynamic_scaling_scales_in_after_the_forecast_fell() -> None:
    """ec2-auto-scaling-predictive-scaling: use it with dynamic scaling, which scales in.

    Target tracking would go to 2 in minute 15, but 8 are predicted for all of the first hour,
    then 4.
    """
    seen = run([1.0] * 180, CPU, FORECAST, start=8, forecast=[4.0, 2.0, 2.0])
    assert changes(seen) == [(61, 4)]


def test_desired_is_the_largest_that_any_policy_wants() -> None:
    """ec2-auto-scaling-predictive-scaling: 10 for target tracking, 8 predicted: 10."""
    seen = run([5.0] * 20, CPU, FORECAST, start=8, forecast=[4.0])
    assert changes(seen) == [(3, 10)]


def test_a_forecast_restores_what_is_missing_at_each_hour() -> None:
    """ec2-auto-scaling-predictive-scaling: it scales out "at the beginning of each hour"."""
    cut = ScheduledAction("10 0 * * *", desired_capacity=3)
    forecast = [4.0, 4.0, 4.0]
    seen = run([1.0] * 120, FORECAST, start=8, schedules=[cut], forecast=forecast)
    assert changes(seen) == [(10, 3), (55, 8)]


def test_a_forecast_honours_the_maximum() -> None:
    """API PredictiveScalingConfiguration: `HonorMaxCapacity` is the default."""
    assert changes(run([1.0] * 120, FORECAST, forecast=[2.0, 25.0])) == [(55, 20)]


def test_a_forecast_may_raise_the_maximum_by_a_buffer() -> None:
    """ec2-auto-scaling-predictive-scaling: 50 predicted, maximum 40, buffer 10 %: up to 55."""
    policy = replace(FORECAST, max_capacity_buffer=0.1)
    quiet = run([1.0] * 120, policy, bounds=(1, 40), forecast=[2.0, 25.0])
    assert changes(quiet) == [(55, 50)]
    busy = run([60.0] * 120, CPU, policy, start=40, bounds=(1, 40), forecast=[20.0, 25.0])
    assert busy.billed.max() == 55
    assert run([60.0] * 120, policy, start=40, bounds=(1, 60), forecast=[20.0] * 2).billed[0] == 40


def test_a_raised_maximum_is_the_new_normal() -> None:
    """API PredictiveScalingConfiguration: the increased maximum stays after the forecast."""
    policy = replace(FORECAST, max_capacity_buffer=0.0)
    forecast = [2.0, 12.0, 2.0, 2.0]
    seen = run([2.0] * 150 + [30.0] * 90, CPU, policy, forecast=forecast)
    assert seen.billed[-1] == 24


def test_forecast_only_does_nothing() -> None:
    """ec2-auto-scaling-predictive-scaling: "forecast only" creates forecasts, scales nothing."""
    policy = replace(FORECAST, forecast_only=True)
    assert changes(run([1.0] * 120, policy, forecast=[9.0, 9.0])) == []


def test_a_forecast_of_requests_per_target() -> None:
    """ALBRequestCount: 1,000 requests per target and minute, 24,000 predicted: 24 → maximum."""
    policy = PredictiveScaling(1000.0, metric="requests")
    seen = run([1.0] * 120, policy, bounds=(1, 30), forecast=[0.0, 4.0])
    assert changes(seen) == [(55, 24)]


def test_a_forecast_keeps_the_clock_hours_of_a_start_within_one() -> None:
    """The hours are the clock's: a period from 00:20 has its second hour after 40 minutes."""
    begin = MONDAY.replace(minute=20)
    assert changes(run([1.0] * 90, FORECAST, begin=begin, forecast=[1.0, 4.0])) == [(35, 8)]


def test_without_a_forecast_the_mean_of_the_scenarios_stands_for_it() -> None:
    """One value per clock hour; a lone scenario is its own forecast."""
    demand = RPS * np.array([[1.0] * 40 + [2.0] * 60, [3.0] * 40 + [4.0] * 60])
    assert hourly_rps(demand, MONDAY.replace(minute=20)) == pytest.approx(RPS * np.array([2, 3]))
    assert changes(run([2.0] * 60 + [4.0] * 60, FORECAST)) == [(55, 8)]


def test_a_short_forecast_is_refused() -> None:
    """A forecast has to reach the end of the period."""
    with pytest.raises(ValueError, match="forecast has 1 hours, the period 2"):
        run([1.0] * 61, FORECAST, forecast=[1.0])


# Warm pools

JUMP = StepScaling(Alarm(0.7, ">"), (Step(3, 0),), warmup_s=3600)
POOL = WarmPool(start_s=60.0)


def test_instances_from_the_pool_start_sooner() -> None:
    """ec2-auto-scaling-warm-pools: a scale-out draws on the pool: a warm start."""
    assert run([3.0] * 6, JUMP).in_service.tolist() == [4, 4, 4, 7, 7, 7]
    assert run([3.0] * 6, JUMP, warm_pool=POOL).in_service.tolist() == [4, 4, 7, 7, 7, 7]


def test_a_depleted_pool_means_a_cold_start() -> None:
    """ec2-auto-scaling-warm-pools, "Limitations": what the pool lacks is launched directly."""
    seen = run([3.0] * 6, JUMP, warm_pool=replace(POOL, max_prepared=6))
    assert seen.in_service.tolist() == [4, 4, 6, 7, 7, 7]


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (WarmPool(), 4),  # maximum 10, desired 6
        (WarmPool(max_prepared=8), 2),
        (WarmPool(max_prepared=5), 0),  # prepared below desired, no minimum
        (WarmPool(max_prepared=5, min_size=3), 3),
    ],
)
def test_the_size_of_a_pool(pool: WarmPool, size: int) -> None:
    """ec2-auto-scaling-warm-pools, "Warm pool size": its examples, seen on the bill of one."""
    running = replace(pool, state="running")
    assert sizes(run([1.0] * 2, start=6, bounds=(1, 10), warm_pool=running), 0, 1) == [6 + size] * 2


def test_stopped_instances_cost_nothing_and_running_ones_do() -> None:
    """ec2-auto-scaling-warm-pools: "You pay for the instances only when they are running"."""
    stopped = run([1.0] * 60, warm_pool=POOL)
    hibernated = run([1.0] * 60, warm_pool=replace(POOL, state="hibernated"))
    running = run([1.0] * 60, warm_pool=replace(POOL, state="running"))
    assert stopped.cost_usd == hibernated.cost_usd == pytest.approx(4 * 0.096)
    assert running.cost_usd == pytest.approx(20 * 0.096)


def test_the_pool_is_refilled_and_pays_while_it_initialises() -> None:
    """AWS::AutoScaling::WarmPool: new instances are launched to maintain its minimum size."""
    pool = WarmPool(min_size=2, max_prepared=0, start_s=60.0)
    seen = run([3.0] * 8, JUMP, warm_pool=pool)
    # Two of three leave the pool; their successors boot in minutes 1 and 2 and are then stopped.
    assert seen.in_service.tolist() == [4, 4, 6, 7, 7, 7, 7, 7]
    assert seen.billed.tolist() == [4, 9, 9, 7, 7, 7, 7, 7]
    assert seen.extras["launches"] == 3 + 2


def test_reuse_on_scale_in_returns_instances_to_the_pool() -> None:
    """create-warm-pool, "Reuse on scale in": without it the pool launches new instances."""
    down = StepScaling(Alarm(0.2, "<"), (Step(-2, None, 0),))
    kept = run([0.5, 2.0, 2.0, 2.0], down, warm_pool=replace(POOL, reuse_on_scale_in=True))
    anew = run([0.5, 2.0, 2.0, 2.0], down, warm_pool=POOL)
    assert kept.billed.tolist() == [4, 2, 2, 2]
    assert anew.billed.tolist() == [4, 4, 4, 2]


def test_a_pool_shrinks_with_the_maximum() -> None:
    """Prepared capacity defaults to the group's maximum, so a lower one ends what is too many."""
    at = ScheduledAction("2 0 * * *", max_size=5)
    pool = replace(POOL, state="running")
    assert sizes(run([1.0] * 4, schedules=[at], warm_pool=pool), 1, 2, 3) == [20, 5, 5]


# Application Auto Scaling (ECS services). "The cooldown section" is "Cooldown period" on the page
# application-auto-scaling-target-tracking of its own user guide.

TASKS = TargetTracking(0.5, scale_in_ratio=0.9, cooldowns_s=(300.0, 300.0))


def test_services_scale_in_below_nine_tenths() -> None:
    """Observed on ECS services: the low alarm of 30 stands at 27."""
    assert changes(run([4 * 0.44] * 20, TASKS)) == []  # ceil(3.52): low, but 4 it stays
    assert changes(run([4 * 0.37] * 20, TASKS)) == [(15, 3)]
    assert changes(run([8 * 0.46] * 40, TASKS, start=8)) == []


def test_a_scale_out_is_part_of_the_next_during_its_cooldown() -> None:
    """The cooldown section: no further increase unless a larger one is triggered.

    Out in minute 3 for 3.2 busy of 4: 7. The alarm rings again, but 7 are on their way; 4 at
    100 % want 8, one more.
    """
    assert changes(run([3.2] * 6 + [3.2] * 4, replace(TASKS, out_datapoints=1))) == [(1, 7)]
    seen = run([3.2] * 1 + [4.0] * 2 + [3.4] * 6, replace(TASKS, out_datapoints=1))
    assert changes(seen) == [(1, 7), (2, 8)]


def test_after_the_cooldown_a_scale_out_counts_from_the_whole() -> None:
    """The cooldown section: after it, what was added is no longer part of the next one."""
    quick = replace(TASKS, out_datapoints=1, cooldowns_s=(60.0, 300.0))
    assert changes(run([3.0] * 1 + [4.0] * 2, quick)) == [(1, 6), (2, 12)]
    assert changes(run([3.0] * 1 + [4.0] * 2, replace(TASKS, out_datapoints=1))) == [
        (1, 6),
        (2, 8),
    ]


def test_a_scale_in_blocks_the_next_for_its_cooldown() -> None:
    """The cooldown section: further scale-in is blocked until the cooldown has expired."""
    quick = replace(TASKS, in_datapoints=1)
    busy = [3.0] * 2 + [1.2] * 10
    assert changes(run(busy, quick, start=8)) == [(1, 6), (6, 3)]
    eager = replace(quick, cooldowns_s=(300.0, 0.0))
    assert changes(run(busy, eager, start=8)) == [(1, 6), (3, 3)]


def test_a_scale_out_ends_the_cooldown_of_a_scale_in() -> None:
    """The cooldown section: a scale-out happens at once and ends the cooldown of a scale-in."""
    quick = replace(TASKS, in_datapoints=1, out_datapoints=1, cooldowns_s=(300.0, 3600.0))
    busy = [2.5] * 1 + [4.0] * 4 + [2.0] * 3
    assert changes(run(busy, quick, start=8)) == [(1, 5), (2, 8), (6, 4)]


def test_services_know_no_warm_up() -> None:
    """Cooldowns take its place: a low alarm acts while what was launched is young."""
    young = replace(TASKS, in_datapoints=2)
    seen = run([3.2] * 3 + [1.0] * 2 + [2.0] * 3, young)
    assert changes(seen) == [(3, 7), (5, 4)]


def test_step_scaling_of_a_service_adds_the_difference() -> None:
    """API StepScalingPolicyConfiguration: 2 tasks were added, 3 are asked for: 1 more."""
    policy = StepScaling(Alarm(0.5, ">"), (Step(2, 0, 0.3), Step(3, 0.3)), cooldown_s=300.0)
    assert changes(run([3.0, 3.0, 3.6, 3.6], policy)) == [(1, 6), (3, 7)]
    assert changes(run([3.0] * 6, replace(policy, cooldown_s=60.0)))[:2] == [(1, 6), (2, 8)]


def test_step_scale_in_of_a_service_waits_for_its_cooldown() -> None:
    """API StepScalingPolicyConfiguration: the cooldown blocks subsequent scale-in requests."""
    policy = StepScaling(Alarm(0.5, "<"), (Step(-1, None, 0),), cooldown_s=180.0)
    assert changes(run([1.0] * 6, policy)) == [(1, 3), (4, 2)]


def test_a_scheduled_action_does_not_wait_for_the_cooldown_of_a_service() -> None:
    """The cooldown section: cooldowns apply to activities of scaling policies only."""
    at = ScheduledAction("2 0 * * *", desired_capacity=9)
    policy = StepScaling(Alarm(0.5, ">"), (Step(2, 0),), cooldown_s=3600.0)
    assert changes(run([3.0] * 4, policy, schedules=[at])) == [(1, 6), (2, 9)]
