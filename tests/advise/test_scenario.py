"""A group as the simulator sees it, and what it was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tfopt.errors import TfoptError
from tfopt.plan.model import REDACTED, InstanceGroup, Site, Slot
from tfopt.plan.scalers import (
    MetricAlarm,
    OtherScaler,
    PredictiveScaler,
    ScheduleScaler,
    SimpleScaler,
    StepAdjustment,
    StepScaler,
    TargetTrackingScaler,
)
from tfopt.pricing import load_book
from tfopt.scenario import Case, build_case
from tfopt.scenario.demand import traffic_of
from tfopt.scenario.group import (
    machine_of,
    present_configuration,
    present_offer,
    reference_offer,
    slo_of,
)
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.scaling import is_held
from tfopt.settings import DemandTable, Settings, SloTable, WorkloadTable
from tfopt_policies.policy import Knobs
from tfopt_sim.types import (
    Alarm,
    Configuration,
    Machine,
    PredictiveScaling,
    SimpleScaling,
    Slo,
    Step,
    StepScaling,
    TargetTracking,
)

MACHINE = Machine("m5.xlarge", 4, 16, 0.192)
GROUP = InstanceGroup(
    address="aws_autoscaling_group.web",
    kind="aws_autoscaling_group",
    cloud="aws",
    region="us-east-1",
    action="update",
    unit="instance",
    slots=(Slot("m5.xlarge"),),
    min_size=2,
    max_size=10,
    desired_capacity=4,
)
TRACKING = TargetTrackingScaler("aws_autoscaling_policy.cpu", "ASGAverageCPUUtilization", 0.6)


HIGH = MetricAlarm("aws_cloudwatch_metric_alarm.high", "cpu", 0.7, ">", 60, 2, 3)


def test_target_tracking_keeps_the_vendors_timing() -> None:
    """Five-minute metrics and a 300 s warm-up unless the plan says otherwise."""
    plain = present_configuration(replace(GROUP, scalers=(TRACKING,)), MACHINE).tracking
    assert plain == TargetTracking(0.6, metric_period_s=300, warmup_s=300.0)
    detailed = replace(GROUP, scalers=(TRACKING,), detailed_monitoring=True, warmup_s=90.0)
    assert present_configuration(detailed, MACHINE).tracking == TargetTracking(
        0.6, metric_period_s=60, warmup_s=90.0
    )


def test_the_policys_own_warmup_beats_the_groups() -> None:
    """estimated_instance_warmup overrides default_instance_warmup."""
    group = replace(GROUP, scalers=(replace(TRACKING, warmup_s=45.0),), warmup_s=90.0)
    scaling = present_configuration(group, MACHINE).tracking
    assert scaling is not None
    assert scaling.warmup_s == 45.0


def test_the_warmup_falls_back_to_the_cooldown() -> None:
    """default_cooldown counts where neither policy nor group says how long an instance warms up."""
    group = replace(GROUP, scalers=(TRACKING,), cooldown_s=120.0)
    assert present_configuration(group, MACHINE).tracking == TargetTracking(
        0.6, metric_period_s=300, warmup_s=120.0
    )


def test_a_responsive_group_scales_out_a_datapoint_earlier() -> None:
    """It scales in as late as ever."""
    group = replace(GROUP, scalers=(TRACKING,))
    found = present_configuration(group, MACHINE, "responsive").tracking
    assert found is not None
    assert (found.out_datapoints, found.in_datapoints) == (2, 15)


def test_every_policy_that_acts_is_carried_over() -> None:
    """Several at once, in the plan's order; one that is disabled changes nothing."""
    out = (StepAdjustment(20, 0.0, 0.15), StepAdjustment(50, 0.15))
    requests = TargetTrackingScaler("p.alb", "ALBRequestCountPerTarget", 6000)
    scalers = (
        StepScaler("p.out", HIGH, out, "percent", min_magnitude=2, warmup_s=60),
        SimpleScaler("p.surge", HIGH, 9, "exact"),
        PredictiveScaler("p.ahead", "cpu", 0.5, 600, 0.1),
        requests,
        OtherScaler("p.off", "disabled scaling policy", acts=False),
    )
    group = replace(GROUP, scalers=scalers, detailed_monitoring=True, cooldown_s=200.0)
    alarm = Alarm(0.7, ">", "cpu", 60, 2, 3)
    steps = (Step(20, 0.0, 0.15), Step(50, 0.15))
    found = present_configuration(group, MACHINE)
    assert found.scaling == (
        StepScaling(alarm, steps, "percent", 2, 60),
        SimpleScaling(alarm, 9, "exact", cooldown_s=200),
        PredictiveScaling(0.5, "cpu", 600, 0.1),
        TargetTracking(6000, warmup_s=200, metric="requests"),
    )
    assert found.tracking is None
    assert is_held(replace(group, scalers=scalers[-1:]))


