"""Azure autoscale settings: bounds, rules and recurring profiles, or why one is not simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure_plans import (
    DAYS,
    ID,
    IN,
    OUT,
    SET,
    SETTING,
    WEB,
    azure,
    only,
    profile,
    recurring,
    rule,
    setting,
)
from plan_builder import Values, block, change, reference

from tfopt.plan.azure_common import seconds
from tfopt.plan.azure_times import recurrence_of
from tfopt.plan.model import InstanceGroup, acting_scalers
from tfopt.plan.scalers import (
    AzureRule,
    AzureScaler,
    MetricAlarm,
    OtherScaler,
    ScheduleScaler,
)
from tfopt.scenario.group import present_configuration
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.scaling import is_held, scaling_of
from tfopt_sim.autoscaling.clouds import rules_for
from tfopt_sim.types import AzureAutoscale, Machine

MACHINE = Machine(name="Standard_D4s_v5", vcpus=4, memory_gib=16, usd_per_hour=0.23)


def scaled(folder: Path, *profiles: Values, **more: Any) -> InstanceGroup:
    """Read a scale set with one setting."""
    return only(folder, change(WEB, SET), setting(*profiles, **more))


def why_not(group: InstanceGroup) -> str:
    """Return the reason for which a group's setting is not simulated."""
    (scaler,) = group.scalers
    assert isinstance(scaler, OtherScaler)
    assert scaler.acts
    return scaler.what


def test_bounds_and_rules(tmp_path: Path) -> None:
    """The default profile bounds the set, its rules scale it, and each bound has its place."""
    group = scaled(tmp_path, profile(2, 9, OUT, IN))
    assert (group.min_size, group.max_size, group.desired_capacity) == (2, 9, 3)
    out = MetricAlarm(SETTING, "cpu", 0.7, ">", 60, 5, 5)
    in_ = MetricAlarm(SETTING, "cpu", 0.3, "<", 60, 5, 5)
    assert group.scalers == (
        AzureScaler(
            SETTING,
            (
                AzureRule(out, "increase", 1.0, "change", 300.0),
                AzureRule(in_, "decrease", 1.0, "change", 300.0),
            ),
        ),
    )
    places = {name: (site.address, site.path) for name, site in group.sites.items()}
    assert places == {
        "instance_type": (WEB, ("sku",)),
        "desired_capacity": (WEB, ("instances",)),
        "min_size": (SETTING, ("profile", 0, "capacity", 0, "minimum")),
        "max_size": (SETTING, ("profile", 0, "capacity", 0, "maximum")),
    }


def test_the_simulator_takes_the_rules(tmp_path: Path) -> None:
    """Thresholds, windows and cooldowns arrive as the setting has them."""
    by_share = rule(
        "Increase", "GreaterThanOrEqual", 62.5, type="PercentChangeCount", value="20",
        time_window="PT10M", time_aggregation="Maximum", cooldown="PT1H",
    )  # fmt: skip
    group = scaled(tmp_path, profile(2, 9, by_share))
    (policy,) = scaling_of(group)
    assert isinstance(policy, AzureAutoscale)
    (asked,) = policy.rules
    assert (asked.alarm.threshold, asked.alarm.of, asked.alarm.period_s) == (0.625, 10, 60)
    assert (asked.change, asked.adjustment, asked.aggregation) == (20.0, "percent", "maximum")
    assert (asked.cooldown_s, policy.look_ahead_s) == (3600.0, None)
    assert present_configuration(group, MACHINE).desired_capacity == 3


def test_an_hour_by_the_minute_is_simulated(tmp_path: Path) -> None:
    """A rule may look back over more than an alarm: the simulator keeps what it needs."""
    hour = rule("Increase", "GreaterThan", 70, time_window="PT1H")
    group = scaled(tmp_path, profile(2, 9, hour))
    (policy,) = scaling_of(group)
    assert isinstance(policy, AzureAutoscale)
    assert policy.rules[0].alarm.of == 60
    _, cloud = rules_for((policy,), MACHINE)
    assert cloud.azure


