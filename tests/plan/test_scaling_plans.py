"""What scales a group, read from plans that the real Terraform made of tests/plan/scaling/*.

The plans are recorded; `-m 'long and terraform'` makes them anew and compares, and with `--rewrite`
records what comes out.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.referee import offline_env, plan
from tests.support.terraform_cases import Case, delta, ordered
from tfopt.plan.model import Disk, InstanceGroup, Slot, WarmPool
from tfopt.plan.read import read_plan
from tfopt.plan.scalers import (
    MetricAlarm,
    OtherScaler,
    PredictiveScaler,
    SimpleScaler,
    StepAdjustment,
    StepScaler,
    TargetTrackingScaler,
)

FOLDER = Path(__file__).parent / "scaling"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/main.tf"))


def groups(name: str) -> dict[str, InstanceGroup]:
    """Return the groups of a recorded plan, by address."""
    read = read_plan(FOLDER / name / "plan.json")
    assert read.skipped == ()
    return {group.address: group for group in read.groups}


def test_each_step_policy_finds_the_alarm_of_its_own_key() -> None:
    """With for_each, names and ARNs are known only after apply: references pair them by key."""
    found = groups("step-alarms")
    web = found['aws_autoscaling_group.pool["web"]']
    low = MetricAlarm('aws_cloudwatch_metric_alarm.low["web"]', "cpu", 0.35, "<=", 60, 8, 10)
    high = MetricAlarm('aws_cloudwatch_metric_alarm.high["web"]', "cpu", 0.7, ">", 60, 2, 2)
    assert web.scalers == (
        StepScaler(
            'aws_autoscaling_policy.in["web"]', low, (StepAdjustment(-1, None, 0.0),), "change"
        ),
        StepScaler(
            'aws_autoscaling_policy.out["web"]',
            high,
            (StepAdjustment(20, 0.0, 0.15), StepAdjustment(50, 0.15, None)),
            "percent",
            min_magnitude=2,
            warmup_s=120,
        ),
    )
    assert "target_cpu" not in web.sites


def test_a_simple_policy_keeps_its_cooldown_and_a_group_its_own() -> None:
    """Also the volumes, the zones and the order of termination are read."""
    api = groups("step-alarms")['aws_autoscaling_group.pool["api"]']
    flood = MetricAlarm("aws_cloudwatch_metric_alarm.flood", "cpu", 0.95, ">=", 300, 1, 1)
    surge = SimpleScaler("aws_autoscaling_policy.surge", flood, 20, "exact", cooldown_s=900)
    assert surge in api.scalers
    assert (api.cooldown_s, api.warmup_s, api.zones) == (180, None, 3)
    assert api.termination == ("OldestLaunchTemplate", "OldestInstance")
    assert api.disks == (Disk(50, "gp3"),)


def test_a_mixed_group_with_weights_and_spot() -> None:
    """A customized metric that is the group's own CPU is target tracking on CPU."""
    workers = groups("mixed-spot")["aws_autoscaling_group.workers"]
    assert workers.slots == (Slot("m6i.large", 1), Slot("m6i.xlarge", 2), Slot("m5.xlarge", 2))
    assert (workers.on_demand_base, workers.spot_share) == (2, 0.75)
    assert workers.spot_allocation == "price-capacity-optimized"
    assert workers.burst_unlimited is False
    assert workers.scalers == (
        TargetTrackingScaler("aws_autoscaling_policy.cpu", "ASGAverageCPUUtilization", 0.55),
    )
    assert workers.sites["target_cpu"].value == 55


def test_predictive_scaling_and_a_warm_pool() -> None:
    """A policy that only forecasts does not act; the numbers that AWS writes as text are read."""
    group = groups("predictive-warm-pool")["aws_autoscaling_group.this"]
    assert group.warm_pool == WarmPool(2, 16, "stopped", reuse_on_scale_in=True)
    tracking, predictive, trial = group.scalers
    assert isinstance(tracking, TargetTrackingScaler)
    assert predictive == PredictiveScaler(
        "aws_autoscaling_policy.predictive", "cpu", 0.5, buffer_s=600, max_capacity_buffer=0.1
    )
    assert trial == OtherScaler(
        "aws_autoscaling_policy.trial", "predictive scaling that only forecasts", acts=False
    )


def test_several_policies_and_requests_per_target() -> None:
    """Requests of five minutes become requests a minute; the one CPU target keeps its place."""
    web = groups("cpu-and-requests")["aws_autoscaling_group.web"]
    alarm = MetricAlarm("aws_cloudwatch_metric_alarm.burst", "requests", 9000, ">=", 300, 1, 1)
    steps = (StepAdjustment(2, 0.0, 3000), StepAdjustment(4, 3000, None))
    assert web.scalers == (
        StepScaler("aws_autoscaling_policy.burst", alarm, steps, "change"),
        TargetTrackingScaler(
            "aws_autoscaling_policy.cpu", "ASGAverageCPUUtilization", 0.5, warmup_s=90
        ),
        TargetTrackingScaler(
            "aws_autoscaling_policy.requests",
            "ALBRequestCountPerTarget",
            6000,
            disable_scale_in=True,
        ),
    )
    assert web.sites["target_cpu"].address == "aws_autoscaling_policy.cpu"
    assert web.disks == (Disk(30, "gp2"),)


def test_application_autoscaling_has_cooldowns() -> None:
    """Steps and target tracking of a service, each with its own pauses."""
    api = groups("ecs-steps")["aws_ecs_service.api"]
    busy = MetricAlarm("aws_cloudwatch_metric_alarm.busy", "cpu", 0.85, ">=", 60, 1, 1)
    assert api.scalers == (
        TargetTrackingScaler(
            "aws_appautoscaling_policy.cpu",
            "ECSServiceAverageCPUUtilization",
            0.65,
            cooldowns_s=(60, 600),
        ),
        StepScaler(
            "aws_appautoscaling_policy.out",
            busy,
            (StepAdjustment(3, 0.0, None),),
            "change",
            cooldown_s=60,
        ),
    )


@pytest.mark.long
@pytest.mark.terraform
@pytest.mark.parametrize("name", NAMES)
def test_terraform_still_plans_this(
    name: str, tmp_path: Path, terraform_env: dict[str, str], rewrite: bool
) -> None:
    """The recorded plan is what the real Terraform makes of the configuration."""
    root = tmp_path / name
    root.mkdir()
    for source in (FOLDER / name / "main.tf", FOLDER / "providers.tf"):
        shutil.copy(source, root)
    made = plan(Case(name, "", ""), root, offline_env(tmp_path / "init", terraform_env))
    recorded = FOLDER / name / "plan.json"
    if rewrite:
        recorded.write_text(json.dumps(made, ensure_ascii=False) + "\n", "utf-8")
    assert delta(ordered(json.loads(recorded.read_text("utf-8"))), ordered(made)) == []
