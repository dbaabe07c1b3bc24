"""Groups of Google Cloud as the simulator takes them: signals, floors, zones, discounts, disks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tfopt.advise.answer import settings_of
from tfopt.advise.leaves import Leaves, effective, knobs_of
from tfopt.advise.policies import other_policies
from tfopt.plan.model import Disk, InstanceGroup, Site, Slot
from tfopt.plan.scalers import GceScaler, OtherScaler, ScheduleScaler
from tfopt.pricing import load_book
from tfopt.scenario.fleet import fleet_notes, money_of
from tfopt.scenario.group import machine_of, present_configuration, zones_each
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.sustained import runs_all_month, sustained_notes
from tfopt.settings import CommitmentsTable, DefaultsTable, Settings
from tfopt_policies.steps import aim_of, cadence, with_aim
from tfopt_sim.rollout import trajectory
from tfopt_sim.types import Configuration, GceAutoscaler, Machine, Slo, Workload

CPU = GceScaler("google_compute_autoscaler.web", "cpu", 0.6, initialization_s=90.0)
GROUP = InstanceGroup(
    address="google_compute_instance_group_manager.web",
    kind="google_compute_instance_group_manager",
    cloud="gcp",
    region="us-central1",
    action="create",
    unit="instance",
    slots=(Slot("n2-standard-4"),),
    min_size=3,
    max_size=12,
    desired_capacity=None,
    zones=1,
    scalers=(CPU,),
)
HELD = replace(GROUP, scalers=(), min_size=4, max_size=4, desired_capacity=4)
POOL = replace(HELD, kind="google_container_node_pool", bounds_per="zone", zones=3)
MACHINE = Machine("n2-standard-4", 4, 16.0, 0.2)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def site(path: str) -> Site:
    """Return a place of a setting."""
    return Site((), "google_compute_autoscaler.web", None, (path,), 1)


def configured(group: InstanceGroup) -> Configuration:
    return present_configuration(group, MACHINE)


def test_the_cpu_target_is_one_to_move() -> None:
    """The autoscaler's CPU target is read, moved and told like a tracked one."""
    configuration = configured(GROUP)
    assert configuration.scaling == (GceAutoscaler(0.6, initialization_s=90.0),)
    assert aim_of(configuration) == 0.6
    moved = with_aim(configuration, 0.7)
    assert moved.scaling == (GceAutoscaler(0.7, initialization_s=90.0),)
    assert cadence(configuration) == (1, 10)
    traced = replace(GROUP, sites={"target_cpu": site("target"), "min_size": site("min")})
    assert settings_of(traced, moved).target_cpu == 0.7
    knobs = knobs_of(traced, Leaves({}, effective(traced)), DefaultsTable())
    assert (knobs.target_cpu, knobs.steps, knobs.desired_capacity) == (True, False, False)


def test_a_rate_is_no_target_to_move() -> None:
    """Requests per instance have no CPU target; beside a CPU signal that one stays to move."""
    rate = replace(CPU, metric="requests", target=2400.0)
    assert configured(replace(GROUP, scalers=(rate,))).tracking is None
    both = configured(replace(GROUP, scalers=(rate, CPU)))
    assert both.with_target(0.5).scaling == (
        GceAutoscaler(2400.0, "requests", initialization_s=90.0),
        GceAutoscaler(0.5, initialization_s=90.0),
    )


def test_what_an_autoscaler_does_besides_is_told() -> None:
    """A report names the signal that is no target, and what bends the one that is."""
    traced = replace(GROUP, sites={"target_cpu": site("target")})
    assert other_policies(traced) == []
    assert other_policies(GROUP) == ["autoscaler at 60 % CPU"]
    rate = replace(CPU, metric="requests", target=2400.0)
    assert other_policies(replace(traced, scalers=(rate,))) == [
        "autoscaler at 2,400 requests per instance and minute"
    ]
    bent = replace(
        CPU, mode="only-scale-out", predictive=True, scale_in_most=0.2, scale_in_window_s=900.0
    )
    assert other_policies(replace(traced, scalers=(bent,))) == [
        "autoscaler, out only, ahead of its forecast, in by 20 % at most in 15 minutes"
    ]


def test_a_signal_that_is_not_simulated() -> None:
    """A metric of Cloud Monitoring keeps the group from being simulated, and says so."""
    other = OtherScaler("google_compute_autoscaler.web", "it goes by the metric queue")
    with pytest.raises(NotAnalysedError, match="it goes by the metric queue"):
        configured(replace(GROUP, scalers=(CPU, other)))