@pytest.mark.parametrize(
    ("days", "cron"),
    [
        (DAYS, "*"),
        (DAYS[:5], "1-5"),
        (DAYS[5:], "0,6"),
        (["Sunday", "Monday", "Tuesday"], "0-2"),
        (["Monday", "Wednesday", "Friday"], "1,3,5"),
        (["Tuesday", "Monday", "Monday"], "1,2"),
    ],
)
def test_days_of_the_week(days: list[str], cron: str) -> None:
    """Days are cron's own, Sunday first."""
    recurrence = recurring(6, days)["recurrence"][0]
    assert recurrence_of("x", recurrence) == (f"30 6 * * {cron}", "Etc/UTC")


@pytest.mark.parametrize(
    ("duration", "found"),
    [
        ("PT5M", 300.0),
        ("PT1H30M", 5400.0),
        ("P1DT1S", 86401.0),
        ("P", None),
        ("PT", None),
        ("5m", None),
        (None, None),
    ],
)
def test_durations(duration: object, found: float | None) -> None:
    """ISO 8601 as Azure writes it; anything else is not known."""
    assert seconds(duration) == found


@pytest.mark.parametrize(
    ("predictive", "ahead"),
    [
        ({"scale_mode": "Enabled", "look_ahead_time": "PT15M"}, 900.0),
        ({"scale_mode": "Enabled", "look_ahead_time": None}, 0.0),
        ({"scale_mode": "ForecastOnly", "look_ahead_time": None}, None),
    ],
)
def test_predictive_autoscale(predictive: Values, ahead: float | None, tmp_path: Path) -> None:
    """A forecast acts only where it is enabled."""
    group = scaled(tmp_path, profile(2, 9, OUT, IN), predictive=[predictive])
    (scaler,) = group.scalers
    assert isinstance(scaler, AzureScaler)
    assert scaler.look_ahead_s == ahead


def test_a_setting_that_is_disabled(tmp_path: Path) -> None:
    """It does not act: the set is held at its instances."""
    group = scaled(tmp_path, profile(5, 9, OUT, IN), enabled=False)
    assert (group.min_size, group.max_size, group.desired_capacity) == (3, 3, 3)
    assert is_held(group)
    assert acting_scalers(group) == ()
    assert set(group.sites) == {"instance_type", "desired_capacity"}


def test_instances_outside_the_bounds(tmp_path: Path) -> None:
    """A stated number that autoscale takes back at once is told, and is not the size."""
    group = scaled(tmp_path, profile(4, 9, OUT, IN))
    assert group.desired_capacity is None
    assert any("states 3 instances, outside the autoscale bounds" in note for note in group.notes)
    assert present_configuration(group, MACHINE).desired_capacity == 4


def test_a_setting_that_only_bounds(tmp_path: Path) -> None:
    """Without rules the set stays at its instances, or at the one number that the bounds leave."""
    loose = scaled(tmp_path, profile(1, 9))
    assert (is_held(loose), loose.desired_capacity) == (True, 3)
    tight = scaled(tmp_path, profile(6, 6, OUT, IN))
    assert (is_held(tight), tight.desired_capacity) == (True, 6)
    assert set(tight.sites) == {"instance_type", "min_size", "max_size"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"metric_name": "Queue Length"}, "goes by Queue Length"),
        ({"metric_name": None}, "a metric that is not known before apply"),
        ({"statistic": "Max"}, "the Max of its instances' CPU"),
        ({"dimensions": [{"name": "VMName", "operator": "Equals"}]}, "some of its instances only"),
        ({"divide_by_instance_count": True}, "divided by the number of instances"),
        ({"operator": "Equals"}, "operator Equals"),
        ({"time_aggregation": "Total"}, "time_aggregation Total"),
        ({"type": "ServiceAllowedNextValue"}, "type ServiceAllowedNextValue"),
        ({"cooldown": None}, "the cooldown of a rule is not known"),
        ({"threshold": None}, "the threshold of a rule is not known"),
        ({"metric_resource_id": "/subscriptions/0/other"}, "the CPU of another resource"),
    ],
)
def test_rules_that_are_not_simulated(changed: Values, reason: str, tmp_path: Path) -> None:
    """One such rule is enough: what the others do hangs on it."""
    group = scaled(tmp_path, profile(2, 9, OUT, rule("Decrease", "LessThan", 30, **changed)))
    assert reason in why_not(group)
    assert (group.min_size, group.max_size) == (2, 9)
    with pytest.raises(NotAnalysedError, match="is not simulated"):
        scaling_of(group)


