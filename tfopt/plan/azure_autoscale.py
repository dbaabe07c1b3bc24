"""Reads `azurerm_monitor_autoscale_setting`: its profiles' bounds, rules and recurrences."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from tfopt.plan.azure_common import named_by, seconds
from tfopt.plan.azure_rules import NotFollowedError, read_rules
from tfopt.plan.azure_times import recurrence_of
from tfopt.plan.context import Context
from tfopt.plan.model import REDACTED, UNKNOWN, Site
from tfopt.plan.planned import Resource
from tfopt.plan.scalers import AzureRule, AzureScaler, OtherScaler, Scaler, ScheduleScaler
from tfopt.plan.values import block, blocks, flag, size, text

KIND = "azurerm_monitor_autoscale_setting"
ATTRIBUTES = {KIND: "name target_resource_id enabled profile predictive"}
_OTHER_TARGETS = {
    "azurerm_service_plan": "an App Service plan",
    "azurerm_app_service_plan": "an App Service plan",
    "serverfarms": "an App Service plan",
}


@dataclass(frozen=True, slots=True)
class Autoscale:
    """What the settings of a scale set do with it; one that is disabled does not act."""

    scalers: tuple[Scaler, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
    sites: Mapping[str, Site] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    acts: bool = True


@dataclass(frozen=True, slots=True)
class _Profile:
    """One profile; `base` tells that it holds while no other does, or returns after one."""

    index: int
    name: str
    values: Mapping[str, object]
    ends: str | None  # the recurring profile that it follows, in the name the portal gives it

    @property
    def recurs(self) -> bool:
        return bool(self.values.get("recurrence"))

    @property
    def is_dated(self) -> bool:
        return bool(self.values.get("fixed_date"))

    def bound(self, name: str) -> int | None:
        return size(block(self.values, "capacity").get(name))

    @property
    def is_fixed(self) -> bool:
        """Whether its bounds leave its rules nothing to do."""
        low = self.bound("minimum")
        return low is not None and low == self.bound("maximum")


def by_target(context: Context, kinds: tuple[str, ...]) -> Mapping[str, list[Resource]]:
    """Return the settings by the address of the scale set that they scale; skip the others."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for setting in context.planned.of(KIND):
        link = named_by(context, setting, [("target_resource_id",)], kinds)
        if link is None:
            context.skip(setting, _why_skipped(setting))
            continue
        context.used.add(setting.address)
        found[link.to.address].append(setting)
    return found


def _why_skipped(setting: Resource) -> str:
    said = [
        *setting.references("target_resource_id"),
        text(setting.get("target_resource_id")) or "",
    ]
    for sign, what in _OTHER_TARGETS.items():
        if any(sign in one for one in said):
            return f"it scales {what}, which is not analysed"
    return "what it scales is not in this plan"


def autoscale(context: Context, target: Resource, settings: list[Resource]) -> Autoscale | None:
    """Return what acts on a scale set; None where nothing does."""
    if not settings:
        return None
    acting = [one for one in settings if flag(one.get("enabled")) is not False]
    idle = [
        OtherScaler(one.address, "disabled", acts=False) for one in settings if one not in acting
    ]
    if not acting:
        return Autoscale(tuple(idle), acts=False)
    if len(acting) > 1:
        what = "several settings scale one set, which Azure does not allow"
        return Autoscale((OtherScaler(acting[0].address, what), *idle))
    return _read(context, target, acting[0])


def _read(context: Context, target: Resource, setting: Resource) -> Autoscale:
    profiles = [
        _profile(index, values) for index, values in enumerate(blocks(setting.get("profile")))
    ]
    base = _base(profiles)
    if base is None:
        return Autoscale((OtherScaler(setting.address, _why_no_base(setting, profiles)),))
    recurring = any(one.recurs for one in profiles)
    sites = {} if recurring else _sites(setting, base)
    try:
        scalers = _scalers(context, target, setting, profiles)
    except NotFollowedError as problem:
        scalers = (OtherScaler(setting.address, str(problem)),)
    return Autoscale(
        scalers=scalers,
        min_size=base.bound("minimum"),
        max_size=base.bound("maximum"),
        sites=sites,
        notes=tuple(_notes(profiles)),
    )


