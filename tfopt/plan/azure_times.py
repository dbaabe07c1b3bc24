"""Recurrences of Azure autoscale profiles as cron; Windows names of time zones as IANA's."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.plan.azure_rules import NotFollowedError
from tfopt.plan.values import text, texts, whole

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
# Unicode CLDR, supplemental/windowsZones.xml: the names of territory 001 of those in common use
_TIME_ZONES: Mapping[str, str] = {
    "UTC": "Etc/UTC",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Alaskan Standard Time": "America/Anchorage",
    "Pacific Standard Time": "America/Los_Angeles",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Central America Standard Time": "America/Guatemala",
    "Canada Central Standard Time": "America/Regina",
    "Eastern Standard Time": "America/New_York",
    "US Eastern Standard Time": "America/Indianapolis",
    "SA Pacific Standard Time": "America/Bogota",
    "Atlantic Standard Time": "America/Halifax",
    "Pacific SA Standard Time": "America/Santiago",
    "Newfoundland Standard Time": "America/St_Johns",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "GTB Standard Time": "Europe/Bucharest",
    "FLE Standard Time": "Europe/Kiev",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Egypt Standard Time": "Africa/Cairo",
    "Israel Standard Time": "Asia/Jerusalem",
    "Turkey Standard Time": "Europe/Istanbul",
    "Arab Standard Time": "Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Russian Standard Time": "Europe/Moscow",
    "E. Africa Standard Time": "Africa/Nairobi",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Calcutta",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok",
    "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore",
    "W. Australia Standard Time": "Australia/Perth",
    "Taipei Standard Time": "Asia/Taipei",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "AUS Central Standard Time": "Australia/Darwin",
    "E. Australia Standard Time": "Australia/Brisbane",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "New Zealand Standard Time": "Pacific/Auckland",
}


def recurrence_of(profile: str, recurrence: Mapping[str, object]) -> tuple[str, str]:
    """Return when a profile starts, as cron, and in which time zone.

    Raises:
        NotFollowedError: the time or the time zone is not told.
    """
    days = [_DAYS.index(day) for day in texts(recurrence.get("days")) if day in _DAYS]
    hours, minutes = _numbers(recurrence.get("hours")), _numbers(recurrence.get("minutes"))
    if not days or len(hours) != 1 or len(minutes) != 1:
        raise NotFollowedError(f"when its profile {profile!r} starts is not known before apply")
    zone = text(recurrence.get("timezone")) or "UTC"
    if zone not in _TIME_ZONES:
        raise NotFollowedError(f"the time zone {zone!r} of its profile {profile!r} is not known")
    return f"{minutes[0]} {hours[0]} * * {_weekdays(sorted(set(days)))}", _TIME_ZONES[zone]


def _weekdays(days: list[int]) -> str:
    """Return days of the week as cron takes them: `*`, `1-5`, `0,6`."""
    if len(days) == len(_DAYS):
        return "*"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{days[0]}-{days[-1]}"
    return ",".join(map(str, days))


def _numbers(listed: object) -> list[int]:
    found = [whole(one) for one in listed] if isinstance(listed, list) else []
    return [one for one in found if one is not None]
