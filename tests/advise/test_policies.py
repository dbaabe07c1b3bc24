"""The step table and the other policies of a group, in the report and in its words."""

from __future__ import annotations

from pathlib import Path

from tfopt.advise.policies import other_policies, step_table
from tfopt.plan.model import InstanceGroup
from tfopt.plan.read import read_plan
from tfopt.recommendation import Settings, StepValues
from tfopt.render.settings import scaled_by, summary

PLANS = Path(__file__).parent.parent / "plan" / "scaling"
GAP = "\u00a0"


def group(name: str, address: str) -> InstanceGroup:
    """Return a group of one of the recorded plans."""
    plan = read_plan(PLANS / name / "plan.json")
    return next(one for one in plan.groups if one.address == address)


def settings(of: InstanceGroup) -> Settings:
    return Settings(
        instance_type="m5.large",
        min_size=2,
        max_size=20,
        desired_capacity=None,
        target_cpu=None,
        steps=step_table(of),
        other_policies=other_policies(of),
    )


def test_each_row_has_the_bounds_between_which_it_acts() -> None:
    """Bounds are levels of the metric; the alarm's threshold closes the open side it rings on."""
    web = group("step-alarms", 'aws_autoscaling_group.pool["web"]')
    rows = step_table(web)
    assert rows is not None
    assert rows[0] == StepValues(
        policy='aws_autoscaling_policy.in["web"]',
        metric="cpu",
        lower=None,
        upper=0.35,
        change=-1,
        adjustment="change",
        after_s=480,
    )
    assert [(r.lower, r.upper, r.change, r.adjustment, r.after_s) for r in rows[1:]] == [
        (0.7, 0.85, 20, "percent", 120),
        (0.85, None, 50, "percent", 120),
    ]


def test_steps_and_simple_policies_read_as_one_line() -> None:
    """Each policy begins with its metric; what rises says from where, what falls down to where."""
    api = settings(group("step-alarms", 'aws_autoscaling_group.pool["api"]'))
    assert [line.replace(GAP, " ") for line in scaled_by(api)] == [
        "CPU to 30 %: −1, after 8 minutes",
        "CPU from 60 %: +20 %, from 75 %: +50 %, after 2 minutes",
        "CPU from 95 %: 20, after 5 minutes",
    ]
    assert summary(api) == "m5.large, 2–20 instances, step scaling"


def test_requests_are_told_by_the_minute() -> None:
    """Also a second target is told, but not the one that has a row of its own."""
    web = settings(group("cpu-and-requests", "aws_autoscaling_group.web"))
    assert [line.replace(GAP, " ") for line in scaled_by(web)] == [
        "requests a minute from 9,000: +2, from 12,000: +4, after 5 minutes",
        "target tracking at 6,000 requests per instance and minute, out only",
    ]


def test_what_does_not_act_is_not_told() -> None:
    """Predictive scaling that only forecasts has no part in the figures."""
    found = settings(group("predictive-warm-pool", "aws_autoscaling_group.this"))
    assert found.steps is None
    assert scaled_by(found) == ["predictive scaling at 50 % CPU"]
