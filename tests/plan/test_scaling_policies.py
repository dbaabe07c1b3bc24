"""Scaling policies and the alarms that set them off: what is read, and why the rest is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, document, groups, reference

from tfopt.plan.scalers import (
    MetricAlarm,
    OtherScaler,
    PredictiveScaler,
    SimpleScaler,
    StepScaler,
    TargetTrackingScaler,
)

GROUP, POLICY, ALARM = (
    "aws_autoscaling_group.web",
    "aws_autoscaling_policy.p",
    "aws_cloudwatch_metric_alarm.a",
)
SIZES = {"name": "web", "min_size": 2, "max_size": 8}
STEP: Values = {
    "arn": "arn:p",
    "autoscaling_group_name": "web",
    "policy_type": "StepScaling",
    "adjustment_type": "ChangeInCapacity",
    "step_adjustment": [{"metric_interval_lower_bound": "0", "scaling_adjustment": 2}],
}
RINGS: Values = {
    "alarm_actions": ["arn:sns", "arn:p"],
    "namespace": "AWS/EC2",
    "metric_name": "CPUUtilization",
    "dimensions": {"AutoScalingGroupName": "web"},
    "statistic": "Average",
    "comparison_operator": "GreaterThanThreshold",
    "threshold": 70,
    "period": 60,
    "evaluation_periods": 3,
}


def scalers(
    folder: Path,
    policy: Values,
    alarms: list[Values],
    blocks: list[Values] | None = None,
    **alarm_marks: Any,
) -> tuple[Any, ...]:
    """Read a group that one policy scales, which some alarms set off."""
    made = [change(GROUP, SIZES), change(POLICY, policy)]
    made += [change(f"{ALARM}{i or ''}", one, **alarm_marks) for i, one in enumerate(alarms)]
    return groups(folder, document(made, blocks))[GROUP].scalers


def told(folder: Path, policy: Values, alarm: Values, **alarm_marks: Any) -> str:
    """Return why a policy with an alarm is not read."""
    (found,) = scalers(folder, policy, [alarm], **alarm_marks)
    assert isinstance(found, OtherScaler)
    assert found.acts
    return found.what


def test_a_live_policy_is_found_by_its_arn(tmp_path: Path) -> None:
    """Known ARNs decide; other actions of the alarm do not matter; all periods have to breach."""
    (found,) = scalers(tmp_path, STEP, [RINGS])
    assert isinstance(found, StepScaler)
    assert found.alarm == MetricAlarm(ALARM, "cpu", 0.7, ">", 60, 3, 3)


def test_several_alarms_of_one_policy_each_set_it_off(tmp_path: Path) -> None:
    """Each alarm has its own threshold, from which the steps count."""
    found = scalers(tmp_path, STEP, [RINGS, {**RINGS, "threshold": 90}])
    assert [one.alarm.threshold for one in found] == [0.7, 0.9]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"namespace": "AWS/SQS", "metric_name": "Age"}, "AWS/SQS Age, a metric of its own"),
        ({"statistic": "Maximum"}, "the Maximum of AWS/EC2 CPUUtilization, not the Average"),
        ({"statistic": None, "extended_statistic": "p90"}, "the p90 of AWS/EC2 CPUUtilization"),
        ({"dimensions": {"AutoScalingGroupName": "other"}}, "but not that of this group"),
        ({"dimensions": {"InstanceId": "i-1"}}, "but not that of this group"),
        ({"metric_query": [{"id": "m1"}]}, "a metric expression"),
        ({"threshold_metric_id": "band"}, "an anomaly band"),
        ({"alarm_actions": [], "ok_actions": ["arn:p"]}, "acts when the alarm ends"),
        ({"comparison_operator": "LessThanLowerOrGreaterThanUpperThreshold"}, "when it rings"),
        (
            {
                "namespace": "AWS/ApplicationELB",
                "metric_name": "RequestCountPerTarget",
                "statistic": "Sum",
                "dimensions": {"TargetGroup": "t", "AvailabilityZone": "a"},
            },
            "not that of a whole target group",
        ),
    ],
)
def test_what_an_alarm_goes_by_is_named_where_it_is_not_simulated(
    changed: Values, words: str, tmp_path: Path
) -> None:
    """The reason names the alarm, the metric and what is wrong with it."""
    what = told(tmp_path, STEP, RINGS | changed)
    assert words in what
    assert ALARM in what


@pytest.mark.parametrize("name", ["threshold", "period", "evaluation_periods"])
def test_what_is_known_only_after_apply_is_said(name: str, tmp_path: Path) -> None:
    """A number that another resource computes cannot be simulated."""
    alarm = {key: value for key, value in RINGS.items() if key != name}
    assert "known only after apply" in told(tmp_path, STEP, alarm, unknown={name: True})


def test_the_metric_of_another_resource_is_not_taken_for_the_groups(tmp_path: Path) -> None:
    """Where the dimensions are unknown the references tell whose they are."""
    alarm = {key: value for key, value in RINGS.items() if key != "dimensions"}
    read = {"unknown": {"dimensions": True}}
    own = [block(ALARM, {"dimensions": reference(f"{GROUP}.name", GROUP)})]
    (found,) = scalers(tmp_path, STEP, [alarm], own, **read)
    assert isinstance(found, StepScaler)
    other = [block(ALARM, {"dimensions": reference("aws_instance.x.id", "aws_instance.x")})]
    (found,) = scalers(tmp_path, STEP, [alarm], other, **read)
    assert "not that of this group" in found.what


def test_datapoints_count_only_where_they_are_set(tmp_path: Path) -> None:
    """The provider computes datapoints_to_alarm: unset, every period has to breach."""
    unset = {"unknown": {"datapoints_to_alarm": True}}
    bare = [block(ALARM, {"threshold": reference("var.x")})]
    (found,) = scalers(tmp_path, STEP, [RINGS], bare, **unset)
    assert (found.alarm.datapoints, found.alarm.of) == (3, 3)
    computed = [block(ALARM, {"datapoints_to_alarm": reference("aws_x.y.z")})]
    (found,) = scalers(tmp_path, STEP, [RINGS], computed, **unset)
    assert "known only after apply" in found.what
    (found,) = scalers(tmp_path, STEP, [{**RINGS, "datapoints_to_alarm": 2}])
    assert (found.alarm.datapoints, found.alarm.of) == (2, 3)


def test_an_alarm_whose_actions_are_off_sets_nothing_off(tmp_path: Path) -> None:
    """The policy is told as one that does not act."""
    (found,) = scalers(tmp_path, STEP, [{**RINGS, "actions_enabled": False}])
    assert isinstance(found, OtherScaler)
    assert not found.acts


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"adjustment_type": None}, "its adjustment type is known only after apply"),
        ({"step_adjustment": []}, "its steps are known only after apply"),
        ({"metric_aggregation_type": "Maximum"}, "its steps go by the Maximum"),
        ({"policy_type": "Other"}, "whose settings are not in the plan"),
    ],
)
def test_a_step_policy_that_is_not_whole(changed: Values, words: str, tmp_path: Path) -> None:
    """What is missing is named."""
    assert words in told(tmp_path, STEP | changed, RINGS)


def test_a_simple_policy(tmp_path: Path) -> None:
    """It is AWS's default kind, with one adjustment and a cooldown."""
    policy = {**STEP, "policy_type": None, "scaling_adjustment": -10, "cooldown": 60}
    policy |= {"adjustment_type": "PercentChangeInCapacity", "min_adjustment_magnitude": 2}
    (found,) = scalers(tmp_path, policy, [RINGS])
    alarm = MetricAlarm(ALARM, "cpu", 0.7, ">", 60, 3, 3)
    assert found == SimpleScaler(POLICY, alarm, -10, "percent", 2, 60)