def test_an_alarm_waits_for_metrics_that_come_every_five_minutes() -> None:
    """Without detailed monitoring one-minute periods hold a datapoint in five; requests do not."""
    group = replace(GROUP, scalers=(StepScaler("p", HIGH, (), "change"),))
    requests = replace(HIGH, metric="requests", threshold=900)
    both = replace(group, scalers=(*group.scalers, SimpleScaler("q", requests, 1, "change")))
    cpu, alb = present_configuration(both, MACHINE).scaling
    assert isinstance(cpu, StepScaling)
    assert isinstance(alb, SimpleScaling)
    assert (cpu.alarm.period_s, alb.alarm.period_s) == (300, 60)


def test_sizes_that_are_secret_are_not_called_unknown() -> None:
    """Whether the plan hides a bound or does not know it is told apart."""
    site = Site((), "aws_autoscaling_group.web", None, (), REDACTED)
    group = replace(GROUP, max_size=None, sites={"max_size": site})
    with pytest.raises(NotAnalysedError, match="its sizes are sensitive"):
        present_configuration(group, MACHINE)


def test_schedules_are_carried_over() -> None:
    """A recurring action becomes a scheduled action; a one-off is left out."""
    nightly = ScheduleScaler("s.a", "0 20 * * *", "Europe/Paris", 1, None, 2)
    once = ScheduleScaler("s.b", None, "Etc/UTC", 9, 9, 9)
    configuration = present_configuration(replace(GROUP, scalers=(nightly, once)), MACHINE)
    assert [s.recurrence for s in configuration.schedules] == ["0 20 * * *"]
    assert configuration.schedules[0].time_zone == "Europe/Paris"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"scalers": (OtherScaler("p.step", "step scaling by an alarm of its own"),)},
            "p.step is not simulated: step scaling by an alarm of its own",
        ),
        (
            {"scalers": (replace(TRACKING, metric="ASGAverageNetworkIn"),)},
            "tracks ASGAverageNetworkIn; CPU and requests per target are simulated",
        ),
        (
            {"scalers": (StepScaler("p", replace(HIGH, of=60), (), "change"),)},
            "looks back over 60 periods; at most 52",
        ),
        ({"cluster_autoscaled": True}, "a cluster autoscaler"),
        ({"min_size": None}, "known only after apply"),
        ({"bounds_per": "zone"}, "per zone"),
        ({"max_size": 0, "min_size": 0, "desired_capacity": 0}, "switched off"),
        ({"max_size": 99_999_999}, "99,999,999 instances; at most 5,000"),
    ],
)
def test_what_cannot_be_simulated_is_not_analysed(change: dict[str, object], words: str) -> None:
    """The reason names what stands in the way."""
    with pytest.raises(NotAnalysedError, match=words):
        present_configuration(replace(GROUP, **change), MACHINE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit": "task"}, "tasks"),
        ({"slots": ()}, "known only after apply"),
        ({"region": None}, "region is not in the plan"),
        ({"slots": (Slot("m5.xlrage"),)}, "m5.xlarge"),
        ({"slots": (Slot("m7i-flex.large"),)}, "throttled by rules"),
    ],
)
def test_what_has_no_price_is_not_analysed(change: dict[str, object], words: str) -> None:
    """An unknown type names the nearest one."""
    with pytest.raises(NotAnalysedError, match=words):
        present_offer(replace(GROUP, **change), load_book(), Settings())


def test_speed_is_relative_to_the_present_type() -> None:
    """A newer type does more work per vCPU; the present one does 1."""
    book = load_book()
    old = book.offer("aws", "us-east-1", "m5.xlarge")
    new = book.offer("aws", "us-east-1", "m7a.xlarge")
    assert machine_of(old, old).speed == 1.0
    assert 1.5 < machine_of(new, old).speed < 3.0