def _profile(index: int, values: Mapping[str, object]) -> _Profile:
    """Return a profile; the portal names one that ends another by JSON: {"name": …, "for": …}."""
    name = text(values.get("name")) or f"profile {index + 1}"
    ends = None
    if name.lstrip().startswith("{"):
        try:
            told = json.loads(name)
        except ValueError:
            told = {}
        name, ends = text(told.get("name")) or name, text(told.get("for"))
    return _Profile(index, name, values, ends)


def _base(profiles: list[_Profile]) -> _Profile | None:
    """Return the default profile: the one that no time calls, else one that ends another."""
    plain = [one for one in profiles if not one.recurs and not one.is_dated]
    return next(iter([*plain, *(one for one in profiles if one.ends is not None)]), None)


def _why_no_base(setting: Resource, profiles: list[_Profile]) -> str:
    if profiles:
        return "none of its profiles is the default, so what holds until one starts is not told"
    told = setting.get("profile")
    if told is REDACTED:
        return "its profiles are sensitive"
    return "its profiles are known only after apply" if told is UNKNOWN else "it has no profile"


def _sites(setting: Resource, base: _Profile) -> Mapping[str, Site]:
    path = ("profile", base.index, "capacity", 0)
    return {
        ours: setting.site(*path, theirs)
        for ours, theirs in (("min_size", "minimum"), ("max_size", "maximum"))
        if setting.get(*path, theirs) is not None
    }


def _scalers(
    context: Context, target: Resource, setting: Resource, profiles: list[_Profile]
) -> tuple[Scaler, ...]:
    """Return the rules and the recurrences of a setting.

    Raises:
        NotFollowedError: something of it is not simulated.
    """
    lasting = [one for one in profiles if not one.is_dated]
    rules = _rules(context, target, setting, lasting)
    schedules = tuple(_schedule(setting, one) for one in lasting if one.recurs)
    acting: tuple[Scaler, ...] = ()
    if rules:
        acting = (AzureScaler(setting.address, rules, _look_ahead_s(setting)),)
    return (*acting, *schedules)


def _rules(
    context: Context, target: Resource, setting: Resource, profiles: list[_Profile]
) -> tuple[AzureRule, ...]:
    """Return the rules that act, whichever profile holds; those of a fixed size never do."""
    each = [
        (one.name, read_rules(context, target, setting, one.index))
        for one in profiles
        if not one.is_fixed
    ]
    for name, rules in each[1:]:
        if rules != each[0][1]:
            raise NotFollowedError(f"the rules of its profile {name!r} differ from the others'")
    return each[0][1] if each else ()


def _schedule(setting: Resource, profile: _Profile) -> ScheduleScaler:
    cron, time_zone = recurrence_of(profile.name, block(profile.values, "recurrence"))
    return ScheduleScaler(
        address=setting.address,
        recurrence=cron,
        time_zone=time_zone,
        min_size=profile.bound("minimum"),
        max_size=profile.bound("maximum"),
        desired_capacity=None,
    )


def _look_ahead_s(setting: Resource) -> float | None:
    predictive = block(setting.get("predictive"))
    if predictive.get("scale_mode") != "Enabled":
        return None
    return seconds(predictive.get("look_ahead_time")) or 0.0


def _notes(profiles: list[_Profile]) -> list[str]:
    notes = []
    dated = [one.name for one in profiles if one.is_dated]
    if dated:
        notes.append(f"{_listed(dated)} of a fixed date is not simulated")
    recurring = [one for one in profiles if one.recurs]
    if recurring:
        notes.append("its bounds change with its recurring profiles: they are left alone")
    if recurring and not any(one.ends for one in recurring):
        notes.append(
            f"no profile ends {_listed([one.name for one in recurring])}: Azure keeps the profile "
            "that started last, and never returns to the default"
        )
    return notes


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return f"the profile {quoted[0]}" if len(quoted) == 1 else f"each of {', '.join(quoted)}"