CUSTOM = {
    "namespace": "AWS/EC2",
    "metric_name": "CPUUtilization",
    "statistic": "Average",
    "metric_dimension": [{"name": "AutoScalingGroupName", "value": "web"}],
    "metrics": [],
}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"metric_name": "NetworkIn"}, "AWS/EC2 NetworkIn, a metric of its own"),
        ({"statistic": "Maximum"}, "the Maximum of"),
        ({"metric_dimension": []}, "but not that of this group"),
        ({"metrics": [{"id": "m1"}]}, "a metric expression"),
        ({"period": 10}, "not a minute long"),
    ],
)
def test_a_customized_metric_that_is_not_the_groups_cpu(
    changed: Values, words: str, tmp_path: Path
) -> None:
    """Only the group's own mean CPU by the minute is what the predefined metric is."""
    tracking = {"target_value": 50, "customized_metric_specification": [CUSTOM | changed]}
    policy = {"autoscaling_group_name": "web", "target_tracking_configuration": [tracking]}
    (found,) = scalers(tmp_path, policy, [])
    assert found.what.startswith("target tracking: it")
    assert words in found.what
    tracking["customized_metric_specification"] = [CUSTOM]
    (found,) = scalers(tmp_path, policy, [])
    assert found == TargetTrackingScaler(POLICY, "ASGAverageCPUUtilization", 0.5)


PAIR = "predefined_metric_pair_specification"


@pytest.mark.parametrize(
    ("specification", "metric", "target"),
    [
        ({PAIR: [{"predefined_metric_type": "ALBRequestCount"}]}, "requests", 40),
        ({PAIR: [{"predefined_metric_type": "ASGCPUUtilization"}]}, "cpu", 0.4),
        ({PAIR: [{"predefined_metric_type": "ASGNetworkIn"}]}, None, None),
        ({"customized_load_metric_specification": [{}]}, None, None),
    ],
)
def test_predictive_scaling(
    specification: Values, metric: str | None, target: float | None, tmp_path: Path
) -> None:
    """CPU and requests are forecast; other metrics are named; the default is to stay within max."""
    policy = {
        "autoscaling_group_name": "web",
        "policy_type": "PredictiveScaling",
        "predictive_scaling_configuration": [
            {
                "mode": "ForecastAndScale",
                "metric_specification": [{"target_value": 40, **specification}],
            }
        ],
    }
    (found,) = scalers(tmp_path, policy, [])
    if metric is None:
        assert found == OtherScaler(POLICY, "predictive scaling: it goes by a metric of its own")
    else:
        assert found == PredictiveScaler(POLICY, metric, target)


def test_a_tag_by_which_a_cluster_autoscaler_finds_the_group(tmp_path: Path) -> None:
    """Such a group is sized by what pods ask for."""
    tag = {"key": "k8s.io/cluster-autoscaler/enabled", "value": "true"}
    tagged = change(GROUP, {**SIZES, "tag": [{"key": "a", "value": "b"}, tag]})
    assert groups(tmp_path, document([tagged]))[GROUP].cluster_autoscaled
    nodes = change(
        "aws_eks_node_group.n",
        {"tags": {tag["key"]: "true"}, "subnet_ids": ["a", "b"], "disk_size": 40},
    )
    group = groups(tmp_path, document([nodes]))["aws_eks_node_group.n"]
    assert group.cluster_autoscaled
    assert (group.zones, [disk.gib for disk in group.disks]) == (2, [40])