def test_hyper_threads_count_as_measured_where_the_workload_says_so() -> None:
    """An m5's vCPU gains where its neighbour idles, an m7a's has its core for itself."""
    book = load_book()
    shared, own = (book.offer("aws", "us-east-1", f"{of}.xlarge") for of in ("m5", "m7a"))
    assert machine_of(own, shared, "measured").boost == 1.0
    machine = machine_of(shared, shared, "measured")
    assert (machine.boost, machine.threads_per_core) == (shared.boost, 2)
    assert machine_of(shared, shared).boost == 1.0


def test_figures_measured_on_another_type_make_the_present_one_faster() -> None:
    """cpu_ms of an m5 stays what it is after the group has moved to an m7a."""
    book = load_book()
    table = WorkloadTable(match="*", measured_on="m5.xlarge")
    moved = replace(GROUP, slots=(Slot("m7a.xlarge"),))
    settings = Settings(workload=(table,))
    present = present_offer(moved, book, settings)
    reference = reference_offer(moved, present, book, settings)
    assert reference.instance_type == "m5.xlarge"
    assert machine_of(present, reference).speed > 1.5


def test_slo_falls_back_key_by_key() -> None:
    """A workload's key beats the defaults', which beats tfopt's own."""
    settings = Settings.model_validate({"defaults": {"slo": {"p99_ms": 300}}})
    table = WorkloadTable(match="*", slo=SloTable(max_bad_minutes=0.02))
    assert (slo_of(settings, table).p99_ms, slo_of(settings, table).max_bad_minutes) == (300, 0.02)
    assert slo_of(Settings(), None).p99_ms == 250


def settings_with(folder: Path, **demand: object) -> Settings:
    keys = {key: value for key, value in demand.items() if key != "cpu_ms"}
    table = WorkloadTable(
        match="*",
        demand=DemandTable.model_validate(keys),
        cpu_ms_per_request=demand.get("cpu_ms"),
    )
    return Settings(workload=(table,), folder=folder)


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str, Callable[[int], str]], Path]:
    """Write two days of five-minute rows."""

    def written(header: str, row: Callable[[int], str]) -> Path:
        rows = [f"{1_767_225_600 + 300 * i},{row(i)}" for i in range(576)]
        path = tmp_path / "traffic.csv"
        path.write_text("\n".join([f"timestamp,{header}", *rows]) + "\n")
        return path

    return written


PRESENT = Configuration(MACHINE, 2, 10, 4)


def test_cpu_and_instances_become_requests(
    tmp_path: Path, csv: Callable[[str, Callable[[int], str]], Path]
) -> None:
    """50 % of 4 instances × 4 vCPUs are 8 busy vCPUs: 400 requests/s of 20 ms."""
    csv("cpu,n", lambda _: "50,4")
    settings = settings_with(tmp_path, csv="traffic.csv", cpu_percent="cpu", instances="n")
    traffic = traffic_of(GROUP, settings, PRESENT, Slo(), MACHINE)
    assert np.nanmean(traffic.demand.rps) == pytest.approx(400)
    assert traffic.workload.cpu_s_per_request == 0.020
    assert any("20 ms" in note for note in traffic.notes)


def test_cpu_time_is_inferred_where_rate_and_cpu_stand_together(
    tmp_path: Path, csv: Callable[[str, Callable[[int], str]], Path]
) -> None:
    """8 busy vCPUs at 100 requests/s are 80 ms each."""
    csv("cpu,n,rps", lambda _: "50,4,100")
    settings = settings_with(
        tmp_path, csv="traffic.csv", cpu_percent="cpu", instances="n", column="rps"
    )
    traffic = traffic_of(GROUP, settings, PRESENT, Slo(), MACHINE)
    assert traffic.workload.cpu_s_per_request == pytest.approx(0.080)
    assert np.nanmean(traffic.demand.rps) == pytest.approx(100)


@pytest.mark.parametrize("demand", [{"column": "rps"}, {"cpu_percent": "cpu", "instances": "n"}])
def test_a_metric_that_never_moved_is_refused(
    tmp_path: Path, csv: Callable[[str, Callable[[int], str]], Path], demand: dict[str, str]
) -> None:
    """Nothing but zeros is the wrong column, not a group that nobody needs."""
    csv("cpu,n,rps", lambda _: "0,4,0")
    settings = settings_with(tmp_path, csv="traffic.csv", cpu_ms=20, **demand)
    with pytest.raises(TfoptError, match=r"nothing but zeros\. The metric never moved"):
        traffic_of(GROUP, settings, PRESENT, Slo(), MACHINE)


