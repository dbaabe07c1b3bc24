"""Autoscalers of Compute Engine: bounds, signals, controls, schedules, and what is not followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, read, reference

from tfopt.plan.model import acting_scalers
from tfopt.plan.scalers import GceScaler, OtherScaler, ScheduleScaler

GROUP = "google_compute_instance_group_manager.web"
TEMPLATE = "google_compute_instance_template.web"
SCALER = "google_compute_autoscaler.web"
SERVICE = "google_compute_backend_service.web"
BOUNDS = {"min_replicas": 2, "max_replicas": 10}
POLICY: Values = {**BOUNDS, "cooldown_period": 90, "mode": "ON"}
CPU: Values = {"cpu_utilization": [{"target": 0.6, "predictive_method": "NONE"}]}
BALANCED: Values = {"load_balancing_utilization": [{"target": 0.8}]}


def group(folder: Path, policy: Values, *more: Values, **options: Any) -> Any:
    """Read a group that one autoscaler has as its target."""
    made = [
        change(TEMPLATE, {"machine_type": "n2-standard-4"}, unknown={"id": True}),
        change(
            GROUP,
            {"name": "web", "zone": "us-central1-a", **options.get("manager", {})},
            unknown={"id": True, "instance_group": True, "version": [{"instance_template": True}]},
        ),
        change(
            SCALER,
            {"autoscaling_policy": [{**POLICY, **policy}]},
            unknown=options.get("unknown", {"target": True}),
        ),
        *more,
    ]
    written = options.get("written", {"autoscaling_policy": [{key: [{}] for key in policy}]})
    blocks = [
        block(TEMPLATE, {}, "google"),
        block(
            GROUP,
            {
                "version": [{"instance_template": reference(f"{TEMPLATE}.id", TEMPLATE)}],
                **dict.fromkeys(options.get("manager", {}), constant(0)),
            },
            "google",
        ),
        block(SCALER, {"target": reference(f"{GROUP}.id", GROUP), **written}, "google"),
        *options.get("blocks", []),
    ]
    found = read(folder, document(made, blocks, provider="google")).groups
    assert [one.address for one in found] == [GROUP]
    return found[0]


def test_bounds_and_target_stand_at_the_autoscaler(tmp_path: Path) -> None:
    """The autoscaler states minimum, maximum and target; a share is written as a share."""
    found = group(tmp_path, CPU)
    assert found.scalers == (GceScaler(SCALER, "cpu", 0.6, initialization_s=90.0),)
    assert (found.min_size, found.max_size, found.desired_capacity) == (2, 10, None)
    places = {name: (site.address, site.path) for name, site in found.sites.items()}
    assert places == {
        "instance_type": (TEMPLATE, ("machine_type",)),
        "min_size": (SCALER, ("autoscaling_policy", 0, "min_replicas")),
        "max_size": (SCALER, ("autoscaling_policy", 0, "max_replicas")),
        "target_cpu": (SCALER, ("autoscaling_policy", 0, "cpu_utilization", 0, "target")),
    }
    assert (found.sites["target_cpu"].value, found.sites["target_cpu"].scale) == (0.6, 1.0)


def test_target_size_beside_an_autoscaler(tmp_path: Path) -> None:
    """A target size that the sources state beside an autoscaler is the size it starts at."""
    found = group(tmp_path, CPU, manager={"target_size": 4})
    assert (found.min_size, found.max_size, found.desired_capacity) == (2, 10, 4)
    assert found.sites["desired_capacity"].address == GROUP


@pytest.mark.parametrize(
    ("policy", "differs"),
    [
        ({"mode": "ONLY_UP"}, {"mode": "only-scale-out"}),
        ({"mode": "ONLY_SCALE_OUT"}, {"mode": "only-scale-out"}),
        ({"cooldown_period": None}, {"initialization_s": 60.0}),
        (
            {"cpu_utilization": [{"target": 0.6, "predictive_method": "OPTIMIZE_AVAILABILITY"}]},
            {"predictive": True},
        ),
        ({"cpu_utilization": [{"target": None}]}, {"target": 0.6}),
        (
            {
                "scale_in_control": [
                    {"max_scaled_in_replicas": [{"fixed": 3}], "time_window_sec": 300}
                ]
            },
            {"scale_in_most": 3.0, "scale_in_window_s": 300.0},
        ),
        (
            {"scale_in_control": [{"max_scaled_in_replicas": [{"percent": 20, "fixed": None}]}]},
            {"scale_in_most": 0.2},
        ),
        ({"scale_in_control": [{"max_scaled_in_replicas": [{"percent": 100}]}]}, {}),
    ],
)
def test_settings_of_an_autoscaler(policy: Values, differs: Values, tmp_path: Path) -> None:
    """Mode, cool-down, prediction and scale-in control are read; all of it may go at once."""
    wanted = {"initialization_s": 90.0, **differs}
    target = wanted.pop("target", 0.6)
    found = group(tmp_path, {**CPU, **policy}).scalers
    assert found == (GceScaler(SCALER, "cpu", target, **wanted),)


def test_no_signal_means_sixty_per_cent(tmp_path: Path) -> None:
    """Without any signal Compute Engine aims at 60 % CPU, which no file states."""
    found = group(tmp_path, {})
    assert found.scalers == (GceScaler(SCALER, "cpu", 0.6, initialization_s=90.0),)
    assert "target_cpu" not in found.sites
    assert any("states no signal" in note for note in found.notes)


def test_target_in_a_dynamic_block(tmp_path: Path) -> None:
    """A dynamic block hides the target from the configuration, not from the planned values."""
    written = {"autoscaling_policy": [{"min_replicas": constant(2)}]}
    assert group(tmp_path, CPU, written=written).sites["target_cpu"].value == 0.6


def test_target_known_only_after_apply(tmp_path: Path) -> None:
    """A target that nothing states is the provider's; one that is stated has its place."""
    unknown = {"target": True, "autoscaling_policy": [{"cpu_utilization": True}]}
    hidden = {"cpu_utilization": None}
    stated = {"autoscaling_policy": [{"cpu_utilization": [{"target": reference("var.cpu")}]}]}
    bare = {"autoscaling_policy": [{"min_replicas": constant(2)}]}
    for written, known in ((bare, False), (stated, True)):
        found = group(tmp_path, hidden, written=written, unknown=unknown)
        assert ("target_cpu" in found.sites) is known


