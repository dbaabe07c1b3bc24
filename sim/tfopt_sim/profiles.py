"""Named shapes of traffic, assumed where nothing was measured: fixed numbers, no randomness.

Shares are of the week's peak, by hour of the week's UTC clock; values between hours lie on a
straight line. The curves are round numbers after what public web and API series show (a night at
about a third of the peak, weekends at 0.6–0.9 of a working day), not fits to any one of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from tfopt_sim.types import Demand, FloatArray

STEP_S = 300

# share of the peak at 00:00, 01:00, … 23:00
_WEB_DAY = (
    0.48, 0.39, 0.33, 0.30, 0.30, 0.33, 0.40, 0.50, 0.61, 0.70, 0.76, 0.80,
    0.82, 0.82, 0.82, 0.83, 0.85, 0.88, 0.92, 0.97, 1.00, 0.97, 0.82, 0.63,
)  # fmt: skip
_OFFICE_DAY = (
    0.05, 0.05, 0.05, 0.05, 0.05, 0.06, 0.10, 0.30, 0.70, 0.93, 1.00, 0.97,
    0.80, 0.85, 0.97, 0.95, 0.88, 0.65, 0.35, 0.20, 0.12, 0.08, 0.06, 0.05,
)  # fmt: skip
_WEB_WEEK = (0.96, 0.97, 0.98, 1.00, 0.94, 0.82, 0.86)  # Monday … Sunday
_OFFICE_WEEK = (1.00, 1.00, 1.00, 0.98, 0.92, 0.10, 0.08)
# of "bursty": minute of the week at which a burst starts and its share of the peak on top; each
# rises for 5 minutes, holds 10 and halves every 10
_BURSTS = ((0 * 1440 + 605, 0.50), (1 * 1440 + 843, 0.35), (3 * 1440 + 1180, 0.60),
           (4 * 1440 + 722, 0.40), (5 * 1440 + 1030, 0.55), (6 * 1440 + 1265, 0.45))  # fmt: skip
_BURSTY_BASE = 0.40  # height of the web curve under the bursts

NAMES = ("diurnal", "business-hours", "flat", "bursty")


def profile_demand(name: str, peak_rps: float, start: datetime, days: int) -> Demand:
    """Return a profile's demand, 5-minute steps, scaled so that its weekly peak is `peak_rps`.

    diurnal: web traffic, 3 : 1 between evening and night, weekends 0.82–0.86 of Thursday.
    business-hours: 08–18 on working days, 5 % of the peak at night, 8–10 % at weekends.
    flat: the peak, always.
    bursty: a diurnal base of 0.4 with six bursts a week that last about half an hour.

    Args:
        name: one of `NAMES`.
        peak_rps: requests/s at the week's highest step.
        start: aware; the clock of the profile is UTC.
        days: length of the series.

    Raises:
        ValueError: there is no profile of that name.
    """
    if name not in NAMES:
        raise ValueError(f"no traffic profile '{name}': choose one of {', '.join(NAMES)}")
    start = start.astimezone(UTC)
    monday = (start - timedelta(days=start.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    first = round((start - monday).total_seconds())
    seconds = (first + np.arange(days * 86_400 // STEP_S) * STEP_S) % (7 * 86_400)
    week = _week(name)
    shape = np.interp(seconds, np.arange(week.size) * STEP_S, week, period=7 * 86_400)
    return Demand(start, STEP_S, shape * (peak_rps / week.max()))


def _week(name: str) -> FloatArray:
    """Return the week of a profile from Monday 00:00, one value per step."""
    seconds = np.arange(7 * 86_400 // STEP_S, dtype=np.float64) * STEP_S
    if name == "flat":
        return np.ones(seconds.size)
    if name == "business-hours":
        # offices change with the date
        working = np.repeat(np.array(_OFFICE_WEEK), 86_400 // STEP_S)
        return np.asarray(_hours(seconds, _OFFICE_DAY) * working)
    # public traffic changes by degrees: each day's level holds at noon, straight lines between
    weekday = np.interp(seconds / 86_400, np.arange(7) + 0.5, _WEB_WEEK, period=7)
    web = _hours(seconds, _WEB_DAY) * weekday
    if name == "diurnal":
        return web
    out = _BURSTY_BASE * web
    for minute, height in _BURSTS:
        since = seconds / 60 - minute
        fall = 0.5 ** (np.maximum(since - 15, 0) / 10)
        out = out + np.where(since >= 0, height * np.clip(since / 5, 0, 1) * fall, 0)
    return out


def _hours(seconds: FloatArray, day: tuple[float, ...]) -> FloatArray:
    """Return the day's curve at each second of the week."""
    return np.asarray(np.interp(seconds / 3600 % 24, np.arange(24), day, period=24))