def test_under_a_day_of_history_is_assumed_for_the_rest(tmp_path: Path) -> None:
    """Five night hours tell nothing of the day: counted as assumed, and said so."""
    rows = [f"{1_767_225_600 + 300 * i},100" for i in range(60)]
    (tmp_path / "night.csv").write_text("\n".join(["timestamp,rps", *rows]))
    settings = settings_with(tmp_path, csv="night.csv", cpu_ms=20)
    traffic = traffic_of(GROUP, settings, PRESENT, Slo(), MACHINE)
    assert traffic.assumed
    assert traffic.measured_days == pytest.approx(5 / 24)
    assert any("under a day was measured" in note for note in traffic.notes)


def case_of(**defaults: object) -> Case:
    settings = Settings.model_validate({"defaults": defaults})
    knobs = Knobs()
    return build_case(GROUP, settings, load_book(), knobs=knobs, horizon_s=86_400, seed=0)


def test_linear_threads_hold_for_every_machine_of_the_case() -> None:
    """`smt = "linear"` reaches the present type and all it may be exchanged for."""
    for smt, same in (("linear", True), ("measured", False)):
        settings = Settings.model_validate({"workload": [{"match": "*", "smt": smt}]})
        case = build_case(GROUP, settings, load_book(), knobs=Knobs(), horizon_s=86_400, seed=0)
        machines = (*case.problem.machines, *case.other_architectures)
        assert len(machines) > 3
        assert all(machine.boost == 1.0 for machine in machines) is same


def test_rules_that_leave_no_other_type_are_named() -> None:
    """A family that does not exist is a typo the user can find; without rules nothing is said."""
    typo = case_of(allowed_families=["zz*"])
    assert len(typo.problem.machines) == 1
    wanted = "no type is weighed against m5.xlarge: allowed_families (zz*) leave none"
    assert wanted in typo.notes
    assert not any("weighed" in note for note in case_of().notes)


def test_without_a_workload_the_assumption_is_stated_and_sized_to_the_group() -> None:
    """The peak of the named profile makes the static group as busy as assumed, no more."""
    traffic = traffic_of(GROUP, Settings(), PRESENT, Slo(), MACHINE)
    busy = traffic.demand.rps * traffic.workload.cpu_s_per_request
    assert traffic.assumed
    assert "diurnal" in traffic.source
    assert np.nanmax(busy) <= 0.6 * 4 * 4 * 1.001
    assert np.nanmax(busy) > 0.5 * 4 * 4


def test_an_assumed_peak_is_what_keeps_hyper_threads_so_busy() -> None:
    """60 % of threads with a boost of 1.5 do 80 % of their work; the SLO's headroom allows 70 %."""
    shared = replace(MACHINE, boost=1.5, threads_per_core=2)
    patient = Slo(p99_ms=10_000)
    present = replace(PRESENT, machine=shared, desired_capacity=10)
    ten, own = (
        np.max(traffic_of(GROUP, Settings(), of, patient, MACHINE).demand.rps)
        for of in (present, replace(present, machine=MACHINE))
    )
    assert own == pytest.approx(0.6 * 10 * 4 / 0.02, rel=0.01)
    assert ten / own == pytest.approx(0.7 / 0.6, rel=0.02)


def test_saved_monitoring_answers_are_demand_too(tmp_path: Path) -> None:
    """CloudWatch's Sum per 5 minutes and Prometheus' rate tell the same 10 requests/s."""
    seconds = range(1_767_225_600, 1_767_225_600 + 2 * 86_400, 300)
    stamps = [datetime.fromtimestamp(s, UTC).isoformat() for s in seconds]
    (tmp_path / "cw.json").write_text(
        json.dumps(
            {
                "MetricDataResults": [
                    {"Id": name, "Timestamps": stamps, "Values": [value] * len(stamps)}
                    for name, value in (("requests", 3000.0), ("errors", 1.0))
                ]
            }
        )
    )
    rates = [[s, "10"] for s in seconds]
    matrix = {"resultType": "matrix", "result": [{"metric": {"job": "web"}, "values": rates}]}
    (tmp_path / "prom.json").write_text(json.dumps({"status": "success", "data": matrix}))
    for demand in (
        {"cloudwatch_json": "cw.json", "metric": "requests"},
        {"prometheus_json": "prom.json", "series": "web"},
    ):
        settings = settings_with(tmp_path, cpu_ms=20, **demand)
        traffic = traffic_of(GROUP, settings, PRESENT, Slo(), MACHINE)
        assert np.nanmean(traffic.demand.rps) == pytest.approx(10)
        assert not traffic.assumed