def test_the_cpu_of_another_set(tmp_path: Path) -> None:
    """References tell whose CPU a rule goes by where no id is known yet."""
    other = "azurerm_linux_virtual_machine_scale_set.other"
    values = {"location": "westeurope", "sku": "Standard_D4s_v5", "instances": 3}
    made = [change(one, values, unknown={"id": True}) for one in (WEB, other)]
    asked = profile(2, 9, rule("Increase", "GreaterThan", 70, metric_resource_id=None))
    told = {"target_resource_id": None, "profile": [asked]}
    path = {"metric_trigger": [{"metric_resource_id": reference(f"{other}.id", other)}]}
    expressions = {
        "target_resource_id": reference(f"{WEB}.id", WEB),
        "profile": [{"rule": [path]}],
    }
    blocks = [block(SETTING, expressions, "azurerm"), block(WEB, {}), block(other, {})]
    found = azure(tmp_path, *made, change(SETTING, told), blocks=blocks).groups
    by_address = {group.address: group for group in found}
    assert "the CPU of another resource" in why_not(by_address[WEB])
    assert by_address[other].scalers == ()


WORK = recurring(7, DAYS[:5], "W. Europe Standard Time")
DAY = profile(6, 9, OUT, IN, name="day", **WORK)
EVENING = '{"name": "default", "for": "day"}'


def test_profiles_as_the_portal_writes_them(tmp_path: Path) -> None:
    """A recurring profile, and the default one that starts when it is over."""
    ends = recurring(19, DAYS[:5], "W. Europe Standard Time")
    back = profile(2, 9, OUT, IN, name=EVENING, **ends)
    group = scaled(tmp_path, DAY, back)
    assert (group.min_size, group.max_size) == (2, 9)
    assert group.scalers[1:] == (
        ScheduleScaler(SETTING, "30 7 * * 1-5", "Europe/Berlin", 6, 9, None),
        ScheduleScaler(SETTING, "30 19 * * 1-5", "Europe/Berlin", 2, 9, None),
    )
    assert isinstance(group.scalers[0], AzureScaler)
    assert not {"min_size", "max_size"} & set(group.sites)
    assert group.notes == ("its bounds change with its recurring profiles: they are left alone",)
    plain = scaled(tmp_path, profile(2, 9, OUT, IN), DAY, back)
    assert (plain.scalers, plain.notes) == (group.scalers, group.notes)


def test_a_recurring_profile_without_an_end(tmp_path: Path) -> None:
    """Azure keeps the profile that started last: the default one never comes back."""
    group = scaled(tmp_path, profile(2, 9, OUT, IN), DAY)
    (schedule,) = (one for one in group.scalers if isinstance(one, ScheduleScaler))
    assert (schedule.min_size, schedule.max_size) == (6, 9)
    assert any("no profile ends the profile `day`" in note for note in group.notes)
    two = scaled(tmp_path, profile(2, 9, OUT, IN), DAY, {**DAY, "name": "noon"})
    assert any("no profile ends each of `day`, `noon`" in note for note in two.notes)


def test_every_day_and_utc(tmp_path: Path) -> None:
    """Seven days are any day; UTC where no time zone is named."""
    group = scaled(tmp_path, profile(2, 9), profile(4, 9, name="late", **recurring(22, DAYS)))
    assert group.scalers == (ScheduleScaler(SETTING, "30 22 * * *", "Etc/UTC", 4, 9, None),)


