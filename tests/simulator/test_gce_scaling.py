"""Documented behaviour of the Compute Engine autoscaler, example by example.

Sources are pages of the Compute Engine documentation, and "Scale in at your own pace with Compute
Engine autoscaler controls" (Google Cloud blog, November 2020).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfopt_sim.rollout import trajectory
from tfopt_sim.types import (
    Configuration,
    GceAutoscaler,
    Machine,
    ScalingPolicy,
    Slo,
    TargetTracking,
    Trajectory,
    Workload,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine("n2-standard-2", vcpus=2, memory_gib=8, usd_per_hour=0.097)
WORKLOAD = Workload(
    cpu_s_per_request=0.02, boot_s=60, boot="fixed", arrivals="even"
)  # 100 requests/s an instance


def run(
    *policies: ScalingPolicy,
    demand: list[float],
    start: int,
    bounds: tuple[int, int] = (1, 50),
    workload: Workload = WORKLOAD,
) -> Trajectory:
    """A group that starts with `start` instances; demand in instances kept busy, by minute."""
    configuration = Configuration(MACHINE, *bounds, start, policies)
    return trajectory(configuration, 100.0 * np.array(demand), workload, Slo(), MONDAY)


def test_one_and_a_half_instances_too_few_add_two() -> None:
    """understanding-autoscaler-decisions: at a target of 0.7, adding 1.5 rounds up to two."""
    seen = run(GceAutoscaler(0.7), demand=[6.5 * 0.7] * 5, start=5, bounds=(1, 10))
    assert seen.billed.tolist() == [5, 7, 7, 7, 7]


def test_one_and_a_half_instances_too_many_remove_one() -> None:
    """understanding-autoscaler-decisions: if removing 1.5 would do, just one is removed."""
    seen = run(GceAutoscaler(0.7), demand=[3.5 * 0.7] * 30, start=5)
    assert seen.billed[-1] == 4


def test_scale_in_keeps_the_size_for_the_peak_of_ten_minutes() -> None:
    """understanding-autoscaler-decisions: "to serve peak load over the stabilization period".

    The last minute that needs 8 is minute 4; minutes 5 to 14 need less; the group shrinks after.
    """
    seen = run(GceAutoscaler(0.5), demand=[4.0] * 5 + [2.0] * 20, start=8)
    assert seen.billed.tolist()[:16] == [8] * 15 + [4]


def test_a_peak_within_the_period_holds_the_group() -> None:
    """understanding-autoscaler-decisions: load back every nine minutes keeps the size."""
    seen = run(GceAutoscaler(0.5), demand=([4.0] + [1.0] * 8) * 6, start=8)
    assert set(seen.billed) == {8}


def test_half_the_load_removes_half_the_instances_in_one_step() -> None:
    """Blog: "if the load goes down by 50 %, the autoscaler removes ~50 % of your VMs immediately
    after a 10-minute stabilization period".
    """
    seen = run(GceAutoscaler(0.5), demand=[20.0] + [10.0] * 15, start=40)
    assert seen.billed.tolist() == [40] * 11 + [20] * 5


def test_scale_in_controls_limit_how_many_go_in_a_window() -> None:
    """Blog, step 3: with controls of 10 VMs in 20 minutes, 10 go, and 20 minutes later 10 more.

    gcloud, `--scale-in-control`: "will not resize below the maximum allowed deduction subtracted
    from the peak size observed in this period".
    """
    policy = GceAutoscaler(0.5, scale_in_most=10, scale_in_window_s=1200)
    seen = run(policy, demand=[20.0] + [5.0] * 80, start=40)
    sizes = seen.billed.tolist()
    assert sizes[:12] == [40] * 11 + [30]
    assert [sizes.index(size) for size in (30, 20, 10)] == [11, 32, 53]
    assert sizes[-1] == 10


def test_scale_in_controls_take_a_share_of_the_peak() -> None:
    """AutoscalingPolicyScaleInControl: a percentage is one of the peak; 10 % of 40 are 4."""
    policy = GceAutoscaler(0.5, scale_in_most=0.1, scale_in_window_s=600)
    assert run(policy, demand=[20.0] + [5.0] * 12, start=40).billed[-1] == 36


def test_with_controls_the_old_capacity_is_there_when_load_comes_back() -> None:
    """Blog, step 4: "the previous capacity wasn't deleted yet, allowing existing VMs to serve the
    spike".
    """
    demand = [20.0] + [5.0] * 15 + [15.0] * 3
    plain = run(GceAutoscaler(0.5), demand=demand, start=40)
    held = run(
        GceAutoscaler(0.5, scale_in_most=10, scale_in_window_s=1200), demand=demand, start=40
    )
    assert plain.in_service[16] == 10
    assert plain.backlog_requests[16] > 0
    assert held.in_service[16] == 30
    assert held.backlog_requests.max() == 0


def test_only_scale_out_never_shrinks_and_off_never_moves() -> None:
    """understanding-autoscaler-decisions: ONLY_SCALE_OUT only increases; OFF changes nothing."""
    demand = [4.0] * 5 + [0.5] * 30
    assert run(GceAutoscaler(0.5, mode="only-scale-out"), demand=demand, start=4).billed[-1] == 8
    assert set(run(GceAutoscaler(0.5, mode="off"), demand=demand, start=4).billed) == {4}


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (120, 2), (600, 10), (1800, 30)])
def test_the_stabilization_period_is_a_parameter(seconds: float, minutes: int) -> None:
    """AutoscalingPolicy.stabilizationPeriodSec: what it "waits … before making scale-in decisions".

    The simulator decides once a minute, so that no period is shorter than one.
    """
    policy = GceAutoscaler(0.5, stabilization_s=seconds)
    seen = run(policy, demand=[4.0] + [1.0] * 40, start=8)
    assert seen.billed.tolist().index(2) == 1 + minutes


def test_instances_on_their_way_are_not_ordered_twice() -> None:
    """understanding-autoscaler-decisions: the size serves the load, whoever still boots."""
    slow = Workload(0.02, boot_s=600, boot="fixed", arrivals="even")
    seen = run(GceAutoscaler(0.5), demand=[3.2] * 9, start=4, workload=slow)
    assert seen.billed.tolist() == [4] + [7] * 8


def test_scale_out_does_not_believe_instances_that_initialize() -> None:
    """AutoscalingPolicy.coolDownPeriodSec: "when scaling out, the autoscaler ignores data from VMs
    that are still initializing".

    4 busy to 80 % make 7; load then rises again, and the three new ones, ordered for minute 1 and
    in service from minute 2, count only when 5 minutes old, at the end of minute 5.
    """
    policy = GceAutoscaler(0.5, initialization_s=300)
    seen = run(policy, demand=[3.2] * 3 + [5.25] * 6, start=4)
    assert seen.billed.tolist() == [4] + [7] * 5 + [11] * 3


def test_scale_in_waits_for_the_initialization_period_where_that_is_longer() -> None:
    """understanding-autoscaler-decisions, "Delays in scaling in": at least the last 10 minutes, or
    the initialization period if longer.
    """
    policy = GceAutoscaler(0.5, initialization_s=1200)
    assert run(policy, demand=[4.0] + [1.0] * 40, start=8).billed.tolist().index(2) == 21


def test_the_serving_rate_of_a_load_balancer_does_not_saturate() -> None:
    """scaling-load-balancing: at 0.8 of 100 requests/s each, 800 requests/s make 10 instances.

    Two instances can serve 200: on CPU one step cannot go beyond 2 ÷ 0.8.
    """
    rate = GceAutoscaler(0.8 * 100 * 60, metric="requests")
    assert run(rate, demand=[8.0] * 2, start=2).billed[1] == 10
    assert run(GceAutoscaler(0.8), demand=[8.0] * 2, start=2).billed[1] == 3


def test_the_signal_that_asks_for_most_wins() -> None:
    """autoscaler, "Autoscaling policy": of several signals the largest size is taken."""
    cpu, rate = GceAutoscaler(0.5), GceAutoscaler(0.25 * 6000, metric="requests")
    both = run(cpu, rate, demand=[4.0] * 3, start=8)
    assert both.billed.tolist() == [8, 16, 16]
    assert run(cpu, demand=[4.0] * 3, start=8).billed.tolist() == [8, 8, 8]


def test_predictive_autoscaling_has_the_instances_ready_when_load_comes() -> None:
    """predictive-autoscaling: it "scales out the MIG in advance of predicted load, so that new
    instances are ready to serve when the load arrives", the initialization period ahead.

    The forecast knows that the second hour is four times as busy; the third is quiet again.
    """
    policy = GceAutoscaler(0.5, initialization_s=300, predictive=True)
    workload = Workload(0.02, boot_s=300, boot="fixed", arrivals="even")
    demand = [2.0] * 60 + [8.0] * 60 + [2.0] * 60
    seen = run(policy, demand=demand, start=4, workload=workload)
    assert seen.billed.tolist() == [4] * 55 + [16] * 75 + [4] * 50
    assert seen.in_service[60] == 16
    assert set(run(replace(policy, mode="off"), demand=demand, start=4).billed) == {4}


def test_policies_of_two_clouds_are_refused() -> None:
    """No group has the autoscalers of two clouds; a target of nothing is none."""
    with pytest.raises(ValueError, match="one autoscaler"):
        run(GceAutoscaler(0.5), TargetTracking(0.5), demand=[1.0], start=1)
    with pytest.raises(ValueError, match="cannot aim at 0"):
        run(GceAutoscaler(0.0), demand=[1.0], start=1)


@st.composite
def policies(draw: st.DrawFn) -> GceAutoscaler:
    return GceAutoscaler(
        target=draw(st.sampled_from([0.3, 0.5, 0.6, 0.8])),
        initialization_s=draw(st.sampled_from([0.0, 60.0, 300.0])),
        stabilization_s=draw(st.sampled_from([0.0, 300.0, 600.0])),
        scale_in_most=draw(st.sampled_from([None, 1, 3, 0.2])),
        scale_in_window_s=draw(st.sampled_from([60.0, 600.0])),
    )


@settings(max_examples=60, deadline=None)
@given(policies(), st.lists(st.floats(0, 30), min_size=1, max_size=40), st.floats(0.1, 10))
def test_it_keeps_its_bounds_and_comes_to_rest(
    policy: GceAutoscaler, unrest: list[float], load: float
) -> None:
    """Bounds hold in every minute; under a constant load the size stops changing, at the target."""
    seen = run(policy, demand=unrest + [load] * 500, start=5, bounds=(2, 40))
    assert seen.billed.min() >= 2
    assert seen.billed.max() <= 40
    rest = seen.billed[-20:]
    assert len(set(rest)) == 1
    assert rest[0] == max(2, np.ceil(load / policy.target - 1e-6))