def floor(recurrence: str, least: int) -> ScheduleScaler:
    """Return a timed floor."""
    return ScheduleScaler("a", recurrence, "Etc/UTC", least, None, None, floor=True)


def test_a_floor_stands_beside_the_minimum() -> None:
    """The larger of floor and chosen minimum holds, and never more than the maximum."""
    group = replace(GROUP, scalers=(CPU, floor("0 8 * * *", 6), floor("0 18 * * *", 0)))
    configuration = configured(group)

    def least(minimum: int, maximum: int = 12) -> list[int | None]:
        changed = replace(configuration, min_size=minimum, max_size=maximum)
        return [action.min_size for action in changed.actions]

    assert (least(3), least(2), least(8), least(3, 5)) == ([6, 3], [6, 2], [8, 8], [5, 3])
    assert [one.min_size for one in settings_of(group, configuration).schedules] == [6, 3]


def test_a_floor_is_simulated() -> None:
    """A quiet group has its floor's instances while it holds, and its minimum before and after."""
    scalers = (CPU, floor("0 8 * * *", 6), floor("0 18 * * *", 0))
    path = trajectory(
        configured(replace(GROUP, scalers=scalers)),
        np.full(24 * 60, 1.0),
        Workload(cpu_s_per_request=0.01, boot_s=60.0, boot="fixed"),
        Slo(),
        MONDAY,
    )
    at = path.billed[[7 * 60, 9 * 60, 17 * 60, 19 * 60]]
    assert at.tolist() == [3, 6, 6, 3]


def test_numbers_per_zone_are_simulated_as_all_nodes() -> None:
    """Four nodes in each of three zones are twelve; a choice is a multiple of three."""
    configuration = configured(POOL)
    assert (configuration.desired_capacity, zones_each(POOL)) == (12, 3)
    counted = replace(POOL, sites={"desired_capacity": site("node_count")})
    knobs = knobs_of(counted, Leaves({}, effective(counted)), DefaultsTable())
    assert (knobs.multiple, knobs.held_by, knobs.largest_size) == (3, "count", 60)
    assert settings_of(POOL, replace(configuration, desired_capacity=9)).desired_capacity == 3


def test_zones_that_are_not_told() -> None:
    """Numbers per zone in an unknown number of zones are refused with that reason."""
    with pytest.raises(NotAnalysedError, match="zones are not in the plan"):
        configured(replace(POOL, zones=None))


@pytest.mark.parametrize(
    ("name", "share"),
    [("n2-standard-4", 0.2), ("n1-standard-4", 0.3), ("e2-standard-4", 0), ("t2d-standard-4", 0)],
)
def test_sustained_use(name: str, share: float) -> None:
    """What runs all month is priced below list, by its family; what varies is not, and is told."""
    offer = load_book().offer("gcp", "us-central1", name)
    plain, whole = (machine_of(offer, offer, whole_month=flag) for flag in (False, True))
    assert plain.usd_per_hour == offer.usd_per_hour
    assert whole.usd_per_hour == pytest.approx((1 - share) * offer.usd_per_hour)
    held, varies = (list(sustained_notes(one, offer, Settings())) for one in (HELD, GROUP))
    assert [("below list" in note) for note in held] == [True] * bool(share)
    assert [("not in its price" in note) for note in varies] == [True] * bool(share)


def test_who_runs_all_month() -> None:
    """Only a constant size on demand does, and what is committed to gets no second discount."""
    assert runs_all_month(HELD, Settings())
    assert not runs_all_month(GROUP, Settings())
    assert not runs_all_month(replace(HELD, spot_share=1.0), Settings())
    assert not runs_all_month(replace(HELD, cluster_autoscaled=True), Settings())
    stated = CommitmentsTable(usd_per_hour=1.0, discount=0.3)
    assert not runs_all_month(HELD, Settings(defaults=DefaultsTable(commitments=stated)))


def test_disks_of_google() -> None:
    """Disks are priced by kind, as in us-central1; what has no price is left out, and said."""
    disks = (Disk(20, "pd-balanced"), Disk(375, "local-ssd"), Disk(100, "pd-standard"))
    money = money_of(disks, 0.0, 0.0)
    by_hand = 20 * 0.10 + 100 * 0.04
    assert money.root_gib * money.root_usd_per_gib_month == pytest.approx(by_hand)
    notes = set(fleet_notes(replace(HELD, disks=disks)))
    assert "disks of 120 GiB an instance are priced as in us-central1" in notes
    assert "its local-ssd disks have no price here and are not in its cost" in notes