def test_switched_off(tmp_path: Path) -> None:
    """An autoscaler that is off leaves the group at its target size."""
    found = group(tmp_path, {**CPU, "mode": "OFF"}, manager={"target_size": 5})
    assert acting_scalers(found) == ()
    assert (found.min_size, found.max_size, found.desired_capacity) == (5, 5, 5)
    assert set(found.sites) == {"instance_type", "desired_capacity"}


def test_metrics_are_not_simulated(tmp_path: Path) -> None:
    """A signal of Cloud Monitoring cannot be followed, and says which it is."""
    name = "pubsub.googleapis.com/subscription/num_undelivered_messages"
    found = group(tmp_path, {**CPU, "metric": [{"name": name, "target": 5}]}).scalers
    assert [type(one) for one in found] == [GceScaler, OtherScaler]
    assert found[1].what == f"it goes by the metric {name}"


def backend(**values: Any) -> list[Values]:
    """Return a backend service that has the group as its backend."""
    own = {"balancing_mode": "RATE", "max_rate_per_instance": 50, "capacity_scaler": 1, **values}
    return [change(SERVICE, {"backend": [own]}, unknown={"backend": [{"group": True}]})]


REFERS = block(
    SERVICE, {"backend": [{"group": reference(f"{GROUP}.instance_group", GROUP)}]}, "google"
)


def test_load_balancing_utilization(tmp_path: Path) -> None:
    """A share of the backend's requests per second comes to requests per instance and minute."""
    found = group(tmp_path, BALANCED, *backend(), blocks=[REFERS]).scalers
    assert found == (GceScaler(SCALER, "requests", 0.8 * 50 * 60, initialization_s=90.0),)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"max_rate_per_instance": None, "max_rate": 500}, "max_rate_per_instance"),
        ({"balancing_mode": "UTILIZATION"}, "balancing_mode"),
        ({"capacity_scaler": 0.5}, "capacity_scaler"),
    ],
)
def test_load_that_is_not_a_rate_per_instance(values: Values, why: str, tmp_path: Path) -> None:
    """What does not come to a rate of one instance is refused with the attribute it hangs on."""
    found = group(tmp_path, BALANCED, *backend(**values), blocks=[REFERS]).scalers
    assert isinstance(found[0], OtherScaler)
    assert why in found[0].what