def test_rules_of_a_profile_of_fixed_size_do_not_count(tmp_path: Path) -> None:
    """Where minimum is maximum no rule can act; elsewhere the rules have to be the same."""
    asleep = profile(1, 1, name="night", **recurring(22, DAYS))
    group = scaled(tmp_path, profile(2, 9, OUT, IN), asleep)
    assert [type(one) for one in group.scalers] == [AzureScaler, ScheduleScaler]
    other = profile(2, 9, OUT, name="night", **recurring(22, DAYS))
    assert "the rules of its profile 'night' differ" in why_not(
        scaled(tmp_path, profile(2, 9, OUT, IN), other)
    )


def test_profiles_of_a_fixed_date(tmp_path: Path) -> None:
    """One day in November is told, and leaves the rest as it is."""
    sale = {"fixed_date": [{"start": "2026-11-27T00:00:00Z", "end": "2026-11-28T00:00:00Z"}]}
    group = scaled(tmp_path, profile(2, 9, OUT, IN), profile(20, 40, name="sale", **sale))
    assert [type(one) for one in group.scalers] == [AzureScaler]
    assert group.notes == ("the profile `sale` of a fixed date is not simulated",)


@pytest.mark.parametrize(
    ("profiles", "reason"),
    [
        ([DAY], "none of its profiles is the default"),
        ([], "it has no profile"),
        (
            [profile(1, 3), profile(2, 3, name="x", **recurring(1, DAYS, "Mars Standard Time"))],
            "time zone 'Mars Standard Time'",
        ),
        (
            [profile(1, 3), profile(2, 3, name="x", recurrence=[{"days": [], "hours": [1]}])],
            "when its profile 'x' starts is not known",
        ),
    ],
)
def test_settings_that_are_not_simulated(
    profiles: list[Values], reason: str, tmp_path: Path
) -> None:
    """What the plan does not tell, or tells in an unknown way, is refused by name."""
    assert reason in why_not(scaled(tmp_path, *profiles))


def test_profiles_that_are_hidden(tmp_path: Path) -> None:
    """Profiles known only after apply, or sensitive, are refused without a value."""
    unknown = change(SETTING, {"target_resource_id": ID}, unknown={"profile": True})
    assert "known only after apply" in why_not(only(tmp_path, change(WEB, SET), unknown))
    hidden = change(
        SETTING, setting(profile(2, 77))["change"]["after"], sensitive={"profile": True}
    )
    group = only(tmp_path, change(WEB, SET), hidden)
    assert why_not(group) == "its profiles are sensitive"
    assert "77" not in repr(group)


def test_two_settings_of_one_set(tmp_path: Path) -> None:
    """Azure allows one setting for each resource."""
    second = {**setting(profile(2, 9, OUT)), "address": f"{SETTING}2", "name": "web2"}
    group = only(tmp_path, change(WEB, SET), setting(profile(2, 9, OUT)), second)
    assert "several settings scale one set" in why_not(group)


@pytest.mark.parametrize(
    ("target", "references", "reason"),
    [
        ("/subscriptions/0/serverfarms/site", [], "an App Service plan"),
        (None, ["azurerm_service_plan.site.id"], "an App Service plan"),
        ("/subscriptions/0/virtualMachineScaleSets/x", [], "not in this plan"),
        (None, ["data.azurerm_virtual_machine_scale_set.x.id"], "not in this plan"),
    ],
)
def test_settings_of_something_else(
    target: str | None, references: list[str], reason: str, tmp_path: Path
) -> None:
    """A setting that scales no set of this plan is skipped, and no set is guessed for it."""
    values = {"target_resource_id": target, "profile": [profile(2, 9, OUT)]}
    made = block(SETTING, {"target_resource_id": reference(*references)}, "azurerm")
    plan = azure(tmp_path, change(WEB, SET), change(SETTING, values), blocks=[made])
    assert plan.groups[0].scalers == ()
    assert [(one.address, reason in one.reason) for one in plan.skipped] == [(SETTING, True)]