def test_no_backend_service(tmp_path: Path) -> None:
    """Without the backend service nothing says what full load is; another group's says nothing."""
    other = block(
        SERVICE, {"backend": [{"group": reference("google_compute_instance_group_manager.x")}]}
    )
    for more in ({}, {"blocks": [other]}):
        services = backend() if more else []
        found = group(tmp_path, BALANCED, *services, **more).scalers
        assert isinstance(found[0], OtherScaler)
        assert "no backend service" in found[0].what


def schedule(when: str, **values: Any) -> Values:
    """Return a schedule of ten hours and ten instances."""
    own = {"name": "s", "schedule": when, "duration_sec": 36_000, "min_required_replicas": 10}
    return {**own, "time_zone": "Europe/Berlin", "disabled": False, **values}


def floors(folder: Path, *schedules: Values) -> list[tuple[str, int | None]]:
    """Return the timed floors that schedules come to: cron, minimum."""
    found = group(folder, {**CPU, "scaling_schedules": list(schedules)}).scalers[1:]
    assert all(isinstance(one, ScheduleScaler) and one.floor for one in found)
    assert {one.time_zone for one in found} <= {"Europe/Berlin"}
    return [(one.recurrence, one.min_size) for one in found]


def test_schedule_is_a_floor_with_an_end(tmp_path: Path) -> None:
    """A schedule lifts the minimum at its start and lets go when its time is over."""
    assert floors(tmp_path, schedule("30 8 * * MON-FRI")) == [
        ("30 8 * * 1,2,3,4,5", 10),
        ("30 18 * * 1,2,3,4,5", 0),
    ]


def test_schedule_past_midnight_and_the_week(tmp_path: Path) -> None:
    """A night that begins on Saturday ends on Sunday, which begins the week."""
    assert floors(tmp_path, schedule("0 20 * * 6")) == [("0 6 * * 0", 0), ("0 20 * * 6", 10)]


def test_overlapping_schedules(tmp_path: Path) -> None:
    """Where schedules overlap the larger minimum holds, until the last of them ends."""
    noon = schedule("0 12 * * *", duration_sec=7_200, min_required_replicas=14)
    low = schedule("0 17 * * *", duration_sec=7_200, min_required_replicas=4)
    assert floors(tmp_path, schedule("0 8 * * *"), noon, low) == [
        ("0 8 * * *", 10),
        ("0 12 * * *", 14),
        ("0 14 * * *", 10),
        ("0 18 * * *", 4),
        ("0 19 * * *", 0),
    ]


def test_schedule_that_never_ends(tmp_path: Path) -> None:
    """A day's schedule of a day is a minimum for good."""
    assert floors(tmp_path, schedule("0 0 * * *", duration_sec=86_400)) == [("0 * * * *", 10)]


def test_disabled_schedule(tmp_path: Path) -> None:
    """A disabled schedule has no effect."""
    assert floors(tmp_path, schedule("0 8 * * *", disabled=True)) == []


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("0 8 1 * *", "its schedule s is not a weekly cron"),
        ("0 8 * 12 *", "its schedule s is not a weekly cron"),
        ("0 8 24 12 * 2030", "its schedule s does not repeat every year"),
        ("soon", "its schedule s is not a weekly cron"),
        (None, "its schedule s is known only after apply"),
    ],
)
def test_schedule_that_is_not_weekly(when: str | None, why: str, tmp_path: Path) -> None:
    """A schedule of some days of the month, or of one year, is not simulated and says so."""
    found = group(tmp_path, {**CPU, "scaling_schedules": [schedule(when or "", schedule=when)]})
    assert found.scalers[1:] == (OtherScaler(SCALER, why),)


def test_schedules_of_several_time_zones(tmp_path: Path) -> None:
    """Hours of two time zones drift against each other twice a year: not simulated."""
    two = [schedule("0 8 * * *"), schedule("0 9 * * *", time_zone="Asia/Tokyo")]
    found = group(tmp_path, {**CPU, "scaling_schedules": two}).scalers[1:]
    assert found == (OtherScaler(SCALER, "its schedules are of several time zones"),)


def test_autoscaler_without_its_group(tmp_path: Path) -> None:
    """An autoscaler of a group that another configuration has is skipped with that reason."""
    made = change(
        SCALER, {"target": "projects/p/zones/z/x", "autoscaling_policy": [{**POLICY, **CPU}]}
    )
    found = read(tmp_path, document([made], provider="google"))
    assert [(one.address, one.reason) for one in found.skipped] == [
        (SCALER, "what it scales is not in this plan")
    ]
